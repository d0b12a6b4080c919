"""Hill of Towie's export: tables of all stations per month, stamps at the END of the interval, and an alarm log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fleet.intervals import OPEN, SECOND
from fleet.synthetic.events import OTHER_STOPS, Event
from fleet.synthetic.spec import PERIOD_S
from fleet.synthetic.timers import state_timers
from fleet.synthetic.turbine_run import TurbineRun
from fleet.synthetic.writers.base import FARM_NAME, FarmWriter, append, number_texts, row, stamp_texts, table_lines

__all__ = ["FIRST_STATION", "HillOfTowieWriter"]

FIRST_STATION = 2_304_510  #: StationId of the first turbine

Ints = npt.NDArray[np.int64]

#: Table -> column -> signal.
_SIGNALS: dict[str, dict[str, str]] = {
    "tblSCTurbine": {
        "wtc_AcWindSp_mean": "wind_speed",
        "wtc_AcWindSp_stddev": "wind_speed_std",
        "wtc_ActualWindDirection_mean": "wind_direction_deg",
        "wtc_NacelPos_mean": "nacelle_direction_deg",
        "wtc_GenRpm_mean": "generator_speed_rpm",
        "wtc_MainSRpm_mean": "rotor_speed_rpm",
        "wtc_PitcPosA_mean": "pitch_angle_deg",
        "wtc_PitcPosB_mean": "pitch_angle_deg",
        "wtc_PitcPosC_mean": "pitch_angle_deg",
        "wtc_PowerRef_endvalue": "power_setpoint_kw",
    },
    "tblSCTurGrid": {"wtc_ActPower_mean": "power_kw", "wtc_GridFreq_mean": "grid_frequency_hz"},
    "tblSCTurTemp": {"wtc_AmbieTmp_mean": "ambient_temperature_degc"},
}
_TIMERS = {
    "wtc_ScInOper_timeon": "operating_s",
    "wtc_ScReToOp_timeon": "ready_s",
    "wtc_ScWindIR_timeon": "wind_in_range_s",
    "wtc_ScEnvSto_timeon": "stop_environment_s",
    "wtc_ScComSto_timeon": "stop_commanded_s",
    "wtc_ScTurSto_timeon": "stop_turbine_s",
    "wtc_ScGrdSto_timeon": "stop_grid_s",
}
_CUT_IN, _RUNNING = 20, 100_210
#: Code in the log of a synthetic turbine -> code of this turbine type that is known to mean it.
_CODES = {10: 1005, 64: 8000, _RUNNING: _CUT_IN}
_OTHER = 20_000  # added to all other codes, which keeps them apart from those of this turbine type
_METADATA = (
    "Wind Farm",
    "Turbine Name",
    "Latitude",
    "Longitude",
    "Station ID",
    "Manufacturer",
    "Model",
    "Rated power (kW)",
    "Hub Height (m)",
    "Rotor Diameter (m)",
    "Country",
    "Commercial Operations Date",
)


class HillOfTowieWriter(FarmWriter):
    """Writes four tables and the alarm log per month, shutdown durations, turbine metadata and alarm descriptions.

    A stamp at the border of two months stands in both files, as in the published ones. The alarm log has stops with
    begin and end, and cut-ins (20) without an end; other rows of the controller's log are left out but for low wind.
    """

    def add(self, run: TurbineRun) -> None:
        station = str(FIRST_STATION + run.number)
        stamps = run.stamps.reading + PERIOD_S * SECOND  # of the interval's end
        timers = state_timers(run)
        flags = {column: timers[name].to_numpy(np.float64) for column, name in _TIMERS.items()}
        alarms = timers["alarm_code"].map(lambda code: _alarm(int(code)) if code else 0)
        flags["wtc_AlarmCde_endvalue"] = alarms.to_numpy(np.float64)
        tables = {
            table: {column: run.signals[name][run.rows] for column, name in columns.items()}
            for table, columns in _SIGNALS.items()
        }
        for month, some in _months(stamps):
            for table, values in {**tables, "tblSCTurFlag": flags}.items():
                self._append(f"{table}_{month}.csv", stamps[some], station, values, some)
        self._alarms(run, station)
        self._shutdowns(run, PERIOD_S - timers["ready_s"].to_numpy(np.float64))

    def _append(
        self, name: str, stamps: Ints, station: str, values: Mapping[str, npt.NDArray[np.float64]], some: Ints
    ) -> None:
        cells: list[pa.Array | str] = [stamp_texts(stamps), station]
        cells += [number_texts(column[some]) for column in values.values()]
        append(self.folder / name, ("TimeStamp", "StationId", *values), table_lines(cells))

    def _alarms(self, run: TurbineRun, station: str) -> None:
        rows: dict[str, list[bytes]] = {}
        for event in run.truth.events:
            if event.status == "stop" or event.code in _CODES:
                month = str(np.datetime64(event.start // SECOND, "s").astype("datetime64[M]")).replace("-", "_")
                rows.setdefault(month, []).append(row(_alarm_cells(event, station)))
        for month, lines in sorted(rows.items()):
            path = self.folder / f"tblAlarmLog_{month}.csv"
            append(path, ("TimeOn", "TimeOff", "StationNr", "Alarmcode"), b"".join(lines))

    def _shutdowns(self, run: TurbineRun, stopped_s: npt.NDArray[np.float64]) -> None:
        cells: list[pa.Array | str] = [stamp_texts(run.stamps.reading), run.name, number_texts(stopped_s)]
        header = ("TimeStamp_StartFormat", "TurbineName", "ShutdownDuration")
        append(self.folder / "ShutdownDuration.csv", header, table_lines(cells))

    def close(self) -> None:
        super().close()
        machine = self.machine
        lines = [
            row(
                (
                    *(FARM_NAME, name, latitude, longitude, FIRST_STATION + k, "", machine.name, machine.rated_kw),
                    *(machine.hub_height, machine.rotor_diameter, "", ""),
                )
            )
            for k, (name, latitude, longitude) in enumerate(self.assets().itertuples(index=False))
        ]
        path = self.folder / "Hill_of_Towie_turbine_metadata.csv"
        path.write_bytes(b"\xef\xbb\xbf" + row(_METADATA) + b"".join(lines))
        known = {_alarm(kind.code): kind.message for kind in (*self.spec.stops, *OTHER_STOPS)}
        known[1005] = "Availability - low wind"
        rows = [(_CUT_IN, "Large generator Cut-in", 0), *((code, text, 1) for code, text in sorted(known.items()))]
        header = ("Alarm Code", "Description", "Stopping")
        append(self.folder / "Hill_of_Towie_alarms_description.csv", header, b"".join(row(cells) for cells in rows))


def _alarm_cells(event: Event, station: str) -> tuple[str, ...]:
    def text(moment: int) -> str:
        return "" if moment == OPEN else str(np.datetime64(moment // SECOND, "s")).replace("T", " ")

    return text(event.start), text(event.end), station, str(_alarm(event.code))


def _alarm(code: int) -> int:
    return _CODES.get(code, _OTHER + code)


def _months(stamps: Ints) -> Iterator[tuple[str, Ints]]:
    """Yield each month as YYYY_MM with the rows whose stamp lies in it, both borders included."""
    instants = stamps.astype("datetime64[us]")
    first, last = (
        (instants - np.timedelta64(1, "s")).astype("datetime64[M]").min(),
        instants.astype("datetime64[M]").max(),
    )
    for month in np.arange(first, last + 1):
        low, high = (edge.astype("datetime64[us]") for edge in (month, month + 1))
        some = np.flatnonzero((instants >= low) & (instants <= high))
        if some.size:
            yield str(month).replace("-", "_"), some
