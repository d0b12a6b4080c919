"""What a sweep leaves in a folder: finished chunks as they come, then one table and its description.

All files of a sweep begin with its name, a hash of what it computes; sweeps of one folder stay apart. Chunks are lines
of JSON in whatever order they finish; a last line that was cut off is dropped. The table is written from all of them
in the order of the grid, so its bytes do not depend on how the sweep got there.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from turbine.folder import OutputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Store", "plain"]

Row = dict[str, Any]


class Store:
    """The files of one sweep.

    Parameters
    ----------
    folder : Path
        Where; it is made.
    name : str
        Of the sweep.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.journal = folder / f"{name}.jsonl"  #: finished chunks of a sweep that is under way
        self.table = folder / f"{name}.parquet"
        self.description = folder / f"{name}.json"
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def chunks(self) -> dict[int, list[Row]]:
        """Return the finished chunks by number; what a killed run left half written is cut off the file."""
        found: dict[int, list[Row]] = {}
        good = 0
        with _writing(self.journal):
            written = self.journal.read_bytes() if self.journal.exists() else b""
            for line in written.splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                try:
                    number, rows = json.loads(line)
                except (TypeError, ValueError):
                    break
                found[number] = rows
                good += len(line)
            if good < len(written):
                os.truncate(self.journal, good)
        return found

    def append(self, number: int, rows: list[Row]) -> None:
        """Add a finished chunk; it is on the disk when this returns."""
        line = json.dumps([number, rows], ensure_ascii=False) + "\n"
        with _writing(self.journal), self.journal.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def finish(self, frame: pd.DataFrame) -> None:
        """Write the table; chunks are no longer needed then."""
        with _writing(self.table):
            part = self.table.with_suffix(".part")
            frame.to_parquet(part, index=False)
            part.replace(self.table)
            self.journal.unlink(missing_ok=True)

    def describe(self, content: Mapping[str, Any]) -> None:
        """Write what the sweep is; an infinite number as text, which JSON does not have."""
        text = json.dumps(_finite(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str)
        with _writing(self.description):
            part = self.description.with_suffix(".json.part")
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(self.description)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{path}: a sweep's results cannot be written: {reason}; what is finished there stays"
        ) from error


def plain(values: Mapping[Any, Any], before: str = "") -> Row:
    """Return measured values as numbers, truth values and text that JSON keeps; what is nested gets dotted names."""
    found: Row = {}
    for key, value in values.items():
        name, one = (
            f"{before}{key}",
            value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value,
        )
        if isinstance(one, Mapping):
            found |= plain(one, f"{name}.")
        elif one is None or isinstance(one, bool | int | float | str):
            found[name] = one
        elif isinstance(one, list | tuple):
            found[name] = json.dumps(one, default=str, ensure_ascii=False)
        else:
            found[name] = str(one)
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
