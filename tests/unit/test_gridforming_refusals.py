"""Bad input of networks, converters, events and runs: one clear message each, with name, value and what is expected."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridforming.converter import Cascade, Converter, CurrentLimit, Droop, Filter, Following, Forming, Protection
from gridforming.errors import ConverterError, InitialisationError, NetworkError
from gridforming.events import Block, Event, SetFault, SetGrid, SetReference, Switch
from gridforming.fixed_point import operating_point
from gridforming.network import Breaker, Bus, Element, Fault, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.simulation import simulate
from gridforming.system import System, build
from turbine.errors import SimulationError, WindformError

GRID = Grid(name="g", bus="a", reactance=0.2, resistance=0.02)
LINE = Line(name="l", start="a", end="b", reactance=0.1)
CONVERTER = Converter(name="unit", bus="b", rated_power=1e6, control=Forming(law=Droop(droop=0.02)))


def _network(*elements: Element, buses: tuple[Any, ...] = ("a", "b")) -> Network:
    return Network(buses=buses, elements=elements)


def _converter(**values: Any) -> Converter:
    given: dict[str, Any] = {"name": "unit", "bus": "b", "rated_power": 1e6, "control": Following()}
    return Converter(**(given | values))


def _system(**values: Any) -> System:
    return System(network=_network(GRID, LINE), converters=(_converter(**values),))


NETWORKS: list[tuple[str, Callable[[], object], str]] = [
    (
        "dangling bus",
        lambda: _network(Load(name="mill", bus="colector", active=0.1), buses=("collector", "pcc")),
        r'load "mill": found bus "colector", which the network does not have \(did you mean "collector"\?\); '
        r"expected one of collector, pcc",
    ),
    (
        "dangling end",
        lambda: _network(GRID, Line(name="l", start="a", end="c", reactance=0.1)),
        'line "l": found bus "c"',
    ),
    ("two elements of one name", lambda: _network(GRID, GRID), 'element "g": found 2 of this name, expected one'),
    ("two buses of one name", lambda: _network(buses=("a", "b", Bus(name="a"))), 'bus "a": found 2 of this name'),
    ("no bus", lambda: _network(buses=()), "network: found no bus, expected at least one"),
    (
        "negative reactance",
        lambda: Line(name="l", start="a", end="b", reactance=-0.1),
        r'line "l": reactance: found -0.1 pu, expected above 0',
    ),
    (
        "no reactance",
        lambda: Grid(name="g", bus="a", reactance=0.0),
        'grid "g": reactance: found 0 pu, expected above 0',
    ),
    (
        "reactance not finite",
        lambda: Transformer(name="t", start="a", end="b", reactance=math.nan),
        'transformer "t": reactance: found nan, expected above 0',
    ),
    (
        "text for a number",
        lambda: Line(name="l", start="a", end="b", reactance="0.1"),  # type: ignore[arg-type]
        """line "l": reactance: found '0.1', expected""",
    ),
    (
        "negative resistance",
        lambda: Grid(name="g", bus="a", reactance=0.1, resistance=-0.1),
        'grid "g": resistance: found -0.1 pu, expected at least 0',
    ),
    (
        "negative charging",
        lambda: Line(name="l", start="a", end="b", reactance=0.1, susceptance=-0.1),
        'line "l": susceptance: found -0.1 pu',
    ),
    ("negative conductance", lambda: Shunt(name="s", bus="a", conductance=-1.0), 'shunt "s": conductance: found -1 pu'),
    (
        "tap in percent",
        lambda: Transformer(name="t", start="a", end="b", reactance=0.1, tap=102.0),
        'transformer "t": tap: found 102, expected at least 0.5 and at most 2',
    ),
    (
        "degrees",
        lambda: Transformer(name="t", start="a", end="b", reactance=0.1, phase_shift=30.0),
        r'transformer "t": phase_shift: found 30 rad, .*were degrees given\?',
    ),
    (
        "hertz for pu",
        lambda: Grid(name="g", bus="a", reactance=0.1, frequency=50.0),
        'grid "g": frequency: found 50 pu',
    ),
    (
        "no strength",
        lambda: Grid.of_strength("g", "a", 0.0),
        'grid "g": short_circuit_ratio: found 0, expected above 0',
    ),
    (
        "breaker at one bus",
        lambda: _network(Breaker(name="cb", start="a", end="a")),
        'breaker "cb": both ends at bus "a"',
    ),
    (
        "unbalanced fault",
        lambda: Fault(name="f", bus="a", kind="line-to-ground"),
        """fault "f": found kind 'line-to-ground', expected "three-phase"; unbalanced faults .* zero sequence""",
    ),
    (
        "fault without impedance",
        lambda: Fault(name="f", bus="a", resistance=0.0),
        'fault "f": found 0 pu of impedance, expected at least 1e-4',
    ),
    (
        "kind of a load",
        lambda: Load(name="x", bus="a", active=0.1, kind="zip"),  # type: ignore[arg-type]
        """load "x": found kind 'zip', expected impedance, current or power""",
    ),
    ("base in MVA", lambda: Network(buses=("a",), power=0.0), "network: power: found 0 VA, expected above 0"),
    ("frequency", lambda: Network(buses=("a",), frequency=1.0), "network: frequency: found 1 Hz, expected at least 10"),
]


@pytest.mark.parametrize(("make", "message"), [pytest.param(*case[1:], id=case[0]) for case in NETWORKS])
def test_network_that_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()


CONVERTERS: list[tuple[str, Callable[[], object], type[WindformError], str]] = [
    (
        "unknown bus",
        lambda: _system(bus="c"),
        NetworkError,
        'converter "unit": found bus "c", which the network does not have; expected one of a, b',
    ),
    ("name of an element", lambda: _system(name="l"), NetworkError, 'converter "l": its name is taken'),
    (
        "name twice",
        lambda: System(network=_network(GRID, LINE), converters=(CONVERTER, CONVERTER)),
        NetworkError,
        'converter "unit": its name "unit" is taken',
    ),
    (
        "sampling no multiple",
        lambda: build(_system(), time_step=100e-6),
        ConverterError,
        'converter "unit": found a sampling period of 0.000125 s, expected a multiple of .* 0.0001 s',
    ),
    (
        "sampling of two",
        lambda: build(
            System(network=_network(GRID, LINE), converters=(CONVERTER, _converter(name="d", sampling_hz=10e3)))
        ),
        ConverterError,
        'converter "unit": found a sampling period',
    ),
    (
        "step longer than sampling",
        lambda: build(_system(), time_step=250e-6),
        ConverterError,
        'converter "unit": found a sampling period of 0.000125 s, expected a multiple',
    ),
    (
        "too long a step",
        lambda: build(_system(), time_step=2e-3),
        NetworkError,
        "time_step: found 0.002 s, expected above 0 and below 0.001 s, a twentieth of a cycle",
    ),
    ("no step", lambda: build(_system(), time_step=0.0), NetworkError, "time_step: found 0 s, expected above 0"),
    ("step not finite", lambda: build(_system(), time_step=math.nan), NetworkError, "time_step: found nan s"),
    (
        "no power",
        lambda: _converter(rated_power=0.0),
        ConverterError,
        'converter "unit": rated_power: found 0 VA, expected above 0 VA',
    ),
    ("watts for pu", lambda: _converter(active=2e6), ConverterError, r'"unit": active: found 2e\+06 pu, expected'),
    ("delay", lambda: _converter(delay=2), ConverterError, '"unit": found delay 2, expected 0 or 1 periods'),
    (
        "modulation",
        lambda: _converter(modulation="svm"),
        ConverterError,
        "found modulation 'svm', expected one of none",
    ),
    (
        "cascade without LCL",
        lambda: _converter(control=Forming(inner=Cascade())),
        ConverterError,
        "needs an LCL filter",
    ),
    ("filter", lambda: Filter(reactance=0.0), ConverterError, "Filter.reactance: found 0 pu, expected above 0"),
    ("LCL without C", lambda: Filter(grid_reactance=0.1), ConverterError, "expected susceptance above 0"),
    (
        "protection",
        lambda: Protection(speed_low=1.1, speed_high=1.0),
        ConverterError,
        "Protection.speed_low: found 1.1",
    ),
    ("droop", lambda: Droop(droop=0.0), ConverterError, "Droop.droop: found 0, expected above 0"),
]


@pytest.mark.parametrize(("make", "error", "message"), [pytest.param(*case[1:], id=case[0]) for case in CONVERTERS])
def test_converter_that_cannot_be_is_refused(
    make: Callable[[], object], error: type[WindformError], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


EVENTS: list[tuple[str, Event, str]] = [
    ("breaker", Switch(time=0.0, breaker="cb1", closed=True), r'no breaker "cb1" \(did you mean "cb"\?\); known: cb'),
    ("converter", SetReference(time=0.0, converter="units", active=0.1), r'no converter "units" .*known: unit'),
    ("blocked", Block(time=0.0, converter="x", blocked=True), 'no converter "x"'),
    ("grid", SetGrid(time=0.0, grid="gird", voltage=0.9), r'no grid "gird".*known: g'),
    ("fault", SetFault(time=0.0, fault="x", on=True), 'no fault "x"; known: f'),
    ("after the end", SetGrid(time=0.2, grid="g"), "event at 0.2 s: expected a time from 0 to before the end at 0.1 s"),
    (
        "before the start",
        SetGrid(time=-1e-3, grid="g"),
        "event at -0.001 s: expected a time from 0 to before",
    ),
    ("at no time", SetGrid(time=math.nan, grid="g"), "event at nan s: expected a time"),
]


def _ready() -> System:
    breaker, fault = Breaker(name="cb", start="b", end="c"), Fault(name="f", bus="b")
    return System(network=_network(GRID, LINE, breaker, fault, buses=("a", "b", "c")), converters=(CONVERTER,))


@pytest.mark.parametrize(("event", "message"), [pytest.param(*case[1:], id=case[0]) for case in EVENTS])
def test_event_that_cannot_be_is_refused_before_the_run(event: Event, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        simulate(_ready(), 0.1, events=[SetGrid(time=0.05, grid="g", voltage=0.9), event], start="dead")


RUNS: list[tuple[str, dict[str, Any], str]] = [
    ("no duration", {"duration": 0.0}, "duration: found 0 s, expected above 0 s"),
    ("endless", {"duration": math.inf}, "duration: found inf, expected above 0 s"),
    ("start", {"start": "rest"}, """start: found 'rest', expected "steady", "dead", an operating point or a state"""),
    (
        "output",
        {"output_step": 3e-4},
        "output_step: found 0.0003 s, expected a multiple of the step of 0.000125 s",
    ),
    ("output below a step", {"output_step": 1e-5}, "output_step: found 1e-05 s, expected a multiple"),
]


@pytest.mark.parametrize(("given", "message"), [pytest.param(*case[1:], id=case[0]) for case in RUNS])
def test_run_that_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        simulate(_ready(), **{"duration": 0.1, "start": "dead", **given})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda run: run.voltage("aa"), r'no bus "aa" \(did you mean "a"\?\); known: a, b, c'),
        (lambda run: run.current("ll"), 'no branch "ll"'),
        (lambda run: run.converter("unit", "power"), r'no column "power".*known: active_power'),
        (lambda run: run.converter("units", "speed"), 'no converter "units"'),
    ],
)
def test_unknown_name_in_a_result_is_refused(ask: Callable[[Any], object], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        ask(simulate(_ready(), 1e-3, start="dead"))


def test_following_converter_beyond_its_static_limit_is_told_so() -> None:
    network = Network(buses=("b",), elements=(Grid.of_strength("g", "b", 1.2),))
    with pytest.raises(InitialisationError, match=r"no operating point: .* of unit still moves by .*, expected rest"):
        operating_point(System(network=network, converters=(_converter(active=1.0),)))


def test_run_that_diverges_names_bus_and_time() -> None:
    """A load that gives more than the grid's resistance takes: the current grows with (1 / 8 - 0.02) / 0.3 w."""
    network = _network(GRID, LINE, Load(name="x", bus="b", active=-8.0))
    with pytest.raises(SimulationError, match=r'bus "b" left all bounds at t = .* s, expected finite') as raised:
        simulate(System(network=network), 0.5, start="dead")
    time = float(str(raised.value).split("t = ")[1].split(" s")[0])
    rate = (1.0 / 8.0 - 0.02) / 0.3 * 100.0 * math.pi
    assert time == pytest.approx(math.log(1e6) / rate, abs=0.02)


