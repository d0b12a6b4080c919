"""CPU time of ten minutes of the IEA 15 MW in turbulent wind at a step of 10 ms, beside ROSCO's own simulator.

Run on a quiet machine: `python benchmarks/turbine_run.py --peer-python PYTHON`, where PYTHON is the interpreter of an
environment with `pip install rosco==2.10.6`; by default this one. Medians of five runs after one that is not counted.

The peer is `rosco.toolbox.sim.Sim` (one degree of freedom, explicit Euler, Python) with ROSCO's compiled controller,
once as shipped and once with the spline of each rotor surface built once instead of at every look-up. It gets the same
machine, controller constants and wind as ours: they are handed over as JSON, ROSCO's input files are written from them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from cpu_time import median_cpu_s

if TYPE_CHECKING:
    from turbine.machine import Machine
    from turbine.wind import WindSeries

MACHINE = "iea_15mw"
MEAN_WIND, DURATION, TIME_STEP, SEED = 11.0, 600.0, 0.01, 1  # [m/s], [s], [s]; torque and pitch control take turns


class Timing(NamedTuple):
    """One simulator: its median CPU time per run [s], and what shows that it simulated the same: mean power [W]."""

    name: str
    cpu_s: float
    mean_power: float


def case() -> tuple[Machine, WindSeries]:
    """Return the machine and its wind, the mean over the rotor in normal turbulence of class IB."""
    import turbine
    from turbine.wind import ntm, wind_class

    machine = turbine.load(MACHINE)
    wind = ntm(
        MEAN_WIND,
        wind_class("IB"),
        hub_height=machine.require("tower.hub_height"),
        duration=DURATION,
        time_step=TIME_STEP,
        seed=SEED,
        rotor_diameter=2.0 * machine.require("rotor.radius"),
    )
    return machine, wind


def ours(machine: Machine, wind: WindSeries) -> Timing:
    """Return the timing of our simulation: two masses, tower, estimator, loads and energy balance included."""
    from turbine.model import Options, build
    from turbine.simulation import simulate_model

    model = build(machine, options=Options(time_step=TIME_STEP))
    power = simulate_model(model, wind)["electrical_power"].mean()
    return Timing("windform", median_cpu_s(lambda: simulate_model(model, wind)), float(power))


def theirs(machine: Machine, wind: WindSeries, python: str) -> list[Timing]:
    """Return the timings of ROSCO's simulator, run by another interpreter in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.json").write_text(json.dumps(peer_case(machine, wind)))
        # One thread: CPU time of idle threads of a linear algebra library is nobody's.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        command = [python, str(Path(__file__).resolve()), "--peer-folder", name]
        try:
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        except OSError as error:
            sys.exit(f"--peer-python: cannot start {python}: {error.strerror}")
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.stderr or error.stdout}\n{python} could not run ROSCO: pip install rosco==2.10.6 there?")
        return [Timing(*row) for row in json.loads((folder / "timings.json").read_text())]


def peer_case(machine: Machine, wind: WindSeries) -> dict[str, Any]:
    """Return what ROSCO needs to know, in its names and units."""
    get, series, surface = machine.require, machine.require_series, machine.require_surface()
    ratio = get("drive_train.gear_ratio")
    return {
        "time_step": wind.time_step,
        "wind_speed": wind.wind_speed.tolist(),
        "pitch": surface.pitch.tolist(),
        "tip_speed_ratio": surface.tip_speed_ratio.tolist(),
        "cp": surface.cp_table.T.tolist(),
        "ct": surface.ct_table.T.tolist(),
        "turbine_params": {
            "rotor_inertia": get("rotor.inertia"),
            "rated_rotor_speed": get("operation.rated_rotor_speed"),
            "v_min": get("operation.cut_in_wind_speed"),
            "v_rated": get("operation.rated_wind_speed"),
            "v_max": get("operation.cut_out_wind_speed"),
            "max_pitch_rate": get("pitch_actuator.max_rate"),
            "max_torque_rate": get("generator.max_torque_rate"),
            "rated_power": get("generator.rated_power"),
            "bld_edgewise_freq": get("rotor.edge_frequency"),
            "bld_flapwise_freq": get("rotor.flap_frequency"),
            "TSR_operational": get("operation.optimal_tip_speed_ratio"),
        },
        # What ROSCO's Turbine reads from an OpenFAST deck; efficiencies in percent.
        "deck": {
            "TurbineName": machine.name,
            "rotor_radius": get("rotor.radius"),
            "rho": get("operation.air_density"),
            "Ng": ratio,
            "J": get("rotor.inertia") + get("generator.inertia") * ratio**2,
            "GenEff": 100.0 * get("generator.efficiency"),
            "GBoxEff": 100.0 * get("drive_train.gearbox_efficiency"),
            "rated_torque": get("generator.rated_torque"),
        },
        # K omega^2 torque, no wind estimator (ROSCO advises against it in this simulator), no floating, no log files.
        "controller_params": {
            "LoggingLevel": 0,
            "F_LPFType": int(get("controller.speed_filter_order")),
            "VS_ControlMode": 1,
            "VS_ConstPower": 0,
            "WE_Mode": 0,
            "PS_Mode": 0,
            "Fl_Mode": 0,
            "PA_Mode": 2,
            "PA_CornerFreq": get("pitch_actuator.natural_frequency"),
            "PA_Damping": get("pitch_actuator.damping_ratio"),
            "min_pitch": get("operation.fine_pitch"),
            "max_pitch": get("pitch_actuator.max_angle"),
            "vs_minspd": get("operation.min_rotor_speed"),
            # Written as they are, instead of what ROSCO's tuning finds.
            "DISCON": {
                "F_LPFCornerFreq": get("controller.speed_filter_frequency"),
                "F_LPFDamping": get("controller.speed_filter_damping"),
                "PC_GS_n": len(series("controller.pitch_schedule")),
                "PC_GS_angles": series("controller.pitch_schedule"),
                "PC_GS_KP": series("controller.pitch_proportional"),
                "PC_GS_KI": series("controller.pitch_integral"),
                "PC_GS_KD": [0.0] * len(series("controller.pitch_schedule")),
                "PC_GS_TF": [0.0] * len(series("controller.pitch_schedule")),
                "VS_MaxTq": get("generator.max_torque"),
                "VS_Rgn2K": get("controller.torque_gain"),
                "VS_KP": get("controller.torque_proportional"),
                "VS_KI": get("controller.torque_integral"),
                "SS_VSGain": get("controller.smoothing_torque_gain"),
                "SS_PCGain": get("controller.smoothing_pitch_gain"),
            },
        },
    }


