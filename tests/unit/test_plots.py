"""Plots: every one draws full, empty and missing data, in one style, and the same data give the same bytes."""

from __future__ import annotations

import io
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fleet import plots
from fleet.config import Turbine
from fleet.plots.curves import shown_curves
from fleet.plots.energy import waterfall
from fleet.plots.heat import few_records
from fleet.plots.site import local_km
from fleet.plots.style import label, months
from fleet.report.farm_bars import farm_bars
from fleet.results import FleetResults
from tests.report_fixture import synthetic_results
from turbine.plot_style import styled, svg_bytes


@pytest.fixture
def farms() -> pd.DataFrame:
    """Three farms: one whose availability is too high, one without any figure."""
    return pd.DataFrame(
        {
            "farm": ["a", "b", "c"],
            "capacity_factor": [0.3, 0.25, np.nan],
            "availability_time": [0.8, 0.9, np.nan],
            "coverage": [0.8, 1.0, np.nan],
            "availability_note": ["too high", "", "too high"],
        }
    )


def test_bars_of_farms_mark_the_availability_that_is_too_high(farms: pd.DataFrame) -> None:
    capacity, availability, coverage = plots.plot_farm_bars(farms).axes
    assert [text.get_text().strip() for text in availability.texts] == ["80.0*", "90.0", "n/d"]
    assert [text.get_text().strip() for text in coverage.texts] == ["80.0", "100.0", "n/d"]
    assert [text.get_text().strip() for text in capacity.texts] == ["30.0", "25.0", "n/d"]


def test_bars_of_farms_leave_out_what_no_farm_has(farms: pd.DataFrame) -> None:
    drawn = farms.assign(capacity_factor=np.nan)
    assert [ax.get_title(loc="left") for ax in plots.plot_farm_bars(drawn).axes] == [
        "time-based availability",
        "coverage",
    ]
    (figure,) = farm_bars(drawn)
    assert figure.caption == "Of each farm: time-based availability, coverage. *: too high, the table says why."
    assert farm_bars(drawn.assign(availability_time=np.nan, coverage=np.nan)) == ()


@pytest.mark.parametrize("own", [{}, {"savefig_dpi": "figure"}])
def test_svg_is_what_matplotlib_writes(small: FleetResults, own: dict[str, Any]) -> None:
    made = []
    for _ in range(2):
        with styled(**own):
            made.append(figure_of(plots.plot_losses(small.energy.losses)))  # type: ignore[union-attr]
    buffer = io.BytesIO()
    with styled(**own):
        made[0].savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        assert svg_bytes(made[1]) == buffer.getvalue()
    assert (made[1].dpi, made[1].canvas.figure) == (100.0, made[1])


PLOTS: dict[str, Callable[[Any], Axes | Figure]] = {
    "power curves": lambda r: plots.plot_power_curves(r.curves),
    "power curve": lambda r: plots.plot_power_curve(r.curves, "T01"),
    "fleet curves": lambda r: plots.plot_fleet_curves(r.curves),
    "ranking": lambda r: plots.plot_ranking(r.curves.ranking),
    "energy months": lambda r: plots.plot_energy_months(r.energy.monthly),
    "availability months": lambda r: plots.plot_availability_months(r.availability.monthly),
    "coverage": lambda r: plots.plot_coverage(r.quality.coverage),
    "categories": lambda r: plots.plot_categories(r.availability.categories),
    "stops": lambda r: plots.plot_stops(r.availability.stops),
    "wind rose": lambda r: plots.plot_wind_rose(r.wind.rose),
    "wind distribution": lambda r: plots.plot_wind_distribution(r.wind.rose, r.wind.stats),
    "losses": lambda r: plots.plot_losses(r.energy.losses),
    "reconciliation": lambda r: plots.plot_reconciliation(r.energy.reconciliation),
    "map": lambda r: plots.plot_map(r.farm.turbines, {"T01": 1.0, "T02": math.nan}),
    "accounting": lambda r: plots.plot_accounting(r.quality.accounting),
    "alarms": lambda r: plots.plot_alarms(r.alarms.fleet),
    "drift": lambda r: plots.plot_drift_months(r.sensors.drift, "m/s", 0.25),
    "north": lambda r: plots.plot_north(r.sensors.north, 8.0),
    "yaw": lambda r: plots.plot_yaw(r.sensors.yaw, 3.0),
    "clock": lambda r: plots.plot_clock(r.clock.reanalysis_lag),
}


