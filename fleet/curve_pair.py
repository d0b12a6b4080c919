"""Two power curves at the same wind speeds: their difference, and what it makes of the energy, with uncertainty.

Category A (scatter of the records) is independent between the curves and between bins. Category B (sensors, method) is
fully correlated between the bins of a curve. Between the curves it is fully correlated where the same sensors measured
both: it then cancels in the difference, but for what a different slope makes of the same error of the wind speed. Where
the sensors are different ones it is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.aep import HOURS_PER_YEAR, LEAST_MEASURED, MEAN_WIND_SPEEDS, aep_weights, missing_low_bins

if TYPE_CHECKING:
    from fleet.config import PowerCurveSettings

__all__ = ["AEP_COLUMNS", "BIN_COLUMNS", "MEASURED", "RAYLEIGH", "CurvePair", "pair_of", "usable_bins"]

Floats = npt.NDArray[np.float64]

MEASURED, RAYLEIGH = "measured", "Rayleigh"  #: distributions of the wind speed that energy is given for
BIN_COLUMNS = ("bin", "wind_speed", "first_kw", "second_kw", "difference_kw", "u_kw", "in_u")
AEP_COLUMNS = (
    "wind", "wind_speed_avg", "aep_first_mwh", "aep_second_mwh", "change_mwh", "u_change_mwh", "ratio", "u_ratio",
    "incomplete",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class CurvePair:
    """Two curves in common bins.

    Parameters
    ----------
    bins : array of int, shape (n,)
        Numbers of the common bins, ascending.
    wind_speed : array, shape (n,)
        Where both curves are given [m/s].
    records : array of int, shape (n,)
        Records of the second curve in each bin: the measured distribution of the wind speed.
    first, second : array, shape (n,)
        Power [kW, or a fraction of rated power].
    u_a : two arrays, shape (n,)
        Category A standard uncertainty of either curve, in the unit of power.
    u_b : two arrays, shape (n,)
        Category B.
    correlated : bool
        Whether category B is the same deviation in both curves: the same sensors.
    """

    bins: npt.NDArray[np.int64]
    wind_speed: Floats
    records: npt.NDArray[np.int64]
    first: Floats
    second: Floats
    u_a: tuple[Floats, Floats]
    u_b: tuple[Floats, Floats]
    correlated: bool

    @property
    def difference(self) -> Floats:
        """Second less first, shape (n,)."""
        return self.second - self.first

    @property
    def u_difference(self) -> Floats:
        """Standard uncertainty of the difference, shape (n,)."""
        scatter = self.u_a[0] ** 2 + self.u_a[1] ** 2
        return np.asarray(np.sqrt(scatter + sum(part**2 for part in self._systematic(1.0))), np.float64)

    def table(self) -> pd.DataFrame:
        """Return `BIN_COLUMNS`: both curves, their difference, its standard uncertainty, and the one over the other."""
        spread = self.u_difference
        columns = (self.bins, self.wind_speed, self.first, self.second, self.difference, spread)
        table = pd.DataFrame(dict(zip(BIN_COLUMNS[:-1], columns, strict=True)))
        return table.assign(in_u=self.difference / np.where(spread > 0.0, spread, np.nan))

    def energy(self, weights: Floats) -> tuple[float, float, float, float, float, float]:
        """Return what both curves make of a wind.

        Parameters
        ----------
        weights : array, shape (n,)
            Weight of each bin: the unit of the energies is its unit times that of power.

        Returns
        -------
        tuple of float
            First, second, second less first, its standard uncertainty, second over first [1], its standard uncertainty;
            the ratio is NaN where the first yields nothing.
        """
        first, second = float(weights @ self.first), float(weights @ self.second)
        change = float(weights @ self.difference)
        if first <= 0.0:
            return first, second, change, self._uncertainty(weights, 1.0), float("nan"), float("nan")
        ratio = second / first
        # d(second / first) = (d second - ratio d first) / first
        return first, second, change, self._uncertainty(weights, 1.0), ratio, self._uncertainty(weights, ratio) / first

    def energies(self, settings: PowerCurveSettings) -> pd.DataFrame:
        """Return `AEP_COLUMNS`: a year of 8760 h in the measured distribution of the wind and in Rayleigh's.

        In Rayleigh winds the last common bin of both curves is held to cut-out and holes are bridged; `incomplete` and
        NaN as in `fleet.aep.aep_table`, of the common bins. The measured distribution is that of the second curve's
        records in the common bins, which need not be those of a whole year.
        """
        rows: list[tuple[Any, ...]] = []
        kwh = HOURS_PER_YEAR / 1000.0
        if total := int(self.records.sum()):
            share = self.records / total
            rows.append((MEASURED, float(share @ self.wind_speed), *self.energy(kwh * share), False))
        missing = missing_low_bins(pd.DataFrame({"bin": self.bins}), settings)
        step, holes = settings.bin_width, np.diff(self.bins) > 1
        for mean in MEAN_WIND_SPEEDS:
            if missing > 1:
                rows.append((RAYLEIGH, mean, *[float("nan")] * 6, True))
                continue
            inside = aep_weights(self.wind_speed, mean, start_step=step, hold_to=None, holes=holes)
            whole = aep_weights(self.wind_speed, mean, start_step=step, hold_to=settings.cut_out)
            short = float(inside @ self.second) < LEAST_MEASURED * float(whole @ self.second)
            rows.append((RAYLEIGH, mean, *self.energy(kwh * whole), missing > 0 or short))
        return pd.DataFrame(rows, columns=list(AEP_COLUMNS)).astype({"wind": "str", "incomplete": "bool"})

    def _uncertainty(self, weights: Floats, ratio: float) -> float:
        """Return the standard uncertainty of the sum of weights times (second - ratio first)."""
        scatter = np.sum((weights * self.u_a[1]) ** 2) + np.sum((weights * ratio * self.u_a[0]) ** 2)
        return float(np.sqrt(scatter + sum((weights @ part) ** 2 for part in self._systematic(ratio))))

    def _systematic(self, ratio: float) -> Sequence[Floats]:
        """Return the deviations that are independent of each other, each fully correlated between bins."""
        first, second = self.u_b
        return (second - ratio * first,) if self.correlated else (ratio * first, second)


def usable_bins(bins: pd.DataFrame, turbine: str) -> pd.DataFrame:
    """Return a turbine's complete and interpolated bins, by bin."""
    own = bins[(bins["turbine"] == turbine) & (bins["complete"] | bins["interpolated"])]
    return own.sort_values("bin", ignore_index=True)


