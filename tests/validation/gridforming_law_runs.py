"""Runs of grid-forming and grid-following control that are compared with closed forms, and their figures.

All of it through `gridforming.simulation.simulate`, `operating_point` and `linearise`. Powers and voltages are those of
the network where nothing else is said, not what a firmware takes for them.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

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
    Law,
    TerminalVoltage,
    VirtualMachine,
)
from gridforming.events import SetFault, SetGrid, SetReference, Switch
from gridforming.fixed_point import operating_point
from gridforming.linear import linearise
from gridforming.network import Breaker, Element, Fault, Grid, Load, Network
from gridforming.presets import regfm_a1, regfm_b1
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import System

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Kind = Literal["direct", "cascade"]

SPEED = 100.0 * math.pi  #: nominal [rad/s]
UNLIMITED = CurrentLimit(kind="none")
LCL = Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.05)


def _system(converter: Converter, *elements: Element, buses: tuple[str, ...] = ("bus",)) -> System:
    return System(network=Network(buses=buses, elements=elements, power=1e6), converters=(converter,))


def _converter(control: Following | Forming, **values: Any) -> Converter:
    given = {"name": "unit", "bus": "bus", "rated_power": 1e6, "control": control, "sampling_hz": 20e3} | values
    return Converter(**given)


# A jump of the grid's phase against a virtual machine.

X_EFF = 0.25  #: of the converter [pu]
PEAK = 0.3  #: P_peak, the jump over the reactance [pu]
SMALL = 0.01  #: the same where the equations are linear [pu]
JUMP = 0.1  #: time of the jump [s]


def reactance(ratio: float) -> float:
    """Return the reactance between the machine's voltage and the grid's [pu]."""
    return X_EFF + 1.0 / ratio


def second_order(ratio: float, inertia: float, damping: float) -> tuple[float, float]:
    """Return eps and w_n of the envelope's formulas at voltages of 1 pu [-, rad/s]."""
    x = reactance(ratio)
    return 0.5 * damping * math.sqrt(x / (2.0 * inertia * SPEED)), math.sqrt(SPEED / (2.0 * inertia * x))


def machine(kind: Kind, ratio: float, inertia: float, damping: float, x_over_r: float = math.inf) -> System:
    """Return a virtual machine whose only damping is its droop to the nominal speed, at a grid of a strength.

    Its voltage stands behind X_EFF: of the filter (direct), or virtual and of the filter's outlet (cascade).
    Ratio of reactance to resistance is that from the machine's voltage to the grid's.
    """
    law = VirtualMachine(acceleration_time=2.0 * inertia, speed_droop=damping, damping=0.0)
    direct = kind == "direct"
    inner = DirectVoltage(active_resistance=0.0) if direct else Cascade(virtual_reactance=0.2, i_max=5.0)
    filters = Filter(reactance=X_EFF, resistance=0.0) if direct else LCL
    control = Forming(law=law, inner=inner, limit=UNLIMITED)
    grid = Grid(name="grid", bus="bus", reactance=1.0 / ratio, resistance=reactance(ratio) / x_over_r)
    return _system(_converter(control, filter=filters, modulation="none"), grid)


@cache
def jumped(kind: Kind, ratio: float, inertia: float, damping: float, peak: float = PEAK) -> tuple[Floats, Floats]:
    """Return time since the jump of a grid's phase [s], and the power that answers it over P_peak, at X/R of 6."""
    jump = SetGrid(time=JUMP, grid="grid", phase_jump=-peak * reactance(ratio))
    run = simulate(machine(kind, ratio, inertia, damping, 6.0), JUMP + 1.0, events=[jump])
    power, after = run.converter("unit", "active_power"), run.time > JUMP + 1e-9
    return run.time[after] - JUMP, (power[after] - power[0]) / peak


