"""The turbine's controller: what it holds, from the machine or from the user, and its constants at a sampling time."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from turbine import design
from turbine.checks import ascending, check_known, check_positive, check_range, series
from turbine.control_step import K_OMEGA_2, TIP_SPEED_RATIO, ControlParameters
from turbine.errors import ParameterError
from turbine.estimator import EstimatorParameters
from turbine.filters import band_pass, high_pass, low_pass, low_pass_2
from turbine.machine import Machine
from turbine.surface import RotorSurface

__all__ = ["ControlSettings", "control_parameters", "controller"]

Floats = npt.NDArray[np.float64]
TorqueLaw = Literal["k_omega_2", "tip_speed_ratio"]
_LAWS = {"k_omega_2": K_OMEGA_2, "tip_speed_ratio": TIP_SPEED_RATIO}
_PITCH_FILTER = 0.25  # corner of the pitch filter over that of the speed filter [-]
_PITCH_FILTER_DAMPING = 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class ControlSettings:
    """Settings of a controller in SI units; speeds and torques on the generator's side. `controller` fills them."""

    torque_law: TorqueLaw  #: K omega^2, or tracking of the tip-speed ratio with an estimated wind speed
    constant_power: bool = False  #: above rated: hold power rather than torque
    rated_power: float  #: electrical [W]
    rated_speed: float  #: [rad/s]
    minimum_speed: float  #: lowest in production [rad/s]
    rated_torque: float  #: [N m]
    maximum_torque: float  #: [N m]
    torque_rate: float  #: [N m/s]
    torque_gain: float  #: K [N m s2/rad2]
    torque_proportional: float  #: [N m s/rad]
    torque_integral: float  #: [N m/rad]
    switch_margin: float = (
        1.0001  #: region 2.5 begins at this share of K w_rated^2; the reference controller has 1.01 [-]
    )
    tip_speed_ratio: float  #: to be held below rated [-]
    pitch_schedule: Floats  #: angles of the gains [rad]
    pitch_proportional: Floats  #: [s]
    pitch_integral: Floats  #: [-]
    fine_pitch: float = 0.0  #: [rad]
    maximum_pitch: float = math.pi / 2.0  #: [rad]
    pitch_rate: float  #: [rad/s]
    pitch_switch: float = math.radians(1.0)  #: region 3 begins this much above the least pitch [rad]
    speed_filter_order: int = 1
    speed_filter_frequency: float  #: [rad/s]
    speed_filter_damping: float = 0.7  #: second order only [-]
    smoothing_torque_gain: float = 1.0  #: set-point smoothing by pitch [-]; 0 with the next: none
    smoothing_pitch_gain: float = 0.05  #: set-point smoothing by missing power [-]
    smoothing_filter_frequency: float = 0.6283  #: [rad/s]
    reference_filter_frequency: float = 0.20944  #: of the speed reference below rated [rad/s]
    wind_filter_frequency: float = 0.20944  #: of the estimate, for schedules and reserve [rad/s]
    minimum_pitch_wind: Floats | None = None  #: wind speeds of the next [m/s]; None: fine pitch throughout
    minimum_pitch: Floats | None = None  #: least pitch by estimated wind speed [rad]
    estimate_wind: bool = True  #: needed by tip-speed-ratio tracking, schedules and reserve
    estimator_surface: RotorSurface | None = None  #: the estimator's idea of the rotor; None: the machine's
    estimator_wind: Floats | None = None  #: wind speeds of the next [m/s]
    estimator_pole: Floats | None = None  #: the rotor's pole [1/s]; None: from the surface
    drive_train_damper: float = 0.0  #: gain [N m s/rad]; see `design_drive_train_damper`
    drive_train_frequency: float = 10.0  #: its band's centre [rad/s]
    drive_train_width: float = 0.3  #: damping ratio of its band pass [-]
    tower_damper: float = 0.0  #: pitch by tower-top velocity [rad s/m]
    tower_damper_limit: float = math.radians(2.0)  #: [rad]
    tower_damper_corner: float = 0.1  #: high-pass of the acceleration [rad/s]
    supervise: bool = True  #: start, stop, cut-out and overspeed trip
    cut_in: float = 3.0  #: [m/s]
    cut_out: float = 25.0  #: of the averaged wind speed [m/s]
    restart: float = 22.0  #: no start above [m/s]
    wind_average: float = 60.0  #: time constant of the averaged wind speed [s]
    trip_speed: float  #: generator speed that ends in an emergency stop [rad/s]
    feather: float = math.pi / 2.0  #: [rad]
    run_up_time: float = 60.0  #: from standstill to rated speed [s]
    connect_speed: float  #: generator connects [rad/s]
    shutdown_pitch_rate: float = math.radians(2.0)  #: normal stop and start [rad/s]
    shutdown_torque_time: float = 10.0  #: rated torque to none in a normal stop [s]
    brake_speed: float  #: the rotor brake is set below [rad/s]
    brake_torque: float = 0.0  #: on the generator's side, while parked [N m]

    def __post_init__(self) -> None:
        if self.torque_law not in _LAWS:
            raise ParameterError(f"torque_law: found {self.torque_law!r}, expected {' or '.join(_LAWS)}")
        if self.speed_filter_order not in (1, 2):
            raise ParameterError(f"speed_filter_order: found {self.speed_filter_order!r}, expected 1 or 2")
        for name in _POSITIVE:
            check_positive(name, getattr(self, name))
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ParameterError(f"{spec.name}: found {value!r}, expected a finite number")
        for name in ("torque_proportional", "torque_integral"):
            check_range(name, getattr(self, name), -math.inf, 0.0, hint="more speed, more torque: gains are negative")
        for below, above in _ORDER:
            if getattr(self, below) > getattr(self, above):
                raise ParameterError(
                    f"{below}: found {getattr(self, below):g}, expected at most {above}, which is "
                    f"{getattr(self, above):g}"
                )
        for name, low, high in _RANGES:
            check_range(name, getattr(self, name), low, high)
        schedule = ascending("pitch_schedule", self.pitch_schedule, unit="rad")
        object.__setattr__(self, "pitch_schedule", schedule)
        for name in ("pitch_proportional", "pitch_integral"):
            gains = series(name, getattr(self, name))
            if gains.size != schedule.size:
                raise ParameterError(
                    f"{name}: found {gains.size} values, expected {schedule.size} as pitch_schedule has"
                )
            object.__setattr__(self, name, gains)
        for wind, values in (("minimum_pitch_wind", "minimum_pitch"), ("estimator_wind", "estimator_pole")):
            at, what = getattr(self, wind), getattr(self, values)
            if (at is None) != (what is None):
                raise ParameterError(f"{wind} and {values}: found one of them, expected both or none")
            if at is None:
                continue
            at, what = ascending(wind, at, unit="m/s"), series(values, what)
            if at.size != what.size:
                raise ParameterError(f"{values}: found {what.size} values, expected {at.size} as {wind} has")
            object.__setattr__(self, wind, at)
            object.__setattr__(self, values, what)
        if not self.estimate_wind and (self.torque_law == "tip_speed_ratio" or self.minimum_pitch is not None):
            raise ParameterError(
                "estimate_wind is off, expected on: tip-speed-ratio tracking and the minimum-pitch schedule need it"
            )

    def replaced(self, **values: Any) -> ControlSettings:
        """Return settings with other values; the names are the fields'."""
        check_known(values, [spec.name for spec in fields(self)], "setting")
        return replace(self, **values)


