"""Median CPU time of a piece of work; what all benchmarks time with."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

RUNS = 5


def median_cpu_s(work: Callable[[], object], before: Callable[[], object] = lambda: None, *, runs: int = RUNS) -> float:
    """Return the median CPU time of a piece of work over all threads [s].

    One run more, which may compile, is not counted; nor is what comes before each.
    """
    times = []
    for _ in range(runs + 1):
        before()
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times[1:])
