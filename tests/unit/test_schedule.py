"""Where the work is done."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import dask
import pytest
from dask.delayed import delayed

from fleet.schedule import RunOptions, compute


def _thread() -> str:
    return threading.current_thread().name


def _names(options: RunOptions) -> set[str]:
    return set(compute(options, "names", [delayed(_thread, pure=False)() for _ in range(4)]))


def test_threads_are_our_own_and_end_with_the_work() -> None:
    names = _names(RunOptions())
    assert all(name.startswith("ThreadPoolExecutor") for name in names)
    assert not names & {thread.name for thread in threading.enumerate()}
    assert len(_names(RunOptions(scheduler="threads", workers=1))) == 1


def test_synchronous_is_this_thread() -> None:
    assert _names(RunOptions(scheduler="synchronous")) == {threading.current_thread().name}


def test_a_configured_scheduler_is_used() -> None:
    asked = []

    def scheduler(graph: Any, keys: Sequence[Any], **options: Any) -> Any:
        asked.append(len(keys))
        return dask.get(graph, keys)

    given: Callable[..., Any] = scheduler
    with dask.config.set(scheduler=given):
        assert _names(RunOptions()) == {threading.current_thread().name}
    assert asked == [4]


def test_a_client_that_is_there_is_used() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None):
        (name,) = _names(RunOptions())
    assert "Dask-Default-Threads" in name


def test_threads_do_without_the_distributed_half_of_dask() -> None:
    code = (
        "import sys; from dask.delayed import delayed; from fleet.schedule import RunOptions, compute;"
        "assert compute(RunOptions(), '', [delayed(abs)(-1)]) == [1]; assert 'distributed' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
