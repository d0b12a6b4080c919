"""Where a system stands still: power flow for a first guess, Newton on the very step that simulates.

The unknowns are all states that are continuous, the frequency of an island that no grid holds, and the biases that
take synchronous machines to their set-points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gridforming.assembly import GROUND
from gridforming.converter import Cascade, Converter, DirectVoltage, Following
from gridforming.errors import InitialisationError
from gridforming.islands import require_one
from gridforming.machine import Motor, SynchronousMachine, settle_machine
from gridforming.machine_step import MOTOR_STATES, SYNCHRONOUS_STATES
from gridforming.power_flow import device_branches, device_currents, power_flow
from gridforming.step import GOES_ON, admittance
from gridforming.system import Model, State, System, advance, build, dead
from turbine.records import field_places

__all__ = ["OperatingPoint", "limit_notes", "operating_point", "references_of", "settle"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

#: Continuous states of a converter; the others are references, outputs or numbers that jump.
CONTINUOUS = (
    "angle",
    "u_next",
    "u",
    "r1",
    "r2",
    "current_integral",
    "current_filter",
    "v_before",
    "voltage_integral",
    "damping_filter",
    "p_filter",
    "q_filter",
    "law_speed",
    "law_voltage",
    "wash",
    "terminal",
    "pll_angle",
    "pll_speed",
    "pll_voltage",
    "pll_integral",
    "positive",
    "negative",
    "dc_voltage",
    "dc_power",
    "dc_integral",
    "q_integral",
)
STEP = 1e-6  #: of a central difference [pu]
_STILL = 1e-8  # largest derivative of what does not move
TOLERANCE = 1e-10  #: movement over one period that counts as rest [pu]
_SPEEDS = 0.8, 1.2  # frequencies at which an island is taken to rest [pu]
_ENOUGH = 1e-13  # movement at which Newton's method has no more to give [pu]


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """A system that stands still in a frame.

    Parameters
    ----------
    model : Model
        In the frame that it stands still in.
    state : State
        The states.
    residual : float
        Largest movement over one period, or miss of a machine's set-point [pu].
    """

    model: Model
    state: State
    residual: float

    def __repr__(self) -> str:
        """Return frequency, residual and notes, not the states."""
        notes = f", notes={self.notes!r}" if self.notes else ""
        return f"OperatingPoint(frequency={self.frequency:.9g} pu, residual={self.residual:.1e} pu{notes})"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know: devices that rest in a limit, and do not give what they are asked for."""
        return tuple(limit_notes(self.model, self.state))

    @property
    def frequency(self) -> float:
        """Of the system [pu]."""
        return self.model.frame_speed


def limit_notes(model: Model, state: State) -> Iterator[str]:
    """Yield what is to be said of devices that rest in a limit."""
    for converter, x in zip(model.system.converters, state.converters, strict=True):
        if x["limited"] > 0.0:
            yield (
                f'converter "{converter.name}" rests in its current limit: found {x["p"]:.4g} pu of active and '
                f"{x['q']:.4g} pu of reactive power, asked for {x['p_ref']:.4g} and {x['q_ref']:.4g} pu"
            )
    valve, field = SYNCHRONOUS_STATES.index("valve"), SYNCHRONOUS_STATES.index("field_voltage")
    for machine, x in zip(model.system.machines, state.machines, strict=True):
        if isinstance(machine, Motor):
            continue
        for part, which, name in ((machine.governor, valve, "valve"), (machine.exciter, field, "field voltage")):
            if part is not None and not part.lowest < x["s"][which] < part.highest:
                yield f'machine "{machine.name}" rests with its {name} at a limit: {x["s"][which]:.4g} pu'


def state_vector(state: State) -> Floats:
    """Return the continuous states as numbers: voltages, currents, loads, converters, machines."""
    phasors = (state.v[:-1], state.i, state.u)
    fields = (records.view(np.float64)[places] for records, places in _continuous(state))
    return np.concatenate([*(part.view(np.float64) for part in phasors), *fields])


