"""Design of controller constants against published ones (ROSCO's tuning) and against python-control."""

from __future__ import annotations

import math

import control
import numpy as np
import pytest

import turbine
from turbine import design
from turbine.control import controller
from turbine.errors import MachineError, ParameterError
from turbine.model import Options, build
from turbine.rotor import rotor_gradient, rotor_state
from turbine.trim import jacobian, steady_state

MACHINES = ["iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw"]


@pytest.fixture(scope="module")
def machine() -> turbine.machine.Machine:
    return turbine.load("nrel_5mw")


@pytest.mark.parametrize(
    ("name", "natural_frequency", "damping", "within_kp", "within_ki"),
    # Largest share of the published schedule's largest gain; tuning as published with the constants.
    [("nrel_5mw", 0.6, 0.7, 0.005, 0.005), ("iea_15mw", 0.2, 1.0, 0.05, 0.04)],
)
def test_pitch_gains_against_published_schedule(
    name: str, natural_frequency: float, damping: float, within_kp: float, within_ki: float
) -> None:
    found = turbine.load(name)
    made = design.design_pitch_pi(found, natural_frequency, damping)
    at = found.require_series("controller.pitch_schedule")
    for gains, key, within in (
        (made.proportional, "controller.pitch_proportional", within_kp),
        (made.integral, "controller.pitch_integral", within_ki),
    ):
        published = np.array(found.require_series(key))
        off = np.interp(at, made.pitch, gains) - published
        assert np.abs(off).max() < within * np.abs(published).max()


@pytest.mark.parametrize(
    # The published gains of the IEA 15 MW and IEA 3.4 MW belong to other coefficients than their surface's.
    ("name", "within"),
    [("nrel_5mw", 1e-5), ("nrel_2p8mw", 0.02), ("iea_15mw", 0.025), ("iea_3p4mw", 0.08)],
)
def test_torque_gain_against_published_one(name: str, within: float) -> None:
    found = turbine.load(name)
    assert design.optimal_torque_gain(found) == pytest.approx(found.require("controller.torque_gain"), rel=within)


def test_torque_integral_gain_against_published_one(machine: turbine.machine.Machine) -> None:
    _, integral = design.design_torque_pi(machine, 0.15, 0.85)
    assert integral == pytest.approx(machine.require("controller.torque_integral"), rel=1e-4)


def test_pitch_gains_place_the_poles(machine: turbine.machine.Machine) -> None:
    wind = np.array([13.0, 17.0, 22.0])
    made = design.design_pitch_pi(machine, 0.5, 0.8, wind_speed=wind, smooth=False)
    at = design.ideal_operation(machine, wind)
    g = rotor_gradient(
        machine.require_surface(),
        pitch=at.pitch,
        rotor_speed=at.rotor_speed,
        wind_speed=wind,
        radius=machine.require("rotor.radius"),
        air_density=machine.require("operation.air_density"),
    )
    inertia, gear = design.turning_inertia(machine), machine.require("drive_train.gear_ratio")
    for k in range(3):
        # States: speed and its integral, pitch = Kp N (-w) + Ki N (-integral).
        a = np.array(
            [
                [
                    (g.torque_speed[k] - g.torque_pitch[k] * gear * made.proportional[k]) / inertia,
                    -g.torque_pitch[k] * gear * made.integral[k] / inertia,
                ],
                [1.0, 0.0],
            ]
        )
        expected = np.roots([1.0, 2.0 * 0.8 * 0.5, 0.25])
        np.testing.assert_allclose(np.sort_complex(np.linalg.eigvals(a)), np.sort_complex(expected), rtol=1e-7)


