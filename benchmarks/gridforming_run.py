"""CPU time of converters and networks in the time domain: one converter beside motulator, ten buses, a collector.

Run on a quiet machine: `python benchmarks/gridforming_run.py --peer-python PYTHON`, where PYTHON is the interpreter of
an environment with `pip install motulator==0.5.0`; without it only ours are timed. Medians of five runs after one that
is not counted; a run goes from the operating point, or from a dead network, to the rows that a user plots.

- One converter: power synchronisation behind an LCL filter, grid of short-circuit ratio 1.35, 8 kHz sampling with one
  network step per sample, a power step, all states kept at every sample. Goal: below 2 ms per simulated second.
- Ten buses in an island ring with loads, four grid-forming converters that sample at every step of 50 us, a step of
  load. Goal: 50 x real time.
- Strings of ten such converters on a radial collector, 1 to 200 converters. Goal: cost per converter within 1.5 x.

The peer simulates the first job: the same converter and the same control, its bridge averaged as ours, as shipped.
Machines beside another peer: gridforming_machines.py.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from cpu_time import median_cpu_s

if TYPE_CHECKING:
    from gridforming.converter import Converter
    from gridforming.system import System

DURATION, SAMPLING = 1.0, 8000.0  # [s], [Hz]
STEP_AT, BEFORE, AFTER = 0.3, 0.3, 0.8  # [s], power references before and after [pu]
SHOWN_FROM = 0.28  # of the power that is compared [s]: the peer begins without current and must settle first
VOLTAGE, CURRENT, DC = math.sqrt(2.0 / 3.0) * 400.0, math.sqrt(2.0) * 18.0, 650.0  # peak phase [V], [A]; DC [V]
SCR = 1.35
NETWORK_STEP = 50e-6  # of the larger networks and their converters' firmware [s]
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200)
STRING = 10  # converters on one string
COLLECTOR_DURATION = 0.1  # [s]


class Timing(NamedTuple):
    """One simulator on the first job: its median CPU time per run [s], and mean and largest power after the step."""

    name: str
    cpu_s: float
    mean_power: float
    largest_power: float


def single() -> tuple[System, dict[str, Any]]:
    """Return the first job, and what the peer needs to know of it, in SI units and its names."""
    from gridforming.converter import Converter, CurrentLimit, DirectVoltage, Filter, Forming, PowerSynchronisation
    from gridforming.network import Grid, Network
    from gridforming.system import System

    inner = DirectVoltage(active_resistance=0.2, filter_hz=5.0, i_max=1.3)
    lcl = Filter(reactance=0.1, resistance=0.005, susceptance=0.05, grid_reactance=0.05, grid_resistance=0.005)
    converter = Converter(
        name="converter",
        bus="pcc",
        rated_power=1.5 * VOLTAGE * CURRENT,
        control=Forming(law=PowerSynchronisation(droop=0.2), inner=inner, limit=CurrentLimit(kind="none")),
        filter=lcl,
        sampling_hz=SAMPLING,
        dc_voltage=DC / VOLTAGE,
        modulation="space_vector",
        active=BEFORE,
    )
    grid = Grid.of_strength("grid", "pcc", SCR)
    network = Network(buses=("pcc",), elements=(grid,), power=converter.rated_power)
    z, w = VOLTAGE / CURRENT, 2.0 * math.pi * network.frequency
    given = {
        "filter": {
            "L_fc": lcl.reactance * z / w,
            "R_fc": lcl.resistance * z,
            "C_f": lcl.susceptance / z / w,
            "L_fg": lcl.grid_reactance * z / w,
            "R_fg": lcl.grid_resistance * z,
            "L_g": grid.reactance * z / w,
            "R_g": grid.resistance * z,
            "u_fs0": VOLTAGE,
        },
        "control": {
            "nom_u": VOLTAGE,
            "nom_w": w,
            "max_i": inner.i_max * CURRENT,
            "R": lcl.resistance * z,
            "R_a": inner.active_resistance * z,
            "w_b": 2.0 * math.pi * inner.filter_hz,
            "T_s": 1.0 / SAMPLING,
        },
        "rated_power": converter.rated_power,
    }
    return System(network=network, converters=(converter,)), given


def ours(system: System) -> list[Timing]:
    """Return the timing of the first job without and with the search for its operating point, and with a table."""
    from gridforming.events import SetReference
    from gridforming.fixed_point import operating_point
    from gridforming.result import Result
    from gridforming.simulation import simulate

    point = operating_point(system)

    def run(*, known: bool = True) -> Result:
        step = SetReference(time=STEP_AT, converter="converter", active=AFTER)
        return simulate(system, DURATION, events=[step], start=point if known else "steady")

    result = run()
    shown = result.converter("converter", "active_power")[result.time >= SHOWN_FROM]
    power = float(shown.mean()), float(shown.max())
    return [
        Timing("windform, with its start", median_cpu_s(lambda: run(known=False)), *power),
        Timing("windform, with a table", median_cpu_s(lambda: run().table()), *power),
        Timing("windform", median_cpu_s(run), *power),
    ]


def theirs(given: dict[str, Any], python: str) -> Timing:
    """Return the timing of motulator, run by another interpreter in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.json").write_text(json.dumps(given))
        # One thread: CPU time of idle threads of a linear algebra library is nobody's.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        command = [python, str(Path(__file__).resolve()), "--peer-folder", name]
        try:
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        except OSError as error:
            sys.exit(f"--peer-python: cannot start {python}: {error.strerror}")
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.stderr or error.stdout}\n{python} could not run motulator: motulator==0.5.0 there?")
        return Timing(*json.loads((folder / "timing.json").read_text()))


