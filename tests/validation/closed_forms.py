"""Power curves whose energy in a Rayleigh wind can be integrated by hand, and bins made from their records."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import PowerCurveSettings, Turbine
from fleet.power_curve import bin_table
from tests.partial_tables import curve_table

__all__ = ["FINE", "RATED", "SETTINGS", "bins_of", "constant_power_mwh", "squared_wind_mwh"]

RATED = 2000.0  #: [kW]
SETTINGS = PowerCurveSettings(bin_width=0.5, min_bin_minutes=30.0, cut_out=25.0)
#: Finer than `farm.toml` allows: the trapezoids' error vanishes.
FINE = SETTINGS.model_copy(update={"bin_width": 0.02, "cut_out": 60.0})


def bins_of(
    wind: npt.NDArray[np.float64], power: npt.NDArray[np.float64], settings: PowerCurveSettings = SETTINGS
) -> pd.DataFrame:
    """Three records per point, so that every bin is complete and has no scatter."""
    wind, power = np.repeat(wind, 3), np.repeat(power, 3)
    sums = curve_table(wind, power, bin_width=settings.bin_width)
    return bin_table(sums, Turbine(name="T1", rated_power_kw=RATED), settings)


def constant_power_mwh(mean: float) -> tuple[float, float]:
    """Annual energy of `RATED` from 4 to 20 m/s in bins of 0.5 m/s: measured, and held to 25 m/s [MWh]."""

    def share_above(wind: float) -> float:
        return math.exp(-math.pi / 4.0 * (wind / mean) ** 2)

    start, first, last, out = (share_above(wind) for wind in (3.5, 4.0, 20.0, 25.0))
    measured = 8.760 * RATED * ((start - first) / 2.0 + first - last)
    return measured, measured + 8.760 * RATED * (last - out)


def squared_wind_mwh(mean: float) -> float:
    """Annual energy of P = V^2 kW from calm on [MWh]: a Rayleigh wind has mean V^2 = 4/pi V_ave^2."""
    return 8.760 * 4.0 / math.pi * mean**2
