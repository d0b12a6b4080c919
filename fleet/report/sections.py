"""The page's sections in order, each filled from the results or with the reason why it is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.marks import MARK, last_note, marked, marked_availability
from fleet.report import sections_data as data
from fleet.report import sections_operation as operation
from fleet.report import sections_sensors as instruments
from fleet.report import sections_yield as production
from fleet.report.blocks import Col, Figure, List, Section, Table, Text, draw, table
from fleet.report.formats import number, percent, sentence
from fleet.report.headline import headline, turbine_order
from fleet.report.section_reference import against_reference
from fleet.results import FleetResults
from fleet.schema import FLEET

__all__ = ["SECTIONS", "reason_absent", "section", "section_id", "sections"]

Block = Text | List | Table | Figure

#: id, title, part of the results (or "" for all of them), function that yields the blocks
_PARTS: tuple[tuple[str, str, str, Callable[..., Iterable[Block]]], ...] = (
    ("headline", "Headline figures", "", lambda results: _headline(results)),
    ("map", "Map", "", lambda results: _map(results)),
    ("energy", "Energy", "energy", production.energy),
    ("months", "Energy and availability by month", "", lambda results: _months(results)),
    ("power_curves", "Power curves", "curves", production.power_curves),
    ("aep", "Annual energy production", "curves", production.aep),
    ("reference", "Against the reference curve", "reference", against_reference),
    ("ranking", "Ranking", "curves", production.ranking),
    ("availability", "Availability", "availability", operation.availability),
    ("stops", "Stops", "availability", operation.stops),
    ("alarms", "Top alarms", "alarms", operation.alarms),
    ("reliability", "Reliability", "availability", operation.reliability),
    ("wind", "Wind", "wind", production.wind),
    ("losses", "Losses", "energy", production.losses),
    ("reconciliation", "Reconciliation with the meter", "energy", production.reconciliation),
    ("publisher", "Publisher's figures", "energy", production.publisher),
    ("sensors", "Sensors", "sensors", instruments.sensors),
    ("quality", "Quality accounting", "quality", data.quality),
    ("clock", "Clock check", "clock", data.clock),
    ("coverage", "Coverage calendar", "quality", data.coverage),
    ("sources", "Sources", "", data.sources),
    ("method", "Method and settings", "", data.method),
)
#: Ids that a finding or a reason can point to, with their titles.
SECTIONS: dict[str, str] = {"attention": "What needs attention", **{name: title for name, title, _, _ in _PARTS}}
_ALIASES = {
    "curves": "power_curves",
    "power_curve": "power_curves",
    "categories": "availability",
    "settings": "method",
    "meter": "reconciliation",
    "monthly": "months",
    "findings": "attention",
}


def section_id(name: str) -> str:
    """Return the id of the section that a name points to, or an empty string."""
    name = name.replace("-", "_")
    name = _ALIASES.get(name, name)
    return name if name in SECTIONS else ""


def reason_absent(results: FleetResults, section: str, part: str = "") -> str:
    """Return why a section has no data: the section's own reason, else that of its part of the results."""
    for key, reason in results.absent.items():
        if section_id(key) == section:
            return sentence(reason)
    if part in results.absent:
        return sentence(results.absent[part])
    if section == "reference" and not results.farm.power_curve.reference:
        return "No reference curve is set; [power_curve] reference in farm.toml names one."
    if section in ("reconciliation", "publisher") and results.energy is not None:
        metered = section == "publisher" and results.energy.compared
        return "The plant meter's file holds no losses." if metered else "There is no plant meter in this folder."
    return "The data at hand hold nothing for it."


def sections(results: FleetResults) -> list[Section]:
    """Return every section of the page after the findings, drawn and ready to be escaped."""
    return [section(results, name) for name, *_ in _PARTS]


def section(results: FleetResults, name: str) -> Section:
    """Return one section of the page, drawn.

    Parameters
    ----------
    results : FleetResults
        What the page shows.
    name : str
        Its id, see `SECTIONS`.
    """
    title, part, fill = {known: (title, part, fill) for known, title, part, fill in _PARTS}[name]
    record: Any = getattr(results, part) if part else results
    blocks: tuple[Block, ...] = ()
    if record is not None:
        blocks = tuple(fill(results, record) if part else fill(results))
    return Section(id=name, title=title, blocks=blocks, absent="" if blocks else reason_absent(results, name, part))


