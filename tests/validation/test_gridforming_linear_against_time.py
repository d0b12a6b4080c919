"""Operating points and their eigenvalues against runs in time."""

from __future__ import annotations

import numpy as np
import pytest

from gridforming.fixed_point import operating_point
from gridforming.simulation import simulate
from tests.validation import gridforming_runs as runs


@pytest.mark.parametrize("bandwidth", [10.0, 40.0])
def test_critical_short_circuit_ratio(bandwidth: float) -> None:
    """3 % is what was asked for beforehand."""
    in_time = runs.critical_ratio(bandwidth, "in time")
    assert runs.critical_ratio(bandwidth, "by eigenvalues") == pytest.approx(in_time, rel=0.03)


@pytest.mark.parametrize("ratio", [3.5, 6.0])
def test_following_converter_makes_its_references_where_it_rests(ratio: float) -> None:
    """The control holds its current but for u (1 - cos(w T / 2)) / (a_c L).

    By so much the mean of the two voltages that it takes for realised is shorter than they are.
    """
    system = runs.following(1.0 / ratio, bandwidth=10.0, i_max=3.0, dc_voltage=1000.0, active=0.6)
    result = simulate(system, 0.01, start=operating_point(system))
    gain = 2.0 * np.pi * 400.0 * 0.2 / runs.SPEED
    short = (1.0 - np.cos(0.5 * runs.SPEED * runs.SAMPLE)) / gain
    missing = 0.6 - (
        result.converter("converter", "active_power") + 1j * result.converter("converter", "reactive_power")
    )
    assert np.abs(missing).max() < 1.2 * short  # |u v| is up to 1.2 at these ratios


@pytest.mark.parametrize("name", runs.STATIC)
def test_islands_are_at_rest_when_they_are_looked_at(name: str) -> None:
    assert runs.island_rest(name) < 1e-9
