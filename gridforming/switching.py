"""What events do to a model and its state, and what fades after switching."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gridforming.assembly import OFF
from gridforming.converter import Following
from gridforming.events import SAGS, Block, Event, Sag, SetFault, SetGrid, SetMachine, SetReference, Switch, Transfer
from gridforming.fixed_point import references_of, settle
from gridforming.islands import islands
from gridforming.machine import Motor
from gridforming.result import converter_number, machine_number, place
from gridforming.step import CHANGED, GOES_ON, SWITCHED
from gridforming.system import Model, State
from turbine.errors import SimulationError

__all__ = ["REFERENCES", "STAGES", "apply", "check_event", "faded", "island_notes"]

#: References of a converter, and the states that hold them.
REFERENCES = {"active": "p_ref", "reactive": "q_ref", "voltage": "v_ref", "speed": "w_ref", "dc_power": "dc_power"}
STAGES = 32  #: in which a breaker loses its conductance
_HIGHEST, _LOWEST = 50.0, 1e-4  # conductance of an opening breaker: from about that of a network on [pu]


def check_event(model: Model, event: Event, duration: float) -> None:
    """Refuse an event outside a run of a duration [s], or of what the system does not have."""
    if not (math.isfinite(event.time) and 0.0 <= event.time < duration):
        raise SimulationError(f"event at {event.time!r} s: expected a time from 0 to before the end at {duration:g} s")
    system = model.system
    match event:
        case SetReference():
            _check_references(model, event)
        case Block() | Transfer():
            converter_number(model, event.converter)
        case SetMachine():
            machine = system.machines[machine_number(model, event.machine)]
            known = ("load",) if isinstance(machine, Motor) else ("active", "voltage")
            for name in ("active", "voltage", "load"):
                where = f'reference of "{event.machine}" at {event.time!r} s'
                if name == "voltage" and event.voltage is not None and getattr(machine, "exciter", True) is None:
                    raise SimulationError(f"{where}: found voltage, but the machine has no exciter")
                if name not in known and getattr(event, name) is not None:
                    raise SimulationError(f"{where}: found {name}, expected {' or '.join(known)}")
        case SetGrid() | Sag():
            place("grid", event.grid, [g.name for g in system.grids])
        case Switch():
            place("breaker", event.breaker, list(model.circuit.breakers))
        case SetFault():
            place("fault", event.fault, list(model.circuit.faults))


def _check_references(model: Model, event: SetReference) -> None:
    """Refuse references that a converter's control does not use."""
    if event.converter in [m.name for m in model.system.machines]:
        raise SimulationError(f'no converter "{event.converter}": it is a machine, expected SetMachine')
    converter = model.system.converters[converter_number(model, event.converter)]
    where = f'reference of "{event.converter}" at {event.time!r} s'
    if event.dc_power is not None and converter.dc_link.source != "external":
        raise SimulationError(f"{where}: found dc_power, but its DC source is {converter.dc_link.source}")
    control = converter.control
    if isinstance(control, Following):
        if event.voltage is not None and control.voltage_gain == control.voltage_rate == 0.0:
            raise SimulationError(f"{where}: found voltage, but its control has neither voltage_gain nor voltage_rate")
        if event.speed is not None and control.frequency_gain == 0.0:
            raise SimulationError(f"{where}: found speed, but its control has no frequency_gain")


def apply(model: Model, state: State, events: list[Event]) -> tuple[Model, State, int, dict[str, int]]:
    """Return model and state after events, how the run goes on, and what begins to lose its conductance."""
    state = state.copy()
    closed, faults = dict(state.closed), dict(state.faults)
    kind, falling = GOES_ON, {}
    for event in events:
        match event:
            case SetReference():
                k = converter_number(model, event.converter)
                for name, field in REFERENCES.items():
                    if (value := getattr(event, name)) is not None:
                        state.converters[field][k] = value
            case SetMachine():
                k = machine_number(model, event.machine)
                power = event.load if event.active is None else event.active
                for name, value in (("p_ref", power), ("v_ref", event.voltage)):
                    if value is not None:
                        state.machines[name][k] = value
            case Block():
                k = converter_number(model, event.converter)
                if event.blocked and state.converters["blocked"][k] == 0.0:
                    falling[event.converter] = 0
                state.converters["blocked"][k] = float(event.blocked)
                state.converters["trip"][k] = 0.0
                state.converters["trip_clock"][k] = 0.0
                kind = SWITCHED
            case Transfer():
                model = _transferred(model, state, event)
            case SetGrid() | Sag():
                _set_grid(model, state, event)
                kind = max(kind, CHANGED)
            case Switch():
                if closed[event.breaker] and not event.closed:
                    falling[event.breaker] = 0
                closed[event.breaker] = event.closed
                kind = SWITCHED
            case SetFault():
                if faults[event.fault] and not event.on:
                    falling[event.fault] = 0
                faults[event.fault] = float(event.on)
                kind = SWITCHED
    return model, replace(state, closed=closed, faults=faults), kind, falling


