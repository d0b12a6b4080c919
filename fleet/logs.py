"""Status logs of a farm: the events of every turbine, the period that its log covers, and its states in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import AvailabilitySettings, Farm
from fleet.converted import FILE_STRIDE, FileEntry, noted_sources, others_note, rows_of
from fleet.dataset import Dataset
from fleet.far_stamps import far_from_rest
from fleet.schema import EVENTS, columns
from fleet.status_log import allocate, declared_period, treatment
from fleet.store import Store
from fleet.timer_segments import TimerSums
from fleet.times import from_us, series_us, stamps, to_us

__all__ = ["LogStates", "StatusLog", "contract_beside", "contract_segments", "log_period", "log_states", "read_logs"]

Period = tuple[int, int]

_ONLY_WARNINGS = "the status log holds warnings only, which tell no state"


@dataclass(frozen=True)
class StatusLog:
    """One turbine's events from all its files."""

    events: pd.DataFrame  #: `schema.EVENTS`
    declared: tuple[pd.Timestamp, pd.Timestamp] | None  #: what the files' headers declare together


@dataclass(frozen=True)
class LogStates:
    """What a turbine's log, or its state timers in its place, say of the analysed period."""

    #: exclusive states; None where the log's coverage is unknown. With a priority of its own the contract's states
    #: stand beside them (contract_category, contract_in_service), and a segment ends where either changes.
    segments: pd.DataFrame | None
    #: the same allocation, whatever the coverage, for the list of stops; None where the log tells no state at all
    stops: pd.DataFrame | None
    note: str
    evidence: Literal["status log", "state timers"] = "status log"
    timers: TimerSums | None = None  #: what the state timers said, where they are the evidence


def read_logs(
    dataset: Dataset, entries: Sequence[FileEntry], store: Store
) -> tuple[dict[str, StatusLog], pd.DataFrame]:
    """Read all status logs of a farm from the cache.

    Parameters
    ----------
    dataset : Dataset
        The farm.
    entries : sequence of FileEntry
        Its files of events, converted (`fleet.pipeline.convert_files`), in file order.
    store : Store
        The cache.

    Returns
    -------
    logs : dict of turbine to StatusLog
        Turbines without a log are absent.
    sources : DataFrame
        One row per file (`fleet.site.SOURCE_COLUMNS`).

    Raises
    ------
    DamagedEntry
        If a converted file cannot be read back.
    """
    parts: dict[str, list[tuple[pd.DataFrame, tuple[pd.Timestamp, pd.Timestamp] | None]]] = {}
    notes: list[list[str]] = []
    listed = {turbine.name for turbine in dataset.farm.turbines}
    for order, entry in enumerate(entries):
        rows = rows_of(entry, store)
        kinds = ", ".join(f"{kind} {count}" for kind, count in treatment(rows).items() if count)
        notes.append([f"rows by what they count as: {kinds}", others_note(entry, dataset)])
        declared = None if entry.declared is None else (from_us(entry.declared[0]), from_us(entry.declared[1]))
        events = rows.assign(source_row=rows["source_row"] + order * FILE_STRIDE)
        for name, own in events.groupby("turbine", sort=True):
            if name in listed:
                parts.setdefault(str(name), []).append((own, declared))
    logs = {}
    repeated, outdated = (np.zeros(len(entries), np.int64) for _ in range(2))
    for name, own_parts in sorted(parts.items()):
        events = pd.concat([events for events, _ in own_parts], ignore_index=True)[columns(EVENTS)]
        # Monthly files repeat the events that cross their borders.
        content = [column for column in columns(EVENTS) if column != "source_row"]
        again, file_of = events.duplicated(content).to_numpy(), events["source_row"].to_numpy() // FILE_STRIDE
        repeated += np.bincount(file_of[again], minlength=len(entries))
        events, file_of = events[~again].reset_index(drop=True), file_of[~again]
        old = _outdated(events)
        outdated += np.bincount(file_of[old], minlength=len(entries))
        logs[name] = StatusLog(events[~old].reset_index(drop=True), _joined([d for _, d in own_parts]))
    counts = {
        "rows that stand before with the same content": repeated,
        "rows not used, as the same event stands elsewhere with its end or a later one": outdated,
    }
    return logs, noted_sources(entries, notes, counts)


