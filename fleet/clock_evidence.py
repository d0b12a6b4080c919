"""What a series shows at the clock changes that its written offsets follow: the evidence of the clock check.

All times are int64 microseconds; `time` is UTC as written, `reading` is what the clock showed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.errors import ConfigError
from fleet.intervals import SECOND

__all__ = ["Change", "Sign", "Witness", "clock_changes", "hear", "offset_text", "zone_offsets"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_HOUR = 3600 * SECOND
_DAY = 24 * _HOUR


class Sign(StrEnum):
    """What one clock change says about the clock."""

    FIXED = "seems not to have followed"
    LOCAL = "followed"
    LOST_OFFSET = "followed, and the repeated hour carries one offset only"
    SILENT = "says nothing"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the offset that the stamps carry."""

    at: int  #: instant [us since 1970 UTC]
    before_s: int  #: offset before it [s]
    after_s: int  #: offset from it on [s]

    @property
    def spring(self) -> bool:
        """Whether clocks go forward."""
        return self.after_s > self.before_s

    @property
    def shift(self) -> int:
        """How far clocks go [us], positive."""
        return abs(self.after_s - self.before_s) * SECOND

    @property
    def skipped(self) -> tuple[int, int]:
        """Clock readings [us] that a local clock skips in spring."""
        start = self.at + self.before_s * SECOND
        return start, start + self.shift


@dataclass(frozen=True, kw_only=True)
class Witness:
    """One clock change and what the records around it show."""

    change: Change
    sign: Sign
    doubled: int  #: stamps of the hour that hold more than one record
    skipped: int  #: records whose reading a local clock skips
    missing: int  #: stamps without a record, of the hour that a fixed clock leaves out
    stamps: int  #: stamps in the hour


def offset_text(offset_s: int) -> str:
    """Return an offset as `+01:00`."""
    minutes = abs(offset_s) // 60
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def zone_offsets(time: Ints, time_zone: str) -> Ints:
    """Return the civil offset of a zone at each instant [s].

    Parameters
    ----------
    time : array of int64
        [us since 1970 UTC]
    time_zone : str
        IANA name.

    Raises
    ------
    ConfigError
        If the zone is not known.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        message = f'key "time_zone": found {time_zone!r}, expected an IANA name such as "Europe/Paris"'
        raise ConfigError(message) from None
    civil = pd.DatetimeIndex(time.astype("datetime64[us]")).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return (civil.to_numpy("datetime64[us]").astype(np.int64) - time) // SECOND


def clock_changes(time: Ints, reading: Ints, offset_s: Ints, time_zone: str) -> tuple[Change, ...] | None:
    """Return the clock changes that written offsets follow, or None where they follow no rule.

    The rules of `time_zone` count where they explain every offset. Otherwise the changes are read from the offsets
    themselves, provided that there are two of them and that they alternate no more often than seasons do.

    Parameters
    ----------
    time : array of int64, shape (n,)
        Stamps as written, ascending [us since 1970 UTC].
    reading : array of int64, shape (n,)
        What the clock showed [us].
    offset_s : array of int64, shape (n,)
        Offsets as written [s].
    time_zone : str
        IANA name of the site's zone.
    """
    hours = np.arange(time[0] // _HOUR, time[-1] // _HOUR + 2, dtype=np.int64) * _HOUR
    changes = _steps(hours, zone_offsets(hours, time_zone))
    odd = offset_s != zone_offsets(time, time_zone)
    for change in changes:
        # A reading that the zone skips has no offset of its own: readers keep the one before or move it forward.
        odd &= ~_in_skipped_hour(change, time, reading)
    if not odd.any():
        return changes
    changes = _steps(time, offset_s)
    seasons = (time[-1] - time[0]) / (365 * _DAY) * 2 + 2
    if len(np.unique(offset_s)) > 2 or len(changes) > seasons:
        return None
    return changes


def _steps(time: Ints, offset_s: Ints) -> tuple[Change, ...]:
    at = np.flatnonzero(np.diff(offset_s)) + 1
    return tuple(Change(at=int(time[i]), before_s=int(offset_s[i - 1]), after_s=int(offset_s[i])) for i in at)


def _in_skipped_hour(change: Change, time: Ints, reading: Ints) -> Bools:
    # Stamps that labelled interval ends reach into the hour from behind, at a time before the change: no evidence.
    return (reading >= change.skipped[0]) & (reading < change.skipped[1]) & (time >= change.at)


def hear(change: Change, time: Ints, reading: Ints, copy: Bools, period: int) -> Witness:
    """Return what the records around one clock change show.

    A fixed clock that was given a zone's offsets reads through the hour that a local clock skips in spring, so the hour
    after the change holds two records per stamp, and it never reads an hour twice, so in autumn an hour is missing.
    A local clock that lost its offset reads that hour twice: copies of one record, as of files that overlap, do not
    show it. A change whose hours the series does not cover says nothing.

    Parameters
    ----------
    change : Change
    time : array of int64, shape (n,)
        Stamps as written, ascending [us since 1970 UTC].
    reading : array of int64, shape (n,)
        What the clock showed [us].
    copy : array of bool, shape (n,)
        Rows that repeat an earlier one's stamp and values.
    period : int
        Averaging period [us].
    """
    stamps = change.shift // period
    heard = time if change.spring else time[~copy]

    def hour(start: int) -> tuple[int, int]:
        """Return how many stamps of the hour hold a record and how many hold more than one."""
        low, high = np.searchsorted(heard, [start, start + change.shift])
        _, count = np.unique(heard[low:high], return_counts=True)
        return len(count), int((count > 1).sum())

    present, doubled = hour(change.at)
    skipped = int(_in_skipped_hour(change, time, reading).sum()) if change.spring else 0
    sign, missing = Sign.SILENT, 0
    covered = stamps > 0 and time[0] <= change.at - change.shift and time[-1] >= change.at + change.shift
    if change.spring and covered:
        missing = max(stamps - present, 0)
        if 2 * max(doubled, skipped) >= stamps:
            sign = Sign.FIXED
        elif 2 * present >= stamps and doubled == 0 and skipped == 0:
            sign = Sign.LOCAL
    elif covered:
        earlier, earlier_doubled = hour(change.at - change.shift)
        missing, doubled = stamps - min(present, earlier), max(doubled, earlier_doubled)
        if present and earlier:
            sign = Sign.LOCAL
        elif present or earlier:
            sign = Sign.LOST_OFFSET if 2 * doubled >= stamps else Sign.FIXED
    return Witness(change=change, sign=sign, doubled=doubled, skipped=skipped, missing=missing, stamps=stamps)
