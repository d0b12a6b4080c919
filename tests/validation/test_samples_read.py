"""The packaged real exports against figures that their publishers and an independent count give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet import samples
from fleet.config import Source
from fleet.farm_file import load_farm
from fleet.inventory import inspect_folder
from fleet.readers import Batch, read, recognise
from fleet.schema import SCADA, SIGNALS, columns, dtypes
from fleet.starter import starter_farm_toml


def _read(farm: str, name: str) -> Batch:
    path = samples.path(farm) / name
    known = recognise(path)
    assert known is not None
    return read(path, Source(format=known.name))


@pytest.fixture(scope="module")
def la_haute_borne() -> pd.DataFrame:
    batch = _read("la_haute_borne", "la-haute-borne-data-2014-2015.csv.gz")
    assert batch.rows_in == len(batch.frame)
    assert batch.rejected == {}
    return batch.frame


def test_la_haute_borne_rows_and_empty_rows(la_haute_borne: pd.DataFrame) -> None:
    assert len(la_haute_borne) == 420_480
    assert int(la_haute_borne[columns(SIGNALS)].isna().all(axis=1).sum()) == 2_569
    assert {name: str(dtype) for name, dtype in la_haute_borne.dtypes.items()} == dtypes(SCADA)
    assert not la_haute_borne["read_flags"].any()
    assert la_haute_borne["turbine"].value_counts().to_dict() == dict.fromkeys(
        ["R80711", "R80721", "R80736", "R80790"], 105_120
    )


def test_la_haute_borne_stamps_keep_what_was_written(la_haute_borne: pd.DataFrame) -> None:
    assert set(la_haute_borne["utc_offset_s"].unique()) == {3600, 7200}
    local = la_haute_borne["time"].dt.tz_localize(None) + pd.to_timedelta(la_haute_borne["utc_offset_s"], unit="s")
    assert (local == la_haute_borne["stamp_local"]).all()
    assert la_haute_borne["time"].min() == pd.Timestamp("2014-01-01", tz="UTC")
    assert la_haute_borne["time"].max() == pd.Timestamp("2015-12-31 23:50", tz="UTC")


def test_la_haute_borne_doubles_and_holes_after_conversion(la_haute_borne: pd.DataFrame) -> None:
    per_turbine = la_haute_borne.groupby("turbine")["time"]
    assert (per_turbine.size() - per_turbine.nunique()).tolist() == [12, 12, 12, 12]
    grid = pd.date_range("2014-01-01", "2015-12-31 23:50", freq="10min", tz="UTC")
    assert [len(grid.difference(pd.DatetimeIndex(times))) for _, times in per_turbine] == [12, 12, 12, 12]


def test_la_haute_borne_energy_of_first_records(la_haute_borne: pd.DataFrame) -> None:
    """Energy with the first of two records of a stamp, summed in units of 0.01 kW."""
    first = la_haute_borne.drop_duplicates(["turbine", "time"])
    units = np.rint(first["power_kw"].fillna(0.0) * 100).astype(np.int64).groupby(first["turbine"]).sum()
    assert (units / 100 / 6 / 1000).round(3).to_dict() == {
        "R80711": 6951.748,
        "R80721": 5433.968,
        "R80736": 5946.673,
        "R80790": 6292.288,
    }


def test_la_haute_borne_publishers_losses() -> None:
    meter = _read("la_haute_borne", "plant_data.csv.gz").frame
    assert meter["availability_loss_kwh"].sum() / 1000 == pytest.approx(307.8, abs=0.05)
    assert meter["curtailment_loss_kwh"].sum() / 1000 == pytest.approx(17.0, abs=0.05)
    assert len(meter) == 105_120


def test_la_haute_borne_reanalysis_is_plausible() -> None:
    frame = _read("la_haute_borne", "era5_wind_la_haute_borne.csv.gz").frame
    assert frame["temperature_degc"].between(-30, 45).all()
    # Density of dry air from the same rows; humidity and the height difference stay under 4 %.
    dry = frame["air_pressure_pa"] / 287.05 / (frame["temperature_degc"] + 273.15)
    assert (frame["air_density"] / dry).between(0.96, 1.02).all()
    assert frame["time"].diff().dropna().eq(pd.Timedelta("1h")).all()


def test_penmanshiel_status_rows_and_open_rows() -> None:
    batch = _read("penmanshiel", "Status_Penmanshiel_01_2023-02-01_-_2023-03-01_1042.csv")
    assert batch.rows_in == 576
    assert batch.rejected == {}
    is_open = batch.frame["end"].isna()
    assert int(is_open.sum()) == 494
    assert set(batch.frame.loc[is_open, "status"]) == {"informational"}
    assert batch.declared == (pd.Timestamp("2023-02-01", tz="UTC"), pd.Timestamp("2023-03-01", tz="UTC"))
    assert not any("durations differ" in line for line in batch.examples)


def test_penmanshiel_static_table_ends_with_an_empty_row() -> None:
    batch = _read("penmanshiel", "Penmanshiel_WT_static.csv")
    assert (batch.rows_in, len(batch.frame), batch.rejected) == (15, 14, {"empty row": 1})
    assert "Penmanshiel 03" not in set(batch.frame["name"])


def test_kelmarsh_slice_with_its_gap() -> None:
    batch = _read("kelmarsh", "Turbine_Data_Kelmarsh_2_sample_slice_20160301-02.csv")
    frame = batch.frame
    assert len(frame) == batch.rows_in == 234  # 39 h
    empty = frame[columns(SIGNALS)].isna().all(axis=1)
    assert int(empty.sum()) == 51  # 8.5 h
    assert frame.loc[empty, "source_row"].diff().dropna().eq(1).all()
    assert not frame["read_flags"].any()


def test_kelmarsh_status_with_the_longest_stop() -> None:
    frame = _read("kelmarsh", "Status_Kelmarsh_1_sample.csv").frame
    stop = frame[(frame["status"] == "stop") & (frame["code"] == "111")].iloc[0]
    assert stop["end"] - stop["start"] == pd.Timedelta("211:08:29")
    assert set(frame["turbine"]) == {"Kelmarsh 1"}
    assert set(frame["status"]) <= {"stop", "warning", "informational", "communication"}


@pytest.mark.parametrize("farm", ["la_haute_borne", "penmanshiel", "kelmarsh", "hill_of_towie", "sdwpf"])
def test_starter_of_a_sample_is_accepted(farm: str, tmp_path: Path) -> None:
    (tmp_path / farm).mkdir()
    for path in samples.path(farm).iterdir():
        if path.name != "farm.toml" and "la-haute-borne-data" not in path.name:
            (tmp_path / farm / path.name).symlink_to(path)
    inventory = inspect_folder(tmp_path / farm)
    (tmp_path / "farm.toml").write_text(starter_farm_toml(inventory), encoding="utf-8")
    assert load_farm(tmp_path / "farm.toml").name == farm