def figure_of(drawn: Axes | Figure) -> Figure:
    if isinstance(drawn, Figure):
        return drawn
    owner = drawn.get_figure(root=True)
    assert owner is not None
    return owner


def emptied(results: FleetResults) -> FleetResults:
    """Return the results with every table empty."""

    def empty(part: Any) -> Any:
        tables = {name: value.iloc[:0] for name, value in vars(part).items() if isinstance(value, pd.DataFrame)}
        return replace(part, **tables)

    names = ("clock", "quality", "curves", "availability", "alarms", "energy", "wind", "sensors")
    return replace(results, **{name: empty(getattr(results, name)) for name in names})


def blanked(results: FleetResults) -> FleetResults:
    """Return the results with every float missing."""

    def blank(part: Any) -> Any:
        tables = {}
        for name, value in vars(part).items():
            if isinstance(value, pd.DataFrame) and name != "scatter":  # its figures are cell edges
                keep = ("bin_low", "sector_deg", "lag_min", "wind_speed", "wind_speed_avg", "hours")
                floats = [c for c in value.select_dtypes("float64").columns if c not in keep]
                tables[name] = value.assign(**dict.fromkeys(floats, np.nan))
        return replace(part, **tables)

    names = ("clock", "curves", "availability", "alarms", "energy", "wind", "sensors")
    return replace(results, **{name: blank(getattr(results, name)) for name in names})


@pytest.fixture(scope="module")
def small() -> FleetResults:
    return synthetic_results(3, 2)


@pytest.mark.parametrize("name", PLOTS)
def test_plot_is_well_formed_svg_of_the_same_bytes_twice(name: str, small: FleetResults) -> None:
    first, second = (plots.to_svg(figure_of(PLOTS[name](small))) for _ in range(2))
    assert first == second
    root = ET.fromstring(first)
    assert root.tag.endswith("svg")
    assert b"<dc:date>" not in first


@pytest.mark.parametrize("name", PLOTS)
def test_plot_of_empty_tables_says_so_instead_of_failing(name: str, small: FleetResults) -> None:
    figure = figure_of(PLOTS[name](emptied(small)))
    assert plots.to_svg(figure).startswith(b"<?xml")


@pytest.mark.parametrize("name", PLOTS)
def test_plot_of_missing_figures_does_not_fail(name: str, small: FleetResults) -> None:
    figure = figure_of(PLOTS[name](blanked(small)))
    assert plots.to_svg(figure).startswith(b"<?xml")


def test_plots_do_not_depend_on_the_callers_settings_nor_change_them(small: FleetResults) -> None:
    usual = plots.to_svg(figure_of(plots.plot_ranking(small.curves.ranking)))  # type: ignore[union-attr]
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": "another"}):
        other = plots.to_svg(figure_of(plots.plot_ranking(small.curves.ranking)))  # type: ignore[union-attr]
        assert mpl.rcParams["font.size"] == 20
    assert usual == other


def test_plot_draws_on_the_axes_it_is_given(small: FleetResults) -> None:
    ax = Figure().add_subplot()
    assert small.energy is not None
    assert plots.plot_losses(small.energy.losses, ax) is ax
    assert len(ax.patches) == 5


def test_hundred_turbines_fit_a_page_and_the_figure_says_what_is_left_out() -> None:
    results = synthetic_results(100, 2)
    assert results.curves is not None
    assert results.availability is not None
    for drawn in (
        plots.plot_power_curves(results.curves),
        plots.plot_ranking(results.curves.ranking),
        plots.plot_stops(results.availability.stops),
        plots.plot_availability_months(results.availability.monthly),
    ):
        assert figure_of(drawn).get_figheight() <= 9.7
    text = plots.plot_power_curves(results.curves).get_supxlabel()
    assert "88 others left out" in text
    assert len(shown_curves(results.curves)) == 12
    assert "40 turbines" in plots.plot_ranking(results.curves.ranking).get_title(loc="left")
    assert "70 others" in plots.plot_stops(results.availability.stops).get_title(loc="left")