def oracle_gap(kind: Kind, ratio: float, inertia: float, damping: float) -> float:
    """Return how far the answer is from the second-order one at most, from 0.1 s on, over P_peak [%]."""
    time, power = jumped(kind, ratio, inertia, damping)
    eps, w_n = second_order(ratio, inertia, damping)
    w_d = w_n * math.sqrt(1.0 - eps**2)
    expected = np.exp(-eps * w_n * time) * (np.cos(w_d * time) + eps * w_n / w_d * np.sin(w_d * time))
    return 100.0 * float(np.abs(power - expected)[time >= 0.1 - 1e-9].max())


def swing_gap(ratio: float, inertia: float, damping: float) -> float:
    """Return how far the answer is at most from that of the linear equations with R and L, over P_peak [%].

    States are angle, speed and current, small about no power: dP is that of the current along the voltage. From 1 ms
    on, which is what firmware and a hold of its voltage take.
    """
    from scipy.linalg import expm

    time, power = jumped("direct", ratio, inertia, damping, SMALL)
    x = reactance(ratio)
    r = x / 6.0
    # d angle, d speed, d i_d, d i_q; the voltage less the grid's is j times the angle between them.
    a = np.array(
        [
            [0.0, SPEED, 0.0, 0.0],
            [0.0, -damping / (2.0 * inertia), -1.0 / (2.0 * inertia), 0.0],
            [0.0, 0.0, -SPEED * r / x, SPEED],
            [SPEED / x, 0.0, -SPEED, -SPEED * r / x],
        ]
    )
    step = expm(a * (time[1] - time[0]))
    state = np.array([SMALL * x, 0.0, 0.0, 0.0])
    found = np.empty(time.size)
    for k in range(time.size):
        state = step @ state
        found[k] = state[2]
    return 100.0 * float(np.abs(power - found / SMALL)[time >= 1e-3].max())


@cache
def _mode(kind: Kind, ratio: float, inertia: float, damping: float) -> complex:
    eps, w_n = second_order(ratio, inertia, damping)
    expected = w_n * complex(-eps, math.sqrt(1.0 - eps**2))
    modes = linearise(operating_point(machine(kind, ratio, inertia, damping))).modes()
    return min((m.s for m in modes), key=lambda s: abs(s - expected))


def frequency_gap(kind: Kind, ratio: float, inertia: float, damping: float) -> float:
    """Return how far w_n of the swing is from the formula's, without resistance [%]."""
    return 100.0 * (abs(_mode(kind, ratio, inertia, damping)) / second_order(ratio, inertia, damping)[1] - 1.0)


def damping_gap(kind: Kind, ratio: float, inertia: float, damping: float) -> float:
    """Return how far eps of the swing is from the formula's, without resistance [%]."""
    s = _mode(kind, ratio, inertia, damping)
    return 100.0 * (-s.real / abs(s) / second_order(ratio, inertia, damping)[0] - 1.0)


# Public models alone, and a load that is switched on.

MODELS = {"REGFM_A1": regfm_a1, "REGFM_B1": regfm_b1}
DROOP = {"REGFM_A1": 0.01, "REGFM_B1": 0.02}
INERTIA, D2, WASHOUT = 0.5, 100.0, 50.0  #: of REGFM_B1 [s, pu, rad/s]
FILTER = 0.01  #: of REGFM_A1's power [s]
SAMPLE = 125e-6  #: of both [s]
STEP_AT = 0.1  #: time of the load [s]


@cache
def public(name: str) -> Result:
    """Return a run of a public model alone whose load grows from 0.5 + j0.1 to 0.7 + j0.15 pu."""
    elements = (
        Load(name="load", bus="bus", active=0.5, reactive=0.1),
        Breaker(name="breaker", start="bus", end="far", closed=False),
        Load(name="more", bus="far", active=0.2, reactive=0.05),
    )
    unit = MODELS[name]("unit", "bus", 1e6, active=0.5, reactive=0.02, sampling_hz=1.0 / SAMPLE)
    system = _system(unit, *elements, buses=("bus", "far"))
    return simulate(system, 4.0, events=[Switch(time=STEP_AT, breaker="breaker", closed=True)])


