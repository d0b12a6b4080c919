"""What holds for any turbulence and any series: mean, sigma, repeatability, resampling that loses nothing."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turbine.wind import (
    WindSeries,
    ecd,
    eog,
    kaimal,
    kaimal_fluctuation,
    kaimal_variance,
    read_wind_csv,
    resample,
    rotor_admittance,
    wind_class,
)

SPEED = st.floats(2.0, 40.0)
SIGMA = st.floats(0.05, 6.0)
HEIGHT = st.floats(20.0, 200.0)
STEP = st.floats(0.005, 2.0)
SAMPLES = st.integers(2, 700)
SEED = st.integers(0, 2**63)
CLASS = st.sampled_from(["IA+", "IA", "IIB", "IIIC"]).map(wind_class)


@given(speed=SPEED, sigma=SIGMA, height=HEIGHT, step=STEP, samples=SAMPLES, seed=SEED)
@settings(deadline=None)
def test_mean_and_sigma_are_those_asked_for(
    speed: float, sigma: float, height: float, step: float, samples: int, seed: int
) -> None:
    series = kaimal(speed, sigma, hub_height=height, duration=samples * step, time_step=step, seed=seed)
    assert len(series) == samples
    assert series.seed == seed
    assert series.mean == pytest.approx(speed, abs=1e-9)
    assert series.sigma == pytest.approx(sigma, rel=1e-9)


@given(
    speed=SPEED,
    sigma=SIGMA,
    height=HEIGHT,
    step=STEP,
    samples=SAMPLES,
    seed=SEED,
    component=st.sampled_from(["u", "v", "w"]),
)
@settings(deadline=None)
def test_unscaled_variance_is_the_integral_of_the_truncated_spectrum(
    speed: float, sigma: float, height: float, step: float, samples: int, seed: int, component: str
) -> None:
    model = {"wind_speed": speed, "sigma": sigma, "hub_height": height, "component": component}
    fluctuation = kaimal_fluctuation(np.random.default_rng(seed), samples, step, **model, scale=False)
    exact = float(kaimal_variance(0.5 / (samples * step), 0.5 / step, **model))
    assert fluctuation.mean() == pytest.approx(0.0, abs=1e-9)
    assert fluctuation.var() == pytest.approx(exact, rel=1e-9)
    scaled = kaimal_fluctuation(np.random.default_rng(seed), samples, step, **model)
    assert scaled.std() == pytest.approx(sigma * {"u": 1.0, "v": 0.8, "w": 0.5}[component], rel=1e-9)


@given(speed=SPEED, height=HEIGHT, step=STEP, samples=SAMPLES, seed=SEED, diameter=st.floats(5.0, 250.0))
@settings(deadline=None)
def test_same_seed_same_bytes_and_a_rotor_averages(
    speed: float, height: float, step: float, samples: int, seed: int, diameter: float
) -> None:
    def wind(**options: float) -> WindSeries:
        length = {"duration": samples * step, "time_step": step}
        return kaimal(speed, 1.0, hub_height=height, seed=seed, **length, **options)

    point, rotor, larger = wind(), wind(rotor_diameter=diameter), wind(rotor_diameter=1.1 * diameter)
    assert point.wind_speed.tobytes() == wind().wind_speed.tobytes()
    assert rotor.wind_speed.tobytes() == wind(rotor_diameter=diameter).wind_speed.tobytes()
    assert larger.sigma < rotor.sigma < point.sigma
    assert rotor.mean == pytest.approx(speed, abs=1e-9)


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=20)
def test_another_seed_is_another_wind(seed: int) -> None:
    model = {"hub_height": 90.0, "duration": 60.0, "time_step": 0.5}
    one, two = (kaimal(10.0, 1.0, **model, seed=s).wind_speed for s in (seed, seed + 1))
    assert np.max(np.abs(one - two)) > 0.1


@given(
    frequency=st.floats(0.0, 50.0),
    factor=st.floats(1.01, 3.0),
    speed=SPEED,
    height=HEIGHT,
    diameter=st.floats(1.0, 250.0),
)
def test_rotor_admittance_falls_from_at_most_one(
    frequency: float, factor: float, speed: float, height: float, diameter: float
) -> None:
    model = {"wind_speed": speed, "rotor_diameter": diameter, "hub_height": height}
    still, slow, fast = rotor_admittance([0.0, frequency, factor * frequency + 0.01], **model)
    assert 0.0 < fast < slow <= still < 1.0


@given(
    speed=st.floats(3.0, 35.0),
    condition=CLASS,
    height=HEIGHT,
    diameter=st.floats(20.0, 250.0),
    step=st.floats(0.01, 0.5),
)
@settings(deadline=None)
def test_gusts_begin_and_end_where_they_should(
    speed: float, condition: object, height: float, diameter: float, step: float
) -> None:
    gust = eog(speed, condition, rotor_diameter=diameter, hub_height=height, duration=30.0, time_step=step, start=5.0)
    outside = (gust.time <= 5.0) | (gust.time >= 15.5)
    np.testing.assert_allclose(gust.wind_speed[outside], speed, rtol=1e-9)
    assert gust.wind_speed.min() < speed < gust.wind_speed.max()
    rise = ecd(speed, duration=30.0, time_step=step, start=5.0)
    assert np.all(np.diff(rise.wind_speed) >= 0.0)
    assert rise.wind_speed[-1] == pytest.approx(speed + 15.0)
    assert rise.wind_direction[-1] == pytest.approx(np.deg2rad(min(180.0, 720.0 / speed)))


SAMPLED = st.lists(st.floats(0.0, 40.0), min_size=2, max_size=60)


@given(values=SAMPLED, factor=st.integers(1, 7), step=STEP)
def test_held_to_a_finer_step_and_averaged_back_is_the_same(values: list[float], factor: int, step: float) -> None:
    series = WindSeries(time_step=step, wind_speed=np.array(values))
    fine = resample(series, step / factor, method="hold")
    assert len(fine) == factor * len(series)
    np.testing.assert_allclose(resample(fine, step).wind_speed, series.wind_speed, atol=1e-9)


@given(values=SAMPLED, step=STEP, ratio=st.floats(0.05, 20.0))
def test_resampling_keeps_within_bounds_and_the_coarse_mean(values: list[float], step: float, ratio: float) -> None:
    series = WindSeries(time_step=step, wind_speed=np.array(values))
    other = resample(series, ratio * step)
    assert min(values) - 1e-9 <= other.wind_speed.min() <= other.wind_speed.max() <= max(values) + 1e-9
    if ratio > 1.0:
        covered = np.minimum(np.arange(1, len(other) + 1) * ratio, len(series)) - np.arange(len(other)) * ratio
        assert np.sum(other.wind_speed * covered) == pytest.approx(np.sum(values), abs=1e-6)


@given(values=SAMPLED, step=st.integers(1, 5000))
@settings(deadline=None)
def test_series_written_as_text_is_read_back_bit_for_bit(values: list[float], step: int) -> None:
    lines = [f"{k * step / 1000.0!r},{value!r}" for k, value in enumerate(values)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "wind.csv"
        path.write_text("\n".join(["time [s],wind speed [m/s]", *lines]), encoding="utf-8")
        series = read_wind_csv(path)
    assert series.time_step == pytest.approx(step / 1000.0, rel=1e-12)
    assert series.wind_speed.tolist() == values
