"""Several runs over each other: voltage, frequency, power and current of one device, run by run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gridforming.plots.run import draw_lines
from turbine.errors import SimulationError
from turbine.folder import OutputError
from turbine.plots.style import new_figure, style, title_figure, to_png, to_svg

if TYPE_CHECKING:
    from gridforming.result import Result

__all__ = ["check_figure_path", "plot_comparison", "write_figure"]

_SHARE = 0.98  # of a frequency that is drawn: the rest are jumps of phase
_MADE = {".png": to_png, ".svg": to_svg}
Floats = npt.NDArray[np.float64]


def plot_comparison(results: Mapping[str, Result], *, device: str = "", title: str = "") -> Figure:
    """Draw runs over each other at one device: voltage of its bus, its speed as a frequency, power and current.

    Parameters
    ----------
    results : mapping of str to Result
        Runs by name, which stands at the lines.
    device : str
        A converter or machine that all of them have; the first unless given.
    title : str
        Of the figure.

    Raises
    ------
    SimulationError
        A run without that device.
    """
    runs = list(results.items())
    device = device or next((d.name for d in runs[0][1].model.system.devices), "")
    places = []
    for name, result in runs:
        found = next((d for d in result.model.system.devices if d.name == device), None)
        if found is None:
            raise SimulationError(f'run "{name}": no device "{device}", expected one that all runs have')
        places.append(found.bus)
    time = max((result.time for _, result in runs), key=lambda t: float(t[-1]))

    def of(result: Result, column: str) -> Floats:
        machine = device in [m.name for m in result.model.system.machines]
        return result.machine(device, column) if machine else result.converter(device, column)

    def lines(values: Callable[[Result, str], Floats]) -> list[tuple[str, Floats]]:
        found = ((name, values(result, bus), result.time) for (name, result), bus in zip(runs, places, strict=True))
        return [(name, np.interp(time, own, seen, right=np.nan)) for name, seen, own in found]

    panels = (
        ("voltage\n[pu]", 0.02, lines(lambda result, bus: np.abs(result.voltage(bus)))),
        ("frequency\n[Hz]", 0.1, lines(lambda result, _: result.model.system.network.frequency * of(result, "speed"))),
        ("active power\n[pu]", 0.02, lines(lambda result, _: of(result, "active_power"))),
        ("current\n[pu]", 0.02, lines(lambda result, _: of(result, "current"))),
    )
    with style():
        figure = new_figure(0.7 + 1.25 * len(panels))
        axes = cast("list[Axes]", list(figure.subplots(len(panels), 1, sharex=True)))
        for ax, (label, least, drawn) in zip(axes, panels, strict=True):
            draw_lines(ax, time, drawn, least=least, share=_SHARE if "Hz" in label else 1.0)
            ax.set_ylabel(label)
        for ax in axes[:-1]:
            ax.set_xlabel("")
        figure.align_ylabels(axes)
        title_figure(figure, title or f'At "{device}"')
    return figure


def check_figure_path(path: Path) -> None:
    """Refuse a file whose ending says nothing that a figure is written as; before the work, not after it."""
    if path.suffix not in _MADE:
        raise SimulationError(f"{path}: found the ending {path.suffix!r}, expected .png or .svg")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG or SVG, by the ending of the file.

    Raises
    ------
    SimulationError, OutputError
        Another ending; a file that cannot be written.
    """
    check_figure_path(path)
    try:
        path.write_bytes(_MADE[path.suffix](figure))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from None
