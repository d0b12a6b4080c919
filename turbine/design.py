"""Controller constants from the machine: torque gain, PI gains of pitch and torque, minimum pitch, dampers.

Everything comes from the rotor surface and its derivatives at the ideal steady operation, the linear one-mass model

    J dw/dt = dQ/dw w + dQ/dbeta beta + dQ/dV v - N T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive, check_range
from turbine.errors import MachineError
from turbine.machine import Machine
from turbine.rotor import rotor_gradient, rotor_state

__all__ = [
    "Operation",
    "PitchDesign",
    "PitchGains",
    "design_drive_train_damper",
    "design_pitch_pi",
    "design_torque_pi",
    "electrical_power",
    "ideal_operation",
    "minimum_pitch_schedule",
    "minimum_rotor_speed",
    "optimal_torque_gain",
    "pitch_gains",
    "rated_wind_speed",
    "rotor_pole",
    "starting_pitch",
    "tip_speed_ratio",
    "turning_inertia",
]

Floats = npt.NDArray[np.float64]

_LEAST = 0.3  # of rated speed, lowest in production of a machine whose own is unknown [-]


@dataclass(frozen=True, eq=False)
class Operation:
    """Ideal steady operation by wind speed, arrays of one shape.

    Parameters
    ----------
    wind_speed : array, shape (n,)
        [m/s].
    rotor_speed : array, shape (n,)
        [rad/s].
    pitch : array, shape (n,)
        [rad].
    """

    wind_speed: Floats
    rotor_speed: Floats
    pitch: Floats


@dataclass(frozen=True, eq=False)
class PitchDesign:
    """Pitch PI gains by pitch angle, from generator speed (reference less measured), with their loop's margins.

    Parameters
    ----------
    wind_speed, pitch : array, shape (n,)
        Operating points [m/s] and [rad].
    proportional, integral : array, shape (n,)
        [s] and [-], negative.
    gain_margin_db, phase_margin_deg, delay_margin : array, shape (n,)
        Of the loop with pitch drive, speed filter and the given delay [dB], [deg], [s]; infinite where there is none.
    crossover : array, shape (n,)
        Where the loop's gain is one [rad/s].
    """

    wind_speed: Floats
    pitch: Floats
    proportional: Floats
    integral: Floats
    gain_margin_db: Floats
    phase_margin_deg: Floats
    delay_margin: Floats
    crossover: Floats


def turning_inertia(machine: Machine) -> float:
    """Return the inertia of rotor and generator about the slow shaft [kg m2]."""
    gear = machine.require("drive_train.gear_ratio")
    return machine.require("rotor.inertia") + gear**2 * machine.require("generator.inertia")


def _efficiency(machine: Machine) -> float:
    """Return electrical power over rotor power [-]."""
    return machine.require("generator.efficiency") * (machine.usual("drive_train.gearbox_efficiency"))


def tip_speed_ratio(machine: Machine) -> float:
    """Return the tip-speed ratio that the machine holds below rated [-]: given, or the surface's best at fine pitch."""
    given = machine.get("operation.optimal_tip_speed_ratio")
    if given is not None:
        return given
    fine = machine.usual("operation.fine_pitch")
    return machine.require_surface().optimum((fine, fine)).tip_speed_ratio


def minimum_rotor_speed(machine: Machine) -> float:
    """Return the lowest rotor speed in production [rad/s]: the machine's, or 0.3 of rated where it is unknown."""
    return machine.get("operation.min_rotor_speed") or _LEAST * machine.require("operation.rated_rotor_speed")


