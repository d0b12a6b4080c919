"""Errors of the fleet pipeline: each names the file, row, column or key, what was found and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from turbine.errors import WindformError

__all__ = ["ConfigError", "FleetError", "InputError", "OutputError", "nearest"]


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
    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{match[0]}"?)' if match else ""
