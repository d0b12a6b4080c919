"""Groups of what is joined in pairs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["groups"]


def groups(size: int, pairs: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the group of each of `size` things that pairs join, numbered in the order of their first members."""
    parent = list(range(size))

    def top(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    # A group's top is its first member. Networks are small: a library's graph takes ten times as long to set up.
    for a, b in pairs:
        first, other = sorted((top(a), top(b)))
        parent[other] = first
    number: dict[int, int] = {}
    return np.array([number.setdefault(top(k), len(number)) for k in range(size)], np.int64)
