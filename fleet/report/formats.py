"""How figures are written for people: thousands, digits, units, and what stands where there is no figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

__all__ = [
    "NOT_DETERMINABLE",
    "names_of",
    "number",
    "percent",
    "program_version",
    "quantity",
    "sentence",
    "stamp",
    "text",
]

NOT_DETERMINABLE = "n/d"  #: stands where a figure cannot be determined; the reason stands beside the table
_MINUS = "\u2212"


def number(value: Any, digits: int = 0) -> str:
    """Return a figure with thousands separators, or "n/d".

    Parameters
    ----------
    value : float, int or missing
        The figure; NaN, None and NA are missing, infinity is written as such.
    digits : int
        Decimals.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return NOT_DETERMINABLE
    if math.isinf(float(value)):
        return "infinite" if value > 0 else f"{_MINUS}infinite"
    written = f"{float(value):,.{digits}f}" if digits or isinstance(value, float) else f"{int(value):,}"
    if not any(digit in written for digit in "123456789"):
        written = written.lstrip("-")  # no "-0.0"
    return written.replace("-", _MINUS)


def percent(value: Any, digits: int = 1) -> str:
    """Return a fraction of 1 as a percentage without its sign, or "n/d"."""
    missing = value is None or value is pd.NA
    return number(value if missing else 100.0 * float(value), digits)


def quantity(value: Any, unit: str, digits: int = 0, reason: str = "") -> str:
    """Return a figure with its unit; where it is missing "n/d" and the reason.

    Parameters
    ----------
    value : float, int or missing
        The figure, in `unit`.
    unit : str
        Written after the figure; "%" multiplies a fraction by 100.
    digits : int
        Decimals.
    reason : str
        Why the figure may be missing.
    """
    written = percent(value, digits) if unit == "%" else number(value, digits)
    if written == NOT_DETERMINABLE:
        return f"{written} ({reason})" if reason else written
    return f"{written} {unit}".rstrip()


def stamp(value: Any, *, seconds: bool = False) -> str:
    """Return a UTC time stamp as "2014-01-31 23:50", or "n/d"."""
    if value is None or pd.isna(value):
        return NOT_DETERMINABLE
    return pd.Timestamp(value).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def text(value: Any) -> str:
    """Return a cell of text; missing text is empty."""
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def sentence(words: str) -> str:
    """Return words as a sentence: with a capital letter and a full stop."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '!', '?')) else '.'}" if words else ""


def names_of(names: Sequence[object], most: int = 6) -> str:
    """Return names as a list in words; beyond `most` the number of the others."""
    listed = [str(name) for name in names]
    return (
        ", ".join(listed)
        if len(listed) <= most
        else f"{', '.join(listed[: most - 1])} and {len(listed) - most + 1} more"
    )


def program_version() -> str:
    """Return the installed version of windform; "unknown" where it runs without being installed."""
    try:
        return version("windform")
    except PackageNotFoundError:
        return "unknown"
