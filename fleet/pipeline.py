"""The only module that knows Dask: converts, runs the two passes over partitions, reduces the sums.

Every step is a pure function of its inputs, and sums hold integers, so partitions, order and workers do not change a
byte of the result. Threads by default, worker processes or a cluster when asked. Records travel through the cache of
converted data, never through the scheduler: a worker that dies costs the partition it was at.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pandas as pd
from dask.delayed import Delayed, delayed

from fleet.config import Farm, Turbine
from fleet.dataset import Dataset
from fleet.errors import ConfigError, FleetError
from fleet.expected import ExpectedCurve, expected_curve, robust_bins
from fleet.manifest import keep_manifest, manifest_key, read_manifest
from fleet.overview import OVERVIEW_SIGNALS, overview_sums
from fleet.partial_sums import GridSums, Partial, PartialSums, merge_partials, tables
from fleet.passes import dense_histogram, first_pass, second_pass
from fleet.potential import Neighbours
from fleet.prepare import FileEntry, Series, convert_file, cut, leftover_counts, partition, prepare
from fleet.records import TurbineContext
from fleet.results import Failure
from fleet.site import source_table
from fleet.store import Store, default_cache
from fleet.sums import Summary
from fleet.times import from_us
from turbine.cluster import PATIENCE_S, check_scheduler

__all__ = ["Merged", "Readings", "RunOptions", "cache_of", "read_all", "run_overview", "run_passes", "workers_of"]

_FAN_IN = 16
_ATTEMPTS = 3  #: of a task before its turbine is left out

_LOCAL = ("threads", "synchronous")  #: schedulers in this process

Period = tuple[int, int]
Rows = tuple[int, int, int, int]
Between = tuple[pd.DataFrame, ExpectedCurve | None]  #: medians and expected power of a turbine


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run: none of it changes the results."""

    #: "threads" or "synchronous" in this process, or the address of a cluster's scheduler (tcp://host:port); None:
    #: worker processes where `workers` is given, the active distributed client where there is one, else threads
    scheduler: str | None = None
    workers: int | None = None  #: processes on this machine, or threads with the scheduler "threads"
    partition_days: int = 1830  #: length of a partition
    progress: bool = False  #: draw a progress bar on standard error
    cache: Path | None = None  #: folder of converted data; None: the user's cache
    keep: bool = True  #: keep converted data for the next run
    verify: bool = False  #: compare the content of files with the cache, not only size and time of change


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Everything that was read, clocks corrected: what is known of it; the records lie in the cache."""

    series: dict[str, Series]  #: per turbine; empty where no file holds any
    leftovers: pd.DataFrame  #: rows of no listed turbine (turbine, flags -> rows)
    sources: pd.DataFrame  #: one row per file
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The merged sums of both passes and what was derived between them."""

    summary: Summary
    robust: pd.DataFrame  #: medians and robust sigmas of all turbines
    curves: dict[str, ExpectedCurve | None]
    failures: tuple[Failure, ...] = ()


@contextmanager
def cache_of(options: RunOptions) -> Iterator[Store]:
    """Give the cache of converted data; one that is not to be kept is a temporary folder."""
    if options.keep:
        yield Store(options.cache or default_cache())
        return
    with tempfile.TemporaryDirectory(prefix="windform-", dir=options.cache) as folder:
        yield Store(Path(folder))


@contextmanager
def workers_of(options: RunOptions) -> Iterator[RunOptions]:
    """Give options whose scheduler is there: connects to a cluster, or starts worker processes for the block.

    Raises
    ------
    ConfigError
        If the cluster cannot be reached.
    """
    if options.scheduler is None and options.workers is None:
        yield options
        return
    if options.scheduler in _LOCAL:
        yield options
        return
    from distributed import Client, LocalCluster

    if options.scheduler is not None:
        check_scheduler(options.scheduler, ConfigError)
        with Client(options.scheduler, timeout=PATIENCE_S, set_as_default=True):
            yield options
        return
    with (
        LocalCluster(n_workers=options.workers, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local, set_as_default=True),
    ):
        yield options


