"""A network with its converters and machines, and its arrays for the compiled loop at one step and in one frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gridforming.assembly import GROUND, Assembled, Branch, Circuit, assemble, circuit
from gridforming.converter import Converter, constants
from gridforming.errors import NetworkError
from gridforming.machine import Machine, Motor, machine_constants
from gridforming.machine_step import SYNCHRONOUS_STATES
from gridforming.network import Breaker, Fault, Grid, Load, Network
from gridforming.network_step import apart
from gridforming.records import CONSTANTS, KEPT, MACHINE_CONSTANTS, MACHINE_STATES, STATES
from gridforming.step import GOES_ON, GRID, JOINED, LOAD, SWITCHED, Places, admittance, run, scratch
from turbine.errors import nearest
from turbine.records import copied

__all__ = ["Model", "Rows", "State", "System", "advance", "build", "circuit_of", "dead", "device_branch", "device_kind"]

Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True)
class System:
    """A network, and the converters and machines that stand on it.

    Parameters
    ----------
    network : Network
        Buses and elements.
    converters : tuple of Converter
        Names must differ from those of elements.
    machines : tuple of SynchronousMachine or Motor
        Likewise.

    Raises
    ------
    NetworkError
        A name twice, or a device at a bus that does not exist.
    """

    network: Network
    converters: tuple[Converter, ...] = ()
    machines: tuple[Machine, ...] = ()

    def __post_init__(self) -> None:
        for name, kinds in (("converters", Converter), ("machines", Machine)):
            given = getattr(self, name)
            if not isinstance(given, Iterable) or not all(isinstance(device, kinds) for device in given):
                raise NetworkError(f"system: {name}: found {given!r}, expected several of them: is a comma missing?")
            object.__setattr__(self, name, tuple(given))
        buses = self.network.bus_names
        names = [e.name for e in self.network.elements] + [d.name for d in self.devices]
        _check_places(self)
        for device in self.devices:
            kind = device_kind(device)
            if names.count(device.name) > 1:
                raise NetworkError(f'{kind} "{device.name}": its name is taken, expected another')
            if device.bus not in buses:
                raise NetworkError(
                    f'{kind} "{device.name}": found bus "{device.bus}", which the network does not have'
                    f"{nearest(str(device.bus), buses)}; expected one of {', '.join(buses)}"
                )

    @property
    def devices(self) -> tuple[Converter | Machine, ...]:
        """Converters and machines."""
        return (*self.converters, *self.machines)

    @property
    def holding(self) -> tuple[str, ...]:
        """Names of what holds the voltage of an island: grids, forming converters, synchronous machines."""
        return (
            *(g.name for g in self.grids),
            *(c.name for c in self.converters if c.forming),
            *(m.name for m in self.machines if not isinstance(m, Motor)),
        )

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Thevenin grids of the network."""
        return tuple(e for e in self.network.elements if isinstance(e, Grid))

    @property
    def nominal_speed(self) -> float:
        """Nominal angular frequency [rad/s]."""
        return 2.0 * math.pi * self.network.frequency

    def scale(self, device: Converter | Machine) -> float:
        """Return the network's base over a device's rating."""
        return self.network.power / device.rated_power


def device_kind(device: Converter | Machine) -> str:
    """Return what a message calls a device."""
    return "converter" if isinstance(device, Converter) else "motor" if isinstance(device, Motor) else "machine"


def device_branch(device: Converter | Machine) -> str:
    """Return the name of the branch that a device's voltage stands behind."""
    return f"{device.name}.bridge" if isinstance(device, Converter) else f"{device.name}.stator"


def _check_places(system: System) -> None:
    """Refuse names that would stand for two things in the circuit: nodes and sources, and branches."""
    places = [(f'bus "{name}"', name) for name in system.network.bus_names]
    places += [(f'grid "{g.name}"', g.name) for g in system.grids]
    places += [(f'{device_kind(d)} "{d.name}"', d.name) for d in system.devices]
    places += [(f'filter of converter "{c.name}"', c.filter_node) for c in system.converters if c.lcl]
    branches = [(f'element "{e.name}"', e.name) for e in system.network.elements]
    branches += [(f'filter of converter "{c.name}"', f"{c.name}.{k}") for c in system.converters for k in
                 ("bridge", "outlet")]  # fmt: skip
    branches += [(f'stator of {device_kind(m)} "{m.name}"', f"{m.name}.stator") for m in system.machines]
    for kind, known in ((places, {GROUND: "ground"}), (branches, {})):
        taken: dict[str, str] = dict(known)
        for what, name in kind:
            if name in taken:
                raise NetworkError(f'{what}: its name "{name}" is taken by {taken[name]}, expected another')
            taken[name] = what


