"""Greenbyte exports (Kelmarsh, Penmanshiel): `Turbine_Data`, `Status` and the static table.

About nine lines with `#` stand above the header; that of `Turbine_Data` is commented as well, that of `Status` is not.
The turbine, the time zone and the period come from these lines, units from the names of the columns. Users of the
data document that a stamp labels the start of its interval; the export itself is silent, so the start is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from fleet.config import Source
from fleet.errors import ConfigError, InputError
from fleet.readers.assets import AssetColumns, read_assets
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, scada_batch
from fleet.readers.preamble import Preamble, read_preamble
from fleet.readers.status import EventColumns, events_batch
from fleet.readers.text import header_of, read_table
from fleet.readers.units import converter

__all__ = ["FORMATS", "SIGNALS", "signal_columns"]

_DATA_HEADER = "# Date and time"
_STATUS_HEADER = "Timestamp start"
_TIME = "Date and time"

#: Canonical signal -> titles in the export without their unit, the best first.
SIGNALS: dict[str, tuple[str, ...]] = {
    "power_kw": ("Power",),
    "wind_speed": ("Wind speed",),
    "wind_speed_std": ("Wind speed, Standard deviation", "Wind speed, StdDev"),
    "wind_direction_deg": ("Wind direction",),
    "vane_deg": ("Vane position 1+2", "Vane position"),
    "nacelle_direction_deg": ("Nacelle position",),
    "ambient_temperature_degc": ("Nacelle ambient temperature", "Ambient temperature"),
    "air_pressure_pa": ("Air pressure", "Ambient pressure", "Barometric pressure"),
    "relative_humidity": ("Relative humidity", "Humidity"),
    "rotor_speed_rpm": ("Rotor speed",),
    "generator_speed_rpm": ("Generator RPM", "Generator speed"),
    "power_setpoint_kw": ("Turbine Power setpoint", "Power setpoint"),
    "potential_power_kw": (
        "Potential power default PC",
        "Potential power learned PC",
        "Potential power MPC",
        "Potential power estimated",
        "Manufacturer Potential Power (SCADA)",
    ),
    # The manufacturer's view (B.3.2) is another figure.
    "exported_availability": tuple(f"Time-based IEC B.2.{annex} (Users View)" for annex in (2, 3, 4)),
    "grid_frequency_hz": ("Grid frequency",),
}
_BLADES = tuple(f"Blade angle (pitch position) {blade}" for blade in "ABC")

#: The unit stands in brackets at the end; a view of availability in brackets belongs to the title.
_TITLE = re.compile(r"^(?P<title>.*?)(?: \((?P<unit>(?![^()]*View\))[^()]*)\))?$")

_STATUS = EventColumns(
    start="Timestamp start",
    end="Timestamp end",
    status="Status",
    code="Code",
    message="Message",
    service_category="Service contract category",
    iec_category="IEC category",
)

_ASSETS = AssetColumns(
    name="Title",
    rated_power_kw="Rated power (kW)",
    hub_height="Hub Height (m)",
    rotor_diameter="Rotor Diameter (m)",
    latitude="Latitude",
    longitude="Longitude",
    elevation="Elevation (m)",
    manufacturer="Manufacturer",
    model="Model",
)


def _header(text: str, start: str) -> str:
    return next((line for line in text.splitlines()[:100] if line.startswith(start)), "")


def _is_data(path: Path, text: str) -> bool:
    line = _header(text, _DATA_HEADER)
    return bool(line) and "\n# Turbine:" in f"\n{text}" and ("Power" in line or "Wind speed" in line)


def _is_status(path: Path, text: str) -> bool:
    line = _header(text, _STATUS_HEADER)
    return bool(line) and "Status" in line and "\n# Turbine:" in f"\n{text}"


def _is_assets(path: Path, text: str) -> bool:
    return {"Wind Farm", "Title", "Rated power (kW)"} <= header_of(text, ",")


def signal_columns(names: Sequence[str], where: str) -> dict[str, SignalColumn]:
    """Return where each canonical signal comes from, read from the export's column names and the units in them.

    Parameters
    ----------
    names : sequence of str
        Columns of the export.
    where : str
        The file, for messages.

    Raises
    ------
    InputError
        If a unit is not known for its signal.
    """
    units: dict[str, tuple[str, str]] = {}
    for name in names:
        match = _TITLE.match(name)
        if match:
            units.setdefault(match["title"], (name, match["unit"] or ""))
    found: dict[str, SignalColumn] = {}
    try:
        for signal, titles in SIGNALS.items():
            title = next((title for title in titles if title in units), None)
            if title is not None:
                column, unit = units[title]
                found[signal] = SignalColumn((column,), converter(signal, unit, f"{where}: column {column}"))
        blades = [units[blade] for blade in _BLADES if blade in units]
        if blades:
            convert = converter("pitch_angle_deg", blades[0][1], f"{where}: column {blades[0][0]}")
            found["pitch_angle_deg"] = SignalColumn(tuple(column for column, _ in blades), convert)
    except ConfigError as error:
        raise InputError(str(error)) from None
    return found


def _read_data(path: Path, source: Source) -> Batch:
    def mapped(names: Sequence[str]) -> list[str]:
        return [column for signal in signal_columns(names, str(path)).values() for column in signal.columns]

    raw, names, lines = read_table(
        path,
        header_start=_DATA_HEADER,
        header_prefix="# ",
        delimiter=",",
        required=(_TIME,),
        optional=mapped,
    )
    about = read_preamble(path, lines, source.time_zone)
    signals = signal_columns(names, str(path))
    available = signals.get("exported_availability")
    notes = (
        [] if available is None else [f"{path.name}: the export's availability is the column {available.columns[0]}"]
    )
    return scada_batch(
        raw,
        turbine=about.turbine,
        time_column=_TIME,
        signals=signals,
        zone=about.zone,
        label=source.stamps or "start",
        period_s=source.averaging_period_s,
        declared=about.declared,
        notes=notes,
    )


def _read_status(path: Path, source: Source) -> Batch:
    raw, _, lines = read_table(
        path,
        header_start=_STATUS_HEADER,
        delimiter=",",
        required=(_STATUS.start, _STATUS.end, "Duration", "Status", "Code", "Message", "IEC category"),
        # Every column counts for "the same event twice".
        optional=(
            "Comment",
            "Service contract category",
            "Global contract category",
            "Custom contract category",
        ),
        missing=("", "-"),
        multiline=True,
    )
    about: Preamble = read_preamble(path, lines, source.time_zone)
    return events_batch(
        raw, _STATUS, turbine=about.turbine, zone=about.zone, duration_column="Duration", declared=about.declared
    )


def _read_assets(path: Path, source: Source) -> Batch:
    return read_assets(path, _ASSETS)


FORMATS = (
    Format(
        name="greenbyte_turbine_data",
        title="Greenbyte Turbine_Data, SCADA export of one turbine",
        kind="scada",
        stamps="assumed start",
        matches=_is_data,
        read=_read_data,
    ),
    Format(
        name="greenbyte_status",
        title="Greenbyte Status, event log of one turbine",
        kind="events",
        stamps="instant",
        matches=_is_status,
        read=_read_status,
    ),
    Format(
        name="greenbyte_assets",
        title="Greenbyte static table of turbines",
        kind="assets",
        stamps="instant",
        matches=_is_assets,
        read=_read_assets,
    ),
)
