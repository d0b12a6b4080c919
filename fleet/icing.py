"""Icing as IEA Wind Task 19 detects it from SCADA data: the rotor is the ice detector.

IEA Wind Task 19, "Task 19 Ice Loss Method" (github.com/IEAWind-Task19/T19IceLossMethod): in frost, power below the 10th
percentile of its wind bin for 30 min is a production loss (class a); such a loss that ends in a standstill is class b;
power above the 90th percentile for 30 min is an iced anemometer (class c). Wind is corrected for density.

Differences, all towards fewer records: an event lasts as long as its records lie beyond the quantile without a break
(there it ends after 30 min on the other side), so that no record depends on a distant one; power also lies
`icing_margin` from the expected power, since ten records in a hundred lie below the 10th percentile without ice; a
standstill needs two records of loss before it, since the mean of an interval in which a healthy turbine stops is low as
well, and counts for `icing_standstill` records at most.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from fleet.expected_grid import ExpectedGrid, on_grid
from fleet.flags import Flag
from fleet.rule_settings import RuleSettings
from fleet.runs import PASSED_OVER
from turbine.compiled import kernel

__all__ = ["IcingClass", "icing_bits", "icing_classes"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]

_STANDSTILL = 0.005  # power below it is a standstill [fraction of rated power], as Task 19 says
_STANDSTILL_RECORDS = 2  # 20 min, as Task 19 says
_LOSS_BEFORE = 2  # records of loss before a standstill
_LEAST_POWER = 0.02  # expected power below which nothing is judged [fraction of rated power]
_KELVIN = 273.15


class IcingClass(IntEnum):
    """Classes of IEA Wind Task 19; the codes of `icing_classes`."""

    NONE = 0
    LOSS = 1  #: a: production is lost
    STANDSTILL = 2  #: b: the loss ended in a standstill
    OVERPRODUCTION = 3  #: c: the anemometer is iced, the wind speed is too low


def icing_classes(
    wind: Floats,
    power: Floats,
    temperature: Floats,
    times: Ints,
    flags: Bits,
    curve: ExpectedGrid,
    settings: RuleSettings,
    *,
    rated_power_kw: float,
    period_us: int,
) -> Bytes:
    """Return each record's icing class.

    Parameters
    ----------
    wind, power, temperature : array, shape (n,)
        Wind speed [m/s], power [kW] and outdoor temperature [degC] in time order.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part, curtailed ones are no loss.
    curve : ExpectedGrid
        The turbine's own. Where its temperature is known, wind speeds are put to that air density by the cube root of
        the density ratio at equal pressure, to first order.
    settings : RuleSettings
        Keys that begin with `icing`. A halo of `icing_standstill + 2` records makes it exact.
    rated_power_kw : float
        Rated power [kW].
    period_us : int
        Averaging period [us].

    Returns
    -------
    array of uint8, shape (n,)
        `IcingClass` codes.
    """
    classes = np.zeros(wind.size, np.uint8)
    _classify(
        classes,
        wind,
        power,
        temperature,
        times,
        flags,
        np.uint32(PASSED_OVER),
        np.uint32(Flag.CURTAILED),
        period_us,
        curve.expected_kw,
        curve.low_kw,
        curve.high_kw,
        curve.step,
        curve.temperature_degc + _KELVIN,
        rated_power_kw,
        settings.icing_temperature,
        settings.icing_margin,
        settings.icing_floor,
        settings.icing_records,
        settings.icing_standstill,
    )
    return classes


def icing_bits(classes: Bytes) -> Bits:
    """Return `Flag.ICING` where a record has a class."""
    return (classes > 0).astype(np.uint32) * np.uint32(Flag.ICING)


@kernel
def _deviation(
    wind: float,
    power: float,
    temperature: float,
    expected: Floats,
    low: Floats,
    high: Floats,
    step: float,
    reference: float,
    rated: float,
    frost: float,
    margin: float,
    floor: float,
) -> int:
    """Return -1 for a record in frost that is too low, 1 for one too high, 0 for all others."""
    if not temperature < frost:
        return 0
    if np.isfinite(reference):
        wind = wind * (1.0 + (reference / (temperature + _KELVIN) - 1.0) / 3.0)
    level = on_grid(expected, step, wind)
    if not level >= _LEAST_POWER * rated:
        return 0
    distance = max(margin * level, floor * rated)
    if power < on_grid(low, step, wind) and power < level - distance:
        return -1
    if power > on_grid(high, step, wind) and power > level + distance:
        return 1
    return 0


@kernel
def _set_back(classes: Bytes, flags: Bits, skip: np.uint32, last: int, records: int, code: int) -> None:
    left, i = records, last
    while left > 0 and i >= 0:
        if flags[i] & skip == 0:
            classes[i] = max(classes[i], code)
            left -= 1
        i -= 1


@kernel
def _classify(
    classes: Bytes,
    wind: Floats,
    power: Floats,
    temperature: Floats,
    times: Ints,
    flags: Bits,
    skip: np.uint32,
    curtailed: np.uint32,
    period: int,
    expected: Floats,
    low: Floats,
    high: Floats,
    step: float,
    reference: float,
    rated: float,
    frost: float,
    margin: float,
    floor: float,
    records: int,
    longest: int,
) -> None:
    before = -1
    losing, gaining = 0, 0  # records of the run so far
    running_loss = 0  # consecutive running records of loss, up to the record before
    standing = 0  # records of a standstill that followed a loss
    for i in range(wind.size):
        if flags[i] & skip:
            continue
        if before < 0 or times[i] - times[before] != period:
            losing, gaining, running_loss, standing = 0, 0, 0, 0
        before = i
        way = 0
        if flags[i] & curtailed == 0:
            way = _deviation(
                wind[i], power[i], temperature[i], expected, low, high, step, reference, rated, frost, margin, floor
            )
        stands = power[i] < _STANDSTILL * rated
        losing = losing + 1 if way < 0 and not stands else 0
        gaining = gaining + 1 if way > 0 else 0
        if losing >= records:
            _set_back(classes, flags, skip, i, records if losing == records else 1, 1)
        if gaining >= records:
            _set_back(classes, flags, skip, i, records if gaining == records else 1, 3)
        if stands and (standing > 0 or running_loss >= _LOSS_BEFORE) and standing < longest:
            # Ended by too little wind or by thaw as well: what stands then does not stand for ice.
            standing = standing + 1 if way < 0 else 0
            if standing >= _STANDSTILL_RECORDS:
                _set_back(classes, flags, skip, i, _STANDSTILL_RECORDS if standing == _STANDSTILL_RECORDS else 1, 2)
        else:
            standing = longest if stands and standing > 0 else 0
        running_loss = losing
