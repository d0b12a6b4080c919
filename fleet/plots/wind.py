"""Plots of the wind: rose and distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fleet.plots.style import INK, LIGHT, SKY, VERMILLION, canvas, empty, style
from fleet.schema import FLEET

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.projections.polar import PolarAxes
    from matplotlib.ticker import Locator

__all__ = ["plot_wind_distribution", "plot_wind_rose"]

_CLASSES = (0.0, 4.0, 8.0, 12.0, 16.0, np.inf)  # m/s
_CLASS_COLOURS = ("#d6e6f4", "#8cc0de", "#3d8dc4", "#0b559f", "#08264d")


def plot_wind_rose(
    rose: pd.DataFrame, ax: Axes | None = None, turbine: str = FLEET, sector_width_deg: float = 30.0
) -> Axes:
    """Draw how often the wind comes from each sector, by wind speed class.

    Parameters
    ----------
    rose : DataFrame
        `Wind.rose`: turbine, sector_deg (centre), bin_low [m/s], n [records].
    ax : PolarAxes, optional
        Where to draw; a new figure without it.
    turbine : str
        Whose rose; "fleet" sums the turbines where the table has no such rows.
    sector_width_deg : float
        Width of a sector [deg].
    """
    with style():
        ax = canvas(ax, 3.4, 4.6, projection="polar")
        rows = _rows_of(rose, turbine)
        rows = rows[rows["sector_deg"].notna()]
        total = float(rows["n"].sum())
        if not total:
            return empty(ax, "no wind directions")
        classes = np.digitize(rows["bin_low"].to_numpy(float), _CLASSES) - 1
        share = rows.assign(speed=classes).pivot_table(
            index="sector_deg", columns="speed", values="n", aggfunc="sum", fill_value=0
        )
        share = 100.0 * share / total
        angle = np.radians(share.index.to_numpy(float))
        base = np.zeros(len(share))
        for number, colour in enumerate(_CLASS_COLOURS):
            height = share[number].to_numpy(float) if number in share else np.zeros(len(share))
            ax.bar(
                angle, height, np.radians(0.9 * sector_width_deg), base, color=colour, ec="white", lw=0.3,
                label=_class_title(number),
            )  # fmt: skip
            base = base + height
        polar = cast("PolarAxes", ax)
        polar.set_theta_zero_location("N")
        polar.set_theta_direction(-1)
        polar.set_thetagrids(np.arange(0.0, 360.0, 45.0), ["N", "NE", "E", "SE", "S", "SW", "W", "NW"])
        polar.yaxis.set_major_locator(_few_ticks())
        polar.yaxis.set_major_formatter("")
        ax.grid(color=LIGHT)
        _write_scale(polar, share.index.to_numpy(float), base)
        ax.spines["polar"].set_color(LIGHT)
        ax.legend(loc="center left", bbox_to_anchor=(1.1, 0.5), title="wind speed [m/s]", handlelength=1.0)
        return ax


def plot_wind_distribution(
    rose: pd.DataFrame, stats: pd.DataFrame, ax: Axes | None = None, turbine: str = FLEET
) -> Axes:
    """Draw the distribution of the wind speed with the fitted Weibull distribution.

    Parameters
    ----------
    rose : DataFrame
        `Wind.rose`: turbine, sector_deg, bin_low [m/s], n [records].
    stats : DataFrame
        `Wind.stats`: turbine, weibull_k [1], weibull_a [m/s].
    ax : Axes, optional
        Where to draw; a new figure without it.
    turbine : str
        Whose wind; "fleet" sums the turbines where the table has no such rows.
    """
    with style():
        ax = canvas(ax, 2.8, 5.4)
        counts = _rows_of(rose, turbine).groupby("bin_low")["n"].sum().sort_index()
        if not counts.sum():
            return empty(ax, "no wind speeds")
        low = counts.index.to_numpy(float)
        width = float(np.diff(low).min()) if len(low) > 1 else 1.0
        ax.bar(low + width / 2, 100.0 * counts / counts.sum() / width, 0.92 * width, color=SKY)
        top = float(low.max() + width)
        fitted = stats[stats["weibull_k"].notna() & stats["weibull_a"].notna()]
        own = fitted[fitted["turbine"] == turbine]
        single = len(own) > 0 or turbine != FLEET
        speed = np.linspace(0.05, top, 200)
        right = (0.0, 0.0)
        for k, a in zip(*(own if single else fitted)[["weibull_k", "weibull_a"]].to_numpy(float).T, strict=True):
            density = 100.0 * (k / a) * (speed / a) ** (k - 1.0) * np.exp(-((speed / a) ** k))
            ax.plot(speed, density, color=VERMILLION, lw=1.3 if single else 0.7)
            words = f"Weibull k {k:.2f}, A {a:.2f} m/s" if single else "Weibull fits, one per turbine"
            beyond = int(np.argmax((density < 0.6 * density.max()) & (speed > speed[np.argmax(density)])))
            right = max(right, (float(speed[beyond]), float(density[beyond])))
        if right > (0.0, 0.0):
            ax.annotate(words, right, xytext=(10, 10), textcoords="offset points", color=VERMILLION)
        ax.set_xlim(0.0, top)
        ax.set_xlabel("nacelle wind speed [m/s]")
        ax.set_ylabel("frequency density [% per m/s]")
        ax.grid(axis="y")
        return ax


def _write_scale(polar: PolarAxes, sectors: npt.NDArray[np.float64], share: npt.NDArray[np.float64]) -> None:
    """Write the scale above the sectors, between the two neighbours where the wind comes from least."""
    from matplotlib.patheffects import withStroke

    both = share + np.roll(share, -1)
    first = int(np.argmin(both))
    step = (np.roll(sectors, -1)[first] - sectors[first]) % 360.0 or 360.0
    top = polar.get_rmax()
    for tick in polar.get_yticks():
        if 0.0 < tick <= top:
            polar.text(
                np.radians(sectors[first] + step / 2), tick, f"{tick:g} %", fontsize=6.5, color=INK, ha="center",
                va="center", zorder=5, path_effects=[withStroke(linewidth=2.0, foreground="white")],
            )  # fmt: skip


def _rows_of(rose: pd.DataFrame, turbine: str) -> pd.DataFrame:
    own = rose[rose["turbine"] == turbine]
    return own if len(own) or turbine != FLEET else rose


def _class_title(number: int) -> str:
    low, high = _CLASSES[number], _CLASSES[number + 1]
    return f"{low:g} to {high:g}" if np.isfinite(high) else f"from {low:g}"


def _few_ticks() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, prune="lower", steps=[1, 2, 5, 10])
