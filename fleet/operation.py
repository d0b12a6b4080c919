"""Availability, stops and reliability of every turbine: from its status log, else state timers, else wind and power."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd

from fleet.availability import Basis, availability_table, category_table, monthly_table
from fleet.categories import Category
from fleet.category_sums import HOUR, SUM_COLUMNS, log_sums, merge_sums
from fleet.config import Farm
from fleet.logs import LogStates, contract_segments
from fleet.potential import SOURCE_TITLES, PotentialSource, corrected, source_quality
from fleet.results import Availability
from fleet.states import STOPPED
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.stops import merge_fragments, reliability_table, run_fragments, stop_fragments, stop_table, whole_stops
from fleet.sums import POWER, Summary, month_name
from fleet.timer_segments import TimerSums
from fleet.times import from_us
from fleet.wording import span

__all__ = ["availability_result"]

Period = tuple[int, int]

_SCATTERED = "the status log is not used: " + UNKNOWN_COVERAGE


def availability_result(
    farm: Farm, period: Period, logs: dict[str, LogStates], summary: Summary | None
) -> Availability:
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
    quantum_kwh = POWER * farm.averaging_period_s / 3600.0
    quality = source_quality(summary) if summary is not None else None
    states, contract_states = (_corrected(summary, name, quality) for name in ("states", "contract_states"))
    sums, contract_sums, fragments, bases = [], [], [], []
    for turbine in farm.turbines:
        name, log = turbine.name, logs.get(turbine.name)
        own = _of(states, name)
        segments = _segments(log, own)
        if segments is not None:
            sums.append(_with_energy(log_sums(name, segments), own))
            contract = contract_segments(segments)
            contract_sums.append(
                sums[-1] if contract is None else _with_energy(log_sums(name, contract), _of(contract_states, name))
            )
            fragments.append(stop_fragments(name, segments))
        elif own is not None and summary is not None:
            sums.append(_energies(own))
            contract_sums.append(sums[-1])
            fragments += _inferred_stops(name, summary["stops"])
        bases.append(_basis(name, period, log, own))
    merged, stops = merge_sums(sums), merge_fragments(fragments)
    settings = farm.availability
    lost_mwh = None
    if summary is not None and quality is not None:
        lost_mwh = _lost_mwh(corrected(whole_stops(summary["stops"], stops), quality), quantum_kwh)
    return Availability(
        table=availability_table(
            merged, bases, settings, quantum_kwh=quantum_kwh, contract_sums=merge_sums(contract_sums)
        ),
        monthly=monthly_table(merged, bases, settings, quantum_kwh=quantum_kwh),
        categories=category_table(merged, bases, quantum_kwh=quantum_kwh),
        stops=stop_table(stops, lost_mwh),
        reliability=reliability_table(merged, stops, bases),
        notes=(*_notes(farm, quality, {basis.evidence for basis in bases}), *_timer_notes(logs.values())),
    )


def _timer_notes(states: Iterable[LogStates]) -> tuple[str, ...]:
    """Return what the state timers count and what of the time not ready they explain."""
    by_timers = [one.timers for one in states if one.timers is not None]
    if not by_timers:
        return ()
    total = sum(by_timers, TimerSums())
    lost = total.not_ready - total.stops_allocated
    notes = [
        f"From state timers, {len(by_timers)} turbines together: not ready {total.not_ready / HOUR:.2f} h; the stop "
        f"timers count {total.stops_raw / HOUR:.2f} h, of which {total.stops_allocated / HOUR:.2f} h explain time not "
        f"ready, each moment once by availability.priority; {lost / HOUR:.2f} h are stops without a category "
        "(unallocated). When in its record a stop was, is not known."
    ]
    unusable = {
        "with a missing timer": total.missing,
        "with timers beyond their interval": total.impossible,
        "with several different records": total.conflicting,
    }
    if any(unusable.values()):
        said = ", ".join(f"{what} {count:,}" for what, count in unusable.items() if count)
        notes.append(f"Intervals of state timers that are Information Unavailable: {said}.")
    return tuple(notes)


def _corrected(summary: Summary | None, name: str, quality: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if summary is None or quality is None or name not in summary else corrected(summary[name], quality)


def _of(states: pd.DataFrame | None, turbine: str) -> pd.DataFrame | None:
    """Return a turbine's states; None where it has no record that tells one."""
    own = states[states["turbine"] == turbine] if states is not None else None
    return own if own is not None and (own["category"] != Category.INFORMATION_UNAVAILABLE).any() else None


