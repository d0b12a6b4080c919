"""One partition's own records with everything that the second pass derives for each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.expected import ExpectedCurve
from fleet.flags import USES, Flag
from fleet.months import Months, months_of_records
from fleet.potential import Neighbours, PotentialSource, candidates
from fleet.recorded import Recorded
from fleet.rules import RuleContext

__all__ = ["Records", "TurbineContext"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TurbineContext:
    """What the second pass knows of a turbine from the first."""

    robust: pd.DataFrame  #: medians and robust sigmas per wind bin
    curve: ExpectedCurve | None
    segments: pd.DataFrame | None  #: states from a status log or from state timers, with known coverage
    rules: RuleContext  #: reference curve and operating points
    at_rest_kw: float = 0.0  #: up to which power reads as none, see `fleet.standstill`


@dataclass(frozen=True)
class Records:
    """A partition's own records with what the second pass derives for each."""

    recorded: Recorded
    flags: npt.NDArray[np.uint32]
    months: Months
    has_energy: Mask  #: power can be counted
    present: Mask  #: power and wind can be counted
    down: Mask  #: wind enough, no power, neither of them frozen
    curve_ok: Mask  #: usable for the power curve
    potential: dict[PotentialSource, Floats]
    least_kw: float = 0.0  #: power at or below this is none [kW]

    @property
    def times(self) -> Ints:
        """Begin of each record [us since 1970 UTC]."""
        return self.recorded.time

    @property
    def power(self) -> Floats:
        """Power [kW]."""
        return self.recorded.signal("power_kw")

    @property
    def wind(self) -> Floats:
        """Wind speed [m/s]."""
        return self.recorded.signal("wind_speed")

    @staticmethod
    def of(
        recorded: Recorded,
        flags: npt.NDArray[np.uint32],
        turbine: Turbine,
        farm: Farm,
        context: TurbineContext,
        neighbours: Neighbours,
    ) -> Records:
        """Return a partition's own records; `flags` are complete but for what follows from them here."""
        power, wind = recorded.signal("power_kw"), recorded.signal("wind_speed")
        has_energy = (flags & np.uint32(USES["energy"])) == 0
        present = (flags & np.uint32(USES["availability"])) == 0
        least_kw = farm.availability.down_power_kw + context.at_rest_kw
        # A wind that holds its value may be calm by now: it makes no standing turbine a stopped one.
        moving = present & ((flags & np.uint32(Flag.FROZEN)) == 0)
        down = moving & (wind >= farm.availability.down_wind_speed) & (power <= least_kw)
        # The same rule as in the first pass: what that pass counted as running is taken out of the neighbours here.
        runs = moving & (power > 0.0)
        share = neighbours.mean_share(recorded.time, power, runs, turbine.rated_power_kw)
        return Records(
            recorded=recorded,
            flags=flags,
            months=months_of_records(recorded.time),
            has_energy=has_energy,
            present=present,
            down=down,
            curve_ok=(flags & np.uint32(USES["power_curve"])) == 0,
            potential=candidates(recorded, turbine, share, context.curve),
            least_kw=least_kw,
        )
