"""Runs of a system from event to event: by a list of events, or step by step under supervision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Literal

import numpy as np

from gridforming.control_step import TRIPS
from gridforming.events import Event
from gridforming.fixed_point import OperatingPoint, limit_notes, operating_point
from gridforming.result import Result
from gridforming.step import CHANGED, DIVERGED, GOES_ON, SWITCHED, TRIPPED
from gridforming.switching import STAGES, apply, check_event, faded, island_notes
from gridforming.system import Model, Rows, State, System, advance, build, dead
from turbine.checks import check_positive
from turbine.errors import SimulationError

__all__ = ["Run", "in_order", "in_time", "simulate"]

_HIGH = 1.5  # voltage that a note speaks of [pu]
Start = Literal["steady", "dead"] | OperatingPoint | State


class Run:
    """A run that is under way: it goes on to a time, and events happen at its present one.

    Parameters
    ----------
    system, duration, start, time_step, waveforms, output_step
        As of `simulate`.
    """

    def __init__(
        self,
        system: System,
        duration: float,
        *,
        start: Start = "steady",
        time_step: float | None = None,
        waveforms: bool = False,
        output_step: float | None = None,
    ) -> None:
        if not isinstance(system, System):
            raise SimulationError(f"found a {type(system).__name__}, expected a System")
        check_positive("duration", duration, unit="s", error=SimulationError)
        self.model, self.state = _begin(system, start, time_step, waveforms)
        h = self.model.time_step
        if output_step is not None:
            check_positive("output_step", output_step, unit="s", error=SimulationError)
        self._stride = 1 if output_step is None else round(output_step / h)
        if self._stride < 1 or abs(self._stride * h - (output_step or h)) > 1e-9:
            raise SimulationError(f"output_step: found {output_step:g} s, expected a multiple of the step of {h:g} s")
        self._first = self.state.step
        self._last = self._first + math.ceil(duration / h - 1e-6)
        self._rows = Rows.empty(self.model, -(-(self._last - self._first) // self._stride))
        self.notes: list[str] = []
        self._told: set[tuple[str, ...]] = set()  # islands that a note has spoken of
        self._fading = dict(self.state.fading)  # what loses its conductance, with its next stage
        self._next_stage = self.state.next_stage
        self._begin = CHANGED if start == "dead" else GOES_ON
        self._stage = max(1, round(0.5 / system.network.frequency / STAGES / h))
        if not isinstance(start, State):
            self.notes += island_notes(self.model, self.state, self._told)
            self.notes += [f"t = 0 s: {note}" for note in limit_notes(self.model, self.state)]
        else:
            # As the run before left it: at the present stage of what fades.
            fading = {name: k - 1 for name, k in self._fading.items()}
            self.model, self._fading = faded(self.model, self.state, fading)

    @property
    def time(self) -> float:
        """Since the start of the run [s]."""
        return (self.state.step - self._first) * self.model.time_step

    def act(self, events: list[Event]) -> None:
        """Let events happen now."""
        self.model, self.state, kind, falling = apply(self.model, self.state, events)
        self._begin = max(self._begin, kind)
        self._fading |= falling
        if kind == SWITCHED:
            self.notes += island_notes(self.model, self.state, self._told)

    def go(self, until: float) -> None:
        """Go on to the first step at or after a time since the start [s]."""
        self._go(min(self._first + math.ceil(until / self.model.time_step - 1e-6), self._last))

    def _go(self, last: int) -> None:
        while self.state.step < last:
            if (self._fading and self.state.step >= self._next_stage) or self._begin == SWITCHED:
                # Each stage begins with backward Euler: the trapezoidal rule alone would ring against a small
                # conductance.
                self.model, self._fading = faded(self.model, self.state, self._fading)
                self._begin, self._next_stage = SWITCHED, self.state.step + self._stage
            until = min(last, self._next_stage) if self._fading else last
            self._part(until)
            self._begin = GOES_ON
            self._trip()

    def _part(self, until: int) -> None:
        """Take steps, and write the rows that fall on the stride since the first one."""
        begin = self._begin
        late = -(self.state.step - self._first) % self._stride
        for count, every in (
            (min(late, until - self.state.step), 0),
            (until - self.state.step - late, self._stride),
        ):
            if count <= 0:
                continue
            room = self._rows.part(-(-(self.state.step - self._first) // self._stride))
            self.state, _, ended = advance(self.model, self.state, count, begin=begin, stride=every, room=room)
            begin = GOES_ON
            if ended == DIVERGED:
                nodes = self.model.circuit.nodes
                values = np.abs(self.state.v[: len(nodes)])
                bus = nodes[int(np.argmax(np.nan_to_num(values, nan=np.inf)))]
                raise SimulationError(
                    f'bus "{bus}" left all bounds at t = {self.state.step * self.model.time_step:.6g} s, expected '
                    "finite voltages; a shorter time_step or slower control may help"
                )
            if ended == TRIPPED:
                break

    def _trip(self) -> None:
        """Block converters that have tripped."""
        converters = self.state.converters
        for k in np.flatnonzero((converters["trip"] > 0.0) & (converters["blocked"] == 0.0)):
            name, why = self.model.system.converters[k].name, TRIPS[int(converters["trip"][k])]
            self.notes.append(f't = {self.state.step * self.model.time_step:.6g} s: "{name}" trips: {why}')
            self._fading[name] = 0
            self._next_stage = self.state.step
            converters["blocked"][k] = 1.0
            self.notes += island_notes(self.model, self.state, self._told)

    def result(self) -> Result:
        """Return what has been run."""
        h, stride = self.model.time_step, self._stride
        rows = self._rows.part(0, -(-(self.state.step - self._first) // stride))
        state = replace(self.state, fading=self._fading, next_stage=self._next_stage)
        time = h * np.arange(self._first, self._first + stride * rows.v.shape[0], stride, dtype=np.float64)
        result = Result(time, self.model, rows, state, ())
        return replace(result, notes=in_time((*self.notes, *_seen(result))))


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events in the order of their times.

    Raises
    ------
    SimulationError
        One that is none.
    """
    try:
        found = list(events)
    except TypeError:
        raise SimulationError(f"events: found {events!r}, expected several: is a comma missing?") from None
    for event in found:
        if not isinstance(event, Event):
            raise SimulationError(f"events: found {event!r}, expected events such as SetReference(...)")
    return sorted(found, key=lambda e: e.time)


