"""Availability, stops and reliability of every turbine from the best evidence there is: its status log, else wind and power."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.availability import Basis, availability_table, category_table, monthly_table
from fleet.category_sums import SUM_COLUMNS, log_sums, merge_sums
from fleet.config import Farm
from fleet.logs import LogStates
from fleet.passes import STOPPED
from fleet.potential import SOURCE_TITLES, PotentialSource, corrected, source_quality
from fleet.results import Availability
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.stops import FRAGMENT_COLUMNS, merge_fragments, reliability_table, stop_fragments, stop_table
from fleet.sums import Summary, month_name
from fleet.times import from_us, series_us, stamps

__all__ = ["availability_result"]

Period = tuple[int, int]

_SCATTERED = "the status log is not used: " + UNKNOWN_COVERAGE


def availability_result(farm: Farm, period: Period, logs: dict[str, LogStates], summary: Summary | None) -> Availability:
    """Return availability with its evidence.

    Parameters
    ----------
    farm : Farm
        Turbines and settings.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    logs : dict of turbine to LogStates
        Turbines without a log are absent.
    summary : Summary or None
        Merged sums of the second pass; None without SCADA records.
    """
    period_us = farm.averaging_period_s * 1_000_000
    quality = source_quality(summary) if summary is not None else None
    states = corrected(summary["states"], quality) if summary is not None and quality is not None else None
    priced = corrected(summary["stops"], quality) if summary is not None and quality is not None else None
    sums, fragments, bases = [], [], []
    for turbine in farm.turbines:
        log = logs.get(turbine.name)
        own = states[states["turbine"] == turbine.name] if states is not None else None
        energy = priced[priced["turbine"] == turbine.name] if priced is not None else None
        rows = own is not None and len(own) > 0
        if log is not None and (log.segments is not None or not rows):
            segments = log.stops if log.segments is None else log.segments
            sums.append(_with_energy(log_sums(turbine.name, segments), own if rows else None, period_us))
            fragments.append(_priced(stop_fragments(turbine.name, segments), energy, period_us))
        elif own is not None and rows:
            sums.append(_inferred(own, period_us))
            fragments.append(_fragments(turbine.name, energy, period_us))
        bases.append(_basis(turbine.name, period, log, own if rows else None))
    merged, stops = merge_sums(sums), merge_fragments(fragments)
    settings = farm.availability
    return Availability(
        table=availability_table(merged, bases, settings),
        monthly=monthly_table(merged, bases, settings),
        categories=category_table(merged),
        stops=stop_table(stops),
        reliability=reliability_table(merged, stops, bases),
        notes=_notes(farm, quality),
    )


def _basis(turbine: str, period: Period, log: LogStates | None, states: pd.DataFrame | None) -> Basis:
    start, end = from_us(period[0]), from_us(period[1])
    use_log = log is not None and (log.segments is not None or states is None)
    if not use_log and states is None:
        note = "no status log and no valid power and wind"
        return Basis(turbine=turbine, evidence="none", start=start, end=end, note=note)
    lost = states[states["category"].isin(STOPPED) & states["known"]] if states is not None else None
    source, u_potential = "", float("nan")
    if lost is not None and len(lost):
        energy = lost.groupby("source", sort=True)["potential"].sum()
        source = "; ".join(_share(int(code), value, int(energy.sum())) for code, value in energy.items())
        total = int(lost["potential"].abs().sum())
        u_potential = float(lost["u_potential"].abs().sum()) / total if total else float("nan")
    if use_log and log is not None:
        return Basis(
            turbine=turbine,
            evidence="status log",
            start=start,
            end=end,
            declared=log.segments is not None,
            potential_source=source,
            u_potential=u_potential,
            note=log.note,
        )
    note = "" if log is None else _SCATTERED
    return Basis(
        turbine=turbine, evidence="inferred", start=start, end=end, potential_source=source, u_potential=u_potential, note=note
    )


def _share(code: int, value: float, total: int) -> str:
    title = SOURCE_TITLES[PotentialSource(code)]
    return f"{title} ({100.0 * value / total:.0f} %)" if total and value != total else title


def _inferred(states: pd.DataFrame, period_us: int) -> pd.DataFrame:
    """Return the sums of the second pass in the form that availability takes."""
    loss = np.where(states["known"], states["potential"] - states["produced"], 0)
    table = pd.DataFrame(
        {
            "turbine": states["turbine"],
            "month": [month_name(int(key)) for key in states["month"]],
            "category": states["category"],
            "time_us": states["time"],
            "produced": states["produced"] * period_us,
            "lost": pd.Series(loss * period_us, index=states.index).astype("Int64").mask(~states["known"]),
            "unpriced_us": states["time"].mask(states["known"], 0),
        }
    )
    return merge_sums([table[list(SUM_COLUMNS)].astype({"produced": "Int64"})])


def _with_energy(from_log: pd.DataFrame, states: pd.DataFrame | None, period_us: int) -> pd.DataFrame:
    """Give the log's times the energies of the records that fall into them."""
    if states is None:
        return from_log
    key = ["turbine", "month", "category"]
    energy = _inferred(states, period_us).set_index(key)
    joined = from_log.drop(columns=["produced", "lost"]).join(energy[["produced", "lost"]], on=key)
    priced = joined.join((energy["time_us"] - energy["unpriced_us"]).rename("priced"), on=key)["priced"].fillna(0)
    joined["unpriced_us"] = (joined["time_us"] - priced).clip(lower=0).astype("int64")
    return joined[list(SUM_COLUMNS)]


