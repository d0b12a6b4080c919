"""The farm's weather: what all turbines share, and the wind and air at one of them.

The wind is a Gaussian process turned into a Weibull distribution: a part common to the farm, a part that falls off with
distance, a part of each record alone. The part that falls off with distance is a sum of waves with random directions,
each with an amplitude that changes in time as the common part does; so its value at a place is known without knowing
the other turbines. Season and hour of the day are a factor on the wind speed with mean 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.density import air_density, standard_pressure
from fleet.synthetic.layout import position
from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.streams import Idea, farm_stream, turbine_stream
from turbine.wind.iec import ntm_sigma, wind_class

__all__ = [
    "PRESSURE_WEATHER",
    "TEMPERATURE_SPREAD",
    "Site",
    "Weather",
    "farm_weather",
    "field_correlation",
    "free_wind",
    "mean_temperature",
    "record_times",
    "site_of",
    "turbulence",
    "wind_factor",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WAVES = 16  #: of the part that falls off with distance
_YEAR_S, _DAY_S = 365.25 * 86_400.0, 86_400.0
_WINDIEST_DAY, _WARMEST_DAY = 15.0, 200.0  # days after the year's begin
_WINDIEST_HOUR, _WARMEST_HOUR = 14.0, 15.0
_TEMPERATURE_DAY, _TEMPERATURE_WEATHER, _TEMPERATURE_LOCAL = 3.0, 3.0, 0.2  # [K]
PRESSURE_WEATHER = 900.0  #: standard deviation of the air pressure [Pa]
#: Standard deviation of a turbine's temperature around season and hour [K].
TEMPERATURE_SPREAD = float(np.hypot(_TEMPERATURE_WEATHER, _TEMPERATURE_LOCAL))
_DIRECTION_SPREAD, _DIRECTION_LOCAL = 55.0, 2.0  # [deg]
_QUANTILE_90 = 1.2815515655446004  # of the normal distribution


@dataclass(frozen=True)
class Weather:
    """What all turbines share, one value per record."""

    times: Ints  #: start of each record [us since 1970 UTC]
    common: Floats  #: common part of the wind, standard normal
    waves: Floats  #: wave numbers of the local part, shape (WAVES, 2) [rad/m]
    amplitudes: Floats  #: standard normal, shape (WAVES, 2, n): cosine and sine part
    direction_deg: Floats
    temperature: Floats  #: [degC]
    pressure: Floats  #: [Pa]


@dataclass(frozen=True)
class Site:
    """The true conditions at one turbine, one value per record."""

    wind: Floats  #: free wind speed at hub height, mean [m/s]
    sigma: Floats  #: its standard deviation within the record [m/s]
    direction_deg: Floats
    temperature: Floats  #: [degC]
    pressure: Floats  #: at hub height [Pa]
    density: Floats  #: [kg/m3]


def record_times(spec: FleetSpec) -> Ints:
    """Return the true start of every record of the period [us since 1970 UTC]."""
    start = np.datetime64(spec.start, "us").astype(np.int64)
    return np.asarray(start + np.arange(spec.records, dtype=np.int64) * (PERIOD_S * 1_000_000))


def farm_weather(spec: FleetSpec, hub_height: float) -> Weather:
    """Return the weather of the whole period."""
    n, times = spec.records, record_times(spec)
    field = farm_stream(spec.seed, Idea.FIELD)
    waves = field.normal(0.0, 1.0 / spec.local_length, (WAVES, 2))
    common = correlated(farm_stream(spec.seed, Idea.WIND), (n,), spec.correlation_h)
    turning = correlated(farm_stream(spec.seed, Idea.DIRECTION), (n,), 2.0 * spec.correlation_h)
    warming = correlated(farm_stream(spec.seed, Idea.TEMPERATURE), (n,), 48.0)
    high = correlated(farm_stream(spec.seed, Idea.PRESSURE), (n,), 60.0)
    return Weather(
        times=times,
        common=common,
        waves=waves,
        amplitudes=correlated(field, (WAVES, 2, n), spec.correlation_h),
        direction_deg=spec.prevailing_deg + _DIRECTION_SPREAD * turning,
        temperature=mean_temperature(times, spec) + _TEMPERATURE_WEATHER * warming,
        pressure=standard_pressure(spec.elevation + hub_height) + PRESSURE_WEATHER * high,
    )


def site_of(spec: FleetSpec, weather: Weather, turbine: int) -> Site:
    """Return the conditions at a turbine, counted from 0."""
    own = turbine_stream(spec.seed, turbine, Idea.WIND)
    n = weather.times.size
    phase = weather.waves @ np.array(position(turbine, spec.spacing))
    local = np.einsum("k,kn->n", np.cos(phase), weather.amplitudes[:, 0])
    local += np.einsum("k,kn->n", np.sin(phase), weather.amplitudes[:, 1])
    shares = (1.0 - spec.local_share - spec.noise_share, spec.local_share / WAVES, spec.noise_share)
    parts = (weather.common, local, own.standard_normal(n))
    normal = sum(np.sqrt(share) * part for share, part in zip(shares, parts, strict=True))
    wind = free_wind(np.asarray(normal), weather.times, spec)
    air = turbine_stream(spec.seed, turbine, Idea.TEMPERATURE)
    temperature = weather.temperature + _TEMPERATURE_LOCAL * air.standard_normal(n)
    direction = weather.direction_deg + _DIRECTION_LOCAL * own.standard_normal(n)
    gusty = turbine_stream(spec.seed, turbine, Idea.TURBULENCE).standard_normal(n)
    return Site(
        wind=wind,
        sigma=turbulence(wind, gusty, spec),
        direction_deg=direction % 360.0,
        temperature=temperature,
        pressure=weather.pressure,
        density=air_density(temperature, weather.pressure),
    )


def free_wind(normal: Floats, times: Ints, spec: FleetSpec) -> Floats:
    """Return wind speeds [m/s] from standard normal numbers: Weibull, times the factor of season and hour."""
    from scipy.special import log_ndtr

    # -ln(1 - F) with F = Phi(z), without losing digits in the tail.
    wind = spec.weibull_scale * (-log_ndtr(-normal)) ** (1.0 / spec.weibull_shape)
    return np.asarray(wind * wind_factor(times, spec), np.float64)


def wind_factor(times: Ints, spec: FleetSpec) -> Floats:
    """Return the factor of season and hour of the day; its mean over whole years is 1."""
    year = 1.0 + spec.seasonal * np.cos(2.0 * np.pi * (_since_new_year(times) - _WINDIEST_DAY * _DAY_S) / _YEAR_S)
    hour = 1.0 + spec.diurnal * np.cos(2.0 * np.pi * (times * 1e-6 - _WINDIEST_HOUR * 3600.0) / _DAY_S)
    return np.asarray(year * hour, np.float64)


def mean_temperature(times: Ints, spec: FleetSpec) -> Floats:
    """Return the temperature by season and hour of the day [degC], without weather."""
    year = np.cos(2.0 * np.pi * (_since_new_year(times) - _WARMEST_DAY * _DAY_S) / _YEAR_S)
    hour = np.cos(2.0 * np.pi * (times * 1e-6 - _WARMEST_HOUR * 3600.0) / _DAY_S)
    return np.asarray(spec.temperature + spec.temperature_season * year + _TEMPERATURE_DAY * hour, np.float64)


def turbulence(wind: Floats, normal: Floats, spec: FleetSpec) -> Floats:
    """Return the standard deviation of the wind within each record [m/s].

    Lognormal, with the normal turbulence model as its 90 % quantile (IEC 61400-1, 6.3.1.3).
    """
    representative = ntm_sigma(wind, wind_class(spec.wind_class))
    return np.asarray(representative * np.exp(spec.turbulence_scatter * (normal - _QUANTILE_90)), np.float64)


def field_correlation(spec: FleetSpec, distance: float) -> float:
    """Return the expected correlation of the local part of the wind at a distance [m]: exp(-(d/L)^2 / 2)."""
    return float(np.exp(-0.5 * (distance / spec.local_length) ** 2))


def correlated(rng: np.random.Generator, shape: tuple[int, ...], correlation_h: float) -> Floats:
    """Return stationary standard normal series along the last axis whose correlation falls as exp(-t / correlation)."""
    from scipy.signal import lfilter

    phi = np.exp(-PERIOD_S / 3600.0 / correlation_h)
    steps = rng.standard_normal(shape)
    steps[..., 1:] *= np.sqrt(1.0 - phi * phi)
    return np.asarray(lfilter([1.0], [1.0, -phi], steps, axis=-1), np.float64)


def _since_new_year(times: Ints) -> Floats:
    """Return seconds since 1970 in years of 365.25 days: within a day of the calendar's year for our purpose."""
    return np.asarray(times * 1e-6 % _YEAR_S, np.float64)
