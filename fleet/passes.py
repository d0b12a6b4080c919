"""The two passes over the data: pure functions from one partition (and merged summaries) to mergeable summaries.

First pass: histograms and the fleet's time series, which give medians, expected-power curves and neighbours. Second
pass: the flags and sums that need them. Every table that leaves a pass holds integers (see `fleet.sums`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.density import density_by_record, density_sums
from fleet.expected import inconsistent, power_histogram
from fleet.flags import USES, Flag
from fleet.meter import interval_sums
from fleet.potential import Neighbours, PotentialSource
from fleet.power_curve import curve_sums, normalised_wind
from fleet.quality import basic_flags, clean_signals, flag_counts, outside_window
from fleet.records import Records, TurbineContext
from fleet.states import state_tables
from fleet.sums import MICRO, POWER, Summary, keyed_sums, month_keys, quanta
from fleet.times import series_us
from fleet.wind import wind_sums

if TYPE_CHECKING:
    from fleet.prepare import Partition

__all__ = ["SCATTER_STEPS", "dense_histogram", "first_pass", "second_pass"]

SCATTER_STEPS = (0.25, 25.0)  #: cell of the scatter picture [m/s, kW]
_DAY = 86_400 * 1_000_000

Mask = npt.NDArray[np.bool_]


def first_pass(partition: Partition, turbine: Turbine, farm: Farm) -> Summary:
    """Return histogram counts and the turbine's share in the fleet's time series.

    Tables: "histogram" (turbine, v, p -> n), "fleet" (time -> running, share [1e-6 of rated power]) and those of
    `fleet.meter.interval_sums`.
    """
    frame = partition.frame
    flags = basic_flags(frame, turbine, farm.quality, farm.averaging_period_s)
    good = partition.core & ((flags & np.uint32(USES["availability"] | Flag.FROZEN)) == 0)
    power, wind = frame["power_kw"].to_numpy()[good], frame["wind_speed"].to_numpy()[good]
    runs = power > 0.0
    fleet = keyed_sums(
        {"time": series_us(frame["time"])[good][runs]},
        {"running": np.ones(int(runs.sum()), np.int64), "share": quanta(power[runs] / turbine.rated_power_kw, MICRO)},
    )
    counts = power_histogram(wind, power, np.ones(wind.size, bool), rated_power_kw=turbine.rated_power_kw)
    v, p = np.nonzero(counts)
    histogram = keyed_sums({"turbine": turbine.name, "v": v, "p": p}, {"n": counts[v, p]})
    return {"histogram": histogram, "fleet": fleet, **interval_sums(frame, flags, partition.core)}


def dense_histogram(table: pd.DataFrame, turbine: str) -> npt.NDArray[np.int64]:
    """Return a turbine's part of the merged table "histogram" as `fleet.expected` takes it."""
    empty = np.empty(0)
    counts = power_histogram(empty, empty, empty.astype(bool), rated_power_kw=1.0)
    if turbine in table.index.get_level_values("turbine"):
        part = table.loc[turbine].reset_index()
        counts[part["v"].to_numpy(), part["p"].to_numpy()] = part["n"].to_numpy()
    return counts


def second_pass(
    partition: Partition,
    turbine: Turbine,
    farm: Farm,
    context: TurbineContext,
    neighbours: Neighbours,
    reanalysis: pd.DataFrame | None,
) -> Summary:
    """Return every sum that the results are made of.

    Parameters
    ----------
    partition : Partition
        Records with halo.
    turbine, farm : Turbine, Farm
        Ratings and settings.
    context : TurbineContext
        The turbine's medians, curve and states.
    neighbours : Neighbours
        Running turbines of the whole farm.
    reanalysis : DataFrame or None
        `schema.REANALYSIS` at the site.
    """
    raw = partition.frame
    flags = basic_flags(raw, turbine, farm.quality, farm.averaging_period_s)
    frame = clean_signals(raw, turbine, farm.quality)
    present = (flags & np.uint32(USES["availability"])) == 0
    wind, power = frame["wind_speed"].to_numpy(), frame["power_kw"].to_numpy()
    if farm.quality.inconsistent:
        rated, cut_in = turbine.rated_power_kw, farm.power_curve.cut_in
        odd = inconsistent(wind, power, context.robust, farm.quality, rated_power_kw=rated, cut_in=cut_in)
        flags |= np.where(odd & present, int(Flag.INCONSISTENT), 0).astype(np.uint32)
    window = outside_window(wind, power, farm.power_curve.window) & present
    flags |= np.where(window, int(Flag.WINDOW), 0).astype(np.uint32)
    core = partition.core
    frame, flags = frame[core].reset_index(drop=True), flags[core]
    records = Records.of(frame, flags, turbine, farm, context, neighbours)
    tables: Summary = {"flags": flag_counts(turbine.name, flags)}
    tables |= _curve_tables(records, turbine, farm, neighbours, reanalysis)
    tables |= _energy_tables(records, partition, turbine, farm, neighbours)
    tables |= state_tables(records, turbine.name, farm, context.segments)
    tables |= wind_sums(turbine.name, frame[records.present], records.months[records.present])
    return tables


