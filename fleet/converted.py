"""One source file in the cache, in canonical form: read once, whatever its kind, and read back at the speed of memory.

SCADA files are split by turbine, as each turbine's series is made for itself. Logs and timers are put together for all
turbines at once and lie in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fleet.cache_keys import code_version, digest, time_zone_version
from fleet.dataset import DataFile, Dataset
from fleet.errors import InputError
from fleet.places import last_change
from fleet.readers.base import Batch
from fleet.schema import SIGNALS, columns
from fleet.site import source_row, source_table
from fleet.store import DamagedEntry, Store
from fleet.times import from_us, to_us
from fleet.wording import natural

__all__ = [
    "FILE_STRIDE",
    "NO_TURBINE",
    "FileEntry",
    "convert_file",
    "entry_from_json",
    "noted_sources",
    "others_note",
    "reading_back",
    "rows_of",
    "rows_of_turbine",
    "source_of",
]

FILE_STRIDE = 1 << 40  #: source rows of a later file come after all rows of an earlier one
NO_TURBINE = "(no turbine)"  #: stands for the name of rows that carry none
_ALL = "all.parquet"
_SIGNAL_NAMES = columns(SIGNALS)


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file in the cache."""

    name: str  #: relative to the farm's folder
    key: str
    source: dict[str, Any]  #: `fleet.site.source_row`, times as microseconds since 1970 UTC
    turbines: tuple[str, ...]  #: names in the file; the SCADA rows of each in a Parquet file of its place's number
    counts: tuple[tuple[str, int, int], ...]  #: turbine, read flags (0 beside SCADA), rows
    offsets_given: bool
    declared: tuple[int, int] | None  #: period that the file's header declares [us since 1970 UTC]


def convert_file(file: DataFile, store: Store, *, verify: bool = False) -> FileEntry:
    """Read one file of SCADA records, events or timers into the cache, unless it is there.

    Parameters
    ----------
    file : DataFile
        The file with its format and settings.
    store : Store
        The cache.
    verify : bool
        Do not take size and time of the last change for the file's content.

    Raises
    ------
    InputError
        If the file cannot be used.
    OutputError
        If the cache cannot be written.
    """
    paths = (file.path, *file.format.companions(file.path))
    before = [last_change(path) for path in paths]
    content = [store.content_key(path, verify=verify) for path in paths]
    settings = file.source.model_dump(mode="json")
    key = digest(content, file.name, file.format.name, settings, code_version(), time_zone_version())
    found = store.find("files", key)
    if found is not None:
        return entry_from_json(found)
    entry = _read_into(store, key, file)
    if [last_change(path) for path in paths] != before:
        store.drop("files", key)
        raise InputError(f"{file.name}: changed while it was read; expected a file that is complete: run again")
    return entry


def entry_from_json(found: dict[str, Any]) -> FileEntry:
    """Return the file that an entry of the cache describes."""
    declared = found["declared"]
    exact = {
        "turbines": tuple(found["turbines"]),
        "counts": tuple(map(tuple, found["counts"])),
        "declared": None if declared is None else tuple(declared),
    }
    return FileEntry(**found | exact)


def _read_into(store: Store, key: str, file: DataFile) -> FileEntry:
    batch = file.read()
    entry = _entry(key, file, batch)
    frame = batch.frame
    with store.new("files", key) as (folder, meta):
        if file.format.kind == "scada":
            for number, name in enumerate(entry.turbines):
                _write(_held(frame[frame["turbine"] == name]), folder / f"{number}.parquet")
        else:
            _write(frame, folder / _ALL)
        meta |= asdict(entry)
    return entry


def _entry(key: str, file: DataFile, batch: Batch) -> FileEntry:
    frame = batch.frame
    counted = pd.DataFrame({"turbine": frame["turbine"].fillna(""), "flags": frame.get("read_flags", 0)})
    sizes = counted.groupby(["turbine", "flags"], sort=True).size().reset_index(name="rows")
    source = source_row(file, batch, "")
    return FileEntry(
        name=file.name,
        key=key,
        source=source | {name: _us(source[name]) for name in ("first", "last")},
        turbines=tuple(sorted(frame["turbine"].dropna().unique())),
        counts=tuple((row["turbine"], int(row["flags"]), int(row["rows"])) for row in sizes.to_dict("records")),
        offsets_given=batch.offsets_given,
        declared=None if batch.declared is None else (to_us(batch.declared[0]), to_us(batch.declared[1])),
    )


