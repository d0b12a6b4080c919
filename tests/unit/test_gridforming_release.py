"""The current limit of a forming converter is left as it is entered: once, and not sample by sample."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from gridforming.converter import (
    Cascade,
    Converter,
    CurrentLimit,
    DirectVoltage,
    Filter,
    Forming,
    TerminalVoltage,
    VirtualMachine,
)
from gridforming.events import SetFault
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.network import Fault, Grid, Network
from gridforming.simulation import simulate
from gridforming.system import System

LCL = Filter(reactance=0.1, resistance=0.005, susceptance=0.05, grid_reactance=0.1, grid_resistance=0.005)
CASCADE = Cascade(kpv=0.5, kiv=50.0, kpc=0.5, kic=5.0, voltage_feedforward=0.8)
CONTROLS = {
    "direct": (DirectVoltage(), Filter()),
    "terminal": (TerminalVoltage(), Filter()),
    "cascade": (CASCADE, LCL),
}
EVENTS = [SetFault(time=0.1, fault="f", on=True), SetFault(time=0.25, fault="f", on=False)]


@cache
def _rest(inner: str, kind: Any) -> OperatingPoint:
    made, filters = CONTROLS[inner]
    control = Forming(law=VirtualMachine(), inner=made, limit=CurrentLimit(kind=kind))
    converter = Converter(name="c", bus="b", rated_power=1e6, control=control, filter=filters, active=0.5)
    elements = (Grid.of_strength("g", "b", 3.0, x_over_r=6.0), Fault(name="f", bus="b", resistance=0.05))
    return operating_point(System(network=Network(buses=("b",), elements=elements), converters=(converter,)))


@pytest.mark.parametrize("kind", ["circular", "d_priority"])
@pytest.mark.parametrize("inner", CONTROLS)
def test_limit_does_not_chatter_after_a_fault(inner: str, kind: str) -> None:
    """A current that turns with the network's cycle passes the limit or grazes it: no four changes in 10 ms."""
    point = _rest(inner, kind)
    run = simulate(point.model.system, 0.6, events=EVENTS, start=point)
    limited = run.rows.converters["limited"][:, 0]
    assert limited[(run.time > 0.2) & (run.time < 0.25)].all()
    changes = run.time[1:][(np.diff(limited) != 0.0) & (run.time[1:] > 0.25)]
    assert changes.size <= 8
    assert np.all(changes[3:] - changes[:-3] > 0.01)


@pytest.mark.parametrize("kind", ["none", "d_priority"])
def test_cascade_comes_back_from_its_limit(kind: str) -> None:
    """An integral that is only held while the limit acts keeps the converter in its limit for good."""
    point = _rest("cascade", kind)
    run = simulate(point.model.system, 8.0, events=EVENTS, start=point, output_step=1e-3)
    assert not run.rows.converters["limited"][run.time > 4.0].any()
    assert run.converter("c", "active_power")[-1] == pytest.approx(0.5, abs=0.01)
