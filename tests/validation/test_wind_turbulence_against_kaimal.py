"""Generated turbulence against the Kaimal spectrum, its exact integral, and the mean of coherence over a disc."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import iv, modstruve

from turbine.wind import (
    coherence,
    kaimal,
    kaimal_fluctuation,
    kaimal_spectrum,
    kaimal_variance,
    rotor_admittance,
)

CASE = {"wind_speed": 12.0, "sigma": 2.044, "hub_height": 90.0}
ROTOR = {"wind_speed": 12.0, "rotor_diameter": 126.0, "hub_height": 90.0}


@pytest.mark.parametrize(("component", "share", "length"), [("u", 1.0, 340.2), ("v", 0.8, 113.4), ("w", 0.5, 27.72)])
def test_spectrum_integrates_to_the_variance(component: str, share: float, length: float) -> None:
    def spectrum(frequency: float) -> float:
        return float(kaimal_spectrum(frequency, **CASE, component=component))

    assert spectrum(0.0) == pytest.approx(4.0 * (share * 2.044) ** 2 * length / 12.0)
    in_part, _ = quad(spectrum, 0.01, 0.5, epsabs=0.0, epsrel=1e-10)
    assert float(kaimal_variance(0.01, 0.5, **CASE, component=component)) == pytest.approx(in_part, rel=1e-9)
    whole = float(kaimal_variance(0.0, np.inf, **CASE, component=component))
    assert whole == pytest.approx((share * 2.044) ** 2, rel=1e-12)


@pytest.mark.parametrize("component", ["u", "v", "w"])
def test_periodograms_of_segments_against_the_spectrum(component: str) -> None:
    """Segments of 102.4 s, one in eight of 24 series of 3.6 h: K averages spread by 1/sqrt(K) of the value.

    All segments of a series together would spread less than that, as its waves have fixed amplitudes.
    """
    step, segment, rows = 0.1, 1024, []
    window = np.hanning(segment + 1)[:-1]
    for seed in range(24):
        rng = np.random.default_rng(seed)
        series = kaimal_fluctuation(rng, 128 * segment, step, **CASE, component=component, scale=False)
        parts = series.reshape(128, segment)[::8] * window
        rows.append(2.0 * step * np.abs(np.fft.rfft(parts, axis=1)) ** 2 / np.sum(window**2))
    averages = 24 * 16
    estimate = np.mean(np.concatenate(rows), axis=0)
    used = slice(8, segment // 2 - 2)  # below, the window blurs the spectrum's bend by more than 1 %
    frequency = np.fft.rfftfreq(segment, step)[used]
    ratio = estimate[used] / kaimal_spectrum(frequency, **CASE, component=component)
    spread = 1.0 / np.sqrt(averages)
    assert np.max(np.abs(ratio - 1.0)) < 5.0 * spread, "500 frequencies, five standard deviations each"
    assert np.std(ratio) == pytest.approx(spread, rel=0.2), "it scatters as a Gaussian process does"
    assert np.mean(ratio) == pytest.approx(1.0, abs=4.0 * spread / np.sqrt(ratio.size / 2.0) + 0.002)


def test_rotor_mean_against_the_closed_form() -> None:
    """The mean of exp(-k r) over pairs of points of a disc in modified Bessel and Struve functions, x = k R."""
    frequency = np.array([0.0, 1e-3, 3e-3, 0.01, 0.03, 0.05, 0.08])
    x = 63.0 * 12.0 * np.hypot(frequency / 12.0, 0.12 / 340.2)
    pairs = modstruve(1, 2 * x) - iv(1, 2 * x) - 2 / np.pi + x * (2 * iv(2, 2 * x) - 2 * modstruve(-2, 2 * x) + 1)
    np.testing.assert_allclose(rotor_admittance(frequency, **ROTOR), 2.0 / x**3 * pairs, rtol=1e-6)


def test_rotor_mean_of_fast_fluctuations_against_the_asymptote() -> None:
    """When coherence reaches over small distances only, all but the rim sees 2 pi / k^2 of the disc: 2 / x^2."""
    frequency = np.array([1.0, 10.0, 100.0])
    x = 63.0 * frequency
    admittance = rotor_admittance(frequency, **ROTOR)
    assert np.all(np.abs(admittance * x**2 / 2.0 - 1.0) < 1.5 / x), "the rim's share falls as 1 / x"


def test_rotor_mean_against_the_coherence_of_points_of_a_disc() -> None:
    """The definition itself: mean of `coherence` over all pairs of 700 points that share the disc evenly."""
    k = np.arange(700) + 0.5
    point = 63.0 * np.sqrt(k / k.size) * np.exp(1j * np.pi * (1.0 + np.sqrt(5.0)) * k)
    distance = np.abs(point[:, None] - point[None, :])
    own = 63.0 * 2.0 / 3.0 / np.sqrt(k.size)  # mean distance inside a point's own share instead of zero, about
    np.fill_diagonal(distance, own)
    for frequency in (0.0, 0.01, 0.05, 0.15):
        pairs = float(coherence(frequency, distance, wind_speed=12.0, hub_height=90.0).mean())
        assert float(rotor_admittance(frequency, **ROTOR)) == pytest.approx(pairs, rel=5e-3)


def test_coherence_falls_as_the_standard_says() -> None:
    values = coherence([0.0, 0.1], [50.0, 50.0], wind_speed=10.0, hub_height=90.0)
    np.testing.assert_allclose(values, np.exp([-12.0 * 0.12 * 50.0 / 340.2, -12.0 * np.hypot(0.5, 6.0 / 340.2)]))
    assert float(coherence(1.0, 0.0, wind_speed=10.0, hub_height=90.0)) == 1.0


def test_variance_of_a_rotor_mean_against_the_integral() -> None:
    """In ten minutes at 0.05 s: from 1/1200 Hz to 10 Hz; the bands' admittance is taken in their middle."""
    settings = {"duration": 600.0, "time_step": 0.05, "seed": 5, "hub_height": 90.0, "scale": False}
    point = kaimal(12.0, 2.044, **settings)
    rotor = kaimal(12.0, 2.044, **settings, rotor_diameter=126.0)

    def averaged(log_frequency: float) -> float:
        f = np.exp(log_frequency)
        return float(f * kaimal_spectrum(f, **CASE) * rotor_admittance(f, **ROTOR))

    variance, _ = quad(averaged, np.log(1.0 / 1200.0), np.log(10.0), epsrel=1e-8)
    assert rotor.sigma**2 == pytest.approx(variance, rel=2e-3)
    assert point.sigma**2 == pytest.approx(float(kaimal_variance(1.0 / 1200.0, 10.0, **CASE)), rel=1e-12)
    slow = np.fft.rfft(point.wind_speed)[1:4], np.fft.rfft(rotor.wind_speed)[1:4]
    np.testing.assert_allclose(np.angle(slow[0]), np.angle(slow[1]), atol=1e-9, err_msg="the same wind, averaged")


def test_density_of_distances_is_one_over_the_disc() -> None:
    """A tiny disc is a point, and loses coherence at first in proportion to the mean distance of its points."""
    still = float(rotor_admittance(0.0, wind_speed=12.0, rotor_diameter=1e-6, hub_height=90.0))
    assert still == pytest.approx(1.0, abs=1e-8)
    slope = (1.0 - float(rotor_admittance(0.0, wind_speed=12.0, rotor_diameter=2e-3, hub_height=90.0))) / 1e-3
    assert slope == pytest.approx(12.0 * 0.12 / 340.2 * 128.0 / (45.0 * np.pi), rel=1e-4), "mean distance 128 R / 45 pi"
