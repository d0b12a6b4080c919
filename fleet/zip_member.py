"""Members of zip archives as paths: every member is a file of its own, named `2016.zip/Turbine_Data_1.csv`.

`ZipMember` has the part of pathlib's interface that reading needs (`name`, `parent`, `with_name`, `exists`, `open`,
...), so a reader need not know where its file lies. It holds no open file: it can be hashed, compared and sent to
another process. The archive may lie in a folder or in an object store.
"""

from __future__ import annotations

import errno
import functools
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from fleet.errors import InputError
from fleet.unpacking import MOST_MEMBERS, MOST_RATIO, SMALL, allowed, nested, too_large

__all__ = ["ZipMember", "is_archive", "member_of", "members", "short_name", "sound"]

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
#: Members that only documents have: Office Open XML, OpenDocument.
_DOCUMENT = ("[Content_Types].xml", "mimetype")
_ENCRYPTED = 0x1  #: bit of a member's flags
#: Signs that end a name or that other systems take for a drive or a separator.
_ODD_NAME = re.compile(r"[\\\0]|^[A-Za-z]:")
#: What `zipfile` raises on damaged bytes: its own error, those of the methods, what wrong names and offsets lead to.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, IndexError, RuntimeError)
_KEPT = 8  #: archives whose list is remembered


@dataclass(frozen=True)
class ZipMember:
    """A file or folder in a zip archive, with pathlib's interface for reading."""

    archive: Path
    inner: PurePosixPath = field(default_factory=PurePosixPath)  #: below the archive; ".": itself

    def __str__(self) -> str:
        return str(self.archive / self.inner) if self.inner.parts else str(self.archive)

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __truediv__(self, name: str | PurePosixPath) -> ZipMember:
        return ZipMember(self.archive, self.inner / name)

    @property
    def name(self) -> str:
        return self.inner.name or self.archive.name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def suffixes(self) -> list[str]:
        return PurePosixPath(self.name).suffixes

    @property
    def parent(self) -> ZipMember | Path:
        return ZipMember(self.archive, self.inner.parent) if self.inner.parts else self.archive.parent

    def joinpath(self, *names: str) -> ZipMember:
        return ZipMember(self.archive, self.inner.joinpath(*names))

    def with_name(self, name: str) -> ZipMember:
        return ZipMember(self.archive, self.inner.with_name(name))

    def with_suffix(self, suffix: str) -> ZipMember:
        return ZipMember(self.archive, self.inner.with_suffix(suffix))

    def with_stem(self, stem: str) -> ZipMember:
        return ZipMember(self.archive, self.inner.with_stem(stem))

    def as_posix(self) -> str:
        return str(self).replace("\\", "/")

    def resolve(self) -> ZipMember:
        return self

    def relative_to(self, folder: Path) -> PurePosixPath:
        """Return the path below a folder, the archive's name as one part of it."""
        return PurePosixPath(self.archive.relative_to(folder).as_posix()) / self.inner

    def is_file(self) -> bool:
        return str(self.inner) in _names(self.archive)

    def is_dir(self) -> bool:
        return any(self.inner in PurePosixPath(name).parents for name in _names(self.archive))

    def exists(self) -> bool:
        return self.is_file() or self.is_dir()

    def iterdir(self) -> Iterator[ZipMember]:
        """Return the files and folders in this folder, sorted by name."""
        depth = len(self.inner.parts)
        below = (PurePosixPath(name) for name in _names(self.archive))
        heads = {PurePosixPath(*path.parts[: depth + 1]) for path in below if self.inner in path.parents}
        return iter([ZipMember(self.archive, head) for head in sorted(heads)])

    def glob(self, pattern: str) -> Iterator[ZipMember]:
        """Return the files and folders in this folder whose name has the pattern."""
        return (found for found in self.iterdir() if found.inner.match(pattern))

    def open(self, mode: str = "r", encoding: str | None = None) -> IO[Any]:
        """Open the member for reading, as bytes ("rb") or as text.

        Raises
        ------
        InputError
            If it is encrypted, would become too large, or is packed by a method that is not known.
        FileNotFoundError
            If there is no such member.
        """
        if mode not in ("r", "rt", "rb"):
            raise ValueError(f"mode {mode!r}: members of archives are only read")
        if not self.is_file():
            raise FileNotFoundError(errno.ENOENT, "no such file in the archive", str(self))
        packed = _opened(self.archive)
        info = packed.getinfo(str(self.inner))
        if info.flag_bits & _ENCRYPTED:
            raise InputError(f"{self}: is encrypted; expected an archive without a password")
        if info.file_size > allowed(info.compress_size):
            raise too_large(str(self), info.file_size, info.compress_size)
        with sound(str(self)):
            stream = packed.open(info)
        return stream if mode == "rb" else io.TextIOWrapper(stream, encoding=encoding)

    def read_bytes(self) -> bytes:
        """Return the whole member.

        Raises
        ------
        InputError
            As `open`, or if the member is damaged or another archive.
        """
        with self.open("rb") as file, sound(str(self)):
            data: bytes = file.read()
        if problem := nested(str(self), data):
            raise problem
        return data

    def read_text(self, encoding: str | None = None) -> str:
        with self.open("r", encoding=encoding) as file, sound(str(self)):
            return str(file.read())


