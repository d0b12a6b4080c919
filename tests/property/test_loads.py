"""Properties of rainflow cycles and equivalent loads; loads are whole numbers, whose sums and differences are exact."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbine.loads import (
    Cycles,
    combined_load,
    damage_equivalent_load,
    load_spectrum,
    motion,
    rainflow_cycles,
    turning_points,
)

histories = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=60)
exponents = st.floats(1.0, 14.0)


def sorted_cycles(cycles: Cycles) -> list[tuple[float, float]]:
    """Range and total count, whatever the order and the split in halves."""
    sizes, place = np.unique(cycles.ranges, return_inverse=True)
    return list(zip(sizes.tolist(), np.bincount(place, cycles.counts, sizes.size).tolist(), strict=True))


@given(histories)
def test_every_turn_is_half_a_cycle(load: list[float]) -> None:
    assert rainflow_cycles(load).counts.sum() == (turning_points(load).size - 1) / 2.0


@given(histories)
def test_half_ranges_add_up_to_the_travel(load: list[float]) -> None:
    cycles = rainflow_cycles(load)
    assert 2.0 * float(cycles.ranges @ cycles.counts) == motion(load, 1.0).travel


@given(histories)
def test_the_largest_range_spans_the_extremes(load: list[float]) -> None:
    assert rainflow_cycles(load).ranges.max(initial=0.0) == max(load) - min(load)


@given(histories, st.integers(-10_000, 10_000))
def test_an_offset_moves_means_only(load: list[float], offset: int) -> None:
    one, other = rainflow_cycles(load), rainflow_cycles(np.array(load) + offset)
    assert np.array_equal(one.ranges, other.ranges)
    assert np.array_equal(one.counts, other.counts)
    assert np.array_equal(one.means + offset, other.means)


@given(histories)
def test_a_mirrored_or_reversed_load_has_the_same_cycles(load: list[float]) -> None:
    expected = sorted_cycles(rainflow_cycles(load))
    assert sorted_cycles(rainflow_cycles(-np.array(load))) == expected
    assert sorted_cycles(rainflow_cycles(load[::-1])) == expected


@given(histories, st.integers(2, 5))
def test_points_on_the_way_change_nothing(load: list[float], parts: int) -> None:
    places = np.arange((len(load) - 1) * 2**parts + 1) / 2**parts
    finer = np.interp(places, np.arange(len(load)), load)
    assert sorted_cycles(rainflow_cycles(finer)) == sorted_cycles(rainflow_cycles(load))
    assert sorted_cycles(rainflow_cycles(np.repeat(load, parts))) == sorted_cycles(rainflow_cycles(load))


@given(histories, exponents, st.floats(1e-3, 1e9))
def test_equivalent_load_scales_with_the_load(load: list[float], exponent: float, factor: float) -> None:
    one = damage_equivalent_load(load, exponent=exponent, cycles=600)
    cycles = rainflow_cycles(load)
    scaled = Cycles(factor * cycles.ranges, factor * cycles.means, cycles.counts)
    assert damage_equivalent_load(scaled, exponent=exponent, cycles=600) == pytest.approx(factor * one, rel=1e-12)
    assert damage_equivalent_load(8.0 * np.array(load), exponent=exponent, cycles=600) == pytest.approx(
        8 * one, rel=1e-12
    )


@given(histories, exponents, st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_equivalent_load_falls_with_the_root_of_the_cycles(
    load: list[float], m: float, few: float, many: float
) -> None:
    one, other = (damage_equivalent_load(load, exponent=m, cycles=n) for n in (few, many))
    assert one * few ** (1.0 / m) == pytest.approx(other * many ** (1.0 / m), rel=1e-12)


@given(histories, exponents, exponents)
def test_over_its_own_cycles_it_rises_with_the_exponent_up_to_the_largest_range(
    load: list[float], one: float, other: float
) -> None:
    cycles = rainflow_cycles(load)
    if not len(cycles):
        return
    low, high = (
        damage_equivalent_load(cycles, exponent=m, cycles=float(cycles.counts.sum())) for m in sorted((one, other))
    )
    assert low <= high * (1 + 1e-12)
    assert high <= cycles.ranges.max() * (1 + 1e-12)


@given(histories, exponents, st.randoms(use_true_random=False))
def test_any_order_of_cycles_gives_the_same_bytes(load: list[float], exponent: float, order: random.Random) -> None:
    cycles = rainflow_cycles(load)
    places = list(range(len(cycles)))
    order.shuffle(places)
    shuffled = Cycles(cycles.ranges[places], cycles.means[places], cycles.counts[places])
    one, other = (damage_equivalent_load(c, exponent=exponent, cycles=600) for c in (cycles, shuffled))
    assert one == other


@given(
    st.lists(st.tuples(st.floats(0.0, 1e8), st.floats(0.1, 1e9)), min_size=1, max_size=20),
    exponents,
    st.randoms(use_true_random=False),
)
def test_any_order_of_cases_gives_the_same_bytes(
    cases: list[tuple[float, float]], exponent: float, order: random.Random
) -> None:
    whole = combined_load([c[0] for c in cases], [c[1] for c in cases], exponent=exponent)
    assert min(c[0] for c in cases) * (1 - 1e-12) <= whole <= max(c[0] for c in cases) * (1 + 1e-12)
    shuffled = list(cases)
    order.shuffle(shuffled)
    assert combined_load([c[0] for c in shuffled], [c[1] for c in shuffled], exponent=exponent) == whole


@given(histories, st.floats(1.0, 500.0))
def test_a_spectrum_holds_every_cycle_and_errs_to_the_safe_side(load: list[float], width: float) -> None:
    cycles = rainflow_cycles(load)
    spectrum = load_spectrum(cycles, width)
    assert spectrum.counts.sum() == cycles.counts.sum()
    damage = float(cycles.ranges**4 @ cycles.counts)
    assert float(spectrum.range_upper**4 @ spectrum.counts) >= damage * (1 - 1e-12)