def in_time(notes: Iterable[str]) -> tuple[str, ...]:
    """Return notes in the order of the times that they begin with."""
    return tuple(sorted(notes, key=lambda note: float(note.removeprefix("t = ").split(" ", 1)[0])))


def _seen(result: Result) -> Iterator[str]:
    """Yield what rows show that a user should know: voltages beyond all use, and current limits at work."""
    # A vector whose parts are below this is below the size as well: the quick look at long runs.
    parts = np.abs(result.rows.v.view(np.float64)).max(axis=0, initial=0.0).reshape(-1, 2).max(axis=1)
    for k, bus in enumerate(result.model.system.network.bus_names):
        if parts[k] * math.sqrt(2.0) <= _HIGH:
            continue
        high = np.abs(result.voltage(bus)) > _HIGH
        if high.any():
            most = float(np.abs(result.voltage(bus)).max())
            yield f't = {result.time[np.argmax(high)]:.6g} s: bus "{bus}" is beyond {_HIGH:g} pu, up to {most:.3g} pu'
    for converter in result.model.system.converters:
        limited = result.converter(converter.name, "limited") > 0.0
        if limited.any():
            first, spent = result.time[np.argmax(limited)], limited.mean() * (result.time[-1] - result.time[0])
            yield f't = {first:.6g} s: "{converter.name}" reaches its current limit, and spends {spent:.3g} s in it'


