"""Linear models of a system at rest: the Jacobian of the very step that simulates, its modes, and its admittance.

The model is discrete, one common sampling period of all converters long; holds and computational delays are states of
their own. Eigenvalues z become s = ln(z) / T.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gridforming.errors import SmallSignalError
from gridforming.fixed_point import STEP, OperatingPoint, movement, neighbours, period_map, state_names, turning
from gridforming.machine import Motor
from gridforming.machine_step import SYNCHRONOUS_STATES
from gridforming.step import CHANGED
from gridforming.system import State, advance
from turbine.errors import nearest

if TYPE_CHECKING:
    import control

__all__ = ["LinearModel", "Mode", "linearise"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

_CORNER = 1e-3  # difference of one-sided derivatives that tells of a limiter, relative to the largest of the column
_STILL = 1e-9  # rounding of a central difference: a state that moves less is a constant
_DEAD = 1e-4  # |z| below which a mode is a delay or a held value
_ALTERNATING = 0.05  # |z + 1| below which a mode is the trapezoidal rule's own
_INPUTS = {"active": "p_ref", "reactive": "q_ref", "voltage": "v_ref", "speed": "w_ref"}
_MACHINE_INPUTS = {"active": "p_ref", "load": "p_ref", "voltage": "v_ref"}
_SPEED = SYNCHRONOUS_STATES.index("speed")
_OUTPUTS = {"active_power": "p", "reactive_power": "q", "speed": "speed"}


@dataclass(frozen=True)
class Mode:
    """An eigenvalue and the states that take part in it.

    Parameters
    ----------
    z, s : complex
        Eigenvalue of the period, and of continuous time [1/s].
    label : str
        "" for a physical mode, "delay", "numerical" or "rotation".
    participation : mapping of str to float
        Share of the states that take part most, summing to 1 over all states.
    """

    z: complex
    s: complex
    label: str
    participation: dict[str, float] = field(repr=False)

    @property
    def frequency_hz(self) -> float:
        """Of its oscillation in the frame that turns [Hz]: f there is 50 - f and 50 + f in phases of 50 Hz."""
        return abs(self.s.imag) / (2.0 * math.pi)

    @property
    def damping(self) -> float:
        """Damping ratio [-]."""
        return -self.s.real / abs(self.s) if abs(self.s) > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class LinearModel:
    """x(k + 1) = A x + B u, y = C x + D u, deviations from an operating point.

    Parameters
    ----------
    a, b, c, d : array, shapes (n, n), (n, m), (p, n), (p, m)
        Matrices.
    states, inputs, outputs : tuple of str
        Names.
    period : float
        [s].
    point : OperatingPoint
        Where.
    """

    a: Floats
    b: Floats
    c: Floats
    d: Floats
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    period: float
    point: OperatingPoint

    def __repr__(self) -> str:
        """Return sizes, not the matrices."""
        sizes = f"{len(self.states)} states, {len(self.inputs)} inputs, {len(self.outputs)} outputs"
        return f"LinearModel({sizes}, period={self.period:g} s)"

    def state_space(self) -> control.StateSpace:
        """Return the model for python-control, discrete in time."""
        import control

        return control.StateSpace(
            self.a,
            self.b,
            self.c,
            self.d,
            self.period,
            states=list(self.states),
            inputs=list(self.inputs),
            outputs=list(self.outputs),
            remove_useless_states=False,
        )

    def modes(self, *, physical: bool = True) -> list[Mode]:
        """Return the modes, slowest decay first; with `physical`, without delays and what is numerical.

        Notes
        -----
        Participation factors: Perez-Arriaga, Verghese and Schweppe 1982, doi:10.1109/TPAS.1982.317524.
        """
        from scipy.linalg import eig

        values, left, right = eig(self.a, left=True, right=True)
        made = []
        for k, z in enumerate(values):
            share = np.abs(left[:, k].conj() * right[:, k])
            share = share / share.sum() if share.sum() > 0.0 else share
            most = np.argsort(share)[::-1][:6]
            label = self._label(complex(z))
            s = cmath.log(z) / self.period if abs(z) > 0.0 else complex(-math.inf)
            made.append(Mode(complex(z), s, label, {self.states[j]: float(share[j]) for j in most}))
        made.sort(key=lambda mode: (-mode.s.real, abs(mode.s.imag), mode.s.imag))
        return [m for m in made if not m.label] if physical else made

    def _label(self, z: complex) -> str:
        if abs(z) < _DEAD:
            return "delay"
        if abs(z + 1.0) < _ALTERNATING:
            return "numerical"
        if not self.point.model.system.grids and abs(z - 1.0) < 1e-7:
            return "rotation"
        return ""

    def stable(self) -> bool:
        """Return whether all modes but the rotation of an island decay."""
        return all(abs(m.z) < 1.0 for m in self.modes(physical=False) if m.label != "rotation")

    def response(self, output: str, given: str, frequency_hz: npt.ArrayLike) -> Complexes:
        """Return the frequency response from an input to an output, shape (n,)."""
        y, u = self._number("output", output, self.outputs), self._number("input", given, self.inputs)
        z = np.exp(2j * math.pi * np.atleast_1d(np.asarray(frequency_hz, np.float64)) * self.period)
        eye = np.eye(self.a.shape[0])
        found = [self.c[y] @ np.linalg.solve(point * eye - self.a, self.b[:, u]) + self.d[y, u] for point in z]
        return np.array(found)

    @staticmethod
    def _number(kind: str, name: str, known: Sequence[str]) -> int:
        if name not in known:
            raise SmallSignalError(f'no {kind} "{name}"{nearest(name, known)}; known: {", ".join(known)}')
        return known.index(name)


def linearise(point: OperatingPoint) -> LinearModel:
    """Return the linear model of a system at an operating point.

    Inputs are the references of all devices (the load of motors) and voltage and phase of all grids; outputs are power
    and speed of all devices, voltages of all buses and currents of all grids (`d` and `q` in the frame of the operating
    point).

    Parameters
    ----------
    point : OperatingPoint
        From `operating_point`.

    Returns
    -------
    LinearModel
        Discrete, with the states that move.

    Raises
    ------
    SmallSignalError
        A limiter stands exactly at its corner, so that there is no derivative.
    """
    if not isinstance(point, OperatingPoint):
        raise SmallSignalError(f"linearise: found a {type(point).__name__}, expected what operating_point returns")
    model, state = point.model, point.state
    names, angles, outputs = state_names(model), turning(model), _output_names(point)
    # Node voltages follow anew from currents and sources at the beginning of each period, as after a source's change.
    rest = period_map(model, state, begin=CHANGED)
    moved, measured = _differences(point, names, angles, rest, len(outputs))
    inputs: list[str] = []
    b: list[Floats] = []
    d: list[Floats] = []
    for name, change in _changes(point):
        up, down = change(STEP), change(-STEP)
        after = [period_map(model, s, begin=CHANGED) for s in (up, down)]
        inputs.append(name)
        b.append(movement(angles, *after) / (2.0 * STEP))
        d.append((_outputs(point, up) - _outputs(point, down)) / (2.0 * STEP))
    # What stands still whatever happens is a constant here, not a state.
    still = np.abs(moved - np.eye(rest.size)).max(axis=1) < _STILL
    if b:
        still &= ~np.any(np.stack(b, axis=1) != 0.0, axis=1)
    # The voltage of a grid is an input from the beginning of a period on, not a state.
    given = {f"{axis} of {grid.name}" for grid in model.system.grids for axis in ("v_d", "v_q")}
    still |= np.array([name in given for name in names])
    kept = np.flatnonzero(~still)
    return LinearModel(
        a=moved[np.ix_(kept, kept)],
        b=np.stack(b, axis=1)[kept] if b else np.zeros((kept.size, 0)),
        c=measured[:, kept],
        d=np.stack(d, axis=1) if d else np.zeros((len(outputs), 0)),
        states=tuple(names[k] for k in kept),
        inputs=tuple(inputs),
        outputs=outputs,
        period=model.period * model.time_step,
        point=point,
    )


def _differences(
    point: OperatingPoint, names: list[str], angles: npt.NDArray[np.bool_], rest: Floats, seen: int
) -> tuple[Floats, Floats]:
    """Return the derivatives of the period's map and of the outputs by the states; refuse corners."""
    moved, measured = np.zeros((len(names), len(names))), np.zeros((seen, len(names)))
    for k, size, up, down in neighbours(point.state):
        more, less = (period_map(point.model, s, begin=CHANGED) for s in (up, down))
        forward, backward = movement(angles, more, rest) / size, movement(angles, rest, less) / size
        largest = max(float(np.abs(forward).max()), 1.0)
        apart = np.abs(forward - backward)
        if float(apart.max()) > _CORNER * largest:
            raise SmallSignalError(
                f"no derivative: {names[int(np.argmax(apart))]} answers differently to more and to less of {names[k]}; "
                "a limiter stands exactly at its corner, move the operating point"
            )
        moved[:, k] = 0.5 * (forward + backward)
        measured[:, k] = (_outputs(point, up) - _outputs(point, down)) / (2.0 * size)
    return moved, measured


