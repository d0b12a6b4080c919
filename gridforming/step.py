"""Converters and network together: the compiled loop that simulation, initialisation and linearisation share."""

from __future__ import annotations

import cmath
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gridforming.control_step import STIFF, dc_step, sample
from gridforming.machine_step import SYNCHRONOUS_STATES, correct, predict
from gridforming.modulation import length, unit
from gridforming.network_step import Topology, half_steps, reload, resolve, trapezoid
from turbine.compiled import inlined_kernel, kernel, loop_kernel

__all__ = [
    "CHANGED",
    "DIVERGED",
    "DONE",
    "GOES_ON",
    "GRID",
    "JOINED",
    "LOAD",
    "SWITCHED",
    "TRIPPED",
    "Places",
    "Scratch",
    "admittance",
    "run",
    "scratch",
]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]
Record = Any
Records = Any

_f = np.float64

#: States of a Thevenin grid; its phases stand against the network's frame, which the negative sequence turns away from.
GRID = np.dtype(
    [
        ("voltage", _f),
        ("phase", _f),
        ("speed", _f),  # [pu]
        ("ramp", _f),  # of the speed [pu/s]
        ("own", _f),  # voltage without a sag [pu]
        ("negative", _f),  # voltage of negative sequence [pu]
        ("negative_phase", _f),
        ("nominal_speed", _f),  # [rad/s]
        ("frame_speed", _f),  # [pu]
    ]
)
#: Loads of constant current or power.
LOAD = np.dtype(
    [
        ("admittance", np.complex128),  # [pu]
        ("full", np.complex128),  # conjugate of the power at nominal voltage [pu]
        ("exponent", _f),
        ("share", _f),  # of the way to what is wanted in one network step
    ]
)
_LOW = 0.7  # voltage below which every load is of constant impedance [pu]
#: How a run begins: as the last one ended, after a change that leaves voltages to be found, after switching, and after
#: switching that has made one bus of two whose voltage is to be found.
GOES_ON, CHANGED, SWITCHED, JOINED = range(4)
#: How a run ends.
DONE, DIVERGED, TRIPPED = range(3)
_STATES = len(SYNCHRONOUS_STATES)  # room for the states of a machine
_LOOK = 64  # steps between looks for what is not a number


class Places(NamedTuple):
    """Where devices stand in the network's arrays.

    Parameters
    ----------
    source, node, bridge, outlet : array, shape (converters,)
        Entry of `v` of its bridge; node of its voltage measurement; branches of the bridge's and the grid's current.
    grid : array, shape (grids,)
        Entry of `v` of each grid.
    load : array, shape (loads,)
        Node of each load whose admittance varies.
    machine_source, machine_node, machine_branch : array, shape (machines,)
        Entry of `v` of what a machine's rotor makes; node of its terminals; branch of its stator.
    """

    source: Integers
    node: Integers
    bridge: Integers
    outlet: Integers
    grid: Integers
    load: Integers
    machine_source: Integers
    machine_node: Integers
    machine_branch: Integers


class Scratch(NamedTuple):
    """What `run` writes on the way, since it makes no arrays.

    Parameters
    ----------
    known, middle : array, shape (n + sources + 1,)
        Voltages of sources and ground at the end of a step and in its middle, zero for nodes.
    before : array, shape (converters,)
        Currents of bridges at the beginning of a step.
    emf, between : array, shape (machines,)
        Voltages of machines at the end of a step and in its middle.
    rates, ahead, spare : array, shapes (machines, states), (machines, states), (states,)
        Of the machines' predictor and corrector.
    """

    known: Complexes
    middle: Complexes
    before: Complexes
    emf: Complexes
    between: Complexes
    rates: Floats
    ahead: Floats
    spare: Floats


def scratch(voltages: int, converters: int, machines: int) -> Scratch:
    """Return room for `run` to write on."""

    def vector(size: int) -> Complexes:
        return np.zeros(size, np.complex128)

    return Scratch(
        known=vector(voltages),
        middle=vector(voltages),
        before=vector(converters),
        emf=vector(machines),
        between=vector(machines),
        rates=np.zeros((machines, _STATES)),
        ahead=np.zeros((machines, _STATES)),
        spare=np.zeros(_STATES),
    )


