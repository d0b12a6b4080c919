"""Calendar months of records, as kernels take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Months", "months_of_records"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Months:
    """The calendar month (UTC) of each record, as its place in a run of months."""

    first: int  #: the run's first month, counted from January 1970
    count: int  #: at least 1
    place: Ints  #: of each record, 0 where its time is unknown


def months_of_records(time: Ints) -> Months:
    """Return the months of ascending times [us since 1970 UTC]; `NO_TIME` of `fleet.recorded` is none."""
    known = int(np.searchsorted(time, -(1 << 62)))
    if known == time.size:
        return Months(0, 1, np.zeros(time.size, np.int64))
    months = time[[known, -1]].astype("datetime64[us]").astype("datetime64[M]")
    edges = np.arange(months[0], months[1] + 2).astype("datetime64[us]").astype(np.int64)
    borders = np.searchsorted(time, edges[1:-1])
    sizes = np.diff(np.r_[0, borders, time.size])
    place = np.repeat(np.arange(sizes.size), sizes)
    return Months(int(months[0].astype(np.int64)), sizes.size, place)
