"""Availability's tables by loops over turbines, months and categories: what the vectorised ones are compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fleet.availability import TECHNICAL_INDICATIVE, Basis, _joined, _problem
from fleet.categories import Category
from fleet.category_sums import HOUR, months_of
from fleet.config import AvailabilitySettings
from fleet.ledgers import RUNNING, VIEWS, View, treat_as
from fleet.schema import FLEET
from fleet.status_log import UNKNOWN_COVERAGE
from fleet.times import to_us

__all__ = ["monthly_by_loops", "table_by_loops"]

_UNALLOCATED = {"unallocated", "unallocated_in_service"}


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
    allowance_h = settings.maintenance_allowance_h * (period_us / HOUR) / 8760.0
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
    expected = label not in RUNNING and label != Category.INFORMATION_UNAVAILABLE
    return expected and Category(label) not in settings.contract


def _energy_mwh(units: pd.Series[Any], quantum_kwh: float) -> float:
    """Return energy [MWh]; integer units add as Python's integers, because a fleet's years pass 64 bit."""
    return float(sum(units.dropna().tolist())) * quantum_kwh / 1000.0


def table_by_loops(
    sums: pd.DataFrame, bases: Sequence[Basis], settings: AvailabilitySettings, quantum_kwh: float
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    ordered = sorted(bases, key=lambda basis: basis.turbine)
    for view in VIEWS:
        members: list[tuple[Basis, _Ledger]] = []
        for basis in ordered:
            mine = sums[sums["turbine"] == basis.turbine]
            ledger = _ledger(mine, basis, view, settings, quantum_kwh, to_us(basis.end) - to_us(basis.start))
            problem = _problem(basis, view, settings)
            if problem == "":
                members.append((basis, ledger))
            rows.append(_row(basis, view, ledger, problem))
        problems = [_problem(basis, view, settings) for basis in ordered]
        rows.append(_fleet_row(view, members, len(ordered), _joined(*problems)))
    order = {**{basis.turbine: i for i, basis in enumerate(ordered)}, FLEET: len(ordered)}
    rows.sort(key=lambda row: (order[row["turbine"]], VIEWS.index(row["view"])))
    return pd.DataFrame(rows)


def monthly_by_loops(
    sums: pd.DataFrame, bases: Sequence[Basis], settings: AvailabilitySettings, quantum_kwh: float
) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float, float]] = []
    fleet: dict[str, _Ledger] = {}
    for basis in sorted(bases, key=lambda basis: basis.turbine):
        mine = sums[sums["turbine"] == basis.turbine]
        low, high = to_us(basis.start), to_us(basis.end)
        for month, first, last in months_of(low, high):
            if _problem(basis, "operational", settings):
                rows.append((basis.turbine, month, math.nan, math.nan, math.nan))
                continue
            part, length = mine[mine["month"] == month], min(last, high) - max(first, low)
            ledger = _ledger(part, basis, "operational", settings, quantum_kwh, length)
            rows.append((basis.turbine, month, ledger.time_based, ledger.production_based, ledger.coverage))
            fleet[month] = fleet.get(month, _Ledger()) + ledger
    for month in sorted(fleet):
        ledger = fleet[month]
        rows.append((FLEET, month, ledger.time_based, ledger.production_based, ledger.coverage))
    return pd.DataFrame(rows, columns=["turbine", "month", "time_based", "production_based", "coverage"])


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
        evidence="inferred" if "inferred" in kinds else "state timers" if "state timers" in kinds else "status log",
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
