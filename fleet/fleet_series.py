"""The farm's wind, temperature and direction per interval, against which each turbine is compared month by month.

The first pass adds every running turbine to dense arrays of integers over the period's grid; in the second each turbine
is compared with the others, its own part taken out of the sums. So a comparison costs the same for four turbines as for
four hundred. Only running turbines count, on both sides: at rest the rotor disturbs the nacelle's anemometer otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.flags import Flag
from turbine.compiled import kernel

__all__ = ["SECTORS", "FleetSeries", "add_to_series", "direction_months", "temperature_months", "wind_months"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.int8]

SECTORS = 12  #: of the farm's wind direction; sector 12 stands for an unknown one
WIND_QUANTUM = 0.001  #: [m/s]
TEMPERATURE_QUANTUM = 0.01  #: [K]
UNIT_QUANTUM = 1e-4  #: of unit vectors
_TURN = 3600  # directions are looked up by tenths of a degree
_ANGLES = np.deg2rad(np.arange(_TURN) * (360.0 / _TURN))
_EAST = np.rint(np.sin(_ANGLES) / UNIT_QUANTUM).astype(np.int64)
_NORTH = np.rint(np.cos(_ANGLES) / UNIT_QUANTUM).astype(np.int64)
_FAR = 2**31  # quanta that no mean reaches
_AGREED = 0.2  # resultant of the others' unit vectors below which they have no common direction


@dataclass(frozen=True)
class FleetSeries:
    """Sums over the running turbines per interval of the period; two of one period merge by adding the arrays."""

    start: int  #: begin of the first interval [us since 1970 UTC]
    period: int  #: [us]
    wind: Ints  #: shape (intervals, 2): turbines, sum of wind speeds [0.001 m/s]
    temperature: Ints  #: shape (intervals, 2): turbines, sum of temperatures [0.01 K]
    #: shape (channels, intervals, 3): turbines, sums of the east and north parts of unit vectors [1e-4]; one channel
    #: per signal of direction (wind direction, nacelle direction)
    direction: Ints

    @staticmethod
    def empty(start: int, end: int, period: int, channels: int = 1) -> FleetSeries:
        """Return a series of zeros over [start, end)."""
        size = max(0, -(-(end - start) // period))
        levels = np.zeros((2, size, 2), np.int64)
        return FleetSeries(start, period, levels[0], levels[1], np.zeros((channels, size, 3), np.int64))

    def sectors(self, channel: int = 0) -> Codes:
        """Return the sector of the farm's mean direction per interval, `SECTORS` where there is none."""
        turbines, east, north = self.direction[channel].T
        length = np.hypot(east, north) * UNIT_QUANTUM
        angle = np.degrees(np.arctan2(east, north))
        width = 360.0 / SECTORS
        codes = np.floor(angle / width + 0.5).astype(np.int64) % SECTORS
        return np.where((turbines > 0) & (length > _AGREED * turbines), codes, SECTORS).astype(np.int8)


def add_to_series(
    series: FleetSeries,
    times: Ints,
    wind: Floats,
    temperature: Floats,
    power: Floats,
    directions: tuple[Floats, ...],
    flags: Bits,
    bad: Flag,
) -> None:
    """Add one turbine's running records to a series, in place.

    Parameters
    ----------
    series : FleetSeries
        Of the whole period, or of a partition's.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC]; records outside the series are left out.
    wind, temperature, power : array, shape (n,)
        Wind speed [m/s], outdoor temperature [degC] and power [kW].
    directions : tuple of array, shape (n,)
        One per channel [deg].
    flags : array of uint32, shape (n,)
        Flags so far ...
    bad : Flag
        ... any of which keeps a record out. The second pass must be given the same flags and the same `bad`.
    """
    for sums, values, quantum in (
        (series.wind, wind, WIND_QUANTUM),
        (series.temperature, temperature, TEMPERATURE_QUANTUM),
    ):
        _add_level(sums, series.start, series.period, times, values, quantum, power, flags, np.uint32(bad))
    for channel, direction in enumerate(directions):
        _add_direction(
            series.direction[channel], series.start, series.period, times, direction, power, flags, np.uint32(bad)
        )


def wind_months(
    series: FleetSeries,
    sectors: Codes,
    times: Ints,
    months: Ints,
    wind: Floats,
    power: Floats,
    flags: Bits,
    bad: Flag,
    *,
    first_month: int,
    number: int,
    band: tuple[float, float] = (5.0, 15.0),
) -> Ints:
    """Compare one turbine's wind with the mean of the others at the same instants, per month and sector.

    Parameters
    ----------
    series : FleetSeries
        Merged.
    sectors : array of int8
        `series.sectors()`.
    times, months : array of int64, shape (n,)
        Begin [us since 1970 UTC] and month key of each record.
    wind, power, flags, bad
        As in `add_to_series`.
    first_month, number : int
        First month key and how many months the table holds.
    band : (float, float)
        Range of the others' mean wind speed [m/s].

    Returns
    -------
    array of int64, shape (number, SECTORS + 1, 3)
        Records, sum of own wind and sum of the others' mean wind [0.001 m/s].
    """
    sums = np.zeros((number, SECTORS + 1, 3), np.int64)
    low, high = (round(edge / WIND_QUANTUM) for edge in band)
    _compare_level(
        sums,
        series.wind,
        sectors,
        series.start,
        series.period,
        times,
        months,
        first_month,
        wind,
        WIND_QUANTUM,
        power,
        flags,
        np.uint32(bad),
        low,
        high,
    )
    return sums


