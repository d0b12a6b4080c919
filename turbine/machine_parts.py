"""The parts of a machine: frozen groups of values, each with unit and allowed range.

Names, units and ranges stand in the fields below and nowhere else: machine files are checked against them. An unknown
value is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar

from turbine.checks import ascending, check_range
from turbine.errors import MachineError

__all__ = [
    "GROUPS",
    "Controller",
    "DriveTrain",
    "Generator",
    "Group",
    "Operation",
    "PitchActuator",
    "Rotor",
    "Tower",
    "known_keys",
]


def _value(unit: str, low: float = -math.inf, high: float = math.inf, *, above: bool = False, hint: str = "") -> Any:
    """Return a field that may be absent, with unit and allowed range."""
    return field(default=None, metadata={"unit": unit, "low": low, "high": high, "above": above, "hint": hint})


def _positive(unit: str, high: float = math.inf, hint: str = "") -> Any:
    return _value(unit, 0.0, high, above=True, hint=hint)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Base of the groups: checks on construction that every value given is a finite number in its range."""

    KEY: ClassVar[str] = ""  #: name of the group in machine files

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if value is None:
                continue
            limits, name = spec.metadata, f"{self.KEY}.{spec.name}"
            many = isinstance(value, (list, tuple))
            if many != ("tuple" in str(spec.type)):
                expected = "a list of numbers" if not many else "one number"
                raise MachineError(f"{name}: expected {expected}, found {value!r}")
            for number in value if many else [value]:
                if isinstance(number, bool) or not isinstance(number, (int, float)):
                    raise MachineError(f"{name}: expected a number [{limits['unit']}], found {number!r}")
                check_range(
                    name,
                    number,
                    limits["low"],
                    limits["high"],
                    above=limits["above"],
                    unit="" if limits["unit"] == "1" else limits["unit"],
                    hint=limits["hint"],
                    error=MachineError,
                )
            object.__setattr__(self, spec.name, tuple(map(float, value)) if many else float(value))


@dataclass(frozen=True, kw_only=True)
class Rotor(Group):
    """Rotor with hub, about the shaft."""

    KEY: ClassVar[str] = "rotor"
    radius: float | None = _positive("m", 200.0)  #: radius that the surface refers to [m]
    hub_radius: float | None = _positive("m", 20.0)  #: [m]
    blade_count: float | None = _value("1", 1, 6)  #: [-]
    blade_length: float | None = _positive("m", 200.0)  #: [m]
    blade_mass: float | None = _positive("kg")  #: one blade [kg]
    hub_mass: float | None = _positive("kg")  #: [kg]
    hub_inertia: float | None = _positive("kg m2")  #: [kg m2]
    inertia: float | None = _positive("kg m2")  #: blades and hub [kg m2]
    precone: float | None = _value("rad", -0.5, 0.5, hint="were degrees given?")  #: negative: upwind [rad]
    tilt: float | None = _value("rad", -0.5, 0.5, hint="were degrees given?")  #: negative: nose up [rad]
    overhang: float | None = _value("m", -30.0, 30.0)  #: negative: upwind of the tower [m]
    flap_frequency: float | None = _positive("rad/s")  #: first flapwise mode of a blade [rad/s]
    edge_frequency: float | None = _positive("rad/s")  #: first edgewise mode of a blade [rad/s]


@dataclass(frozen=True, kw_only=True)
class DriveTrain(Group):
    """Shaft and gearbox; stiffness and damping are those of the slow side."""

    KEY: ClassVar[str] = "drive_train"
    gear_ratio: float | None = _value("1", 1.0, 500.0)  #: generator speed over rotor speed [-]
    gearbox_efficiency: float | None = _value("1", 0.5, 1.0, hint="was percent given?")  #: [-]
    shaft_stiffness: float | None = _positive("N m/rad")  #: of the shaft alone [N m/rad]
    shaft_damping: float | None = _value("N m s/rad", 0.0)  #: of the shaft alone [N m s/rad]
    effective_shaft_stiffness: float | None = _positive("N m/rad")  #: with the blades' flexibility [N m/rad]
    effective_damping_ratio: float | None = _value("1", 0.0, 1.0)  #: of the free-free mode with it [-]
    brake_torque: float | None = _positive("N m")  #: rotor brake, on the generator's side [N m]


