"""Files of no known format: why, and a source for the generic reader, tried out, where they look like SCADA."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from fleet.config import Signal, Source
from fleet.errors import FleetError, InputError
from fleet.places import first_bytes
from fleet.readers.encoding import binary_kind
from fleet.readers.generic import FORMATS
from fleet.readers.guess import (
    guess_decimal,
    guess_signals,
    guess_time_column,
    guess_time_format,
    guess_turbine_column,
)
from fleet.readers.parquet import first_rows, is_parquet
from fleet.readers.stamps import step_s
from fleet.readers.text import delimiter_of, fields_of, file_bytes, head, read_table

__all__ = ["Proposal", "may_hold_records", "propose", "why_unknown"]

_LINES = 500  #: rows that a guess looks at


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A guess at how the generic reader can read a table of no known format; to be checked by the user."""

    columns: tuple[str, ...]  #: all columns of the file
    delimiter: str = ","
    decimal: str = "."
    time_column: str = ""  #: empty: none holds stamps
    time_format: str = ""
    turbine_column: str = ""  #: empty: none looks like it
    turbine: str = ""  #: the one turbine of the file, after its name, where no column names any
    signals: dict[str, tuple[str, str, str]] = field(default_factory=dict)  #: -> (column, unit, unit as written)
    works: bool = False  #: whether the file was read with it and gives power or wind
    turbines: tuple[str, ...] = ()  #: that the file names, read so
    sampling_s: int | None = None  #: most frequent step [s], read so

    def mapped(self) -> dict[str, tuple[str, str, str]]:
        """Return the signals of which the unit is known, or not written."""
        return {name: found for name, found in self.signals.items() if found[1] or not found[2]}

    def source(self) -> Source:
        """Return the guess as settings."""
        return Source(
            format="generic",
            time_column=self.time_column,
            time_format=self.time_format,
            turbine_column=self.turbine_column,
            turbine=self.turbine,
            delimiter=self.delimiter,
            decimal="," if self.decimal == "," else ".",
            columns={name: Signal(column=column, unit=unit) for name, (column, unit, _) in self.mapped().items()},
        )


def why_unknown(path: Path) -> str:
    """Return in a few words why a file has no known format."""
    start = first_bytes(path, 64)
    if not start:
        return "the file is empty"
    if title := binary_kind(start):
        return title
    if start[:4] == b"PAR1":
        return 'a Parquet table of no known format: needs a source with format = "generic"'
    if start[:2] == b"\x1f\x8b":
        try:
            file_bytes(path)
        except InputError as error:
            return str(error).removeprefix(f"{path}: ")
    if path.suffix.lower() == ".md":
        return "a note (Markdown), no table"
    text = head(path)
    if not text:
        return "no text: binary content, or neither UTF-8 nor Latin-1"
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = line if len(line) <= 80 else f"{line[:77]}..."
    return f'not a known format: first line "{shown}"'


def may_hold_records(path: Path) -> bool:
    """Return whether a file of no known format has a column of time stamps, or is packed and cannot be looked into."""
    table = _table(path)
    if table is None:
        return first_bytes(path, 2) == b"\x1f\x8b" and not head(path)
    return bool(guess_time_column(list(table[1]), table[1])[0])


def propose(path: Path) -> Proposal | None:
    """Return a guess at how a table can be read; None where the file is no table.

    Parameters
    ----------
    path : Path
        A text table whose first line is its header, or Parquet.
    """
    table = _table(path)
    if table is None:
        return None
    mark, cells = table
    names = list(cells)
    time_column, time_format = guess_time_column(names, cells)
    others = [name for name in names if name != time_column]
    turbine_column = guess_turbine_column(others)
    guess = Proposal(
        columns=tuple(names),
        delimiter=mark,
        decimal=guess_decimal([cell for column in cells.values() for cell in column]) if mark != "," else ".",
        time_column=time_column,
        time_format=time_format,
        turbine_column=turbine_column,
        turbine="" if turbine_column else path.name.split(".")[0] or path.name,
        signals=guess_signals(others),
    )
    return _tried(path, guess)


def _tried(path: Path, guess: Proposal) -> Proposal:
    """Return the guess with what the whole file shows when it is read so."""
    if not guess.time_column or not guess.mapped().keys() & {"power_kw", "wind_speed"}:
        return guess
    try:
        if not is_parquet(path):
            # Days and months may be the same way round in the first rows only.
            stamps = read_table(path, delimiter=guess.delimiter, required=(guess.time_column,))[0]
            words = stamps.cells[guess.time_column].unique().drop_null().to_pylist()
            guess = replace(guess, time_format=guess_time_format(words) or "")
        frame = FORMATS[0].read(path, guess.source()).frame
    except FleetError:
        return guess
    times = frame["time"].dt.tz_localize(None).to_numpy()
    return replace(
        guess,
        works=True,
        turbines=tuple(sorted({str(name) for name in frame["turbine"].unique()} - {""})),
        sampling_s=step_s(times, frame["turbine"].to_numpy()),
    )


def _table(path: Path) -> tuple[str, dict[str, list[str]]] | None:
    return _parquet(path) if is_parquet(path) else _text(path)


def _text(path: Path) -> tuple[str, dict[str, list[str]]] | None:
    """Return the delimiter of a text table and the first cells of its columns; None where it is none."""
    lines = [line for line in head(path).splitlines() if line.strip()][: _LINES + 1]
    if len(lines) < 2:
        return None
    mark = delimiter_of(lines[0])
    names = fields_of(lines[0], mark)
    rows = [fields_of(line, mark) for line in lines[1:]]
    fitting = [row for row in rows if len(row) == len(names)]
    if len(names) < 2 or len(set(names)) < len(names) or 2 * len(fitting) < len(rows):
        return None
    return mark, {name: [row[i] for row in fitting] for i, name in enumerate(names)}


def _parquet(path: Path) -> tuple[str, dict[str, list[str]]] | None:
    cells = first_rows(path, _LINES)
    return (",", cells) if len(cells) > 1 else None