def _drawn(result: Result) -> Floats:
    """Return the active power of the loads [pu]."""
    on = result.time > STEP_AT - 1e-9
    power: Floats = np.abs(result.voltage("bus")) ** 2 * np.where(on, 0.7, 0.5)
    return power


def rate_at_once(name: str) -> float:
    """Return the rate of change of the first sample that sees the load, over what it draws more then [1/s]."""
    result, first = public(name), round(STEP_AT / SAMPLE)
    speed, power = result.converter("unit", "speed"), _drawn(result)
    return float((speed[first + 1] - speed[first]) / SAMPLE / (power[first] - power[0]))


def linear_law(name: str) -> Floats:
    """Return the speed that the law's linear equations give for the power drawn [pu], exact between its samples."""
    from scipy.signal import lsim

    result, first = public(name), round(STEP_AT / SAMPLE)
    power = _drawn(result)
    if name == "REGFM_B1":
        ta, droop = 2.0 * INERTIA, 1.0 / DROOP[name]
        a = np.array([[-(droop + D2) / ta, D2 / ta], [WASHOUT, -WASHOUT]])
        b, c = np.array([[-1.0 / ta], [0.0]]), np.array([[1.0, 0.0]])
    else:
        a, b, c = np.array([[-1.0 / FILTER]]), np.array([[1.0 / FILTER]]), np.array([[-DROOP[name]]])
    more, time = power[first:] - power[0], SAMPLE * np.arange(power.size - first)
    found: Floats = lsim((a, b, c, np.zeros((1, 1))), more, time)[1]
    return found


def rate_gap(name: str) -> float:
    """Return how far the rate over 0.1 s is from the linear law's for the power drawn [%]."""
    result, first, rows = public(name), round(STEP_AT / SAMPLE), round(0.1 / SAMPLE)
    speed = result.converter("unit", "speed")
    return 100.0 * float((speed[first + rows] - speed[first]) / linear_law(name)[rows] - 1.0)


def trace_gap(name: str) -> float:
    """Return how far the speed is from the linear law's at most, over its largest deviation [%]."""
    result, first = public(name), round(STEP_AT / SAMPLE)
    speed, expected = result.converter("unit", "speed"), linear_law(name)
    return 100.0 * float(np.abs(speed[first:] - speed[first] - expected).max() / np.abs(expected).max())


def droop_gap(name: str) -> float:
    """Return how far the speed at the end is from the droop for the power drawn then [pu]."""
    result = public(name)
    return float(result.converter("unit", "speed")[-1] - 1.0 - DROOP[name] * (0.5 - _drawn(result)[-1]))


def reactive_gap(name: str) -> float:
    """Return how far the voltage at the end is from the reactive droop for the reactive power drawn then [pu]."""
    result = public(name)
    voltage = abs(result.voltage("bus")[-1])
    return float(voltage - 1.0 - 0.05 * (0.02 - 0.15 * voltage**2))


# Limits of the current.

LIMIT = 1.2  #: [pu]


LAWS: dict[str, Law] = {"droop": Droop(), "virtual machine": VirtualMachine(damping=100.0)}
INNER: dict[str, DirectVoltage | TerminalVoltage | Cascade] = {
    "direct": DirectVoltage(),
    "regulated": TerminalVoltage(),
    "cascade": Cascade(i_max=2.0),
}


def limit_gap(kind: Any, law: str, inner: str) -> float:
    """Return how far the bridge's current is from its limit at most in the last two cycles of a long fault [%].

    A fault of 0.05 pu of resistance at a grid of short-circuit ratio 3, from 0.1 to 8 s; 0.05 pu of power, which the
    limit can carry at what is left of the voltage, so that the angle comes to rest.
    """
    control = Forming(law=LAWS[law], inner=INNER[inner], limit=CurrentLimit(kind=kind, i_max=LIMIT))
    grid, fault = Grid.of_strength("grid", "bus", 3.0, x_over_r=6.0), Fault(name="fault", bus="bus", resistance=0.05)
    converter = _converter(control, active=0.05, filter=LCL if inner == "cascade" else Filter())
    events = [SetFault(time=0.1, fault="fault", on=True)]
    result = simulate(_system(converter, grid, fault), 8.0, events=events, output_step=1e-3)
    last = result.time > result.time[-1] - 0.04
    assert result.rows.converters["limited"][last].all()
    return 100.0 * float(np.abs(np.abs(result.current("unit.bridge")[last]) / LIMIT - 1.0).max())


