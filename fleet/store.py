"""The cache of converted data: Parquet files that the passes read at the speed of memory, each written in whole.

Entries are folders named after all that their content depends on (`fleet.cache_keys`):

- `files/`: one source file in canonical form: of SCADA records a Parquet file per turbine, of a log or timers one;
- `series/`: one turbine's records from all its files, clock checked and in order of time;
- `farms/`: what is known of all files and turbines of a farm (`fleet.manifest`);
- `hashes/`: a file's content by its size and time of change.

An entry is written beside its place and renamed, so a run that was killed leaves whole entries or none, and the next
one goes on from there. Nothing in it is executed: Parquet and JSON. When an entry was last used stands in the time of
change of its description, to a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.cache_keys import digest
from fleet.errors import OutputError
from fleet.places import last_change, reading
from turbine.user_cache import user_cache

__all__ = ["KINDS", "DamagedEntry", "Store", "default_cache", "unwritable"]

_META = "meta.json"
_DAY_S = 86_400
_TRIES = 3  # of several writers of one entry one is the last to clear its place
KINDS = ("files", "series", "farms", "hashes")  #: of entries, each a folder


def default_cache() -> Path:
    """Return where converted data are kept by default: WINDFORM_FLEET_CACHE, or the user's cache."""
    given = os.environ.get("WINDFORM_FLEET_CACHE")
    return Path(given) if given else user_cache() / "fleet"


class DamagedEntry(Exception):
    """A file of an entry cannot be read back. The entry can be made again, so this is no `FleetError`.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What reading it said.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)  # all that it takes to send it from a worker
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return (
            f"{self.path}: converted data cannot be read back: {self.reason}; `wind-fleet cache --clear` deletes them; "
            "a cluster's workers need the same folder"
        )


def unwritable(folder: Path, error: OSError) -> OutputError:
    """Return what to say where a folder cannot hold converted data."""
    reason = error.strerror or str(error)
    return OutputError(f"{folder}: converted data cannot be kept there: {reason}; name another folder with --cache")


@dataclass(frozen=True)
class Store:
    """A folder of entries."""

    folder: Path

    def path(self, kind: str, key: str) -> Path:
        """Return where an entry lies, or would."""
        return self.folder / kind / key[:2] / key

    def find(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return what an entry says of itself, None where there is no whole entry; it counts as used then."""
        found = _described(self.path(kind, key) / _META)
        if found is not None:
            self.mark(kind, key)
        return found

    def mark(self, kind: str, key: str) -> None:
        """Note that an entry is in use, where it is used without being looked for."""
        _mark(self.path(kind, key) / _META)

    @contextmanager
    def new(self, kind: str, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give a folder to write files into and a mapping to describe them in; both become the entry at the end.

        Raises
        ------
        OutputError
            If it cannot be written; nothing of it is left then.
        """
        target = self.path(kind, key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix=f".{key[:8]}.", dir=target.parent))
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            meta: dict[str, Any] = {}
            yield work, meta
            (work / _META).write_text(json.dumps(meta), encoding="utf-8")
            _place(work, target)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def drop(self, kind: str, key: str) -> None:
        """Remove an entry, as one whose files turned out to be damaged."""
        shutil.rmtree(self.path(kind, key), ignore_errors=True)

    def size(self) -> int:
        """Return the bytes of all entries."""
        return sum(_size(self.folder / kind) for kind in KINDS)

    def forget(self, days: int) -> tuple[int, int]:
        """Remove entries that were not used for so many days, and what killed runs left; nothing that was used since.

        Returns
        -------
        entries, bytes : int
            How many were removed, and how large they were.

        Raises
        ------
        OutputError
            If something cannot be removed.
        """
        # Use is noted once a day, so that what was used later may carry a mark that is a day older.
        limit = time.time() - (days + 1) * _DAY_S
        entries = removed = 0
        for kind in KINDS:
            for path in sorted((self.folder / kind).glob("*/*")):
                try:
                    if _last_use(path) >= limit:
                        continue
                    size = _size(path)
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink()
                except FileNotFoundError:  # somebody else removes it
                    continue
                except OSError as error:
                    raise unwritable(self.folder, error) from error
                entries, removed = entries + 1, removed + size
        return entries, removed

    def clear(self) -> None:
        """Remove all entries, and nothing else that lies in the folder.

        Raises
        ------
        OutputError
            If something cannot be removed.
        """
        for kind in KINDS:
            try:
                if (self.folder / kind).exists():
                    shutil.rmtree(self.folder / kind)
            except OSError as error:
                raise unwritable(self.folder, error) from error

    def content_key(self, path: Path, *, verify: bool) -> str:
        """Return a name for a file's bytes.

        Parameters
        ----------
        path : Path
            The file.
        verify : bool
            Read the bytes even where size and time of the last change are those of the last time.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        seen, note = last_change(path), self.path("hashes", digest(str(path))).with_suffix(".json")
        known = _described(note) if seen and not verify else None
        if known and seen and known.get("seen") == [*seen]:
            _mark(note)
            return str(known["sha256"])
        found = hashlib.sha256()
        with reading(path), path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        if seen:
            self._note(note, {"seen": seen, "sha256": found.hexdigest()})
        return found.hexdigest()

    def _note(self, path: Path, content: dict[str, Any]) -> None:
        """Write a small file in one step, whoever else writes it at the same moment."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=f".{path.stem[:8]}.", dir=path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(content, file)
                Path(name).replace(path)
            finally:
                Path(name).unlink(missing_ok=True)  # still there where it could not be written in whole
        except OSError as error:
            raise unwritable(self.folder, error) from error


def _described(path: Path) -> dict[str, Any] | None:
    """Return what stands in a description, None where it is not there or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _mark(path: Path) -> None:
    """Note use in the time of change of the file that describes an entry; a cache that nobody may write to has none."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY_S:
            os.utime(path)


def _last_use(path: Path) -> float:
    """Return when an entry was last marked or made [s since 1970]; of what is no entry, when it was last changed."""
    meta = path / _META
    return (meta if meta.exists() else path).stat().st_mtime


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _place(work: Path, target: Path) -> None:
    for left in reversed(range(_TRIES)):
        try:
            work.rename(target)
        except OSError:
            # Somebody else made the same entry meanwhile: it holds the same. What is half there is replaced.
            if _described(target / _META) is not None:
                return
            if not left:
                raise
            shutil.rmtree(target, ignore_errors=True)
        else:
            return
