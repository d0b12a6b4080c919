"""Heat maps: one row per turbine, one column per month or day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.patches import Patch, Rectangle

from fleet.plots.style import (
    GREY,
    INK,
    WIDTH,
    canvas,
    days,
    empty,
    label_ticks,
    months,
    style,
    time_axis,
    title,
    turbines_of,
)

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FEW", "few_records", "plot_availability_months", "plot_coverage", "plot_drift_months", "plot_energy_months"]

_MISSING = "#ededed"
_MOST_ROWS = 60  # of drifts
_LEGEND = 0.22  # height of one line of a legend [inch]
FEW = 0.1  #: share of a month's records below which its figure is marked
_ROWS_WRITTEN, _COLUMNS_WRITTEN = 32, 25  # larger maps are read by colour, not by figures
_MORE = LinearSegmentedColormap.from_list("more", ["#f3f8fc", "#9ecae1", "#2f7ebc", "#08306b"])
_EITHER = LinearSegmentedColormap.from_list("either", ["#2166ac", "#92c5de", "#ffffff", "#f4a582", "#b2182b"])
_LESS = LinearSegmentedColormap.from_list("less", ["#7f2704", "#d94801", "#fdae6b", "#fff3e6", "#ffffff"])


def few_records(monthly: pd.DataFrame, period: tuple[pd.Timestamp, pd.Timestamp] | None = None) -> pd.Series[bool]:
    """Return which rows rest on less than a tenth of the records that their calendar month has room for.

    Parameters
    ----------
    monthly : DataFrame
        month ("2014-01", UTC), coverage [1]: of the part of the month that was analysed.
    period : (Timestamp, Timestamp), optional
        The analysed period, UTC; without it all of each month was analysed.
    """
    share = np.nan_to_num(monthly["coverage"].to_numpy(np.float64))
    if period is not None:
        month = monthly["month"].to_numpy("datetime64[M]")
        first, after = days(month), days(month + 1)
        start, end = days(list(period))
        share = share * (np.minimum(after, end) - np.maximum(first, start)) / (after - first)
    return pd.Series(share < FEW, index=monthly.index)


def plot_energy_months(
    monthly: pd.DataFrame,
    ax: Axes | None = None,
    order: Sequence[str] | None = None,
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None,
) -> Axes:
    """Draw the energy per turbine and month as a heat map; months of few records are hatched.

    Parameters
    ----------
    monthly : DataFrame
        `Energy.monthly`: turbine, month, energy_mwh [MWh], coverage [1].
    ax : Axes, optional
        Where to draw; a new figure without it.
    order : sequence of str, optional
        Turbines from top to bottom.
    period : (Timestamp, Timestamp), optional
        The analysed period, see `few_records`.
    """
    drawn = _month_map(monthly, "energy_mwh", "MWh", _MORE, ax, order)
    return _hatched(drawn, monthly, "energy_mwh", order, period, taller=ax is None)


def plot_availability_months(
    monthly: pd.DataFrame,
    ax: Axes | None = None,
    order: Sequence[str] | None = None,
    column: str = "time_based",
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None,
) -> Axes:
    """Draw the operational availability per turbine and month as a heat map, in percent; few records: hatched.

    The time-based and the production-based map of one farm have the same scale.

    Parameters
    ----------
    monthly : DataFrame
        `Availability.monthly`: turbine, month, time_based, production_based, coverage [1].
    ax : Axes, optional
        Where to draw; a new figure without it.
    order : sequence of str, optional
        Turbines from top to bottom.
    column : str
        "time_based" or "production_based".
    period : (Timestamp, Timestamp), optional
        The analysed period, see `few_records`.
    """
    both = 100.0 * monthly[[name for name in ("time_based", "production_based") if name in monthly]].to_numpy(float)
    drawn = _month_map(monthly, column, "%", _LESS, ax, order, factor=100.0, scale=_range(both, low_matters=True))
    return _hatched(drawn, monthly, column, order, period, taller=ax is None)


def plot_drift_months(
    drift: pd.DataFrame, unit: str, least: float, ax: Axes | None = None, order: Sequence[str] | None = None
) -> Axes:
    """Draw a sensor's drift per turbine and month as a heat map; flagged months are framed.

    Parameters
    ----------
    drift : DataFrame
        `Sensors.drift` or `Sensors.temperature`: turbine, month, drift, flagged.
    unit : str
        Unit of the drift.
    least : float
        Drift that is flagged at least: the colours reach twice as far, or to the largest drift.
    ax : Axes, optional
        Where to draw; a new figure without it. Beyond 60 turbines those with the largest drift are drawn.
    order : sequence of str, optional
        Turbines from top to bottom.
    """
    size = drift["drift"].abs().groupby(drift["turbine"].astype("str")).max().fillna(0.0)
    largest = sorted(size.index, key=lambda name: (-float(size[name]), str(name)))[:_MOST_ROWS]
    drift = drift[drift["turbine"].isin(largest)]
    values = drift["drift"].to_numpy(float)
    reach = max([2.0 * least, *np.abs(values[np.isfinite(values)])])
    scale = Normalize(-reach, reach)
    ax = _month_map(drift, "drift", f"drift [{unit}]", _EITHER, ax, order, scale=scale, digits=2)
    frames = _cells(drift, order, drift["flagged"].astype(bool))
    ax.add_collection(PatchCollection(frames, facecolor="none", edgecolor=INK, lw=1.0))
    if len(size) > len(largest):
        with style():
            title(ax, f"The {_MOST_ROWS} turbines with the largest drift; {len(size) - _MOST_ROWS} others left out")
    return ax


def plot_coverage(coverage: pd.DataFrame, ax: Axes | None = None, order: Sequence[str] | None = None) -> Axes:
    """Draw the share of used intervals per turbine and day.

    Parameters
    ----------
    coverage : DataFrame
        `Quality.coverage`: turbine, date, expected, used, rejected, missing [intervals].
    ax : Axes, optional
        Where to draw; a new figure without it.
    order : sequence of str, optional
        Turbines from top to bottom.
    """
    with style():
        names = turbines_of(coverage, order)
        ax = canvas(ax, _height(len(names), 0.16))
        if not names:
            return empty(ax, "no intervals")
        dates = pd.DatetimeIndex(coverage["date"])
        calendar = pd.date_range(dates.min(), dates.max(), freq="D")
        share = coverage["used"] / coverage["expected"].where(coverage["expected"] > 0)
        cells = coverage.assign(share=100.0 * share, date=dates).pivot_table(
            index="turbine", columns="date", values="share", aggfunc="min"
        )
        values = cells.reindex(index=names, columns=calendar).to_numpy(float)
        edges = np.append(days(calendar), days(calendar[-1:])[0] + 1.0)
        _draw(ax, values, edges, _LESS, Normalize(0.0, 100.0), "%")
        label_ticks(ax, "y", np.arange(len(names)) + 0.5, names)
        _thin(ax, len(names))
        time_axis(ax)
        return ax


def _month_map(
    table: pd.DataFrame,
    column: str,
    what: str,
    colours: Colormap,
    ax: Axes | None,
    order: Sequence[str] | None,
    factor: float = 1.0,
    scale: Normalize | None = None,
    digits: int | None = None,
) -> Axes:
    with style():
        names, calendar = turbines_of(table, order), months(table)
        written = len(names) <= _ROWS_WRITTEN and len(calendar) <= _COLUMNS_WRITTEN
        keyed = not written or len(names) > 2  # a colour bar beside one row is larger than the map
        ax = canvas(
            ax,
            _height(len(names), 0.24) if keyed else 0.55 + 0.24 * len(names),
            float(np.clip((2.0 if keyed else 1.5) + 0.3 * len(calendar), 0.0, WIDTH)),
        )
        if not names or not calendar:
            return empty(ax, "no months")
        singles = table[table["turbine"].isin(names)]
        cells = singles.pivot_table(index="turbine", columns="month", values=column, aggfunc="first")
        cells = cells.reindex(index=names, columns=calendar)
        values = factor * cells.to_numpy(float)
        scale = scale or _range(values, low_matters=False)
        _draw(ax, values, np.arange(len(calendar) + 1.0), colours, scale, what if keyed else "")
        if written:
            _write_figures(ax, values, colours, scale, digits)
        label_ticks(ax, "y", np.arange(len(names)) + 0.5, names)
        _thin(ax, len(names))
        _month_ticks(ax, calendar)
        return ax


def _cells(table: pd.DataFrame, order: Sequence[str] | None, wanted: pd.Series[bool]) -> list[Rectangle]:
    """Return the cells of some rows of a month map."""
    row = {name: place for place, name in enumerate(turbines_of(table, order))}
    column = {name: place for place, name in enumerate(months(table))}
    chosen = table[wanted & table["turbine"].isin(row)]
    return [
        Rectangle((column[str(month)], row[str(turbine)]), 1.0, 1.0)
        for turbine, month in zip(chosen["turbine"], chosen["month"], strict=True)
    ]


def _hatched(
    ax: Axes,
    table: pd.DataFrame,
    column: str,
    order: Sequence[str] | None,
    period: tuple[pd.Timestamp, pd.Timestamp] | None,
    *,
    taller: bool,
) -> Axes:
    """Make figures that rest on few records pale and hatched, with a legend above the map, for which it may grow."""
    if "coverage" not in table:
        return ax
    cells = _cells(table, order, few_records(table, period) & table[column].notna())
    if not cells:
        return ax
    owner = ax.get_figure(root=True)
    if taller and owner is not None:
        owner.set_figheight(owner.get_figheight() + _LEGEND)
    look: dict[str, Any] = {"facecolor": (1.0, 1.0, 1.0, 0.6), "edgecolor": GREY, "hatch": "///", "linewidth": 0.0}
    with style():
        ax.add_collection(PatchCollection(cells, **look))
        ax.legend(
            handles=[Patch(**look, label=f"few records (< {100 * FEW:.0f} %)")],
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.1,
            handlelength=1.2,
            frameon=False,
        )
    return ax


def _height(rows: int, each: float) -> float:
    """Return a figure's height [inch]: one page at most."""
    return float(np.clip(0.75 + each * rows, 1.35, 9.5))


