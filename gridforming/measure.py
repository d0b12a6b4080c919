"""Frequency and its rate of change, measured one way for metrics and protection of a run.

The phase of a positive-sequence voltage is fitted by a straight line over a sliding window that ends at the row; its
slope is the frequency. The rate of change is the slope of a line through the frequency over a window of the same kind.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive
from turbine.errors import SimulationError

if TYPE_CHECKING:
    from gridforming.result import Result

__all__ = ["LEAST", "WINDOW", "frequency", "rate_of_change", "settling_time"]

Floats = npt.NDArray[np.float64]

WINDOW = 0.02  #: of the line through the phase, one cycle of 50 Hz [s]
LEAST = 0.05  #: voltage below which a phase means nothing [pu]


def frequency(result: Result, bus: str, *, window: float = WINDOW) -> Floats:
    """Return the frequency at a bus [Hz], shape (n,); not a number in the first window and on a dead bus.

    Parameters
    ----------
    result : Result
        A run.
    bus : str
        Where.
    window : float
        Of the line through the phase [s].
    """
    v = result.voltage(bus)
    phase = np.unwrap(np.angle(v))
    slope = _sliding_slope(result.time, phase, window)
    system = result.model.system
    found = system.network.frequency * result.model.frame_speed + slope / (2.0 * math.pi)
    dead = np.abs(v) < LEAST
    width = _rows(result.time, window)
    # A window that has seen a dead bus has no frequency either.
    tainted = np.convolve(dead, np.ones(width))[: dead.size] > 0.0
    return np.where(tainted, np.nan, found)


def rate_of_change(result: Result, bus: str, *, window: float = 0.1, frequency_window: float = WINDOW) -> Floats:
    """Return the rate of change of frequency at a bus [Hz/s], shape (n,); grid codes ask for 0.1 to 0.5 s."""
    return _sliding_slope(result.time, frequency(result, bus, window=frequency_window), window)


def settling_time(time: Floats, values: Floats, *, since: float, band: float) -> float:
    """Return how long after a time the values last leave a band about their end [s]; 0 if they never do."""
    after = time >= since
    outside = np.abs(values[after] - values[-1]) > band
    return float(time[after][np.flatnonzero(outside)[-1]] - since) if outside.any() else 0.0


def _rows(time: Floats, window: float) -> int:
    check_positive("window", window, unit="s", error=SimulationError)
    step = float(time[1] - time[0]) if time.size > 1 else math.inf
    width = round(window / step) + 1 if math.isfinite(step) else 0
    if width < 2:
        raise SimulationError(f"window: found {window:g} s, expected at least one step of {step:g} s between rows")
    return width


def _sliding_slope(time: Floats, values: Floats, window: float) -> Floats:
    """Return the slope of a least-squares line over the window that ends at each row."""
    width = _rows(time, window)
    step = float(time[1] - time[0])
    centred = np.arange(width) - 0.5 * (width - 1)
    weights = centred / (centred @ centred) / step
    found = np.full(time.size, np.nan)
    if time.size >= width:
        found[width - 1 :] = np.convolve(values, weights[::-1], mode="valid")
    return found
