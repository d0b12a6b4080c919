"""The parts of a synthetic fleet against what is known of them without running it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fleet.categories import Category
from fleet.config import PowerCurveSettings
from fleet.errors import ConfigError
from fleet.power_curve import bin_index, normalised_wind, power_uncertainty, wind_uncertainty
from fleet.synthetic import FleetSpec, StopKind, expected_curve, fleet_runs
from fleet.synthetic.clocks import written_stamps
from fleet.synthetic.episodes import episodes
from fleet.synthetic.layout import coordinates, position
from fleet.synthetic.options import spec_of
from fleet.synthetic.sensors import power_bias, wind_bias
from fleet.synthetic.steady import REFERENCE_DENSITY, steady_machine
from fleet.synthetic.weather import correlated, farm_weather, field_correlation, free_wind, record_times, turbulence
from turbine.library import load
from turbine.wind.iec import ntm_sigma, wind_class

HOUR = 3_600_000_000
SPEC = FleetSpec.healthy(turbines=1, days=1461, start="2018-01-01")
MACHINE = steady_machine("senvion_mm82")


def test_wind_is_weibull_with_the_closed_form_of_its_mean() -> None:
    calm = FleetSpec.healthy(seasonal=0.0, diurnal=0.0, weibull_scale=9.0, weibull_shape=2.2)
    rng = np.random.default_rng(7)
    normal = rng.standard_normal(1_000_000)
    wind = free_wind(normal, np.zeros(normal.size, np.int64), calm)
    mean = 9.0 * math.gamma(1.0 + 1.0 / 2.2)
    variance = 81.0 * math.gamma(1.0 + 2.0 / 2.2) - mean**2
    assert abs(wind.mean() - mean) < 4.0 * math.sqrt(variance / wind.size)
    below = np.mean(wind <= 9.0)  # F(A) = 1 - 1/e whatever k
    assert abs(below - (1.0 - math.exp(-1.0))) < 4.0 * math.sqrt(0.25 / wind.size)


def test_season_and_hour_leave_the_mean_of_four_years() -> None:
    times = record_times(SPEC)
    rng = np.random.default_rng(8)
    flat = free_wind(rng.standard_normal(times.size), times, FleetSpec.healthy(seasonal=0.0, diurnal=0.0))
    shaped = free_wind(np.random.default_rng(8).standard_normal(times.size), times, SPEC)
    mean = SPEC.weibull_scale * math.gamma(1.5)
    error = flat.std() / math.sqrt(times.size)
    assert abs(flat.mean() - mean) < 4.0 * error
    assert abs(shaped.mean() - mean) < 4.0 * error * (1.0 + SPEC.seasonal + SPEC.diurnal)
    month = times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12
    assert shaped[month == 0].mean() == pytest.approx(mean * 1.149, rel=0.02)  # mean of the cosine over January: 0.99
    assert shaped[month == 6].mean() == pytest.approx(mean * 0.851, rel=0.02)


def test_series_is_correlated_as_asked() -> None:
    series = correlated(np.random.default_rng(1), (200_000,), 3.0)
    lag = 18  # records of 10 minutes
    found = np.corrcoef(series[:-lag], series[lag:])[0, 1]
    assert found == pytest.approx(math.exp(-1.0), abs=0.03)
    assert series.std() == pytest.approx(1.0, abs=0.03)


def test_local_wind_falls_off_with_distance() -> None:
    """The waves' correlation at 2000 m, averaged over fleets, is that of a Gaussian: exp(-1/2)."""
    found = []
    for seed in range(300):
        waves = farm_weather(FleetSpec.healthy(days=1, seed=seed), 80.0).waves
        found.append(np.cos(waves @ np.array([2000.0, 0.0])).mean())
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - math.exp(-0.5)) < 4.0 * error
    assert field_correlation(SPEC, 2000.0) == pytest.approx(math.exp(-0.5))


def test_neighbours_share_most_of_the_wind() -> None:
    near = [run.truth.site.wind for run in fleet_runs(FleetSpec.healthy(turbines=3, days=90))]
    assert np.corrcoef(near[0], near[1])[0, 1] > 0.9
    assert not np.allclose(near[0], near[1])


def test_nine_of_ten_records_are_calmer_than_the_normal_turbulence_model() -> None:
    n = 200_000
    wind = np.full(n, 12.0)
    sigma = turbulence(wind, np.random.default_rng(3).standard_normal(n), SPEC)
    model = float(ntm_sigma(12.0, wind_class("IIA")))
    assert model == pytest.approx(0.16 * (0.75 * 12.0 + 5.6))
    assert abs(np.mean(sigma <= model) - 0.9) < 4.0 * math.sqrt(0.09 / n)


