"""Wind statistics of the nacelle anemometers: distribution, Weibull fit, rose and turbulence."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.months import Months
from fleet.partial_sums import Partial, dense_sums, record_sums
from fleet.recorded import Recorded
from fleet.results import Wind
from fleet.schema import WIND_SPEED_MAX
from fleet.sum_kernels import add_wind
from fleet.sums import MICRO, WIND, Summary, month_name

__all__ = ["SECTOR_WIDTH_DEG", "wind_result", "wind_sums"]

SECTOR_WIDTH_DEG = 30.0
_NO_SECTOR = -1
_SQUARE = 1e-4  #: quantum of squared wind speed [m2/s2]
_CUBE = 1e-2  #: quantum of cubed wind speed [m3/s3]


def wind_sums(turbine: str, records: Recorded, months: Months, used: npt.NDArray[np.bool_]) -> Partial:
    """Return the sums of one partition's usable records.

    Parameters
    ----------
    turbine : str
        Name of the turbine.
    records : Recorded, n records
        The partition's own records.
    months : Months
        Their months.
    used : array of bool, shape (n,)
        Which are usable: they have a wind speed.

    Returns
    -------
    Partial
        "rose" (turbine, sector, bin -> n), "wind" (turbine, month -> n, v, v2, v3), "turbulence" (turbine -> n, ti) of
        records with 14.5 <= V < 15.5 m/s and a standard deviation.
    """
    sectors = round(360.0 / SECTOR_WIDTH_DEG)
    rose = np.zeros((sectors + 1, int(WIND_SPEED_MAX) + 1), np.int64)
    monthly, turbulence = np.zeros((4, months.count), np.int64), np.zeros(2, np.int64)
    add_wind(
        records.signal("wind_speed"), records.signal("wind_direction_deg"), records.signal("wind_speed_std"),
        months.place, used, SECTOR_WIDTH_DEG, sectors, (WIND, _SQUARE, _CUBE, MICRO), rose, monthly, turbulence,
    )  # fmt: skip
    texts = {"turbine": turbine}
    n, v, v2, v3 = monthly
    return {
        "rose": dense_sums(texts, {"sector": _NO_SECTOR, "bin": 0}, {"n": rose}),
        "wind": dense_sums(texts, {"month": months.first}, {"n": n, "v": v, "v2": v2, "v3": v3}, where=n > 0),
        "turbulence": record_sums(texts, {"n": turbulence[:1], "ti": turbulence[1:]}),
    }


def wind_result(summary: Summary, period_s: int) -> Wind:
    """Return the wind statistics from merged sums.

    The Weibull parameters reproduce the mean and the mean cube of the wind speed, i.e. the power in the wind (European
    Wind Atlas, Troen and Petersen 1989, uses the mean cube likewise).
    """
    wind = summary["wind"]
    turbulence = summary["turbulence"]
    stats = []
    for sums in wind.groupby(level="turbine", sort=True).sum().reset_index().to_dict("records"):
        turbine = sums["turbine"]
        n = int(sums["n"])
        mean, square, cube = sums["v"] * WIND / n, sums["v2"] * _SQUARE / n, sums["v3"] * _CUBE / n
        shape, scale = _weibull(mean, cube)
        at15 = turbulence[turbulence.index == turbine].sum()
        stats.append(
            {
                "turbine": turbine,
                "mean": mean,
                "std": math.sqrt(max(square - mean**2, 0.0)),
                "weibull_k": shape,
                "weibull_a": scale,
                "turbulence_15": at15["ti"] * MICRO / at15["n"] if at15["n"] else float("nan"),
                "hours": n * period_s / 3600.0,
            }
        )
    rose = summary["rose"].reset_index()
    rose = rose[rose["sector"] != _NO_SECTOR]
    monthly = wind.reset_index()
    return Wind(
        stats=pd.DataFrame(stats),
        rose=pd.DataFrame(
            {
                "turbine": rose["turbine"],
                "sector_deg": rose["sector"] * SECTOR_WIDTH_DEG,
                "bin_low": rose["bin"].astype(float),
                "n": rose["n"],
            }
        ).reset_index(drop=True),
        monthly=pd.DataFrame(
            {
                "turbine": monthly["turbine"],
                "month": [month_name(int(key)) for key in monthly["month"]],
                "mean": monthly["v"] * WIND / monthly["n"],
            }
        ),
        sector_width_deg=SECTOR_WIDTH_DEG,
    )


def _weibull(mean: float, cube: float) -> tuple[float, float]:
    """Return shape and scale with the given mean and mean cube, NaN where there are none."""
    from scipy.optimize import brentq

    if not mean > 0.0:
        return float("nan"), float("nan")
    ratio = cube / mean**3

    def excess(k: float) -> float:
        return math.gamma(1 + 3 / k) / math.gamma(1 + 1 / k) ** 3 - ratio

    if excess(0.5) * excess(20.0) > 0:
        return float("nan"), float("nan")
    shape = float(brentq(excess, 0.5, 20.0, xtol=1e-9))
    return shape, mean / math.gamma(1 + 1 / shape)
