"""From elements to the arrays of the network's step: nodes are merged over closed breakers, matrices factored.

`Circuit` is what elements and devices come down to: nodes, branches, capacitances, loads and sources by name.
`assemble` discretises it for one state of its switches, one step and one frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gridforming.errors import NetworkError
from gridforming.groups import groups
from gridforming.network import Breaker, Fault, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.network_step import Topology
from gridforming.sparse import factorise, pattern

__all__ = ["GROUND", "LEAK", "OFF", "Assembled", "Branch", "Circuit", "assemble", "circuit", "warped"]

Storage = TypeVar("Storage", float, npt.NDArray[np.float64])

LEAK = 1e-6  #: conductance of every node to ground, so that a floating island stays regular [pu]
OFF = 1e4  #: resistance of a bridge whose pulses are blocked [pu]
GROUND = "ground"


@dataclass(frozen=True)
class Branch:
    """Resistance and reactance between two nodes, a node and a source, or a node and ground."""

    name: str
    tail: str
    head: str
    resistance: float
    reactance: float
    ratio: complex = 1.0
    capacitive: float = 0.0  #: reactance of a capacitor in series

    def impedance(self, speed: float) -> complex:
        """Return the impedance at a frequency [pu]."""
        return complex(self.resistance, speed * self.reactance - (self.capacitive / speed if self.capacitive else 0.0))


@dataclass
class Circuit:
    """What a network and its devices come down to; names of sources and nodes differ."""

    nodes: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    susceptance: dict[str, float] = field(default_factory=dict)
    load: dict[str, complex] = field(default_factory=dict)
    breakers: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: dict[str, tuple[str, complex]] = field(default_factory=dict)
    varying: dict[str, str] = field(default_factory=dict)  # loads whose admittance follows the voltage: their nodes

    @property
    def compensated(self) -> tuple[str, ...]:
        """Names of branches with a capacitor in series."""
        return tuple(b.name for b in self.branches if b.capacitive > 0.0)

    @property
    def names(self) -> tuple[str, ...]:
        """Of nodes, sources, branches and varying loads, in their order."""
        return (*self.nodes, *self.sources, *(b.name for b in self.branches), *self.varying)

    def add_susceptance(self, node: str, value: float) -> None:
        """Add capacitance to a node [pu at nominal frequency]."""
        self.susceptance[node] = self.susceptance.get(node, 0.0) + value


def circuit(network: Network) -> Circuit:
    """Return the circuit of a network without its devices."""
    made = Circuit(nodes=network.bus_names)
    for element in network.elements:
        match element:
            case Line():
                impedance = element.resistance, element.reactance
                capacitive = element.compensation * element.reactance
                made.branches.append(
                    Branch(element.name, element.start, element.end, *impedance, capacitive=capacitive)
                )
                if element.susceptance > 0.0:
                    made.add_susceptance(element.start, 0.5 * element.susceptance)
                    made.add_susceptance(element.end, 0.5 * element.susceptance)
            case Transformer():
                made.branches.append(
                    Branch(
                        element.name, element.start, element.end, element.resistance, element.reactance, element.ratio
                    )
                )
            case Shunt():
                made.load[element.bus] = made.load.get(element.bus, 0.0) + element.conductance
                if element.susceptance > 0.0:
                    made.add_susceptance(element.bus, element.susceptance)
                elif element.susceptance < 0.0:
                    made.branches.append(Branch(element.name, element.bus, GROUND, 0.0, -1.0 / element.susceptance))
            case Load():
                if element.kind == "impedance":
                    power = complex(element.active, -element.reactive)
                    made.load[element.bus] = made.load.get(element.bus, 0.0) + power
                else:
                    made.varying[element.name] = element.bus
            case Grid():
                made.sources.append(element.name)
                made.branches.append(
                    Branch(element.name, element.name, element.bus, element.resistance, element.reactance)
                )
            case Breaker():
                made.breakers[element.name] = (element.start, element.end)
            case Fault():
                made.faults[element.name] = (element.bus, 1.0 / element.impedance)
    return made


@dataclass(frozen=True, eq=False)
class Assembled:
    """A discretised circuit: the arrays, and where everything stands in them.

    Parameters
    ----------
    topology : Topology
        For the compiled step.
    node : mapping of str to int
        Number of each named node, source and ground; joined nodes share one.
    branch : mapping of str to int
        Number of each branch, opening breakers included.
    """

    topology: Topology
    node: Mapping[str, int]
    branch: Mapping[str, int]
    sources: int


def assemble(
    made: Circuit,
    *,
    time_step: float,
    nominal_speed: float,
    frame_speed: float,
    closed: Mapping[str, bool],
    opening: Mapping[str, float] | None = None,
    faults: Mapping[str, float] | None = None,
    blocked: Mapping[str, float] | None = None,
) -> Assembled:
    """Discretise a circuit.

    Parameters
    ----------
    made : Circuit
        Nodes and branches.
    time_step : float
        [s].
    nominal_speed : float
        2 pi times the nominal frequency [rad/s].
    frame_speed : float
        Of the frame [pu].
    closed : mapping of str to bool
        By breaker.
    opening : mapping of str to float, optional
        Breakers that open at the moment, with their conductance [pu].
    faults : mapping of str to float, optional
        Share of the admittance of each fault that is on [-].
    blocked : mapping of str to float, optional
        Resistance that blocked bridges put in series with a branch, by branch [pu].
    """
    opening, faults, blocked = opening or {}, faults or {}, blocked or {}
    number = _numbers(made, closed)
    n = 1 + max(number[name] for name in made.nodes)
    for k, source in enumerate((*made.sources, GROUND)):
        number[source] = n + k
    branches = [_with_resistance(b, blocked.get(b.name, 0.0)) for b in made.branches]
    branches += [Branch(name, *made.breakers[name], 1.0 / g, 0.0) for name, g in opening.items()]
    count = len(branches)
    tail = np.array([number[b.tail] for b in branches], np.int64)
    head = np.array([number[b.head] for b in branches], np.int64)
    ratio = np.array([b.ratio for b in branches], np.complex128)
    r = np.array([b.resistance for b in branches], np.float64)
    x = np.array([b.reactance for b in branches], np.float64)
    resistive = x == 0.0
    if np.any(resistive & (r <= 0.0)):
        raise NetworkError(f'branch "{branches[int(np.argmax(resistive & (r <= 0.0)))].name}" has no impedance')
    inductance = np.where(resistive, 1.0, x / nominal_speed)
    z = r + 1j * frame_speed * x
    with np.errstate(divide="ignore"):
        conductance = np.where(resistive, 1.0 / np.where(resistive, r, 1.0), 0.0)
    inertia = warped(inductance, time_step, frame_speed * nominal_speed)
    # A capacitor in series: its voltage goes on as `series_decay` u + `series_push` (i0 + i1).
    series = np.array([k for k, b in enumerate(branches) if b.capacitive > 0.0], np.int64)
    charge = np.array([1.0 / branches[k].capacitive for k in series])
    storage = warped(charge / nominal_speed, time_step, frame_speed * nominal_speed)
    turn = 0.5j * frame_speed * charge
    series_push = 0.5 / (storage + turn)
    whole = (inertia + 0.5 * z).astype(np.complex128)
    whole[series] += 0.5 * series_push
    drop = np.where(resistive, 0.0, z / inductance)
    slope = np.where(resistive, conductance, 1.0 / inductance)
    decay = np.where(resistive, 0.0, (2.0 * inertia - whole) / whole)
    push = np.where(resistive, conductance, 0.5 / whole)
    decay_euler = np.where(resistive, 0.0, inertia / whole)
    load = np.zeros(n, np.complex128)
    capacitance = np.zeros(n)
    susceptance = np.zeros(n)
    for name, value in made.load.items():
        load[number[name]] += value
    for name, share in faults.items():
        bus, admittance = made.faults[name]
        load[number[bus]] += share * admittance
    for name, value in made.susceptance.items():
        capacitance[number[name]] += value / nominal_speed
        susceptance[number[name]] += value
    loaded = np.abs(load) > 0.0
    for bus in made.varying.values():
        loaded[number[bus]] = True
    load += LEAK
    charge_euler = (2.0 * warped(capacitance, time_step, frame_speed * nominal_speed)).astype(np.complex128)
    turning = 1j * frame_speed * susceptance
    capacitive = capacitance > 0.0
    pairs = [(int(a), int(b)) for a, b in zip(tail, head, strict=True) if a < n and b < n]
    step, slots = pattern(n, pairs)
    for k in range(n):
        step.values[slots[k, k]] += load[k] + charge_euler[k] + turning[k]
    for k in range(count):
        _stamp(step.values, slots, int(tail[k]), int(head[k]), complex(ratio[k]), complex(push[k]), n)
    step_values = step.values.copy()
    factorise(step)
    algebraic, pivot, rows = _instant_rows(tail, head, resistive, capacitive, loaded, slope, n)
    instant, places = pattern(n, [*pairs, *rows])
    _fill_instant(instant.values, places, tail, head, ratio, resistive, slope, load, capacitive, algebraic, pivot)
    instant_values = instant.values.copy()
    factorise(instant)
    topology = Topology(
        tail=tail,
        head=head,
        forth=1.0 / ratio,
        back=1.0 / ratio.conj(),
        resistive=resistive,
        drop=drop.astype(np.complex128),
        slope=slope,
        decay=decay.astype(np.complex128),
        push=push.astype(np.complex128),
        series=series,
        series_decay=(storage - turn) / (storage + turn),
        series_decay_euler=storage / (storage + turn),
        series_push=series_push,
        decay_euler=decay_euler.astype(np.complex128),
        load=load.copy(),
        base_load=load,
        charge=charge_euler - turning,
        charge_euler=charge_euler,
        capacitive=capacitive,
        carried=np.append(capacitive, np.zeros(len(made.sources) + 1)).astype(np.float64),
        algebraic=algebraic,
        pivot=pivot,
        step=step,
        instant=instant,
        step_values=step_values,
        instant_values=instant_values,
        step_diagonal=np.array([slots[k, k] for k in range(n)], np.int64),
        instant_diagonal=np.array([places[k, k] if algebraic[k] else -1 for k in range(n)], np.int64),
        right=np.zeros(n + len(made.sources) + 1, np.complex128),
        series_driven=np.zeros(series.size, np.complex128),
    )
    return Assembled(topology, number, {b.name: k for k, b in enumerate(branches)}, len(made.sources))


def warped(storage: Storage, time_step: float, speed: float) -> Storage:
    """Return inductance or capacitance over the step, such that the trapezoidal rule turns a vector at rest exactly.

    Parameters
    ----------
    storage : float or array
        Inductance or capacitance.
    time_step, speed : float
        [s], of the frame [rad/s].
    """
    half = 0.5 * speed * time_step
    return storage * ((half / math.tan(half) if half > 0.0 else 1.0) / time_step)


def _with_resistance(branch: Branch, more: float) -> Branch:
    """Return a branch with resistance in series; from `OFF` on it leads nowhere."""
    if more >= OFF:
        return replace(branch, tail=GROUND, head=GROUND, resistance=1.0, reactance=0.0, ratio=1.0, capacitive=0.0)
    return replace(branch, resistance=branch.resistance + more) if more > 0.0 else branch


def _numbers(made: Circuit, closed: Mapping[str, bool]) -> dict[str, int]:
    """Return the number of each node; those that closed breakers join have the same."""
    place = {name: k for k, name in enumerate(made.nodes)}
    pairs = [(place[start], place[end]) for name, (start, end) in made.breakers.items() if closed[name]]
    return dict(zip(made.nodes, map(int, groups(len(place), pairs)), strict=True))


def _stamp(
    values: npt.NDArray[np.complex128],
    slots: Mapping[tuple[int, int], int],
    a: int,
    b: int,
    ratio: complex,
    admittance: complex,
    n: int,
) -> None:
    """Add a branch's admittance behind a ratio to the rows of its unknown ends."""
    back = ratio.conjugate()
    if a < n:
        values[slots[a, a]] += admittance / (ratio * back)
        if b < n:
            values[slots[a, b]] -= admittance / back
    if b < n:
        values[slots[b, b]] += admittance
        if a < n:
            values[slots[b, a]] -= admittance / ratio


