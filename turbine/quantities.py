"""How people read the quantities of a run: name, unit and factor from the SI unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["SHOWN", "Shown", "shown"]


class Shown(NamedTuple):
    """What a quantity is called, the unit people read it in, and the factor to it from the SI unit."""

    name: str
    unit: str
    factor: float = 1.0


_RPM, _DEG = 30.0 / math.pi, 180.0 / math.pi

#: By the name of the channel (`turbine.step.CHANNELS`) or column.
SHOWN: Mapping[str, Shown] = MappingProxyType(
    {
        "wind_speed": Shown("wind speed", "m/s"),
        "wind_estimate": Shown("wind estimate", "m/s"),
        "rotor_speed": Shown("rotor speed", "rpm", _RPM),
        "generator_speed": Shown("generator speed", "rpm", _RPM),
        "pitch_angle": Shown("pitch angle", "deg", _DEG),
        "pitch_command": Shown("pitch command", "deg", _DEG),
        "generator_torque": Shown("generator torque", "kN m", 1e-3),
        "electrical_power": Shown("electrical power", "MW", 1e-6),
        "aero_torque": Shown("rotor torque", "kN m", 1e-3),
        "thrust": Shown("thrust", "kN", 1e-3),
        "shaft_torque": Shown("shaft torque", "kN m", 1e-3),
        "tower_fore_aft": Shown("tower top fore-aft", "m"),
        "tower_side_side": Shown("tower top side-side", "m"),
        "tower_base_fore_aft_moment": Shown("fore-aft moment", "MN m", 1e-6),
        "tower_base_side_side_moment": Shown("side-side moment", "MN m", 1e-6),
        "tower_acceleration": Shown("tower-top acceleration", "m/s2"),
        "azimuth": Shown("azimuth", "deg", _DEG),
        "cp": Shown("power coefficient", ""),
        "ct": Shown("thrust coefficient", ""),
        "tip_speed_ratio": Shown("tip-speed ratio", ""),
        "annual_energy": Shown("annual energy", "MWh"),
        "capacity_factor": Shown("capacity factor", "%", 100.0),
        "pitch_travel": Shown("pitch travel, mean", "deg/h", 3600.0 * _DEG),
        "lcoe": Shown("cost of energy", "currency/MWh"),
    }
)


def shown(name: str) -> Shown:
    """Return how people read a quantity; one that is not known stays as it is."""
    return SHOWN.get(name, Shown(name.replace("_", " "), ""))
