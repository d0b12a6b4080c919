"""Plots of the fleet's results: `plot_x(part of the results, ax=None)` returns the axes (or figure) it drew on."""

from __future__ import annotations

from fleet.plots.alarms import plot_alarms
from fleet.plots.compare import (
    known_shares,
    plot_changes,
    plot_differences,
    plot_farm_bars,
    plot_farm_curves,
    plot_ratios,
)
from fleet.plots.curves import plot_fleet_curves, plot_power_curve, plot_power_curves, plot_ranking
from fleet.plots.energy import plot_losses, plot_reconciliation
from fleet.plots.heat import plot_availability_months, plot_coverage, plot_drift_months, plot_energy_months
from fleet.plots.sensors import plot_north, plot_yaw
from fleet.plots.site import plot_accounting, plot_clock, plot_map
from fleet.plots.stops import plot_categories, plot_stops
from fleet.plots.style import to_svg
from fleet.plots.wind import plot_wind_distribution, plot_wind_rose

__all__ = [
    "known_shares",
    "plot_accounting",
    "plot_alarms",
    "plot_availability_months",
    "plot_categories",
    "plot_changes",
    "plot_clock",
    "plot_coverage",
    "plot_differences",
    "plot_drift_months",
    "plot_energy_months",
    "plot_farm_bars",
    "plot_farm_curves",
    "plot_fleet_curves",
    "plot_losses",
    "plot_map",
    "plot_north",
    "plot_power_curve",
    "plot_power_curves",
    "plot_ranking",
    "plot_ratios",
    "plot_reconciliation",
    "plot_stops",
    "plot_wind_distribution",
    "plot_wind_rose",
    "plot_yaw",
    "to_svg",
]
