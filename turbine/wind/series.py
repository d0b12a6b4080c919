"""A wind series: what blows at hub height, sample by sample, and the simple ones: constant, steps and ramps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import WindError
from turbine.wind.checks import positive, sample_count

__all__ = ["WindSeries", "constant", "from_samples", "ramps", "resample", "steps"]

Floats = npt.NDArray[np.float64]

UNEVEN = 0.05  #: how far a printed time may lie off the even grid [fraction of the step]


@dataclass(frozen=True, eq=False, kw_only=True)
class WindSeries:
    """Wind at hub height in even steps from t = 0; sample k stands for the time from k to k + 1 steps.

    Parameters
    ----------
    time_step : float
        Time from sample to sample [s].
    wind_speed : array, shape (n,)
        Longitudinal wind speed [m/s]. Negative values are allowed: strong turbulence around a low mean has them.
    wind_direction : array, shape (n,), optional
        Deviation from the mean direction, positive clockwise seen from above, not wrapped [rad]; zero unless given.
    name : str
        What it is, for titles and results.
    seed : int, optional
        The seed of a random series.

    Raises
    ------
    WindError
        If the step is not positive, there is no sample, a sample is not finite, or the two arrays differ in length.
    """

    time_step: float
    wind_speed: Floats
    wind_direction: Floats = field(default_factory=lambda: np.empty(0))
    name: str = "wind"
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_step", positive(f"{self.name}: time_step", self.time_step, "s"))
        speed = self._samples("wind_speed", self.wind_speed, "m/s")
        if speed.size == 0:
            raise WindError(f"{self.name}: wind_speed holds no sample, expected at least one")
        given = np.size(self.wind_direction) > 0
        direction = self._samples("wind_direction", self.wind_direction if given else np.zeros(speed.size), "rad")
        if direction.size != speed.size:
            raise WindError(
                f"{self.name}: wind_direction holds {direction.size} samples, expected {speed.size} as in wind_speed"
            )
        object.__setattr__(self, "wind_speed", speed)
        object.__setattr__(self, "wind_direction", direction)

    def _samples(self, what: str, values: npt.ArrayLike, unit: str) -> Floats:
        """Return a checked copy that nobody can write to."""
        samples: Floats = np.array(values, np.float64)
        if samples.ndim != 1:
            raise WindError(f"{self.name}: {what} has the shape {samples.shape}, expected one row of samples")
        bad = np.flatnonzero(~np.isfinite(samples))
        if bad.size:
            k = int(bad[0])
            raise WindError(
                f"{self.name}: {what}[{k}] (t = {k * self.time_step:.6g} s) is {samples[k]}, expected a finite value "
                f"[{unit}]; {bad.size} of {samples.size} samples are like that: fill the gaps or cut the series"
            )
        samples.setflags(write=False)
        return samples

    def __len__(self) -> int:
        return self.wind_speed.size

    @property
    def duration(self) -> float:
        """Time that the samples stand for [s]."""
        return self.wind_speed.size * self.time_step

    @property
    def time(self) -> Floats:
        """Time at which each sample begins, shape (n,) [s]."""
        return np.asarray(np.arange(self.wind_speed.size) * self.time_step, np.float64)

    @property
    def mean(self) -> float:
        """Mean wind speed [m/s]."""
        return float(self.wind_speed.mean())

    @property
    def sigma(self) -> float:
        """Standard deviation of the wind speed about its own mean (population, not sample) [m/s]."""
        return float(self.wind_speed.std())


def constant(wind_speed: float, *, duration: float, time_step: float) -> WindSeries:
    """Return a wind that does not change.

    Parameters
    ----------
    wind_speed : float
        Wind speed [m/s].
    duration, time_step : float
        Length and step [s].
    """
    samples = np.full(sample_count(duration, time_step), wind_speed, np.float64)
    return WindSeries(time_step=time_step, wind_speed=samples, name=f"constant {wind_speed:g} m/s")


def steps(times: npt.ArrayLike, wind_speeds: npt.ArrayLike, *, duration: float, time_step: float) -> WindSeries:
    """Return a wind that jumps to each speed at its time and holds it.

    Parameters
    ----------
    times : array, shape (m,)
        When each speed begins, ascending from 0 [s]; a time between two samples counts from the later one.
    wind_speeds : array, shape (m,)
        The speeds [m/s].
    duration, time_step : float
        Length and step [s].

    Raises
    ------
    WindError
        If times do not ascend from zero or the arrays differ in length.
    """
    at, speed = _breakpoints("steps", times, wind_speeds)
    first = np.ceil(at / positive("time_step", time_step, "s") - 1e-6)
    index = np.searchsorted(first, np.arange(sample_count(duration, time_step)), side="right") - 1
    return WindSeries(time_step=time_step, wind_speed=speed[index], name="wind steps")


def ramps(times: npt.ArrayLike, wind_speeds: npt.ArrayLike, *, duration: float, time_step: float) -> WindSeries:
    """Return a wind that runs straight from one given speed to the next and holds the last.

    Parameters
    ----------
    times : array, shape (m,)
        When each speed is reached, ascending from 0 [s].
    wind_speeds : array, shape (m,)
        The speeds [m/s].
    duration, time_step : float
        Length and step [s].

    Raises
    ------
    WindError
        If times do not ascend from zero or the arrays differ in length.
    """
    at, speed = _breakpoints("ramps", times, wind_speeds)
    time = np.arange(sample_count(duration, time_step)) * time_step
    return WindSeries(time_step=time_step, wind_speed=np.interp(time, at, speed), name="wind ramps")


def _breakpoints(what: str, times: npt.ArrayLike, wind_speeds: npt.ArrayLike) -> tuple[Floats, Floats]:
    at, speed = np.asarray(times, np.float64), np.asarray(wind_speeds, np.float64)
    if at.ndim != 1 or at.shape != speed.shape or at.size == 0:
        raise WindError(
            f"{what}: times have the shape {at.shape} and wind_speeds {speed.shape}, expected as many of both"
        )
    if at[0] != 0.0:
        raise WindError(f"{what}: times[0] is {at[0]} s, expected 0: the series begins there")
    bad = np.flatnonzero(~(np.diff(at) > 0.0))
    if bad.size:
        k = int(bad[0]) + 1
        raise WindError(f"{what}: times[{k}] is {at[k]} s after {at[k - 1]} s, expected ascending times")
    bad = np.flatnonzero(~np.isfinite(speed))
    if bad.size:
        k = int(bad[0])
        raise WindError(f"{what}: wind_speeds[{k}] is {speed[k]}, expected a finite wind speed [m/s]")
    return at, speed


def from_samples(
    time: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    *,
    name: str = "wind series",
    rows: npt.ArrayLike | None = None,
    row_word: str = "row",
) -> WindSeries:
    """Return a wind series from measured or simulated samples with their times.

    Parameters
    ----------
    time : array, shape (n,), n >= 2
        Times of the samples, evenly spaced [s]; each may lie 5 % of a step off, as printed times do. The first sample
        becomes t = 0.
    wind_speed : array, shape (n,)
        Wind speed, not negative [m/s]: codes of missing values such as -999 are refused.
    name : str
        Origin of the samples, begins every error.
    rows : array of int, shape (n,), optional
        Number of each sample's row at its origin, named in errors; 0, 1, ... unless given.
    row_word : str
        What a row is called there.

    Raises
    ------
    WindError
        With the row, what was found and what was expected: a value that is not finite, a negative wind speed, uneven
        time.
    """
    times, speed = np.asarray(time, np.float64), np.asarray(wind_speed, np.float64)
    if times.ndim != 1 or times.shape != speed.shape or times.size < 2:
        raise WindError(
            f"{name}: {times.size} times and {speed.size} wind speeds, expected as many of both and at least two"
        )
    row = np.arange(times.size) if rows is None else np.asarray(rows)

    def refuse(bad: npt.NDArray[np.bool_], found: str, values: Floats, expected: str, first: int = 0) -> None:
        """Raise for the first bad sample; `bad` and `values` begin at sample `first`."""
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            raise WindError(f"{name}: {row_word} {row[k + first]}: {found} {values[k]:g} {expected}")

    refuse(~np.isfinite(times), "time is", times, "s, expected a finite time")
    refuse(~np.isfinite(speed), "wind speed is", speed, "m/s, expected a finite value; fill the gap or cut the series")
    refuse(speed < 0.0, "wind speed is", speed, "m/s, expected 0 or more; remove codes of missing values first")
    gaps = np.diff(times)
    refuse(gaps <= 0.0, "time is", gaps, "s after the one before, expected ascending times", first=1)
    usual = float(np.median(gaps))
    expected = f"s after the one before, expected {usual:g} s as elsewhere; bring the series to even steps"
    refuse(np.abs(gaps - usual) > 2.0 * UNEVEN * usual, "time is", gaps, expected, first=1)
    step = float(times[-1] - times[0]) / (times.size - 1)
    drift = times - times[0] - np.arange(times.size) * step
    expected = (
        f"s off an even grid of {step:g} s, expected at most {UNEVEN:.0%} of that; bring the series to even steps"
    )
    refuse(np.abs(drift) > UNEVEN * step, "time is", drift, expected)
    return WindSeries(time_step=float(f"{step:.12g}"), wind_speed=speed, name=name)


def resample(series: WindSeries, time_step: float, *, method: Literal["linear", "hold"] = "linear") -> WindSeries:
    """Return the series in another step.

    Parameters
    ----------
    series : WindSeries
        What to bring to the new step.
    time_step : float
        New step [s].
    method : {"linear", "hold"}
        To a finer step: straight lines between the samples (the last one is held), or each sample held for its step,
        which keeps jumps as sharp as they were. To a coarser step both give the mean over each new step of the held
        samples, which keeps the mean and folds no fluctuation back to low frequencies.

    Returns
    -------
    WindSeries
        Covers the same time; where the new step does not divide it, the last sample reaches beyond it and is the mean
        of the part that is covered. Name and seed are kept.

    Raises
    ------
    WindError
        If the step is not positive or the method is unknown.
    """
    if method not in ("linear", "hold"):
        raise WindError(f'method is {method!r}, expected "linear" or "hold"')
    n = sample_count(series.duration, time_step)
    return WindSeries(
        time_step=time_step,
        wind_speed=_resampled(series.wind_speed, series.time_step, time_step, n, method),
        wind_direction=_resampled(series.wind_direction, series.time_step, time_step, n, method),
        name=series.name,
        seed=series.seed,
    )


def _resampled(values: Floats, old: float, new: float, n: int, method: str) -> Floats:
    if abs(new - old) <= 1e-12 * old:
        return values
    place = np.arange(n) * (new / old)  # new times in old steps
    if new > old:
        edges = np.minimum(np.append(place, n * (new / old)), values.size)
        total = np.interp(edges, np.arange(values.size + 1), np.concatenate([[0.0], np.cumsum(values)]))
        return np.asarray(np.diff(total) / np.diff(edges), np.float64)
    if method == "hold":
        return np.asarray(values[np.minimum(np.floor(place + 1e-6).astype(np.int64), values.size - 1)], np.float64)
    return np.asarray(np.interp(place, np.arange(values.size), values), np.float64)
