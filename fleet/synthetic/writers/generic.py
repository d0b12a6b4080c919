"""Any farm by a column mapping: CSV or Parquet per turbine and year, one status log, and the mapping."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.turbine_run import DECIMALS, TurbineRun
from fleet.synthetic.writers.base import FarmWriter, append, number_texts, row, stamp_texts, table_lines

__all__ = ["GenericWriter"]

_EVENTS = ("turbine", "start", "end", "status", "code", "message", "service_category", "iec_category")


class GenericWriter(FarmWriter):
    """Writes `data/NAME_YEAR.csv` (or Parquet), `events.csv` and the mapping, with canonical names as columns.

    Where the clock is civil time without an offset, `farm.toml` gives the time zone; a clock that is otherwise wrong is
    not mentioned there.
    """

    def __init__(self, folder: Path, spec: FleetSpec, machine: SteadyMachine, *, parquet: bool = False) -> None:
        super().__init__(folder, spec, machine)
        self._parquet = parquet
        (folder / "data").mkdir()

    def add(self, run: TurbineRun) -> None:
        years = run.times[run.rows].astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
        for year in np.unique(years).tolist():
            some = np.flatnonzero(years == year)
            path = self.folder / "data" / f"{run.name}_{year}.{'parquet' if self._parquet else 'csv'}"
            if self._parquet:
                pq.write_table(_table(run, some), path, compression="zstd")
            else:
                append(path, ("turbine", "time", *DECIMALS), self._lines(run, some))
        append(self.folder / "events.csv", _EVENTS, b"".join(row(cells) for cells in _events(run.log())))

    def _lines(self, run: TurbineRun, some: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bytes:
        offset = None if self.spec.clock == "local" else run.stamps.offset_s[some]
        cells: list[pa.Array | str] = [run.name, stamp_texts(run.stamps.reading[some], offset)]
        cells += [number_texts(run.signals[name][run.rows[some]]) for name in DECIMALS]
        return table_lines(cells)

    def close(self) -> None:
        machine, spec = self.machine, self.spec
        zone = spec.time_zone if spec.clock == "local" else "UTC"
        scada = {
            "format": "generic",
            "files": "data/*",
            "time_zone": zone,
            "stamps": "start",
            "time_column": "time",
            "turbine_column": "turbine",
            "columns": {name: {"column": name} for name in DECIMALS},
        }
        events = {
            "format": "generic_events",
            "files": "events.csv*",
            "turbine_column": "turbine",
            "columns": {name: {"column": name} for name in _EVENTS[1:]},
        }
        meter = {"format": "openoa_meter", "files": "plant_meter.csv*"}
        sources = [scada, events, *([meter] if (self.folder / "plant_meter.csv").exists() else [])]
        turbines = [
            {
                "name": name,
                "rated_power_kw": machine.rated_kw,
                "hub_height": machine.hub_height,
                "rotor_diameter": machine.rotor_diameter,
                "latitude": latitude,
                "longitude": longitude,
                "elevation": spec.elevation,
                "model": machine.name,
            }
            for name, latitude, longitude in self.assets().itertuples(index=False)
        ]
        period = [pd.Timestamp(spec.start).tz_localize("UTC").to_pydatetime()]
        period.append(period[0] + pd.Timedelta(days=spec.days).to_pytimedelta())
        self.write_settings(sources=sources, turbines=turbines, availability={"status_period": period})


def _table(run: TurbineRun, some: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    rows = run.rows[some]
    columns = {
        "turbine": pa.array([run.name], pa.string()).take(pa.array(np.zeros(rows.size, np.int64))),
        "time": pa.array(run.stamps.utc[some].astype("datetime64[us]")).cast(pa.timestamp("us", tz="UTC")),
        **{name: pa.array(run.signals[name][rows], from_pandas=True) for name in DECIMALS},
    }
    return pa.table(columns)


def _events(log: pd.DataFrame) -> list[tuple[str, ...]]:
    texts = log[list(_EVENTS)].assign(
        start=log["start"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"), end=log["end"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    return list(texts.astype("str").fillna("").itertuples(index=False, name=None))
