"""Expected power and records that do not fit: on a made-up turbine whose curve is known."""

import numpy as np
import pandas as pd
import pytest

from fleet.config import QualitySettings
from fleet.errors import InputError
from fleet.expected import expected_curve, inconsistent, known_range, power_histogram, robust_bins

RATED = 2000.0
SETTINGS = QualitySettings()


def true_power(wind: np.ndarray) -> np.ndarray:
    return RATED * np.clip((wind**3 - 27.0) / (12.0**3 - 27.0), 0.0, 1.0)


@pytest.fixture(scope="module")
def operation() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    wind = 7.0 * rng.weibull(2.0, 40_000)
    return wind, true_power(wind + rng.normal(0.0, 0.2, wind.size)) + rng.normal(0.0, 5.0, wind.size)


def fitted(wind: np.ndarray, power: np.ndarray) -> pd.DataFrame:
    counts = power_histogram(wind, power, np.ones(wind.size, bool), rated_power_kw=RATED)
    return robust_bins(counts, rated_power_kw=RATED)


def test_a_histogram_keeps_every_record_also_beyond_its_edges() -> None:
    counts = power_histogram([0.0, 39.9, 45.0, 8.0], [-900.0, 100.0, 100.0, 9000.0], [True] * 4, rated_power_kw=RATED)
    assert counts.sum() == 4
    assert counts.dtype == np.int64
    with pytest.raises(ValueError, match="expected none"):
        power_histogram([np.nan], [1.0], [True], rated_power_kw=RATED)


def test_median_and_spread_of_a_normal_distribution() -> None:
    rng = np.random.default_rng(3)
    power = rng.normal(1000.0, 60.0, 200_000)
    row = fitted(np.full(power.size, 8.1), power).iloc[0]
    assert row["median_kw"] == pytest.approx(1000.0, abs=1.0)
    assert row["sigma_kw"] == pytest.approx(60.0, rel=0.02)
    assert row["mean_kw"] == pytest.approx(1000.0, abs=1.0)


def test_the_expected_curve_is_the_mean_power_at_the_measured_wind(operation: tuple[np.ndarray, np.ndarray]) -> None:
    """The oracle: the true curve averaged over the normal deviation of 0.2 m/s that the rotor's wind has from it."""
    curve = expected_curve(fitted(*operation), rated_power_kw=RATED)
    v = np.arange(3.5, 16.0, 0.25)
    deviation = np.linspace(-1.0, 1.0, 401)
    weight = np.exp(-0.5 * (deviation / 0.2) ** 2)
    truth = true_power(v[:, None] + deviation) @ weight / weight.sum()
    assert np.abs(curve.power_kw(v) - truth).max() < 0.01 * RATED
    assert curve.power_kw(operation[0]).sum() == pytest.approx(operation[1].sum(), rel=0.005)


def test_the_expected_curve_is_held_to_cut_out_and_zero_beyond(operation: tuple[np.ndarray, np.ndarray]) -> None:
    curve = expected_curve(fitted(*operation), rated_power_kw=RATED, cut_out=25.0)
    assert curve.power_kw([0.0, 25.01]).tolist() == [0.0, 0.0]
    assert curve.power_kw(25.0) == pytest.approx(curve.power_kw(20.0))
    assert np.isnan(curve.power_kw(np.nan))


def test_normal_operation_is_kept_and_stops_and_deratings_are_flagged(operation: tuple[np.ndarray, np.ndarray]) -> None:
    wind, power = operation
    robust = fitted(wind, power)
    assert inconsistent(wind, power, robust, SETTINGS, rated_power_kw=RATED).mean() < 0.001
    v = np.arange(6.0, 20.0, 0.1)
    assert inconsistent(v, np.full(v.size, -2.0), robust, SETTINGS, rated_power_kw=RATED).all()
    high = v[v > 11.0]
    assert inconsistent(high, np.full(high.size, 0.5 * RATED), robust, SETTINGS, rated_power_kw=RATED).all()


@pytest.mark.parametrize("standby_kw", [-3.0, 0.0])
def test_a_turbine_that_often_stands_still_keeps_its_curve(
    operation: tuple[np.ndarray, np.ndarray], standby_kw: float
) -> None:
    """Three records of four are stops: the median of all of them would be zero."""
    wind, power = operation
    stopped = np.random.default_rng(5).random(wind.size) < 0.75
    power = np.where(stopped, standby_kw, power)
    robust = fitted(wind, power)
    flagged = inconsistent(wind, power, robust, SETTINGS, rated_power_kw=RATED)
    windy = wind > 6.0
    assert flagged[stopped & windy].all()
    assert flagged[~stopped & windy].mean() < 0.001


def test_the_flags_do_not_step_with_the_cells(operation: tuple[np.ndarray, np.ndarray]) -> None:
    """On the steep part the limit follows the curve within a cell: it moves evenly from edge to edge."""
    robust = fitted(*operation)
    v = np.arange(8.0, 10.0, 0.01)
    grid = np.arange(0.0, 2400.0, 1.0)
    lowest = np.array(
        [grid[~inconsistent(np.full(grid.size, w), grid, robust, SETTINGS, rated_power_kw=RATED)].min() for w in v]
    )
    assert np.abs(np.diff(lowest)).max() < 0.01 * RATED


