"""The points of one chunk of a sweep: their scenarios, their operating points along a line, and what is measured."""

from __future__ import annotations

import ctypes
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from gridforming.continuation import Found, follow_line
from gridforming.fixed_point import OperatingPoint
from gridforming.scenario import Scenario, run_scenario
from gridforming.sweep_files import Row, plain
from gridforming.sweep_plan import Chunk, Plan
from turbine.errors import WindformError

__all__ = ["compute_chunk", "modes_of", "run_of"]


def modes_of(scenario: Scenario, point: OperatingPoint | None) -> dict[str, Any]:
    """Return whether a scenario is stable at its operating point, and its worst modes.

    Returns
    -------
    dict
        `stable`; `largest_real_part` [1/s] over all modes but delays and an island's rotation; `damping` [-],
        `frequency_hz` and `mode`, the state that leads it, of the mode whose damping ratio is least.
    """
    from gridforming.linear import linearise

    none = {"largest_real_part": math.nan, "damping": math.nan, "frequency_hz": math.nan, "mode": "", "notes": ""}
    if point is None:
        return {"stable": False, **none}
    modes = linearise(point).modes(physical=False)
    moving = [m for m in modes if m.label not in ("rotation", "delay")]
    worst = min((m for m in moving if not m.label), key=lambda m: m.damping, default=None)
    return {
        "stable": all(abs(m.z) < 1.0 for m in modes if m.label != "rotation"),
        "largest_real_part": max((m.s.real for m in moving), default=math.nan),
        "damping": worst.damping if worst else math.nan,
        "frequency_hz": worst.frequency_hz if worst else math.nan,
        "mode": next(iter(worst.participation), "") if worst else "",
        "notes": "; ".join(point.notes),
    }


def run_of(scenario: Scenario, point: OperatingPoint | None = None) -> dict[str, Any]:
    """Return the metrics of a scenario's run from its `metrics_since` on."""
    from gridforming.metrics import metrics

    return metrics(run_scenario(scenario), since=scenario.run.metrics_since)


def compute_chunk(plan: Plan, chunk: Chunk) -> list[Row]:
    """Return the rows of a chunk.

    A part of a line begins and ends with a neighbour of the next part, so that it is followed into as well.
    """
    rest, begin, end = chunk
    first, last = (max(begin - 1, 0), min(end + 1, len(plan.values[0]))) if plan.follow else (begin, end)
    scenarios: list[Scenario | None] = []
    reasons: list[str] = []
    for k in range(first, last):
        made, reason = _tried(lambda k=k: plan.scenario((k, *rest)))  # type: ignore[misc]
        scenarios.append(made)
        reasons.append(reason)
    found = [Found(None)] * len(scenarios)
    with _one_thread():
        if plan.follow:
            systems = [s.system if s else None for s in scenarios]
            found = follow_line(systems, [s.run.time_step if s else None for s in scenarios])
        rows = zip(scenarios, found, reasons, strict=True)
        return [_row(plan, *one) for one in itertools.islice(rows, begin - first, end - first)]


def _row(plan: Plan, scenario: Scenario | None, found: Found, reason: str) -> Row:
    if scenario is None or found.failed:
        return {"failed": True, "reason": reason or found.reason}
    exists = {"exists": found.point is not None} if plan.follow else {}
    values, reason = _tried(lambda: plain(plan.measure(scenario, found.point)))
    if values is None:
        return {"failed": True, **exists, "reason": reason}
    return {"failed": False, **exists, **values, "reason": found.reason}


def _tried(function: Callable[[], Any]) -> tuple[Any, str]:
    """Return what a function returns, or None and why: one point costs no other."""
    try:
        return function(), ""
    except WindformError as error:
        return None, str(error)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let linear algebra take one thread: workers are enough, and sums of many threads end in other digits.

    Of the OpenBLAS that comes with NumPy and SciPy; others follow their environment's variables.
    """
    changed = []
    for library, end in _blas():
        count = getattr(library, f"scipy_openblas_get_num_threads{end}")()
        setting = getattr(library, f"scipy_openblas_set_num_threads{end}")
        setting(1)
        changed.append((setting, count))
    try:
        yield
    finally:
        for setting, count in changed:
            setting(count)


@cache
def _blas() -> tuple[tuple[Any, str], ...]:
    import numpy as np
    import scipy.linalg  # loads its library

    found = []
    for package in (np, scipy):
        above = Path(str(package.__file__)).parent.parent
        for path in sorted(above.glob(f"{package.__name__}.libs/*openblas*")):
            library = ctypes.CDLL(str(path))
            ends = [end for end in ("64_", "") if hasattr(library, f"scipy_openblas_set_num_threads{end}")]
            found += [(library, end) for end in ends[:1]]
    return tuple(found)
