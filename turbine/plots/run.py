"""Plots of a run: channels over time, modes of operation shaded, and where the energy went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from turbine.control_step import MODES, PRODUCTION
from turbine.plots.style import (
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    SKY,
    VERMILLION,
    canvas,
    end_labels,
    new_figure,
    style,
    title_figure,
)
from turbine.quantities import shown

if TYPE_CHECKING:
    from turbine.simulation import Result

__all__ = ["MODE_COLOURS", "plot_channel", "plot_energy", "plot_overview"]

Floats = npt.NDArray[np.float64]

#: Background of each mode of operation; production is left white.
MODE_COLOURS: dict[str, str] = {
    "parked": "#ececec",
    "run_up": "#d5eee6",
    "shutdown": "#fbe8c4",
    "emergency": "#f9ddd0",
}
_POINTS = 1500  # pairs of extremes that a line is drawn with
_PANELS: tuple[tuple[str, ...], ...] = (
    ("wind_speed", "wind_estimate"),
    ("rotor_speed",),
    ("pitch_angle",),
    ("electrical_power",),
    ("thrust",),
    ("tower_base_fore_aft_moment",),
    ("tower_base_side_side_moment",),
    ("shaft_torque",),
)
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, SKY)


def plot_channel(result: Result, *names: str, ax: Axes | None = None) -> Axes:
    """Draw channels of one unit over time, modes other than production shaded.

    Parameters
    ----------
    result : Result
        The run.
    *names : str
        Of `turbine.step.CHANNELS`.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        Labelled with name and unit; several channels have their names at their ends.
    """
    with style():
        ax = canvas(ax, 2.2)
        _draw(ax, result, names)
        _time_axis(ax, result)
        _mode_legend(ax, result)
    return ax


def plot_overview(result: Result) -> Figure:
    """Draw wind, rotor speed, pitch, power, thrust, tower moments and shaft torque above each other.

    Parameters
    ----------
    result : Result
        The run.

    Returns
    -------
    Figure
        One panel each over a common time axis; modes other than production shaded.
    """
    with style():
        panels = [names for names in _PANELS if _moves(result, names[0])]
        figure = new_figure(0.9 + 1.05 * len(panels))
        axes = cast("list[Axes]", list(figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]))
        rated = _rated(result)
        for ax, names in zip(axes, panels, strict=True):
            _draw(ax, result, names, rated=rated.get(names[0]), stacked=True)
        figure.align_ylabels(axes)
        machine = result.model.machine
        title_figure(figure, f"{machine.title or machine.name}: {result.wind.name}")
        _time_axis(axes[-1], result)
        _mode_legend(axes[0], result)
    return figure


def plot_energy(result: Result, ax: Axes | None = None) -> Axes:
    """Draw where the energy of a run went: from the wind, less each part, down to what does not add up.

    Parameters
    ----------
    result : Result
        The run.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        A bar for each part with its value in kWh and its share of the energy from the wind.
    """
    energy = result.energy
    parts = (
        ("electrical energy", energy.electrical, BLUE),
        ("lost in the generator", energy.generator_loss, ORANGE),
        ("lost in the gearbox", energy.gearbox_loss, ORANGE),
        ("lost in dampers of shaft and tower", energy.damping_loss, ORANGE),
        ("lost in the brake", energy.brake_loss, ORANGE),
        ("stored in rotor and tower", energy.stored, GREEN),
    )
    with style():
        ax = canvas(ax, 2.4)
        rows = [("from the wind", 0.0, energy.wind, GREY)]
        left = energy.wind
        for name, value, colour in parts:
            rows.append((name, left - value, value, colour))
            left -= value
        rows.append(("not accounted for", 0.0, left, VERMILLION))
        kwh = 1.0 / 3.6e6
        ends = []
        for k, (_, start, value, colour) in enumerate(rows):
            ax.barh(k, value * kwh, left=start * kwh, height=0.62, color=colour)
            if 0 < k < len(rows) - 1:
                edge = (start + value) * kwh
                ax.plot([edge, edge], [k - 0.31, k - 0.69], color=GREY, linewidth=0.5)
            ends.append(max(start, start + value, 0.0) * kwh)
        for k, (_, _, value, _) in enumerate(rows):
            share = f"  ({_percent(value / energy.wind)})" if energy.wind > 0.0 else ""
            ax.annotate(
                f"{_kwh(value * kwh)}{share if k else ''}",
                (ends[k], k),
                (4.0, 0.0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )
        ax.set_yticks(range(len(rows)), labels=[name for name, *_ in rows])
        ax.tick_params(axis="y", length=0.0)
        ax.invert_yaxis()
        ax.grid(visible=False, axis="y")
        ax.axvline(0.0, color=GREY, linewidth=0.6)
        ax.set_xlabel("energy of the run [kWh]")
        ax.margins(x=0.0)
        low, high = min(0.0, *(row[1] * kwh for row in rows)), max(ends)
        ax.set_xlim(low, low + 1.38 * (high - low) if high > low else low + 1.0)
        machine = result.model.machine
        ax.set_title(f"{machine.title or machine.name}: energy of {_duration(result):g} s", parse_math=False)
    return ax


def _draw(ax: Axes, result: Result, names: Sequence[str], *, rated: float | None = None, stacked: bool = False) -> None:
    _shade(ax, result)
    ends = []
    lows, highs = [], []
    for k, name in enumerate(names):
        title, _, factor = shown(name)
        values = result[name] * factor
        time, drawn = _thinned(result.time, values)
        colour = _COLOURS[k % len(_COLOURS)]
        ax.plot(time, drawn, color=colour, linewidth=1.0 if k == 0 else 0.9, solid_joinstyle="round")
        tail = values[-max(1, values.size // 50) :]
        ends.append((float(tail.mean()), title, colour))
        lows.append(float(values.min()))
        highs.append(float(values.max()))
    low, high = _limits(min(lows), max(highs), rated)
    ax.set_ylim(low, high)
    title, unit, _ = shown(names[0])
    if len(names) > 1 and stacked:
        title = "wind"
    space = "\n" if stacked else " "
    ax.set_ylabel(f"{title}{space}[{unit}]" if unit else title)
    if rated is not None and low <= rated <= high:
        ax.axhline(rated, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)), zorder=1.5)
        ends.append((rated, "rated", GREY))
    if len(ends) > 1:
        end_labels(ax, ends if len(names) > 1 else ends[1:])


def _limits(low: float, high: float, rated: float | None) -> tuple[float, float]:
    """Return y limits that let a line breathe, and do not blow up what stands still."""
    if rated is not None and low <= 1.02 * rated and high >= 0.9 * rated:
        high = max(high, rated)
    size = max(abs(low), abs(high))
    margin = max(0.06 * (high - low), 0.02 * size if size > 1e-3 else 1.0)
    return low - margin, high + margin


def _thinned(time: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return a line that looks the same with fewer points: least and largest value of each stretch, in their order."""
    size = -(-values.size // _POINTS)
    if size < 4:
        return time, values
    whole = values.size // size * size
    blocks = values[:whole].reshape(-1, size)
    low, high = blocks.argmin(axis=1), blocks.argmax(axis=1)
    first = np.arange(blocks.shape[0]) * size
    picked = np.sort(np.concatenate([first + low, first + high, [0, values.size - 1], np.arange(whole, values.size)]))
    picked = np.unique(picked)
    return time[picked], values[picked]


def _shade(ax: Axes, result: Result) -> None:
    for mode, start, end in _stretches(result):
        if mode in MODE_COLOURS:
            ax.axvspan(start, end, color=MODE_COLOURS[mode], linewidth=0.0, zorder=0.5)


def _stretches(result: Result) -> Iterator[tuple[str, float, float]]:
    """Yield each stretch of one mode of operation with its beginning and end [s]."""
    modes = result["mode"].astype(np.int64)
    if np.all(modes == PRODUCTION):
        return
    edges = np.flatnonzero(np.diff(modes)) + 1
    starts = np.concatenate([[0], edges])
    times = np.append(result.time, _duration(result))
    ends = np.concatenate([edges, [modes.size]])
    for start, end in zip(starts, ends, strict=True):
        yield MODES[modes[start]], float(times[start]), float(times[end])


def _mode_legend(ax: Axes, result: Result) -> None:
    there = {mode for mode, _, _ in _stretches(result)}
    handles = [
        Patch(facecolor=colour, edgecolor=LIGHT, linewidth=0.5, label=mode.replace("_", "-"))
        for mode, colour in MODE_COLOURS.items()
        if mode in there
    ]
    if handles:
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(handles),
            borderaxespad=0.2,
            handlelength=1.4,
            columnspacing=1.2,
        )


def _time_axis(ax: Axes, result: Result) -> None:
    ax.set_xlim(0.0, _duration(result))
    ax.set_xlabel("time [s]")


def _duration(result: Result) -> float:
    return float(result.time[-1]) + result.time_step


def _moves(result: Result, name: str) -> bool:
    """Tell whether a channel says something: a machine without tower has no tower moment."""
    return bool(np.any(result[name] != 0.0)) or not name.startswith("tower")


def _rated(result: Result) -> dict[str, float]:
    settings, control = result.model.settings, result.model.control
    return {
        "rotor_speed": settings.rated_speed / control.gear_ratio * shown("rotor_speed")[2],
        "electrical_power": settings.rated_power * shown("electrical_power")[2],
    }


def _kwh(value: float) -> str:
    return "0 kWh" if abs(value) < 5e-7 else f"{value:,.1f} kWh" if abs(value) >= 1.0 else f"{value:.2g} kWh"


def _percent(share: float) -> str:
    if abs(share) < 5e-12:
        return "0 %"
    return f"{100.0 * share:.2f} %" if abs(share) >= 5e-5 else "less than 0.01 %"
