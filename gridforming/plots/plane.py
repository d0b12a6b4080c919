"""Modes in the s plane: those of one linear model, and their path as a parameter moves.

Modes come in conjugate pairs, so the half of positive frequencies is drawn. Lines of equal damping go through the
origin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from gridforming.errors import SmallSignalError
from turbine.plots.style import BLUE, GREY, INK, VERMILLION, canvas, style

if TYPE_CHECKING:
    from gridforming.linear import LinearModel, Mode

__all__ = ["plot_loci", "plot_modes"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

_DAMPINGS = (0.05, 0.1, 0.2, 0.4, 0.7)  # of the lines that are drawn [-]
_SHADE = "#f9ddd0"  # of what grows
_PATH = LinearSegmentedColormap.from_list("path", ["#b9d9ee", BLUE, "#08233a"])
_NEAR = 0.012  # distance of modes that share a name [diagonals of the axes]
_HALO = [patheffects.withStroke(linewidth=2.0, foreground="white")]


def plot_modes(modes: LinearModel | Iterable[Mode], ax: Axes | None = None, *, fastest: float = 500.0) -> Axes:
    """Draw modes in the s plane, each with the state that takes most part in it.

    Parameters
    ----------
    modes : LinearModel or iterable of Mode
        Of a linear model the physical modes.
    ax : Axes, optional
        To draw on.
    fastest : float
        Decay [1/s] up to which modes are shown; how many decay faster is written at the edge.

    Returns
    -------
    Axes
        Real part [1/s] and frequency [Hz]; modes that grow stand in the tinted half.
    """
    found = _listed(modes)
    shown = [m for m in found if m.s.real >= -fastest]
    with style():
        ax = canvas(ax, 3.6)
        _frame(ax, np.array([m.s for m in shown], np.complex128))
        for m in shown:
            colour = VERMILLION if m.s.real > 0.0 else BLUE
            ax.plot(m.s.real, m.frequency_hz, "x", color=colour, markersize=6, mew=1.4, zorder=4)
        _dampings(ax, np.array([m.s for m in shown], np.complex128))
        _name(ax, [(m.s.real, m.frequency_hz, _leading(m)) for m in shown])
        _count_faster(ax, len(found) - len(shown), fastest)
    return ax


def plot_loci(
    values: npt.ArrayLike,
    modes: Sequence[LinearModel | Iterable[Mode]],
    ax: Axes | None = None,
    *,
    parameter: str = "parameter",
    unit: str = "",
    fastest: float = 500.0,
) -> Axes:
    """Draw the path of modes in the s plane as a parameter moves.

    Parameters
    ----------
    values : array, shape (n,)
        Of the parameter.
    modes : sequence of LinearModel or of iterables of Mode
        At each value.
    ax : Axes, optional
        To draw on.
    parameter, unit : str
        What moves.
    fastest : float
        Decay [1/s] up to which paths are shown; how many decay faster is written at the edge.

    Returns
    -------
    Axes
        Real part [1/s] and frequency [Hz], darker with the parameter from its first value to its last, which has a
        cross. Where a path crosses into what grows, the value is written.

    Raises
    ------
    SmallSignalError
        Not one set of modes for each value.
    """
    at = np.asarray(values, np.float64).ravel()
    sets = [_listed(m) for m in modes]
    if at.size != len(sets) or at.size < 2:
        raise SmallSignalError(
            f"plot_loci: found {at.size} values and {len(sets)} sets of modes, expected as many of both, two at least"
        )
    paths, names = _paths(sets)
    inside = [k for k, path in enumerate(paths) if np.nanmax(path.real) >= -fastest]
    kept = [paths[k] for k in inside]
    with style():
        ax = canvas(ax, 3.6)
        points = np.concatenate(kept) if kept else np.zeros(0, np.complex128)
        _frame(ax, points[np.isfinite(points.real) & (points.real >= -fastest)])
        first, last = float(at[0]), float(at[-1])
        norm = Normalize(min(first, last), max(first, last))
        colours = _PATH if last > first else _PATH.reversed()
        for path in kept:
            _path(ax, at, path, colours, norm)
        _dampings(ax, points)
        figure = cast("Figure", ax.get_figure(root=True))
        bar = figure.colorbar(ScalarMappable(norm, colours), ax=ax, aspect=30, pad=0.02, fraction=0.05)
        bar.set_label(f"{parameter} [{unit}]" if unit else parameter)
        bar.outline.set_visible(False)
        if last < first:
            bar.ax.invert_yaxis()
        labels = [*_ends(ax, kept, [names[k] for k in inside]), *_crossings(at, kept, parameter, unit)]
        _name(ax, labels, np.concatenate(kept) if kept else None)
        _count_faster(ax, len(paths) - len(kept), fastest)
    return ax


def _listed(modes: LinearModel | Iterable[Mode]) -> list[Mode]:
    """Return the modes of a half plane."""
    from gridforming.linear import LinearModel

    found = modes.modes() if isinstance(modes, LinearModel) else modes
    return [m for m in found if m.s.imag >= -1e-9 and math.isfinite(m.s.real)]


def _leading(mode: Mode) -> str:
    return next(iter(mode.participation), "")


def _frame(ax: Axes, s: Complexes) -> None:
    """Set limits and labels, and tint what grows."""
    real, frequency = s.real, np.abs(s.imag) / (2.0 * math.pi)
    low, high = (float(real.min()), float(real.max())) if s.size else (-1.0, 0.0)
    width = max(high, 0.0) - min(low, 0.0) or 1.0
    ax.set_xlim(min(low, 0.0) - 0.06 * width, max(high, 0.0) + 0.1 * width)
    top = float(frequency.max()) if s.size else 1.0
    top = top if top > 1e-6 else 1.0
    ax.set_ylim(-0.12 * top, 1.12 * top)
    ax.axvspan(0.0, ax.get_xlim()[1], color=_SHADE, linewidth=0.0, zorder=0.5)
    ax.axvline(0.0, color=GREY, linewidth=0.8)
    ax.axhline(0.0, color=GREY, linewidth=0.6)
    ax.set_xlabel("real part [1/s]")
    ax.set_ylabel("frequency [Hz]")
    ax.grid(visible=False)


def _dampings(ax: Axes, others: Complexes) -> None:
    """Draw lines of equal damping ratio and write it where they leave the axes, unless paths do so there."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    seen = others[np.isfinite(others.real)]
    away = (seen.real - left) / (right - left), (np.abs(seen.imag) / (2.0 * math.pi) - low) / (high - low)
    taken: list[tuple[float, float]] = []
    for damping in _DAMPINGS:
        slope = math.sqrt(1.0 - damping**2) / damping / (2.0 * math.pi)  # of the frequency per decay
        end = min(-left, high / slope)
        ax.plot([0.0, -end], [0.0, slope * end], color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=1)
        x, y = (-end - left) / (right - left), (slope * end - low) / (high - low)
        if any(math.hypot(x - a, (y - b) * 0.6) < 0.05 for a, b in taken):
            continue
        if y < 0.999 and np.any((np.abs(away[0] - x - 0.03) < 0.05) & (np.abs(away[1] - y - 0.02) < 0.05)):
            continue
        taken.append((x, y))
        outside = y > 0.999
        ax.annotate(
            f"{100.0 * damping:g} %" + (" damping" if damping == _DAMPINGS[-1] else ""),
            (x, y),
            (0.0, 2.0) if outside else (2.0, 3.0),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center" if outside else "left",
            va="bottom",
            fontsize=6.5,
            color=GREY,
            path_effects=_HALO,
            zorder=5,
            annotation_clip=False,
        )


