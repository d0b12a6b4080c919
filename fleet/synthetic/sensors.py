"""What the sensors say: constant biases from category B, noise, and everything that can be wrong with a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.power_curve import power_uncertainty, wind_uncertainty
from fleet.synthetic.episodes import record_masks, record_runs
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.streams import Idea, turbine_stream

__all__ = ["Bias", "DriftedWind", "drifted_wind", "frozen_signal", "north_offset", "power_bias", "spiked", "wind_bias"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_YEAR_US = 365.0 * 86_400e6


@dataclass(frozen=True)
class Bias:
    """A sensor's constant error: reading = (1 + gain) value + offset."""

    offset: float
    gain: float

    def of(self, values: Floats) -> Floats:
        return np.asarray((1.0 + self.gain) * values + self.offset, np.float64)


def wind_bias(spec: FleetSpec, turbine: int) -> Bias:
    """Return a nacelle anemometer's bias; over many turbines its spread at any wind speed is category B."""
    rng = turbine_stream(spec.seed, turbine, Idea.WIND_SENSOR)
    return _drawn(rng, lambda v: wind_uncertainty(v, spec.power_curve), 1.0) if spec.wind_bias else Bias(0.0, 0.0)


def power_bias(spec: FleetSpec, machine: SteadyMachine, turbine: int) -> Bias:
    """Return a power measurement's bias; over many turbines its spread at any power is category B."""
    rng = turbine_stream(spec.seed, turbine, Idea.POWER_SENSOR)
    rated = machine.rated_kw
    return _drawn(rng, lambda p: power_uncertainty(p, rated), rated) if spec.power_bias else Bias(0.0, 0.0)


def _drawn(rng: np.random.Generator, uncertainty: Callable[[Floats], Floats], unit: float) -> Bias:
    """Draw offset and gain so that the variance of offset + gain x is the square of the uncertainty at every x.

    Category B adds terms that are constant or linear in x, so its square is a quadratic a + b x + c x^2: the variance
    of the offset, twice the covariance and the variance of the gain.
    """
    square = uncertainty(np.array([0.0, unit, 2.0 * unit])) ** 2
    a = square[0]
    c = 0.5 * (square[2] - 2.0 * square[1] + square[0])
    b = square[1] - a - c
    first, second = rng.standard_normal(2)
    if a <= 0.0:
        return Bias(0.0, float(np.sqrt(max(c, 0.0)) * second / unit))
    along = 0.5 * b / np.sqrt(a)
    return Bias(float(np.sqrt(a) * first), float((along * first + np.sqrt(max(c - along**2, 0.0)) * second) / unit))


@dataclass(frozen=True)
class DriftedWind:
    """An anemometer's error that grows or jumps."""

    factor: Floats  #: on the reading, one per record
    mask: Mask  #: records in which it is off
    drift_from: int  #: record, n where there is none
    step_from: int


def drifted_wind(spec: FleetSpec, turbine: int, times: Ints) -> DriftedWind:
    """Return the drift, linear from a date on, and the step of a turbine's anemometer; a turbine may have both."""
    rng = turbine_stream(spec.seed, turbine, Idea.DRIFT)
    n = times.size
    drifts, when, steps, then = rng.random(4)
    factor, mask = np.ones(n), np.zeros(n, bool)
    drift_from = int((0.1 + 0.5 * when) * n) if drifts < spec.drift_share else n
    step_from = int((0.1 + 0.5 * then) * n) if steps < spec.step_share else n
    for first, error in (
        (drift_from, spec.drift_per_year * (times - times[min(drift_from, n - 1)]) / _YEAR_US),
        (step_from, np.full(n, spec.step_size)),
    ):
        factor[first:] *= 1.0 + np.maximum(error[first:], -0.9)
        mask[first:] = True
    return DriftedWind(factor, mask, drift_from, step_from)


def north_offset(spec: FleetSpec, turbine: int, n: int) -> tuple[float, int]:
    """Return by how much a turbine's directions are off [deg] and from which record on; (0, n) for most turbines."""
    rng = turbine_stream(spec.seed, turbine, Idea.NORTH)
    lost, when, sign = rng.random(), rng.random(), rng.choice([-1.0, 1.0])
    return (float(sign * spec.north_deg), int((0.1 + 0.7 * when) * n)) if lost < spec.north_share else (0.0, n)


def frozen_signal(
    spec: FleetSpec, turbine: int, times: Ints, values: Floats, idea: Idea, per_year: float
) -> tuple[Floats, Mask]:
    """Return a signal that holds its value in some runs of records, and where it does.

    Parameters
    ----------
    spec, turbine, times
        The fleet, the turbine counted from 0, the records.
    values : array, shape (n,)
        The signal, without missing values.
    idea : Idea
        Stream of this signal.
    per_year : float
        Runs per year. With `frozen_over_month` the first of them is moved across the first border of a month in the
        period, if there is one.
    """
    first, last = record_runs(turbine_stream(spec.seed, turbine, idea), per_year, spec.frozen_h, times)
    long = last - first > 1  # one record alone holds nothing
    first, last = first[long], last[long]
    border = _first_month_border(times)
    if spec.frozen_over_month and first.size and border:
        length = int(last[0] - first[0])
        first[0] = max(0, border - (length + 1) // 2)
        last[0] = min(times.size, max(border + 1, int(first[0]) + length))
    mask = record_masks(first, last, times.size)
    begins = np.flatnonzero(mask & ~np.r_[False, mask[:-1]])
    held = np.where(mask, 0, np.arange(times.size))
    held[begins] = begins
    return values[np.maximum.accumulate(held)], mask


def _first_month_border(times: Ints) -> int:
    """Return the first record of the second calendar month, 0 where the period has one month only."""
    months = times.astype("datetime64[us]").astype("datetime64[M]")
    later = np.flatnonzero(months != months[0])
    return int(later[0]) if later.size else 0


def spiked(
    spec: FleetSpec, turbine: int, wind: Floats, power_kw: Floats, rated_kw: float, spared: Mask
) -> tuple[Floats, Floats, Mask]:
    """Return wind and power with single records that jump away and back, and where they do.

    A spike moves the wind by 12 to 25 m/s or the power by 60 to 110 % of rated power, towards the other end of its
    range. Records in `spared` and neighbours of another spike keep their values.
    """
    rng = turbine_stream(spec.seed, turbine, Idea.SPIKES)
    chance, in_wind, size = rng.random((3, wind.size))
    mask = (chance < spec.spike_share) & ~spared
    mask[1:] &= ~mask[:-1]
    if mask.size:
        mask[[0, -1]] = False  # a jump there and back needs both neighbours
    jump, leap = 12.0 + 13.0 * size, (0.6 + 0.5 * size) * rated_kw
    windy, loaded = wind > 15.0, power_kw > 0.5 * rated_kw
    new_wind = np.where(mask & (in_wind < 0.5), np.maximum(wind + np.where(windy, -jump, jump), 0.0), wind)
    new_power = np.where(mask & (in_wind >= 0.5), power_kw + np.where(loaded, -leap, leap), power_kw)
    return new_wind, new_power, mask