def ideal_operation(machine: Machine, wind_speed: npt.ArrayLike) -> Operation:
    """Return rotor speed and pitch that give most power within speed limits, and rated power above it.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    wind_speed : float or array, shape (n,)
        [m/s].

    Returns
    -------
    Operation
        Pitch is fine pitch below rated power; above, the larger of two solutions (towards feather).
    """
    from scipy.optimize.elementwise import find_root

    surface, radius = machine.require_surface(), machine.require("rotor.radius")
    density, fine = machine.usual("operation.air_density"), machine.usual("operation.fine_pitch")
    rated = machine.require("operation.rated_rotor_speed")
    least = minimum_rotor_speed(machine)
    rated_torque = machine.require("generator.rated_power") / _efficiency(machine) / rated
    wind = np.atleast_1d(np.asarray(wind_speed, np.float64))
    speed = np.clip(tip_speed_ratio(machine) * wind / radius, least, rated)
    pitch = np.full(wind.shape, fine)

    def excess(beta: Floats, v: Floats, w: Floats) -> Floats:
        state = rotor_state(surface, pitch=beta, rotor_speed=w, wind_speed=v, radius=radius, air_density=density)
        return state.torque - rated_torque

    above = np.flatnonzero(excess(pitch, wind, speed) > 0.0)
    if above.size:
        v, w = wind[above], speed[above]
        # Past the top of the torque curve, so that it is the side towards feather.
        angles = np.linspace(fine, max(surface.pitch[-1], fine + 0.1), 200)
        found = excess(angles, v[:, None], w[:, None])
        below = (found < 0.0) & (np.arange(angles.size) > found.argmax(axis=1)[:, None])
        held = below.any(axis=1)
        if not held.all():
            raise MachineError(f'machine "{machine.name}": no pitch holds rated power at {v[~held][0]:g} m/s')
        k = below.argmax(axis=1)
        solved = find_root(excess, (angles[k - 1], angles[k]), args=(v, w), tolerances={"xatol": 1e-12, "xrtol": 0.0})
        if not solved.success.all():
            raise MachineError(f'machine "{machine.name}": no pitch found for rated power at {v[~solved.success]} m/s')
        pitch[above] = solved.x
    return Operation(wind, speed, pitch)


def rotor_pole(machine: Machine, at: Operation) -> Floats:
    """Return the pole dQ/dw / J of the rotor with its torque held, by operating point, shape (n,) [1/s]."""
    gradient = rotor_gradient(
        machine.require_surface(),
        pitch=at.pitch,
        rotor_speed=at.rotor_speed,
        wind_speed=at.wind_speed,
        radius=machine.require("rotor.radius"),
        air_density=machine.usual("operation.air_density"),
    )
    return np.asarray(gradient.torque_speed / turning_inertia(machine))


def optimal_torque_gain(machine: Machine) -> float:
    """Return K of K w^2 on the generator's side [N m s2/rad2]: K = rho pi R^5 Cp eta / (2 tsr^3 N^3).

    Cp is the surface's at fine pitch and at the tip-speed ratio that the machine holds; eta is the gearbox's.
    """
    radius, ratio = machine.require("rotor.radius"), tip_speed_ratio(machine)
    cp = float(machine.require_surface().cp(machine.usual("operation.fine_pitch"), ratio))
    gear, eta = machine.require("drive_train.gear_ratio"), machine.usual("drive_train.gearbox_efficiency")
    return machine.usual("operation.air_density") * math.pi * radius**5 * cp * eta / (2.0 * ratio**3 * gear**3)


def rated_wind_speed(machine: Machine) -> float:
    """Return the least wind speed that gives rated power at rated speed and fine pitch [m/s]."""
    from scipy.optimize import brentq

    surface, radius = machine.require_surface(), machine.require("rotor.radius")
    rated = machine.require("operation.rated_rotor_speed")
    torque = machine.require("generator.rated_power") / _efficiency(machine) / rated

    def excess(wind: Floats | float) -> Floats:
        state = rotor_state(
            surface,
            pitch=machine.usual("operation.fine_pitch"),
            rotor_speed=rated,
            wind_speed=wind,
            radius=radius,
            air_density=machine.usual("operation.air_density"),
        )
        return state.torque - torque

    winds = np.arange(4.0, 25.0, 0.1)
    above = np.flatnonzero(excess(winds) > 0.0)
    if not above.size:
        raise MachineError(f'machine "{machine.name}" does not reach its rated power at fine pitch below 25 m/s')
    first = int(above[0])
    return float(brentq(excess, winds[max(first - 1, 0)], winds[first], xtol=1e-10))


