"""Converts, runs the two passes over partitions and reduces the sums, as graphs of Dask (`fleet.schedule` runs them).

Every step is a pure function of its inputs, and sums hold integers, so partitions, order and workers do not change a
byte of the result. Threads by default, worker processes or a cluster when asked. Records travel through the cache of
converted data, never through the scheduler: a worker that dies costs the batch of turbines it was at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import pandas as pd
from dask.delayed import Delayed, delayed

from fleet.config import Farm, Turbine
from fleet.converted import FileEntry, convert_file, source_of
from fleet.dataset import Dataset
from fleet.errors import FleetError
from fleet.expected import ExpectedCurve
from fleet.manifest import keep_manifest, manifest_key, read_manifest
from fleet.overview import OVERVIEW_SIGNALS, overview_sums
from fleet.partial_sums import GridSums, Partial, PartialSums, merge_partials, tables
from fleet.passes import LEARNED, LEARNED_FROM, Others, first_pass, misalignment_of, second_pass, turbine_context
from fleet.prepare import Series, cut, leftover_counts, partition, prepare
from fleet.records import TurbineContext
from fleet.results import Failure
from fleet.schedule import RunOptions, compute
from fleet.sensor_sums import MONTH_SUMS, FleetTotals
from fleet.site import source_table
from fleet.store import DamagedEntry, Store
from fleet.sums import Summary

__all__ = ["Merged", "Readings", "RunOptions", "convert_files", "read_all", "run_overview", "run_passes"]

_FAN_IN = 2  # outcomes that are reduced at once: those of the first pass hold the fleet per interval
_BATCHES = 32  # of turbines per pass: few enough to hold their sums, enough to keep workers busy
_READING = {"scada": "reading", "events": "reading logs", "timers": "reading state timers"}  #: titles by kind
_ATTEMPTS = 3  #: of a task before its turbine is left out

Period = tuple[int, int]
Rows = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Everything that was read, clocks corrected: what is known of it; the records lie in the cache."""

    series: dict[str, Series]  #: per turbine; empty where no file holds any
    rows: dict[str, int]  #: rows of all files by the turbine that they name
    leftovers: pd.DataFrame  #: rows of no listed turbine (turbine, flags -> rows)
    sources: pd.DataFrame  #: one row per file
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The merged sums of both passes and what was derived between them."""

    summary: Summary
    robust: pd.DataFrame  #: medians and robust sigmas of all turbines
    curves: dict[str, ExpectedCurve | None]
    at_rest_kw: dict[str, float]  #: up to which power reads as none, see `fleet.standstill`
    months: Partial  #: the sums of `fleet.sensor_sums.month_sums`, which become no tables
    yaw: tuple[pd.DataFrame, ...]  #: rows of `fleet.yaw.misalignment`
    failures: tuple[Failure, ...] = ()


def convert_files(dataset: Dataset, kind: str, options: RunOptions, store: Store) -> list[FileEntry]:
    """Convert every file of a kind, each in a task of its own, and return what is known of it.

    Parameters
    ----------
    dataset : Dataset
        The farm.
    kind : str
        "scada", "events" or "timers".
    options : RunOptions
        How to run.
    store : Store
        The cache.

    Raises
    ------
    InputError
        If a file cannot be used.
    OutputError
        If the cache cannot be written.
    """
    tasks = [delayed(convert_file)(file, store, verify=options.verify) for file in dataset.of_kind(kind)]
    return compute(options, _READING[kind], tasks) if tasks else []


def read_all(dataset: Dataset, options: RunOptions, store: Store) -> Readings:
    """Convert every SCADA file and return what is known of one corrected series per turbine.

    Raises
    ------
    InputError
        If a file cannot be used.
    OutputError
        If the cache cannot be written.
    """
    if not dataset.of_kind("scada"):
        return Readings(series={}, rows={}, leftovers=pd.DataFrame(), sources=source_table([]))
    key = manifest_key(dataset)
    if options.verify and key:
        store.drop("farms", key)
    kept = read_manifest(store, key)
    if kept is not None:
        return _readings(dataset, *kept, ())
    entries = convert_files(dataset, "scada", options, store)
    known, farm = _whole(entries), _whole(dataset.farm)
    names = [turbine.name for turbine in dataset.farm.turbines]
    found = compute(
        options,
        "checking clocks",
        [delayed(_attempt)("clock check", name, prepare, name, known, farm, store) for name in names],
    )
    series = [one for one in found if isinstance(one, Series)]
    failures = tuple(one for one in found if isinstance(one, Failure))
    if not failures:
        keep_manifest(store, key, entries, series)
    return _readings(dataset, entries, series, failures)


def _readings(
    dataset: Dataset, entries: Sequence[FileEntry], series: Sequence[Series], failures: tuple[Failure, ...]
) -> Readings:
    counts: Counter[str] = Counter()
    for entry in entries:
        for name, _, n in entry.counts:
            counts[name] += n
    return Readings(
        series={one.turbine: one for one in series},
        rows=dict(counts),
        leftovers=leftover_counts(entries, dataset.farm, dataset.set_aside),
        sources=source_table([source_of(entry) for entry in entries]),
        failures=failures,
    )


def run_passes(
    readings: Readings,
    farm: Farm,
    period: tuple[int, int],
    segments: dict[str, pd.DataFrame],
    reanalysis: pd.DataFrame | None,
    options: RunOptions,
    *,
    metered: bool = True,
) -> Merged:
    """Run both passes over the period and return the merged sums.

    Parameters
    ----------
    readings : Readings
        From `read_all`, with every turbine of the farm.
    farm : Farm
        Turbines and settings.
    period : (int, int)
        Begin and end [us since 1970 UTC].
    segments : dict of turbine to DataFrame
        States from status logs with known coverage.
    reanalysis : DataFrame or None
        `schema.REANALYSIS`.
    options : RunOptions
        How to run.
    metered : bool
        Whether there is a plant meter to compare the farm's power with.
    """
    edges = _edges(period, options.partition_days)
    work = [
        Work(turbine, readings.series[turbine.name], cut(readings.series[turbine.name], edges))
        for turbine in farm.turbines
    ]
    settings, batches = _whole(farm), _batches(work)
    tasks = [
        delayed(_first_batch, nout=2)(_whole(batch), period, settings, _whole(_of(batch, segments)), metered)
        for batch in batches
    ]
    *found, common = compute(
        options, "first pass", [*(contexts for contexts, _ in tasks), _tree([rest for _, rest in tasks])]
    )
    contexts: dict[str, TurbineContext] = {name: context for part in found for name, context in part.items()}
    fleet = common.sums.pop("fleet")
    assert isinstance(fleet, GridSums)
    others, site = _whole(Others.of(fleet, period[0], farm.averaging_period_us)), _whole(reanalysis)
    second = []
    for batch in batches:
        left = [one for one in batch if one.turbine.name in contexts]
        known = {one.turbine.name: contexts[one.turbine.name] for one in left}
        second.append(delayed(_second_batch)(_whole(left), period, settings, _whole(known), others, site))
    (result,) = compute(options, "second pass", [_tree(second)])
    sums = result.sums
    sums |= common.sums
    months = {name: sums.pop(name) for name in MONTH_SUMS if name in sums}
    summary: Summary = {}
    for name in list(sums):
        summary |= tables({name: sums.pop(name)})  # taken out, so that not all of them are held twice
    return Merged(
        summary=summary,
        months=months,
        robust=pd.concat(
            [context.robust.assign(turbine=name) for name, context in contexts.items()] or [pd.DataFrame()],
            ignore_index=True,
        ),
        curves={name: context.curve for name, context in contexts.items()},
        at_rest_kw={name: context.at_rest_kw for name, context in contexts.items()},
        yaw=result.yaw,
        failures=(*common.failures, *result.failures),
    )


def run_overview(
    readings: Readings, farm: Farm, period: Period, options: RunOptions
) -> tuple[Summary, tuple[Failure, ...]]:
    """Return the merged sums of `fleet.overview` over a period [us since 1970 UTC], and the turbines that failed."""
    edges = _edges(period, options.partition_days)
    work = [
        Work(turbine, readings.series[turbine.name], cut(readings.series[turbine.name], edges))
        for turbine in farm.turbines
    ]
    settings = _whole(farm)
    tasks = [delayed(_overviews)(_whole(batch), period, settings) for batch in _batches(work)]
    (found,) = compute(options, "overview", [_tree(tasks)])
    return tables(found.sums), found.failures


def _overviews(batch: Sequence[Work], period: Period, farm: Farm) -> _Outcome:
    outcome = _Outcome({})
    for one in batch:
        found = _attempt("overview", one.turbine.name, _overview, one, period, farm)
        if isinstance(found, Failure):
            outcome = replace(outcome, failures=(*outcome.failures, found))
        else:
            outcome = replace(outcome, sums=merge_partials([outcome.sums, found]))
    return outcome


def _overview(one: Work, period: Period, farm: Farm) -> Partial:
    parts = (partition(one.series, rows, period, farm, OVERVIEW_SIGNALS).own() for rows in one.rows)
    return merge_partials(overview_sums(part, one.turbine, farm) for part in parts)


@dataclass(frozen=True)
class Work:
    """One turbine's share of the work."""

    turbine: Turbine
    series: Series
    rows: list[Rows]  #: its partitions


