"""Runs do not depend on the frame, on the order of what is given, on being cut in two, or on being repeated."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gridforming.converter import Cascade, Converter, Droop, Filter, Following, Forming, VirtualMachine
from gridforming.events import Block, Event, SetFault, SetGrid, SetReference, Switch, Transfer
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.network import Breaker, Element, Fault, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.network_step import resolve, trapezoid
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import System, build

Floats = npt.NDArray[np.float64]
STEP = 125e-6  # [s]
LCL = Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.2, grid_resistance=0.01)

ELEMENTS: tuple[Element, ...] = (
    Grid(name="g", bus="a", reactance=0.2, resistance=0.02),
    Line(name="l", start="a", end="b", reactance=0.1, resistance=0.01, susceptance=0.05),
    Transformer(name="t", start="b", end="c", reactance=0.1, resistance=0.01, tap=1.02, phase_shift=math.pi / 6.0),
    Load(name="x", bus="c", active=0.4, reactive=0.1),
    Load(name="y", bus="b", active=0.2, kind="power"),
    Shunt(name="s", bus="c", susceptance=0.05),
    Breaker(name="cb", start="c", end="d"),
    Load(name="z", bus="d", active=0.1),
    Fault(name="f", bus="b", resistance=0.3, reactance=0.1),
)
CONVERTERS = (
    Converter(name="u", bus="c", rated_power=1e6, control=Forming(law=Droop(droop=0.05)), active=0.3),
    Converter(name="v", bus="b", rated_power=5e5, control=Following(), active=0.4, sampling_hz=4000.0),
    Converter(name="w", bus="b", rated_power=8e5, control=Forming(law=VirtualMachine()), active=0.2),
)
SYSTEM = System(network=Network(buses=("a", "b", "c", "d"), elements=ELEMENTS), converters=CONVERTERS)
EVENTS: tuple[Event, ...] = (
    SetReference(time=0.01, converter="u", active=0.5),
    SetGrid(time=0.02, grid="g", phase_jump=-0.1, voltage=0.97),
    SetFault(time=0.03, fault="f", on=True),
    SetFault(time=0.04, fault="f", on=False),
    Switch(time=0.06, breaker="cb", closed=False),
    Switch(time=0.08, breaker="cb", closed=True),
)


def _grid_alone() -> System:
    return System(network=Network(buses=("a", "b", "c", "d"), elements=ELEMENTS[:4]))


@cache
def _point(time_step: float | None = None) -> OperatingPoint:
    return operating_point(SYSTEM, time_step=time_step)


def _run(duration: float, **given: Any) -> Result:
    """Run the system from its operating point, which is found once."""
    return simulate(SYSTEM, duration, start=_point(given.get("time_step")), **given)


def _phases(run: Result) -> Floats:
    return np.array([run.phases(run.voltage(bus)) for bus in run.model.system.network.bus_names])


@pytest.mark.parametrize(
    ("system", "start", "events"),
    [
        (_grid_alone(), "dead", ()),
        (_grid_alone(), "steady", (SetGrid(time=0.01, grid="g", voltage=0.8, frequency=1.01),)),
        (SYSTEM, "steady", EVENTS[:2]),
    ],
    ids=["network from dead", "network, jump of the grid", "converters"],
)
def test_turning_frame_and_waveforms_come_together_with_second_order(
    system: System, start: Any, events: tuple[Event, ...]
) -> None:
    apart = []
    for parts in (4, 8, 16):
        step = STEP / parts
        begin = operating_point(system, time_step=step) if start == "steady" else start
        runs = [
            simulate(system, 0.04, start=begin, events=events, time_step=step, output_step=STEP, waveforms=waveforms)
            for waveforms in (False, True)
        ]
        apart.append(float(np.abs(_phases(runs[0]) - _phases(runs[1])).max()))
    assert apart[-1] < 3e-4
    for coarse, fine in pairwise(apart):
        assert coarse / fine == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("waveforms", [False, True])
def test_phases_of_a_vector_and_back(waveforms: bool) -> None:
    run = _run(0.03, events=EVENTS[:2], waveforms=waveforms)
    vector = run.voltage("c")
    phases = run.phases(vector)
    np.testing.assert_allclose(phases.sum(axis=1), 0.0, atol=1e-13)
    turn = np.exp(2j * math.pi / 3.0)
    rest = 2.0 / 3.0 * phases @ np.array([1.0, turn, turn**2])
    speed = run.model.frame_speed * 2.0 * math.pi * 50.0
    assert speed == (0.0 if waveforms else pytest.approx(100.0 * math.pi))
    np.testing.assert_allclose(rest * np.exp(-1j * speed * run.time), vector, rtol=0.0, atol=1e-12)
    assert np.ptp(np.angle(rest)) > 6.0  # at rest it goes round, in the turning frame it does not


def test_operating_point_taken_to_the_frame_at_rest_turns_with_the_grid() -> None:
    """Start in the frame at rest: voltages and currents are those of the point, turned by the frame, step by step."""
    point = _point(STEP / 8)
    run = simulate(SYSTEM, 0.02, start=point, waveforms=True, time_step=STEP / 8, output_step=2 * STEP)
    turned = run.rows.v * np.exp(-100j * math.pi * run.time)[:, None]
    nodes = len(run.model.circuit.nodes)
    np.testing.assert_allclose(turned[0], point.state.v[:nodes], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(turned, np.broadcast_to(turned[0], turned.shape), rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("waveforms", [False, True])
def test_order_of_elements_buses_and_converters_does_not_matter(waveforms: bool) -> None:
    other = System(
        network=Network(buses=("d", "b", "a", "c"), elements=ELEMENTS[::-1]),
        converters=(CONVERTERS[2], CONVERTERS[0], CONVERTERS[1]),
    )
    given: dict[str, Any] = {"waveforms": waveforms}
    one = _run(0.1, events=EVENTS, **given)
    two = simulate(other, 0.1, events=EVENTS[::-1], **given)
    for bus in "abcd":
        np.testing.assert_allclose(two.voltage(bus), one.voltage(bus), rtol=0.0, atol=1e-11)
    for branch in ("l", "t", "u.bridge"):
        np.testing.assert_allclose(two.current(branch), one.current(branch), rtol=0.0, atol=1e-11)
    for name in "uvw":
        np.testing.assert_allclose(
            two.converter(name, "active_power"), one.converter(name, "active_power"), rtol=0.0, atol=1e-11
        )
    assert np.ptp(one.converter("u", "active_power")) > 0.1


@pytest.mark.parametrize("waveforms", [False, True])
def test_dead_buses_beside_a_network_change_nothing(waveforms: bool) -> None:
    """A small network's step is one matrix, a larger one's is sparse: both give the same run."""
    elements = tuple(e for e in ELEMENTS if e.name != "y")  # a load that varies would make both sparse
    buses = ("a", "b", "c", "d")
    small = System(network=Network(buses=buses, elements=elements), converters=CONVERTERS[:2])
    dead = tuple(f"dead {k}" for k in range(20))
    large = replace(small, network=replace(small.network, buses=(*dead[:10], *buses, *dead[10:])))
    one, two = (simulate(s, 0.1, events=EVENTS, waveforms=waveforms) for s in (small, large))
    for bus in buses:
        np.testing.assert_allclose(two.voltage(bus), one.voltage(bus), rtol=0.0, atol=1e-11)
    for branch in ("l", "t", "u.bridge"):
        np.testing.assert_allclose(two.current(branch), one.current(branch), rtol=0.0, atol=1e-11)
    assert not two.voltage("dead 3").any()


def test_line_may_be_given_from_either_end() -> None:
    line = next(e for e in ELEMENTS if isinstance(e, Line))
    turned = replace(line, start=line.end, end=line.start)
    network = Network(buses=("a", "b", "c", "d"), elements=tuple(turned if e is line else e for e in ELEMENTS))
    one, two = (
        simulate(SYSTEM, 0.03, events=EVENTS[:2]),
        simulate(replace(SYSTEM, network=network), 0.03, events=EVENTS[:2]),
    )
    np.testing.assert_allclose(two.voltage("c"), one.voltage("c"), rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(two.current("l"), -one.current("l"), rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("waveforms", [False, True])
def test_same_run_twice_gives_the_same_bytes(waveforms: bool) -> None:
    one, two = (_run(0.1, events=EVENTS, waveforms=waveforms) for _ in range(2))
    assert one.rows.v.tobytes() == two.rows.v.tobytes()
    assert one.rows.i.tobytes() == two.rows.i.tobytes()
    assert one.rows.converters.tobytes() == two.rows.converters.tobytes()
    assert one.end.v.tobytes() == two.end.v.tobytes()


def test_rows_are_the_same_whatever_the_output_step() -> None:
    fine, coarse = _run(0.1, events=EVENTS), _run(0.1, events=EVENTS, output_step=7 * STEP)
    np.testing.assert_allclose(coarse.rows.v, fine.rows.v[::7], rtol=0.0, atol=1e-12)
    for name in ("p", "angle_now"):
        np.testing.assert_allclose(coarse.rows.converters[name], fine.rows.converters[name][::7], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(coarse.time, fine.time[::7], rtol=0.0, atol=1e-15)
    assert fine.time[-1] == pytest.approx(0.1 - STEP)


def test_an_event_that_changes_nothing_changes_nothing() -> None:
    nothing = [SetReference(time=t, converter="u") for t in (0.005, 0.0507, 0.07)]
    one, two = _run(0.1, events=EVENTS), _run(0.1, events=[*EVENTS, *nothing])
    np.testing.assert_allclose(two.rows.v, one.rows.v, rtol=0.0, atol=1e-12)


def _cut(system: System, at: float, *events: Event, whole: float = 0.1, **given: Any) -> tuple[Result, Result]:
    """Return a whole run, and the second part of one that was cut; events before the cut go to the first part."""
    if system is SYSTEM:
        given = {"start": _point(given.get("time_step"))} | given
    second = [replace(e, time=e.time - at) for e in events if e.time > at - 1e-9]
    first = simulate(system, at, events=[e for e in events if e.time <= at - 1e-9], **given)
    later = {key: value for key, value in given.items() if key != "start"}
    return (
        simulate(system, whole, events=events, **given),
        simulate(first.model.system, whole - at, start=first.end, events=second, **later),
    )


def _equal(whole: Result, second: Result) -> None:
    assert second.end.step == whole.end.step
    np.testing.assert_allclose(second.time, whole.time[-second.time.size :], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(second.rows.v, whole.rows.v[-second.time.size :], rtol=0.0, atol=1e-14)
    np.testing.assert_allclose(second.rows.i, whole.rows.i[-second.time.size :], rtol=0.0, atol=1e-14)
    np.testing.assert_allclose(second.end.v, whole.end.v, rtol=0.0, atol=1e-14)
    for name in ("angle", "p", "u_next", "p_filter"):
        np.testing.assert_allclose(second.end.converters[name], whole.end.converters[name], rtol=0.0, atol=1e-14)


ISLAND = System(
    network=Network(
        buses=("b", "c", "d"),
        elements=(
            *ELEMENTS[2:4],
            Breaker(name="cb", start="c", end="d"),
            Load(name="z", bus="d", active=0.3, reactive=0.1),
            Fault(name="f", bus="b", resistance=0.2),
        ),
    ),
    converters=CONVERTERS[:1],
)
BLOCKED = Block(time=0.02, converter="u", blocked=True)
ON, OFF = SetFault(time=0.01, fault="f", on=True), SetFault(time=0.03, fault="f", on=False)
CUTS: list[tuple[str, System, float, tuple[Event, ...], dict[str, Any]]] = [
    ("at rest", SYSTEM, 0.05, (), {}),
    ("odd step", SYSTEM, 0.0275 + STEP, EVENTS[:2], {}),
    ("at an event", SYSTEM, 0.02, EVENTS[:2], {}),
    ("waveforms", SYSTEM, 0.0555, EVENTS[:3], {"waveforms": True, "time_step": STEP / 2}),
    ("fault on", ISLAND, 0.02, (ON,), {"start": "dead"}),
    ("breaker long open", SYSTEM, 0.085, EVENTS[4:5], {}),
    (
        "other control",
        SYSTEM,
        0.04,
        (Transfer(time=0.02, converter="u", control=Forming(law=VirtualMachine())),),
        {},
    ),
    ("island in waveforms", ISLAND, 0.05, (), {"waveforms": True}),
    ("island off nominal", ISLAND, 0.05, (), {}),
    ("breaker opening", SYSTEM, 0.065, EVENTS[4:5], {}),
    ("fault clearing", SYSTEM, 0.035, (ON, OFF), {}),
    ("blocked", SYSTEM, 0.06, (BLOCKED,), {}),
]


@pytest.mark.parametrize(
    ("system", "at", "events", "given_"),
    [pytest.param(system, at, events, given, id=name) for name, system, at, events, given in CUTS],
)
def test_run_in_two_parts_equals_one(
    system: System, at: float, events: tuple[Event, ...], given_: dict[str, Any]
) -> None:
    whole, second = _cut(system, at, *events, **given_)
    _equal(whole, second)


def test_cascaded_converter_in_two_parts() -> None:
    control = Forming(law=VirtualMachine(), inner=Cascade())
    converter = Converter(
        name="u",
        bus="b",
        rated_power=1e6,
        control=control,
        filter=LCL,
        sampling_hz=20e3,
        delay=0,
        modulation="none",
        active=0.3,
    )
    system = System(network=Network(buses=("a", "b"), elements=ELEMENTS[:2]), converters=(converter,))
    _equal(*_cut(system, 0.05, SetReference(time=0.02, converter="u", active=0.4)))


@pytest.mark.parametrize("frame", [1.0, 0.96])
def test_held_voltage_behind_a_reactance_against_the_exact_integral(frame: float) -> None:
    """Between samples a bridge's voltage stands still at rest; the turning frame has no error of its own in it."""
    step, speed = 4e-4, 100.0 * math.pi
    converter = replace(CONVERTERS[0], bus="a", filter=Filter(resistance=0.0), sampling_hz=1.0 / step)
    grid = Grid(name="g", bus="a", reactance=0.25)
    model = build(System(network=Network(buses=("a",), elements=(grid,)), converters=(converter,)), frame_speed=frame)
    p, g, made = model.constants[0], model.assembled.topology, model.assembled
    assert model.time_step == step
    held = 1.05 * np.exp(0.3j)  # at rest
    v, i, none = np.zeros(4, np.complex128), np.zeros(2, np.complex128), np.zeros(0, np.complex128)
    bridge, source = made.node[converter.name], made.node["g"]
    v[bridge], v[source] = held * p["hold"], 1.0
    resolve(g, v, i, none)
    for k in range(1, 11):
        known = np.zeros_like(v)
        known[bridge] = v[bridge] * p["turn_step"]
        known[source] = np.exp(1j * speed * step * k * (1.0 - frame))
        trapezoid(g, v, i, none, known)
        time = step * k
        # l di/dt = held - e^(j w t) at rest, l = 0.4 / w; the network's current goes from bridge to grid.
        grows = speed / 0.4 * (held * time - (np.exp(1j * speed * time) - 1.0) / (1j * speed))
        exact = grows * np.exp(-1j * frame * speed * time)
        # The grid turns with nominal speed: it stands still in a frame of that speed only.
        close = 2e-6 if frame == 1.0 else 3e-4
        assert i[made.branch[f"{converter.name}.bridge"]] == pytest.approx(exact, abs=close)