def _count_faster(ax: Axes, count: int, fastest: float) -> None:
    if count:
        text = f"{count} more beyond {-fastest:g} 1/s"
        ax.text(0.0, -0.13, text, transform=ax.transAxes, fontsize=6.5, color=GREY, ha="left", va="top")


def _paths(sets: Sequence[Sequence[Mode]]) -> tuple[list[Complexes], list[str]]:
    """Return the path of each mode over the sets, with NaN where it is absent, and its name at the end of its path.

    Successive sets are matched so that the sum of all distances is least.
    """
    from scipy.optimize import linear_sum_assignment

    paths = [np.full(len(sets), complex(math.nan, math.nan)) for _ in sets[0]]
    names = [_leading(m) for m in sets[0]]
    for k, m in enumerate(sets[0]):
        paths[k][0] = m.s
    current = list(range(len(sets[0])))  # paths by the modes of the set before
    for j in range(1, len(sets)):
        before, now = sets[j - 1], sets[j]
        cost = np.array([[abs(a.s - b.s) / (1.0 + abs(a.s)) for b in now] for a in before]).reshape(
            len(before), len(now)
        )
        rows, columns = linear_sum_assignment(cost)
        following = [-1] * len(now)
        for a, b in zip(rows, columns, strict=True):
            following[b] = current[a]
        for b, m in enumerate(now):
            if following[b] < 0:
                following[b] = len(paths)
                paths.append(np.full(len(sets), complex(math.nan, math.nan)))
                names.append("")
            paths[following[b]][j] = m.s
            names[following[b]] = _leading(m)
        current = following
    return paths, names


def _path(ax: Axes, at: Floats, path: Complexes, colours: LinearSegmentedColormap, norm: Normalize) -> None:
    x, y = path.real, np.abs(path.imag) / (2.0 * math.pi)
    for k in range(at.size - 1):
        if np.isfinite(x[k]) and np.isfinite(x[k + 1]):
            colour = colours(norm(0.5 * (at[k] + at[k + 1])))
            ax.plot(x[k : k + 2], y[k : k + 2], color=colour, linewidth=1.6, solid_capstyle="round", zorder=3)
    ax.scatter(x, y, c=at, cmap=colours, norm=norm, s=7, linewidths=0.0, zorder=4)
    if np.isfinite(x[-1]):
        ax.plot(x[-1], y[-1], "x", color=INK, markersize=6, mew=1.3, zorder=5)


