"""Map of a sweep over two of its keys: what was measured, where stability ends, and lines to compare it with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from turbine.errors import SimulationError, nearest
from turbine.plots.style import BLUE, GREY, INK, canvas, style

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plot_map"]

Floats = npt.NDArray[np.float64]

_COLOURS = LinearSegmentedColormap.from_list("map", ["#08233a", BLUE, "#b9d9ee", "#f7fbfe"])
_SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#08233a", BLUE, "#c9e0f0", "#ffffff", "#fce3d3", "#f4b58d", "#e58a4e"]
)
_STATES = ("#d9eaf6", "#f6c9b0")  # stable, unstable
_HALO = [patheffects.withStroke(linewidth=2.0, foreground="white")]
_LEAST = 0.03  # share of the map of a region that is named
#: Of columns that every sweep of modes has.
_TITLES = {
    "largest_real_part": ("largest real part", "1/s"),
    "damping": ("least damping ratio", "-"),
    "frequency_hz": ("frequency of the least damped mode", "Hz"),
    "stable": ("stable", ""),
}


def plot_map(
    frame: pd.DataFrame,
    x: str,
    y: str,
    column: str = "largest_real_part",
    ax: Axes | None = None,
    *,
    lines: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw a column of a sweep over two keys, and the border of stability.

    Parameters
    ----------
    frame : DataFrame
        Of `gridforming.sweep.sweep`, with one row for each pair of values: select others' values before.
    x, y : str
        Keys of the sweep, with numbers.
    column : str
        Numbers or truth values.
    ax : Axes, optional
        To draw on.
    lines : mapping of str to (array, array), optional
        Lines to compare with, by the name that stands at them, in the units of the axes. The static limit
        P X <= 1/2 at unity power factor over short-circuit ratio and power: `{"P X = 1/2": ([0, 6], [0, 3])}`.
    labels : mapping of str to str, optional
        What stands at the axes and the colour bar, by key or column; without, their names.

    Returns
    -------
    Axes
        A cell for each point; hatched without an operating point, crossed where a point failed. The border lies where
        the largest real part vanishes between two points.

    Raises
    ------
    SimulationError
        No such column, values that are no numbers, or several rows for a pair of values.
    """
    for name in (x, y, column):
        if name not in frame:
            known = [str(one) for one in frame.columns]
            raise SimulationError(f'plot_map: no column "{name}"{nearest(name, known)}; known: {", ".join(known)}')
    xs, ys = _axis(frame, x), _axis(frame, y)
    if frame.duplicated([x, y]).any():
        raise SimulationError(
            f"plot_map: found several rows for {x} and {y} of one value, expected one: select the other keys' values"
        )

    def field(name: str) -> Floats:
        table = frame.assign(**{name: frame[name].astype("float64")}).pivot(index=y, columns=x, values=name)
        return table.reindex(index=ys, columns=xs).to_numpy(np.float64, na_value=np.nan)

    names = labels or {}
    with style():
        ax = canvas(ax, 3.9)
        ax.grid(visible=False)
        edges = _edges(xs), _edges(ys)
        for axis, at, (low, high) in (("x", xs, edges[0][[0, -1]]), ("y", ys, edges[1][[0, -1]])):
            if _geometric(at):
                getattr(ax, f"set_{axis}scale")("log")
                _plain_ticks(getattr(ax, f"{axis}axis"))
            getattr(ax, f"set_{axis}lim")(low, high)
        _cells(ax, edges, field(column), column, names)
        if "failed" in frame:
            _crosses(ax, xs, ys, field("failed"))
        regions = _regions(frame, field)
        if "no operating point" in regions:
            _hatch(ax, edges, regions["no operating point"])
        if "stable" in frame:
            _border(ax, xs, ys, regions, field("largest_real_part") if "largest_real_part" in frame else None)
        for name, cells in regions.items():
            _name(ax, xs, ys, cells, name)
        for name, ends in (lines or {}).items():
            _line(ax, name, *(np.asarray(end, np.float64) for end in ends))
        ax.set_xlabel(names.get(x, x))
        ax.set_ylabel(names.get(y, y))
    return ax


