"""Every kind of broken input through the command line: refused with a clear message, or counted to the last row.

No figure may be silently another one: the energy of what is left is summed here, from the text of the cells, in decimal
arithmetic.
"""

from __future__ import annotations

import json
import os
import shlex
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import fleet
from fleet.dataset import open_dataset
from fleet.errors import InputError
from tests.farms import CommandResult, run_cli
from tests.unit.broken_farms import HOSTILE, rows
from tests.unit.broken_kinds import KINDS, Kind

pytestmark = pytest.mark.usefixtures("undrawn")

_DONE = [name for name, kind in KINDS.items() if kind.code == 0]
_REFUSED = [name for name, kind in KINDS.items() if kind.code]


def _report(folder: Path, out: Path) -> CommandResult:
    return run_cli("report", str(folder), "--out", str(out), "--quiet")


def _energy_mwh(kind: Kind) -> Decimal:
    """Return the energy of the records that count, of ten minutes each, by the text of their cells."""
    lost = set(kind.lost)
    return sum((Decimal(cell) for i, cell in rows()["power"].items() if i not in lost), Decimal(0)) / 6 / 1000


def _unreadable(name: str) -> bool:
    return name == "file without permission" and os.geteuid() == 0


@pytest.mark.parametrize("name", _REFUSED)
def test_refused_with_one_message(name: str, tmp_path: Path) -> None:
    if _unreadable(name):
        pytest.skip("permissions do not bind the superuser")
    kind = KINDS[name]
    kind.make(tmp_path / "farm")
    before = sorted(tmp_path.rglob("*"))
    result = _report(tmp_path / "farm", tmp_path / "out")
    assert (result.code, result.out) == (kind.code, ""), result.err
    assert result.err.startswith("wind-fleet: ")
    assert [part for part in kind.says if part not in result.err] == [], result.err
    assert sorted(tmp_path.rglob("*")) == before  # nothing was written


@pytest.mark.parametrize("name", _DONE)
def test_counted_to_the_last_row(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    kind.make(tmp_path / "farm")
    result = _report(tmp_path / "farm", tmp_path / "out")
    assert (result.code, result.err) == (0, "")
    assert [part for part in kind.says if part not in result.out] == [], result.out
    sources = pd.read_parquet(tmp_path / "out" / "tables" / "sources.parquet")
    assert kind.notes in " ".join(sources["note"])
    total = json.loads((tmp_path / "out" / "summary.json").read_text())["turbines"]["fleet"]
    accounting = pd.read_parquet(tmp_path / "out" / "tables" / "quality_accounting.parquet")
    energy = accounting[accounting["use"] == "energy"].groupby("reason")["rows"].sum()
    assert energy.sum() == total["rows_in_count"] == len(rows()) * kind.times + kind.more
    if kind.lost is None:  # an alarm says that these figures are none; what is rejected is another test's
        assert "alarm: " in result.out
        return
    assert energy[energy > 0].drop("used", errors="ignore").to_dict() == {k: n for k, n in kind.rejected.items() if n}
    if len(set(kind.lost)) == len(rows()):
        assert total["energy_mwh"] is None
    else:
        assert total["energy_mwh"] == pytest.approx(float(_energy_mwh(kind)), rel=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_inspect_says_what_there_is(name: str, tmp_path: Path) -> None:
    if _unreadable(name):
        pytest.skip("permissions do not bind the superuser")
    KINDS[name].make(tmp_path / "farm")
    result = run_cli("inspect", str(tmp_path / "farm"))
    assert result.code == KINDS[name].inspect, result.err
    assert "Traceback" not in result.out + result.err


@pytest.mark.parametrize("name", ["folder of farms", "folder of farms of like names, without settings"])
@pytest.mark.usefixtures("undrawn")
def test_the_command_that_a_refusal_gives_does_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KINDS[name].make(tmp_path / "two farms")
    monkeypatch.chdir(tmp_path)
    _, command, _ = run_cli("report", "two farms", "--out", "x", "--quiet").err.split("`")
    program, *arguments = shlex.split(command)
    assert program == "wind-fleet"
    run_cli(*arguments, "--quiet")
    farms = json.loads((tmp_path / "reports" / "summary.json").read_text())["farms"]
    assert len(farms) == 2
    assert all(farm["report"] and farm["figures"] for farm in farms)


def test_a_command_is_given_only_where_it_helps(tmp_path: Path) -> None:
    for more in ("README.txt", "farm.toml"):
        KINDS["folder of farms of like names, without settings"].make(tmp_path / more)
        (tmp_path / more / more).write_text('name = "x"\n')
        result = _report(tmp_path / more, tmp_path / "out")
        assert (result.code, "wind-fleet reports" in result.err) == (3, False)


def test_forty_kinds_and_more() -> None:
    assert len(KINDS) >= 40


def test_hostile_names_are_shown_and_lead_nowhere(tmp_path: Path) -> None:
    KINDS["names that are HTML, formulas, paths"].make(tmp_path / "farm")
    before = sorted(tmp_path.rglob("*"))
    assert _report(tmp_path / "farm", tmp_path / "out").code == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert HOSTILE[0] not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    out = tmp_path / "out"
    assert [path for path in sorted(tmp_path.rglob("*")) if out not in (path, *path.parents)] == before
    target = tmp_path / "a.csv"
    assert run_cli("availability", str(tmp_path / "farm"), "--csv", str(target), "--quiet").code == 0
    assert not any(line.startswith("=") for line in target.read_text(encoding="utf-8").splitlines())


def test_a_file_that_vanishes_between_looking_and_reading(tmp_path: Path) -> None:
    KINDS["rows in reverse order"].make(tmp_path / "farm")
    (file,) = open_dataset(tmp_path / "farm").files
    farm = fleet.open(tmp_path / "farm")
    file.path.unlink()
    with pytest.raises(InputError, match=r"data_000\.csv: cannot be read: No such file"):
        farm.energy()
