"""Single records that jump there and back by more than ten-minute means can."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.expected_grid import ExpectedGrid, on_grid
from fleet.flags import Flag
from fleet.rule_settings import RuleSettings
from fleet.runs import PASSED_OVER
from turbine.compiled import kernel

__all__ = ["rate_bits"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

_AGREES = 0.1  # power that lies this near the expected one speaks for the wind beside it [fraction of rated power]
_TOO_MUCH = 0.15  # ten-minute means exceed the expected power by less [fraction of rated power]
_BELOW_REST = -0.02  # a stopped turbine's own consumption [fraction of rated power]


def rate_bits(
    wind: Floats,
    power: Floats,
    times: Ints,
    flags: Bits,
    curve: ExpectedGrid,
    settings: RuleSettings,
    *,
    rated_power_kw: float,
    period_us: int,
) -> Bits:
    """Return `Flag.RATE` for records that jump away from both neighbours, which agree with each other.

    A jump counts where it exceeds `rate_wind` and `rate_turbulence` times the neighbours' wind, or `rate_power` of
    rated power. Nature and the turbine's controller explain most single excursions, so:

    - wind counts only if power at that record does not agree with the expected power of that wind: a real gust or lull
      of ten minutes shows in the power. Where the curve is flat or not known power cannot tell, and the jump alone
      decides;
    - power above its neighbours counts only if it exceeds what the strongest of the three winds makes expect by 15 % of
      rated power: a start between two stops, or a gust, does not;
    - power below its neighbours counts only where it is negative by more than a stopped turbine consumes: a stop within
      the interval takes the mean to any value between.

    Parameters
    ----------
    wind, power : array, shape (n,)
        Wind speed [m/s] and power [kW] in time order, within their ranges.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part.
    curve : ExpectedGrid
        The turbine's own.
    settings : RuleSettings
        Keys that begin with `rate`. A halo of one record is enough.
    rated_power_kw : float
        Rated power [kW].
    period_us : int
        Averaging period [us].
    """
    bits = np.zeros(wind.size, np.uint32)
    _mark(
        bits,
        np.uint32(Flag.RATE),
        wind,
        power,
        times,
        flags,
        np.uint32(PASSED_OVER),
        period_us,
        curve.expected_kw,
        curve.step,
        rated_power_kw,
        settings.rate_wind,
        settings.rate_turbulence,
        settings.rate_power * rated_power_kw,
        settings.rate_return,
    )
    return bits


@kernel
def _excursion(before: float, value: float, after: float, limit: float, back: float) -> float:
    """Return the smaller of the jumps there and back with the sign of the first; 0 where it is no excursion."""
    there, home = value - before, value - after
    size = min(abs(there), abs(home))
    if size > limit and there * home > 0.0 and abs(after - before) <= back * size:
        return size if there > 0.0 else -size
    return 0.0


@kernel
def _mark(
    bits: Bits,
    bit: np.uint32,
    wind: Floats,
    power: Floats,
    times: Ints,
    flags: Bits,
    skip: np.uint32,
    period: int,
    table: Floats,
    step: float,
    rated: float,
    wind_limit: float,
    turbulence: float,
    power_limit: float,
    back: float,
) -> None:
    first, middle = -1, -1
    agrees = _AGREES * rated
    for last in range(wind.size):
        if flags[last] & skip:
            continue
        a, b, c = first, middle, last
        first, middle = middle, last
        if a < 0 or times[b] - times[a] != period or times[c] - times[b] != period:
            continue
        calm = 0.5 * (wind[a] + wind[c])
        gust = _excursion(wind[a], wind[b], wind[c], max(wind_limit, turbulence * calm), back)
        if gust != 0.0:
            expected, beside = on_grid(table, step, wind[b]), on_grid(table, step, calm)
            # Where the curve is flat between the two winds, or unknown, power says nothing.
            silent = not (abs(expected - beside) > agrees)
            if silent or abs(power[b] - expected) > agrees:
                bits[b] |= bit
        jump = _excursion(power[a], power[b], power[c], power_limit, back)
        if jump < 0.0 and power[b] < _BELOW_REST * rated:
            bits[b] |= bit
        elif jump > 0.0:
            strongest = max(wind[a], max(wind[b], wind[c]))
            expected = on_grid(table, step, strongest)
            if power[b] > expected + _TOO_MUCH * rated:
                bits[b] |= bit
