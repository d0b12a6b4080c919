"""Currents balance at every bus and power balances over the network, whatever the network and its sources do.

Power in the trapezoidal rule's own sense: mean voltage times the conjugate of the mean current of a step. Inductances
and capacitances are those that the rule is given: warped, so that a vector at rest in the frame turns exactly.
"""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gridforming.assembly import LEAK, Assembled, assemble, circuit
from gridforming.network import Breaker, Element, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.network_step import half_steps, resolve, trapezoid

Complexes = npt.NDArray[np.complex128]
SPEED = 2.0 * math.pi * 50.0  # [rad/s]
CLOSE = 1e-9  # of currents and powers [pu]

resistance = st.sampled_from([0.0, 0.001, 0.02, 0.3])
reactance = st.floats(0.02, 0.5)


class Case(NamedTuple):
    """A network, its step and frame, and where its sources jump to."""

    network: Network
    time_step: float
    frame: float
    jumps: dict[int, complex]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return a network of one or more islands, with parallel paths, breakers in both states and all static elements."""
    count = draw(st.integers(1, 6))
    buses = [f"b{k}" for k in range(count)]
    bus = st.sampled_from(buses)
    elements: list[Element] = [
        Grid(name=f"g{k}", bus=draw(bus), resistance=draw(resistance), reactance=draw(reactance))
        for k in range(draw(st.integers(1, 2)))
    ]
    pair = st.lists(bus, min_size=2, max_size=2, unique=True)
    for k in range(draw(st.integers(0, 2 * count)) if count > 1 else 0):
        start, end = draw(pair)
        kind = draw(st.sampled_from(["line", "cable", "compensated", "transformer", "breaker"]))
        if kind == "breaker":
            elements.append(Breaker(name=f"e{k}", start=start, end=end, closed=draw(st.booleans())))
        elif kind == "transformer":
            elements.append(
                Transformer(
                    name=f"e{k}",
                    start=start,
                    end=end,
                    resistance=draw(resistance),
                    reactance=draw(reactance),
                    tap=draw(st.floats(0.8, 1.25)),
                    phase_shift=draw(st.sampled_from([0.0, math.pi / 6.0, -0.4])),
                )
            )
        else:
            elements.append(
                Line(
                    name=f"e{k}",
                    start=start,
                    end=end,
                    resistance=draw(resistance),
                    reactance=draw(reactance),
                    susceptance=draw(st.floats(0.01, 0.3)) if kind == "cable" else 0.0,
                    compensation=draw(st.floats(0.05, 0.9)) if kind == "compensated" else 0.0,
                )
            )
    for k in range(draw(st.integers(0, 3))):
        elements.append(
            Load(name=f"l{k}", bus=draw(bus), active=draw(st.floats(0.01, 1.0)), reactive=draw(st.floats(-0.3, 0.5)))
        )
    for k in range(draw(st.integers(0, 2))):
        elements.append(
            Shunt(
                name=f"s{k}",
                bus=draw(bus),
                conductance=draw(st.sampled_from([0.0, 0.1])),
                susceptance=draw(st.sampled_from([-0.5, -0.1, 0.0, 0.05, 0.4])),
            )
        )
    size, phase = st.floats(0.0, 1.5), st.floats(-math.pi, math.pi)
    jumps = draw(st.dictionaries(st.integers(1, 39), st.builds(cmath.rect, size, phase), max_size=3))
    return Case(
        Network(buses=tuple(buses), elements=tuple(elements)),
        draw(st.sampled_from([20e-6, 50e-6, 125e-6])),
        draw(st.sampled_from([1.0, 0.98, 0.0])),
        jumps,
    )


class Books(NamedTuple):
    """What a network's books are kept with: incidence to the nodes, admittances, and what stores energy, warped."""

    tail: Complexes  # unknown nodes by branches, the ideal ratio in it
    across: Complexes  # branches by all voltages
    resistance: npt.NDArray[np.float64]
    turning: npt.NDArray[np.float64]  # w L [pu]
    inductance: npt.NDArray[np.float64]  # [pu s]
    load: Complexes
    susceptance: npt.NDArray[np.float64]
    capacitance: npt.NDArray[np.float64]
    series: npt.NDArray[np.int64]  # branches with a capacitor in series
    series_susceptance: npt.NDArray[np.float64]
    series_capacitance: npt.NDArray[np.float64]


def _books(case: Case, made: Assembled) -> Books:
    """Write a network down from its elements, not from the arrays under test."""
    number, buses = made.node, case.network.bus_names
    n = 1 + max(number[bus] for bus in buses)
    branches: list[tuple[int, int, complex, complex]] = []
    load = np.full(n, LEAK, np.complex128)
    susceptance = np.zeros(n)
    series: dict[int, float] = {}
    for e in case.network.elements:
        match e:
            case Grid():
                branches.append((number[e.name], number[e.bus], complex(e.resistance, e.reactance), 1.0))
            case Line() | Transformer():
                ratio = e.ratio if isinstance(e, Transformer) else 1.0
                if isinstance(e, Line) and e.compensation > 0.0:
                    series[len(branches)] = 1.0 / (e.compensation * e.reactance)
                branches.append((number[e.start], number[e.end], complex(e.resistance, e.reactance), ratio))
                if isinstance(e, Line):
                    susceptance[number[e.start]] += e.susceptance / 2.0
                    susceptance[number[e.end]] += e.susceptance / 2.0
            case Load():
                load[number[e.bus]] += complex(e.active, -e.reactive)
            case Shunt():
                load[number[e.bus]] += e.conductance
                if e.susceptance < 0.0:
                    branches.append((number[e.bus], number["ground"], -1j / e.susceptance, 1.0))
                susceptance[number[e.bus]] += max(e.susceptance, 0.0)
            case _:
                pass
    across = np.zeros((len(branches), n + made.sources + 1), np.complex128)
    for k, (a, b, _, ratio) in enumerate(branches):
        across[k, a] += 1.0 / ratio
        across[k, b] -= 1.0
    z = np.array([b[2] for b in branches])
    half = 0.5 * case.frame * SPEED * case.time_step
    warp = half / math.tan(half) if half else 1.0
    return Books(
        across[:, :n].conj().T,
        across,
        z.real,
        case.frame * z.imag,
        warp * z.imag / SPEED,
        load,
        case.frame * susceptance,
        warp * susceptance / SPEED,
        np.array(list(series), np.int64),
        case.frame * np.array(list(series.values())),
        warp * np.array(list(series.values())) / SPEED,
    )


