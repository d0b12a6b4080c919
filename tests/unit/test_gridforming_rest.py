"""Operating points: residual, runs from them that do not move, frequency of islands, islanding."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridforming.converter import (
    Cascade,
    Converter,
    CurrentLimit,
    DcLink,
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
from gridforming.errors import InitialisationError, NetworkError
from gridforming.events import Block, SetReference, Switch
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.network import Breaker, Element, Grid, Line, Load, Network
from gridforming.power_flow import power_flow
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import System, build

STILL = 1e-9  # largest movement over 0.2 s [pu]
LCL = Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.2, grid_resistance=0.01)
GRID = Grid(name="g", bus="a", reactance=0.2, resistance=0.02)
REST: tuple[Element, ...] = (
    Line(name="l", start="a", end="b", reactance=0.1, resistance=0.01, susceptance=0.05),
    Load(name="x", bus="b", active=0.4, reactive=0.1),
)


def _converter(control: Following | Forming, **values: Any) -> Converter:
    given: dict[str, Any] = {"name": "c", "bus": "b", "rated_power": 1e6, "active": 0.5}
    return Converter(control=control, **(given | values))


def _droop(**values: Any) -> Converter:
    return _converter(Forming(law=Droop(droop=0.05)), **values)


def _cascade(law: Droop | VirtualMachine) -> Converter:
    control = Forming(law=law, inner=Cascade())
    return _converter(control, filter=LCL, sampling_hz=20e3, delay=0, modulation="none")


CONVERTERS = {
    "following": _converter(Following(), reactive=0.1),
    "following behind LCL": _converter(Following(), filter=LCL),
    "droop": _droop(),
    "droop without delay": _droop(delay=0),
    "droop, space vectors": _droop(modulation="space_vector"),
    "virtual machine": _converter(Forming(law=VirtualMachine())),
    "power synchronisation": _converter(Forming(law=PowerSynchronisation()), filter=Filter(resistance=0.05)),
    "oscillator": _converter(Forming(law=VirtualOscillator(gain=0.05))),
    "matching": _converter(Forming(law=Matching()), dc_link=DcLink(source="first_order")),
    "terminal voltage": _converter(Forming(law=Droop(droop=0.05), inner=TerminalVoltage())),
    "LCL cascade, droop": _cascade(Droop(droop=0.05)),
    "LCL cascade, machine": _cascade(VirtualMachine()),
}
PLACES = {"grid": 1.0, "grid at 0.99 pu": 0.99, "island": None}


def _system(frequency: float | None, *converters: Converter) -> System:
    grid = () if frequency is None else (replace(GRID, frequency=frequency),)
    return System(network=Network(buses=("a", "b"), elements=(*grid, *REST)), converters=converters)


def _stays(point: OperatingPoint, duration: float = 0.2) -> Result:
    """Check that a run from a point does not move, seen once per common sampling period."""
    run = simulate(point.model.system, duration, start=point, time_step=point.model.time_step)
    every = point.model.period
    v, i, x = run.rows.v[::every], run.rows.i[::every], run.rows.converters[::every]
    assert np.abs(v - v[0]).max() < STILL
    assert np.abs(i - i[0]).max() < STILL
    for name in ("p", "q", "speed", "angle_now", "dc_voltage"):
        # The outputs of the first row are those of the point itself.
        moved = x[name] - x[name][0]
        if name == "angle_now":
            moved = np.angle(np.exp(1j * moved))
        assert np.abs(moved).max() < STILL, name
    return run


CASES = [(name, place) for name in CONVERTERS for place in PLACES if place != "island" or CONVERTERS[name].forming]


@pytest.mark.parametrize(("name", "place"), [pytest.param(*case, id=" at ".join(case)) for case in CASES])
def test_run_from_an_operating_point_does_not_move(name: str, place: str) -> None:
    converter = CONVERTERS[name]
    point = operating_point(_system(PLACES[place], converter))
    assert point.residual < 1e-10
    run = _stays(point)
    speed = run.converter("c", "speed")
    np.testing.assert_allclose(speed, point.frequency, rtol=0.0, atol=STILL)
    if PLACES[place] is not None:
        assert point.frequency == PLACES[place]
    power = float(run.converter("c", "active_power")[0])
    inner = getattr(converter.control, "inner", None)
    if not converter.forming:
        # The mean of two voltages that turn between samples is a little shorter than they are: the integral sees it.
        assert power == pytest.approx(0.5, abs=5e-4)
        assert run.converter("c", "reactive_power")[0] == pytest.approx(converter.reactive, abs=1e-3)
    elif isinstance(converter.control, Forming) and isinstance(converter.control.law, Droop):
        # What droop acts on is sampled at the filter, or the power behind the filter's resistance: alike to a percent.
        assert point.frequency == pytest.approx(1.0 + 0.05 * (0.5 - power), abs=0.05 * 0.02)
        if isinstance(inner, Cascade | TerminalVoltage):
            assert point.frequency == pytest.approx(1.0 + 0.05 * (0.5 - power), abs=1e-9)


def test_two_sampling_rates_at_a_grid_and_alone() -> None:
    slow = _converter(Following(current_bandwidth_hz=200.0), name="d", bus="a", active=0.3, sampling_hz=4000.0)
    for place in (1.0, 0.99, None):
        point = operating_point(_system(place, _droop(), slow))
        assert point.model.period == 2
        assert point.residual < 1e-10
        _stays(point)


def test_sampling_rates_without_a_common_step_need_one_that_divides_both() -> None:
    other = _converter(Following(), name="d", bus="a", active=0.3, sampling_hz=10e3)
    point = operating_point(_system(1.0, _droop(), other), time_step=25e-6)
    assert point.model.period == 20  # 0.5 ms
    _stays(point)


@pytest.mark.parametrize("kind", ["current", "power"])
def test_loads_that_follow_the_voltage_rest(kind: Any) -> None:
    load = Load(name="y", bus="b", active=0.3, reactive=0.1, kind=kind)
    network = Network(buses=("a", "b"), elements=(GRID, *REST, load))
    point = operating_point(System(network=network, converters=(_droop(),)))
    _stays(point)
    v = abs(point.state.v[1])
    power = v**2 * np.conj(point.state.loads["admittance"][0])
    assert power == pytest.approx((0.3 + 0.1j) * (v if kind == "current" else 1.0), rel=1e-8)


def test_droop_converters_share_an_island_by_their_ratings() -> None:
    big = replace(_droop(), name="d", bus="a", rated_power=3e6, active=0.1)
    small = replace(_droop(), active=0.1)
    point = operating_point(_system(None, small, big))
    _stays(point)
    small_power, big_power = point.state.converters["p_filter"]
    # Same droop, same reference: the same power in per unit of each rating.
    assert small_power == pytest.approx(big_power, abs=1e-8)
    assert point.frequency == pytest.approx(1.0 + 0.05 * (0.1 - small_power), abs=1e-9)
    load = 0.4 * abs(point.state.v[1]) ** 2
    assert small_power + 3.0 * big_power == pytest.approx(load, rel=0.02)


def test_following_converter_at_its_voltage_against_the_closed_form() -> None:
    """Unity power factor behind a reactance: v^4 - v^2 + (x p)^2 = 0, the upper solution."""
    for strength, power in ((1.5, 0.5), (2.0, 0.8), (5.0, 1.0)):
        grid = Grid.of_strength("g", "b", strength)
        # Measured once per period, with the ripple of the held voltage: less of it at a higher rate.
        converter = _converter(Following(pll_bandwidth_hz=5.0), active=power, sampling_hz=80e3)
        point = operating_point(System(network=Network(buses=("b",), elements=(grid,)), converters=(converter,)))
        square = 0.5 * (1.0 + math.sqrt(1.0 - 4.0 * (power / strength) ** 2))
        assert abs(point.state.v[0]) == pytest.approx(math.sqrt(square), rel=2e-3)
        assert point.state.converters["p"][0] == pytest.approx(power, abs=1e-5)


def test_power_flow_gives_what_the_references_ask_for() -> None:
    following = _converter(Following(), name="d", bus="a", active=0.3, reactive=-0.1)
    model = build(_system(1.0, _droop(voltage=1.02), following))
    v = power_flow(model)
    assert abs(v[1]) == pytest.approx(1.02, rel=1e-9)
    series, charging = 1.0 / (0.01 + 0.1j), 0.025j
    into = (v[0] - v[1]) * series + v[0] * charging + (v[0] - 1.0) / (0.02 + 0.2j)
    assert v[0] * np.conj(into) == pytest.approx(0.3 - 0.1j, abs=1e-5)
    into = (v[1] - v[0]) * series + v[1] * charging + v[1] * (0.4 - 0.1j)
    assert (v[1] * np.conj(into)).real == pytest.approx(0.5, abs=1e-5)


def test_grid_at_a_phase_turns_everything_by_it() -> None:
    still = operating_point(_system(1.0, _droop()))
    for phase in (0.5, -2.0, 3.0):
        network = Network(buses=("a", "b"), elements=(replace(GRID, phase=phase), *REST))
        turned = operating_point(System(network=network, converters=(_droop(),)))
        np.testing.assert_allclose(turned.state.v, still.state.v * np.exp(1j * phase), rtol=0.0, atol=1e-8)


@pytest.mark.parametrize("control", [Following(), Forming(law=Droop(droop=0.05))], ids=["following", "forming"])
def test_operating_point_where_the_angle_of_a_converter_wraps(control: Following | Forming) -> None:
    converter = _converter(control)
    angle = operating_point(_system(1.0, converter)).state.converters["angle"][0]
    for past in (-1e-7, 0.0, 1e-7, 1e-3):
        network = Network(buses=("a", "b"), elements=(replace(GRID, phase=math.pi - angle + past), *REST))
        _stays(operating_point(System(network=network, converters=(converter,))), 0.01)


def test_grids_of_two_frequencies_have_no_operating_point() -> None:
    other = Grid(name="h", bus="b", reactance=0.1, frequency=0.99)
    system = System(network=Network(buses=("a", "b"), elements=(GRID, *REST, other)))
    with pytest.raises(InitialisationError, match="h"):
        operating_point(system)


@pytest.mark.parametrize("voltage", [0.9, 1.05])
def test_forming_converter_without_droop_of_voltage_holds_its_reference(voltage: float) -> None:
    converter = _converter(Forming(law=Droop(droop=0.05), inner=TerminalVoltage()), voltage=voltage, active=0.3)
    point = operating_point(_system(1.0, converter))
    assert abs(point.state.v[1]) == pytest.approx(voltage, abs=1e-9)


def test_full_power_beyond_the_static_limit_has_no_operating_point() -> None:
    """At a short-circuit ratio of 1.2 and unity power factor 0.6 pu is the most; sampled control holds little more."""
    grid = Grid.of_strength("g", "b", 1.2)
    for control in (Following(), Following(pll_bandwidth_hz=1.0)):
        converter = _converter(control, active=1.0)
        with pytest.raises(InitialisationError, match="expected"):
            operating_point(System(network=Network(buses=("b",), elements=(grid,)), converters=(converter,)))


def test_what_a_current_limit_cannot_carry_has_no_operating_point() -> None:
    converter = _converter(Forming(law=Droop(droop=0.01), limit=CurrentLimit(i_max=1.0)))
    with pytest.raises(InitialisationError, match=r"no operating point: .* of c still moves by .* expected rest"):
        operating_point(_system(0.98, converter))  # droop asks for 2.5 pu


ISLANDING = (
    Grid(name="g", bus="pcc", reactance=0.3, resistance=0.03),
    Breaker(name="cb", start="pcc", end="isl"),
    Load(name="l", bus="isl", active=0.4, reactive=0.1),
)
OPEN = Switch(time=0.2, breaker="cb", closed=False)


def _islanding(*converters: Converter, seconds: float = 1.5, events: tuple[Any, ...] = (OPEN,)) -> Result:
    network = Network(buses=("pcc", "isl"), elements=ISLANDING)
    return simulate(System(network=network, converters=converters), seconds, events=events, output_step=1e-3)


@pytest.mark.parametrize("slope", [0.01, 0.04])
def test_frequency_of_an_island_settles_on_the_droop(slope: float) -> None:
    converter = _converter(Forming(law=Droop(droop=slope)), bus="isl", active=0.6)
    run = _islanding(converter)
    power = run.end.converters["p_filter"][0]
    load = 0.4 * abs(run.voltage("isl")[-1]) ** 2
    assert power == pytest.approx(load, rel=1e-3)
    assert run.converter("c", "speed")[-1] == pytest.approx(1.0 + slope * (0.6 - power), abs=1e-8)
    assert np.ptp(run.converter("c", "speed")[-100:]) < 1e-8
    assert run.notes == ()  # both sides hold their voltage
    assert run.voltage("pcc")[-1] == pytest.approx(1.0, abs=1e-6)
    # The end is where an operating point of the island alone would be.
    alone = Network(buses=("isl",), elements=ISLANDING[2:])
    point = operating_point(System(network=alone, converters=(converter,)))
    assert run.converter("c", "speed")[-1] == pytest.approx(point.frequency, abs=1e-6)


def test_reference_after_islanding_moves_the_frequency_and_not_the_power() -> None:
    converter = _converter(Forming(law=Droop(droop=0.02)), bus="isl", active=0.6)
    run = _islanding(converter, events=(OPEN, SetReference(time=0.8, converter="c", active=0.4)))
    speed, power = run.converter("c", "speed"), run.converter("c", "active_power")
    more = power[-1] - power[790]
    assert abs(more) < 0.05  # the reference is fed forward into the voltage
    assert speed[-1] - speed[790] == pytest.approx(0.02 * (-0.2 - more), rel=0.01)


def test_island_without_a_forming_unit_leaves_a_note() -> None:
    run = _islanding(_converter(Following(), bus="isl", active=0.3), seconds=0.3)
    (note,) = run.notes
    assert note == "t = 0.2 s: the island of isl holds no grid, no grid-forming unit and no synchronous machine"


def test_dead_island_leaves_a_note_and_a_dead_bus() -> None:
    run = _islanding(seconds=0.4)
    assert len(run.notes) == 1
    assert "isl" in run.notes[0]
    assert abs(run.voltage("isl")[-1]) < 1e-6


def test_islanded_converter_may_be_closed_onto_its_grid_again() -> None:
    converter = _converter(Forming(law=Droop(droop=0.02)), bus="isl", active=0.4)
    run = _islanding(converter, seconds=3.0, events=(OPEN, Switch(time=0.4, breaker="cb", closed=True)))
    assert run.converter("c", "speed")[-1] == pytest.approx(1.0, abs=1e-6)
    assert run.converter("c", "active_power")[-1] == pytest.approx(run.converter("c", "active_power")[0], abs=1e-4)


def test_run_from_an_operating_point_takes_its_step() -> None:
    point = operating_point(_system(1.0, _droop()), time_step=62.5e-6)
    run = simulate(point.model.system, 0.01, start=point)
    assert run.model.time_step == point.model.time_step


def test_island_whose_forming_unit_is_blocked_leaves_a_note() -> None:
    block = Block(time=0.3, converter="c", blocked=True)
    run = _islanding(_droop(bus="isl", active=0.4), seconds=0.5, events=(OPEN, block))
    assert len(run.notes) == 1
    assert run.notes[0].startswith("t = 0.3 s: the island of isl holds")


def test_note_of_an_island_is_left_once() -> None:
    events = (OPEN, SetReference(time=0.3, converter="c", active=0.1), Block(time=0.4, converter="c", blocked=True))
    run = _islanding(_converter(Following(), bus="isl", active=0.3), seconds=0.5, events=events)
    assert len(run.notes) == 1


def test_island_beside_a_grid_has_no_common_frame_and_is_named() -> None:
    open_breaker = Breaker(name="cb", start="pcc", end="isl", closed=False)
    network = Network(buses=("pcc", "isl"), elements=(ISLANDING[0], open_breaker, ISLANDING[2]))
    with pytest.raises(NetworkError, match=r"2 islands are held apart .* isl \(held by c\)"):
        operating_point(System(network=network, converters=(_droop(bus="isl", active=0.3),)))