def peer(folder: Path) -> None:
    """Time ROSCO's simulator on the case in a folder; runs in the environment that has ROSCO."""
    from rosco import discon_lib_path
    from rosco.toolbox.control_interface import ControllerInterface
    from rosco.toolbox.sim import Sim
    from rosco.toolbox.turbine import RotorPerformance
    from scipy.interpolate import RectBivariateSpline

    given = json.loads((folder / "case.json").read_text())
    turbine = peer_turbine(given, folder)
    wind = np.array(given["wind_speed"])
    times = np.arange(wind.size) * given["time_step"]
    start_rpm = np.degrees(given["turbine_params"]["rated_rotor_speed"]) / 6.0
    sim = Sim(turbine, None)

    def load() -> None:
        sim.controller_int = ControllerInterface(
            discon_lib_path, param_filename=str(folder / "DISCON.IN"), DT=given["time_step"], sim_name="peer"
        )

    def run() -> None:
        sim.sim_ws_series(times, wind, rotor_rpm_init=start_rpm, make_plots=False)

    def interp_surface(self: Any, pitch: float, tip_speed_ratio: float) -> Any:
        if not hasattr(self, "spline"):
            self.spline = RectBivariateSpline(self.pitch_initial_rad, self.TSR_initial, self.performance_table.T)
        return np.squeeze(self.spline(pitch, tip_speed_ratio).T)

    shipped = Timing("ROSCO, as shipped", median_cpu_s(run, load), float(sim.gen_power.mean()))
    speed = sim.rot_speed
    RotorPerformance.interp_surface = interp_surface
    once = Timing("ROSCO, splines built once", median_cpu_s(run, load), float(sim.gen_power.mean()))
    if not np.array_equal(speed, sim.rot_speed):
        sys.exit("ROSCO simulates something else with its splines built once")
    (folder / "timings.json").write_text(json.dumps([shipped, once]))


def peer_turbine(given: dict[str, Any], folder: Path) -> Any:
    """Return ROSCO's turbine without an OpenFAST deck, and write its controller's input files."""
    from rosco.toolbox.controller import Controller
    from rosco.toolbox.inputs.validation import load_rosco_yaml
    from rosco.toolbox.turbine import RotorPerformance, Turbine
    from rosco.toolbox.utilities import write_DISCON, write_rotor_performance

    files = {"FAST_InputFile": "", "FAST_directory": "", "rotor_performance_filename": ""}
    keys = ("turbine_params", "controller_params")
    inputs = load_rosco_yaml({"path_params": files, **{key: given[key] for key in keys}})  # adds ROSCO's defaults
    turbine = Turbine(inputs["turbine_params"])
    for key, value in given["deck"].items():
        setattr(turbine, key, value)
    turbine.pitch_initial_rad = np.array(given["pitch"])
    turbine.TSR_initial = np.array(given["tip_speed_ratio"])
    turbine.Cp_table, turbine.Ct_table = np.array(given["cp"]), np.array(given["ct"])
    turbine.Cq_table = turbine.Cp_table / turbine.TSR_initial[:, None]
    for name in ("Cp", "Ct", "Cq"):
        table = getattr(turbine, f"{name}_table")
        setattr(turbine, name, RotorPerformance(table, turbine.pitch_initial_rad, turbine.TSR_initial))
    controller = Controller(inputs["controller_params"])
    controller.tune_controller(turbine)
    tables = str(folder / "cp_ct_cq.txt")
    write_rotor_performance(turbine, txt_filename=tables)
    write_DISCON(turbine, controller, param_file=str(folder / "DISCON.IN"), txt_filename=tables)
    return turbine


def main() -> None:
    """Print a table of CPU times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter of an environment with rosco")
    parser.add_argument("--peer-folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer_folder:
        with contextlib.redirect_stdout(io.StringIO()):
            peer(arguments.peer_folder)
        return
    machine, wind = case()
    rows = theirs(machine, wind, arguments.peer_python)
    rows.append(ours(machine, wind))
    sys.stdout.write(f"{machine.title}; {wind.name}; {DURATION:g} s at {TIME_STEP:g} s\n")
    sys.stdout.write(f"{'CPU time':<28}{'ms/simulated s':>16}{'us/step':>12}{'x the last':>12}{'mean power':>14}\n")
    for row in rows:
        sys.stdout.write(
            f"{row.name:<28}{1e3 * row.cpu_s / wind.duration:16.4f}{1e6 * row.cpu_s / len(wind):12.3f}"
            f"{row.cpu_s / rows[-1].cpu_s:12.1f}{1e-6 * row.mean_power:11.3f} MW\n"
        )


if __name__ == "__main__":
    main()