def _continuous(state: State) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[np.int64]]]:
    """Yield the records of a state and where their continuous states lie among their numbers."""
    kinds = (state.loads, ("admittance",)), (state.converters, CONTINUOUS), (state.machines, ("s", "current_before"))
    for records, names in kinds:
        yield records, field_places(records.dtype, names, records.size)


def state_names(model: Model) -> list[str]:
    """Return the name of each entry of `state_vector`."""
    made = model.circuit
    names = [f"{kind} of {name}" for name in (*made.nodes, *made.sources) for kind in ("v_d", "v_q")]
    names += [f"{kind} of {b.name}" for b in made.branches for kind in ("i_d", "i_q")]
    names += [f"{kind} of the series capacitor of {name}" for name in made.compensated for kind in ("v_d", "v_q")]
    names += [f"{kind} of {name}" for name in made.varying for kind in ("conductance", "susceptance")]
    records = model.system.converters
    sample = dead(model).converters
    for name in CONTINUOUS:
        ends = ("_d", "_q") if sample.dtype[name].kind == "c" else ("",)
        names += [f"{name}{end} of {c.name}" for c in records for end in ends]
    for m in model.system.machines:
        states = MOTOR_STATES if isinstance(m, Motor) else SYNCHRONOUS_STATES
        unused = len(SYNCHRONOUS_STATES) - len(states)
        names += [f"{name} of {m.name}" for name in (*states, *["nothing"] * unused)]
    names += [f"current_before_{axis} of {m.name}" for m in model.system.machines for axis in "dq"]
    return names


def with_vector(state: State, vector: Floats) -> State:
    """Return a state with other continuous states."""
    made = state.copy()
    at = 0

    def take(count: int) -> Floats:
        nonlocal at
        at += count
        return vector[at - count : at]

    for phasors in (made.v[:-1], made.i, made.u):
        phasors.view(np.float64)[:] = take(2 * phasors.size)
    for records, places in _continuous(made):
        records.view(np.float64)[places] = take(places.size)
    return made


def period_map(model: Model, state: State, *, begin: int = GOES_ON) -> Floats:
    """Return the continuous states one common period later; `begin` as in `advance`."""
    return state_vector(advance(model, state, model.period, begin=begin)[0])


def turning(model: Model) -> npt.NDArray[np.bool_]:
    """Return which entries of `state_vector` are angles."""
    return np.array([name.startswith(("angle of", "pll_angle of")) for name in state_names(model)])


def movement(angles: npt.NDArray[np.bool_], later: Floats, earlier: Floats) -> Floats:
    """Return later less earlier states; those that are angles go the short way round."""
    moved = later - earlier
    moved[angles] = np.angle(np.exp(1j * moved[angles]))
    return moved


def neighbours(state: State) -> Iterator[tuple[int, float, State, State]]:
    """Yield each continuous state's number, a small step, and the states with so much more and so much less of it."""
    base = state_vector(state)
    for k in range(base.size):
        size = STEP * max(1.0, abs(base[k]))
        up, down = base.copy(), base.copy()
        up[k] += size
        down[k] -= size
        yield k, size, with_vector(state, up), with_vector(state, down)


def jacobian(model: Model, state: State) -> Floats:
    """Return the derivative of `period_map` by the continuous states, by central differences, shape (n, n)."""
    angles = turning(model)
    slope = np.zeros((angles.size, angles.size))
    for k, size, up, down in neighbours(state):
        slope[:, k] = movement(angles, period_map(model, up), period_map(model, down)) / (2.0 * size)
    return slope


