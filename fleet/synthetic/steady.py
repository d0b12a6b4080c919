"""What the machine does by wind speed: power with turbulence averaging, rotor speed and pitch angle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fleet.errors import ConfigError
from turbine.errors import WindformError
from turbine.library import load
from turbine.machine import Machine
from turbine.steady import steady_table

__all__ = ["REFERENCE_DENSITY", "SteadyMachine", "steady_machine"]

Floats = npt.NDArray[np.float64]

REFERENCE_DENSITY = 1.225  #: of the power curve [kg/m3]

_WIND_STEP, _WIND_TOP = 0.1, 50.0  # of the table of mean power [m/s]
_SIGMA_STEP, _SIGMA_TOP = 0.1, 12.0
_NODES = np.linspace(-4.0, 4.0, 81)  # of the normal distribution within a record
_RPM = 30.0 / math.pi
_PARKED_DEG = 90.0
_FEATHERING_DEG = 22.0  # pitch at cut-out of a machine of which only the power curve is known


@dataclass(frozen=True, eq=False)
class SteadyMachine:
    """A machine's steady operation and its mean power in turbulent wind.

    `mean_power` is the definition of what a healthy turbine makes: bilinear in the table `mean_kw`, whose points are
    integrals of the power curve over the normal distribution of the wind within a record. Beyond cut-out the curve is
    held: stopping there is a decision about the record's mean wind.
    """

    name: str
    rated_kw: float
    rotor_diameter: float  #: [m]
    hub_height: float  #: [m]
    cut_in: float  #: [m/s]
    cut_out: float  #: [m/s]
    gear_ratio: float
    parked_deg: float  #: pitch angle at rest [deg]
    wind: Floats  #: of the curves below [m/s]
    power_kw: Floats  #: steady, at the reference density
    rotor_rpm: Floats
    pitch_deg: Floats
    mean_kw: Floats  #: shape (wind steps, sigma steps)

    def mean_power(self, wind: Floats, sigma: Floats, density: Floats | float) -> Floats:
        """Return the expected power [kW] of records with that mean, standard deviation and density of the wind."""
        ratio = np.cbrt(np.asarray(density) / REFERENCE_DENSITY)
        v = np.clip(wind * ratio / _WIND_STEP, 0.0, self.mean_kw.shape[0] - 1.000001)
        s = np.clip(sigma * ratio / _SIGMA_STEP, 0.0, self.mean_kw.shape[1] - 1.000001)
        i, j = v.astype(np.int64), s.astype(np.int64)
        v, s = v - i, s - j
        flat, width = self.mean_kw.ravel(), self.mean_kw.shape[1]
        at = i * width + j
        low = flat[at] + s * (flat[at + 1] - flat[at])
        high = flat[at + width] + s * (flat[at + width + 1] - flat[at + width])
        return np.asarray(low + v * (high - low), np.float64)

    def rotor_speed(self, wind: Floats) -> Floats:
        """Return the rotor speed while running [1/min]."""
        return np.asarray(np.interp(wind, self.wind, self.rotor_rpm), np.float64)

    def pitch_angle(self, wind: Floats) -> Floats:
        """Return the pitch angle while running [deg]."""
        return np.asarray(np.interp(wind, self.wind, self.pitch_deg), np.float64)


@lru_cache(maxsize=8)
def steady_machine(name: str) -> SteadyMachine:
    """Return a machine's steady operation.

    Parameters
    ----------
    name : str
        A machine of `turbine.library`, or the path of a TOML file. With a rotor surface the steady states of machine
        and controller count; a machine with a power curve only gets a rotor speed at its tip-speed ratio and a pitch
        angle of a plausible shape.

    Raises
    ------
    ConfigError
        The machine is unknown, wrong, or has neither a rotor surface nor a power curve.
    """
    try:
        machine = load(name)
        return _from_surface(machine) if machine.surface is not None else _from_curve(machine)
    except WindformError as error:
        raise ConfigError(f"machine: {error}") from None


def _from_surface(machine: Machine) -> SteadyMachine:
    table = steady_table(machine)
    rows = table.settled
    columns = {key: table[key][rows] for key in ("wind_speed", "electrical_power", "rotor_speed", "pitch_angle")}
    settings = table.model.settings
    return _built(
        machine,
        columns["wind_speed"],
        columns["electrical_power"] / 1e3,
        columns["rotor_speed"] * _RPM,
        np.degrees(columns["pitch_angle"]),
        (settings.cut_in, settings.cut_out),
    )


def _from_curve(machine: Machine) -> SteadyMachine:
    if machine.power_curve is None:
        raise ConfigError(f'"{machine.name}" has neither a rotor surface nor a power curve; choose another')
    curve, operation, radius = machine.power_curve, machine.operation, machine.rotor.radius
    wind, power = curve.wind_speed, curve.power / 1e3
    rated = float(power.max())
    making = np.flatnonzero(power > 0.01 * rated)
    if radius is None or not making.size:
        raise ConfigError(f'"{machine.name}": a rotor radius and a power curve above zero are needed')
    cut_in = operation.cut_in_wind_speed or float(wind[making[0]])
    cut_out = operation.cut_out_wind_speed or float(wind[making[-1]])
    full = float(np.interp(0.98 * rated, power[: int(power.argmax()) + 1], wind[: int(power.argmax()) + 1]))
    grid = np.arange(cut_in, cut_out + 1e-9, 0.5)
    ratio = operation.optimal_tip_speed_ratio or 8.0
    top = operation.rated_rotor_speed or ratio * 0.8 * full / radius
    speed = np.clip(ratio * grid / radius, operation.min_rotor_speed or 0.5 * top, top)
    fine = math.degrees(operation.fine_pitch or 0.0)
    pitch = fine + _FEATHERING_DEG * np.sqrt(np.clip((grid - full) / max(cut_out - full, 1.0), 0.0, None))
    return _built(machine, grid, np.interp(grid, wind, power), speed * _RPM, pitch, (cut_in, cut_out))


def _built(
    machine: Machine, wind: Floats, power_kw: Floats, rotor_rpm: Floats, pitch_deg: Floats, cuts: tuple[float, float]
) -> SteadyMachine:
    radius, hub_height = machine.rotor.radius, machine.tower.hub_height
    if radius is None or hub_height is None:
        raise ConfigError(f'"{machine.name}": rotor radius and hub height are needed')
    parked = machine.operation.parked_pitch
    return SteadyMachine(
        name=machine.title,
        rated_kw=round(float(power_kw.max()), 1),
        rotor_diameter=round(2.0 * radius, 2),
        hub_height=hub_height,
        cut_in=cuts[0],
        cut_out=cuts[1],
        gear_ratio=machine.drive_train.gear_ratio or 1.0,
        parked_deg=_PARKED_DEG if parked is None else math.degrees(parked),
        wind=wind,
        power_kw=power_kw,
        rotor_rpm=rotor_rpm,
        pitch_deg=pitch_deg,
        mean_kw=_mean_table(wind, power_kw),
    )


def _mean_table(wind: Floats, power_kw: Floats) -> Floats:
    """Return power averaged over the normal distribution of the wind within a record, by its mean and its sigma."""
    means = np.arange(0.0, _WIND_TOP + 1e-9, _WIND_STEP)
    sigmas = np.arange(0.0, _SIGMA_TOP + 1e-9, _SIGMA_STEP)
    weights = np.exp(-0.5 * _NODES**2)
    weights /= weights.sum()
    table = np.empty((means.size, sigmas.size))
    for j, sigma in enumerate(sigmas):
        table[:, j] = np.interp(means[:, None] + sigma * _NODES, wind, power_kw, left=0.0) @ weights
    return table