def read_all(dataset: Dataset, options: RunOptions, store: Store) -> Readings:
    """Convert every SCADA file and return what is known of one corrected series per turbine.

    Raises
    ------
    InputError
        If a file cannot be used.
    OutputError
        If the cache cannot be written.
    """
    files = dataset.of_kind("scada")
    if not files:
        return Readings(series={}, leftovers=pd.DataFrame(), sources=source_table([]))
    key = "" if options.verify else manifest_key(dataset)
    kept = read_manifest(store, key)
    if kept is not None:
        return _readings(dataset, *kept, ())
    entries = _compute(
        options, "reading", [delayed(convert_file)(file, store, verify=options.verify) for file in files]
    )
    known = delayed(list)(entries)
    names = [turbine.name for turbine in dataset.farm.turbines]
    found = _compute(
        options,
        "checking clocks",
        [delayed(_attempt)("clock check", name, prepare, name, known, dataset.farm, store) for name in names],
    )
    series = [one for one in found if isinstance(one, Series)]
    failures = tuple(one for one in found if isinstance(one, Failure))
    if not failures:
        keep_manifest(store, key, entries, series)
    return _readings(dataset, entries, series, failures)


def _readings(
    dataset: Dataset, entries: Sequence[FileEntry], series: Sequence[Series], failures: tuple[Failure, ...]
) -> Readings:
    rows = [entry.source | {name: _moment(entry.source[name]) for name in ("first", "last")} for entry in entries]
    return Readings(
        series={one.turbine: one for one in series},
        leftovers=leftover_counts(entries, dataset.farm, dataset.set_aside),
        sources=source_table(rows),
        failures=failures,
    )


def _moment(value: int | None) -> Any:
    return pd.NaT if value is None else from_us(value)


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
    settings = delayed(farm)
    pieces = {turbine.name: cut(readings.series[turbine.name], edges) for turbine in farm.turbines}

    def over(title: str, step: Callable[..., Partial], turbine: Turbine, *context: Any) -> Delayed:
        series = readings.series[turbine.name]
        parts = [
            delayed(_summed)(title, turbine.name, step, series, rows, period, turbine, settings, *context)
            for rows in pieces[turbine.name]
        ]
        whole: Delayed = delayed(_merged)(parts)
        return whole

    first = [over("first pass", _first, turbine, metered) for turbine in farm.turbines]
    halves = [
        delayed(_derive, nout=2)(sums, turbine, settings) for turbine, sums in zip(farm.turbines, first, strict=True)
    ]
    *contexts, common = _compute(
        options, "first pass", [*(context for context, _ in halves), _tree([rest for _, rest in halves])]
    )
    known: dict[str, Between] = {
        turbine.name: context for turbine, context in zip(farm.turbines, contexts, strict=True) if context is not None
    }
    neighbours = delayed(Neighbours.of(_fleet(common.sums), *period, farm.averaging_period_s * 1_000_000))
    site = delayed(reanalysis)
    second = []
    for turbine in farm.turbines:
        if turbine.name in known:
            bins, curve = known[turbine.name]
            context = TurbineContext(bins, curve, segments.get(turbine.name))
            second.append(over("second pass", _second, turbine, context, neighbours, site))
    (result,) = _compute(options, "second pass", [_tree(second)])
    robust = [robust.assign(turbine=name) for name, (robust, _) in known.items()]
    return Merged(
        summary=tables({**common.sums, **result.sums}),
        robust=pd.concat(robust or [pd.DataFrame()], ignore_index=True),
        curves={name: curve for name, (_, curve) in known.items()},
        failures=(*common.failures, *result.failures),
    )


def run_overview(
    readings: Readings, farm: Farm, period: Period, options: RunOptions
) -> tuple[Summary, tuple[Failure, ...]]:
    """Return the merged sums of `fleet.overview` over a period [us since 1970 UTC], and the turbines that failed."""
    settings = delayed(farm)
    parts = [
        delayed(_summed)(
            "overview", turbine.name, _overview, readings.series[turbine.name], rows, period, turbine, settings
        )
        for turbine in farm.turbines
        for rows in cut(readings.series[turbine.name], _edges(period, options.partition_days))
    ]
    (found,) = _compute(options, "overview", [_tree(parts)])
    return tables(found.sums), found.failures


