"""Row flags from one partition, and the accounting tables from the merged counts of flags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import PowerWindow, QualitySettings, Turbine
from fleet.flags import PRIORITY, USED, USES, Flag, first_reason
from fleet.intervals import SECOND
from fleet.results import Quality
from fleet.schema import SIGNALS, Column
from fleet.sums import Summary
from fleet.times import series_us

__all__ = ["accounting", "basic_flags", "clean_signals", "flag_counts", "frozen", "outside_window", "quality_result"]

Bits = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

#: Signals that may stand still for long in good order are not checked for freezing.
_CAN_FREEZE = ("wind_direction_deg", "vane_deg", "ambient_temperature_degc")
#: Powers are possible within the turbine's rated power (`[quality]`), all other signals as the schema says.
_OF_RATED = ("power_kw", "power_setpoint_kw", "potential_power_kw")
_RANGE_FLAGS = {"power_kw": Flag.POWER_RANGE, "wind_speed": Flag.WIND_RANGE}


def frozen(values: npt.NDArray[np.float64], steady: Mask, records: int) -> Mask:
    """Return which records belong to a run of at least `records` identical values without a gap in time.

    Parameters
    ----------
    values : array, shape (n,)
        A signal in time order; missing values never count as frozen.
    steady : array of bool, shape (n,)
        Whether a record follows the one before it without a gap.
    records : int
        Least length of a run.
    """
    same = np.zeros(values.size, bool)
    same[1:] = (values[1:] == values[:-1]) & steady[1:]
    run = np.cumsum(~same) - 1  # number of each record's run
    long = np.bincount(run, minlength=1) >= records
    return long[run] & np.isfinite(values) if values.size else same


def basic_flags(frame: pd.DataFrame, turbine: Turbine, settings: QualitySettings, period_s: int) -> Bits:
    """Return the flags that a partition alone can tell: read and clock flags, empty, missing, range, frozen.

    Parameters
    ----------
    frame : DataFrame
        One turbine's records in time order (`schema.SCADA` plus `clock_flags`), halo included.
    turbine : Turbine
        For the rated power.
    settings : QualitySettings
        Thresholds.
    period_s : int
        Averaging period [s].
    """
    power, wind = frame["power_kw"].to_numpy(), frame["wind_speed"].to_numpy()
    signals = frame[[column.name for column in SIGNALS]]
    flags: Bits = frame["read_flags"].to_numpy(np.uint32) | frame["clock_flags"].to_numpy(np.uint32)
    empty = signals.isna().to_numpy().all(axis=1)
    flags |= _bit(Flag.EMPTY, empty)
    flags |= _bit(Flag.NO_POWER, np.isnan(power) & ~empty) | _bit(Flag.NO_WIND, np.isnan(wind) & ~empty)
    for column in SIGNALS:
        out = _impossible(signals[column.name].to_numpy(), column, turbine, settings)
        flags |= _bit(_RANGE_FLAGS.get(column.name, Flag.OTHER_RANGE), out)
    if settings.frozen:
        flags |= _frozen_flags(frame, flags, turbine, settings, period_s)
    return flags


def _frozen_flags(frame: pd.DataFrame, flags: Bits, turbine: Turbine, settings: QualitySettings, period_s: int) -> Bits:
    # Repeated stamps would break or feign runs: only the kept record of each stamp takes part.
    kept = (flags & np.uint32(Flag.UNREADABLE | Flag.FAR_STAMP | Flag.DUPLICATE | Flag.CONFLICT | Flag.OFF_GRID)) == 0
    part = frame.loc[kept]
    times = series_us(part["time"])
    steady = np.r_[False, np.diff(times) == period_s * SECOND] if times.size else np.zeros(0, bool)
    power = part["power_kw"].to_numpy()
    # A turbine at rest or at rated power repeats its power in good order.
    moving = (power > 0.0) & (power < 0.97 * turbine.rated_power_kw)
    wind = part["wind_speed"].to_numpy()
    held = frozen(power, steady, settings.frozen_records) & moving
    held |= frozen(wind, steady, settings.frozen_records) & (wind > 0.0)
    others = np.zeros(len(part), bool)
    for name in _CAN_FREEZE:
        others |= frozen(part[name].to_numpy(), steady, settings.frozen_records)
    result = np.zeros(len(frame), np.uint32)
    result[kept] = _bit(Flag.FROZEN, held) | _bit(Flag.OTHER_FROZEN, others)
    return result


def clean_signals(frame: pd.DataFrame, turbine: Turbine, settings: QualitySettings) -> pd.DataFrame:
    """Return the frame with values outside their possible range set to missing (`basic_flags` flags them)."""
    clean = frame.copy(deep=False)
    for column in SIGNALS:
        values = frame[column.name].to_numpy()
        out = _impossible(values, column, turbine, settings)
        if out.any():
            clean[column.name] = np.where(out, np.nan, values)
    return clean


def outside_window(wind: npt.NDArray[np.float64], power: npt.NDArray[np.float64], window: PowerWindow | None) -> Mask:
    """Return which records lie inside the window's wind speeds but outside its powers."""
    if window is None:
        return np.zeros(wind.size, bool)
    (v_low, v_high), (p_low, p_high) = window.wind_speed, window.power_kw
    return (wind >= v_low) & (wind <= v_high) & ((power < p_low) | (power > p_high))


