"""State timers as exclusive segments, record by record against figures by hand, and farms that have nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.category_sums import log_sums
from fleet.config import AvailabilitySettings
from fleet.errors import ConfigError, InputError
from fleet.farm import Farm
from fleet.pipeline import RunOptions
from fleet.samples import path
from fleet.schema import TIMERS, dtypes
from fleet.timer_segments import TimerSums, allocate_timers
from fleet.times import stamps

WIDTH = 600_000_000
DEFAULTS = AvailabilitySettings()
NAMES = ("ready", "operating", "wind_in_range", "stop_turbine", "stop_commanded", "stop_environment", "stop_grid")
RUNS = (600, 600, 600, 0, 0, 0, 0)
Row = tuple[float, ...]


def records(rows: list[Row | None], alarms: list[str] | None = None, texts: list[str] | None = None) -> pd.DataFrame:
    """Return records of ten minutes each; None: there is no record."""
    there = [i for i, row in enumerate(rows) if row is not None]
    frame = pd.DataFrame([rows[i] for i in there], columns=[f"{name}_s" for name in NAMES], dtype="float64")
    frame["turbine"], frame["time"] = "T1", stamps(WIDTH * np.array(there, np.int64))
    frame["alarm_code"] = [alarms[i] for i in there] if alarms else ""
    frame["alarm_message"] = [texts[i] for i in there] if texts else ""
    frame["source_row"] = np.arange(len(there))
    types = dtypes(TIMERS)
    return frame[list(types)].astype(types)


def segments(
    rows: list[Row | None],
    alarms: list[str] | None = None,
    settings: AvailabilitySettings = DEFAULTS,
    conflicting: list[int] | None = None,
) -> list[tuple[int, int, str, bool, str]]:
    """Return begin and end [s], category, in service and code of the segments."""
    frame = records(rows, alarms)
    differ = np.isin(np.arange(len(frame)), conflicting or [])
    pieces, _ = allocate_timers(frame, differ, settings, WIDTH, (0, WIDTH * len(rows)))
    found = pieces.segments(0, WIDTH * len(rows))
    begin, end = (found[name].to_numpy("datetime64[us]").astype(np.int64) // 1_000_000 for name in ("start", "end"))
    return list(
        zip(begin.tolist(), end.tolist(), found["category"], found["in_service"].tolist(), found["code"], strict=True)
    )


def seconds(rows: list[Row | None], settings: AvailabilitySettings = DEFAULTS) -> dict[str, int]:
    """Return seconds by category."""
    frame = records(rows)
    pieces, _ = allocate_timers(frame, np.zeros(len(frame), bool), settings, WIDTH, (0, WIDTH * len(rows)))
    sums = log_sums("T1", pieces.segments(0, WIDTH * len(rows)))
    return dict(zip(sums["category"], (sums["time_us"] // 1_000_000).tolist(), strict=True))


class TestOneRecord:
    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            (RUNS, {"full_performance": 600}),
            ((600, 0, 0, 0, 0, 0, 0), {"ready_standby": 600}),
            # Ready for 600 s, in operation for 200 s; out of 400 s the wind was in range for 100 s at least.
            ((600, 200, 300, 0, 0, 0, 0), {"full_performance": 200, "ready_standby": 300,
                                           "unallocated_in_service": 100}),
            ((0, 0, 600, 600, 0, 0, 0), {"forced_outage": 600}),
            ((0, 0, 600, 0, 600, 0, 0), {"requested_shutdown": 600}),
            ((0, 0, 600, 0, 0, 600, 0), {"out_of_environmental_specification": 600}),
            ((0, 0, 600, 0, 0, 0, 600), {"out_of_electrical_specification": 600}),
            ((0, 0, 600, 0, 0, 0, 0), {"unallocated": 600}),
            # Not ready 200 s, of which 150 s have a cause.
            ((400, 400, 600, 100, 50, 0, 0), {"forced_outage": 100, "requested_shutdown": 50, "unallocated": 50,
                                              "full_performance": 400}),
            # 300 s of causes for 200 s: the forced outage comes first, the request has the rest.
            ((400, 400, 600, 150, 150, 0, 0), {"forced_outage": 150, "requested_shutdown": 50,
                                               "full_performance": 400}),
            # One cause alone exceeds the time not ready.
            ((590, 590, 600, 0, 0, 40, 0), {"out_of_environmental_specification": 10, "full_performance": 590}),
            # The grid outranks the request and the environment.
            ((0, 0, 600, 0, 500, 500, 400), {"out_of_electrical_specification": 400, "requested_shutdown": 200}),
            # Operating beyond the time ready cannot be in service.
            ((100, 300, 600, 0, 0, 0, 500), {"full_performance": 100, "out_of_electrical_specification": 500}),
            ((601, 600, 600, 0, 0, 0, 0), {"information_unavailable": 600}),
            ((600, 600, 600, -1, 0, 0, 0), {"information_unavailable": 600}),
            ((600, 600, 600, 0, 700, 0, 0), {"information_unavailable": 600}),
        ],
    )  # fmt: skip
    def test_its_seconds_by_category(self, row: Row, expected: dict[str, int]) -> None:
        assert seconds([row]) == expected

    def test_another_priority_cuts_differently(self) -> None:
        order = ("requested_shutdown", *(c for c in DEFAULTS.priority if c != "requested_shutdown"))
        found = seconds([(400, 400, 600, 150, 150, 0, 0)], AvailabilitySettings(priority=order))
        assert found == {"requested_shutdown": 150, "forced_outage": 50, "full_performance": 400}

    def test_another_map_changes_what_it_names(self) -> None:
        given = AvailabilitySettings(timers={"stop_commanded": "scheduled_maintenance", "stop_grid": "unallocated"})
        found = seconds([(0, 0, 0, 100, 200, 0, 300)], given)
        assert found == {"forced_outage": 100, "scheduled_maintenance": 200, "unallocated": 300}

    def test_two_timers_of_one_category_are_added(self) -> None:
        given = AvailabilitySettings(timers={"stop_commanded": "forced_outage"})
        assert seconds([(300, 300, 600, 100, 150, 0, 0)], given)["forced_outage"] == 250


class TestAlarms:
    """Ten minutes of a stop by the turbine and of one by command, under an alarm with a text or without."""

    ROWS: tuple[Row, ...] = ((400, 400, 600, 200, 0, 0, 0), (500, 500, 600, 0, 100, 0, 0))

    def found(self, text: str, settings: AvailabilitySettings = DEFAULTS) -> dict[str, tuple[int, str]]:
        frame = records(list(self.ROWS), ["31", "31"], [text, text])
        pieces, sums = allocate_timers(frame, np.zeros(2, bool), settings, WIDTH, (0, 2 * WIDTH))
        assert sums.stops_allocated == sums.not_ready == 300_000_000
        table = pieces.segments(0, 2 * WIDTH)
        seconds = ((table["end"] - table["start"]) / pd.Timedelta(seconds=1)).astype(int)
        stops = ~table["in_service"]
        return {
            row[0]: row[1:]
            for row in zip(table["category"][stops], seconds[stops], table["message"][stops], strict=True)
        }

    @pytest.mark.parametrize("text", ["Pitch lubrication", "Stopped, UNTWISTING  cables", "Battery test"])
    def test_a_task_of_the_controllers_own_is_technical_standby(self, text: str) -> None:
        assert self.found(text) == {"technical_standby": (200, text), "requested_shutdown": (100, text)}

    @pytest.mark.parametrize("text", ["", "Pitch hydraulics: pressure too low"])
    def test_any_other_alarm_leaves_the_timers_category(self, text: str) -> None:
        assert self.found(text) == {"forced_outage": (200, text), "requested_shutdown": (100, text)}

    def test_messages_of_the_settings_come_first(self) -> None:
        given = AvailabilitySettings(messages={"lubrication": "scheduled_maintenance"})
        assert self.found("Pitch lubrication", given)["scheduled_maintenance"] == (200, "Pitch lubrication")

    def test_hill_of_towie_counts_no_pitch_lubrication_as_a_failure(self) -> None:
        """Code 3130 is "Pitch lubrication" in the publisher's list; counted here from the publisher's file.

        What another stop timer counts in the same time comes first in the order of priority.
        """
        raw = pd.read_csv(path("hill_of_towie") / "tblSCTurFlag_2024_07.csv.gz")
        own = raw[(raw["wtc_AlarmCde_endvalue"] == 3130) & (raw["wtc_ScTurSto_timeon"] > 0)]
        others = own[["wtc_ScReToOp_timeon", "wtc_ScComSto_timeon", "wtc_ScEnvSto_timeon", "wtc_ScGrdSto_timeon"]]
        counted = np.minimum(own["wtc_ScTurSto_timeon"], (600 - others.sum(axis=1)).clip(lower=0)).sum()
        found = fleet.open("hill_of_towie").availability()
        hours = found.categories.groupby("category")["hours"].sum()
        assert hours["technical_standby"] == pytest.approx(counted / 3600, abs=1e-3)
        assert counted > 2000
        named = found.stops[found.stops["code"] == "3130"]
        assert set(named["message"]) == {"Pitch lubrication"}
        assert "forced_outage" not in set(named["category"])


class TestRecords:
    def test_a_stop_joins_across_records_and_begins_and_ends_within_them(self) -> None:
        found = segments([(500, 500, 600, 100, 0, 0, 0), (0, 0, 600, 600, 0, 0, 0), (450, 450, 600, 150, 0, 0, 0)])
        assert [(a, b, c) for a, b, c, _, _ in found] == [
            (0, 500, "full_performance"),
            (500, 1350, "forced_outage"),
            (1350, 1800, "full_performance"),
        ]

    def test_a_stop_has_its_alarm_to_its_end_where_the_alarm_is_over(self) -> None:
        rows = [(500, 500, 600, 100, 0, 0, 0), (0, 0, 600, 600, 0, 0, 0), (450, 450, 600, 150, 0, 0, 0)]
        found = segments(rows, ["", "3118", ""])
        assert [(a, b, e) for a, b, c, _, e in found if c == "forced_outage"] == [(500, 1350, "3118")]
        found = segments(rows, ["7", "3118", ""])
        assert [(a, b, e) for a, b, c, _, e in found if c == "forced_outage"] == [(500, 600, "7"), (600, 1350, "3118")]

    def test_an_alarm_while_the_turbine_runs_is_no_stop_s(self) -> None:
        assert segments([RUNS], ["3118"]) == [(0, 600, "full_performance", True, "")]

    def test_a_part_of_a_record_joins_one_side_only(self) -> None:
        part = (500, 500, 600, 100, 0, 0, 0)
        found = segments([part, part, part, part])
        stops = [(a, b) for a, b, c, _, _ in found if c == "forced_outage"]
        assert stops == [(500, 700), (1700, 1900)]

    def test_each_side_may_have_its_own_category(self) -> None:
        found = segments([(0, 0, 600, 600, 0, 0, 0), (300, 300, 600, 100, 200, 0, 0), (0, 0, 600, 0, 600, 0, 0)])
        assert [(a, b, c) for a, b, c, _, _ in found] == [
            (0, 700, "forced_outage"),
            (700, 1000, "full_performance"),
            (1000, 1800, "requested_shutdown"),
        ]

    def test_a_missing_record_a_missing_timer_and_differing_records_are_not_known(self) -> None:
        rows = [RUNS, None, RUNS, (600, np.nan, 600, 0, 0, 0, 0), RUNS, RUNS]
        found = segments(rows, conflicting=[4])
        assert [(a, b, c, s) for a, b, c, s, _ in found] == [
            (0, 600, "full_performance", True),
            (600, 1200, "information_unavailable", False),
            (1200, 1800, "full_performance", True),
            (1800, 2400, "information_unavailable", False),
            (2400, 3000, "full_performance", True),
            (3000, 3600, "information_unavailable", False),
        ]

    def test_timers_that_no_record_has_are_none(self) -> None:
        nan = np.nan
        rows: list[Row | None] = [(500, nan, nan, nan, nan, nan, nan)] * 2
        assert seconds(rows) == {"unallocated_in_service": 1000, "unallocated": 200}
        assert seconds([(500, 300, nan, nan, nan, nan, nan)]) == {
            "full_performance": 300,
            "ready_standby": 200,
            "unallocated": 100,
        }

    def test_the_sums_are_those_of_the_period(self) -> None:
        frame = records([(400, 400, 600, 150, 150, 0, 0), (0, 0, 0, 0, 0, 0, 0), (600, 600, 700, 0, 0, 0, 0)])
        _, sums = allocate_timers(frame, np.zeros(3, bool), DEFAULTS, WIDTH, (0, 3 * WIDTH))
        second = 1_000_000
        assert sums == TimerSums(800 * second, 300 * second, 200 * second, 0, 1, 0)
        _, sums = allocate_timers(frame, np.zeros(3, bool), DEFAULTS, WIDTH, (0, WIDTH))
        assert sums == TimerSums(200 * second, 300 * second, 200 * second)


HEADER = (
    "TimeStamp,StationId,wtc_ScReToOp_timeon,wtc_ScInOper_timeon,wtc_ScWindIR_timeon,wtc_ScTurSto_timeon,"
    "wtc_ScComSto_timeon,wtc_ScEnvSto_timeon,wtc_ScGrdSto_timeon,wtc_AlarmCde_endvalue"
)
ALARM = "2019-01-05 00:00:00,2019-01-05 01:00:00,2304510,3118"
STOP = slice(60, 72)  # 1 July, 10:00 to 12:00


def write_timers(folder: Path, name: str, rows: list[tuple[str, str]]) -> None:
    (folder / name).write_text("\n".join([HEADER, *(f"{time},2304510,{rest}" for time, rest in rows), ""]))


def day(stopped: slice = STOP) -> list[tuple[str, str]]:
    """Return the rows of 1 July 2024, whose stamps label the end, with a stop commanded."""
    ends = pd.date_range("2024-07-01 00:10", periods=144, freq="10min").strftime("%Y-%m-%d %H:%M:%S")
    down = np.isin(np.arange(144), np.arange(144)[stopped])
    return [
        (end, "0,0,600,0,600,0,0,3118" if still else "600,600,600,0,0,0,0,0")
        for end, still in zip(ends, down, strict=True)
    ]


def opened(folder: Path, settings: str = "", *, scada: bool = False, alarms: bool = False) -> Farm:
    source = ""
    timers = any(folder.glob("tblSCTurFlag*"))
    if scada:
        times = pd.date_range("2024-07-01", periods=144, freq="10min").strftime("%Y-%m-%dT%H:%M:%SZ")
        power = np.where(np.isin(np.arange(144), np.arange(144)[STOP]), 0.0, 1000.0 + 100.0 * np.sin(np.arange(144)))
        cells = {"time": times, "turbine": "T01", "power": power, "wind": 8.0, "potential": 1500.0}
        pd.DataFrame(cells).to_csv(folder / "scada.csv", index=False)
        source = '[[sources]]\nformat = "hill_of_towie_timers"\n' if timers else ""
        source += """
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
    if alarms:
        (folder / "tblAlarmLog_2019_01.csv").write_text(f"TimeOn,TimeOff,StationNr,Alarmcode\n{ALARM}\n")
    turbine = '[[turbines]]\nname = "T01"\nrated_power_kw = 2300.0\n'
    (folder / "farm.toml").write_text(
        f'name = "made up"\n{source}{turbine}[quality]\nfrozen = false\ninconsistent = false\n{settings}'
    )
    return fleet.open(folder).with_options(RunOptions(scheduler="synchronous"))