def _overview(series: Series, rows: Rows, period: Period, turbine: Turbine, farm: Farm) -> Partial:
    return overview_sums(partition(series, rows, period, farm, OVERVIEW_SIGNALS).own(), turbine, farm)


@dataclass(frozen=True)
class _Outcome:
    """Sums of some turbines, and turbines that are not in them because they failed."""

    sums: Partial
    failures: tuple[Failure, ...] = ()


def _attempt(step: str, turbine: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns; after several failures for reasons that are not the user's, a `Failure`."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            return function(*arguments)
        except FleetError:
            raise
        except Exception as error:
            if not left:
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                return Failure(turbine=turbine, step=step, reason=reason)
    raise AssertionError


def _summed(step: str, turbine: str, function: Callable[..., Partial], *arguments: Any) -> _Outcome:
    found = _attempt(step, turbine, function, *arguments)
    return _Outcome({}, (found,)) if isinstance(found, Failure) else _Outcome(found)


def _merged(parts: Sequence[_Outcome]) -> _Outcome:
    """Add a turbine's partitions up; if one of them failed the turbine is left out, as half of it would mislead."""
    failures = tuple(failure for part in parts for failure in part.failures)
    return _Outcome({}, failures[:1]) if failures else _together(parts)


def _together(parts: Sequence[_Outcome]) -> _Outcome:
    failures = tuple(failure for part in parts for failure in part.failures)
    return _Outcome(merge_partials([part.sums for part in parts]), failures)


def _first(series: Series, rows: Rows, period: Period, turbine: Turbine, farm: Farm, metered: bool) -> Partial:
    return first_pass(partition(series, rows, period, farm), turbine, farm, period[0], metered=metered)


def _second(
    series: Series,
    rows: Rows,
    period: Period,
    turbine: Turbine,
    farm: Farm,
    context: TurbineContext,
    neighbours: Neighbours,
    reanalysis: pd.DataFrame | None,
) -> Partial:
    return second_pass(partition(series, rows, period, farm), turbine, farm, context, neighbours, reanalysis)


def _derive(outcome: _Outcome, turbine: Turbine, farm: Farm) -> tuple[Between | None, _Outcome]:
    """Return medians and the expected-power curve, the steps between the passes that are not linear, and the rest."""
    if outcome.failures or "histogram" not in outcome.sums:
        return None, outcome
    rest = dict(outcome.sums)
    histogram = rest.pop("histogram")
    assert isinstance(histogram, PartialSums)
    rated, settings = turbine.rated_power_kw, farm.power_curve
    bins = robust_bins(
        dense_histogram(histogram, turbine.name),
        rated_power_kw=rated,
        cut_in=settings.cut_in,
        spread=farm.quality.inconsistent_spread,
    )
    curve = (
        expected_curve(bins, rated_power_kw=rated, cut_in=settings.cut_in, cut_out=settings.cut_out)
        if len(bins)
        else None
    )
    return (bins, curve), _Outcome(rest, outcome.failures)


def _fleet(sums: Partial) -> GridSums:
    found = sums.get("fleet")
    return (
        found
        if isinstance(found, GridSums)
        else GridSums(0, dict.fromkeys(("running", "share"), np.zeros(0, np.int64)))
    )


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


def _compute(options: RunOptions, title: str, tasks: Sequence[Delayed]) -> list[Any]:
    """Compute tasks on threads of this process, or with the active client where the options do not ask for threads."""
    chosen: dict[str, Any] = {}
    if options.scheduler in _LOCAL:
        chosen = {"scheduler": options.scheduler, **({"num_workers": options.workers} if options.workers else {})}
    elif options.scheduler is not None or options.workers is not None:
        from dask.base import get_scheduler  # the client that `workers_of` made

        chosen = {"scheduler": get_scheduler()}
    with _progress(options, title):
        return list(dask.compute(*tasks, **chosen))


def _progress(options: RunOptions, title: str) -> AbstractContextManager[object]:
    if not options.progress:
        return nullcontext()
    from dask.diagnostics.progress import ProgressBar

    sys.stderr.write(f"{title}\n")
    bar: Callable[..., AbstractContextManager[object]] = ProgressBar
    return bar(out=sys.stderr)
