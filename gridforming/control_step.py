"""One sample of a converter's firmware: from measured voltage and currents to the voltage that acts one period later.

Order of a sample: delayed commands move up, measurements turn into the controller's frame, control law, voltage or
current control, modulation, and last the forward-Euler updates. Everything is in per unit of the converter's rating.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

from gridforming.current_limit import CIRCULAR, D_PRIORITY, saturated, virtual_drop
from gridforming.modulation import circle, length, modulated, unit, wrapped
from turbine.compiled import kernel

__all__ = [
    "CASCADED",
    "DIRECT",
    "DROOP",
    "EXTERNAL",
    "FIRST_ORDER",
    "FOLLOWING",
    "FORMING",
    "LAWS",
    "MATCHING",
    "OSCILLATOR",
    "REGULATED",
    "STIFF",
    "SYNCHRONISATION",
    "TRIPS",
    "VIRTUAL_MACHINE",
    "dc_step",
    "sample",
]

Record = Any

FOLLOWING, FORMING = 0.0, 1.0
DIRECT, CASCADED, REGULATED = 0.0, 1.0, 2.0
LAWS = ("droop", "virtual_machine", "power_synchronisation", "virtual_oscillator", "matching")
DROOP, VIRTUAL_MACHINE, SYNCHRONISATION, OSCILLATOR, MATCHING = 0.0, 1.0, 2.0, 3.0, 4.0
STIFF, FIRST_ORDER, EXTERNAL = 0.0, 1.0, 2.0  # source of the DC link
#: What a converter trips on, by number.
TRIPS = (
    "none",
    "overcurrent",
    "undervoltage",
    "overvoltage",
    "underfrequency",
    "overfrequency",
    "DC undervoltage",
    "DC overvoltage",
)
_FULL_DEPTH = 0.2  # current beyond the limit, over the limit, at which its damping is whole [-]
_CHOPPER_BAND = 0.05  # DC voltage over which the chopper goes from off to full [pu]
_LEAST_VOLTAGE = 1e-3  # that anything is divided by [pu]


@kernel
def _following(x: Record, p: Record, v: complex, i: complex, realised: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of a grid-following converter in its own frame.

    Phase-locked loop with voltage magnitude: Hinkkanen, Saarakkala, Awan, Moelsae and Tuovinen 2019,
    doi:10.1109/TIA.2018.2867516. Current control with two degrees of freedom: Harnefors and Nee 1998,
    doi:10.1109/28.658735.
    """
    negative = 0.0j
    if p.sequence_gain > 0.0:
        v = _sequences(x, p, v)
        negative = x.negative
    voltage = max(x.pll_voltage.real, _LEAST_VOLTAGE)
    frozen = length(v) < p.pll_freeze
    # The filtered voltage of a loop that slips is nearly nothing: the voltage itself bounds the gain.
    error = 0.0 if frozen else v.imag / max(voltage, length(v))
    speed = x.pll_speed + 2.0 * p.pll_bandwidth / p.nominal_speed * error
    x.i_ref = _following_reference(x, p, length(v), voltage)
    inductance = p.filter_reactance / p.nominal_speed
    kt = p.current_bandwidth * inductance
    kp = 2.0 * kt
    wanted = x.current_integral - (kp - kt) * i + voltage
    u = kt * (x.i_ref - i) + wanted
    own = realised - negative * unit((1.0 - p.delay) * 2.0 * p.period * p.nominal_speed * x.pll_speed)
    x.current_integral += p.period * complex(p.current_bandwidth, speed * p.nominal_speed) * (own - wanted)
    x.speed = speed
    if p.sequence_gain > 0.0:
        # The negative sequence turns against this frame: to when the voltage acts, and to the next sample.
        turn = -2.0 * p.period * p.nominal_speed * speed
        u += negative * unit((p.delay + 0.5) * turn)
        x.negative = negative * unit(turn)
    if not frozen:
        speed = x.pll_speed + p.period * p.pll_bandwidth**2 / p.nominal_speed * error
        x.pll_speed = min(max(speed, 1.0 - p.pll_band), 1.0 + p.pll_band)
        x.pll_voltage += p.period * 2.0 * p.pll_bandwidth * (v.real - voltage)
    return u


