"""Digital low-pass and band-pass filters, bilinear, in the transposed form that keeps two numbers each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from turbine.compiled import kernel

__all__ = ["band_pass", "filtered", "high_pass", "low_pass", "low_pass_2", "settled"]

Floats = npt.NDArray[np.float64]


def low_pass(frequency: float, time_step: float) -> Floats:
    """Return b0, b1, b2, a1, a2 of w / (s + w) with w [rad/s] at a time step [s], by the bilinear rule."""
    x = frequency * time_step
    return np.array([x / (2.0 + x), x / (2.0 + x), 0.0, (x - 2.0) / (2.0 + x), 0.0])


def low_pass_2(frequency: float, damping: float, time_step: float) -> Floats:
    """Return b0, b1, b2, a1, a2 of w^2 / (s^2 + 2 d w s + w^2) by the bilinear rule."""
    x = frequency * time_step
    scale = x * x + 4.0 * damping * x + 4.0
    return np.array([x * x, 2.0 * x * x, x * x, 2.0 * x * x - 8.0, x * x - 4.0 * damping * x + 4.0]) / scale


def high_pass(frequency: float, time_step: float) -> Floats:
    """Return b0, b1, b2, a1, a2 of s / (s + w) with w [rad/s] by the bilinear rule."""
    x = frequency * time_step
    return np.array([2.0 / (2.0 + x), -2.0 / (2.0 + x), 0.0, (x - 2.0) / (2.0 + x), 0.0])


def band_pass(frequency: float, damping: float, time_step: float) -> Floats:
    """Return b0, b1, b2, a1, a2 of 2 d w s / (s^2 + 2 d w s + w^2), unit gain at w, by the bilinear rule."""
    x = frequency * time_step
    scale = x * x + 4.0 * damping * x + 4.0
    gain = 4.0 * damping * x
    return np.array([gain, 0.0, -gain, 2.0 * x * x - 8.0, x * x - 4.0 * damping * x + 4.0]) / scale


@kernel
def filtered(w: Floats, c: Floats, u: float):  # type: ignore[no-untyped-def]
    """Return the filter's output for an input and advance its memory w, shape (2,)."""
    y = c[0] * u + w[0]
    w[0] = c[1] * u - c[3] * y + w[1]
    w[1] = c[2] * u - c[4] * y
    return y


@kernel
def settled(w: Floats, c: Floats, u: float):  # type: ignore[no-untyped-def]
    """Set the memory w of a filter of unit (or zero) gain at rest to what a long constant input u leaves."""
    gain = (c[0] + c[1] + c[2]) / (1.0 + c[3] + c[4])
    y = gain * u
    w[1] = c[2] * u - c[4] * y
    w[0] = y - c[0] * u
