"""What an averaged two-level bridge can make of a voltage reference."""

from __future__ import annotations

import math

from turbine.compiled import kernel

__all__ = ["CIRCLE", "HEXAGON", "LINEAR", "circle", "hexagon", "length", "modulated", "unit", "wrapped"]

LINEAR, CIRCLE, HEXAGON = 0.0, 1.0, 2.0  # no limit, inscribed circle, space-vector modulation


@kernel
def unit(angle: float):  # type: ignore[no-untyped-def]
    """Return exp(j angle)."""
    return complex(math.cos(angle), math.sin(angle))


@kernel
def length(x: complex):  # type: ignore[no-untyped-def]
    """Return the length of a vector; `abs` guards against overflow, at the price of a call."""
    return math.sqrt(x.real**2 + x.imag**2)


@kernel
def wrapped(angle: float):  # type: ignore[no-untyped-def]
    """Return an angle between -pi and pi, which it left by less than a turn."""
    if angle > math.pi:
        return angle - 2.0 * math.pi
    if angle < -math.pi:
        return angle + 2.0 * math.pi
    return angle


@kernel
def circle(x: complex, most: float):  # type: ignore[no-untyped-def]
    """Return a vector shortened to a length."""
    size = length(x)
    return x if size <= most else x * (most / size)


@kernel
def hexagon(u: complex, dc_voltage: float):  # type: ignore[no-untyped-def]
    """Return the voltage that space-vector modulation makes of a reference at rest; too long ones keep their direction.

    Parameters
    ----------
    u : complex
        Reference in stationary coordinates [pu].
    dc_voltage : float
        In the same unit, peak phase voltage 1 [pu].

    Notes
    -----
    Symmetrical suspension of the zero sequence, Hava, Kerkman and Lipo 1999, doi:10.1109/63.737601.
    """
    a = u.real
    b = -0.5 * u.real + 0.5 * math.sqrt(3.0) * u.imag
    c = -0.5 * u.real - 0.5 * math.sqrt(3.0) * u.imag
    span = max(a, b, c) - min(a, b, c)  # twice the largest phase once the zero sequence is out
    return u if span <= dc_voltage else u * (dc_voltage / span)


@kernel
def modulated(kind: float, u: complex, dc_voltage: float, frame_angle: float):  # type: ignore[no-untyped-def]
    """Return the realised voltage of a reference, both in the network's frame [pu]."""
    if kind == CIRCLE:
        return circle(u, dc_voltage / math.sqrt(3.0))
    if kind == HEXAGON and 3.0 * (u.real**2 + u.imag**2) > dc_voltage**2:  # beyond the inscribed circle
        to_rest = unit(frame_angle)
        return hexagon(u * to_rest, dc_voltage) * to_rest.conjugate()
    return u
