"""Plots of power curves and of the turbines' ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure

from fleet.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
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

if TYPE_CHECKING:
    import numpy.typing as npt

    from fleet.results import PowerCurves

__all__ = ["MOST_PANELS", "plot_fleet_curves", "plot_power_curve", "plot_power_curves", "plot_ranking", "shown_curves"]

MOST_PANELS = 12
_MOST_RANKED = 60
_DENSITY = LinearSegmentedColormap.from_list("density", ["#dbe9f6", "#9ecae1", "#2f7ebc", "#08306b"])


def shown_curves(curves: PowerCurves, order: Sequence[str] | None = None, most: int = MOST_PANELS) -> list[str]:
    """Return the turbines that get a panel: all, or those whose curve lies furthest below the fleet's."""
    names = turbines_of(curves.bins, order)
    if len(names) <= most:
        return names
    index = dict(zip(curves.ranking["turbine"], curves.ranking["index"], strict=True))
    known = [name for name in names if np.isfinite(index.get(name, np.nan))]
    lowest = sorted(known, key=lambda name: (index[name], name))
    chosen = set((lowest + [name for name in names if name not in known])[:most])
    return [name for name in names if name in chosen]


def plot_power_curves(
    curves: PowerCurves,
    order: Sequence[str] | None = None,
    most: int = MOST_PANELS,
    reference: pd.DataFrame | None = None,
) -> Figure:
    """Draw one panel per turbine: records as density, rejected cells, bins, expected power and the reference curve.

    Parameters
    ----------
    curves : PowerCurves
        Bins, expected curve and scatter cells.
    order : sequence of str, optional
        Order of the panels.
    most : int
        Number of panels at most; the figure names how many turbines are left out and why these are shown.
    reference : DataFrame, optional
        `Reference.curve`.
    """
    with style():
        names = shown_curves(curves, order, most)
        columns = 1 if len(names) <= 1 else 2 if len(names) <= 4 else 3
        rows = max(1, -(-len(names) // columns))
        figure = new_figure(min(9.6, rows * (3.4 if columns == 1 else 2.75 if columns == 2 else 2.2) + 0.3))
        if not names:
            empty(figure.add_subplot(), "no power curve")
            return figure
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for panel in panels[len(names) :]:
            panel.set_visible(False)
        for number, (panel, name) in enumerate(zip(panels, names, strict=False)):
            plot_power_curve(curves, name, panel, keyed=False, reference=reference)
            if number % columns:
                panel.set_ylabel("")
            if number + columns < len(names):
                panel.set_xlabel("")
            else:
                panel.tick_params(labelbottom=True)
        named = {words: handle for panel in panels for handle, words in zip(*_key(panel), strict=True)}
        figure.legend(named.values(), named.keys(), loc="outside upper left", ncols=3, handlelength=1.2)
        left_out = len(turbines_of(curves.bins)) - len(names)
        if left_out:
            note = f"Shown: the {len(names)} turbines lowest against the fleet's curve; {left_out} others left out."
            figure.supxlabel(note, fontsize=7.5, color=GREY, x=0.01, ha="left")
        return figure


def plot_power_curve(
    curves: PowerCurves,
    turbine: str,
    ax: Axes | None = None,
    *,
    keyed: bool = True,
    reference: pd.DataFrame | None = None,
) -> Axes:
    """Draw one turbine's measured power curve with error bars over the density of its records.

    Parameters
    ----------
    curves : PowerCurves
        Bins, expected curve and scatter cells.
    turbine : str
        Whose curve, or "fleet".
    ax : Axes, optional
        Where to draw; a new figure without it.
    keyed : bool
        Whether the marks are named in the plot.
    reference : DataFrame, optional
        `Reference.curve`: turbine, wind_speed, power_kw.
    """
    with style():
        ax = canvas(ax, 3.6, 5.4)
        _scatter(ax, curves.scatter[curves.scatter["turbine"] == turbine], curves.scatter_steps)
        expected = curves.expected[curves.expected["turbine"] == turbine].sort_values("wind_speed")
        ax.plot(expected["wind_speed"], expected["power_kw"], color=INK, lw=0.9, label="expected power", zorder=4)
        if reference is not None:
            points = reference[reference["turbine"] == turbine]
            ax.plot(points["wind_speed"], points["power_kw"], color=GREEN, lw=1.1, ls="--", label="reference", zorder=4)
        bins = curves.bins[(curves.bins["turbine"] == turbine) & curves.bins["power_kw"].notna()]
        for complete, face, name in ((True, ORANGE, "bin, \u00b1 1 u"), (False, "white", "bin, incomplete")):
            part = bins[bins["complete"].astype(bool) == complete]
            if part.empty:
                continue
            ax.errorbar(
                part["wind_speed"],
                part["power_kw"],
                yerr=part["u_c_kw"].fillna(0.0).clip(lower=0.0),
                fmt="o",
                ms=2.8,
                mfc=face,
                mec=INK,
                mew=0.5,
                ecolor=VERMILLION,
                elinewidth=0.9,
                label=name,
                zorder=5,
            )
        if keyed:
            ax.legend(loc="upper left", handlelength=1.2, borderaxespad=0.2, labelspacing=0.3)
        ax.set_xlabel("nacelle wind speed [m/s]")
        ax.set_ylabel("power [kW]")
        ax.set_xlim(0.0, max(20.0, _most(bins["wind_speed"], 20.0) + 1.0))
        title(ax, turbine)
        return ax


def _key(ax: Axes) -> tuple[list[Any], list[Any]]:
    handles, words = ax.get_legend_handles_labels()
    return handles, words


def _scatter(ax: Axes, cells: pd.DataFrame, steps: tuple[float, float]) -> None:
    """Draw cells of used records by density (logarithmic) and cells of rejected records alone in another colour."""
    if cells.empty:
        return
    used, rejected = _grid(cells, "used", steps), _grid(cells, "rejected", steps)
    x = cells["wind_speed"].min() + steps[0] * (np.arange(used.shape[1] + 1.0))
    y = cells["power_kw"].min() + steps[1] * (np.arange(used.shape[0] + 1.0))
    alone = np.ma.masked_where((rejected == 0) | (used > 0), rejected)
    ax.pcolormesh(x, y, alone, cmap=ListedColormap(["#f4a582"]), rasterized=True, zorder=1)
    if used.max() > 0:
        norm = LogNorm(1.0, max(2.0, float(used.max())))
        ax.pcolormesh(x, y, np.ma.masked_equal(used, 0), cmap=_DENSITY, norm=norm, rasterized=True, zorder=2)
    ax.scatter([], [], marker="s", s=14, color=_DENSITY(0.6), label="records used (darker: more)")
    if alone.count():
        ax.scatter([], [], marker="s", s=14, color="#f4a582", label="rejected records only")


def _grid(cells: pd.DataFrame, column: str, steps: tuple[float, float]) -> npt.NDArray[np.float64]:
    i = np.rint((cells["wind_speed"] - cells["wind_speed"].min()) / steps[0]).to_numpy(np.int64)
    j = np.rint((cells["power_kw"] - cells["power_kw"].min()) / steps[1]).to_numpy(np.int64)
    grid = np.zeros((j.max() + 1, i.max() + 1))
    np.add.at(grid, (j, i), cells[column].to_numpy(float))
    return grid


def plot_fleet_curves(curves: PowerCurves, ax: Axes | None = None, order: Sequence[str] | None = None) -> Axes:
    """Draw all measured curves together and, in a new figure, their distance from the fleet's curve below.

    Parameters
    ----------
    curves : PowerCurves
        Bins per turbine and of the fleet.
    ax : Axes, optional
        Where to draw the curves; without it a new figure with a second panel for the distance.
    order : sequence of str, optional
        Order of the turbines.
    """
    with style():
        below: Axes | None = None
        if ax is None:
            top, below = new_figure(4.6, 5.4).subplots(2, 1, sharex=True, height_ratios=(1.5, 1.0))
            ax = top
        wide = curves.bins[curves.bins["complete"].astype(bool)].pivot_table(
            index="bin", columns="turbine", values="power_kw", aggfunc="first"
        )
        speed = curves.bins.groupby("bin")["wind_speed"].median().reindex(wide.index)
        names = [name for name in turbines_of(curves.bins, order) if name in wide]
        if not names:
            return empty(ax, "no complete bins")
        few = len(names) <= 6
        colours = [BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE]
        for number, name in enumerate(names):
            look: dict[str, Any] = {"color": colours[number], "lw": 1.1} if few else {"color": SKY, "lw": 0.6}
            ax.plot(speed, wide[name], label=label(name) if few else None, **look)
            if below is not None and FLEET in wide:
                below.plot(speed, wide[name] - wide[FLEET], **look)
        if FLEET in wide:
            ax.plot(speed, wide[FLEET], color=INK, lw=1.6, ls="--", label="fleet")
        ax.legend(loc="lower right")
        ax.set_ylabel("power [kW]")
        ax.grid(axis="y")
        if below is None:
            ax.set_xlabel("nacelle wind speed [m/s]")
            return ax
        below.axhline(0.0, color=INK, lw=0.9, ls="--")
        below.grid(axis="y")
        below.set_ylabel("turbine \u2212 fleet [kW]")
        below.set_xlabel("nacelle wind speed [m/s]")
        if not few and FLEET in wide:
            _name_extremes(below, wide[names].sub(wide[FLEET], axis=0), speed)
        return ax


def _name_extremes(ax: Axes, distance: pd.DataFrame, speed: pd.Series) -> None:
    """Name the turbines that are furthest above and below the fleet on average."""
    means = distance.mean().dropna()
    if means.empty:
        return
    for name in dict.fromkeys((means.idxmin(), means.idxmax())):
        line = distance[name].dropna()
        at = int(line.abs().to_numpy().argmax())
        ax.plot(speed, distance[name], color=VERMILLION, lw=1.1)
        ax.annotate(
            label(name),
            (float(speed.loc[line.index[at]]), float(line.iloc[at])),
            fontsize=7,
            color=VERMILLION,
            parse_math=False,
        )


def plot_ranking(ranking: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw energy against the fleet's curve per turbine as dots with their standard uncertainty, best on top.

    Parameters
    ----------
    ranking : DataFrame
        `PowerCurves.ranking`: turbine, index, u_index [1], rank.
    ax : Axes, optional
        Where to draw; a new figure without it. Beyond 60 turbines the 30 best and the 30 worst are drawn.
    """
    with style():
        known = ranking[(ranking["turbine"] != FLEET) & ranking["index"].notna()]
        known = known.sort_values(["index", "turbine"], ascending=[False, True], kind="stable")
        left_out = len(known) - _MOST_RANKED
        if left_out > 0:
            known = pd.concat([known.head(_MOST_RANKED // 2), known.tail(_MOST_RANKED // 2)])
        ax = canvas(ax, float(np.clip(0.8 + 0.22 * len(known), 1.6, 9.5)), 5.4)
        if known.empty:
            return empty(ax, "no common periods")
        at = np.arange(len(known))
        spread = known["u_index"].fillna(0.0).to_numpy(float)
        ax.axvline(100.0, color=INK, lw=0.8, ls="--")
        ax.errorbar(
            100.0 * known["index"], at, xerr=100.0 * spread, fmt="o", ms=4, color=BLUE, ecolor=GREY, elinewidth=0.9
        )
        ax.set_ylim(len(known) - 0.5, -0.5)
        label_ticks(ax, "y", at, known["turbine"].tolist())
        if len(known) > 40:
            ax.tick_params(axis="y", labelsize=6)
        ax.grid(axis="x")
        ax.set_xlabel("energy against the fleet's curve, common periods [%], \u00b1 1 u")
        if left_out > 0:
            ax.axhline(_MOST_RANKED // 2 - 0.5, color=LIGHT, lw=2)
            title(ax, f"{left_out} turbines in the middle left out")
        return ax


def _most(values: pd.Series, otherwise: float) -> float:
    return float(values.max()) if len(values) and np.isfinite(values.max()) else otherwise
