"""Two periods of a farm: known changes, exact zeros against itself, findings, page and summary."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.batch import parse_period
from fleet.compare import CATEGORY_B_CANCELS, compare_period_results, period_text
from fleet.compare_findings import period_findings
from fleet.curve_pair import MEASURED
from fleet.errors import ConfigError, InputError, OutputError
from fleet.report import write_comparison
from fleet.results import FleetResults
from fleet.schema import FLEET
from tests.farms import farm_rows, run_cli, write_generic
from tests.html_page import check_page
from tests.report_fixture import inferred_too_high, logs_only, synthetic_results

YEAR = pd.DateOffset(years=1)


@pytest.fixture(scope="module")
def first() -> FleetResults:
    return synthetic_results(2, 2)


@pytest.fixture(scope="module")
def second(first: FleetResults) -> FleetResults:
    """The same farm a year later: 4 % less power at T01, category B as before, 2 points less availability of T02."""
    assert first.curves is not None
    assert first.availability is not None
    assert first.energy is not None
    bins = first.curves.bins.copy()
    bins.loc[bins["turbine"] == "T01", "power_kw"] *= 0.96
    ranking = first.curves.ranking.assign(rank=lambda table: 3 - table["rank"])
    table = first.availability.table.copy()
    table.loc[(table["turbine"] == "T02") & (table["view"] == "operational"), "time_based"] = 0.95
    categories = first.availability.categories.copy()
    categories.loc[categories["category"] == "forced_outage", "hours"] += 60.0
    losses = first.energy.losses.copy()
    losses.loc[losses["step"] == "residual", "energy_mwh"] *= 3.0
    return replace(
        first,
        start=first.start + YEAR,
        end=first.end + YEAR,
        curves=replace(first.curves, bins=bins, ranking=ranking),
        availability=replace(first.availability, table=table, categories=categories),
        energy=replace(first.energy, losses=losses),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("compare") / "farm", farm_rows(2, 4.0, seed=3))


def test_a_period_against_itself_gives_exact_zeros(first: FleetResults) -> None:
    found = compare_period_results(first, first)
    for table in (found.energy, found.availability, found.categories, found.ranking, found.losses):
        changes = [name for name in table if str(name).endswith("_change")]
        assert changes
        values = table[changes].to_numpy(float)
        assert np.nansum(np.abs(values)) == 0.0
        assert np.isfinite(values).any()
    assert (found.bins["difference_kw"] == 0.0).all()
    assert (found.aep["change_mwh"].dropna() == 0.0).all()
    assert (found.aep["ratio"].dropna() == 1.0).all()
    assert any("periods overlap" in note for note in found.notes)
    assert [finding.severity for finding in period_findings(found)] == ["note"]


def test_known_changes_are_found_with_the_scatter_of_both(first: FleetResults, second: FleetResults) -> None:
    found = compare_period_results(first, second)
    assert found.notes == (CATEGORY_B_CANCELS,)  # the same months of two years, the same source of density
    one = found.bins[found.bins["turbine"] == "T01"]
    assert one["second_kw"].to_numpy() == pytest.approx(0.96 * one["first_kw"].to_numpy())
    # Category A is 4 kW in both, category B 30 kW in both.
    assert one["u_kw"].to_numpy() == pytest.approx(np.full(len(one), 4.0 * np.sqrt(2.0)))
    aep = found.aep[found.aep["wind"] == MEASURED].set_index("turbine")
    assert aep.loc["T01", "ratio"] == pytest.approx(0.96)
    assert aep.loc["T02", "ratio"] == 1.0
    n, mean = len(one), one["first_kw"].mean()
    # d(second / first): scatter 4 and 0.96 * 4 of n bins, sensors (1 - 0.96) * 30 of all of them at once.
    u = np.hypot(4.0 * np.hypot(1.0, 0.96) / np.sqrt(n), 0.04 * 30.0) / mean
    assert aep.loc["T01", "u_ratio"] == pytest.approx(u)
    losses = found.losses.set_index(["turbine", "step"])
    assert losses.loc[("fleet", "residual"), "share_change"] == pytest.approx(2.0 * -0.015 / 1.05)
    ranking = found.ranking.set_index("turbine")
    assert sorted(ranking["rank_change"]) == [-1.0, 1.0]
    hours = found.categories.set_index(["turbine", "category"])
    before, after = hours.loc[("fleet", "forced_outage"), ["hours_first", "hours_second"]]
    assert after - before == pytest.approx(2 * 2 * 60.0)
    assert found.categories.groupby("turbine")["share_second"].sum().to_numpy() == pytest.approx(np.ones(3))


def test_findings_name_what_changed(first: FleetResults, second: FleetResults) -> None:
    found = period_findings(compare_period_results(first, second))
    texts = [finding.text for finding in found]
    assert found[0].severity == "warning"
    assert texts[0].startswith("T01: at equal wind the second period makes 96.0 % of the first's energy")
    assert "T02: time-based availability 97.00 %, then 95.00 %." in texts
    assert any(text.startswith("Time in forced outage: ") for text in texts)
    assert "Residual: -1.4 % of the potential, then -4.3 %." in texts
    assert any(text.startswith("Ranks against the fleet's curve changed: ") for text in texts)


def test_other_evidence_is_no_change_of_availability(first: FleetResults, second: FleetResults) -> None:
    assert second.availability is not None
    inferred = second.availability.table.assign(evidence="inferred")
    other = replace(second, availability=replace(second.availability, table=inferred))
    texts = [finding.text for finding in period_findings(compare_period_results(first, other))]
    assert any("rests on different evidence (status log, then inferred) and cannot be compared" in t for t in texts)
    assert not any("time-based availability" in text for text in texts)


@pytest.mark.usefixtures("undrawn")
def test_an_availability_that_is_too_high_is_marked(first: FleetResults, second: FleetResults, tmp_path: Path) -> None:
    found = compare_period_results(inferred_too_high(first), inferred_too_high(second))
    noted = found.availability.set_index("turbine")["availability_note_second"] != ""
    assert noted.to_dict() == {"T01": True, "T02": False, "fleet": True}
    page = write_comparison(found, tmp_path / "out").read_text("utf-8")
    assert page.count("97.000*") == 4  # T01 and the fleet, in both periods
    assert page.count("* First period: too high, inferred without 250 rows") == 1
    fleet = found.availability["turbine"] == FLEET
    found.availability.loc[fleet, ["time_based_first", "time_based_change"]] = [0.92, 0.05]
    texts = [finding.text for finding in period_findings(found)]
    (text,) = (text for text in texts if text.startswith("The fleet: time-based availability"))
    assert "97.00 %. First period: too high, inferred" in text
    assert "Second period: too high, inferred" in text


def test_a_period_without_records_compares_what_there_is(tmp_path: Path) -> None:
    logs = logs_only()
    found = compare_period_results(synthetic_results(1, 1), logs)
    assert found.bins.empty
    assert found.energy["energy_mwh_second"].isna().all()
    period_findings(found)
    page = write_comparison(found, tmp_path / "out").read_text(encoding="utf-8")
    assert page.count("Second period: The folder holds status logs only: no power and no wind speed.") == 5
    assert "Not both periods have data for it." not in page
    neither = compare_period_results(logs, logs).absent
    assert neither["losses"] == (
        "Neither period has data for it: The folder holds status logs only: no power and no wind speed."
    )
    assert "availability" not in neither


def test_other_months_of_the_year_are_named(first: FleetResults) -> None:
    later = replace(first, start=first.start + pd.DateOffset(months=3), end=first.end + pd.DateOffset(months=3))
    assert any("do not cover the same months" in note for note in compare_period_results(first, later).notes)


def test_the_page_is_well_formed_escaped_and_the_same_each_time(tmp_path: Path) -> None:
    odd = "<b>&\"T'1</b>"
    one = synthetic_results(2, 1, names=(odd,))
    one = replace(one, farm=one.farm.model_copy(update={"name": "<script>x</script>"}))
    comparison = compare_period_results(one, replace(one, start=one.start + YEAR, end=one.end + YEAR))
    comparison = replace(comparison, findings=period_findings(comparison))
    page = write_comparison(comparison, tmp_path / "one")
    check_page(page, (odd, "<script>x</script>"))
    again = write_comparison(comparison, tmp_path / "two")
    files = sorted(path.relative_to(page.parent) for path in page.parent.rglob("*") if path.is_file())
    assert {path.parts[0] for path in files} == {"index.html", "summary.json", "tables", "figures"}
    assert all((page.parent / path).read_bytes() == (again.parent / path).read_bytes() for path in files)
    summary = json.loads((page.parent / "summary.json").read_text())
    assert summary["kind"] == "windform fleet comparison"
    assert summary["tables"]["aep"][0]["turbine"] == odd
    assert summary["tables"]["bins"][0]["difference_kw"] == 0.0
    with pytest.raises(OutputError, match="holds files that are not a fleet report"):
        fleet.report.write_report(one, page.parent)


def test_period_text_has_hours_only_where_they_matter() -> None:
    begin, end = pd.Timestamp("2014-01-01", tz="UTC"), pd.Timestamp("2014-07-01", tz="UTC")
    assert period_text((begin, end)) == "2014-01-01 to 2014-07-01"
    assert period_text((begin, end + pd.Timedelta(hours=1))) == "2014-01-01 00:00 to 2014-07-01 01:00"


@pytest.mark.parametrize("text", ["2014-01-01", "..2014", "2014..", "2014-01-01...2015", "2014..2015..2016", ""])
def test_a_period_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected BEGIN\.\.END such as"):
        parse_period(text)


class TestCommand:
    def test_two_periods_from_end_to_end(self, folder: Path, tmp_path: Path) -> None:
        periods = ("--period", "2015-03-01..2015-03-03", "--period", "2015-03-03..2015-03-05")
        result = run_cli("compare", str(folder), *periods, "--out", str(tmp_path / "out"), "--quiet")
        assert (result.code, result.err) == (0, "")
        assert f"Comparison: {tmp_path / 'out' / 'index.html'}" in result.out
        rows = farm_rows(2, 4.0, seed=3)
        early = rows["time"] < "2015-03-03"
        energy = rows["power"].astype(float).groupby([rows["turbine"], early]).sum() / 6000.0
        summary = json.loads((tmp_path / "out" / "summary.json").read_text())
        for row in summary["tables"]["energy"][:2]:
            assert row["energy_mwh_first"] == pytest.approx(energy[row["turbine"], True], abs=1e-6)
            assert row["energy_mwh_second"] == pytest.approx(energy[row["turbine"], False], abs=1e-6)

    def test_the_same_period_twice_is_exactly_the_same(self, folder: Path) -> None:
        period = ("2015-03-01", "2015-03-03")
        found = fleet.compare_periods(folder, period, period)
        assert (found.bins["difference_kw"] == 0.0).all()
        assert len(found.bins) > 20
        assert (found.energy["energy_mwh_change"] == 0.0).all()

    def test_wrong_combinations_are_refused_before_anything_is_read(self, folder: Path, tmp_path: Path) -> None:
        period, out = ("--period", "2015-03-01..2015-03-03"), ("--out", str(tmp_path / "out"))
        for arguments in ((str(folder),), (str(folder), *period), (str(folder), str(folder), *period, *period)):
            result = run_cli("compare", *arguments, *out)
            assert (result.code, result.out) == (2, "")
            assert "expected one farm with --period twice" in result.err
        result = run_cli("compare", str(folder), "--period", "March", *period, *out)
        assert "--period: found 'March'" in result.err
        result = run_cli("compare", str(folder), "--period", "x..y", *period, *out)
        assert (result.code, "from: found 'x'" in result.err) == (2, True)
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("place", [".", "out", "deep/er/out"])
    def test_no_comparison_lies_in_a_farms_folder(self, place: str, folder: Path, tmp_path: Path) -> None:
        other = write_generic(tmp_path / "other", farm_rows(1, 0.1), turbines=1)
        periods = ("--period", "2015-03-01..2015-03-03", "--period", "2015-03-03..2015-03-05")
        before = sorted(tmp_path.rglob("*"))
        for farms in ((str(other), *periods), (str(folder), str(other))):
            result = run_cli("compare", *farms, "--out", str(other / place), "--quiet")
            assert (result.code, result.out) == (4, "")
            assert f"lies in the farm's folder {other}, where the next run would find it among the expor" in result.err
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_period_that_is_cut_short_is_named(self, folder: Path) -> None:
        found = fleet.compare_periods(folder, ("2015-03-01", "2015-03-03"), ("2015-03-03", "2015-03-07"))
        note = "Of the second period asked for there are data from 2015-03-03 00:00 to 2015-03-05 00:00 only."
        assert found.notes[-1] == note
        assert found.second[1] == pd.Timestamp("2015-03-05", tz="UTC")

    def test_a_period_without_data_is_named(self, folder: Path) -> None:
        with pytest.raises(InputError, match="no data from 2017-01-01"):
            fleet.compare_periods(folder, ("2015-03-01", "2015-03-03"), ("2017-01-01", "2018-01-01"))
