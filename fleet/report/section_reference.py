"""The section that stands the measured curves against a published or warranted one."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.curve_pair import MEASURED
from fleet.report.blocks import Col, Figure, List, Table, Text, draw, table
from fleet.report.formats import number, percent
from fleet.report.headline import turbine_order
from fleet.results import FleetResults, Reference
from fleet.schema import FLEET
from fleet.turbine_names import called

__all__ = ["against_reference", "bin_columns", "energy_columns", "ratio_table"]

Block = Text | List | Table | Figure


def against_reference(results: FleetResults, part: Reference) -> Iterator[Block]:
    """Bins and annual energy of the measured curves against the reference."""
    if part.bins.empty:
        return
    from fleet import plots

    order = turbine_order(results)
    yield Text(text=f"{_verdict(part)} {part.notes[0]}")
    columns = [
        Col("turbine", "turbine"),
        Col("reference", "reference"),
        Col("source", "source"),
        Col("density", "air density of the reference [kg/m\u00b3]", "3"),
        Col("density_basis", "compared at [kg/m\u00b3]", "3"),
        Col("greatest_kw", "its greatest power [kW]", "0"),
        Col("rated_kw", "rated power [kW]", "0"),
        Col("bins_compared", "bins compared", "count"),
        Col("bins_outside", "bins outside it", "count"),
    ]
    yield table(part.table, columns, "Reference curves", fold=True)
    words = "Measured less reference by wind speed; shaded: twice the combined standard uncertainty."
    yield draw("reference_differences", words, plots.plot_differences(part.bins, "measured \u2212 reference", order))
    at_headline = part.aep[(part.aep["wind_speed_avg"] == HEADLINE_WIND_SPEED) & (part.aep["wind"] != MEASURED)]
    if at_headline["ratio"].notna().any():
        words = f"Annual energy over the reference's, Rayleigh wind of {HEADLINE_WIND_SPEED:g} m/s."
        yield draw("reference_ratios", words, plots.plot_ratios(at_headline, "measured / reference", order=order))
    yield ratio_table(part.aep, order, "Annual energy, measured over reference [%] \u00b1 standard uncertainty")
    shown = FLEET if (part.bins["turbine"] == FLEET).any() else str(part.bins["turbine"].iloc[0])
    note = "The bins of every turbine are in tables/reference_bins.parquet."
    words = "The fleet's bins against the reference" if shown == FLEET else f"Bins of {shown} against the reference"
    own = part.bins[part.bins["turbine"] == shown]
    yield table(own, bin_columns("reference", "measured"), words, note=note)
    if part.notes[1:]:
        yield List(items=part.notes[1:])


def bin_columns(first: str, second: str) -> list[Col]:
    """Return the columns of a table of bins of two curves."""
    return [
        Col("wind_speed", "wind speed [m/s]", "2"),
        Col("first_kw", f"{first} [kW]", "1"),
        Col("second_kw", f"{second} [kW]", "1"),
        Col("difference_kw", f"{second} \u2212 {first} [kW]", "1"),
        Col("u_kw", "u of the difference [kW]", "1"),
        Col("in_u", "in units of u", "1"),
    ]


def energy_columns(first: str, second: str) -> list[Col]:
    """Return the columns of a table of annual energies of two curves."""
    return [
        Col("turbine", "turbine"),
        Col("aep_first_mwh", f"{first} [MWh]", "1"),
        Col("aep_second_mwh", f"{second} [MWh]", "1"),
        Col("change_mwh", "change [MWh]", "1"),
        Col("u_change_mwh", "u [MWh]", "1"),
        Col("ratio", f"{second} / {first} [%]", "percent", 2),
        Col("u_ratio", "u [%]", "percent", 2),
    ]


def ratio_table(aep: pd.DataFrame, order: list[str], caption: str) -> Table:
    """Return ratios of annual energies, one row per turbine, one column per distribution of the wind speed."""
    winds = list(
        dict.fromkeys(zip(aep["wind"], aep["wind_speed_avg"].where(aep["wind"] != MEASURED, 0.0), strict=True))
    )
    keys = zip(aep["turbine"], aep["wind"], aep["wind_speed_avg"].where(aep["wind"] != MEASURED, 0.0), strict=True)
    cells = dict(zip(keys, [_ratio(row) for row in aep.to_dict("records")], strict=True))
    there = set(aep["turbine"])
    names = [name for name in [*order, FLEET] if name in there]
    return Table(
        caption=caption,
        titles=("turbine", *("measured wind" if wind == MEASURED else f"{mean:g} m/s" for wind, mean in winds)),
        classes=("", *("n" for _ in winds)),
        rows=tuple((name, *(cells.get((name, *wind), "n/d") for wind in winds)) for name in names),
        strong=tuple(name == FLEET for name in names),
        note="Columns: the records' own wind, and Rayleigh's by its annual mean. * marks figures that are incomplete: "
        "the common bins begin above cut-in, or hold below 95 % of the energy.",
        grid=True,
    )


def _ratio(row: dict[object, object]) -> str:
    if row["ratio"] != row["ratio"]:
        return "n/d"
    return f"{percent(row['ratio'], 1)} \u00b1 {percent(row['u_ratio'], 1)}{'*' if row['incomplete'] else ''}"


def _verdict(part: Reference) -> str:
    """Say what the comparison tells, and what it does not."""
    rows = part.aep[(part.aep["wind"] == MEASURED) & part.aep["ratio"].notna()]
    if rows.empty:
        return "No energy can be compared: no bin lies within the reference."
    fleet = rows[rows["turbine"] == FLEET]
    row = (fleet if len(fleet) else rows).iloc[0]
    far = (rows["ratio"] - 1.0).abs() > 2.0 * rows["u_ratio"]
    singles = rows["turbine"] != FLEET
    beyond = sorted(rows.loc[far & singles, "turbine"])
    told = (
        f"{number(len(beyond))} of {number(int(singles.sum()))} turbines differ by more than twice the uncertainty "
        f"({', '.join(beyond[:6])}{' and others' if len(beyond) > 6 else ''})."
        if beyond
        else "No turbine differs by more than twice the uncertainty, which the nacelle anemometers dominate."
    )
    who = "the fleet" if row["turbine"] == FLEET else called(row["turbine"])
    return (
        f"In the wind of the records the measured curve of {who} makes {percent(row['ratio'], 1)} % of the reference's "
        f"energy (standard uncertainty {percent(row['u_ratio'], 1)} %). {told}"
    )
