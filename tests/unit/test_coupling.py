"""The coupling point: somebody else's converter gives the air-gap torque and steps the machine at its own rate."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

import turbine
from turbine.control_step import control_step
from turbine.model import Options, build
from turbine.plant import plant_step
from turbine.simulation import simulate_model
from turbine.step import generator_speed
from turbine.trim import parked, steady_state
from turbine.wind import constant

WIND, STEP, EVERY = 9.0, 0.002, 5  # [m/s], step of machine and converter [s], of them in a sample of the controller
LAG = 0.02  # of the converter's torque [s]


@numba.njit
def _converter(x, c, f, e, m, p, q, wind, samples, lag, speeds, torques):
    """A converter whose torque follows the reference with a lag, between samples of the turbine's controller."""
    torque = f.airgap_torque
    keep = math.exp(-p.mechanics.time_step / lag) if lag > 0.0 else 0.0
    for k in range(samples):
        m.generator_speed = generator_speed(x, p)
        m.pitch, m.torque, m.wind_speed = x.pitch, f.airgap_torque, wind
        m.fore_aft_acceleration = f.fore_aft_acceleration
        reference, pitch, brake = control_step(c, q, m)
        speeds[k] = generator_speed(x, p)
        for _ in range(EVERY):
            torque = reference + (torque - reference) * keep
            plant_step(x, f, e, p, wind, pitch, torque, brake)
        torques[k] = torque


@pytest.fixture(scope="module")
def model() -> object:
    return build(turbine.load("nrel_5mw"), options=Options(time_step=STEP, control_period=STEP * EVERY))


def _run(model, samples: int, lag: float, wind: float = WIND):
    records = steady_state(model, WIND).records.copy()
    speeds, torques = np.empty(samples), np.empty(samples)
    _converter(*records.unpack(), model.plant, model.control, wind, samples, lag, speeds, torques)
    return speeds, torques


def test_ideal_converter_gives_the_same_bytes_as_the_own_loop(model) -> None:
    speeds, _ = _run(model, 500, 0.0, wind=9.5)
    own = simulate_model(model, constant(9.5, duration=5.0, time_step=0.01), start=steady_state(model, WIND).records)
    np.testing.assert_array_equal(speeds, own["generator_speed"])


def test_converter_with_a_lag_rests_where_the_ideal_one_rests(model) -> None:
    speeds, torques = _run(model, 2000, LAG)
    steady = steady_state(model, WIND).values
    np.testing.assert_allclose(speeds, steady["generator_speed"], rtol=1e-9)
    np.testing.assert_allclose(torques, steady["generator_torque"], rtol=1e-8)


def test_machine_that_stands_parked_is_an_ordinary_state_of_the_step(model) -> None:
    records = parked(model, 12.0)
    x, _, f, e, _ = records.unpack()
    for _ in range(2000):
        plant_step(x, f, e, model.plant, 12.0, math.pi / 2.0, 0.0, model.control.brake_torque)
    assert abs(generator_speed(x, model.plant)) < 1e-6
    assert f["electrical_power"] == 0.0
    assert f["brake_torque"] == pytest.approx(
        0.0, abs=0.01 * model.control.brake_torque
    )  # nothing drives a feathered rotor
