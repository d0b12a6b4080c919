"""Steady state: the fixed point of the compiled step, and the vector of states that Newton and linearisation share.

The start is the ideal operation, or the controller's own settling; Newton then solves x = step(x) for all continuous
states of machine and controller at once, so that a run begins without a transient of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from turbine import design
from turbine.checks import check_range, is_number
from turbine.control_step import CONTROL, DISCRETE, PARKED, PRODUCTION, control_start
from turbine.errors import ParameterError, TrimError
from turbine.estimator import estimator_settle
from turbine.mechanics import COORDINATES
from turbine.model import Model, Records
from turbine.plant import PLANT, rotor_forces
from turbine.step import CHANNELS, CONTROLLED, run

__all__ = [
    "References",
    "Steady",
    "check_references",
    "parked",
    "state_names",
    "state_vector",
    "steady_state",
    "with_state",
]

Floats = npt.NDArray[np.float64]

LIMITLESS = 1e12  #: power that no machine reaches [W]
_NO_ROWS = np.zeros((0, len(CHANNELS)))
TOLERANCE = 1e-9  #: movement of a state over one sample that counts as rest, relative to its scale [-]
_DOUBT = 300.0  # time after which the estimator's covariance has settled [s]
SETTLING = 400.0  #: longest settling that trim waits for [s]


@dataclass(frozen=True, kw_only=True)
class References:
    """What the grid wants of the machine.

    Parameters
    ----------
    power_limit : float
        Most electrical power [W].
    reserve : float
        Share of the available power that is kept [-].
    reserve_power : float
        Power that is kept of the available one [W].
    """

    power_limit: float = math.inf
    reserve: float = 0.0
    reserve_power: float = 0.0

    def __post_init__(self) -> None:
        if not (is_number(self.power_limit) and self.power_limit >= 0.0):
            raise ParameterError(f"power_limit: found {self.power_limit!r}, expected a number of W, 0 or more")
        check_range("reserve", self.reserve, 0.0, 0.9, hint="did you give percent?")
        check_range("reserve_power", self.reserve_power, 0.0, unit="W")


@dataclass(frozen=True, eq=False)
class Steady:
    """A steady state: its records, ready to run on from, and what it looks like.

    Parameters
    ----------
    wind_speed : float
        [m/s].
    records : Records
        At rest.
    values : mapping of str to float
        Every channel of `turbine.step.CHANNELS`, in its unit.
    residual : float
        Largest movement of a state over one sample, relative to its scale [-].
    """

    wind_speed: float
    records: Records
    values: dict[str, float]
    residual: float


def _flat(kind: np.dtype[Any]) -> list[str]:
    """Return the name of each number of a record, in memory order."""
    names: list[str] = []
    for name in kind.names or ():
        part = kind[name]
        if part.names:
            names += [f"{name}.{inner}" for inner in _flat(part)]
        elif part.shape:
            names += [f"{name}[{k}]" for k in range(part.shape[0])]
        else:
            names.append(name)
    return names


@cache
def _layout() -> tuple[tuple[str, ...], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return names of the continuous states and their places in the plant's and the controller's record.

    The azimuth, the first of all, turns for ever and is left out. Two flows are memory between samples: torque and
    acceleration.
    """
    plant = _flat(PLANT)
    control = _flat(CONTROL)
    keep_plant = list(range(1, len(plant)))
    keep_control = [k for k, n in enumerate(control) if n not in DISCRETE]
    plant[: 2 * len(COORDINATES)] = [*COORDINATES, *(f"{name}_rate" for name in COORDINATES)]
    names = [f"plant.{plant[k]}" for k in keep_plant] + [f"control.{control[k]}" for k in keep_control]
    names += ["flow.airgap_torque", "flow.fore_aft_acceleration"]
    return tuple(names), np.array(keep_plant), np.array(keep_control)


def state_names() -> tuple[str, ...]:
    """Return the names of the continuous states in the order of `state_vector`."""
    return _layout()[0]


_MEMORY = ("airgap_torque", "fore_aft_acceleration")


def state_vector(records: Records) -> Floats:
    """Return the continuous states, shape (n,), in the units of their records."""
    _, plant, control = _layout()
    memory = [float(records.flow[0][name]) for name in _MEMORY]
    return np.concatenate([records.plant.view(np.float64)[plant], records.control.view(np.float64)[control], memory])


def with_state(records: Records, vector: Floats) -> Records:
    """Return a copy of records with other continuous states."""
    _, plant, control = _layout()
    changed = records.copy()
    changed.plant.view(np.float64)[plant] = vector[: plant.size]
    changed.control.view(np.float64)[control] = vector[plant.size : plant.size + control.size]
    for k, name in enumerate(_MEMORY):
        changed.flow[0][name] = vector[plant.size + control.size + k]
    return changed


