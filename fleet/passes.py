"""The two passes over the data: pure functions from one partition (and merged summaries) to mergeable summaries.

First pass: histograms and the fleet's time series, which give medians, expected-power curves and neighbours. Second
pass: the flags and sums that need them. Every table that leaves a pass holds integers (see `fleet.sums`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import IN_SERVICE, Category
from fleet.category_sums import RUNNING_UNALLOCATED, join_rows
from fleet.config import Farm, Turbine
from fleet.density import density_by_record, density_sums
from fleet.expected import inconsistent, power_histogram
from fleet.flags import USES, Flag
from fleet.logs import contract_segments
from fleet.potential import Neighbours, PotentialSource, candidates, choose, normal_sums
from fleet.power_curve import curve_sums, normalised_wind
from fleet.quality import basic_flags, clean_signals, flag_counts, outside_window
from fleet.stops import down_runs, stop_energy, stop_fragments
from fleet.sums import MICRO, POWER, Summary, keyed_sums, month_keys, quanta
from fleet.times import series_us
from fleet.wind import wind_sums

if TYPE_CHECKING:
    from fleet.expected import ExpectedCurve
    from fleet.prepare import Partition

__all__ = ["SCATTER_STEPS", "TurbineContext", "dense_histogram", "first_pass", "second_pass"]

SCATTER_STEPS = (0.25, 25.0)  #: cell of the scatter picture [m/s, kW]
_DAY = 86_400 * 1_000_000

#: Labels of time in which a turbine is stopped.
STOPPED = frozenset(category.value for category in Category) - {
    *(category.value for category in IN_SERVICE),
    Category.INFORMATION_UNAVAILABLE.value,
}

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TurbineContext:
    """What the second pass knows of a turbine from the first."""

    robust: pd.DataFrame  #: medians and robust sigmas per wind bin
    curve: ExpectedCurve | None
    segments: pd.DataFrame | None  #: states from a status log with known coverage


def first_pass(partition: Partition, turbine: Turbine, farm: Farm) -> Summary:
    """Return histogram counts and the turbine's share in the fleet's time series.

    Tables: "histogram" (turbine, v, p -> n) and "fleet" (time -> running, share [1e-6 of rated power]).
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
    return {"histogram": keyed_sums({"turbine": turbine.name, "v": v, "p": p}, {"n": counts[v, p]}), "fleet": fleet}


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
    frame = clean_signals(raw)
    present = (flags & np.uint32(USES["availability"])) == 0
    wind, power = frame["wind_speed"].to_numpy(), frame["power_kw"].to_numpy()
    if farm.quality.inconsistent:
        odd = present & inconsistent(wind, power, context.robust, farm.quality, rated_power_kw=turbine.rated_power_kw)
        flags |= np.where(odd, int(Flag.INCONSISTENT), 0).astype(np.uint32)
    window = outside_window(wind, power, farm.power_curve.window) & present
    flags |= np.where(window, int(Flag.WINDOW), 0).astype(np.uint32)
    core = partition.core
    frame, flags = frame[core].reset_index(drop=True), flags[core]
    records = _Records.of(frame, flags, turbine, farm, context, neighbours)
    tables: Summary = {"flags": flag_counts(turbine.name, flags)}
    tables |= _curve_tables(records, turbine, farm, neighbours, reanalysis)
    tables |= _energy_tables(records, partition, turbine, farm, neighbours)
    tables |= _state_tables(records, turbine, farm, context)
    tables |= wind_sums(turbine.name, frame[records.present], records.months[records.present])
    return tables


@dataclass(frozen=True)
class _Records:
    """A partition's own records with what the second pass derives for each."""

    frame: pd.DataFrame
    flags: npt.NDArray[np.uint32]
    times: npt.NDArray[np.int64]  #: [us since 1970 UTC]
    months: npt.NDArray[np.int64]
    power: npt.NDArray[np.float64]
    wind: npt.NDArray[np.float64]
    has_energy: Mask  #: power can be counted
    present: Mask  #: power and wind can be counted
    down: Mask  #: wind enough, no power
    curve_ok: Mask  #: usable for the power curve
    potential: dict[PotentialSource, npt.NDArray[np.float64]]

    @staticmethod
    def of(
        frame: pd.DataFrame,
        flags: npt.NDArray[np.uint32],
        turbine: Turbine,
        farm: Farm,
        context: TurbineContext,
        neighbours: Neighbours,
    ) -> _Records:
        times = series_us(frame["time"])
        known = frame["time"].notna().to_numpy()
        months = np.full(len(frame), -1, np.int64)
        months[known] = month_keys(frame["time"][known])
        power, wind = frame["power_kw"].to_numpy(), frame["wind_speed"].to_numpy()
        has_energy = (flags & np.uint32(USES["energy"])) == 0
        present = (flags & np.uint32(USES["availability"])) == 0
        down = present & (wind >= farm.availability.down_wind_speed) & (power <= farm.availability.down_power_kw)
        # The same rule as in the first pass: what that pass counted as running is taken out of the neighbours here.
        runs = present & ((flags & np.uint32(Flag.FROZEN)) == 0) & (power > 0.0)
        own = quanta(power / turbine.rated_power_kw, MICRO)
        share = neighbours.mean_share(times, own, runs)
        return _Records(
            frame=frame,
            flags=flags,
            times=times,
            months=months,
            power=power,
            wind=wind,
            has_energy=has_energy,
            present=present,
            down=down,
            curve_ok=(flags & np.uint32(USES["power_curve"])) == 0,
            potential=candidates(frame, turbine, share, context.curve),
        )


