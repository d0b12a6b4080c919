"""Segments partition the period, agree with a brute-force timeline, and leave no trace of where the period was cut."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.categories import DEFAULT_PRIORITY, Category
from fleet.category_sums import HOUR, RUNNING_UNALLOCATED, join_rows, log_sums, merge_sums
from fleet.config import AvailabilitySettings
from fleet.intervals import SECOND
from fleet.partial_sums import Partial, PartialSums, merge_partials
from fleet.recorded import NO_TIME
from fleet.schema import EVENTS, dtypes
from fleet.status_log import allocate
from fleet.stops import down_runs, merge_fragments, run_fragments, stop_energy, stop_fragments, whole_stops
from fleet.times import series_us, stamps
from tests.partial_tables import table

DEFAULTS = AvailabilitySettings()
relaxed = settings(max_examples=25)
LENGTH = 48  # hours, across the end of January
ORIGIN = int(pd.Timestamp("2024-01-31", tz="UTC").timestamp()) * 1_000_000

rows = st.tuples(
    st.integers(-5, LENGTH + 5),
    st.one_of(st.none(), st.integers(-2, 20)),
    st.sampled_from(["stop", "stop", "informational", "communication", "warning"]),
    st.sampled_from(["Forced outage", "Technical Standby", "Full Performance", "Scheduled Maintenance", ""]),
    st.sampled_from(["A", "B", "Wind < start wind", "Brake program 50"]),
)
logs = st.lists(rows, max_size=12)


def log(drawn: list[tuple[int, int | None, str, str, str]]) -> pd.DataFrame:
    fields = []
    for begin, length, status, iec, message in drawn:
        start = moment(begin)
        end = None if length is None else moment(begin + length)
        fields.append(("T1", start, end, status, message, message, "", iec, len(fields)))
    return pd.DataFrame(fields, columns=list(dtypes(EVENTS))).astype(dtypes(EVENTS))


def moment(hour: int) -> pd.Timestamp:
    return stamps(np.array([ORIGIN + hour * HOUR]))[0]


@relaxed
@given(logs)
def test_segments_are_sorted_disjoint_and_cover_the_period(drawn: list) -> None:
    found = allocate(log(drawn), moment(0), moment(LENGTH), DEFAULTS)
    start, end = series_us(found["start"]), series_us(found["end"])
    assert (end > start).all()
    assert (start[1:] == end[:-1]).all()
    assert start[0] == ORIGIN
    assert int((end - start).sum()) == LENGTH * HOUR


@relaxed
@given(logs)
def test_downtime_against_a_timeline_of_hours(drawn: list) -> None:
    """The category of each hour is the first in priority among the stops that cover it.

    An open stop covers the hours to the next marker that says the turbine runs or waits for wind.
    """
    runs = sorted(
        b
        for b, _, status, iec, text in drawn
        if status == "informational" and (text == "Wind < start wind" or (iec == "Full Performance" and text in "AB"))
    )
    names = {"Forced outage": Category.FORCED_OUTAGE, "Technical Standby": Category.TECHNICAL_STANDBY}
    names["Scheduled Maintenance"] = Category.SCHEDULED_MAINTENANCE
    timeline: list[set[Category]] = [set() for _ in range(LENGTH)]
    for begin, length, status, iec, message in drawn:
        if status != "stop":
            continue
        end = begin + length if length is not None else next((run for run in runs if run > begin), LENGTH)
        low = Category.READY_STANDBY if message == "Wind < start wind" else names.get(iec, Category.UNALLOCATED)
        for hour in range(max(begin, 0), min(end, LENGTH)):
            timeline[hour].add(low)
    found = allocate(log(drawn), moment(0), moment(LENGTH), DEFAULTS)
    times = ORIGIN + HOUR * np.arange(LENGTH, dtype=np.int64)
    at = np.searchsorted(series_us(found["start"]), times, side="right") - 1
    for hour, covering in enumerate(timeline):
        row = found.iloc[at[hour]]
        if covering:
            expected = min(covering, key=DEFAULT_PRIORITY.index)
            assert row["category"] == expected
            assert row["in_service"] == (expected is Category.READY_STANDBY)
        else:
            assert row["in_service"] or row["category"] == Category.INFORMATION_UNAVAILABLE


@relaxed
@given(logs, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(drawn: list, random: object) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    whole, other = (allocate(log(part), moment(0), moment(LENGTH), DEFAULTS) for part in (drawn, shuffled))
    pd.testing.assert_frame_equal(whole, other)


@relaxed
@given(logs, st.sets(st.integers(1, LENGTH - 1), max_size=4), st.integers(0, 2**32 - 1))
def test_cutting_the_period_anywhere_gives_the_same_stops_and_sums(drawn: list, cuts: set[int], seed: int) -> None:
    events, rng = log(drawn), np.random.default_rng(seed)
    records = Records.random(np.arange(LENGTH), rng)

    def analyse(low: int, high: int) -> tuple[pd.DataFrame, pd.DataFrame, Partial]:
        segments = allocate(events, moment(low), moment(high), DEFAULTS)
        stops = stop_fragments("T1", segments)
        spans = pd.DataFrame({"start": series_us(stops["start"]), "end": series_us(stops["end"])})
        return log_sums("T1", segments), stops, {"stops": records.between(low, high).energy(spans)}

    borders = [0, *sorted(cuts), LENGTH]
    parts = [analyse(low, high) for low, high in pairwise(borders)]
    agree([parts[i] for i in rng.permutation(len(parts))], analyse(0, LENGTH))


@relaxed
@given(st.lists(st.sampled_from(["up", "down", "missing"]), max_size=30), st.sets(st.integers(0, 30)), st.integers(0))
def test_inferred_stops_merge_over_any_cut(states: list[str], cuts: set[int], seed: int) -> None:
    kept = np.array([i for i, state in enumerate(states) if state != "missing"], np.int64)
    rng = np.random.default_rng(seed)
    records = Records.random(kept, rng)

    def analyse(low: int, high: int) -> tuple[pd.DataFrame, pd.DataFrame, Partial]:
        mine = records.between(low, high)
        down = np.array([states[(time - ORIGIN) // HOUR] == "down" for time in mine.times], bool)
        runs = down_runs(mine.times, down, HOUR)
        return merge_sums([]), run_fragments("T1", runs), {"stops": mine.energy(runs)}

    borders = sorted({0, *cuts, 31})
    parts = [analyse(low, high) for low, high in pairwise(borders)]
    agree([parts[i] for i in rng.permutation(len(parts))], analyse(0, 31))


@dataclass(frozen=True)
class Records:
    """Hourly records with power, potential power and its source; some potential power is missing."""

    times: np.ndarray
    power: np.ndarray
    potential: np.ndarray
    source: np.ndarray

    @staticmethod
    def random(hours: np.ndarray, rng: np.random.Generator) -> Records:
        source = rng.choice([0, 1, 2, 3], hours.size)
        potential = np.where(source == 3, np.nan, rng.uniform(0, 2000, hours.size))
        return Records(ORIGIN + HOUR * hours.astype(np.int64), rng.uniform(-5, 2000, hours.size), potential, source)

    def between(self, low: int, high: int) -> Records:
        mine = (self.times >= ORIGIN + HOUR * low) & (self.times < ORIGIN + HOUR * high)
        return Records(self.times[mine], self.power[mine], self.potential[mine], self.source[mine])

    def energy(self, spans: pd.DataFrame) -> PartialSums:
        return stop_energy("T1", spans, self.times, self.power, self.potential, self.source, HOUR)


def agree(
    parts: list[tuple[pd.DataFrame, pd.DataFrame, Partial]], whole: tuple[pd.DataFrame, pd.DataFrame, Partial]
) -> None:
    """Parts of a period in any order give the whole's sums, stops and energy per stop."""
    sums, stops, energy = (list(column) for column in zip(*parts, strict=True))
    merged = merge_fragments(stops)
    pd.testing.assert_frame_equal(merge_sums(sums), whole[0])
    pd.testing.assert_frame_equal(merged, merge_fragments([whole[1]]))
    expected = whole_stops(table(whole[2]["stops"]), merged)
    pd.testing.assert_frame_equal(whole_stops(table(merge_partials(energy)["stops"]), merged), expected)


