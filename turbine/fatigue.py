"""Cycles and damage-equivalent loads of a time series.

A load keeps the unit it comes in: a series in N m has ranges and equivalent loads in N m. There is no mean-stress
correction; cycles keep their means, so that one can be added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive, series
from turbine.errors import LoadError

__all__ = [
    "COMPOSITE",
    "STEEL",
    "Cycles",
    "LoadSpectrum",
    "combined_load",
    "damage_equivalent_load",
    "equivalent_cycles",
    "load_spectrum",
    "rainflow_cycles",
    "turning_points",
]

Floats = npt.NDArray[np.float64]

STEEL = 4.0  #: slope of the S-N curve of welded steel [1]
COMPOSITE = 10.0  #: slope of the S-N curve of glass-fibre composite [1]


@dataclass(frozen=True, eq=False)
class Cycles:
    """Rainflow cycles in the order in which ASTM E1049 counts them.

    Parameters
    ----------
    ranges, means : array, shape (n,)
        Range (above zero) and mean of each cycle [unit of the load].
    counts : array, shape (n,)
        1 for a closed cycle, 0.5 for a half cycle [1].
    """

    ranges: Floats
    means: Floats
    counts: Floats

    def __post_init__(self) -> None:
        for name in ("ranges", "means", "counts"):
            low = -math.inf if name == "means" else 0.0
            object.__setattr__(
                self, name, series(f"cycles.{name}", getattr(self, name), least=0, low=low, error=LoadError)
            )
        if not self.ranges.size == self.means.size == self.counts.size:
            sizes = f"{self.ranges.size}, {self.means.size} and {self.counts.size}"
            raise LoadError(f"cycles: found {sizes} ranges, means and counts, expected the same number of each")

    def __len__(self) -> int:
        return int(self.ranges.size)


def turning_points(load: npt.ArrayLike) -> Floats:
    """Return the peaks and valleys of a series with its first and last value; plateaus count once.

    Parameters
    ----------
    load : array, shape (n,)
        Load at equal time steps [any unit].

    Returns
    -------
    array of float64, shape (k,)
        Values at the reversals, k <= n; a single value for a constant series.

    Raises
    ------
    LoadError
        Values that are not finite.
    """
    values = series("load", load, error=LoadError)
    rising = values[1:] > values[:-1]
    moves = np.flatnonzero(values[1:] != values[:-1])
    if not moves.size:
        return values[:1]
    turns = np.flatnonzero(rising[moves][1:] != rising[moves][:-1])
    return np.asarray(values[np.r_[0, moves[turns] + 1, values.size - 1]], np.float64)


def rainflow_cycles(load: npt.ArrayLike) -> Cycles:
    """Count the cycles of a load by the rainflow method, ASTM E1049-85 (2017), 5.4.4.

    What stays open at the end of the series counts as half cycles: the standard's count of a history that does not
    repeat.

    Parameters
    ----------
    load : array, shape (n,)
        Load at equal time steps [any unit].

    Returns
    -------
    Cycles
        None for a constant series.

    Raises
    ------
    LoadError
        Values that are not finite.
    """
    import rainflow

    points = turning_points(load).tolist()
    # The library drops the end of a series of two points: the last one is said twice, which changes nothing else.
    found = list(rainflow.extract_cycles([*points, points[-1]])) if len(points) > 1 else []
    table = np.array([cycle[:3] for cycle in found], np.float64).reshape(-1, 3)
    return Cycles(table[:, 0], table[:, 1], table[:, 2])


def equivalent_cycles(duration: float, frequency: float = 1.0) -> float:
    """Return how many cycles of an equivalent load stand for a time: 600 for ten minutes at 1 Hz.

    Parameters
    ----------
    duration : float
        Time that the series covers [s].
    frequency : float
        Frequency of the equivalent load [Hz].

    Returns
    -------
    float
        N_eq [1].

    Raises
    ------
    LoadError
        A time or frequency of zero or below.
    """
    check_positive("duration", duration, unit="s", error=LoadError)
    check_positive("frequency", frequency, unit="Hz", error=LoadError)
    return duration * frequency


def damage_equivalent_load(load: npt.ArrayLike | Cycles, *, exponent: float, cycles: float) -> float:
    """Return the range that does the same damage in N_eq cycles: DEL = (sum n_i S_i^m / N_eq)^(1/m).

    Palmgren-Miner sum on an S-N curve of one slope without endurance limit; a sine of unit range at the equivalent
    frequency has DEL 1. Source: IEC 61400-1:2005, annex G; IEC 61400-13:2015.

    Parameters
    ----------
    load : array, shape (n,), or Cycles
        Load at equal time steps [any unit], or its cycles, already counted.
    exponent : float
        Slope m of the S-N curve [1]: `STEEL`, `COMPOSITE` or another.
    cycles : float
        Number of equivalent cycles N_eq [1], from `equivalent_cycles`.

    Returns
    -------
    float
        Range of the equivalent load [unit of the load]; 0 for a constant series.

    Raises
    ------
    LoadError
        Values that are not finite, an exponent below 1, cycles of zero or below.
    """
    _check_exponent(exponent)
    check_positive("cycles", cycles, error=LoadError)
    counted = load if isinstance(load, Cycles) else rainflow_cycles(load)
    if not counted.ranges.any():
        return 0.0
    return _power_mean(counted.ranges, counted.counts, exponent, cycles)


def combined_load(
    loads: npt.ArrayLike,
    durations: npt.ArrayLike,
    *,
    exponent: float,
    frequency: float = 1.0,
    reference_cycles: float | None = None,
) -> float:
    """Combine the equivalent loads of cases that share a life: (sum T_j f DEL_j^m / N)^(1/m).

    Any order of cases gives the same bytes.

    Parameters
    ----------
    loads : array, shape (n,)
        Equivalent load of each case [any unit], all of the same exponent and frequency.
    durations : array, shape (n,)
        Time that the life spends in each case [s]: for seeds of one wind speed its share of the life, split among them.
    exponent : float
        Slope m of the S-N curve [1].
    frequency : float
        Frequency f of the equivalent loads [Hz].
    reference_cycles : float or None
        Number of cycles N that the result refers to (often 1e7); None: `frequency` throughout all durations, then any
        weights may stand for the durations.

    Returns
    -------
    float
        Equivalent load of the life [unit of the loads].

    Raises
    ------
    LoadError
        Different numbers of loads and durations, negative or infinite ones, or durations that are all zero.
    """
    _check_exponent(exponent)
    check_positive("frequency", frequency, unit="Hz", error=LoadError)
    load = series("loads", loads, low=0.0, error=LoadError)
    time = series("durations", durations, low=0.0, unit="s", error=LoadError)
    if load.size != time.size:
        raise LoadError(f"durations: found {time.size} for {load.size} loads, expected one for each load")
    total = math.fsum(time)
    check_positive("durations, added up", total, unit="s", error=LoadError)
    if reference_cycles is not None:
        check_positive("reference_cycles", reference_cycles, error=LoadError)
    if not load.any():
        return 0.0
    return _power_mean(load, time, exponent, total if reference_cycles is None else reference_cycles / frequency)


def _power_mean(values: Floats, weights: Floats, exponent: float, total: float) -> float:
    """Return (sum w x^m / total)^(1/m), scaled so that no power overflows and summed so that no order matters."""
    largest = float(values.max())
    terms = weights * (values / largest) ** exponent
    return float(largest * (math.fsum(terms) / total) ** (1.0 / exponent))


def _check_exponent(exponent: float) -> None:
    if not (math.isfinite(exponent) and exponent >= 1.0):
        raise LoadError(f"exponent: found {exponent!r}, expected 1 or more: 4 for steel, 10 for composite")


@dataclass(frozen=True, eq=False)
class LoadSpectrum:
    """Cycles by range.

    Parameters
    ----------
    range_upper : array, shape (k,)
        Upper end of each bin of ranges, which belongs to it [unit of the load].
    counts : array, shape (k,)
        Cycles in each bin [1].
    """

    range_upper: Floats
    counts: Floats

    @property
    def exceedances(self) -> Floats:
        """Cycles in this bin or a higher one, shape (k,) [1]."""
        return np.asarray(np.cumsum(self.counts[::-1])[::-1], np.float64)


def load_spectrum(cycles: Cycles, bin_width: float) -> LoadSpectrum:
    """Sort cycles into bins of range (0, w], (w, 2 w] ...

    Parameters
    ----------
    cycles : Cycles
        Result of `rainflow_cycles`.
    bin_width : float
        Width w of the bins [unit of the load].

    Returns
    -------
    LoadSpectrum
        Bins up to the largest range; counts add up to those of the cycles. Taking each cycle at its bin's upper end
        errs to the safe side.

    Raises
    ------
    LoadError
        A width of zero or below, or one so small that there would be more than a million bins.
    """
    check_positive("bin_width", bin_width, error=LoadError)
    if not len(cycles):
        return LoadSpectrum(np.empty(0), np.empty(0))
    bins = np.ceil(cycles.ranges / bin_width)
    if bins.max() > 1e6:
        raise LoadError(f"bin_width: {bin_width:g} makes {bins.max():.3g} bins, expected a million at most: widen it")
    counts = np.asarray(np.bincount(np.maximum(bins, 1.0).astype(np.int64) - 1, cycles.counts), np.float64)
    return LoadSpectrum(bin_width * np.arange(1.0, counts.size + 1.0), counts)
