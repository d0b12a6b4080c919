"""Results on the packaged Kelmarsh sample: 39 hours of strong wind of one turbine, nothing at low wind."""

from __future__ import annotations

import numpy as np
import pytest

import fleet
from fleet.curves import lacking
from fleet.energy import LOSS_STEPS
from fleet.findings import findings
from fleet.report import headline
from fleet.results import Energy, FleetResults, PowerCurves


@pytest.fixture(scope="module")
def results() -> FleetResults:
    return fleet.open("kelmarsh").results


@pytest.fixture(scope="module")
def curves(results: FleetResults) -> PowerCurves:
    assert results.curves is not None
    return results.curves


@pytest.fixture(scope="module")
def energy(results: FleetResults) -> Energy:
    assert results.energy is not None
    return results.energy


def test_there_is_no_annual_energy_without_low_wind(results: FleetResults, curves: PowerCurves) -> None:
    usable = curves.bins[curves.bins["complete"] | curves.bins["interpolated"]]
    assert usable["wind_speed"].min() > 7.0
    assert curves.aep[["aep_measured_mwh", "aep_extrapolated_mwh", "u_aep_mwh"]].isna().all(axis=None)
    assert curves.aep["incomplete"].all()
    assert headline(results)[["aep_mwh", "u_aep_mwh"]].isna().all(axis=None)
    assert "does not begin at cut-in, 4 m/s (Kelmarsh 2 from " in results.absent["aep"]


def test_one_turbine_is_not_ranked(results: FleetResults, curves: PowerCurves) -> None:
    assert curves.ranking["index"].isna().all()
    assert (curves.ranking["rank"] == 0).all()
    assert headline(results)["index"].isna().all()
    assert results.absent["ranking"] == "fewer than two turbines have records in common"
    assert lacking(curves) == {key: results.absent[key] for key in ("aep", "ranking")}
    assert any(finding.text.endswith("no ranking.") for finding in findings(results))


def test_nothing_is_expected_at_low_wind(curves: PowerCurves) -> None:
    expected = curves.expected.set_index("wind_speed")["power_kw"]
    assert expected[expected.index < 6.5].isna().all()
    assert expected[(expected.index > 8.5) & (expected.index < 25.0)].notna().all()


def test_energy_at_low_wind_is_a_step_of_its_own_and_the_waterfall_adds_up(energy: Energy) -> None:
    table = energy.losses.pivot(index="turbine", columns="step", values="energy_mwh")
    steps = [step for step in LOSS_STEPS if step != "measured"]
    assert np.abs(table[steps].sum(axis=1) - table["measured"]).max() < 1e-9
    assert (table["without expectation"] > 0.0).all()
    measured = energy.totals.set_index("turbine")["energy_mwh"]
    assert table["measured"].to_numpy() == pytest.approx(measured[table.index].to_numpy(), rel=1e-12)


def test_records_that_cannot_be_judged_are_used(results: FleetResults, curves: PowerCurves) -> None:
    """The sample's turbine runs below 7 m/s as it should, in too few records to know a curve there."""
    low = curves.scatter[(curves.scatter["wind_speed"] < 6.5) & (curves.scatter["power_kw"] > 0.0)]
    assert low["used"].sum() > 0
    assert low["rejected"].sum() == 0
