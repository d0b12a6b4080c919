"""One validation case: a figure of the product beside one of others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["COUNT", "LAST_DIGIT", "ROUNDING", "Case"]

COUNT = "a count"
LAST_DIGIT = "half a unit of the reference's last digit"
ROUNDING = "rounding in double precision"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One figure of the product beside one of others."""

    case: str  #: the data and the settings; cases of the same name share one run
    source: str  #: where the reference comes from
    quantity: str
    unit: str
    reference: float
    digits: int = 0  #: decimals of the reference
    tolerance: float | None  #: largest absolute error that passes [unit]; None: the difference is reported, not judged
    reason: str  #: why the tolerance is what it is
    compute: Callable[[], float]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.reference) and self.reason and (self.tolerance is None or self.tolerance >= 0)):
            raise ValueError(f"{self.case}, {self.quantity}: needs a finite reference, a tolerance and its reason")

    def passes(self, ours: float) -> bool:
        """Return whether a figure is within the tolerance; one that is not a number never is."""
        return math.isfinite(ours) and (self.tolerance is None or abs(ours - self.reference) <= self.tolerance)
