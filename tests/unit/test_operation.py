"""Availability of a small synthetic farm, from files to result: every energy stands against a sum by hand.

Each turbine makes 900 to 1100 kW in a steady wind of 8 m/s, the same as its neighbours, so that the power it would have
made in a stop is known. Potential power is corrected by the ratio found in normal operation, which is exact here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.categories import DEFAULT_PRIORITY, Category
from fleet.errors import ConfigError
from fleet.farm import Farm
from fleet.pipeline import RunOptions
from fleet.results import Availability
from fleet.status_log import UNKNOWN_COVERAGE

START = pd.Timestamp("2015-01-30", tz="UTC")
RECORDS = 4 * 144  # four days, two in January
RATED_KW = 2000.0
POWER = np.rint(1000.0 + 100.0 * np.sin(np.arange(RECORDS)))  #: what every turbine makes or would make [kW]
STOP = slice(60, 72)  #: 30 January, 10:00 to 12:00
HOURS = 1.0 / 6.0  #: length of a record [h]
MWH = HOURS / 1000.0  #: energy of 1 kW in one record

QUALITY = "[quality]\nfrozen = false\ninconsistent = false\n"
SCADA_SOURCE = """
[[sources]]
format = "generic"
files = "scada.csv"
time_column = "time"
turbine_column = "turbine"
stamps = "start"
columns.power_kw = { column = "power" }
columns.wind_speed = { column = "wind" }
columns.potential_power_kw = { column = "potential" }
"""
LOG_HEADER = "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category"
LOG_SOURCE = '[[sources]]\nformat = "greenbyte_status"\nfiles = "Status_*.csv"\n'
Stop = tuple[str, str, str]  #: begin, end, IEC category


def farm(
    folder: Path,
    power: Mapping[str, np.ndarray],
    *,
    potential: Mapping[str, np.ndarray] | None = None,
    stops: Sequence[Stop] | None = None,
    declared: bool = True,
    settings: str = "",
) -> Farm:
    """Write a farm and open it; `stops` is the status log of T1, whose header declares the whole period or nothing."""
    times = pd.date_range(START, periods=RECORDS, freq="10min").strftime("%Y-%m-%dT%H:%M:%SZ")
    known = potential or {}
    unknown = np.full(RECORDS, np.nan)
    parts = [
        pd.DataFrame({"time": times, "turbine": n, "power": p, "wind": 8.0, "potential": known.get(n, unknown)})
        for n, p in power.items()
    ]
    pd.concat(parts).to_csv(folder / "scada.csv", index=False)
    turbines = "".join(f'[[turbines]]\nname = "{name}"\nrated_power_kw = {RATED_KW}\n' for name in power)
    log = LOG_SOURCE if stops is not None else ""
    (folder / "farm.toml").write_text(f'name = "made up"\n{SCADA_SOURCE}{log}{turbines}{QUALITY}{settings}')
    if stops is not None:
        end = START + RECORDS * pd.Timedelta(minutes=10)
        interval = f"# Time interval: {START:%Y-%m-%d %H:%M:%S} - {end:%Y-%m-%d %H:%M:%S}\n" if declared else ""
        rows = "".join(f"2015-01-30 {a},2015-01-30 {b},01:00:00,Stop,7,Broken,,,{c}\n" for a, b, c in stops)
        (folder / "Status_T1.csv").write_text(
            f"# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n{interval}#\n"
            f"{LOG_HEADER}\n2015-01-30 00:00:00,-,-,Informational,1,Run,,,Full Performance\n{rows}"
            "2015-01-30 15:00:00,-,-,Informational,1,Run,,,Full Performance\n"
        )
    return fleet.open(folder).with_options(RunOptions(scheduler="synchronous"))


def stopped(at: slice = STOP, own_use_kw: float = 0.0) -> np.ndarray:
    power = POWER.copy()
    power[at] = -own_use_kw
    return power


def operational(found: Availability, turbine: str = "T1", view: str = "operational") -> pd.Series:
    return found.table.set_index(["turbine", "view"]).loc[(turbine, view)]


def lost_by_category(found: Availability, turbine: str = "T1") -> dict[str, float]:
    mine = found.categories[found.categories["turbine"] == turbine]
    return mine.groupby("category")["lost_mwh"].sum().to_dict()


class TestInferred:
    def test_time_and_energy_against_counts_of_records(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped(own_use_kw=5.0), "T2": POWER}).availability()
        row = operational(found)
        lost = (POWER[STOP].sum() + 12 * 5.0) * MWH
        produced = stopped(own_use_kw=5.0).sum() * MWH
        assert row["evidence"] == "inferred"
        assert row[["time_based", "coverage", "unavailable_h"]].tolist() == pytest.approx([1 - 12 / RECORDS, 1.0, 2.0])
        assert row["produced_mwh"] == pytest.approx(produced, rel=1e-6)
        assert row["lost_mwh"] == pytest.approx(lost, rel=1e-6)
        assert row["production_based"] == pytest.approx(1 - lost / (produced + lost), rel=1e-6)
        assert found.stops[["turbine", "hours", "category"]].to_numpy().tolist() == [["T1", 2.0, "unallocated"]]
        assert found.stops["start"].tolist() == [START + pd.Timedelta(hours=10)]
        assert found.stops["lost_mwh"].tolist() == pytest.approx([lost], rel=1e-6)
        january = found.monthly.set_index(["turbine", "month"]).loc[("T1", "2015-01")]
        assert january["time_based"] == pytest.approx(1 - 12 / 288)

    def test_a_missing_record_ends_a_stop(self, tmp_path: Path) -> None:
        power = stopped()
        power[65] = np.nan
        found = farm(tmp_path, {"T1": power, "T2": POWER}).availability()
        assert found.stops["hours"].tolist() == pytest.approx([5 * HOURS, 6 * HOURS])
        losses = [POWER[60:65].sum() * MWH, POWER[66:72].sum() * MWH]
        assert found.stops["lost_mwh"].tolist() == pytest.approx(losses, rel=1e-6)

    def test_borders_of_partitions_within_a_stop_leave_no_trace(self, tmp_path: Path) -> None:
        # The stops span three midnights; the signals are wrong by no round ratio, so that each correction rounds.
        wave, power = np.cos(np.arange(RECORDS)), stopped(slice(60, 500))
        signals = {name: np.rint(0.7 * POWER + width * wave) for name, width in (("T1", 20), ("T2", 40), ("T3", 60))}
        one = farm(tmp_path, dict.fromkeys(signals, power), potential=signals)
        whole, cut = (
            one.with_options(RunOptions(scheduler="synchronous", partition_days=days)).availability()
            for days in (92, 1)
        )
        assert len(whole.stops) == 3
        for name in ("table", "stops", "categories", "monthly"):
            pd.testing.assert_frame_equal(getattr(cut, name), getattr(whole, name), check_exact=True)


class TestPotential:
    def test_neighbours_stand_in_where_the_export_says_nothing(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped(), "T2": POWER, "T3": 0.5 * POWER}).availability()
        row = operational(found)
        # T1 makes 4/3 of its neighbours' mean in normal operation; that is what the correction puts right.
        assert row["potential_source"] == "available neighbours"
        assert row["lost_mwh"] == pytest.approx(POWER[STOP].sum() * MWH, rel=1e-5)
        # T3 makes half of either neighbour; T2 4/3 of both and, while T1 stands, twice of T3 alone.
        assert any("available neighbours" in note and "is 0.500 to 1.34" in note for note in found.notes)

    def test_the_export_s_signal_is_preferred_and_its_bias_taken_out(self, tmp_path: Path) -> None:
        # The neighbour made twice as much during the stop, which shows that it is not asked.
        busy = POWER.copy()
        busy[STOP] *= 2.0
        found = farm(tmp_path, {"T1": stopped(), "T2": busy}, potential={"T1": 1.25 * POWER}).availability()
        row = operational(found)
        assert row["potential_source"] == "the export's signal"
        assert row["lost_mwh"] == pytest.approx(POWER[STOP].sum() * MWH, rel=1e-5)
        assert row["u_potential_mwh"] == pytest.approx(0.0, abs=1e-4)

    def test_the_own_curve_is_the_last_resort(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped()}).availability()
        row = operational(found)
        # In a steady wind the corrected curve is the mean power of normal operation.
        mean = np.delete(POWER, np.arange(RECORDS)[STOP]).mean()
        assert row["potential_source"] == "own power curve"
        assert row["lost_mwh"] == pytest.approx(12 * mean * MWH, rel=1e-5)

    def test_each_source_s_share_of_the_potential_is_stated(self, tmp_path: Path) -> None:
        signal = POWER.copy()
        signal[66:72] = np.nan
        found = farm(tmp_path, {"T1": stopped(), "T2": POWER}, potential={"T1": signal}).availability()
        first, second = POWER[60:66].sum(), POWER[66:72].sum()
        share = round(100 * first / (first + second))
        expected = f"the export's signal ({share} %); available neighbours ({100 - share} %)"
        assert operational(found)["potential_source"] == expected
        assert operational(found)["lost_mwh"] == pytest.approx((first + second) * MWH, rel=1e-5)

    def test_negative_losses_are_kept(self, tmp_path: Path) -> None:
        stop = [("10:00:00", "12:00:00", "Forced outage")]
        signal = POWER.copy()
        signal[STOP] = 0.5 * POWER[STOP]  # the turbine ran on while the log says it was out
        found = farm(tmp_path, {"T1": POWER}, potential={"T1": signal}, stops=stop).availability()
        lost = -0.5 * POWER[STOP].sum() * MWH
        assert operational(found)["lost_mwh"] == pytest.approx(lost, rel=1e-6)
        assert operational(found)["production_based"] > 1.0
        assert found.stops["lost_mwh"].tolist() == pytest.approx([lost], rel=1e-6)

    def test_downtime_without_potential_power_is_not_determinable(self, tmp_path: Path) -> None:
        # Down in all its records: no curve, no normal operation, no neighbour.
        found = farm(tmp_path, {"T1": np.zeros(RECORDS)}).availability()
        row = operational(found)
        assert row["time_based"] == 0.0
        assert row["produced_mwh"] == 0.0
        assert row[["production_based", "lost_mwh", "u_potential_mwh"]].isna().all()
        assert "have no potential power: lost energy not determinable" in row["note"]
        assert found.stops["lost_mwh"].isna().all()

    def test_an_uncertainty_that_one_month_cannot_give_is_missing(self, tmp_path: Path) -> None:
        one = farm(tmp_path, {"T1": stopped(), "T2": POWER})
        month = fleet.open(one.dataset.folder, end="2015-02-01").with_options(RunOptions(scheduler="synchronous"))
        row = operational(month.availability())
        assert np.isfinite(row["lost_mwh"])
        assert np.isnan(row["u_potential_mwh"])


class TestStatusLog:
    #: Half of the record at 10:00, then until 11:10; a second stop follows at once until half of the record at 11:40.
    STOPS = (("10:05:00", "11:10:00", "Forced outage"), ("11:10:00", "11:45:00", "Scheduled Maintenance"))

    def test_energy_by_category_and_stop_against_shares_of_records(self, tmp_path: Path) -> None:
        power = stopped(slice(60, 71), own_use_kw=5.0)
        allowed = "[availability]\nmaintenance_allowance_h = 8760.0\n"
        opened = farm(tmp_path, {"T1": power}, potential={"T1": POWER}, stops=self.STOPS, settings=allowed)
        found = opened.availability()
        gap = POWER - power
        # A record that stood for half of its time: what it consumed, it consumed while it stood.
        outage = (0.5 * POWER[60] - power[60] + gap[61:67].sum()) * MWH
        maintenance = (gap[67:70].sum() + 0.5 * POWER[70] - power[70]) * MWH
        row = operational(found)
        assert row["evidence"] == "status log"
        assert row["unavailable_h"] == pytest.approx(100 / 60)
        assert row["lost_mwh"] == pytest.approx(outage + maintenance, rel=1e-6)
        assert row["produced_mwh"] == pytest.approx(power.sum() * MWH, rel=1e-6)
        in_service = dict.fromkeys(("full_performance", "unallocated_in_service"), 0.0)
        assert lost_by_category(found) == pytest.approx(
            {"forced_outage": outage, "scheduled_maintenance": maintenance, **in_service}, rel=1e-6
        )
        assert found.stops["category"].tolist() == ["forced_outage", "scheduled_maintenance"]
        assert found.stops["lost_mwh"].tolist() == pytest.approx([outage, maintenance], rel=1e-6)
        technical = operational(found, view="technical")
        assert technical["lost_mwh"] == pytest.approx(outage, rel=1e-6)

    def test_stops_without_records_say_what_has_no_potential_power(self, tmp_path: Path) -> None:
        power = stopped()
        power[66:72] = np.nan
        stop = [("10:00:00", "12:00:00", "Forced outage")]
        found = farm(tmp_path, {"T1": power}, potential={"T1": POWER}, stops=stop).availability()
        row = operational(found)
        assert row["time_based"] == pytest.approx(1 - 2 / 96)
        assert row["lost_mwh"] == pytest.approx(POWER[60:66].sum() * MWH, rel=1e-6)
        assert "1.0 h of 2.0 h of lost time have no potential power: lost energy understated" in row["note"]

    def test_a_log_of_unknown_coverage_gives_way_to_records(self, tmp_path: Path) -> None:
        stop = [("20:00:00", "21:00:00", "Forced outage")]
        found = farm(tmp_path, {"T1": stopped(), "T2": POWER}, stops=stop, declared=False).availability()
        row = operational(found)
        assert row["evidence"] == "inferred"
        assert row["note"] == "the status log is not used: " + UNKNOWN_COVERAGE
        assert found.stops["start"].tolist() == [START + pd.Timedelta(hours=10)]
        assert set(found.categories["category"]) == {"unallocated", "full_performance"}

    def test_a_log_of_unknown_coverage_without_records_lists_only_its_stops(self, tmp_path: Path) -> None:
        stop = [("20:00:00", "21:00:00", "Forced outage")]
        nothing = np.full(RECORDS, np.nan)
        found = farm(tmp_path, {"T1": nothing, "T2": POWER}, stops=stop, declared=False).availability()
        row = operational(found)
        assert row["evidence"] == "status log"
        assert row["unavailable_h"] == 1.0
        assert np.isnan(row["time_based"])
        mine = found.categories[found.categories["turbine"] == "T1"]
        assert mine[["category", "hours"]].to_numpy().tolist() == [["forced_outage", 1.0]]


class TestContractPriority:
    #: The outage and the maintenance overlap from 11:00 to 12:00.
    STOPS = (("10:00:00", "12:00:00", "Forced outage"), ("11:00:00", "13:00:00", "Scheduled Maintenance"))
    CONTRACT = '[availability]\ncontract = { forced_outage = "unavailable", scheduled_maintenance = "available" }\n'

    @staticmethod
    def priority(*first: Category) -> str:
        order = [*first, *(category for category in DEFAULT_PRIORITY if category not in first)]
        return f"contract_priority = {[category.value for category in order]}\n"

    def found(self, folder: Path, priority: str) -> Availability:
        power = stopped(slice(60, 78))
        settings = self.CONTRACT + priority
        return farm(folder, {"T1": power}, potential={"T1": POWER}, stops=self.STOPS, settings=settings).availability()

    def test_the_contract_s_time_and_energy_follow_its_own_order(self, tmp_path: Path) -> None:
        found = self.found(tmp_path, self.priority(Category.SCHEDULED_MAINTENANCE))
        row = operational(found, view="contractual")
        assert row["unavailable_h"] == 1.0
        assert row["time_based"] == pytest.approx(1 - 1 / 96)
        assert row["lost_mwh"] == pytest.approx(POWER[60:66].sum() * MWH, rel=1e-6)
        assert any("priority of its own" in note for note in found.notes)

    def test_everything_else_is_as_without_it(self, tmp_path: Path) -> None:
        folders = [tmp_path / name for name in ("own", "same", "none")]
        for folder in folders:
            folder.mkdir()
        orders = (self.priority(Category.SCHEDULED_MAINTENANCE), self.priority(), "")
        own, same, none = (self.found(folder, order) for folder, order in zip(folders, orders, strict=True))
        row = operational(none, view="contractual")
        assert row["unavailable_h"] == 2.0
        assert row["lost_mwh"] == pytest.approx(POWER[60:72].sum() * MWH, rel=1e-6)
        for name in ("stops", "categories", "monthly", "reliability"):
            for other in (own, same):
                pd.testing.assert_frame_equal(getattr(other, name), getattr(none, name))
        pd.testing.assert_frame_equal(same.table, none.table)
        usual = own.table["view"] != "contractual"
        pd.testing.assert_frame_equal(own.table[usual], none.table[usual])
        assert same.notes == none.notes

    def test_an_incomplete_order_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"contract_priority must name each category once; missing: .*suspended"):
            self.found(tmp_path, 'contract_priority = ["forced_outage"]\n')


@pytest.mark.parametrize("logged", [False, True])
def test_energy_of_a_200_mw_unit_against_a_sum_by_hand(tmp_path: Path, logged: bool) -> None:
    """A park's meter read as one turbine: 25 days of January at 150 MW, but for two hours of standstill on the 29th.

    In units of 0.01 kW and microseconds its January does not fit 64 bits.
    """
    records = 25 * 144
    times = pd.date_range("2015-01-06", periods=records, freq="10min", tz="UTC")
    power = np.full(records, 150_000.0)
    power[-228:-216] = 0.0  # 29 January, 10:00 to 12:00
    cells = {"time": times.strftime("%Y-%m-%dT%H:%M:%SZ"), "turbine": "T1", "power": power, "wind": 9.0}
    pd.DataFrame(cells | {"potential": 150_000.0}).to_csv(tmp_path / "scada.csv", index=False)
    log = LOG_SOURCE if logged else ""
    turbine = '[[turbines]]\nname = "T1"\nrated_power_kw = 200000.0\n'
    (tmp_path / "farm.toml").write_text(f'name = "made up"\n{SCADA_SOURCE}{log}{turbine}{QUALITY}')
    if logged:
        (tmp_path / "Status_T1.csv").write_text(
            "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n"
            f"# Time interval: 2015-01-06 00:00:00 - 2015-01-31 00:00:00\n#\n{LOG_HEADER}\n"
            "2015-01-06 00:00:00,2015-01-29 00:00:00,552:00:00,Informational,1,Run,,,Full Performance\n"
            "2015-01-29 10:00:00,2015-01-29 12:00:00,02:00:00,Stop,7,Broken,,,Forced outage\n"
        )
    found = fleet.open(tmp_path).with_options(RunOptions(scheduler="synchronous")).availability()
    row = operational(found)
    assert row["evidence"] == ("status log" if logged else "inferred")
    assert row["produced_mwh"] == pytest.approx((records - 12) * 25.0)
    assert row["lost_mwh"] == pytest.approx(12 * 25.0)
    assert row["production_based"] == pytest.approx(1.0 - 12 / records)
    assert found.stops["lost_mwh"].tolist() == pytest.approx([12 * 25.0])


class TestNotes:
    """What is said of the method fits the evidence that was used."""

    STOPS = (("10:00:00", "12:00:00", "Forced outage"),)

    @staticmethod
    def said(found: Availability) -> list[str]:
        kinds = ("From the status log", "Inferred", "Production-based", "Potential power", "The contractual view")
        return [kind for kind in kinds if any(note.startswith(kind) for note in found.notes)]

    def test_of_records_alone(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped(), "T2": POWER}).availability()
        assert self.said(found) == ["Inferred", "Production-based", "Potential power"]

    def test_of_a_log_beside_records(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped()}, potential={"T1": POWER}, stops=self.STOPS).availability()
        assert self.said(found) == ["From the status log", "Production-based", "Potential power"]

    def test_of_one_turbine_with_a_log_and_one_without(self, tmp_path: Path) -> None:
        found = farm(tmp_path, {"T1": stopped(), "T2": POWER}, stops=self.STOPS).availability()
        assert self.said(found) == ["From the status log", "Inferred", "Production-based", "Potential power"]

    def test_of_a_log_alone(self) -> None:
        found = fleet.open("penmanshiel").availability()
        assert set(found.table["evidence"]) == {"status log", "none"}  # none: the fleet's contractual view
        assert self.said(found) == ["From the status log"]


@pytest.mark.parametrize("sentinel", [99_999.0, 1e20, -1e20])
def test_a_sentinel_for_the_export_s_potential_counts_as_none(tmp_path: Path, sentinel: float) -> None:
    """Compared with the same farm whose export leaves those cells empty."""
    tables = []
    for name, value in (("sentinel", sentinel), ("empty", np.nan)):
        (tmp_path / name).mkdir()
        potential = POWER.copy()
        potential[60:66] = value
        tables.append(farm(tmp_path / name, {"T1": stopped(), "T2": POWER}, potential={"T1": potential}).availability())
    pd.testing.assert_frame_equal(tables[0].table, tables[1].table)
    pd.testing.assert_frame_equal(tables[0].stops, tables[1].stops)
    assert operational(tables[0])["lost_mwh"] == pytest.approx(POWER[60:72].sum() * MWH, rel=1e-6)
