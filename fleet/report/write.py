"""Writing a whole report: the page, its figures, the tables and the summary."""

from __future__ import annotations

from pathlib import Path

from fleet.places import check_outside
from fleet.report.output import (
    FIGURES,
    KIND,
    LAYOUT,
    PAGE,
    SUMMARY,
    TABLES,
    result_tables,
    summary,
    write_figures,
    write_tables,
)
from fleet.results import FleetResults
from turbine.folder import check_target, replaced_folder, write_json

__all__ = ["AMONG_EXPORTS", "check_report_target", "write_report"]

#: Why no result is written into a farm's folder, for `fleet.places.check_outside`.
AMONG_EXPORTS = "where the next run would find it among the exports; name another with --out"


def check_report_target(out: Path, farm: Path) -> None:
    """Refuse a folder that a report cannot replace, or that lies among the farm's exports.

    Raises
    ------
    OutputError
        What lies there, and what to do.
    """
    check_outside(out, farm, AMONG_EXPORTS)
    check_target(out, KIND, LAYOUT)


def write_report(results: FleetResults, out: Path) -> Path:
    """Write the report's folder and return the path of its page.

    The folder is written beside its place and swapped in whole: `index.html` (opens offline, needs nothing else),
    `summary.json`, `tables/*.parquet` and `figures/*.svg`. The same results give the same bytes.

    Parameters
    ----------
    results : FleetResults
        What the pipeline found.
    out : Path
        The report's folder: missing, empty, or an earlier report, which is replaced.

    Returns
    -------
    Path
        `out / "index.html"`.

    Raises
    ------
    OutputError
        When the folder holds something else than a report or cannot be written; nothing has changed then.
    """
    from fleet.report.page import render
    from fleet.report.sections import sections

    with replaced_folder(out, KIND, LAYOUT) as folder:
        content = sections(results)
        (folder / PAGE).write_text(render(results, content), encoding="utf-8")
        write_figures(content, folder / FIGURES)
        write_tables(result_tables(results), folder / TABLES)
        write_json(summary(results), folder / SUMMARY)
    return out / PAGE