def peer(folder: Path) -> None:
    """Time motulator on the case in a folder; runs in the environment that has it."""
    from motulator.grid import control, model
    from motulator.grid.utils import ACFilterPars

    given = json.loads((folder / "case.json").read_text())
    rated, nominal = given["rated_power"], given["control"]["nom_w"]

    def run() -> Any:
        system = model.GridConverterSystem(
            model.VoltageSourceConverter(u_dc=DC),
            model.ACFilter(ACFilterPars(**given["filter"])),
            model.ThreePhaseVoltageSource(w_g=nominal, abs_e_g=VOLTAGE),
        )
        firmware = control.PowerSynchronizationControl(control.PowerSynchronizationControlCfg(**given["control"]))
        firmware.ref.v_c = VOLTAGE
        firmware.ref.p_g = lambda t: rated * (AFTER if t > STEP_AT - 0.5 / SAMPLING else BEFORE)
        simulation = model.Simulation(system, firmware)
        simulation.simulate(t_stop=DURATION)
        return simulation

    done = run()
    data = done.mdl.ac_filter.data
    power = 1.5 * np.real(data.u_fs * np.conj(data.i_gs))[data.t >= SHOWN_FROM] / rated
    timing = Timing("motulator, as shipped", median_cpu_s(run), float(power.mean()), float(power.max()))
    (folder / "timing.json").write_text(json.dumps(timing))


def forming(name: str, bus: str, rated_power: float, active: float) -> Converter:
    """Return a converter with droop and cascaded voltage control behind an LCL filter."""
    from gridforming.converter import Cascade, Converter, Droop, Filter, Forming

    return Converter(
        name=name,
        bus=bus,
        rated_power=rated_power,
        control=Forming(law=Droop(droop=0.02, reactive_droop=0.05), inner=Cascade()),
        filter=Filter(reactance=0.08, resistance=0.003, susceptance=0.074, grid_reactance=0.2, grid_resistance=0.01),
        sampling_hz=1.0 / NETWORK_STEP,
        active=active,
    )


def ring() -> System:
    """Return ten buses in a ring with a chord, a load at every other bus and four converters: an island."""
    from gridforming.network import Breaker, Line, Load, Network
    from gridforming.system import System

    buses = [f"bus {k}" for k in range(10)]
    pairs = [*((k, (k + 1) % 10) for k in range(10)), (2, 7)]
    lines = [
        Line(name=f"line {a} {b}", start=buses[a], end=buses[b], resistance=0.01, reactance=0.05, susceptance=0.02)
        for a, b in pairs
    ]
    loads = [Load(name=f"load {k}", bus=buses[k], active=0.4, reactive=0.1) for k in range(0, 10, 2)]
    feeder = Breaker(name="breaker", start=buses[5], end="feeder", closed=False)
    step = Load(name="step", bus="feeder", active=0.4, reactive=0.1)
    network = Network(buses=(*buses, "feeder"), elements=(*lines, *loads, feeder, step), power=1e6)
    converters = tuple(forming(f"converter {k}", buses[k], 1e6, 0.5) for k in (1, 3, 6, 8))
    return System(network=network, converters=converters)


