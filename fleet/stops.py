"""Stop lists, their lost energy, and reliability: mean time between failures and mean time to repair."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.availability import Basis
from fleet.categories import IN_SERVICE, Category
from fleet.category_sums import ENERGY_QUANTUM_KWH, HOUR, RUNNING_UNALLOCATED
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.times import series_us, stamps

__all__ = [
    "FAILURES",
    "FRAGMENT_COLUMNS",
    "down_runs",
    "merge_fragments",
    "price_stops",
    "reliability_table",
    "stop_fragments",
    "stop_table",
]

Ints = npt.NDArray[np.int64]

#: Stops, whole or cut by partition borders; `lost` in energy units (`ENERGY_QUANTUM_KWH`), missing: not determinable.
FRAGMENT_COLUMNS = ("turbine", "start", "end", "category", "code", "message", "lost", "open_end")
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
        `FRAGMENT_COLUMNS`, without lost energy.
    """
    lost_contact = segments["category"] == Category.INFORMATION_UNAVAILABLE.value
    stops = segments[~segments["in_service"] & ~lost_contact].reset_index(drop=True)
    stops = stops.assign(turbine=pd.array([turbine] * len(stops), dtype="str"))
    stops["lost"] = pd.array([pd.NA] * len(stops), dtype="Int64")
    return stops[list(FRAGMENT_COLUMNS)]


def price_stops(
    stops: pd.DataFrame,
    times: Ints,
    power: Ints,
    potential: Ints,
    period_us: int,
    *,
    sums: Mapping[str, Ints] | None = None,
) -> pd.DataFrame:
    """Return stops with their lost energy: potential less actual power, by each record's share of the stop.

    Parameters
    ----------
    stops : DataFrame
        `FRAGMENT_COLUMNS` of one turbine.
    times : array of int64, shape (n,)
        Begin of the records in ascending order [us since 1970 UTC]; only records with valid power and potential power.
    power, potential : array of int64, shape (n,)
        Power and potential power in units of 0.01 kW.
    period_us : int
        Averaging period [us].
    sums : mapping of str to array of int64, shape (n,), optional
        More figures per record to be added up in columns of these names, by share of time [figure times us].

    Returns
    -------
    DataFrame
        Lost energy is missing where a stop meets no record; the loss of its time without records is not counted.
    """
    met, lost = _add_up(stops, times, potential - power, period_us)
    priced = stops.assign(lost=pd.array([v if ok else pd.NA for v, ok in zip(lost, met, strict=True)], dtype="Int64"))
    for name, values in ({} if sums is None else sums).items():
        priced[name] = np.array(_add_up(stops, times, values, period_us)[1], np.int64)
    return priced


def _add_up(stops: pd.DataFrame, times: Ints, values: Ints, period_us: int) -> tuple[list[bool], list[int]]:
    """Return, per stop, whether it meets a record, and the records' values times their time in the stop [us]."""
    met, total = [], []
    starts, ends = series_us(stops["start"]), series_us(stops["end"])
    low, high = np.searchsorted(times, starts - period_us, side="right"), np.searchsorted(times, ends, side="left")
    for start, end, i, j in zip(starts.tolist(), ends.tolist(), low.tolist(), high.tolist(), strict=True):
        share = np.minimum(times[i:j] + period_us, end) - np.maximum(times[i:j], start)
        met.append(j > i)
        total.append(int((share * values[i:j]).sum()))
    return met, total


