"""Runs of the converter simulation that validation cases look into, each computed once per process, and their figures.

All of it through `gridforming.simulation.simulate`, `operating_point` and `jacobian`.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridforming.converter import (
    Cascade,
    Converter,
    CurrentLimit,
    DirectVoltage,
    Droop,
    Filter,
    Following,
    Forming,
    KauraPll,
    Law,
    Matching,
    PowerSynchronisation,
    VirtualMachine,
    VirtualOscillator,
)
from gridforming.errors import InitialisationError
from gridforming.events import SetGrid, SetReference, Switch
from gridforming.fixed_point import OperatingPoint, jacobian, operating_point
from gridforming.network import Breaker, Bus, Grid, Load, Network
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import State, System, build, dead
from tests.validation import gridforming_reference as reference

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

DATA = Path(__file__).parent / "data" / "gridforming"
SAMPLE = 125e-6  #: of motulator's control [s]
SPEED = 100.0 * math.pi  #: nominal, of its grid [rad/s]
PEAK = math.sqrt(2.0 / 3.0) * 400.0  #: of its phase voltage [V]
NO_IMPEDANCE = 1e-9  #: reactance of a grid without impedance [pu]
UNLIMITED = CurrentLimit(kind="none")  #: the references limit nothing but current references, of their own
STEPS = (1, 2, 4)  #: of the network per sample


@cache
def table(name: str) -> pd.DataFrame:
    """Return a file of reference data."""
    return pd.read_csv(DATA / name)


# motulator: grid-following in a strong grid, power synchronisation in a weak one.

AMPERES = {"gfl_strong": 14.5, "gfm_psc_scr1p35": 18.0}  #: rated, root mean square


def rated(amperes: float) -> float:
    """Return the rated power of a converter of 400 V [VA]."""
    return 1.5 * PEAK * math.sqrt(2.0) * amperes


def following(reactance: float, *, bandwidth: float, i_max: float, dc_voltage: float, active: float = 0.0) -> System:
    """Return motulator's grid-following converter at a grid of a reactance [pu]."""
    power = rated(AMPERES["gfl_strong"])
    converter = Converter(
        name="converter",
        bus="pcc",
        rated_power=power,
        control=Following(pll_bandwidth_hz=bandwidth, current_bandwidth_hz=400.0, i_max=i_max, freeze_voltage=0.0),
        filter=Filter(reactance=0.2, resistance=0.0),
        sampling_hz=1.0 / SAMPLE,
        dc_voltage=dc_voltage / PEAK,
        modulation="space_vector",
        active=active,
    )
    grid = Grid(name="grid", bus="pcc", reactance=reactance)
    return System(network=Network(buses=(Bus(name="pcc"),), elements=(grid,), power=power), converters=(converter,))


def synchronised() -> System:
    """Return motulator's power synchronisation at a grid of short-circuit ratio 1.35."""
    power = rated(AMPERES["gfm_psc_scr1p35"])
    converter = Converter(
        name="converter",
        bus="pcc",
        rated_power=power,
        control=Forming(
            law=PowerSynchronisation(droop=0.2),
            inner=DirectVoltage(active_resistance=0.2, filter_hz=5.0, i_max=1.3),
            limit=UNLIMITED,
        ),
        filter=Filter(reactance=0.15, resistance=0.05),
        sampling_hz=1.0 / SAMPLE,
        dc_voltage=650.0 / PEAK,
        modulation="space_vector",
    )
    grid = Grid(name="grid", bus="pcc", reactance=0.74)
    return System(network=Network(buses=(Bus(name="pcc"),), elements=(grid,), power=power), converters=(converter,))


def _without_current(system: System, time_step: float) -> State:
    """Return a network without current whose point of connection stands at the grid's voltage."""
    model = build(system, time_step=time_step)
    state = dead(model)
    state.v[model.circuit.nodes.index("pcc")] = 1.0
    return state


@cache
def motulator(name: str, steps: int) -> Result:
    """Return a run of motulator's at so many steps of the network per sample, one row per sample."""
    power = rated(AMPERES[name])
    if name == "gfl_strong":
        system = following(NO_IMPEDANCE, bandwidth=20.0, i_max=1.5, dc_voltage=650.0)
        moves = [(160, {"active": 5e3}), (320, {"reactive": 4e3})]
    else:
        system = synchronised()
        moves = [(1601, {"active": 12.5e3 / 3}), (4001, {"active": 25e3 / 3}), (6400, {"active": 12.5e3})]
        moves.append((9600, {"active": 0.0}))
    h = SAMPLE / steps
    events = [
        SetReference(time=k * SAMPLE, converter="converter", **{key: watts / power for key, watts in what.items()})
        for k, what in moves
    ]
    duration = float(table(f"{name}.csv")["t_s"].iloc[-1]) + SAMPLE
    start = _without_current(system, h)
    return simulate(system, duration, events=events, start=start, time_step=h, output_step=SAMPLE)


