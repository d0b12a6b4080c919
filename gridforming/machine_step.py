"""One network step of a rotating machine: Heun's rule around the network's own, rotor by rotor.

A machine is a voltage behind its stator's impedance, which stands in the network. The rotor is predicted to the end of
the step, gives the voltage there, and is corrected with the current that the network then has.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gridforming.modulation import length, unit, wrapped
from turbine.compiled import kernel

__all__ = [
    "ASYNCHRONOUS",
    "MOTOR_STATES",
    "SYNCHRONOUS",
    "SYNCHRONOUS_STATES",
    "correct",
    "predict",
]

Record = Any
Floats = npt.NDArray[np.float64]

SYNCHRONOUS, ASYNCHRONOUS = 0.0, 1.0
#: What the states of a synchronous machine are: angle of the rotor's d axis against the network's frame, speed,
#: voltages behind transient reactance, fluxes of dampers, and what exciter and governor hold [rad, pu].
SYNCHRONOUS_STATES = (
    "speed",
    "angle",
    "transient_q",
    "damper_d",
    "transient_d",
    "damper_q",
    "field_voltage",
    "regulator",
    "valve",
    "reheater",
)
_SPEED, _ANGLE, _TRANSIENT_Q, _DAMPER_D, _TRANSIENT_D, _DAMPER_Q, _FIELD, _REGULATOR, _VALVE, _REHEATER = range(10)
#: Of a motor; the rotor's flux stands in the network's frame.
MOTOR_STATES = ("speed", "flux_d", "flux_q")
_FLUX_D, _FLUX_Q = 1, 2
_STANDSTILL = 0.01  # speed below which a constant torque is friction [pu]
_LEAST_SPEED = 0.1  # that power is divided by for a torque [pu]


@kernel
def _flux(s: Floats, p: Record):  # type: ignore[no-untyped-def]
    """Return the subtransient flux of a synchronous machine in its rotor's frame."""
    d = p.share_d * s[_TRANSIENT_Q] + (1.0 - p.share_d) * s[_DAMPER_D]
    q = -p.share_q * s[_TRANSIENT_D] + (1.0 - p.share_q) * s[_DAMPER_Q]
    return complex(d, q)


@kernel
def _synchronous(s: Floats, x: Record, p: Record, v: complex, i: complex, rate: Floats):  # type: ignore[no-untyped-def]
    """Fill in the derivatives of a synchronous machine, and return its mechanical power.

    Sauer and Pai 1998, equations (3.148) to (3.159), with the stator's fluxes left to the network; SEXS and TGOV1.
    """
    speed = s[_SPEED]
    inside = i * unit(-s[_ANGLE])
    d, q = inside.real, inside.imag
    # Flux linkages of the dampers beyond what field and current make of them.
    beyond_d = (1.0 - p.share_d) / p.inner_d * (s[_DAMPER_D] + p.inner_d * d - s[_TRANSIENT_Q])
    beyond_q = (1.0 - p.share_q) / p.inner_q * (s[_DAMPER_Q] + p.inner_q * q + s[_TRANSIENT_D])
    rate[_TRANSIENT_Q] = (s[_FIELD] - s[_TRANSIENT_Q] - p.gap_d * (d - beyond_d)) / p.slow_d
    rate[_DAMPER_D] = (s[_TRANSIENT_Q] - s[_DAMPER_D] - p.inner_d * d) / p.fast_d
    rate[_TRANSIENT_D] = (p.gap_q * (q - beyond_q) - s[_TRANSIENT_D]) / p.slow_q
    rate[_DAMPER_Q] = (-s[_TRANSIENT_D] - s[_DAMPER_Q] - p.inner_q * q) / p.fast_q
    rate[_FIELD] = rate[_REGULATOR] = rate[_VALVE] = rate[_REHEATER] = 0.0
    if p.exciter > 0.0:
        missing = x.v_ref + x.v_bias - length(v)
        rate[_REGULATOR] = (missing - s[_REGULATOR]) / p.exciter_lag
        wanted = p.exciter_gain * (s[_REGULATOR] + p.exciter_lead * rate[_REGULATOR])
        rate[_FIELD] = _inside(s[_FIELD], (wanted - s[_FIELD]) / p.exciter_time, p.field_low, p.field_high)
    power = x.p_ref + x.p_bias
    if p.governor > 0.0:
        wanted = power + (x.w_ref - speed) / p.droop
        rate[_VALVE] = _inside(s[_VALVE], (wanted - s[_VALVE]) / p.valve_time, p.valve_low, p.valve_high)
        rate[_REHEATER] = (s[_VALVE] - s[_REHEATER]) / p.turbine_lag
        power = s[_REHEATER] + p.turbine_lead * rate[_REHEATER] - p.turbine_damping * (speed - x.w_ref)
    torque = (_flux(s, p).conjugate() * inside).imag
    driven = power / max(speed, _LEAST_SPEED) - p.damping * (speed - 1.0)
    rate[_ANGLE] = p.nominal_speed * (speed - p.frame_speed)
    rate[_SPEED] = (driven - torque) / p.acceleration_time
    return power


@kernel
def _inside(value: float, rate: float, low: float, high: float):  # type: ignore[no-untyped-def]
    """Return a rate that does not lead out of limits."""
    if (value >= high and rate > 0.0) or (value <= low and rate < 0.0):
        return 0.0
    return rate


