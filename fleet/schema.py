"""The canonical tables: every column's name, dtype, unit, meaning and IEC 61400-25-2 name, as data.

Readers write these columns, validation checks them, and `docs/nomenclature.md` is generated from them. Time stamps are
UTC with microsecond resolution and label the START of the averaging interval.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "EVENTS",
    "FLEET",
    "METER",
    "OPERATOR",
    "REANALYSIS",
    "SCADA",
    "SIGNALS",
    "TIMERS",
    "TIME_DTYPE",
    "WIND_SPEED_MAX",
    "Column",
    "columns",
    "dtypes",
]

WIND_SPEED_MAX = 40.0  #: highest possible ten-minute mean [m/s]
#: Stands for all turbines together in result tables; no turbine may be called so.
FLEET = "fleet"
TIME_DTYPE = "datetime64[us, UTC]"
_LOCAL_DTYPE = "datetime64[us]"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a canonical table."""

    name: str
    dtype: str
    unit: str = ""  #: "" for text and times
    meaning: str
    iec_name: str = ""  #: logical node and data name of IEC 61400-25-2, "" where there is none
    low: float | None = None  #: physically possible range, in the column's unit; None: not checked
    high: float | None = None


def _signal(name: str, unit: str, meaning: str, iec_name: str, low: float | None, high: float | None) -> Column:
    return Column(name=name, dtype="float64", unit=unit, meaning=meaning, iec_name=iec_name, low=low, high=high)


#: Measured signals of one turbine. The range of the powers [kW] comes from the turbine's rated power (`[quality]`).
SIGNALS: tuple[Column, ...] = (
    _signal("power_kw", "kW", "active power, mean of the interval, positive when producing", "WTUR.W", None, None),
    _signal("wind_speed", "m/s", "wind speed of the nacelle anemometer, mean", "WNAC.WdSpd", 0.0, WIND_SPEED_MAX),
    _signal("wind_speed_std", "m/s", "standard deviation of the nacelle wind speed in the interval", "", 0.0, 20.0),
    _signal("wind_direction_deg", "deg", "wind direction, clockwise from north", "WMET.HorWdDir", 0.0, 360.0),
    _signal("vane_deg", "deg", "wind vane, relative to the nacelle", "WNAC.WdDir", -180.0, 180.0),
    _signal("nacelle_direction_deg", "deg", "nacelle position, clockwise from north", "WNAC.Dir", 0.0, 360.0),
    _signal("ambient_temperature_degc", "degC", "outdoor temperature", "WNAC.ExtTmp", -50.0, 60.0),
    _signal("air_pressure_pa", "Pa", "air pressure at hub height", "WMET.EnvPres", 60_000.0, 110_000.0),
    _signal("relative_humidity", "1", "relative humidity, 0 to 1", "WMET.EnvHum", 0.0, 1.0),
    _signal("pitch_angle_deg", "deg", "pitch angle, blade 1 or mean of the blades", "WROT.PtAngValBl1", -30.0, 120.0),
    _signal("rotor_speed_rpm", "1/min", "rotor speed", "WROT.RotSpd", -5.0, 60.0),
    _signal("generator_speed_rpm", "1/min", "generator speed", "WGEN.Spd", -200.0, 4000.0),
    _signal("power_setpoint_kw", "kW", "active power set-point", "WTUR.DmdW", None, None),
    _signal("potential_power_kw", "kW", "potential power as the export gives it", "", None, None),
    _signal(
        "exported_availability",
        "1",
        "time-based availability of the interval as the export gives it, operational view, 0 to 1",
        "",
        0.0,
        1.0,
    ),
    _signal("grid_frequency_hz", "Hz", "grid frequency", "WGEN.Hz", 0.0, 100.0),
)

#: One row of a SCADA export. `read_flags` holds `fleet.flags` bits that only the reader can set.
SCADA: tuple[Column, ...] = (
    Column(name="turbine", dtype="str", meaning="turbine name as in the asset table"),
    Column(name="time", dtype=TIME_DTYPE, meaning="UTC, start of the averaging interval; missing: unreadable stamp"),
    Column(name="stamp_local", dtype=_LOCAL_DTYPE, meaning="the stamp's clock reading as written, interval start"),
    Column(
        name="utc_offset_s", dtype="int32", unit="s", meaning="offset that was written with, or given to, the stamp"
    ),
    Column(name="source_row", dtype="int64", unit="1", meaning="position in the source: file order, then row order"),
    Column(name="read_flags", dtype="uint32", unit="1", meaning="flags set while reading"),
    *SIGNALS,
)

