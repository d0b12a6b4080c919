"""Time- and production-based availability after IEC 61400-26-1 in three views, from sums per category.

Time-based: A = 1 - T_u / (T_a + T_u). Production-based: A = 1 - E_l / (E_a + E_l), E_l = potential less actual energy,
counted while unavailable or in Partial Performance only and not clipped where it is negative. Categories that a view
does not count leave all sums. The sums per category are integers (`fleet.category_sums`); ratios are taken once, at the
end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from fleet.categories import IN_SERVICE, TECHNICAL_EXCLUDED, TECHNICAL_UNAVAILABLE, Category
from fleet.category_sums import HOUR, RUNNING_UNALLOCATED, months_of
from fleet.config import AvailabilitySettings
from fleet.schema import FLEET
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.times import to_us

__all__ = [
    "VIEWS",
    "Basis",
    "availability_table",
    "category_table",
    "monthly_table",
    "treat_as",
]

View = Literal["operational", "technical", "contractual"]
Treatment = Literal["available", "unavailable", "not_counted"]
Evidence = Literal["status log", "state timers", "inferred", "none"]

_WEAKEST_FIRST: tuple[Evidence, ...] = ("inferred", "state timers", "status log")

VIEWS: tuple[View, ...] = ("operational", "technical", "contractual")
YEAR_H = 8760.0  #: the year of the maintenance allowance [h]

INFERRED_ONLY = "not determinable from power and wind alone"
NO_CONTRACT = "not determinable without the contract's categories: set [availability] contract"
TECHNICAL_INDICATIVE = "indicative: the standard leaves this view to an informative annex"

_RUNNING = frozenset({*(category.value for category in IN_SERVICE), RUNNING_UNALLOCATED})
_UNALLOCATED = frozenset({Category.UNALLOCATED.value, RUNNING_UNALLOCATED})


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What one turbine's availability rests on."""

    turbine: str
    evidence: Evidence
    start: pd.Timestamp  #: the analysed period, UTC; coverage is the share of it that the sums account for
    end: pd.Timestamp
    declared: bool = True  #: status log: its period is known; otherwise only the logged stops can be stated
    potential_source: str = ""  #: where potential power comes from; "" where there is none
    u_potential: float = math.nan  #: standard uncertainty of potential energy, fully correlated [fraction]
    note: str = ""


def treat_as(label: str, view: View, settings: AvailabilitySettings) -> Treatment:
    """Return how a view counts a category.

    - *operational*: out of service is unavailable, whatever the cause; Information Unavailable leaves both sums.
    - *technical* (indicative): Planned Corrective Action and Forced Outage are unavailable; Suspended, Force Majeure
      and Information Unavailable leave both sums, and so does a stop without a category; the rest is available.
      Scheduled maintenance beyond its allowance is taken out by `availability_table`.
    - *contractual*: as `settings.contract` says; time in service that it does not mention is available, any other
      category that it does not mention leaves both sums. Running in an unknown state follows the contract only where
      it treats every state in service alike.

    Parameters
    ----------
    label : str
        A `Category` value or `RUNNING_UNALLOCATED`.
    view : {"operational", "technical", "contractual"}
        The view.
    settings : AvailabilitySettings
        The contract's map.
    """
    running = label in _RUNNING
    if view == "contractual":
        if label == RUNNING_UNALLOCATED:
            ways = {settings.contract.get(category, "available") for category in IN_SERVICE}
            return ways.pop() if len(ways) == 1 else "not_counted"
        return settings.contract.get(Category(label), "available" if running else "not_counted")
    if running:
        return "available"
    if view == "operational":
        return "not_counted" if label == Category.INFORMATION_UNAVAILABLE else "unavailable"
    if label in TECHNICAL_EXCLUDED or label == Category.UNALLOCATED:
        return "not_counted"
    return "unavailable" if label in TECHNICAL_UNAVAILABLE else "available"


