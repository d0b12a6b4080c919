"""ENGIE's open data of La Haute Borne: one CSV of all turbines with offsets in the stamps, and an asset table."""

from __future__ import annotations

import pyarrow as pa

from fleet.readers.engie import SIGNALS
from fleet.synthetic.turbine_run import TurbineRun
from fleet.synthetic.writers.base import FarmWriter, append, number_texts, row, stamp_texts, table_lines

__all__ = ["EngieWriter"]

_HEADER = ("Wind_turbine_name", "Date_time", *SIGNALS)
_ASSETS = (
    "Wind_turbine_name",
    "Latitude",
    "Longitude",
    "elevation_m",
    "Rated_power",
    "Hub_height_m",
    "Rotor_diameter_m",
    "Manufacturer",
    "Model",
)


class EngieWriter(FarmWriter):
    """Writes `scada.csv` and `asset_table.csv`; the format has no status log."""

    def add(self, run: TurbineRun) -> None:
        lost = self.spec.clock == "local"
        cells: list[pa.Array | str] = [
            run.name,
            stamp_texts(run.stamps.reading, None if lost else run.stamps.offset_s),
            *(number_texts(run.signals[name][run.rows]) for name in SIGNALS.values()),
        ]
        append(self.folder / "scada.csv", _HEADER, table_lines(cells))

    def close(self) -> None:
        super().close()
        machine, spec = self.machine, self.spec
        lines = [
            row(
                (
                    *(name, latitude, longitude, spec.elevation, machine.rated_kw, machine.hub_height),
                    *(machine.rotor_diameter, "", machine.name),
                )
            )
            for name, latitude, longitude in self.assets().itertuples(index=False)
        ]
        append(self.folder / "asset_table.csv", _ASSETS, b"".join(lines))
