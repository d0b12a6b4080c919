"""The sections of a comparison's page: two periods of one farm, or farms side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.compare import PeriodComparison, period_text
from fleet.curve_pair import MEASURED
from fleet.marks import marked_availability, marked_periods, why_marked
from fleet.report.blocks import Col, Figure, List, Section, Table, Text, draw, table
from fleet.report.farm_bars import farm_bars
from fleet.report.formats import names_of, percent
from fleet.report.section_reference import bin_columns, energy_columns, ratio_table
from fleet.schema import FLEET
from fleet.side_by_side import FarmComparison

__all__ = ["FARM_SECTIONS", "PERIOD_SECTIONS", "farm_sections", "period_sections"]

Block = Text | List | Table | Figure

PERIOD_SECTIONS = {
    "energy": "Energy",
    "availability": "Availability",
    "curves": "Power curves",
    "aep": "Annual energy production",
    "ranking": "Ranking",
    "losses": "Losses",
    "method": "Method",
}
FARM_SECTIONS = {
    "headline": "Headline figures",
    "specific": "Per rated power",
    "curves": "Power curves",
    "method": "Method",
}
_NOT_BOTH = "Not both periods have data for it."


def period_sections(comparison: PeriodComparison) -> list[Section]:
    """Return the sections of `PERIOD_SECTIONS`, drawn."""
    made = {
        "energy": tuple(_energy(comparison)),
        "availability": tuple(_availability(comparison)),
        "curves": tuple(_curves(comparison)),
        "aep": tuple(_aep(comparison)),
        "ranking": tuple(_ranking(comparison)),
        "losses": tuple(_losses(comparison)),
        "method": (List(items=comparison.notes),),
    }
    return [
        Section(
            id=name, title=title, blocks=made[name], absent="" if made[name] else comparison.absent.get(name, _NOT_BOTH)
        )
        for name, title in PERIOD_SECTIONS.items()
    ]


def _names(comparison: PeriodComparison) -> tuple[str, str]:
    return period_text(comparison.first), period_text(comparison.second)


def _pair(key: str, words: str, form: str, digits: int = 1, *, change: str = "") -> list[Col]:
    """Return the columns of a quantity in both periods and, where it is named, its change."""
    unit = " [%]" if form == "percent" else ""
    columns = [Col(f"{key}_{which}", f"{words}, {which}{unit}", form, digits) for which in ("first", "second")]
    return [*columns, Col(f"{key}_change", change, form, digits)] if change else columns


def _both(frame: pd.DataFrame, column: str) -> bool:
    return bool((frame[f"{column}_first"].notna() & frame[f"{column}_second"].notna()).any())


def _bars(frame: pd.DataFrame, names: pd.Series, column: str, scale: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {"name": names, "first": scale * frame[f"{column}_first"], "second": scale * frame[f"{column}_second"]}
    ).reset_index(drop=True)


def _energy(comparison: PeriodComparison) -> Iterator[Block]:
    from fleet import plots

    frame = comparison.energy
    if not _both(frame, "energy_mwh"):
        return
    yield Text(
        text="Energy as measured, in each period's own wind: a change of wind is in it, and the lengths of the "
        "periods. The capacity factor refers to the covered hours."
    )
    bars = _bars(frame, frame["turbine"], "capacity_factor", 100.0)
    drawn = plots.plot_changes(bars, _names(comparison), "capacity factor [%]")
    yield draw("capacity_factor", "Capacity factor in both periods.", drawn)
    columns = [
        Col("turbine", "turbine"),
        *_pair("energy_mwh", "energy [MWh]", "3", change="change [MWh]"),
        *_pair("capacity_factor", "capacity factor", "percent", 2, change="change [points]"),
        *_pair("coverage", "coverage", "percent", 2),
    ]
    yield table(frame, columns, "Energy")


def _availability(comparison: PeriodComparison) -> Iterator[Block]:
    from fleet import plots

    frame = comparison.availability
    if not _both(frame, "time_based"):
        return
    columns = [
        Col("turbine", "turbine"),
        *_pair("time_based", "time-based", "percent", 3, change="change [points]"),
        *_pair("production_based", "production-based", "percent", 3, change="change [points] "),
        *_pair("evidence", "evidence", "text"),
        *_pair("coverage", "coverage", "percent", 2),
        *_pair("unallocated_h", "unallocated [h]", "1"),
    ]
    yield Text(text="Operational view after IEC 61400-26-1. Periods with different evidence cannot be compared.")
    shown, note = marked_periods(frame, lambda value: percent(value, 3))
    yield table(shown, columns, "Availability", note=note, fold=True)
    shares = comparison.categories.assign(category=comparison.categories["category"].str.replace("_", " "))
    fleet = shares[shares["turbine"] == FLEET]
    down = fleet[~fleet["category"].isin(["full performance", "partial performance"])]
    if not down.empty:
        bars = _bars(down, down["category"], "share", 100.0)
        drawn = plots.plot_changes(bars, _names(comparison), "share of the time [%]")
        yield draw(
            "categories", "Share of the fleet's time by category; not drawn: full and partial performance.", drawn
        )
    columns = [
        Col("category", "category"),
        *_pair("hours", "hours", "1"),
        *_pair("share", "share", "percent", 3, change="change [points]"),
        *_pair("lost_mwh", "lost [MWh]", "1"),
    ]
    note = "Of every turbine: tables/categories.parquet."
    yield table(fleet, columns, "The fleet's time by category", note=note)


def _curves(comparison: PeriodComparison) -> Iterator[Block]:
    from fleet import plots

    if comparison.bins.empty:
        return
    yield Text(
        text="Bins that both periods have, read at their centres; second less first. Category B is the same sensors' "
        "in both periods and cancels, category A of both periods adds up: the uncertainty of the difference is much "
        "smaller than that of either curve."
    )
    drawn = plots.plot_differences(comparison.bins, "second \u2212 first", list(comparison.energy["turbine"]))
    yield draw(
        "curve_differences", "Second less first; shaded: twice the standard uncertainty of the difference.", drawn
    )
    note = "The bins of every turbine are in tables/bins.parquet."
    fleet = comparison.bins[comparison.bins["turbine"] == FLEET]
    yield table(fleet, bin_columns("first", "second"), "The fleet's bins", note=note)


def _aep(comparison: PeriodComparison) -> Iterator[Block]:
    from fleet import plots

    aep = comparison.aep
    here = aep[(aep["wind"] == MEASURED) & aep["ratio"].notna()]
    if here.empty:
        return
    order = [name for name in comparison.energy["turbine"] if name != FLEET]
    yield Text(
        text="Annual energy of both curves in the same wind, from their common bins, of which the last is held to "
        "cut-out. Measured wind: that of the second period's records in these bins."
    )
    drawn = plots.plot_ratios(here, "second / first, at the measured wind", order=order)
    yield draw("energy_ratios", "Energy at equal wind, second period over first.", drawn)
    yield table(here, energy_columns("first", "second"), "In the measured wind, scaled to a year")
    yield ratio_table(aep, order, "Second over first [%] \u00b1 standard uncertainty")


def _ranking(comparison: PeriodComparison) -> Iterator[Block]:
    if not _both(comparison.ranking, "rank"):
        return
    columns = [
        Col("turbine", "turbine"),
        *_pair("rank", "rank", "0", change="change"),
        *_pair("index", "index", "percent", 2, change="change [points]"),
    ]
    yield Text(
        text="Each period against its own fleet's curve: an index tells a turbine from its neighbours of the same "
        "period."
    )
    yield table(comparison.ranking.sort_values(["rank_second", "turbine"]), columns, "Ranks")


def _losses(comparison: PeriodComparison) -> Iterator[Block]:
    from fleet import plots

    frame = comparison.losses
    if not _both(frame, "share"):
        return
    fleet = frame[frame["turbine"] == FLEET]
    changed = fleet[~fleet["step"].isin(["potential", "measured"])]
    bars = _bars(changed, changed["step"], "share", 100.0)
    low = min(0.0, *(float(bars[which].min()) for which in ("first", "second") if bars[which].notna().any()))
    drawn = plots.plot_changes(bars, _names(comparison), "share of the potential [%]", low=1.1 * low)
    yield draw("losses", "Losses of the fleet as a share of the potential; a loss is negative.", drawn)
    columns = [
        Col("step", "step"),
        *_pair("energy_mwh", "[MWh]", "1", change="change [MWh]"),
        *_pair("share", "of the potential", "percent", 2, change="change [points]"),
    ]
    yield table(fleet, columns, "The fleet's losses", note="Of every turbine: tables/losses.parquet.")


def farm_sections(comparison: FarmComparison) -> list[Section]:
    """Return the sections of `FARM_SECTIONS`, drawn."""
    made = {
        "headline": tuple(_headline(comparison)),
        "specific": tuple(_specific(comparison)),
        "curves": tuple(_farm_curves(comparison)),
        "method": (List(items=comparison.notes),),
    }
    return [
        Section(
            id=name,
            title=title,
            blocks=made[name],
            absent="" if made[name] else " ".join(["No farm has data for it.", *_without(comparison, name)]),
        )
        for name, title in FARM_SECTIONS.items()
    ]


def _without(comparison: FarmComparison, section: str, opening: str = "Not of") -> tuple[str, ...]:
    """Return which farms a section lacks and why, those of one reason together."""
    farms: dict[str, list[str]] = {}
    for farm, reason in comparison.absent.get(section, {}).items():
        farms.setdefault(reason, []).append(farm)
    return tuple(f"{opening} {names_of(names)}: {reason}." for reason, names in farms.items())


def _headline(comparison: FarmComparison) -> Iterator[Block]:
    frame = comparison.headline
    yield from farm_bars(frame)
    columns = [
        Col("farm", "farm"),
        Col("turbines", "turbines", "count"),
        Col("rated_mw", "rated power [MW]", "1"),
        Col("start", "from", "stamp"),
        Col("end", "to", "stamp"),
        Col("energy_mwh", "energy [MWh]", "1"),
        Col("capacity_factor", "capacity factor [%]", "percent", 2),
        Col("availability_time", "availability, time-based [%]", "percent", 3),
        Col("availability_production", "production-based [%]", "percent", 3),
        Col("evidence", "evidence of the availability"),
        Col("coverage", "coverage [%]", "percent", 2),
        Col("unallocated_share", "unallocated time [%]", "percent", 2),
        Col("alarms", "alarms", "count"),
        Col("warnings", "warnings", "count"),
    ]
    shown, note = marked_availability(frame, lambda value: percent(value, 3)), " ".join(why_marked(frame))
    yield table(shown, columns, "Each farm over its own period", note=note)
    yield from _listed(_without(comparison, "headline", "No energy of"))


def _listed(items: tuple[str, ...]) -> Iterator[Block]:
    if items:
        yield List(items=items)


def _specific(comparison: FarmComparison) -> Iterator[Block]:
    frame = comparison.specific
    steps = [name for name in frame if name not in ("farm", "specific_energy", "aep", "u_aep")]
    if not frame.drop(columns="farm").notna().any(axis=None):
        return
    yield Text(
        text="Energies per MW of rated power and year of covered turbine time. AEP: the fleet's curve in a Rayleigh "
        f"wind of {HEADLINE_WIND_SPEED:g} m/s, extrapolated, per MW."
    )
    columns = [
        Col("farm", "farm"),
        Col("specific_energy", "energy [MWh/MW a]", "1"),
        *(Col(str(step), f"{step} [MWh/MW a]", "1") for step in steps),
        Col("aep", "AEP [MWh/MW]", "1"),
        Col("u_aep", "u of AEP [MWh/MW]", "1"),
    ]
    yield table(frame, columns, "Energy, losses and annual energy per rated power")
    yield from _listed(_without(comparison, "specific", "No energy of"))


def _farm_curves(comparison: FarmComparison) -> Iterator[Block]:
    from fleet import plots

    if comparison.curves.empty:
        return
    drawn = plots.plot_farm_curves(comparison.curves)
    yield draw("farm_curves", "The farms' measured curves over rated power, with their standard uncertainty.", drawn)
    yield from _listed(_without(comparison, "curves", "No curve of"))
    if comparison.differences.empty:
        return
    frame = comparison.differences.assign(
        **{name: 100.0 * comparison.differences[name] for name in ("first_pu", "second_pu", "difference_pu", "u_pu")}
    )
    columns = [
        Col("farm", "farm"),
        Col("wind_speed", "wind speed [m/s]", "2"),
        Col("first_pu", f"{comparison.farms[0]} [% of rated]", "1"),
        Col("second_pu", "this farm [% of rated]", "1"),
        Col("difference_pu", "difference [points]", "1"),
        Col("u_pu", "u of the difference [points]", "1"),
        Col("in_u", "in units of u", "1"),
    ]
    yield table(frame, columns, f"Differences from {comparison.farms[0]} in common bins")
