"""Plots of a turbine: labelled with units, nothing clipped, the same bytes each time, odd results drawn as well."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import turbine
from turbine import plots
from turbine.compare import compare
from turbine.energy import rayleigh
from turbine.plots.run import MODE_COLOURS, _thinned
from turbine.simulation import Result, Schedule
from turbine.steady import SteadyTable, steady_table
from turbine.wind import constant, eog, wind_class


@pytest.fixture(scope="module")
def result() -> Result:
    machine = turbine.load("nrel_5mw")
    wind = eog(12.0, wind_class("IB"), rotor_diameter=126.0, hub_height=90.0, duration=60.0, time_step=0.02, start=10.0)
    return turbine.simulate(machine, wind, time_step=0.02, schedule=Schedule(requests={40.0: "emergency"}))


@pytest.fixture(scope="module")
def steady() -> SteadyTable:
    return steady_table(turbine.load("nrel_5mw"), [2.0, 4.0, 8.0, 11.5, 12.0, 18.0, 25.0])


def figure_of(drawn: Axes | Figure) -> Figure:
    return drawn if isinstance(drawn, Figure) else cast("Figure", drawn.get_figure(root=True))


def check_figure(draw: Callable[[], Axes | Figure]) -> None:
    """Check that nothing reaches beyond the figure, and that drawing twice gives the same bytes."""
    figure, again = figure_of(draw()), figure_of(draw())
    first = plots.to_svg(figure)
    ET.fromstring(first)
    assert first == plots.to_svg(again)
    assert plots.to_png(figure) == plots.to_png(again)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01


def test_overview_has_every_panel_with_its_unit(result: Result) -> None:
    figure = plots.plot_overview(result)
    labels = [ax.get_ylabel().replace("\n", " ") for ax in figure.axes]
    assert labels == [
        "wind [m/s]",
        "rotor speed [rpm]",
        "pitch angle [deg]",
        "electrical power [MW]",
        "thrust [kN]",
        "fore-aft moment [MN m]",
        "side-side moment [MN m]",
        "shaft torque [kN m]",
    ]
    assert figure.axes[-1].get_xlabel() == "time [s]"
    line = figure.axes[3].lines[0]
    assert np.max(line.get_ydata()) == pytest.approx(result["electrical_power"].max() / 1e6)
    check_figure(lambda: plots.plot_overview(result))


def test_modes_other_than_production_are_shaded_and_named(result: Result) -> None:
    ax = plots.plot_channel(result, "rotor_speed")
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["emergency"]
    colour = mpl.colors.to_rgba(MODE_COLOURS["emergency"])
    spans = [patch for patch in ax.patches if patch.get_facecolor() == colour]
    box = spans[0].get_extents().transformed(ax.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((40.0, 60.0), abs=0.1)
    check_figure(lambda: plots.plot_channel(result, "rotor_speed"))


def test_production_alone_is_not_shaded() -> None:
    run = turbine.simulate(turbine.load("nrel_5mw"), constant(8.0, duration=1.0, time_step=0.1))
    figure = plots.plot_overview(run)
    assert all(ax.get_legend() is None and not ax.patches for ax in figure.axes)
    check_figure(lambda: plots.plot_overview(run))


@pytest.mark.parametrize("options", [{"tower": False}, {"drive_train": "rigid"}])
def test_a_simpler_machine_is_drawn_too(options: dict[str, Any]) -> None:
    run = turbine.simulate(turbine.load("nrel_5mw"), constant(8.0, duration=0.5, time_step=0.1), **options)
    check_figure(lambda: plots.plot_overview(run))
    check_figure(lambda: plots.plot_energy(run))


def test_one_sample_is_drawn_too() -> None:
    run = turbine.simulate(turbine.load("nrel_5mw"), constant(8.0, duration=0.01, time_step=0.01))
    check_figure(lambda: plots.plot_overview(run))
    check_figure(lambda: plots.plot_energy(run))


def test_channels_share_axes_and_are_named(result: Result) -> None:
    given = figure_of(plots.plot_channel(result, "thrust")).axes[0]
    ax = plots.plot_channel(result, "wind_speed", "wind_estimate", ax=given)
    assert ax is given
    assert {"wind speed", "wind estimate"} <= {text.get_text() for text in ax.texts}


def test_thinning_keeps_every_extreme() -> None:
    rng = np.random.default_rng(1)
    time = np.linspace(0.0, 1000.0, 100_003)
    values = rng.normal(size=100_003)
    values[54_321] = 99.0
    short, drawn = _thinned(time, values)
    assert short.size < 4000
    assert np.all(np.diff(short) > 0.0)
    assert (drawn.min(), drawn.max()) == (values.min(), values.max())
    assert (short[0], short[-1]) == (time[0], time[-1])


def test_energy_bars_add_up(result: Result) -> None:
    ax = plots.plot_energy(result)
    widths = [patch.get_width() for patch in ax.patches]  # type: ignore[attr-defined]
    assert len(widths) == 8
    assert widths[0] == pytest.approx(result.energy.wind / 3.6e6)
    assert sum(widths[1:]) == pytest.approx(widths[0], rel=1e-9)
    assert ax.get_xlabel() == "energy of the run [kWh]"
    check_figure(lambda: plots.plot_energy(result))


def test_steady_operation_leaves_out_what_did_not_settle(steady: SteadyTable) -> None:
    assert 2.0 in steady.unsettled
    figure = plots.plot_steady(steady, "NREL 5 MW")
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "electrical power [MW]",
        "rotor speed [rpm]",
        "pitch angle [deg]",
        "thrust [kN]",
    ]
    assert any("kN at 11.5 m/s" in text.get_text() for text in figure.axes[3].texts)
    check_figure(lambda: plots.plot_steady(steady, "NREL 5 MW"))


@pytest.mark.parametrize("name", ["iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw"])
def test_cp_surface_names_levels_path_and_optimum(name: str) -> None:
    machine = turbine.load(name)
    ax = plots.plot_cp_surface(machine)
    texts = [text.get_text() for text in ax.texts]
    assert {"0.1", "0.2", "0.3", "0.4"} <= set(texts)  # multiples of 0.1, which the lines are at
    best = machine.require_surface().optimum()
    assert f"best: {best.cp:.3f} at {best.tip_speed_ratio:.1f}, {math.degrees(best.pitch):.1f} deg" in texts
    assert "below zero:\nthe rotor drives the air" in texts
    assert sum(text.endswith("m/s") for text in texts) > 4
    assert ax.get_ylabel() == "pitch angle [deg]"
    check_figure(lambda: plots.plot_cp_surface(machine))


def test_cp_surface_follows_the_path_given(steady: SteadyTable) -> None:
    ax = plots.plot_cp_surface(turbine.load("nrel_5mw"), path=steady.columns)
    path = max(ax.lines, key=lambda line: np.size(line.get_xdata()))
    x, y = (np.asarray(values, np.float64) for values in path.get_data())
    np.testing.assert_array_equal(x, steady["tip_speed_ratio"][steady.settled])
    np.testing.assert_allclose(y, np.degrees(steady["pitch_angle"][steady.settled]))


def test_comparison_shows_both() -> None:
    machines = turbine.load("nrel_5mw"), turbine.load("iea_15mw")
    found = compare(*machines, wind_distribution=rayleigh(8.5), wind_speed=[4.0, 8.0, 12.0, 16.0, 24.0])
    figure = plots.plot_comparison(found)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["nrel_5mw", "iea_15mw"]
    assert figure.get_suptitle() == "nrel_5mw and iea_15mw: steady operation and energy of a year"
    check_figure(lambda: plots.plot_comparison(found))
    bars = plots.plot_energy_difference(found).patches
    heights = sum(bar.get_height() for bar in bars)  # type: ignore[attr-defined]
    assert heights == pytest.approx((found.curves.other_mwh - found.curves.base_mwh) / 1e3)


def test_no_plot_changes_global_settings(result: Result) -> None:
    before = dict(mpl.rcParams)
    plots.to_svg(plots.plot_overview(result))
    plots.plot_cp_surface(turbine.load("nrel_5mw"))
    assert dict(mpl.rcParams) == before