@kernel
def admittance(load: Record, size: float):  # type: ignore[no-untyped-def]
    """Return the admittance that a load comes to at a voltage [pu]: constant below `_LOW`."""
    return load.full * max(size, _LOW) ** (load.exponent - 2.0)


@kernel
def _load(g: Topology, places: Places, loads: Records):  # type: ignore[no-untyped-def]
    """Put the admittances of varying loads into the network."""
    g.load[:] = g.base_load
    for k in range(loads.size):
        g.load[places.load[k]] += loads[k].admittance
    reload(g)


@kernel
def _vary(g: Topology, places: Places, v: Complexes, loads: Records):  # type: ignore[no-untyped-def]
    """Let the admittances of varying loads follow the voltage by one step, and put them into the network."""
    for k in range(loads.size):
        load = loads[k]
        load.admittance += load.share * (admittance(load, length(v[places.load[k]])) - load.admittance)
    _load(g, places, loads)


@inlined_kernel
def _known(  # type: ignore[no-untyped-def]
    known: Complexes, places: Places, v: Complexes, ps: Records, grids: Records, emf: Complexes, h: float,
    half: bool,
):  # fmt: skip
    """Fill in the voltages of sources at the end of a step of h, or half of it, and advance the grids.

    `emf` are those of machines then.
    """
    for c in range(places.source.size):
        turn = ps[c].turn_step
        known[places.source[c]] = v[places.source[c]] * (cmath.sqrt(turn) if half else turn)
    span = 0.5 * h if half else h
    for k in range(places.grid.size):
        s = grids[k]
        if s.ramp == 0.0 and s.speed == s.frame_speed and s.negative == 0.0:
            known[places.grid[k]] = v[places.grid[k]]  # it stands still in this frame
            continue
        mean = s.speed + 0.5 * span * s.ramp
        s.phase += span * s.nominal_speed * (mean - s.frame_speed)
        s.negative_phase -= span * s.nominal_speed * (mean + s.frame_speed)
        s.speed += span * s.ramp
        known[places.grid[k]] = s.voltage * unit(s.phase) + s.negative * unit(s.negative_phase)
    for k in range(emf.size):
        known[places.machine_source[k]] = emf[k]


@kernel
def _keep(kept: Record, x: Record):  # type: ignore[no-untyped-def]
    """Put into a record of KEPT what it has of one of STATES: all of them would take longer than the run."""
    kept.p_ref, kept.p, kept.q, kept.speed, kept.angle_now = x.p_ref, x.p, x.q, x.speed, x.angle_now
    kept.dc_voltage, kept.pll_voltage, kept.i_ref, kept.limited = x.dc_voltage, x.pll_voltage, x.i_ref, x.limited