def _at_rest(name: str, steps: int) -> Complexes:
    """Return the current of a run at the rows of the reference, in coordinates at rest [A]."""
    result = motulator(name, steps)
    rows = np.rint(table(f"{name}.csv")["t_s"].to_numpy() / SAMPLE).astype(int)
    turned = result.current("converter.bridge") * np.exp(1j * SPEED * result.time)
    found: Complexes = turned[rows] * math.sqrt(2.0) * AMPERES[name]
    return found


def current_gap(name: str, steps: int) -> float:
    """Return the largest difference of the current over its peak [%]."""
    given = table(f"{name}.csv")
    expected = (given["i_c_alpha_A"] + 1j * given["i_c_beta_A"]).to_numpy()
    return 100.0 * float(np.abs(_at_rest(name, steps) - expected).max() / np.abs(expected).max())


def largest_current(name: str) -> float:
    """Return the largest current in the rows of the reference [A]."""
    return float(np.abs(_at_rest(name, 1)).max())


def _power(name: str) -> Floats:
    """Return the power that the control takes for its own, by sample [W]."""
    result = motulator(name, 1)
    x = result.rows.converters[:, 0]
    if name == "gfl_strong":
        # Rows hold the loop's voltage after their sample's update.
        voltage = np.concatenate([[1.0], x["pll_voltage"].real[:-1]])
        made = voltage * (result.current("converter.bridge") * np.exp(-1j * x["angle_now"])).real
    else:
        made = x["p_ref"] - (x["speed"] - 1.0) / 0.2
    found: Floats = rated(AMPERES[name]) * made
    return found


def power_gap(name: str) -> float:
    """Return the largest difference of that power over its peak in the rows of the reference [%]."""
    given = table(f"{name}.csv")
    rows = np.rint(given["t_s"].to_numpy() / SAMPLE).astype(int)
    expected = given["p_g_ctrl_W"].to_numpy()
    return 100.0 * float(np.abs(_power(name)[rows] - expected).max() / np.abs(expected).max())


def peak_power(name: str) -> float:
    return float(_power(name).max())


def peak_time(name: str) -> float:
    return 1e3 * SAMPLE * float(_power(name).argmax())


def power_at(name: str, time: float) -> float:
    return float(_power(name)[round(time / SAMPLE)])


# PSCAD: virtual machine and droop over cascaded control.


@cache
def _initial(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "initial_states.json").read_text(encoding="utf-8"))[name]
    return found


LAWS: dict[str, Law] = {
    "test08": VirtualMachine(
        acceleration_time=2.0,
        damping=400.0,
        speed_droop=20.0,
        reactive_droop=0.2,
        reactive_filter_hz=1000.0 / (2.0 * math.pi),
        pll=KauraPll(filter=500.0, proportional=0.084, integral=4.69, freeze_voltage=0.0),
    ),
    "test23": Droop(droop=0.05, filter_hz=5.0, reactive_droop=0.2, reactive_filter_hz=1000.0 / (2.0 * math.pi)),
}


def pscad(name: str, time_step: float) -> System:
    """Return a PSCAD case, sampled at each step without delay, its references those of its initial state."""
    x0 = _initial(name)["x0"]
    back = np.exp(-1j * x0[0])
    v, ig = complex(*x0[-4:-2]) * back, complex(*x0[-2:]) * back
    converter = Converter(
        name="converter",
        bus="terminal",
        rated_power=2.75e6,
        sampling_hz=1.0 / time_step,
        delay=0,
        modulation="none",
        filter=Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.2, grid_resistance=0.01),
        control=Forming(law=LAWS[name], inner=Cascade(i_max=100.0), limit=UNLIMITED),
        active=_initial(name)["P0"],
        reactive=float((v * ig.conjugate()).imag),
        voltage=float((v + 0.2j * ig).real),
    )
    grid = Grid(name="grid", bus="terminal", reactance=0.075 + 5e-6, voltage=1.00001)
    network = Network(buses=(Bus(name="terminal"),), elements=(grid,), power=100e6, frequency=60.0)
    return System(network=network, converters=(converter,))


@cache
def pscad_run(name: str, time_step: float = 10e-6) -> Result:
    """Return a run over the 4 s of a trace from rest, with the step of power at 1 s."""
    step = SetReference(time=1.0, converter="converter", active=0.7)
    system = pscad(name, time_step)
    return simulate(system, 4.0 + time_step, events=[step], time_step=time_step, output_step=5e-3)


