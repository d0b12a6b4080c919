"""A file's bytes as UTF-8 text: unpacked, decoded from what spreadsheets write, with line feeds at line ends."""

from __future__ import annotations

import codecs
import zlib
from pathlib import Path

from fleet.errors import InputError
from fleet.places import first_bytes, reading
from fleet.unpacking import gunzip, nested
from fleet.zip_member import is_archive, member_of, members, short_name

__all__ = ["as_utf8", "binary_kind", "file_bytes", "head", "is_wide", "line_ends"]

_HEAD_BYTES = 65_536
_BOM = codecs.BOM_UTF8
_GZIP = b"\x1f\x8b"
#: The longer ones first: that of UTF-32 begins with that of UTF-16.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: First bytes of what is no table, and what it is.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a RIFF file (picture or sound)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a spreadsheet or document: save the sheet as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"SQLite format 3", "a database (SQLite): export its tables as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save the sheet as CSV"),
)
_LOOK = 512  #: bytes that tell UTF-16 without a mark
_MOSTLY = 0.8  #: so many of a table's characters are ASCII, of which UTF-16 makes every second byte zero
#: Bytes of Windows-1252 (Latin-1 with quotes and dashes): neither control characters nor what it leaves undefined.
_WESTERN = bytes([9, 10, 13, *range(0x20, 0x7F), *(set(range(0x80, 0x100)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D})])


def file_bytes(path: Path) -> bytes:
    """Return a file's content, unpacked where it is gzip by content (whatever its name), without a byte order mark.

    Raises
    ------
    InputError
        If the file cannot be read, is a zip archive (its members are files), or its packed content is damaged or too
        large.
    """
    with reading(path):
        data = path.read_bytes()
    if data.startswith(_GZIP):
        return gunzip(data, str(path)).removeprefix(_BOM)
    _refuse_archive(path, data[:4])
    if kind := binary_kind(data):
        raise InputError(f"{path}: {kind}; expected a table as text or Parquet")
    return data.removeprefix(_BOM)


def binary_kind(start: bytes) -> str:
    """Return what a file with those first bytes is; an empty string where it may be a table."""
    return next((title for magic, title in _MAGIC if start.startswith(magic)), "")


def _refuse_archive(path: Path, start: bytes) -> None:
    """Refuse a damaged archive, which stands for its members in the list of files, and one within an archive."""
    if member_of(path):
        if problem := nested(str(path), start):
            raise problem
    elif is_archive(path, start):
        members(path)


def head(path: Path) -> str:
    """Return a file's first lines as text; an empty string where it is no text.

    Raises
    ------
    InputError
        If the file cannot be read, or is an archive that cannot be.
    """
    data = first_bytes(path, _HEAD_BYTES)
    _refuse_archive(path, data[:4])
    if data.startswith(_GZIP):
        unpack = zlib.decompressobj(wbits=31)
        try:
            data = unpack.decompress(data, _HEAD_BYTES)
        except zlib.error:
            return ""
    wide = is_wide(data)
    if wide:
        data = data[: len(data) // 4 * 4].decode(wide, errors="ignore").encode("utf-8")
    data = line_ends(data.removeprefix(_BOM))
    if b"\x00" in data:
        return ""
    complete = data[: data.rfind(b"\n") + 1] or data
    try:
        return as_utf8(complete, path)[0].decode("utf-8")
    except InputError:
        return ""


def is_wide(data: bytes) -> str:
    """Return the codec of text of two or four bytes a character, with a mark or without; an empty string for others."""
    for mark, codec in _WIDE_MARKS:
        if data.startswith(mark):
            return codec
    look = data[:_LOOK]
    for codec, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros, others = look[first::2], look[1 - first :: 2]
        if len(zeros) > 4 and zeros.count(0) >= _MOSTLY * len(zeros) and not others.count(0):
            return codec
    return ""


def line_ends(data: bytes) -> bytes:
    """Return text whose lines end with line feeds; carriage returns alone are those of old spreadsheets."""
    if data.count(b"\r") == data.count(b"\r\n"):
        return data
    return data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def as_utf8(data: bytes, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return text as UTF-8, and sentences about what was unusual.

    UTF-16 and UTF-32 as spreadsheets save them are decoded. A line that is not UTF-8 is read as Windows-1252, which
    holds Latin-1. Byte order marks at the begin of lines, which files put one behind the other have, are taken out.

    Raises
    ------
    InputError
        With the line of the first byte that is no text in any of these.
    """
    notes: list[str] = []
    wide = is_wide(data)
    if wide:
        try:
            data = data.decode(wide).encode("utf-8").removeprefix(_BOM)
        except UnicodeError as error:
            raise InputError(f"{path}: damaged {wide.upper()} text ({error}); save it as CSV UTF-8") from None
        notes.append(f"{short_name(path)}: {wide.upper()}, read as such")
    elif not data.isascii():
        data, count = _western_lines(data, path)
        if count:
            notes.append(f"{short_name(path)}: not UTF-8: {count} lines read as Windows-1252 (Latin-1)")
    inside = data.count(b"\n" + _BOM)  # elsewhere it is a sign of a name
    if inside:
        notes.append(f"{short_name(path)}: {inside} byte order marks inside the file, as of several put together")
        data = data.replace(b"\n" + _BOM, b"\n")
    return data, tuple(notes)


def _western_lines(data: bytes, path: Path) -> tuple[bytes, int]:
    """Return the text with the lines that are not UTF-8 decoded as Windows-1252, and how many these are."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return data, 0
    lines = data.split(b"\n")
    count = 0
    for i, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            if line.translate(None, _WESTERN):
                raise InputError(
                    f"{path}:{i + 1}: byte {line[error.start]:#04x} is neither UTF-8 nor Latin-1 text; save it as UTF-8"
                ) from None
            lines[i] = line.decode("cp1252").encode("utf-8")
            count += 1
    return b"\n".join(lines), count
