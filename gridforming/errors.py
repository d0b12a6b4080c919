"""Errors of the electrical side, under the common base of the product."""

from __future__ import annotations

from turbine.errors import WindformError

__all__ = ["ConverterError", "InitialisationError", "NetworkError", "SmallSignalError"]


class NetworkError(WindformError):
    """A network cannot be built, or a switch does not exist."""


class ConverterError(WindformError):
    """A converter or its control cannot be built."""


class InitialisationError(WindformError):
    """No operating point, or states that do not stand still at it."""


class SmallSignalError(WindformError):
    """A linear model cannot be made at a point."""