def test_drifts_and_norths_of_many_turbines_are_capped_and_the_figure_says_so() -> None:
    sensors = synthetic_results(100, 3).sensors
    assert sensors is not None
    drawn = plots.plot_drift_months(sensors.drift, "m/s", 0.25)
    assert "40 others left out" in drawn.get_title(loc="left")
    assert len(drawn.get_yticklabels()) == 60
    assert drawn.get_yticklabels()[0].get_text() == "T01"  # the one that drifts
    panel = plots.plot_north(sensors.north, 8.0).axes[0]
    assert [text.get_text() for text in panel.texts].count("T01") == 1
    assert len(panel.texts) == 5
    assert len(panel.patches) < 10  # five lines, the band of the others and that of the limit


def test_pareto_draws_shares_and_their_cumulative_line(small: FleetResults) -> None:
    assert small.alarms is not None
    stops, warnings = plots.plot_alarms(small.alarms.fleet).axes
    assert [patch.get_width() for patch in stops.patches] == pytest.approx([50.0, 25.0, 12.5, 12.5])
    assert stops.lines[0].get_xdata() == pytest.approx([50.0, 75.0, 87.5, 100.0])
    assert [patch.get_width() for patch in warnings.patches] == pytest.approx([75.0, 25.0])
    assert "by events" in warnings.get_title(loc="left")


def test_panels_beyond_the_cap_are_the_lowest_against_the_fleet() -> None:
    curves = synthetic_results(20, 1).curves
    assert curves is not None
    lowest = set(curves.ranking.sort_values("index")["turbine"].head(12))
    assert set(shown_curves(curves)) == lowest


def test_map_distances_against_the_great_circle() -> None:
    a, b = (50.0, 8.0), (50.02, 8.03)
    turbines = [Turbine(name=n, rated_power_kw=1, latitude=p[0], longitude=p[1]) for n, p in (("a", a), ("b", b))]
    place = local_km([*turbines, Turbine(name="c", rated_power_kw=1)])
    assert place["turbine"].tolist() == ["a", "b"]
    found = math.hypot(*(place[c].iloc[1] - place[c].iloc[0] for c in ("east", "north")))
    (p1, l1), (p2, l2) = (tuple(map(math.radians, p)) for p in (a, b))
    angle = math.acos(math.sin(p1) * math.sin(p2) + math.cos(p1) * math.cos(p2) * math.cos(l2 - l1))
    assert found == pytest.approx(6371.0088 * angle, rel=1e-4)


def test_waterfall_steps_meet_and_end_at_the_measured_energy() -> None:
    losses = pd.DataFrame(
        {
            "turbine": "fleet",
            "step": ["potential", "outage", "gain", "residual", "measured"],
            "energy_mwh": [100.0, -8.0, 3.0, -5.0, 90.0],
        }
    )
    steps = waterfall(losses)
    assert steps["low"].tolist() == [0.0, 92.0, 92.0, 90.0, 0.0]
    assert steps["high"].tolist() == [100.0, 100.0, 95.0, 95.0, 90.0]


def test_waterfall_of_the_fleet_is_the_turbines_sum_where_no_fleet_is_given() -> None:
    losses = pd.DataFrame(
        {"turbine": ["a", "a", "b", "b"], "step": ["potential", "measured"] * 2, "energy_mwh": [5.0, 4.0, 7.0, 6.0]}
    )
    assert waterfall(losses)["energy_mwh"].tolist() == [12.0, 10.0]


def test_months_without_data_keep_their_place() -> None:
    assert months(pd.DataFrame({"month": ["2020-03", "2019-12"]})) == ["2019-12", "2020-01", "2020-02", "2020-03"]


def test_names_are_drawn_as_they_are() -> None:
    assert label("T$1$\n2") == "T$1$\ufffd2"
    assert len(label("x" * 100)) == 24
    ranking = pd.DataFrame({"turbine": ["$\\frac{$"], "index": [1.0], "u_index": [0.1], "rank": [1]})
    drawn = plots.plot_ranking(ranking)
    assert plots.to_svg(figure_of(drawn))
    assert drawn.get_yticklabels()[0].get_text() == "$\\frac{$"


def _norm(ax: Any) -> tuple[float, float]:
    mesh = ax.collections[0]
    return mesh.norm.vmin, mesh.norm.vmax


def test_both_availability_maps_have_the_same_scale() -> None:
    monthly = pd.DataFrame(
        {
            "turbine": ["a", "b", "c"],
            "month": "2020-01",
            "time_based": [0.99, 0.95, 1.0],
            "production_based": [0.62, 0.95, 1.0],
        }
    )
    maps = [plots.plot_availability_months(monthly, column=name) for name in ("time_based", "production_based")]
    assert [_norm(ax) for ax in maps] == [(60.0, 100.0)] * 2


