"""`farm.toml`: what a farm is, where its files are, and every setting of the analyses with its default.

The models below are the one list of settings: `farm.toml` is validated against them (`fleet.farm_file`), the report
prints them, and the documentation is generated from their descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fleet.categories import DEFAULT_PRIORITY, STOP_TIMERS, Category, StopTimer
from fleet.errors import nearest
from fleet.rule_settings import RuleSettings
from fleet.schema import FLEET

__all__ = [
    "AvailabilitySettings",
    "ClockSettings",
    "EnergySettings",
    "Farm",
    "PowerCurveSettings",
    "QualitySettings",
    "Signal",
    "Source",
    "Turbine",
    "offset_s",
    "turbine_name_problem",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Turbine(_Model):
    """One turbine of the farm."""

    name: str = Field(min_length=1, description="name as the data files have it")
    rated_power_kw: float = Field(ge=1e-3, le=1e6, description="rated power [kW]")
    hub_height: float | None = Field(None, ge=1, le=500, description="hub height above ground [m]")
    rotor_diameter: float | None = Field(None, ge=1, le=500, description="rotor diameter [m]")
    latitude: float | None = Field(None, ge=-90, le=90, description="[deg], WGS 84")
    longitude: float | None = Field(None, ge=-180, le=180, description="[deg], WGS 84")
    elevation: float | None = Field(None, ge=-500, le=6000, description="ground above sea level [m]")
    x_m: float | None = Field(None, ge=-1e7, le=1e7, description="east of a local origin, without coordinates [m]")
    y_m: float | None = Field(None, ge=-1e7, le=1e7, description="north of a local origin, without coordinates [m]")
    manufacturer: str = ""
    model: str = ""


class Signal(_Model):
    """Where a canonical column comes from in a generic file."""

    column: str = Field(description="the file's column")
    unit: str = Field("", description="unit in the file; empty: the canonical unit")


class Source(_Model):
    """Files of one format. Known public formats are recognised by themselves; `generic` needs the column mapping."""

    format: str = Field(description="a known format's name (see `wind-fleet inspect`), or generic or generic_events")
    files: str = Field("*", description="glob, relative to the farm's folder")
    time_zone: str = Field("UTC", description="IANA name or fixed offset (+01:00) of stamps without an offset")
    stamps: Literal["start", "end"] | None = Field(None, description="which end of the interval the stamps label")
    time_column: str = Field("", description="generic: column of the time stamp")
    time_format: str = Field("", description="generic: strptime format; empty: ISO 8601")
    turbine_column: str = Field("", description="generic: column of the turbine's name")
    turbine: str = Field("", description="generic: the turbine that all rows belong to")
    delimiter: str = Field(",", min_length=1, max_length=1, description="generic CSV: field delimiter")
    decimal: Literal[".", ","] = Field(".", description="generic CSV: decimal mark")
    columns: dict[str, Signal] = Field(default_factory=dict, description="generic: canonical column -> file column")
    averaging_period_s: int | None = Field(None, description="the farm's averaging period; need not be given [s]")

    @field_validator("time_format")
    @classmethod
    def _check_format(cls, time_format: str) -> str:
        import pandas as pd

        if time_format:
            try:
                pd.to_datetime(pd.Series(["x"]), format=time_format, errors="coerce")
            except (ValueError, re.error) as error:
                raise ValueError(f"no strptime format such as %d.%m.%Y %H:%M: {error}") from None
        return time_format

    @field_validator("files")
    @classmethod
    def _check_files(cls, files: str) -> str:
        parts = files.replace("\\", "/").split("/")
        if not files or files.startswith("/") or ".." in parts or any("**" in part and part != "**" for part in parts):
            raise ValueError("expected a pattern inside the farm's folder, such as data/*.csv or **/*.csv")
        return files


def offset_s(text: str) -> int:
    """Return an offset from UTC such as "+01:00" in seconds; `ValueError` where the text is none."""
    match = re.fullmatch(r"([+-])(\d{2}):(\d{2})", text)
    if not match or int(match[2]) > 14 or int(match[3]) > 59:
        raise ValueError('expected an offset from UTC such as "+01:00"')
    return (-1 if match[1] == "-" else 1) * (int(match[2]) * 3600 + int(match[3]) * 60)


class ClockSettings(_Model):
    """Clock check and duplicates."""

    duplicates: Literal["correct", "first", "last", "reject"] = Field(
        "correct",
        description="correct: put a wrongly localised clock right, then reject what still conflicts; first or last: no "
        "correction, keep that record in file order; reject: no correction, keep neither",
    )
    fixed_offset: str | None = Field(
        None,
        description="UTC offset (+01:00) of a fixed clock that the check found, which also confirms a clock that one "
        "season alone points to; empty: the zone's standard time",
    )

    @field_validator("fixed_offset")
    @classmethod
    def _check_offset(cls, text: str | None) -> str | None:
        if text:
            offset_s(text)
        return text


class QualitySettings(RuleSettings):
    """Row flags."""

    power_low: float = Field(-0.1, ge=-1, le=0, description="lowest possible power [fraction of rated power]")
    power_high: float = Field(1.2, ge=1, le=2, description="highest possible power [fraction of rated power]")
    frozen: bool = Field(True, description="flag signals that repeat a value")
    frozen_records: int = Field(6, ge=2, le=1000, description="records of the same value that count as frozen")
    inconsistent: bool = Field(True, description="flag power that does not fit the wind speed")
    inconsistent_spread: float = Field(
        6.0, ge=1, le=100, description="allowed distance from the bin's median [robust sigmas]"
    )
    inconsistent_floor: float = Field(0.03, ge=0, le=1, description="least allowed distance [fraction of rated power]")

    @property
    def halo_records(self) -> int:
        """Records before and after a partition that its rules need, so that its borders do not show."""
        runs = max(self.frozen_records, self.derated_records, self.icing_records) - 1
        return max(runs, self.icing_standstill + 2)


class PowerWindow(_Model):
    """Between two wind speeds, records outside a range of power are left out of the power curve."""

    wind_speed: tuple[float, float] = Field(description="from, to [m/s]")
    power_kw: tuple[float, float] = Field(description="from, to [kW]")

    @model_validator(mode="after")
    def _check_order(self) -> PowerWindow:
        for name, (low, high) in (("wind_speed", self.wind_speed), ("power_kw", self.power_kw)):
            if low >= high:
                raise ValueError(f"{name} must be two rising numbers, found {low:g} and {high:g}")
        low, high = self.wind_speed
        if low < 0 or high > 100:
            raise ValueError(f"wind_speed must lie within 0 to 100 m/s, found {low:g} and {high:g}")
        return self


class PowerCurveSettings(_Model):
    """Method of bins after IEC 61400-12-1, on nacelle wind."""

    bin_width: float = Field(0.5, ge=0.1, le=5, description="[m/s]; bins are centred on its multiples")
    min_bin_minutes: float = Field(
        30.0, gt=0, le=10_000, description="least valid time of a complete bin, and never less than 2 records [min]"
    )
    min_hours: float = Field(180.0, gt=0, le=100_000, description="valid hours of a complete data set [h]")
    density: Literal["auto", "measured", "reanalysis", "standard", "none"] = Field(
        "auto", description="air density for the wind speed correction: auto takes the best that there is"
    )
    reference_density: float = Field(1.225, ge=0.5, le=1.6, description="[kg/m3]")
    cut_in: float = Field(
        4.0, ge=0.5, le=10, description="cut-in wind speed, begin of the measured range plus 1 m/s [m/s]"
    )
    cut_out: float = Field(25.0, ge=10, le=60, description="cut-out wind speed [m/s]: the last bin is held to it")
    window: PowerWindow | None = Field(None, description="an additional power window")
    reference: str | dict[str, str] | None = Field(
        None,
        description="curve to compare with: a machine of the library (`wind-sim turbine list`) or a CSV file in the "
        "farm's folder with the columns wind_speed_m_s and power_kw; as a table: turbine model -> machine or file",
    )
    reference_curve_density: float | None = Field(
        None,
        ge=0.5,
        le=1.6,
        description="air density that the reference curve is for [kg/m3]; not set: the machine's own, of a file "
        "`reference_density`",
    )
    anemometer_calibration: float = Field(0.05, ge=0, le=5, description="category B, calibration [m/s]")
    anemometer_class: float = Field(
        1.2, ge=0, le=50, description="category B, class number k: (0.05 + 0.005 V) k / sqrt 3"
    )
    anemometer_mounting: float = Field(0.01, ge=0, le=1, description="category B, mounting [fraction of wind speed]")
    nacelle_transfer: float = Field(
        0.02,
        ge=0,
        le=1,
        description="category B, nacelle anemometer without a transfer function [fraction of wind speed]",
    )
    wind_acquisition: float = Field(0.03, ge=0, le=5, description="category B, data acquisition [m/s]")
    temperature_uncertainty: float = Field(0.6, ge=0, le=50, description="category B, air temperature [K]")
    pressure_uncertainty: float = Field(300.0, ge=0, le=20_000, description="category B, air pressure [Pa]")

    @field_validator("reference", mode="before")
    @classmethod
    def _check_reference(cls, given: Any) -> Any:
        every = given.values() if isinstance(given, dict) else () if given is None else (given,)
        if not all(isinstance(name, str) for name in every):
            raise ValueError('expected the name of a machine or file, or a table such as { "MM82" = "mm82.csv" }')
        return given

    @model_validator(mode="after")
    def _check_cuts(self) -> PowerCurveSettings:
        if self.cut_out <= self.cut_in:
            raise ValueError(f"cut_out must lie above cut_in, found {self.cut_out:g} and {self.cut_in:g} m/s")
        return self


class AvailabilitySettings(_Model):
    """Availability after IEC 61400-26-1."""

    down_wind_speed: float = Field(4.0, gt=0, le=40, description="inferred: down is wind at or above this ... [m/s]")
    down_power_kw: float = Field(0.0, ge=-1e6, le=1e6, description="... and power at or below this [kW]")
    priority: tuple[Category, ...] = Field(DEFAULT_PRIORITY, description="which category counts where two overlap")
    categories: dict[str, Category] = Field(
        default_factory=dict, description="text of the export's IEC category -> category, before the built-in map"
    )
    messages: dict[str, Category] = Field(
        default_factory=dict, description="part of a stop's message -> category, before everything else"
    )
    timers: dict[StopTimer, Category] = Field(
        default_factory=lambda: dict(STOP_TIMERS),
        description="category of the time that a stop timer counts; timers that are not named keep theirs",
    )
    contract: dict[Category, Literal["available", "unavailable", "not_counted"]] = Field(
        default_factory=dict, description="contractual view; without it that view is not determinable"
    )
    contract_priority: tuple[Category, ...] | None = Field(
        None, description="contractual view: which category counts where two overlap; without it as `priority` says"
    )
    maintenance_allowance_h: float = Field(
        0.0, ge=0, le=8760, description="technical view: scheduled maintenance allowed per turbine and year [h]"
    )
    status_period: tuple[datetime, datetime] | None = Field(
        None, description="declared period of the status log, UTC; without it the export's header counts"
    )
    max_silence_days: float = Field(
        10.0,
        gt=0,
        le=36_600,
        description="a log silent for longer is scattered windows unless `status_period` is declared [d]",
    )

    @field_validator("timers")
    @classmethod
    def _with_other_timers(cls, given: dict[StopTimer, Category]) -> dict[StopTimer, Category]:
        return {**STOP_TIMERS, **given}

    @field_validator("status_period")
    @classmethod
    def _to_utc(cls, period: tuple[datetime, datetime] | None) -> tuple[datetime, datetime] | None:
        """Put both ends into UTC, where a stamp without an offset is meant to be, so that they can be compared."""
        if period is None:
            return None
        try:
            start, end = (
                moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC) for moment in period
            )
        except OverflowError:
            raise ValueError("expected two times of the years 1 to 9999 in UTC") from None
        return start, end

    @model_validator(mode="after")
    def _check_priority(self) -> AvailabilitySettings:
        for name, order in (("priority", self.priority), ("contract_priority", self.contract_priority)):
            missing = [c.value for c in Category if order is not None and c not in order]
            if order is not None and (missing or len(order) != len(Category)):
                raise ValueError(f"{name} must name each category once; missing: {', '.join(missing) or 'none'}")
        if self.status_period and self.status_period[0] >= self.status_period[1]:
            raise ValueError("status_period must begin before it ends")
        return self


class EnergySettings(_Model):
    """Energy and emissions."""

    emission_factor: float | None = Field(
        None,
        gt=0,
        le=5000,
        description="marginal emission factor for avoided emissions [g CO2e/kWh]; without it none are given",
    )
    wind_emission_factor: float = Field(
        0.0, ge=0, le=5000, description="life-cycle emissions of the wind farm [g CO2e/kWh]"
    )


class Farm(_Model):
    """A wind farm: `farm.toml`, completed by what its files say."""

    name: str = Field(min_length=1)
    time_zone: str = Field("UTC", description="IANA name of the site's civil time")
    averaging_period_s: int = Field(
        600, gt=0, le=3600, description="averaging period of the SCADA records, a divisor of the day [s]"
    )
    assets: str = Field("", description="asset table (CSV of a known format), relative to the folder")
    sources: tuple[Source, ...] = Field((), description="what to read; empty: recognise the files")
    turbines: tuple[Turbine, ...] = Field((), description="turbines; empty: from the asset table")
    rated_power_kw: float | None = Field(
        None, ge=1e-3, le=1e6, description="rated power of turbines for which the asset table gives none [kW]"
    )
    clock: ClockSettings = ClockSettings()
    quality: QualitySettings = QualitySettings()
    power_curve: PowerCurveSettings = PowerCurveSettings()
    availability: AvailabilitySettings = AvailabilitySettings()
    energy: EnergySettings = EnergySettings()

    @field_validator("averaging_period_s")
    @classmethod
    def _check_period(cls, period_s: int) -> int:
        # The sampling grid, days of the coverage calendar and partitions all count whole intervals from midnight.
        if 86_400 % period_s:
            raise ValueError("a day must hold a whole number of intervals: expected a divisor of 86,400 s")
        return period_s

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = nearest(zone, available_timezones())
            raise ValueError(f'unknown time zone{hint}, expected an IANA name such as "Europe/Paris"') from None
        return zone

    @model_validator(mode="after")
    def _check_one_period(self) -> Farm:
        for source in self.sources:
            if source.averaging_period_s not in (None, self.averaging_period_s):
                raise ValueError(
                    f"a farm has one averaging period: found {source.averaging_period_s} s in [[sources]] beside "
                    f"averaging_period_s = {self.averaging_period_s}"
                )
        return self

    @property
    def averaging_period_us(self) -> int:
        """The averaging period in microseconds, the unit of all times."""
        return self.averaging_period_s * 1_000_000

    def read_with(self, source: Source) -> Source:
        """Return a source completed by what its reader has to know of the farm."""
        return source.model_copy(update={"averaging_period_s": self.averaging_period_s})

    @field_validator("turbines")
    @classmethod
    def _check_names(cls, turbines: tuple[Turbine, ...]) -> tuple[Turbine, ...]:
        if problem := turbine_name_problem(turbines):
            raise ValueError(problem)
        return turbines


def turbine_name_problem(turbines: Sequence[Turbine]) -> str:
    """Return what is wrong with the turbines' names as a whole; an empty string where nothing is."""
    names = [turbine.name for turbine in turbines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"two turbines are named {', '.join(map(repr, twice))}"
    if FLEET in names:
        return f"no turbine may be named {FLEET!r}: that stands for all of them in the results"
    return ""