def design_pitch_pi(
    machine: Machine,
    natural_frequency: float,
    damping: float,
    *,
    wind_speed: npt.ArrayLike | None = None,
    delay: float = 0.0,
    constant_power: bool = False,
    smooth: bool = True,
) -> PitchDesign:
    """Return pitch PI gains that give the speed loop a wanted natural frequency and damping.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    natural_frequency : float
        Of the second-order speed loop [rad/s].
    damping : float
        Its damping ratio [-].
    wind_speed : array, shape (n,), optional
        Operating points above rated [m/s]; 30 up to cut-out unless given.
    delay : float
        Of the loop, for the margins [s].
    constant_power : bool
        The torque controller holds power rather than torque, which takes damping away.
    smooth : bool
        Straight lines over wind speed through the plant's coefficients, so that gains change smoothly.

    Returns
    -------
    PitchDesign
        Gains by pitch with gain, phase and delay margin of the loop (pitch drive and speed filter included).

    Raises
    ------
    MachineError
        Pitch has no effect at an operating point; a value is missing.

    Notes
    -----
    Kp = (2 d w + A)/B, Ki = w^2/B with A = dQ/dw / J and B = dQ/dbeta / J: Hansen et al. 2005, Riso-R-1500(EN);
    Abbas et al. 2022, doi:10.5194/wes-7-53-2022, section 3.2.
    """
    check_range("delay", delay, 0.0, unit="s")
    gains = pitch_gains(
        machine,
        natural_frequency,
        damping,
        wind_speed=wind_speed,
        constant_power=constant_power,
        smooth=smooth,
    )
    margins = _margins(machine, gains, delay)
    return PitchDesign(gains.at.wind_speed, gains.at.pitch, gains.proportional, gains.integral, *margins.T)


@dataclass(frozen=True, eq=False)
class PitchGains:
    """PI gains by operating point, with what they were made of: d(speed)/dt = pole speed + effect pitch, slow side."""

    at: Operation
    pole: Floats
    effect: Floats
    proportional: Floats
    integral: Floats


def pitch_gains(
    machine: Machine,
    natural_frequency: float,
    damping: float,
    *,
    wind_speed: npt.ArrayLike | None = None,
    constant_power: bool = False,
    smooth: bool = True,
) -> PitchGains:
    """Return the gains of `design_pitch_pi` without the margins of their loop; parameters and errors as there."""
    check_positive("natural_frequency", natural_frequency, unit="rad/s")
    check_range("damping", damping, 0.0, 5.0, above=True)
    gear, inertia = machine.require("drive_train.gear_ratio"), turning_inertia(machine)
    if wind_speed is None:
        rated = machine.get("operation.rated_wind_speed") or rated_wind_speed(machine)
        wind_speed = np.linspace(rated, machine.usual("operation.cut_out_wind_speed"), 31)[1:]
    at = ideal_operation(machine, wind_speed)
    gradient = rotor_gradient(
        machine.require_surface(),
        pitch=at.pitch,
        rotor_speed=at.rotor_speed,
        wind_speed=at.wind_speed,
        radius=machine.require("rotor.radius"),
        air_density=machine.usual("operation.air_density"),
    )
    a, b = gradient.torque_speed / inertia, gradient.torque_pitch / inertia
    if constant_power:
        a = a + machine.require("generator.rated_power") / _efficiency(machine) / (at.rotor_speed**2 * inertia)
    if np.any(b >= 0.0):
        k = int(np.argmax(b))
        raise MachineError(
            f'machine "{machine.name}": at {at.wind_speed[k]:g} m/s more pitch gives more torque; expected wind speeds '
            "above rated"
        )
    if smooth and at.wind_speed.size > 2:
        fit_a, fit_b = (np.polynomial.Polynomial.fit(at.wind_speed, y, 1)(at.wind_speed) for y in (a, b))
    else:
        fit_a, fit_b = a, b
    # From generator speed: the slow side's gains over N.
    kp = (2.0 * damping * natural_frequency + fit_a) / fit_b / gear
    ki = natural_frequency**2 / fit_b / gear
    return PitchGains(at, a, b, kp, ki)


