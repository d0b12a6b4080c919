"""Plots of converters and networks: `plot_x(what, ax=None)` returns the axes, or the figure, that it drew on."""

from __future__ import annotations

from gridforming.plots.compare import check_figure_path, plot_comparison, write_figure
from gridforming.plots.plane import plot_loci, plot_modes
from gridforming.plots.response import plot_response
from gridforming.plots.run import plot_column, plot_run, plot_voltages, plot_waveforms
from gridforming.plots.sweep import plot_map
from turbine.plots.style import to_png, to_svg

__all__ = [
    "check_figure_path",
    "plot_column",
    "plot_comparison",
    "plot_loci",
    "plot_map",
    "plot_modes",
    "plot_response",
    "plot_run",
    "plot_voltages",
    "plot_waveforms",
    "to_png",
    "to_svg",
    "write_figure",
]
