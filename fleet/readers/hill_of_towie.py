"""Hill of Towie (RES, TRIG): SCADA of several tables, state timers, alarm log and turbine metadata.

The export has one file per table and month. Stamps are UTC and label the END of ten minutes, so the first row of a
month's file belongs to the month before, where that month's file has it too. Turbines are numbers of stations.

SCADA starts from `tblSCTurbine`; power and grid frequency (`tblSCTurGrid`) and ambient temperature (`tblSCTurTemp`)
are joined to it by stamp and station. `tblSCTurPress` holds pressures of oil and brakes, none of the air.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fleet.config import Source
from fleet.flags import Flag
from fleet.readers.assets import AssetColumns, read_assets
from fleet.readers.base import Batch, Format
from fleet.readers.codes import whole_codes
from fleet.readers.frames import Rejects, SignalColumn, conform, interval_starts, repeated, scada_batch, signal_values
from fleet.readers.hill_of_towie_files import (
    ALARMS,
    METADATA,
    alarm_texts,
    beside,
    is_alarm_texts,
    month_tables,
    read_alarm_texts,
    turbine_names,
)
from fleet.readers.status import EventColumns, events_batch
from fleet.readers.text import MISSING, RawTable, header_of, read_table
from fleet.schema import TIMERS

__all__ = ["FORMATS", "SIGNALS", "TIMER_COLUMNS"]

_TIME, _STATION = "TimeStamp", "StationId"
_PERIOD_S = 600
_ROUNDING_S = 1.0  # timers are whole seconds

#: Table -> canonical signal -> columns of the export; several are averaged.
SIGNALS: dict[str, dict[str, tuple[str, ...]]] = {
    "tblSCTurbine": {
        "wind_speed": ("wtc_AcWindSp_mean",),
        "wind_speed_std": ("wtc_AcWindSp_stddev",),
        "wind_direction_deg": ("wtc_ActualWindDirection_mean",),
        "nacelle_direction_deg": ("wtc_NacelPos_mean",),
        "pitch_angle_deg": ("wtc_PitcPosA_mean", "wtc_PitcPosB_mean", "wtc_PitcPosC_mean"),
        "rotor_speed_rpm": ("wtc_MainSRpm_mean",),
        "generator_speed_rpm": ("wtc_GenRpm_mean",),
        "power_setpoint_kw": ("wtc_PowerRef_endvalue",),
    },
    "tblSCTurGrid": {"power_kw": ("wtc_ActPower_mean",), "grid_frequency_hz": ("wtc_GridFreq_mean",)},
    "tblSCTurTemp": {"ambient_temperature_degc": ("wtc_AmbieTmp_mean",)},
}
_SCADA, _GRID, _TEMPERATURE = SIGNALS
#: Canonical signal -> the column without which a file is not that table.
_KEYS = {_SCADA: "wtc_AcWindSp_mean", _GRID: "wtc_ActPower_mean", _TEMPERATURE: "wtc_AmbieTmp_mean"}

#: Canonical timer -> column of `tblSCTurFlag`.
TIMER_COLUMNS = {
    "ready_s": "wtc_ScReToOp_timeon",
    "operating_s": "wtc_ScInOper_timeon",
    "wind_in_range_s": "wtc_ScWindIR_timeon",
    "stop_turbine_s": "wtc_ScTurSto_timeon",
    "stop_commanded_s": "wtc_ScComSto_timeon",
    "stop_environment_s": "wtc_ScEnvSto_timeon",
    "stop_grid_s": "wtc_ScGrdSto_timeon",
}
_STOPS = ("stop_turbine_s", "stop_commanded_s", "stop_environment_s", "stop_grid_s")
_ACTIVE_ALARM = "wtc_AlarmCde_endvalue"

_LOG = EventColumns(start="TimeOn", end="TimeOff", code="Alarmcode")
_LOG_STATION = "StationNr"

_ASSETS = AssetColumns(
    name="Turbine Name",
    rated_power_kw="Rated power (kW)",
    hub_height="Hub Height (m)",
    rotor_diameter="Rotor Diameter (m)",
    latitude="Latitude",
    longitude="Longitude",
    manufacturer="Manufacturer",
    model="Model",
)


def _is_scada(path: Path, text: str) -> bool:
    return {_TIME, _STATION, _KEYS[_SCADA]} <= header_of(text, ",")


def _is_grid(path: Path, text: str) -> bool:
    names = header_of(text, ",")
    return {_TIME, _STATION, _KEYS[_GRID]} <= names and _KEYS[_SCADA] not in names


def _is_temperature(path: Path, text: str) -> bool:
    names = header_of(text, ",")
    return {_TIME, _STATION, _KEYS[_TEMPERATURE]} <= names and not {_KEYS[_SCADA], _KEYS[_GRID]} & names


def _is_timers(path: Path, text: str) -> bool:
    return {_TIME, _STATION, TIMER_COLUMNS["ready_s"]} <= header_of(text, ",")


def _is_log(path: Path, text: str) -> bool:
    return {_LOG.start, _LOG_STATION, _LOG.code} <= header_of(text, ",")


def _is_assets(path: Path, text: str) -> bool:
    return {"Wind Farm", "Turbine Name", "Station ID"} <= header_of(text, ",")


def _names_beside(path: Path) -> tuple[Path, ...]:
    return _there(beside(path, METADATA))


def _texts_beside(path: Path) -> tuple[Path, ...]:
    return _there(beside(path, METADATA), beside(path, ALARMS))


def _scada_beside(path: Path) -> tuple[Path, ...]:
    return _there(beside(path, METADATA), *month_tables(path, _SCADA, (_GRID, _TEMPERATURE)).values())


def _there(*paths: Path | None) -> tuple[Path, ...]:
    return tuple(path for path in paths if path is not None)


def _month_notes(name: str, times: pd.DatetimeIndex, label: str) -> list[str]:
    """Return what to know about a month's stamps: that they were moved, and the rows that belong to another month."""
    notes = [f"{name}: stamps label the end of ten minutes, moved to its start"] if label == "end" else []
    known = times.dropna()
    months = known.strftime("%Y-%m")
    if len(months):
        usual = months.value_counts().index[0]
        others = known[months != usual]
        if len(others):
            notes.append(
                f"{name}: rows that then begin in another month than {usual}: {len(others)}, the first at "
                f"{others[0]:%Y-%m-%d %H:%M} UTC"
            )
    return notes


