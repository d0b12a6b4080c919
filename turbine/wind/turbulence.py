"""Turbulent wind series with the Kaimal spectrum of IEC 61400-1, at a point or averaged over the rotor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from turbine.errors import WindError
from turbine.wind.checks import positive, sample_count
from turbine.wind.iec import WindClass, etm_sigma, ntm_sigma
from turbine.wind.series import WindSeries
from turbine.wind.spectra import Component, component_scales, kaimal_variance, rotor_admittance

__all__ = ["etm", "kaimal", "kaimal_fluctuation", "ntm"]

Floats = npt.NDArray[np.float64]


def kaimal_fluctuation(
    rng: np.random.Generator,
    samples: int,
    time_step: float,
    *,
    wind_speed: float,
    sigma: float,
    hub_height: float,
    component: Component = "u",
    rotor_diameter: float | None = None,
    scale: bool = True,
) -> Floats:
    """Return a fluctuation of one component about its mean, as a sum of waves of random phase.

    One wave per multiple of 1/T, T the series' length, up to half the sampling frequency; each carries the exact
    variance of the spectrum over its band of 1/T. So the series has zero mean, repeats after T and its variance is the
    integral of the spectrum from 1/(2T) to half the sampling frequency to rounding, whatever the seed.

    Parameters
    ----------
    rng : numpy.random.Generator
        Gives the phases; draws the same number whatever the options, so that a point and a rotor mean from equal
        generators belong to the same wind.
    samples : int
        Number of samples, at least 2.
    time_step : float
        Step [s].
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    sigma : float
        sigma_1, standard deviation of the longitudinal component at a point [m/s].
    hub_height : float
        Hub height [m].
    component : {"u", "v", "w"}
        Longitudinal, lateral, vertical.
    rotor_diameter : float, optional
        With it: the mean over the disc (`rotor_admittance`); longitudinal only [m].
    scale : bool
        True: scaled so that the component at a point has its full standard deviation although the series holds neither
        slower nor faster waves; a rotor mean is scaled by the same factor, before averaging.

    Returns
    -------
    array of float64, shape (samples,)
        Fluctuation [m/s].

    Raises
    ------
    WindError
        If a number is not positive, the component unknown, or a rotor mean of another component is asked for.

    Notes
    -----
    Shinozuka and Deodatis 1991, doi:10.1115/1.3119501: waves of fixed amplitude and random phase; the sum of many is
    Gaussian.
    """
    if samples < 2:
        raise WindError(f"turbulence of {samples} sample, expected at least 2: take a longer series or a shorter step")
    if rotor_diameter is not None and component != "u":
        raise WindError(
            f'rotor mean of component "{component}", expected "u": the standard gives coherence for it only'
        )
    spacing = 1.0 / (samples * positive("time_step", time_step, "s"))
    waves = np.arange(1, samples // 2 + 1)
    edges = np.minimum(np.append(waves - 0.5, waves[-1] + 0.5), 0.5 * samples) * spacing
    variance = kaimal_variance(
        edges[:-1], edges[1:], wind_speed=wind_speed, sigma=sigma, hub_height=hub_height, component=component
    )
    if scale:
        share, _ = component_scales(component, hub_height)
        variance *= (share * sigma) ** 2 / variance.sum()
    if rotor_diameter is not None:
        variance *= rotor_admittance(
            waves * spacing, wind_speed=wind_speed, rotor_diameter=rotor_diameter, hub_height=hub_height
        )
    phase = rng.uniform(0.0, 2.0 * np.pi, waves.size)
    spectrum = np.zeros(samples // 2 + 1, np.complex128)
    spectrum[1:] = samples * np.sqrt(0.5 * variance) * np.exp(1j * phase)
    if samples % 2 == 0:  # at half the sampling frequency a wave has a sign, no phase
        spectrum[-1] = samples * np.sqrt(variance[-1]) * np.where(phase[-1] < np.pi, 1.0, -1.0)
    return np.asarray(np.fft.irfft(spectrum, samples), np.float64)


def kaimal(
    wind_speed: float,
    sigma: float,
    *,
    hub_height: float,
    duration: float,
    time_step: float,
    seed: int,
    rotor_diameter: float | None = None,
    scale: bool = True,
    name: str = "Kaimal",
) -> WindSeries:
    """Return a longitudinal turbulent wind; the same seed gives the same bytes.

    Parameters
    ----------
    wind_speed : float
        Mean wind speed V at hub height [m/s].
    sigma : float
        Standard deviation at a point [m/s]; zero gives a constant wind.
    hub_height : float
        Hub height [m].
    duration, time_step : float
        Length and step [s]. Ten minutes hold 1/600 Hz and faster.
    seed : int
        Seed of the generator, not negative; it is kept in the result.
    rotor_diameter : float, optional
        With it: the mean over the rotor's disc, as one effective wind speed needs it; without: a point [m].
    scale : bool
        See `kaimal_fluctuation`.
    name : str
        Begins the series' name.

    Returns
    -------
    WindSeries
        The mean is V; the standard deviation at a point is `sigma` where scaled, that of a rotor mean is smaller.

    Raises
    ------
    WindError
        If a number is out of its range.
    """
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise WindError(f"seed is {seed!r}, expected a whole number of 0 or more")
    if not (np.isfinite(sigma) and sigma >= 0.0):
        raise WindError(f"sigma is {sigma!r} m/s, expected 0 or more")
    samples = sample_count(duration, time_step)
    fluctuation = np.zeros(samples)
    if sigma > 0.0:
        fluctuation = kaimal_fluctuation(
            np.random.default_rng(seed),
            samples,
            time_step,
            wind_speed=wind_speed,
            sigma=sigma,
            hub_height=hub_height,
            rotor_diameter=rotor_diameter,
            scale=scale,
        )
    return WindSeries(
        time_step=time_step,
        wind_speed=positive("wind_speed", wind_speed, "m/s") + fluctuation,
        name=f"{name} at {wind_speed:g} m/s, {'point' if rotor_diameter is None else 'rotor mean'}, seed {seed}",
        seed=int(seed),
    )


def ntm(
    wind_speed: float,
    condition: WindClass,
    *,
    hub_height: float,
    duration: float,
    time_step: float,
    seed: int,
    rotor_diameter: float | None = None,
) -> WindSeries:
    """Return a wind in normal turbulence: `kaimal` with the sigma of `ntm_sigma`, for load cases such as DLC 1.1.

    Parameters
    ----------
    wind_speed : float
        Mean wind speed at hub height [m/s].
    condition : WindClass
        Gives sigma_1.
    hub_height, duration, time_step, seed, rotor_diameter
        See `kaimal`.
    """
    return kaimal(
        wind_speed,
        float(ntm_sigma(wind_speed, condition)),
        hub_height=hub_height,
        duration=duration,
        time_step=time_step,
        seed=seed,
        rotor_diameter=rotor_diameter,
        name=f"NTM {condition.name}",
    )


def etm(
    wind_speed: float,
    condition: WindClass,
    *,
    hub_height: float,
    duration: float,
    time_step: float,
    seed: int,
    rotor_diameter: float | None = None,
) -> WindSeries:
    """Return a wind in extreme turbulence: `kaimal` with the sigma of `etm_sigma`, for load cases such as DLC 1.3.

    Parameters
    ----------
    wind_speed : float
        Mean wind speed at hub height [m/s].
    condition : WindClass
        Gives sigma_1.
    hub_height, duration, time_step, seed, rotor_diameter
        See `kaimal`.
    """
    return kaimal(
        wind_speed,
        float(etm_sigma(wind_speed, condition)),
        hub_height=hub_height,
        duration=duration,
        time_step=time_step,
        seed=seed,
        rotor_diameter=rotor_diameter,
        name=f"ETM {condition.name}",
    )
