"""Status logs: rows of a text table turned into canonical events, with every row that is left out counted."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.readers.base import Batch
from fleet.readers.frames import Rejects, conform, repeated
from fleet.readers.stamps import Clocks, in_zone, parse_stamps, utc
from fleet.readers.text import RawTable, texts
from fleet.schema import EVENTS

__all__ = ["STATUSES", "EventColumns", "events_batch"]

STATUSES = ("stop", "warning", "informational", "communication")
_DURATION = re.compile(r"^(\d+):([0-5]\d):([0-5]\d)$")


@dataclass(frozen=True, kw_only=True)
class EventColumns:
    """The file's column for each canonical one; empty: the file has none."""

    start: str
    end: str = ""
    status: str = ""
    code: str = ""
    message: str = ""
    service_category: str = ""
    iec_category: str = ""


def events_batch(
    raw: RawTable,
    columns: EventColumns,
    *,
    turbine: str | pa.ChunkedArray,
    zone: str,
    time_format: str = "",
    duration_column: str = "",
    declared: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    default_status: str = "stop",
) -> Batch:
    """Build the canonical events.

    Parameters
    ----------
    raw : RawTable
        The file's cells.
    columns : EventColumns
        Where each canonical column comes from.
    turbine : str or ChunkedArray, shape (n,)
        The one turbine of the file, or the name in each row.
    zone : str
        Time zone of stamps without an offset.
    time_format : str
        `strptime` format; empty: ISO 8601.
    duration_column : str
        Column with durations HHH:MM:SS, compared with end - start; a difference is quoted, the stamps count.
    declared : pair of Timestamp, optional
        Period that the file declares.
    default_status : str
        What every row is where there is no status column.

    Returns
    -------
    Batch
        Events in file order. Left out and counted: malformed rows, stamps that cannot be read, ends before the start,
        an unknown status, and the same event once more (every column alike). Events without length stay.
    """
    rejects = Rejects(raw)
    name = raw.name
    where = None if isinstance(turbine, str) else texts(turbine)
    start = parse_stamps(raw.cells[columns.start], time_format)
    rejects.add("unreadable start", np.isnat(start.clock), columns.start, "a time stamp")
    start, notes = in_zone(start, zone)
    end = _ends(raw, columns.end, time_format)
    open_end = np.isnat(end.clock)
    if columns.end:
        unreadable = open_end & _is_text(raw.cells[columns.end])
        rejects.add("unreadable end", unreadable, columns.end, "a time stamp or -")
    end, more = in_zone(end, zone)
    rejects.examples += [f"{name}: {note}" for note in dict.fromkeys((*notes, *more))]
    begins, ends = utc(start), utc(end)
    rejects.add("end before start", ~open_end & (ends < begins), columns.end, "a stamp after the start")
    status = _text(raw, columns.status, default_status).str.lower()
    rejects.add("unknown status", ~status.isin(STATUSES).to_numpy(), columns.status, ", ".join(STATUSES))
    rejects.add("exact duplicate event", repeated(raw))
    empty = ~open_end & (ends == begins) & ~rejects.out
    if empty.any():
        rejects.examples.append(f"{name}: {int(empty.sum())} events without length are kept")
    if duration_column:
        rejects.examples += _check_durations(raw, duration_column, begins, ends, rejects.out)
    frame = pd.DataFrame(
        {
            "turbine": pd.Series(turbine, index=range(len(raw.row)), dtype="str")
            if where is None
            else where.to_pandas(),
            "start": pd.DatetimeIndex(begins).tz_localize("UTC"),
            "end": pd.DatetimeIndex(ends).tz_localize("UTC"),
            "status": status,
            "code": _text(raw, columns.code),
            "message": _text(raw, columns.message),
            "service_category": _text(raw, columns.service_category),
            "iec_category": _text(raw, columns.iec_category),
            "source_row": raw.row,
        }
    )
    return rejects.kept(conform(frame, EVENTS), declared)


def _ends(raw: RawTable, column: str, time_format: str) -> Clocks:
    if column:
        return parse_stamps(raw.cells[column], time_format)
    count = len(raw.row)
    return Clocks(
        clock=np.full(count, np.datetime64("NaT", "us")),
        offset_s=np.zeros(count, np.int32),
        has_offset=np.zeros(count, bool),
    )


def _is_text(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.not_equal(texts(column), "").to_numpy(), bool)


def _text(raw: RawTable, column: str, default: str = "") -> pd.Series:
    if not column or column not in raw.cells:
        return pd.Series(default, index=range(len(raw.row)), dtype="str")
    return pd.Series(texts(raw.cells[column]).to_pandas(), dtype="str")


def _check_durations(
    raw: RawTable,
    column: str,
    begins: npt.NDArray[np.datetime64],
    ends: npt.NDArray[np.datetime64],
    out: npt.NDArray[np.bool_],
) -> list[str]:
    """Return sentences about durations that cannot be read or differ from end - start."""
    said = texts(raw.cells[column]).to_pylist()
    wrong: list[int] = []
    for i, text in enumerate(said):
        if out[i] or (not text and np.isnat(ends[i])):
            continue
        match = _DURATION.match(text)
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else -1
        if np.isnat(ends[i]) or seconds != (ends[i] - begins[i]) // np.timedelta64(1, "s"):
            wrong.append(i)
    if not wrong:
        return []
    count = f"{raw.name}: {len(wrong)} durations differ from end - start; the stamps count"
    return [count, *raw.examples(wrong, column, "end - start")]
