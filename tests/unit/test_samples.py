"""The packaged samples: found, complete, small enough, attributed and unchanged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fleet import samples
from fleet.errors import InputError
from fleet.farm_file import load_farm

FILES = {
    "hill_of_towie": {
        "Hill_of_Towie_alarms_description.csv",
        "Hill_of_Towie_turbine_metadata.csv",
        "tblAlarmLog_2019_01_first29rows.csv",
        "tblSCTurFlag_2024_07.csv.gz",
    },
    "kelmarsh": {
        "Kelmarsh_WT_dataSignalMapping.csv",
        "Kelmarsh_WT_static.csv",
        "Status_Kelmarsh_1_sample.csv",
        "Status_Kelmarsh_2_sample.csv",
        "Turbine_Data_Kelmarsh_2_sample_slice_20160301-02.csv",
    },
    "la_haute_borne": {
        "SCADA_data_description.csv",
        "era5_wind_la_haute_borne.csv.gz",
        "la-haute-borne-data-2014-2015.csv.gz",
        "la-haute-borne_asset_table.csv",
        "plant_data.csv.gz",
    },
    "penmanshiel": {"Penmanshiel_WT_static.csv", "Status_Penmanshiel_01_2023-02-01_-_2023-03-01_1042.csv"},
    "sdwpf": {"sdwpf_baidukddcup2022_turb_location.CSV", "sdwpf_days_turbines_1-67.csv.gz"},
}


def test_names_are_the_five_farms() -> None:
    assert samples.names() == ("hill_of_towie", "kelmarsh", "la_haute_borne", "penmanshiel", "sdwpf")


@pytest.mark.parametrize("name", sorted(FILES))
def test_folder_holds_the_publishers_files_settings_and_attribution(name: str) -> None:
    found = {file.name for file in samples.path(name).iterdir()}
    assert found == FILES[name] | {"farm.toml", "ATTRIBUTION.md"}


@pytest.mark.parametrize(
    ("name", "title", "time_zone"),
    [
        ("hill_of_towie", "Hill of Towie", "Europe/London"),
        ("kelmarsh", "Kelmarsh", "Europe/London"),
        ("la_haute_borne", "La Haute Borne", "Europe/Paris"),
        ("penmanshiel", "Penmanshiel", "Europe/London"),
        ("sdwpf", "SDWPF", "Asia/Shanghai"),
    ],
)
def test_settings_are_valid_and_their_asset_table_is_there(name: str, title: str, time_zone: str) -> None:
    folder = samples.path(name)
    farm = load_farm(folder / "farm.toml")
    assert (farm.name, farm.time_zone) == (title, time_zone)
    assert (folder / farm.assets).is_file()


@pytest.mark.parametrize("name", sorted(FILES))
def test_attribution_names_every_file_and_its_licence(name: str) -> None:
    text = (samples.path(name) / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert [file for file in FILES[name] if file not in text] == []
    assert "Licence Ouverte" in text or "CC-BY-4.0" in text


def test_all_samples_together_stay_below_20_mb() -> None:
    sizes = [file.stat().st_size for name in samples.names() for file in samples.path(name).rglob("*")]
    assert sum(sizes) <= 20_000_000


def test_scada_export_has_the_420480_rows_of_the_issue() -> None:
    with gzip.open(samples.path("la_haute_borne") / "la-haute-borne-data-2014-2015.csv.gz", "rb") as stream:
        text = stream.read()
    assert len(text.splitlines()) - 1 == 420_480


def test_reanalysis_is_two_whole_years_of_hours_without_a_date_in_its_gzip_header() -> None:
    packed = (samples.path("la_haute_borne") / "era5_wind_la_haute_borne.csv.gz").read_bytes()
    stamps = [line.split(b",")[1].decode() for line in gzip.decompress(packed).splitlines()[1:]]
    assert (stamps[0], stamps[-1]) == ("2014-01-01 00:00:00", "2015-12-31 23:00:00")
    assert len(set(stamps)) == len(stamps) == 2 * 365 * 24
    assert packed[4:8] == bytes(4)


def test_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r'no sample farm "penmanshiell" \(did you mean "penmanshiel"\?\)'):
        samples.path("penmanshiell")


@pytest.mark.parametrize("name", ["", ".", "..", "../la_haute_borne", "/"])
def test_only_names_lead_to_a_folder_never_paths(name: str) -> None:
    with pytest.raises(InputError, match="there are: hill_of_towie, kelmarsh, la_haute_borne, penmanshiel, sdwpf"):
        samples.path(name)


def test_samples_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fleet" / "_samples" / "shipped").mkdir(parents=True)
    (tmp_path / "fleet" / "_samples" / "shipped" / "farm.toml").write_text('name = "Shipped"\n')
    (tmp_path / "data" / "scada_samples" / "in_repository").mkdir(parents=True)
    monkeypatch.setattr(samples, "__file__", str(tmp_path / "fleet" / "samples.py"))
    assert samples.names() == ("shipped",)
    assert samples.path("shipped") == tmp_path / "fleet" / "_samples" / "shipped"


def test_missing_samples_are_said_with_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "__file__", str(tmp_path / "fleet" / "samples.py"))
    with pytest.raises(InputError, match="install the windform wheel again"):
        samples.names()