def test_margins_against_python_control_on_a_state_space_loop(machine: turbine.machine.Machine) -> None:
    wind = np.array([14.0, 20.0])
    made = design.design_pitch_pi(machine, 0.4, 0.9, wind_speed=wind, smooth=False)
    at = design.ideal_operation(machine, wind)
    state = {"radius": machine.require("rotor.radius"), "air_density": machine.require("operation.air_density")}
    surface, gear = machine.require_surface(), machine.require("drive_train.gear_ratio")
    w = machine.require("pitch_actuator.natural_frequency")
    d = machine.require("pitch_actuator.damping_ratio")
    f = machine.require("controller.speed_filter_frequency")
    assert machine.require("controller.speed_filter_order") == 1
    for k, v in enumerate(wind):
        slopes = []
        for dp, dw in ((1e-5, 0.0), (0.0, 1e-5)):
            ends = [
                float(
                    rotor_state(
                        surface,
                        pitch=at.pitch[k] + s * dp,
                        rotor_speed=at.rotor_speed[k] + s * dw,
                        wind_speed=v,
                        **state,
                    ).torque
                )
                for s in (1.0, -1.0)
            ]
            slopes.append((ends[0] - ends[1]) / 2e-5 / design.turning_inertia(machine))
        by_pitch, by_speed = slopes
        # States: pitch, its rate, rotor speed, filtered generator speed, integral. Output: pitch command.
        a = np.array(
            [
                [0.0, 1.0, 0.0, 0.0, 0.0],
                [-(w**2), -2.0 * d * w, 0.0, 0.0, 0.0],
                [by_pitch, 0.0, by_speed, 0.0, 0.0],
                [0.0, 0.0, f * gear, -f, 0.0],
                [0.0, 0.0, 0.0, 1.0, 0.0],
            ]
        )
        b = np.array([[0.0], [w**2], [0.0], [0.0], [0.0]])
        c = np.array([[0.0, 0.0, 0.0, made.proportional[k], made.integral[k]]])
        loop = control.ss(a, b, c, 0.0)
        gain, phase, _, _, crossover, _ = control.stability_margins(loop)
        assert made.gain_margin_db[k] == pytest.approx(20.0 * math.log10(gain), rel=1e-3)
        assert made.phase_margin_deg[k] == pytest.approx(phase, rel=1e-3)
        assert made.crossover[k] == pytest.approx(crossover, rel=1e-3)
        assert made.delay_margin[k] == pytest.approx(math.radians(phase) / crossover, rel=1e-3)


def test_delay_takes_phase_margin_and_nothing_else(machine: turbine.machine.Machine) -> None:
    none, some = (design.design_pitch_pi(machine, 0.4, 0.9, delay=delay) for delay in (0.0, 0.1))
    np.testing.assert_array_equal(none.proportional, some.proportional)
    np.testing.assert_allclose(some.delay_margin, none.delay_margin - 0.1, rtol=0, atol=1e-3)
    np.testing.assert_allclose(some.crossover, none.crossover, rtol=1e-6)


def test_constant_power_asks_for_more_proportional_gain(machine: turbine.machine.Machine) -> None:
    torque, power = (design.design_pitch_pi(machine, 0.4, 0.9, constant_power=held) for held in (False, True))
    assert np.all(np.abs(power.proportional) > np.abs(torque.proportional))
    np.testing.assert_array_equal(power.integral, torque.integral)


@pytest.mark.parametrize("name", MACHINES)
def test_ideal_operation_has_rated_power_above_rated_and_best_ratio_below(name: str) -> None:
    found = turbine.load(name)
    wind = np.array([8.0, 14.0, 18.0, 25.0])
    at = design.ideal_operation(found, wind)
    power = rotor_state(
        found.require_surface(),
        pitch=at.pitch,
        rotor_speed=at.rotor_speed,
        wind_speed=wind,
        radius=found.require("rotor.radius"),
        air_density=found.get("operation.air_density") or 1.225,
    ).power
    eta = found.require("generator.efficiency") * (found.get("drive_train.gearbox_efficiency") or 1.0)
    np.testing.assert_allclose(eta * power[1:], found.require("generator.rated_power"), rtol=1e-9)
    assert eta * power[0] < found.require("generator.rated_power")
    assert at.rotor_speed[0] * found.require("rotor.radius") / 8.0 == pytest.approx(design.tip_speed_ratio(found))
    assert np.all(np.diff(at.pitch) > 0.0)