THRESHOLD, V_RESISTANCE, V_REACTANCE = 1.0, 0.3, 1.0
SHORT = 0.2 + 0.1j  #: load that is too much [pu]


@cache
def _behind_virtual_impedance() -> Result:
    limit = CurrentLimit(
        kind="virtual_impedance", threshold=THRESHOLD, resistance=V_RESISTANCE, reactance=V_REACTANCE, limit_power=False
    )
    control = Forming(law=Droop(droop=0.01), inner=DirectVoltage(active_resistance=0.0), limit=limit)
    fault = Fault(name="fault", bus="bus", resistance=SHORT.real, reactance=SHORT.imag)
    load = Load(name="load", bus="bus", active=0.3)
    system = _system(_converter(control, modulation="none"), load, fault)
    return simulate(system, 2.0, events=[SetFault(time=0.1, fault="fault", on=True)])


def virtual_impedance_current() -> float:
    """Return the current of a voltage of 1 pu behind filter and virtual impedance into a load and a fault [pu].

    (j w x + Z + (i - threshold) (r + j x)) i = 1 in magnitude; a fault is an admittance of nominal frequency.
    """
    from scipy.optimize import brentq

    speed = float(_behind_virtual_impedance().converter("unit", "speed")[-1])
    outside = 1.0 / (0.3 + 1.0 / SHORT)

    def missing(current: float) -> float:
        over = (current - THRESHOLD) * complex(V_RESISTANCE, V_REACTANCE)
        return abs(1j * speed * 0.15 + outside + over) * current - 1.0

    return float(brentq(missing, THRESHOLD, 5.0))


def virtual_impedance_gap() -> float:
    """Return how far the steady current is from that [%]."""
    found = abs(_behind_virtual_impedance().current("unit.bridge")[-1])
    return 100.0 * float(found / virtual_impedance_current() - 1.0)


# DC link.

ENERGY = 0.02  #: of the DC link at nominal voltage over the rating [s]
R_FILTER, X_FILTER, R_GRID, X_GRID = 0.005, 0.15, 0.01, 0.1


def _dc(**values: Any) -> System:
    control = Following(active="dc_voltage", **values)
    link = DcLink(source="external", energy=ENERGY, chopper_voltage=1.05, chopper_power=0.5)
    grid = Grid(name="grid", bus="bus", reactance=X_GRID, resistance=R_GRID)
    return _system(_converter(control, dc_link=link, active=0.0), grid)


@cache
def _balance() -> tuple[Floats, Floats, Floats]:
    """Return time [s], energy of the DC link by its voltage, and by what came in and went out [s of the rating].

    What the bridge takes is what arrives at the grid's source, what resistances burn and what inductances store.
    """
    events = [SetReference(time=t, converter="unit", dc_power=p) for t, p in ((0.05, 0.9), (0.25, 0.2))]
    run = simulate(_dc(dc_bandwidth_hz=5.0), 0.5, events=events, time_step=50e-6 / 8)
    h = run.model.time_step
    current, dc = run.current("unit.bridge"), run.converter("unit", "dc_voltage")
    spent = current.real + (R_FILTER + R_GRID) * np.abs(current) ** 2  # the grid's voltage is 1
    # The firmware's sample rate is eight steps; the source's reference holds from its event on.
    source = np.select([run.time < 0.05 - 1e-9, run.time < 0.25 - 1e-9], [0.0, 0.9], 0.2)
    burnt = 0.5 * np.clip((dc - 1.05) / 0.05, 0.0, 1.0)
    assert burnt.max() > 0.0
    taken = np.concatenate([[0.0], np.cumsum(0.5 * h * (spent[:-1] + spent[1:] + burnt[:-1] + burnt[1:]))])
    given = np.concatenate([[0.0], np.cumsum(h * source[:-1])])
    stored = 0.5 * (X_FILTER + X_GRID) / SPEED * (np.abs(current) ** 2 - abs(current[0]) ** 2)
    return run.time, ENERGY * dc**2, ENERGY * dc[0] ** 2 + given - taken - stored


