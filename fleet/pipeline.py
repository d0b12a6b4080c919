"""The only module that knows Dask: reads, runs the two passes over partitions, tree-reduces the summaries.

Every step is a pure function of its inputs, and summaries hold integers, so partitions, order and workers do not
change a byte of the result. Threads by default; an active `distributed.Client` is used where there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import dask
import pandas as pd
from dask.delayed import Delayed, delayed

from fleet.config import Farm, Turbine
from fleet.dataset import Dataset
from fleet.expected import ExpectedCurve, expected_curve, robust_bins
from fleet.passes import dense_histogram, first_pass, second_pass
from fleet.potential import Neighbours
from fleet.prepare import Prepared, cut, leftover_counts, prepare, read_file, without_rows
from fleet.records import TurbineContext
from fleet.site import source_row, source_table
from fleet.sums import Summary, merge

__all__ = ["Merged", "Readings", "RunOptions", "read_all", "run_passes"]

_FAN_IN = 8


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run: none of it changes the results."""

    scheduler: str | None = None  #: a Dask scheduler's name; None: threads, or the active distributed client
    workers: int | None = None  #: threads or processes; None: Dask's default
    partition_days: int = 92  #: length of a partition
    progress: bool = False  #: draw a progress bar on standard error


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Everything that was read, clocks corrected."""

    prepared: dict[str, Delayed]  #: per turbine, a persisted `Prepared`
    facts: dict[str, Prepared]  #: the same without the records; empty where no file holds any
    leftovers: pd.DataFrame  #: rows of no listed turbine (turbine, flags -> rows)
    sources: pd.DataFrame  #: one row per file


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The merged summaries of both passes and what was derived between them."""

    summary: Summary
    robust: pd.DataFrame  #: medians and robust sigmas of all turbines
    curves: dict[str, ExpectedCurve | None]


def read_all(dataset: Dataset, options: RunOptions) -> Readings:
    """Read every SCADA file once and return one corrected series per turbine."""
    files = dataset.of_kind("scada")
    if not files:
        return Readings(prepared={}, facts={}, leftovers=pd.DataFrame(), sources=source_table([]))
    batches = [delayed(read_file)(file, order) for order, file in enumerate(files)]
    names = [turbine.name for turbine in dataset.farm.turbines]
    prepared = [delayed(prepare)(name, batches, dataset.farm) for name in names]
    rows = [delayed(source_row)(file, batch, "") for file, batch in zip(files, batches, strict=True)]
    with _progress(options, "reading"):
        *series, leftovers, kept = dask.persist(
            *prepared,
            delayed(leftover_counts)(batches, dataset.farm, dataset.set_aside),
            delayed(list)(rows),
            **_scheduler(options),
        )
    facts, left, found = dask.compute(
        [delayed(without_rows)(one) for one in series], leftovers, kept, **_scheduler(options)
    )
    return Readings(
        prepared=dict(zip(names, series, strict=True)),
        facts=dict(zip(names, facts, strict=True)),
        leftovers=left,
        sources=source_table(found),
    )


def run_passes(
    readings: Readings,
    farm: Farm,
    period: tuple[int, int],
    segments: dict[str, pd.DataFrame],
    reanalysis: pd.DataFrame | None,
    options: RunOptions,
) -> Merged:
    """Run both passes over the period and return the merged sums.

    Parameters
    ----------
    readings : Readings
        From `read_all`.
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
    """
    edges = _edges(period, options.partition_days)
    pieces: list[tuple[Turbine, Delayed]] = []
    for turbine in farm.turbines:
        parts = delayed(cut, nout=len(edges) - 1)(readings.prepared[turbine.name], edges, period, farm)
        pieces += [(turbine, part) for part in parts]
    first = _run(options, "first pass", [delayed(first_pass)(part, turbine, farm) for turbine, part in pieces])
    robust, curves = _derive(first, farm)
    neighbours = delayed(Neighbours.of(first["fleet"], *period, farm.averaging_period_s * 1_000_000))
    site = delayed(reanalysis)
    contexts = {name: delayed(TurbineContext(robust[name], curves[name], segments.get(name))) for name in robust}
    second = _run(
        options,
        "second pass",
        [
            delayed(second_pass)(part, turbine, farm, contexts[turbine.name], neighbours, site)
            for turbine, part in pieces
        ],
    )
    stacked = pd.concat([table.assign(turbine=name) for name, table in robust.items()], ignore_index=True)
    return Merged(summary={**first, **second}, robust=stacked, curves=curves)


def _derive(first: Summary, farm: Farm) -> tuple[dict[str, pd.DataFrame], dict[str, ExpectedCurve | None]]:
    """Medians and expected-power curves: the steps between the passes that are not linear."""
    robust: dict[str, pd.DataFrame] = {}
    curves: dict[str, ExpectedCurve | None] = {}
    for turbine in farm.turbines:
        rated, settings = turbine.rated_power_kw, farm.power_curve
        bins = robust_bins(
            dense_histogram(first["histogram"], turbine.name),
            rated_power_kw=rated,
            cut_in=settings.cut_in,
            spread=farm.quality.inconsistent_spread,
        )
        robust[turbine.name] = bins
        curves[turbine.name] = (
            expected_curve(bins, rated_power_kw=rated, cut_in=settings.cut_in, cut_out=settings.cut_out)
            if len(bins)
            else None
        )
    return robust, curves


def _run(options: RunOptions, title: str, summaries: Sequence[Delayed]) -> Summary:
    level = list(summaries)
    while len(level) > 1:
        level = [delayed(merge)(level[i : i + _FAN_IN]) for i in range(0, len(level), _FAN_IN)]
    with _progress(options, title):
        (result,) = dask.compute(level[0], **_scheduler(options))
    merged: Summary = merge([result])
    return merged


def _edges(period: tuple[int, int], days: int) -> list[int]:
    start, end = period
    step = days * 86_400 * 1_000_000
    return [*range(start, end, step), end]


def _scheduler(options: RunOptions) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if options.scheduler is not None:
        chosen["scheduler"] = options.scheduler
    if options.workers is not None:
        chosen["num_workers"] = options.workers
    return chosen


def _progress(options: RunOptions, title: str) -> AbstractContextManager[object]:
    if not options.progress:
        return nullcontext()
    from dask.diagnostics.progress import ProgressBar

    sys.stderr.write(f"{title}\n")
    bar: Callable[..., AbstractContextManager[object]] = ProgressBar
    return bar(out=sys.stderr)
