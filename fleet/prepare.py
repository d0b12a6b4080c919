"""From converted files to one corrected series per turbine in the cache: put together, check the clock, cut.

The records stay in Parquet and a small description is returned, so memory holds the turbine at work only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fleet.cache_keys import code_version, digest, time_zone_version
from fleet.clock import ClockFinding, apply_clock, check_clock
from fleet.clock_json import finding_from_json, finding_to_json
from fleet.config import Farm
from fleet.converted import FILE_STRIDE, NO_TURBINE, FileEntry, reading_back, rows_of_turbine
from fleet.far_stamps import FarStamps, set_aside
from fleet.flags import Flag
from fleet.recorded import NO_TIME, Recorded, as_written
from fleet.runs import PASSED_OVER
from fleet.sampling import Step, most_frequent_step
from fleet.schema import SCADA, SIGNALS, columns
from fleet.store import Store
from fleet.times import from_us, series_us, stamps, to_us

__all__ = [
    "Series",
    "cut",
    "leftover_counts",
    "partition",
    "prepare",
    "series_from_json",
    "wind_by_stamps",
]

_ROW_GROUP = 1 << 17
_ROWS = "records.parquet"
_SIGNAL_NAMES = columns(SIGNALS)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One turbine's records in the cache, in order of time, clock corrected."""

    turbine: str
    path: Path | None  #: None: no file holds a row of it
    rows: int
    signals: tuple[str, ...]  #: that the export has
    finding: ClockFinding
    step: Step | None  #: how far its records are apart
    far: FarStamps | None  #: rows that the clock check and the period did not see
    far_file: str = ""  #: the file of the first of them
    described: dict[str, Any] = field(default_factory=dict)  #: the same as JSON values


def prepare(turbine: str, entries: Sequence[FileEntry], farm: Farm, store: Store) -> Series:
    """Return one turbine's records from all files, with the clock checked and corrected; from the cache where it is.

    Parameters
    ----------
    turbine : str
        Name.
    entries : sequence of FileEntry
        All SCADA files of the farm, in file order.
    farm : Farm
        Averaging period, time zone and clock settings.
    store : Store
        The cache.
    """
    own = [entry for entry in entries if turbine in entry.turbines]
    settings = [farm.averaging_period_s, farm.time_zone, farm.clock.model_dump(mode="json")]
    key = digest(turbine, [entry.key for entry in own], settings, code_version(), time_zone_version())
    found = store.find("series", key)
    if found is None:
        found = _prepare_into(store, key, turbine, own, farm)
    return series_from_json(found, store)


