"""Kaimal spectra and coherence of IEC 61400-1 annex B (edition 4: annex C), and what the rotor averages of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import WindError
from turbine.wind.checks import positive
from turbine.wind.iec import turbulence_scale

__all__ = ["Component", "coherence", "component_scales", "kaimal_spectrum", "kaimal_variance", "rotor_admittance"]

Floats = npt.NDArray[np.float64]
Component = Literal["u", "v", "w"]

#: Standard deviation over sigma_1 and integral length over Lambda_1 of the three components (table B.1).
SCALES = {"u": (1.0, 8.1), "v": (0.8, 2.7), "w": (0.5, 0.66)}
DECAY = 12.0  #: of the coherence [-]
DECAY_LENGTH = 0.12  #: of the coherence, per coherence length [-]
NODES = 64  #: of the quadrature over the disc; its error is below 1e-12
NEGLIGIBLE = 50.0  #: exp(-50) is nothing beside the rest of the integral


def component_scales(component: Component, hub_height: float) -> tuple[float, float]:
    """Return a component's share of sigma_1 [-] and integral length L [m].

    Parameters
    ----------
    component : {"u", "v", "w"}
        Longitudinal, lateral, vertical.
    hub_height : float
        Hub height [m].

    Returns
    -------
    tuple of float
        sigma_k / sigma_1 = 1, 0.8, 0.5 and L_k = 8.1, 2.7, 0.66 Lambda_1 (IEC 61400-1 edition 3, table B.1).

    Raises
    ------
    WindError
        If there is no such component or the height is not positive.
    """
    if component not in SCALES:
        raise WindError(f'component is {component!r}, expected "u" (longitudinal), "v" (lateral) or "w" (vertical)')
    share, length = SCALES[component]
    return share, length * turbulence_scale(hub_height)


def kaimal_spectrum(
    frequency: npt.ArrayLike, *, wind_speed: float, sigma: float, hub_height: float, component: Component = "u"
) -> Floats:
    """Return the one-sided Kaimal spectrum S(f) = 4 sigma_k^2 (L_k/V) / (1 + 6 f L_k/V)^(5/3).

    Parameters
    ----------
    frequency : array, any shape
        f, not negative [Hz].
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    sigma : float
        sigma_1, standard deviation of the longitudinal component, whichever component is asked for [m/s].
    hub_height : float
        Hub height [m].
    component : {"u", "v", "w"}
        Longitudinal, lateral, vertical.

    Returns
    -------
    array of float64, same shape
        S [(m/s)^2/Hz]; its integral from 0 to infinity is sigma_k^2 (IEC 61400-1 edition 3, equation (B.14)).

    Raises
    ------
    WindError
        If wind speed, sigma or height is not positive.
    """
    variance, time_scale = _variance_and_time(wind_speed, sigma, hub_height, component)
    f = np.asarray(frequency, np.float64)
    return np.asarray(4.0 * variance * time_scale / (1.0 + 6.0 * f * time_scale) ** (5.0 / 3.0), np.float64)


def kaimal_variance(
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    wind_speed: float,
    sigma: float,
    hub_height: float,
    component: Component = "u",
) -> Floats:
    """Return the exact integral of the Kaimal spectrum between two frequencies.

    Parameters
    ----------
    low, high : array, shapes that fit
        Frequencies, not negative; `high` may be infinite [Hz].
    wind_speed, sigma, hub_height, component
        See `kaimal_spectrum`.

    Returns
    -------
    array of float64
        sigma_k^2 [(1 + 6 f_low L/V)^(-2/3) - (1 + 6 f_high L/V)^(-2/3)], shape of both [(m/s)^2].

    Raises
    ------
    WindError
        If wind speed, sigma or height is not positive.
    """
    variance, time_scale = _variance_and_time(wind_speed, sigma, hub_height, component)
    above_low, above_high = ((1.0 + 6.0 * np.asarray(f, np.float64) * time_scale) ** (-2.0 / 3.0) for f in (low, high))
    return np.asarray(variance * (above_low - above_high), np.float64)


def _variance_and_time(wind_speed: float, sigma: float, hub_height: float, component: Component) -> tuple[float, float]:
    """Return a component's variance [(m/s)^2] and its time scale L/V [s]."""
    share, length = component_scales(component, hub_height)
    variance = (share * positive("sigma", sigma, "m/s")) ** 2
    return variance, length / positive("wind_speed", wind_speed, "m/s")


