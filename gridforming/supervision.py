"""Supervision of a run: sequences, synchronism check and secondary control, in plain Python between compiled parts.

A sequence is a generator: it acts on the plant, and yields what it waits for.

>>> def sequence(plant):
...     plant.set("unit", voltage=0.0)
...     yield from plant.ramp("unit", 2.0, voltage=1.0)
...     plant.close("feeder")
...     if not (yield plant.until(lambda: plant.size("far") > 0.9, lasting=0.2, timeout=5.0)):
...         plant.fail("the feeder does not come up")
"""

from __future__ import annotations

import cmath
import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise
from typing import Any

from gridforming.events import Block, Event, SetFault, SetGrid, SetMachine, SetReference, Switch
from gridforming.islands import islands
from gridforming.measure import LEAST, WINDOW
from gridforming.result import COLUMNS, Result, column_of, converter_number, machine_columns, place
from gridforming.simulation import Run, in_order, in_time
from gridforming.steps import Check
from gridforming.switching import REFERENCES, check_event
from gridforming.system import Model, System, device_branch
from turbine.checks import check_range
from turbine.errors import SimulationError

__all__ = ["DONE", "FAILED", "Abort", "Check", "Plant", "Sequence", "Until", "Wait", "secondary", "supervise"]

DONE = "sequence done"  #: how a note ends where a sequence of steps has come to its end
FAILED = "sequence ends"  #: how a note begins, after its time, where a sequence gives up
_LIVE = 0.5  # voltage above which secondary control acts [pu]
_LONGEST = 0.1  # period of looks [s]: a phase off by a tenth of nominal frequency turns by half a turn in it


@dataclass(frozen=True)
class Wait:
    """Wait for a time [s]."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Wait until a condition has held for a time; the sequence is sent whether it did before the timeout."""

    condition: Callable[[], bool]
    lasting: float = 0.0  #: [s]
    timeout: float = math.inf  #: [s]


Sequence = Generator[Wait | Until, bool, None]


class Abort(Exception):
    """A sequence cannot go on; the run does, without it."""


@dataclass
class _Waiting:
    """A sequence and what it waits for."""

    sequence: Sequence
    since: float
    waits: Wait | Until
    held_since: float = math.nan