def test_month_map_of_one_turbine_is_small_and_has_no_colour_bar() -> None:
    small, large = (
        figure_of(plots.plot_energy_months(synthetic_results(number, 1).energy.monthly))  # type: ignore[union-attr]
        for number in (1, 3)
    )
    assert len(small.axes) == 1
    assert len(large.axes) == 2
    assert small.get_figwidth() < 2.0
    assert small.get_figheight() < 1.0


def test_scale_of_the_wind_rose_stands_above_and_between_the_sectors() -> None:
    rose = pd.DataFrame(
        {
            "turbine": "fleet",
            "sector_deg": np.arange(0.0, 360.0, 30.0),
            "bin_low": 5.0,
            "n": [9, 9, 9, 9, 2, 1, 9, 9, 9, 9, 9, 9],
        }
    )
    ax = plots.plot_wind_rose(rose)
    scale = [text for text in ax.texts if text.get_text().endswith(" %")]
    assert scale
    assert all(math.degrees(text.get_position()[0]) == pytest.approx(135.0) for text in scale)
    highest = max(patch.get_zorder() for patch in ax.patches)
    assert all(text.get_zorder() > highest for text in scale)
    assert not any(label.get_text() for label in ax.get_yticklabels())


def test_accounting_leaves_out_what_was_not_selected() -> None:
    rows = {"used": 90, "empty": 10, "not_selected": 900}
    table = pd.DataFrame([{"turbine": "a", "use": "energy", "reason": r, "rows": n} for r, n in rows.items()])
    ax = plots.plot_accounting(table, "energy")
    assert [patch.get_window_extent().width > 0 for patch in ax.patches] == [True]
    assert ax.texts[0].get_text() == " 90.00 % of 100 used"


def test_clock_draws_stamps_as_written_and_as_corrected() -> None:
    lag = pd.DataFrame(
        {"season": ["standard time"] * 2, "lag_min": [48.0, -12.0], "correlation": 0.8, "u_lag_min": 9.0}
    )
    lag["stamps"] = ["as written", "corrected"]
    named = [tick.get_text() for tick in plots.plot_clock(lag).get_yticklabels()]
    assert named == ["as written, standard time", "corrected, standard time"]
    alone = plots.plot_clock(lag[["season", "lag_min", "correlation", "u_lag_min"]].head(1))
    assert [tick.get_text() for tick in alone.get_yticklabels()] == ["standard time"]


class TestFewRecords:
    """Months in which less than a tenth of the calendar month's records is there, by hand."""

    #: coverage of the analysed part: whole; 9 %; 11 %; none
    MONTHS = pd.DataFrame(
        {
            "turbine": "T01",
            "month": ["2020-01", "2020-02", "2020-03", "2020-04"],
            "coverage": [1.0, 0.09, 0.11, np.nan],
            "energy_mwh": [300.0, 20.0, 40.0, np.nan],
        }
    )

    def test_without_a_period_every_month_counts_in_whole(self) -> None:
        assert few_records(self.MONTHS).tolist() == [False, True, False, True]

    def test_a_period_that_begins_late_leaves_little_of_its_first_month(self) -> None:
        """From 29 January: 3 of 31 days are 9.7 %; from 28 January: 4 of 31 are 12.9 %."""
        end = pd.Timestamp("2020-05-01", tz="UTC")
        for day, few in ((29, True), (28, False)):
            found = few_records(self.MONTHS, (pd.Timestamp(f"2020-01-{day}", tz="UTC"), end))
            assert found.tolist() == [few, True, False, True]

    def test_their_cells_are_hatched_with_a_legend_but_not_those_without_a_figure(self) -> None:
        ax = plots.plot_energy_months(self.MONTHS)
        hatched = [found for found in ax.collections if found.get_hatch()]
        assert [len(found.get_paths()) for found in hatched] == [1]
        assert hatched[0].get_paths()[0].get_extents().x0 == 1.0
        legend = ax.get_legend()
        assert legend is not None
        assert legend.get_texts()[0].get_text() == "few records (< 10 %)"

    def test_a_map_of_full_months_has_no_legend(self) -> None:
        ax = plots.plot_energy_months(self.MONTHS.iloc[[0, 2]])
        assert ax.get_legend() is None
        assert not [found for found in ax.collections if found.get_hatch()]
