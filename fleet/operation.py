"""Availability, stops and reliability of every turbine: from its status log, else state timers, else wind and power."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

_UNAVAILABLE = Category.INFORMATION_UNAVAILABLE.value
_SCATTERED = "the status log is not used: " + UNKNOWN_COVERAGE


def availability_result(
    farm: Farm,
    period: Period,
    logs: dict[str, LogStates],
    summary: Summary | None,
    at_rest_kw: Mapping[str, float] | None = None,
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
    at_rest_kw : mapping of turbine to float, optional
        Up to which power reads as none [kW] (`fleet.standstill`); 0 where absent.
    """
    quantum_kwh = POWER * farm.averaging_period_s / 3600.0
    quality = source_quality(summary) if summary is not None else None
    states, contract_states = (_corrected(summary, name, quality) for name in ("states", "contract_states"))
    # Turbines whose records tell no state but Information Unavailable have nothing to infer from.
    told = set() if states is None else set(states.loc[states["category"] != _UNAVAILABLE, "turbine"])
    found = {turbine.name: _segments(logs.get(turbine.name), turbine.name in told) for turbine in farm.turbines}
    segments = {name: own for name, own in found.items() if own is not None}
    inferred = told & {turbine.name for turbine in farm.turbines} - set(segments)
    energies = _energies(states)
    sums = [_with_energy([log_sums(name, own) for name, own in segments.items()], energies), _of(energies, inferred)]
    contract_sums = sums
    contracts = {name: by for name, own in segments.items() if (by := contract_segments(own)) is not None}
    if contracts:
        others = [log_sums(name, own) for name, own in segments.items() if name not in contracts]
        by_contract = _with_energy([log_sums(name, by) for name, by in contracts.items()], _energies(contract_states))
        contract_sums = [by_contract, _with_energy(others, energies), sums[1]]
    fragments = [stop_fragments(name, own) for name, own in segments.items()]
    if summary is not None:
        fragments.append(_inferred_stops(inferred, summary["stops"]))
    potentials = _potentials(states)
    bases = [
        _basis(
            turbine.name,
            period,
            logs.get(turbine.name),
            turbine.name in inferred,
            potentials.get(turbine.name),
            (at_rest_kw or {}).get(turbine.name, 0.0),
        )
        for turbine in farm.turbines
    ]
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
        reliability=reliability_table(merged, stops, bases, record_us=farm.averaging_period_us),
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


def _of(energies: pd.DataFrame | None, turbines: Collection[str]) -> pd.DataFrame:
    """Return the rows of some turbines."""
    return merge_sums([]) if energies is None else energies[energies["turbine"].isin(turbines)]


def _segments(log: LogStates | None, told: bool) -> pd.DataFrame | None:
    """Return known states where they are the best evidence: their coverage is known, or records tell nothing else."""
    if log is None or (log.segments is None and told):
        return None
    return log.stops if log.segments is None else log.segments


def _basis(
    turbine: str,
    period: Period,
    log: LogStates | None,
    inferred: bool,
    potential: tuple[str, float] | None,
    at_rest_kw: float,
) -> Basis:
    start, end = from_us(period[0]), from_us(period[1])
    if not inferred and (log is None or log.stops is None):
        note = "no status log, no state timers and no valid power and wind" if log is None else log.note
        return Basis(turbine=turbine, evidence="none", start=start, end=end, note=note)
    source, u_potential = potential or ("", float("nan"))
    scattered = log is not None and log.segments is None
    unused = "" if log is None or not inferred else log.note or _SCATTERED
    at_rest = f"at rest power reads up to {at_rest_kw:.0f} kW, which counts as none" if at_rest_kw > 0.0 else ""
    return Basis(
        turbine=turbine,
        evidence="inferred" if log is None or inferred else log.evidence,
        start=start,
        end=end,
        declared=inferred or not scattered,
        potential_source=source,
        u_potential=u_potential,
        note="; ".join(filter(None, (unused, at_rest))) if inferred or log is None else log.note,
    )


def _potentials(states: pd.DataFrame | None) -> dict[str, tuple[str, float]]:
    """Return where each turbine's potential power comes from while it stands still, and its uncertainty [fraction]."""
    if states is None:
        return {}
    lost = states[states["category"].isin(STOPPED) & states["known"]]
    if lost.empty:
        return {}
    names, first = np.unique(lost["turbine"].to_numpy(object), return_index=True)  # sorted by turbine
    columns = (lost[name].to_numpy() for name in ("source", "potential", "u_potential"))
    parts = [np.split(column, first[1:]) for column in columns]
    found = {}
    for name, source, potential, uncertainty in zip(names, *parts, strict=True):
        energy = {int(code): int(potential[source == code].sum()) for code in np.unique(source)}
        text = "; ".join(_share(code, value, sum(energy.values())) for code, value in energy.items())
        total = int(np.abs(potential).sum())
        # A source whose uncertainty is not known leaves that of the sum unknown, too.
        found[str(name)] = text, float(np.abs(uncertainty).sum()) / total if total else float("nan")
    return found


def _share(code: int, value: int, total: int) -> str:
    title = SOURCE_TITLES[PotentialSource(code)]
    return f"{title} ({100.0 * value / total:.0f} %)" if total and value != total else title


def _energies(states: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the sums of the second pass in the form that availability takes."""
    if states is None:
        return None
    loss = np.where(states["known"], states["potential"] - states["produced"], 0)
    table = pd.DataFrame(
        {
            "turbine": states["turbine"],
            "month": states["month"].map({key: month_name(int(key)) for key in states["month"].unique()}).astype("str"),
            "category": states["category"],
            "time_us": states["time"],
            "produced": states["produced"],
            "lost": pd.Series(loss, index=states.index).astype("Int64").mask(~states["known"]),
            "unpriced_us": states["time"].mask(states["known"], 0),
        }
    )
    return merge_sums([table[list(SUM_COLUMNS)].astype({"produced": "Int64"})])


def _with_energy(times: Sequence[pd.DataFrame], energies: pd.DataFrame | None) -> pd.DataFrame:
    """Give the times of segments the energies of the records that fall into them."""
    from_log = merge_sums(times)
    if energies is None or not len(from_log):
        return from_log
    key = ["turbine", "month", "category"]
    energy = energies.set_index(key)
    joined = from_log.drop(columns=["produced", "lost"]).join(energy[["produced", "lost"]], on=key)
    priced = joined.join((energy["time_us"] - energy["unpriced_us"]).rename("priced"), on=key)["priced"].fillna(0)
    joined["unpriced_us"] = (joined["time_us"] - priced).clip(lower=0).astype("int64")
    return joined[list(SUM_COLUMNS)]


def _inferred_stops(turbines: Collection[str], energy: pd.DataFrame) -> pd.DataFrame:
    """Return the inferred stops of some turbines, still cut at the partitions' borders."""
    rows = energy.index.to_frame(index=False)[["turbine", "category", "start", "end"]]
    spans = rows[rows["turbine"].isin(turbines)].drop_duplicates(ignore_index=True)
    return run_fragments(spans["turbine"], spans, spans["category"])


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
            f"{settings.down_power_kw:g} kW, neither of them frozen, is down, cause unknown; with a set-point of at "
            "most 1 % of rated power it is a requested shutdown. Records that run held below the expected power are "
            "Partial Performance: by a set-point where the export shows one, else of unknown cause. Records that the "
            "publisher's rules call unknown or abnormal are Information Unavailable. Only the operational view can be "
            "inferred."
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
