"""Greenbyte exports as of Kelmarsh: Turbine_Data and Status per turbine and year, and a static table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from fleet.intervals import OPEN, SECOND
from fleet.synthetic.events import Event
from fleet.synthetic.spec import PERIOD_S
from fleet.synthetic.turbine_run import TurbineRun
from fleet.synthetic.writers.base import FARM_NAME, FarmWriter, number_texts, row, stamp_texts, table_lines

__all__ = ["GreenbyteWriter"]

_END = "\r\n"
#: Column of the export -> signal.
_COLUMNS = {
    "Wind speed (m/s)": "wind_speed",
    "Wind speed, Standard deviation (m/s)": "wind_speed_std",
    "Wind direction (°)": "wind_direction_deg",
    "Nacelle position (°)": "nacelle_direction_deg",
    "Vane position 1+2 (°)": "vane_deg",
    "Power (kW)": "power_kw",
    "Turbine Power setpoint (kW)": "power_setpoint_kw",
    "Nacelle ambient temperature (°C)": "ambient_temperature_degc",
    "Rotor speed (RPM)": "rotor_speed_rpm",
    "Generator RPM (RPM)": "generator_speed_rpm",
    "Blade angle (pitch position) A (°)": "pitch_angle_deg",
    "Blade angle (pitch position) B (°)": "pitch_angle_deg",
    "Blade angle (pitch position) C (°)": "pitch_angle_deg",
    "Grid frequency (Hz)": "grid_frequency_hz",
    "Time-based IEC B.2.2 (Users View)": "exported_availability",
}
_STATUS = (
    "Timestamp start",
    "Timestamp end",
    "Duration",
    "Status",
    "Code",
    "Message",
    "Comment",
    "Service contract category",
    "IEC category",
    "Global contract category",
    "Custom contract category",
)
_STATIC = (
    "Wind Farm",
    "Title",
    "Alternative Title",
    "Identity",
    "Manufacturer",
    "Model",
    "Rated power (kW)",
    "Hub Height (m)",
    "Rotor Diameter (m)",
    "Latitude",
    "Longitude",
    "Elevation (m)",
    "Country",
    "Commercial Operations Date",
)


class GreenbyteWriter(FarmWriter):
    """Writes two files per turbine and year, and the static table.

    An event stands in the file of every year that it touches, with its own begin and end. Stamps are UTC by the header,
    whatever the clock.
    """

    def add(self, run: TurbineRun) -> None:
        for first, last in _years(run):
            self._data(run, first, last)
            self._status(run, first, last)

    def close(self) -> None:
        super().close()
        machine, spec = self.machine, self.spec
        lines = [
            row(
                (
                    *(FARM_NAME, name, name, f"S {k + 1:05d}", "", machine.name, machine.rated_kw, machine.hub_height),
                    *(machine.rotor_diameter, latitude, longitude, spec.elevation, "", ""),
                ),
                end=_END,
            )
            for k, (name, latitude, longitude) in enumerate(self.assets().itertuples(index=False))
        ]
        path = self.folder / f"{FARM_NAME}_WT_static.csv"
        path.write_bytes(b"\xef\xbb\xbf" + row(_STATIC, end=_END) + b"".join(lines))

    def _name(self, kind: str, run: TurbineRun, first: pd.Timestamp, last: pd.Timestamp) -> str:
        return f"{kind}_{FARM_NAME}_{run.name}_{first:%Y-%m-%d}_-_{last:%Y-%m-%d}_{1000 + run.number}.csv"

    def _above(self, run: TurbineRun, first: pd.Timestamp, last: pd.Timestamp, remark: str) -> bytes:
        lines = (
            "# This file is synthetic; it has the form of an export by Greenbyte.",
            "#",
            f"# Turbine: {run.name}",
            f"# Turbine type: {self.machine.name}",
            "# Time zone: UTC",
            f"# Time interval: {first:%Y-%m-%d %H:%M:%S} - {last:%Y-%m-%d %H:%M:%S} ({(last - first).days} days)",
            "#",
            f"# {remark}",
            "#",
        )
        return "".join(line + _END for line in lines).encode()

    def _data(self, run: TurbineRun, first: pd.Timestamp, last: pd.Timestamp) -> None:
        times = run.times[run.rows]
        some = (times >= _us(first)) & (times < _us(last))
        rows = run.rows[some]
        cells: list[pa.Array | str] = [
            stamp_texts(run.stamps.reading[some]),
            *(number_texts(run.signals[name][rows]) for name in _COLUMNS.values()),
        ]
        remark = 'Data that is missing or is erroneous has been marked with the value "NaN"'
        path = self.folder / self._name("Turbine_Data", run, first, last)
        path.write_bytes(self._above(run, first, last, remark))
        content = row(("# Date and time", *_COLUMNS), end=_END) + table_lines(cells, missing="NaN", end=_END)
        with path.open("ab") as file:
            file.write(content)

    def _status(self, run: TurbineRun, first: pd.Timestamp, last: pd.Timestamp) -> None:
        inside = (run.times >= _us(first)) & (run.times < _us(last))
        energy = float(run.truth.power_kw[inside].sum()) * PERIOD_S / 3600.0
        path = self.folder / self._name("Status", run, first, last)
        rows = b"".join(
            row(_status_cells(event), end=_END)
            for event in run.truth.events
            if event.start < _us(last) and (event.start if event.end == OPEN else event.end) >= _us(first)
        )
        path.write_bytes(self._above(run, first, last, f"{run.name} Sum production: {energy:.0f} kWh"))
        with path.open("ab") as file:
            file.write(row(_STATUS, end=_END) + rows)


def _status_cells(event: Event) -> tuple[str, ...]:
    ends = event.end != OPEN
    seconds = (event.end - event.start) // SECOND
    duration = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return (
        _text(event.start),
        _text(event.end) if ends else "-",
        duration if ends else "-",
        event.status.capitalize(),
        str(event.code),
        event.message,
        "",
        event.service_category,
        event.iec_text,
        "",
        "",
    )


def _text(moment: int) -> str:
    return str(np.datetime64(moment // SECOND, "s")).replace("T", " ")


def _us(moment: pd.Timestamp) -> int:
    return int(moment.timestamp()) * SECOND


def _years(run: TurbineRun) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Yield begin and end of each calendar year within the period, UTC."""
    start = pd.Timestamp(int(run.times[0]), unit="us", tz="UTC")
    end = pd.Timestamp(int(run.times[-1]) + PERIOD_S * SECOND, unit="us", tz="UTC")
    while start < end:
        following = min(pd.Timestamp(year=start.year + 1, month=1, day=1, tz="UTC"), end)
        yield start, following
        start = following
