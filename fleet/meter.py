"""Is the plant meter a measurement? It is compared with the turbines' sum interval by interval.

Between turbines and meter lie transformers and cables: their losses and the plant's own consumption take a larger share
of a small production than of a large one. A "meter" that is the same fraction of the turbines' sum at every load was
computed from it. Where the clock was corrected, the comparison also tells which stamps the meter shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.flags import USES
from fleet.meter_intervals import meter_intervals
from fleet.partial_sums import Partial, record_sums
from fleet.recorded import Recorded
from fleet.sums import POWER, Summary, quanta

__all__ = ["MeterFit", "interval_sums", "meter_check", "meter_fit"]

_CORRECTED, _WRITTEN = "farm_power", "farm_power_as_written"
_EDGES = np.r_[0.05, np.arange(0.1, 1.0, 0.1), 1.1]  #: load classes [fraction of rated power]
_LEAST = 200  #: intervals in a class that counts
_CONSTANT = 1e-3  #: a factor that varies less than this with load; real losses vary by several times as much
_SPAN = 0.5  #: least distance from the lowest to the highest class [fraction of rated power]
_BETTER = 0.5  #: stamps as written fit better where their misfit is below this part of the other

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class MeterFit:
    """How a meter follows the turbines' sum on one time axis."""

    intervals: int  #: with the meter and every turbine
    factor: float  #: meter over turbines, all of them [1]
    misfit: float  #: mean absolute distance from the factor times the turbines, over their energy [1]
    classes: pd.DataFrame  #: low, high [fraction of rated power], n, factor: load classes with enough intervals

    @property
    def constant(self) -> bool:
        """Whether the factor is the same at every load, and the loads tell."""
        if len(self.classes) < 4 or self.classes["low"].iloc[-1] - self.classes["low"].iloc[0] < _SPAN:
            return False
        return bool((self.classes["factor"] / self.classes["factor"].mean() - 1.0).abs().max() < _CONSTANT)


def interval_sums(records: Recorded, flags: npt.NDArray[np.uint32]) -> Partial:
    """Return the farm's power per interval, by the stamps that are used and as written (time -> n, power [0.01 kW]).

    Parameters
    ----------
    records : Recorded
        One turbine's own records of a partition.
    flags : array of uint32
        Their flags.
    """
    usable = (flags & np.uint32(USES["energy"])) == 0
    sums = {"n": np.ones(int(usable.sum()), np.int64), "power": quanta(records.signal("power_kw")[usable], POWER)}
    return {
        _CORRECTED: record_sums({"time": records.time[usable]}, sums),
        _WRITTEN: record_sums({"time": records.written[usable]}, sums),
    }


def meter_fit(power: pd.DataFrame, meter: pd.DataFrame, *, turbines: int, rated_kw: float, period_s: int) -> MeterFit:
    """Return how the meter follows the turbines where all of them have a record.

    Parameters
    ----------
    power : DataFrame
        A merged table of `interval_sums`.
    meter : DataFrame
        `schema.METER`.
    turbines : int
        How many turbines there are.
    rated_kw : float
        Rated power of all of them [kW].
    period_s : int
        Averaging period of the records [s].
    """
    every = meter_intervals(power, meter, turbines=turbines, period_s=period_s)
    both = every[every["records"] == every["full"]]
    produced, metered = both["turbines"].to_numpy(), both["meter"].to_numpy()
    total = float(produced.sum())
    if total <= 0:
        return MeterFit(intervals=len(both), factor=float("nan"), misfit=float("nan"), classes=_classes([]))
    factor = float(metered.sum()) / total
    load = produced / (rated_kw * both["length"].to_numpy() / 3.6e9)
    rows = []
    for low, high in pairwise(_EDGES.tolist()):
        inside = (load >= low) & (load < high)
        if inside.sum() >= _LEAST:
            rows.append(
                (float(low), float(high), int(inside.sum()), float(metered[inside].sum() / produced[inside].sum()))
            )
    misfit = float(np.abs(metered - factor * produced).sum()) / total
    return MeterFit(intervals=len(both), factor=factor, misfit=misfit, classes=_classes(rows))


def meter_check(
    summary: Summary, meter: pd.DataFrame, rated_kw: Sequence[float], period_s: int
) -> tuple[pd.DataFrame, str]:
    """Return the turbines' sum by the stamps that fit the meter better, and what speaks against the meter.

    Parameters
    ----------
    summary : Summary
        Merged, with the tables of `interval_sums`.
    meter : DataFrame
        `schema.METER`.
    rated_kw : sequence of float
        Rated power of each turbine [kW].
    period_s : int
        Averaging period of the records [s].

    Returns
    -------
    DataFrame
        A merged table of `interval_sums`.
    str
        What there is to say against the meter as a measurement of its own, or nothing.
    """
    used, written = (
        meter_fit(summary[name], meter, turbines=len(rated_kw), rated_kw=sum(rated_kw), period_s=period_s)
        for name in (_CORRECTED, _WRITTEN)
    )
    shifted = written.misfit < _BETTER * used.misfit
    return summary[_WRITTEN if shifted else _CORRECTED], _note(used, written, shifted)


def _note(used: MeterFit, written: MeterFit, shifted: bool) -> str:
    fit = written if shifted else used
    text = ""
    if fit.constant:
        low, high, of_class = fit.classes["low"].min(), min(fit.classes["high"].max(), 1.0), fit.classes["factor"]
        text = (
            f"The meter follows the turbines' sum at a constant factor of {fit.factor:.3f} whatever the load "
            f"({of_class.min():.4f} to {of_class.max():.4f} in classes from {100 * low:.0f} % to {100 * high:.0f} % of "
            "rated power, where real losses vary): it looks derived from it, not measured; it says nothing about "
            "electrical losses."
        )
    if shifted:
        text += (
            f"{' ' if text else ''}The meter fits the turbines' stamps as written (off by {100 * written.misfit:.1f} % "
            f"on average) better than the corrected ones ({100 * used.misfit:.1f} %): meter and turbines are apart by "
            "as much as the correction moves the stamps, so compare months, not hours."
        )
    return text


def _classes(rows: list[tuple[float, float, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["low", "high", "n", "factor"])
