"""Names in the order that people put them, lists of them and ranges of figures as sentences have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["listed", "natural", "span"]

_MOST = 6


def natural(name: object) -> tuple[tuple[str | int, ...], str]:
    """Return a key for sorting by which "T2" comes before "T10"; two names never have the same."""
    text = str(name)
    key: list[str | int] = []
    for i, part in enumerate(re.split("([0-9]+)", text)):
        digits = part.lstrip("0")
        key += [len(digits), digits] if i % 2 else [part]  # a number however long
    return tuple(key), text


def listed(names: Iterable[object]) -> str:
    """Return names in order with commas; of more than six the first five and how many more."""
    ordered = sorted((str(name) for name in names), key=natural)
    return ", ".join(ordered) if len(ordered) <= _MOST else f"{', '.join(ordered[:5])} and {len(ordered) - 5} more"


def span(values: Iterable[float], digits: int, scale: float = 1.0) -> str:
    """Return the smallest and the largest of some figures ("0.98 to 1.03"), or one where they are written alike."""
    every = list(values)
    low, high = (f"{scale * value:,.{digits}f}" for value in (min(every), max(every)))
    return low if low == high else f"{low} to {high}"