class Plant:
    """What a sequence sees of a run, and what it can do to it; values are those of the present time."""

    def __init__(self, run: Run, period: float) -> None:
        self._run, self.period = run, period
        self._phases: dict[str, list[tuple[float, float]]] = {}
        self.log: list[str] = []
        self._trimmed: set[str] = set()  # converters that a synchroniser moves

    @property
    def time(self) -> float:
        """Since the start of the run [s]."""
        return self._run.time

    @property
    def model(self) -> Model:
        """The system as it is now."""
        return self._run.model

    @property
    def nominal(self) -> float:
        """Nominal frequency [Hz]."""
        return self._run.model.system.network.frequency

    def voltage(self, bus: str) -> complex:
        """Return the voltage of a bus in the network's frame [pu]."""
        return complex(self._run.state.v[place("bus", bus, self._run.model.circuit.nodes)])

    def size(self, bus: str) -> float:
        """Return the size of a bus voltage [pu]."""
        return abs(self.voltage(bus))

    def unit(self, name: str, column: str) -> float:
        """Return a column of a converter or a machine, as in results."""
        model, state = self._run.model, self._run.state
        if column == "current":
            device = next((d for d in model.system.devices if d.name == name), None)
            if device is not None:
                branches = [b.name for b in model.circuit.branches]
                return float(abs(state.i[branches.index(device_branch(device))])) * model.system.scale(device)
        machines = [m.name for m in model.system.machines]
        if name in machines:
            k = machines.index(name)
            return float(column_of(state.machines, machine_columns(model.system.machines[k]), column, k))
        k = converter_number(model, name)
        return float(column_of(state.converters, {title: key for title, key, _ in COLUMNS}, column, k))

    def reference(self, converter: str, name: str) -> float:
        """Return a reference of a converter: active, reactive, voltage, speed or dc_power [pu]."""
        field = REFERENCES[list(REFERENCES)[place("reference", name, list(REFERENCES))]]
        return float(self._run.state.converters[field][converter_number(self._run.model, converter)])

    def frequency(self, bus: str) -> float:
        """Return the frequency at a bus over the last 20 ms or two looks [Hz]; not a number where it was dead."""
        seen = self._phases.get(bus)
        if seen is None:
            self._phases[bus] = []
            self._look()
            return math.nan
        if len(seen) < 2 or seen[-1][0] - seen[0][0] < 0.5 * WINDOW:
            return math.nan
        # Against nominal frequency, about which a phase that turns by half a turn from look to look is not ambiguous.
        ahead = 2.0 * math.pi * self.nominal * (1.0 - self._run.model.frame_speed)
        turned = 0.0
        for (before, first), (after, second) in pairwise(seen):
            turned += math.remainder(second - first - ahead * (after - before), 2.0 * math.pi)
        return self.nominal + turned / (2.0 * math.pi) / (seen[-1][0] - seen[0][0])

    def is_closed(self, breaker: str) -> bool:
        """Return whether a breaker is closed."""
        self._ends(breaker)
        return self._run.state.closed[breaker]

    def difference(self, breaker: str) -> tuple[float, float, float]:
        """Return frequency [Hz], voltage [pu] and angle [rad] of a breaker's start less those of its end."""
        start, end = self._ends(breaker)
        a, b = self.voltage(start), self.voltage(end)
        apart = cmath.phase(a * b.conjugate()) if min(abs(a), abs(b)) > LEAST else math.nan
        return self.frequency(start) - self.frequency(end), abs(a) - abs(b), apart

    def _ends(self, breaker: str) -> tuple[str, str]:
        breakers = self._run.model.circuit.breakers
        place("breaker", breaker, list(breakers))
        return breakers[breaker]

    def _start_is_of(self, breaker: str, converter: str) -> bool:
        """Return whether a breaker's start, and not its end, belongs to the converter's island."""
        run = self._run
        bus = run.model.system.converters[converter_number(run.model, converter)].bus
        island = next(i.buses for i in islands(run.model, run.state.closed) if bus in i.buses)
        start, end = self._ends(breaker)
        if (start in island) == (end in island):
            self.fail(f'"{breaker}" does not stand between the island of "{converter}" and another')
        return start in island

    def _look(self) -> None:
        """Note the phases of the buses whose frequency has been asked for."""
        keep = self.time - max(WINDOW, self.period) - 1e-9
        for bus, seen in self._phases.items():
            v = self.voltage(bus)
            if abs(v) < LEAST:
                seen.clear()
            elif not seen or seen[-1][0] < self.time:
                seen.append((self.time, cmath.phase(v)))
                while seen[0][0] < keep:
                    seen.pop(0)

    # Actions.

    def act(self, event: Event) -> None:
        """Let an event happen now, whatever time it names."""
        check_event(self._run.model, event, math.inf)
        self._run.act([event])

    def close(self, breaker: str) -> None:
        """Close a breaker."""
        self.say(f'closes "{breaker}"')
        self.act(Switch(time=self.time, breaker=breaker, closed=True))

    def open(self, breaker: str) -> None:
        """Open a breaker."""
        self.say(f'opens "{breaker}"')
        self.act(Switch(time=self.time, breaker=breaker, closed=False))

    def set(self, converter: str, **references: float) -> None:
        """Give a converter other references, as `SetReference`."""
        self.act(SetReference(time=self.time, converter=converter, **references))

    def set_machine(self, machine: str, **references: float) -> None:
        """Give a machine other references, as `SetMachine`."""
        self.act(SetMachine(time=self.time, machine=machine, **references))

    def set_grid(self, grid: str, **values: float) -> None:
        """Change a grid, as `SetGrid`."""
        self.act(SetGrid(time=self.time, grid=grid, **values))

    def block(self, converter: str) -> None:
        """Block a converter's pulses."""
        self.say(f'blocks "{converter}"')
        self.act(Block(time=self.time, converter=converter, blocked=True))

    def start(self, converter: str) -> None:
        """Let a blocked converter go on from the voltage that it sees."""
        self.say(f'starts "{converter}"')
        self.act(Block(time=self.time, converter=converter, blocked=False))

    def fault(self, fault: str, on: bool) -> None:
        """Switch a fault on or clear it."""
        self.act(SetFault(time=self.time, fault=fault, on=on))

    def say(self, text: str) -> None:
        """Write a line into the run's notes."""
        run = self._run  # as the other notes have it: of a run that goes on from another, since the start of that
        self.log.append(f"t = {run.state.step * run.model.time_step:.6g} s: {text}")

    def done(self) -> None:
        """Write into the notes that a sequence has come to its end."""
        self.say(DONE)

    def fail(self, why: str) -> None:
        """End the sequence.

        Raises
        ------
        Abort
            Always.
        """
        raise Abort(why)

    # What a sequence yields, or yields from.

    def wait(self, seconds: float) -> Wait:
        """Return what waits for a time [s]."""
        return Wait(seconds)

    def until(self, condition: Callable[[], bool], *, lasting: float = 0.0, timeout: float = math.inf) -> Until:
        """Return what waits until a condition has held for a time, or gives up at the timeout [s]."""
        return Until(condition, lasting, timeout)

    def ramp(self, converter: str, seconds: float, **targets: float) -> Sequence:
        """Move references of a converter along straight lines from where they are."""
        self._trimmed.add(converter)
        begin, first = self.time, {name: self.reference(converter, name) for name in targets}
        share = 0.0
        while share < 1.0:
            passed = self.time - begin
            share = passed / seconds if passed < seconds - 1e-9 else 1.0
            self.set(converter, **{name: (1.0 - share) * first[name] + share * to for name, to in targets.items()})
            if share < 1.0:
                yield Wait(self.period)

    def synchronise(
        self,
        breaker: str,
        converter: str,
        *,
        check: Check | None = None,
        slip: float = 0.05,
        timeout: float = 30.0,
        rate: float = 4.0,
        aim: float = math.radians(2.0),
    ) -> Generator[Wait | Until, bool, bool]:
        """Trim speed and voltage of a forming converter until the check lets its breaker close, and close it.

        The sequence that yields from it is given whether it closed; the notes say why not.

        Parameters
        ----------
        breaker : str
            Between the converter's island and the network that it joins.
        converter : str
            Its references move.
        check : Check, optional
            Of the differences; usual values unless given.
        slip : float
            Largest difference of frequency that is asked for, towards the other phase [Hz].
        timeout : float
            [s].
        rate : float
            Of both integral controls [1/s].
        aim : float
            Angle at which it closes, within the check's [rad]: the check alone lets it close at its edge, with the
            largest bump that is allowed.
        """
        check = check or Check()
        if not self.model.system.converters[converter_number(self.model, converter)].forming:
            self.fail(f'converter "{converter}" is not grid-forming: it cannot be trimmed for "{breaker}"')
        own = 1.0 if self._start_is_of(breaker, converter) else -1.0
        begin = self.time
        closes = math.nan
        self._trimmed.add(converter)
        while True:
            df, dv, angle = (own * value for value in self.difference(breaker))
            if self.is_closed(breaker) or self._joined(breaker):
                self.say(f'synchronism of "{breaker}": both sides have been joined otherwise')
                break
            if self.time - begin > timeout and not math.isfinite(closes):
                self.say(
                    f'synchronism of "{breaker}" not reached in {timeout:g} s: {df:+.3f} Hz, {dv:+.3f} pu, '
                    f"{math.degrees(angle):+.1f} deg"
                )
                break
            if math.isfinite(df) and math.isfinite(angle):
                met = angle + 2.0 * math.pi * df * check.closing_time
                inside = abs(df) <= check.frequency and abs(dv) <= check.voltage and abs(met) <= min(check.angle, aim)
                # Once ordered, a breaker closes.
                if inside and not math.isfinite(closes):
                    closes = self.time + check.closing_time
                wanted = max(-slip, min(slip, -0.5 * angle))
                speed = self.reference(converter, "speed") + self.period * rate * (wanted - df) / self.nominal
                size = self.reference(converter, "voltage") - self.period * rate * dv
                self.set(converter, speed=min(max(speed, 0.9), 1.1), voltage=min(max(size, 0.5), 1.2))
            if self.time >= closes - 1e-9:
                self.say(f"synchronism: {df:+.4f} Hz, {dv:+.4f} pu, {math.degrees(angle):+.2f} deg")
                self.close(breaker)
                self._trimmed.discard(converter)
                return True
            yield Wait(self.period)
        self._trimmed.discard(converter)
        return False

    def _joined(self, breaker: str) -> bool:
        """Return whether both sides of a breaker are one island."""
        start, end = self._ends(breaker)
        return any(start in island and end in island for island in self._islands())

    def _islands(self) -> list[tuple[str, ...]]:
        return [island.buses for island in islands(self._run.model, self._run.state.closed)]

    def controls(self, converter: str, bus: str) -> bool:
        """Return whether a converter holds a voltage, and in the island of a bus."""
        k = converter_number(self._run.model, converter)
        if self._run.state.converters["blocked"][k] > 0.0 or not self._run.model.system.converters[k].forming:
            return False
        own = self._run.model.system.converters[k].bus
        return any(own in island and bus in island for island in self._islands())


