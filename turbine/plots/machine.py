"""Plots of a machine: its steady operation over wind speed, and its power coefficient with the path it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from turbine import design
from turbine.machine import Machine
from turbine.plots.style import BLUE, GREY, INK, VERMILLION, canvas, new_figure, style, title_figure
from turbine.quantities import shown
from turbine.surface import Optimum

if TYPE_CHECKING:
    from turbine.steady import SteadyTable

__all__ = ["plot_cp_surface", "plot_steady", "plot_steady_channel"]

Floats = npt.NDArray[np.float64]

_PANELS = ("electrical_power", "rotor_speed", "pitch_angle", "thrust")
_TINTS = LinearSegmentedColormap.from_list("tints", ["#f7fbfd", "#cfe5f3", "#8fc1e0"])
_STEP = 0.05  # between two lines of the power coefficient [-]


def plot_steady_channel(steady: SteadyTable, name: str, ax: Axes | None = None) -> Axes:
    """Draw one column of a steady table over wind speed.

    Parameters
    ----------
    steady : SteadyTable
        From `turbine.steady.steady_table`.
    name : str
        Of its columns.
    ax : Axes, optional
        To draw on.

    Returns
    -------
    Axes
        Labelled with name and unit.
    """
    with style():
        ax = canvas(ax, 2.4)
        title, unit, factor = shown(name)
        wind = np.asarray(steady.columns["wind_speed"])
        ax.plot(wind, np.asarray(steady.columns[name]) * factor, color=BLUE, marker=".", markersize=3.5)
        ax.set_xlabel("wind speed [m/s]")
        ax.set_ylabel(f"{title} [{unit}]" if unit else title)
        ax.margins(x=0.02, y=0.08)
    return ax


def plot_steady(steady: SteadyTable, title: str = "") -> Figure:
    """Draw power, rotor speed, pitch and thrust over wind speed.

    Parameters
    ----------
    steady : SteadyTable
        From `turbine.steady.steady_table`.
    title : str
        Of the figure.

    Returns
    -------
    Figure
        Four panels over common wind speeds.
    """
    with style():
        figure = new_figure(4.4)
        axes = cast("list[Axes]", list(figure.subplots(2, 2, sharex=True).flat))
        for ax, name in zip(axes, _PANELS, strict=True):
            plot_steady_channel(steady, name, ax)
            if name == "thrust":
                _name_peak(ax, steady)
        for ax in axes[:2]:
            ax.set_xlabel("")
        figure.align_ylabels(axes)
        if title:
            title_figure(figure, title)
    return figure


def plot_cp_surface(
    machine: Machine, ax: Axes | None = None, *, path: Mapping[str, npt.ArrayLike] | None = None
) -> Axes:
    """Draw lines of equal power coefficient over tip-speed ratio and pitch, and the path that the machine takes on it.

    Parameters
    ----------
    machine : Machine
        With a rotor surface.
    ax : Axes, optional
        To draw on.
    path : mapping of str to array, shape (n,), optional
        "wind_speed" [m/s], "pitch_angle" [rad] and "tip_speed_ratio" [-], such as a steady table's columns; the ideal
        operation from cut-in to cut-out unless given.

    Returns
    -------
    Axes
        Where the coefficient is negative, the rotor drives the air: that part is left grey.
    """
    surface = machine.require_surface()
    wind, pitch, tsr = _path(machine, path)
    low = max(float(np.degrees(surface.pitch[0])), min(-5.0, float(pitch.min())))
    high = min(float(np.degrees(surface.pitch[-1])), max(20.0, float(pitch.max()) + 4.0))
    far = min(float(surface.tip_speed_ratio[-1]), max(14.0, float(tsr.max()) + 2.0))
    near = min(float(surface.tip_speed_ratio[0]), float(tsr.min()))
    x, y = np.linspace(near, far, 161), np.linspace(low, high, 121)
    cp = surface.cp(np.radians(y)[:, None], x[None, :])
    best = surface.optimum()
    levels = np.arange(0.0, best.cp + 1e-9, _STEP)
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white")]
    with style():
        ax = canvas(ax, 4.4)
        ax.grid(visible=False)
        ax.set_facecolor("#dddddd")
        ax.set_xlim(near, far)
        ax.set_ylim(low, high)
        ax.contourf(x, y, cp, levels=[*levels, best.cp + 0.1], cmap=_TINTS)
        widths = [1.0 if k == 0 else 0.7 if k % 2 == 0 else 0.35 for k in range(levels.size)]
        lines = ax.contour(x, y, cp, levels=levels, colors=GREY, linewidths=widths)
        _name_levels(ax, lines, levels[2::2], (tsr, pitch))
        ax.plot(tsr, pitch, color=VERMILLION, linewidth=1.6, path_effects=halo, zorder=4)
        taken = _name_winds(ax, wind, pitch, tsr, best, halo)
        _name_negative(ax, x, y, cp)
        ax.plot(best.tip_speed_ratio, np.degrees(best.pitch), marker="+", markersize=8, color=INK, zorder=7)
        _name_best(ax, best, np.array([*zip(tsr, pitch, strict=True), *taken]), halo)
        ax.set_xlabel("tip-speed ratio")
        ax.set_ylabel("pitch angle [deg]")
        ax.set_title(f"{machine.title or machine.name}: power coefficient and steady operation", parse_math=False)
    return ax


def _path(machine: Machine, path: Mapping[str, npt.ArrayLike] | None) -> tuple[Floats, Floats, Floats]:
    """Return wind speed [m/s], pitch [deg] and tip-speed ratio of the machine's path."""
    if path is not None:
        names = ("wind_speed", "pitch_angle", "tip_speed_ratio")
        wind, pitch, tsr = (np.asarray(path[name], np.float64) for name in names)
        there = np.isfinite(pitch) & np.isfinite(tsr)
        return wind[there], np.degrees(pitch[there]), tsr[there]
    first = machine.usual("operation.cut_in_wind_speed")
    at = design.ideal_operation(machine, np.linspace(first, machine.usual("operation.cut_out_wind_speed"), 89))
    return at.wind_speed, np.degrees(at.pitch), at.rotor_speed * machine.require("rotor.radius") / at.wind_speed