@dataclass(frozen=True, kw_only=True)
class Generator(Group):
    """Generator, on its own side of the gearbox."""

    KEY: ClassVar[str] = "generator"
    rated_power: float | None = _positive("W")  #: electrical [W]
    rated_torque: float | None = _positive("N m")  #: air-gap torque at rated power [N m]
    max_torque: float | None = _positive("N m")  #: [N m]
    max_torque_rate: float | None = _positive("N m/s")  #: [N m/s]
    efficiency: float | None = _value("1", 0.5, 1.0, hint="was percent given?")  #: electrical over air-gap power [-]
    inertia: float | None = _positive("kg m2")  #: [kg m2]


@dataclass(frozen=True, kw_only=True)
class PitchActuator(Group):
    """Pitch actuator of second order with limits."""

    KEY: ClassVar[str] = "pitch_actuator"
    natural_frequency: float | None = _positive("rad/s")  #: [rad/s]
    damping_ratio: float | None = _positive("1", 5.0)  #: [-]
    max_rate: float | None = _positive("rad/s", 1.0, hint="were degrees given?")  #: [rad/s]
    min_angle: float | None = _value("rad", -1.0, 1.0, hint="were degrees given?")  #: [rad]
    max_angle: float | None = _value("rad", 0.0, 2.0, hint="were degrees given?")  #: [rad]


@dataclass(frozen=True, kw_only=True)
class Tower(Group):
    """Tower with nacelle: geometry and first modes."""

    KEY: ClassVar[str] = "tower"
    height: float | None = _positive("m", 400.0)  #: tower top above ground or water [m]
    top_to_shaft: float | None = _value("m", 0.0, 20.0)  #: vertical, tower top to shaft [m]
    hub_height: float | None = _positive("m", 400.0)  #: [m]
    base_diameter: float | None = _positive("m", 30.0)  #: outer, at the foot [m]
    top_diameter: float | None = _positive("m", 30.0)  #: outer, at `height` [m]
    nacelle_mass: float | None = _positive("kg")  #: without rotor [kg]
    modal_mass: float | None = _positive("kg")  #: of the first modes, referred to the tower top [kg]
    fore_aft_frequency_hz: float | None = _positive("Hz", 10.0)  #: with nacelle and rotor [Hz]
    fore_aft_damping: float | None = _value("1", 0.0, 1.0, hint="was percent given?")  #: structural, same mode [-]
    side_side_frequency_hz: float | None = _positive("Hz", 10.0)  #: with nacelle and rotor [Hz]
    side_side_damping: float | None = _value("1", 0.0, 1.0, hint="was percent given?")  #: structural, same mode [-]
    deck_damping: float | None = _value("1", 0.0, 1.0)  #: of the bare tower as in an input deck, not of the mode [-]


@dataclass(frozen=True, kw_only=True)
class Operation(Group):
    """How the machine is run."""

    KEY: ClassVar[str] = "operation"
    rated_rotor_speed: float | None = _positive("rad/s", 20.0, hint="were rpm given?")  #: [rad/s]
    min_rotor_speed: float | None = _positive("rad/s", 20.0, hint="were rpm given?")  #: lowest in production [rad/s]
    rated_wind_speed: float | None = _positive("m/s", 40.0)  #: [m/s]
    cut_in_wind_speed: float | None = _positive("m/s", 40.0)  #: [m/s]
    cut_out_wind_speed: float | None = _positive("m/s", 60.0)  #: [m/s]
    optimal_tip_speed_ratio: float | None = _positive("1", 30.0)  #: that the controller holds [-]
    fine_pitch: float | None = _value("rad", -1.0, 1.0, hint="were degrees given?")  #: below rated [rad]
    parked_pitch: float | None = _value("rad", 0.0, 2.0, hint="were degrees given?")  #: at standstill [rad]
    air_density: float | None = _positive("kg/m3", 3.0)  #: that the constants were designed for [kg/m3]


