"""Where the turbines stand: a square grid that grows in shells, so that a place does not depend on their number."""

from __future__ import annotations

import math

__all__ = ["coordinates", "position"]

_METRES_PER_DEGREE = 111_195.0  #: of latitude, on a sphere of 6371 km


def position(turbine: int, spacing: float) -> tuple[float, float]:
    """Return the place of a turbine, counted from 0, east and north of the first one [m].

    Shell n holds the turbines n^2 to (n + 1)^2 - 1: up its eastern side, then back along its northern one.
    """
    shell = math.isqrt(turbine)
    along = turbine - shell * shell
    column, row = (shell, along) if along <= shell else (2 * shell - along, shell)
    return column * spacing, row * spacing


def coordinates(turbine: int, spacing: float, latitude: float, longitude: float) -> tuple[float, float]:
    """Return latitude and longitude of a turbine [deg], with those of the first one given."""
    east, north = position(turbine, spacing)
    scale = _METRES_PER_DEGREE * math.cos(math.radians(latitude))
    return round(latitude + north / _METRES_PER_DEGREE, 6), round(longitude + east / scale, 6)
