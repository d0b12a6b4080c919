"""State timers of a farm: the records of every turbine from all its files, and its states by the best evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import AvailabilitySettings, Farm
from fleet.converted import FILE_STRIDE, FileEntry, noted_sources, others_note, rows_of
from fleet.dataset import Dataset
from fleet.far_stamps import far_from_rest
from fleet.logs import LogStates, StatusLog, contract_beside, log_states
from fleet.sampling import Step, most_frequent_step
from fleet.schema import TIMERS, columns
from fleet.store import Store
from fleet.timer_segments import TimerPieces, allocate_timers
from fleet.times import series_us

__all__ = ["Timers", "read_timers", "timer_period", "turbine_states"]

Period = tuple[int, int]
#: What tells records apart: an alarm's text comes from a description that lies beside one file and not the other.
_CONTENT = [name for name in columns(TIMERS) if name not in ("alarm_message", "source_row")]


@dataclass(frozen=True)
class Timers:
    """One turbine's records of all files, one per interval."""

    records: pd.DataFrame  #: `schema.TIMERS`, ascending in time
    conflicting: npt.NDArray[np.bool_]  #: shape (n,); several records of this interval differ
    step: Step | None  #: how far its stamps are apart, those off the grid included


def read_timers(dataset: Dataset, entries: Sequence[FileEntry], store: Store) -> tuple[dict[str, Timers], pd.DataFrame]:
    """Read the state timers of a farm from the cache.

    Parameters
    ----------
    dataset : Dataset
        The farm. The records' interval is its averaging period.
    entries : sequence of FileEntry
        Its files of timers, converted (`fleet.pipeline.convert_files`), in file order.
    store : Store
        The cache.

    Returns
    -------
    timers : dict of turbine to Timers
        Turbines without a record are absent.
    sources : DataFrame
        One row per file (`fleet.site.SOURCE_COLUMNS`).

    Raises
    ------
    DamagedEntry
        If a converted file cannot be read back.
    """
    width = dataset.farm.averaging_period_us
    listed = {turbine.name for turbine in dataset.farm.turbines}
    parts: dict[str, list[pd.DataFrame]] = {}
    notes: list[list[str]] = []
    for order, entry in enumerate(entries):
        frame = rows_of(entry, store)
        # The database that an export comes from may keep times in steps of milliseconds.
        frame = frame.assign(time=frame["time"].dt.round("s"), source_row=frame["source_row"] + order * FILE_STRIDE)
        on_grid = frame["time"].notna().to_numpy() & (series_us(frame["time"]) % width == 0)
        said = [others_note(entry, dataset)]
        if not on_grid.all():
            said.append(f"rows off the grid of {width // 1_000_000} s, not used: {int((~on_grid).sum()):,}")
        notes.append(said)
        for name, own in frame.assign(on_grid=on_grid).groupby("turbine", sort=True):
            if name in listed:
                parts.setdefault(str(name), []).append(own)
    repeated, differing = (np.zeros(len(entries), np.int64) for _ in range(2))
    timers = {}
    for name, own_parts in sorted(parts.items()):
        rows = pd.concat(own_parts, ignore_index=True)
        step = most_frequent_step(series_us(rows["time"].dropna()))
        rows = rows.loc[rows["on_grid"], columns(TIMERS)].assign(untold=rows["alarm_message"] == "")
        rows = rows.sort_values(["time", "untold", "source_row"]).drop(columns="untold")
        # Monthly files repeat the record at their border.
        again, file_of = rows.duplicated(_CONTENT).to_numpy(), rows["source_row"].to_numpy() // FILE_STRIDE
        repeated += np.bincount(file_of[again], minlength=len(entries))
        rows, file_of = rows[~again], file_of[~again]
        conflicting = rows["time"].duplicated(keep=False).to_numpy()
        differing += np.bincount(file_of[conflicting], minlength=len(entries))
        first = ~rows["time"].duplicated().to_numpy()
        timers[name] = Timers(rows[first].reset_index(drop=True), conflicting[first], step)
    counts = {
        "rows that stand before with the same values": repeated,
        "rows of intervals with different values, none of which counts": differing,
    }
    return timers, noted_sources(entries, notes, counts)


def timer_period(timers: dict[str, Timers], width: int) -> Period | None:
    """Return the period that timers cover together, for a farm without SCADA records; None without any record.

    Parameters
    ----------
    timers : dict of turbine to Timers
        From `read_timers`.
    width : int
        Length of a record's interval [us].
    """
    spans = []
    for one in timers.values():
        times = series_us(one.records["time"])
        near = times[~far_from_rest(times)] if times.size else times
        if near.size:
            spans.append((int(near.min()), int(near.max()) + width))
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None


def turbine_states(
    logs: dict[str, StatusLog], timers: dict[str, Timers], farm: Farm, period: Period
) -> dict[str, LogStates]:
    """Return the states of each turbine by its status log where its coverage is known, else by its state timers.

    Parameters
    ----------
    logs : dict of turbine to StatusLog
        From `fleet.logs.read_logs`.
    timers : dict of turbine to Timers
        From `read_timers`.
    farm : Farm
        Settings.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    """
    found = {name: log_states(log, farm, period) for name, log in logs.items()}
    for name, own in timers.items():
        log = found.get(name)
        if log is not None and log.segments is not None:
            found[name] = replace(log, note=_joined(log.note, "there are state timers, too: the status log counts"))
            continue
        states = _by_timers(own, farm, period)
        if log is not None and log.stops is not None and states is not None:
            reason = log.note or "its coverage is unknown"
            states = replace(states, note=f"the state timers count, not the status log: {reason}")
        if states is not None:
            found[name] = states
    return found


def _by_timers(timers: Timers, farm: Farm, period: Period) -> LogStates | None:
    """Return a turbine's states by its timers; None where no record begins in the period."""
    width = farm.averaging_period_us
    times = series_us(timers.records["time"])
    if not ((times >= period[0]) & (times < period[1])).any():
        return None
    settings = farm.availability
    pieces, sums = allocate_timers(timers.records, timers.conflicting, settings, width, period)
    segments = pieces.segments(*period)

    def by_contract(contract: AvailabilitySettings) -> pd.DataFrame:
        other: TimerPieces = allocate_timers(timers.records, timers.conflicting, contract, width, period)[0]
        return other.segments(*period)

    both = contract_beside(segments, settings, by_contract)
    return LogStates(both, segments, "", evidence="state timers", timers=sums)


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