@kernel
def _motor(s: Floats, x: Record, p: Record, i: complex, rate: Floats):  # type: ignore[no-untyped-def]
    """Fill in the derivatives of an induction motor, and return the power of its load.

    The flux's is against a frame at nominal speed, which turns on with the network's whatever that does. Krause,
    Wasynczuk and Sudhoff 2013, chapter 6.
    """
    speed, flux, taken = s[_SPEED], complex(s[_FLUX_D], s[_FLUX_Q]), -i
    moving = -p.rotor_rate * (flux - p.magnetising * taken) - 1j * (1.0 - speed) * flux
    rate[_FLUX_D], rate[_FLUX_Q] = p.nominal_speed * moving.real, p.nominal_speed * moving.imag
    torque = p.coupling * (flux.conjugate() * taken).imag
    load = math.copysign(x.p_ref * abs(speed) ** p.load_exponent, speed) if speed != 0.0 else 0.0
    if p.load_exponent == 0.0 and abs(speed) < _STANDSTILL:
        # A constant torque holds what stands still, and stops what nearly does within a step.
        load = min(max(torque + speed * p.acceleration_time / p.time_step, -x.p_ref), x.p_ref)
    rate[_SPEED] = (torque - load) / p.acceleration_time
    return -load * speed


@kernel
def _voltage(s: Floats, x: Record, p: Record, v: complex, i: complex, rate: Floats):  # type: ignore[no-untyped-def]
    """Return the voltage behind a machine's branch in the network's frame; `rate` is scratch."""
    if p.kind == ASYNCHRONOUS:
        return p.coupling * complex(-p.rotor_rate, s[_SPEED]) * complex(s[_FLUX_D], s[_FLUX_Q])
    _synchronous(s, x, p, v, i, rate)
    moving = complex(
        p.share_d * rate[_TRANSIENT_Q] + (1.0 - p.share_d) * rate[_DAMPER_D],
        -p.share_q * rate[_TRANSIENT_D] + (1.0 - p.share_q) * rate[_DAMPER_Q],
    )
    out = unit(s[_ANGLE])
    return (1j * s[_SPEED] * _flux(s, p) + moving / p.nominal_speed) * out + p.rotor_resistance * i


@kernel
def _rates(s: Floats, x: Record, p: Record, v: complex, i: complex, rate: Floats):  # type: ignore[no-untyped-def]
    """Fill in the derivatives of a machine, and return its mechanical power."""
    if p.kind == ASYNCHRONOUS:
        return _motor(s, x, p, i, rate)
    return _synchronous(s, x, p, v, i, rate)


@kernel
def _turn(s: Floats, p: Record):  # type: ignore[no-untyped-def]
    """Turn a motor's flux by what a frame at nominal speed gains on the network's in a step."""
    flux = complex(s[_FLUX_D], s[_FLUX_Q]) * p.turn
    s[_FLUX_D], s[_FLUX_Q] = flux.real, flux.imag


@kernel
def _bound(s: Floats, p: Record):  # type: ignore[no-untyped-def]
    """Take the angle back into a turn, and exciter and valve to their limits."""
    if p.kind == SYNCHRONOUS:
        s[_ANGLE] = wrapped(s[_ANGLE])
    if p.exciter > 0.0:
        s[_FIELD] = min(max(s[_FIELD], p.field_low), p.field_high)
    if p.governor > 0.0:
        s[_VALVE] = min(max(s[_VALVE], p.valve_low), p.valve_high)


@kernel
def predict(x: Record, p: Record, v: complex, i: complex, rate: Floats, ahead: Floats, spare: Floats):  # type: ignore[no-untyped-def]
    """Return the voltage behind a machine's branch at the end of the step.

    Parameters
    ----------
    x, p : records of MACHINE_STATES and MACHINE_CONSTANTS
        Of the machine.
    v, i : complex
        At its terminals at the beginning [pu of the rating].
    rate, ahead, spare : array, shape (states,)
        Derivatives now and states at the end, filled in for `correct`; scratch.
    """
    power = v * i.conjugate()
    x.p, x.q = power.real, power.imag
    x.mechanical = _rates(x.s, x, p, v, i, rate)
    for k in range(int(p.states)):
        ahead[k] = x.s[k] + p.time_step * rate[k]
    _bound(ahead, p)
    if p.kind == ASYNCHRONOUS:
        _turn(ahead, p)
    # The current is a state of the network and has no jumps, so a straight line goes on with it.
    later = 2.0 * i - x.current_before
    x.current_before = i
    return _voltage(ahead, x, p, v, later, spare)


@kernel
def correct(x: Record, p: Record, v: complex, i: complex, rate: Floats, ahead: Floats, spare: Floats):  # type: ignore[no-untyped-def]
    """Advance a machine to the end of the step with voltage and current there; parameters as `predict`."""
    _rates(ahead, x, p, v, i, spare)
    half = 0.5 * p.time_step
    for k in range(int(p.states)):
        x.s[k] += half * rate[k]
    if p.kind == ASYNCHRONOUS:
        _turn(x.s, p)
    for k in range(int(p.states)):
        x.s[k] += half * spare[k]
    _bound(x.s, p)