def _instant_rows(
    tail: npt.NDArray[np.int64],
    head: npt.NDArray[np.int64],
    resistive: npt.NDArray[np.bool_],
    capacitive: npt.NDArray[np.bool_],
    loaded: npt.NDArray[np.bool_],
    slope: npt.NDArray[np.float64],
    n: int,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], list[tuple[int, int]]]:
    """Say which row holds which equation right after a jump.

    A capacitor holds its node's voltage. Where resistances lead to ground, a source or a capacitor, currents give the
    voltage. In a group of nodes without such a way currents must stay balanced: one row of the group holds the
    derivative of its balance.
    """
    held = loaded & ~capacitive
    ties: list[tuple[int, int]] = []
    for k in map(int, np.flatnonzero(resistive)):
        free = [e for e in (int(tail[k]), int(head[k])) if e < n and not capacitive[e]]
        if len(free) == 2:
            ties.append((free[0], free[1]))
        elif len(free) == 1:
            held[free[0]] = True
    tops = groups(n, ties)
    grounded = {int(tops[k]) for k in np.flatnonzero(held)}
    weight = np.zeros(n)
    for k in map(int, np.flatnonzero(~resistive)):
        for e in (int(tail[k]), int(head[k])):
            if e < n:
                weight[e] += slope[k]
    algebraic = np.zeros(n, np.bool_)
    pivot = np.full(n, -1, np.int64)
    extra: list[tuple[int, int]] = []
    for root in sorted({int(t) for t in tops}):
        nodes = [int(k) for k in np.flatnonzero(tops == root) if not capacitive[k]]
        if not nodes:
            continue
        if root in grounded:
            algebraic[nodes] = True
            continue
        row = max(nodes, key=lambda k: weight[k])
        algebraic[[k for k in nodes if k != row]] = True
        if weight[row] > 0.0:
            pivot[nodes] = row
            for k in nodes:
                extra.append((row, k))
                extra += [(row, int(head[b])) for b in np.flatnonzero(tail == k) if head[b] < n]
                extra += [(row, int(tail[b])) for b in np.flatnonzero(head == k) if tail[b] < n]
    for row in _floating(tail, head, resistive, capacitive, algebraic, pivot, n):
        pivot[pivot == row] = -1  # nothing says where this island's voltage is: it stands at zero
    return algebraic, pivot, extra


