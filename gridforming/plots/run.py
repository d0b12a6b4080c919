"""Plots of a run: voltages, powers and frequencies over time, and the three phases of a bus or branch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from turbine.errors import SimulationError, nearest
from turbine.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    end_labels,
    new_figure,
    style,
    title_figure,
)

if TYPE_CHECKING:
    from gridforming.result import Result

__all__ = ["draw_lines", "plot_column", "plot_run", "plot_voltages", "plot_waveforms"]

Floats = npt.NDArray[np.float64]

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
_DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)))
_PANELS = ("active_power", "reactive_power", "speed")
_SHARE = 0.99  # of a frequency that is drawn: the rest are jumps of phase
_SHOWN = 0.1  # deviation of frequency that is drawn at most, of nominal
_ROWS = 20  # rows in a cycle that waveforms need


def plot_run(result: Result, title: str = "") -> Figure:
    """Draw bus voltages, and power and frequency of all converters and machines, above each other.

    Parameters
    ----------
    result : Result
        The run.
    title : str
        Of the figure.

    Returns
    -------
    Figure
        One panel each over a common time axis; lines are named at their ends.
    """
    with style():
        panels = _PANELS if result.model.system.devices else ()
        count = 1 + len(panels)
        figure = new_figure(0.7 + 1.25 * count)
        axes = cast("list[Axes]", list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]))
        plot_voltages(result, ax=axes[0])
        for ax, name in zip(axes[1:], panels, strict=True):
            plot_column(result, name, ax=ax)
        for ax in axes:
            ax.set_ylabel(ax.get_ylabel().replace(" [", "\n["))
        for ax in axes[:-1]:
            ax.set_xlabel("")
        figure.align_ylabels(axes)
        if title:
            title_figure(figure, title)
    return figure


def plot_voltages(result: Result, *buses: str, ax: Axes | None = None) -> Axes:
    """Draw the magnitude of bus voltages over time.

    Parameters
    ----------
    result : Result
        The run.
    *buses : str
        Nodes of the circuit; all buses of the network unless given.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        In per unit.
    """
    names = buses or tuple(result.model.system.network.bus_names)
    with style():
        ax = canvas(ax, 2.2)
        draw_lines(ax, result.time, [(name, np.abs(result.voltage(name))) for name in names], least=0.02)
        ax.set_ylabel("voltage [pu]")
    return ax


def plot_column(result: Result, column: str, *devices: str, ax: Axes | None = None) -> Axes:
    """Draw one column of converters and machines over time; their speed as a frequency in Hz.

    Parameters
    ----------
    result : Result
        The run.
    column : str
        Of `gridforming.result.COLUMNS` or `MACHINE_COLUMNS`.
    *devices : str
        Names; all converters and machines that have it unless given.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        Labelled with name and unit; powers are in pu of each device's rating.
    """
    from gridforming.machine import Motor
    from gridforming.result import COLUMNS, MACHINE_COLUMNS, machine_columns

    system = result.model.system
    machines = {m.name: m for m in system.machines}
    having = [c.name for c in system.converters if column in {key for key, _, _ in COLUMNS}]
    having += [name for name, m in machines.items() if column in machine_columns(m)]
    found = [
        (name, result.machine(name, column) if name in machines else result.converter(name, column))
        for name in devices or having
    ]
    units = {key: unit for key, _, unit in (*COLUMNS, *MACHINE_COLUMNS)}
    if column not in units:
        raise SimulationError(f'no column "{column}"{nearest(column, list(units))}; known: {", ".join(units)}')
    title, unit, least = column.replace("_", " "), units[column], 0.02
    if column == "speed":
        # A motor's speed is no frequency.
        found = [(name, values) for name, values in found if devices or not isinstance(machines.get(name), Motor)]
        title, unit, least = "frequency", "Hz", 0.1
        found = [(name, values * system.network.frequency) for name, values in found]
    with style():
        ax = canvas(ax, 2.2)
        draw_lines(ax, result.time, found, least=least, share=_SHARE if column == "speed" else 1.0)
        ax.set_ylabel(f"{title} [{unit}]")
        if column == "speed" and found:
            nominal = system.network.frequency
            # What runs away, as a machine that has tripped, does not make a flat line of the rest.
            bottom, top = ax.get_ylim()
            ax.set_ylim(max(bottom, (1.0 - _SHOWN) * nominal), min(top, (1.0 + _SHOWN) * nominal))
    return ax


def plot_waveforms(
    result: Result, name: str, *, span: tuple[float, float] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the three phases of a bus voltage or a branch current.

    Parameters
    ----------
    result : Result
        The run, in either frame.
    name : str
        Bus (or another node) or branch; of two of one name the bus.
    span : (float, float), optional
        First and last time [s]; the last three cycles unless given.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        In per unit of the network's base, peak of the nominal phase 1; a grey line is the magnitude.

    Raises
    ------
    SimulationError
        No such bus or branch, nothing in the span, or rows too far apart for a waveform.
    """
    made = result.model.circuit
    branches = [b.name for b in made.branches]
    if name not in made.nodes and name not in branches:
        known = [*made.nodes, *branches]
        raise SimulationError(f'no bus or branch "{name}"{nearest(name, known)}; known: {", ".join(known)}')
    cycle = 1.0 / result.model.system.network.frequency
    time = result.time
    low, high = span if span is not None else (float(time[-1]) - 3.0 * cycle, float(time[-1]))
    shown = (time >= low - 1e-12) & (time <= high + 1e-12)
    if np.count_nonzero(shown) < 2:
        raise SimulationError(
            f"span: found {low:g} to {high:g} s, which holds fewer than two rows; the run has {time[0]:g} to "
            f"{time[-1]:g} s"
        )
    step = float(time[1] - time[0])
    if step > cycle / _ROWS * (1.0 + 1e-9):
        raise SimulationError(
            f"found {step:g} s between rows, expected at most {cycle / _ROWS:g} s for waveforms: give a shorter "
            "output_step"
        )
    voltage = name in made.nodes
    vector = result.voltage(name) if voltage else result.current(name)
    phases = result.phases(vector)[shown]
    with style():
        ax = canvas(ax, 2.2)
        ax.plot(time[shown], np.abs(vector)[shown], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        for k, letter in enumerate("abc"):
            ax.plot(time[shown], phases[:, k], color=_COLOURS[k], linewidth=1.1)
            ax.annotate(
                letter,
                (1.0, phases[-1, k]),
                (4.0, 0.0),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                va="center",
                color=_COLOURS[k],
                fontsize=7.5,
                annotation_clip=False,
            )
        ax.axhline(0.0, color=GREY, linewidth=0.6)
        ax.set_xlim(float(time[shown][0]), float(time[shown][-1]))
        ax.margins(y=0.08)
        ax.set_xlabel("time [s]")
        ax.set_ylabel(f"{'voltage' if voltage else 'current'} of {name} [pu]")
    return ax


def draw_lines(
    ax: Axes, time: Floats, lines: Sequence[tuple[str, Floats]], *, least: float, share: float = 1.0
) -> None:
    """Draw lines over time with their names at their ends.

    Parameters
    ----------
    least : float
        Least height of the axes.
    share : float
        Of each line that the axes are to hold; the rest are its lowest and highest values.
    """
    ends = []
    low, high = math.inf, -math.inf
    for k, (name, values) in enumerate(lines):
        colour, dash = _COLOURS[k % len(_COLOURS)], _DASHES[k // len(_COLOURS) % len(_DASHES)]
        ax.plot(time, values, color=colour, linestyle=dash, linewidth=1.1, solid_joinstyle="round")
        seen = values[np.isfinite(values)]
        if seen.size:
            fewest, most = np.quantile(seen, [0.5 - 0.5 * share, 0.5 + 0.5 * share])
            low, high = min(low, float(fewest)), max(high, float(most))
            ends.append((float(seen[-max(1, seen.size // 50) :].mean()), name, colour if len(lines) > 1 else INK))
    if ends:
        missing = max(least - (high - low), 0.0)
        margin = 0.5 * missing + 0.08 * max(high - low, least)
        ax.set_ylim(low - margin, high + margin)
        end_labels(ax, ends, gap=min(0.12, 0.92 / len(ends)))
    ax.ticklabel_format(axis="y", useOffset=False)
    last = float(time[-1])
    ax.set_xlim(float(time[0]), last if last > time[0] else last + 1e-3)
    ax.set_xlabel("time [s]")
