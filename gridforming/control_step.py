"""One sample of a converter's firmware: from measured voltage and currents to the voltage that acts one period later.

Order of a sample: delayed commands move up, measurements turn into the controller's frame, control law, voltage or
current control, modulation, and last the forward-Euler updates. Everything is in per unit of the converter's rating.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

from gridforming.modulation import circle, modulated
from turbine.compiled import kernel

__all__ = [
    "CASCADED",
    "DIRECT",
    "DROOP",
    "FOLLOWING",
    "FORMING",
    "KAURA",
    "LAWS",
    "MATCHING",
    "OSCILLATOR",
    "SRF",
    "SYNCHRONISATION",
    "VIRTUAL_MACHINE",
    "sample",
]

Record = Any

FOLLOWING, FORMING = 0.0, 1.0
DIRECT, CASCADED = 0.0, 1.0
LAWS = ("droop", "virtual_machine", "power_synchronisation", "virtual_oscillator", "matching")
DROOP, VIRTUAL_MACHINE, SYNCHRONISATION, OSCILLATOR, MATCHING = 0.0, 1.0, 2.0, 3.0, 4.0
SRF, KAURA = 0.0, 1.0
_LEAST_VOLTAGE = 1e-3  # that anything is divided by [pu]


@kernel
def _wrapped(angle: float):  # type: ignore[no-untyped-def]
    """Return an angle between -pi and pi."""
    if angle > math.pi:
        return angle - 2.0 * math.pi
    if angle < -math.pi:
        return angle + 2.0 * math.pi
    return angle


@kernel
def _following(x: Record, p: Record, v: complex, i: complex, realised: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of a grid-following converter in its own frame.

    Phase-locked loop with voltage magnitude: Hinkkanen, Saarakkala, Awan, Moelsae and Tuovinen 2019,
    doi:10.1109/TIA.2018.2867516. Current control with two degrees of freedom: Harnefors and Nee 1998,
    doi:10.1109/28.658735.
    """
    voltage = max(x.pll_voltage.real, _LEAST_VOLTAGE)
    frozen = abs(v) < p.pll_freeze
    error = 0.0 if frozen else v.imag / voltage
    speed = x.pll_speed + 2.0 * p.pll_bandwidth / p.nominal_speed * error
    x.i_ref = circle(complex(x.p_ref, -x.q_ref) / voltage, p.i_max)
    inductance = p.filter_reactance / p.nominal_speed
    kt = p.current_bandwidth * inductance
    kp = 2.0 * kt
    wanted = x.current_integral - (kp - kt) * i + voltage
    u = kt * (x.i_ref - i) + wanted
    x.current_integral += p.period * (p.current_bandwidth + 1j * speed * p.nominal_speed) * (realised - wanted)
    x.speed = speed
    if not frozen:
        x.pll_speed += p.period * p.pll_bandwidth**2 / p.nominal_speed * error
        x.pll_voltage += p.period * 2.0 * p.pll_bandwidth * (v.real - voltage)
    return u


@kernel
def _kaura(x: Record, p: Record, v: complex):  # type: ignore[no-untyped-def]
    """Return the speed that a phase-locked loop with arctangent sees, and advance it; v in the network's frame.

    Kaura and Blasko 1997, doi:10.1109/28.567077.
    """
    inside = v * cmath.exp(-1j * x.pll_angle)
    seen = x.pll_voltage
    error = math.atan2(seen.imag, seen.real) if abs(seen) >= p.pll_freeze else 0.0
    speed = 1.0 + p.pll_kp * error + p.pll_ki * x.pll_integral
    x.pll_voltage += p.period * p.pll_filter * (inside - seen)
    x.pll_integral += p.period * error
    x.pll_angle = _wrapped(x.pll_angle + p.period * p.nominal_speed * (speed - p.frame_speed))
    x.pll_speed = speed
    return speed