def coherence(frequency: npt.ArrayLike, distance: npt.ArrayLike, *, wind_speed: float, hub_height: float) -> Floats:
    """Return the coherence of the longitudinal wind at two points: exp(-12 sqrt((f r/V)^2 + (0.12 r/L_c)^2)).

    Parameters
    ----------
    frequency : array
        f [Hz]; shapes of both must fit.
    distance : array
        r, between the points in a plane across the wind [m].
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    hub_height : float
        Hub height, gives L_c = 8.1 Lambda_1 [m].

    Returns
    -------
    array of float64
        Cross spectrum's magnitude over the spectrum, not squared [-] (IEC 61400-1 edition 3, equation (B.16)). The
        standard gives none for the other components.

    Raises
    ------
    WindError
        If wind speed or height is not positive.
    """
    decay = _decay(np.asarray(frequency, np.float64), wind_speed, hub_height)
    return np.asarray(np.exp(-decay * np.asarray(distance, np.float64)), np.float64)


def _decay(frequency: Floats, wind_speed: float, hub_height: float) -> Floats:
    """Return the rate at which coherence falls with distance [1/m]."""
    _, length = component_scales("u", hub_height)
    return np.asarray(
        DECAY * np.hypot(frequency / positive("wind_speed", wind_speed, "m/s"), DECAY_LENGTH / length), np.float64
    )


def rotor_admittance(
    frequency: npt.ArrayLike, *, wind_speed: float, rotor_diameter: float, hub_height: float
) -> Floats:
    """Return the spectrum of the rotor-averaged longitudinal wind over that at one point.

    The mean over the disc has the spectrum S(f) times the mean of the coherence over all pairs of points of the disc.
    As coherence depends on the distance r alone, that double integral over the disc is one integral over the density of
    the distance between two random points of a disc,
    p(r) = 4 r/(pi R^2) arccos(r/2R) - 2 r^2/(pi R^3) sqrt(1 - r^2/4R^2). With r = 2 R sin(x) it is smooth and taken by
    Gauss-Legendre quadrature over the part where the coherence is not negligible.

    Parameters
    ----------
    frequency : array, any shape
        f, not negative [Hz].
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    rotor_diameter, hub_height : float
        Of the machine [m].

    Returns
    -------
    array of float64, same shape
        Between 0 and 1 [-]. At low frequency it is below 1, as the standard's coherence is.

    Raises
    ------
    WindError
        If wind speed or a length is not positive.

    Notes
    -----
    Rotor-effective wind as the disc's mean in Kaimal turbulence: Schlipf, Cheng, Mann 2013,
    doi:10.1175/JTECH-D-13-00077.1. Density of the distance: Solomon, Geometric Probability, SIAM 1978, p. 129. All
    points of the disc weigh alike; what the blades sample at multiples of 3P is not in it.
    """
    decay = _decay(np.asarray(frequency, np.float64), wind_speed, hub_height)
    rate = decay * positive("rotor_diameter", rotor_diameter, "m")  # over the longest distance
    end = np.arcsin(np.minimum(1.0, NEGLIGIBLE / rate))
    total = np.zeros_like(rate)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for node, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
        x = node * end
        sine, cosine = np.sin(x), np.cos(x)
        density = 16.0 / np.pi * sine * cosine * (0.5 * np.pi - x - sine * cosine)
        total += weight * density * np.exp(-rate * sine)
    return np.asarray(total * end, np.float64)