def test_run_with_unstable_control_names_its_bus() -> None:
    control = Forming(inner=Cascade(kpc=50.0), limit=CurrentLimit(kind="none"))
    filters = Filter(reactance=0.1, susceptance=0.05, grid_reactance=0.1)
    unit = _converter(bus="a", control=control, filter=filters, modulation="none")
    system = System(network=_network(GRID), converters=(unit,))
    with pytest.raises(
        SimulationError, match=r'bus "(a|unit\.filter)" left all bounds at t = 0\.0\d+ s.*slower control'
    ):
        simulate(system, 0.5, events=[SetGrid(time=0.001, grid="g", phase_jump=0.1)])


REFUSED: list[tuple[str, Callable[[], object]]] = [
    (
        "grid named as its bus",
        lambda: simulate(System(network=_network(Grid(name="a", bus="a", reactance=0.1))), 1e-3),
    ),
    ("converter named as a bus", lambda: simulate(_system(name="a"), 1e-3)),
    ("bus named ground", lambda: simulate(System(network=_network(GRID, buses=("a", "ground"))), 1e-3)),
    (
        "line named as a filter's branch",
        lambda: build(
            System(
                network=_network(GRID, LINE, Line(name="unit.bridge", start="a", end="b", reactance=0.1)),
                converters=(CONVERTER,),
            )
        ),
    ),
    ("nothing to hold a voltage", lambda: operating_point(System(network=_network()))),
    ("output step not finite", lambda: simulate(_ready(), 0.1, start="dead", output_step=math.nan)),
    ("number for a bus", lambda: _network(buses=(1, 2))),
    (
        "state of another system",
        lambda: simulate(_ready(), 0.1, start=simulate(System(network=_network(GRID)), 1e-3, start="dead").end),
    ),
    (
        "state of another frame",
        lambda: simulate(_ready(), 0.1, start=simulate(_ready(), 1e-3, start="dead", waveforms=True).end),
    ),
    (
        "reference that is no number",
        lambda: simulate(
            _ready(), 0.1, start="dead", events=[SetReference(time=0.09995, converter="unit", active=math.nan)]
        ),
    ),
    (
        "negative voltage of a grid",
        lambda: simulate(_ready(), 0.1, start="dead", events=[SetGrid(time=0.05, grid="g", voltage=-1.0)]),
    ),
    (
        "event that never acts",
        lambda: simulate(_ready(), 0.1, start="dead", events=[SetReference(time=0.1, converter="unit", active=0.5)]),
    ),
]


@pytest.mark.parametrize(
    "make",
    [pytest.param(make, id=name) for name, make in REFUSED],
)
def test_what_cannot_be_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(WindformError):
        make()


def test_message_names_something_where_nothing_is_known() -> None:
    with pytest.raises(SimulationError, match='no breaker "cb"; there is no breaker here'):
        simulate(_system(), 0.1, start="dead", events=[Switch(time=0.0, breaker="cb", closed=True)])


def test_run_leaves_what_it_was_given_as_it_was() -> None:
    point = operating_point(_ready())
    before = point.state.copy()
    simulate(_ready(), 0.02, start=point, events=[SetReference(time=0.01, converter="unit", active=0.5)])
    np.testing.assert_array_equal(point.state.v, before.v)
    assert point.state.converters.tobytes() == before.converters.tobytes()
    assert point.state.step == 0
