"""Wind in, everything out: runs of a turbine with its controller.

>>> import turbine
>>> from turbine.wind import constant
>>> result = turbine.simulate(turbine.load("nrel_5mw"), constant(8.0, duration=10.0, time_step=1.0))
>>> round(float(result["electrical_power"][0]) / 1e6, 2)
1.72
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive, is_number
from turbine.control import ControlSettings
from turbine.control_step import LULL, MODES
from turbine.errors import SimulationError, nearest
from turbine.filters import settled
from turbine.machine import Machine
from turbine.mechanics import COORDINATES
from turbine.model import Model, Options, Records, build
from turbine.step import CHANNELS, CONTROLLED, POWER, TORQUE, run
from turbine.trim import LIMITLESS, References, check_references, parked, steady_state
from turbine.wind.series import WindSeries, resample

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REQUESTS", "EnergyBalance", "Result", "Schedule", "along", "first_minute", "simulate", "simulate_model"]

Floats = npt.NDArray[np.float64]

_FIRST_MINUTE = 60.0  # whose mean the supervision begins with [s]

REQUESTS: Mapping[str, float] = MappingProxyType({"run": 1.0, "stop": 0.0, "emergency": -1.0})


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What the operator and the grid ask for over time; each entry holds from its time on.

    Parameters
    ----------
    requests : mapping of float to str
        Time [s] to "run", "stop" or "emergency".
    references : mapping of float to References
        Time [s] to power limit and reserve.
    """

    requests: Mapping[float, str] = field(default_factory=dict)
    references: Mapping[float, References] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for time, request in self.requests.items():
            if request not in REQUESTS:
                raise SimulationError(
                    f'request at {time!r} s: found "{request}"{nearest(str(request), REQUESTS)}, expected one of '
                    f"{', '.join(REQUESTS)}"
                )
        for time, wanted in self.references.items():
            if not isinstance(wanted, References):
                raise SimulationError(
                    f"reference at {time!r} s: found {wanted!r}, expected References(power_limit=..., reserve=...)"
                )
        for time in (*self.requests, *self.references):
            if not (is_number(time) and math.isfinite(time) and time >= 0.0):
                raise SimulationError(f"time of a request or reference: found {time!r} s, expected 0 or more")


@dataclass(frozen=True)
class EnergyBalance:
    """Where the energy of a run went [J]: wind = electrical + losses + stored, to rounding.

    Parameters
    ----------
    wind : float
        Work of the air on rotor and tower.
    electrical : float
        At the generator's terminals.
    generator_loss, gearbox_loss, damping_loss, brake_loss : float
        Lost in the generator, the gearbox, dampers of shaft, blades and tower, and the rotor brake.
    stored : float
        Change of kinetic and elastic energy.
    """

    wind: float
    electrical: float
    generator_loss: float
    gearbox_loss: float
    damping_loss: float
    brake_loss: float
    stored: float

    @property
    def residual(self) -> float:
        """What does not add up [J]."""
        spent = self.electrical + self.generator_loss + self.gearbox_loss + self.damping_loss + self.brake_loss
        return self.wind - spent - self.stored

    @property
    def passed(self) -> float:
        """Sum of all energies without sign [J], by which the residual is measured."""
        parts = (self.wind, self.electrical, self.generator_loss, self.gearbox_loss, self.damping_loss, self.brake_loss)
        return sum(abs(part) for part in parts) + abs(self.stored)


@dataclass(frozen=True, eq=False)
class Result:
    """A run: one column per channel, equal steps.

    Parameters
    ----------
    columns : mapping of str to array, shape (n,)
        By name; names, units and meaning stand in `turbine.step.CHANNELS`.
    energy : EnergyBalance
        Of the whole run.
    model : Model
        What was run.
    wind : WindSeries
        What blew.
    end : Records
        States at the end, to run on from.
    """

    columns: Mapping[str, Floats]
    energy: EnergyBalance
    model: Model
    wind: WindSeries
    end: Records

    def __repr__(self) -> str:
        """Return machine, duration and step, not the columns."""
        span = f"{self.time.size} rows of {self.time_step:g} s"
        return f"Result({self.model.machine.name!r}, {span}, {len(self.columns)} channels)"

    def __getitem__(self, name: str) -> Floats:
        """Return a column; an unknown name raises with the nearest known one."""
        if name not in self.columns:
            raise SimulationError(f'no channel "{name}"{nearest(name, self.columns)}; known: {", ".join(self.columns)}')
        return self.columns[name]

    @property
    def time(self) -> Floats:
        """Time of each row, shape (n,) [s]."""
        return self.columns["time"]

    @property
    def time_step(self) -> float:
        """Between rows [s]."""
        return float(self.time[1] - self.time[0]) if self.time.size > 1 else self.model.sample

    @property
    def units(self) -> dict[str, str]:
        """Unit of each channel."""
        return {name: unit for name, unit, _ in CHANNELS}

    def modes(self) -> list[str]:
        """Return the mode of operation of each row."""
        return [MODES[int(k)] for k in self.columns["mode"]]

    def table(self) -> pd.DataFrame:
        """Return the channels as a table, indexed by time [s]; `attrs` holds the units."""
        import pandas as pd

        frame = pd.DataFrame({name: values for name, values in self.columns.items() if name != "time"})
        frame.index = pd.Index(self.time, name="time")
        frame.attrs["units"] = self.units
        return frame


