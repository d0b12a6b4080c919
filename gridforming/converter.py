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
from gridforming.current_limit import KINDS
from gridforming.errors import ConverterError
from gridforming.modulation import CIRCLE, HEXAGON, LINEAR
from gridforming.records import CONSTANTS
from turbine.checks import check_positive, check_range

__all__ = [
    "Cascade",
    "Converter",
    "CurrentLimit",
    "DcLink",
    "DirectVoltage",
    "Droop",
    "Filter",
    "Following",
    "Forming",
    "KauraPll",
    "Law",
    "Matching",
    "PowerSynchronisation",
    "Protection",
    "TerminalVoltage",
    "VirtualMachine",
    "VirtualOscillator",
    "constants",
]

_SAMPLES = 8.0  # least samples in a period of a control's bandwidth: with the delay, few are left for its phase margin
_SOURCES = {"stiff": code.STIFF, "first_order": code.FIRST_ORDER, "external": code.EXTERNAL}
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

    pll: Literal["srf", "dual"] = "srf"  #: dual: sees the positive sequence alone, and lets no negative current flow
    pll_bandwidth_hz: float = 20.0  #: double real pole of the loop
    pll_band: float = 0.5  #: largest deviation of the loop's integral from nominal speed [pu]
    sequence_bandwidth_hz: float = 35.0  #: of the filters that tell sequences apart
    current_bandwidth_hz: float = 400.0
    i_max: float = 1.2  #: [pu]
    freeze_voltage: float = 0.1  #: the loop holds its speed below [pu]
    active: Literal["power", "dc_voltage"] = "power"  #: what its active current controls
    dc_bandwidth_hz: float = 5.0  #: of the DC voltage's control
    voltage_gain: float = 0.0  #: reactive power per missing voltage [pu/pu]
    voltage_rate: float = 0.0  #: its integral, which takes voltage to its reference [pu/(pu s)]
    frequency_gain: float = 0.0  #: fast frequency response: active power per missing speed [pu/pu]
    frequency_deadband: float = 0.0  #: [pu]
    support_gain: float = 0.0  #: reactive current per missing voltage in faults, 2 in many grid codes [pu/pu]
    support_below: float = 0.9  #: voltage that counts as a fault [pu]

    def __post_init__(self) -> None:
        _positive(self, "pll_bandwidth_hz", "pll_band", "current_bandwidth_hz", "i_max", "dc_bandwidth_hz")
        _not_negative(self, "freeze_voltage", "voltage_gain", "voltage_rate", "frequency_gain", "frequency_deadband")
        _not_negative(self, "support_gain", "support_below")
        _positive(self, "sequence_bandwidth_hz")
        if self.pll not in ("srf", "dual"):
            raise ConverterError(f'Following.pll: found {self.pll!r}, expected "srf" or "dual"')
        if self.active not in ("power", "dc_voltage"):
            raise ConverterError(f'Following.active: found {self.active!r}, expected "power" or "dc_voltage"')


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
    damping: float = 400.0  #: against the loop's speed [pu of power per pu of speed]
    transient_damping: float = 0.0  #: against the washed-out speed [pu of power per pu of speed]
    washout: float = 50.0  #: corner of the wash-out [rad/s]
    speed_band: float = 0.2  #: largest deviation of the speed [pu]
    pll: KauraPll = field(default_factory=KauraPll)
    reactive_droop: float = 0.0
    reactive_filter_hz: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, "acceleration_time", "speed_droop", "reactive_filter_hz", "speed_band")
        _not_negative(self, "damping", "transient_damping", "washout", "reactive_droop")


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
class TerminalVoltage:
    """The voltage behind the filter by a PI control of the terminal's magnitude, as in the public REGFM models."""

    proportional: float = 0.0
    integral: float = 5.86  #: [1/s]
    filter_time: float = 0.01  #: of the measured voltage [s]
    highest: float = 1.15  #: of the voltage behind the filter [pu]

    def __post_init__(self) -> None:
        _positive(self, "integral", "filter_time", "highest")
        _not_negative(self, "proportional")


@dataclass(frozen=True, kw_only=True)
class CurrentLimit:
    """How a forming converter limits its current, and whether its power reference gives way with it."""

    kind: Literal["none", "circular", "d_priority", "virtual_impedance"] = "circular"
    i_max: float = 1.2  #: [pu]
    threshold: float = 1.0  #: current at which a virtual impedance begins [pu]
    resistance: float = 0.3  #: of a virtual impedance per pu of current over the threshold [pu]
    reactance: float = 1.0  #: likewise
    limit_power: bool = True  #: the power reference stays below what voltage and limit allow
    power_share: float = 0.9  #: of that

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConverterError(f"CurrentLimit.kind: found {self.kind!r}, expected one of {', '.join(KINDS)}")
        _positive(self, "i_max", "threshold", "power_share")
        _not_negative(self, "resistance", "reactance")


