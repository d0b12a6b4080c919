"""The network's step against closed forms: branches, pi lines, transformers, jumps, breakers, dead islands."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import expm

from gridforming.assembly import LEAK, Assembled, assemble, circuit
from gridforming.events import SetGrid, Switch
from gridforming.fixed_point import operating_point
from gridforming.linear import linearise
from gridforming.network import Breaker, Element, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.network_step import half_steps, resolve, trapezoid
from gridforming.simulation import simulate
from gridforming.system import System

Complexes = npt.NDArray[np.complex128]
SPEED = 2.0 * math.pi * 50.0  # [rad/s]


class Stepped:
    """A network at a step, without voltage or current, its first grid at 1 pu."""

    def __init__(
        self,
        *elements: Element,
        buses: str = "ab",
        h: float = 1e-4,
        frame: float = 1.0,
        closed: Mapping[str, bool] | None = None,
        opening: Mapping[str, float] | None = None,
    ) -> None:
        network = Network(buses=tuple(buses), elements=elements)
        states = {e.name: e.closed for e in elements if isinstance(e, Breaker)} | dict(closed or {})
        self.made: Assembled = assemble(
            circuit(network), time_step=h, nominal_speed=SPEED, frame_speed=frame, closed=states, opening=opening
        )
        self.turn = cmath.exp(1j * SPEED * h * (1.0 - frame))
        self.n = self.made.topology.load.size
        self.v = np.zeros(self.n + self.made.sources + 1, np.complex128)
        self.i = np.zeros(self.made.topology.tail.size, np.complex128)
        self.u = np.zeros(self.made.topology.series.size, np.complex128)
        for k in range(self.made.sources):
            self.v[self.n + k] = 1.0

    def voltage(self, name: str) -> complex:
        return complex(self.v[self.made.node[name]])

    def current(self, name: str) -> complex:
        return complex(self.i[self.made.branch[name]])

    def voltages(self, **values: complex) -> None:
        for name, value in values.items():
            self.v[self.made.node[name]] = value

    def currents(self, **values: complex) -> None:
        for name, value in values.items():
            self.i[self.made.branch[name]] = value

    def resolve(self) -> Stepped:
        resolve(self.made.topology, self.v, self.i, self.u)
        return self

    def run(self, count: int) -> Stepped:
        for _ in range(count):
            trapezoid(self.made.topology, self.v, self.i, self.u, self.known(self.turn))
        return self

    def half_steps(self) -> None:
        middle, end = self.known(cmath.sqrt(self.turn)), self.known(self.turn)
        half_steps(self.made.topology, self.v, self.i, self.u, middle, end)

    def known(self, turn: complex) -> Complexes:
        """Return the sources turned, zero for nodes."""
        return np.concatenate([np.zeros(self.n), self.v[self.n :] * turn])


def _second_order(errors: list[float]) -> None:
    """Check errors at steps of h, h / 2, h / 4."""
    assert errors[-1] > 1e-12  # else nothing is measured
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("frame", [1.0, 0.97, 0.0])
def test_rl_branch_against_the_analytic_step(frame: float) -> None:
    grid = Grid(name="g", bus="a", reactance=0.2, resistance=0.05)
    conductance = 0.4 + LEAK
    z = 0.05 + 1.0 / conductance + 0.2j
    time = 0.4e-3
    # In the frame that turns with the source: i = (1 - exp(-z t / l)) / z.
    exact = (1.0 - cmath.exp(-z * time * SPEED / 0.2)) / z * cmath.exp(1j * SPEED * time * (1.0 - frame))
    errors = []
    for count in (16, 32, 64):
        net = Stepped(grid, Load(name="l", bus="a", active=0.4), buses="a", h=time / count, frame=frame)
        net.resolve().run(count)
        errors.append(abs(net.current("g") - exact))
        assert net.voltage("a") == pytest.approx(net.current("g") / conductance, rel=1e-12)
    _second_order(errors)


@pytest.mark.parametrize("frame", [1.0, 0.97, 0.0])
def test_pi_line_against_the_matrix_exponential(frame: float) -> None:
    elements = (
        Grid(name="g", bus="a", reactance=0.1, resistance=0.01),
        Line(name="l", start="a", end="b", reactance=0.2, resistance=0.02, susceptance=0.3),
        Load(name="x", bus="b", active=0.5),
        Shunt(name="s", bus="b", susceptance=0.2),
    )
    c_a, c_b, y_a, y_b = 0.15, 0.15 + 0.2, LEAK, 0.5 + LEAK
    # States i_g, v_a, i_l, v_b at rest, times in 1 / w.
    a = np.array(
        [
            [-0.01 / 0.1, -1.0 / 0.1, 0.0, 0.0],
            [1.0 / c_a, -y_a / c_a, -1.0 / c_a, 0.0],
            [0.0, 1.0 / 0.2, -0.02 / 0.2, -1.0 / 0.2],
            [0.0, 0.0, 1.0 / c_b, -y_b / c_b],
        ],
        np.complex128,
    )
    b = np.array([1.0 / 0.1, 0.0, 0.0, 0.0])
    time = 2e-3
    angle = SPEED * time
    settled = np.linalg.solve(1j * np.eye(4) - a, b)
    exact = cmath.exp(1j * angle) * settled - expm(a * angle) @ settled
    exact = exact * cmath.exp(-1j * frame * angle)
    errors = []
    for count in (100, 200, 400):
        net = Stepped(*elements, h=time / count, frame=frame).resolve().run(count)
        found = np.array([net.current("g"), net.voltage("a"), net.current("l"), net.voltage("b")])
        errors.append(float(np.abs(found - exact).max()))
    _second_order(errors)


@pytest.mark.parametrize("frame", [1.0, 0.97, 0.0])
def test_compensated_line_against_the_matrix_exponential(frame: float) -> None:
    elements = (
        Grid(name="g", bus="a", reactance=0.1, resistance=0.01),
        Line(name="l", start="a", end="b", reactance=0.2, resistance=0.02, compensation=0.6),
        Load(name="x", bus="b", active=0.5),
    )
    x_c = 0.6 * 0.2
    r = 0.01 + 0.02 + 1.0 / (0.5 + LEAK)
    # States i, u of the capacitor at rest, times in 1 / w.
    a = np.array([[-r / 0.3, -1.0 / 0.3], [x_c, 0.0]], np.complex128)
    time = 5e-3
    angle = SPEED * time
    settled = np.linalg.solve(1j * np.eye(2) - a, np.array([1.0 / 0.3, 0.0]))
    exact = cmath.exp(1j * angle) * settled - expm(a * angle) @ settled
    exact = exact * cmath.exp(-1j * frame * angle)
    errors = []
    for count in (5, 10, 20):  # smaller steps meet the leak, which the closed form has not
        net = Stepped(*elements, h=time / count, frame=frame).resolve().run(count)
        errors.append(float(np.abs(np.array([net.current("l"), net.u[0]]) - exact).max()))
    _second_order(errors)


def test_subsynchronous_resonance_of_a_compensated_line() -> None:
    """In the turning frame a series resonance shows at w - w sqrt(xc / x), and above at the sum."""
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.1),
            Line(name="l", start="a", end="b", reactance=0.3, resistance=0.02, compensation=0.5),
            Grid(name="h", bus="b", reactance=0.1),
        ),
    )
    model = linearise(operating_point(System(network=network), time_step=50e-6))
    own = math.sqrt(0.15 / 0.5 - (0.5 * 0.02 / 0.5) ** 2)
    found = sorted(m.frequency_hz for m in model.modes() if m.s.imag > 1.0)
    assert found == pytest.approx([50.0 * (1.0 - own), 50.0 * (1.0 + own)], rel=1e-4)
    assert all(m.s.real == pytest.approx(-0.5 * 0.02 / 0.5 * SPEED, rel=1e-3) for m in model.modes())


@pytest.mark.parametrize("h", [2e-5, 1e-4, 5e-4])
@pytest.mark.parametrize("frame", [1.0, 0.95])
def test_transformer_against_phasors_at_any_step(h: float, frame: float) -> None:
    tap, shift = 1.07, math.pi / 6.0
    t = tap * cmath.exp(1j * shift)
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.1, resistance=0.04),
        Transformer(name="t", start="a", end="b", reactance=0.12, resistance=0.03, tap=tap, phase_shift=shift),
        Load(name="x", bus="b", active=0.6, reactive=0.2),
        h=h,
        frame=frame,
    )
    net.turn = 1.0  # the source stands still in the frame
    net.half_steps()  # the trapezoidal rule alone would let the leak ring
    net.run(int(0.3 / h))
    load, leak = 0.6 - 0.2j + LEAK, LEAK
    # The load seen from the start, times |t|^2; its current is the end's over the conjugate ratio.
    seen = leak + 1.0 / ((0.03 + 0.12j * frame + 1.0 / load) * abs(t) ** 2)
    v_a = 1.0 / (1.0 + (0.04 + 0.1j * frame) * seen)
    i_t = v_a / t / (0.03 + 0.12j * frame + 1.0 / load)
    assert net.voltage("a") == pytest.approx(v_a, abs=1e-9)
    assert net.voltage("b") == pytest.approx(i_t / load, abs=1e-9)
    assert net.current("t") == pytest.approx(i_t, abs=1e-9)
    assert net.current("g") == pytest.approx(i_t / t.conjugate() + leak * v_a, abs=1e-9)


def test_start_of_a_transformer_leads_its_end_at_no_load() -> None:
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.1, resistance=0.1),
        Transformer(name="t", start="a", end="b", reactance=0.1, resistance=0.1, tap=1.1, phase_shift=0.5),
    )
    net.half_steps()
    net.run(3000)
    assert net.voltage("a") / net.voltage("b") == pytest.approx(1.1 * cmath.exp(0.5j), abs=1e-6)


def test_jump_against_the_inductive_divider() -> None:
    tap, shift = 1.1, 0.3
    t = tap * cmath.exp(1j * shift)
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.2, resistance=0.02),
        Line(name="l", start="a", end="b", reactance=0.1, resistance=0.05),
        Grid(name="h", bus="b", reactance=0.3, resistance=0.01),
        Transformer(name="t", start="a", end="c", reactance=0.15, resistance=0.03, tap=tap, phase_shift=shift),
        Load(name="x", bus="c", active=0.5),
        frame=0.9,
        buses="abc",
    )
    currents = {"g": 0.5 + 0.2j, "h": -0.1 + 0.4j, "t": 0.3 - 0.1j}
    currents["l"] = currents["g"] - currents["t"] / t.conjugate()
    currents["h"] = -currents["l"]
    net.voltages(g=1.2 - 0.4j, h=0.9 + 0.1j)
    net.currents(**currents)
    net.resolve()
    v_c = currents["t"] / (0.5 + LEAK)
    assert net.voltage("c") == pytest.approx(v_c, rel=1e-12)
    # Unknown v_a, v_b: derivatives of the currents at a and at b must balance.
    drop = {n: complex(r, 0.9 * x) * currents[n] for n, r, x in (("g", 0.02, 0.2), ("l", 0.05, 0.1), ("h", 0.01, 0.3))}
    drop["t"] = complex(0.03, 0.9 * 0.15) * currents["t"]
    matrix = np.array(
        [
            [1 / 0.2 + 1 / 0.1 + 1 / (0.15 * abs(t) ** 2), -1 / 0.1],
            [-1 / 0.1, 1 / 0.1 + 1 / 0.3],
        ],
        np.complex128,
    )
    right = np.array(
        [
            (1.2 - 0.4j - drop["g"]) / 0.2 + drop["l"] / 0.1 + (v_c + drop["t"]) / (0.15 * t.conjugate()),
            (0.9 + 0.1j - drop["h"]) / 0.3 - drop["l"] / 0.1,
        ]
    )
    v_a, v_b = np.linalg.solve(matrix, right)
    assert net.voltage("a") == pytest.approx(v_a, rel=1e-12)
    assert net.voltage("b") == pytest.approx(v_b, rel=1e-12)
    assert net.current("l") == currents["l"]  # inductor currents do not jump


def test_jump_between_two_reactances_is_their_divider() -> None:
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.3),
        Shunt(name="s", bus="a", susceptance=-1.0 / 0.6),
        buses="a",
    ).resolve()
    assert net.voltage("a") == pytest.approx(0.6 / 0.9, rel=1e-12)


def test_capacitor_holds_its_voltage_in_a_jump_and_load_follows_its_current() -> None:
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.2),
        Line(name="l", start="a", end="b", reactance=0.1),
        Shunt(name="s", bus="a", susceptance=0.1),
        Load(name="x", bus="b", active=0.5),
    )
    net.voltages(a=0.7 + 0.2j, g=5.0)
    net.currents(l=0.3 + 0.1j)
    net.resolve()
    assert net.voltage("a") == pytest.approx(0.7 + 0.2j, rel=1e-14)
    assert net.voltage("b") == pytest.approx((0.3 + 0.1j) / (0.5 + LEAK), rel=1e-12)


def _three(*breakers: Element) -> tuple[Element, ...]:
    return (
        Grid(name="g", bus="a", reactance=0.2, resistance=0.02),
        Line(name="l", start="b", end="d", reactance=0.1, susceptance=0.1),
        Load(name="x", bus="c", active=0.5, reactive=0.2),
        Shunt(name="s", bus="c", susceptance=0.2),
        Load(name="y", bus="d", active=0.2),
        *breakers,
    )


@pytest.mark.parametrize(
    "ends",
    [[("a", "b"), ("b", "c")], [("c", "a"), ("b", "c")], [("b", "a"), ("c", "a"), ("b", "c")]],
    ids=["chain", "star", "ring"],
)
def test_closed_breakers_join_buses_into_one(ends: list[tuple[str, str]]) -> None:
    breakers = [Breaker(name=f"cb{k}", start=a, end=b) for k, (a, b) in enumerate(ends)]
    joined = Stepped(*_three(*breakers), buses="abcd").resolve().run(200)
    assert joined.n == 2
    one = Stepped(
        Grid(name="g", bus="a", reactance=0.2, resistance=0.02),
        Line(name="l", start="a", end="d", reactance=0.1, susceptance=0.1),
        Load(name="x", bus="a", active=0.5, reactive=0.2),
        Shunt(name="s", bus="a", susceptance=0.2),
        Load(name="y", bus="d", active=0.2),
        buses="ad",
    ).resolve()
    one.run(200)
    for name in "abc":
        assert joined.voltage(name) == pytest.approx(one.voltage("a"), abs=1e-13)
    assert joined.voltage("d") == pytest.approx(one.voltage("d"), abs=1e-13)
    assert abs(one.voltage("d")) > 0.5


def test_open_breaker_leaves_the_other_side_dead() -> None:
    net = Stepped(*_three(Breaker(name="cb", start="a", end="b", closed=False)), buses="abcd").resolve().run(100)
    assert net.voltage("a") == pytest.approx(1.0, abs=1e-3)
    assert [net.voltage(name) for name in "bcd"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("conductance", [1e3, 1.0, 1e-4])
def test_opening_breaker_is_a_resistance(conductance: float) -> None:
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.2, resistance=0.1),
        Load(name="x", bus="b", active=0.5),
        Breaker(name="cb", start="a", end="b", closed=False),
        opening={"cb": conductance},
    )
    net.resolve()
    net.half_steps()
    net.run(3000)
    z = complex(0.1, 0.2)
    load, leak = 0.5 + LEAK, LEAK
    seen = leak + 1.0 / (1.0 / conductance + 1.0 / load)
    v_a = 1.0 / (1.0 + z * seen)
    v_b = v_a / (1.0 + load / conductance)
    assert net.voltage("a") == pytest.approx(v_a, abs=1e-8)
    assert net.voltage("b") == pytest.approx(v_b, abs=1e-8)
    assert net.current("cb") == pytest.approx(load * v_b, rel=1e-5)
    assert net.current("cb") == pytest.approx(conductance * (v_a - v_b), rel=1e-5)


@pytest.mark.parametrize("frame", [1.0, 0.0])
def test_half_steps_are_backward_euler(frame: float) -> None:
    h = 1e-4
    net = Stepped(
        Grid(name="g", bus="a", reactance=0.2, resistance=0.05),
        Load(name="x", bus="a", active=0.5),
        buses="a",
        h=h,
        frame=frame,
    )
    net.half_steps()
    half = 0.5 * frame * SPEED * h
    inductance = (half / math.tan(half) if half else 1.0) * 0.2 / SPEED
    i = 0.0j
    for k in (1, 2):
        source = cmath.exp(1j * SPEED * h * 0.5 * k * (1.0 - frame))
        i = (inductance * i + 0.5 * h * source) / (
            inductance + 0.5 * h * complex(0.05 + 1.0 / (0.5 + LEAK), frame * 0.2)
        )
    assert net.current("g") == pytest.approx(i, rel=1e-12)


def test_voltage_at_rest_stays_at_any_step() -> None:
    """Trapezoidal coefficients are warped, so that the turning frame has no error at its own speed."""
    elements = _three(Breaker(name="ab", start="a", end="b"), Breaker(name="bc", start="b", end="c"))
    settled = [Stepped(*elements, buses="abcd", h=h).resolve().run(int(2.0 / h)) for h in (1e-4, 4e-4, 8e-4)]
    for other in settled[1:]:
        np.testing.assert_allclose(other.v, settled[0].v, rtol=0.0, atol=1e-10)
        np.testing.assert_allclose(other.i, settled[0].i, rtol=0.0, atol=1e-10)


@pytest.mark.parametrize(
    "elements",
    [
        (Load(name="x", bus="b", active=0.3),),
        (Line(name="l", start="b", end="c", reactance=0.1, susceptance=0.1),),
        (Line(name="l", start="b", end="c", reactance=0.1), Load(name="x", bus="c", active=0.3)),
        (Shunt(name="s", bus="b", susceptance=-0.5),),
        (),
    ],
    ids=["load", "cable", "line and load", "reactor", "nothing"],
)
def test_dead_island_stays_dead_and_disturbs_nobody(elements: tuple[Element, ...]) -> None:
    grid = (Grid(name="g", bus="a", reactance=0.2, resistance=0.02), Load(name="y", bus="a", active=0.5))
    net = Stepped(*grid, *elements, buses="abc").resolve().run(100)
    assert [net.voltage(name) for name in "bc"] == [0.0, 0.0]
    alone = Stepped(*grid, buses="a").resolve().run(100)
    assert net.voltage("a") == pytest.approx(alone.voltage("a"), abs=1e-14)


FLOATING = [
    pytest.param((Line(name="l", start="b", end="c", reactance=0.1),), id="line"),
    pytest.param(
        (Transformer(name="l", start="b", end="c", reactance=0.1, tap=1.1, phase_shift=0.5),), id="transformer"
    ),
    pytest.param(
        (
            Line(name="l", start="b", end="c", reactance=0.07),
            Line(name="m", start="c", end="d", reactance=0.11),
            Line(name="n", start="d", end="b", reactance=0.13),
        ),
        id="ring",
    ),
]


@pytest.mark.parametrize("elements", FLOATING)
def test_island_of_inductances_only_is_dead(elements: tuple[Element, ...]) -> None:
    grid = Grid(name="g", bus="a", reactance=0.2, resistance=0.02)
    net = Stepped(grid, *elements, buses="abcd").resolve().run(10)
    assert [net.voltage(name) for name in "bcd"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("elements", FLOATING)
def test_inductances_may_be_left_behind_by_a_breaker(elements: tuple[Element, ...]) -> None:
    grid = Grid(name="g", bus="a", reactance=0.2, resistance=0.02)
    network = Network(buses=tuple("abcd"), elements=(grid, *elements, Breaker(name="cb", start="a", end="b")))
    opening = [Switch(time=0.02, breaker="cb", closed=False)]
    run = simulate(System(network=network), 0.05, start="dead", events=opening)
    for bus in "bcd":
        assert np.abs(run.voltage(bus)).max() < 1.5
        assert abs(run.voltage(bus)[-1]) < 1e-6


@pytest.mark.parametrize("waveforms", [False, True])
def test_charge_is_kept_when_a_breaker_closes(waveforms: bool) -> None:
    c = {"a": 0.3, "b": 0.05, "c": 0.15}
    network = Network(
        buses=tuple("abcd"),
        elements=(
            Grid(name="g", bus="a", reactance=0.2, resistance=0.05),
            Grid(name="h", bus="b", reactance=0.4, resistance=0.05, voltage=0.6, phase=0.7),
            *(Shunt(name=f"s{bus}", bus=bus, susceptance=value) for bus, value in c.items()),
            Breaker(name="ab", start="a", end="b", closed=False),
            Breaker(name="bc", start="c", end="b", closed=False),
            Breaker(name="cd", start="c", end="d", closed=False),
        ),
    )
    closing = [Switch(time=0.1, breaker=name, closed=True) for name in ("ab", "bc", "cd")]
    system = System(network=network)
    before = simulate(system, 0.1, start="dead", waveforms=waveforms).end
    run = simulate(system, 0.11, start="dead", events=closing, waveforms=waveforms)
    at = int(np.searchsorted(run.time, 0.1 - 1e-9))
    expected = sum(value * before.v["abcd".index(bus)] for bus, value in c.items()) / sum(c.values())
    assert abs(expected) > 0.3
    assert abs(before.v[2]) == 0.0
    for bus in "abcd":  # the row of the closing has the voltage after it
        assert run.voltage(bus)[at] == pytest.approx(expected, abs=1e-12)
        assert run.voltage(bus)[-1] == pytest.approx(run.voltage("a")[-1], abs=1e-14)


def test_opened_breaker_leaves_each_side_its_own_voltage() -> None:
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.2, resistance=0.05),
            Load(name="x", bus="b", active=0.5, reactive=0.2),
            Shunt(name="s", bus="b", susceptance=0.1),
            Breaker(name="cb", start="a", end="b"),
        ),
    )
    run = simulate(System(network=network), 0.2, events=[Switch(time=0.02, breaker="cb", closed=False)])
    joined = run.time < 0.02
    np.testing.assert_array_equal(run.voltage("a")[joined], run.voltage("b")[joined])
    assert np.abs(run.voltage("a")).max() < 1.5
    assert run.voltage("a")[-1] == pytest.approx(1.0, abs=1e-4)
    assert abs(run.voltage("b")[-1]) < 1e-6


def test_jump_of_the_grid_is_seen_at_its_row() -> None:
    network = Network(
        buses=("a",),
        elements=(Grid(name="g", bus="a", reactance=0.3), Shunt(name="s", bus="a", susceptance=-1.0 / 0.6)),
    )
    run = simulate(System(network=network), 0.02, events=[SetGrid(time=0.01, grid="g", phase_jump=0.4)])
    at = int(np.searchsorted(run.time, 0.01 - 1e-9))
    # The row of a jump has the voltages after it, but for a leak of 1e-6 pu.
    assert run.voltage("a")[at - 1] == pytest.approx(2.0 / 3.0, abs=1e-6)
    assert run.voltage("a")[at] == pytest.approx(2.0 / 3.0 * cmath.exp(0.4j), abs=1e-6)
