"""Partial sums as the tables that results are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.partial_sums import PartialSums, tables
from fleet.power_curve import curve_sums

__all__ = ["curve_table", "table"]


def table(sums: PartialSums) -> pd.DataFrame:
    """Return partial sums as a table."""
    return tables({"": sums})[""]


def curve_table(
    wind_speed: npt.ArrayLike, power_kw: npt.ArrayLike, used: npt.ArrayLike | None = None, *, bin_width: float = 0.5
) -> pd.DataFrame:
    """Return one turbine's `fleet.power_curve.curve_sums` by bin; by default all records are used."""
    wind, power = np.asarray(wind_speed, np.float64), np.asarray(power_kw, np.float64)
    every = np.ones(wind.size, bool) if used is None else np.asarray(used, bool)
    return table(curve_sums(wind, power, every, bin_width=bin_width, turbine="T1")).droplevel("turbine")
