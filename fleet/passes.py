"""The two passes over the data: pure functions from one partition (and merged summaries) to mergeable summaries.

First pass: histograms and the fleet's time series, which give medians, expected-power curves and neighbours. Second
pass: the flags and sums that need them. Every table that leaves a pass holds integers (see `fleet.sums`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.density import density_by_record, density_sums
from fleet.expected import expected_curve, inconsistent, power_histogram, robust_bins
from fleet.flags import USES, Flag
from fleet.fleet_series import FleetSeries
from fleet.meter import interval_sums
from fleet.months import Months, months_of_records
from fleet.operating_point import PITCH_CELLS, POWER_BINS, ROTOR_CELLS
from fleet.operator_figures import exported_sums
from fleet.partial_sums import GridSums, Partial, PartialSums, dense_array, dense_sums
from fleet.potential import Neighbours, PotentialSource
from fleet.power_curve import curve_sums, normalised_wind
from fleet.quality import basic_flags, flag_counts, outside_window
from fleet.recorded import NO_TIME, Recorded
from fleet.records import Records, TurbineContext
from fleet.rule_losses import held_sums
from fleet.rules import NORMAL, RuleSums, rule_bits, rule_context, rule_sums
from fleet.schema import WIND_SPEED_MAX
from fleet.sensor_sums import DIRECTIONS, FleetTotals, month_sums
from fleet.standstill import reading_at_rest
from fleet.states import state_tables
from fleet.sum_kernels import add_energy, add_scatter
from fleet.sums import POWER, quanta
from fleet.wind import wind_sums
from fleet.yaw import VANE_BINS, misalignment, vane_sums

__all__ = [
    "LEARNED",
    "LEARNED_FROM",
    "SCATTER_STEPS",
    "Others",
    "first_pass",
    "misalignment_of",
    "second_pass",
    "turbine_context",
]

#: Signals that the first pass learns from.
LEARNED_FROM = (
    "power_kw", "wind_speed", "ambient_temperature_degc", "pitch_angle_deg", "rotor_speed_rpm", *DIRECTIONS,
)  # fmt: skip
#: Tables of the first pass that belong to one turbine and become its context.
LEARNED = ("histogram", "pitch", "rotor", "warmth")


@dataclass(frozen=True)
class Others:
    """The whole farm per interval: what a turbine is compared with."""

    neighbours: Neighbours
    series: FleetSeries
    sectors: npt.NDArray[np.int8]

    @staticmethod
    def of(fleet: GridSums, start: int, period: int) -> Others:
        """Return what the merged totals of the first pass say, from the period's start on [us since 1970 UTC]."""
        totals = FleetTotals.of(fleet, start, period)
        return Others(Neighbours(start, period, totals.running, totals.share), totals.series, totals.series.sectors())


SCATTER_STEPS = (0.25, 25.0)  #: cell of the scatter picture [m/s, kW]
_DAY = 86_400 * 1_000_000

#: Flags that keep a row off the sampling grid of its turbine.
_NOT_ON_GRID = np.uint32(Flag.UNREADABLE | Flag.FAR_STAMP | Flag.UNLISTED | Flag.NOT_SELECTED | Flag.OFF_GRID)

Bits = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


def first_pass(
    partition: Recorded, turbine: Turbine, farm: Farm, *, metered: bool = True
) -> tuple[Partial, Recorded, Bits]:
    """Return what is learned of a turbine, and what `FleetTotals.add` takes.

    Parameters
    ----------
    partition : Recorded
        Records with halo; signals that no rule learns from (see `LEARNED_FROM`) need not be there.
    turbine, farm : Turbine, Farm
        Ratings and settings.
    metered : bool
        Whether there is a plant meter to compare the farm's power with.

    Returns
    -------
    learned : Partial
        "histogram" (turbine, v, p -> n), the three of `fleet.rules.RuleSums` and, for a meter, those of
        `fleet.meter.interval_sums`.
    own, flags : Recorded, array of uint32
        The partition's own records without impossible values, and their basic flags.
    """
    flags, clean = basic_flags(partition, turbine, farm.quality, farm.averaging_period_s)
    own, flags = clean.own(), flags[partition.core]
    good = (flags & np.uint32(NORMAL)) == 0
    rated, texts = turbine.rated_power_kw, {"turbine": turbine.name}
    learned = rule_sums(own.every_signal(), flags, rated_power_kw=rated)
    histogram = power_histogram(own.signal("wind_speed"), own.signal("power_kw"), good, rated_power_kw=rated)
    found: Partial = {
        "histogram": dense_sums(texts, {"v": 0, "p": 0}, {"n": histogram}),
        "pitch": dense_sums(texts, {"p": 0, "value": 0}, {"n": learned.pitch}),
        "rotor": dense_sums(texts, {"p": 0, "value": 0}, {"n": learned.rotor}),
        "warmth": dense_sums(texts, {"column": 0}, {"sum": learned.temperature}),
    }
    return ({**found, **interval_sums(own, flags)} if metered else found), own, flags


