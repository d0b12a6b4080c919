"""What a sweep computes: a scenario as a table, what is measured over which values in which chunks, and its name."""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import math
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gridforming.fixed_point import OperatingPoint
from gridforming.scenario import Scenario, load_scenario, scenario_of, with_values
from turbine.errors import SimulationError, WindformError

__all__ = ["Chunk", "Measure", "Plan", "Value", "content_of", "digest_of", "plan_of", "sources"]

Measure = Callable[[Scenario, OperatingPoint | None], Mapping[str, Any]]
Value = float | int | bool | str
Chunk = tuple[tuple[int, ...], int, int]  # place of the other keys, begin and end along the first

_LONGEST = 32  # most points of a line that are one chunk
_TRIES = 64  # loads that fail in the same way before a grid is given up


@dataclass(frozen=True)
class Plan:
    """What a worker needs to know: the scenario as a table, and what is measured over which values."""

    name: str
    where: str
    folder: Path
    table: Mapping[str, Any]
    keys: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]
    measure: Measure
    follow: bool

    @property
    def points(self) -> int:
        """How many."""
        return math.prod(len(values) for values in self.values)

    def scenario(self, place: Sequence[int]) -> Scenario:
        """Return the scenario at a place of the grid."""
        given = {key: values[k] for key, values, k in zip(self.keys, self.values, place, strict=True)}
        return scenario_of(
            with_values(self.table, given, f"{self.where}:"), name=self.name, where=self.where, folder=self.folder
        )

    def chunks(self) -> list[Chunk]:
        """Return lines along the first key, as place of the other keys, begin and end; long ones in parts."""
        count, *others = (len(values) for values in self.values)
        parts = math.ceil(count / (_LONGEST if self.follow else 1))
        edges = [count * k // parts for k in range(parts + 1)]
        return [
            (rest, begin, end)
            for rest in itertools.product(*(range(n) for n in others))
            for begin, end in itertools.pairwise(edges)
        ]

    def number(self, place: Sequence[int]) -> int:
        """Return the row of a place: the last key moves fastest."""
        row = 0
        for k, values in zip(place, self.values, strict=True):
            row = row * len(values) + k
        return row


def plan_of(
    source: str | Path,
    grid: Mapping[str, Sequence[Value]],
    values: Mapping[str, object],
    alternative: str,
    measure: Measure,
    follow: bool,
) -> Plan:
    """Return the plan of a sweep; parameters as of `sweep`.

    Raises
    ------
    WindformError
        An unknown key, or values that are none.
    """
    if not grid:
        raise SimulationError("grid: found no key, expected one at least with its values")
    found = {key: _values(key, given) for key, given in grid.items()}
    for key in found:
        if key in values:
            raise SimulationError(f"{key}: found in grid and in values, expected one of them")
    path = Path(source)
    base = _loads(source, found, values, alternative)
    return Plan(
        name=base.name,
        where=path.name,  # and no folder, that rows do not depend on
        folder=path.parent.resolve() if path.suffix == ".toml" else Path(),
        table=base.table,
        keys=tuple(found),
        values=tuple(found.values()),
        measure=measure,
        follow=follow,
    )


def _values(key: str, given: Sequence[Value]) -> tuple[Value, ...]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise SimulationError(f"grid: {key}: found {given!r}, expected a sequence of values")
    found = tuple(one.item() if hasattr(one, "item") else one for one in given)
    for one in found:
        if not isinstance(one, bool | int | float | str) or one != one:
            raise SimulationError(f"grid: {key}: found {one!r}, expected numbers, text or truth values")
    if not found or len(set(found)) < len(found):
        raise SimulationError(f"grid: {key}: found {list(found)}, expected one value at least and each once")
    return found


def _loads(
    source: str | Path, grid: Mapping[str, tuple[Value, ...]], values: Mapping[str, object], alternative: str
) -> Scenario:
    """Return the scenario of the first point that loads: a key that leads nowhere loads in none.

    Raises
    ------
    WindformError
        What the first one says, if none does.
    """
    first: WindformError | None = None
    reasons: set[str] = set()
    for k, point in enumerate(itertools.product(*grid.values())):
        try:
            return load_scenario(source, {**values, **dict(zip(grid, point, strict=True))}, alternative=alternative)
        except WindformError as error:
            first = first or error
            reasons.add(str(error))
            if k + 1 >= _TRIES and len(reasons) == 1:
                break
    assert first is not None
    raise first


def content_of(plan: Plan) -> dict[str, Any]:
    """Return what a sweep computes, in plain values: what its name is made of, and its description."""
    traces = [str(one.get("path")) for one in plan.table.get("trace", [])]
    paths = [plan.folder / name for name in traces]
    return {
        "scenario": plan.name,
        "table": {**plan.table},
        "grid": [[key, list(values)] for key, values in zip(plan.keys, plan.values, strict=True)],
        "files": {name: _hashed(path) for name, path in zip(traces, paths, strict=True) if path.is_file()},
        "measure": _measure_name(plan.measure),
        "follow": plan.follow,
        "versions": _versions(),
    }


def _measure_name(measure: Measure) -> str:
    name = f"{getattr(measure, '__module__', '')}.{getattr(measure, '__qualname__', type(measure).__qualname__)}"
    try:
        text = inspect.getsource(measure)
    except (OSError, TypeError):
        text = ""
    return f"{name} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


@cache
def _versions() -> dict[str, str]:
    """Return what the last digits of a result depend on."""
    names = ("windform", "numba", "numpy", "pandas", "pyarrow", "scipy")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "sources": sources(),
        **{name: version(name) for name in names},
    }


@cache
def sources() -> str:
    """Return a hash of the modules of the simulator, those that draw or parse commands left out."""
    above = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for package in ("gridforming", "turbine"):
        for path in sorted((above / package).glob("*.py")):
            if not path.stem.startswith(("cli", "plot")):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the hash of what a sweep computes."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
