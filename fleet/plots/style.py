"""The one place for how plots look: size, type, colours, labels, and how a figure becomes SVG bytes.

Figures are made with matplotlib's object interface only, so that nothing global changes and no window opens.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fleet.categories import Category
from fleet.schema import FLEET
from fleet.wording import natural
from turbine.plot_style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    new_figure,
    styled,
    svg_bytes,
)

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "BLUE",
    "CATEGORY_COLOURS",
    "GREEN",
    "GREY",
    "INK",
    "LIGHT",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILLION",
    "WIDTH",
    "canvas",
    "days",
    "empty",
    "label",
    "label_ticks",
    "months",
    "new_figure",
    "style",
    "time_axis",
    "title",
    "to_svg",
    "turbines_of",
]

#: In service: blues. Out of service: yellow to green. Non-operative: reds and purple. Nothing known: greys.
CATEGORY_COLOURS: dict[str, str] = {
    Category.FULL_PERFORMANCE: "#0072B2",
    Category.PARTIAL_PERFORMANCE: "#56B4E9",
    Category.READY_STANDBY: "#bfe3f7",
    Category.TECHNICAL_STANDBY: "#009E73",
    Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION: "#a6d96a",
    Category.REQUESTED_SHUTDOWN: "#F0E442",
    Category.OUT_OF_ELECTRICAL_SPECIFICATION: "#E69F00",
    Category.SCHEDULED_MAINTENANCE: "#CC79A7",
    Category.PLANNED_CORRECTIVE_ACTION: "#8c4f7d",
    Category.FORCED_OUTAGE: "#D55E00",
    Category.SUSPENDED: "#8b3a00",
    Category.FORCE_MAJEURE: "#222222",
    Category.INFORMATION_UNAVAILABLE: "#d0d0d0",
    Category.UNALLOCATED: "#9a9a9a",
    "unallocated_in_service": "#c8b391",  # running, but not known how well
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the plots' style for the length of a block, whatever the caller's settings are."""
    with styled(lines_linewidth=1.3):
        yield


def canvas(ax: Axes | None, height: float, width: float = WIDTH, **subplot: Any) -> Axes:
    """Return the given axes, or the only axes of a new figure."""
    return ax if ax is not None else cast("Axes", new_figure(height, width).add_subplot(**subplot))


def to_svg(figure: Figure) -> bytes:
    """Return the figure as SVG in the plots' style; a figure made the same way gives the same bytes."""
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # drawn as an empty box
        return svg_bytes(figure)


def label(name: object, length: int = 24) -> str:
    """Return a name that is fit for a picture: one line, printable, not too long."""
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in str(name))
    return line if len(line) <= length else f"{line[: length - 1]}\u2026"


def label_ticks(ax: Axes, axis: str, at: Sequence[float] | npt.NDArray[Any], names: Sequence[object]) -> None:
    """Put names at ticks, without reading mathematics into them."""
    setter = ax.set_xticks if axis == "x" else ax.set_yticks
    setter(list(at), labels=[label(name) for name in names], parse_math=False)


def title(ax: Axes, written: object) -> None:
    """Set the axes' title, without reading mathematics into it."""
    ax.set_title(label(written, 90), parse_math=False)


def empty(ax: Axes, reason: str) -> Axes:
    """Say in the axes why there is nothing to draw."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, reason, transform=ax.transAxes, ha="center", va="center", color=GREY)
    return ax


def turbines_of(table: pd.DataFrame, order: Sequence[str] | None = None) -> list[str]:
    """Return the single turbines of a table, in the given order first, then by name."""
    there = {str(name) for name in table["turbine"].unique()} - {FLEET}
    first = [name for name in order or () if name in there]
    return first + sorted(there - set(first), key=natural)


def months(table: pd.DataFrame) -> list[str]:
    """Return every month from a table's first to its last, without holes, as "2014-01"."""
    names = sorted({str(month) for month in table["month"].unique()})
    if not names:
        return []
    return [str(period) for period in pd.period_range(names[0], names[-1], freq="M")]


def days(times: Any) -> npt.NDArray[np.float64]:
    """Return times as matplotlib's day numbers, UTC."""
    from matplotlib.dates import date2num

    stamps = pd.DatetimeIndex(times)
    naive = stamps.tz_convert("UTC").tz_localize(None) if stamps.tz is not None else stamps
    return np.asarray(date2num(naive.to_numpy("datetime64[us]")), np.float64)


def time_axis(ax: Axes) -> None:
    """Label the x axis with dates."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC", show_offset=False))
