"""Hill of Towie's own availability: `ShutdownDuration` per ten minutes and `tblDailySummary` per day.

`ShutdownDuration` holds seconds; its stamps label the START, and its turbines have names. `tblDailySummary` holds
`Availabillity` (so spelt) of stations; neither its unit nor the end of the day that its stamps label is stated. Percent
and the end, as in the publisher's other tables, are assumed and said; a column that cannot be percent is refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.config import Source
from fleet.errors import InputError
from fleet.readers.base import Batch, Format
from fleet.readers.frames import Rejects, SignalColumn, conform, interval_starts, repeated, signal_values
from fleet.readers.hill_of_towie_files import METADATA, beside, turbine_names
from fleet.readers.text import RawTable, header_of, read_table, texts
from fleet.schema import OPERATOR

__all__ = ["FORMATS"]

_SHUTDOWN_TIME, _SHUTDOWN_TURBINE, _SHUTDOWN = "TimeStamp_StartFormat", "TurbineName", "ShutdownDuration"
_DAILY_TIME, _DAILY_STATION, _AVAILABILITY = "TimeStamp", "StationId", "Availabillity"
_PERIOD_S, _DAY_S = 600, 86_400

Values = npt.NDArray[np.float64]


def _is_shutdown(path: Path, text: str) -> bool:
    return {_SHUTDOWN_TIME, _SHUTDOWN_TURBINE, _SHUTDOWN} <= header_of(text, ",")


def _is_daily(path: Path, text: str) -> bool:
    return {_DAILY_TIME, _DAILY_STATION, _AVAILABILITY} <= header_of(text, ",")


def _read_shutdown(path: Path, source: Source) -> Batch:
    raw, _, _ = read_table(path, delimiter=",", required=(_SHUTDOWN_TIME, _SHUTDOWN_TURBINE, _SHUTDOWN))
    rejects = Rejects(raw)
    label = source.stamps or "start"
    times = interval_starts(rejects, time_column=_SHUTDOWN_TIME, zone=source.time_zone, label=label, period_s=_PERIOD_S)
    values, _ = signal_values(raw, SignalColumn((_SHUTDOWN,)), rejects.examples)
    rejects.add("no shutdown duration", np.isnan(values), _SHUTDOWN, "seconds")
    impossible = (values < 0) | (values > _PERIOD_S)
    rejects.add("shutdown duration impossible", impossible, _SHUTDOWN, f"0 to {_PERIOD_S} s")
    turbines = texts(raw.cells[_SHUTDOWN_TURBINE])
    return _operator(raw, rejects, turbines, times, _PERIOD_S, values, _SHUTDOWN)


def _read_daily(path: Path, source: Source) -> Batch:
    raw, _, _ = read_table(path, delimiter=",", required=(_DAILY_TIME, _DAILY_STATION, _AVAILABILITY))
    rejects = Rejects(raw)
    label = source.stamps or "end"
    times = interval_starts(rejects, time_column=_DAILY_TIME, zone=source.time_zone, label=label, period_s=_DAY_S)
    percent, _ = signal_values(raw, SignalColumn((_AVAILABILITY,)), rejects.examples)
    _check_percent(path, percent)
    turbines, notes = turbine_names(path, raw.cells[_DAILY_STATION])
    said = "" if source.stamps else "; stamps assumed to label the end of the day"
    rejects.examples += [*notes, f"{path.name}: {_AVAILABILITY} assumed to be percent of the day{said}"]
    rejects.add("no availability", np.isnan(percent), _AVAILABILITY, "percent")
    rejects.add("availability impossible", (percent < 0) | (percent > 100), _AVAILABILITY, "0 to 100 %")
    return _operator(raw, rejects, turbines, times, _DAY_S, (1.0 - percent / 100.0) * _DAY_S, _AVAILABILITY)


def _check_percent(path: Path, values: Values) -> None:
    """Refuse a column that holds fractions or seconds: read as percent, it would be wrong without anyone noticing."""
    known = values[np.isfinite(values)]
    if not known.size:
        return
    largest = float(known.max())
    over = int((known > 100).sum())
    if 0.0 < largest <= 1.0 or 2 * over > known.size:
        raise InputError(
            f"{path}: column {_AVAILABILITY}, found values up to {largest:g}, expected percent from 0 to 100 with most "
            "days near 100; these look like fractions or seconds, which this reader does not guess"
        )


def _operator(
    raw: RawTable,
    rejects: Rejects,
    turbines: pa.ChunkedArray,
    times: pd.DatetimeIndex,
    duration_s: int,
    unavailable_s: Values,
    figure: str,
) -> Batch:
    rejects.add("no turbine", pc.equal(turbines, "").to_numpy())
    rejects.add("exact duplicate row", repeated(raw))
    frame = pd.DataFrame(
        {
            "turbine": turbines.to_pandas(),
            "time": times,
            "duration_s": float(duration_s),
            "unavailable_s": unavailable_s,
            "figure": figure,
        }
    )
    return rejects.kept(conform(frame, OPERATOR))


def _names_beside(path: Path) -> tuple[Path, ...]:
    found = beside(path, METADATA)
    return () if found is None else (found,)


FORMATS = (
    Format(
        name="hill_of_towie_shutdown",
        title="Hill of Towie ShutdownDuration, the operator's unavailable seconds per ten minutes",
        kind="operator",
        stamps="start",
        matches=_is_shutdown,
        read=_read_shutdown,
    ),
    Format(
        name="hill_of_towie_daily",
        title="Hill of Towie tblDailySummary, the operator's availability per day",
        kind="operator",
        stamps="assumed end",
        matches=_is_daily,
        read=_read_daily,
        companions=_names_beside,
    ),
)