def _axis(frame: pd.DataFrame, key: str) -> Floats:
    try:
        found: Floats = np.unique(frame[key].to_numpy(np.float64))
    except (TypeError, ValueError):
        raise SimulationError(f"plot_map: {key}: found {frame[key].iloc[0]!r}, expected numbers") from None
    if found.size < 2:
        raise SimulationError(f"plot_map: {key}: found {found.size} value, expected two at least")
    return found


def _geometric(at: Floats) -> bool:
    """Return whether values stand closer on a logarithmic axis than on a linear one."""
    if at[0] <= 0.0 or at.size < 3 or at[-1] / at[0] < 5.0:
        return False
    steps, ratios = np.diff(at), np.diff(np.log(at))
    return bool(np.ptp(ratios) / ratios.mean() < 0.5 * np.ptp(steps) / steps.mean())


def _edges(at: Floats) -> Floats:
    """Return the edges of cells around values."""
    scaled = np.log(at) if _geometric(at) else at
    middle = 0.5 * (scaled[1:] + scaled[:-1])
    found = np.concatenate([[1.5 * scaled[0] - 0.5 * scaled[1]], middle, [1.5 * scaled[-1] - 0.5 * scaled[-2]]])
    return np.asarray(np.exp(found) if _geometric(at) else found)


def _plain_ticks(axis: Any) -> None:
    """Write 5, 10, 20, 50 at a logarithmic axis instead of powers of ten."""
    from matplotlib.ticker import LogLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _cells(ax: Axes, edges: tuple[Floats, Floats], values: Floats, column: str, labels: Mapping[str, str]) -> None:
    finite = values[np.isfinite(values)]
    title, unit = _TITLES.get(column, (column, ""))
    if set(np.unique(finite)) <= {0.0, 1.0}:
        shades = ListedColormap(list(reversed(_STATES)))
        ax.pcolormesh(*edges, values, cmap=shades, norm=BoundaryNorm([-0.5, 0.5, 1.5], 2), rasterized=True)
        return
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    colours, extend = _COLOURS, "neither"
    if low < 0.0 < high:
        # As far to the bad side as to the good one: what lies beyond is bad in any case.
        up = column == "damping"  # damping ratios grow to the good side
        most = high if up else -low
        colours = _SIGNED.reversed() if up else _SIGNED
        extend = ("min" if low < -most else "neither") if up else ("max" if high > most else "neither")
        low, high = -most, most
    norm = Normalize(low, high)
    mesh = ax.pcolormesh(*edges, values, cmap=colours, norm=norm, rasterized=True)
    figure = cast("Figure", ax.get_figure(root=True))
    bar = figure.colorbar(mesh, ax=ax, aspect=30, pad=0.02, fraction=0.05, extend=extend)
    bar.set_label(labels.get(column, f"{title} [{unit}]" if unit else title))
    cast("Any", bar.outline).set_visible(False)


def _regions(frame: pd.DataFrame, field: Any) -> dict[str, npt.NDArray[np.bool_]]:
    """Return where points are stable, unstable, or have no operating point."""
    found: dict[str, npt.NDArray[np.bool_]] = {}
    none = field("exists") == 0.0 if "exists" in frame else None
    if none is not None and none.any():
        found["no operating point"] = none
    if "stable" in frame:
        stable = field("stable")
        found["stable"] = stable == 1.0
        found["unstable"] = (stable == 0.0) & ~none if none is not None else stable == 0.0
    return {name: cells for name, cells in found.items() if cells.any()}


def _hatch(ax: Axes, edges: tuple[Floats, Floats], cells: npt.NDArray[np.bool_]) -> None:
    shown = np.ma.masked_where(~cells, np.zeros(cells.shape))
    ax.pcolor(*edges, shown, cmap=ListedColormap(["white"]), hatch="////", edgecolor=GREY, linewidth=0.0)


