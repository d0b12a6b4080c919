"""Rotating machines as a user describes them: synchronous machines with exciter and governor, and induction motors.

Per-unit values are of the machine's own rating; times of windings are those with the stator open.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gridforming.errors import NetworkError
from gridforming.machine_step import ASYNCHRONOUS, MOTOR_STATES, SYNCHRONOUS, SYNCHRONOUS_STATES
from gridforming.records import MACHINE_CONSTANTS
from turbine.checks import check_positive, check_range

__all__ = [
    "Exciter",
    "Governor",
    "Machine",
    "Motor",
    "SynchronousMachine",
    "machine_constants",
    "settle_machine",
    "slip_at",
]

_DEAD = 1e-3  # voltage at which no motor turns [pu]
_UNLIMITED = 1e9


def _positive(where: Any, label: str, *names: str, unit: str = "") -> None:
    for name in names:
        check_positive(f"{label}: {name}", getattr(where, name), unit=unit, error=NetworkError)


def _not_negative(where: Any, label: str, *names: str, unit: str = "") -> None:
    for name in names:
        check_range(f"{label}: {name}", getattr(where, name), 0.0, unit=unit, error=NetworkError)


@dataclass(frozen=True, kw_only=True)
class Exciter:
    """Exciter and voltage regulator, the simplified system SEXS: a lead-lag, and a gain behind a lag with limits."""

    gain: float = 100.0  #: field voltage per voltage [pu/pu]
    lead_time: float = 1.0  #: [s]
    lag_time: float = 10.0  #: [s]
    time_constant: float = 0.05  #: of the field voltage [s]
    lowest: float = 0.0  #: field voltage [pu]
    highest: float = 5.0  #: field voltage [pu]

    def __post_init__(self) -> None:
        _positive(self, "exciter", "gain")
        _positive(self, "exciter", "lag_time", "time_constant", unit="s")
        _not_negative(self, "exciter", "lead_time", unit="s")
        check_range("exciter: highest", self.highest, self.lowest, above=True, unit="pu", error=NetworkError)


@dataclass(frozen=True, kw_only=True)
class Governor:
    """Steam turbine and governor TGOV1: droop, a valve with limits, a lead-lag of reheater."""

    droop: float = 0.05  #: [pu of speed per pu of power]
    valve_time: float = 0.49  #: [s]
    lead_time: float = 2.1  #: power of the stage before the reheater, times its time [s]
    lag_time: float = 7.0  #: of the reheater [s]
    lowest: float = 0.0  #: valve [pu]
    highest: float = 1.1  #: valve [pu]
    damping: float = 0.0  #: of the turbine [pu of power per pu of speed]

    def __post_init__(self) -> None:
        _positive(self, "governor", "droop")
        _positive(self, "governor", "valve_time", "lag_time", unit="s")
        _not_negative(self, "governor", "lead_time", unit="s")
        _not_negative(self, "governor", "damping")
        check_range("governor: highest", self.highest, self.lowest, above=True, unit="pu", error=NetworkError)


@dataclass(frozen=True, kw_only=True)
class SynchronousMachine:
    """A synchronous machine of eight orders: stator, field, three dampers, rotor; without saturation.

    Subtransient reactances of both axes are one. Defaults are those of Kundur's two-area system.

    Parameters
    ----------
    name, bus : str
        Where it stands.
    rated_power : float
        [VA].

    Raises
    ------
    NetworkError
        A value out of range, or reactances that are not in their order.

    Notes
    -----
    Sauer and Pai 1998, Power System Dynamics and Stability, chapter 3; voltage behind subtransient reactance: Pekarek,
    Wasynczuk and Hegner 1998, doi:10.1109/60.736308.
    """

    name: str
    bus: str
    rated_power: float  #: [VA]
    active: float = 0.5  #: at the terminals at nominal speed [pu]
    voltage: float = 1.0  #: at the terminals [pu]
    inertia_constant: float = 6.5  #: H [s]
    damping: float = 0.0  #: torque per speed [pu]; minus the power makes of constant power a constant torque
    resistance: float = 0.0025  #: of the stator [pu]
    leakage: float = 0.2  #: of the stator [pu]
    reactance_d: float = 1.8  #: [pu]
    reactance_q: float = 1.7  #: [pu]
    transient_d: float = 0.3  #: [pu]
    transient_q: float = 0.55  #: that of the axis itself where there is no such winding [pu]
    subtransient: float = 0.25  #: of both axes [pu]
    transient_time_d: float = 8.0  #: [s]
    transient_time_q: float = 0.4  #: [s]
    subtransient_time_d: float = 0.03  #: [s]
    subtransient_time_q: float = 0.05  #: [s]
    exciter: Exciter | None = field(default_factory=Exciter)  #: none: constant field voltage
    governor: Governor | None = field(default_factory=Governor)  #: none: constant mechanical power

    def __post_init__(self) -> None:
        where = f'machine "{self.name}"'
        _positive(self, where, "rated_power", unit="VA")
        _positive(self, where, "inertia_constant", unit="s")
        _not_negative(self, where, "resistance")
        check_range(f"{where}: damping", self.damping, -10.0, 1000.0, unit="pu", error=NetworkError)
        _positive(self, where, "transient_time_d", "transient_time_q", "subtransient_time_d", "subtransient_time_q",
                  unit="s")  # fmt: skip
        check_range(f"{where}: active", self.active, -2.0, 2.0, unit="pu", error=NetworkError)
        check_range(f"{where}: voltage", self.voltage, 0.5, 1.5, unit="pu", error=NetworkError)
        _positive(self, where, "leakage", "subtransient", "reactance_d", "reactance_q", "transient_d", "transient_q",
                  unit="pu")  # fmt: skip
        if not isinstance(self.exciter, Exciter | None) or not isinstance(self.governor, Governor | None):
            raise NetworkError(f"{where}: expected Exciter(...) and Governor(...), or None")
        for axis in "dq":
            whole, transient = getattr(self, f"reactance_{axis}"), getattr(self, f"transient_{axis}")
            if not 0.0 < self.leakage < self.subtransient < transient <= whole < _UNLIMITED:
                raise NetworkError(
                    f"{where}: found leakage {self.leakage:g}, subtransient {self.subtransient:g}, transient_{axis} "
                    f"{transient:g} and reactance_{axis} {whole:g} pu, expected them above zero and in this order"
                )


@dataclass(frozen=True, kw_only=True)
class Motor:
    """An induction motor with a single cage, and a load whose torque goes with a power of the speed.

    Parameters
    ----------
    name, bus : str
        Where it stands.
    rated_power : float
        [VA].

    Notes
    -----
    Krause, Wasynczuk and Sudhoff 2013, Analysis of Electric Machinery and Drive Systems, chapter 6.
    """

    name: str
    bus: str
    rated_power: float  #: [VA]
    load: float = 0.7  #: torque at nominal speed [pu]
    load_exponent: float = 2.0  #: power of the speed with which it goes
    inertia_constant: float = 0.5  #: H of motor and load [s]
    resistance: float = 0.02  #: of the stator [pu]
    leakage: float = 0.1  #: of the stator [pu]
    magnetising: float = 3.5  #: [pu]
    rotor_resistance: float = 0.02  #: [pu]
    rotor_leakage: float = 0.1  #: [pu]

    def __post_init__(self) -> None:
        where = f'motor "{self.name}"'
        _positive(self, where, "rated_power", unit="VA")
        _positive(self, where, "inertia_constant", unit="s")
        _positive(self, where, "leakage", "magnetising", "rotor_resistance", "rotor_leakage", unit="pu")
        _not_negative(self, where, "resistance", "load_exponent")
        check_range(f"{where}: load", self.load, 0.0, 5.0, unit="pu", error=NetworkError)

    @property
    def coupling(self) -> float:
        """Of rotor flux and stator flux [-]."""
        return self.magnetising / (self.magnetising + self.rotor_leakage)

    def impedance(self, slip: float, speed: float) -> complex:
        """Return the impedance at rest at a slip and a frequency [pu]."""
        magnetising = 1j * speed * self.magnetising
        if slip == 0.0:
            return complex(self.resistance, speed * self.leakage) + magnetising
        rotor = self.rotor_resistance / slip + 1j * speed * self.rotor_leakage
        return complex(self.resistance, speed * self.leakage) + magnetising * rotor / (magnetising + rotor)

    def torque(self, slip: float, speed: float, voltage: float) -> float:
        """Return the torque at rest at a slip, a frequency and a voltage [pu]."""
        if slip == 0.0:
            return 0.0
        current = voltage / self.impedance(slip, speed)
        magnetising = 1j * speed * self.magnetising
        inside = current * magnetising / (magnetising + self.rotor_resistance / slip + 1j * speed * self.rotor_leakage)
        return abs(inside) ** 2 * self.rotor_resistance / (slip * speed)

    def load_at(self, slip: float, speed: float) -> float:
        """Return the torque of the load at a slip and a frequency [pu]."""
        return float(self.load * (max(1.0 - slip, 0.0) * speed) ** self.load_exponent)

    def pull_out_slip(self, speed: float) -> float:
        """Return the slip of the largest torque at a frequency [-]."""
        magnetising, outside = 1j * speed * self.magnetising, complex(self.resistance, speed * self.leakage)
        behind = outside * magnetising / (outside + magnetising)
        return self.rotor_resistance / abs(behind + 1j * speed * self.rotor_leakage)


Machine = SynchronousMachine | Motor


def slip_at(motor: Motor, voltage: float, speed: float) -> float:
    """Return the slip at which a motor carries its load, that of the largest torque where it cannot.

    Parameters
    ----------
    motor : Motor
        The motor.
    voltage, speed : float
        Of its terminals [pu].
    """
    from scipy.optimize import brentq

    def missing(slip: float) -> float:
        return motor.load_at(slip, speed) - motor.torque(slip, speed, voltage)

    if voltage < _DEAD:
        return 1.0  # it stands still
    most = min(motor.pull_out_slip(speed), 1.0)
    if motor.load == 0.0:
        return 0.0
    return float(brentq(missing, 0.0, most, xtol=1e-14)) if missing(most) < 0.0 else most


def machine_constants(
    machine: Machine, *, nominal_speed: float, network_power: float, time_step: float, frame_speed: float
) -> npt.NDArray[Any]:
    """Return the record of constants, shape (1,), of a machine in a network at a step and in a frame.

    Raises
    ------
    NetworkError
        The step is too long for one of its time constants.
    """
    _check_step(machine, nominal_speed, time_step)
    made = np.zeros(1, MACHINE_CONSTANTS)
    values: dict[str, Any] = {
        "nominal_speed": nominal_speed,
        "frame_speed": frame_speed,
        "time_step": time_step,
        "scale": network_power / machine.rated_power,
        "acceleration_time": 2.0 * machine.inertia_constant,
        "turn": cmath.exp(1j * (1.0 - frame_speed) * nominal_speed * time_step),
    }
    values |= _motor(machine) if isinstance(machine, Motor) else _synchronous(machine, nominal_speed)
    for name, value in values.items():
        made[0][name] = value
    return made


def _check_step(machine: Machine, nominal_speed: float, time_step: float) -> None:
    """Refuse a step that is longer than half of a machine's shortest time constant."""
    if isinstance(machine, Motor):
        m = machine
        behind = m.rotor_leakage + m.magnetising * m.leakage / (m.magnetising + m.leakage)
        times = {"rotor_resistance": behind / m.rotor_resistance / nominal_speed}
    else:
        times = {name: getattr(machine, name) for name in ("subtransient_time_d", "subtransient_time_q")}
        if machine.exciter is not None:
            times |= {f"exciter.{name}": getattr(machine.exciter, name) for name in ("time_constant", "lag_time")}
        if machine.governor is not None:
            times |= {f"governor.{name}": getattr(machine.governor, name) for name in ("valve_time", "lag_time")}
    name, shortest = min(times.items(), key=lambda item: item[1])
    if time_step > 0.5 * shortest:
        raise NetworkError(
            f'machine "{machine.name}": found a step of {time_step:g} s, expected at most half of its shortest time '
            f"constant, {shortest:.3g} s of {name}"
        )