def _margins(machine: Machine, gains: PitchGains, delay: float) -> Floats:
    """Return gain margin [dB], phase margin [deg], delay margin [s] and crossover [rad/s] by operating point."""
    import control

    gear = machine.require("drive_train.gear_ratio")
    actuator = _pitch_drive(machine) * _speed_filter(machine)
    if delay > 0.0:
        actuator = actuator * control.tf(*control.pade(delay, 2))
    found = []
    for a, b, kp, ki in zip(gains.pole, gains.effect, gains.proportional, gains.integral, strict=True):
        loop = control.tf([kp, ki], [1.0, 0.0]) * actuator * control.tf([b * gear], [1.0, -a])
        gain, phase, _, _, crossover, _ = control.stability_margins(loop)
        delay_margin = math.radians(phase) / crossover if np.isfinite(phase) and crossover else math.inf
        found.append((20.0 * math.log10(gain) if gain > 0.0 else math.inf, phase, delay_margin, crossover))
    return np.array(found, np.float64)


def _pitch_drive(machine: Machine) -> Any:
    import control

    w, d = machine.get("pitch_actuator.natural_frequency"), machine.get("pitch_actuator.damping_ratio")
    return control.tf([1.0], [1.0]) if w is None else control.tf([w**2], [1.0, 2.0 * (d or 1.0) * w, w**2])


def _speed_filter(machine: Machine) -> Any:
    import control

    w = machine.get("controller.speed_filter_frequency")
    if w is None:
        return control.tf([1.0], [1.0])
    if machine.get("controller.speed_filter_order") == 2:
        d = machine.get("controller.speed_filter_damping") or 0.7
        return control.tf([w**2], [1.0, 2.0 * d * w, w**2])
    return control.tf([w], [1.0, w])


def design_torque_pi(machine: Machine, natural_frequency: float, damping: float) -> tuple[float, float]:
    """Return torque PI gains [N m s/rad] and [N m/rad] of the speed loop at the upper end of region 2.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    natural_frequency : float
        Of the speed loop [rad/s].
    damping : float
        Its damping ratio [-].

    Returns
    -------
    tuple of float
        Proportional and integral gain from generator speed (reference less measured), negative.

    Notes
    -----
    As `design_pitch_pi`, with B = -N^2/J from torque to generator speed.
    """
    check_positive("natural_frequency", natural_frequency, unit="rad/s")
    check_range("damping", damping, 0.0, 5.0, above=True)
    wind = machine.get("operation.rated_wind_speed") or rated_wind_speed(machine)
    pole = float(rotor_pole(machine, ideal_operation(machine, 0.98 * wind))[0])
    b = -(machine.require("drive_train.gear_ratio") ** 2) / turning_inertia(machine)
    return (2.0 * damping * natural_frequency + pole) / b, natural_frequency**2 / b


