"""Writing a comparison: one page, its figures, the tables and a summary for machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from fleet.compare import PeriodComparison, period_text
from fleet.errors import OutputError
from fleet.places import check_outside
from fleet.report.formats import names_of, program_version
from fleet.report.output import FIGURES, PAGE, SUMMARY, TABLES, json_rows, write_figures, write_tables
from fleet.report.write import AMONG_EXPORTS
from fleet.side_by_side import FarmComparison
from turbine.folder import Layout, check_target, replaced_folder, write_json

__all__ = ["check_comparison_target", "comparison_summary", "write_comparison"]

KIND = "windform fleet comparison"
LAYOUT = Layout(SUMMARY, frozenset({PAGE, SUMMARY, TABLES, FIGURES}), "comparison", OutputError)


def write_comparison(comparison: PeriodComparison | FarmComparison, out: Path) -> Path:
    """Write the comparison's folder and return the path of its page; see `fleet.report.write_report`.

    Parameters
    ----------
    comparison : PeriodComparison or FarmComparison
        From `fleet.compare_periods` or `fleet.compare_farms`.
    out : Path
        The folder: missing, empty, or an earlier comparison, which is replaced.

    Raises
    ------
    OutputError
        When the folder holds something else or cannot be written; nothing has changed then.
    """
    from fleet.report.comparison import FARM_SECTIONS, PERIOD_SECTIONS, farm_sections, period_sections
    from fleet.report.page import ATTENTION, render_page

    with replaced_folder(out, KIND, LAYOUT) as folder:
        if isinstance(comparison, PeriodComparison):
            content, titles = period_sections(comparison), PERIOD_SECTIONS
            heading = comparison.farm
            kind = "two periods"
            lead = f"First: {period_text(comparison.first)}. Second: {period_text(comparison.second)}, UTC."
        else:
            content, titles = farm_sections(comparison), FARM_SECTIONS
            heading, kind = names_of(comparison.farms), "comparison of farms"
            lead = "Each farm over its own period, by the same method."
        page = render_page(
            heading=heading,
            kind=kind,
            lead=lead,
            findings=comparison.findings,
            titles={**ATTENTION, **titles},
            content=content,
        )
        (folder / PAGE).write_text(page, encoding="utf-8")
        write_figures(content, folder / FIGURES)
        write_tables(_tables(comparison), folder / TABLES)
        write_json(comparison_summary(comparison), folder / SUMMARY)
    return out / PAGE


def check_comparison_target(out: Path, farms: Iterable[Path]) -> None:
    """Refuse a folder that a comparison cannot replace, or among a farm's exports; before hours of work, not after.

    Raises
    ------
    OutputError
        What lies there, and what to do.
    """
    for farm in farms:
        check_outside(out, farm, AMONG_EXPORTS)
    check_target(out, KIND, LAYOUT)


def comparison_summary(comparison: PeriodComparison | FarmComparison) -> dict[str, Any]:
    """Return every table for machines, as lists of rows; null where a figure is missing."""
    if isinstance(comparison, FarmComparison):
        about: dict[str, Any] = {"farms": comparison.farms}
    else:
        periods = {"first_utc": comparison.first, "second_utc": comparison.second}
        about = {"farm": comparison.farm}
        about.update({name: [moment.isoformat() for moment in period] for name, period in periods.items()})
    return {
        "kind": KIND,
        "windform_version": program_version(),
        **about,
        "findings": [{"severity": f.severity, "text": f.text, "section": f.section} for f in comparison.findings],
        "absent": comparison.absent,
        "notes": list(comparison.notes),
        "tables": {name: json_rows(frame) for name, frame in _tables(comparison).items()},
    }


def _tables(comparison: PeriodComparison | FarmComparison) -> dict[str, pd.DataFrame]:
    every = {item.name: getattr(comparison, item.name) for item in fields(comparison)}
    return {name: value for name, value in every.items() if isinstance(value, pd.DataFrame)}