@relaxed
@given(logs, st.integers(1, 7))
def test_the_shares_of_a_record_add_up_to_its_time(drawn: list, hours: int) -> None:
    segments = allocate(log(drawn), moment(0), moment(LENGTH), DEFAULTS)
    width = hours * HOUR // 3
    times = ORIGIN + width * np.arange(LENGTH * HOUR // width, dtype=np.int64)
    labels, shares = join_rows(segments, times, width)
    assert shares.shape == (times.size, len(labels))
    assert (shares.sum(axis=1) == width).all()
    assert (shares >= 0).all()


#: Exclusive segments as (length [s], what is in it), None: nothing known.
pieces = st.lists(
    st.tuples(
        st.integers(1, 25),
        st.sampled_from(
            [None, ("forced_outage", False), ("full_performance", True), ("unallocated", False), ("unallocated", True)]
        ),
    ),
    max_size=8,
)
WORLD = range(-40, 220)  #: holds all segments and records [s]; negative: before 1970


def segments_of(
    drawn: list[tuple[int, tuple[str, bool] | None]], begin: int
) -> tuple[pd.DataFrame, dict[str, set[int]]]:
    """Return segments one after the other, and the seconds of each label spelled out."""
    rows, timeline, at = [], {}, begin
    for length, state in drawn:
        if state is not None:
            rows.append((at * SECOND, (at + length) * SECOND, *state))
            label = RUNNING_UNALLOCATED if state == ("unallocated", True) else state[0]
            timeline.setdefault(label, set()).update(range(at, at + length))
        at += length
    frame = pd.DataFrame(rows, columns=["start", "end", "category", "in_service"])
    return frame.assign(start=stamps(frame["start"]), end=stamps(frame["end"])), timeline


@given(
    pieces,
    st.integers(-20, 20),
    st.lists(st.integers(WORLD.start, WORLD.stop), max_size=12).map(sorted),
    st.integers(0, 30),
)
def test_the_shares_of_records_against_a_timeline(drawn: list, begin: int, records: list[int], width: int) -> None:
    """Records may overlap, repeat a stamp and leave gaps; those without a readable stamp have no share in anything."""
    segments, timeline = segments_of(drawn, begin)
    times = np.r_[NO_TIME, NO_TIME, np.array(records, np.int64) * SECOND]
    labels, shares = join_rows(segments, times, width * SECOND)
    assert set(labels) == set(timeline)
    assert shares.dtype == np.int64
    assert (shares % SECOND == 0).all()
    for label, share in zip(labels, shares.T // SECOND, strict=True):
        assert share.tolist() == [0, 0, *(len(timeline[label] & set(range(t, t + width))) for t in records)]


@given(pieces, st.integers(-20, 20), st.integers(1, 12))
def test_the_shares_of_adjacent_records_add_up_to_the_segments(drawn: list, begin: int, width: int) -> None:
    segments, timeline = segments_of(drawn, begin)
    times = np.arange(WORLD.start, WORLD.stop, width, dtype=np.int64) * SECOND
    labels, shares = join_rows(segments, times, width * SECOND)
    whole = {label: len(seconds) for label, seconds in timeline.items()}
    assert dict(zip(labels, (shares.sum(axis=0) // SECOND).tolist(), strict=True)) == whole
