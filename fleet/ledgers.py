"""Hours and energies of many turbines in one view of availability, as arrays: whole numbers until the end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import IN_SERVICE, TECHNICAL_EXCLUDED, TECHNICAL_UNAVAILABLE, Category
from fleet.category_sums import HOUR, RUNNING_UNALLOCATED
from fleet.config import AvailabilitySettings

__all__ = ["RUNNING", "VIEWS", "Cells", "Ledgers", "View", "cells_of", "ledgers_of", "treat_as"]

View = Literal["operational", "technical", "contractual"]
Treatment = Literal["available", "unavailable", "not_counted"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VIEWS: tuple[View, ...] = ("operational", "technical", "contractual")
YEAR_H = 8760.0  #: the year of the maintenance allowance [h]

RUNNING = frozenset({*(category.value for category in IN_SERVICE), RUNNING_UNALLOCATED})  #: labels of time in service
_UNALLOCATED = frozenset({Category.UNALLOCATED.value, RUNNING_UNALLOCATED})
_WORD = 32  # energies are added as two words of this many bits


def treat_as(label: str, view: View, settings: AvailabilitySettings) -> Treatment:
    """Return how a view counts a category.

    - *operational*: out of service is unavailable, whatever the cause; Information Unavailable leaves both sums.
    - *technical* (indicative): Planned Corrective Action and Forced Outage are unavailable; Suspended, Force Majeure
      and Information Unavailable leave both sums, and so does a stop without a category; the rest is available.
      Scheduled maintenance beyond its allowance is taken out by `ledgers_of`.
    - *contractual*: as `settings.contract` says; time in service that it does not mention is available, any other
      category that it does not mention leaves both sums. Running in an unknown state follows the contract only where
      it treats every state in service alike.

    Parameters
    ----------
    label : str
        A `Category` value or `RUNNING_UNALLOCATED`.
    view : {"operational", "technical", "contractual"}
        The view.
    settings : AvailabilitySettings
        The contract's map.
    """
    running = label in RUNNING
    if view == "contractual":
        if label == RUNNING_UNALLOCATED:
            ways = {settings.contract.get(category, "available") for category in IN_SERVICE}
            return ways.pop() if len(ways) == 1 else "not_counted"
        return settings.contract.get(Category(label), "available" if running else "not_counted")
    if running:
        return "available"
    if view == "operational":
        return "not_counted" if label == Category.INFORMATION_UNAVAILABLE else "unavailable"
    if label in TECHNICAL_EXCLUDED or label == Category.UNALLOCATED:
        return "not_counted"
    return "unavailable" if label in TECHNICAL_UNAVAILABLE else "available"


@dataclass(frozen=True)
class Cells:
    """Sums of groups (a turbine, or a turbine's month) by category: arrays of shape (categories, groups)."""

    labels: tuple[str, ...]  #: sorted
    hours: Floats
    unpriced_h: Floats  #: the part without lost energy
    produced_mwh: Floats
    lost_mwh: Floats
    has_power: Floats  #: shape (groups,); 1 where any produced energy is known


def cells_of(sums: pd.DataFrame, group: Ints, groups: int, quantum_kwh: float) -> Cells:
    """Add sums up by category and group.

    Parameters
    ----------
    sums : DataFrame
        `fleet.category_sums.SUM_COLUMNS`.
    group : array of int64, shape (n,)
        Number of each row's group; -1: none.
    groups : int
        Number of groups.
    quantum_kwh : float
        Unit of the energy sums [kWh].
    """
    mine = sums[group >= 0]
    codes, names = pd.factorize(mine["category"], sort=True)
    shape = (len(names), groups)
    at = codes * groups + group[group >= 0]
    time, lost_known = mine["time_us"].to_numpy(np.int64), mine["lost"].notna().to_numpy()
    unpriced = np.where(lost_known, mine["unpriced_us"].to_numpy(np.int64), time)
    powered = np.zeros(groups)
    powered[group[group >= 0][mine["produced"].notna().to_numpy()]] = 1.0

    def added(values: Ints) -> Floats:
        return _exact_sums(at, values, len(names) * groups).reshape(shape)

    produced, lost = (added(mine[name].to_numpy(np.int64, na_value=0)) for name in ("produced", "lost"))
    return Cells(
        labels=tuple(str(name) for name in names),
        hours=added(time) / HOUR,
        unpriced_h=added(unpriced) / HOUR,
        produced_mwh=produced * quantum_kwh / 1000.0,
        lost_mwh=lost * quantum_kwh / 1000.0,
        has_power=powered,
    )


def _exact_sums(at: Ints, values: Ints, size: int) -> Floats:
    """Return the sums at each place, rounded once; they may pass 64 bits."""
    high, low = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(high, at, values >> _WORD)
    np.add.at(low, at, values & ((1 << _WORD) - 1))
    return np.array([float((h << _WORD) + part) for h, part in zip(high.tolist(), low.tolist(), strict=True)])


@dataclass(frozen=True)
class Ledgers:
    """Sums of groups in one view, arrays of shape (groups,); those of several groups add."""

    available_h: Floats
    unavailable_h: Floats
    excluded_h: Floats
    unallocated_h: Floats
    period_h: Floats
    covered_h: Floats
    produced_mwh: Floats
    lost_mwh: Floats
    losing_h: Floats  #: time whose losses count
    unpriced_h: Floats  #: the part of it without lost energy
    u_potential_mwh: Floats
    unmapped_h: Floats  #: out of service in a category that the contract does not mention
    has_power: Floats  #: turbines with produced energy
    turbines: Floats

    def totals(self, into: Ints, size: int) -> Ledgers:
        """Return the sums of the groups that belong together.

        Parameters
        ----------
        into : array of int64, shape (groups,)
            Number of the sum that each group is part of; -1: none. They are added in order.
        size : int
            Number of sums.
        """
        some = into >= 0
        found = {}
        for field in fields(self):
            found[field.name] = np.zeros(size)
            np.add.at(found[field.name], into[some], getattr(self, field.name)[some])
        return Ledgers(**found)

    @property
    def time_based(self) -> Floats:
        """Time-based availability; NaN where no time counts."""
        return 1.0 - _ratio(self.unavailable_h, self.available_h + self.unavailable_h)

    @property
    def power_known(self) -> npt.NDArray[np.bool_]:
        """Whether all turbines have produced energy."""
        return np.asarray((self.has_power > 0) & (self.has_power == self.turbines))

    @property
    def loss_known(self) -> npt.NDArray[np.bool_]:
        """Whether any of the time whose losses count has lost energy; true where there is no such time."""
        return np.asarray(self.power_known & ((self.losing_h == 0) | (self.unpriced_h < self.losing_h)))

    @property
    def production_based(self) -> Floats:
        """Production-based availability; NaN where it is not determinable."""
        found = 1.0 - _ratio(self.lost_mwh, self.produced_mwh + self.lost_mwh)
        return np.where(self.loss_known, found, np.nan)

    @property
    def coverage(self) -> Floats:
        """Share of the period that the sums account for."""
        return _ratio(self.covered_h, self.period_h)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0), np.float64)