def member_of(path: object) -> ZipMember | None:
    """Return a path as the member of an archive that it is; None where it is none."""
    return path if isinstance(path, ZipMember) else None


def short_name(path: Path) -> str:
    """Return a file's name for messages about a known folder: its own, with the archive's where it lies in one."""
    member = member_of(path)
    return str(PurePosixPath(member.archive.name) / member.inner) if member else path.name


def is_archive(path: Path, start: bytes) -> bool:
    """Return whether a file with those first bytes is a zip archive of files, and no document in a zip's clothes."""
    if member_of(path) or not start.startswith(_MAGIC):
        return False
    try:
        return not set(_DOCUMENT) & set(_opened(path).namelist())
    except InputError:
        return True  # a damaged one


def members(archive: Path) -> list[ZipMember]:
    """Return the files in an archive, sorted by name, without hidden ones.

    Raises
    ------
    InputError
        If the archive is damaged, a name in it leads outside or stands twice, or it would unpack to too much.
    """
    return [ZipMember(archive, PurePosixPath(name)) for name in sorted(_names(archive)) if not _hidden(name)]


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _names(archive: Path) -> frozenset[str]:
    about = archive.stat()
    return _sound_names(archive, about.st_size, about.st_mtime)


@contextmanager
def sound(where: str) -> Iterator[None]:
    """Turn what a damaged or odd archive raises into `InputError`; `where` names the archive or its member."""
    try:
        yield
    except NotImplementedError as error:
        raise InputError(f"{where}: cannot be unpacked ({error}); pack it again with deflate") from error
    except _DAMAGE as error:
        raise InputError(f"{where}: the zip archive is damaged ({error}); copy it again") from error


def _opened(archive: Path) -> zipfile.ZipFile:
    about = archive.stat()
    return _kept_open(archive, about.st_size, about.st_mtime)


# An archive's list of members is read once, not once per member; a changed file is another entry.
@functools.lru_cache(maxsize=_KEPT)
def _kept_open(archive: Path, size: int, changed: float) -> zipfile.ZipFile:
    with sound(str(archive)):
        return zipfile.ZipFile(archive if type(archive) is type(Path()) else archive.open("rb"))


@functools.lru_cache(maxsize=_KEPT)
def _sound_names(archive: Path, size: int, changed: float) -> frozenset[str]:
    """Return the names of an archive's files, all of them sound."""
    with sound(str(archive)):
        infos = [info for info in _kept_open(archive, size, changed).infolist() if not info.is_dir()]
    if len(infos) > MOST_MEMBERS:
        raise InputError(f"{archive}: holds {len(infos):,} files; expected at most {MOST_MEMBERS:,}")
    for info in infos:
        name = info.orig_filename  # not yet cut at a NUL
        path = PurePosixPath(name)
        if path.is_absolute() or str(path) != name or ".." in path.parts or _ODD_NAME.search(name):
            raise InputError(f"{archive}: holds a file named {name[:80]!r}; expected plain names below the archive")
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        twice = min(name for name, count in Counter(names).items() if count > 1)
        raise InputError(f"{archive}: holds two files named {twice[:80]!r}; expected one")
    # Members that share their packed bytes, as those of bombs may, are small each: the archive's size counts.
    whole = sum(info.file_size for info in infos)
    if whole > max(SMALL, MOST_RATIO * size):
        raise too_large(str(archive), whole, size)
    return frozenset(names)
