"""Pitch angle and rotor speed against power: robust bins of the turbine's own records, and records far from them.

Partitions are reduced to one histogram of integer counts (power x value); medians and spreads are taken from the merged
one, so they do not depend on how the records were split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.flags import Flag
from fleet.row_kernels import MAD_TO_SIGMA, middle_cells
from fleet.runs import PASSED_OVER
from turbine.compiled import kernel

__all__ = [
    "PITCH_CELLS",
    "POWER_BINS",
    "ROTOR_CELLS",
    "SHARE_STEP",
    "Cells",
    "PointBins",
    "point_bins",
    "point_bits",
    "point_histogram",
    "usual_value",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

SHARE_STEP = 0.025  #: width of a bin of power [fraction of rated power]
_SHARE_LOW = 0.05  # what runs below starts, stops or idles [fraction of rated power]
POWER_BINS = 42  # up to 110 %
_AT_REST = 0.01  # a record beside one with no more power is a start or a stop [fraction of rated power]
_SUPPORT = 36  # records that a bin needs: 6 h


@dataclass(frozen=True)
class Cells:
    """Cells of a signal in the histogram; what lies beyond counts in the outermost one."""

    low: float
    step: float
    number: int


PITCH_CELLS = Cells(-15.0, 0.1, 600)  #: [deg]
ROTOR_CELLS = Cells(0.0, 0.05, 800)  #: [1/min]


@dataclass(frozen=True)
class PointBins:
    """Median and robust standard deviation of a signal per bin of power; NaN where a bin has too few records."""

    median: Floats
    sigma: Floats


def point_histogram(
    power: Floats, values: Floats, flags: Bits, bad: Flag, cells: Cells, *, rated_power_kw: float
) -> Ints:
    """Count running records in cells of power and the signal.

    Parameters
    ----------
    power, values : array, shape (n,)
        Power [kW] and the signal; records that miss either do not count.
    flags : array of uint32, shape (n,)
        Flags so far ...
    bad : Flag
        ... any of which keeps a record out, such as `USES["power_curve"]`.
    cells : Cells
        Of the signal.
    rated_power_kw : float
        Rated power [kW].

    Returns
    -------
    array of int64, shape (bins of power, cells.number)
        Counts; partitions merge by addition.
    """
    counts = np.zeros((POWER_BINS, cells.number), np.int64)
    _count(counts, power, values, flags, np.uint32(bad), rated_power_kw, cells.low, cells.step)
    return counts


def point_bins(histogram: Ints, cells: Cells) -> PointBins:
    """Return the median and the robust standard deviation (1.4826 x median absolute deviation) per bin of power.

    Parameters
    ----------
    histogram : array of int64
        Merged result of `point_histogram`.
    cells : Cells
        Of the signal.
    """
    median, deviation = np.empty((2, histogram.shape[0]), np.int64)
    middle_cells(histogram, _SUPPORT, median, deviation)
    known = median >= 0
    return PointBins(
        np.where(known, cells.low + (median + 0.5) * cells.step, np.nan),
        np.where(known, MAD_TO_SIGMA * cells.step * deviation, np.nan),
    )


def point_bits(
    power: Floats,
    values: Floats,
    flags: Bits,
    bad: Flag,
    bins: PointBins,
    flag: Flag,
    *,
    rated_power_kw: float,
    spread: float,
    floor: float,
    relative: bool,
) -> Bits:
    """Return `flag` where a running record lies further from its bin than `spread` sigmas and the floor.

    Bins that are wide by nature, such as pitch at rated power, have a large sigma of their own; medians and sigmas are
    interpolated in power. A record beside one at rest is a start or a stop, whose means belong to no operating point:
    it is not judged. A halo of one record is enough.

    Parameters
    ----------
    power, values : array, shape (n,)
        Power [kW] and the signal.
    flags : array of uint32, shape (n,)
        Flags so far ...
    bad : Flag
        ... any of which keeps a record from being judged, such as `USES["availability"]`.
    bins : PointBins
        The turbine's own.
    flag : Flag
        What to set.
    rated_power_kw : float
        Rated power [kW].
    spread : float
        Allowed distance [robust sigmas].
    floor : float
        Least allowed distance [unit of the signal, or fraction of the median].
    relative : bool
        Whether the floor is a fraction of the median.
    """
    bits = np.zeros(power.size, np.uint32)
    _mark(
        bits,
        np.uint32(flag),
        power,
        values,
        flags,
        np.uint32(PASSED_OVER),
        np.uint32(bad),
        rated_power_kw,
        bins.median,
        bins.sigma,
        spread,
        0.0 if relative else floor,
        floor if relative else 0.0,
    )
    return bits


@kernel
def usual_value(bins: Floats, share: float) -> float:
    """Return a bin's value interpolated in power [fraction of rated power], NaN where it is not known."""
    place = (share - _SHARE_LOW) / SHARE_STEP - 0.5
    if not (-0.5 <= place < POWER_BINS - 0.5):
        return np.nan
    i = min(max(int(place), 0), POWER_BINS - 2)
    part = min(max(place - i, 0.0), 1.0)
    if part == 0.0:
        return float(bins[i])
    if part == 1.0:
        return float(bins[i + 1])
    return float(bins[i] + part * (bins[i + 1] - bins[i]))


@kernel
def _count(
    counts: Ints, power: Floats, values: Floats, flags: Bits, bad: np.uint32, rated: float, low: float, step: float
) -> None:
    last = counts.shape[1] - 1
    for i in range(power.size):
        if flags[i] & bad or not np.isfinite(values[i]):
            continue
        row = (power[i] / rated - _SHARE_LOW) / SHARE_STEP
        if 0.0 <= row < POWER_BINS:
            column = (values[i] - low) / step
            counts[int(row), int(min(max(column, 0.0), last))] += 1


@kernel
def _mark(
    bits: Bits,
    bit: np.uint32,
    power: Floats,
    values: Floats,
    flags: Bits,
    skip: np.uint32,
    bad: np.uint32,
    rated: float,
    medians: Floats,
    sigmas: Floats,
    spread: float,
    floor: float,
    part: float,
) -> None:
    first, middle = -1, -1
    for last in range(power.size + 1):
        # One step more than there are records, so that the last one is judged too.
        if last < power.size and flags[last] & skip:
            continue
        a, b, c = first, middle, last
        first, middle = middle, last
        if b < 0 or flags[b] & bad:
            continue
        share = power[b] / rated
        median = usual_value(medians, share)
        allowed = max(spread * usual_value(sigmas, share), floor + part * abs(median))
        # A missing signal or bin compares false.
        if not abs(values[b] - median) > allowed:
            continue
        starts = a >= 0 and power[a] <= _AT_REST * rated
        stops = c < power.size and power[c] <= _AT_REST * rated
        if not (starts or stops):
            bits[b] |= bit
