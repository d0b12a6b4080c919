"""Differences of two curves against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from fleet.aep import HOURS_PER_YEAR, aep_table
from fleet.config import PowerCurveSettings
from fleet.curve_pair import MEASURED, CurvePair, pair_of, usable_bins

SETTINGS = PowerCurveSettings()


def bins_of(
    power: list[float],
    *,
    u_a: float = 3.0,
    u_b: list[float] | float = 10.0,
    shift: float = 0.0,
    n: int = 60,
    first: int = 8,
) -> pd.DataFrame:
    """Return a curve's bins of 0.5 m/s from 4 m/s, whose mean wind speeds lie `shift` beside the centres."""
    number = np.arange(first, first + len(power))
    return pd.DataFrame(
        {
            "turbine": "T1",
            "bin": number,
            "wind_speed": 0.5 * number + shift,
            "power_kw": power,
            "n": n,
            "complete": True,
            "interpolated": False,
            "u_a_kw": u_a,
            "u_b_kw": u_b,
        }
    )


def test_same_sensors_leave_the_change_of_category_b_and_both_scatters() -> None:
    first = bins_of([100.0, 200.0, 300.0], u_a=3.0, u_b=[10.0, 10.0, 10.0])
    second = bins_of([110.0, 200.0, 280.0], u_a=4.0, u_b=[10.0, 22.0, 10.0])
    table = pair_of(first, second, 0.5, correlated=True).table()
    assert table["difference_kw"].tolist() == [10.0, 0.0, -20.0]
    # 3-4-5 in the first and the last bin; there category B cancels. In between sqrt(3^2 + 4^2 + 12^2) = 13.
    assert table["u_kw"].tolist() == pytest.approx([5.0, 13.0, 5.0])
    assert table["in_u"].tolist() == pytest.approx([2.0, 0.0, -4.0])


def test_different_sensors_add_their_category_b() -> None:
    first, second = bins_of([100.0, 200.0], u_a=0.0, u_b=6.0), bins_of([100.0, 200.0], u_a=0.0, u_b=8.0)
    assert pair_of(first, second, 0.5, correlated=False).u_difference.tolist() == pytest.approx([10.0, 10.0])


def test_energy_adds_scatter_in_squares_and_sensors_linearly() -> None:
    first, second = bins_of([100.0, 200.0], u_a=3.0, u_b=10.0), bins_of([150.0, 250.0], u_a=4.0, u_b=16.0)
    weights = np.array([1.0, 1.0])
    e1, e2, change, u_change, ratio, u_ratio = pair_of(first, second, 0.5, correlated=True).energy(weights)
    assert (e1, e2, change, ratio) == pytest.approx((300.0, 400.0, 100.0, 4.0 / 3.0))
    # A: two bins of 3^2 + 4^2; B: (16 - 10) in each of two fully correlated bins.
    assert u_change == pytest.approx(math.sqrt(2 * 25.0 + 12.0**2))
    # d(e2 / e1) = (d e2 - ratio d e1) / e1
    scatter = 2 * (4.0**2 + (4.0 / 3.0 * 3.0) ** 2)
    assert u_ratio == pytest.approx(math.sqrt(scatter + (2 * (16.0 - 4.0 / 3.0 * 10.0)) ** 2) / 300.0)
    *_, u_apart, _, u_ratio_apart = pair_of(first, second, 0.5, correlated=False).energy(weights)
    assert u_apart == pytest.approx(math.sqrt(2 * 25.0 + 20.0**2 + 32.0**2))
    assert u_ratio_apart == pytest.approx(math.sqrt(scatter + 32.0**2 + (20.0 * 4.0 / 3.0) ** 2) / 300.0)


def test_mean_winds_beside_the_centre_are_no_difference() -> None:
    """One line P = 100 V, measured at other mean winds of the same bins."""
    wind = 0.5 * np.arange(8, 20)
    first = bins_of((100.0 * (wind + 0.1)).tolist(), shift=0.1)
    second = bins_of((100.0 * (wind - 0.2)).tolist(), shift=-0.2)
    pair = pair_of(first, second, 0.5, correlated=True)
    assert pair.difference == pytest.approx(np.zeros(wind.size), abs=1e-9)
    assert pair.first == pytest.approx(100.0 * wind)


def test_only_common_bins_are_compared() -> None:
    pair = pair_of(bins_of([1.0, 2.0, 3.0], first=8), bins_of([2.0, 3.0, 9.0], first=9), 0.5, correlated=True)
    assert pair.bins.tolist() == [9, 10]
    assert pair.difference.tolist() == [0.0, 0.0]
    none = pair_of(bins_of([1.0], first=8), bins_of([2.0], first=20), 0.5, correlated=True)
    assert none.table().empty
    assert none.energies(SETTINGS)["ratio"].isna().all()


def test_unusable_bins_are_left_out() -> None:
    table = bins_of([1.0, 2.0, 3.0]).assign(complete=[True, False, False], interpolated=[False, True, False])
    assert usable_bins(table, "T1")["bin"].tolist() == [8, 9]
    assert usable_bins(table, "T2").empty


def test_measured_wind_weighs_with_the_second_curves_records() -> None:
    first, second = bins_of([100.0, 200.0, 300.0]), bins_of([110.0, 220.0, 330.0]).assign(n=[30, 20, 50])
    row = pair_of(first, second, 0.5, correlated=True).energies(SETTINGS).iloc[0]
    assert row["wind"] == MEASURED
    assert row["aep_first_mwh"] == pytest.approx(HOURS_PER_YEAR * (0.3 * 0.1 + 0.2 * 0.2 + 0.5 * 0.3))
    assert row["wind_speed_avg"] == pytest.approx(0.3 * 4.0 + 0.2 * 4.5 + 0.5 * 5.0)
    assert row["ratio"] == pytest.approx(1.1)


def test_rayleigh_energies_are_those_of_the_report_where_the_bins_are_the_same() -> None:
    power = (2000.0 / (1.0 + np.exp(-(0.5 * np.arange(8, 44) - 9.0) / 1.25))).tolist()
    first, second = bins_of(power), bins_of([1.02 * value for value in power])
    found = pair_of(first, second, 0.5, correlated=True).energies(SETTINGS).iloc[1:].reset_index(drop=True)
    for column, bins in (("aep_first_mwh", first), ("aep_second_mwh", second)):
        own = aep_table(bins, SETTINGS)
        assert found[column].tolist() == pytest.approx(own["aep_extrapolated_mwh"].tolist())
    assert found["ratio"].tolist() == pytest.approx([1.02] * 8)


def test_a_curve_against_itself_gives_exact_zeros() -> None:
    curve = bins_of([37.1, 111.3, 205.7, 402.9, 777.7], shift=0.07)
    pair = pair_of(curve, curve, 0.5, correlated=True)
    assert (pair.difference == 0.0).all()
    energies = pair.energies(SETTINGS)
    assert (energies["change_mwh"] == 0.0).all()
    assert (energies["ratio"] == 1.0).all()


def test_without_uncertainty_nothing_is_counted_in_its_units() -> None:
    zero = np.zeros(2)
    pair = CurvePair(
        bins=np.array([8, 9]),
        wind_speed=np.array([4.0, 4.5]),
        records=np.array([3, 3]),
        first=np.array([1.0, 2.0]),
        second=np.array([1.0, 3.0]),
        u_a=(zero, zero),
        u_b=(zero, zero),
        correlated=True,
    )
    assert pair.table()["in_u"].isna().all()
