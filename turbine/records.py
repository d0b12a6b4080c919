"""Arrays of records that hold nothing but floating-point numbers: copies, and where fields lie among the numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["copied", "field_places"]


def copied(records: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy of records, made as bytes: field by field takes several times as long."""
    return records.view(np.dtype((np.void, records.dtype.itemsize))).copy().view(records.dtype)


@cache
def field_places(kind: np.dtype[Any], names: tuple[str, ...], count: int) -> npt.NDArray[np.int64]:
    """Return the places of fields among the numbers of `count` records: field by field, of each the records in order.

    Parameters
    ----------
    kind : dtype
        Of the records; every field is float64 or complex128, or an array of them.
    names : tuple of str
        The fields.
    count : int
        Records.

    Returns
    -------
    array of int64
        Places in `records.view(np.float64)`; of a complex number that of its real part, then of its imaginary part.
        Read only, as it is kept.
    """
    width = np.dtype(np.float64).itemsize
    places = []
    for name in names:
        part, offset = kind.fields[name][:2]  # type: ignore[index]
        numbers = np.arange(offset // width, (offset + part.itemsize) // width)
        places.append(np.arange(count)[:, None] * (kind.itemsize // width) + numbers)
    found = np.concatenate([place.ravel() for place in places])
    found.setflags(write=False)
    return found
