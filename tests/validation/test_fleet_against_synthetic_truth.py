"""The whole analysis against synthetic farms whose truth is known: one without troubles, one with a mix of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, norm

import fleet
from fleet.farm import Farm
from fleet.synthetic import FleetSpec, FleetTruth, expected_curve, read_truth, synthesise
from tests.validation import synthetic_runs as runs

HEALTHY = FleetSpec.healthy(turbines=1, days=365, seed=21)
MIXED = FleetSpec(turbines=3, days=150, seed=22, deratings_per_year=0.0)  # the log does not show derating


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Farm, FleetTruth]:
    folder = tmp_path_factory.mktemp("mixed")
    synthesise(folder / "farm", MIXED, format="generic_parquet", truth=folder / "truth.parquet")
    return fleet.open(folder / "farm"), read_truth(folder / "truth.parquet")


def test_power_curve_of_a_healthy_turbine_is_the_expected_one(tmp_path: Path) -> None:
    """Bins from 4 to 14 m/s: differences are what chance makes of their uncertainties, to one in a thousand.

    Below, rows that stand still are left out of curves, and above the curve bends within a bin: the page of validation
    shows how often the intervals hold there.
    """
    synthesise(tmp_path / "farm", HEALTHY, format="generic_parquet")
    bins = fleet.open(tmp_path / "farm").power_curves().bins
    found = bins[(bins["turbine"] == "T0001") & bins["complete"]].set_index("bin").loc[8:28]
    known = expected_curve(HEALTHY, 0, size=2_000_000).loc[found.index]
    assert len(found) == 21
    deviations = (found["power_kw"] - known["power_kw"]) / np.hypot(found["u_a_kw"], known["u_power_kw"])
    assert (deviations**2).sum() < chi2.ppf(0.999, len(found))
    assert deviations.abs().max() < norm.isf(0.0005 / len(found))
    # Without the sensors' biases the curve is another: category B covers the difference.
    unbiased = expected_curve(HEALTHY, None, size=2_000_000)
    apart = (found["power_kw"] - unbiased["power_kw"]).abs() / np.hypot(found["u_a_kw"], found["u_b_kw"])
    assert apart.max() < norm.isf(0.0005)  # one draw of each bias, which all bins share


def test_availability_from_the_log_is_the_true_one(mixed: tuple[Farm, FleetTruth]) -> None:
    farm, truth = mixed
    table = farm.availability().table
    found = table[(table["view"] == "operational") & (table["turbine"] != "fleet")].set_index("turbine")
    known = truth.availability()
    for name in ("time_based", "available_h", "unavailable_h"):
        assert found[name].to_numpy() == pytest.approx(known[name].to_numpy(), rel=1e-9)
    # The potential of a stop is the curve at the anemometer's wind: 2 to 3 % of wind speed are 6 to 9 % of power.
    assert found["lost_mwh"].sum() == pytest.approx(known["lost_mwh"].sum(), rel=0.10)
    # A tenth of the 3.5 % that are lost.
    assert found["production_based"].to_numpy() == pytest.approx(known["production_based"].to_numpy(), abs=0.0035)


@pytest.mark.parametrize("mark", runs.ROWS)
def test_the_counts_of_rows_that_cases_refer_to_are_the_truth(mark: str) -> None:
    assert runs.rows_marked(mark) == runs.ROWS[mark]


def test_energy_is_the_true_one_within_the_bias_of_its_measurement(mixed: tuple[Farm, FleetTruth]) -> None:
    farm, truth = mixed
    energy = farm.results.energy
    assert energy is not None
    found = energy.totals.set_index("turbine")["energy_mwh"]
    records = truth.records[~truth.records["missing"]]
    known = records.groupby("turbine")["power_kw"].sum() / 6000.0
    hours = records.groupby("turbine").size() / 6.0
    constants = truth.turbines
    biased = (1.0 + constants["power_gain"]) * known + constants["power_offset_kw"] * hours / 1000.0
    # Frozen power, spikes and empty cells remain: 1 % of the records and less.
    assert found[biased.index].to_numpy() == pytest.approx(biased.to_numpy(), rel=0.01)