def scales(model: Model, vector: Floats) -> Floats:
    """Return what counts as one of each state, shape (n,): its own size, at least a share of what is usual."""
    q, m = model.control, model.plant.mechanics
    usual = {"torque": q.rated_torque, "speed": q.rated_speed, "power": q.rated_power}
    floor = np.empty(vector.size)
    for k, name in enumerate(state_names()):
        last = name.rpartition(".")[2]
        if "torque" in last or last == "low_integral":
            floor[k] = usual["torque"]
        elif last.startswith(("speed_filter", "reference_filter", "smoothing", "drive_train_filter")) or last in (
            "speed",
            "speed_reference",
        ):
            floor[k] = usual["speed"] / (m.gear_ratio if "estimator" in name else 1.0)
        elif last == "power":
            floor[k] = usual["power"]
        elif "estimator.p" in name or "estimator.k" in name:
            floor[k] = 1e-3
        elif "wind" in last or "average" in last or last in ("mean", "turbulence"):
            floor[k] = 10.0
        elif "pitch" in last:
            floor[k] = 0.1
        elif "twist" in last:
            floor[k] = 1e-3
        else:
            floor[k] = 1.0
    return np.maximum(np.abs(vector), floor)


def advance(model: Model, records: Records, wind: float) -> None:
    """Advance records by one sample of the controller, in place."""
    _sample(model, records, wind, _NO_ROWS, 0)


def _sample(model: Model, records: Records, wind: float, table: Floats, stride: int) -> None:
    x, c, f, e, m = records.unpack()
    inputs = np.array([[m["request"], m["power_limit"], m["reserve"], m["reserve_power"], 0.0]])
    blown = np.array([wind])
    run(x, c, f, e, m, model.plant, model.control, blown, inputs, CONTROLLED, model.options.every, stride, table)


def steady_state(model: Model, wind_speed: float, references: References | None = None) -> Steady:
    """Return the steady state in production at a wind speed.

    Parameters
    ----------
    model : Model
        The machine; shear and tower shadow count with their mean.
    wind_speed : float
        [m/s].
    references : References, optional
        What the grid wants.

    Returns
    -------
    Steady
        With records to start a run from.

    Raises
    ------
    TrimError
        The machine does not come to rest: which state moves, and by how much.
    """
    hint = 'a machine that stands still starts with start="parked"' if wind_speed <= 0.0 else ""
    check_range("wind_speed", wind_speed, 0.0, 100.0, above=True, unit="m/s", hint=hint, error=TrimError)
    check_references(model, references or References())
    model = model.steady()
    # Stops are no steady production: wind outside cut-in and cut-out is trimmed as if it were inside.
    model = model.unsupervised()
    records = _first_guess(model, wind_speed, references or References())
    solved = _newton(model, records, wind_speed)
    if solved is None:
        _settle(model, records, wind_speed)
        solved = _newton(model, records, wind_speed)
    if solved is None:
        name, moved = _movement(model, records, wind_speed)
        raise TrimError(
            f'machine "{model.machine.name}" finds no rest at {wind_speed:g} m/s: after {SETTLING:g} s {name} still '
            f"moves by {moved:.2g} of its scale per sample; its controller may cycle between two regions there"
        )
    return _describe(model, solved, wind_speed)


def check_references(model: Model, references: References) -> None:
    """Refuse references that a controller cannot follow: a reserve needs an estimated wind speed."""
    if (references.reserve > 0.0 or references.reserve_power > 0.0) and not model.settings.estimate_wind:
        raise ParameterError(
            "reserve: the controller's estimate_wind is off, expected on: the available power rests on it"
        )


def _first_guess(model: Model, wind: float, references: References) -> Records:
    """Return records near the steady state: ideal operation, static deflections, settled filters."""
    q, p = model.control, model.plant
    records = Records.new(model.machine.name)
    x, c, f, _, m = records.unpack()
    felt = wind * (1.0 + float(p.azimuth_factor.mean()))
    at = design.ideal_operation(model.machine, felt)
    speed, pitch = float(at.rotor_speed[0]), float(at.pitch[0])
    if model.settings.minimum_pitch is not None:
        least = float(np.interp(felt, q.minimum_pitch_wind, q.minimum_pitch))
        pitch = max(pitch, least)
    aero, thrust = rotor_forces(p.surface, p.radius, p.air_density, pitch, speed, felt)
    torque = min(max(aero * p.gearbox_efficiency / q.gear_ratio, 0.0), q.rated_torque)
    _set_mechanics(model, x["z"], speed, aero, thrust)
    x["pitch"] = pitch
    f["airgap_torque"] = torque
    m["request"] = 1.0
    m["power_limit"], m["reserve"] = min(references.power_limit, LIMITLESS), references.reserve
    m["reserve_power"] = references.reserve_power
    m["generator_speed"] = q.gear_ratio * speed
    m["pitch"], m["torque"], m["wind_speed"] = pitch, torque, wind
    control_start(c, q, m, float(PRODUCTION), felt, torque)
    if q.estimate > 0.0:
        s = records.control[0]["estimator"]
        estimator_settle(s, q.estimator, speed, pitch, torque, q.time_step, int(_DOUBT / q.time_step))
    return records