def _read_scada(path: Path, source: Source) -> Batch:
    main = _read_signals(path, source, _SCADA)
    frame, notes = main.frame, list(main.examples)
    notes += _month_notes(path.name, pd.DatetimeIndex(frame["time"]), source.stamps or "end")
    for table, sibling in month_tables(path, _SCADA, (_GRID, _TEMPERATURE)).items():
        wanted = [signal for signal in SIGNALS[table] if frame[signal].isna().all()]
        if sibling is None:
            notes.append(f"{path.name}: no {table} of the same month beside it: no {', '.join(wanted)}")
            continue
        part = _read_signals(sibling, source, table)
        frame, said = _joined(frame, part.frame, wanted)
        notes += [*part.examples, f"{path.name}: joined with {sibling.name} ({part.rows_in:,} rows): {said}"]
    return replace(main, frame=frame, examples=tuple(dict.fromkeys(notes)))


def _read_signals(path: Path, source: Source, table: str) -> Batch:
    """Read one table of signals by itself."""
    columns = {signal: names for part in SIGNALS.values() for signal, names in part.items()}
    optional = [name for names in columns.values() for name in names]
    raw, _, _ = read_table(path, delimiter=",", required=(_TIME, _STATION, _KEYS[table]), optional=optional)
    turbines, notes = turbine_names(path, raw.cells[_STATION])
    there = {signal: tuple(name for name in names if name in raw.cells) for signal, names in columns.items()}
    return scada_batch(
        raw,
        turbine=turbines,
        time_column=_TIME,
        signals={signal: SignalColumn(names) for signal, names in there.items() if names},
        zone=source.time_zone,
        label=source.stamps or "end",
        period_s=_PERIOD_S,
        notes=notes,
    )