def _us(moment: Any) -> int | None:
    return None if pd.isna(moment) else to_us(moment)


def _held(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what there is to keep of one turbine's records: a signal without any value is left out."""
    return frame[
        [name for name in frame if name != "turbine" and not (name in _SIGNAL_NAMES and frame[name].isna().all())]
    ]


def _write(frame: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def rows_of(entry: FileEntry, store: Store) -> pd.DataFrame:
    """Return all rows of a file of events or timers, in file order.

    Raises
    ------
    DamagedEntry
        If they cannot be read back.
    """
    return _read(store.path("files", entry.key) / _ALL)


def rows_of_turbine(entry: FileEntry, turbine: str, store: Store) -> pd.DataFrame:
    """Return one turbine's rows of a SCADA file, in file order, without its name and signals that have no value.

    Raises
    ------
    DamagedEntry
        If they cannot be read back.
    """
    return _read(store.path("files", entry.key) / f"{entry.turbines.index(turbine)}.parquet")


def _read(path: Path) -> pd.DataFrame:
    with reading_back(path):
        frame: pd.DataFrame = pq.read_table(path, page_checksum_verification=True).to_pandas()
    return frame


@contextmanager
def reading_back(path: Path) -> Iterator[None]:
    """Turn what is raised while a file of the cache is read into `DamagedEntry`."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedEntry(path, " ".join(str(error).split())) from error


def source_of(entry: FileEntry, note: str = "") -> dict[str, Any]:
    """Return what the report says of a file (`fleet.site.source_row`), with a note before those of its reading."""
    moments = {
        name: pd.NaT if entry.source[name] is None else from_us(entry.source[name]) for name in ("first", "last")
    }
    return entry.source | moments | {"note": "; ".join(filter(None, [note, entry.source["note"]]))}


def noted_sources(
    entries: Sequence[FileEntry], notes: Sequence[Sequence[str]], counts: Mapping[str, npt.NDArray[np.int64]]
) -> pd.DataFrame:
    """Return one row per file (`fleet.site.SOURCE_COLUMNS`), with notes and with counts of rows that are not zero.

    Parameters
    ----------
    entries : sequence of FileEntry
        The files.
    notes : sequence of sequence of str
        Of each file; empty ones say nothing.
    counts : mapping of str to array of int64, shape (files,)
        What is counted -> rows of each file.
    """
    rows = []
    for i, (entry, said) in enumerate(zip(entries, notes, strict=True)):
        counted = [f"{what}: {number[i]:,}" for what, number in counts.items() if number[i]]
        rows.append(source_of(entry, "; ".join(filter(None, [*said, *counted]))))
    return source_table(rows)


def others_note(entry: FileEntry, dataset: Dataset) -> str:
    """Return how many rows of a file belong to turbines that are not analysed; empty where there are none."""
    listed = {turbine.name for turbine in dataset.farm.turbines}
    unlisted: dict[str, int] = {}
    left_out = 0
    for turbine, _, rows in entry.counts:
        if turbine in dataset.set_aside:
            left_out += rows
        elif turbine not in listed:
            unlisted[turbine or NO_TURBINE] = unlisted.get(turbine or NO_TURBINE, 0) + rows
    counted = ", ".join(
        f"{turbine} ({unlisted[turbine]:,} row{'s' if unlisted[turbine] > 1 else ''})"
        for turbine in sorted(unlisted, key=natural)
    )
    said = (
        f"rows of turbines that are not listed are not used: {counted}" if unlisted else "",
        f"rows of turbines that are not selected: {left_out:,}" if left_out else "",
    )
    return "; ".join(filter(None, said))
