"""What a network is made of: balanced three-phase elements in per unit of one base, checked when they are put together.

Impedances and admittances are in per unit of the network's base; a reactance is that at nominal frequency. Zero
sequence is absent: unbalanced faults of the network are refused by name.
"""

from __future__ import annotations

import cmath
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from gridforming.errors import NetworkError
from turbine.checks import check_positive, check_range
from turbine.errors import nearest

__all__ = ["Breaker", "Bus", "Element", "Fault", "Grid", "Line", "Load", "Network", "Shunt", "Transformer"]

_MOST = 1e6  # largest per-unit value that is taken for one


def _check(kind: str, name: str, field_name: str, value: float, low: float, *, above: bool = False) -> None:
    check_range(f'{kind} "{name}": {field_name}', value, low, _MOST, above=above, unit="pu", error=NetworkError)


@dataclass(frozen=True, kw_only=True)
class Bus:
    """A place where elements meet."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line or cable: series impedance with half of its charging susceptance at either end (pi).

    A compensated line has a capacitor in series, whose reactance is a share of its own.
    """

    name: str
    start: str  #: bus
    end: str  #: bus
    resistance: float = 0.0  #: [pu]
    reactance: float  #: [pu]
    susceptance: float = 0.0  #: of the whole line [pu]
    compensation: float = 0.0  #: reactance of its series capacitor over its own [-]

    def __post_init__(self) -> None:
        check_range(
            f'line "{self.name}": compensation', self.compensation, 0.0, 0.95, hint="was per cent given?",
            error=NetworkError,
        )  # fmt: skip
        _check("line", self.name, "resistance", self.resistance, 0.0)
        _check("line", self.name, "reactance", self.reactance, 0.0, above=True)
        _check("line", self.name, "susceptance", self.susceptance, 0.0)


@dataclass(frozen=True, kw_only=True)
class Transformer:
    """A two-winding transformer: leakage impedance behind an ideal ratio on its start."""

    name: str
    start: str  #: bus with the tap
    end: str  #: bus
    resistance: float = 0.0  #: [pu]
    reactance: float  #: leakage [pu]
    tap: float = 1.0  #: start voltage over end voltage at no load [-]
    phase_shift: float = 0.0  #: by which the start leads the end at no load [rad]

    def __post_init__(self) -> None:
        _check("transformer", self.name, "resistance", self.resistance, 0.0)
        _check("transformer", self.name, "reactance", self.reactance, 0.0, above=True)
        check_range(f'transformer "{self.name}": tap', self.tap, 0.5, 2.0, error=NetworkError)
        check_range(
            f'transformer "{self.name}": phase_shift',
            self.phase_shift,
            -math.pi,
            math.pi,
            unit="rad",
            hint="were degrees given?",
            error=NetworkError,
        )

    @property
    def ratio(self) -> complex:
        """Complex ratio, start over end."""
        return self.tap * cmath.exp(1j * self.phase_shift)


@dataclass(frozen=True, kw_only=True)
class Shunt:
    """A capacitor bank (positive susceptance), a reactor (negative) or a conductance to ground."""

    name: str
    bus: str
    conductance: float = 0.0  #: [pu]
    susceptance: float = 0.0  #: at nominal frequency [pu]

    def __post_init__(self) -> None:
        _check("shunt", self.name, "conductance", self.conductance, 0.0)
        _check("shunt", self.name, "susceptance", self.susceptance, -_MOST)


