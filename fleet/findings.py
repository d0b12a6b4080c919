"""What needs attention: the results read as a careful engineer would, as sentences with their figures."""

from __future__ import annotations

import pandas as pd

from fleet.results import Finding, FleetResults

__all__ = ["findings"]

_LOW_COVERAGE = 0.95
_LOW_AVAILABILITY = 0.97
_BIG_RESIDUAL = 0.03
_BIG_METER_GAP = 0.05
FLEET = "fleet"


def findings(results: FleetResults) -> tuple[Finding, ...]:
    """Return what needs attention, the gravest first."""
    found = [*_clock(results), *_quality(results), *_availability(results), *_curves(results), *_energy(results)]
    if results.without_data:
        text = f"No data of {_names(pd.Index(results.without_data))}, which the asset table or farm.toml lists."
        found.append(Finding(severity="note", text=text, section="sources"))
    found += [Finding(severity="note", text=_sentence(reason), section=section) for section, reason in _absent(results)]
    grave = {"alarm": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: grave[finding.severity]))


def _clock(results: FleetResults) -> list[Finding]:
    if results.clock is None:
        return []
    table = results.clock.table
    odd = table[table["verdict"] != "regular"]
    found = []
    for verdict, group in odd.groupby("verdict", sort=True):
        shifted = int(group["shifted_rows"].sum())
        done = f"; {shifted:,} records were moved to {group['clock'].iloc[0]}" if shifted else ""
        found.append(
            Finding(
                severity="alarm" if "fixed clock" in str(verdict) else "warning",
                text=f"Clock of {_names(group['turbine'])}: {verdict}. As written "
                f"{int(group['conflicting_pairs'].sum())} stamps hold two different records and "
                f"{int(group['missing_stamps'].sum())} are missing, of which {int(group['true_holes'].sum())} are true "
                f"holes{done}.",
                section="clock",
            )
        )
    return found


def _quality(results: FleetResults) -> list[Finding]:
    if results.quality is None:
        return []
    found = []
    coverage = results.quality.coverage.groupby("turbine", sort=True)[["expected", "used"]].sum()
    share = coverage["used"] / coverage["expected"]
    for turbine in share.index[share < _LOW_COVERAGE]:
        found.append(
            Finding(
                severity="warning",
                text=f"{turbine}: only {100 * share[turbine]:.1f} % of the period has usable power and wind.",
                section="coverage",
            )
        )
    flags = results.quality.flags.set_index(["turbine", "flag"])["rows"].unstack("flag")
    rows = results.quality.rows.set_index("turbine")["rows_in"]
    if flags["unlisted"].sum():
        names = flags.index[flags["unlisted"] > 0]
        found.append(
            Finding(
                severity="alarm",
                text=f"{int(flags['unlisted'].sum()):,} rows belong to turbines that are not listed: {_names(names)}.",
                section="quality",
            )
        )
    for name, what in (("unreadable", "rows cannot be read"), ("bad_value", "rows hold text where a number belongs")):
        if flags[name].sum():
            found.append(Finding(severity="warning", text=f"{int(flags[name].sum()):,} {what}.", section="quality"))
    for name, what in (("inconsistent", "power does not fit the wind"), ("frozen", "wind or power stands still")):
        worst = str((flags[name] / rows.reindex(flags.index)).idxmax())
        if flags[name].sum():
            found.append(
                Finding(
                    severity="note",
                    text=f"In {int(flags[name].sum()):,} rows {what}; most of them at {worst} "
                    f"({int(flags[name][worst]):,}).",
                    section="quality",
                )
            )
    return found


