"""Readers of others' machine files: ROSCO rotor tables and windIO turbines."""

from __future__ import annotations

from turbine.readers.rosco import read_rosco_surface
from turbine.readers.windio import read_windio

__all__ = ["read_rosco_surface", "read_windio"]