def operational(farm: Farm) -> pd.Series:
    return farm.availability().table.set_index(["turbine", "view"]).loc[("T01", "operational")]


class TestFarm:
    def test_timers_alone_have_their_own_period_which_alarms_do_not_stretch(self, tmp_path: Path) -> None:
        write_timers(tmp_path, "tblSCTurFlag_2024_07.csv", day())
        farm = opened(tmp_path, alarms=True)
        assert farm.results.start == pd.Timestamp("2024-07-01", tz="UTC")
        assert farm.results.end == pd.Timestamp("2024-07-02", tz="UTC")
        row = operational(farm)
        assert (row["evidence"], row["unavailable_h"], row["coverage"]) == ("state timers", 2.0, 1.0)
        assert row["time_based"] == pytest.approx(22 / 24)
        stop = farm.availability().stops.iloc[0]
        assert (stop["category"], stop["code"], stop["hours"]) == ("requested_shutdown", "3118", 2.0)
        assert farm.availability().reliability.set_index("turbine").loc["T01", "failures"] == 0
        assert "timers" in set(farm.results.sources["kind"])

    def test_lost_energy_with_records_beside_them(self, tmp_path: Path) -> None:
        write_timers(tmp_path, "tblSCTurFlag_2024_07.csv", day())
        row = operational(opened(tmp_path, scada=True))
        made = np.delete(1000.0 + 100.0 * np.sin(np.arange(144)), np.arange(144)[STOP])
        assert row["evidence"] == "state timers"
        # The export's potential of 1500 kW is corrected by what normal operation makes of it.
        assert row["lost_mwh"] == pytest.approx(12 * made.mean() / 6000.0, rel=1e-5)
        assert row["produced_mwh"] == pytest.approx(made.sum() / 6000.0, rel=1e-6)

    def test_monthly_files_may_overlap_in_any_way(self, tmp_path: Path) -> None:
        rows = day()
        whole, parts = tmp_path / "whole", tmp_path / "parts"
        for folder in (whole, parts):
            folder.mkdir()
        write_timers(whole, "tblSCTurFlag_2024_07.csv", rows)
        write_timers(parts, "tblSCTurFlag_a.csv", rows[60:])
        write_timers(parts, "tblSCTurFlag_b.csv", rows[:66])
        found = [opened(folder) for folder in (whole, parts)]
        for name in ("table", "stops", "categories", "monthly", "reliability"):
            one, other = (getattr(farm.availability(), name) for farm in found)
            pd.testing.assert_frame_equal(one, other, check_exact=True)
        notes = found[1].results.sources.set_index("file")["note"]
        assert "rows that stand before with the same values: 6" in notes["tblSCTurFlag_b.csv"]

    def test_records_that_differ_are_named_and_not_known(self, tmp_path: Path) -> None:
        rows = day()
        write_timers(tmp_path, "tblSCTurFlag_a.csv", rows)
        write_timers(tmp_path, "tblSCTurFlag_b.csv", [(rows[0][0], "0,0,600,0,0,0,600,0")])
        farm = opened(tmp_path)
        assert operational(farm)["excluded_h"] == pytest.approx(1 / 6)
        assert all("different values, none of which counts: 1" in note for note in farm.results.sources["note"])
        assert any("with several different records 1" in note for note in farm.availability().notes)

    def test_stamps_off_the_grid_are_counted(self, tmp_path: Path) -> None:
        write_timers(tmp_path, "tblSCTurFlag_a.csv", [*day(), ("2024-07-02 00:05:00", "600,600,600,0,0,0,0,0")])
        farm = opened(tmp_path)
        assert "rows off the grid of 600 s, not used: 1" in farm.results.sources["note"].iloc[0]
        assert operational(farm)["coverage"] == 1.0

    def test_another_step_than_the_averaging_period_is_refused(self, tmp_path: Path) -> None:
        write_timers(tmp_path, "tblSCTurFlag_a.csv", day()[::2])
        with pytest.raises(ConfigError, match="records of T01 are 1200 s apart"):
            _ = opened(tmp_path).results

    def test_a_log_of_alarms_alone_is_no_evidence(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"neither status logs nor state timers tell the state .*warnings tell"):
            _ = opened(tmp_path, alarms=True).results

    def test_an_unknown_timer_is_refused_with_the_known_ones(self, tmp_path: Path) -> None:
        write_timers(tmp_path, "tblSCTurFlag_a.csv", day())
        with pytest.raises(ConfigError, match=r"(?s)availability.timers.stop_motor.*stop_turbine.*stop_grid"):
            opened(tmp_path, '[availability]\ntimers = { stop_motor = "forced_outage" }\n')

    def test_the_contract_s_priority_divides_the_timers_its_own_way(self, tmp_path: Path) -> None:
        rows = day(slice(0, 0))
        rows[60] = (rows[60][0], "200,200,600,300,300,0,0,0")  # 400 s not ready, 600 s of causes
        write_timers(tmp_path, "tblSCTurFlag_a.csv", rows)
        order = ["requested_shutdown", *(c.value for c in DEFAULTS.priority if c != "requested_shutdown")]
        settings = (
            '[availability]\ncontract = { forced_outage = "unavailable", requested_shutdown = "available" }\n'
            f"contract_priority = {order}\n"
        )
        table = opened(tmp_path, settings).availability().table.set_index(["turbine", "view"])
        assert table.loc[("T01", "contractual"), "unavailable_h"] == pytest.approx(100 / 3600)
        assert table.loc[("T01", "technical"), "unavailable_h"] == pytest.approx(300 / 3600)


