"""La Haute Borne: Rayleigh AEP at 6 m/s as the project's brief states it, from the publisher's CSV.

Conditions: duplicates "first" in file order, no density correction, bins of 0.5 m/s with 3 records at least, the bin's
mean wind speed, rows with 5 <= wind <= 40 m/s and power outside 20..2100 kW left out, last bin held to 25 m/s.
"""

import numpy as np
import pandas as pd
import pytest

from fleet import samples
from fleet.aep import aep_table
from fleet.config import PowerCurveSettings, QualitySettings, Turbine
from fleet.expected import expected_curve, inconsistent, power_histogram, robust_bins
from fleet.power_curve import bin_table, completeness_table
from tests.partial_tables import curve_table
from tests.validation.references import AEP_MWH

RATED = 2050.0


@pytest.fixture(scope="module")
def records() -> dict[str, pd.DataFrame]:
    file = samples.path("la_haute_borne") / "la-haute-borne-data-2014-2015.csv.gz"
    raw = pd.read_csv(file, usecols=["Wind_turbine_name", "Date_time", "P_avg", "Ws_avg"])
    raw["time"] = pd.to_datetime(raw["Date_time"], utc=True)
    first = raw.drop_duplicates(["Wind_turbine_name", "time"], keep="first").dropna(subset=["P_avg", "Ws_avg"])
    return {str(name): frame for name, frame in first.groupby("Wind_turbine_name")}


@pytest.mark.parametrize("turbine", AEP_MWH)
def test_aep_at_6_m_s(records: dict[str, pd.DataFrame], turbine: str) -> None:
    wind, power = records[turbine]["Ws_avg"].to_numpy(), records[turbine]["P_avg"].to_numpy()
    outside = (wind >= 5.0) & (wind <= 40.0) & ((power < 20.0) | (power > 2100.0))
    settings = PowerCurveSettings(density="none")
    machine = Turbine(name=turbine, rated_power_kw=RATED, rotor_diameter=82.0)
    bins = bin_table(curve_table(wind, power, ~outside), machine, settings)
    table = aep_table(bins, settings).set_index("wind_speed_avg")
    assert round(table.loc[6.0, "aep_extrapolated_mwh"], 1) == AEP_MWH[turbine]
    row = completeness_table(bins, machine, settings, density=1.225, density_source="none").iloc[0]
    assert row["hours"] == pytest.approx(np.count_nonzero(~outside) / 6.0)
    assert row["range_low"] == 3.0
    assert 17.0 < row["range_high"] < 18.0


@pytest.mark.parametrize("turbine", AEP_MWH)
def test_stops_are_inconsistent_and_normal_operation_is_kept(records: dict[str, pd.DataFrame], turbine: str) -> None:
    wind, power = records[turbine]["Ws_avg"].to_numpy(), records[turbine]["P_avg"].to_numpy()
    robust = robust_bins(
        power_histogram(wind, power, np.ones(wind.size, bool), rated_power_kw=RATED), rated_power_kw=RATED
    )
    flagged = inconsistent(wind, power, robust, QualitySettings(), rated_power_kw=RATED)
    stopped = (power <= 0.0) & (wind >= 5.5)
    assert flagged[stopped].all()
    assert np.count_nonzero(flagged & ~stopped) < 0.005 * wind.size
    curve = expected_curve(robust, rated_power_kw=RATED)
    kept = curve.power_kw(wind[~flagged]).sum() / power[~flagged].sum()
    assert kept == pytest.approx(1.0, abs=0.005), "the expected curve adds up to the energy of normal operation"
