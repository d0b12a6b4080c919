"""The commented lines above a Greenbyte export: turbine, time zone and declared period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fleet.errors import ConfigError, InputError
from fleet.readers.stamps import Clocks, check_zone, in_zone, utc

__all__ = ["Preamble", "read_preamble"]

_STAMP = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?"
_INTERVAL = re.compile(rf"({_STAMP})\s*-\s*({_STAMP})")


@dataclass(frozen=True, kw_only=True)
class Preamble:
    """What the commented lines say."""

    turbine: str
    zone: str  #: IANA name or fixed offset of the stamps
    declared: tuple[pd.Timestamp, pd.Timestamp] | None  #: the export's period, UTC; None: not given in full


def read_preamble(path: Path, lines: Sequence[str], default_zone: str) -> Preamble:
    """Read the lines above the header.

    Parameters
    ----------
    path : Path
        The file, for messages.
    lines : sequence of str
        The lines, beginning with "#".
    default_zone : str
        Time zone where no line states one.

    Raises
    ------
    InputError
        If there is no turbine or the time zone is not known.
    """
    said: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.lstrip("# ").partition(":")
        if colon:
            said.setdefault(key.strip(), value.strip())
    turbine = said.get("Turbine", "")
    if not turbine:
        raise InputError(f'{path}: no line "# Turbine: NAME" above the header; expected the export as it was written')
    zone = said.get("Time zone") or default_zone
    try:
        check_zone(zone, f'{path}: line "# Time zone"')
    except ConfigError as error:
        raise InputError(str(error)) from None
    return Preamble(turbine=turbine, zone=zone, declared=_declared(said.get("Time interval", ""), zone))


def _declared(text: str, zone: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    match = _INTERVAL.search(text)
    if not match:
        return None
    clock = np.array([match[1], match[2]], "datetime64[us]")
    clocks, _ = in_zone(Clocks(clock=clock, offset_s=np.zeros(2, np.int32), has_offset=np.zeros(2, bool)), zone)
    start, end = pd.DatetimeIndex(utc(clocks)).tz_localize("UTC")
    return (start, end) if start < end else None
