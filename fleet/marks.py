"""The mark beside an availability that is known to be wrong in one direction, and why it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from fleet.flags import Flag
from fleet.results import FleetResults
from fleet.schema import FLEET

__all__ = ["AVAILABILITY", "MARK", "marked", "marked_aep", "too_high"]

AVAILABILITY = ("availability_time", "availability_production")  #: columns that `availability_note` is about
MARK = "*"  #: stands beside a figure that is known to be wrong in one direction


def marked(frame: pd.DataFrame, written: Callable[[Any], str]) -> dict[str, list[Any]]:
    """Return the availability columns with those figures as text and marked that have a note.

    Parameters
    ----------
    frame : DataFrame
        From `headline`.
    written : callable
        How a figure is written.
    """
    noted = frame["availability_note"] != ""
    return {
        name: [
            f"{written(value)}{MARK}" if note and pd.notna(value) else value
            for value, note in zip(frame[name], noted, strict=True)
        ]
        for name in AVAILABILITY
    }


def marked_aep(frame: pd.DataFrame, written: Callable[[Any], str]) -> list[Any]:
    """Return the annual energies as text and marked where they are incomplete; parameters as of `marked`."""
    return [
        f"{written(value)}{MARK}" if incomplete and pd.notna(value) else value
        for value, incomplete in zip(frame["aep_mwh"], frame["aep_incomplete"], strict=True)
    ]


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
