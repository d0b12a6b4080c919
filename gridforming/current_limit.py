"""Limits of a grid-forming converter's current, as an exchangeable part of its control.

A limit acts on a current vector in the controller's frame. Saturation: circular keeps the direction, d-priority gives
active current first. Threshold virtual impedance: Paquette and Divan 2015, doi:10.1109/TIA.2014.2345877.
"""

from __future__ import annotations

import math
from typing import Any

from gridforming.modulation import circle
from turbine.compiled import kernel

__all__ = ["CIRCULAR", "D_PRIORITY", "KINDS", "NONE", "VIRTUAL_IMPEDANCE", "saturated", "virtual_drop"]

Record = Any

_ROOM = 0.1  # of the limit that d leaves to q at least: at none, what q may have would move without bound with d [-]
KINDS = ("none", "circular", "d_priority", "virtual_impedance")
NONE, CIRCULAR, D_PRIORITY, VIRTUAL_IMPEDANCE = 0.0, 1.0, 2.0, 3.0


@kernel
def saturated(p: Record, i: complex):  # type: ignore[no-untyped-def]
    """Return a current reference within the limit [pu]."""
    if p.limiter == CIRCULAR:
        return circle(i, p.limit)
    if p.limiter == D_PRIORITY:
        most = math.sqrt(1.0 - _ROOM**2) * p.limit
        d = min(max(i.real, -most), most)
        room = math.sqrt(p.limit**2 - d**2)
        return complex(d, min(max(i.imag, -room), room))
    return i


@kernel
def virtual_drop(p: Record, i: complex):  # type: ignore[no-untyped-def]
    """Return the voltage that the threshold virtual impedance takes off the reference [pu]."""
    if p.limiter != VIRTUAL_IMPEDANCE:
        return 0.0j
    over = max(abs(i) - p.threshold, 0.0)
    return over * complex(p.limit_resistance, p.limit_reactance) * i
