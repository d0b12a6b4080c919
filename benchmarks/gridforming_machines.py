"""CPU time of synchronous machines on a dynamic network, beside the EMT and RMS simulator hermess.

Run on a quiet machine with one thread of linear algebra: `OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python
benchmarks/gridforming_machines.py --hermess-python PYTHON`, where PYTHON is the
interpreter of an environment with `pip install hermess==1.7.2`; without it only ours are timed. Medians of five runs
after one that is not counted; one process each.

The job: Kundur's two-area network of 11 buses with pi sections, four machines of eight orders with SEXS and TGOV1,
resistive loads, 3 pu of load more at bus B9 after half a second, 5 s. Both integrate the same equations in a frame at
nominal speed: currents of branches, voltages of capacitances and fluxes of stators are states in either. What was done
to make them alike:

- charging at the machines' buses, without which hermess has no state for their voltage;
- loads without reactive part, which is an admittance in hermess and a state here, and a load that is switched on:
  a fault or load that is switched off loses its conductance over half a cycle here, at once in hermess;
- a shaft of hermess whose turbine gives power over speed, as ours: as shipped it takes power for torque, by which
  speeds differ by up to 3e-4 pu;
- no limit of exciter or valve acts.

Errors are against hermess with CVODES at tolerances of 1e-12, at every millisecond: of speeds, of voltages, and of
voltages from a second after the step. Until then cables ring with transformers and stators at one to two kilohertz, of
which steps of 50 us have the size but not the phase; the difference goes with the square of short steps.

Ours take fixed steps of 50 us. hermess solves with variable steps (idas), "as configured" with the options that it
comes with (relative tolerance 1e-14, compiled), otherwise with the defaults of CasADi (1e-6). One event and slow swings
after it, in a frame in which rest is constant, are the best case of variable steps. Its explicit scheme "rk" takes
fixed steps, here ours, of which it has to keep each. Times of hermess are of its integrator alone, those of ours from
an operating point that is known, unless the row says that building and initialising, or the search, are in it.

Not compared: converters, whose control hermess has in continuous time, ours sampled and a period late; ANDES, which has
phasors only; DPsim 1.4.0, whose EMT machine with the stator's transients takes no exciter or governor from Python, and
whose machines that take them leave these transients out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from cpu_time import RUNS, median_cpu_s

if TYPE_CHECKING:
    from gridforming.fixed_point import OperatingPoint
    from gridforming.result import Result
    from gridforming.system import System

Floats = npt.NDArray[np.float64]

DURATION, STEP_AT, SETTLED = 5.0, 0.5, 1.0  # [s]; voltages are also compared from SETTLED after the step
NETWORK_STEP, OUTPUT_STEP = 50e-6, 1e-3  # [s]
POWER, RATED_POWER = 100e6, 900e6  # [VA]
LOADS, MORE = {"B7": 11.0, "B9": 15.0}, 3.0  # at nominal voltage [pu]
MORE_AT = "B9"
#: Bus, voltage [pu] and inertia constant [s] of each machine; the first one is the power flow's slack.
MACHINES = {
    "G1": ("B1", 1.03, 6.5),
    "G2": ("B2", 1.01, 6.5),
    "G3": ("B3", 1.03, 6.175),
    "G4": ("B4", 1.01, 6.175),
}
#: Ends, resistance, reactance and susceptance [pu]; the first four are the step-up transformers.
LINES = (
    ("B1", "B5", 0.0005, 0.0167, 0.2),
    ("B2", "B6", 0.0005, 0.0167, 0.2),
    ("B3", "B11", 0.0005, 0.0167, 0.2),
    ("B4", "B10", 0.0005, 0.0167, 0.2),
    ("B5", "B6", 0.0025, 0.025, 0.04375),
    ("B6", "B7", 0.001, 0.01, 0.0175),
    ("B7", "B8", 0.0055, 0.055, 0.385),
    ("B8", "B9", 0.0055, 0.055, 0.385),
    ("B9", "B10", 0.001, 0.01, 0.0175),
    ("B10", "B11", 0.0025, 0.025, 0.04375),
)
BUSES = tuple(f"B{k}" for k in range(1, 12))
#: What a row of hermess is: name, scheme, options, step of its output [s].
SCHEMES: tuple[tuple[str, str, dict[str, Any], float], ...] = (
    (
        "idas, as configured",
        "idas",
        {"reltol": 1e-14, "max_num_steps": 10000, "max_step_size": 0.01, "jit": True},
        OUTPUT_STEP,
    ),
    ("rk at 50 us, every step kept", "rk", {}, NETWORK_STEP),
    ("idas", "idas", {}, OUTPUT_STEP),
)
REFERENCE = ("cvodes", {"abstol": 1e-12, "reltol": 1e-12, "max_num_steps": 1000000}, OUTPUT_STEP)


class Timing(NamedTuple):
    """One way to run the job: its median CPU time per run [s], and where its rows stand in the file of rows."""

    name: str
    cpu_s: float
    rows: str


def two_areas() -> System:
    """Return the network with its machines, whose powers hold it at nominal frequency."""
    from gridforming.fixed_point import operating_point
    from gridforming.machine import Exciter, Governor, SynchronousMachine
    from gridforming.network import Breaker, Line, Load, Network
    from gridforming.result import rest_table
    from gridforming.system import System

    # With equal times the lead-lags of SEXS are none; the turbine of hermess has no lead.
    exciter = Exciter(gain=50.0, lead_time=10.0, lag_time=10.0, time_constant=0.1, lowest=-1e3, highest=1e3)
    governor = Governor(droop=0.05, valve_time=0.49, lead_time=0.0, lag_time=0.3, lowest=-1e3, highest=1e3)
    machines = tuple(
        SynchronousMachine(
            name=name,
            bus=bus,
            rated_power=RATED_POWER,
            active=0.7,
            voltage=voltage,
            inertia_constant=inertia,
            exciter=exciter,
            governor=governor,
        )
        for name, (bus, voltage, inertia) in MACHINES.items()
    )
    lines = [Line(name=f"{a} {b}", start=a, end=b, resistance=r, reactance=x, susceptance=s) for a, b, r, x, s in LINES]
    loads = [Load(name=f"load {bus}", bus=bus, active=active) for bus, active in LOADS.items()]
    feeder = Breaker(name="feeder", start=MORE_AT, end="feeder end", closed=False)
    more = Load(name="more", bus="feeder end", active=MORE)
    network = Network(buses=(*BUSES, "feeder end"), elements=(*lines, *loads, feeder, more), power=POWER)
    system = System(network=network, machines=machines)
    for _ in range(10):
        point = operating_point(system, time_step=NETWORK_STEP)
        if abs(point.frequency - 1.0) < 1e-14:
            return system
        given = rest_table(point)["active_power"]
        system = replace(system, machines=tuple(replace(m, active=float(given[m.name])) for m in machines))
    sys.exit(f"the two areas rest at a frequency of {point.frequency!r} pu, expected 1")


def ours(system: System, point: OperatingPoint) -> Iterator[tuple[Timing, dict[str, Floats]]]:
    """Yield timings of ours and their rows: with the operating point, with every step kept, and from a known one."""
    from gridforming.events import Switch
    from gridforming.simulation import simulate

    def run(start: OperatingPoint | None, output_step: float) -> Result:
        return simulate(
            system,
            DURATION,
            events=[Switch(time=STEP_AT, breaker="feeder", closed=True)],
            start=start if start is not None else "steady",
            time_step=NETWORK_STEP,
            output_step=output_step,
        )

    ways = (
        ("search for the start in it", None, OUTPUT_STEP),
        ("every step kept", point, NETWORK_STEP),
        ("every ms kept", point, OUTPUT_STEP),
    )
    for name, start, output_step in ways:
        cpu = median_cpu_s(lambda start=start, every=output_step: run(start, every))  # type: ignore[misc]
        result = run(start, output_step)
        stride = round(OUTPUT_STEP / output_step)
        rows = {m: result.machine(m, "speed")[::stride] for m in MACHINES}
        rows |= {bus: np.abs(result.voltage(bus))[::stride] for bus in BUSES}
        yield Timing(f"windform, {name}", cpu, name), rows


def write_case(folder: Path, system: System, point: OperatingPoint) -> None:
    """Write the job as a system of hermess into a folder."""
    from gridforming.machine import SynchronousMachine
    from gridforming.result import rest_table

    rest = rest_table(point)
    lines, starts = [], {bus: 'p = 0, q = 0, type = "PQ"' for bus in BUSES}
    for m in system.machines:
        assert isinstance(m, SynchronousMachine)
        assert m.exciter is not None
        assert m.governor is not None
        values = {
            "Sn": m.rated_power / 1e6,
            "fn": system.network.frequency,
            "H": m.inertia_constant,
            "D": 0,
            "f": 0,
            "R_s": m.resistance,
            "x_d": m.reactance_d,
            "x_q": m.reactance_q,
            "x_dprim": m.transient_d,
            "x_qprim": m.transient_q,
            "x_dsec": m.subtransient,
            "x_qsec": m.subtransient,
            "x_l": m.leakage,
            "T_dprim": m.transient_time_d,
            "T_qprim": m.transient_time_q,
            "T_dsec": m.subtransient_time_d,
            "T_qsec": m.subtransient_time_q,
            "KA": m.exciter.gain,
            "TE": m.exciter.time_constant,
            "Rd": m.governor.droop,
            "Tsv": m.governor.valve_time,
            "Tch": m.governor.lag_time,
        }
        lines.append(
            f'SynchronousSubtransientSP, idx = "{m.name}", bus = "{m.bus}", avr = "SEXST", governor = "TGOV1", '
            'shaft = "TurbinePower", ' + ", ".join(f"{name} = {value!r}" for name, value in values.items())
        )
        kind = "slack" if m is system.machines[0] else "PV"
        power = 0.0 if kind == "slack" else -float(rest["active_power"][m.name]) * m.rated_power / 1e6
        starts[m.bus] = f'p = {power!r}, v = {m.voltage!r}, type = "{kind}"'
    for a, b, r, x, s in LINES:
        lines.append(f'Line, bus_i = "{a}", bus_j = "{b}", r = {r!r}, x = {x!r}, g = 0, b = {s!r}, trafo = 1')
    # Powers of hermess are those at the voltage at the start.
    at_start = {bus: float(rest["voltage"][bus]) ** 2 * POWER / 1e6 for bus in LOADS}
    for bus, active in LOADS.items():
        lines.append(f'StaticZIP, bus = "{bus}", z_share = 1.0')
        starts[bus] = f'p = {active * at_start[bus]!r}, q = 0, type = "PQ"'
    lines += [f'BusInit, bus = "{bus}", {start}' for bus, start in starts.items()]
    case = folder / "case"
    case.mkdir()
    (case / "sim_param.txt").write_text("\n".join(lines) + "\n")
    step = f'type = "LOAD", bus = "{MORE_AT}", p_delta = {MORE * at_start[MORE_AT]!r}, q_delta = 0'
    (case / "sim_dist.txt").write_text(f"Disturbance, time = {STEP_AT}, {step}\n")


def theirs(system: System, point: OperatingPoint, python: str) -> tuple[list[Timing], dict[str, dict[str, Floats]]]:
    """Return timings of hermess, run by another interpreter in a temporary folder, and rows by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case(folder, system, point)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        command = [python, str(Path(__file__).resolve()), "--peer-folder", name]
        try:
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        except OSError as error:
            sys.exit(f"--hermess-python: cannot start {python}: {error.strerror}")
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.stderr or error.stdout}\n{python} could not run hermess: hermess==1.7.2 there?")
        timings = [Timing(*row) for row in json.loads((folder / "timings.json").read_text())]
        names = {t.rows for t in timings} | {"reference"}
        return timings, {n: dict(np.load(folder / f"{n}.npz")) for n in names}


