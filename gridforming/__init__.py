"""Converters, storage and networks in the time domain: grid-following against grid-forming.

>>> import gridforming as gf
>>> grid = gf.Grid.of_strength("grid", "pcc", 3.0, x_over_r=10.0)
>>> unit = gf.Converter(name="unit", bus="pcc", rated_power=1e6, control=gf.Forming(law=gf.Droop()), active=0.5)
>>> system = gf.System(network=gf.Network(buses=("pcc",), elements=(grid,), power=1e6), converters=(unit,))
>>> gf.linearise(gf.operating_point(system)).stable()
True

Names are imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridforming.errors import ConverterError, InitialisationError, NetworkError, SmallSignalError
from turbine.errors import SimulationError

if TYPE_CHECKING:
    from gridforming.converter import (
        Cascade,
        Converter,
        CurrentLimit,
        DcLink,
        DirectVoltage,
        Droop,
        Filter,
        Following,
        Forming,
        KauraPll,
        Matching,
        PowerSynchronisation,
        Protection,
        TerminalVoltage,
        VirtualMachine,
        VirtualOscillator,
    )
    from gridforming.events import Block, Sag, SetFault, SetGrid, SetMachine, SetReference, Switch, Transfer
    from gridforming.fixed_point import operating_point
    from gridforming.linear import linearise
    from gridforming.machine import Exciter, Governor, Motor, SynchronousMachine
    from gridforming.network import Breaker, Bus, Fault, Grid, Line, Load, Network, Shunt, Transformer
    from gridforming.simulation import simulate
    from gridforming.system import System

__all__ = [
    "Block",
    "Breaker",
    "Bus",
    "Cascade",
    "Converter",
    "ConverterError",
    "CurrentLimit",
    "DcLink",
    "DirectVoltage",
    "Droop",
    "Exciter",
    "Fault",
    "Filter",
    "Following",
    "Forming",
    "Governor",
    "Grid",
    "InitialisationError",
    "KauraPll",
    "Line",
    "Load",
    "Matching",
    "Motor",
    "Network",
    "NetworkError",
    "PowerSynchronisation",
    "Protection",
    "Sag",
    "SetFault",
    "SetGrid",
    "SetMachine",
    "SetReference",
    "Shunt",
    "SimulationError",
    "SmallSignalError",
    "Switch",
    "SynchronousMachine",
    "System",
    "TerminalVoltage",
    "Transfer",
    "Transformer",
    "VirtualMachine",
    "VirtualOscillator",
    "linearise",
    "operating_point",
    "simulate",
]

#: Where each name stands; what is not listed here is looked for in no module.
_PLACES = {
    "converter": (
        "Cascade Converter CurrentLimit DcLink DirectVoltage Droop Filter Following Forming KauraPll Matching "
        "PowerSynchronisation Protection TerminalVoltage VirtualMachine VirtualOscillator"
    ),
    "events": "Block Sag SetFault SetGrid SetMachine SetReference Switch Transfer",
    "fixed_point": "operating_point",
    "linear": "linearise",
    "machine": "Exciter Governor Motor SynchronousMachine",
    "network": "Breaker Bus Fault Grid Line Load Network Shunt Transformer",
    "simulation": "simulate",
    "system": "System",
}
_MODULE = {name: module for module, names in _PLACES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a name of the package at its first use."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
