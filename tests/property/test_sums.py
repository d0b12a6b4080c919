"""Property: merging summaries is exact addition of integers: associative, commutative, equal to summing the whole."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
