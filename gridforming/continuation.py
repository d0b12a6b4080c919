"""Operating points along a parameter: from one to the next, past where the power flow has a solution.

At the end of the power flow two operating points meet, of high and of low voltage. A guess from there leads to either;
what is followed from outside, or loaded step by step, stays on the one of high voltage, as a run does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gridforming.errors import InitialisationError
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.power_flow import power_flow
from gridforming.system import System, build, dead
from turbine.errors import WindformError

__all__ = ["Found", "follow_line", "loaded", "reach", "rest"]

_MARGIN = 1.03  # more power by which the flow must have a solution too, for its guess to be trusted [-]
_SHARES = (0.3, 0.6, 0.8, 0.9, 0.95, 1.0)  # of active and reactive power, step by step [-]
_HALVINGS = 2  # of a step that leads nowhere


@dataclass(frozen=True)
class Found:
    """An operating point, or why there is none."""

    point: OperatingPoint | None
    reason: str = ""
    failed: bool = False  #: whether it could not be looked for


def rest(
    system: System, *, near: OperatingPoint | None = None, time_step: float | None = None, load: bool = True
) -> OperatingPoint:
    """Return where a system stands still, on the branch of high voltage.

    Parameters
    ----------
    system : System
        With the references of its devices.
    near : OperatingPoint, optional
        Of a neighbouring system, tried first.
    time_step : float, optional
        As in `build`.
    load : bool
        Whether a system whose power flow has no solution is loaded step by step.

    Raises
    ------
    InitialisationError
        No operating point is found.
    """
    if near is not None:
        try:
            return operating_point(system, near=near, time_step=time_step)
        except InitialisationError:
            _refuse_overload(system, time_step)
            return operating_point(system, time_step=time_step)
    try:
        _refuse_overload(system, time_step)
    except InitialisationError:
        if not load:
            raise
        return loaded(system, time_step=time_step)
    return operating_point(system, time_step=time_step)


def loaded(system: System, *, time_step: float | None = None) -> OperatingPoint:
    """Return the operating point that is reached as the power of all converters rises to its reference.

    Raises
    ------
    InitialisationError
        There is none, or the way to it ends before.
    """
    point: OperatingPoint | None = None
    for share in _SHARES:
        converters = tuple(replace(c, active=share * c.active, reactive=share * c.reactive) for c in system.converters)
        partly = replace(system, converters=converters) if share < 1.0 else system
        point = operating_point(partly, near=point, time_step=time_step)
    assert point is not None
    return point


def _refuse_overload(system: System, time_step: float | None) -> None:
    """Raise where the power flow has no solution with a little more power."""
    model = build(system, time_step=time_step, frame_speed=system.grids[0].frequency if system.grids else 1.0)
    state = dead(model)
    for records in (state.converters, state.machines):
        records["p_ref"] *= _MARGIN
    state.converters["q_ref"] *= _MARGIN
    power_flow(model, state)


def follow_line(systems: Sequence[System | None], time_steps: Sequence[float | None]) -> list[Found]:
    """Return the operating points of systems along a parameter, each begun at its neighbour's where that works.

    Parameters
    ----------
    systems : sequence of System or None
        In the parameter's order; None: there is no such system, the line is broken there.
    time_steps : sequence of float or None
        Of each, as in `build`.

    Returns
    -------
    list of Found
        Forwards each point begins at the one before it, or at the power flow; what is missing then is looked for
        backwards from the one behind it. The first of those that the power flow does not reach is loaded step by step.
    """
    systems = list(systems)
    points: list[OperatingPoint | None] = [None] * len(systems)
    reasons = [""] * len(systems)
    failed = [False] * len(systems)
    tried = [0] * len(systems)  # without a neighbour: 1 the power flow, 2 step by step as well
    for order in (range(len(systems)), range(len(systems) - 1, -1, -1)):
        near: OperatingPoint | None = None
        lost = False
        for k in order:
            system = systems[k]
            if system is None:
                near, lost = None, False
                continue
            worth = 1 if lost else 2
            if points[k] is None and (near is not None or tried[k] < worth):
                try:
                    points[k] = rest(system, near=near, time_step=time_steps[k], load=not lost)
                    reasons[k] = ""
                except InitialisationError as error:
                    reasons[k] = reasons[k] or str(error)
                    tried[k] = max(tried[k], worth)
                except Exception as error:  # one point costs no other
                    name = "" if isinstance(error, WindformError) else f"{type(error).__name__}: "
                    reasons[k], failed[k], systems[k] = f"{name}{error}", True, None
            near = points[k]
            lost = near is None
    return [Found(*one) for one in zip(points, reasons, failed, strict=True)]


def reach(
    make: Callable[[float], System], known: dict[float, OperatingPoint], value: float, *, time_step: float | None = None
) -> OperatingPoint:
    """Return the operating point at a value of a parameter, followed from the nearest that is known.

    Parameters
    ----------
    make : function
        Gives the system at a value.
    known : dict of float to OperatingPoint
        By value, one at least; those that are found on the way are added.
    value : float
        Where.
    time_step : float, optional
        As in `build`.

    Raises
    ------
    InitialisationError
        The way to it ends before.
    """
    at = min(known, key=lambda other: abs(other - value))
    step, left = value - at, _HALVINGS
    while at != value:
        there = value if abs(step) >= abs(value - at) else at + step
        try:
            known[there] = operating_point(make(there), near=known[at], time_step=time_step)
        except InitialisationError:
            if left == 0:
                raise
            step, left = 0.5 * step, left - 1
        else:
            at = there
    return known[value]