def test_mean_power_is_the_curve_averaged_over_the_wind_of_a_record() -> None:
    curve = load("senvion_mm82").power_curve
    assert curve is not None
    rng = np.random.default_rng(4)
    for wind, sigma in ((7.0, 1.0), (12.5, 1.8), (14.0, 2.4)):
        drawn = np.interp(rng.normal(wind, sigma, 400_000), curve.wind_speed[:-1], curve.power[:-1] / 1e3)
        found = MACHINE.mean_power(np.array([wind]), np.array([sigma]), REFERENCE_DENSITY)[0]
        # Nodes end at 4 sigma and the table is linear between steps of 0.1 m/s: 1 kW of 2050.
        assert abs(found - drawn.mean()) < 4.0 * drawn.std() / math.sqrt(drawn.size) + 1.0


def test_without_turbulence_the_curve_itself_comes_back() -> None:
    found = MACHINE.mean_power(np.array([8.0, 10.0, 20.0]), np.zeros(3), REFERENCE_DENSITY)
    assert found == pytest.approx([767.0, 1439.0, 2050.0], abs=0.1)  # the published points


def test_thin_air_moves_the_curve_by_the_cube_root() -> None:
    ratio = (1.1 / REFERENCE_DENSITY) ** (1.0 / 3.0)
    thin = MACHINE.mean_power(np.array([9.0]), np.array([1.2]), 1.1)
    moved = MACHINE.mean_power(np.array([9.0 * ratio]), np.array([1.2 * ratio]), REFERENCE_DENSITY)
    assert thin == pytest.approx(moved, rel=1e-12)


def test_a_machine_with_a_rotor_surface_follows_its_steady_states() -> None:
    machine = steady_machine("nrel_5mw")
    assert machine.rated_kw == pytest.approx(5000.0, rel=1e-3)
    assert machine.rotor_speed(np.array([15.0]))[0] == pytest.approx(12.1, abs=0.05)  # Jonkman et al. 2009: 12.1 rpm
    assert machine.pitch_angle(np.array([15.0]))[0] == pytest.approx(10.45, abs=0.3)  # the same, table 7-1


@pytest.mark.parametrize("wind", [3.0, 8.0, 20.0])
def test_spread_of_wind_biases_is_category_b(wind: float) -> None:
    biases = [wind_bias(SPEC, turbine) for turbine in range(4000)]
    errors = np.array([bias.offset + bias.gain * wind for bias in biases])
    expected = float(wind_uncertainty(wind, PowerCurveSettings()))
    terms = (0.05, (0.05 + 0.005 * wind) * 1.2 / math.sqrt(3.0), 0.01 * wind, 0.02 * wind, 0.03)
    assert expected == pytest.approx(math.hypot(*terms))
    assert errors.std() == pytest.approx(expected, rel=4.0 / math.sqrt(2 * len(errors)))
    assert abs(errors.mean()) < 4.0 * expected / math.sqrt(len(errors))


@pytest.mark.parametrize("power", [0.0, 1000.0, 2050.0])
def test_spread_of_power_biases_is_category_b(power: float) -> None:
    biases = [power_bias(SPEC, MACHINE, turbine) for turbine in range(4000)]
    errors = np.array([bias.offset + bias.gain * power for bias in biases])
    expected = float(power_uncertainty(np.array([power]), MACHINE.rated_kw)[0])
    assert errors.std() == pytest.approx(expected, rel=4.0 / math.sqrt(2 * len(errors)))


def test_biases_can_be_switched_off() -> None:
    exact = FleetSpec.healthy(turbines=1, days=5, wind_bias=False, power_bias=False, wind_noise=0.0, power_noise=0.0)
    (run,) = fleet_runs(exact)
    assert np.abs(run.signals["wind_speed"] - run.truth.site.wind).max() <= 0.0005
    assert np.abs(run.signals["power_kw"] - run.truth.power_kw).max() <= 0.005 + 1e-9


def test_stops_take_the_share_of_time_that_renewal_theory_says() -> None:
    kind = StopKind(category=Category.FORCED_OUTAGE, code=1, message="x", per_year=50.0, mean_h=12.0)
    assert kind.share == pytest.approx(12.0 / (8760.0 / 50.0 + 12.0))
    year = 8760 * HOUR
    shares = []
    for seed in range(300):
        starts, ends = episodes(np.random.default_rng(seed), 50.0, 12.0, 0, year)
        assert (starts[1:] >= ends[:-1]).all()
        shares.append((np.minimum(ends, year) - np.maximum(starts, 0)).sum() / year)
    assert abs(np.mean(shares) - kind.share) < 4.0 * np.std(shares) / math.sqrt(len(shares))


def test_durations_are_lognormal_and_waits_exponential() -> None:
    starts, ends = episodes(np.random.default_rng(5), 200.0, 5.0, 0, 100 * 8760 * HOUR)
    hours = (ends - starts) / HOUR
    logs = np.log(hours)
    assert logs.std() == pytest.approx(0.8, rel=4.0 / math.sqrt(2 * logs.size))
    assert abs(logs.mean() - (math.log(5.0) - 0.32)) < 4.0 * 0.8 / math.sqrt(logs.size)
    waits = (starts[1:] - ends[:-1]) / HOUR
    assert waits.mean() == pytest.approx(8760.0 / 200.0, rel=4.0 / math.sqrt(waits.size))
    assert waits.std() == pytest.approx(waits.mean(), rel=0.05)  # an exponential distribution's equal its mean
    assert (starts % 1_000_000 == 0).all()