def _prepare_into(store: Store, key: str, turbine: str, own: Sequence[FileEntry], farm: Farm) -> dict[str, Any]:
    frame, far = set_aside(_rows_of(turbine, own, store))
    period_s = farm.averaging_period_s
    given = any(entry.offsets_given for entry in own)
    finding = check_clock(frame, period_s=period_s, time_zone=farm.time_zone, settings=farm.clock, offsets_given=given)
    step = most_frequent_step(series_us(frame["time"].dropna()))
    corrected = apply_clock(frame, finding, farm.clock, period_s)
    signals = [name for name in _SIGNAL_NAMES if corrected[name].notna().any()]
    known = {
        "turbine": turbine,
        "key": key,
        "rows": len(frame),
        "signals": signals,
        "finding": finding_to_json(finding),
        "step": None if step is None else asdict(step),
        "far": None if far is None else asdict(far) | {"first": to_us(far.first)},
        "far_file": "" if far is None else own[far.source_row // FILE_STRIDE].name,
    }
    with store.new("series", key) as (folder, meta):
        if len(frame):
            # Records without a time come first, as their time is the smallest number.
            time = series_us(corrected["time"])
            order = np.argsort(time, kind="stable")
            flags = corrected["read_flags"].to_numpy(np.uint32) | corrected["clock_flags"].to_numpy(np.uint32)
            table = pa.table(
                {
                    "time": time[order],
                    "written": as_written(corrected, time)[order],
                    "offset_s": corrected["utc_offset_s"].to_numpy(np.int32)[order],
                    "flags": flags[order],
                    **{name: corrected[name].to_numpy(np.float64)[order] for name in signals},
                }
            )
            # Dictionaries where values repeat, plain numbers elsewhere: small, and read without unpacking anything.
            pq.write_table(
                table, folder / _ROWS, compression="none", row_group_size=_ROW_GROUP, write_page_checksum=True
            )
        meta |= known
    return known


def series_from_json(found: dict[str, Any], store: Store) -> Series:
    """Return the series that an entry of the cache describes."""
    far = found["far"]
    return Series(
        turbine=found["turbine"],
        path=store.path("series", found["key"]) / _ROWS if found["rows"] else None,
        rows=found["rows"],
        signals=tuple(found["signals"]),
        finding=finding_from_json(found["finding"]),
        step=None if found["step"] is None else Step(**found["step"]),
        far=None if far is None else FarStamps(**far | {"first": from_us(far["first"])}),
        far_file=found["far_file"],
        described=found,
    )


def _rows_of(turbine: str, own: Sequence[FileEntry], store: Store) -> pd.DataFrame:
    """Return a turbine's canonical rows of all its files, in file order."""
    parts = []
    for order, entry in enumerate(own):
        part = rows_of_turbine(entry, turbine, store)
        parts.append(part.assign(source_row=part["source_row"] + order * FILE_STRIDE))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in columns(SCADA)})
    absent = {name: np.nan for name in _SIGNAL_NAMES if name not in frame}
    types = {column.name: column.dtype for column in SCADA}
    frame = frame.assign(turbine=turbine, **absent)[list(types)].astype(types)
    return frame.sort_values("source_row", kind="stable", ignore_index=True)