@dataclass(frozen=True, kw_only=True)
class Load:
    """A load that takes power at nominal voltage and follows voltage as its kind says.

    Constant current and constant power are admittances that follow the voltage through a lag, and constant impedance
    below 0.7 pu: a current that is injected one step late on an inductive bus diverges.
    """

    name: str
    bus: str
    active: float  #: at nominal voltage [pu]
    reactive: float = 0.0  #: inductive is positive [pu]
    kind: Literal["impedance", "current", "power"] = "impedance"
    lag: float = 0.015  #: time constant of the admittance [s]

    def __post_init__(self) -> None:
        _check("load", self.name, "active", self.active, -_MOST)
        _check("load", self.name, "reactive", self.reactive, -_MOST)
        check_range(f'load "{self.name}": lag', self.lag, 0.005, 1.0, unit="s", error=NetworkError)
        if self.kind not in ("impedance", "current", "power"):
            raise NetworkError(f'load "{self.name}": found kind {self.kind!r}, expected impedance, current or power')

    @property
    def exponent(self) -> int:
        """Power of the voltage that its power follows."""
        return {"impedance": 2, "current": 1, "power": 0}[self.kind]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A Thevenin equivalent: a voltage behind an impedance; `Grid.of_strength` takes a short-circuit ratio."""

    name: str
    bus: str
    resistance: float = 0.0  #: [pu]
    reactance: float  #: [pu]
    voltage: float = 1.0  #: magnitude [pu]
    frequency: float = 1.0  #: [pu]
    phase: float = 0.0  #: at the start [rad]

    def __post_init__(self) -> None:
        _check("grid", self.name, "resistance", self.resistance, 0.0)
        _check("grid", self.name, "reactance", self.reactance, 0.0, above=True)
        check_range(f'grid "{self.name}": voltage', self.voltage, 0.0, 2.0, unit="pu", error=NetworkError)
        check_range(f'grid "{self.name}": frequency', self.frequency, 0.5, 1.5, unit="pu", error=NetworkError)

    @staticmethod
    def of_strength(
        name: str,
        bus: str,
        short_circuit_ratio: float,
        *,
        x_over_r: float = math.inf,
        rated_power: float = 1.0,
        voltage: float = 1.0,
    ) -> Grid:
        """Return a grid of a short-circuit ratio, relative to a rated power [pu of the network's base], and an X/R."""
        check_positive(f'grid "{name}": short_circuit_ratio', short_circuit_ratio, error=NetworkError)
        check_positive(f'grid "{name}": rated_power', rated_power, error=NetworkError)
        check_range(f'grid "{name}": x_over_r', min(x_over_r, 1e300), 0.0, above=True, error=NetworkError)
        angle = math.atan(x_over_r)
        size = 1.0 / (short_circuit_ratio * rated_power)
        resistance = 0.0 if math.isinf(x_over_r) else size * math.cos(angle)
        return Grid(name=name, bus=bus, resistance=resistance, reactance=size * math.sin(angle), voltage=voltage)


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """A three-pole breaker; closed it joins two buses, opening it loses its conductance over half a cycle."""

    name: str
    start: str  #: bus
    end: str  #: bus
    closed: bool = True


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A three-phase fault that events switch on and off; admittance to ground while on."""

    name: str
    bus: str
    resistance: float = 0.01  #: [pu]
    reactance: float = 0.0  #: [pu]
    kind: str = "three-phase"

    def __post_init__(self) -> None:
        _check("fault", self.name, "resistance", self.resistance, 0.0)
        _check("fault", self.name, "reactance", self.reactance, 0.0)
        if self.kind != "three-phase":
            raise NetworkError(
                f'fault "{self.name}": found kind {self.kind!r}, expected "three-phase"; unbalanced faults of the '
                "network need the zero sequence, which is absent here"
            )
        if abs(self.impedance) < 1e-4:
            raise NetworkError(
                f'fault "{self.name}": found {abs(self.impedance):g} pu of impedance, expected at least 1e-4'
            )

    @property
    def impedance(self) -> complex:
        """Complex impedance [pu]."""
        return complex(self.resistance, self.reactance)


Element = Line | Transformer | Shunt | Load | Grid | Breaker | Fault


@dataclass(frozen=True, kw_only=True)
class Network:
    """Buses and what stands between them.

    Parameters
    ----------
    buses : tuple of Bus or str
        Names must differ.
    elements : tuple
        Lines, transformers, shunts, loads, grids, breakers, faults; names must differ.
    power : float
        Base of the per-unit values [VA].
    frequency : float
        Nominal [Hz].

    Raises
    ------
    NetworkError
        Two things of one name, or an element at a bus that does not exist.
    """

    buses: tuple[Bus | str, ...]
    elements: tuple[Element, ...] = field(default=())
    power: float = 1e6
    frequency: float = 50.0

    def __post_init__(self) -> None:
        check_positive("network: power", self.power, unit="VA", error=NetworkError)
        check_range("network: frequency", self.frequency, 10.0, 1000.0, unit="Hz", error=NetworkError)
        for name in ("buses", "elements"):
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise NetworkError(f"network: {name}: found {given!r}, expected several: is a comma missing?")
            object.__setattr__(self, name, tuple(given))
        for element in self.elements:
            if not isinstance(element, Element):
                raise NetworkError(f"network: found {element!r} as an element, expected a Line, Load, Grid ...")
        if not self.buses:
            raise NetworkError("network: found no bus, expected at least one")
        for bus in self.buses:
            if not isinstance(bus, Bus | str):
                raise NetworkError(f"network: found {bus!r} as a bus, expected a Bus or its name")
        names = self.bus_names
        for what, found in (("bus", names), ("element", [e.name for e in self.elements])):
            for name, count in Counter(found).items():
                if count > 1:
                    raise NetworkError(f'{what} "{name}": found {count} of this name, expected one')
        for element in self.elements:
            kind = type(element).__name__.lower()
            for bus in ends(element):
                if bus not in names:
                    raise NetworkError(
                        f'{kind} "{element.name}": found bus "{bus}", which the network does not have'
                        f"{nearest(bus, names)}; expected one of {', '.join(names)}"
                    )
            if len(set(ends(element))) < len(ends(element)):
                raise NetworkError(f'{kind} "{element.name}": both ends at bus "{ends(element)[0]}"')

    @property
    def bus_names(self) -> list[str]:
        """Names of the buses in their order."""
        return [bus if isinstance(bus, str) else bus.name for bus in self.buses]


def ends(element: Element) -> tuple[str, ...]:
    """Return the buses that an element stands at."""
    if isinstance(element, Line | Transformer | Breaker):
        return element.start, element.end
    return (element.bus,)
