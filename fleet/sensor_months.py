"""Each turbine's anemometer, thermometer and direction against the other turbines', month by month.

What a turbine is compared with contains the faults of the others: with x_k the error of turbine k, its difference from
the mean of the others is x_k - mean(x_j, j != k). The functions below solve for x, up to what all have in common, which
no comparison can tell; its zero is the median over the turbines.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.flags import Flag
from fleet.fleet_series import TEMPERATURE_QUANTUM, UNIT_QUANTUM, WIND_QUANTUM
from fleet.row_kernels import MAD_TO_SIGMA
from fleet.rule_settings import RuleSettings
from fleet.sums import month_name

__all__ = ["direction_offsets", "flag_months", "temperature_drift", "wind_drift"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEAST_RECORDS = 144  # of a month that is judged: one day
_LEAST_TURBINES = 3  # of two that differ none can be said to be wrong
_LEAST_MONTHS = 3  # of a turbine, without which nothing is usual
_ROUNDS = 20  # of the median polish, which settles within a few
_TURNS = 60  # of the iteration for directions ...
_SETTLED = 1e-10  # ... which ends when none moves further than this [rad]


def wind_drift(sums: Mapping[str, Ints], first_month: int, settings: RuleSettings) -> pd.DataFrame:
    """Return each anemometer's drift per month against its own usual relation to the other turbines.

    Per direction sector the ratio of own to others' wind over the whole period is usual; wakes and terrain are in it. A
    month's departure from it, weighted by the month's sectors, freed from the fleet's median of that month and from the
    turbine's own median over its months, is the drift.

    Parameters
    ----------
    sums : mapping of turbine to array of int64, shape (months, SECTORS + 1, 3)
        Merged results of `fleet.fleet_series.wind_months`.
    first_month : int
        Key of the first month.
    settings : RuleSettings
        Keys that begin with `wind_drift`.

    Returns
    -------
    DataFrame
        turbine, month, records, drift [m/s] at the turbine's mean wind speed of the comparison, u_drift [m/s]: its
        standard uncertainty, the robust scatter over all turbines and months, more for short months; flagged. NaN where
        a month has too few records, or where fewer than three turbines or three months can be compared.
    """
    names = sorted(sums)
    if not names:
        return _frame([], ["records", "drift", "u_drift", "flagged"])
    table = np.stack([sums[name] for name in names]).astype(np.float64)
    records, own, others = np.moveaxis(table, -1, 0)
    total = others.sum(axis=1, keepdims=True)
    usual = np.divide(own.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    n, base = records.sum(axis=2), others.sum(axis=2)
    relative = np.full(n.shape, np.nan)
    np.divide((own - usual * others).sum(axis=2), base, out=relative, where=n >= _LEAST_RECORDS)
    speed = np.divide(base.sum(axis=1), n.sum(axis=1), out=np.zeros(len(names)), where=n.sum(axis=1) > 0)
    drift = _errors_of_levels(relative) * speed[:, None] * WIND_QUANTUM
    return _drift_rows(names, first_month, n, drift, settings.wind_drift_floor, settings.wind_drift_spread)


def temperature_drift(sums: Mapping[str, Ints], first_month: int, settings: RuleSettings) -> pd.DataFrame:
    """Return each thermometer's drift per month against its own usual difference from the other turbines.

    Parameters
    ----------
    sums : mapping of turbine to array of int64, shape (months, 3)
        Merged results of `fleet.fleet_series.temperature_months`.
    first_month : int
        Key of the first month.
    settings : RuleSettings
        `temperature_drift_floor` and `temperature_drift_spread`.

    Returns
    -------
    DataFrame
        As of `wind_drift`, in [K].
    """
    names = sorted(sums)
    if not names:
        return _frame([], ["records", "drift", "u_drift", "flagged"])
    n, own, others = np.moveaxis(np.stack([sums[name] for name in names]).astype(np.float64), -1, 0)
    difference = np.full(n.shape, np.nan)
    np.divide(own - others, n, out=difference, where=n >= _LEAST_RECORDS)
    drift = _errors_of_levels(difference) * TEMPERATURE_QUANTUM
    return _drift_rows(
        names, first_month, n, drift, settings.temperature_drift_floor, settings.temperature_drift_spread
    )


def _errors_of_levels(difference: Floats) -> Floats:
    """Return errors, shape (turbines, months), from differences to the others' mean, by median polish (Tukey 1977).

    The fleet's median of each month and each turbine's own median over the months are taken out; NaN where there is too
    little to compare.
    """
    enough = np.isfinite(difference)
    enough &= enough.sum(axis=0) >= _LEAST_TURBINES
    enough &= enough.sum(axis=1, keepdims=True) >= _LEAST_MONTHS
    turbines = enough.sum(axis=0)
    error = np.where(enough, difference * (turbines - 1) / np.maximum(turbines, 1), np.nan)
    for _ in range(_ROUNDS):
        error = error - _median(error, 0)
        error = error - _median(error, 1)
    return np.asarray(error, np.float64)


def _drift_rows(
    names: list[str], first_month: int, n: Floats, drift: Floats, floor: float, spread: float
) -> pd.DataFrame:
    known = np.isfinite(drift)
    if known.any():
        scatter = MAD_TO_SIGMA * float(np.median(np.abs(drift[known])))
        # Short months scatter more: the scatter of all is that of a month of usual length.
        u = np.where(known, scatter * np.sqrt(np.maximum(np.median(n[known]) / np.maximum(n, 1.0), 1.0)), np.nan)
    else:
        u = drift
    flagged = known & (np.abs(drift) > np.maximum(floor, spread * u))
    return _rows(names, first_month, n > 0, {"records": n.astype(np.int64), "drift": drift, "u_drift": u}, flagged)


def direction_offsets(sums: Mapping[str, Ints], first_month: int, settings: RuleSettings) -> pd.DataFrame:
    """Return how far each turbine's north lies from the fleet's, per month.

    Parameters
    ----------
    sums : mapping of turbine to array of int64, shape (months, 3)
        Merged results of `fleet.fleet_series.direction_months` of one signal.
    first_month : int
        Key of the first month.
    settings : RuleSettings
        Keys that begin with `north_offset`.

    Returns
    -------
    DataFrame
        turbine, month, records, offset_deg (from the fleet's median), step_deg (from the turbine's last month before
        that is known), flagged. NaN where a month has too few records or fewer than three turbines can be compared.
    """
    names = sorted(sums)
    if not names:
        return _frame([], ["records", "offset_deg", "step_deg", "flagged"])
    table = np.stack([sums[name] for name in names])
    n, along, across = np.moveaxis(table, -1, 0)
    enough = n >= _LEAST_RECORDS
    enough &= enough.sum(axis=0) >= _LEAST_TURBINES
    angle = np.where(enough, np.arctan2(across * UNIT_QUANTUM, along * UNIT_QUANTUM), np.nan)
    offset = np.full(n.shape, np.nan)
    for month in range(n.shape[1]):
        found = enough[:, month]
        if found.any():
            offset[found, month] = _errors(angle[found, month])
    step = np.full(n.shape, np.nan)
    for row in range(len(names)):
        known = np.flatnonzero(np.isfinite(offset[row]))
        step[row, known[1:]] = _wrapped(np.diff(offset[row, known]))
    flagged = np.isfinite(offset) & (np.abs(np.degrees(offset)) > settings.north_offset_limit)
    columns = {"records": n, "offset_deg": np.degrees(offset), "step_deg": np.degrees(step)}
    return _rows(names, first_month, n > 0, columns, flagged)


def flag_months(flags: pd.DataFrame, flagged: pd.DataFrame, flag: Flag, missing: Flag) -> pd.DataFrame:
    """Return counts of flags with one more flag on every record of the months that a comparison flagged.

    Parameters
    ----------
    flags : DataFrame
        Index turbine, month, flags; column rows.
    flagged : DataFrame
        turbine, month (text), flagged: of `wind_drift` or `direction_offsets`.
    flag : Flag
        What to set.
    missing : Flag
        Rows with one of these are no records of the signal and stay as they are.
    """
    table = flags.reset_index()
    found = flagged[flagged["flagged"]]
    marked = set(zip(found["turbine"], found["month"], strict=True))
    names = [month_name(int(key)) if key >= 0 else "" for key in table["month"]]
    hit = np.array([pair in marked for pair in zip(table["turbine"], names, strict=True)], bool)
    bits = table["flags"].to_numpy(np.uint32)
    hit &= (bits & np.uint32(missing)) == 0
    table["flags"] = np.where(hit, bits | np.uint32(flag), bits)
    return table.groupby(["turbine", "month", "flags"], sort=True)[["rows"]].sum()


def _errors(angle: Floats) -> Floats:
    """Return the directions' errors [rad] from each one's difference to the circular mean of the others."""
    if not angle.size:
        return angle
    error = angle - np.median(angle)
    for _ in range(_TURNS):
        before, vector = error, np.exp(1j * error)
        # Half way: a whole step swings about the solution where one of few points against the others.
        error = error + 0.5 * _wrapped(angle + np.angle(vector.sum() - vector) - error)
        # The median on the circle, about the mean direction of all.
        middle = float(np.angle(np.exp(1j * error).sum()))
        error = _wrapped(error - middle - np.median(_wrapped(error - middle)))
        if np.abs(error - before).max() < _SETTLED:
            break
    return error


def _wrapped(angle: Floats) -> Floats:
    return np.asarray((angle + np.pi) % (2.0 * np.pi) - np.pi, np.float64)


def _median(values: Floats, axis: int) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a month or a turbine without any value
        return np.asarray(np.nanmedian(values, axis=axis, keepdims=True), np.float64)


def _rows(
    names: list[str],
    first_month: int,
    shown: npt.NDArray[np.bool_],
    columns: dict[str, npt.NDArray[np.generic]],
    flagged: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    row, month = np.nonzero(shown)
    keys = {
        "turbine": [names[i] for i in row],
        "month": [month_name(first_month + int(key)) for key in month],
    }
    values = {name: column[row, month] for name, column in columns.items()}
    return pd.DataFrame({**keys, **values, "flagged": flagged[row, month]})


def _frame(rows: list[object], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["turbine", "month", *columns])
