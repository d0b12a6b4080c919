"""The headline table: one row per turbine and one for the fleet, gathered from all parts of the results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.flags import NOT_SELECTED, USED
from fleet.marks import too_high
from fleet.results import FleetResults
from fleet.schema import FLEET
from fleet.wording import natural

__all__ = ["HEADLINE_COLUMNS", "headline", "in_order", "turbine_order", "turbines_in"]

HEADLINE_COLUMNS = (
    "turbine",
    "energy_mwh",
    "capacity_factor",
    "availability_time",
    "availability_production",
    "availability_note",
    "evidence",
    "coverage",
    "unallocated_h",
    "aep_mwh",
    "aep_incomplete",
    "u_aep_mwh",
    "index",
    "rows_in",
    "rows_not_selected",
    "rows_rejected",
)
_DTYPES = {
    "aep_incomplete": "bool",
    "evidence": "str",
    "availability_note": "str",
    **dict.fromkeys(("rows_in", "rows_not_selected", "rows_rejected"), "Int64"),
}


def headline(results: FleetResults, *, aep_wind_speed: float = HEADLINE_WIND_SPEED) -> pd.DataFrame:
    """Return the figures that a reader asks for first.

    Parameters
    ----------
    results : FleetResults
        What the pipeline found.
    aep_wind_speed : float
        Annual mean wind speed for which the annual energy production is given [m/s].

    Returns
    -------
    DataFrame
        One row per turbine and a last row "fleet". `energy_mwh` [MWh]; `capacity_factor`, `availability_time`,
        `availability_production` (operational view) and `coverage` as fractions of 1; `availability_note`: what makes
        this availability too high or too low, "" where nothing is known to; `evidence` of the availability
        ("status log", "state timers", "inferred", "none") and `unallocated_h` [h], the time whose category nothing
        says; `aep_mwh` (extrapolated) with its standard uncertainty `u_aep_mwh` [MWh] and `aep_incomplete`
        (`fleet.aep`); `index`: energy against the fleet's curve on common periods [1]; `rows_in`, `rows_not_selected`
        (outside the period or the turbines asked for) and `rows_rejected` (for the use "energy"), counts: the rest is
        used. NaN, NA or "": not determinable.
    """
    names = [*(turbine.name for turbine in results.farm.turbines), FLEET]
    table = pd.DataFrame({"turbine": pd.Series(names, dtype="str")})
    found: dict[str, dict[str, Any]] = {column: {} for column in HEADLINE_COLUMNS[1:]}
    if results.energy is not None:
        found["energy_mwh"] = _by_turbine(results.energy.totals, "energy_mwh")
        found["capacity_factor"] = _by_turbine(results.energy.totals, "capacity_factor")
        found["coverage"] = _by_turbine(results.energy.totals, "coverage")
    if results.availability is not None:
        views = results.availability.table
        operational = views[views["view"] == "operational"]
        found["availability_time"] = _by_turbine(operational, "time_based")
        found["availability_production"] = _by_turbine(operational, "production_based")
        found["evidence"] = _by_turbine(operational, "evidence")
        found["availability_note"] = dict(too_high(results))
        found["coverage"] = {**found["coverage"], **_by_turbine(operational, "coverage")}
        found["unallocated_h"] = _by_turbine(operational, "unallocated_h")
    if results.curves is not None:
        aep = results.curves.aep
        here = aep[(aep["wind_speed_avg"] - aep_wind_speed).abs() < 1e-9]
        found["aep_mwh"] = _by_turbine(here, "aep_extrapolated_mwh")
        found["aep_incomplete"] = _by_turbine(here[here["aep_extrapolated_mwh"].notna()], "incomplete")
        found["u_aep_mwh"] = _by_turbine(here, "u_aep_mwh")
        found["index"] = _by_turbine(results.curves.ranking, "index")
    if results.quality is not None:
        counts = _rows(results.quality.accounting)
        found["rows_in"], found["rows_not_selected"], found["rows_rejected"] = counts
    for column, values in found.items():
        dtype = _DTYPES.get(column, "float64")
        lacking = "" if dtype == "str" else None
        table[column] = pd.Series([values.get(name, lacking) for name in names], dtype=dtype)
    return table


def turbine_order(results: FleetResults) -> list[str]:
    """Return the turbines in the order of `farm.toml`; others that the tables name follow in natural order."""
    names = [turbine.name for turbine in results.farm.turbines]
    tables = [
        results.energy.totals if results.energy is not None else None,
        results.availability.table if results.availability is not None else None,
        results.quality.rows if results.quality is not None else None,
    ]
    others = {str(name) for table in tables if table is not None for name in table["turbine"].unique()}
    return names + sorted(others - {FLEET, ""} - set(names), key=natural)


def turbines_in(frame: pd.DataFrame, order: Sequence[str]) -> list[str]:
    """Return a frame's turbines in the report's order, the fleet last; names that are nowhere else stand between."""
    there = {str(name) for name in frame["turbine"].unique()}
    known = [name for name in order if name in there]
    return known + sorted(there - set(known) - {FLEET}, key=natural) + ([FLEET] if FLEET in there else [])


def in_order(frame: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Return a table's rows in the report's order of turbines, the fleet's last; those of one turbine as they were."""
    rank = {name: place for place, name in enumerate(turbines_in(frame, order))}
    return frame.sort_values("turbine", key=lambda names: names.astype(str).map(rank), kind="stable")


def _by_turbine(table: pd.DataFrame, column: str) -> dict[str, Any]:
    """Return the first value per turbine."""
    first = table.drop_duplicates("turbine")
    return dict(zip(first["turbine"], first[column], strict=True))


def _rows(accounting: pd.DataFrame) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return rows in, not selected and rejected (use "energy") per turbine; the fleet is the sum of all of them."""
    energy = accounting[(accounting["use"] == "energy") & (accounting["turbine"] != FLEET)]
    wide = energy.pivot_table(index="turbine", columns="reason", values="rows", aggfunc="sum", fill_value=0)
    if wide.empty:
        return {}, {}, {}
    wide.loc[FLEET] = wide.sum()
    counts = pd.DataFrame({"rows_in": wide.sum(axis=1)})
    counts["not_selected"] = wide.get(NOT_SELECTED, 0)
    counts["rejected"] = counts["rows_in"] - counts["not_selected"] - wide.get(USED, 0)
    rows_in, not_selected, rejected = (
        {str(name): int(rows) for name, rows in counts[column].items()} for column in counts
    )
    return rows_in, not_selected, rejected