def _guess(model: Model) -> State:
    """Return a first guess of the states from the power flow."""
    system, made = model.system, model.circuit
    state = dead(model)
    v = power_flow(model, state, strict=False)  # a guess: sampled control holds a little more than the phasors do
    names = [*made.nodes, *made.sources, GROUND]
    place = {name: k for k, name in enumerate(names)}
    current = np.zeros(len(made.branches), np.complex128)
    for k, bus in enumerate(made.varying.values()):
        state.loads[k]["admittance"] = admittance(state.loads[k], abs(v[place[bus]]))
    branches = {b.name: b for b in made.branches}
    number = {name: k for k, name in enumerate(branches)}
    own = device_branches(system)
    for device, name, given in zip(system.devices, own, device_currents(model, state, v), strict=True):
        b = branches[name]
        current[number[name]] = given
        v[place[device.name]] = v[place[b.head]] + b.impedance(model.frame_speed) * given
    for k, b in enumerate(made.branches):
        if b.name not in own:
            current[k] = (v[place[b.tail]] / b.ratio - v[place[b.head]]) / b.impedance(model.frame_speed)
    u = np.array([current[number[name]] * branches[name].capacitive for name in made.compensated], np.complex128)
    for k, converter in enumerate(system.converters):
        scale = system.scale(converter)
        outlet = f"{converter.name}.outlet" if converter.lcl else f"{converter.name}.bridge"
        settle(
            converter,
            state.converters[k],
            model.constants[k],
            v[place[converter.filter_node]],
            v[place[converter.name]],
            current[number[f"{converter.name}.bridge"]] * scale,
            current[number[outlet]] * scale,
        )
        v[place[converter.name]] *= model.constants[k]["hold"] / model.constants[k]["turn_step"]
    for k, machine in enumerate(system.machines):
        ends = v[place[machine.bus]], current[number[f"{machine.name}.stator"]] * system.scale(machine)
        settle_machine(machine, state.machines[k], model.machine_constants[k], *ends)
    return replace(state, v=v, i=current, u=u / (1j * model.frame_speed))


class _SetPoints(NamedTuple):
    """What the voltages of synchronous machines miss, and what they follow."""

    missing: Floats  # shape (machines,)
    slope: Floats  # by the states, shape (machines, states)
    fields: list[int]  # states that are fields without exciter
    biased: list[State]  # with a little more of the bias of each regulator


def _set_points(model: Model, state: State) -> _SetPoints:
    """Return how far terminals are from their set-points, which fields and biases of regulators are to take them to."""
    names, machines = state_names(model), _synchronous(model)
    missing, slope = np.zeros(len(machines)), np.zeros((len(machines), len(names)))
    fields, biased = [], []
    for row, (k, machine) in enumerate(machines):
        node = model.circuit.nodes.index(machine.bus)
        v = state.v[node]
        missing[row] = abs(v) - state.machines["v_ref"][k]
        slope[row, 2 * node : 2 * node + 2] = [v.real / abs(v), v.imag / abs(v)] if abs(v) > 0.0 else 0.0
        if machine.exciter is None:
            fields.append(names.index(f"field_voltage of {machine.name}"))
        else:
            other = state.copy()
            other.machines["v_bias"][k] += STEP
            biased.append(other)
    return _SetPoints(missing, slope, fields, biased)


def _synchronous(model: Model) -> list[tuple[int, SynchronousMachine]]:
    return [(k, m) for k, m in enumerate(model.system.machines) if isinstance(m, SynchronousMachine)]


def _with_biases(model: Model, state: State, moves: Floats) -> State:
    """Return a state with moved biases of voltages; those of power are what the stators lose."""
    branches = [b.name for b in model.circuit.branches]
    rest = list(moves)
    for k, machine in _synchronous(model):
        current = abs(state.i[branches.index(f"{machine.name}.stator")]) * model.system.scale(machine)
        state.machines["p_bias"][k] = machine.resistance * current**2
        if machine.exciter is not None:
            state.machines["v_bias"][k] += rest.pop(0)
    return state


def _carried(model: Model, near: OperatingPoint) -> State:
    """Return the state of another system's operating point with this one's references, grids and switches."""
    own, state = dead(model), near.state.copy()
    if state.names != own.names:
        raise InitialisationError(
            f"near: found an operating point of {', '.join(state.names)}, expected one of {', '.join(own.names)}"
        )
    for name in ("p_ref", "q_ref", "v_ref", "w_ref"):
        state.converters[name] = own.converters[name]
    for name in ("p_ref", "v_ref", "w_ref"):
        state.machines[name] = own.machines[name]
    own.loads["admittance"] = state.loads["admittance"]
    nodes = len(model.circuit.nodes)
    for grid in model.system.grids:
        place = nodes + model.circuit.sources.index(grid.name)
        state.v[place] = own.v[place]
    return replace(own, v=state.v, i=state.i, u=state.u, converters=state.converters, machines=state.machines)


