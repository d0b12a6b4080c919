"""The truth of a synthetic fleet adds up, follows its log, and each trouble is there alone when asked for alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fleet.categories import IN_SERVICE, Category
from fleet.config import AvailabilitySettings
from fleet.schema import SCADA, columns, dtypes
from fleet.status_log import allocate
from fleet.synthetic import FleetSpec, FleetTruth, StopKind, TurbineRun, fleet_runs, fleet_truth, turbine_frames
from fleet.synthetic.synthesise import FORMATS
from fleet.synthetic.timers import state_timers
from fleet.synthetic.truth import MARKS, SECONDS
from fleet.synthetic.writers import WRITERS

MIXED = FleetSpec(
    turbines=2, days=60, seed=3, stops=tuple(replace(k, per_year=8 * k.per_year) for k in FleetSpec().stops)
)
ALL_SECONDS = list(SECONDS.values())


def only(**trouble: Any) -> TurbineRun:
    """Return the first turbine of a healthy fleet with one trouble and sensors without noise."""
    quiet = {"wind_bias": False, "power_bias": False, "wind_noise": 0.0, "power_noise": 0.0}
    (run,) = fleet_runs(FleetSpec.healthy(**{"turbines": 1, "days": 120, **quiet, **trouble}))
    return run


@pytest.fixture(scope="module")
def mixed() -> FleetTruth:
    return fleet_truth(MIXED)


def test_seconds_of_every_record_add_up(mixed: FleetTruth) -> None:
    assert (mixed.records[ALL_SECONDS].sum(axis=1) == 600).all()
    assert mixed.category_hours().sum(axis=1).tolist() == pytest.approx([60 * 24.0] * 2)
    partial = (mixed.records[ALL_SECONDS] % 600 > 0).any(axis=1)
    assert partial.sum() > 100  # stops begin and end within records


def test_power_and_losses_add_up(mixed: FleetTruth) -> None:
    r = mixed.records
    lost = r["lost_unavailable_kw"] + r["lost_partial_kw"] + r["lost_degraded_kw"]
    assert np.allclose(r["unimpeded_kw"] - lost, r["power_kw"], rtol=0, atol=1e-9)
    assert (lost >= -1e-9).all()
    energy = mixed.energy()
    assert energy["power_mwh"].to_numpy() == pytest.approx(r.groupby("turbine")["power_kw"].sum().to_numpy() / 6000.0)
    standing = r[["full_performance_s", "partial_performance_s", "information_unavailable_s"]].sum(axis=1) == 0
    assert r.loc[standing, "power_kw"].to_numpy() == pytest.approx(-0.003 * 2050.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_log_says_what_is_true(seed: int) -> None:
    """`fleet.status_log`, written for real logs, finds the truth to the second; only derating is not logged."""
    spec = replace(MIXED, seed=seed, turbines=1, deratings_per_year=0.0, curtailments_per_year=60.0)
    spec = replace(spec, communication_losses_per_year=30.0)
    truth = fleet_truth(spec)
    start = pd.Timestamp(spec.start, tz="UTC")
    found = allocate(truth.events, start, start + pd.Timedelta(days=60), AvailabilitySettings())
    seconds = (found["end"] - found["start"]).dt.total_seconds().groupby(found["category"]).sum()
    mine = truth.category_hours().iloc[0] * 3600.0
    assert seconds.to_dict() == pytest.approx(mine[mine > 0].to_dict())
    assert len(seconds) >= 8
    assert truth.category_hours().iloc[0]["information_unavailable"] > 0.0


def test_overlapping_stops_count_once_by_priority() -> None:
    """A forced outage of 10 h every 30 h on average and a long maintenance: where both hold, the outage counts."""
    kinds = (
        StopKind(category=Category.SCHEDULED_MAINTENANCE, code=2, message="b", per_year=40.0, mean_h=80.0),
        StopKind(category=Category.FORCED_OUTAGE, code=1, message="a", per_year=292.0, mean_h=10.0),
    )
    truth = fleet_truth(FleetSpec.healthy(turbines=1, days=120, stops=kinds))
    hours = truth.category_hours().iloc[0]
    events = truth.events
    end = pd.Timestamp("2021-01-01", tz="UTC") + pd.Timedelta(days=120)
    outage = events[events["code"] == "1"]
    length = outage["end"].clip(upper=end) - outage["start"].clip(lower=pd.Timestamp("2021-01-01", tz="UTC"))
    assert hours["forced_outage"] == pytest.approx(length.dt.total_seconds().sum() / 3600.0)
    maintenance = events[events["code"] == "2"]
    both = (maintenance["end"].clip(upper=end) - maintenance["start"]).dt.total_seconds().sum() / 3600.0
    assert 0.0 < hours["scheduled_maintenance"] < both - 50.0


def test_availability_is_one_less_rate_times_duration() -> None:
    kind = StopKind(category=Category.FORCED_OUTAGE, code=1, message="a", per_year=80.0, mean_h=6.0)
    truth = fleet_truth(FleetSpec.healthy(turbines=40, days=120, weibull_scale=10.0, stops=(kind,)))
    found = truth.availability()["time_based"]
    # Storms stop turbines as well: they stand as out of environmental specification.
    storms = truth.category_hours()["out_of_environmental_specification"] / (120 * 24.0)
    error = found.std() / math.sqrt(len(found))
    assert abs((found + storms).mean() - (1.0 - kind.share)) < 4.0 * error


def test_availability_by_hand() -> None:
    """Three records of one turbine: running, half an hour of them stopped, waiting for wind."""
    zero = {name: [0, 0, 0] for name in ALL_SECONDS}
    records = pd.DataFrame(
        {
            "turbine": "T",
            "measured_wind": [9.0, 8.0, 2.0],
            "unimpeded_kw": [1000.0, 800.0, -6.0],
            "power_kw": [1000.0, 400.0, -6.0],
            "lost_unavailable_kw": [0.0, 400.0, 0.0],
            "lost_partial_kw": [0.0, 0.0, 0.0],
            "lost_degraded_kw": [0.0, 0.0, 0.0],
            **zero,
            "full_performance_s": [600, 300, 0],
            "forced_outage_s": [0, 300, 0],
            "ready_standby_s": [0, 0, 600],
        }
    )
    truth = FleetTruth(records, pd.DataFrame(), pd.DataFrame())
    row = truth.availability().loc["T"]
    assert row["time_based"] == pytest.approx(1.0 - 300 / 1800)
    assert row["production_based"] == pytest.approx(1.0 - 400 / (1394 + 400))
    windy = truth.availability(least_wind=4.0).loc["T"]
    assert windy["time_based"] == pytest.approx(1.0 - 300 / 1200)
    assert windy["unavailable_h"] == pytest.approx(1 / 12)


def test_healthy_turbines_have_no_trouble() -> None:
    truth = fleet_truth(FleetSpec.healthy(turbines=2, days=60))
    assert not truth.records[list(MARKS)].to_numpy().any()
    assert set(truth.events["status"]) <= {"informational", "stop"}
    stopped = truth.events[truth.events["status"] == "stop"]
    assert set(stopped["message"]) <= {"Max. wind speed"}
    energy = truth.energy()
    assert energy["power_mwh"].to_numpy() == pytest.approx(energy["unimpeded_mwh"].to_numpy())


ALONE: dict[str, dict[str, Any]] = {
    "frozen_wind": {"frozen_wind_per_year": 20.0},
    "frozen_power": {"frozen_power_per_year": 20.0},
    "frozen_other": {"frozen_direction_per_year": 20.0},
    "spike": {"spike_share": 0.01},
    "derated": {"deratings_per_year": 20.0},
    "commanded_zero": {"zero_commands_per_year": 20.0},
    "icing": {"icings_per_year": 50.0, "temperature": -5.0},
    "drift": {"drift_share": 1.0},
    "north_offset": {"north_share": 1.0},
    "yaw_misaligned": {"yaw_share": 1.0},
    "pitch_fault": {"pitch_faults_per_year": 20.0},
    "rotor_fault": {"rotor_faults_per_year": 20.0},
    "empty_cell": {"nan_share": 0.01},
    "missing": {"gaps_per_year": 20.0},
    "duplicated": {"duplicated_share": 0.01},
}


@pytest.mark.parametrize("mark", sorted(ALONE))
def test_a_trouble_comes_alone(mark: str) -> None:
    run = only(**ALONE[mark])
    assert {name for name, where in run.marks.items() if where.any()} == {mark}


def test_switching_a_trouble_on_changes_nothing_else() -> None:
    plain, askew = only(), only(yaw_share=1.0, frozen_wind_per_year=5.0)
    for name in ("ambient_temperature_degc", "grid_frequency_hz", "air_pressure_pa", "wind_speed_std"):
        assert np.array_equal(plain.signals[name], askew.signals[name])
    assert np.array_equal(plain.truth.site.wind, askew.truth.site.wind)
    free = ~askew.marks["frozen_wind"]
    assert np.array_equal(plain.signals["wind_speed"][free], askew.signals["wind_speed"][free])


def test_a_turbine_does_not_depend_on_the_others() -> None:
    few, many = (list(turbine_frames(FleetSpec(turbines=n, days=20))) for n in (2, 5))
    for one, other in zip(few, many, strict=False):
        pd.testing.assert_frame_equal(one, other)
    again = list(turbine_frames(FleetSpec(turbines=2, days=20)))
    pd.testing.assert_frame_equal(few[1], again[1])
    other_seed = list(turbine_frames(FleetSpec(turbines=2, days=20, seed=2)))
    assert not few[1]["wind_speed"].equals(other_seed[1]["wind_speed"])


def test_frames_are_canonical() -> None:
    (frame,) = turbine_frames(FleetSpec(turbines=1, days=3))
    assert list(frame.columns) == columns(SCADA)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(SCADA)


def test_frozen_signals_hold_one_value_across_the_border_of_a_month() -> None:
    run = only(frozen_wind_per_year=30.0)
    where, wind = run.marks["frozen_wind"], run.signals["wind_speed"]
    border = 31 * 144
    assert where[border - 1]
    assert where[border]
    assert (wind[1:] == wind[:-1])[where[1:] & where[:-1]].mean() > 0.98  # but where one run follows another
    run_of = np.cumsum(np.r_[True, wind[1:] != wind[:-1]]) - 1
    long = np.bincount(run_of)[run_of] >= 6
    assert long[where].mean() > 0.95
    assert long[~where].mean() < 0.001


def test_curtailment_shows_its_set_point_and_holds_power_below_it() -> None:
    run = only(curtailments_per_year=60.0, curtailment_level=0.4)
    where = run.marks["curtailed"]
    assert 0 < run.marks["limited"].sum() < where.sum()
    assert (run.signals["power_setpoint_kw"][where] == 820.0).all()
    assert (run.signals["power_setpoint_kw"][~where] == 2050.0).all()
    assert run.signals["power_kw"][where].max() <= 820.0
    partial = run.truth.seconds[Category.PARTIAL_PERFORMANCE]
    in_range = run.truth.wind_in_range
    assert (partial[where & in_range] == 600).all()
    assert partial[~where].sum() == 0


def test_derating_shows_no_set_point() -> None:
    run = only(deratings_per_year=30.0, derating_level=0.6)
    assert (run.signals["power_setpoint_kw"] == 2050.0).all()
    assert run.signals["power_kw"][run.marks["derated"]].max() <= 0.6 * 2050.0
    assert not any(event.category == Category.PARTIAL_PERFORMANCE for event in run.truth.events)


def test_command_of_zero_stops_the_turbine_with_its_signal() -> None:
    run = only(zero_commands_per_year=30.0)
    where = run.marks["commanded_zero"] & run.truth.wind_in_range
    assert (run.signals["power_setpoint_kw"][where] == 0.0).all()
    assert (run.signals["power_kw"][where] < 0.0).all()
    assert (run.truth.seconds[Category.REQUESTED_SHUTDOWN][where] == 600).all()


def test_ice_grows_in_frost_and_sheds() -> None:
    run = only(icings_per_year=60.0, icing_loss=0.5, temperature=0.0)
    ice = run.marks["icing"]
    begins = np.flatnonzero(ice & ~np.r_[False, ice[:-1]] & np.r_[True, run.truth.running[:-1] > 0.0])
    assert begins.size > 3
    assert (run.truth.site.temperature[begins] < 0.0).all()
    running = ice & (run.truth.unimpeded_kw > 100.0)
    share = run.truth.lost_degraded_kw[running] / run.truth.unimpeded_kw[running]
    assert 0.4 < share.max() <= 0.5
    assert share.min() >= 0.0
    assert only(icings_per_year=60.0, temperature=30.0).marks["icing"].sum() == 0


def test_misaligned_turbine_loses_power_as_the_cosine_cubed() -> None:
    run = only(yaw_share=1.0, yaw_deg=20.0, power_scatter=0.0)
    assert abs(run.signals["vane_deg"].mean()) == pytest.approx(20.0, abs=0.1)
    cubic = (run.truth.site.wind > 6.5) & (run.truth.site.wind < 8.5) & (run.truth.site.sigma < 1.0)
    ratio = run.truth.power_kw[cubic].sum() / run.truth.unimpeded_kw[cubic].sum()
    # The published curve is not quite cubic: its local exponent lies between 2.8 and 3.3 there.
    assert ratio == pytest.approx(math.cos(math.radians(20.0)) ** 3, abs=0.02)


def test_anemometer_drifts_linearly_or_steps() -> None:
    run = only(days=365, drift_share=1.0, drift_per_year=-0.2)
    from_us = run.facts["drift_from_us"]
    ratio = run.signals["wind_speed"] / run.truth.site.wind
    strong = run.truth.site.wind > 5.0
    assert ratio[strong & ~run.marks["drift"]] == pytest.approx(1.0, abs=1e-3)
    late = strong & run.marks["drift"]
    years = (run.times - from_us) / (365 * 86_400e6)
    assert ratio[late] == pytest.approx(1.0 - 0.2 * years[late], abs=1e-3)
    stepped = only(step_share=1.0, step_size=0.05)
    ratio = stepped.signals["wind_speed"] / stepped.truth.site.wind
    strong = stepped.truth.site.wind > 5.0
    assert ratio[strong & stepped.marks["drift"]] == pytest.approx(1.05, abs=1e-3)


def test_north_is_lost_at_a_date() -> None:
    plain, run = only(), only(north_share=1.0, north_deg=30.0)
    for name in ("nacelle_direction_deg", "wind_direction_deg"):
        turned = (run.signals[name] - plain.signals[name] + 180.0) % 360.0 - 180.0
        off = run.marks["north_offset"]
        assert np.abs(np.abs(turned[off]) - 30.0).max() < 0.011
        assert np.abs(turned[~off]).max() == 0.0
    assert run.facts["north_from_us"] == run.times[np.argmax(run.marks["north_offset"])]


def test_pitch_and_rotor_faults_show_in_their_signals_only() -> None:
    plain = only()
    pitch = only(pitch_faults_per_year=20.0, pitch_fault_deg=4.0)
    where = pitch.marks["pitch_fault"] & (pitch.truth.running == 1.0)
    moved = pitch.signals["pitch_angle_deg"] - plain.signals["pitch_angle_deg"]
    assert moved[where] == pytest.approx(4.0, abs=0.011)
    assert np.abs(moved[~pitch.marks["pitch_fault"]]).max() == 0.0
    rotor = only(rotor_faults_per_year=20.0, rotor_fault_factor=0.5)
    where = rotor.marks["rotor_fault"] & (rotor.truth.running == 1.0)
    ratio = rotor.signals["rotor_speed_rpm"][where] / plain.signals["rotor_speed_rpm"][where]
    assert ratio == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(rotor.signals["generator_speed_rpm"], plain.signals["generator_speed_rpm"])


def test_spikes_are_single_records_that_jump_there_and_back() -> None:
    plain, run = only(), only(spike_share=0.01)
    at = np.flatnonzero(run.marks["spike"])
    assert (np.diff(at) > 1).all()
    wind = np.abs(run.signals["wind_speed"] - plain.signals["wind_speed"])
    power = np.abs(run.signals["power_kw"] - plain.signals["power_kw"])
    assert ((wind[at] > 3.0) | (power[at] > 0.59 * 2050.0)).all()
    assert wind[~run.marks["spike"]].max() == 0.0
    assert power[~run.marks["spike"]].max() == 0.0


def test_rows_of_the_export_are_the_records_less_missing_plus_doubles() -> None:
    run = only(gaps_per_year=20.0, missing_share=0.01, duplicated_share=0.01)
    missing, twice = run.marks["missing"], run.marks["duplicated"]
    assert run.rows.size == missing.size - missing.sum() + twice.sum()
    assert not np.isin(np.flatnonzero(missing), run.rows).any()
    values, counts = np.unique(run.rows, return_counts=True)
    assert np.array_equal(values[counts == 2], np.flatnonzero(twice))
    assert (counts <= 2).all()


def test_lost_communication_hides_records_and_leaves_availability() -> None:
    run = only(communication_losses_per_year=60.0)
    hidden = run.truth.seconds[Category.INFORMATION_UNAVAILABLE]
    assert (run.marks["missing"][hidden > 0]).all()
    assert np.array_equal(run.truth.power_kw, only().truth.power_kw)  # the turbine knows nothing of it
    row = fleet_truth([run]).availability().iloc[0]
    storms = run.truth.seconds.get(Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION, np.zeros(1)).sum() / 3600.0
    assert row["unavailable_h"] == pytest.approx(storms)
    assert row["available_h"] + row["unavailable_h"] == pytest.approx(120 * 24.0 - hidden.sum() / 3600.0)


def test_partial_records_have_the_power_of_their_running_part() -> None:
    kind = StopKind(category=Category.FORCED_OUTAGE, code=7, message="a", per_year=300.0, mean_h=3.0)
    run, plain = only(stops=(kind,)), only()
    stopped = run.truth.seconds[Category.FORCED_OUTAGE]
    partial = (stopped > 0) & (stopped < 600) & run.truth.wind_in_range
    assert partial.sum() > 50
    share = 1.0 - stopped / 600.0
    expected = share * plain.truth.power_kw - (1.0 - share) * 0.003 * 2050.0
    assert run.truth.power_kw[partial] == pytest.approx(expected[partial])


def test_timers_and_alarms_follow_the_stops_to_the_second() -> None:
    (run,) = fleet_runs(replace(MIXED, turbines=1, gaps_per_year=0.0, missing_share=0.0, duplicated_share=0.0))
    timers = state_timers(run)
    stops = [name for name in timers if name.startswith("stop_")]
    assert (timers["ready_s"] + timers[stops].sum(axis=1) == 600.0).all()
    hidden = Category.INFORMATION_UNAVAILABLE  # the controller knows what it does
    in_service = sum(run.truth.seconds.get(category, 0) for category in (*IN_SERVICE, hidden))
    assert np.array_equal(timers["ready_s"], in_service)
    first = next(e for e in run.truth.events if e.status == "stop" and e.start > run.times[0] and e.code == 710)
    record = int((first.start - run.times[0]) // 600_000_000)
    after = run.times[record] + 600_000_000
    assert timers["stop_turbine_s"][record] >= (min(after, first.end) - first.start) / 1e6
    ends = run.times + 600_000_000
    active = np.array([any(e.status == "stop" and e.start <= t < e.end for e in run.truth.events) for t in ends[:3000]])
    assert np.array_equal((timers["alarm_code"] != "")[:3000], active)


def test_each_format_has_a_name() -> None:
    assert tuple(WRITERS) == FORMATS
