"""Files of no known format: why, and which of their columns look like canonical ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fleet.errors import InputError
from fleet.readers.generic import is_parquet
from fleet.readers.text import delimiter_of, fields_of, file_bytes, head

__all__ = ["Proposal", "propose", "why_unknown"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a RIFF file (picture or sound)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet: unpack it, or save the sheet as CSV"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save the sheet as CSV"),
)

#: Canonical column -> words that columns of other exports use for it, most telling first.
_WORDS: dict[str, str] = {
    "power_kw": r"^(lv[ _]?)?(active[ _]?power|power|p[_ ]?avg|patv|.*act(ive)?[ _]?power.*(mean|avg)?)$",
    "wind_speed": r"^(wind[ _]?sp(ee)?d|ws([_ ]?avg)?|wspd|.*wind[ _]?sp(eed)?.*(mean|avg)?)$",
    "wind_direction_deg": r"^(.*wind[ _]?dir(ection)?|wdir|wd).*$",
    "nacelle_direction_deg": r"^(nac(elle)?[ _]?(dir|pos).*|ndir|yaw.*)$",
    "ambient_temperature_degc": r"^(amb.*temp.*|outdoor.*temp.*|etmp|temp(erature)?)$",
    "pitch_angle_deg": r"^(pitch.*|blade[ _]?angle.*|pab1)$",
    "rotor_speed_rpm": r"^(rotor[ _]?(speed|rpm).*|rtr_rpm.*)$",
    "generator_speed_rpm": r"^(gen(erator)?[ _]?(speed|rpm).*)$",
}
_TIME = r"^(time[ _]?stamp.*|date.*time|date/time|time.*|date|pctimestamp)$"
_TURBINE = r"^(turbine.*|turb[ _]?id|wtg?.*|station.*|unit)$"
_TITLE = re.compile(r"^(?P<title>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]$")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A guess at the column mapping of a table of no known format; to be checked by the user."""

    columns: tuple[str, ...]  #: all columns of the file
    delimiter: str  #: empty: Parquet
    time_column: str  #: empty: none looks like it
    turbine_column: str
    signals: dict[str, tuple[str, str]]  #: canonical column -> (column, unit as written)


def why_unknown(path: Path) -> str:
    """Return in a few words why a file has no known format."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not start:
        return "the file is empty"
    for magic, title in _MAGIC:
        if start.startswith(magic):
            return title
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-16 text: save it as CSV UTF-8"
    if start[:4] == b"PAR1":
        return 'a Parquet table of no known format: needs a source with format = "generic"'
    if start[:2] == b"\x1f\x8b":
        try:
            file_bytes(path)
        except InputError as error:
            return str(error).removeprefix(f"{path}: ")
    if path.suffix.lower() == ".md":
        return "a note (Markdown), no table"
    text = head(path)
    if not text:
        return "no text: binary content, or neither UTF-8 nor Latin-1"
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = line if len(line) <= 80 else f"{line[:77]}..."
    return f'not a known format: first line "{shown}"'


def propose(path: Path) -> Proposal | None:
    """Return a guess at a table's column mapping; None where the file is no table.

    Parameters
    ----------
    path : Path
        A text table whose first line is its header, or Parquet.
    """
    mark = ""
    if is_parquet(path):
        names = _parquet_columns(path)
    else:
        lines = [line for line in head(path).splitlines() if line.strip()][:2]
        if len(lines) < 2:
            return None
        mark = delimiter_of(lines[0])
        names = fields_of(lines[0], mark)
        if len(names) < 2 or len(fields_of(lines[1], mark)) != len(names):
            return None
    if len(names) < 2:
        return None
    return Proposal(
        columns=tuple(names),
        delimiter=mark,
        time_column=_first(names, _TIME),
        turbine_column=_first(names, _TURBINE),
        signals=_signals(names),
    )


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return list(parquet.read_schema(path).names)
    except (pa.ArrowInvalid, OSError):
        return []


def _first(names: list[str], pattern: str) -> str:
    return next((name for name in names if re.match(pattern, name.strip(), re.IGNORECASE)), "")


def _split(name: str) -> tuple[str, str]:
    match = _TITLE.match(name)
    return (match["title"], match["unit"]) if match else (name, "")


def _signals(names: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for canonical, pattern in _WORDS.items():
        for name in names:
            title, unit = _split(name)
            if re.match(pattern, title, re.IGNORECASE) and not re.search(r"max|min|std|dev", title, re.IGNORECASE):
                found[canonical] = (name, unit)
                break
    return found
