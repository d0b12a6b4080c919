"""Places where parts of the turbine meet: negative power, starts with a damper, runs that go on with less."""

from __future__ import annotations

import math

import numpy as np
import pytest

import turbine
from turbine.control import controller
from turbine.design import design_drive_train_damper
from turbine.errors import ParameterError, SimulationError
from turbine.linear import linearise
from turbine.load_cases import design_load_cases, run_load_cases
from turbine.machine import Machine
from turbine.model import Options, build
from turbine.rotor import rotor_state
from turbine.simulation import Result, Schedule
from turbine.steady import steady_table
from turbine.wind import constant, steps, wind_class


@pytest.fixture(scope="module")
def machine() -> Machine:
    return turbine.load("nrel_5mw")


def _run(machine: Machine, wind: float, seconds: float, **given: object) -> Result:
    return turbine.simulate(machine, constant(wind, duration=seconds, time_step=0.1), **given)  # type: ignore[arg-type]


def test_given_negative_power_is_what_the_terminals_take(machine: Machine) -> None:
    run = _run(machine, 8.0, 2.0, power=-1e5, drive_train="rigid", tower=False)
    np.testing.assert_allclose(run["electrical_power"], -1e5, rtol=2e-3)


def test_connecting_with_a_drive_train_damper_gives_no_kick(machine: Machine) -> None:
    gain, frequency = design_drive_train_damper(machine, 0.02)
    settings = controller(machine, drive_train_damper=gain, drive_train_frequency=frequency)
    run = _run(machine, 8.0, 90.0, settings=settings, start="parked")
    connected = int(np.flatnonzero(run["mode"] == 2)[0])
    torque = run["generator_torque"][connected : connected + 100]
    assert np.abs(np.diff(torque)).max() <= 1.2 * settings.torque_rate * run.time_step


def test_energy_adds_up_when_a_run_goes_on_with_fewer_coordinates(machine: Machine) -> None:
    whole = _run(machine, 9.0, 5.0, drive_train="two_mass", tower=True)
    rest = _run(machine, 9.5, 5.0, start=whole.end, drive_train="rigid", tower=False)
    assert abs(rest.energy.residual) <= 1e-9 * rest.energy.passed


@pytest.mark.parametrize("wind", [25.0, 25.5, 26.0])
def test_linear_model_beyond_cut_out_is_that_of_production(machine: Machine, wind: float) -> None:
    found = linearise(build(machine, options=Options()), wind)
    integral = found.states.index("control.pitch_integral")
    assert found.a[integral, integral] == pytest.approx(1.0)


def test_wind_estimate_without_estimator_is_the_averaged_anemometer(machine: Machine) -> None:
    settings = controller(machine, estimate_wind=False)
    wind = steps([0.0, 10.0], [8.0, 9.0], duration=200.0, time_step=0.1)
    run = turbine.simulate(machine, wind, settings=settings)
    begin = (10.0 * 8.0 + 50.0 * 9.0) / 60.0  # the first minute's mean
    middle = 8.0 + (begin - 8.0) * math.exp(-10.0 / settings.wind_average)
    expected = 9.0 - (9.0 - middle) * math.exp(-190.0 / settings.wind_average)
    assert run["wind_estimate"][-1] == pytest.approx(expected, abs=2e-3)


def test_unknown_option_is_refused_wherever_options_are_taken(machine: Machine) -> None:
    message = r'unknown option "towr" \(did you mean "tower"\?\)'
    with pytest.raises(ParameterError, match=message):
        steady_table(machine, [8.0], towr=False)
    with pytest.raises(ParameterError, match=message):
        run_load_cases(machine, design_load_cases([8.0], wind_class("IB"), seeds=1, duration=60.0), towr=False)


def test_row_of_a_slow_controller_has_the_power_of_its_sample_and_the_forces_of_its_time(machine: Machine) -> None:
    wind = steps([0.0, 2.0], [9.0, 10.0], duration=20.0, time_step=0.1)
    run = turbine.simulate(machine, wind, time_step=0.01, control_period=0.1)
    assert run.time_step == pytest.approx(0.1)
    assert run["electrical_power"].sum() * 0.1 == pytest.approx(run.energy.electrical, rel=1e-12)
    # The pitch rests, so that the aerodynamic torque of a row follows from its own states and wind.
    air = rotor_state(
        machine.require_surface(),
        pitch=run["pitch_angle"],
        rotor_speed=run["rotor_speed"],
        wind_speed=run["wind_speed"] - np.gradient(run["tower_fore_aft"], 0.1),
        radius=machine.require("rotor.radius"),
        air_density=machine.usual("operation.air_density"),
    )
    np.testing.assert_allclose(run["aero_torque"][1:-1], air.torque[1:-1], rtol=2e-3)


def test_stop_without_supervision_is_refused(machine: Machine) -> None:
    schedule = Schedule(requests={5.0: "stop"})
    wind = constant(9.0, duration=20.0, time_step=1.0)
    with pytest.raises(SimulationError, match="supervise is off"):
        turbine.simulate(machine, wind, settings=controller(machine, supervise=False), schedule=schedule)


@pytest.mark.parametrize("wind", [1.5, 28.0])
def test_run_out_of_the_range_of_wind_begins_parked(machine: Machine, wind: float) -> None:
    run = turbine.simulate(machine, constant(wind, duration=30.0, time_step=1.0))
    assert set(run.modes()) == {"parked"}
    assert abs(run["rotor_speed"]).max() < 0.02


def test_one_gust_over_cut_out_at_the_beginning_is_no_stop(machine: Machine) -> None:
    wind = steps([0.0, 2.0], [26.5, 23.0], duration=60.0, time_step=0.1)
    assert set(turbine.simulate(machine, wind).modes()) == {"production"}


@pytest.mark.parametrize(("name", "first", "mean"), [("iea_3p4mw", 28.5, 22.0), ("iea_15mw", 2.2, 3.5)])
def test_first_sample_beyond_the_range_of_wind_begins_at_its_edge(name: str, first: float, mean: float) -> None:
    wind = steps([0.0, 2.0], [first, mean], duration=30.0, time_step=0.1)
    assert turbine.simulate(turbine.load(name), wind).modes()[0] == "production"


def test_least_pitch_of_zero_is_a_value(machine: Machine) -> None:
    given = machine.with_values({"operation.fine_pitch": -0.02, "pitch_actuator.min_angle": 0.0})
    assert build(given, options=Options()).plant.pitch_limits[0] == 0.0


def test_side_side_moment_has_the_inertia_of_the_mode_alone(machine: Machine) -> None:
    # The generator's inertia turns with the nacelle, but its reaction is in the shaft torque already.
    system = build(machine, options=Options()).plant.mechanics
    assert system.modal_mass == machine.require("tower.modal_mass") < system.mass[4, 4]
