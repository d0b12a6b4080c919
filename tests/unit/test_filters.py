"""Digital filters against SciPy's bilinear transform and its filter of the same form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import bilinear, lfilter

from turbine.filters import band_pass, filtered, high_pass, low_pass, low_pass_2, settled

W, D = 2.0, 0.7
CASES = {
    "low_pass": (lambda h: low_pass(W, h), [W], [1.0, W]),
    "low_pass_2": (lambda h: low_pass_2(W, D, h), [W**2], [1.0, 2.0 * D * W, W**2]),
    "high_pass": (lambda h: high_pass(W, h), [1.0, 0.0], [1.0, W]),
    "band_pass": (lambda h: band_pass(W, D, h), [2.0 * D * W, 0.0], [1.0, 2.0 * D * W, W**2]),
}


def _run(c: np.ndarray, u: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    w = np.zeros(2) if w is None else w
    return np.array([filtered(w, c, float(x)) for x in u])


@pytest.mark.parametrize("step", [0.001, 0.01, 0.1, 0.7])
@pytest.mark.parametrize("name", CASES)
def test_coefficients_against_scipy_bilinear(name: str, step: float) -> None:
    made, num, den = CASES[name]
    b, a = bilinear(num, den, 1.0 / step)
    b0, b1, b2, a1, a2 = made(step)
    np.testing.assert_allclose([b0, b1, b2][: b.size], b / a[0], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose([1.0, a1, a2][: a.size], a / a[0], rtol=1e-10, atol=1e-14)
    assert not np.any([b0, b1, b2][b.size :])


@pytest.mark.parametrize("name", CASES)
def test_output_against_scipy_lfilter(name: str) -> None:
    c = CASES[name][0](0.02)
    u = np.random.default_rng(5).normal(size=400)
    np.testing.assert_allclose(_run(c, u), lfilter(c[:3], [1.0, c[3], c[4]], u), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_settled_memory_answers_a_constant_as_after_a_long_time(name: str) -> None:
    c, w = CASES[name][0](0.02), np.zeros(2)
    settled(w, c, 3.7)
    expected = 3.7 if name.startswith("low") else 0.0
    np.testing.assert_allclose(_run(c, np.full(50, 3.7), w), expected, rtol=0, atol=1e-12)
    long = np.zeros(2)
    _run(c, np.full(5000, 3.7), long)
    np.testing.assert_allclose(w, long, rtol=0, atol=1e-10)


def test_band_pass_has_gain_one_and_no_lag_at_its_centre_when_prewarped() -> None:
    h = 0.01
    centre = 2.0 / h * np.arctan(W * h / 2.0)  # where the bilinear rule puts it
    b0, b1, b2, a1, a2 = band_pass(W, 0.3, h)
    z = np.exp(-1j * centre * h)
    assert (b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z) == pytest.approx(1.0, abs=1e-9)
