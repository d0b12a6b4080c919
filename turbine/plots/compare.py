"""Plot of a comparison: steady operation of both, and where the energy differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from turbine.plots.style import BLUE, GREY, VERMILLION, new_figure, style, title_figure
from turbine.quantities import shown

if TYPE_CHECKING:
    from turbine.compare import Comparison

__all__ = ["plot_comparison", "plot_energy_difference"]

_PANELS = ("electrical_power", "thrust", "rotor_speed")
_COLOURS = (BLUE, VERMILLION)


def plot_comparison(found: Comparison) -> Figure:
    """Draw power, thrust and rotor speed of both over wind speed, and the difference of their energy by band.

    Parameters
    ----------
    found : Comparison
        From `turbine.compare.compare`.

    Returns
    -------
    Figure
        Four panels; both are named once, in their colours.
    """
    with style():
        figure = new_figure(4.9)
        axes = cast("list[Axes]", list(figure.subplots(2, 2, sharex=True).flat))
        for ax, name in zip(axes, _PANELS, strict=False):
            title, unit, factor = shown(name)
            for k, (steady, dash) in enumerate(zip(found.steady, ("solid", (0, (5, 1.5))), strict=True)):
                values, wind = np.asarray(steady[name]) * factor, np.asarray(steady.wind_speed)
                ax.plot(wind, values, color=_COLOURS[k], linewidth=1.4, linestyle=dash, label=found.names[k])
            ax.set_ylabel(f"{title} [{unit}]")
            ax.margins(x=0.02, y=0.08)
        _draw_difference(axes[3], found)
        for ax in axes[2:]:
            ax.set_xlabel("wind speed [m/s]")
        figure.align_ylabels(axes)
        axes[0].legend(loc="lower right", labelcolor="linecolor", handlelength=2.6)
        title_figure(figure, f"{found.names[0]} and {found.names[1]}: steady operation and energy of a year")
    return figure


def plot_energy_difference(found: Comparison, ax: Axes | None = None) -> Axes:
    """Draw what the second yields more than the first in a year, by band of wind speed, without losses.

    Parameters
    ----------
    found : Comparison
        From `turbine.compare.compare`.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        Bars in the colour of whoever yields more.
    """
    with style():
        ax = ax if ax is not None else new_figure(2.6).add_subplot()
        _draw_difference(ax, found)
        ax.set_xlabel("wind speed [m/s]")
    return ax


def _draw_difference(ax: Axes, found: Comparison) -> None:
    edges = np.asarray(found.curves.edges)
    gwh = np.asarray(found.curves.band_difference_mwh) / 1e3
    ends = edges[-1] + 1.0 if not np.isfinite(edges[-1]) else edges[-1]
    widths = np.diff(np.append(edges[:-1], ends))
    colours = [_COLOURS[int(value > 0.0)] for value in gwh]
    ax.bar(edges[:-1], gwh, widths, align="edge", color=colours, edgecolor="white", linewidth=0.5)
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    first, second = found.names
    ax.set_ylabel("energy difference [GWh/a]")
    total = found.curves.other_mwh - found.curves.base_mwh
    ax.set_title(
        f"{second} less {first}: {total / 1e3:+,.2f} GWh/a", parse_math=False, fontweight="normal", fontsize=7.5
    )
    ax.margins(y=0.1)
