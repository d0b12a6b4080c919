"""The power curve that an analysis of a healthy synthetic turbine should find: E[P | measured wind] by bin.

It comes from records drawn one by one from the fleet's distributions, without a time series: independent of the fleet,
and so many that its own error, which stands beside every value, is small against that of a year of records.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.density import air_density, standard_pressure
from fleet.power_curve import bin_index, normalised_wind
from fleet.synthetic.operation import healthy_power_of
from fleet.synthetic.sensors import Bias, power_bias, wind_bias
from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.steady import SteadyMachine, steady_machine
from fleet.synthetic.streams import Idea, farm_stream
from fleet.synthetic.weather import (
    PRESSURE_WEATHER,
    TEMPERATURE_SPREAD,
    free_wind,
    mean_temperature,
    turbulence,
)

__all__ = ["expected_curve"]

Floats = npt.NDArray[np.float64]

_CHUNK = 500_000


def expected_curve(
    spec: FleetSpec, turbine: int | None = None, *, size: int = 4_000_000, normalised: bool = True
) -> pd.DataFrame:
    """Return expected power by bin of measured wind, of records in which the turbine runs or waits for wind.

    Parameters
    ----------
    spec : FleetSpec
        The fleet; of its troubles none takes part.
    turbine : int, optional
        With the sensors' biases of this turbine, counted from 0; without it sensors have noise only.
    size : int
        Number of independent records.
    normalised : bool
        Measured wind is normalised to the reference density of `spec.power_curve` by the record's own density.

    Returns
    -------
    DataFrame
        Index bin; n, wind_speed and power_kw (means), u_power_kw: the standard error of the mean. With 4 million
        records it is below 0.05 % of rated power in bins that hold more than 0.1 % of the time.
    """
    machine = steady_machine(spec.machine)
    rng = farm_stream(spec.seed, Idea.SAMPLE)
    biases = (
        (Bias(0.0, 0.0), Bias(0.0, 0.0))
        if turbine is None
        else (wind_bias(spec, turbine), power_bias(spec, machine, turbine))
    )
    parts = [_sums(spec, machine, rng, min(_CHUNK, size - done), biases, normalised) for done in range(0, size, _CHUNK)]
    sums = pd.concat(parts).groupby(level="bin", sort=True).sum()
    n = sums["n"]
    wind, power = sums["wind"] / n, sums["power"] / n
    spread = np.sqrt(np.maximum(sums["square"] / n - power**2, 0.0))
    return pd.DataFrame(
        {"n": n.astype(np.int64), "wind_speed": wind, "power_kw": power, "u_power_kw": spread / np.sqrt(n)}
    )


def _sums(
    spec: FleetSpec,
    machine: SteadyMachine,
    rng: np.random.Generator,
    size: int,
    biases: tuple[Bias, Bias],
    normalised: bool,
) -> pd.DataFrame:
    start = np.datetime64(spec.start, "us").astype(np.int64)
    times = start + rng.integers(0, spec.records, size) * (PERIOD_S * 1_000_000)
    wind = free_wind(rng.standard_normal(size), times, spec)
    sigma = turbulence(wind, rng.standard_normal(size), spec)
    temperature = mean_temperature(times, spec) + TEMPERATURE_SPREAD * rng.standard_normal(size)
    pressure = standard_pressure(spec.elevation + machine.hub_height) + PRESSURE_WEATHER * rng.standard_normal(size)
    density = air_density(temperature, pressure)
    made = healthy_power_of(machine.mean_power(wind, sigma, density), rng.standard_normal(size), machine, spec)
    made = np.where(wind < machine.cut_in, -spec.consumption * machine.rated_kw, made)
    read_wind = np.maximum(biases[0].of(wind) + spec.wind_noise * rng.standard_normal(size), 0.0)
    read_power = biases[1].of(made) + spec.power_noise * machine.rated_kw * rng.standard_normal(size)
    runs = wind < machine.cut_out
    if normalised:
        read_wind = normalised_wind(read_wind, density, spec.power_curve.reference_density)
    index = bin_index(read_wind, spec.power_curve.bin_width)[runs]
    frame = pd.DataFrame({"bin": index, "n": 1, "wind": read_wind[runs], "power": read_power[runs]})
    return frame.assign(square=frame["power"] ** 2).groupby("bin", sort=True).sum()