def test_layout_does_not_depend_on_the_number_of_turbines() -> None:
    places = {position(k, 400.0) for k in range(25)}
    assert places == {(x * 400.0, y * 400.0) for x in range(5) for y in range(5)}
    latitude, longitude = coordinates(2, 1000.0, 60.0, 5.0)  # 1 km east and 1 km north of the first
    assert (latitude - 60.0) * 111_195.0 == pytest.approx(1000.0, abs=0.2)
    assert (longitude - 5.0) * 111_195.0 * 0.5 == pytest.approx(1000.0, abs=0.2)


def test_wrong_clock_leaves_the_doubles_and_holes_of_la_haute_borne() -> None:
    """Two years of a fixed clock with daylight-saving offsets: 12 doubled and 12 missing stamps, as published."""
    spec = FleetSpec.healthy(days=730, start="2014-01-01", time_zone="Europe/Paris")
    times = record_times(spec)
    stamps = written_stamps(times, "daylight", "Europe/Paris")
    claimed, counts = np.unique(stamps.utc, return_counts=True)
    assert int((counts == 2).sum()) == 12
    assert set(np.unique(stamps.offset_s).tolist()) == {3600, 7200}
    inside = np.arange(claimed[0], claimed[-1] + 1, 600_000_000)
    assert inside.size - claimed.size == 12
    summer = times.astype("datetime64[us]") == np.datetime64("2014-07-01T12:00")
    assert (times[summer] - stamps.utc[summer]).tolist() == [HOUR]  # an hour too early in summer
    winter = times.astype("datetime64[us]") == np.datetime64("2014-12-01T12:00")
    assert (times[winter] - stamps.utc[winter]).tolist() == [0]


def test_other_clocks() -> None:
    times = np.array([np.datetime64("2021-07-01T12:00", "us").astype(np.int64)])
    assert written_stamps(times, "end", "UTC").utc.tolist() == [times[0] + 600_000_000]
    assert written_stamps(times, "local", "Europe/London").reading.tolist() == [times[0] + HOUR]


def test_expected_curve_is_what_a_long_healthy_run_shows() -> None:
    spec = FleetSpec.healthy(turbines=1, days=1461, start="2018-01-01", seed=11)
    known = expected_curve(spec, 0, size=1_000_000)
    (run,) = fleet_runs(spec)
    runs = run.truth.site.wind < MACHINE.cut_out
    wind = normalised_wind(run.signals["wind_speed"], run.truth.site.density)[runs]
    power = run.signals["power_kw"][runs]
    index = bin_index(wind, 0.5)
    checked = 0
    for k in range(2, 32):
        mine = power[index == k]
        error = math.hypot(known.loc[k, "u_power_kw"], mine.std() / math.sqrt(mine.size))
        assert abs(mine.mean() - known.loc[k, "power_kw"]) < 4.5 * error, k
        checked += mine.size
    assert checked > 100_000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"turbines": 0}, "turbines: found 0"),
        ({"icing_loss": 1.5}, "icing_loss: found 1.5"),
        ({"start": "2021-13-01"}, "expected a day such as"),
        ({"start": "2021-01-01T12:00"}, "expected a day such as"),
        ({"clock": "daylite"}, 'did you mean "daylight"'),
        ({"wind_class": "XA"}, 'wind class "XA" is unknown'),
        ({"days": 1.5}, "expected a whole number"),
        ({"time_zone": "Europe/Lundon"}, "Europe/London"),
    ],
)
def test_a_bad_value_is_refused_with_its_name(given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FleetSpec(**given)  # type: ignore[arg-type]


def test_unknown_and_unusable_machines_are_refused() -> None:
    with pytest.raises(ConfigError, match="senvion_mm82"):
        steady_machine("senvion_mm8")
    with pytest.raises(ConfigError, match="neither a rotor surface nor a power curve"):
        steady_machine("senvion_mm92")


def test_settings_by_name_and_value() -> None:
    spec = spec_of(
        healthy=True, assignments=["yaw_share=1", "frozen_over_month=false", "time_zone=Europe/Paris"], days=3
    )
    assert (spec.yaw_share, spec.frozen_over_month, spec.time_zone, spec.days) == (1.0, False, "Europe/Paris", 3)
    with pytest.raises(ConfigError, match="yaw_share"):
        spec_of(healthy=True, assignments=["yaw_shares=1"])
    with pytest.raises(ConfigError, match="a value of kind float"):
        spec_of(healthy=True, assignments=["yaw_share=some"])
