"""Annual energy production of a measured power curve in Rayleigh winds, after IEC 61400-12-1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.schema import FLEET
from fleet.wording import listed
from turbine.energy import energy_weights

if TYPE_CHECKING:
    from fleet.config import PowerCurveSettings

__all__ = [
    "AEP_COLUMNS",
    "HEADLINE_WIND_SPEED",
    "HOURS_PER_YEAR",
    "LEAST_MEASURED",
    "MEAN_WIND_SPEEDS",
    "NO_AEP",
    "aep_note",
    "aep_table",
    "aep_weights",
    "missing_low_bins",
    "rayleigh_cdf",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOURS_PER_YEAR = 8760.0
HEADLINE_WIND_SPEED = 6.0  #: annual mean wind speed of the AEP in headline tables [m/s]
MEAN_WIND_SPEEDS: tuple[float, ...] = tuple(float(v) for v in range(4, 12))  #: annual means of the standard [m/s]
AEP_COLUMNS = ("turbine", "wind_speed_avg", "aep_measured_mwh", "aep_extrapolated_mwh", "u_aep_mwh", "incomplete")
NO_AEP = "No annual energy production where "  #: begin of the note of curves that give none
LEAST_MEASURED = 0.95  #: of the extrapolated AEP; with less the figure is incomplete


def rayleigh_cdf(wind_speed: npt.ArrayLike, wind_speed_avg: float) -> Floats:
    """Return F = 1 - exp(-pi/4 (V/V_ave)^2), the share of time below a wind speed V >= 0 [1].

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Wind speed V [m/s].
    wind_speed_avg : float
        Mean wind speed V_ave of the Rayleigh distribution [m/s].
    """
    ratio = np.asarray(wind_speed, np.float64) / wind_speed_avg
    return np.asarray(-np.expm1(-np.pi / 4.0 * ratio**2), np.float64)


def aep_weights(
    wind_speed: Floats, wind_speed_avg: float, *, start_step: float, hold_to: float | None, holes: Bools | None = None
) -> Floats:
    """Return each bin's weight in annual energy: AEP = 8760 h * sum(weight * power).

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Mean wind speed of the bins, ascending [m/s].
    wind_speed_avg : float
        Annual mean wind speed [m/s].
    start_step : float
        Power is zero this far below the first bin [m/s].
    hold_to : float or None
        The last bin's power is held up to this wind speed [m/s]; None: zero above the last bin.
    holes : array of bool, shape (n - 1,), or None
        Steps between neighbouring bins that were not measured: no energy there. None: all bridged linearly.

    Returns
    -------
    array of float64, shape (n,)
        Weights [1]; IEC 61400-12-1, trapezoids in F. The standard's formula is taken as written, also where the first
        bin lies below `start_step` and F is asked at a negative wind speed: with a bin around 0 m/s that adds the idle
        consumption for half a per cent of the time, some 1e-5 of the AEP.
    """
    cdf = partial(rayleigh_cdf, wind_speed_avg=wind_speed_avg)
    return energy_weights(wind_speed, cdf, start_step=start_step, hold_to=hold_to, holes=holes)


def aep_table(bins: pd.DataFrame, settings: PowerCurveSettings) -> pd.DataFrame:
    """Return the annual energy production for annual mean wind speeds from 4 to 11 m/s.

    Parameters
    ----------
    bins : DataFrame
        Result of `fleet.power_curve.bin_table`, of one turbine or of several below each other.
    settings : PowerCurveSettings
        Bin width and cut-out wind speed.

    Returns
    -------
    DataFrame
        Columns of `fleet.results.PowerCurves.aep`. Measured: zero power outside the measured bins and in holes of two
        bins or more. Extrapolated: the last bin held to cut-out, holes bridged linearly. `u_aep_mwh` is the standard
        uncertainty of the extrapolated AEP: category A independent between bins, category B fully correlated; the
        held part carries the last bin's. `incomplete`: the lowest usable bin lies above cut-in, or measured is below
        95 % of extrapolated. NaN without any usable bin, and where the lowest lies more than one bin above cut-in:
        the standard's range begins at cut-in - 1 m/s, and without low winds the sum is no annual energy.
    """
    rows: list[tuple[str, float, float, float, float, bool]] = []
    for turbine, own in bins.groupby("turbine", sort=False):
        usable = own[own["complete"] | own["interpolated"]]
        wind, power, u_a, u_b = (
            usable[name].to_numpy(np.float64) for name in ("wind_speed", "power_kw", "u_a_kw", "u_b_kw")
        )
        holes = np.diff(usable["bin"].to_numpy(np.int64)) > 1
        missing = missing_low_bins(usable, settings)
        for mean in MEAN_WIND_SPEEDS:
            if missing > 1:
                rows.append((str(turbine), mean, np.nan, np.nan, np.nan, True))
                continue
            inside = aep_weights(wind, mean, start_step=settings.bin_width, hold_to=None, holes=holes)
            whole = aep_weights(wind, mean, start_step=settings.bin_width, hold_to=settings.cut_out)
            scale = HOURS_PER_YEAR / 1000.0
            measured, extrapolated = scale * float(inside @ power), scale * float(whole @ power)
            uncertainty = scale * float(np.hypot(np.sqrt(np.sum((whole * u_a) ** 2)), whole @ u_b))
            incomplete = missing > 0 or measured < LEAST_MEASURED * extrapolated
            rows.append((str(turbine), mean, measured, extrapolated, uncertainty, incomplete))
    table = pd.DataFrame(rows, columns=list(AEP_COLUMNS))
    return table.astype({"turbine": "str", "incomplete": "bool"})


def missing_low_bins(usable: pd.DataFrame, settings: PowerCurveSettings) -> float:
    """Return how many bins the lowest usable one lies above the bin of the cut-in wind speed; infinity without any."""
    if usable.empty:
        return float("inf")
    at_cut_in = np.ceil(settings.cut_in / settings.bin_width - 1e-9)  # the first bin centred at cut-in or above
    return max(0.0, float(usable["bin"].min() - at_cut_in))


def aep_note(bins: pd.DataFrame, aep: pd.DataFrame, settings: PowerCurveSettings) -> str:
    """Return in one sentence which curves give no annual energy production, and why; "" where all do.

    Parameters
    ----------
    bins : DataFrame
        As for `aep_table`.
    aep : DataFrame
        Result of `aep_table`.
    settings : PowerCurveSettings
        Cut-in wind speed.
    """
    missing = aep["aep_extrapolated_mwh"].isna() & (aep["turbine"] != FLEET)
    without: list[str] = []
    for turbine in aep.loc[missing, "turbine"].unique():
        usable = bins[(bins["turbine"] == turbine) & (bins["complete"] | bins["interpolated"])]
        begin = "no complete bin" if usable.empty else f"from {usable['wind_speed'].iloc[0]:.1f} m/s"
        without.append(f"{turbine} {begin}")
    if not without:
        return ""
    return f"{NO_AEP}the measured power curve does not begin at cut-in, {settings.cut_in:g} m/s ({listed(without)})."
