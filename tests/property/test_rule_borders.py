"""Borders of partitions do not show: flags of parts with a halo are those of the whole, and sums of parts add up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config import QualitySettings
from fleet.flags import USES, Flag
from fleet.fleet_series import FleetSeries, add_to_series, direction_months, wind_months
from fleet.rules import NORMAL, RuleContext, frozen_signal_bits, rule_bits, rule_sums
from fleet.yaw import vane_sums
from tests.rule_fleet import (
    FIRST_MONTH,
    NAMES,
    PERIOD_US,
    RATED_KW,
    START_US,
    Series,
    healthy,
    learn,
    with_curtailment,
    with_derating,
    with_ice,
    with_spikes,
    with_wrong_points,
)

DAYS = 100
SETTINGS = QualitySettings()
HALO = SETTINGS.halo_records


def _one() -> tuple[Series, npt.NDArray[np.uint32], RuleContext]:
    """Return a turbine with every trouble at once, gaps, repeated rows and missing values."""
    series = healthy(DAYS, seed=11, names=("T1",))["T1"]
    for trouble in (with_ice, with_curtailment, with_derating, with_spikes, with_wrong_points):
        trouble(series)
    rng = np.random.default_rng(0)
    n = series.times.size
    for name in ("power_kw", "wind_speed", "vane_deg", "rotor_speed_rpm", "pitch_angle_deg"):
        for at in rng.integers(0, n - 20, 40):
            series.signals[name][at : at + int(rng.integers(1, 14))] = series.signals[name][at]
        series.signals[name][rng.integers(0, n, 60)] = np.nan
    kept = np.sort(np.r_[np.flatnonzero(rng.random(n) > 0.003), rng.integers(0, n, 40)])
    series.signals = {name: values[kept] for name, values in series.signals.items()}
    series.times, series.months = series.times[kept], series.months[kept]
    flags = series.flags | (np.r_[False, np.diff(series.times) == 0] * np.uint32(Flag.DUPLICATE)).astype(np.uint32)
    flags |= frozen_signal_bits(
        series.signals, series.times, flags, SETTINGS, rated_power_kw=RATED_KW, period_us=PERIOD_US
    )
    return series, flags, learn(series, flags, SETTINGS)[0]


WHOLE, BASIC, CONTEXT = _one()
READ = BASIC & np.uint32(Flag.DUPLICATE)


def _bits(part: slice) -> npt.NDArray[np.uint32]:
    signals, times = {name: values[part] for name, values in WHOLE.signals.items()}, WHOLE.times[part]
    bits = frozen_signal_bits(signals, times, READ[part], SETTINGS, rated_power_kw=RATED_KW, period_us=PERIOD_US)
    basic = BASIC[part] & ~np.uint32(Flag.FROZEN | Flag.OTHER_FROZEN) | bits
    return basic | rule_bits(signals, times, basic, CONTEXT, SETTINGS, rated_power_kw=RATED_KW, period_us=PERIOD_US)


FLAGS = _bits(slice(None))


def test_every_flag_is_there_to_be_compared() -> None:
    for flag in (
        Flag.FROZEN,
        Flag.OTHER_FROZEN,
        Flag.RATE,
        Flag.CURTAILED,
        Flag.DERATED,
        Flag.ICING,
        Flag.PITCH_POWER,
        Flag.ROTOR_POWER,
    ):
        assert np.count_nonzero(FLAGS & np.uint32(flag)) >= 20, flag


@settings(max_examples=200)
@given(first=st.integers(0, WHOLE.times.size), length=st.integers(1, 400))
def test_flags_of_a_part_with_its_halo_are_those_of_the_whole(first: int, length: int) -> None:
    start, end = int(WHOLE.times[min(first, WHOLE.times.size - 1)]), 0
    end = start + length * PERIOD_US
    near = (WHOLE.times >= start - HALO * PERIOD_US) & (WHOLE.times < end + HALO * PERIOD_US)
    rows = np.flatnonzero(near)
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    core = (WHOLE.times[part] >= start) & (WHOLE.times[part] < end)
    assert np.array_equal(_bits(part)[core], FLAGS[part][core])


def test_a_long_standstill_in_frost_is_the_same_from_wherever_it_is_seen() -> None:
    n = 90
    signals = {name: np.full(n, np.nan) for name in WHOLE.signals}
    signals |= {"wind_speed": np.full(n, 8.0), "ambient_temperature_degc": np.full(n, -5.0)}
    signals["power_kw"] = np.r_[np.full(9, 580.0), np.full(3, 300.0), np.full(n - 12, -5.0)]
    times, basic = START_US + PERIOD_US * np.arange(n, dtype=np.int64), np.zeros(n, np.uint32)

    def bits(first: int) -> npt.NDArray[np.uint32]:
        part = {name: values[first:] for name, values in signals.items()}
        return rule_bits(
            part, times[first:], basic[first:], CONTEXT, SETTINGS, rated_power_kw=RATED_KW, period_us=PERIOD_US
        )

    whole = bits(0)
    assert np.count_nonzero(whole & np.uint32(Flag.ICING)) == 3 + SETTINGS.icing_standstill
    for first in range(HALO, n):
        assert np.array_equal(bits(first - HALO)[HALO:], whole[first:])


@pytest.mark.parametrize("flag", [Flag.CURTAILED, Flag.DERATED, Flag.ICING, Flag.RATE])
def test_each_rule_can_be_turned_off_alone(flag: Flag) -> None:
    off = SETTINGS.model_copy(update={str(flag.name).lower(): False})
    bits = rule_bits(WHOLE.signals, WHOLE.times, BASIC, CONTEXT, off, rated_power_kw=RATED_KW, period_us=PERIOD_US)
    assert not np.any(bits & np.uint32(flag))
    assert np.any(bits)


FLEET = healthy(40, seed=5, names=NAMES[:3])
MONTHS = {"first_month": FIRST_MONTH, "number": 2}


def _series(cuts: list[int]) -> FleetSeries:
    end = START_US + 40 * 144 * PERIOD_US
    total = FleetSeries.empty(START_US, end, PERIOD_US)
    for turbine in FLEET.values():
        for a, b in zip([0, *cuts], [*cuts, turbine.times.size], strict=True):
            signals = {name: values[a:b] for name, values in turbine.signals.items()}
            add_to_series(
                total,
                turbine.times[a:b],
                signals["wind_speed"],
                signals["ambient_temperature_degc"],
                signals["power_kw"],
                (signals["wind_direction_deg"],),
                turbine.flags[a:b],
                NORMAL,
            )
    return total


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 40 * 144), max_size=4).map(sorted))
def test_sums_of_parts_add_up_to_those_of_the_whole(cuts: list[int]) -> None:
    series, whole = _series(cuts), _series([])
    assert np.array_equal(series.wind, whole.wind)
    assert np.array_equal(series.temperature, whole.temperature)
    assert np.array_equal(series.direction, whole.direction)
    turbine = FLEET[NAMES[0]]
    sectors, (context, _) = whole.sectors(), learn(turbine, turbine.flags, SETTINGS)

    def sums(a: int, b: int) -> list[npt.NDArray[np.int64]]:
        part = {name: values[a:b] for name, values in turbine.signals.items()}
        times, months, flags = turbine.times[a:b], turbine.months[a:b], turbine.flags[a:b]
        wind, power = part["wind_speed"], part["power_kw"]
        learnt = rule_sums(part, flags, rated_power_kw=RATED_KW)
        return [
            wind_months(whole, sectors, times, months, wind, power, flags, NORMAL, **MONTHS),
            direction_months(whole, 0, times, months, part["wind_direction_deg"], power, flags, NORMAL, **MONTHS),
            vane_sums(
                wind,
                power,
                part["vane_deg"],
                months,
                flags,
                USES["power_curve"],
                context.curve,
                rated_power_kw=RATED_KW,
                **MONTHS,
            ),
            learnt.pitch,
            learnt.rotor,
            learnt.temperature,
        ]

    parts = [sums(a, b) for a, b in zip([0, *cuts], [*cuts, turbine.times.size], strict=True)]
    for one, together in zip(sums(0, turbine.times.size), zip(*parts, strict=True), strict=True):
        assert one.sum() > 0
        assert np.array_equal(one, sum(together))
