"""Air density of each record, from the best source that it has.

In "auto" each record takes the first of these that is known for it:

1. temperature and pressure measured at the turbine;
2. measured temperature with the reanalysis' pressure, because the temperature at the nacelle is local while pressure
   hardly varies over a grid cell;
3. the reanalysis' own temperature and pressure, or its density where it gives only that;
4. measured temperature with the standard atmosphere's pressure at hub height;
5. nothing: the reference density, which leaves the wind speed as measured.

Surface pressure of a reanalysis belongs to the ground of its grid cell, which in hills lies far from the turbine's; the
tables do not carry its height, so that is estimated from the mean pressure (`reanalysis_ground`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.partial_sums import PartialSums, dense_sums

if TYPE_CHECKING:
    from fleet.config import Turbine
    from fleet.recorded import Recorded

__all__ = [
    "DEFAULT_HUMIDITY",
    "DENSITY_QUANTUM",
    "SOURCES",
    "Choice",
    "SiteDensity",
    "air_density",
    "density_by_record",
    "density_summary",
    "density_sums",
    "pressure_above",
    "reanalysis_ground",
    "standard_pressure",
]

Floats = npt.NDArray[np.float64]
Choice = Literal["auto", "measured", "reanalysis", "standard", "none"]

#: Relative humidity where none is measured [1]; 0.5 more or less is worth 0.3 % of density at 15 degC.
DEFAULT_HUMIDITY = 0.5
DENSITY_QUANTUM = 1e-5  #: densities are summed as integers of this [kg/m3]

#: What a record's density comes from; a record's code is the position in this tuple.
SOURCES: tuple[str, ...] = (
    "measured temperature and pressure",
    "measured temperature, reanalysis pressure",
    "reanalysis",
    "measured temperature, standard pressure at hub height",
    "reference density (no correction)",
)
_MEASURED, _MIXED, _REANALYSIS, _STANDARD, _REFERENCE = range(len(SOURCES))
_ORDER: dict[str, tuple[int, ...]] = {
    "auto": (_MEASURED, _MIXED, _REANALYSIS, _STANDARD),
    "measured": (_MEASURED,),
    "reanalysis": (_REANALYSIS,),
    "standard": (_STANDARD,),
    "none": (),
}

_R_DRY, _R_VAPOUR = 287.05, 461.5  # gas constants [J/(kg K)] as IEC 61400-12-1 rounds them
_GRAVITY = 9.80665  # [m/s2]
_ZERO_CELSIUS = 273.15
_LEAST_DAYS = 300.0  # of reanalysis from which its ground is estimated: less does not average the seasons
_GROUND_TOLERANCE = 50.0  # [m]: long-term pressure departs from the standard atmosphere by some 5 hPa, which is 40 m
_LONGEST_BRIDGE_US = 6 * 3600 * 1_000_000  # reanalysis values further apart are a hole, not a line


def air_density(
    temperature_degc: npt.ArrayLike, pressure_pa: npt.ArrayLike, relative_humidity: npt.ArrayLike = DEFAULT_HUMIDITY
) -> Floats:
    """Return the density of humid air.

    Parameters
    ----------
    temperature_degc, pressure_pa : array, shape (n,), or scalar
        Air temperature [degC] and pressure [Pa].
    relative_humidity : array, shape (n,), or scalar
        Relative humidity, 0 to 1 [1].

    Returns
    -------
    array of float64
        Density [kg/m3] (IEC 61400-12-1); NaN where an input is.
    """
    kelvin = np.asarray(temperature_degc, np.float64) + _ZERO_CELSIUS
    pressure, humidity = np.asarray(pressure_pa, np.float64), np.asarray(relative_humidity, np.float64)
    vapour = 2.05e-5 * np.exp(0.0631846 * kelvin)
    dry = pressure / _R_DRY - humidity * vapour * (1.0 / _R_DRY - 1.0 / _R_VAPOUR)
    return np.asarray(dry / kelvin, np.float64)


def standard_pressure(altitude: float) -> float:
    """Return the standard atmosphere's pressure [Pa] at an altitude above sea level [m] (ISO 2533, troposphere)."""
    return float(101_325.0 * (1.0 - 0.0065 * altitude / 288.15) ** (_GRAVITY / (_R_DRY * 0.0065)))