def _floating(
    tail: npt.NDArray[np.int64],
    head: npt.NDArray[np.int64],
    resistive: npt.NDArray[np.bool_],
    capacitive: npt.NDArray[np.bool_],
    algebraic: npt.NDArray[np.bool_],
    pivot: npt.NDArray[np.int64],
    n: int,
) -> list[int]:
    """Return one row of each group of inductances that leads to nothing whose voltage is known."""
    rows = sorted({int(row) for row in pivot if row >= 0})
    place = {row: k for k, row in enumerate(rows)}
    ties: list[tuple[int, int]] = []
    held: list[int] = []
    for k in map(int, np.flatnonzero(~resistive)):
        ends = (int(tail[k]), int(head[k]))
        found = [int(pivot[e]) if e < n else -1 for e in ends]
        if min(found) >= 0:
            ties.append((place[found[0]], place[found[1]]))
        elif max(found) >= 0 and any(e >= n or capacitive[e] or algebraic[e] for e in ends if e >= n or pivot[e] < 0):
            held.append(place[max(found)])
    group = groups(len(rows), ties)
    anchored = {int(group[k]) for k in held}
    firsts = {int(g): rows[k] for k, g in reversed(list(enumerate(group)))}
    return [row for g, row in firsts.items() if g not in anchored]