def peer(folder: Path) -> None:
    """Time hermess on the case in a folder; runs in the environment that has it."""
    import hermess
    from hermess.devices.shaft import SingleMass

    class TurbinePower(SingleMass):  # type: ignore[misc]
        """A shaft whose turbine gives power over speed, as a series: its search for rest begins at standstill."""

        def fgcall(self, host: Any, dae: Any, Pe: Any) -> None:
            super().fgcall(host, dae, Pe)
            slip = 1.0 - dae.x[host.omega]
            more = host.var_sym(dae, "pm") * (slip + slip**2 + slip**3)
            dae.f[host.omega] += more / (2.0 * host.H)

    hermess.register(TurbinePower, "TurbinePower")
    inside: list[float] = []

    def watch(model: Any) -> bool:
        integrate = model._line_dyn_integrate

        def timed(*given: Any, **named: Any) -> Any:
            begin = time.process_time()
            done = integrate(*given, **named)
            inside.append(time.process_time() - begin)
            return done

        model._line_dyn_integrate = timed
        return True

    def run(scheme: str, options: dict[str, Any], step: float) -> Any:
        return hermess.simulate(
            "case",
            system_root=folder,
            quiet=True,
            init_callback=watch,
            T_end=DURATION,
            ts=step,
            omega_mode="nom",
            fn=50,
            Sb=round(POWER / 1e6),
            line_dyn=True,
            incl_lim=False,
            int_scheme_sim=scheme,
            int_scheme_sim_options=options,
        )

    def keep(name: str, model: Any, step: float) -> None:
        stride = round(OUTPUT_STEP / step)
        (machines,) = (d for d in model.device_list if "omega" in d.states)
        rows = {m: model.x_full[machines.omega[k], ::stride] for m, k in machines.int.items()}
        for bus in BUSES:
            _, real, imaginary = model.grid.get_node_index([bus])
            v = np.hypot(model.y_full[np.ravel(real)[0]], model.y_full[np.ravel(imaginary)[0]])
            rows[bus] = v[::stride]
        np.savez(folder / f"{name}.npz", **rows)

    keep("reference", run(*REFERENCE), OUTPUT_STEP)
    timings: list[Timing] = []
    for name, scheme, options, step in SCHEMES:
        whole, alone = [], []
        for _ in range(RUNS + 1):
            inside.clear()
            begin = time.process_time()
            model = run(scheme, options, step)
            whole.append(time.process_time() - begin)
            alone.append(sum(inside))
        keep(scheme + str(len(timings)), model, step)
        rows = scheme + str(len(timings))
        if not options.get("jit"):  # the compiler's time is not this process's
            timings.append(Timing(f"hermess, {name}, all in it", statistics.median(whole[1:]), rows))
        timings.append(Timing(f"hermess, {name}", statistics.median(alone[1:]), rows))
    (folder / "timings.json").write_text(json.dumps(timings))


