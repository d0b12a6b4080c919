"""Air density against values published elsewhere than in the standard's formula."""

import numpy as np
import pytest

from fleet.density import air_density, standard_pressure


@pytest.mark.parametrize(
    ("altitude", "pressure", "density"),
    [(0.0, 101_325.0, 1.2250), (500.0, 95_461.0, 1.1673), (1000.0, 89_875.0, 1.1116), (2000.0, 79_495.0, 1.0065)],
)
def test_against_the_iso_2533_standard_atmosphere(altitude: float, pressure: float, density: float) -> None:
    """Table of ISO 2533 (dry air): pressure and density by geopotential altitude, as ICAO's manual prints them."""
    assert standard_pressure(altitude) == pytest.approx(pressure, rel=1e-5)
    temperature = 15.0 - 0.0065 * altitude
    assert float(air_density(temperature, standard_pressure(altitude), 0.0)) == pytest.approx(density, rel=1e-4)


@pytest.mark.parametrize(
    ("temperature", "saturation_pa"), [(0.0, 611.2), (10.0, 1228.0), (20.0, 2339.0), (30.0, 4247.0)]
)
def test_saturated_air_against_steam_tables(temperature: float, saturation_pa: float) -> None:
    """Steam tables' saturation pressure in the ideal gas mixture; the standard's exponential is good to 0.15 %."""
    kelvin, pressure = temperature + 273.15, 101_325.0
    mixture = (pressure - saturation_pa) / (287.05 * kelvin) + saturation_pa / (461.5 * kelvin)
    assert float(air_density(temperature, pressure, 1.0)) == pytest.approx(mixture, rel=1.5e-3)
    assert np.isnan(air_density(np.nan, pressure))
