"""Verdicts on a run: figures of its metrics beside what a standard or a closed form expects of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from turbine.errors import SimulationError, nearest

__all__ = ["Criterion", "verdicts"]


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """What is expected of one figure.

    Parameters
    ----------
    title : str
        What is judged, with its source.
    of : str
        Dotted key of the metrics, such as `buses.pcc.voltage_lowest_pu`; of a list, how many it holds.
    above, below : float, optional
        Bounds, themselves allowed.
    reference : float, optional
        Value of a closed form, shown beside the figure.
    """

    title: str
    of: str
    above: float | None = None
    below: float | None = None
    reference: float | None = None

    def __post_init__(self) -> None:
        low = -math.inf if self.above is None else self.above
        high = math.inf if self.below is None else self.below
        if not low <= high or (self.above is None and self.below is None):
            raise SimulationError(
                f'verdict "{self.title}": expected above, below or both, the first not beyond the other'
            )

    @property
    def expected(self) -> str:
        """The bounds in words."""
        bounds = [f"at least {self.above:g}"] if self.above is not None else []
        return " and ".join(bounds + ([f"at most {self.below:g}"] if self.below is not None else []))


def verdicts(criteria: Iterable[Criterion], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each criterion finds and whether it holds; a figure that is missing never does.

    Raises
    ------
    SimulationError
        A key that the metrics do not have, with the nearest that they do.
    """
    made = []
    for criterion in criteria:
        value = _figure(found, criterion)
        low = -math.inf if criterion.above is None else criterion.above
        high = math.inf if criterion.below is None else criterion.below
        made.append(
            {
                "title": criterion.title,
                "of": criterion.of,
                "found": value,
                "expected": criterion.expected,
                "reference": criterion.reference,
                "holds": value is not None and low <= value <= high,
            }
        )
    return made


def _figure(found: Mapping[str, Any], criterion: Criterion) -> float | None:
    at: Any = found
    for part in criterion.of.split("."):
        if not isinstance(at, Mapping) or part not in at:
            known = list(at) if isinstance(at, Mapping) else []
            raise SimulationError(
                f'verdict "{criterion.title}": no "{part}" in {criterion.of}{nearest(part, known)}; '
                f"known: {', '.join(known) or 'nothing below a figure'}"
            )
        at = at[part]
    if isinstance(at, list):
        return float(len(at))
    if at is None or isinstance(at, int | float):
        return None if at is None else float(at)
    raise SimulationError(f'verdict "{criterion.title}": {criterion.of} is no figure')
