"""Plots of availability: categories by month and the stops of each turbine in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fleet.categories import Category
from fleet.plots.style import (
    CATEGORY_COLOURS,
    GREY,
    INK,
    LIGHT,
    canvas,
    days,
    empty,
    label_ticks,
    months,
    style,
    time_axis,
    title,
    turbines_of,
)
from fleet.schema import FLEET

__all__ = ["PRODUCING", "category_title", "plot_categories", "plot_stops"]

PRODUCING = (Category.FULL_PERFORMANCE, Category.PARTIAL_PERFORMANCE)
_MOST_ROWS = 30


def category_title(name: object) -> str:
    """Return a category's name as people write it."""
    return str(name).replace("_", " ")


def plot_categories(categories: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw hours by category and month, summed over the turbines; full and partial performance are left out.

    Parameters
    ----------
    categories : DataFrame
        `Availability.categories`: turbine, month, category, hours [h].
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    with style():
        single = categories[categories["turbine"] != FLEET]
        shown = single[~single["category"].isin([c.value for c in PRODUCING]) & (single["hours"] > 0)]
        ax = canvas(ax, 3.0)
        calendar = months(single)
        if shown.empty:
            return empty(ax, "no hours outside full and partial performance")
        wide = shown.pivot_table(index="month", columns="category", values="hours", aggfunc="sum").fillna(0.0)
        wide = wide.reindex(calendar, fill_value=0.0)
        stacked = _in_order(wide.columns)
        base = np.zeros(len(calendar))
        at = np.arange(len(calendar))
        for name in stacked:
            height = wide[name].to_numpy(float)
            colour = CATEGORY_COLOURS.get(name, GREY)
            ax.bar(at, height, 0.8, base, color=colour, ec="white", lw=0.3, label=category_title(name))
            base = base + height
        every = max(1, -(-len(calendar) // 24))
        label_ticks(ax, "x", at[::every], calendar[::every])
        ax.tick_params(axis="x", rotation=90 if len(calendar) > 8 else 0, length=0)
        ax.set_xlim(-0.6, max(len(calendar), 6) - 0.4)  # few months do not make wide bars
        ax.set_ylabel("hours, all turbines [h]")
        ax.grid(axis="y")
        handles, names = ax.get_legend_handles_labels()
        # The first entry of the legend is the top of the stack.
        ax.legend(handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.0)
        return ax


def plot_stops(
    stops: pd.DataFrame,
    ax: Axes | None = None,
    order: Sequence[str] | None = None,
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None,
) -> Axes:
    """Draw each turbine's stops as bars in time, coloured by category; an open end is marked.

    Parameters
    ----------
    stops : DataFrame
        `Availability.stops`: turbine, start, end (UTC), hours [h], category, open_end.
    ax : Axes, optional
        Where to draw; a new figure without it. Beyond 30 turbines those with the longest stops are drawn.
    order : sequence of str, optional
        Turbines from top to bottom.
    period : pair of Timestamp, optional
        Begin and end of the time axis.
    """
    with style():
        names = turbines_of(stops, order)
        left_out = len(names) - _MOST_ROWS
        if left_out > 0:
            hours = {str(name): float(total) for name, total in stops.groupby("turbine")["hours"].sum().items()}
            longest = sorted(names, key=lambda name: (-hours[name], name))[:_MOST_ROWS]
            names = [name for name in names if name in set(longest)]
        height = float(np.clip(1.1 + 0.24 * len(names), 2.0, 9.0))
        ax = canvas(ax, height)
        if not names:
            return empty(ax, "no stops")
        begin, end = days(stops["start"]), days(stops["end"])
        low, high = (days(list(period)) if period else (np.nanmin(begin), np.nanmax(end)))[:2]
        row = stops["turbine"].map({name: i for i, name in enumerate(names)})
        width = np.maximum(end - begin, 0.0006 * (high - low))  # a short stop stays visible
        for name in _in_order(stops["category"].unique()):
            pick = ((stops["category"] == name) & row.notna()).to_numpy()
            if not pick.any():
                continue
            colour = CATEGORY_COLOURS.get(name, GREY)
            ax.barh(
                row[pick], width[pick], 0.72, begin[pick], color=colour, label=category_title(name),
                rasterized=len(stops) > 2000,
            )  # fmt: skip
        is_open = (stops["open_end"].astype(bool) & row.notna()).to_numpy()
        if is_open.any():
            ax.plot(end[is_open], row[is_open], ls="", marker=">", ms=4, color=INK, label="end not in the log")
        ax.set_xlim(low, high)
        ax.set_ylim(len(names) - 0.4, -0.6)
        label_ticks(ax, "y", range(len(names)), names)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x", color=LIGHT)
        time_axis(ax)
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.3 / (height - 0.9)), ncols=3, handlelength=1.0)
        if left_out > 0:
            title(ax, f"The {_MOST_ROWS} turbines with the longest stops; {left_out} others left out")
        return ax


def _in_order(names: Iterable[object]) -> list[str]:
    """Return categories in the standard's order, unknown ones by name behind."""
    there = {str(name) for name in names}
    known = [category.value for category in Category if category.value in there]
    return known + sorted(there - set(known))
