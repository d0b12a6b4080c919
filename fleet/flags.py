"""What can be wrong with a row: one bit each, a fixed priority, and which flags keep a row out of which use.

A row may carry several flags; its *reason* is the first one, in priority, that the use at hand honours. So for every
use rows in = rows used + rows rejected by reason, exactly; overlapping flags are counted apart. Nothing is deleted.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
import numpy.typing as npt

__all__ = [
    "FLAG_TITLES",
    "IDENTITY",
    "NOT_SELECTED",
    "NO_ROW",
    "PRIORITY",
    "USED",
    "USES",
    "Flag",
    "first_of",
    "first_reason",
]


class Flag(IntFlag):
    """One bit per kind of trouble, in priority order: the lowest bit set is a row's first reason."""

    UNREADABLE = 1 << 0  #: malformed row, or a stamp that cannot be read
    FAR_STAMP = 1 << 1  #: a stamp more than a year away from nearly all other records of the turbine
    UNLISTED = 1 << 2  #: a turbine that `farm.toml` or the asset table does not list
    NOT_SELECTED = 1 << 3  #: outside the period or the turbines asked for (`--from`, `--to`, `--turbine`)
    OFF_GRID = 1 << 4  #: the stamp is not a multiple of the averaging period
    DUPLICATE = 1 << 5  #: another row with the same stamp and the same values was kept
    CONFLICT = 1 << 6  #: another row with the same stamp and *different* values
    EMPTY = 1 << 7  #: every signal is missing
    PUBLISHER = 1 << 8  #: the publisher's own rules call the row unknown or abnormal
    NO_POWER = 1 << 9  #: power is missing or could not be read
    POWER_RANGE = 1 << 10  #: power outside the possible range
    NO_WIND = 1 << 11  #: wind speed is missing or could not be read
    WIND_RANGE = 1 << 12  #: wind speed outside the possible range
    FROZEN = 1 << 13  #: wind speed or power repeats the same value for too long
    RATE = 1 << 14  #: wind speed or power jumps there and back by more than it can
    CURTAILED = 1 << 15  #: held below what was possible by a set-point that the export shows
    DERATED = 1 << 16  #: held on a level below the expected power, without evidence of a set-point
    ICING = 1 << 17  #: in frost, below the expected power for too long
    INCONSISTENT = 1 << 18  #: power does not fit the wind speed (robust, binned)
    PITCH_POWER = 1 << 19  #: pitch angle does not fit the power
    ROTOR_POWER = 1 << 20  #: rotor speed does not fit the power
    WINDOW = 1 << 21  #: outside the power window that the settings ask for
    OTHER_RANGE = 1 << 22  #: another signal outside its possible range (that value is not used; the row is)
    OTHER_FROZEN = 1 << 23  #: another signal frozen
    WIND_DRIFT = 1 << 24  #: in a month in which the anemometer has drifted away from the neighbours'
    NORTH_OFFSET = 1 << 25  #: in a month in which the nacelle's or the wind's direction is off north by the neighbours
    BAD_VALUE = 1 << 26  #: a cell that should hold a number and does not (read as missing)

    FAILED = 1 << 27  #: the work on the turbine failed again and again


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
    Flag.PUBLISHER: "unknown or abnormal by the publisher's rules",
    Flag.NO_POWER: "power missing",
    Flag.POWER_RANGE: "power out of range",
    Flag.NO_WIND: "wind speed missing",
    Flag.WIND_RANGE: "wind speed out of range",
    Flag.FROZEN: "power or wind speed frozen",
    Flag.RATE: "power or wind speed jumps there and back",
    Flag.CURTAILED: "curtailed by a set-point",
    Flag.DERATED: "derated, no set-point known",
    Flag.ICING: "icing suspected",
    Flag.INCONSISTENT: "power does not fit the wind",
    Flag.PITCH_POWER: "pitch angle does not fit the power",
    Flag.ROTOR_POWER: "rotor speed does not fit the power",
    Flag.WINDOW: "outside the power window",
    Flag.OTHER_RANGE: "another signal out of range",
    Flag.OTHER_FROZEN: "another signal frozen",
    Flag.WIND_DRIFT: "anemometer drifted from the neighbours'",
    Flag.NORTH_OFFSET: "direction off north by the neighbours",
    Flag.BAD_VALUE: "text where a number belongs",
    Flag.FAILED: "turbine that was not worked on",
}

_STAMP = Flag.UNREADABLE | Flag.FAR_STAMP | Flag.OFF_GRID
#: Rows that belong to no interval of the analysed turbines and period, or to one that another row has.
IDENTITY = _STAMP | Flag.UNLISTED | Flag.NOT_SELECTED | Flag.DUPLICATE | Flag.CONFLICT
#: Flags of rows of which no value counts, whatever the signal.
NO_ROW = IDENTITY | Flag.EMPTY | Flag.PUBLISHER | Flag.FAILED
_POWER = NO_ROW | Flag.NO_POWER | Flag.POWER_RANGE
_POWER_AND_WIND = _POWER | Flag.NO_WIND | Flag.WIND_RANGE
_ABNORMAL = Flag.FROZEN | Flag.RATE | Flag.CURTAILED | Flag.DERATED | Flag.ICING | Flag.INCONSISTENT

#: Flags that keep a row out of a use. Energy and availability count stopped, derated and frozen rows: they happened.
#: An odd pitch angle or rotor speed alone leaves none out: normal starts and stops belong to the curve.
USES: dict[str, Flag] = {
    "energy": _POWER,
    "availability": _POWER_AND_WIND,
    "power_curve": _POWER_AND_WIND | _ABNORMAL | Flag.WINDOW,
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
    return first_of(flags, USES[use])


def first_of(flags: npt.NDArray[np.uint32], wanted: Flag) -> npt.NDArray[np.uint32]:
    """Return each row's first flag among those wanted (its lowest bit), 0 where it has none of them."""
    found = (flags & np.uint32(wanted)).astype(np.int64)
    return (found & -found).astype(np.uint32)
