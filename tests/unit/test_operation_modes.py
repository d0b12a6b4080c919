"""Starts, stops and trips of whole runs: what a machine must not do is what is asserted."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.control import ControlSettings, controller
from turbine.model import Options, build
from turbine.simulation import Result, Schedule, simulate_model
from turbine.trim import References, steady_state
from turbine.wind import WindSeries, constant, ntm, ramps, steps, wind_class

MACHINES = ["iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw"]
LAWS = ["k_omega_2", "tip_speed_ratio"]
BACKWARDS = -0.02  # of rated: a rotor on a braked shaft swings


@cache
def _settings(name: str, law: str) -> ControlSettings:
    return controller(turbine.load(name), torque_law=law)  # type: ignore[arg-type]


def _run(name: str, wind: WindSeries | float, duration: float = 300.0, law: str = "k_omega_2", **given: Any) -> Result:
    machine = turbine.load(name)
    model = build(machine, _settings(name, law), Options(tower=machine.get("tower.modal_mass") is not None))
    if not isinstance(wind, WindSeries):
        wind = constant(wind, duration=duration, time_step=1.0)
    return simulate_model(model, wind, output_step=0.1, **given)


def _speed(run: Result) -> np.ndarray:
    return np.asarray(run["rotor_speed"] / run.model.machine.require("operation.rated_rotor_speed"))


def _power(run: Result) -> np.ndarray:
    return np.asarray(run["electrical_power"] / run.model.control.rated_power)


def _torque(run: Result) -> np.ndarray:
    return np.asarray(run["generator_torque"] / run.model.control.rated_torque)


def _sequence(run: Result) -> list[str]:
    modes = run.modes()
    return [mode for k, mode in enumerate(modes) if k == 0 or modes[k - 1] != mode]


def _adds_up(run: Result) -> bool:
    return abs(run.energy.residual) <= 1e-9 * run.energy.passed + 1e-6


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("wind", [8.0, 10.0, 12.0, 14.0, 20.0])
@pytest.mark.parametrize("name", MACHINES)
def test_start_reaches_production_without_overspeed_or_turning_back(name: str, wind: float, law: str) -> None:
    run = _run(name, wind, 600.0, law, start="parked")
    speed = _speed(run)
    assert _sequence(run) == ["run_up", "production"]
    assert run.time[run.modes().index("production")] < 180.0
    assert speed.min() > BACKWARDS
    assert speed.max() < 1.15
    assert _torque(run).max() <= 1.0 + 1e-9
    assert _power(run).min() > -1e-6
    steady = steady_state(run.model, wind).values
    assert run["electrical_power"][-1] == pytest.approx(steady["electrical_power"], rel=2e-3)
    assert _adds_up(run)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("wind", [4.0, 5.0, 6.0])
@pytest.mark.parametrize("name", MACHINES)
def test_start_in_weak_wind_keeps_the_least_speed(name: str, wind: float, law: str) -> None:
    run = _run(name, wind, 400.0, law, start="parked")
    begin = run.modes().index("production")
    assert run["generator_speed"][begin:].min() > 0.93 * run.model.control.minimum_speed


@pytest.mark.parametrize("name", MACHINES)
def test_start_above_cut_in_reaches_production(name: str) -> None:
    for wind in (4.0, 6.0):
        run = _run(name, wind, 600.0, start="parked")
        assert _sequence(run) == ["run_up", "production"], f"{wind:g} m/s: ends at {_speed(run)[-1]:.3f} of rated speed"
        assert _speed(run).min() > BACKWARDS


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("wind", [12.0, 21.0])
@pytest.mark.parametrize("name", MACHINES)
def test_start_in_turbulence_loads_the_rotor_no_faster_than_it_speeds_up(name: str, wind: float, law: str) -> None:
    hub, radius = (turbine.load(name).require(key) for key in ("tower.hub_height", "rotor.radius"))
    blown = ntm(
        wind, wind_class("IA+"), hub_height=hub, rotor_diameter=2.0 * radius, duration=300.0, time_step=0.1, seed=3
    )
    run = _run(name, blown, law=law, start="parked")
    assert _sequence(run)[:2] == ["run_up", "production"]
    q, speed = run.model.control, run["generator_speed"]
    begin = run.modes().index("production")
    reached = begin + int(np.argmax(speed[begin:] >= 0.9 * q.rated_speed))
    risen = begin + int((q.rated_speed - q.connect_speed) / q.run_up_acceleration / 0.1)  # the reference is at rated
    end = min(reached, risen)
    assert end > begin + 50
    ceiling = np.maximum.accumulate(q.torque_gain * speed[begin:end] ** 2)
    assert np.all(run["generator_torque"][begin:end] <= 1.02 * ceiling)
    assert _adds_up(run)


@pytest.mark.parametrize("name", MACHINES)
def test_normal_stop_feathers_and_stands_still(name: str) -> None:
    for wind in (5.0, 12.0, 24.0):
        run = _run(name, wind, schedule=Schedule(requests={10.0: "stop"}))
        assert _sequence(run) == ["production", "shutdown", "parked"]
        assert run.time[run.modes().index("parked")] < 90.0
        assert run["pitch_angle"][-1] == pytest.approx(run.model.control.feather, abs=1e-3)
        assert abs(_speed(run)[-1]) < 2e-3
        assert _speed(run).max() < 1.05
        assert _speed(run).min() > BACKWARDS
        assert np.all(_torque(run)[-100:] == 0.0)
        assert _power(run).min() > -1e-9
        assert _adds_up(run)


@pytest.mark.parametrize("name", MACHINES)
def test_emergency_stop_from_rated_at_24_m_s(name: str) -> None:
    run = _run(name, 24.0, schedule=Schedule(requests={10.0: "emergency"}))
    assert _sequence(run) == ["production", "emergency"]
    assert _speed(run).max() < 1.15
    assert abs(_speed(run)[run.time > 90.0]).max() < 0.03
    assert _torque(run)[run.time > 10.2].max() == 0.0
    assert run["pitch_angle"][-1] == pytest.approx(run.model.control.feather, abs=1e-3)
    assert _adds_up(run)


@pytest.mark.parametrize("name", MACHINES)
def test_emergency_is_left_by_a_stop_and_the_machine_runs_again(name: str) -> None:
    asked = {10.0: "emergency", 150.0: "run", 200.0: "stop", 220.0: "run"}
    run = _run(name, 14.0, 700.0, schedule=Schedule(requests=asked))
    assert _sequence(run) == ["production", "emergency", "parked", "run_up", "production"]
    assert _power(run)[-1] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("wind", [12.0, 24.0])
@pytest.mark.parametrize("name", MACHINES)
def test_load_rejection_keeps_the_rotor_below_a_quarter_over_rated(name: str, wind: float) -> None:
    machine = turbine.load(name)
    torque = np.full(30_000, _settings(name, "k_omega_2").rated_torque)
    torque[1000:] = 0.0
    assert machine.require("generator.rated_power") > 0.0
    run = _run(name, wind, torque=torque)
    assert 1.0 < _speed(run).max() < 1.25
    assert _speed(run).min() > BACKWARDS
    tripped = _speed(run).max() * run.model.control.rated_speed > 1.01 * run.model.control.trip_speed
    assert ("emergency" in run.modes()) == tripped
    assert _adds_up(run)


def test_overspeed_trips_and_latches() -> None:
    machine = turbine.load("nrel_5mw")
    model = build(machine, controller(machine, trip_speed=1.05 * _settings("nrel_5mw", "k_omega_2").rated_speed))
    torque = np.full(30_000, model.control.rated_torque)
    torque[1000:] = 0.0
    run = simulate_model(model, constant(16.0, duration=300.0, time_step=1.0), torque=torque, output_step=0.1)
    assert _sequence(run) == ["production", "emergency"]
    at = run.modes().index("emergency")
    assert run["generator_speed"][at] == pytest.approx(model.control.trip_speed, rel=0.01)
    assert abs(_speed(run)[-1]) < 1e-3


@pytest.mark.parametrize("name", MACHINES)
def test_rising_wind_cuts_out_and_falling_wind_starts_again(name: str) -> None:
    run = _run(
        name, ramps([0.0, 60.0, 300.0, 420.0, 700.0], [20.0, 20.0, 30.0, 30.0, 16.0], duration=1300.0, time_step=1.0)
    )
    assert _sequence(run) == ["production", "shutdown", "parked", "run_up", "production"]
    assert _speed(run).max() < 1.15
    assert _speed(run).min() > BACKWARDS
    assert _power(run)[-1] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("name", MACHINES)
def test_wind_that_dies_stops_the_machine_without_motoring(name: str) -> None:
    run = _run(name, steps([0.0, 50.0], [11.0, 0.0], duration=500.0, time_step=1.0))
    assert _sequence(run) == ["production", "shutdown", "parked"]
    assert _power(run).min() > -1e-9
    assert _speed(run).min() > BACKWARDS
    assert _adds_up(run)


@pytest.mark.parametrize("wind", [0.0, 12.0, 40.0])
@pytest.mark.parametrize("name", MACHINES)
def test_standing_still_stays_standing(name: str, wind: float) -> None:
    run = _run(name, wind, start="parked", schedule=Schedule(requests={0.0: "stop"}))
    assert set(run.modes()) == {"parked"}
    assert np.abs(_speed(run)).max() < 2e-3
    assert np.abs(_power(run)).max() < 1e-9


def test_request_to_run_in_no_wind_keeps_the_machine_parked() -> None:
    run = _run("nrel_5mw", 0.0, start="parked")
    assert set(run.modes()) == {"parked"}


def test_a_stop_of_the_run_up_leads_back_to_parked() -> None:
    run = _run("nrel_5mw", 10.0, start="parked", schedule=Schedule(requests={30.0: "stop", 200.0: "run"}))
    assert _sequence(run) == ["run_up", "shutdown", "parked", "run_up", "production"]


def test_state_after_a_stop_is_that_of_a_parked_machine() -> None:
    stopped = _run("nrel_5mw", 12.0, 600.0, schedule=Schedule(requests={10.0: "stop"}))
    again = _run("nrel_5mw", 12.0, 400.0, start=stopped.end)
    fresh = _run("nrel_5mw", 12.0, 400.0, start="parked")
    assert _sequence(again) == _sequence(fresh)
    first = [run.modes().index("production") for run in (again, fresh)]
    assert abs(first[0] - first[1]) <= 20
    assert _power(again)[-1] == pytest.approx(_power(fresh)[-1], abs=2e-3)


@pytest.mark.parametrize("case", ["wind falls", "stop", "parked"])
@pytest.mark.parametrize("name", ["iea_15mw", "nrel_5mw"])
def test_given_power_never_asks_for_more_than_the_largest_torque(name: str, case: str) -> None:
    settings = _settings(name, "k_omega_2")
    given: dict[str, Any] = {"power": settings.rated_power}
    wind: WindSeries | float = 12.0
    if case == "wind falls":
        wind = steps([0.0, 20.0], [12.0, 4.0], duration=120.0, time_step=1.0)
    elif case == "stop":
        given["schedule"] = Schedule(requests={20.0: "stop"})
    else:
        given["start"] = "parked"
    run = _run(name, wind, 120.0, **given)
    assert np.abs(run["generator_torque"]).max() <= settings.maximum_torque * (1.0 + 1e-9)
    assert _speed(run).min() > BACKWARDS


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", MACHINES)
def test_wind_steps_up_and_down_leave_no_limit_cycle(name: str, law: str) -> None:
    speeds = np.array([5.0, 7.0, 9.0, 10.0, 11.0, 12.0, 13.0, 12.0, 11.0, 10.0, 9.0, 7.0])
    wind = steps(np.arange(speeds.size) * 200.0, speeds, duration=200.0 * speeds.size, time_step=0.1)
    run = _run(name, wind, law=law)
    speed, power = _speed(run), _power(run)
    assert set(run.modes()) == {"production"}
    assert speed.max() < 1.1
    assert power.max() < 1.1
    for k in range(speeds.size):
        late = slice(2000 * k + 1700, 2000 * k + 1995)
        assert np.ptp(speed[late]) < 2e-3, f"{speeds[k]:g} m/s"
        assert np.ptp(power[late]) < 5e-3, f"{speeds[k]:g} m/s"


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", MACHINES)
def test_power_limit_comes_and_goes(name: str, law: str) -> None:
    for wind in (8.0, 14.0):
        rated = _settings(name, law).rated_power
        asked = {50.0: References(power_limit=0.3 * rated), 250.0: References()}
        run = _run(name, wind, 500.0, law, schedule=Schedule(references=asked))
        power = _power(run)
        held = (run.time > 65.0) & (run.time < 250.0)
        assert power[held].max() < 0.305
        assert power[(run.time > 200.0) & (run.time < 250.0)].min() > 0.299
        assert _speed(run).max() < 1.2
        assert power.max() < 1.05
        assert set(run.modes()) == {"production"}
        assert power[-1] == pytest.approx(power[0], rel=0.02)
