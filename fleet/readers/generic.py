"""Any CSV or Parquet by the column mapping of `farm.toml`: SCADA (`generic`) and status logs (`generic_events`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from fleet.config import Source
from fleet.errors import ConfigError, InputError, nearest
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, scada_batch
from fleet.readers.stamps import check_zone
from fleet.readers.status import EventColumns, events_batch
from fleet.readers.text import MISSING, RawTable, read_table
from fleet.readers.units import converter
from fleet.schema import SIGNALS, columns

__all__ = ["FORMATS"]

_PARQUET = b"PAR1"
_EVENT_COLUMNS = tuple(field.name for field in dataclasses.fields(EventColumns))


def _never(path: Path, text: str) -> bool:
    """Return False: the mapping must be given, it cannot be recognised."""
    return False


def _read_scada(path: Path, source: Source) -> Batch:
    _check(source, columns(SIGNALS))
    if not source.time_column:
        raise ConfigError('format "generic": key "time_column" is missing; expected the column of the time stamps')
    if not source.columns:
        raise ConfigError('format "generic": no columns are mapped; expected columns.power_kw and others')
    signals = {
        name: SignalColumn((signal.column,), converter(name, signal.unit, f"columns.{name}"))
        for name, signal in source.columns.items()
    }
    mapped = [signal.column for signal in source.columns.values()]
    raw = _table(path, source, (source.time_column, *_turbine_column(source), *mapped), MISSING)
    return scada_batch(
        raw,
        turbine=_turbine(raw, source),
        time_column=source.time_column,
        signals=signals,
        zone=source.time_zone,
        label=source.stamps or "start",
        time_format=source.time_format,
        decimal=source.decimal,
        notes=() if source.stamps else (f'{path.name}: "stamps" is not given; assumed start',),
    )


def _read_events(path: Path, source: Source) -> Batch:
    _check(source, _EVENT_COLUMNS)
    named = {name: signal.column for name, signal in source.columns.items()}
    start = named.pop("start", "") or source.time_column
    if not start:
        raise ConfigError('format "generic_events": columns.start is missing; expected the column of the begin')
    raw = _table(
        path, source, (start, *_turbine_column(source), *named.values()), ("", "-", "NaN", "NaT", "null"), True
    )
    return events_batch(
        raw,
        EventColumns(start=start, **named),
        turbine=_turbine(raw, source),
        zone=source.time_zone,
        time_format=source.time_format,
    )


def _check(source: Source, known: Iterable[str]) -> None:
    names = list(known)
    for name in source.columns:
        if name not in names:
            raise ConfigError(
                f'format "{source.format}": columns.{name} is not a canonical column{nearest(name, names)}; '
                f"known: {', '.join(names)}"
            )
    if not source.turbine_column and not source.turbine:
        raise ConfigError(
            f'format "{source.format}": neither "turbine_column" nor "turbine" is given; expected the column of the '
            "turbines' names, or the one turbine of the files"
        )
    check_zone(source.time_zone, f'format "{source.format}": key "time_zone"')


def _turbine_column(source: Source) -> tuple[str, ...]:
    return (source.turbine_column,) if source.turbine_column else ()


def _turbine(raw: RawTable, source: Source) -> str | pa.ChunkedArray:
    return raw.cells[source.turbine_column] if source.turbine_column else source.turbine


def _table(
    path: Path, source: Source, names: tuple[str, ...], missing: tuple[str, ...], multiline: bool = False
) -> RawTable:
    wanted = tuple(dict.fromkeys(names))
    if is_parquet(path):
        return _parquet(path, wanted)
    return read_table(path, delimiter=source.delimiter, required=wanted, missing=missing, multiline=multiline)[0]


def is_parquet(path: Path) -> bool:
    """Return whether a file is Parquet, by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _PARQUET
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _parquet(path: Path, names: tuple[str, ...]) -> RawTable:
    from pyarrow import parquet

    try:
        found = parquet.read_schema(path).names
        for name in names:
            if name not in found:
                raise InputError(
                    f'{path}: column "{name}" is missing{nearest(name, found)}; found: {", ".join(found[:12])}'
                )
        table = parquet.read_table(path, columns=list(names))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: not a readable Parquet file: {error}") from None
    return RawTable(
        path=path,
        first_line=1,
        fields=len(found),
        cells={name: table.column(name) for name in names},
        row=np.arange(table.num_rows, dtype=np.int64),
        malformed=(),
    )


FORMATS = (
    Format(
        name="generic",
        title="SCADA by the column mapping of farm.toml (CSV or Parquet)",
        kind="scada",
        stamps="as configured",
        matches=_never,
        read=_read_scada,
    ),
    Format(
        name="generic_events",
        title="status log by the column mapping of farm.toml (CSV or Parquet)",
        kind="events",
        stamps="instant",
        matches=_never,
        read=_read_events,
    ),
)
