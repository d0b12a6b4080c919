"""What a reader is: a recognised format, a function from one file to a canonical batch, and what it says about time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from fleet.config import Source

__all__ = ["Batch", "Format", "Kind", "Stamps"]

#: A "companion" holds what files of another format take in, such as signals or texts: see `Format.companions`.
Kind = Literal["scada", "companion", "events", "timers", "operator", "meter", "reanalysis", "assets"]
Stamps = Literal["start", "end", "assumed start", "assumed end", "instant"]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One file in canonical form.

    A SCADA frame holds every row of the file, readable or not (unreadable ones carry flags): `len(frame)` is rows in.
    So does that of a companion with signals. Tables of the other kinds leave out what cannot be read and count it in
    `rejected`.
    """

    frame: pd.DataFrame  #: columns of `fleet.schema`; for assets: the fields of `fleet.config.Turbine`
    rows_in: int
    rejected: dict[str, int]  #: reason -> rows that are not in the frame; sums with len(frame) to rows_in
    declared: tuple[pd.Timestamp, pd.Timestamp] | None = None  #: period that the file's header declares, UTC
    offsets_given: bool = False  #: stamps came without an offset from UTC and were given that of a time zone
    examples: tuple[str, ...] = ()  #: "file:row: column ..., found ..., expected ..." of the first bad cells and rows


def _accept(source: Source) -> None:
    """Refuse nothing: a known format needs no settings."""


def _alone(path: Path) -> tuple[Path, ...]:
    """Return nothing: most files are read by themselves."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format that is recognised by its content."""

    name: str
    title: str
    kind: Kind
    stamps: Stamps  #: which end of the interval its stamps label; "assumed ..." where the publisher is silent
    matches: Callable[[Path, str], bool]  #: path and the file's first lines (decompressed, decoded) -> recognised?
    read: Callable[[Path, Source], Batch]
    #: Refuses a source whose settings do not fit, with the key below the source: `ConfigError('key "x": ...')`.
    check: Callable[[Source], None] = _accept
    #: The other files that reading a file takes in, where they are there: what it holds depends on them as well.
    companions: Callable[[Path], tuple[Path, ...]] = _alone

    def label(self, source: Source) -> Stamps:
        """Return which end of the interval the stamps of a source's files label, as it is read."""
        return self.stamps if self.stamps == "instant" else source.stamps or self.stamps
