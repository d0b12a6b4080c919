"""Time and energy per turbine, month and category as integers that merge to the same bytes in any order.

Times come from a status log (`log_sums`) or, like all energies, from the records of the second pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import Category
from fleet.intervals import SECOND
from fleet.sum_kernels import overlaps
from fleet.times import series_us

__all__ = [
    "HOUR",
    "RUNNING_UNALLOCATED",
    "SUM_COLUMNS",
    "join_rows",
    "log_sums",
    "merge_sums",
    "months_of",
    "segment_labels",
]

Ints = npt.NDArray[np.int64]

HOUR = 3600 * SECOND  #: microseconds

#: Label of time in service whose state is unknown; `Category.UNALLOCATED` alone is a stop without a category.
RUNNING_UNALLOCATED = "unallocated_in_service"
_LABELS = (*(category.value for category in Category), RUNNING_UNALLOCATED)

#: turbine, month ("2014-01", UTC), category (a `Category` value or `RUNNING_UNALLOCATED`), time [us], produced energy
#: and lost energy (potential less produced, of either sign) in whole units (0.01 kW for
#: one averaging period, so that a large farm's years stay far from 64 bits) or missing, time without lost energy [us].
SUM_COLUMNS = ("turbine", "month", "category", "time_us", "produced", "lost", "unpriced_us")
_KEY = ["turbine", "month", "category"]


def segment_labels(segments: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return each segment's label: its category, or `RUNNING_UNALLOCATED` where it is in service without one."""
    category = segments["category"].to_numpy(object)
    running = (category == Category.UNALLOCATED.value) & segments["in_service"].to_numpy(bool)
    return np.where(running, RUNNING_UNALLOCATED, category)


def join_rows(segments: pd.DataFrame, times: Ints, period_us: int) -> tuple[tuple[str, ...], Ints]:
    """Return each record's share of time per category.

    Parameters
    ----------
    segments : DataFrame
        Exclusive segments of one turbine (`fleet.status_log.allocate`), in order of time.
    times : array of int64, shape (n,)
        Begin of each record, ascending [us since 1970 UTC].
    period_us : int
        Averaging period [us].

    Returns
    -------
    labels : tuple of str
        The labels that occur.
    shares : array of int64, shape (n, labels)
        Time in each [us]; a row's sum is the averaging period where the segments cover it.
    """
    labels, start, end = segment_labels(segments), series_us(segments["start"]), series_us(segments["end"])
    present = tuple(label for label in _LABELS if (labels == label).any())
    code = np.zeros(labels.size, np.int64)
    for k, label in enumerate(present):
        code[labels == label] = k
    shares = np.zeros((times.size, len(present)), np.int64)
    overlaps(start, end, code, times, period_us, shares)
    return present, shares


def log_sums(turbine: str, segments: pd.DataFrame) -> pd.DataFrame:
    """Sum time per month and category over segments from a status log.

    Parameters
    ----------
    turbine : str
        Name.
    segments : DataFrame
        Exclusive segments (`fleet.status_log.allocate`).

    Returns
    -------
    DataFrame
        `SUM_COLUMNS`, sorted, without energy.
    """
    if not len(segments):
        return _sums_frame([])
    start, end = series_us(segments["start"]), series_us(segments["end"])
    months = months_of(int(start[0]), int(end[-1]))
    edges = np.array([first for _, first, _ in months[1:]], np.int64)
    # Cut at the months' edges: then each piece lies in one month.
    cuts = np.union1d(start, edges)
    segment = np.searchsorted(start, cuts, side="right") - 1
    ends = np.minimum(np.r_[cuts[1:], end[-1:]], end[segment])
    codes, names = pd.factorize(segment_labels(segments), sort=True)
    sums = np.zeros((len(months), len(names)), np.int64)
    np.add.at(sums, (np.searchsorted(edges, cuts, side="right"), codes[segment]), np.maximum(ends - cuts, 0))
    rows = [
        (turbine, months[m][0], str(names[k]), int(sums[m, k]), None, None, int(sums[m, k]))
        for m, k in np.argwhere(sums > 0).tolist()
    ]
    return _sums_frame(rows)


def merge_sums(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add sums of any partitions up; energy is missing only where every part lacks it.

    Parameters
    ----------
    parts : iterable of DataFrame
        `SUM_COLUMNS`.
    """
    frames = [part for part in parts if len(part)]
    if not frames:
        return _sums_frame([])
    grouped = pd.concat(frames, ignore_index=True).groupby(_KEY, sort=True)
    merged = grouped[["time_us", "unpriced_us"]].sum().join(grouped[["produced", "lost"]].sum(min_count=1))
    return merged.reset_index()[list(SUM_COLUMNS)]


def _sums_frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(SUM_COLUMNS))
    return frame.astype(
        {**dict.fromkeys(_KEY, "str"), "time_us": "int64", "unpriced_us": "int64", "produced": "Int64", "lost": "Int64"}
    )


def months_of(low: int, high: int) -> list[tuple[str, int, int]]:
    """Return name, begin and end [us] of the calendar months (UTC) that touch [low, high)."""
    if low >= high:
        return []
    ends = np.array([low, high - 1]).astype("datetime64[us]").astype("datetime64[M]")
    months = np.arange(ends[0], ends[1] + 2)
    edges = months.astype("datetime64[us]").astype(np.int64).tolist()
    return [(str(month), first, last) for month, first, last in zip(months[:-1], edges[:-1], edges[1:], strict=True)]
