"""One synthetic turbine over the whole period: what is true of each record, and what the sensors said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import IN_SERVICE, Category
from fleet.intervals import SECOND, overlap
from fleet.schema import SCADA, SIGNALS, columns
from fleet.synthetic.clocks import Stamps, written_stamps
from fleet.synthetic.episodes import record_masks, record_runs, runs_of
from fleet.synthetic.events import Event, allocated_seconds, event_table, status_log, time_of
from fleet.synthetic.operation import Limits, healthy_power, icing_losses, limits_of, yaw_misalignment
from fleet.synthetic.sensors import (
    Bias,
    drifted_wind,
    frozen_signal,
    north_offset,
    power_bias,
    spiked,
    wind_bias,
)
from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.steady import REFERENCE_DENSITY, SteadyMachine, steady_machine
from fleet.synthetic.streams import Idea, turbine_stream
from fleet.synthetic.weather import Site, Weather, farm_weather, site_of

__all__ = ["DECIMALS", "Operation", "TurbineRun", "fleet_runs", "operate", "turbine_frames", "turbine_run"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Signals of the export and the decimals that they are rounded to, in the schema's units.
DECIMALS: dict[str, int] = {
    "power_kw": 2,
    "wind_speed": 3,
    "wind_speed_std": 3,
    "wind_direction_deg": 2,
    "vane_deg": 2,
    "nacelle_direction_deg": 2,
    "ambient_temperature_degc": 2,
    "air_pressure_pa": 0,
    "pitch_angle_deg": 2,
    "rotor_speed_rpm": 2,
    "generator_speed_rpm": 1,
    "power_setpoint_kw": 1,
    "exported_availability": 4,
    "grid_frequency_hz": 3,
}

_IDLE_RPM = 0.3
_FEATHER_TO_LIMIT = 15.0  # [deg]: pitch that holds all power back; less goes with the root of the share
_VANE_NOISE, _PITCH_NOISE, _ROTOR_NOISE = 3.0, 0.05, 0.03  # [deg], [deg], [1/min]


@dataclass(frozen=True)
class Operation:
    """What is true of each record, before any sensor."""

    site: Site
    limits: Limits
    events: list[Event]
    seconds: dict[Category, Ints]  #: by category; those that never occur are absent
    running: Floats  #: share of the record in which the turbine runs
    power_kw: Floats  #: true mean power
    running_kw: Floats  #: power of the running part
    unimpeded_kw: Floats  #: what a healthy turbine would have made
    lost_unavailable_kw: Floats  #: held back by stops
    lost_partial_kw: Floats  #: held back in Partial Performance
    lost_degraded_kw: Floats  #: lost to ice and misalignment while nothing else limits
    wind_in_range: Mask  #: free wind between cut-in and cut-out
    icing: Mask
    yaw_deg: float


@dataclass(frozen=True)
class TurbineRun:
    """One turbine's truth and export.

    Parameters
    ----------
    name, number : str, int
        Its name; its number counted from 0.
    times : array of int64, shape (n,)
        True start of each record [us since 1970 UTC].
    truth : Operation
        What happened.
    signals : dict of str to array, shape (n,)
        What the sensors said, rounded as in the export; NaN: a cell without a value.
    marks : dict of str to array of bool, shape (n,)
        Records with each trouble of `fleet.synthetic.truth.MARKS`.
    rows : array of int64, shape (m,)
        Records of the export in order: missing ones are left out, duplicated ones stand twice.
    stamps : Stamps
        Of these rows.
    facts : dict of str to float
        Constants of the turbine: biases, misalignment, dates.
    """

    name: str
    number: int
    times: Ints
    truth: Operation
    signals: dict[str, Floats]
    marks: dict[str, Mask]
    rows: Ints
    stamps: Stamps
    facts: dict[str, float] = field(default_factory=dict)

    def scada(self) -> pd.DataFrame:
        """Return the export as `fleet.schema.SCADA`; signals that the fleet does not have are NaN."""
        m, nothing = self.rows.size, np.full(self.rows.size, np.nan)
        data = {
            "turbine": pd.Series(self.name, index=range(m), dtype="str"),
            "time": pd.DatetimeIndex(self.stamps.utc.astype("datetime64[us]")).tz_localize("UTC"),
            "stamp_local": self.stamps.reading.astype("datetime64[us]"),
            "utc_offset_s": self.stamps.offset_s,
            "source_row": np.arange(m, dtype=np.int64),
            "read_flags": np.zeros(m, np.uint32),
        }
        for signal in SIGNALS:
            values = self.signals.get(signal.name)
            data[signal.name] = nothing if values is None else values[self.rows]
        return pd.DataFrame(data, columns=columns(SCADA), copy=False)

    def log(self) -> pd.DataFrame:
        """Return the status log, see `fleet.synthetic.events.event_table`."""
        return event_table(self.truth.events, self.name)


def fleet_runs(spec: FleetSpec) -> Iterator[TurbineRun]:
    """Yield the turbines of a fleet one after the other; only one of them is in memory."""
    machine = steady_machine(spec.machine)
    weather = farm_weather(spec, machine.hub_height)
    for turbine in range(spec.turbines):
        yield turbine_run(spec, machine, weather, turbine)


def turbine_frames(spec: FleetSpec) -> Iterator[pd.DataFrame]:
    """Yield the export of each turbine as `fleet.schema.SCADA`, without writing anything."""
    return (run.scada() for run in fleet_runs(spec))


def turbine_run(spec: FleetSpec, machine: SteadyMachine, weather: Weather, turbine: int) -> TurbineRun:
    """Return one turbine, counted from 0."""
    truth = operate(spec, machine, weather, turbine)
    signals, marks, facts = _measured(spec, machine, weather.times, turbine, truth)
    missing = _missing(spec, weather.times, turbine, truth.events)
    chance = turbine_stream(spec.seed, turbine, Idea.DUPLICATES).random(missing.size)
    twice = (chance < spec.duplicated_share) & ~missing
    rows = np.repeat(np.arange(missing.size), np.where(missing, 0, 1 + twice))
    return TurbineRun(
        name=spec.turbine_name(turbine),
        number=turbine,
        times=weather.times,
        truth=truth,
        signals=signals,
        marks={**marks, "missing": missing, "duplicated": twice},
        rows=rows,
        stamps=written_stamps(weather.times[rows], spec.clock, spec.time_zone),
        facts=facts,
    )


def operate(spec: FleetSpec, machine: SteadyMachine, weather: Weather, turbine: int) -> Operation:
    """Return what a turbine does: states to the second, power, and what each cause costs.

    The running part of a record has the power of its mean wind; a turbine that stands still consumes the same whatever
    the reason. So unimpeded power less the three losses is true power, exactly.
    """
    times, site = weather.times, site_of(spec, weather, turbine)
    low_wind, storm = site.wind < machine.cut_in, site.wind >= machine.cut_out
    limits = limits_of(spec, machine, times, turbine)
    events = status_log(spec, times, turbine, low_wind, storm, limits)
    derated = limits.derated & ~low_wind & ~storm
    seconds = allocated_seconds(events, runs_of(derated, times), times)

    yaw = yaw_misalignment(spec, turbine)
    free = healthy_power(site, machine, spec, turbine, site.wind)
    askew = site.wind * np.cos(np.radians(yaw)) ** (spec.yaw_exponent / 3.0)
    ice = icing_losses(spec, site, times, turbine)
    degraded = (free if yaw == 0.0 else healthy_power(site, machine, spec, turbine, askew)) * (1.0 - ice)
    running_kw = np.minimum(degraded, limits.ceiling_kw)

    consumed = spec.consumption * machine.rated_kw
    able = np.where(low_wind | storm, 0.0, 1.0)
    partial = seconds.get(Category.PARTIAL_PERFORMANCE, np.zeros(times.size, np.int64)) / PERIOD_S
    hidden = seconds.get(Category.INFORMATION_UNAVAILABLE, np.zeros(times.size, np.int64))
    running = partial + (seconds[Category.FULL_PERFORMANCE] + hidden) / PERIOD_S
    held_back = free - running_kw
    return Operation(
        site=site,
        limits=limits,
        events=events,
        seconds=seconds,
        running=running,
        power_kw=running * (running_kw + consumed) - consumed,
        running_kw=running_kw,
        unimpeded_kw=able * (free + consumed) - consumed,
        lost_unavailable_kw=(able - running) * (free + consumed),
        lost_partial_kw=partial * held_back,
        lost_degraded_kw=(running - partial) * held_back,
        wind_in_range=~(low_wind | storm),
        icing=(ice > 0.0) & (running > 0.0),
        yaw_deg=yaw,
    )


def _measured(
    spec: FleetSpec, machine: SteadyMachine, times: Ints, turbine: int, truth: Operation
) -> tuple[dict[str, Floats], dict[str, Mask], dict[str, float]]:
    """Return what the sensors say of each record, the marks of what is wrong, and the turbine's constants."""
    n, site, limits = times.size, truth.site, truth.limits
    noise = turbine_stream(spec.seed, turbine, Idea.OTHER_SENSORS)
    of_wind, of_power = wind_bias(spec, turbine), power_bias(spec, machine, turbine)
    drift = drifted_wind(spec, turbine, times)
    wind_noise = spec.wind_noise * noise.standard_normal(n)
    wind = np.maximum(of_wind.of(site.wind) * drift.factor + wind_noise, 0.0)
    power = of_power.of(truth.power_kw) + spec.power_noise * machine.rated_kw * noise.standard_normal(n)
    vane = truth.yaw_deg + _VANE_NOISE * noise.standard_normal(n)
    north, north_from = north_offset(spec, turbine, n)
    off_north = np.arange(n) >= north_from
    direction = site.direction_deg + np.where(off_north, north, 0.0)
    pitch_fault, rotor_fault = (
        record_masks(*record_runs(turbine_stream(spec.seed, turbine, idea), rate, mean_h, times), n)
        & (truth.running > 0.0)
        for idea, rate, mean_h in (
            (Idea.PITCH_FAULT, spec.pitch_faults_per_year, spec.pitch_fault_h),
            (Idea.ROTOR_FAULT, spec.rotor_faults_per_year, spec.rotor_fault_h),
        )
    )
    pitch, rotor = _blades_and_rotor(machine, truth)
    pitch += truth.running * np.where(pitch_fault, spec.pitch_fault_deg, 0.0)
    rotor_reading = rotor * np.where(rotor_fault, spec.rotor_fault_factor, 1.0)
    standing = sum(
        (s for category, s in truth.seconds.items() if category not in _AVAILABLE), start=np.zeros(n, np.int64)
    )
    signals: dict[str, Floats] = {
        "power_kw": power,
        "wind_speed": wind,
        "wind_speed_std": site.sigma,
        "wind_direction_deg": direction % 360.0,
        "vane_deg": vane,
        "nacelle_direction_deg": (direction - vane) % 360.0,
        "ambient_temperature_degc": site.temperature,
        "air_pressure_pa": site.pressure,
        "pitch_angle_deg": pitch + _PITCH_NOISE * noise.standard_normal(n),
        "rotor_speed_rpm": rotor_reading + _ROTOR_NOISE * noise.standard_normal(n),
        "generator_speed_rpm": (rotor + _ROTOR_NOISE * noise.standard_normal(n)) * machine.gear_ratio,
        "power_setpoint_kw": limits.setpoint_kw,
        "exported_availability": 1.0 - standing / PERIOD_S,
        "grid_frequency_hz": 50.0 + 0.02 * noise.standard_normal(n),
    }
    signals = {name: np.round(values, DECIMALS[name]) for name, values in signals.items()}
    frozen = _freeze(spec, turbine, times, signals)
    spared = frozen["frozen_wind"] | frozen["frozen_power"]
    signals["wind_speed"], signals["power_kw"], spike = _spike(spec, machine, turbine, signals, spared)
    held = spared | frozen["frozen_other"]
    empty = _empty_cells(spec, turbine, signals, held)
    marks = {
        **frozen,
        "spike": spike,
        "curtailed": limits.curtailed,
        "limited": limits.curtailed & (truth.lost_partial_kw > 0.0),
        "derated": limits.derated,
        "commanded_zero": limits.commanded_zero,
        "icing": truth.icing,
        "drift": drift.mask,
        "north_offset": off_north,
        "yaw_misaligned": np.full(n, truth.yaw_deg != 0.0),
        "pitch_fault": pitch_fault,
        "rotor_fault": rotor_fault,
        "empty_cell": empty,
    }
    return (
        signals,
        marks,
        _facts(times, of_wind, of_power, truth.yaw_deg, (drift.drift_from, drift.step_from), north, north_from),
    )


