"""Plots of sensors against the neighbours': directions by month, and the vane angle of most power."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fleet.plots.style import (
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    PURPLE,
    VERMILLION,
    canvas,
    empty,
    label,
    label_ticks,
    months,
    new_figure,
    style,
    title,
    turbines_of,
)

__all__ = ["plot_north", "plot_yaw"]

_LINES = 15  # of turbines in grey; of more a band is drawn
_NAMED = 5  # lines with a colour and a name of their own
_COLOURS = (VERMILLION, BLUE, ORANGE, GREEN, PURPLE)
_MOST_ROWS = 40


def plot_north(north: pd.DataFrame, limit_deg: float) -> Figure:
    """Draw how far each turbine's north lies from the fleet's by month, one panel per signal, as steps.

    Parameters
    ----------
    north : DataFrame
        `Sensors.north`: signal, turbine, month, offset_deg [deg], flagged.
    limit_deg : float
        Offset from which a month is flagged [deg].
    """
    with style():
        known = north[north["offset_deg"].notna()]
        signals = sorted({str(signal) for signal in known["signal"]})
        if not signals:
            figure = new_figure(1.4)
            empty(figure.add_subplot(), "no direction can be compared with the neighbours'")
            return figure
        figure = new_figure(0.5 + 1.75 * len(signals))
        panels = figure.subplots(len(signals), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
        named = _largest(known, "offset_deg")
        calendar = months(known)
        for ax, signal in zip(panels, signals, strict=True):
            _offsets(ax, known[known["signal"] == signal], calendar, named, limit_deg)
            title(ax, signal.removesuffix("_deg").replace("_", " "))
        every = max(1, -(-len(calendar) // 24))
        label_ticks(panels[-1], "x", np.arange(len(calendar))[::every], calendar[::every])
        panels[-1].tick_params(axis="x", rotation=90 if len(calendar) > 8 else 0, length=0)
        return figure


def _offsets(ax: Axes, own: pd.DataFrame, calendar: list[str], named: list[str], limit_deg: float) -> None:
    ax.axhspan(-limit_deg, limit_deg, color=LIGHT, lw=0, zorder=0)
    at = np.arange(len(calendar) + 1) - 0.5
    ends = []
    wide = own.pivot_table(index="turbine", columns="month", values="offset_deg").reindex(columns=calendar)
    others = wide.drop(index=[name for name in named if name in wide.index])
    if len(others) > _LINES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a month without any value
            low, high = np.nanquantile(others.to_numpy(float), [0.0, 1.0], axis=0)
        ax.stairs(high, at, baseline=low, fill=True, color=GREY, alpha=0.4, lw=0, zorder=1)
        wide = wide.drop(index=others.index)
    for turbine in wide.index:
        values = wide.loc[turbine].to_numpy(float)
        place = named.index(turbine) if turbine in named else -1
        colour = _COLOURS[place] if place >= 0 else GREY
        ax.stairs(values, at, baseline=None, color=colour, lw=1.4 if place >= 0 else 0.5, zorder=2 + (place >= 0))
        if place >= 0:
            ends.append((float(values[np.isfinite(values)][-1]), str(turbine), colour))
    # Names stand at the line's end, moved apart where lines end close together.
    low, high = ax.get_ylim()
    room = 0.085 * (high - low)
    height = -np.inf
    for value, turbine, colour in sorted(ends):
        height = max(value, height + room)
        ax.annotate(
            label(turbine, 16), (len(calendar) - 0.4, height), va="center", fontsize=6.8, color=colour,
            annotation_clip=False, parse_math=False,
        )  # fmt: skip
    ax.set_xlim(-0.5, len(calendar) * 1.12)
    ax.set_ylabel("from the fleet's [deg]")
    ax.grid(axis="y")


def _largest(table: pd.DataFrame, column: str) -> list[str]:
    """Return the turbines with the largest values, which get a colour of their own."""
    size = table[column].abs().groupby(table["turbine"]).max()
    names = sorted(size.index, key=lambda name: (-float(size[name]), str(name)))
    return [str(name) for name in names[:_NAMED]]


def plot_yaw(yaw: pd.DataFrame, spread: float, ax: Axes | None = None, order: Sequence[str] | None = None) -> Axes:
    """Draw the vane angle of most power per turbine with its uncertainty.

    Parameters
    ----------
    yaw : DataFrame
        `Sensors.yaw`: turbine, misalignment_deg, u_deg [deg], significant.
    spread : float
        How many standard uncertainties an angle has to pass to be significant: the thin bars.
    ax : Axes, optional
        Where to draw; a new figure without it. Beyond 40 turbines those with the largest angles are drawn.
    order : sequence of str, optional
        Turbines from top to bottom.
    """
    with style():
        known = yaw[yaw["misalignment_deg"].notna() & yaw["u_deg"].notna()].set_index("turbine")
        names = turbines_of(known.reset_index(), order)
        left_out = len(names) - _MOST_ROWS
        if left_out > 0:
            size = known["misalignment_deg"].abs()
            largest = set(sorted(names, key=lambda name: (-float(size[name]), name))[:_MOST_ROWS])
            names = [name for name in names if name in largest]
        ax = canvas(ax, float(np.clip(0.75 + 0.2 * len(names), 1.4, 9.0)), 5.4)
        if not names:
            return empty(ax, "no vane angle of most power can be told")
        shown = known.loc[names]
        at = np.arange(len(names))
        angle, u = shown["misalignment_deg"].to_numpy(float), shown["u_deg"].to_numpy(float)
        colours = [VERMILLION if significant else BLUE for significant in shown["significant"]]
        ax.axvline(0.0, color=GREY, lw=0.7)
        ax.hlines(at, angle - spread * u, angle + spread * u, colors=colours, lw=0.8)
        ax.hlines(at, angle - u, angle + u, colors=colours, lw=2.6)
        ax.scatter(angle, at, s=14, c=colours, zorder=3)
        label_ticks(ax, "y", at, names)
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlabel(f"vane angle of most power [deg]; bars: 1 and {spread:g} standard uncertainties")
        ax.grid(axis="x", color=LIGHT)
        if left_out > 0:
            title(ax, f"The {_MOST_ROWS} turbines with the largest angles; {left_out} others left out")
        return ax
