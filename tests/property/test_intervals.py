"""The interval algebra against a brute-force timeline: a set of whole seconds, spelled out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.intervals import OPEN, SECOND, Spans, clip, gaps, overlap

FIRST, LAST = -20, 60  #: drawn span borders [s]; negative: before 1970
HORIZON = 100  #: a span that is open covers everything up to here and beyond
WORLD = range(FIRST - 20, HORIZON)

border = st.integers(FIRST, LAST)
pair = st.tuples(border, st.one_of(border, border, border, st.just(None)))  # None: open; may be reversed or empty
pairs = st.lists(pair, max_size=8)
window = st.tuples(st.integers(WORLD.start, HORIZON), st.integers(WORLD.start, HORIZON))


def spans(drawn: list[tuple[int, int | None]]) -> Spans:
    return Spans.of([a * SECOND for a, _ in drawn], [OPEN if b is None else b * SECOND for _, b in drawn])


def seconds(drawn: list[tuple[int, int | None]]) -> set[int]:
    return {second for a, b in drawn for second in range(a, HORIZON if b is None else b)}


def listed(result: Spans) -> set[int]:
    """Spell a set out, having checked that it is disjoint, sorted, non-touching, non-empty and on whole seconds."""
    assert (result.ends > result.starts).all()
    assert (result.starts[1:] > result.ends[:-1]).all()
    assert result.starts.dtype == result.ends.dtype == np.int64
    assert (result.starts % SECOND == 0).all()
    found: set[int] = set()
    for start, end in zip(result.starts.tolist(), result.ends.tolist(), strict=True):
        found |= set(range(start // SECOND, HORIZON if end == OPEN else end // SECOND))
    return found


@given(pairs)
def test_building_a_set_against_a_timeline(drawn: list[tuple[int, int | None]]) -> None:
    assert listed(spans(drawn)) == seconds(drawn)


@given(pairs, st.randoms(use_true_random=False))
def test_order_of_spans_does_not_matter(drawn: list[tuple[int, int | None]], random) -> None:
    shuffled = random.sample(drawn, len(drawn))
    assert spans(shuffled) == spans(drawn)


def together(*sets: Spans) -> Spans:
    return Spans.of(np.concatenate([part.starts for part in sets]), np.concatenate([part.ends for part in sets]))


def total_s(covered: Spans) -> float:
    return int((covered.ends - covered.starts).sum()) / SECOND


@given(st.lists(pairs, min_size=1, max_size=4))
def test_union_against_a_timeline(sets: list[list[tuple[int, int | None]]]) -> None:
    union = together(*(spans(drawn) for drawn in sets))
    assert listed(union) == set().union(*(seconds(drawn) for drawn in sets))
    assert union == together(*(spans(drawn) for drawn in reversed(sets)))


@given(pairs, pairs, pairs)
def test_union_merges_in_any_grouping(a, b, c) -> None:
    a, b, c = spans(a), spans(b), spans(c)
    assert together(together(a, b), c) == together(a, together(b, c)) == together(c, a, b)


@given(pairs)
def test_union_with_itself_changes_nothing(drawn) -> None:
    one = spans(drawn)
    assert together(one, one) == one == together(one, Spans.of([], []))


@given(pairs, window)
def test_clipping_against_a_timeline(drawn, bounds) -> None:
    low, high = bounds
    clipped = clip(spans(drawn), low * SECOND, high * SECOND)
    assert listed(clipped) == seconds(drawn) & set(range(low, high))
    assert OPEN not in clipped.ends
    assert clip(clipped, low * SECOND, high * SECOND) == clipped


@given(pairs, window)
def test_gaps_against_a_timeline(drawn, bounds) -> None:
    low, high = bounds
    assert listed(gaps(spans(drawn), low * SECOND, high * SECOND)) == set(range(low, high)) - seconds(drawn)


@given(pairs, window)
def test_covered_time_and_gaps_add_up_to_the_window(drawn, bounds) -> None:
    low, high = bounds[0] * SECOND, bounds[1] * SECOND
    covered, free = total_s(clip(spans(drawn), low, high)), total_s(gaps(spans(drawn), low, high))
    assert covered + free == max(high - low, 0) / SECOND


@given(pairs, st.lists(st.integers(WORLD.start, HORIZON), max_size=12), st.integers(0, 30))
def test_overlap_with_windows_against_a_timeline(drawn, starts, width) -> None:
    covered = seconds([(a, LAST + 200 if b is None else b) for a, b in drawn])
    found = overlap(spans(drawn), np.array(starts, np.int64) * SECOND, width * SECOND)
    assert found.dtype == np.int64
    assert (found // SECOND).tolist() == [len(covered & set(range(s, s + width))) for s in starts]
    assert (found % SECOND == 0).all()


@given(pairs, st.integers(1, 12))
def test_overlap_of_adjacent_windows_adds_up_to_the_clipped_total(drawn, width) -> None:
    starts = np.arange(WORLD.start, HORIZON, width, dtype=np.int64) * SECOND
    whole = clip(spans(drawn), int(starts[0]), int(starts[-1]) + width * SECOND)
    assert overlap(spans(drawn), starts, width * SECOND).sum() / SECOND == total_s(whole)


@pytest.mark.parametrize("start", [-50 * SECOND, 0, 1_400_000_000 * SECOND])
def test_windows_at_the_end_of_time_do_not_overflow(start: int) -> None:
    still_open = Spans.of([start], [OPEN])
    windows = np.array([OPEN - 5, OPEN - 10, OPEN - 20], np.int64)
    assert overlap(still_open, windows, 10).tolist() == [5, 10, 10]
    assert overlap(Spans.of([start], [start + 7]), windows, 10).tolist() == [0, 0, 0]


def test_an_open_span_swallows_later_ones_and_closes_at_the_window() -> None:
    both = Spans.of([0, 50], [OPEN, 60])
    assert both == Spans.of([0], [OPEN])
    assert clip(both, 10, 20) == Spans.of([10], [20])
    assert not len(gaps(both, 10, 90))
    assert gaps(both, -10, 90) == Spans.of([-10], [0])
