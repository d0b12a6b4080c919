"""Sections on energy, power curves, wind and losses."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from fleet.energy import LOGGED_PARTIAL
from fleet.ranking import shown_ranking
from fleet.report.blocks import Col, Figure, List, Table, Text, draw, table
from fleet.report.formats import quantity
from fleet.report.headline import in_order, turbine_order, turbines_in
from fleet.results import Energy, FleetResults, PowerCurves, Wind
from fleet.schema import FLEET

__all__ = ["aep", "energy", "losses", "power_curves", "publisher", "ranking", "reconciliation", "wind"]

Block = Text | List | Table | Figure


def energy(results: FleetResults, part: Energy) -> Iterator[Block]:
    """Energy of the period."""
    if part.totals.empty:
        return
    columns = [
        Col("turbine", "turbine"),
        Col("energy_mwh", "energy [MWh]", "3"),
        Col("expected_mwh", "expected [MWh]", "1"),
        Col("capacity_factor", "capacity factor [%]", "percent", 2),
        Col("covered_h", "covered [h]", "1"),
        Col("period_h", "period [h]", "1"),
        Col("coverage", "coverage [%]", "percent", 2),
    ]
    yield Text(
        text="Energy is the sum of the mean powers of all rows used, times the averaging period; nothing is filled in. "
        "The capacity factor refers to the covered hours. Expected energy is each turbine's smooth power curve at its "
        "measured wind, as far as that curve was measured."
    )
    yield table(in_order(part.totals, turbine_order(results)), columns, "Energy over the period")
    if part.avoided_t is not None:
        factor = results.farm.energy
        yield Text(
            text=f"Avoided emissions: {quantity(part.avoided_t, 't CO2e', 1)}, with the given factor of "
            f"{quantity(factor.emission_factor, 'g CO2e/kWh', 1)} less {quantity(factor.wind_emission_factor, 'g', 1)} "
            "for the wind farm itself. Not to be netted with an inventory."
        )
    if part.notes:
        yield List(items=part.notes)


def power_curves(results: FleetResults, part: PowerCurves) -> Iterator[Block]:
    """Measured power curves."""
    if part.bins.empty:
        return
    from fleet import plots

    order = turbine_order(results)
    yield Text(
        text="Method of bins after IEC 61400-12-1, on the nacelle wind speed. Without a nacelle transfer function this "
        "is no certified power performance test: the curves serve to compare turbines and periods of this farm."
    )
    reference = None if results.reference is None else results.reference.curve
    drawn = plots.plot_power_curves(part, order, reference=reference)
    words = "Records as density (blue), bins with their combined standard uncertainty, and the expected power."
    if reference is not None:
        words += " Dashed: the reference curve."
    yield draw("power_curves", words, drawn)
    if len(set(part.bins["turbine"]) - {FLEET}) > 1:
        words = "All measured curves, complete bins, and their distance from the fleet's curve."
        yield draw("power_curves_fleet", words, plots.plot_fleet_curves(part, order=order))
    columns = [
        Col("turbine", "turbine"),
        Col("hours", "valid [h]", "1"),
        Col("required_hours", "required [h]", "0"),
        Col("bins_complete", "bins complete", "count"),
        Col("bins_in_range", "bins in range", "count"),
        Col("range_low", "range from [m/s]", "1"),
        Col("range_high", "to [m/s]", "1"),
        Col("complete", "complete", "yes"),
        Col("density", "air density [kg/m\u00b3]", "3"),
        Col("density_source", "density from"),
    ]
    yield table(
        in_order(part.completeness, turbine_order(results)), columns, "Completeness of the data sets", fold=True
    )
    fleet = part.bins[part.bins["turbine"] == FLEET]
    if not fleet.empty:
        bins = [
            Col("wind_speed", "wind speed [m/s]", "2"),
            Col("power_kw", "power [kW]", "1"),
            Col("cp", "Cp [1]", "3"),
            Col("n", "records", "count"),
            Col("u_a_kw", "u_A [kW]", "1"),
            Col("u_b_kw", "u_B [kW]", "1"),
            Col("u_c_kw", "u_c [kW]", "1"),
            Col("complete", "complete", "yes"),
            Col("interpolated", "interpolated", "yes"),
        ]
        note = "The bins of every turbine are in tables/curves_bins.parquet."
        yield table(fleet[fleet["power_kw"].notna()], bins, "The fleet's power curve", note=note)
    if part.notes:
        yield List(items=part.notes)


def aep(results: FleetResults, part: PowerCurves) -> Iterator[Block]:
    """Annual energy production."""
    if not part.aep["aep_extrapolated_mwh"].notna().any():
        return
    yield Text(
        text="Annual energy production of 8760 h with a Rayleigh distribution of the wind speed, at full availability. "
        "Measured: no power beyond the measured range. Extrapolated: the last bin is held to cut-out. * marks figures "
        "that are incomplete: the measured part is below 95 % of the extrapolated one, or the curve begins above "
        "cut-in. n/d: it begins more than one bin above."
    )
    for key, what in (
        ("aep_extrapolated_mwh", "AEP, extrapolated [MWh]"),
        ("aep_measured_mwh", "AEP, measured [MWh]"),
        ("u_aep_mwh", "Standard uncertainty of the AEP [MWh]"),
    ):
        yield _aep_table(results, part.aep, key, what)


def _aep_table(results: FleetResults, frame: pd.DataFrame, key: str, what: str) -> Table:
    one = Col(key, "", "1")
    speeds = sorted(frame["wind_speed_avg"].unique())
    cells = {
        (row["turbine"], row["wind_speed_avg"]): one.show(row[key])
        + ("*" if key == "aep_extrapolated_mwh" and row["incomplete"] and row[key] == row[key] else "")
        for row in frame.to_dict("records")
    }
    names = turbines_in(frame, turbine_order(results))
    return Table(
        caption=f"{what}, by the annual mean wind speed [m/s]",
        titles=("turbine", *(f"{speed:g}" for speed in speeds)),
        classes=("", *("n" for _ in speeds)),
        rows=tuple((name, *(cells.get((name, speed), "n/d") for speed in speeds)) for name in names),
        strong=tuple(name == FLEET for name in names),
        grid=True,
    )


def ranking(results: FleetResults, part: PowerCurves) -> Iterator[Block]:
    """Turbines against the fleet's curve."""
    if part.ranking.empty:
        return
    if not part.ranking["index"].notna().any():
        reasons = [note for note in part.notes if "ranking" in note.lower() and note.startswith("No ")]
        yield Text(text=" ".join(reasons) or "No ranking: too few turbines have valid records at the same time.")
        return
    from fleet import plots

    yield Text(
        text="Energy of each turbine over the energy that the fleet's curve gives for its own nacelle wind, on the "
        "periods in which all turbines have valid records. A nacelle anemometer that reads low looks like a good "
        "turbine: differences within the uncertainty are no finding."
    )
    words = "Energy against the fleet's curve with its standard uncertainty."
    yield draw("ranking", words, plots.plot_ranking(part.ranking))
    columns = [
        Col("rank", "rank", "count"),
        Col("turbine", "turbine"),
        Col("index", "index [%]", "percent", 2),
        Col("u_index", "u [%]", "percent", 2),
        Col("energy_mwh", "energy [MWh]", "1"),
        Col("expected_mwh", "by the fleet's curve [MWh]", "1"),
        Col("common_hours", "common periods [h]", "1"),
    ]
    yield table(shown_ranking(part.ranking), columns, "Turbines by rank")


