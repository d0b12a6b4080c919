"""Scenario files: what a table is made into, values in place of the file's, and one line for each kind of bad input."""

from __future__ import annotations

import dataclasses
import math
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from gridforming.converter import (
    Cascade,
    Converter,
    CurrentLimit,
    DcLink,
    DirectVoltage,
    Droop,
    Filter,
    Following,
    Forming,
    KauraPll,
    Matching,
    PowerSynchronisation,
    Protection,
    TerminalVoltage,
    VirtualMachine,
    VirtualOscillator,
)
from gridforming.events import SetGrid
from gridforming.machine import Exciter, Governor, Motor, SynchronousMachine
from gridforming.network import Breaker, Fault, Grid, Line, Load, Shunt, Transformer
from gridforming.presets import regfm_a1, regfm_b1
from gridforming.scenario import load_scenario, run_scenario, scenario_names, scenario_text, with_values
from gridforming.steps import Check, Condition, Secondary, Step
from gridforming.tables import _KINDS, from_table
from turbine.errors import SimulationError

KINDS = {cls: kind for kind, cls in _KINDS.items()}
NAMES = st.text("abc é.\"'\\\n#", min_size=1, max_size=6)


# A dataclass as a table and back.


def _table(thing: Any) -> dict[str, Any]:
    """Return a dataclass as a file has it: kinds where a field may be one of several, none as false or left out."""
    found: dict[str, Any] = {}
    hints = get_type_hints(type(thing))
    for f in fields(thing):
        value = getattr(thing, f.name)
        options = [option for option in get_args(hints[f.name]) if is_dataclass(option)]
        if value is None:
            if f.default is not None:
                found[f.name] = False
        elif is_dataclass(value):
            inner = _table(value)
            found[f.name] = {"kind": KINDS[type(value)], **inner} if len(options) > 1 else inner
        else:
            found[f.name] = list(value) if isinstance(value, tuple) else value
    return found


