"""Stop lists, their lost energy, and reliability: mean time between failures and mean time to repair."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.availability import Basis
from fleet.categories import IN_SERVICE, Category
from fleet.category_sums import HOUR, RUNNING_UNALLOCATED
from fleet.partial_sums import PartialSums, record_sums
from fleet.schema import FLEET
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.sums import POWER, keyed_sums, quanta
from fleet.times import series_us, stamps, to_us

__all__ = [
    "FAILURES",
    "FRAGMENT_COLUMNS",
    "down_runs",
    "merge_fragments",
    "reliability_table",
    "run_fragments",
    "stop_energy",
    "stop_fragments",
    "stop_table",
    "whole_stops",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Stops, whole or cut by partition borders.
FRAGMENT_COLUMNS = ("turbine", "start", "end", "category", "code", "message", "open_end")
_TEXTS = ["turbine", "category", "code", "message"]

#: Categories whose stops are failures.
FAILURES = frozenset({Category.FORCED_OUTAGE})

_IN_SERVICE = frozenset(category.value for category in IN_SERVICE)


def stop_fragments(turbine: str, segments: pd.DataFrame) -> pd.DataFrame:
    """Return the stops among exclusive segments.

    Parameters
    ----------
    turbine : str
        Name.
    segments : DataFrame
        `fleet.status_log.allocate`. Lost communication is no stop.

    Returns
    -------
    DataFrame
        `FRAGMENT_COLUMNS`.
    """
    lost_contact = segments["category"] == Category.INFORMATION_UNAVAILABLE.value
    stops = segments[~segments["in_service"] & ~lost_contact].reset_index(drop=True)
    stops = stops.assign(turbine=pd.array([turbine] * len(stops), dtype="str"))
    return stops[list(FRAGMENT_COLUMNS)]


def down_runs(times: Ints, down: npt.NDArray[np.bool_], period_us: int) -> pd.DataFrame:
    """Return inferred stops: runs of consecutive records that show the turbine down.

    Parameters
    ----------
    times : array of int64, shape (n,)
        Begin of the records, ascending [us since 1970 UTC]. A missing record ends a run: what happened in it is not
        known. So does a partition's border; `merge_fragments` joins what it cut.
    down : array of bool, shape (n,)
        Where the turbine stands although it could produce.
    period_us : int
        Averaging period [us].

    Returns
    -------
    DataFrame
        start, end, int64 [us since 1970 UTC].
    """
    at = times[down]
    first = np.flatnonzero(np.r_[True, np.diff(at) != period_us]) if at.size else np.zeros(0, np.int64)
    last = np.r_[first[1:] - 1, at.size - 1] if at.size else first
    return pd.DataFrame({"start": at[first], "end": at[last] + period_us})


def run_fragments(
    turbine: str | pd.Series[str], runs: pd.DataFrame, category: str | pd.Series[str] = Category.UNALLOCATED.value
) -> pd.DataFrame:
    """Return inferred stops as `FRAGMENT_COLUMNS`.

    Parameters
    ----------
    turbine : str or Series of str
        Name, of all of them or of each.
    runs : DataFrame
        start, end [us since 1970 UTC] (`down_runs`).
    category : str or Series of str
        Of all of them or of each.
    """
    texts = {"turbine": turbine, "category": category, "code": "", "message": ""}
    frame = pd.DataFrame(texts, index=runs.index).astype("str")
    frame["start"], frame["end"] = stamps(runs["start"]), stamps(runs["end"])
    frame["open_end"] = np.zeros(len(runs), bool)
    return frame[list(FRAGMENT_COLUMNS)]


def stop_energy(
    turbine: str,
    stops: pd.DataFrame,
    times: Ints,
    power: Floats,
    potential: Floats,
    source: Ints,
    period_us: int,
    *,
    category: str = "",
) -> PartialSums:
    """Sum potential and produced power over each stop, by each record's share of it.

    Parameters
    ----------
    turbine : str
        Name.
    stops : DataFrame
        start, end [us since 1970 UTC].
    times : array of int64, shape (n,)
        Begin of the records with valid power, ascending [us since 1970 UTC].
    power, potential : array of float, shape (n,)
        Power and potential power [kW]; NaN potential counts as 0 under its source "none".
    source : array of int64, shape (n,)
        `fleet.potential.PotentialSource` of each potential power.
    period_us : int
        Averaging period [us].
    category : str
        Of all these stops, where no list says it of each.

    Returns
    -------
    PartialSums
        turbine, category, start, end, source -> potential, produced [0.01 kW times records].
    """
    starts, ends = stops["start"].to_numpy(np.int64), stops["end"].to_numpy(np.int64)
    low, high = np.searchsorted(times, starts - period_us, side="right"), np.searchsorted(times, ends, side="left")
    count = np.maximum(high - low, 0)
    stop = np.repeat(np.arange(starts.size), count)
    row = np.repeat(low, count) + np.arange(stop.size) - np.repeat(np.cumsum(count) - count, count)
    share = (np.minimum(times[row] + period_us, ends[stop]) - np.maximum(times[row], starts[stop])) / period_us
    return record_sums(
        {
            "turbine": turbine,
            "category": category,
            "start": starts[stop],
            "end": ends[stop],
            "source": source[row],
        },
        {"potential": quanta(potential[row] * share, POWER), "produced": quanta(power[row] * share, POWER)},
    )


def whole_stops(energy: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Return the energy of fragments added up over the stops that they are part of.

    It comes before the correction of the potential, which rounds: a border within a stop then leaves no trace.

    Parameters
    ----------
    energy : DataFrame
        `stop_energy`, merged, as a table.
    stops : DataFrame
        `merge_fragments`, with every fragment that has energy.

    Returns
    -------
    DataFrame
        turbine, start, end, source -> potential, produced, start and end being the stops'.
    """
    plain = energy.reset_index()
    if not len(plain) or not len(stops):
        return energy
    # Both are sorted by turbine: a stop is found by the number of its turbine and its begin.
    codes, names = pd.factorize(pd.concat([stops["turbine"], plain["turbine"]]), sort=True)
    of_stops, of_rows = codes[: len(stops)], codes[len(stops) :]
    starts, ends = series_us(stops["start"]), series_us(stops["end"])
    moments = np.unique(np.r_[starts, plain["start"].to_numpy()])
    place, wanted = (np.searchsorted(moments, times) for times in (starts, plain["start"].to_numpy()))
    stop = np.searchsorted(of_stops * moments.size + place, of_rows * moments.size + wanted, side="right") - 1
    keys = {"turbine": of_rows, "start": starts[stop], "end": ends[stop], "source": plain["source"].to_numpy()}
    whole = keyed_sums(keys, {name: plain[name].to_numpy() for name in ("potential", "produced")})
    levels = {name: whole.index.get_level_values(name) for name in keys}
    levels["turbine"] = pd.Index(np.asarray(names, object)[levels["turbine"]], dtype="str")
    return whole.set_index(pd.MultiIndex.from_arrays(list(levels.values()), names=list(levels)))


