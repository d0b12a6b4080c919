"""One step of the machine: rotor, drive train, tower, pitch drives and generator. What controls it is outside.

`plant_step` takes the generator's air-gap torque from whoever gives it: the turbine's own controller, a converter that
is simulated elsewhere at its own rate, a series. Standstill, run-up, feathered and parked are ordinary states of it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from turbine.compiled import inlined_kernel, kernel
from turbine.surface_math import FASTEST, SurfaceArrays, torque_thrust

__all__ = [
    "ENERGY",
    "FLOW",
    "PLANT",
    "MechanicsArrays",
    "PlantParameters",
    "new_record",
    "plant_step",
    "rotor_forces",
    "shear_factor",
]

Floats = npt.NDArray[np.float64]

_CREEP = 0.01  # rotor speed below which gearbox losses fade with it, so that they never drive [rad/s]
Record = Any  # a NumPy record; compiled code reads its fields as attributes

_f = np.float64

#: States of the machine: mechanical ones as in `turbine.mechanics` (coordinates, then their rates), pitch and its rate.
PLANT = np.dtype([("z", _f, (10,)), ("pitch", _f), ("pitch_rate", _f)])

#: What one step finds on its way, at its beginning unless said otherwise.
FLOW = np.dtype(
    [
        ("aero_torque", _f),  # about the shaft [N m]
        ("thrust", _f),  # along the wind [N]
        ("shaft_torque", _f),  # slow side, at the gearbox or generator [N m]
        ("airgap_torque", _f),  # of the generator, own side, held over the step [N m]
        ("brake_torque", _f),  # of the rotor brake, generator's side, held over the step [N m]
        ("electrical_power", _f),  # mean over the step [W]
        ("fore_aft_moment", _f),  # tower base [N m]
        ("side_side_moment", _f),  # tower base [N m]
        ("fore_aft_acceleration", _f),  # tower top [m/s2]
        ("side_side_acceleration", _f),  # tower top [m/s2]
        ("wind_speed", _f),  # that the rotor feels before it moves with the tower [m/s]
        ("work", _f, (28,)),  # scratch of one step, so that it allocates nothing
    ]
)

#: Energy since the start [J]; `wind` less all others is what the machine has stored.
ENERGY = np.dtype(
    [
        ("wind", _f),
        ("electrical", _f),
        ("generator_loss", _f),
        ("gearbox_loss", _f),
        ("damping_loss", _f),
        ("brake_loss", _f),
    ]
)


class MechanicsArrays(NamedTuple):
    """What the compiled step needs of the mechanics.

    Parameters
    ----------
    step : array, shape (10, 10)
        State transition over one step.
    push : array, shape (10, 3)
        Effect of held inputs over one step.
    rates, forces : array, shape (5, 10) and (5, 3)
        Accelerations by state and by input.
    mass, stiffness : array, shape (5, 5)
        For the stored energy.
    loss : array, shape (13, 13)
        Energy lost in the dampers over one step, as a quadratic form of state and inputs.
    gear_ratio, generator_inertia, slope, tower_height, hub_height, modal_mass : float
        As in `turbine.mechanics.Mechanics`; the modal mass is zero without tower.
    time_step : float
        [s].
    """

    step: Floats
    push: Floats
    rates: Floats
    forces: Floats
    mass: Floats
    stiffness: Floats
    loss: Floats
    gear_ratio: float
    generator_inertia: float
    slope: float
    tower_height: float
    hub_height: float
    modal_mass: float
    time_step: float


class PlantParameters(NamedTuple):
    """What a step needs to know of the machine.

    Parameters
    ----------
    mechanics : MechanicsArrays
        Drive train and tower, discretised.
    surface : SurfaceArrays
        Of the rotor.
    radius, air_density : float
        [m] and [kg/m3].
    pitch_step : array, shape (2, 3)
        Exact step of the pitch drive: angle and rate by angle, rate and command; without dynamics the angle is the
        command.
    pitch_limits : array, shape (3,)
        Lowest and highest angle [rad], highest rate [rad/s].
    generator_efficiency, gearbox_efficiency : float
        [-].
    azimuth_factor : array, shape (k,)
        Relative change of the wind speed over one blade's turn (`turbine.excitation`); zeros: steady.
    blade_count : float
        [-].
    """

    mechanics: MechanicsArrays
    surface: SurfaceArrays
    radius: float
    air_density: float
    pitch_step: Floats
    pitch_limits: Floats
    generator_efficiency: float
    gearbox_efficiency: float
    azimuth_factor: Floats
    blade_count: float


def new_record(kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return one record of a kind, all zeros, as an array of shape (1,); element 0 is what kernels take."""
    return np.zeros(1, kind)