def _outputs(point: OperatingPoint, state: State) -> Floats:
    """Return the outputs at a state: powers, speeds of devices, d and q of bus voltages and of grid currents."""
    _, rows, _ = advance(point.model, state, 1, begin=CHANGED, stride=1)
    parts: list[Any] = []
    for name in _OUTPUTS.values():
        own = rows.machines["s"][0, :, _SPEED] if name == "speed" else rows.machines[name][0]
        parts += [rows.converters[name][0], own]
    buses = len(point.model.system.network.buses)
    parts += [rows.v[0, :buses].real, rows.v[0, :buses].imag]
    names = [b.name for b in point.model.circuit.branches]
    current = rows.i[0, [names.index(g.name) for g in point.model.system.grids]]
    parts += [current.real, current.imag]
    return np.concatenate(parts)


def _output_names(point: OperatingPoint) -> tuple[str, ...]:
    system = point.model.system
    names = [f"{title} of {d.name}" for title in _OUTPUTS for d in system.devices]
    names += [f"voltage_{axis} of {bus}" for axis in "dq" for bus in system.network.bus_names]
    names += [f"current_{axis} of {grid.name}" for axis in "dq" for grid in system.grids]
    return tuple(names)


def _changes(point: OperatingPoint) -> list[tuple[str, Any]]:
    """Return the inputs: name, and a function that gives the state with the input moved."""
    system, model = point.model.system, point.model
    found: list[tuple[str, Any]] = []

    def reference(field_name: str, k: int, devices: str = "converters") -> Any:
        def moved(size: float) -> State:
            state = point.state.copy()
            getattr(state, devices)[field_name][k] += size
            return state

        return moved

    def grid(field_name: str, k: int, place: int) -> Any:
        def moved(size: float) -> State:
            state = point.state.copy()
            record: Any = state.grids[k]
            record[field_name] += size
            state.v[place] = record["voltage"] * np.exp(1j * record["phase"])
            return state

        return moved

    for title, field_name in _INPUTS.items():
        for k, converter in enumerate(system.converters):
            if title in ("voltage", "speed") and not converter.forming:
                continue
            found.append((f"{title} of {converter.name}", reference(field_name, k)))
    for k, machine in enumerate(system.machines):
        titles = ["load"] if isinstance(machine, Motor) else ["active", "voltage"] if machine.exciter else ["active"]
        for title in titles:
            found.append((f"{title} of {machine.name}", reference(_MACHINE_INPUTS[title], k, "machines")))
    for k, source in enumerate(system.grids):
        place = len(model.circuit.nodes) + model.circuit.sources.index(source.name)
        for title in ("voltage", "phase"):
            found.append((f"{title} of {source.name}", grid(title, k, place)))
    return found
