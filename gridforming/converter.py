"""Converters as a user describes them: ratings, filter, control; checked when made, turned into constants once.

Per-unit values are of the converter's own rating; bandwidths are in Hz as the field states them.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gridforming import control_step as code
from gridforming.errors import ConverterError
from gridforming.modulation import CIRCLE, HEXAGON, LINEAR
from gridforming.records import CONSTANTS
from turbine.checks import check_positive, check_range

__all__ = [
    "Cascade",
    "Converter",
    "DirectVoltage",
    "Droop",
    "Filter",
    "Following",
    "Forming",
    "KauraPll",
    "Law",
    "Matching",
    "PowerSynchronisation",
    "VirtualMachine",
    "VirtualOscillator",
    "constants",
]

_MODULATION = {"none": LINEAR, "circle": CIRCLE, "space_vector": HEXAGON}


def _positive(where: object, *names: str, least: float = 0.0, unit: str = "") -> None:
    for name in names:
        check_range(
            f"{type(where).__name__}.{name}", getattr(where, name), least, above=least == 0.0, unit=unit,
            error=ConverterError,
        )  # fmt: skip


def _not_negative(where: object, *names: str) -> None:
    for name in names:
        check_range(f"{type(where).__name__}.{name}", getattr(where, name), 0.0, error=ConverterError)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Between bridge and point of connection: L, or LCL with its capacitor where voltage is controlled [pu]."""

    reactance: float = 0.15  #: of the bridge's inductor
    resistance: float = 0.005
    susceptance: float = 0.0  #: of the capacitor; 0: an L filter
    grid_reactance: float = 0.0  #: of the grid's inductor; 0: the capacitor stands at the bus (LC)
    grid_resistance: float = 0.0

    def __post_init__(self) -> None:
        _positive(self, "reactance", unit="pu")
        _not_negative(self, "resistance", "susceptance", "grid_reactance", "grid_resistance")
        if self.grid_reactance > 0.0 and self.susceptance == 0.0:
            raise ConverterError("Filter.grid_reactance: found with no capacitor, expected susceptance above 0 (LCL)")
        if self.grid_resistance > 0.0 and self.grid_reactance == 0.0:
            raise ConverterError("Filter.grid_resistance: found with no grid_reactance, expected both or none")


@dataclass(frozen=True, kw_only=True)
class Following:
    """Grid-following control: phase-locked loop, and current control with two degrees of freedom."""

    pll_bandwidth_hz: float = 20.0  #: double real pole of the loop
    current_bandwidth_hz: float = 400.0
    i_max: float = 1.2  #: [pu]
    freeze_voltage: float = 0.1  #: the loop holds its speed below [pu]

    def __post_init__(self) -> None:
        _positive(self, "pll_bandwidth_hz", "current_bandwidth_hz", "i_max")
        _not_negative(self, "freeze_voltage")


@dataclass(frozen=True, kw_only=True)
class Droop:
    """Speed falls with filtered power."""

    droop: float = 0.02  #: [pu of speed per pu of power]
    filter_hz: float = 5.0  #: of the power measurement
    reactive_droop: float = 0.0  #: [pu of voltage per pu]
    reactive_filter_hz: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "droop", "filter_hz", "reactive_filter_hz")
        _not_negative(self, "reactive_droop")


@dataclass(frozen=True, kw_only=True)
class KauraPll:
    """Phase-locked loop with arctangent, which damps a virtual machine."""

    filter: float = 500.0  #: of the voltage [rad/s]
    proportional: float = 0.084  #: [pu/rad]
    integral: float = 4.69  #: [pu/(rad s)]
    freeze_voltage: float = 0.05  #: [pu]

    def __post_init__(self) -> None:
        _positive(self, "filter")
        _not_negative(self, "proportional", "integral", "freeze_voltage")


@dataclass(frozen=True, kw_only=True)
class VirtualMachine:
    """Swing equation: virtual inertia, droop of speed, and damping against the speed that a loop sees."""

    acceleration_time: float = 2.0  #: 2 H [s]
    speed_droop: float = 20.0  #: [pu of power per pu of speed]
    damping: float = 400.0  #: [pu of power per pu of speed]
    pll: KauraPll = field(default_factory=KauraPll)
    reactive_droop: float = 0.0
    reactive_filter_hz: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "acceleration_time", "speed_droop", "reactive_filter_hz")
        _not_negative(self, "damping", "reactive_droop")


