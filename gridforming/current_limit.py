"""Limits of a grid-forming converter's current, as an exchangeable part of its control.

A limit acts on a current vector in the controller's frame. Saturation: circular keeps the direction, d-priority gives
active current first. Threshold virtual impedance: Paquette and Divan 2015, doi:10.1109/TIA.2014.2345877.
"""

from __future__ import annotations

import math
from typing import Any

from gridforming.modulation import circle, length
from turbine.compiled import kernel

__all__ = ["CIRCULAR", "D_PRIORITY", "KINDS", "NONE", "VIRTUAL_IMPEDANCE", "saturated", "virtual_drop"]

Record = Any

KINDS = ("none", "circular", "d_priority", "virtual_impedance")
NONE, CIRCULAR, D_PRIORITY, VIRTUAL_IMPEDANCE = 0.0, 1.0, 2.0, 3.0


@kernel
def saturated(p: Record, wanted: complex, now: complex):  # type: ignore[no-untyped-def]
    """Return a current within the limit [pu].

    Parameters
    ----------
    wanted : complex
        Current that is asked for.
    now : complex
        Whose d counts in what is left to q. The less is left, the steeper it falls with d: where the current asked for
        answers at once to what is kept of it, it is the current that flows.
    """
    if p.limiter == CIRCULAR:
        return circle(wanted, p.limit)
    if p.limiter == D_PRIORITY:
        d = min(max(wanted.real, -p.limit), p.limit)
        room = math.sqrt(max(p.limit**2 - now.real**2, 0.0))
        return circle(complex(d, min(max(wanted.imag, -room), room)), p.limit)
    return wanted


@kernel
def virtual_drop(p: Record, i: complex):  # type: ignore[no-untyped-def]
    """Return the voltage that the threshold virtual impedance takes off the reference [pu]."""
    if p.limiter != VIRTUAL_IMPEDANCE:
        return 0.0j
    over = max(length(i) - p.threshold, 0.0)
    return over * complex(p.limit_resistance, p.limit_reactance) * i
