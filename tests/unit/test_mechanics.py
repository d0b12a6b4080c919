"""Drive train and tower: closed forms, exact steps, what the dampers take, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import turbine
from turbine.errors import MachineError
from turbine.mechanics import Mechanics, discretise, mechanics, modes

KINDS = [("rigid", False), ("two_mass", False), ("two_mass", True), ("three_mass", False), ("three_mass", True)]


@pytest.fixture(scope="module")
def machine() -> turbine.machine.Machine:
    return turbine.load("nrel_5mw")


def _system(machine: turbine.machine.Machine, kind: str, tower: bool) -> Mechanics:
    return mechanics(machine, drive_train=kind, tower=tower)  # type: ignore[arg-type]


def test_two_mass_mode_against_the_closed_form(machine: turbine.machine.Machine) -> None:
    rotor = machine.require("rotor.inertia")
    generator = machine.require("generator.inertia") * machine.require("drive_train.gear_ratio") ** 2
    k = machine.require("drive_train.effective_shaft_stiffness")
    omega = math.sqrt(k * (1.0 / rotor + 1.0 / generator))
    ((frequency, ratio),) = modes(_system(machine, "two_mass", False))
    assert frequency == pytest.approx(omega / (2.0 * math.pi), rel=1e-9)
    assert ratio == pytest.approx(machine.require("drive_train.effective_damping_ratio"), rel=1e-9)


@pytest.mark.parametrize("name", ["iea_15mw", "iea_3p4mw", "nrel_2p8mw"])
def test_shaft_mode_of_every_machine_against_the_closed_form(name: str) -> None:
    found = turbine.load(name)
    j = 1.0 / found.require("rotor.inertia") + 1.0 / (
        found.require("generator.inertia") * found.require("drive_train.gear_ratio") ** 2
    )
    k = found.get("drive_train.effective_shaft_stiffness") or found.require("drive_train.shaft_stiffness")
    ((frequency, ratio),) = modes(_system(found, "two_mass", False))
    assert frequency == pytest.approx(math.sqrt(k * j) / (2.0 * math.pi), rel=1e-9)
    assert 0.0 <= ratio < 0.2


def test_three_masses_keep_the_frequency_and_damping_of_two(machine: turbine.machine.Machine) -> None:
    two, three = (modes(_system(machine, kind, False)) for kind in ("two_mass", "three_mass"))
    assert three[0][0] == pytest.approx(two[0][0], rel=1e-3)
    assert three[0][1] == pytest.approx(two[0][1], rel=5e-2)
    assert three[1][0] > 1.5 * three[0][0]


def test_tower_modes_are_the_machine_files_where_the_drive_train_does_not_pull(
    machine: turbine.machine.Machine,
) -> None:
    found = modes(_system(machine, "rigid", True))
    assert found[1][0] == pytest.approx(machine.require("tower.fore_aft_frequency_hz"), rel=1e-9)
    assert found[1][1] == pytest.approx(machine.require("tower.fore_aft_damping"), rel=1e-9)
    assert found[0][0] == pytest.approx(machine.require("tower.side_side_frequency_hz"), rel=0.01)
    assert found[0][0] < machine.require("tower.side_side_frequency_hz")  # the generator rolls with the nacelle


@pytest.mark.parametrize(("kind", "tower"), KINDS)
def test_step_twice_equals_a_step_of_double_length(machine: turbine.machine.Machine, kind: str, tower: bool) -> None:
    system = _system(machine, kind, tower)
    one, two = discretise(system, 0.01), discretise(system, 0.02)
    scale = np.abs(two.step).max()
    np.testing.assert_allclose(one.step @ one.step, two.step, rtol=0, atol=1e-12 * scale)
    size = np.abs(two.push).max(axis=0) + 1e-300  # no thrust without a tower
    np.testing.assert_allclose((one.step @ one.push + one.push) / size, two.push / size, rtol=0, atol=1e-12)
    over = np.block([[one.step, one.push], [np.zeros((3, 10)), np.eye(3)]])
    np.testing.assert_allclose(one.loss + over.T @ one.loss @ over, two.loss, rtol=1e-9, atol=1e-9 * two.loss.max())


@pytest.mark.parametrize(("kind", "tower"), KINDS)
def test_step_and_loss_against_scipy_integration(machine: turbine.machine.Machine, kind: str, tower: bool) -> None:
    system = _system(machine, kind, tower)
    arrays = discretise(system, 0.05)
    a, b = system.state_space()
    rng = np.random.default_rng(2)
    z0 = (
        rng.normal(size=10) * np.tile(np.isin(np.arange(5), system.active), 2) * np.array([1, 1e-3, 1e-3, 0.2, 0.1] * 2)
    )
    u = np.array([3e6, 4e5, 3e4])

    def rhs(_: float, y: np.ndarray) -> np.ndarray:
        z = y[:10]
        return np.append(a @ z + b @ u, z[5:] @ system.damping @ z[5:])

    exact = solve_ivp(rhs, (0.0, 0.05), np.append(z0, 0.0), method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    np.testing.assert_allclose(arrays.step @ z0 + arrays.push @ u, exact[:10], rtol=1e-8, atol=1e-10)
    both = np.concatenate([z0, u])
    assert both @ arrays.loss @ both == pytest.approx(exact[10], rel=1e-6, abs=1e-6 * np.abs(u).max())


def test_rigid_drive_train_is_the_limit_of_a_stiff_one_at_low_frequency(machine: turbine.machine.Machine) -> None:
    stiff = machine.with_values({"drive_train.effective_shaft_stiffness": 5e13})
    for frequency in (0.02, 0.1, 0.25):
        s = 2j * math.pi * frequency
        answers = []
        for found, kind in ((stiff, "two_mass"), (machine, "rigid")):
            system = _system(found, kind, True)
            a, b = system.state_space()
            keep = [*system.active, *(5 + i for i in system.active)]
            x = np.zeros((10, 3), np.complex128)
            x[keep] = np.linalg.solve(s * np.eye(len(keep)) - a[np.ix_(keep, keep)], b[keep])
            answers.append(x[[5, 8, 9]])
        np.testing.assert_allclose(answers[0], answers[1], rtol=1e-4, atol=1e-3 * np.abs(answers[1]).max() * 1e-6)


def test_rigid_machine_without_tower_is_one_mass(machine: turbine.machine.Machine) -> None:
    arrays = discretise(_system(machine, "rigid", False), 0.1)
    gear = machine.require("drive_train.gear_ratio")
    inertia = machine.require("rotor.inertia") + gear**2 * machine.require("generator.inertia")
    np.testing.assert_allclose(arrays.push[5], [0.1 / inertia, 0.0, -gear * 0.1 / inertia], rtol=1e-12)
    np.testing.assert_allclose(arrays.push[0], [0.005 / inertia, 0.0, -gear * 0.005 / inertia], rtol=1e-12)
    assert not arrays.loss.any()


def test_side_side_load_of_a_direct_drive_is_the_air_gap_torque() -> None:
    direct = turbine.load("iea_15mw")
    system = mechanics(direct, drive_train="rigid")
    np.testing.assert_allclose(system.inputs[4, 2], system.slope, rtol=1e-12)
    assert system.mass[4, 0] == pytest.approx(0.0, abs=1e-9 * system.mass[0, 0])


def test_step_beyond_nyquist_is_refused_with_the_step_that_works(machine: turbine.machine.Machine) -> None:
    system = _system(machine, "two_mass", True)
    with pytest.raises(MachineError, match=r"time_step is 0.5 s, expected less than 0.294 s.*1.7 Hz.*rigid"):
        discretise(system, 0.5)
    discretise(system, 0.29)
    with pytest.raises(MachineError, match="tower=False"):
        discretise(_system(machine, "rigid", True), 2.0)


@pytest.mark.parametrize(
    ("name", "kind", "tower", "missing"),
    [
        ("iea_3p4mw", "auto", True, "tower.modal_mass"),
        ("iea_15mw", "three_mass", False, "drive_train.effective_shaft_stiffness"),
        ("iea_3p4mw", "three_mass", False, "rotor.edge_frequency"),
    ],
)
def test_unknown_value_is_named_with_what_to_do(name: str, kind: str, tower: bool, missing: str) -> None:
    with pytest.raises(MachineError, match=rf'machine "{name}" has no value for {missing}.*with_values'):
        _system(turbine.load(name), kind, tower)


def test_values_that_contradict_each_other_are_refused(machine: turbine.machine.Machine) -> None:
    stiff = machine.with_values({"drive_train.effective_shaft_stiffness": 5e10})
    with pytest.raises(MachineError, match=r'no in-plane inertia.*use drive_train="two_mass"'):
        mechanics(stiff, drive_train="three_mass")


def test_unknown_kind_is_refused(machine: turbine.machine.Machine) -> None:
    with pytest.raises(MachineError, match="drive_train: found 'two-mass', expected one of auto, rigid"):
        _system(machine, "two-mass", True)
