"""Stop lists, their lost energy and reliability, on a few stops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fleet.availability import Basis
from fleet.categories import Category
from fleet.category_sums import HOUR, log_sums
from fleet.config import AvailabilitySettings
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.stops import (
    FRAGMENT_COLUMNS,
    down_runs,
    merge_fragments,
    reliability_table,
    run_fragments,
    stop_energy,
    stop_fragments,
    stop_table,
    whole_stops,
)
from fleet.times import stamps
from tests.partial_tables import table

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
    stops = stop_fragments("T1", parts).assign(open_end=[False, True, False, False, False])
    merged = merge_fragments([stops.iloc[[3, 1]], stops.iloc[[0, 4, 2]], stops.iloc[[0]].assign(turbine="T2")])
    assert merged["turbine"].tolist() == ["T1"] * 4 + ["T2"]
    assert merged["open_end"].tolist() == [True, False, False, False, False]
    assert ((merged["end"] - merged["start"]) / pd.Timedelta(hours=1)).tolist() == [2, 1, 0.5, 1, 1]


def test_nothing_merges_to_nothing() -> None:
    assert list(merge_fragments([]).columns) == list(FRAGMENT_COLUMNS)
    assert len(stop_table(merge_fragments([stop_fragments("T1", LOG.iloc[:1])]))) == 0


def test_nothing_merges_to_nothing_in_the_dtypes_of_something() -> None:
    some = merge_fragments([stop_fragments("T1", LOG)])
    assert merge_fragments([]).dtypes.to_dict() == some.dtypes.to_dict()
    assert run_fragments("T1", spans((0, 1))).dtypes.to_dict() == some.dtypes.to_dict()


def test_lost_energy_stands_beside_its_stop_and_is_missing_elsewhere() -> None:
    stops = merge_fragments([stop_fragments(name, LOG.iloc[[1, 5]]) for name in ("T1", "T2")])
    keys = [("T2", 10 * HOUR, 12 * HOUR), ("T1", 21 * HOUR, 23 * HOUR)]
    index = pd.MultiIndex.from_tuples(keys, names=["turbine", "start", "end"])
    table = stop_table(stops, pd.Series([1.5, -0.5], index=index))
    assert table["lost_mwh"].tolist() == pytest.approx([math.nan, -0.5, 1.5, math.nan], nan_ok=True)


def spans(*hours: tuple[float, float]) -> pd.DataFrame:
    edges = np.array([(int(low * HOUR), int(high * HOUR)) for low, high in hours], np.int64).reshape(-1, 2)
    return pd.DataFrame({"start": edges[:, 0], "end": edges[:, 1]})


class TestStopEnergy:
    TIMES = TEN * np.arange(6, 12, dtype=np.int64)  # 1:00 to 2:00
    SOURCE = np.array([0, 0, 1, 1, 3, 3], np.int64)

    def energy(self, stops: pd.DataFrame, power: float = 0.0, potential: float = 1000.0) -> pd.DataFrame:
        full = np.full(6, 1.0)
        return table(stop_energy("T1", stops, self.TIMES, power * full, potential * full, self.SOURCE, TEN))

    def test_a_stop_has_the_potential_and_the_power_of_its_own_time(self) -> None:
        found = self.energy(spans((1.25, 2.0), (9, 10)), power=20.0).reset_index()
        assert set(found["start"]) == {int(1.25 * HOUR)}
        assert found["source"].tolist() == [0, 1, 3]
        assert found["potential"].tolist() == [50_000, 200_000, 200_000]  # half a record, then whole ones [0.01 kW]
        assert found["produced"].tolist() == [1_000, 4_000, 4_000]

    def test_a_stop_within_a_record_has_its_share_of_it(self) -> None:
        found = self.energy(spans((1.05, 1.10)))
        assert found["potential"].tolist() == [30_000]

    def test_unknown_potential_counts_nothing_under_its_own_source(self) -> None:
        found = self.energy(spans((1, 2)), power=-10.0, potential=math.nan)
        assert found["potential"].tolist() == [0, 0, 0]
        assert found["produced"].tolist() == [-2_000] * 3

    def test_the_parts_of_a_stop_add_up_to_the_whole(self) -> None:
        parts, whole = spans((1, 1.5), (1.5, 2)), spans((1, 2))
        merged = merge_fragments([run_fragments("T1", parts)])
        pd.testing.assert_frame_equal(whole_stops(self.energy(parts), merged), self.energy(whole).droplevel("category"))
        other = merge_fragments([run_fragments("T0", whole), run_fragments("T1", parts)])
        pd.testing.assert_frame_equal(whole_stops(self.energy(parts), other), self.energy(whole).droplevel("category"))

    def test_no_stop_has_no_energy(self) -> None:
        found = self.energy(spans())
        assert len(found) == 0
        assert len(whole_stops(found, merge_fragments([]))) == 0


class TestDownRuns:
    TIMES = TEN * np.array([0, 1, 2, 3, 5, 6, 7], np.int64)  # one record is missing

    def test_runs_end_with_power_and_with_missing_records(self) -> None:
        runs = down_runs(self.TIMES, np.array([0, 1, 1, 1, 1, 0, 1], bool), TEN)
        assert (runs["start"] // TEN).tolist() == [1, 5, 7]
        assert (runs["end"] // TEN).tolist() == [4, 6, 8]

    def test_they_are_stops_without_a_category(self) -> None:
        stops = run_fragments("T1", down_runs(self.TIMES, np.ones(7, bool), TEN))
        assert list(stops.columns) == list(FRAGMENT_COLUMNS)
        assert (
            stops[["turbine", "category", "code", "message"]].to_numpy().tolist() == [["T1", "unallocated", "", ""]] * 2
        )
        assert ((stops["end"] - stops["start"]) / pd.Timedelta(minutes=10)).tolist() == [4, 3]

    @pytest.mark.parametrize("size", [0, 7])
    def test_no_stop_gives_no_row(self, size: int) -> None:
        runs = down_runs(self.TIMES[:size], np.zeros(size, bool), TEN)
        assert runs.dtypes.astype(str).to_dict() == {"start": "int64", "end": "int64"}
        assert len(merge_fragments([run_fragments("T1", runs)])) == 0


class TestReliability:
    def found(self, frame: pd.DataFrame, *bases: Basis) -> pd.DataFrame:
        stops = merge_fragments([stop_fragments("T1", frame)])
        found = reliability_table(log_sums("T1", frame), stops, bases or (basis(),), record_us=TEN)
        return found.set_index("turbine")

    def test_touching_outages_are_one_failure(self) -> None:
        row = self.found(LOG).loc["T1"]
        assert row["failures"] == 2
        assert row[["operating_h", "repair_h", "mtbf_h", "mttr_h"]].tolist() == [17, 4, 8.5, 2]

    @pytest.mark.parametrize("category", sorted(set(Category) - {Category.FORCED_OUTAGE}))
    def test_a_stop_of_any_other_category_is_no_failure(self, category: Category) -> None:
        row = self.found(segments((0, 10, "full_performance", True, ""), (10, 12, category.value, False, "7"))).loc[
            "T1"
        ]
        assert (row["failures"], row["repair_h"]) == (0, 0.0)

    def test_a_brief_stop_that_no_alarm_explains_is_no_failure_of_state_timers(self) -> None:
        """By hand: 10 min without an alarm, 5 min with one, 11 min without, and 5 + 5 min of which one has an alarm."""
        minutes = [(20, 30, ""), (60, 65, "7"), (120, 131, ""), (180, 185, ""), (185, 190, "8")]
        stops = [(a / 60, b / 60, "forced_outage", False, code) for a, b, code in minutes]
        frame = segments(*stops, (4, 24, "full_performance", True, "")).assign(message="")
        by_timers, by_log = (self.found(frame, basis(evidence=kind)) for kind in ("state timers", "status log"))
        columns = ["failures", "brief_stops", "operating_h"]
        assert by_timers.loc["T1", columns].tolist() == by_timers.loc["fleet", columns].tolist() == [3, 1, 20]
        assert by_timers.loc["T1", "repair_h"] == pytest.approx(26 / 60, abs=1e-9)
        assert by_log.loc["T1", columns].tolist() == [4, 0, 20]
        assert by_log.loc["T1", "repair_h"] == pytest.approx(36 / 60, abs=1e-9)

    def test_a_stop_that_the_period_cuts_may_have_been_longer(self) -> None:
        """The period is of 24 hours."""
        frame = segments(*((a, b, "forced_outage", False, "") for a, b in [(0, 0.1), (12, 12.1), (23.9, 24)]))
        row = self.found(frame.assign(message=""), basis(evidence="state timers")).loc["T1"]
        assert (row["failures"], row["brief_stops"]) == (2, 1)

    def test_a_fleet_without_a_figure_has_the_reasons_of_all_its_turbines(self) -> None:
        note = self.found(LOG, basis(declared=False), basis(turbine="T2", evidence="inferred")).loc["fleet", "note"]
        assert "coverage unknown" in note
        assert "not determinable without a status log" in note

    def test_a_log_that_is_not_used_is_no_missing_log(self) -> None:
        unused = f"the status log is not used: {UNKNOWN_COVERAGE}"
        note = self.found(LOG, basis(evidence="inferred", note=unused)).loc["T1", "note"]
        assert "there is a status log, which is not used: coverage unknown" in note

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