def _transferred(model: Model, state: State, event: Transfer) -> Model:
    """Return the model with another control of a converter, whose states and references go on from where they are."""
    system = model.system
    k = converter_number(model, event.converter)
    converter = replace(system.converters[k], control=event.control)
    converters = (*system.converters[:k], converter, *system.converters[k + 1 :])
    changed = model.with_converters(replace(system, converters=converters))
    names = [*model.circuit.nodes, *model.circuit.sources]
    branches = [b.name for b in model.circuit.branches]
    p, scale = changed.constants[k], system.scale(converter)
    ic = state.i[branches.index(f"{converter.name}.bridge")] * scale
    ig = state.i[branches.index(f"{converter.name}.outlet")] * scale if converter.lcl else ic
    v = state.v[names.index(converter.filter_node)]
    x: Any = state.converters[k]
    # What acts now turns on; the mean of its interval is what the states rest at.
    u = x["u"] * np.exp(-0.5j * p["frame_speed"] * p["nominal_speed"] * p["period"])
    speed, waiting, made = x["speed"], x["u_next"], (x["r1"], x["r2"])
    for name, value in references_of(converter, p, v, u, ic, ig).items():
        x[name] = value
    settle(converter, x, p, v, u, ic, ig)
    x["pll_speed"] = x["law_speed"] = x["speed"] = speed
    x["w_ref"] = speed if converter.forming else x["w_ref"]
    x["u_next"], (x["r1"], x["r2"]) = waiting, made
    return changed


def _set_grid(model: Model, state: State, event: SetGrid | Sag) -> None:
    k = [g.name for g in model.system.grids].index(event.grid)
    record: Any = state.grids[k]
    record["phase"] += event.phase_jump
    if isinstance(event, Sag):
        positive, negative = SAGS[event.kind](event.remaining)
        record["voltage"], record["negative"] = positive * record["own"], negative * record["own"]
        # A phasor of negative sequence turns backward at rest, where the frame has turned by this time.
        frame = model.frame_speed * model.system.nominal_speed * model.time_step * state.step
        record["negative_phase"] = -record["phase"] - 2.0 * frame
    else:
        record["negative_phase"] -= event.phase_jump
        if event.voltage is not None:
            _rescale(record, event.voltage)
        for name, value in (("speed", event.frequency), ("ramp", event.ramp)):
            if value is not None:
                record[name] = value
    number = len(model.circuit.nodes) + model.circuit.sources.index(event.grid)
    sequences = (("voltage", "phase"), ("negative", "negative_phase"))
    state.v[number] = sum(record[size] * np.exp(1j * record[phase]) for size, phase in sequences)


def _rescale(record: Any, voltage: float) -> None:
    """Give a grid another voltage of its own; a sag goes on in proportion."""
    share = record["voltage"] / record["own"] if record["own"] > 0.0 else 1.0
    unbalance = record["negative"] / record["own"] if record["own"] > 0.0 else 0.0
    record["own"], record["voltage"], record["negative"] = voltage, share * voltage, unbalance * voltage


def faded(model: Model, state: State, fading: dict[str, int]) -> tuple[Model, dict[str, int]]:
    """Return the model at the present stage of what loses its conductance, and what goes on doing so."""
    opening: dict[str, float] = {}
    faults = dict(state.faults)
    left: dict[str, int] = {}
    blocked = {
        f"{c.name}.bridge": OFF
        for c, record in zip(model.system.converters, state.converters, strict=True)
        if record["blocked"] > 0.0
    }
    for name, stage in fading.items():
        if stage >= STAGES or state.closed.get(name, False) or faults.get(name, 0.0) > 0.0:
            continue
        share = (_LOWEST / _HIGHEST) ** (stage / (STAGES - 1))
        if name in model.circuit.breakers:
            opening[name] = _HIGHEST * share
        elif f"{name}.bridge" in blocked:
            blocked[f"{name}.bridge"] = 1.0 / (_HIGHEST * share)
        elif name in model.circuit.faults:
            faults[name] = share
        left[name] = stage + 1
    return model.switched(state.closed, faults, opening, blocked), left


def island_notes(model: Model, state: State, told: set[tuple[str, ...]]) -> Iterator[str]:
    """Yield what is to be said of islands that nothing holds, each once until something holds it again."""
    records = zip(model.system.converters, state.converters, strict=True)
    blocked = {c.name for c, record in records if record["blocked"] > 0.0}
    for island in islands(model, state.closed, blocked):
        if island.forming:
            told -= {buses for buses in told if set(buses) <= set(island.buses)}
        elif island.buses not in told:
            told.add(island.buses)
            yield (
                f"t = {state.step * model.time_step:.6g} s: the island of {', '.join(island.buses)} holds no grid, no "
                "grid-forming unit and no synchronous machine"
            )
