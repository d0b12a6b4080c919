"""What two periods of one farm have apart: frozen tables from the results of both, by the same method.

The sensors are the same: category B of the power curves is fully correlated and cancels in differences, but for what a
different slope makes of the same error. Category A is independent. Several farms: `fleet.side_by_side`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fleet.curve_pair import AEP_COLUMNS, BIN_COLUMNS, pair_of, usable_bins
from fleet.marks import too_high, with_notes
from fleet.results import Finding, FleetResults
from fleet.schema import FLEET

__all__ = ["CATEGORY_B_CANCELS", "PeriodComparison", "compare_period_results", "period_text"]

#: Parts of the results that a section stands on, the nearest reason first.
_STANDS_ON = {
    "energy": ("energy",),
    "availability": ("availability",),
    "curves": ("curves",),
    "aep": ("aep", "curves"),
    "ranking": ("ranking", "curves"),
    "losses": ("losses", "energy"),
}
_WORDS = ("evidence", "availability_note")  # columns of text

CATEGORY_B_CANCELS = (
    "The same sensors measured both periods: category B of the power curves (anemometer, transfer to the free wind, "
    "power transducer) is taken as fully correlated and cancels in differences, but for what a changed slope makes of "
    "it. Category A, the scatter of the records, is taken as independent. Not covered: a sensor that was exchanged, "
    "set anew or drifted between the periods, and another turbulence, icing or season, which easily move a curve by a "
    "per cent."
)


@dataclass(frozen=True, kw_only=True)
class PeriodComparison:
    """Two periods of one farm; `second` less `first` everywhere. Turbine "fleet" stands for all of them."""

    farm: str
    first: tuple[pd.Timestamp, pd.Timestamp]  #: begin and end as analysed, UTC
    second: tuple[pd.Timestamp, pd.Timestamp]
    #: turbine, energy_mwh_first, energy_mwh_second, energy_mwh_change, capacity_factor_first, capacity_factor_second,
    #: capacity_factor_change, coverage_first, coverage_second
    energy: pd.DataFrame
    #: turbine, evidence_first, evidence_second, time_based_first, time_based_second, time_based_change,
    #: production_based_first, ..., availability_note_first, availability_note_second, coverage_first, coverage_second,
    #: unallocated_h_first, unallocated_h_second: operational view
    availability: pd.DataFrame
    #: turbine, category, hours_first, hours_second, share_first, share_second, share_change (of the time in all
    #: categories [1]), lost_mwh_first, lost_mwh_second
    categories: pd.DataFrame
    #: turbine, bin, wind_speed (the bin's centre), first_kw, second_kw, difference_kw, u_kw, in_u
    bins: pd.DataFrame
    #: turbine, wind, wind_speed_avg, aep_first_mwh, aep_second_mwh, change_mwh, u_change_mwh, ratio, u_ratio,
    #: incomplete: of the common bins; wind "measured" is the second period's
    aep: pd.DataFrame
    #: turbine, index_first, index_second, index_change, rank_first, rank_second, rank_change (negative: better)
    ranking: pd.DataFrame
    #: turbine, step, energy_mwh_first, energy_mwh_second, energy_mwh_change, share_first, share_second, share_change
    #: (of the potential [1])
    losses: pd.DataFrame
    absent: dict[str, str] = field(default_factory=dict)  #: section -> why a period has no data for it, as a sentence
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def period_text(period: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    """Return a period as "2014-01-01 to 2014-07-01", with hours where it does not begin and end at midnight."""
    whole = all(moment == moment.normalize() for moment in period)
    return " to ".join(moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M") for moment in period)


def compare_period_results(first: FleetResults, second: FleetResults) -> PeriodComparison:
    """Compare two periods of one farm.

    Parameters
    ----------
    first, second : FleetResults
        From `fleet.analysis.analyse` of the same dataset with the same settings.
    """
    names = [*dict.fromkeys(turbine.name for results in (first, second) for turbine in results.farm.turbines), FLEET]
    bins, aep = _curves(first, second, names)
    return PeriodComparison(
        farm=first.farm.name,
        first=(first.start, first.end),
        second=(second.start, second.end),
        energy=_side_by_side(
            [results.energy.totals if results.energy else None for results in (first, second)],
            names,
            changing=("energy_mwh", "capacity_factor"),
            beside=("coverage",),
        ),
        availability=_side_by_side(
            [_operational(results) for results in (first, second)],
            names,
            changing=("time_based", "production_based"),
            beside=("evidence", "availability_note", "coverage", "unallocated_h"),
        ),
        categories=_categories(first, second, names),
        bins=bins,
        aep=aep,
        ranking=_ranking(first, second, names),
        losses=_losses(first, second, names),
        absent=_absent(first, second),
        notes=_period_notes(first, second),
    )


def _absent(first: FleetResults, second: FleetResults) -> dict[str, str]:
    found = {}
    for section, parts in _STANDS_ON.items():
        reasons = [results.why_absent(*parts) for results in (first, second)]
        if reasons[0] == reasons[1]:
            words = [f"Neither period has data for it: {reasons[0]}."] if reasons[0] else []
        else:
            words = [f"{which} period: {why}." for which, why in zip(("First", "Second"), reasons, strict=True) if why]
        if words:
            found[section] = " ".join(words)
    return found


def _operational(results: FleetResults) -> pd.DataFrame | None:
    if results.availability is None:
        return None
    return with_notes(results.availability.table.query("view == 'operational'"), too_high(results))


def _side_by_side(
    tables: Sequence[pd.DataFrame | None], names: list[str], *, changing: Sequence[str], beside: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a row per turbine with both tables' columns and the change of some; NaN where a table lacks a turbine."""
    one = [
        pd.DataFrame() if table is None else table.drop_duplicates("turbine").set_index("turbine") for table in tables
    ]
    made: dict[str, pd.Series] = {}
    for column in (*changing, *beside):
        for which, table in zip(("first", "second"), one, strict=True):
            own = (table[column] if column in table else pd.Series(dtype="float64")).reindex(names)
            made[f"{column}_{which}"] = own.fillna("").astype("str") if column in _WORDS else own.astype("float64")
        if column in changing:
            made[f"{column}_change"] = made[f"{column}_second"] - made[f"{column}_first"]
    return pd.DataFrame(made).rename_axis("turbine").reset_index().astype({"turbine": "str"})


