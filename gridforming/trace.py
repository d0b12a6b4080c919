"""A recorded frequency as events of a grid: straight lines between its samples."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from gridforming.events import SetGrid
from turbine.errors import SimulationError, nearest

__all__ = ["read_frequency_trace"]

_COLUMNS = ("time_s", "frequency_hz")


def read_frequency_trace(path: Path, grid: str, *, nominal: float = 50.0, duration: float = math.inf) -> list[SetGrid]:
    """Return events that let a grid follow a frequency from a CSV file.

    Parameters
    ----------
    path : Path
        With the columns time_s (ascending, the first at 0 or later) and frequency_hz.
    grid : str
        Name of the grid.
    nominal : float
        Nominal frequency [Hz].
    duration : float
        Of the run; what is later is left out [s].

    Returns
    -------
    list of SetGrid
        One for each sample before the end.

    Raises
    ------
    SimulationError
        The file, row and column that cannot be used, what was found and what was expected.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"{path}: cannot be read ({error})") from None
    header = [name.strip() for name in rows[0]] if rows else []
    for name in _COLUMNS:
        if name not in header:
            found = ", ".join(header) or "nothing"
            raise SimulationError(f'{path}: no column "{name}"{nearest(name, header)}; found {found}')
    places = [header.index(name) for name in _COLUMNS]
    samples: list[tuple[float, float]] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        time, frequency = (_number(path, number, row, name, k) for name, k in zip(_COLUMNS, places, strict=True))
        if time < 0.0 or (samples and time <= samples[-1][0]):
            before = f"later than {samples[-1][0]:g} s" if samples else "0 s or later"
            raise SimulationError(f"{path}: row {number}, time_s: found {time:g} s, expected {before}")
        if not 0.5 * nominal <= frequency <= 1.5 * nominal:
            raise SimulationError(
                f"{path}: row {number}, frequency_hz: found {frequency:g} Hz, expected {0.5 * nominal:g} to "
                f"{1.5 * nominal:g} Hz"
            )
        samples.append((time, frequency))
    if len(samples) < 2:
        raise SimulationError(f"{path}: found {len(samples)} rows, expected at least 2")
    events = []
    for k, (time, frequency) in enumerate(samples):
        later = samples[k + 1] if k + 1 < len(samples) else None
        ramp = (later[1] - frequency) / (later[0] - time) / nominal if later else 0.0
        if time < duration:
            events.append(SetGrid(time=time, grid=grid, frequency=frequency / nominal, ramp=ramp))
    return events


def _number(path: Path, number: int, row: list[str], name: str, place: int) -> float:
    text = row[place].strip() if place < len(row) else ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SimulationError(f'{path}: row {number}, {name}: found "{text}", expected a number')
    return value
