"""Places where parts of the turbine meet: negative power, starts with a damper, runs that go on with less."""

from __future__ import annotations

import math

import numpy as np
import pytest

import turbine
from turbine.control import controller
from turbine.design import design_drive_train_damper
from turbine.errors import ParameterError
from turbine.linear import linearise
from turbine.load_cases import design_load_cases, run_load_cases
from turbine.machine import Machine
from turbine.model import Options, build
from turbine.simulation import Result
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


@pytest.mark.parametrize("wind", [25.5, 26.0])
def test_linear_model_beyond_cut_out_is_that_of_production(machine: Machine, wind: float) -> None:
    found = linearise(build(machine, options=Options()), wind)
    integral = found.states.index("control.pitch_integral")
    assert found.a[integral, integral] == pytest.approx(1.0)


def test_wind_estimate_without_estimator_is_the_averaged_anemometer(machine: Machine) -> None:
    settings = controller(machine, estimate_wind=False)
    wind = steps([0.0, 10.0], [8.0, 9.0], duration=200.0, time_step=0.1)
    run = turbine.simulate(machine, wind, settings=settings)
    expected = 9.0 - math.exp(-190.0 / settings.wind_average)
    assert run["wind_estimate"][-1] == pytest.approx(expected, abs=2e-3)


def test_unknown_option_is_refused_wherever_options_are_taken(machine: Machine) -> None:
    message = r'unknown option "towr" \(did you mean "tower"\?\)'
    with pytest.raises(ParameterError, match=message):
        steady_table(machine, [8.0], towr=False)
    with pytest.raises(ParameterError, match=message):
        run_load_cases(machine, design_load_cases([8.0], wind_class("IB"), seeds=1, duration=60.0), towr=False)