@dataclass(frozen=True)
class _Outcome:
    """Sums of some turbines, what was derived of each, and turbines that are not in them because they failed."""

    sums: Partial
    failures: tuple[Failure, ...] = ()
    yaw: tuple[pd.DataFrame, ...] = ()


def _batches(work: list[Work]) -> list[list[Work]]:
    """Return the work in some tens of batches, each of which adds its turbines up as it goes: little is held."""
    number = min(len(work), _BATCHES)
    borders = [len(work) * i // number for i in range(number + 1)] if number else []
    return [work[low:high] for low, high in pairwise(borders)]


def _of(batch: Sequence[Work], segments: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    names = (one.turbine.name for one in batch)
    return {name: segments[name] for name in names if name in segments}


def _first_batch(
    batch: Sequence[Work], period: Period, farm: Farm, segments: dict[str, pd.DataFrame], metered: bool
) -> tuple[dict[str, TurbineContext], _Outcome]:
    """Run the first pass over some turbines: what each one's second pass needs, and what all have in common."""
    contexts, outcome = {}, _Outcome({})
    totals = FleetTotals.empty(*period, farm.averaging_period_us)
    for one in batch:
        name = one.turbine.name
        found = _attempt("first pass", name, _first, one, period, farm, segments.get(name), metered)
        if isinstance(found, Failure):
            outcome = replace(outcome, failures=(*outcome.failures, found))
            continue
        contexts[name], common, add_to = found
        add_to(totals)  # once, whatever was tried before
        outcome = replace(outcome, sums=merge_partials([outcome.sums, common]))
    return contexts, replace(outcome, sums={**outcome.sums, "fleet": totals.sums()})


def _first(
    one: Work, period: Period, farm: Farm, segments: pd.DataFrame | None, metered: bool
) -> tuple[TurbineContext, Partial, Callable[[FleetTotals], None]]:
    """Return a turbine's context, its other sums, and what adds it to the fleet's totals."""
    found: Partial = {}
    own = FleetTotals.empty(*period, farm.averaging_period_us) if len(one.rows) > 1 else None
    for rows in one.rows:
        part = partition(one.series, rows, period, farm, LEARNED_FROM)
        sums, records, flags = first_pass(part, one.turbine, farm, metered=metered)
        found = merge_partials([found, sums])
        if own is not None:
            own.add(records, flags, one.turbine.rated_power_kw)
    context = turbine_context(found, one.turbine, farm, segments)
    common = {name: table for name, table in found.items() if name not in LEARNED}
    if own is not None:
        return context, common, partial(FleetTotals.add_totals, other=own)
    return context, common, partial(FleetTotals.add, records=records, flags=flags, rated=one.turbine.rated_power_kw)


def _second_batch(
    batch: Sequence[Work],
    period: Period,
    farm: Farm,
    contexts: dict[str, TurbineContext],
    others: Others,
    reanalysis: pd.DataFrame | None,
) -> _Outcome:
    """Run the second pass over some turbines. One whose partition fails is left out: half of it would mislead."""
    outcome = _Outcome({})
    for one in batch:
        name = one.turbine.name
        found = _attempt("second pass", name, _second, one, period, farm, contexts[name], others, reanalysis)
        if isinstance(found, Failure):
            outcome = replace(outcome, failures=(*outcome.failures, found))
            continue
        sums, yaw = found
        outcome = replace(outcome, sums=merge_partials([outcome.sums, sums]), yaw=(*outcome.yaw, yaw))
    return outcome


def _second(
    one: Work, period: Period, farm: Farm, context: TurbineContext, others: Others, reanalysis: pd.DataFrame | None
) -> tuple[Partial, pd.DataFrame]:
    parts = (partition(one.series, rows, period, farm) for rows in one.rows)
    sums = merge_partials(second_pass(part, one.turbine, farm, context, others, reanalysis) for part in parts)
    vane = sums.pop("vane")
    assert isinstance(vane, PartialSums)
    return sums, misalignment_of(vane, one.turbine.name, farm)


def _attempt(step: str, turbine: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns; after several failures for reasons that are not the user's, a `Failure`."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            return function(*arguments)
        except (FleetError, DamagedEntry):
            raise
        except Exception as error:
            if not left:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                return Failure(turbine=turbine, step=step, reason=reason)
    raise AssertionError


def _together(parts: Sequence[_Outcome]) -> _Outcome:
    return _Outcome(
        merge_partials([part.sums for part in parts]),
        tuple(failure for part in parts for failure in part.failures),
        tuple(row for part in parts for row in part.yaw),
    )


def _whole(value: object) -> Delayed:
    """Give a value to tasks as it is: Dask does not go through it in search of other tasks."""
    given: Delayed = delayed(value, traverse=False)
    return given


def _tree(outcomes: Sequence[Delayed]) -> Delayed:
    """Reduce outcomes a few at a time, so that few of them are held."""
    level = list(outcomes)
    while len(level) > 1:
        level = [delayed(_together)(level[i : i + _FAN_IN]) for i in range(0, len(level), _FAN_IN)]
    return level[0] if level else delayed(_Outcome)({})


def _edges(period: Period, days: int) -> list[int]:
    start, end = period
    step = days * 86_400 * 1_000_000
    return [*range(start, end, step), end]
