"""Groups of what is joined in pairs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["groups"]


def groups(size: int, pairs: Iterable[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the group of each of `size` things that pairs join, numbered in the order of their first members."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array(list(pairs), np.int64).reshape(-1, 2).T
    joined = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(size, size))
    _, labels = connected_components(joined, directed=False)
    _, first, place = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[place], np.int64)
