"""Greenbyte exports: every trap that the published files are known for, on rows written for the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.config import Source
from fleet.errors import InputError
from fleet.flags import Flag
from fleet.readers import Batch, read, recognise
from fleet.schema import EVENTS, SCADA, dtypes

ABOUT = """\
# This file was exported by Greenbyte at 2022-01-27 10:33:05.
#
# Turbine: Kelmarsh 1
# Turbine type: Senvion MM92
# Time zone: UTC
# Time interval: 2016-01-01 00:00:00 - 2017-01-01 00:00:00 (366 days)
#
# Data that is missing or is erroneous has been marked with the value "NaN"
#
"""
DATA = (
    '# Date and time,Wind speed (m/s),"Wind speed, Standard deviation (m/s)",Wind direction (°),Nacelle position (°),'
    "Power (kW),Potential power default PC (kW),Blade angle (pitch position) A (°),"
    "Blade angle (pitch position) B (°),Blade angle (pitch position) C (°),Nacelle ambient temperature (°C),"
    "Generator RPM (RPM),Grid frequency (Hz)"
)
ROW = "2016-01-03 00:00:00,7.5,0.9,200,210,900,950,1.0,2.0,NaN,8.5,1200,50.01"
EMPTY = "2016-01-03 00:00:00" + ",NaN" * 12

STATUS = "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category"
STATUS_11 = STATUS + ",Global contract category,Custom contract category"


def _read(folder: Path, header: str, *rows: str, about: str = ABOUT, line_end: str = "\r\n") -> Batch:
    path = folder / "export.csv"
    text = about + "\n".join([header, *rows]) + "\n"
    path.write_bytes(text.replace("\n", line_end).encode("utf-8"))
    known = recognise(path)
    assert known is not None
    return read(path, Source(format=known.name))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_commented_header_units_and_turbine(tmp_path: Path, line_end: str) -> None:
    batch = _read(tmp_path, DATA, ROW, line_end=line_end)
    frame = batch.frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(SCADA)
    row = frame.iloc[0]
    assert row["turbine"] == "Kelmarsh 1"
    assert row["time"] == pd.Timestamp("2016-01-03", tz="UTC")
    assert row["wind_speed_std"] == 0.9
    assert row["wind_direction_deg"] == 200.0
    assert row["potential_power_kw"] == 950.0
    assert row["pitch_angle_deg"] == 1.5  # mean of the two blades that have a value
    assert row["generator_speed_rpm"] == 1200.0
    assert batch.declared == (pd.Timestamp("2016-01-01", tz="UTC"), pd.Timestamp("2017-01-01", tz="UTC"))


def test_degree_sign_written_out_or_in_latin1(tmp_path: Path) -> None:
    written = _read(tmp_path, DATA.replace("(°)", "(deg)").replace("(°C)", "(degC)"), ROW)
    path = tmp_path / "latin.csv"
    path.write_bytes((ABOUT + DATA + "\n" + ROW + "\n").encode("latin-1"))
    latin = read(path, Source(format="greenbyte_turbine_data"))
    pd.testing.assert_frame_equal(written.frame, latin.frame)
    assert "Latin-1" in latin.examples[0]


def test_unit_in_the_name_is_converted(tmp_path: Path) -> None:
    frame = _read(tmp_path, "# Date and time,Power (MW),Ambient pressure (hPa)", "2016-01-03 00:00:00,0.9,990").frame
    assert frame.loc[0, ["power_kw", "air_pressure_pa"]].tolist() == [900.0, 99_000.0]


def test_unknown_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'column Power \(hp\): unit "hp" of power_kw is not known.* known: kW, W, MW'):
        _read(tmp_path, "# Date and time,Power (hp)", "2016-01-03 00:00:00,1")


def test_repeated_empty_stamps_stay_in_the_frame(tmp_path: Path) -> None:
    batch = _read(tmp_path, DATA, ROW, EMPTY, EMPTY, EMPTY)
    assert batch.rows_in == len(batch.frame) == 4
    assert batch.frame["power_kw"].notna().tolist() == [True, False, False, False]
    assert batch.frame["read_flags"].tolist() == [0, 0, 0, 0]


def test_malformed_and_unreadable_rows_are_kept_with_a_flag(tmp_path: Path) -> None:
    batch = _read(tmp_path, DATA, ROW, "2016-01-03 00:10:00,7.5", ROW.replace("2016-01-03", "2016-99-03"))
    assert batch.frame["read_flags"].tolist() == [0, Flag.UNREADABLE, Flag.UNREADABLE]
    assert batch.frame["turbine"].tolist() == ["Kelmarsh 1"] * 3
    assert batch.examples[-1].startswith("export.csv:12: found 2 fields, expected 13")


def test_time_zone_line_counts(tmp_path: Path) -> None:
    batch = _read(tmp_path, DATA, ROW, about=ABOUT.replace("zone: UTC", "zone: Europe/Berlin"))
    assert batch.frame.loc[0, "time"] == pd.Timestamp("2016-01-02 23:00", tz="UTC")
    assert batch.frame.loc[0, "utc_offset_s"] == 3600
    assert batch.declared == (pd.Timestamp("2015-12-31 23:00", tz="UTC"), pd.Timestamp("2016-12-31 23:00", tz="UTC"))


def test_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='unknown time zone "Mars/Olympus"'):
        _read(tmp_path, DATA, ROW, about=ABOUT.replace("zone: UTC", "zone: Mars/Olympus"))


def test_resaved_with_semicolons_is_refused_with_the_delimiter(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="separated by semicolon"):
        _read(tmp_path, "# Date and time;Wind speed (m/s);Power (kW)", "2016-01-03 00:00:00;7,5;900")


def test_another_device_is_not_taken_for_a_turbine(tmp_path: Path) -> None:
    path = tmp_path / "Device_Data_PMU.csv"
    path.write_text("# Exported by Greenbyte\n#\n# Date and time,GMS Power (kW)\n2016-01-03 00:00:00,1\n")
    assert recognise(path) is None


def test_status_of_nine_columns_with_open_and_long_events(tmp_path: Path) -> None:
    batch = _read(
        tmp_path,
        STATUS,
        "2016-01-14 19:28:03,2016-01-23 14:36:32,211:08:29,Stop,111,Emergency stop nacelle,,Switch  (11),Forced outage",
        "2016-02-01 19:44:13,-,-,Informational,100070,Brake program 50,,,",
        '2016-02-02 00:00:00,,,Communication,1,"No data, or late",,,Full Performance',
    )
    frame = batch.frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(EVENTS)
    assert frame["status"].tolist() == ["stop", "informational", "communication"]
    assert frame["end"].isna().tolist() == [False, True, True]
    assert (frame.loc[0, "end"] - frame.loc[0, "start"]) == pd.Timedelta("211:08:29")
    assert frame["iec_category"].tolist() == ["Forced outage", "", "Full Performance"]
    assert frame.loc[0, "service_category"] == "Switch  (11)"
    assert frame.loc[2, "message"] == "No data, or late"
    assert frame["code"].tolist() == ["111", "100070", "1"]
    assert batch.examples == ()


def test_status_of_eleven_columns(tmp_path: Path) -> None:
    row = "2023-02-02 20:26:26,2023-02-02 20:37:28,00:11:02,Stop,64,Max. wind speed,,,Forced outage,10 (Ext),"
    batch = _read(tmp_path, STATUS_11, row)
    assert len(batch.frame) == 1
    assert batch.rejected == {}


def test_status_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    good = "2016-01-01 00:00:00,2016-01-01 01:00:00,01:00:00,Stop,1,a,,,Forced outage"
    batch = _read(
        tmp_path,
        STATUS,
        good,
        good,
        good.replace("Stop", "Halt"),
        good.replace("2016-01-01 01", "2015-01-01 01"),
        good.replace("2016-01-01 00:00:00", "soon"),
        good.replace("2016-01-01 01:00:00", "later"),
        "2016-01-01 00:00:00,2016-01-01 01:00:00",
    )
    assert batch.rejected == {
        "malformed row": 1,
        "unreadable start": 1,
        "unreadable end": 1,
        "end before start": 1,
        "unknown status": 1,
        "exact duplicate event": 1,
    }
    assert batch.rows_in == 7 == len(batch.frame) + sum(batch.rejected.values())
    assert any("found 'Halt', expected stop, warning" in line for line in batch.examples)


def test_same_event_of_another_category_is_no_duplicate(tmp_path: Path) -> None:
    good = "2016-01-01 00:00:00,2016-01-01 01:00:00,01:00:00,Stop,1,a,,,Forced outage"
    assert len(_read(tmp_path, STATUS, good, good.replace("a,,,", "a,seen,,")).frame) == 2


def test_events_without_length_stay_and_are_told(tmp_path: Path) -> None:
    row = "2016-01-01 00:00:00,2016-01-01 00:00:00,00:00:00,Stop,1,a,,,Forced outage"
    batch = _read(tmp_path, STATUS, row)
    assert len(batch.frame) == 1
    assert batch.examples == ("export.csv: 1 events without length are kept",)


def test_duration_that_differs_is_told_and_the_stamps_count(tmp_path: Path) -> None:
    row = "2016-01-01 00:00:00,2016-01-02 01:00:00,01:00:00,Stop,1,a,,,Forced outage"
    batch = _read(tmp_path, STATUS, row)
    assert batch.frame.loc[0, "end"] == pd.Timestamp("2016-01-02 01:00", tz="UTC")
    assert batch.examples[0] == "export.csv: 1 durations differ from end - start; the stamps count"


def test_static_table_with_byte_order_mark_and_empty_row(tmp_path: Path) -> None:
    path = tmp_path / "static.csv"
    path.write_text(
        "\ufeffWind Farm,Title,Alternative Title,Identity,Manufacturer,Model,Rated power (kW),Hub Height (m),"
        "Rotor Diameter (m),Latitude,Longitude,Elevation (m),Country,Commercial Operations Date\n"
        "Kelmarsh,Kelmarsh 1,KWF1,SEN 93420,Senvion,MM92,2050,78.5,92,52.400604,-0.947133,145.598,UK,15/04/2016\n"
        ",,,,,,,,,,,,,\n",
        encoding="utf-8",
    )
    known = recognise(path)
    assert known is not None
    batch = read(path, Source(format=known.name))
    assert batch.rejected == {"empty row": 1}
    assert batch.frame.loc[0, ["name", "rated_power_kw", "hub_height"]].tolist() == ["Kelmarsh 1", 2050.0, 78.5]
    assert not np.isnan(batch.frame.loc[0, "elevation"])
