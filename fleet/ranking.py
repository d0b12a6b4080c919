"""Ranking of turbines against the fleet's curve, on records that all of them have in common.

Every turbine is compared with the same curve over the same time, so that a windy month that one of them missed does not
move its place. Each turbine still measures its wind with its own nacelle anemometer: a bias between anemometers looks
like a difference between turbines, and its uncertainty usually exceeds the differences that the ranking shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.power_curve import least_records, merge_sums, sums_mean, wind_uncertainty

if TYPE_CHECKING:
    from fleet.config import PowerCurveSettings

__all__ = ["NO_RANKING", "RANKING_COLUMNS", "extremes", "ranking_note", "ranking_table", "shown_ranking"]

Floats = npt.NDArray[np.float64]

NO_RANKING = "No ranking: "  #: begin of the note where there is none
RANKING_COLUMNS = ("turbine", "common_hours", "energy_mwh", "expected_mwh", "index", "u_index", "rank")


def ranking_table(
    sums: Mapping[str, pd.DataFrame], settings: PowerCurveSettings, period_s: float = 600.0
) -> pd.DataFrame:
    """Rank turbines by their energy over what the fleet's curve expects at their wind speeds.

    The fleet's curve is the merge of the given sums. A turbine's bins with less than `min_bin_minutes` are left
    out of its energy and expectation alike; `common_hours` says what is left.

    Parameters
    ----------
    sums : mapping of str to DataFrame
        By turbine, the merged `fleet.power_curve.curve_sums` over records whose time stamps are used for every turbine.
        Turbines should be of one type.
    settings : PowerCurveSettings
        Records per bin and category B terms of the anemometers.
    period_s : float
        Averaging period [s].

    Returns
    -------
    DataFrame
        Columns of `fleet.results.PowerCurves.ranking`, best first: `common_hours` of the turbine's common records in
        ranked bins, `energy_mwh` measured and `expected_mwh` by the fleet's curve in them, `index` their ratio,
        `u_index` its standard uncertainty, `rank` from 1. Without common records the index is NaN and the rank 0; so
        are all of them where fewer than two turbines have any: one turbine is its own reference.

    Notes
    -----
    Category A: the scatter within bins of the turbine and of the fleet's curve, records taken as independent. Category
    B: slope of the fleet's curve times `wind_uncertainty`, fully correlated between bins and not common to turbines.
    Power transducers are left out: they are an order of magnitude better.
    """
    fleet = merge_sums(sums.values())
    least = least_records(settings, period_s)
    fleet = fleet[fleet["n"] >= least]
    fleet_wind, fleet_power, fleet_std = sums_mean(fleet)
    fleet_error = fleet_std / np.sqrt(fleet["n"].to_numpy(np.float64))
    rows = []
    for turbine in sorted(sums):
        own = sums[turbine]
        own = own[(own["n"] >= least) & own.index.isin(fleet.index)]
        rows.append((turbine, *_compare(own, fleet_wind, fleet_power, fleet_error, settings, period_s / 3600.0)))
    table = pd.DataFrame(rows, columns=list(RANKING_COLUMNS[:-1])).astype({"turbine": "str"})
    if table["index"].notna().sum() < 2:
        table = table.assign(index=np.nan, u_index=np.nan)
    place = table["index"].rank(ascending=False, method="min")
    table["rank"] = place.fillna(0).astype("int64")
    unranked = (table["rank"] == 0).astype("int64")
    order = np.lexsort((np.arange(len(table)), table["rank"].to_numpy(), unranked.to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def _compare(
    own: pd.DataFrame, fleet_wind: Floats, fleet_power: Floats, fleet_error: Floats, settings: PowerCurveSettings,
    period_h: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Return hours, energy [MWh], expectation [MWh], their ratio and its standard uncertainty."""
    n = own["n"].to_numpy(np.float64)
    if n.sum() == 0 or fleet_wind.size < 2:
        return 0.0, 0.0, 0.0, float("nan"), float("nan")
    wind, power, std = sums_mean(own)
    expected_power = np.interp(wind, fleet_wind, fleet_power)
    energy, expected = float(n @ power) * period_h, float(n @ expected_power) * period_h
    hours = float(n.sum()) * period_h
    if expected <= 0.0:
        return hours, energy / 1000.0, expected / 1000.0, float("nan"), float("nan")
    scatter = np.nansum(n * std**2) + np.sum((n * np.interp(wind, fleet_wind, fleet_error)) ** 2)
    slope = np.abs(np.interp(wind, fleet_wind, np.gradient(fleet_power, fleet_wind)))
    bias = float(n @ (slope * wind_uncertainty(wind, settings)))
    uncertainty = float(np.hypot(np.sqrt(scatter), bias)) * period_h / expected
    return hours, energy / 1000.0, expected / 1000.0, energy / expected, uncertainty


def shown_ranking(table: pd.DataFrame) -> pd.DataFrame:
    """Return a ranking as people read it, best first: a turbine without an index has no rank, and stands last."""
    return table.assign(rank=table["rank"].astype("Int64").mask(table["rank"] == 0)).sort_values(
        ["rank", "turbine"], na_position="last", ignore_index=True
    )


def ranking_note(table: pd.DataFrame) -> str:
    """Return in one sentence whether the ranking means anything beside the anemometers' uncertainty."""
    pair = extremes(table)
    if pair is None:
        return f"{NO_RANKING}fewer than two turbines have records in common."
    _, _, spread, uncertainty = pair
    verdict = "within" if spread <= 2.0 * uncertainty else "beyond"
    return (
        f"The turbines' indices differ by {100 * spread:.1f} % at most, {verdict} twice the standard uncertainty of "
        f"that difference ({100 * uncertainty:.1f} %), in which the unknown bias between the nacelle anemometers "
        "dominates."
    )


def extremes(table: pd.DataFrame) -> tuple[str, str, float, float] | None:
    """Return the turbines of the lowest and the highest index, their difference and its standard uncertainty [1].

    The two turbines' own uncertainties are combined in quadrature: their anemometers have nothing to do with each
    other. None where fewer than two turbines have an index.
    """
    known = table[table["index"].notna()].set_index("turbine")
    if len(known) < 2:
        return None
    index, own = known["index"], known["u_index"]
    lowest, highest = str(index.idxmin()), str(index.idxmax())
    return lowest, highest, float(index[highest] - index[lowest]), float(np.hypot(own[lowest], own[highest]))
