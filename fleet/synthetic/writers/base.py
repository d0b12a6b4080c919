"""What the writers share: the interface, and text tables from arrays."""

from __future__ import annotations

import csv
import gzip
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import tomli_w

from fleet.synthetic.layout import coordinates
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.turbine_run import TurbineRun

__all__ = ["FARM_NAME", "FarmWriter", "append", "compress", "number_texts", "row", "stamp_texts", "table_lines"]

FARM_NAME = "Synthetic"

Ints = npt.NDArray[np.int64]


class FarmWriter(ABC):
    """Writes a farm turbine by turbine into one folder, in one vendor's format."""

    def __init__(self, folder: Path, spec: FleetSpec, machine: SteadyMachine) -> None:
        self.folder, self.spec, self.machine = folder, spec, machine

    @abstractmethod
    def add(self, run: TurbineRun) -> None:
        """Write one turbine; turbines come in the order of their numbers."""

    def close(self) -> None:
        """Write what belongs to the farm as a whole: asset table and settings."""
        self.write_settings()

    def write_settings(self, **more: object) -> None:
        """Write `farm.toml`: the name, the civil time, and `more`."""
        settings = {"name": f"{FARM_NAME} fleet", "time_zone": self.spec.time_zone, **more}
        (self.folder / "farm.toml").write_text(tomli_w.dumps(settings), encoding="utf-8")

    def assets(self) -> pd.DataFrame:
        """Return one row per turbine: name and coordinates."""
        spec = self.spec
        places = [coordinates(k, spec.spacing, spec.latitude, spec.longitude) for k in range(spec.turbines)]
        names = [spec.turbine_name(k) for k in range(spec.turbines)]
        latitudes, longitudes = zip(*places, strict=True)
        return pd.DataFrame({"name": names, "latitude": latitudes, "longitude": longitudes})


def stamp_texts(reading: Ints, offset_s: npt.NDArray[np.int32] | None = None) -> pa.Array:
    """Return clock readings [us since 1970] as `2021-01-01 00:00:00`; with offsets as `2021-01-01T00:00:00+01:00`."""
    seconds = pa.array(reading // 1_000_000, pa.int64())
    texts = pc.cast(pc.cast(seconds, pa.timestamp("s")), pa.string())
    if offset_s is None:
        return texts
    known, index = np.unique(offset_s, return_inverse=True)
    written = [f"{'-' if o < 0 else '+'}{abs(o) // 3600:02d}:{abs(o) % 3600 // 60:02d}" for o in known.tolist()]
    offsets = pc.take(pa.array(written, pa.string()), pa.array(index))
    return pc.binary_join_element_wise(pc.replace_substring(texts, " ", "T"), offsets, "")


def number_texts(values: npt.NDArray[np.float64] | Ints) -> pa.Array:
    """Return numbers in their shortest text that reads back as the same number; NaN is null."""
    return pc.cast(pa.array(values, from_pandas=True), pa.string())


def table_lines(columns: Sequence[pa.Array | str], *, missing: str = "", end: str = "\n") -> bytes:
    """Return the rows of a table as bytes; a plain text stands in every row. No text may need quotes."""
    length = next(len(column) for column in columns if not isinstance(column, str))
    if not length:
        return b""
    parts = [pa.scalar(column) if isinstance(column, str) else column for column in columns]
    lines = pc.binary_join_element_wise(*parts, ",", null_handling="replace", null_replacement=missing)
    return (end.join(lines.to_pylist()) + end).encode()


def row(cells: Sequence[object], *, end: str = "\n") -> bytes:
    """Return one row of cells, quoted where they need it."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerow(cells)
    return text.getvalue().encode()


def append(path: Path, header: Sequence[object], content: bytes, *, end: str = "\n") -> None:
    """Add rows to a table; the first ones get the header above them."""
    new = not path.exists()
    with path.open("ab") as file:
        if new:
            file.write(row(header, end=end))
        file.write(content)


def compress(folder: Path) -> None:
    """Replace every CSV file below a folder by a gzip file; the same content gives the same bytes."""
    for path in sorted(folder.rglob("*.[cC][sS][vV]")):
        with path.open("rb") as plain, path.with_name(path.name + ".gz").open("wb") as raw:
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6)
            with packed:
                while block := plain.read(1 << 20):
                    packed.write(block)
        path.unlink()