def simulate(
    machine: Machine,
    wind: WindSeries,
    *,
    settings: ControlSettings | None = None,
    time_step: float = 0.01,
    start: Literal["steady", "parked"] | Records = "steady",
    schedule: Schedule | None = None,
    torque: npt.ArrayLike | None = None,
    power: npt.ArrayLike | None = None,
    output_step: float | None = None,
    **options: Any,
) -> Result:
    """Run a turbine in a wind.

    Parameters
    ----------
    machine : Machine
        From `turbine.load`.
    wind : WindSeries
        From `turbine.wind`; its direction counts with its cosine. Samples longer than the controller's period are
        joined by straight lines.
    settings : ControlSettings, optional
        From `turbine.control.controller`; the machine's own unless given.
    time_step : float
        Of the machine [s].
    start : "steady", "parked" or Records
        Rest in the wind of the first sample, which counts as cut-in or cut-out where it is beyond them (standing still
        where the first minute's mean is below 0.8 of cut-in or above cut-out); standing still and feathered; or where
        another run ended.
    schedule : Schedule, optional
        Requests and references over time.
    torque, power : array, shape (n,), or float, optional
        Air-gap torque [N m] or electrical power [W] by sample of the controller, in place of the controller's torque
        and its drive-train damper. Power that is held whatever the speed takes damping away from the shaft.
    output_step : float, optional
        Between rows of the result, a multiple of the controller's period [s]; each period unless given.
    **options
        Of `turbine.model.Options`: drive_train, tower, shear_exponent, ...

    Returns
    -------
    Result
        Channels, energy balance, and where it ended.

    Raises
    ------
    WindformError
        Whatever is wrong with what was given, or the time at which the run left the numbers.
    """
    model = build(machine, settings, Options.of(time_step=time_step, **options))
    return simulate_model(
        model, wind, start=start, schedule=schedule, torque=torque, power=power, output_step=output_step
    )


