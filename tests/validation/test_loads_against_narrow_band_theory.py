"""Equivalent load of a narrow-band Gaussian process against the closed form of J. S. Bendat (1964).

Peaks of such a process are Rayleigh distributed, hence E[S^m] = (2 sqrt(2) sigma)^m Gamma(1 + m/2), with one cycle per
zero up-crossing. The band is some 1000 times 1/T wide, so as many independent envelopes stand behind the mean of S^m.
"""

import math

import numpy as np
import pytest

from turbine.loads import damage_equivalent_load

DURATION, TIME_STEP, CENTRE, BAND = 20_000.0, 0.05, 1.0, 0.05  # s, s, Hz, Hz


@pytest.mark.parametrize("exponent", [3.0, 4.0, 5.0])
def test_equivalent_load_of_a_narrow_band_process(exponent: float) -> None:
    rng = np.random.default_rng(5)
    size = round(DURATION / TIME_STEP)
    frequency = np.fft.rfftfreq(size, TIME_STEP)
    inside = np.abs(frequency - CENTRE) <= BAND / 2.0
    spectrum = np.where(inside, rng.normal(size=frequency.size) + 1j * rng.normal(size=frequency.size), 0.0)
    load = np.fft.irfft(spectrum, size)
    load /= load.std()

    up_crossings = DURATION * math.sqrt(CENTRE**2 + BAND**2 / 12.0)  # second moment of a flat band
    moment = (2.0 * math.sqrt(2.0)) ** exponent * math.gamma(1.0 + exponent / 2.0)
    expected = (up_crossings * moment / DURATION) ** (1.0 / exponent)
    scatter = math.sqrt(math.gamma(1.0 + exponent) / math.gamma(1.0 + exponent / 2.0) ** 2 - 1.0)
    tolerance = 3.0 * scatter / math.sqrt(BAND * DURATION) / exponent + (1.0 - math.cos(math.pi * CENTRE * TIME_STEP))
    found = damage_equivalent_load(load, exponent=exponent, cycles=DURATION)
    assert found == pytest.approx(expected, rel=tolerance)
    assert tolerance < 0.09
