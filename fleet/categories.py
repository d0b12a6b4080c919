"""Information categories of IEC 61400-26-1:2019, their default priority and the availability views."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

__all__ = [
    "DEFAULT_PRIORITY",
    "EXPORTED",
    "IEC_CODES",
    "IN_SERVICE",
    "ROUTINES",
    "STOP_TIMERS",
    "TECHNICAL_EXCLUDED",
    "TECHNICAL_UNAVAILABLE",
    "Category",
    "StopTimer",
    "normalised",
]


class Category(StrEnum):
    """One information category; the value is its name in tables and in `farm.toml`."""

    FULL_PERFORMANCE = "full_performance"
    PARTIAL_PERFORMANCE = "partial_performance"
    READY_STANDBY = "ready_standby"
    TECHNICAL_STANDBY = "technical_standby"
    OUT_OF_ENVIRONMENTAL_SPECIFICATION = "out_of_environmental_specification"
    REQUESTED_SHUTDOWN = "requested_shutdown"
    OUT_OF_ELECTRICAL_SPECIFICATION = "out_of_electrical_specification"
    SCHEDULED_MAINTENANCE = "scheduled_maintenance"
    PLANNED_CORRECTIVE_ACTION = "planned_corrective_action"
    FORCED_OUTAGE = "forced_outage"
    SUSPENDED = "suspended"
    FORCE_MAJEURE = "force_majeure"
    INFORMATION_UNAVAILABLE = "information_unavailable"
    UNALLOCATED = "unallocated"  #: stopped or running, but nothing says in which category; not an IEC category


IEC_CODES: dict[Category, str] = {
    Category.FULL_PERFORMANCE: "IAOSFP",
    Category.PARTIAL_PERFORMANCE: "IAOSPP",
    Category.READY_STANDBY: "IAOSRS",
    Category.TECHNICAL_STANDBY: "IAOOSTS",
    Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION: "IAOOSEN",
    Category.REQUESTED_SHUTDOWN: "IAOOSRS",
    Category.OUT_OF_ELECTRICAL_SPECIFICATION: "IAOOSEL",
    Category.SCHEDULED_MAINTENANCE: "IANOSM",
    Category.PLANNED_CORRECTIVE_ACTION: "IANOPCA",
    Category.FORCED_OUTAGE: "IANOFO",
    Category.SUSPENDED: "IANOS",
    Category.FORCE_MAJEURE: "IAFM",
    Category.INFORMATION_UNAVAILABLE: "IU",
}


def normalised(text: str) -> str:
    """Return a text in lower case with single spaces: "Forced  Outage" and "forced_outage" are "forced outage"."""
    return " ".join(text.replace("_", " ").lower().split())


#: What exports write as IEC category, normalised: the category's name, or its code. A blank is no category.
EXPORTED: dict[str, Category] = {
    **{normalised(category.value): category for category in Category},
    **{normalised(code): category for category, code in IEC_CODES.items()},
}

IN_SERVICE = frozenset({Category.FULL_PERFORMANCE, Category.PARTIAL_PERFORMANCE, Category.READY_STANDBY})

#: Where two stop categories overlap the earlier one counts. Configurable: `[availability] priority`.
DEFAULT_PRIORITY: tuple[Category, ...] = (
    Category.FORCE_MAJEURE,
    Category.SUSPENDED,
    Category.FORCED_OUTAGE,
    Category.PLANNED_CORRECTIVE_ACTION,
    Category.SCHEDULED_MAINTENANCE,
    Category.OUT_OF_ELECTRICAL_SPECIFICATION,
    Category.REQUESTED_SHUTDOWN,
    Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION,
    Category.TECHNICAL_STANDBY,
    Category.UNALLOCATED,
    Category.READY_STANDBY,
    Category.PARTIAL_PERFORMANCE,
    Category.FULL_PERFORMANCE,
    Category.INFORMATION_UNAVAILABLE,
)

StopTimer = Literal["stop_turbine", "stop_commanded", "stop_environment", "stop_grid"]

#: What the time counted by a stop timer (`fleet.schema.TIMERS`) is. Configurable: `[availability] timers`.
STOP_TIMERS: dict[StopTimer, Category] = {
    "stop_turbine": Category.FORCED_OUTAGE,
    "stop_commanded": Category.REQUESTED_SHUTDOWN,
    "stop_environment": Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION,
    "stop_grid": Category.OUT_OF_ELECTRICAL_SPECIFICATION,
}

#: Parts of alarms' texts, normalised, that name a task which the controller does by itself and on schedule: what its
#: own stop timer counts meanwhile is Technical Standby and no failure. Greenbyte's exports give "Battery test" and
#: "Hydraulic oil flushing operation" that category; Hill of Towie's publisher describes the other two.
ROUTINES = ("battery test", "oil flushing", "lubrication", "untwisting")

#: The manufacturer's view (indicative: the standard leaves it to an informative annex).
TECHNICAL_UNAVAILABLE = frozenset({Category.PLANNED_CORRECTIVE_ACTION, Category.FORCED_OUTAGE})
TECHNICAL_EXCLUDED = frozenset({Category.SUSPENDED, Category.FORCE_MAJEURE, Category.INFORMATION_UNAVAILABLE})