def wind(results: FleetResults, part: Wind) -> Iterator[Block]:
    """Wind rose and statistics."""
    if part.stats.empty:
        return
    from fleet import plots

    yield Text(
        text="From the nacelle anemometers and wind directions as exported: disturbed by the rotors."
        if not part.rose.empty
        else "From the nacelle anemometers as exported: disturbed by the rotors. No wind rose: no record has a wind "
        "direction beside its wind speed."
    )
    if not part.rose.empty:
        drawn = plots.plot_wind_rose(part.rose, sector_width_deg=part.sector_width_deg)
        yield draw("wind_rose", "Where the wind comes from: share of the records by sector and wind speed.", drawn)
        words = "Distribution of the wind speed (records with a wind direction), with the fitted Weibull distribution."
        yield draw("wind_distribution", words, plots.plot_wind_distribution(part.rose, part.stats))
    columns = [
        Col("turbine", "turbine"),
        Col("mean", "mean [m/s]", "2"),
        Col("std", "standard deviation [m/s]", "2"),
        Col("weibull_k", "Weibull k [1]", "2"),
        Col("weibull_a", "Weibull A [m/s]", "2"),
        Col("turbulence_15", "turbulence at 15 m/s [%]", "percent"),
        Col("hours", "records [h]", "1"),
    ]
    lacking = part.stats["turbulence_15"].isna().all()
    note = "Turbulence: n/d, the data hold no standard deviation of the wind speed." if lacking else ""
    yield table(in_order(part.stats, turbine_order(results)), columns, "Wind statistics", note=note)


