"""Steps of a sequence as a file has them: an action, then a condition with its timeout and what then."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from gridforming.converter import Following, Forming
from gridforming.events import SetReference, Transfer
from gridforming.result import COLUMNS, machine_columns, place
from turbine.checks import check_positive, check_range
from turbine.errors import SimulationError

if TYPE_CHECKING:
    from gridforming.supervision import Plant, Sequence, Until, Wait
    from gridforming.system import Model

__all__ = ["Check", "Condition", "Secondary", "Step", "play"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a synchronism check lets a breaker close at."""

    frequency: float = 0.1  #: largest difference [Hz]
    voltage: float = 0.05  #: largest difference [pu]
    angle: float = math.radians(10.0)  #: largest difference when the poles meet [rad]
    closing_time: float = 0.0  #: of the breaker [s]

    def __post_init__(self) -> None:
        for name, unit in (("frequency", "Hz"), ("voltage", "pu"), ("angle", "rad")):
            check_range(f"check: {name}", getattr(self, name), 0.0, above=True, unit=unit, error=SimulationError)
        check_range("check: closing_time", self.closing_time, 0.0, 1.0, unit="s", error=SimulationError)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A signal of a place, above, below or within bounds, for a time."""

    signal: Literal["voltage", "frequency", "active_power", "reactive_power", "speed", "dc_voltage"]
    place: str  #: a bus, or a device for what is not voltage and frequency
    above: float | None = None  #: [pu or Hz]
    below: float | None = None  #: likewise
    lasting: float = 0.0  #: [s]

    def __post_init__(self) -> None:
        if self.above is None and self.below is None:
            raise SimulationError(f'condition on {self.signal} of "{self.place}": expected above, below or both')
        low, high = (v if v is not None else d for v, d in ((self.above, -math.inf), (self.below, math.inf)))
        if not low < high:
            raise SimulationError(
                f'condition on {self.signal} of "{self.place}": found above {low:g} and below {high:g}'
            )
        check_range("lasting", self.lasting, 0.0, unit="s", error=SimulationError)

    def value(self, plant: Plant) -> float:
        """Return the signal now."""
        if self.signal == "voltage":
            return plant.size(self.place)
        if self.signal == "frequency":
            return plant.frequency(self.place)
        return plant.unit(self.place, self.signal)

    def check(self, model: Model) -> None:
        """Refuse a place that the system does not have, or a signal that the place does not have."""
        if self.signal in ("voltage", "frequency"):
            place("bus", self.place, list(model.circuit.nodes))
            return
        columns = {m.name: list(machine_columns(m)) for m in model.system.machines}
        columns |= {c.name: [title for title, _, _ in COLUMNS] for c in model.system.converters}
        place("device", self.place, list(columns))
        place("column", self.signal, columns[self.place])

    def holds(self, plant: Plant) -> bool:
        """Return whether the signal is within the bounds now; one that is not a number never is."""
        value = self.value(plant)
        low = -math.inf if self.above is None else self.above
        high = math.inf if self.below is None else self.below
        return low <= value <= high

    def __str__(self) -> str:
        """Return it in words."""
        bounds = [f"above {self.above:g}"] if self.above is not None else []
        bounds += [f"below {self.below:g}"] if self.below is not None else []
        held = f" for {self.lasting:g} s" if self.lasting > 0.0 else ""
        return f'{self.signal.replace("_", " ")} of "{self.place}" {" and ".join(bounds)}{held}'


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action, a wait or a condition after it, and what happens where the condition is not met.

    Parameters
    ----------
    name : str
        To go to, and for notes.
    close, open : str
        Breaker.
    block, start : str
        Converter.
    ramp, set : str
        Converter whose references go to those given, within `seconds` or at once.
    active, reactive, voltage, speed, dc_power : float
        Those references [pu].
    transfer : str
        Converter that goes over to `control`.
    synchronise : str
        Breaker that the check closes, with `converter` trimmed towards the other side.
    check : bool
        Whether it is checked; without, the breaker closes at once.
    within : Check
        Differences at which it closes; usual ones unless given.
    wait : float
        After the action [s].
    until : Condition
        After the action.
    timeout : float
        Of the condition or the check [s].
    otherwise : str
        "stop", "continue", or the name of a step to go on with.
    """

    name: str = ""
    close: str = ""
    open: str = ""
    block: str = ""
    start: str = ""
    ramp: str = ""
    set: str = ""
    active: float | None = None
    reactive: float | None = None
    voltage: float | None = None
    speed: float | None = None
    dc_power: float | None = None
    seconds: float = 0.0
    transfer: str = ""
    control: Following | Forming | None = None
    synchronise: str = ""
    converter: str = ""
    check: bool = True
    within: Check = field(default_factory=Check)
    wait: float = 0.0
    until: Condition | None = None
    timeout: float = 30.0
    otherwise: str = "stop"

    def __post_init__(self) -> None:
        where = f'step "{self.name}": ' if self.name else ""
        given = [key for key in _ACTIONS if getattr(self, key)]
        if len(given) > 1:
            raise SimulationError(f"{where}found {' and '.join(given)}, expected one action")
        for key, action in (("seconds", self.ramp), ("control", self.transfer), ("converter", self.synchronise)):
            if getattr(self, key) and not action:
                raise SimulationError(f'step "{self.name}": found {key}, which its action does not use')
        if not self.synchronise and (not self.check or self.within != Check()):
            raise SimulationError(f'step "{self.name}": found check or within, which stand with synchronise only')
        if self.until is not None and self.until.lasting >= self.timeout:
            raise SimulationError(
                f'step "{self.name}": found lasting {self.until.lasting:g} s, expected less than the timeout, '
                f"{self.timeout:g} s"
            )
        if self.synchronise and not self.converter:
            raise SimulationError(f"{where}synchronise needs converter, the one that is trimmed")
        if self.transfer and self.control is None:
            raise SimulationError(f"{where}transfer needs control")
        if bool(self.references) != bool(self.ramp or self.set):
            found = " and ".join(self.references) or "none"
            raise SimulationError(f"{where}found the references {found}, expected some with ramp or set only")
        for key in ("wait", "seconds", "timeout"):
            check_range(f"{where}{key}", getattr(self, key), 0.0, unit="s", error=SimulationError)
        if self.references:
            try:
                SetReference(time=0.0, converter=self.ramp or self.set, **self.references)
            except SimulationError as error:
                raise SimulationError(f"{where}{str(error).partition(' at 0.0 s: ')[2]}") from None

    @property
    def references(self) -> dict[str, float]:
        """References that are given."""
        found = {key: getattr(self, key) for key in ("active", "reactive", "voltage", "speed", "dc_power")}
        return {key: value for key, value in found.items() if value is not None}


