"""Runs of the turbine simulation that validation cases look into, each computed once per process, and their figures."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.signal import find_peaks

import turbine
from turbine import design
from turbine.control import ControlSettings, controller
from turbine.machine import Machine
from turbine.model import Model, Options, build
from turbine.rotor import rotor_state
from turbine.simulation import Result, simulate_model
from turbine.trim import Steady, steady_state
from turbine.wind import WindSeries, constant, steps

Floats = npt.NDArray[np.float64]

DATA = Path(__file__).parent / "data" / "turbine"
RPM = math.pi / 30.0
SAMPLE = 0.025  #: of ROSCO's runs [s]
SHORT = {"nrel_5mw": "nrel5", "iea_15mw": "iea15"}  #: names in the files
SERIES = {
    "NREL 5 MW, wind levels": ("nrel_5mw", "rosco_nrel5_komega2_steps5_24.csv.gz"),
    "IEA 15 MW, wind levels": ("iea_15mw", "rosco_iea15_komega2_steps5_24.csv.gz"),
    "NREL 5 MW, turbulence": ("nrel_5mw", "rosco_nrel5_komega2_ntmB_12ms.csv.gz"),
    "NREL 5 MW, gust": ("nrel_5mw", "rosco_nrel5_komega2_eog_12ms.csv.gz"),
}
STEP_TORQUE = 5768.0  #: of OpenFAST's runs of the NREL 5 MW, generator's side: 10 % of rated power [N m]
TOWER_STEP_TORQUE = 2.6336e6  #: of OpenFAST's run of the IEA 15 MW [N m]


@cache
def table(name: str) -> pd.DataFrame:
    """Return a file of reference data."""
    return pd.read_csv(DATA / name, comment="#")


@cache
def constants(name: str) -> dict[str, Any]:
    """Return the published constants of a controller."""
    found: dict[str, Any] = json.loads((DATA / "simulation" / "rosco_constants.json").read_text(encoding="utf-8"))[name]
    return found


def reference_row(file: str, column: str, wind: float) -> dict[str, float]:
    """Return the only row of a table at a wind speed [m/s]."""
    rows = table(file)
    rows = rows[(rows[column] - wind).abs() < 1e-6]
    assert len(rows) == 1, f"{file}: {len(rows)} rows at {wind} m/s"
    return {str(key): float(value) for key, value in rows.iloc[0].items()}


def between(file: str, column: str, value: str, wind: float) -> float:
    """Return a column of a table at a wind speed [m/s], straight lines between its rows."""
    rows = table(file)
    return float(np.interp(wind, rows[column], rows[value]))


# ROSCO's plant: one mass, no tower; its NREL 5 MW has no pitch drive.


def plain(machine: Machine, **values: Any) -> ControlSettings:
    """Return the controller without supervision and without estimator."""
    return controller(machine, supervise=False, estimate_wind=False, **values)


@cache
def rosco_model(name: str, pitch_dynamics: bool = True) -> Model:
    machine = turbine.load(name)
    options = Options(drive_train="rigid", tower=False, time_step=SAMPLE, pitch_dynamics=pitch_dynamics)
    return build(machine, plain(machine, switch_margin=1.01), options)


@cache
def rosco_steady(name: str, wind: float) -> Steady:
    return steady_state(rosco_model(name), wind)


def steady_figure(name: str, wind: float, quantity: str) -> float:
    """Return rotor speed [rpm], pitch [deg], power [kW] or thrust [kN] at rest."""
    values = rosco_steady(name, wind).values
    return {
        "speed": values["rotor_speed"] / RPM,
        "pitch": math.degrees(values["pitch_angle"]),
        "power": values["electrical_power"] / 1e3,
        "thrust": values["thrust"] / 1e3,
        "tip-speed ratio": values["rotor_speed"] * turbine.load(name).require("rotor.radius") / wind,
    }[quantity]


def rosco_table(name: str, config: str) -> pd.DataFrame:
    folder = "surface" if config == "komega2" else "simulation"
    rows = table(f"{folder}/rosco_steady_{SHORT[name]}_{config}.csv")
    return rows.rename(columns={"rotor_speed_rpm": "speed", "pitch_deg": "pitch", "gen_power_kw": "power"})


def _worst(rows: pd.DataFrame, quantity: str, found: Floats) -> float:
    reference = rows[quantity].to_numpy(np.float64)
    gap = found - reference if quantity == "pitch" else 100.0 * (found / reference - 1.0)
    return float(np.abs(gap).max())


def steady_worst(name: str, quantity: str) -> float:
    """Return the largest difference over the whole table: pitch [deg], rotor speed and power [%]."""
    rows = rosco_table(name, "komega2")
    return _worst(rows, quantity, np.array([steady_figure(name, float(v), quantity) for v in rows["wind_m_s"]]))


@cache
def rosco_series(which: str) -> tuple[Result, pd.DataFrame]:
    """Return a run in the wind of a time series, and the series itself on the same times."""
    name, file = SERIES[which]
    rows = table(f"simulation/{file}")
    stored = rows["wind_m_s"].to_numpy(np.float64)
    stride = round(float(rows["time_s"][1] - rows["time_s"][0]) / SAMPLE)
    at = np.arange((len(rows) - 1) * stride + 1) / stride
    # Levels are held, other winds joined by straight lines. ROSCO's sample k blows from k - 1 to k.
    wind = stored[np.ceil(at - 1e-9).astype(int)] if "levels" in which else np.interp(at, np.arange(len(rows)), stored)
    series = WindSeries(time_step=SAMPLE, wind_speed=np.append(wind[1:], wind[-1]))
    model = rosco_model(name, name != "nrel_5mw")
    return simulate_model(model, series, output_step=stride * SAMPLE), rows


def series_rmse(which: str, quantity: str, start: float) -> float:
    """Return the root mean square difference from a time on: rotor speed and power [% of rated], pitch [deg]."""
    result, rows = rosco_series(which)
    rows = rows.iloc[: result.time.size]
    late = rows["time_s"].to_numpy() >= start
    machine = result.model.machine
    if quantity == "speed":
        rated = machine.require("operation.rated_rotor_speed") / RPM
        gap = 100.0 * (result["rotor_speed"] / RPM - rows["rotor_speed_rpm"]) / rated
    elif quantity == "pitch":
        gap = np.degrees(result["pitch_angle"]) - rows["pitch_deg"]
    else:  # of the same instant, not the mean of the step
        power = result["generator_torque"] * result["generator_speed"] * machine.require("generator.efficiency")
        gap = 100.0 * (power - rows["gen_power_w"]) / machine.require("generator.rated_power")
    return float(np.sqrt(np.mean(np.square(gap[late]))))


def energy_residual() -> float:
    """Return the largest share of the energy that passed in any of the time series and does not add up."""
    return max(abs(run.energy.residual) / run.energy.passed for run in [rosco_series(which)[0] for which in SERIES])


# ROSCO's default configuration: tip-speed-ratio tracking on the estimated wind.


@cache
def default_model(name: str) -> Model:
    machine, d = turbine.load(name), constants(name)
    settings = controller(
        machine,
        torque_law="tip_speed_ratio",
        supervise=False,
        constant_power=d["VS_ConstPower"] == 1,
        estimator_surface=turbine.load(name, interpolation="bilinear").surface,
        minimum_pitch_wind=np.array(d["PS_WindSpeeds"]),
        minimum_pitch=np.array(d["PS_BldPitchMin"]),
        pitch_proportional=np.array(d["PC_GS_KP"]),
        pitch_integral=np.array(d["PC_GS_KI"]),
        torque_proportional=d["VS_KP"],
        torque_integral=d["VS_KI"],
        estimator_wind=np.array(d["WE_FOPoles_v"]),
        estimator_pole=np.array(d["WE_FOPoles"]),
    )
    pitch_dynamics = name != "nrel_5mw"
    options = Options(drive_train="rigid", tower=False, time_step=SAMPLE, pitch_dynamics=pitch_dynamics)
    return build(machine, settings, options)


@cache
def default_levels(name: str, mean_wind: float | None = None) -> pd.DataFrame:
    """Return means of the last 10 s of each level: speed [rpm], pitch [deg], power [kW], range of the speed [rpm].

    The run begins at rest, or with another mean wind [m/s] in the estimator's memory.
    """
    winds = np.arange(5.0, 25.0)
    series = steps(100.0 * np.arange(winds.size), winds, duration=100.0 * winds.size, time_step=SAMPLE)
    start = steady_state(default_model(name), float(winds[0])).records.copy()
    if mean_wind is not None:
        start.control[0]["estimator"]["mean"] = mean_wind
    result = simulate_model(default_model(name), series, start=start)
    found = []
    for k, wind in enumerate(winds):
        last = slice(round((100 * k + 90) / SAMPLE), round((100 * k + 100) / SAMPLE))
        speed = result["rotor_speed"][last] / RPM
        pitch, power = np.degrees(result["pitch_angle"][last].mean()), result["electrical_power"][last].mean() / 1e3
        found.append((wind, speed.mean(), pitch, power, np.ptp(speed)))
    return pd.DataFrame(found, columns=["wind_m_s", "speed", "pitch", "power", "rotor_rpm_range_last10s"])


def default_figure(name: str, wind: float, quantity: str) -> float:
    levels = default_levels(name)
    return float(levels.loc[levels["wind_m_s"] == wind, quantity].iloc[0])


def default_worst(name: str, quantity: str, winds: tuple[float, ...], mean_wind: float | None = None) -> float:
    """Return the largest difference over the levels that are judged: pitch [deg], rotor speed and power [%]."""
    rows = rosco_table(name, "default")
    chosen = rows["wind_m_s"].isin(winds)
    assert chosen.sum() == len(winds)
    return _worst(rows[chosen], quantity, default_levels(name, mean_wind)[quantity].to_numpy()[chosen])


def default_rest(name: str, wind: float) -> float:
    """Return the tip-speed ratio at true rest."""
    values = steady_state(default_model(name), wind).values
    return values["rotor_speed"] * turbine.load(name).require("rotor.radius") / wind


# Torque step on the NREL 5 MW; with fixed pitch.


@cache
def torque_step(drive_train: str, ramp: float = 0.0, tower: bool = True) -> Result:
    """Return a run with OpenFAST's torque, in a wind in which that torque holds OpenFAST's speed of 9.03 rpm."""
    machine = turbine.load("nrel_5mw")
    base, speed, step = 19_116.0, 9.03 * RPM, 0.01
    radius = machine.require("rotor.radius")

    def excess(wind: float) -> float:
        state = rotor_state(machine.require_surface(), pitch=0.0, rotor_speed=speed, wind_speed=wind, radius=radius)
        return float(state.torque) - 97.0 * base

    time = np.arange(0.0, 100.0, step)
    share = ((time >= 50.0) & (time < 60.0)).astype(np.float64)
    if ramp > 0.0:
        share = np.interp(time, [50.0, 50.0 + ramp, 60.0, 60.0 + ramp], [0.0, 1.0, 1.0, 0.0])
    return turbine.simulate(
        machine,
        constant(brentq(excess, 6.0, 9.0), duration=100.0, time_step=step),
        settings=plain(machine, maximum_pitch=0.0001),
        time_step=step,
        drive_train=drive_train,
        tower=tower,
        torque=base + STEP_TORQUE * share,
    )


def _during(result: Result, start: float, end: float) -> npt.NDArray[np.bool_]:
    return (result.time >= start) & (result.time < end)


def overshoot(drive_train: str, ramp: float = 0.0, tower: bool = True) -> float:
    """Return the shaft's peak over the step, both on the slow side [-]."""
    result = torque_step(drive_train, ramp, tower)
    shaft = result["shaft_torque"]
    before = shaft[_during(result, 45.0, 50.0)].mean()
    return float((shaft[_during(result, 50.0, 60.0)].max() - before) / (97.0 * STEP_TORQUE))


