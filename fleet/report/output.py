"""What stands in the report's folder: its layout, tables and summary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.curve_pair import MEASURED
from fleet.errors import OutputError
from fleet.report.blocks import Section
from fleet.report.formats import program_version
from fleet.report.headline import headline
from fleet.results import FleetResults
from turbine.folder import Layout

__all__ = ["KIND", "LAYOUT", "json_rows", "result_tables", "summary", "write_figures", "write_tables"]

KIND = "windform fleet report"  #: marks a folder as ours in its summary.json
PAGE, SUMMARY, TABLES, FIGURES = "index.html", "summary.json", "tables", "figures"
LAYOUT = Layout(SUMMARY, frozenset({PAGE, SUMMARY, TABLES, FIGURES}), "report", OutputError)


def result_tables(results: FleetResults) -> dict[str, pd.DataFrame]:
    """Return every table of the results by the name of its file: part and table, as in `fleet.results`."""
    tables = {"headline": headline(results), "sources": results.sources}
    for part in fields(results):
        record = getattr(results, part.name)
        if not hasattr(record, "__dataclass_fields__"):
            continue
        for item in fields(record):
            table = getattr(record, item.name)
            if isinstance(table, pd.DataFrame):
                tables[f"{part.name}_{item.name}"] = table
    return tables


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as Parquet, each by its name; the same table gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    for name, table in sorted(tables.items()):
        # The index carries nothing, and pandas' own metadata would tie the bytes to its version.
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(arrow, folder / f"{name}.parquet", compression="zstd")


def write_figures(content: Sequence[Section], folder: Path) -> None:
    """Write the figures of a page's sections as SVG, each by its name."""
    folder.mkdir()
    for section in content:
        for figure in section.figures:
            (folder / f"{figure.name}.svg").write_bytes(figure.svg)


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as rows for JSON: missing and infinite figures are null."""
    return [{str(key): _json(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _json(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, str | bool) else _plain(value)


def summary(results: FleetResults) -> dict[str, Any]:
    """Return the headline figures for machines: units in the key names, null where a figure is missing."""
    rows = headline(results)
    return {
        "kind": KIND,
        "windform_version": program_version(),
        "farm": results.farm.name,
        "period_start_utc": _iso(results.start),
        "period_end_utc": _iso(results.end),
        "aep_wind_speed_avg_m_per_s": HEADLINE_WIND_SPEED,
        "avoided_emissions_t_co2e": _plain(results.energy.avoided_t if results.energy is not None else None),
        "findings": [{"severity": f.severity, "text": f.text, "section": f.section} for f in results.findings],
        "absent": dict(results.absent),
        "energy_against_reference": _against_reference(results),
        "turbines": {
            str(row["turbine"]): {
                "energy_mwh": _plain(row["energy_mwh"]),
                "capacity_factor_fraction": _plain(row["capacity_factor"]),
                "operational_availability_time_based_fraction": _plain(row["availability_time"]),
                "operational_availability_production_based_fraction": _plain(row["availability_production"]),
                "availability_evidence": row["evidence"] or None,
                "availability_note": row["availability_note"] or None,
                "data_coverage_fraction": _plain(row["coverage"]),
                "unallocated_h": _plain(row["unallocated_h"]),
                "aep_extrapolated_mwh": _plain(row["aep_mwh"]),
                "aep_incomplete": bool(row["aep_incomplete"]),
                "aep_standard_uncertainty_mwh": _plain(row["u_aep_mwh"]),
                "index_against_fleet_fraction": _plain(row["index"]),
                "rows_in_count": _plain(row["rows_in"]),
                "rows_not_selected_count": _plain(row["rows_not_selected"]),
                "rows_rejected_count": _plain(row["rows_rejected"]),
            }
            for row in rows.to_dict("records")
        },
    }


def _against_reference(results: FleetResults) -> dict[str, Any] | None:
    """Return each turbine's energy over the reference curve's in the wind of its records; None without a reference."""
    if results.reference is None:
        return None
    rows = results.reference.aep[results.reference.aep["wind"] == MEASURED]
    return {
        str(row["turbine"]): {
            "ratio_fraction": _plain(row["ratio"]),
            "ratio_standard_uncertainty_fraction": _plain(row["u_ratio"]),
        }
        for row in rows.to_dict("records")
    }


def _plain(value: Any) -> float | int | None:
    """Return a JSON number; missing and infinite figures are null."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return int(value)


def _iso(value: pd.Timestamp) -> str | None:
    return None if pd.isna(value) else pd.Timestamp(value).isoformat()
