"""Availability from sums per category: hand-made sums whose ratios are plain to see."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fleet.availability import (
    INFERRED_ONLY,
    NO_CONTRACT,
    Basis,
    availability_table,
    category_table,
    monthly_table,
    treat_as,
)
from fleet.categories import Category
from fleet.category_sums import HOUR, RUNNING_UNALLOCATED, SUM_COLUMNS, join_rows, log_sums, merge_sums
from fleet.config import AvailabilitySettings
from fleet.results import Availability
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.times import stamps, to_us

DEFAULTS = AvailabilitySettings()
START, END = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-05 04:00", tz="UTC")  # 100 h
TEN_MINUTES = HOUR // 6
KWH = 1.0  #: the energy unit of `sums`


def sums(*rows: tuple[object, ...], turbine: str = "T1", month: str = "2024-01") -> pd.DataFrame:
    """Rows of (category, hours, produced kWh, lost kWh, hours without lost energy)."""
    full = [
        (turbine, month, row[0], row[1] * HOUR, *(*row[2:], None, None, None)[:2], 0 if len(row) < 5 else row[4] * HOUR)
        for row in rows
    ]  # type: ignore[operator]
    frame = pd.DataFrame(full, columns=list(SUM_COLUMNS))
    return frame.astype({"time_us": "int64", "unpriced_us": "int64", "produced": "Int64", "lost": "Int64"})


def basis(turbine: str = "T1", **fields: object) -> Basis:
    return Basis(**{"turbine": turbine, "evidence": "status log", "start": START, "end": END, **fields})  # type: ignore[arg-type]


def table(frame: pd.DataFrame, *bases: Basis, settings: AvailabilitySettings = DEFAULTS) -> pd.DataFrame:
    return availability_table(frame, bases or (basis(),), settings, quantum_kwh=KWH).set_index(["turbine", "view"])


def segments(*rows: tuple[float, float, str, bool]) -> pd.DataFrame:
    begin, end, category, in_service = zip(*rows, strict=True)
    start_us = to_us(START)
    return pd.DataFrame(
        {
            "start": stamps(np.array([start_us + int(h * HOUR) for h in begin])),
            "end": stamps(np.array([start_us + int(h * HOUR) for h in end])),
            "category": list(category),
            "in_service": list(in_service),
        }
    )


class TestViews:
    ROWS = (
        ("full_performance", 60),
        ("unallocated_in_service", 10),
        ("forced_outage", 5),
        ("scheduled_maintenance", 4),
        ("out_of_environmental_specification", 6),
        ("force_majeure", 3),
        ("unallocated", 2),
        ("information_unavailable", 10),
    )

    def test_operational_loses_every_stop_whatever_its_cause(self) -> None:
        row = table(sums(*self.ROWS)).loc[("T1", "operational")]
        assert row["available_h"] == 70
        assert row["unavailable_h"] == 20
        assert row["excluded_h"] == 10
        assert row["time_based"] == pytest.approx(70 / 90)
        assert row["unallocated_h"] == 12
        assert row["coverage"] == pytest.approx(0.9)

    def test_technical_loses_outages_and_maintenance_beyond_its_allowance(self) -> None:
        row = table(sums(*self.ROWS)).loc[("T1", "technical")]
        assert row["unavailable_h"] == 9
        assert row["available_h"] == 76
        assert row["excluded_h"] == 15
        assert "indicative" in row["note"]
        settings = AvailabilitySettings(maintenance_allowance_h=87.6)  # 1 h in 100 h of a year of 8760 h
        allowed = table(sums(*self.ROWS), settings=settings).loc[("T1", "technical")]
        assert allowed["unavailable_h"] == pytest.approx(8)
        assert allowed["available_h"] == pytest.approx(77)

    def test_contractual_needs_a_contract(self) -> None:
        row = table(sums(*self.ROWS)).loc[("T1", "contractual")]
        assert math.isnan(row["time_based"])
        assert row["note"] == NO_CONTRACT

    def test_contractual_follows_the_map_and_names_what_it_leaves_open(self) -> None:
        contract = {
            "forced_outage": "unavailable",
            "scheduled_maintenance": "available",
            "force_majeure": "not_counted",
        }
        settings = AvailabilitySettings(contract=contract)  # type: ignore[arg-type]
        row = table(sums(*self.ROWS), settings=settings).loc[("T1", "contractual")]
        assert row["unavailable_h"] == 5
        assert row["available_h"] == 74
        assert row["excluded_h"] == 21
        assert "8.0 h in categories that the contract does not mention" in row["note"]

    def test_the_contractual_view_takes_sums_of_its_own_and_the_others_do_not(self) -> None:
        settings = AvailabilitySettings(contract={Category.FORCED_OUTAGE: "unavailable"})
        usual, other = (sums(("full_performance", 90), ("forced_outage", hours)) for hours in (10, 4))
        found = availability_table(usual, [basis()], settings, quantum_kwh=KWH, contract_sums=other).set_index(
            ["turbine", "view"]
        )
        unavailable = found["unavailable_h"].unstack("view")
        for turbine in ("T1", "fleet"):
            assert unavailable.loc[turbine].to_dict() == {"operational": 10, "technical": 10, "contractual": 4}

    def test_running_in_an_unknown_state_counts_only_where_the_contract_treats_all_states_alike(self) -> None:
        alike = AvailabilitySettings(contract={Category.FORCED_OUTAGE: "unavailable"})
        apart = AvailabilitySettings(contract={Category.PARTIAL_PERFORMANCE: "unavailable"})
        assert treat_as(RUNNING_UNALLOCATED, "contractual", alike) == "available"
        assert treat_as(RUNNING_UNALLOCATED, "contractual", apart) == "not_counted"

    def test_the_columns_are_the_contract_s(self) -> None:
        assert set(table(sums(*self.ROWS)).reset_index().columns) == {
            *("turbine", "view", "evidence", "time_based", "production_based", "available_h", "unavailable_h"),
            *("excluded_h", "unallocated_h", "coverage", "produced_mwh", "lost_mwh", "potential_source"),
            *("u_potential_mwh", "note"),
        }
        assert "monthly" in Availability.__dataclass_fields__


class TestProduction:
    def test_losses_count_while_unavailable_or_in_partial_performance_only(self) -> None:
        frame = sums(
            ("full_performance", 80, 8000, 700),
            ("partial_performance", 10, 500, 100),
            ("forced_outage", 10, 0, 900),
        )
        row = table(frame, basis(potential_source="own power curve", u_potential=0.1)).loc[("T1", "operational")]
        assert row["produced_mwh"] == pytest.approx(8.5)
        assert row["lost_mwh"] == pytest.approx(1.0)
        assert row["production_based"] == pytest.approx(1 - 1.0 / 9.5)
        assert row["u_potential_mwh"] == pytest.approx(0.1 * 1.5)
        assert row["potential_source"] == "own power curve"

    def test_negative_losses_are_not_clipped(self) -> None:
        frame = sums(("full_performance", 90, 9900, 0), ("forced_outage", 10, 50, -100))
        row = table(frame).loc[("T1", "operational")]
        assert row["lost_mwh"] == pytest.approx(-0.1)
        assert row["production_based"] == pytest.approx(1 + 0.1 / 9.85)

    def test_categories_that_do_not_count_leave_all_sums(self) -> None:
        frame = sums(("full_performance", 80, 8000, 0), ("suspended", 10, 0, 500), ("forced_outage", 10, 0, 1000))
        row = table(frame).loc[("T1", "technical")]
        assert row["production_based"] == pytest.approx(8 / 9)

    def test_without_power_it_is_not_determinable(self) -> None:
        row = table(sums(("full_performance", 90), ("forced_outage", 10))).loc[("T1", "operational")]
        assert row["time_based"] == pytest.approx(0.9)
        assert row[["production_based", "produced_mwh", "lost_mwh", "u_potential_mwh"]].isna().all()

    def test_downtime_without_any_potential_power_is_no_full_availability(self) -> None:
        frame = sums(("full_performance", 90, 9000, 0), ("forced_outage", 10, None, None, 10))
        row = table(frame).loc[("T1", "operational")]
        assert math.isnan(row["production_based"])
        assert "10.0 h of 10.0 h of lost time have no potential power: lost energy not determinable" in row["note"]

    def test_a_missing_loss_is_never_taken_for_none(self) -> None:
        row = table(sums(("full_performance", 90, 9000, 0), ("forced_outage", 10, 0, None))).loc[("T1", "operational")]
        assert row[["production_based", "lost_mwh"]].isna().all()

    def test_downtime_with_some_potential_power_says_how_much_is_missing(self) -> None:
        frame = sums(("full_performance", 90, 9000, 0), ("forced_outage", 10, 0, 400, 6))
        row = table(frame).loc[("T1", "operational")]
        assert row["production_based"] == pytest.approx(1 - 0.4 / 9.4)
        assert "6.0 h of 10.0 h" in row["note"]


class TestEvidence:
    def test_inferred_knows_the_operational_view_only(self) -> None:
        frame = sums(("unallocated_in_service", 98), ("unallocated", 1))
        found = table(frame, basis(evidence="inferred"))
        assert found.loc[("T1", "operational"), "time_based"] == pytest.approx(98 / 99)
        assert found.loc[("T1", "operational"), "coverage"] == pytest.approx(0.99)
        for view in ("technical", "contractual"):
            assert math.isnan(found.loc[("T1", view), "time_based"])
            assert found.loc[("T1", view), "note"] == INFERRED_ONLY

    def test_an_undeclared_period_leaves_only_the_logged_stops(self) -> None:
        found = table(sums(("unallocated_in_service", 90), ("forced_outage", 10)), basis(declared=False))
        row = found.loc[("T1", "operational")]
        assert row["unavailable_h"] == 10
        assert row[["time_based", "available_h", "coverage", "unallocated_h"]].isna().all()
        assert row["note"] == UNKNOWN_COVERAGE
        assert math.isnan(found.loc[("fleet", "operational"), "time_based"])
        fleet = found.loc[("fleet", "operational")]
        assert fleet["note"] == UNKNOWN_COVERAGE
        assert fleet[["unavailable_h", "produced_mwh", "lost_mwh", "coverage"]].isna().all()

    def test_an_undeclared_period_has_no_hours_in_service_by_category(self) -> None:
        frame = sums(("unallocated_in_service", 80), ("full_performance", 10), ("forced_outage", 10))
        assert category_table(frame, [basis(declared=False)], quantum_kwh=KWH)["category"].tolist() == ["forced_outage"]
        assert len(category_table(frame, [basis()], quantum_kwh=KWH)) == 3

    def test_each_part_of_a_note_stands_once(self) -> None:
        same = basis(evidence="inferred", note=f"{INFERRED_ONLY}; no log")
        assert table(sums(("unallocated", 1)), same).loc[("T1", "technical"), "note"] == f"{INFERRED_ONLY}; no log"
        names = ("T1", "T2", "T3")
        notes = ("no log; no wind", "no wind", "no log")
        bases = [basis(name, evidence="none", note=note) for name, note in zip(names, notes, strict=True)]
        assert table(sums(), *bases).loc[("fleet", "operational"), "note"] == "no log; no wind"

    def test_no_evidence_reads_nan_with_its_reason(self) -> None:
        row = table(sums(), basis(evidence="none", note="no valid record")).loc[("T1", "operational")]
        assert math.isnan(row["time_based"])
        assert row["note"] == "no valid record"

    def test_the_fleet_is_the_sum_of_the_turbines_that_are_known(self) -> None:
        frame = merge_sums(
            [
                sums(("full_performance", 90, 900, 0), ("forced_outage", 10, 0, 100)),
                sums(("unallocated_in_service", 50, 400, 0), turbine="T2"),
                sums(("forced_outage", 7, 0, 0), turbine="T3"),
            ]
        )
        bases = (basis("T2", evidence="inferred"), basis("T1"), basis("T3", declared=False))
        found = table(frame, *bases)
        assert list(found.index.get_level_values("turbine").unique()) == ["T1", "T2", "T3", "fleet"]
        row = found.loc[("fleet", "operational")]
        assert row["time_based"] == pytest.approx(140 / 150)
        assert row["coverage"] == pytest.approx(150 / 300)  # of T3 nothing is known, and it is part of the fleet
        assert row["production_based"] == pytest.approx(1.3 / 1.4)
        assert row["evidence"] == "inferred"
        assert "2 of 3 turbines" in row["note"]
        assert "mixed evidence" in row["note"]


class TestSums:
    def test_join_rows_splits_each_record_among_the_categories(self) -> None:
        parts = segments(
            (0, 0.25, "full_performance", True), (0.25, 0.3, "unallocated", False), (0.3, 1, "unallocated", True)
        )
        times = to_us(START) + TEN_MINUTES * np.arange(6)
        labels, shares = join_rows(parts, times, TEN_MINUTES)
        assert labels == ("full_performance", "unallocated", RUNNING_UNALLOCATED)
        assert (shares / (60 * 1_000_000)).T.tolist() == [
            [10, 5, 0, 0, 0, 0],
            [0, 3, 0, 0, 0, 0],
            [0, 2, 10, 10, 10, 10],
        ]

    def test_log_sums_are_the_hours_of_the_segments_without_energy(self) -> None:
        found = log_sums("T1", segments((0, 0.25, "full_performance", True), (0.25, 1, "forced_outage", False)))
        rows = category_table(found, quantum_kwh=KWH).set_index("category")
        assert rows["hours"].to_dict() == {"forced_outage": 0.75, "full_performance": 0.25}
        assert found[["produced", "lost"]].isna().all(axis=None)
        assert found["unpriced_us"].equals(found["time_us"])

    def test_months_are_apart_and_their_coverage_is_that_of_the_period_s_share(self) -> None:
        start, end = pd.Timestamp("2024-01-31", tz="UTC"), pd.Timestamp("2024-02-03", tz="UTC")
        frame = merge_sums(
            [
                sums(("full_performance", 18), ("forced_outage", 6)),
                sums(("full_performance", 24), ("information_unavailable", 24), month="2024-02"),
            ]
        )
        found = monthly_table(frame, [basis(start=start, end=end)], DEFAULTS, quantum_kwh=KWH).set_index(
            ["turbine", "month"]
        )
        assert found.loc[("T1", "2024-01"), "time_based"] == pytest.approx(0.75)
        assert found.loc[("T1", "2024-02"), ["time_based", "coverage"]].tolist() == [1.0, 0.5]
        assert found.loc[("fleet", "2024-01"), "coverage"] == 1.0

    def test_no_segments_cross_a_month_border_unsplit(self) -> None:
        found = log_sums("T1", segments((0, 31 * 24 + 12, "full_performance", True)))
        assert dict(zip(found["month"], found["time_us"] // HOUR, strict=True)) == {"2024-01": 744, "2024-02": 12}
