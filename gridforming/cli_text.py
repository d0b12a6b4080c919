"""What the commands of scenarios print: figures of runs in columns, modes, comparisons."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from turbine.cli_text import aligned
from turbine.errors import SimulationError

if TYPE_CHECKING:
    import pandas as pd

    from gridforming.critical import Critical
    from gridforming.linear import LinearModel

__all__ = [
    "comparison",
    "critical_text",
    "figures",
    "modes_text",
    "parse_lines",
    "parse_values",
    "ranges",
    "split_alternative",
    "summary",
    "sweep_text",
]

_ROWS, _MOST = 20, 8  # rows and columns of a sweep that are printed
#: Figures that are printed: key of a bus or device, title, unit, decimals.
_BUS = (
    ("voltage_lowest_pu", "lowest voltage", "pu", 3),
    ("voltage_highest_pu", "highest voltage", "pu", 3),
    ("voltage_outside_longest_s", "outside 0.9..1.1 pu", "s", 3),
    ("frequency_nadir_hz", "lowest frequency", "Hz", 3),
    ("frequency_zenith_hz", "highest frequency", "Hz", 3),
    ("frequency_end_hz", "frequency at the end", "Hz", 3),
    ("rocof_500ms_hz_per_s", "RoCoF, 0.5 s", "Hz/s", 2),
)
_DEVICE = (
    ("active_power_start_pu", "power at first", "pu", 3),
    ("active_power_end_pu", "power at the end", "pu", 3),
    ("active_power_overshoot_percent", "overshoot", "%", 1),
    ("active_power_settling_s", "settles in", "s", 3),
    ("current_peak_pu", "peak current", "pu", 3),
    ("limited_s", "in its limit", "s", 3),
    ("energy_kwh", "energy", "kWh", 2),
)


def parse_values(given: Iterable[str]) -> dict[str, object]:
    """Return the values of `--set KEY=VALUE`; a value is TOML, or text where it is none.

    Raises
    ------
    SimulationError
        Something without an equals sign.
    """
    found: dict[str, object] = {}
    for one in given:
        key, sign, text = one.partition("=")
        if not sign or not key.strip():
            raise SimulationError(
                f"--set {one}: expected KEY=VALUE, such as run.duration=5 or converter.unit.active=0.8"
            )
        try:
            found[key.strip()] = tomllib.loads(f"value = {text.strip()}")["value"]
        except (ValueError, RecursionError):
            found[key.strip()] = text.strip()
    return found


def split_alternative(word: str) -> tuple[str, str]:
    """Return scenario and alternative of `NAME` or `NAME@ALTERNATIVE`; a file's folder may have such a sign itself."""
    if word.endswith(".toml"):
        return word, ""
    if ".toml@" in word:
        file, _, alternative = word.rpartition(".toml@")
        return f"{file}.toml", alternative
    name, _, alternative = word.partition("@")
    return name, alternative


def figures(found: Mapping[str, Any]) -> list[tuple[str, str, str, int, float | None]]:
    """Return the figures of a run one by one: place, title, unit, decimals, value."""
    rows = []
    for section, keys in (("buses", _BUS), ("converters", _DEVICE), ("machines", _DEVICE)):
        for name, values in found[section].items():
            rows += [(name, title, unit, digits, values[key]) for key, title, unit, digits in keys if key in values]
    return rows


def summary(found: Mapping[str, Any]) -> str:
    """Return what a run did: one table of buses, one of devices, its sequence and its notes."""
    lines = [f"{found['title']}: {found['start_s']:g} to {found['end_s']:g} s\n"]
    for section, keys in (("buses", _BUS), ("converters", _DEVICE), ("machines", _DEVICE)):
        if not found[section]:
            continue
        shown = [key for key in keys if any(key[0] in values for values in found[section].values())]
        rows = [(section, *(f"{title} [{unit}]" for _, title, unit, _ in shown))]
        for name, values in found[section].items():
            rows.append((name, *(_text(values.get(key), digits) for key, _, _, digits in shown)))
        lines += [aligned(rows, left=(0,)), ""]
    if found["verdicts"]:
        rows = [("verdict", "found", "expected", "closed form", "")]
        for one in found["verdicts"]:
            reference = "" if one["reference"] is None else f"{one['reference']:g}"
            value = "-" if one["found"] is None else f"{one['found']:.4g}"
            rows.append((one["title"], value, one["expected"], reference, "holds" if one["holds"] else "FAILS"))
        lines += [aligned(rows, left=(0, 2)), ""]
    if found["sequence"] != "none":
        lines.append(f"Sequence: {found['sequence']}")
    lines += found["notes"]
    return "\n".join(lines)


