"""Properties: sums of parts are the sum of the whole in any order and grouping; dense arrays go there and back."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pandas as pd
from hypothesis import example, given
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

#: turbine, month, label, two summed columns
ROW = st.tuples(
    st.sampled_from(["T1", "T2", "T10"]),
    st.integers(-3, 3),
    st.sampled_from(["run", "stop"]),
    st.integers(-(1 << 40), 1 << 40),
    st.integers(0, 5),
)
KEYS = ("turbine", "month", "label")


def _sums(rows: list[tuple[str, int, str, int, int]]) -> PartialSums:
    """Return the sums of rows, a group per pair of texts as `fleet.states` makes them."""
    groups = {}
    for texts in sorted({(row[0], row[2]) for row in rows}):
        own = [row for row in rows if (row[0], row[2]) == texts]
        one = record_sums({"month": [row[1] for row in own]}, {"a": [row[3] for row in own], "b": [r[4] for r in own]})
        groups[texts] = one.groups[()]
    return PartialSums(KEYS, ("turbine", "label"), ("a", "b"), groups)


def _grid(first: int, values: list[int]) -> GridSums:
    return GridSums(first, {"n": np.array(values, np.int64)})


def _same(one: Partial, other: Partial) -> None:
    assert list(one) == list(other)
    for name, sums in one.items():
        against = other[name]
        if isinstance(sums, GridSums):
            assert isinstance(against, GridSums)
            assert sums.first == against.first
            assert {name: values.tolist() for name, values in sums.values.items()} == {
                name: values.tolist() for name, values in against.values.items()
            }
    for name, table in tables(one).items():
        pd.testing.assert_frame_equal(table, tables(other)[name])


@given(
    rows=st.lists(ROW, max_size=40),
    grids=st.lists(st.tuples(st.integers(-5, 5), st.lists(st.integers(-9, 9), max_size=4)), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    order=st.randoms(use_true_random=False),
)
@example(rows=[], grids=[(0, []), (-1, []), (1, [])], cuts=[], order=random.Random(1))
def test_parts_in_any_order_and_grouping_are_the_whole(
    rows: list[tuple[str, int, str, int, int]],
    grids: list[tuple[int, list[int]]],
    cuts: list[int],
    order: random.Random,
) -> None:
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = [rows[low:high] for low, high in itertools.pairwise(edges)]
    parts: list[Partial] = [{"states": _sums(piece)} for piece in pieces]
    parts += [{"fleet": _grid(*grid)} for grid in grids]
    whole = merge_partials([{"states": _sums(rows)}, *({"fleet": _grid(*grid)} for grid in grids)])
    _same(merge_partials(parts), whole)
    order.shuffle(parts)
    _same(merge_partials(parts), whole)
    while len(parts) > 1:  # groups of groups
        k = order.randint(1, len(parts))
        parts = [merge_partials(parts[:k]), *parts[k:]] if k > 1 else [*parts[1:], parts[0]]
        if k == 1:
            parts = [merge_partials(parts[:2]), *parts[2:]]
    _same(parts[0], whole)

    counted: dict[tuple[str, int, str], list[int]] = {}
    for turbine, month, label, a, b in rows:
        sums = counted.setdefault((turbine, month, label), [0, 0])
        sums[0] += a
        sums[1] += b
    table = tables(whole)["states"]
    assert list(table.index) == sorted(counted)
    assert table.to_numpy().tolist() == [counted[key] for key in sorted(counted)]
    assert table.index.names == list(KEYS)
    assert {str(dtype) for dtype in table.dtypes} == {"int64"}

    along: dict[int, int] = {}
    for first, values in grids:
        for i, value in enumerate(values):
            along[first + i] = along.get(first + i, 0) + value
    fleet = whole["fleet"]
    assert isinstance(fleet, GridSums)
    found = dict(enumerate(fleet.values["n"].tolist(), start=fleet.first))
    assert {k: value for k, value in found.items() if value} == {k: value for k, value in along.items() if value}
    if along:
        assert (fleet.first, len(fleet)) == (min(along), max(along) - min(along) + 1)


@given(
    data=st.data(),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    columns=st.integers(1, 3),
)
def test_dense_arrays_go_there_and_back(data: st.DataObject, shape: list[int], columns: int) -> None:
    size = int(np.prod(shape)) * columns
    cells = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, -7, 1 << 60]), min_size=size, max_size=size))
    dense = np.array(cells, np.int64).reshape(*shape, columns)
    first = data.draw(st.lists(st.integers(-100, 100), min_size=len(shape), max_size=len(shape)))
    axes = {f"axis{i}": number for i, number in enumerate(first)}
    values = {f"value{k}": dense[..., k] for k in range(columns)}
    sums = dense_sums({"turbine": "T1"}, axes, values)
    assert dense_array(sums, ("T1",), first, shape).tolist() == dense.tolist()
    assert sum(len(keys) for keys, _ in sums.groups.values()) == int((dense != 0).any(axis=-1).sum())
    numbers, _ = sums.groups["T1",]
    assert numbers.tolist() == sorted(numbers.tolist())
