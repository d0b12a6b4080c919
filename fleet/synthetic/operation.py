"""What the turbine makes of the wind: healthy power, what holds it back, and what each cause costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.synthetic.episodes import record_masks, record_runs
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.streams import Idea, turbine_stream
from fleet.synthetic.weather import Site

__all__ = ["Limits", "healthy_power", "healthy_power_of", "icing_losses", "limits_of", "yaw_misalignment"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FREEZING_BELOW = 0.0  #: ice begins to grow below this temperature [degC]
_SHEDDING = 0.15  # the last part of an icing episode, in which the ice falls off


@dataclass(frozen=True)
class Limits:
    """What holds a running turbine back, one value per record."""

    curtailed: Mask  #: a set-point below rated power is in force
    derated: Mask
    commanded_zero: Mask
    setpoint_kw: Floats  #: as the signal shows it
    ceiling_kw: Floats  #: highest possible power, infinite where nothing limits


def healthy_power(site: Site, machine: SteadyMachine, spec: FleetSpec, turbine: int, wind: Floats) -> Floats:
    """Return the power of a running turbine [kW] in a wind [m/s] with the site's turbulence and density."""
    expected = machine.mean_power(wind, site.sigma, site.density)
    scatter = turbine_stream(spec.seed, turbine, Idea.POWER).standard_normal(wind.size)
    return healthy_power_of(expected, scatter, machine, spec)


def healthy_power_of(expected: Floats, normal: Floats, machine: SteadyMachine, spec: FleetSpec) -> Floats:
    """Return power [kW] around its expectation: a scatter of mean zero that vanishes at standstill and at rated power.

    Parameters
    ----------
    expected : array, shape (n,)
        Expected power of each record [kW].
    normal : array, shape (n,)
        Standard normal numbers.
    machine, spec
        Rated power; the scatter at half of it.
    """
    load = np.clip(expected / machine.rated_kw, 0.0, 1.0)
    return np.asarray(expected + spec.power_scatter * machine.rated_kw * 4.0 * load * (1.0 - load) * normal)


def yaw_misalignment(spec: FleetSpec, turbine: int) -> float:
    """Return how far a turbine stands askew to the wind [deg], of either sign; mostly 0."""
    rng = turbine_stream(spec.seed, turbine, Idea.YAW)
    askew, sign = rng.random() < spec.yaw_share, rng.choice([-1.0, 1.0])
    return float(sign * spec.yaw_deg) if askew else 0.0


def limits_of(spec: FleetSpec, machine: SteadyMachine, times: Ints, turbine: int) -> Limits:
    """Return curtailment, derating and commands of zero; where several meet, the lowest ceiling counts."""

    def mask(idea: Idea, per_year: float, mean_h: float) -> Mask:
        return record_masks(*record_runs(turbine_stream(spec.seed, turbine, idea), per_year, mean_h, times), times.size)

    curtailed = mask(Idea.CURTAILMENT, spec.curtailments_per_year, spec.curtailment_h)
    derated = mask(Idea.DERATING, spec.deratings_per_year, spec.derating_h)
    zero = mask(Idea.ZERO_COMMAND, spec.zero_commands_per_year, spec.zero_command_h)
    setpoint = np.where(curtailed, spec.curtailment_level * machine.rated_kw, machine.rated_kw)
    setpoint = np.where(zero, 0.0, setpoint)
    ceiling = np.where(curtailed, spec.curtailment_level * machine.rated_kw, np.inf)
    ceiling = np.where(derated, np.minimum(ceiling, spec.derating_level * machine.rated_kw), ceiling)
    return Limits(curtailed & ~zero, derated & ~zero, zero, setpoint, ceiling)


def icing_losses(spec: FleetSpec, site: Site, times: Ints, turbine: int) -> Floats:
    """Return the share of power that ice takes in each record.

    In an episode that begins in frost the loss grows evenly to `icing_loss` and falls off quickly at the end.
    """
    loss = np.zeros(times.size)
    rng = turbine_stream(spec.seed, turbine, Idea.ICING)
    for first, last in zip(*record_runs(rng, spec.icings_per_year, spec.icing_h, times), strict=True):
        if site.temperature[first] >= FREEZING_BELOW:
            continue
        progress = (np.arange(last - first) + 0.5) / (last - first)
        grown = np.minimum(progress / (1.0 - _SHEDDING), (1.0 - progress) / _SHEDDING)
        loss[first:last] = spec.icing_loss * grown
    return loss