def _check_step(
    book: Books, h: float, before: tuple[Complexes, ...], after: tuple[Complexes, ...], jump: float
) -> None:
    """Check one trapezoidal step of a network: branches, bus balance, power of the whole; voltages jumped before it."""
    (v0, i0, u0), (v1, i1, u1) = before, after
    n = book.load.size
    v, i, u = 0.5 * (v0 + v1), 0.5 * (i0 + i1), 0.5 * (u0 + u1)
    size = 1.0 + float(np.abs(v).max()) + float(np.abs(i).max())
    drop = (book.resistance + 1j * book.turning) * i + book.inductance * (i1 - i0) / h
    drop[book.series] += u
    np.testing.assert_allclose(book.across @ v, drop, rtol=0.0, atol=CLOSE * size)
    charged = 1j * book.series_susceptance * u + book.series_capacitance * (u1 - u0) / h
    np.testing.assert_allclose(charged, i[book.series], rtol=0.0, atol=CLOSE * size)
    charging = 1j * book.susceptance * v[:n] + book.capacitance * (v1 - v0)[:n] / h
    missing = book.tail @ i + book.load * v[:n] + charging
    # Between inductances only, a jump moves the leak's current and none of theirs.
    leaking = LEAK * jump
    np.testing.assert_allclose(missing, 0.0, atol=CLOSE * size + leaking)
    free = book.capacitance == 0.0
    np.testing.assert_allclose((book.tail @ i1 + book.load * v1[:n])[free], 0.0, atol=CLOSE * size)
    made = -float(((book.across[:, n:] @ v[n:]) * -i.conj()).real.sum())
    lost = float(book.resistance @ np.abs(i) ** 2 + book.load.real @ np.abs(v[:n]) ** 2)
    stored = 0.5 / h * float(book.inductance @ (np.abs(i1) ** 2 - np.abs(i0) ** 2))
    stored += 0.5 / h * float(book.capacitance @ (np.abs(v1[:n]) ** 2 - np.abs(v0[:n]) ** 2))
    stored += 0.5 / h * float(book.series_capacitance @ (np.abs(u1) ** 2 - np.abs(u0) ** 2))
    assert abs(made - lost - stored) <= (CLOSE * size + leaking) * size * (n + i.size)


@given(cases())
@settings(max_examples=60)
def test_currents_and_power_balance_at_every_step(case: Case) -> None:
    closed = {e.name: e.closed for e in case.network.elements if isinstance(e, Breaker)}
    made = assemble(
        circuit(case.network),
        time_step=case.time_step,
        nominal_speed=SPEED,
        frame_speed=case.frame,
        closed=closed,
    )
    g, book = made.topology, _books(case, made)
    n = g.load.size
    v = np.zeros(n + made.sources + 1, np.complex128)
    i, u = np.zeros(g.tail.size, np.complex128), np.zeros(g.series.size, np.complex128)
    source = np.array([1.0, 0.9 * cmath.exp(0.2j)])[: made.sources].astype(np.complex128)
    turn = cmath.exp(1j * SPEED * case.time_step * (1.0 - case.frame))
    v[n:-1] = source
    resolve(g, v, i, u)

    def known(sources: Complexes) -> Complexes:
        return np.concatenate([np.zeros(n), sources, [0.0]])

    half, source = source * turn**0.5, source * turn
    half_steps(g, v, i, u, known(half), known(source))
    for k in range(1, 40):
        smooth = v.copy()
        if k in case.jumps:
            source = source.copy()
            source[k % made.sources] = case.jumps[k]
            v[n:-1] = source
            resolve(g, v, i, u)
        before = v.copy(), i.copy(), u.copy()
        source = source * turn
        trapezoid(g, v, i, u, known(source))
        _check_step(
            book, case.time_step, before, (v.copy(), i.copy(), u.copy()), float(np.abs(before[0] - smooth).max())
        )
    islands = {int(made.node[bus]) for bus in case.network.bus_names}
    fed = _fed(case, made)
    event(f"dead islands: {bool(islands - fed)}")
    assert not v[sorted(islands - fed)].any()
    assert (np.abs(v[sorted(fed)]) > 0.0).all()


def _fed(case: Case, made: Assembled) -> set[int]:
    """Return the nodes that a way leads to from a grid."""
    fed = {int(made.node[e.bus]) for e in case.network.elements if isinstance(e, Grid)}
    ties = [
        {int(made.node[e.start]), int(made.node[e.end])}
        for e in case.network.elements
        if isinstance(e, Line | Transformer)
    ]
    for _ in case.network.buses:
        for tie in ties:
            if tie & fed:
                fed |= tie
    return fed