def settle(converter: Converter, x: Any, p: Any, v: complex, u: complex, ic: complex, ig: complex) -> None:
    """Set a converter's states so that its control rests at what it measures and makes.

    Parameters
    ----------
    converter : Converter
        With the control that is to rest.
    x, p : records of STATES and CONSTANTS
        States, overwritten, and constants.
    v, u, ic, ig : complex
        Voltage where it is measured and of the bridge at the same time, current of the bridge and into the grid, in the
        network's frame [pu of the rating].
    """
    power = v * ig.conjugate()
    held = u * np.exp(0.5j * p["frame_speed"] * p["nominal_speed"] * p["period"])  # at the beginning of its interval
    control = converter.control
    x["u"] = held
    x["u_next"] = x["r1"] = held / p["turn"] if p["delay"] else held
    x["r2"] = x["r1"]
    x["p_filter"], x["q_filter"] = power.real, power.imag
    x["pll_angle"], x["pll_speed"], x["law_speed"], x["speed"] = np.angle(v), p["frame_speed"], 1.0, 1.0
    x["pll_voltage"], x["terminal"], x["pll_integral"], x["wash"] = abs(v), abs(v), 0.0, 0.0
    x["law_voltage"] = x["positive"] = abs(v)
    x["negative"] = 0.0
    angle = np.angle(v)
    if isinstance(control, Following):
        back = np.exp(-1j * angle)
        kt = p["current_bandwidth"] * p["filter_reactance"] / p["nominal_speed"]
        x["current_integral"] = (u + kt * ic) * back - abs(v)
    elif isinstance(control.inner, Cascade):
        inner = control.inner
        angle = np.angle(v + complex(inner.virtual_resistance, inner.virtual_reactance) * ig)
        back = np.exp(-1j * angle)
        own, inside = v * back, ic * back
        x["damping_filter"] = own
        if inner.kic > 0.0:
            rest = u * back - 1j * p["filter_reactance"] * inside - inner.voltage_feedforward * own
            x["current_integral"] = rest / inner.kic
        rest = inside - 1j * p["filter_susceptance"] * own - inner.current_feedforward * ig * back
        x["voltage_integral"] = rest / inner.kiv
    elif isinstance(control.inner, DirectVoltage):
        angle = np.angle(u - p["filter_resistance"] * ic)
        x["current_filter"] = ic * np.exp(-1j * angle)
    else:
        angle = np.angle(u)
        x["law_voltage"] = abs(u)
    x["angle"], x["v_before"] = angle, v * np.exp(-1j * angle)


def references_of(converter: Converter, p: Any, v: complex, u: complex, ic: complex, ig: complex) -> dict[str, float]:
    """Return the references at which a settled control goes on making what it makes; parameters as `settle`."""
    power = v * ig.conjugate()
    control = converter.control
    if isinstance(control, Following):
        return {"p_ref": power.real, "q_ref": power.imag, "v_ref": abs(v)}
    if isinstance(control.inner, Cascade):
        e = abs(v + complex(control.inner.virtual_resistance, control.inner.virtual_reactance) * ig)
    elif isinstance(control.inner, DirectVoltage):
        inside = u - p["filter_resistance"] * ic
        made = u * ic.conjugate()
        power = complex(made.real - p["filter_resistance"] * abs(ic) ** 2, made.imag)
        # u = e + R (p / e - i_d): the larger root.
        r = p["active_resistance"]
        whole = abs(inside) + r * (ic * np.exp(-1j * np.angle(inside))).real
        e = 0.5 * (whole + np.sqrt(max(whole**2 - 4.0 * r * power.real, 0.0)))
    else:
        e = abs(v)
    return {"p_ref": power.real, "q_ref": power.imag, "v_ref": float(e)}