def comparison(names: Sequence[str], runs: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures of several runs side by side; those that one has and another has not stand as well."""
    table: dict[tuple[str, str, str, int], list[float | None]] = {}
    for k, found in enumerate(runs):
        for place, title, unit, digits, value in figures(found):
            table.setdefault((place, title, unit, digits), [None] * len(runs))[k] = value
    rows: list[tuple[str, ...]] = [("", "", "", *names)]
    last = ""
    for (place, title, unit, digits), values in table.items():
        if any(value is not None for value in values):
            rows.append((place if place != last else "", title, unit, *(_text(value, digits) for value in values)))
            last = place
    ends = []
    for name, found in zip(names, runs, strict=True):
        ends += [f"{name}: sequence {found['sequence']}"] if found["sequence"] != "none" else []
        failed = [one["title"] for one in found["verdicts"] if not one["holds"]]
        if found["verdicts"]:
            ends.append(f"{name}: {'fails: ' + '; '.join(failed) if failed else 'all verdicts hold'}")
        ends += [f"{name}: {note}" for note in found["notes"] if " trips: " in note]
    return "\n".join([aligned(rows, left=(0, 1, 2)), "", *ends])


def modes_text(model: LinearModel, count: int = 20) -> str:
    """Return the slowest modes in columns."""
    rows: list[tuple[str, ...]] = [("decay [1/s]", "frequency [Hz]", "damping [-]", "states that take part")]
    for mode in model.modes():
        if mode.s.imag < -1e-9:
            continue  # the other of a pair
        most = ", ".join(f"{name} {share:.2f}" for name, share in list(mode.participation.items())[:3])
        rows.append((f"{-mode.s.real:.4g}", f"{mode.frequency_hz:.4g}", f"{mode.damping:.3f}", most))
    stands = "stable" if model.stable() else "UNSTABLE"
    return f"{aligned(rows[: count + 1], left=(3,))}\n\n{stands}; {len(rows) - 1} modes, a pair counted once"


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def ranges(given: Iterable[str]) -> dict[str, list[float]]:
    """Return the values of `--over KEY=VALUES`: numbers with commas, or FIRST:LAST:COUNT.

    Raises
    ------
    SimulationError
        Something else, or a key twice.
    """
    found: dict[str, list[float]] = {}
    for one in given:
        key, sign, text = one.partition("=")
        key = key.strip()
        try:
            if not sign or not key or key in found:
                raise ValueError
            if ":" in text:
                first, last, count = text.split(":")
                step = (float(last) - float(first)) / max(int(count) - 1, 1)
                found[key] = [float(f"{float(first) + k * step:.12g}") for k in range(int(count))]
            else:
                found[key] = [float(value) for value in text.split(",")]
        except ValueError:
            raise SimulationError(
                f"--over {one}: expected KEY=VALUES, each key once, such as grid.grid.reactance=0.1,0.2 or "
                "grid.grid.reactance=0.1:0.5:9"
            ) from None
    return found


def parse_lines(given: Iterable[str]) -> dict[str, tuple[list[float], list[float]]]:
    """Return the lines of `--line NAME:X,Y:X,Y` as coordinates by name.

    Raises
    ------
    SimulationError
        Something else.
    """
    found = {}
    for one in given:
        name, *points = one.split(":")
        try:
            pairs = [tuple(map(float, point.split(","))) for point in points]
            x, y = zip(*pairs, strict=True)
            if not name or len(pairs) < 2 or any(len(pair) != 2 for pair in pairs):
                raise ValueError
        except ValueError:
            raise SimulationError(f"--line {one}: expected NAME:X,Y:X,Y, such as 'P X = 1/2:2,5:2,60'") from None
        found[name] = (list(x), list(y))
    return found


def sweep_text(frame: pd.DataFrame, keys: int) -> str:
    """Return how many points of a sweep are of use, and its first rows."""
    from gridforming.sweep import tally

    counts = tally(frame)
    lines = [f"{counts['rows']} points: {counts['used']} used, {counts['failed']} failed"]
    if "stable" in frame:
        stable = int(frame["stable"].fillna(value=False).sum())
        lines.append(f"{stable} stable, {counts['used'] - stable} unstable or without operating point")
    columns = [name for name in frame.columns[: keys + _MOST] if name not in ("notes", "reason")]
    return "\n".join([*lines, "", frame[columns].head(_ROWS).to_string(index=False)])


def critical_text(found: Critical) -> str:
    """Return where stability ends, by eigenvalues and in time."""
    lines = [f"by eigenvalues: {found.key} = {found.modes.value:.5g} ({found.modes.reason})"]
    if found.time is not None:
        border = found.time
        lines.append(f"in time: {found.key} = {border.value:.5g}, stable at {border.stable:.5g} ({border.reason})")
    if found.note:
        lines.append(f"not confirmed in time: {found.note}")
    return "\n".join(lines)
