"""What stops a synthetic turbine: kinds of stops with their category, texts, rate and duration."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet.categories import IN_SERVICE, Category
from fleet.errors import ConfigError
from turbine.checks import check_range

__all__ = ["IEC_TEXTS", "STOPS", "StopKind"]

#: How the Greenbyte export writes a category.
IEC_TEXTS: dict[Category, str] = {
    Category.FULL_PERFORMANCE: "Full Performance",
    Category.PARTIAL_PERFORMANCE: "Partial Performance",
    Category.TECHNICAL_STANDBY: "Technical Standby",
    Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION: "Out of Environmental Specification",
    Category.REQUESTED_SHUTDOWN: "Requested Shutdown",
    Category.OUT_OF_ELECTRICAL_SPECIFICATION: "Out of Electrical Specification",
    Category.SCHEDULED_MAINTENANCE: "Scheduled Maintenance",
    Category.PLANNED_CORRECTIVE_ACTION: "Planned Corrective Action",
    Category.FORCED_OUTAGE: "Forced outage",
    Category.SUSPENDED: "Suspended",
    Category.FORCE_MAJEURE: "Force Majeure",
}


@dataclass(frozen=True, kw_only=True)
class StopKind:
    """One kind of stop: exponential times from the end of one to the begin of the next, lognormal durations.

    Stops of one kind do not overlap; kinds are independent, so two of them may. On average a kind keeps the turbine
    stopped for the share of the time d / (g + d), with the mean duration d and the mean time between g.
    """

    category: Category
    code: int  #: the controller's event code
    message: str
    service_category: str = ""
    per_year: float  #: one over the mean time between two stops [1/a], a year of 8760 h
    mean_h: float  #: mean duration [h]
    spread: float = 0.8  #: standard deviation of the duration's logarithm [1]

    def __post_init__(self) -> None:
        if self.category in IN_SERVICE or self.category not in IEC_TEXTS:
            known = ", ".join(category.value for category in IEC_TEXTS if category not in IN_SERVICE)
            raise ConfigError(f"stop {self.code}: {self.category.value} is no category of a stop; known: {known}")
        for name, low, high in (("per_year", 0.0, 10_000.0), ("mean_h", 1 / 60, 10_000.0), ("spread", 0.0, 3.0)):
            check_range(f"stop {self.code}: {name}", getattr(self, name), low, high, error=ConfigError)

    @property
    def share(self) -> float:
        """Expected share of the time that a turbine is stopped by this kind [1]."""
        between_h = 8760.0 / self.per_year if self.per_year else math.inf
        return self.mean_h / (between_h + self.mean_h)


def _stop(category: Category, code: int, message: str, service: str, per_year: float, mean_h: float) -> StopKind:
    return StopKind(
        category=category, code=code, message=message, service_category=service, per_year=per_year, mean_h=mean_h
    )


#: A mix like that of an onshore machine: some 3 % of the time stopped.
STOPS: tuple[StopKind, ...] = (
    _stop(Category.FORCED_OUTAGE, 1550, "Missing gear oil (high rpm)", "Mechanical error (23)", 6.0, 14.0),
    _stop(Category.FORCED_OUTAGE, 3210, "Converter fault", "Electrical error (22)", 10.0, 4.0),
    _stop(Category.PLANNED_CORRECTIVE_ACTION, 25, "Repair - on site", "Manual stop (service)  (9)", 1.0, 10.0),
    _stop(Category.SCHEDULED_MAINTENANCE, 20, "Manual stop - on site", "Manual stop (service)  (9)", 2.0, 9.0),
    _stop(Category.TECHNICAL_STANDBY, 710, "Battery test", "Operating states  (28)", 26.0, 0.3),
    _stop(Category.REQUESTED_SHUTDOWN, 30, "Remote stop", "Manual stop (remote)  (8)", 3.0, 5.0),
    _stop(Category.OUT_OF_ELECTRICAL_SPECIFICATION, 920, "Grid undervoltage", "Grid failure (6)", 3.0, 1.5),
)