_ACTIONS = ("close", "open", "block", "start", "ramp", "set", "transfer", "synchronise")


@dataclass(frozen=True, kw_only=True)
class Secondary:
    """Slow control of frequency and voltage at a bus by the references of converters."""

    bus: str
    converters: tuple[str, ...]
    frequency: float | None = None  #: [Hz]
    voltage: float | None = None  #: [pu]
    rate: float = 0.5  #: [1/s]
    while_open: str = ""  #: breaker to a larger network; always, unless given

    def __post_init__(self) -> None:
        if self.frequency is None and self.voltage is None:
            raise SimulationError(f'secondary at "{self.bus}": expected frequency, voltage or both')
        check_positive(f'secondary at "{self.bus}": rate', self.rate, unit="1/s", error=SimulationError)


def play(steps: Several[Step]) -> Callable[[Plant], Sequence]:
    """Return steps as one sequence; it refuses names that the system does not have before its first step.

    Raises
    ------
    SimulationError
        A step goes on with one that is not there.
    """
    names = [step.name for step in steps]
    labels = [f'step "{step.name}"' if step.name else f"step {number}" for number, step in enumerate(steps, start=1)]
    for step, label in zip(steps, labels, strict=True):
        if step.otherwise not in ("stop", "continue", *filter(None, names)):
            raise SimulationError(
                f'{label}: otherwise: found "{step.otherwise}", expected stop, continue or one of '
                f"{', '.join(filter(None, names)) or 'the named steps'}"
            )

    def sequence(plant: Plant) -> Sequence:
        for step, label in zip(steps, labels, strict=True):
            _check(plant.model, step, label)
        at = 0
        while at < len(steps):
            step, label = steps[at], labels[at]
            at += 1
            unmet = yield from _act(plant, step)
            if step.wait > 0.0 and not unmet:
                yield plant.wait(step.wait)
            condition = step.until
            if condition is not None and not unmet:
                met = yield plant.until(
                    partial(condition.holds, plant), lasting=condition.lasting, timeout=step.timeout
                )
                if not met:
                    unmet = f"{condition} not met in {step.timeout:g} s; found {condition.value(plant):.4g}"
            if not unmet:
                continue
            where = f'step "{step.name or at}"'
            if step.otherwise == "stop":
                plant.fail(f"{where}: {unmet}")
            plant.say(f"{where}: {unmet}")
            if step.otherwise != "continue":
                at = names.index(step.otherwise)
        plant.done()

    return sequence


def _check(model: Model, step: Step, where: str) -> None:
    """Refuse breakers, converters and places that the system does not have."""
    breakers, converters = list(model.circuit.breakers), [c.name for c in model.system.converters]
    try:
        for key in ("close", "open", "synchronise"):
            if name := getattr(step, key):
                place("breaker", name, breakers)
        for key in ("block", "start", "ramp", "set", "transfer", "converter"):
            if name := getattr(step, key):
                place("converter", name, converters)
        if step.until is not None:
            step.until.check(model)
    except SimulationError as error:
        raise SimulationError(f"{where}: {error}") from None


def _act(plant: Plant, step: Step) -> Generator[Wait | Until, bool, str]:
    """Do what a step says first, and return why it could not."""
    if step.close:
        plant.close(step.close)
    elif step.open:
        plant.open(step.open)
    elif step.block:
        plant.block(step.block)
    elif step.start:
        plant.start(step.start)
    elif step.set:
        plant.set(step.set, **step.references)
    elif step.ramp:
        yield from plant.ramp(step.ramp, step.seconds, **step.references)
    elif step.transfer and step.control is not None:
        plant.act(Transfer(time=plant.time, converter=step.transfer, control=step.control))
    elif step.synchronise:
        if step.check:
            yield from plant.synchronise(step.synchronise, step.converter, check=step.within, timeout=step.timeout)
        else:
            plant.close(step.synchronise)
    return ""