def down_runs(
    times: Ints,
    down: npt.NDArray[np.bool_],
    period_us: int,
    lost_quanta: Ints | None = None,
    *,
    turbine: str = "",
    valid: npt.NDArray[np.bool_] | None = None,
    sums: Mapping[str, Ints] | None = None,
) -> pd.DataFrame:
    """Return inferred stops: runs of consecutive records that show the turbine down.

    Parameters
    ----------
    times : array of int64, shape (n,)
        Begin of the records that are valid for availability, ascending [us]. A missing record ends a run: what happened
        in it is not known.
    down : array of bool, shape (n,)
        Where the turbine stands although it could produce.
    period_us : int
        Averaging period [us].
    lost_quanta : array of int64, shape (n,), optional
        Potential less actual power in units of 0.01 kW.
    turbine : str
        Name.
    valid : array of bool, shape (n,), optional
        Where `lost_quanta` is known; everywhere by default.
    sums : mapping of str to array of int64, shape (n,), optional
        More figures per record to be added up in columns of these names [figure times us].

    Returns
    -------
    DataFrame
        `FRAGMENT_COLUMNS` and the columns of `sums`; the category is unallocated, code and message are empty.
    """
    at = times[down]
    known = np.ones(len(times), bool) if valid is None else valid
    begins = np.r_[True, np.diff(at) != period_us] if at.size else np.zeros(0, bool)
    first = np.flatnonzero(begins)
    last = np.r_[first[1:] - 1, at.size - 1] if at.size else first
    lost = pd.array([pd.NA] * first.size, dtype="Int64")
    if lost_quanta is not None and at.size:
        energy = np.add.reduceat(np.where(known, lost_quanta, 0)[down], first) * period_us
        some = np.add.reduceat(known[down].astype(np.int64), first) > 0
        lost = pd.array([int(value) if ok else pd.NA for value, ok in zip(energy, some, strict=True)], dtype="Int64")
    texts = {"turbine": turbine, "category": Category.UNALLOCATED.value, "code": "", "message": ""}
    frame = pd.DataFrame({name: pd.array([text] * first.size, dtype="str") for name, text in texts.items()})
    frame["start"], frame["end"] = stamps(at[first]), stamps(at[last] + period_us)
    frame["lost"], frame["open_end"] = lost, np.zeros(first.size, bool)
    more = {} if sums is None else sums
    for name, values in more.items():
        frame[name] = np.add.reduceat(values[down], first) * period_us if at.size else np.empty(0, np.int64)
    return frame[[*FRAGMENT_COLUMNS, *more]]