def _ranking(first: FleetResults, second: FleetResults, names: list[str]) -> pd.DataFrame:
    ranked = [
        None if results.curves is None else results.curves.ranking[results.curves.ranking["rank"] > 0]
        for results in (first, second)
    ]
    table = _side_by_side(ranked, names, changing=("index", "rank"))
    return table[table["index_first"].notna() | table["index_second"].notna()].reset_index(drop=True)


def _categories(first: FleetResults, second: FleetResults, names: list[str]) -> pd.DataFrame:
    sums = []
    for results in (first, second):
        nothing = pd.DataFrame({"turbine": [], "category": [], "hours": [], "lost_mwh": []})
        table = results.availability.categories if results.availability else nothing
        one = table[table["turbine"] != FLEET]
        every = pd.concat([one, one.assign(turbine=FLEET)])
        keys = ["turbine", "category"]
        own = every.groupby(keys, sort=False)[["hours"]].sum()
        own["lost_mwh"] = every.groupby(keys, sort=False)["lost_mwh"].sum(min_count=1)
        own["share"] = own["hours"] / own.groupby(level="turbine")["hours"].transform("sum").where(
            lambda total: total > 0
        )
        sums.append(own)
    wide = sums[0].merge(sums[1], how="outer", left_index=True, right_index=True, suffixes=("_first", "_second"))
    for column in ("hours", "share"):  # a category that a period lacks took no time there
        for which, own in zip(("first", "second"), sums, strict=True):
            known = wide.index.get_level_values("turbine").isin(own.index.get_level_values("turbine"))
            wide[f"{column}_{which}"] = wide[f"{column}_{which}"].mask(wide[f"{column}_{which}"].isna() & known, 0.0)
    wide["share_change"] = wide["share_second"] - wide["share_first"]
    wide = wide[(wide["hours_first"].fillna(0.0) > 0.0) | (wide["hours_second"].fillna(0.0) > 0.0)].reset_index()
    place = {name: i for i, name in enumerate(names)}
    order = np.lexsort((wide["category"].astype(str), wide["turbine"].map(place).fillna(len(place))))
    columns = ["turbine", "category", *(f"{n}_{w}" for n in ("hours", "share") for w in ("first", "second"))]
    return wide.iloc[order].reset_index(drop=True)[[*columns, "share_change", "lost_mwh_first", "lost_mwh_second"]]


