"""Plots of energy: the waterfall of losses and the comparison with the meter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fleet.plots.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILLION,
    canvas,
    empty,
    label,
    label_ticks,
    new_figure,
    style,
)
from fleet.schema import FLEET

__all__ = ["plot_losses", "plot_reconciliation", "waterfall"]


def waterfall(losses: pd.DataFrame, turbine: str = FLEET) -> pd.DataFrame:
    """Return the steps of one turbine with their begin and end on the energy axis.

    Parameters
    ----------
    losses : DataFrame
        `Energy.losses`: turbine, step, energy_mwh; the first step is a level, the last one its result, those between
        are signed changes [MWh].
    turbine : str
        Whose losses; "fleet" sums the turbines where the table has no such rows.

    Returns
    -------
    DataFrame
        step, energy_mwh, low, high [MWh].
    """
    own = losses[losses["turbine"] == turbine]
    if own.empty and turbine == FLEET and len(losses):
        own = losses.groupby("step", sort=False)[["energy_mwh"]].sum().reset_index()
    own = own[["step", "energy_mwh"]].reset_index(drop=True)
    if own.empty:
        return own.assign(low=pd.Series(dtype=float), high=pd.Series(dtype=float))
    value = own["energy_mwh"].fillna(0.0).to_numpy(float)
    level = np.cumsum(value)
    begin = np.r_[0.0, level[:-1]]
    end = level.copy()
    if len(own) > 1:
        begin[-1], end[-1] = 0.0, value[-1]
    return own.assign(low=np.minimum(begin, end), high=np.maximum(begin, end))


def plot_losses(losses: pd.DataFrame, ax: Axes | None = None, turbine: str = FLEET) -> Axes:
    """Draw the way from potential to measured energy, loss by loss, with the residual.

    Parameters
    ----------
    losses : DataFrame
        `Energy.losses`: turbine, step, energy_mwh [MWh].
    ax : Axes, optional
        Where to draw; a new figure without it.
    turbine : str
        Whose losses; "fleet" for all.
    """
    with style():
        steps = waterfall(losses, turbine)
        ax = canvas(ax, float(np.clip(0.9 + 0.32 * len(steps), 1.8, 5.0)), 5.4)
        if steps.empty or not steps["energy_mwh"].notna().any():
            return empty(ax, "no losses determined")
        at = np.arange(len(steps))
        levels = {0, len(steps) - 1}
        for i, row in steps.iterrows():
            place = int(str(i))
            residual = "residual" in str(row["step"]).lower()
            gain = row["energy_mwh"] > 0
            colour = BLUE if place in levels else GREY if residual else SKY if gain else VERMILLION
            ax.barh(place, row["high"] - row["low"], 0.66, row["low"], color=colour)
        for place in at[:-1]:
            edge = float(np.cumsum(steps["energy_mwh"].fillna(0.0))[place])
            ax.plot([edge, edge], [place - 0.33, place + 1.33], color=GREY, lw=0.5)
        top = float(steps["high"].max())
        # The losses are small beside the whole: the axis begins where they can be seen.
        changed = steps.iloc[1:-1]
        least = float(changed["low"].min()) if len(changed) else 0.0
        low = max(0.0, least - 0.6 * (top - least)) if least > 0.5 * top else min(0.0, least)
        room = 0.24 * (top - low)
        ax.set_xlim(low, top + room)
        for i, row in steps.iterrows():
            place = int(str(i))
            value = row["energy_mwh"]
            signed = f"{value:,.1f}" if place in levels or abs(value) < 0.05 else f"{value:+,.1f}"
            shown = f"{signed} MWh".replace("-", "\u2212") if np.isfinite(value) else "n/d"
            ax.text(row["high"] + 0.03 * room, place, f" {shown}", va="center", fontsize=7.5, color=INK)
        ax.set_ylim(len(steps) - 0.5, -0.5)
        label_ticks(ax, "y", at, [label(step, 40) for step in steps["step"]])
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("energy [MWh]" + (f"; the axis begins at {low:,.0f} MWh" if low > 0 else ""))
        return ax


def plot_reconciliation(reconciliation: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the energy of the turbines and of the plant meter by month and, in a new figure, their ratio below.

    Parameters
    ----------
    reconciliation : DataFrame
        `Energy.reconciliation`: month, turbines_mwh, meter_mwh [MWh], ratio [1]; a row "all" is left out.
    ax : Axes, optional
        Where to draw the energies; without it a new figure with a second panel for the ratio.
    """
    with style():
        table = reconciliation[reconciliation["month"] != "all"].reset_index(drop=True)
        below: Axes | None = None
        if ax is None:
            ax, below = new_figure(3.6).subplots(2, 1, sharex=True, height_ratios=(1.6, 1.0))
        if table.empty:
            if below is not None:
                below.set_visible(False)
            return empty(ax, "no meter")
        at = np.arange(len(table))
        ax.bar(at - 0.2, table["turbines_mwh"], 0.38, color=SKY, label="turbines, sum")
        ax.bar(at + 0.2, table["meter_mwh"], 0.38, color=BLUE, label="plant meter")
        ax.set_ylabel("energy [MWh]")
        ax.grid(axis="y")
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.1)
        last = ax if below is None else below
        if below is not None:
            below.plot(at, 100.0 * table["ratio"], "o-", ms=3, color=ORANGE)
            below.set_ylabel("meter / turbines [%]")
            below.grid(axis="y")
        every = max(1, -(-len(table) // 24))
        label_ticks(last, "x", at[::every], table["month"].tolist()[::every])
        last.tick_params(axis="x", rotation=90 if len(table) > 8 else 0)
        return ax
