"""A result's folder: table, metrics and plots, swapped in whole; whatever else lies there is left alone."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turbine.errors import WindformError

__all__ = [
    "METRICS",
    "PLOTS",
    "RESULT",
    "TABLE",
    "Layout",
    "OutputError",
    "check_target",
    "replaced_folder",
    "write_json",
    "write_parquet",
]

METRICS, TABLE, PLOTS = "metrics.json", "result.parquet", "plots"


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


@dataclass(frozen=True)
class Layout:
    """What a kind of result's folder consists of.

    Parameters
    ----------
    marker : str
        JSON file whose "kind" marks the folder as ours.
    names : frozenset of str
        All that stands in it.
    noun : str
        What messages call the result; the kind without "windform " unless given.
    error : type of WindformError
        What refusals raise.
    option : str
        How a user names the folder, as messages say it: nothing where it is an argument.
    """

    marker: str
    names: frozenset[str]
    noun: str = ""
    error: type[WindformError] = OutputError
    option: str = " with --out"

    def called(self, kind: str) -> str:
        """Return what messages call a result of a kind."""
        return self.noun or kind.removeprefix("windform ")


RESULT = Layout(METRICS, frozenset({METRICS, TABLE, PLOTS}))


@contextmanager
def replaced_folder(out: Path, kind: str, layout: Layout = RESULT) -> Iterator[Path]:
    """Give a new empty folder that takes the place of `out` when the block ends, and only then.

    Parameters
    ----------
    out : Path
        The folder to replace. It may be missing, empty, or hold an earlier result of this kind.
    kind, layout
        As in `check_target`.

    Raises
    ------
    WindformError
        Of the layout's type, when `out` holds something else, or cannot be written. What it holds is then untouched.
    """
    check_target(out, kind, layout)
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, hence on the same file system: the swap is a rename.
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise _cannot_write(out, kind, layout, error) from error
    try:
        new, old = work / "new", work / "old"
        new.mkdir()  # not the temporary folder itself: that one is readable by its owner only
        yield new
        check_target(out, kind, layout)  # again: something may have come meanwhile
        try:
            if out.exists():
                out.rename(old)
            new.rename(out)
        except BaseException:
            if old.exists() and not out.exists():
                old.rename(out)
            raise
    except OSError as error:
        raise _cannot_write(out, kind, layout, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_target(out: Path, kind: str, layout: Layout = RESULT) -> None:
    """Refuse a folder that holds anything but an earlier result of a kind; before the work, not after it.

    Parameters
    ----------
    out : Path
        The folder.
    kind : str
        What its marker must say.
    layout : Layout
        What it consists of.

    Raises
    ------
    WindformError
        Of the layout's type: what lies there, and what to do.
    """
    out = out.resolve()
    noun = layout.called(kind)
    above = next((parent for parent in out.parents if parent.exists()), out.parent)
    if not above.is_dir():
        raise layout.error(
            f"{out}: the {noun} cannot be written: {above} is a file, expected a folder; name another{layout.option}"
        )
    if not out.exists():
        return
    if not out.is_dir():
        raise layout.error(f"{out}: is a file, expected a folder for the {noun}; name another{layout.option}")
    try:
        names = {entry.name for entry in out.iterdir()}
        found = _kind(out / layout.marker)
    except OSError as error:
        raise _cannot_write(out, kind, layout, error) from error
    if names and found != kind:
        raise layout.error(
            f"{out}: holds files that are not a {kind.removeprefix('windform ')} (no {layout.marker} of kind "
            f"{kind!r}); nothing was written: name an empty or new folder{layout.option}"
        )
    foreign = sorted(names - layout.names)
    if foreign:
        raise layout.error(
            f"{out}: holds files beside an earlier {noun} that would be lost ({', '.join(foreign[:5])}); nothing was "
            f"written: move them away or name another folder{layout.option}"
        )


def _kind(path: Path) -> str:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return ""
    return str(content.get("kind", "")) if isinstance(content, dict) else ""


def _cannot_write(out: Path, kind: str, layout: Layout, error: OSError) -> WindformError:
    reason, noun = error.strerror or str(error), layout.called(kind)
    earlier = f"; an earlier {noun} there is unchanged" if out.exists() else ""
    return layout.error(f"{out}: the {noun} cannot be written: {reason}{earlier}")
