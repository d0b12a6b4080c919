"""Potential power: what a stopped turbine would have made, from the best source there is for each record.

Sources in order: the export's own potential power; the mean share of rated power of the neighbours that run at that
moment; the turbine's own expected-power curve at its nacelle wind. Every source is compared with the turbine's own
power while it runs normally: the ratio of the sums corrects its bias, its spread over months is its uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Turbine
from fleet.expected import ExpectedCurve
from fleet.months import Months
from fleet.partial_sums import PartialSums, dense_sums
from fleet.recorded import Recorded
from fleet.sum_kernels import add_sources, mean_of_others
from fleet.sums import MICRO, POWER, Summary

__all__ = [
    "SOURCE_TITLES",
    "Neighbours",
    "PotentialSource",
    "candidates",
    "choose",
    "corrected",
    "normal_sums",
    "source_quality",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class PotentialSource(IntEnum):
    """Where a potential power comes from, best first."""

    EXPORT = 0
    NEIGHBOURS = 1
    OWN_CURVE = 2
    NONE = 3


SOURCE_TITLES: dict[PotentialSource, str] = {
    PotentialSource.EXPORT: "the export's signal",
    PotentialSource.NEIGHBOURS: "available neighbours",
    PotentialSource.OWN_CURVE: "own power curve",
    PotentialSource.NONE: "none",
}


@dataclass(frozen=True)
class Neighbours:
    """Running turbines of the farm per interval: how many, and the sum of their shares of rated power."""

    start: int  #: first interval [us since 1970 UTC]
    period: int  #: [us]
    running: npt.NDArray[np.int64]
    share: npt.NDArray[np.int64]  #: [1e-6 of rated power]

    def mean_share(self, times: Ints, power_kw: Floats, runs: npt.NDArray[np.bool_], rated_power_kw: float) -> Floats:
        """Return the others' mean share of rated power at each time, NaN where none runs.

        Parameters
        ----------
        times : array of int64, shape (n,)
            Begin of each record [us since 1970 UTC].
        power_kw : array, shape (n,)
            The turbine's own power [kW], whose share is taken out of the sum ...
        runs : array of bool, shape (n,)
            ... where it runs itself.
        rated_power_kw : float
            Its rated power [kW].
        """
        found = np.empty(times.size)
        mean_of_others(
            times, power_kw, runs, self.start, self.period, self.running, self.share, rated_power_kw, MICRO, found
        )
        return found

    def all_running(self, times: npt.NDArray[np.int64], turbines: int) -> npt.NDArray[np.bool_]:
        """Return whether every turbine of the farm runs at each time."""
        place = (times - self.start) // self.period
        inside = (place >= 0) & (place < self.running.size)
        return inside & (self.running[np.where(inside, place, 0)] == turbines) if self.running.size else inside


def candidates(
    recorded: Recorded, turbine: Turbine, neighbour_share: Floats, curve: ExpectedCurve | None
) -> dict[PotentialSource, Floats]:
    """Return every source's potential power per record [kW], NaN where it has none; sources that nobody has are absent.

    The turbine's own curve always has its entry.
    """
    found = {PotentialSource.NEIGHBOURS: neighbour_share * turbine.rated_power_kw}
    exported = recorded.signals.get("potential_power_kw")
    if exported is not None:
        found[PotentialSource.EXPORT] = exported
    own = np.full(len(recorded), np.nan) if curve is None else curve.power_kw(recorded.signal("wind_speed"))
    return {**found, PotentialSource.OWN_CURVE: own}


def choose(potential: dict[PotentialSource, Floats]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the best available potential power per record [kW] and its source."""
    size = next(iter(potential.values())).size
    power, source = np.full(size, np.nan), np.full(size, int(PotentialSource.NONE), np.int64)
    for candidate in sorted(potential, reverse=True):
        known = np.isfinite(potential[candidate])
        power[known], source[known] = potential[candidate][known], int(candidate)
    return power, source


def source_quality(summary: Summary) -> pd.DataFrame:
    """Return each source's bias correction and uncertainty per turbine, from normal operation.

    Parameters
    ----------
    summary : Summary
        With the merged table "sources" (turbine, source, month -> n, potential, own), sums over normal operation
        [0.01 kW].

    Returns
    -------
    DataFrame
        Index turbine, source; columns ratio (own / potential, the correction), u_relative (standard deviation of the
        monthly ratios about it, one sigma), records.
    """
    table, keys = summary["sources"], ["turbine", "source"]
    total = table.groupby(level=keys, sort=True).sum()
    ratio = (total["own"] / total["potential"]).where(total["potential"] > 0, 1.0)
    # Months of little production say little about the ratio: at least 1 % of the whole.
    least = 0.01 * table.groupby(level=keys, sort=True)["potential"].transform("sum")
    solid = table[table["potential"] > least]
    monthly = (solid["own"] / solid["potential"].clip(lower=1)).groupby(level=keys, sort=True)
    spread = monthly.std(ddof=1).reindex(total.index)
    return pd.DataFrame({"ratio": ratio, "u_relative": (spread / ratio).where(ratio > 0), "records": total["n"]})


def normal_sums(
    turbine: str,
    months: Months,
    own_kw: Floats,
    potential: dict[PotentialSource, Floats],
    normal: npt.NDArray[np.bool_],
) -> PartialSums:
    """Return, per source and month, own and potential power summed over records of normal operation [0.01 kW]."""
    sums = np.zeros((3, len(PotentialSource), months.count), np.int64)
    for source, values in potential.items():
        add_sources(normal, months.place, own_kw, values, POWER, sums[:, source])
    return dense_sums(
        {"turbine": turbine},
        {"source": 0, "month": months.first},
        {"n": sums[0], "potential": sums[1], "own": sums[2]},
        where=sums[0] > 0,
    )


def corrected(table: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """Return a merged table with columns potential and source with its potential corrected for the source's bias.

    Parameters
    ----------
    table : DataFrame
        Index levels turbine and source among others; `potential` [0.01 kW].
    quality : DataFrame
        From `source_quality`.

    Returns
    -------
    DataFrame
        The index levels as columns; `potential` corrected and rounded to its quantum, 0 where no source knows it;
        `plain` [0.01 kW], as it was; `u_potential` [0.01 kW], its standard uncertainty; `known`, whether a source knows
        it.
    """
    plain = table.reset_index()
    keys = pd.MultiIndex.from_frame(plain[["turbine", "source"]])
    known = (plain["source"] != int(PotentialSource.NONE)).to_numpy()
    ratio = quality["ratio"].reindex(keys).fillna(1.0).to_numpy()
    spread = quality["u_relative"].reindex(keys).to_numpy()
    potential = np.where(known, plain["potential"].to_numpy() * ratio, 0.0)
    return plain.assign(
        plain=plain["potential"],
        potential=np.rint(potential).astype(np.int64),
        u_potential=potential * spread,
        known=known,
    )
