"""Mergeable summaries: tables of integers under sorted keys. Any split, order or worker count gives the same bytes.

Measurements are quantised before they are summed (0.01 kW, 0.001 m/s); integer addition is exact and associative, so
the sums do not depend on how the data were cut. What is not linear (means, roots, fits) happens once, after merging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.partial_sums import record_sums, tables

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
    keys : mapping of name to array of int, shape (n,), or to a text or number
        The keys of each row; a text or number is the same for all.
    values : mapping of name to array of int or bool, shape (n,)
        The columns to add up.
    """
    return tables({"": record_sums(keys, values)})[""]


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
