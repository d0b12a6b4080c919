"""The index of many farms' reports: a table with links, small plots, and the farms that failed with their reasons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from fleet.errors import OutputError
from fleet.marks import marked_availability, why_marked
from fleet.places import is_remote
from fleet.report.blocks import Col, Figure, List, Section, Table, Text, table
from fleet.report.farm_bars import farm_bars
from fleet.report.formats import percent, program_version
from fleet.report.output import FIGURES, PAGE, SUMMARY, json_rows, write_figures
from fleet.results import Finding, FleetResults
from fleet.side_by_side import farm_row
from turbine.folder import Layout, write_json

__all__ = [
    "INDEX_KIND",
    "INDEX_LAYOUT",
    "REPORTS",
    "FarmEntry",
    "failed_entry",
    "farm_entry",
    "folder_names",
    "index_summary",
    "write_index",
]

INDEX_KIND = "windform fleet reports"
REPORTS = "farms"  #: the folder of the reports
INDEX_LAYOUT = Layout(SUMMARY, frozenset({PAGE, SUMMARY, REPORTS, FIGURES}), "reports", OutputError)
_TITLES = {"farms": "Farms", "figures": "Figures", "failed": "Farms without a report"}
_SEVERITIES = ("alarm", "warning", "note")
_LONGEST_NAME = 60
_MOST_BARS = 40


@dataclass(frozen=True, kw_only=True)
class FarmEntry:
    """One farm of the index."""

    name: str  #: of the farm; of a failed one its folder's
    given: str  #: the folder as it was given
    folder: str  #: of its report, under `REPORTS`
    figures: dict[str, Any]  #: columns of `FarmComparison.headline`, without `farm`; empty where it failed
    worst: Finding | None = None  #: the gravest finding
    reason: str = ""  #: why there is no report; empty: there is one
    failed: tuple[str, ...] = ()  #: turbines that are not in the report because the work on them failed


def farm_entry(results: FleetResults, given: str, folder: str) -> FarmEntry:
    """Return the entry of a farm whose report was written."""
    ranked = sorted(results.findings, key=lambda finding: _SEVERITIES.index(finding.severity))
    figures = farm_row(results, results.farm.name)
    del figures["farm"]
    worst = ranked[0] if ranked else None
    failed = tuple(failure.turbine for failure in results.failed)
    return FarmEntry(name=results.farm.name, given=given, folder=folder, figures=figures, worst=worst, failed=failed)


def failed_entry(given: str, folder: str, reason: str) -> FarmEntry:
    """Return the entry of a farm that could not be analysed; the reason names places inside the farm's folder."""
    name = Path(given).name or given
    where = given.rstrip("/") if is_remote(given) else str(Path(given))
    reason = reason.replace(f"{where}/", "").replace(where, name)
    return FarmEntry(name=name, given=given, folder=folder, figures={}, reason=reason)


def folder_names(names: Sequence[str]) -> list[str]:
    """Return names that are safe as folders everywhere and differ also where case does not count."""
    made: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:_LONGEST_NAME] or "farm"
        new, number = plain, 1
        while new.lower() in {other.lower() for other in made}:
            number += 1
            new = f"{plain}_{number}"
        made.append(new)
    return made


def write_index(entries: Sequence[FarmEntry], folder: Path) -> None:
    """Write the index page, its figures and the summary into a folder that holds the reports."""
    from fleet.report.page import ATTENTION, render_page

    content = _sections(entries)
    failed = sum(bool(entry.reason) for entry in entries)
    lead = f"{len(entries)} {'farm' if len(entries) == 1 else 'farms'}" + (
        f", {failed} without a report." if failed else "."
    )
    page = render_page(
        heading="Fleet reports",
        kind="index",
        lead=lead,
        findings=_findings(entries),
        titles={**ATTENTION, **{section.id: section.title for section in content}},
        content=content,
    )
    (folder / PAGE).write_text(page, encoding="utf-8")
    write_figures(content, folder / FIGURES)
    write_json(index_summary(entries), folder / SUMMARY)