def _range(values: npt.NDArray[np.float64], low_matters: bool) -> Normalize:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Normalize(0.0, 1.0)
    if low_matters:  # from a round figure below the worst to 100 %, at least ten points wide
        return Normalize(min(90.0, 10.0 * np.floor(finite.min() / 10.0)), 100.0)
    return Normalize(min(0.0, finite.min()), max(finite.max(), 1e-9))


def _draw(
    ax: Axes,
    values: npt.NDArray[np.float64],
    edges: npt.NDArray[np.float64],
    colours: Colormap,
    scale: Normalize,
    what: str,
) -> None:
    """Draw the cells, and a colour bar where `what` names the figure."""
    rows = np.arange(values.shape[0] + 1.0)
    ax.set_facecolor(_MISSING)
    many = values.size > 1500
    ax.pcolormesh(
        edges,
        rows,
        np.ma.masked_invalid(values),
        cmap=colours,
        norm=scale,
        rasterized=many,
        edgecolors="none" if many else "white",
        linewidth=0.0 if many else 0.6,
    )
    ax.set_ylim(values.shape[0], 0)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if not what:
        return
    owner = ax.figure
    bar = owner.colorbar(
        ScalarMappable(scale, colours), ax=ax, pad=0.01, fraction=0.04, aspect=12, label=what, use_gridspec=False
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2)


