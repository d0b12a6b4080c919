"""The step at which something is switched: what is sampled then, and its two halves with voltages that bridges hold."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np
import pytest

from gridforming.converter import Converter, CurrentLimit, DirectVoltage, Filter, Forming
from gridforming.events import Switch
from gridforming.fixed_point import operating_point
from gridforming.network import Breaker, Grid, Load, Network
from gridforming.presets import regfm_a1
from gridforming.simulation import simulate
from gridforming.step import SWITCHED
from gridforming.system import System, advance

SPEED = 100.0 * math.pi
PERIOD = 125e-6


def test_firmware_sees_the_voltage_after_a_breaker_has_closed() -> None:
    """The filter's inductance keeps its current: of two conductances each takes its share at once."""
    elements = (
        Load(name="load", bus="b", active=0.5),
        Breaker(name="breaker", start="b", end="m", closed=False),
        Load(name="more", bus="m", active=0.2),
    )
    unit = regfm_a1("c", "b", 1e6, active=0.5)
    system = System(network=Network(buses=("b", "m"), elements=elements), converters=(unit,))
    run = simulate(system, 0.02, events=[Switch(time=0.01, breaker="breaker", closed=True)])
    row = round(0.01 / PERIOD)
    v = run.voltage("b")
    assert v[row] == pytest.approx(v[row - 1] * 0.5 / 0.7, rel=1e-4)
    assert run.voltage("m")[row] == v[row]
    power = run.converter("c", "active_power")
    assert power[row] == pytest.approx(power[row - 1] * 0.5 / 0.7, rel=1e-4)


def _held(steps: int) -> tuple[System, Any]:
    """Return a converter behind its filter at a grid, solved so many times per sample, and where it rests."""
    control = Forming(inner=DirectVoltage(active_resistance=0.0), limit=CurrentLimit(kind="none"))
    unit = Converter(name="c", bus="b", rated_power=1e6, control=control, filter=Filter(resistance=0.01), active=0.5)
    grid = Grid(name="g", bus="b", reactance=0.25, resistance=0.03)
    system = System(network=Network(buses=("b",), elements=(grid,)), converters=(unit,))
    return system, operating_point(system, time_step=PERIOD / steps)


def _impedance() -> tuple[float, float]:
    """Return resistance and inductance from bridge to grid [pu, pu s]."""
    return 0.04, 0.4 / SPEED


def test_half_steps_take_the_held_voltage_where_it_stands_in_a_frame_that_turns() -> None:
    """Backward Euler twice, by hand: held at rest, the bridge's voltage turns back by half the angle each time."""
    _, point = _held(4)
    model, h = point.model, PERIOD / 4
    state, _, _ = advance(model, point.state, 1)  # the next step is none with a sample
    after, _, _ = advance(model, state, 1, begin=SWITCHED)
    theta = SPEED * h
    resistance, inductance = _impedance()
    inductance *= 0.5 * theta / math.tan(0.5 * theta)  # prewarped
    names = [*model.circuit.nodes, *model.circuit.sources]
    u, grid = state.v[names.index("c")], state.v[names.index("g")]
    current = state.i[[b.name for b in model.circuit.branches].index("c.bridge")]
    for half in (1, 2):
        drive = u * cmath.exp(-0.5j * half * theta) - grid
        push = 2.0 * inductance / h
        current = (push * current + drive) / (push + resistance + 1j * SPEED * inductance)
    assert after.v[names.index("c")] == pytest.approx(u * cmath.exp(-1j * theta), abs=1e-14)
    found = after.i[[b.name for b in model.circuit.branches].index("c.bridge")]
    assert found == pytest.approx(current, abs=1e-6)  # the leak of a node


def test_half_steps_come_to_the_exact_current_with_second_order() -> None:
    """One switched step against the integral of the held voltage: a first-order rule errs by the square of its step."""
    errors = []
    for steps in (4, 8, 16):
        _, point = _held(steps)
        model, h = point.model, PERIOD / steps
        state, _, _ = advance(model, point.state, 1)
        after, _, _ = advance(model, state, 1, begin=SWITCHED)
        names = [*model.circuit.nodes, *model.circuit.sources]
        u = state.v[names.index("c")] / float(model.constants["hold"][0])
        grid, k = state.v[names.index("g")], [b.name for b in model.circuit.branches].index("c.bridge")
        resistance, inductance = _impedance()
        own = complex(resistance, SPEED * inductance) / inductance
        decay = np.exp(-own * h)
        # u turns by exp(-j w t) against the frame, the grid stands.
        driven = u * (np.exp(-1j * SPEED * h) - decay) / (own - 1j * SPEED) - grid * (1.0 - decay) / own
        errors.append(abs(after.i[k] - (decay * state.i[k] + driven / inductance)))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([2.0, 2.0], abs=0.1)
