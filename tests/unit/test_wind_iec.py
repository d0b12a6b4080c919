"""IEC wind models: what they refuse, and shapes of what they give."""

from collections.abc import Callable

import numpy as np
import pytest

from turbine.errors import WindError
from turbine.wind import (
    WindClass,
    component_scales,
    ecd,
    edc,
    edc_angle,
    eog,
    eog_amplitude,
    etm,
    etm_sigma,
    ewm_speed,
    kaimal,
    kaimal_fluctuation,
    ntm,
    ntm_sigma,
    turbulence_scale,
    wind_class,
    wind_profile,
)

IA = wind_class("IA")
ROTOR = {"rotor_diameter": 126.0, "hub_height": 90.0}
SERIES = {"duration": 20.0, "time_step": 0.1}


def test_unknown_class_is_answered_with_the_nearest() -> None:
    with pytest.raises(WindError, match=r'wind class "IIa" is unknown \(did you mean "II.*"\?\); known: IA\+, IA, IB'):
        wind_class("IIa")


def test_own_class_is_checked() -> None:
    assert WindClass(reference_speed=57.0, reference_intensity=0.16).name == "S"
    with pytest.raises(WindError, match="did you give percent"):
        WindClass(reference_speed=50.0, reference_intensity=16.0)
    with pytest.raises(WindError, match="reference_speed is -50"):
        WindClass(reference_speed=-50.0, reference_intensity=0.16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: turbulence_scale(0.0), "hub_height is 0.0 m"),
        (lambda: wind_profile([10.0, -1.0], wind_speed=8.0, hub_height=90.0), r"height is -1.0 m"),
        (lambda: ewm_speed(90.0, condition=IA, hub_height=90.0, return_period_years=100), "is 100, expected 1 or 50"),
        (lambda: eog_amplitude(56.0, IA, **ROTOR), r"56 m/s is not below V_e1 = 56 m/s of class IA"),
        (lambda: eog_amplitude(10.0, IA, rotor_diameter=-1.0, hub_height=90.0), "rotor_diameter is -1.0 m"),
        (lambda: eog(0.0, IA, **ROTOR, **SERIES), "wind_speed is 0.0 m/s"),
        (lambda: eog(10.0, IA, **ROTOR, **SERIES, start=-1.0), "start is -1.0 s"),
        (lambda: ecd(10.0, **SERIES, sign=2), "sign is 2, expected 1 or -1"),
        (lambda: edc(0.0, IA, **ROTOR, **SERIES), "wind speed is 0 m/s"),
        (lambda: component_scales("x", 90.0), "component is 'x'"),
        (lambda: kaimal(10.0, 1.0, hub_height=90.0, **SERIES, seed=-1), "seed is -1"),
        (lambda: kaimal(10.0, 1.0, hub_height=90.0, **SERIES, seed=1.5), "seed is 1.5"),
        (lambda: kaimal(10.0, -1.0, hub_height=90.0, **SERIES, seed=1), "sigma is -1.0 m/s"),
        (lambda: kaimal(-10.0, 1.0, hub_height=90.0, **SERIES, seed=1), "wind_speed is -10.0 m/s"),
        (lambda: kaimal(-10.0, 0.0, hub_height=90.0, **SERIES, seed=1), "wind_speed is -10.0 m/s"),
        (lambda: kaimal(10.0, 1.0, hub_height=90.0, duration=1.0, time_step=1.0, seed=1), "expected at least 2"),
        (
            lambda: kaimal_fluctuation(
                np.random.default_rng(1), 10, 0.1, wind_speed=9.0, sigma=1.0, component="v", **ROTOR
            ),
            'rotor mean of component "v"',
        ),
    ],
)
def test_impossible_requests_are_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(WindError, match=message):
        call()


def test_models_take_arrays_of_any_shape() -> None:
    speeds = np.array([[5.0, 10.0], [15.0, 20.0]])
    for values in (
        ntm_sigma(speeds, IA),
        etm_sigma(speeds, IA),
        eog_amplitude(speeds, IA, **ROTOR),
        edc_angle(speeds, IA, **ROTOR),
    ):
        assert values.shape == (2, 2)
    assert float(ntm_sigma(10.0, IA)) == ntm_sigma(speeds, IA)[0, 1]


def test_load_case_winds_carry_class_seed_and_sigma() -> None:
    settings = {"hub_height": 90.0, "duration": 60.0, "time_step": 0.1, "seed": 4}
    normal, extreme = ntm(12.0, IA, **settings), etm(12.0, IA, **settings)
    assert (normal.seed, extreme.seed) == (4, 4)
    assert normal.name == "NTM IA at 12 m/s, point, seed 4"
    assert normal.sigma == pytest.approx(float(ntm_sigma(12.0, IA)))
    assert extreme.sigma == pytest.approx(float(etm_sigma(12.0, IA)))
    scaled = (normal.wind_speed - 12.0) * extreme.sigma / normal.sigma
    np.testing.assert_allclose(scaled, extreme.wind_speed - 12.0, atol=1e-9, err_msg="one seed, one wind")
    assert "rotor mean" in ntm(12.0, IA, **settings, rotor_diameter=126.0).name


def test_event_that_outlasts_the_series_is_cut() -> None:
    gust = ecd(10.0, duration=5.0, time_step=0.5)
    assert len(gust) == 10
    assert gust.wind_speed[-1] == pytest.approx(10.0 + 7.5 * (1.0 - np.cos(np.pi * 0.45)))
