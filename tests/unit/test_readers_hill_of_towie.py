"""Hill of Towie: the packaged sample against counts made without the reader, its traps on rows written for the test."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet import samples
from fleet.config import Source, Turbine
from fleet.dataset import open_dataset
from fleet.errors import InputError
from fleet.flags import Flag
from fleet.inventory import inspect_folder
from fleet.readers import Batch, format_named, read, recognise
from fleet.schema import EVENTS, OPERATOR, SCADA, TIMERS, dtypes
from fleet.site import companion_sources

STOPS = ["stop_turbine_s", "stop_commanded_s", "stop_environment_s", "stop_grid_s"]
FLAGS = (
    "TimeStamp,StationId,wtc_ScInOper_timeon,wtc_ScReToOp_timeon,wtc_ScWindIR_timeon,wtc_ScEnvSto_timeon,"
    "wtc_ScComSto_timeon,wtc_ScTurSto_timeon,wtc_ScGrdSto_timeon,wtc_AlarmCde_endvalue"
)
FLAG_ROW = "2024-07-01 00:20:00,2304510,500.0,550.0,600.0,10.0,20.0,15.0,5.0,1005.0"

TURBINE = (
    "TimeStamp,StationId,wtc_AcWindSp_mean,wtc_AcWindSp_stddev,wtc_NacelPos_mean,wtc_PitcPosA_mean,wtc_PitcPosB_mean,"
    "wtc_PitcPosC_mean,wtc_MainSRpm_mean,wtc_GenRpm_mean,wtc_PowerRef_endvalue"
)
TURBINE_ROWS = (
    "2024-07-01 00:10:00,2304510,8.5,0.9,200.0,1.0,2.0,,15.0,1500.0,2300.0",
    "2024-07-01 00:20:00,2304510,9.5,1.0,210.0,1.0,2.0,3.0,16.0,1600.0,2300.0",
)
GRID = "TimeStamp,StationId,wtc_ActPower_mean,wtc_GridFreq_mean"
TEMPERATURE = "TimeStamp,StationId,wtc_AmbieTmp_mean"

LOG = "TimeOn,TimeOff,StationNr,Alarmcode"
ASSETS = (
    "Wind Farm,Turbine Name,Latitude,Longitude,Station ID,Manufacturer,Model,Rated power (kW),Hub Height (m),"
    "Rotor Diameter (m),Country,Commercial Operations Date\n"
    "Hill of Towie,A1,57.5,-3.1,2304510,Siemens,SWT-2.3-VS-82,2300,59,82,UK,2012-05-12\n"
)


def _write(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _batch(path: Path, **settings: str) -> Batch:
    known = recognise(path)
    assert known is not None
    return read(path, Source.model_validate({"format": known.name, **settings}))


def _utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@pytest.fixture(scope="module")
def july() -> Batch:
    return _batch(samples.path("hill_of_towie") / "tblSCTurFlag_2024_07.csv.gz")


def test_timers_of_july_have_the_schema_and_every_row(july: Batch) -> None:
    assert {name: str(dtype) for name, dtype in july.frame.dtypes.items()} == dtypes(TIMERS)
    assert (july.rows_in, len(july.frame), july.rejected) == (93_708, 93_708, {})
    assert sorted(july.frame["turbine"].unique()) == [f"T{k:02d}" for k in range(1, 22)]


def test_the_file_s_first_stamp_is_the_last_interval_of_june(july: Batch) -> None:
    times = july.frame["time"]
    assert (times.min(), times.max()) == (_utc("2024-06-30 23:50"), _utc("2024-07-31 23:50"))
    assert int((times < _utc("2024-07-01")).sum()) == 21
    assert any("begin in another month than 2024-07: 21" in note for note in july.examples)


def test_hours_not_ready_and_stopped_against_the_publisher_s_file(july: Batch) -> None:
    """Figures from the file by pandas alone: sum(600 - ready) and the four stop timers over all rows."""
    not_ready = 600.0 - july.frame["ready_s"]
    stopped = july.frame[STOPS].sum(axis=1)
    assert not_ready.sum() / 3600 == pytest.approx(285.87, abs=0.005)
    assert stopped.sum() / 3600 == pytest.approx(34.1, abs=0.05)
    hours = (july.frame[STOPS].sum() / 3600).round(3).tolist()
    assert hours == [9.019, 13.136, 11.857, 0.096]
    assert int((stopped > not_ready + 1.0).sum()) == 185
    assert int(july.frame["ready_s"].isna().sum()) == 4
    assert july.examples[-2].endswith("rows with a missing timer: 4")
    assert july.examples[-1].endswith("by more than a second, left so: 185")


def test_single_rows_of_july_by_eye(july: Batch) -> None:
    frame = july.frame
    fourth = frame.iloc[3]
    assert (fourth["turbine"], fourth["wind_in_range_s"], fourth["alarm_code"]) == ("T04", 21.0, "")
    waiting = frame.iloc[1570]
    assert (waiting["turbine"], waiting["time"], waiting["ready_s"]) == ("T20", _utc("2024-07-01 12:10"), 0.0)
    assert waiting["alarm_code"] == "1005"
    stopped = frame.iloc[47450]
    assert stopped[["turbine", "ready_s", "stop_turbine_s", "stop_environment_s"]].tolist() == ["T13", 68, 86, 270]
    codes = frame["alarm_code"].value_counts()
    assert (codes["3118"], codes[""]) == (1845, 87_006 + 4)


def test_sample_opens_and_its_inventory_says_the_traps() -> None:
    dataset = open_dataset("hill_of_towie")
    kinds = {file.name: file.format.kind for file in dataset.files}
    assert kinds == {
        "Hill_of_Towie_alarms_description.csv": "companion",
        "tblAlarmLog_2019_01_first29rows.csv": "events",
        "tblSCTurFlag_2024_07.csv.gz": "timers",
    }
    assert len(dataset.farm.turbines) == 21
    inventory = inspect_folder(samples.path("hill_of_towie"))
    assert all(entry.format or entry.path.endswith(".md") for entry in inventory.files)
    timers = next(entry for entry in inventory.files if entry.kind == "timers")
    assert (timers.stamps, timers.sampling_s, timers.rows, timers.duplicates) == ("end", 600, 93_708, 0)
    assert timers.missing == 21 * (31 * 144 + 1) - 93_708
    assert any("stamps label the end of ten minutes" in note for note in timers.notes)
    assert sum(turbine.timers for turbine in inventory.turbines) == 93_708
    assert sum(turbine.events for turbine in inventory.turbines) == 29


def test_sample_s_alarms_are_warnings_and_described_where_they_can_be() -> None:
    batch = _batch(samples.path("hill_of_towie") / "tblAlarmLog_2019_01_first29rows.csv")
    frame = batch.frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(EVENTS)
    assert (batch.rows_in, len(frame)) == (29, 29)
    assert set(frame["status"]) == {"warning"}
    assert frame["end"].isna().all()
    assert frame["code"].value_counts().to_dict() == {"25": 13, "20": 13, "127": 3}
    assert frame.groupby("code")["message"].unique().str[0].to_dict() == {
        "20": "Large generator Cut-in",
        "25": "Fast cut-out of generator",
        "127": "",
    }
    assert frame.iloc[0][["turbine", "start"]].tolist() == ["T16", _utc("2019-01-01 00:04:48")]
    assert not frame["start"].is_monotonic_increasing  # as exported


def test_sample_s_turbines() -> None:
    batch = _batch(samples.path("hill_of_towie") / "Hill_of_Towie_turbine_metadata.csv")
    assert (batch.rows_in, len(batch.frame)) == (21, 21)
    last = batch.frame.iloc[-1].dropna().to_dict()
    assert Turbine(**last) == Turbine(
        name="T21",
        rated_power_kw=2300,
        hub_height=59,
        rotor_diameter=82,
        latitude=57.50978499,
        longitude=-3.034697307,
        manufacturer="Siemens",
        model="SWT-2.3-VS-82",
    )


def test_a_row_of_timers_by_its_columns(tmp_path: Path) -> None:
    frame = _batch(_write(tmp_path, "flags.csv", FLAGS, FLAG_ROW)).frame
    assert frame.iloc[0].tolist() == [
        "T01", _utc("2024-07-01 00:10"), 550.0, 500.0, 600.0, 15.0, 20.0, 10.0, 5.0, "1005", "", 0,
    ]  # fmt: skip


def test_fractions_of_a_second_in_stamps_are_read(tmp_path: Path) -> None:
    rows = [FLAG_ROW.replace("00:20:00", "00:20:00.000"), FLAG_ROW.replace("00:20:00", "00:30:00.0000000")]
    batch = _batch(_write(tmp_path, "flags.csv", FLAGS, *rows))
    assert batch.frame["time"].tolist() == [_utc("2024-07-01 00:10"), _utc("2024-07-01 00:20")]


def test_timers_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    bad = [
        FLAG_ROW,
        FLAG_ROW,
        FLAG_ROW.replace("2024-07", "2024-17"),
        FLAG_ROW.replace("2304510", ""),
        "2024-07-01 00:30:00,2304510",
    ]
    batch = _batch(_write(tmp_path, "flags.csv", FLAGS, *bad))
    assert batch.rejected == {
        "malformed row": 1,
        "unreadable time stamp": 1,
        "no station": 1,
        "exact duplicate row": 1,
    }
    assert batch.rows_in == 5 == len(batch.frame) + sum(batch.rejected.values())


def test_timer_beyond_ten_minutes_or_text_is_missing_and_quoted(tmp_path: Path) -> None:
    rows = [FLAG_ROW.replace("550.0", "601"), FLAG_ROW.replace("00:20", "00:30").replace("550.0", "all")]
    batch = _batch(_write(tmp_path, "flags.csv", FLAGS, *rows))
    assert batch.frame["ready_s"].isna().all()
    assert "flags.csv:2: column wtc_ScReToOp_timeon, found '601', expected 0 to 600 s" in batch.examples
    assert "flags.csv:3: column wtc_ScReToOp_timeon, found 'all', expected a number" in batch.examples


def test_timers_need_the_ready_column_alone(tmp_path: Path) -> None:
    path = _write(tmp_path, "flags.csv", "TimeStamp,StationId,wtc_ScReToOp_timeon", "2024-07-01 00:20:00,2304510.0,550")
    frame = _batch(path).frame
    assert frame.loc[0, ["turbine", "ready_s", "alarm_code"]].tolist() == ["T01", 550.0, ""]
    assert frame[STOPS].isna().all(axis=None)
    other = _write(tmp_path, "other.csv", "TimeStamp,StationId", "2024-07-01 00:20:00,2304510")
    with pytest.raises(InputError, match='column "wtc_ScReToOp_timeon" is missing'):
        read(other, Source(format="hill_of_towie_timers"))


def test_names_come_from_the_metadata_beside_or_above_the_table(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    rows = [FLAG_ROW, FLAG_ROW.replace("2304510", "2304511")]
    path = _write(tmp_path / "2024", "flags.csv", FLAGS, *rows)
    by_rule = _batch(path)
    assert by_rule.frame["turbine"].tolist() == ["T01", "T02"]
    assert any("stations named by rule, 2304510 is T01" in note for note in by_rule.examples)
    metadata = tmp_path / "Hill_of_Towie_turbine_metadata.csv"
    metadata.write_text(ASSETS)
    listed = _batch(path)
    assert listed.frame["turbine"].tolist() == ["A1", "2304511"]
    assert any("stations of no known turbine keep their number: 2304511" in note for note in listed.examples)
    assert format_named("hill_of_towie_timers").companions(path) == (metadata,)


def test_signals_of_the_tables_of_a_month_are_joined(tmp_path: Path) -> None:
    path = _write(tmp_path, "tblSCTurbine_2024_07.csv", TURBINE, *TURBINE_ROWS)
    grid = tmp_path / "tblSCTurGrid_2024_07.csv.gz"
    rows = [
        GRID,
        "2024-07-01 00:20:00,2304510,900.0,50.01",
        "2024-07-01 00:10:00.003,2304510,700.0,49.99",
        "2024-07-01 00:10:00,2304510,1.0,49.99",  # the same turbine and stamp again
        "2024-07-01 00:10:00,2304511,5.0,50.0",  # of no row
        "soon,2304511,5.0,50.0",
    ]
    grid.write_bytes(gzip.compress("\n".join(rows).encode()))
    temperature = _write(tmp_path, "tblSCTurTemp_2024_07.csv", TEMPERATURE, "2024-07-01 00:10:00,2304510,11.5")
    batch = _batch(path)
    frame = batch.frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(SCADA)
    assert (batch.rows_in, len(frame), batch.rejected) == (2, 2, {})
    assert frame["turbine"].tolist() == ["T01", "T01"]
    assert frame["time"].tolist() == [_utc("2024-07-01"), _utc("2024-07-01 00:10")]
    assert frame["stamp_local"].tolist() == [pd.Timestamp("2024-07-01"), pd.Timestamp("2024-07-01 00:10")]
    assert frame["power_kw"].tolist() == [700.0, 900.0]
    assert frame["grid_frequency_hz"].tolist() == [49.99, 50.01]
    assert frame["ambient_temperature_degc"].tolist()[0] == 11.5
    assert np.isnan(frame["ambient_temperature_degc"].iloc[1])
    assert frame["pitch_angle_deg"].tolist() == [1.5, 2.0]
    first = ["wind_speed", "wind_speed_std", "nacelle_direction_deg", "rotor_speed_rpm", "generator_speed_rpm"]
    assert frame.loc[0, [*first, "power_setpoint_kw"]].tolist() == [8.5, 0.9, 200.0, 15.0, 1500.0, 2300.0]
    assert not frame["read_flags"].any()
    assert (
        "tblSCTurbine_2024_07.csv: joined with tblSCTurGrid_2024_07.csv.gz (5 rows): rows of both: 2; rows of it "
        "without a partner, not used: 1; rows of it with a turbine and stamp that an earlier one has, not used: 1; "
        "unreadable rows of it: 1"
    ) in batch.examples
    assert any("rows of both: 1; rows without a partner in it: 1" in note for note in batch.examples)
    assert format_named("hill_of_towie_scada").companions(path) == (grid, temperature)


def test_missing_sibling_is_said_and_leaves_its_signals_empty(tmp_path: Path) -> None:
    batch = _batch(_write(tmp_path, "tblSCTurbine_2024_07.csv", TURBINE, *TURBINE_ROWS))
    assert batch.frame["power_kw"].isna().all()
    assert (
        "tblSCTurbine_2024_07.csv: no tblSCTurGrid of the same month beside it: no power_kw, grid_frequency_hz"
        in batch.examples
    )


def test_text_in_a_sibling_is_flagged_at_the_row_and_quoted_where_it_stands(tmp_path: Path) -> None:
    path = _write(tmp_path, "tblSCTurbine_2024_07.csv", TURBINE, *TURBINE_ROWS)
    _write(tmp_path, "tblSCTurGrid_2024_07.csv", GRID, "2024-07-01 00:20:00,2304510,fault,50.0")
    batch = _batch(path)
    assert batch.frame["read_flags"].tolist() == [0, Flag.BAD_VALUE]
    assert "tblSCTurGrid_2024_07.csv:2: column wtc_ActPower_mean, found 'fault', expected a number" in batch.examples


def test_broken_rows_of_the_main_table_stay_and_meet_no_partner(tmp_path: Path) -> None:
    rows = [TURBINE_ROWS[0], "2024-07-01 00:20:00,2304510", TURBINE_ROWS[1].replace("2024-07", "2024-13")]
    path = _write(tmp_path, "tblSCTurbine_2024_07.csv", TURBINE, *rows)
    _write(tmp_path, "tblSCTurGrid_2024_07.csv", GRID, "2024-07-01 00:10:00,2304510,700,50.0", "soon,2304510,1,50")
    batch = _batch(path)
    assert batch.frame["read_flags"].tolist() == [0, Flag.UNREADABLE, Flag.UNREADABLE]
    assert batch.frame["power_kw"].fillna(-1).tolist() == [700.0, -1.0, -1.0]


def test_siblings_are_known_to_dataset_inventory_and_report(tmp_path: Path) -> None:
    _write(tmp_path, "tblSCTurbine_2024_07.csv", TURBINE, *TURBINE_ROWS)
    _write(tmp_path, "tblSCTurGrid_2024_07.csv", GRID, "2024-07-01 00:10:00,2304510,700,50.0")
    _write(tmp_path, "tblSCTurGrid_2024_08.csv", GRID, "2024-08-01 00:10:00,2304510,700,50.0")
    (tmp_path / "Hill_of_Towie_turbine_metadata.csv").write_text(ASSETS)
    dataset = open_dataset(tmp_path)
    assert [file.name for file in dataset.of_kind("scada")] == ["tblSCTurbine_2024_07.csv"]
    sources = companion_sources(dataset).set_index("file")
    assert sources["rows"].tolist() == [1, 1]
    assert sources.loc["tblSCTurGrid_2024_07.csv", "note"].startswith("read with tblSCTurbine_2024_07.csv")
    assert sources.loc["tblSCTurGrid_2024_08.csv", "note"].startswith("not used: no file that takes it in")
    inventory = inspect_folder(tmp_path)
    assert [entry.kind for entry in inventory.files] == ["assets", "companion", "companion", "scada"]
    assert [(turbine.name, turbine.rows) for turbine in inventory.turbines] == [("A1", 2)]


def test_alarm_codes_ends_and_rows_that_cannot_be_used(tmp_path: Path) -> None:
    rows = [
        "2019-01-03 14:00:00,2019-01-03 15:00:00,2304510,8210.0",
        "2019-01-01 00:00:00.500,NaT,2304599.0,127",
        "2019-01-03 14:00:00,2019-01-03 15:00:00,2304510,8210",  # the first again
        "2019-01-03 14:00:00,2019-01-03 13:00:00,2304510,1",
        "later,,2304510,1",
    ]
    _write(tmp_path, "Hill_of_Towie_alarms_description.csv", "Alarm Code,Description,Stopping", "8210,Stopped   :,1")
    batch = _batch(_write(tmp_path, "log.csv", LOG, *rows))
    assert batch.frame["code"].tolist() == ["8210", "127"]
    assert batch.frame["message"].tolist() == ["Stopped :", ""]
    assert batch.frame["turbine"].tolist() == ["T01", "2304599"]
    assert batch.frame["start"].iloc[1] == _utc("2019-01-01 00:00:00.5")
    assert batch.frame["end"].isna().tolist() == [False, True]
    assert set(batch.frame["status"]) == {"warning"}
    assert batch.rejected == {"unreadable start": 1, "end before start": 1, "exact duplicate event": 1}
    assert batch.rows_in == 5 == len(batch.frame) + sum(batch.rejected.values())


def test_shutdown_duration_is_seconds_from_the_stamp_on(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "ShutdownDuration.csv",
        "TimeStamp_StartFormat,TurbineName,ShutdownDuration",
        "2024-07-01 00:00:00+00:00,T01,600.0",
        "2024-07-01 00:10:00+00:00,T01,0",
        "2024-07-01 00:20:00+00:00,T01,",
        "2024-07-01 00:30:00+00:00,T01,601",
        "2024-07-01 00:40:00+00:00,,1",
        "soon,T01,1",
    )
    batch = _batch(path)
    assert {name: str(dtype) for name, dtype in batch.frame.dtypes.items()} == dtypes(OPERATOR)
    assert batch.frame.iloc[0].tolist() == ["T01", _utc("2024-07-01"), 600.0, 600.0, "ShutdownDuration"]
    assert batch.frame["unavailable_s"].tolist() == [600.0, 0.0]
    assert batch.rejected == {
        "unreadable time stamp": 1,
        "no shutdown duration": 1,
        "shutdown duration impossible": 1,
        "no turbine": 1,
    }
    assert batch.rows_in == 6


def test_daily_availability_is_percent_of_the_day_that_ends_at_the_stamp(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "tblDailySummary_2024_07.csv",
        "TimeStamp,StationId,Availabillity",
        "2024-07-02 00:00:00,2304510,75.0",
        "2024-07-02 00:00:00,2304511,100",
        "2024-07-02 00:00:00,2304512,100.5",
        "2024-07-02 00:00:00,2304513,",
    )
    batch = _batch(path)
    assert batch.frame.iloc[0].tolist() == ["T01", _utc("2024-07-01"), 86_400.0, 21_600.0, "Availabillity"]
    assert batch.frame["unavailable_s"].tolist() == [21_600.0, 0.0]
    assert batch.rejected == {"no availability": 1, "availability impossible": 1}
    assert any("assumed to be percent of the day; stamps assumed to label the end" in note for note in batch.examples)
    assert format_named("hill_of_towie_daily").stamps == "assumed end"
    assert _batch(path, stamps="start").frame["time"].iloc[0] == _utc("2024-07-02")


@pytest.mark.parametrize("values", [("1.0", "0.98"), ("86400", "80000")])
def test_daily_availability_in_another_unit_is_refused(tmp_path: Path, values: tuple[str, str]) -> None:
    rows = [f"2024-07-02 00:00:00,{2304510 + i},{value}" for i, value in enumerate(values)]
    path = _write(tmp_path, "daily.csv", "TimeStamp,StationId,Availabillity", *rows)
    with pytest.raises(
        InputError, match=rf"column Availabillity, found values up to {float(values[0]):g}, expected perc"
    ):
        _batch(path)
