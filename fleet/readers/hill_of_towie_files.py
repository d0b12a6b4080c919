"""What lies beside a table of Hill of Towie: the tables of the same month, turbine names, texts of alarms.

The data tables know a turbine by its station's number alone. The publisher's metadata give names, from T01 of station
2304510 to T21 of 2304530; without that file the same rule names the stations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.config import Source
from fleet.readers.base import Batch
from fleet.readers.codes import whole_codes
from fleet.readers.frames import Rejects
from fleet.readers.text import header_of, read_table, texts

__all__ = [
    "ALARMS",
    "METADATA",
    "alarm_texts",
    "beside",
    "is_alarm_texts",
    "month_tables",
    "read_alarm_texts",
    "turbine_names",
]

METADATA = "Hill_of_Towie_turbine_metadata.csv"
ALARMS = "Hill_of_Towie_alarms_description.csv"

_STATION, _NAME = "Station ID", "Turbine Name"
_CODE, _TEXT = "Alarm Code", "Description"
_FIRST_STATION, _TURBINES = 2_304_510, 21


def beside(path: Path, name: str) -> Path | None:
    """Return the publisher's file of that name, perhaps gzipped, in the folder of a table or the one above it.

    The publisher's archives hold one year each; unpacked side by side, the tables of the whole farm lie above them.
    """
    return _first(folder / name for folder in (path.parent, path.parent.parent))


def month_tables(path: Path, table: str, others: tuple[str, ...]) -> dict[str, Path | None]:
    """Return the other tables of the same month by their name; None where one is not there.

    Parameters
    ----------
    path : Path
        A file whose name holds that of its table, such as `tblSCTurbine_2024_07.csv`.
    table : str
        Its table.
    others : tuple of str
        The tables looked for, in the same folder under the same name.
    """
    name = path.name.removesuffix(".gz")
    if table not in name:
        return dict.fromkeys(others)
    return {other: _first([path.parent / name.replace(table, other)]) for other in others}


def _first(candidates: Iterable[Path]) -> Path | None:
    for candidate in candidates:
        for path in (candidate, candidate.with_name(candidate.name + ".gz")):
            if path.is_file():
                return path
    return None


def turbine_names(path: Path, stations: pa.ChunkedArray) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Return the turbines of stations.

    Parameters
    ----------
    path : Path
        The table, for the metadata beside it.
    stations : ChunkedArray, shape (n,)
        Numbers of stations as text.

    Returns
    -------
    tuple of (ChunkedArray, tuple of str)
        Names; a station that is not known keeps its number, which no list of turbines holds. And sentences about that.
    """
    numbers = whole_codes(stations)
    metadata = beside(path, METADATA)
    known = _rule() if metadata is None else _listed(metadata)
    present = pc.unique(numbers).to_pylist()
    notes = []
    if metadata is None:
        notes.append(f"{path.name}: no {METADATA} beside it: stations named by rule, 2304510 is T01, 2304530 is T21")
    unknown = sorted(number for number in present if number and number not in known)
    if unknown:
        notes.append(f"{path.name}: stations of no known turbine keep their number: {', '.join(unknown)}")
    return _mapped(numbers, known), tuple(notes)


def _rule() -> dict[str, str]:
    return {str(_FIRST_STATION + k): f"T{k + 1:02d}" for k in range(_TURBINES)}


def _listed(metadata: Path) -> dict[str, str]:
    raw, _, _ = read_table(metadata, delimiter=",", required=(_STATION, _NAME))
    pairs = zip(whole_codes(raw.cells[_STATION]).to_pylist(), texts(raw.cells[_NAME]).to_pylist(), strict=True)
    return {station: name for station, name in pairs if station and name}


def _mapped(words: pa.ChunkedArray, known: Mapping[str, str]) -> pa.ChunkedArray:
    encoded = words.combine_chunks().dictionary_encode()
    names = pa.array([known.get(word, word) for word in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([names.take(encoded.indices)])


def alarm_texts(path: Path) -> dict[str, str]:
    """Return the described alarms by their code: the publisher describes a dozen of several hundred.

    Parameters
    ----------
    path : Path
        The alarm log or the state timers, for the description beside them; without one nothing is described.
    """
    description = beside(path, ALARMS)
    if description is None:
        return {}
    frame = read_alarm_texts(description, Source(format="")).frame
    return dict(zip(frame["code"], frame["message"], strict=True))


def is_alarm_texts(path: Path, text: str) -> bool:
    """Return whether a file describes alarms."""
    return {_CODE, _TEXT, "Stopping"} <= header_of(text, ",")


def read_alarm_texts(path: Path, source: Source) -> Batch:
    """Read the description of alarms: code and message; rows without a code and codes that are there twice are out."""
    raw, _, _ = read_table(path, delimiter=",", required=(_CODE, _TEXT))
    rejects = Rejects(raw)
    codes = whole_codes(raw.cells[_CODE]).to_pandas()
    # "Ice detection             :" and the like: the controller's display pads its texts.
    words = [" ".join(text.split()) for text in texts(raw.cells[_TEXT]).to_pylist()]
    frame = pd.DataFrame({"code": codes, "message": words}).astype("str")
    rejects.add("no code", (frame["code"] == "").to_numpy(), _CODE, "a number")
    rejects.add("code described twice", frame["code"].duplicated().to_numpy(), _CODE, "each code once")
    return rejects.kept(frame)
