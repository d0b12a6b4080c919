"""Damaged text files: each is a clear error or a counted row."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fleet.errors import InputError
from fleet.readers import recognise
from fleet.readers.text import head, numbers, read_table


def _write(folder: Path, data: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _column(raw_cells: pa.ChunkedArray) -> list[str | None]:
    return list(raw_cells.to_pylist())


def test_gzip_is_recognised_by_content_not_by_name(tmp_path: Path) -> None:
    raw, names, _ = read_table(_write(tmp_path, gzip.compress(b"a,b\n1,2\n"), "plain.csv"))
    assert names == ("a", "b")
    assert _column(raw.cells["b"]) == ["2"]


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % i for i in range(5000)))
    with pytest.raises(InputError, match="ends early"):
        read_table(_write(tmp_path, packed[:-2000]))


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 500))
    packed[-5] ^= 0xFF  # the checksum
    with pytest.raises(InputError, match="damaged"):
        read_table(_write(tmp_path, bytes(packed)))


def test_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="file is empty"):
        read_table(_write(tmp_path, b""))


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b"a,b\n"), required=("a", "b"))
    assert raw.rows_in == 0


def test_missing_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'column "P_avg" is missing \(did you mean "P_avgg"\?\)'):
        read_table(_write(tmp_path, b"T,P_avgg\nx,1\n"), delimiter=",", required=("P_avg",))


def test_wrong_delimiter_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"separated by tab .* expected comma"):
        read_table(_write(tmp_path, b"T\tP_avg\nx\t1\n"), delimiter=",", required=("P_avg",))


def test_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stands twice"):
        read_table(_write(tmp_path, b"P,P\n1,2\n"), required=("P",))


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_wide_text_as_spreadsheets_save_it_is_read_and_said(tmp_path: Path, codec: str, end: str) -> None:
    rows = end.join(["a,Richtung (°)", *(f"{i},{i}.5" for i in range(300)), ""])
    path = _write(tmp_path, rows.encode(codec))
    if codec == "utf-32":
        assert head(path).splitlines()[1] == "0,0.5"
    raw, names, _ = read_table(path)
    assert names == ("a", "Richtung (°)")
    assert _column(raw.cells["a"]) == [str(i) for i in range(300)]
    assert "UTF-" in raw.notes[0]
    assert head(path).splitlines()[0] == "a,Richtung (°)"


def test_wide_text_that_is_cut_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="damaged UTF-16"):
        read_table(_write(tmp_path, "a,b\n1,2\n".encode("utf-16")[:-1]))


def test_quotes_of_windows_are_read(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, "T,b\nx „y“,€\n".encode("cp1252")))
    assert _column(raw.cells["T"]) == ["x „y“"]


def test_each_line_is_read_in_its_own_encoding(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, "a,b\né,1\n".encode() + "é,2\n".encode("latin-1")))
    assert _column(raw.cells["a"]) == ["é", "é"]
    assert "1 lines" in raw.notes[0]


def test_exports_put_together_keep_no_byte_order_marks(tmp_path: Path) -> None:
    one = b"\xef\xbb\xbfa,b\n1,2\n"
    raw, names, _ = read_table(_write(tmp_path, one + one))
    assert names == ("a", "b")
    assert _column(raw.cells["a"]) == ["1", "a", "1"]  # the repeated header is a row that holds no number
    assert "1 byte order marks" in raw.notes[0]
    raw, _, _ = read_table(_write(tmp_path, 'a,b\n"\ufeffT",2\n'.encode()))
    assert _column(raw.cells["a"]) == ["\ufeffT"]  # a name that holds one keeps it


@pytest.mark.parametrize("second", ["b,a\n2,1\n", "a,b,c\n1,2,3\n"])
def test_exports_of_other_columns_put_together_are_refused(tmp_path: Path, second: str) -> None:
    with pytest.raises(InputError, match=r"a\.csv:3: .*files of their own"):
        read_table(_write(tmp_path, b"a,b\n1,2\n" + second.encode()))


def test_a_message_that_is_called_like_a_column_is_no_header(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b"time,code,message\n1,2,code\n3,4,time\n"))
    assert raw.rows_in == 2


def test_line_ends_of_three_systems_in_one_file(tmp_path: Path) -> None:
    raw, names, _ = read_table(_write(tmp_path, b"a,b\r1,2\r\n3,4\n5,6\r\r\n7,8"))
    assert names == ("a", "b")
    assert _column(raw.cells["a"]) == ["1", "3", "5", "7"]


def test_latin1_degree_sign_is_read_and_said(tmp_path: Path) -> None:
    raw, names, _ = read_table(_write(tmp_path, "T,Direction (°)\nx,1\n".encode("latin-1")))
    assert names[1] == "Direction (°)"
    assert "Latin-1" in raw.notes[0]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv:2: byte 0x81"):
        read_table(_write(tmp_path, b"a,b\n\x81\x02,1\n"))


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"a,b\n\x00\x00,1\n", b"\x1f\x8bno gzip"])
def test_binary_content_has_no_head_and_no_format(tmp_path: Path, data: bytes) -> None:
    path = _write(tmp_path, data)
    assert head(path) == ""
    assert recognise(path) is None


def test_byte_order_mark_and_windows_line_ends_are_taken_off(tmp_path: Path) -> None:
    raw, names, _ = read_table(_write(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n"))
    assert names == ("a", "b")
    assert _column(raw.cells["b"]) == ["2"]


def test_malformed_rows_keep_their_place(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b"a,b\n1,2\n3\n4,5\n6,7,8\n9,0\n"))
    assert raw.row.tolist() == [0, 2, 4]
    assert raw.malformed == ((1, ("3",)), (3, ("6", "7", "8")))
    assert raw.rows_in == 5
    assert raw.malformed_examples()[0].startswith("a.csv:3: found 1 fields, expected 2")


def test_malformed_rows_keep_their_place_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.readers.text._PARSE_BLOCK", 64)
    lines = ["broken" if i % 7 == 3 else f"{i},x" for i in range(200)]
    raw, _, _ = read_table(_write(tmp_path, ("a,b\n" + "\n".join(lines) + "\n").encode()))
    assert [row for row, _ in raw.malformed] == [i for i in range(200) if i % 7 == 3]
    assert _column(raw.cells["a"]) == [str(i) for i in raw.row]


def test_quoted_field_with_delimiter_and_line_end(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b'a,b\n"x, ""y""\nz",2\n'), multiline=True)
    assert _column(raw.cells["a"]) == ['x, "y"\nz']


def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b'a,b\n1,"x\n2,y\n3,z"\n4,w\n'))
    assert raw.rows_in == 4
    assert _column(raw.cells["b"]) == ["'x", "y", "z'", "w"]
    assert "2 lines with a quote that is not closed" in raw.notes[0]


def test_an_odd_quote_swallows_no_rows_of_a_log(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b'a,b\n1,"x\n2,y\n'), multiline=True)
    assert raw.rows_in == 2


def test_line_ends_of_old_spreadsheets(tmp_path: Path) -> None:
    path = _write(tmp_path, b"a,b\r1,2\r3,4\r")
    assert read_table(path)[0].rows_in == 2
    assert head(path).splitlines()[0] == "a,b"


def test_a_block_of_zero_bytes_in_the_middle_is_one_malformed_row(tmp_path: Path) -> None:
    raw, _, _ = read_table(_write(tmp_path, b"a,b\n1,2\n" + b"\x00" * 200_000 + b"\n3,4\n"))
    assert raw.row.tolist() == [0, 2]
    assert [row for row, _ in raw.malformed] == [1]


def test_numbers_against_python_float() -> None:
    good = ["1", "-2.5", "+3", " 4 ", "1e3", ".5", "6.", "-0.0"]
    bad = ["x", "1,5", "1_000", "inf", "-Infinity", "1e999", "0x10", "True", "#REF!", "2014-01-01"]
    missing = ["", "-", "NaN", "null", None]
    values, wrong = numbers(pa.chunked_array([pa.array([*good, *bad, *missing])]))
    assert values[: len(good)].tolist() == [float(text) for text in good]
    assert np.isnan(values[len(good) :]).all()
    assert wrong.tolist() == [False] * len(good) + [True] * len(bad) + [False] * len(missing)


@pytest.mark.parametrize(("decimal", "other"), [(".", ","), (",", ".")])
def test_the_other_mark_is_read_only_where_it_parts_thousands_beyond_doubt(decimal: str, other: str) -> None:
    def written(text: str) -> str:
        return text.translate(str.maketrans({".": decimal, ",": other}))

    good = {"1,234.5": 1234.5, "-12,345,678.25": -12345678.25, "1.234": 1.234, " 2,000.0 ": 2000.0}
    bad = ["1,234", "1,23", "1,2345.0", "1.5,000", "1,234,567", ",5", "12,34.5", "1.234.567", ","]
    cells = pa.chunked_array([[written(text) for text in good], [written(text) for text in bad], [None, "NaN"]])
    values, wrong = numbers(cells, decimal)
    assert values[: len(good)].tolist() == list(good.values())
    assert wrong.tolist() == [False] * len(good) + [True] * len(bad) + [False] * 2
    assert np.isnan(values[len(good) :]).all()


def test_decimal_comma() -> None:
    values, wrong = numbers(pa.chunked_array([["1,5", "2"]]), decimal=",")
    assert values.tolist() == [1.5, 2.0]
    assert not wrong.any()


_CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
_NAMES = ["timestamp", "power [kW]"]  # longer than any cell: a row of them is another header, which is refused


@example([["timestamp"], ["1", "2"]])  # a name alone is a line cut short
@given(st.lists(st.lists(_CELL, min_size=1, max_size=4), max_size=12))
def test_rows_add_up_whatever_the_cells_hold(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([_NAMES, *rows])
    path = _write(tmp_path_factory.mktemp("rows"), buffer.getvalue().encode())
    raw, _, _ = read_table(path, missing=("",))
    assert raw.rows_in == len(rows)
    assert sorted([*raw.row.tolist(), *(row for row, _ in raw.malformed)]) == list(range(len(rows)))
    fitting = [row for row in rows if len(row) == 2]
    assert _column(raw.cells[_NAMES[0]]) == [row[0] or None for row in fitting]
