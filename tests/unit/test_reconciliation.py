"""The turbines' sum against the meter over the same intervals: partial meters, short windows, missing records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.meter_intervals import meter_intervals
from fleet.reconciliation import reconcile
from fleet.sums import Summary
from fleet.times import to_us

PERIOD_S, RATED_KW = 600, [2000.0, 2000.0]
START, END = pd.Timestamp("2020-01-31", tz="UTC"), pd.Timestamp("2020-02-02", tz="UTC")
WHOLE = (to_us(START), to_us(END))
TEN_MINUTES = pd.date_range(START, END, freq="10min", inclusive="left", unit="us")


def summary(power_kw: float = 1200.0, n: object = 2) -> Summary:
    """Return two turbines that make `power_kw` together, in each ten minutes of two days."""
    index = pd.Index(TEN_MINUTES.asi8, name="time")
    frame = pd.DataFrame({"n": n, "power": round(power_kw * 100)}, index=index, dtype="int64")
    return {"farm_power": frame, "farm_power_as_written": frame}


def meter(times: pd.DatetimeIndex, energy_kwh: float | np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"time": times, "energy_kwh": energy_kwh})


def found(
    plant: pd.DataFrame | None, sums: Summary | None = None, period: tuple[int, int] = WHOLE
) -> tuple[pd.DataFrame, str]:
    table, words, _ = reconcile(sums or summary(), plant, period, RATED_KW, PERIOD_S)
    return table.set_index("month"), words


def test_a_whole_meter_by_month() -> None:
    """1,200 kW are 200 kWh in ten minutes, 28.8 MWh per day."""
    table, words = found(meter(TEN_MINUTES, 196.0))
    assert table.index.tolist() == ["2020-01", "2020-02", "all"]
    assert table["turbines_mwh"].tolist() == pytest.approx([28.8, 28.8, 57.6])
    assert table["ratio"].tolist() == pytest.approx([0.98] * 3)
    assert table["intervals"].tolist() == table["of"].tolist() == [144, 144, 288]
    assert words.startswith("Compared are 288 of the meter's 288 intervals in the analysed period, 48.0 h:")
    assert "left out" not in words
    assert "no interval" not in words


def test_a_meter_of_six_hours_is_not_set_against_two_days() -> None:
    table, words = found(meter(TEN_MINUTES[:36], 196.0))
    assert table.index.tolist() == ["2020-01", "all"]
    assert table.loc["all", ["turbines_mwh", "meter_mwh", "ratio"]].tolist() == pytest.approx([7.2, 7.056, 0.98])
    assert "For 42.0 h of the analysed period the meter has no interval that can be compared." in words


def test_a_window_of_six_hours_is_not_set_against_the_meter_of_two_days() -> None:
    table, words = found(meter(TEN_MINUTES, 196.0), period=(to_us(START), to_us(START) + 6 * 3_600_000_000))
    assert table.loc["all", ["turbines_mwh", "meter_mwh"]].tolist() == pytest.approx([7.2, 7.056])
    assert "252 intervals of the meter lie outside the analysed period." in words


def test_intervals_that_a_turbine_lacks_are_left_out_and_counted() -> None:
    n = np.full(288, 2)
    n[:100] = 1
    sums = summary(n=n)
    sums["farm_power"].iloc[:100, 1] = 60_000
    table, words = found(meter(TEN_MINUTES, 196.0), sums)
    assert table["ratio"].tolist() == pytest.approx([0.98] * 3)
    assert table["intervals"].tolist() == [44, 144, 188]
    assert table["of"].tolist() == [144, 144, 288]
    assert "100 with fewer records are left out." in words


def test_hours_of_the_meter_need_all_their_records() -> None:
    n = np.full(288, 2)
    n[7] = 0
    hours = TEN_MINUTES[::6]
    table, _ = found(meter(hours, 1176.0), summary(n=n))
    assert table.loc["all", ["intervals", "of"]].tolist() == [47, 48]
    assert table.loc["all", "ratio"] == pytest.approx(0.98)


def test_quarters_of_an_hour_are_put_together() -> None:
    """Two quarters of 294 kWh against three records of 200 kWh; a half hour without one of its quarters is left out."""
    quarters = pd.date_range(START, END, freq="15min", inclusive="left", unit="us")
    table, _ = found(meter(quarters.delete(5), 294.0))
    assert table.loc["all", ["intervals", "of"]].tolist() == [95, 95]
    assert table.loc["all", "ratio"] == pytest.approx(0.98)


def by_readings(readings: pd.DatetimeIndex, end: pd.Timestamp, lacking: np.ndarray | None = None) -> tuple:
    """Compare readings of 98 % of constant power, each until the next or the end, with the turbines' records."""
    times = pd.date_range(readings[0], end, freq="10min", inclusive="left", unit="us")
    n = np.full(times.size, 2) if lacking is None else np.where(lacking[: times.size], 0, 2)
    frame = pd.DataFrame({"n": n, "power": np.where(n == 2, 120_000, 0)}, index=pd.Index(times.asi8, name="time"))
    hours = np.diff(np.append(readings.asi8, end.value // 1000)) / 3.6e9
    sums = {"farm_power": frame, "farm_power_as_written": frame}
    return found(meter(readings, 1176.0 * hours), sums, (to_us(readings[0]), to_us(end)))


def months(first: str, number: int) -> tuple[pd.DatetimeIndex, pd.Timestamp]:
    every = pd.date_range(first, periods=number + 1, freq="MS", tz="UTC", unit="us")
    return every[:-1], every[-1]


@pytest.mark.parametrize(("first", "number"), [("2021-01", 3), ("2021-02", 4), ("2020-12", 3), ("2021-02", 1)])
def test_a_reading_of_a_calendar_month_is_as_long_as_the_month(first: str, number: int) -> None:
    table, words = by_readings(*months(first, number))
    assert table["ratio"].tolist() == pytest.approx([0.98] * (number + 1))
    assert table.loc["all", ["intervals", "of"]].tolist() == [number, number]
    assert "no interval" not in words


def test_a_month_that_is_missing_makes_none_longer() -> None:
    readings, end = months("2021-01", 5)
    frame = pd.DataFrame({"time": readings, "energy_kwh": 1176.0 * 24 * readings.days_in_month.to_numpy(float)}).drop(2)
    times = pd.date_range(readings[0], end, freq="10min", inclusive="left", unit="us")
    power = pd.DataFrame({"n": 2, "power": 120_000}, index=pd.Index(times.asi8, name="time"))
    sums = {"farm_power": power, "farm_power_as_written": power}
    table, words = found(frame, sums, (to_us(readings[0]), to_us(end)))
    assert table.index.tolist() == ["2021-01", "2021-02", "2021-04", "2021-05", "all"]
    assert table["ratio"].tolist() == pytest.approx([0.98] * 5)
    assert "For 744.0 h of the analysed period the meter has no interval" in words


def test_records_that_are_missing_cost_a_month_what_they_could_have_held() -> None:
    """1,200 of 4,000 kW: a record in 350 could hold 0.95 % of the month's energy, one in 300 1.1 %."""
    readings, end = months("2021-01", 3)
    at = np.arange(144 * 90)
    lacking = np.where(at < 144 * 31, at % 350 == 0, (at < 144 * 59) & (at % 300 == 0))
    table, words = by_readings(readings, end, lacking)
    assert table.index.tolist() == ["2021-01", "2021-03", "all"]
    assert 0.98 < table.loc["2021-01", "ratio"] < 0.98 * 1.01
    assert "1 with fewer records are left out." in words


def test_weeks_last_until_the_next_and_the_last_one_stays_out() -> None:
    weeks = pd.date_range("2021-03-01 06:00", periods=5, freq="7D", tz="UTC", unit="us")
    table, words = by_readings(weeks[:4], weeks[4])
    assert table.loc["all", ["intervals", "of"]].tolist() == [3, 3]
    assert table.loc["all", "ratio"] == pytest.approx(0.98)
    assert "For 168.0 h of the analysed period the meter has no interval that can be compared." in words


@pytest.mark.parametrize("freq", ["D", "6h"])
def test_days_of_local_time_are_an_hour_shorter_and_longer_twice_a_year(freq: str) -> None:
    for day in ("2021-03-25", "2021-10-28"):
        local = pd.date_range(day, periods=8, freq="D", tz="Europe/Paris", unit="us")
        if freq == "6h":
            wall = pd.date_range(day, periods=29, freq="6h", unit="us")
            local = wall.tz_localize("Europe/Paris")
        readings = local.tz_convert("UTC")
        table, _ = by_readings(readings[:-1], readings[-1])
        assert table.loc["all", "intervals"] == len(readings) - 1
        assert table["ratio"].tolist() == pytest.approx([0.98] * len(table))


def test_readings_that_begin_between_records_are_compared_from_a_record_on_or_not_at_all() -> None:
    energy = np.arange(1.0, 1 + 4 * 47)
    quarters = pd.date_range(START + pd.Timedelta("15min"), periods=4 * 47, freq="15min", unit="us")
    frame = summary()["farm_power"]
    table, _ = found(meter(quarters, energy))
    joined = meter_intervals(frame, meter(quarters, energy), turbines=2, period_s=PERIOD_S)
    assert (joined["start"] % 1_800_000_000 == 0).all()
    assert joined["meter"].tolist() == (energy[1:-1:2] + energy[2::2]).tolist()
    assert table.loc["all", "intervals"] == len(joined) == 93
    table, words = found(meter(TEN_MINUTES + pd.Timedelta("5min"), 196.0))
    assert table.empty
    assert "nothing to compare" in words


def test_intervals_that_reach_beyond_the_period_are_counted_apart() -> None:
    readings, end = months("2021-01", 3)
    times = pd.date_range(readings[0], end, freq="10min", inclusive="left", unit="us")
    power = pd.DataFrame({"n": 2, "power": 120_000}, index=pd.Index(times.asi8, name="time"))
    sums = {"farm_power": power, "farm_power_as_written": power}
    energy = 1176.0 * 24 * readings.days_in_month.to_numpy(float)
    inside = (to_us(readings[0]) + 5 * 86_400_000_000, to_us(end) - 5 * 86_400_000_000)
    table, words = found(meter(readings, energy), sums, inside)
    assert table.loc["all", ["intervals", "ratio"]].tolist() == pytest.approx([1, 0.98])
    assert "2 intervals of the meter reach beyond the analysed period." in words
    assert "no interval" not in words
    assert "outside" not in words


def test_nothing_in_common_is_said() -> None:
    later = TEN_MINUTES + pd.Timedelta(days=9)
    table, words = found(meter(later, 196.0))
    assert table.empty
    assert words.startswith("None of the meter's 0 intervals in the analysed period")
    assert "288 intervals of the meter lie outside" in words
    table, words = found(None)
    assert (len(table), words) == (0, "")
