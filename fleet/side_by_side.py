"""Farms side by side: headline figures, energy and losses per rated power, and curves over rated power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED, HOURS_PER_YEAR
from fleet.config import Turbine
from fleet.curve_pair import BIN_COLUMNS, pair_of, usable_bins
from fleet.marks import too_high
from fleet.places import is_remote
from fleet.power_curve import fleet_turbine
from fleet.results import Finding, FleetResults
from fleet.schema import FLEET

__all__ = ["FarmComparison", "compare_farm_results", "farm_labels", "farm_row"]


@dataclass(frozen=True, kw_only=True)
class FarmComparison:
    """Farms side by side, each by its label."""

    #: farm, turbines, rated_mw, start, end, energy_mwh, capacity_factor, availability_time, availability_production,
    #: availability_note, evidence, coverage, unallocated_share (of the turbines' time), alarms, warnings
    headline: pd.DataFrame
    #: farm, specific_energy, <loss step>...: MWh per MW of rated power and year of covered time; aep, u_aep: MWh per MW
    #: in a Rayleigh wind of `fleet.aep.HEADLINE_WIND_SPEED`
    specific: pd.DataFrame
    #: farm, bin, wind_speed, power_pu, u_pu, n: the farms' curves over rated power
    curves: pd.DataFrame
    #: farm (against the first one), bin, wind_speed, first_pu, second_pu, difference_pu, u_pu, in_u
    differences: pd.DataFrame
    #: section (headline, specific, curves) -> farm -> why it has no data there
    absent: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def farms(self) -> list[str]:
        """The farms' labels in order."""
        return [str(name) for name in self.headline["farm"]]


def compare_farm_results(results: Sequence[FleetResults], labels: Sequence[str] = ()) -> FarmComparison:
    """Set farms side by side.

    Parameters
    ----------
    results : sequence of FleetResults
        Two or more.
    labels : sequence of str
        What to call them; their names unless given, numbered where two are the same.
    """
    names = _distinct(labels or [one.farm.name for one in results])
    wholes = [fleet_turbine(one.farm.turbines) for one in results]
    curves = [_normalised(one, whole) for one, whole in zip(results, wholes, strict=True)]
    differences = [
        pair_of(curves[0], other, results[0].farm.power_curve.bin_width, correlated=False).table().assign(farm=names[k])
        for k, other in enumerate(curves)
        if k and results[0].farm.power_curve.bin_width == results[k].farm.power_curve.bin_width
    ]
    empty = pd.DataFrame(columns=[*BIN_COLUMNS, "farm"])
    unit = {name: name.replace("_kw", "_pu") for name in BIN_COLUMNS}
    shown = pd.concat([c.assign(farm=name) for c, name in zip(curves, names, strict=True)], ignore_index=True)
    shown = shown.rename(columns={"power_kw": "power_pu", "u_c_kw": "u_pu"})
    return FarmComparison(
        headline=pd.DataFrame([farm_row(one, name) for one, name in zip(results, names, strict=True)]),
        specific=pd.DataFrame(
            [{"farm": n, **_specific(one, w)} for one, w, n in zip(results, wholes, names, strict=True)]
        ),
        curves=shown[["farm", "bin", "wind_speed", "power_pu", "u_pu", "n"]],
        differences=pd.concat(differences or [empty], ignore_index=True)[["farm", *BIN_COLUMNS]].rename(columns=unit),
        absent=_absent(results, names, set(shown["farm"])),
        notes=_farm_notes(results, names),
    )