def minimum_pitch_schedule(machine: Machine, *, peak_thrust: float = 1.0, points: int = 60) -> tuple[Floats, Floats]:
    """Return the least pitch by wind speed: most power at the least rotor speed, at most a share of peak thrust.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    peak_thrust : float
        Share of the largest steady thrust that is allowed [-]; 1: no peak shaving.
    points : int
        Of the schedule.

    Returns
    -------
    tuple of array, shape (points,)
        Wind speeds [m/s] and pitch [rad].

    Notes
    -----
    Abbas et al. 2022, doi:10.5194/wes-7-53-2022, section 2.6.
    """
    from scipy.optimize import brentq

    check_range("peak_thrust", peak_thrust, 0.2, 1.0, hint="did you give percent?")
    surface, radius = machine.require_surface(), machine.require("rotor.radius")
    first = machine.usual("operation.cut_in_wind_speed")
    wind = np.linspace(first, machine.usual("operation.cut_out_wind_speed"), points)
    at = ideal_operation(machine, wind)
    fine = machine.usual("operation.fine_pitch")
    pitch = np.full(points, fine)
    least = minimum_rotor_speed(machine)
    state: dict[str, Any] = {"radius": radius, "air_density": machine.usual("operation.air_density")}
    for i in np.flatnonzero(at.rotor_speed <= least * (1.0 + 1e-9)):
        angles = np.linspace(fine, fine + 0.2, 401)
        cp = surface.cp(angles, at.rotor_speed[i] * radius / wind[i])
        pitch[i] = angles[int(np.argmax(cp))]
    thrust = rotor_state(surface, pitch=at.pitch, rotor_speed=at.rotor_speed, wind_speed=wind, **state).thrust
    allowed = peak_thrust * float(thrust.max())
    unpitched = rotor_state(surface, pitch=fine, rotor_speed=at.rotor_speed, wind_speed=wind, **state).thrust
    # Without peak shaving nothing is to be held; with it the limit holds above rated as well, where gusts come from.
    for i in np.flatnonzero((unpitched > allowed) & (peak_thrust < 1.0)):
        v, w = float(wind[i]), float(at.rotor_speed[i])

        def excess(beta: float, v: float = v, w: float = w) -> float:
            found = rotor_state(surface, pitch=beta, rotor_speed=w, wind_speed=v, **state)
            return float(found.thrust) - allowed

        pitch[i] = max(pitch[i], brentq(excess, fine, surface.pitch[-1], xtol=1e-10))
    return wind, pitch


def electrical_power(machine: Machine, at: Operation, pitch: Floats) -> Floats:
    """Return electrical power at operating points with other pitch angles [rad], shape (n,) [W]."""
    state = rotor_state(
        machine.require_surface(),
        pitch=pitch,
        rotor_speed=at.rotor_speed,
        wind_speed=at.wind_speed,
        radius=machine.require("rotor.radius"),
        air_density=machine.usual("operation.air_density"),
    )
    return np.asarray(state.power * _efficiency(machine))


def starting_pitch(machine: Machine, fastest: float) -> tuple[Floats, Floats]:
    """Return tip-speed ratios up to twice `fastest` (16 at least) and the pitch of most torque [rad], shape (41,)."""
    surface, fine = machine.require_surface(), machine.usual("operation.fine_pitch")
    ratio = np.linspace(0.0, max(2.0 * fastest, 16.0), 41)
    angles = np.linspace(fine, fine + 1.2, 601)
    best = np.argmax(surface.cq(angles[None, :], ratio[:, None]), axis=1)
    return ratio, angles[best]


def design_drive_train_damper(machine: Machine, damping: float) -> tuple[float, float]:
    """Return gain [N m s/rad] and frequency [rad/s] of a damper that adds a damping ratio to the shaft's mode.

    The damper feeds band-passed generator speed back to the air-gap torque, so that the generator's part of the mode is
    braked: added damping = K N^2 J_r / (2 (J_r + J_g) J_g w), J_g on the slow side.

    Parameters
    ----------
    machine : Machine
        With a shaft's stiffness.
    damping : float
        To be added [-].

    Returns
    -------
    tuple of float
        Gain on the generator's side and frequency of the mode.

    Notes
    -----
    Bossanyi 2000, Wind Energy 3(3) 149-163, doi:10.1002/we.34.
    """
    from turbine.mechanics import mechanics, modes

    check_range("damping", damping, 0.0, 1.0, hint="did you give percent?")
    system = mechanics(machine, drive_train="two_mass", tower=False)
    omega = 2.0 * math.pi * modes(system)[0][0]
    rotor, generator = machine.require("rotor.inertia"), system.generator_inertia
    share = rotor / (rotor + generator) / generator
    return 2.0 * damping * omega / (system.gear_ratio**2 * share), omega
