"""Parquet tables as columns of cells, with what cannot be a table of records refused."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from fleet.errors import InputError, nearest
from fleet.places import first_bytes, reading
from fleet.readers.text import RawTable
from fleet.unpacking import MOST_UNPACKED
from fleet.zip_member import member_of

__all__ = ["first_rows", "is_parquet", "parquet_table"]

_MAGIC = b"PAR1"
_CELL_BYTES = 8
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)  #: the last from names of columns


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its first bytes."""
    return first_bytes(path, len(_MAGIC)) == _MAGIC


def parquet_table(path: Path, names: Sequence[str]) -> RawTable:
    """Read columns of a Parquet file.

    Raises
    ------
    InputError
        If it is damaged or too large, lacks a column, or a column holds neither numbers nor text nor stamps.
    """
    from pyarrow import parquet

    try:
        with _seekable(path) as file:
            table = parquet.ParquetFile(file, page_checksum_verification=True)
            found = table.schema_arrow.names
            for name in names:
                if name not in found:
                    listed = ", ".join(found[:12])
                    raise InputError(f'{path}: column "{name}" is missing{nearest(name, found)}; found: {listed}')
                if found.count(name) > 1:
                    raise InputError(f'{path}: column "{name}" stands twice; expected once')
                kind = table.schema_arrow.field(name).type
                if not _is_cell(kind):
                    raise InputError(f'{path}: column "{name}" holds {kind}, expected numbers, text or time stamps')
            # A column of one value repeated is stored in a few bytes, so the file's size says nothing.
            size = table.metadata.num_rows * _CELL_BYTES * len(names)
            if size > MOST_UNPACKED:
                raise InputError(
                    f"{path}: {table.metadata.num_rows:,} rows take {size:,} bytes or more, expected at "
                    f"most {MOST_UNPACKED:,}: split the file"
                )
            cells = table.read(columns=list(names))
            cells.validate(full=True)  # text that is none would fail later
    except _DAMAGE as error:
        raise InputError(f"{path}: not a readable Parquet file: {error}") from None
    return RawTable(
        path=path,
        first_line=1,
        fields=len(found),
        cells={name: cells.column(name) for name in names},
        row=np.arange(cells.num_rows, dtype=np.int64),
        malformed=(),
    )


def first_rows(path: Path, rows: int) -> dict[str, list[str]]:
    """Return the first cells of every column as text; nothing where the file is damaged."""
    from pyarrow import parquet

    try:
        with _seekable(path) as file:
            batch = next(parquet.ParquetFile(file).iter_batches(batch_size=rows), None)
            if batch is None:
                return {}
            return {name: [str(cell) for cell in batch.column(name).to_pylist()] for name in batch.schema.names}
    except _DAMAGE:
        return {}


def _seekable(path: Path) -> IO[Any]:
    """Return an open file: what Parquet reads lies all over it, and a packed member can only be read forwards."""
    if member_of(path):
        return io.BytesIO(path.read_bytes())
    with reading(path):
        return path.open("rb")


def _is_cell(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return bool(types.is_string(kind.value_type) or types.is_large_string(kind.value_type))
    return any(
        (
            types.is_integer(kind),
            types.is_floating(kind),
            types.is_decimal(kind),
            types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind),
            types.is_timestamp(kind) or types.is_date(kind),
            types.is_null(kind),
        )
    )
