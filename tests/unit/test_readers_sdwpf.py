"""SDWPF: the packaged sample against counts made without the reader, and its traps on rows written for the test."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet import samples
from fleet.config import Source
from fleet.dataset import open_dataset
from fleet.errors import InputError
from fleet.flags import Flag
from fleet.inventory import inspect_folder
from fleet.plots.site import local_km
from fleet.readers import Batch, format_named, read, recognise
from fleet.schema import SCADA, SIGNALS, columns, dtypes
from fleet.starter import starter_farm_toml

HEADER = "TurbID,Day,Tmstamp,Wspd,Wdir,Etmp,Itmp,Ndir,Pab1,Pab2,Pab3,Prtv,Patv"
ROW = "1,15,00:10,5.5,-14.75,20.74,33.52,-93.07,1.0,2.0,6.0,-0.3,450.5"
LOCATION = "sdwpf_baidukddcup2022_turb_location.CSV"


def _read(folder: Path, *rows: str, header: str = HEADER, **settings: str) -> Batch:
    path = folder / "export.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    known = recognise(path)
    assert known is not None
    return read(path, Source.model_validate({"format": known.name, **settings}))


@pytest.fixture(scope="module")
def sample() -> Batch:
    path = samples.path("sdwpf") / "sdwpf_days_turbines_1-67.csv.gz"
    known = recognise(path)
    assert known is not None
    return read(path, Source(format=known.name))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with gzip.open(samples.path("sdwpf") / "sdwpf_days_turbines_1-67.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


def test_sample_has_the_schema_and_every_row(sample: Batch) -> None:
    assert {name: str(dtype) for name, dtype in sample.frame.dtypes.items()} == dtypes(SCADA)
    assert (sample.rows_in, len(sample.frame), sample.rejected) == (19_296, 67 * 2 * 144, {})
    assert set(sample.frame["turbine"]) == {str(number) for number in range(1, 68)}
    assert int(sample.frame[columns(SIGNALS)].isna().all(axis=1).sum()) == 81


def test_sample_s_days_are_china_s(sample: Batch) -> None:
    times = sample.frame["time"]
    assert times.min() == pd.Timestamp("2020-05-14 16:00", tz="UTC")  # day 15, 00:00 at +08:00
    assert times.max() == pd.Timestamp("2020-05-16 15:50", tz="UTC")
    assert set(sample.frame["utc_offset_s"]) == {8 * 3600}
    assert sample.frame["stamp_local"].min() == pd.Timestamp("2020-05-15")
    assert sample.offsets_given
    assert any("day 1 taken as 2020-05-01, clock as Asia/Shanghai" in note for note in sample.examples)
    assert format_named("sdwpf_scada").stamps == "assumed start"


def test_publishers_rules_against_a_count_row_by_row(sample: Batch, rows: list[dict[str, str]]) -> None:
    still = [float(r["Patv"]) <= 0 and float(r["Wspd"]) > 2.5 if r["Patv"] else False for r in rows]
    feathered = [any(float(r[b]) > 89 for b in ("Pab1", "Pab2", "Pab3")) if r["Pab1"] else False for r in rows]
    turned = [abs(float(r["Ndir"])) > 720 or abs(float(r["Wdir"])) > 180 if r["Ndir"] else False for r in rows]
    assert (sum(still), sum(feathered), sum(turned)) == (497, 3_730, 0)
    unknown = np.array(still) | np.array(feathered)
    assert int(unknown.sum()) == 3_895
    flagged = (sample.frame["read_flags"].to_numpy() & int(Flag.PUBLISHER)) > 0
    np.testing.assert_array_equal(flagged, unknown)
    said = [note.removeprefix("sdwpf_days_turbines_1-67.csv.gz: rows ") for note in sample.examples[:2]]
    assert said == [
        "unknown by the publisher's rules: 3,895 (power not positive in more than 2.5 m/s: 497; a blade beyond 89 deg: "
        "3,730)",
        "abnormal by the publisher's rules: 0 (nacelle direction beyond 720 deg: 0; vane beyond 180 deg: 0)",
    ]


def test_single_rows_of_the_sample_by_eye(sample: Batch) -> None:
    second = sample.frame.iloc[1]
    assert second[["power_kw", "wind_speed", "vane_deg", "ambient_temperature_degc"]].tolist() == [
        -0.3,
        1.32,
        -14.75,
        20.74,
    ]
    assert second["nacelle_direction_deg"] == pytest.approx(360.0 - 93.07)
    assert second["pitch_angle_deg"] == pytest.approx((90.36 + 90.39 + 90.37) / 3)
    last = sample.frame.iloc[-1]
    assert last[["turbine", "power_kw", "wind_speed"]].tolist() == ["67", 251.15, 4.76]


def test_sample_s_directions_lie_within_a_turn_and_hot_rows_are_left_as_they_are(sample: Batch) -> None:
    assert sample.frame["nacelle_direction_deg"].dropna().between(0.0, 360.0).all()
    assert int((sample.frame["ambient_temperature_degc"] > 60.0).sum()) == 861
    assert sample.frame["ambient_temperature_degc"].max() == 394.04


def test_places_without_coordinates_become_turbines_of_the_farm_s_rated_power() -> None:
    turbines = open_dataset("sdwpf").farm.turbines
    assert len(turbines) == 134
    assert {turbine.rated_power_kw for turbine in turbines} == {1500.0}
    first = next(turbine for turbine in turbines if turbine.name == "1")
    assert (first.x_m, first.y_m, first.latitude) == (3349.8515, 5939.23193, None)
    place = local_km(turbines).set_index("turbine")
    assert place["east"].mean() == pytest.approx(0.0, abs=1e-9)
    assert place.loc["2", "north"] - place.loc["1", "north"] == pytest.approx(0.47741480)


def test_inventory_says_the_traps_and_the_rated_power() -> None:
    inventory = inspect_folder(samples.path("sdwpf"))
    entry = next(file for file in inventory.files if file.kind == "scada")
    assert (entry.stamps, entry.empty, entry.gaps, entry.duplicates) == ("assumed start", 81, 0, 0)
    assert len(entry.notes) == 3
    assert set(inventory.turbine_table()["rated_power_kw"]) == {1500.0}


def test_a_table_without_rated_power_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / LOCATION).write_bytes((samples.path("sdwpf") / LOCATION).read_bytes())
    _read(tmp_path, ROW)
    with pytest.raises(InputError, match=r"gives no rated power; set rated_power_kw = \.\.\. \[kW\] in .*farm\.toml"):
        open_dataset(tmp_path)
    text = starter_farm_toml(inspect_folder(tmp_path))
    assert "# rated_power_kw = 0.0  # of turbines for which the asset table gives none: fill in [kW]" in text


def test_report_leaves_the_publisher_s_rows_out_of_every_use_and_says_so() -> None:
    results = fleet.open("sdwpf", turbines=("1", "2")).results
    assert results.quality is not None
    used = results.quality.accounting.query("reason == 'publisher'").groupby("use")["rows"].sum()
    assert set(used.index) == {"energy", "availability", "power_curve"}
    assert used.gt(0).all()
    assert any("publisher's rules call unknown or abnormal" in finding.text for finding in results.findings)
    note = results.sources.set_index("kind").loc["scada", "note"]
    assert "rows unknown by the publisher's rules: 3,895" in note


@pytest.mark.parametrize(
    ("change", "hit"),
    [
        ({}, False),
        ({"Patv": "0", "Wspd": "2.5"}, False),
        ({"Patv": "0", "Wspd": "2.51"}, True),
        ({"Pab3": "89.0"}, False),
        ({"Pab3": "89.01"}, True),
        ({"Ndir": "-720.0"}, False),
        ({"Ndir": "-720.5"}, True),
        ({"Wdir": "180"}, False),
        ({"Wdir": "-180.5"}, True),
    ],
)
def test_borders_of_the_rules(tmp_path: Path, change: dict[str, str], hit: bool) -> None:
    cells = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | change
    frame = _read(tmp_path, ",".join(cells.values())).frame
    assert bool(frame.loc[0, "read_flags"] & Flag.PUBLISHER) is hit


def test_direction_beyond_two_turns_stays_as_written(tmp_path: Path) -> None:
    rows = [ROW.replace("-93.07", turn) for turn in ("575.13", "720", "-720", "721")]
    frame = _read(tmp_path, *rows).frame
    assert frame["nacelle_direction_deg"].tolist() == pytest.approx([215.13, 0.0, 0.0, 721.0])


def test_days_and_clocks_that_cannot_be_read_are_flagged_and_quoted(tmp_path: Path) -> None:
    rows = [ROW.replace(",15,", f",{day},") for day in ("1", "245", "0", "1.5", "x", "", "36526")]
    batch = _read(tmp_path, *rows, ROW.replace("00:10", "24:10"), "1,15")
    assert batch.rows_in == len(batch.frame) == 9
    assert batch.frame["read_flags"].tolist() == [0, 0, *[Flag.UNREADABLE] * 7]
    assert batch.frame["stamp_local"].tolist()[:2] == [
        pd.Timestamp("2020-05-01 00:10"),
        pd.Timestamp("2020-12-31 00:10"),
    ]
    assert "export.csv:4: column Day Tmstamp, found '0 00:10', expected a time stamp" in batch.examples
    assert batch.examples[-1].startswith("export.csv:10: found 2 fields, expected 13")


def test_malformed_row_before_others_does_not_shift_the_rules(tmp_path: Path) -> None:
    batch = _read(tmp_path, "1,15", ROW, ROW.replace("6.0", "90.0"))
    assert batch.frame["read_flags"].tolist() == [Flag.UNREADABLE, 0, Flag.PUBLISHER]


def test_a_time_zone_that_is_set_counts(tmp_path: Path) -> None:
    frame = _read(tmp_path, ROW, time_zone="UTC").frame
    assert frame.loc[0, "time"] == pd.Timestamp("2020-05-15 00:10", tz="UTC")


def test_missing_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='column "Pab2" is missing'):
        _read(tmp_path, "1,15,00:10,5,0,1,1,1,1", header="TurbID,Day,Tmstamp,Wspd,Wdir,Etmp,Ndir,Patv,Pab1")
