"""Small synthetic farms on disk: a table of text cells from a seed, troubles put into it, three ways to write it down.

A farm is a DataFrame of text with the columns `CELLS`, one line per row of a SCADA export, in file order. Tests damage
cells and rows, so they know what is wrong with which line before any reader sees it.
"""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from fleet.dataset import Dataset
    from fleet.logs import StatusLog

CELLS = ("turbine", "time", "power", "wind", "direction", "vane", "temperature")
RATED_KW = 2000.0
PERIOD_S = 600
START = "2015-03-01"

_ENGIE = {
    "turbine": "Wind_turbine_name",
    "time": "Date_time",
    "power": "P_avg",
    "wind": "Ws_avg",
    "direction": "Wa_avg",
    "vane": "Va_avg",
    "temperature": "Ot_avg",
}
_GREENBYTE = {
    "time": "# Date and time",
    "power": "Power (kW)",
    "wind": "Wind speed (m/s)",
    "direction": "Wind direction (°)",
    "vane": "Vane position 1+2 (°)",
    "temperature": "Nacelle ambient temperature (°C)",
}
_CANONICAL = {
    "power": "power_kw",
    "wind": "wind_speed",
    "direction": "wind_direction_deg",
    "vane": "vane_deg",
    "temperature": "ambient_temperature_degc",
}


def names_of(turbines: int) -> list[str]:
    """Return the names of a farm's turbines."""
    return [f"T{number + 1}" for number in range(turbines)]