@dataclass(frozen=True, kw_only=True)
class Forming:
    """Grid-forming control: a law for speed and voltage, how the voltage is made, and the limit of the current."""

    law: Law = field(default_factory=Droop)
    inner: DirectVoltage | Cascade | TerminalVoltage = field(default_factory=DirectVoltage)
    limit: CurrentLimit = field(default_factory=CurrentLimit)

    def __post_init__(self) -> None:
        if not isinstance(self.law, Law):
            raise ConverterError(f"Forming.law: found {self.law!r}, expected a law such as Droop(...)")
        if not isinstance(self.inner, DirectVoltage | Cascade | TerminalVoltage):
            raise ConverterError(f"Forming.inner: found {self.inner!r}, expected DirectVoltage(...), Cascade(...) or "
                                 "TerminalVoltage(...)")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DcLink:
    """Capacitor, chopper and source on the DC side [pu of the rating]."""

    source: Literal["stiff", "first_order", "external"] = "stiff"
    energy: float = 0.02  #: stored at nominal voltage over rated power [s]
    time_constant: float = 0.05  #: of a first-order source [s]
    gain: float = 10.0  #: power of a first-order source per missing voltage [pu/pu]
    limit: float = 1.2  #: of its power [pu]
    chopper_voltage: float = 1.15  #: at which the chopper begins [pu]
    chopper_power: float = 1.0  #: [pu]

    def __post_init__(self) -> None:
        if self.source not in _SOURCES:
            raise ConverterError(f"DcLink.source: found {self.source!r}, expected one of {', '.join(_SOURCES)}")
        _positive(self, "energy", "time_constant", "limit", "chopper_voltage")
        _not_negative(self, "gain", "chopper_power")


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What a converter trips on by itself; times are those for which a limit is passed."""

    current: float = math.inf  #: of the bridge, at once [pu]
    voltage_low: float = 0.0  #: [pu]
    voltage_high: float = math.inf  #: [pu]
    voltage_time: float = 0.1  #: [s]
    speed_low: float = 0.0  #: [pu]
    speed_high: float = math.inf  #: [pu]
    speed_time: float = 0.2  #: [s]
    dc_low: float = 0.0  #: [pu]
    dc_high: float = math.inf  #: [pu]
    dc_time: float = 0.005  #: [s]

    def __post_init__(self) -> None:
        for low, high in (("voltage_low", "voltage_high"), ("speed_low", "speed_high"), ("dc_low", "dc_high")):
            if not getattr(self, low) < getattr(self, high):
                raise ConverterError(
                    f"Protection.{low}: found {getattr(self, low):g}, expected less than {high}, which is "
                    f"{getattr(self, high):g}"
                )
        _not_negative(self, "voltage_time", "speed_time", "dc_time")


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
    dc_link, protection : DcLink, Protection
        What stands behind it, and when it stops by itself.
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
    dc_link: DcLink = field(default_factory=DcLink)
    protection: Protection = field(default_factory=Protection)
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
        if not isinstance(self.control, Following | Forming):
            raise ConverterError(f"{where}: found control {self.control!r}, expected Following(...) or Forming(...)")
        if isinstance(self.control, Following):
            used = ("sequence_bandwidth_hz",) if self.control.pll == "dual" else ()
            for name in ("current_bandwidth_hz", "pll_bandwidth_hz", *used):
                bandwidth = getattr(self.control, name)
                if self.sampling_hz < _SAMPLES * bandwidth:
                    raise ConverterError(
                        f"{where}: found sampling_hz {self.sampling_hz:g} Hz, expected at least {_SAMPLES:g} times its "
                        f"{name}, which is {bandwidth:g} Hz; its firmware is too slow for its fastest mode"
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
        "dc_source": _SOURCES[converter.dc_link.source],
        "dc_energy": converter.dc_link.energy,
        "dc_share": -math.expm1(-time_step / converter.dc_link.time_constant),
        "dc_gain": converter.dc_link.gain,
        "dc_limit": converter.dc_link.limit,
        "chopper_on": converter.dc_link.chopper_voltage,
        "chopper_power": converter.dc_link.chopper_power,
        "trip_current": converter.protection.current,
        "trip_voltage_low": converter.protection.voltage_low,
        "trip_voltage_high": converter.protection.voltage_high,
        "trip_speed_low": converter.protection.speed_low,
        "trip_speed_high": converter.protection.speed_high,
        "trip_dc_low": converter.protection.dc_low,
        "trip_dc_high": converter.protection.dc_high,
        "trip_time": (
            converter.protection.voltage_time,
            converter.protection.speed_time,
            converter.protection.dc_time,
        ),
        **_control(converter.control, period),
    }
    for name, value in values.items():
        p[name] = value
    return made


def _control(control: Following | Forming, period: float) -> dict[str, Any]:
    turn = 2.0 * math.pi
    if isinstance(control, Following):
        sequence_gain = turn * control.sequence_bandwidth_hz * period if control.pll == "dual" else 0.0
        return {
            "role": code.FOLLOWING,
            "pll_bandwidth": turn * control.pll_bandwidth_hz,
            "pll_freeze": control.freeze_voltage,
            "pll_band": control.pll_band,
            "sequence_gain": sequence_gain,
            "current_bandwidth": turn * control.current_bandwidth_hz,
            "i_max": control.i_max,
            "active_control": float(control.active == "dc_voltage"),
            "dc_bandwidth": turn * control.dc_bandwidth_hz,
            "voltage_gain": control.voltage_gain,
            "voltage_rate": control.voltage_rate,
            "frequency_gain": control.frequency_gain,
            "frequency_deadband": control.frequency_deadband,
            "support_gain": control.support_gain,
            "support_below": control.support_below,
        }
    law, inner = control.law, control.inner
    limit = control.limit
    found: dict[str, Any] = {
        "role": code.FORMING,
        "limiter": float(KINDS.index(limit.kind)),
        "limit": limit.i_max,
        "threshold": limit.threshold,
        "limit_resistance": limit.resistance,
        "limit_reactance": limit.reactance,
        "power_share": limit.power_share if limit.limit_power and limit.kind != "none" else 0.0,
    }
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
                "transient_damping": law.transient_damping,
                "washout": law.washout,
                "speed_band": law.speed_band,
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
    if isinstance(inner, TerminalVoltage):
        return found | {
            "inner": code.REGULATED,
            "terminal_kp": inner.proportional,
            "terminal_ki": inner.integral,
            "terminal_filter": 1.0 / inner.filter_time,
            "terminal_high": inner.highest,
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
