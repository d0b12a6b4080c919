"""Rules of neighbouring records and operating points on a few records each, whose verdict is known by construction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fleet.config import QualitySettings
from fleet.expected import ExpectedCurve, power_histogram
from fleet.expected_grid import ExpectedGrid, expected_grid, on_grid
from fleet.flags import USES, Flag
from fleet.held_power import curtailed_bits, derated_bits
from fleet.icing import IcingClass, icing_bits, icing_classes
from fleet.operating_point import POWER_BINS, Cells, PointBins, point_bins, point_bits, point_histogram
from fleet.rules import frozen_signal_bits, rule_bits, rule_context, rule_sums
from fleet.runs import PASSED_OVER, frozen_bits, stuck_bits
from fleet.schema import SIGNALS
from fleet.spikes import rate_bits

RATED = 2000.0
PERIOD = 600_000_000
SETTINGS = QualitySettings()
GRID = np.linspace(0.0, 25.0, 501)
#: Expected power: 200 kW more per m/s from 3 m/s on, up to rated power at 13 m/s; quantiles 5 % of rated beside it.
CURVE = ExpectedGrid(
    0.05,
    np.clip(200.0 * (GRID - 3.0), 0.0, RATED),
    np.clip(200.0 * (GRID - 3.0), 0.0, RATED) - 100.0,
    np.clip(200.0 * (GRID - 3.0), 0.0, RATED) + 100.0,
)

Bits = npt.NDArray[np.uint32]


def frozen(values: np.ndarray, steady: np.ndarray, records: int) -> np.ndarray:
    """Return which records belong to a run of equal values, by numbering the runs."""
    same = np.zeros(values.size, bool)
    same[1:] = (values[1:] == values[:-1]) & steady[1:]
    run = np.cumsum(~same) - 1
    return (np.bincount(run, minlength=1) >= records)[run] & np.isfinite(values)


def _times(n: int, gap_before: int | None = None) -> npt.NDArray[np.int64]:
    times = np.arange(n, dtype=np.int64) * PERIOD
    if gap_before is not None:
        times[gap_before:] += PERIOD
    return times


def _none(n: int) -> Bits:
    return np.zeros(n, np.uint32)


def _array(*values: float) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64)


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_those_of_the_rule_in_words(seed: int) -> None:
    """The loop against plain arrays over the rows that are records."""
    rng = np.random.default_rng(seed)
    n = 200
    values = rng.choice([np.nan, 0.0, 1.0, 2.0, np.inf], n, p=[0.05, 0.2, 0.4, 0.3, 0.05])
    values = np.repeat(values, 3)[:n]
    times = np.cumsum(rng.choice([PERIOD, 2 * PERIOD], n, p=[0.95, 0.05]))
    flags = rng.choice([0, int(Flag.DUPLICATE), int(Flag.NO_WIND)], n, p=[0.8, 0.1, 0.1]).astype(np.uint32)
    found = frozen_bits(values, times, flags, records=5, period_us=PERIOD, flag=Flag.OTHER_FROZEN, between=(0.0, 1.5))
    kept = (flags & np.uint32(PASSED_OVER)) == 0
    steady = np.r_[False, np.diff(times[kept]) == PERIOD]
    expected = np.zeros(n, bool)
    expected[kept] = frozen(values[kept], steady, 5) & (values[kept] > 0.0) & (values[kept] < 1.5)
    assert (found > 0).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("signal", "power", "stuck"),
    [
        ("rotor", [100, 200, 300, 400, 500, 600], True),
        ("rotor", [100, 110, 120, 130, 140, 150], False),  # power stands as well
        ("rotor", [700, 800, 900, 1100, 1200, 1300], False),  # at rated speed
        ("rotor", [100, 200, np.nan, 400, 500, 600], False),
        ("pitch", [1950, 2000, 1990, 2000, 2000, 1980], True),
        ("pitch", [1500, 1600, 1700, 1800, 1900, 2000], False),  # at its fine position below rated power
    ],
)
def test_stuck_needs_a_power_that_cannot_leave_the_signal_alone(signal: str, power: list[float], stuck: bool) -> None:
    lowest, change = ((40.0, 600.0), 400.0) if signal == "rotor" else ((1900.0, np.inf), 0.0)
    bits = stuck_bits(
        np.full(6, 7.3),
        _array(*power),
        _times(6),
        _none(6),
        records=6,
        period_us=PERIOD,
        lowest_power=lowest,
        power_change=change,
        flag=Flag.OTHER_FROZEN,
    )
    assert bits.tolist() == [Flag.OTHER_FROZEN if stuck else 0] * 6


def _rate(wind: list[float], power: list[float], times: npt.NDArray[np.int64] | None = None) -> list[bool]:
    n = len(wind)
    bits = rate_bits(
        _array(*wind),
        _array(*power),
        _times(n) if times is None else times,
        _none(n),
        CURVE,
        SETTINGS,
        rated_power_kw=RATED,
        period_us=PERIOD,
    )
    assert set(bits.tolist()) <= {0, int(Flag.RATE)}
    return (bits > 0).tolist()


@pytest.mark.parametrize(
    ("wind", "power", "middle"),
    [
        ([6, 14, 6], [600, 600, 600], True),  # wind up, power knows nothing of it
        ([6, 12, 6], [600, 1800, 600], False),  # a gust
        ([9, 0, 9], [1200, 1200, 1200], True),  # wind gone, power goes on
        ([9, 3.5, 9], [1200, 100, 1200], False),  # a lull
        ([14, 23, 14], [2000, 2000, 2000], True),  # on the flat part power cannot tell
        ([14, 19, 14], [2000, 2000, 2000], False),  # turbulence of strong wind
        ([6, 14, 13], [600, 600, 600], False),  # does not come back
        ([6, 6, 6], [600, 1500, 600], True),  # power up without wind
        ([6, 6, 6], [600, 1000, 600], False),  # too little
        ([6, 6, 6], [600, 0, 600], False),  # a stop
        ([6, 6, 6], [600, 250, 600], False),  # a part of a stop
        ([6, 6, 6], [600, -150, 600], True),  # no turbine takes this in
        ([8, 8, 8], [0, 1000, 0], False),  # a start between two stops
        ([8, 8, 8], [1000, 0, 0], False),  # a stop
        ([8, np.nan, 8], [1000, np.nan, 1000], False),
    ],
)
def test_single_jumps(wind: list[float], power: list[float], middle: bool) -> None:
    assert _rate(wind, power) == [False, middle, False]


def test_jumps_are_not_seen_across_a_gap() -> None:
    wind, power = [6.0, 14.0, 6.0], [600.0, 600.0, 600.0]
    for gap_before in (1, 2):
        assert not any(_rate(wind, power, _times(3, gap_before)))


@pytest.mark.parametrize(
    ("wind", "power", "setpoint", "curtailed"),
    [
        (11.0, 1000.0, 1000.0, True),
        (11.0, 1050.0, 1000.0, True),
        (11.0, 1100.0, 1000.0, False),  # does not follow
        (11.0, 600.0, 1000.0, False),  # below for another reason
        (11.0, 1590.0, np.nan, False),
        (11.0, 1600.0, 2000.0, False),  # the set-point of a free turbine
        (7.5, 900.0, 950.0, False),  # no more was possible
        (11.0, -5.0, 0.0, True),  # commanded zero
        (11.0, 50.0, 20.0, True),
        (3.2, -5.0, 0.0, False),  # commanded zero in a calm
        (np.nan, 1000.0, 1000.0, False),
    ],
)
def test_curtailment(wind: float, power: float, setpoint: float, curtailed: bool) -> None:
    bits = curtailed_bits(
        _array(wind), _array(power), _array(setpoint), _none(1), CURVE, SETTINGS, rated_power_kw=RATED
    )
    assert bits.tolist() == [Flag.CURTAILED if curtailed else 0]


def _derated(
    wind: list[float], power: list[float], pitch: list[float] | None = None, flags: Bits | None = None
) -> list[bool]:
    n = len(wind)
    usual = PointBins(np.full(POWER_BINS, -1.0), np.full(POWER_BINS, 0.1))
    bits = derated_bits(
        _array(*wind),
        _array(*power),
        np.full(n, np.nan) if pitch is None else _array(*pitch),
        _times(n),
        _none(n) if flags is None else flags,
        CURVE,
        usual,
        SETTINGS,
        rated_power_kw=RATED,
        period_us=PERIOD,
    )
    return (bits > 0).tolist()


GUSTY = [10.0, 11.5, 10.5, 12.0, 11.0, 10.2]


def test_a_level_below_the_curve_is_a_derating() -> None:
    assert _derated(GUSTY, [1000.0, 1005.0, 1010.0, 1000.0, 990.0, 1000.0]) == [True] * 6
    # Five records are no level, and no records beyond it are taken in.
    assert not any(_derated(GUSTY[:5], [1000.0] * 5))
    assert _derated([5.0, *GUSTY, 5.0], [400.0, *[1000.0] * 6, 400.0]) == [False, *[True] * 6, False]


@pytest.mark.parametrize(
    ("wind", "power"),
    [
        (GUSTY, [1400.0, 1700.0, 1500.0, 1800.0, 1600.0, 1440.0]),  # on the curve
        ([14.0, 15.5, 14.5, 16.0, 15.0, 14.2], [2000.0] * 6),  # at rated power
        (GUSTY, [1000.0, 1100.0, 1010.0, 1000.0, 990.0, 1000.0]),  # follows the wind, though low
        ([11.0, 11.1, 11.0, 11.1, 11.2, 11.1], [1000.0] * 6),  # steady power in steady wind
        (GUSTY, [-5.0] * 6),  # a standstill
    ],
)
def test_no_derating(wind: list[float], power: list[float]) -> None:
    assert not any(_derated(wind, power))


def test_pitch_that_throws_power_away_is_a_derating() -> None:
    wind, power = [10.0, 11.0, 12.0], [1100.0, 1300.0, 1500.0]
    assert _derated(wind, power, [3.0, 4.0, 5.0]) == [True] * 3
    assert not any(_derated(wind, power, [-1.0, 4.0, 5.0]))
    assert not any(_derated(wind, [1400.0, 1600.0, 1800.0], [3.0, 4.0, 5.0]))


def test_curtailed_records_make_no_derating() -> None:
    flags = _none(6)
    flags[2] = Flag.CURTAILED
    assert not any(_derated(GUSTY, [1000.0] * 6, flags=flags))


def _ice(wind: list[float], power: list[float], air: list[float] | float, curve: ExpectedGrid = CURVE) -> list[int]:
    n = len(wind)
    temperature = np.full(n, air) if np.ndim(air) == 0 else _array(*air)  # type: ignore[misc]
    return icing_classes(
        _array(*wind),
        _array(*power),
        temperature,
        _times(n),
        _none(n),
        curve,
        SETTINGS,
        rated_power_kw=RATED,
        period_us=PERIOD,
    ).tolist()


A, B, C = int(IcingClass.LOSS), int(IcingClass.STANDSTILL), int(IcingClass.OVERPRODUCTION)


@pytest.mark.parametrize(
    ("power", "air", "classes"),
    [
        ([700.0] * 3, -2.0, [A] * 3),  # 1000 kW expected, for 30 min
        ([700.0] * 3, 0.5, [0] * 3),
        ([700.0] * 3, np.nan, [0] * 3),
        ([700.0, 700.0, 950.0], -2.0, [0] * 3),  # for 20 min
        ([870.0] * 3, -2.0, [0] * 3),  # below the quantile, but within 15 %
        ([1300.0] * 3, -2.0, [C] * 3),
        ([1000.0, 700.0, 600.0, -5.0, -5.0, -5.0, 1000.0], -2.0, [0, 0, 0, B, B, B, 0]),
        ([700.0, 700.0, 600.0, -5.0, -5.0, 1000.0, 1000.0], -2.0, [A, A, A, B, B, 0, 0]),
        ([1000.0, 1000.0, 400.0, -5.0, -5.0, -5.0, 1000.0], -2.0, [0] * 7),  # a stop of a healthy turbine
        ([1000.0, 700.0, 600.0, -5.0, 1000.0, 1000.0, 1000.0], -2.0, [0] * 7),  # stands for 10 min
    ],
)
def test_icing_classes(power: list[float], air: float, classes: list[int]) -> None:
    assert _ice([8.0] * len(power), power, air) == classes


def test_a_standstill_counts_for_so_long_at_most() -> None:
    n = SETTINGS.icing_standstill
    classes = _ice([8.0] * (n + 12), [700.0] * 2 + [-5.0] * (n + 10), -2.0)
    assert classes == [0, 0] + [B] * n + [0] * 10


def test_dense_air_makes_a_loss_of_what_is_none_at_the_curves_own() -> None:
    # At -20 degC air is 13.8 % denser than at 15 degC: 8 m/s do what 8.37 m/s do there, 1074 kW.
    warm = ExpectedGrid(CURVE.step, CURVE.expected_kw, CURVE.low_kw, CURVE.high_kw, 15.0)
    assert _ice([8.0] * 3, [880.0] * 3, -20.0) == [0, 0, 0]
    assert _ice([8.0] * 3, [880.0] * 3, -20.0, warm) == [A, A, A]


def test_icing_has_one_flag_whatever_the_class() -> None:
    assert icing_bits(np.array([0, A, B, C], np.uint8)).tolist() == [0, *[Flag.ICING] * 3]


def test_expected_grid_takes_quantiles_of_running_records() -> None:
    rng = np.random.default_rng(0)
    wind = np.full(20_000, 8.1)
    power = 1000.0 + 100.0 * rng.normal(size=20_000)
    power[:8000] = 0.0  # at a standstill
    counts = power_histogram(np.r_[wind, wind + 0.25], np.r_[power, power], np.ones(40_000, bool), rated_power_kw=RATED)
    curve = ExpectedCurve(GRID, CURVE.expected_kw)
    reference = expected_grid(curve, counts, rated_power_kw=RATED)
    at = round(8.15 / 0.05)
    # The tenth percentile of a normal distribution lies 1.2816 standard deviations below its mean.
    assert reference.low_kw[at] == pytest.approx(1000.0 - 128.16, abs=4.0)
    assert reference.high_kw[at] == pytest.approx(1000.0 + 128.16, abs=4.0)
    assert np.isnan(reference.low_kw[round(9.0 / 0.05)])  # no records, no quantile


@pytest.mark.parametrize(("at", "value"), [(0.0, 0.0), (8.0, 1000.0), (8.02, 1004.0), (25.0, 2000.0)])
def test_table_is_read_linearly(at: float, value: float) -> None:
    assert on_grid(CURVE.expected_kw, CURVE.step, at) == pytest.approx(value)


@pytest.mark.parametrize("at", [-0.1, 25.1, np.nan])
def test_table_knows_nothing_beyond_its_ends(at: float) -> None:
    assert np.isnan(on_grid(CURVE.expected_kw, CURVE.step, at))


def test_bins_of_points_are_medians() -> None:
    cells = Cells(0.0, 1.0, 10)
    power = np.full(100, 510.0)  # share 0.255: the bin from 0.25 to 0.275
    values = np.r_[np.full(60, 3.2), np.full(20, 4.4), np.full(18, 2.1), np.full(1, 99.0), np.full(1, np.nan)]
    counts = point_histogram(power, values, _none(100), USES["energy"], cells, rated_power_kw=RATED)
    assert counts.sum() == 99
    assert counts[8].tolist() == [0, 0, 18, 60, 20, 0, 0, 0, 0, 1]
    bins = point_bins(counts, cells)
    assert bins.median[8] == 3.5
    assert np.isnan(bins.median[9])
    assert bins.sigma[8] == 0.0  # more than half lie in the median's cell


def test_points_off_their_bin() -> None:
    size = POWER_BINS
    bins = PointBins(np.full(size, -1.0), np.r_[np.full(size - 6, 0.1), np.full(6, 2.0)])
    power = _array(500.0, 500.0, 500.0, 1950.0, 50.0, np.nan, 500.0, 5.0, 500.0)
    pitch = _array(-1.0, 4.0, np.nan, 6.0, 4.0, 4.0, 4.0, 60.0, 0.5)
    bits = point_bits(
        power,
        pitch,
        _none(9),
        USES["energy"],
        bins,
        Flag.PITCH_POWER,
        rated_power_kw=RATED,
        spread=8.0,
        floor=2.0,
        relative=False,
    )
    # Only the second: the fourth is wide by nature, the seventh stands beside a standstill, the last is near enough.
    assert (bits > 0).tolist() == [False, True, *[False] * 7]


def test_settings_name_a_halo_that_all_rules_can_live_with() -> None:
    assert SETTINGS.halo_records == SETTINGS.icing_standstill + 2
    assert QualitySettings(derated_records=100).halo_records == 99
    assert QualitySettings(frozen_records=200).halo_records == 199


@pytest.mark.parametrize("n", [0, 1, 50])
def test_without_a_curve_only_what_needs_none_is_judged(n: int) -> None:
    signals = {column.name: np.full(n, np.nan) for column in SIGNALS}
    signals |= {"wind_speed": np.full(n, 9.0), "power_kw": np.full(n, 900.0)}
    signals |= {"power_setpoint_kw": np.full(n, 900.0), "ambient_temperature_degc": np.full(n, -5.0)}
    if n > 40:
        signals["wind_speed"][20], signals["power_kw"][30] = 20.0, 1900.0
    times, flags = _times(n), _none(n)
    given = {"rated_power_kw": RATED, "period_us": PERIOD}
    empty = power_histogram([], [], np.zeros(0, bool), rated_power_kw=RATED)
    context = rule_context(rule_sums(signals, flags, rated_power_kw=RATED), None, empty, SETTINGS, rated_power_kw=RATED)
    bits = rule_bits(signals, times, flags, context, SETTINGS, **given)
    assert np.flatnonzero(bits).tolist() == ([20] if n > 40 else [])
    assert (bits.max(initial=0) == Flag.RATE) == (n > 40)
    assert frozen_signal_bits(signals, times, flags, SETTINGS, **given).size == n