def pair_of(first: pd.DataFrame, second: pd.DataFrame, bin_width: float, *, correlated: bool) -> CurvePair:
    """Return two measured curves of the same bins as a pair, at the centres of the bins that both have.

    The mean wind speeds of a bin differ between the curves, by a part of the bin; along a steep curve that alone would
    look like a difference in power. Each curve is therefore read at the bin's centre, linearly between its neighbouring
    bins (beyond its ends along its last two); the uncertainty is the bin's own.

    Parameters
    ----------
    first, second : DataFrame
        Results of `usable_bins`: columns of `fleet.power_curve.bin_table` of one turbine.
    bin_width : float
        Width of the bins of both [m/s].
    correlated : bool
        Whether the same sensors measured both.
    """
    both = np.intersect1d(first["bin"].to_numpy(np.int64), second["bin"].to_numpy(np.int64))
    kept = [curve[curve["bin"].isin(both)] for curve in (first, second)]
    centre = both * bin_width
    power = [_read_at(curve, centre) for curve in (first, second)]
    u_a, u_b = (tuple(part[name].to_numpy(np.float64) for part in kept) for name in ("u_a_kw", "u_b_kw"))
    return CurvePair(
        bins=both,
        wind_speed=centre,
        records=kept[1]["n"].to_numpy(np.int64),
        first=power[0],
        second=power[1],
        u_a=(u_a[0], u_a[1]),
        u_b=(u_b[0], u_b[1]),
        correlated=correlated,
    )


def _read_at(curve: pd.DataFrame, wind_speed: Floats) -> Floats:
    """Return a curve's power at wind speeds, along the first and last step beyond its ends."""
    wind, power = curve["wind_speed"].to_numpy(np.float64), curve["power_kw"].to_numpy(np.float64)
    if wind.size < 2:
        return np.full(wind_speed.size, power[0] if wind.size else np.nan)
    step = np.clip(np.searchsorted(wind, wind_speed, side="right") - 1, 0, wind.size - 2)
    slope = np.diff(power) / np.diff(wind)
    return np.asarray(power[step] + slope[step] * (wind_speed - wind[step]), np.float64)