def simulate(
    system: System,
    duration: float,
    *,
    events: Iterable[Event] = (),
    start: Start = "steady",
    time_step: float | None = None,
    waveforms: bool = False,
    output_step: float | None = None,
) -> Result:
    """Run a system.

    Parameters
    ----------
    system : System
        Network and converters.
    duration : float
        [s].
    events : iterable of Event
        In any order; an event acts at the first step at or after its time.
    start : "steady", "dead", OperatingPoint or State
        At rest, without voltage and current, or where another run ended.
    time_step : float, optional
        Of the network [s]; the shortest sampling period unless given.
    waveforms : bool
        Whether the network is solved in a frame at rest, as waveforms, instead of one that turns.
    output_step : float, optional
        Between rows [s], a multiple of the step; each step unless given.

    Returns
    -------
    Result
        Rows, notes, and the state at the end.

    Raises
    ------
    WindformError
        What is wrong with the input; no operating point; the bus and the time at which the run left the numbers.
    """
    run = Run(system, duration, start=start, time_step=time_step, waveforms=waveforms, output_step=output_step)
    queue = in_order(events)
    for event in queue:
        check_event(run.model, event, duration)
    for event_time, now in groupby(queue, key=lambda e: math.ceil(e.time / run.model.time_step - 1e-6)):
        run.go(event_time * run.model.time_step)
        run.act(list(now))
    run.go(duration)
    return run.result()


def _begin(system: System, start: Start, time_step: float | None, waveforms: bool) -> tuple[Model, State]:
    """Return the model of a run and the state that it begins with."""
    point = start if isinstance(start, OperatingPoint) else None
    if start == "steady":
        point = operating_point(system, time_step=time_step)
    if point is not None and time_step is None:
        time_step = point.model.time_step
    if isinstance(start, State):
        speed = start.frame_speed
        if waveforms != (speed == 0.0):
            raise SimulationError(
                f"start: found a state in a frame at {speed:g} pu and waveforms={waveforms}, expected the frame of the "
                "run before"
            )
    else:
        speed = 0.0 if waveforms else point.frequency if point else 1.0
    if point and point.model.system is system and (point.model.time_step, point.frequency) == (time_step, speed):
        return point.model.apart(), point.state.copy()
    model = build(system, time_step=time_step, frame_speed=speed)
    if point is not None:
        if point.state.names != model.names:
            raise SimulationError(
                f"start: found an operating point of {', '.join(point.state.names)}, expected one of "
                f"{', '.join(model.names)}"
            )
        return model, _turned(point, model)
    if isinstance(start, State):
        if start.names != model.names:
            raise SimulationError(
                f"start: found a state of {', '.join(start.names)}, expected one of {', '.join(model.names)}"
            )
        if start.time_step != model.time_step:
            raise SimulationError(
                f"start: found a state of a run in steps of {start.time_step:g} s, expected {model.time_step:g} s"
            )
        return model, start.copy()
    if start == "dead":
        return model, dead(model)
    raise SimulationError(f'start: found {start!r}, expected "steady", "dead", an operating point or a state')


def _turned(point: OperatingPoint, model: Model) -> State:
    """Return the state of an operating point for a model in another frame: frames agree at time zero."""
    state = replace(point.state.copy(), frame_speed=model.frame_speed, time_step=model.time_step)
    state.grids["frame_speed"] = model.frame_speed
    if model.frame_speed == point.model.frame_speed:
        return state
    for name in ("u_next", "r1", "r2"):
        # They turn at the next sample by the frame's own turn; before it they are one period old.
        state.converters[name] *= point.model.constants["turn"] / model.constants["turn"]
    turn = (model.frame_speed - point.model.frame_speed) * model.system.nominal_speed * model.time_step
    state.machines["current_before"] *= np.exp(1j * turn)
    return state
