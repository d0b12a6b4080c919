"""One turbine's records of a period as plain arrays: what the passes and their kernels work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.schema import SIGNALS
from fleet.times import series_us

__all__ = ["NO_TIME", "Recorded", "as_written"]

Bits = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NO_TIME = int(np.iinfo(np.int64).min)  #: the time of a record whose stamp cannot be read; it sorts first
_MICRO = 1_000_000


@dataclass(frozen=True)
class Recorded:
    """One turbine's records in order of time, with the neighbouring ones that rules looking back and ahead need."""

    turbine: str
    time: Ints  #: start of the interval [us since 1970 UTC], ascending; `NO_TIME` where unreadable
    written: Ints  #: the same before the clock was corrected
    flags: Bits  #: set by reader, clock check and selection
    signals: Mapping[str, Floats]  #: those that the export has, NaN where missing
    core: slice  #: records that belong to the partition; the others are the halo
    start: int  #: the partition's period [us since 1970 UTC]
    end: int

    def __len__(self) -> int:
        return self.time.size

    def signal(self, name: str) -> Floats:
        """Return a signal, all missing where the export does not have it. Nobody writes into what it returns."""
        found = self.signals.get(name)
        return _missing(len(self)) if found is None else found

    def every_signal(self) -> dict[str, Floats]:
        """Return all signals of the schema by name, as `signal` does."""
        return {column.name: self.signal(column.name) for column in SIGNALS}

    def with_signals(self, signals: Mapping[str, Floats]) -> Recorded:
        """Return the records with some signals replaced."""
        return replace(self, signals={**self.signals, **signals}) if signals else self

    def own(self) -> Recorded:
        """Return the records that belong to the partition, without the halo."""
        part = self.core
        signals = {name: values[part] for name, values in self.signals.items()}
        whole = slice(0, part.stop - part.start)
        return replace(
            self,
            time=self.time[part],
            written=self.written[part],
            flags=self.flags[part],
            signals=signals,
            core=whole,
        )

    @staticmethod
    def of(frame: pd.DataFrame, start: int = 0, end: int = 0) -> Recorded:
        """Return the records of a canonical frame (`schema.SCADA`), sorted by time, all of them its own.

        Parameters
        ----------
        frame : DataFrame
            One turbine's rows; `clock_flags` and `written` [us since 1970 UTC] where the clock check has added them.
        start, end : int
            Period of the partition [us since 1970 UTC].
        """
        time = series_us(frame["time"])
        order = np.argsort(time, kind="stable")
        written = frame["written"].to_numpy(np.int64) if "written" in frame else as_written(frame, time)
        flags = frame["read_flags"].to_numpy(np.uint32)
        if "clock_flags" in frame:
            flags = flags | frame["clock_flags"].to_numpy(np.uint32)
        signals = {
            column.name: np.ascontiguousarray(frame[column.name].to_numpy(np.float64)[order])
            for column in SIGNALS
            if column.name in frame and frame[column.name].notna().any()
        }
        name = str(frame["turbine"].iloc[0]) if len(frame) and "turbine" in frame else ""
        return Recorded(name, time[order], written[order], flags[order], signals, slice(0, len(frame)), start, end)


def as_written(frame: pd.DataFrame, time: Ints) -> Ints:
    """Return the instants that stamps mean as they were written [us since 1970 UTC].

    Parameters
    ----------
    frame : DataFrame
        Canonical records.
    time : array of int64, shape (n,)
        Their times, which count where a record holds no reading [us since 1970 UTC].
    """
    if "stamp_local" not in frame:
        return time
    reading = frame["stamp_local"].to_numpy("datetime64[us]")
    written = reading.astype(np.int64) - frame["utc_offset_s"].to_numpy(np.int64) * _MICRO
    return np.asarray(np.where(np.isnat(reading), time, written), np.int64)


@lru_cache(maxsize=2)
def _all_missing(size: int) -> Floats:
    return np.full(size, np.nan)


def _missing(size: int) -> Floats:
    """Return as many missing values, views of one array: most exports lack most signals."""
    return _all_missing(1 << max(16, size.bit_length()))[:size]
