"""Time stamps: text to clock readings and UTC offsets, vectorised; local civil time resolved by a fixed rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.errors import ConfigError, nearest
from fleet.intervals import SECOND

__all__ = ["DEFAULT_STEP_S", "Clocks", "check_zone", "clock_readings", "in_zone", "parse_stamps", "step_s", "utc"]

DEFAULT_STEP_S = 600

_ISO = (
    r"^\s*(?P<clock>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?)\d*"
    r"\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?\s*$"
)
_TAIL = r"^(?P<clock>.*?)\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?\s*$"
_FIXED = re.compile(r"^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$")

Instants = npt.NDArray[np.datetime64]


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Clock readings as written, with the UTC offset where one was written.

    Parameters
    ----------
    clock : array of datetime64[us], shape (n,)
        Reading; NaT where the stamp is missing or unreadable.
    offset_s : array of int32, shape (n,)
        UTC offset [s], 0 where none was written.
    has_offset : array of bool, shape (n,)
        Whether an offset was written.
    """

    clock: Instants
    offset_s: npt.NDArray[np.int32]
    has_offset: npt.NDArray[np.bool_]


def parse_stamps(column: pa.ChunkedArray, time_format: str = "") -> Clocks:
    """Read stamps; each distinct text is read once.

    Parameters
    ----------
    column : ChunkedArray, shape (n,)
        Text, or time stamps already.
    time_format : str
        A `strptime` format, `%z` only at its end; empty: ISO 8601.

    Returns
    -------
    Clocks
        NaT where a stamp is missing or does not fit.
    """
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _typed(column)
    encoded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
    words = encoded.dictionary
    parts = pc.extract_regex(words, pattern=_ISO if not time_format or "%z" not in time_format else _TAIL)
    offsets = _offsets(parts.field("offset") if len(words) else words)
    if time_format:
        text = parts.field("clock") if "%z" in time_format else words
        clock = _by_format(text, time_format.replace("%z", "").rstrip())
        if "%z" not in time_format:
            offsets = [None] * len(words)
    else:
        clock = _iso(parts.field("clock") if len(words) else words)
    written = np.array([o is not None for o in offsets], bool)
    seconds = np.array([o or 0 for o in offsets], np.int32)
    # One more entry stands for null.
    index = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
    return Clocks(
        clock=np.r_[clock, np.datetime64("NaT", "us")][index],
        offset_s=np.r_[seconds, np.int32(0)][index].astype(np.int32),
        has_offset=np.r_[written, False][index],
    )


def _typed(column: pa.ChunkedArray) -> Clocks:
    zone = getattr(column.type, "tz", None)
    whole = pc.cast(column, pa.timestamp("us", tz=zone), safe=False)
    instants = np.asarray(whole.to_numpy(), "datetime64[us]")
    there = ~np.isnat(instants)
    offset = np.zeros(len(instants), np.int32)
    clock = instants
    if zone is not None:
        local = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(zone).tz_localize(None)
        clock = local.to_numpy().astype("datetime64[us]")
        offset[there] = (clock[there] - instants[there]) // np.timedelta64(1, "s")
    return Clocks(clock=clock, offset_s=offset, has_offset=there & (zone is not None))


def _iso(words: pa.Array) -> Instants:
    try:
        return np.asarray(pc.cast(words, pa.timestamp("us")).to_numpy(zero_copy_only=False), "datetime64[us]")
    except pa.ArrowInvalid:  # one that looks right and is no date, as 2014-02-30
        return _by_format(words, "ISO8601")


def _by_format(words: pa.Array, time_format: str) -> Instants:
    text = pd.Series(words.to_pylist(), dtype="str")
    return pd.to_datetime(text, format=time_format, errors="coerce").to_numpy().astype("datetime64[us]")


def _offsets(column: pa.Array) -> list[int | None]:
    known: dict[str | None, int | None] = {None: None, "": None}
    encoded = column.dictionary_encode()
    for text in encoded.dictionary.to_pylist():
        known.setdefault(text, fixed_offset_s(text))
    of_code = [known[text] for text in encoded.dictionary.to_pylist()]
    return [None if i is None else of_code[i] for i in encoded.indices.to_pylist()]


def fixed_offset_s(zone: str) -> int | None:
    """Return the offset [s] of "+01:00", "UTC" and the like; None where the text is no fixed offset."""
    if zone in ("Z", "UTC", "GMT", "Etc/UTC"):
        return 0
    match = _FIXED.match(zone)
    if not match:
        return None
    seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return -seconds if match[1] == "-" else seconds


