"""Mergeable sums of partitions as plain arrays; `fleet.sums` has the tables that the results are made of.

Thousands of partitions merge in a moment this way. All values are integers of quantised measurements, so any split,
order or grouping gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["GridSums", "Partial", "PartialSums", "dense_array", "dense_sums", "merge_partials", "record_sums", "tables"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PartialSums:
    """Sums of integer columns per key. A key is texts (the turbine, a category) and whole numbers."""

    keys: tuple[str, ...]  #: names of all keys, in the order of the table's index
    texts: tuple[str, ...]  #: those that are texts
    values: tuple[str, ...]  #: names of the summed columns
    #: texts of the key -> whole numbers of the key, shape (n, numbers), sorted and unique; sums, shape (n, values)
    groups: Mapping[tuple[str, ...], tuple[Ints, Ints]]


@dataclass(frozen=True)
class GridSums:
    """Sums per interval of a regular grid of time, dense from the first interval on."""

    first: int  #: number of the first interval
    values: Mapping[str, Ints]  #: name -> shape (intervals, ...)

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))


#: What a pass returns of a partition: table -> sums.
Partial = dict[str, PartialSums | GridSums]


def record_sums(keys: Mapping[str, npt.ArrayLike], values: Mapping[str, npt.ArrayLike]) -> PartialSums:
    """Return the sums of integer columns per key.

    Parameters
    ----------
    keys : mapping of name to str or array of int, shape (n,)
        A text is the same for all rows.
    values : mapping of name to array of int or bool, shape (n,)
        The columns to add up.
    """
    texts, numbers = _split(keys)
    columns = [np.asarray(value).astype(np.int64) for value in values.values()]
    matrix = np.column_stack(columns) if columns[0].size else np.zeros((0, len(columns)), np.int64)
    key = np.empty((matrix.shape[0], len(numbers)), np.int64)
    for i, number in enumerate(numbers.values()):
        key[:, i] = number
    return PartialSums(tuple(keys), tuple(texts), tuple(values), {tuple(texts.values()): _reduced(key, matrix)})


def dense_sums(
    texts: Mapping[str, str],
    axes: Mapping[str, int],
    values: Mapping[str, Ints],
    *,
    keys: Sequence[str] = (),
    where: npt.NDArray[np.bool_] | None = None,
) -> PartialSums:
    """Return the cells of dense accumulators that hold anything.

    Parameters
    ----------
    texts : mapping of name to str
        Keys that are the same for all cells.
    axes : mapping of name to int
        Keys that are the accumulators' axes, with the number of each axis' first cell.
    values : mapping of name to array of int64
        Accumulators of one shape.
    keys : sequence of str, optional
        Order of the keys; by default texts, then axes.
    where : array of bool, optional
        Which cells count; by default those in which some accumulator is not zero.
    """
    arrays = list(values.values())
    if where is None:
        where = np.logical_or.reduce([array != 0 for array in arrays])
    cells = np.nonzero(where)
    numbers = np.empty((cells[0].size, len(axes)), np.int64)
    for i, first in enumerate(axes.values()):
        numbers[:, i] = cells[i] + first
    sums = np.empty((cells[0].size, len(arrays)), np.int64)
    for i, array in enumerate(arrays):
        sums[:, i] = array[cells]
    order = tuple(keys) or (*texts, *axes)
    return PartialSums(order, tuple(texts), tuple(values), {tuple(texts.values()): (numbers, sums)})


def dense_array(sums: PartialSums, texts: tuple[str, ...], first: Sequence[int], shape: Sequence[int]) -> Ints:
    """Return the sums of one group of texts as a dense array: the way back from `dense_sums`.

    Parameters
    ----------
    sums : PartialSums
        Sums with number keys only beside their texts.
    texts : tuple of str
        The group.
    first, shape : sequence of int
        Number of the first cell and number of cells of each number key.

    Returns
    -------
    array of int64, shape (*shape, values)
        Zero where there is no sum.
    """
    found = np.zeros((*shape, len(sums.values)), np.int64)
    if texts in sums.groups:
        numbers, values = sums.groups[texts]
        found[tuple((numbers - np.asarray(first, np.int64)).T)] = values
    return found


def merge_partials(parts: Iterable[Partial]) -> Partial:
    """Return the sum of partial sums; it does not depend on their order or grouping."""
    by_name: dict[str, list[PartialSums | GridSums]] = {}
    for part in parts:
        for name, sums in part.items():
            by_name.setdefault(name, []).append(sums)
    merged: Partial = {}
    for name, found in sorted(by_name.items()):
        grids = [sums for sums in found if isinstance(sums, GridSums)]
        merged[name] = _merged_grids(grids) if grids else _merged([s for s in found if isinstance(s, PartialSums)])
    return merged


def tables(partial: Partial) -> dict[str, pd.DataFrame]:
    """Return partial sums as tables: keys sorted in the index, int64 columns."""
    return {name: _table(sums) for name, sums in partial.items() if isinstance(sums, PartialSums)}


def _split(keys: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, str], dict[str, Ints]]:
    texts = {name: key for name, key in keys.items() if isinstance(key, str)}
    return texts, {name: np.asarray(key, np.int64) for name, key in keys.items() if name not in texts}


def _reduced(keys: Ints, values: Ints) -> tuple[Ints, Ints]:
    """Add the rows of equal keys up; sorted by key."""
    if len(keys) < 2:
        return keys, values
    if not keys.shape[1]:
        return keys[:1], values.sum(axis=0, keepdims=True)
    order = np.lexsort(keys.T[::-1])
    keys = keys[order]
    first = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    return keys[first], np.add.reduceat(values[order], first, axis=0)


def _merged(parts: Sequence[PartialSums]) -> PartialSums:
    groups: dict[tuple[str, ...], list[tuple[Ints, Ints]]] = {}
    for part in parts:
        for texts, rows in part.groups.items():
            groups.setdefault(texts, []).append(rows)
    merged = {
        texts: rows[0]
        if len(rows) == 1
        else _reduced(np.concatenate([keys for keys, _ in rows]), np.concatenate([values for _, values in rows]))
        for texts, rows in groups.items()
    }
    one = parts[0]
    return PartialSums(one.keys, one.texts, one.values, merged)


def _merged_grids(parts: Sequence[GridSums]) -> GridSums:
    filled = [part for part in parts if len(part)]
    if not filled:
        return min(parts, key=lambda part: part.first)
    first = min(part.first for part in filled)
    size = max(part.first + len(part) for part in filled) - first
    total = {name: np.zeros((size, *values.shape[1:]), np.int64) for name, values in filled[0].values.items()}
    for part in filled:
        for name, values in part.values.items():
            total[name][part.first - first : part.first - first + len(part)] += values
    return GridSums(first, total)


def _table(sums: PartialSums) -> pd.DataFrame:
    groups = sorted(sums.groups.items())
    empty = [np.zeros((0, len(names)), np.int64) for names in (sums.keys, sums.values)]
    numbers = np.concatenate([keys for _, (keys, _) in groups]) if groups else empty[0]
    values = np.concatenate([columns for _, (_, columns) in groups]) if groups else empty[1]
    sizes = [len(keys) for _, (keys, _) in groups]
    level: dict[str, pd.Index] = {}
    for i, name in enumerate(sums.texts):
        level[name] = pd.Index(np.repeat(np.array([texts[i] for texts, _ in groups], object), sizes), dtype="str")
    for i, name in enumerate(name for name in sums.keys if name not in sums.texts):
        level[name] = pd.Index(numbers[:, i], dtype="int64")
    ordered = [level[name] for name in sums.keys]
    index = (
        pd.MultiIndex.from_arrays(ordered, names=list(sums.keys))
        if len(ordered) > 1
        else ordered[0].rename(sums.keys[0])
    )
    table = pd.DataFrame({name: values[:, i] for i, name in enumerate(sums.values)}, index=index)
    # Groups are sorted by their texts; keys that stand between them are not.
    return table if index.is_monotonic_increasing else table.sort_index()
