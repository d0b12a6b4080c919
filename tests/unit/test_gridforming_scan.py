"""Frequency scans against analytic impedances, eigenvalues and the swing equation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from gridforming.converter import (
    Converter,
    CurrentLimit,
    Droop,
    Filter,
    Following,
    Forming,
    Matching,
    PowerSynchronisation,
    TerminalVoltage,
    VirtualMachine,
    VirtualOscillator,
)
from gridforming.errors import SmallSignalError
from gridforming.events import Event, SetGrid, SetReference
from gridforming.fixed_point import operating_point
from gridforming.linear import LinearModel, linearise
from gridforming.network import Grid, Line, Network, Shunt
from gridforming.scan import admittance, eigenloci, encirclements, frequency_perturbation, grid_impedance
from gridforming.simulation import simulate
from gridforming.system import System

FREQUENCY = np.geomspace(0.01, 3999.0, 6000)


@cache
def _following(ratio: float) -> LinearModel:
    converter = Converter(
        name="c", bus="b", rated_power=1e6, control=Following(pll_bandwidth_hz=40.0), active=0.9, dc_voltage=3.0
    )
    network = Network(buses=("b",), elements=(Grid.of_strength("g", "b", ratio, x_over_r=10.0),))
    return linearise(operating_point(System(network=network, converters=(converter,))))


def test_admittance_of_a_passive_branch_is_its_own() -> None:
    # A bus with a line to a second source: what the first grid sees is the line and the second grid.
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.2, resistance=0.02),
            Line(name="l", start="a", end="b", reactance=0.3, resistance=0.01),
            Grid(name="far", bus="b", reactance=0.1, resistance=0.03),
        ),
    )
    model = linearise(operating_point(System(network=network), time_step=125e-6))
    frequency = np.array([0.5, 10.0, 49.0, 200.0, 1000.0, 3000.0])
    expected = grid_impedance(model, frequency, resistance=0.04, reactance=0.4)
    found = np.linalg.inv(admittance(model, "g", frequency))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    # Less half a step of delay, it is r + j w l with its turning part.
    s, x = 2j * math.pi * 200.0, 0.4 / (2.0 * math.pi * 50.0)
    middle = expected[3] * np.exp(-0.5 * s * 125e-6)
    np.testing.assert_allclose(middle, np.array([[0.04 + s * x, -0.4], [0.4, 0.04 + s * x]]), rtol=0.0, atol=4e-3)


def test_admittance_does_not_depend_on_the_grid_it_was_measured_from() -> None:
    # The capacitor of an LCL filter parts device and grid: same voltage and current there, same admittance.
    frequency = np.array([1.0, 20.0, 100.0, 500.0])
    filters = Filter(reactance=0.1, resistance=0.005, susceptance=0.05, grid_reactance=0.1, grid_resistance=0.005)
    found = []
    for reactance in (0.1, 0.3):
        source = 1.0 - complex(0.005, 0.1 + reactance) * 0.9
        grid = Grid(name="g", bus="b", reactance=reactance, voltage=abs(source), phase=float(np.angle(source)))
        converter = Converter(
            name="c",
            bus="b",
            rated_power=1e6,
            control=Following(current_bandwidth_hz=200.0),
            filter=filters,
            active=0.9,
            sampling_hz=20e3,
        )
        network = Network(buses=("b",), elements=(grid,))
        model = linearise(operating_point(System(network=network, converters=(converter,))))
        assert model.point.state.v[1] == pytest.approx(1.0, abs=2e-3)
        found.append(admittance(model, "g", frequency))
    assert np.abs(found[0] - found[1]).max() < 0.01 * np.abs(found[0]).max()


@pytest.mark.parametrize(("ratio", "unstable"), [(8.0, 0), (5.0, 0), (2.6, 2)])
def test_nyquist_counts_the_unstable_modes_of_the_linear_model(ratio: float, unstable: int) -> None:
    model = _following(ratio)
    modes = [m for m in model.modes(physical=False) if abs(m.z) > 1.0 + 1e-9]
    assert len(modes) == unstable
    angle = math.atan(10.0)
    grid = grid_impedance(model, FREQUENCY, resistance=math.cos(angle) / ratio, reactance=math.sin(angle) / ratio)
    assert encirclements(grid, admittance(model, "g", FREQUENCY)) == unstable
    assert eigenloci(grid, admittance(model, "g", FREQUENCY)).shape == (FREQUENCY.size, 2)


def test_power_over_frequency_of_a_virtual_machine_is_the_swing_equation() -> None:
    h, droop = 2.0, 20.0
    law = VirtualMachine(acceleration_time=2.0 * h, speed_droop=droop, damping=0.0)
    converter = Converter(name="c", bus="b", rated_power=1e6, control=Forming(law=law), active=0.3)
    network = Network(buses=("b",), elements=(Grid.of_strength("g", "b", 5.0, x_over_r=6.0),))
    model = linearise(operating_point(System(network=network, converters=(converter,))))
    frequency = np.array([0.05, 0.1])
    found = frequency_perturbation(model, "c", "g", frequency)
    s = 2j * math.pi * frequency
    np.testing.assert_allclose(found, -(2.0 * h * s + droop), rtol=0.03)


CONTROLS = {
    "following": Following(),
    "following, sequences told apart": Following(pll="dual"),
    "matching": Forming(law=Matching(), limit=CurrentLimit(kind="none")),
    "droop": Forming(law=Droop(), limit=CurrentLimit(kind="none")),
    "virtual machine": Forming(law=VirtualMachine(), limit=CurrentLimit(kind="none")),
    "power synchronisation": Forming(law=PowerSynchronisation(), limit=CurrentLimit(kind="none")),
    "virtual oscillator": Forming(law=VirtualOscillator(), limit=CurrentLimit(kind="none")),
    "regulated": Forming(inner=TerminalVoltage(), limit=CurrentLimit(kind="circular", i_max=2.0)),
}
SIZE = 1e-3
INPUTS: dict[str, Callable[[float], Event]] = {
    "phase of g": lambda size: SetGrid(time=0.0, grid="g", phase_jump=size),
    "voltage of g": lambda size: SetGrid(time=0.0, grid="g", voltage=1.0 + size),
    "active of c": lambda size: SetReference(time=0.0, converter="c", active=0.5 + size),
}


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("name", CONTROLS)
def test_linear_model_answers_a_small_step_as_the_run_does(name: str, given: str) -> None:
    converter = Converter(name="c", bus="b", rated_power=1e6, control=CONTROLS[name], active=0.5)
    line = Line(name="l", start="a", end="b", resistance=0.01, reactance=0.1, compensation=0.3)
    grid = Grid.of_strength("g", "a", 4.0, x_over_r=6.0)
    point = operating_point(System(network=Network(buses=("a", "b"), elements=(grid, line)), converters=(converter,)))
    model = linearise(point)
    up, down = (
        simulate(point.model.system, 0.2, start=point, events=[INPUTS[given](size)]).converter("c", "active_power")
        for size in (SIZE, -SIZE)
    )
    moved = 0.5 * (up - down)  # without the part that goes with the square
    u, y = model.inputs.index(given), model.outputs.index("active_power of c")
    x, answer = np.zeros(model.a.shape[0]), np.empty(moved.size)
    for k in range(moved.size):
        answer[k] = model.c[y] @ x + model.d[y, u] * SIZE
        x = model.a @ x + model.b[:, u] * SIZE
    assert np.abs(moved).max() > 1e-5
    assert np.abs(answer - moved).max() < 1e-3 * np.abs(moved).max()


def test_what_cannot_be_scanned_is_refused() -> None:
    model = _following(8.0)
    with pytest.raises(SmallSignalError, match="no grid"):
        admittance(model, "x", 1.0)
    with pytest.raises(SmallSignalError, match="half of the sampling frequency"):
        admittance(model, "g", 5000.0)
    loop = 1e3 * np.exp(1j * np.array([0.0, 1.2, 0.1]))[:, None, None] * np.eye(2)
    with pytest.raises(SmallSignalError, match="take more frequencies"):
        encirclements(loop, np.tile(np.eye(2), (3, 1, 1)))
    several = linearise(operating_point(model.point.model.system, time_step=62.5e-6))
    with pytest.raises(SmallSignalError, match="2 network steps per sampling period"):
        admittance(several, "g", 1.0)


def test_shunt_resonance_is_seen_in_the_admittance() -> None:
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.05),
            Line(name="l", start="a", end="b", reactance=0.1, resistance=0.002),
            Shunt(name="bank", bus="b", susceptance=0.2),
        ),
    )
    model = linearise(operating_point(System(network=network), time_step=20e-6))
    resonance = 50.0 / math.sqrt(0.1 * 0.2)
    frequency = np.linspace(resonance - 80.0, resonance - 20.0, 601)  # seen from the frame: 50 Hz lower
    size = np.abs(np.linalg.eigvals(admittance(model, "g", frequency))).max(axis=1)
    assert frequency[int(np.argmax(size))] == pytest.approx(resonance - 50.0, abs=1.0)