def farm_labels(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Return what to call farms: their names, and those of one name by the ends of their folders that differ.

    Parameters
    ----------
    names, folders : sequences
        Of the farms; one folder twice is numbered by `compare_farm_results`.
    """
    places = [str(folder).rstrip("/") if is_remote(folder) else folder.resolve().as_posix() for folder in folders]
    made = []
    for name, own in zip(names, places, strict=True):
        others = {place for other, place in zip(names, places, strict=True) if other == name} - {own}
        parts = own.split("/")
        depth = 1
        while depth < len(parts) and any(place.split("/")[-depth:] == parts[-depth:] for place in others):
            depth += 1
        made.append(f"{name} ({'/'.join(parts[-depth:])})" if others else name)
    return made


def _absent(results: Sequence[FleetResults], names: Sequence[str], drawn: set[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"headline": {}, "specific": {}, "curves": {}}
    for one, name in zip(results, names, strict=True):
        if one.energy is None:
            why = one.why_absent("energy") or "there is no energy"
            found["headline"][name] = found["specific"][name] = why
        if name not in drawn:
            found["curves"][name] = one.why_absent("curves") or "no bin of the farm's power curve is complete"
    return found


def _distinct(labels: Sequence[str]) -> list[str]:
    """Return labels in which the second of a name is numbered."""
    count: Counter[str] = Counter()
    made: list[str] = []
    for label in labels:
        count[label] += 1
        new = label if count[label] == 1 else f"{label} ({count[label]})"
        while new in made:
            count[label] += 1
            new = f"{label} ({count[label]})"
        made.append(new)
    return made


def farm_row(results: FleetResults, name: str) -> dict[str, object]:
    """Return a farm's row of `FarmComparison.headline`.

    Parameters
    ----------
    results : FleetResults
        The farm's results.
    name : str
        What the row calls the farm.
    """
    energy = _fleet_row(results.energy.totals) if results.energy else {}
    operational = None if results.availability is None else results.availability.table.query("view == 'operational'")
    available = _fleet_row(operational) if operational is not None else {}
    nan = float("nan")
    hours = (results.end - results.start) / pd.Timedelta(hours=1) * max(1, len(results.farm.turbines))
    return {
        "farm": name,
        "turbines": len(results.farm.turbines),
        "rated_mw": sum(sorted(turbine.rated_power_kw for turbine in results.farm.turbines)) / 1000.0,
        "start": results.start,
        "end": results.end,
        "energy_mwh": energy.get("energy_mwh", nan),
        "capacity_factor": energy.get("capacity_factor", nan),
        "availability_time": available.get("time_based", nan),
        "availability_production": available.get("production_based", nan),
        "availability_note": too_high(results).get(FLEET, ""),
        "evidence": available.get("evidence", ""),
        "coverage": available.get("coverage", energy.get("coverage", nan)),
        "unallocated_share": float(available.get("unallocated_h", nan)) / hours,
        "alarms": sum(finding.severity == "alarm" for finding in results.findings),
        "warnings": sum(finding.severity == "warning" for finding in results.findings),
    }


def _fleet_row(table: pd.DataFrame) -> dict[str, Any]:
    rows = table[table["turbine"] == FLEET].to_dict("records")
    return {str(key): value for key, value in rows[0].items()} if rows else {}


def _specific(results: FleetResults, whole: Turbine) -> dict[str, float]:
    made: dict[str, float] = {}
    megawatt = whole.rated_power_kw / 1000.0
    if results.energy is not None:
        totals = _fleet_row(results.energy.totals)
        years = float(totals["covered_h"]) / HOURS_PER_YEAR if totals else 0.0  # turbine-years
        scale = 1.0 / (megawatt * years) if years > 0.0 else float("nan")
        made["specific_energy"] = float(totals.get("energy_mwh", float("nan"))) * scale
        losses = results.energy.losses
        own = losses[losses["turbine"] == FLEET]
        made.update({str(step): float(v) * scale for step, v in zip(own["step"], own["energy_mwh"], strict=True)})
    if results.curves is not None:
        aep = results.curves.aep
        here = aep[(aep["turbine"] == FLEET) & (aep["wind_speed_avg"] == HEADLINE_WIND_SPEED)]
        for row in here.to_dict("records"):
            made["aep"] = float(row["aep_extrapolated_mwh"]) / megawatt
            made["u_aep"] = float(row["u_aep_mwh"]) / megawatt
    return made


def _normalised(results: FleetResults, whole: Turbine) -> pd.DataFrame:
    """Return the fleet's usable bins with powers as a share of rated power."""
    columns = ["bin", "wind_speed", "power_kw", "u_a_kw", "u_b_kw", "u_c_kw"]
    if results.curves is None:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in [*columns, "n"]}).astype({"bin": "int64"})
    own = usable_bins(results.curves.bins, FLEET)[[*columns, "n"]]
    return own.assign(**{name: own[name] / whole.rated_power_kw for name in columns[2:]})


def _farm_notes(results: Sequence[FleetResults], names: Sequence[str]) -> tuple[str, ...]:
    notes = [
        "The farms have different sensors: both categories of uncertainty of the power curves are independent between "
        "them, and a bias of the nacelle anemometers looks like a difference between machines. Energy and capacity "
        "factor are those of each farm's own wind and period."
    ]
    settings = results[0].farm.power_curve
    for one, name in zip(results[1:], names[1:], strict=True):
        own = one.farm.power_curve
        if own.bin_width != settings.bin_width:
            notes.append(
                f"{name}: bins of {own.bin_width:g} m/s, {names[0]} has {settings.bin_width:g}: no difference."
            )
        if own.reference_density != settings.reference_density:
            notes.append(f"{name}: the curve is for {own.reference_density:g} kg/m3, {names[0]}'s for another density.")
    for one, name in zip(results, names, strict=True):
        kinds = {(turbine.rated_power_kw, turbine.rotor_diameter) for turbine in one.farm.turbines}
        if len(kinds) > 1:
            notes.append(f"{name}: {len(kinds)} types of turbine; the farm's curve over rated power is their mean.")
        if one.curves is not None:
            sets = one.curves.completeness
            for row in sets[(sets["turbine"] == FLEET) & ~sets["complete"].astype(bool)].to_dict("records"):
                notes.append(
                    f"{name}: the power curve is not complete by IEC 61400-12-1 ({row['bins_complete']} of "
                    f"{row['bins_in_range']} bins, {row['hours']:,.0f} h)."
                )
    return tuple(notes)