STATUS_HEADER = (
    "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category"
)
LOGGED = (
    "2024-07-01 00:00:00,-,-,Informational,1,Run,,,Full Performance\n"
    "2024-07-01 20:00:00,2024-07-01 21:00:00,01:00:00,Stop,7,Broken,,,Forced outage\n"
    "2024-07-01 21:00:00,-,-,Informational,1,Run,,,Full Performance\n"
)
WARNED = "2024-07-01 20:00:00,2024-07-01 21:00:00,01:00:00,Warning,7,Warm,,,\n"


def with_log(folder: Path, rows: str, *, declared: bool, timers: bool = True) -> Farm:
    """Open the farm of the day with records and a status log, and perhaps with timers."""
    interval = "# Time interval: 2024-07-01 00:00:00 - 2024-07-02 00:00:00\n" if declared else ""
    (folder / "Status_T01.csv").write_text(
        "# This file was exported by Greenbyte\n#\n# Turbine: T01\n# Time zone: UTC\n"
        f"{interval}#\n{STATUS_HEADER}\n{rows}"
    )
    if timers:
        write_timers(folder, "tblSCTurFlag_2024_07.csv", day())
    return opened(folder, '[[sources]]\nformat = "greenbyte_status"\nfiles = "Status_*.csv"\n', scada=True)