def trace_norm(name: str) -> float:
    """Return the 2-norm of the difference from PSCAD's trace over its samples, as its authors take it."""
    file, column = {"test08": ("pscad_Test08_omega.csv", "speed"), "test23": ("pscad_Test23_theta.csv", "angle")}[name]
    trace = np.loadtxt(DATA / file, delimiter=",")
    result = pscad_run(name)
    found = result.converter("converter", column)
    if column == "angle":  # a row holds the angle after its sample's update
        found = found - result.model.time_step * result.model.system.nominal_speed * (
            result.converter("converter", "speed") - 1.0
        )
    rows = np.rint((trace[:, 0] - 9.0) / 5e-3).astype(int)
    return float(np.linalg.norm(found[rows] - trace[:, 1]))


def eigenvalues(point: OperatingPoint) -> Complexes:
    """Return the eigenvalues of one period at an operating point, states that never move left out."""
    slope = jacobian(point.model, point.state)
    moving = np.abs(slope - np.eye(len(slope))).max(axis=1) > 1e-7
    found: Complexes = np.linalg.eigvals(slope[np.ix_(moving, moving)]).astype(np.complex128)
    return found


@cache
def pscad_modes(name: str, time_step: float) -> Complexes:
    """Return the modes of a PSCAD case [1/s], those that a sampled system adds left out."""
    z = eigenvalues(operating_point(pscad(name, time_step), time_step=time_step))
    found: Complexes = (np.log(z[np.abs(z) > 1e-3]) / time_step).astype(np.complex128)
    return found


def mode_gaps(name: str, time_step: float) -> tuple[Complexes, Floats]:
    """Return the modes of the continuous equations and the relative distance of ours, each taken once."""
    from scipy.optimize import linear_sum_assignment

    expected, ours = reference.modes(name, line=True), pscad_modes(name, time_step)
    gap = np.abs(ours[None, :] - expected[:, None]) / np.abs(expected)[:, None]
    rows, columns = linear_sum_assignment(np.minimum(gap, 10.0))
    return expected[rows], gap[rows, columns]


def slow_gap(name: str, time_step: float) -> float:
    """Return the largest relative error of modes below 100 rad/s [%]."""
    expected, gap = mode_gaps(name, time_step)
    return 100.0 * float(gap[np.abs(expected) < 100.0].max())


def mode_gap(name: str, time_step: float, mode: complex) -> float:
    """Return the relative error of the mode next to a number [%]."""
    expected, gap = mode_gaps(name, time_step)
    return 100.0 * float(gap[np.argmin(np.abs(expected - mode))])


def order(name: str) -> float:
    """Return the order of convergence of the slow modes, from 10 to 5 us."""
    return math.log2(slow_gap(name, 10e-6) / slow_gap(name, 5e-6))


# Critical short-circuit ratio of the grid-following converter.


def _settles(ratio: float, bandwidth: float) -> bool:
    """Return whether the loop's speed is at rest from 1.5 s on after active power has risen to rated."""
    system = following(1.0 / ratio, bandwidth=bandwidth, i_max=3.0, dc_voltage=1000.0)
    first, last = round(0.1 / SAMPLE), round(0.7 / SAMPLE)
    events = [
        SetReference(time=k * SAMPLE, converter="converter", active=(k - first) / (last - first))
        for k in range(first, last + 1, 8)
    ]
    result = simulate(system, 1.8, events=events, start="dead")
    speed = SPEED * result.converter("converter", "speed")
    return float(np.ptp(speed[result.time >= 1.5])) < 0.5


def _damped(ratio: float, bandwidth: float) -> bool:
    """Return whether rated power has an operating point, followed past the power flow's end, and all modes decay."""
    point = None
    for way in np.linspace(max(ratio, 2.2), ratio, 8 if ratio < 2.2 else 1):
        system = following(1.0 / way, bandwidth=bandwidth, i_max=3.0, dc_voltage=1000.0, active=1.0)
        try:
            point = operating_point(system, near=point)
        except InitialisationError:
            return False
    assert point is not None
    return float(np.abs(eigenvalues(point)).max()) < 1.0


@cache
def critical_ratio(bandwidth: float, by: str) -> float:
    """Return the short-circuit ratio below which rated power is lost, "in time" or "by eigenvalues"."""
    holds = {"in time": _settles, "by eigenvalues": _damped}[by]
    low, high = 1.2, 6.0
    assert holds(high, bandwidth)
    assert not holds(low, bandwidth)
    while high - low > 2e-3:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle, bandwidth) else (middle, high)
    return 0.5 * (low + high)


# Static laws of grid-forming control.

STATIC: dict[str, Law] = {
    "droop": Droop(droop=0.02),
    "virtual machine": VirtualMachine(speed_droop=50.0, damping=50.0),
    "power synchronisation": PowerSynchronisation(droop=0.05),
    "virtual oscillator": VirtualOscillator(gain=0.02, amplitude_rate=10.0),
    "matching": Matching(gain=0.5),
}
ACTIVE, REACTIVE = 0.3, 0.05  #: references [pu]


