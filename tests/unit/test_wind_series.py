"""Wind series: construction, refusals that say what to mend, simple shapes and resampling."""

import subprocess
import sys

import numpy as np
import pytest

from turbine.errors import WindError, WindformError
from turbine.wind import WindSeries, constant, from_samples, ramps, resample, steps


def test_series_keeps_its_own_read_only_samples() -> None:
    samples = np.array([8.0, 9.0, 10.0])
    series = WindSeries(time_step=0.5, wind_speed=samples)
    samples[0] = 99.0
    assert series.wind_speed.tolist() == [8.0, 9.0, 10.0]
    assert series.wind_direction.tolist() == [0.0, 0.0, 0.0]
    assert series.time.tolist() == [0.0, 0.5, 1.0]
    assert (len(series), series.duration, series.mean) == (3, 1.5, 9.0)
    assert series.sigma == pytest.approx(np.sqrt(2.0 / 3.0))
    with pytest.raises(ValueError, match="read-only"):
        series.wind_speed[0] = 1.0


@pytest.mark.parametrize("step", [0.0, -0.1, float("nan"), float("inf")])
def test_step_that_is_not_positive_is_refused(step: float) -> None:
    with pytest.raises(WindError, match=r"time_step is .* s, expected a finite value above zero"):
        WindSeries(time_step=step, wind_speed=np.ones(3))


