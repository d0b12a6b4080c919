"""Errors of the fleet pipeline: each names the file, row, column or key, what was found and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from turbine.errors import WindformError

__all__ = ["ConfigError", "FleetError", "InputError", "OutputError", "nearest", "nearest_word"]


class FleetError(WindformError):
    """Base of the fleet's errors."""


class ConfigError(FleetError):
    """`farm.toml` or an option is wrong."""


class InputError(FleetError):
    """A data file cannot be used."""


class OutputError(FleetError):
    """A result cannot be written."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the nearest known word, or an empty string."""
    match = nearest_word(word, known)
    return f' (did you mean "{match}"?)' if match else ""


def nearest_word(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word, an empty string where none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")
