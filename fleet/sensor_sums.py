"""Sums for the comparison of sensors between turbines, in the form that the passes merge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from fleet.fleet_series import (
    SECTORS,
    FleetSeries,
    add_to_series,
    direction_months,
    temperature_months,
    wind_months,
)
from fleet.months import Months
from fleet.partial_sums import GridSums, Partial, PartialSums, dense_array, dense_sums
from fleet.recorded import Recorded
from fleet.rules import NORMAL

__all__ = ["DIRECTIONS", "by_turbine", "fleet_of", "fleet_sums", "month_sums"]

Bits = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]

DIRECTIONS = ("wind_direction_deg", "nacelle_direction_deg")  #: the channels of `FleetSeries.direction`


def fleet_sums(records: Recorded, flags: Bits, period: int) -> dict[str, Ints]:
    """Return a turbine's part in the fleet's series over its partition, as columns of `GridSums`."""
    series = FleetSeries.empty(records.start, records.end, period, len(DIRECTIONS))
    directions = tuple(records.signal(name) for name in DIRECTIONS)
    wind, temperature = records.signal("wind_speed"), records.signal("ambient_temperature_degc")
    add_to_series(series, records.time, wind, temperature, records.signal("power_kw"), directions, flags, NORMAL)
    named = dict(zip(DIRECTIONS, series.direction, strict=True))
    return {"wind": series.wind, "temperature": series.temperature, **named}


def fleet_of(fleet: GridSums, start: int, end: int, period: int) -> FleetSeries:
    """Lay the merged columns of `fleet_sums` (intervals counted from start) on the grid of [start, end)."""
    series = FleetSeries.empty(start, end, period, len(DIRECTIONS))
    into = {"wind": series.wind, "temperature": series.temperature}
    into |= dict(zip(DIRECTIONS, series.direction, strict=True))
    for name, values in into.items():
        if name in fleet.values:
            values[fleet.first : fleet.first + len(fleet)] = fleet.values[name]
    return series


def month_sums(
    records: Recorded,
    flags: Bits,
    months: Months,
    series: FleetSeries,
    sectors: npt.NDArray[np.int8],
) -> Partial:
    """Return one turbine's comparisons with the others per month.

    Parameters
    ----------
    records : Recorded
        The partition's own records.
    flags : array of uint32
        Their basic flags, as `fleet_sums` was given.
    months : Months
        Their months.
    series, sectors
        The fleet's (`fleet_of`, `FleetSeries.sectors`).

    Returns
    -------
    Partial
        "wind_months" (turbine, month, sector -> n, own, others), "temperature_months" (turbine, month -> ...) and
        one "... months" per direction (turbine, month -> n, cosine, sine).
    """
    texts = {"turbine": records.turbine}
    power, number = records.signal("power_kw"), months.count
    wind = wind_months(
        series, sectors, records.time, months.place, records.signal("wind_speed"), power, flags, NORMAL,
        first_month=0, number=number,
    )  # fmt: skip
    temperature = temperature_months(
        series,
        records.time,
        months.place,
        records.signal("ambient_temperature_degc"),
        power,
        flags,
        NORMAL,
        first_month=0,
        number=number,
    )
    found: Partial = {
        "wind_months": dense_sums(texts, {"month": months.first, "sector": 0}, _columns(wind)),
        "temperature_months": dense_sums(texts, {"month": months.first}, _columns(temperature)),
    }
    for channel, name in enumerate(DIRECTIONS):
        sums = direction_months(
            series,
            channel,
            records.time,
            months.place,
            records.signal(name),
            power,
            flags,
            NORMAL,
            first_month=0,
            number=number,
        )
        found[f"{name}_months"] = dense_sums(texts, {"month": months.first}, _columns(sums))
    return found


def by_turbine(sums: PartialSums, first_month: int, months: int) -> Mapping[str, Ints]:
    """Return merged sums of `month_sums` per turbine over the same months, as `fleet.sensors` takes them."""
    cells = (SECTORS + 1,) if "sector" in sums.keys else ()
    return {
        texts[0]: dense_array(sums, texts, (first_month, *(0 for _ in cells)), (months, *cells))
        for texts in sorted(sums.groups)
    }


def _columns(sums: Ints) -> dict[str, Ints]:
    return {name: sums[..., i] for i, name in enumerate(("n", "first", "second"))}
