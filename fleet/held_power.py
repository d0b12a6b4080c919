"""Power that is held below what the wind makes possible: by a set-point that is known, or by one that is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.expected_grid import ExpectedGrid, on_grid
from fleet.flags import Flag
from fleet.operating_point import PointBins, usual_value
from fleet.rule_settings import RuleSettings
from fleet.runs import PASSED_OVER, mark_back
from turbine.compiled import kernel

__all__ = ["COMMANDED_ZERO", "curtailed_bits", "derated_bits"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

COMMANDED_ZERO = 0.01  #: a set-point up to here commands standstill [fraction of rated power]
_LOWEST_LEVEL = 0.03  # below it a turbine starts or stops [fraction of rated power]
_PITCH_RECORDS = 3  # consecutive records for which pitch must be above its usual value


def curtailed_bits(
    wind: Floats,
    power: Floats,
    setpoint: Floats,
    flags: Bits,
    curve: ExpectedGrid,
    settings: RuleSettings,
    *,
    rated_power_kw: float,
) -> Bits:
    """Return `Flag.CURTAILED` where power follows a set-point that lies below what was possible.

    Possible is the turbine's expected power at the measured wind. Power follows where it lies within
    `curtailed_follow` of the set-point; what lies further below has another cause. A set-point up to 1 % of rated power
    commands standstill, which any power up to that distance follows.

    Parameters
    ----------
    wind, power, setpoint : array, shape (n,)
        Wind speed [m/s], power and its set-point [kW]; a missing set-point is no evidence.
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part.
    curve : ExpectedGrid
        The turbine's own.
    settings : RuleSettings
        Keys that begin with `curtailed`. No halo is needed.
    rated_power_kw : float
        Rated power [kW].
    """
    bits = np.zeros(wind.size, np.uint32)
    _mark_curtailed(
        bits,
        np.uint32(Flag.CURTAILED),
        wind,
        power,
        setpoint,
        flags,
        np.uint32(PASSED_OVER),
        curve.expected_kw,
        curve.step,
        rated_power_kw,
        settings.curtailed_margin * rated_power_kw,
        settings.curtailed_follow * rated_power_kw,
    )
    return bits


@kernel
def _mark_curtailed(
    bits: Bits,
    bit: np.uint32,
    wind: Floats,
    power: Floats,
    setpoint: Floats,
    flags: Bits,
    skip: np.uint32,
    table: Floats,
    step: float,
    rated: float,
    margin: float,
    follow: float,
) -> None:
    for i in range(wind.size):
        wanted = setpoint[i]
        if not (wanted < rated - margin) or flags[i] & skip:
            continue
        if wanted < on_grid(table, step, wind[i]) - margin:
            near = abs(power[i] - wanted) <= follow
            rests = wanted <= COMMANDED_ZERO * rated and power[i] <= wanted + follow
            if near or rests:
                bits[i] |= bit


def derated_bits(
    wind: Floats,
    power: Floats,
    pitch: Floats,
    times: Ints,
    flags: Bits,
    curve: ExpectedGrid,
    usual_pitch: PointBins,
    settings: RuleSettings,
    *,
    rated_power_kw: float,
    period_us: int,
) -> Bits:
    """Return `Flag.DERATED` where power is held below the expected one and no set-point says so.

    Either `derated_records` consecutive records stay within `derated_spread` of each other, each `derated_deficit`
    below its expected power, while the wind moves by `derated_wind` at least: steady operation on the curve follows the
    wind and lies on the curve, and at rated power nothing is missing. Or for three records power lies as far below and
    pitch is `derated_pitch` above its usual value for that power: the controller throws power away.

    Parameters
    ----------
    wind, power, pitch : array, shape (n,)
        Wind speed [m/s], power [kW] and pitch angle [deg], which may be missing.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part, curtailed ones make no level.
    curve : ExpectedGrid
        The turbine's own.
    usual_pitch : PointBins
        Pitch per power.
    settings : RuleSettings
        Keys that begin with `derated`. A halo of `derated_records - 1` makes it exact.
    rated_power_kw : float
        Rated power [kW].
    period_us : int
        Averaging period [us].
    """
    bits = np.zeros(wind.size, np.uint32)
    _mark_derated(
        bits,
        np.uint32(Flag.DERATED),
        wind,
        power,
        pitch,
        times,
        flags,
        np.uint32(PASSED_OVER),
        np.uint32(Flag.CURTAILED),
        period_us,
        curve.expected_kw,
        curve.step,
        rated_power_kw,
        usual_pitch.median,
        usual_pitch.sigma,
        settings.derated_records,
        settings.derated_deficit * rated_power_kw,
        settings.derated_spread * rated_power_kw,
        settings.derated_wind,
        settings.derated_pitch,
        settings.derated_pitch_spread,
    )
    return bits


@kernel
def _is_level(
    wind: Floats, power: Floats, flags: Bits, skip: np.uint32, last: int, records: int, spread: float, change: float
) -> bool:
    """Return whether power stood still over the last records while the wind did not."""
    left, j = records, last
    low, high, calm, strong = power[last], power[last], wind[last], wind[last]
    while left > 0:
        if flags[j] & skip == 0:
            low, high = min(low, power[j]), max(high, power[j])
            calm, strong = min(calm, wind[j]), max(strong, wind[j])
            left -= 1
        if high - low > spread:
            return False
        j -= 1
    return bool(strong - calm >= change)


@kernel
def _mark_derated(
    bits: Bits,
    bit: np.uint32,
    wind: Floats,
    power: Floats,
    pitch: Floats,
    times: Ints,
    flags: Bits,
    skip: np.uint32,
    curtailed: np.uint32,
    period: int,
    table: Floats,
    step: float,
    rated: float,
    pitch_median: Floats,
    pitch_sigma: Floats,
    records: int,
    deficit: float,
    spread: float,
    change: float,
    pitch_floor: float,
    pitch_spread: float,
) -> None:
    before, length, pitched = -1, 0, 0
    for i in range(wind.size):
        if flags[i] & skip:
            continue
        if before < 0 or times[i] - times[before] != period:
            length, pitched = 0, 0
        before = i
        missing = on_grid(table, step, wind[i]) - power[i]
        if flags[i] & curtailed or not (missing >= deficit) or power[i] < _LOWEST_LEVEL * rated:
            length, pitched = 0, 0
            continue
        length += 1
        if length >= records and _is_level(wind, power, flags, skip, i, records, spread, change):
            mark_back(bits, bit, flags, skip, i, records)
        usual = usual_value(pitch_median, power[i] / rated)
        sigma = usual_value(pitch_sigma, power[i] / rated)
        # A missing pitch or bin compares false.
        pitched = pitched + 1 if pitch[i] - usual >= max(pitch_floor, pitch_spread * sigma) else 0
        if pitched >= _PITCH_RECORDS:
            mark_back(bits, bit, flags, skip, i, _PITCH_RECORDS)
