"""Controls of a converter at work: limits, DC link, protection, hand-over, varying loads, public parameter sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gridforming.converter import (
    Cascade,
    Converter,
    CurrentLimit,
    DcLink,
    DirectVoltage,
    Droop,
    Filter,
    Following,
    Forming,
    Matching,
    Protection,
    TerminalVoltage,
    VirtualMachine,
)
from gridforming.errors import ConverterError
from gridforming.events import Block, SetFault, SetGrid, SetReference, Transfer
from gridforming.fixed_point import operating_point
from gridforming.linear import linearise
from gridforming.network import Element, Fault, Grid, Line, Load, Network
from gridforming.presets import regfm_a1, regfm_b1
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import System

LCL = Filter(reactance=0.1, resistance=0.005, susceptance=0.05, grid_reactance=0.1, grid_resistance=0.005)
CASCADE = Cascade(kpv=0.5, kiv=50.0, kpc=0.5, kic=5.0, voltage_feedforward=0.8)


def _at_grid(converter: Converter, *more: Element, ratio: float = 3.0) -> System:
    grid = Grid.of_strength("g", "b", ratio, x_over_r=6.0)
    return System(network=Network(buses=("b",), elements=(grid, *more)), converters=(converter,))


def _converter(control: Following | Forming, **values: Any) -> Converter:
    return Converter(**{"name": "c", "bus": "b", "rated_power": 1e6, "control": control, "active": 0.5} | values)


def _alone(converter: Converter, kind: str = "impedance") -> System:
    load = Load(name="x", bus="m", active=0.6, reactive=0.2, kind=kind)  # type: ignore[arg-type]
    line = Line(name="l", start="b", end="m", reactance=0.1, resistance=0.01)
    return System(network=Network(buses=("b", "m"), elements=(line, load)), converters=(converter,))


FAULT = Fault(name="f", bus="b", resistance=0.05)
ON, OFF = SetFault(time=0.1, fault="f", on=True), SetFault(time=0.25, fault="f", on=False)


@pytest.mark.parametrize("kind", ["circular", "d_priority"])
@pytest.mark.parametrize("inner", [DirectVoltage(), TerminalVoltage()], ids=["direct", "terminal"])
@pytest.mark.parametrize("law", [Droop(), VirtualMachine()], ids=["droop", "machine"])
def test_saturation_holds_the_current_through_a_fault_and_synchronism_after_it(
    law: Droop | VirtualMachine, inner: DirectVoltage | TerminalVoltage, kind: Any
) -> None:
    control = Forming(law=law, inner=inner, limit=CurrentLimit(kind=kind, i_max=1.2))
    run = simulate(_at_grid(_converter(control), FAULT), 4.0, events=[ON, OFF], output_step=1e-3)
    current = np.abs(run.current("c.bridge"))
    settled = (run.time > 0.2) & (run.time < 0.25)
    assert current[settled].max() < 1.25
    assert run.converter("c", "active_power")[-1] == pytest.approx(0.5, abs=2e-3)
    assert run.converter("c", "speed")[-1] == pytest.approx(1.0, abs=1e-5)
    free = simulate(
        _at_grid(_converter(Forming(law=law, inner=inner, limit=CurrentLimit(kind="none"))), FAULT),
        0.25,
        events=[ON],
        output_step=1e-3,
    )
    assert np.abs(free.current("c.bridge"))[-1] > 2.0  # the fault is one that needs a limit


def test_virtual_impedance_lowers_the_fault_current() -> None:
    runs = {}
    for kind in ("none", "virtual_impedance"):
        control = Forming(limit=CurrentLimit(kind=kind, i_max=1.2))  # type: ignore[arg-type]
        run = simulate(_at_grid(_converter(control), FAULT), 1.5, events=[ON, OFF], output_step=1e-3)
        runs[kind] = np.abs(run.current("c.bridge"))[240]
        assert run.converter("c", "active_power")[-1] == pytest.approx(0.5, abs=2e-3)
    assert runs["virtual_impedance"] < 0.6 * runs["none"]


def test_following_converter_gives_reactive_current_first_in_a_fault() -> None:
    control = Following(support_gain=2.0, i_max=1.2)
    fault = Fault(name="f", bus="b", resistance=0.0, reactance=0.3)
    run = simulate(_at_grid(_converter(control), fault), 0.25, events=[ON], output_step=1e-3)
    v, i = run.voltage("b")[-1], run.current("c.bridge")[-1]
    lead = -(i * np.conj(v) / abs(v)).imag
    assert abs(v) < 0.9
    assert lead == pytest.approx(2.0 * (0.9 - abs(v)), rel=0.02)


def test_fast_frequency_response_is_the_gain_times_what_is_beyond_the_deadband() -> None:
    control = Following(frequency_gain=20.0, frequency_deadband=0.001)
    event = SetGrid(time=0.1, grid="g", frequency=0.995)
    run = simulate(_at_grid(_converter(control), ratio=20.0), 1.5, events=[event], output_step=1e-3)
    risen = run.converter("c", "active_power")[-1] - run.converter("c", "active_power")[0]
    assert risen == pytest.approx(20.0 * (0.005 - 0.001), rel=1e-2)


def test_following_converter_holds_dc_voltage_and_its_bus() -> None:
    control = Following(active="dc_voltage", voltage_rate=20.0)
    system = _at_grid(_converter(control, dc_link=DcLink(source="external")))
    step = SetReference(time=0.1, converter="c", dc_power=0.8)
    run = simulate(system, 1.0, events=[step], output_step=1e-3)
    assert run.converter("c", "dc_voltage")[-1] == pytest.approx(1.0, abs=1e-4)
    assert abs(run.voltage("b")[-1]) == pytest.approx(1.0, abs=1e-4)
    # The firmware's own power is that of a voltage sampled at the end of a held interval, 0.1 % off its mean.
    loss = 0.005 * abs(run.current("c.bridge")[-1]) ** 2
    assert run.converter("c", "active_power")[-1] == pytest.approx(0.8 - loss, abs=2e-3)


def test_chopper_burns_what_a_blocked_bridge_cannot_take() -> None:
    link = DcLink(source="external", energy=0.02, chopper_voltage=1.1, chopper_power=1.0)
    system = _at_grid(_converter(Following(active="dc_voltage"), dc_link=link))
    run = simulate(system, 0.5, events=[Block(time=0.1, converter="c", blocked=True)], output_step=1e-3)
    # 0.5 pu of the source against a chopper that reaches 1 pu over a band of 0.05 pu.
    assert run.converter("c", "dc_voltage")[-1] == pytest.approx(1.1 + 0.5 * 0.05, abs=1e-3)
    assert abs(run.current("c.bridge")[-1]) < 1e-9


def test_matching_settles_where_source_and_gain_say() -> None:
    link = DcLink(source="first_order", gain=10.0)
    control = Forming(law=Matching(gain=0.5), limit=CurrentLimit(kind="none"))
    point = operating_point(_alone(_converter(control, dc_link=link)))
    dc = float(point.state.converters["dc_voltage"][0])
    assert point.frequency == pytest.approx(1.0 + 0.5 * (dc - 1.0), abs=1e-9)
    made = 0.5 + 10.0 * (1.0 - dc)  # of the source
    served = float((point.state.v[0] * np.conj(point.state.i[0])).real)
    assert made - served == pytest.approx(0.005 * abs(point.state.i[-1]) ** 2, abs=3e-3)


@pytest.mark.parametrize("kind", ["current", "power"])
def test_load_of_constant_current_or_power_takes_what_its_kind_says(kind: str) -> None:
    step = SetReference(time=0.1, converter="c", voltage=0.92)
    run = simulate(_alone(_converter(Forming()), kind), 1.0, events=[step], output_step=1e-3)
    v = np.abs(run.voltage("m"))
    taken = (run.voltage("m") * np.conj(run.current("l"))).real
    expected = 0.6 * v if kind == "current" else np.full(v.size, 0.6)
    assert v[-1] < v[0] - 0.05
    for row in (0, -1):
        assert taken[row] == pytest.approx(expected[row], abs=1e-5)


TRIPS = [
    ("undervoltage", {"voltage_low": 0.5, "voltage_time": 0.1}, [ON], 0.2),
    ("overcurrent", {"current": 1.5}, [ON], 0.1),
    ("underfrequency", {"speed_low": 0.99, "speed_time": 0.2}, [SetGrid(time=0.1, grid="g", frequency=0.98)], 0.3),
    ("overfrequency", {"speed_high": 1.01, "speed_time": 0.2}, [SetGrid(time=0.1, grid="g", frequency=1.02)], 0.3),
]


@pytest.mark.parametrize(("cause", "limits", "events", "earliest"), TRIPS, ids=[t[0] for t in TRIPS])
def test_converter_trips_by_its_own_protection(
    cause: str, limits: dict[str, float], events: list[Any], earliest: float
) -> None:
    control = Forming(limit=CurrentLimit(kind="none")) if cause == "overcurrent" else Following()
    system = _at_grid(_converter(control, protection=Protection(**limits)), FAULT)
    run = simulate(system, 1.0, events=events, output_step=1e-3)
    (note,) = [note for note in run.notes if "trips" in note]
    assert f'"c" trips: {cause}' in note
    time = float(note.split()[2])
    assert earliest <= time < earliest + 0.08
    assert abs(run.current("c.bridge")[-1]) < 1e-9


def test_tripped_converter_goes_on_without_a_bump() -> None:
    protection = Protection(voltage_low=0.5, voltage_time=0.05)
    events = [ON, OFF, Block(time=0.6, converter="c", blocked=False)]
    run = simulate(_at_grid(_converter(Following(), protection=protection), FAULT), 1.2, events=events)
    after = run.time > 0.6
    assert np.abs(run.current("c.bridge"))[after].max() < 0.55
    assert run.converter("c", "active_power")[-1] == pytest.approx(0.5, abs=2e-3)


def _bump(run: Result, since: float) -> float:
    power = run.converter("c", "active_power")
    return float(np.abs(power - power[0])[run.time >= since].max())


@pytest.mark.parametrize(
    ("filters", "forming", "bump"),
    [
        (Filter(), Forming(), 2e-3),
        (Filter(), Forming(law=VirtualMachine()), 2e-3),
        (Filter(), Forming(inner=TerminalVoltage()), 2e-3),
        (LCL, Forming(inner=CASCADE), 3e-2),
    ],
    ids=["direct", "machine", "terminal", "cascade"],
)
def test_hand_over_between_following_and_forming_has_no_bump(filters: Filter, forming: Forming, bump: float) -> None:
    converter = _converter(Following(), filter=filters)
    events = [
        Transfer(time=0.2, converter="c", control=forming),
        Transfer(time=1.0, converter="c", control=Following()),
    ]
    assert _bump(simulate(_at_grid(converter), 1.5, events=events), 0.0) < bump


@pytest.mark.parametrize(("make", "droop"), [(regfm_a1, 0.01), (regfm_b1, 0.02)], ids=["a1", "b1"])
def test_public_models_settle_on_their_droop(make: Any, droop: float) -> None:
    system = _at_grid(make("c", "b", 1e6, active=0.5))
    assert linearise(operating_point(system)).stable()
    event = SetGrid(time=0.1, grid="g", frequency=0.998)
    run = simulate(system, 4.0, events=[event], output_step=1e-2)
    assert run.converter("c", "active_power")[-1] == pytest.approx(0.5 + 0.002 / droop, abs=1e-4)


def test_virtual_machine_answers_a_ramp_with_its_inertia() -> None:
    # dP = -2 H dw/dt beside the droop's part, which is the same for two inertias.
    ends = []
    for acceleration_time in (2.0, 8.0):
        machine = VirtualMachine(acceleration_time=acceleration_time, speed_droop=1.0)
        # Sampled often, so that the power that is read is hardly off its mean.
        converter = _converter(Forming(law=machine), active=0.3, sampling_hz=40e3)
        system = _at_grid(converter, ratio=10.0)
        run = simulate(system, 4.1, events=[SetGrid(time=0.1, grid="g", ramp=-0.005)], output_step=1e-3)
        ends.append(run.converter("c", "active_power")[-1])
    assert ends[1] - ends[0] == pytest.approx(6.0 * 0.005, rel=0.02)


def test_droop_island_starts_from_a_dead_bus() -> None:
    run = simulate(_alone(_converter(Forming())), 1.0, start="dead", output_step=1e-3)
    steady = operating_point(_alone(_converter(Forming())))
    assert abs(run.voltage("m")[-1]) == pytest.approx(abs(steady.state.v[1]), rel=1e-6)
    assert run.converter("c", "speed")[-1] == pytest.approx(steady.frequency, abs=1e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Following(pll_bandwidth_hz=0.0), "Following.pll_bandwidth_hz: found 0, expected above 0"),
        (lambda: Following(active="nothing"), "Following.active: found 'nothing', expected \"power\""),
        (lambda: Droop(droop=-0.1), "Droop.droop: found -0.1"),
        (lambda: Filter(grid_reactance=0.1), "found with no capacitor"),
        (lambda: CurrentLimit(kind="square"), "CurrentLimit.kind: found 'square'"),
        (lambda: DcLink(source="sun"), "DcLink.source: found 'sun'"),
        (lambda: Protection(voltage_low=1.2, voltage_high=1.1), "Protection.voltage_low: found 1.2"),
        (lambda: _converter(Forming(inner=CASCADE)), "needs an LCL filter"),
        (lambda: _converter(Following(), rated_power=math.nan), "rated_power"),
        (lambda: _converter(Following(), delay=2), "found delay 2"),
        (lambda: _converter(Following(), sampling_hz=2000.0), "sampling_hz 2000 Hz, expected at least 8 times"),
    ],
)
def test_wrong_converter_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ConverterError, match=message):
        make()


def test_circular_limit_is_entered_and_left_once() -> None:
    control = Forming(limit=CurrentLimit(kind="circular"))
    jump = SetGrid(time=0.1, grid="g", phase_jump=-0.3)
    run = simulate(_at_grid(_converter(control, active=0.8)), 0.5, events=[jump])
    limited = run.rows.converters["limited"][:, 0]
    assert limited.any()
    assert np.abs(np.diff(limited)).sum() == 2.0
    # No chatter of the voltage between samples, 25 ms after the jump and later.
    assert np.abs(np.diff(np.abs(run.voltage("b")), 2))[run.time[2:] > 0.125].max() < 1e-3
