"""Any timers of any records: their segments cover the period once, and the sums of each record are exact."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.categories import Category
from fleet.category_sums import RUNNING_UNALLOCATED, join_rows
from fleet.config import AvailabilitySettings
from fleet.intervals import SECOND
from fleet.schema import TIMERS, dtypes
from fleet.stops import merge_fragments, stop_fragments
from fleet.timer_segments import allocate_timers
from fleet.times import series_us, stamps, to_us

WIDTH = 600 * SECOND
ORIGIN = to_us("2024-01-31T22:00")  # a month ends among the records
DEFAULTS = AvailabilitySettings()
NAMES = [column.name for column in TIMERS if column.unit == "s"]
STOPS = ("stop_turbine_s", "stop_grid_s", "stop_commanded_s", "stop_environment_s")  # in the order of priority
CAUSES = (
    "forced_outage",
    "out_of_electrical_specification",
    "requested_shutdown",
    "out_of_environmental_specification",
)

relaxed = settings(max_examples=60, deadline=None)
timer = st.one_of(st.sampled_from([0.0, 600.0, 600.0]), st.floats(0.0, 600.0), st.sampled_from([np.nan, -1.0, 601.0]))
stop = st.one_of(st.just(0.0), st.floats(0.0, 600.0))
rows = st.lists(
    st.tuples(st.booleans(), timer, timer, st.floats(0, 600), stop, stop, stop, stop, st.sampled_from(["", "7", "8"])),
    min_size=1,
    max_size=24,
)


def records(drawn: list) -> pd.DataFrame:
    kept = [(i, row) for i, row in enumerate(drawn) if row[0]]
    frame = pd.DataFrame([row[1:8] for _, row in kept], columns=NAMES, dtype="float64")
    frame["turbine"] = "T1"
    frame["time"] = stamps(ORIGIN + WIDTH * np.array([i for i, _ in kept], np.int64))
    frame["alarm_code"], frame["alarm_message"], frame["source_row"] = [row[8] for _, row in kept], "", 0
    types = dtypes(TIMERS)
    return frame[list(types)].astype(types)


def found(frame: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    pieces, _ = allocate_timers(frame, np.zeros(len(frame), bool), DEFAULTS, WIDTH, (start, end))
    return pieces.segments(start, end)


@relaxed
@given(rows, st.integers(-3 * WIDTH, 3 * WIDTH), st.integers(1, 26 * WIDTH))
def test_segments_cover_any_period_once(drawn: list, offset: int, length: int) -> None:
    start = ORIGIN + offset
    segments = found(records(drawn), start, start + length)
    begin, end = series_us(segments["start"]), series_us(segments["end"])
    assert (begin[0], end[-1]) == (start, start + length)
    assert (begin < end).all()
    assert (begin[1:] == end[:-1]).all()


@relaxed
@given(rows)
def test_the_sums_of_each_record_are_exact(drawn: list) -> None:
    """Compared with one record at a time, its timers cut in the order of priority."""
    segments = found(records(drawn), ORIGIN, ORIGIN + WIDTH * len(drawn))
    labels, shares = join_rows(segments, ORIGIN + WIDTH * np.arange(len(drawn), dtype=np.int64), WIDTH)
    whole = records(drawn)
    there = {name for name in NAMES if name == "ready_s" or whole[name].notna().any()}
    for i, row in enumerate(drawn):
        timers = dict(zip(NAMES, row[1:8], strict=True))
        expected: dict[str, int] = {}
        if not row[0] or not all(0 <= timers[name] <= 600 for name in there):
            expected[Category.INFORMATION_UNAVAILABLE.value] = WIDTH
        else:
            us = {name: round(timers[name] * SECOND) if name in there else None for name in NAMES}
            rest = WIDTH - us["ready_s"]
            for name, cause in zip(STOPS, CAUSES, strict=True):
                expected[cause] = min(us[name] or 0, rest)
                rest -= expected[cause]
            expected["unallocated"] = rest
            runs = 0 if us["operating_s"] is None else min(us["operating_s"], us["ready_s"])
            calm = WIDTH if us["wind_in_range_s"] is None else WIDTH - us["wind_in_range_s"]
            idle = us["ready_s"] - runs
            waits = 0 if us["operating_s"] is None else min(idle, calm)
            expected |= {"full_performance": runs, "ready_standby": waits, RUNNING_UNALLOCATED: idle - waits}
        told = dict(zip(labels, shares[i].tolist(), strict=True))
        assert {label: time for label, time in told.items() if time} == {k: v for k, v in expected.items() if v}


@relaxed
@given(rows, st.integers(1, 24))
def test_an_instant_s_state_does_not_depend_on_the_period(drawn: list, at: int) -> None:
    frame, cut, end = records(drawn), ORIGIN + at * WIDTH // 2, ORIGIN + WIDTH * 24
    whole = merge_fragments([stop_fragments("T1", found(frame, ORIGIN, end))])
    parts = [stop_fragments("T1", found(frame, low, high)) for low, high in ((ORIGIN, cut), (cut, end))]
    pd.testing.assert_frame_equal(merge_fragments(parts), whole)


@relaxed
@given(st.lists(st.tuples(st.floats(1, 599), st.floats(1, 599)), min_size=2, max_size=12))
def test_a_stop_over_whole_records_is_one_with_its_begin_and_end(edges: list) -> None:
    """Part of a record, whole records, part of a record, then one that runs: one stop each time."""
    drawn = []
    for before, after in edges:
        for stopped in (before, 600.0, 600.0, after, 0.0):
            drawn.append((True, 600 - stopped, 600 - stopped, 600.0, stopped, 0.0, 0.0, 0.0, ""))
    frame = records(drawn)
    stops = stop_fragments("T1", found(frame, ORIGIN, ORIGIN + WIDTH * len(drawn)))
    assert len(merge_fragments([stops])) <= 2 * len(edges)  # rounding to microseconds may leave a rest of one
    outages = stops[stops["category"] == "forced_outage"]
    assert len(outages) == len(edges)