def _lost(energy: pd.DataFrame, period_us: int) -> pd.Series:
    """Return lost energy per stop (start, end), missing where no source knows the potential."""
    known = energy[energy["known"]]
    lost = (known["potential"] - known["produced"]) * period_us
    return lost.groupby([known["start"], known["end"]], sort=True).sum()


def _fragments(turbine: str, energy: pd.DataFrame | None, period_us: int) -> pd.DataFrame:
    """Return inferred stops, still cut at the partitions' borders."""
    if energy is None or not len(energy):
        return pd.DataFrame(columns=list(FRAGMENT_COLUMNS))
    spans = energy[["start", "end"]].drop_duplicates().sort_values(["start", "end"], ignore_index=True)
    size = len(spans)
    table = pd.DataFrame({"turbine": pd.array([turbine] * size, dtype="str")})
    table["start"], table["end"] = stamps(spans["start"]), stamps(spans["end"])
    for name, text in (("category", "unallocated"), ("code", ""), ("message", "")):
        table[name] = pd.array([text] * size, dtype="str")
    lost = _lost(energy, period_us)
    table["lost"] = lost.reindex(pd.MultiIndex.from_frame(spans)).astype("Int64").to_numpy(object)
    table["lost"] = table["lost"].astype("Int64")
    table["open_end"] = False
    return table[list(FRAGMENT_COLUMNS)]


def _priced(stops: pd.DataFrame, energy: pd.DataFrame | None, period_us: int) -> pd.DataFrame:
    """Give logged stops their lost energy."""
    if energy is None or not len(energy) or not len(stops):
        return stops
    keys = pd.MultiIndex.from_arrays([series_us(stops["start"]), series_us(stops["end"])])
    lost = _lost(energy, period_us).reindex(keys)
    return stops.assign(lost=pd.array(lost.astype("Int64"), dtype="Int64"))


def _notes(farm: Farm, quality: pd.DataFrame | None) -> tuple[str, ...]:
    settings = farm.availability
    notes = [
        f"Inferred: a record with wind at or above {settings.down_wind_speed:g} m/s and power at or below "
        f"{settings.down_power_kw:g} kW is down, cause unknown. Only the operational view can be inferred.",
        "Production-based: lost energy is potential less actual energy while unavailable, negative values not clipped.",
    ]
    if quality is not None and len(quality):
        for code, group in quality.groupby(level="source", sort=True):
            title = SOURCE_TITLES[PotentialSource(int(code))]
            notes.append(
                f"Potential power from {title}: in normal operation own energy is {group['ratio'].min():.3f} to "
                f"{group['ratio'].max():.3f} of it (corrected for); the monthly ratio scatters by up to "
                f"{100.0 * group['u_relative'].max():.1f} % (one sigma)."
            )
    return tuple(notes)
