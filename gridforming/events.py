"""What happens during a run, and when: references, the grid's voltage, breakers, faults."""

from __future__ import annotations

from dataclasses import dataclass

from gridforming.converter import Following, Forming

__all__ = ["Block", "Event", "SetFault", "SetGrid", "SetReference", "Switch", "Transfer"]


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


@dataclass(frozen=True, kw_only=True)
class Block:
    """Block a converter's pulses, or let it go on from the voltage that it sees."""

    time: float  #: [s]
    converter: str
    blocked: bool


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Hand a converter over to another control without a bump; its references become what it gives at the moment."""

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


Event = SetReference | Block | Transfer | SetGrid | Switch | SetFault