def _curves(first: FleetResults, second: FleetResults, names: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = ["turbine", *BIN_COLUMNS], ["turbine", *AEP_COLUMNS]
    if first.curves is None or second.curves is None:
        return pd.DataFrame(columns=columns[0]), pd.DataFrame(columns=columns[1])
    settings = first.farm.power_curve
    bins, aep = [], []
    for name in names:
        one, other = (usable_bins(curves.bins, name) for curves in (first.curves, second.curves))
        pair = pair_of(one, other, settings.bin_width, correlated=True)
        bins.append(pair.table().assign(turbine=name))
        aep.append(pair.energies(settings).assign(turbine=name))
    return pd.concat(bins, ignore_index=True)[columns[0]], pd.concat(aep, ignore_index=True)[columns[1]]


def _losses(first: FleetResults, second: FleetResults, names: list[str]) -> pd.DataFrame:
    both = []
    for results in (first, second):
        if results.energy is None:
            both.append(pd.DataFrame({"turbine": [], "step": [], "energy_mwh": [], "share": []}))
            continue
        table = results.energy.losses
        potential = table[table["step"] == "potential"].set_index("turbine")["energy_mwh"]
        whole = table["turbine"].map(potential)
        both.append(table.assign(share=table["energy_mwh"] / whole.where(whole > 0)))
    keys = ["turbine", "step"]
    wide = both[0].merge(both[1], on=keys, how="outer", suffixes=("_first", "_second"), sort=False)
    for column in ("energy_mwh", "share"):
        wide[f"{column}_change"] = wide[f"{column}_second"] - wide[f"{column}_first"]
    steps = {step: i for i, step in enumerate(dict.fromkeys([*both[0]["step"], *both[1]["step"]]))}
    place = {name: i for i, name in enumerate(names)}
    order = np.lexsort((wide["step"].map(steps), wide["turbine"].map(place)))
    columns = [f"{column}_{which}" for column in ("energy_mwh", "share") for which in ("first", "second", "change")]
    return wide.iloc[order].reset_index(drop=True)[[*keys, *columns]]


def _period_notes(first: FleetResults, second: FleetResults) -> tuple[str, ...]:
    notes = [CATEGORY_B_CANCELS]
    if first.start < second.end and second.start < first.end:
        notes.append(
            "The periods overlap: records that both hold are not independent, and the uncertainty of category A is "
            "given too large."
        )
    months = [_months(results) for results in (first, second)]
    if months[0] != months[1]:
        notes.append(
            "The periods do not cover the same months of the year: turbulence, icing and air density change the "
            "measured curve with the season, apart from the turbine."
        )
    sources = [_density_sources(results) for results in (first, second)]
    if sources[0] != sources[1]:
        notes.append(f"Most air densities come from: {sources[0] or 'nowhere'}; then {sources[1] or 'nowhere'}.")
    return tuple(notes)


def _density_sources(results: FleetResults) -> str:
    """Return where most records' air density comes from; the shares of the other sources differ in any two periods."""
    if results.curves is None:
        return ""
    every = results.curves.completeness["density_source"].astype(str)
    return ", ".join(sorted({source.split(";")[0].split(" (")[0] for source in every}))


def _months(results: FleetResults) -> set[int]:
    last = results.end - pd.Timedelta(microseconds=1)
    periods = pd.period_range(f"{results.start:%Y-%m}", f"{last:%Y-%m}", freq="M")
    return set(periods.month.tolist())
