"""Dask clusters: a scheduler's address, checked before a client tries it, and processes that leave Ctrl-C to us."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

from turbine.errors import WindformError

__all__ = ["PATIENCE_S", "check_scheduler", "interrupts_held"]

PATIENCE_S = 10.0  #: how long an answer is waited for


def check_scheduler(scheduler: str, error: type[WindformError]) -> None:
    """Refuse an address that nothing answers at; a client of Dask's takes long to give up, and is loud.

    Parameters
    ----------
    scheduler : str
        Such as tcp://host:8786.
    error : type of WindformError
        What is raised.
    """
    import socket

    scheme, _, place = scheduler.partition("://")
    host, _, port = place.rpartition(":")
    if scheme != "tcp" or not host or not port.isdecimal():
        raise error(f"scheduler: found {scheduler!r}, expected an address such as tcp://host:8786")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE_S).close()
    except (OSError, OverflowError) as problem:
        raise error(
            f"scheduler {scheduler}: cannot be reached ({problem}), expected the address of a Dask scheduler"
        ) from None


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while threads and processes are started, which then never see it; afterwards it is delivered.

    A terminal sends it to every process of a command. Workers would each end with a traceback in the middle of their
    work; the process that started them ends them in order. Threads and processes inherit the mask of signals, also
    those that are started later by a thread that was started here. Threads that were there before, as those of numeric
    libraries, still take the signal: in the main thread it is noted, and raised at the end.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started later, it would let the signal through again in its thread
    noted: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number)) if main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if main:
            signal.signal(signal.SIGINT, handler)
            if noted:
                signal.raise_signal(signal.SIGINT)
