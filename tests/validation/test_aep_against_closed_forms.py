"""Annual energy of curves that can be integrated by hand."""

import numpy as np
import pytest

from fleet.aep import MEAN_WIND_SPEEDS, aep_table, aep_weights, rayleigh_cdf
from tests.validation.closed_forms import FINE, RATED, SETTINGS, bins_of, constant_power_mwh, squared_wind_mwh


def test_rayleigh_distribution_has_the_mean_it_was_given() -> None:
    v = np.linspace(0.0, 120.0, 1_200_001)
    for mean in MEAN_WIND_SPEEDS:
        assert np.trapezoid(1.0 - rayleigh_cdf(v, mean), v) == pytest.approx(mean, rel=1e-7)


def test_constant_power_against_the_closed_form() -> None:
    wind = np.arange(4.0, 20.01, 0.5)
    table = aep_table(bins_of(wind, np.full(wind.size, RATED)), SETTINGS).set_index("wind_speed_avg")
    for mean in MEAN_WIND_SPEEDS:
        measured, extrapolated = constant_power_mwh(mean)
        assert table.loc[mean, "aep_measured_mwh"] == pytest.approx(measured, rel=1e-12)
        assert table.loc[mean, "aep_extrapolated_mwh"] == pytest.approx(extrapolated, rel=1e-12)
        assert bool(table.loc[mean, "incomplete"]) == (measured < 0.95 * extrapolated)
    assert not table.loc[4.0, "incomplete"]
    assert table.loc[11.0, "incomplete"]


def test_power_in_proportion_to_the_square_of_the_wind_against_the_closed_form() -> None:
    """With P = a V^2 from calm on, the mean power of a Rayleigh wind is a 4/pi V_ave^2: fine bins come near it."""
    wind = np.arange(0.02, 60.0, 0.02)
    table = aep_table(bins_of(wind, wind**2, FINE), FINE).set_index("wind_speed_avg")
    for mean in MEAN_WIND_SPEEDS:
        assert table.loc[mean, "aep_extrapolated_mwh"] == pytest.approx(squared_wind_mwh(mean), rel=1e-4)


def test_uncertainty_adds_category_a_in_squares_and_category_b_in_line() -> None:
    wind = np.arange(4.0, 16.01, 0.5)
    bins = bins_of(wind, np.full(wind.size, RATED)).assign(u_a_kw=30.0, u_b_kw=50.0)
    weights = aep_weights(wind, 7.0, start_step=0.5, hold_to=25.0)
    row = aep_table(bins, SETTINGS).set_index("wind_speed_avg").loc[7.0]
    expected = 8.760 * np.hypot(30.0 * np.sqrt(np.sum(weights**2)), 50.0 * weights.sum())
    assert row["u_aep_mwh"] == pytest.approx(expected, rel=1e-12)


def test_a_wide_hole_yields_nothing_measured_and_is_bridged_when_extrapolated() -> None:
    wind = np.concatenate([np.arange(4.0, 8.01, 0.5), np.arange(10.0, 20.01, 0.5)])
    table = aep_table(bins_of(wind, np.full(wind.size, RATED)), SETTINGS).set_index("wind_speed_avg")
    full = np.arange(4.0, 20.01, 0.5)
    whole = aep_table(bins_of(full, np.full(full.size, RATED)), SETTINGS).set_index("wind_speed_avg")
    hole = 8.760 * RATED * float(np.diff(rayleigh_cdf(np.array([8.0, 10.0]), 7.0))[0])
    assert table.loc[7.0, "aep_measured_mwh"] == pytest.approx(whole.loc[7.0, "aep_measured_mwh"] - hole, rel=1e-12)
    assert table.loc[7.0, "aep_extrapolated_mwh"] == pytest.approx(whole.loc[7.0, "aep_extrapolated_mwh"], rel=1e-12)
    assert table.loc[7.0, "incomplete"]


def test_nothing_measured_gives_no_figure() -> None:
    bins = bins_of(np.array([8.0]), np.array([900.0])).assign(complete=False)
    table = aep_table(bins, SETTINGS)
    assert table["aep_extrapolated_mwh"].isna().all()
    assert table["incomplete"].all()