def _motor(m: Motor) -> dict[str, Any]:
    whole = m.magnetising + m.rotor_leakage
    return {
        "kind": ASYNCHRONOUS,
        "states": len(MOTOR_STATES),
        "coupling": m.coupling,
        "rotor_rate": m.rotor_resistance / whole,
        "magnetising": m.magnetising,
        "load_exponent": m.load_exponent,
        "branch_resistance": m.resistance + m.rotor_resistance * m.coupling**2,
        "branch_reactance": m.leakage + m.magnetising - m.magnetising * m.coupling,
    }


def _synchronous(m: SynchronousMachine, nominal_speed: float) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": SYNCHRONOUS,
        "states": len(SYNCHRONOUS_STATES),
        "damping": m.damping,
        "branch_reactance": m.subtransient,
    }
    follows = []
    for axis in "dq":
        whole, transient = getattr(m, f"reactance_{axis}"), getattr(m, f"transient_{axis}")
        slow, fast = getattr(m, f"transient_time_{axis}"), getattr(m, f"subtransient_time_{axis}")
        inner = transient - m.leakage
        share = (m.subtransient - m.leakage) / inner
        values |= {
            f"gap_{axis}": whole - transient,
            f"inner_{axis}": inner,
            f"share_{axis}": share,
            f"slow_{axis}": slow,
            f"fast_{axis}": fast,
        }
        # By which the voltage behind the reactance follows the current without delay, as a resistance does.
        follows.append((share**2 * (whole - transient) / slow + (1.0 - share) * inner / fast) / nominal_speed)
    values["rotor_resistance"] = 0.5 * sum(follows)
    values["stator_resistance"] = m.resistance
    values["branch_resistance"] = m.resistance + values["rotor_resistance"]
    if m.exciter is not None:
        e = m.exciter
        values |= {"exciter": 1.0, "exciter_gain": e.gain, "exciter_lead": e.lead_time, "exciter_lag": e.lag_time,
                   "exciter_time": e.time_constant, "field_low": e.lowest, "field_high": e.highest}  # fmt: skip
    if m.governor is not None:
        g = m.governor
        values |= {"governor": 1.0, "droop": g.droop, "valve_time": g.valve_time, "turbine_lead": g.lead_time,
                   "turbine_lag": g.lag_time, "valve_low": g.lowest, "valve_high": g.highest,
                   "turbine_damping": g.damping}  # fmt: skip
    return values


