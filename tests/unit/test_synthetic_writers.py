"""What the writers put on disk, read back by the readers of real exports, is what the generator made."""

from __future__ import annotations

import csv
import gzip
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.dataset import open_dataset
from fleet.errors import ConfigError, OutputError
from fleet.readers.engie import SIGNALS as ENGIE
from fleet.schema import SIGNALS, columns
from fleet.synthetic import FleetSpec, TurbineRun, fleet_runs, read_truth, synthesise
from fleet.synthetic.synthesise import MARKER
from fleet.synthetic.timers import state_timers
from fleet.synthetic.turbine_run import DECIMALS
from fleet.times import series_us
from tests.farms import run_cli

SPEC = FleetSpec(turbines=2, days=40, start="2020-12-10", seed=5)
RUNS = list(fleet_runs(SPEC))
GREENBYTE = {*DECIMALS} - {"air_pressure_pa"}
KEYS = ["turbine", "time"]


def written(folder: Path, format: str, spec: FleetSpec = SPEC, **options: bool) -> Path:
    return synthesise(folder / "farm", spec, format=format, **options)


def read_scada(folder: Path) -> pd.DataFrame:
    files = open_dataset(folder).of_kind("scada")
    batches = [file.read() for file in files]
    assert all(sum(batch.rejected.values()) == 0 for batch in batches)
    return pd.concat([batch.frame for batch in batches], ignore_index=True)


def made(runs: list[TurbineRun]) -> pd.DataFrame:
    return pd.concat([run.scada() for run in runs], ignore_index=True)


