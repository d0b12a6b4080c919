"""The turbines' sum against the meter over the same intervals: partial meters, short windows, missing records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
    table, words = reconcile(sums or summary(), plant, period, RATED_KW, PERIOD_S)
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
    assert "For 42.0 h of the analysed period the meter has no interval." in words


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


def test_months_of_unequal_length() -> None:
    """A reading for each month; of March a record in a hundred and fifty is missing, of April one in two."""
    start, end = pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2020-06-01", tz="UTC")
    times = pd.date_range(start, end, freq="10min", inclusive="left", unit="us")
    n = np.full(times.size, 2)
    n[(times.month == 3) & (np.arange(times.size) % 150 == 0)] = 0
    n[(times.month == 4) & (np.arange(times.size) % 2 == 0)] = 0
    power = np.where(n == 2, 120_000, 0)
    frame = pd.DataFrame({"n": n, "power": power}, index=pd.Index(times.asi8, name="time"))
    months = pd.date_range(start, end, freq="MS", inclusive="left", unit="us")
    energy = 196.0 * 144 * months.days_in_month.to_numpy(float)
    table, words = found(
        meter(months, energy), {"farm_power": frame, "farm_power_as_written": frame}, (to_us(start), to_us(end))
    )
    assert table.index.tolist() == ["2020-01", "2020-02", "2020-03", "2020-05", "all"]
    assert table.loc[["2020-01", "2020-02", "2020-05"], "ratio"].tolist() == pytest.approx([0.98] * 3)
    assert 0.98 < table.loc["2020-03", "ratio"] < 0.98 * 1.01
    assert "1 with fewer records are left out." in words


def test_nothing_in_common_is_said() -> None:
    later = TEN_MINUTES + pd.Timedelta(days=9)
    table, words = found(meter(later, 196.0))
    assert table.empty
    assert words.startswith("None of the meter's 0 intervals in the analysed period")
    assert "288 intervals of the meter lie outside" in words
    table, words = found(None)
    assert (len(table), words) == (0, "")
