"""Single figures out of the product's results, as validation cases compare them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd

from fleet.aep import aep_table
from fleet.clock import Verdict
from fleet.density import air_density, standard_pressure
from fleet.results import Availability, FleetResults
from tests.validation import runs
from tests.validation.closed_forms import FINE, RATED, SETTINGS, bins_of

Part = TypeVar("Part")
Farm = Callable[[], FleetResults]
Log = Callable[[], Availability]


def _there(part: Part | None) -> Part:
    assert part is not None
    return part


def _one(values: pd.Series) -> float:
    """Return the only value: a figure that stands twice or nowhere is no figure."""
    assert len(values) == 1, f"{len(values)} values instead of one"
    return float(values.iloc[0])


def rows_in(run: Farm) -> float:
    return float(_there(run().quality).rows["rows_in"].sum())


def rejected(run: Farm, reason: str) -> float:
    """Rows that a reason keeps out of the energy."""
    table = _there(run().quality).accounting
    return float(table.loc[(table["use"] == "energy") & (table["reason"] == reason), "rows"].sum())


def clock(run: Farm, column: str, turbine: str | None = None) -> float:
    """A column of the clock check, of one turbine or added up."""
    table = _there(run().clock).table
    return float(table[column].sum()) if turbine is None else _one(table.loc[table["turbine"] == turbine, column])


def on_a_fixed_clock(run: Farm) -> float:
    table = _there(run().clock).table
    fixed = (table["verdict"] == Verdict.FIXED_CLOCK.value) & table["clock"].str.contains("UTC+01:00", regex=False)
    return float(fixed.sum())


def energy(run: Farm, turbine: str) -> float:
    table = _there(run().energy).totals
    return _one(table.loc[table["turbine"] == turbine, "energy_mwh"])


def net_over_gross(run: Farm) -> float:
    table = _there(run().energy).reconciliation
    return _one(table.loc[table["month"] == "all", "ratio"])


def publisher(run: Farm, item: str, column: str) -> float:
    table = _there(run().energy).publisher
    return _one(table.loc[table["item"] == item, column])


def operational(run: Farm, column: str, turbine: str) -> float:
    table = _there(run().availability).table
    return _one(table.loc[(table["turbine"] == turbine) & (table["view"] == "operational"), column])


def aep(run: Farm, turbine: str, mean: float) -> float:
    table = _there(run().curves).aep
    return _one(table.loc[(table["turbine"] == turbine) & (table["wind_speed_avg"] == mean), "aep_extrapolated_mwh"])


def plant_over_turbines() -> float:
    sums = runs.la_haute_borne_plant().sum()
    return float(sums["plant"] / sums["turbines"])


def plant_over_turbines_worst_month() -> float:
    series = runs.la_haute_borne_plant()
    sums = series.groupby(series.index.strftime("%Y-%m")).sum()
    ratio = sums["plant"] / sums["turbines"]
    return float(ratio[(ratio - 0.98).abs().idxmax()])


def plant_lag(months: tuple[int, ...]) -> float:
    """Shift of the turbines' series, up to three hours either way, that fits the plant's best [min]."""
    series = runs.la_haute_borne_plant()
    chosen = series.index.month.isin(months)
    fit = {shift: series["plant"][chosen].corr(series["turbines"].shift(shift)[chosen]) for shift in range(-18, 19)}
    return 10.0 * max(fit, key=lambda shift: fit[shift])


def said_hours(run: Log, pattern: str) -> float:
    """A figure that the availability's notes state [h]; the pattern has it as its group."""
    found = [match[1] for note in run().notes if (match := re.search(pattern, note))]
    return _one(pd.Series(found, dtype="float64"))


def out_of_service_hours(run: Log) -> float:
    """Unavailable hours of the fleet in the operational view."""
    table = run().table
    return _one(table.loc[(table["turbine"] == "fleet") & (table["view"] == "operational"), "unavailable_h"])


def category_hours(run: Log, category: str | None = None) -> float:
    """Hours of one category, or of all."""
    table = run().categories
    own = table if category is None else table[table["category"] == category]
    assert len(own), f"no hours of {category}"
    return float(own["hours"].sum())


def down_hours(run: Log) -> float:
    table = run().table
    return _one(table.loc[(table["turbine"] != "fleet") & (table["view"] == "operational"), "unavailable_h"])


def views_that_state(run: Log, column: str) -> float:
    table = run().table
    return float(table[column].notna().sum())


def emergency_stop_hours(run: Log) -> float:
    stops = run().stops
    return float(stops.loc[stops["message"] == runs.EMERGENCY_STOP, "hours"].sum())


def open_rows(status: str | None) -> float:
    """Rows of Penmanshiel's log that have no end, of one status or of any."""
    events = runs.penmanshiel_events()
    chosen = events["end"].isna() & (True if status is None else events["status"] == status)
    return float(chosen.sum())


def cost_of_open_rows() -> float:
    """Downtime of Penmanshiel's log less that of the same log without its open rows [h]."""
    return down_hours(runs.penmanshiel) - down_hours(runs.penmanshiel_without_open_rows)


def aep_of_constant_power(mean: float, kind: str) -> float:
    wind = np.arange(4.0, 20.01, 0.5)
    table = aep_table(bins_of(wind, np.full(wind.size, RATED)), SETTINGS)
    return _one(table.loc[table["wind_speed_avg"] == mean, f"aep_{kind}_mwh"])


def aep_of_squared_wind(mean: float) -> float:
    wind = np.arange(0.02, 60.0, 0.02)
    table = aep_table(bins_of(wind, wind**2, FINE), FINE)
    return _one(table.loc[table["wind_speed_avg"] == mean, "aep_extrapolated_mwh"])


def standard_density(altitude: float) -> float:
    return float(air_density(15.0 - 0.0065 * altitude, standard_pressure(altitude), 0.0))


def saturated_density(temperature: float) -> float:
    return float(air_density(temperature, 101_325.0, 1.0))