@loop_kernel
def run(  # type: ignore[no-untyped-def]
    g: Topology,
    places: Places,
    v: Complexes,
    i: Complexes,
    u: Complexes,
    xs: Records,
    ps: Records,
    ms: Records,
    mp: Records,
    grids: Records,
    loads: Records,
    first: int,
    count: int,
    h: float,
    frame_turn: float,
    begin: int,
    stride: int,
    shown: Integers,
    kept_v: Complexes,
    kept_i: Complexes,
    kept_x: Records,
    kept_m: Records,
    room: Scratch,
):
    """Take `count` steps from step `first` on.

    Parameters
    ----------
    g, places : Topology, Places
        The network and where devices stand in it.
    v, i, u : array, shapes (n + sources + 1,), (b,), (c,)
        Voltages, currents, and voltages of capacitors in series; overwritten.
    xs, ps : array of records of STATES and CONSTANTS, shape (converters,)
        Converters; the states are overwritten.
    ms, mp : array of records of MACHINE_STATES and MACHINE_CONSTANTS, shape (machines,)
        Machines; the states are overwritten.
    grids : array of records of GRID, shape (grids,)
        Thevenin grids; overwritten.
    loads : array of records of LOAD, shape (loads,)
        Varying loads; overwritten.
    first, count : int
        Number of the first step since the start of the run, steps to take.
    h, frame_turn : float
        Step [s], angle by which the frame turns in it [rad].
    begin : int
        GOES_ON, CHANGED, SWITCHED or JOINED.
    stride : int
        Steps between rows that are kept, 0: none; a row stands before the samples of its step.
    shown : array, shape (columns of kept_v,)
        Entry of `v` of each column of `kept_v`; those of `kept_i` are the first branches.
    kept_v, kept_i, kept_x, kept_m : array
        Rows, their converters as records of KEPT; written.
    room : Scratch
        Overwritten.

    Returns
    -------
    tuple of int
        How it ended (DONE, DIVERGED or TRIPPED), and the step that comes next.
    """
    n = g.load.size
    known, middle, before, emf, between, rates, ahead, spare = room
    tripped = False
    row = 0
    if loads.size > 0:
        _load(g, places, loads)  # the network may be another than that of the part before
    for k in range(first, first + count):
        if begin in (CHANGED, JOINED) and k == first:
            resolve(g, v, i, u)
        keep = stride > 0 and (k - first) % stride == 0
        if keep:
            for m in range(kept_v.shape[1]):
                kept_v[row, m] = v[shown[m]]
            for m in range(kept_i.shape[1]):
                kept_i[row, m] = i[m]
        jump = loads.size > 0
        if loads.size > 0:
            _vary(g, places, v, loads)
        for c in range(xs.size):
            p = ps[c]
            if (k - int(p.offset)) % int(p.every) == 0:
                x = xs[c]
                ic, ig = i[places.bridge[c]] * p.scale, i[places.outlet[c]] * p.scale
                sample(x, p, v[places.node[c]], ic, ig, frame_turn * k)
                v[places.source[c]] = x.u * p.hold
                head = g.head[places.bridge[c]]
                if head >= n or not g.capacitive[head]:
                    jump = True  # behind a capacitor no node's voltage jumps with the bridge's
                tripped = tripped or (x.trip > 0.0 and x.blocked == 0.0)
            before[c] = i[places.bridge[c]]
        if keep:
            for c in range(xs.size):
                _keep(kept_x[row, c], xs[c])
        switched = begin >= SWITCHED and k == first
        if jump:
            resolve(g, v, i, u)
        for m in range(ms.size):
            x, p = ms[m], mp[m]
            current = i[places.machine_branch[m]] * p.scale
            emf[m] = predict(x, p, v[places.machine_node[m]], current, rates[m], ahead[m], spare)
            between[m] = 0.5 * (v[places.machine_source[m]] + emf[m])
            if keep:
                kept_m[row, m] = x
        if keep:
            row += 1
        if switched:
            _known(middle, places, v, ps, grids, between, h, True)
            for m in range(n, v.size):
                v[m] = middle[m]
            _known(known, places, v, ps, grids, emf, h, True)
            half_steps(g, v, i, u, middle, known)
        else:
            _known(known, places, v, ps, grids, emf, h, False)
            trapezoid(g, v, i, u, known)
        for c in range(xs.size):
            if ps[c].dc_source != STIFF:
                # Energy in the rule's own sense: mean voltage times mean current.
                made = v[places.source[c]] * 0.5 * (1.0 + 1.0 / ps[c].turn_step)
                mean = 0.5 * (before[c] + i[places.bridge[c]])
                dc_step(xs[c], ps[c], (made * mean.conjugate()).real * ps[c].scale, h)
        for m in range(ms.size):
            current = i[places.machine_branch[m]] * mp[m].scale
            correct(ms[m], mp[m], v[places.machine_node[m]], current, rates[m], ahead[m], spare)
        if k % _LOOK == 0 or k == first + count - 1:
            for m in range(n):
                if not abs(v[m]) < 1e6:
                    return DIVERGED, k
        if tripped:
            return TRIPPED, k + 1
    return DONE, first + count
