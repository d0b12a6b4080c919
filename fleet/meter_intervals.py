"""The intervals of a plant meter, each with what the turbines' records make of it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.sums import POWER
from fleet.times import series_us

__all__ = ["meter_intervals"]

Ints = npt.NDArray[np.int64]

_DAY = 86_400_000_000  # us
_LONGER = 1.1  # times the usual interval: what passes it is a hole in the meter, not the length of a month


def meter_intervals(power: pd.DataFrame, meter: pd.DataFrame, *, turbines: int, period_s: int) -> pd.DataFrame:
    """Return the meter's intervals with the turbines' energy in them.

    Intervals of up to a day that are no whole multiple of the records', such as quarters of an hour, are put together
    until they are. Longer ones, such as months, last until the next begins.

    Parameters
    ----------
    power : DataFrame
        A merged table of `fleet.meter.interval_sums` (time -> n, power).
    meter : DataFrame
        `schema.METER`, ascending in time.
    turbines : int
        How many turbines there are.
    period_s : int
        Averaging period of the records [s].

    Returns
    -------
    DataFrame
        start, length [us]; records (of the turbines, in it), full (how many there are when none is missing), turbines,
        meter [kWh]. One row per interval whose energy the meter has; none where the meter has no usual interval.
    """
    start, length, energy = _intervals(meter, period_s * 1_000_000)
    time, n = power.index.to_numpy(np.int64), power["n"].to_numpy(np.int64)
    place = np.searchsorted(start, time, side="right") - 1
    # A stamp that holds two records of one turbine stays out.
    kept = (place >= 0) & (n <= turbines)
    kept[kept] = time[kept] < (start + length)[place[kept]]
    records, quanta = np.zeros(start.size, np.int64), np.zeros(start.size, np.int64)
    np.add.at(records, place[kept], n[kept])
    np.add.at(quanta, place[kept], power["power"].to_numpy(np.int64)[kept])
    return pd.DataFrame(
        {
            "start": start,
            "length": length,
            "records": records,
            "full": turbines * (length // (period_s * 1_000_000)),
            "turbines": quanta * (POWER * period_s / 3600.0),
            "meter": energy,
        }
    )


def _intervals(meter: pd.DataFrame, period_us: int) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Return begin, length [us] and energy [kWh] of the intervals to compare."""
    stamps, energy = series_us(meter["time"]), meter["energy_kwh"].to_numpy(np.float64)
    steps, counts = np.unique(np.diff(stamps), return_counts=True)
    step = int(steps[counts.argmax()]) if len(steps) else 0
    if step <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    if step <= _DAY:
        width = math.lcm(step, period_us)
        first, place = np.unique((stamps - stamps[0] % width) // width, return_inverse=True)
        whole = np.bincount(place, np.isfinite(energy)) == width // step
        sums = np.bincount(place, np.nan_to_num(energy))
        start = first * width + stamps[0] % width
        return start[whole], np.full(int(whole.sum()), width, np.int64), sums[whole]
    gap = np.append(np.diff(stamps), step)
    length = np.where(gap <= _LONGER * step, gap, step) // period_us * period_us
    known = np.isfinite(energy)
    return stamps[known], length[known], energy[known]