def turbine_context(
    learned: Partial, turbine: Turbine, farm: Farm, segments: pd.DataFrame | None = None
) -> TurbineContext:
    """Return medians, the expected-power curve and what the rules need: the steps between the passes that do not add.

    Parameters
    ----------
    learned : Partial
        Merged sums of the first pass, with the turbine's.
    turbine, farm : Turbine, Farm
        Ratings and settings.
    segments : DataFrame or None
        The turbine's states with known coverage.
    """
    rated, settings = turbine.rated_power_kw, farm.power_curve
    none = np.empty(0)
    shapes = {
        "histogram": power_histogram(none, none, none.astype(bool), rated_power_kw=1.0).shape,
        "pitch": (POWER_BINS, PITCH_CELLS.number),
        "rotor": (POWER_BINS, ROTOR_CELLS.number),
        "warmth": (2,),
    }
    dense = {}
    for name, shape in shapes.items():
        sums = learned[name]
        assert isinstance(sums, PartialSums)
        dense[name] = dense_array(sums, (turbine.name,), (0,) * len(shape), shape)[..., 0]
    robust = robust_bins(
        dense["histogram"], rated_power_kw=rated, cut_in=settings.cut_in, spread=farm.quality.inconsistent_spread
    )
    curve = None
    if len(robust):
        curve = expected_curve(robust, rated_power_kw=rated, cut_in=settings.cut_in, cut_out=settings.cut_out)
    rules = rule_context(
        RuleSums(dense["pitch"], dense["rotor"], dense["warmth"]),
        curve,
        dense["histogram"],
        farm.quality,
        rated_power_kw=rated,
        cut_in=settings.cut_in,
    )
    at_rest_kw = reading_at_rest(dense["histogram"], rated_power_kw=rated)
    return TurbineContext(robust, curve, segments, rules, at_rest_kw)


def second_pass(
    partition: Recorded,
    turbine: Turbine,
    farm: Farm,
    context: TurbineContext,
    others: Others,
    reanalysis: pd.DataFrame | None,
) -> Partial:
    """Return every sum that the results are made of.

    Parameters
    ----------
    partition : Recorded
        Records with halo.
    turbine, farm : Turbine, Farm
        Ratings and settings.
    context : TurbineContext
        The turbine's medians, curve and states.
    others : Others
        The whole farm per interval.
    reanalysis : DataFrame or None
        `schema.REANALYSIS` at the site.
    """
    basic, clean = basic_flags(partition, turbine, farm.quality, farm.averaging_period_s)
    flags = basic | _rule_flags(basic, clean, turbine, farm, context)
    own, core = clean.own(), partition.core
    basic, flags = basic[core], flags[core]
    records = Records.of(own, flags, turbine, farm, context, others.neighbours)
    months = records.months
    vane = vane_sums(
        records.wind, records.power, own.signal("vane_deg"), months.place, flags, USES["power_curve"],
        context.rules.curve, rated_power_kw=turbine.rated_power_kw, first_month=0, number=months.count,
    )  # fmt: skip
    texts = {"turbine": turbine.name}
    return {
        "flags": flag_counts(turbine.name, flags, months, own.time != NO_TIME),
        **_curve_sums(records, turbine, farm, others.neighbours, reanalysis),
        **_energy_sums(records, turbine, farm, others.neighbours),
        **state_tables(records, turbine, farm, context.segments),
        **wind_sums(turbine.name, own, months, records.present),
        "held": held_sums(records, turbine.name),
        **exported_sums(records, turbine.name),
        **month_sums(own, basic, months, others.series, others.sectors),
        "vane": dense_sums(
            texts, {"month": months.first, "wind": 0, "angle": 0}, {"n": vane[..., 0], "ratio": vane[..., 1]}
        ),
    }


def _rule_flags(flags: Bits, clean: Recorded, turbine: Turbine, farm: Farm, context: TurbineContext) -> Bits:
    """Return the flags of the rules that need more than the record itself, halo included."""
    present = (flags & np.uint32(USES["availability"])) == 0
    wind, power = clean.signal("wind_speed"), clean.signal("power_kw")
    found = rule_bits(
        clean.every_signal(), clean.time, flags, context.rules, farm.quality,
        rated_power_kw=turbine.rated_power_kw, period_us=farm.averaging_period_us,
    )  # fmt: skip
    if farm.quality.inconsistent:
        rated, cut_in = turbine.rated_power_kw, farm.power_curve.cut_in
        odd = inconsistent(wind, power, context.robust, farm.quality, rated_power_kw=rated, cut_in=cut_in)
        found[odd & present] |= np.uint32(Flag.INCONSISTENT)
    if farm.power_curve.window is not None:
        found[outside_window(wind, power, farm.power_curve.window) & present] |= np.uint32(Flag.WINDOW)
    return found