def _headline(results: FleetResults) -> Iterator[Block]:
    frame = headline(results)
    columns = [
        Col("turbine", "turbine"),
        Col("energy_mwh", "energy [MWh]", "3"),
        Col("capacity_factor", "capacity factor [%]", "percent", 2),
        Col("availability_time", "availability, time-based [%]", "percent", 3),
        Col("availability_production", "availability, production-based [%]", "percent", 3),
        Col("evidence", "evidence of the availability"),
        Col("coverage", "coverage [%]", "percent", 2),
        Col("unallocated_h", "unallocated [h]", "1"),
        Col("aep_mwh", f"AEP at {HEADLINE_WIND_SPEED:g} m/s [MWh]", "1"),
        Col("index", "index [%]", "percent", 2),
        Col("rows_in", "rows in", "count"),
        Col("rows_not_selected", "rows not selected", "count"),
        Col("rows_rejected", "rows rejected", "count"),
    ]
    if not frame["rows_not_selected"].gt(0).any():
        columns = [column for column in columns if column.key != "rows_not_selected"]
    known = [column for column in columns if column.key == "turbine" or frame[column.key].notna().any()]
    lacking = {
        "Energy and capacity factor": ("energy_mwh", "energy", "energy"),
        "Availability": ("availability_time", "availability", "availability"),
        "Production-based availability": ("availability_production", "availability", "energy"),
        "AEP": ("aep_mwh", "aep", "curves"),
        "Index": ("index", "ranking", "curves"),
        "Rows": ("rows_in", "quality", "quality"),
    }
    reasons = [
        f"{what}: n/d. {reason_absent(results, section, part)}"
        for what, (key, section, part) in lacking.items()
        if frame[key].isna().all()
    ]
    meanings = {
        "availability_time": "Availability: operational view.",
        "coverage": "Coverage: share of the period that the figures rest on.",
        "unallocated_h": "Unallocated: hours, stopped or in service, whose category nothing says.",
        "aep_mwh": "AEP: extrapolated, Rayleigh distribution.",
        "index": "Index: energy against the fleet's curve on common periods; the fleet is the reference and has none.",
        "rows_not_selected": "Not selected: outside the period or the turbines asked for.",
        "rows_rejected": "Rows rejected: for the use energy.",
    }
    note = " ".join(words for key, words in meanings.items() if key in {column.key for column in known})
    if why := last_note(frame["availability_note"]):
        note = f"{MARK} {sentence(why)} {note}"
    shown = marked_availability(frame, lambda value: percent(value, 3))
    if frame["aep_incomplete"].any():
        note = f"AEP with {MARK}: incomplete, see {SECTIONS['aep']}. {note}"
        shown["aep_mwh"] = marked(frame["aep_mwh"], frame["aep_incomplete"], lambda value: number(value, 1))
    yield table(shown, known, "Over the whole period", note=note, fold=True)
    if reasons:
        yield List(items=tuple(reasons))


def _months(results: FleetResults) -> Iterator[Block]:
    """Heat maps of energy and operational availability, one row per turbine."""
    from fleet import plots

    order, period = turbine_order(results), (results.start, results.end)
    if results.energy is not None and results.energy.monthly["energy_mwh"].notna().any():
        drawn = plots.plot_energy_months(results.energy.monthly, order=order, period=period)
        few = _few(results.energy.monthly, "energy_mwh", period)
        words = f"Energy per turbine and month, UTC [MWh]. Grey: no data.{few}"
        yield draw("energy_by_month", words, drawn)
    if results.availability is None:
        return
    monthly = results.availability.monthly
    for column, kind in (("time_based", "Time-based"), ("production_based", "Production-based")):
        if monthly[column].notna().any():
            drawn = plots.plot_availability_months(monthly, order=order, column=column, period=period)
            words = f"{kind} operational availability per turbine and month [%]. Grey: not determinable."
            words += _few(monthly, column, period)
            yield draw(f"availability_{column}_by_month", words, drawn)


def _few(monthly: pd.DataFrame, column: str, period: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    """Return what hatched months of a column's map are, where there are any."""
    from fleet.plots.heat import FEW, few_records

    single = monthly[monthly["turbine"] != FLEET]
    few = few_records(single, period) & single[column].notna()
    if not few.any():
        return ""
    return (
        f" Hatched: less than {100 * FEW:.0f} % of the calendar month's records; {int(few.sum())} of {len(few)} "
        "turbines' months."
    )


def _map(results: FleetResults) -> Iterator[Block]:
    turbines = results.farm.turbines
    if not turbines:
        return
    from fleet import plots
    from fleet.plots.site import local_km

    placed = local_km(turbines)
    if len(turbines) == 1:
        yield Text(text="No map of a single turbine: its coordinates, where they are known, stand in the table.")
    elif len(placed):
        values, what = _map_values(results)
        words = f"Turbines, coloured by {what}." if what else "Turbines."
        if len(placed) < len(turbines):
            words += f" {len(turbines) - len(placed)} without coordinates are left out."
        yield draw("map", words, plots.plot_map(turbines, values, what))
    else:
        yield Text(text="No map: no turbine has coordinates.")
    frame = pd.DataFrame([turbine.model_dump() for turbine in turbines])
    columns = [
        Col("name", "turbine"),
        Col("manufacturer", "manufacturer"),
        Col("model", "model"),
        Col("rated_power_kw", "rated power [kW]", "0"),
        Col("hub_height", "hub height [m]", "1"),
        Col("rotor_diameter", "rotor diameter [m]", "1"),
        Col("latitude", "latitude [deg]", "4"),
        Col("longitude", "longitude [deg]", "4"),
        Col("elevation", "elevation [m]", "0"),
    ]
    if frame[["x_m", "y_m"]].notna().any(axis=None):
        columns += [Col("x_m", "x, local [m]", "0"), Col("y_m", "y, local [m]", "0")]
    yield table(frame, columns, "Turbines of the farm")


def _map_values(results: FleetResults) -> tuple[dict[str, float], str]:
    """Return what colours the map: the ranking, else the availability, else nothing."""
    frame = headline(results)
    single = frame[frame["turbine"] != FLEET]
    for column, what in (("index", "index [%]"), ("availability_time", "time-based availability [%]")):
        if single[column].notna().any():
            return dict(zip(single["turbine"], 100.0 * single[column], strict=True)), what
    return {}, ""
