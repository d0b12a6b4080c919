"""Scenarios: a system, its events and its sequence from one TOML file, checked before anything runs."""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gridforming import presets
from gridforming.converter import Converter
from gridforming.events import Block, Event, Sag, SetFault, SetGrid, SetMachine, SetReference, Switch, Transfer
from gridforming.machine import Motor, SynchronousMachine
from gridforming.network import Breaker, Fault, Grid, Line, Load, Network, Shunt, Transformer
from gridforming.steps import Secondary, Step, play
from gridforming.system import System
from gridforming.tables import chosen, from_table, refuse_unknown
from gridforming.trace import read_frequency_trace
from gridforming.verdicts import Criterion
from turbine.checks import check_positive, check_range
from turbine.errors import SimulationError, WindformError, nearest

if TYPE_CHECKING:
    from gridforming.result import Result

__all__ = [
    "Alternative",
    "Scenario",
    "load_scenario",
    "run_scenario",
    "scenario_names",
    "scenario_of",
    "scenario_text",
    "with_values",
]

_ELEMENTS: dict[str, type] = {
    "line": Line,
    "transformer": Transformer,
    "shunt": Shunt,
    "load": Load,
    "grid": Grid,
    "breaker": Breaker,
    "fault": Fault,
}
_MACHINES: dict[str, type] = {"machine": SynchronousMachine, "motor": Motor}
_EVENTS: dict[str, type] = {
    "set_reference": SetReference,
    "set_machine": SetMachine,
    "set_grid": SetGrid,
    "sag": Sag,
    "switch": Switch,
    "set_fault": SetFault,
    "block": Block,
    "transfer": Transfer,
}
_PRESETS: dict[str, Callable[..., Converter]] = {"regfm_a1": presets.regfm_a1, "regfm_b1": presets.regfm_b1}
_PART = r'(?:"[^"]+"|[^."]+)'  # of a dotted key
_SECTIONS = [
    "name",
    "title",
    "about",
    "run",
    "network",
    *_ELEMENTS,
    "converter",
    *_MACHINES,
    "event",
    "trace",
    "step",
    "secondary",
    "verdict",
    "alternative",
]


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How a scenario is run."""

    duration: float  #: [s]
    start: Literal["steady", "dead"] = "steady"
    time_step: float | None = None  #: of the network [s]; the shortest sampling period unless given
    output_step: float = 1e-3  #: between rows [s]
    waveforms: bool = False  #: whether the network is solved in a frame at rest
    period: float = 0.01  #: of supervision [s]
    metrics_since: float = 0.0  #: from when on metrics look [s]

    def __post_init__(self) -> None:
        for name in ("duration", "output_step", "period"):
            check_positive(name, getattr(self, name), unit="s", error=SimulationError)
        # Rows end before the duration.
        last = self.duration - self.output_step
        check_range("metrics_since", self.metrics_since, 0.0, max(last, 0.0), unit="s", error=SimulationError)


@dataclass(frozen=True, kw_only=True)
class _Grid:
    """Fields of the section `network`."""

    buses: tuple[str, ...]
    power: float = 1e6
    frequency: float = 50.0


@dataclass(frozen=True, kw_only=True)
class _Strength:
    """A grid that is given by its short-circuit ratio."""

    name: str
    bus: str
    short_circuit_ratio: float
    x_over_r: float = math.inf
    rated_power: float = 1.0  #: that the ratio is of [pu of the network's base]
    voltage: float = 1.0  #: magnitude [pu]
    frequency: float = 1.0  #: [pu]
    phase: float = 0.0  #: at the start [rad]

    @property
    def grid(self) -> Grid:
        """The grid."""
        made = Grid.of_strength(
            self.name,
            self.bus,
            self.short_circuit_ratio,
            x_over_r=self.x_over_r,
            rated_power=self.rated_power,
            voltage=self.voltage,
        )
        return dataclasses.replace(made, frequency=self.frequency, phase=self.phase)


@dataclass(frozen=True, kw_only=True)
class _Trace:
    """A recorded frequency that a grid follows."""

    grid: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """The same scenario with other values, under a name of its own."""

    name: str
    values: Mapping[str, Any]  #: by dotted key
    about: str = ""

    @staticmethod
    def of(table: object, place: str) -> Alternative:
        """Return one of a table of the file."""
        if not isinstance(table, Mapping):
            raise SimulationError(f"{place}: found {table!r}, expected a table")
        refuse_unknown(table, ["name", "about", "values"], place)
        name, values, about = table.get("name"), table.get("values"), table.get("about", "")
        if not (isinstance(name, str) and name and isinstance(values, Mapping) and isinstance(about, str)):
            raise SimulationError(f"{place}: expected a name, and values by dotted keys")
        return Alternative(name=name, values=values, about=about)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What a file describes.

    Parameters
    ----------
    name, title, about : str
        Of the file; its `name` goes before that of the file itself, and NAME@ALTERNATIVE says what it was made of.
    system : System
        Network and devices.
    run : RunSettings
        How it is run.
    events : tuple of Event
        At given times.
    steps : tuple of Step
        One sequence.
    secondary : tuple of Secondary
        Slow controls of frequency and voltage.
    criteria : tuple of Criterion
        What is expected of its figures.
    alternatives : tuple of Alternative
        That the file has.
    alternative : str
        The one that this is; empty: none.
    table : mapping
        The file as read, with values set and traces as events; a folder of results holds it and needs no other file.
    """

    name: str
    title: str
    about: str
    system: System
    run: RunSettings
    events: tuple[Event, ...] = ()
    steps: tuple[Step, ...] = ()
    secondary: tuple[Secondary, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    alternative: str = ""
    table: Mapping[str, Any] = field(default_factory=dict, repr=False)


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the product."""
    folder = files("gridforming").joinpath("scenarios")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def scenario_text(source: str | Path) -> tuple[str, str, Path]:
    """Return a scenario's text, its name, and the folder that its paths stand in.

    Raises
    ------
    SimulationError
        No such scenario or file.
    """
    path = Path(source)
    if path.suffix == ".toml":
        name, folder = path.stem, path.parent
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise SimulationError(f"{path}: cannot be read ({reason})") from None
    else:
        known = scenario_names()
        name = str(source)
        if name not in known:
            raise SimulationError(
                f'no scenario "{name}"{nearest(name, known)}; known: {", ".join(known)}; a file ends in .toml'
            )
        shipped = files("gridforming").joinpath("scenarios", f"{name}.toml")
        text, folder = shipped.read_text(encoding="utf-8"), Path()
    return text, name, folder


def load_scenario(source: str | Path, values: Mapping[str, object] | None = None, *, alternative: str = "") -> Scenario:
    """Return a scenario from a file, or one that comes with the product.

    Parameters
    ----------
    source : str or Path
        Name of a shipped scenario, or a TOML file.
    values : mapping of str to value, optional
        Values that take the place of the file's, by dotted key: `run.duration`, `converter.unit.control.law.droop`.
    alternative : str
        One of the file's own alternatives; `values` go on top of its values.

    Raises
    ------
    WindformError
        The file, the key, what was found and what was expected.
    """
    text, name, folder = scenario_text(source)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SimulationError(f"{source}: no TOML: {error}") from None
    where = str(source)
    others = tuple(Alternative.of(one, place) for place, one in _tables(table, "alternative", where))
    if alternative:
        by_name = {other.name: other.values for other in others}
        if alternative not in by_name:
            there = f"known: {', '.join(by_name)}" if by_name else "the file has none"
            raise SimulationError(f'{where}: no alternative "{alternative}"{nearest(alternative, by_name)}; {there}')
        table = with_values(table, by_name[alternative], f'{where}: alternative "{alternative}"')
    table = with_values(table, values or {}, f"{where}: --set")
    label = table.pop("name", name)
    if not (isinstance(label, str) and label):
        raise SimulationError(f"{where}: name: found {label!r}, expected text")
    if label.startswith(".") or any(sign in label for sign in "/\\\0"):
        raise SimulationError(f"{where}: name: found {label!r}, expected a name that a file can have")
    before = ""
    if "@" in label and label != name:
        label, _, before = label.rpartition("@")
    made = scenario_of(table, name=label, where=where, folder=folder)
    return dataclasses.replace(made, alternatives=others, alternative=alternative or before)


def scenario_of(table: Mapping[str, Any], *, name: str, where: str, folder: Path) -> Scenario:
    """Return the scenario of a table that has been read.

    Parameters
    ----------
    table : mapping
        As a file's.
    name, where : str
        Of the scenario, and what messages call the place it comes from.
    folder : Path
        That its paths stand in.

    Raises
    ------
    WindformError
        As `load_scenario`.
    """
    refuse_unknown(table, _SECTIONS, where)
    for section in ("run", "network"):
        if section not in table:
            raise SimulationError(f"{where}: no section [{section}], expected one")
    network = from_table(_Grid, table["network"], f"{where}: network")
    elements = [made for section, cls in _ELEMENTS.items() for made in _all(cls, table, section, where)]
    run = _made(RunSettings, table["run"], f"{where}: run", where)
    converters = tuple(_converters(table, where))
    machines = tuple(made for section, cls in _MACHINES.items() for made in _all(cls, table, section, where))
    try:
        net = Network(buses=network.buses, elements=tuple(elements), power=network.power, frequency=network.frequency)
        system = System(network=net, converters=converters, machines=machines)
    except WindformError as error:
        raise SimulationError(f"{where}: {error}") from None
    events = list(_events(table, where))
    if traced := list(_traces(table, where, folder, system, run.duration)):
        events += traced
        rest = {key: value for key, value in table.items() if key != "trace"}
        table = rest | {"event": [*table.get("event", []), *map(_event_table, traced)]}
    return Scenario(
        name=name,
        title=str(table.get("title", name)),
        about=str(table.get("about", "")),
        system=system,
        run=run,
        events=tuple(events),
        steps=tuple(_all(Step, table, "step", where)),
        secondary=tuple(_all(Secondary, table, "secondary", where)),
        criteria=tuple(_all(Criterion, table, "verdict", where)),
        table=table,
    )


def _tables(table: Mapping[str, Any], section: str, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the tables of a section with where each stands."""
    found = table.get(section, [])
    if not isinstance(found, list):
        raise SimulationError(f"{where}: {section}: found one table, expected [[{section}]]")
    return [(f"{where}: {section} {one.get('name', k) if isinstance(one, Mapping) else k}", one)
            for k, one in enumerate(found, start=1)]  # fmt: skip


def _all(cls: type, table: Mapping[str, Any], section: str, where: str) -> Iterable[Any]:
    for place, one in _tables(table, section, where):
        yield _made(cls, one, place, where)


def _made(cls: type, one: object, place: str, where: str) -> Any:
    """Return a dataclass of a table; what it refuses itself has file and place added, where it does not name itself."""
    try:
        if cls is Grid and isinstance(one, Mapping) and "short_circuit_ratio" in one:
            return from_table(_Strength, one, place).grid
        return from_table(cls, one, place)
    except WindformError as error:
        text = str(error)
        named = isinstance(one, Mapping) and f'"{one.get("name")}"' in text
        raise SimulationError(text if text.startswith(place) else f"{where if named else place}: {text}") from None


def _converters(table: Mapping[str, Any], where: str) -> Iterable[Converter]:
    for place, one in _tables(table, "converter", where):
        if not isinstance(one, Mapping) or "preset" not in one:
            yield _made(Converter, one, place, where)
            continue
        preset = chosen("preset", one["preset"], _PRESETS, place)
        rest = {key: value for key, value in one.items() if key != "preset"}
        base = _PRESETS[preset](str(rest.get("name")), str(rest.get("bus")), 1.0)
        given = {"control": {"kind": "forming"}} | rest  # a control stands for the preset's
        made = _made(Converter, given, place, where)
        kept = {f.name: getattr(made, f.name) for f in dataclasses.fields(Converter) if f.name in rest}
        yield dataclasses.replace(base, **kept)


def _events(table: Mapping[str, Any], where: str) -> Iterable[Event]:
    for place, one in _tables(table, "event", where):
        if not isinstance(one, Mapping):
            raise SimulationError(f"{place}: found {one!r}, expected a table")
        cls = _EVENTS[chosen("kind", one.get("kind"), _EVENTS, place)]
        rest = {("kind" if key == "sag" else key): value for key, value in one.items() if key != "kind"}
        yield _made(cls, rest, place, where)


def _traces(table: Mapping[str, Any], where: str, folder: Path, system: System, duration: float) -> Iterable[SetGrid]:
    for trace in _all(_Trace, table, "trace", where):
        nominal = system.network.frequency
        yield from read_frequency_trace(folder / trace.path, trace.grid, nominal=nominal, duration=duration)


def _event_table(event: SetGrid) -> dict[str, Any]:
    """Return an event of a trace as a file has it."""
    given = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    return {"kind": "set_grid"} | {key: value for key, value in given.items() if value is not None}


def with_values(table: Mapping[str, Any], values: Mapping[str, object], where: str) -> dict[str, Any]:
    """Return a table with values in place of those of dotted keys; tables in lists go by their name or number.

    Raises
    ------
    SimulationError
        A key that leads nowhere: where it stops, and what is there.
    """
    made: dict[str, Any] = _copied(table)
    for key, value in values.items():
        at: Any = made
        if not re.fullmatch(rf"{_PART}(\.{_PART})*", key):
            raise SimulationError(f"{where} {key}: expected names with dots between, such as run.duration")
        parts = re.findall(_PART, key)
        for depth, part in enumerate(parts):
            name = part.strip('"')
            last = depth == len(parts) - 1
            if isinstance(at, list):
                if last or not all(isinstance(one, dict) for one in at):
                    raise SimulationError(f'{where} {key}: "{name}" stands for no value, expected a key within a table')
                names = [str(one.get("name", k)) for k, one in enumerate(at, start=1)]
                if name not in names:
                    raise SimulationError(
                        f'{where} {key}: no "{name}"{nearest(name, names)}; known: {", ".join(names)}'
                    )
                at = at[names.index(name)]
                continue
            if not isinstance(at, dict):
                raise SimulationError(f'{where} {key}: "{name}" stands under a value, expected a table there')
            if last:
                at[name] = value
            elif name not in at:
                at = at.setdefault(name, {})
            else:
                at = at[name]
    return made


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def run_scenario(scenario: Scenario) -> Result:
    """Run a scenario.

    Raises
    ------
    WindformError
        As `simulate`.
    """
    from gridforming.supervision import secondary, supervise

    s = scenario.run
    slow = [
        secondary(
            one.bus,
            one.converters,
            frequency=one.frequency,
            voltage=one.voltage,
            rate=one.rate,
            while_open=one.while_open,
        )
        for one in scenario.secondary
    ]
    steps = [play(scenario.steps)] if scenario.steps else []
    return supervise(
        scenario.system,
        s.duration,
        *steps,
        *slow,
        period=s.period,
        events=scenario.events,
        start=s.start,
        time_step=s.time_step,
        output_step=s.output_step,
        waveforms=s.waveforms,
    )
