"""The mark beside a figure that is incomplete or known to be wrong in one direction, and why it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from fleet.flags import Flag
from fleet.results import FleetResults
from fleet.schema import FLEET

__all__ = [
    "MARK",
    "last_note",
    "marked",
    "marked_availability",
    "marked_periods",
    "marked_turbines",
    "too_high",
    "why_marked",
    "with_notes",
]

_KINDS = ("time_based", "production_based")
_AVAILABILITY = ("availability_time", "availability_production", *_KINDS)  #: columns that `availability_note` is about
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
    return frame.assign(**{name: marked(frame[name], noted, written) for name in _AVAILABILITY if name in frame})


def marked_turbines(
    rows: pd.DataFrame, why: Mapping[str, str], written: Callable[[Any], str]
) -> tuple[pd.DataFrame, str]:
    """Return rows of turbines whose availabilities that are too high are marked, and the last one's note.

    Parameters
    ----------
    rows : DataFrame
        turbine and availabilities, the fleet's last.
    why : mapping of str to str
        From `too_high`.
    written : callable
        How an availability is written.
    """
    noted = with_notes(rows, why)
    shown = marked_availability(noted, written).drop(columns="availability_note")
    return shown, last_note(noted["availability_note"])


def with_notes(rows: pd.DataFrame, why: Mapping[str, str]) -> pd.DataFrame:
    """Return rows of turbines with their `availability_note` from `too_high`, "" where there is none."""
    return rows.assign(availability_note=[why.get(name, "") for name in rows["turbine"]])


def last_note(notes: pd.Series) -> str:
    """Return the last of notes that says something, the fleet's where its row is the last; "" without any."""
    noted = notes[notes != ""]
    return noted.iloc[-1] if len(noted) else ""


def why_marked(farms: pd.DataFrame) -> list[str]:
    """Return what the marks of farms side by side (farm, availability_note) mean, a sentence for each."""
    noted = farms[farms["availability_note"] != ""]
    return [f"{MARK} {farm}: {why}." for farm, why in zip(noted["farm"], noted["availability_note"], strict=True)]


def marked_periods(frame: pd.DataFrame, written: Callable[[Any], str]) -> tuple[pd.DataFrame, str]:
    """Return availabilities of two periods with their marks, those of the changes too, and what the marks mean.

    Parameters
    ----------
    frame : DataFrame
        `fleet.compare.PeriodComparison.availability`; the fleet's row is the last.
    written : callable
        How an availability is written.
    """
    shown, why = frame.copy(), []
    either = pd.Series(False, index=frame.index)
    for which in ("first", "second"):
        notes = frame[f"availability_note_{which}"]
        noted = notes != ""
        either |= noted
        for name in _KINDS:
            shown[f"{name}_{which}"] = marked(frame[f"{name}_{which}"], noted, written)
        if note := last_note(notes):
            why.append(f"{MARK} {which.capitalize()} period: {note}.")
    for name in _KINDS:
        shown[f"{name}_change"] = marked(frame[f"{name}_change"], either, written)
    return shown, " ".join(why)


def too_high(results: FleetResults) -> dict[str, str]:
    """Return why inferred availabilities are too high: the publisher's rules took rows out, standstills among them.

    Parameters
    ----------
    results : FleetResults
        With the counts of flags and the operational view, which says what each availability rests on.

    Returns
    -------
    dict
        Turbine to words, for those it holds for; "fleet" for all whose availability is inferred.
    """
    if results.quality is None or results.availability is None:
        return {}
    views = results.availability.table.query("view == 'operational'")
    evidence = dict(zip(views["turbine"], views["evidence"], strict=True))
    flags = results.quality.flags
    taken = flags[flags["flag"] == Flag.PUBLISHER.name.lower()].groupby("turbine")["rows"].sum()
    inferred = [name for name in taken.index if name != FLEET and evidence.get(name) == "inferred"]
    taken.loc[FLEET] = taken[inferred].sum()
    return {
        str(name): f"too high, inferred without {int(rows):,} rows that the publisher's rules call unknown or "
        "abnormal, standstills among them"
        for name, rows in taken.items()
        if evidence.get(name) == "inferred" and rows > 0
    }
