"""The command `wind-fleet`: exit codes, messages, options, and what it writes or leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import fleet
from fleet.cli_text import headline_text
from fleet.report import headline
from tests.farms import farm_rows, run_cli, write_generic
from tests.report_fixture import synthetic_results

COMMANDS = ("report", "reports", "compare", "inspect", "power-curve", "availability")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("cli") / "farm", farm_rows(2, 0.5, seed=4))


def _fails(code: int, *arguments: str) -> str:
    """Run a command that must fail with one message and return the message."""
    result = run_cli(*arguments)
    assert result.code == code, result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    return result.err


def test_report_prints_its_table_and_writes_the_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "report"
    result = run_cli(
        "report", str(folder), "--out", str(out), "--quiet", "--turbine", "T2", "--from", "2015-03-01T02:00"
    )
    assert (result.code, result.err) == (0, "")
    assert f"Report: {out / 'index.html'}" in result.out
    assert "T2" in result.out
    assert "not listed" not in result.out  # T1 was not asked for, which is no trouble
    assert sorted(path.name for path in out.iterdir()) == ["figures", "index.html", "summary.json", "tables"]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["turbines"]["fleet"]["energy_mwh"] == summary["turbines"]["T2"]["energy_mwh"] > 0.0
    assert summary["period_start_utc"] == "2015-03-01T02:00:00+00:00"
    assert sorted(path.name for path in out.parent.iterdir()) == ["report"]  # nothing temporary stays
    # An earlier report is refused while a stranger's file lies in it, and stays as it was.
    (out / "my notes.txt").write_text("keep me")
    assert "my notes.txt" in _fails(4, "report", str(folder), "--out", str(out), "--quiet")
    assert (out / "my notes.txt").read_text() == "keep me"
    assert json.loads((out / "summary.json").read_text()) == summary


def test_the_headline_gives_the_index_as_the_page_does() -> None:
    results = synthetic_results(2, 1)
    assert results.curves is not None
    ranking = results.curves.ranking.assign(index=[0.9267, 1.0733])
    odd = replace(results, curves=replace(results.curves, ranking=ranking))
    text = headline_text(SimpleNamespace(headline=lambda: headline(odd)))  # type: ignore[arg-type]
    shown = [cell for cell in text.split() if cell in ("92.67%", "107.33%", "0.927", "1.073")]
    assert sorted(shown) == ["107.33%", "92.67%"]


def test_report_refuses_a_folder_of_something_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "summary.json").write_text('{"kind": "letters"}')
    message = _fails(4, "report", str(folder), "--out", str(tmp_path / "letters"), "--quiet")
    assert str(tmp_path / "letters") in message
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["letters", "summary.json"]
    assert "is a file" in _fails(
        4, "report", str(folder), "--out", str(tmp_path / "letters" / "summary.json"), "--quiet"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_report_into_a_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    message = _fails(4, "report", str(folder), "--out", str(locked / "report"), "--quiet")
    assert "cannot be written" in message


def test_report_below_a_file_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    message = _fails(4, "report", str(folder), "--out", str(tmp_path / "file" / "a" / "report"), "--quiet")
    assert f"cannot be written: {tmp_path / 'file'} is a file" in message
    assert "earlier report" not in message
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--turbine", "T22"), ('no turbine "T22"', 'did you mean "T2"', "T1, T2")),
        (("--from", "2015-03-02", "--to", "2015-03-01"), ("begin before it ends", "2015-03-02", "2015-03-01")),
        (("--from", "yesterday-ish"), ("from", "'yesterday-ish'", "2014-07-01")),
        (("--to", "2015-02-30"), ("to", "'2015-02-30'")),
        (("--from", ""), ("from", "''")),
        (("--from", "01.07.2014"), ("from", "'01.07.2014'", "2014-07-01")),
        (("--from", "07/01/2014"), ("from", "'07/01/2014'")),
        (("--to", "July 2014"), ("to", "'July 2014'")),
        (("--to", "now"), ("to", "'now'")),
        (("--to", "NaT"), ("to", "'NaT'")),
    ],
)
def test_wrong_options_end_with_code_2(folder: Path, options: tuple[str, ...], parts: tuple[str, ...]) -> None:
    message = _fails(2, "availability", str(folder), "--quiet", *options)
    assert message.startswith("wind-fleet: ")
    assert message.count("\n") == 1
    assert [part for part in parts if part not in message] == []


@pytest.mark.parametrize("options", [("--workers", "0"), ("--workers", "two"), ("--no-such-option",), ("--turbine",)])
def test_options_that_typer_refuses_end_with_code_2(folder: Path, options: tuple[str, ...]) -> None:
    assert options[0] in _fails(2, "availability", str(folder), *options)


def test_unknown_command_ends_with_code_2() -> None:
    assert "reprot" in _fails(2, "reprot", "x")


@pytest.mark.parametrize(("option", "value"), [("--from", "2016-01-01"), ("--to", "2014-01-01")])
def test_a_period_without_data_ends_with_code_3_and_says_what_there_is(folder: Path, option: str, value: str) -> None:
    message = _fails(3, "power-curve", str(folder), "--quiet", option, value)
    assert "2015-03-01 00:00" in message
    assert "2015-03-01 12:00" in message


def test_a_misspelt_sample_is_answered_with_the_nearest() -> None:
    assert 'did you mean "penmanshiel"?' in _fails(3, "availability", "penmansheil")


@pytest.mark.parametrize("command", ["power-curve", "availability"])
def test_csv_holds_the_whole_table(folder: Path, tmp_path: Path, command: str) -> None:
    path = tmp_path / "table.csv"
    result = run_cli(command, str(folder), "--quiet", "--csv", str(path))
    assert (result.code, result.err) == (0, "")
    table = pd.read_csv(path)
    assert set(table["turbine"]) == {"T1", "T2", "fleet"}
    assert ("power_kw" if command == "power-curve" else "time_based") in table
    assert sorted(item.name for item in tmp_path.iterdir()) == ["table.csv"]


def test_csv_replaces_a_file_only_when_told(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("mine")
    message = _fails(4, "availability", str(folder), "--quiet", "--csv", str(path))
    assert "is there already" in message
    assert "--force" in message
    assert path.read_text() == "mine"
    assert run_cli("availability", str(folder), "--quiet", "--csv", str(path), "--force").code == 0
    assert path.read_text().startswith("turbine,")


@pytest.mark.parametrize("name", ["data_000.csv", "farm.toml", "new.csv", "deeper/../new.csv"])
def test_csv_never_lies_among_the_exports(tmp_path: Path, name: str) -> None:
    farm = write_generic(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    (farm / "deeper").mkdir()
    (tmp_path / "link").symlink_to(farm)
    before = {path.name: path.read_bytes() for path in farm.iterdir() if path.is_file()}
    for place in (farm, tmp_path / "link"):
        target = str(place / name)
        assert "lies in the farm's folder" in _fails(
            4, "availability", str(farm), "--quiet", "--csv", target, "--force"
        )
    assert {path.name: path.read_bytes() for path in farm.iterdir() if path.is_file()} == before


def test_csv_leaves_a_stranger_s_partial_file_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "table.csv.partial").write_text("mine")
    result = run_cli("availability", str(folder), "--quiet", "--csv", str(tmp_path / "table.csv"))
    assert result.code == 4
    assert "table.csv.partial stands in the way" in result.err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"table.csv.partial": "mine"}


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    names = {"T1": "=1+2", "T2": "@SUM(A1)", "T3": "-T3"}
    rows = farm_rows(3, 0.25)
    farm = write_generic(tmp_path / "farm", rows.assign(turbine=rows["turbine"].map(names)), turbines=3)
    toml = (farm / "farm.toml").read_text()
    for name, formula in names.items():
        toml = toml.replace(f'name = "{name}"', f'name = "{formula}"')
    (farm / "farm.toml").write_text(toml)
    path = tmp_path / "table.csv"
    assert run_cli("availability", str(farm), "--quiet", "--csv", str(path)).code == 0
    table = pd.read_csv(path)
    assert set(table["turbine"]) == {"'=1+2", "'@SUM(A1)", "'-T3", "fleet"}
    assert pd.api.types.is_float_dtype(table["produced_mwh"])


def test_csv_that_cannot_be_written_ends_with_code_4(folder: Path, tmp_path: Path) -> None:
    result = run_cli("availability", str(folder), "--quiet", "--csv", str(tmp_path / "none" / "table.csv"))
    assert result.code == 4
    assert "table.csv: cannot be written" in result.err
    assert list(tmp_path.iterdir()) == []


def test_part_that_the_data_cannot_give_ends_with_code_3() -> None:
    message = _fails(3, "power-curve", "penmanshiel", "--quiet")
    assert "no SCADA records" in message


def test_inspect_writes_a_starter_once(tmp_path: Path) -> None:
    farm = write_generic(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    settings = (farm / "farm.toml").read_text()
    assert "is there already" in run_cli("inspect", str(farm), "--write").err
    assert (farm / "farm.toml").read_text() == settings
    (farm / "farm.toml").unlink()
    result = run_cli("inspect", str(farm), "--write")
    assert (result.code, result.err) == (0, "")
    assert (farm / "farm.toml").exists()
    assert run_cli("inspect", str(farm)).code == 0


#: An export as a German wind farm might give it; the columns' names and the way numbers are written are all there is.
GERMAN = "Zeit;Anlage;Wirkleistung (MW);Windgeschw. (m/s);Bemerkung\n"


def _german(folder: Path) -> Path:
    rows = farm_rows(2, 2.0, seed=5)
    stamps = pd.to_datetime(rows["time"]).dt.strftime("%d.%m.%Y %H:%M")
    power = (rows["power"].astype(float) / 1000.0).map("{:.5f}".format).str.replace(".", ",")
    lines = (
        stamps + ";WEA " + rows["turbine"].str[1:] + ";" + power + ";" + rows["wind"].str.replace(".", ",") + ";ok\n"
    )
    folder.mkdir()
    (folder / "export_2015.csv").write_text(GERMAN + "".join(lines), encoding="utf-8-sig")
    return folder


def test_from_an_unknown_export_to_its_report_in_two_steps(tmp_path: Path) -> None:
    farm, out = _german(tmp_path / "farm"), str(tmp_path / "out")
    assert "wind-fleet inspect" in _fails(3, "report", str(farm), "--out", out)
    inspected = run_cli("inspect", str(farm), "--write")
    assert inspected.code == 0, inspected.err
    assert "Empty DataFrame" not in inspected.out
    assert "looks like SCADA of WEA 1, WEA 2, every 600 s" in inspected.out
    text = (farm / "farm.toml").read_text()
    for line in ('delimiter = ";"', 'decimal = ","', "# not mapped: Bemerkung"):
        assert line in text.splitlines()
    message = _fails(3, "report", str(farm), "--out", out)
    assert '[[turbines]]\nname = "WEA 1"' in message
    assert "inspect" not in message
    (farm / "farm.toml").write_text(text + message[message.index("[[turbines]]\n") :].replace("= 0.0", "= 2000.0"))
    assert run_cli("power-curve", str(farm), "--quiet").code == 0
    energy = fleet.open(farm).energy().totals.set_index("turbine")["energy_mwh"]
    expected = farm_rows(2, 2.0, seed=5)["power"].astype(float).sum() / 6000.0
    assert energy["fleet"] == pytest.approx(expected, rel=1e-6)


def test_inspect_says_what_an_existing_farm_toml_lacks(tmp_path: Path) -> None:
    farm = _german(tmp_path / "farm")
    (farm / "farm.toml").write_text('name = "Meine Farm"\n')
    out = run_cli("inspect", str(farm)).out
    missing = out[out.index("# export_2015.csv") :]
    (farm / "farm.toml").write_text(
        'name = "Meine Farm"\n' + missing.replace("rated_power_kw = 0.0", "rated_power_kw = 2e3")
    )
    assert [turbine.name for turbine in fleet.open(farm).settings.turbines] == ["WEA 1", "WEA 2"]
    assert "lacks" not in run_cli("inspect", str(farm)).out


def test_each_help_holds_an_example() -> None:
    for arguments in ([], *([command] for command in COMMANDS)):
        result = run_cli(*arguments, "--help")
        assert result.code == 0
        assert " ".join(["Example: wind-fleet", *arguments]) in " ".join(result.out.split())
    codes = "Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write"
    assert codes in " ".join(run_cli("-h").out.split())


def test_version() -> None:
    result = run_cli("--version")
    assert result.code == 0
    assert result.out.startswith("windform ")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nsys.argv = ['wind-fleet', '--help']\nfrom fleet.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'dask', 'distributed', 'matplotlib', 'scipy', 'numba', 'numpy', 'pyarrow', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "wind-fleet report" in done.stdout


def test_availability_marks_what_is_too_high_in_the_order_of_the_report() -> None:
    """SDWPF: the publisher's rules take out standstills. Turbines 1, 2 and 10, not 1, 10 and 2."""
    chosen = [option for name in ("10", "2", "1") for option in ("--turbine", name)]
    result = run_cli("availability", "sdwpf", *chosen, "--quiet")
    assert (result.code, result.err) == (0, "")
    rows = [row for row in map(str.split, result.out.splitlines()) if row[1:3] == ["operational", "inferred"]]
    assert [row[0] for row in rows] == ["1", "2", "10", "fleet"]
    assert all(row[3].endswith("%*") for row in rows)
    assert "\n* too high, inferred without " in result.out
    assert "not determinable from power and wind alone:\n  technical: all; contractual: all\n" in result.out
