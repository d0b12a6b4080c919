"""Sections on availability, stops and reliability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from fleet.categories import IEC_CODES, Category
from fleet.marks import MARK, marked_turbines, too_high
from fleet.report.blocks import Col, Figure, List, Table, Text, draw, table
from fleet.report.formats import names_of, number, percent, sentence, text
from fleet.report.headline import in_order, turbine_order
from fleet.results import Alarms, Availability, FleetResults
from fleet.schema import FLEET

__all__ = ["ALARMS_SHOWN", "STOPS_SHOWN", "alarms", "availability", "reliability", "stops"]

Block = Text | List | Table | Figure
STOPS_SHOWN = 50
ALARMS_SHOWN = 30
_VIEWS = (
    ("operational", "Operational view: a stopped turbine is unavailable, whatever the cause"),
    ("technical", "Technical view (indicative): the manufacturer's share"),
    ("contractual", "Contractual view: by the map of farm.toml"),
)
_COLUMNS = [
    Col("turbine", "turbine"),
    Col("time_based", "time-based [%]", "percent", 3),
    Col("production_based", "production-based [%]", "percent", 3),
    Col("evidence", "evidence"),
    Col("coverage", "coverage [%]", "percent", 2),
    Col("unallocated_h", "unallocated [h]", "1"),
    Col("available_h", "available [h]", "1"),
    Col("unavailable_h", "unavailable [h]", "1"),
    Col("excluded_h", "excluded [h]", "1"),
    Col("produced_mwh", "produced [MWh]", "1"),
    Col("lost_mwh", "lost [MWh]", "1"),
    Col("u_potential_mwh", "u of potential [MWh]", "1"),
    Col("potential_source", "potential from"),
]


def availability(results: FleetResults, part: Availability) -> Iterator[Block]:
    """Availability by view and by category over time."""
    if part.table.empty and part.categories.empty:
        return
    yield Text(
        text="Availability after IEC 61400-26-1. Time-based: 1 \u2212 unavailable / (available + unavailable) hours. "
        "Production-based: 1 \u2212 lost / (produced + lost) energy. Excluded hours are in neither sum. Unallocated "
        "hours, stopped or in service, are those whose category nothing says. They stand beside each figure, with the "
        "share of the period that the data cover."
    )
    order, why = turbine_order(results), too_high(results)
    for view, caption in _VIEWS:
        rows = in_order(part.table[part.table["view"] == view], order)
        if rows.empty:
            yield Text(text=f"{caption}: not determined.")
        elif rows[["time_based", "production_based"]].isna().all(axis=None):
            yield from _not_determinable(rows, caption)
        else:
            shown, note = _marked(rows, why)
            yield table(shown, _COLUMNS, caption, note=note, fold=True)
            yield from _notes(_parts(rows))
    yield from _operator(part, order, why)
    if not part.categories.empty:
        whole = (results.end - results.start) / pd.Timedelta(hours=1) * len(results.farm.turbines)
        yield from _categories(part.categories, whole)
    if part.notes:
        yield List(items=part.notes)


def _operator(part: Availability, order: Sequence[str], why: Mapping[str, str]) -> Iterator[Block]:
    """The operator's own figure beside ours."""
    if part.operator is None or part.operator.empty:
        return
    columns = [
        Col("turbine", "turbine"),
        Col("figure", "the operator's figure"),
        Col("operator_time_based", "the operator's [%]", "percent", 3),
        Col("time_based", "ours, operational view [%]", "percent", 3),
        Col("difference", "theirs \u2212 ours [percentage points]", "percent", 3),
        Col("coverage", "coverage of theirs [%]", "percent", 2),
    ]
    note = (
        "Theirs as given, over the intervals that it is given for; which time counts as unavailable is the operator's "
        "choice. By month: tables/availability_operator_monthly.parquet."
    )
    shown, marks = _marked(in_order(part.operator, order), why)
    note = " ".join([*filter(None, [marks]), note])
    yield table(shown, columns, "The operator's own availability beside ours", note=note, fold=True)


def _marked(rows: pd.DataFrame, why: Mapping[str, str]) -> tuple[pd.DataFrame, str]:
    """Return rows with a mark at availabilities that are too high, and what the mark means."""
    shown, note = marked_turbines(rows, why, lambda value: percent(value, 3))
    return shown, f"{MARK} {sentence(note)}" if note else ""


