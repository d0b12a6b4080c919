"""A finished scenario as a folder: table, metrics, plots and the scenario itself; swapped in whole, reproducible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridforming.measure import WINDOW, frequency
from gridforming.metrics import metrics
from gridforming.result import COLUMNS, MACHINE_COLUMNS, machine_columns
from gridforming.supervision import DONE, FAILED
from gridforming.verdicts import verdicts
from turbine.folder import METRICS, PLOTS, TABLE, Layout, check_target
from turbine.output import versions, write_files

if TYPE_CHECKING:
    from gridforming.result import Result
    from gridforming.scenario import Scenario

__all__ = ["LAYOUT", "RUN", "SCENARIO", "check_run_target", "run_metrics", "write_run"]

RUN = "windform grid run"  #: `kind` in metrics.json, which marks a folder as ours
SCENARIO = "scenario.toml"
LAYOUT = Layout(METRICS, frozenset({METRICS, TABLE, PLOTS, SCENARIO}))
_MEANING = {
    "active_power": "out of its terminals, pu of its rating",
    "reactive_power": "out of its terminals, pu of its rating",
    "current": "size, pu of its rating",
    "current_reference": "size, pu of its rating",
}


def check_run_target(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier run of a scenario."""
    check_target(out, RUN, LAYOUT)


def run_metrics(scenario: Scenario, result: Result) -> dict[str, Any]:
    """Return the figures of a scenario's run, what its sequence came to, and what it was made of."""
    ended = _sequence(scenario, result.notes)
    found = metrics(result, since=scenario.run.metrics_since) | {
        "kind": RUN,
        "scenario": scenario.name,
        "alternative": scenario.alternative,
        "title": scenario.title,
        "versions": versions(),
        "sequence": ended,
        "sequence_done": int(ended.startswith("done")),
        "notes": list(result.notes),
    }
    return found | {"verdicts": verdicts(scenario.criteria, found)}


def _sequence(scenario: Scenario, notes: Sequence[str]) -> str:
    """Return what the sequence came to, in words."""
    if not scenario.steps:
        return "none"
    for note in notes:
        if f": {FAILED}" in note:
            return f"failed at {note.removeprefix('t = ').replace(f': {FAILED}:', ':', 1)}"
        if note.endswith(DONE):
            return f"done at {note.removeprefix('t = ').split(':', 1)[0]}"
    return "not done at the end of the run"


def write_run(scenario: Scenario, result: Result, out: Path) -> dict[str, Any]:
    """Write a run's folder and return its metrics.

    Parameters
    ----------
    scenario : Scenario
        What was run; its file stands in the folder with the values that were set, so that the folder reproduces itself.
    result : Result
        Its run.
    out : Path
        The folder; an earlier run in it is replaced, anything else is refused.

    Raises
    ------
    OutputError
        The folder holds something else or cannot be written; it is then as it was.
    """
    import tomli_w

    found = run_metrics(scenario, result)

    def figures() -> dict[str, Any]:
        from gridforming import plots

        return {
            "overview": plots.plot_run(result, scenario.title),
            "current": plots.plot_column(result, "current").figure,
        }

    name, alternative = scenario.name, scenario.alternative
    table = {"name": f"{name}@{alternative}" if alternative or "@" in name else name} | {
        key: value for key, value in scenario.table.items() if key != "alternative"
    }
    texts = {SCENARIO: tomli_w.dumps(table)}
    write_files(out, RUN, found, _columns(result), figures, layout=LAYOUT, texts=texts)
    return found


def _columns(result: Result) -> dict[str, tuple[Any, str, str]]:
    """Return the columns of a run's table with units and meanings."""
    system = result.model.system
    found: dict[str, tuple[Any, str, str]] = {"time": (result.time, "s", "since the start of the run")}
    fine = result.time.size > 1 and result.time[1] - result.time[0] <= WINDOW
    for bus in system.network.bus_names:
        found[f"{bus}.voltage"] = (np.abs(result.voltage(bus)), "pu", "size of the space vector")
        if fine:
            found[f"{bus}.frequency"] = (frequency(result, bus), "Hz", "of its phase over 20 ms")
    for converter in system.converters:
        for title, _, unit in COLUMNS:
            found[f"{converter.name}.{title}"] = (result.converter(converter.name, title), unit, _meaning(title))
    units = {title: unit for title, _, unit in MACHINE_COLUMNS}
    for machine in system.machines:
        for title in machine_columns(machine):
            found[f"{machine.name}.{title}"] = (result.machine(machine.name, title), units[title], _meaning(title))
    return found


def _meaning(title: str) -> str:
    return _MEANING.get(title, title.replace("_", " "))
