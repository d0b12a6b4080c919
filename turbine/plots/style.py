"""How plots of a turbine look: size, type, colours, units, and how a figure becomes bytes.

Figures are made with matplotlib's object interface only, so that nothing global changes and no window opens.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "BLUE",
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
    "end_labels",
    "new_figure",
    "style",
    "to_png",
    "to_svg",
]

WIDTH = 7.2  #: text width of an A4 page with 14 mm margins [inch]

# Colours that stay apart for colour-blind readers and in grey print (Okabe and Ito, 2008).
BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
INK, GREY, LIGHT = "#222222", "#767676", "#e4e4e4"

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same outlines everywhere
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.color": INK,
    "axes.labelcolor": INK,
    "grid.color": LIGHT,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.0,
    "figure.facecolor": "white",
    "figure.dpi": 100.0,
    "savefig.dpi": 150.0,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "text.usetex": False,
    "svg.fonttype": "path",  # the same picture without the reader's fonts
    "svg.hashsalt": "windform",
    "svg.id": None,
    "path.simplify": True,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the plots' style for the length of a block, whatever the caller's settings are."""
    own: Any = {  # the stubs list every key as a literal
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "date."))
    }
    own.update(_RC)
    with mpl.rc_context(own):
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure that keeps its labels inside; sizes in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def canvas(ax: Axes | None, height: float, width: float = WIDTH) -> Axes:
    """Return the given axes, or the only axes of a new figure."""
    return ax if ax is not None else new_figure(height, width).add_subplot()


def end_labels(ax: Axes, labels: Sequence[tuple[float, str, str]], *, gap: float = 0.17) -> None:
    """Write labels right of the axes at their heights, spread where they would lie upon each other.

    Parameters
    ----------
    ax : Axes
        With its final y limits.
    labels : sequence of (float, str, str)
        Height in the unit of the y axis, text, colour.
    gap : float
        Least distance of two labels [fraction of the axes' height].
    """
    low, high = ax.get_ylim()
    order = sorted(range(len(labels)), key=lambda k: labels[k][0])
    heights = [min(max((labels[k][0] - low) / (high - low), 0.05), 0.95) for k in order]
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + gap)
    heights = [height - max(heights[-1] - 0.97, 0.0) for height in heights] if heights else []
    for k, height in zip(order, heights, strict=True):
        _, text, colour = labels[k]
        ax.annotate(
            text,
            (1.0, height),
            (4.0, 0.0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=7.5,
            annotation_clip=False,
        )


def to_svg(figure: Figure) -> bytes:
    """Return the figure as SVG; the same figure gives the same bytes (fixed hash salt, no date)."""
    return _bytes(figure, "svg", {"Date": None, "Creator": None})


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG; the same figure gives the same bytes."""
    return _bytes(figure, "png", {"Software": None})


def _bytes(figure: Figure, form: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()
