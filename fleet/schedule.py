"""Where the work is done: threads of this process, worker processes of this machine, or a cluster."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask
from dask.delayed import Delayed
from dask.local import get_sync
from dask.system import CPU_COUNT

from fleet.errors import ConfigError, RunError
from fleet.memory import give_back
from fleet.store import Store, default_cache, unwritable
from turbine.cluster import PATIENCE_S, check_scheduler, interrupts_held

if TYPE_CHECKING:
    from distributed import LocalCluster

__all__ = ["RunOptions", "cache_of", "compute", "workers_of"]

_LOCAL = ("threads", "synchronous")  #: schedulers in this process
_LARGEST_GRAPH = "1GB"  #: beyond it Dask warns of what is sent to the scheduler


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


@contextmanager
def cache_of(options: RunOptions) -> Iterator[Store]:
    """Give the cache of converted data; one that is not to be kept is a temporary folder.

    Raises
    ------
    OutputError
        If there can be no temporary folder.
    """
    if options.keep:
        yield Store(options.cache or default_cache())
        return
    try:
        temporary = tempfile.TemporaryDirectory(prefix="windform-", dir=options.cache)
    except OSError as error:
        raise unwritable(options.cache or Path(tempfile.gettempdir()), error) from error
    with temporary as folder:
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
    from distributed import Client

    # What passes the threshold are data that every task needs. Scattered, they would be lost with a worker that dies.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGEST_GRAPH}):
        if options.scheduler is not None:
            check_scheduler(options.scheduler, ConfigError)
            with Client(options.scheduler, timeout=PATIENCE_S, set_as_default=True):
                yield options
            return
        with _processes(options.workers) as local, Client(local, set_as_default=True):
            yield options


@contextmanager
def _processes(workers: int | None) -> Iterator[LocalCluster]:
    """Start worker processes whose files go with them and which an interruption of the command ends, not interrupts."""
    from distributed import LocalCluster

    with ExitStack() as stack:
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="windform-workers-", ignore_cleanup_errors=True)
        )
        with interrupts_held(), dask.config.set({"temporary-directory": scratch}):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",  # any free port: two runs on one machine do not meet
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,  # what fails is raised here; what an interruption cuts off is no news
            )
            stack.enter_context(cluster)
        yield cluster


def compute(options: RunOptions, title: str, tasks: Sequence[Delayed]) -> list[Any]:
    """Compute tasks, with a progress bar where it is wanted.

    Raises
    ------
    RunError
        If workers died at one task again and again.
    """
    if options.scheduler == "synchronous":
        with _bar(options, title):
            return list(dask.compute(*tasks, scheduler=get_sync))
    unasked = options.scheduler is None and options.workers is None
    if options.scheduler == "threads" or (unasked and not _scheduled()):
        with _bar(options, title), _threads(options.workers) as pool:
            return list(dask.compute(*tasks, scheduler=pool))
    if unasked:
        with _bar(options, title):
            return list(dask.compute(*tasks))
    from distributed import KilledWorker, get_client

    futures = get_client().compute(list(tasks))
    try:
        if options.progress:
            _count(title, futures)
        return [future.result() for future in futures]
    except KilledWorker as error:
        raise RunError(
            f"{title}: workers died again and again at one task ({error.last_worker.address} last); they may lack "
            "memory: take fewer of them (--workers)"
        ) from None


def _scheduled() -> bool:
    """Return whether there is a scheduler: a configured one, or the client that a notebook has.

    Dask would import its distributed half to know: 0.13 s and 14 MB.
    """
    if dask.config.get("scheduler", None):
        return True
    distributed = sys.modules.get("distributed")
    with suppress(ValueError):  # no client
        return distributed is not None and distributed.get_client() is not None
    return False


@contextmanager
def _threads(number: int | None) -> Iterator[ThreadPoolExecutor]:
    """Give threads that end with the block: of a graph that fails none goes on to write files."""
    try:
        with ThreadPoolExecutor(number or dask.config.get("num_workers", None) or CPU_COUNT) as pool:
            yield pool
    finally:
        give_back()


def _bar(options: RunOptions, title: str) -> AbstractContextManager[object]:
    if not options.progress:
        return nullcontext()
    from dask.diagnostics.progress import ProgressBar

    sys.stderr.write(f"{title}\n")
    bar: Callable[..., AbstractContextManager[object]] = ProgressBar
    return bar(out=sys.stderr)


def _count(title: str, futures: Sequence[Any]) -> None:
    """Say on one line how many tasks of workers are done."""
    from distributed import as_completed

    for done, _ in enumerate(as_completed(futures, raise_errors=False), 1):
        sys.stderr.write(f"\r{title}: {done} of {len(futures)}")
        sys.stderr.flush()
    sys.stderr.write("\n")