def _numbers(cls: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a dataclass: some fields as given, other numbers near their defaults, words at random."""
    strategies: dict[str, st.SearchStrategy[Any]] = {}
    for name, hint in get_type_hints(cls).items():
        if name in given:
            strategies[name] = given[name]
        elif get_origin(hint) is Literal:
            strategies[name] = st.sampled_from(get_args(hint))
        elif hint is bool:
            strategies[name] = st.booleans()
        elif hint is float:
            (spec,) = (f for f in fields(cls) if f.name == name)
            default = 0.1 if spec.default is dataclasses.MISSING else float(spec.default)
            if math.isfinite(default):
                strategies[name] = st.floats(0.97, 1.0).map(lambda share, default=default: share * default)  # type: ignore[misc]
    return st.builds(cls, **strategies)


LAWS = st.one_of(
    _numbers(Droop),
    _numbers(VirtualMachine, pll=_numbers(KauraPll)),
    _numbers(PowerSynchronisation),
    _numbers(VirtualOscillator),
    _numbers(Matching),
)
INNER = st.one_of(_numbers(DirectVoltage), _numbers(Cascade), _numbers(TerminalVoltage))
FORMING = st.builds(Forming, law=LAWS, inner=INNER, limit=_numbers(CurrentLimit))
LCL = st.builds(Filter, susceptance=st.just(0.05), grid_reactance=st.floats(0.01, 0.2), reactance=st.floats(0.05, 0.3))
CONVERTERS = st.builds(
    Converter,
    name=NAMES,
    bus=NAMES,
    rated_power=st.floats(1.0, 1e9),
    control=st.one_of(FORMING, _numbers(Following)),
    filter=LCL,
    sampling_hz=st.floats(5e3, 5e4),
    delay=st.sampled_from([0, 1]),
    modulation=st.sampled_from(["space_vector", "circle", "none"]),
    dc_link=_numbers(DcLink),
    protection=st.builds(Protection, current=st.floats(1.0), voltage_high=st.just(math.inf), speed_low=st.floats(0, 1)),
    active=st.floats(-2.0, 2.0),
)
MACHINES = st.one_of(
    _numbers(
        SynchronousMachine,
        name=NAMES,
        bus=NAMES,
        exciter=st.none() | _numbers(Exciter),
        governor=st.none() | _numbers(Governor),
        **{
            name: st.just(f.default)
            for name in ("leakage", "reactance_d", "reactance_q", "transient_d", "transient_q", "subtransient")
            for f in fields(SynchronousMachine)
            if f.name == name
        },
    ),
    _numbers(Motor, name=NAMES, bus=NAMES),
)
ELEMENTS = st.one_of(
    _numbers(Line, name=NAMES, start=NAMES, end=NAMES),
    _numbers(Transformer, name=NAMES, start=NAMES, end=NAMES),
    _numbers(Shunt, name=NAMES, bus=NAMES, susceptance=st.floats(-1.0, 1.0)),
    _numbers(Load, name=NAMES, bus=NAMES),
    _numbers(Grid, name=NAMES, bus=NAMES),
    _numbers(Breaker, name=NAMES, start=NAMES, end=NAMES),
    _numbers(Fault, name=NAMES, bus=NAMES),
)
STEPS = st.one_of(
    st.builds(
        Step,
        name=NAMES,
        close=NAMES,
        until=st.builds(
            Condition, signal=st.sampled_from(["voltage", "frequency", "speed"]), place=NAMES, above=st.floats(0, 1)
        ),
        otherwise=st.sampled_from(["stop", "continue"]),
    ),
    st.builds(Step, ramp=NAMES, active=st.floats(-1.0, 1.0), seconds=st.floats(0.0, 9.0), wait=st.floats(0.0, 9.0)),
    st.builds(Step, transfer=NAMES, control=st.one_of(FORMING, _numbers(Following))),
    st.builds(Step, synchronise=NAMES, converter=NAMES, check=st.booleans(), within=_numbers(Check)),
    st.builds(Secondary, bus=NAMES, converters=st.tuples(NAMES, NAMES), frequency=st.floats(49.0, 51.0)),
)


@given(st.one_of(CONVERTERS, MACHINES, ELEMENTS, STEPS))
def test_a_dataclass_written_as_a_table_and_read_back_is_itself(thing: Any) -> None:
    text = tomli_w.dumps(_table(thing))
    assert from_table(type(thing), tomllib.loads(text), "here") == thing


def test_every_law_inner_control_and_control_has_its_kind() -> None:
    """Each is reached from a converter's table, with defaults that are the class's own."""
    assert set(KINDS) == {
        *(Droop, VirtualMachine, PowerSynchronisation, VirtualOscillator, Matching),
        *(DirectVoltage, Cascade, TerminalVoltage, Following, Forming),
    }
    for law in (Droop, VirtualMachine, PowerSynchronisation, VirtualOscillator, Matching):
        found = from_table(Forming, {"law": {"kind": KINDS[law]}}, "here")
        assert found == Forming(law=law())
    for inner in (DirectVoltage, Cascade, TerminalVoltage):
        found = from_table(Forming, {"inner": {"kind": KINDS[inner]}}, "here")
        assert found == Forming(inner=inner())


@dataclass(frozen=True, kw_only=True)
class _Inner:
    size: float = 1.0


@dataclass(frozen=True, kw_only=True)
class _Outer:
    name: str
    size: float = 1.0
    count: int = 1
    big: bool = False
    delay: Literal[0, 1] = 1
    word: Literal["left", "right"] = "left"
    names: tuple[str, ...] = ()
    inner: _Inner = _Inner()
    maybe: float | None = None
    law: Droop | Matching = field(default_factory=Droop)
    other: _Inner | None = _Inner()


def test_values_are_taken_as_their_fields_have_them() -> None:
    table = {"name": "x", "size": 2, "names": ["a", "b"], "inner": {"size": 3}, "maybe": 4, "other": False}
    made = from_table(_Outer, table, "here")
    assert made == _Outer(name="x", size=2.0, names=("a", "b"), inner=_Inner(size=3.0), maybe=4.0, other=None)
    assert type(made.size) is type(made.inner.size) is float


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nam": "x"}, 'here: unknown key "nam" (did you mean "name"?); known: name, size,'),
        ({}, 'here: no key "name", expected one'),
        ({"name": 1}, "here.name: found 1, expected text"),
        ({"name": "x", "size": "2"}, "here.size: found '2', expected a number"),
        ({"name": "x", "size": True}, "here.size: found True, expected a number"),
        ({"name": "x", "count": 1.0}, "here.count: found 1.0, expected a whole number"),
        ({"name": "x", "count": True}, "here.count: found True, expected a whole number"),
        ({"name": "x", "big": 1}, "here.big: found 1, expected true or false"),
        ({"name": "x", "delay": True}, "here.delay: found True, expected one of 0, 1"),
        ({"name": "x", "word": "lft"}, "here.word: found 'lft', expected one of left, right"),
        ({"name": "x", "names": "a"}, "here.names: found 'a', expected a list of names"),
        ({"name": "x", "names": [1]}, "here.names: found [1], expected a list of names"),
        ({"name": "x", "maybe": "no"}, "here.maybe: found 'no', expected a number"),
        ({"name": "x", "inner": 1}, "here.inner: found 1, expected a table"),
        ({"name": "x", "inner": [{"size": 1}]}, "here.inner: found [{'size': 1}], expected a table"),
        ({"name": "x", "inner": {"sise": 1}}, 'here.inner: unknown key "sise" (did you mean "size"?); known: size'),
        ({"name": "x", "law": {"droop": 1}}, "here.law: found no kind, expected one of droop, matching"),
        ({"name": "x", "law": {"kind": "drop"}}, "here.law: found kind 'drop' (did you mean \"droop\"?), expected one"),
        ({"name": "x", "law": {"kind": ["droop"]}}, "here.law: found kind ['droop'], expected one of"),
        ({"name": "x", "law": {"kind": "droop", "droop": -1}}, "here.law: Droop.droop: found -1, expected above 0"),
        ({"name": "x", "other": True}, "here.other: found True, expected a table"),
        ([1], "here: found [1], expected a table"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_place(given: Any, message: str) -> None:
    with pytest.raises(SimulationError) as raised:
        from_table(_Outer, given, "here")
    assert str(raised.value).startswith(message)


# Values in place of the file's.

TABLE: dict[str, Any] = {
    "title": "t",
    "run": {"duration": 1.0},
    "line": [{"name": "a", "x": 1}, {"name": "b.c", "x": 2}],
    "event": [{"time": 0.1}, {"time": 0.2}],
    "network": {"buses": ["a", "b"]},
}


def test_values_are_set_by_dotted_keys_and_the_table_given_stays() -> None:
    before = repr(TABLE)
    values = {
        "title": "new",
        "run.duration": 2.0,
        "run.period": 0.1,
        "line.a.x": 10,
        'line."b.c".x': 20,
        "line.a.control.law": {"kind": "droop"},
        "line.a.control.law.droop": 0.05,
        "event.2.time": 0.3,
        "secondary": [{"bus": "a"}],
        "secondary.1.rate": 0.5,
    }
    found = with_values(TABLE, values, "here")
    assert found == {
        "title": "new",
        "run": {"duration": 2.0, "period": 0.1},
        "line": [
            {"name": "a", "x": 10, "control": {"law": {"kind": "droop", "droop": 0.05}}},
            {"name": "b.c", "x": 20},
        ],
        "event": [{"time": 0.1}, {"time": 0.3}],
        "network": {"buses": ["a", "b"]},
        "secondary": [{"bus": "a", "rate": 0.5}],
    }
    assert repr(TABLE) == before


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("line.c.x", 'here line.c.x: no "c"; known: a, b.c'),
        ("line.b.c.x", 'here line.b.c.x: no "b"; known: a, b.c'),
        ("event.3.time", 'here event.3.time: no "3"; known: 1, 2'),
        ("event.1", 'here event.1: "1" stands for no value, expected a key within a table'),
        ("network.buses.1", 'here network.buses.1: "1" stands for no value, expected a key within a table'),
        ("network.buses.1.x", 'here network.buses.1.x: "1" stands for no value, expected a key within a table'),
        ("title.x", 'here title.x: "x" stands under a value, expected a table there'),
        ("run.duration.x.y", 'here run.duration.x.y: "x" stands under a value, expected a table there'),
        (".", "here .: expected names with dots between, such as run.duration"),
        ("run.", "here run.: expected names"),
        ("run..duration", "here run..duration: expected names"),
        ('line."b.x', 'here line."b.x: expected names'),
        ("", "here : expected names"),
    ],
)
def test_a_key_that_leads_nowhere_is_refused(key: str, message: str) -> None:
    with pytest.raises(SimulationError) as raised:
        with_values(TABLE, {key: 1}, "here")
    assert str(raised.value).startswith(message)


# Files.

BASE = """
title = "small"
[run]
duration = 0.05
[network]
buses = ["a", "b"]
[[grid]]
name = "g"
bus = "a"
reactance = 0.2
resistance = 0.02
[[line]]
name = "l"
start = "a"
end = "b"
reactance = 0.1
[[converter]]
name = "unit"
bus = "b"
rated_power = 1e6
control = {kind = "forming", law = {kind = "droop", droop = 0.02}}
"""


def _file(folder: Path, text: str = BASE, name: str = "x.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_alternatives_stand_under_values_that_are_set(tmp_path: Path) -> None:
    more = """
[[alternative]]
name = "steep"
about = "More droop."
values = {"converter.unit.control.law.droop" = 0.1, "run.duration" = 0.02}
"""
    path = _file(tmp_path, BASE + more)
    plain = load_scenario(path)
    steep = load_scenario(path, {"run.duration": 0.03}, alternative="steep")
    assert [other.name for other in plain.alternatives] == ["steep"]
    assert (plain.alternative, steep.alternative) == ("", "steep")
    control = steep.system.converters[0].control
    assert isinstance(control, Forming)
    assert control.law == Droop(droop=0.1)
    assert (plain.run.duration, steep.run.duration) == (0.05, 0.03)


def test_a_grid_by_its_strength_a_preset_and_a_trace_are_what_python_makes(tmp_path: Path) -> None:
    text = """
[run]
duration = 0.05
[network]
buses = ["a"]
[[grid]]
name = "g"
bus = "a"
short_circuit_ratio = 3.0
x_over_r = 5.0
phase = 0.5
[[converter]]
preset = "regfm_a1"
name = "one"
bus = "a"
rated_power = 2e6
active = 0.3
[[converter]]
preset = "regfm_b1"
name = "two"
bus = "a"
rated_power = 3e6
sampling_hz = 2000.0
[[trace]]
grid = "g"
path = "deep/f.csv"
"""
    (tmp_path / "deep").mkdir()
    _file(tmp_path / "deep", "time_s,frequency_hz\n0,50\n0.02,50.1\n1,50.2\n", "f.csv")
    scenario = load_scenario(_file(tmp_path, text))
    made = Grid.of_strength("g", "a", 3.0, x_over_r=5.0)
    assert scenario.system.grids == (dataclasses.replace(made, phase=0.5),)
    assert scenario.system.converters == (
        regfm_a1("one", "a", 2e6, active=0.3),
        regfm_b1("two", "a", 3e6, sampling_hz=2000.0),
    )
    first, second = scenario.events
    assert isinstance(first, SetGrid)
    assert isinstance(second, SetGrid)
    assert (first.time, first.frequency, second.frequency) == (0.0, 1.0, 50.1 / 50.0)
    assert first.ramp == pytest.approx(0.1 / 0.02 / 50.0)


def test_every_event_kind_has_its_table(tmp_path: Path) -> None:
    text = (
        BASE.replace("[[converter]]", '[[fault]]\nname = "f"\nbus = "b"\n[[converter]]', 1)
        + """
[[breaker]]
name = "cb"
start = "a"
end = "b"
[[motor]]
name = "m"
bus = "a"
rated_power = 1e5
[[event]]
kind = "set_reference"
time = 0.01
converter = "unit"
active = 0.1
[[event]]
kind = "set_machine"
time = 0.01
machine = "m"
load = 0.5
[[event]]
kind = "set_grid"
time = 0.01
grid = "g"
phase_jump = 0.1
[[event]]
kind = "sag"
time = 0.01
grid = "g"
sag = "C"
remaining = 0.5
[[event]]
kind = "switch"
time = 0.01
breaker = "cb"
closed = false
[[event]]
kind = "set_fault"
time = 0.01
fault = "f"
on = true
[[event]]
kind = "block"
time = 0.02
converter = "unit"
blocked = true
[[event]]
kind = "transfer"
time = 0.01
converter = "unit"
control = {kind = "following"}
"""
    )
    scenario = load_scenario(_file(tmp_path, text))
    assert [type(event).__name__ for event in scenario.events] == [
        "SetReference", "SetMachine", "SetGrid", "Sag", "Switch", "SetFault", "Block", "Transfer",
    ]  # fmt: skip
    assert getattr(scenario.events[3], "kind", None) == "C"
    run_scenario(scenario)


@pytest.mark.parametrize("name", scenario_names())
def test_shipped_scenarios_and_all_their_alternatives_load(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.title != name
    assert scenario.about
    for other in scenario.alternatives:
        assert load_scenario(name, alternative=other.name).alternative == other.name


# Every kind of bad input: one line, exit code 2, nothing written.

Runner = Callable[..., tuple[int, str, str]]


def _with(before: str, after: str) -> str:
    assert before in BASE
    return BASE.replace(before, after)


BREAKERS = "".join(f'[[breaker]]\nname = "cb"\nstart = "a"\nend = "{end}"\n' for end in "bb")
EVENT = '[[event]]\ntime = 0.01\nkind = "{}"\n'
BAD: list[tuple[str, str, str]] = [
    ("unknown section", BASE + "[[converters]]\n", 'unknown key "converters" (did you mean "converter"?); known: '),
    ("unknown key", _with("resistance", "resistence"), 'grid g: unknown key "resistence" (did you mean "resistance"?)'),
    ("unknown key of run", _with("[run]", "[run]\nstep = 1"), 'run: unknown key "step"'),
    ("missing key", _with("reactance = 0.1", ""), 'line l: no key "reactance", expected one'),
    (
        "dangling bus",
        _with('bus = "a"', 'bus = "aa"'),
        'grid "g": found bus "aa", which the network does not have (did you mean "a"?); expected one of a, b',
    ),
    ("dangling converter", _with('"unit"\nbus = "b"', '"unit"\nbus = "bb"'), 'converter "unit": found bus "bb"'),
    ("two breakers of one name", BASE + BREAKERS, 'element "cb": found 2 of this name, expected one'),
    (
        "negative reactance",
        _with("reactance = 0.1", "reactance = -0.1"),
        'line "l": reactance: found -0.1 pu, expected above 0 and at most',
    ),
    ("reactance not a number", _with("reactance = 0.1", "reactance = nan"), 'line "l": reactance: found nan, expected'),
    (
        "negative inductor",
        BASE + "[converter.filter]\nreactance = -0.1\n",
        "converter unit.filter: Filter.reactance: found -0.1 pu, expected above 0 pu",
    ),
    (
        "island without source",
        _with('[[grid]]\nname = "g"\nbus = "a"', '[[line]]\nname = "g"\nstart = "a"\nend = "b"').replace(
            'kind = "forming", law = {kind = "droop", droop = 0.02}', 'kind = "following"'
        ),
        "no island has a grid, a grid-forming unit or a synchronous machine, expected one at least; islands: a, b",
    ),
    (
        "step too long",
        _with("[run]", "[run]\ntime_step = 2e-3"),
        "time_step: found 0.002 s, expected above 0 and below 0.001 s, a twentieth of a cycle",
    ),
    (
        "sampling too slow for its fastest mode",
        _with('rated_power = 1e6\ncontrol = {kind = "forming", law = {kind = "droop", droop = 0.02}}',
              'rated_power = 1e6\nsampling_hz = 2000.0\ncontrol = {kind = "following"}'),
        'converter "unit": found sampling_hz 2000 Hz, expected at least 8 times its current_bandwidth_hz',
    ),
    (
        "output step",
        _with("[run]", "[run]\noutput_step = 1.3e-3"),
        "output_step: found 0.0013 s, expected a multiple of the step",
    ),
    ("no duration", _with("duration = 0.05", "duration = 0.0"), "x.toml: run: duration: found 0 s, expected above 0 s"),
    ("duration not finite", _with("duration = 0.05", "duration = inf"), "duration: found inf, expected above 0 s"),
    (
        "metrics after the end",
        _with("[run]", "[run]\nmetrics_since = 0.05"),
        "x.toml: run: metrics_since: found 0.05 s, expected at least 0 and at most 0.049 s",
    ),
    ("start", _with("[run]", '[run]\nstart = "warm"'), "run.start: found 'warm', expected one of steady, dead"),
    ("unknown event kind", BASE + EVENT.format("swich"), 'event 1: found kind \'swich\' (did you mean "switch"?)'),
    ("no event kind", BASE + "[[event]]\ntime = 0.01\n", "event 1: found no kind, expected one of set_reference"),
    ("odd event kind", BASE + "[[event]]\ntime = 0.01\nkind = [1]\n", "event 1: found kind [1], expected one of"),
    (
        "event of what is not there",
        BASE + EVENT.format("switch") + 'breaker = "cb"\nclosed = true\n',
        'no breaker "cb"; there is no breaker here',
    ),
    (
        "event after the end",
        BASE + '[[event]]\ntime = 1.0\nkind = "set_grid"\ngrid = "g"\n',
        "event at 1.0 s: expected a time from 0 to before the end at 0.05 s",
    ),
    ("missing network", _with('[network]\nbuses = ["a", "b"]', ""), "no section [network], expected one"),
    ("missing run", _with("[run]\nduration = 0.05", ""), "no section [run], expected one"),
    ("syntax", BASE + "duration = = 1\n", "no TOML: "),
    ("empty", "", "no section [run], expected one"),
    ("a list for a table", _with("[run]", "[[run]]"), "run: found [{'duration': 0.05}], expected a table"),
    ("a table for a list", BASE + '[load]\nname = "x"\n', "load: found one table, expected [[load]]"),
    ("text in a list", "load = [1]\n" + BASE, "load 1: found 1, expected a table"),
    ("text for an event", "event = [1]\n" + BASE, "event 1: found 1, expected a table"),
    (
        "text for a converter",
        BASE[: BASE.index("[[converter]]")].replace("title", "converter = [1]\ntitle"),
        "converter 1: found 1, expected a table",
    ),
    ("list for a number", _with("reactance = 0.1", "reactance = [0.1]"), "line l.reactance: found [0.1], expected"),
    ("list for a control", _with("control = {", "control = [{").replace("0.02}}", "0.02}}]"), "expected a table"),
    ("bus that is no name", _with('["a", "b"]', "[1, 2]"), "network.buses: found [1, 2], expected a list of names"),
    ("preset", BASE + '[[converter]]\npreset = "regfm_a"\n', "found preset 'regfm_a' (did you mean \"regfm_a1\"?)"),
    ("odd preset", BASE + "[[converter]]\npreset = [1]\n", "found preset [1], expected one of regfm_a1, regfm_b1"),
    (
        "trace without its file",
        BASE + '[[trace]]\ngrid = "g"\npath = "f.csv"\n',
        "f.csv: cannot be read ([Errno 2] No such file or directory",
    ),
    ("trace of what is no path", BASE + '[[trace]]\ngrid = "g"\npath = 1\n', "trace 1.path: found 1, expected text"),
    ("step of no breaker", BASE + '[[step]]\nname = "s"\nclose = "cb"\n', 'step "s": no breaker "cb"; there is no'),
    ("unnamed step of no unit", BASE + '[[step]]\nblock = "units"\n', 'step 1: no converter "units" (did you mean '),
    ("two actions", BASE + '[[step]]\nclose = "a"\nopen = "b"\n', "found close and open, expected one action"),
    ("reference", BASE + '[[step]]\nset = "unit"\nvoltage = 230.0\n', "1: voltage: found 230 pu, expected at least 0"),
    ("condition", BASE + '[[step]]\nuntil = {signal = "volt", place = "a"}\n', "found 'volt', expected one of voltage"),
    ("condition without bounds", BASE + '[[step]]\nuntil = {signal = "voltage", place = "a"}\n', "expected above, bel"),
    ("step after none", BASE + '[[step]]\notherwise = "x"\n', 'otherwise: found "x", expected stop, continue or'),
    ("secondary", BASE + '[[secondary]]\nbus = "a"\nconverters = ["unit"]\n', "expected frequency, voltage or both"),
    (
        "secondary of none",
        BASE + '[[secondary]]\nbus = "a"\nconverters = ["x"]\nfrequency = 50.0\n',
        'no converter "x"; known: unit',
    ),
    ("alternative", BASE + "[[alternative]]\nvalues = {}\n", "alternative 1: expected a name, and values by"),
    ("name", "name = 1\n" + BASE, "name: found 1, expected text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [pytest.param(*case[1:], id=case[0]) for case in BAD])
def test_bad_input_ends_in_one_line_and_leaves_nothing(
    text: str, message: str, wind_sim: Runner, tmp_path: Path
) -> None:
    path = _file(tmp_path, text)
    code, out, err = wind_sim("run", path, "--out", tmp_path / "out", "--csv", tmp_path / "table.csv")
    assert (code, out) == (2, "")
    assert err.startswith("wind-sim: ")
    assert message in err
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.toml"]


def test_numbers_that_are_left_at_run_time_name_bus_and_time(wind_sim: Runner, tmp_path: Path) -> None:
    text = (
        _with("duration = 0.05", 'duration = 0.5\nstart = "dead"') + '[[load]]\nname = "x"\nbus = "b"\nactive = -8.0\n'
    )
    code, out, err = wind_sim("run", _file(tmp_path, text))
    assert (code, out) == (2, "")
    assert err.startswith('wind-sim: bus "b" left all bounds at t = 0.')
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("black_stat",), 'no scenario "black_stat" (did you mean "black_start"?); known: black_start, '),
        (("none.toml",), "none.toml: cannot be read (No such file or directory)"),
        ((".toml",), "no scenario"),
        (("folder.toml",), "folder.toml: cannot be read (Is a directory)"),
        (("latin.toml",), "latin.toml: cannot be read (it is no UTF-8)"),
        (("phase_jump", "--alternative", "folowing"), 'no alternative "folowing" (did you mean "following"?); known: '),
        (("x.toml", "--alternative", "y"), 'x.toml: no alternative "y"; the file has none'),
        (("phase_jump", "--set", "run.duration"), "--set run.duration: expected KEY=VALUE"),
        (("phase_jump", "--set", "=5"), "--set =5: expected KEY=VALUE"),
        (("phase_jump", "--set", "run.duration=long"), "run.duration: found 'long', expected a number"),
        (("phase_jump", "--set", "run.duratoin=5"), 'run: unknown key "duratoin" (did you mean "duration"?)'),
        (("phase_jump", "--set", "convertr.plant.active=5"), 'unknown key "convertr" (did you mean "converter"?)'),
        (("phase_jump", "--set", "converter.plnt.active=5"), '--set converter.plnt.active: no "plnt" (did you'),
        (("phase_jump", "--set", "converter.plant=5"), '"plant" stands for no value, expected a key within a table'),
        (("phase_jump", "--set", "network.buses.1=x"), '"1" stands for no value'),
        (("phase_jump", "--set", "converter=5"), "converter: found one table, expected [[converter]]"),
        (("phase_jump", "--base-kv", "20"), "--base-kv: found without --comtrade"),
    ],
)  # fmt: skip
def test_bad_arguments_end_in_one_line(
    arguments: tuple[str, ...], message: str, wind_sim: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(tmp_path)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes("title = 'é'".encode("latin-1"))
    monkeypatch.chdir(tmp_path)
    for command in ("run", "modes") if "--base-kv" not in arguments else ("run",):
        code, out, err = wind_sim(command, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("wind-sim: ")
        assert message in err
        assert err.count("\n") == 1


def test_show_and_compare_refuse_in_one_line_too(wind_sim: Runner, tmp_path: Path) -> None:
    path = _file(tmp_path)
    for arguments in (
        ("show", "black_stat"),
        ("compare", "black_stat"),
        ("compare", path, f"{path}@y"),
        ("compare", path, "--out", tmp_path / "picture"),
        ("modes", "black_start"),  # islands apart
    ):
        code, out, err = wind_sim(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("wind-sim: ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.toml"]


@pytest.mark.usefixtures("undrawn")
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(wind_sim: Runner, tmp_path: Path) -> None:
    path = _file(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    code, printed, err = wind_sim("run", path, "--out", out)
    assert (code, printed) == (4, "")
    assert "holds files that are not a grid run" in err
    assert err.count("\n") == 1
    assert [entry.name for entry in out.iterdir()] == ["thesis.txt"]
    shutil.rmtree(out)
    assert wind_sim("run", path, "--out", out)[0] == 0
    (out / "thesis.txt").write_text("mine")
    before = {entry.name: entry.stat().st_mtime_ns for entry in out.iterdir()}
    code, printed, err = wind_sim("run", path, "--out", out)
    assert (code, printed) == (4, "")
    assert "holds files beside an earlier grid run that would be lost (thesis.txt)" in err
    assert {entry.name: entry.stat().st_mtime_ns for entry in out.iterdir()} == before
    code, _, err = wind_sim("run", path, "--out", path)
    assert (code, err.count("\n")) == (4, 1)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "x.toml"]


def test_files_that_cannot_be_written_end_in_code_4(wind_sim: Runner, tmp_path: Path) -> None:
    path = _file(tmp_path)
    for option in ("--csv", "--comtrade"):
        code, printed, err = wind_sim("run", path, option, path / "below")
        assert (code, printed) == (4, "")
        assert "cannot be written" in err
        assert err.count("\n") == 1
    code, _, err = wind_sim("compare", path, "--out", tmp_path / "none" / "x.png")
    assert code == 4
    assert "cannot be written" in err
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.toml"]


@pytest.mark.usefixtures("undrawn")
def test_a_refused_run_leaves_an_earlier_one_as_it_was(wind_sim: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert wind_sim("run", _file(tmp_path), "--out", out)[0] == 0
    before = {entry.name: entry.stat().st_mtime_ns for entry in out.rglob("*")}
    text = (
        _with("duration = 0.05", 'duration = 0.5\nstart = "dead"') + '[[load]]\nname = "x"\nbus = "b"\nactive = -8.0\n'
    )
    assert wind_sim("run", _file(tmp_path, text), "--out", out)[0] == 2
    assert {entry.name: entry.stat().st_mtime_ns for entry in out.rglob("*")} == before


def test_text_of_a_scenario_is_its_file(wind_sim: Runner, tmp_path: Path) -> None:
    code, out, _ = wind_sim("show", "phase_jump")
    assert code == 0
    assert out.rstrip("\n") == scenario_text("phase_jump")[0].rstrip("\n")
    mine = _file(tmp_path, out, "mine.toml")
    assert load_scenario(mine).system == load_scenario("phase_jump").system
