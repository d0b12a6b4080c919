"""Stop lists, their lost energy and reliability, on a few stops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fleet.availability import Basis
from fleet.category_sums import HOUR, log_sums
from fleet.config import AvailabilitySettings
from fleet.stops import (
    FRAGMENT_COLUMNS,
    down_runs,
    merge_fragments,
    price_stops,
    reliability_table,
    stop_fragments,
    stop_table,
)
from fleet.times import stamps

TEN = HOUR // 6
DEFAULTS = AvailabilitySettings()


def segments(*rows: tuple[float, float, str, bool, str]) -> pd.DataFrame:
    """Rows of (begin hour, end hour, category, in service, code)."""
    begin, end, category, in_service, code = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "start": stamps(np.array([int(h * HOUR) for h in begin], np.int64)),
            "end": stamps(np.array([int(h * HOUR) for h in end], np.int64)),
            "category": pd.array(category, dtype="str"),
            "in_service": list(in_service),
            "code": pd.array(code, dtype="str"),
            "message": pd.array([f"message {c}" for c in code], dtype="str"),
            "open_end": [c == "open" for c in code],
        }
    )


LOG = segments(
    (0, 10, "full_performance", True, ""),
    (10, 12, "forced_outage", False, "7"),
    (12, 13, "forced_outage", False, "8"),
    (13, 20, "unallocated", True, ""),
    (20, 21, "information_unavailable", False, ""),
    (21, 23, "technical_standby", False, "9"),
    (23, 24, "forced_outage", False, "open"),
)


def basis(**fields: object) -> Basis:
    start, end = pd.Timestamp(0, tz="UTC"), pd.Timestamp(0, tz="UTC") + pd.Timedelta(days=1)
    return Basis(**{"turbine": "T1", "evidence": "status log", "start": start, "end": end, **fields})  # type: ignore[arg-type]


def test_stops_are_what_is_neither_in_service_nor_unknown() -> None:
    table = stop_table(merge_fragments([stop_fragments("T1", LOG)]))
    assert list(table.columns) == [
        "turbine",
        "start",
        "end",
        "hours",
        "category",
        "code",
        "message",
        "lost_mwh",
        "open_end",
    ]
    assert table["code"].tolist() == ["7", "8", "9", "open"]
    assert table["hours"].tolist() == [2, 1, 2, 1]
    assert table["open_end"].tolist() == [False, False, False, True]
    assert table["lost_mwh"].isna().all()


def test_fragments_merge_only_where_they_touch_and_agree() -> None:
    parts = segments(
        (0, 1, "forced_outage", False, "7"),
        (1, 2, "forced_outage", False, "7"),
        (2, 3, "forced_outage", False, "8"),
        (3.5, 4, "forced_outage", False, "8"),
        (4, 5, "suspended", False, "8"),
    )
    stops = stop_fragments("T1", parts).assign(lost=pd.array([1, 2, 4, pd.NA, 8], dtype="Int64"))
    merged = merge_fragments([stops.iloc[[3, 1]], stops.iloc[[0, 4, 2]], stops.iloc[[0]].assign(turbine="T2")])
    assert merged["turbine"].tolist() == ["T1"] * 4 + ["T2"]
    assert merged["lost"].tolist()[:2] == [3, 4]
    assert merged["lost"].isna().tolist() == [False, False, True, False, False]
    assert ((merged["end"] - merged["start"]) / pd.Timedelta(hours=1)).tolist() == [2, 1, 0.5, 1, 1]


def test_nothing_merges_to_nothing() -> None:
    assert list(merge_fragments([]).columns) == list(FRAGMENT_COLUMNS)
    assert len(stop_table(merge_fragments([stop_fragments("T1", LOG.iloc[:1])]))) == 0


def test_a_stop_loses_the_potential_less_the_power_of_its_own_time() -> None:
    stops = stop_fragments("T1", segments((1.25, 2.0, "forced_outage", False, "7"), (9, 10, "suspended", False, "8")))
    times = TEN * np.arange(6, 12, dtype=np.int64)  # 1:00 to 2:00
    power, potential = np.zeros(6, np.int64), np.full(6, 100_000, np.int64)  # 1000 kW
    priced = price_stops(stops, times, power, potential, TEN, sums={"own": potential})
    assert stop_table(priced)["lost_mwh"].tolist() == pytest.approx([0.75, math.nan], nan_ok=True)
    assert priced["own"].tolist() == [75_000 * HOUR, 0]


def test_losses_of_stops_may_be_negative() -> None:
    stops = stop_fragments("T1", segments((0, 1, "forced_outage", False, "7")))
    priced = price_stops(stops, np.zeros(1, np.int64), np.array([200]), np.array([100]), HOUR)
    assert priced["lost"].tolist() == [-100 * HOUR]


class TestDownRuns:
    TIMES = TEN * np.array([0, 1, 2, 3, 5, 6, 7], np.int64)  # one record is missing

    def test_runs_end_with_power_and_with_missing_records(self) -> None:
        down = np.array([0, 1, 1, 1, 1, 0, 1], bool)
        runs = down_runs(
            self.TIMES, down, TEN, np.arange(7, dtype=np.int64), turbine="T1", sums={"n": np.ones(7, np.int64)}
        )
        assert (runs["start"].astype("int64") // TEN).tolist() == [1, 5, 7]
        assert (runs["end"].astype("int64") // TEN).tolist() == [4, 6, 8]
        assert (runs["lost"] // TEN).tolist() == [6, 4, 6]
        assert (runs["n"] // TEN).tolist() == [3, 1, 1]
        assert set(runs["category"]) == {"unallocated"}

    def test_unknown_losses_are_left_out_and_a_run_without_any_is_missing(self) -> None:
        down, valid = np.array([1, 1, 0, 1, 0, 0, 0], bool), np.array([1, 0, 1, 0, 1, 1, 1], bool)
        runs = down_runs(self.TIMES, down, TEN, np.full(7, 5, np.int64), valid=valid)
        assert runs["lost"].isna().tolist() == [False, True]
        assert runs["lost"].iloc[0] == 5 * TEN

    @pytest.mark.parametrize("size", [0, 7])
    def test_no_stop_gives_no_row(self, size: int) -> None:
        runs = down_runs(self.TIMES[:size], np.zeros(size, bool), TEN, np.zeros(size, np.int64))
        assert list(runs.columns) == list(FRAGMENT_COLUMNS)
        assert len(merge_fragments([runs])) == 0


class TestReliability:
    def found(self, frame: pd.DataFrame, *bases: Basis) -> pd.DataFrame:
        stops = merge_fragments([stop_fragments("T1", frame)])
        return reliability_table(log_sums("T1", frame), stops, bases or (basis(),)).set_index("turbine")

    def test_touching_outages_are_one_failure(self) -> None:
        row = self.found(LOG).loc["T1"]
        assert row["failures"] == 2
        assert row[["operating_h", "repair_h", "mtbf_h", "mttr_h"]].tolist() == [17, 4, 8.5, 2]

    def test_without_failures_both_are_not_determinable(self) -> None:
        row = self.found(LOG.iloc[:1]).loc["T1"]
        assert row["failures"] == 0
        assert row[["mtbf_h", "mttr_h"]].isna().all()
        assert "no failure" in row["note"]

    def test_inferred_stops_have_no_failures(self) -> None:
        found = self.found(LOG, basis(evidence="inferred"))
        assert found.loc[["T1", "fleet"], "failures"].isna().all()
        assert "not determinable without a status log" in found.loc["fleet", "note"]

    def test_an_undeclared_period_has_repairs_but_no_operating_hours(self) -> None:
        row = self.found(LOG, basis(declared=False)).loc["T1"]
        assert row["mttr_h"] == 2
        assert row[["operating_h", "mtbf_h"]].isna().all()
