"""Linear models of the machine, with and without its controller, from the very step that simulates.

The derivative of the compiled step at its fixed point is the discrete state-space model; sampling and holds are in it.
Eigenvalues z of the step belong to s = log(z) / T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from turbine.errors import LinearError
from turbine.model import Model, Records
from turbine.plant import plant_step
from turbine.step import CHANNELS, generator_speed
from turbine.trim import (
    References,
    Steady,
    advance,
    row,
    scales,
    state_names,
    state_vector,
    steady_state,
    with_state,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LinearModel", "Mode", "linearise", "linearise_plant"]

Floats = npt.NDArray[np.float64]

_STEP = 1e-6  # change by which derivatives are taken, relative to a state's scale [-]
_KINK = 1e-3  # difference of one-sided derivatives that counts as a corner [-]
_GONE = 1e-7  # |z| below which a mode is memory of one sample, no dynamics [-]

_HELD = 1e-9  # |z - 1| below which a state holds whatever it holds [-]

#: Channels that are outputs of the linear models: all but time, the azimuth and counters.
OUTPUTS = tuple(name for name, _, _ in CHANNELS if name not in ("time", "azimuth", "mode", "region", "limited"))


@dataclass(frozen=True)
class Mode:
    """One mode of a linear model.

    Parameters
    ----------
    eigenvalue : complex
        s [1/s].
    frequency_hz : float
        |s| / 2 pi [Hz].
    damping : float
        -Re(s) / |s| [-].
    state : str
        The state that takes most part in it.
    participation : float
        Its share [-].
    """

    eigenvalue: complex
    frequency_hz: float
    damping: float
    state: str
    participation: float


@dataclass(frozen=True, eq=False)
class LinearModel:
    """x[k+1] = A x[k] + B u[k], y[k] = C x[k] + D u[k], deviations from a steady state.

    Parameters
    ----------
    a, b, c, d : array
        Matrices; units are those of states, inputs and outputs.
    states, inputs, outputs : tuple of str
        Names.
    period : float
        T [s].
    steady : Steady
        Where it was taken.
    """

    a: Floats
    b: Floats
    c: Floats
    d: Floats
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    period: float
    steady: Steady

    def state_space(self) -> Any:
        """Return the model as `control.StateSpace` with its sampling time and names."""
        import control

        return control.ss(
            self.a,
            self.b,
            self.c,
            self.d,
            self.period,
            states=[name.replace(".", "_") for name in self.states],
            inputs=list(self.inputs),
            outputs=list(self.outputs),
        )

    def eigenvalues(self) -> npt.NDArray[np.complex128]:
        """Return s of every mode that lasts longer than a sample and moves [1/s], slowest decay last."""
        z = np.linalg.eigvals(self.a)
        z = z[(np.abs(z) > _GONE) & (np.abs(z - 1.0) > _HELD)].astype(np.complex128)
        s = np.log(z) / self.period
        return np.asarray(s[np.argsort(s.real)], np.complex128)

    def modes(self) -> list[Mode]:
        """Return the modes with frequency, damping and the state that takes most part, least damped first.

        Left out: memory of a single sample (z = 0) and states that hold whatever they hold (z = 1). Participation after
        Perez-Arriaga, Verghese and Schweppe 1982, doi:10.1109/TPAS.1982.317524.
        """
        z, right = np.linalg.eig(self.a)
        left = np.linalg.pinv(right)
        shares = np.abs(right * left.T)
        found = []
        for k in range(z.size):
            if abs(z[k]) <= _GONE or abs(z[k] - 1.0) <= _HELD or z[k].imag < 0.0:
                continue
            s = complex(np.log(complex(z[k])) / self.period)
            part = shares[:, k] / shares[:, k].sum()
            top = int(np.argmax(part))
            damping = -s.real / abs(s) if s else math.nan
            found.append(Mode(s, abs(s) / (2.0 * math.pi), damping, self.states[top], float(part[top])))
        return sorted(found, key=lambda mode: mode.eigenvalue.real, reverse=True)

    def table(self) -> pd.DataFrame:
        """Return the modes as a table."""
        import pandas as pd

        return pd.DataFrame(
            [(m.eigenvalue.real, m.eigenvalue.imag, m.frequency_hz, m.damping, m.state) for m in self.modes()],
            columns=["real [1/s]", "imaginary [rad/s]", "frequency [Hz]", "damping [-]", "state"],
        )

    def response(self, name: str, values: npt.ArrayLike) -> dict[str, Floats]:
        """Return the outputs' deviations, shape (n,), after deviations of one input by sample, shape (n,)."""
        if name not in self.inputs:
            raise LinearError(f'no input "{name}"; known: {", ".join(self.inputs)}')
        k = self.inputs.index(name)
        given = np.asarray(values, np.float64)
        x = np.zeros(self.a.shape[0])
        found = np.empty((given.size, len(self.outputs)))
        for i, u in enumerate(given):
            found[i] = self.c @ x + self.d[:, k] * u
            x = self.a @ x + self.b[:, k] * u
        return {output: found[:, j] for j, output in enumerate(self.outputs)}