def leftover_counts(entries: Sequence[FileEntry], farm: Farm, set_aside: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Return the rows of no analysed turbine, counted by the name they carry and their flags.

    Parameters
    ----------
    entries : sequence of FileEntry
        All SCADA files.
    farm : Farm
        The analysed turbines.
    set_aside : frozenset of str
        Turbines that are part of the farm but were not selected; all others are not listed.
    """
    listed = {turbine.name for turbine in farm.turbines}
    rows = [
        (turbine, read_flags, n)
        for entry in entries
        for turbine, read_flags, n in entry.counts
        if turbine not in listed
    ]
    frame = pd.DataFrame(rows, columns=["turbine", "read_flags", "rows"])
    read = frame["read_flags"].to_numpy(np.uint32)
    why = np.where(frame["turbine"].isin(set_aside), int(Flag.NOT_SELECTED), int(Flag.UNLISTED))
    flags = read | np.where((read & np.uint32(Flag.UNREADABLE)) > 0, 0, why).astype(np.uint32)
    named = frame["turbine"].replace("", NO_TURBINE).astype("str")
    counted = pd.DataFrame({"turbine": named, "flags": flags, "rows": frame["rows"].astype(np.int64)})
    return counted.groupby(["turbine", "flags"], sort=True).sum()


def cut(series: Series, edges: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return the partitions of a series: first and last row (not included), begin and end of each.

    Records before the first edge belong to the first partition, those after the last to the last one.

    Parameters
    ----------
    series : Series
        One turbine's series.
    edges : sequence of int
        Borders of the partitions, from the period's start to its end [us since 1970 UTC].
    """
    if series.path is None:
        return []
    if len(edges) == 2:
        return [(0, series.rows, edges[0], edges[1])]
    with reading_back(series.path):
        time = pq.read_table(series.path, columns=["time"], page_checksum_verification=True)["time"].to_numpy()
    rows = [0, *np.searchsorted(time, edges[1:-1]).tolist(), series.rows]
    return [(*part, *period) for part, period in zip(pairwise(rows), pairwise(edges), strict=True)]


def partition(
    series: Series,
    rows: tuple[int, int, int, int],
    selected: tuple[int, int],
    farm: Farm,
    signals: Sequence[str] | None = None,
) -> Recorded:
    """Read one partition with its halo; records outside the selected period are kept and flagged.

    Parameters
    ----------
    series : Series
        One turbine's series.
    rows : (int, int, int, int)
        From `cut`.
    selected : (int, int)
        Period asked for; records outside it get `Flag.NOT_SELECTED`.
    farm : Farm
        For the width of the halo.
    signals : sequence of str, optional
        Signals that are wanted, by default all.
    """
    first, last, start, end = rows
    wanted = [name for name in series.signals if signals is None or name in signals]
    low, table = _with_halo(series, ["time", "written", "flags", *wanted], first, last, farm.quality.halo_records)
    columns_of = {name: _writable(table[name]) for name in table.column_names}
    time, flags = columns_of.pop("time"), columns_of.pop("flags")
    out = (time != NO_TIME) & ((time < selected[0]) | (time >= selected[1]))
    flags[out] |= np.uint32(Flag.NOT_SELECTED)
    own = slice(first - low, last - low)
    return Recorded(series.turbine, time, columns_of.pop("written"), flags, columns_of, own, start, end)


def _writable(column: pa.ChunkedArray) -> Any:
    """Return a column without missing values as an array that can be written to.

    It is the column's memory, which nobody else holds, where that is one piece. Arrow's own arrays are read-only, for
    which every kernel would be compiled once more.
    """
    if column.num_chunks == 1:
        chunk = column.chunk(0)
        memory = chunk.buffers()[1]
        if memory is not None and memory.is_mutable:
            values = np.frombuffer(memory, chunk.type.to_pandas_dtype())
            return values[chunk.offset : chunk.offset + len(chunk)]
    return np.array(column.to_numpy())


def _with_halo(series: Series, names: list[str], first: int, last: int, halo: int) -> tuple[int, pa.Table]:
    """Return rows [first, last) with a halo of so many records, and the first row that is read.

    Rows that rules pass over do not count, or the halo of an export that holds records twice would be too short.
    """
    reach = halo
    while True:
        low, high = max(0, first - reach), min(series.rows, last + reach)
        table = _read_rows(series, names, low, high)
        counts = (table["flags"].to_numpy() & np.uint32(PASSED_OVER)) == 0
        before = low == 0 or np.count_nonzero(counts[: first - low]) >= halo
        if before and (high == series.rows or np.count_nonzero(counts[last - low :]) >= halo):
            return low, table
        reach *= 2


def _checked(path: Path | None) -> pq.ParquetFile:
    """Open a file of the cache; damage within a page is found as well, for some 5 ns per record of four columns."""
    return pq.ParquetFile(path, memory_map=True, page_checksum_verification=True)


def _read_rows(series: Series, names: list[str], low: int, high: int) -> pa.Table:
    """Return rows [low, high) of a series from the row groups that hold them."""
    assert series.path is not None
    with reading_back(series.path), _checked(series.path) as file:
        groups = range(low // _ROW_GROUP, -(-high // _ROW_GROUP))
        table = file.read_row_groups(list(groups), columns=names, use_threads=False)
    return table.slice(low - groups.start * _ROW_GROUP, high - low)


def wind_by_stamps(series: Series) -> pd.DataFrame:
    """Return a series' wind by its stamps as written and as corrected, for the comparison with a reanalysis."""
    names = ["time", "written", "offset_s", *(["wind_speed"] if "wind_speed" in series.signals else [])]
    table = _read_rows(series, names, 0, series.rows).to_pandas()
    table = table[table["time"] != NO_TIME]
    wind = table["wind_speed"] if "wind_speed" in table else np.full(len(table), np.nan)
    return pd.DataFrame(
        {
            "time": stamps(table["written"]),
            "utc_offset_s": table["offset_s"],
            "wind_speed": wind,
            "corrected": stamps(table["time"]),
        }
    )
