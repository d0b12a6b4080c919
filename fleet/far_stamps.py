"""Stamps that lie far from all others: one row of 1970 or 9999 must not stretch the period of a whole farm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.flags import Flag
from fleet.intervals import SECOND
from fleet.times import series_us

__all__ = ["FAR_DAYS", "FarStamps", "far_from_rest", "set_aside"]

FAR_DAYS = 366  #: longest silence that records beyond it survive, however few they are [d]
_FEW = 0.01  # share of all rows that is too much for a slip of the clock
_ENOUGH = 10  # rows that make one row beyond a gap the odd one out

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FarStamps:
    """The rows of one turbine that were set aside for their stamps."""

    rows: int
    first: pd.Timestamp  #: the first one in file order, UTC
    source_row: int  #: its position in the source


def far_from_rest(times: Ints) -> npt.NDArray[np.bool_]:
    """Return which instants lie beyond a gap of more than `FAR_DAYS`, with fewer than 1 % of all.

    The gap is looked for on both sides of the largest group of instants without such a gap. Beyond it there may be
    fewer than 1 % of all instants or, of at least ten, a single one.

    Parameters
    ----------
    times : array of int64, shape (n,)
        [us since 1970 UTC], in any order.
    """
    order = np.argsort(times, kind="stable")
    # As floats: the distance of two instants may not fit 64 bits, and microseconds do not matter here.
    breaks = np.flatnonzero(np.diff(times[order].astype(np.float64)) > FAR_DAYS * 86_400.0 * SECOND) + 1
    if not breaks.size:
        return np.zeros(times.size, bool)
    edges = np.r_[0, breaks, times.size]
    largest = int(np.argmax(np.diff(edges)))
    few = max(np.ceil(_FEW * times.size) - 1, 1 if times.size >= _ENOUGH else 0)
    before = [int(edge) for edge in edges[: largest + 1] if edge <= few]
    after = [int(edge) for edge in edges[largest + 1 :] if times.size - edge <= few]
    far = np.zeros(times.size, bool)
    far[order[: max(before, default=0)]] = True
    far[order[min(after, default=times.size) :]] = True
    return far


def set_aside(frame: pd.DataFrame) -> tuple[pd.DataFrame, FarStamps | None]:
    """Take the time from rows whose stamp lies far from all others and flag them.

    Parameters
    ----------
    frame : DataFrame
        One turbine's canonical SCADA rows in file order.

    Returns
    -------
    frame : DataFrame
        The same rows; those set aside carry `Flag.FAR_STAMP` and no time, `stamp_local` stays as written.
    found : FarStamps or None
        None where nothing was set aside.
    """
    known = np.flatnonzero(frame["time"].notna().to_numpy())
    rows = known[far_from_rest(series_us(frame["time"].iloc[known]))]
    if not rows.size:
        return frame, None
    first = frame.iloc[int(rows[0])]
    found = FarStamps(rows=int(rows.size), first=first["time"], source_row=int(first["source_row"]))
    flags = frame["read_flags"].to_numpy(np.uint32).copy()
    flags[rows] |= np.uint32(Flag.FAR_STAMP)
    far = np.isin(np.arange(len(frame)), rows)
    return frame.assign(time=frame["time"].mask(far), read_flags=flags), found
