"""Data of the site rather than of a turbine: reanalysis and the plant meter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fleet.dataset import DataFile, Dataset
from fleet.errors import InputError
from fleet.readers.base import Batch
from fleet.schema import METER, OPERATOR, REANALYSIS, Column, columns
from fleet.times import from_us, series_us
from fleet.wording import natural

__all__ = [
    "SiteData",
    "asset_sources",
    "companion_sources",
    "read_meter",
    "read_operator",
    "read_reanalysis",
    "source_row",
]

SOURCE_COLUMNS = ("file", "format", "kind", "rows", "turbines", "first", "last", "stamps", "note")


@dataclass(frozen=True)
class SiteData:
    """A table of the site, and the files it came from."""

    frame: pd.DataFrame | None
    sources: pd.DataFrame  #: `SOURCE_COLUMNS`


def read_reanalysis(dataset: Dataset) -> SiteData:
    """Read the reanalysis of a farm; of several the first by file name counts, and the others are named."""
    files = dataset.of_kind("reanalysis")
    if not files:
        return SiteData(None, source_table([]))
    batches = [file.read() for file in files]
    notes = ["used", *("not used: another reanalysis comes first by file name" for _ in files[1:])]
    rows = [source_row(file, batch, note) for file, batch, note in zip(files, batches, notes, strict=True)]
    return SiteData(_sorted(batches[0].frame, REANALYSIS), source_table(rows))


def read_meter(dataset: Dataset) -> SiteData:
    """Read the plant meter; several files are one series, and a stamp that two files give differently is refused."""
    files = dataset.of_kind("meter")
    if not files:
        return SiteData(None, source_table([]))
    batches = [file.read() for file in files]
    frame = _sorted(pd.concat([batch.frame for batch in batches], ignore_index=True), METER).drop_duplicates()
    twice = frame["time"].duplicated()
    if twice.any():
        stamp = frame.loc[twice, "time"].iloc[0]
        raise InputError(f"{files[0].name}: the plant meter has two different values at {stamp}; expected one")
    rows = [source_row(file, batch, "") for file, batch in zip(files, batches, strict=True)]
    return SiteData(frame.reset_index(drop=True), source_table(rows))


def read_operator(dataset: Dataset) -> SiteData:
    """Read the operator's own availability; of several rows of a turbine, interval and figure the first counts."""
    files = dataset.of_kind("operator")
    if not files:
        return SiteData(None, source_table([]))
    batches = [file.read() for file in files]
    of_file = np.repeat(np.arange(len(files)), [len(batch.frame) for batch in batches])
    frame = pd.concat([batch.frame for batch in batches], ignore_index=True)[columns(OPERATOR)]
    twice = frame.duplicated(["turbine", "time", "figure"]).to_numpy()
    unlisted = ~frame["turbine"].isin([turbine.name for turbine in dataset.farm.turbines]).to_numpy()
    rows = []
    for number, (file, batch) in enumerate(zip(files, batches, strict=True)):
        counts = (int((mask & (of_file == number)).sum()) for mask in (twice & ~unlisted, unlisted))
        words = ("rows not used, as an earlier one is of the same interval", "rows of turbines that are not listed")
        note = "; ".join(f"{what}: {count:,}" for what, count in zip(words, counts, strict=True) if count)
        rows.append(source_row(file, batch, note))
    kept = frame[~(twice | unlisted)]
    return SiteData(kept.sort_values(["turbine", "time", "figure"], ignore_index=True), source_table(rows))


def asset_sources(dataset: Dataset) -> pd.DataFrame:
    """Return the asset tables as rows of `SOURCE_COLUMNS`."""
    return source_table([source_row(file, file.read(), "") for file in dataset.assets])


def companion_sources(dataset: Dataset) -> pd.DataFrame:
    """Return the tables that other files take in as rows of `SOURCE_COLUMNS`, each with the files that do."""
    takers: dict[Path, list[str]] = {}
    for file in dataset.files:
        for companion in file.format.companions(file.path):
            takers.setdefault(companion, []).append(file.name)
    rows = []
    for file in dataset.of_kind("companion"):
        found = ", ".join(takers.get(file.path, ()))
        note = f"read with {found}" if found else "not used: no file that takes it in is there"
        rows.append(source_row(file, file.read(), note))
    return source_table(rows)


def source_row(file: DataFile, batch: Batch, note: str) -> dict[str, object]:
    """Return what the report says of one file: `SOURCE_COLUMNS`."""
    frame = batch.frame
    time = next((frame[name].dropna() for name in ("time", "start") if name in frame), None)
    known = series_us(time) if time is not None else np.zeros(0, np.int64)
    names = next((frame[name].dropna().unique() for name in ("turbine", "name") if name in frame), ())
    turbines = sorted(set(names) - {""}, key=natural)
    rejected = [f"{rows} rows rejected: {reason}" for reason, rows in sorted(batch.rejected.items()) if rows]
    return {
        "file": file.name,
        "format": file.format.title,
        "kind": file.format.kind,
        "rows": batch.rows_in,
        "turbines": ", ".join(turbines),
        "first": from_us(int(known.min())) if known.size else pd.NaT,
        "last": from_us(int(known.max())) if known.size else pd.NaT,
        "stamps": file.format.label(file.source),
        "note": "; ".join(filter(None, [note, *rejected, *batch.examples])),
    }


def source_table(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows of `source_row` as a table."""
    table = pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))
    for name in ("first", "last"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    return table


def _sorted(frame: pd.DataFrame, table: tuple[Column, ...]) -> pd.DataFrame:
    return frame[columns(table)].sort_values("time", kind="stable", ignore_index=True)
