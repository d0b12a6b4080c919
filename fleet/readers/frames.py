"""Canonical frames from columns: the SCADA frame with its read flags, and the accounting of the other tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.flags import Flag
from fleet.readers.base import Batch
from fleet.readers.stamps import Clocks, clock_readings, in_zone, parse_stamps, step_s, utc
from fleet.readers.text import RawTable, numbers, texts
from fleet.schema import SCADA, SIGNALS, Column, columns, dtypes

__all__ = [
    "Rejects",
    "SignalColumn",
    "conform",
    "interval_starts",
    "numeric_batch",
    "repeated",
    "scada_batch",
    "signal_values",
]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SignalColumn:
    """Where a canonical signal comes from: one column of the file, or several that are averaged."""

    columns: tuple[str, ...]
    convert: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None


def scada_batch(
    raw: RawTable,
    *,
    turbine: str | pa.ChunkedArray,
    time_column: str,
    signals: Mapping[str, SignalColumn],
    zone: str,
    label: str,
    period_s: int | None = None,
    time_format: str = "",
    decimal: str = ".",
    declared: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    notes: Sequence[str] = (),
) -> Batch:
    """Build the canonical SCADA frame: every row of the file, readable or not.

    Parameters
    ----------
    raw : RawTable
        The file's cells.
    turbine : str or ChunkedArray, shape (n,)
        The one turbine of the file, or the name in each row.
    time_column : str
        Column of the stamps.
    signals : mapping of str to SignalColumn
        Source of each canonical signal that the file has.
    zone : str
        Time zone of stamps without an offset.
    label : str
        "start" or "end": which end of the averaging period the stamps label.
    period_s : int, optional
        The averaging period, by which stamps of the end are moved; without it the file's most frequent step [s].
    time_format, decimal : str
        `strptime` format ("" for ISO 8601) and decimal mark.
    declared : pair of Timestamp, optional
        Period that the file declares.
    notes : sequence of str
        What else there is to say about the file.

    Returns
    -------
    Batch
        `len(frame) == rows_in`, nothing rejected; malformed rows and unreadable stamps carry `Flag.UNREADABLE`.
    """
    examples = [*raw.notes, *notes]
    names = None if isinstance(turbine, str) else texts(turbine)
    groups = None if names is None else pc.dictionary_encode(names).combine_chunks().indices.to_numpy()
    written = parse_stamps(raw.cells[time_column], time_format)
    unreadable = np.isnat(written.clock)
    examples += raw.examples(np.flatnonzero(unreadable), time_column, "a time stamp")
    clocks, zone_notes = in_zone(written, zone, groups)
    examples += [f"{raw.name}: {note}" for note in zone_notes]
    if label == "end":
        clocks = clock_readings(clocks, period_s or step_s(utc(clocks), groups))
    flags = np.where(unreadable, np.uint32(Flag.UNREADABLE), np.uint32(0))
    data: dict[str, Any] = {}
    for name, source in signals.items():
        values, bad = signal_values(raw, source, examples, decimal)
        data[name] = values
        flags[bad] |= np.uint32(Flag.BAD_VALUE)
    frame = pd.DataFrame(
        {
            "turbine": pd.Series(turbine, index=range(len(raw.row))) if names is None else names.to_pandas(),
            "time": pd.DatetimeIndex(utc(clocks)).tz_localize("UTC"),
            "stamp_local": clocks.clock,
            "utc_offset_s": clocks.offset_s,
            "source_row": raw.row,
            "read_flags": flags,
            **data,
        }
    )
    if raw.malformed:
        examples += raw.malformed_examples()
        frame = _with_malformed(frame, raw, "" if names is not None else str(turbine))
    return Batch(
        frame=conform(frame, SCADA),
        rows_in=raw.rows_in,
        rejected={},
        declared=declared,
        offsets_given=bool((~written.has_offset & ~unreadable).any()),
        examples=tuple(examples),
    )


def signal_values(
    raw: RawTable, source: SignalColumn, examples: list[str], decimal: str = "."
) -> tuple[npt.NDArray[np.float64], Bools]:
    """Return a signal's values and where one of its cells was no number; the first of these go to `examples`."""
    parts: list[npt.NDArray[np.float64]] = []
    bad = np.zeros(len(raw.row), bool)
    for column in source.columns:
        values, wrong = numbers(raw.cells[column], decimal)
        if wrong.any():
            examples += raw.examples(np.flatnonzero(wrong), column, "a number")
            bad |= wrong
        parts.append(values)
    mean = parts[0] if len(parts) == 1 else _mean(parts)
    return (mean if source.convert is None else source.convert(mean)), bad