def farm_rows(turbines: int = 2, days: float = 3.0, seed: int = 0, start: str = START) -> pd.DataFrame:
    """Return the rows of a healthy farm: common wind, a cubic power curve, some standstill in good wind.

    Parameters
    ----------
    turbines, days : int, float
        Size; 144 rows per turbine and day.
    seed : int
        Of every random number.
    start : str
        First stamp, UTC.
    """
    rng = np.random.default_rng(seed)
    n = round(days * 86_400 / PERIOD_S)
    times = pd.date_range(start, periods=n, freq=f"{PERIOD_S}s", tz="UTC")
    common = 8.0 + 3.5 * np.sin(np.arange(n) / 37.0 + rng.uniform(0, 6)) + np.cumsum(rng.normal(0, 0.12, n))
    parts = []
    for name in names_of(turbines):
        wind = 0.3 + np.abs(common + rng.normal(0, 0.6, n))
        power = RATED_KW * np.clip((wind**3 - 30.0) / (12.0**3 - 30.0), 0.0, 1.0) * rng.normal(1.0, 0.02, n)
        power[wind < 3.0] = -4.0 - rng.random(int((wind < 3.0).sum()))
        for at in rng.integers(0, n, 2):  # two stops of a few hours
            power[at : at + rng.integers(3, 20)] = -5.0 - rng.random()
        parts.append(
            pd.DataFrame(
                {
                    "turbine": name,
                    "time": times.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "power": [f"{value:.2f}" for value in power],
                    "wind": [f"{value:.3f}" for value in wind],
                    "direction": [f"{value:.2f}" for value in rng.uniform(0.0, 360.0, n)],
                    "vane": [f"{value:.3f}" for value in rng.normal(0.0, 4.0, n)],
                    "temperature": [f"{value:.2f}" for value in 8.0 + rng.normal(0.0, 1.0, n)],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write_generic(folder: Path, rows: pd.DataFrame, *, turbines: int = 2, extra: str = "", parts: int = 1) -> Path:
    """Write rows as generic CSV files with a `farm.toml`.

    Parameters
    ----------
    folder : Path
        The farm's folder, made where it is missing.
    rows : DataFrame
        `CELLS`.
    turbines : int
        How many turbines `farm.toml` lists.
    extra : str
        More of `farm.toml`, as tables of settings.
    parts : int
        Number of files; the rows keep their order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(_split(rows, parts)):
        (folder / f"data_{number:03d}.csv").write_text(part.to_csv(index=False), encoding="utf-8")
    (folder / "farm.toml").write_text(generic_toml(turbines, extra), encoding="utf-8")
    return folder


def generic_toml(turbines: int = 2, extra: str = "") -> str:
    """Return the `farm.toml` of a generic farm."""
    lines = [
        'name = "made up"',
        "[[sources]]",
        'format = "generic"',
        'files = "data_*.csv"',
        'time_column = "time"',
        'turbine_column = "turbine"',
        'stamps = "start"',
        *(f'columns.{name} = {{ column = "{cell}" }}' for cell, name in _CANONICAL.items()),
        *(turbine_toml(name) for name in names_of(turbines)),
        extra,
    ]
    return "\n".join(lines) + "\n"


def turbine_toml(name: str) -> str:
    """Return one turbine of `farm.toml`."""
    return f'[[turbines]]\nname = "{name}"\nrated_power_kw = {RATED_KW}\nhub_height = 80.0\nrotor_diameter = 82.0'


def write_engie(folder: Path, rows: pd.DataFrame, *, turbines: int = 2, parts: int = 1) -> Path:
    """Write rows as ENGIE's export with its asset table, without a `farm.toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(_split(rows, parts)):
        (folder / f"scada_{number:03d}.csv").write_text(
            part.rename(columns=_ENGIE).to_csv(index=False), encoding="utf-8"
        )
    assets = "Wind_turbine_name,Latitude,Longitude,elevation_m,Rated_power,Hub_height_m,Rotor_diameter_m\n"
    lines = "".join(f"{name},48.45,5.{58 + i},411,{RATED_KW:g},80,82\n" for i, name in enumerate(names_of(turbines)))
    (folder / "assets.csv").write_text(assets + lines, encoding="utf-8")
    return folder


def write_greenbyte(folder: Path, rows: pd.DataFrame, *, turbines: int = 2) -> Path:
    """Write rows as Greenbyte's export, one file per turbine, with a `farm.toml` that lists the turbines."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in rows.groupby("turbine", sort=True):
        stamps = part["time"].str.replace("T", " ").str.replace("Z", "")
        table = part.assign(time=stamps).drop(columns="turbine").rename(columns=_GREENBYTE)
        about = f"# This file was exported by Greenbyte\n#\n# Turbine: {name}\n# Time zone: UTC\n#\n"
        path = folder / f"Turbine_Data_{name}.csv"
        path.write_text(about + table.to_csv(index=False), encoding="utf-8")
    listed = "\n".join(turbine_toml(name) for name in names_of(turbines))
    (folder / "farm.toml").write_text(f'name = "made up"\n{listed}\n', encoding="utf-8")
    return folder


def write_site(folder: Path, days: int, *, start: str = START) -> Path:
    """Add a status log of T1 with a declared period, a plant meter and a reanalysis to a farm's folder."""
    first = pd.Timestamp(start)
    last = first + pd.Timedelta(days=days)
    log = [
        "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC",
        f"# Time interval: {first} - {last}\n#",
        "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category",
    ]
    for day, category in enumerate(("Forced outage", "Scheduled Maintenance", "Technical Standby")):
        begin = first + pd.Timedelta(days=day, hours=22, minutes=7)
        end = begin + pd.Timedelta(hours=3, minutes=11)
        log.append(f"{begin},{end},03:11:00,Stop,{100 + day},Stop {day},,,{category}")
    log.append(f"{first},-,-,Informational,1,Run-up,,,")
    (folder / "Status_T1.csv").write_text("\n".join(log) + "\n", encoding="utf-8")
    times = pd.date_range(first, last, freq="10min", inclusive="left", tz="UTC")
    energy = 150.0 + 100.0 * np.sin(np.arange(len(times)) / 50.0)
    meter = pd.DataFrame({"time_utc": times, "net_energy_kwh": energy, "availability_kwh": 3.0, "curtailment_kwh": 1.0})
    (folder / "plant.csv").write_text(meter.to_csv(index=False), encoding="utf-8")
    hours = pd.date_range(first, last, freq="1h")
    wave = np.sin(np.arange(len(hours)) / 9.0)
    site = pd.DataFrame({"datetime": hours, "t_2m": 281.0 + wave, "surf_pres": 97_000.0 + 300.0 * wave})
    site = site.assign(ws_100m=8.0 + 3.0 * wave, dens_100m=1.2 + 0.01 * wave)
    (folder / "era5.csv").write_text(site.to_csv(), encoding="utf-8")
    return folder


def _split(rows: pd.DataFrame, parts: int) -> list[pd.DataFrame]:
    edges = np.linspace(0, len(rows), parts + 1).astype(int)
    return [rows.iloc[low:high] for low, high in itertools.pairwise(edges)]


class Parts(dict[str, bytes]):
    """Content by name; shown by its size only."""

    def __repr__(self) -> str:
        return f"<{len(self)} parts>"


def fingerprint(results: object, without: Sequence[str] = ()) -> Parts:
    """Return every part of the results as bytes: tables as Parquet with their dtypes and index, the rest as text.

    Parameters
    ----------
    results : FleetResults or a part of it
        What to compare.
    without : sequence of str
        Parts that are left out, as "sources".
    """
    found = Parts()
    _collect(results, "", found)
    return Parts((name, content) for name, content in found.items() if name not in without)


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the names of the parts that differ."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def _collect(value: Any, name: str, found: dict[str, bytes]) -> None:
    if isinstance(value, pd.DataFrame):
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(value), buffer)
        found[name] = buffer.getvalue()
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _collect(getattr(value, field.name), f"{name}.{field.name}".lstrip("."), found)
    else:
        found[name] = repr(value).encode()


def logs_of(dataset: Dataset) -> tuple[dict[str, StatusLog], pd.DataFrame]:
    """Return a farm's status logs and the sources they come from, through a cache that is thrown away."""
    from fleet.logs import read_logs
    from fleet.pipeline import RunOptions, convert_files
    from fleet.schedule import cache_of

    options = RunOptions(scheduler="synchronous", keep=False)
    with cache_of(options) as store:
        return read_logs(dataset, convert_files(dataset, "events", options, store), store)


@dataclass(frozen=True)
class CommandResult:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run_cli(*arguments: str) -> CommandResult:
    """Run `wind-fleet` in this process, as the installed command would."""
    from fleet.cli import main

    out, err, code, before = io.StringIO(), io.StringIO(), 0, sys.argv
    sys.argv = ["wind-fleet", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as done:
        code = int(done.code or 0)
    finally:
        sys.argv = before
    return CommandResult(code, out.getvalue(), err.getvalue())