@dataclass(frozen=True)
class _Ledger:
    """Sums of one or several turbines in one view; they add."""

    available_h: float = 0.0
    unavailable_h: float = 0.0
    excluded_h: float = 0.0
    unallocated_h: float = 0.0
    period_h: float = 0.0
    covered_h: float = 0.0
    produced_mwh: float = 0.0
    lost_mwh: float = 0.0
    losing_h: float = 0.0  #: time whose losses count
    unpriced_h: float = 0.0  #: the part of it without lost energy
    u_potential_mwh: float = 0.0
    unmapped_h: float = 0.0  #: out of service in a category that the contract does not mention
    has_power: float = 0.0  #: turbines with produced energy
    turbines: float = 0.0

    def __add__(self, other: _Ledger) -> _Ledger:
        return _Ledger(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def time_based(self) -> float:
        counted = self.available_h + self.unavailable_h
        return 1.0 - self.unavailable_h / counted if counted > 0 else math.nan

    @property
    def loss_known(self) -> bool:
        """Whether any of the time whose losses count has lost energy; true where there is no such time."""
        return 0 < self.has_power == self.turbines and (self.losing_h == 0 or self.unpriced_h < self.losing_h)

    @property
    def production_based(self) -> float:
        total = self.produced_mwh + self.lost_mwh
        return 1.0 - self.lost_mwh / total if self.loss_known and total > 0 else math.nan

    @property
    def coverage(self) -> float:
        return self.covered_h / self.period_h if self.period_h > 0 else math.nan


def _ledger(
    sums: pd.DataFrame, basis: Basis, view: View, settings: AvailabilitySettings, quantum_kwh: float, period_us: int
) -> _Ledger:
    """Add one turbine's sums up in a view; months are added as integers before anything is divided."""
    allowance_h = settings.maintenance_allowance_h * (period_us / HOUR) / YEAR_H
    has_power = float(bool(sums["produced"].notna().any()))
    ledger = _Ledger(period_h=period_us / HOUR, has_power=has_power, turbines=1.0)
    for label in sorted(set(sums["category"])):
        mine = sums[sums["category"] == label]
        unpriced = mine["unpriced_us"].where(mine["lost"].notna(), mine["time_us"])
        hours, unpriced_h = int(mine["time_us"].sum()) / HOUR, int(unpriced.sum()) / HOUR
        produced, lost = (_energy_mwh(mine[name], quantum_kwh) for name in ("produced", "lost"))
        way = treat_as(label, view, settings)
        unavailable, counted = float(way == "unavailable"), float(way != "not_counted")
        if view == "technical" and label == Category.SCHEDULED_MAINTENANCE:
            unavailable = max(0.0, 1.0 - allowance_h / hours) if hours > 0 else 0.0
        losing = counted if label == Category.PARTIAL_PERFORMANCE else unavailable
        ledger += _Ledger(
            available_h=hours * (counted - unavailable),
            unavailable_h=hours * unavailable,
            excluded_h=hours * (1.0 - counted),
            unallocated_h=hours if label in _UNALLOCATED else 0.0,
            covered_h=0.0 if label == Category.INFORMATION_UNAVAILABLE else hours,
            produced_mwh=produced * counted,
            lost_mwh=lost * losing,
            losing_h=hours * losing,
            unpriced_h=unpriced_h * losing,
            u_potential_mwh=basis.u_potential * abs(lost + produced) * losing if losing else 0.0,
            unmapped_h=hours if view == "contractual" and _unmapped(label, settings) else 0.0,
        )
    return ledger


def _unmapped(label: str, settings: AvailabilitySettings) -> bool:
    expected = label not in _RUNNING and label != Category.INFORMATION_UNAVAILABLE
    return expected and Category(label) not in settings.contract


def _energy_mwh(units: pd.Series[Any], quantum_kwh: float) -> float:
    """Return energy [MWh]; integer units add as Python's integers, because a fleet's years pass 64 bit."""
    return float(sum(units.dropna().tolist())) * quantum_kwh / 1000.0


def availability_table(
    sums: pd.DataFrame,
    bases: Sequence[Basis],
    settings: AvailabilitySettings,
    *,
    quantum_kwh: float,
    contract_sums: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the rows of `fleet.results.Availability.table`: three views per turbine and for the fleet.

    Parameters
    ----------
    sums : DataFrame
        `fleet.category_sums.SUM_COLUMNS`, merged.
    bases : sequence of Basis
        One per turbine.
    settings : AvailabilitySettings
        Contract and maintenance allowance (per turbine and year of 8760 h, in proportion to the period).
    quantum_kwh : float
        Unit of the energy sums [kWh].
    contract_sums : DataFrame, optional
        Sums for the contractual view where it has a priority of its own; otherwise `sums`.

    Returns
    -------
    DataFrame
        The turbines in alphabetical order, then "fleet": the sums of those turbines whose figures are determinable.
        NaN: not determinable, the note says why. Lost energy comes from the part of the time that has potential power;
        the note states the rest.
    """
    rows: list[dict[str, Any]] = []
    ordered = sorted(bases, key=lambda basis: basis.turbine)
    for view in VIEWS:
        members: list[tuple[Basis, _Ledger]] = []
        allocated = sums if view != "contractual" or contract_sums is None else contract_sums
        for basis in ordered:
            mine = allocated[allocated["turbine"] == basis.turbine]
            ledger = _ledger(mine, basis, view, settings, quantum_kwh, to_us(basis.end) - to_us(basis.start))
            problem = _problem(basis, view, settings)
            if problem == "":
                members.append((basis, ledger))
            rows.append(_row(basis, view, ledger, problem))
        if ordered:
            problems = [_problem(basis, view, settings) for basis in ordered]
            rows.append(_fleet_row(view, members, len(ordered), _joined(*problems)))
    order = {**{basis.turbine: i for i, basis in enumerate(ordered)}, FLEET: len(ordered)}
    rows.sort(key=lambda row: (order[row["turbine"]], VIEWS.index(row["view"])))
    return pd.DataFrame(rows, columns=_TABLE)


_TABLE = [
    *("turbine", "view", "evidence", "time_based", "production_based", "available_h", "unavailable_h", "excluded_h"),
    *("unallocated_h", "coverage", "produced_mwh", "lost_mwh", "potential_source", "u_potential_mwh", "note"),
]


def _problem(basis: Basis, view: View, settings: AvailabilitySettings) -> str:
    """Return why a view is not determinable; "" where it is."""
    if basis.evidence == "none":
        return basis.note or "no evidence: neither a status log, state timers nor valid power and wind"
    if view != "operational" and basis.evidence == "inferred":
        return INFERRED_ONLY
    if view == "contractual" and not settings.contract:
        return NO_CONTRACT
    return "" if basis.declared else UNKNOWN_COVERAGE


def _row(basis: Basis, view: View, ledger: _Ledger, problem: str) -> dict[str, Any]:
    row = {
        "turbine": basis.turbine,
        "view": view,
        "evidence": basis.evidence,
        "time_based": ledger.time_based,
        "production_based": ledger.production_based,
        "available_h": ledger.available_h,
        "unavailable_h": ledger.unavailable_h,
        "excluded_h": ledger.excluded_h,
        "unallocated_h": ledger.unallocated_h,
        "coverage": ledger.coverage if basis.declared else math.nan,
        "produced_mwh": ledger.produced_mwh if 0 < ledger.has_power == ledger.turbines else math.nan,
        "lost_mwh": ledger.lost_mwh if ledger.loss_known else math.nan,
        "potential_source": basis.potential_source,
        "u_potential_mwh": ledger.u_potential_mwh if ledger.loss_known else math.nan,
        "note": _joined(*_notes(view, ledger), basis.note),
    }
    if not problem:
        return row
    # with an undeclared period the logged stops are still a fact; everything else is not
    unknown = {"time_based", "production_based", "available_h", "excluded_h"}
    unknown |= {"produced_mwh", "lost_mwh", "u_potential_mwh"}
    if problem != UNKNOWN_COVERAGE or basis.declared:
        unknown |= {"unavailable_h"}
    if basis.evidence == "none" or not basis.declared:
        unknown |= {"unallocated_h"}
    return {**row, **dict.fromkeys(unknown, math.nan), "note": _joined(problem, basis.note)}


def _joined(*notes: str) -> str:
    """Return the parts of notes, set apart by "; ", each once."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))


def _fleet_row(view: View, members: list[tuple[Basis, _Ledger]], total: int, problem: str) -> dict[str, Any]:
    if not members:
        empty = Basis(turbine=FLEET, evidence="none", start=pd.Timestamp(0), end=pd.Timestamp(0), note=problem)
        return {**_row(empty, view, _Ledger(), problem), "coverage": math.nan}
    kinds = sorted({basis.evidence for basis, _ in members})
    notes = [] if len(members) == total else [f"{len(members)} of {total} turbines"]
    if len(kinds) > 1:
        counts = [f"{kind}: {sum(basis.evidence == kind for basis, _ in members)}" for kind in kinds]
        notes.append(f"mixed evidence ({', '.join(counts)} turbines)")
    basis = Basis(
        turbine=FLEET,
        evidence=next(kind for kind in _WEAKEST_FIRST if kind in kinds),
        start=members[0][0].start,
        end=members[0][0].end,
        potential_source="as for the turbines" if any(member.potential_source for member, _ in members) else "",
        note="; ".join(notes),
    )
    row = _row(basis, view, sum((ledger for _, ledger in members), _Ledger()), "")
    # Turbines without a figure are part of the fleet: what is not known of them is not covered.
    return {**row, "coverage": row["coverage"] * len(members) / total}


def _notes(view: View, ledger: _Ledger) -> list[str]:
    notes = [TECHNICAL_INDICATIVE] if view == "technical" else []
    if ledger.unmapped_h > 0:
        notes.append(f"{ledger.unmapped_h:.1f} h in categories that the contract does not mention are not counted")
    if ledger.has_power and ledger.unpriced_h > 0:
        missing = f"{ledger.unpriced_h:.1f} h of {ledger.losing_h:.1f} h of lost time have no potential power"
        notes.append(missing + (": lost energy understated" if ledger.loss_known else ": lost energy not determinable"))
    return notes


def monthly_table(
    sums: pd.DataFrame,
    bases: Sequence[Basis],
    settings: AvailabilitySettings,
    *,
    quantum_kwh: float,
) -> pd.DataFrame:
    """Return the rows of `fleet.results.Availability.monthly`: the operational view by calendar month (UTC).

    Parameters
    ----------
    sums, bases, settings, quantum_kwh
        As for `availability_table`.

    Returns
    -------
    DataFrame
        turbine, month, time_based, production_based, coverage; each month of the analysed period, for each turbine and
        "fleet".
    """
    rows: list[tuple[str, str, float, float, float]] = []
    fleet: dict[str, _Ledger] = {}
    for basis in sorted(bases, key=lambda basis: basis.turbine):
        mine = sums[sums["turbine"] == basis.turbine]
        low, high = to_us(basis.start), to_us(basis.end)
        for month, first, last in months_of(low, high):
            length = min(last, high) - max(first, low)
            part = mine[mine["month"] == month]
            if _problem(basis, "operational", settings):
                rows.append((basis.turbine, month, math.nan, math.nan, math.nan))
                continue
            ledger = _ledger(part, basis, "operational", settings, quantum_kwh, length)
            rows.append((basis.turbine, month, ledger.time_based, ledger.production_based, ledger.coverage))
            fleet[month] = fleet.get(month, _Ledger()) + ledger
    for month in sorted(fleet):
        ledger = fleet[month]
        rows.append((FLEET, month, ledger.time_based, ledger.production_based, ledger.coverage))
    return pd.DataFrame(rows, columns=["turbine", "month", "time_based", "production_based", "coverage"])


def category_table(sums: pd.DataFrame, bases: Sequence[Basis] = (), *, quantum_kwh: float) -> pd.DataFrame:
    """Return the rows of `fleet.results.Availability.categories`.

    Parameters
    ----------
    sums : DataFrame
        `fleet.category_sums.SUM_COLUMNS`, merged.
    bases : sequence of Basis, optional
        Where a status log's period is not declared, hours in service are not known and left out.
    quantum_kwh : float
        Unit of the energy sums [kWh].

    Returns
    -------
    DataFrame
        turbine, month, category, hours, lost_mwh. A category is a `Category` value or `RUNNING_UNALLOCATED`. Lost
        energy is 0 in service (but for Partial Performance) and NaN where there is no potential power.
    """
    undeclared = [basis.turbine for basis in bases if not basis.declared]
    unknown = sums["turbine"].isin(undeclared) & sums["category"].isin(_RUNNING)
    ordered = sums[~unknown].sort_values(["turbine", "month", "category"], ignore_index=True)
    lost = [None if pd.isna(value) else int(value) * quantum_kwh / 1000.0 for value in ordered["lost"]]
    losing = ~ordered["category"].isin(_RUNNING - {Category.PARTIAL_PERFORMANCE.value})
    table = ordered[["turbine", "month", "category"]].copy()
    table["hours"] = ordered["time_us"] / HOUR
    table["lost_mwh"] = pd.Series(lost, dtype="float64").where(losing, 0.0)
    return table
