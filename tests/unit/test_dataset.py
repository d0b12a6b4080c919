"""Opening a folder: what counts as the farm, its turbines and its files, and in which order."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fleet
from fleet.analysis import select
from fleet.dataset import open_dataset
from fleet.errors import ConfigError, InputError
from tests.farms import farm_rows, turbine_toml, write_engie, write_generic, write_site


def test_known_formats_need_no_settings(tmp_path: Path) -> None:
    folder = write_site(write_engie(tmp_path / "my farm", farm_rows(2, 1.0)), 1)
    dataset = open_dataset(folder)
    assert dataset.farm.name == "my farm"
    assert [turbine.name for turbine in dataset.farm.turbines] == ["T1", "T2"]
    assert dataset.farm.turbines[0].hub_height == 80.0
    kinds = {file.name: file.format.kind for file in dataset.files}
    assert kinds == {
        "Status_T1.csv": "events",
        "era5.csv": "reanalysis",
        "plant.csv": "meter",
        "scada_000.csv": "scada",
    }


def test_files_are_in_the_order_of_their_names_through_folders_and_sources(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(2, 0.2), parts=3)
    (folder / "b").mkdir()
    (folder / "scada_000.csv").rename(folder / "b" / "scada_000.csv")
    (folder / "scada_002.csv").rename(folder / "a.csv")
    assert [file.name for file in open_dataset(folder).files] == ["a.csv", "b/scada_000.csv", "scada_001.csv"]
    sources = "".join(f'[[sources]]\nformat = "engie_scada"\nfiles = "{name}"\n' for name in ("s*.csv", "b/*", "a.csv"))
    (folder / "farm.toml").write_text(f'name = "x"\nassets = "assets.csv"\n{sources}')
    dataset = open_dataset(folder)
    assert [file.name for file in dataset.files] == ["a.csv", "b/scada_000.csv", "scada_001.csv"]
    assert len(dataset.farm.turbines) == 2


def test_turbines_of_farm_toml_come_before_the_asset_table(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(2, 0.2))
    (folder / "farm.toml").write_text(f'name = "x"\n{turbine_toml("T2")}\n')
    assert [turbine.name for turbine in open_dataset(folder).farm.turbines] == ["T2"]


def test_turbines_that_are_not_listed_are_proposed_in_words_that_can_be_pasted(tmp_path: Path) -> None:
    folder = write_generic(tmp_path, farm_rows(2, 0.2), turbines=0)
    with pytest.raises(InputError, match="no turbine is known") as caught:
        open_dataset(folder)
    blocks = str(caught.value).split("\n\n", 1)[1]
    before = (folder / "farm.toml").read_text()
    (folder / "farm.toml").write_text(f"{before}\n{blocks}\n")
    with pytest.raises(ConfigError, match=r"turbines\.0\.rated_power_kw"):  # to be filled in, and says so
        open_dataset(folder)
    (folder / "farm.toml").write_text(f"{before}\n{blocks}\n".replace("= 0.0", "= 2000.0"))
    assert [turbine.name for turbine in open_dataset(folder).farm.turbines] == ["T1", "T2"]


def test_files_of_no_known_format_are_left_alone(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(1, 0.2), turbines=1)
    (folder / "notes.txt").write_text("Dear colleague\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00")
    assert [file.name for file in open_dataset(folder).files] == ["scada_000.csv"]


def test_a_packaged_sample_is_found_by_name_and_a_folder_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_dataset("penmanshiel").folder.is_absolute()
    write_engie(tmp_path / "penmanshiel", farm_rows(1, 0.2), turbines=1)
    assert [turbine.name for turbine in open_dataset("penmanshiel").farm.turbines] == ["T1"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(1, 0.2), turbines=1)
    with pytest.raises(InputError, match="is a file; give the folder"):
        open_dataset(folder / "scada_000.csv")


def test_select_keeps_the_farm_s_order_and_refuses_strangers(tmp_path: Path) -> None:
    dataset = open_dataset(write_generic(tmp_path, farm_rows(3, 0.1), turbines=3))
    chosen = select(dataset, ["T3", "T1"])
    assert [turbine.name for turbine in chosen.farm.turbines] == ["T1", "T3"]
    assert [turbine.name for turbine in dataset.farm.turbines] == ["T1", "T2", "T3"]
    with pytest.raises(ConfigError, match='no turbine "T33" \\(did you mean "T3"\\?\\); the farm has T1, T2, T3'):
        select(dataset, ["T1", "T33"])


def test_stamps_of_the_end_move_by_the_farm_s_period_whatever_the_file_s_own_steps(tmp_path: Path) -> None:
    # One file of an ordinary half day, one of two stamps an hour apart, one of a single stamp.
    ends = pd.date_range("2015-03-01T00:10Z", periods=72, freq="10min")
    files = {
        "a": ends,
        "b": pd.DatetimeIndex(["2015-03-01T13:10Z", "2015-03-01T14:10Z"]),
        "c": ends[:1] + pd.Timedelta("1D"),
    }
    for name, stamps in files.items():
        rows = pd.DataFrame({"time": stamps.strftime("%Y-%m-%dT%H:%M:%SZ"), "power": 100.0, "wind": 6.0})
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "farm.toml").write_text(
        'name = "x"\nturbines = [{ name = "T1", rated_power_kw = 2000.0 }]\n[[sources]]\nformat = "generic"\n'
        'files = "*.csv"\nstamps = "end"\ntime_column = "time"\nturbine = "T1"\n'
        'columns = { power_kw = { column = "power" }, wind_speed = { column = "wind" } }\n',
        encoding="utf-8",
    )
    read = pd.concat([file.read().frame for file in open_dataset(tmp_path).of_kind("scada")])
    expected = sorted(stamp - pd.Timedelta("10min") for stamps in files.values() for stamp in stamps)
    assert sorted(read["time"]) == expected


def test_tables_of_no_known_format_are_named(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(1, 0.2), turbines=1)
    (folder / "notes.txt").write_text("Dear colleague\n")
    (folder / "scada_2016.csv").write_text("Turbine,Time,Power,Wind\nT1,2016-01-01T00:00:00Z,1,2\n")
    (folder / "scada_2017.csv.gz").write_bytes(b"\x1f\x8b damaged")
    assert open_dataset(folder).not_read == ("scada_2016.csv", "scada_2017.csv.gz")
    (said,) = [found for found in fleet.open(folder).results.findings if "not read" in found.text]
    assert said.severity == "warning"
    assert "scada_2016.csv" in said.text
