"""Errors of the fleet pipeline: each names the file, row, column or key, what was found and what was expected."""

from __future__ import annotations

from turbine.errors import WindformError, nearest, nearest_word

__all__ = [
    "ConfigError",
    "FleetError",
    "InputError",
    "OutputError",
    "RunError",
    "WindformError",
    "nearest",
    "nearest_word",
]


class FleetError(WindformError):
    """Base of the fleet's errors.

    Parameters
    ----------
    text : str
        What is wrong and where; `text` afterwards.
    advice : str
        A command that helps where this one ran; pages, which are read elsewhere, leave it out.
    """

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(f"{text}; {advice}" if advice else text)
        self.text = text


class ConfigError(FleetError):
    """`farm.toml` or an option is wrong."""


class InputError(FleetError):
    """A data file cannot be used."""


class RunError(FleetError):
    """The work on every turbine failed, for reasons that are not the data's."""


class OutputError(FleetError):
    """A result cannot be written."""
