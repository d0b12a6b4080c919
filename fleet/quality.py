"""Row flags from one partition, and the accounting tables from the merged counts of flags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import PowerWindow, QualitySettings, Turbine
from fleet.flags import PRIORITY, USED, USES, Flag, first_reason
from fleet.intervals import SECOND
from fleet.months import Months
from fleet.partial_sums import PartialSums, record_sums
from fleet.recorded import Recorded
from fleet.results import Quality
from fleet.row_kernels import mark_missing, mark_range
from fleet.rules import frozen_signal_bits
from fleet.schema import SIGNALS, Column
from fleet.sum_kernels import count_flags
from fleet.sums import Summary

__all__ = ["accounting", "basic_flags", "flag_counts", "outside_window", "quality_result"]

Bits = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

#: Powers are possible within the turbine's rated power (`[quality]`), all other signals as the schema says.
_OF_RATED = ("power_kw", "power_setpoint_kw", "potential_power_kw")
_COMBINATIONS = 64  #: of flags that a month usually holds at most; more are counted the slow way
_RANGE_FLAGS = {"power_kw": Flag.POWER_RANGE, "wind_speed": Flag.WIND_RANGE}


def basic_flags(records: Recorded, turbine: Turbine, settings: QualitySettings, period_s: int) -> tuple[Bits, Recorded]:
    """Return the flags that a partition alone can tell, and the records without impossible values.

    The flags are those of reader and clock check, empty, missing, out of range and frozen. A value outside its possible
    range is flagged and then missing; the row stays.

    Parameters
    ----------
    records : Recorded
        One turbine's records, halo included.
    turbine : Turbine
        For the rated power.
    settings : QualitySettings
        Thresholds.
    period_s : int
        Averaging period [s].
    """
    flags: Bits = records.flags.copy()
    seen = np.zeros(len(records), bool)
    clean: dict[str, npt.NDArray[np.float64]] = {}
    for column in SIGNALS:
        values = records.signals.get(column.name)
        if values is None:
            continue
        low, high = _limits(column, turbine, settings)
        flag = _RANGE_FLAGS.get(column.name, Flag.OTHER_RANGE)
        if mark_range(values, low, high, int(flag), flags, seen):
            clean[column.name] = np.where((values >= low) & (values <= high), values, np.nan)
    power, wind = records.signal("power_kw"), records.signal("wind_speed")
    mark_missing(power, wind, seen, int(Flag.EMPTY), int(Flag.NO_POWER), int(Flag.NO_WIND), flags)
    if settings.frozen:
        flags |= frozen_signal_bits(
            records.every_signal(), records.time, records.flags, settings,
            rated_power_kw=turbine.rated_power_kw, period_us=period_s * SECOND,
        )  # fmt: skip
    return flags, records.with_signals(clean)


def outside_window(wind: npt.NDArray[np.float64], power: npt.NDArray[np.float64], window: PowerWindow | None) -> Mask:
    """Return which records lie inside the window's wind speeds but outside its powers."""
    if window is None:
        return np.zeros(wind.size, bool)
    (v_low, v_high), (p_low, p_high) = window.wind_speed, window.power_kw
    return (wind >= v_low) & (wind <= v_high) & ((power < p_low) | (power > p_high))


def flag_counts(turbine: str, flags: Bits, months: Months, known: Mask) -> PartialSums:
    """Return how many rows of each month carry each combination of flags: the one source of every count of rows.

    Parameters
    ----------
    turbine : str
        Name.
    flags : array of uint32, shape (n,)
        Flags of the rows.
    months : Months
        Their months ...
    known : array of bool, shape (n,)
        ... where their time is known; -1 stands for the others' month.

    Returns
    -------
    PartialSums
        turbine, month, flags -> rows.
    """
    place = np.where(known, months.place + 1, 0)
    bits, rows = (np.zeros((months.count + 1, _COMBINATIONS), dtype) for dtype in (np.uint32, np.int64))
    if count_flags(place, flags, bits, rows):
        month, k = np.nonzero(rows)
        combinations, counts = bits[month, k].astype(np.int64), rows[month, k]
    else:
        pairs, counts = np.unique((place << 32) | flags.astype(np.int64), return_counts=True)
        month, combinations = pairs >> 32, pairs & 0xFFFFFFFF
    month = np.where(month > 0, month - 1 + months.first, -1)
    return record_sums({"turbine": turbine, "month": month, "flags": combinations}, {"rows": counts})


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
    codes, turbines = pd.factorize(counts["turbine"], sort=True)
    carried = (shown[:, None] & np.array(PRIORITY, np.uint32)) > 0
    sums = np.zeros((len(turbines), len(PRIORITY)), np.int64)
    np.add.at(sums, codes, carried * counts["rows"].to_numpy(np.int64)[:, None])
    overlapping = pd.DataFrame(
        {
            "turbine": np.repeat(np.asarray(turbines, object), len(PRIORITY)),
            "flag": [*names.values()] * len(turbines),
            "rows": sums.ravel(),
        }
    )
    return table, overlapping.astype({"turbine": "str", "flag": "str"})


def _limits(column: Column, turbine: Turbine, settings: QualitySettings) -> tuple[float, float]:
    """Return the range of possible values of a signal, in its unit."""
    low, high = column.low, column.high
    if column.name in _OF_RATED:
        low, high = (limit * turbine.rated_power_kw for limit in (settings.power_low, settings.power_high))
    return -np.inf if low is None else low, np.inf if high is None else high


def quality_result(summary: Summary, notes: tuple[str, ...] = ()) -> Quality:
    """Return accounting, overlapping flags, coverage per day and rows per turbine from merged sums."""
    exclusive, overlapping = accounting(summary)
    daily = summary["daily"]
    expected, seen, used = (daily[name].to_numpy() for name in ("expected", "seen", "used"))
    day = daily.index.get_level_values("day").to_numpy()
    coverage = pd.DataFrame(
        {
            "turbine": daily.index.get_level_values("turbine"),
            "date": pd.DatetimeIndex(day.astype("datetime64[D]").astype("datetime64[us]")),
            "expected": expected,
            "used": used,
            "rejected": seen - used,
            "missing": expected - seen,
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