def _curve_tables(
    records: Records, turbine: Turbine, farm: Farm, neighbours: Neighbours, reanalysis: pd.DataFrame | None
) -> Summary:
    settings = farm.power_curve
    site = density_by_record(
        records.frame,
        turbine,
        reanalysis,
        settings.density,
        period_s=farm.averaging_period_s,
        reference_density=settings.reference_density,
    )
    wind = normalised_wind(records.wind, site.density, settings.reference_density)
    used = records.curve_ok
    common = used & neighbours.all_running(records.times, len(farm.turbines))
    cells = keyed_sums(
        {
            "turbine": turbine.name,
            "v": np.floor(records.wind[records.present] / SCATTER_STEPS[0]).astype(np.int64),
            "p": np.floor(records.power[records.present] / SCATTER_STEPS[1]).astype(np.int64),
        },
        {"used": used[records.present], "rejected": ~used[records.present]},
    )
    return {
        "curve": _of(turbine, curve_sums(wind, records.power, used, bin_width=settings.bin_width)),
        "common": _of(turbine, curve_sums(wind, records.power, common, bin_width=settings.bin_width)),
        "density": _of(turbine, density_sums(site, used)),
        "scatter": cells,
    }


def _energy_tables(
    records: Records, partition: Partition, turbine: Turbine, farm: Farm, neighbours: Neighbours
) -> Summary:
    period = farm.averaging_period_s * 1_000_000
    has, present = records.has_energy, records.present
    expected = np.where(present, records.potential[PotentialSource.OWN_CURVE], np.nan)
    monthly = keyed_sums(
        {"turbine": turbine.name, "month": records.months[has]},
        {
            "n": np.ones(int(has.sum()), np.int64),
            "n_expected": np.isfinite(expected)[has],
            "energy": quanta(records.power[has], POWER),
            "expected": quanta(expected[has], POWER),
        },
    )
    grid = np.arange(partition.start, partition.end, period, dtype=np.int64)
    on_grid = records.has_energy | _on_grid(records.flags)
    seen = np.isin(grid, records.times[on_grid])
    measured = np.isin(grid, records.times[has])
    share = neighbours.mean_share(grid, np.zeros(grid.size, np.int64), np.zeros(grid.size, bool))
    lost = ~measured
    estimate = quanta(share * turbine.rated_power_kw, POWER)
    grid_months = month_keys(pd.Series(pd.to_datetime(grid, unit="us", utc=True)))
    daily = keyed_sums(
        {"turbine": turbine.name, "day": grid // _DAY},
        {"expected": np.ones(grid.size, np.int64), "seen": seen, "used": np.isin(grid, records.times[present])},
    )
    return {
        "monthly": monthly,
        "daily": daily,
        "unrecorded": keyed_sums(
            {"turbine": turbine.name, "month": grid_months[lost]},
            {
                "n": np.ones(int(lost.sum()), np.int64),
                "estimated": np.isfinite(share[lost]),
                "estimate": estimate[lost],
            },
        ),
    }


def _of(turbine: Turbine, table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat({turbine.name: table}, names=["turbine"])


def _on_grid(flags: npt.NDArray[np.uint32]) -> Mask:
    bad = np.uint32(Flag.UNREADABLE | Flag.FAR_STAMP | Flag.UNLISTED | Flag.NOT_SELECTED | Flag.OFF_GRID)
    return np.asarray((flags & bad) == 0)
