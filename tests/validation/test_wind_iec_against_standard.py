"""IEC 61400-1 wind conditions against figures worked out from the standard, to their last printed digit."""

import numpy as np
import pytest

from turbine.wind import (
    ecd,
    ecd_angle,
    edc,
    edc_angle,
    eog,
    eog_amplitude,
    etm_sigma,
    ewm_speed,
    ewm_turbulent,
    ews_gradient,
    ntm_sigma,
    turbulence_scale,
    wind_class,
    wind_profile,
)

IA = wind_class("IA")
ROTOR = {"rotor_diameter": 126.0, "hub_height": 90.0}


@pytest.mark.parametrize(("speed", "ntm", "etm"), [(10, 2.096, 3.384), (15, 2.696, 3.845), (25, 3.896, 4.767)])
def test_turbulence_of_class_ia(speed: float, ntm: float, etm: float) -> None:
    assert float(ntm_sigma(speed, IA)) == pytest.approx(ntm, abs=5e-4)
    assert float(etm_sigma(speed, IA)) == pytest.approx(etm, abs=5e-4)


@pytest.mark.parametrize(
    ("speed", "amplitude", "lowest", "highest"), [(25.0, 9.890, 22.35, 32.32), (11.4, 5.747, 9.86, 15.65)]
)
def test_operating_gust_of_class_ia(speed: float, amplitude: float, lowest: float, highest: float) -> None:
    assert float(eog_amplitude(speed, IA, **ROTOR)) == pytest.approx(amplitude, abs=5e-4)
    gust = eog(speed, IA, **ROTOR, duration=20.0, time_step=0.01, start=5.0)
    assert gust.wind_speed.min() == pytest.approx(lowest, abs=5e-3)
    assert gust.wind_speed.max() == pytest.approx(highest, abs=5e-3)
    assert gust.time[gust.wind_speed.argmax()] == pytest.approx(5.0 + 10.5 / 2.0), "the peak is in the gust's middle"
    assert np.all(gust.wind_speed[:501] == speed)
    np.testing.assert_allclose(gust.wind_speed[1550:], speed, rtol=1e-12)


def test_operating_gust_near_the_extreme_wind_is_limited_by_it() -> None:
    """At 50 m/s in class IA: 1.35 (56 - 50) = 8.1 m/s, below the 17.5 m/s of the turbulence."""
    assert float(eog_amplitude(50.0, IA, **ROTOR)) == pytest.approx(8.1, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "reference", "intensity"),
    [("IA+", 50.0, 0.18), ("IA", 50.0, 0.16), ("IIB", 42.5, 0.14), ("IIIC", 37.5, 0.12)],
)
def test_classes(name: str, reference: float, intensity: float) -> None:
    condition = wind_class(name)
    assert (condition.reference_speed, condition.reference_intensity) == (reference, intensity)
    assert condition.average_speed == pytest.approx(0.2 * reference)
    assert float(ntm_sigma(15.0, condition)) / 15.0 == pytest.approx(intensity * 16.85 / 15.0), (
        "0.75 x 15 + 5.6 = 16.85"
    )


def test_scale_parameter_grows_up_to_sixty_metres() -> None:
    assert [turbulence_scale(z) for z in (30.0, 60.0, 90.0)] == pytest.approx([21.0, 42.0, 42.0])


def test_extreme_wind_speeds_of_class_i() -> None:
    at_hub = {"condition": IA, "hub_height": 90.0}
    assert float(ewm_speed(90.0, **at_hub, return_period_years=50)) == pytest.approx(70.0)
    assert float(ewm_speed(90.0, **at_hub, return_period_years=1)) == pytest.approx(56.0)
    assert float(ewm_speed(45.0, **at_hub, return_period_years=50)) == pytest.approx(70.0 * 0.5**0.11)
    assert ewm_turbulent(IA, return_period_years=50) == pytest.approx((50.0, 5.5))
    assert ewm_turbulent(IA, return_period_years=1) == pytest.approx((40.0, 4.4))


def test_normal_profile() -> None:
    profile = wind_profile([90.0, 153.0, 27.0], wind_speed=10.0, hub_height=90.0)
    np.testing.assert_allclose(profile, [10.0, 11.1196, 7.8600], atol=5e-5)  # 10 x 1.7^0.2, 10 x 0.3^0.2


def test_coherent_gust_rises_by_fifteen_metres_per_second_and_turns() -> None:
    np.testing.assert_allclose(np.rad2deg(ecd_angle([2.0, 3.999, 4.0, 12.0, 25.0])), [180.0, 180.0, 180.0, 60.0, 28.8])
    gust = ecd(12.0, duration=30.0, time_step=0.1, start=10.0, sign=-1)
    np.testing.assert_allclose(gust.wind_speed[[0, 100, 150, 200, 299]], [12.0, 12.0, 19.5, 27.0, 27.0])
    np.testing.assert_allclose(
        np.rad2deg(gust.wind_direction[[0, 100, 150, 200, 299]]), [0, 0, -30, -60, -60], atol=1e-9
    )


def test_direction_change_of_class_ia() -> None:
    """At 11.4 m/s: sigma_1 = 2.264, 4 arctan[2.264 / (11.4 x 1.3)] = 34.743 deg."""
    assert np.rad2deg(float(edc_angle(11.4, IA, **ROTOR))) == pytest.approx(34.743, abs=5e-4)
    turn = edc(11.4, IA, **ROTOR, duration=20.0, time_step=0.1, start=5.0)
    np.testing.assert_allclose(
        np.rad2deg(turn.wind_direction[[50, 80, 110, 199]]), [0, 17.3714, 34.743, 34.743], atol=1e-3
    )
    assert np.all(turn.wind_speed == 11.4)
    assert float(edc_angle(0.1, IA, **ROTOR)) <= np.pi, "never more than once round to the back"


def test_extreme_shear_of_class_ia() -> None:
    """At 11.4 m/s: 2.5 + 1.28 x 2.264 x 3^(1/4) = 6.31387 m/s at one diameter, twice that in the middle of 12 s."""
    gradient = ews_gradient([-1.0, 0.0, 3.0, 6.0, 12.0, 20.0], 11.4, IA, **ROTOR)
    size = (2.5 + 1.28 * 2.264 * 3.0**0.25) / 126.0
    np.testing.assert_allclose(gradient, np.array([0.0, 0.0, 1.0, 2.0, 0.0, 0.0]) * size, atol=1e-12)
    assert size * 126.0 == pytest.approx(6.314, abs=5e-4)