def temperature_months(
    series: FleetSeries,
    times: Ints,
    months: Ints,
    temperature: Floats,
    power: Floats,
    flags: Bits,
    bad: Flag,
    *,
    first_month: int,
    number: int,
) -> Ints:
    """Compare one turbine's temperature with the mean of the others at the same instants, per month.

    Parameters
    ----------
    series, times, months, temperature, power, flags, bad, first_month, number
        As in `wind_months`.

    Returns
    -------
    array of int64, shape (number, 3)
        Records, sum of own and sum of the others' mean temperature [0.01 K].
    """
    sums = np.zeros((number, 1, 3), np.int64)
    _compare_level(
        sums,
        series.temperature,
        np.zeros(series.temperature.shape[0], np.int8),
        series.start,
        series.period,
        times,
        months,
        first_month,
        temperature,
        TEMPERATURE_QUANTUM,
        power,
        flags,
        np.uint32(bad),
        -_FAR,
        _FAR,
    )
    return sums[:, 0]


def direction_months(
    series: FleetSeries,
    channel: int,
    times: Ints,
    months: Ints,
    direction: Floats,
    power: Floats,
    flags: Bits,
    bad: Flag,
    *,
    first_month: int,
    number: int,
) -> Ints:
    """Compare one turbine's direction with the circular mean of the others at the same instants, per month.

    Parameters
    ----------
    channel : int
        Of the signal in `series.direction`.
    series, times, months, direction, power, flags, bad, first_month, number
        As in `wind_months`.

    Returns
    -------
    array of int64, shape (number, 3)
        Records, sums of the cosine and of the sine of own less others' direction [1e-4].
    """
    sums = np.zeros((number, 3), np.int64)
    _compare_direction(
        sums,
        series.direction[channel],
        series.start,
        series.period,
        times,
        months,
        first_month,
        direction,
        power,
        flags,
        np.uint32(bad),
    )
    return sums


@kernel
def _place(time: int, start: int, period: int, size: int) -> int:
    """Return the interval of a time, -1 outside of the series."""
    place = (time - start) // period
    return place if 0 <= place < size else -1


@kernel
def _tenths(direction: float) -> int:
    """Return a direction in tenths of a degree within one turn."""
    return int(np.floor(direction * (_TURN / 360.0) + 0.5)) % _TURN


@kernel
def _add_level(
    sums: Ints,
    start: int,
    period: int,
    times: Ints,
    values: Floats,
    quantum: float,
    power: Floats,
    flags: Bits,
    bad: np.uint32,
) -> None:
    for i in range(times.size):
        if flags[i] & bad or not (power[i] > 0.0 and np.isfinite(values[i])):
            continue
        place = _place(times[i], start, period, sums.shape[0])
        if place >= 0:
            sums[place, 0] += 1
            sums[place, 1] += int(np.rint(values[i] / quantum))


@kernel
def _add_direction(
    sums: Ints, start: int, period: int, times: Ints, direction: Floats, power: Floats, flags: Bits, bad: np.uint32
) -> None:
    for i in range(times.size):
        if flags[i] & bad or not (power[i] > 0.0 and np.isfinite(direction[i])):
            continue
        place = _place(times[i], start, period, sums.shape[0])
        if place >= 0:
            angle = _tenths(direction[i])
            sums[place, 0] += 1
            sums[place, 1] += _EAST[angle]
            sums[place, 2] += _NORTH[angle]


@kernel
def _compare_level(
    sums: Ints,
    series: Ints,
    sectors: Codes,
    start: int,
    period: int,
    times: Ints,
    months: Ints,
    first_month: int,
    values: Floats,
    quantum: float,
    power: Floats,
    flags: Bits,
    bad: np.uint32,
    low: int,
    high: int,
) -> None:
    for i in range(times.size):
        if flags[i] & bad or not (power[i] > 0.0 and np.isfinite(values[i])):
            continue
        place = _place(times[i], start, period, series.shape[0])
        month = months[i] - first_month
        if place < 0 or month < 0 or month >= sums.shape[0]:
            continue
        others = series[place, 0] - 1
        if others < 1:
            continue
        own = int(np.rint(values[i] / quantum))
        mean = int(np.rint((series[place, 1] - own) / others))
        if low <= mean < high:
            cell = sums[month, sectors[place]]
            cell[0] += 1
            cell[1] += own
            cell[2] += mean


@kernel
def _compare_direction(
    sums: Ints,
    series: Ints,
    start: int,
    period: int,
    times: Ints,
    months: Ints,
    first_month: int,
    direction: Floats,
    power: Floats,
    flags: Bits,
    bad: np.uint32,
) -> None:
    for i in range(times.size):
        if flags[i] & bad or not (power[i] > 0.0 and np.isfinite(direction[i])):
            continue
        place = _place(times[i], start, period, series.shape[0])
        month = months[i] - first_month
        if place < 0 or month < 0 or month >= sums.shape[0]:
            continue
        angle = _tenths(direction[i])
        others = series[place, 0] - 1
        east, north = float(series[place, 1] - _EAST[angle]), float(series[place, 2] - _NORTH[angle])
        length = np.sqrt(east * east + north * north)
        if others < 1 or length * UNIT_QUANTUM <= _AGREED * others:
            continue
        along = (_NORTH[angle] * north + _EAST[angle] * east) / length
        across = (_EAST[angle] * north - _NORTH[angle] * east) / length
        sums[month, 0] += 1
        sums[month, 1] += int(np.rint(along))
        sums[month, 2] += int(np.rint(across))
