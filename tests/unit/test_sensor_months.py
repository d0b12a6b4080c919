"""Sensors against the neighbours' and the yaw hint: errors that are put in come out, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from fleet.config import QualitySettings
from fleet.flags import USES, Flag
from fleet.fleet_series import SECTORS, FleetSeries, add_to_series, direction_months, temperature_months, wind_months
from fleet.rules import NORMAL
from fleet.sensor_months import direction_offsets, flag_months, temperature_drift, wind_drift
from fleet.sensors import sensor_result, with_sensor_flags
from fleet.yaw import misalignment, vane_sums
from tests.rule_fleet import FIRST_MONTH, NAMES, PERIOD_US, RATED_KW, Series, healthy, learn

SETTINGS = QualitySettings()
MONTHS = 12

Ints = npt.NDArray[np.int64]


def _wind_sums(errors: npt.NDArray[np.float64], records: int = 1000) -> dict[str, Ints]:
    """Return sums of turbines in a wind of 8 m/s whose anemometers are off by relative errors per month."""
    turbines, months = errors.shape
    own = 8000.0 * (1.0 + errors)
    others = (own.sum(axis=0) - own) / (turbines - 1)
    sums = np.zeros((turbines, months, SECTORS + 1, 3), np.int64)
    sums[:, :, 3] = np.stack([np.full(errors.shape, records), np.rint(records * own), np.rint(records * others)], -1)
    return {f"T{number}": table for number, table in enumerate(sums)}


def test_drift_of_one_anemometer_is_its_own_alone() -> None:
    errors = np.zeros((4, 8))
    errors[:] = np.array([0.05, -0.02, 0.0, 0.01])[:, None]  # terrain: no drift
    errors[1, 5:] += 0.06
    table = wind_drift(_wind_sums(errors), FIRST_MONTH, SETTINGS)
    drift = table.pivot(index="turbine", columns="month", values="drift")
    expected = np.zeros((4, 8))
    expected[1, 5:] = 0.06 * 8.0
    assert drift.to_numpy() == pytest.approx(expected, abs=0.03)
    found = table[table["flagged"]]
    assert list(zip(found["turbine"], found["month"], strict=True)) == [
        ("T1", month) for month in ("2020-06", "2020-07", "2020-08")
    ]


@pytest.mark.parametrize(("shape", "records"), [((2, 8), 1000), ((4, 2), 1000), ((4, 8), 100)])
def test_drift_is_not_told_from_too_little(shape: tuple[int, int], records: int) -> None:
    errors = np.zeros(shape)
    errors[0, 1] = 0.2
    table = wind_drift(_wind_sums(errors, records), FIRST_MONTH, SETTINGS)
    assert table["drift"].isna().all()
    assert not table["flagged"].any()
    assert table["records"].eq(records).all()


def test_nothing_in_nothing_out() -> None:
    assert len(wind_drift({}, FIRST_MONTH, SETTINGS)) == 0
    assert len(direction_offsets({}, FIRST_MONTH, SETTINGS)) == 0
    assert len(temperature_drift({}, FIRST_MONTH, SETTINGS)) == 0
    assert len(misalignment({}, SETTINGS)) == 0


def test_drift_of_one_thermometer_is_its_own_alone() -> None:
    errors = np.zeros((4, 8)) + np.array([0.5, -1.0, 0.0, 0.2])[:, None]
    errors[2, :3] += 4.0
    own = 100.0 * (10.0 + errors)
    others = (own.sum(axis=0) - own) / 3.0
    sums = np.stack([np.full(errors.shape, 1000), np.rint(1000 * own), np.rint(1000 * others)], -1).astype(np.int64)
    table = temperature_drift({f"T{number}": part for number, part in enumerate(sums)}, FIRST_MONTH, SETTINGS)
    expected = np.zeros((4, 8))
    expected[2, :3] = 4.0
    assert table.pivot(index="turbine", columns="month", values="drift").to_numpy() == pytest.approx(expected, abs=0.01)
    assert table["flagged"].to_numpy().reshape(4, 8).tolist() == (expected > 0).tolist()


@pytest.mark.parametrize(
    "errors", [[0.0, 0.0, 0.0, 20.0], [0.0, 0.0, 0.0, 175.0, -60.0], [5.0, -5.0, 0.0], [0.0, 0.0, 0.0, 150.0]]
)
def test_offsets_of_directions_come_out_exactly(errors: list[float]) -> None:
    error = np.radians(errors)
    others = np.exp(1j * error).sum() - np.exp(1j * error)
    difference = error - np.angle(others)
    one = np.stack(
        [np.full(error.size, 1000), np.rint(1e7 * np.cos(difference)), np.rint(1e7 * np.sin(difference))], -1
    )
    sums = {f"T{number}": row[None].astype(np.int64) for number, row in enumerate(one)}
    table = direction_offsets(sums, FIRST_MONTH, SETTINGS)
    assert table["offset_deg"].to_numpy() == pytest.approx(errors, abs=0.02)
    assert table["flagged"].tolist() == [abs(value) > 8.0 for value in errors]
    assert table["step_deg"].isna().all()


def test_month_flags_go_to_the_records_that_have_the_signal() -> None:
    index = pd.MultiIndex.from_tuples(
        [("T1", 600, 0), ("T1", 600, int(Flag.NO_WIND)), ("T1", 601, 0), ("T1", -1, 1), ("T2", 600, 0)],
        names=["turbine", "month", "flags"],
    )
    counts = pd.DataFrame({"rows": [10, 3, 20, 1, 30]}, index=index)
    found = pd.DataFrame({"turbine": ["T1", "T2"], "month": ["2020-01", "2020-01"], "flagged": [True, False]})
    after = flag_months(counts, found, Flag.WIND_DRIFT, Flag.NO_WIND)
    assert after["rows"].sum() == counts["rows"].sum()
    assert after["rows"].to_dict() == {
        ("T1", -1, 1): 1,
        ("T1", 600, int(Flag.NO_WIND)): 3,
        ("T1", 600, int(Flag.WIND_DRIFT)): 10,
        ("T1", 601, 0): 20,
        ("T2", 600, 0): 30,
    }


def test_comparison_counts_running_turbines_within_the_band() -> None:
    times = np.arange(4, dtype=np.int64) * PERIOD_US
    series, flags = FleetSeries.empty(0, 4 * PERIOD_US, PERIOD_US), np.zeros(4, np.uint32)
    own = (np.array([8.0, 8.0, 8.0, np.nan]), np.array([500.0, 500.0, 0.0, 500.0]))
    other = (np.array([7.0, 4.0, 7.0, 7.0]), np.full(4, 400.0))
    north, east = np.zeros(4), np.full(4, 90.0)
    add_to_series(series, times, own[0], np.full(4, 9.0), own[1], (north,), flags, NORMAL)
    add_to_series(series, times, other[0], np.full(4, 8.5), other[1], (east,), flags, NORMAL)
    months = np.full(4, 600)
    span = {"first_month": 600, "number": 1}
    sums = wind_months(series, series.sectors(), times, months, *own, flags, NORMAL, **span)
    # The second instant lies below the band, in the third the turbine stands still, in the fourth its wind is missing.
    assert sums.sum(axis=(0, 1)).tolist() == [1, 8000, 7000]
    # Both directions together point to the north-east: sector 1.5 of 12, which is rounded up.
    assert sums[0, 2, 0] == 1
    warm = temperature_months(series, times, months, np.full(4, 9.0), own[1], flags, NORMAL, **span)
    assert warm.tolist() == [[3, 2700, 2550]]
    turned = direction_months(series, 0, times, months, north, own[1], flags, NORMAL, **span)
    assert turned.tolist() == [[3, 0, -30_000]]  # 90 degrees left of the other, three times


def _compared(fleet: dict[str, Series]) -> tuple[dict[str, Ints], dict[str, Ints]]:
    first = next(iter(fleet.values()))
    series = FleetSeries.empty(int(first.times[0]), int(first.times[-1]) + PERIOD_US, PERIOD_US)
    for one in fleet.values():
        s = one.signals
        add_to_series(
            series,
            one.times,
            s["wind_speed"],
            s["ambient_temperature_degc"],
            s["power_kw"],
            (s["wind_direction_deg"],),
            one.flags,
            NORMAL,
        )
    sectors, span = series.sectors(), {"first_month": FIRST_MONTH, "number": MONTHS}
    winds, directions = {}, {}
    for name, one in fleet.items():
        s = one.signals
        given = (one.times, one.months)
        winds[name] = wind_months(series, sectors, *given, s["wind_speed"], s["power_kw"], one.flags, NORMAL, **span)
        directions[name] = direction_months(
            series, 0, *given, s["wind_direction_deg"], s["power_kw"], one.flags, NORMAL, **span
        )
    return winds, directions


def test_healthy_sensors_are_not_flagged() -> None:
    winds, directions = _compared(healthy())
    drift, offsets = wind_drift(winds, FIRST_MONTH, SETTINGS), direction_offsets(directions, FIRST_MONTH, SETTINGS)
    assert not drift["flagged"].any()
    assert not offsets["flagged"].any()
    assert drift["drift"].abs().max() < 0.1
    assert offsets["offset_deg"].abs().max() < 1.0


def test_a_drifted_anemometer_and_a_turned_vane_are_found_with_their_months() -> None:
    fleet = healthy()
    one, other = fleet[NAMES[1]], fleet[NAMES[3]]
    late = one.months >= FIRST_MONTH + 8
    one.signals["wind_speed"] = np.where(late, one.signals["wind_speed"] - 0.4, one.signals["wind_speed"])
    turned = (other.months >= FIRST_MONTH + 4) & (other.months < FIRST_MONTH + 7)
    other.signals["wind_direction_deg"] = np.where(
        turned, (other.signals["wind_direction_deg"] + 25.0) % 360.0, other.signals["wind_direction_deg"]
    )
    winds, directions = _compared(fleet)
    drift = wind_drift(winds, FIRST_MONTH, SETTINGS)
    found = drift[drift["flagged"]]
    assert set(found["turbine"]) == {NAMES[1]}
    assert found["month"].tolist() == ["2020-09", "2020-10", "2020-11", "2020-12"]
    # The ratio of a month times the usual wind speed: a month of less wind shows a constant error larger.
    assert found["drift"].to_numpy() == pytest.approx(-0.4, abs=0.1)
    assert found["u_drift"].max() < 0.1
    offsets = direction_offsets(directions, FIRST_MONTH, SETTINGS)
    found = offsets[offsets["flagged"]]
    assert set(found["turbine"]) == {NAMES[3]}
    assert found["month"].tolist() == ["2020-05", "2020-06", "2020-07"]
    assert found["offset_deg"].to_numpy() == pytest.approx(25.0, abs=0.5)
    steps = offsets[offsets["turbine"] == NAMES[3]].set_index("month")["step_deg"]
    assert steps["2020-05"] == pytest.approx(25.0, abs=0.7)
    assert steps["2020-08"] == pytest.approx(-25.0, abs=0.7)


def test_result_marks_the_months_on_the_counts_and_adds_no_row() -> None:
    errors = np.zeros((4, 8))
    errors[1, 5:] = 0.06
    turned = np.zeros((1, 3), np.int64) + np.array([1000, 10_000_000, 0])
    off = np.array([[1000, 7_071_068, 7_071_068]])
    directions = {"wind_direction_deg": {"T0": turned, "T1": turned, "T2": off, "T3": turned}}
    found = sensor_result(_wind_sums(errors), {}, directions, {}, FIRST_MONTH, SETTINGS)
    assert found.notes == ()
    index = pd.MultiIndex.from_product(
        [["T1", "T2"], [600, 605], [0, int(Flag.DUPLICATE)]], names=["turbine", "month", "flags"]
    )
    after = with_sensor_flags(pd.DataFrame({"rows": range(1, 9)}, index=index), found)
    assert after["rows"].sum() == 36
    assert after["rows"]["T1", 605, int(Flag.WIND_DRIFT)] == 3
    assert after["rows"]["T2", 600, int(Flag.NORTH_OFFSET)] == 5
    assert after["rows"]["T1", 605, int(Flag.DUPLICATE)] == 4
    off_settings = QualitySettings(wind_drift=False, north_offset=False, yaw_misalignment=False)
    none = sensor_result(_wind_sums(errors), {}, directions, {}, FIRST_MONTH, off_settings)
    assert len(none.drift) == len(none.north) == len(none.yaw) == 0


def test_result_says_why_two_turbines_tell_nothing() -> None:
    found = sensor_result(_wind_sums(np.zeros((2, 8))), {}, {}, {}, FIRST_MONTH, SETTINGS)
    assert len(found.notes) == 1
    assert "three turbines" in found.notes[0]


@cache
def _turbine() -> Series:
    return healthy(names=("T1",))["T1"]


def _vane_sums(change: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> Ints:
    one = _turbine()
    signals = one.signals | {"power_kw": one.signals["power_kw"] * change(np.radians(one.signals["vane_deg"]))}
    turned = Series(signals, one.times, one.months, one.true_wind)
    context, _ = learn(turned, turned.flags, SETTINGS)
    return vane_sums(
        signals["wind_speed"],
        signals["power_kw"],
        signals["vane_deg"],
        one.months,
        turned.flags,
        USES["power_curve"],
        context.curve,
        rated_power_kw=RATED_KW,
        first_month=FIRST_MONTH,
        number=MONTHS,
    )


@pytest.mark.parametrize(("angle", "exponent"), [(6.0, 3.0), (-4.0, 2.0), (8.0, 1.8)])
def test_misalignment_is_where_power_is_greatest(angle: float, exponent: float) -> None:
    sums = _vane_sums(lambda vane: np.cos(vane - np.radians(angle)) ** exponent)
    row = misalignment({"T1": sums}, SETTINGS).iloc[0]
    assert row["u_deg"] < 1.0
    assert row["misalignment_deg"] == pytest.approx(angle, abs=3.0 * row["u_deg"])
    assert row["exponent"] == pytest.approx(exponent, rel=0.15)
    assert row["significant"]
    assert "lidar" in row["note"]


def test_aligned_turbine_is_not_named() -> None:
    row = misalignment({"T1": _vane_sums(lambda vane: np.cos(vane) ** 3)}, SETTINGS).iloc[0]
    assert abs(row["misalignment_deg"]) < 1.5
    assert not row["significant"]


def test_without_an_effect_or_without_records_nothing_is_said() -> None:
    flat = _vane_sums(np.ones_like)
    table = misalignment({"T1": flat, "T2": flat[:2], "T3": np.zeros_like(flat)}, SETTINGS)
    assert not table["significant"].any()
    assert table["misalignment_deg"].isna().all()
    assert table["note"].tolist()[1:] == [
        f"{flat[:2, ..., 0].sum()} records with a vane angle below rated power in 2 months: 2000 and 3 are needed",
        "no usable record below rated power has a vane angle within 15 deg of zero",
    ]
