"""A machine with its controller and options, ready to run: constants of the compiled step and records of its states."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from turbine.checks import check_known, check_positive, check_range
from turbine.control import ControlSettings, control_parameters, controller
from turbine.control_step import CONTROL, MEASUREMENT, ControlParameters
from turbine.errors import ParameterError
from turbine.machine import Machine
from turbine.mechanics import TOWER_VALUES, DriveTrainModel, Mechanics, discretise, mechanics
from turbine.plant import ENERGY, FLOW, PLANT, PlantParameters, new_record
from turbine.records import copied

__all__ = ["Model", "Options", "Records", "build"]

Floats = npt.NDArray[np.float64]

STEADY = np.zeros(8)  #: no change of the wind over the azimuth


@dataclass(frozen=True, kw_only=True)
class Options:
    """What of the machine is modelled.

    Parameters
    ----------
    drive_train : str
        "auto", "rigid", "two_mass" or "three_mass"; see `turbine.mechanics.mechanics`.
    tower : bool, optional
        First fore-aft and side-side mode; None: where the machine's values are known, else the tower stands still.
    pitch_dynamics : bool
        Pitch drive of second order where its frequency is known; False: the angle is the command, limited in rate.
    shear_exponent : float
        Of the wind over height [-]; 0: none.
    tower_shadow : bool
        The tower's dam in front of it.
    air_density : float, optional
        [kg/m3]; the machine's unless given.
    time_step : float
        Of the machine [s].
    control_period : float, optional
        Of the controller, a multiple of the step [s]; the step unless given.
    """

    drive_train: DriveTrainModel = "auto"
    tower: bool | None = None
    pitch_dynamics: bool = True
    shear_exponent: float = 0.0
    tower_shadow: bool = False
    air_density: float | None = None
    time_step: float = 0.01
    control_period: float | None = None

    def __post_init__(self) -> None:
        check_positive("time_step", self.time_step, unit="s")
        check_range("shear_exponent", self.shear_exponent, -0.5, 1.0)
        if self.air_density is not None:
            check_range("air_density", self.air_density, 0.3, 2.0, unit="kg/m3")
        if self.control_period is not None:
            check_positive("control_period", self.control_period, unit="s")
            ratio = self.control_period / self.time_step
            if abs(ratio - round(ratio)) > 1e-9 or round(ratio) < 1:
                raise ParameterError(
                    f"control_period: found {self.control_period:g} s, expected a multiple of the time step of "
                    f"{self.time_step:g} s"
                )

    @staticmethod
    def of(**values: Any) -> Options:
        """Return options by name; an unknown name is refused with the nearest known one."""
        check_known(values, [spec.name for spec in fields(Options)], "option")
        return Options(**values)

    @property
    def every(self) -> int:
        """Steps of the machine in one sample of the controller."""
        return 1 if self.control_period is None else round(self.control_period / self.time_step)


@dataclass(frozen=True, eq=False)
class Records:
    """States, flows, energies and measurements of one run of one machine, each an array of one record."""

    plant: npt.NDArray[Any]
    control: npt.NDArray[Any]
    flow: npt.NDArray[Any]
    energy: npt.NDArray[Any]
    measurement: npt.NDArray[Any]
    machine: str

    @staticmethod
    def new(machine: str) -> Records:
        """Return records of zeros."""
        plant, control, flow, energy, measurement = map(new_record, (PLANT, CONTROL, FLOW, ENERGY, MEASUREMENT))
        return Records(plant, control, flow, energy, measurement, machine)

    def copy(self) -> Records:
        """Return a copy that shares nothing."""
        parts = (self.plant, self.control, self.flow, self.energy, self.measurement)
        plant, control, flow, energy, measurement = map(copied, parts)
        return Records(plant, control, flow, energy, measurement, self.machine)

    def unpack(self) -> tuple[Any, ...]:
        """Return the single records, as kernels take them."""
        return self.plant[0], self.control[0], self.flow[0], self.energy[0], self.measurement[0]


@dataclass(frozen=True, eq=False)
class Model:
    """A machine, its controller, what is modelled, and the constants of the compiled step."""

    machine: Machine
    settings: ControlSettings
    options: Options
    mechanics: Mechanics
    plant: PlantParameters
    control: ControlParameters

    @property
    def sample(self) -> float:
        """Period of the controller [s]."""
        return self.control.time_step

    def unsupervised(self) -> Model:
        """Return the same without starts and stops, so that any wind is production."""
        return replace(self, control=self.control._replace(supervise=0.0))

    def steady(self) -> Model:
        """Return the same without shear and tower shadow but with their mean, as trim and linearisation need it."""
        if not self.plant.azimuth_factor.any():
            return self
        mean = np.full(STEADY.size, self.plant.azimuth_factor.mean())
        return replace(self, plant=self.plant._replace(azimuth_factor=mean))


def build(machine: Machine, settings: ControlSettings | None = None, options: Options | None = None) -> Model:
    """Return a model.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    settings : ControlSettings, optional
        Of the controller; `controller(machine)` unless given.
    options : Options, optional
        What is modelled.

    Returns
    -------
    Model
        Checked; every value that a run needs is known.

    Raises
    ------
    MachineError
        A value is unknown, or the step too long for the stiffest mode.
    ParameterError
        The controller's period is too long.
    """
    options = options or Options()
    settings = settings or controller(machine)
    tower = options.tower
    if tower is None:
        tower = all(machine.get(f"tower.{name}") is not None for name in TOWER_VALUES)
    system = mechanics(machine, drive_train=options.drive_train, tower=tower)
    density = options.air_density or machine.usual("operation.air_density")
    plant = PlantParameters(
        mechanics=discretise(system, options.time_step),
        surface=machine.require_surface().arrays,
        radius=machine.require("rotor.radius"),
        air_density=float(density),
        pitch_step=_pitch_step(machine, options),
        pitch_limits=np.array(
            [
                _least_pitch(machine),
                machine.get("pitch_actuator.max_angle") or math.pi / 2.0,
                machine.get("pitch_actuator.max_rate") or settings.pitch_rate,
            ]
        ),
        generator_efficiency=machine.require("generator.efficiency"),
        gearbox_efficiency=machine.usual("drive_train.gearbox_efficiency"),
        azimuth_factor=_azimuth_factor(machine, options),
        blade_count=machine.usual("rotor.blade_count"),
    )
    control = control_parameters(settings, machine, options.time_step * options.every)
    return Model(machine, settings, options, system, plant, control)


def _pitch_step(machine: Machine, options: Options) -> Floats:
    """Return the exact step of the pitch drive with a held command, shape (2, 3)."""
    omega = machine.get("pitch_actuator.natural_frequency")
    if not options.pitch_dynamics or omega is None:
        return np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    from scipy.linalg import expm

    damping = machine.get("pitch_actuator.damping_ratio") or 1.0
    drive = np.zeros((3, 3))
    drive[0, 1] = 1.0
    drive[1] = -(omega**2), -2.0 * damping * omega, omega**2
    return np.ascontiguousarray(expm(drive * options.time_step)[:2])


def _azimuth_factor(machine: Machine, options: Options) -> Floats:
    if options.shear_exponent == 0.0 and not options.tower_shadow:
        return STEADY
    from turbine.excitation import azimuth_table

    shadow: dict[str, Any] = {}
    if options.tower_shadow:
        shadow = {
            "overhang": abs(machine.require("rotor.overhang")),
            "tower_top_diameter": machine.require("tower.top_diameter"),
            "tower_base_diameter": machine.require("tower.base_diameter"),
            "tower_height": machine.require("tower.height"),
        }
    return np.array(
        azimuth_table(
            radius=machine.require("rotor.radius"),
            hub_height=machine.require("tower.hub_height"),
            blade_count=int(machine.usual("rotor.blade_count")),
            shear_exponent=options.shear_exponent,
            tower_shadow=options.tower_shadow,
            **shadow,
        )
    )


def _least_pitch(machine: Machine) -> float:
    """Return the pitch drive's lower stop [rad]: fine pitch, or 0 if that is less, where it is unknown."""
    least = machine.get("pitch_actuator.min_angle")
    return min(0.0, machine.usual("operation.fine_pitch")) if least is None else least
