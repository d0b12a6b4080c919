"""SDWPF's form (Longyuan): one CSV with the number of the day and the local time of day, and turbine coordinates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fleet.errors import ConfigError
from fleet.intervals import SECOND
from fleet.synthetic.layout import position
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.turbine_run import TurbineRun
from fleet.synthetic.writers.base import FarmWriter, append, number_texts, row, stamp_texts, table_lines

__all__ = ["SdwpfWriter"]

_FIRST_DAY = np.datetime64("2020-05-01", "D")  # Day 1, by convention
_CHINA_S = 8 * 3600
_HEADER = ("TurbID", "Day", "Tmstamp", "Wspd", "Wdir", "Etmp", "Itmp", "Ndir", "Pab1", "Pab2", "Pab3", "Prtv", "Patv")
_INSIDE_WARMER = 12.0  # [K]


class SdwpfWriter(FarmWriter):
    """Writes the data and the turbines' coordinates; turbines are numbers, and there is no status log."""

    def __init__(self, folder: Path, spec: FleetSpec, machine: SteadyMachine) -> None:
        super().__init__(folder, spec, machine)
        if np.datetime64(spec.start, "D") < _FIRST_DAY:
            raise ConfigError(
                f"start: found {spec.start}, expected {_FIRST_DAY} or later: sdwpf counts days from there"
            )

    def add(self, run: TurbineRun) -> None:
        local = run.stamps.utc + _CHINA_S * SECOND
        day = (local.astype("datetime64[us]").astype("datetime64[D]") - _FIRST_DAY).astype(np.int64) + 1
        outside = run.signals["ambient_temperature_degc"][run.rows]
        pitch = number_texts(run.signals["pitch_angle_deg"][run.rows])
        nacelle = run.signals["nacelle_direction_deg"][run.rows]
        cells: list[pa.Array | str] = [
            str(run.number + 1),
            number_texts(day),
            pc.utf8_slice_codeunits(stamp_texts(local), 11, 16),
            number_texts(run.signals["wind_speed"][run.rows]),
            number_texts(run.signals["vane_deg"][run.rows]),
            number_texts(outside),
            number_texts(np.round(outside + _INSIDE_WARMER, 2)),
            number_texts(nacelle),
            pitch,
            pitch,
            pitch,
            number_texts(np.zeros(run.rows.size)),
            number_texts(run.signals["power_kw"][run.rows]),
        ]
        append(self.folder / "sdwpf_synthetic.csv", _HEADER, table_lines(cells))

    def close(self) -> None:
        self.write_settings(time_zone="Asia/Shanghai", rated_power_kw=self.machine.rated_kw)
        places = (position(k, self.spec.spacing) for k in range(self.spec.turbines))
        lines = b"".join(row((k + 1, east, north)) for k, (east, north) in enumerate(places))
        path = self.folder / "sdwpf_turb_location.csv"
        path.write_bytes(b"\xef\xbb\xbf" + row(("TurbID", "x", "y")) + lines)
