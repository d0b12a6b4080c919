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

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import Category
from fleet.category_sums import HOUR, months_of
from fleet.config import AvailabilitySettings
from fleet.ledgers import RUNNING, VIEWS, Ledgers, View, cells_of, ledgers_of, treat_as
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

Evidence = Literal["status log", "state timers", "inferred", "none"]
Ints = npt.NDArray[np.int64]

_WEAKEST_FIRST: tuple[Evidence, ...] = ("inferred", "state timers", "status log")

INFERRED_ONLY = "not determinable from power and wind alone"
NO_CONTRACT = "not determinable without the contract's categories: set [availability] contract"
TECHNICAL_INDICATIVE = "indicative: the standard leaves this view to an informative annex"


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
    ordered = sorted(bases, key=lambda basis: basis.turbine)
    if not ordered:
        return pd.DataFrame([], columns=_TABLE)
    names = pd.Index([basis.turbine for basis in ordered])
    period = np.array([to_us(basis.end) - to_us(basis.start) for basis in ordered], np.int64)
    uncertainty = np.array([basis.u_potential for basis in ordered])
    parts = []
    for view in VIEWS:
        allocated = sums if view != "contractual" or contract_sums is None else contract_sums
        cells = cells_of(allocated, _places(names, allocated["turbine"]), len(names), quantum_kwh)
        ledgers = ledgers_of(cells, view, settings, period, uncertainty)
        problems = [_problem(basis, view, settings) for basis in ordered]
        parts.append(_rows(ordered, view, ledgers, problems).assign(place=np.arange(len(ordered))))
        parts.append(_fleet_row(ordered, view, ledgers, problems).assign(place=len(ordered)))
    table = pd.concat(parts, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
    return table[_TABLE]


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


def _rows(bases: Sequence[Basis], view: View, ledgers: Ledgers, problems: Sequence[str]) -> pd.DataFrame:
    """Return one row per basis."""
    notes = _notes(view, ledgers)
    frame = pd.DataFrame(
        {
            "turbine": [basis.turbine for basis in bases],
            "view": view,
            "evidence": [basis.evidence for basis in bases],
            "time_based": ledgers.time_based,
            "production_based": ledgers.production_based,
            "available_h": ledgers.available_h,
            "unavailable_h": ledgers.unavailable_h,
            "excluded_h": ledgers.excluded_h,
            "unallocated_h": ledgers.unallocated_h,
            "coverage": ledgers.coverage,
            "produced_mwh": np.where(ledgers.power_known, ledgers.produced_mwh, np.nan),
            "lost_mwh": np.where(ledgers.loss_known, ledgers.lost_mwh, np.nan),
            "potential_source": [basis.potential_source for basis in bases],
            "u_potential_mwh": np.where(ledgers.loss_known, ledgers.u_potential_mwh, np.nan),
            "note": [
                _joined(problem, basis.note) if problem else _joined(*own, basis.note)
                for basis, problem, own in zip(bases, problems, notes, strict=True)
            ],
        }
    )
    declared = np.array([basis.declared for basis in bases])
    unclear = np.array([problem != "" for problem in problems])
    # With an undeclared period the logged stops are still a fact; everything else is not.
    only_stops = ~declared & np.array([problem == UNKNOWN_COVERAGE for problem in problems])
    nothing = ~declared | np.array([basis.evidence == "none" for basis in bases])
    known = ("time_based", "production_based", "available_h", "excluded_h", "produced_mwh", "lost_mwh")
    frame.loc[unclear, [*known, "u_potential_mwh"]] = np.nan
    frame.loc[unclear & ~only_stops, "unavailable_h"] = np.nan
    frame.loc[unclear & nothing, "unallocated_h"] = np.nan
    frame.loc[~declared, "coverage"] = np.nan
    return frame


def _places(names: pd.Index, found: pd.Series[Any]) -> Ints:
    """Return the place of each text among names; -1 where it is none of them."""
    return np.asarray(names.get_indexer(pd.Index(found)), np.int64)


def _joined(*notes: str) -> str:
    """Return the parts of notes, set apart by "; ", each once."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))


def _fleet_row(bases: Sequence[Basis], view: View, ledgers: Ledgers, problems: Sequence[str]) -> pd.DataFrame:
    """Return the row of all turbines together: the sums of those whose figures are determinable."""
    members = [basis for basis, problem in zip(bases, problems, strict=True) if not problem]
    into = np.array([-1 if problem else 0 for problem in problems], np.int64)
    total = ledgers.totals(into, 1)
    if not members:
        note = _joined(*problems)
        empty = Basis(turbine=FLEET, evidence="none", start=pd.Timestamp(0), end=pd.Timestamp(0), note=note)
        return _rows([empty], view, total, [note]).assign(coverage=math.nan)
    kinds = sorted({basis.evidence for basis in members})
    notes = [] if len(members) == len(bases) else [f"{len(members)} of {len(bases)} turbines"]
    if len(kinds) > 1:
        counts = [f"{kind}: {sum(basis.evidence == kind for basis in members)}" for kind in kinds]
        notes.append(f"mixed evidence ({', '.join(counts)} turbines)")
    basis = Basis(
        turbine=FLEET,
        evidence=next(kind for kind in _WEAKEST_FIRST if kind in kinds),
        start=members[0].start,
        end=members[0].end,
        potential_source="as for the turbines" if any(member.potential_source for member in members) else "",
        note="; ".join(notes),
    )
    row = _rows([basis], view, total, [""])
    # Turbines without a figure are part of the fleet: what is not known of them is not covered.
    return row.assign(coverage=row["coverage"] * len(members) / len(bases))


def _notes(view: View, ledgers: Ledgers) -> list[list[str]]:
    """Return what is to be said of each row's figures."""
    always = [TECHNICAL_INDICATIVE] if view == "technical" else []
    columns = (ledgers.unmapped_h, ledgers.has_power, ledgers.unpriced_h, ledgers.losing_h, ledgers.loss_known)
    found = []
    for unmapped, power, unpriced, losing, known in zip(*(column.tolist() for column in columns), strict=True):
        notes = list(always)
        if unmapped > 0:
            notes.append(f"{unmapped:.1f} h in categories that the contract does not mention are not counted")
        if power and unpriced > 0:
            missing = f"{unpriced:.1f} h of {losing:.1f} h of lost time have no potential power"
            notes.append(missing + (": lost energy understated" if known else ": lost energy not determinable"))
        found.append(notes)
    return found


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
    ordered = sorted(bases, key=lambda basis: basis.turbine)
    spans = [(to_us(basis.start), to_us(basis.end)) for basis in ordered]
    months = {span: months_of(*span) for span in set(spans)}
    rows = [
        (i, month, min(last, span[1]) - max(first, span[0]))
        for i, span in enumerate(spans)
        for month, first, last in months[span]
    ]
    basis_of = np.array([row[0] for row in rows], np.int64)
    named, length = [row[1] for row in rows], np.array([row[2] for row in rows], np.int64)
    names = pd.Index([basis.turbine for basis in ordered], dtype="str")
    month_of, every = pd.factorize(np.array(named, object), sort=True)
    places = np.full((len(ordered) + 1, len(every) + 1), -1, np.int64)
    places[basis_of, month_of] = np.arange(len(rows))
    # Place -1 is the last one, which holds -1.
    group = places[_places(names, sums["turbine"]), _places(pd.Index(every, dtype="str"), sums["month"])]
    cells = cells_of(sums, group, len(rows), quantum_kwh)
    uncertainty = np.array([basis.u_potential for basis in ordered])
    ledgers = ledgers_of(cells, "operational", settings, length, uncertainty[basis_of])
    unclear = np.array([_problem(basis, "operational", settings) != "" for basis in ordered], bool)[basis_of]
    into = np.where(unclear, -1, month_of)
    total = ledgers.totals(into, len(every))
    shown = np.isin(np.arange(len(every)), into)
    figures = {}
    for name in ("time_based", "production_based", "coverage"):
        own = np.where(unclear, np.nan, getattr(ledgers, name))
        figures[name] = np.r_[own, getattr(total, name)[shown]]
    return pd.DataFrame(
        {
            "turbine": [*names[basis_of], *[FLEET] * int(shown.sum())],
            "month": [*named, *np.asarray(every, object)[shown]],
            **figures,
        }
    )


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
    unknown = sums["turbine"].isin(undeclared) & sums["category"].isin(RUNNING)
    ordered = sums[~unknown].sort_values(["turbine", "month", "category"], ignore_index=True)
    lost = ordered["lost"].to_numpy(np.float64, na_value=np.nan) * quantum_kwh / 1000.0
    losing = ~ordered["category"].isin(RUNNING - {Category.PARTIAL_PERFORMANCE.value})
    table = ordered[["turbine", "month", "category"]].copy()
    table["hours"] = ordered["time_us"] / HOUR
    table["lost_mwh"] = np.where(losing, lost, 0.0)
    return table