_POSITIVE = (
    "rated_power",
    "cut_in",
    "rated_speed",
    "minimum_speed",
    "rated_torque",
    "maximum_torque",
    "torque_rate",
    "torque_gain",
    "tip_speed_ratio",
    "pitch_rate",
    "speed_filter_frequency",
    "speed_filter_damping",
    "smoothing_filter_frequency",
    "reference_filter_frequency",
    "wind_filter_frequency",
    "drive_train_frequency",
    "drive_train_width",
    "tower_damper_corner",
    "wind_average",
    "trip_speed",
    "run_up_time",
    "connect_speed",
    "shutdown_pitch_rate",
    "shutdown_torque_time",
)
_ORDER = (
    ("cut_in", "restart"),
    ("restart", "cut_out"),
    ("minimum_speed", "rated_speed"),
    ("minimum_speed", "connect_speed"),
    ("connect_speed", "rated_speed"),
    ("rated_speed", "trip_speed"),
    ("rated_torque", "maximum_torque"),
    ("fine_pitch", "maximum_pitch"),
)
_RANGES = (
    ("switch_margin", 1.0001, 1.2),
    ("fine_pitch", -0.5, 0.5),
    ("maximum_pitch", 0.0, 2.0),
    ("feather", 0.5, 2.0),
    ("pitch_switch", 0.0, 0.2),
    ("smoothing_torque_gain", 0.0, 10.0),
    ("smoothing_pitch_gain", 0.0, 10.0),
    ("brake_torque", 0.0, math.inf),
    ("brake_speed", 0.0, math.inf),
)