def _curve_tables(
    records: _Records, turbine: Turbine, farm: Farm, neighbours: Neighbours, reanalysis: pd.DataFrame | None
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
    records: _Records, partition: Partition, turbine: Turbine, farm: Farm, neighbours: Neighbours
) -> Summary:
    period = farm.averaging_period_s * 1_000_000
    has, present = records.has_energy, records.present
    expected = np.where(present, records.potential[PotentialSource.OWN_CURVE], np.nan)
    degraded = present & ~records.down & ((records.flags & np.uint32(Flag.INCONSISTENT)) > 0)
    expected_q, power_q = quanta(expected, POWER), quanta(records.power, POWER)
    monthly = keyed_sums(
        {"turbine": turbine.name, "month": records.months[has]},
        {
            "n": np.ones(int(has.sum()), np.int64),
            "energy": power_q[has],
            "n_present": present[has],
            "n_down": records.down[has],
            "expected": np.where(present, expected_q, 0)[has],
            "energy_present": np.where(present, power_q, 0)[has],
            "expected_down": np.where(records.down, expected_q, 0)[has],
            "energy_down": np.where(records.down, power_q, 0)[has],
            "expected_degraded": np.where(degraded, expected_q, 0)[has],
            "energy_degraded": np.where(degraded, power_q, 0)[has],
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


def _state_tables(records: _Records, turbine: Turbine, farm: Farm, context: TurbineContext) -> Summary:
    """Energy produced and lost by category and by stop, and the test of the potential's sources in normal operation."""
    period = farm.averaging_period_s * 1_000_000
    potential, source = choose(records.potential)
    normal = records.curve_ok & (records.power > 0.0)
    tables: Summary = {}
    if context.segments is None:
        shares = _inferred_shares(records, farm, period)
        stops = down_runs(records.times, records.down, period)
    else:
        shares = join_rows(context.segments, records.times, period)
        logged = stop_fragments(turbine.name, context.segments)
        stops = pd.DataFrame({"start": series_us(logged["start"]), "end": series_us(logged["end"])})
        normal &= shares[[label for label in shares if label in STOPPED]].sum(axis=1).to_numpy() == 0
        contract = contract_segments(context.segments)
        if contract is not None:
            by_contract = join_rows(contract, records.times, period)
            tables["contract_states"] = _category_energy(records, turbine, by_contract, potential, source, period)
    some = records.present
    priced = (records.times[some], records.power[some], potential[some], source[some])
    known = {key: values[normal] for key, values in records.potential.items()}
    return tables | {
        "states": _category_energy(records, turbine, shares, potential, source, period),
        "sources": normal_sums(turbine.name, records.months[normal], records.power[normal], known),
        "stops": stop_energy(turbine.name, stops, *priced, period),
    }


def _category_energy(
    records: _Records,
    turbine: Turbine,
    shares: pd.DataFrame,
    potential: npt.NDArray[np.float64],
    source: npt.NDArray[np.int64],
    period: int,
) -> pd.DataFrame:
    """Split each record's time and energy among the categories by their share of its time."""
    parts = []
    for label in map(str, shares):
        time = shares[label].to_numpy()
        some = records.present & (time > 0)
        share = time[some] / period
        parts.append(
            keyed_sums(
                {"turbine": turbine.name, "month": records.months[some], "category": label, "source": source[some]},
                {
                    "time": time[some],
                    "potential": quanta(potential[some] * share, POWER),
                    "produced": quanta(records.power[some] * share, POWER),
                },
            )
        )
    return pd.concat(parts).sort_index()


def _inferred_shares(records: _Records, farm: Farm, period: int) -> pd.DataFrame:
    """What wind and power alone can tell of the state: running as the curve says, waiting for wind, or down."""
    idle = records.present & (records.wind < farm.availability.down_wind_speed) & (records.power <= 0.0)
    odd = (records.flags & np.uint32(Flag.INCONSISTENT)) > 0
    states = {
        Category.UNALLOCATED.value: records.down,
        Category.READY_STANDBY.value: idle & ~records.down,
        RUNNING_UNALLOCATED: odd & ~idle & ~records.down,
        Category.FULL_PERFORMANCE.value: ~odd & ~idle & ~records.down,
    }
    return pd.DataFrame({label: np.where(where, period, 0) for label, where in states.items()})


def _of(turbine: Turbine, table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat({turbine.name: table}, names=["turbine"])


def _on_grid(flags: npt.NDArray[np.uint32]) -> Mask:
    bad = np.uint32(Flag.UNREADABLE | Flag.UNLISTED | Flag.NOT_SELECTED | Flag.OFF_GRID)
    return np.asarray((flags & bad) == 0)
