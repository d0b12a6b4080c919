"""ENGIE's open data of La Haute Borne: 10-minute SCADA export and asset table.

The publisher does not say which end of the interval a stamp labels: the start is assumed. Stamps carry offsets
(+01:00, +02:00). `Ya` is the nacelle's angle, `Wa` the absolute wind direction, `Va` the vane. The short copy holds the
means; the full export separates fields by semicolon and has `_min`, `_max` and `_std` of every signal as well.
"""

from __future__ import annotations

from pathlib import Path

from fleet.config import Source
from fleet.readers.assets import AssetColumns, read_assets
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, scada_batch
from fleet.readers.text import delimiter_of, head, header_of, read_table

__all__ = ["FORMATS", "SIGNALS"]

_TURBINE, _TIME = "Wind_turbine_name", "Date_time"

#: Column of the export -> canonical signal.
SIGNALS: dict[str, str] = {
    "P_avg": "power_kw",
    "Ws_avg": "wind_speed",
    "Ws_std": "wind_speed_std",
    "Wa_avg": "wind_direction_deg",
    "Va_avg": "vane_deg",
    "Ya_avg": "nacelle_direction_deg",
    "Ot_avg": "ambient_temperature_degc",
    "Ba_avg": "pitch_angle_deg",
    "Rs_avg": "rotor_speed_rpm",
    "Ds_avg": "generator_speed_rpm",
    "Nf_avg": "grid_frequency_hz",
}

_ASSETS = AssetColumns(
    name=_TURBINE,
    rated_power_kw="Rated_power",
    hub_height="Hub_height_m",
    rotor_diameter="Rotor_diameter_m",
    latitude="Latitude",
    longitude="Longitude",
    elevation="elevation_m",
    manufacturer="Manufacturer",
    model="Model",
)


def _is_scada(path: Path, text: str) -> bool:
    return {_TURBINE, _TIME} <= header_of(text)


def _is_assets(path: Path, text: str) -> bool:
    names = header_of(text)
    return {_TURBINE, "Rated_power"} <= names and _TIME not in names


def _read_scada(path: Path, source: Source) -> Batch:
    mark = delimiter_of(head(path).split("\n", 1)[0])
    raw, _, _ = read_table(
        path, delimiter=mark if mark == ";" else ",", required=(_TURBINE, _TIME, "P_avg", "Ws_avg"), optional=[*SIGNALS]
    )
    return scada_batch(
        raw,
        turbine=raw.cells[_TURBINE],
        time_column=_TIME,
        signals={name: SignalColumn((column,)) for column, name in SIGNALS.items() if column in raw.cells},
        zone=source.time_zone,
        label=source.stamps or "start",
        period_s=source.averaging_period_s,
    )


def _read_asset_table(path: Path, source: Source) -> Batch:
    return read_assets(path, _ASSETS)


FORMATS = (
    Format(
        name="engie_scada",
        title="ENGIE La Haute Borne, 10-minute SCADA export",
        kind="scada",
        stamps="assumed start",
        matches=_is_scada,
        read=_read_scada,
    ),
    Format(
        name="engie_assets",
        title="ENGIE La Haute Borne, asset table",
        kind="assets",
        stamps="instant",
        matches=_is_assets,
        read=_read_asset_table,
    ),
)