def _parts(rows: pd.DataFrame) -> dict[str, str]:
    """Return each part of the rows' notes once, and the names that it holds for; "" where that is every turbine.

    The fleet's note repeats its turbines': only what is its own is named.
    """
    every = [str(turbine) for turbine in rows["turbine"] if turbine != FLEET]
    holders: dict[str, list[str]] = {}
    for turbine, note in zip(rows["turbine"], rows["note"], strict=True):
        for part in dict.fromkeys(filter(None, text(note).split("; "))):
            holders.setdefault(part, []).append(str(turbine))
    named = {part: [name for name in names if name != FLEET] for part, names in holders.items()}
    return {part: "" if names == every else names_of(names or [FLEET]) for part, names in named.items()}


def _not_determinable(rows: pd.DataFrame, caption: str) -> Iterator[Block]:
    """Say why no row has a figure."""
    parts = _parts(rows)
    if any(parts.values()):
        yield Text(text=sentence(f"{caption}: not determinable"))
        yield from _notes(parts)
        return
    reasons = "; ".join(parts) or "no reason given"
    words = reasons if reasons.startswith("not determinable") else f"not determinable: {reasons}"
    yield Text(text=sentence(f"{caption}: {words}"))


def _notes(parts: dict[str, str]) -> Iterator[Block]:
    """Write what holds for the figures below their table, which has no room for it."""
    if parts:
        yield List(items=tuple(f"{names}: {part}." if names else sentence(part) for part, names in parts.items()))


def _categories(categories: pd.DataFrame, whole: float) -> Iterator[Block]:
    """Hours by category; `whole`: those of all turbines in the period [h]."""
    from fleet import plots
    from fleet.plots.stops import PRODUCING

    single = categories[categories["turbine"] != FLEET]
    producing = single[single["category"].isin([category.value for category in PRODUCING])]["hours"].sum()
    words = f"Hours by category and month. Not drawn: {number(float(producing), 1)} h of full and partial performance."
    yield draw("availability_categories", words, plots.plot_categories(categories))
    sums = single.groupby("category", as_index=False)[["hours", "lost_mwh"]].sum(min_count=1)
    rank = {category.value: place for place, category in enumerate(Category)}
    codes = {category.value: code for category, code in IEC_CODES.items()}
    sums = sums.assign(
        place=sums["category"].map(rank).fillna(len(rank)),
        code=sums["category"].map(codes).fillna("none"),
        share=sums["hours"] / sums["hours"].sum() if sums["hours"].sum() else np.nan,
        name=sums["category"].str.replace("_", " "),
    ).sort_values(["place", "category"])
    columns = [
        Col("name", "category"),
        Col("code", "IEC code"),
        Col("hours", "hours, all turbines [h]", "3"),
        Col("share", "share [%]", "percent", 2),
        Col("lost_mwh", "lost [MWh]", "1"),
    ]
    note = ""
    if sums.loc[sums["category"] == Category.PARTIAL_PERFORMANCE.value, "lost_mwh"].notna().any():
        note = (
            "Lost in partial performance: in the time that has this category. Losses adds all other time that runs "
            "well below the curve, and says how much."
        )
    lacking = whole - float(sums["hours"].sum())
    if lacking >= 0.05:
        note += f" {number(lacking, 1)} h of {number(whole, 1)} h are in no category: no record, log or timer tells it."
    yield table(sums, columns, "Hours by category, all turbines", note=note.strip())


def stops(results: FleetResults, part: Availability) -> Iterator[Block]:
    """The stops in time and the largest ones as a list."""
    found = part.stops
    if found.empty:
        if (part.table["evidence"] != "none").any():
            yield Text(text="No stop was found.")
        return
    from fleet import plots

    drawn = plots.plot_stops(found, order=turbine_order(results), period=(results.start, results.end))
    yield draw("stops", "Stops in time. Short ones are drawn wider than they are, so that they can be seen.", drawn)
    by_energy = bool(found["lost_mwh"].notna().any())
    key, by = ("lost_mwh", "lost energy") if by_energy else ("hours", "duration")
    longest = found.sort_values(
        [key, "hours", "turbine", "start"], ascending=[False, False, True, True], na_position="last", kind="stable"
    ).head(STOPS_SHOWN)
    shown = longest.assign(category=longest["category"].str.replace("_", " "))
    columns = [
        Col("turbine", "turbine"),
        Col("start", "start, UTC", "stamp"),
        Col("end", "end, UTC", "stamp"),
        Col("hours", "hours [h]", "2"),
        Col("lost_mwh", "lost [MWh]", "2"),
        Col("category", "category"),
        Col("code", "code"),
        Col("message", "message"),
        Col("open_end", "open end", "yes"),
    ]
    rest = len(found) - len(longest)
    caption = f"The {len(longest)} largest stops by {by}" if rest else f"All {len(found)} stops by {by}"
    note = f"{number(rest)} further stops are not shown. " if rest else ""
    note += "The whole list: tables/availability_stops.parquet. Open end: the log does not hold the stop's end."
    yield table(shown, columns, caption, note=note)


