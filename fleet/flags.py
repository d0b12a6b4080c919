"""What can be wrong with a row: one bit each, a fixed priority, and which flags keep a row out of which use.

A row may carry several flags; its *reason* is the first one, in priority, that the use at hand honours. So for every
use rows in = rows used + rows rejected by reason, exactly; overlapping flags are counted apart. Nothing is deleted.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
import numpy.typing as npt

__all__ = ["FLAG_TITLES", "NOT_SELECTED", "PRIORITY", "USED", "USES", "Flag", "first_reason"]


class Flag(IntFlag):
    """One bit per kind of trouble, in priority order: the lowest bit set is a row's first reason."""

    UNREADABLE = 1  #: malformed row, or a stamp that cannot be read
    FAR_STAMP = 2  #: a stamp more than a year away from nearly all other records of the turbine
    UNLISTED = 4  #: a turbine that `farm.toml` or the asset table does not list
    NOT_SELECTED = 8  #: outside the period or the turbines asked for (`--from`, `--to`, `--turbine`)
    OFF_GRID = 16  #: the stamp is not a multiple of the averaging period
    DUPLICATE = 32  #: another row with the same stamp and the same values was kept
    CONFLICT = 64  #: another row with the same stamp and *different* values
    EMPTY = 128  #: every signal is missing
    NO_POWER = 256  #: power is missing or could not be read
    POWER_RANGE = 512  #: power outside the possible range
    NO_WIND = 1024  #: wind speed is missing or could not be read
    WIND_RANGE = 2048  #: wind speed outside the possible range
    FROZEN = 4096  #: wind speed or power repeats the same value for too long
    INCONSISTENT = 8192  #: power does not fit the wind speed (robust, binned)
    WINDOW = 16384  #: outside the power window that the settings ask for
    OTHER_RANGE = 32768  #: another signal outside its possible range (that value is not used; the row is)
    OTHER_FROZEN = 65536  #: another signal frozen
    BAD_VALUE = 131072  #: a cell that should hold a number and does not (read as missing)


PRIORITY: tuple[Flag, ...] = tuple(Flag)
USED = "used"
NOT_SELECTED = str(Flag.NOT_SELECTED.name).lower()  #: a reason that is no rejection: the row was not asked for

FLAG_TITLES: dict[Flag, str] = {
    Flag.UNREADABLE: "unreadable row or time stamp",
    Flag.FAR_STAMP: "time stamp far from all others",
    Flag.UNLISTED: "turbine not listed",
    Flag.NOT_SELECTED: "outside the selected period or turbines",
    Flag.OFF_GRID: "stamp off the sampling grid",
    Flag.DUPLICATE: "duplicate (same values)",
    Flag.CONFLICT: "duplicate stamp, different values",
    Flag.EMPTY: "empty",
    Flag.NO_POWER: "power missing",
    Flag.POWER_RANGE: "power out of range",
    Flag.NO_WIND: "wind speed missing",
    Flag.WIND_RANGE: "wind speed out of range",
    Flag.FROZEN: "power or wind speed frozen",
    Flag.INCONSISTENT: "power does not fit the wind",
    Flag.WINDOW: "outside the power window",
    Flag.OTHER_RANGE: "another signal out of range",
    Flag.OTHER_FROZEN: "another signal frozen",
    Flag.BAD_VALUE: "text where a number belongs",
}

_STAMP = Flag.UNREADABLE | Flag.FAR_STAMP | Flag.OFF_GRID
_IDENTITY = _STAMP | Flag.UNLISTED | Flag.NOT_SELECTED | Flag.DUPLICATE | Flag.CONFLICT
_POWER = _IDENTITY | Flag.EMPTY | Flag.NO_POWER | Flag.POWER_RANGE
_POWER_AND_WIND = _POWER | Flag.NO_WIND | Flag.WIND_RANGE

#: Flags that keep a row out of a use. Energy and availability count stopped, derated and frozen rows: they happened.
USES: dict[str, Flag] = {
    "energy": _POWER,
    "availability": _POWER_AND_WIND,
    "power_curve": _POWER_AND_WIND | Flag.FROZEN | Flag.INCONSISTENT | Flag.WINDOW,
}


def first_reason(flags: npt.NDArray[np.uint32], use: str) -> npt.NDArray[np.uint32]:
    """Return each row's first honoured flag (its lowest bit), 0 where the row is used.

    Parameters
    ----------
    flags : array of uint32
        Flag bits per row.
    use : str
        A key of `USES`.
    """
    honoured = (flags & np.uint32(USES[use])).astype(np.int64)
    return (honoured & -honoured).astype(np.uint32)