def secondary(
    bus: str,
    converters: Iterable[str],
    *,
    frequency: float | None = None,
    voltage: float | None = None,
    rate: float = 0.5,
    while_open: str = "",
) -> Callable[[Plant], Sequence]:
    """Return secondary control: slow integrals take frequency and voltage of a bus back to where they shall be.

    Parameters
    ----------
    bus : str
        Where they are measured.
    converters : iterable of str
        Grid-forming ones whose references move.
    frequency : float, optional
        [Hz]; left alone unless given.
    voltage : float, optional
        [pu]; likewise.
    rate : float
        Of the integrals [1/s].
    while_open : str
        Breaker to a larger network, which holds frequency itself while this is closed; always, unless given.

    Notes
    -----
    It leaves a converter alone while a synchroniser trims it.
    """
    names = tuple(converters)

    def control(plant: Plant) -> Sequence:
        for name in names:
            converter_number(plant.model, name)
        while True:
            found, size = plant.frequency(bus), plant.size(bus)
            alone = not (while_open and plant.is_closed(while_open))
            for name in names if size > _LIVE and alone else ():
                if name in plant._trimmed or not plant.controls(name, bus):
                    continue
                moved: dict[str, float] = {}
                if frequency is not None and math.isfinite(found):
                    step = plant.period * rate * (frequency - found) / plant.nominal
                    moved["speed"] = _moved(plant.reference(name, "speed"), step, 0.95, 1.05)
                if voltage is not None:
                    step = plant.period * rate * (voltage - size)
                    moved["voltage"] = _moved(plant.reference(name, "voltage"), step, 0.8, 1.2)
                plant.set(name, **moved)
            yield Wait(plant.period)

    return control


