"""Runs of a system from event to event, and what they give: labelled, in per unit, as waveforms on demand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from gridforming.assembly import OFF
from gridforming.control_step import TRIPS
from gridforming.events import SAGS, Block, Event, Sag, SetFault, SetGrid, SetMachine, SetReference, Switch, Transfer
from gridforming.fixed_point import OperatingPoint, operating_point, references_of, settle
from gridforming.islands import islands
from gridforming.machine import Machine, Motor
from gridforming.machine_step import SYNCHRONOUS_STATES
from gridforming.step import CHANGED, DIVERGED, GOES_ON, SWITCHED, TRIPPED
from gridforming.system import Model, Rows, State, System, advance, build, dead
from turbine.checks import check_positive
from turbine.errors import SimulationError, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Result", "simulate"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

_STAGES = 32  # in which a breaker loses its conductance
_HIGHEST, _LOWEST = 1e3, 1e-4  # conductance of an opening breaker [pu]

#: Columns of a converter: name, field, unit. Powers are what its firmware measures, from a voltage sampled at the end
#: of a held interval, which is off its mean by the ripple: about 1 % at a short-circuit ratio of 1.35 and 8 kHz.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("active_power", "p", "pu"),
    ("reactive_power", "q", "pu"),
    ("speed", "speed", "pu"),
    ("angle", "angle_now", "rad"),
    ("dc_voltage", "dc_voltage", "pu"),
)
#: Columns of a machine: name, field or state, unit. A motor has neither angle nor field.
MACHINE_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("active_power", "p", "pu"),
    ("reactive_power", "q", "pu"),
    ("speed", "speed", "pu"),
    ("mechanical_power", "mechanical", "pu"),
    ("angle", "angle", "rad"),
    ("field_voltage", "field_voltage", "pu"),
)


@dataclass(frozen=True, eq=False)
class Result:
    """A run: one row per output step, before the samples of its time.

    Parameters
    ----------
    time : array, shape (n,)
        [s].
    model : Model
        What was run, with its switches as they ended.
    end : State
        To go on from.
    notes : tuple of str
        What happened that a user should know: islands without a source.
    """

    time: Floats
    model: Model
    rows: Rows
    end: State
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return size and names, not the rows."""
        system = self.model.system
        return f"Result({self.time.size} rows, {len(system.network.buses)} buses, {len(system.converters)} converters)"

    def voltage(self, bus: str) -> Complexes:
        """Return the space vector of a bus in the network's frame, shape (n,) [pu]."""
        return np.asarray(self.rows.v[:, _place("bus", bus, self.model.circuit.nodes)])

    def current(self, branch: str) -> Complexes:
        """Return the space vector of a branch's current, start to end, in the network's frame, shape (n,) [pu]."""
        names = [b.name for b in self.model.circuit.branches]
        return np.asarray(self.rows.i[:, _place("branch", branch, names)])

    def converter(self, name: str, column: str) -> Floats:
        """Return a column of a converter, shape (n,); names stand in `COLUMNS`, powers in pu of its rating."""
        k = _converter(self.model, name)
        fields = {title: key for title, key, _ in COLUMNS}
        _place("column", column, list(fields))
        return np.array(self.rows.converters[fields[column]][:, k])

    def machine(self, name: str, column: str) -> Floats:
        """Return a column of a machine, shape (n,); names stand in `MACHINE_COLUMNS`, powers in pu of its rating."""
        k = _machine(self.model, name)
        fields = machine_columns(self.model.system.machines[k])
        _place("column", column, list(fields))
        found, records = fields[column], self.rows.machines[:, k]
        if found in SYNCHRONOUS_STATES:
            return np.array(records["s"][:, SYNCHRONOUS_STATES.index(found)])
        return np.array(records[found])

    def phases(self, vector: Complexes) -> Floats:
        """Return the three phases of a space vector of this run at rest, shape (n, 3)."""
        angle = self.model.frame_speed * self.model.system.nominal_speed * self.time
        rest = vector * np.exp(1j * angle)
        return np.stack([(rest * np.exp(-2j * math.pi * k / 3.0)).real for k in range(3)], axis=1)

    def table(self) -> pd.DataFrame:
        """Return magnitudes of bus voltages and the columns of all devices, indexed by time [s]."""
        import pandas as pd

        columns = {f"{bus}.voltage": np.abs(self.voltage(bus)) for bus in self.model.circuit.nodes}
        for converter in self.model.system.converters:
            for title, _, _ in COLUMNS:
                columns[f"{converter.name}.{title}"] = self.converter(converter.name, title)
        for machine in self.model.system.machines:
            for title in machine_columns(machine):
                columns[f"{machine.name}.{title}"] = self.machine(machine.name, title)
        return pd.DataFrame(columns, index=pd.Index(self.time, name="time"))


