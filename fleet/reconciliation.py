"""The turbines' sum against the plant meter, over the intervals that both have and no others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from fleet.meter import meter_check
from fleet.meter_intervals import meter_intervals
from fleet.sums import Summary

__all__ = ["RECONCILED", "reconcile"]

#: An interval is compared where what the missing records hold, at rated power, is at most this share of the energy of
#: those that are there. Nothing is filled in: the ratio is too high by as much at most.
_MOST_MISSING = 0.01

#: Columns of `fleet.results.Energy.reconciliation`.
RECONCILED = ("month", "turbines_mwh", "meter_mwh", "ratio", "intervals", "of")


def reconcile(
    summary: Summary,
    meter: pd.DataFrame | None,
    period: tuple[int, int],
    rated_kw: Sequence[float],
    period_s: int,
) -> tuple[pd.DataFrame, str, str]:
    """Return the comparison by month, what was compared, and what speaks against the meter.

    Parameters
    ----------
    summary : Summary
        Merged, with the tables of `fleet.meter.interval_sums` where there is a meter.
    meter : DataFrame or None
        `schema.METER`, all of it.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    rated_kw : sequence of float
        Rated power of each turbine [kW].
    period_s : int
        Averaging period of the records [s].

    Returns
    -------
    DataFrame
        `RECONCILED`: month of the interval's begin, energies in the compared intervals [MWh], meter over turbines,
        compared intervals, and intervals that the meter has; the last row is "all". Empty without any to compare.
    str
        Which intervals were compared, which were left out and why; empty without a meter.
    str
        The note of `fleet.meter.meter_check`.
    """
    if meter is None or not len(meter):
        return _rows([]), "", ""
    power, note = meter_check(summary, meter, rated_kw, period_s)
    every = meter_intervals(power, meter, turbines=len(rated_kw), period_s=period_s)
    end = every["start"] + every["length"]
    inside = (every["start"] >= period[0]) & (end <= period[1])
    own = every[inside]
    mean_kw = sum(rated_kw) / len(rated_kw)
    missing = (own["full"] - own["records"]).clip(lower=0)
    used = missing * (mean_kw * period_s / 3600.0) <= _MOST_MISSING * own["turbines"].clip(lower=0.0)
    there = (end.clip(upper=period[1]) - every["start"].clip(lower=period[0])).clip(lower=0)
    months = own["start"].to_numpy().astype("datetime64[us]").astype("datetime64[M]").astype(str)
    rows = [_row(str(month), part, used) for month, part in own.groupby(months, sort=True) if used[part.index].any()]
    if rows:
        rows.append(_row("all", own, used))
    cut, lacking = int((there > 0).sum()) - len(own), period[1] - period[0] - int(there.sum())
    return _rows(rows), _words(own, used, cut, int((there == 0).sum()), lacking), note


def _row(month: str, own: pd.DataFrame, used: pd.Series) -> tuple[object, ...]:
    part = own[used.reindex(own.index)]
    turbines, meter = (float(part[name].sum()) / 1000.0 for name in ("turbines", "meter"))
    return month, turbines, meter, meter / turbines if turbines > 0 else math.nan, len(part), len(own)


def _rows(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    energies = dict.fromkeys(("turbines_mwh", "meter_mwh", "ratio"), "float64")
    frame = pd.DataFrame(rows, columns=list(RECONCILED))
    return frame.astype({"month": "str", **energies, "intervals": "int64", "of": "int64"})


def _words(own: pd.DataFrame, used: pd.Series, cut: int, outside: int, lacking: int) -> str:
    """Say which intervals were compared."""
    part = own[used]
    needed = f"what is missing of their records is at most {100 * _MOST_MISSING:g} % of the energy, were it rated power"
    if part.empty:
        said = [
            f"None of the meter's {len(own):,} intervals in the analysed period holds enough records ({needed}): "
            "nothing to compare."
        ]
    else:
        share = float(part["records"].sum() / part["full"].sum())
        said = [
            f"Compared are {len(part):,} of the meter's {len(own):,} intervals in the analysed period, "
            f"{_hours(part['length'].sum())} h: {needed} ({100 * share:.2f} % of the records are there)."
        ]
    if 0 < len(part) < len(own):
        said.append(f"{len(own) - len(part):,} with fewer records are left out.")
    if lacking > 0:
        said.append(f"For {_hours(lacking)} h of the analysed period the meter has no interval that can be compared.")
    if cut:
        said.append(f"{cut:,} intervals of the meter reach beyond the analysed period.")
    if outside:
        said.append(f"{outside:,} intervals of the meter lie outside the analysed period.")
    return " ".join(said)


def _hours(length: float) -> str:
    return f"{length / 3.6e9:,.1f}"
