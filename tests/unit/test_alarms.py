"""Events by code against counts made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet import alarms
from fleet.alarms import alarm_sums, alarms_result
from fleet.dataset import open_dataset
from fleet.samples import path
from fleet.schema import EVENTS, dtypes
from fleet.times import to_us
from tests.farms import logs_of

START = pd.Timestamp("2024-01-01", tz="UTC")
HOUR = 3_600_000_000
PERIOD = (to_us(START), to_us(START) + 100 * HOUR)


def events(*rows: tuple[float, float | None, str, str], turbine: str = "T1") -> pd.DataFrame:
    """Return events of (begin [h], end [h] or None, status, code)."""
    frame = pd.DataFrame(
        {
            "turbine": turbine,
            "start": pd.to_datetime([START + pd.Timedelta(hours=row[0]) for row in rows], utc=True),
            "end": pd.to_datetime(
                [pd.NaT if row[1] is None else START + pd.Timedelta(hours=row[1]) for row in rows], utc=True
            ),
            "status": [row[2] for row in rows],
            "code": [row[3] for row in rows],
            "message": [f"message {row[3]}" for row in rows],
            "service_category": "",
            "iec_category": "",
            "source_row": np.arange(len(rows)),
        }
    )
    return frame.astype(dtypes(EVENTS))


def counted(frame: pd.DataFrame) -> dict[str, tuple[int, int, float]]:
    table = alarm_sums(frame, PERIOD)
    values = zip(table["events"].tolist(), table["open"].tolist(), (table["time_us"] / HOUR).tolist(), strict=True)
    return dict(zip(table["code"], values, strict=True))


def test_overlapping_events_of_a_code_count_their_time_once() -> None:
    found = counted(events((1, 3, "stop", "7"), (2, 5, "stop", "7"), (5, 6, "stop", "7"), (2, 4, "stop", "8")))
    assert found == {"7": (3, 0, 5.0), "8": (1, 0, 2.0)}


def test_events_are_clipped_to_the_period_and_those_outside_do_not_count() -> None:
    rows = [(-5, 2, "stop", "a"), (98, 105, "stop", "b"), (-9, 0, "stop", "c"), (100, 101, "stop", "d")]
    assert counted(events(*rows, (-1, 200, "stop", "e"))) == {"a": (1, 0, 2.0), "b": (1, 0, 2.0), "e": (1, 0, 100.0)}


def test_open_events_have_no_time_and_count_where_they_begin() -> None:
    assert counted(events((-1, None, "stop", "a"), (3, None, "stop", "b"), (4, 5, "stop", "b"))) == {"b": (2, 1, 1.0)}


def test_an_event_without_length_counts() -> None:
    assert counted(events((3, 3, "stop", "a"))) == {"a": (1, 0, 0.0)}


def test_groups_that_do_not_fit_one_row_of_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(h, h + 1.5, "stop", str(h % 7)) for h in range(60)]
    both = pd.concat([events(*rows), events(*rows[::2], turbine="T2")])
    whole = alarm_sums(both, PERIOD)
    monkeypatch.setattr(alarms, "_LARGEST", 250 * HOUR)
    pd.testing.assert_frame_equal(alarm_sums(both, PERIOD), whole)


def test_fleet_is_ranked_within_each_status_by_hours_then_count() -> None:
    first = events(
        (0, 50, "warning", "w"), (1, 3, "stop", "7"), (4, 5, "stop", "8"), (9, 9.5, "stop", "9"), (7, None, "stop", "7")
    )
    second = events((1, 2, "stop", "8"), (9, 9.5, "stop", "9"), (20, None, "informational", "0"), turbine="T2")
    third = events((30, 30.5, "stop", "5"), (31, 31.5, "stop", "5"), (40, 40, "stop", "5"), turbine="T3")
    result = alarms_result({"T2": second, "T1": first, "T3": third}, PERIOD)
    fleet = result.fleet
    assert fleet["code"].tolist() == ["7", "8", "5", "9", "w", "0"]
    assert fleet["hours"].tolist()[:5] == [2.0, 2.0, 1.0, 1.0, 50.0]
    assert fleet["events"].tolist() == [2, 2, 3, 2, 1, 1]
    assert fleet["open"].tolist() == [1, 0, 0, 0, 0, 1]
    assert fleet["turbines"].tolist() == [1, 2, 1, 2, 1, 1]
    assert fleet["share"].tolist()[:5] == pytest.approx([2 / 6, 2 / 6, 1 / 6, 1 / 6, 1.0])
    assert fleet["cumulative"].tolist()[:5] == pytest.approx([2 / 6, 4 / 6, 5 / 6, 1.0, 1.0])
    assert fleet["ranked_by"].tolist() == ["hours"] * 5 + [""]
    assert fleet.loc[5, ["hours", "share", "cumulative"]].isna().all()
    own = result.by_turbine
    assert own["turbine"].tolist() == ["T1"] * 4 + ["T2"] * 3 + ["T3"]
    assert own.loc[own["turbine"] == "T2", "code"].tolist() == ["8", "9", "0"]
    assert any("1 of 9 events have no end" in note for note in result.notes)


def test_codes_of_a_status_whose_ends_are_missing_are_ranked_by_their_number() -> None:
    rows = [(1.0, None, "warning", "a")] * 2 + [(2.0, None, "warning", "b")] * 3 + [(5.0, 9.0, "warning", "c")]
    fleet = alarms_result({"T1": events(*rows)}, PERIOD).fleet
    assert fleet["code"].tolist() == ["b", "a", "c"]
    assert fleet["cumulative"].tolist() == pytest.approx([3 / 6, 5 / 6, 1.0])
    assert fleet["hours"].tolist()[2] == 4.0
    assert set(fleet["ranked_by"]) == {"events"}


def test_no_event_gives_empty_tables() -> None:
    for given in ({}, {"T1": events()}, {"T1": events((500, 501, "stop", "a"))}):
        result = alarms_result(given, PERIOD)
        assert len(result.fleet) == len(result.by_turbine) == 0
        assert result.notes == ()


def test_samples_against_counts_of_their_files() -> None:
    """By hand from the files: 23 stops among 576 rows at Penmanshiel, 29 alarms without an end at Hill of Towie."""
    found = fleet.open(path("penmanshiel")).results.alarms
    assert found is not None
    stops = found.fleet[found.fleet["status"] == "stop"].set_index("code")
    assert stops["events"].sum() == 23
    assert stops.loc["64", "hours"] == pytest.approx(11.511667, abs=1e-6)
    assert stops.loc["20", "hours"] == pytest.approx(0.346111, abs=1e-6)
    assert stops.index[0] == "64"
    assert found.fleet["events"].sum() == 576
    results = fleet.open(path("hill_of_towie")).results
    assert results.alarms is None  # the alarms are of 2019, the timers of 2024
    assert results.absent["alarms"] == "no event of the status logs lies in the analysed period"
    logs, _ = logs_of(open_dataset("hill_of_towie"))
    january = (to_us("2019-01-01"), to_us("2019-02-01"))
    towie = alarms_result({name: log.events for name, log in logs.items()}, january)
    assert towie.fleet[["code", "events", "turbines"]].to_numpy().tolist() == [
        ["20", 13, 2],
        ["25", 13, 2],
        ["127", 3, 3],
    ]
    assert towie.fleet["open"].sum() == 29
    assert set(towie.fleet["ranked_by"]) == {"events"}
