"""What a scenario's run leaves behind: a folder that makes itself again byte for byte, and what commands print."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.main import get_command

from gridforming.cli import app
from gridforming.cli_text import modes_text, parse_lines, split_alternative
from gridforming.fixed_point import operating_point
from gridforming.linear import linearise
from gridforming.output import run_metrics, write_run
from gridforming.scenario import load_scenario, run_scenario, scenario_names
from turbine.errors import SimulationError

SCENARIOS = Path(__file__).resolve().parents[2] / "gridforming" / "scenarios"
Runner = Callable[..., tuple[int, str, str]]

SMALL = """
title = "A motor beside a converter"
about = "Two lines,\\nand \\"quotes\\"."
[run]
duration = 0.1
output_step = 1e-3
metrics_since = 0.02
[network]
buses = ["pump bus", "plant", "dead"]
[[grid]]
name = "g"
bus = "plant"
short_circuit_ratio = 5.0
x_over_r = inf
[[line]]
name = "line"
start = "plant"
end = "pump bus"
reactance = 0.05
[[breaker]]
name = "cb"
start = "plant"
end = "dead"
closed = false
[[motor]]
name = "pump"
bus = "pump bus"
rated_power = 1e5
[[machine]]
name = "diesel"
bus = "plant"
rated_power = 1e5
exciter = false
[[converter]]
name = "unit.1"
bus = "plant"
rated_power = 1e6
active = 0.3
control = {kind = "forming", law = {kind = "droop", droop = 0.02}}
[[trace]]
grid = "g"
path = "f.csv"
[[event]]
kind = "set_reference"
time = 0.05
converter = "unit.1"
active = 0.4
[[step]]
name = "wait"
wait = 0.03
[[step]]
name = "close"
close = "cb"
until = {signal = "voltage", place = "dead", above = 0.5}
[[alternative]]
name = "quick"
about = "Half of its droop."
values = {"converter.\\"unit.1\\".control.law.droop" = 0.01, "event.1.active" = 0.45}
[[alternative]]
name = "never"
values = {"step.close.until.above" = 2.0, "step.close.timeout" = 0.02}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f.csv").write_text("time_s,frequency_hz\n0,50\n0.0333,50.1\n0.07,49.97\n9,50\n")
    path = tmp_path / "in" / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _metrics(folder: Path) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    text = (folder / "metrics.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def test_folder_holds_table_figures_plots_and_scenario(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    code, printed, err = wind_sim("run", small, "--out", out)
    assert (code, err) == (0, "")
    assert f"Written: {out}" in printed
    assert sorted(_bytes(out)) == [
        "metrics.json",
        "plots/current.svg",
        "plots/overview.png",
        "plots/overview.svg",
        "result.parquet",
        "scenario.toml",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "in"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]  # nothing temporary stays
    metrics = _metrics(out)
    assert metrics["kind"] == "windform grid run"
    assert (metrics["scenario"], metrics["alternative"]) == ("small", "")
    assert metrics["title"] == "A motor beside a converter"
    assert metrics["sequence"] == "done at 0.04 s"
    assert metrics["start_s"] == pytest.approx(0.02)
    assert set(metrics["buses"]) == {"pump bus", "plant", "dead"}
    assert set(metrics["converters"]) == {"unit.1"}
    assert set(metrics["machines"]) == {"pump", "diesel"}
    assert any('closes "cb"' in note for note in metrics["notes"])
    assert set(metrics["versions"]) == {"python", "windform", "numpy", "numba"}
    assert str(tmp_path) not in (out / "metrics.json").read_text() + (out / "scenario.toml").read_text()


@pytest.mark.usefixtures("undrawn")
def test_table_has_the_runs_columns_each_with_its_unit(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    assert wind_sim("run", small, "--out", tmp_path / "out")[0] == 0
    result = run_scenario(load_scenario(small))
    table = pq.read_table(tmp_path / "out" / "result.parquet")
    units = json.loads(table.schema.metadata[b"units"])
    assert list(units) == table.column_names
    for name in table.column_names:
        meta = table.schema.field(name).metadata
        assert meta[b"unit"].decode() == units[name]
        assert meta[b"meaning"]
    assert table["time"].to_numpy() == pytest.approx(np.arange(100) * 1e-3)
    np.testing.assert_array_equal(table["dead.voltage"].to_numpy(), np.abs(result.voltage("dead")))
    speed, current = result.converter("unit.1", "speed"), result.machine("pump", "current")
    np.testing.assert_array_equal(table["unit.1.speed"].to_numpy(), speed)
    np.testing.assert_array_equal(table["pump.current"].to_numpy(), current)
    expected = {
        "time": "s",
        "plant.voltage": "pu",
        "plant.frequency": "Hz",
        "unit.1.active_power": "pu",
        "unit.1.angle": "rad",
        "unit.1.limited": "1",
        "diesel.field_voltage": "pu",
        "pump.speed": "pu",
    }
    assert {name: units[name] for name in expected} == expected
    assert "pump.angle" not in units
    hertz = table["plant.frequency"].to_numpy()
    assert np.isnan(hertz[0])
    assert np.nanmax(np.abs(hertz[25:] - 50.0)) < 1.0


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "given",
    [
        (),
        ("--set", "run.duration=0.08", "--set", "grid.g.short_circuit_ratio=4"),
        ("--alternative", "quick"),
        ("--alternative", "never", "--set", "title=mine", "--set", "motor.pump.rated_power=5e4"),
    ],
)  # fmt: skip
def test_a_folders_scenario_makes_the_same_bytes_again(
    given: tuple[str, ...], wind_sim: Runner, small: Path, tmp_path: Path
) -> None:
    """Also without the trace beside it, from where it lies and over itself."""
    a, b = tmp_path / "a", tmp_path / "b"
    code = 3 if "never" in given else 0  # of a sequence that fails
    assert wind_sim("run", small, *given, "--out", a)[0] == code
    first = _bytes(a)
    (small.parent / "f.csv").unlink()
    assert wind_sim("run", a / "scenario.toml", "--out", b)[0] == code
    assert _bytes(b) == first
    assert wind_sim("run", a / "scenario.toml", "--out", a)[0] == code
    assert _bytes(a) == first
    metrics = _metrics(a)
    assert metrics["scenario"] == "small"
    assert metrics["alternative"] == (given[1] if "--alternative" in given else "")
    if "never" in given:
        assert metrics["title"] == "mine"
        assert metrics["sequence"].startswith('failed at 0.05 s: step "close": voltage of "dead" above 2 not met')


@pytest.mark.usefixtures("undrawn")
def test_values_reach_the_run(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    assert wind_sim("run", small, "--set", 'converter."unit.1".active=0.2', "--out", tmp_path / "a")[0] == 0
    unit = _metrics(tmp_path / "a")["converters"]["unit.1"]
    assert unit["active_power_start_pu"] == pytest.approx(0.2, abs=0.05)
    assert "active = 0.2" in (tmp_path / "a" / "scenario.toml").read_text()


def test_shipped_scenario_of_an_alternative_makes_itself_again(wind_sim: Runner, tmp_path: Path) -> None:
    given: tuple[str, ...] = ("strong_grid_step", "--alternative", "forming", "--set", "run.duration=0.3")
    # What lies after the end is refused, hence without the second event.
    assert wind_sim("run", *given, "--out", tmp_path / "a")[0] == 2
    given = (*given, "--set", "event.2.time=0.25")
    assert wind_sim("run", *given, "--out", tmp_path / "a")[0] == 0
    assert wind_sim("run", tmp_path / "a" / "scenario.toml", "--out", tmp_path / "b")[0] == 0
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert (_metrics(tmp_path / "b")["scenario"], _metrics(tmp_path / "b")["alternative"]) == (
        "strong_grid_step",
        "forming",
    )


@pytest.mark.usefixtures("undrawn")
def test_command_and_python_make_the_same_folder(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    assert wind_sim("run", small, "--out", tmp_path / "a")[0] == 0
    scenario = load_scenario(small)
    found = write_run(scenario, run_scenario(scenario), tmp_path / "b")
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert found == _metrics(tmp_path / "b")


def test_run_prints_its_figures_and_writes_nothing_unasked(
    wind_sim: Runner, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = wind_sim("run", small)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "A motor beside a converter: 0.02 to 0.099 s"
    head = next(line for line in lines if line.startswith("buses"))
    assert "lowest voltage [pu]" in head
    assert "frequency at the end [Hz]" in head
    plant = next(line for line in lines if line.startswith("plant"))
    metrics = run_metrics(load_scenario(small), run_scenario(load_scenario(small)))
    assert plant.split()[1] == f"{metrics['buses']['plant']['voltage_lowest_pu']:.3f}"
    assert "Sequence: done at 0.04 s" in lines
    assert 't = 0.03 s: closes "cb"' in lines
    assert lines[-1] == "Nothing was written: --out DIR writes table and plots."
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_run_writes_csv_and_comtrade(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    table, folder = tmp_path / "t.csv", tmp_path / "c"
    assert wind_sim("run", small, "--csv", table, "--comtrade", folder, "--base-kv", "20")[0] == 0
    head = table.read_text().splitlines()[0].split(",")
    assert head[0] == "time_s"
    assert "unit.1.speed_pu" in head
    assert sorted(path.name for path in folder.iterdir()) == ["small.cfg", "small.dat", "small.hdr"]
    assert "plant.va,A,plant,kV" in (folder / "small.cfg").read_text()


def test_list_shows_every_shipped_file(wind_sim: Runner) -> None:
    code, out, err = wind_sim("list")
    assert (code, err) == (0, "")
    files = sorted(path.stem for path in SCENARIOS.glob("*.toml"))
    assert [line.split()[0] for line in out.splitlines()] == files == scenario_names()
    for name, line in zip(files, out.splitlines(), strict=True):
        scenario = load_scenario(name)
        assert scenario.title in line
        assert line.endswith(", ".join(other.name for other in scenario.alternatives))


def test_compare_prints_the_figures_of_each_run_side_by_side(wind_sim: Runner, small: Path, tmp_path: Path) -> None:
    names = [str(small), f"{small}@quick", f"{small}@never"]
    picture = tmp_path / "x.svg"
    code, out, err = wind_sim("compare", *names, "--set", "run.metrics_since=0.03", "--out", picture)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [word for word in re.split(r"\s{2,}", lines[0]) if word] == names
    runs = []
    for alternative in ("", "quick", "never"):
        scenario = load_scenario(small, {"run.metrics_since": 0.03}, alternative=alternative)
        runs.append(run_metrics(scenario, run_scenario(scenario)))
    at = next(k for k, line in enumerate(lines) if line.startswith("unit.1"))
    row = next(line for line in lines[at:] if "power at the end" in line)
    found = [run["converters"]["unit.1"]["active_power_end_pu"] for run in runs]
    assert row.split()[-3:] == [f"{value:.3f}" for value in found]
    assert found[1] != found[0]
    ends = [line for line in lines if ": sequence " in line]
    assert ends[0] == f"{names[0]}: sequence done at 0.04 s"
    assert ends[2].startswith(f"{names[2]}: sequence failed at 0.05 s: ")
    assert lines[-1] == f"Picture: {picture}"
    assert picture.read_text().startswith("<?xml")


def test_compare_takes_scenarios_of_different_buses(wind_sim: Runner, small: Path) -> None:
    step = ("event.1.time=0.04", "event.2.time=0.05")
    code, out, _ = wind_sim("compare", small, "strong_grid_step", *(w for v in step for w in ("--set", v)))
    assert code == 2  # one value for both: the first has one event only
    code, out, _ = wind_sim("compare", small, "strong_grid_step")
    assert code == 0
    row = next(line for line in out.splitlines() if line.startswith("collector"))
    assert row.split()[-2] == "-"


@pytest.mark.parametrize(
    ("word", "pair"),
    [
        ("a", ("a", "")),
        ("a@b", ("a", "b")),
        ("a@b c", ("a", "b c")),
        ("x/a.toml", ("x/a.toml", "")),
        ("me@home/a.toml", ("me@home/a.toml", "")),
        ("me@home/a.toml@b", ("me@home/a.toml", "b")),
    ],
)
def test_an_alternative_stands_after_the_last_sign(word: str, pair: tuple[str, str]) -> None:
    assert split_alternative(word) == pair


@pytest.mark.usefixtures("undrawn")
def test_a_name_with_the_sign_in_it_is_kept(small: Path, tmp_path: Path) -> None:
    odd = small.rename(small.with_name("me@home.toml"))
    scenario = load_scenario(odd)
    assert (scenario.name, scenario.alternative) == ("me@home", "")
    write_run(scenario, run_scenario(scenario), tmp_path / "a")
    again = load_scenario(tmp_path / "a" / "scenario.toml")
    assert (again.name, again.alternative) == ("me@home", "")


def test_modes_prints_the_modes_of_the_operating_point(wind_sim: Runner) -> None:
    code, out, err = wind_sim("modes", "phase_jump", "--count", "3")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    model = linearise(operating_point(load_scenario("phase_jump").system))
    assert out.rstrip("\n") == modes_text(model, 3)
    slowest = model.modes()[0]
    assert lines[1].split()[0] == f"{-slowest.s.real:.4g}"
    assert len([line for line in lines[1:] if line and not line.startswith("stable")]) == 3
    assert lines[-1].startswith("stable; ")
    # A grid of no strength and an alternative go through as in `run`.
    code, weak, _ = wind_sim("modes", "phase_jump", "--set", "grid.grid.short_circuit_ratio=1.5", "--count", "3")
    assert code == 0
    assert weak != out
    code, other, _ = wind_sim("modes", "phase_jump", "--alternative", "following")
    assert code == 0
    assert "pll" in other


def test_an_unstable_point_is_called_so(wind_sim: Runner) -> None:
    code, out, _ = wind_sim(
        "modes", "strong_grid_step", "--set", "grid.grid.short_circuit_ratio=2", "--set",
        "converter.plant.control.pll_bandwidth_hz=100", "--set", "converter.plant.active=0.9",
    )  # fmt: skip
    assert code == 0
    assert "UNSTABLE; " in out


COMMANDS = [name for name in get_command(app).commands if name != "turbine"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_that_runs(
    name: str, wind_sim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = wind_sim(name, "--help")
    assert code == 0
    example = " ".join(out.split("Example: ")[1].split())
    words = example.split(" > ")[0].split()
    assert words[:2] == ["wind-sim", name]
    monkeypatch.chdir(tmp_path)
    if name == "sweep":
        words[words.index("--over") + 1] = "converter.plant.active=0.2:0.8:2"  # fewer, here
        words[words.index("--workers") + 1] = "1"
        words += ["--set", "run.duration=0.1", *(w for k in range(1, 5) for w in ("--set", f"event.{k}.time=0.05"))]
    code, out, err = wind_sim(*words[1:])
    assert code == 0, err
    assert out
    if "--out" in words:
        assert (tmp_path / words[words.index("--out") + 1]).exists()


def test_the_root_has_an_example_and_loads_neither_kernels_nor_tables() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['wind-sim', '--help']\n"
        "from gridforming.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pandas', 'matplotlib', 'pyarrow', 'control'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example: wind-sim run black_start" in " ".join(done.stdout.split())


def test_lines_of_a_map_are_read_or_refused() -> None:
    assert parse_lines(["P X = 1/2:2,5:2,60"]) == {"P X = 1/2": ([2.0, 2.0], [5.0, 60.0])}
    for wrong in ("x", "x:1,2", ":1,2:3,4", "x:1,2:3", "x:a,2:3,4"):
        with pytest.raises(SimulationError, match="expected NAME:X,Y:X,Y"):
            parse_lines([wrong])
