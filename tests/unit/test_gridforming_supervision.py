"""Supervision: what a sequence waits for and does, what it sees, and that a run under one that does nothing is its own.

Times are compared with those that a condition was made of, frequencies with those of a grid that is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridforming.converter import Converter, Droop, Following, Forming, TerminalVoltage
from gridforming.events import Event, SetFault, SetGrid, SetMachine, SetReference, Switch, Transfer
from gridforming.machine import Motor
from gridforming.metrics import metrics
from gridforming.network import Breaker, Fault, Grid, Line, Load, Network
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.steps import Condition, Step, play
from gridforming.supervision import Check, Plant, Sequence, secondary, supervise
from gridforming.system import System
from turbine.errors import SimulationError

PERIOD = 0.01
DROOP = Forming(law=Droop(droop=0.02))
LOOKS = PERIOD * 1.001


def _tied(frequency: float = 1.0, **unit: Any) -> System:
    """Return a converter at a grid, a breaker to a load, a motor and a fault."""
    elements = (
        Grid(name="g", bus="a", reactance=0.2, resistance=0.02, frequency=frequency),
        Breaker(name="cb", start="a", end="b", closed=False),
        Breaker(name="far", start="a", end="c"),
        Load(name="load", bus="b", active=0.3),
        Load(name="rest", bus="c", active=0.1),
        Fault(name="f", bus="c", resistance=0.3),
    )
    given: dict[str, Any] = {"control": DROOP, "active": 0.3} | unit
    return System(
        network=Network(buses=("a", "b", "c"), elements=elements),
        converters=(Converter(name="unit", bus="a", rated_power=1e6, **given),),
        machines=(Motor(name="pump", bus="a", rated_power=0.1e6),),
    )


def _apart(phase: float, frequency: float = 1.0, *, load: float = 0.0, turned: bool = False) -> System:
    """Return an island of one forming converter, and a grid that a breaker joins it to."""
    ends = ("g", "a") if turned else ("a", "g")
    elements: list[Any] = [
        Grid(name="grid", bus="g", reactance=0.2, resistance=0.02, frequency=frequency, phase=phase),
        Line(name="line", start="a", end="b", reactance=0.1, resistance=0.01),
        Breaker(name="inside", start="a", end="c"),
        Breaker(name="tie", start=ends[0], end=ends[1], closed=False),
    ]
    elements += [Load(name="load", bus="b", active=load)] if load else []
    unit = Converter(name="unit", bus="a", rated_power=1e6, control=DROOP)
    return System(network=Network(buses=("a", "b", "c", "g"), elements=tuple(elements)), converters=(unit,))


def _run(system: System, duration: float, *sequences: Callable[[Plant], Sequence], **options: Any) -> Result:
    return supervise(system, duration, *sequences, **options)


def _nothing(plant: Plant) -> Sequence:
    while True:
        yield plant.wait(PERIOD)


def _time(note: str) -> float:
    return float(note.split()[2])


def _noted(result: Result, text: str) -> str:
    found = [note for note in result.notes if text in note]
    assert len(found) == 1, result.notes
    return found[0]


# What a sequence waits for.


def test_wait_goes_on_at_the_first_look_at_or_after_its_time() -> None:
    seen: list[float] = []

    def sequence(plant: Plant) -> Sequence:
        seen.append(plant.time)
        assert (yield plant.wait(0.03))
        seen.append(plant.time)
        assert (yield plant.wait(0.025))
        seen.append(plant.time)
        assert (yield plant.wait(0.0))
        seen.append(plant.time)

    _run(_tied(), 0.12, sequence)
    assert seen == pytest.approx([0.0, 0.03, 0.06, 0.07])


def test_until_is_met_when_its_condition_has_held_without_a_break() -> None:
    seen: list[tuple[float, bool]] = []

    def sequence(plant: Plant) -> Sequence:
        # It holds from 0.02 s on with a break at 0.04 s, hence for good from 0.05 s on.
        met = yield plant.until(lambda: plant.time > 0.015 and abs(plant.time - 0.04) > 1e-6, lasting=0.03)
        seen.append((plant.time, met))
        met = yield plant.until(lambda: True)
        seen.append((plant.time, met))

    _run(_tied(), 0.15, sequence)
    assert [time for time, _ in seen] == pytest.approx([0.08, 0.09])
    assert [met for _, met in seen] == [True, True]


def test_until_gives_up_at_its_timeout_also_while_its_condition_holds_for_too_short_a_time() -> None:
    seen: list[tuple[float, bool]] = []

    def sequence(plant: Plant) -> Sequence:
        met = yield plant.until(lambda: False, timeout=0.05)
        seen.append((plant.time, met))
        met = yield plant.until(lambda: True, lasting=0.1, timeout=0.02)
        seen.append((plant.time, met))

    _run(_tied(), 0.1, sequence)
    assert [time for time, _ in seen] == pytest.approx([0.05, 0.07])
    assert [met for _, met in seen] == [False, False]


def test_ramp_moves_a_reference_along_a_straight_line_and_ends_on_its_target() -> None:
    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.02)
        yield from plant.ramp("unit", 0.1, active=0.5, voltage=1.04)
        plant.say(f"at {plant.reference('unit', 'active')!r} and {plant.reference('unit', 'voltage')!r}")
        yield from plant.ramp("unit", 0.0, active=0.1)
        plant.say(f"then {plant.reference('unit', 'active')!r}")

    seen: list[tuple[float, float]] = []

    def watch(plant: Plant) -> Sequence:
        while True:
            yield plant.wait(PERIOD)
            seen.append((plant.time, plant.reference("unit", "active")))

    result = _run(_tied(), 0.2, sequence, watch)
    assert _noted(result, "at 0.5 and 1.04").startswith("t = 0.12 s:")
    assert _noted(result, "then 0.1").startswith("t = 0.12 s:")
    rising = [(time, value) for time, value in seen if 0.02 <= time < 0.115]
    assert [value for _, value in rising] == pytest.approx([0.3 + 2.0 * (time - 0.02) for time, _ in rising])


def test_a_sequence_that_fails_ends_alone_and_says_why() -> None:
    def gives_up(plant: Plant) -> Sequence:
        yield plant.wait(0.02)
        plant.fail("no luck")

    def at_once(plant: Plant) -> Sequence:
        plant.fail("at once")
        yield plant.wait(1.0)

    def goes_on(plant: Plant) -> Sequence:
        yield plant.wait(0.05)
        plant.done()

    result = _run(_tied(), 0.1, gives_up, at_once, goes_on)
    assert _noted(result, "no luck") == "t = 0.02 s: sequence ends: no luck"
    assert _noted(result, "at once") == "t = 0 s: sequence ends: at once"
    assert _noted(result, "done") == "t = 0.05 s: sequence done"
    assert result.time.size == 800  # the run goes on to its end


def test_sequences_act_in_the_order_in_which_they_are_given_look_by_look() -> None:
    told: list[str] = []

    def named(name: str, wait: float) -> Callable[[Plant], Sequence]:
        def sequence(plant: Plant) -> Sequence:
            while True:
                told.append(f"{name} {plant.time:.2f}")
                yield plant.wait(wait)

        return sequence

    _run(_tied(), 0.05, named("a", 0.01), named("b", 0.02))
    assert told == ["a 0.00", "b 0.00", "a 0.01", "a 0.02", "b 0.02", "a 0.03", "a 0.04", "b 0.04"]


def test_what_is_no_sequence_is_refused() -> None:
    def no_yield(plant: Plant) -> Any:
        plant.close("cb")

    def forgets_from(plant: Plant) -> Any:
        yield plant.ramp("unit", 0.1, active=0.5)

    def later(plant: Plant) -> Any:
        yield plant.wait(0.01)
        yield 0.1

    with pytest.raises(SimulationError, match="found None, expected a generator"):
        _run(_tied(), 0.05, no_yield)
    with pytest.raises(SimulationError, match=r"it yields <generator .* `yield from` for a ramp"):
        _run(_tied(), 0.05, forgets_from)
    with pytest.raises(SimulationError, match=r"it yields 0\.1, expected plant\.wait"):
        _run(_tied(), 0.05, later)
    with pytest.raises(SimulationError, match="period: found 0 s, expected above 0 and at most"):
        _run(_tied(), 0.05, _nothing, period=0.0)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda plant: plant.close("cb1"), r'no breaker "cb1" \(did you mean "cb"\?\)'),
        (lambda plant: plant.set("units", active=0.1), 'no converter "units"'),
        (lambda plant: plant.set("unit", active=5.0), "active: found 5 pu"),
        (lambda plant: plant.size("aa"), 'no bus "aa"'),
        (lambda plant: plant.frequency("aa"), 'no bus "aa"'),
        (lambda plant: plant.difference("xx"), 'no breaker "xx"'),
        (lambda plant: plant.unit("unit", "power"), 'no column "power"'),
        (lambda plant: plant.unit("pmp", "speed"), 'no converter "pmp"'),
        (lambda plant: plant.reference("unit", "power"), 'no reference "power"'),
    ],
)
def test_a_name_that_is_not_there_is_refused(act: Callable[[Plant], Any], message: str) -> None:
    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.01)
        act(plant)

    with pytest.raises(SimulationError, match=message):
        _run(_tied(), 0.05, sequence)


# What a sequence sees and does.


@pytest.mark.parametrize("hertz", [50.0, 50.5, 47.5, 51.9])
@pytest.mark.parametrize("options", [{"start": "steady"}, {"start": "dead"}, {"start": "dead", "waveforms": True}])
def test_frequency_is_that_of_the_grid_in_every_frame(hertz: float, options: dict[str, Any]) -> None:
    """A bus that only the grid holds has its frequency; one at rest is asked for, another dead."""
    elements = (
        Grid(name="g", bus="a", reactance=0.2, frequency=hertz / 50.0),
        Load(name="load", bus="a", active=0.5),
        Breaker(name="cb", start="a", end="b", closed=False),
        Load(name="dead", bus="b", active=0.1),
    )
    system = System(network=Network(buses=("a", "b"), elements=elements))
    seen: list[tuple[float, float]] = []

    def sequence(plant: Plant) -> Sequence:
        while True:
            seen.append((plant.frequency("a"), plant.frequency("b")))
            yield plant.wait(PERIOD)

    _run(system, 0.5, sequence, time_step=125e-6, **options)
    alive, dead = np.array(seen).T
    assert np.isnan(alive[:1]).all()  # nothing is known when it is first asked for
    assert alive[-5:] == pytest.approx(hertz, abs=2e-4)
    assert np.isnan(dead).all()


@pytest.mark.parametrize("period", [0.002, 0.02, 0.04])
def test_frequency_is_seen_at_other_periods_of_looks(period: float) -> None:
    seen: list[float] = []

    def sequence(plant: Plant) -> Sequence:
        while True:
            seen.append(plant.frequency("a"))
            yield plant.wait(period)

    _run(_tied(1.01), 0.5, sequence, period=period)
    assert seen[-1] == pytest.approx(50.5, abs=1e-3)


def test_voltage_current_and_columns_are_those_of_the_results_row() -> None:
    seen: list[tuple[complex, ...]] = []

    def sequence(plant: Plant) -> Sequence:
        while True:
            yield plant.wait(PERIOD)
            numbers = (plant.unit(*of) for of in (("unit", "current"), ("pump", "current"), ("pump", "speed")))
            seen.append((plant.voltage("a"), plant.size("a"), plant.unit("unit", "speed"), *numbers))

    result = _run(_tied(), 0.1, sequence, events=[SetGrid(time=0.02, grid="g", phase_jump=0.1)])
    rows = [round(k * PERIOD / 125e-6) for k in range(1, 10)]
    at, size, speed, current, motor, turns = (np.array(values) for values in zip(*seen, strict=True))
    np.testing.assert_allclose(at, result.voltage("a")[rows], rtol=1e-12)
    np.testing.assert_allclose(size, np.abs(result.voltage("a")[rows]), rtol=1e-12)
    np.testing.assert_allclose(current, result.converter("unit", "current")[rows], rtol=1e-14)
    np.testing.assert_allclose(motor, result.machine("pump", "current")[rows], rtol=1e-14)
    np.testing.assert_array_equal(turns, result.machine("pump", "speed")[rows])
    # What firmware holds is of its last sample, one row before.
    np.testing.assert_array_equal(speed, result.converter("unit", "speed")[[row - 1 for row in rows]])


def test_actions_are_the_events_of_their_time() -> None:
    """A run by a sequence is, bit for bit, the one by a list of the same events; others happen beside it."""
    following = Following()

    def sequence(plant: Plant) -> Sequence:
        plant.set("unit", active=0.4)
        yield plant.wait(0.02)
        plant.close("cb")
        yield plant.wait(0.02)
        plant.set_grid("g", voltage=0.98)
        plant.set_machine("pump", load=0.5)
        yield plant.wait(0.02)
        plant.open("cb")
        plant.fault("f", on=True)
        yield plant.wait(0.05)
        plant.fault("f", on=False)
        plant.act(Transfer(time=0.0, converter="unit", control=following))

    beside = [SetGrid(time=0.0333, grid="g", phase_jump=0.05), SetReference(time=0.02, converter="unit", voltage=1.01)]
    done = _run(_tied(), 0.15, sequence, events=beside)
    events: list[Event] = [
        SetReference(time=0.0, converter="unit", active=0.4),
        SetReference(time=0.02, converter="unit", voltage=1.01),
        Switch(time=0.02, breaker="cb", closed=True),
        SetGrid(time=0.0333, grid="g", phase_jump=0.05),
        SetGrid(time=0.04, grid="g", voltage=0.98),
        SetMachine(time=0.04, machine="pump", load=0.5),
        Switch(time=0.06, breaker="cb", closed=False),
        SetFault(time=0.06, fault="f", on=True),
        SetFault(time=0.11, fault="f", on=False),
        Transfer(time=0.11, converter="unit", control=following),
    ]
    _same(done, simulate(_tied(), 0.15, events=events))


def test_blocking_and_starting_is_noted_and_done() -> None:
    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.02)
        plant.block("unit")
        yield plant.wait(0.06)
        plant.start("unit")

    result = _run(_tied(), 0.2, sequence)
    assert _time(_noted(result, 'blocks "unit"')) == pytest.approx(0.02)
    assert _time(_noted(result, 'starts "unit"')) == pytest.approx(0.08)
    current = result.converter("unit", "current")
    off = (result.time > 0.045) & (result.time < 0.08)
    assert current[off].max() < 1e-3
    assert current[-1] > 0.1


def _same(a: Result, b: Result) -> None:
    np.testing.assert_array_equal(a.time, b.time)
    np.testing.assert_array_equal(a.rows.v, b.rows.v)
    np.testing.assert_array_equal(a.rows.i, b.rows.i)
    for of in ("converters", "machines"):
        one, other = getattr(a.rows, of), getattr(b.rows, of)
        for name in one.dtype.names or ():
            np.testing.assert_array_equal(one[name], other[name])
    assert a.end.step == b.end.step


EVENTS: list[Event] = [
    SetReference(time=0.0, converter="unit", active=0.4),
    Switch(time=0.0123456, breaker="cb", closed=True),
    SetGrid(time=0.02, grid="g", phase_jump=0.1),
    SetFault(time=0.03, fault="f", on=True),
    SetFault(time=0.07, fault="f", on=False),
    Switch(time=0.0701, breaker="cb", closed=False),
    Switch(time=0.1999, breaker="far", closed=False),
]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"start": "dead"},
        {"start": "dead", "waveforms": True},
        {"time_step": 62.5e-6, "output_step": 1e-3},
        {"output_step": 0.7e-3, "time_step": 50e-6},
    ],
)
@pytest.mark.parametrize("period", [0.01, 0.00375])
def test_a_run_under_a_sequence_that_does_nothing_is_simulates_bit_for_bit(
    options: dict[str, Any], period: float
) -> None:
    system = _tied(sampling_hz=10e3) if options.get("time_step") == 50e-6 else _tied()
    alone = simulate(system, 0.2, events=EVENTS, **options)
    _same(_run(system, 0.2, _nothing, _nothing, period=period, events=EVENTS, **options), alone)
    _same(_run(system, 0.2, period=period, events=EVENTS, **options), alone)


def test_events_of_one_moment_happen_at_once_as_in_simulate() -> None:
    """An island that is handed from one tie to another at one moment has never been without a source."""
    elements = (
        Grid(name="g", bus="a", reactance=0.2),
        Breaker(name="one", start="a", end="b"),
        Breaker(name="two", start="a", end="b", closed=False),
        Load(name="load", bus="b", active=0.3),
    )
    system = System(network=Network(buses=("a", "b"), elements=elements))
    events = [Switch(time=0.02, breaker="one", closed=False), Switch(time=0.02, breaker="two", closed=True)]
    alone = simulate(system, 0.1, events=events)
    beside = _run(system, 0.1, _nothing, events=events)
    _same(beside, alone)
    assert beside.notes == alone.notes == ()


def test_notes_stand_in_the_order_of_their_time_whoever_wrote_them() -> None:
    def sequence(plant: Plant) -> Sequence:
        plant.say("first")
        yield plant.wait(0.03)
        plant.open("far")
        yield plant.wait(0.06)
        plant.say("last")

    events = [Switch(time=0.05, breaker="cb", closed=True), Switch(time=0.07, breaker="cb", closed=False)]
    result = _run(_tied(), 0.12, sequence, events=events)
    times = [_time(note) for note in result.notes]
    assert times == sorted(times)
    assert [note.partition(" s: ")[2] for note in result.notes if "limit" not in note] == [
        "first",
        "the island of b holds no grid, no grid-forming unit and no synchronous machine",
        'opens "far"',
        "the island of c holds no grid, no grid-forming unit and no synchronous machine",
        "the island of b holds no grid, no grid-forming unit and no synchronous machine",
        "last",
    ]


def test_notes_of_a_run_that_goes_on_from_another_have_one_clock() -> None:
    first = simulate(_tied(), 0.1)

    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.02)
        assert plant.time == pytest.approx(0.02)  # since the start of this run
        plant.open("far")

    result = _run(_tied(), 0.05, sequence, start=first.end)
    assert result.time[0] == pytest.approx(0.1)
    assert _time(_noted(result, 'opens "far"')) == _time(_noted(result, "the island of c")) == pytest.approx(0.12)


# Synchronism.


def _closing(result: Result, breaker: str = "tie") -> tuple[float, float, float, float]:
    """Return time, frequency, voltage and angle in degrees of the notes of a closing."""
    at = _time(_noted(result, f'closes "{breaker}"'))
    words = _noted(result, "synchronism:").split("synchronism: ")[1].replace(",", "").split()
    return at, float(words[0]), float(words[2]), float(words[4])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("frequency", [0.998, 1.0, 1.002])
def test_synchronise_closes_within_its_check(frequency: float, turned: bool) -> None:
    check = Check(frequency=0.06, voltage=0.02, angle=math.radians(4.0))

    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.3)
        yield from plant.synchronise("tie", "unit", check=check)
        plant.done()

    result = _run(_apart(2.0, frequency, load=0.3, turned=turned), 14.0, sequence, start="dead", output_step=1e-3)
    at, df, dv, angle = _closing(result)
    assert abs(df) <= 0.06
    assert abs(dv) <= 0.02
    assert abs(angle) <= 4.0
    # What the notes say is what the rows say.
    row = int(np.searchsorted(result.time, at - 1e-9)) - 1
    a, g = (result.voltage(bus)[row] for bus in ("a", "g"))
    assert abs(a) - abs(g) == pytest.approx(dv, abs=2e-4)
    assert math.degrees(np.angle(a * np.conj(g))) == pytest.approx(angle, abs=0.05)
    # Both sides are one afterwards, and what flows is no more than what such an angle drives.
    assert result.voltage("a")[-1] == pytest.approx(result.voltage("g")[-1])
    current = np.abs(result.current("grid"))[row : row + 100]
    assert current.max() < 2.0 * (0.02 + math.radians(4.0)) / 0.2 + 0.3


def test_with_equal_frequencies_and_a_constant_angle_only_the_active_part_closes() -> None:
    """Both at 50 Hz exactly and 2 rad apart: a check alone would wait for ever."""

    def waits(plant: Plant) -> Sequence:
        yield plant.wait(0.3)

        def within() -> bool:
            df, dv, angle = plant.difference("tie")
            return abs(df) < 0.1 and abs(dv) < 0.05 and abs(angle) < math.radians(10.0)

        if not (yield plant.until(within, timeout=5.0)):
            plant.fail(f"still {math.degrees(plant.difference('tie')[2]):.1f} deg apart")

    def trims(plant: Plant) -> Sequence:
        yield plant.wait(0.3)
        yield from plant.synchronise("tie", "unit", slip=0.2)

    result = _run(_apart(2.0), 6.0, waits, start="dead", output_step=1e-3)
    assert float(_noted(result, "deg apart").split("still ")[1].split()[0]) == pytest.approx(-115.0, abs=2.0)
    apart = result.voltage("a") * np.conj(result.voltage("g"))
    assert np.ptp(np.angle(apart[result.time > 0.5])) < 1e-3  # both at rest
    closed = _run(_apart(2.0), 6.0, trims, start="dead", output_step=1e-3)
    at, df, _, angle = _closing(closed)
    assert abs(angle) <= 10.0
    assert abs(df) <= 0.1
    # From 2 rad to 10 degrees at 0.2 Hz at most.
    assert at > 0.3 + (2.0 - math.radians(10.0)) / (2.0 * math.pi * 0.2)


def test_a_breaker_closes_its_time_after_the_order_where_the_angle_is_then_to_be() -> None:
    """At a slip that stays, the angle at the order is ahead by slip times closing time."""
    check = Check(frequency=0.3, voltage=0.05, angle=math.radians(3.0), closing_time=0.1)
    seen: list[tuple[float, float, float]] = []

    def sequence(plant: Plant) -> Sequence:
        yield plant.wait(0.3)
        plant.set("unit", speed=1.004)
        yield plant.wait(0.1)
        yield from plant.synchronise("tie", "unit", check=check, rate=0.1, aim=check.angle)  # hardly trims

    def watch(plant: Plant) -> Sequence:
        while True:
            df, _, angle = plant.difference("tie")
            seen.append((plant.time, df, angle))
            yield plant.wait(PERIOD)

    result = _run(_apart(1.5), 3.0, sequence, watch, start="dead", output_step=1e-3)
    at, df, _, angle = _closing(result)
    assert df == pytest.approx(0.2, abs=0.02)
    assert abs(angle) < 3.0 + 1.0
    ordered = next(one for one in seen if one[0] >= at - 0.1 - 1e-6)
    before = [one for one in seen if 0.5 < one[0] < at - 0.1 - 1e-6]
    assert abs(ordered[2] + 2.0 * math.pi * ordered[1] * 0.1) <= math.radians(3.0)
    assert abs(before[-1][2] + 2.0 * math.pi * before[-1][1] * 0.1) > math.radians(3.0)
    assert abs(ordered[2]) > math.radians(3.0)  # the order comes before the angle itself is within


def test_synchronise_refuses_a_breaker_inside_an_island_and_gives_up_at_its_timeout() -> None:
    def inside(plant: Plant) -> Sequence:
        yield plant.wait(0.1)
        yield from plant.synchronise("inside", "unit")

    def never(plant: Plant) -> Sequence:
        yield plant.wait(0.1)
        assert not (yield from plant.synchronise("tie", "unit", timeout=0.2))

    result = _run(_apart(2.0), 0.5, inside, never, start="dead")
    assert _noted(result, '"inside"') == (
        't = 0.1 s: sequence ends: "inside" does not stand between the island of "unit" and another'
    )
    found = _noted(result, "not reached")
    assert found.startswith('t = 0.31 s: synchronism of "tie" not reached in 0.2 s: ')
    assert found.endswith(" deg")
    assert result.end.closed["tie"] is False


# Secondary control and steps.


def test_secondary_control_takes_frequency_and_voltage_back() -> None:
    """Droop of 5 % of 0.6 pu leaves 1.5 Hz, reactive droop leaves voltage; integrals of 5/s take both away."""
    control = Forming(law=Droop(droop=0.05, reactive_droop=0.1), inner=TerminalVoltage())
    unit = Converter(name="unit", bus="a", rated_power=1e6, control=control)
    elements = (Load(name="load", bus="a", active=0.6, reactive=0.3),)
    system = System(network=Network(buses=("a",), elements=elements), converters=(unit,))
    alone = metrics(simulate(system, 0.2))["buses"]["a"]
    assert alone["frequency_end_hz"] < 48.8
    assert alone["voltage_lowest_pu"] < 0.98
    control_of = secondary("a", ["unit"], frequency=50.0, voltage=1.0, rate=5.0)
    back = _run(system, 4.0, control_of, output_step=1e-3)
    size = np.abs(back.voltage("a"))
    assert metrics(back, since=3.5)["buses"]["a"]["frequency_end_hz"] == pytest.approx(50.0, abs=1e-3)
    assert size[-1] == pytest.approx(1.0, abs=1e-3)
    only = _run(system, 4.0, secondary("a", ["unit"], frequency=50.0, rate=5.0), output_step=1e-3)
    assert abs(only.voltage("a")[-1]) == pytest.approx(alone["voltage_lowest_pu"], abs=2e-3)


def test_secondary_control_of_what_is_not_there_is_refused_at_the_start() -> None:
    with pytest.raises(SimulationError, match='no converter "units"'):
        _run(_apart(0.0), 0.1, secondary("a", ["units"], frequency=50.0), start="dead")
    with pytest.raises(SimulationError, match='no bus "x"'):
        _run(_apart(0.0), 0.1, secondary("x", ["unit"], frequency=50.0), start="dead")


def _until(above: float, **given: Any) -> Condition:
    return Condition(signal="voltage", place="a", above=above, **given)


def test_steps_go_on_stop_or_go_elsewhere_as_they_say() -> None:
    never = _until(2.0)
    steps = [
        Step(name="one", close="cb", until=_until(0.5, lasting=0.01)),
        Step(name="two", until=never, timeout=0.02, otherwise="continue"),
        Step(name="three", until=never, timeout=0.02, otherwise="five"),
        Step(name="four", open="far"),
        Step(name="five", open="cb", wait=0.01),
        Step(name="six", set="unit", active=0.2),
        Step(name="seven", ramp="unit", active=0.25, seconds=0.02),
        Step(name="eight", until=never, timeout=0.01),
        Step(name="nine", open="far"),
    ]
    result = _run(_tied(), 0.3, play(steps))
    said = [note.partition(" s: ")[2] for note in result.notes if "island" not in note]
    found = [text for text in said if "reaches" not in text]
    assert found[0] == 'closes "cb"'
    assert found[1].startswith('step "two": voltage of "a" above 2 not met in 0.02 s; found ')
    assert found[2].startswith('step "three": voltage of "a" above 2 not met in 0.02 s; found ')
    assert found[3] == 'opens "cb"'
    assert found[4].startswith('sequence ends: step "eight": voltage of "a" above 2 not met in 0.01 s')
    assert len(found) == 5
    assert result.end.converters["p_ref"][0] == 0.25
    assert result.end.closed == {"cb": False, "far": True}


def test_steps_synchronise_with_and_without_their_check() -> None:
    wait = Step(wait=0.2)
    checked = Step(synchronise="tie", converter="unit", wait=0.1)
    blind = Step(synchronise="tie", converter="unit", check=False)
    result = _run(_apart(0.3), 3.0, play([wait, checked]), start="dead", output_step=1e-3)
    assert _noted(result, "sequence done")
    assert abs(_closing(result)[3]) <= 10.0
    result = _run(_apart(0.3), 0.4, play([wait, blind]), start="dead", output_step=1e-3)
    assert _time(_noted(result, 'closes "tie"')) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step(name="s", close="cb1"), r'step "s": no breaker "cb1" \(did you mean "cb"\?\)'),
        (Step(open="cb1"), 'step 2: no breaker "cb1"'),
        (Step(name="s", block="units"), 'step "s": no converter "units"'),
        (Step(name="s", synchronise="cb", converter="pump"), 'step "s": no converter "pump"'),
        (Step(name="s", until=Condition(signal="voltage", place="x", above=1.0)), 'step "s": no bus "x"'),
        (Step(name="s", until=Condition(signal="speed", place="x", above=1.0)), 'step "s": no device "x"'),
        (Step(name="s", until=Condition(signal="dc_voltage", place="pump", above=1.0)), 'step "s": no column "dc_v'),
        (Step(name="s", otherwise="t"), 'step "s": otherwise: found "t", expected stop, continue or one of'),
    ],
)
def test_steps_that_name_what_is_not_there_are_refused_before_the_first_one(step: Step, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        _run(_tied(), 0.1, play([Step(name="never told", wait=9.0), step]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Step(name="s", close="a", open="b"), 'step "s": found close and open, expected one action'),
        (lambda: Step(name="s", synchronise="a"), 'step "s": synchronise needs converter'),
        (lambda: Step(name="s", transfer="a"), 'step "s": transfer needs control'),
        (lambda: Step(name="s", ramp="a"), 'step "s": found the references none, expected some with ramp or set'),
        (lambda: Step(name="s", close="a", active=1.0), 'step "s": found the references active, expected'),
        (lambda: Step(name="s", set="a", voltage=9.0), 'step "s": voltage: found 9 pu, expected'),
        (lambda: Step(name="s", wait=-1.0), 'step "s": wait: found -1 s'),
        (lambda: _until(1.0, lasting=-1.0), "lasting: found -1 s"),
        (lambda: Condition(signal="voltage", place="a"), 'condition on voltage of "a": expected above, below or both'),
        (lambda: Check(angle=0.0), "check: angle: found 0 rad"),
        (lambda: Check(closing_time=2.0), "check: closing_time: found 2 s"),
    ],
)
def test_steps_that_cannot_be_are_refused_when_they_are_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        make()
