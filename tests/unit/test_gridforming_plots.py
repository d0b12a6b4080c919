"""Plots of converters: labelled with units, nothing clipped, the same bytes each time, nothing global changed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import gridforming as gf
from gridforming import plots
from gridforming.linear import LinearModel
from gridforming.result import Result
from turbine.errors import SimulationError


def system_at(strength: float, control: gf.Following | gf.Forming, active: float = 0.5) -> gf.System:
    network = gf.Network(buses=("pcc",), elements=(gf.Grid.of_strength("grid", "pcc", strength, x_over_r=10.0),))
    unit = gf.Converter(name="unit", bus="pcc", rated_power=1e6, control=control, active=active)
    return gf.System(network=network, converters=(unit,))


@pytest.fixture(scope="module")
def result() -> Result:
    system = system_at(3.0, gf.Forming(law=gf.Droop()))
    second = replace(system.converters[0], name="other", control=gf.Following(), active=0.2)
    both = replace(system, converters=(*system.converters, second))
    return gf.simulate(both, 0.2, events=[gf.SetReference(time=0.05, converter="unit", active=0.6)])


@pytest.fixture(scope="module")
def linear() -> LinearModel:
    return gf.linearise(gf.operating_point(system_at(3.0, gf.Forming(law=gf.Droop()))))


def figure_of(drawn: Axes | Figure) -> Figure:
    return drawn if isinstance(drawn, Figure) else cast("Figure", drawn.get_figure(root=True))


def check_figure(draw: Callable[[], Axes | Figure]) -> None:
    """Check that nothing reaches beyond the figure, and that drawing twice gives the same bytes."""
    figure, again = figure_of(draw()), figure_of(draw())
    first = plots.to_svg(figure)
    ET.fromstring(first)
    assert first == plots.to_svg(again)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01


def names_on(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_run_has_every_panel_with_its_unit_and_every_line_its_name(result: Result) -> None:
    figure = plots.plot_run(result, "two units")
    labels = [ax.get_ylabel().replace("\n", " ") for ax in figure.axes]
    assert labels == ["voltage [pu]", "active power [pu]", "reactive power [pu]", "frequency [Hz]"]
    assert names_on(figure.axes[0]) == ["pcc"]
    assert all(sorted(names_on(ax)) == ["other", "unit"] for ax in figure.axes[1:])
    assert np.max(figure.axes[3].lines[0].get_ydata()) == pytest.approx(50.0 * result.converter("unit", "speed").max())
    check_figure(lambda: plots.plot_run(result, "two units"))


def test_network_without_converters_has_its_voltages_drawn() -> None:
    system = replace(system_at(3.0, gf.Following()), converters=())
    run = gf.simulate(system, 0.01)
    assert len(plots.plot_run(run).axes) == 1
    check_figure(lambda: plots.plot_run(run))


def test_one_row_is_drawn_too() -> None:
    run = gf.simulate(system_at(3.0, gf.Following()), 125e-6)
    assert run.time.size == 1
    check_figure(lambda: plots.plot_run(run))


@pytest.mark.parametrize(
    ("name", "label"), [("pcc", "voltage of pcc [pu]"), ("unit.bridge", "current of unit.bridge [pu]")]
)
def test_waveforms_are_three_phases_of_the_vector(result: Result, name: str, label: str) -> None:
    ax = plots.plot_waveforms(result, name, span=(0.04, 0.1))
    assert ax.get_ylabel() == label
    assert names_on(ax) == ["a", "b", "c"]
    drawn = np.array([line.get_ydata() for line in ax.lines[1:4]], np.float64)
    np.testing.assert_allclose(drawn.sum(axis=0), 0.0, atol=1e-12)
    first = ax.lines[1].get_xdata()
    assert (np.min(first), np.max(first)) == pytest.approx((0.04, 0.1))
    check_figure(lambda: plots.plot_waveforms(result, name, span=(0.04, 0.1)))


def test_waveforms_refuse_what_they_cannot_show(result: Result) -> None:
    with pytest.raises(SimulationError, match="no bus or branch"):
        plots.plot_waveforms(result, "pc")
    with pytest.raises(SimulationError, match="fewer than two rows"):
        plots.plot_waveforms(result, "pcc", span=(7.0, 8.0))
    coarse = gf.simulate(system_at(3.0, gf.Following()), 0.1, output_step=2e-3)
    with pytest.raises(SimulationError, match="output_step"):
        plots.plot_waveforms(coarse, "pcc")


def test_modes_stand_where_they_are_and_have_names(linear: LinearModel) -> None:
    ax = plots.plot_modes(linear)
    crosses = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "x"}  # type: ignore[index]
    shown = [m for m in linear.modes() if m.s.imag >= 0.0 and m.s.real >= -500.0]
    assert crosses == {(m.s.real, m.frequency_hz) for m in shown}
    written = "\n".join(names_on(ax))
    assert all(next(iter(m.participation)) in written for m in shown)
    check_figure(lambda: plots.plot_modes(linear))
    check_figure(lambda: plots.plot_modes(linear.modes(), fastest=60.0))


def test_no_mode_slow_enough_is_drawn_too(linear: LinearModel) -> None:
    check_figure(lambda: plots.plot_modes(linear, fastest=1.0))
    check_figure(lambda: plots.plot_loci([1.0, 2.0], [linear, linear], fastest=1.0))


def test_loci_name_the_value_at_which_something_grows() -> None:
    strengths = [2.0, 1.5, 1.2, 1.0]
    control = gf.Following(pll_bandwidth_hz=20.0, voltage_rate=20.0)
    models = [gf.linearise(gf.operating_point(system_at(s, control, 0.8))) for s in strengths]
    assert [m.stable() for m in models] == [True, True, False, False]
    ax = plots.plot_loci(strengths, models, parameter="short-circuit ratio")
    written = [name for name in names_on(ax) if name.startswith("short-circuit ratio ")]
    assert len(written) == 1
    assert 1.2 < float(written[0].split()[-1]) < 1.5
    check_figure(lambda: plots.plot_loci(strengths, models, parameter="short-circuit ratio"))
    with pytest.raises(gf.SmallSignalError, match="4 values and 3 sets"):
        plots.plot_loci(strengths, models[:3])


def test_response_is_that_of_the_model(linear: LinearModel) -> None:
    at = np.array([1.0, 10.0, 100.0])
    output, given = "active_power of unit", "active of unit"
    figure = plots.plot_response(linear, output, given, at)
    expected = linear.response(output, given, at)
    size = np.asarray(figure.axes[0].lines[0].get_ydata(), np.float64)
    np.testing.assert_allclose(size, 20.0 * np.log10(np.abs(expected)))
    turned = np.exp(1j * np.radians(np.asarray(figure.axes[1].lines[0].get_ydata(), np.float64)))
    np.testing.assert_allclose(turned, expected / np.abs(expected))
    assert [ax.get_ylabel() for ax in figure.axes] == ["magnitude [dB]", "phase [deg]"]
    both = {"one": linear, "two": linear}
    assert names_on(plots.plot_response(both, output, given).axes[0]) == ["one", "two"]
    check_figure(lambda: plots.plot_response(both, output, given))


def test_given_axes_are_drawn_on(result: Result, linear: LinearModel) -> None:
    axes = figure_of(plots.plot_run(result)).axes
    assert plots.plot_voltages(result, "pcc", ax=axes[0]) is axes[0]
    assert plots.plot_column(result, "dc_voltage", "unit", ax=axes[1]) is axes[1]
    assert plots.plot_modes(linear, axes[2]) is axes[2]


def test_no_plot_changes_global_settings(result: Result, linear: LinearModel) -> None:
    before = dict(mpl.rcParams)
    plots.to_png(plots.plot_run(result))
    plots.plot_modes(linear)
    assert dict(mpl.rcParams) == before


def test_every_name_of_the_package_is_there() -> None:
    assert all(getattr(gf, name) is not None for name in gf.__all__)
    assert set(gf.__all__) <= set(dir(gf))
    with pytest.raises(AttributeError, match="no attribute 'Droope'"):
        gf.Droope  # noqa: B018
