"""Section on the sensors: anemometers, thermometers and directions against the neighbours', and the vane."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from fleet.report.blocks import Col, Figure, List, Table, Text, draw, table
from fleet.report.formats import number
from fleet.report.headline import turbine_order
from fleet.results import FleetResults, Sensors
from fleet.yaw import LIMITS

__all__ = ["ROWS_SHOWN", "sensors"]

Block = Text | List | Table | Figure
ROWS_SHOWN = 60  #: rows of a table, months or turbines


def sensors(results: FleetResults, part: Sensors) -> Iterator[Block]:
    """Drift and offsets by month with the flagged months as tables, and the hint of yaw misalignment."""
    if part.drift.empty and part.temperature.empty and part.north.empty and part.yaw.empty:
        if part.notes:
            yield List(items=part.notes)
        return
    yield Text(
        text="Each sensor is compared with those of the other turbines that run at the same time. What all turbines "
        "have in common, such as a drift of every anemometer, cannot be seen this way. The zero is the fleet's median."
    )
    if part.notes:
        yield List(items=part.notes)
    rules = results.farm.quality
    limits = rules.wind_drift_floor, rules.wind_drift_spread
    yield from _drift(results, part.drift, "anemometer", "m/s", *limits)
    limits = rules.temperature_drift_floor, rules.temperature_drift_spread
    yield from _drift(results, part.temperature, "thermometer", "K", *limits)
    yield from _north(results, part.north)
    yield from _yaw(results, part.yaw)


def _drift(
    results: FleetResults, drift: pd.DataFrame, sensor: str, unit: str, least: float, spread: float
) -> Iterator[Block]:
    if drift["drift"].isna().all():
        return
    from fleet import plots

    known = drift["u_drift"].dropna()
    words = (
        f"Drift of each {sensor} per month against its own usual relation to the others [{unit}]; positive: reads high."
        f" Standard uncertainty of a month: {known.median():.2f} {unit}. Framed: flagged, beyond {least:g} {unit} and "
        f"{spread:g} standard uncertainties. Grey: too little to compare."
    )
    drawn = plots.plot_drift_months(drift, unit, least, order=turbine_order(results))
    yield draw(f"drift_{sensor}", words, drawn)
    columns = [
        Col("turbine", "turbine"),
        Col("month", "month"),
        Col("drift", f"drift [{unit}]", "2"),
        Col("u_drift", f"u [{unit}]", "2"),
        Col("records", "records", "count"),
    ]
    name = "drift" if sensor == "anemometer" else "temperature"
    yield from _flagged(drift, columns, f"Months in which the {sensor} has drifted", "drift", f"sensors_{name}")


def _north(results: FleetResults, north: pd.DataFrame) -> Iterator[Block]:
    if north["offset_deg"].isna().all():
        return
    from fleet import plots

    limit = results.farm.quality.north_offset_limit
    words = (
        "How far each turbine's north lies from the fleet's median, by month: a turned north is a step. Grey band: up "
        f"to {limit:g} deg, not flagged. In grey: all but the five that lie farthest off, "
        "of many their range."
    )
    yield draw("north_offset", words, plots.plot_north(north, limit))
    columns = [
        Col("turbine", "turbine"),
        Col("month", "month"),
        Col("signal", "signal"),
        Col("offset_deg", "offset [deg]", "1"),
        Col("step_deg", "step from the month before [deg]", "1"),
        Col("records", "records", "count"),
    ]
    named = north.assign(signal=north["signal"].str.removesuffix("_deg").str.replace("_", " "))
    yield from _flagged(named, columns, "Months in which north is off", "offset_deg", "sensors_north")


def _yaw(results: FleetResults, yaw: pd.DataFrame) -> Iterator[Block]:
    if yaw.empty:
        return
    from fleet import plots

    spread = results.farm.quality.yaw_misalignment_spread
    if yaw["misalignment_deg"].notna().any():
        words = (
            f"Vane angle of most power below rated. Orange: farther from zero than {spread:g} standard uncertainties. "
            f"A hint only: {LIMITS}."
        )
        yield draw("yaw_misalignment", words, plots.plot_yaw(yaw, spread, order=turbine_order(results)))
    columns = [
        Col("turbine", "turbine"),
        Col("misalignment_deg", "vane angle of most power [deg]", "1"),
        Col("u_deg", "u [deg]", "1"),
        Col("exponent", "exponent of the cosine [1]", "1"),
        Col("records", "records", "count"),
        Col("significant", "significant", "yes"),
        Col("note", "note"),
    ]
    # The limits stand once, below the figure and below the table.
    largest = yaw["misalignment_deg"].abs().sort_values(ascending=False, kind="stable").index[:ROWS_SHOWN]
    shown = yaw[yaw.index.isin(largest)]
    shown = shown.assign(note=shown["note"].mask(shown["note"] == LIMITS, "see the limits"))
    rest = len(yaw) - len(shown)
    note = f"{number(rest)} further turbines: tables/sensors_yaw.parquet. " if rest else ""
    yield table(shown, columns, "Hint of yaw misalignment", note=f"{note}Limits: {LIMITS}.", fold=True)


def _flagged(frame: pd.DataFrame, columns: list[Col], caption: str, size: str, name: str) -> Iterator[Block]:
    """The flagged months, the largest first where there are too many to be shown."""
    found = frame[frame["flagged"].astype(bool)]
    if found.empty:
        yield Text(text=f"{caption}: none.")
        return
    largest = found.reindex(found[size].abs().sort_values(ascending=False, kind="stable").index).head(ROWS_SHOWN)
    rest = len(found) - len(largest)
    note = f"{number(rest)} further months, which are off by less, are not shown. " if rest else ""
    shown = largest.sort_values([column.key for column in columns[:3] if column.form == "text"], kind="stable")
    yield table(shown, columns, caption, note=f"{note}All months: tables/{name}.parquet.")
