"""Checks of numbers that come from a user: each refusal names the quantity, its value and what was expected."""

from __future__ import annotations

import math

from turbine.errors import WindError

__all__ = ["positive", "sample_count"]

MAX_SAMPLES = 200_000_000  #: more than a year at 1/6 s; beyond it is nearly always a wrong unit


def positive(name: str, value: float, unit: str) -> float:
    """Return a value that is finite and greater than zero.

    Raises
    ------
    WindError
        With the name, the value and its unit.
    """
    if not (math.isfinite(value) and value > 0.0):
        raise WindError(f"{name} is {value!r} {unit}, expected a finite value above zero")
    return float(value)


def sample_count(duration: float, time_step: float) -> int:
    """Return how many samples of `time_step` [s] cover `duration` [s]: the last may reach beyond it.

    Raises
    ------
    WindError
        If one of them is not positive, or the series would be beyond all use.
    """
    samples = positive("duration", duration, "s") / positive("time_step", time_step, "s")
    if samples > MAX_SAMPLES:
        raise WindError(
            f"duration {duration!r} s at a time_step of {time_step!r} s makes {samples:.3g} samples, expected at most "
            f"{MAX_SAMPLES}; both are in seconds"
        )
    return max(1, math.ceil(samples - 1e-6))
