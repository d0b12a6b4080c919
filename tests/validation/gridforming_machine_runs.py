"""What is run for the validation of rotating machines."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gridforming.events import SetFault, SetMachine
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.linear import linearise
from gridforming.machine import Exciter, Governor, Motor, SynchronousMachine
from gridforming.network import Fault, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.simulation import simulate
from gridforming.system import System
from tests.validation.gridforming_windings import motor_start, short_circuit

DATA = Path(__file__).parent / "data" / "gridforming"
STEP = 50e-6  # [s]
LATE = 0.50005  # when ANDES' events act [s]
FAULT = 1e-3  # resistance of the short circuit [pu]
WIDE = {"lowest": -99.0, "highest": 99.0}
EXCITER, GOVERNOR = Exciter(**WIDE), Governor(**WIDE)
#: Kundur's machine; ANDES has torque where constant power divided by speed stands here, which this damping undoes.
MACHINE = SynchronousMachine(
    name="G1", bus="t", rated_power=100e6, active=0.7, voltage=1.02, exciter=EXCITER, governor=GOVERNOR
)
MOTOR = Motor(name="M", bus="t", rated_power=1e6, load=0.5)

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


@cache
def _eigenvalues(system: str) -> Complexes:
    with (DATA / "andes_eigenvalues.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["system"] == system]
    return np.array([complex(float(row["real"]), float(row["imag"])) for row in rows])


@cache
def one_machine() -> OperatingPoint:
    """Return the machine at an infinite bus, at rest."""
    loss = 0.7012077698 - 0.7
    machine = replace(MACHINE, damping=-(0.7 + loss))
    network = Network(
        buses=("t", "high", "far"),
        elements=(
            Transformer(name="transformer", start="t", end="high", reactance=0.1),
            Line(name="line", start="high", end="far", resistance=0.02, reactance=0.3 - 1e-4),
            Grid(name="grid", bus="far", reactance=1e-4),
        ),
        power=100e6,
        frequency=60.0,
    )
    return operating_point(System(network=network, machines=(machine,)), time_step=STEP)


@cache
def two_areas(control: str) -> OperatingPoint:
    """Return Kundur's two areas at rest: "manual", "exciters", or "exciters and governors"."""
    data = json.loads((DATA / "andes_two_areas.json").read_text())
    volts = {bus: size * np.exp(1j * angle) for bus, (size, angle) in data["voltages"].items()}
    elements: list[Line | Load | Shunt] = [
        Line(
            name=b["name"],
            start=str(b["start"]),
            end=str(b["end"]),
            resistance=b["r"],
            reactance=b["x"],
            susceptance=b["b_total"],
        )
        for b in data["branches"]
    ]
    for load in data["loads"]:
        size = abs(volts[str(load["bus"])]) ** 2
        elements.append(
            Load(name=load["name"], bus=str(load["bus"]), active=load["p0"] / size, reactive=load["q0"] / size)
        )
    elements += [Shunt(name=s["name"], bus=str(s["bus"]), susceptance=s["b"]) for s in data["shunts"]]
    network = Network(buses=tuple(volts), elements=tuple(elements), power=100e6, frequency=60.0)
    machines = []
    for g in data["generators"]:
        bus = str(g["bus"])
        active = g["p"] / 9.0
        machines.append(
            SynchronousMachine(
                name=g["name"],
                bus=bus,
                rated_power=900e6,
                active=active,
                voltage=g["v"],
                inertia_constant=g["H"],
                damping=-active,
                exciter=None if control == "manual" else EXCITER,
                governor=GOVERNOR if control.endswith("governors") else None,
            )
        )
    machines.sort(key=lambda m: m.name != "G3")  # ANDES' swing machine gives what is missing
    return operating_point(System(network=network, machines=tuple(machines)), time_step=2.0 * STEP)


@cache
def _modes(system: str) -> Complexes:
    point = one_machine() if system == "one machine" else two_areas(system.removeprefix("two areas, "))
    return np.array([m.s for m in linearise(point).modes()])


def andes_mode(system: str, near: complex) -> complex:
    """Return ANDES' mode next to a number [1/s]."""
    theirs = _eigenvalues(system)
    return complex(theirs[np.argmin(np.abs(theirs - near))])


def mode(system: str, near: complex) -> tuple[complex, complex]:
    """Return ANDES' mode next to a number, and ours next to it [1/s]."""
    reference, ours = andes_mode(system, near), _modes(system)
    return reference, complex(ours[np.argmin(np.abs(ours - reference))])


def mode_gap(system: str, near: complex) -> float:
    """Return the distance of our mode from ANDES' over its size [%]."""
    reference, ours = mode(system, near)
    return 100.0 * abs(ours - reference) / abs(reference)


def frequency_gap(system: str, near: complex) -> float:
    """Return how far the frequency of our mode is from ANDES' [%]."""
    reference, ours = mode(system, near)
    return 100.0 * abs(ours.imag / reference.imag - 1.0)


