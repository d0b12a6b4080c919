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
_LONGER = 1.25  # times the usual reading: what passes it is a hole in the meter, not a long month or the hour of autumn


def meter_intervals(power: pd.DataFrame, meter: pd.DataFrame, *, turbines: int, period_s: int) -> pd.DataFrame:
    """Return the meter's intervals with the turbines' energy in them.

    Readings of up to a day that are no whole multiple of the records', such as quarters of an hour, are put together
    until they are. Others last until the next begins, as days of local time do; at stamps that are all the first of a
    month (UTC), the month. One whose length is not known, or that does not begin with a record, is left out.

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
        meter [kWh]. One row per interval whose energy the meter has.
    """
    time, n = power.index.to_numpy(np.int64), power["n"].to_numpy(np.int64)
    phase = int(time[0]) % (period_s * 1_000_000) if time.size else 0
    start, length, energy = _intervals(meter, period_s * 1_000_000, phase)
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


def _intervals(meter: pd.DataFrame, period_us: int, phase: int) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Return begin, length [us] and energy [kWh] of the intervals to compare."""
    stamps, energy = series_us(meter["time"]), meter["energy_kwh"].to_numpy(np.float64)
    gaps, counts = np.unique(np.diff(stamps), return_counts=True)
    step = int(gaps[counts.argmax()]) if len(gaps) else 0
    if 0 < step <= _DAY and step % period_us:
        return _joined(stamps, energy, step, period_us, phase)
    length, known = _lengths(stamps, step)
    kept = known & np.isfinite(energy) & ((stamps - phase) % period_us == 0) & (length % period_us == 0)
    return stamps[kept], length[kept], energy[kept]


def _lengths(stamps: Ints, step: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return how long each reading lasts [us], and where that is known."""
    months = stamps.astype("datetime64[us]").astype("datetime64[M]")
    if (months.astype("datetime64[us]").astype(np.int64) == stamps).all():
        return (months + 1).astype("datetime64[us]").astype(np.int64) - stamps, np.ones(stamps.size, np.bool_)
    gap = np.append(np.diff(stamps), 0)
    usual = step if step <= _DAY else int(np.median(gap[:-1])) if stamps.size > 1 else 0
    closed = (gap > 0) & (gap <= _LONGER * usual)
    # Before a hole and at the end a reading of less than a day is as long as others; of a month nobody knows.
    return np.where(closed, gap, usual), closed | (0 < usual <= _DAY)


def _joined(
    stamps: Ints, energy: npt.NDArray[np.float64], step: int, period_us: int, phase: int
) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Put readings together that records do not divide; none where they do not begin with a record, now and then."""
    width, begins = math.lcm(step, period_us), stamps[(stamps - phase) % period_us == 0]
    if width > _DAY or not begins.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    anchor = int(begins[0]) % width
    first, place = np.unique((stamps - anchor) // width, return_inverse=True)
    whole = np.bincount(place, np.isfinite(energy) & ((stamps - anchor) % step == 0)) == width // step
    sums = np.bincount(place, np.nan_to_num(energy))
    return (first * width + anchor)[whole], np.full(int(whole.sum()), width, np.int64), sums[whole]
