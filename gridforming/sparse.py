"""Sparse LU of the nodal matrix inside compiled loops: the pattern is found once, values may change with every step.

The pattern is symmetric and rows are not exchanged: a nodal matrix with a leak on every bus does not need it. Order by
least degree, Tinney and Walker 1967, doi:10.1109/PROC.1967.6011.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from turbine.compiled import inlined_kernel, kernel

__all__ = ["Factors", "factorise", "pattern", "solve"]

Complexes = npt.NDArray[np.complex128]
Integers = npt.NDArray[np.int64]


class Factors(NamedTuple):
    """Pattern and values of L and U, rows in the order of elimination; the diagonal holds reciprocals.

    Parameters
    ----------
    order : array, shape (n,)
        Node of each row.
    starts, columns, diagonal : arrays, shapes (n + 1,), (m,), (n,)
        Compressed rows of L and U together, and where their diagonals stand.
    values : array, shape (m,)
        Of L and U, written by `factorise`.
    mark, work : arrays, shape (n,)
        Scratch.
    """

    order: Integers
    starts: Integers
    columns: Integers
    diagonal: Integers
    values: Complexes
    mark: Integers
    work: Complexes


def pattern(size: int, pairs: Iterable[tuple[int, int]]) -> tuple[Factors, dict[tuple[int, int], int]]:
    """Return empty factors for a matrix, and the slot in `values` of each (row, column) that may be other than zero.

    Parameters
    ----------
    size : int
        Nodes.
    pairs : iterable of (int, int)
        Off-diagonal places; their mirror images are added.
    """
    near: list[set[int]] = [set() for _ in range(size)]
    for a, b in pairs:
        if a != b:
            near[a].add(b)
            near[b].add(a)
    left, order, rows = set(range(size)), [], []
    while left:
        k = min(left, key=lambda n: (len(near[n]), n))
        left.remove(k)
        order.append(k)
        rows.append(sorted(near[k]))
        for n in near[k]:
            near[n] |= near[k]
            near[n] -= {n, k}
    place = {node: row for row, node in enumerate(order)}
    full: list[set[int]] = [set() for _ in range(size)]
    for row, later in enumerate(rows):
        for column in (place[n] for n in later):
            full[row].add(column)
            full[column].add(row)
    starts: list[int] = [0]
    columns: list[int] = []
    diagonal: list[int] = []
    slots: dict[tuple[int, int], int] = {}
    for row in range(size):
        for column in sorted(full[row] | {row}):
            if column == row:
                diagonal.append(len(columns))
            slots[order[row], order[column]] = len(columns)
            columns.append(column)
        starts.append(len(columns))
    return Factors(
        order=np.array(order, np.int64),
        starts=np.array(starts, np.int64),
        columns=np.array(columns, np.int64),
        diagonal=np.array(diagonal, np.int64),
        values=np.zeros(len(columns), np.complex128),
        mark=np.zeros(size, np.int64),
        work=np.zeros(size, np.complex128),
    ), slots


@kernel
def factorise(f: Factors):  # type: ignore[no-untyped-def]
    """Replace the matrix in `values` by its factors, in place."""
    for i in range(f.order.size):
        for p in range(f.starts[i], f.starts[i + 1]):
            f.mark[f.columns[p]] = p
        for p in range(f.starts[i], f.diagonal[i]):
            k = f.columns[p]
            share = f.values[p] * f.values[f.diagonal[k]]
            f.values[p] = share
            for q in range(f.diagonal[k] + 1, f.starts[k + 1]):
                f.values[f.mark[f.columns[q]]] -= share * f.values[q]
        f.values[f.diagonal[i]] = 1.0 / f.values[f.diagonal[i]]


@inlined_kernel
def solve(f: Factors, right: Complexes, out: Complexes):  # type: ignore[no-untyped-def]
    """Solve with the factors; `right` and the first n of `out` are by node and may be the same array."""
    n = f.order.size
    for i in range(n):
        total = right[f.order[i]]
        for p in range(f.starts[i], f.diagonal[i]):
            total -= f.values[p] * f.work[f.columns[p]]
        f.work[i] = total
    for i in range(n - 1, -1, -1):
        total = f.work[i]
        for p in range(f.diagonal[i] + 1, f.starts[i + 1]):
            total -= f.values[p] * f.work[f.columns[p]]
        f.work[i] = total * f.values[f.diagonal[i]]
    for i in range(n):
        out[f.order[i]] = f.work[i]