@kernel
def _sequences(x: Record, p: Record, v: complex):  # type: ignore[no-untyped-def]
    """Return the positive sequence of the voltage, and keep both, each free of the other at rest.

    Two complex-coefficient filters that see each other's output: Guo, Wu and Chen 2011, doi:10.1109/TIE.2010.2041738.
    """
    missing = p.sequence_gain * (v - x.positive - x.negative)
    x.positive += missing
    x.negative += missing
    return x.positive


@kernel
def _following_reference(x: Record, p: Record, size: float, voltage: float):  # type: ignore[no-untyped-def]
    """Return the current reference of a following converter's outer control, limited, and advance its integrals.

    Parameters
    ----------
    size, voltage : float
        Voltage magnitude now, and as the phase-locked loop's filter has it [pu].
    """
    active = x.p_ref
    if p.active_control > 0.0:
        error = x.dc_voltage**2 - 1.0  # twice the missing energy
        active += 2.0 * p.dc_bandwidth * p.dc_energy * error + x.dc_integral
    if p.frequency_gain > 0.0:
        away = x.w_ref - x.pll_speed
        active += p.frequency_gain * (away - min(max(away, -p.frequency_deadband), p.frequency_deadband))
    reactive = x.q_ref + p.voltage_gain * (x.v_ref - voltage) + x.q_integral
    # References are those behind the filter's capacitor, which takes its own current from the bridge.
    wanted = complex(active, p.filter_susceptance * x.pll_speed * voltage**2 - reactive) / voltage
    if p.support_gain > 0.0 and size < p.support_below:
        # Reactive current first, as grid codes have it; the rest of the limit is for active current.
        lead = wanted.imag - p.support_gain * (p.support_below - size)
        lead = min(max(lead, -p.i_max), p.i_max)
        room = math.sqrt(p.i_max**2 - lead**2)
        limited = complex(min(max(wanted.real, -room), room), lead)
    else:
        limited = circle(wanted, p.i_max)
    x.limited = 0.0 if limited == wanted else 1.0
    if x.limited == 0.0:
        if p.active_control > 0.0:
            x.dc_integral += p.period * p.dc_bandwidth**2 * p.dc_energy * error
        x.q_integral += p.period * p.voltage_rate * (x.v_ref - voltage)
    return limited


@kernel
def _waiting(x: Record, p: Record, v: complex):  # type: ignore[no-untyped-def]
    """Advance a blocked converter: it follows the voltage at its filter, so that it can go on without a bump."""
    size = length(v)
    back = unit(-x.angle)
    if p.role == FOLLOWING:
        _following(x, p, v * back, 0.0j, 0.0j)
    else:
        _law(x, p, 0.0, 0.0, v)
        x.law_voltage = max(size, _LEAST_VOLTAGE)
        x.p_filter, x.q_filter, x.current_filter, x.voltage_integral = 0.0, 0.0, 0.0j, 0.0j
        x.speed = x.law_speed = x.w_ref
        if size > p.pll_freeze + _LEAST_VOLTAGE:
            x.angle = cmath.phase(v)
    own = x.v_before = v * unit(-x.angle)
    if p.role == FOLLOWING:
        x.current_integral = own - x.pll_voltage.real
    elif p.inner == CASCADED:
        x.damping_filter = own
        x.current_integral = own * (1.0 - p.kffv) / p.kic if p.kic > 0.0 else 0.0j
    x.dc_integral, x.q_integral, x.limited = 0.0, 0.0, 0.0
    x.u = x.u_next = x.r1 = x.r2 = v
    x.angle = wrapped(x.angle + p.period * p.nominal_speed * (x.speed - p.frame_speed))


@kernel
def _protection(x: Record, p: Record, size: float, current: float):  # type: ignore[no-untyped-def]
    """Set `x.trip` where a limit is passed for its time; numbers as in `TRIPS`."""
    found = 0.0
    for k in range(3):
        code = 0.0
        if k == 0:
            code = 2.0 if size < p.trip_voltage_low else 3.0 if size > p.trip_voltage_high else 0.0
        elif k == 1:
            code = 4.0 if x.speed < p.trip_speed_low else 5.0 if x.speed > p.trip_speed_high else 0.0
        else:
            code = 6.0 if x.dc_voltage < p.trip_dc_low else 7.0 if x.dc_voltage > p.trip_dc_high else 0.0
        x.trip_clock[k] = x.trip_clock[k] + p.period if code > 0.0 else 0.0
        if x.trip_clock[k] > p.trip_time[k]:
            found = code
    if current > p.trip_current:
        found = 1.0
    x.trip = found