def _write_figures(
    ax: Axes, values: npt.NDArray[np.float64], colours: Colormap, scale: Normalize, digits: int | None
) -> None:
    finite = values[np.isfinite(values)]
    if digits is None:
        digits = 1 if finite.size and np.abs(finite).max() <= 100.0 else 0
    size = 6.2 if values.shape[1] <= 14 else 5.5
    for row, column in np.ndindex(*values.shape):
        value = values[row, column]
        known = bool(np.isfinite(value))
        red, green, blue, _ = colours(scale(value)) if known else (1.0, 1.0, 1.0, 1.0)
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
        value = np.round(value, digits) + 0.0  # no "-0.0"
        shown = ("100" if value >= 99.95 and scale.vmax == 100.0 else f"{value:.{digits}f}") if known else "n/d"
        colour = ("white" if dark else INK) if known else GREY
        ax.text(column + 0.5, row + 0.5, shown, ha="center", va="center", fontsize=size, color=colour)


def _month_ticks(ax: Axes, calendar: list[str]) -> None:
    """Label months by their number and each first month of a year with the year below."""
    every = max(1, int(np.ceil(len(calendar) / 26)))
    shown = [i for i, month in enumerate(calendar) if (int(month[5:]) - 1) % every == 0] if every < 12 else []
    years = [i for i, month in enumerate(calendar) if i == 0 or month.endswith("-01")]
    at = sorted({*shown, *years})
    names = [f"{calendar[i][5:]}\n{calendar[i][:4]}" if i in years else calendar[i][5:] for i in at]
    ax.set_xticks([i + 0.5 for i in at], labels=names)


def _thin(ax: Axes, rows: int) -> None:
    """Make the names of many rows small enough to stand apart."""
    if rows > 40:
        ax.tick_params(axis="y", labelsize=max(4.0, 7.5 * 40.0 / rows))
