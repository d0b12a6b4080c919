"""Asset tables: one row per turbine, turned into the fields of `fleet.config.Turbine`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.readers.base import Batch
from fleet.readers.frames import Rejects
from fleet.readers.text import numbers, read_table, texts

__all__ = ["AssetColumns", "read_assets"]


@dataclass(frozen=True, kw_only=True)
class AssetColumns:
    """A publisher's column for each field of `fleet.config.Turbine`; empty: the table has none."""

    name: str
    rated_power_kw: str = ""
    hub_height: str = ""
    rotor_diameter: str = ""
    latitude: str = ""
    longitude: str = ""
    elevation: str = ""
    x_m: str = ""
    y_m: str = ""
    manufacturer: str = ""
    model: str = ""


_NUMBERS = ("rated_power_kw", "hub_height", "rotor_diameter", "latitude", "longitude", "elevation", "x_m", "y_m")
_POSITIVE = ("hub_height", "rotor_diameter")


def read_assets(path: Path, columns: AssetColumns) -> Batch:
    """Read an asset table.

    Parameters
    ----------
    path : Path
        The file.
    columns : AssetColumns
        The publisher's columns; name and rated power, unless the table has none, are required.

    Returns
    -------
    Batch
        One row per turbine, missing values NaN or empty. Rows without a name or, where the table has that column,
        without a positive rated power, and repeated names are left out and counted.

    Raises
    ------
    InputError
        If the file or a required column cannot be read.
    """
    source: dict[str, str] = dataclasses.asdict(columns)
    required = [column for column in (columns.name, columns.rated_power_kw) if column]
    optional = [column for column in source.values() if column]
    raw, _, _ = read_table(path, required=required, optional=optional, missing=("", "-", "NaN"))
    rejects = Rejects(raw)
    rejects.add("empty row", _all_missing(raw.cells.values(), len(raw.row)))
    data: dict[str, object] = {}
    for name, column in source.items():
        if column not in raw.cells:
            data[name] = np.full(len(raw.row), np.nan) if name in _NUMBERS else np.full(len(raw.row), "", object)
        elif name in _NUMBERS:
            values, bad = numbers(raw.cells[column])
            if name in _POSITIVE:
                bad, values = bad | (values <= 0), np.where(values > 0, values, np.nan)
            rejects.examples += raw.examples(np.flatnonzero(bad), column, "a number")
            data[name] = values
        else:
            data[name] = texts(raw.cells[column]).to_pandas()
    frame = pd.DataFrame(data).astype({name: "str" for name in source if name not in _NUMBERS})
    rejects.add("no turbine name", (frame["name"] == "").to_numpy(), columns.name, "a name")
    if columns.rated_power_kw:
        unrated = ~(frame["rated_power_kw"] > 0).to_numpy()
        rejects.add("no rated power", unrated, columns.rated_power_kw, "a positive number [kW]")
    rejects.add("turbine listed twice", frame["name"].duplicated().to_numpy(), columns.name, "each turbine once")
    return rejects.kept(frame)


def _all_missing(cells: Iterable[pa.ChunkedArray], rows: int) -> npt.NDArray[np.bool_]:
    missing = np.ones(rows, bool)
    for cell in cells:
        missing &= pc.is_null(cell).to_numpy()
    return missing
