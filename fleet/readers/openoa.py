"""Plant meter and reanalysis tables as the OpenOA package distributes them for La Haute Borne."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fleet.config import Source
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, numeric_batch
from fleet.readers.text import header_of, read_table
from fleet.schema import METER, REANALYSIS

__all__ = ["FORMATS"]

_METER = {
    "energy_kwh": "net_energy_kwh",
    "availability_loss_kwh": "availability_kwh",
    "curtailment_loss_kwh": "curtailment_kwh",
}
_ERA5 = {"temperature_degc": "t_2m", "air_pressure_pa": "surf_pres"}
_MERRA2 = {"temperature_degc": "temp_2m", "air_pressure_pa": "surface_pressure"}
_WIND, _DENSITY = re.compile(r"^ws_\d+m$"), re.compile(r"^dens_\d+m$")


def _celsius(kelvin: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return kelvin - 273.15


def _is_meter(path: Path, text: str) -> bool:
    return {"time_utc", "net_energy_kwh"} <= header_of(text, ",")


def _is_reanalysis(text: str, temperature: str) -> bool:
    names = header_of(text, ",")
    return {"datetime", temperature} <= set(names) and any(_WIND.match(name) for name in names)


def _is_era5(path: Path, text: str) -> bool:
    return _is_reanalysis(text, _ERA5["temperature_degc"])


def _is_merra2(path: Path, text: str) -> bool:
    return _is_reanalysis(text, _MERRA2["temperature_degc"])


def _read_meter(path: Path, source: Source) -> Batch:
    raw, _, _ = read_table(path, delimiter=",", required=("time_utc", "net_energy_kwh"), optional=list(_METER.values()))
    signals = {name: SignalColumn((column,)) for name, column in _METER.items() if column in raw.cells}
    return numeric_batch(
        raw, METER, time_column="time_utc", zone="UTC", signals=signals, label=source.stamps or "start"
    )


def _at_height(names: Sequence[str]) -> list[str]:
    return [name for name in names if _WIND.match(name) or _DENSITY.match(name)]


def _read_reanalysis(path: Path, columns: dict[str, str]) -> Batch:
    raw, names, _ = read_table(path, delimiter=",", required=("datetime", *columns.values()), optional=_at_height)
    signals = {
        name: SignalColumn((column,), _celsius if name == "temperature_degc" else None)
        for name, column in columns.items()
    }
    for name in _at_height(names):
        if _WIND.match(name):
            signals.setdefault("wind_speed", SignalColumn((name,)))
        elif _DENSITY.match(name):
            signals.setdefault("air_density", SignalColumn((name,)))
    return numeric_batch(raw, REANALYSIS, time_column="datetime", zone="UTC", signals=signals)


def _read_era5(path: Path, source: Source) -> Batch:
    return _read_reanalysis(path, _ERA5)


def _read_merra2(path: Path, source: Source) -> Batch:
    return _read_reanalysis(path, _MERRA2)


FORMATS = (
    Format(
        name="openoa_meter",
        title="plant meter with the publisher's losses (OpenOA)",
        kind="meter",
        stamps="assumed start",
        matches=_is_meter,
        read=_read_meter,
    ),
    Format(
        name="openoa_era5",
        title="ERA5 at the site, hourly (OpenOA)",
        kind="reanalysis",
        stamps="instant",
        matches=_is_era5,
        read=_read_era5,
    ),
    Format(
        name="openoa_merra2",
        title="MERRA-2 at the site, hourly (OpenOA)",
        kind="reanalysis",
        stamps="instant",
        matches=_is_merra2,
        read=_read_merra2,
    ),
)
