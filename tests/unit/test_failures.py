"""Turbines whose work fails for reasons that are not the data's: left out, named, and without effect on the others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fleet import pipeline
from fleet.analysis import analyse, overview
from fleet.dataset import open_dataset
from fleet.errors import RunError
from fleet.pipeline import RunOptions
from fleet.results import FleetResults
from tests.farms import farm_rows, run_cli, write_engie, write_generic, write_site

DAYS = 2
ROWS = farm_rows(3, DAYS, seed=31)
STEPS = {"clock check": "prepare", "first pass": "first_pass", "second pass": "second_pass"}
ERRORS = [MemoryError("Unable to allocate 9.31 GiB"), OSError(5, "Input/output error"), ZeroDivisionError("by <zero>")]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("failures") / "farm", ROWS, turbines=3, parts=2)


@pytest.fixture(scope="module")
def without_t2(tmp_path_factory: pytest.TempPathFactory) -> FleetResults:
    folder = write_generic(tmp_path_factory.mktemp("without") / "farm", ROWS[ROWS["turbine"] != "T2"], turbines=3)
    settings = (folder / "farm.toml").read_text()
    head, _, rest = settings.partition('[[turbines]]\nname = "T2"')
    (folder / "farm.toml").write_text(head + "[[turbines]]" + rest.partition("[[turbines]]")[2])
    return _run(folder)


def _run(folder: Path) -> FleetResults:
    return analyse(open_dataset(folder), options=RunOptions(scheduler="synchronous", keep=False))


def _name(arguments: tuple[Any, ...]) -> str:
    """Return the turbine that a call is about: its first name or first object that has one."""
    return next(
        str(getattr(one, "name", one)) for one in arguments if isinstance(one, str) or hasattr(one, "hub_height")
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Counter[str]]:
    """Let a step fail for some turbines, each time or the first few times; count how often it was tried."""

    def fail(step: str, error: Exception, turbines: tuple[str, ...], times: int = 1 << 30) -> Counter[str]:
        function, tried = getattr(pipeline, STEPS.get(step, step)), Counter[str]()

        def failing_step(*arguments: Any, **more: Any) -> Any:
            name = _name(arguments)
            tried[name] += 1
            if name in turbines and tried[name] <= times:
                raise error
            return function(*arguments, **more)

        monkeypatch.setattr(pipeline, STEPS.get(step, step), failing_step)
        return tried

    return fail


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", ERRORS[:2], ids=lambda error: type(error).__name__)
def test_a_turbine_that_fails_is_left_out_and_named(
    farm: Path, without_t2: FleetResults, failing: Callable[..., Counter[str]], step: str, error: Exception
) -> None:
    tried = failing(step, error, ("T2",))
    results = _run(farm)
    passes = 1 if step == "clock check" else 2  # they run again without what failed: neighbours are those of the report
    assert tried == {"T1": passes, "T2": 3, "T3": passes}
    (failure,) = results.failed
    assert (failure.turbine, failure.step) == ("T2", step)
    assert failure.reason == f"{type(error).__name__}: {error}"
    (alarm,) = [finding for finding in results.findings if "T2" in finding.text and finding.severity == "alarm"]
    assert results.findings[0] == alarm
    assert step in alarm.text
    assert str(error) in alarm.text
    assert [turbine.name for turbine in results.farm.turbines] == ["T1", "T3"]
    assert "T2" not in results.without_data  # it has data, they were not worked on

    # The rows of the others add up per use.
    assert results.quality is not None
    accounting = results.quality.accounting
    for name in ("T1", "T3"):
        sums = accounting[accounting["turbine"] == name].groupby("use")["rows"].sum()
        assert set(sums) == {DAYS * 144}
    lost = accounting[accounting["turbine"] == "T2"]
    assert set(zip(lost["reason"], lost["rows"], strict=True)) == {("failed", DAYS * 144)}

    # Figures are what they are in a farm that never had the turbine.
    for part, table, columns in (
        ("energy", "monthly", ["turbine", "month", "energy_mwh"]),
        ("quality", "rows", None),
        ("quality", "coverage", None),
        ("clock", "table", None),
        ("curves", "bins", None),
        ("curves", "expected", None),
        ("curves", "ranking", None),
        ("availability", "table", None),
        ("energy", "losses", None),
    ):
        found, expected = (getattr(getattr(one, part), table) for one in (results, without_t2))
        found, expected = ((one[one["turbine"].isin(["T1", "T3"])]) for one in (found, expected))
        assert len(found) > 0
        if columns:
            found, expected = found[columns], expected[columns]
        pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))


def test_a_turbine_that_succeeds_at_the_third_attempt_is_in(farm: Path, failing: Callable[..., Counter[str]]) -> None:
    tried = failing("second pass", OSError("busy"), ("T1", "T3"), times=2)
    results = _run(farm)
    assert tried == {"T1": 3, "T2": 1, "T3": 3}
    assert results.failed == ()
    assert len(results.farm.turbines) == 3


@pytest.mark.usefixtures("undrawn")
def test_the_command_ends_with_code_5_and_the_report_names_the_turbine(
    farm: Path, tmp_path: Path, failing: Callable[..., Counter[str]]
) -> None:
    failing("first pass", ERRORS[2], ("T2",))
    out = tmp_path / "report"
    result = run_cli("report", str(farm), "--out", str(out), "--quiet", "--no-cache")
    assert result.code == 5, result.err
    assert "alarm: T2 is not in this report: first pass failed: ZeroDivisionError: by <zero>" in result.out
    assert f"Report: {out / 'index.html'}" in result.out
    page = (out / "index.html").read_text()
    assert "by &lt;zero&gt;" in page
    assert "by <zero>" not in page
    summary = json.loads((out / "summary.json").read_text())
    assert sorted(summary["turbines"]) == ["T1", "T3", "fleet"]
    assert summary["findings"][0]["severity"] == "alarm"


@pytest.mark.parametrize("step", STEPS)
def test_where_every_turbine_fails_there_is_no_report(
    farm: Path, tmp_path: Path, failing: Callable[..., Counter[str]], step: str
) -> None:
    failing(step, ERRORS[0], ("T1", "T2", "T3"))
    out = tmp_path / "report"
    result = run_cli("report", str(farm), "--out", str(out), "--quiet", "--no-cache")
    assert result.code == 5
    assert result.out == ""
    assert result.err == (
        f"wind-fleet: no turbine could be worked on; T1, {step}: MemoryError: Unable to allocate 9.31 GiB\n"
    )
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunError, match="no turbine could be worked on"):
        _run(farm)


def test_failures_of_several_steps_leave_nobody_out_silently(
    farm: Path, tmp_path: Path, failing: Callable[..., Counter[str]]
) -> None:
    failing("clock check", OSError("one"), ("T1",))
    failing("first pass", OSError("two"), ("T2",))
    results = _run(farm)
    assert [(failure.turbine, failure.step) for failure in results.failed] == [
        ("T1", "clock check"),
        ("T2", "first pass"),
    ]
    assert [turbine.name for turbine in results.farm.turbines] == ["T3"]
    failing("second pass", OSError("three"), ("T3",))
    with pytest.raises(RunError, match="T1, clock check"):
        _run(farm)


def test_the_meter_is_not_compared_where_a_turbine_it_counts_is_missing(
    tmp_path: Path, failing: Callable[..., Counter[str]]
) -> None:
    folder = tmp_path / "farm"
    write_site(write_engie(folder, ROWS, turbines=3), DAYS)
    assert "reconciliation" not in _run(folder).absent
    failing("second pass", OSError("no"), ("T2",))
    results = _run(folder)
    assert results.absent["reconciliation"] == "some turbines failed, and the plant meter counts all of them"
    assert results.energy is not None
    assert len(results.energy.reconciliation) == 0


@pytest.mark.parametrize("step", ["clock check", "overview_sums"])
def test_the_overview_leaves_out_what_fails(farm: Path, failing: Callable[..., Counter[str]], step: str) -> None:
    dataset, options = open_dataset(farm), RunOptions(scheduler="synchronous", keep=False)
    whole = overview(dataset, options=options).monthly
    tried = failing(step, OSError("no"), ("T1", "T2"))
    found = overview(dataset, options=options)
    assert tried == {"T1": 3, "T2": 3, "T3": 1}
    assert [failure.turbine for failure in found.failed] == ["T1", "T2"]
    own = whole[whole["turbine"] == "T3"].drop(columns="turbine")
    for name in ("T3", "fleet"):
        rows = found.monthly[found.monthly["turbine"] == name].drop(columns="turbine")
        assert rows.to_numpy().tolist() == own.to_numpy().tolist()
    result = run_cli("overview", str(farm), "--quiet", "--no-cache")
    assert result.code == 5
    title = "clock check" if step == "clock check" else "overview"
    assert f"T1 is not in these figures: {title} failed: OSError: no" in result.out
    failing(step, OSError("no"), ("T3",))
    with pytest.raises(RunError, match="no turbine could be worked on"):
        overview(dataset, options=options)
