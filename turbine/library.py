"""The machine library: TOML files of values with unit, source and status, rotor surfaces as CSV beside them.

A file of one's own has the same form; see `turbine/machines/README.md`.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from turbine.errors import MachineError, nearest
from turbine.machine import Machine, Provenance
from turbine.machine_parts import GROUPS, known_keys
from turbine.power_curve import PowerCurve
from turbine.surface import RotorSurface

__all__ = ["FOLDER", "UNITS", "load", "names", "read_power_curve", "read_surface"]

FOLDER = Path(__file__).with_name("machines")  #: where the shipped machines are

#: (unit in a file, unit of the value) -> factor. A unit stands for itself.
UNITS: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("deg", "rad"): math.pi / 180.0,
        ("deg/s", "rad/s"): math.pi / 180.0,
        ("rpm", "rad/s"): math.pi / 30.0,
        ("Hz", "rad/s"): 2.0 * math.pi,
        ("rad/s", "Hz"): 0.5 / math.pi,
        ("%", "1"): 0.01,
        ("kW", "W"): 1e3,
        ("MW", "W"): 1e6,
        ("kN m", "N m"): 1e3,
        ("t", "kg"): 1e3,
    }
)

_TOP = ("name", "title", "surface", "power_curve", "sources", "missing", *GROUPS)
_VALUE = ("value", "unit", "source", "status", "note")


def names() -> tuple[str, ...]:
    """Return the names of the shipped machines, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load(name: str | Path, *, interpolation: Literal["bicubic", "bilinear"] = "bicubic") -> Machine:
    """Return a machine of the library or of a file of one's own.

    Parameters
    ----------
    name : str or Path
        A name of `names()`, or the path of a TOML file (anything that ends in ".toml").
    interpolation : "bicubic" or "bilinear"
        Of the rotor surface.

    Returns
    -------
    Machine
        Checked.

    Raises
    ------
    MachineError
        Unknown name (with the nearest known one), or a file that is wrong: file, key, what was found and expected.
    """
    text = str(name)
    if text.endswith(".toml"):
        path = Path(name)
    elif text in names():
        path = FOLDER / f"{text}.toml"
    else:
        raise MachineError(
            f'unknown machine "{text}"{nearest(text, names())}; known: {", ".join(names())}; a machine of your own is '
            "loaded by the path of its .toml file"
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MachineError(f"{path}: not valid TOML: {error}") from error
    try:
        return _machine(raw, path, interpolation)
    except MachineError as error:
        raise MachineError(f"{path.name if path.parent == FOLDER else path}: {error}") from None


def _machine(raw: dict[str, Any], path: Path, interpolation: Literal["bicubic", "bilinear"]) -> Machine:
    _known_only(raw, _TOP, "")
    sources, missing = raw.get("sources", {}), raw.get("missing", {})
    for key, table in (("sources", sources), ("missing", missing)):
        if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
            raise MachineError(f'key "{key}": expected a table of texts')
    _known_only(missing, ("surface", *known_keys()), "missing")
    groups: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    for group, kind in GROUPS.items():
        table = raw.get(group, {})
        if not isinstance(table, dict):
            raise MachineError(f'key "{group}": expected a table, found {table!r}')
        specs = known_keys(group)
        _known_only(table, [key.partition(".")[2] for key in specs], group)
        values = {}
        for name, given in table.items():
            key = f"{group}.{name}"
            values[name], provenance[key] = _value(key, given, specs[key]["unit"], sources)
        groups[group] = kind(**values)
    texts = {}
    for key in ("name", "title", "surface", "power_curve"):
        texts[key] = raw.get(key, "")
        if not isinstance(texts[key], str):
            raise MachineError(f'key "{key}": expected a text, found {raw[key]!r}')
    surface, curve = texts["surface"], texts["power_curve"]
    return Machine(
        name=texts["name"] or path.stem,
        title=texts["title"] or texts["name"] or path.stem,
        surface=read_surface(path.parent / surface, interpolation=interpolation) if surface else None,
        power_curve=read_power_curve(path.parent / curve) if curve else None,
        provenance=provenance,
        missing=missing,
        **groups,
    )


def _known_only(table: Mapping[str, Any], known: Any, place: str) -> None:
    for key in table:
        if key not in known:
            full = f"{place}.{key}" if place else key
            raise MachineError(f'unknown key "{full}"{nearest(key, known)}; known here: {", ".join(known)}')


def _value(key: str, given: Any, unit: str, sources: Mapping[str, str]) -> tuple[Any, Provenance]:
    """Return a value in the unit of its field and where it comes from; a bare number is in that unit already."""
    if not isinstance(given, dict):
        return given, Provenance("", "user")
    _known_only(given, _VALUE, key)
    if "value" not in given:
        raise MachineError(f'key "{key}": "value" is missing; a value that is unknown is left out')
    value, found = given["value"], given.get("unit", unit)
    if found != unit:
        factor = UNITS.get((found, unit))
        if factor is None:
            usable = [unit, *(here for here, there in UNITS if there == unit)]
            raise MachineError(
                f'key "{key}": unit {found!r} cannot be converted, expected {" or ".join(map(repr, usable))}'
            )
        try:
            value = [number * factor for number in value] if isinstance(value, list) else value * factor
        except TypeError:
            raise MachineError(f'key "{key}": expected a number [{found}], found {given["value"]!r}') from None
    source = given.get("source", "")
    try:
        where = Provenance(
            sources.get(source, source), given.get("status", "user"), given.get("note", ""), f"{given['value']} {found}"
        )
    except MachineError as error:
        raise MachineError(f'key "{key}": {error}') from None
    return value, where


def read_surface(path: Path, *, interpolation: Literal["bicubic", "bilinear"] = "bicubic") -> RotorSurface:
    """Read a rotor surface: columns pitch_deg, tsr, cp, ct (and others, unused), one row per point of the grid.

    Parameters
    ----------
    path : Path
        CSV file; lines that begin with # are comments, one "# source: ..." names the source.
    interpolation : "bicubic" or "bilinear"
        See `RotorSurface`.

    Returns
    -------
    RotorSurface
        Of all rows, in any order.

    Raises
    ------
    MachineError
        The file, its line, what was found and what was expected.
    """
    columns, lines, source = _read_csv(path, ("pitch_deg", "tsr", "cp", "ct"))
    pitch_deg, rows = np.unique(columns["pitch_deg"], return_inverse=True)
    tsr, cols = np.unique(columns["tsr"], return_inverse=True)
    cell = rows * tsr.size + cols
    order = np.argsort(cell, kind="stable")
    twice = np.flatnonzero(np.diff(cell[order]) == 0)
    if twice.size:
        first, second = (lines[int(order[int(twice[0]) + k])] for k in (0, 1))
        raise MachineError(f"{path.name}: lines {first} and {second} give the same pitch and tip-speed ratio; keep one")
    tables = {}
    for name in ("cp", "ct"):
        tables[name] = np.full((pitch_deg.size, tsr.size), np.nan)
        tables[name][rows, cols] = columns[name]
    try:
        return RotorSurface(np.radians(pitch_deg), tsr, tables["cp"], tables["ct"], interpolation, source)
    except MachineError as error:
        raise MachineError(f"{path.name}: {error}") from None


def read_power_curve(path: Path) -> PowerCurve:
    """Read a power curve: columns wind_speed_m_s, power_kw and, if there, ct; otherwise as `read_surface`."""
    columns, lines, source = _read_csv(path, ("wind_speed_m_s", "power_kw"), optional=("ct",))
    _check_rows(path, columns, lines)
    try:
        return PowerCurve(columns["wind_speed_m_s"], 1e3 * columns["power_kw"], columns.get("ct"), source)
    except MachineError as error:
        raise MachineError(f"{path.name}: {error}") from None


def _check_rows(path: Path, columns: Mapping[str, Any], lines: Sequence[int]) -> None:
    """Refuse a curve's missing numbers and wind speeds that do not ascend, by the lines that an editor shows."""
    for name, values in columns.items():
        for row in np.flatnonzero(~np.isfinite(values))[:1]:
            found = "empty" if np.isnan(values[row]) else f"{values[row]:g}"
            raise MachineError(f"{path.name}, line {lines[row]}: {name} is {found}, expected a finite number")
    wind = columns["wind_speed_m_s"]
    if wind[0] < 0.0:
        raise MachineError(f"{path.name}, line {lines[0]}: wind_speed_m_s is {wind[0]:g}, expected 0 or more")
    for row in np.flatnonzero(np.diff(wind) <= 0.0)[:1]:
        raise MachineError(
            f"{path.name}, line {lines[row + 1]}: wind_speed_m_s is {wind[row + 1]:g} after {wind[row]:g} in line "
            f"{lines[row]}, expected ascending values: sort them and keep one row of each"
        )


def _read_csv(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[int], str]:
    """Return the columns as arrays, the line of each row, and the source named in the comments."""
    try:
        text = path.read_text(encoding="utf-8-sig").splitlines()  # spreadsheets write a mark at the begin
    except (OSError, UnicodeDecodeError) as error:
        raise MachineError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    source = next((line[len("# source:") :].strip() for line in text if line.startswith("# source:")), "")
    numbered = [(k, line) for k, line in enumerate(text, start=1) if line.strip() and not line.startswith("#")]
    header = next(csv.reader([numbered[0][1]])) if numbered else []
    absent = [name for name in required if name not in header]
    if absent or len(numbered) < 2:
        raise MachineError(
            f"{path.name}: expected columns {', '.join(required)} and rows below, found "
            f"{', '.join(header) or 'nothing'} and {max(len(numbered) - 1, 0)} rows"
        )
    wanted = [name for name in (*required, *optional) if name in header]
    table = np.empty((len(numbered) - 1, len(wanted)))
    for row, (line, content) in enumerate(numbered[1:]):
        cells = next(csv.reader([content]))
        if len(cells) != len(header):
            raise MachineError(f"{path.name}, line {line}: found {len(cells)} fields, expected {len(header)}")
        for k, name in enumerate(wanted):
            cell = cells[header.index(name)].strip()
            try:
                table[row, k] = float(cell or "nan")
            except ValueError:
                raise MachineError(f"{path.name}, line {line}: {name} is {cell!r}, expected a number") from None
    return {name: table[:, k] for k, name in enumerate(wanted)}, [line for line, _ in numbered[1:]], source
