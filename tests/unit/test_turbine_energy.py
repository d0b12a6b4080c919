"""Annual energy against curves that can be integrated by hand, distributions, comparison and cost."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

import turbine
from fleet.aep import aep_weights, rayleigh_cdf
from turbine.costs import Costs, fixed_charge_rate, lcoe_per_mwh
from turbine.energy import (
    MeasuredDistribution,
    PowerCurve,
    Weibull,
    annual_energy_mwh,
    capacity_factor,
    compare_curves,
    energy_by_band_mwh,
    energy_weights,
    mean_power,
    rayleigh,
)
from turbine.errors import EnergyError, WindformError

RATED = 2e6  #: [W]
MEASURED = MeasuredDistribution(np.array([0.0, 2.0, 5.0, 9.0, 30.0]), np.array([10.0, 30.0, 50.0, 10.0]))
WINDS: list[Weibull | MeasuredDistribution] = [rayleigh(7.0), Weibull(9.0, 1.6), Weibull.from_mean(8.0, 3.0), MEASURED]


def machine(points: int = 45, **options: float) -> PowerCurve:
    """A cubic rise to rated power at 12 m/s."""
    wind = np.linspace(3.0, 25.0, points)
    return PowerCurve(wind, RATED * np.minimum(wind / 12.0, 1.0) ** 3, **options)


@pytest.mark.parametrize("mean", [4.0, 7.0, 11.0])
def test_rayleigh_is_the_formula_of_the_standard(mean: float) -> None:
    """IEC 61400-12-1: F = 1 - exp(-pi/4 (V/V_ave)^2)."""
    wind = np.linspace(0.0, 40.0, 401)
    expected = 1.0 - np.exp(-math.pi / 4.0 * (wind / mean) ** 2)
    assert rayleigh(mean).cdf(wind) == pytest.approx(expected, rel=1e-13, abs=1e-15)
    assert rayleigh(mean).shape == 2.0
    assert rayleigh(mean).mean == pytest.approx(mean, rel=1e-14)


@pytest.mark.parametrize("wind", WINDS)
def test_distribution_has_the_mean_it_states(wind: Weibull | MeasuredDistribution) -> None:
    speed = np.linspace(0.0, 150.0, 300_001)
    assert np.trapezoid(1.0 - wind.cdf(speed), speed) == pytest.approx(wind.mean, rel=1e-7)


@pytest.mark.parametrize("wind", WINDS)
def test_no_time_below_calm_and_all_of_it_below_the_highest_wind(wind: Weibull | MeasuredDistribution) -> None:
    assert wind.cdf([-5.0, 0.0, 1e6]).tolist() == [0.0, 0.0, 1.0]
    assert (np.diff(wind.cdf(np.linspace(0.0, 60.0, 601))) >= 0.0).all()


@pytest.mark.parametrize("wind", WINDS)
def test_constant_power_against_the_closed_form(wind: Weibull | MeasuredDistribution) -> None:
    speed = np.arange(4.0, 20.01, 0.5)
    held = PowerCurve(speed, np.full(speed.size, RATED), hold_to=25.0)
    start, first, last, out = wind.cdf([3.5, 4.0, 20.0, 25.0])
    inside = (first - start) / 2.0 + last - first
    assert mean_power(held, wind) == pytest.approx(RATED * (inside + out - last), rel=1e-12)
    assert mean_power(PowerCurve(speed, held.power), wind) == pytest.approx(RATED * inside, rel=1e-12)
    jump = PowerCurve(speed, held.power, start_step=0.0)
    assert mean_power(jump, wind) == pytest.approx(RATED * (last - first), rel=1e-12)


def test_rated_power_in_every_wind_fills_the_year() -> None:
    curve = PowerCurve(np.array([0.0, 100.0]), np.array([RATED, RATED]), start_step=0.0)
    energy = annual_energy_mwh(curve, rayleigh(8.0))
    assert energy == pytest.approx(17_520.0, rel=1e-12)
    assert capacity_factor(energy, RATED) == pytest.approx(1.0, rel=1e-12)
    assert annual_energy_mwh(curve, rayleigh(8.0), availability=0.97) == pytest.approx(0.97 * energy, rel=1e-12)


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("wind", [rayleigh(7.0), Weibull(9.0, 1.6), Weibull(6.0, 3.5)])
def test_powers_of_the_wind_against_the_moments_of_weibull(wind: Weibull, power: int) -> None:
    """With P = V^n from calm on, the mean power is A^n Gamma(1 + n/k); fine points come near it."""
    speed = np.arange(0.0, 120.0, 0.02)
    curve = PowerCurve(speed, speed**power, start_step=0.0)
    assert mean_power(curve, wind) == pytest.approx(wind.scale**power * math.gamma(1.0 + power / wind.shape), rel=1e-4)


def test_measured_distribution_by_hand() -> None:
    """Shares 0.1, 0.3, 0.5, 0.1 times the mean power of each bin; hours need not be those of a year."""
    curve = PowerCurve(np.array([2.0, 5.0, 9.0, 30.0]), np.array([0.0, 300.0, 900.0, 900.0]), start_step=0.0)
    assert mean_power(curve, MEASURED) == pytest.approx(0.3 * 150.0 + 0.5 * 600.0 + 0.1 * 900.0, rel=1e-14)
    year = MeasuredDistribution(MEASURED.edges, 87.6 * MEASURED.hours)
    assert mean_power(curve, year) == pytest.approx(435.0, rel=1e-14)


def test_points_inside_a_bin_share_its_time_evenly() -> None:
    assert MEASURED.cdf([0.5, 3.0, 7.0]).tolist() == pytest.approx([0.025, 0.2, 0.65], rel=1e-14)


def test_hours_counted_from_a_rayleigh_wind_give_its_energy() -> None:
    edges = np.arange(0.0, 60.01, 0.5)
    binned = MeasuredDistribution(edges, 8760.0 * np.diff(rayleigh(7.5).cdf(edges)))
    assert annual_energy_mwh(machine(), binned) == pytest.approx(annual_energy_mwh(machine(), rayleigh(7.5)), rel=1e-12)


@pytest.mark.parametrize("hold_to", [None, 20.0, 25.0])
@pytest.mark.parametrize("holes", [None, np.arange(32) % 7 == 3])
def test_weights_are_those_of_the_fleet_report(hold_to: float | None, holes: np.ndarray | None) -> None:
    speed = np.arange(4.0, 20.01, 0.5)
    expected = aep_weights(speed, 7.0, start_step=0.5, hold_to=hold_to, holes=holes)
    fleet_cdf = partial(rayleigh_cdf, wind_speed_avg=7.0)
    assert np.array_equal(energy_weights(speed, fleet_cdf, hold_to=hold_to, holes=holes), expected)
    assert energy_weights(speed, rayleigh(7.0).cdf, hold_to=hold_to, holes=holes) == pytest.approx(expected, rel=1e-11)
    assert energy_weights(np.empty(0), fleet_cdf).size == 0
    # The standard's sum, bin by bin: (F_i - F_i-1) (P_i-1 + P_i) / 2, starting with P = 0.
    power = np.random.default_rng(7).uniform(0.0, 2000.0, speed.size)
    total, before, at = 0.0, 0.0, speed[0] - 0.5
    for i, (v, p) in enumerate(zip(speed, power, strict=True)):
        bridged = i == 0 or holes is None or not holes[i - 1]
        total += bridged * float(fleet_cdf(v) - fleet_cdf(at)) * (before + p) / 2.0
        before, at = p, v
    if hold_to is not None and hold_to > at:
        total += float(fleet_cdf(hold_to) - fleet_cdf(at)) * before
    assert float(expected @ power) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("wind", WINDS)
@pytest.mark.parametrize("edges", [[0.0, 50.0], [0.0, 3.3, 7.0, 11.9, 12.1, 28.0], np.arange(0.0, 40.0, 0.37)])
def test_bands_around_the_curve_add_up_to_its_energy(wind: Weibull | MeasuredDistribution, edges: list[float]) -> None:
    curve = machine(hold_to=26.0)
    bands = energy_by_band_mwh(curve, wind, edges)
    assert bands.shape == (len(edges) - 1,)
    assert bands.sum() == pytest.approx(annual_energy_mwh(curve, wind), rel=1e-12)


def test_band_inside_a_step_holds_its_share_of_time() -> None:
    curve = PowerCurve(np.array([4.0, 8.0]), np.array([1e6, 3e6]))
    share = float(np.diff(rayleigh(7.0).cdf([5.0, 6.0]))[0])
    assert energy_by_band_mwh(curve, rayleigh(7.0), [5.0, 6.0]) == pytest.approx([8760.0 * 2.0 * share], rel=1e-12)


def test_bands_beside_the_curve_are_empty() -> None:
    bands = energy_by_band_mwh(machine(), rayleigh(7.0), [0.0, 1.0, 2.5, 25.0, 30.0, 31.0])
    assert (bands[[0, 1, 3, 4]] == 0.0).all()
    assert bands[2] > 0.0


def test_a_curve_compared_with_itself_differs_nowhere() -> None:
    found = compare_curves(machine(), machine(), rayleigh(7.0))
    assert found.difference_mwh == found.relative_difference == 0.0
    assert not found.band_difference_mwh.any()


def test_a_derated_curve_loses_its_share_in_the_bands_where_it_is_derated() -> None:
    base = machine()
    lower = PowerCurve(base.wind_speed, np.minimum(base.power, 0.8 * RATED))
    found = compare_curves(base, lower, Weibull(9.0, 2.1))
    assert found.band_difference_mwh.sum() == pytest.approx(found.difference_mwh, rel=1e-10)
    below = found.edges[1:] <= 11.0  # 0.8 of rated power at 11.14 m/s
    assert not found.band_difference_mwh[below].any()
    whole = (found.edges[:-1] >= 12.0) & (found.edges[1:] <= 25.0)
    share = np.diff(Weibull(9.0, 2.1).cdf(found.edges))[whole]
    assert found.band_difference_mwh[whole] == pytest.approx(-0.2 * 17_520.0 * share, rel=1e-10)


def test_curves_of_different_points_can_be_compared() -> None:
    found = compare_curves(machine(45), machine(23, hold_to=27.0), MEASURED, band_width=0.7)
    assert found.base_mwh == annual_energy_mwh(machine(45), MEASURED)
    assert found.other_mwh == annual_energy_mwh(machine(23, hold_to=27.0), MEASURED)
    assert found.band_difference_mwh.sum() == pytest.approx(found.difference_mwh, rel=1e-9)
    assert found.relative_difference == pytest.approx(found.other_mwh / found.base_mwh - 1.0, rel=1e-9)


def test_nothing_has_no_relative_difference() -> None:
    nothing = PowerCurve(np.array([3.0, 20.0]), np.zeros(2))
    assert math.isnan(compare_curves(nothing, machine(), rayleigh(7.0)).relative_difference)


def test_a_machines_published_curve_yields_energy() -> None:
    """Trapezoids in F, bin by bin, over the curve that the machine library holds."""
    curve = turbine.load("senvion_mm82").power_curve
    assert curve is not None
    ends = rayleigh(7.0).cdf([curve.wind_speed[0] - 0.5, *curve.wind_speed])
    before = np.array([0.0, *curve.power[:-1]])
    expected = float(np.diff(ends) @ (before + curve.power) / 2.0) * 8760.0 / 1e6
    assert annual_energy_mwh(curve, rayleigh(7.0)) == pytest.approx(expected, rel=1e-12)
    assert 0.2 < capacity_factor(expected, 2.05e6) < 0.5


def test_curve_keeps_its_own_copy() -> None:
    power = np.array([1.0, 2.0])
    curve = PowerCurve(np.array([3.0, 4.0]), power)
    power[0] = 99.0
    assert curve.power[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        curve.power[0] = 5.0


def test_cost_of_energy_by_hand() -> None:
    """3 M at 8 % a year and 90 k a year for 6600 MWh: (240 + 90) k / 6600 = 50 per MWh."""
    assert lcoe_per_mwh(Costs(3e6, 0.08, 9e4), 6600.0) == pytest.approx(50.0, rel=1e-14)


def test_annuity_repays_the_sum_with_interest() -> None:
    rate, years = 0.07, 20
    share = fixed_charge_rate(rate, years)
    assert sum(share / (1.0 + rate) ** year for year in range(1, years + 1)) == pytest.approx(1.0, rel=1e-13)
    assert share == pytest.approx(0.0943929, abs=5e-8)  # capital recovery factor of financial tables
    assert fixed_charge_rate(0.0, 25) == 0.04
    assert fixed_charge_rate(1e-12, 25) == pytest.approx(0.04, rel=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Weibull(0.0, 2.0), "Weibull scale: found 0 m/s, expected above 0 m/s"),
        (lambda: Weibull(2.0, 0.1), "Weibull shape: found 0.1, expected at least 0.5 and at most 20; did you swap"),
        (lambda: Weibull.from_mean(-1.0, 2.0), "mean wind speed: found -1 m/s"),
        (lambda: Weibull.from_mean(8.0, 0.0), "Weibull shape: found 0, expected"),
        (lambda: rayleigh(math.nan), "mean wind speed: found nan, expected above 0 m/s"),
        (lambda: rayleigh("8"), "mean wind speed: found '8', expected above 0 m/s"),
        (lambda: MeasuredDistribution([0.0, 1.0], [1.0, 2.0]), "hours: found 2 for 2 edges, expected 1"),
        (
            lambda: MeasuredDistribution([0.0, 1.0, 1.0], [1, 2]),
            "edges: row 2 is 1 m/s after 1 m/s, expected ascending",
        ),
        (
            lambda: MeasuredDistribution([-1.0, 1.0], [1.0]),
            "edges: row 0 is -1 m/s, expected finite numbers of at least",
        ),
        (lambda: MeasuredDistribution([0.0, 1.0], [0.0]), "hours, added up: found 0 h, expected above 0 h"),
        (lambda: PowerCurve([3.0, 4.0], [1.0], name="A"), "A: power has 1 values, expected 2 as wind_speed has"),
        (lambda: PowerCurve([4.0, 3.0], [1.0, 2.0]), "power curve: wind_speed: row 1 is 3 m/s after 4 m/s"),
        (lambda: PowerCurve([3.0, 4.0], [1.0, math.nan]), "power curve: power: row 1 is nan W, expected finite"),
        (lambda: PowerCurve([], []), "wind_speed: expected one dimension of 1 values or more"),
        (lambda: PowerCurve([3.0], [1.0], start_step=-1.0), "start_step: found -1 m/s, expected at least 0 m/s"),
        (lambda: PowerCurve([3.0, 25.0], [1.0, 2.0], hold_to=20.0), "hold_to: found 20 m/s, expected at least 25 m/s"),
        (
            lambda: annual_energy_mwh(machine(), rayleigh(7.0), availability=97),
            "availability: found 97, .*give percent",
        ),
        (lambda: capacity_factor(1.0, 0.0), "rated_power: found 0 W, expected above 0 W"),
        (lambda: energy_by_band_mwh(machine(), rayleigh(7.0), [1.0, 0.0]), "edges: row 1 is 0 m/s after 1 m/s"),
        (lambda: compare_curves(machine(), machine(), rayleigh(7.0), band_width=0), "band_width: found 0 m/s"),
        (lambda: Costs(-1.0, 0.1, 1.0), "capex: found -1, expected at least 0"),
        (
            lambda: Costs(1.0, 8.0, 1.0),
            "fixed_charge_rate: found 8, expected above 0 and at most 1; did you give percent",
        ),
        (lambda: fixed_charge_rate(7.0, 20), "discount_rate: found 7, expected at least 0 and at most 1; did you give"),
        (lambda: fixed_charge_rate(0.07, 0), "years: found 0, expected above 0"),
        (lambda: lcoe_per_mwh(Costs(1.0, 0.1, 1.0), 0.0), "energy_mwh: found 0 MWh, expected above 0 MWh"),
    ],
)
def test_bad_input_is_refused_with_name_value_and_range(call: Callable[[], object], message: str) -> None:
    with pytest.raises(EnergyError, match=message) as caught:
        call()
    assert isinstance(caught.value, WindformError)
