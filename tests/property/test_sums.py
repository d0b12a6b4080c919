"""Property: merging summaries is exact addition of integers: associative, commutative, equal to summing the whole."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.partial_sums import (
    GridSums,
    Partial,
    PartialSums,
    dense_array,
    dense_sums,
    merge_partials,
    record_sums,
    tables,
)
from fleet.sums import Summary, keyed_sums, merge, month_keys, month_name, quanta

Row = tuple[str, int, int, int]

rows = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2", "Ü <3>"]), st.integers(-2, 3), st.integers(0, 2), st.integers(-(2**40), 2**40)
    ),
    max_size=24,
)


def _summary(part: list[Row]) -> Summary:
    """Return two tables of different depth, as a pass does for one turbine after the other."""
    found: list[Summary] = []
    for name in sorted({turbine for turbine, *_ in part}):
        own = np.array([row[1:] for row in part if row[0] == name], np.int64)
        found.append(
            {
                "deep": keyed_sums({"turbine": name, "month": own[:, 0], "bin": own[:, 1]}, {"n": own[:, 2]}),
                "flat": keyed_sums({"month": own[:, 0]}, {"n": own[:, 2], "rows": np.ones(len(own), np.int64)}),
            }
        )
    return merge(found)


def _same(one: Summary, other: Summary) -> None:
    assert list(one) == list(other)
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], check_exact=True)
        assert table.index.is_monotonic_increasing
        assert table.index.is_unique
        assert (table.dtypes == "int64").all()


@settings(max_examples=25)
@given(st.lists(rows, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_merge_is_commutative(parts: list[list[Row]], order: random.Random) -> None:
    summaries = [_summary(part) for part in parts]
    mixed = summaries.copy()
    order.shuffle(mixed)
    _same(merge(summaries), merge(mixed))


@settings(max_examples=25)
@given(rows, rows, rows)
def test_merge_is_associative(a: list[Row], b: list[Row], c: list[Row]) -> None:
    one, two, three = _summary(a), _summary(b), _summary(c)
    _same(merge([merge([one, two]), three]), merge([one, merge([two, three])]))


@settings(max_examples=25)
@given(rows, st.data())
def test_merged_parts_equal_the_whole(everything: list[Row], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(everything)), max_size=4)))
    edges = [0, *cuts, len(everything)]
    parts = [everything[low:high] for low, high in itertools.pairwise(edges)]
    _same(merge(_summary(part) for part in parts), merge([_summary(everything)]))


def _partial(part: list[Row]) -> Partial:
    """Return what a pass makes of the rows: keys of texts and numbers by turns, numbers alone, intervals of a grid."""
    months, cells, values = np.array([row[1:] for row in part], np.int64).reshape(-1, 3).T
    grid = np.zeros((2, 6 if part else 0), np.int64)
    np.add.at(grid, (slice(None), months + 2), [np.ones_like(values), values])
    first = next((k for k in range(grid.shape[1]) if grid[0, k]), 0)
    found: list[Partial] = [
        {
            "flat": record_sums({"month": months}, {"n": values, "rows": np.ones(values.size, bool)}),
            "grid": GridSums(first + 10, {"rows": grid[0, first:], "n": grid[1, first:]}),
        }
    ]
    for name, cell in sorted({(turbine, cell) for turbine, _, cell, _ in part}):
        own = np.array([row[0] == name and row[2] == cell for row in part], bool)
        keys = {"turbine": name, "month": months[own], "category": f"c{cell}", "bin": cells[own]}
        found.append({"deep": record_sums(keys, {"n": values[own]})})
    return merge_partials(found)


def _grid(partial: Partial) -> dict[int, tuple[int, ...]]:
    """Return the sums of the intervals that hold any row."""
    grid = partial["grid"]
    assert isinstance(grid, GridSums)
    n, rows = grid.values["n"].tolist(), grid.values["rows"].tolist()
    return {grid.first + k: (n[k], rows[k]) for k in range(len(grid)) if rows[k]}


def _same_partials(one: Partial, other: Partial) -> None:
    assert set(one) == set(other)
    _same(tables(one), tables(other))
    assert _grid(one) == _grid(other)


@settings(max_examples=25)
@given(rows, st.data(), st.randoms(use_true_random=False))
def test_partial_sums_merge_in_any_cut_order_and_grouping(
    everything: list[Row], data: st.DataObject, order: random.Random
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(everything)), min_size=1, max_size=4)))
    parts = [_partial(everything[low:high]) for low, high in itertools.pairwise([0, *cuts, len(everything)])]
    order.shuffle(parts)
    at = order.randrange(1, len(parts))
    grouped = merge_partials([merge_partials(parts[:at]), merge_partials(parts[at:])])
    _same_partials(merge_partials(parts), _partial(everything))
    _same_partials(grouped, _partial(everything))
    _same(merge(tables(part) for part in parts), tables(_partial(everything)))


@settings(max_examples=25)
@given(rows)
def test_partial_sums_against_dictionaries(part: list[Row]) -> None:
    deep: dict[tuple[str, int, str, int], int] = {}
    flat: dict[int, tuple[int, int]] = {}
    for turbine, month, cell, value in part:
        key = turbine, month, f"c{cell}", cell
        deep[key] = deep.get(key, 0) + value
        n, count = flat.get(month, (0, 0))
        flat[month] = n + value, count + 1
    partial = _partial(part)
    found = tables(partial)
    assert deep == (found["deep"]["n"].to_dict() if part else {})
    assert flat == dict(zip(found["flat"].index, found["flat"].itertuples(index=False, name=None), strict=True))
    assert _grid(partial) == {month + 12: sums for month, sums in flat.items()}
    assert sum(
        len(keys) for sums in partial.values() if isinstance(sums, PartialSums) for keys, _ in sums.groups.values()
    ) == len(deep) + len(flat)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-5, 5)), max_size=12), st.integers(-3, 3))
def test_dense_sums_come_back_as_they_were(cells: list[tuple[int, int, int]], first: int) -> None:
    one, two = np.zeros((4, 3), np.int64), np.zeros((4, 3), np.int64)
    for i, j, value in cells:
        one[i, j] += value
        two[i, j] += 1
    sums = dense_sums({"turbine": "T1"}, {"month": first, "bin": 0}, {"one": one, "two": two})
    assert sum(len(keys) for keys, _ in sums.groups.values()) == np.count_nonzero(two)
    back = dense_array(sums, ("T1",), (first, 0), one.shape)
    assert np.array_equal(back, np.stack([one, two], axis=-1))
    assert not dense_array(sums, ("T2",), (first, 0), one.shape).any()


@settings(max_examples=25)
@given(rows)
def test_keyed_sums_against_a_dictionary(part: list[Row]) -> None:
    expected: dict[tuple[str, int, int], int] = {}
    for turbine, month, cell, value in part:
        expected[turbine, month, cell] = expected.get((turbine, month, cell), 0) + value
    found = _summary(part).get("deep")
    assert expected == ({} if found is None else found["n"].to_dict())


def test_merging_with_an_empty_table_keeps_the_types() -> None:
    full = {"x": keyed_sums({"turbine": "T1", "bin": np.array([3, 1])}, {"n": np.array([1, 2])})}
    none = {"x": keyed_sums({"turbine": "T2", "bin": np.empty(0, np.int64)}, {"n": np.empty(0, np.int64)})}
    _same(merge([full, none]), merge([full]))
    _same(merge([none, full]), merge([full]))


@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_quanta_are_the_nearest_whole_numbers(values: list[float]) -> None:
    found = quanta(values, 0.01)
    assert found.dtype == np.int64
    assert all(abs(q * 0.01 - value) <= 0.005 + 1e-9 for q, value in zip(found, values, strict=True))


def test_missing_values_count_nothing() -> None:
    assert quanta([np.nan, np.inf, -np.inf, 0.014], 0.01).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("value", [1e20, -1e20, 9.3e16, 1e308])
def test_values_beyond_64_bits_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="expected values below"):
        quanta([1.0, value, np.nan], 0.01)


@given(
    st.datetimes(
        min_value=pd.Timestamp("1971-01-01").to_pydatetime(), max_value=pd.Timestamp("2090-01-01").to_pydatetime()
    )
)
def test_month_keys_name_the_month_of_the_stamp(moment: object) -> None:
    stamp = pd.Timestamp(moment).tz_localize("UTC").as_unit("us")  # type: ignore[arg-type]
    (key,) = month_keys(pd.Series([stamp]))
    assert month_name(int(key)) == f"{stamp:%Y-%m}"