def merge_fragments(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Join stops that partition borders cut: those that touch and have the same turbine, category, code and message.

    Parameters
    ----------
    parts : iterable of DataFrame
        `FRAGMENT_COLUMNS`, in any order; columns beyond these hold integers that add up.

    Returns
    -------
    DataFrame
        The same columns, sorted by turbine and start. Lost energy adds up; a stop is open-ended if any part is.
    """
    every = list(parts)
    frames = [part for part in every if len(part)]
    if not frames:
        more = [name for part in every[:1] for name in part.columns if name not in FRAGMENT_COLUMNS]
        return stop_fragments("", _no_segments()).assign(**{name: np.empty(0, np.int64) for name in more})
    pieces = pd.concat(frames, ignore_index=True).sort_values([*_TEXTS, "start", "end"], ignore_index=True)
    start, end = series_us(pieces["start"]), series_us(pieces["end"])
    same = (pieces[_TEXTS] == pieces[_TEXTS].shift()).all(axis=1).to_numpy()
    joins = same & np.r_[False, start[1:] == end[:-1]]
    stop = np.cumsum(~joins)
    grouped = pieces.groupby(stop, sort=True)
    merged = grouped[[*_TEXTS, "start"]].first()
    merged["end"], merged["lost"] = grouped["end"].last(), grouped["lost"].sum(min_count=1)
    merged["open_end"] = grouped["open_end"].any()
    more = [name for name in pieces.columns if name not in FRAGMENT_COLUMNS]
    merged[more] = grouped[more].sum()
    ordered = merged.sort_values(["turbine", "start", "end", "category", "code", "message"], ignore_index=True)
    return ordered[[*FRAGMENT_COLUMNS, *more]]


def _no_segments() -> pd.DataFrame:
    texts = {name: pd.array([], dtype="str") for name in ("category", "code", "message")}
    times, flags = stamps(np.empty(0, np.int64)), np.zeros(0, bool)
    return pd.DataFrame({"start": times, "end": times, **texts, "in_service": flags, "open_end": flags})


def stop_table(stops: pd.DataFrame, *, quantum_kwh: float = ENERGY_QUANTUM_KWH) -> pd.DataFrame:
    """Return merged stops as the rows of `fleet.results.Availability.stops`.

    Parameters
    ----------
    stops : DataFrame
        `merge_fragments`.
    quantum_kwh : float
        Unit of the lost energy [kWh].
    """
    table = stops[["turbine", "start", "end", "category", "code", "message", "open_end"]].copy()
    table.insert(3, "hours", (series_us(stops["end"]) - series_us(stops["start"])) / HOUR)
    lost = [math.nan if pd.isna(value) else int(value) * quantum_kwh / 1000.0 for value in stops["lost"]]
    table.insert(7, "lost_mwh", pd.Series(lost, dtype="float64"))
    return table


def reliability_table(
    sums: pd.DataFrame,
    stops: pd.DataFrame,
    bases: Sequence[Basis],
    *,
    failures: frozenset[Category] = FAILURES,
) -> pd.DataFrame:
    """Return the rows of `fleet.results.Availability.reliability`.

    A failure is an uninterrupted time in a failure category, whatever number of events reports it; one that began
    before the period counts, cut at its begin. MTBF = operating hours / failures, MTTR = hours in failure categories /
    failures. Operating hours are all hours in service, standing by for wind included.

    Parameters
    ----------
    sums : DataFrame
        `fleet.category_sums.SUM_COLUMNS`, merged.
    stops : DataFrame
        `merge_fragments`.
    bases : sequence of Basis
        One per turbine.
    failures : frozenset of Category
        Failure categories; Forced Outage by default.

    Returns
    -------
    DataFrame
        turbine, failures, operating_h, repair_h, mtbf_h, mttr_h, note; alphabetically, then "fleet". Failures are NaN
        where categories are not known.
    """
    rows: list[tuple[str, float, float, float, str]] = []
    names = [category.value for category in Category if category in failures]
    for basis in sorted(bases, key=lambda basis: basis.turbine):
        if basis.evidence != "status log":
            rows.append((basis.turbine, math.nan, math.nan, math.nan, "not determinable without a status log"))
            continue
        mine = sums[sums["turbine"] == basis.turbine]
        running = mine["category"].isin(_IN_SERVICE | {RUNNING_UNALLOCATED})
        operating_h = int(mine.loc[running, "time_us"].sum()) / HOUR if basis.declared else math.nan
        failed = stops[(stops["turbine"] == basis.turbine) & stops["category"].isin(names)]
        count, repair_us = _failures(series_us(failed["start"]), series_us(failed["end"]))
        rows.append((basis.turbine, count, operating_h, repair_us / HOUR, "" if basis.declared else UNKNOWN_COVERAGE))
    counted = [row for row in rows if not math.isnan(row[1]) and not math.isnan(row[2])]
    if rows:
        note = "" if len(counted) == len(rows) else f"{len(counted)} of {len(rows)} turbines"
        totals = [math.fsum(row[i] for row in counted) if counted else math.nan for i in (1, 2, 3)]  # type: ignore[misc]
        rows.append(("fleet", totals[0], totals[1], totals[2], note if counted else rows[0][4]))
    return pd.DataFrame([_reliability(*row) for row in rows], columns=_RELIABILITY)


_RELIABILITY = ["turbine", "failures", "operating_h", "repair_h", "mtbf_h", "mttr_h", "note"]


def _failures(starts: Ints, ends: Ints) -> tuple[int, int]:
    """Return the number of uninterrupted spans and their length [us]; the stops are disjoint."""
    order = np.argsort(starts, kind="stable")
    begins = np.r_[True, starts[order][1:] > ends[order][:-1]] if starts.size else np.zeros(0, bool)
    return int(begins.sum()), int((ends - starts).sum())


def _reliability(turbine: str, failures: float, operating_h: float, repair_h: float, note: str) -> tuple[object, ...]:
    if failures == 0:
        reason = "no failure in the period: MTBF and MTTR not determinable"
        return turbine, failures, operating_h, repair_h, math.nan, math.nan, "; ".join(filter(None, (reason, note)))
    return turbine, failures, operating_h, repair_h, operating_h / failures, repair_h / failures, note
