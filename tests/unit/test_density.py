"""Air density: sources and their order, record by record. Published values stand in tests/validation."""

import numpy as np
import pandas as pd
import pytest

from fleet.config import Turbine
from fleet.density import (
    SOURCES,
    Choice,
    air_density,
    density_by_record,
    density_summary,
    density_sums,
    pressure_above,
    reanalysis_ground,
    standard_pressure,
)
from fleet.partial_sums import merge_partials
from fleet.recorded import Recorded
from tests.partial_tables import table

SITE = Turbine(name="T1", rated_power_kw=2000.0, hub_height=80.0, elevation=400.0)
TIMES = pd.date_range("2024-01-01", periods=4, freq="10min", tz="UTC").astype("datetime64[us, UTC]")


def scada(times: pd.DatetimeIndex = TIMES, **columns: list[float]) -> Recorded:
    return Recorded.of(pd.DataFrame({"time": times, "read_flags": 0, **columns}))


def reanalysis(pressure: float = 96_000.0, periods: int = 3, **columns: list[float]) -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=periods, freq="1h", tz="UTC").astype("datetime64[us, UTC]")
    rise = np.arange(periods, dtype=float)
    table = pd.DataFrame({"time": times, "wind_speed": 5.0, "temperature_degc": rise, "air_pressure_pa": pressure})
    return table.assign(**{"air_density": np.nan, **columns})


def test_each_record_takes_the_best_source_that_it_has() -> None:
    records = scada(
        ambient_temperature_degc=[5.0, 5.0, np.nan, np.nan], air_pressure_pa=[95_000.0, np.nan, np.nan, np.nan]
    )
    model = reanalysis()
    found = density_by_record(records, SITE, model, "auto")
    assert found.source.tolist() == [0, 1, 2, 2]
    assert found.density[0] == pytest.approx(float(air_density(5.0, 95_000.0)))
    # Interpolated at the interval's centre: 00:15 is a quarter of the first hour.
    hub = pressure_above(96_000.0, 0.25, 80.0)
    assert found.density[1] == pytest.approx(float(air_density(5.0, hub)))
    assert found.density[3] == pytest.approx(float(air_density(35 / 60, pressure_above(96_000.0, 35 / 60, 80.0))))


def test_without_reanalysis_the_elevation_serves_and_without_temperature_nothing() -> None:
    records = scada(ambient_temperature_degc=[5.0, 5.0, 5.0, np.nan])
    found = density_by_record(records, SITE, None, "auto")
    assert found.source.tolist() == [3, 3, 3, 4]
    assert found.density[0] == pytest.approx(float(air_density(5.0, standard_pressure(480.0))))
    assert found.density[3] == 1.225


@pytest.mark.parametrize(
    ("choice", "source"), [("measured", 4), ("reanalysis", 2), ("standard", 3), ("none", 4), ("auto", 1)]
)
def test_a_choice_takes_that_source_or_none(choice: Choice, source: int) -> None:
    found = density_by_record(scada(ambient_temperature_degc=[5.0] * 4), SITE, reanalysis(), choice)
    assert set(found.source.tolist()) == {source}


def test_measured_humidity_counts() -> None:
    columns = {"ambient_temperature_degc": [20.0] * 4, "air_pressure_pa": [1e5] * 4}
    found = density_by_record(scada(**columns, relative_humidity=[0.0, 1.0, 0.5, np.nan]), SITE, None, "auto").density
    assert found[0] > found[2] > found[1]
    assert found[3] == found[2]


def test_reanalysis_is_bridged_over_six_hours_at_most_and_never_extrapolated() -> None:
    model = reanalysis(periods=12)
    hole = model[model["time"] != model["time"].iloc[0]].iloc[[0, 8]]  # 01:00 and 09:00
    times = pd.to_datetime(["2024-01-01 00:30", "2024-01-01 05:00", "2024-01-01 10:00"], utc=True)
    records = scada(times.astype("datetime64[us, UTC]"))
    assert density_by_record(records, SITE, hole, "auto").source.tolist() == [4, 4, 4]
    assert density_by_record(records, SITE, model, "auto").source.tolist() == [2, 2, 2]


def test_the_reanalysis_density_serves_where_it_has_no_pressure() -> None:
    model = reanalysis(air_density=[1.2, 1.2, 1.2], temperature_degc=[np.nan] * 3)
    found = density_by_record(scada(), SITE, model, "auto")
    assert found.density == pytest.approx([1.2] * 4)


def test_the_ground_of_the_reanalysis_is_that_of_its_mean_pressure() -> None:
    low = reanalysis(pressure=standard_pressure(300.0), periods=24 * 366)
    assert reanalysis_ground(low, SITE) == pytest.approx(300.0, abs=0.01)
    near = reanalysis(pressure=standard_pressure(370.0), periods=24 * 366)
    assert reanalysis_ground(near, SITE) == 400.0, "within what weather explains"
    assert reanalysis_ground(low.iloc[: 24 * 100], SITE) == 400.0, "a season is no mean"
    assert reanalysis_ground(low, Turbine(name="T2", rated_power_kw=2000.0)) is None


def test_shares_of_the_sources_add_up_and_merge() -> None:
    temperature = [5.0, 5.0, 5.0, np.nan]
    found = density_by_record(scada(ambient_temperature_degc=temperature), SITE, None, "auto")
    used = np.array([True, True, False, True])
    sums = table(density_sums(found, used, "T1"))
    assert int(sums["n"].sum()) == 3
    parts = []
    for i in range(4):
        one = scada(TIMES[i : i + 1], ambient_temperature_degc=temperature[i : i + 1])
        parts.append(density_sums(density_by_record(one, SITE, None, "auto"), used[i : i + 1], "T1"))
    merged = table(merge_partials({"density": part} for part in parts[::-1])["density"])
    pd.testing.assert_frame_equal(merged, sums)
    mean, text = density_summary(sums)
    assert mean == pytest.approx(found.density[used].mean(), abs=1e-5)
    assert text == f"{SOURCES[3]} (66.67 %); {SOURCES[4]} (33.33 %)"
    assert np.isnan(density_summary(sums.iloc[:0])[0])


def test_the_summary_names_the_only_source() -> None:
    found = density_by_record(scada(), SITE, None, "none")
    assert found.density.tolist() == [1.225] * 4
    assert density_summary(table(density_sums(found, np.ones(4, bool), "T1")))[1] == SOURCES[4]
