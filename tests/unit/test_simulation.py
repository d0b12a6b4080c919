"""Runs: what they return, that they repeat to the byte, and one clear error for each mistake."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.errors import MachineError, ParameterError, SimulationError, WindError, WindformError
from turbine.simulation import EnergyBalance, Schedule
from turbine.step import CHANNELS
from turbine.trim import References
from turbine.wind import WindSeries, constant, from_samples, ntm, wind_class

WIND = constant(8.0, duration=5.0, time_step=1.0)


@pytest.fixture(scope="module")
def machine() -> turbine.machine.Machine:
    return turbine.load("nrel_5mw")


def _turbulent(seed: int) -> WindSeries:
    return ntm(11.0, wind_class("IB"), hub_height=90.0, duration=30.0, time_step=0.1, seed=seed, rotor_diameter=126.0)


def test_same_seed_gives_the_same_bytes(machine: turbine.machine.Machine) -> None:
    first, second, other = (turbine.simulate(machine, _turbulent(seed), shear_exponent=0.2) for seed in (4, 4, 5))
    for name in first.columns:
        assert first[name].tobytes() == second[name].tobytes(), name
    assert first.energy == second.energy
    assert first["rotor_speed"].tobytes() != other["rotor_speed"].tobytes()


def test_run_in_parts_equals_the_whole_to_the_byte(machine: turbine.machine.Machine) -> None:
    whole = turbine.simulate(machine, constant(8.0, duration=10.0, time_step=1.0), start="parked")
    first = turbine.simulate(machine, WIND, start="parked")
    second = turbine.simulate(machine, WIND, start=first.end)
    for name in whole.columns:
        if name != "time":
            assert np.concatenate([first[name], second[name]]).tobytes() == whole[name].tobytes(), name


def test_start_records_are_left_as_they_were(machine: turbine.machine.Machine) -> None:
    end = turbine.simulate(machine, WIND).end
    before = end.copy()
    turbine.simulate(machine, _turbulent(1), start=end)
    for name in ("plant", "control", "flow", "energy", "measurement"):
        assert getattr(end, name).tobytes() == getattr(before, name).tobytes()


def test_columns_units_and_rows(machine: turbine.machine.Machine) -> None:
    run = turbine.simulate(machine, WIND, output_step=0.25)
    assert tuple(run.columns) == tuple(name for name, _, _ in CHANNELS)
    np.testing.assert_allclose(run.time, np.arange(20) * 0.25, rtol=0, atol=1e-12)
    assert run.time_step == 0.25
    table = run.table()
    assert table.index.name == "time"
    assert table.attrs["units"]["electrical_power"] == "W"
    every = turbine.simulate(machine, WIND)
    for name in run.columns:
        np.testing.assert_array_equal(run[name], every[name][::25])


def test_wind_direction_counts_with_its_cosine(machine: turbine.machine.Machine) -> None:
    turned = WindSeries(time_step=1.0, wind_speed=np.full(5, 8.0), wind_direction=np.full(5, 0.3))
    straight = constant(8.0 * math.cos(0.3), duration=5.0, time_step=1.0)
    a, b = turbine.simulate(machine, turned), turbine.simulate(machine, straight)
    np.testing.assert_allclose(a["electrical_power"], b["electrical_power"], rtol=1e-12)


def test_given_torque_is_the_air_gap_torque(machine: turbine.machine.Machine) -> None:
    torque = np.linspace(10e3, 20e3, 500)
    run = turbine.simulate(machine, WIND, torque=torque)
    np.testing.assert_array_equal(run["generator_torque"], torque)


def test_given_power_is_made(machine: turbine.machine.Machine) -> None:
    run = turbine.simulate(machine, WIND, power=1.5e6)
    np.testing.assert_allclose(run["electrical_power"], 1.5e6, rtol=1e-3)


def test_halving_the_step_leaves_the_run_where_it_is(machine: turbine.machine.Machine) -> None:
    wind = _turbulent(2)
    runs = [
        turbine.simulate(machine, wind, time_step=step, control_period=0.02, output_step=0.1)
        for step in (0.02, 0.01, 0.005)
    ]
    for name in ("rotor_speed", "electrical_power", "tower_fore_aft"):
        size = np.abs(runs[2][name]).max()
        coarse, fine = (np.abs(run[name] - runs[2][name]).max() / size for run in runs[:2])
        assert fine < 1e-3
        assert coarse < 5e-3


def test_schedule_entries_hold_from_their_time_on(machine: turbine.machine.Machine) -> None:
    asked = Schedule(requests={2.0: "stop"}, references={1.0: References(power_limit=1e6)})
    run = turbine.simulate(machine, WIND, schedule=asked)
    modes = run.modes()
    assert modes.index("shutdown") == 200
    limited = run["limited"].astype(int) & 1
    assert not limited[:100].any()
    assert limited[100:200].all()


def test_residual_and_passed_of_a_balance() -> None:
    balance = EnergyBalance(10.0, 5.0, 1.0, -1.0, 1.0, 1.0, 2.0)
    assert balance.residual == 1.0
    assert balance.passed == 21.0


def test_documented_example_runs() -> None:
    import doctest

    import turbine.simulation

    assert doctest.testmod(turbine.simulation).failed == 0


MISTAKES: list[tuple[str, dict[str, Any], type[WindformError], str]] = [
    ("step", {"time_step": 0.5}, MachineError, "time_step is 0.5 s, expected less than 0.294 s"),
    ("no step", {"time_step": 0.0}, ParameterError, "time_step: found 0 s, expected above 0"),
    ("length", {"torque": np.zeros(7)}, SimulationError, r"torque: found shape \(7,\), expected one value or 500"),
    (
        "power length",
        {"power": np.zeros(501)},
        SimulationError,
        r"power: found shape \(501,\), expected one value or 500",
    ),
    ("shape", {"torque": np.zeros((500, 1))}, SimulationError, r"torque: found shape \(500, 1\)"),
    ("gap", {"torque": np.r_[np.zeros(9), np.nan, np.zeros(490)]}, SimulationError, r"torque: value 9 \(t = 0.09 s\)"),
    ("both", {"torque": 1.0, "power": 1.0}, SimulationError, "torque and power: found both"),
    ("start", {"start": "park"}, SimulationError, 'start: found \'park\', expected "steady", "parked"'),
    ("output", {"output_step": 0.015}, SimulationError, "output_step: found 0.015 s, expected a multiple"),
    ("no output", {"output_step": -1.0}, SimulationError, "output_step: found -1 s"),
    ("period", {"control_period": 0.015}, ParameterError, "control_period: found 0.015 s, expected a multiple"),
    ("slow control", {"control_period": 1.0}, ParameterError, "expected at most 0.637 s"),
    ("drive train", {"drive_train": "two-mass"}, MachineError, "drive_train: found 'two-mass', expected one of auto"),
    ("density", {"air_density": 12.0}, ParameterError, "air_density: found 12 kg/m3"),
    ("shear", {"shear_exponent": 2.0}, ParameterError, "shear_exponent: found 2"),
    ("wild torque", {"torque": -1e15}, SimulationError, 'machine "nrel_5mw" left all bounds at t = .* s'),
    ("option", {"towr": False}, WindformError, "towr.*tower"),
    ("text", {"torque": "full"}, WindformError, "torque"),
]


@pytest.mark.parametrize(("given", "error", "message"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistake_gets_one_clear_error(
    machine: turbine.machine.Machine, given: dict[str, Any], error: type[WindformError], message: str
) -> None:
    with pytest.raises(error, match=message):
        turbine.simulate(machine, WIND, **given)


def test_machine_that_lacks_a_value_or_surface_says_so() -> None:
    with pytest.raises(MachineError, match=r'"iea_3p4mw" has no value for tower.modal_mass \[kg\]'):
        turbine.simulate(turbine.load("iea_3p4mw"), WIND, tower=True)
    with pytest.raises(MachineError, match='"senvion_mm82" has no rotor surface'):
        turbine.simulate(turbine.load("senvion_mm82"), WIND)
    with pytest.raises(MachineError, match=r'unknown machine "nrel_5mv" \(did you mean "nrel_5mw"\?\)'):
        turbine.load("nrel_5mv")


def test_reference_that_is_a_number_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"reference at 0\.0 s: found 5000000\.0, expected References"):
        Schedule(references={0.0: 5e6})  # type: ignore[dict-item]


def test_negative_inertia_is_refused(machine: turbine.machine.Machine) -> None:
    with pytest.raises(MachineError, match=r"rotor\.inertia: found -1 kg m2, expected above 0"):
        machine.with_values({"rotor.inertia": -1.0})


def test_wind_with_gaps_or_uneven_time_is_refused() -> None:
    with pytest.raises(WindError, match="row 1: wind speed is nan"):
        from_samples([0.0, 1.0, 2.0], [8.0, math.nan, 8.0])
    with pytest.raises(WindError, match="row 2: time is 2 s after the one before, expected 1 s"):
        from_samples([0.0, 1.0, 3.0, 4.0], [8.0, 8.0, 8.0, 8.0])


def test_unknown_channel_and_request_are_refused_with_the_nearest(machine: turbine.machine.Machine) -> None:
    with pytest.raises(SimulationError, match=r'no channel "rotor_sped" \(did you mean "rotor_speed"\?\)'):
        turbine.simulate(machine, WIND)["rotor_sped"]
    with pytest.raises(SimulationError, match=r'request at 1\.0 s: found "stopp" \(did you mean "stop"\?\)'):
        Schedule(requests={1.0: "stopp"})
    with pytest.raises(SimulationError, match=r"time of a request or reference: found -1.0 s, expected 0 or more"):
        Schedule(requests={-1.0: "stop"})


def test_end_of_another_machine_is_refused_as_a_start(machine: turbine.machine.Machine) -> None:
    end = turbine.simulate(machine, WIND).end
    with pytest.raises(SimulationError, match="start"):
        turbine.simulate(turbine.load("iea_15mw"), WIND, start=end)