def alarms(results: FleetResults, part: Alarms) -> Iterator[Block]:
    """The codes that make up most of the time, or most of the events, by status."""
    if part.fleet.empty:
        yield Text(text="The logs hold no event in the analysed period.")
        return
    from fleet import plots

    yield Text(
        text="Events of the status and alarm logs by code, as logged: a code's hours count overlapping events once per "
        "turbine and end with the analysed period. Codes overlap each other, so hours of different codes do not add up "
        "to downtime. Shares are those of the status: an hour of a warning is no hour of a stop."
    )
    ranked = part.fleet[part.fleet["ranked_by"] != ""]
    if not ranked.empty:
        words = "Codes by hours, or by events where most ends are not logged, and the cumulative share of the status."
        yield draw("alarms", words, plots.plot_alarms(part.fleet))
    columns = [
        Col("status", "status"),
        Col("code", "code"),
        Col("message", "message"),
        Col("hours", "hours [h]", "2"),
        Col("events", "events", "count"),
        Col("open", "of these without end", "count"),
        Col("turbines", "turbines", "count"),
        Col("share", "share [%]", "percent"),
        Col("cumulative", "cumulative [%]", "percent"),
    ]
    shown = part.fleet.groupby("status", sort=False).head(ALARMS_SHOWN)
    rest = len(part.fleet) - len(shown)
    note = f"{number(rest)} further codes are not shown. " if rest else ""
    note += "All codes: tables/alarms_fleet.parquet; by turbine: tables/alarms_by_turbine.parquet."
    yield table(shown, columns, "Events by code, all turbines", note=note)
    if part.notes:
        yield List(items=part.notes)


def reliability(results: FleetResults, part: Availability) -> Iterator[Block]:
    """Failures, MTBF and MTTR."""
    if part.reliability.empty:
        return
    rows = in_order(part.reliability, turbine_order(results))
    if rows["failures"].isna().all():
        parts = _parts(rows)
        reasons = "; ".join(f"{names}: {reason}" if names else reason for reason, names in parts.items())
        words = reasons if reasons.startswith("not determinable") else f"not determinable: {reasons}"
        yield Text(text=sentence(f"failures, MTBF and MTTR: {words}"))
        return
    yield Text(
        text="MTBF: operating hours over failures. MTTR: repair hours over failures. A failure is an uninterrupted "
        "time of forced outage (IANOFO), after merging overlapping events. Stops of every other category are none: "
        "scheduled maintenance, planned corrective action, requested shutdown, technical standby (self-tests, "
        "lubrication, untwisting of cables), out of specification, suspended, force majeure. Without failures both are "
        "not determinable."
    )
    if (without := _stops_without_category(part)) > 0:
        yield Text(
            text=f"{number(without, 1)} h of stops have no category (unallocated): failures among them are not counted."
        )
    if rows["brief_stops"].gt(0).any():
        yield Text(
            text="The timer of stops by the turbine itself counts errors and tasks of the controller's own. Where the "
            "alarm at a record's end has a text that names a task, that timer's time is technical standby; time that "
            "no stop timer explains stays without a category, whatever the alarm. Brief stops: no longer than a record "
            "and without any alarm. Nothing says what they were; they are not among the failures."
        )
    if rows["mtbf_h"].isna().all():
        reasons = "; ".join(_parts(rows)) or "no turbine has both failures and operating hours"
        yield Text(text=sentence(f"MTBF not determinable: {reasons}"))
    columns = [
        Col("turbine", "turbine"),
        Col("failures", "failures", "count"),
        Col("operating_h", "operating [h]", "1"),
        Col("repair_h", "repair [h]", "2"),
        Col("mtbf_h", "MTBF [h]", "1"),
        Col("mttr_h", "MTTR [h]", "2"),
        Col("brief_stops", "brief stops without alarm", "count"),
        Col("note", "note"),
    ]
    if not rows["brief_stops"].gt(0).any():
        columns = [column for column in columns if column.key != "brief_stops"]
    yield table(rows, columns, "Failures and repairs", fold=True)


def _stops_without_category(part: Availability) -> float:
    """Return the hours that turbines with known failures stood without a category [h]."""
    known = set(part.reliability.loc[part.reliability["failures"].notna(), "turbine"]) - {FLEET}
    stops = part.stops
    without = stops["turbine"].isin(known) & (stops["category"] == Category.UNALLOCATED.value)
    return float(stops.loc[without, "hours"].sum())