def misalignment_of(sums: PartialSums, turbine: str, farm: Farm) -> pd.DataFrame:
    """Return the row of `fleet.yaw.misalignment` of a turbine from its merged sums "vane"."""
    numbers, _ = sums.groups[turbine,]
    first, last = (int(numbers[:, 0].min()), int(numbers[:, 0].max())) if len(numbers) else (0, 0)
    shape = (last - first + 1, *VANE_BINS)
    return misalignment({turbine: dense_array(sums, (turbine,), (first, 0, 0), shape)}, farm.quality)


def _curve_sums(
    records: Records, turbine: Turbine, farm: Farm, neighbours: Neighbours, reanalysis: pd.DataFrame | None
) -> Partial:
    settings = farm.power_curve
    site = density_by_record(
        records.recorded,
        turbine,
        reanalysis,
        settings.density,
        period_s=farm.averaging_period_s,
        reference_density=settings.reference_density,
    )
    wind = normalised_wind(records.wind, site.density, settings.reference_density)
    used = records.curve_ok
    common = used & neighbours.all_running(records.times, len(farm.turbines))
    return {
        "curve": curve_sums(wind, records.power, used, bin_width=settings.bin_width, turbine=turbine.name),
        "common": curve_sums(wind, records.power, common, bin_width=settings.bin_width, turbine=turbine.name),
        "density": density_sums(site, used, turbine.name),
        "scatter": _scatter_sums(records, turbine, farm),
    }


def _scatter_sums(records: Records, turbine: Turbine, farm: Farm) -> PartialSums:
    """Count the records in the cells of the scatter picture; valid power and wind lie in its range."""
    step_v, step_p = SCATTER_STEPS
    low, high = (limit * turbine.rated_power_kw for limit in (farm.quality.power_low, farm.quality.power_high))
    first = int(np.floor(low / step_p))
    cells = np.zeros((2, int(WIND_SPEED_MAX / step_v) + 1, int(np.floor(high / step_p)) - first + 1), np.int64)
    add_scatter(records.wind, records.power, records.present, records.curve_ok, step_v, step_p, first, cells)
    return dense_sums({"turbine": turbine.name}, {"v": 0, "p": first}, {"used": cells[0], "rejected": cells[1]})


def _energy_sums(records: Records, turbine: Turbine, farm: Farm, neighbours: Neighbours) -> Partial:
    period = farm.averaging_period_us
    recorded, months = records.recorded, records.months
    grid = np.arange(recorded.start, recorded.end, period, dtype=np.int64)
    monthly, state = np.zeros((4, months.count), np.int64), np.zeros(grid.size, np.uint8)
    add_energy(
        records.times, months.place, records.power, records.potential[PotentialSource.OWN_CURVE], records.has_energy,
        records.present, (records.flags & _NOT_ON_GRID) == 0, recorded.start, period, POWER, monthly, state,
    )  # fmt: skip
    nobody = np.zeros(grid.size, bool)
    share = neighbours.mean_share(grid, np.zeros(grid.size), nobody, turbine.rated_power_kw)
    lost = (state & 2) == 0
    grid_months = months_of_records(grid)
    days = grid // _DAY
    of_day = days - days[0] if grid.size else days
    texts = {"turbine": turbine.name}
    return {
        "monthly": dense_sums(
            texts,
            {"month": months.first},
            dict(zip(("n", "n_expected", "energy", "expected"), monthly, strict=True)),
            where=monthly[0] > 0,
        ),
        "daily": dense_sums(
            texts,
            {"day": int(days[0]) if grid.size else 0},
            {
                "expected": np.bincount(of_day),
                "seen": np.bincount(of_day, state & 1).astype(np.int64),
                "used": np.bincount(of_day, (state & 4) > 0).astype(np.int64),
            },
        ),
        "unrecorded": _unrecorded(texts, grid_months, lost, share, turbine.rated_power_kw),
    }


def _unrecorded(
    texts: dict[str, str], months: Months, lost: Mask, share: npt.NDArray[np.float64], rated_power_kw: float
) -> PartialSums:
    """Count the intervals without energy by month, and what the neighbours say that they held."""
    place, known = months.place[lost], np.isfinite(share[lost])
    estimate = np.zeros(months.count, np.int64)
    np.add.at(estimate, place, quanta(share[lost] * rated_power_kw, POWER))
    n = np.bincount(place, minlength=months.count)
    estimated = np.bincount(place[known], minlength=months.count)
    return dense_sums(
        texts, {"month": months.first}, {"n": n, "estimated": estimated, "estimate": estimate}, where=n > 0
    )
