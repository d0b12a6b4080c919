"""What needs attention: the results read as a careful engineer would, as sentences with their figures."""

from __future__ import annotations

import re
from functools import partial

import pandas as pd

from fleet.aep import NO_AEP
from fleet.categories import Category
from fleet.plausibility import plausibility
from fleet.ranking import extremes
from fleet.reference import reference_findings
from fleet.results import Finding, FleetResults
from fleet.schema import FLEET
from fleet.sensor_findings import sensor_findings
from fleet.turbine_names import called
from fleet.wording import listed as _names
from fleet.wording import span

__all__ = ["findings"]

_LOW_COVERAGE = 0.95
_MOSTLY = 0.5  # of the unavailable time: without a category for more than that the views say different things
_ONE_BY_ONE = 5  # turbines with one trouble that are named each with its own figure
_LOW_AVAILABILITY = 0.97
_BIG_RESIDUAL = 0.03
_BIG_METER_GAP = 0.05
_LOW_METER, _HIGH_METER = 0.5, 2.0  # a meter of the same farm does not count half or twice its energy

#: Words for sections whose ids are none.
_TITLES = {"aep": "annual energy production", "alarms": "top alarms"}

#: Flags of rows that a user can mend at the source.
_BAD_ROWS = (
    ("unreadable", "rows that cannot be read"),
    ("off_grid", "rows with stamps off the sampling grid"),
    ("conflict", "rows with the same stamp and different values"),
    ("bad_value", "rows with text for a number"),
)

#: How the readers quote such rows, as far as it is repeated here.
_CELL = "column (?:(?!, expected ).)*, expected "
_QUOTED = {
    "unreadable": rf"found \d+ fields, expected \d+|{_CELL}a time stamp",
    "bad_value": f"{_CELL}a number",
}

_alarm = partial(Finding, severity="alarm")
_warning = partial(Finding, severity="warning")
_note = partial(Finding, severity="note")


def findings(results: FleetResults) -> tuple[Finding, ...]:
    """Return what needs attention, the gravest first."""
    found = [
        *_clock(results),
        *_quality(results),
        *_availability(results),
        *_stops(results),
        *_curves(results),
        *reference_findings(results),
        *_energy(results),
        *plausibility(results),
        *sensor_findings(results),
        *_absent(results),
    ]
    grave = {"alarm": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: grave[finding.severity]))


def _clock(results: FleetResults) -> list[Finding]:
    if results.clock is None:
        return []
    table = results.clock.table
    found = []
    for verdict, group in table[table["verdict"] != "regular"].groupby("verdict", sort=True):
        counts = group[["conflicting_pairs", "missing_stamps", "true_holes", "shifted_rows"]].sum()
        shifted = int(counts["shifted_rows"])
        done = ""
        if shifted:
            clock = str(group["clock"].iloc[0]).removeprefix("fixed, ")
            why = "as set" if results.farm.clock.fixed_offset else "the zone's standard offset, taken by default"
            done = f"; {shifted:,} records were moved to a fixed clock at {clock} ({why})"
        elif str(verdict).startswith("possibly"):
            done = "; nothing was moved"
        text = (
            f"Clock of {_names(group['turbine'])}: {verdict}. As read {counts['conflicting_pairs']:,} stamps hold "
            f"two different records and {counts['missing_stamps']:,} are missing, of which {counts['true_holes']:,} "
            f"are true holes{done}."
        )
        found.append((_alarm if "fixed clock" in str(verdict) else _warning)(text=text, section="clock"))
    if results.clock.offset_hint:
        found.append(_warning(text=results.clock.offset_hint, section="clock"))
    return found


