"""What a synthetic fleet is: its size, site, machine, sensors and troubles, as one validated set of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

from fleet.config import PowerCurveSettings
from fleet.errors import ConfigError, nearest
from fleet.readers.stamps import check_zone
from fleet.synthetic.stop_kinds import STOPS, StopKind
from turbine.checks import check_range
from turbine.errors import WindformError
from turbine.wind.iec import wind_class

__all__ = ["CLOCKS", "PERIOD_S", "Clock", "FleetSpec"]

PERIOD_S = 600  #: averaging period of the records [s]
DAY_RECORDS = 86_400 // PERIOD_S

Clock = Literal["right", "daylight", "end", "local"]
#: What may be wrong with the stamps.
CLOCKS: dict[Clock, str] = {
    "right": "stamps are right",
    "daylight": "a clock fixed at the zone's standard time was given the zone's daylight-saving offsets",
    "end": "stamps label the end of the interval where the format says the start",
    "local": "stamps are civil time and their offset is lost",
}


def _trouble(default: Any, off: Any, low: float = 0.0, high: float = 1e4) -> Any:
    return field(default=default, metadata={"off": off, "range": (low, high)})


def _number(default: float, low: float, high: float) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True, kw_only=True)
class FleetSpec:
    """A synthetic fleet. The defaults make a realistic mix of troubles; `FleetSpec.healthy` has none.

    Rates are per turbine and year of 8760 h, shares are the probability that a turbine has the trouble (1: all have
    it) or that a record or cell has it. Episodes last `..._h` hours on average, lognormally spread. Curtailment,
    derating, icing and faults of sensors begin and end with a record; stops begin and end at any second.
    """

    turbines: int = field(default=10, metadata={"range": (1, 100_000)})
    days: int = field(default=365, metadata={"range": (1, 36_600)})
    start: str = "2021-01-01"  #: first day, UTC
    seed: int = field(default=1, metadata={"range": (0, 2**63 - 1)})

    machine: str = "senvion_mm82"  #: a name of `turbine.library.names()`, or the path of a machine's TOML file
    wind_class: str = "IIA"  #: IEC class whose normal turbulence model counts
    weibull_scale: float = _number(8.5, 1.0, 30.0)  #: A of the free wind over a year [m/s]
    weibull_shape: float = _number(2.0, 1.0, 10.0)  #: k, before season and hour of the day [1]
    correlation_h: float = _number(18.0, 0.5, 500.0)  #: time after which the wind's correlation is 1/e [h]
    seasonal: float = _number(0.15, 0.0, 0.8)  #: amplitude of the season in the wind [fraction]
    diurnal: float = _number(0.05, 0.0, 0.8)  #: amplitude of the hour of the day in the wind [fraction]
    local_share: float = _number(0.12, 0.0, 0.9)  #: share of the wind's variance that falls off with distance [1]
    local_length: float = _number(2000.0, 10.0, 1e6)  #: distance at which that correlation is exp(-1/2) [m]
    noise_share: float = _number(0.02, 0.0, 0.09)  #: share of the wind's variance that each record has alone [1]
    turbulence_scatter: float = _number(0.25, 0.0, 1.0)  #: standard deviation of ln sigma of the turbulence [1]
    spacing: float = _number(400.0, 10.0, 1e5)  #: between turbines of the layout [m]
    latitude: float = _number(55.90, -80.0, 80.0)  #: of the first turbine [deg]
    longitude: float = _number(-2.30, -180.0, 180.0)
    elevation: float = _number(200.0, -400.0, 5000.0)  #: ground above sea level [m]
    temperature: float = _number(8.0, -40.0, 40.0)  #: annual mean [degC]
    temperature_season: float = _number(7.0, 0.0, 40.0)  #: amplitude over the year [K]
    prevailing_deg: float = _number(240.0, 0.0, 360.0)  #: mean wind direction [deg]

    power_scatter: float = _number(0.03, 0.0, 0.1)  #: scatter of 10-min power at half of rated power [of rated power]
    consumption: float = _number(0.003, 0.0, 0.05)  #: of a turbine that stands still [of rated power]
    power_curve: PowerCurveSettings = field(default_factory=PowerCurveSettings)  #: its category B gives the biases
    wind_bias: bool = True  #: a constant bias of each anemometer, drawn from category B
    power_bias: bool = True  #: a constant bias of each power measurement, drawn from category B
    wind_noise: float = _number(0.2, 0.0, 2.0)  #: of the nacelle anemometer, per record [m/s]
    power_noise: float = _number(0.001, 0.0, 0.05)  #: of the power measurement, per record [of rated power]

    stops: tuple[StopKind, ...] = field(default=STOPS, metadata={"off": ()})
    overlap_share: float = _trouble(0.1, 0.0, 0, 1)  #: of stops into which a visit for maintenance falls
    warnings_per_year: float = _trouble(40.0, 0.0)  #: rows without downtime; as many again lie within stops
    curtailments_per_year: float = _trouble(12.0, 0.0)  #: with the set-point as a signal and a row in the log
    curtailment_h: float = _number(6.0, 0.2, 5000.0)
    curtailment_level: float = _number(0.5, 0.01, 1.0)  #: [of rated power]
    deratings_per_year: float = _trouble(1.0, 0.0)  #: without set-point and without a row in the log
    derating_h: float = _number(120.0, 0.2, 5000.0)
    derating_level: float = _number(0.65, 0.01, 1.0)  #: [of rated power]
    zero_commands_per_year: float = _trouble(2.0, 0.0)  #: set-point 0, logged as requested shutdown
    zero_command_h: float = _number(4.0, 0.2, 5000.0)
    icings_per_year: float = _trouble(8.0, 0.0)  #: attempts; those that begin above the freezing point come to nothing
    icing_h: float = _number(14.0, 1.0, 500.0)
    icing_loss: float = _number(0.6, 0.01, 1.0)  #: power lost when most of the ice is there [fraction]
    frozen_wind_per_year: float = _trouble(2.0, 0.0)
    frozen_power_per_year: float = _trouble(1.0, 0.0)
    frozen_direction_per_year: float = _trouble(1.0, 0.0)
    frozen_temperature_per_year: float = _trouble(1.0, 0.0)
    frozen_h: float = _number(8.0, 0.5, 2000.0)
    frozen_over_month: bool = True  #: the first run of each frozen signal is moved across a month's border
    spike_share: float = _trouble(1e-4, 0.0, 0, 0.2)  #: of records whose wind or power jumps there and back
    drift_share: float = _trouble(0.1, 0.0, 0, 1)  #: of turbines whose anemometer drifts from a date on
    drift_per_year: float = _number(-0.10, -0.9, 0.9)  #: growth of its error [fraction of wind speed per year]
    step_share: float = _trouble(0.05, 0.0, 0, 1)  #: of turbines whose anemometer is off from a date on
    step_size: float = _number(-0.06, -0.9, 0.9)  #: [fraction of wind speed]
    north_share: float = _trouble(0.15, 0.0, 0, 1)  #: of turbines that lose their north at a date
    north_deg: float = _number(25.0, 0.1, 180.0)
    yaw_share: float = _trouble(0.1, 0.0, 0, 1)  #: of turbines that stand askew to the wind
    yaw_deg: float = _number(8.0, 0.1, 45.0)
    yaw_exponent: float = _number(3.0, 0.0, 5.0)  #: power below rated falls with cos^x of the misalignment
    pitch_faults_per_year: float = _trouble(0.5, 0.0)
    pitch_fault_h: float = _number(100.0, 0.2, 5000.0)
    pitch_fault_deg: float = _number(5.0, 0.1, 30.0)  #: what the pitch angle is off while running
    rotor_faults_per_year: float = _trouble(0.5, 0.0)  #: the rotor's speed sensor reads too little
    rotor_fault_h: float = _number(60.0, 0.2, 5000.0)
    rotor_fault_factor: float = _number(0.6, 0.0, 0.99)
    gaps_per_year: float = _trouble(6.0, 0.0)  #: runs of missing records
    gap_h: float = _number(5.0, 0.2, 5000.0)
    communication_losses_per_year: float = _trouble(2.0, 0.0)  #: with a row in the log; their records are missing
    communication_loss_h: float = _number(3.0, 0.2, 5000.0)
    missing_share: float = _trouble(5e-4, 0.0, 0, 0.5)  #: of records that are missing one by one
    duplicated_share: float = _trouble(2e-4, 0.0, 0, 0.5)  #: of records that stand twice
    nan_share: float = _trouble(2e-4, 0.0, 0, 0.5)  #: of cells without a value
    clock: Clock = field(default="right", metadata={"off": "right"})
    time_zone: str = "Europe/London"  #: the site's civil time, of the clocks that are wrong

    def __post_init__(self) -> None:
        for item in fields(self):
            if "range" in item.metadata:
                check_range(item.name, getattr(self, item.name), *item.metadata["range"], error=ConfigError)
        for name in ("turbines", "days", "seed"):
            if not isinstance(getattr(self, name), int):
                raise ConfigError(f"{name}: found {getattr(self, name)!r}, expected a whole number")
        try:
            day = datetime.fromisoformat(self.start)
        except ValueError:
            day = None
        if day is None or day.tzinfo or day.time() != day.min.time():
            raise ConfigError(f"start: found {self.start!r}, expected a day such as 2021-01-01")
        if self.clock not in CLOCKS:
            raise ConfigError(f'clock: unknown "{self.clock}"{nearest(self.clock, CLOCKS)}; known: {", ".join(CLOCKS)}')
        check_zone(self.time_zone, "time_zone")
        try:
            wind_class(self.wind_class)
        except WindformError as error:
            raise ConfigError(str(error)) from None

    @staticmethod
    def healthy(**changes: Any) -> FleetSpec:
        """Return a fleet without troubles but those that `changes` ask for; sensors keep their biases and noise."""
        off = {item.name: item.metadata["off"] for item in fields(FleetSpec) if "off" in item.metadata}
        return replace(FleetSpec(), **{**off, **changes})

    @property
    def records(self) -> int:
        """Records of each turbine's period."""
        return self.days * DAY_RECORDS

    @property
    def years(self) -> float:
        """Length of the period in years of 8760 h [a]."""
        return self.days / 365.0

    def turbine_name(self, turbine: int) -> str:
        """Return the name of a turbine counted from 0; names sort in that order up to 9999 turbines."""
        return f"T{turbine + 1:04d}"