def controller(machine: Machine, *, torque_law: TorqueLaw = "k_omega_2", **values: Any) -> ControlSettings:
    """Return the controller of a machine: its published constants, and a design of ours where there are none.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    torque_law : "k_omega_2" or "tip_speed_ratio"
        Below rated.
    **values
        Any setting of `ControlSettings`, in place of the machine's.

    Returns
    -------
    ControlSettings
        Complete.

    Raises
    ------
    MachineError
        The machine lacks a value that cannot be designed.
    ParameterError
        An unknown setting or a value out of range.
    """
    check_known(values, [spec.name for spec in fields(ControlSettings)], "setting", " of the controller")
    gear = machine.require("drive_train.gear_ratio")
    power = machine.require("generator.rated_power")
    rated = machine.require("operation.rated_rotor_speed") * gear
    efficiency = machine.require("generator.efficiency")
    torque = machine.get("generator.rated_torque") or power / efficiency / rated
    least = design.minimum_rotor_speed(machine)
    found: dict[str, Any] = {
        "torque_law": torque_law,
        "rated_power": power,
        "rated_speed": rated,
        "minimum_speed": least * gear,
        "rated_torque": torque,
        "maximum_torque": machine.get("generator.max_torque") or 1.1 * torque,
        "torque_rate": machine.get("generator.max_torque_rate") or torque,
        "torque_gain": machine.get("controller.torque_gain") or design.optimal_torque_gain(machine),
        "tip_speed_ratio": design.tip_speed_ratio(machine),
        "fine_pitch": machine.usual("operation.fine_pitch"),
        "maximum_pitch": machine.get("pitch_actuator.max_angle") or math.pi / 2.0,
        "pitch_rate": machine.get("pitch_actuator.max_rate") or math.radians(5.0),
        "cut_in": machine.usual("operation.cut_in_wind_speed"),
        "cut_out": machine.usual("operation.cut_out_wind_speed"),
        "trip_speed": 1.2 * rated,
        "connect_speed": 1.02 * least * gear,
        "brake_speed": 0.02 * rated,
        "brake_torque": machine.get("drive_train.brake_torque") or 0.0,
        "feather": min(machine.get("pitch_actuator.max_angle") or math.pi / 2.0, math.pi / 2.0),
    }
    found["restart"] = 0.88 * values.get("cut_out", found["cut_out"])
    if values.get("estimate_wind", True) and not {"minimum_pitch", "minimum_pitch_wind"} & set(values):
        # Where the least rotor speed is too fast for the wind, some pitch gives more power than fine pitch.
        wind, pitch = design.minimum_pitch_schedule(machine)
        if np.any(pitch > found["fine_pitch"]):
            found["minimum_pitch_wind"], found["minimum_pitch"] = wind, pitch
    if machine.controller.torque_proportional is not None and machine.controller.torque_integral is not None:
        found["torque_proportional"] = machine.controller.torque_proportional
        found["torque_integral"] = machine.controller.torque_integral
    elif not {"torque_proportional", "torque_integral"} <= set(values):
        # Slower than the rotor's own pole at most: what keeps the torque of a published design in bounds.
        found["torque_proportional"], found["torque_integral"] = design.design_torque_pi(machine, 0.15, 0.85)
    known_gains = machine.controller
    if known_gains.pitch_schedule and known_gains.pitch_proportional and known_gains.pitch_integral:
        found["pitch_schedule"] = np.array(known_gains.pitch_schedule)
        found["pitch_proportional"] = np.array(known_gains.pitch_proportional)
        found["pitch_integral"] = np.array(known_gains.pitch_integral)
    elif "pitch_schedule" not in values:
        made = design.pitch_gains(machine, 0.25, 1.0)
        found["pitch_schedule"], found["pitch_proportional"] = made.at.pitch, made.proportional
        found["pitch_integral"] = made.integral
    found["speed_filter_frequency"] = 2.0
    for name in (
        "speed_filter_frequency",
        "speed_filter_damping",
        "smoothing_torque_gain",
        "smoothing_pitch_gain",
        "smoothing_filter_frequency",
        "reference_filter_frequency",
        "wind_filter_frequency",
        "pitch_switch",
    ):
        value = machine.get(f"controller.{name}")
        if value is not None:
            found[name] = value
    found["speed_filter_order"] = int(machine.get("controller.speed_filter_order") or 1)
    return ControlSettings(**{**found, **values})