def settle_machine(machine: Machine, x: Any, p: Any, v: complex, i: complex) -> None:
    """Set a machine's states, and the bias of its references, so that it rests at a voltage and a current.

    Parameters
    ----------
    machine : Machine
        What rests.
    x, p : records of MACHINE_STATES and MACHINE_CONSTANTS
        States, overwritten, and constants.
    v, i : complex
        At its terminals, the current out of it, in the network's frame [pu of the rating].
    """
    w = float(p["frame_speed"])
    x["current_before"] = i
    s: dict[str, float]
    if isinstance(machine, Motor):
        # Behind the stator: what the air gap's flux makes of the rotor's.
        stator = (v + machine.resistance * i) / (1j * w)
        flux = (stator + p["branch_reactance"] * i) / machine.coupling
        slip = slip_at(machine, abs(v), w)
        s = {"speed": w * (1.0 - slip), "flux_d": flux.real, "flux_q": flux.imag}
        x["s"][: len(MOTOR_STATES)] = [s[name] for name in MOTOR_STATES]
        return
    m = machine
    axis = v + complex(m.resistance, w * m.reactance_q) * i
    angle = float(np.angle(axis)) - 0.5 * math.pi
    back = np.exp(-1j * angle)
    vq, (d, q) = (v * back).imag, ((i * back).real, (i * back).imag)
    transient_q = (vq + m.resistance * q) / w + m.transient_d * d
    transient_d = (m.reactance_q - m.transient_q) * q
    field_voltage = transient_q + (m.reactance_d - m.transient_d) * d
    power = (v * i.conjugate()).real + m.resistance * abs(i) ** 2 + m.damping * (w - 1.0) * w
    error = field_voltage / m.exciter.gain if m.exciter is not None else 0.0
    s = {
        "angle": angle,
        "speed": w,
        "transient_q": transient_q,
        "damper_d": transient_q - (m.transient_d - m.leakage) * d,
        "transient_d": transient_d,
        "damper_q": -transient_d - (m.transient_q - m.leakage) * q,
        "field_voltage": field_voltage,
        "regulator": error,
        "valve": power,
        "reheater": power,
    }
    x["s"][: len(SYNCHRONOUS_STATES)] = [s[name] for name in SYNCHRONOUS_STATES]
    # References mean the terminals: what the regulator's gain and the stator's resistance take is added once.
    x["v_bias"] = abs(v) + error - x["v_ref"]
    x["p_bias"] = m.resistance * abs(i) ** 2
