"""Power flow: voltages of a network for the references of its devices, and what each device then gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gridforming.assembly import GROUND, LEAK
from gridforming.converter import Converter
from gridforming.errors import InitialisationError
from gridforming.machine import Motor, SynchronousMachine, slip_at
from gridforming.step import admittance
from gridforming.system import Model, State, System, dead, device_branch, device_kind

__all__ = ["device_branches", "device_currents", "phasor_matrix", "power_flow"]

_LEAST = 1e-3  # voltage that power is divided by for a current [pu]
Holding = Converter | SynchronousMachine
Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


def device_branches(system: System) -> tuple[str, ...]:
    """Return the branch that the voltage of each device stands behind."""
    return tuple(device_branch(device) for device in system.devices)


def phasor_matrix(model: Model) -> Complexes:
    """Return the nodal admittance at the frame's speed over all nodes and sources, those of devices left out."""
    node = {name: k for k, name in enumerate((*model.circuit.nodes, *model.circuit.sources, GROUND))}
    root = model.index
    size = len(node)
    y = np.zeros((size, size), np.complex128)
    own = device_branches(model.system)
    for b in model.circuit.branches:
        if b.name in own:
            continue
        admittance = 1.0 / b.impedance(model.frame_speed)
        a, e, t = node[b.tail], node[b.head], complex(b.ratio)
        y[a, a] += admittance / abs(t) ** 2
        y[e, e] += admittance
        y[a, e] -= admittance / t.conjugate()
        y[e, a] -= admittance / t
    for name, value in model.circuit.load.items():
        y[node[name], node[name]] += value
    for name, susceptance in model.circuit.susceptance.items():
        y[node[name], node[name]] += 1j * model.frame_speed * susceptance
    joined = np.zeros((int(root.max()) + 1, size))
    joined[root, np.arange(size)] = 1.0
    y = joined @ y @ joined.T
    n = model.assembled.topology.load.size
    y[np.arange(n), np.arange(n)] += LEAK
    return y


def power_flow(model: Model, state: State | None = None, *, strict: bool = True) -> Complexes:
    """Return voltages by node, source and ground for the references of the devices, shape (nodes + sources + 1,).

    Following converters give active and reactive power, forming ones and synchronous machines active power and voltage;
    the first of these in an island without a grid holds its angle and gives what is missing. Motors carry their load.

    Parameters
    ----------
    model : Model
        The system; loads count with their voltage dependence.
    state : State, optional
        Whose references count; those of the system unless given.
    strict : bool
        Whether a flow without solution is an error; else what comes nearest is returned.

    Raises
    ------
    InitialisationError
        No solution is found.
    """
    from scipy.optimize import root

    system = model.system
    start = state or dead(model)
    y = phasor_matrix(model)
    n = model.assembled.topology.load.size
    known = np.zeros(y.shape[0], np.complex128)
    known[model.index] = start.v
    power = np.zeros(n, np.complex128)
    magnitude: dict[int, float] = {}
    holds: dict[int, Holding] = {}
    charging = np.zeros(n)  # of capacitors that following converters account for
    slack: int | None = None
    motors: list[tuple[int, Motor, float]] = []
    nodes = [*model.places.node, *model.places.machine_node]
    for device, node, record in zip(system.devices, nodes, [*start.converters, *start.machines], strict=True):
        scale = system.scale(device)
        if isinstance(device, Motor):
            motors.append((node, replace(device, load=float(record["p_ref"])), scale))
        elif isinstance(device, Converter) and not device.forming:
            power[node] += complex(record["p_ref"], record["q_ref"]) / scale
            charging[node] -= device.filter.susceptance * model.frame_speed / scale
        else:
            power[node] += record["p_ref"] / scale
            _agree(holds.setdefault(node, device), device)
            magnitude[node] = float(record["v_ref"])
            if not system.grids and slack is None:
                slack = node

    def voltages(z: Floats) -> Complexes:
        v = known.copy()
        v[:n] = z[:n] * np.exp(1j * z[n:])
        return v

    def mismatch(z: Floats) -> Floats:
        v = voltages(z)
        missing = v[:n] * np.conj(y[:n] @ v) - power
        for k, node in enumerate(model.places.load):
            missing[node] += z[node] ** 2 * np.conj(admittance(start.loads[k], z[node]))
        for node, motor, scale in motors:
            slip = slip_at(motor, z[node], model.frame_speed)
            missing[node] += z[node] ** 2 / np.conj(motor.impedance(slip, model.frame_speed)) / scale
        active, reactive = missing.real.copy(), missing.imag + charging * z[:n] ** 2
        for node, wanted in magnitude.items():
            reactive[node] = z[node] - wanted
        if slack is not None:
            active[slack] = z[n + slack]
        return np.concatenate([active, reactive])

    guess = np.concatenate([np.ones(n), np.full(n, np.angle(known[n]) if system.grids else 0.0)])
    found = root(mismatch, guess, method="hybr", options={"xtol": 1e-12})
    if strict and np.abs(mismatch(found.x)).max() > 1e-8:
        raise InitialisationError(
            "power flow: no solution for the references of the devices, expected one; the largest mismatch left is "
            f"{np.abs(mismatch(found.x)).max():.3g} pu"
        )
    for node, motor, _ in motors if strict else ():
        size = abs(float(found.x[node]))
        slip = slip_at(motor, size, model.frame_speed)
        made, load = motor.torque(slip, model.frame_speed, size), motor.load_at(slip, model.frame_speed)
        if made < load - 1e-6:
            raise InitialisationError(
                f'motor "{motor.name}": found a load of {load:.3g} pu, expected less than its pull-out torque, '
                f"{made:.3g} pu at {size:.3g} pu of voltage"
            )
    return voltages(found.x)[model.index]