def pressure_above(pressure_pa: npt.ArrayLike, temperature_degc: npt.ArrayLike, height: float) -> Floats:
    """Return the pressure a little higher up, by the hypsometric equation.

    Parameters
    ----------
    pressure_pa, temperature_degc : array, shape (n,)
        Pressure [Pa] and temperature [degC] below; the temperature is taken as constant over the height.
    height : float
        Height difference, upwards [m].

    Returns
    -------
    array of float64, shape (n,)
        Pressure [Pa].
    """
    kelvin = np.asarray(temperature_degc, np.float64) + _ZERO_CELSIUS
    return np.asarray(np.asarray(pressure_pa, np.float64) * np.exp(-_GRAVITY * height / (_R_DRY * kelvin)), np.float64)


def reanalysis_ground(reanalysis: pd.DataFrame, turbine: Turbine) -> float | None:
    """Return the elevation that the reanalysis' surface pressure belongs to [m above sea level], None if unknown.

    That is the elevation at which the standard atmosphere has the mean pressure, where it differs from the turbine's by
    more than weather explains (50 m); otherwise the turbine's own. It needs 300 days of reanalysis: pass the whole
    table for every partition. (La Haute Borne: ERA5's mean pressure is that of 305 m, the turbines stand at 411 m, and
    1.3 % of density lies between the two.)

    Parameters
    ----------
    reanalysis : DataFrame
        `fleet.schema.REANALYSIS`.
    turbine : Turbine
        Its elevation.
    """
    if turbine.elevation is None:
        return None
    known = reanalysis.loc[reanalysis["time"].notna() & reanalysis["air_pressure_pa"].notna()].sort_values(
        "time", kind="stable"
    )
    if len(known) < 2 or (known["time"].iloc[-1] - known["time"].iloc[0]).total_seconds() < _LEAST_DAYS * 86_400.0:
        return turbine.elevation
    mean = float(known["air_pressure_pa"].mean())
    ground = 288.15 / 0.0065 * (1.0 - (mean / 101_325.0) ** (_R_DRY * 0.0065 / _GRAVITY))
    return ground if abs(ground - turbine.elevation) > _GROUND_TOLERANCE else turbine.elevation


@dataclass(frozen=True)
class SiteDensity:
    """Air density of each record and where it comes from."""

    density: Floats  #: [kg/m3], never NaN
    source: npt.NDArray[np.int8]  #: position in `SOURCES`


def density_by_record(
    records: Recorded,
    turbine: Turbine,
    reanalysis: pd.DataFrame | None,
    choice: Choice,
    *,
    period_s: float = 600.0,
    reference_density: float = 1.225,
) -> SiteDensity:
    """Return each record's density from the first source of the choice that is known for it.

    Parameters
    ----------
    records : Recorded, n records
        One turbine's records; values out of range are already missing.
    turbine : Turbine
        Its elevation and hub height.
    reanalysis : DataFrame or None
        `fleet.schema.REANALYSIS`, the whole of it for every partition; interpolated linearly at the centre of each
        interval, not over more than 6 h.
    choice : str
        `[power_curve] density`. A record without the chosen source takes the reference density.
    period_s : float
        Averaging period [s].
    reference_density : float
        Density of records that no source serves [kg/m3].
    """
    candidates = _candidates(records, turbine, reanalysis, choice, period_s)
    density = np.full(len(records), np.nan)
    source = np.full(len(records), _REFERENCE, np.int8)
    for code in _ORDER[choice]:
        found = candidates.get(code)
        if found is None:
            continue
        take = np.isnan(density) & np.isfinite(found)
        density[take] = found[take]
        source[take] = code
    density[np.isnan(density)] = reference_density
    return SiteDensity(density, source)