@kernel
def _kaura(x: Record, p: Record, v: complex):  # type: ignore[no-untyped-def]
    """Return the speed that a phase-locked loop with arctangent sees, and advance it; v in the network's frame.

    Kaura and Blasko 1997, doi:10.1109/28.567077.
    """
    inside = v * unit(-x.pll_angle)
    seen = x.pll_voltage
    error = math.atan2(seen.imag, seen.real) if length(seen) >= p.pll_freeze else 0.0
    speed = 1.0 + p.pll_kp * error + p.pll_ki * x.pll_integral
    x.pll_voltage += p.period * p.pll_filter * (inside - seen)
    x.pll_integral += p.period * error
    x.pll_angle = wrapped(x.pll_angle + p.period * p.nominal_speed * (speed - p.frame_speed))
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
    wanted = x.p_ref
    if p.power_share > 0.0:
        # What the limit cannot carry at this voltage is not asked for, so that the angle does not run away.
        most = p.power_share * p.limit * length(v)
        wanted = min(max(wanted, -most), most)
    if p.law == DROOP:
        x.speed = x.w_ref + p.droop * (wanted - x.p_filter)
    elif p.law == VIRTUAL_MACHINE:
        seen = _kaura(x, p, v) if p.damping != 0.0 else 1.0
        x.speed = x.law_speed
        away = x.law_speed - x.w_ref
        moved = wanted - power - p.damping * (x.law_speed - seen) - p.speed_droop * away
        moved -= p.transient_damping * (away - x.wash)
        x.wash += p.period * p.washout * (away - x.wash)
        away += p.period / p.acceleration_time * moved
        x.law_speed = x.w_ref + min(max(away, -p.speed_band), p.speed_band)
    elif p.law == SYNCHRONISATION:
        x.speed = x.w_ref + p.droop * (wanted - power)
    elif p.law == OSCILLATOR:
        size = max(x.law_voltage, _LEAST_VOLTAGE)
        x.speed = x.w_ref + p.oscillator_gain * (wanted / x.v_ref**2 - power / size**2)
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
def _limited(x: Record, p: Record, u: complex, v: complex, i: complex):  # type: ignore[no-untyped-def]
    """Return a bridge voltage that drives no more than the limit through the filter at rest.

    Seen is the mean voltage of two samples. What the bridge makes is in the voltage that is measured two samples later,
    so samples that are even and odd would each find a voltage of their own, one limited and one not.
    """
    u -= virtual_drop(p, i)
    if p.limiter == CIRCULAR or p.limiter == D_PRIORITY:
        z = complex(p.filter_resistance, x.speed * p.filter_reactance)
        v, x.v_before = 0.5 * (v + x.v_before), v
        driven = (u - v) / z
        kept = saturated(p, driven, i)  # what is driven answers to what is kept at once, a current does not
        x.limited = 0.0 if kept == driven else 1.0
        if x.limited > 0.0:
            # Resistance as large as the reactance, as of a current control, damps what turns in the filter; it comes in
            # with the depth of the limit, so that the voltage does not jump where the limit begins.
            depth = min(length(driven - kept) / (_FULL_DEPTH * p.limit), 1.0)
            return v + z * kept + depth * p.filter_reactance * (kept - i)
    return u


