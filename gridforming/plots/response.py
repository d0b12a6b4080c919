"""Plot of a frequency response: magnitude and phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, StrMethodFormatter

from turbine.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, end_labels, new_figure, style

if TYPE_CHECKING:
    from gridforming.linear import LinearModel

__all__ = ["plot_response"]

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE)
_DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)))


def plot_response(
    models: LinearModel | Mapping[str, LinearModel],
    output: str,
    given: str,
    frequency_hz: npt.ArrayLike | None = None,
) -> Figure:
    """Draw magnitude and phase of the response of an output to an input.

    Parameters
    ----------
    models : LinearModel or mapping of str to LinearModel
        One, or several by the name that stands at their line.
    output, given : str
        Of the models' `outputs` and `inputs`.
    frequency_hz : array, shape (n,), optional
        Of sinusoids against the frame of the operating point [Hz]; 0.1 Hz to half the sampling frequency unless given.

    Returns
    -------
    Figure
        Magnitude [dB of 1 pu/pu] above phase [deg].
    """
    named = models if isinstance(models, Mapping) else {"": models}
    with style():
        figure = new_figure(3.9)
        upper, lower = cast("tuple[Axes, Axes]", tuple(figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))))
        ends = []
        for k, (name, model) in enumerate(named.items()):
            last = 0.5 / model.period
            at = np.asarray(frequency_hz, np.float64) if frequency_hz is not None else np.geomspace(0.1, last, 600)
            found = model.response(output, given, at)
            colour, dash = _COLOURS[k % len(_COLOURS)], _DASHES[k % len(_DASHES)]
            size = 20.0 * np.log10(np.maximum(np.abs(found), 1e-12))
            upper.plot(at, size, color=colour, linestyle=dash, linewidth=1.3)
            phase = np.degrees(np.unwrap(np.angle(found)))
            # Between -180 and 180 degrees where the plot begins.
            lower.plot(at, phase - 360.0 * np.round(phase[0] / 360.0), color=colour, linestyle=dash, linewidth=1.3)
            ends.append((float(size[-1]), name, colour))
        upper.set_xscale("log")
        lower.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        upper.margins(x=0.0, y=0.08)
        upper.axhline(0.0, color=GREY, linewidth=0.6)
        lower.margins(x=0.0, y=0.08)
        lower.yaxis.set_major_locator(_degrees(*lower.get_ylim()))
        upper.set_ylabel("magnitude [dB]")
        lower.set_ylabel("phase [deg]")
        lower.set_xlabel("frequency [Hz]")
        upper.set_title(f"{output} over {given}", parse_math=False)
        if len(named) > 1:
            end_labels(upper, ends, gap=min(0.1, 0.92 / len(ends)))
        figure.align_ylabels([upper, lower])
    return figure


def _degrees(low: float, high: float) -> MultipleLocator:
    """Return a locator of whole parts of a turn."""
    step = next((s for s in (15.0, 30.0, 45.0, 90.0, 180.0) if (high - low) / s <= 6.0), 360.0)
    return MultipleLocator(step)