@dataclass(frozen=True, eq=False)
class State:
    """Everything that a run goes on from.

    Parameters
    ----------
    v : array, shape (nodes + sources + 1,)
        Voltages by node of the circuit, then by source, then ground [pu].
    i : array, shape (branches,)
        Currents [pu].
    u : array, shape (compensated branches,)
        Voltages of capacitors in series [pu].
    converters, machines, grids, loads : array of records
        Of STATES, MACHINE_STATES, GRID and LOAD.
    step : int
        Steps since the start of the run.
    closed : mapping of str to bool
        By breaker.
    faults : mapping of str to float
        Share of each fault that is on.
    fading, next_stage : mapping of str to int, int
        What loses its conductance, with its next stage, and the step at which that begins.
    frame_speed : float
        Of the frame that space vectors stand in [pu].
    time_step : float
        That it was made with [s].
    names : tuple of str
        As `Model.names`.
    """

    v: Complexes
    i: Complexes
    u: Complexes
    converters: npt.NDArray[Any]
    machines: npt.NDArray[Any]
    grids: npt.NDArray[Any]
    loads: npt.NDArray[Any]
    step: int = 0
    closed: Mapping[str, bool] = field(default_factory=dict)
    faults: Mapping[str, float] = field(default_factory=dict)
    fading: Mapping[str, int] = field(default_factory=dict)
    next_stage: int = 0
    frame_speed: float = 1.0
    time_step: float = 0.0
    names: tuple[str, ...] = ()

    def copy(self) -> State:
        """Return a copy that shares nothing that changes."""
        # Not by `replace`, which costs as much as a hundred steps of a small network.
        return State(
            self.v.copy(),
            self.i.copy(),
            self.u.copy(),
            copied(self.converters),
            copied(self.machines),
            copied(self.grids),
            copied(self.loads),
            self.step,
            dict(self.closed),
            dict(self.faults),
            self.fading,
            self.next_stage,
            self.frame_speed,
            self.time_step,
            self.names,
        )


@dataclass(frozen=True, eq=False)
class Model:
    """A system at one step, in one frame, with its switches in one state."""

    system: System
    circuit: Circuit
    time_step: float
    frame_speed: float
    assembled: Assembled
    places: Places
    constants: npt.NDArray[Any]
    machine_constants: npt.NDArray[Any]
    index: npt.NDArray[np.int64]  #: where each node, source and ground of the circuit stands in the step's voltages

    @property
    def names(self) -> tuple[str, ...]:
        """What a state belongs to: nodes, sources, branches, varying loads, and devices with their kinds."""
        return (*self.circuit.names, *(f"{device_kind(d)} {d.name}" for d in self.system.devices))

    @property
    def period(self) -> int:
        """Steps after which all converters have sampled a whole number of times."""
        return math.lcm(*(int(p["every"]) for p in self.constants)) if self.constants.size else 1

    def switched(
        self,
        closed: Mapping[str, bool],
        faults: Mapping[str, float],
        opening: Mapping[str, float] | None = None,
        blocked: Mapping[str, float] | None = None,
    ) -> Model:
        """Return the model with its switches in another state."""
        assembled = assemble(
            self.circuit,
            time_step=self.time_step,
            nominal_speed=self.system.nominal_speed,
            frame_speed=self.frame_speed,
            closed=closed,
            faults=faults,
            opening=opening,
            blocked=blocked,
        )
        places, index = _places(self.system, self.circuit, assembled)
        return replace(self, assembled=assembled, places=places, index=index)

    def apart(self) -> Model:
        """Return a copy that shares nothing that a run writes."""
        return replace(self, assembled=replace(self.assembled, topology=apart(self.assembled.topology)))

    def with_converters(self, system: System) -> Model:
        """Return the model with the controls of a system that is the same otherwise."""
        return replace(self, system=system, constants=_constants(system, self.time_step, self.frame_speed))


def circuit_of(system: System) -> Circuit:
    """Return the circuit of a system: the network's, and the filters of its converters."""
    made = circuit(system.network)
    for converter in system.converters:
        f, scale = converter.filter, system.scale(converter)
        node = converter.filter_node
        made.sources.append(converter.name)
        bridge = Branch(f"{converter.name}.bridge", converter.name, node, f.resistance * scale, f.reactance * scale)
        made.branches.append(bridge)
        if f.susceptance > 0.0:
            made.add_susceptance(node, f.susceptance / scale)
        if converter.lcl:
            made.nodes.append(node)
            made.branches.append(
                Branch(
                    f"{converter.name}.outlet",
                    node,
                    converter.bus,
                    f.grid_resistance * scale,
                    f.grid_reactance * scale,
                )
            )
    for machine in system.machines:
        p, scale = _machine_constants(system, 0.0, 1.0, machine)[0], system.scale(machine)
        made.sources.append(machine.name)
        resistance, reactance = p["branch_resistance"] * scale, p["branch_reactance"] * scale
        made.branches.append(Branch(f"{machine.name}.stator", machine.name, machine.bus, resistance, reactance))
    return made


