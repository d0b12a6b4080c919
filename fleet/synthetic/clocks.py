"""Stamps as a right or a wrong clock writes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.intervals import SECOND
from fleet.synthetic.spec import PERIOD_S, Clock

__all__ = ["Stamps", "written_stamps"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stamps:
    """What is written for each record."""

    reading: Ints  #: the clock's reading [us since 1970, without zone]
    offset_s: npt.NDArray[np.int32]  #: offset from UTC that goes with it [s]

    @property
    def utc(self) -> Ints:
        """The instant that the stamp claims [us since 1970 UTC]."""
        return np.asarray(self.reading - self.offset_s.astype(np.int64) * SECOND)


def written_stamps(times: Ints, clock: Clock, zone: str) -> Stamps:
    """Return the stamps of records.

    Parameters
    ----------
    times : array of int64, shape (n,)
        True start of each record [us since 1970 UTC].
    clock : Clock
        What is wrong, see `fleet.synthetic.spec.CLOCKS`.
    zone : str
        The site's civil time (IANA name).

    Notes
    -----
    "daylight" is what La Haute Borne's export shows: readings of a clock fixed at standard time were localised as civil
    time. The hour that civil time skips in spring is written an hour later, as a double; in autumn an hour is missing.
    """
    none = np.zeros(times.size, np.int32)
    if clock == "right":
        return Stamps(times, none)
    if clock == "end":
        return Stamps(times + PERIOD_S * SECOND, none)
    instants = pd.DatetimeIndex(times.astype("datetime64[us]")).tz_localize("UTC")
    if clock == "local":
        return Stamps(_us(instants.tz_convert(zone).tz_localize(None)), none)
    civil = instants[:1].tz_convert(zone)[0]
    standard = pd.Timedelta(civil.utcoffset() or 0) - pd.Timedelta(civil.dst() or 0)
    local = (instants.tz_localize(None) + standard).tz_localize(
        zone, ambiguous=np.zeros(times.size, bool), nonexistent=pd.Timedelta(hours=1)
    )
    reading = _us(local.tz_localize(None))
    offset = (reading - _us(local.tz_convert("UTC").tz_localize(None))) // SECOND
    return Stamps(reading, offset.astype(np.int32))


def _us(index: pd.DatetimeIndex) -> Ints:
    return index.to_numpy().astype("datetime64[us]").astype(np.int64)
