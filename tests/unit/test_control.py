"""Controller settings and single samples: what is refused, and what one sample commands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.control import control_parameters, controller
from turbine.control_step import (
    CONTROL,
    EMERGENCY,
    MEASUREMENT,
    PARKED,
    PRODUCTION,
    RUN_UP,
    SHUTDOWN,
    ControlParameters,
    control_start,
    control_step,
)
from turbine.errors import MachineError, ParameterError

MACHINES = ["iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw"]


@pytest.fixture(scope="module")
def machine() -> turbine.machine.Machine:
    return turbine.load("nrel_5mw")


class Bench:
    """A controller at rest at a measurement, fed sample by sample."""

    def __init__(self, p: ControlParameters, *, mode: float, speed: float, pitch: float, wind: float, torque: float):
        self.p, self.c, self.m = p, np.zeros(1, CONTROL), np.zeros(1, MEASUREMENT)
        self.m[0]["request"], self.m[0]["power_limit"] = 1.0, 1e12
        self.set(generator_speed=speed, pitch=pitch, wind_speed=wind, torque=torque)
        control_start(self.c[0], p, self.m[0], float(mode), wind, torque)

    def set(self, **values: float) -> None:
        for name, value in values.items():
            self.m[0][name] = value

    def step(self, n: int = 1) -> tuple[float, float, float]:
        for _ in range(n):
            found = control_step(self.c[0], self.p, self.m[0])
        return found

    def mode(self) -> int:
        return int(self.c[0]["mode"])


@pytest.fixture
def p(machine: turbine.machine.Machine) -> ControlParameters:
    return control_parameters(controller(machine), machine, 0.01)


def _producing(p: ControlParameters, **changes: float) -> Bench:
    state = {"speed": 0.8 * p.rated_speed, "pitch": p.fine_pitch, "wind": 8.5}
    state["torque"] = p.torque_gain * state["speed"] ** 2
    return Bench(p, mode=PRODUCTION, **(state | changes))


def _parked(p: ControlParameters, wind: float = 10.0) -> Bench:
    bench = Bench(p, mode=PARKED, speed=0.0, pitch=p.feather, wind=wind, torque=0.0)
    bench.set(request=0.0)
    return bench


@pytest.mark.parametrize("name", MACHINES)
def test_defaults_are_the_published_constants(name: str) -> None:
    found = turbine.load(name)
    settings = controller(found)
    assert settings.torque_gain == found.require("controller.torque_gain")
    if found.controller.pitch_integral is not None:
        np.testing.assert_array_equal(settings.pitch_integral, found.controller.pitch_integral)
    assert settings.rated_power == found.require("generator.rated_power")
    assert settings.rated_speed == pytest.approx(
        found.require("operation.rated_rotor_speed") * found.require("drive_train.gear_ratio")
    )
    assert settings.rated_power == pytest.approx(
        settings.rated_torque * settings.rated_speed * found.require("generator.efficiency"), rel=0.01
    )


def test_machine_without_published_constants_gets_a_design_of_its_own(machine: turbine.machine.Machine) -> None:
    from dataclasses import replace

    bare = replace(machine, controller=type(machine.controller)())
    ours, published = controller(bare), controller(machine)
    assert ours.torque_gain == pytest.approx(published.torque_gain, rel=1e-4)
    assert np.all(ours.pitch_integral < 0.0)  # where the rotor damps itself the proportional gain may be positive
    assert ours.torque_proportional < 0.0
    assert ours.torque_integral < 0.0


def test_unknown_setting_is_refused_with_the_nearest_known(machine: turbine.machine.Machine) -> None:
    with pytest.raises(
        ParameterError, match=r'unknown setting "rated_powr" of the controller \(did you mean "rated_power"'
    ):
        controller(machine, rated_powr=1.0)
    with pytest.raises(ParameterError, match=r'unknown setting "torque_gian" \(did you mean "torque_gain"'):
        controller(machine).replaced(torque_gian=1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"torque_law": "kw2"}, "torque_law: found 'kw2', expected k_omega_2 or tip_speed_ratio"),
        ({"speed_filter_order": 3}, "speed_filter_order: found 3, expected 1 or 2"),
        ({"rated_power": -1.0}, "rated_power: found -1, expected above 0"),
        ({"rated_power": "5 MW"}, "rated_power: found '5 MW'"),
        ({"run_up_time": 0.0}, "run_up_time: found 0"),
        ({"feather": 90.0}, "feather: found 90, expected at least 0.5 and at most 2"),
        ({"pitch_integral": np.zeros(3)}, "pitch_integral: found 3 values, expected 30 as pitch_schedule has"),
        ({"pitch_schedule": np.zeros(30)}, "pitch_schedule: row 1 .*expected ascending"),
        ({"minimum_pitch": np.zeros(3)}, "minimum_pitch_wind and minimum_pitch: found one of them"),
        ({"estimate_wind": False, "torque_law": "tip_speed_ratio"}, "estimate_wind is off, expected on"),
        ({"torque_proportional": math.nan}, "torque_proportional"),
        ({"drive_train_damper": math.nan}, "drive_train_damper"),
        ({"tower_damper": math.inf}, "tower_damper"),
        ({"cut_in": 30.0}, "cut_in.*restart"),
        ({"cut_in": 0.0}, "cut_in: found 0, expected above 0"),
        ({"fine_pitch": 0.3, "maximum_pitch": 0.2}, "fine_pitch.*maximum_pitch"),
        ({"minimum_speed": 200.0}, "minimum_speed.*rated_speed"),
        ({"connect_speed": 200.0}, "connect_speed.*rated_speed"),
        ({"trip_speed": 100.0}, "rated_speed: .*trip_speed, which is 100"),
        ({"torque_proportional": 100.0}, "torque_proportional"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_setting_out_of_range_is_refused(
    machine: turbine.machine.Machine, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        controller(machine, **values)


def test_sampling_time_beyond_the_speed_filter_is_refused(machine: turbine.machine.Machine) -> None:
    with pytest.raises(ParameterError, match=r"time_step: found 1 s, expected at most 0\.637 s"):
        control_parameters(controller(machine), machine, 1.0)


def test_unknown_value_of_the_machine_is_named() -> None:
    with pytest.raises(MachineError, match='machine "senvion_mm82" has no'):
        controller(turbine.load("senvion_mm82"))


def test_torque_law_below_rated(p: ControlParameters) -> None:
    bench = _producing(p)
    torque, pitch, brake = bench.step(200)
    assert torque == pytest.approx(p.torque_gain * (0.8 * p.rated_speed) ** 2, rel=1e-9)
    assert (pitch, brake) == (p.fine_pitch, 0.0)
    assert bench.c[0]["region"] == 2.0


def test_torque_rate_is_limited_and_reported(p: ControlParameters) -> None:
    bench = _producing(p)
    before, _, _ = bench.step(10)
    bench.set(generator_speed=p.minimum_speed * 0.5)
    last = before
    for _ in range(300):
        torque, _, _ = bench.step()
        assert abs(torque - last) <= p.torque_rate * p.time_step * (1.0 + 1e-9)
        last = torque
    assert last == pytest.approx(0.0, abs=1e-6 * p.rated_torque)


def test_pitch_rate_is_limited_and_reported(p: ControlParameters) -> None:
    bench = _producing(p, speed=p.rated_speed, pitch=0.1, wind=13.0, torque=p.rated_torque)
    _, last, _ = bench.step()
    bench.set(generator_speed=1.15 * p.rated_speed)
    fastest = 0.0
    for _ in range(100):
        _, pitch, _ = bench.step()
        fastest, last = max(fastest, abs(pitch - last)), pitch
    assert fastest == pytest.approx(p.pitch_rate * p.time_step, rel=1e-6) or fastest < p.pitch_rate * p.time_step
    assert last > 0.1


def test_overspeed_and_emergency_request_end_in_an_emergency_stop(p: ControlParameters) -> None:
    for changes in ({"generator_speed": 1.01 * p.trip_speed}, {"request": -1.0}):
        bench = _producing(p)
        bench.step()
        bench.set(**changes)
        torque, _, brake = bench.step()
        assert (bench.mode(), torque, brake) == (EMERGENCY, 0.0, 0.0)
        bench.set(generator_speed=0.0, request=1.0)
        bench.step(10)
        assert bench.mode() == EMERGENCY  # latched until somebody has asked for a stop
        assert bench.step()[2] == p.brake_torque
        bench.set(request=0.0)
        bench.step()
        assert bench.mode() == PARKED


def test_overspeed_backwards_ends_in_an_emergency_stop(p: ControlParameters) -> None:
    bench = _producing(p)
    bench.set(generator_speed=-1.1 * p.trip_speed)
    bench.step()
    assert bench.mode() == EMERGENCY


def test_rotor_that_turns_backwards_is_not_driven(p: ControlParameters) -> None:
    bench = _producing(p)
    bench.set(generator_speed=-0.3 * p.rated_speed)
    assert bench.step(2000)[0] == 0.0


def test_stop_request_ramps_torque_down_and_pitches_out(p: ControlParameters) -> None:
    bench = _producing(p, speed=p.rated_speed, pitch=0.1, wind=13.0, torque=p.rated_torque)
    bench.set(request=0.0)
    torque, pitch, brake = bench.step(round(5.0 / p.time_step))
    assert bench.mode() == SHUTDOWN
    assert torque == pytest.approx(0.5 * p.rated_torque, rel=1e-2)
    assert pitch == pytest.approx(0.1 + 5.0 * p.shutdown_pitch_rate, rel=1e-2)
    assert brake == 0.0
    torque, pitch, _ = bench.step(round(60.0 / p.time_step))
    assert torque == 0.0
    assert pitch == pytest.approx(p.feather)


def test_parked_machine_starts_in_wind_between_cut_in_and_restart_only(p: ControlParameters) -> None:
    for wind, mode in ((p.cut_in - 0.1, PARKED), (p.cut_in + 0.1, RUN_UP), (p.restart + 0.1, PARKED)):
        bench = _parked(p, wind)
        bench.set(request=1.0)
        bench.step()
        assert bench.mode() == mode
    bench = _parked(p)
    assert bench.step(100)[2] == p.brake_torque
    assert bench.mode() == PARKED


def test_cut_out_waits_for_the_averaged_wind(p: ControlParameters) -> None:
    bench = _producing(p, speed=p.rated_speed, pitch=0.38, wind=24.0, torque=p.rated_torque)
    bench.set(wind_speed=35.0)
    bench.step(100)
    assert bench.mode() == PRODUCTION
    bench.step(1500)
    assert bench.mode() == SHUTDOWN


def test_power_limit_caps_the_torque(p: ControlParameters) -> None:
    bench = _producing(p)
    limit = 0.2 * p.rated_power
    bench.set(power_limit=limit)
    torque, _, _ = bench.step(500)
    assert torque * bench.c[0]["speed"] * p.efficiency == pytest.approx(limit, rel=1e-9)
    assert int(bench.c[0]["limited"]) & 1
    bench.set(power_limit=0.0)
    assert bench.step(500)[0] == 0.0


def test_reserve_without_a_wind_estimate_is_not_ignored(machine: turbine.machine.Machine) -> None:
    # Either it is refused or it is kept; without an estimate nobody knows what is available.
    from turbine.errors import WindformError
    from turbine.model import build
    from turbine.trim import References, steady_state

    model = build(machine, controller(machine, estimate_wind=False))
    free = steady_state(model, 8.0).values["electrical_power"]
    try:
        kept = steady_state(model, 8.0, References(reserve=0.2)).values["electrical_power"]
    except WindformError:
        return
    assert kept == pytest.approx(0.8 * free, rel=0.02)
