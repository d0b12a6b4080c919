"""What a turbine's power is expected to be at a wind speed, tabulated for rules that ask for every record.

One record holds the expected curve and the quantiles of the reference data on the same even grid of wind speeds, so
that a compiled rule needs one division and two reads per record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.expected import POWER_LOW, POWER_STEP, WIND_STEP, ExpectedCurve
from turbine.compiled import kernel

__all__ = ["ExpectedGrid", "expected_grid", "on_grid"]

Floats = npt.NDArray[np.float64]

_SUPPORT = 36  # records of a wind cell that a quantile rests on: 6 h, as IEA Wind Task 19 recommends


@dataclass(frozen=True)
class ExpectedGrid:
    """Expected power and its quantiles at the wind speeds 0, step, 2 step, ..."""

    step: float  #: [m/s]
    expected_kw: Floats  #: NaN where it is not known
    low_kw: Floats  #: lower quantile of running records; NaN where a wind bin has too few
    high_kw: Floats  #: upper quantile
    #: temperature of the air that the curve belongs to [degC]; NaN: not known, no correction
    temperature_degc: float = float("nan")


def expected_grid(
    curve: ExpectedCurve | None,
    histogram: npt.NDArray[np.int64],
    *,
    rated_power_kw: float,
    quantile: float = 0.1,
    cut_in: float = 4.0,
    temperature_degc: float = float("nan"),
) -> ExpectedGrid:
    """Return the tabulated reference of one turbine.

    Parameters
    ----------
    curve : ExpectedCurve or None
        Expected power; None: not known at any wind speed.
    histogram : array of int64
        Merged result of `fleet.expected.power_histogram`.
    rated_power_kw : float
        Rated power [kW].
    quantile : float
        Of the lower quantile; the upper one is one less it.
    cut_in : float
        Above it records at or below zero power are stops and do not count [m/s].
    temperature_degc : float
        Mean temperature of the records that the curve is made of [degC].
    """
    if curve is None:
        unknown = np.full(2, np.nan)
        return ExpectedGrid(1.0, unknown, unknown, unknown, temperature_degc)
    edges = (POWER_LOW + POWER_STEP * np.arange(histogram.shape[1] + 1)) * rated_power_kw
    centres = (np.arange(histogram.shape[0]) + 0.5) * WIND_STEP
    counts = histogram.copy()
    counts[np.ix_(centres >= cut_in, edges[1:] <= 1e-9 * rated_power_kw)] = 0
    records = counts.sum(axis=1)
    cells = np.flatnonzero(records >= _SUPPORT)
    bounds = np.full((2, curve.wind_speed.size), np.nan)
    if cells.size > 1:
        share = np.zeros((cells.size, edges.size))
        share[:, 1:] = np.cumsum(counts[cells], axis=1) / records[cells, None]
        for row, at in enumerate((quantile, 1.0 - quantile)):
            values = _crossings(share, edges, at)
            bounds[row] = np.interp(curve.wind_speed, centres[cells], values, left=np.nan, right=np.nan)
    step = float(curve.wind_speed[1] - curve.wind_speed[0])
    return ExpectedGrid(step, curve.expected_kw, bounds[0], bounds[1], temperature_degc)


def _crossings(share: Floats, edges: Floats, at: float) -> Floats:
    """Return where cumulative shares, one per row, cross a share below one: the last edge at which they can."""
    rows, cell = np.arange(len(share)), np.count_nonzero(share <= at, axis=1) - 1
    below, above = share[rows, cell], share[rows, cell + 1]
    return np.asarray(edges[cell] + (at - below) / (above - below) * (edges[cell + 1] - edges[cell]), np.float64)


@kernel
def on_grid(table: Floats, step: float, at: float) -> float:
    """Return a tabulated value by linear interpolation, NaN outside of the table or where `at` is missing."""
    place = at / step
    last = table.size - 1
    if not (place >= 0.0 and place <= last):
        return np.nan
    i = min(int(place), last - 1)
    part = place - i
    return float(table[i] + part * (table[i + 1] - table[i]))
