"""What all pictures of the product share: size, type, colours, and a style that changes nothing global."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
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
    "new_figure",
    "styled",
    "svg_bytes",
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
def styled(**own: Any) -> Iterator[None]:
    """Apply the style for the length of a block, with own settings ("axes_grid" for "axes.grid") on top of it."""
    changed: Any = {  # the stubs list every key as a literal
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "date."))
    }
    changed.update(_RC)
    changed.update({key.replace("_", ".", 1): value for key, value in own.items()})
    with mpl.rc_context(changed):
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure that keeps its labels inside; sizes in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG; within `styled` a figure made the same way gives the same bytes (hash salt, no date).

    `Figure.savefig` draws a figure with constrained layout twice, to the same bytes as this.
    """
    canvas, dpi, buffer = figure.canvas, figure.dpi, io.BytesIO()
    try:
        figure.dpi = dpi if mpl.rcParams["savefig.dpi"] == "figure" else mpl.rcParams["savefig.dpi"]
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    finally:
        figure.set_canvas(canvas)
        figure.dpi = dpi
    return buffer.getvalue()
