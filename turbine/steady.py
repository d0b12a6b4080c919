"""Steady operation by wind speed: what machine and controller settle at, the power and thrust curve that follow.

>>> import turbine
>>> from turbine.energy import annual_energy_mwh, rayleigh
>>> from turbine.steady import steady_table
>>> table = steady_table(turbine.load("nrel_5mw"), [4.0, 8.0, 12.0, 16.0, 20.0, 24.0])
>>> round(float(table["electrical_power"][1]) / 1e6, 2)
1.72
>>> round(annual_energy_mwh(table.power_curve(), rayleigh(8.5)) / 1e3, 1)
20.6
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from turbine.checks import ascending
from turbine.control import ControlSettings
from turbine.errors import EnergyError, MachineError, ParameterError, TrimError, nearest
from turbine.machine import Machine
from turbine.model import Model, Options, build
from turbine.power_curve import PowerCurve
from turbine.step import CHANNELS
from turbine.trim import References, steady_state

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "STEP", "SteadyTable", "steady_table"]

Floats = npt.NDArray[np.float64]

STEP = 0.5  #: between wind speeds unless they are given [m/s]
_CHANNELS = (
    "rotor_speed",
    "generator_speed",
    "pitch_angle",
    "generator_torque",
    "electrical_power",
    "aero_torque",
    "thrust",
    "shaft_torque",
    "tower_fore_aft",
    "tower_side_side",
    "tower_base_fore_aft_moment",
    "tower_base_side_side_moment",
    "region",
)

#: Columns of a steady table: name, unit, meaning. Channels of a run keep their names.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("wind_speed", "m/s", "at hub height, free"),
    *(column for column in CHANNELS if column[0] in _CHANNELS),
    ("tip_speed_ratio", "1", "speed of the blade tips over wind speed"),
    ("cp", "1", "power coefficient of the rotor"),
    ("ct", "1", "thrust coefficient of the rotor"),
)


@dataclass(frozen=True, eq=False)
class SteadyTable:
    """Steady operation, one row per wind speed.

    Parameters
    ----------
    columns : mapping of str to array, shape (n,)
        By name; names, units and meaning stand in `COLUMNS`. NaN but for the wind speed where there is no steady
        production.
    unsettled : mapping of float to str
        Wind speeds [m/s] without steady production, and why.
    model : Model
        What was brought to rest.
    references : References
        What the grid wanted.
    """

    columns: Mapping[str, Floats]
    unsettled: Mapping[float, str]
    model: Model
    references: References

    def __getitem__(self, name: str) -> Floats:
        """Return a column; an unknown name raises with the nearest known one."""
        if name not in self.columns:
            raise ParameterError(f'no column "{name}"{nearest(name, self.columns)}; known: {", ".join(self.columns)}')
        return self.columns[name]

    @property
    def wind_speed(self) -> Floats:
        """Wind speed of each row, ascending, shape (n,) [m/s]."""
        return self.columns["wind_speed"]

    @property
    def settled(self) -> npt.NDArray[np.bool_]:
        """Rows with steady production, shape (n,)."""
        return np.asarray(np.isfinite(self.columns["electrical_power"]))

    @property
    def units(self) -> dict[str, str]:
        """Unit of each column."""
        return {name: unit for name, unit, _ in COLUMNS}

    def peak(self, name: str) -> tuple[float, float]:
        """Return the value of a column that is farthest from zero, and its wind speed [m/s].

        Raises
        ------
        ParameterError
            There is no such column.
        TrimError
            No row settled.
        """
        values = self[name]
        self._require_settled()
        k = int(np.nanargmax(np.abs(values)))
        return float(values[k]), float(self.wind_speed[k])

    def power_curve(self, *, hold: bool = True) -> PowerCurve:
        """Return power and thrust coefficient by wind speed, of the rows with steady production.

        Parameters
        ----------
        hold : bool
            For energy: the last power is held up to cut-out; False: none above the last wind speed.

        Returns
        -------
        PowerCurve
            Rows that did not settle (listed in `unsettled`) are left out; energy bridges them linearly.

        Raises
        ------
        TrimError
            No row settled.
        EnergyError
            The last power is to be held while it still rises: the wind speeds end too early.
        """
        self._require_settled()
        rows = self.settled
        wind, power = self.wind_speed[rows], self.columns["electrical_power"][rows]
        hold_to = None
        cut_out = self.model.settings.cut_out
        if hold and cut_out > wind[-1]:
            at_limit = min(self.model.settings.rated_power, self.references.power_limit)
            if abs(power[-1] - at_limit) > 0.01 * at_limit and cut_out - wind[-1] > 2.0 * STEP:
                raise EnergyError(
                    f'steady table of "{self.model.machine.name}": ends at {wind[-1]:g} m/s with '
                    f"{power[-1] / 1e3:g} kW of {at_limit / 1e3:g} kW, which cannot be held up to the cut-out of "
                    f"{cut_out:g} m/s; give wind speeds up to there, or hold=False"
                )
            hold_to = cut_out
        return PowerCurve(
            wind,
            power,
            self.columns["ct"][rows],
            "steady states of machine and controller",
            hold_to=hold_to,
            name=self.model.machine.name,
        )

    def table(self) -> pd.DataFrame:
        """Return the columns as a table, indexed by wind speed [m/s]; `attrs` holds units and what did not settle."""
        import pandas as pd

        frame = pd.DataFrame({name: values for name, values in self.columns.items() if name != "wind_speed"})
        frame.index = pd.Index(self.wind_speed, name="wind_speed")
        frame.attrs["units"] = self.units
        frame.attrs["unsettled"] = dict(self.unsettled)
        return frame

    def _require_settled(self) -> None:
        if not self.settled.any():
            wind, why = next(iter(self.unsettled.items()))
            raise TrimError(
                f'steady table of "{self.model.machine.name}": none of {self.wind_speed.size} wind speeds has a steady '
                f"production; at {wind:g} m/s: {why}"
            )


def steady_table(
    machine: Machine,
    wind_speed: npt.ArrayLike | None = None,
    settings: ControlSettings | None = None,
    references: References | None = None,
    **options: Any,
) -> SteadyTable:
    """Return the steady operation of a turbine by wind speed.

    Parameters
    ----------
    machine : Machine
        From `turbine.load`.
    wind_speed : float or array, shape (n,), optional
        Ascending [m/s]; from cut-in to cut-out in steps of `STEP` unless given.
    settings : ControlSettings, optional
        From `turbine.control.controller`; the machine's own unless given.
    references : References, optional
        What the grid wants: power limit, reserve.
    **options
        Of `turbine.model.Options`: drive_train, tower, shear_exponent, air_density, ...

    Returns
    -------
    SteadyTable
        A row for each wind speed. Where there is no steady production - outside cut-in and cut-out, no rest, or a rest
        beyond the overspeed trip - the row is NaN and `unsettled` says why.

    Raises
    ------
    WindformError
        Whatever is wrong with what was given.
    """
    model = build(machine, settings, Options.of(**options))
    wanted = references or References()
    first, last = model.settings.cut_in, model.settings.cut_out
    if wind_speed is None:
        wind = first + STEP * np.arange(math.floor((last - first) / STEP + 1e-9) + 1)
        wind = wind if last - wind[-1] < 1e-9 else np.append(wind, last)
    else:
        wind = np.array(ascending("wind_speed", np.atleast_1d(np.asarray(wind_speed)), low=0.0, unit="m/s"))
    columns = {name: np.full(wind.size, np.nan) for name, _, _ in COLUMNS}
    columns["wind_speed"] = wind
    unsettled: dict[float, str] = {}
    for k, v in enumerate(wind.tolist()):
        found = _row(model, v, wanted)
        if isinstance(found, str):
            unsettled[v] = found
        else:
            for name, value in found.items():
                columns[name][k] = value
    for values in columns.values():
        values.setflags(write=False)
    return SteadyTable(MappingProxyType(columns), MappingProxyType(unsettled), model, wanted)


def _row(model: Model, wind: float, references: References) -> dict[str, float] | str:
    """Return the columns at a wind speed [m/s], or why there is no steady production."""
    s, p = model.settings, model.plant
    if not s.cut_in - 1e-9 <= wind <= s.cut_out + 1e-9:
        return f"no production outside cut-in of {s.cut_in:g} m/s and cut-out of {s.cut_out:g} m/s"
    try:
        values = steady_state(model, wind, references).values
    except (MachineError, TrimError) as error:
        return str(error)
    if values["generator_speed"] > s.trip_speed:
        return (
            f"rest at a generator speed of {values['generator_speed']:.4g} rad/s, above the overspeed trip at "
            f"{s.trip_speed:.4g} rad/s"
        )
    pressure = 0.5 * p.air_density * math.pi * p.radius**2 * wind**2
    found = {name: values[name] for name in _CHANNELS}
    found["tip_speed_ratio"] = values["rotor_speed"] * p.radius / wind
    found["cp"] = values["aero_torque"] * values["rotor_speed"] / (pressure * wind)
    found["ct"] = values["thrust"] / pressure
    return found
