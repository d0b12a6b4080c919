"""One sample of the turbine's controller: from measurements to a pitch command and a torque command.

The order of a sample: filters, wind-speed estimate, operation (stop, run-up, production, shutdown), set points, torque
region, set-point smoothing, torque, pitch. Structure and names are those of the reference controller of the field,
Abbas, Zalkind, Pao and Wright 2022, doi:10.5194/wes-7-53-2022; speeds and torques are on the generator's side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from turbine.compiled import inlined_kernel, kernel
from turbine.estimator import (
    ESTIMATOR,
    EstimatorParameters,
    estimator_start,
    estimator_step,
    interpolated,
)
from turbine.filters import filtered, settled

__all__ = [
    "CONTROL",
    "DISCRETE",
    "EMERGENCY",
    "K_OMEGA_2",
    "LULL",
    "MEASUREMENT",
    "MODES",
    "PARKED",
    "PRODUCTION",
    "RUN_UP",
    "SHUTDOWN",
    "TIP_SPEED_RATIO",
    "ControlParameters",
    "control_start",
    "control_step",
]

Floats = npt.NDArray[np.float64]
Record = Any

MODES = ("parked", "run_up", "production", "shutdown", "emergency")
PARKED, RUN_UP, PRODUCTION, SHUTDOWN, EMERGENCY = range(5)

K_OMEGA_2, TIP_SPEED_RATIO = 0.0, 1.0  # torque laws

_SMOOTHING_PITCH = 0.524  # 30 deg, by which pitch is measured in set-point smoothing [rad]
_EDGE = 1e-4  # a PI that rests on its limit is off it by more than this [-]
_ESTIMATED = 0.25  # of the least speed, above which the rotor measures the wind [-]
_CALM = 3.0  # least wind speed that the estimator begins with [m/s]
LULL = 0.8  #: of cut-in, below which production ends [-]
_LOADED = 0.95  # of rated speed, at which a start in strong wind ends [-]
_LEAST_SPEED = 1e-3  # least generator speed that power is divided by, relative to rated [-]

_f = np.float64

#: What the controller measures at the beginning of a sample.
MEASUREMENT = np.dtype(
    [
        ("generator_speed", _f),  # [rad/s]
        ("pitch", _f),  # [rad]
        ("torque", _f),  # air-gap torque of the last step [N m]
        ("wind_speed", _f),  # of the nacelle's anemometer [m/s]
        ("fore_aft_acceleration", _f),  # tower top [m/s2]
        ("request", _f),  # 1 run, 0 stop, -1 emergency stop
        ("power_limit", _f),  # electrical [W]
        ("reserve", _f),  # share of the available power that is kept [-]
        ("reserve_power", _f),  # power that is kept [W]
    ]
)

#: States of the controller. `DISCRETE` are numbers that jump; the others are continuous.
CONTROL = np.dtype(
    [
        ("speed_filter", _f, (2,)),
        ("pitch_filter", _f, (2,)),
        ("torque_filter", _f, (2,)),
        ("smoothing_filter", _f, (2,)),
        ("reference_filter", _f, (2,)),
        ("wind_filter", _f, (2,)),
        ("average_filter", _f, (2,)),
        ("drive_train_filter", _f, (2,)),
        ("sway_filter", _f, (2,)),
        ("estimator", ESTIMATOR),
        ("smoothing", _f),  # shift of the speed reference [rad/s]
        ("power", _f),  # electrical power one sample ago [W]
        ("pitch_integral", _f),  # [rad]
        ("torque_integral", _f),  # above rated, or of tip-speed-ratio tracking [N m]
        ("low_integral", _f),  # of region 1.5 [N m]
        ("torque_upper", _f),  # output of the upper PI one sample ago [N m]
        ("torque_lower", _f),  # output of the lower PI one sample ago [N m]
        ("torque", _f),  # torque command without the drive-train damper [N m]
        ("pitch", _f),  # pitch command [rad]
        ("minimum_pitch", _f),  # of the schedule [rad]
        ("speed_reference", _f),  # rises to rated after a start [rad/s]
        ("speed", _f),  # filtered generator speed [rad/s]
        ("wind_estimate", _f),  # [m/s]
        ("sway_integral", _f),  # of the tower damper [rad]
        ("mode", _f),
        ("region", _f),  # 1.5, 2, 2.5 or 3, 0 while not producing
        ("ready", _f),  # 1 once a start is over: region 3 may begin
        ("limited", _f),  # sum of 1 torque or power limit, 2 pitch at its minimum, 4 pitch rate, 8 torque rate
    ]
)
DISCRETE = ("mode", "region", "ready", "limited")


class ControlParameters(NamedTuple):
    """Constants of the controller at its sampling time; see `turbine.control.ControlSettings` for their meaning."""

    time_step: float
    gear_ratio: float
    efficiency: float
    torque_law: float
    constant_power: float
    rated_power: float
    rated_speed: float
    minimum_speed: float
    rated_torque: float
    maximum_torque: float
    torque_rate: float
    torque_gain: float
    torque_proportional: float
    torque_integral: float
    switch_margin: float
    tip_speed_ratio: float
    radius: float
    pitch_schedule: Floats
    pitch_proportional: Floats
    pitch_integral: Floats
    fine_pitch: float
    maximum_pitch: float
    pitch_rate: float
    pitch_switch: float
    speed_filter: Floats
    pitch_filter: Floats
    torque_filter: Floats
    smoothing_filter: Floats
    reference_filter: Floats
    wind_filter: Floats
    average_filter: Floats
    smoothing_torque_gain: float
    smoothing_pitch_gain: float
    minimum_pitch_wind: Floats
    minimum_pitch: Floats
    estimate: float
    estimator: EstimatorParameters
    available_wind: Floats
    available_power: Floats
    drive_train_filter: Floats
    drive_train_gain: float
    sway_filter: Floats
    sway_gain: float
    sway_limit: float
    supervise: float
    cut_in: float
    cut_out: float
    restart: float
    trip_speed: float
    feather: float
    run_up_ratio: Floats
    run_up_pitch: Floats
    run_up_acceleration: float
    connect_speed: float
    shutdown_pitch_rate: float
    shutdown_torque_rate: float
    brake_speed: float
    brake_torque: float


@kernel
def _minimum_pitch(p: ControlParameters, wind: float):  # type: ignore[no-untyped-def]
    """Return the lowest pitch that the schedule allows at an estimated wind speed."""
    return max(interpolated(wind, p.minimum_pitch_wind, p.minimum_pitch), p.fine_pitch)


@kernel
def _clip(x: float, low: float, high: float):  # type: ignore[no-untyped-def]
    return min(max(x, low), high)


@kernel
def _tracked_speed(p: ControlParameters, wind: float):  # type: ignore[no-untyped-def]
    """Return the generator speed that holds the tip-speed ratio in a wind."""
    return p.tip_speed_ratio * wind / p.radius * p.gear_ratio


@kernel
def _shift(c: Record, p: ControlParameters, pitch: float, power_limit: float):  # type: ignore[no-untyped-def]
    """Return the shift of the speed reference that pitch and missing power ask for, before its filter."""
    by_pitch = (pitch - c.minimum_pitch) / _SMOOTHING_PITCH * p.smoothing_torque_gain
    by_power = (power_limit - c.power) / p.rated_power * p.smoothing_pitch_gain
    return (by_pitch - by_power) * p.rated_speed


@kernel
def control_start(c: Record, p: ControlParameters, m: Record, mode: float, wind: float, torque: float):  # type: ignore[no-untyped-def]
    """Set the controller's states to rest at measurements: filters settled, integrators at what is commanded.

    Parameters
    ----------
    c : record of CONTROL
        States; overwritten.
    p : ControlParameters
        Constants.
    m : record of MEASUREMENT
        What is measured.
    mode : float
        One of `MODES` by number.
    wind : float
        Wind speed that the estimator begins with [m/s].
    torque : float
        Torque command [N m].
    """
    speed = m.generator_speed
    settled(c.speed_filter, p.speed_filter, speed)
    settled(c.pitch_filter, p.pitch_filter, m.pitch)
    settled(c.torque_filter, p.torque_filter, torque)
    settled(c.wind_filter, p.wind_filter, wind)
    settled(c.average_filter, p.average_filter, m.wind_speed)
    settled(c.drive_train_filter, p.drive_train_filter, speed)
    settled(c.sway_filter, p.sway_filter, 0.0)
    reference = _tracked_speed(p, wind)
    settled(c.reference_filter, p.reference_filter, reference)
    estimator_start(c.estimator, max(speed, _ESTIMATED * p.minimum_speed) / p.gear_ratio, wind)
    c.wind_estimate = wind
    c.power = torque * speed * p.efficiency
    c.minimum_pitch = p.fine_pitch
    if p.estimate > 0.0:
        c.minimum_pitch = _minimum_pitch(p, wind)
    power = min(p.rated_power, m.power_limit)
    c.smoothing = _shift(c, p, m.pitch, power) if mode == PRODUCTION else 0.0
    settled(c.smoothing_filter, p.smoothing_filter, c.smoothing)
    c.pitch_integral = m.pitch
    peak = p.torque_gain * p.rated_speed * p.rated_speed
    if p.torque_law == K_OMEGA_2:
        c.torque_integral = _clip(torque, peak, p.rated_torque)
    else:
        c.torque_integral = torque
    low = p.torque_gain * p.minimum_speed * p.minimum_speed
    c.low_integral = min(torque, low)
    c.torque_upper, c.torque_lower = c.torque_integral, c.low_integral
    c.torque = torque
    c.pitch = m.pitch
    c.speed_reference = p.rated_speed if mode == PRODUCTION else min(speed, p.rated_speed)
    c.speed = speed
    c.sway_integral = 0.0
    c.mode = mode
    c.region = 2.0 if reference < p.rated_speed else 3.0
    c.ready = 1.0 if mode == PRODUCTION else 0.0
    c.limited = 0.0


@kernel
def _enter_production(c: Record, p: ControlParameters, m: Record):  # type: ignore[no-untyped-def]
    """Hand over from run-up to the production controllers without a bump."""
    c.mode, c.ready = PRODUCTION, 0.0
    c.pitch_integral = m.pitch
    c.speed_reference = min(c.speed, p.rated_speed)
    c.low_integral = 0.0
    c.smoothing = 0.0
    settled(c.smoothing_filter, p.smoothing_filter, 0.0)
    c.sway_integral = 0.0
    # Filters that rest while nothing is produced would answer with what they saw before.
    settled(c.drive_train_filter, p.drive_train_filter, m.generator_speed)
    settled(c.sway_filter, p.sway_filter, m.fore_aft_acceleration)
    settled(c.reference_filter, p.reference_filter, _tracked_speed(p, c.wind_estimate))


@kernel
def _operation(c: Record, p: ControlParameters, m: Record, wind: float):  # type: ignore[no-untyped-def]
    """Change the mode of operation where a request, the wind or the speed asks for it."""
    if c.mode == PRODUCTION or c.mode == RUN_UP:
        if m.request < 0.0 or abs(m.generator_speed) > p.trip_speed:
            c.mode = EMERGENCY
        elif m.request == 0.0 or wind > p.cut_out or wind < LULL * p.cut_in:
            c.mode = SHUTDOWN
        elif c.mode == RUN_UP and c.speed >= p.connect_speed:
            _enter_production(c, p, m)
    elif c.mode == SHUTDOWN:
        if m.request < 0.0 or abs(m.generator_speed) > p.trip_speed:
            c.mode = EMERGENCY
        elif abs(m.generator_speed) < p.brake_speed:
            c.mode = PARKED
    elif c.mode == EMERGENCY:
        # Latched until somebody has asked for a stop.
        if m.request == 0.0 and abs(m.generator_speed) < p.brake_speed:
            c.mode = PARKED
    elif m.request > 0.0 and p.cut_in <= wind <= p.restart:
        c.mode = RUN_UP
        c.speed_reference = 0.0


@inlined_kernel
def control_step(c: Record, p: ControlParameters, m: Record):  # type: ignore[no-untyped-def]
    """Return torque command [N m], pitch command [rad] and brake torque [N m] of one sample; `c` is changed.

    Parameters
    ----------
    c : record of CONTROL
        States.
    p : ControlParameters
        Constants.
    m : record of MEASUREMENT
        What is measured now.
    """
    dt = p.time_step
    before = c.speed
    speed = filtered(c.speed_filter, p.speed_filter, m.generator_speed)
    c.speed = speed
    torque_filtered = filtered(c.torque_filter, p.torque_filter, m.torque)
    pitch_filtered = filtered(c.pitch_filter, p.pitch_filter, m.pitch)
    wind_filtered = filtered(c.wind_filter, p.wind_filter, c.wind_estimate)
    average = filtered(c.average_filter, p.average_filter, m.wind_speed)
    if p.supervise > 0.0:
        _operation(c, p, m, average)

    # Wind speed: the rotor's while it works, else the anemometer's.
    if p.estimate > 0.0:
        least = _ESTIMATED * p.minimum_speed
        if speed > least and m.pitch <= p.estimator.surface.pitch[-1]:
            c.wind_estimate = estimator_step(
                c.estimator, p.estimator, speed / p.gear_ratio, m.pitch, torque_filtered, dt
            )
        else:
            c.wind_estimate = average
            estimator_start(c.estimator, max(speed, least) / p.gear_ratio, max(average, _CALM))
        c.minimum_pitch = _minimum_pitch(p, wind_filtered)
    else:
        c.wind_estimate = average

    # What the grid wants: the power that may be made at most.
    power_limit = min(m.power_limit, p.rated_power)
    if p.estimate > 0.0 and (m.reserve > 0.0 or m.reserve_power > 0.0):
        available = interpolated(wind_filtered, p.available_wind, p.available_power)
        power_limit = min(power_limit, (1.0 - m.reserve) * available - m.reserve_power)
    power_limit = max(power_limit, 0.0)
    shaft_limit = power_limit / (p.efficiency * max(speed, _LEAST_SPEED * p.rated_speed))
    curtailed = power_limit < p.rated_power

    if c.mode != PRODUCTION:
        return _not_producing(c, p, m, before, average)

    # Set points.
    c.speed_reference = min(c.speed_reference + p.run_up_acceleration * dt, p.rated_speed)
    pitch_reference = c.speed_reference
    if c.smoothing < 0.0:
        pitch_reference -= c.smoothing
    if p.torque_law == K_OMEGA_2:
        torque_reference = p.rated_speed
    else:
        torque_reference = filtered(c.reference_filter, p.reference_filter, _tracked_speed(p, c.wind_estimate))
        torque_reference = _clip(torque_reference, p.minimum_speed, c.speed_reference)
    if c.smoothing > 0.0:
        torque_reference -= c.smoothing
    torque_reference = max(torque_reference, p.minimum_speed)

    # Region.
    peak = p.torque_gain * p.rated_speed * p.rated_speed
    low = p.torque_gain * p.minimum_speed * p.minimum_speed
    pitched = m.pitch >= c.minimum_pitch + p.pitch_switch
    if c.speed_reference >= p.rated_speed and (not pitched or speed >= _LOADED * p.rated_speed):
        c.ready = 1.0  # after a start pitch comes down from feather and follows the reference: not region 3 yet
    if pitched and c.ready > 0.0:
        c.region = 3.0
    elif p.torque_law != K_OMEGA_2 or c.ready == 0.0:
        c.region = 2.0
    elif c.torque_upper >= p.switch_margin * peak:
        c.region = 2.5
    elif c.torque_lower < (1.0 - _EDGE) * low:
        c.region = 1.5
    else:
        c.region = 2.0

    # Smoothing keeps torque and pitch from regulating speed together.
    c.smoothing = filtered(c.smoothing_filter, p.smoothing_filter, _shift(c, p, m.pitch, power_limit))
    c.power = m.torque * m.generator_speed * p.efficiency

    # Torque.
    c.limited = 0.0
    constant = p.rated_power / (p.efficiency * max(speed, _LEAST_SPEED * p.rated_speed))
    highest = min(constant, p.maximum_torque) if p.constant_power > 0.0 else p.rated_torque
    if curtailed:
        highest = min(highest, shaft_limit)
    error = torque_reference - speed
    if c.ready == 0.0:
        # A start follows K w^2 under both laws: from feather, smoothing asks the PI for a speed that is far off.
        # In weak wind the least speed is held as in region 1.5.
        torque = p.torque_gain * speed * speed
        error_low = p.minimum_speed - speed
        c.low_integral = _clip(c.low_integral + dt * p.torque_integral * error_low, 0.0, low)
        c.torque_lower = _clip(p.torque_proportional * error_low + c.low_integral, 0.0, low)
        if c.torque_lower < (1.0 - _EDGE) * low:
            torque = min(torque, c.torque_lower)
        c.torque_upper = _clip(torque, peak, p.rated_torque)
        if p.torque_law == K_OMEGA_2:
            c.torque_integral = c.torque_upper
        else:
            c.torque_integral = _clip(torque - p.torque_proportional * error, 0.0, highest)
    elif p.torque_law == K_OMEGA_2:
        c.torque_integral = _clip(c.torque_integral + dt * p.torque_integral * error, peak, p.rated_torque)
        c.torque_upper = _clip(p.torque_proportional * error + c.torque_integral, peak, p.rated_torque)
        error_low = p.minimum_speed - speed
        c.low_integral = _clip(c.low_integral + dt * p.torque_integral * error_low, 0.0, low)
        c.torque_lower = _clip(p.torque_proportional * error_low + c.low_integral, 0.0, low)
        if c.region == 1.5:
            torque = c.torque_lower
        elif c.region == 2.0:
            torque = p.torque_gain * speed * speed
        elif c.region == 2.5:
            torque = c.torque_upper
        else:
            torque = constant if p.constant_power > 0.0 else p.rated_torque
    else:
        c.torque_integral = _clip(c.torque_integral + dt * p.torque_integral * error, 0.0, highest)
        torque = p.torque_proportional * error + c.torque_integral
    if torque > highest:
        c.limited += 1.0
    torque = _clip(torque, 0.0, highest)
    largest = p.torque_rate * dt
    if abs(torque - c.torque) > largest:
        c.limited += 8.0
    c.torque += _clip(torque - c.torque, -largest, largest)
    torque = c.torque
    if p.drive_train_gain != 0.0:
        damper = filtered(c.drive_train_filter, p.drive_train_filter, m.generator_speed)
        torque = _clip(torque + p.drive_train_gain * damper, 0.0, p.maximum_torque)

    # Pitch.
    kp = interpolated(pitch_filtered, p.pitch_schedule, p.pitch_proportional)
    ki = interpolated(pitch_filtered, p.pitch_schedule, p.pitch_integral)
    error = pitch_reference - speed
    c.pitch_integral = _clip(c.pitch_integral + dt * ki * error, c.minimum_pitch, p.maximum_pitch)
    pitch = _clip(kp * error + c.pitch_integral, c.minimum_pitch, p.maximum_pitch)
    if p.sway_gain != 0.0:
        sway = filtered(c.sway_filter, p.sway_filter, m.fore_aft_acceleration)
        c.sway_integral = _clip(c.sway_integral + dt * p.sway_gain * sway, -p.sway_limit, p.sway_limit)
        pitch += c.sway_integral
    if pitch <= c.minimum_pitch:
        c.limited += 2.0
    pitch = _clip(pitch, c.minimum_pitch, p.maximum_pitch)
    largest = p.pitch_rate * dt
    if abs(pitch - c.pitch) > largest:
        c.limited += 4.0
    c.pitch += _clip(pitch - c.pitch, -largest, largest)
    return torque, c.pitch, 0.0


@kernel
def _not_producing(c: Record, p: ControlParameters, m: Record, before: float, wind: float):  # type: ignore[no-untyped-def]
    """Return the commands while parked, running up or stopping."""
    dt = p.time_step
    c.limited, c.region, c.smoothing = 0.0, 0.0, 0.0
    brake = 0.0
    if c.mode == RUN_UP:
        # Pitch holds the acceleration: lower while the rotor gains less than wanted, higher while it gains more.
        gain = (c.speed - before) / (dt * p.run_up_acceleration)
        rate = _clip(gain - 1.0, -1.0, 1.0) * p.shutdown_pitch_rate
        ratio = c.speed / p.gear_ratio * p.radius / max(wind, 1.0)
        lowest = interpolated(ratio, p.run_up_ratio, p.run_up_pitch)  # of most torque
        c.pitch = _clip(c.pitch + rate * dt, min(lowest, c.pitch), p.feather)
        c.torque = 0.0
    elif c.mode == SHUTDOWN:
        c.pitch = min(c.pitch + p.shutdown_pitch_rate * dt, p.feather)
        c.torque = max(c.torque - p.shutdown_torque_rate * dt, 0.0)
    else:
        c.pitch = min(c.pitch + p.pitch_rate * dt, p.feather)
        c.torque = 0.0
        if abs(m.generator_speed) <= p.brake_speed:
            brake = p.brake_torque
    c.power = c.torque * m.generator_speed * p.efficiency
    c.pitch_integral = m.pitch
    return c.torque, c.pitch, brake
