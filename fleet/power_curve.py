"""Measured power curve by the method of bins, after IEC 61400-12-1, on nacelle wind.

Without a nacelle transfer function (IEC 61400-12-2) this is no certified test: the anemometer behind the rotor carries
an uncertainty of its own (`nacelle_transfer`), which is part of category B.

Partitions are reduced to integer sums of quantised values (`curve_sums`), which merge by addition in any order
(`merge_sums`); everything that is not linear happens once, on the merged sums (`bin_table`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Turbine
from fleet.partial_sums import PartialSums, dense_sums
from fleet.schema import FLEET
from fleet.sum_kernels import WORD, add_curve
from fleet.sums import POWER, WIND

if TYPE_CHECKING:
    from fleet.config import PowerCurveSettings

__all__ = [
    "BIN_COLUMNS",
    "SUM_COLUMNS",
    "bin_index",
    "bin_table",
    "completeness_table",
    "curve_sums",
    "fleet_turbine",
    "least_records",
    "merge_sums",
    "normalised_wind",
    "power_uncertainty",
    "sums_mean",
    "wind_uncertainty",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


SUM_COLUMNS = ("n", "wind_sum", "power_sum", "power_sq_high", "power_sq_low")
BIN_COLUMNS = (
    "turbine", "bin", "wind_speed", "power_kw", "power_std_kw", "n", "hours", "complete", "interpolated", "cp",
    "u_a_kw", "u_b_kw", "u_c_kw",
)  # fmt: skip

_STANDARD_TEMPERATURE_K = 288.15
_STANDARD_PRESSURE_PA = 101_325.0


def normalised_wind(wind_speed: npt.ArrayLike, density: npt.ArrayLike, reference_density: float = 1.225) -> Floats:
    """Return the wind speed normalised to a reference density, for pitch-controlled turbines.

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Wind speed [m/s].
    density : array, shape (n,), or scalar
        Air density of each record [kg/m3].
    reference_density : float
        Density that the curve is given for [kg/m3].

    Returns
    -------
    array of float64, shape (n,)
        V (rho / rho0)^(1/3) [m/s] (IEC 61400-12-1).
    """
    ratio = np.asarray(density, np.float64) / reference_density
    return np.asarray(np.asarray(wind_speed, np.float64) * np.cbrt(ratio), np.float64)


def bin_index(wind_speed: npt.ArrayLike, bin_width: float) -> npt.NDArray[np.int64]:
    """Return each record's bin k, which spans [(k - 0.5) w, (k + 0.5) w) around its centre k w."""
    return np.floor(np.asarray(wind_speed, np.float64) / bin_width + 0.5).astype(np.int64)


def curve_sums(
    wind_speed: Floats, power_kw: Floats, used: Bools, *, bin_width: float = 0.5, turbine: str = ""
) -> PartialSums:
    """Sum wind, power and squared power per wind speed bin, as integers.

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Wind speed, normalised where a density correction is wanted [m/s].
    power_kw : array, shape (n,)
        Active power [kW].
    used : array of bool, shape (n,)
        Records that count; their wind speed and power must be finite.
    bin_width : float
        Width of a bin [m/s].
    turbine : str
        Name of the turbine.

    Returns
    -------
    PartialSums
        turbine, bin -> `n`, `wind_sum` [0.001 m/s], `power_sum` [0.01 kW] and the sum of squared power [(0.01 kW)^2] as
        `power_sq_high` * 2^32 + `power_sq_low`.

    Raises
    ------
    ValueError
        If a used record has no finite wind speed or power: it would have to be dropped silently.
    """
    bad = used & ~(np.isfinite(wind_speed) & np.isfinite(power_kw))
    if bad.any():
        raise ValueError(f"used records without a finite wind speed or power: {int(bad.sum())}, expected none")
    if used.any():
        first, last = (int(bin_index(limit(wind_speed[used]), bin_width)) for limit in (np.min, np.max))
    else:
        first, last = 0, -1
    sums = np.zeros((len(SUM_COLUMNS), last - first + 1), np.int64)
    add_curve(wind_speed, power_kw, used, bin_width, first, WIND, POWER, sums)
    columns = dict(zip(SUM_COLUMNS, sums, strict=True))
    return dense_sums({"turbine": turbine}, {"bin": first}, columns, where=sums[0] > 0)


