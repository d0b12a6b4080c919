"""The mark beside a figure that is incomplete or known to be wrong in one direction, and why it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from fleet.flags import Flag
from fleet.results import FleetResults
from fleet.schema import FLEET

__all__ = ["MARK", "marked", "marked_availability", "too_high", "why_marked"]

_AVAILABILITY = ("availability_time", "availability_production")  #: columns that `availability_note` is about
MARK = "*"  #: stands beside such a figure


def marked(values: pd.Series, noted: pd.Series, written: Callable[[Any], str]) -> list[Any]:
    """Return figures, those with a note as text with the mark, the others as they are.

    Parameters
    ----------
    values, noted : Series
        The figures, and which of them have a note.
    written : callable
        How a figure is written.
    """
    return [
        f"{written(value)}{MARK}" if note and pd.notna(value) else value
        for value, note in zip(values, noted, strict=True)
    ]


def marked_availability(frame: pd.DataFrame, written: Callable[[Any], str]) -> pd.DataFrame:
    """Return a frame of which those availabilities are marked that `availability_note` speaks of."""
    noted = frame["availability_note"] != ""
    return frame.assign(**{name: marked(frame[name], noted, written) for name in _AVAILABILITY})


def why_marked(farms: pd.DataFrame) -> list[str]:
    """Return what the marks of farms side by side (farm, availability_note) mean, a sentence for each."""
    noted = farms[farms["availability_note"] != ""]
    return [f"{MARK} {farm}: {why}." for farm, why in zip(noted["farm"], noted["availability_note"], strict=True)]


def too_high(results: FleetResults, evidence: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Return why an inferred availability is too high: the publisher's rules took rows out, standstills among them.

    Parameters
    ----------
    results : FleetResults
        With the counts of flags.
    evidence : mapping of turbine to str
        What each availability rests on (`Availability.table`), the fleet's too.
    names : sequence of str
        The turbines to look at; "fleet" for all whose availability is inferred.
    """
    if results.quality is None:
        return {}
    flags = results.quality.flags
    taken = flags[flags["flag"] == Flag.PUBLISHER.name.lower()].groupby("turbine")["rows"].sum()
    inferred = [name for name in taken.index if name != FLEET and evidence.get(name) == "inferred"]
    taken.loc[FLEET] = taken[inferred].sum()
    return {
        name: f"too high: inferred without {int(taken[name]):,} rows that the publisher's rules call unknown or "
        "abnormal, standstills among them"
        for name in names
        if evidence.get(name) == "inferred" and taken.get(name, 0) > 0
    }
