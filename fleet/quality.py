"""Row flags from one partition, and the accounting tables from the merged counts of flags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import PowerWindow, QualitySettings, Turbine
from fleet.flags import PRIORITY, USED, USES, Flag, first_reason
from fleet.intervals import SECOND
from fleet.partial_sums import PartialSums
from fleet.recorded import Recorded
from fleet.results import Quality
from fleet.row_kernels import mark_frozen, mark_missing, mark_range
from fleet.schema import SIGNALS, Column
from fleet.sums import Summary

__all__ = ["accounting", "basic_flags", "flag_counts", "frozen", "outside_window", "quality_result"]

Bits = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

#: Signals that may stand still for long in good order are not checked for freezing.
_CAN_FREEZE = ("wind_direction_deg", "vane_deg", "ambient_temperature_degc")
#: Powers are possible within the turbine's rated power (`[quality]`), all other signals as the schema says.
_OF_RATED = ("power_kw", "power_setpoint_kw", "potential_power_kw")
#: Repeated stamps would break or feign runs: only the kept record of each stamp takes part.
_NOT_KEPT = int(Flag.UNREADABLE | Flag.FAR_STAMP | Flag.DUPLICATE | Flag.CONFLICT | Flag.OFF_GRID)
_RANGE_FLAGS = {"power_kw": Flag.POWER_RANGE, "wind_speed": Flag.WIND_RANGE}


def frozen(values: npt.NDArray[np.float64], time: npt.NDArray[np.int64], period_us: int, records: int) -> Mask:
    """Return which records belong to a run of at least `records` identical values without a gap in time.

    Parameters
    ----------
    values : array, shape (n,)
        A signal in time order; missing values never count as frozen.
    time : array of int64, shape (n,)
        Begin of the records, ascending [us].
    period_us : int
        Averaging period [us].
    records : int
        Least length of a run.
    """
    found = np.zeros(values.size, np.uint32)
    mark_frozen(values, time, found, 0, period_us, records, -np.inf, np.inf, 1, found)
    return found > 0


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
        flags |= _frozen_flags(records, flags, turbine, settings, period_s)
    return flags, records.with_signals(clean)


def _frozen_flags(records: Recorded, flags: Bits, turbine: Turbine, settings: QualitySettings, period_s: int) -> Bits:
    result = np.zeros(len(records), np.uint32)
    # A turbine at rest or at rated power repeats its power in good order, and so does the wind in a calm.
    within = {"power_kw": (0.0, 0.97 * turbine.rated_power_kw), "wind_speed": (0.0, np.inf)}
    for name in ("power_kw", "wind_speed", *_CAN_FREEZE):
        values = records.signals.get(name)
        if values is not None:
            low, high = within.get(name, (-np.inf, np.inf))
            flag = Flag.FROZEN if name in within else Flag.OTHER_FROZEN
            mark_frozen(
                values, records.time, flags, _NOT_KEPT, period_s * SECOND, settings.frozen_records, low, high,
                int(flag), result,
            )  # fmt: skip
    return result


def outside_window(wind: npt.NDArray[np.float64], power: npt.NDArray[np.float64], window: PowerWindow | None) -> Mask:
    """Return which records lie inside the window's wind speeds but outside its powers."""
    if window is None:
        return np.zeros(wind.size, bool)
    (v_low, v_high), (p_low, p_high) = window.wind_speed, window.power_kw
    return (wind >= v_low) & (wind <= v_high) & ((power < p_low) | (power > p_high))


def flag_counts(turbine: str, flags: Bits) -> PartialSums:
    """Return how many rows carry each combination of flags: the one source of every count of rows."""
    combinations, rows = np.unique(flags, return_counts=True)
    numbers, counts = combinations.astype(np.int64)[:, None], rows.astype(np.int64)[:, None]
    return PartialSums(("turbine", "flags"), ("turbine",), ("rows",), {(turbine,): (numbers, counts)})


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


def _limits(column: Column, turbine: Turbine, settings: QualitySettings) -> tuple[float, float]:
    """Return the range of possible values of a signal, in its unit."""
    low, high = column.low, column.high
    if column.name in _OF_RATED:
        low, high = (limit * turbine.rated_power_kw for limit in (settings.power_low, settings.power_high))
    return -np.inf if low is None else low, np.inf if high is None else high


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
