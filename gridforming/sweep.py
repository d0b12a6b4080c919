"""Sweeps: scalars of a scenario over the product of their values, in parallel, and where stability ends.

>>> from gridforming.sweep import sweep
>>> grid = {"grid.mains.short_circuit_ratio": [1.5, 3.0], "converter.unit.control.pll_bandwidth_hz": [10.0, 40.0]}
>>> frame = sweep("following.toml", grid)  # doctest: +SKIP
>>> frame["stable"].tolist()  # doctest: +SKIP
[False, False, True, False]

Points are computed in lines along the first key, each from its neighbour's operating point. The lines depend on the
grid only: workers, order and interruptions change nothing. The only module of the package that knows Dask.
"""

from __future__ import annotations

import itertools
import math
import platform
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gridforming.critical import Border, Critical, TimeTest, critical
from gridforming.sweep_chunk import compute_chunk, modes_of, run_of
from gridforming.sweep_files import Row, Store
from gridforming.sweep_plan import Chunk, Measure, Plan, Value, content_of, digest_of, plan_of, sources
from turbine.cluster import PATIENCE_S, check_scheduler
from turbine.errors import SimulationError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Border", "Critical", "TimeTest", "critical", "modes_of", "run_of", "sweep", "tally"]

Progress = bool | Callable[[int, int], None]

_KEY = "sweep-chunk-"  # begins the keys of Dask's tasks


def sweep(
    source: str | Path,
    grid: Mapping[str, Sequence[Value]],
    *,
    measure: Literal["modes", "run"] | Measure = "modes",
    follow: bool | None = None,
    values: Mapping[str, object] | None = None,
    alternative: str = "",
    workers: int = 1,
    scheduler: str | None = None,
    out: Path | str | None = None,
    progress: Progress = False,
) -> pd.DataFrame:
    """Measure a scenario over the product of values of its scalars.

    Parameters
    ----------
    source : str or Path
        As of `load_scenario`.
    grid : mapping of str to sequence
        Values by dotted key. Points follow each other along the first key: let it be the one that moves the operating
        point most.
    measure : "modes", "run" or function
        What each point gives: `modes_of`, `run_of`, or a function of a scenario and its operating point that returns
        values by name. It is called with None where there is no operating point.
    follow : bool, optional
        Whether operating points are looked for; not with "run" unless given.
    values : mapping of str to value, optional
        Other values that take the place of the file's.
    alternative : str
        One of the file's own alternatives.
    workers : int
        Processes on this computer. A script that uses more than one needs `if __name__ == "__main__":`.
    scheduler : str, optional
        Address of a Dask scheduler, "tcp://host:8786", whose workers are used instead. They need this release, and the
        files that the scenario names.
    out : Path, optional
        Folder for the results. A sweep that was stopped goes on there; one that is finished is read.
    progress : bool or function
        A line on standard error, or what is called with points done and all points.

    Returns
    -------
    DataFrame
        A row for each point, the last key fastest: keys, `failed`, `exists` (with operating points), what was measured,
        `reason`. Failed points, and those without an operating point, say why.

    Raises
    ------
    WindformError
        Before anything runs: an unknown key, no values; no scheduler; results that cannot be written.
    """
    following = measure != "run" if follow is None else follow
    plan = plan_of(source, grid, values or {}, alternative, _measure(measure), following)
    chunks = plan.chunks()
    content = content_of(plan)
    store = Store(Path(out), f"sweep-{digest_of(content)[:16]}") if out is not None else None
    if store and store.table.exists():
        frame = _read(store.table)
        _told(progress, plan.points)(plan.points)
        return frame
    done = store.chunks() if store else {}
    if store:
        store.describe({"kind": "windform sweep", **content})
    tell = _told(progress, plan.points)
    count = sum(len(rows) for rows in done.values())
    tell(count)

    def take(number: int, rows: list[Row]) -> None:
        nonlocal count
        if store:
            store.append(number, rows)
        done[number] = rows
        count += len(rows)
        tell(count)

    _compute(plan, {k: chunk for k, chunk in enumerate(chunks) if k not in done}, workers, scheduler, take)
    frame = _frame(plan, chunks, done)
    if store:
        store.describe({"kind": "windform sweep", **content, **tally(frame)})
        store.finish(frame)
        frame = _read(store.table)
    return frame


