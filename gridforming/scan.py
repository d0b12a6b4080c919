"""Frequency scans: dq admittance and impedance, generalised Nyquist, and power against the grid's frequency.

A scan comes from the linear model of the sampled system, so that it holds sampling and delay, up to half the sampling
frequency. Currents and voltages of a step are those of the trapezoidal rule: current at the beginning of the step,
voltage as its mean, and for these the impedance of a grid is exactly l (z - 1)/h + (r + j w l)(z + 1)/2.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gridforming.assembly import warped
from gridforming.errors import SmallSignalError
from gridforming.linear import LinearModel

__all__ = ["admittance", "eigenloci", "encirclements", "frequency_perturbation", "grid_impedance"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


def _points(model: LinearModel, frequency_hz: npt.ArrayLike) -> Complexes:
    frequency = np.atleast_1d(np.asarray(frequency_hz, np.float64))
    highest = 0.5 / model.period
    if np.any(np.abs(frequency) > highest):
        raise SmallSignalError(
            f"frequency: found {float(np.abs(frequency).max()):g} Hz, expected at most {highest:g} Hz, half of the "
            "sampling frequency"
        )
    return np.asarray(np.exp(2j * math.pi * frequency * model.period))


def grid_impedance(
    model: LinearModel, frequency_hz: npt.ArrayLike, *, resistance: float, reactance: float
) -> Complexes:
    """Return the impedance of a grid in dq, shape (n, 2, 2) [pu of the network].

    Parameters
    ----------
    model : LinearModel
        Gives step and frame.
    frequency_hz : float or array, shape (n,)
        In the frame that turns [Hz].
    resistance, reactance : float
        Of the grid, the reactance at nominal frequency [pu].
    """
    point = model.point.model
    z = _points(model, frequency_hz)
    inductance = reactance / point.system.nominal_speed
    inertia = warped(inductance, point.time_step, point.frame_speed * point.system.nominal_speed)
    own = inertia * (z - 1.0) + 0.5 * resistance * (z + 1.0)
    cross = 0.5 * point.frame_speed * reactance * (z + 1.0)
    return np.moveaxis(np.array([[own, -cross], [cross, own]]), 2, 0)


def admittance(model: LinearModel, grid: str, frequency_hz: npt.ArrayLike) -> Complexes:
    """Return the admittance in dq of all that stands behind a grid's bus, seen from the grid, shape (n, 2, 2) [pu].

    Parameters
    ----------
    model : LinearModel
        Of a system with that grid, at one network step per sampling period; the d axis is that of its frame.
    grid : str
        Name of the grid.
    frequency_hz : float or array, shape (n,)
        In the frame that turns [Hz].

    Raises
    ------
    SmallSignalError
        No such grid, several network steps per period, or frequencies over half the sampling frequency.

    Notes
    -----
    Sun 2011, doi:10.1109/TPEL.2011.2136439; Wen et al. 2016, doi:10.1109/TPEL.2015.2398192.
    """
    point = model.point.model
    if point.period != 1:
        raise SmallSignalError(
            f"admittance: found {point.period} network steps per sampling period, expected 1; build the operating "
            "point with the sampling period as time_step"
        )
    found = next((g for g in point.system.grids if g.name == grid), None)
    if found is None:
        raise SmallSignalError(f'no grid "{grid}"; known: {", ".join(g.name for g in point.system.grids) or "none"}')
    record = model.point.state.grids[point.system.grids.index(found)]
    e, phase = float(record["voltage"]), float(record["phase"])
    # Magnitude and phase of the source to d and q: d = e cos, q = e sin.
    turn = np.array([[math.cos(phase), -e * math.sin(phase)], [math.sin(phase), e * math.cos(phase)]])
    rows = [[model.response(f"current_{axis} of {grid}", f"{what} of {grid}", frequency_hz) for what in
             ("voltage", "phase")] for axis in "dq"]  # fmt: skip
    whole = np.moveaxis(np.array(rows), 2, 0) @ np.linalg.inv(turn)
    behind = np.linalg.inv(whole) - grid_impedance(
        model, frequency_hz, resistance=found.resistance, reactance=found.reactance
    )
    return np.asarray(np.linalg.inv(behind))


def eigenloci(impedance: Complexes, load: Complexes) -> Complexes:
    """Return the eigenvalues of Z Y by frequency, joined to two lines, shape (n, 2)."""
    values = np.linalg.eigvals(impedance @ load)
    for k in range(1, values.shape[0]):
        straight = np.abs(values[k] - values[k - 1]).sum()
        crossed = np.abs(values[k, ::-1] - values[k - 1]).sum()
        if crossed < straight:
            values[k] = values[k, ::-1]
    return np.asarray(values)


def encirclements(impedance: Complexes, load: Complexes) -> int:
    """Return how often the eigenloci of Z Y turn round -1, clockwise, over all frequencies.

    Parameters
    ----------
    impedance, load : array, shape (n, 2, 2)
        At frequencies from above zero to half the sampling frequency, ascending; negative ones mirror them.

    Returns
    -------
    int
        Number of unstable modes, where impedance and load are stable each by itself.

    Raises
    ------
    SmallSignalError
        Frequencies are too far apart to follow the loci.

    Notes
    -----
    MacFarlane and Postlethwaite 1977, doi:10.1080/00207177708922239.
    """
    around = np.linalg.det(np.eye(2) + impedance @ load)
    whole = np.concatenate([around[::-1].conj(), around])  # by way of zero
    turned = np.angle(whole[1:] / whole[:-1])
    closing = float(np.angle(whole[0] / whole[-1]))
    if np.abs(turned).max() > 0.5 * math.pi:
        k = int(np.argmax(np.abs(turned)))
        raise SmallSignalError(
            f"encirclements: the loci turn by {abs(float(turned[k])):.2f} rad between two frequencies, expected less "
            "than a quarter turn; take more frequencies"
        )
    return -round((float(turned.sum()) + closing) / (2.0 * math.pi))


def frequency_perturbation(model: LinearModel, converter: str, grid: str, frequency_hz: npt.ArrayLike) -> Complexes:
    """Return power over frequency of a grid's source, both in pu, shape (n,): the network frequency perturbation plot.

    Parameters
    ----------
    model : LinearModel
        Of a system with that converter and grid.
    converter, grid : str
        Names.
    frequency_hz : float or array, shape (n,)
        Of the modulation [Hz].

    Notes
    -----
    National Grid ESO, GB Grid Forming best practice guide 2023.
    """
    z = _points(model, frequency_hz)
    by_phase = model.response(f"active_power of {converter}", f"phase of {grid}", frequency_hz)
    return np.asarray(by_phase * model.period * model.point.model.system.nominal_speed / (z - 1.0))
