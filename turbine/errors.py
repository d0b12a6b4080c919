"""The common base of every error that the product raises for a user's mistake."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "EnergyError",
    "LinearError",
    "LoadError",
    "MachineError",
    "ParameterError",
    "PowerCurveError",
    "SimulationError",
    "TrimError",
    "WindError",
    "WindformError",
    "nearest",
    "nearest_word",
]


class WindformError(Exception):
    """A problem the user can mend: the message says where, what was found and what was expected."""


class MachineError(WindformError):
    """A machine, its rotor surface or a file that describes it cannot be used."""


class WindError(WindformError):
    """A wind series or a wind model cannot be made of what was given."""


class LoadError(WindformError):
    """A load series or a load case cannot be evaluated."""


class EnergyError(WindformError):
    """An energy figure cannot be made of what was given."""


class PowerCurveError(MachineError, EnergyError):
    """A power curve cannot be used, neither as a machine's nor for an energy figure."""


class TrimError(WindformError):
    """A machine finds no steady state where one was asked for."""


class LinearError(WindformError):
    """A linear model cannot be made at a point, or is asked for what it does not have."""


class SimulationError(WindformError):
    """A run cannot be made, or left the numbers: with the machine and the time."""


class ParameterError(WindformError):
    """A parameter is out of range."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the nearest known word, or an empty string."""
    match = nearest_word(word, known)
    return f' (did you mean "{match}"?)' if match else ""


def nearest_word(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word, an empty string where none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")
