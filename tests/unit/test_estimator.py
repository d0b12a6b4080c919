"""Wind speed from the rotor: it finds a steady wind exactly and follows turbulence within a band."""

from __future__ import annotations

import numpy as np
import pytest

import turbine
from turbine.control import controller
from turbine.estimator import ESTIMATOR, estimator_start, estimator_step, interpolated
from turbine.model import Options, build
from turbine.trim import References, steady_state
from turbine.wind import ntm, steps, wind_class

MACHINES = ["nrel_5mw", "iea_15mw", "iea_3p4mw", "nrel_2p8mw"]  # the last two with losses in the gearbox


def _tower(machine: turbine.machine.Machine) -> bool:
    return machine.get("tower.modal_mass") is not None


@pytest.mark.parametrize("wind", [4.0, 8.0, 11.0, 16.0, 24.0])
@pytest.mark.parametrize("name", MACHINES)
def test_steady_estimate_is_the_true_wind(name: str, wind: float) -> None:
    machine = turbine.load(name)
    steady = steady_state(build(machine, None, Options(tower=_tower(machine))), wind)
    assert steady.values["wind_estimate"] == pytest.approx(wind, rel=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_steady_estimate_is_the_true_wind_while_curtailed(share: float) -> None:
    machine = turbine.load("iea_15mw")
    model = build(machine)
    limit = References(power_limit=share * model.control.rated_power)
    for wind in (8.0, 10.0, 14.0):
        assert steady_state(model, wind, limit).values["wind_estimate"] == pytest.approx(wind, rel=1e-6)


@pytest.mark.parametrize("offset", [-2.0, 3.0])
def test_estimate_converges_from_a_wrong_start(offset: float) -> None:
    machine = turbine.load("nrel_5mw")
    model = build(machine, None, Options(tower=False))
    steady = steady_state(model, 9.0)
    p = model.control
    record = np.zeros(1, ESTIMATOR)
    speed, pitch = steady.values["rotor_speed"], steady.values["pitch_angle"]
    estimator_start(record[0], speed, 9.0 + offset)
    found = [
        estimator_step(record[0], p.estimator, speed, pitch, steady.values["generator_torque"], p.time_step)
        for _ in range(round(600.0 / p.time_step))
    ]
    # The mean wanders slowly, so the last of the error goes with a time constant of minutes.
    assert found[-1] == pytest.approx(9.0, abs=5e-3)
    assert abs(found[-1] - 9.0) < 0.1 * abs(found[len(found) // 4] - 9.0)
    assert min(found) > 0.0
    assert max(found) < 13.0
    covariance = np.array([[record[0][f"p{min(i, j)}{max(i, j)}"] for j in (1, 2, 3)] for i in (1, 2, 3)])
    assert np.linalg.eigvalsh(covariance).min() > 0.0


@pytest.mark.parametrize("law", ["k_omega_2", "tip_speed_ratio"])
@pytest.mark.parametrize("wind", [8.0, 12.0, 18.0])
@pytest.mark.parametrize("name", ["nrel_5mw", "iea_15mw"])
def test_estimate_follows_turbulence_without_bias(name: str, wind: float, law: str) -> None:
    machine = turbine.load(name)
    blown = ntm(
        wind,
        wind_class("IB"),
        hub_height=machine.require("tower.hub_height"),
        rotor_diameter=2.0 * machine.require("rotor.radius"),
        duration=300.0,
        time_step=0.1,
        seed=7,
    )
    run = turbine.simulate(machine, blown, settings=controller(machine, torque_law=law), output_step=0.1)  # type: ignore[arg-type]
    error = (run["wind_estimate"] - run["wind_speed"])[300:]
    assert abs(error.mean()) < 0.03
    assert np.sqrt(np.mean(error**2)) < 0.35 * blown.sigma


def test_estimate_follows_a_step_within_half_a_minute() -> None:
    machine = turbine.load("nrel_5mw")
    run = turbine.simulate(machine, steps([0.0, 20.0], [8.0, 10.0], duration=60.0, time_step=0.1), output_step=0.1)
    late = run["wind_estimate"][run.time > 50.0]
    assert np.abs(late - 10.0).max() < 0.1


def test_table_look_up_against_numpy() -> None:
    xs, ys = np.array([1.0, 2.0, 4.0, 7.0]), np.array([3.0, -1.0, 5.0, 6.0])
    at = np.linspace(0.0, 8.0, 200)
    np.testing.assert_allclose([interpolated(float(x), xs, ys) for x in at], np.interp(at, xs, ys), rtol=0, atol=1e-14)
    assert interpolated(3.0, xs[:1], ys[:1]) == 3.0