def operating_point(
    system: System,
    *,
    time_step: float | None = None,
    frequency: float | None = None,
    near: OperatingPoint | None = None,
) -> OperatingPoint:
    """Return where a system stands still.

    Parameters
    ----------
    system : System
        With the references of its devices.
    time_step : float, optional
        As in `build`.
    frequency : float, optional
        First guess of the frequency of an island [pu]; a grid's own where there is one.
    near : OperatingPoint, optional
        Of a system that is nearly the same, to begin at instead of the power flow: a parameter goes along step by step,
        past where the flow has a solution. References are those of this system.

    Returns
    -------
    OperatingPoint
        With its model, in the frame that turns with the system.

    Raises
    ------
    InitialisationError
        No operating point; the device and the state that move are named.
    """
    free = not system.grids
    if len({g.frequency for g in system.grids}) > 1:
        found = ", ".join(f'"{g.name}" {g.frequency:g} pu' for g in system.grids)
        raise InitialisationError(f"grids of different frequencies never rest: found {found}, expected one frequency")
    speed = frequency or (near.frequency if near else 1.0) if free else system.grids[0].frequency
    model = build(system, time_step=time_step, frame_speed=speed)
    require_one(model, dead(model).closed)
    state = _guess(model) if near is None else _carried(model, near)
    # An island has no phase of its own: the angle of the first that holds its voltage is held instead of its frequency.
    vector, angles, names = state_vector(state), turning(model), state_names(model)
    held = names.index(f"angle of {system.holding[0]}") if free else -1
    size = vector.size
    best = np.inf
    for _ in range(30):
        after = period_map(model, state)
        residual = movement(angles, after, vector)
        set_points = _set_points(model, state)
        before, best = best, float(np.abs(np.concatenate([residual, set_points.missing])).max())
        if not np.isfinite(best):
            break
        if best < _ENOUGH or (best < TOLERANCE and best >= 0.5 * before):
            _, rows, _ = advance(model, state, 1, stride=1)
            for name in ("p", "q", "i_ref", "limited"):
                state.converters[name] = rows.converters[name][0]
            for name in ("p", "q", "mechanical"):
                state.machines[name] = rows.machines[name][0]
            return OperatingPoint(model, replace(state, frame_speed=speed), best)
        slope = jacobian(model, state) - np.eye(size)
        still = np.abs(slope).max(axis=1) < _STILL
        still[set_points.fields] = False  # a field without exciter stands still, and makes the voltage
        slope[:, still] = 0.0  # what never moves is no unknown
        if free:
            other = build(system, time_step=time_step, frame_speed=speed + STEP)
            slope[:, held] = movement(angles, period_map(other, state), after) / STEP
        biased = [movement(angles, period_map(model, other), after) / STEP for other in set_points.biased]
        whole = np.zeros((size + set_points.missing.size, size + len(biased)))
        whole[:size, :size], whole[size:, :size] = slope, set_points.slope
        if biased:
            whole[:size, size:] = np.stack(biased, axis=1)
        move = np.linalg.lstsq(whole, -np.concatenate([residual, set_points.missing]), rcond=1e-12)[0]
        if free:
            speed += float(np.clip(move[held], -0.05, 0.05))
            move[held] = 0.0
            model = build(system, time_step=time_step, frame_speed=speed)
        most = float(np.abs(move).max())
        move *= min(1.0, 1.0 / most if most > 0.0 else 1.0)
        vector = vector + move[:size]
        state = _with_biases(model, with_vector(state, vector), move[size:])
        if not _SPEEDS[0] < speed < _SPEEDS[1]:
            raise InitialisationError(
                f"no operating point: the island would rest at {speed:.3g} pu of frequency only, expected "
                f"{_SPEEDS[0]:g} to {_SPEEDS[1]:g} pu; its devices give too much or too little power"
            )
    try:
        power_flow(model)
        hint = ""
    except InitialisationError as error:
        hint = f"; more may be asked for than the network carries: {error}"
    hint += "".join(f"; {note}" for note in limit_notes(model, state) if "machine" in note)
    moved = np.abs(movement(angles, period_map(model, state), vector))
    where = names[int(np.argmax(np.nan_to_num(moved, nan=np.inf)))]
    raise InitialisationError(
        f"no operating point: {where} still moves by {best:.3g} pu in one period, expected rest{hint}"
    )