@kernel
def _direct(x: Record, p: Record, e: float, v: complex, i: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of direct voltage control: the law's voltage behind an active resistance."""
    feed = x.p_ref / max(e, _LEAST_VOLTAGE)
    x.i_ref = circle(complex(feed, x.current_filter.imag), p.i_max)
    u = e + p.active_resistance * (x.i_ref - i) + p.filter_resistance * i
    x.current_filter += p.period * p.feedback_bandwidth * (i - x.current_filter)
    return _limited(x, p, u, v, i)


@kernel
def _regulated(x: Record, p: Record, wanted: float, v: complex, i: complex):  # type: ignore[no-untyped-def]
    """Return the voltage behind the filter that a PI control of the terminal voltage asks for, as in REGFM.

    Du, Tuffner, Schneider et al. 2021, doi:10.1109/TPWRD.2020.3047632.
    """
    error = wanted - x.terminal
    e = p.terminal_kp * error + x.law_voltage
    held = min(max(e, 0.0), p.terminal_high)
    u = _limited(x, p, complex(held), v, i)
    x.i_ref = (u - v) / complex(p.filter_resistance, x.speed * p.filter_reactance)  # what it drives at rest
    if held == e and x.limited == 0.0:
        x.law_voltage += p.period * p.terminal_ki * error
    x.terminal += p.period * p.terminal_filter * (length(v) - x.terminal)
    return u


@kernel
def _cascaded(x: Record, p: Record, e: float, v: complex, ic: complex, ig: complex):  # type: ignore[no-untyped-def]
    """Return the voltage reference of cascaded voltage and current control with virtual impedance and active damping.

    D'Arco, Suul and Fosso 2015, doi:10.1016/j.epsr.2015.01.001.
    """
    w = x.speed
    v_ref = e - complex(p.virtual_resistance, w * p.virtual_reactance) * ig - virtual_drop(p, ig)
    error = v_ref - v
    wanted = p.kpv * error + p.kiv * x.voltage_integral + complex(0.0, w * p.filter_susceptance) * v + p.kffi * ig
    asked = circle(wanted, p.i_max)
    x.i_ref = saturated(p, asked, asked)
    x.limited = 0.0 if x.i_ref == wanted else 1.0
    missing = x.i_ref - ic
    u = p.kpc * missing + p.kic * x.current_integral + complex(0.0, w * p.filter_reactance) * ic + p.kffv * v
    u -= p.kad * (v - x.damping_filter)
    x.damping_filter += p.period * p.w_ad * (v - x.damping_filter)
    x.current_integral += p.period * missing
    # The integral goes where the current that is asked for would have come from it: it neither winds up nor sticks.
    x.voltage_integral += p.period * error + min(p.period / p.kpv, 1.0 / p.kiv) * (x.i_ref - wanted)
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
    x.angle_now = x.angle
    back = unit(-x.angle)
    realised = 0.5 * (x.r1 + x.r2) * back
    if p.delay == 0.0 and p.role == FOLLOWING:
        realised *= unit(p.period * p.nominal_speed * x.pll_speed)  # it acts a period sooner
    power = v * ig.conjugate()
    x.p, x.q = power.real, power.imag
    if x.blocked > 0.0:
        _waiting(x, p, v)
        return
    _protection(x, p, length(v), length(ic))
    if p.role == FOLLOWING:
        u = _following(x, p, v * back, ic * back, realised)
    else:
        if p.inner == DIRECT:
            inside = ic * back
            made = realised * inside.conjugate()
            loss = p.filter_resistance * (inside.real**2 + inside.imag**2)
            e = _law(x, p, made.real - loss, made.imag, v)
            u = _direct(x, p, e, v * back, inside)
        elif p.inner == REGULATED:
            e = _law(x, p, power.real, power.imag, v)
            u = _regulated(x, p, e, v * back, ic * back)
        else:
            e = _law(x, p, power.real, power.imag, v)
            u = _cascaded(x, p, e, v * back, ic * back, ig * back)
    turned = x.angle + (p.delay + 0.5) * p.period * p.nominal_speed * x.speed
    u = modulated(p.modulation, u * unit(turned), p.dc_nominal * x.dc_voltage, frame_angle)
    x.r2, x.r1 = x.r1, u
    x.u_next = u
    if p.delay == 0.0:
        x.u = u
    x.angle = wrapped(x.angle + p.period * p.nominal_speed * (x.speed - p.frame_speed))


@kernel
def dc_step(x: Record, p: Record, power: float, h: float):  # type: ignore[no-untyped-def]
    """Advance the DC link by one network step: source, chopper and stored energy.

    Parameters
    ----------
    x, p : records of STATES and CONSTANTS
        Of the converter.
    power : float
        That the bridge takes, mean of the step [pu].
    h : float
        Step [s].
    """
    if p.dc_source == FIRST_ORDER:
        wanted = x.p_ref + p.dc_gain * (1.0 - x.dc_voltage)
        wanted = min(max(wanted, -p.dc_limit), p.dc_limit)
        x.dc_power += p.dc_share * (wanted - x.dc_power)
    burnt = p.chopper_power * min(max((x.dc_voltage - p.chopper_on) / _CHOPPER_BAND, 0.0), 1.0)
    square = x.dc_voltage**2 + h * (x.dc_power - power - burnt) / p.dc_energy
    x.dc_voltage = math.sqrt(max(square, 0.0))