def _agree(first: Holding, other: Holding) -> None:
    """Refuse a machine and another device that hold one bus at two voltages."""
    if first.voltage != other.voltage and not (isinstance(first, Converter) and isinstance(other, Converter)):
        raise InitialisationError(
            f'bus "{first.bus}": found voltages of {first.voltage:g} pu for {device_kind(first)} "{first.name}" and '
            f'{other.voltage:g} pu for {device_kind(other)} "{other.name}", expected one'
        )


def device_currents(model: Model, state: State, v: Complexes) -> list[complex]:
    """Return the current that each device gives to its node at the voltages of a power flow [pu of the network].

    Motors take what their load asks for, the others give what their references say; what a node needs beside that is
    shared by rating among the devices that hold its voltage.

    Parameters
    ----------
    model, state : Model, State
        With the references of devices and the admittances of loads.
    v : array, shape (nodes + sources + 1,)
        Voltages.
    """
    system = model.system
    y = phasor_matrix(model)
    joined = np.zeros(y.shape[0], np.complex128)
    joined[model.index] = v
    needed = y @ joined
    for k, node in enumerate(model.places.load):
        needed[node] += state.loads[k]["admittance"] * joined[node]
    nodes = [int(node) for node in (*model.places.node, *model.places.machine_node)]
    found: list[complex] = []
    for device, node, record in zip(system.devices, nodes, [*state.converters, *state.machines], strict=True):
        at, scale = complex(joined[node]), system.scale(device)
        if isinstance(device, Motor):
            given = -at / device.impedance(slip_at(device, abs(at), model.frame_speed), model.frame_speed)
        else:
            reactive = record["q_ref"] if isinstance(device, Converter) and not device.forming else 0.0
            given = (complex(record["p_ref"], reactive) / at).conjugate() if abs(at) > _LEAST else 0.0j
        found.append(given / scale)
        needed[node] -= given / scale
    for node in set(nodes):
        here = [k for k, at in enumerate(nodes) if at == node and not isinstance(system.devices[k], Motor)]
        holding = [k for k in here if system.devices[k].name in system.holding] or here
        whole = sum(system.devices[k].rated_power for k in holding)
        for k in holding:
            found[k] += complex(needed[node]) * system.devices[k].rated_power / whole
    return found
