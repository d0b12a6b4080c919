"""Torque, power and thrust of a rotor: definitions, still air, derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import turbine
from turbine.errors import MachineError
from turbine.rotor import rotor_gradient, rotor_state

MACHINE = turbine.load("nrel_5mw")
SURFACE = MACHINE.require_surface()
RADIUS = 63.0


def _state(pitch: Any, speed: Any, wind: Any, **more: Any) -> Any:
    return rotor_state(SURFACE, pitch=pitch, rotor_speed=speed, wind_speed=wind, **({"radius": RADIUS} | more))


def test_definition_at_one_grid_point() -> None:
    """Pitch 0, tip-speed ratio 7.5 at 8 m/s: Cp 0.465861 and Ct 0.778188 stand in the table."""
    state = _state(0.0, 7.5 * 8.0 / RADIUS, 8.0)
    force = 0.5 * 1.225 * np.pi * RADIUS**2
    assert float(state.tip_speed_ratio) == pytest.approx(7.5)
    assert float(state.power) == pytest.approx(force * 8.0**3 * 0.465861, rel=1e-9)
    assert float(state.thrust) == pytest.approx(force * 8.0**2 * 0.778188, rel=1e-9)
    assert float(state.torque) == pytest.approx(float(state.power) * RADIUS / (7.5 * 8.0), rel=1e-12)


def test_forces_go_with_air_density() -> None:
    thin, thick = _state(0.1, 1.2, 12.0, air_density=1.0), _state(0.1, 1.2, 12.0, air_density=1.25)
    assert float(thick.torque) == pytest.approx(1.25 * float(thin.torque))
    assert float(thick.thrust) == pytest.approx(1.25 * float(thin.thrust))


def test_standstill_and_calm_are_ordinary() -> None:
    still = _state([0.0, 0.5, np.pi / 2.0], 0.0, 10.0)
    assert np.all(still.power == 0.0)
    assert still.torque[0] > 0.0
    assert still.torque[1] > still.torque[0]
    assert abs(still.torque[2]) < 1e-6
    nothing = _state(0.0, 0.0, 0.0)
    assert float(nothing.tip_speed_ratio) == 0.0
    assert abs(float(nothing.torque)) < 1e-3


@pytest.mark.parametrize("wind", [0.0, -5.0, 1e-9])
def test_a_turning_rotor_is_braked_in_still_air_with_the_square_of_speed(wind: float) -> None:
    state = _state(0.2, [-1.0, 0.5, 1.0], wind)
    assert state.torque[1] < 0.0
    assert state.torque[2] == pytest.approx(4.0 * state.torque[1])
    assert state.torque[0] > 0.0
    assert np.all(state.power < 0.0)


def test_gradient_against_differences() -> None:
    rng = np.random.default_rng(2)
    pitch, speed, wind = rng.uniform(-0.1, 1.5, 300), rng.uniform(-0.2, 1.5, 300), rng.uniform(2.0, 30.0, 300)
    found = rotor_gradient(SURFACE, pitch=pitch, rotor_speed=speed, wind_speed=wind, radius=RADIUS)
    h = 1e-6
    for name, high, low in (
        ("pitch", _state(pitch + h, speed, wind), _state(pitch - h, speed, wind)),
        ("speed", _state(pitch, speed + h, wind), _state(pitch, speed - h, wind)),
        ("wind", _state(pitch, speed, wind + h), _state(pitch, speed, wind - h)),
    ):
        for force in ("torque", "thrust"):
            by_difference = (getattr(high, force) - getattr(low, force)) / (2.0 * h)
            given = getattr(found, f"{force}_{name}")
            np.testing.assert_allclose(given, by_difference, rtol=1e-4, atol=1e-4 * np.abs(by_difference).max())


def test_gradient_in_calm_air_against_differences() -> None:
    def torque(speed: float) -> float:
        return float(_state(0.3, speed, 0.0).torque)

    found = rotor_gradient(SURFACE, pitch=0.3, rotor_speed=1.0, wind_speed=0.0, radius=RADIUS)
    assert float(found.torque_wind) == 0.0
    assert float(found.torque_speed) == pytest.approx((torque(1.0 + 1e-6) - torque(1.0 - 1e-6)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("more", "words"), [({"radius": -63.0}, "radius: found -63 m"), ({"air_density": 0.0}, "air_density")]
)
def test_refusals(more: dict[str, float], words: str) -> None:
    with pytest.raises(MachineError, match=words):
        _state(0.0, 1.0, 8.0, **more)