def _read_grid(path: Path, source: Source) -> Batch:
    return _read_signals(path, source, _GRID)


def _read_temperature(path: Path, source: Source) -> Batch:
    return _read_signals(path, source, _TEMPERATURE)


def _joined(frame: pd.DataFrame, part: pd.DataFrame, signals: list[str]) -> tuple[pd.DataFrame, str]:
    """Return a frame with the signals that another holds for the same turbine and time, and how many rows met.

    Of several rows of the other one for a turbine and time the first counts. Times are compared to the second: the
    database that the export came from keeps them in steps of some milliseconds.
    """
    readable = part[part["time"].notna() & (part["turbine"] != "")]
    other = readable[~_keys(readable).duplicated()]
    at = _keys(other).get_indexer(_keys(frame))
    met = at >= 0
    values = {name: np.where(met, other[name].to_numpy()[at], np.nan) for name in signals} if len(other) else {}
    bad = np.zeros(len(frame), np.uint32)
    if len(other):
        bad[met] = other["read_flags"].to_numpy(np.uint32)[at[met]] & np.uint32(Flag.BAD_VALUE)
    used = np.unique(at[met]).size
    counts = {
        "rows of both": int(met.sum()),
        "rows without a partner in it": int((~met).sum()),
        "rows of it without a partner, not used": len(other) - used,
        "rows of it with a turbine and stamp that an earlier one has, not used": len(readable) - len(other),
        "unreadable rows of it": len(part) - len(readable),
    }
    said = "; ".join(f"{what}: {count:,}" for what, count in counts.items() if count)
    return frame.assign(**values, read_flags=frame["read_flags"].to_numpy(np.uint32) | bad), said


def _keys(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame["turbine"], frame["time"].dt.round("s")])


def _read_timers(path: Path, source: Source) -> Batch:
    *optional, alarm = [*TIMER_COLUMNS.values(), _ACTIVE_ALARM]
    required = (_TIME, _STATION, TIMER_COLUMNS["ready_s"])
    raw, _, _ = read_table(path, delimiter=",", required=required, optional=[*optional, alarm])
    label = source.stamps or "end"
    rejects = Rejects(raw)
    times = interval_starts(rejects, time_column=_TIME, zone=source.time_zone, label=label, period_s=_PERIOD_S)
    turbines, notes = turbine_names(path, raw.cells[_STATION])
    rejects.add("no station", pc.equal(turbines, "").to_numpy(), _STATION, "a station's number")
    rejects.add("exact duplicate row", repeated(raw))
    rejects.examples += [*notes, *_month_notes(path.name, times[~rejects.out], label)]
    timers = {timer: _seconds(raw, column, rejects) for timer, column in TIMER_COLUMNS.items()}
    alarms, described = _alarms(raw, alarm), alarm_texts(path)
    rejects.examples += _timer_notes(path.name, {timer: values[~rejects.out] for timer, values in timers.items()})
    frame = pd.DataFrame(
        {
            "turbine": turbines.to_pandas(),
            "time": times,
            **timers,
            "alarm_code": alarms,
            "alarm_message": alarms.map(lambda code: described.get(code, "")).astype("str"),
            "source_row": raw.row,
        }
    )
    return rejects.kept(conform(frame, TIMERS))


def _seconds(raw: RawTable, column: str, rejects: Rejects) -> npt.NDArray[np.float64]:
    """Return a timer; what cannot be seconds of ten minutes is missing and quoted."""
    if column not in raw.cells:
        rejects.examples.append(f'{raw.name}: no column "{column}": that timer is missing throughout')
        return np.full(len(raw.row), np.nan)
    values, _ = signal_values(raw, SignalColumn((column,)), rejects.examples)
    impossible = (values < 0) | (values > _PERIOD_S)
    rejects.examples += raw.examples(np.flatnonzero(impossible), column, f"0 to {_PERIOD_S} s")
    return np.where(impossible, np.nan, values)