def build(system: System, *, time_step: float | None = None, frame_speed: float = 1.0) -> Model:
    """Return a system's model with its breakers as they are given.

    Parameters
    ----------
    system : System
        The system.
    time_step : float, optional
        Of the network [s]; the shortest sampling period unless given.
    frame_speed : float
        1 for the frame that turns at nominal frequency, 0 for waveforms [pu].

    Raises
    ------
    NetworkError, ConverterError
        What is wrong with the system or the step.
    """
    if time_step is None:
        rates = [c.sampling_hz for c in system.converters]
        time_step = 1.0 / max(rates) if rates else 50e-6
    if not (0.0 < time_step < 0.05 / system.network.frequency):
        raise NetworkError(
            f"time_step: found {time_step:g} s, expected above 0 and below {0.05 / system.network.frequency:g} s, a "
            "twentieth of a cycle"
        )
    made = circuit_of(system)
    closed = {e.name: e.closed for e in system.network.elements if isinstance(e, Breaker)}
    assembled = assemble(
        made,
        time_step=time_step,
        nominal_speed=system.nominal_speed,
        frame_speed=frame_speed,
        closed=closed,
    )
    places, index = _places(system, made, assembled)
    joined = _constants(system, time_step, frame_speed)
    machines = _machine_constants(system, time_step, frame_speed, *system.machines)
    return Model(system, made, time_step, frame_speed, assembled, places, joined, machines, index)


def _constants(system: System, time_step: float, frame_speed: float) -> npt.NDArray[Any]:
    """Return the constants of all converters."""
    return _records(constants, CONSTANTS, system.converters, system, time_step, frame_speed)


def _machine_constants(system: System, time_step: float, frame_speed: float, *machines: Machine) -> npt.NDArray[Any]:
    """Return the constants of machines."""
    return _records(machine_constants, MACHINE_CONSTANTS, machines, system, time_step, frame_speed)


def _records(
    make: Callable[..., npt.NDArray[Any]],
    kind: np.dtype[Any],
    devices: Iterable[Any],
    system: System,
    time_step: float,
    frame_speed: float,
) -> npt.NDArray[Any]:
    """Return one record for each device, at a step and in a frame."""
    given = {
        "nominal_speed": system.nominal_speed,
        "network_power": system.network.power,
        "time_step": time_step,
        "frame_speed": frame_speed,
    }
    records = [make(device, **given) for device in devices]
    return np.concatenate(records) if records else np.zeros(0, kind)


def _places(system: System, made: Circuit, assembled: Assembled) -> tuple[Places, npt.NDArray[np.int64]]:
    node, branch = assembled.node, assembled.branch
    outlets = [f"{c.name}.outlet" if c.lcl else f"{c.name}.bridge" for c in system.converters]

    def numbers(values: list[int]) -> npt.NDArray[np.int64]:
        return np.array(values, np.int64)

    places = Places(
        source=numbers([node[c.name] for c in system.converters]),
        node=numbers([node[c.filter_node] for c in system.converters]),
        bridge=numbers([branch[f"{c.name}.bridge"] for c in system.converters]),
        outlet=numbers([branch[name] for name in outlets]),
        grid=numbers([node[g.name] for g in system.grids]),
        load=numbers([node[bus] for bus in made.varying.values()]),
        machine_source=numbers([node[m.name] for m in system.machines]),
        machine_node=numbers([node[m.bus] for m in system.machines]),
        machine_branch=numbers([branch[f"{m.name}.stator"] for m in system.machines]),
    )
    return places, numbers([node[name] for name in (*made.nodes, *made.sources, GROUND)])