def _set_mechanics(model: Model, z: Floats, speed: float, aero: float, thrust: float) -> None:
    """Set the mechanical states to the static deflection of a rotor that turns at a speed."""
    system = model.mechanics
    z[:] = 0.0
    z[5] = speed
    held = aero / system.gear_ratio
    load = system.inputs @ np.array([aero, thrust, held])
    for k in system.active:
        if k != 0:
            z[k] = load[k] / system.stiffness[k, k]


def _settle(model: Model, records: Records, wind: float) -> None:
    """Let controller and machine come to rest by themselves."""
    x, c, f, e, m = records.unpack()
    n = int(SETTLING / model.sample)
    table = np.zeros((1, len(CHANNELS)))
    inputs = np.array([[1.0, m["power_limit"], m["reserve"], m["reserve_power"], 0.0]])
    run(x, c, f, e, m, model.plant, model.control, np.full(n, wind), inputs, CONTROLLED, model.options.every, n, table)


def jacobian(model: Model, records: Records, wind: float, *, step: float = 1e-6) -> Floats:
    """Return the derivative of one sample by the continuous states, shape (n, n), by central differences."""
    base = state_vector(records)
    size = scales(model, base) * step
    columns = np.empty((base.size, base.size))
    for k in range(base.size):
        ends = []
        for sign in (1.0, -1.0):
            moved = base.copy()
            moved[k] += sign * size[k]
            there = with_state(records, moved)
            advance(model, there, wind)
            ends.append(state_vector(there))
        columns[:, k] = (ends[0] - ends[1]) / (2.0 * size[k])
    return columns


def _newton(model: Model, records: Records, wind: float) -> Records | None:
    """Return the fixed point of the step near records, None where Newton does not find it or it cannot be stayed at."""
    here = records.copy()
    advance(model, here, wind)
    for _ in range(12):
        base = state_vector(here)
        after = here.copy()
        advance(model, after, wind)
        size = scales(model, base)
        residual = (state_vector(after) - base) / size
        if np.abs(residual).max() < TOLERANCE * 1e-3:
            break
        slope = jacobian(model, here, wind) * size / size[:, None]
        # Directions in which nothing moves (a saturated memory) are left where they are.
        move = np.linalg.lstsq(slope - np.eye(base.size), -residual, rcond=1e-13)[0]
        if not np.isfinite(move).all() or np.abs(move).max() > 2.0:
            return None
        here = with_state(here, base + move * size)
    # A fixed point is one only if the discrete states stay as well.
    start = state_vector(here)
    after = here.copy()
    for _ in range(int(2.0 / model.sample)):
        advance(model, after, wind)
    drift = np.abs(state_vector(after) - start) / scales(model, start)
    return here if drift.max() < 1e-7 else None


def _movement(model: Model, records: Records, wind: float) -> tuple[str, float]:
    """Return the state that moves most over one sample, and how much of its scale."""
    base = state_vector(records)
    after = records.copy()
    advance(model, after, wind)
    moved = np.abs(state_vector(after) - base) / scales(model, base)
    k = int(np.argmax(moved))
    return state_names()[k], float(moved[k])


def _describe(model: Model, records: Records, wind: float) -> Steady:
    _, residual = _movement(model, records, wind)
    values = row(model, records, wind)
    kept = records.copy()
    advance(model, kept, wind)  # flows of the steady state
    kept.energy[:] = 0.0
    return Steady(wind, kept, values, residual)


def row(model: Model, records: Records, wind: float) -> dict[str, float]:
    """Return every channel of one sample that begins at records, which stay as they are."""
    table = np.zeros((1, len(CHANNELS)))
    _sample(model, records.copy(), wind, table, 1)
    return {name: float(value) for (name, _, _), value in zip(CHANNELS, table[0], strict=True)}


def parked(model: Model, wind_speed: float) -> Records:
    """Return records of a machine that stands still, feathered, its brake set: where a start begins.

    Parameters
    ----------
    model : Model
        The machine.
    wind_speed : float
        That its anemometer has measured for long [m/s].
    """
    records = Records.new(model.machine.name)
    x, c, f, _, m = records.unpack()
    q, p = model.control, model.plant
    pitch = min(q.feather, float(p.pitch_limits[1]))
    aero, thrust = rotor_forces(p.surface, p.radius, p.air_density, pitch, 0.0, wind_speed)
    _set_mechanics(model, x["z"], 0.0, aero, thrust)
    x["pitch"] = pitch
    m["pitch"], m["wind_speed"], m["power_limit"] = pitch, wind_speed, LIMITLESS
    control_start(c, q, m, float(PARKED), wind_speed, 0.0)
    f["airgap_torque"] = 0.0
    return records
