"""Rainflow cycles, equivalent loads, ultimate values and motion, by hand and from the figures of ASTM E1049."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from turbine.errors import LoadError
from turbine.loads import (
    COMPOSITE,
    STEEL,
    Cycles,
    Statistics,
    combined_load,
    damage_equivalent_load,
    equivalent_cycles,
    load_spectrum,
    load_summary,
    motion,
    rainflow_cycles,
    statistics,
    turning_points,
    ultimate,
)

ASTM_HISTORY = (-2, 1, -3, 5, -1, 3, -4, 4, -2)


def counted(cycles: Cycles) -> dict[float, float]:
    total: Counter[float] = Counter()
    for size, number in zip(cycles.ranges.tolist(), cycles.counts.tolist(), strict=True):
        total[size] += number
    return dict(total)


def test_example_of_astm_e1049() -> None:
    """ASTM E1049-85, figure 6: cycles by range, in the order of its table."""
    cycles = rainflow_cycles(ASTM_HISTORY)
    assert cycles.ranges.tolist() == [3, 4, 4, 8, 9, 8, 6]
    assert cycles.counts.tolist() == [0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 0.5]
    assert cycles.means.tolist() == [-0.5, -1.0, 1.0, 1.0, 0.5, 0.0, 1.0]
    assert counted(cycles) == {3: 0.5, 4: 1.5, 6: 0.5, 8: 1.0, 9: 0.5}


def test_equivalent_load_of_the_astm_example_by_hand() -> None:
    damage = 0.5 * 3**4 + 1.5 * 4**4 + 0.5 * 6**4 + 8**4 + 0.5 * 9**4
    assert damage_equivalent_load(ASTM_HISTORY, exponent=4, cycles=10) == pytest.approx(
        (damage / 10) ** 0.25, rel=1e-14
    )


@pytest.mark.parametrize("exponent", [1.0, STEEL, COMPOSITE])
def test_sine_of_unit_range_at_the_equivalent_frequency_has_load_one(exponent: float) -> None:
    time = np.arange(0.0, 600.005, 0.01)
    load = 7.0 + 0.5 * np.cos(2.0 * np.pi * time)
    number = equivalent_cycles(600.0)
    assert number == 600.0
    assert damage_equivalent_load(load, exponent=exponent, cycles=number) == pytest.approx(1.0, rel=1e-12)


def test_sine_from_zero_on_lacks_only_its_two_broken_ranges() -> None:
    load = 0.5 * np.sin(2.0 * np.pi * np.arange(0.0, 600.005, 0.01))
    expected = ((599.5 + 0.5**4) / 600.0) ** 0.25
    assert damage_equivalent_load(load, exponent=4, cycles=600) == pytest.approx(expected, rel=1e-12)


def test_slow_sine_counts_with_its_share_of_the_cycles() -> None:
    load = 3e6 * np.cos(2.0 * np.pi * 0.1 * np.arange(0.0, 600.005, 0.01))
    assert damage_equivalent_load(load, exponent=4, cycles=600) == pytest.approx(6e6 * 0.1**0.25, rel=1e-12)


def test_small_cycles_on_a_large_one_are_counted_apart() -> None:
    """One swing of range 100 with 20 ripples of range 2 on its top, 30 of range 4 in its valley."""
    load = [0.0, *[100.0, 98.0] * 20, 100.0, *[0.0, 4.0] * 30, 0.0]
    assert counted(rainflow_cycles(load)) == {2.0: 20.0, 4.0: 30.0, 100.0: 1.0}


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ([1, 1, 1], [1]),
        ([1], [1]),
        ([1, 2], [1, 2]),
        ([0, 1, 2, 2, 2, 1, 1, 3, 3], [0, 2, 1, 3]),
        ([2, 2, 0, 0, 1], [2, 0, 1]),
        ([0, 1, 1, 2], [0, 2]),
    ],
)
def test_turning_points_by_hand(load: list[float], expected: list[float]) -> None:
    assert turning_points(load).tolist() == expected


def test_one_rise_is_half_a_cycle_and_a_constant_none() -> None:
    assert counted(rainflow_cycles([1.0, 3.0])) == {2.0: 0.5}
    assert len(rainflow_cycles([5.0, 5.0, 5.0])) == 0
    assert damage_equivalent_load([5.0, 5.0, 5.0], exponent=4, cycles=600) == 0.0


def test_large_exponents_and_loads_do_not_overflow() -> None:
    assert damage_equivalent_load([0.0, 1e200, 0.0], exponent=12, cycles=1) == pytest.approx(1e200, rel=1e-12)


def test_combination_of_cases_by_hand() -> None:
    hours = np.array([3000.0, 1000.0])
    expected = (0.75 * 2.0**4 + 0.25 * 5.0**4) ** 0.25
    assert combined_load([2.0, 5.0], hours, exponent=4) == pytest.approx(expected, rel=1e-14)
    assert combined_load([2.0, 5.0], 3600.0 * hours, exponent=4, frequency=0.5) == pytest.approx(expected, rel=1e-14)
    life = (0.5 * 3600.0 * (3000.0 * 2.0**4 + 1000.0 * 5.0**4) / 1e7) ** 0.25
    found = combined_load([2.0, 5.0], 3600.0 * hours, exponent=4, frequency=0.5, reference_cycles=1e7)
    assert found == pytest.approx(life, rel=1e-14)


def test_combination_equals_counting_the_joined_series() -> None:
    """Blocks that begin and end in the same valley: nothing is open where they meet."""
    calm, rough = [0.0, *[2.0, 0.0] * 40], [0.0, *[7.0, 0.0] * 10]
    whole = damage_equivalent_load([*calm, *rough], exponent=4, cycles=100 + 50)
    parts = [
        damage_equivalent_load(calm, exponent=4, cycles=100),
        damage_equivalent_load(rough, exponent=4, cycles=50),
    ]
    assert combined_load(parts, [100.0, 50.0], exponent=4) == pytest.approx(whole, rel=1e-14)


def test_cases_without_time_or_load_count_nothing() -> None:
    assert combined_load([2.0, 9.0], [1.0, 0.0], exponent=10) == pytest.approx(2.0, rel=1e-14)
    assert combined_load([0.0, 0.0], [1.0, 2.0], exponent=10) == 0.0


def test_spectrum_of_the_astm_example() -> None:
    spectrum = load_spectrum(rainflow_cycles(ASTM_HISTORY), 2.0)
    assert spectrum.range_upper.tolist() == [2, 4, 6, 8, 10]
    assert spectrum.counts.tolist() == [0, 2, 0.5, 1, 0.5]
    assert spectrum.exceedances.tolist() == [4, 4, 2, 1.5, 0.5]
    assert load_spectrum(rainflow_cycles([1.0]), 2.0).counts.size == 0


def test_statistics_by_hand() -> None:
    found = statistics([1.0, -3.0, 2.0, -3.0, 2.0], 0.5)
    assert found == Statistics(-0.2, pytest.approx(math.sqrt(5.36), rel=1e-14), -3.0, 0.5, 2.0, 1.0)
    assert found.range == 5.0
    assert found.absolute == 3.0


def test_ultimate_names_the_case_that_governs_with_its_factor() -> None:
    cases = {"gust": statistics([-4.0, 10.0], 1.0), "stop": statistics([-9.0, 12.0], 1.0)}
    plain = ultimate(cases)
    assert (plain.maximum, plain.maximum_case, plain.minimum, plain.minimum_case) == (12.0, "stop", -9.0, "stop")
    factored = ultimate(cases, {"gust": 1.35, "stop": 1.1})
    assert (factored.maximum, factored.maximum_case) == (13.5, "gust")
    assert (factored.minimum, factored.minimum_case) == (pytest.approx(-9.9), "stop")
    assert (factored.absolute, factored.absolute_case) == (13.5, "gust")
    assert ultimate(dict(reversed(cases.items()))) == plain


def test_equal_cases_are_settled_by_name() -> None:
    same = statistics([0.0, 1.0], 1.0)
    assert ultimate({"b": same, "a": same}).maximum_case == "a"


def test_pitch_travel_and_rates_by_hand() -> None:
    found = motion([0.0, 0.1, 0.1, -0.2], 0.5)
    assert found.travel == pytest.approx(0.4)
    assert found.mean_rate == pytest.approx(0.4 / 1.5)
    assert found.largest_rate == pytest.approx(0.6)
    assert found.rms_rate == pytest.approx(math.sqrt((0.2**2 + 0.6**2) / 3.0))


def test_travel_of_a_sine_is_four_amplitudes_per_period() -> None:
    angle = 0.03 * np.cos(2.0 * np.pi * 0.2 * np.arange(0.0, 100.005, 0.01))
    assert motion(angle, 0.01).travel == pytest.approx(20 * 4 * 0.03, rel=1e-12)
    assert motion(angle, 0.01).largest_rate == pytest.approx(0.03 * 2.0 * np.pi * 0.2, rel=1e-4)


def test_summary_holds_what_its_parts_say() -> None:
    load = np.array(ASTM_HISTORY, float)
    found = load_summary(load, 0.5, exponents=(4.0, 10.0), frequency=2.0)
    assert found.duration == 4.0
    assert found.statistics == statistics(load, 0.5)
    for exponent in (4.0, 10.0):
        assert found.equivalent_loads[exponent] == damage_equivalent_load(load, exponent=exponent, cycles=8.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rainflow_cycles([1.0, np.nan, 2.0, np.inf]), r"load: row 1 is nan \(2 such values\), expected finite"),
        (lambda: rainflow_cycles([]), r"load: expected one dimension of 1 values or more, found shape \(0,\)"),
        (lambda: rainflow_cycles([[1.0], [2.0]]), r"load: expected one dimension .*found shape \(2, 1\)"),
        (lambda: rainflow_cycles(["a"]), "load: expected numbers, found list"),
        (lambda: equivalent_cycles(0.0), "duration: found 0 s, expected above 0 s"),
        (lambda: equivalent_cycles(600.0, -1.0), "frequency: found -1 Hz, expected above 0 Hz"),
        (lambda: damage_equivalent_load([0, 1], exponent=0.5, cycles=1), "exponent: found 0.5, expected 1 or more"),
        (lambda: damage_equivalent_load([0, 1], exponent=4, cycles=0), "cycles: found 0, expected above 0"),
        (lambda: combined_load([1.0, 2.0], [1.0], exponent=4), "durations: found 1 for 2 loads"),
        (lambda: combined_load([1.0], [0.0], exponent=4), "durations, added up: found 0 s, expected above 0 s"),
        (lambda: combined_load([-1.0], [1.0], exponent=4), "loads: row 0 is -1, expected finite numbers of at least 0"),
        (lambda: combined_load([1.0], [1.0], exponent=4, reference_cycles=0), "reference_cycles: found 0"),
        (lambda: Cycles(np.ones(2), np.ones(2), np.ones(1)), "cycles: found 2, 2 and 1 ranges, means and counts"),
        (lambda: load_spectrum(rainflow_cycles([0, 1]), 0.0), "bin_width: found 0, expected above 0"),
        (lambda: load_spectrum(rainflow_cycles([0, 1]), 1e-9), "bin_width: 1e-09 makes 1e[+]09 bins"),
        (lambda: statistics([1.0], 0.0), "time_step: found 0 s, expected above 0 s"),
        (lambda: ultimate({}), "cases: found none"),
        (lambda: ultimate({"a": statistics([1.0], 1.0)}, {"b": 1.1}), 'factors: unknown case "b", expected one of a'),
        (lambda: ultimate({"a": statistics([1.0], 1.0)}, {"a": 0.0}), 'factors of case "a": found 0, expected above 0'),
        (lambda: motion([1.0], 0.1), "position: expected one dimension of 2 values or more"),
    ],
)
def test_bad_input_is_refused_with_name_and_value(call: Callable[[], object], message: str) -> None:
    with pytest.raises(LoadError, match=message):
        call()
