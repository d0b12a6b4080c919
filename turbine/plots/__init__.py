"""Plots of one turbine: `plot_x(what, ax=None)` returns the axes, or the figure, that it drew on."""

from __future__ import annotations

from turbine.plots.compare import plot_comparison, plot_energy_difference
from turbine.plots.machine import plot_cp_surface, plot_steady, plot_steady_channel
from turbine.plots.run import plot_channel, plot_energy, plot_overview
from turbine.plots.style import to_png, to_svg

__all__ = [
    "plot_channel",
    "plot_comparison",
    "plot_cp_surface",
    "plot_energy",
    "plot_energy_difference",
    "plot_overview",
    "plot_steady",
    "plot_steady_channel",
    "to_png",
    "to_svg",
]
