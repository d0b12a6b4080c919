"""What a run does to the machine: equivalent loads, ultimate values and the travel of the pitch drives.

A load keeps the unit it comes in: a series in N m has extremes and equivalent loads in N m. Cycle counting stands in
`turbine.fatigue`, whose names can be had here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive, series
from turbine.errors import LoadError
from turbine.fatigue import (
    COMPOSITE,
    STEEL,
    Cycles,
    LoadSpectrum,
    combined_load,
    damage_equivalent_load,
    equivalent_cycles,
    load_spectrum,
    rainflow_cycles,
    turning_points,
)

__all__ = [
    "COMPOSITE",
    "STEEL",
    "Cycles",
    "LoadSpectrum",
    "LoadSummary",
    "Motion",
    "Statistics",
    "Ultimate",
    "combined_load",
    "damage_equivalent_load",
    "equivalent_cycles",
    "load_spectrum",
    "load_summary",
    "motion",
    "rainflow_cycles",
    "statistics",
    "turning_points",
    "ultimate",
]


@dataclass(frozen=True)
class Statistics:
    """Mean, scatter and extremes of a series, with the time of the extremes from its start [s]."""

    mean: float
    standard_deviation: float
    minimum: float
    minimum_time: float
    maximum: float
    maximum_time: float

    @property
    def range(self) -> float:
        """Maximum less minimum."""
        return self.maximum - self.minimum

    @property
    def absolute(self) -> float:
        """The extreme that is farther from zero, without its sign."""
        return max(abs(self.minimum), abs(self.maximum))


def statistics(load: npt.ArrayLike, time_step: float) -> Statistics:
    """Return mean, standard deviation (of the population) and extremes of a series.

    Parameters
    ----------
    load : array, shape (n,)
        Load at equal time steps [any unit].
    time_step : float
        Time between two values [s].

    Returns
    -------
    Statistics
        In the unit of the load; of equal extremes the first.

    Raises
    ------
    LoadError
        Values that are not finite, a time step of zero or below.
    """
    values = series("load", load, error=LoadError)
    check_positive("time_step", time_step, unit="s", error=LoadError)
    low, high = int(values.argmin()), int(values.argmax())
    return Statistics(
        mean=float(values.mean()),
        standard_deviation=float(values.std()),
        minimum=float(values[low]),
        minimum_time=low * time_step,
        maximum=float(values[high]),
        maximum_time=high * time_step,
    )


@dataclass(frozen=True)
class Ultimate:
    """Extremes over cases, safety factors included, and the cases they come from."""

    minimum: float
    minimum_case: str
    maximum: float
    maximum_case: str
    absolute: float
    absolute_case: str


def ultimate(cases: Mapping[str, Statistics], factors: Mapping[str, float] | None = None) -> Ultimate:
    """Return the extremes over load cases and which case governs; any order of cases gives the same.

    Parameters
    ----------
    cases : mapping of str to Statistics
        Statistics of one load by name of the case.
    factors : mapping of str to float or None
        Partial safety factor of cases [1] (IEC 61400-1:2005, table 3: 1.35 normal, 1.1 abnormal); others have 1.

    Returns
    -------
    Ultimate
        In the unit of the load; of equal cases the first by name.

    Raises
    ------
    LoadError
        No case, a factor of zero or below, a factor of a case that does not exist.
    """
    if not cases:
        raise LoadError("cases: found none, expected one load case at least")
    given = dict(factors or {})
    unknown = sorted(set(given) - set(cases))
    if unknown:
        raise LoadError(f'factors: unknown case "{unknown[0]}", expected one of {", ".join(sorted(cases))}')
    for name, factor in given.items():
        check_positive(f'factors of case "{name}"', factor, error=LoadError)
    names = sorted(cases)
    low = {name: given.get(name, 1.0) * cases[name].minimum for name in names}
    high = {name: given.get(name, 1.0) * cases[name].maximum for name in names}
    far = {name: given.get(name, 1.0) * cases[name].absolute for name in names}
    lowest, highest, farthest = (
        min(names, key=lambda n: low[n]),
        max(names, key=lambda n: high[n]),
        max(names, key=lambda n: far[n]),
    )
    return Ultimate(low[lowest], lowest, high[highest], highest, far[farthest], farthest)


@dataclass(frozen=True)
class Motion:
    """How much and how fast something moved, such as the blades' pitch.

    Parameters
    ----------
    travel : float
        Sum of all movements without sign, sum |d x| [unit of x].
    mean_rate, largest_rate, rms_rate : float
        Rate without sign: mean over time, largest between two values, root of the mean square [unit of x per s].
    """

    travel: float
    mean_rate: float
    largest_rate: float
    rms_rate: float


def motion(position: npt.ArrayLike, time_step: float) -> Motion:
    """Return travel and rates of a position, from differences of neighbouring values.

    Parameters
    ----------
    position : array, shape (n,)
        Position at equal time steps, two at least [rad or any other unit].
    time_step : float
        Time between two values [s].

    Returns
    -------
    Motion
        In the unit of the position.

    Raises
    ------
    LoadError
        Fewer than two values, values that are not finite, a time step of zero or below.
    """
    steps = np.abs(np.diff(series("position", position, least=2, error=LoadError)))
    check_positive("time_step", time_step, unit="s", error=LoadError)
    travel, duration = float(steps.sum()), steps.size * time_step
    rates = steps / time_step
    return Motion(travel, travel / duration, float(rates.max()), float(np.sqrt(np.mean(rates**2))))


@dataclass(frozen=True)
class LoadSummary:
    """One load of one run.

    Parameters
    ----------
    duration : float
        Time between the first and the last value [s].
    statistics : Statistics
        Mean, scatter and extremes [unit of the load].
    equivalent_loads : mapping of float to float
        Damage-equivalent load [unit of the load] by exponent [1], at `frequency`.
    frequency : float
        Frequency of the equivalent loads [Hz].
    """

    duration: float
    statistics: Statistics
    equivalent_loads: Mapping[float, float]
    frequency: float


def load_summary(
    load: npt.ArrayLike, time_step: float, *, exponents: Sequence[float] = (STEEL, COMPOSITE), frequency: float = 1.0
) -> LoadSummary:
    """Return statistics and equivalent loads of a series, whose cycles are counted once.

    Parameters
    ----------
    load : array, shape (n,)
        Load at equal time steps, two at least [any unit]; leave out what a start needs to settle.
    time_step : float
        Time between two values [s].
    exponents : sequence of float
        Slopes m of S-N curves [1].
    frequency : float
        Frequency of the equivalent loads [Hz].

    Returns
    -------
    LoadSummary
        In the unit of the load.

    Raises
    ------
    LoadError
        Fewer than two values, values that are not finite, or a parameter out of range.
    """
    values = series("load", load, least=2, error=LoadError)
    found = statistics(values, time_step)
    duration = (values.size - 1) * time_step
    number = equivalent_cycles(duration, frequency)
    counted = rainflow_cycles(values)
    loads = {m: damage_equivalent_load(counted, exponent=m, cycles=number) for m in exponents}
    return LoadSummary(duration, found, MappingProxyType(loads), frequency)