@kernel
def _law(x: Record, p: Record, power: float, reactive: float, v: complex):  # type: ignore[no-untyped-def]
    """Set speed and return the voltage magnitude that a grid-forming law asks for, and advance its states.

    Droop: Chandorkar, Divan and Adapa 1993, doi:10.1109/28.195899. Virtual machine with damping by a phase-locked loop:
    D'Arco, Suul and Fosso 2015, doi:10.1016/j.epsr.2015.01.001. Power synchronisation: Harnefors et al. 2020,
    doi:10.1109/TPEL.2020.2970991. Dispatchable virtual oscillator in polar form: Seo et al. 2019,
    doi:10.1109/APEC.2019.8722028. Matching: Arghir, Jouini and Doerfler 2018, doi:10.1016/j.automatica.2018.05.037.
    """
    voltage = x.v_ref + p.reactive_droop * (x.q_ref - x.q_filter)
    if p.law == DROOP:
        x.speed = x.w_ref + p.droop * (x.p_ref - x.p_filter)
    elif p.law == VIRTUAL_MACHINE:
        seen = _kaura(x, p, v) if p.damping != 0.0 else 1.0
        x.speed = x.law_speed
        moved = x.p_ref - power - p.damping * (x.law_speed - seen) - p.speed_droop * (x.law_speed - x.w_ref)
        x.law_speed += p.period / p.acceleration_time * moved
    elif p.law == SYNCHRONISATION:
        x.speed = x.w_ref + p.droop * (x.p_ref - power)
    elif p.law == OSCILLATOR:
        size = max(x.law_voltage, _LEAST_VOLTAGE)
        x.speed = x.w_ref + p.oscillator_gain * (x.p_ref / x.v_ref**2 - power / size**2)
        growth = x.q_ref / x.v_ref**2 - reactive / size**2
        growth += p.oscillator_rate * (x.v_ref**2 - size**2) / x.v_ref**2
        x.law_voltage += p.period * p.nominal_speed * p.oscillator_gain * size * growth
        voltage = size
    else:
        x.speed = x.w_ref + p.droop * (x.dc_voltage - 1.0)
    x.p_filter += p.period * p.power_filter * (power - x.p_filter)
    x.q_filter += p.period * p.reactive_filter * (reactive - x.q_filter)
    return voltage


@kernel
def _direct(x: Record, p: Record, e: float, i: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of direct voltage control: the law's voltage behind an active resistance."""
    feed = x.p_ref / max(e, _LEAST_VOLTAGE)
    x.i_ref = circle(complex(feed, x.current_filter.imag), p.i_max)
    u = e + p.active_resistance * (x.i_ref - i) + p.filter_resistance * i
    x.current_filter += p.period * p.feedback_bandwidth * (i - x.current_filter)
    return u


@kernel
def _cascaded(x: Record, p: Record, e: float, v: complex, ic: complex, ig: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of cascaded voltage and current control with virtual impedance and active damping.

    D'Arco, Suul and Fosso 2015, doi:10.1016/j.epsr.2015.01.001.
    """
    w = x.speed
    v_ref = e - (p.virtual_resistance + 1j * w * p.virtual_reactance) * ig
    error = v_ref - v
    wanted = p.kpv * error + p.kiv * x.voltage_integral + 1j * w * p.filter_susceptance * v + p.kffi * ig
    x.i_ref = circle(wanted, p.i_max)
    missing = x.i_ref - ic
    u = p.kpc * missing + p.kic * x.current_integral + 1j * w * p.filter_reactance * ic + p.kffv * v
    u -= p.kad * (v - x.damping_filter)
    x.damping_filter += p.period * p.w_ad * (v - x.damping_filter)
    x.current_integral += p.period * missing
    if x.i_ref == wanted:
        x.voltage_integral += p.period * error
    return u


@kernel
def sample(x: Record, p: Record, v: complex, ic: complex, ig: complex, frame_angle: float):  # type: ignore[no-untyped-def]
    """Take one sample: `x.u` is what acts from now on, the rest of the states is one period later.

    Parameters
    ----------
    x, p : records of STATES and CONSTANTS
        Of the converter.
    v : complex
        Voltage where it is measured, at the end of the interval before [pu].
    ic, ig : complex
        Current of the bridge, and current into the grid, in per unit of the rating.
    frame_angle : float
        Of the network's frame against coordinates at rest [rad].
    """
    x.u_next, x.r1, x.r2 = x.u_next * p.turn, x.r1 * p.turn, x.r2 * p.turn
    if p.delay > 0.0:
        x.u = x.u_next
    back = cmath.exp(-1j * x.angle)
    realised = 0.5 * (x.r1 + x.r2) * back
    power = v * ig.conjugate()
    x.p, x.q = power.real, power.imag
    if p.role == FOLLOWING:
        u = _following(x, p, v * back, ic * back, realised)
    else:
        if p.inner == DIRECT:
            inside = ic * back
            made = realised * inside.conjugate()
            loss = p.filter_resistance * abs(inside) ** 2
            e = _law(x, p, made.real - loss, made.imag, v)
            u = _direct(x, p, e, inside)
        else:
            e = _law(x, p, power.real, power.imag, v)
            u = _cascaded(x, p, e, v * back, ic * back, ig * back)
    turned = x.angle + (p.delay + 0.5) * p.period * p.nominal_speed * x.speed
    u = modulated(p.modulation, u * cmath.exp(1j * turned), p.dc_nominal * x.dc_voltage, frame_angle)
    x.r2, x.r1 = x.r1, u
    x.u_next = u
    if p.delay == 0.0:
        x.u = u
    x.angle = _wrapped(x.angle + p.period * p.nominal_speed * (x.speed - p.frame_speed))