def test_a_few_odd_records_at_high_wind_do_not_bend_the_curve(operation: tuple[np.ndarray, np.ndarray]) -> None:
    """Seven records in a cell of their own, spread from a fifth to all of rated power, beside thousands at rated."""
    wind, power = operation
    rng = np.random.default_rng(9)
    steady = rng.uniform(15.0, 16.5, 3000)
    wind = np.concatenate([wind[wind < 15.0], steady, np.full(7, 16.6)])
    power = np.concatenate(
        [power[operation[0] < 15.0], rng.normal(RATED, 8.0, steady.size), np.linspace(400.0, RATED, 7)]
    )
    robust = fitted(wind, power).set_index("bin")
    assert robust.loc[66, "median_kw"] < 0.7 * RATED
    assert robust.loc[66, "level_kw"] > 0.98 * RATED
    assert robust.loc[66, "sigma_kw"] < 3.0 * robust.loc[63, "sigma_kw"]
    curve = expected_curve(robust.reset_index(), rated_power_kw=RATED)
    assert float(curve.power_kw(16.6)) > 0.98 * RATED


def test_stops_do_not_count_as_normal_starts_without_a_floor(operation: tuple[np.ndarray, np.ndarray]) -> None:
    strict = QualitySettings(inconsistent_floor=0.0, inconsistent_spread=100.0)
    robust = fitted(*operation)
    assert inconsistent([6.0], [0.0], robust, strict, rated_power_kw=RATED).tolist() == [True]
    assert inconsistent([3.6], [0.0], robust, strict, rated_power_kw=RATED).tolist() == [False]


def test_nothing_is_judged_or_expected_without_support() -> None:
    robust = robust_bins(power_histogram([], [], [], rated_power_kw=RATED), rated_power_kw=RATED)
    assert robust.empty
    assert not inconsistent([9.0], [0.0], robust, SETTINGS, rated_power_kw=RATED).any()
    with pytest.raises(InputError, match="longer period"):
        expected_curve(robust, rated_power_kw=RATED)


def windows(operation: tuple[np.ndarray, np.ndarray], low: float, high: float) -> pd.DataFrame:
    """Return the robust bins of what a turbine did between two wind speeds only."""
    wind, power = operation
    inside = (wind >= low) & (wind < high)
    return fitted(wind[inside], power[inside])


def test_a_curve_begins_where_the_wind_was_measured(operation: tuple[np.ndarray, np.ndarray]) -> None:
    """Half a gale from 8 m/s on: a line from the origin to 8 m/s would be expected power that nobody measured."""
    robust = windows(operation, 8.0, 25.0)
    assert known_range(robust, rated_power_kw=RATED) == (8.0, np.inf)
    curve = expected_curve(robust, rated_power_kw=RATED)
    assert np.isnan(curve.power_kw([0.0, 4.0, 6.0, 7.9])).all()
    whole = expected_curve(fitted(*operation), rated_power_kw=RATED)
    v = np.arange(8.0, 25.0, 0.05)
    assert np.abs(curve.power_kw(v) - whole.power_kw(v)).max() < 0.01 * RATED
    known = curve.expected_kw[np.isfinite(curve.expected_kw)]
    assert (np.diff(known) >= 0.0).all()


@pytest.mark.parametrize(("cut_in", "known"), [(3.0, False), (4.0, True)])
def test_below_cut_in_power_rises_from_zero(
    operation: tuple[np.ndarray, np.ndarray], cut_in: float, known: bool
) -> None:
    curve = expected_curve(windows(operation, 4.0, 25.0), rated_power_kw=RATED, cut_in=cut_in)
    assert np.isfinite(curve.power_kw(3.5)) == known
    assert np.isfinite(curve.power_kw(4.1))


def test_a_curve_ends_where_it_was_measured_unless_it_has_come_to_rated_power(
    operation: tuple[np.ndarray, np.ndarray],
) -> None:
    robust = windows(operation, 0.0, 9.0)
    assert known_range(robust, rated_power_kw=RATED) == (0.0, 9.0)
    curve = expected_curve(robust, rated_power_kw=RATED)
    assert np.isnan(curve.power_kw([9.2, 15.0, 25.0])).all()
    assert curve.power_kw(25.5) == 0.0
    assert float(curve.power_kw(8.9)) == pytest.approx(float(true_power(np.array(8.9))), abs=0.01 * RATED)


def test_records_beyond_the_measured_range_are_not_judged(operation: tuple[np.ndarray, np.ndarray]) -> None:
    wind, power = operation
    middle = windows(operation, 7.0, 9.0)
    flagged = inconsistent(wind, power, middle, SETTINGS, rated_power_kw=RATED)
    runs = power > 0.0
    assert not flagged[runs & ((wind < 7.0) | (wind >= 9.0))].any(), "all of them ran as they should"
    assert inconsistent([8.0], [100.0], middle, SETTINGS, rated_power_kw=RATED).all()


def test_what_the_neighbouring_range_rules_out_is_flagged(operation: tuple[np.ndarray, np.ndarray]) -> None:
    """Above the range power is not below the last level; more than 1 m/s above cut-in a turbine does not stand."""
    middle = windows(operation, 7.0, 9.0)
    high = inconsistent([12.0, 12.0, 12.0], [0.0, 200.0, 2000.0], middle, SETTINGS, rated_power_kw=RATED)
    assert high.tolist() == [True, True, False]
    low = inconsistent([4.9, 5.1, 5.1], [0.0, 0.0, 30.0], middle, SETTINGS, rated_power_kw=RATED)
    assert low.tolist() == [False, True, False]


def test_missing_values_are_not_flagged_here(operation: tuple[np.ndarray, np.ndarray]) -> None:
    robust = fitted(*operation)
    flagged = inconsistent([np.nan, 9.0], [0.0, np.nan], robust, SETTINGS, rated_power_kw=RATED)
    assert flagged.tolist() == [False, False]
