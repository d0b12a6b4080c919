"""Pareto plot of the events of status and alarm logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fleet.plots.style import BLUE, GREY, INK, LIGHT, ORANGE, VERMILLION, empty, label, new_figure, style, title

__all__ = ["plot_alarms"]

_MOST_ROWS = 12  # of one status
_COLOURS = {"stop": VERMILLION, "warning": ORANGE, "communication": GREY}
_ROW, _BESIDE = 0.21, 0.62  # height of a row and of what stands above and below a panel [inch]


def plot_alarms(fleet: pd.DataFrame) -> Figure:
    """Draw the codes of each status as bars, the largest first, with the line of their cumulative share.

    Parameters
    ----------
    fleet : DataFrame
        `Alarms.fleet`: status, code, message, events [1], hours [h], turbines [1], ranked_by, cumulative [1]. Rows
        without a rank are left out, and those of a status beyond the twelfth.
    """
    with style():
        ranked = fleet[(fleet["ranked_by"] != "") & fleet["cumulative"].notna()]
        parts = [(str(status), own) for status, own in ranked.groupby("status", sort=False)]
        if not parts:
            figure = new_figure(1.4)
            empty(figure.add_subplot(), "no alarms")
            return figure
        heights = [_BESIDE + _ROW * min(len(own), _MOST_ROWS) for _, own in parts]
        figure = new_figure(float(sum(heights)))
        panels = figure.subplots(len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
        for ax, (status, own) in zip(panels, parts, strict=True):
            _panel(ax, status, own)
        return figure


def _panel(ax: Axes, status: str, own: pd.DataFrame) -> None:
    by = str(own["ranked_by"].iloc[0])
    shown, left_out = own.head(_MOST_ROWS), len(own) - _MOST_ROWS
    amount = shown[by].fillna(0.0).to_numpy(float)
    share = shown["cumulative"].to_numpy(float)
    total = amount[0] / share[0] if share[0] > 0 else 1.0
    at = np.arange(len(shown))
    ax.barh(at, 100.0 * amount / total, 0.68, color=_COLOURS.get(status, BLUE))
    ax.plot(100.0 * share, at, "o-", ms=2.5, lw=0.9, color=INK, clip_on=False)
    ax.set_yticks(at, labels=[_named(row) for row in shown.to_dict("records")], parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=6.8)
    ax.set_ylim(max(len(shown), 2) - 0.5, -0.6)
    # The figures stand on the right, where neither bars nor line run.
    beside = ax.secondary_yaxis("right")
    beside.set_yticks(at, labels=[_figures(row) for row in shown.to_dict("records")])
    beside.tick_params(axis="y", length=0, labelsize=6.8)
    beside.spines[:].set_visible(False)
    ax.set_xlim(0.0, 100.0)
    ax.grid(axis="x", color=LIGHT)
    whole = f"{total:,.1f} h" if by == "hours" else f"{total:,.0f} events"
    ax.set_xlabel(f"share of the {whole} of this status [%]")
    more = f"; {left_out} further codes left out" if left_out > 0 else ""
    title(ax, f"Status {status}, by {by}; line: cumulative{more}")


def _figures(row: Mapping[Any, Any]) -> str:
    hours = f"{row['hours']:,.2f} h" if np.isfinite(row["hours"]) else "no end logged"
    parts = [hours, *(f"{row[key]:,} {key if row[key] != 1 else key[:-1]}" for key in ("events", "turbines"))]
    return ", ".join(parts)


def _named(row: Mapping[Any, Any]) -> str:
    return label(f"{row['code']}  {row['message']}".strip(), 38)