@dataclass(frozen=True, kw_only=True)
class Controller(Group):
    """Controller constants as published; speeds and torques on the generator's side."""

    KEY: ClassVar[str] = "controller"
    torque_gain: float | None = _positive("N m s2/rad2")  #: K of K omega^2 [N m s2/rad2]
    torque_proportional: float | None = _value("N m s/rad")  #: speed to torque [N m s/rad]
    torque_integral: float | None = _value("N m/rad")  #: angle to torque [N m/rad]
    pitch_schedule: tuple[float, ...] | None = _value("rad", -0.5, 2.0)  #: angles of the gains below [rad]
    pitch_proportional: tuple[float, ...] | None = _value("s")  #: speed to pitch [s]
    pitch_integral: tuple[float, ...] | None = _value("1")  #: angle to pitch [-]
    pitch_switch: float | None = _value("rad", 0.0, 0.5, hint="were degrees given?")  #: over the least [rad]
    minimum_pitch_wind_speed: tuple[float, ...] | None = _value("m/s", 0.0)  #: of the angles below [m/s]
    minimum_pitch: tuple[float, ...] | None = _value("rad", -0.5, 2.0, hint="were degrees given?")  #: least [rad]
    speed_filter_order: float | None = _value("1", 1, 2)  #: low-pass filter of generator speed [-]
    speed_filter_frequency: float | None = _positive("rad/s")  #: its corner frequency [rad/s]
    speed_filter_damping: float | None = _value("1", 0.0, 5.0)  #: its damping, second order only [-]
    smoothing_torque_gain: float | None = _value("1", 0.0)  #: set-point smoothing, by pitch [-]
    smoothing_pitch_gain: float | None = _value("1", 0.0)  #: set-point smoothing, by torque [-]
    smoothing_filter_frequency: float | None = _positive("rad/s")  #: low-pass of the set-point smoothing [rad/s]
    wind_filter_frequency: float | None = _positive("rad/s")  #: low-pass of the estimated wind speed [rad/s]
    reference_filter_frequency: float | None = _positive("rad/s")  #: low-pass of the speed that torque tracks [rad/s]
    estimator_wind_speed: tuple[float, ...] | None = _value("m/s", 0.0)  #: of the poles below [m/s]
    estimator_pole: tuple[float, ...] | None = _value("1/s")  #: of rotor speed, torque held; above 0: unstable [1/s]

    def __post_init__(self) -> None:
        super().__post_init__()
        for points, unit, names in (
            ("pitch_schedule", "rad", ("pitch_proportional", "pitch_integral")),
            ("minimum_pitch_wind_speed", "m/s", ("minimum_pitch",)),
            ("estimator_wind_speed", "m/s", ("estimator_pole",)),
        ):
            at = getattr(self, points)
            if at is None:
                continue
            ascending(f"controller.{points}", at, unit=unit, error=MachineError)
            for name in names:
                values = getattr(self, name)
                if values is not None and len(values) != len(at):
                    raise MachineError(
                        f"controller.{name}: found {len(values)} values, expected {len(at)} as controller.{points} has"
                    )


#: Name of each group in machine files -> its class.
GROUPS: Mapping[str, type[Group]] = MappingProxyType(
    {group.KEY: group for group in (Rotor, DriveTrain, Generator, PitchActuator, Tower, Operation, Controller)}
)


def known_keys(group: str = "") -> dict[str, Mapping[str, Any]]:
    """Return every key ("rotor.radius") with unit and range; of one group only if it is named."""
    return {
        f"{key}.{spec.name}": spec.metadata
        for key, kind in GROUPS.items()
        for spec in fields(kind)
        if group in ("", key)
    }