def test_gap_is_refused_with_its_sample_and_time() -> None:
    with pytest.raises(WindError, match=r"wind_speed\[2\] \(t = 0.2 s\) is nan.*1 of 4 samples"):
        WindSeries(time_step=0.1, wind_speed=np.array([8.0, 9.0, np.nan, 9.0]))
    with pytest.raises(WindError, match=r"wind_direction\[1\].*inf"):
        WindSeries(time_step=0.1, wind_speed=np.ones(2), wind_direction=np.array([0.0, np.inf]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(WindError, match="wind_direction holds 2 samples, expected 3"):
        WindSeries(time_step=0.1, wind_speed=np.ones(3), wind_direction=np.ones(2))
    with pytest.raises(WindError, match=r"shape \(2, 2\)"):
        WindSeries(time_step=0.1, wind_speed=np.ones((2, 2)))
    with pytest.raises(WindError, match="no sample"):
        WindSeries(time_step=0.1, wind_speed=np.empty(0))
    assert issubclass(WindError, WindformError)


@pytest.mark.parametrize(
    ("duration", "step", "samples"),
    [(600.0, 0.1, 6000), (0.3, 0.1, 3), (1.0, 0.3, 4), (0.1, 1.0, 1), (700.0, 0.025, 28000)],
)
def test_series_covers_its_duration(duration: float, step: float, samples: int) -> None:
    series = constant(9.0, duration=duration, time_step=step)
    assert len(series) == samples
    assert np.all(series.wind_speed == 9.0)


def test_duration_in_the_wrong_unit_is_refused() -> None:
    with pytest.raises(WindError, match="both are in seconds"):
        constant(9.0, duration=1e9, time_step=0.01)
    with pytest.raises(WindError, match="duration is -1"):
        constant(9.0, duration=-1.0, time_step=0.01)


def test_steps_hold_each_speed_from_its_time_on() -> None:
    series = steps([0.0, 0.3, 0.75], [5.0, 6.0, 7.0], duration=1.2, time_step=0.1)
    assert series.wind_speed.tolist() == [5, 5, 5, 6, 6, 6, 6, 6, 7, 7, 7, 7], (
        "0.3 is on the grid, 0.75 between samples"
    )


def test_ramps_run_straight_and_hold_the_last() -> None:
    series = ramps([0.0, 1.0, 2.0], [4.0, 8.0, 6.0], duration=3.0, time_step=0.5)
    np.testing.assert_allclose(series.wind_speed, [4.0, 6.0, 8.0, 7.0, 6.0, 6.0])


@pytest.mark.parametrize("make", [steps, ramps])
def test_breakpoints_that_make_no_sense_are_refused(make: type) -> None:
    for times, speeds, message in (
        ([1.0, 2.0], [5.0, 6.0], r"times\[0\] is 1.0 s, expected 0"),
        ([0.0, 2.0, 2.0], [5.0, 6.0, 7.0], r"times\[2\] is 2.0 s after 2.0 s, expected ascending"),
        ([0.0, np.nan], [5.0, 6.0], r"times\[1\] is nan"),
        ([0.0, 1.0], [5.0], "expected as many"),
        ([], [], "expected as many"),
        ([0.0, 1.0], [5.0, np.nan], r"wind_speeds\[1\] is nan"),
    ):
        with pytest.raises(WindError, match=message):
            make(times, speeds, duration=3.0, time_step=0.5)


def test_samples_with_times_become_a_series_from_zero() -> None:
    series = from_samples(100.0 + np.arange(5) * 0.1, [5.0, 6.0, 7.0, 6.0, 5.0])
    assert series.time_step == 0.1
    assert series.time[0] == 0.0
    assert series.wind_speed.tolist() == [5.0, 6.0, 7.0, 6.0, 5.0]


def test_printed_times_need_not_be_exact() -> None:
    times = np.round(np.arange(91) / 30.0, 3)  # up to 1.5 % of the step off
    assert from_samples(times, np.ones(91)).time_step == pytest.approx(1.0 / 30.0)


@pytest.mark.parametrize(
    ("times", "speeds", "message"),
    [
        ([0, 1, 2, 3], [5, 5, np.nan, 5], r"row 2: wind speed is nan"),
        ([0, 1, np.inf, 3], [5, 5, 5, 5], r"row 2: time is inf"),
        ([0, 1, 2, 3], [5, 5, 5, -999], r"row 3: wind speed is -999 m/s, expected 0 or more"),
        ([0, 1, 3, 4, 5], [5, 5, 5, 5, 5], r"row 2: time is 2 s after the one before, expected 1 s"),
        ([0, 1, 1.5, 2.5, 3.5], [5, 5, 5, 5, 5], r"row 2: time is 0.5 s after the one before, expected 1 s"),
        ([0, 2, 1, 3], [5, 5, 5, 5], r"row 2: time is -1 s after the one before, expected ascending"),
        ([0, 0, 0], [5, 5, 5], r"row 1: time is 0 s after the one before, expected ascending"),
        ([0], [5], "at least two"),
        ([0, 1, 2], [5, 5], "3 times and 2 wind speeds"),
    ],
)
def test_samples_that_are_no_even_series_are_refused(times: list[float], speeds: list[float], message: str) -> None:
    with pytest.raises(WindError, match=rf"^mast \{{3\}}: .*{message}"):
        from_samples(times, speeds, name="mast {3}")


def test_drift_that_no_single_step_shows_is_refused() -> None:
    times = np.cumsum(np.concatenate([np.full(50, 1.0), np.full(50, 1.04)]))
    with pytest.raises(WindError, match=r"off an even grid of 1\.02"):
        from_samples(times, np.ones(100))


def test_finer_steps_are_straight_or_held() -> None:
    series = WindSeries(
        time_step=1.0, wind_speed=np.array([4.0, 8.0, 6.0]), wind_direction=np.array([0.0, 0.2, 0.2]), seed=7
    )
    straight, held = resample(series, 0.5), resample(series, 0.5, method="hold")
    np.testing.assert_allclose(straight.wind_speed, [4.0, 6.0, 8.0, 7.0, 6.0, 6.0])
    np.testing.assert_allclose(straight.wind_direction, [0.0, 0.1, 0.2, 0.2, 0.2, 0.2])
    np.testing.assert_allclose(held.wind_speed, [4.0, 4.0, 8.0, 8.0, 6.0, 6.0])
    assert (straight.seed, straight.duration) == (7, 3.0)


def test_coarser_steps_are_means() -> None:
    series = WindSeries(time_step=1.0, wind_speed=np.array([4.0, 8.0, 6.0, 2.0, 1.0]))
    np.testing.assert_allclose(resample(series, 2.0).wind_speed, [6.0, 4.0, 1.0], err_msg="the last is half covered")
    np.testing.assert_allclose(resample(series, 2.5).wind_speed, [(4.0 + 8.0 + 3.0) / 2.5, (3.0 + 2.0 + 1.0) / 2.5])


def test_resampling_refuses_unknown_methods() -> None:
    with pytest.raises(WindError, match="method is 'cubic'"):
        resample(constant(5.0, duration=1.0, time_step=0.1), 0.2, method="cubic")  # type: ignore[arg-type]


def test_package_is_light_to_import() -> None:
    heavy = "{'scipy', 'pandas', 'numba', 'control', 'matplotlib'}"
    code = f"import turbine.wind, sys; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