def _outdated(events: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows another row of the same event knows better.

    An export writes an event that is not over without its end, and the next export with it, perhaps in a category that
    was given to it since: beside such a row the open one is out of date. Of rows that are alike but for the end the
    one with the latest end counts.
    """
    end = series_us(events["end"])  # missing ends are the smallest number
    closed = events["end"].notna().to_numpy()
    event = ["turbine", "start", "status", "code", "message"]
    latest, closed_since = (
        pd.Series(end).groupby(_numbers(events, names)).transform("max").to_numpy()
        for names in ([*event, "service_category", "iec_category"], event)
    )
    return np.asarray(np.where(closed, end < latest, closed_since > end), np.bool_)


def _numbers(events: pd.DataFrame, names: list[str]) -> npt.NDArray[np.int64]:
    return np.asarray(events.groupby(names, dropna=False, sort=False).ngroup().to_numpy(), np.int64)


def log_states(log: StatusLog, farm: Farm, period: Period) -> LogStates:
    """Allocate a log's events over the analysed period.

    Parameters
    ----------
    log : StatusLog
        One turbine's events.
    farm : Farm
        Settings.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    """
    settings = farm.availability
    if not _tells_states(log.events):
        return LogStates(None, None, _ONLY_WARNINGS)
    found = declared_period(log.events, log.declared, settings)
    everything = allocate(log.events, from_us(period[0]), from_us(period[1]), settings)
    if found is None:
        return LogStates(None, everything, "")
    start, end = max(to_us(found[0]), period[0]), min(to_us(found[1]), period[1])
    if start >= end:
        return LogStates(None, everything, "the status log's period does not meet the analysed one")
    segments = allocate(log.events, from_us(start), from_us(end), settings)
    both = contract_beside(
        segments, settings, lambda contract: allocate(log.events, from_us(start), from_us(end), contract)
    )
    return LogStates(both, everything, found[2])


def _tells_states(events: pd.DataFrame) -> bool:
    """Return whether any row is a stop, a marker or a loss of communication: warnings say nothing about the state."""
    kinds = treatment(events)
    return any(rows for kind, rows in kinds.items() if kind not in ("warning", "other status", "no start"))


def contract_beside(
    segments: pd.DataFrame, settings: AvailabilitySettings, allocated: Callable[[AvailabilitySettings], pd.DataFrame]
) -> pd.DataFrame:
    """Return segments with the contract's states beside them, where it has a priority of its own (`LogStates`).

    Parameters
    ----------
    segments : DataFrame
        Exclusive segments of a period (`fleet.status_log.allocate`).
    settings : AvailabilitySettings
        With the contract's priority.
    allocated : callable
        Returns the segments of the same period by settings with another priority.
    """
    if settings.contract_priority in (None, settings.priority):
        return segments
    return _beside(segments, allocated(settings.model_copy(update={"priority": settings.contract_priority})))


def contract_segments(segments: pd.DataFrame) -> pd.DataFrame | None:
    """Return the segments in the contract's states; None where it has no priority of its own."""
    if "contract_category" not in segments:
        return None
    return segments.assign(category=segments["contract_category"], in_service=segments["contract_in_service"])


def _beside(segments: pd.DataFrame, contract: pd.DataFrame) -> pd.DataFrame:
    """Cut both allocations of the same period wherever either changes."""
    starts = np.union1d(series_us(segments["start"]), series_us(contract["start"]))
    mine, other = (
        frame.iloc[np.searchsorted(series_us(frame["start"]), starts, side="right") - 1].reset_index(drop=True)
        for frame in (segments, contract)
    )
    ends = np.r_[starts[1:], series_us(segments["end"])[-1:]]
    return mine.assign(
        start=stamps(starts),
        end=stamps(ends),
        contract_category=other["category"],
        contract_in_service=other["in_service"],
    )


def log_period(logs: dict[str, StatusLog], farm: Farm, *, scattered: bool = True) -> Period | None:
    """Return the period that the logs cover together, for a farm without SCADA records; None without any state in them.

    Parameters
    ----------
    logs : dict of turbine to StatusLog
        From `read_logs`; those that hold warnings only say nothing about a period.
    farm : Farm
        Settings.
    scattered : bool
        Whether a log of unknown coverage counts, from its first event to its last.
    """
    spans: list[Period] = []
    for log in logs.values():
        if not _tells_states(log.events):
            continue
        found = declared_period(log.events, log.declared, farm.availability)
        if found is not None:
            spans.append((to_us(found[0]), to_us(found[1])))
        elif scattered:
            moments = [series_us(log.events[name].dropna()) for name in ("start", "end")]
            heard = np.concatenate([times[~far_from_rest(times)] for times in moments])
            spans.append((int(heard.min()), int(heard.max()) + 1))
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None


def _joined(
    declared: list[tuple[pd.Timestamp, pd.Timestamp] | None],
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the period of several files that follow each other; None where one is silent or they leave a hole."""
    known = sorted(span for span in declared if span is not None)
    if len(known) != len(declared) or not known:
        return None
    start, end = known[0]
    for first, last in known[1:]:
        if first > end:
            return None
        end = max(end, last)
    return start, end
