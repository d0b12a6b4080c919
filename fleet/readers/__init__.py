"""Readers: one per vendor format, each from one file to one canonical batch; the format is recognised by content."""

from __future__ import annotations

from pathlib import Path

from fleet.config import Source
from fleet.errors import ConfigError, InputError, nearest
from fleet.places import reading
from fleet.readers import engie, generic, greenbyte, hill_of_towie, hill_of_towie_operator, openoa, sdwpf
from fleet.readers.base import Batch, Format, Kind, Stamps
from fleet.readers.text import head

__all__ = ["FORMATS", "Batch", "Format", "Kind", "Stamps", "format_named", "read", "recognise"]

FORMATS: tuple[Format, ...] = (
    *engie.FORMATS,
    *greenbyte.FORMATS,
    *hill_of_towie.FORMATS,
    *hill_of_towie_operator.FORMATS,
    *sdwpf.FORMATS,
    *openoa.FORMATS,
    *generic.FORMATS,
)


def recognise(path: Path) -> Format | None:
    """Return the format that a file's first lines show, None where no known one matches.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    text = head(path)
    return next((known for known in FORMATS if text and known.matches(path, text)), None)


def format_named(name: str) -> Format:
    """Return the format of that name.

    Raises
    ------
    ConfigError
        If there is none; with the nearest.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    names = [known.name for known in FORMATS]
    raise ConfigError(f'key "format": unknown format "{name}"{nearest(name, names)}; known: {", ".join(names)}')


def read(path: Path, source: Source) -> Batch:
    """Read one file with the format that its source names.

    Parameters
    ----------
    path : Path
        The file.
    source : Source
        The settings of `farm.toml` for it.

    Raises
    ------
    InputError
        If the file cannot be used, with file, row or column, what was found and what was expected.
    ConfigError
        If the source's settings do not fit.
    """
    with reading(path):
        if not path.is_file():
            raise InputError(f"{path}: there is no such file")
    return format_named(source.format).read(path, source)