def ledgers_of(
    cells: Cells, view: View, settings: AvailabilitySettings, period_us: Ints, u_potential: Floats
) -> Ledgers:
    """Add categories up as a view counts them.

    Parameters
    ----------
    cells : Cells
        Sums by category.
    view : {"operational", "technical", "contractual"}
        The view.
    settings : AvailabilitySettings
        Contract and maintenance allowance.
    period_us : array of int64, shape (groups,)
        Length of each group's period [us].
    u_potential : array of float, shape (groups,)
        Standard uncertainty of potential energy, fully correlated [fraction].
    """
    size = period_us.size
    total = {field.name: np.zeros(size) for field in fields(Ledgers)}
    total["period_h"] = period_us / HOUR
    total["has_power"], total["turbines"] = cells.has_power, np.ones(size)
    allowance_h = settings.maintenance_allowance_h * (period_us / HOUR) / YEAR_H
    for k, label in enumerate(cells.labels):
        hours, produced, lost = cells.hours[k], cells.produced_mwh[k], cells.lost_mwh[k]
        way = treat_as(label, view, settings)
        counted = float(way != "not_counted")
        unavailable = np.full(size, float(way == "unavailable"))
        if view == "technical" and label == Category.SCHEDULED_MAINTENANCE:
            beyond = 1.0 - np.divide(allowance_h, hours, out=np.ones(size), where=hours > 0)
            unavailable = np.maximum(0.0, beyond)
        losing = counted if label == Category.PARTIAL_PERFORMANCE else unavailable
        parts = {
            "available_h": hours * (counted - unavailable),
            "unavailable_h": hours * unavailable,
            "excluded_h": hours * (1.0 - counted),
            "unallocated_h": hours if label in _UNALLOCATED else 0.0,
            "covered_h": 0.0 if label == Category.INFORMATION_UNAVAILABLE else hours,
            "produced_mwh": produced * counted,
            "lost_mwh": lost * losing,
            "losing_h": hours * losing,
            "unpriced_h": cells.unpriced_h[k] * losing,
            "u_potential_mwh": np.where(
                (hours > 0) & (losing != 0.0), u_potential * np.abs(lost + produced) * losing, 0.0
            ),
            "unmapped_h": hours if view == "contractual" and _unmapped(label, settings) else 0.0,
        }
        for name, part in parts.items():
            total[name] = total[name] + part
    return Ledgers(**total)


def _unmapped(label: str, settings: AvailabilitySettings) -> bool:
    expected = label not in RUNNING and label != Category.INFORMATION_UNAVAILABLE
    return expected and Category(label) not in settings.contract