class TestEvidence:
    """A stop of two hours by timers and records, of one hour by the log."""

    def test_a_log_of_known_coverage_comes_first_and_the_note_says_so(self, tmp_path: Path) -> None:
        row = operational(with_log(tmp_path, LOGGED, declared=True))
        assert (row["evidence"], row["unavailable_h"]) == ("status log", 1.0)
        assert "there are state timers, too: the status log counts" in row["note"]

    def test_timers_come_before_a_log_of_unknown_coverage(self, tmp_path: Path) -> None:
        row = operational(with_log(tmp_path, LOGGED, declared=False))
        assert (row["evidence"], row["unavailable_h"]) == ("state timers", 2.0)
        assert "the state timers count, not the status log" in row["note"]

    def test_warnings_are_neither_states_nor_worth_a_word_beside_timers(self, tmp_path: Path) -> None:
        row = operational(with_log(tmp_path, WARNED, declared=True))
        assert (row["evidence"], row["unavailable_h"], row["note"]) == ("state timers", 2.0, "")

    def test_warnings_beside_records_leave_the_states_to_these(self, tmp_path: Path) -> None:
        row = operational(with_log(tmp_path, WARNED, declared=True, timers=False))
        assert (row["evidence"], row["unavailable_h"]) == ("inferred", 2.0)
        assert "warnings only" in row["note"]