def damping_of(system: str, near: complex) -> float:
    """Return the real part of our mode [1/s]."""
    return mode(system, near)[1].real


def frequency_of(system: str, near: complex) -> float:
    """Return the imaginary part of our mode [rad/s]."""
    return mode(system, near)[1].imag


def two_area_voltage_gap() -> float:
    """Return the largest difference of bus voltages from ANDES' power flow [pu]."""
    point = two_areas("manual")
    data = json.loads((DATA / "andes_two_areas.json").read_text())
    sizes = np.array([size for size, _ in data["voltages"].values()])
    return float(np.abs(np.abs(point.state.v[: sizes.size]) - sizes).max())


@cache
def _trace(name: str) -> dict[str, tuple[Floats, Floats]]:
    """Return ANDES' and our traces of a step of the governor's or the regulator's reference."""
    rows = np.genfromtxt(DATA / f"andes_{name}.csv", delimiter=",", names=True)
    step = {"governor": {"active": 0.75}, "avr": {"voltage": 1.04}}[name]
    run = simulate(
        one_machine().model.system,
        10.001,
        events=[SetMachine(time=LATE, machine="G1", **step)],
        start=one_machine(),
        output_step=0.05,
    )
    count = rows["time_s"].size
    ours = {
        "omega": run.machine("G1", "speed"),
        "p": run.machine("G1", "active_power"),
        "vt": np.abs(run.voltage("t")),
        "efd": run.machine("G1", "field_voltage"),
    }
    return {key: (rows[key], values[:count]) for key, values in ours.items()}


def trace_gap(name: str, column: str) -> float:
    """Return the largest difference of a trace from ANDES' over the range that it moves in [%]."""
    theirs, ours = _trace(name)[column]
    return 100.0 * float(np.abs(ours - theirs).max() / np.ptp(theirs))


def short_circuit_gap(step: float) -> float:
    """Return the largest difference of the current after a short circuit, over its peak [%]."""
    frequency = 60.0
    machine = replace(MACHINE, active=0.0, voltage=1.0, inertia_constant=1e6, exciter=None, governor=None)
    network = Network(
        buses=("t",), elements=(Fault(name="fault", bus="t", resistance=FAULT),), power=100e6, frequency=frequency
    )
    run = simulate(
        System(network=network, machines=(machine,)),
        0.5,
        events=[SetFault(time=0.0, fault="fault", on=True)],
        time_step=step,
    )
    ours = run.current("G1.stator") * np.exp(-1j * run.machine("G1", "angle"))
    exact = short_circuit(machine, run.time, speed=2.0 * math.pi * frequency, resistance=FAULT)
    return 100.0 * float(np.abs(ours - exact).max() / np.abs(exact).max())


@cache
def _start(step: float) -> tuple[Floats, Floats, Floats, Floats]:
    network = Network(buses=("t",), elements=(Grid(name="grid", bus="t", reactance=1e-6),), power=1e6)
    run = simulate(System(network=network, machines=(MOTOR,)), 2.0, start="dead", time_step=step)
    every = round(1e-3 / step)
    speed, current = motor_start(MOTOR, run.time[::every], frequency=50.0)
    return run.machine("M", "speed")[::every], np.abs(run.current("M.stator"))[::every], speed, current


def start_current_gap(step: float) -> float:
    """Return the largest difference of the current of a motor that starts, over its peak [%]."""
    _, ours, _, exact = _start(step)
    return 100.0 * float(np.abs(ours - exact).max() / exact.max())


def start_speed_gap(step: float) -> float:
    """Return the largest difference of the speed of a motor that starts [pu]."""
    ours, _, exact, _ = _start(step)
    return float(np.abs(ours - exact).max())


def kloss() -> tuple[float, float]:
    """Return pull-out slip and torque of the motor by Kloss' formula with the stator's resistance."""
    m = MOTOR
    behind = 1j * m.magnetising / complex(m.resistance, m.leakage + m.magnetising)
    z = behind * complex(m.resistance, m.leakage)
    root = math.hypot(z.real, z.imag + m.rotor_leakage)
    return m.rotor_resistance / root, abs(behind) ** 2 / (2.0 * (z.real + root))


def largest_load() -> float:
    """Return the largest constant torque that the motor has an operating point with [pu]."""
    from gridforming.errors import InitialisationError

    network = Network(buses=("t",), elements=(Grid(name="grid", bus="t", reactance=1e-6),), power=1e6)

    def carried(load: float) -> bool:
        motor = replace(MOTOR, load=load, load_exponent=0.0)
        try:
            operating_point(System(network=network, machines=(motor,)), time_step=STEP)
        except InitialisationError:
            return False
        return True

    low, high = 1.0, 3.0
    while high - low > 1e-4:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if carried(middle) else (low, middle)
    return 0.5 * (low + high)
