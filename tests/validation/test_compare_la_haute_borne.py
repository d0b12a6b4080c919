"""Two years of La Haute Borne compared from end to end, against sums over the publisher's file itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet import samples
from fleet.compare import PeriodComparison
from fleet.compare_findings import period_findings
from fleet.curve_pair import MEASURED

pytestmark = pytest.mark.slow
_YEARS = ("2014-01-01", "2015-01-01"), ("2015-01-01", "2016-01-01")


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    """Rows of the file with their year in UTC; at its ends the clock is standard time as written."""
    table = pd.read_csv(samples.path("la_haute_borne") / "la-haute-borne-data-2014-2015.csv.gz")
    return table.assign(year=pd.to_datetime(table["Date_time"], utc=True).dt.year)


@pytest.fixture(scope="module")
def comparison() -> PeriodComparison:
    return fleet.compare_periods("la_haute_borne", *_YEARS)


def test_energy_of_both_years_is_the_sum_over_the_file(records: pd.DataFrame, comparison: PeriodComparison) -> None:
    sums = records.groupby(["Wind_turbine_name", "year"])["P_avg"].sum().unstack() / 6000.0
    own = comparison.energy.set_index("turbine")
    for turbine, row in sums.iterrows():
        assert own.loc[turbine, "energy_mwh_first"] == pytest.approx(row[2014], abs=1e-4)
        assert own.loc[turbine, "energy_mwh_second"] == pytest.approx(row[2015], abs=1e-4)
    assert own.loc["fleet", "energy_mwh_change"] == pytest.approx((sums[2015] - sums[2014]).sum(), abs=1e-4)


def test_energy_at_equal_wind_against_plain_bins_of_the_file(
    records: pd.DataFrame, comparison: PeriodComparison
) -> None:
    """Bins of all records with power, without correction for density, which differs by half a per cent at most."""
    running = records[(records["P_avg"] > 0) & (records["Ws_avg"] > 0)]
    running = running.assign(bin=np.floor(running["Ws_avg"] / 0.5 + 0.5))
    aep = comparison.aep[comparison.aep["wind"] == MEASURED].set_index("turbine")
    plain = {}
    for turbine, rows in running.groupby("Wind_turbine_name"):
        bins = rows.groupby(["bin", "year"])["P_avg"].agg(["mean", "size"]).unstack()
        bins = bins[(bins["size"] >= 3).all(axis=1)]
        weight = bins["size"][2015]
        plain[turbine] = float((bins["mean"][2015] * weight).sum() / (bins["mean"][2014] * weight).sum())
        assert aep.loc[turbine, "ratio"] == pytest.approx(plain[turbine], abs=0.006)
    assert aep.drop("fleet")["ratio"].idxmax() == max(plain, key=lambda name: plain[name]) == "R80711"


def test_the_same_sensors_leave_far_less_uncertainty_than_either_curve(comparison: PeriodComparison) -> None:
    aep = comparison.aep[comparison.aep["wind"] == MEASURED].set_index("turbine")
    assert (aep["u_ratio"] < 0.002).all()  # of either curve's energy: 6 to 9 %
    assert any("R80711: at equal wind the second period makes 102.9 %" in f.text for f in period_findings(comparison))


def test_hours_in_all_categories_are_those_of_the_year(comparison: PeriodComparison) -> None:
    totals = comparison.categories[comparison.categories["turbine"] != "fleet"].groupby("turbine")[
        ["hours_first", "hours_second"]
    ].sum()  # fmt: skip
    assert (totals <= 8760.0 + 1e-6).all(axis=None)
    assert (totals > 0.97 * 8760.0).all(axis=None)
