"""A result's folder: table, metrics and plots, swapped in whole; whatever else lies there is left alone."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from turbine.errors import WindformError

__all__ = [
    "METRICS",
    "PLOTS",
    "TABLE",
    "OutputError",
    "check_target",
    "replaced_folder",
    "swapped_folder",
    "write_json",
    "write_parquet",
]

METRICS, TABLE, PLOTS = "metrics.json", "result.parquet", "plots"
_OURS = {METRICS, TABLE, PLOTS}


class OutputError(WindformError):
    """A result cannot be written."""


def write_parquet(columns: Mapping[str, tuple[Any, str, str]], path: Path) -> None:
    """Write columns as Parquet: unit and meaning in each field's metadata, all units in the schema's as well."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    units = {name: unit for name, (_, unit, _) in columns.items()}
    schema = pa.schema(
        [
            pa.field(name, pa.float64(), metadata={"unit": unit, "meaning": meaning})
            for name, (_, unit, meaning) in columns.items()
        ],
        metadata={"units": json.dumps(units)},
    )
    table = pa.Table.from_arrays([pa.array(values, pa.float64()) for values, _, _ in columns.values()], schema=schema)
    pq.write_table(table, path, compression="zstd", use_dictionary=False, use_byte_stream_split=True)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write JSON with sorted keys; NaN is refused, so that every reader can take the file."""
    written = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(written + "\n", encoding="utf-8")


@contextmanager
def replaced_folder(out: Path, kind: str) -> Iterator[Path]:
    """Give a new empty folder that takes the place of `out` when the block ends, and only then.

    Parameters
    ----------
    out : Path
        The folder to replace. It may be missing, empty, or hold an earlier result of this kind.
    kind : str
        As in `check_target`.

    Raises
    ------
    OutputError
        When `out` holds something else, or cannot be written. What it holds is then untouched.
    """
    check_target(out, kind)
    with swapped_folder(out, _cannot_write) as new:
        yield new


@contextmanager
def swapped_folder(out: Path, cannot_write: Callable[[Path, OSError], WindformError]) -> Iterator[Path]:
    """Give a new empty folder that takes the place of `out` when the block ends, whatever `out` holds.

    Parameters
    ----------
    out : Path
        The folder to replace; it may be missing.
    cannot_write : function
        Makes the error of the folder and of what the system said.

    Raises
    ------
    WindformError
        The folder cannot be written. What it holds is then untouched.
    """
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, hence on the same file system: the swap is a rename.
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise cannot_write(out, error) from error
    try:
        new, old = work / "new", work / "old"
        new.mkdir()  # not the temporary folder itself: that one is readable by its owner only
        yield new
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_target(out: Path, kind: str) -> None:
    """Refuse a folder that holds anything but an earlier result of a kind; before the work, not after it.

    Raises
    ------
    OutputError
        What lies there, and what to do.
    """
    out = out.resolve()
    what = kind.removeprefix("windform ")
    above = next((parent for parent in out.parents if parent.exists()), out.parent)
    if not above.is_dir():
        raise OutputError(f"{out}: cannot be written: {above} is a file, expected a folder; name another with --out")
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out}: is a file, expected a folder; name another with --out")
    try:
        names = {entry.name for entry in out.iterdir()}
        found = _kind(out / METRICS)
    except OSError as error:
        raise _cannot_write(out, error) from error
    if names and found != kind:
        raise OutputError(
            f"{out}: holds files that are not a {what} (no {METRICS} of kind {kind!r}); nothing was written: name an "
            "empty or new folder with --out"
        )
    foreign = sorted(names - _OURS)
    if foreign:
        raise OutputError(
            f"{out}: holds files beside an earlier {what} that would be lost ({', '.join(foreign[:5])}); nothing was "
            "written: move them away or name another folder with --out"
        )


def _kind(path: Path) -> str:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    return str(content.get("kind", "")) if isinstance(content, dict) else ""


def _cannot_write(out: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    earlier = "; what was there is unchanged" if out.exists() else ""
    return OutputError(f"{out}: cannot be written: {reason}{earlier}")
