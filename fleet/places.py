"""Where files lie: a folder, a zip archive in it, an object store; all of them with pathlib's interface.

A `Path` in this package's annotations means that interface: files of a folder are `pathlib.Path`, members of archives
`ZipMember`, objects of a store `upath.UPath` (fsspec). Nothing else may be assumed of a path that is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from fleet.errors import FleetError, InputError, OutputError
from fleet.zip_member import is_archive, member_of, members, sound

__all__ = [
    "check_local",
    "check_outside",
    "entries_of",
    "files_below",
    "first_bytes",
    "is_remote",
    "last_change",
    "matches",
    "name_below",
    "place",
    "reading",
]

#: `pathlib` makes one slash of two, so a URL that went through it still counts; a drive has one letter.
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/")
_MAGIC_BYTES = 4


def is_remote(location: object) -> bool:
    """Return whether a path or text names an object store, by a scheme such as `s3://`."""
    return _URL.match(str(location)) is not None


def place(location: str | Path) -> Path:
    """Return the path of a folder or file: local, or behind fsspec where it has a scheme.

    Raises
    ------
    InputError
        If the scheme is not known, or the package that speaks it is not installed.
    """
    if not isinstance(location, str):
        return location
    if not is_remote(location):
        return Path(location)
    scheme = location.partition(":")[0]
    try:
        from upath import UPath

        found = UPath(location)
        found.fs  # noqa: B018 - only now is the driver looked for
    except ImportError as error:
        raise InputError(f"{location}: {scheme}:// needs a package that is not installed: {error}") from None
    except ValueError as error:
        raise InputError(f"{location}: {error}; expected a folder, or a URL such as s3://bucket/farm") from None
    except Exception as error:  # a driver's own, as of credentials
        raise _failed(location, error) from error
    return cast(Path, found)


def check_local(target: Path) -> None:
    """Refuse to write where only a folder of this machine will do.

    Raises
    ------
    OutputError
        If the path is a URL.
    """
    if is_remote(target):
        raise OutputError(f"{target}: is a URL; expected a local path: results are written locally")


def check_outside(target: Path, folder: Path, why: str, *, what: str = "the farm's folder") -> None:
    """Refuse to write below a folder that data are read from.

    Parameters
    ----------
    target : Path
        What would be written.
    folder : Path
        The folder that is read; below an object store's nothing is ever written.
    why : str
        What would come of it, and what to do.
    what : str
        What the message calls the folder.

    Raises
    ------
    OutputError
        If the target is the folder or lies in it, whichever way it is spelled.
    """
    if not is_remote(folder) and target.resolve().is_relative_to(folder.resolve()):
        raise OutputError(f"{target}: lies in {what} {folder}, {why}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a file or store raises while it is read into `InputError`.

    An object store's driver may raise errors of its own (no credentials, no network); a local file `OSError` only.
    """
    try:
        with sound(str(path)) if member_of(path) else nullcontext():
            yield
    except FleetError:
        raise
    except OSError as error:
        raise _failed(path, error) from error
    except Exception as error:
        if not is_remote(path):
            raise
        raise _failed(path, error) from error


def _failed(where: object, error: Exception) -> InputError:
    told = error.strerror if isinstance(error, OSError) and error.strerror else ""
    if not told and isinstance(error, FileNotFoundError):
        told = "no such file or bucket"
    text = " ".join((told or f"{type(error).__name__}: {error}").split())
    return InputError(f"{where}: cannot be read: {text[:300]}")


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file; of an object no more than these are fetched.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    with reading(path):
        if is_remote(path) and not member_of(path):
            there: Any = path
            return bytes(there.fs.cat_file(there.path, start=0, end=count))
        with path.open("rb") as file:
            return bytes(file.read(count))


def last_change(path: Path) -> tuple[int, int] | None:
    """Return a file's size and the time of its last change [ns]; None where its place does not tell.

    A member of an archive changes with the archive.

    Raises
    ------
    InputError
        If the file cannot be looked at.
    """
    member = member_of(path)
    file = path if member is None else member.archive
    if is_remote(file):
        return None
    with reading(path):
        status = file.stat()
    return status.st_size, status.st_mtime_ns


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted by name, without hidden ones; archives as their members.

    A link that leads nowhere or in a circle and an archive that cannot be unpacked are in the list as they are:
    whoever reads them gets the error. Links to folders elsewhere are followed.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    with reading(folder):
        found = _objects(folder) if is_remote(folder) else _local(folder)
        found = [path for path in found if not any(part.startswith(".") for part in _parts(folder, path))]
        opened = [inner for path in found for inner in _members(path)]
    return sorted(opened, key=lambda path: _parts(folder, path))


def entries_of(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files that lie in a folder itself, sorted by name, without hidden ones.

    Raises
    ------
    InputError
        If the folder cannot be read.
    """
    with reading(folder):
        if is_remote(folder):
            there: Any = folder
            listed = [entry for entry in there.fs.ls(there.path, detail=True) if entry["name"] != there.path]
            found = sorted((Path(str(entry["name"])).name, entry["type"] == "directory") for entry in listed)
        else:
            found = [(name, (folder / name).is_dir()) for name in sorted(os.listdir(folder))]
    shown = [(folder / name, inside) for name, inside in found if not name.startswith(".")]
    return [path for path, inside in shown if inside], [path for path, inside in shown if not inside]


def _parts(folder: Path, path: Path) -> tuple[str, ...]:
    return tuple(path.relative_to(folder).as_posix().split("/"))


def _local(folder: Path, above: tuple[str, ...] = ()) -> list[Path]:
    """Return the files of a folder and those below; `above` are the real places of the folders that led here."""
    led = (*above, os.path.realpath(folder))
    try:
        paths = [folder / name for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise _failed(folder, error) from error
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found += [path] if path.is_file() or path.is_symlink() else []
        elif not path.is_symlink() or _leads_on(os.path.realpath(path), led):
            found += _local(path, led)
    return found


def _leads_on(target: str, led: tuple[str, ...]) -> bool:
    """Return whether a link leads to a folder that is not looked through anyway: neither back nor into the farm's."""
    return target not in led and not Path(target).is_relative_to(led[0])


def _objects(folder: Path) -> list[Path]:
    there: Any = folder
    root = str(there.path).rstrip("/")
    return [folder / str(name)[len(root) + 1 :] for name in there.fs.find(root)]


def _members(path: Path) -> Sequence[Path]:
    try:
        if is_archive(path, first_bytes(path, _MAGIC_BYTES)):
            return cast(list[Path], members(path))
    except InputError:
        return [path]
    return [path]


def name_below(folder: Path, path: Path) -> str:
    """Return a file's name relative to a folder, with forward slashes: `data/2016.zip/Turbine_Data_1.csv`."""
    return path.relative_to(folder).as_posix()


def matches(folder: Path, path: Path, pattern: str) -> bool:
    """Return whether a glob, relative to the folder, means a file; one that means an archive means all of its files."""
    parts, wanted = _parts(folder, path), [part for part in pattern.split("/") if part not in ("", ".")]
    member = member_of(path)
    above = parts[: -len(member.inner.parts)] if member else parts
    return _match(parts, wanted) or _match(above, wanted)


def _match(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path have a pattern of which `**` means any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_match(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _match(parts[1:], pattern[1:])