def simulate_model(
    model: Model,
    wind: WindSeries,
    *,
    start: Literal["steady", "parked"] | Records = "steady",
    schedule: Schedule | None = None,
    torque: npt.ArrayLike | None = None,
    power: npt.ArrayLike | None = None,
    output_step: float | None = None,
) -> Result:
    """Run a model that is built already; parameters, result and errors as `simulate`."""
    sample = model.sample
    if not isinstance(wind, WindSeries):
        raise SimulationError(f"wind: found {type(wind).__name__}, expected a WindSeries from turbine.wind")
    blown = along(wind, sample)
    n = blown.size
    stride = 1
    if output_step is not None:
        check_positive("output_step", output_step, unit="s", error=SimulationError)
        stride = round(output_step / sample)
        if stride < 1 or abs(stride * sample - output_step) > 1e-9:
            raise SimulationError(
                f"output_step: found {output_step:g} s, expected a multiple of the controller's period of {sample:g} s"
            )
    for wanted in (schedule or Schedule()).references.values():
        check_references(model, wanted)
    inputs, source = _inputs(schedule or Schedule(), torque, power, n, sample)
    if model.control.supervise == 0.0 and np.any(inputs[:, 0] != REQUESTS["run"]):
        raise SimulationError(
            "schedule: found a stop or an emergency stop, expected none: supervise is off in the controller's settings"
        )
    records = _start(model, start, blown, inputs[0])
    x, c, f, e, m = records.unpack()
    records.energy[:] = 0.0
    before = _stored(model, records)
    table = np.zeros((-(-n // stride), len(CHANNELS)))
    stopped = run(x, c, f, e, m, model.plant, model.control, blown, inputs, source, model.options.every, stride, table)
    if stopped >= 0:
        raise SimulationError(
            f'machine "{model.machine.name}" left all bounds at t = {stopped * sample:.6g} s (rotor speed '
            f"{x['z'][5]:.3g} rad/s, wind {blown[stopped]:.3g} m/s); look at the torque given, or the controller"
        )
    columns = {name: np.ascontiguousarray(table[:, k]) for k, (name, _, _) in enumerate(CHANNELS)}
    energy = {name: float(records.energy[0][name]) for name in records.energy.dtype.names or ()}
    balance = EnergyBalance(**energy, stored=_stored(model, records) - before)
    return Result(MappingProxyType(columns), balance, model, wind, records)


def along(wind: WindSeries, sample: float) -> Floats:
    """Return the wind along the rotor's axis by sample of the controller, shape (n,) [m/s]."""
    series = resample(wind, sample)
    return np.asarray(series.wind_speed * np.cos(series.wind_direction), np.float64)


def first_minute(wind: Floats, sample: float) -> float:
    """Return the mean of the first minute of a wind by sample, with which the supervision begins [m/s]."""
    return float(np.mean(wind[: max(1, round(_FIRST_MINUTE / sample))]))


def _start(model: Model, start: Literal["steady", "parked"] | Records, wind: Floats, first: Floats) -> Records:
    """Return the states that a run begins with; `wind` is what blows, `first` the requests of the first sample."""
    if isinstance(start, Records):
        if start.machine != model.machine.name:
            raise SimulationError(
                f'start: found the end of a run of "{start.machine}", expected one of "{model.machine.name}"'
            )
        kept = start.copy()
        z = kept.plant[0]["z"]
        for k in set(range(len(COORDINATES))) - set(model.mechanics.active):
            z[k] = z[len(COORDINATES) + k] = 0.0  # what this run leaves out holds no energy
        return kept
    if start not in ("steady", "parked"):
        raise SimulationError(f'start: found {start!r}, expected "steady", "parked" or the end of another run')
    # The anemometer's average begins at what the first minute brings: one gust is no reason to stop at once.
    q = model.control
    average = first_minute(wind, model.sample)
    stopped = q.supervise > 0.0 and not LULL * q.cut_in <= average <= q.cut_out
    if start == "parked" or stopped:
        return parked(model, average)
    wanted = References(power_limit=float(first[1]), reserve=float(first[2]), reserve_power=float(first[3]))
    begun = min(max(float(wind[0]), q.cut_in), q.cut_out) if q.supervise > 0.0 else float(wind[0])
    records = steady_state(model, begun, wanted).records.copy()
    settled(records.control[0]["average_filter"], q.average_filter, average)
    return records


def _inputs(
    schedule: Schedule, torque: npt.ArrayLike | None, power: npt.ArrayLike | None, n: int, sample: float
) -> tuple[Floats, int]:
    """Return requests, references and given torque or power by sample, and who gives the torque."""
    if torque is not None and power is not None:
        raise SimulationError("torque and power: found both, expected one of them or none")
    source = CONTROLLED if torque is None and power is None else TORQUE if torque is not None else POWER
    inputs = np.zeros((n if source != CONTROLLED or _changes(schedule) else 1, 5))
    inputs[:, 0], inputs[:, 1] = REQUESTS["run"], LIMITLESS
    for time, request in sorted(schedule.requests.items()):
        inputs[_first(time, sample) :, 0] = REQUESTS[request]
    for time, wanted in sorted(schedule.references.items()):
        row = (min(wanted.power_limit, LIMITLESS), wanted.reserve, wanted.reserve_power)
        inputs[_first(time, sample) :, 1:4] = row
    if source != CONTROLLED:
        name = "torque" if source == TORQUE else "power"
        try:
            given = np.asarray(torque if source == TORQUE else power, np.float64)
        except (TypeError, ValueError):
            raise SimulationError(
                f"{name}: expected numbers, found {torque if source == TORQUE else power!r}"
            ) from None
        if given.ndim > 1 or (given.ndim == 1 and given.size != n):
            raise SimulationError(
                f"{name}: found shape {given.shape}, expected one value or {n}, one for each {sample:g} s of the wind"
            )
        bad = np.flatnonzero(~np.isfinite(np.atleast_1d(given)))
        if bad.size:
            raise SimulationError(
                f"{name}: value {bad[0]} (t = {bad[0] * sample:.6g} s) is not finite, expected finite values"
            )
        inputs[:, 4] = given
    return inputs, source


def _changes(schedule: Schedule) -> bool:
    return any(time > 0.0 for time in (*schedule.requests, *schedule.references))


def _first(time: float, sample: float) -> int:
    """Return the first sample at or after a time."""
    return max(0, math.ceil(time / sample - 1e-6))


def _stored(model: Model, records: Records) -> float:
    """Return kinetic and elastic energy [J]."""
    z = records.plant[0]["z"]
    m = model.plant.mechanics
    return float(0.5 * z[5:] @ m.mass @ z[5:] + 0.5 * z[:5] @ m.stiffness @ z[:5])