def index_summary(entries: Sequence[FarmEntry]) -> dict[str, Any]:
    """Return the index for machines; missing figures are null."""
    return {
        "kind": INDEX_KIND,
        "windform_version": program_version(),
        "farms": [
            {
                "name": entry.name,
                "report": None if entry.reason else _link(entry),
                "reason": entry.reason or None,
                "worst_finding": None
                if entry.worst is None
                else {"severity": entry.worst.severity, "text": entry.worst.text},
                "figures": json_rows(pd.DataFrame([entry.figures]))[0] if entry.figures else None,
            }
            for entry in entries
        ],
    }


def _link(entry: FarmEntry) -> str:
    return quote(f"{REPORTS}/{entry.folder}/{PAGE}")


def _findings(entries: Sequence[FarmEntry]) -> list[Finding]:
    failed = [
        Finding(severity="alarm", text=f"{entry.name}: no report: {entry.reason}", section="failed")
        for entry in entries
        if entry.reason
    ]
    worst = [
        replace(entry.worst, text=f"{entry.name}: {entry.worst.text}", section="farms")
        for entry in entries
        if entry.worst is not None and entry.worst.severity != "note"
    ]
    return [*failed, *worst]


def _sections(entries: Sequence[FarmEntry]) -> list[Section]:
    good = [entry for entry in entries if not entry.reason]
    bad = [entry for entry in entries if entry.reason]
    none = "No farm has a report."
    made = [
        Section(
            id="farms", title=_TITLES["farms"], blocks=(_table(good),) if good else (), absent="" if good else none
        ),
        Section(id="figures", title=_TITLES["figures"], blocks=_figures(good), absent="" if good else none),
    ]
    if bad:
        frame = pd.DataFrame([{"name": entry.name, "reason": entry.reason} for entry in bad])
        columns = [Col("name", "folder"), Col("reason", "reason")]
        reasons = table(frame, columns, "Farms that could not be analysed")
        words = Text(text="The others' reports are not touched by it.")
        made.append(Section(id="failed", title=_TITLES["failed"], blocks=(words, reasons)))
    return made


def _table(entries: Sequence[FarmEntry]) -> Table:
    frame = pd.DataFrame(
        [
            {
                "farm": entry.name,
                **entry.figures,
                "worst": f"{entry.worst.severity}: {entry.worst.text}" if entry.worst is not None else "none",
            }
            for entry in entries
        ]
    )
    columns = [
        Col("farm", "farm"),
        Col("turbines", "turbines", "count"),
        Col("rated_mw", "rated power [MW]", "1"),
        Col("start", "from", "stamp"),
        Col("end", "to", "stamp"),
        Col("energy_mwh", "energy [MWh]", "1"),
        Col("capacity_factor", "capacity factor [%]", "percent", 2),
        Col("availability_time", "availability, time-based [%]", "percent", 2),
        Col("availability_production", "production-based [%]", "percent", 2),
        Col("evidence", "evidence"),
        Col("coverage", "coverage [%]", "percent", 2),
        Col("unallocated_share", "unallocated time [%]", "percent", 2),
        Col("alarms", "alarms", "count"),
        Col("warnings", "warnings", "count"),
        Col("worst", "worst finding"),
    ]
    note = (
        "Each farm over its own period. Availability: operational view. n/d: not determinable, the report says why. "
        "Farms with different evidence of the availability cannot be compared."
    )
    note = " ".join([*why_marked(frame), note])
    frame = marked_availability(frame, lambda value: percent(value, 2))
    return replace(table(frame, columns, "Reports", note=note), links=tuple(_link(entry) for entry in entries))


def _figures(entries: Sequence[FarmEntry]) -> tuple[Figure | List | Text | Table, ...]:
    if not entries:
        return ()
    frame = pd.DataFrame([{"farm": entry.name, **entry.figures} for entry in entries])
    more = ""
    if len(frame) > _MOST_BARS:
        lowest = frame.sort_values(["availability_time", "farm"], na_position="last").index[:_MOST_BARS]
        frame = frame.loc[lowest.sort_values()]
        more = f"Of {len(entries)} farms the {_MOST_BARS} of the lowest availability are drawn."
    return farm_bars(frame, more)
