"""State timers: the seconds of each record that a controller of the Hill of Towie kind counts in a state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import Category
from fleet.intervals import SECOND
from fleet.schema import TIMERS, columns, dtypes
from fleet.synthetic.spec import PERIOD_S
from fleet.synthetic.turbine_run import TurbineRun

__all__ = ["STOP_CLASSES", "state_timers"]

Ints = npt.NDArray[np.int64]

#: Timer of each category of a stop.
STOP_CLASSES: dict[Category, str] = {
    Category.FORCED_OUTAGE: "stop_turbine_s",
    Category.TECHNICAL_STANDBY: "stop_turbine_s",
    Category.PLANNED_CORRECTIVE_ACTION: "stop_commanded_s",
    Category.SCHEDULED_MAINTENANCE: "stop_commanded_s",
    Category.REQUESTED_SHUTDOWN: "stop_commanded_s",
    Category.SUSPENDED: "stop_commanded_s",
    Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION: "stop_environment_s",
    Category.FORCE_MAJEURE: "stop_environment_s",
    Category.OUT_OF_ELECTRICAL_SPECIFICATION: "stop_grid_s",
}


def state_timers(run: TurbineRun) -> pd.DataFrame:
    """Return the timers of every exported record as `fleet.schema.TIMERS`.

    The four stop timers are exclusive, as the categories are; with the ready time they add up to the record. The alarm
    is that of the stop in force at the end of the record, the one that began last where there are several.
    """
    seconds, n = run.truth.seconds, run.times.size
    stops = {name: np.zeros(n, np.int64) for name in dict.fromkeys(STOP_CLASSES.values())}
    for category, name in STOP_CLASSES.items():
        if category in seconds:
            stops[name] = stops[name] + seconds[category]
    stopped = sum(stops.values(), start=np.zeros(n, np.int64))
    running = np.rint(run.truth.running * PERIOD_S).astype(np.int64)
    rows = run.rows
    frame = pd.DataFrame(
        {
            "turbine": pd.Series(run.name, index=range(rows.size), dtype="str"),
            "time": pd.DatetimeIndex(run.stamps.utc.astype("datetime64[us]")).tz_localize("UTC"),
            "ready_s": (PERIOD_S - stopped)[rows],
            "operating_s": running[rows],
            "wind_in_range_s": np.where(run.truth.wind_in_range, PERIOD_S, 0)[rows],
            **{name: values[rows] for name, values in stops.items()},
            "alarm_code": pd.Series(alarm_codes(run)[rows], dtype="str"),
            "alarm_message": pd.Series("", index=range(rows.size), dtype="str"),
            "source_row": np.arange(rows.size, dtype=np.int64),
        }
    )
    return frame[columns(TIMERS)].astype(dtypes(TIMERS))


def alarm_codes(run: TurbineRun) -> npt.NDArray[np.object_]:
    """Return the code of the stop in force at the end of each record; empty: none."""
    ends = run.times + PERIOD_S * SECOND
    codes = np.full(ends.size, "", object)
    for event in run.truth.events:
        if event.status == "stop":
            low, high = np.searchsorted(ends, [event.start, event.end], side="left")
            codes[low:high] = str(event.code)
    return codes