def losses(results: FleetResults, part: Energy) -> Iterator[Block]:
    """From potential to measured energy."""
    if part.losses.empty or not part.losses["energy_mwh"].notna().any():
        return
    from fleet import plots
    from fleet.plots.energy import waterfall

    yield Text(
        text="From potential to measured energy. Losses stand with their sign: a negative one is not clipped. The "
        "residual is what no cause explains; it is printed, not spread over the other steps. Without expectation: the "
        "energy of records for which the turbine's own curve expects no figure, since their wind is unusable or beyond "
        "the curve. It is measured, and no part of the potential, which may be smaller than the measured energy for it."
    )
    yield draw("losses", "Losses of the fleet.", plots.plot_losses(part.losses))
    steps = list(dict.fromkeys(part.losses["step"]))
    wide = part.losses.pivot_table(index="turbine", columns="step", values="energy_mwh", aggfunc="sum", min_count=1)
    names = turbines_in(part.losses, turbine_order(results))
    wide = wide.reindex(index=names, columns=steps)
    wide["gap"] = wide[steps[:-1]].sum(axis=1) - wide[steps[-1]]
    frame = wide.reset_index()
    columns = [
        Col("turbine", "turbine"),
        *(Col(step, f"{step} [MWh]", "1") for step in steps),
        Col("gap", "sum \u2212 last [MWh]", "3"),
    ]
    note = "The last column shows that the steps add up."
    if FLEET not in names:
        total = waterfall(part.losses)["energy_mwh"]
        note += f" All turbines: {quantity(total.iloc[0], 'MWh', 1)} to {quantity(total.iloc[-1], 'MWh', 1)}."
    yield table(frame, columns, "Steps per turbine", note=note)
    yield from _partial(results, part)


def _partial(results: FleetResults, part: Energy) -> Iterator[Block]:
    """What partial performance holds here, and why the availability counts another figure."""
    if part.partial is None or not part.partial["hours"].gt(0).any():
        return
    there = part.partial[part.partial["hours"] > 0]
    total = pd.DataFrame([{"kind": "together", "hours": there["hours"].sum(), "energy_mwh": there["energy_mwh"].sum()}])
    columns = [Col("kind", "time"), Col("hours", "hours [h]", "1"), Col("energy_mwh", "energy [MWh]", "1")]
    note = "Each moment counts once. Quality accounting lists what rules found held back, by rule: it overlaps this."
    if results.availability is not None:
        note = (
            f"Availability counts the energy lost {LOGGED_PARTIAL} only: by the log, by a set-point, or where power "
            f"was held level. Of the other time no category says it: a loss here, none there. {note}"
        )
    frame = pd.concat([there, total], ignore_index=True)
    yield table(
        frame, columns, "What partial performance consists of", note=note, strong=lambda kind: kind == "together"
    )


def reconciliation(results: FleetResults, part: Energy) -> Iterator[Block]:
    """The turbines' sum and the plant meter."""
    if part.reconciliation.empty:
        if part.compared:
            yield Text(text=part.compared)
        return
    from fleet import plots

    yield Text(
        text="The sum of the turbines against the plant meter, over the same intervals: the ratio holds electrical "
        f"losses and own consumption. {part.compared}"
    )
    if part.meter_note:
        yield Text(text=part.meter_note)
    drawn = plots.plot_reconciliation(part.reconciliation)
    yield draw("reconciliation", "Energy by month and the meter's share of the turbines' sum.", drawn)
    columns = [
        Col("month", "month"),
        Col("turbines_mwh", "turbines [MWh]", "1"),
        Col("meter_mwh", "meter [MWh]", "1"),
        Col("ratio", "meter / turbines [1]", "4"),
        Col("intervals", "intervals compared", "count"),
        Col("of", "of the meter's", "count"),
    ]
    yield table(part.reconciliation, columns, "Energy by month", strong=lambda month: month == "all")


def publisher(results: FleetResults, part: Energy) -> Iterator[Block]:
    """The publisher's own figures."""
    if part.publisher.empty:
        return
    columns = [
        Col("item", "item"),
        Col("ours_mwh", "this report [MWh]", "1"),
        Col("publisher_mwh", "publisher [MWh]", "1"),
        Col("difference", "difference [MWh]", "1"),
        Col("note", "note"),
    ]
    frame = part.publisher.assign(difference=part.publisher["ours_mwh"] - part.publisher["publisher_mwh"])
    yield Text(text="Figures that the data's publisher gives, beside those of this report. Methods differ.")
    yield table(frame, columns, "Losses and energy, side by side")
