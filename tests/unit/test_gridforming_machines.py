"""Synchronous machines and motors: rest, convergence, frames, power balance, static laws, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gridforming as gf
from gridforming.checkpoint import load_state, save_state
from gridforming.errors import InitialisationError, NetworkError
from gridforming.fixed_point import period_map, state_vector
from gridforming.machine import slip_at
from gridforming.machine_step import SYNCHRONOUS_STATES
from gridforming.result import Result, rest_table
from gridforming.system import build
from turbine.errors import SimulationError

STEP = 50e-6
BASE = 100e6
MACHINE = gf.SynchronousMachine(name="G1", bus="t", rated_power=BASE, active=0.7, voltage=1.02)
MOTOR = gf.Motor(name="M", bus="t", rated_power=0.1 * BASE)
TRANSFORMER = gf.Transformer(name="transformer", start="t", end="g", resistance=0.005, reactance=0.1)
STIFF = gf.Grid(name="grid", bus="g", resistance=0.02, reactance=0.3)
FAULT = gf.Fault(name="fault", bus="g", resistance=0.05)


def _at_grid(*machines: Any, converters: tuple[Any, ...] = ()) -> gf.System:
    network = gf.Network(buses=("t", "g"), elements=(TRANSFORMER, STIFF, FAULT), power=BASE)
    return gf.System(network=network, machines=machines, converters=converters)


def _island(active: float, *machines: Any) -> gf.System:
    load = gf.Load(name="load", bus="t", active=active, reactive=0.1)
    return gf.System(network=gf.Network(buses=("t",), elements=(load,), power=BASE), machines=machines)


@pytest.mark.parametrize("waveforms", [False, True])
def test_machine_and_motor_stay_at_rest(waveforms: bool) -> None:
    run = gf.simulate(_at_grid(MACHINE, MOTOR), 0.2, time_step=STEP, waveforms=waveforms)
    # At rest the trapezoidal rule is off by (w h)^2/12 of the sinusoid: 2e-5 at this step.
    off = 1e-3 if waveforms else 1e-10
    for name in ("active_power", "reactive_power", "mechanical_power", "speed"):
        for machine in ("G1", "M"):
            assert np.ptp(run.machine(machine, name)) < off, (machine, name)


def test_set_point_is_that_of_the_terminals() -> None:
    point = gf.operating_point(_at_grid(MACHINE), time_step=STEP)
    assert point.state.machines["p"][0] == pytest.approx(0.7, abs=1e-9)
    assert abs(point.state.v[0]) == pytest.approx(1.02, abs=1e-9)


def test_shaft_power_is_terminal_power_and_copper_loss() -> None:
    point = gf.operating_point(_at_grid(MACHINE, MOTOR), time_step=STEP)
    (machine, motor), v = point.state.machines, abs(point.state.v[0])
    loss = MACHINE.resistance * (machine["p"] ** 2 + machine["q"] ** 2) / v**2
    assert machine["mechanical"] == pytest.approx(machine["p"] + loss, abs=1e-9)
    # Of a motor the rotor's loss is the slip's share of the power that crosses the air gap.
    gap = -motor["p"] - MOTOR.resistance * (motor["p"] ** 2 + motor["q"] ** 2) / v**2
    assert -motor["mechanical"] == pytest.approx(gap * motor["s"][0], abs=1e-9)
    slip = slip_at(MOTOR, v, 1.0)
    assert motor["s"][0] == pytest.approx(1.0 - slip, abs=1e-9)
    assert complex(motor["p"], motor["q"]) == pytest.approx(-(v**2) / MOTOR.impedance(slip, 1.0).conjugate(), abs=1e-9)


def _after_fault(system: gf.System, step: float, *, waveforms: bool = False) -> Result:
    events = [gf.SetGrid(time=0.01, grid="grid", phase_jump=0.3), gf.SetMachine(time=0.02, machine="G1", voltage=1.05)]
    return gf.simulate(system, 0.2, time_step=step, events=events, waveforms=waveforms, output_step=1e-3)


def test_a_run_converges_to_second_order_with_the_step() -> None:
    system = _at_grid(MACHINE, MOTOR)
    runs = [_after_fault(system, h) for h in (200e-6, 100e-6, 50e-6, 6.25e-6)]

    def gap(run: Result) -> float:
        currents = [run.current(f"{name}.stator") - runs[-1].current(f"{name}.stator") for name in ("G1", "M")]
        return max(float(np.abs(c).max()) for c in currents)

    errors = [gap(run) for run in runs[:-1]]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 1.9), (errors, orders)
    assert errors[-1] < 2e-4


def test_waveforms_and_phasors_are_one_run() -> None:
    system = _at_grid(MACHINE, MOTOR)
    turning, rest = (_after_fault(system, STEP, waveforms=waveforms) for waveforms in (False, True))
    for machine in ("G1", "M"):
        for name in ("active_power", "speed"):
            np.testing.assert_allclose(
                rest.machine(machine, name), turning.machine(machine, name), atol=3e-3, err_msg=f"{machine} {name}"
            )


def test_order_of_machines_does_not_matter() -> None:
    one, other = (_after_fault(_at_grid(*order), STEP) for order in ((MACHINE, MOTOR), (MOTOR, MACHINE)))
    np.testing.assert_allclose(one.machine("M", "speed"), other.machine("M", "speed"), rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(one.machine("G1", "angle"), other.machine("G1", "angle"), rtol=0.0, atol=1e-10)


def test_machines_at_one_bus_have_their_set_points() -> None:
    system = _at_grid(replace(MACHINE, active=0.9, voltage=1.0), replace(MACHINE, name="G2", active=0.1, voltage=1.0))
    for exciter in (MACHINE.exciter, None):
        machines = tuple(replace(m, exciter=exciter) for m in system.machines)
        point = gf.operating_point(replace(system, machines=machines), time_step=STEP)
        assert abs(point.state.v[0]) == pytest.approx(1.0, abs=1e-9)
        np.testing.assert_allclose(point.state.machines["p"], [0.9, 0.1], atol=1e-9)
        assert np.ptp(point.state.machines["q"]) < 1e-3


def test_point_does_not_depend_on_where_it_was_followed_from() -> None:
    for exciter in (MACHINE.exciter, None):
        first, other = (replace(MACHINE, active=p, voltage=v, exciter=exciter) for p, v in ((0.2, 1.0), (0.9, 1.03)))
        near = gf.operating_point(_at_grid(first), time_step=STEP)
        direct = gf.operating_point(_at_grid(other), time_step=STEP)
        followed = gf.operating_point(_at_grid(other), time_step=STEP, near=near)
        assert abs(followed.state.v[0]) == pytest.approx(1.03, abs=1e-9)
        np.testing.assert_allclose(followed.state.machines["s"], direct.state.machines["s"], atol=1e-6)


def test_set_points_hold_off_nominal_frequency() -> None:
    network = gf.Network(buses=("t", "g"), elements=(TRANSFORMER, replace(STIFF, frequency=0.99)), power=BASE)
    point = gf.operating_point(gf.System(network=network, machines=(MACHINE,)), time_step=STEP)
    assert abs(point.state.v[0]) == pytest.approx(1.02, abs=1e-9)


def test_two_voltages_for_one_bus_are_refused() -> None:
    with pytest.raises(InitialisationError, match=r'bus "t": found voltages of 1.05 pu for machine "G1" and 0.98 pu'):
        gf.operating_point(_at_grid(replace(MACHINE, voltage=1.05), replace(MACHINE, name="G2", voltage=0.98)))


def test_what_rests_in_a_limit_is_noted() -> None:
    point = gf.operating_point(_at_grid(replace(MACHINE, active=1.3)), time_step=STEP)
    assert any("valve at a limit: 1.1 pu" in note for note in point.notes)


def test_step_longer_than_a_time_constant_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"at most half of its shortest time constant, 0.0001 s of exciter.time_con"):
        build(_at_grid(replace(MACHINE, exciter=gf.Exciter(time_constant=1e-4))), time_step=5e-4)


def test_motor_of_constant_torque_stops_and_stands_still() -> None:
    motor = replace(MOTOR, load_exponent=0.0, inertia_constant=0.1)
    breaker = gf.Breaker(name="breaker", start="g", end="t")
    grid = gf.Grid(name="grid", bus="g", reactance=0.05)
    system = gf.System(network=gf.Network(buses=("g", "t"), elements=(grid, breaker), power=BASE), machines=(motor,))
    opened = gf.Switch(time=0.1, breaker="breaker", closed=False)
    run = gf.simulate(system, 2.0, events=[opened], time_step=5e-4)
    assert abs(run.machine("M", "speed")[-1]) < 1e-12
    dead = replace(system, network=replace(system.network, elements=(grid, replace(breaker, closed=False))))
    assert gf.operating_point(dead, time_step=STEP).state.machines["s"][0][0] == pytest.approx(0.0, abs=1e-12)


def test_governor_holds_an_island_on_its_droop() -> None:
    system = _island(0.9, replace(MACHINE, active=0.5), replace(MACHINE, name="G2", active=0.3, rated_power=0.5 * BASE))
    point = gf.operating_point(system, time_step=STEP)
    for record, wanted in zip(point.state.machines, (0.5, 0.3), strict=True):
        current = abs(complex(record["p"], record["q"])) / abs(point.state.v[0])
        drooped = wanted + MACHINE.resistance * current**2 - (point.frequency - 1.0) / 0.05
        assert record["mechanical"] == pytest.approx(drooped, abs=1e-9)
    assert point.frequency < 1.0


def test_machine_alone_swings_and_settles_in_an_island() -> None:
    system = _island(0.5, MACHINE)
    run = gf.simulate(
        system, 30.0, time_step=200e-6, events=[gf.SetMachine(time=1.0, machine="G1", active=0.9)], output_step=0.01
    )
    speed = run.machine("G1", "speed")
    changed = (run.machine("G1", "mechanical_power")[-1] - run.machine("G1", "mechanical_power")[0]) * -0.05
    assert speed[-1] - speed[0] - 0.2 * 0.05 == pytest.approx(changed, abs=2e-5)


def test_motor_starts_direct_on_line_from_a_dead_bus() -> None:
    network = gf.Network(buses=("t",), elements=(gf.Grid(name="grid", bus="t", reactance=0.01),), power=BASE)
    run = gf.simulate(
        gf.System(network=network, machines=(MOTOR,)), 5.0, start="dead", time_step=STEP, output_step=0.01
    )
    point = gf.operating_point(gf.System(network=network, machines=(MOTOR,)), time_step=STEP)
    assert run.machine("M", "speed")[0] == 0.0
    assert run.machine("M", "speed")[-1] == pytest.approx(point.state.machines["s"][0][0], abs=1e-6)


def test_motor_that_cannot_carry_its_load_is_named() -> None:
    network = gf.Network(buses=("t",), elements=(gf.Grid(name="grid", bus="t", reactance=0.1),), power=BASE)
    stuck = replace(MOTOR, load=4.0, load_exponent=0.0)
    with pytest.raises(InitialisationError, match=r'motor "M": .*pull-out'):
        gf.operating_point(gf.System(network=network, machines=(stuck,)), time_step=STEP)


def test_linear_model_has_the_machine_in_it() -> None:
    model = gf.linearise(gf.operating_point(_at_grid(MACHINE, MOTOR), time_step=STEP))
    assert {"active of G1", "voltage of G1", "load of M"} <= set(model.inputs)
    assert {"speed of G1", "active_power of M"} <= set(model.outputs)
    assert model.stable()
    swing = [m for m in model.modes() if m.participation.get("speed of G1", 0.0) > 0.2 and m.s.imag > 0.0]
    assert len(swing) == 1
    assert 0.5 < swing[0].frequency_hz < 2.0


def test_run_goes_on_from_a_file(tmp_path: Any) -> None:
    system = _at_grid(MACHINE, MOTOR)
    jump = gf.SetGrid(time=0.01, grid="grid", phase_jump=0.3)
    whole = gf.simulate(system, 0.1, time_step=STEP, events=[jump])
    first = gf.simulate(system, 0.05, time_step=STEP, events=[jump])
    save_state(tmp_path / "end.npz", first.end)
    second = gf.simulate(
        system, 0.05, time_step=STEP, start=load_state(tmp_path / "end.npz", build(system, time_step=STEP))
    )
    assert second.end.machines.tobytes() == whole.end.machines.tobytes()


def test_exciter_and_valve_stay_inside_their_limits() -> None:
    limited = replace(
        MACHINE, exciter=gf.Exciter(highest=2.2, lead_time=0.0, lag_time=0.01), governor=gf.Governor(highest=0.8)
    )
    events = [
        gf.SetFault(time=0.1, fault="fault", on=True),
        gf.SetFault(time=0.25, fault="fault", on=False),
        gf.SetMachine(time=1.0, machine="G1", active=1.2),
    ]
    run = gf.simulate(_at_grid(limited), 6.0, time_step=200e-6, events=events, output_step=1e-3)
    assert run.machine("G1", "field_voltage").max() == pytest.approx(2.2, abs=1e-12)
    valve = run.rows.machines["s"][:, 0, SYNCHRONOUS_STATES.index("valve")]
    assert valve.max() == pytest.approx(0.8, abs=1e-12)


def test_column_that_a_motor_has_not_is_refused() -> None:
    run = gf.simulate(_at_grid(MACHINE, MOTOR), 0.01, time_step=STEP)
    assert "M.speed" in run.table()
    with pytest.raises(SimulationError, match='no column "field_voltage"'):
        run.machine("M", "field_voltage")
    with pytest.raises(SimulationError, match='no machine "G2"; known: G1, M'):
        run.machine("G2", "speed")
    with pytest.raises(SimulationError, match="found load, expected active or voltage"):
        gf.simulate(_at_grid(MACHINE), 0.01, time_step=STEP, events=[gf.SetMachine(time=0.0, machine="G1", load=0.5)])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(MACHINE, transient_d=0.24), "expected them above zero and in this order"),
        (lambda: replace(MACHINE, inertia_constant=0.0), 'machine "G1": inertia_constant'),
        (lambda: replace(MOTOR, rotor_resistance=0.0), 'motor "M": rotor_resistance'),
        (lambda: gf.Exciter(gain=-1.0), "exciter: gain"),
        (lambda: gf.Governor(lowest=1.0, highest=0.5), "governor: highest"),
        (lambda: _at_grid(replace(MACHINE, bus="q")), 'machine "G1": found bus "q"'),
        (lambda: _at_grid(replace(MOTOR, bus="q")), 'motor "M": found bus "q"'),
        (lambda: _at_grid(MACHINE, replace(MOTOR, name="G1")), '"G1"'),
    ],
)
def test_bad_machine_is_refused(make: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        make()


def test_an_operating_point_is_a_fixed_point_of_the_step() -> None:
    point = gf.operating_point(_at_grid(MACHINE, MOTOR), time_step=STEP)
    np.testing.assert_allclose(period_map(point.model, point.state), state_vector(point.state), rtol=0.0, atol=1e-11)


@pytest.mark.parametrize(
    ("given", "event"),
    [
        ("active of G1", {"machine": "G1", "active": 0.7}),
        ("voltage of G1", {"machine": "G1", "voltage": 1.02}),
        ("load of M", {"machine": "M", "load": 0.7}),
    ],
)
def test_small_steps_against_the_linear_model(given: str, event: dict[str, Any]) -> None:
    """Half the difference of a step up and one down: what is left of second order falls out."""
    system = _at_grid(MACHINE, MOTOR)
    point = gf.operating_point(system, time_step=STEP)
    model = gf.linearise(point)
    name, size, seconds = next(key for key in event if key != "machine"), 1e-3, 0.5
    runs = []
    for sign in (1.0, -1.0):
        moved = gf.SetMachine(time=0.0, **event | {name: event[name] + sign * size})
        runs.append(gf.simulate(system, seconds, events=[moved], start=point))
    column = model.inputs.index(given)
    state, linear = np.zeros(len(model.states)), []
    for _ in range(runs[0].time.size):
        linear.append(model.c @ state + model.d[:, column] * size)
        state = model.a @ state + model.b[:, column] * size
    found = np.array(linear)
    for machine in ("G1", "M"):
        for title in ("active_power", "speed"):
            ours = 0.5 * (runs[0].machine(machine, title) - runs[1].machine(machine, title))
            expected = found[:, model.outputs.index(f"{title} of {machine}")]
            assert np.abs(ours - expected).max() < 1e-3 * np.abs(expected).max(), (machine, title)


def test_rest_table_has_voltages_and_powers() -> None:
    table = rest_table(gf.operating_point(_at_grid(MACHINE, MOTOR), time_step=STEP))
    assert list(table.index) == ["t", "g", "G1", "M"]
    assert table.loc["G1", "voltage"] == table.loc["t", "voltage"] == pytest.approx(1.02)
    assert table.loc["G1", "active_power"] == pytest.approx(0.7)
