"""Property: the compiled loops over records agree with plain NumPy, or with a loop that spells out what is meant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.expected import WIND_STEP
from fleet.months import months_of_records
from fleet.row_kernels import count_cells, mark_beside_curve, mark_missing, mark_range
from fleet.sum_kernels import whole
from fleet.sums import quanta

PERIOD = 600
NAN = float("nan")
SKIP, BIT = 0b110, 0b1000  # flags that keep a record out of a run, and the flag that is set
relaxed = settings(max_examples=50)
#: Hundredths: at the very edge of a cell the last bit of a float decides, and the two sides may differ in it.
power = st.one_of(st.just(NAN), st.integers(-20_000, 240_000).map(lambda hundredths: hundredths / 100.0))
wind = st.one_of(st.just(NAN), st.integers(0, 40_000).map(lambda thousandths: thousandths / 1000.0))


def floats(values: list[float]) -> np.ndarray:
    return np.array(values, np.float64)


# -- flags of single records -----------------------------------------------------------------------------------------


@relaxed
@given(st.lists(st.tuples(power, wind), max_size=30), st.floats(-200.0, 1000.0), st.floats(1000.0, 2400.0))
def test_ranges_and_missing_values_against_masks(drawn: list, low: float, high: float) -> None:
    p, v = floats([row[0] for row in drawn]), floats([row[1] for row in drawn])
    flags, seen = np.full(p.size, 0b1, np.uint32), np.zeros(p.size, bool)
    outside = mark_range(p, low, high, BIT, flags, seen)
    bad = (p < low) | (p > high)
    assert outside == np.count_nonzero(bad)
    assert flags.tolist() == np.where(bad, 0b1 | BIT, 0b1).tolist()
    assert seen.tolist() == np.isfinite(p).tolist()
    marked = np.zeros(p.size, np.uint32)
    mark_missing(p, v, seen | np.isfinite(v), 1, 2, 4, marked)
    empty = np.isnan(p) & np.isnan(v)
    assert marked.tolist() == np.where(empty, 1, 2 * np.isnan(p) + 4 * np.isnan(v)).tolist()


@pytest.mark.parametrize(
    ("v", "p", "odd"),
    [
        (6.3, 1500.0, True),
        (7.4, 1500.0, False),  # what is known ends below: more power than the last level is possible there
        (7.399, 1500.0, True),
        (7.4, 100.0, True),
        (4.6, 1500.0, True),  # and begins here
        (4.599, 1500.0, False),
        (5.0, 0.0, True),
        (4.599, 0.0, False),
    ],
)
def test_the_known_range_holds_its_lower_end_only(v: float, p: float, odd: bool) -> None:
    found = np.zeros(1, bool)
    level, sigma = floats([300.0, 310.0]), floats([10.0, 10.0])
    mark_beside_curve(floats([v]), floats([p]), level, sigma, 6.1, WIND_STEP, 6.0, 60.0, 120.0, 4.6, 7.4, 4.0, found)
    assert found.tolist() == [odd]


def test_a_curve_of_one_cell_is_held_on_both_sides() -> None:
    v, p = floats([0.0, 8.1, 30.0, 30.0]), floats([500.0, 500.0, 500.0, 700.0])
    odd = np.zeros(4, bool)
    mark_beside_curve(v, p, floats([500.0]), floats([10.0]), 8.1, WIND_STEP, 6.0, 60.0, 120.0, 0.0, np.inf, 4.0, odd)
    assert odd.tolist() == [False, False, False, True]


@pytest.mark.parametrize("edge", ["1970-01-01", "2016-02-29", "2000-03-01", "1969-12-01"])
def test_a_month_begins_with_its_first_microsecond(edge: str) -> None:
    at = int(np.datetime64(edge, "us").astype(np.int64))
    months = months_of_records(np.array([at - 1, at, at + 1], np.int64))
    assert months.place.tolist() == ([0, 1, 1] if edge.endswith("01") else [0, 0, 0])


# -- sums ------------------------------------------------------------------------------------------------------------


@relaxed
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), power), max_size=20), st.sampled_from([0.01, 0.001, 1e-6]))
def test_whole_quanta_are_those_of_the_tables(values: list[float], quantum: float) -> None:
    assert [whole(value, quantum) for value in values] == quanta(values, quantum).tolist()


@relaxed
@given(st.lists(st.tuples(power, wind), min_size=1, max_size=40))
def test_cells_against_numpys_histogram(drawn: list) -> None:
    """Cells of wind hold their lower edge, cells of power their upper one; what lies outside is in the outermost."""
    kept = [row for row in drawn if np.isfinite(row).all()]
    p, v = floats([row[0] for row in kept]), floats([row[1] for row in kept])
    counts = np.zeros((20, 30), np.int64)
    count_cells(v, p, 1.0, 0.0, 64.0, counts)  # powers of two: edges are exact
    columns = np.clip(np.digitize(v, np.arange(1.0, 20.0)), 0, 19)
    rows = np.clip(np.digitize(p, 64.0 * np.arange(1.0, 30.0), right=True), 0, 29)
    expected = np.zeros((20, 30), np.int64)
    np.add.at(expected, (columns, rows), 1)
    assert counts.tolist() == expected.tolist()
