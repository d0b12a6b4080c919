"""Aerodynamic torque, power and thrust of a rotor from its surface, with the derivatives that linearisation needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive
from turbine.errors import MachineError
from turbine.surface import RotorSurface
from turbine.surface_math import FASTEST

__all__ = ["AIR_DENSITY", "RotorGradient", "RotorState", "rotor_gradient", "rotor_state"]

Floats = npt.NDArray[np.float64]

AIR_DENSITY = 1.225  #: standard atmosphere at sea level (ISO 2533) [kg/m3]
_CALM = 1e-6  #: least wind speed that a tip-speed ratio is made with [m/s]


@dataclass(frozen=True)
class RotorState:
    """What the wind does to a rotor, arrays of one shape.

    Parameters
    ----------
    tip_speed_ratio : array
        Tip speed over wind speed [-].
    torque : array
        About the shaft, positive when driving [N m].
    power : array
        Torque times rotor speed [W].
    thrust : array
        Along the wind, positive downwind [N].
    """

    tip_speed_ratio: Floats
    torque: Floats
    power: Floats
    thrust: Floats


@dataclass(frozen=True)
class RotorGradient:
    """Derivatives of torque and thrust, arrays of one shape.

    Parameters
    ----------
    torque_pitch, torque_speed, torque_wind : array
        Derivatives of the torque by pitch [N m/rad], rotor speed [N m s/rad] and wind speed [N s].
    thrust_pitch, thrust_speed, thrust_wind : array
        Derivatives of the thrust by pitch [N/rad], rotor speed [N s/rad] and wind speed [N s/m].
    """

    torque_pitch: Floats
    torque_speed: Floats
    torque_wind: Floats
    thrust_pitch: Floats
    thrust_speed: Floats
    thrust_wind: Floats


def rotor_state(
    surface: RotorSurface,
    *,
    pitch: npt.ArrayLike,
    rotor_speed: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    radius: float,
    air_density: float = AIR_DENSITY,
) -> RotorState:
    """Return torque, power and thrust in a steady wind.

    Parameters
    ----------
    surface : RotorSurface
        Of the rotor.
    pitch : float or array
        Pitch angle [rad].
    rotor_speed : float or array
        Speed about the shaft, negative when turning backwards [rad/s].
    wind_speed : float or array
        Rotor-averaged wind speed [m/s]. Less than a hundredth of the tip speed counts as a hundredth of it, and wind
        from behind as none.
    radius : float
        Radius that the surface refers to [m].
    air_density : float
        [kg/m3].

    Returns
    -------
    RotorState
        Arrays of the broadcast shape.

    Raises
    ------
    MachineError
        Radius or air density is not above zero.

    Notes
    -----
    Q = rho pi R^3 V^2 Cq / 2, F = rho pi R^2 V^2 Ct / 2; Burton et al., Wind Energy Handbook (2011), section 3.
    """
    beta, omega, wind, tsr, _ = _flow(pitch, rotor_speed, wind_speed, radius, air_density)
    point = surface.at(beta, tsr)
    force = 0.5 * air_density * np.pi * radius**2 * wind**2
    torque = np.asarray(force * radius * point.cq)
    return RotorState(tsr, torque, np.asarray(torque * omega), np.asarray(force * point.ct))


def rotor_gradient(
    surface: RotorSurface,
    *,
    pitch: npt.ArrayLike,
    rotor_speed: npt.ArrayLike,
    wind_speed: npt.ArrayLike,
    radius: float,
    air_density: float = AIR_DENSITY,
) -> RotorGradient:
    """Return the derivatives of torque and thrust; parameters as in `rotor_state`.

    Returns
    -------
    RotorGradient
        Arrays of the broadcast shape. Where the wind counts as a hundredth of the tip speed its derivatives are zero.

    Raises
    ------
    MachineError
        Radius or air density is not above zero.
    """
    beta, omega, wind, tsr, calm = _flow(pitch, rotor_speed, wind_speed, radius, air_density)
    point = surface.at(beta, tsr)
    q = 0.5 * air_density * np.pi * radius**2  # force per V^2
    # In calm air the tip-speed ratio is fixed and both forces go with the square of rotor speed.
    by_square = 2.0 * q * omega * (radius / FASTEST) ** 2
    torque_speed = np.where(calm, by_square * radius * point.cq, q * radius**2 * wind * point.cq_tsr)
    thrust_speed = np.where(calm, by_square * point.ct, q * radius * wind * point.ct_tsr)
    return RotorGradient(
        torque_pitch=np.asarray(q * radius * wind**2 * point.cq_pitch),
        torque_speed=torque_speed,
        torque_wind=np.where(calm, 0.0, q * radius * wind * (2.0 * point.cq - tsr * point.cq_tsr)),
        thrust_pitch=np.asarray(q * wind**2 * point.ct_pitch),
        thrust_speed=thrust_speed,
        thrust_wind=np.where(calm, 0.0, q * wind * (2.0 * point.ct - tsr * point.ct_tsr)),
    )


def _flow(
    pitch: npt.ArrayLike, rotor_speed: npt.ArrayLike, wind_speed: npt.ArrayLike, radius: float, air_density: float
) -> tuple[Floats, Floats, Floats, Floats, npt.NDArray[np.bool_]]:
    check_positive("radius", radius, unit="m", error=MachineError)
    check_positive("air_density", air_density, unit="kg/m3", error=MachineError)
    beta, omega, given = np.broadcast_arrays(
        np.asarray(pitch, np.float64), np.asarray(rotor_speed, np.float64), np.asarray(wind_speed, np.float64)
    )
    least = np.maximum(np.abs(omega) * radius / FASTEST, _CALM)
    wind = np.maximum(given, least)
    return beta, omega, np.asarray(wind), np.asarray(omega * radius / wind), np.asarray(given < least)
