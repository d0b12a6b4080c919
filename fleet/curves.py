"""Power curves of all turbines and the fleet from the merged sums of the second pass."""

from __future__ import annotations

import pandas as pd

from fleet.aep import NO_AEP, aep_note, aep_table
from fleet.config import Farm
from fleet.density import density_summary
from fleet.passes import SCATTER_STEPS
from fleet.pipeline import Merged
from fleet.power_curve import bin_table, completeness_table, fleet_turbine, merge_sums
from fleet.ranking import NO_RANKING, ranking_note, ranking_table
from fleet.results import PowerCurves

__all__ = ["lacking", "power_curves"]

_NACELLE = (
    "Method of bins after IEC 61400-12-1 on nacelle wind speed: without a nacelle transfer function this is no "
    "certified power performance test, and curves of turbines with different anemometers are not strictly comparable."
)
_RANKED = (
    "Ranking: records of moments when every turbine of the farm runs; records whose power does not fit the wind are "
    "left out for the turbine concerned."
)


def power_curves(merged: Merged, farm: Farm) -> PowerCurves:
    """Return curves, completeness, AEP, expected power and ranking."""
    settings, period_s, summary = farm.power_curve, float(farm.averaging_period_s), merged.summary
    sums, common, densities = (_by_turbine(summary[name], farm) for name in ("curve", "common", "density"))
    whole = fleet_turbine(farm.turbines)
    everyone = [*((turbine, sums[turbine.name]) for turbine in farm.turbines), (whole, merge_sums(sums.values()))]
    fleet_density = summary["density"].groupby(level="source", sort=True).sum()
    bins, completeness = [], []
    for turbine, own in everyone:
        table = bin_table(own, turbine, settings, period_s)
        density, source = density_summary(densities.get(turbine.name, fleet_density))
        bins.append(table)
        completeness.append(completeness_table(table, turbine, settings, density=density, density_source=source))
    stacked = pd.concat(bins, ignore_index=True)
    aep, ranking = aep_table(stacked, settings), ranking_table(common, settings, period_s)
    notes = (_NACELLE, aep_note(stacked, aep, settings), _RANKED, ranking_note(ranking))
    return PowerCurves(
        bins=stacked,
        aep=aep,
        completeness=pd.concat(completeness, ignore_index=True),
        expected=_expected(merged),
        ranking=ranking,
        scatter=_scatter(summary["scatter"]),
        scatter_steps=SCATTER_STEPS,
        notes=tuple(filter(None, notes)),
    )


def lacking(curves: PowerCurves) -> dict[str, str]:
    """Return why sections of the report that stand on the curves have no figure at all, by their id."""
    reasons = {}
    for section, figures, opening in (
        ("aep", curves.aep["aep_extrapolated_mwh"], NO_AEP),
        ("ranking", curves.ranking["index"], NO_RANKING),
    ):
        said = [note for note in curves.notes if note.startswith(opening)]
        if said and not figures.notna().any():
            reasons[section] = said[0].removeprefix(opening).rstrip(".")
    return reasons


def _by_turbine(table: pd.DataFrame, farm: Farm) -> dict[str, pd.DataFrame]:
    """Return each turbine's rows, without the turbine in their index."""
    found = {str(name): own.droplevel("turbine") for name, own in table.groupby(level="turbine", sort=False)}
    nothing = table.iloc[:0].droplevel("turbine")
    return {turbine.name: found.get(turbine.name, nothing) for turbine in farm.turbines}


def _expected(merged: Merged) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"turbine": name, "wind_speed": curve.wind_speed, "power_kw": curve.expected_kw})
        for name, curve in sorted(merged.curves.items())
        if curve is not None
    ]
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame({"turbine": [], "wind_speed": [], "power_kw": []})
    )


def _scatter(cells: pd.DataFrame) -> pd.DataFrame:
    place, (step_v, step_p) = cells.index, SCATTER_STEPS
    return pd.DataFrame(
        {
            "turbine": place.get_level_values("turbine"),
            "wind_speed": place.get_level_values("v").to_numpy() * step_v,
            "power_kw": place.get_level_values("p").to_numpy() * step_p,
            "used": cells["used"].to_numpy(),
            "rejected": cells["rejected"].to_numpy(),
        }
    )
