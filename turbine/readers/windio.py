"""Reader of windIO turbine files (YAML): what they say of performance, operation and power curve.

Both forms are read: the plant's turbine (`performance`, `hub_height`, `rotor_diameter`) and the turbine ontology
(`assembly`, `control`). All other sections, such as blades and airfoils, are left alone.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from turbine.errors import MachineError
from turbine.machine import Machine, Provenance
from turbine.machine_parts import GROUPS
from turbine.power_curve import PowerCurve

__all__ = ["read_windio"]

#: key -> places in the file, first found counts; factor
_PLACES: dict[str, tuple[tuple[str, ...], float]] = {
    "rotor.radius": (("rotor_diameter", "assembly.rotor_diameter"), 0.5),
    "rotor.blade_count": (("assembly.number_of_blades",), 1.0),
    "tower.hub_height": (("hub_height", "assembly.hub_height"), 1.0),
    "generator.rated_power": (("performance.rated_power", "assembly.rated_power"), 1.0),
    "generator.max_torque_rate": (("control.torque.max_torque_rate",), 1.0),
    "operation.rated_wind_speed": (("performance.rated_wind_speed",), 1.0),
    "operation.cut_in_wind_speed": (("performance.cutin_wind_speed", "control.supervisory.Vin"), 1.0),
    "operation.cut_out_wind_speed": (("performance.cutout_wind_speed", "control.supervisory.Vout"), 1.0),
    "operation.optimal_tip_speed_ratio": (("control.torque.tsr",), 1.0),
    "operation.min_rotor_speed": (("control.torque.VS_minspd",), 1.0),
    "operation.rated_rotor_speed": (("control.torque.VS_maxspd",), 1.0),
    "pitch_actuator.min_angle": (("control.pitch.min_pitch",), 1.0),
    "pitch_actuator.max_angle": (("control.pitch.max_pitch",), 1.0),
    "pitch_actuator.max_rate": (("control.pitch.max_pitch_rate",), 1.0),
}


def read_windio(path: str | Path, *, air_density: float = 1.225) -> Machine:
    """Read a windIO turbine.

    Parameters
    ----------
    path : str or Path
        YAML file, of plain data: nothing in it is executed, and files that it includes are not followed.
    air_density : float
        For turning a power coefficient curve into power where the file has no power curve [kg/m3].

    Returns
    -------
    Machine
        What the file says; the rest is absent. The power curve's thrust coefficient is interpolated to its wind speeds.

    Raises
    ------
    MachineError
        The file cannot be read, is no windIO turbine, or a value in it is wrong: which key.

    Notes
    -----
    Format: windIO schemas, github.com/IEAWindSystems/windIO, `plant/turbine` and `turbine`.
    """
    path = Path(path)
    data = _yaml(path)
    groups: dict[str, dict[str, float]] = {}
    provenance = {}
    for key, (places, factor) in _PLACES.items():
        for place in places:
            value = _find(data, place)
            if value is None:
                continue
            number = _number(path, place, value)
            group, _, name = key.partition(".")
            groups.setdefault(group, {})[name] = factor * number
            status = "read" if factor == 1.0 else "derived"
            provenance[key] = Provenance(path.name, status, as_found=f"{place}: {value}")
            break
    if "radius" not in groups.get("rotor", {}):
        raise MachineError(f"{path.name}: no rotor_diameter and no assembly.rotor_diameter: is this a windIO turbine?")
    try:
        curve = _power_curve(path, data, groups["rotor"]["radius"], air_density)
        built: dict[str, Any] = {group: GROUPS[group](**values) for group, values in groups.items()}
        title = str(data.get("name", path.stem))
        return Machine(name=path.stem, title=title, power_curve=curve, provenance=provenance, **built)
    except MachineError as error:
        text = str(error)
        raise MachineError(text if text.startswith(path.name) else f"{path.name}: {text}") from None


def _yaml(path: Path) -> dict[str, Any]:
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise MachineError(f"{path.name}: reading YAML needs PyYAML: pip install pyyaml") from None
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MachineError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise MachineError(f"{path.name}: not plain YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise MachineError(f"{path.name}: nested too deeply for a windIO turbine") from None
    if not isinstance(data, dict):
        raise MachineError(f"{path.name}: expected a mapping of a windIO turbine, found {type(data).__name__}")
    return data


def _find(data: dict[str, Any], place: str) -> Any:
    node: Any = data
    for part in place.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def _number(path: Path, place: str, value: Any) -> float:
    """Return a number; YAML reads 3.e6 and 1e6 as texts, which are accepted."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise MachineError(f"{path.name}: {place} is {value!r}, expected a number") from None


def _curve(path: Path, data: dict[str, Any], name: str, quantity: str) -> tuple[list[float], list[float]] | None:
    """Return wind speeds and values of one curve of `performance`."""
    place = f"performance.{name}"
    curve = _find(data, place)
    if curve is None:
        return None
    columns = []
    for part in (f"{quantity}_wind_speeds", f"{quantity}_values"):
        values = curve.get(part) if isinstance(curve, dict) else None
        if not isinstance(values, list) or not values:
            raise MachineError(f"{path.name}: {place}.{part}: expected a list of numbers, found {values!r}")
        columns.append([_number(path, f"{place}.{part}", value) for value in values])
    if len(columns[0]) != len(columns[1]):
        raise MachineError(
            f"{path.name}: {place}: found {len(columns[0])} wind speeds and {len(columns[1])} values, expected as many"
        )
    return columns[0], columns[1]


def _power_curve(path: Path, data: dict[str, Any], radius: float, air_density: float) -> PowerCurve | None:
    power, cp = _curve(path, data, "power_curve", "power"), _curve(path, data, "Cp_curve", "Cp")
    thrust = _curve(path, data, "Ct_curve", "Ct")
    source = path.name
    if power is None and cp is not None:
        wind, coefficient = np.array(cp[0]), np.array(cp[1])
        power = cp[0], list(0.5 * air_density * np.pi * radius**2 * wind**3 * coefficient)
        source = f"{path.name}, power from Cp at {air_density:g} kg/m3"
    if power is None:
        return None
    ct = None
    if thrust is not None:
        known = PowerCurve(np.array(thrust[0]), np.array(thrust[1]))  # the same checks: ascending, finite
        ct = np.interp(np.array(power[0]), known.wind_speed, known.power, left=np.nan, right=np.nan)
        outside = np.flatnonzero(np.isnan(ct))
        if outside.size:
            raise MachineError(
                f"{path.name}: performance.Ct_curve covers {thrust[0][0]:g} to {thrust[0][-1]:g} m/s, expected to "
                f"cover the power curve, which has {power[0][int(outside[0])]:g} m/s"
            )
    return PowerCurve(np.array(power[0]), np.array(power[1]), ct, source)
