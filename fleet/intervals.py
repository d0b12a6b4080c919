"""The one interval algebra: sets of half-open time spans, with unions, clipping, gaps and open ends.

A `Spans` is a sorted set of disjoint, non-touching half-open spans [start, end) in microseconds since 1970 UTC. What
events cover comes from here, so that overlapping ones are never counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["OPEN", "SECOND", "Spans", "clip", "gaps", "overlap"]

SECOND = 1_000_000  #: microseconds
OPEN = np.iinfo(np.int64).max  #: the end of a span that has none yet

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spans:
    """Disjoint, sorted, non-touching half-open spans.

    Parameters
    ----------
    starts, ends : array of int64, shape (n,)
        Begin and end of each span [us since 1970 UTC]; an end of `OPEN` means "not ended".
    """

    starts: Ints
    ends: Ints

    @staticmethod
    def of(starts: npt.ArrayLike, ends: npt.ArrayLike) -> Spans:
        """Return the union of spans in any order; empty and reversed ones (end <= start) vanish."""
        first, last = np.asarray(starts, np.int64).ravel(), np.asarray(ends, np.int64).ravel()
        keep = last > first
        first, last = first[keep], last[keep]
        if first.size == 0:
            return Spans(first, last)
        order = np.argsort(first, kind="stable")
        first, reach = first[order], np.maximum.accumulate(last[order])
        begins = np.r_[True, first[1:] > reach[:-1]]
        return Spans(first[begins], reach[np.r_[begins[1:], True]])

    def __len__(self) -> int:
        return int(self.starts.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spans):
            return NotImplemented
        return np.array_equal(self.starts, other.starts) and np.array_equal(self.ends, other.ends)

    __hash__ = None  # type: ignore[assignment]


def gaps(spans: Spans, start: int, end: int) -> Spans:
    """Return the time within [start, end) that no span covers."""
    inside = clip(spans, start, end)
    return Spans.of(np.r_[start, inside.ends], np.r_[inside.starts, end])


def clip(spans: Spans, start: int, end: int) -> Spans:
    """Return the parts of the spans within [start, end); open ends close at `end`."""
    return Spans.of(np.maximum(spans.starts, start), np.minimum(spans.ends, end))


def overlap(spans: Spans, starts: Ints, width: int) -> Ints:
    """Return how much of each window [start, start + width) is covered.

    Parameters
    ----------
    spans : Spans
        The covered time.
    starts : array of int64, shape (n,)
        Begin of each window [us since 1970 UTC], in any order.
    width : int
        Length of the windows [us].

    Returns
    -------
    array of int64, shape (n,)
        Covered time in each window [us].
    """
    if not len(spans):
        return np.zeros(np.shape(starts), np.int64)
    # Covered time before each span; the last span's own length, which may be open, is not needed.
    length = np.r_[0, np.cumsum(spans.ends[:-1] - spans.starts[:-1])]

    def covered_before(t: Ints) -> Ints:
        i = np.searchsorted(spans.starts, t, side="right")
        inside = np.where(i > 0, np.minimum(t, spans.ends[i - 1]) - spans.starts[i - 1], 0)
        return np.asarray(np.where(i > 0, length[i - 1] + inside, 0), np.int64)

    at = np.asarray(starts, np.int64)
    until = np.where(at > OPEN - width, OPEN, at + width)
    return covered_before(until) - covered_before(at)