#: What the export counts as available.
_AVAILABLE = (*sorted(IN_SERVICE), Category.INFORMATION_UNAVAILABLE)


def _blades_and_rotor(machine: SteadyMachine, truth: Operation) -> tuple[Floats, Floats]:
    """Return pitch angle [deg] and rotor speed [1/min]: of the running part and of standstill, by their time."""
    normalised = truth.site.wind * np.cbrt(truth.site.density / REFERENCE_DENSITY)
    could = np.maximum(truth.running_kw, machine.mean_power(truth.site.wind, truth.site.sigma, truth.site.density))
    limiting = np.isfinite(truth.limits.ceiling_kw) & (could > 0.0)
    withheld = np.where(limiting, 1.0 - truth.running_kw / np.where(could > 0.0, could, 1.0), 0.0)
    feathered = machine.pitch_angle(normalised) + _FEATHER_TO_LIMIT * np.sqrt(np.clip(withheld, 0.0, 1.0))
    share = truth.running
    pitch = share * feathered + (1.0 - share) * machine.parked_deg
    return pitch, share * machine.rotor_speed(normalised) + (1.0 - share) * _IDLE_RPM


def _freeze(spec: FleetSpec, turbine: int, times: Ints, signals: dict[str, Floats]) -> dict[str, Mask]:
    """Let signals hold their values, in place, and return where they do."""
    marks: dict[str, Mask] = {}
    for mark, names, idea, per_year in (
        ("frozen_wind", ("wind_speed",), Idea.FROZEN_WIND, spec.frozen_wind_per_year),
        ("frozen_power", ("power_kw",), Idea.FROZEN_POWER, spec.frozen_power_per_year),
        ("direction", ("wind_direction_deg", "vane_deg"), Idea.FROZEN_DIRECTION, spec.frozen_direction_per_year),
        (
            "temperature",
            ("ambient_temperature_degc",),
            Idea.FROZEN_TEMPERATURE,
            spec.frozen_temperature_per_year,
        ),
    ):
        for name in names:
            signals[name], marks[mark] = frozen_signal(spec, turbine, times, signals[name], idea, per_year)
    marks["frozen_other"] = marks.pop("direction") | marks.pop("temperature")
    return marks


