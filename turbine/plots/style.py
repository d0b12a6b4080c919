"""How plots of a turbine look: size, type, colours, units, and how a figure becomes bytes.

Figures are made with matplotlib's object interface only, so that nothing global changes and no window opens.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    "title_figure",
    "to_png",
    "to_svg",
]


@contextmanager
def style() -> Iterator[None]:
    """Apply the plots' style for the length of a block, whatever the caller's settings are."""
    with styled(axes_grid=True, lines_linewidth=1.0):
        yield


def canvas(ax: Axes | None, height: float, width: float = WIDTH) -> Axes:
    """Return the given axes, or the only axes of a new figure."""
    return ax if ax is not None else new_figure(height, width).add_subplot()


def title_figure(figure: Figure, text: str) -> None:
    """Write a title over a figure, at its left edge."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=8.5, fontweight="bold", parse_math=False)


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
    """Return the figure as SVG in the plots' style; a figure made the same way gives the same bytes."""
    with style():
        return svg_bytes(figure)


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