def dead(model: Model) -> State:
    """Return the state of a network without voltage or current, its grids at their phase."""
    system = model.system
    made = model.circuit
    v = np.zeros(len(made.nodes) + len(made.sources) + 1, np.complex128)
    grids = np.zeros(len(system.grids), GRID)
    for record, grid in zip(grids, system.grids, strict=True):
        record["voltage"], record["phase"], record["speed"] = grid.voltage, grid.phase, grid.frequency
        record["own"] = grid.voltage
        record["nominal_speed"], record["frame_speed"] = system.nominal_speed, model.frame_speed
        v[len(made.nodes) + made.sources.index(grid.name)] = grid.voltage * np.exp(1j * grid.phase)
    converters = np.zeros(len(system.converters), STATES)
    for record, converter in zip(converters, system.converters, strict=True):
        record["p_ref"], record["q_ref"], record["v_ref"] = converter.active, converter.reactive, converter.voltage
        for name in ("w_ref", "speed", "law_speed", "pll_speed", "dc_voltage"):
            record[name] = 1.0
        record["law_voltage"] = converter.voltage
        record["pll_voltage"] = 1.0
        record["dc_power"] = converter.active
    machines = np.zeros(len(system.machines), MACHINE_STATES)
    for record, machine in zip(machines, system.machines, strict=True):
        record["w_ref"] = 1.0
        if isinstance(machine, Motor):
            record["p_ref"] = machine.load
        else:
            record["p_ref"], record["v_ref"] = machine.active, machine.voltage
            record["s"][SYNCHRONOUS_STATES.index("speed")] = 1.0  # it is driven before it is excited
    elements = system.network.elements
    closed = {e.name: e.closed for e in elements if isinstance(e, Breaker)}
    faults = {e.name: 0.0 for e in elements if isinstance(e, Fault)}
    loads = np.zeros(len(made.varying), LOAD)
    varying = {e.name: e for e in elements if isinstance(e, Load)}
    for record, name in zip(loads, made.varying, strict=True):
        load = varying[name]
        record["full"], record["exponent"] = complex(load.active, -load.reactive), load.exponent
        record["share"] = -math.expm1(-model.time_step / load.lag)
        record["admittance"] = admittance(record, 0.0)
    return State(
        v,
        np.zeros(len(made.branches), np.complex128),
        np.zeros(len(made.compensated), np.complex128),
        converters,
        machines,
        grids,
        loads,
        closed=closed,
        faults=faults,
        frame_speed=model.frame_speed,
        time_step=model.time_step,
        names=model.names,
    )


def _share_charge(model: Model, state: State, v: Complexes) -> None:
    """Give nodes that a breaker has joined the voltage at which their charge is kept."""
    susceptance = model.circuit.susceptance
    charged = [(k, susceptance[name]) for k, name in enumerate(model.circuit.nodes) if name in susceptance]
    total, charge = np.zeros(v.size), np.zeros(v.size, np.complex128)
    apart = np.zeros(v.size, np.bool_)
    for k, value in charged:
        node = model.index[k]
        total[node] += value
        charge[node] += value * state.v[k]
        apart[node] |= state.v[k] != v[node]
    v[apart] = charge[apart] / total[apart]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that a run keeps: by node, by branch, and records of converters, as in KEPT, and of machines."""

    v: Complexes
    i: Complexes
    converters: npt.NDArray[Any]
    machines: npt.NDArray[Any]

    @classmethod
    def empty(cls, model: Model, count: int) -> Rows:
        """Return room for so many rows."""
        made, system = model.circuit, model.system
        return cls(
            np.empty((count, len(made.nodes)), np.complex128),
            np.empty((count, len(made.branches)), np.complex128),
            np.empty((count, len(system.converters)), KEPT),
            np.empty((count, len(system.machines)), MACHINE_STATES),
        )

    def part(self, begin: int, end: int | None = None) -> Rows:
        """Return some of the rows; they stay where they are."""
        which = slice(begin, end)
        return Rows(self.v[which], self.i[which], self.converters[which], self.machines[which])


def advance(
    model: Model, state: State, count: int, *, begin: int = GOES_ON, stride: int = 0, room: Rows | None = None
) -> tuple[State, Rows, int]:
    """Return the state after `count` steps or at a trip, the rows kept, and how it ended: DONE, DIVERGED or TRIPPED.

    Parameters
    ----------
    model : Model
        With its switches as the state says.
    state : State
        Left as it is.
    count : int
        Steps.
    begin : int
        GOES_ON, or CHANGED or SWITCHED where a reference of the network or a switch has moved.
    stride : int
        Steps between rows, 0: none.
    room : Rows, optional
        Where rows are written, from its beginning.
    """
    after = state.copy()
    t = model.assembled.topology
    n = t.load.size
    v = np.zeros(n + model.assembled.sources + 1, np.complex128)
    v[model.index] = state.v
    _share_charge(model, state, v)
    if begin == SWITCHED and np.any(v[model.index] != state.v):
        begin = JOINED
    i = np.zeros(t.tail.size, np.complex128)
    i[: state.i.size] = state.i
    kept = room or Rows.empty(model, -(-count // stride) if stride else 0)
    ended, step = run(
        t,
        model.places,
        v,
        i,
        after.u,
        after.converters,
        model.constants,
        after.machines,
        model.machine_constants,
        after.grids,
        after.loads,
        state.step,
        count,
        model.time_step,
        model.frame_speed * model.system.nominal_speed * model.time_step,
        begin,
        stride,
        model.index[: kept.v.shape[1]],
        kept.v,
        kept.i,
        kept.converters,
        kept.machines,
        scratch(v.size, after.converters.size, after.machines.size),
    )
    done = -(-(step - state.step) // stride) if stride else 0
    return replace(after, v=v[model.index], i=i[: state.i.size].copy(), step=step), kept.part(0, done), ended
