"""Gust and spectrum against wind series that another program made (data/turbine/wind/README.md)."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from turbine.wind import eog, kaimal_fluctuation, kaimal_spectrum, read_wind_csv, wind_class

DATA = Path(__file__).parent / "data" / "turbine" / "wind"
PRINTED = 5.1e-6  #: seven digits of two-figure wind speeds [m/s]


def test_operating_gust_against_the_reference_series() -> None:
    reference = read_wind_csv(DATA / "eog_12ms.csv")
    gust = eog(
        12.0,
        wind_class("IB"),
        rotor_diameter=126.0,
        hub_height=90.0,
        duration=reference.duration,
        time_step=0.05,
        start=1.0,
    )
    assert reference.time_step == pytest.approx(0.05)
    assert len(reference) == len(gust) == 261
    assert np.ptp(reference.wind_speed) > 5.0
    np.testing.assert_allclose(gust.wind_speed, reference.wind_speed, atol=PRINTED, rtol=0.0)


@pytest.fixture(scope="module")
def reference_turbulence(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = tmp_path_factory.mktemp("wind") / "ntm_b_12ms.csv"
    path.write_bytes(gzip.decompress((DATA / "ntm_b_12ms.csv.gz").read_bytes()))
    return read_wind_csv(path).wind_speed


def _periodogram(samples: np.ndarray, time_step: float) -> np.ndarray:
    """Return the one-sided spectrum at the multiples of 1/T without the zeroth [(m/s)^2/Hz]."""
    return 2.0 * np.abs(np.fft.rfft(samples - samples.mean())[1:]) ** 2 * time_step / samples.size


def test_spectrum_has_the_shape_of_the_reference_series(reference_turbulence: np.ndarray) -> None:
    """The reference's waves have the amplitudes of the spectrum at their frequencies, all scaled alike to sigma."""
    n, step = reference_turbulence.size, 0.1
    frequency = np.arange(1, 346) / (n * step)  # its waves end at 0.5 Hz
    spectrum = kaimal_spectrum(frequency, wind_speed=12.0, sigma=2.044, hub_height=90.0)
    ratio = _periodogram(reference_turbulence, step)[:345] / spectrum
    scaled = 2.044**2 / (spectrum.sum() / (n * step))
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)  # what printing leaves of the smallest wave, 3 mm/s
    assert ratio.mean() == pytest.approx(scaled, rel=2e-3), "the handful of waves up to 0.5 Hz left out here"


def test_generated_waves_against_those_of_the_reference_series(reference_turbulence: np.ndarray) -> None:
    """Two programs, one spectrum: amplitudes in proportion wave by wave, above the first few to 0.5 %.

    The reference takes the spectrum at each wave's frequency, this program its mean over the band around it, which
    differs where the spectrum bends within a band.
    """
    ours = kaimal_fluctuation(np.random.default_rng(3), 7000, 0.1, wind_speed=12.0, sigma=2.044, hub_height=90.0)
    ratio = (_periodogram(ours, 0.1) / _periodogram(reference_turbulence, 0.1))[10:345]
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=5e-3)