def merge_sums(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add the sums of partitions, or of turbines for the fleet's curve; the result does not depend on their order."""
    frames = list(parts)
    if not frames:
        return pd.DataFrame(
            dict.fromkeys(SUM_COLUMNS, np.zeros(0, np.int64)), index=pd.Index([], dtype="int64", name="bin")
        )
    return pd.concat(frames).groupby(level="bin", sort=True).sum()


def sums_mean(sums: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return each bin's mean wind speed [m/s], mean power [kW] and standard deviation of power [kW].

    The standard deviation divides by n - 1 and is NaN for a single record. The squares are combined exactly in Python's
    integers, so that nothing cancels.
    """
    n = sums["n"].to_numpy(np.int64)
    count = np.where(n > 0, n, 1).astype(np.float64)
    wind = np.where(n > 0, sums["wind_sum"].to_numpy(np.int64) / count * WIND, np.nan)
    power = np.where(n > 0, sums["power_sum"].to_numpy(np.int64) / count * POWER, np.nan)
    std = np.full(n.size, np.nan)
    columns = ("n", "power_sum", "power_sq_high", "power_sq_low")
    rows = zip(*(sums[name].tolist() for name in columns), strict=True)
    for i, (records, total, high, low) in enumerate(rows):
        if records > 1:
            spread = records * ((high << WORD) + low) - total * total
            std[i] = np.sqrt(spread / (records * (records - 1))) * POWER
    return wind, power, std


def wind_uncertainty(wind_speed: npt.ArrayLike, settings: PowerCurveSettings) -> Floats:
    """Return the category B standard uncertainty of a nacelle anemometer's wind speed.

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Wind speed [m/s].
    settings : PowerCurveSettings
        Calibration, class, mounting, nacelle transfer and data acquisition.

    Returns
    -------
    array of float64, shape (n,)
        Standard uncertainty [m/s] (IEC 61400-12-1, annex on category B; indicative).
    """
    v = np.abs(np.asarray(wind_speed, np.float64))
    terms = (
        np.full_like(v, settings.anemometer_calibration),
        (0.05 + 0.005 * v) * settings.anemometer_class / np.sqrt(3.0),
        settings.anemometer_mounting * v,
        settings.nacelle_transfer * v,
        np.full_like(v, settings.wind_acquisition),
    )
    return np.asarray(np.sqrt(sum(term**2 for term in terms)), np.float64)


def power_uncertainty(power_kw: Floats, rated_power_kw: float) -> Floats:
    """Return the category B uncertainty of power [kW]: current and voltage transformers, transducer, acquisition."""
    current = 0.0075 * power_kw / np.sqrt(3.0)
    voltage = 0.005 * power_kw / np.sqrt(3.0)
    transducer = 0.005 * 1.5 * rated_power_kw / np.sqrt(3.0)
    acquisition = 0.001 * 1.5 * rated_power_kw  # 0.1 % of the range -25 to 125 % of rated power
    return np.asarray(np.sqrt(current**2 + voltage**2 + transducer**2 + acquisition**2), np.float64)


def _slopes(wind: Floats, power: Floats) -> Floats:
    """Return |dP/dV| between each bin and the one before it; the first bin takes the slope that follows it."""
    if wind.size < 2:
        return np.zeros(wind.size)
    slope = np.abs(np.diff(power) / np.diff(wind))
    return np.concatenate([slope[:1], slope])


def least_records(settings: PowerCurveSettings, period_s: float) -> int:
    """Return the records that make a bin complete: 30 min of them by default, and at least two, for a scatter."""
    return max(2, math.ceil(settings.min_bin_minutes * 60.0 / period_s - 1e-9))


def bin_table(
    sums: pd.DataFrame, turbine: Turbine, settings: PowerCurveSettings, period_s: float = 600.0
) -> pd.DataFrame:
    """Return the measured power curve of one turbine (or of the fleet) with its uncertainty.

    A bin with less than `min_bin_minutes` of records is incomplete. One incomplete bin between two complete ones is
    interpolated linearly at its centre. Bins that are neither complete nor interpolated keep their own means but carry
    no uncertainty and take no part in energy production.

    Parameters
    ----------
    sums : DataFrame
        Merged result of `curve_sums`. For the fleet: merged over turbines.
    turbine : Turbine
        Its name, rated power and rotor diameter; for the fleet see `fleet_turbine`.
    settings : PowerCurveSettings
        Bin width, records per bin, reference density and category B terms.
    period_s : float
        Averaging period of the records [s].

    Returns
    -------
    DataFrame
        Columns of `fleet.results.PowerCurves.bins`: `bin` is the bin's number k (centre k * bin_width), `wind_speed`
        [m/s] and `power_kw` the means, `power_std_kw` the records' standard deviation, `cp` the power coefficient at
        the reference density (NaN without a rotor diameter or production), `u_a_kw`, `u_b_kw` and `u_c_kw` the standard
        uncertainties A, B and combined, NaN where unknown (category A of a single record). Category B is taken as fully
        correlated between turbines (same sensors, same method): the fleet's is not reduced by their number.

    Notes
    -----
    Method: IEC 61400-12-1; sensitivity to the wind |dP/dV| between adjacent bins, to temperature and pressure by way of
    V_n = V (rho/rho0)^(1/3): (V/3) |dP/dV| / T and / B at standard conditions.
    """
    if len(sums):
        lowest, highest = int(sums.index.min()), int(sums.index.max())
        every = pd.RangeIndex(lowest, highest + 1, name="bin")
        sums = sums.reindex(every, fill_value=0)
    bins = sums.index.to_numpy(np.int64)
    n = sums["n"].to_numpy(np.int64)
    wind, power, std = sums_mean(sums)
    complete = n >= least_records(settings, period_s)
    interpolated = _lonely(complete)
    u_a = np.where(complete, std / np.sqrt(np.maximum(n, 1)), np.nan)
    for i in np.flatnonzero(interpolated):
        wind[i] = bins[i] * settings.bin_width
        share = (wind[i] - wind[i - 1]) / (wind[i + 1] - wind[i - 1])
        power[i] = power[i - 1] + share * (power[i + 1] - power[i - 1])
        u_a[i] = np.hypot((1.0 - share) * u_a[i - 1], share * u_a[i + 1])
        std[i] = np.nan
    usable = complete | interpolated
    u_b = np.full(n.size, np.nan)
    u_b[usable] = _category_b(wind[usable], power[usable], turbine.rated_power_kw, settings)
    return pd.DataFrame(
        {
            "turbine": pd.Series([turbine.name] * n.size, dtype="str"),
            "bin": bins,
            "wind_speed": wind,
            "power_kw": power,
            "power_std_kw": std,
            "n": n,
            "hours": n * (period_s / 3600.0),
            "complete": complete,
            "interpolated": interpolated,
            "cp": _power_coefficient(wind, power, turbine, settings.reference_density),
            "u_a_kw": u_a,
            "u_b_kw": u_b,
            "u_c_kw": np.hypot(u_a, u_b),
        },
        columns=list(BIN_COLUMNS),
    )


def _lonely(complete: Bools) -> Bools:
    """Return incomplete bins whose two neighbours are complete."""
    lonely = np.zeros(complete.size, np.bool_)
    if complete.size > 2:
        lonely[1:-1] = ~complete[1:-1] & complete[:-2] & complete[2:]
    return lonely


def _category_b(wind: Floats, power: Floats, rated_power_kw: float, settings: PowerCurveSettings) -> Floats:
    slope = _slopes(wind, power)
    terms = [power_uncertainty(power, rated_power_kw), slope * wind_uncertainty(wind, settings)]
    if settings.density != "none":
        by_density = slope * wind / 3.0
        terms.append(by_density * settings.temperature_uncertainty / _STANDARD_TEMPERATURE_K)
        terms.append(by_density * settings.pressure_uncertainty / _STANDARD_PRESSURE_PA)
    return np.asarray(np.sqrt(sum(term**2 for term in terms)), np.float64)


def _power_coefficient(wind: Floats, power: Floats, turbine: Turbine, density: float) -> Floats:
    if turbine.rotor_diameter is None:
        return np.full(wind.size, np.nan)
    area = np.pi / 4.0 * turbine.rotor_diameter**2
    cube = np.where((wind > 0.0) & (power > 0.0), wind, np.nan) ** 3  # a turbine that consumes has no coefficient
    return np.asarray(1000.0 * power / (0.5 * density * area * cube), np.float64)


def fleet_turbine(turbines: Sequence[Turbine]) -> Turbine:
    """Return what stands for all turbines in the fleet's curve.

    Its rated power and swept area are the turbines' means; the rotor diameter is unknown where one turbine's is. A
    fleet curve only means something for turbines of one type.
    """
    diameters = [t.rotor_diameter for t in turbines if t.rotor_diameter is not None]
    known = len(diameters) == len(turbines)
    return Turbine(
        name=FLEET,
        rated_power_kw=float(np.mean(sorted(t.rated_power_kw for t in turbines))),
        rotor_diameter=float(np.sqrt(np.mean(np.sort(diameters) ** 2))) if known else None,
    )


def completeness_table(
    bins: pd.DataFrame, turbine: Turbine, settings: PowerCurveSettings, *, density: float, density_source: str
) -> pd.DataFrame:
    """Say whether one turbine's data set is complete after IEC 61400-12-1.

    Complete is a data set with the required hours of valid records in which every bin between cut-in - 1 m/s and 1.5
    times the wind speed at 85 % of rated power is complete, or interpolated between two complete ones.

    Parameters
    ----------
    bins : DataFrame
        Result of `bin_table`.
    turbine : Turbine
        The same turbine.
    settings : PowerCurveSettings
        Hours required, cut-in wind speed and bin width.
    density : float
        Mean air density of the used records [kg/m3].
    density_source : str
        Where it comes from.

    Returns
    -------
    DataFrame, one row
        Columns of `fleet.results.PowerCurves.completeness`; `range_high` is NaN (and the data set incomplete) where
        85 % of rated power is not reached in the measured range; the bins up to cut-out are then counted.
    """
    number, wind, power = (bins[name].to_numpy() for name in ("bin", "wind_speed", "power_kw"))
    complete = bins["complete"].to_numpy(np.bool_)
    usable = complete | bins["interpolated"].to_numpy(np.bool_)
    low = settings.cut_in - 1.0
    high = 1.5 * _wind_at(wind[usable], power[usable], 0.85 * turbine.rated_power_kw)
    hours = round(float(bins["hours"].sum()), 9)  # sixths of an hour do not add up exactly
    top = high if np.isfinite(high) else settings.cut_out
    first = int(np.ceil(low / settings.bin_width - 1e-9))
    last = int(np.floor(top / settings.bin_width + 1e-9))
    wanted, inside = max(0, last + 1 - first), (number >= first) & (number <= last)
    covered = np.count_nonzero(usable & inside) == wanted
    return pd.DataFrame(
        {
            "turbine": pd.Series([turbine.name], dtype="str"),
            "hours": [hours],
            "required_hours": [settings.min_hours],
            "bins_complete": [np.count_nonzero(complete & inside)],
            "bins_in_range": [wanted],
            "range_low": [low],
            "range_high": [high],
            "complete": [bool(np.isfinite(high)) and hours >= settings.min_hours and covered],
            "density": [density],
            "density_source": pd.Series([density_source], dtype="str"),
        }
    )


def _wind_at(wind: Floats, power: Floats, power_kw: float) -> float:
    """Return the lowest wind speed at which the curve reaches a power [m/s], NaN where it never does."""
    above = np.flatnonzero(power >= power_kw)
    if above.size == 0 or above[0] == 0:
        return float("nan")
    i = int(above[0])
    return float(wind[i - 1] + (power_kw - power[i - 1]) / (power[i] - power[i - 1]) * (wind[i] - wind[i - 1]))