def errors(rows: dict[str, Floats], reference: dict[str, Floats]) -> tuple[float, float, float]:
    """Return the largest differences of speeds, of voltages, and of voltages once the step has settled [pu]."""
    settled = round((STEP_AT + SETTLED) / OUTPUT_STEP)
    apart = {name: np.abs(rows[name] - reference[name]) for name in (*MACHINES, *BUSES)}
    speed = max(float(apart[m].max()) for m in MACHINES)
    voltage = max(float(apart[bus].max()) for bus in BUSES)
    return speed, voltage, max(float(apart[bus][settled:].max()) for bus in BUSES)


def main() -> None:
    """Print a table of CPU times and errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hermess-python", help="interpreter of an environment with hermess; no peer without it")
    parser.add_argument("--peer-folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer_folder:
        peer(arguments.peer_folder)
        return
    from gridforming.fixed_point import operating_point

    system = two_areas()
    point = operating_point(system, time_step=NETWORK_STEP)
    timings: list[Timing] = []
    rows: dict[str, dict[str, Floats]] = {}
    if arguments.hermess_python:
        timings, rows = theirs(system, point, arguments.hermess_python)
    for timing, kept in ours(system, point):
        timings.append(timing)
        rows[timing.rows] = kept
    sys.stdout.write(f"Four machines, 11 buses; {DURATION:g} s, our steps {1e6 * NETWORK_STEP:g} us\n")
    sys.stdout.write(
        f"{'CPU time':<50}{'ms/simulated s':>16}{'x the last':>12}  errors: speed, voltage, settled [pu]\n"
    )
    for t in timings:
        found = errors(rows[t.rows], rows["reference"]) if "reference" in rows else ()
        sys.stdout.write(
            f"{t.name:<50}{1e3 * t.cpu_s / DURATION:16.2f}{t.cpu_s / timings[-1].cpu_s:12.2f}"
            f"{', '.join(f'{e:.1e}' for e in found):>38}\n"
        )


if __name__ == "__main__":
    main()
