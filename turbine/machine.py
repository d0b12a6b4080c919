"""A wind turbine as data: its parts, its rotor surface, and where each value comes from.

An unknown value is absent (None). What needs it asks with `Machine.require`, which says which value of which machine is
missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from turbine.errors import MachineError, nearest
from turbine.machine_parts import (
    Controller,
    DriveTrain,
    Generator,
    Operation,
    PitchActuator,
    Rotor,
    Tower,
    known_keys,
)
from turbine.power_curve import PowerCurve
from turbine.rotor import AIR_DENSITY
from turbine.surface import RotorSurface

__all__ = ["NEEDED", "STATUSES", "USUAL", "Machine", "Provenance"]

#: What stands in for a value that hardly differs between machines, where it is unknown; in SI units.
USUAL: Mapping[str, float] = MappingProxyType(
    {
        "rotor.blade_count": 3.0,
        "drive_train.gearbox_efficiency": 1.0,
        "operation.fine_pitch": 0.0,
        "operation.cut_in_wind_speed": 3.0,
        "operation.cut_out_wind_speed": 25.0,
        "operation.air_density": AIR_DENSITY,
    }
)

#: What every run needs besides a rotor surface; for anything else there is a usual value, a design or an option.
NEEDED = (
    "rotor.radius",
    "rotor.inertia",
    "drive_train.gear_ratio",
    "generator.rated_power",
    "generator.efficiency",
    "generator.inertia",
    "tower.hub_height",
    "operation.rated_rotor_speed",
)

#: Factors of the rated power, as far as the generator's torque decides it.
_POWER = (
    "generator.rated_torque",
    "operation.rated_rotor_speed",
    "drive_train.gear_ratio",
    "generator.efficiency",
)
_POWER_GAP = 0.01  # between both, of the rated power; published figures agree within 0.1 %

#: How a value came here: read in its source, derived from what was read, recalled (not verified), given by the user.
STATUSES = ("read", "derived", "recalled", "user")


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from: its source, its status (see `STATUSES`), a note, and unit and value as found there."""

    source: str
    status: str
    note: str = ""
    as_found: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise MachineError(f"status {self.status!r}{nearest(self.status, STATUSES)}; known: {', '.join(STATUSES)}")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A wind turbine.

    Parameters
    ----------
    name : str
        Short name, as `turbine.load` takes it.
    title : str
        Name for people.
    rotor, drive_train, generator, pitch_actuator, tower, operation, controller : Group
        The values in SI units; None: unknown.
    surface : RotorSurface, optional
        Of the rotor.
    power_curve : PowerCurve, optional
        As published.
    provenance : mapping of str to Provenance
        Per key ("rotor.radius").
    missing : mapping of str to str
        Keys that are known to be unknown, with the reason.

    Raises
    ------
    MachineError
        Values contradict each other.
    """

    name: str
    title: str = ""
    rotor: Rotor = field(default_factory=Rotor)
    drive_train: DriveTrain = field(default_factory=DriveTrain)
    generator: Generator = field(default_factory=Generator)
    pitch_actuator: PitchActuator = field(default_factory=PitchActuator)
    tower: Tower = field(default_factory=Tower)
    operation: Operation = field(default_factory=Operation)
    controller: Controller = field(default_factory=Controller)
    surface: RotorSurface | None = field(default=None, compare=False)
    power_curve: PowerCurve | None = field(default=None, compare=False)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))
        for low, high in (
            ("rotor.hub_radius", "rotor.radius"),
            ("operation.min_rotor_speed", "operation.rated_rotor_speed"),
            ("operation.cut_in_wind_speed", "operation.rated_wind_speed"),
            ("operation.rated_wind_speed", "operation.cut_out_wind_speed"),
            ("pitch_actuator.min_angle", "pitch_actuator.max_angle"),
            ("generator.rated_torque", "generator.max_torque"),
        ):
            below, above = self.get(low), self.get(high)
            if below is not None and above is not None and below > above:
                raise MachineError(
                    f'machine "{self.name}": {low} is {below:g}, expected at most {high}, which is {above:g}'
                )
        self._check_rated_power()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return name, rated power and rotor diameter, as far as they are known; `turbine show` has the rest."""
        power, radius = self.get("generator.rated_power"), self.get("rotor.radius")
        parts = [repr(self.name)]
        if power is not None:
            parts.append(f"{power / 1e6:.2f} MW")
        if radius is not None:
            parts.append(f"rotor of {2.0 * radius:.1f} m")
        return f"Machine({', '.join(parts)})"

    def get(self, key: str) -> float | None:
        """Return a value, None if it is unknown.

        Parameters
        ----------
        key : str
            Group and name: "rotor.inertia".

        Returns
        -------
        float or None
            In SI units.

        Raises
        ------
        MachineError
            There is no such key, or it holds a list.
        """
        value = self._lookup(key)
        if isinstance(value, tuple):
            raise MachineError(f'"{key}" holds {len(value)} values: ask with require_series')
        return value

    def require(self, key: str) -> float:
        """Return a value that must be known; parameters as `get`.

        Raises
        ------
        MachineError
            The value is unknown: which of which machine, why, and what to do.
        """
        value = self.get(key)
        if value is None:
            raise self._absent(key)
        return value

    def lacking(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return those of some keys whose values are unknown."""
        return tuple(key for key in keys if self._lookup(key) is None)

    def usual(self, key: str) -> float:
        """Return a value, or what `USUAL` has for it where it is unknown; parameters as `get`."""
        value = self.get(key)
        return USUAL[key] if value is None else value

    def require_series(self, key: str) -> tuple[float, ...]:
        """Return a list of values that must be known, such as "controller.pitch_schedule"; errors as `require`."""
        value = self._lookup(key)
        if value is None:
            raise self._absent(key)
        return value if isinstance(value, tuple) else (value,)

    def require_surface(self) -> RotorSurface:
        """Return the rotor surface.

        Raises
        ------
        MachineError
            The machine has none.
        """
        if self.surface is None:
            why = f" ({self.missing['surface']})" if "surface" in self.missing else ""
            values = self.lacking(NEEDED)
            also = f"; a run also needs {self._described(values)}" if values else ""
            raise MachineError(
                f'machine "{self.name}" has no rotor surface{why}: give one in a machine file of your own '
                f'(surface = "file.csv") or with dataclasses.replace(machine, surface=...){also}'
            )
        return self.surface

    def with_values(self, values: Mapping[str, float | None]) -> Machine:
        """Return a machine with other values.

        Parameters
        ----------
        values : mapping of str to float or None
            Key ("rotor.inertia") to value in SI units; None: unknown, which drops the value there is.

        Returns
        -------
        Machine
            A copy, these values' status being "user"; what is dropped has none.

        Raises
        ------
        MachineError
            A key is unknown or a value out of range.
        """
        by_group: dict[str, dict[str, float | None]] = {}
        for key, value in values.items():
            self._lookup(key)
            group, _, name = key.partition(".")
            by_group.setdefault(group, {})[name] = value
        changed: dict[str, Any] = {group: replace(getattr(self, group), **new) for group, new in by_group.items()}
        given = {key: Provenance("given by the user", "user") for key, value in values.items() if value is not None}
        kept = {key: origin for key, origin in self.provenance.items() if key not in values}
        left = {key: why for key, why in self.missing.items() if key not in given}
        return replace(self, **changed, provenance={**kept, **given}, missing=left)

    def _lookup(self, key: str) -> float | tuple[float, ...] | None:
        if key not in known_keys():
            raise MachineError(
                f'unknown key "{key}"{nearest(key, known_keys())}; expected group.name, such as rotor.radius'
            )
        group, _, name = key.partition(".")
        value: float | tuple[float, ...] | None = getattr(getattr(self, group), name)
        return value

    def _absent(self, key: str) -> MachineError:
        """Return what to raise for an unknown value; where every run needs it, with all else that such a run lacks."""
        others = [other for other in self.lacking(NEEDED) if other != key] if key in NEEDED else []
        also = f"; a run also needs {self._described(others)}" if others else ""
        if key in NEEDED and self.surface is None:
            also += f"{' and' if others else '; a run also needs'} a rotor surface"
        return MachineError(
            f'machine "{self.name}" has no value for {self._described([key])}{also}; set it in a machine file of '
            f'your own or with machine.with_values({{"{key}": ...}})'
        )

    def _described(self, keys: Iterable[str]) -> str:
        """Return keys with their units and, where it is told, why they are unknown."""
        known = known_keys()
        return ", ".join(
            f"{key} [{known[key]['unit']}]{f': {self.missing[key]}' if key in self.missing else ''}" for key in keys
        )

    def _check_rated_power(self) -> None:
        """Refuse a rated power that the rated torque does not give: a run would hold the torque."""
        rated, factors = self.get("generator.rated_power"), [self.get(key) for key in _POWER]
        if rated is None or None in factors:
            return
        given = math.prod(factor for factor in factors if factor is not None)
        if abs(given - rated) > _POWER_GAP * rated:
            raise MachineError(
                f'machine "{self.name}": found {given / 1e6:.4g} MW as the product of {", ".join(_POWER)}, expected '
                f"generator.rated_power, which is {rated / 1e6:.4g} MW, within {100.0 * _POWER_GAP:g} %; change them "
                "together, or leave generator.rated_torque out of the machine file or give None for it "
                '(machine.with_values({"generator.rated_torque": None, ...})): then it follows from the others'
            )
