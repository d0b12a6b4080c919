"""What a power measurement reads while its turbine stands: the zero from which "no power" counts.

A measurement may be off by half a per cent of rated power (IEC 61400-12-1, category B: the transducer's), which is more
than a turbine at rest consumes. Then rest reads as a small production, and no stop would be seen in power alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.expected import POWER_LOW, POWER_STEP, WIND_STEP

__all__ = ["CALM_WIND", "LEVELS", "level_at_rest", "reading_at_rest"]

Ints = npt.NDArray[np.int64]

CALM_WIND = 2.0  #: below it no turbine runs [m/s]
_QUANTILE = 0.95  # of the readings in calm wind: noise of the measurement is in it, turbines that run out are not
_LEAST_RECORDS = 72  # in calm wind: half a day of ten-minute records
#: Levels of 0, 0.5, ... 2 % of rated power; more is no offset: a dead anemometer, or another unit
LEVELS = 5


def reading_at_rest(histogram: Ints, *, rated_power_kw: float) -> float:
    """Return up to which power a record may be one of a standstill [kW]; 0 where rest reads as no power.

    Parameters
    ----------
    histogram : array of int64
        Merged result of `fleet.expected.power_histogram`.
    rated_power_kw : float
        Rated power [kW].

    Returns
    -------
    float
        Upper edge of the histogram's cell that holds the 95 % quantile of power in wind below 2 m/s, in steps of 0.5 %
        of rated power. 0 if that is not above zero, if fewer than 72 records say so, or if it is more than 2 % of
        rated power.
    """
    return level_at_rest(histogram[: round(CALM_WIND / WIND_STEP)].sum(axis=0)) * POWER_STEP * rated_power_kw


def level_at_rest(calm: Ints) -> int:
    """Return the same as a number of steps of power, 0 to `LEVELS` - 1.

    Parameters
    ----------
    calm : array of int64
        Records in calm wind by cells of power, as in a row of the histogram.
    """
    records = int(calm.sum())
    if records < _LEAST_RECORDS:
        return 0
    cell = int(np.searchsorted(np.cumsum(calm), _QUANTILE * records))
    level = round((POWER_LOW + POWER_STEP * (cell + 1)) / POWER_STEP)
    return level if 0 < level < LEVELS else 0