def predicted(law: Law, power: float, voltage: float) -> float:
    """Return the speed that a law states for the power that it makes, and for its own voltage [pu]."""
    match law:
        case Droop() | PowerSynchronisation():
            return 1.0 + law.droop * (ACTIVE - power)
        case VirtualMachine():
            return 1.0 + (ACTIVE - power) / law.speed_droop
        case VirtualOscillator():
            return 1.0 + law.gain * (ACTIVE - power / voltage**2)
        case Matching():
            return 1.0


def _static(law: Law, inner: DirectVoltage | Cascade) -> Converter:
    lcl = Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.2, grid_resistance=0.01)
    cascaded = isinstance(inner, Cascade)
    return Converter(
        name="converter",
        bus="bus",
        rated_power=1e6,
        control=Forming(law=law, inner=inner, limit=UNLIMITED),
        filter=lcl if cascaded else Filter(),
        sampling_hz=20e3 if cascaded else 8e3,
        active=ACTIVE,
        reactive=REACTIVE,
    )


@cache
def island(name: str) -> Result:
    """Return a run of a cascaded converter alone, whose load grows from 0.4 to 0.7 pu at 0.5 s."""
    elements = (
        Load(name="load", bus="bus", active=0.4, reactive=0.1),
        Breaker(name="breaker", start="bus", end="far", closed=False),
        Load(name="more", bus="far", active=0.3, reactive=0.05),
    )
    network = Network(buses=(Bus(name="bus"), Bus(name="far")), elements=elements, power=1e6)
    system = System(network=network, converters=(_static(STATIC[name], Cascade(i_max=2.0)),))
    return simulate(
        system, 6.0, events=[Switch(time=0.5, breaker="breaker", closed=True)], start="dead", output_step=1e-3
    )


@cache
def off_nominal(name: str) -> Result:
    """Return a run of direct voltage control at a grid whose frequency falls to 0.998 pu within 0.1 s."""
    grid = Grid(name="grid", bus="bus", reactance=0.3, resistance=0.03)
    network = Network(buses=(Bus(name="bus"),), elements=(grid,), power=1e6)
    system = System(network=network, converters=(_static(STATIC[name], DirectVoltage()),))
    h = SAMPLE / 4
    events = [SetGrid(time=0.5, grid="grid", ramp=-0.02), SetGrid(time=0.6, grid="grid", frequency=0.998, ramp=0.0)]
    return simulate(system, 6.0, events=events, time_step=h)


def island_gap(name: str) -> float:
    """Return how far the island's speed is from what the law states for what loads and outlet take, at the end [pu]."""
    result = island(name)
    end: Any = result.end.converters[0]
    voltage, current = abs(result.voltage("bus")[-1]), abs(result.current("converter.outlet")[-1])
    power = 0.7 * voltage**2 + 0.01 * current**2
    return float(end["speed"] - predicted(STATIC[name], power, end["law_voltage"]))


def island_rest(name: str) -> float:
    """Return how much the island's speed moves in the last 0.5 s [pu]."""
    return float(np.ptp(island(name).converter("converter", "speed")[-500:]))


def oscillator_voltage_gap() -> float:
    """Return how far the oscillator's amplitude in the island is from its static law's [pu]."""
    end: Any = island("virtual oscillator").end.converters[0]
    # q_ref - q / v^2 + mu (1 - v^2) = 0, a quadratic in v^2
    law = STATIC["virtual oscillator"]
    assert isinstance(law, VirtualOscillator)
    square = max(np.roots([-law.amplitude_rate, REACTIVE + law.amplitude_rate, -end["q"]]).real)
    return float(end["law_voltage"] - math.sqrt(square))


def mean_power(name: str) -> float:
    """Return the mean active power at the bus in the last 5 cycles at the grid off nominal [pu].

    From what does not jump when the bridge does: the grid's voltage, and the current.
    """
    result = off_nominal(name)
    last = slice(-int(0.1 / result.model.time_step) - 1, None)
    grid: Any = result.end.grids[0]
    before = result.time[last] - result.end.step * result.model.time_step
    e = np.exp(1j * (grid["phase"] + SPEED * (grid["speed"] - 1.0) * before))
    current = result.current("converter.bridge")[last]
    made = (e * current.conj()).real + 0.03 * np.abs(current) ** 2
    return float(0.5 * (made[:-1] + made[1:]).mean())


def off_nominal_gap(name: str) -> float:
    """Return how far the mean power is from what the law states at the grid's frequency [pu]."""
    law = STATIC[name]
    voltage = float(off_nominal(name).end.converters["law_voltage"][0])
    made = mean_power(name)
    slope = predicted(law, made, voltage) - predicted(law, made - 1.0, voltage)
    return (predicted(law, made, voltage) - 0.998) / slope
