"""A quick look at a whole fleet: monthly energy, inferred availability and plain power curves in one walk.

It reads four columns and sets no flag that needs a second pass: curves hold every record that produces, and
availability is what wind and power say. The report decides; this is what one looks at first, of thousands of turbines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.expected import POWER_CELLS, POWER_LOW, POWER_STEP
from fleet.flags import USES, Flag
from fleet.months import months_of_records
from fleet.partial_sums import Partial, dense_sums
from fleet.power_curve import SUM_COLUMNS, sums_mean
from fleet.recorded import Recorded
from fleet.results import Failure
from fleet.schema import FLEET, WIND_SPEED_MAX
from fleet.standstill import CALM_WIND, LEVELS, level_at_rest
from fleet.sum_kernels import overview
from fleet.sums import POWER, WIND, Summary, month_name

__all__ = ["OVERVIEW_SIGNALS", "Overview", "overview_result", "overview_sums"]

OVERVIEW_SIGNALS = ("power_kw", "wind_speed")
_DOWN = tuple(f"down {level}" for level in range(LEVELS))
#: What reader, clock check and selection say of a row; ranges are checked on the way.
_EXCLUDED = int(USES["energy"] & ~(Flag.NO_POWER | Flag.POWER_RANGE))


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Monthly figures and plain power curves of all turbines."""

    #: turbine, month, energy_mwh, capacity_factor, availability (inferred, time-based), hours with power
    monthly: pd.DataFrame
    #: turbine, wind_speed (bin centre), power_kw, power_std_kw, n: every record that produces
    curves: pd.DataFrame
    failed: tuple[Failure, ...] = ()  #: turbines that are not in them because the work on them failed


def overview_sums(records: Recorded, turbine: Turbine, farm: Farm) -> Partial:
    """Return one partition's sums: "monthly", "calm" and "curve", without the flags and corrections of the second pass.

    Parameters
    ----------
    records : Recorded
        One turbine's own records.
    turbine, farm : Turbine, Farm
        Ratings and settings.
    """
    months = months_of_records(records.time)
    starts = np.arange(months.first + 1, months.first + months.count).astype("datetime64[M]").astype("datetime64[us]")
    borders = np.r_[starts.astype(np.int64), np.iinfo(np.int64).max]
    width, rated = farm.power_curve.bin_width, turbine.rated_power_kw
    monthly, calm = np.zeros((3 + LEVELS, months.count), np.int64), np.zeros(POWER_CELLS, np.int64)
    curve = np.zeros((len(SUM_COLUMNS), int(WIND_SPEED_MAX / width + 0.5) + 1), np.int64)
    overview(
        records.time, records.flags, records.signal("power_kw"), records.signal("wind_speed"), borders, _EXCLUDED,
        farm.quality.power_low * rated, farm.quality.power_high * rated, WIND_SPEED_MAX,
        farm.availability.down_wind_speed, farm.availability.down_power_kw, CALM_WIND, rated, POWER_STEP, POWER_LOW,
        width, WIND, POWER, monthly, calm, curve,
    )  # fmt: skip
    texts = {"turbine": turbine.name}
    return {
        "monthly": dense_sums(
            texts,
            {"month": months.first},
            dict(zip(("n", "energy", "windy", *_DOWN), monthly, strict=True)),
            where=monthly[0] > 0,
        ),
        "calm": dense_sums(texts, {"cell": 0}, {"n": calm}),
        "curve": dense_sums(texts, {"bin": 0}, dict(zip(SUM_COLUMNS, curve, strict=True)), where=curve[0] > 0),
    }


def _level(calm: pd.DataFrame) -> int:
    counts = np.zeros(POWER_CELLS, np.int64)
    counts[calm.index.get_level_values("cell")] = calm["n"].to_numpy()
    return level_at_rest(counts)


def overview_result(summary: Summary, turbines: Sequence[Turbine], farm: Farm) -> Overview:
    """Return the figures from merged sums, the fleet's monthly ones last."""
    rated = {turbine.name: turbine.rated_power_kw for turbine in turbines}
    one = summary["monthly"].reset_index()
    # Power that reads above zero at rest counts as none, as in the report.
    level = {str(name): _level(calm) for name, calm in summary["calm"].groupby(level="turbine", sort=False)}
    of_level = one["turbine"].map(level).fillna(0).to_numpy(np.int64)
    one["down"] = one[list(_DOWN)].to_numpy()[np.arange(len(one)), of_level]
    one["rated"] = one["n"] * one["turbine"].map(rated).astype("float64")
    whole = one.groupby("month", sort=True)[["n", "energy", "windy", "down", "rated"]].sum().reset_index()
    table = pd.concat([one, whole.assign(turbine=FLEET)], ignore_index=True)
    hours = farm.averaging_period_s / 3600.0
    monthly = pd.DataFrame(
        {
            "turbine": table["turbine"],
            "month": [month_name(int(key)) for key in table["month"]],
            "energy_mwh": table["energy"] * POWER * hours / 1000.0,
            "capacity_factor": table["energy"] * POWER / table["rated"],
            "availability": 1.0 - table["down"] / table["windy"].where(table["windy"] > 0),
            "hours": table["n"] * hours,
        }
    )
    sums = summary["curve"].reset_index()
    _, power, std = sums_mean(sums)
    curves = pd.DataFrame(
        {
            "turbine": sums["turbine"],
            "wind_speed": sums["bin"] * farm.power_curve.bin_width,
            "power_kw": power,
            "power_std_kw": std,
            "n": sums["n"],
        }
    )
    return Overview(monthly=monthly, curves=curves)
