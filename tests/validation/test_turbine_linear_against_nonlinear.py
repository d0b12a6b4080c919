"""Linear models of machine and loop against the simulation, for steps of 0.1 % of the input."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest

import turbine
from turbine.control import controller
from turbine.linear import LinearModel, linearise, linearise_plant
from turbine.model import Model, Options, build
from turbine.plant import plant_step
from turbine.simulation import simulate_model
from turbine.wind import WindSeries

Floats = npt.NDArray[np.float64]
Law = Literal["k_omega_2", "tip_speed_ratio"]

SHARE = 1e-3  #: of the input
STEPS = 6000  #: of 10 ms
CLOSED: list[tuple[str, Law, float]] = [
    ("nrel_5mw", "k_omega_2", 8.0),
    ("nrel_5mw", "k_omega_2", 16.0),
    ("nrel_5mw", "tip_speed_ratio", 8.0),
    ("iea_15mw", "k_omega_2", 9.0),
    ("iea_15mw", "k_omega_2", 16.0),
    ("iea_15mw", "tip_speed_ratio", 9.0),
]
CHANNELS = ("rotor_speed", "generator_torque", "pitch_angle", "electrical_power", "tower_fore_aft", "shaft_torque")
PLANT = ("rotor_speed", "shaft_torque", "tower_fore_aft", "tower_side_side")


def apart(linear: Floats, nonlinear: Floats) -> float:
    """Return the largest difference over the largest deviation."""
    return float(np.abs(linear - nonlinear).max() / np.abs(nonlinear).max())


def machine_is_direct_drive(model: Model) -> bool:
    return model.mechanics.gear_ratio == 1.0


@cache
def model_of(name: str, law: Law) -> Model:
    machine = turbine.load(name)
    return build(machine, controller(machine, torque_law=law), Options())


@cache
def gust(name: str, law: Law, wind: float) -> tuple[LinearModel, dict[str, Floats], list[dict[str, Floats]]]:
    """Return the linear model, its answer to more wind, and the simulation's to more and to less."""
    model = model_of(name, law)
    linear = linearise(model, wind)
    change = np.full(STEPS, SHARE * wind)
    change[0] = 0.0
    answers = []
    for sign in (1.0, -1.0):
        series = WindSeries(time_step=model.sample, wind_speed=wind + sign * change)
        result = simulate_model(model, series, start=linear.steady.records)
        answers.append({name: result[name] - linear.steady.values[name] for name in CHANNELS})
    return linear, linear.response("wind_speed", change), answers


@pytest.mark.parametrize(("name", "law", "wind"), CLOSED)
def test_closed_loop_after_a_step_of_the_wind(name: str, law: Law, wind: float) -> None:
    """Mean of more and less wind: what is left is the third order."""
    _, linear, (more, less) = gust(name, law, wind)
    moved = [channel for channel in CHANNELS if np.abs(more[channel] - less[channel]).max() > 1e-9]
    assert {"rotor_speed", "electrical_power", "tower_fore_aft", "shaft_torque"} <= set(moved)
    for channel in moved:
        middle = 0.5 * (more[channel] - less[channel])
        assert apart(linear[channel], middle) < 1e-3, channel


@pytest.mark.parametrize(("name", "law", "wind"), [case for case in CLOSED if case[2] < 10.0])
def test_closed_loop_after_more_wind_below_rated(name: str, law: Law, wind: float) -> None:
    _, linear, (more, _) = gust(name, law, wind)
    for channel in ("rotor_speed", "generator_torque", "shaft_torque"):
        assert apart(linear[channel], more[channel]) < 1e-3, channel


@pytest.mark.parametrize(("name", "wind"), [("nrel_5mw", 8.0), ("nrel_5mw", 16.0), ("iea_15mw", 16.0)])
@pytest.mark.parametrize("step", ["generator_torque", "pitch_command"])
def test_plant_after_a_step_of_torque_or_pitch(name: str, wind: float, step: str) -> None:
    model = model_of(name, "k_omega_2")
    linear = linearise_plant(model, wind)
    base = linear.steady.records
    command, torque = float(base.control[0]["pitch"]), float(base.flow[0]["airgap_torque"])
    size = SHARE * torque if step == "generator_torque" else SHARE * max(command, 0.1)
    # Below rated the blades stand at the stop of their drive: both sides need it out of the way.
    plant = model.plant._replace(pitch_limits=model.plant.pitch_limits + np.array([-1.0, 1.0, 0.0]))
    values = np.full(2000, size)
    expected = linear.response(step, values)
    coordinates = {"rotor_speed": 5, "tower_fore_aft": 3, "tower_side_side": 4}
    answers = []
    for sign in (1.0, -1.0):
        more_pitch = sign * size if step == "pitch_command" else 0.0
        more_torque = sign * size if step == "generator_torque" else 0.0
        records = base.copy()
        x, _, f, e, _ = records.unpack()
        found = {channel: np.empty(values.size) for channel in PLANT}
        for k in range(values.size):
            for channel, place in coordinates.items():
                found[channel][k] = x["z"][place]
            plant_step(x, f, e, plant, wind, command + more_pitch, torque + more_torque, 0.0)
            found["shaft_torque"][k] = f["shaft_torque"]
        answers.append(found)
    more, less = answers
    for channel in PLANT:
        middle = 0.5 * (more[channel] - less[channel])
        if machine_is_direct_drive(model) and step == "pitch_command" and channel == "tower_side_side":
            # Only the air-gap torque turns the nacelle, and that is given.
            assert not middle.any()
            assert not expected[channel].any()
        else:
            assert apart(expected[channel], middle) < 1e-3, channel
