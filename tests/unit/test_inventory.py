"""The inventory of a folder and the starter `farm.toml`, on small folders."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import ConfigError, InputError
from fleet.farm_file import load_farm
from fleet.inventory import Inventory, inspect_folder
from fleet.starter import starter_farm_toml

SCADA = "Wind_turbine_name,Date_time,P_avg,Ws_avg\n"
ASSETS = (
    "Wind_turbine_name,Latitude,Longitude,elevation_m,Rated_power,Hub_height_m,Rotor_diameter_m,Manufacturer,Model\n"
    "R1,48.4569,5.5847,411,2050,80,82,Senvion,MM82\nR9,48.4569,5.5847,411,2050,80,82,Senvion,MM82\n"
)
STATUS = (
    "# Exported by Greenbyte\n# Turbine: K 1\n# Time zone: UTC\n"
    "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category\n"
    "2016-01-01 00:00:00,-,-,Stop,1,a,,,Forced outage\n"
)
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"


def _rows(turbine: str, *minutes: int) -> str:
    return "".join(f"{turbine},2014-01-01T{m // 60:02d}:{m % 60:02d}:00Z,1,{m}\n" for m in minutes)


def _round_trip(inventory: Inventory, folder: Path) -> Path:
    path = folder / "farm.toml"
    path.write_text(starter_farm_toml(inventory), encoding="utf-8")
    return path


def test_counts_of_a_file_and_its_turbines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10, 10, 20, 50, 60) + "R2,2014-01-01T00:00:00Z,,\n")
    inventory = inspect_folder(tmp_path)
    (entry,) = inventory.files
    assert (entry.rows, entry.empty, entry.duplicates, entry.gaps, entry.missing) == (7, 1, 1, 1, 2)
    assert entry.sampling_s == 600
    assert entry.stamps == "assumed start"
    assert entry.columns == ("power_kw", "wind_speed")
    assert "vane_deg" in entry.without_values
    assert inventory.turbine_table()["turbine"].tolist() == ["R1", "R2"]
    assert inventory.turbine_table()["missing"].tolist() == [2, 0]


def test_a_hole_between_files_is_seen_per_turbine(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "b.csv").write_text(SCADA + _rows("R1", 40, 50))
    inventory = inspect_folder(tmp_path)
    assert [entry.gaps for entry in inventory.files] == [0, 0]
    assert inventory.turbines[0].missing == 2


def test_every_unusable_file_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "good.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress((SCADA + _rows("R1", *range(1440))).encode())[:-900])
    (tmp_path / "columns.csv").write_text("Wind_turbine_name,Date_time,Ws_avg\nR1,2014-01-01T00:00:00Z,1\n")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "photo.csv").write_bytes(PICTURE)
    (tmp_path / "year.zip").write_bytes(b"PK\x03\x04\x00\x00")
    (tmp_path / "wide.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    (tmp_path / "notes.txt").write_text("Dear colleague\n")
    inventory = inspect_folder(tmp_path)
    why = {entry.path: entry.why for entry in inventory.files}
    assert why.pop("data/good.csv") == ""
    assert why["cut.csv.gz"].startswith("the gzip file ends early")
    assert why["columns.csv"].startswith('column "P_avg" is missing')
    assert why["empty.csv"] == "the file is empty"
    assert why["photo.csv"] == "a picture (PNG)"
    assert why["year.zip"].startswith("the zip archive is damaged")
    assert why["wide.csv"] == 'not a known format: first line "a,b"'
    assert why["notes.txt"] == 'not a known format: first line "Dear colleague"'
    assert len(inventory.table()) == 8
    assert len(load_farm(_round_trip(inventory, tmp_path)).sources) == 1


def test_folder_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        inspect_folder(tmp_path / "x")
    with pytest.raises(InputError, match="the folder is empty"):
        inspect_folder(tmp_path)


def test_folder_of_pictures_only(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00")
    with pytest.raises(InputError, match=r"none of its 2 files is a table.*\n  a.png: a picture \(PNG\)\n  b.jpg"):
        inspect_folder(tmp_path)


def test_starter_with_assets_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10, 20))
    (tmp_path / "assets.csv").write_text(ASSETS)
    farm = load_farm(_round_trip(inspect_folder(tmp_path), tmp_path))
    assert [(source.format, source.files) for source in farm.sources] == [("engie_scada", "a.csv")]
    assert [turbine.name for turbine in farm.turbines] == ["R1"]  # R9 has no data
    assert farm.turbines[0].rated_power_kw == 2050.0
    assert farm.turbines[0].manufacturer == "Senvion"


def test_starter_without_assets_leaves_placeholders(tmp_path: Path) -> None:
    (tmp_path / "Status_1.csv").write_text(STATUS)
    (tmp_path / "Status_2.csv").write_text(STATUS.replace("K 1", "K 2"))
    inventory = inspect_folder(tmp_path)
    text = starter_farm_toml(inventory)
    farm = load_farm(_round_trip(inventory, tmp_path))
    assert [(source.format, source.files) for source in farm.sources] == [("greenbyte_status", "Status_*.csv")]
    assert farm.turbines == ()
    assert '# name = "K 1"\n# rated_power_kw = 0.0' in text
    assert inventory.files[0].open_events == 1


def test_starter_glob_never_takes_another_format(tmp_path: Path) -> None:
    (tmp_path / "log_1.csv").write_text(STATUS)
    (tmp_path / "log_2.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "log_3.csv").write_text(STATUS)
    farm = load_farm(_round_trip(inspect_folder(tmp_path), tmp_path))
    files = {source.files: source.format for source in farm.sources}
    assert files == {"log_1.csv": "greenbyte_status", "log_3.csv": "greenbyte_status", "log_2.csv": "engie_scada"}


def test_unknown_table_is_proposed_and_the_proposal_works(tmp_path: Path) -> None:
    (tmp_path / "T1.csv").write_text(
        "Date/Time;LV ActivePower (kW);Wind Speed (m/s);Wind Direction (deg)\n2018-01-01 00:00;380;5.3;259\n"
    )
    inventory = inspect_folder(tmp_path)
    assert inventory.files[0].why.startswith("not a known format")
    _round_trip(inventory, tmp_path)
    (entry,) = inspect_folder(tmp_path).files
    assert entry.why == ""
    assert entry.format == "generic"
    assert entry.columns == ("power_kw", "wind_speed", "wind_direction_deg")
    assert entry.turbines == ("T1",)  # after the file's name: no column names it


def test_a_guess_is_only_a_comment_beside_scada_of_a_known_format(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "T1.csv").write_text("Time;Power (kW)\n2018-01-01 00:00;380\n")
    inventory = inspect_folder(tmp_path)
    assert '# files = "T1.csv"' in starter_farm_toml(inventory)
    farm = load_farm(_round_trip(inventory, tmp_path))
    assert [source.format for source in farm.sources] == ["engie_scada"]


def test_a_table_without_stamps_or_a_known_unit_stays_a_comment(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Time;Power (PS)\n2018-01-01 00:00;380\n")
    (tmp_path / "b.csv").write_text("Day;Power (kW)\nMonday;380\n")
    inventory = inspect_folder(tmp_path)
    text = starter_farm_toml(inventory)
    assert 'columns.power_kw = { column = "Power (PS)", unit = "PS" }  # unit not known: one of kW, W, MW' in text
    assert '# time_column = "COLUMN"' in text
    assert load_farm(_round_trip(inventory, tmp_path)).sources == ()


def test_files_of_one_make_become_one_source(tmp_path: Path) -> None:
    for month in ("05", "06"):
        rows = "".join(f"1{day}.{month}.2018 00:{m}0;WEA {month[1]};3,5\n" for day in range(3, 6) for m in range(6))
        (tmp_path / f"export_{month}.csv").write_text("Zeit;Anlage;Leistung (kW)\n" + rows)
    inventory = inspect_folder(tmp_path)
    farm = load_farm(_round_trip(inventory, tmp_path))
    assert [(source.files, source.decimal) for source in farm.sources] == [("export_0*.csv", ",")]
    assert [entry.turbines for entry in inspect_folder(tmp_path).files] == [("WEA 5",), ("WEA 6",)]


def test_a_wide_source_does_not_capture_other_formats(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "assets.csv").write_text(ASSETS)
    (tmp_path / "farm.toml").write_text('name = "x"\n[[sources]]\nformat = "engie_scada"\nstamps = "end"\n')
    files = {entry.path: (entry.format, entry.stamps, entry.why) for entry in inspect_folder(tmp_path).files}
    assert files == {"a.csv": ("engie_scada", "end", ""), "assets.csv": ("engie_assets", "instant", "")}


def test_wrong_settings_in_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SCADA + _rows("R1", 0, 10))
    (tmp_path / "farm.toml").write_text('name = "x"\nturbine = 1\n')
    with pytest.raises(ConfigError, match='unknown key "turbine"'):
        inspect_folder(tmp_path)


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12)
_NUMBER = itertools.count()


@settings(max_examples=30)
@given(name=_NAMES.filter(lambda name: name.strip() == name and name not in ("-", "NaN", "fleet")))
def test_starter_is_valid_whatever_the_turbine_is_called(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp(f"farm{next(_NUMBER)}")
    quoted = '"' + name.replace('"', '""') + '"'
    (folder / "assets.csv").write_text(
        "Wind_turbine_name,Rated_power\n" + f"{quoted},2050\n", encoding="utf-8", newline=""
    )
    farm = load_farm(_round_trip(inspect_folder(folder), folder))
    assert [turbine.name for turbine in farm.turbines] == [name]
