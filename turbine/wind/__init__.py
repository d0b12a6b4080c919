"""Wind at hub height: IEC 61400-1 conditions, gusts, Kaimal turbulence, and series of one's own."""

from turbine.errors import WindError
from turbine.wind.gusts import ecd, ecd_angle, edc, edc_angle, eog, eog_amplitude, ews_gradient
from turbine.wind.iec import (
    REFERENCE_INTENSITY,
    REFERENCE_SPEED,
    WindClass,
    etm_sigma,
    ewm_speed,
    ewm_turbulent,
    ntm_sigma,
    turbulence_scale,
    wind_class,
    wind_profile,
)
from turbine.wind.reader import read_wind_csv
from turbine.wind.series import WindSeries, constant, from_samples, ramps, resample, steps
from turbine.wind.spectra import coherence, component_scales, kaimal_spectrum, kaimal_variance, rotor_admittance
from turbine.wind.turbulence import etm, kaimal, kaimal_fluctuation, ntm

__all__ = [
    "REFERENCE_INTENSITY",
    "REFERENCE_SPEED",
    "WindClass",
    "WindError",
    "WindSeries",
    "coherence",
    "component_scales",
    "constant",
    "ecd",
    "ecd_angle",
    "edc",
    "edc_angle",
    "eog",
    "eog_amplitude",
    "etm",
    "etm_sigma",
    "ewm_speed",
    "ewm_turbulent",
    "ews_gradient",
    "from_samples",
    "kaimal",
    "kaimal_fluctuation",
    "kaimal_spectrum",
    "kaimal_variance",
    "ntm",
    "ntm_sigma",
    "ramps",
    "read_wind_csv",
    "resample",
    "rotor_admittance",
    "steps",
    "turbulence_scale",
    "wind_class",
    "wind_profile",
]