def _timer_notes(name: str, timers: dict[str, npt.NDArray[np.float64]]) -> list[str]:
    missing = np.isnan(np.vstack(list(timers.values()))).any(axis=0)
    stopped = np.sum([timers[timer] for timer in _STOPS], axis=0)
    more = stopped > _PERIOD_S - timers["ready_s"] + _ROUNDING_S
    counts = {
        "rows with a missing timer": int(missing.sum()),
        "rows in which the stop timers exceed the time not ready by more than a second, left so": int(more.sum()),
    }
    return [f"{name}: {what}: {count:,}" for what, count in counts.items() if count]


def _alarms(raw: RawTable, column: str) -> pd.Series:
    """Return the code of the alarm that was active at the end, empty where none was."""
    if column not in raw.cells:
        return pd.Series("", index=range(len(raw.row)), dtype="str")
    codes = whole_codes(raw.cells[column])
    none: pa.ChunkedArray = pc.is_in(codes, pa.array(["0", *MISSING]))
    return pd.Series(pc.if_else(none, "", codes).to_pandas(), dtype="str")


def _read_log(path: Path, source: Source) -> Batch:
    raw, _, _ = read_table(
        path, delimiter=",", required=(_LOG.start, _LOG.end, _LOG_STATION, _LOG.code), missing=(*MISSING, "NaT")
    )
    raw = replace(raw, cells={**raw.cells, _LOG.code: whole_codes(raw.cells[_LOG.code])})
    turbines, notes = turbine_names(path, raw.cells[_LOG_STATION])
    # An alarm says what the controller saw, not that the turbine stood still: none may become downtime.
    batch = events_batch(raw, _LOG, turbine=turbines, zone=source.time_zone, default_status="warning")
    described = alarm_texts(path)
    messages = batch.frame["code"].map(lambda code: described.get(code, "")).astype("str")
    said = [
        f"{path.name}: alarms are no states: every row counts as a warning, none as a stop",
        f"{path.name}: {int((messages != '').sum()):,} of {len(messages):,} rows have a code that {ALARMS} describes",
    ]
    return replace(batch, frame=batch.frame.assign(message=messages), examples=(*notes, *said, *batch.examples))


def _read_assets(path: Path, source: Source) -> Batch:
    return read_assets(path, _ASSETS)


FORMATS = (
    Format(
        name="hill_of_towie_scada",
        title="Hill of Towie tblSCTurbine, SCADA with tblSCTurGrid and tblSCTurTemp of the same month",
        kind="scada",
        stamps="end",
        matches=_is_scada,
        read=_read_scada,
        companions=_scada_beside,
    ),
    Format(
        name="hill_of_towie_grid",
        title="Hill of Towie tblSCTurGrid, read with tblSCTurbine",
        kind="companion",
        stamps="end",
        matches=_is_grid,
        read=_read_grid,
        companions=_names_beside,
    ),
    Format(
        name="hill_of_towie_temperature",
        title="Hill of Towie tblSCTurTemp, read with tblSCTurbine",
        kind="companion",
        stamps="end",
        matches=_is_temperature,
        read=_read_temperature,
        companions=_names_beside,
    ),
    Format(
        name="hill_of_towie_timers",
        title="Hill of Towie tblSCTurFlag, seconds in each state per ten minutes",
        kind="timers",
        stamps="end",
        matches=_is_timers,
        read=_read_timers,
        companions=_texts_beside,
    ),
    Format(
        name="hill_of_towie_alarms",
        title="Hill of Towie tblAlarmLog, alarms of all turbines",
        kind="events",
        stamps="instant",
        matches=_is_log,
        read=_read_log,
        companions=_texts_beside,
    ),
    Format(
        name="hill_of_towie_alarm_texts",
        title="Hill of Towie description of alarms, read with tblAlarmLog and tblSCTurFlag",
        kind="companion",
        stamps="instant",
        matches=is_alarm_texts,
        read=read_alarm_texts,
    ),
    Format(
        name="hill_of_towie_assets",
        title="Hill of Towie turbine metadata",
        kind="assets",
        stamps="instant",
        matches=_is_assets,
        read=_read_assets,
    ),
)
