"""Air density against values published elsewhere than in the standard's formula."""

import numpy as np
import pytest

from fleet.density import air_density, standard_pressure
from tests.validation.references import ISO_2533, SATURATION_PA


@pytest.mark.parametrize(("altitude", "pressure", "density"), ISO_2533)
def test_against_the_iso_2533_standard_atmosphere(altitude: float, pressure: float, density: float) -> None:
    """Table of ISO 2533 (dry air): pressure and density by geopotential altitude, as ICAO's manual prints them."""
    assert standard_pressure(altitude) == pytest.approx(pressure, rel=1e-5)
    temperature = 15.0 - 0.0065 * altitude
    assert float(air_density(temperature, standard_pressure(altitude), 0.0)) == pytest.approx(density, rel=1e-4)


@pytest.mark.parametrize(("temperature", "saturation_pa"), SATURATION_PA)
def test_saturated_air_against_steam_tables(temperature: float, saturation_pa: float) -> None:
    """Steam tables' saturation pressure in the ideal gas mixture; the standard's exponential is good to 0.15 %."""
    kelvin, pressure = temperature + 273.15, 101_325.0
    mixture = (pressure - saturation_pa) / (287.05 * kelvin) + saturation_pa / (461.5 * kelvin)
    assert float(air_density(temperature, pressure, 1.0)) == pytest.approx(mixture, rel=1.5e-3)
    assert np.isnan(air_density(np.nan, pressure))