def _crosses(ax: Axes, xs: Floats, ys: Floats, failed: Floats) -> None:
    rows, columns = np.nonzero(failed == 1.0)
    if not rows.size:
        return
    ax.plot(xs[columns], ys[rows], "x", color=GREY, markersize=4, mew=0.8, label="_failed", clip_on=False)


def _border(
    ax: Axes, xs: Floats, ys: Floats, regions: Mapping[str, npt.NDArray[np.bool_]], real: Floats | None
) -> None:
    """Draw the line where the largest real part vanishes; half way to where there is none."""
    stable = regions.get("stable")
    if stable is None or stable.all():
        return
    other = np.zeros_like(stable)
    for name in ("unstable", "no operating point"):
        other |= regions.get(name, other)
    if not other.any():
        return
    size = np.where(stable, -1.0, np.where(other, 1.0, np.nan))
    if real is not None:
        known = np.isfinite(real) & (np.sign(real) == size)
        around = _mean_of_neighbours(np.where(known, np.abs(real), np.nan))
        around = np.where(np.isfinite(around), around, np.nanmedian(np.abs(real[known])) if known.any() else 1.0)
        size = np.where(known, real, size * around)
    ends = [np.concatenate([[e[0]], at, [e[-1]]]) for at, e in ((xs, _edges(xs)), (ys, _edges(ys)))]
    ax.contour(*ends, np.pad(size, 1, mode="edge"), levels=[0.0], colors=[INK], linewidths=1.8)


def _mean_of_neighbours(values: Floats) -> Floats:
    """Return the mean of up to four neighbours that are finite."""
    padded = np.pad(values, 1, constant_values=np.nan)
    near = np.stack([padded[1:-1, :-2], padded[1:-1, 2:], padded[:-2, 1:-1], padded[2:, 1:-1]])
    there = np.isfinite(near)
    return np.asarray(np.where(there, near, 0.0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan))


def _name(ax: Axes, xs: Floats, ys: Floats, cells: npt.NDArray[np.bool_], name: str) -> None:
    """Write the name of a region where it is widest."""
    from scipy.ndimage import distance_transform_edt

    if cells.mean() < _LEAST:
        return
    inside = np.pad(cells, 1)
    box = ax.get_window_extent()
    across = box.height / ys.size, 0.25 * box.width / xs.size  # a name is four times as wide as high
    depth = np.asarray(distance_transform_edt(inside, sampling=across))[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= 0.999 * depth.max())
    middle = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    row, column = rows[middle], columns[middle]
    narrow = np.ptp(np.nonzero(cells)[1]) < np.ptp(np.nonzero(cells)[0]) and cells.sum(axis=1).max() < 0.2 * xs.size
    ax.text(
        xs[column],
        ys[row],
        name,
        ha="center",
        va="center",
        rotation=90.0 if narrow else 0.0,
        fontsize=8.0,
        color=INK,
        path_effects=_HALO,
        zorder=6,
        clip_on=True,
    )


def _line(ax: Axes, name: str, at: Floats, value: Floats) -> None:
    """Draw a line and write its name along it, near its upper end within the axes."""
    ax.plot(at, value, color=INK, linewidth=1.2, linestyle=(0, (5, 2)), zorder=5, scalex=False, scaley=False)
    share = np.linspace(0.0, 1.0, 400)
    places = np.linspace(0.0, 1.0, at.size)
    shown = ax.transData.transform(np.stack([np.interp(share, places, at), np.interp(share, places, value)], axis=1))
    inside = ax.transAxes.inverted().transform(shown)
    within = np.flatnonzero((inside > 0.03).all(axis=1) & (inside < 0.97).all(axis=1))
    if within.size < 2:
        return
    low, high = sorted((within[0], within[-1]), key=lambda k: inside[k, 1])
    along = shown[high] - shown[low]
    turn = np.arctan2(along[1], along[0])
    ax.annotate(
        name,
        inside[round(low + 0.85 * (high - low))],
        (-8.0 * np.sin(turn), 8.0 * np.cos(turn)),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="center",
        rotation=float(np.degrees(turn)),
        fontsize=7.5,
        color=INK,
        path_effects=_HALO,
        zorder=6,
    )
