"""Oracles of rotating machines from their windings: circuit of equal mutual inductances, and cage motor in fluxes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from gridforming.machine import Motor, SynchronousMachine

__all__ = ["motor_start", "short_circuit"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


def _windings(m: SynchronousMachine, speed: float) -> tuple[Floats, Floats]:
    """Return inductances and resistances of stator d, q, field, d damper, q windings [pu, time in 1/speed].

    Kundur 1994, section 4.2: time constants of an axis with the other windings open or without resistance.
    """
    ad, aq, leak = m.reactance_d - m.leakage, m.reactance_q - m.leakage, m.leakage

    def rotor(whole: float, transient: float, slow: float, fast: float) -> tuple[float, float, float, float]:
        first = 1.0 / (1.0 / (transient - leak) - 1.0 / whole)
        second = 1.0 / (1.0 / (m.subtransient - leak) - 1.0 / (transient - leak))
        behind = whole * first / (whole + first)
        return first, (whole + first) / (slow * speed), second, (second + behind) / (fast * speed)

    lf, rf, l1, r1 = rotor(ad, m.transient_d, m.transient_time_d, m.subtransient_time_d)
    lg, rg, l2, r2 = rotor(aq, m.transient_q, m.transient_time_q, m.subtransient_time_q)
    inductance = np.zeros((6, 6))
    for axis, mutual, own in (((0, 2, 3), ad, (leak, lf, l1)), ((1, 4, 5), aq, (leak, lg, l2))):
        inductance[np.ix_(axis, axis)] = mutual
        inductance[axis, axis] += own
    inductance[:, :2] *= -1.0  # stator currents flow out
    return inductance, np.array([m.resistance, m.resistance, rf, r1, rg, r2])


def short_circuit(m: SynchronousMachine, time: Floats, *, speed: float, resistance: float) -> Complexes:
    """Return the stator's current in the rotor's frame after a short circuit from no load at 1 pu, constant speed.

    Exact: the equations are linear, their solution is a matrix exponential.

    Parameters
    ----------
    m : SynchronousMachine
        Its field voltage stays.
    time : array
        Since the fault, at equal distances from 0 [s].
    speed : float
        Nominal [rad/s].
    resistance : float
        Of the fault [pu].
    """
    inductance, own = _windings(m, speed)
    own = own + np.array([resistance, resistance, 0.0, 0.0, 0.0, 0.0])
    inverse = np.linalg.inv(inductance)
    sign = np.array([-1.0, -1.0, 1.0, 1.0, 1.0, 1.0])
    # v = -r i + dpsi/dt + w J psi with v = 0 at the stator; e = r i + dpsi/dt in the rotor.
    rate = -(sign * own)[:, None] * inverse
    rate[0, 1] += 1.0
    rate[1, 0] -= 1.0
    field = 1.0 / (m.reactance_d - m.leakage)
    flux = inductance @ np.array([0.0, 0.0, field, 0.0, 0.0, 0.0])
    settled = np.linalg.solve(rate, -np.array([0.0, 0.0, own[2] * field, 0.0, 0.0, 0.0]))
    step = expm(rate * speed * float(time[1] - time[0]))
    found = np.zeros(time.size, np.complex128)
    for k in range(time.size):
        current = inverse @ flux
        found[k] = complex(current[0], current[1])
        flux = settled + step @ (flux - settled)
    return found


def motor_start(m: Motor, time: Floats, *, frequency: float) -> tuple[Floats, Floats]:
    """Return speed and size of the current of a motor that is switched on a voltage of 1 pu, at rest and in fluxes.

    Parameters
    ----------
    m : Motor
        From standstill.
    time : array
        [s].
    frequency : float
        [Hz]; the voltage is at its peak in phase a at zero.
    """
    speed = 2.0 * math.pi * frequency
    stator, rotor, mutual = m.leakage + m.magnetising, m.rotor_leakage + m.magnetising, m.magnetising
    inverse = np.linalg.inv(np.array([[stator, mutual], [mutual, rotor]]))

    def rates(t: float, y: Floats) -> Floats:
        flux = y[:4].view(np.complex128)
        current = inverse @ flux
        volts = np.exp(1j * speed * t) - m.resistance * current[0]
        turning = 1j * y[4] * flux[1] - m.rotor_resistance * current[1]
        torque = (flux[0].conjugate() * current[0]).imag
        load = m.load * abs(y[4]) ** m.load_exponent * np.sign(y[4])
        moved = np.array([volts, turning]) * speed
        return np.append(moved.view(np.float64), (torque - load) / (2.0 * m.inertia_constant))

    found = solve_ivp(
        rates, (0.0, float(time[-1])), np.zeros(5), method="DOP853", t_eval=time, rtol=1e-10, atol=1e-12, max_step=2e-3
    ).y
    current = inverse[0] @ np.array([found[0] + 1j * found[1], found[2] + 1j * found[3]])
    return found[4], np.abs(current)
