"""What the commands of one turbine print: figures in the units that people read, in columns, and how far they are."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from turbine.quantities import shown

if TYPE_CHECKING:
    from turbine.model import Model
    from turbine.simulation import Result

__all__ = ["aligned", "columns_text", "progress", "say_compiling", "summary", "tower_note"]

_STILL = 1e-6  # of the energy at rated power, below which a run's is nothing [-]


def summary(result: Result, metrics: dict[str, Any]) -> str:
    """Return what a run did, in the units that people read."""
    from turbine.output import LOADS

    machine = result.model.machine
    rows: list[tuple[str, ...]] = [("", "", "mean", "std", "min", "max")]
    for name in ("wind_speed", "rotor_speed", "pitch_angle", "electrical_power", "thrust", *LOADS):
        title, unit, factor = shown(name)
        found = metrics["channels"][name]
        rows.append((f"  {title}", unit, *(_number(found[key] * factor) for key in ("mean", "std", "min", "max"))))
    lines = [
        f"{machine.title or machine.name}: {result.wind.duration:g} s, {result.wind.name}\n",
        aligned(rows, left=(0, 1)),
        f"\nEnergy: {_energy_text(result, metrics['energy'])}",
    ]
    if metrics["loads"]:
        parts = []
        for name, load in metrics["loads"].items():
            title, unit, factor = shown(name)
            parts.append(f"{title} {_number(load['damage_equivalent_load'] * factor)} {unit}")
        first = next(iter(metrics["loads"].values()))
        lines.append(f"Equivalent loads (m = {first['exponent']:g}, {first['frequency_hz']:g} Hz): {', '.join(parts)}")
    lines.append(f"Pitch travel: {metrics['pitch']['travel_rad'] * shown('pitch_angle').factor:.1f} deg")
    modes = {name: time for name, time in metrics["time_in_mode_s"].items() if time > 0.0}
    if set(modes) != {"production"}:
        lines.append("Operation: " + ", ".join(f"{n.replace('_', '-')} {t:.1f} s" for n, t in modes.items()))
    start = metrics["settings"].get("start")
    lines += [note for note in (_parked_note(result, start), _trip_note(result), tower_note(result.model)) if note]
    return "\n".join(lines)


def _energy_text(result: Result, energy: Mapping[str, float]) -> str:
    """Return the energy of a run; where it stands still throughout there is no balance to speak of."""
    if result.energy.passed <= _STILL * result.model.control.rated_power * result.wind.duration:
        return "0 MWh electrical of 0 MWh from the wind"
    return (
        f"{energy['electrical_mwh']:.4g} MWh electrical of {energy['wind_mwh']:.4g} MWh from the wind; "
        f"balance closes to {abs(energy['residual_relative']):.0e}"
    )


def _parked_note(result: Result, start: str | None) -> str:
    """Return why a run that was to begin in steady operation begins parked; an empty string where it does not."""
    from turbine.control_step import LULL, PARKED
    from turbine.simulation import along, first_minute

    if start != "steady" or result["mode"][0] != PARKED:
        return ""
    q, sample = result.model.control, result.model.sample
    mean = first_minute(along(result.wind, sample), sample)
    why = "above cut-out" if mean > q.cut_out else f"below {LULL:g} of cut-in"
    return f"Begins parked: the first minute's mean of {mean:.1f} m/s is {why}"


def _trip_note(result: Result) -> str:
    """Return when the machine made an emergency stop by itself, too fast; an empty string where it did not."""
    import numpy as np

    from turbine.control_step import EMERGENCY

    stopped = result["mode"] == EMERGENCY
    begins = np.flatnonzero(stopped[1:] & ~stopped[:-1]) + 1
    fast = begins[np.abs(result["generator_speed"][begins]) > result.model.control.trip_speed]
    return f"Overspeed trip at {', '.join(f'{time:.1f}' for time in result.time[fast])} s" if fast.size else ""


def tower_note(model: Model) -> str:
    """Return that the tower stands still, and why; an empty string where it moves."""
    from turbine.mechanics import TOWER_VALUES

    if model.mechanics.modal_mass > 0.0:
        return ""
    absent = model.machine.lacking(f"tower.{name}" for name in TOWER_VALUES)
    why = "as asked for" if model.options.tower is False else f"unknown are {', '.join(absent)}"
    return f"The tower stands still: {why}"


def columns_text(columns: Mapping[str, Any]) -> str:
    """Return columns by name as text, titles and units above them."""
    titles = [shown(name) for name in columns]
    rows = [tuple(t.name for t in titles), tuple(f"[{t.unit}]" if t.unit else "" for t in titles)]
    scaled = [[_number(v * t.factor) for v in values] for t, values in zip(titles, columns.values(), strict=True)]
    return aligned([*rows, *zip(*scaled, strict=True)])


def _number(value: float) -> str:
    """Return four digits that mean something, never in powers of ten."""
    if value != value:
        return "n/d"
    size = abs(value)
    digits = 0 if size >= 1000.0 else 1 if size >= 100.0 else 2 if size >= 10.0 else 3
    return f"{value + 0.0:,.{digits}f}".replace("-0.000", "0.000")


def aligned(rows: Sequence[tuple[str, ...]], left: tuple[int, ...] = ()) -> str:
    """Return rows of text in columns, aligned right but for those named."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def progress(done: int, total: int, what: str = "load cases") -> None:
    """Show how many things are done, on a terminal only."""
    if sys.stderr.isatty():
        filled = 30 * done // max(total, 1)
        bar = "#" * filled + "." * (30 - filled)
        typer.echo(f"\r{bar} {done} of {total} {what}", err=True, nl=done >= total)


def say_compiling() -> None:
    """Say why the first run on a machine takes long."""
    from turbine.compiled import cache_folder

    if sys.stderr.isatty() and not any(cache_folder().rglob("step.run-*.nbc")):
        typer.echo("Compiling the simulation, once after each installation: about half a minute.", err=True)
