"""Sums for the comparison of sensors between turbines, in the form that the passes merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from fleet.sum_kernels import add_fleet
from fleet.sums import MICRO

__all__ = ["DIRECTIONS", "MONTH_SUMS", "FleetTotals", "by_turbine", "month_sums"]

Bits = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]

DIRECTIONS = ("wind_direction_deg", "nacelle_direction_deg")  #: the channels of `FleetSeries.direction`
MONTH_SUMS = ("wind_months", "temperature_months", *(f"{name}_months" for name in DIRECTIONS))  #: of `month_sums`


@dataclass(frozen=True)
class FleetTotals:
    """Sums over running turbines per interval of the analysed period; a batch of turbines adds up in one of them."""

    running: Ints  #: turbines, shape (intervals,)
    share: Ints  #: of rated power [1e-6], shape (intervals,)
    series: FleetSeries

    @staticmethod
    def empty(start: int, end: int, period: int) -> FleetTotals:
        """Return zeros over [start, end) [us since 1970 UTC]."""
        series = FleetSeries.empty(start, end, period, len(DIRECTIONS))
        running, share = np.zeros((2, series.wind.shape[0]), np.int64)
        return FleetTotals(running, share, series)

    def add(self, records: Recorded, flags: Bits, rated: float) -> None:
        """Add one turbine's own records of a partition, in place; the second pass is given the same basic flags.

        `rated` is the turbine's rated power [kW].
        """
        series, power = self.series, records.signal("power_kw")
        good = (flags & np.uint32(NORMAL)) == 0
        add_fleet(records.time, power, good, series.start, series.period, rated, MICRO, self.running, self.share)
        directions = tuple(records.signal(name) for name in DIRECTIONS)
        wind, temperature = records.signal("wind_speed"), records.signal("ambient_temperature_degc")
        add_to_series(series, records.time, wind, temperature, power, directions, flags, NORMAL)

    def add_totals(self, other: FleetTotals) -> None:
        """Add other totals of the same period, in place."""
        for mine, theirs in zip(self._arrays(), other._arrays(), strict=True):
            mine += theirs

    def _arrays(self) -> tuple[Ints, ...]:
        series = self.series
        return self.running, self.share, series.wind, series.temperature, series.direction

    def sums(self) -> GridSums:
        """Return the same in the form that merges, intervals counted from the period's start."""
        named = dict(zip(DIRECTIONS, self.series.direction, strict=True))
        levels = {"wind": self.series.wind, "temperature": self.series.temperature}
        return GridSums(0, {"running": self.running, "share": self.share, **levels, **named})

    @staticmethod
    def of(sums: GridSums, start: int, period: int) -> FleetTotals:
        """Return merged sums as totals again."""
        values = sums.values
        direction = np.stack([values[name] for name in DIRECTIONS])
        series = FleetSeries(start, period, values["wind"], values["temperature"], direction)
        return FleetTotals(values["running"], values["share"], series)


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
        Their basic flags, as `FleetTotals.add` was given.
    months : Months
        Their months.
    series, sectors
        The fleet's (`FleetTotals.series`, `FleetSeries.sectors`).

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
