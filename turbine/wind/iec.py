"""Wind conditions of IEC 61400-1: turbine classes, turbulence, profiles and extreme wind speeds.

Editions 3 (2005, amended 2010) and 4 (2019) agree in what stands here, except that edition 4 adds the turbulence
category A+. Clauses are those of edition 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import WindError, nearest
from turbine.wind.checks import positive

__all__ = [
    "REFERENCE_INTENSITY",
    "REFERENCE_SPEED",
    "WindClass",
    "etm_sigma",
    "ewm_speed",
    "ewm_turbulent",
    "ntm_sigma",
    "turbulence_scale",
    "wind_class",
    "wind_profile",
]

Floats = npt.NDArray[np.float64]

REFERENCE_SPEED = {"I": 50.0, "II": 42.5, "III": 37.5}  #: V_ref, ten minutes, once in 50 years [m/s]
REFERENCE_INTENSITY = {"A+": 0.18, "A": 0.16, "B": 0.14, "C": 0.12}  #: I_ref at 15 m/s [-]


@dataclass(frozen=True, kw_only=True)
class WindClass:
    """A wind turbine class, IEC 61400-1 clause 6.2 (table 1); class S is one with values of your own.

    Parameters
    ----------
    name : str
        Such as `IA`.
    reference_speed : float
        V_ref: extreme ten-minute mean at hub height, once in 50 years [m/s].
    reference_intensity : float
        I_ref: expected turbulence intensity at 15 m/s [-].

    Raises
    ------
    WindError
        If V_ref is not positive or I_ref not between 0 and 1.
    """

    name: str = "S"
    reference_speed: float
    reference_intensity: float

    def __post_init__(self) -> None:
        positive(f"wind class {self.name}: reference_speed", self.reference_speed, "m/s")
        if not 0.0 < self.reference_intensity < 1.0:
            raise WindError(
                f"wind class {self.name}: reference_intensity is {self.reference_intensity!r}, expected above 0 and "
                "below 1; did you give percent?"
            )

    @property
    def average_speed(self) -> float:
        """V_ave, annual mean at hub height: 0.2 V_ref (clause 6.3.1.1, equation (9)) [m/s]."""
        return 0.2 * self.reference_speed


def wind_class(name: str) -> WindClass:
    """Return a standard class by its name.

    Parameters
    ----------
    name : str
        I, II or III and a turbulence category A+, A, B or C: `IA`, `IIIB`, `IIA+`.

    Raises
    ------
    WindError
        If there is no such class, with the nearest known one.
    """
    known = {speed + category: (speed, category) for speed in REFERENCE_SPEED for category in REFERENCE_INTENSITY}
    if name not in known:
        raise WindError(f'wind class "{name}" is unknown{nearest(name, known)}; known: {", ".join(known)}')
    speed, category = known[name]
    return WindClass(
        name=name, reference_speed=REFERENCE_SPEED[speed], reference_intensity=REFERENCE_INTENSITY[category]
    )


def turbulence_scale(hub_height: float) -> float:
    """Return the longitudinal turbulence scale parameter Lambda_1 = 0.7 min(60 m, z) [m], clause 6.3."""
    return 0.7 * min(60.0, positive("hub_height", hub_height, "m"))


def ntm_sigma(wind_speed: npt.ArrayLike, condition: WindClass) -> Floats:
    """Return sigma_1 of the normal turbulence model, its 90 % quantile: I_ref (0.75 V + 5.6).

    Parameters
    ----------
    wind_speed : array, any shape
        Ten-minute mean V at hub height [m/s].
    condition : WindClass
        Gives I_ref.

    Returns
    -------
    array of float64, same shape
        Standard deviation of the longitudinal wind speed [m/s], clause 6.3.1.3, equation (11).
    """
    return np.asarray(condition.reference_intensity * (0.75 * np.asarray(wind_speed, np.float64) + 5.6), np.float64)


def etm_sigma(wind_speed: npt.ArrayLike, condition: WindClass) -> Floats:
    """Return sigma_1 of the extreme turbulence model: c I_ref [0.072 (V_ave/c + 3)(V/c - 4) + 10], c = 2 m/s.

    Parameters
    ----------
    wind_speed : array, any shape
        Ten-minute mean V at hub height [m/s].
    condition : WindClass
        Gives I_ref and V_ave.

    Returns
    -------
    array of float64, same shape
        Standard deviation of the longitudinal wind speed [m/s], clause 6.3.2.3, equation (19).
    """
    c = 2.0
    growth = 0.072 * (condition.average_speed / c + 3.0) * (np.asarray(wind_speed, np.float64) / c - 4.0)
    return np.asarray(c * condition.reference_intensity * (growth + 10.0), np.float64)


def wind_profile(height: npt.ArrayLike, *, wind_speed: float, hub_height: float, exponent: float = 0.2) -> Floats:
    """Return the normal wind profile V (z / z_hub)^alpha.

    Parameters
    ----------
    height : array, any shape
        Height z above ground, not negative [m].
    wind_speed : float
        Wind speed at hub height [m/s].
    hub_height : float
        Hub height z_hub [m].
    exponent : float
        alpha: 0.2 in IEC 61400-1, 0.14 offshore (IEC 61400-3-1), 0.11 in extreme winds [-].

    Returns
    -------
    array of float64, same shape
        Wind speed [m/s], clause 6.3.1.2.

    Raises
    ------
    WindError
        If a height is negative or not finite.
    """
    z = np.asarray(height, np.float64)
    if not np.all(z >= 0.0):
        raise WindError(f"height is {z[~(z >= 0.0)].flat[0]} m, expected 0 or more above ground")
    return np.asarray(wind_speed * (z / positive("hub_height", hub_height, "m")) ** exponent, np.float64)


def ewm_speed(
    height: npt.ArrayLike, *, condition: WindClass, hub_height: float, return_period_years: Literal[1, 50]
) -> Floats:
    """Return the steady extreme wind speed: V_e50 = 1.4 V_ref (z / z_hub)^0.11, V_e1 = 0.8 V_e50.

    Parameters
    ----------
    height : array, any shape
        Height z above ground [m].
    condition : WindClass
        Gives V_ref.
    hub_height : float
        Hub height [m].
    return_period_years : {1, 50}
        Once in so many years.

    Returns
    -------
    array of float64, same shape
        Three-second extreme [m/s], clause 6.3.2.1; the standard adds misalignments of up to 15 deg.

    Raises
    ------
    WindError
        If the return period is another, or a height is negative.
    """
    speed = 1.4 * condition.reference_speed * _rarity(return_period_years)
    return wind_profile(height, wind_speed=speed, hub_height=hub_height, exponent=0.11)


def ewm_turbulent(condition: WindClass, *, return_period_years: Literal[1, 50]) -> tuple[float, float]:
    """Return mean and standard deviation of the turbulent extreme wind at hub height.

    Parameters
    ----------
    condition : WindClass
        Gives V_ref.
    return_period_years : {1, 50}
        Once in so many years.

    Returns
    -------
    tuple of float
        Ten-minute mean V_50 = V_ref or V_1 = 0.8 V_50 [m/s] and sigma_1 = 0.11 of it [m/s], clause 6.3.2.1. The
        profile has the exponent 0.11.

    Raises
    ------
    WindError
        If the return period is another.
    """
    speed = condition.reference_speed * _rarity(return_period_years)
    return speed, 0.11 * speed


def _rarity(return_period_years: int) -> float:
    if return_period_years not in (1, 50):
        raise WindError(f"return_period_years is {return_period_years!r}, expected 1 or 50")
    return 1.0 if return_period_years == 50 else 0.8