def linearise(model: Model, wind_speed: float, references: References | None = None) -> LinearModel:
    """Return the linear model of machine and controller; its input is the wind speed.

    Parameters
    ----------
    model : Model
        From `turbine.model.build`.
    wind_speed : float
        [m/s].
    references : References, optional
        What the grid wants.

    Returns
    -------
    LinearModel
        About the steady state, which is computed.

    Raises
    ------
    TrimError
        There is no steady state.
    LinearError
        A limiter stands exactly at its corner: there is no one derivative.
    """
    steady = steady_state(model, wind_speed, references)
    quiet = _free_pitch(model.steady().unsupervised())

    def sample(records: Records, u: Floats) -> tuple[Floats, Floats]:
        values = row(quiet, records, wind_speed + u[0])
        after = records.copy()
        advance(quiet, after, wind_speed + u[0])
        return state_vector(after), np.array([values[name] for name in OUTPUTS])

    base = state_vector(steady.records)
    size = scales(quiet, base)
    return _differentiate(
        sample,
        steady,
        lambda x: with_state(steady.records, x),
        base,
        size,
        state_names(),
        ("wind_speed",),
        np.array([wind_speed]),
        quiet.sample,
    )


def linearise_plant(model: Model, wind_speed: float, references: References | None = None) -> LinearModel:
    """Return the linear model of the machine alone; its inputs are wind speed, pitch command and air-gap torque.

    Parameters, result and errors as `linearise`; the period is the machine's step.
    """
    steady = steady_state(model, wind_speed, references)
    quiet = _free_pitch(model.steady())
    names = tuple(n for n in state_names() if n.startswith("plant."))
    command = float(steady.records.control[0]["pitch"])
    torque = float(steady.records.flow[0]["airgap_torque"])
    channels = {
        "electrical_power": "electrical_power",
        "aero_torque": "aero_torque",
        "thrust": "thrust",
        "shaft_torque": "shaft_torque",
        "tower_base_fore_aft_moment": "fore_aft_moment",
        "tower_base_side_side_moment": "side_side_moment",
        "tower_acceleration": "fore_aft_acceleration",
    }
    whole = state_vector(steady.records)
    base, size = whole[: len(names)], scales(quiet, whole)[: len(names)]

    def rebuild(x: Floats) -> Records:
        return with_state(steady.records, np.concatenate([x, whole[len(names) :]]))

    def sample(records: Records, u: Floats) -> tuple[Floats, Floats]:
        z = records.plant[0]["z"].copy()
        pitch, turning = float(records.plant[0]["pitch"]), generator_speed(records.plant[0], quiet.plant)
        after = records.copy()
        x, _, f, e, _ = after.unpack()
        plant_step(x, f, e, quiet.plant, wind_speed + u[0], command + u[1], torque + u[2], 0.0)
        outputs = [z[5], turning, pitch, z[3], z[4]]
        outputs += [float(f[name]) for name in channels.values()]
        return state_vector(after)[: len(names)], np.array(outputs)

    outputs = ("rotor_speed", "generator_speed", "pitch_angle", "tower_fore_aft", "tower_side_side", *channels)
    sizes = np.array([wind_speed, 0.1, quiet.control.rated_torque])
    return _differentiate(
        sample,
        steady,
        rebuild,
        base,
        size,
        names,
        ("wind_speed", "pitch_command", "generator_torque"),
        sizes,
        quiet.plant.mechanics.time_step,
        outputs,
    )


def _free_pitch(model: Model) -> Model:
    """Return the same with the pitch drive's stops out of the way: below rated the blades stand exactly at one.

    There the command rests on the controller's own limit and holds them, so that nothing but the corner is lost.
    """
    limits = model.plant.pitch_limits + np.array([-1.0, 1.0, 0.0])
    return replace(model, plant=model.plant._replace(pitch_limits=limits))


def _differentiate(
    sample: Any,
    steady: Steady,
    rebuild: Any,
    base: Floats,
    size: Floats,
    states: tuple[str, ...],
    inputs: tuple[str, ...],
    input_size: Floats,
    period: float,
    outputs: tuple[str, ...] = OUTPUTS,
) -> LinearModel:
    """Return the model from central differences, after a look at whether one-sided ones agree."""
    zero = np.zeros(len(inputs))
    middle = sample(rebuild(base), zero)
    scale = np.concatenate([size, np.maximum(np.abs(middle[1]), 1e-3 * np.abs(middle[1]).max())])

    def derivative(name: str, ahead: Any, behind: Any, width: float) -> tuple[Floats, Floats]:
        up, down = (np.concatenate(side) - np.concatenate(middle) for side in (ahead, behind))
        apart = np.abs(up + down)[: size.size] / scale[: size.size]
        moved = max(float((np.abs(up - down)[: size.size] / scale[: size.size]).max()), _STEP)
        if apart.max() > _KINK * moved:
            k = int(np.argmax(apart))
            raise LinearError(
                f"no derivative at {steady.wind_speed:g} m/s: {states[k]} answers differently to more and to less of "
                f"{name}; a limiter stands exactly at its corner, take a wind speed beside it"
            )
        slope = (up - down) / (2.0 * width)
        return slope[: size.size], slope[size.size :]

    n = base.size
    a, c = np.empty((n, n)), np.empty((len(outputs), n))
    for k in range(n):
        ends = []
        for sign in (1.0, -1.0):
            moved = base.copy()
            moved[k] += sign * _STEP * size[k]
            ends.append(sample(rebuild(moved), zero))
        a[:, k], c[:, k] = derivative(states[k], ends[0], ends[1], _STEP * size[k])
    b, d = np.empty((n, len(inputs))), np.empty((len(outputs), len(inputs)))
    for k, name in enumerate(inputs):
        ends = []
        for sign in (1.0, -1.0):
            u = zero.copy()
            u[k] = sign * _STEP * input_size[k]
            ends.append(sample(rebuild(base), u))
        b[:, k], d[:, k] = derivative(name, ends[0], ends[1], _STEP * input_size[k])
    return LinearModel(a, b, c, d, states, inputs, outputs, period, steady)
