"""A meter that was computed from the turbines, one that was measured, and which stamps it shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.flags import Flag
from fleet.meter import MeterFit, interval_sums, meter_fit
from fleet.partial_sums import merge_partials, tables
from fleet.reconciliation import reconcile
from fleet.recorded import Recorded
from fleet.sums import Summary

TURBINES, RATED_KW, PERIOD_S = 3, 2000.0, 600
START = pd.Timestamp("2014-06-01", tz="UTC")
DAYS = 60


def power_kw() -> np.ndarray:
    """Power of each turbine, shape (records, turbines), over the whole range of loads."""
    rng = np.random.default_rng(11)
    slow = np.convolve(rng.normal(0, 1, DAYS * 144 + 71), np.ones(72), "valid")
    shared = RATED_KW * np.clip(0.5 + 0.035 * slow, -0.01, 1.0)
    return np.round(np.clip(shared[:, None] + rng.normal(0, 30, (len(shared), TURBINES)), -20.0, RATED_KW), 2)


def records(power: np.ndarray, moved_h: int = 0) -> pd.DataFrame:
    """Return one turbine's records whose stamps were moved by whole hours when the clock was put right."""
    time = pd.date_range(START, periods=len(power), freq="600s", unit="us")
    written = (time - pd.Timedelta(hours=moved_h)).tz_localize(None)
    return pd.DataFrame(
        {
            "time": time,
            "stamp_local": (written + pd.Timedelta(hours=1)).to_numpy("datetime64[us]"),
            "utc_offset_s": np.int32(3600),
            "read_flags": 0,
            "power_kw": power,
        }
    )


def sums(power: np.ndarray, moved_h: int = 0, cuts: int = 1) -> Summary:
    parts = []
    for column in power.T:
        frame = records(column, moved_h)
        for rows in np.array_split(np.arange(len(frame)), cuts):
            parts.append(interval_sums(Recorded.of(frame.iloc[rows]), np.zeros(rows.size, np.uint32)))
    return tables(merge_partials(parts))


def meter(energy_kwh: np.ndarray, hours: float = 1 / 6, shift_h: int = 0) -> pd.DataFrame:
    time = pd.date_range(START, periods=len(energy_kwh), freq=f"{round(3600 * hours)}s", unit="us")
    return pd.DataFrame({"time": time - pd.Timedelta(hours=shift_h), "energy_kwh": energy_kwh})


def note(power: np.ndarray, plant: pd.DataFrame | None, moved_h: int = 0) -> str:
    whole = (int(START.value // 1000), int((START + pd.Timedelta(days=3650)).value // 1000))
    return reconcile(sums(power, moved_h), plant, whole, [RATED_KW] * TURBINES, PERIOD_S)[2]


def fit(power: np.ndarray, plant: pd.DataFrame) -> MeterFit:
    return meter_fit(
        sums(power)["farm_power"], plant, turbines=TURBINES, rated_kw=RATED_KW * TURBINES, period_s=PERIOD_S
    )


POWER = power_kw()
TOTAL_KWH = POWER.sum(axis=1) / 6.0
NOISE = 1.0 + 0.005 * np.random.default_rng(3).normal(0, 1, len(POWER))


def real_losses() -> np.ndarray:
    """Energy behind a transformer: no-load losses of 0.15 % of rated power and load losses of 1.2 % at rated power."""
    rated = RATED_KW * TURBINES / 6.0
    return TOTAL_KWH - rated * (0.0015 + 0.012 * (TOTAL_KWH / rated) ** 2)


@pytest.mark.parametrize("noise", [1.0, NOISE])
def test_a_constant_fraction_of_the_turbines_looks_derived(noise: np.ndarray | float) -> None:
    text = note(POWER, meter(0.98 * TOTAL_KWH * noise))
    assert "constant factor of 0.980 whatever the load" in text
    assert "it looks derived from it, not measured; it says nothing about electrical losses" in text
    assert "as written" not in text


def test_a_meter_behind_real_losses_is_believed() -> None:
    assert note(POWER, meter(real_losses())) == ""
    found = fit(POWER, meter(real_losses()))
    assert found.classes["factor"].iloc[0] < found.factor < 1.0
    assert not found.constant


def test_loads_that_hardly_vary_tell_nothing() -> None:
    some = (TOTAL_KWH > 0.2 * RATED_KW * TURBINES / 6) & (TOTAL_KWH < 0.6 * RATED_KW * TURBINES / 6)
    plant = meter(np.where(some, 0.98 * TOTAL_KWH, np.nan))
    assert len(fit(POWER, plant).classes) == 4
    assert note(POWER, plant) == ""


def test_a_meter_that_shares_the_stamps_as_written_says_so() -> None:
    plant = meter(0.98 * TOTAL_KWH, shift_h=1)
    text = note(POWER, plant, moved_h=1)
    assert "whatever the load" in text
    assert "fits the turbines' stamps as written (off by 0.0 % on average) better than the corrected ones" in text


def test_a_measured_meter_that_shares_the_stamps_as_written_says_only_that() -> None:
    text = note(POWER, meter(real_losses(), shift_h=1), moved_h=1)
    assert text.startswith("The meter fits the turbines' stamps as written")


def test_a_meter_that_fits_the_corrected_stamps_is_no_trouble() -> None:
    assert "as written" not in note(POWER, meter(0.98 * TOTAL_KWH), moved_h=1)


def test_hourly_meter_against_sums_over_the_hour() -> None:
    found = fit(POWER, meter(0.97 * TOTAL_KWH.reshape(-1, 6).sum(axis=1), hours=1))
    assert found.intervals == DAYS * 24
    assert found.factor == pytest.approx(0.97, rel=1e-9)
    assert found.misfit < 1e-9


def test_intervals_that_a_turbine_lacks_or_has_twice_are_left_out() -> None:
    frame = records(POWER[:, 0])
    flags = np.zeros(len(frame), np.uint32)
    flags[:5] = int(Flag.NO_POWER)
    flags[5:7] = int(Flag.FROZEN)  # it happened: energy counts it
    twice = pd.concat([frame, frame.iloc[[9]]], ignore_index=True)
    power = tables(interval_sums(Recorded.of(twice), np.r_[flags, np.uint32(0)]))["farm_power"]
    plant = meter(POWER[:, 0] / 6.0)
    found = meter_fit(power, plant, turbines=1, rated_kw=RATED_KW, period_s=PERIOD_S)
    assert found.intervals == len(frame) - 6


def test_sums_do_not_depend_on_the_cut() -> None:
    whole, cut = sums(POWER, moved_h=1), sums(POWER, moved_h=1, cuts=7)
    assert set(whole) == set(cut)
    for name, table in whole.items():
        pd.testing.assert_frame_equal(table, cut[name])
        assert (table.dtypes == np.int64).all()


def test_without_a_meter_or_with_other_intervals_there_is_nothing_to_say() -> None:
    assert note(POWER, None) == ""
    assert note(POWER, meter(TOTAL_KWH[:0])) == ""
    assert note(POWER, meter(TOTAL_KWH[:100], hours=0.25)) == ""
    assert note(POWER, meter(TOTAL_KWH[:1])) == ""
    assert note(np.zeros_like(POWER), meter(TOTAL_KWH)) == ""