def merge_fragments(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Join stops that partition borders cut: those that touch and have the same turbine, category, code and message.

    Parameters
    ----------
    parts : iterable of DataFrame
        `FRAGMENT_COLUMNS`, in any order.

    Returns
    -------
    DataFrame
        The same columns, sorted by turbine and start. A stop is open-ended if any part is.
    """
    frames = [part for part in parts if len(part)]
    if not frames:
        return run_fragments("", pd.DataFrame({"start": [], "end": []}))
    pieces = pd.concat(frames, ignore_index=True).sort_values([*_TEXTS, "start", "end"], ignore_index=True)
    start, end = series_us(pieces["start"]), series_us(pieces["end"])
    same = (pieces[_TEXTS] == pieces[_TEXTS].shift()).all(axis=1).to_numpy()
    stop = np.cumsum(~(same & np.r_[False, start[1:] == end[:-1]]))
    grouped = pieces.groupby(stop, sort=True)
    merged = grouped[[*_TEXTS, "start"]].first()
    merged["end"], merged["open_end"] = grouped["end"].last(), grouped["open_end"].any()
    ordered = merged.sort_values(["turbine", "start", "end", "category", "code", "message"], ignore_index=True)
    return ordered[list(FRAGMENT_COLUMNS)]


def stop_table(stops: pd.DataFrame, lost_mwh: pd.Series[Any] | None = None) -> pd.DataFrame:
    """Return merged stops as the rows of `fleet.results.Availability.stops`.

    Parameters
    ----------
    stops : DataFrame
        `merge_fragments`.
    lost_mwh : Series, optional
        Lost energy by turbine, start and end [us since 1970 UTC], one row per stop that has any; missing: not
        determinable.
    """
    table = stops[["turbine", "start", "end", "category", "code", "message", "open_end"]].copy()
    start, end = series_us(stops["start"]), series_us(stops["end"])
    table.insert(3, "hours", (end - start) / HOUR)
    lost = np.full(len(stops), math.nan)
    if lost_mwh is not None and len(stops):
        lost = lost_mwh.reindex(pd.MultiIndex.from_arrays([stops["turbine"], start, end])).to_numpy(np.float64)
    table.insert(7, "lost_mwh", lost)
    return table


def reliability_table(
    sums: pd.DataFrame,
    stops: pd.DataFrame,
    bases: Sequence[Basis],
    *,
    record_us: int,
    failures: frozenset[Category] = FAILURES,
) -> pd.DataFrame:
    """Return the rows of `fleet.results.Availability.reliability`.

    A failure is an uninterrupted time in a failure category, whatever number of events reports it; one that began
    before the period counts, cut at its begin. State timers do not tell an error from a task of the controller's: such
    a time without any alarm that is no longer than a record is no failure, and counted apart. MTBF = operating hours /
    failures, MTTR = hours of the failures / failures. Operating hours are all hours in service, standing by for wind
    included.

    Parameters
    ----------
    sums : DataFrame
        `fleet.category_sums.SUM_COLUMNS`, merged.
    stops : DataFrame
        `merge_fragments`.
    bases : sequence of Basis
        One per turbine.
    record_us : int
        Length of a record [us].
    failures : frozenset of Category
        Failure categories; Forced Outage by default.

    Returns
    -------
    DataFrame
        turbine, failures, brief_stops (short and without an alarm, no failures), operating_h, repair_h, mtbf_h, mttr_h,
        note; alphabetically, then "fleet". Failures are NaN where categories are not known.
    """
    ordered = sorted(bases, key=lambda basis: basis.turbine)
    if not ordered:
        return pd.DataFrame([], columns=_RELIABILITY)
    turbines = pd.Index([basis.turbine for basis in ordered], dtype="str")
    declared = np.array([basis.declared for basis in ordered])
    known = np.array([basis.evidence in ("status log", "state timers") for basis in ordered])

    running = sums[sums["category"].isin(_IN_SERVICE | {RUNNING_UNALLOCATED})]
    operating_h = _added(turbines, running["turbine"], running["time_us"].to_numpy(np.int64)) / HOUR
    failed = stops[stops["category"].isin([category.value for category in failures])]
    by_timers = {
        basis.turbine: (to_us(basis.start), to_us(basis.end)) for basis in ordered if basis.evidence == "state timers"
    }
    count, brief, repair_us = _failures(turbines, failed, by_timers, record_us)

    notes = [_reason(basis, k) for basis, k in zip(ordered, known, strict=True)]
    columns = (
        np.where(known, count, math.nan),
        np.where(known, brief, math.nan),
        np.where(known & declared, operating_h, math.nan),
        np.where(known, repair_us / HOUR, math.nan),
    )
    rows = list(zip(turbines, *(column.tolist() for column in columns), notes, strict=True))
    counted = known & declared
    note = "" if counted.all() else f"{int(counted.sum())} of {len(rows)} turbines"
    totals = [math.fsum(column[counted]) if counted.any() else math.nan for column in columns]
    rows.append((FLEET, *totals, note if counted.any() else _fleet_reason(notes)))
    return pd.DataFrame([_reliability(*row) for row in rows], columns=_RELIABILITY)


_NO_CATEGORIES = "not determinable without a status log or state timers"
_UNUSED_LOG = f"there is a status log, which is not used: {UNKNOWN_COVERAGE}"
_RELIABILITY = ["turbine", "failures", "brief_stops", "operating_h", "repair_h", "mtbf_h", "mttr_h", "note"]


def _reason(basis: Basis, known: bool) -> str:
    """Return why a turbine lacks a figure; "" where it lacks none."""
    if known:
        return "" if basis.declared else UNKNOWN_COVERAGE
    return f"{_NO_CATEGORIES}; {_UNUSED_LOG}" if UNKNOWN_COVERAGE in basis.note else _NO_CATEGORIES


def _fleet_reason(notes: Sequence[str]) -> str:
    """Return why the fleet has no figure where no turbine has one: all reasons, each once."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))


def _added(turbines: pd.Index, of: pd.Series[Any], values: Ints) -> Ints:
    """Return the sum of values per turbine."""
    total, place = np.zeros(len(turbines), np.int64), turbines.get_indexer(pd.Index(of))
    np.add.at(total, place[place >= 0], values[place >= 0])
    return total


def _failures(
    turbines: pd.Index, stops: pd.DataFrame, by_timers: Mapping[str, tuple[int, int]], record_us: int
) -> tuple[Ints, Ints, Ints]:
    """Return, per turbine, the number of failures, of spans that are too brief for one, and the failures' time [us].

    A span is an uninterrupted time; a turbine's stops are disjoint. One that reaches a border of the period (that of
    turbines with state timers, `by_timers` [us]) may have been longer: it is not too brief.
    """
    ordered = stops.sort_values(["turbine", "start", "end"], kind="stable")
    start, end = series_us(ordered["start"]), series_us(ordered["end"])
    other = (ordered["turbine"] != ordered["turbine"].shift()).to_numpy()
    begins = other | (start > np.r_[start[:1], end[:-1]][: start.size])
    first = np.flatnonzero(begins)
    last = np.r_[first[1:] - 1, start.size - 1][: first.size]
    length = end[last] - start[first]
    said = np.cumsum(np.r_[0, (ordered["code"] + ordered["message"]).ne("").to_numpy(np.int64)])
    told = said[last + 1] > said[first]
    names = ordered["turbine"].iloc[first]
    after, before = (
        names.map({name: period[i] for name, period in by_timers.items()}).to_numpy(np.float64) for i in (0, 1)
    )
    whole = (start[first] > after) & (end[last] < before)  # false for turbines without timers
    brief = whole & ~told & (length <= record_us)
    return (
        _added(turbines, names, (~brief).astype(np.int64)),
        _added(turbines, names, brief.astype(np.int64)),
        _added(turbines, names, np.where(brief, 0, length)),
    )


def _reliability(
    turbine: str, failures: float, brief: float, operating_h: float, repair_h: float, note: str
) -> tuple[object, ...]:
    counts = (turbine, failures, brief, operating_h, repair_h)
    if failures == 0:
        reason = "no failure in the period: MTBF and MTTR not determinable"
        return *counts, math.nan, math.nan, "; ".join(filter(None, (reason, note)))
    return *counts, operating_h / failures, repair_h / failures, note
