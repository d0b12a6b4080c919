"""What happens during a run, and when: references, the grid's voltage, breakers, faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gridforming.converter import Following, Forming
from turbine.checks import check_range
from turbine.errors import SimulationError

__all__ = ["SAGS", "Block", "Event", "Sag", "SetFault", "SetGrid", "SetMachine", "SetReference", "Switch", "Transfer"]


def _check(
    event: SetReference | SetMachine | SetGrid | Sag, where: str, ranges: Mapping[str, tuple[float, float, str]]
) -> None:
    """Refuse values of an event that are given and out of range; ranges are least, most and unit by field."""
    for name, (low, high, unit) in ranges.items():
        value = getattr(event, name)
        if value is not None:
            check_range(f"{where} at {event.time!r} s: {name}", value, low, high, unit=unit, error=SimulationError)


@dataclass(frozen=True, kw_only=True)
class SetReference:
    """Give a converter other references [pu]; those left out stay."""

    time: float  #: [s]
    converter: str
    active: float | None = None
    reactive: float | None = None
    voltage: float | None = None
    speed: float | None = None
    dc_power: float | None = None  #: of a DC source that is given from outside

    def __post_init__(self) -> None:
        _check(
            self,
            f'reference of "{self.converter}"',
            {name: (-2.0, 2.0, "pu") for name in ("active", "reactive", "dc_power")}
            | {"voltage": (0.0, 1.5, "pu"), "speed": (0.5, 1.5, "pu")},
        )


@dataclass(frozen=True, kw_only=True)
class SetMachine:
    """Give a machine other references [pu of its rating]; those left out stay."""

    time: float  #: [s]
    machine: str
    active: float | None = None  #: of a synchronous machine
    voltage: float | None = None  #: likewise
    load: float | None = None  #: of a motor: torque at nominal speed

    def __post_init__(self) -> None:
        where = f'reference of "{self.machine}"'
        _check(self, where, {"active": (-2.0, 2.0, "pu"), "voltage": (0.5, 1.5, "pu"), "load": (0.0, 5.0, "pu")})


@dataclass(frozen=True, kw_only=True)
class Block:
    """Block a converter's pulses, or let it go on from the voltage that it sees."""

    time: float  #: [s]
    converter: str
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Hand a converter over to another control; its references become what it gives at the moment.

    Without a bump in balanced voltages; in unbalance what it gives at the moment is not what it gives in the mean.
    """

    time: float  #: [s]
    converter: str
    control: Following | Forming


@dataclass(frozen=True, kw_only=True)
class SetGrid:
    """Change the voltage behind a grid's impedance; what is left out stays."""

    time: float  #: [s]
    grid: str
    voltage: float | None = None  #: magnitude [pu]
    phase_jump: float = 0.0  #: [rad]
    frequency: float | None = None  #: [pu]
    ramp: float | None = None  #: of the frequency [pu/s]

    def __post_init__(self) -> None:
        _check(
            self,
            f'grid "{self.grid}"',
            {
                "voltage": (0.0, 2.0, "pu"),
                "phase_jump": (-math.pi, math.pi, "rad"),
                "frequency": (0.5, 1.5, "pu"),
                "ramp": (-1.0, 1.0, "pu/s"),
            },
        )


#: Types of voltage sags: voltages of positive and negative sequence by the characteristic voltage. Zero sequence, which
#: types B and E have beside these, does not pass a transformer in delta and is absent here.
SAGS: dict[str, Callable[[float], tuple[float, float]]] = {
    "A": lambda v: (v, 0.0),
    "B": lambda v: ((2.0 + v) / 3.0, -(1.0 - v) / 3.0),
    "C": lambda v: ((1.0 + v) / 2.0, (1.0 - v) / 2.0),
    "D": lambda v: ((1.0 + v) / 2.0, -(1.0 - v) / 2.0),
    "E": lambda v: ((1.0 + 2.0 * v) / 3.0, (1.0 - v) / 3.0),
    "F": lambda v: ((1.0 + 2.0 * v) / 3.0, -(1.0 - v) / 3.0),
    "G": lambda v: ((1.0 + 2.0 * v) / 3.0, (1.0 - v) / 3.0),
}


@dataclass(frozen=True, kw_only=True)
class Sag:
    """Let a grid's voltage sag from where `SetGrid` has it, balanced or unbalanced; remaining voltage 1 ends it.

    Types are those of Zhang and Bollen 2000, doi:10.1109/61.853026, symmetrical about phase a.
    """

    time: float  #: [s]
    grid: str
    kind: str = "A"  #: A: three-phase; B, D, F: phase a most; C, E, G: phases b and c
    remaining: float  #: characteristic voltage over the grid's own [-]
    phase_jump: float = 0.0  #: of the positive sequence [rad]

    def __post_init__(self) -> None:
        where = f'sag of grid "{self.grid}"'
        _check(self, where, {"remaining": (0.0, 1.0, "pu"), "phase_jump": (-math.pi, math.pi, "rad")})
        if self.kind not in tuple(SAGS):
            raise SimulationError(
                f"{where} at {self.time!r} s: found kind {self.kind!r}, expected one of {', '.join(SAGS)}"
            )


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Close a breaker, or open it: its conductance falls over half a cycle."""

    time: float  #: [s]
    breaker: str
    closed: bool


@dataclass(frozen=True, kw_only=True)
class SetFault:
    """Switch a fault on, or clear it."""

    time: float  #: [s]
    fault: str
    on: bool


Event = SetReference | SetMachine | Block | Transfer | SetGrid | Sag | Switch | SetFault
