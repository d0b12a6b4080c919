"""Stamps against Python's zoneinfo and hand-worked cases at the clock changes of Europe/Paris."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ConfigError
from fleet.readers.stamps import Clocks, check_zone, in_zone, parse_stamps, step_s, utc


def _parse(texts: list[str | None], time_format: str = "") -> Clocks:
    return parse_stamps(pa.chunked_array([pa.array(texts, pa.string())]), time_format)


def _instants(texts: list[str]) -> list[str]:
    return np.datetime_as_string(np.array(texts, "datetime64[us]"), unit="s").tolist()


def _shown(stamps: Clocks) -> list[str]:
    return np.datetime_as_string(utc(stamps), unit="s").tolist()


def test_clock_reading_and_offset_stay_as_written() -> None:
    stamps = _parse(
        ["2014-01-01T01:00:00+01:00", "2014-06-01 02:00:00+0200", "2014-01-01T00:00:00Z", "2014-01-01 00:10"]
    )
    assert stamps.offset_s.tolist() == [3600, 7200, 0, 0]
    assert stamps.has_offset.tolist() == [True, True, True, False]
    assert _shown(stamps) == [
        "2014-01-01T00:00:00",
        "2014-06-01T00:00:00",
        "2014-01-01T00:00:00",
        "2014-01-01T00:10:00",
    ]
    assert str(stamps.clock[0]) == "2014-01-01T01:00:00.000000"


@pytest.mark.parametrize(
    "text", ["", None, "yesterday", "2014-13-01 00:00:00", "2014-02-30 00:00:00", "2014-01-01 25:00:00", "01/02/2014"]
)
def test_what_is_no_stamp_is_missing_and_nothing_else(text: str | None) -> None:
    stamps = _parse([text, "2014-01-01 00:00:00"])
    assert np.isnat(stamps.clock).tolist() == [True, False]


def test_all_stamps_unreadable() -> None:
    assert np.isnat(_parse(["x", "y"]).clock).all()
    assert np.isnat(_parse([None, None]).clock).all()
    assert len(_parse([]).clock) == 0


def test_own_format_with_and_without_offset() -> None:
    assert _shown(_parse(["31 12 2018 23:50", "32 12 2018 00:00"], "%d %m %Y %H:%M")) == ["2018-12-31T23:50:00", "NaT"]
    assert _shown(_parse(["31/12/2018 23:50 +01:00"], "%d/%m/%Y %H:%M %z")) == ["2018-12-31T22:50:00"]


def test_typed_stamps_with_a_zone_keep_its_reading() -> None:
    column = pa.chunked_array([pa.array([datetime(2014, 6, 1, tzinfo=UTC), None], pa.timestamp("ns", "Europe/Paris"))])
    stamps = parse_stamps(column)
    assert str(stamps.clock[0]) == "2014-06-01T02:00:00.000000"
    assert stamps.offset_s.tolist() == [7200, 0]
    assert _shown(stamps) == ["2014-06-01T00:00:00", "NaT"]


def test_autumn_hour_first_record_is_summer_time() -> None:
    texts = ["2014-10-26 01:50", "2014-10-26 02:00", "2014-10-26 02:30", "2014-10-26 02:00", "2014-10-26 02:30"]
    stamps, notes = in_zone(_parse([*texts, "2014-10-26 03:00"]), "Europe/Paris")
    assert stamps.offset_s.tolist() == [7200, 7200, 7200, 3600, 3600, 3600]
    assert "4 stamps in an hour that Europe/Paris passes twice" in notes[0]


def test_autumn_hour_is_resolved_for_each_turbine() -> None:
    stamps, _ = in_zone(_parse(["2014-10-26 02:00"] * 4), "Europe/Paris", np.array(["a", "b", "a", "b"]))
    assert stamps.offset_s.tolist() == [7200, 7200, 3600, 3600]


def test_spring_hour_moves_forward_and_stays_distinct() -> None:
    stamps, notes = in_zone(_parse(["2014-03-30 01:50", "2014-03-30 02:00", "2014-03-30 02:30"]), "Europe/Paris")
    assert stamps.offset_s.tolist() == [3600, 3600, 3600]
    assert _shown(stamps) == ["2014-03-30T00:50:00", "2014-03-30T01:00:00", "2014-03-30T01:30:00"]
    assert "2 stamps in an hour that Europe/Paris skips" in notes[0]


def test_fixed_offset_zone() -> None:
    assert in_zone(_parse(["2014-01-01 00:00"]), "-03:30")[0].offset_s.tolist() == [-12600]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)), st.sampled_from(["Europe/Paris", "America/New_York"]))
def test_offset_against_zoneinfo(reading: datetime, zone: str) -> None:
    reading = reading.replace(microsecond=0)
    stamps, _ = in_zone(_parse([reading.isoformat(sep=" ")]), zone)
    expected = reading.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    assert expected is not None
    assert timedelta(seconds=int(stamps.offset_s[0])) == expected


def test_unknown_zone_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'unknown time zone "Europe/Pariss" \(did you mean "Europe/Paris"\?\)'):
        check_zone("Europe/Pariss", "farm.toml")


def test_most_frequent_step() -> None:
    times = np.array(_instants(["2014-01-01T00:00", "2014-01-01T00:10", "2014-01-01T00:20", "2014-01-01T05:00"]))
    assert step_s(times.astype("datetime64[us]")) == 600
    assert step_s(np.empty(0, "datetime64[us]")) == 600
