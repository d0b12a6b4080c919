"""Wind speed of the rotor from its own speed, torque and pitch: an extended Kalman filter with the rotor as anemometer.

States: rotor speed, turbulent and mean part of the wind speed. The mean wanders (a random walk), turbulence fades with
a time constant that belongs to the mean and a length scale of six radii.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from turbine.compiled import kernel
from turbine.surface_math import SurfaceArrays, torque_thrust

__all__ = ["ESTIMATOR", "EstimatorParameters", "estimator_settle", "estimator_start", "estimator_step", "interpolated"]

Floats = npt.NDArray[np.float64]
Record = Any

LENGTH = 6.0  #: length scale of turbulence [rotor radii]
INTENSITY = 0.18  #: of the turbulence that the filter expects [-]
LEAST_CP = 0.02  #: by which the filter weighs the wind where the rotor takes next to nothing from it [-]
SPEED_NOISE = 0.02  #: variance of the measured rotor speed [(rad/s)2]
SPEED_DRIFT = 1e-5  #: process noise of the rotor speed [(rad/s)2/s]
MEAN_DRIFT = 4.0 / 600.0  #: process noise of the mean wind speed: 2 m/s in ten minutes [(m/s)2/s]

_f = np.float64
ESTIMATOR = np.dtype(
    [
        ("speed", _f),
        ("turbulence", _f),
        ("mean", _f),
        ("p11", _f),
        ("p12", _f),
        ("p13", _f),
        ("p22", _f),
        ("p23", _f),
        ("p33", _f),
        ("k1", _f),
        ("k2", _f),
        ("k3", _f),
    ]
)


class EstimatorParameters(NamedTuple):
    """What the filter knows of the machine: its rotor, what turns [kg m2], gear ratio, and the rotor's pole by wind.

    Parameters
    ----------
    surface : SurfaceArrays
        The filter's own idea of the rotor.
    radius, air_density, inertia, gear_ratio, gearbox_efficiency : float
        [m], [kg/m3], [kg m2], [-], [-].
    pole_wind, pole : array, shape (k,)
        Pole of the rotor alone, dQ/dw over inertia [1/s], by wind speed [m/s].
    """

    surface: SurfaceArrays
    radius: float
    air_density: float
    inertia: float
    gear_ratio: float
    gearbox_efficiency: float
    pole_wind: Floats
    pole: Floats


@kernel
def interpolated(x: float, xs: Floats, ys: Floats):  # type: ignore[no-untyped-def]
    """Return a value of a table by linear interpolation, its ends held."""
    if x <= xs[0]:
        return ys[0]
    n = xs.size
    if x >= xs[n - 1]:
        return ys[n - 1]
    k = np.searchsorted(xs, x, side="right") - 1
    return ys[k] + (x - xs[k]) / (xs[k + 1] - xs[k]) * (ys[k + 1] - ys[k])


@kernel
def estimator_start(s: Record, speed: float, wind: float):  # type: ignore[no-untyped-def]
    """Begin at a rotor speed [rad/s] and a wind speed [m/s], with the usual doubt about both."""
    s.speed, s.turbulence, s.mean = speed, 0.0, wind
    s.p11, s.p12, s.p13, s.p22, s.p23, s.p33 = 0.01, 0.0, 0.0, 0.01, 0.0, 1.0
    s.k1, s.k2, s.k3 = 0.0, 0.0, 0.0


@kernel
def estimator_step(s: Record, p: EstimatorParameters, speed: float, pitch: float, torque: float, dt: float):  # type: ignore[no-untyped-def]
    """Return the estimated wind speed [m/s] after one step.

    Parameters
    ----------
    s : record of ESTIMATOR
        States; changed.
    p : EstimatorParameters
        The machine.
    speed, pitch, torque : float
        Measured rotor speed [rad/s], pitch [rad], generator torque on its own side [N m].
    dt : float
        [s].

    Notes
    -----
    Abbas, Zalkind, Pao and Wright 2022, doi:10.5194/wes-7-53-2022, section 2.4; Knudsen, Bak and Soltani 2011,
    doi:10.1002/we.444.
    """
    length = LENGTH * p.radius
    wind = max(s.mean + s.turbulence, 0.5)
    area = math.pi * p.radius * p.radius
    tsr = speed * p.radius / wind
    cp = torque_thrust(p.surface, pitch, tsr)[0] * tsr
    # Jacobian of the model.
    f11 = interpolated(wind, p.pole_wind, p.pole)
    f12 = 1.5 * p.air_density * area * max(cp, LEAST_CP) * wind * wind / (p.inertia * s.speed)
    f22 = -math.pi * s.mean / (2.0 * length)
    f23 = -math.pi * s.turbulence / (2.0 * length)
    aero = 0.5 * p.air_density * area * cp * wind**3 / speed
    # Prediction.
    w = s.speed + dt * (aero - p.gear_ratio * torque / p.gearbox_efficiency) / p.inertia
    v = s.turbulence - dt * math.pi * s.mean / (2.0 * length) * s.turbulence
    q22 = math.pi * s.mean**3 * INTENSITY**2 / length
    a11 = f11 * s.p11 + f12 * (s.p12 + s.p13)
    a12 = f11 * s.p12 + f12 * (s.p22 + s.p23)
    a13 = f11 * s.p13 + f12 * (s.p23 + s.p33)
    a21 = f22 * s.p12 + f23 * s.p13
    a22 = f22 * s.p22 + f23 * s.p23
    a23 = f22 * s.p23 + f23 * s.p33
    p11 = s.p11 + dt * (2.0 * a11 + SPEED_DRIFT - SPEED_NOISE * s.k1 * s.k1)
    p12 = s.p12 + dt * (a12 + a21 - SPEED_NOISE * s.k1 * s.k2)
    p13 = s.p13 + dt * (a13 - SPEED_NOISE * s.k1 * s.k3)
    p22 = s.p22 + dt * (2.0 * a22 + q22 - SPEED_NOISE * s.k2 * s.k2)
    p23 = s.p23 + dt * (a23 - SPEED_NOISE * s.k2 * s.k3)
    p33 = s.p33 + dt * (MEAN_DRIFT - SPEED_NOISE * s.k3 * s.k3)
    # Correction by the measured speed.
    scale = 1.0 / (p11 + SPEED_NOISE)
    s.k1, s.k2, s.k3 = p11 * scale, p12 * scale, p13 * scale
    surprise = speed - s.speed
    s.speed = max(w + s.k1 * surprise, 1e-9)
    s.turbulence = v + s.k2 * surprise
    s.mean = s.mean + s.k3 * surprise
    s.p11, s.p12, s.p13 = p11 * (1.0 - s.k1), p12 * (1.0 - s.k1), p13 * (1.0 - s.k1)
    s.p22, s.p23, s.p33 = p22 - s.k2 * p12, p23 - s.k2 * p13, p33 - s.k3 * p13
    return s.mean + s.turbulence


@kernel
def estimator_settle(
    s: Record, p: EstimatorParameters, speed: float, pitch: float, torque: float, dt: float, steps: int
) -> None:
    """Advance the filter by many steps of constant measurements, so that its doubt is what a long rest leaves."""
    for _ in range(steps):
        estimator_step(s, p, speed, pitch, torque, dt)