def energy_gap() -> float:
    """Return how far the energy of the DC link is from the balance at most, over that at nominal voltage [%]."""
    _, found, expected = _balance()
    return 100.0 * float(np.abs(found - expected).max() / ENERGY)


@cache
def _dc_poles() -> tuple[complex, complex]:
    """Return the two poles next to the design's double one [1/s]."""
    system = _dc(dc_bandwidth_hz=5.0)
    modes = linearise(operating_point(system)).modes()
    wanted = -2.0 * math.pi * 5.0
    linked = [m.s for m in modes if any(name.startswith("dc_") for name in list(m.participation)[:2])]
    first, second = sorted(linked, key=lambda s: abs(s - wanted))[:2]
    return first, second


def dc_expected() -> tuple[float, float]:
    """Return frequency [rad/s] and damping [-] of the design's pair of poles behind the lag of the current control.

    s^2 (1 + s / w_c) + 2 w s + w^2 = 0, of which the third root is that of the current control.
    """
    w, w_c = 2.0 * math.pi * 5.0, 2.0 * math.pi * 400.0
    first, second = sorted(np.roots([1.0 / w_c, 1.0, 2.0 * w, w**2]), key=abs)[:2]
    size = math.sqrt(abs(first * second))
    return size, -0.5 * float((first + second).real) / size


def dc_frequency() -> float:
    """Return the natural frequency of the pair [rad/s]."""
    first, second = _dc_poles()
    return math.sqrt(abs(first * second))


def dc_damping() -> float:
    """Return its damping ratio [-]."""
    first, second = _dc_poles()
    return -0.5 * float((first + second).real) / dc_frequency()


# Static laws of grid-following control.

GAIN, DEADBAND, FELL = 20.0, 0.001, 0.005  #: of fast frequency response, and of the frequency [pu]
SUPPORT, BELOW = 2.0, 0.9  #: of reactive current in faults, and the voltage below which it begins [pu]


def frequency_response_gap() -> float:
    """Return how far the power that a fall of frequency adds is from gain times what is beyond the deadband [%].

    Power at the bus from the grid's voltage and the current, neither of which jumps with the bridge.
    """
    control = Following(frequency_gain=GAIN, frequency_deadband=DEADBAND)
    grid = Grid(name="grid", bus="bus", reactance=0.05, resistance=0.005)
    fall = SetGrid(time=0.1, grid="grid", frequency=1.0 - FELL)
    run = simulate(_system(_converter(control, active=0.5), grid), 2.0, events=[fall])
    current = run.current("unit.bridge")
    source = np.exp(-1j * SPEED * FELL * np.maximum(run.time - 0.1, 0.0))
    power = (source * current.conj()).real + 0.005 * np.abs(current) ** 2
    return 100.0 * float((power[-400:].mean() - power[0]) / (GAIN * (FELL - DEADBAND)) - 1.0)


def support_gap() -> float:
    """Return how far reactive current in a fault is from gain times missing voltage, both as firmware sees them [%]."""
    control = Following(support_gain=SUPPORT, support_below=BELOW, i_max=1.2)
    grid = Grid.of_strength("grid", "bus", 3.0, x_over_r=6.0)
    fault = Fault(name="fault", bus="bus", resistance=0.0, reactance=0.3)
    system = _system(_converter(control, active=0.5), grid, fault)
    run = simulate(system, 1.0, events=[SetFault(time=0.1, fault="fault", on=True)])
    v, current = run.voltage("bus")[-1], run.current("unit.bridge")[-1]
    assert abs(v) < BELOW
    return 100.0 * float(-(current * v.conjugate() / abs(v)).imag / (SUPPORT * (BELOW - abs(v))) - 1.0)