def _quality(results: FleetResults) -> list[Finding]:
    if results.quality is None:
        return []
    found = []
    coverage = results.quality.coverage.groupby("turbine", sort=True)[["expected", "used"]].sum()
    share = coverage["used"] / coverage["expected"]
    low = share[share < _LOW_COVERAGE]
    said = {called(turbine, first=True): f"{100 * part:.1f}" for turbine, part in low.items()}
    if len(low) > _ONE_BY_ONE:
        said = {f"{len(low)} turbines ({_names(low.index)})": span(low, 1, 100.0)}
    for who, percent in said.items():
        text = f"{who}: only {percent} % of the period has usable power and wind."
        found.append(_warning(text=text, section="coverage"))
    flags = results.quality.flags.set_index(["turbine", "flag"])["rows"].unstack("flag")
    selected = results.quality.rows.set_index("turbine")["rows_in"].reindex(flags.index) - flags["not_selected"]
    count = {str(name): int(flags[name].sum()) for name in flags}
    if count["unlisted"]:
        names = _names(flags.index[flags["unlisted"] > 0])
        text = f"{count['unlisted']:,} rows belong to turbines that are not listed: {names}."
        found.append(_alarm(text=text, section="quality"))
    found += [_warning(text=note, section="quality") for note in results.quality.notes]
    for name, what in _BAD_ROWS:
        if count[name]:
            text = f"{what.capitalize()}: {count[name]:,}.{_example(results.sources, name)}"
            found.append(_warning(text=text, section="quality"))
    if count["publisher"]:
        text = (
            f"Rows that the publisher's rules call unknown or abnormal: {count['publisher']:,} of "
            f"{int(selected.sum()):,}. No figure counts them. Standstills are among such rows, so an availability "
            "inferred from the others is too high."
        )
        found.append(_warning(text=text, section="quality"))
    for name, what in (("inconsistent", "power does not fit the wind"), ("frozen", "wind or power stands still")):
        if count[name]:
            worst = str((flags[name] / selected.where(selected > 0)).idxmax())
            text = (
                f"Rows in which {what}: {count[name]:,}; the largest share is {called(worst)}'s "
                f"({int(flags[name][worst]):,})."
            )
            found.append(_note(text=text, section="quality"))
    return found


def _example(sources: pd.DataFrame, flag: str) -> str:
    """Return the first row of a kind that a reader quotes: file, line and what was found there."""
    if flag not in _QUOTED:
        return ""
    for file, note in zip(sources["file"], sources["note"], strict=True):
        name = re.escape(str(file).rsplit("/", 1)[-1])
        match = re.search(rf"(?:^|; )({name}:\d+: (?:{_QUOTED[flag]}))", str(note))
        if match:
            return f" First: {match[1]}."
    return ""


