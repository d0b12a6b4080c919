"""Plots of comparisons: curves against a reference or another period, farms side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fleet.marks import MARK
from fleet.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    empty,
    label,
    label_ticks,
    new_figure,
    style,
    title,
    turbines_of,
)
from fleet.schema import FLEET

__all__ = ["known_shares", "plot_changes", "plot_differences", "plot_farm_bars", "plot_farm_curves", "plot_ratios"]

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
_MOST_PANELS = 12
_FARM_SHARES = {
    "capacity_factor": "capacity factor",
    "availability_time": "time-based availability",
    "coverage": "coverage",
}


def plot_differences(
    bins: pd.DataFrame, what: str, order: Sequence[str] | None = None, most: int = _MOST_PANELS
) -> Figure:
    """Draw the difference of two curves by wind speed, one panel per turbine, with twice its standard uncertainty.

    Parameters
    ----------
    bins : DataFrame
        turbine, wind_speed [m/s], difference_kw, u_kw [kW].
    what : str
        What the difference is, for the axis.
    order : sequence of str, optional
        Order of the panels; the fleet comes last.
    most : int
        Panels at most; of more turbines those with the greatest differences in units of their uncertainty are shown.
    """
    with style():
        every = turbines_of(bins, order)
        if (bins["turbine"] == FLEET).any() and len(every) != 1:
            every = [*every, FLEET]
        far = bins["in_u"].abs().groupby(bins["turbine"]).median()
        shown = set(sorted(every, key=lambda name: (-_known(far.get(name)), name))[:most])
        names = [name for name in every if name in shown]
        columns = 1 if len(names) <= 1 else 2 if len(names) <= 6 else 3
        rows = max(1, -(-len(names) // columns))
        figure = new_figure(min(9.6, rows * (2.6 if columns == 1 else 1.9) + 0.3))
        if not names:
            empty(figure.add_subplot(), "no common bins")
            return figure
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for panel in panels[len(names) :]:
            panel.set_visible(False)
        for number, (panel, name) in enumerate(zip(panels, names, strict=False)):
            own = bins[bins["turbine"] == name].sort_values("wind_speed")
            _band(panel, own["wind_speed"], own["difference_kw"], own["u_kw"], BLUE)
            panel.axhline(0.0, color=INK, lw=0.8, ls="--")
            panel.grid(axis="y")
            title(panel, name)
            panel.tick_params(labelbottom=number + columns >= len(names))
        figure.supxlabel("nacelle wind speed [m/s]", fontsize=8.0, color=INK)
        figure.supylabel(f"{what} [kW]", fontsize=8.0, color=INK)
        return figure


def plot_ratios(aep: pd.DataFrame, what: str, ax: Axes | None = None, order: Sequence[str] | None = None) -> Axes:
    """Draw the ratio of two annual energies per turbine with twice its standard uncertainty.

    Parameters
    ----------
    aep : DataFrame
        turbine, ratio, u_ratio [1]: one row per turbine.
    what : str
        What the ratio is, for the axis.
    ax : Axes, optional
        Where to draw; a new figure without it.
    order : sequence of str, optional
        Turbines from top to bottom; the fleet comes last.
    """
    with style():
        known = aep[aep["ratio"].notna()].set_index("turbine")
        names = [name for name in [*turbines_of(aep, order), FLEET] if name in known.index]
        ax = canvas(ax, float(np.clip(0.8 + 0.22 * len(names), 1.5, 9.5)), 5.4)
        if not names:
            return empty(ax, "no ratio")
        at, own = np.arange(len(names)), known.loc[names]
        ax.axvline(100.0, color=INK, lw=0.8, ls="--")
        spread = 200.0 * own["u_ratio"].fillna(0.0)
        ax.errorbar(100.0 * own["ratio"], at, xerr=spread, fmt="o", ms=4, color=BLUE, ecolor=GREY, elinewidth=0.9)
        ax.set_ylim(len(names) - 0.5, -0.5)
        label_ticks(ax, "y", at, names)
        ax.grid(axis="x")
        ax.set_xlabel(f"{what} [%], \u00b1 2 u")
        return ax


def plot_changes(
    values: pd.DataFrame, names: tuple[str, str], what: str, ax: Axes | None = None, *, low: float | None = None
) -> Axes:
    """Draw two values per row as bars side by side.

    Parameters
    ----------
    values : DataFrame
        name, first, second.
    names : (str, str)
        What first and second are called.
    what : str
        Quantity and unit, for the axis.
    ax : Axes, optional
        Where to draw; a new figure without it.
    low : float, optional
        Where the axis begins; 0 without it, or the lowest value where that is negative.
    """
    with style():
        ax = canvas(ax, float(np.clip(0.9 + 0.34 * len(values), 1.8, 9.5)), 5.4)
        if values.empty or not values[["first", "second"]].notna().any(axis=None):
            return empty(ax, "nothing to compare")
        at = np.arange(len(values))
        for shift, column, colour, words in ((-0.19, "first", SKY, names[0]), (0.19, "second", BLUE, names[1])):
            ax.barh(at + shift, values[column].fillna(0.0), 0.36, color=colour, label=label(words, 60))
        ax.set_ylim(len(values) - 0.5, -0.5)
        label_ticks(ax, "y", at, [label(name, 40) for name in values["name"]])
        ax.tick_params(axis="y", length=0)
        if low is not None:
            ax.set_xlim(left=low)
        ax.grid(axis="x")
        ax.set_xlabel(what)
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1, borderaxespad=0.1)
        return ax


def plot_farm_curves(curves: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw farms' curves as a share of rated power with their standard uncertainty.

    Parameters
    ----------
    curves : DataFrame
        farm, wind_speed [m/s], power_pu, u_pu [1].
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    with style():
        ax = canvas(ax, 3.4, 5.4)
        names = list(dict.fromkeys(curves["farm"]))
        if not names:
            return empty(ax, "no power curve")
        for number, name in enumerate(names):
            own = curves[curves["farm"] == name].sort_values("wind_speed")
            colour = _COLOURS[number % len(_COLOURS)]
            x, y, u = (own[key].to_numpy(float) for key in ("wind_speed", "power_pu", "u_pu"))
            ax.fill_between(x, 100.0 * (y - u), 100.0 * (y + u), color=colour, alpha=0.15, lw=0)
            look: dict[str, Any] = {"ls": "-" if number < len(_COLOURS) else ":"}
            ax.plot(x, 100.0 * y, color=colour, lw=1.2, label=label(name), **look)
        ax.grid(axis="y")
        ax.set_xlabel("nacelle wind speed [m/s]")
        ax.set_ylabel("power [% of rated], \u00b1 1 u")
        ax.legend(loc="lower right")
        return ax


def known_shares(farms: pd.DataFrame) -> dict[str, str]:
    """Return the columns that `plot_farm_bars` draws with their titles: those of which a farm has a figure."""
    return {column: words for column, words in _FARM_SHARES.items() if farms[column].notna().any()}


def plot_farm_bars(farms: pd.DataFrame) -> Figure:
    """Draw capacity factor, operational availability and coverage as bars, one per farm, in the order given.

    Parameters
    ----------
    farms : DataFrame
        farm, capacity_factor, availability_time, coverage [1], availability_note: what makes the availability too high,
        which gets a mark. A farm without figures has an empty row, a quantity that no farm has is not drawn.
    """
    with style():
        figure = new_figure(float(np.clip(0.8 + 0.2 * len(farms), 1.4, 9.5)))
        known = known_shares(farms)
        if not known:
            empty(figure.add_subplot(), "no figures")
            return figure
        panels = figure.subplots(1, len(known), sharey=True, squeeze=False).ravel()
        at = np.arange(len(farms))
        for panel, (column, words) in zip(panels, known.items(), strict=True):
            share = 100.0 * farms[column].to_numpy(float)
            noted = (farms["availability_note"] != "") & (column == "availability_time")
            panel.barh(at, np.nan_to_num(share), 0.62, color=SKY)
            for place, value, note in zip(at, share, noted, strict=True):
                shown = f"{value:.1f}{MARK if note else ''}" if np.isfinite(value) else "n/d"
                panel.text(max(0.0, float(np.nan_to_num(value))), place, f" {shown}", va="center", fontsize=7)
            panel.set_xlim(0.0, 1.25 * max(1.0, float(np.nanmax(share, initial=1.0))))
            title(panel, words)
            panel.set_xlabel("[%]")
            panel.tick_params(axis="y", length=0)
        panels[0].set_ylim(len(farms) - 0.5, -0.5)
        label_ticks(panels[0], "y", at, farms["farm"].tolist())
        return figure


def _band(ax: Axes, wind: pd.Series, difference: pd.Series, u: pd.Series, colour: str) -> None:
    x, y, spread = (part.to_numpy(float) for part in (wind, difference, u))
    ax.fill_between(x, y - 2.0 * spread, y + 2.0 * spread, color=colour, alpha=0.18, lw=0)
    ax.plot(x, y, "o-", ms=2, lw=1.0, color=colour)


def _known(value: float | None) -> float:
    return 0.0 if value is None or not np.isfinite(value) else float(value)