def machine_columns(machine: Machine) -> dict[str, str]:
    """Return the columns of a machine with their fields."""
    none = ("angle", "field_voltage") if isinstance(machine, Motor) else ()
    return {title: key for title, key, _ in MACHINE_COLUMNS if title not in none}


def _place(kind: str, name: str, known: list[str]) -> int:
    if name not in known:
        there = f"known: {', '.join(known)}" if known else f"there is no {kind} here"
        raise SimulationError(f'no {kind} "{name}"{nearest(name, known)}; {there}')
    return known.index(name)


def _converter(model: Model, name: str) -> int:
    return _place("converter", name, [c.name for c in model.system.converters])


def _machine(model: Model, name: str) -> int:
    return _place("machine", name, [m.name for m in model.system.machines])


def simulate(
    system: System,
    duration: float,
    *,
    events: Iterable[Event] = (),
    start: Literal["steady", "dead"] | OperatingPoint | State = "steady",
    time_step: float | None = None,
    waveforms: bool = False,
    output_step: float | None = None,
) -> Result:
    """Run a system.

    Parameters
    ----------
    system : System
        Network and converters.
    duration : float
        [s].
    events : iterable of Event
        In any order; an event acts at the first step at or after its time.
    start : "steady", "dead", OperatingPoint or State
        At rest, without voltage and current, or where another run ended.
    time_step : float, optional
        Of the network [s]; the shortest sampling period unless given.
    waveforms : bool
        Whether the network is solved in a frame at rest, as waveforms, instead of one that turns.
    output_step : float, optional
        Between rows [s], a multiple of the step; each step unless given.

    Returns
    -------
    Result
        Rows, notes, and the state at the end.

    Raises
    ------
    WindformError
        What is wrong with the input; no operating point; the bus and the time at which the run left the numbers.
    """
    check_positive("duration", duration, unit="s", error=SimulationError)
    model, state = _begin(system, start, time_step, waveforms)
    h = model.time_step
    if output_step is not None:
        check_positive("output_step", output_step, unit="s", error=SimulationError)
    stride = 1 if output_step is None else round(output_step / h)
    if stride < 1 or abs(stride * h - (output_step or h)) > 1e-9:
        raise SimulationError(f"output_step: found {output_step:g} s, expected a multiple of the step of {h:g} s")
    first = state.step
    last = first + math.ceil(duration / h - 1e-6)
    queue = sorted(events, key=lambda e: e.time)
    for event in queue:
        _check_event(model, event, duration)
    moments: dict[int, list[Event]] = {}
    for event in queue:
        moments.setdefault(first + math.ceil(event.time / h - 1e-6), []).append(event)
    rows = Rows.empty(model, -(-(last - first) // stride))
    notes: list[str] = []
    told: set[tuple[str, ...]] = set()  # islands that a note has spoken of
    fading = dict(state.fading)  # what loses its conductance, with its next stage
    next_stage = state.next_stage
    begin = CHANGED if start == "dead" else GOES_ON
    stage = max(1, round(0.5 / system.network.frequency / _STAGES / h))
    if isinstance(start, State):
        # As the run before left it: at the present stage of what fades.
        model, fading = _faded(model, state, {name: k - 1 for name, k in fading.items()})
    while state.step < last:
        now = moments.pop(state.step, [])
        if now:
            model, state, kind, falling = _apply(model, state, now)
            begin = max(begin, kind)
            fading |= falling
            if kind == SWITCHED:
                notes += _notes(model, state, told)
        if (fading and state.step >= next_stage) or begin == SWITCHED:
            # Each stage begins with backward Euler: the trapezoidal rule alone would ring against a small conductance.
            model, fading = _faded(model, state, fading)
            begin, next_stage = SWITCHED, state.step + stage
        until = min([last, *moments, *([next_stage] if fading else [])])
        state = _part(model, state, until, begin, first, stride, rows)
        begin = GOES_ON
        for k in np.flatnonzero((state.converters["trip"] > 0.0) & (state.converters["blocked"] == 0.0)):
            name = system.converters[k].name
            notes.append(f't = {state.step * h:.6g} s: "{name}" trips: {TRIPS[int(state.converters["trip"][k])]}')
            fading[name] = 0
            next_stage = state.step
            state.converters["blocked"][k] = 1.0
            notes += _notes(model, state, told)
    state = replace(state, fading=fading, next_stage=next_stage)
    time = h * np.arange(first, first + stride * rows.v.shape[0], stride, dtype=np.float64)
    return Result(time, model, rows, state, tuple(notes))


def _begin(
    system: System,
    start: Literal["steady", "dead"] | OperatingPoint | State,
    time_step: float | None,
    waveforms: bool,
) -> tuple[Model, State]:
    """Return the model of a run and the state that it begins with."""
    point = start if isinstance(start, OperatingPoint) else None
    if start == "steady":
        point = operating_point(system, time_step=time_step)
    if point is not None and time_step is None:
        time_step = point.model.time_step
    if isinstance(start, State):
        speed = start.frame_speed
        if waveforms != (speed == 0.0):
            raise SimulationError(
                f"start: found a state in a frame at {speed:g} pu and waveforms={waveforms}, expected the frame of the "
                "run before"
            )
    else:
        speed = 0.0 if waveforms else point.frequency if point else 1.0
    if point and point.model.system is system and (point.model.time_step, point.frequency) == (time_step, speed):
        return point.model.apart(), point.state.copy()
    model = build(system, time_step=time_step, frame_speed=speed)
    if point is not None:
        return model, _turned(point, model)
    if isinstance(start, State):
        sizes = start.converters.size, start.machines.size
        if start.names != model.circuit.names or sizes != (len(system.converters), len(system.machines)):
            raise SimulationError(
                f"start: found a state of {', '.join(start.names)}, expected one of {', '.join(model.circuit.names)}"
            )
        return model, start.copy()
    if start == "dead":
        return model, dead(model)
    raise SimulationError(f'start: found {start!r}, expected "steady", "dead", an operating point or a state')


def _part(model: Model, state: State, until: int, begin: int, first: int, stride: int, rows: Rows) -> State:
    """Run to a step, and write the rows that fall on the stride since the first step."""
    late = -(state.step - first) % stride
    for count, every in ((min(late, until - state.step), 0), (until - state.step - late, stride)):
        if count <= 0:
            continue
        rest = rows.part(-(-(state.step - first) // stride))
        state, _, ended = advance(model, state, count, begin=begin, stride=every, room=rest)
        begin = GOES_ON
        if ended == DIVERGED:
            values = np.abs(state.v[: len(model.circuit.nodes)])
            bus = model.circuit.nodes[int(np.argmax(np.nan_to_num(values, nan=np.inf)))]
            raise SimulationError(
                f'bus "{bus}" left all bounds at t = {state.step * model.time_step:.6g} s, expected finite voltages; a '
                "shorter time_step or slower control may help"
            )
        if ended == TRIPPED:
            break
    return state


def _turned(point: OperatingPoint, model: Model) -> State:
    """Return the state of an operating point for a model in another frame: frames agree at time zero."""
    state = replace(point.state.copy(), frame_speed=model.frame_speed)
    state.grids["frame_speed"] = model.frame_speed
    if model.frame_speed == point.model.frame_speed:
        return state
    for name in ("u_next", "r1", "r2"):
        # They turn at the next sample by the frame's own turn; before it they are one period old.
        state.converters[name] *= point.model.constants["turn"] / model.constants["turn"]
    turn = (model.frame_speed - point.model.frame_speed) * model.system.nominal_speed * model.time_step
    state.machines["before"] *= np.exp(1j * turn)
    return state


def _check_event(model: Model, event: Event, duration: float) -> None:
    if not (math.isfinite(event.time) and 0.0 <= event.time < duration):
        raise SimulationError(f"event at {event.time!r} s: expected a time from 0 to before the end at {duration:g} s")
    system = model.system
    match event:
        case SetReference() | Block() | Transfer():
            _converter(model, event.converter)
        case SetMachine():
            machine = system.machines[_machine(model, event.machine)]
            known = ("load",) if isinstance(machine, Motor) else ("active", "voltage")
            for name in ("active", "voltage", "load"):
                if name not in known and getattr(event, name) is not None:
                    where = f'reference of "{event.machine}" at {event.time!r} s'
                    raise SimulationError(f"{where}: found {name}, expected {' or '.join(known)}")
        case SetGrid() | Sag():
            _place("grid", event.grid, [g.name for g in system.grids])
        case Switch():
            _place("breaker", event.breaker, list(model.circuit.breakers))
        case SetFault():
            _place("fault", event.fault, list(model.circuit.faults))


def _apply(model: Model, state: State, events: list[Event]) -> tuple[Model, State, int, dict[str, int]]:
    """Return model and state after events, how the run goes on, and what begins to lose its conductance."""
    state = state.copy()
    closed, faults = dict(state.closed), dict(state.faults)
    kind, falling = GOES_ON, {}
    for event in events:
        match event:
            case SetReference():
                k = _converter(model, event.converter)
                fields = {"p_ref": event.active, "q_ref": event.reactive, "v_ref": event.voltage, "w_ref": event.speed}
                for name, value in fields.items():
                    if value is not None:
                        state.converters[name][k] = value
                if event.dc_power is not None:
                    state.converters["dc_power"][k] = event.dc_power
            case SetMachine():
                k = _machine(model, event.machine)
                power = event.load if event.active is None else event.active
                for name, value in (("p_ref", power), ("v_ref", event.voltage)):
                    if value is not None:
                        state.machines[name][k] = value
            case Block():
                k = _converter(model, event.converter)
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
    k = _converter(model, event.converter)
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
        whole = model.system.grids[k].voltage
        positive, negative = SAGS[event.kind](event.remaining)
        record["voltage"], record["negative"] = positive * whole, negative * whole
        # A phasor of negative sequence turns backward at rest, where the frame has turned by this time.
        frame = model.frame_speed * model.system.nominal_speed * model.time_step * state.step
        record["negative_phase"] = -record["phase"] - 2.0 * frame
    else:
        for name, value in (("voltage", event.voltage), ("speed", event.frequency), ("ramp", event.ramp)):
            if value is not None:
                record[name] = value
    place = len(model.circuit.nodes) + model.circuit.sources.index(event.grid)
    sequences = (("voltage", "phase"), ("negative", "negative_phase"))
    state.v[place] = sum(record[size] * np.exp(1j * record[phase]) for size, phase in sequences)


def _faded(model: Model, state: State, fading: dict[str, int]) -> tuple[Model, dict[str, int]]:
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
        if stage >= _STAGES or state.closed.get(name, False) or faults.get(name, 0.0) > 0.0:
            continue
        share = (_LOWEST / _HIGHEST) ** (stage / (_STAGES - 1))
        if name in model.circuit.breakers:
            opening[name] = _HIGHEST * share
        elif f"{name}.bridge" in blocked:
            blocked[f"{name}.bridge"] = 1.0 / (_HIGHEST * share)
        elif name in model.circuit.faults:
            faults[name] = share
        left[name] = stage + 1
    return model.switched(state.closed, faults, opening, blocked), left


def _notes(model: Model, state: State, told: set[tuple[str, ...]]) -> Iterator[str]:
    """Yield what is to be said of islands that nothing holds, each once until something holds it again."""
    records = zip(model.system.converters, state.converters, strict=True)
    blocked = {c.name for c, record in records if record["blocked"] > 0.0}
    for island in islands(model, state.closed, blocked):
        if island.forming:
            told.discard(island.buses)
        elif island.buses not in told:
            told.add(island.buses)
            yield (
                f"t = {state.step * model.time_step:.6g} s: the island of {', '.join(island.buses)} holds no grid and "
                "no grid-forming unit"
            )
