"""One turbine's rows as the clock check sees them, and what repeats and what is missing on a time axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.flags import Flag
from fleet.intervals import SECOND
from fleet.schema import SIGNALS, columns

__all__ = ["Rows", "Tally", "repeat_flags", "tally"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows with a readable stamp, sorted by (time as written, source_row)."""

    position: Ints  #: row of the frame they come from
    time: Ints  #: as written [us since 1970 UTC]
    reading: Ints  #: what the clock showed [us]
    offset_s: Ints  #: as written [s]
    source_row: Ints
    signals: tuple[str, ...]
    values: Floats  #: shape (n, signals)
    empty: Bools  #: every signal is missing

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Rows:
        """Return the rows of a canonical SCADA frame that have a time."""
        position = np.flatnonzero(frame["time"].notna().to_numpy())
        time = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
        source_row = frame["source_row"].to_numpy(np.int64)
        position = position[np.lexsort((source_row[position], time[position]))]
        time, source_row = time[position], source_row[position]
        offset_s = frame["utc_offset_s"].to_numpy(np.int64)[position]
        local = frame["stamp_local"].to_numpy("datetime64[us]")[position]
        reading = np.where(np.isnat(local), time + offset_s * SECOND, local.astype(np.int64))
        signals = tuple(name for name in columns(SIGNALS) if name in frame)
        values = frame[list(signals)].to_numpy(np.float64)[position]
        return cls(
            position=position,
            time=time,
            reading=reading,
            offset_s=offset_s,
            source_row=source_row,
            signals=signals,
            values=values,
            empty=np.isnan(values).all(axis=1),
        )

    def __len__(self) -> int:
        return len(self.time)

    def off_grid(self, period: int) -> Bools:
        """Return which clock readings are no multiple of the averaging period [us]."""
        return np.asarray(self.reading % period != 0, np.bool_)

    def copies(self) -> Bools:
        """Return which rows repeat an earlier one's stamp and all its values; empty rows are nobody's copy."""
        repeated, _, identity = _repeats(self.time, self.values)
        found = np.zeros(len(self), np.bool_)
        found[repeated] = pd.Series(identity).duplicated().to_numpy()
        return np.asarray(found & ~self.empty, np.bool_)

    def identity(self, low: int, high: int) -> Ints:
        """Return a number per row of [low, high) that rows with the same time and values share."""
        return _identity(self.time[low:high], self.values[low:high])


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What repeats and what is missing on a time axis."""

    first: int  #: first and last stamp on the grid [us since 1970 UTC]
    last: int
    expected: int  #: stamps from first to last
    missing: int
    exact: int  #: rows that repeat a stamp with the same values or with none
    conflicting: int  #: rows that repeat a stamp with different values
    off_grid: int


def tally(rows: Rows, time: Ints, period: int) -> Tally:
    """Count what repeats and what is missing.

    Parameters
    ----------
    rows : Rows
        One turbine's rows, at least one.
    time : array of int64, shape (n,)
        The time axis to look at [us since 1970 UTC], in the order of `rows`.
    period : int
        Averaging period [us].
    """
    off = rows.off_grid(period)
    stamps = np.unique(time[~off]) if not off.all() else np.unique(time)
    expected = int(stamps[-1] - stamps[0]) // period + 1
    present = len(np.unique((stamps - stamps[0]) // period))
    order = np.lexsort((rows.source_row, time))
    repeated, stamp, identity = _repeats(time[order], rows.values[order])
    distinct = _distinct(stamp, identity, rows.empty[order][repeated])
    conflicting = int(np.maximum(distinct - 1, 0).sum())
    return Tally(
        first=int(stamps[0]),
        last=int(stamps[-1]),
        expected=expected,
        missing=expected - present,
        exact=len(repeated) - len(distinct) - conflicting,
        conflicting=conflicting,
        off_grid=int(off.sum()),
    )


def repeat_flags(time: Ints, values: Floats, policy: str) -> npt.NDArray[np.uint32]:
    """Return DUPLICATE and CONFLICT for rows that repeat a stamp.

    Copies and empty rows beside a full one are duplicates. Among different values the policy decides: "first" and
    "last" keep that value in file order, "reject" and "correct" keep none.

    Parameters
    ----------
    time : array of int64, shape (n,)
        Ascending [us since 1970 UTC]; file order within a stamp.
    values : array, shape (n, signals)
    policy : str
        `ClockSettings.duplicates`.
    """
    flags = np.zeros(len(time), np.uint32)
    repeated, stamp, identity = _repeats(time, values)
    if not len(repeated):
        return flags
    empty: Bools = np.asarray(np.isnan(values[repeated]).all(axis=1), np.bool_)
    conflict = (_distinct(stamp, identity, empty) > 1)[stamp]
    turn = np.arange(len(stamp))
    by_preference = np.lexsort((-turn if policy == "last" else turn, empty, stamp))
    chosen = identity[by_preference[np.r_[True, np.diff(stamp[by_preference]) != 0]]][stamp]
    kept = identity == chosen
    copy = pd.Series(identity).duplicated().to_numpy()
    if policy not in ("first", "last"):
        kept &= ~conflict
    flags[repeated] = np.where(
        empty | ~conflict | kept,
        np.where(kept & ~copy, np.uint32(0), np.uint32(Flag.DUPLICATE)),
        np.uint32(Flag.CONFLICT),
    )
    return flags


def _identity(time: Ints, values: Floats) -> Ints:
    keyed = pd.DataFrame(values, columns=[f"v{i}" for i in range(values.shape[1])])
    keyed["time"] = time
    number = keyed.groupby(list(keyed.columns), dropna=False, sort=False).ngroup()
    return np.asarray(number.to_numpy(), np.int64)


def _repeats(time: Ints, values: Floats) -> tuple[Ints, Ints, Ints]:
    """Return the rows of repeated stamps, the number of each one's stamp, and its identity (same time, same values)."""
    same = np.diff(time) == 0
    repeated = np.flatnonzero(np.r_[False, same] | np.r_[same, False])
    _, stamp = np.unique(time[repeated], return_inverse=True)
    return repeated.astype(np.int64), stamp.astype(np.int64), _identity(time[repeated], values[repeated])


def _distinct(stamp: Ints, identity: Ints, empty: Bools) -> Ints:
    """Return how many different full rows each repeated stamp holds."""
    fresh = ~pd.Series(identity).duplicated().to_numpy() & ~empty
    number = int(stamp.max()) + 1 if len(stamp) else 0
    count = np.zeros(number, np.int64)
    np.add.at(count, stamp[fresh], 1)
    return count
