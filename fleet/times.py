"""Between UTC time stamps and whole microseconds since 1970, the product's one way to count time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["from_us", "series_us", "stamps", "to_us", "utc"]

Ints = npt.NDArray[np.int64]

_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def utc(moment: datetime | str) -> pd.Timestamp:
    """Return an instant in UTC; one without a zone is taken as UTC.

    Raises
    ------
    ValueError
        The text is no ISO 8601 date or time: other ways to write a date can be read in two ways (01.07.2014).
    """
    if isinstance(moment, str) and not _ISO_8601.fullmatch(moment):
        raise ValueError(f"found {moment!r}, expected a date or time such as 2014-07-01 or 2014-07-01T12:00")
    stamp = pd.Timestamp(moment)
    if pd.isna(stamp):
        raise ValueError(f"found {moment!r}, expected a date or time")
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def to_us(moment: datetime | str) -> int:
    """Return an instant as microseconds since 1970 UTC."""
    return int(utc(moment).tz_localize(None).to_datetime64().astype("datetime64[us]").astype(np.int64))


def from_us(value: int) -> pd.Timestamp:
    """Return microseconds since 1970 as an instant in UTC."""
    return pd.Timestamp(np.datetime64(int(value), "us"), tz="UTC")


def series_us(times: pd.Series[Any] | pd.DatetimeIndex) -> Ints:
    """Return UTC times as microseconds since 1970; missing ones as the smallest integer."""
    return np.asarray(pd.DatetimeIndex(times).tz_localize(None).to_numpy("datetime64[us]").astype(np.int64))


def stamps(values: npt.ArrayLike) -> pd.DatetimeIndex:
    """Return microseconds since 1970 as UTC times."""
    return pd.DatetimeIndex(np.asarray(values, np.int64).astype("datetime64[us]")).tz_localize("UTC")
