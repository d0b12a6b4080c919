"""One partition's own records with everything that the second pass derives for each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.expected import ExpectedCurve
from fleet.flags import USES, Flag
from fleet.potential import Neighbours, PotentialSource, candidates
from fleet.sums import MICRO, month_keys, quanta
from fleet.times import series_us

__all__ = ["Records", "TurbineContext"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TurbineContext:
    """What the second pass knows of a turbine from the first."""

    robust: pd.DataFrame  #: medians and robust sigmas per wind bin
    curve: ExpectedCurve | None
    segments: pd.DataFrame | None  #: states from a status log with known coverage


@dataclass(frozen=True)
class Records:
    """A partition's own records with what the second pass derives for each."""

    frame: pd.DataFrame
    flags: npt.NDArray[np.uint32]
    times: npt.NDArray[np.int64]  #: [us since 1970 UTC]
    months: npt.NDArray[np.int64]
    power: npt.NDArray[np.float64]
    wind: npt.NDArray[np.float64]
    has_energy: Mask  #: power can be counted
    present: Mask  #: power and wind can be counted
    down: Mask  #: wind enough, no power
    curve_ok: Mask  #: usable for the power curve
    potential: dict[PotentialSource, npt.NDArray[np.float64]]

    @staticmethod
    def of(
        frame: pd.DataFrame,
        flags: npt.NDArray[np.uint32],
        turbine: Turbine,
        farm: Farm,
        context: TurbineContext,
        neighbours: Neighbours,
    ) -> Records:
        times = series_us(frame["time"])
        known = frame["time"].notna().to_numpy()
        months = np.full(len(frame), -1, np.int64)
        months[known] = month_keys(frame["time"][known])
        power, wind = frame["power_kw"].to_numpy(), frame["wind_speed"].to_numpy()
        has_energy = (flags & np.uint32(USES["energy"])) == 0
        present = (flags & np.uint32(USES["availability"])) == 0
        down = present & (wind >= farm.availability.down_wind_speed) & (power <= farm.availability.down_power_kw)
        # The same rule as in the first pass: what that pass counted as running is taken out of the neighbours here.
        runs = present & ((flags & np.uint32(Flag.FROZEN)) == 0) & (power > 0.0)
        own = quanta(power / turbine.rated_power_kw, MICRO)
        share = neighbours.mean_share(times, own, runs)
        return Records(
            frame=frame,
            flags=flags,
            times=times,
            months=months,
            power=power,
            wind=wind,
            has_energy=has_energy,
            present=present,
            down=down,
            curve_ok=(flags & np.uint32(USES["power_curve"])) == 0,
            potential=candidates(frame, turbine, share, context.curve),
        )
