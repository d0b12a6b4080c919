"""What needs attention: the results read as a careful engineer would, as sentences with their figures."""

from __future__ import annotations

from functools import partial

import pandas as pd

from fleet.results import Finding, FleetResults
from fleet.schema import FLEET

__all__ = ["findings"]

_LOW_COVERAGE = 0.95
_LOW_AVAILABILITY = 0.97
_BIG_RESIDUAL = 0.03
_BIG_METER_GAP = 0.05

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
        *_energy(results),
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
        done = f"; {shifted:,} records were moved to {group['clock'].iloc[0]}" if shifted else ""
        text = (
            f"Clock of {_names(group['turbine'])}: {verdict}. As written {counts['conflicting_pairs']:,} stamps hold "
            f"two different records and {counts['missing_stamps']:,} are missing, of which {counts['true_holes']:,} "
            f"are true holes{done}."
        )
        found.append((_alarm if "fixed clock" in str(verdict) else _warning)(text=text, section="clock"))
    return found


def _quality(results: FleetResults) -> list[Finding]:
    if results.quality is None:
        return []
    found = []
    coverage = results.quality.coverage.groupby("turbine", sort=True)[["expected", "used"]].sum()
    share = coverage["used"] / coverage["expected"]
    for turbine in share.index[share < _LOW_COVERAGE]:
        text = f"{turbine}: only {100 * share[turbine]:.1f} % of the period has usable power and wind."
        found.append(_warning(text=text, section="coverage"))
    flags = results.quality.flags.set_index(["turbine", "flag"])["rows"].unstack("flag")
    rows = results.quality.rows.set_index("turbine")["rows_in"].reindex(flags.index)
    count = {str(name): int(flags[name].sum()) for name in flags}
    if count["unlisted"]:
        names = _names(flags.index[flags["unlisted"] > 0])
        text = f"{count['unlisted']:,} rows belong to turbines that are not listed: {names}."
        found.append(_alarm(text=text, section="quality"))
    for name, what in (("unreadable", "rows that cannot be read"), ("bad_value", "rows with text for a number")):
        if count[name]:
            found.append(_warning(text=f"{what.capitalize()}: {count[name]:,}.", section="quality"))
    for name, what in (("inconsistent", "power does not fit the wind"), ("frozen", "wind or power stands still")):
        if count[name]:
            worst = str((flags[name] / rows).idxmax())
            text = (
                f"Rows in which {what}: {count[name]:,}; the largest share is {worst}'s ({int(flags[name][worst]):,})."
            )
            found.append(_note(text=text, section="quality"))
    return found


def _availability(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    found = []
    table = results.availability.table
    operational = table[(table["view"] == "operational") & (table["turbine"] != FLEET)]
    low = operational[operational["time_based"] < _LOW_AVAILABILITY]
    for turbine, share, evidence in zip(low["turbine"], low["time_based"], low["evidence"], strict=True):
        text = f"{turbine}: operational availability {100 * share:.2f} % ({evidence})."
        found.append(_warning(text=text, section="availability"))
    unknown = operational[operational["time_based"].isna()]
    for note, group in unknown.groupby("note", sort=True):
        text = _sentence(f"no availability for {_names(group['turbine'])}: {note}")
        found.append(_note(text=text, section="availability"))
    priced = operational.dropna(subset=["lost_mwh"]).set_index("turbine")
    if priced["lost_mwh"].sum() > 0:
        lost, worst = float(priced["lost_mwh"].sum()), str(priced["lost_mwh"].idxmax())
        share = lost / (lost + float(priced["produced_mwh"].sum()))
        text = (
            f"Stops cost about {lost:.1f} MWh ({100 * share:.2f} % of what was possible); most at {worst} "
            f"({priced['lost_mwh'][worst]:.1f} MWh)."
        )
        found.append(_note(text=text, section="losses"))
    return found


def _stops(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    found = []
    stops = results.availability.stops
    for stop in stops.dropna(subset=["lost_mwh"]).nlargest(1, "lost_mwh").to_dict("records"):
        text = (
            f"The costliest stop: {stop['turbine']} from {stop['start']:%Y-%m-%d %H:%M} UTC, {stop['hours']:.1f} h, "
            f"about {stop['lost_mwh']:.1f} MWh lost."
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
    ranking = results.curves.ranking.dropna(subset=["index"]).set_index("turbine")
    if len(ranking) > 1:
        index, uncertainty = ranking["index"], float(ranking["u_index"].max())
        beyond = index.max() - index.min() > 2 * uncertainty
        text = (
            f"Against the fleet's curve {index.idxmin()} makes {100 * index.min():.1f} % and {index.idxmax()} "
            f"{100 * index.max():.1f} % (standard uncertainty {100 * uncertainty:.1f} %): "
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
        text = f"The losses leave {residual:.0f} MWh unexplained ({100 * residual / potential:.1f} %)."
        found.append(_warning(text=text, section="losses"))
    reconciliation = results.energy.reconciliation
    for ratio in reconciliation.loc[reconciliation["month"] == "all", "ratio"].dropna():
        text = f"The plant meter counts {100 * ratio:.2f} % of the turbines' energy."
        gap = abs(1.0 - ratio) > _BIG_METER_GAP
        found.append((_warning if gap else _note)(text=text, section="reconciliation"))
    return found


def _absent(results: FleetResults) -> list[Finding]:
    found = []
    if results.without_data:
        text = f"No data of {_names(pd.Index(results.without_data))}, which the asset table or farm.toml lists."
        found.append(_note(text=text, section="sources"))
    sections: dict[str, list[str]] = {}
    for section, reason in results.absent.items():
        sections.setdefault(reason, []).append(section)
    found += [
        _note(text=_sentence(f"{reason}: no {', '.join(names)}"), section=names[0])
        for reason, names in sections.items()
    ]
    return found


def _names(names: pd.Series | pd.Index) -> str:
    listed = sorted(str(name) for name in names)
    return ", ".join(listed) if len(listed) <= 6 else f"{', '.join(listed[:5])} and {len(listed) - 5} more"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."