def _moved(value: float, step: float, low: float, high: float) -> float:
    """Return a value moved by a step, no further out of bounds than it is."""
    return min(value + step, max(high, value)) if step > 0.0 else max(value + step, min(low, value))


def supervise(
    system: System,
    duration: float,
    *sequences: Callable[[Plant], Sequence],
    period: float = 0.01,
    **options: Any,
) -> Result:
    """Run a system under sequences.

    Parameters
    ----------
    system : System
        Network and devices.
    duration : float
        [s].
    *sequences : functions of a Plant
        Generators; each goes on by itself.
    period : float
        Between looks of the sequences at the run [s].
    **options
        As of `simulate`; its events happen beside the sequences.

    Returns
    -------
    Result
        Its notes say what the sequences did, and why one gave up.

    Raises
    ------
    WindformError
        As `simulate`.
    """
    events = in_order(options.pop("events", ()))
    run = Run(system, duration, **options)
    _check_period(period, run.model.time_step, min(_LONGEST, duration))
    for event in events:
        check_event(run.model, event, duration)
    groups = deque((step, list(now)) for step, now in groupby(events, key=partial(_step, run)))
    plant = Plant(run, period)
    waiting: list[_Waiting] = []
    for make in sequences:
        _begin(plant, waiting, make(plant))
    count = math.ceil(duration / period - 1e-9)
    for k in range(1, count + 1):
        until = min(k * period, duration)
        while groups and groups[0][1][0].time <= until:
            _, now = groups.popleft()
            run.go(now[0].time)
            run.act(now)
        run.go(until)
        if k == count:
            break
        plant._look()
        for one in list(waiting):
            _go_on(plant, waiting, one)
    result = run.result()
    return replace(result, notes=in_time((*plant.log, *result.notes)))