def test_peak_shaving_holds_the_thrust(machine: turbine.machine.Machine) -> None:
    wind, pitch = design.minimum_pitch_schedule(machine, peak_thrust=0.8)
    at = design.ideal_operation(machine, wind)
    state = {
        "rotor_speed": at.rotor_speed,
        "wind_speed": wind,
        "radius": machine.require("rotor.radius"),
        "air_density": machine.require("operation.air_density"),
    }
    surface = machine.require_surface()
    free = rotor_state(surface, pitch=at.pitch, **state).thrust
    shaved = rotor_state(surface, pitch=np.maximum(at.pitch, pitch), **state).thrust
    assert shaved.max() == pytest.approx(0.8 * free.max(), rel=1e-6)


def _shaft_modes(machine: turbine.machine.Machine, gain: float, frequency: float) -> list[tuple[float, float]]:
    """Return frequency [Hz] and damping ratio of every closed-loop mode near the shaft's."""
    settings = controller(machine, drive_train_damper=gain, drive_train_frequency=frequency)
    model = build(machine, settings, Options(tower=False))
    steady = steady_state(model, 14.0)
    z = np.linalg.eigvals(jacobian(model, steady.records, 14.0)).astype(np.complex128)
    s = np.log(z[np.abs(z) > 1e-6]) / model.sample
    return [(abs(x) / 2.0 / math.pi, -x.real / abs(x)) for x in s if x.imag > 0 and 1.0 < x.imag / 2.0 / math.pi < 3.0]


def test_drive_train_damper_raises_the_damping_of_the_shaft_mode(machine: turbine.machine.Machine) -> None:
    gain, frequency = design.design_drive_train_damper(machine, 0.0)
    ((alone_hz, alone),) = _shaft_modes(machine, gain, frequency)
    assert alone_hz == pytest.approx(1.70, abs=0.02)
    gain, frequency = design.design_drive_train_damper(machine, 0.01)
    damped = [ratio for _, ratio in _shaft_modes(machine, gain, frequency) if ratio < 0.2]
    assert damped[0] - alone == pytest.approx(0.01, rel=0.2)
    for added in (0.03, 0.05, 0.1):
        gain, frequency = design.design_drive_train_damper(machine, added)
        assert min(ratio for _, ratio in _shaft_modes(machine, gain, frequency)) > alone + added


def test_drive_train_damper_shortens_the_ring_down_of_a_run(machine: turbine.machine.Machine) -> None:
    from turbine.simulation import simulate_model
    from turbine.wind import constant

    left = []
    for added in (0.0, 0.05):
        gain, frequency = design.design_drive_train_damper(machine, added)
        settings = controller(machine, drive_train_damper=gain, drive_train_frequency=frequency)
        model = build(machine, settings, Options(tower=False))
        start = steady_state(model, 14.0).records
        start.plant[0]["z"][2] *= 1.2
        run = simulate_model(model, constant(14.0, duration=6.0, time_step=1.0), start=start)
        shaft = run["shaft_torque"]
        left.append(np.ptp(shaft[-200:]) / np.ptp(shaft[:100]))
    assert left[0] > 0.3
    assert left[1] < 0.25 * left[0]


def test_refusals_name_what_is_wrong(machine: turbine.machine.Machine) -> None:
    with pytest.raises(ParameterError, match="natural_frequency: found -1 rad/s, expected above 0"):
        design.design_pitch_pi(machine, -1.0, 0.7)
    with pytest.raises(ParameterError, match="damping: found 0, expected above 0"):
        design.design_torque_pi(machine, 0.1, 0.0)
    with pytest.raises(ParameterError, match=r"peak_thrust: found 80, .*percent"):
        design.minimum_pitch_schedule(machine, peak_thrust=80.0)
    with pytest.raises(ParameterError, match=r"damping: found 5, .*percent"):
        design.design_drive_train_damper(machine, 5.0)
    with pytest.raises(MachineError, match="more pitch gives more torque; expected wind speeds above rated"):
        design.design_pitch_pi(turbine.load("iea_15mw"), 0.2, 1.0, wind_speed=[4.0, 5.0])
    with pytest.raises(MachineError, match='machine "senvion_mm82" has no rotor surface'):
        design.ideal_operation(turbine.load("senvion_mm82"), 8.0)