def flag_counts(turbine: str, flags: Bits) -> pd.DataFrame:
    """Return how many rows carry each combination of flags: the one source of every count of rows."""
    combinations, rows = np.unique(flags, return_counts=True)
    index = pd.MultiIndex.from_arrays([[turbine] * combinations.size, combinations], names=["turbine", "flags"])
    return pd.DataFrame({"rows": rows.astype(np.int64)}, index=index)


def accounting(summary: Summary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the exclusive accounting per use and the overlapping counts per flag.

    Parameters
    ----------
    summary : Summary
        With the merged table "flags" (turbine, flags -> rows).

    Returns
    -------
    accounting : DataFrame
        turbine, use, reason, rows: for each turbine and use the rows add up to rows in.
    overlapping : DataFrame
        turbine, flag, rows: flags of rows that were asked for, and how many were not.
    """
    counts = summary["flags"].reset_index()
    bits = counts["flags"].to_numpy(np.uint32)
    names = {int(flag): str(flag.name).lower() for flag in PRIORITY}
    parts = []
    for use in USES:
        reason = pd.Series(first_reason(bits, use)).map({0: USED, **names})
        parts.append(counts.assign(use=use, reason=reason.to_numpy()))
    order = [USED, *names.values()]
    table = pd.concat(parts).groupby(["turbine", "use", "reason"], sort=True)["rows"].sum().reset_index()
    table["order"] = table["reason"].map(order.index)
    table = table.sort_values(["turbine", "use", "order"]).drop(columns="order").reset_index(drop=True)
    selected = (bits & np.uint32(Flag.NOT_SELECTED)) == 0
    shown = np.where(selected, bits, np.uint32(Flag.NOT_SELECTED))
    overlapping = [
        {
            "turbine": turbine,
            "flag": names[int(flag)],
            "rows": int(group["rows"][(group["shown"] & int(flag)) > 0].sum()),
        }
        for turbine, group in counts.assign(shown=shown).groupby("turbine", sort=True)
        for flag in PRIORITY
    ]
    return table, pd.DataFrame(overlapping)


def _bit(flag: Flag, where: npt.ArrayLike) -> Bits:
    return np.asarray(where, np.uint32) * np.uint32(flag)


def _impossible(values: npt.NDArray[np.float64], column: Column, turbine: Turbine, settings: QualitySettings) -> Mask:
    """Return which values lie outside the column's possible range; missing ones do not."""
    low, high = column.low, column.high
    if column.name in _OF_RATED:
        low, high = (limit * turbine.rated_power_kw for limit in (settings.power_low, settings.power_high))
    out = np.zeros(values.size, bool)
    if low is not None:
        out |= values < low
    if high is not None:
        out |= values > high
    return out


def quality_result(summary: Summary, notes: tuple[str, ...] = ()) -> Quality:
    """Return accounting, overlapping flags, coverage per day and rows per turbine from merged sums."""
    exclusive, overlapping = accounting(summary)
    daily = summary["daily"].reset_index()
    coverage = pd.DataFrame(
        {
            "turbine": daily["turbine"],
            "date": pd.DatetimeIndex(daily["day"].to_numpy().astype("datetime64[D]").astype("datetime64[us]")),
            "expected": daily["expected"],
            "used": daily["used"],
            "rejected": daily["seen"] - daily["used"],
            "missing": daily["expected"] - daily["seen"],
        }
    )
    rows_in = summary["flags"]["rows"].groupby(level="turbine", sort=True).sum()
    grid = coverage.groupby("turbine", sort=True)[["expected", "missing"]].sum()
    rows = pd.DataFrame({"rows_in": rows_in}).join(grid, how="left").fillna(0).astype("int64")
    return Quality(
        accounting=exclusive,
        flags=overlapping,
        coverage=coverage,
        rows=rows.rename_axis("turbine").reset_index(),
        notes=notes,
    )