def tally(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many rows a sweep has, how many are of use, and how many failed: the first is the others' sum."""
    failed = int(frame["failed"].sum())
    return {"rows": len(frame), "used": len(frame) - failed, "failed": failed}


def _measure(measure: str | Measure) -> Measure:
    if callable(measure):
        return measure
    if measure == "modes":
        return modes_of
    if measure != "run":
        raise SimulationError(f'measure: found {measure!r}, expected "modes", "run" or a function')
    import gridforming.metrics  # noqa: F401  so that a release without it says so once

    return run_of


# Who computes chunks.

_Take = Callable[[int, list[Row]], None]


def _compute(plan: Plan, todo: Mapping[int, Chunk], workers: int, scheduler: str | None, take: _Take) -> None:
    """Compute chunks, and hand on the number and the rows of each as it is finished."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise SimulationError(f"workers: found {workers!r}, expected a whole number of 1 or more")
    if not todo:
        return
    if scheduler is not None:
        _on_cluster(plan, todo, scheduler, take)
    elif workers == 1 or len(todo) < 2:
        for k, chunk in todo.items():
            take(k, compute_chunk(plan, chunk))
    else:
        _in_processes(plan, todo, workers, take)


def _in_processes(plan: Plan, todo: Mapping[int, Chunk], workers: int, take: _Take) -> None:
    from concurrent.futures.process import BrokenProcessPool

    from dask import compute, delayed
    from dask.callbacks import Callback

    one = delayed(_in_worker, traverse=False, pure=False)
    tasks = [one(plan, chunk, dask_key_name=f"{_KEY}{k}") for k, chunk in todo.items()]

    def after(key: Any, rows: Any, *_: Any) -> None:
        if isinstance(key, str) and key.startswith(_KEY):
            take(int(key.removeprefix(_KEY)), rows)

    try:
        with Callback(posttask=after):
            compute(*tasks, scheduler="processes", num_workers=min(workers, len(tasks)), chunksize=1)
    except BrokenProcessPool:
        raise SimulationError(
            "sweep: a worker ended before its work; a script that uses several needs its calls under "
            '`if __name__ == "__main__":`, and each worker about 300 MB of memory; with `out` what is finished stays'
        ) from None


def _in_worker(plan: Plan, chunk: Chunk) -> list[Row]:
    _end_with_parent()
    return compute_chunk(plan, chunk)


@cache
def _end_with_parent() -> None:
    """End this process when the one that started it has been killed: it would wait for work for ever."""
    import multiprocessing
    import os
    from threading import Thread

    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _on_cluster(plan: Plan, todo: Mapping[int, Chunk], scheduler: str, take: _Take) -> None:
    from distributed import Client, KilledWorker, as_completed

    check_scheduler(scheduler, SimulationError)
    with Client(scheduler, timeout=PATIENCE_S, set_as_default=False) as client:
        run, given = uuid.uuid4().hex, client.scatter(plan, hash=False)
        futures = {
            client.submit(_remote, given, chunk, sources(), key=f"{_KEY}{run}-{k}", pure=False): k
            for k, chunk in todo.items()
        }
        try:
            for future, rows in as_completed(list(futures), with_results=True, loop=client.loop):
                take(futures[future], rows)
        except KilledWorker as error:
            raise SimulationError(f"scheduler {scheduler}: {error}; with `out` what is finished stays") from None


def _remote(plan: Plan, chunk: Chunk, expected: str) -> list[Row]:
    if sources() != expected:
        raise SimulationError(
            f"worker {platform.node()}: has another release of this package ({version('windform')}, sources "
            f"{sources()}), expected {expected}"
        )
    return compute_chunk(plan, chunk)


# What comes out.


def _frame(plan: Plan, chunks: Sequence[Chunk], done: Mapping[int, list[Row]]) -> pd.DataFrame:
    """Return all rows in the grid's order: text, numbers and truth values by column."""
    import pandas as pd

    rows: list[Row] = [{}] * plan.points
    for number, found in done.items():
        rest, begin, _ = chunks[number]
        for k, row in enumerate(found, start=begin):
            rows[plan.number((k, *rest))] = row
    names = dict.fromkeys(name for row in rows for name in row)
    places = list(itertools.product(*plan.values))
    columns: dict[str, Any] = {key: [place[k] for place in places] for k, key in enumerate(plan.keys)}
    measured = [name for name in names if name not in ("failed", "exists", "reason")]
    for name in ("failed", *(["exists"] if plan.follow else []), *measured, "reason"):
        columns[name] = _column([row.get(name) for row in rows], missing=name != "failed")
    return pd.DataFrame(columns)


def _column(values: list[Any], *, missing: bool) -> Any:
    """Return values as a column: truth values, which may be missing, numbers or text."""
    import pandas as pd

    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there):
        return pd.array(values, dtype="boolean" if missing else "bool")
    if all(isinstance(value, int | float) for value in there):
        return pd.array([math.nan if value is None else float(value) for value in values], dtype="float64")
    return pd.array([None if value is None else str(value) for value in values], dtype="str")


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path)


def _told(progress: Progress, total: int) -> Callable[[int], None]:
    """Return what is told the number of points that are done."""
    if progress is False:
        return lambda done: None
    if progress is not True:
        return lambda done: progress(done, total)

    def written(done: int) -> None:
        sys.stderr.write(f"\rsweep: {done} of {total} points" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return written
