"""Transients of IEC 61400-1: operating gust (EOG), coherent gust (ECD), direction change (EDC) and shear (EWS)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import WindError
from turbine.wind.checks import positive, sample_count
from turbine.wind.iec import WindClass, ewm_speed, ntm_sigma, turbulence_scale
from turbine.wind.series import WindSeries

__all__ = ["ecd", "ecd_angle", "edc", "edc_angle", "eog", "eog_amplitude", "ews_gradient"]

Floats = npt.NDArray[np.float64]

EOG_PERIOD = 10.5  #: [s]
ECD_RISE = 10.0  #: [s]
ECD_AMPLITUDE = 15.0  #: V_cg [m/s]
EDC_RISE = 6.0  #: [s]
EWS_PERIOD = 12.0  #: [s]
EWS_BETA = 6.4  #: [-]


def eog_amplitude(
    wind_speed: npt.ArrayLike, condition: WindClass, *, rotor_diameter: float, hub_height: float
) -> Floats:
    """Return the size of the extreme operating gust: V_g = min[1.35 (V_e1 - V), 3.3 sigma_1 / (1 + 0.1 D / Lambda_1)].

    Parameters
    ----------
    wind_speed : array, any shape
        Mean wind speed V at hub height [m/s].
    condition : WindClass
        Gives V_e1 and sigma_1 (normal turbulence).
    rotor_diameter, hub_height : float
        D and the height that Lambda_1 belongs to [m].

    Returns
    -------
    array of float64, same shape
        V_g [m/s], clause 6.3.2.2.

    Raises
    ------
    WindError
        If a length is not positive, or V is at V_e1 or above, where there is no such gust.
    """
    v = np.asarray(wind_speed, np.float64)
    extreme = ewm_speed(hub_height, condition=condition, hub_height=hub_height, return_period_years=1)
    if not np.all(v < extreme):
        raise WindError(
            f"wind speed {np.max(v):g} m/s is not below V_e1 = {float(extreme):g} m/s of class {condition.name}: the "
            "operating gust is defined below it only"
        )
    coherent = 3.3 * ntm_sigma(v, condition) * _size_reduction(rotor_diameter, hub_height)
    return np.asarray(np.minimum(1.35 * (extreme - v), coherent), np.float64)


def eog(
    wind_speed: float,
    condition: WindClass,
    *,
    rotor_diameter: float,
    hub_height: float,
    duration: float,
    time_step: float,
    start: float = 0.0,
) -> WindSeries:
    """Return the extreme operating gust V(t) = V - 0.37 V_g sin(3 pi t / T) (1 - cos(2 pi t / T)), T = 10.5 s.

    Parameters
    ----------
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    condition : WindClass
        Gives the size of the gust, see `eog_amplitude`.
    rotor_diameter, hub_height : float
        Of the machine [m].
    duration, time_step : float
        Length and step of the series [s].
    start : float
        When the gust begins [s].

    Returns
    -------
    WindSeries
        V before and after the gust; clause 6.3.2.2.

    Raises
    ------
    WindError
        See `eog_amplitude`.
    """
    size = float(eog_amplitude(wind_speed, condition, rotor_diameter=rotor_diameter, hub_height=hub_height))
    phase = _progress(duration, time_step, start, EOG_PERIOD)
    gust = -0.37 * size * np.sin(3.0 * np.pi * phase) * (1.0 - np.cos(2.0 * np.pi * phase))
    return WindSeries(
        time_step=time_step,
        wind_speed=positive("wind_speed", wind_speed, "m/s") + gust,
        name=f"EOG {condition.name} at {wind_speed:g} m/s",
    )


def ecd_angle(wind_speed: npt.ArrayLike) -> Floats:
    """Return the direction change that comes with the extreme coherent gust.

    Parameters
    ----------
    wind_speed : array, any shape
        Mean wind speed V at hub height, not negative [m/s].

    Returns
    -------
    array of float64, same shape
        theta_cg: 180 deg below 4 m/s, 720 deg / V above [rad]; clause 6.3.2.5, equation (24).
    """
    v = np.asarray(wind_speed, np.float64)
    return np.asarray(np.deg2rad(720.0 / np.maximum(v, 4.0)), np.float64)


def ecd(
    wind_speed: float, *, duration: float, time_step: float, start: float = 0.0, sign: Literal[1, -1] = 1
) -> WindSeries:
    """Return the extreme coherent gust with direction change: 15 m/s and `ecd_angle` more within 10 s, for good.

    Parameters
    ----------
    wind_speed : float
        Mean wind speed V at hub height before the gust [m/s].
    duration, time_step : float
        Length and step of the series [s].
    start : float
        When the gust begins [s].
    sign : {1, -1}
        Sense of the direction change; the standard wants the worse one.

    Returns
    -------
    WindSeries
        Both rise as (1 - cos(pi t / T)) / 2; clause 6.3.2.5, equations (22) and following.

    Raises
    ------
    WindError
        If a number is not positive or the sign another.
    """
    rise = _rise(duration, time_step, start, ECD_RISE)
    angle = float(ecd_angle(positive("wind_speed", wind_speed, "m/s")))
    return WindSeries(
        time_step=time_step,
        wind_speed=wind_speed + ECD_AMPLITUDE * rise,
        wind_direction=_sign(sign) * angle * rise,
        name=f"ECD at {wind_speed:g} m/s",
    )


def edc_angle(wind_speed: npt.ArrayLike, condition: WindClass, *, rotor_diameter: float, hub_height: float) -> Floats:
    """Return the extreme direction change theta_e = 4 arctan[sigma_1 / (V (1 + 0.1 D / Lambda_1))].

    Parameters
    ----------
    wind_speed : array, any shape
        Mean wind speed V at hub height, positive [m/s].
    condition : WindClass
        Gives sigma_1 (normal turbulence).
    rotor_diameter, hub_height : float
        Of the machine [m].

    Returns
    -------
    array of float64, same shape
        Size of the change, at most pi [rad]; clause 6.3.2.4.

    Raises
    ------
    WindError
        If a wind speed or length is not positive.
    """
    v = np.asarray(wind_speed, np.float64)
    if not np.all(v > 0.0):
        raise WindError(f"wind speed is {np.min(v):g} m/s, expected above zero")
    tangent = ntm_sigma(v, condition) / v * _size_reduction(rotor_diameter, hub_height)
    return np.asarray(np.minimum(4.0 * np.arctan(tangent), np.pi), np.float64)


def edc(
    wind_speed: float,
    condition: WindClass,
    *,
    rotor_diameter: float,
    hub_height: float,
    duration: float,
    time_step: float,
    start: float = 0.0,
    sign: Literal[1, -1] = 1,
) -> WindSeries:
    """Return the extreme direction change: the wind turns by `edc_angle` within 6 s and stays there.

    Parameters
    ----------
    wind_speed : float
        Wind speed V at hub height [m/s].
    condition : WindClass
        Gives sigma_1 (normal turbulence).
    rotor_diameter, hub_height : float
        Of the machine [m].
    duration, time_step : float
        Length and step of the series [s].
    start : float
        When the change begins [s].
    sign : {1, -1}
        Sense of the change; the standard wants the worse one.

    Returns
    -------
    WindSeries
        Constant speed; the direction rises as (1 - cos(pi t / T)) / 2; clause 6.3.2.4.

    Raises
    ------
    WindError
        If a number is not positive or the sign another.
    """
    rise = _rise(duration, time_step, start, EDC_RISE)
    angle = float(edc_angle(wind_speed, condition, rotor_diameter=rotor_diameter, hub_height=hub_height))
    return WindSeries(
        time_step=time_step,
        wind_speed=np.full(rise.size, wind_speed),
        wind_direction=_sign(sign) * angle * rise,
        name=f"EDC {condition.name} at {wind_speed:g} m/s",
    )


def ews_gradient(
    time: npt.ArrayLike, wind_speed: float, condition: WindClass, *, rotor_diameter: float, hub_height: float
) -> Floats:
    """Return the transient gradient of wind speed across the rotor in the extreme wind shear.

    The wind at a distance y from the hub, up (vertical case) or to the side (horizontal case), is the normal profile
    plus or minus y times this gradient. In the vertical case both signs, in the horizontal case both sides are worth a
    run.

    Parameters
    ----------
    time : array, any shape
        Time since the transient's begin; zero outside its 12 s [s].
    wind_speed : float
        Wind speed V at hub height [m/s].
    condition : WindClass
        Gives sigma_1 (normal turbulence).
    rotor_diameter, hub_height : float
        Of the machine [m].

    Returns
    -------
    array of float64, same shape
        (2.5 + 0.2 beta sigma_1 (D / Lambda_1)^(1/4)) (1 - cos(2 pi t / T)) / D with beta = 6.4 [m/s per m]; clause
        6.3.2.6, equations (26) and (27).

    Raises
    ------
    WindError
        If a length is not positive.
    """
    ratio = positive("rotor_diameter", rotor_diameter, "m") / turbulence_scale(hub_height)
    size = 2.5 + 0.2 * EWS_BETA * ntm_sigma(wind_speed, condition) * ratio**0.25
    phase = np.clip(np.asarray(time, np.float64) / EWS_PERIOD, 0.0, 1.0)
    return np.asarray(size * (1.0 - np.cos(2.0 * np.pi * phase)) / rotor_diameter, np.float64)


def _size_reduction(rotor_diameter: float, hub_height: float) -> float:
    """Return 1 / (1 + 0.1 D / Lambda_1): a gust is smaller as a mean over a larger rotor."""
    return 1.0 / (1.0 + 0.1 * positive("rotor_diameter", rotor_diameter, "m") / turbulence_scale(hub_height))


def _progress(duration: float, time_step: float, start: float, period: float) -> Floats:
    """Return how much of an event has passed at each sample, from 0 before it to 1 after it."""
    if not (np.isfinite(start) and start >= 0.0):
        raise WindError(f"start is {start!r} s, expected 0 or later")
    time = np.arange(sample_count(duration, time_step)) * time_step
    return np.asarray(np.clip((time - start) / period, 0.0, 1.0), np.float64)


def _rise(duration: float, time_step: float, start: float, period: float) -> Floats:
    return np.asarray(0.5 * (1.0 - np.cos(np.pi * _progress(duration, time_step, start, period))), np.float64)


def _sign(sign: int) -> int:
    if sign not in (1, -1):
        raise WindError(f"sign is {sign!r}, expected 1 or -1")
    return sign
