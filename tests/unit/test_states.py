"""Energy divided between standing still and running, against farms whose true potential is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.farm import Farm
from fleet.states import divide_power

DAYS = 10
RATED_KW = 2000.0
START = pd.Timestamp("2015-03-01", tz="UTC")

TOML = f"""
name = "made up"
turbines = [{{ name = "T1", rated_power_kw = {RATED_KW}, rotor_diameter = 90.0 }}]

[availability]
status_period = [2015-03-01T00:00:00Z, 2015-03-11T00:00:00Z]

[[sources]]
format = "generic"
files = "scada.csv"
stamps = "start"
time_column = "time"
turbine = "T1"
columns = {{ power_kw = {{ column = "power" }}, wind_speed = {{ column = "wind" }} }}

[[sources]]
format = "generic_events"
files = "log.csv"
turbine = "T1"

[sources.columns]
start = {{ column = "start" }}
end = {{ column = "end" }}
status = {{ column = "status" }}
code = {{ column = "code" }}
message = {{ column = "message" }}
iec_category = {{ column = "iec" }}
"""

Event = tuple[pd.Timestamp, pd.Timestamp, str, str]


def farm_of(folder: Path, change: Callable[[pd.DataFrame], list[Event]]) -> tuple[Farm, pd.DataFrame]:
    """Write a farm that always runs on one curve, after a change of its records; return it and the records."""
    time = pd.date_range(START, periods=DAYS * 144, freq="10min")
    wind = 6.0 + 5.0 * (np.arange(time.size) * 0.618 % 1.0)
    rows = pd.DataFrame({"time": time, "wind": wind, "possible": 1.5 * wind**3})
    rows["power"] = rows["possible"]
    events = change(rows)
    (folder / "farm.toml").write_text(TOML, encoding="utf-8")
    written = rows[["time", "power", "wind"]].assign(time=time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    written.to_csv(folder / "scada.csv", index=False)
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    lines = [f"{start:{stamp}},{end:{stamp}},{status},1,made up,{iec}" for start, end, status, iec in events]
    header = "start,end,status,code,message,iec"
    # A marker to begin with: the turbine runs.
    first = f"{START:{stamp}},-,Informational,0,System OK,Full Performance"
    (folder / "log.csv").write_text("\n".join([header, first, *lines, ""]), encoding="utf-8")
    return fleet.open(folder), rows


def steps_of(farm: Farm) -> pd.Series:
    losses = farm.energy().losses
    return losses[losses["turbine"] == "T1"].set_index("step")["energy_mwh"]


def mwh(power_kw: pd.Series) -> float:
    return float(power_kw.sum()) / 6.0 / 1000.0


def test_short_stops_lose_the_power_of_their_own_minutes(tmp_path: Path) -> None:
    def change(rows: pd.DataFrame) -> list[Event]:
        half = rows.index % 7 == 3
        rows.loc[half, "power"] = rows.loc[half, "possible"] / 2
        return [(t, t + pd.Timedelta("5min"), "Stop", "Forced outage") for t in rows.loc[half, "time"]]

    farm, rows = farm_of(tmp_path, change)
    steps, lost = steps_of(farm), mwh(rows["possible"] - rows["power"])
    assert steps["availability"] == pytest.approx(-lost, rel=0.01)
    assert steps["potential"] == pytest.approx(mwh(rows["possible"]), rel=0.002)
    assert abs(steps["partial performance"]) + abs(steps["residual"]) < 0.01 * lost
    table = farm.availability().table.set_index(["turbine", "view"]).loc[("T1", "operational")]
    assert table["lost_mwh"] == pytest.approx(-steps["availability"], rel=1e-6)
    assert table["production_based"] == pytest.approx(1 - lost / mwh(rows["possible"]), abs=1e-3)
    assert farm.availability().stops["lost_mwh"].sum() == pytest.approx(lost, rel=0.01)


def test_logged_partial_performance_is_counted_once(tmp_path: Path) -> None:
    def change(rows: pd.DataFrame) -> list[Event]:
        slow = rows.index < 288
        rows.loc[slow, "power"] = rows.loc[slow, "possible"] / 2
        return [(START, START + pd.Timedelta("48h"), "Informational", "Partial Performance")]

    farm, rows = farm_of(tmp_path, change)
    steps, lost = steps_of(farm), mwh(rows["possible"] - rows["power"])
    assert steps["partial performance"] == pytest.approx(-lost, rel=0.01)
    assert steps["availability"] == pytest.approx(0.0, abs=1e-9)
    assert steps["potential"] == pytest.approx(mwh(rows["possible"]), rel=0.002)


def test_standing_still_in_wind_against_the_log_is_named(tmp_path: Path) -> None:
    def change(rows: pd.DataFrame) -> list[Event]:
        rows.loc[rows.index < 288, "power"] = -5.0
        return []

    farm, rows = farm_of(tmp_path, change)
    steps, lost = steps_of(farm), mwh(rows["possible"] - rows["power"])
    assert steps["partial performance"] == pytest.approx(-lost, rel=0.01)
    assert steps["potential"] == pytest.approx(mwh(rows["possible"]), rel=0.002)
    assert abs(steps["residual"]) < 0.01 * lost
    assert farm.energy().unlogged_h == pytest.approx(48.0)
    assert any(finding.severity == "warning" and "48.0 h" in finding.text for finding in farm.results.findings)


def test_a_stop_that_nothing_prices_has_no_loss_and_is_not_free(tmp_path: Path) -> None:
    def change(rows: pd.DataFrame) -> list[Event]:
        rows.loc[rows.index < 432, ["power", "wind"]] = [-5.0, np.nan]
        return [(START, START + pd.Timedelta("72h"), "Stop", "Forced outage")]

    farm, rows = farm_of(tmp_path, change)
    steps = steps_of(farm)
    assert pd.isna(steps["availability"])
    assert pd.isna(steps["potential"])
    assert steps["measured"] == pytest.approx(mwh(rows["power"]), rel=1e-6)
    assert pd.isna(farm.availability().table.set_index(["turbine", "view"]).loc[("T1", "operational"), "lost_mwh"])


def test_without_power_no_energy_is_stated(tmp_path: Path) -> None:
    def change(rows: pd.DataFrame) -> list[Event]:
        rows["power"] = np.nan
        return []

    farm, _ = farm_of(tmp_path, change)
    assert farm.energy().totals["energy_mwh"].isna().all()
    assert farm.energy().losses["energy_mwh"].isna().all()


@pytest.mark.parametrize(
    ("power", "possible", "stopped", "expected"),
    [
        (500.0, 1000.0, 0.5, (0.0, 1000.0)),  # half the time at full potential
        (800.0, 1000.0, 0.5, (600.0, 1000.0)),  # more than the rest can have made: the stop had some of it
        (300.0, 1000.0, 0.5, (0.0, 600.0)),  # less: the rest ran below its potential
        (-10.0, 1000.0, 0.5, (-20.0, 0.0)),  # consumption belongs to standing still
        (700.0, np.nan, 0.5, (0.0, 1400.0)),  # potential unknown: all of it to the rest
        (700.0, 1000.0, 0.0, (0.0, 700.0)),
        (-3.0, 1000.0, 0.0, (0.0, -3.0)),
        (40.0, 1000.0, 1.0, (40.0, 0.0)),
    ],
)
def test_a_record_s_power_is_divided_between_stop_and_running(
    power: float, possible: float, stopped: float, expected: tuple[float, float]
) -> None:
    still, running = divide_power(np.array([power]), np.array([possible]), np.array([stopped]))
    assert (still[0], running[0]) == pytest.approx(expected)
    assert still[0] * stopped + running[0] * (1 - stopped) == pytest.approx(power)