def ringing() -> float:
    """Return the frequency of the shaft's ringing after the step [Hz], by its first ten peaks."""
    result = torque_step("two_mass")
    shaft = result["shaft_torque"][_during(result, 50.0, 60.0)]
    peaks = find_peaks(shaft)[0][:11]
    place = peaks + 0.5 * (shaft[peaks - 1] - shaft[peaks + 1]) / (
        shaft[peaks - 1] - 2.0 * shaft[peaks] + shaft[peaks + 1]
    )
    return float((place.size - 1) / (0.01 * (place[-1] - place[0])))


def lowest_speed(drive_train: str, ramp: float = 0.0) -> float:
    result = torque_step(drive_train, ramp)
    return float(result["rotor_speed"][_during(result, 50.0, 75.0)].min() / RPM)


# Torque step on the direct-drive IEA 15 MW.


@cache
def tower_step() -> Result:
    machine = turbine.load("iea_15mw")
    settings = plain(machine, maximum_pitch=0.0001)
    gain, ratio = machine.require("controller.torque_gain"), design.tip_speed_ratio(machine)
    wind = math.sqrt(11.3736e6 / gain) * machine.require("rotor.radius") / ratio
    model = build(machine, settings, Options(drive_train="rigid", time_step=0.01))
    rest = steady_state(model, wind).values["generator_torque"]
    time = np.arange(0.0, 100.0, 0.01)
    given = rest + TOWER_STEP_TORQUE * ((time >= 50.0) & (time < 60.0))
    return simulate_model(model, constant(wind, duration=100.0, time_step=0.01), torque=given)