def _availability(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    found = []
    table = results.availability.table
    operational = table[(table["view"] == "operational") & (table["turbine"] != FLEET)]
    low = operational[operational["time_based"] < _LOW_AVAILABILITY]
    for turbine, share, evidence in zip(low["turbine"], low["time_based"], low["evidence"], strict=True):
        text = f"{called(turbine, first=True)}: operational availability {100 * share:.2f} % ({evidence})."
        found.append(_warning(text=text, section="availability"))
    fleet = table[(table["view"] == "operational") & (table["turbine"] == FLEET) & (table["evidence"] != "inferred")]
    categories = results.availability.categories
    stopped = categories["category"] == Category.UNALLOCATED.value  # time in service without a category is apart
    with_figure = set(operational.loc[operational["time_based"].notna(), "turbine"])
    without = float(categories.loc[stopped & categories["turbine"].isin(with_figure), "hours"].sum())
    for row in fleet.dropna(subset=["unavailable_h"]).to_dict("records"):
        if without > _MOSTLY * row["unavailable_h"] > 0.0:
            text = (
                f"Of {row['unavailable_h']:.1f} h out of service {without:.1f} h have no category "
                f"({row['evidence']}): the technical view leaves them out and looks better for it."
            )
            found.append(_warning(text=text, section="availability"))
    unknown = operational[operational["time_based"].isna()]
    for note, group in unknown.groupby("note", sort=True):
        text = _sentence(f"no availability for {_names(group['turbine'])}: {note}")
        found.append(_note(text=text, section="availability"))
    operator = results.availability.operator
    if operator is not None:
        known = operator[operator["turbine"] == FLEET].dropna(subset=["difference"])
        for row in known.to_dict("records"):
            theirs, ours, apart = (100 * row[key] for key in ("operator_time_based", "time_based", "difference"))
            text = (
                f"The operator's availability of the fleet ({row['figure']}) is {theirs:.2f} %, ours {ours:.2f} %: "
                f"{apart:+.2f} percentage points."
            )
            found.append(_note(text=text, section="availability"))
    priced = operational.dropna(subset=["lost_mwh"]).set_index("turbine")
    if priced["lost_mwh"].sum() > 0:
        lost, worst = float(priced["lost_mwh"].sum()), str(priced["lost_mwh"].idxmax())
        produced = float(priced["produced_mwh"].sum())
        share = "share not determinable"  # of negative energy
        if produced >= 0:
            share = f"{100 * lost / (lost + produced):.2f} % of what was possible"
        text = (
            f"Stops and time in the category partial performance cost about {lost:.1f} MWh ({share}); most at "
            f"{called(worst)} ({priced['lost_mwh'][worst]:.1f} MWh)."
        )
        found.append(_note(text=text, section="availability"))
    return found


def _stops(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    found = []
    stops = results.availability.stops
    for stop in stops.dropna(subset=["lost_mwh"]).nlargest(1, "lost_mwh").to_dict("records"):
        text = (
            f"The costliest stop: {called(stop['turbine'])} from {stop['start']:%Y-%m-%d %H:%M} UTC, "
            f"{stop['hours']:.1f} h, about {stop['lost_mwh']:.1f} MWh lost."
        )
        found.append(_note(text=text, section="stops"))
    if stops["open_end"].any():
        text = f"Stops without a logged end: {int(stops['open_end'].sum())}."
        found.append(_warning(text=text, section="stops"))
    return found


def _curves(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    found = []
    sets = results.curves.completeness
    incomplete = sets[~sets["complete"] & (sets["turbine"] != FLEET)]
    if len(incomplete):
        text = f"By IEC 61400-12-1 the power curve data are not complete for {_names(incomplete['turbine'])}."
        found.append(_note(text=text, section="power_curves"))
    if "aep" not in results.absent:
        for note in results.curves.notes:
            if note.startswith(NO_AEP):
                found.append(_note(text=note, section="aep"))
    pair = extremes(results.curves.ranking)
    if pair is not None:
        lowest, highest, spread, uncertainty = pair
        index = results.curves.ranking.set_index("turbine")["index"]
        beyond = spread > 2 * uncertainty
        text = (
            f"Against the fleet's curve {called(lowest)} makes {100 * index[lowest]:.1f} % and {called(highest)} "
            f"{100 * index[highest]:.1f} % (standard uncertainty of the difference {100 * uncertainty:.1f} %): "
            f"{'a difference beyond' if beyond else 'within'} what the nacelle anemometers can tell apart."
        )
        found.append((_warning if beyond else _note)(text=text, section="ranking"))
    return found


def _energy(results: FleetResults) -> list[Finding]:
    if results.energy is None:
        return []
    found = []
    losses = results.energy.losses
    fleet = losses[losses["turbine"] == FLEET].set_index("step")["energy_mwh"]
    residual, potential = float(fleet["residual"]), float(fleet["potential"])
    if potential > 0 and abs(residual) > _BIG_RESIDUAL * potential:
        share = f"{100 * residual / potential:.1f} %" if abs(residual) < potential else "more than the potential"
        text = f"The losses leave {residual:.0f} MWh unexplained ({share})."
        found.append(_warning(text=text, section="losses"))
    if results.energy.unlogged_h > 0:
        text = f"Turbines stood still in wind for {results.energy.unlogged_h:.1f} h while their logs say in service."
        found.append(_warning(text=text, section="losses"))
    if results.energy.meter_note:
        found.append(_note(text=results.energy.meter_note, section="reconciliation"))
    reconciliation = results.energy.reconciliation
    whole = reconciliation[reconciliation["month"] == "all"].dropna(subset=["ratio"])
    for ratio, used, of in zip(whole["ratio"], whole["intervals"], whole["of"], strict=True):
        text = (
            f"The plant meter counts {100 * ratio:.2f} % of the turbines' energy, in {used:,} of its {of:,} intervals."
        )
        if not _LOW_METER < ratio < _HIGH_METER:
            text = "The plant meter and the turbines cannot be compared: a unit, a column or a rated power is wrong."
        gap = abs(1.0 - ratio) > _BIG_METER_GAP
        found.append((_warning if gap else _note)(text=text, section="reconciliation"))
    return found


def _absent(results: FleetResults) -> list[Finding]:
    found = [
        Finding(
            severity="alarm",
            text=f"{called(failure.turbine, first=True)} is not in this report: {failure.step} failed: "
            f"{failure.reason}. Run it again.",
            section="sources",
        )
        for failure in results.failed
    ]
    if results.without_data:
        text = f"No data of {_names(pd.Index(results.without_data))}, which the asset table or farm.toml lists."
        found.append(_note(text=text, section="sources"))
    if results.not_read:
        names = _names(pd.Index(results.not_read))
        text = f"Tables of no known format, which were not read: {names}. `wind-fleet inspect` says why."
        found.append(_warning(text=text, section="sources"))
    sections: dict[str, list[str]] = {}
    for section, reason in results.absent.items():
        sections.setdefault(reason, []).append(section)
    found += [
        _note(text=_sentence(f"{reason}: no {', '.join(_TITLES.get(name, name) for name in names)}"), section=names[0])
        for reason, names in sections.items()
    ]
    return found


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."