def ring_report() -> str:
    """Return lines on ten buses with four converters: how much faster than real time."""
    from gridforming.events import Switch
    from gridforming.fixed_point import operating_point
    from gridforming.result import Result
    from gridforming.simulation import simulate

    system = ring()
    begin = time.process_time()
    point = operating_point(system, time_step=NETWORK_STEP)
    start = time.process_time() - begin

    def run(output_step: float | None = None) -> Result:
        event = Switch(time=STEP_AT, breaker="breaker", closed=True)
        return simulate(system, DURATION, events=[event], start=point, time_step=NETWORK_STEP, output_step=output_step)

    result = run()
    total = np.sum([result.converter(c.name, "active_power") for c in system.converters], axis=0)
    if np.ptp(total[-len(total) // 10 :]) > 1e-3:
        sys.exit("the ring of ten buses is not at rest at the end of its run")
    power = float(total[-1])
    lines = [f"Ten buses, four grid-forming converters; {DURATION:g} s at {1e6 * NETWORK_STEP:g} us; {power:.3f} pu"]
    for name, output_step in (("every step kept", None), ("every millisecond kept", 1e-3)):
        cpu = median_cpu_s(lambda every=output_step: run(every))  # type: ignore[misc]
        lines.append(
            f"{name:<28}{1e3 * cpu / DURATION:16.3f}{1e6 * cpu / DURATION * NETWORK_STEP:12.3f}"
            f"{DURATION / cpu:12.1f} x real time"
        )
    lines.append(f"{'operating point, once':<28}{1e3 * start:16.3f} ms")
    return "\n".join(lines)


def collector(count: int) -> System:
    """Return converters behind transformers on strings of cables that meet at one bus of a grid."""
    from gridforming.network import Element, Grid, Line, Network, Transformer
    from gridforming.system import System

    rated, base = 5e6, 100e6
    share = base / rated
    buses, converters = ["hub"], []
    elements: list[Element] = [Grid.of_strength("grid", "hub", 5.0, x_over_r=10.0, rated_power=count / share)]
    for k in range(count):
        here, before = f"tower {k}", f"tower {k - 1}" if k % STRING else "hub"
        low = f"low {k}"
        buses += [here, low]
        cable = Line(name=f"cable {k}", start=before, end=here, resistance=0.01, reactance=0.01, susceptance=0.001)
        transformer = Transformer(
            name=f"transformer {k}", start=here, end=low, resistance=0.005 * share, reactance=0.06 * share
        )
        elements += [cable, transformer]
        converters.append(forming(f"converter {k}", low, rated, 0.5))
    network = Network(buses=tuple(buses), elements=tuple(elements), power=base)
    return System(network=network, converters=tuple(converters))


def collector_report() -> str:
    """Return lines on what one converter costs among others; the loop alone, the network put together before."""
    from gridforming.step import CHANGED
    from gridforming.system import advance, build, dead

    lines = [f"Collector; {COLLECTOR_DURATION:g} s at {1e6 * NETWORK_STEP:g} us, every millisecond kept"]
    lines.append(f"{'converters':<28}{'ms/simulated s':>16}{'each':>12}{'x the least':>12}")
    steps = round(COLLECTOR_DURATION / NETWORK_STEP)
    found = []
    for count in COUNTS:
        model = build(collector(count), time_step=NETWORK_STEP)
        state = dead(model)
        stride = round(1e-3 / NETWORK_STEP)
        cpu = median_cpu_s(lambda: advance(model, state, steps, begin=CHANGED, stride=stride))  # noqa: B023
        end = advance(model, state, steps, begin=CHANGED)[0]
        if end.step != steps or not np.allclose(np.abs(end.v[: len(model.circuit.nodes)]), 1.0, atol=0.1):
            sys.exit(f"the collector of {count} converters is not at its voltage after {COLLECTOR_DURATION:g} s")
        found.append((count, 1e3 * cpu / COLLECTOR_DURATION))
    least = min(cost / count for count, cost in found)
    lines += [f"{count:<28}{cost:16.3f}{cost / count:12.3f}{cost / count / least:12.2f}" for count, cost in found]
    return "\n".join(lines)


def main() -> None:
    """Print tables of CPU times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", help="interpreter of an environment with motulator; no peer without it")
    parser.add_argument("--peer-folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer_folder:
        with contextlib.redirect_stdout(io.StringIO()):
            peer(arguments.peer_folder)
        return
    system, given = single()
    rows = [theirs(given, arguments.peer_python)] if arguments.peer_python else []
    rows += ours(system)
    sys.stdout.write(f"One converter at a short-circuit ratio of {SCR:g}; {DURATION:g} s at {SAMPLING:g} Hz\n")
    sys.stdout.write(
        f"{'CPU time':<28}{'ms/simulated s':>16}{'us/step':>12}{'x the last':>12}{'power: mean, most':>22}\n"
    )
    for row in rows:
        sys.stdout.write(
            f"{row.name:<28}{1e3 * row.cpu_s / DURATION:16.3f}{1e6 * row.cpu_s / DURATION / SAMPLING:12.3f}"
            f"{row.cpu_s / rows[-1].cpu_s:12.1f}{row.mean_power:12.4f},{row.largest_power:7.4f} pu\n"
        )
    sys.stdout.write(f"\n{ring_report()}\n\n{collector_report()}\n")


if __name__ == "__main__":
    main()