def tower_sway_gap() -> float:
    """Return the largest difference from one mode's step response over 3 s [% of its peak]."""
    result = tower_step()
    sway, machine = result["tower_side_side"], result.model.machine
    start = int(np.searchsorted(result.time, 50.0))
    time = result.time[start : start + 300] - 50.0
    omega = 2.0 * math.pi * machine.require("tower.side_side_frequency_hz")
    damping = machine.require("tower.side_side_damping")
    slope = 1.5 / machine.require("tower.height")  # a cantilever's tip under a load at the tip
    rest = TOWER_STEP_TORQUE * slope / (machine.require("tower.modal_mass") * omega**2)
    free = omega * math.sqrt(1.0 - damping**2)
    swing = np.cos(free * time) + damping * omega / free * np.sin(free * time)
    expected = rest * (1.0 - np.exp(-damping * omega * time) * swing)
    gap = sway[start : start + 300] - sway[start - 1] - expected
    return 100.0 * float(np.abs(gap).max() / expected.max())


def tower_moment_swing() -> float:
    """Return the side-side moment at the tower base, peak to peak while the step lasts [kN m]."""
    result = tower_step()
    return float(np.ptp(result["tower_base_side_side_moment"][_during(result, 50.0, 60.0)]) / 1e3)


# Design.


@cache
def designed_over_published() -> tuple[Floats, Floats]:
    """Return Kp and Ki of our pitch design over the published ones, at the published angles."""
    machine, d = turbine.load("nrel_5mw"), constants("nrel_5mw_komega2")
    made = design.design_pitch_pi(machine, 0.6, 0.7)
    kp = np.interp(d["PC_GS_angles"], made.pitch, made.proportional) / np.array(d["PC_GS_KP"])
    ki = np.interp(d["PC_GS_angles"], made.pitch, made.integral) / np.array(d["PC_GS_KI"])
    return kp, ki


def worst_gain(which: int) -> float:
    """Return the largest difference of Kp (0) or Ki (1) from the published schedule [%]."""
    return 100.0 * float(np.abs(designed_over_published()[which] - 1.0).max())


def torque_gain() -> float:
    return design.optimal_torque_gain(turbine.load("nrel_5mw"))


def torque_pi(which: int) -> float:
    return design.design_torque_pi(turbine.load("nrel_5mw"), 0.15, 0.7)[which]