@kernel
def rotor_forces(surface: SurfaceArrays, radius: float, air_density: float, pitch: float, speed: float, wind: float):  # type: ignore[no-untyped-def]
    """Return aerodynamic torque [N m] and thrust [N]; the same as `turbine.rotor.rotor_state`, for one state."""
    wind = max(wind, abs(speed) * radius / FASTEST, 1e-6)
    tsr = speed * radius / wind
    force = 0.5 * air_density * math.pi * radius * radius * wind * wind
    torque, drag = torque_thrust(surface, pitch, tsr)
    return force * radius * torque, force * drag


@kernel
def shear_factor(factor: Floats, azimuth: float, blade_count: float):  # type: ignore[no-untyped-def]
    """Return one plus the relative change of the wind speed at an azimuth [rad], by linear interpolation."""
    n = factor.size
    place = azimuth * blade_count / (2.0 * math.pi)
    place = (place - math.floor(place)) * n
    k = int(place)
    part = place - k
    return 1.0 + (1.0 - part) * factor[k % n] + part * factor[(k + 1) % n]


@inlined_kernel
def plant_step(  # type: ignore[no-untyped-def]
    x: Record, f: Record, e: Record, p: PlantParameters, wind: float, pitch_command: float, torque: float, brake: float
):
    """Advance the machine by one step.

    Parameters
    ----------
    x : record of PLANT
        States; changed.
    f : record of FLOW
        Forces and moments; written.
    e : record of ENERGY
        Energies; added to.
    p : PlantParameters
        The machine.
    wind : float
        Wind speed at hub height across the rotor, held over the step [m/s].
    pitch_command : float
        [rad].
    torque : float
        Air-gap torque, positive when generating, held over the step [N m].
    brake : float
        What the rotor brake can hold, on the generator's side [N m].

    Notes
    -----
    Aerodynamic forces are those of the step's middle (explicit midpoint rule, second order); the mechanics take them as
    held and solve the step exactly.
    """
    m = p.mechanics
    z, h = x.z, m.time_step
    gear = m.gear_ratio
    # Pitch drive first: its middle is the pitch of the step.
    low, high, fastest = p.pitch_limits[0], p.pitch_limits[1], p.pitch_limits[2]
    command = min(max(pitch_command, low), high)
    s = p.pitch_step
    angle = s[0, 0] * x.pitch + s[0, 1] * x.pitch_rate + s[0, 2] * command
    rate = s[1, 0] * x.pitch + s[1, 1] * x.pitch_rate + s[1, 2] * command
    if abs(angle - x.pitch) > fastest * h:
        angle = x.pitch + math.copysign(fastest * h, angle - x.pitch)
    rate = min(max(rate, -fastest), fastest)
    if angle <= low or angle >= high:
        angle, rate = min(max(angle, low), high), 0.0
    pitch_middle = 0.5 * (x.pitch + angle)
    # Air.
    gust = wind * shear_factor(p.azimuth_factor, z[0], p.blade_count)
    aero, thrust = rotor_forces(p.surface, p.radius, p.air_density, x.pitch, z[5], gust - z[8])
    # Generator: gearbox losses add to what the shaft feels when generating and take off when motoring.
    generator_speed = gear * (z[5] - z[6] - z[7] - m.slope * z[9])
    eta = p.gearbox_efficiency
    lost = abs(torque) * (1.0 / eta - 1.0 if torque * generator_speed > 0.0 else 1.0 - eta)
    loaded = torque + lost * min(max(generator_speed / (gear * _CREEP), -1.0), 1.0)
    accelerations, after, both = f.work[:5], f.work[5:15], f.work[15:28]
    for i in range(5):
        total = m.forces[i, 0] * aero + m.forces[i, 1] * thrust + m.forces[i, 2] * loaded
        for j in range(10):
            total += m.rates[i, j] * z[j]
        accelerations[i] = total
    middle_speed = z[5] + 0.5 * h * accelerations[0]
    middle_sway = z[8] + 0.5 * h * accelerations[3]
    gust_middle = wind * shear_factor(p.azimuth_factor, z[0] + 0.5 * h * z[5], p.blade_count)
    aero_held, thrust_held = rotor_forces(
        p.surface, p.radius, p.air_density, pitch_middle, middle_speed, gust_middle - middle_sway
    )
    for i in range(10):
        total = m.push[i, 0] * aero_held + m.push[i, 1] * thrust_held + m.push[i, 2] * loaded
        for j in range(10):
            total += m.step[i, j] * z[j]
        after[i] = total
    held = 0.0
    if brake > 0.0:
        # Dry friction: what stops the generator within the step, no more than there is.
        free = gear * (after[5] - after[6] - after[7] - m.slope * after[9])
        reach = gear * (m.push[5, 2] - m.push[6, 2] - m.push[7, 2] - m.slope * m.push[9, 2])
        held = min(max(-free / reach, -brake), brake)
        for i in range(10):
            after[i] += m.push[i, 2] * held
        for i in range(5):
            accelerations[i] += m.forces[i, 2] * held
    # Energy: work of held forces and losses of the dampers are exact.
    turned = gear * (after[0] - z[0] - (after[1] - z[1]) - (after[2] - z[2]) - m.slope * (after[4] - z[4]))
    airgap = torque * turned
    electrical = airgap * p.generator_efficiency if airgap > 0.0 else airgap / p.generator_efficiency
    e.wind += aero_held * (after[0] - z[0]) + thrust_held * (after[3] - z[3])
    e.electrical += electrical
    e.generator_loss += airgap - electrical
    e.gearbox_loss += (loaded - torque) * turned
    e.brake_loss += held * turned
    for i in range(10):
        both[i] = z[i]
    both[10], both[11], both[12] = aero_held, thrust_held, loaded + held
    loss = 0.0
    for i in range(13):
        total = 0.5 * m.loss[i, i] * both[i]
        for j in range(i):
            total += m.loss[i, j] * both[j]
        loss += 2.0 * total * both[i]
    e.damping_loss += loss
    # Loads at the beginning of the step. Moments at the tower base: statics of the applied loads and the inertia of the
    # mode, which keeps the static part that one mode alone would miss.
    reaction = loaded + held
    shaft = gear * reaction + m.generator_inertia * (
        accelerations[0] - accelerations[1] - accelerations[2] - m.slope * (1.0 - 1.0 / gear) * accelerations[4]
    )
    roll = shaft * (1.0 - 1.0 / gear) + reaction
    f.aero_torque = aero
    f.thrust = thrust
    f.shaft_torque = shaft
    f.airgap_torque = torque
    f.brake_torque = held
    f.electrical_power = electrical / h
    f.fore_aft_moment = thrust * m.hub_height - m.modal_mass * accelerations[3] * m.tower_height
    f.side_side_moment = roll - m.modal_mass * accelerations[4] * m.tower_height
    f.fore_aft_acceleration = accelerations[3]
    f.side_side_acceleration = accelerations[4]
    f.wind_speed = gust
    for i in range(10):
        z[i] = after[i]
    if z[0] > 2.0 * math.pi:
        z[0] -= 2.0 * math.pi
    elif z[0] < 0.0:
        z[0] += 2.0 * math.pi
    x.pitch, x.pitch_rate = angle, rate
