"""Farms side by side: figures per rated power against values by hand, independent sensors, labels, notes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fleet
from fleet.compare_findings import farm_findings
from fleet.errors import ConfigError
from fleet.report import write_comparison
from fleet.results import FleetResults
from fleet.side_by_side import compare_farm_results, farm_labels
from tests.farms import farm_rows, run_cli, write_generic
from tests.html_page import check_page
from tests.report_fixture import inferred_too_high, logs_only, synthetic_results


def _rated(results: FleetResults, rated_kw: float, name: str) -> FleetResults:
    """Return the same figures of turbines of another rated power."""
    turbines = tuple(t.model_copy(update={"rated_power_kw": rated_kw}) for t in results.farm.turbines)
    return replace(results, farm=results.farm.model_copy(update={"turbines": turbines, "name": name}))


@pytest.fixture(scope="module")
def results() -> FleetResults:
    return synthetic_results(2, 2)


def test_curves_are_shares_of_rated_power_with_independent_sensors(results: FleetResults) -> None:
    other = _rated(results, 4000.0, "big")
    found = compare_farm_results([results, other])
    small, big = (found.curves[found.curves["farm"] == name] for name in found.farms)
    assert small["power_pu"].to_numpy() == pytest.approx(2.0 * big["power_pu"].to_numpy())
    difference = found.differences
    assert set(difference["farm"]) == {"big"}
    assert difference["difference_pu"].to_numpy() == pytest.approx(-0.5 * difference["first_pu"].to_numpy())
    # u_c 30.27 kW of 2 and of 4 MW, nothing in common.
    u = np.hypot(4.0, 30.0)
    assert difference["u_pu"].to_numpy() == pytest.approx(np.full(len(difference), np.hypot(u / 2000.0, u / 4000.0)))


def test_energy_and_losses_per_megawatt_and_year(results: FleetResults) -> None:
    assert results.energy is not None
    totals = results.energy.totals.copy()
    totals.loc[totals["turbine"] == "fleet", ["energy_mwh", "covered_h"]] = [3000.0, 8760.0]  # one turbine-year of 2 MW
    losses = results.energy.losses.copy()
    losses.loc[(losses["turbine"] == "fleet") & (losses["step"] == "availability loss"), "energy_mwh"] = -50.0
    one = replace(results, energy=replace(results.energy, totals=totals, losses=losses))
    row = compare_farm_results([one, results]).specific.iloc[0]
    assert row["specific_energy"] == pytest.approx(1500.0)
    assert row["availability loss"] == pytest.approx(-25.0)
    assert row["aep"] == pytest.approx(910.0 * 4.0 / 2.0)
    assert row["u_aep"] == pytest.approx(60.0)


def test_headline_stands_beside_evidence_and_findings(results: FleetResults) -> None:
    found = compare_farm_results([results, logs_only()])
    assert found.farms == ["Synthetic farm", "Synthetic farm (2)"]
    row = found.headline.iloc[0]
    assert (row["turbines"], row["rated_mw"], row["evidence"]) == (2, 4.0, "status log")
    assert (row["alarms"], row["warnings"]) == (1, 1)
    assert np.isnan(found.headline.iloc[1]["energy_mwh"])
    assert found.differences.empty
    farm_findings(found)


def test_farms_that_a_figure_lacks_are_named_with_the_reason(results: FleetResults, tmp_path: Path) -> None:
    logs = logs_only()
    other = replace(logs, farm=logs.farm.model_copy(update={"name": "logs"}))
    why = "The folder holds status logs only: no power and no wind speed"
    found = compare_farm_results([results, other])
    assert found.absent == {part: {"logs": why} for part in ("headline", "specific", "curves")}
    page = write_comparison(found, tmp_path / "one").read_text(encoding="utf-8")
    assert page.count(f"No energy of logs: {why}.") == 2
    assert page.count(f"No curve of logs: {why}.") == 1
    both = write_comparison(compare_farm_results([other, logs]), tmp_path / "two").read_text(encoding="utf-8")
    assert both.count(f"No farm has data for it. Not of logs, Synthetic farm: {why}.") == 2  # but availability


@pytest.mark.usefixtures("undrawn")
def test_an_availability_that_is_too_high_is_marked(results: FleetResults, tmp_path: Path) -> None:
    page = write_comparison(
        compare_farm_results([results, inferred_too_high(results)], ["a", "b"]), tmp_path / "out"
    ).read_text("utf-8")
    assert page.count("97.000*") == 1
    assert "*: too high, the table says why." in page
    assert "* b: too high, inferred without 250 rows" in page


def test_a_finding_says_which_availability_is_too_high(results: FleetResults) -> None:
    found = compare_farm_results([results] * 2, ["a", "b"])
    headline = found.headline.assign(availability_time=[0.9, 0.95], availability_note=["", "too high, inferred"])
    (finding, *_) = farm_findings(replace(found, headline=headline))
    assert finding.text == "Time-based availability: a 90.00 %, b 95.00 %. b: too high, inferred."


def test_farms_of_one_name_are_told_apart_by_their_folders() -> None:
    folders = [Path("/a/x/farm"), Path("/a/y/farm"), Path("/a/z"), Path("s3://bucket/farm")]
    assert farm_labels(["F", "F", "G", "G"], folders) == ["F (x/farm)", "F (y/farm)", "G (z)", "G (farm)"]
    assert farm_labels(["F", "F"], folders[:1] * 2) == ["F", "F"]


def test_labels_stay_apart(results: FleetResults) -> None:
    assert compare_farm_results([results] * 3, ["a", "a (2)", "a"]).farms == ["a", "a (2)", "a (3)"]


def test_other_bins_and_types_are_named(results: FleetResults) -> None:
    curve = results.farm.power_curve.model_copy(update={"bin_width": 1.0, "reference_density": 1.1})
    turbines = (results.farm.turbines[0], results.farm.turbines[1].model_copy(update={"rated_power_kw": 3000.0}))
    farm = results.farm.model_copy(update={"power_curve": curve, "turbines": turbines, "name": "other"})
    found = compare_farm_results([results, replace(results, farm=farm)])
    assert found.differences.empty
    notes = " ".join(found.notes)
    assert "other: bins of 1 m/s, Synthetic farm has 0.5: no difference." in notes
    assert "other: the curve is for 1.1 kg/m3" in notes
    assert "other: 2 types of turbine" in notes


def test_findings_say_what_cannot_be_compared(results: FleetResults) -> None:
    assert results.availability is not None
    table = results.availability.table.assign(evidence="inferred")
    other = replace(results, availability=replace(results.availability, table=table))
    found = farm_findings(compare_farm_results([results, other, _rated(results, 4000.0, "big")]))
    assert (
        found[0].text == "The availabilities rest on different evidence (inferred, status log) and cannot be compared."
    )
    texts = [finding.text for finding in found]
    assert any(text.startswith("Synthetic farm (2) against Synthetic farm: 0 of ") for text in texts)
    (big,) = [finding for finding in found if finding.text.startswith("big against")]
    assert big.severity == "warning"


def test_the_page_is_well_formed_and_escaped(results: FleetResults, tmp_path: Path) -> None:
    odd = "<i>&\"farm'</i>"
    comparison = compare_farm_results([results, _rated(results, 4000.0, odd)])
    comparison = replace(comparison, findings=farm_findings(comparison))
    check_page(write_comparison(comparison, tmp_path / "out"), (odd,))


def test_one_farm_from_two_folders_by_the_command(tmp_path: Path) -> None:
    rows = farm_rows(2, 2.0, seed=5)
    folders = [str(write_generic(tmp_path / name, rows)) for name in ("one", "two")]
    result = run_cli("compare", *folders, "--out", str(tmp_path / "out"), "--quiet")
    assert (result.code, result.err) == (0, "")
    found = fleet.compare_farms(folders)
    assert found.farms == ["made up (one)", "made up (two)"]
    assert (found.differences["difference_pu"] == 0.0).all()
    assert (found.differences["u_pu"] > 0.0).all()
    assert len(found.differences) == 16
    with pytest.raises(ConfigError, match="two farms or more, found 1"):
        fleet.compare_farms(folders[:1])
    result = run_cli("compare", *folders, "--turbine", "T1", "--out", str(tmp_path / "out"))
    assert (result.code, "--turbine goes with one farm" in result.err) == (2, True)
