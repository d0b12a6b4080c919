"""Records as plain arrays: what a canonical frame becomes, and which part of it is a partition's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fleet.recorded import NO_TIME, Recorded
from fleet.times import stamps

HOUR = 3_600_000_000


def _frame(**columns: object) -> pd.DataFrame:
    """Return four rows, the first at 03:00, one without a time, written by a clock that is an hour ahead of UTC."""
    time = pd.Series(stamps(np.array([3, 1, 2, 0]) * HOUR)).where([True, True, False, True])
    return pd.DataFrame(
        {
            "turbine": pd.array(["T1"] * 4, dtype="str"),
            "time": time,
            "stamp_local": (time + pd.Timedelta("90min")).dt.tz_localize(None),
            "utc_offset_s": np.int32(3600),
            "read_flags": np.array([1, 2, 4, 8], np.uint32),
            "power_kw": [30.0, 10.0, 20.0, np.nan],
            "wind_speed": np.nan,
            **columns,
        }
    )


def test_a_frame_is_sorted_by_time_with_all_that_belongs_to_a_row() -> None:
    found = Recorded.of(_frame(clock_flags=np.array([16, 0, 0, 32], np.uint32)), 5, 7)
    assert found.turbine == "T1"
    assert found.time.tolist() == [NO_TIME, 0, HOUR, 3 * HOUR]
    assert found.flags.tolist() == [4, 8 | 32, 2, 1 | 16]
    assert found.signal("power_kw").tolist() == pytest.approx([20.0, np.nan, 10.0, 30.0], nan_ok=True)
    assert (found.core, found.start, found.end, len(found)) == (slice(0, 4), 5, 7, 4)
    # Half an hour later than the time that is used; where nothing can be read, that time.
    assert found.written.tolist() == [NO_TIME, HOUR // 2, 3 * HOUR // 2, 7 * HOUR // 2]


def test_times_as_written_may_be_given() -> None:
    assert Recorded.of(_frame(written=np.array([1, 2, 3, 4]))).written.tolist() == [3, 4, 2, 1]


def test_a_frame_without_rows() -> None:
    found = Recorded.of(_frame().iloc[:0])
    assert (len(found), found.turbine, dict(found.signals)) == (0, "", {})
    assert found.signal("power_kw").shape == (0,)


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 200_000])
def test_a_signal_that_nobody_has_is_missing_in_every_record(size: int) -> None:
    nothing = np.zeros(size, np.int64)
    found = Recorded("T1", nothing, nothing, nothing.astype(np.uint32), {}, slice(0, size), 0, 0)
    assert found.signal("wind_speed").shape == (size,)
    assert np.isnan(found.signal("wind_speed")).all()


def test_signals_without_any_value_are_left_out() -> None:
    assert list(Recorded.of(_frame()).signals) == ["power_kw"]


def test_the_own_records_are_those_between_the_halo() -> None:
    whole = replace(Recorded.of(_frame()), core=slice(1, 3))
    own = whole.own()
    assert own.time.tolist() == [0, HOUR]
    assert own.flags.tolist() == [8, 2]
    assert own.written.tolist() == [HOUR // 2, 3 * HOUR // 2]
    assert own.signal("power_kw").tolist() == pytest.approx([np.nan, 10.0], nan_ok=True)
    assert own.core == slice(0, 2)
    assert own.own().time.tolist() == own.time.tolist()


def test_replaced_signals_leave_the_others_and_the_given_records() -> None:
    before = Recorded.of(_frame())
    after = before.with_signals({"wind_speed": np.ones(4)})
    assert after.signal("wind_speed").tolist() == [1.0] * 4
    assert after.signals["power_kw"] is before.signals["power_kw"]
    assert "wind_speed" not in before.signals
    assert before.with_signals({}) is before