def _segments(log: LogStates | None, states: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return known states where they are the best evidence: their coverage is known, or there is nothing else."""
    if log is None or (log.segments is None and states is not None):
        return None
    return log.stops if log.segments is None else log.segments


def _basis(turbine: str, period: Period, log: LogStates | None, states: pd.DataFrame | None) -> Basis:
    start, end = from_us(period[0]), from_us(period[1])
    if states is None and (log is None or log.stops is None):
        note = "no status log, no state timers and no valid power and wind" if log is None else log.note
        return Basis(turbine=turbine, evidence="none", start=start, end=end, note=note)
    lost = states[states["category"].isin(STOPPED) & states["known"]] if states is not None else None
    source, u_potential = "", float("nan")
    if lost is not None and len(lost):
        energy = lost.groupby("source", sort=True)["potential"].sum()
        source = "; ".join(
            _share(code, int(value), int(energy.sum())) for code, value in zip(energy.index, energy, strict=True)
        )
        total = int(lost["potential"].abs().sum())
        # A source whose uncertainty is not known leaves that of the sum unknown, too.
        u_potential = float(lost["u_potential"].abs().sum(skipna=False)) / total if total else float("nan")
    scattered = log is not None and log.segments is None
    inferred = log is None or _segments(log, states) is None
    return Basis(
        turbine=turbine,
        evidence="inferred" if log is None or inferred else log.evidence,
        start=start,
        end=end,
        declared=inferred or not scattered,
        potential_source=source,
        u_potential=u_potential,
        note="" if log is None else (log.note or _SCATTERED) if inferred else log.note,
    )


def _share(code: int, value: int, total: int) -> str:
    title = SOURCE_TITLES[PotentialSource(code)]
    return f"{title} ({100.0 * value / total:.0f} %)" if total and value != total else title


def _energies(states: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of the second pass in the form that availability takes."""
    loss = np.where(states["known"], states["potential"] - states["produced"], 0)
    table = pd.DataFrame(
        {
            "turbine": states["turbine"],
            "month": [month_name(int(key)) for key in states["month"]],
            "category": states["category"],
            "time_us": states["time"],
            "produced": states["produced"],
            "lost": pd.Series(loss, index=states.index).astype("Int64").mask(~states["known"]),
            "unpriced_us": states["time"].mask(states["known"], 0),
        }
    )
    return merge_sums([table[list(SUM_COLUMNS)].astype({"produced": "Int64"})])


def _with_energy(from_log: pd.DataFrame, states: pd.DataFrame | None) -> pd.DataFrame:
    """Give the log's times the energies of the records that fall into them."""
    if states is None:
        return from_log
    key = ["turbine", "month", "category"]
    energy = _energies(states).set_index(key)
    joined = from_log.drop(columns=["produced", "lost"]).join(energy[["produced", "lost"]], on=key)
    priced = joined.join((energy["time_us"] - energy["unpriced_us"]).rename("priced"), on=key)["priced"].fillna(0)
    joined["unpriced_us"] = (joined["time_us"] - priced).clip(lower=0).astype("int64")
    return joined[list(SUM_COLUMNS)]


def _inferred_stops(turbine: str, energy: pd.DataFrame) -> list[pd.DataFrame]:
    """Return a turbine's inferred stops by category, still cut at the partitions' borders."""
    mine = energy.index[energy.index.get_level_values("turbine") == turbine]
    spans = mine.to_frame(index=False)[["category", "start", "end"]].drop_duplicates()
    return [
        run_fragments(turbine, own.reset_index(drop=True), str(category))
        for category, own in spans.groupby("category", sort=True)
    ]


def _lost_mwh(energy: pd.DataFrame, quantum_kwh: float) -> pd.Series[Any]:
    """Return lost energy per stop, where a source knows the potential for any of it."""
    known = energy[energy["known"]]
    lost = (known["potential"] - known["produced"]).groupby([known[key] for key in ("turbine", "start", "end")]).sum()
    return lost * (quantum_kwh / 1000.0)


def _notes(farm: Farm, quality: pd.DataFrame | None, evidence: Collection[str]) -> tuple[str, ...]:
    """Return how the figures came about: only what the evidence at hand was used for."""
    settings = farm.availability
    notes = []
    if "status log" in evidence:
        notes.append(
            "From the status log: where events overlap, each moment counts once, for the first category of "
            "availability.priority. Informational rows are state markers, never downtime."
        )
        if settings.contract and settings.contract_priority not in (None, settings.priority):
            notes.append("The contractual view allocates time by a priority of its own.")
    if "inferred" in evidence:
        notes.append(
            f"Inferred: a record with wind at or above {settings.down_wind_speed:g} m/s and power at or below "
            f"{settings.down_power_kw:g} kW is down, cause unknown; with a set-point of at most 1 % of rated power it "
            "is a requested shutdown. Records that run held below the expected power are Partial Performance: by a "
            "set-point where the export shows one, else of unknown cause. Records that the publisher's rules call "
            "unknown or abnormal are Information Unavailable. Only the operational view can be inferred."
        )
    if quality is not None and evidence != {"none"}:
        notes.append(
            "Production-based: lost energy is potential less actual energy while unavailable, negative values not "
            "clipped."
        )
    if quality is not None and len(quality):
        for code in sorted(set(quality.index.get_level_values("source"))):
            group, title = quality.xs(code, level="source"), SOURCE_TITLES[PotentialSource(code)]
            spread = 100.0 * group["u_relative"].max()
            scatter = (
                f"scatters by up to {spread:.1f} % (one sigma)" if spread == spread else "needs two months to scatter"
            )
            notes.append(
                f"Potential power from {title}: in normal operation own energy is {span(group['ratio'], 3)} of it "
                f"(corrected for); the monthly ratio {scatter}."
            )
    return tuple(notes)