def _ends(ax: Axes, paths: Sequence[Complexes], names: Sequence[str]) -> list[tuple[float, float, str]]:
    left, _ = ax.get_xlim()
    found = []
    for path, name in zip(paths, names, strict=True):
        end = complex(path[-1])
        if math.isfinite(end.real) and end.real >= left:
            found.append((end.real, abs(end.imag) / (2.0 * math.pi), name))
    return found


def _crossings(at: Floats, paths: Sequence[Complexes], parameter: str, unit: str) -> list[tuple[float, float, str]]:
    """Return where paths cross the imaginary axis, with the value of the parameter there."""
    found = []
    for path in paths:
        x = path.real
        for k in np.flatnonzero(x[:-1] * x[1:] < 0.0):
            share = x[k] / (x[k] - x[k + 1])
            value = at[k] + share * (at[k + 1] - at[k])
            crossing = path[k] + share * (path[k + 1] - path[k])
            text = f"{parameter} {value:.3g}" + (f" {unit}" if unit else "")
            found.append((0.0, abs(float(crossing.imag)) / (2.0 * math.pi), text))
    return found


def _name(ax: Axes, labels: Sequence[tuple[float, float, str]], others: Complexes | None = None) -> None:
    """Write names beside points where they lie neither on each other nor on points; near points share one.

    Parameters
    ----------
    labels : sequence of (float, float, str)
        Place in the unit of the axes, and name.
    others : array, optional
        Points of paths that no name should hide [1/s].
    """
    figure = cast("Figure", ax.get_figure(root=True))
    figure.draw_without_rendering()  # so that the axes stand where they will be
    renderer: Any = figure._get_renderer()  # type: ignore[attr-defined]
    box = ax.get_window_extent(renderer)
    size = math.hypot(box.width, box.height)
    places = ax.transData.transform(np.array([(x, y) for x, y, _ in labels], np.float64).reshape(-1, 2))
    groups: list[tuple[list[int], Floats]] = []
    for k, place in enumerate(places):
        for members, where in groups:
            if math.hypot(*(place - where)) < _NEAR * size:
                members.append(k)
                break
        else:
            groups.append(([k], place))
    point = figure.dpi / 72.0
    taken = [Bbox.from_extents(*(p - 4.0 * point), *(p + 4.0 * point)) for p in places]
    if others is not None:
        seen = others[np.isfinite(others.real)]
        xy = np.stack([seen.real, np.abs(seen.imag) / (2.0 * math.pi)], axis=1)
        taken += [Bbox.from_extents(*(p - 2.0 * point), *(p + 2.0 * point)) for p in ax.transData.transform(xy)]
    zero = float(ax.transData.transform((0.0, 0.0))[1])
    taken.append(Bbox.from_extents(box.x0, zero - point, box.x1, zero + point))
    for members, where in groups:
        texts = list(dict.fromkeys(labels[k][2] for k in members))
        text = ax.annotate(
            "\n".join(texts),
            labels[members[0]][:2],
            (0.0, 0.0),
            textcoords="offset points",
            fontsize=6.5,
            color=INK,
            ha="left",
            va="bottom",
            path_effects=_HALO,
            zorder=6,
        )
        extent = text.get_window_extent(renderer)
        width, height = extent.width, extent.height
        best, cost = (6.0, 4.0), math.inf
        for reach in (7.0, 14.0, 24.0, 36.0, 50.0):
            for turn in range(16):
                direction = math.pi / 8.0 * turn + math.pi / 8.0
                dx, dy = reach * point * math.cos(direction), reach * point * math.sin(direction)
                x0 = where[0] + dx - (width if dx < -1.0 else 0.0 if dx > 1.0 else 0.5 * width)
                y0 = where[1] + dy - 0.5 * height
                tried = Bbox.from_bounds(x0, y0, width, height)
                overlap = sum(_shared(tried, other) for other in taken)
                overlap += width * height - _shared(tried, box)
                worth = overlap / (width * height) + 0.004 * reach
                if worth < cost - 1e-9:
                    best, cost = ((x0 - where[0]) / point, (y0 - where[1]) / point), worth
        text.set_position(best)
        place = Bbox.from_bounds(where[0] + best[0] * point, where[1] + best[1] * point, width, height)
        taken.append(place.padded(1.0 * point))
        near = np.clip(where, [place.x0, place.y0], [place.x1, place.y1])
        if math.hypot(*(near - where)) > 11.0 * point:
            ends = ax.transData.inverted().transform(np.array([where, near]))
            ax.plot(ends[:, 0], ends[:, 1], color=GREY, linewidth=0.5, zorder=3.5)


def _shared(a: Bbox, b: Bbox) -> float:
    """Return the area that two boxes share."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0.0 and height > 0.0 else 0.0