@dataclass(frozen=True, kw_only=True)
class PowerSynchronisation:
    """Power synchronisation with reference feedforward; the gain goes with the active resistance."""

    droop: float = 0.2  #: [pu of speed per pu of power]
    reactive_droop: float = 0.0
    reactive_filter_hz: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "droop", "reactive_filter_hz")
        _not_negative(self, "reactive_droop")


@dataclass(frozen=True, kw_only=True)
class VirtualOscillator:
    """Dispatchable virtual oscillator."""

    gain: float = 0.02  #: eta [pu]
    amplitude_rate: float = 10.0  #: mu [-]

    def __post_init__(self) -> None:
        _positive(self, "gain", "amplitude_rate")


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Speed follows the DC link's voltage, as a machine's follows its rotor."""

    gain: float = 0.5  #: [pu of speed per pu of DC voltage]
    reactive_droop: float = 0.0
    reactive_filter_hz: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "gain", "reactive_filter_hz")
        _not_negative(self, "reactive_droop")


Law = Droop | VirtualMachine | PowerSynchronisation | VirtualOscillator | Matching


@dataclass(frozen=True, kw_only=True)
class DirectVoltage:
    """The law's voltage behind an active resistance."""

    active_resistance: float = 0.2  #: [pu]
    filter_hz: float = 5.0  #: of the current that it leaves alone
    i_max: float = 1.3  #: [pu]

    def __post_init__(self) -> None:
        _positive(self, "filter_hz", "i_max")
        _not_negative(self, "active_resistance")


@dataclass(frozen=True, kw_only=True)
class Cascade:
    """Voltage and current control in cascade, with virtual impedance and active damping."""

    kpv: float = 0.59
    kiv: float = 736.0  #: [1/s]
    kpc: float = 1.27
    kic: float = 14.3  #: [1/s]
    voltage_feedforward: float = 0.0
    current_feedforward: float = 0.0
    virtual_resistance: float = 0.0
    virtual_reactance: float = 0.2
    damping: float = 0.2
    damping_filter: float = 50.0  #: [rad/s]
    i_max: float = 1.3  #: [pu]

    def __post_init__(self) -> None:
        _positive(self, "kpv", "kiv", "kpc", "damping_filter", "i_max")
        _not_negative(self, "kic", "virtual_resistance", "virtual_reactance", "damping")


@dataclass(frozen=True, kw_only=True)
class Forming:
    """Grid-forming control: a law for speed and voltage, and how the voltage is made."""

    law: Law = field(default_factory=Droop)
    inner: DirectVoltage | Cascade = field(default_factory=DirectVoltage)


@dataclass(frozen=True, kw_only=True)
class Converter:
    """An averaged two-level converter.

    Parameters
    ----------
    name, bus : str
        Where it stands.
    rated_power : float
        Base of its per-unit values [VA].
    control : Following or Forming
        Its firmware.
    filter : Filter
        Behind the bridge.
    sampling_hz : float
        Of the firmware [Hz].
    delay : int
        Periods between sample and effect, 1 as in firmware or 0.
    dc_voltage : float
        Nominal, over the peak of the nominal phase voltage [-].
    modulation : "space_vector", "circle" or "none"
        What the bridge can make.
    active, reactive : float
        References at the start [pu].
    voltage : float
        Reference of a forming converter's magnitude [pu].
    """

    name: str
    bus: str
    rated_power: float
    control: Following | Forming
    filter: Filter = field(default_factory=Filter)
    sampling_hz: float = 8000.0
    delay: Literal[0, 1] = 1
    dc_voltage: float = 2.0
    modulation: Literal["space_vector", "circle", "none"] = "circle"
    active: float = 0.0
    reactive: float = 0.0
    voltage: float = 1.0

    def __post_init__(self) -> None:
        where = f'converter "{self.name}"'
        check_positive(f"{where}: rated_power", self.rated_power, unit="VA", error=ConverterError)
        check_positive(f"{where}: sampling_hz", self.sampling_hz, unit="Hz", error=ConverterError)
        check_range(f"{where}: dc_voltage", self.dc_voltage, 0.5, 10.0, unit="pu", error=ConverterError)
        check_range(f"{where}: voltage", self.voltage, 0.0, 1.5, unit="pu", error=ConverterError)
        for name in ("active", "reactive"):
            check_range(f"{where}: {name}", getattr(self, name), -2.0, 2.0, unit="pu", error=ConverterError)
        if self.delay not in (0, 1):
            raise ConverterError(f"{where}: found delay {self.delay!r}, expected 0 or 1 periods")
        if self.modulation not in _MODULATION:
            raise ConverterError(
                f"{where}: found modulation {self.modulation!r}, expected one of {', '.join(_MODULATION)}"
            )
        if isinstance(self.control, Forming) and isinstance(self.control.inner, Cascade) and not self.lcl:
            raise ConverterError(f"{where}: cascaded voltage control needs an LCL filter; found none of susceptance")

    @property
    def lcl(self) -> bool:
        """Whether its filter has a node of its own for the capacitor."""
        return self.filter.grid_reactance > 0.0

    @property
    def forming(self) -> bool:
        """Whether its control holds the voltage."""
        return isinstance(self.control, Forming)

    @property
    def filter_node(self) -> str:
        """Node where voltage is measured."""
        return f"{self.name}.filter" if self.lcl else self.bus


