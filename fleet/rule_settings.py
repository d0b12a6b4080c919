"""Settings of the quality rules that look at more than one record's own range: keys of `[quality]` by rule."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RuleSettings"]


class RuleSettings(BaseModel):
    """Each rule has a key of its own name that turns it on or off, and keys that begin with that name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rate: bool = Field(True, description="flag wind speed or power that jumps there and back within one record")
    rate_power: float = Field(0.25, ge=0.05, le=2, description="least jump of power [fraction of rated power]")
    rate_wind: float = Field(5.0, ge=1, le=40, description="least jump of the wind speed ... [m/s]")
    rate_turbulence: float = Field(
        0.6, ge=0, le=5, description="... and no less than this part of the wind speed beside it [1]"
    )
    rate_return: float = Field(
        0.4, ge=0, le=1, description="the values before and after differ by at most this part of the jump [1]"
    )

    curtailed: bool = Field(True, description="flag power held by a set-point below what was possible")
    curtailed_margin: float = Field(
        0.05, ge=0, le=1, description="set-point at least this far below the possible power [fraction of rated power]"
    )
    curtailed_follow: float = Field(
        0.03, ge=0, le=1, description="power at most this far from the set-point [fraction of rated power]"
    )

    derated: bool = Field(True, description="flag power held on a level below the expected one without a set-point")
    derated_records: int = Field(6, ge=3, le=144, description="consecutive records that make a level")
    derated_deficit: float = Field(
        0.1, ge=0.02, le=1, description="every record at least this far below the expected power [fraction of rated]"
    )
    derated_spread: float = Field(
        0.02, gt=0, le=0.2, description="the level's highest less lowest power, at most [fraction of rated power]"
    )
    derated_wind: float = Field(
        0.5, ge=0, le=10, description="highest less lowest wind speed meanwhile, at least [m/s]"
    )
    derated_pitch: float = Field(
        2.0, ge=0.2, le=30, description="or pitch at least this far above its usual value at that power [deg] ..."
    )
    derated_pitch_spread: float = Field(8.0, ge=2, le=100, description="... and no less than [robust sigmas]")

    icing: bool = Field(True, description="flag losses in frost (IEA Wind Task 19, classes a, b and c)")
    icing_temperature: float = Field(0.0, ge=-40, le=10, description="frost is below [degC]")
    icing_quantile: float = Field(
        0.1, gt=0, lt=0.5, description="power below this quantile of its wind bin, or above one less it, for too long"
    )
    icing_margin: float = Field(
        0.15, ge=0, lt=1, description="and at least this far from the expected power [fraction of it] ..."
    )
    icing_floor: float = Field(0.03, ge=0, lt=1, description="... and no less than [fraction of rated power]")
    icing_records: int = Field(3, ge=2, le=144, description="consecutive records that make an event: 30 min")
    icing_standstill: int = Field(
        36, ge=2, le=1000, description="a standstill that began with a loss counts for this many records, at most"
    )

    pitch_power: bool = Field(True, description="flag a pitch angle that does not fit the power")
    pitch_power_spread: float = Field(8.0, ge=2, le=100, description="distance from the bin's median [robust sigmas]")
    pitch_power_floor: float = Field(2.0, ge=0, le=90, description="... and no less than [deg]")
    rotor_power: bool = Field(True, description="flag a rotor speed that does not fit the power")
    rotor_power_spread: float = Field(8.0, ge=2, le=100, description="distance from the bin's median [robust sigmas]")
    rotor_power_floor: float = Field(0.08, ge=0, le=1, description="... and no less than [fraction of the median]")

    wind_drift: bool = Field(True, description="compare each anemometer with the other turbines' per month")
    wind_drift_floor: float = Field(0.25, ge=0, le=5, description="drift that is flagged, at least [m/s]")
    wind_drift_spread: float = Field(4.0, ge=1, le=100, description="... and at least [standard uncertainties]")
    temperature_drift: bool = Field(True, description="compare each outdoor temperature with the other turbines'")
    temperature_drift_floor: float = Field(1.0, ge=0, le=50, description="drift that is named, at least [K]")
    temperature_drift_spread: float = Field(4.0, ge=1, le=100, description="... and at least [standard uncertainties]")
    north_offset: bool = Field(True, description="compare each direction with the other turbines' per month")
    north_offset_limit: float = Field(8.0, gt=0, le=180, description="offset from the fleet that is flagged [deg]")

    yaw_misalignment: bool = Field(True, description="look for the vane angle of most power")
    yaw_misalignment_spread: float = Field(
        3.0, ge=1, le=100, description="named where it passes this many of its standard uncertainties"
    )