def _spike(
    spec: FleetSpec, machine: SteadyMachine, turbine: int, signals: dict[str, Floats], spared: Mask
) -> tuple[Floats, Floats, Mask]:
    wind, power, mask = spiked(spec, turbine, signals["wind_speed"], signals["power_kw"], machine.rated_kw, spared)
    return np.round(wind, DECIMALS["wind_speed"]), np.round(power, DECIMALS["power_kw"]), mask


def _empty_cells(spec: FleetSpec, turbine: int, signals: dict[str, Floats], held: Mask) -> Mask:
    """Empty some cells, in place, but none of a frozen run, and return the records that lack one."""
    found = np.zeros(held.size, bool)
    if spec.nan_share <= 0.0:
        return found
    rng = turbine_stream(spec.seed, turbine, Idea.NAN)
    for name in signals:
        empty = (rng.random(held.size) < spec.nan_share) & ~held
        signals[name] = np.where(empty, np.nan, signals[name])
        found |= empty
    return found


def _missing(spec: FleetSpec, times: Ints, turbine: int, events: list[Event]) -> Mask:
    gaps = record_runs(turbine_stream(spec.seed, turbine, Idea.GAPS), spec.gaps_per_year, spec.gap_h, times)
    alone = turbine_stream(spec.seed, turbine, Idea.MISSING).random(times.size) < spec.missing_share
    lost = overlap(time_of(events, "communication"), times, PERIOD_S * SECOND) > 0
    return np.asarray(record_masks(*gaps, times.size) | alone | lost)


def _facts(
    times: Ints,
    of_wind: Bias,
    of_power: Bias,
    yaw_deg: float,
    wind_from: tuple[int, int],
    north_deg: float,
    north_from: int,
) -> dict[str, float]:
    def when(record: int) -> float:
        return float(times[record]) if record < times.size else np.nan

    return {
        "wind_offset": of_wind.offset,
        "wind_gain": of_wind.gain,
        "power_offset_kw": of_power.offset,
        "power_gain": of_power.gain,
        "yaw_deg": yaw_deg,
        "drift_from_us": when(wind_from[0]),
        "step_from_us": when(wind_from[1]),
        "north_deg": north_deg,
        "north_from_us": when(north_from),
    }