#: One row of a status log. `end` is missing where the event was open when it was exported.
EVENTS: tuple[Column, ...] = (
    Column(name="turbine", dtype="str", meaning="turbine name as in the asset table"),
    Column(name="start", dtype=TIME_DTYPE, meaning="UTC, begin of the event", iec_name="WALM.AlmTm"),
    Column(name="end", dtype=TIME_DTYPE, meaning="UTC, end of the event; missing: open"),
    Column(name="status", dtype="str", meaning="stop, warning, informational or communication"),
    Column(name="code", dtype="str", meaning="the controller's event code", iec_name="WALM.AlmId"),
    Column(name="message", dtype="str", meaning="the event's text"),
    Column(name="service_category", dtype="str", meaning="category of the service contract, as exported"),
    Column(name="iec_category", dtype="str", meaning="IEC category as exported; empty where the export has none"),
    Column(name="source_row", dtype="int64", unit="1", meaning="position in the source: file order, then row order"),
)

#: Seconds of each interval that a turbine's controller counted in a state. A missing timer is NaN.
TIMERS: tuple[Column, ...] = (
    Column(name="turbine", dtype="str", meaning="turbine name as in the asset table"),
    Column(name="time", dtype=TIME_DTYPE, meaning="UTC, start of the interval"),
    Column(name="ready_s", dtype="float64", unit="s", meaning="ready to operate; the rest of the interval it is not"),
    Column(name="operating_s", dtype="float64", unit="s", meaning="in operation"),
    Column(name="wind_in_range_s", dtype="float64", unit="s", meaning="wind speed in the operating range"),
    Column(name="stop_turbine_s", dtype="float64", unit="s", meaning="stopped by an error of the turbine"),
    Column(name="stop_commanded_s", dtype="float64", unit="s", meaning="stopped by command"),
    Column(name="stop_environment_s", dtype="float64", unit="s", meaning="stopped by the environment"),
    Column(name="stop_grid_s", dtype="float64", unit="s", meaning="stopped by the grid"),
    Column(name="alarm_code", dtype="str", meaning="active alarm at the end of the interval; empty: none"),
    Column(name="alarm_message", dtype="str", meaning="that alarm's text; empty: the export does not describe it"),
    Column(name="source_row", dtype="int64", unit="1", meaning="position in the source: file order, then row order"),
)

#: The operator's own availability of a turbine, one row per turbine and interval.
OPERATOR: tuple[Column, ...] = (
    Column(name="turbine", dtype="str", meaning="turbine name as in the asset table"),
    Column(name="time", dtype=TIME_DTYPE, meaning="UTC, start of the interval"),
    Column(name="duration_s", dtype="float64", unit="s", meaning="length of the interval"),
    Column(name="unavailable_s", dtype="float64", unit="s", meaning="time that the operator counts as unavailable"),
    Column(name="figure", dtype="str", meaning="what the operator calls the figure"),
)

#: Revenue or plant meter, one row per interval. Losses as the publisher gives them, where it does.
METER: tuple[Column, ...] = (
    Column(name="time", dtype=TIME_DTYPE, meaning="UTC, start of the interval"),
    Column(name="energy_kwh", dtype="float64", unit="kWh", meaning="net energy of the plant", iec_name="WTUR.TotWh"),
    Column(name="availability_loss_kwh", dtype="float64", unit="kWh", meaning="the publisher's availability loss"),
    Column(name="curtailment_loss_kwh", dtype="float64", unit="kWh", meaning="the publisher's curtailment loss"),
)

#: Reanalysis at the site, hourly, instantaneous values at the stamp.
REANALYSIS: tuple[Column, ...] = (
    Column(name="time", dtype=TIME_DTYPE, meaning="UTC, instant"),
    Column(name="wind_speed", dtype="float64", unit="m/s", meaning="wind speed at the reanalysis height"),
    Column(name="temperature_degc", dtype="float64", unit="degC", meaning="air temperature"),
    Column(name="air_pressure_pa", dtype="float64", unit="Pa", meaning="surface pressure"),
    Column(name="air_density", dtype="float64", unit="kg/m3", meaning="air density at the reanalysis height"),
)


def columns(table: tuple[Column, ...]) -> list[str]:
    """Return the table's column names in order."""
    return [column.name for column in table]


def dtypes(table: tuple[Column, ...]) -> dict[str, str]:
    """Return the table's dtypes by column name."""
    return {column.name: column.dtype for column in table}