def control_parameters(settings: ControlSettings, machine: Machine, time_step: float) -> ControlParameters:
    """Return the constants of a controller at its sampling time [s], as the compiled sample takes them.

    Raises
    ------
    MachineError
        The machine lacks a value.
    ParameterError
        The sampling time is too long for the speed filter.
    """
    s = settings
    check_positive("time_step", time_step, unit="s")
    if time_step * s.speed_filter_frequency > 1.0:
        raise ParameterError(
            f"time_step: found {time_step:g} s, expected at most {1.0 / s.speed_filter_frequency:.3g} s: the "
            f"controller's speed filter has its corner at {s.speed_filter_frequency:g} rad/s"
        )
    gear = machine.require("drive_train.gear_ratio")
    radius = machine.require("rotor.radius")
    surface = s.estimator_surface or machine.require_surface()
    density = machine.usual("operation.air_density")
    if s.estimator_wind is None or s.estimator_pole is None:
        # Knots off the round wind speeds that linear models are asked for.
        wind, gap = np.linspace(max(s.cut_in, 1.0) - 0.137, s.cut_out + 0.213, 45, retstep=True)
        pole = design.rotor_pole(machine, design.ideal_operation(machine, wind))
        # The pole falls about linearly with strong wind; a table that ends at cut-out would have its corner there.
        wind = np.append(wind, 2.0 * s.cut_out)
        pole = np.append(pole, pole[-1] + (pole[-1] - pole[-2]) / gap * s.cut_out)
    else:
        wind, pole = s.estimator_wind, s.estimator_pole
    low = np.array([s.fine_pitch])
    if s.minimum_pitch is not None and s.minimum_pitch_wind is not None:
        schedule = s.minimum_pitch_wind, s.minimum_pitch
    else:
        schedule = np.zeros(1), low
    at = design.ideal_operation(machine, np.linspace(1.0, max(s.cut_out, 2.0), 97))
    least = np.interp(at.wind_speed, *schedule)
    available = design.electrical_power(machine, at, np.maximum(at.pitch, least))
    available = np.clip(available, 0.0, s.rated_power)
    starting = design.starting_pitch(machine, s.tip_speed_ratio)
    if s.speed_filter_order == 2:
        speed_filter = low_pass_2(s.speed_filter_frequency, s.speed_filter_damping, time_step)
    else:
        speed_filter = low_pass(s.speed_filter_frequency, time_step)
    return ControlParameters(
        time_step=float(time_step),
        gear_ratio=gear,
        efficiency=machine.require("generator.efficiency"),
        torque_law=_LAWS[s.torque_law],
        constant_power=float(s.constant_power),
        rated_power=float(s.rated_power),
        rated_speed=float(s.rated_speed),
        minimum_speed=float(s.minimum_speed),
        rated_torque=float(s.rated_torque),
        maximum_torque=float(s.maximum_torque),
        torque_rate=float(s.torque_rate),
        torque_gain=float(s.torque_gain),
        torque_proportional=float(s.torque_proportional),
        torque_integral=float(s.torque_integral),
        switch_margin=float(s.switch_margin),
        tip_speed_ratio=float(s.tip_speed_ratio),
        radius=radius,
        pitch_schedule=np.array(s.pitch_schedule),
        pitch_proportional=np.array(s.pitch_proportional),
        pitch_integral=np.array(s.pitch_integral),
        fine_pitch=float(s.fine_pitch),
        maximum_pitch=float(s.maximum_pitch),
        pitch_rate=float(s.pitch_rate),
        pitch_switch=float(s.pitch_switch),
        speed_filter=speed_filter,
        pitch_filter=low_pass_2(_PITCH_FILTER * s.speed_filter_frequency, _PITCH_FILTER_DAMPING, time_step),
        torque_filter=low_pass_2(s.speed_filter_frequency, _PITCH_FILTER_DAMPING, time_step),
        smoothing_filter=low_pass(s.smoothing_filter_frequency, time_step),
        reference_filter=low_pass(s.reference_filter_frequency, time_step),
        wind_filter=low_pass(s.wind_filter_frequency, time_step),
        average_filter=low_pass(1.0 / s.wind_average, time_step),
        smoothing_torque_gain=float(s.smoothing_torque_gain),
        smoothing_pitch_gain=float(s.smoothing_pitch_gain),
        minimum_pitch_wind=np.array(schedule[0]),
        minimum_pitch=np.array(schedule[1]),
        estimate=float(s.estimate_wind),
        estimator=EstimatorParameters(
            surface=surface.arrays,
            radius=radius,
            air_density=density,
            inertia=design.turning_inertia(machine),
            gear_ratio=gear,
            gearbox_efficiency=machine.usual("drive_train.gearbox_efficiency"),
            pole_wind=np.array(wind),
            pole=np.array(pole),
        ),
        available_wind=np.array(at.wind_speed),
        available_power=available,
        drive_train_filter=band_pass(s.drive_train_frequency, s.drive_train_width, time_step),
        drive_train_gain=float(s.drive_train_damper),
        sway_filter=high_pass(s.tower_damper_corner, time_step),
        sway_gain=float(s.tower_damper),
        sway_limit=float(s.tower_damper_limit),
        supervise=float(s.supervise),
        cut_in=float(s.cut_in),
        cut_out=float(s.cut_out),
        restart=float(s.restart),
        trip_speed=float(s.trip_speed),
        feather=float(s.feather),
        run_up_ratio=starting[0],
        run_up_pitch=starting[1],
        run_up_acceleration=float(s.rated_speed / s.run_up_time),
        connect_speed=float(s.connect_speed),
        shutdown_pitch_rate=float(s.shutdown_pitch_rate),
        shutdown_torque_rate=float(s.rated_torque / s.shutdown_torque_time),
        brake_speed=float(s.brake_speed),
        brake_torque=float(s.brake_torque),
    )
