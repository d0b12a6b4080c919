"""The events of status and alarm logs by code: how many, how long, at how many turbines, and which make up the most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.intervals import Spans
from fleet.results import Alarms
from fleet.times import series_us

__all__ = ["MARKER", "alarm_sums", "alarms_result"]

Ints = npt.NDArray[np.int64]
Period = tuple[int, int]

MARKER = "informational"  #: status of rows that say in which state a turbine is: no alarms, they stand in no ranking
_KINDS = ("stop", "warning", "communication", MARKER)  # in the order of the table
_EVENT = ["status", "code", "message"]
_KEY = ["turbine", *_EVENT]
_TOGETHER = 200  # turbines whose events are counted at once: fast enough, and little is copied
_HOUR = 3_600_000_000  # [us]
_LARGEST = 2**62  # [us]; groups are laid one behind the other up to here


def alarm_sums(events: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Count the events of a period by turbine, status, code and message.

    Parameters
    ----------
    events : DataFrame
        `schema.EVENTS` of any turbines, in any order.
    period : (int, int)
        Begin and end, half-open [us since 1970 UTC].

    Returns
    -------
    DataFrame
        turbine, status, code, message, events, open, time_us; sorted by the first four. An event counts where any of it
        lies in the period, one without length or without an end where it begins there. Of an event without an end
        nothing but its begin is known: it is counted as open and has no time. Overlapping events of one turbine and
        code count their time once.
    """
    low, high = period
    start, end = series_us(events["start"]), series_us(events["end"])
    is_open = events["end"].isna().to_numpy()
    begins = (start >= low) & (start < high)
    counted = events["start"].notna().to_numpy() & (begins | (~is_open & (start < low) & (end > low)))
    grouped = events.loc[counted, _KEY].fillna("").groupby(_KEY, sort=True)
    group = np.asarray(grouped.ngroup().to_numpy(), np.int64)
    table = grouped.size().astype("int64").rename("events").reset_index()
    ended = ~is_open[counted]
    first, last = np.maximum(start[counted], low)[ended] - low, np.minimum(end[counted], high)[ended] - low
    return table.assign(
        open=np.bincount(group[~ended], minlength=len(table)).astype(np.int64),
        time_us=_united(group[ended], first, last, high - low, len(table)),
    )


def _united(group: Ints, first: Ints, last: Ints, length: int, groups: int) -> Ints:
    """Return the time that each group's spans within [0, length) cover together.

    Groups are laid one behind the other, a moment apart, so that one union serves many of them.
    """
    room, total = length + 1, np.zeros(groups, np.int64)
    together = max(1, _LARGEST // room)
    for begin in range(0, groups, together):
        mine = (group >= begin) & (group < begin + together)
        shift = (group[mine] - begin) * room
        spans = Spans.of(first[mine] + shift, last[mine] + shift)
        np.add.at(total, begin + spans.starts // room, spans.ends - spans.starts)
    return total


def alarms_result(events: Mapping[str, pd.DataFrame], period: Period) -> Alarms:
    """Return the events of all turbines by code: within each status those first that stand longest.

    Parameters
    ----------
    events : mapping of turbine to DataFrame
        `schema.EVENTS` of each turbine with a log.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    """
    names = sorted(events)
    batches = [names[i : i + _TOGETHER] for i in range(0, len(names), _TOGETHER)]
    every = pd.concat(
        [alarm_sums(pd.concat([events[name] for name in batch], ignore_index=True), period) for batch in batches]
        or [alarm_sums(_NO_EVENTS, period)],
        ignore_index=True,
    )
    fleet = every.groupby(_EVENT, sort=True)[["events", "open", "time_us"]].sum().reset_index()
    fleet = _ranked(fleet.assign(turbines=every.groupby(_EVENT, sort=True).size().to_numpy(np.int64)))
    place = fleet[_EVENT].assign(place=np.arange(len(fleet)))
    ranked = every.merge(place, on=_EVENT, how="left").sort_values(["turbine", "place"], ignore_index=True)
    return Alarms(
        fleet=fleet.assign(hours=_hours(fleet))[
            [*_EVENT, "events", "open", "hours", "turbines", "ranked_by", "share", "cumulative"]
        ],
        by_turbine=ranked.assign(hours=_hours(ranked))[["turbine", *_EVENT, "events", "open", "hours"]],
        notes=_notes(fleet),
    )


def _ranked(fleet: pd.DataFrame) -> pd.DataFrame:
    """Sort codes within their status and add their shares of it: an hour of a warning is no hour of a stop."""
    total = fleet.groupby("status")[["events", "open"]].transform("sum")
    # Where most ends are missing hours say little: a code that always ends would stand before one that never does.
    by_hours = (2 * total["open"] <= total["events"]).to_numpy()
    ranked = (fleet["status"] != MARKER).to_numpy()
    amount = fleet["time_us"].where(by_hours, fleet["events"]).astype("int64")
    kind = fleet["status"].map({status: i for i, status in enumerate(_KINDS)}).fillna(len(_KINDS))
    table = fleet.assign(
        ranked_by=np.where(ranked, np.where(by_hours, "hours", "events"), ""), amount=amount, kind=kind
    ).sort_values(
        ["kind", "amount", "events", "time_us", *_EVENT],
        ascending=[True, False, False, False, True, True, True],
        ignore_index=True,
    )
    amounts = table.groupby("status")["amount"]
    whole = amounts.transform("sum").where((table["ranked_by"] != "") & (amounts.transform("sum") > 0))
    return table.assign(share=table["amount"] / whole, cumulative=amounts.cumsum() / whole)


def _hours(table: pd.DataFrame) -> pd.Series:
    """Return hours; not known where every event is open."""
    return (table["time_us"] / _HOUR).mask(table["open"] == table["events"])


_NO_EVENTS = pd.DataFrame(
    {name: pd.Series(dtype="datetime64[us, UTC]") for name in ("start", "end")}
    | {name: pd.Series(dtype="str") for name in _KEY}
)


def _notes(fleet: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    for status, own in fleet[fleet["status"] != MARKER].groupby("status", sort=False):
        events, without_end = int(own["events"].sum()), int(own["open"].sum())
        if without_end:
            ranked = ", so that they are ranked by their number" if own["ranked_by"].iloc[0] == "events" else ""
            notes.append(
                f"Status {status}: {without_end:,} of {events:,} events have no end: they are counted and have no "
                f"hours{ranked}."
            )
    markers = fleet[fleet["status"] == MARKER]
    if len(markers):
        notes.append(
            f"Not ranked: {int(markers['events'].sum()):,} informational rows of {len(markers)} codes, which say in "
            "which state a turbine is."
        )
    return tuple(notes)
