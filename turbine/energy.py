"""Annual energy of a power curve in a distribution of wind speeds, and the comparison of two curves.

The sum is the one of IEC 61400-12-1:2017, 9.3: between neighbouring points of the curve the mean of their powers,
weighted with the share of time F(V_i) - F(V_i-1) that the wind spends there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from turbine.checks import ascending, check_positive, check_range, series
from turbine.errors import EnergyError
from turbine.power_curve import PowerCurve

__all__ = [
    "HOURS_PER_YEAR",
    "CurveComparison",
    "MeasuredDistribution",
    "PowerCurve",
    "Weibull",
    "WindDistribution",
    "annual_energy_mwh",
    "capacity_factor",
    "compare_curves",
    "energy_by_band_mwh",
    "energy_weights",
    "mean_power",
    "rayleigh",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOURS_PER_YEAR = 8760.0
_W_H_PER_MWH = 1e6


class WindDistribution(Protocol):
    """Share of time by wind speed."""

    def cdf(self, wind_speed: npt.ArrayLike) -> Floats:
        """Return the share of time below a wind speed [m/s], which is 0 at and below 0 m/s [1]."""


@dataclass(frozen=True)
class Weibull:
    """Weibull distribution F = 1 - exp(-(V / A)^k).

    Parameters
    ----------
    scale : float
        A [m/s].
    shape : float
        k [1].
    """

    scale: float
    shape: float

    def __post_init__(self) -> None:
        check_positive("Weibull scale", self.scale, unit="m/s", error=EnergyError)
        check_range("Weibull shape", self.shape, 0.5, 20.0, hint="did you swap shape and scale?", error=EnergyError)

    @staticmethod
    def from_mean(mean: float, shape: float) -> Weibull:
        """Return the distribution of a mean wind speed [m/s]: A = mean / Gamma(1 + 1/k)."""
        check_positive("mean wind speed", mean, unit="m/s", error=EnergyError)
        check_range("Weibull shape", shape, 0.5, 20.0, hint="did you swap shape and mean?", error=EnergyError)
        return Weibull(mean / math.gamma(1.0 + 1.0 / shape), shape)

    @property
    def mean(self) -> float:
        """Mean wind speed [m/s]."""
        return self.scale * math.gamma(1.0 + 1.0 / self.shape)

    def cdf(self, wind_speed: npt.ArrayLike) -> Floats:
        ratio = np.maximum(np.asarray(wind_speed, np.float64), 0.0) / self.scale
        with np.errstate(over="ignore"):  # the power of a very high wind is infinite, and F is 1
            return np.asarray(-np.expm1(-(ratio**self.shape)), np.float64)


def rayleigh(mean: float) -> Weibull:
    """Return the Rayleigh distribution of a mean wind speed [m/s], F = 1 - exp(-pi/4 (V/mean)^2): Weibull, k = 2."""
    return Weibull.from_mean(mean, 2.0)


@dataclass(frozen=True, eq=False)
class MeasuredDistribution:
    """Hours by bin of wind speed; within a bin the time is spread evenly.

    Only the shares count: hours of any period stand for a whole year, so that seasons must be covered evenly.

    Parameters
    ----------
    edges : array, shape (n + 1,)
        Ends of the bins, ascending [m/s].
    hours : array, shape (n,)
        Time in each bin [h].
    """

    edges: Floats
    hours: Floats

    def __post_init__(self) -> None:
        edges = ascending("edges", self.edges, least=2, low=0.0, unit="m/s", error=EnergyError)
        hours = series("hours", self.hours, low=0.0, unit="h", error=EnergyError)
        if hours.size != edges.size - 1:
            raise EnergyError(f"hours: found {hours.size} for {edges.size} edges, expected {edges.size - 1}")
        check_positive("hours, added up", float(hours.sum()), unit="h", error=EnergyError)
        object.__setattr__(self, "edges", edges)
        object.__setattr__(self, "hours", hours)

    @property
    def mean(self) -> float:
        """Mean wind speed [m/s]."""
        return float((self.edges[1:] + self.edges[:-1]) @ self.hours / (2.0 * self.hours.sum()))

    def cdf(self, wind_speed: npt.ArrayLike) -> Floats:
        below = np.concatenate([[0.0], np.cumsum(self.hours)])
        return np.asarray(np.interp(np.asarray(wind_speed, np.float64), self.edges, below / below[-1]), np.float64)


def energy_weights(
    wind_speed: Floats,
    cdf: Callable[[npt.ArrayLike], Floats],
    *,
    start_step: float = 0.5,
    hold_to: float | None = None,
    holes: Bools | None = None,
) -> Floats:
    """Return each point's weight in the mean power of a curve: mean power = sum(weight * power).

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Points of the curve, ascending [m/s].
    cdf : function
        Share of time below wind speeds [m/s], such as `Weibull.cdf`.
    start_step : float
        Power is zero this far below the first point [m/s].
    hold_to : float or None
        The last power is held up to this wind speed [m/s]; None: zero above the last point.
    holes : array of bool, shape (n - 1,), or None
        Steps between neighbouring points that count nothing; None: all bridged linearly.

    Returns
    -------
    array of float64, shape (n,)
        Weights [1], by IEC 61400-12-1:2017, 9.3: trapezoids in F.
    """
    if wind_speed.size == 0:
        return np.empty(0)
    f = cdf(np.concatenate([[wind_speed[0] - start_step], wind_speed]))
    half = np.diff(f) / 2.0
    if holes is not None:
        half[1:][holes] = 0.0
    weights = half.copy()
    weights[:-1] += half[1:]
    if hold_to is not None and hold_to > wind_speed[-1]:
        weights[-1] += float(cdf(hold_to)) - f[-1]
    return np.asarray(weights, np.float64)


def mean_power(curve: PowerCurve, wind: WindDistribution) -> float:
    """Return the mean power of a curve in a wind [W].

    Parameters
    ----------
    curve : PowerCurve
        The curve.
    wind : WindDistribution
        `Weibull`, `rayleigh(mean)`, `MeasuredDistribution` or another with a `cdf`.

    Returns
    -------
    float
        Mean power [W]: IEC 61400-12-1:2017, 9.3.
    """
    weights = energy_weights(curve.wind_speed, wind.cdf, start_step=curve.start_step, hold_to=curve.hold_to)
    return float(weights @ curve.power)


def annual_energy_mwh(curve: PowerCurve, wind: WindDistribution, *, availability: float = 1.0) -> float:
    """Return the energy of a year of 8760 h [MWh]; parameters as in `mean_power`, availability [1]."""
    check_range("availability", availability, 0.0, 1.0, hint="did you give percent?", error=EnergyError)
    return availability * mean_power(curve, wind) * HOURS_PER_YEAR / _W_H_PER_MWH


def capacity_factor(energy_mwh: float, rated_power: float) -> float:
    """Return annual energy [MWh] as a share of 8760 h at rated power [W]."""
    check_range("energy_mwh", energy_mwh, unit="MWh", error=EnergyError)
    check_positive("rated_power", rated_power, unit="W", error=EnergyError)
    return energy_mwh * _W_H_PER_MWH / (HOURS_PER_YEAR * rated_power)


def energy_by_band_mwh(curve: PowerCurve, wind: WindDistribution, edges: npt.ArrayLike) -> Floats:
    """Return the annual energy that comes from bands of wind speed.

    Within a step of the curve power counts with its mean, as the standard's sum has it: bands that reach around the
    whole curve add up to `annual_energy_mwh`.

    Parameters
    ----------
    curve, wind
        As in `mean_power`.
    edges : array, shape (n + 1,)
        Ends of the bands, ascending [m/s].

    Returns
    -------
    array of float64, shape (n,)
        Energy of a year in each band [MWh].

    Raises
    ------
    EnergyError
        Edges that do not ascend.
    """
    ends = ascending("edges", edges, least=2, unit="m/s", error=EnergyError)
    nodes = np.concatenate([[curve.wind_speed[0] - curve.start_step], curve.wind_speed])
    powers = np.concatenate([[0.0], curve.power])
    step_power = (powers[1:] + powers[:-1]) / 2.0
    if curve.hold_to is not None:
        nodes, step_power = np.append(nodes, curve.hold_to), np.append(step_power, curve.power[-1])
    cuts = np.union1d(nodes, ends[(ends > nodes[0]) & (ends < nodes[-1])])
    step = np.searchsorted(nodes, cuts[:-1], side="right") - 1
    band = np.searchsorted(ends, cuts[:-1], side="right") - 1
    inside = (band >= 0) & (band < ends.size - 1)
    energy = np.diff(wind.cdf(cuts)) * step_power[step] * HOURS_PER_YEAR / _W_H_PER_MWH
    return np.asarray(np.bincount(band[inside], energy[inside], ends.size - 1), np.float64)


@dataclass(frozen=True, eq=False)
class CurveComparison:
    """Annual energy of two curves in the same wind.

    Parameters
    ----------
    base_mwh, other_mwh : float
        Energy of a year [MWh].
    edges : array, shape (n + 1,)
        Bands of wind speed [m/s].
    band_difference_mwh : array, shape (n,)
        What the other curve yields more than the base, by band [MWh]; adds up to `difference_mwh`.
    """

    base_mwh: float
    other_mwh: float
    edges: Floats
    band_difference_mwh: Floats

    @property
    def difference_mwh(self) -> float:
        """What the other curve yields more than the base [MWh]."""
        return self.other_mwh - self.base_mwh

    @property
    def relative_difference(self) -> float:
        """The difference as a share of the base [1]; NaN where the base yields nothing."""
        return self.difference_mwh / self.base_mwh if self.base_mwh else math.nan


def compare_curves(
    base: PowerCurve, other: PowerCurve, wind: WindDistribution, *, band_width: float = 1.0
) -> CurveComparison:
    """Compare the annual energy of two curves, in all and by band of wind speed; their points may differ.

    Parameters
    ----------
    base, other : PowerCurve
        The curves.
    wind : WindDistribution
        As in `mean_power`.
    band_width : float
        Width of the bands, which begin at multiples of it [m/s].

    Returns
    -------
    CurveComparison
        Bands around both curves.

    Raises
    ------
    EnergyError
        A band width of zero or below.
    """
    check_positive("band_width", band_width, unit="m/s", error=EnergyError)
    low = min(curve.wind_speed[0] - curve.start_step for curve in (base, other))
    high = max(curve.wind_speed[-1] if curve.hold_to is None else curve.hold_to for curve in (base, other))
    first, last = math.floor(low / band_width), math.floor(high / band_width) + 1
    edges = band_width * np.arange(first, last + 1, dtype=np.float64)
    difference = energy_by_band_mwh(other, wind, edges) - energy_by_band_mwh(base, wind, edges)
    return CurveComparison(annual_energy_mwh(base, wind), annual_energy_mwh(other, wind), edges, difference)
