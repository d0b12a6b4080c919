"""Signals that stand still: runs of identical values without a gap in time, in one loop over the records.

Rules that look at neighbouring records pass over rows that are no record of their instant (`PASSED_OVER`), and look no
further than a stated number of records, so that a halo of that width makes the borders of partitions invisible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.flags import Flag
from turbine.compiled import kernel

__all__ = ["PASSED_OVER", "frozen_bits", "mark_back", "stuck_bits"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

#: Rows that are no record of their instant: repeated stamps would break or feign runs.
PASSED_OVER = Flag.UNREADABLE | Flag.FAR_STAMP | Flag.DUPLICATE | Flag.CONFLICT | Flag.OFF_GRID


def frozen_bits(
    values: Floats,
    times: Ints,
    flags: Bits,
    *,
    records: int,
    period_us: int,
    flag: Flag,
    between: tuple[float, float] = (-np.inf, np.inf),
) -> Bits:
    """Return `flag` for records in a run of at least `records` identical finite values without a gap in time.

    Rows that are passed over neither end a run nor lengthen it. A halo of `records - 1` makes it exact.

    Parameters
    ----------
    values : array, shape (n,)
        A signal in time order.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part.
    records : int
        Least length of a run.
    period_us : int
        Averaging period [us].
    flag : Flag
        What to set.
    between : (float, float)
        Only values strictly between these are judged: a turbine at rest or at rated power repeats its power.
    """
    bits = np.zeros(values.size, np.uint32)
    _mark_runs(
        bits, np.uint32(flag), values, times, flags, np.uint32(PASSED_OVER), period_us, records, between[0], between[1]
    )
    return bits


def stuck_bits(
    values: Floats,
    power: Floats,
    times: Ints,
    flags: Bits,
    *,
    records: int,
    period_us: int,
    lowest_power: tuple[float, float],
    power_change: float,
    flag: Flag,
) -> Bits:
    """Return `flag` for `records` identical values while power did what the signal cannot have slept through.

    Rotor speed repeats itself in order at rest and at rated speed, pitch below rated power. So a rotor speed counts as
    stuck while power rose from part load, a pitch angle while the turbine ran at rated power.

    Parameters
    ----------
    values, power : array, shape (n,)
        The signal, and power [kW].
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        Flags so far; rows with one of `PASSED_OVER` take no part.
    records : int
        Length of the window that is judged; a halo of `records - 1` makes it exact.
    period_us : int
        Averaging period [us].
    lowest_power : (float, float)
        Range of the window's lowest power [kW].
    power_change : float
        Least difference between the window's highest and lowest power [kW].
    flag : Flag
        What to set.
    """
    bits = np.zeros(values.size, np.uint32)
    _mark_stuck(
        bits,
        np.uint32(flag),
        values,
        power,
        times,
        flags,
        np.uint32(PASSED_OVER),
        period_us,
        records,
        lowest_power[0],
        lowest_power[1],
        power_change,
    )
    return bits


@kernel
def mark_back(bits: Bits, bit: np.uint32, flags: Bits, skip: np.uint32, last: int, records: int) -> None:
    """Set a bit on a record and on those before it, `records` in all, passing over what takes no part."""
    left, i = records, last
    while left > 0 and i >= 0:
        if flags[i] & skip == 0:
            bits[i] |= bit
            left -= 1
        i -= 1


@kernel
def _mark_runs(
    bits: Bits,
    bit: np.uint32,
    values: Floats,
    times: Ints,
    flags: Bits,
    skip: np.uint32,
    period: int,
    records: int,
    low: float,
    high: float,
) -> None:
    before, length = -1, 0
    for i in range(values.size):
        if flags[i] & skip:
            continue
        value = values[i]
        if before >= 0 and value == values[before] and times[i] - times[before] == period and np.isfinite(value):
            length += 1
            if length >= records and low < value < high:
                mark_back(bits, bit, flags, skip, i, records if length == records else 1)
        else:
            length = 1
        before = i


@kernel
def _mark_stuck(
    bits: Bits,
    bit: np.uint32,
    values: Floats,
    power: Floats,
    times: Ints,
    flags: Bits,
    skip: np.uint32,
    period: int,
    records: int,
    low: float,
    high: float,
    change: float,
) -> None:
    before, length = -1, 0
    for i in range(values.size):
        if flags[i] & skip:
            continue
        # A record without power ends the window as a gap does.
        same = before >= 0 and values[i] == values[before] and times[i] - times[before] == period
        length = length + 1 if same and np.isfinite(power[i]) and length > 0 else int(np.isfinite(power[i]))
        before = i
        if length < records:
            continue
        least, most, left, j = np.inf, -np.inf, records, i
        while left > 0:
            if flags[j] & skip == 0:
                least, most, left = min(least, power[j]), max(most, power[j]), left - 1
            j -= 1
        if low <= least <= high and most - least >= change:
            mark_back(bits, bit, flags, skip, i, records)
