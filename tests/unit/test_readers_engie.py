"""The ENGIE export and asset table, on rows written for the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.config import Source, Turbine
from fleet.errors import ConfigError, InputError
from fleet.flags import Flag
from fleet.readers import Batch, format_named, read, recognise
from fleet.schema import SCADA, columns, dtypes

HEADER = "Wind_turbine_name,Date_time,Ba_avg,P_avg,Ws_avg,Va_avg,Ot_avg,Ya_avg,Wa_avg"
ROWS = (
    "R1,2014-01-01T01:00:00+01:00,-1.0,642.78,7.12,0.66,4.69,181.34,182.01",
    "R2,2014-01-01T01:00:00+01:00,-1.0,441.06,6.39,-2.48,4.94,179.82,177.36",
)


def _read(folder: Path, *rows: str, header: str = HEADER, stamps: str | None = None) -> Batch:
    path = folder / "export.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    known = recognise(path)
    assert known is not None
    return read(path, Source.model_validate({"format": known.name, "stamps": stamps}))


def test_frame_has_the_schema_and_the_values(tmp_path: Path) -> None:
    frame = _read(tmp_path, *ROWS).frame
    assert list(frame.columns) == columns(SCADA)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(SCADA)
    first = frame.iloc[0]
    assert first["turbine"] == "R1"
    assert first["time"] == pd.Timestamp("2014-01-01", tz="UTC")
    assert first["stamp_local"] == pd.Timestamp("2014-01-01 01:00")
    assert first["utc_offset_s"] == 3600
    assert first["power_kw"] == 642.78
    assert first["nacelle_direction_deg"] == 181.34
    assert first["wind_direction_deg"] == 182.01
    assert first["vane_deg"] == 0.66
    assert np.isnan(first["rotor_speed_rpm"])
    assert frame["source_row"].tolist() == [0, 1]


def test_stamps_are_said_to_be_assumed() -> None:
    assert format_named("engie_scada").stamps == "assumed start"


def test_full_export_with_semicolons_and_statistics(tmp_path: Path) -> None:
    frame = _read(
        tmp_path,
        "R1;2014-01-01T01:00:00+01:00;640;600;700;20;7.1;1.2;12.5",
        header="Wind_turbine_name;Date_time;P_avg;P_min;P_max;P_std;Ws_avg;Ws_std;Rs_avg",
    ).frame
    assert frame.loc[0, ["power_kw", "wind_speed", "wind_speed_std", "rotor_speed_rpm"]].tolist() == [
        640.0,
        7.1,
        1.2,
        12.5,
    ]


def test_malformed_row_stays_in_its_place_with_a_flag(tmp_path: Path) -> None:
    batch = _read(tmp_path, ROWS[0], "R1,2014-01-01T01:10:00+01:00,-1.0", ROWS[1], "\x7f\x7f,")
    assert batch.rows_in == len(batch.frame) == 4
    assert batch.rejected == {}
    assert batch.frame["read_flags"].tolist() == [0, Flag.UNREADABLE, 0, Flag.UNREADABLE]
    assert batch.frame["turbine"].tolist() == ["R1", "R1", "R2", ""]
    assert batch.frame["source_row"].tolist() == [0, 1, 2, 3]
    assert batch.frame["time"].isna().tolist() == [False, True, False, True]
    assert {name: str(dtype) for name, dtype in batch.frame.dtypes.items()} == dtypes(SCADA)
    assert batch.examples[0].startswith("export.csv:3: found 3 fields, expected 9")


def test_unreadable_stamp_is_flagged_and_quoted(tmp_path: Path) -> None:
    batch = _read(tmp_path, ROWS[0], ROWS[1].replace("2014-01-01", "2014-02-30"))
    assert batch.frame["read_flags"].tolist() == [0, Flag.UNREADABLE]
    assert batch.frame["power_kw"].tolist() == [642.78, 441.06]
    assert "export.csv:3: column Date_time, found '2014-02-30T01:00:00+01:00', expected a time stamp" in batch.examples


def test_text_in_a_number_is_missing_flagged_and_quoted(tmp_path: Path) -> None:
    batch = _read(tmp_path, ROWS[0].replace("642.78", "fault"), ROWS[1])
    assert batch.frame["read_flags"].tolist() == [Flag.BAD_VALUE, 0]
    assert np.isnan(batch.frame.loc[0, "power_kw"])
    assert batch.frame.loc[0, "wind_speed"] == 7.12
    assert batch.examples == ("export.csv:2: column P_avg, found 'fault', expected a number",)


def test_missing_values_are_no_bad_values(tmp_path: Path) -> None:
    batch = _read(tmp_path, "R1,2014-01-01T01:00:00+01:00,,NaN,-,,,,")
    assert batch.frame["read_flags"].tolist() == [0]
    assert batch.frame.loc[0, columns(SCADA)[6:]].isna().all()


def test_same_stamp_twice_stays_twice(tmp_path: Path) -> None:
    batch = _read(tmp_path, ROWS[0], ROWS[0])
    assert len(batch.frame) == 2


def test_end_labels_become_starts(tmp_path: Path) -> None:
    later = ROWS[0].replace("01:00:00", "01:10:00", 1)
    frame = _read(tmp_path, ROWS[0], later, stamps="end").frame
    assert frame["time"].tolist() == [pd.Timestamp("2013-12-31 23:50", tz="UTC"), pd.Timestamp("2014-01-01", tz="UTC")]
    assert frame["stamp_local"].tolist() == [pd.Timestamp("2014-01-01 00:50"), pd.Timestamp("2014-01-01 01:00")]


def test_missing_power_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='column "P_avg" is missing'):
        _read(tmp_path, "R1,2014-01-01T01:00:00+01:00,3", header="Wind_turbine_name,Date_time,Ws_avg")


def test_asset_table_gives_turbines(tmp_path: Path) -> None:
    batch = _read(
        tmp_path,
        "R1,48.4569,5.5847,411,2050,80,82,Senvion,MM82",
        "R1,48.4,5.5,411,2050,80,82,Senvion,MM82",
        ",48.4,5.5,411,2050,80,82,Senvion,MM82",
        "R3,,,,zero,80,82,,",
        "R4,,,,2050,0,82,,",
        ",,,,,,,,",
        header="Wind_turbine_name,Latitude,Longitude,elevation_m,Rated_power,Hub_height_m,Rotor_diameter_m,"
        "Manufacturer,Model",
    )
    assert batch.rejected == {
        "empty row": 1,
        "no turbine name": 1,
        "no rated power": 1,
        "turbine listed twice": 1,
    }
    assert batch.rows_in == len(batch.frame) + sum(batch.rejected.values())
    assert list(batch.frame.columns) == list(Turbine.model_fields)
    assert Turbine(**batch.frame.iloc[0].dropna().to_dict()) == Turbine(
        name="R1",
        rated_power_kw=2050,
        hub_height=80,
        rotor_diameter=82,
        latitude=48.4569,
        longitude=5.5847,
        elevation=411,
        manufacturer="Senvion",
        model="MM82",
    )
    assert np.isnan(batch.frame.loc[1, "hub_height"])


def test_unknown_format_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'unknown format "engie_skada" \(did you mean "engie_scada"\?\)'):
        format_named("engie_skada")


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "x.csv", Source(format="engie_scada"))
