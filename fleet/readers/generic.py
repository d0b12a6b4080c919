"""Any CSV or Parquet by the column mapping of `farm.toml`: SCADA (`generic`) and status logs (`generic_events`)."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fleet.config import Source
from fleet.errors import ConfigError, InputError, nearest
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, scada_batch
from fleet.readers.guess import counted_stamps, exchanged_days, guess_time_format
from fleet.readers.parquet import is_parquet, parquet_table
from fleet.readers.stamps import check_zone, parse_stamps
from fleet.readers.status import EventColumns, events_batch
from fleet.readers.text import MISSING, RawTable, read_table
from fleet.readers.units import converter
from fleet.schema import SIGNALS, columns

__all__ = ["FORMATS"]

_WITH_MARK = r"^\s*[+-]?\d*{}\d+([eE][+-]?\d+)?\s*$"
_MARKS = {".": "point", ",": "comma"}
_EVENT_COLUMNS = tuple(field.name for field in dataclasses.fields(EventColumns))


def _never(path: Path, text: str) -> bool:
    """Return False: the mapping must be given, it cannot be recognised."""
    return False


def _read_scada(path: Path, source: Source) -> Batch:
    signals = _signals(source)
    mapped = [signal.column for signal in source.columns.values()]
    raw = _table(path, source, (source.time_column, *_turbine_column(source), *mapped), MISSING)
    _check_fields(raw)
    _check_stamps(raw, source.time_column, source.time_format)
    _check_decimal(raw, mapped, source.decimal)
    return scada_batch(
        raw,
        turbine=_turbine(raw, source),
        time_column=source.time_column,
        signals=signals,
        zone=source.time_zone,
        label=source.stamps or "start",
        period_s=source.averaging_period_s,
        time_format=source.time_format,
        decimal=source.decimal,
        notes=() if source.stamps else (f'{raw.name}: "stamps" is not given; assumed start',),
    )


def _signals(source: Source) -> dict[str, SignalColumn]:
    """Return where each signal comes from; a source that does not say so in full is refused."""
    _check(source, columns(SIGNALS))
    if not source.time_column:
        raise ConfigError('key "time_column" is missing; expected the column of the time stamps')
    if not source.columns:
        raise ConfigError('key "columns": no columns are mapped; expected columns.power_kw and others')
    return {
        name: SignalColumn((signal.column,), converter(name, signal.unit, f'key "columns.{name}.unit"'))
        for name, signal in source.columns.items()
    }


def _check_scada(source: Source) -> None:
    _signals(source)


def _event_columns(source: Source) -> EventColumns:
    """Return where each column of an event comes from; a source that does not say so in full is refused."""
    _check(source, _EVENT_COLUMNS)
    named = {name: signal.column for name, signal in source.columns.items()}
    start = named.pop("start", "") or source.time_column
    if not start:
        raise ConfigError('key "columns.start" is missing; expected the column of the begin')
    return EventColumns(start=start, **named)


def _check_events(source: Source) -> None:
    _event_columns(source)


def _read_events(path: Path, source: Source) -> Batch:
    found = _event_columns(source)
    names = [name for name in dataclasses.astuple(found) if name]
    raw = _table(path, source, (*names, *_turbine_column(source)), ("", "-", "NaN", "NaT", "null"), True)
    _check_fields(raw)
    _check_stamps(raw, found.start, source.time_format)
    return events_batch(
        raw,
        found,
        turbine=_turbine(raw, source),
        zone=source.time_zone,
        time_format=source.time_format,
    )


def _check(source: Source, known: Iterable[str]) -> None:
    names = list(known)
    for name in source.columns:
        if name not in names:
            raise ConfigError(
                f"columns.{name} is not a canonical column{nearest(name, names)}; known: {', '.join(names)}"
            )
    if not source.turbine_column and not source.turbine:
        raise ConfigError(
            'neither "turbine_column" nor "turbine" is given; expected the column of the '
            "turbines' names, or the one turbine of the files"
        )
    check_zone(source.time_zone, 'key "time_zone"')


def _turbine_column(source: Source) -> tuple[str, ...]:
    return (source.turbine_column,) if source.turbine_column else ()


def _turbine(raw: RawTable, source: Source) -> str | pa.ChunkedArray:
    return raw.cells[source.turbine_column] if source.turbine_column else source.turbine


def _table(
    path: Path, source: Source, names: tuple[str, ...], missing: tuple[str, ...], multiline: bool = False
) -> RawTable:
    wanted = tuple(dict.fromkeys(names))
    if is_parquet(path):
        return parquet_table(path, wanted)
    return read_table(
        path, delimiter=source.delimiter, required=wanted, missing=missing, multiline=multiline, configured=True
    )[0]


def _check_fields(raw: RawTable) -> None:
    """Refuse a file of which most rows do not fit the header: the delimiter is wrong, or the decimal mark is one."""
    bad, rows = len(raw.malformed), raw.rows_in
    if 2 * bad > rows:
        raise InputError(
            f"{raw.path}: {bad:,} of {rows:,} rows do not fit the header, as {raw.malformed_examples()[0]}; "
            'check "delimiter" in its [[sources]] and whether numbers hold the delimiter as decimal mark'
        )


def _check_stamps(raw: RawTable, column: str, time_format: str) -> None:
    """Refuse a file of which most time stamps cannot be read: the settings do not fit it.

    Single bad stamps are counted. Of days and months in the wrong order more than half cannot be read, and the others
    would come out wrong.
    """
    words, counts = _distinct(raw.cells[column])
    if not words:
        return
    unreadable = np.isnat(parse_stamps(pa.chunked_array([pa.array(words)]), time_format).clock)
    bad, rows = int(counts[unreadable].sum()), int(counts.sum())
    if 2 * bad <= rows:
        if other := exchanged_days(words, time_format):
            raise InputError(
                f'{raw.path}: column {column}: with time_format = "{time_format}" its days lie a month apart, with '
                f'"{other}" they follow each other; set that in its [[sources]]'
            )
        return
    first = words[int(np.argmax(unreadable))]
    place = raw.where(int(raw.row[pc.index(pc.cast(raw.cells[column], pa.string()), first).as_py()]))
    expected = f'time_format = "{time_format}"' if time_format else "ISO 8601 as 2014-07-01 00:10, without time_format"
    fits = guess_time_format(words)
    if counted := counted_stamps(words):
        advice = f"these are {counted}; export them as dates and times"
    elif fits is None:
        advice = "set time_format in its [[sources]] (strptime codes, as %d.%m.%Y %H:%M)"
    else:
        advice = f'set time_format = "{fits}" in its [[sources]]' if fits else "leave time_format out: this is ISO 8601"
    raise InputError(
        f"{place}: column {column}, found {first!r}, expected {expected}; {bad:,} of {rows:,} time "
        f"stamps cannot be read: {advice}"
    )


def _distinct(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the distinct texts of a column and how often each occurs; nothing where the stamps are typed already."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return [], np.zeros(0, np.int64)
    found = pc.value_counts(pc.drop_null(pc.cast(column, pa.string())))
    return found.field("values").to_pylist(), found.field("counts").to_numpy().astype(np.int64)


def _check_decimal(raw: RawTable, mapped: Iterable[str], decimal: str) -> None:
    """Refuse a file of which most numbers of a column are written with the other decimal mark than the configured."""
    other = "," if decimal == "." else "."
    for column in mapped:
        cells = raw.cells[column]
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            continue
        if not pc.any(pc.match_substring(cells, other)).as_py():
            continue
        written = pc.fill_null(pc.match_substring_regex(cells, _WITH_MARK.format(re.escape(other))), False)
        marked, there = pc.sum(written).as_py() or 0, len(cells) - cells.null_count
        if 2 * marked > there:
            at = pc.index(written, True).as_py()
            raise InputError(
                f"{raw.where(int(raw.row[at]))}: column {column}, found {cells[at].as_py()!r}, expected a number with "
                f"a decimal {_MARKS[decimal]}; {marked:,} of {there:,} cells hold a decimal {_MARKS[other]}: "
                f'set decimal = "{other}" in its [[sources]]'
            )


FORMATS = (
    Format(
        name="generic",
        title="SCADA by the column mapping of farm.toml (CSV or Parquet)",
        kind="scada",
        stamps="assumed start",
        matches=_never,
        read=_read_scada,
        check=_check_scada,
    ),
    Format(
        name="generic_events",
        title="status log by the column mapping of farm.toml (CSV or Parquet)",
        kind="events",
        stamps="instant",
        matches=_never,
        read=_read_events,
        check=_check_events,
    ),
)