def _fill_instant(
    values: npt.NDArray[np.complex128],
    slots: Mapping[tuple[int, int], int],
    tail: npt.NDArray[np.int64],
    head: npt.NDArray[np.int64],
    ratio: npt.NDArray[np.complex128],
    resistive: npt.NDArray[np.bool_],
    slope: npt.NDArray[np.float64],
    load: npt.NDArray[np.complex128],
    capacitive: npt.NDArray[np.bool_],
    algebraic: npt.NDArray[np.bool_],
    pivot: npt.NDArray[np.int64],
) -> None:
    n = load.size
    for k in range(n):
        if algebraic[k]:
            values[slots[k, k]] += load[k]
        elif capacitive[k] or pivot[k] != k:
            values[slots[k, k]] += 1.0  # held by its capacitor, or a node with nothing at all
    for k in range(tail.size):
        a, b, t, g = int(tail[k]), int(head[k]), complex(ratio[k]), float(slope[k])
        back = t.conjugate()
        for here, there, own, other in ((a, b, g / (t * back), -g / back), (b, a, g, -g / t)):
            if here >= n or capacitive[here]:
                continue
            row = here if resistive[k] else int(pivot[here])
            if row < 0 or (resistive[k] and not algebraic[here]):
                continue
            values[slots[row, here]] += own
            if there < n:
                values[slots[row, there]] += other
