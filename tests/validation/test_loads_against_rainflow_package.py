"""Cycles against `rainflow.count_cycles` on the whole series, without the reduction to turning points before it."""

import numpy as np
import numpy.typing as npt
import pytest
import rainflow

from turbine.loads import damage_equivalent_load, rainflow_cycles


def series(kind: str) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(11)
    noise = rng.normal(size=6001)
    if kind == "noise":
        return noise
    if kind == "rough":
        return np.cumsum(noise)
    if kind == "plateaus":
        return np.round(np.cumsum(noise))
    time = 0.1 * np.arange(noise.size)
    return 2e6 * np.sin(0.4 * time) + 3e5 * np.sin(11.0 * time) + np.cumsum(noise) * 1e4


@pytest.mark.parametrize("kind", ["noise", "rough", "plateaus", "tower"])
def test_counts_are_the_same(kind: str) -> None:
    load = series(kind)
    cycles = rainflow_cycles(load)
    sizes, place = np.unique(cycles.ranges, return_inverse=True)
    found = list(zip(sizes.tolist(), np.bincount(place, cycles.counts).tolist(), strict=True))
    assert found == rainflow.count_cycles(load.tolist())


@pytest.mark.parametrize("exponent", [4.0, 10.0])
def test_equivalent_load_is_the_sum_over_its_counts(exponent: float) -> None:
    load = series("tower")
    damage = sum(number * size**exponent for size, number in rainflow.count_cycles(load.tolist()))
    expected = (damage / 600.0) ** (1.0 / exponent)
    assert damage_equivalent_load(load, exponent=exponent, cycles=600.0) == pytest.approx(expected, rel=1e-12)
