"""Text tables: bytes to columns of strings and on to numbers, with every damaged row and cell accounted for."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from fleet.errors import InputError, nearest
from fleet.readers.encoding import as_utf8, file_bytes, head, line_ends
from fleet.zip_member import short_name

__all__ = [
    "DELIMITERS",
    "MISSING",
    "RawTable",
    "delimiter_of",
    "fields_of",
    "file_bytes",
    "head",
    "header_of",
    "numbers",
    "read_table",
    "require",
    "texts",
]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: Cells that mean "no value" where a number belongs.
MISSING = ("", "-", "NaN", "nan", "NAN", "NA", "N/A", "n/a", "null", "NULL", "None")
EXAMPLES = 5  #: bad cells or rows that are quoted per kind of trouble

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_PARSE_BLOCK = 1 << 24
_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A text table as written: strings by column name, and the rows that do not fit the header.

    Parameters
    ----------
    path : Path
        The file, for messages.
    first_line : int
        Line of the file, counted from 1, that holds the first row.
    fields : int
        Fields of the header.
    cells : dict of str to ChunkedArray
        Cells of the rows that fit; missing ones are null.
    row : array of int64, shape (n,)
        Position of each of these rows in the file, counted from 0 behind the header.
    malformed : tuple of (int, tuple of str)
        Position and fields of the rows that have too many or too few fields.
    notes : tuple of str
        What was unusual about the file as a whole.
    """

    path: Path
    first_line: int
    fields: int
    cells: dict[str, pa.ChunkedArray]
    row: npt.NDArray[np.int64]
    malformed: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file for notes."""
        return short_name(self.path)

    @property
    def rows_in(self) -> int:
        """Rows of the file, whether they fit the header or not."""
        return len(self.row) + len(self.malformed)

    def place(self, row: int) -> str:
        """Return "file:line" of a row, as notes about a known folder name it."""
        return f"{self.name}:{self.first_line + row}"

    def where(self, row: int) -> str:
        """Return "path:line" of a row, as errors name it."""
        return f"{self.path}:{self.first_line + row}"

    def examples(self, at: Iterable[int], column: str, expected: str) -> list[str]:
        """Return a sentence for the first few of the fitting rows `at` whose cell in `column` is bad."""
        positions = list(at)[:EXAMPLES]
        cells = self.cells[column]
        return [
            f"{self.place(int(self.row[i]))}: column {column}, found {_shown(cells[i].as_py())}, expected {expected}"
            for i in positions
        ]

    def malformed_examples(self) -> list[str]:
        """Return a sentence for each of the first few rows that do not fit the header."""
        return [
            f"{self.place(row)}: found {len(found)} fields, expected {self.fields}: {_shown(','.join(found))}"
            for row, found in self.malformed[:EXAMPLES]
        ]


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def delimiter_of(line: str) -> str:
    """Return the delimiter that splits a header line into most fields, a comma where there is none."""
    return max(DELIMITERS, key=lambda mark: len(fields_of(line, mark)))


def header_of(text: str, delimiter: str = "") -> set[str]:
    """Return the columns that the first line names; without a delimiter the one that splits it into most fields."""
    line = text.split("\n", 1)[0]
    return set(fields_of(line, delimiter or delimiter_of(line)))


def fields_of(line: str, delimiter: str) -> list[str]:
    """Return the fields of one line, quotes resolved."""
    text = line.rstrip("\r\n")
    try:
        fields = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:  # damage, as a field of a hundred thousand characters
        fields = text.split(delimiter)
    return [field.strip() for field in fields]


def require(
    path: Path, line: str, names: Sequence[str], wanted: Iterable[str], delimiter: str, *, configured: bool = False
) -> None:
    """Refuse a header that lacks a wanted column or holds it twice.

    Parameters
    ----------
    path, line, names : Path, str, sequence of str
        The file, its header and the fields of that.
    wanted : iterable of str
        Columns that must be there, once.
    delimiter : str
        The delimiter that made the fields.
    configured : bool
        Whether `farm.toml` gives the delimiter; the message then names the key.

    Raises
    ------
    InputError
        Naming the column and the nearest one there is, or the delimiter where that is the trouble.
    """
    for column in wanted:
        if column not in names:
            found = delimiter_of(line)
            parts = fields_of(line, found)
            if found != delimiter and (column in parts or len(names) == 1 < len(parts)):
                written = "\\t" if found == "\t" else found
                hint = f'; set delimiter = "{written}" in its [[sources]]' if configured else ""
                raise InputError(
                    f"{path}: fields are separated by {DELIMITERS[found]} ({found!r}); "
                    f"expected {DELIMITERS.get(delimiter, 'delimiter')} ({delimiter!r}){hint}"
                )
            raise InputError(
                f'{path}: column "{column}" is missing{nearest(column, names)}; found: {", ".join(names[:12])}'
                f"{', ...' if len(names) > 12 else ''}"
            )
        if list(names).count(column) > 1:
            raise InputError(f'{path}: column "{column}" stands twice in the header; expected once')


def read_table(
    path: Path,
    *,
    header_start: str = "",
    header_prefix: str = "",
    delimiter: str = "",
    required: Sequence[str] = (),
    optional: Sequence[str] | Callable[[Sequence[str]], Sequence[str]] = (),
    missing: Sequence[str] = MISSING,
    multiline: bool = False,
    configured: bool = False,
) -> tuple[RawTable, tuple[str, ...], tuple[str, ...]]:
    """Read columns of a text table as strings.

    Parameters
    ----------
    path : Path
        The file; gzip is recognised by content.
    header_start : str
        How the header line begins (lines above it are returned as preamble); empty: the first line that is not empty.
    header_prefix : str
        Taken off the header line, as the "# " of a commented header.
    delimiter : str
        Field delimiter; empty: the one of comma, semicolon, tab and bar that the header shows.
    required, optional : sequence of str
        Columns that must be there and that are read where they are there; neither given: all columns. `optional` may be
        a function that chooses among the header's columns.
    missing : sequence of str
        Cells that become null.
    multiline : bool
        Whether a quoted field may hold line ends. A quote that is not closed would swallow the rows up to the next one,
        so where none may, or where the quotes do not pair, a line with an unpaired quote is read as it stands.
    configured : bool
        Whether `farm.toml` gives the delimiter, for messages.

    Returns
    -------
    tuple of (RawTable, tuple of str, tuple of str)
        The table, the names of all columns in the header, and the lines above the header.

    Raises
    ------
    InputError
        If the file is damaged, empty, not text, or lacks a column.
    """
    data, notes = as_utf8(file_bytes(path), path)
    data = line_ends(data)
    preamble, line, offset = _find_header(data, header_start, path)
    line = line.removeprefix(header_prefix)
    mark = delimiter or delimiter_of(line)
    names = fields_of(line, mark)
    require(path, line, names, required, mark, configured=configured)
    chosen = optional(names) if callable(optional) else optional
    wanted = [*required, *chosen] if required or chosen else names
    keep = {name: names.index(name) for name in dict.fromkeys(wanted) if name in names}
    malformed: list[tuple[int, tuple[str, ...]]] = []

    def note_row(row: pacsv.InvalidRow) -> str:
        malformed.append((row.number - 1, tuple(fields_of(row.text[:_SHOWN_CHARACTERS], mark))))
        return "skip"

    columns = [str(i) for i in range(len(names))]
    body, unpaired = _pair_quotes(data[offset:], multiline)
    if unpaired:
        notes = (*notes, f"{short_name(path)}: {unpaired} lines with a quote that is not closed")
    if not body[:4096].strip() and not body.strip():
        cells: dict[str, pa.ChunkedArray] = {name: pa.chunked_array([pa.array([], pa.string())]) for name in keep}
    else:
        try:
            table = pacsv.read_csv(
                pa.py_buffer(body),
                # One thread: only then do malformed rows come with their number.
                read_options=pacsv.ReadOptions(column_names=columns, use_threads=False, block_size=_PARSE_BLOCK),
                parse_options=pacsv.ParseOptions(
                    delimiter=mark, newlines_in_values=b'"' in body, invalid_row_handler=note_row
                ),
                convert_options=pacsv.ConvertOptions(
                    include_columns=[str(i) for i in keep.values()],
                    column_types=dict.fromkeys(columns, pa.string()),
                    null_values=list(missing),
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise InputError(f"{path}: not a readable table: {error}") from None
        cells = {name: table.column(str(i)) for name, i in keep.items()}
    good = len(next(iter(cells.values()))) if cells else 0
    row = np.setdiff1d(np.arange(good + len(malformed)), [number for number, _ in malformed], assume_unique=True)
    raw = RawTable(
        path=path,
        first_line=len(preamble) + 2,
        fields=len(names),
        cells=cells,
        row=row.astype(np.int64),
        malformed=tuple(malformed),
        notes=notes,
    )
    _refuse_other_header(raw, names)
    return raw, tuple(names), tuple(preamble)


def _refuse_other_header(raw: RawTable, names: Sequence[str]) -> None:
    """Refuse exports put one behind the other of which a later one has other columns: its cells would change places.

    A header is a row of which most cells are names of columns; a name or message may be one by chance. One that is
    the same as the first is a row like others: none of its cells is a number or a stamp, and it is counted so. One
    name alone in a line with too few cells is a line cut short.
    """
    known = pa.array([name for name in names if name])
    named = np.zeros(len(raw.row), np.int64)
    for cells in raw.cells.values():
        named += pc.is_in(cells, known).to_numpy()
    for at in np.flatnonzero(2 * named > len(raw.cells)).tolist():
        found = {column: str(cells[at].as_py()).strip() for column, cells in raw.cells.items()}
        if odd := next((column for column, cell in found.items() if cell != column), ""):
            raise InputError(
                f"{raw.where(int(raw.row[at]))}: column {odd}, found {found[odd]!r} in a line that looks like a header"
                ", expected rows of one header: put exports with other columns into files of their own"
            )
    for number, fields in raw.malformed:
        there = len(set(fields) & set(known.to_pylist()))
        if there > 1 and 2 * there > len(fields):
            raise InputError(
                f"{raw.where(number)}: found a header with {len(fields)} columns, expected rows of the {raw.fields} "
                "columns above: put exports with other columns into files of their own"
            )


def _pair_quotes(body: bytes, multiline: bool) -> tuple[bytes, int]:
    """Return the rows with the quotes of lines that hold an unpaired one made apostrophes, and how many lines."""
    quotes = body.count(b'"')
    if not quotes or (multiline and quotes % 2 == 0):
        return body, 0
    lines = body.split(b"\n")
    unpaired = [i for i, line in enumerate(lines) if line.count(b'"') % 2]
    for i in unpaired:
        lines[i] = lines[i].replace(b'"', b"'")
    return b"\n".join(lines) if unpaired else body, len(unpaired)


def _find_header(data: bytes, start: str, path: Path) -> tuple[list[str], str, int]:
    """Return the lines above the header, the header and the offset of the first row."""
    preamble: list[str] = []
    offset = 0
    while offset < len(data) and len(preamble) < 100:
        stop = data.find(b"\n", offset)
        stop = len(data) if stop < 0 else stop
        line = data[offset:stop].decode("utf-8").rstrip("\r")
        offset = min(stop + 1, len(data))
        if line.startswith(start) if start else line.strip():
            return preamble, line, offset
        preamble.append(line)
    if not data.strip():
        raise InputError(f"{path}: the file is empty; expected a header and rows")
    raise InputError(f'{path}: no header line that begins with "{start}"')


def numbers(column: pa.ChunkedArray, decimal: str = ".") -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Convert cells to numbers.

    Parameters
    ----------
    column : ChunkedArray, shape (n,)
        Text, or numbers already; null is missing.
    decimal : str
        Decimal mark of the text. The other mark is a number's only where it parts thousands beyond doubt: "1,234.5" is
        read, "1,234" is not, since a decimal mark may be meant.

    Returns
    -------
    tuple of (array of float64, array of bool), shape (n,)
        Values, NaN where missing or unreadable; and whether the cell holds something that is not a finite number.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            values = pc.cast(column, pa.float64()).to_numpy()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return numbers(pc.cast(column, pa.string()), decimal)
        return _finite(values.astype(np.float64))
    if decimal != ".":
        # A point in such a file would turn 1.234, which may be a thousand and more, into a little over one.
        column = pc.replace_substring(_with_marks(column, decimal, "."), decimal, ".")
    try:
        return _finite(pc.cast(column, pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        text = pc.utf8_trim_whitespace(column if decimal != "." else _with_marks(column, decimal, ","))
        text = pc.if_else(pc.is_in(text, pa.array(MISSING)), None, text)
        readable = pc.fill_null(pc.match_substring_regex(text, _NUMBER), False)
        clean = pc.if_else(readable, pc.utf8_ltrim(text, "+"), None)
        values, infinite = _finite(pc.cast(clean, pa.float64()).to_numpy())
        bad = pc.and_(pc.is_valid(text), pc.invert(readable)).to_numpy()
        return values, bad | infinite


def _with_marks(column: pa.ChunkedArray, decimal: str, other: str) -> pa.ChunkedArray:
    """Return cells without the marks that part thousands; cells in which these stand otherwise made no numbers."""
    marked = pc.match_substring(column, other)
    if not pc.any(marked).as_py():
        return column
    point, part = re.escape(decimal), re.escape(other)
    thousands = pc.match_substring_regex(column, rf"^\s*[+-]?\d{{1,3}}({part}\d{{3}})+{point}\d+\s*$")
    plain = pc.replace_substring(column, other, "")
    odd = pc.binary_join_element_wise(column, "?", "")
    return pc.if_else(thousands, plain, pc.if_else(marked, odd, column))


def _finite(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    infinite = np.isinf(values)
    return (np.where(infinite, np.nan, values) if infinite.any() else values), infinite


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells as trimmed text, empty where missing."""
    return pc.fill_null(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), "")
