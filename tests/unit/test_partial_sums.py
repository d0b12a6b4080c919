"""Sums of partitions as arrays: keys, order and types of the tables, and the way to dense arrays and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.partial_sums import GridSums, PartialSums, dense_array, dense_sums, merge_partials, record_sums, tables


def _ints(*values: object) -> np.ndarray:
    return np.array(values, np.int64)


def _partial(found: PartialSums | GridSums) -> PartialSums:
    assert isinstance(found, PartialSums)
    return found


def test_rows_of_equal_keys_are_added_up_by_hand() -> None:
    found = record_sums(
        {"turbine": "T1", "month": [5, 3, 5, 3, 4], "bin": [1, 2, 1, 0, 0]},
        {"n": [True, True, True, True, False], "energy": [10, 20, 30, 40, 50]},
    )
    table = tables({"x": found})["x"]
    assert table.index.names == ["turbine", "month", "bin"]
    assert list(table.index) == [("T1", 3, 0), ("T1", 3, 2), ("T1", 4, 0), ("T1", 5, 1)]
    assert table["n"].tolist() == [1, 1, 0, 2]
    assert table["energy"].tolist() == [40, 20, 50, 40]
    assert [str(dtype) for dtype in table.dtypes] == ["int64", "int64"]
    assert sum(len(keys) for keys, _ in found.groups.values()) == 4


def test_large_sums_are_exact() -> None:
    # 2**53 + 1 is the first whole number that a float does not hold.
    table = tables({"x": record_sums({"key": [0, 0]}, {"n": [1 << 53, 1]})})["x"]
    assert table.loc[0, "n"] == (1 << 53) + 1


def test_keys_stand_in_the_stated_order_with_a_number_between_two_texts() -> None:
    groups = {
        ("T1", "stop"): (_ints([2, 0], [3, 1]), _ints([20], [31])),
        ("T1", "run"): (_ints([1, 0], [3, 0]), _ints([10], [30])),
        ("T0", "run"): (_ints([9, 5]), _ints([95])),
    }
    sums = PartialSums(("turbine", "month", "category", "source"), ("turbine", "category"), ("n",), groups)
    table = tables({"states": sums})["states"]
    assert table.index.names == ["turbine", "month", "category", "source"]
    assert list(table.index) == [
        ("T0", 9, "run", 5),
        ("T1", 1, "run", 0),
        ("T1", 2, "stop", 0),
        ("T1", 3, "run", 0),
        ("T1", 3, "stop", 1),
    ]
    assert table["n"].tolist() == [95, 10, 20, 30, 31]
    assert table.index.is_monotonic_increasing
    assert table.index.is_unique


@pytest.mark.parametrize("text", [True, False])
def test_a_table_of_one_key_has_a_plain_index(text: bool) -> None:
    keys = {"turbine": "T1"} if text else {"day": [4, 2, 4]}
    table = tables({"x": record_sums(keys, {"n": [1, 1, 1]})})["x"]
    assert table.index.names == list(keys)
    assert table["n"].tolist() == ([3] if text else [1, 2])
    assert not isinstance(table.index, pd.MultiIndex)


def test_a_table_of_no_row_keeps_its_keys_and_types() -> None:
    none = np.zeros(0, np.int64)
    for sums in (
        record_sums({"turbine": "T1", "month": none}, {"n": none, "energy": none}),
        PartialSums(("turbine", "month"), ("turbine",), ("n", "energy"), {}),
    ):
        table = tables({"x": sums})["x"]
        assert len(table) == 0
        assert table.index.names == ["turbine", "month"]
        assert str(table.index.get_level_values("month").dtype) == "int64"
        assert list(table.columns) == ["n", "energy"]
        assert {str(dtype) for dtype in table.dtypes} == {"int64"}


def test_grids_are_no_tables() -> None:
    assert tables({"fleet": GridSums(0, {"n": _ints(1)})}) == {}


def test_dense_sums_are_named_by_the_first_cell_of_each_axis() -> None:
    cells = np.zeros((3, 2), np.int64)
    cells[0, 1], cells[2, 0] = 7, -4
    table = tables({"x": dense_sums({"turbine": "T1"}, {"month": 540, "p": -2}, {"n": cells})})["x"]
    assert list(table.index) == [("T1", 540, -1), ("T1", 542, -2)]
    assert table["n"].tolist() == [7, -4]


def test_dense_sums_of_chosen_cells_may_be_zero() -> None:
    sums = dense_sums({}, {"day": 3}, {"n": _ints(0, 5, 0)}, where=np.array([True, False, True]))
    assert tables({"x": sums})["x"]["n"].to_dict() == {3: 0, 5: 0}


def test_dense_sums_with_a_number_before_the_text() -> None:
    sums = dense_sums({"turbine": "T1"}, {"month": 1}, {"n": _ints(4, 5)}, keys=("month", "turbine"))
    assert tables({"x": sums})["x"]["n"].to_dict() == {(1, "T1"): 4, (2, "T1"): 5}


def test_the_dense_array_of_an_unknown_group_is_zero() -> None:
    sums = dense_sums({"turbine": "T1"}, {"v": 0}, {"n": _ints(1, 2)})
    assert dense_array(sums, ("T2",), (0,), (4,)).tolist() == [[0], [0], [0], [0]]
    assert dense_array(sums, ("T1",), (-1,), (4,)).tolist() == [[0], [1], [2], [0]]


def test_merged_tables_are_in_order_of_name() -> None:
    one, two = (record_sums({"key": [1]}, {"n": [value]}) for value in (2, 3))
    merged = merge_partials([{"b": one}, {"a": two}, {"b": two}])
    assert list(merged) == ["a", "b"]
    assert _partial(merged["b"]).groups[()][1].tolist() == [[5]]


def test_grids_lie_where_they_begin() -> None:
    early = GridSums(-2, {"n": _ints(1, 2), "cells": _ints([1, 0], [0, 1])})
    late = GridSums(1, {"n": _ints(5), "cells": _ints([3, 3])})
    over = GridSums(-1, {"n": _ints(10, 20), "cells": _ints([1, 1], [2, 2])})
    merged = merge_partials([{"fleet": late}, {"fleet": early}, {"fleet": over}])["fleet"]
    assert isinstance(merged, GridSums)
    assert merged.first == -2
    assert merged.values["n"].tolist() == [1, 12, 20, 5]  # intervals -2 to 1
    assert merged.values["cells"].tolist() == [[1, 0], [1, 2], [2, 2], [3, 3]]


def test_a_grid_of_no_interval_does_not_stretch_the_others() -> None:
    empty = GridSums(1 << 40, {"n": np.zeros(0, np.int64)})
    merged = merge_partials([{"fleet": empty}, {"fleet": GridSums(3, {"n": _ints(1)})}, {"fleet": empty}])["fleet"]
    assert isinstance(merged, GridSums)
    assert (merged.first, len(merged)) == (3, 1)
    nothing = merge_partials([{"fleet": empty}, {"fleet": empty}])["fleet"]
    assert len(nothing.values["n"] if isinstance(nothing, GridSums) else [1]) == 0


def test_merging_leaves_the_parts_as_they_are() -> None:
    grid, sums = GridSums(0, {"n": _ints(1)}), record_sums({"key": [1]}, {"n": [1]})
    for _ in range(2):
        merge_partials([{"g": grid, "s": sums}, {"g": grid, "s": sums}])
    assert grid.values["n"].tolist() == [1]
    assert sums.groups[()][1].tolist() == [[1]]