class TestJuly2024:
    """The sample of Hill of Towie, 21 turbines, against sums over the file by pandas alone."""

    def test_hours_not_ready_and_what_explains_them(self) -> None:
        found = fleet.open("hill_of_towie").availability()
        row = found.table.set_index(["turbine", "view"]).loc[("fleet", "operational")]
        assert row["unavailable_h"] == pytest.approx(285.873, abs=5e-4)
        hours = found.categories.groupby("category")["hours"].sum()
        explained = (
            hours[["forced_outage", "technical_standby", "requested_shutdown"]].sum()
            + hours.filter(like="out_of_").sum()
        )
        assert explained == pytest.approx(31.088, abs=5e-4)
        assert hours["unallocated"] == pytest.approx(285.873 - 31.088, abs=1e-3)
        said = next(note for note in found.notes if note.startswith("From state timers"))
        for words in ("21 turbines", "not ready 285.87 h", "count 34.11 h", "31.09 h explain", "254.78 h are stops"):
            assert words in said

    def test_every_record_counts_once_and_what_is_missing_is_not_known(self) -> None:
        farm = fleet.open("hill_of_towie")
        assert farm.results.start == pd.Timestamp("2024-06-30 23:50", tz="UTC")  # 21 records of June
        assert farm.results.end == pd.Timestamp("2024-08-01", tz="UTC")
        hours = farm.availability().categories
        assert hours["hours"].sum() == pytest.approx(21 * (31 * 24 + 1 / 6))
        assert hours.loc[hours["month"] == "2024-06", "hours"].sum() == pytest.approx(21 / 6)
        # 93,708 rows, four of them without timers.
        known = hours.loc[hours["category"] != "information_unavailable", "hours"].sum()
        assert known == pytest.approx((93_708 - 4) / 6)

    def test_the_report_is_whole(self, tmp_path: Path) -> None:
        farm = fleet.open("hill_of_towie")
        page = farm.report(tmp_path).read_text(encoding="utf-8")
        for words in ("state timers", "285.87 h", "34.11 h", "254.78 h", "tblSCTurFlag_2024_07.csv.gz"):
            assert words in page
