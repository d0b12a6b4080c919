"""SDWPF (Longyuan, Baidu KDD Cup 2022): ten-minute SCADA of 134 turbines and their places.

A stamp is a day's number and a clock reading, without date or zone. By the convention of those who use the data day 1
is 2020-05-01, in China's time; which end of the interval a stamp labels the publisher does not say. `Wdir` is
relative to the nacelle, `Ndir` is the nacelle's direction, which runs on beyond a full turn.

The organisers' rules (data of Zhou et al. 2022, arXiv:2208.04360) call a record unknown where power is not positive in
more than 2.5 m/s or a blade is beyond 89 deg, and abnormal where a direction cannot be: such rows carry
`Flag.PUBLISHER`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fleet.config import Source
from fleet.flags import Flag
from fleet.readers.assets import AssetColumns, read_assets
from fleet.readers.base import Batch, Format
from fleet.readers.frames import SignalColumn, scada_batch
from fleet.readers.text import RawTable, header_of, numbers, read_table, texts

__all__ = ["FIRST_DAY", "FORMATS"]

#: The date of day 1, by convention.
FIRST_DAY = np.datetime64("2020-05-01", "D")
_ZONE = "Asia/Shanghai"

_TURBINE, _DAY, _CLOCK = "TurbID", "Day", "Tmstamp"
_STAMP = f"{_DAY} {_CLOCK}"
_PITCH = ("Pab1", "Pab2", "Pab3")
_LAST_DAY = 36_525  # a century

_SIGNALS: dict[str, tuple[str, ...]] = {
    "power_kw": ("Patv",),
    "wind_speed": ("Wspd",),
    "vane_deg": ("Wdir",),
    "nacelle_direction_deg": ("Ndir",),
    "ambient_temperature_degc": ("Etmp",),
    "pitch_angle_deg": _PITCH,
}
_REQUIRED = tuple(name for names in _SIGNALS.values() for name in names)

_ASSETS = AssetColumns(name=_TURBINE, x_m="x", y_m="y")

Values = npt.NDArray[np.float64]


def _is_scada(path: Path, text: str) -> bool:
    return {_TURBINE, _DAY, _CLOCK, "Patv", "Wspd"} <= header_of(text, ",")


def _is_assets(path: Path, text: str) -> bool:
    names = header_of(text, ",")
    return {_TURBINE, "x", "y"} <= names and _DAY not in names


def _read_scada(path: Path, source: Source) -> Batch:
    raw, _, _ = read_table(path, delimiter=",", required=(_TURBINE, _DAY, _CLOCK, *_REQUIRED))
    raw = dataclasses.replace(raw, cells={**raw.cells, _STAMP: _stamps(raw)})
    zone = source.time_zone if "time_zone" in source.model_fields_set else _ZONE
    batch = scada_batch(
        raw,
        turbine=raw.cells[_TURBINE],
        time_column=_STAMP,
        signals={
            name: SignalColumn(columns, _turned if name == "nacelle_direction_deg" else None)
            for name, columns in _SIGNALS.items()
        },
        zone=zone,
        label=source.stamps or "start",
        period_s=source.averaging_period_s,
        notes=(f"{path.name}: a stamp is {_DAY} and {_CLOCK}; day 1 taken as {FIRST_DAY}, clock as {zone}",),
    )
    rules = _publishers_rules(raw)
    unknown, abnormal = (np.any([hit for what, hit in rules[kind].items()], axis=0) for kind in rules)
    flags = batch.frame["read_flags"].to_numpy(np.uint32, copy=True)
    flags[np.isin(batch.frame["source_row"].to_numpy(), raw.row[unknown | abnormal])] |= np.uint32(Flag.PUBLISHER)
    said = [
        f"{path.name}: rows {kind} by the publisher's rules: {int(total.sum()):,} ("
        + "; ".join(f"{what}: {int(hit.sum()):,}" for what, hit in rules[kind].items())
        + ")"
        for kind, total in (("unknown", unknown), ("abnormal", abnormal))
    ]
    return dataclasses.replace(batch, frame=batch.frame.assign(read_flags=flags), examples=(*said, *batch.examples))


def _stamps(raw: RawTable) -> pa.ChunkedArray:
    """Return date and clock reading as text; what is no day stays as written, and then cannot be read as a stamp."""
    days = texts(raw.cells[_DAY]).combine_chunks().dictionary_encode()
    dates = pa.array([_date(text) for text in days.dictionary.to_pylist()], pa.string())
    clocks = texts(raw.cells[_CLOCK]).combine_chunks()
    return pa.chunked_array([pc.binary_join_element_wise(dates.take(days.indices), clocks, " ")])


def _date(text: str) -> str:
    number = text.removesuffix(".0")
    if number.isascii() and number.isdigit() and 1 <= int(number) <= _LAST_DAY:
        return str(FIRST_DAY + np.timedelta64(int(number) - 1, "D"))
    return text


def _turned(direction: Values) -> Values:
    """Return the direction within a turn [deg]; beyond two turns the publisher calls it abnormal, and it stays."""
    return np.where(np.abs(direction) <= 720.0, np.mod(direction, 360.0), direction)


def _publishers_rules(raw: RawTable) -> dict[str, dict[str, npt.NDArray[np.bool_]]]:
    """Return which rows each rule meets; a missing value meets none."""
    value = {name: numbers(raw.cells[name])[0] for name in _REQUIRED}
    return {
        "unknown": {
            "power not positive in more than 2.5 m/s": (value["Patv"] <= 0.0) & (value["Wspd"] > 2.5),
            "a blade beyond 89 deg": np.any([value[blade] > 89.0 for blade in _PITCH], axis=0),
        },
        "abnormal": {
            "nacelle direction beyond 720 deg": np.abs(value["Ndir"]) > 720.0,
            "vane beyond 180 deg": np.abs(value["Wdir"]) > 180.0,
        },
    }


def _read_assets(path: Path, source: Source) -> Batch:
    batch = read_assets(path, _ASSETS)
    note = f"{path.name}: x taken as metres to the east, y as metres to the north: the publisher does not say"
    return dataclasses.replace(batch, examples=(note, *batch.examples))


FORMATS = (
    Format(
        name="sdwpf_scada",
        title="SDWPF, ten-minute SCADA export",
        kind="scada",
        stamps="assumed start",
        matches=_is_scada,
        read=_read_scada,
    ),
    Format(
        name="sdwpf_assets",
        title="SDWPF, places of the turbines",
        kind="assets",
        stamps="instant",
        matches=_is_assets,
        read=_read_assets,
    ),
)
