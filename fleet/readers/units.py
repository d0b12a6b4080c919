"""Units that exports use, converted to the schema's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fleet.errors import ConfigError, nearest
from fleet.schema import SIGNALS

__all__ = ["converter", "known_units"]

Values = npt.NDArray[np.float64]
_DEG = 180.0 / np.pi
_RPM = 30.0 / np.pi

#: Canonical unit -> unit of the export -> (factor, offset): value = factor * x + offset.
_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "kW": {"kW": (1.0, 0.0), "W": (1e-3, 0.0), "MW": (1e3, 0.0)},
    "m/s": {
        "m/s": (1.0, 0.0),
        "km/h": (1.0 / 3.6, 0.0),
        "mph": (0.44704, 0.0),
        "kn": (1852.0 / 3600.0, 0.0),
    },
    "degC": {"degC": (1.0, 0.0), "°C": (1.0, 0.0), "K": (1.0, -273.15), "degF": (5.0 / 9.0, -160.0 / 9.0)},
    "deg": {"deg": (1.0, 0.0), "°": (1.0, 0.0), "rad": (_DEG, 0.0)},
    "1/min": {"1/min": (1.0, 0.0), "rpm": (1.0, 0.0), "RPM": (1.0, 0.0), "rad/s": (_RPM, 0.0)},
    "Pa": {"Pa": (1.0, 0.0), "hPa": (100.0, 0.0), "mbar": (100.0, 0.0), "kPa": (1e3, 0.0), "bar": (1e5, 0.0)},
    "1": {"1": (1.0, 0.0), "%": (0.01, 0.0)},
    "Hz": {"Hz": (1.0, 0.0)},
}


def known_units(column: str) -> tuple[str, ...]:
    """Return the units that can be converted to a canonical signal's."""
    return tuple(_UNITS[next(signal.unit for signal in SIGNALS if signal.name == column)])


def converter(column: str, unit: str, where: str) -> Callable[[Values], Values] | None:
    """Return the function that converts a signal to its canonical unit.

    Parameters
    ----------
    column : str
        Canonical signal.
    unit : str
        Unit in the file; empty: the canonical one.
    where : str
        Origin of the unit, for the message.

    Returns
    -------
    callable or None
        None where nothing is to be converted.

    Raises
    ------
    ConfigError
        If the unit is not known for that signal; with those that are.
    """
    table = _UNITS[next(signal.unit for signal in SIGNALS if signal.name == column)]
    if unit and unit not in table:
        raise ConfigError(
            f'{where}: unit "{unit}" of {column} is not known{nearest(unit, table)}; known: {", ".join(table)}'
        )
    factor, offset = table[unit] if unit else (1.0, 0.0)
    if (factor, offset) == (1.0, 0.0):
        return None
    return lambda values: values * factor + offset
