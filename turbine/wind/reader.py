"""Reader of a user's wind series: a CSV file with a column of times and one of wind speeds, units in their names."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from turbine.errors import WindError, nearest
from turbine.wind.series import WindSeries, from_samples

__all__ = ["read_wind_csv"]

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}  #: in s
SPEED_UNITS = {"m/s": 1.0, "km/h": 1.0 / 3.6, "kn": 1852.0 / 3600.0, "mph": 0.44704}  #: in m/s
#: Units at the end of a name, longest first; `_ms` is left out, as it may be either.
SUFFIXES = {
    "_m_s": "m/s",
    "_km_h": "km/h",
    "_kmh": "km/h",
    "_mph": "mph",
    "_min": "min",
    "_kn": "kn",
    "_s": "s",
    "_h": "h",
}
BRACKETS = re.compile(r"^(?P<name>.*?)\s*[\[(]\s*(?P<unit>[^\])]*?)\s*[\])]$")


def read_wind_csv(path: Path, *, time_column: str = "", wind_column: str = "") -> WindSeries:
    """Read a wind series from a CSV file.

    The header names each column's unit: `time [s],wind speed [m/s]`, `time (min);wind (km/h)` or `time_s,wind_m_s`.
    Times in s, ms, min or h, speeds in m/s, km/h, kn or mph. Fields are divided by commas, semicolons or tabs, the
    decimal mark is a point; empty lines and lines that begin with # are passed over. Other columns are not looked at.

    Parameters
    ----------
    path : Path
        The file.
    time_column, wind_column : str
        Names of the columns, with or without the unit; needed only where several columns have a unit of time or speed.

    Returns
    -------
    WindSeries
        In s and m/s; the file's first time becomes t = 0.

    Raises
    ------
    WindError
        With file, line, what was found and what was expected: unreadable file, no such column, a unit that is missing
        or unknown, a field that is no number, and whatever `from_samples` refuses.
    """
    lines = _lines(path)
    if not lines:
        raise WindError(f"{path}: holds no line, expected a header such as: time [s],wind speed [m/s]")
    number, text = lines[0]
    delimiter = next((mark for mark in ";\t" if mark in text), ",")
    header = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
    where = f"{path}, line {number}"
    t, t_factor = _column(where, header, time_column, "time", TIME_UNITS)
    v, v_factor = _column(where, header, wind_column, "wind speed", SPEED_UNITS)
    times, speeds = np.empty(len(lines) - 1), np.empty(len(lines) - 1)
    for k, (number, text) in enumerate(lines[1:]):
        where = f"{path}, line {number}"
        cells = text.split(delimiter)
        if len(cells) != len(header):
            raise WindError(f"{where}: found {len(cells)} fields, expected {len(header)} as in the header")
        times[k] = _number(where, header[t], cells[t])
        speeds[k] = _number(where, header[v], cells[v])
    rows = np.array([number for number, _ in lines[1:]], np.int64)
    return from_samples(times * t_factor, speeds * v_factor, name=str(path), rows=rows, row_word="line")


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines that count, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise WindError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WindError(f"{path}: is not text in UTF-8 (byte {error.start}), expected a CSV file") from error
    numbered = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in numbered if line.strip() and not line.lstrip().startswith("#")]


def _split(cell: str) -> tuple[str, str]:
    """Return a header cell's name and unit; an empty unit where there is none."""
    if match := BRACKETS.match(cell):
        return match["name"].strip(), match["unit"]
    for suffix, unit in SUFFIXES.items():
        if cell.lower().endswith(suffix):
            return cell[: -len(suffix)], unit
    return cell, ""


def _column(where: str, header: list[str], wanted: str, what: str, units: dict[str, float]) -> tuple[int, float]:
    """Return a column's place and the factor that brings its values to SI."""
    parts = [_split(cell) for cell in header]
    expected = f"expected one in {', '.join(units)}, such as {what} [{next(iter(units))}]"
    if wanted:
        found = [i for i, cell in enumerate(header) if wanted in (cell, parts[i][0])]
        if not found:
            raise WindError(f'{where}: no column "{wanted}"{nearest(wanted, header)}; found {", ".join(header)}')
        if parts[found[0]][1] not in units:
            raise WindError(f'{where}: column "{header[found[0]]}" names the unit "{parts[found[0]][1]}", {expected}')
    else:
        found = [i for i, (_, unit) in enumerate(parts) if unit in units]
        if not found:
            raise WindError(f"{where}: no column of {what} with its unit, found {', '.join(header)}; {expected}")
    if len(found) > 1:
        several = ", ".join(header[i] for i in found)
        raise WindError(f"{where}: several columns may be the {what}: {several}; name the one that you mean")
    return found[0], units[parts[found[0]][1]]


def _number(where: str, column: str, cell: str) -> float:
    """Return a field's value; an empty one is NaN, which the series' check names as a gap."""
    text = cell.strip().strip('"')
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise WindError(f'{where}: column "{column}": found "{text}", expected a number with a decimal point') from None