def density_sums(found: SiteDensity, used: npt.NDArray[np.bool_], turbine: str) -> PartialSums:
    """Count and sum the used records' densities by source, as integers: turbine, source -> `n`, `density_sum`."""
    source = found.source[used]
    total = np.zeros(len(SOURCES), np.int64)
    np.add.at(total, source, np.rint(found.density[used] / DENSITY_QUANTUM).astype(np.int64))
    n = np.bincount(source, minlength=len(SOURCES)).astype(np.int64)
    every = np.ones(len(SOURCES), bool)
    return dense_sums({"turbine": turbine}, {"source": 0}, {"n": n, "density_sum": total}, where=every)


def density_summary(sums: pd.DataFrame) -> tuple[float, str]:
    """Return the mean density [kg/m3], NaN without records, and its sources in words with their shares."""
    n = int(sums["n"].sum())
    if n == 0:
        return float("nan"), "no records"
    mean = int(sums["density_sum"].sum()) / n * DENSITY_QUANTUM
    counts = [int(count) for count in sums["n"]]
    present = sorted((code for code in range(len(SOURCES)) if counts[code]), key=lambda code: (-counts[code], code))
    if len(present) == 1:
        return mean, SOURCES[present[0]]
    return mean, "; ".join(f"{SOURCES[code]} ({100.0 * counts[code] / n:.2f} %)" for code in present)


def _candidates(
    records: Recorded, turbine: Turbine, reanalysis: pd.DataFrame | None, choice: Choice, period_s: float
) -> dict[int, Floats]:
    """Return density by source code, NaN where a record lacks it; sources that cannot exist are absent."""
    measured = records.signals.get("ambient_temperature_degc")
    temperature, pressure = records.signal("ambient_temperature_degc"), records.signals.get("air_pressure_pa")
    humidity: Floats | float = DEFAULT_HUMIDITY
    if "relative_humidity" in records.signals:
        given = records.signals["relative_humidity"]
        humidity = np.where(np.isfinite(given), given, DEFAULT_HUMIDITY)
    result = {}
    if measured is not None and pressure is not None:
        result[_MEASURED] = air_density(measured, pressure, humidity)
    hub = turbine.hub_height or 0.0
    if turbine.elevation is not None and measured is not None:
        result[_STANDARD] = air_density(measured, standard_pressure(turbine.elevation + hub), humidity)
    if reanalysis is None or choice not in ("auto", "reanalysis"):
        return result
    centre = records.time + int(period_s * 500_000)
    model_t = _at(reanalysis, "temperature_degc", centre)
    surface = _at(reanalysis, "air_pressure_pa", centre)
    ground = reanalysis_ground(reanalysis, turbine)
    rise = hub if ground is None or turbine.elevation is None else turbine.elevation + hub - ground
    # The layer between the model's ground and the hub takes the model's temperature; without it, the measured one.
    at_hub = pressure_above(surface, np.where(np.isfinite(model_t), model_t, temperature), rise)
    result[_MIXED] = air_density(temperature, at_hub, humidity)
    own = air_density(model_t, at_hub, humidity)
    stated = _at(reanalysis, "air_density", centre)
    result[_REANALYSIS] = np.where(np.isfinite(own), own, stated)
    return result


def _at(reanalysis: pd.DataFrame, name: str, times: npt.NDArray[np.int64]) -> Floats:
    """Interpolate a reanalysis column at instants [us since 1970 UTC]; NaN outside it and in its holes."""
    values = reanalysis[name].to_numpy(np.float64) if name in reanalysis else np.full(len(reanalysis), np.nan)
    known = np.isfinite(values) & reanalysis["time"].notna().to_numpy(np.bool_)
    stamps = reanalysis["time"].to_numpy("datetime64[us]").astype(np.int64)[known]
    order = np.argsort(stamps, kind="stable")
    stamps, values = stamps[order], values[known][order]
    if stamps.size < 2:
        return np.full(times.size, np.nan)
    after = np.clip(np.searchsorted(stamps, times, side="right"), 1, stamps.size - 1)
    width = stamps[after] - stamps[after - 1]
    inside = (times >= stamps[0]) & (times <= stamps[-1]) & (width > 0) & (width <= _LONGEST_BRIDGE_US)
    share = (times - stamps[after - 1]) / np.where(width > 0, width, 1)
    return np.where(inside, values[after - 1] + share * (values[after] - values[after - 1]), np.nan)
