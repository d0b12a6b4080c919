"""Mergeable summaries: tables of integers under sorted keys. Any split, order or worker count gives the same bytes.

Measurements are quantised before they are summed (0.01 kW, 0.001 m/s); integer addition is exact and associative, so
the sums do not depend on how the data were cut. What is not linear (means, roots, fits) happens once, after merging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["MICRO", "POWER", "WIND", "Summary", "keyed_sums", "merge", "month_keys", "month_name", "quanta"]

POWER = 0.01  #: quantum of power [kW]
WIND = 0.001  #: quantum of wind speed [m/s]
MICRO = 1e-6  #: quantum of ratios and densities
_LARGEST = 2.0**63  # what no longer fits 64 bits

#: Name -> table with the keys as index and int64 columns; tables of one name add up key by key.
Summary = dict[str, pd.DataFrame]


def quanta(values: npt.ArrayLike, quantum: float) -> npt.NDArray[np.int64]:
    """Return values as whole numbers of a quantum, missing ones as 0.

    Raises
    ------
    ValueError
        A finite value does not fit 64 bits: impossible values are taken out before anything is summed.
    """
    given = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        scaled = np.rint(np.where(np.isfinite(given), given, 0.0) / quantum)
    large = np.abs(scaled) >= _LARGEST
    if large.any():
        raise ValueError(f"found {given[large].flat[0]:g}, expected values below {_LARGEST * quantum:g}")
    return scaled.astype(np.int64)


def month_keys(times: pd.Series) -> npt.NDArray[np.int64]:
    """Return months counted from January 1970, UTC."""
    months = times.dt.tz_localize(None).to_numpy().astype("datetime64[M]")
    return np.asarray(months.astype(np.int64))


def month_name(key: int) -> str:
    """Return a month key as text such as "2014-01"."""
    return f"{1970 + key // 12:04d}-{key % 12 + 1:02d}"


def keyed_sums(keys: Mapping[str, npt.ArrayLike], values: Mapping[str, npt.ArrayLike]) -> pd.DataFrame:
    """Return the sum of integer columns per key, sorted by key.

    Parameters
    ----------
    keys : mapping of name to array of int, shape (n,), or to a scalar of any type
        The keys of each row; a scalar is the same for all.
    values : mapping of name to array of int or bool, shape (n,)
        The columns to add up.
    """
    varying = {name: np.asarray(key, np.int64) for name, key in keys.items() if np.ndim(key)}
    columns = {name: np.asarray(value).astype(np.int64) for name, value in values.items()}
    size = next(iter(columns.values())).size
    order = np.lexsort([*reversed(varying.values())]) if varying else np.arange(size)
    moved = [np.diff(key[order]) != 0 for key in varying.values()]
    first = np.flatnonzero(np.r_[size > 0, np.logical_or.reduce(moved)] if moved and size else np.zeros(0, bool))
    if not moved and size:
        first = np.zeros(1, np.int64)
    level = {name: varying[name][order][first] if name in varying else np.full(first.size, keys[name]) for name in keys}
    sums = {
        name: np.add.reduceat(column[order], first) if first.size else column[:0] for name, column in columns.items()
    }
    arrays = [pd.Index(array, dtype="int64" if name in varying else None) for name, array in level.items()]
    index = (
        pd.MultiIndex.from_arrays(arrays, names=list(keys)) if len(arrays) > 1 else arrays[0].rename(next(iter(keys)))
    )
    return pd.DataFrame(sums, index=index)


def merge(parts: Iterable[Summary]) -> Summary:
    """Return the sum of summaries; it does not depend on their order or grouping."""
    by_name: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for name, table in part.items():
            by_name.setdefault(name, []).append(table)
    return {name: _add(tables) for name, tables in sorted(by_name.items())}


def _add(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0]
    if len(filled) == 1:
        return filled[0].sort_index()
    stacked = pd.concat(filled)
    return stacked.groupby(level=list(range(stacked.index.nlevels)), sort=True).sum()