def _availability(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    found = []
    table = results.availability.table
    operational = table[(table["view"] == "operational") & (table["turbine"] != FLEET)]
    low = operational[operational["time_based"] < _LOW_AVAILABILITY]
    for turbine, share, evidence in zip(low["turbine"], low["time_based"], low["evidence"], strict=True):
        found.append(
            Finding(
                severity="warning",
                text=f"{turbine}: operational availability {100 * share:.2f} % ({evidence}).",
                section="availability",
            )
        )
    lost = operational.dropna(subset=["lost_mwh"])
    if len(lost):
        energy, worst = lost.set_index("turbine")["lost_mwh"], str(lost.set_index("turbine")["lost_mwh"].idxmax())
        whole = float(energy.sum() + lost["produced_mwh"].sum())
        found.append(
            Finding(
                severity="note",
                text=f"Stops cost about {energy.sum():.0f} MWh ({100 * energy.sum() / whole:.2f} % of what was "
                f"possible); most at {worst} ({energy[worst]:.0f} MWh).",
                section="losses",
            )
        )
    unknown = operational[operational["time_based"].isna()]
    for note, group in unknown.groupby("note", sort=True):
        found.append(
            Finding(
                severity="note",
                text=_sentence(f"no availability for {_names(group['turbine'])}: {note}"),
                section="availability",
            )
        )
    stops = results.availability.stops
    priced = stops[stops["lost_mwh"].notna()]
    if len(priced):
        stop = priced.nlargest(1, "lost_mwh").to_dict("records")[0]
        found.append(
            Finding(
                severity="note",
                text=f"The costliest stop: {stop['turbine']} from {stop['start']:%Y-%m-%d %H:%M} UTC, "
                f"{stop['hours']:.1f} h, about {stop['lost_mwh']:.1f} MWh lost.",
                section="stops",
            )
        )
    if stops["open_end"].any():
        count = int(stops["open_end"].sum())
        found.append(Finding(severity="warning", text=f"{count} stops have no logged end.", section="stops"))
    return found


def _curves(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    found = []
    incomplete = results.curves.completeness
    incomplete = incomplete[~incomplete["complete"] & (incomplete["turbine"] != FLEET)]
    if len(incomplete):
        found.append(
            Finding(
                severity="note",
                text=f"The power curve data set of {_names(incomplete['turbine'])} is not complete by IEC 61400-12-1.",
                section="power-curves",
            )
        )
    ranking = results.curves.ranking.dropna(subset=["index"])
    if len(ranking) > 1:
        index, uncertainty = ranking.set_index("turbine")["index"], float(ranking["u_index"].max())
        beyond = index.max() - index.min() > 2 * uncertainty
        found.append(
            Finding(
                severity="warning" if beyond else "note",
                text=f"Against the fleet's curve {index.idxmin()} makes {100 * index.min():.1f} % and {index.idxmax()} "
                f"{100 * index.max():.1f} % (standard uncertainty {100 * uncertainty:.1f} %): "
                f"{'a difference beyond' if beyond else 'within'} what the nacelle anemometers can tell apart.",
                section="ranking",
            )
        )
    return found


def _energy(results: FleetResults) -> list[Finding]:
    if results.energy is None:
        return []
    found = []
    losses = results.energy.losses
    fleet = losses[losses["turbine"] == FLEET].set_index("step")["energy_mwh"]
    if len(fleet) and fleet["potential"] > 0 and abs(fleet["residual"]) > _BIG_RESIDUAL * fleet["potential"]:
        found.append(
            Finding(
                severity="warning",
                text=f"The losses leave {fleet['residual']:.0f} MWh unexplained "
                f"({100 * fleet['residual'] / fleet['potential']:.1f} %).",
                section="losses",
            )
        )
    whole = results.energy.reconciliation
    whole = whole[whole["month"] == "all"]
    for ratio in whole["ratio"].dropna():
        gap = abs(1.0 - ratio) > _BIG_METER_GAP
        found.append(
            Finding(
                severity="warning" if gap else "note",
                text=f"The plant meter counts {100 * ratio:.2f} % of the turbines' energy.",
                section="reconciliation",
            )
        )
    return found


def _absent(results: FleetResults) -> list[tuple[str, str]]:
    reasons: dict[str, list[str]] = {}
    for section, reason in results.absent.items():
        reasons.setdefault(reason, []).append(section)
    return [(sections[0], f"{reason}: no {', '.join(sections)}") for reason, sections in reasons.items()]


def _names(names: pd.Series | pd.Index) -> str:
    listed = sorted(str(name) for name in names)
    return ", ".join(listed) if len(listed) <= 6 else f"{', '.join(listed[:5])} and {len(listed) - 5} more"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."