@pytest.mark.parametrize(
    ("format", "signals"),
    [
        ("engie", set(ENGIE.values())),
        ("greenbyte", GREENBYTE),
        ("generic", set(DECIMALS)),
        ("generic_parquet", set(DECIMALS)),
    ],
)
def test_scada_reads_back_as_it_was_made(tmp_path: Path, format: str, signals: set[str]) -> None:
    found, expected = read_scada(written(tmp_path, format)), made(RUNS)
    found = found.sort_values(KEYS, kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(found[KEYS], expected[KEYS])
    assert (found["read_flags"] == 0).all()
    for name in columns(SIGNALS):
        if name == "pitch_angle_deg" and format == "greenbyte":  # the reader takes the mean of three equal blades
            assert np.allclose(found[name], expected[name], rtol=0, atol=1e-12, equal_nan=True)
        elif name in signals:
            pd.testing.assert_series_equal(found[name], expected[name])
        else:
            assert found[name].isna().all()


@pytest.mark.parametrize("format", ["greenbyte", "generic", "generic_parquet"])
def test_events_read_back_as_they_were_made(tmp_path: Path, format: str) -> None:
    dataset = open_dataset(written(tmp_path, format))
    batches = [file.read() for file in dataset.of_kind("events")]
    assert all(sum(batch.rejected.values()) == 0 for batch in batches)
    names = ["turbine", "start", "end", "status", "code", "message", "service_category", "iec_category"]
    found = pd.concat([batch.frame for batch in batches])[names]
    expected = pd.concat([run.log() for run in RUNS])[names]
    if format == "greenbyte":  # events that touch two years stand in both files
        assert len(found) > len(found.drop_duplicates())
        found = found.drop_duplicates()
        starts = [batch.declared for batch in batches]
        assert starts[0] == (pd.Timestamp("2020-12-10", tz="UTC"), pd.Timestamp("2021-01-01", tz="UTC"))
    found, expected = (part.sort_values(names).reset_index(drop=True) for part in (found, expected.drop_duplicates()))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("format", ["engie", "greenbyte", "generic", "generic_parquet"])
def test_turbines_read_back(tmp_path: Path, format: str) -> None:
    first, second = open_dataset(written(tmp_path, format)).farm.turbines
    assert (first.name, first.rated_power_kw, first.hub_height, first.rotor_diameter) == ("T0001", 2050.0, 80.0, 82.0)
    assert (first.latitude, first.longitude, first.elevation) == (55.9, -2.3, 200.0)
    assert second.longitude == pytest.approx(-2.293584)  # 400 m east


def test_daylight_clock_reads_back_wrong_as_it_was_written(tmp_path: Path) -> None:
    spec = replace(SPEC, start="2021-03-20", clock="daylight", time_zone="Europe/Paris", turbines=1)
    (run,) = fleet_runs(spec)
    found = read_scada(written(tmp_path, "engie", spec))
    assert set(found["utc_offset_s"]) == {3600, 7200}
    assert np.array_equal(series_us(found["time"]), run.stamps.utc)
    assert int(found["time"].duplicated().sum()) >= 6


def test_lost_offset_is_named_in_the_settings(tmp_path: Path) -> None:
    spec = replace(SPEC, start="2021-07-01", clock="local", turbines=1, days=2)
    folder = written(tmp_path, "generic", spec)
    found = read_scada(folder)
    (run,) = fleet_runs(spec)
    assert np.array_equal(series_us(found["time"]), run.times[run.rows])
    assert (
        tomllib.loads((folder / "farm.toml").read_text(encoding="utf-8"))["sources"][0]["time_zone"] == "Europe/London"
    )


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_hill_of_towie_labels_ends_and_doubles_the_border_of_months(tmp_path: Path) -> None:
    folder = written(tmp_path, "hill_of_towie")
    december, january = (table(folder / f"tblSCTurGrid_{month}.csv") for month in ("2020_12", "2021_01"))
    mine = [row for row in december if row["StationId"] == "2304510"]
    assert mine[0]["TimeStamp"] == "2020-12-10 00:10:00"
    assert mine[-1]["TimeStamp"] == "2021-01-01 00:00:00"
    assert mine[-1] == next(row for row in january if row["StationId"] == "2304510")
    run = RUNS[0]
    power = {row["TimeStamp"]: row["wtc_ActPower_mean"] for row in mine + january if row["StationId"] == "2304510"}
    ends = pd.DatetimeIndex((run.times[run.rows] + 600_000_000).astype("datetime64[us]")).strftime("%Y-%m-%d %H:%M:%S")
    assert len(power) == len(set(ends))
    for stamp, value in zip(ends, run.signals["power_kw"][run.rows], strict=True):
        assert power[stamp] == "" if np.isnan(value) else float(power[stamp]) == value
    flags = table(folder / "tblSCTurFlag_2020_12.csv")
    stops = ("wtc_ScTurSto_timeon", "wtc_ScComSto_timeon", "wtc_ScEnvSto_timeon", "wtc_ScGrdSto_timeon")
    assert all(float(row["wtc_ScReToOp_timeon"]) + sum(float(row[name]) for name in stops) == 600.0 for row in flags)
    alarms = [row for month in ("2020_12", "2021_01") for row in table(folder / f"tblAlarmLog_{month}.csv")]
    logged = [event for one in RUNS for event in one.truth.events if event.status == "stop"]
    assert sum(int(row["Alarmcode"]) >= 8000 for row in alarms) == len(logged)
    assert {row["Turbine Name"] for row in table(folder / "Hill_of_Towie_turbine_metadata.csv")} == {"T0001", "T0002"}
    seconds = [float(row["ShutdownDuration"]) for row in table(folder / "ShutdownDuration.csv")]
    assert 0.0 < sum(seconds) < 0.2 * 600.0 * len(seconds)


def test_sdwpf_counts_days_in_local_time(tmp_path: Path) -> None:
    spec = replace(SPEC, start="2020-05-01", days=2, gaps_per_year=0.0, missing_share=0.0)
    rows = table(written(tmp_path, "sdwpf", spec) / "sdwpf_synthetic.csv")
    assert (rows[0]["TurbID"], rows[0]["Day"], rows[0]["Tmstamp"]) == ("1", "1", "08:00")  # midnight UTC in China
    assert (rows[96]["Day"], rows[96]["Tmstamp"]) == ("2", "00:00")
    (first, *_) = fleet_runs(spec)
    assert float(rows[0]["Patv"]) == first.signals["power_kw"][0]
    assert len(table(tmp_path / "farm" / "sdwpf_turb_location.csv")) == 2
    with pytest.raises(ConfigError, match="expected 2020-05-01 or later"):
        written(tmp_path / "early", "sdwpf", replace(spec, start="2020-04-30"))


def test_meter_counts_the_true_energy_less_losses(tmp_path: Path) -> None:
    folder = written(tmp_path, "engie", meter=True)
    (meter,) = open_dataset(folder).of_kind("meter")
    frame = meter.read().frame
    power = sum(run.truth.power_kw for run in RUNS)
    lost = 4100.0 * (0.02 * (power / 4100.0) ** 2 + 0.002)
    assert frame["energy_kwh"].to_numpy() == pytest.approx((power - lost) / 6.0, abs=0.0006)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_gives_the_same_bytes_packed_or_not(tmp_path: Path) -> None:
    spec = replace(SPEC, days=5)
    one, two = (bytes_of(written(tmp_path / name, "greenbyte", spec, packed=True)) for name in "ab")
    plain = bytes_of(written(tmp_path / "c", "greenbyte", spec))
    assert one == two
    for name, content in one.items():
        if name.endswith(".gz"):
            assert gzip.decompress(content) == plain[name.removesuffix(".gz")]
    assert sum(name.endswith(".csv.gz") for name in one) == 5
    pd.testing.assert_frame_equal(read_scada(tmp_path / "a" / "farm"), read_scada(tmp_path / "c" / "farm"))
    assert bytes_of(written(tmp_path / "d", "greenbyte", replace(spec, seed=6))) != plain


def test_truth_reads_back(tmp_path: Path) -> None:
    target = tmp_path / "truth.parquet"
    synthesise(tmp_path / "farm", replace(SPEC, days=5), format="generic", truth=target)
    truth = read_truth(target)
    assert len(truth.records) == 2 * 5 * 144
    assert truth.turbines.loc["T0001", "wind_gain"] == RUNS[0].facts["wind_gain"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "farm",
        "truth.parquet",
        "truth_events.parquet",
        "truth_turbines.parquet",
    ]


def test_nothing_of_others_is_overwritten(tmp_path: Path) -> None:
    spec = replace(SPEC, days=1, turbines=1)
    farm = tmp_path / "farm"
    farm.mkdir()
    (farm / "mine.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(OutputError, match=r"not a synthetic fleet .* name an empty or new folder$"):
        synthesise(farm, spec)
    assert [path.name for path in farm.iterdir()] == ["mine.csv"]
    (farm / "mine.csv").unlink()
    synthesise(farm, spec)
    synthesise(farm, spec, format="engie")  # an earlier synthetic fleet is replaced in whole
    assert {path.name for path in farm.iterdir()} == {MARKER, "asset_table.csv", "farm.toml", "scada.csv"}
    (farm / "notes.txt").write_text("a\n", encoding="utf-8")
    with pytest.raises(OutputError, match=r"notes\.txt.*name another folder$"):
        synthesise(farm, spec)
    with pytest.raises(OutputError, match="lies in the farm's folder"):
        synthesise(tmp_path / "other", spec, truth=tmp_path / "other" / "truth.parquet")
    (tmp_path / "truth_events.parquet").write_text("a\n", encoding="utf-8")
    with pytest.raises(OutputError, match="is there already"):
        synthesise(tmp_path / "other", spec, truth=tmp_path / "truth.parquet")
    with pytest.raises(ConfigError, match="engie"):
        synthesise(tmp_path / "other", spec, format="engi")
    assert not (tmp_path / "other").exists()


def test_command_writes_a_farm_that_the_report_reads(tmp_path: Path) -> None:
    farm, truth = tmp_path / "farm", tmp_path / "truth.parquet"
    done = run_cli(
        *("synthesise", str(farm), "--turbines", "2", "--days", "45", "--seed", "4", "--set", "yaw_share=0"),
        *("--truth", str(truth), "--meter"),
    )
    assert done.code == 0, done.err
    assert "2 turbines, 12,960 records in all" in done.out
    report = run_cli("availability", str(farm), "--csv", str(tmp_path / "availability.csv"), "--quiet")
    assert report.code == 0, report.err
    found = pd.read_csv(tmp_path / "availability.csv")
    mine = found[(found["view"] == "operational") & (found["turbine"] != "fleet")].set_index("turbine")
    known = read_truth(truth).availability()
    assert (mine["evidence"] == "status log").all()
    assert mine["time_based"].to_numpy() == pytest.approx(known["time_based"].to_numpy(), abs=1e-9)
    assert mine["production_based"].to_numpy() == pytest.approx(known["production_based"].to_numpy(), abs=0.01)


def test_command_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    wrong = run_cli("synthesise", str(tmp_path / "farm"), "--set", "yaw_shares=1")
    assert (wrong.code, "yaw_share" in wrong.err) == (2, True)
    unknown = run_cli("synthesise", str(tmp_path / "farm"), "--format", "greenbite")
    assert (unknown.code, "greenbyte" in unknown.err) == (2, True)


#: Signals that the readers find, and the name that they give the first turbine.
OTHERS = {
    "hill_of_towie": (
        set(DECIMALS) - {"vane_deg", "air_pressure_pa", "exported_availability"},
        "T0001",
    ),
    "sdwpf": (
        {"power_kw", "wind_speed", "vane_deg", "nacelle_direction_deg", "ambient_temperature_degc", "pitch_angle_deg"},
        "1",
    ),
}


@pytest.mark.parametrize("format", sorted(OTHERS))
def test_records_read_back_from_stamps_of_the_end_and_from_numbered_days(tmp_path: Path, format: str) -> None:
    signals, name = OTHERS[format]
    found, expected = read_scada(written(tmp_path, format)), made(RUNS)
    assert found["turbine"].min() == name
    # Doubled records and the border of the months stand twice.
    found, expected = (
        part.sort_values(KEYS, kind="stable").drop_duplicates(KEYS).reset_index(drop=True) for part in (found, expected)
    )
    assert (found["time"] == expected["time"]).all()
    for signal in DECIMALS:
        if signal in signals:
            assert np.allclose(found[signal], expected[signal], rtol=0, atol=1e-12, equal_nan=True), signal
        else:
            assert found[signal].isna().all(), signal


def test_state_timers_and_the_operators_shutdowns_read_back(tmp_path: Path) -> None:
    dataset = open_dataset(written(tmp_path, "hill_of_towie"))
    timers, operator = (
        pd.concat([file.read().frame for file in dataset.of_kind(kind)])
        .sort_values(KEYS, kind="stable")
        .drop_duplicates(KEYS)
        .reset_index(drop=True)
        for kind in ("timers", "operator")
    )
    expected = pd.concat([state_timers(run) for run in RUNS]).drop_duplicates(KEYS).reset_index(drop=True)
    for name in [name for name in expected if name.endswith("_s")]:
        assert (timers[name] == expected[name]).all(), name
    assert ((timers["alarm_code"] != "") == (expected["alarm_code"] != "")).all()
    assert (operator["unavailable_s"] == 600.0 - expected["ready_s"]).all()