def constants(
    converter: Converter, *, nominal_speed: float, network_power: float, time_step: float, frame_speed: float
) -> npt.NDArray[Any]:
    """Return the record of constants, shape (1,), of a converter in a network at a step and in a frame.

    Raises
    ------
    ConverterError
        Its sampling period is no multiple of the step.
    """
    period = 1.0 / converter.sampling_hz
    every = round(period / time_step)
    if every < 1 or abs(every * time_step - period) > 1e-9 * period:
        raise ConverterError(
            f'converter "{converter.name}": found a sampling period of {period:g} s, expected a multiple of the '
            f"network's step of {time_step:g} s"
        )
    made = np.zeros(1, CONSTANTS)
    p = made[0]
    f = converter.filter
    values: dict[str, Any] = {
        "nominal_speed": nominal_speed,
        "period": period,
        "every": every,
        "frame_speed": frame_speed,
        "turn": cmath.exp(-1j * frame_speed * nominal_speed * period),
        "turn_step": cmath.exp(-1j * frame_speed * nominal_speed * time_step),
        "hold": 1.0 / np.sinc(frame_speed * nominal_speed * time_step / math.pi),
        "scale": network_power / converter.rated_power,
        "delay": converter.delay,
        "modulation": _MODULATION[converter.modulation],
        "filter_resistance": f.resistance,
        "filter_reactance": f.reactance,
        "filter_susceptance": f.susceptance,
        "dc_nominal": converter.dc_voltage,
        **_control(converter.control),
    }
    for name, value in values.items():
        p[name] = value
    return made


def _control(control: Following | Forming) -> dict[str, Any]:
    turn = 2.0 * math.pi
    if isinstance(control, Following):
        return {
            "role": code.FOLLOWING,
            "pll_bandwidth": turn * control.pll_bandwidth_hz,
            "pll_freeze": control.freeze_voltage,
            "current_bandwidth": turn * control.current_bandwidth_hz,
            "i_max": control.i_max,
        }
    law, inner = control.law, control.inner
    found: dict[str, Any] = {"role": code.FORMING}
    if not isinstance(law, VirtualOscillator):
        found |= {"reactive_droop": law.reactive_droop, "reactive_filter": turn * law.reactive_filter_hz}
    match law:
        case Droop():
            found |= {"law": code.DROOP, "droop": law.droop, "power_filter": turn * law.filter_hz}
        case VirtualMachine():
            found |= {
                "law": code.VIRTUAL_MACHINE,
                "acceleration_time": law.acceleration_time,
                "speed_droop": law.speed_droop,
                "damping": law.damping,
                "pll_filter": law.pll.filter,
                "pll_kp": law.pll.proportional,
                "pll_ki": law.pll.integral,
                "pll_freeze": law.pll.freeze_voltage,
            }
        case PowerSynchronisation():
            found |= {"law": code.SYNCHRONISATION, "droop": law.droop}
        case VirtualOscillator():
            found |= {
                "law": code.OSCILLATOR,
                "oscillator_gain": law.gain,
                "oscillator_rate": law.amplitude_rate,
            }
        case Matching():
            found |= {"law": code.MATCHING, "droop": law.gain}
    if isinstance(inner, DirectVoltage):
        return found | {
            "inner": code.DIRECT,
            "active_resistance": inner.active_resistance,
            "feedback_bandwidth": turn * inner.filter_hz,
            "i_max": inner.i_max,
        }
    return found | {
        "inner": code.CASCADED,
        "kpv": inner.kpv,
        "kiv": inner.kiv,
        "kpc": inner.kpc,
        "kic": inner.kic,
        "kffv": inner.voltage_feedforward,
        "kffi": inner.current_feedforward,
        "virtual_resistance": inner.virtual_resistance,
        "virtual_reactance": inner.virtual_reactance,
        "kad": inner.damping,
        "w_ad": inner.damping_filter,
        "i_max": inner.i_max,
    }