def check_zone(zone: str, where: str) -> None:
    """Refuse a time zone that is neither a fixed offset nor an IANA name.

    Raises
    ------
    ConfigError
        With the nearest known name.
    """
    if fixed_offset_s(zone) is not None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(zone, available_timezones())
        raise ConfigError(
            f'{where}: unknown time zone "{zone}"{hint}; expected an IANA name or a fixed offset such as +01:00'
        ) from None


def in_zone(stamps: Clocks, zone: str, groups: npt.NDArray[Any] | None = None) -> tuple[Clocks, tuple[str, ...]]:
    """Give an offset to readings that were written without one.

    An hour that the clock passes twice: the first record of a group with that reading is daylight saving time, later
    ones are standard time. A reading that the clock skips keeps the offset from before the change, so it comes to lie
    as much later as the clock jumped, and stays distinct.

    Parameters
    ----------
    stamps : Clocks
        Readings in record order.
    zone : str
        IANA name or fixed offset.
    groups : array, shape (n,), optional
        Records of one clock (the turbine); default: all.

    Returns
    -------
    tuple of (Clocks, tuple of str)
        Every reading with an offset, and sentences about readings that needed the rule.
    """
    todo = ~stamps.has_offset & ~np.isnat(stamps.clock)
    if not todo.any():
        return stamps, ()
    offset = stamps.offset_s.copy()
    fixed = fixed_offset_s(zone)
    notes: list[str] = []
    if fixed is not None:
        offset[todo] = fixed
    else:
        readings, index = np.unique(stamps.clock[todo], return_inverse=True)
        early, late = _zone_offsets(readings, zone, True), _zone_offsets(readings, zone, False)
        skipped = np.isnan(early)
        before = _zone_offsets(readings - np.timedelta64(1, "D"), zone, False)
        early, late = np.where(skipped, before, early), np.where(skipped, before, late)
        keys = pd.DataFrame({"group": 0 if groups is None else groups[todo], "reading": index})
        repeat = keys.groupby(["group", "reading"], sort=False).cumcount().to_numpy() > 0
        offset[todo] = np.where(repeat, late[index], early[index]).astype(np.int32)
        twice = int((early != late)[index].sum())
        if twice:
            notes.append(f"{twice} stamps in an hour that {zone} passes twice: the first record counts as summer time")
        if skipped.any():
            notes.append(f"{int(skipped[index].sum())} stamps in an hour that {zone} skips: moved forward by the jump")
    return Clocks(clock=stamps.clock, offset_s=offset, has_offset=~np.isnat(stamps.clock)), tuple(notes)


def _zone_offsets(readings: Instants, zone: str, dst: bool) -> npt.NDArray[np.float64]:
    """Return the offsets [s] of readings, NaN where the zone skips them."""
    index = pd.DatetimeIndex(readings)
    local = index.tz_localize(zone, ambiguous=np.full(len(index), dst), nonexistent="NaT")
    instants = local.tz_convert("UTC").tz_localize(None)
    return np.asarray((index - instants).total_seconds(), np.float64)


def utc(stamps: Clocks) -> Instants:
    """Return the instants in UTC, without a zone; NaT where the stamp is unreadable."""
    return np.asarray(stamps.clock - stamps.offset_s.astype("timedelta64[s]"), "datetime64[us]")


def step_s(instants: Instants, groups: npt.NDArray[Any] | None = None) -> int:
    """Return the most frequent step between neighbouring distinct stamps of a group [s], the shortest of equals.

    Falls back to `DEFAULT_STEP_S` where no group has two stamps.
    """
    frame = pd.DataFrame({"group": 0 if groups is None else groups, "time": instants}).dropna().drop_duplicates()
    frame = frame.sort_values(["group", "time"])
    steps = frame.groupby("group", sort=False)["time"].diff().dropna()
    if steps.empty:
        return DEFAULT_STEP_S
    values, counts = np.unique(steps.to_numpy().astype("timedelta64[us]").astype(np.int64), return_counts=True)
    return max(1, int(values[np.argmax(counts)]) // SECOND)


def clock_readings(stamps: Clocks, shift_s: int) -> Clocks:
    """Return the readings moved earlier, as from the end to the start of an averaging period."""
    return Clocks(
        clock=stamps.clock - np.timedelta64(shift_s, "s"), offset_s=stamps.offset_s, has_offset=stamps.has_offset
    )
