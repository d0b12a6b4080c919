"""Where stability ends along a scalar of a scenario: by eigenvalues and in time.

The eigenvalues are those of the operating point with the scenario's references, followed from the stable side; no
operating point counts as unstable. In time, the active power of all converters rises from nothing to its reference; at
the end speeds must stand still.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from gridforming.continuation import reach, rest
from gridforming.errors import InitialisationError
from gridforming.events import Event, SetReference
from gridforming.fixed_point import OperatingPoint
from gridforming.linear import linearise
from gridforming.scenario import Scenario, load_scenario
from gridforming.simulation import simulate
from gridforming.system import System
from turbine.checks import check_positive, check_range
from turbine.errors import SimulationError

__all__ = ["Border", "Critical", "TimeTest", "critical", "settles"]


@dataclass(frozen=True)
class Border:
    """Where stability ends, between two values that were looked at.

    Parameters
    ----------
    value : float
        Between `stable` and `unstable`.
    stable, unstable : float
        The nearest values that were found so.
    reason : str
        What is wrong at the unstable one.
    """

    value: float
    stable: float
    unstable: float
    reason: str


@dataclass(frozen=True)
class Critical:
    """Both findings of where stability ends.

    Parameters
    ----------
    key : str
        Of the scalar.
    modes : Border
        By eigenvalues.
    time : Border or None
        In time; None where a run on either side of the border by eigenvalues does not confirm it.
    note : str
        What was found in time instead.
    """

    key: str
    modes: Border
    time: Border | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class TimeTest:
    """A run that tells what is stable.

    Parameters
    ----------
    duration : float
        [s].
    ramp : (float, float)
        When active power begins to rise, and when it is there [s].
    window : float
        At the end, in which speeds must stand still [s].
    band : float
        Between highest and lowest speed there [pu].
    events : tuple of Event, optional
        What happens instead of the ramp; the run then begins at rest with the scenario's references.
    """

    duration: float = 1.8
    ramp: tuple[float, float] = (0.1, 0.7)
    window: float = 0.3
    band: float = 1.6e-3
    events: tuple[Event, ...] | None = None

    def __post_init__(self) -> None:
        check_positive("duration", self.duration, unit="s", error=SimulationError)
        check_range("window", self.window, 0.0, self.duration, above=True, unit="s", error=SimulationError)
        check_positive("band", self.band, unit="pu", error=SimulationError)
        begin, end = self.ramp
        if not 0.0 <= begin < end <= self.duration - self.window:
            raise SimulationError(
                f"ramp: found {begin:g} to {end:g} s, expected a rise that ends before the last {self.window:g} s of "
                f"{self.duration:g} s"
            )


_RAMP_STEP = 1e-3  # between references of a ramp [s]


def critical(
    source: str | Path,
    key: str,
    low: float,
    high: float,
    *,
    tolerance: float = 2e-3,
    by: Literal["modes", "time"] = "modes",
    margin: float = 0.03,
    test: TimeTest | None = None,
    values: Mapping[str, object] | None = None,
    alternative: str = "",
) -> Critical:
    """Return where stability ends between two values of a scalar, by eigenvalues and in time.

    Parameters
    ----------
    source : str or Path
        As of `load_scenario`.
    key : str
        Dotted, of a number.
    low, high : float
        One of them stable, the other one not.
    tolerance : float
        Of the border, in the scalar's unit.
    by : "modes" or "time"
        "time": the border is bisected in time as well; "modes": it is confirmed by one run on either side.
    margin : float
        Distance of these runs from the border, of its value [-].
    test : TimeTest, optional
        How a run tells what is stable.
    values : mapping of str to value, optional
        Other values that take the place of the file's.
    alternative : str
        One of the file's own alternatives.

    Raises
    ------
    SimulationError
        An unknown key, or both values are stable, or neither.
    """
    check_positive("tolerance", tolerance, error=SimulationError)
    check_range("margin", margin, 0.0, 0.5, above=True, error=SimulationError)
    if by not in ("modes", "time"):
        raise SimulationError(f'by: found {by!r}, expected "modes" or "time"')
    if not low < high:
        raise SimulationError(f"{key}: found {low:g} to {high:g}, expected the lower value first")
    test = test or TimeTest()

    def scenario(value: float) -> Scenario:
        return load_scenario(source, {**(values or {}), key: value}, alternative=alternative)

    modes = _border(_ByModes(scenario), key, low, high, tolerance, "by eigenvalues")

    def in_time(value: float) -> str:
        return settles(scenario(value), test)

    if by == "time":
        return Critical(key, modes, _border(in_time, key, low, high, tolerance, "in time"))
    away = math.copysign(margin * (abs(modes.value) or high - low), modes.stable - modes.unstable)
    stable, unstable = (min(max(modes.value + d, low), high) for d in (away, -away))
    found, other = in_time(stable), in_time(unstable)
    if not found and other:
        return Critical(key, modes, Border(0.5 * (stable + unstable), stable, unstable, other))
    notes = [f"at {stable:g}: {found}"] if found else []
    notes += [] if other else [f"at {unstable:g}: settles"]
    return Critical(key, modes, None, "; ".join(notes))


def _border(unstable: Callable[[float], str], key: str, low: float, high: float, tolerance: float, how: str) -> Border:
    """Bisect; what is given says why a value is unstable, or nothing."""
    reasons = {value: unstable(value) for value in (high, low)}
    if bool(reasons[low]) == bool(reasons[high]):
        both = "both are stable" if not reasons[low] else f"neither is stable ({reasons[high]})"
        raise SimulationError(f"{key}: {how}, of {low:g} and {high:g} {both}, expected one of them; widen the range")
    good, bad = (low, high) if reasons[high] else (high, low)
    while abs(good - bad) > tolerance:
        middle = 0.5 * (good + bad)
        if middle in (good, bad):
            break
        reasons[middle] = unstable(middle)
        good, bad = (good, middle) if reasons[middle] else (middle, bad)
    return Border(0.5 * (good + bad), good, bad, reasons[bad])


class _ByModes:
    """Says why a value is unstable; its operating point is followed from those that are known."""

    def __init__(self, scenario: Callable[[float], Scenario]) -> None:
        self.scenario = scenario
        self.known: dict[float, OperatingPoint] = {}

    def __call__(self, value: float) -> str:
        scenario = self.scenario(value)
        step = scenario.run.time_step
        try:
            if self.known:
                point = reach(lambda at: self.scenario(at).system, self.known, value, time_step=step)
            else:
                point = self.known[value] = rest(scenario.system, time_step=step)
        except InitialisationError as error:
            return str(error)
        growing = [m for m in linearise(point).modes(physical=False) if m.label != "rotation" and abs(m.z) >= 1.0]
        if not growing:
            return ""
        m = growing[0]
        return f"a mode of {m.frequency_hz:.4g} Hz grows ({next(iter(m.participation), 'no state')})"


def settles(scenario: Scenario, test: TimeTest) -> str:
    """Return why a scenario does not settle in time, or nothing.

    Parameters
    ----------
    scenario : Scenario
        Of which system and time step count.
    test : TimeTest
        What happens to it.
    """
    system = scenario.system
    events = test.events
    if events is None:
        events = tuple(_ramp(system, test))
        system = replace(system, converters=tuple(replace(c, active=0.0) for c in system.converters))
    try:
        start = rest(system, time_step=scenario.run.time_step)
        result = simulate(system, test.duration, events=events, start=start)
    except (InitialisationError, SimulationError) as error:
        return str(error)
    for converter, record in zip(system.converters, result.end.converters, strict=True):
        if record["trip"] > 0.0:
            return next(note for note in result.notes if f'"{converter.name}" trips' in note)
    last = result.time >= result.time[-1] - test.window
    speeds = {c.name: result.converter(c.name, "speed") for c in system.converters}
    speeds |= {m.name: result.machine(m.name, "speed") for m in system.machines}
    moved = {name: float(np.ptp(speed[last])) for name, speed in speeds.items()}
    worst = max(moved, key=moved.__getitem__, default="")
    if worst and not moved[worst] < test.band:
        return f'the speed of "{worst}" still moves by {moved[worst]:.3g} pu in the last {test.window:g} s'
    return ""


def _ramp(system: System, test: TimeTest) -> Iterable[Event]:
    begin, end = test.ramp
    count = max(1, round((end - begin) / _RAMP_STEP))
    for k in range(count + 1):
        time, share = begin + (end - begin) * k / count, k / count
        for c in system.converters:
            if c.active != 0.0:
                yield SetReference(time=time, converter=c.name, active=share * c.active)