def _mean(parts: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Return the mean of the values that are there, NaN where none is."""
    stack = np.vstack(parts)
    there = ~np.isnan(stack)
    count = there.sum(axis=0)
    total = np.where(there, stack, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _with_malformed(frame: pd.DataFrame, raw: RawTable, turbine: str) -> pd.DataFrame:
    """Put the malformed rows back at their places, with no value but their flag."""
    known = set(frame["turbine"].unique())
    count = len(raw.malformed)
    extra = pd.DataFrame(
        {
            # The first field names the turbine in the formats that have several; a name seen nowhere else is damage.
            "turbine": [turbine or (fields[0] if fields and fields[0] in known else "") for _, fields in raw.malformed],
            "time": pd.DatetimeIndex(np.full(count, np.datetime64("NaT", "us"))).tz_localize("UTC"),
            "stamp_local": np.full(count, np.datetime64("NaT", "us")),
            "utc_offset_s": np.zeros(count, np.int32),
            "source_row": np.array([row for row, _ in raw.malformed], np.int64),
            "read_flags": np.full(count, np.uint32(Flag.UNREADABLE)),
            **{name: np.full(count, np.nan) for name in frame.columns if name in _SIGNAL_NAMES},
        }
    )
    return pd.concat([frame, extra]).sort_values("source_row", kind="stable")


_SIGNAL_NAMES = frozenset(columns(SIGNALS))


def conform(frame: pd.DataFrame, table: tuple[Column, ...]) -> pd.DataFrame:
    """Return the frame with exactly the table's columns and dtypes; a signal that is not there is missing."""
    wanted = dtypes(table)
    absent = {name: np.full(len(frame), np.nan) for name in wanted if name not in frame}
    return frame.reset_index(drop=True).assign(**absent)[list(wanted)].astype(wanted)


@dataclass
class Rejects:
    """Rows that are left out of a table, by their first reason, with examples.

    Parameters
    ----------
    raw : RawTable
        The file's cells.
    """

    raw: RawTable
    counts: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    out: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.out = np.zeros(len(self.raw.row), bool)
        self.examples += self.raw.notes
        if self.raw.malformed:
            self.counts["malformed row"] = len(self.raw.malformed)
            self.examples += self.raw.malformed_examples()

    def add(self, reason: str, rows: Bools, column: str = "", expected: str = "") -> None:
        """Leave out the rows of a mask that no earlier reason left out."""
        fresh = rows & ~self.out
        if fresh.any():
            self.counts[reason] = self.counts.get(reason, 0) + int(fresh.sum())
            self.out |= fresh
            if column:
                self.examples += self.raw.examples(np.flatnonzero(fresh), column, expected)

    def kept(self, frame: pd.DataFrame, declared: tuple[pd.Timestamp, pd.Timestamp] | None = None) -> Batch:
        """Return the batch of the rows that were not left out."""
        return Batch(
            frame=frame[~self.out].reset_index(drop=True),
            rows_in=self.raw.rows_in,
            rejected=self.counts,
            declared=declared,
            examples=tuple(self.examples),
        )


def repeated(raw: RawTable) -> Bools:
    """Return whether every column of a row is the same as in an earlier one."""
    cells = pd.DataFrame({str(i): cell.to_pandas() for i, cell in enumerate(raw.cells.values())})
    return np.asarray(cells.duplicated().to_numpy(), bool)


def interval_starts(
    rejects: Rejects, *, time_column: str, zone: str, label: str, period_s: int | None = None
) -> pd.DatetimeIndex:
    """Return the start of each row's interval, UTC; rows whose stamp cannot be read are left out.

    Parameters
    ----------
    rejects : Rejects
        The table, and where rows that are left out are counted.
    time_column : str
        Column of the stamps.
    zone : str
        Time zone of stamps without an offset.
    label : str
        "start" or "end": which end of the interval the stamps label.
    period_s : int, optional
        Length of the interval [s]; without it the most frequent step.
    """
    raw = rejects.raw
    clocks: Clocks = parse_stamps(raw.cells[time_column])
    rejects.add("unreadable time stamp", np.isnat(clocks.clock), time_column, "a time stamp")
    clocks, notes = in_zone(clocks, zone)
    rejects.examples += [f"{raw.name}: {note}" for note in notes]
    if label == "end":
        clocks = clock_readings(clocks, period_s or step_s(utc(clocks)))
    return pd.DatetimeIndex(utc(clocks)).tz_localize("UTC")


def numeric_batch(
    raw: RawTable,
    table: tuple[Column, ...],
    *,
    time_column: str,
    zone: str,
    signals: Mapping[str, SignalColumn],
    label: str = "start",
) -> Batch:
    """Build a canonical table of stamps and numbers (meter, reanalysis).

    Rows whose stamp cannot be read are left out and counted; a cell that is no number is missing and quoted. Where the
    label is "end", stamps are moved to the start of their interval.
    """
    rejects = Rejects(raw)
    data: dict[str, Any] = {"time": interval_starts(rejects, time_column=time_column, zone=zone, label=label)}
    for name, source in signals.items():
        data[name], _ = signal_values(raw, source, rejects.examples)
    return rejects.kept(conform(pd.DataFrame(data), table))
