"""The network's step: trapezoidal Norton equivalents and one nodal equation, after Dommel.

Branches are series resistance and inductance behind a complex ratio: l di/dt = v_a / n - v_b - (r + j w l) i, in a
frame that turns at w; where a capacitor stands in series, its voltage u is one more term. Node voltages are known
behind the last node: sources, then ground. Dommel 1969, doi:10.1109/TPAS.1969.292459; two half-steps of backward Euler
after switching: Marti and Lin 1989, doi:10.1109/59.31018.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gridforming.sparse import Factors, factorise, solve
from turbine.compiled import inlined_kernel, kernel

__all__ = ["Topology", "apart", "half_steps", "reload", "resolve", "trapezoid"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Topology(NamedTuple):
    """A network in one state of its breakers, discretised at one step in one frame; b branches, n nodes.

    Parameters
    ----------
    tail, head : array, shape (b,)
        Nodes at either end; n and above are known: sources, then ground.
    forth, back : array, shape (b,)
        Voltage of the tail on the head's side, and current of the branch on the tail's: 1 / n and 1 / n* [-].
    resistive : array, shape (b,)
        Branches without inductance.
    drop : array, shape (b,)
        (r + j w l) / l of inductive branches [1/s].
    slope : array, shape (b,)
        1 / l of inductive branches [1/s], conductance of resistive ones.
    decay, push : array, shape (b,)
        Trapezoidal rule: i1 = decay i0 + push (dv0 + dv1); resistive ones: i1 = push dv1.
    decay_euler : array, shape (b,)
        Backward Euler over half a step: i1 = decay_euler i0 + push dv1.
    series : array, shape (c,)
        Branches with a capacitor in series.
    series_decay, series_decay_euler, series_push : array, shape (c,)
        Its voltage: u1 = series_decay u0 + series_push (i0 + i1), or by backward Euler without i0.
    load, base_load : array, shape (n,)
        Admittance that follows without delay, leak included; `load` is scratch that varying loads add to.
    charge, charge_euler, capacitive : array, shape (n,)
        Of node capacitances: 2 C / h - j w C, 2 C / h, and whether there is one.
    carried : array, shape (n + sources + 1,)
        1 where there is one, 0 elsewhere.
    algebraic : array, shape (n,)
        Nodes whose voltage follows from currents and loads alone.
    pivot : array, shape (n,)
        Row that holds the derivative of the current balance of a node, -1 if none does.
    step, instant : Factors
        Of the nodal matrix, and of that which gives voltages right after a jump of a source.
    step_values, instant_values : array
        The matrices before they are factored, for loads that vary.
    step_diagonal, instant_diagonal : array, shape (n,)
        Slot of each node's diagonal in them; -1 where a load does not stand in the second.
    right, series_driven : array, shapes (n + sources + 1,), (c,)
        Scratch; what branches bring to sources and ground is of no use.
    """

    tail: Integers
    head: Integers
    forth: Complexes
    back: Complexes
    resistive: Flags
    drop: Complexes
    slope: Floats
    decay: Complexes
    push: Complexes
    series: Integers
    series_decay: Complexes
    series_decay_euler: Complexes
    series_push: Complexes
    decay_euler: Complexes
    load: Complexes
    base_load: Complexes
    charge: Complexes
    charge_euler: Complexes
    capacitive: Flags
    carried: Floats
    algebraic: Flags
    pivot: Integers
    step: Factors
    instant: Factors
    step_values: Complexes
    instant_values: Complexes
    step_diagonal: Integers
    instant_diagonal: Integers
    right: Complexes
    series_driven: Complexes


def apart(g: Topology) -> Topology:
    """Return a network that shares nothing that a run writes, so that runs of one network may go on side by side."""
    step, instant = (f._replace(values=f.values.copy(), mark=f.mark.copy(), work=f.work.copy()) for f in
                     (g.step, g.instant))  # fmt: skip
    right, driven = g.right.copy(), g.series_driven.copy()
    return g._replace(load=g.load.copy(), step=step, instant=instant, right=right, series_driven=driven)


@kernel
def reload(g: Topology):  # type: ignore[no-untyped-def]
    """Factor both matrices again with the admittances that stand in `load` now."""
    g.step.values[:] = g.step_values
    g.instant.values[:] = g.instant_values
    for k in range(g.load.size):
        more = g.load[k] - g.base_load[k]
        g.step.values[g.step_diagonal[k]] += more
        if g.instant_diagonal[k] >= 0:
            g.instant.values[g.instant_diagonal[k]] += more
    factorise(g.step)
    factorise(g.instant)


@inlined_kernel
def resolve(g: Topology, v: Complexes, i: Complexes, u: Complexes):  # type: ignore[no-untyped-def]
    """Find the node voltages right after a jump of a source, inductor currents and capacitor voltages held.

    Parameters
    ----------
    g : Topology
        The network.
    v : array, shape (n + sources + 1,)
        Voltages, sources and ground at the end; the first n are overwritten.
    i : array, shape (b,)
        Currents of the branches, tail to head; those of resistive branches are overwritten.
    u : array, shape (c,)
        Voltages of capacitors in series.
    """
    n = g.load.size
    right = g.right
    for k in range(n):
        right[k] = v[k] if g.capacitive[k] else 0.0
    for b in range(g.tail.size):
        a, e = g.tail[b], g.head[b]
        back = g.back[b]
        if g.resistive[b]:
            continue  # unknown ends stand in the matrix; a known end adds below
        rise = g.drop[b] * i[b]
        if a >= n:
            rise -= g.slope[b] * v[a] * g.forth[b]
        if e >= n:
            rise += g.slope[b] * v[e]
        if a < n:
            if g.algebraic[a]:
                right[a] -= i[b] * back
            if g.pivot[a] >= 0:
                right[g.pivot[a]] += rise * back
        if e < n:
            if g.algebraic[e]:
                right[e] += i[b]
            if g.pivot[e] >= 0:
                right[g.pivot[e]] -= rise
    for c in range(g.series.size):
        b = g.series[c]
        a, e, rise = g.tail[b], g.head[b], g.slope[b] * u[c]
        if a < n and g.pivot[a] >= 0:
            right[g.pivot[a]] += rise * g.back[b]
        if e < n and g.pivot[e] >= 0:
            right[g.pivot[e]] -= rise
    for b in range(g.tail.size):
        if g.resistive[b]:
            a, e = g.tail[b], g.head[b]
            if a >= n and e < n and g.algebraic[e]:
                right[e] += g.slope[b] * v[a] * g.forth[b]
            if e >= n and a < n and g.algebraic[a]:
                right[a] += g.slope[b] * v[e] * g.back[b]
    solve(g.instant, right, v)
    for b in range(g.tail.size):
        if g.resistive[b]:
            i[b] = g.slope[b] * (v[g.tail[b]] * g.forth[b] - v[g.head[b]])


@inlined_kernel
def _advance(g: Topology, v: Complexes, i: Complexes, u: Complexes, known: Complexes, euler: bool):  # type: ignore[no-untyped-def]
    """Take one step, trapezoidal or half as long by backward Euler; `known` are sources at its end."""
    n = g.load.size
    right = g.right
    for k in range(n):
        if not g.capacitive[k]:
            right[k] = 0.0
        elif euler:
            right[k] = g.charge_euler[k] * v[k]
        else:
            right[k] = (g.charge[k] - g.load[k]) * v[k]
    for c in range(g.series.size):
        # What is known of a capacitor's voltage drives its branch; the current at the end comes in last.
        b = g.series[c]
        past = (g.series_decay_euler[c] if euler else g.series_decay[c]) * u[c]
        driven = -g.push[b] * (past if euler else past + u[c])
        g.series_driven[c] = driven
        right[g.tail[b]] -= driven * g.back[b]
        right[g.head[b]] += driven
        u[c] = past if euler else past + g.series_push[c] * i[b]
    for k in range(n, v.size):
        v[k] += known[k]  # both ends of the step drive a branch of the trapezoidal rule
    for b in range(g.tail.size):
        a, e = g.tail[b], g.head[b]
        forth, before = g.forth[b], i[b]
        if euler:
            held = g.decay_euler[b] * before + g.push[b] * (known[a] * forth - known[e])
            before = 0.0j
        elif g.resistive[b]:
            held = g.push[b] * (known[a] * forth - known[e])
        else:
            held = g.decay[b] * before + g.push[b] * (v[a] * forth - v[e])
        i[b] = held
        # A capacitor's current at the beginning is what the balance of its node leaves.
        right[a] -= (held + g.carried[a] * before) * g.back[b]
        right[e] += held + g.carried[e] * before
    for c in range(g.series.size):
        i[g.series[c]] += g.series_driven[c]
    for k in range(n, v.size):
        v[k] = 0.0
    solve(g.step, right, v)
    for b in range(g.tail.size):
        i[b] += g.push[b] * (v[g.tail[b]] * g.forth[b] - v[g.head[b]])
    for k in range(n, v.size):
        v[k] = known[k]
    for c in range(g.series.size):
        u[c] += g.series_push[c] * i[g.series[c]]


@inlined_kernel
def trapezoid(g: Topology, v: Complexes, i: Complexes, u: Complexes, known: Complexes):  # type: ignore[no-untyped-def]
    """Advance voltages and currents by one step of the trapezoidal rule.

    Parameters
    ----------
    g : Topology
        The network.
    v, i, u : array, shapes (n + sources + 1,), (b,), (c,)
        Voltages, currents, and voltages of capacitors in series; overwritten.
    known : array, shape (n + sources + 1,)
        Voltages of sources and ground at the end of the step, zero for nodes.
    """
    _advance(g, v, i, u, known, False)


@kernel
def half_steps(g: Topology, v: Complexes, i: Complexes, u: Complexes, middle: Complexes, known: Complexes):  # type: ignore[no-untyped-def]
    """Advance by two half-steps of backward Euler, as after switching; parameters as `trapezoid`."""
    _advance(g, v, i, u, middle, True)
    _advance(g, v, i, u, known, True)