def _points(ax: Axes) -> Floats:
    """Return how many points one unit of each axis takes, near enough to place a text."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return np.array([450.0, 270.0]) / [right - left, high - low]


def _name_winds(
    ax: Axes, wind: Floats, pitch: Floats, tsr: Floats, best: Optimum, halo: list[Any]
) -> list[tuple[float, float]]:
    """Mark round wind speeds on the path and name those that lie apart; return where the names stand.

    Speeds that share a point are named together. A name that would hide the best point goes below the path.
    """
    speeds = np.arange(np.ceil(wind[0]), np.floor(wind[-1]) + 0.5)
    x, y = np.interp(speeds, wind, tsr), np.interp(speeds, wind, pitch)
    span, unit = float(np.ptp(pitch)) or 1.0, _points(ax)
    last, stand = -1, []
    for k, speed in enumerate(speeds):
        apart = np.hypot((x - x[k]) / 1.2, (y - y[k]) / (0.1 * span))
        if (last >= 0 and apart[last] < 1.0) or not ax.get_xlim()[0] <= x[k] <= ax.get_xlim()[1]:
            continue
        together = speeds[apart < 0.1]
        name = f"{speed:.0f}" if together.size < 2 else f"{together[0]:.0f} to {together[-1]:.0f}"
        last, here = k, (float(x[k]), float(y[k]))
        to_best = (np.array([best.tip_speed_ratio, np.degrees(best.pitch)]) - here) * unit
        offset = (4.0, -11.0) if -6.0 < to_best[0] < 60.0 and -4.0 < to_best[1] < 18.0 else (4.0, 5.5)
        ax.plot(*here, marker="o", markersize=3.5, color=VERMILLION, mec="white", mew=0.6, zorder=5)
        ax.annotate(
            f"{name} m/s",
            here,
            offset,
            textcoords="offset points",
            color=VERMILLION,
            fontsize=7.5,
            path_effects=halo,
            zorder=6,
        )
        for shift in (0.0, 20.0, 40.0):
            stand.append((here[0] + (offset[0] + shift) / unit[0], here[1] + (offset[1] + 3.0) / unit[1]))
    return stand


def _name_levels(ax: Axes, lines: QuadContourSet, levels: Floats, path: tuple[Floats, Floats]) -> None:
    """Write the power coefficient on lines, where they are farthest from the path and from the frame."""
    x, y = path
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    taken = [np.column_stack([(x - left) / (right - left), (y - low) / (high - low)])]
    for level in levels:
        k = int(np.abs(np.asarray(lines.levels, np.float64) - level).argmin())
        vertices = np.asarray(lines.get_paths()[k].vertices, np.float64)
        points = (vertices - [left, low]) / [right - left, high - low]
        points = points[((points > 0.05) & (points < 0.95)).all(axis=1)]
        if not points.size:
            continue
        others = np.concatenate(taken)
        far = np.min(np.hypot(*(points[:, None] - others[None]).transpose(2, 0, 1)), axis=1)
        best = points[int(np.argmax(np.minimum(far, 0.25) - 0.3 * np.abs(points[:, 0] - 0.45)))]
        at = best * [right - left, high - low] + [left, low]
        ax.clabel(lines, [level], manual=[tuple(at)], fmt="%.1f", fontsize=7, colors=INK)
        taken.append(best[None])


def _name_negative(ax: Axes, x: Floats, y: Floats, cp: Floats) -> None:
    """Name the part where the coefficient is negative, in its middle."""
    if np.count_nonzero(cp < 0.0) < 0.04 * cp.size:
        return
    # The point of that part that lies farthest from its border.
    from scipy.ndimage import distance_transform_edt

    inside = np.pad(cp < 0.0, 1)
    depth = distance_transform_edt(inside)[1:-1, 1:-1]
    i, j = np.unravel_index(int(depth.argmax()), depth.shape)
    ax.text(x[j], y[i], "below zero:\nthe rotor drives the air", ha="center", va="center", color=INK, fontsize=7.5)


def _name_best(ax: Axes, best: Optimum, taken: Floats, halo: list[Any]) -> None:
    """Name the highest coefficient where its text lies neither on the path nor on other names."""
    size = np.array([58.0, 10.0])  # of half the text, and some air [points]
    away = (taken - [best.tip_speed_ratio, np.degrees(best.pitch)]) * _points(ax)
    places = np.array(
        [(0.0, -14.0), (0.0, 13.0), (-66.0, 0.0), (66.0, 0.0), (0.0, -30.0), (-66.0, -18.0), (66.0, 18.0)]
    )
    room = [float(np.abs((away - place) / size).max(axis=1).min()) for place in places]
    k = next((k for k, free in enumerate(room) if free > 1.0), int(np.argmax(room)))
    ax.annotate(
        f"best: {best.cp:.3f} at {best.tip_speed_ratio:.1f}, {np.degrees(best.pitch):.1f} deg",
        (best.tip_speed_ratio, float(np.degrees(best.pitch))),
        tuple(places[k]),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7.5,
        path_effects=halo,
        zorder=6,
    )


def _name_peak(ax: Axes, steady: SteadyTable) -> None:
    _, unit, factor = shown("thrust")
    thrust = np.asarray(steady.columns["thrust"]) * factor
    if not np.isfinite(thrust).any():
        return
    k = int(np.nanargmax(thrust))
    ax.annotate(
        f"{thrust[k]:,.0f} {unit} at {steady.columns['wind_speed'][k]:g} m/s",
        (float(steady.columns["wind_speed"][k]), float(thrust[k])),
        (6.0, 0.0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
    )
