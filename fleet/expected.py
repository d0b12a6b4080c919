"""Expected power: a smooth monotone curve from robust bins, and records whose power does not fit their wind.

Partitions are reduced to one two-dimensional histogram of integer counts (wind x power); medians and spreads are taken
from the merged histogram, interpolated within its cells. So they do not depend on how the records were split, and a
turbine's whole history fits in a few hundred kilobytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.row_kernels import MAD_TO_SIGMA, count_cells, look_up, mark_beside_curve, middles_of_rows

if TYPE_CHECKING:
    from fleet.config import QualitySettings

__all__ = [
    "POWER_CELLS",
    "POWER_LOW",
    "POWER_STEP",
    "WIND_STEP",
    "ExpectedCurve",
    "expected_curve",
    "inconsistent",
    "known_range",
    "power_histogram",
    "robust_bins",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WIND_STEP = 0.25  #: width of a cell [m/s]; cell j spans [j, j + 1) of it
POWER_STEP = 0.005  #: height of a cell [fraction of rated power]
_WIND_CELLS = 160  # up to 40 m/s, the wind range of the schema
POWER_LOW, POWER_CELLS = -0.25, 350  # -25 % to 150 % of rated power; what lies beyond counts in the outermost cell

_SUPPORT = 6  # records that a wind cell needs for a median of its own: one hour of 10 min records
_RUNNING = 0.06  # expected power above which no power is a stop [fraction of rated power]; at about cut-in + 1 m/s
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0])  # of neighbouring cells' spreads, times their records
_GRID = 0.05  # step of the tabulated curve [m/s]
_AT_RATED = 0.95  # level from which the curve is flat: what lies above the last cell is known [fraction of rated power]
_MOST = 1.05  # expected power at most [fraction of rated power]


def power_histogram(
    wind_speed: npt.ArrayLike, power_kw: npt.ArrayLike, used: npt.ArrayLike, *, rated_power_kw: float
) -> Ints:
    """Count records in cells of wind speed and power.

    Parameters
    ----------
    wind_speed, power_kw : array, shape (n,)
        Wind speed [m/s] and power [kW].
    used : array of bool, shape (n,)
        Records that count: valid wind and power, stopped and derated ones included.
    rated_power_kw : float
        Rated power [kW].

    Returns
    -------
    array of int64, shape (wind cells, power cells)
        Counts; partitions and turbines merge by addition.

    Raises
    ------
    ValueError
        If a used record has no finite wind speed or power.
    """
    keep = np.asarray(used, np.bool_)
    wind = np.asarray(wind_speed, np.float64)[keep]
    share = np.asarray(power_kw, np.float64)[keep] / rated_power_kw
    bad = ~(np.isfinite(wind) & np.isfinite(share))
    if bad.any():
        raise ValueError(f"used records without a finite wind speed or power: {int(bad.sum())}, expected none")
    counts = np.zeros((_WIND_CELLS, POWER_CELLS), np.int64)
    # Cells hold their upper edge, so that the zero that many exports give for a stop counts as "at or below zero".
    count_cells(wind, share, WIND_STEP, POWER_LOW, POWER_STEP, counts)
    return counts


def robust_bins(histogram: Ints, *, rated_power_kw: float, cut_in: float = 4.0, spread: float = 6.0) -> pd.DataFrame:
    """Return the median power and its robust spread per wind cell, a monotone level and the mean of what fits.

    Parameters
    ----------
    histogram : array of int64
        Merged result of `power_histogram`.
    rated_power_kw : float
        Rated power [kW].
    cut_in : float
        Cut-in wind speed: above it records at or below zero power are stops and do not count towards the median, so
        that a turbine that stood still most of the time at some wind speed keeps its curve [m/s].
    spread : float
        Distance from the level within which records count towards the mean [robust sigmas].

    Returns
    -------
    DataFrame
        One row per supported wind cell: `bin` (cell number), `wind_speed` (centre) [m/s], `n` (records counted),
        `median_kw`, `sigma_kw` (1.4826 x median absolute deviation, smoothed over neighbouring cells), `level_kw`
        (medians made monotone: cells that fall are pooled and take the median of their records together) and `mean_kw`
        (of the records near the level), in [kW]. The mean is what energy adds up to; medians are some 0.4 % low where
        bins are skewed.
    """
    edges: Floats = ((POWER_LOW + POWER_STEP * np.arange(POWER_CELLS + 1)) * rated_power_kw).astype(np.float64)
    centres = (np.arange(_WIND_CELLS) + 0.5) * WIND_STEP
    counts = histogram.copy()
    stopped = edges[1:] <= 1e-9 * rated_power_kw
    counts[np.ix_(centres >= cut_in, stopped)] = 0
    records = counts.sum(axis=1)
    rows = np.flatnonzero(records >= _SUPPORT)
    median, sigma = np.empty(rows.size), np.empty(rows.size)
    middles_of_rows(counts[rows], edges, median, sigma)
    sigma *= MAD_TO_SIGMA
    sigma = _smoothed(sigma, records[rows])
    level = _rising_medians(counts[rows], edges, median)
    middle = (edges[:-1] + edges[1:]) / 2.0
    near = np.abs(middle - level[:, None]) <= (spread * sigma + POWER_STEP * rated_power_kw)[:, None]
    inside = np.where(near, counts[rows], 0)
    number = inside.sum(axis=1)
    mean = np.where(number > 0, (inside * middle).sum(axis=1) / np.maximum(number, 1), level)
    return pd.DataFrame(
        {
            "bin": rows.astype(np.int64),
            "wind_speed": centres[rows],
            "n": records[rows],
            "median_kw": median,
            "sigma_kw": sigma,
            "level_kw": level,
            "mean_kw": mean,
        }
    )


def _rising_medians(counts: Ints, edges: Floats, median: Floats) -> Floats:
    """Return medians that never fall, by pooling neighbours that do (pool adjacent violators, in the L1 norm).

    The median of the pooled records keeps a level at which most of them lie: some hours held below rated power in a
    storm do not pull rated power down, as a mean of the medians would.
    """
    blocks: list[tuple[Ints, float, int]] = []
    for row, middle in zip(counts, median.tolist(), strict=True):
        pooled, level, cells = row, middle, 1
        while blocks and blocks[-1][1] > level:
            before, _, more = blocks.pop()
            pooled, cells = before + pooled, cells + more
            found = np.empty((2, 1))
            middles_of_rows(pooled[None], edges, found[0], found[1])
            level = float(found[0, 0])
        blocks.append((pooled, level, cells))
    return np.repeat([level for _, level, _ in blocks], [cells for _, _, cells in blocks]).astype(np.float64)


def _smoothed(sigma: Floats, records: Ints) -> Floats:
    """Average spreads over neighbouring cells by records: a cell of a few records does not know its own."""
    if sigma.size == 0:
        return sigma
    weights = records.astype(np.float64)
    return np.asarray(_convolved(sigma * weights) / _convolved(weights), np.float64)


def _convolved(values: Floats) -> Floats:
    reach = _SMOOTHING.size // 2
    return np.asarray(np.convolve(values, _SMOOTHING, mode="full")[reach : reach + values.size], np.float64)


def _isotonic(values: Floats, weights: npt.NDArray[np.int64]) -> Floats:
    if values.size == 0:
        return values
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(values, weights=weights.astype(np.float64)).x, np.float64)


def known_range(robust: pd.DataFrame, *, rated_power_kw: float, cut_in: float = 4.0) -> tuple[float, float]:
    """Return the wind speeds between which the robust bins say what power to expect [m/s].

    Below the first supported cell nothing is known unless that cell begins at cut-in or below: then it is zero in the
    calm, 0 m/s is returned and the way there is short. Above the last supported cell nothing is known unless the
    level has come to 95 % of rated power, from where it is flat: then infinity is returned.

    Parameters
    ----------
    robust : DataFrame
        Result of `robust_bins`, one row at least.
    rated_power_kw : float
        Rated power [kW].
    cut_in : float
        Cut-in wind speed [m/s].
    """
    low = float(robust["wind_speed"].iloc[0]) - WIND_STEP / 2.0
    high = float(robust["wind_speed"].iloc[-1]) + WIND_STEP / 2.0
    flat = float(robust["level_kw"].iloc[-1]) >= _AT_RATED * rated_power_kw
    return low if low > cut_in + 1e-9 else 0.0, float("inf") if flat else high


def inconsistent(
    wind_speed: npt.ArrayLike,
    power_kw: npt.ArrayLike,
    robust: pd.DataFrame,
    settings: QualitySettings,
    *,
    rated_power_kw: float,
    cut_in: float = 4.0,
) -> Bools:
    """Flag records whose power does not fit their wind speed.

    A record is flagged where its power is further from the expected level than `inconsistent_spread` robust sigmas and
    than `inconsistent_floor` of rated power; level and sigma are interpolated in wind speed, so that the steep part of
    the curve does not flag by the width of a cell. Power at or below zero is flagged as soon as the level passes 6 % of
    rated power: the turbine stands still in wind that it normally runs in. Below that a normal start or stop is kept.

    Outside `known_range` a record that runs cannot be judged. Above it the last level is a lower bound: only what lies
    below is flagged. Below it only a turbine that stands more than 1 m/s above cut-in is.

    Parameters
    ----------
    wind_speed, power_kw : array, shape (n,)
        Wind speed [m/s] and power [kW].
    robust : DataFrame
        Result of `robust_bins`; without any row nothing can be judged and nothing is flagged.
    settings : QualitySettings
        `inconsistent_spread` and `inconsistent_floor`.
    rated_power_kw : float
        Rated power [kW].
    cut_in : float
        Cut-in wind speed [m/s].

    Returns
    -------
    array of bool, shape (n,)
        True where flagged; False where wind or power is missing.
    """
    wind: Floats = np.ascontiguousarray(wind_speed, np.float64)
    power: Floats = np.ascontiguousarray(power_kw, np.float64)
    odd = np.zeros(wind.shape, np.bool_)
    if len(robust) == 0:
        return odd
    centres = robust["wind_speed"].to_numpy(np.float64)
    # On every cell's centre from the first supported cell to the last, so that a lookup needs no search.
    grid = centres[0] + WIND_STEP * np.arange(round((centres[-1] - centres[0]) / WIND_STEP) + 1)
    level, sigma = (np.interp(grid, centres, robust[name].to_numpy(np.float64)) for name in ("level_kw", "sigma_kw"))
    low, high = known_range(robust, rated_power_kw=rated_power_kw, cut_in=cut_in)
    mark_beside_curve(
        wind, power, level, sigma, grid[0], WIND_STEP, settings.inconsistent_spread,
        settings.inconsistent_floor * rated_power_kw, _RUNNING * rated_power_kw, low, high, cut_in, odd,
    )  # fmt: skip
    return odd


@dataclass(frozen=True)
class ExpectedCurve:
    """Smooth monotone curve of expected power, tabulated from 0 to cut-out."""

    wind_speed: Floats  #: ascending [m/s]
    expected_kw: Floats  #: [kW]; NaN outside `known_range`

    def power_kw(self, wind_speed: npt.ArrayLike) -> Floats:
        """Return the expected power at wind speeds.

        Parameters
        ----------
        wind_speed : array
            Wind speed [m/s].

        Returns
        -------
        array of float64
            Expected power [kW]: zero above cut-out, NaN where it is not known or the wind is missing.
        """
        wind = np.asarray(wind_speed, np.float64)
        found = np.empty(wind.size)
        look_up(np.ascontiguousarray(wind).ravel(), self.wind_speed, self.expected_kw, 0.0, found)
        return found.reshape(wind.shape)


def expected_curve(
    robust: pd.DataFrame, *, rated_power_kw: float, cut_in: float = 4.0, cut_out: float = 25.0
) -> ExpectedCurve:
    """Return the smooth monotone curve of expected power through the robust bins.

    The bins' means are made monotone (isotonic regression weighted by records) and joined by monotone cubic
    interpolation (PCHIP). Where the bins reach cut-in, power rises from zero in the calm; where they reach rated power,
    the last level is held to cut-out. Otherwise the curve ends at the edge of the outermost bin: no power is expected
    at wind speeds that were not measured.

    Parameters
    ----------
    robust : DataFrame
        Result of `robust_bins`.
    rated_power_kw : float
        Rated power; the curve stays below 1.05 times this [kW].
    cut_in, cut_out : float
        Cut-in and cut-out wind speed [m/s].

    Raises
    ------
    InputError
        If no wind cell has enough records.
    """
    from scipy.interpolate import PchipInterpolator

    from fleet.errors import InputError

    if len(robust) == 0:
        raise InputError(
            f"no wind speed has the {_SUPPORT} valid records that expected power needs; "
            "give a longer period, or leave the expected power out"
        )
    wind = robust["wind_speed"].to_numpy(np.float64)
    level = _isotonic(robust["mean_kw"].to_numpy(np.float64), robust["n"].to_numpy(np.int64))
    level = np.clip(level, 0.0, _MOST * rated_power_kw)
    low, high = known_range(robust, rated_power_kw=rated_power_kw, cut_in=cut_in)
    slope = np.diff(level) / np.diff(wind) if wind.size > 1 else np.zeros(1)
    step = WIND_STEP / 2.0  # from the outermost bins' centres to their edges, along the slope beside them
    first = 0.0 if low == 0.0 else level[0] - step * slope[0]
    last = level[-1] if np.isinf(high) else level[-1] + step * slope[-1]
    knots = np.concatenate([[low], wind, [max(cut_out, wind[-1]) + 1.0 if np.isinf(high) else high]])
    values = np.clip(np.concatenate([[first], level, [last]]), 0.0, _MOST * rated_power_kw)
    grid = np.linspace(0.0, cut_out, int(np.ceil(cut_out / _GRID)) + 1)
    inside = np.clip(grid, knots[0], knots[-1])
    smooth = np.maximum.accumulate(np.clip(PchipInterpolator(knots, values)(inside), 0.0, values[-1]))
    smooth[(grid < low - 1e-9) | (grid > high + 1e-9)] = np.nan
    return ExpectedCurve(grid, np.asarray(smooth, np.float64))
