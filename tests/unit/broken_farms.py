"""The healthy farm that the kinds of broken input start from, and ways to break it."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.farms import farm_rows, turbine_toml, write_engie, write_generic

Rows = pd.DataFrame
Make = Callable[[Path], None]
#: Who the others are called after: HTML, a formula, paths, a NUL, a mark that turns the writing round, a long one.
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../x",
    "/",
    "nul\0name",
    "\u202eright to left",
    "T" * 300,
)


@cache
def _rows() -> Rows:
    return farm_rows(1, 2.0, seed=3)


def rows() -> Rows:
    """Return the healthy farm's records."""
    return _rows().copy()


ALL = range(288)


def farm(
    change: Callable[[Rows], Rows] = lambda table: table,
    *,
    toml: tuple[str, str] = ("", ""),
    text: Callable[[str], str | bytes] = lambda text: text,
    then: Callable[[Path], object] = lambda folder: None,
) -> Make:
    """Return what writes the healthy farm with its rows, settings, file or folder changed."""

    def make(folder: Path) -> None:
        write_generic(folder, change(rows()), turbines=1)
        settings = folder / "farm.toml"
        before = settings.read_text(encoding="utf-8")
        assert toml[0] in before
        settings.write_text(before.replace(*toml), encoding="utf-8")
        data = folder / "data_000.csv"
        written = text(data.read_text(encoding="utf-8"))
        data.write_bytes(written if isinstance(written, bytes) else written.encode("utf-8"))
        then(folder)

    return make


def cells(column: str, cells: Mapping[int, str]) -> Callable[[Rows], Rows]:
    def change(table: Rows) -> Rows:
        table.loc[list(cells), column] = list(cells.values())
        return table

    return change


def scaled(column: str, factor: float) -> Callable[[Rows], Rows]:
    return lambda table: table.assign(**{column: (table[column].astype(float) * factor).map("{:.6f}".format)})


def stamps(time_format: str) -> Callable[[Rows], Rows]:
    return lambda table: table.assign(time=pd.to_datetime(table["time"]).dt.strftime(time_format))


def civil(days: int) -> Callable[[Rows], Rows]:
    """Return what moves the records by days and writes them by the clock on the wall in Paris."""

    def change(table: Rows) -> Rows:
        moved = pd.to_datetime(table["time"]) + pd.Timedelta(days=days)
        return table.assign(time=moved.dt.tz_convert("Europe/Paris").dt.strftime("%Y-%m-%dT%H:%M:%S"))

    return change


def line(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """Return what changes one line of a file, counted from 1."""

    def changed(text: str) -> str:
        lines = text.split("\n")
        lines[number - 1] = change(lines[number - 1])
        return "\n".join(lines)

    return changed


def every_line(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(f"{change(line)}\n" for line in text.splitlines())


def parquet(change: Callable[[pa.Table], pa.Table], spoil: Callable[[bytes], bytes] = lambda data: data) -> Make:
    def then(folder: Path) -> None:
        table = rows()
        numbers = {name: table[name].astype(float) for name in table.columns if name not in ("turbine", "time")}
        buffer = io.BytesIO()
        pq.write_table(change(pa.Table.from_pandas(table.assign(**numbers), preserve_index=False)), buffer)
        (folder / "data_000.csv").unlink()
        (folder / "data_000.parquet").write_bytes(spoil(buffer.getvalue()))

    return farm(toml=("data_*.csv", "data_*"), then=then)


def as_parquet_too(folder: Path) -> None:
    pq.write_table(pa.Table.from_pandas(rows(), preserve_index=False), folder / "data_000.parquet")


def cut_gzip(folder: Path) -> None:
    whole = gzip.compress((folder / "data_000.csv").read_bytes())
    (folder / "data_001.csv.gz").write_bytes(whole[:-200])


def named(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "data_000.csv").rename(folder / name)


def instead(content: bytes, name: str = "data_000.csv") -> Make:
    """Return what puts something else into the place of the data."""

    def then(folder: Path) -> None:
        (folder / "data_000.csv").unlink()
        (folder / name).write_bytes(content)

    return farm(then=then, toml=("data_*.csv", "data_*"))


def column(name: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(table.column_names.index(name), name, values)


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def encrypted() -> bytes:
    """Return an archive whose member says that it is encrypted, in its own header and in the list of members."""
    data = bytearray(packed({"a.csv": b"a,b\n1,2\n"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table scada (power real)")
        connection.commit()
        return connection.serialize()


def hostile(folder: Path) -> None:
    parts = [rows().iloc[24 * i : 24 * i + 24].assign(turbine=name) for i, name in enumerate(HOSTILE)]
    write_generic(folder, pd.concat([rows().iloc[168:], *parts]), turbines=1)
    settings = folder / "farm.toml"
    names = [turbine_toml(name.replace("\0", "\\u0000")) for name in HOSTILE]
    settings.write_text("\n".join([settings.read_text(encoding="utf-8"), *names]), encoding="utf-8")


def pictures(folder: Path) -> None:
    folder.mkdir()
    for name in ("a.png", "b.csv"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")


def locked(folder: Path) -> None:
    os.chmod(folder / "data_000.csv", 0)


def folder_named_csv(folder: Path) -> None:
    (folder / "data_001.csv").mkdir()


def settings_folder(folder: Path) -> None:
    write_engie(folder, rows(), turbines=1)
    (folder / "farm.toml").mkdir()


def farms_in_a_folder(folder: Path) -> None:
    for name in ("east", "west"):
        write_generic(folder / name, rows(), turbines=1)


def twins_in_a_folder(folder: Path) -> None:
    farms_in_a_folder(folder)
    for name in ("east", "west"):
        (folder / name / "farm.toml").unlink()
        write_engie(folder / name, rows(), turbines=1)


def watts_at_first(table: Rows) -> Rows:
    return cells("power", {i: f"{1000.0 * float(table['power'][i]):.1f}" for i in range(60)})(table)


def mixed_sampling(table: Rows) -> Rows:
    """Put a stamp between two of its own after each of the first fifty records."""
    between = table.iloc[:50].assign(time=lambda t: t["time"].str.replace("0:00Z", "3:00Z"))
    return pd.concat([table, between]).sort_index(kind="stable")


SIGNALS = ["power", "wind", "direction", "vane", "temperature"]
