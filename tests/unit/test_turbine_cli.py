"""`wind-sim turbine`: runs, curves, comparisons, the library, and refusals in one message."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import turbine
from gridforming.cli import app
from turbine import output
from turbine.cli_text import summary
from turbine.control import controller
from turbine.folder import OutputError, check_target, replaced_folder
from turbine.simulation import Schedule
from turbine.step import CHANNELS
from turbine.wind import ntm, steps, wind_class

PAIR = ["compare", "nrel_5mw", "iea_3p4mw"]
FORM = ["iea_15mw", "--wind", "12", "--turbulence", "B", "--seconds", "20", "--seed", "1"]
Runner = Callable[..., tuple[int, str, str]]


@pytest.fixture
def wind_sim(wind_sim: Runner) -> Runner:
    """Run `wind-sim turbine` as a shell does; return exit code, standard output and standard error."""
    return partial(wind_sim, "turbine")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _metrics(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return content


def test_run_writes_a_folder_of_the_same_bytes_each_time(wind_sim: Runner, tmp_path: Path) -> None:
    code, out, err = wind_sim(*FORM, "--out", tmp_path / "a")
    assert (code, err) == (0, "")
    assert "NTM IB at 12 m/s, rotor mean, seed 1" in out
    assert f"Run: {tmp_path / 'a'}" in out
    assert wind_sim("run", *FORM, "--out", tmp_path / "deep" / "b")[0] == 0
    assert sorted(_bytes(tmp_path / "a")) == [
        "metrics.json",
        "plots/cp_surface.svg",
        "plots/energy.svg",
        "plots/overview.png",
        "plots/overview.svg",
        "result.parquet",
    ]
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "deep" / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "deep"]  # nothing temporary stays


@pytest.mark.usefixtures("undrawn")
def test_run_is_the_notebooks_call(wind_sim: Runner, tmp_path: Path) -> None:
    assert wind_sim(*FORM, "--out", tmp_path / "a")[0] == 0
    machine = turbine.load("iea_15mw")
    wind = ntm(
        12.0,
        wind_class("IB"),
        hub_height=machine.require("tower.hub_height"),
        rotor_diameter=2.0 * machine.require("rotor.radius"),
        duration=20.0,
        time_step=0.01,
        seed=1,
    )
    result = turbine.simulate(machine, wind)
    table = pq.read_table(tmp_path / "a" / "result.parquet")
    assert table.column_names == [name for name, _, _ in CHANNELS]
    for name, unit, _ in CHANNELS:
        np.testing.assert_array_equal(table[name].to_numpy(), result[name])
        assert table.schema.field(name).metadata[b"unit"].decode() == unit
    assert json.loads(table.schema.metadata[b"units"])["thrust"] == "N"
    metrics = _metrics(tmp_path / "a")
    power = metrics["channels"]["electrical_power"]
    assert power["mean"] == pytest.approx(result["electrical_power"].mean())
    assert power["max"] == result["electrical_power"].max()
    energy = metrics["energy"]
    parts = ("electrical", "generator_loss", "gearbox_loss", "damping_loss", "brake_loss", "stored", "residual")
    assert sum(energy[f"{part}_mwh"] for part in parts) == pytest.approx(energy["wind_mwh"], rel=1e-12)
    assert energy["electrical_mwh"] == pytest.approx(power["mean"] * 20.0 / 3.6e9, rel=1e-9)
    assert abs(energy["residual_relative"]) < 1e-9
    assert metrics["loads"]["shaft_torque"]["exponent"] == 4.0
    assert metrics["wind"]["seed"] == 1
    assert metrics["time_in_mode_s"]["production"] == pytest.approx(20.0)
    assert str(tmp_path) not in (tmp_path / "a" / "metrics.json").read_text(encoding="utf-8")


@pytest.mark.usefixtures("undrawn")
def test_options_reach_the_simulation(wind_sim: Runner, tmp_path: Path) -> None:
    base = ("nrel_5mw", "--wind", "14", "--seconds", "2")
    assert wind_sim(*base, "--power-limit-kw", "3000", "--out", tmp_path / "limit")[0] == 0
    assert _metrics(tmp_path / "limit")["channels"]["electrical_power"]["mean"] == pytest.approx(3e6, rel=1e-3)
    options = ("--drive-train", "rigid", "--no-tower", "--shear", "0.2", "--tower-shadow", "--step", "0.02")
    assert wind_sim(*base, *options, "--torque-law", "tip-speed-ratio", "--out", tmp_path / "all")[0] == 0
    metrics = _metrics(tmp_path / "all")
    assert metrics["model"]["drive_train_used"] == "rigid"
    assert metrics["model"]["tower"] is False
    assert metrics["model"]["shear_exponent"] == 0.2
    assert metrics["model"]["tower_shadow"] is True
    assert metrics["model"]["time_step"] == 0.02
    assert metrics["controller"]["torque_law"] == "tip_speed_ratio"
    assert (
        wind_sim("nrel_5mw", "--wind", "8", "--seconds", "2", "--reserve-percent", "10", "--out", tmp_path / "r")[0]
        == 0
    )
    kept = _metrics(tmp_path / "r")["channels"]["electrical_power"]["mean"]
    assert wind_sim("nrel_5mw", "--wind", "8", "--seconds", "2", "--out", tmp_path / "f")[0] == 0
    assert kept == pytest.approx(0.9 * _metrics(tmp_path / "f")["channels"]["electrical_power"]["mean"], rel=0.02)


@pytest.mark.usefixtures("undrawn")
def test_an_unknown_tower_stands_still_and_the_run_says_so(wind_sim: Runner, tmp_path: Path) -> None:
    base = ("--wind", "8", "--seconds", "1", "--out", tmp_path / "run")
    code, out, err = wind_sim("iea_3p4mw", *base)
    assert (code, err) == (0, "")
    assert "The tower stands still: unknown are tower.modal_mass, tower.fore_aft_frequency_hz" in out
    assert _metrics(tmp_path / "run")["model"]["tower_used"] is False
    assert "The tower stands still: as asked for" in wind_sim("nrel_5mw", "--no-tower", *base)[1]
    assert "stands still" not in wind_sim("nrel_5mw", *base)[1]
    assert _metrics(tmp_path / "run")["model"]["tower_used"] is True


@pytest.mark.usefixtures("undrawn")
def test_peak_shaving_lowers_the_thrust(wind_sim: Runner, tmp_path: Path) -> None:
    base = ("nrel_5mw", "--wind", "11.4", "--seconds", "1")
    assert wind_sim(*base, "--out", tmp_path / "a")[0] == 0
    assert wind_sim(*base, "--peak-shaving", "0.8", "--out", tmp_path / "b")[0] == 0
    free, shaved = (_metrics(tmp_path / name)["channels"]["thrust"]["mean"] for name in "ab")
    assert 0.7 < shaved / free < 0.9
    assert controller(turbine.load("nrel_5mw")).minimum_pitch is None  # the machine's own has none


@pytest.mark.usefixtures("undrawn")
def test_gusts_come_when_asked_for(wind_sim: Runner, tmp_path: Path) -> None:
    base = ("nrel_5mw", "--wind", "10", "--seconds", "20", "--gust-start", "5", "--out", tmp_path / "g")
    assert wind_sim(*base, "--gust", "eog")[0] == 0
    low = _metrics(tmp_path / "g")["channels"]["wind_speed"]
    assert 5.0 < low["min_time_s"] < low["max_time_s"] < 15.5
    assert wind_sim(*base, "--gust", "eog", "--turbulence", "a+")[0] == 0  # replaces the run; case does not matter
    assert _metrics(tmp_path / "g")["channels"]["wind_speed"]["max"] > low["max"]
    assert wind_sim(*base, "--gust", "ecd")[0] == 0
    assert "ECD" in _metrics(tmp_path / "g")["wind"]["name"]


def test_a_start_from_standstill_says_its_modes(wind_sim: Runner) -> None:
    code, out, _ = wind_sim("nrel_5mw", "--wind", "8", "--seconds", "5", "--start", "parked")
    assert code == 0
    assert "run-up" in out
    assert "Nothing was written" in out


@pytest.mark.parametrize(
    ("wind", "why"), [(27.0, "27.0 m/s is above cut-out"), (1.0, "1.0 m/s is below 0.8 of cut-in")]
)
def test_a_run_that_stands_still_says_why_and_has_no_balance(wind_sim: Runner, wind: float, why: str) -> None:
    code, out, _ = wind_sim("nrel_5mw", "--wind", wind, "--seconds", "5")
    assert code == 0
    assert f"\nBegins parked: the first minute's mean of {why}\n" in out
    assert "\nEnergy: 0 MWh electrical of 0 MWh from the wind\n" in out
    parked = wind_sim("nrel_5mw", "--wind", wind, "--seconds", "5", "--start", "parked")[1]
    assert "Begins parked" not in parked  # as asked for
    assert "balance closes" not in parked
    running = wind_sim("nrel_5mw", "--wind", "8", "--seconds", "1")[1]
    assert "Begins parked" not in running
    assert "balance closes to" in running


@pytest.mark.parametrize(("first", "begins_parked"), [(26.0, True), (24.0, False)])
def test_the_mean_that_is_told_is_the_one_that_decides(
    wind_sim: Runner, tmp_path: Path, first: float, begins_parked: bool
) -> None:
    """Of the first minute: what blows before and after would decide otherwise."""
    file = tmp_path / "wind.csv"
    speeds = [50.0 - first] * 2 + [first] * 58 + [50.0 - first] * 80
    rows = [f"{k},{speed}" for k, speed in enumerate(speeds)]
    file.write_text("time [s],wind speed [m/s]\n" + "\n".join(rows) + "\n", encoding="utf-8")
    out = wind_sim("nrel_5mw", "--wind-file", file, "--seconds", "140")[1]
    assert ("the first minute's mean of 25.9 m/s is above cut-out" in out) is begins_parked


def test_an_overspeed_trip_is_told_with_its_time_and_a_request_is_none(wind_sim: Runner) -> None:
    machine = turbine.load("nrel_5mw")
    settings = controller(machine)
    gust = steps([0.0, 5.0], [8.0, 24.0], duration=30.0, time_step=0.1)
    result = turbine.simulate(machine, gust, settings=settings.replaced(trip_speed=1.05 * settings.rated_speed))
    told = summary(result, output.run_metrics(result))
    trip = result.time[result.modes().index("emergency")]
    assert 5.0 < trip < 20.0
    assert f"\nOverspeed trip at {trip:.1f} s" in told
    asked = turbine.simulate(machine, gust, schedule=Schedule(requests={2.0: "emergency"}))
    assert "emergency" in asked.modes()
    assert "Overspeed trip" not in summary(asked, output.run_metrics(asked))


@pytest.mark.usefixtures("undrawn")
def test_wind_of_a_file(wind_sim: Runner, tmp_path: Path) -> None:
    file = tmp_path / "wind.csv"
    rows = [f"{0.5 * k},{8.0 + 0.01 * k}" for k in range(60)]
    file.write_text("time [s],wind speed [m/s]\n" + "\n".join(rows) + "\n", encoding="utf-8")
    code, _, err = wind_sim("nrel_5mw", "--wind-file", file, "--seconds", "5", "--out", tmp_path / "run")
    assert (code, err) == (0, "")
    metrics = _metrics(tmp_path / "run")
    assert metrics["wind"]["name"] == "wind.csv"
    assert metrics["wind"]["duration_s"] == 5.0
    assert wind_sim("nrel_5mw", "--wind-file", file)[1].startswith("NREL 5 MW, land-based: 30 s, wind.csv")
    assert "at most 30" in wind_sim("nrel_5mw", "--wind-file", file, "--seconds", "50")[2]
    assert "in place of --wind" in wind_sim("nrel_5mw", "--wind-file", file, "--wind", "8")[2]


def test_keys_of_a_machine_file_are_no_options(wind_sim: Runner, tmp_path: Path) -> None:
    (tmp_path / "time_step.toml").write_text('drive_train = "rigid"', encoding="utf-8")
    _, _, err = wind_sim(tmp_path / "time_step.toml", "--wind", "9")
    assert 'time_step.toml: key "drive_train": expected a table' in err
    _, _, err = wind_sim("iea_15mw", "--wind", "9", "--drive-train", "three-mass")
    assert "drive_train.effective_shaft_stiffness" in err


@pytest.mark.usefixtures("undrawn")
def test_machines_of_one_name_are_called_by_their_files(wind_sim: Runner, tmp_path: Path) -> None:
    folder = Path(turbine.__file__).with_name("machines")
    for name in ("nrel_5mw.toml", "nrel_5mw_surface.csv"):
        target = name.replace("5mw.toml", "variant.toml")
        (tmp_path / target).write_bytes((folder / name).read_bytes())
    code, out, _ = wind_sim("compare", "nrel_5mw", tmp_path / "nrel_variant.toml")
    assert code == 0
    assert out.split()[:2] == ["nrel_5mw", "nrel_variant"]
    assert "less" not in out  # no difference, no table of it
    assert wind_sim("compare", "nrel_5mw", "nrel_5mw")[1].split()[:4] == ["nrel_5mw", "(a)", "nrel_5mw", "(b)"]


def test_a_machine_of_ones_own(wind_sim: Runner, tmp_path: Path) -> None:
    folder = Path(turbine.__file__).with_name("machines")
    text = (folder / "nrel_5mw.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace('title = "NREL', 'title = "My NREL'), encoding="utf-8")
    (tmp_path / "nrel_5mw_surface.csv").write_bytes((folder / "nrel_5mw_surface.csv").read_bytes())
    code, out, _ = wind_sim(tmp_path / "mine.toml", "--wind", "9", "--seconds", "1")
    assert code == 0
    assert out.startswith("My NREL 5 MW")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nrel_5m", "--wind", "8"], 'did you mean "nrel_5mw"?'),
        (["no.toml", "--wind", "8"], "no.toml: cannot be read"),
        (["lst"], 'did you mean "list"?'),
        (["senvion_mm82", "--wind", "8"], "has no rotor surface"),
        (["nrel_5mw"], "expected --wind SPEED or --wind-file CSV"),
        (["nrel_5mw", "--wind", "nan"], "--wind: found nan"),
        (["nrel_5mw", "--wind", "-1"], "--wind: found -1 m/s"),
        (["nrel_5mw", "--wind", "8", "--seconds", "0"], "--seconds: found 0 s"),
        (["nrel_5mw", "--wind", "8", "--step", "5"], "--step is 5 s"),
        (["nrel_5mw", "--wind", "8", "--step", "1"], "leave that mode out with --drive-train rigid"),
        (["nrel_5mw", "--wind", "8", "--drive-train", "rigid", "--step", "5"], "leave that mode out with --no-tower"),
        (["nrel_5mw", "--wind", "8", "--shear", "3"], "--shear: found 3"),
        (["nrel_5mw", "--wind", "8", "--seconds", "1e9"], "--seconds 1000000000.0 s at a --step of 0.01 s"),
        (["nrel_5mw", "--wind", "8", "--turbulence", "D"], "--turbulence"),
        (["nrel_5mw", "--wind", "8", "--turbulence", "B", "--seed", "-1"], "'--seed'"),
        (["nrel_5mw", "--wind", "8", "--gust", "eog", "--seconds", "20"], "--gust-start"),
        (["nrel_5mw", "--wind", "8", "--gust-start", "5"], "--gust-start: found without --gust, expected"),
        (["nrel_5mw", "--wind", "8", "--turbulence", "B", "--gust-start", "5"], "--gust-start: found without --gust,"),
        (["nrel_5mw", "--wind", "8", "--wind-class", "II"], "--wind-class: found without --turbulence or --gust,"),
        (["nrel_5mw", "--wind", "8", "--seed", "1"], "--seed: found without --turbulence, expected"),
        (["nrel_5mw", "--wind", "8", "--gust", "eog", "--seed", "1"], "--seed: found without --turbulence, expected"),
        (["nrel_5mw", "--wind", "8", "--reserve-percent", "110"], "--reserve-percent: found 110 %"),
        (["nrel_5mw", "--wind", "8", "--power-limit-kw", "-1"], "--power-limit-kw: found -1 kW"),
        (["nrel_5mw", "--wind", "8", "--peak-shaving", "80"], "--peak-shaving: found 80"),
        (["nrel_5mw", "--wind-file", "none.csv"], "none.csv: cannot be read"),
        (["show", "nrel"], "unknown machine"),
        (["curve", "senvion_mm92"], "has no rotor surface"),
        (["compare", "nrel_5mw"], "Missing argument"),
        (["compare", "nrel_5mw", "nrel_6mw"], 'did you mean "nrel_5mw"?'),
        ([*PAIR, "--opex", "1", "2"], "--opex: found without --capex"),
        ([*PAIR, "--fixed-charge-rate", "0.1"], "--fixed-charge-rate: found without --capex"),
        ([*PAIR, "--capex", "1", "2", "--fixed-charge-rate", "7"], "--fixed-charge-rate: found 7"),
        ([*PAIR, "--capex", "-1", "2"], "--capex: found -1"),
        ([*PAIR, "--capex", "1,2"], "'--capex'"),
        ([*PAIR, "--seconds", "60"], "--seconds: found without --seeds"),
        ([*PAIR, "--turbulence", "A"], "--turbulence: found without --seeds"),
        ([*PAIR, "--seeds", "1", "--seconds", "0"], "--seconds: found 0 s"),
        ([*PAIR, "--seeds", "-1"], "'--seeds'"),
        ([*PAIR, "--mean-wind", "0"], "--mean-wind: found 0 m/s"),
    ],
)
def test_mistakes_end_in_one_message(wind_sim: Runner, arguments: list[str], expected: str) -> None:
    code, out, err = wind_sim(*arguments)
    assert code == 2
    assert out == ""
    assert expected in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("undrawn")
def test_a_folder_of_something_else_is_left_alone(wind_sim: Runner, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep me")
    code, _, err = wind_sim(*FORM, "--out", tmp_path)
    assert code == 4
    assert "not a turbine run" in err
    assert wind_sim(*FORM, "--out", tmp_path / "notes.txt")[0] == 4
    assert wind_sim(*FORM, "--out", tmp_path / "notes.txt" / "below")[0] == 4
    assert wind_sim(*FORM, "--out", tmp_path / "run")[0] == 0
    (tmp_path / "run" / "mine.txt").write_text("keep me")
    code, _, err = wind_sim(*FORM, "--out", tmp_path / "run")
    assert code == 4
    assert "mine.txt" in err
    (tmp_path / "run" / "mine.txt").unlink()
    code, _, err = wind_sim("curve", "nrel_5mw", "--out", tmp_path / "run")  # a run is no curve
    assert code == 4
    assert "not a turbine curve" in err


def test_a_break_leaves_the_earlier_result_whole(tmp_path: Path) -> None:
    out = tmp_path / "run"

    def half_written(text: str, fails: bool) -> None:
        with replaced_folder(out, output.RUN) as folder:
            (folder / "metrics.json").write_text(json.dumps({"kind": output.RUN, "text": text}))
            if fails:
                raise KeyboardInterrupt

    half_written("first", fails=False)
    with pytest.raises(KeyboardInterrupt):
        half_written("second", fails=True)
    assert _metrics(out)["text"] == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    half_written("third", fails=False)
    assert _metrics(out)["text"] == "third"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    with (
        pytest.raises(OutputError, match="cannot be written"),
        replaced_folder(tmp_path / "locked" / "run", output.RUN),
    ):
        pass


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    check_target(tmp_path, output.RUN)
    (tmp_path / "metrics.json").write_text("not json")
    with pytest.raises(OutputError, match="holds files that are not a turbine run"):
        check_target(tmp_path, output.RUN)


def test_list_and_show_say_what_is_known_and_what_is_not(wind_sim: Runner) -> None:
    code, out, _ = wind_sim("list")
    assert code == 0
    assert all(name in out for name in turbine.names())
    without = [line.split()[0] for line in out.splitlines() if "no tower values" in line]
    assert without == ["iea_3p4mw", "nrel_2p8mw", "senvion_mm82", "senvion_mm92"]
    for name in turbine.names():
        machine = turbine.load(name)
        code, out, _ = wind_sim("show", name)
        assert code == 0
        assert out.startswith(f"{name}: {machine.title}")
        for key, why in machine.missing.items():
            assert any(line.split() == [key, *why.split()] for line in out.partition("\nmissing\n")[2].splitlines())
    row = next(line for line in wind_sim("show", "nrel_5mw")[1].splitlines() if line.startswith("  radius"))
    assert row.split()[:4] == ["radius", "63", "m", "read"]


def test_curve_prints_and_writes_the_steady_table(wind_sim: Runner, tmp_path: Path) -> None:
    code, out, err = wind_sim("curve", "nrel_5mw", "--out", tmp_path / "c")
    assert (code, err) == (0, "")
    row = next(line for line in out.splitlines() if line.split()[:1] == ["8.000"])
    assert row.split()[1] == "1.720"
    table = pq.read_table(tmp_path / "c" / "result.parquet")
    at = table["wind_speed"].to_numpy().tolist().index(8.0)
    assert table["electrical_power"][at].as_py() == pytest.approx(1.72e6, rel=1e-3)
    assert table.schema.field("thrust").metadata[b"unit"] == b"N"
    assert sorted(path.name for path in (tmp_path / "c" / "plots").iterdir()) == [
        "cp_surface.svg",
        "overview.png",
        "overview.svg",
    ]
    assert _metrics(tmp_path / "c")["peaks"]["thrust"]["wind_speed_m_s"] == pytest.approx(11.5, abs=0.6)
    assert wind_sim("curve", "iea_3p4mw")[0] == 0  # no tower is known, none is needed


def test_compare_prints_and_writes_both(wind_sim: Runner, tmp_path: Path) -> None:
    costs = ("--capex", "5e6", "4e6", "--opex", "2e5", "1e5")
    code, out, err = wind_sim("compare", "nrel_5mw", "iea_3p4mw", "--mean-wind", "8.5", *costs, "--out", tmp_path / "c")
    assert (code, err) == (0, "")
    assert "annual energy" in out
    assert "cost of energy" in out
    assert "tower stands still" not in out  # steady loads do not depend on it
    found = _metrics(tmp_path / "c")
    assert found["names"] == ["nrel_5mw", "iea_3p4mw"]
    energy = found["quantities"]["annual_energy"]
    assert energy["difference"] == pytest.approx(energy["b"] - energy["a"])
    bands = sum(band["difference_mwh"] for band in found["energy_difference_by_band"])
    assert bands == pytest.approx(energy["difference"], rel=1e-6)
    which = pq.read_table(tmp_path / "c" / "result.parquet")["machine"].to_numpy()
    assert set(which) == {0.0, 1.0}


@pytest.mark.slow
def test_compare_runs_load_cases_on_demand(wind_sim: Runner) -> None:
    code, out, _ = wind_sim("compare", "nrel_5mw", "iea_3p4mw", "--seeds", "1", "--seconds", "20")
    assert code == 0
    assert "shaft torque, equivalent load of m = 4" in out
    assert "iea_3p4mw: The tower stands still: unknown are tower.modal_mass" in out
    assert "nrel_5mw: The tower stands still" not in out


@pytest.mark.parametrize("command", ["", "run", "curve", "compare", "list", "show"])
def test_every_help_has_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["turbine", *([command] if command else []), "--help"])
    assert result.exit_code == 0
    assert "Example: wind-sim turbine" in result.stdout
