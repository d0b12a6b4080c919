"""What the comparisons of sensors found, from the merged sums of the second pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.flags import NO_ROW, Flag
from fleet.partial_sums import Partial, PartialSums
from fleet.results import Sensors
from fleet.rule_settings import RuleSettings
from fleet.sensor_months import direction_offsets, flag_months, temperature_drift, wind_drift
from fleet.sensor_sums import DIRECTIONS, by_turbine
from fleet.yaw import misalignment

__all__ = ["sensor_result", "sensors_of", "with_sensor_flags"]

Sums = Mapping[str, npt.NDArray[np.int64]]

_NO_WIND = Flag.NO_WIND | Flag.WIND_RANGE


def sensors_of(months: Partial, yaw: Sequence[pd.DataFrame], settings: RuleSettings) -> Sensors:
    """Return the tables of sensors from the merged sums of the second pass.

    Parameters
    ----------
    months : Partial
        The sums of `fleet.sensor_sums.month_sums`, merged.
    yaw : sequence of DataFrame
        Rows of `fleet.yaw.misalignment`.
    settings : RuleSettings
        Limits of the rules.
    """
    tables = {name: table for name, table in months.items() if isinstance(table, PartialSums)}
    known = [numbers[:, 0] for table in tables.values() for numbers, _ in table.groups.values() if len(numbers)]
    first = min((int(month.min()) for month in known), default=0)
    number = max((int(month.max()) for month in known), default=first) - first + 1
    dense = {name: by_turbine(table, first, number) for name, table in tables.items()}
    rows = sorted((row for row in yaw if len(row)), key=lambda row: str(row["turbine"].iloc[0]))
    return sensor_result(
        dense["wind_months"],
        dense["temperature_months"],
        {name: dense[f"{name}_months"] for name in DIRECTIONS},
        pd.concat(rows, ignore_index=True) if rows and settings.yaw_misalignment else misalignment({}, settings),
        first,
        settings,
    )


def sensor_result(
    winds: Sums,
    temperatures: Sums,
    directions: Mapping[str, Sums],
    yaw: pd.DataFrame,
    first_month: int,
    settings: RuleSettings,
) -> Sensors:
    """Return the tables of sensors; a rule that is turned off leaves its table empty.

    Parameters
    ----------
    winds : mapping of turbine to array of int64
        Merged results of `fleet.fleet_series.wind_months`.
    temperatures : mapping of turbine to array of int64
        Merged results of `fleet.fleet_series.temperature_months`.
    directions : mapping of signal to mapping of turbine to array of int64
        Merged results of `fleet.fleet_series.direction_months`.
    yaw : DataFrame
        From `fleet.yaw.misalignment`.
    first_month : int
        Key of the first month.
    settings : RuleSettings
        Keys that begin with `wind_drift`, `temperature_drift`, `north_offset` and `yaw_misalignment`.
    """
    drift = wind_drift(winds if settings.wind_drift else {}, first_month, settings)
    temperature = temperature_drift(temperatures if settings.temperature_drift else {}, first_month, settings)
    tables = [
        direction_offsets(sums if settings.north_offset else {}, first_month, settings).assign(signal=signal)
        for signal, sums in sorted(directions.items())
    ]
    empty = direction_offsets({}, first_month, settings).assign(signal="")
    north = pd.concat(tables, ignore_index=True) if tables else empty
    notes = []
    judged = (("wind speed", drift, "drift"), ("temperature", temperature, "drift"), ("direction", north, "offset_deg"))
    for title, table, column in judged:
        if len(table) and table[column].isna().all():
            notes.append(
                f"no {title} can be compared with the neighbours': at least three turbines have to run together for a "
                "day of each month, for levels in three months"
            )
    return Sensors(
        drift=drift,
        temperature=temperature,
        north=north[["signal", *empty.columns.drop("signal")]],
        yaw=yaw,
        notes=tuple(notes),
    )


def with_sensor_flags(flags: pd.DataFrame, sensors: Sensors) -> pd.DataFrame:
    """Return counts of flags with `WIND_DRIFT` and `NORTH_OFFSET` on the records of the months that were found.

    Both hold for whole months and keep no row out of any use, so they can be set on the counts after the second pass:
    no third pass over the data is needed.

    Parameters
    ----------
    flags : DataFrame
        Index turbine, month, flags; column rows.
    sensors : Sensors
        From `sensor_result`.
    """
    after = flag_months(flags, sensors.drift, Flag.WIND_DRIFT, NO_ROW | _NO_WIND)
    found = sensors.north.groupby(["turbine", "month"], sort=True)[["flagged"]].any().reset_index()
    return flag_months(after, found, Flag.NORTH_OFFSET, NO_ROW)