def _check_period(period: float, step: float, longest: float) -> None:
    """Refuse a period at which looks do not fall on steps, or that phases turn too far in."""
    check_range("period", period, 0.0, longest, above=True, unit="s", error=SimulationError)
    if abs(round(period / step) * step - period) > 1e-9:
        raise SimulationError(
            f"period: found {period:g} s, expected a multiple of the step of {step:g} s, such as "
            f"{max(round(period / step), 1) * step:.9g} s"
        )


def _step(run: Run, event: Event) -> int:
    """Return the first step at or after the time of an event."""
    return math.ceil(event.time / run.model.time_step - 1e-6)


def _begin(plant: Plant, waiting: list[_Waiting], sequence: Sequence) -> None:
    """Start a sequence, up to what it first waits for."""
    if not isinstance(sequence, Generator):
        raise SimulationError(f"sequence: found {sequence!r}, expected a generator, a function that yields")
    with _noted(plant):
        try:
            waiting.append(_Waiting(sequence, plant.time, _checked(next(sequence))))
        except StopIteration:
            return


def _checked(waits: object) -> Wait | Until:
    """Refuse what is not to be waited for."""
    if not isinstance(waits, Wait | Until):
        raise SimulationError(
            f"sequence: it yields {waits!r}, expected plant.wait(...) or plant.until(...); `yield from` for a ramp or "
            "synchronism"
        )
    return waits


@contextmanager
def _noted(plant: Plant) -> Iterator[None]:
    """Write why a sequence gives up into the notes."""
    try:
        yield
    except Abort as error:
        plant.say(f"{FAILED}: {error}")


def _go_on(plant: Plant, waiting: list[_Waiting], one: _Waiting) -> None:
    """Let a sequence go on where what it waits for has come, or its timeout has passed."""
    waits, since = one.waits, plant.time - one.since
    if isinstance(waits, Wait):
        done, sent = since >= waits.seconds - 1e-9, True
    else:
        try:
            holds = waits.condition()
        except Abort as error:
            plant.say(f"{FAILED}: {error}")
            waiting.remove(one)
            return
        one.held_since = (one.held_since if math.isfinite(one.held_since) else plant.time) if holds else math.nan
        sent = holds and plant.time - one.held_since >= waits.lasting - 1e-9
        done = sent or since >= waits.timeout - 1e-9
    if not done:
        return
    place_of = waiting.index(one)
    del waiting[place_of]
    with _noted(plant):
        try:
            waits = _checked(one.sequence.send(sent))
        except StopIteration:
            return
        waiting.insert(place_of, _Waiting(one.sequence, plant.time, waits))
