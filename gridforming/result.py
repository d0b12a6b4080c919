"""What a run gives: labelled, in per unit, as waveforms on demand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gridforming.converter import Converter
from gridforming.machine import Machine, Motor
from gridforming.machine_step import SYNCHRONOUS_STATES
from gridforming.system import Model, Rows, State, device_branch
from turbine.errors import SimulationError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from gridforming.fixed_point import OperatingPoint

__all__ = [
    "COLUMNS",
    "MACHINE_COLUMNS",
    "Result",
    "column_of",
    "converter_number",
    "machine_columns",
    "machine_number",
    "place",
    "rest_table",
]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

#: Columns of a converter: name, field, unit. Powers are what its firmware measures, from a voltage sampled at the end
#: of a held interval, which is off its mean by the ripple: about 1 % at a short-circuit ratio of 1.35 and 8 kHz.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("active_power", "p", "pu"),
    ("reactive_power", "q", "pu"),
    ("speed", "speed", "pu"),
    ("angle", "angle_now", "rad"),
    ("dc_voltage", "dc_voltage", "pu"),
    ("current_reference", "i_ref", "pu"),
    ("limited", "limited", "1"),
    ("current", "bridge", "pu"),
)
#: Columns of a machine: name, field or state, unit. A motor has neither angle nor field.
MACHINE_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("active_power", "p", "pu"),
    ("reactive_power", "q", "pu"),
    ("speed", "speed", "pu"),
    ("mechanical_power", "mechanical", "pu"),
    ("angle", "angle", "rad"),
    ("field_voltage", "field_voltage", "pu"),
    ("current", "stator", "pu"),
)


@dataclass(frozen=True, eq=False)
class Result:
    """A run: one row per output step, before the samples of its time.

    Parameters
    ----------
    time : array, shape (n,)
        [s].
    model : Model
        What was run, with its switches as they ended.
    end : State
        To go on from.
    notes : tuple of str
        What happened that a user should know: islands without a source, trips, limits, high voltages.
    """

    time: Floats
    model: Model
    rows: Rows
    end: State
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return size and names, not the rows."""
        system = self.model.system
        return f"Result({self.time.size} rows, {len(system.network.buses)} buses, {len(system.devices)} devices)"

    def voltage(self, bus: str) -> Complexes:
        """Return the space vector of a bus in the network's frame, shape (n,) [pu]."""
        return np.asarray(self.rows.v[:, place("bus", bus, self.model.circuit.nodes)])

    def current(self, branch: str) -> Complexes:
        """Return the space vector of a branch's current, start to end, in the network's frame, shape (n,) [pu]."""
        names = [b.name for b in self.model.circuit.branches]
        return np.asarray(self.rows.i[:, place("branch", branch, names)])

    def converter(self, name: str, column: str) -> Floats:
        """Return a column of a converter, shape (n,); names stand in `COLUMNS`, powers in pu of its rating."""
        k = converter_number(self.model, name)
        if column == "current":
            return self._size(self.model.system.converters[k])
        return np.asarray(column_of(self.rows.converters, {title: key for title, key, _ in COLUMNS}, column, k))

    def machine(self, name: str, column: str) -> Floats:
        """Return a column of a machine, shape (n,); names stand in `MACHINE_COLUMNS`, powers in pu of its rating."""
        k = machine_number(self.model, name)
        if column == "current":
            return self._size(self.model.system.machines[k])
        fields = machine_columns(self.model.system.machines[k])
        return np.asarray(column_of(self.rows.machines, fields, column, k))

    def _size(self, device: Converter | Machine) -> Floats:
        """Return the size of a device's current in pu of its rating."""
        return np.abs(self.current(device_branch(device))) * self.model.system.scale(device)

    def phases(self, vector: Complexes) -> Floats:
        """Return the three phases of a space vector of this run at rest, shape (n, 3)."""
        angle = self.model.frame_speed * self.model.system.nominal_speed * self.time
        rest = vector * np.exp(1j * angle)
        return np.stack([(rest * np.exp(-2j * math.pi * k / 3.0)).real for k in range(3)], axis=1)

    def table(self) -> pd.DataFrame:
        """Return magnitudes of bus voltages and the columns of all devices, indexed by time [s]."""
        import pandas as pd

        columns = {f"{bus}.voltage": np.abs(self.voltage(bus)) for bus in self.model.circuit.nodes}
        for converter in self.model.system.converters:
            for title, _, _ in COLUMNS:
                columns[f"{converter.name}.{title}"] = self.converter(converter.name, title)
        for machine in self.model.system.machines:
            for title in machine_columns(machine):
                columns[f"{machine.name}.{title}"] = self.machine(machine.name, title)
        return pd.DataFrame(columns, index=pd.Index(self.time, name="time"))


def column_of(records: npt.NDArray[Any], fields: Mapping[str, str], column: str, device: int) -> Any:
    """Return a column of one device: an array for rows of records, a number for one record each."""
    place("column", column, list(fields))
    found = fields[column]
    if found == "i_ref":
        return np.abs(records[found][..., device])
    if found in SYNCHRONOUS_STATES and "s" in (records.dtype.names or ()):
        return np.array(records["s"][..., device, SYNCHRONOUS_STATES.index(found)])[()]
    return np.array(records[found][..., device])[()]


def machine_columns(machine: Machine) -> dict[str, str]:
    """Return the columns of a machine with their fields."""
    none = ("angle", "field_voltage") if isinstance(machine, Motor) else ()
    return {title: key for title, key, _ in MACHINE_COLUMNS if title not in none}


def rest_table(point: OperatingPoint) -> pd.DataFrame:
    """Return voltages of buses, and powers of devices in pu of their ratings, of an operating point by name."""
    import pandas as pd

    system, v = point.model.system, point.state.v
    rows = {bus: {"voltage": abs(v[k]), "angle": np.angle(v[k])} for k, bus in enumerate(system.network.bus_names)}
    for device, record in zip(system.devices, [*point.state.converters, *point.state.machines], strict=True):
        rows[device.name] = rows[device.bus] | {"active_power": record["p"], "reactive_power": record["q"]}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")


def place(kind: str, name: str, known: list[str]) -> int:
    """Return the number of a name among those that are known; refuse others with the nearest."""
    if name not in known:
        there = f"known: {', '.join(known)}" if known else f"there is no {kind} here"
        raise SimulationError(f'no {kind} "{name}"{nearest(name, known)}; {there}')
    return known.index(name)


def converter_number(model: Model, name: str) -> int:
    """Return the number of a converter."""
    return place("converter", name, [c.name for c in model.system.converters])


def machine_number(model: Model, name: str) -> int:
    """Return the number of a machine."""
    return place("machine", name, [m.name for m in model.system.machines])
