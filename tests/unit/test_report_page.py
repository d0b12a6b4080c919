"""What the page says and how it is set: evidence, selection, version, reasons said once, cards and hints on a phone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fleet.aep import HEADLINE_WIND_SPEED
from fleet.report import headline, write_report
from fleet.report.blocks import Col, Figure, List, Table, Text, table
from fleet.report.headline import HEADLINE_COLUMNS, in_order
from fleet.report.sections import section
from fleet.results import FleetResults
from fleet.schema import FLEET
from tests.farms import farm_rows, run_cli, write_generic
from tests.report_fixture import inferred_too_high, logs_only, synthetic_results

BREAKS = ("123456 123456", "123456\u00a0123456", "123456\u202f123456")


def blocks_of(results: FleetResults, name: str) -> list[Text | List | Table | Figure]:
    return list(section(results, name).blocks)


def tables(results: FleetResults, name: str) -> list[Table]:
    return [block for block in blocks_of(results, name) if isinstance(block, Table)]


def column(made: Table, title: str) -> list[str]:
    return [row[made.titles.index(title)] for row in made.rows]


def with_availability(results: FleetResults, **changes: Any) -> FleetResults:
    assert results.availability is not None
    return replace(results, availability=replace(results.availability, **changes))


def not_selected(results: FleetResults, rows: int) -> FleetResults:
    """Return the results of a run that was asked for a part of the rows only."""
    assert results.quality is not None
    uses = results.quality.accounting["use"].unique()
    more = pd.DataFrame([{"turbine": "T01", "use": use, "reason": "not_selected", "rows": rows} for use in uses])
    counts = results.quality.rows.copy()
    counts.loc[counts["turbine"] == "T01", "rows_in"] += rows
    accounting = pd.concat([results.quality.accounting, more], ignore_index=True)
    return replace(results, quality=replace(results.quality, accounting=accounting, rows=counts))


@pytest.fixture(scope="module")
def results() -> FleetResults:
    return synthetic_results(2, 2)


class TestHeadline:
    def test_evidence_and_unallocated_hours_stand_beside_the_availability(self, results: FleetResults) -> None:
        found = headline(results)
        assert tuple(found.columns) == ("turbine", *HEADLINE_COLUMNS[1:])
        assert found["evidence"].tolist() == ["status log"] * 3
        assert found["unallocated_h"].tolist() == [8.0] * 3
        (made,) = tables(results, "headline")
        assert column(made, "unallocated [h]") == ["8.0"] * 3
        assert made.note.startswith("Evidence of the availability: status log.")

    def test_mixed_evidence_is_a_column(self, results: FleetResults) -> None:
        assert results.availability is not None
        mixed = results.availability.table.copy()
        mixed.loc[mixed["turbine"] != "T01", "evidence"] = "inferred"
        (made,) = tables(with_availability(results, table=mixed), "headline")
        assert column(made, "evidence of the availability") == ["status log", "inferred", "inferred"]

    def test_an_availability_that_is_known_to_be_too_high_is_marked_with_the_reason(
        self, results: FleetResults
    ) -> None:
        assert results.availability is not None
        assert results.quality is not None
        rows = [("T01", "publisher", 0), ("T02", "publisher", 250), ("T02", "frozen", 9)]
        quality = replace(results.quality, flags=pd.DataFrame(rows, columns=["turbine", "flag", "rows"]))
        inferred = results.availability.table.assign(evidence="inferred")
        changed = replace(with_availability(results, table=inferred), quality=quality)
        assert (headline(changed)["availability_note"] != "").tolist() == [False, True, True]
        (made,) = tables(changed, "headline")
        assert column(made, "availability, time-based [%]") == ["97.000", "97.000*", "97.000*"]
        assert "* Too high, inferred without 250 rows that the publisher's rules call unknown" in made.note
        # A log knows the standstills.
        logged = replace(results, quality=quality)
        assert (headline(logged)["availability_note"] == "").all()
        assert "*" not in tables(logged, "headline")[0].note

    def test_the_section_on_availability_marks_what_the_headline_marks(self, results: FleetResults) -> None:
        high = inferred_too_high(results)
        assert high.availability is not None
        operator = pd.DataFrame(
            {
                "turbine": ["T01", "T02", FLEET],
                "figure": "IEC",
                "operator_time_based": 0.96,
                "time_based": 0.97,
                "difference": -0.01,
                "coverage": 1.0,
            }
        )
        made = tables(replace(high, availability=replace(high.availability, operator=operator)), "availability")
        views = [one for one in made if "time-based [%]" in one.titles]
        assert len(views) == 2
        for view in views:
            assert [cell.endswith("*") for cell in column(view, "time-based [%]")] == [True, False, True]
            assert "* Too high, inferred without 250 rows" in view.note
        (beside,) = (one for one in made if "the operator's [%]" in one.titles)
        assert column(beside, "ours, operational view [%]") == ["97.000*", "97.000", "97.000*"]
        assert column(beside, "the operator's [%]") == ["96.000"] * 3
        assert "* Too high, inferred without 250 rows" in beside.note

    def test_rows_that_were_not_asked_for_are_no_rejections(self, results: FleetResults) -> None:
        found = headline(not_selected(results, 1000))[["rows_in", "rows_not_selected", "rows_rejected"]]
        assert found.to_numpy().tolist() == [[27208, 1000, 150], [26208, 0, 150], [53416, 1000, 300]]
        (made,) = tables(not_selected(results, 1000), "headline")
        assert column(made, "rows not selected") == ["1,000", "0", "1,000"]
        assert "rows not selected" not in tables(results, "headline")[0].titles

    def test_no_word_on_figures_that_are_not_there(self) -> None:
        (made,) = tables(logs_only(), "headline")
        assert "AEP" not in made.note
        assert "Rows" not in made.note
        assert "Coverage" in made.note


def test_rows_stand_in_the_order_of_the_turbines_the_fleet_last() -> None:
    frame = pd.DataFrame({"turbine": ["1", "10", "2", FLEET, "new 10", "new 9", "10"], "n": range(7)})
    assert in_order(frame, ["2", "1", "10", "absent"])["n"].tolist() == [2, 0, 1, 6, 5, 4, 3]


def test_sections_of_the_meter_say_why_they_are_empty(results: FleetResults) -> None:
    assert results.energy is not None
    none = results.energy.publisher.iloc[:0]
    bare = replace(results.energy, publisher=none, reconciliation=results.energy.reconciliation.iloc[:0], compared="")
    for energy, name, reason in (
        (bare, "reconciliation", "There is no plant meter in this folder."),
        (bare, "publisher", "There is no plant meter in this folder."),
        (
            replace(results.energy, publisher=none, compared="All."),
            "publisher",
            "The plant meter's file holds no losses.",
        ),
    ):
        assert section(replace(results, energy=energy), name).absent == reason


def test_hours_that_no_category_holds_are_said(results: FleetResults) -> None:
    """A table of 100 h in the one category of two turbines."""
    assert results.availability is not None
    whole = 2 * (results.end - results.start) / pd.Timedelta(hours=1)
    row = results.availability.categories.iloc[:1].assign(turbine="T01", hours=100.0)
    for hours, said in ((100.0, f"{whole - 100.0:,.1f} h of {whole:,.1f} h are in no category"), (whole, "")):
        (made,) = tables(with_availability(results, categories=row.assign(hours=hours)), "availability")[-1:]
        assert made.caption == "Hours by category, all turbines"
        assert said in made.note
        assert ("in no category" in made.note) == bool(said)


def test_an_incomplete_annual_energy_is_marked(results: FleetResults) -> None:
    assert results.curves is not None
    aep = results.curves.aep.assign(incomplete=results.curves.aep["turbine"] == "T01")
    marked = replace(results, curves=replace(results.curves, aep=aep))
    (made,) = tables(marked, "headline")
    cells = column(made, f"AEP at {HEADLINE_WIND_SPEED:g} m/s [MWh]")
    assert [cell.endswith("*") for cell in cells] == [True, False, False]
    assert "AEP with *: incomplete" in made.note
    assert headline(marked)["aep_incomplete"].tolist() == [True, False, False]


def test_accounting_holds_what_was_not_selected_apart(results: FleetResults) -> None:
    made = next(found for found in tables(not_selected(results, 1000), "quality") if "energy" in found.caption)
    assert column(made, "rows in") == ["27,208", "26,208", "53,416"]
    assert column(made, "not selected") == ["1,000", "0", "1,000"]
    assert column(made, "rejected") == ["150", "150", "300"]
    assert column(made, made.titles[-1]) == ["0"] * 3
    assert "not selected" in made.titles[-1]
    assert "not selected" not in tables(results, "quality")[0].titles


@pytest.mark.usefixtures("_no_figures")
def test_command_with_a_period_counts_against_the_rows_asked_for(tmp_path: Path) -> None:
    rows = farm_rows(2, 1.0, seed=5)
    rows.loc[[3, 60], "power"] = ""  # of T1: one before and one in the period asked for
    farm = write_generic(tmp_path / "farm", rows)
    done = run_cli("report", str(farm), "--out", str(tmp_path / "out"), "--quiet", "--from", "2015-03-01T06:00")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"rows not\s+rows\s*\n.*selected rejected", done.out)
    found = json.loads((tmp_path / "out" / "summary.json").read_text())["turbines"]
    assert found["fleet"]["rows_in_count"] == 288
    assert found["fleet"]["rows_not_selected_count"] == 72
    assert found["fleet"]["rows_rejected_count"] == 1
    assert found["fleet"]["availability_evidence"] == "inferred"
    assert max(map(len, done.out.split("warning:")[0].split("note:")[0].splitlines()[:4])) < 160


@pytest.fixture
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet.report.sections.sections", lambda results: [])


def test_page_and_summary_name_the_version(tmp_path: Path, results: FleetResults) -> None:
    page = write_report(results, tmp_path / "out")
    assert f"Made with windform {version('windform')}." in page.read_text(encoding="utf-8")
    assert json.loads((page.parent / "summary.json").read_text())["windform_version"] == version("windform")


class TestReasons:
    def texts(self, results: FleetResults, notes: dict[str, str]) -> str:
        assert results.availability is not None
        frame = results.availability.table.copy()
        technical = frame["view"] == "technical"
        frame.loc[technical, ["time_based", "production_based"]] = np.nan
        frame.loc[technical, "note"] = frame.loc[technical, "turbine"].map(notes)
        said: list[str] = []
        for block in blocks_of(with_availability(results, table=frame), "availability"):
            said += [block.text] if isinstance(block, Text) else block.items if isinstance(block, List) else []
        return "\n".join(said)

    def test_what_holds_for_all_is_one_sentence(self, results: FleetResults) -> None:
        notes = {name: "no log; not declared" for name in ("T01", "T02", "fleet")}
        said = self.texts(results, notes)
        assert "the manufacturer's share: not determinable: no log; not declared." in said
        assert said.count("no log") == 1

    def test_what_holds_for_some_names_them_and_stands_once(self, results: FleetResults) -> None:
        notes = {"T01": "no log", "T02": "no log; not declared", "fleet": "no log; no log; not declared"}
        said = self.texts(results, notes)
        assert "No log." in said
        assert "T02: not declared." in said
        assert said.lower().count("no log") == 1
        assert said.count("not declared") == 1

    def test_notes_on_figures_stand_below_the_table(self, results: FleetResults) -> None:
        assert results.availability is not None
        frame = results.availability.table.copy()
        own = {"T01": "declared", "T02": "declared; log not used", "fleet": "2 of 3 turbines"}
        frame["note"] = frame["turbine"].map(own)
        blocks = blocks_of(with_availability(results, table=frame[frame["view"] == "operational"]), "availability")
        place = next(i for i, block in enumerate(blocks) if isinstance(block, Table))
        notes = blocks[place + 1]
        assert isinstance(notes, List)
        assert notes.items == ("Declared.", "T02: log not used.", "fleet: 2 of 3 turbines.")


class TestReliability:
    def said(self, results: FleetResults) -> str:
        return "\n".join(block.text for block in blocks_of(results, "reliability") if isinstance(block, Text))

    def test_it_says_what_counts_as_a_failure(self, results: FleetResults) -> None:
        said = self.said(results)
        assert "A failure is an uninterrupted time of forced outage (IANOFO)" in said
        assert "technical standby (self-tests, lubrication, untwisting of cables)" in said
        assert "brief stops without alarm" not in tables(results, "reliability")[0].titles

    def test_brief_stops_stand_apart(self, results: FleetResults) -> None:
        assert results.availability is not None
        changed = with_availability(results, reliability=results.availability.reliability.assign(brief_stops=3))
        assert "Brief stops: no longer than a record and without any alarm." in self.said(changed)
        assert column(tables(changed, "reliability")[0], "brief stops without alarm") == ["3", "3", "3"]

    def test_without_any_figure_it_is_a_sentence_with_the_reason(self, results: FleetResults) -> None:
        assert results.availability is not None
        nothing = dict.fromkeys(("failures", "brief_stops", "operating_h", "repair_h", "mtbf_h", "mttr_h"), np.nan)
        rows = results.availability.reliability.assign(**nothing, note="not determinable without a status log")
        changed = with_availability(results, reliability=rows)
        assert tables(changed, "reliability") == []
        assert self.said(changed) == "Failures, MTBF and MTTR: not determinable without a status log."

    def test_failures_without_operating_hours_have_the_reason_of_the_missing_mtbf(self, results: FleetResults) -> None:
        assert results.availability is not None
        rows = results.availability.reliability.assign(operating_h=np.nan, mtbf_h=np.nan, note="coverage unknown")
        said = self.said(with_availability(results, reliability=rows))
        assert "MTBF not determinable: coverage unknown." in said


def test_partial_performance_in_losses_says_what_the_availability_counts_of_it(results: FleetResults) -> None:
    assert results.energy is not None
    assert "What partial performance consists of" not in [made.caption for made in tables(results, "losses")]
    kinds = [("in the category partial performance", 3.5, -1.4), ("never", 0.0, 0.0), ("below the curve", 55.8, -2.5)]
    frame = pd.DataFrame(kinds, columns=["kind", "hours", "energy_mwh"])
    made = tables(replace(results, energy=replace(results.energy, partial=frame)), "losses")[-1]
    assert column(made, "time") == ["in the category partial performance", "below the curve", "together"]
    assert column(made, "energy [MWh]") == ["\u22121.4", "\u22122.5", "\u22123.9"]
    assert "Availability counts the energy lost in the category partial performance only" in made.note
    hours = next(one for one in tables(results, "availability") if one.caption.startswith("Hours by category"))
    assert "Lost in partial performance: in the time that has this category." in hours.note


class TestSingleTurbine:
    def test_no_map_but_the_coordinates(self) -> None:
        blocks = blocks_of(synthetic_results(1, 1), "map")
        assert not [block for block in blocks if isinstance(block, Figure)]
        assert isinstance(blocks[0], Text)
        assert "No map of a single turbine" in blocks[0].text
        assert column(tables(synthetic_results(1, 1), "map")[0], "latitude [deg]") == ["50.0000"]
        assert any(isinstance(block, Figure) for block in blocks_of(synthetic_results(2, 1), "map"))

    def test_no_comparison_with_a_fleet_of_itself(self) -> None:
        drawn = [b.name for b in blocks_of(synthetic_results(1, 1), "power_curves") if isinstance(b, Figure)]
        assert drawn == ["power_curves"]


@pytest.mark.parametrize(
    ("columns", "rows", "cards", "wide"),
    [(2, 4, False, False), (9, 4, True, True), (9, 40, False, True), (2, 40, False, False)],
)
def test_short_wide_tables_become_cards_and_long_ones_scroll(columns: int, rows: int, cards: bool, wide: bool) -> None:
    frame = pd.DataFrame({"turbine": ["T01"] * rows, **{f"c{i}": [1234.5] * rows for i in range(1, columns)}})
    made = table(frame, [Col(str(name), str(name), "text" if name == "turbine" else "1") for name in frame], "x")
    assert (made.cards, "wide" in made.layout.split()) == (cards, wide)


def test_a_table_whose_first_column_fills_a_phone_becomes_cards() -> None:
    frame = pd.DataFrame({"key": ["availability.maintenance_allowance_h"] * 40, "meaning": ["long words " * 9] * 40})
    assert table(frame, [Col("key", "key"), Col("meaning", "meaning")], "x").cards


def test_a_text_breaks_at_plain_spaces_only() -> None:
    made = [table(pd.DataFrame({"a": ["x"], "b": [text]}), [Col("a", "a"), Col("b", "b")], "x") for text in BREAKS]
    assert made[0].width < made[1].width == made[2].width


@pytest.mark.parametrize(("points", "wide"), [("518.4", True), ("388.8", False)])
def test_figures_too_wide_for_a_phone_say_so(points: str, wide: bool) -> None:
    svg = f'<?xml version="1.0"?><svg height="100pt" viewBox="0 0 9 9" width="{points}pt"/>'.encode()
    assert Figure(name="f", caption="", svg=svg).wide is wide


def test_every_cell_of_a_card_is_labelled_by_its_column(tmp_path: Path, results: FleetResults) -> None:
    text = write_report(results, tmp_path / "out").read_text(encoding="utf-8")
    part = text[text.index('<section id="headline">') :]
    cells = re.findall(r'<td[^>]*data-label="([^"]*)"', part[: part.index("</table>")])
    (made,) = tables(results, "headline")
    assert cells == list(made.titles) * len(made.rows)


def test_lags_of_corrected_stamps_stand_beside_those_as_written(results: FleetResults) -> None:
    assert results.clock is not None
    lag = pd.DataFrame(
        {
            "stamps": ["as written"] * 2 + ["corrected"] * 2,
            "season": ["standard time", "daylight saving"] * 2,
            "lag_min": [48.0, 112.0, 48.0, 52.0],
            "correlation": 0.8,
            "u_lag_min": 10.0,
        }
    )
    both = replace(results, clock=replace(results.clock, reanalysis_lag=lag))
    made = next(found for found in tables(both, "clock") if "Lag" in found.caption)
    assert column(made, "stamps") == lag["stamps"].tolist()
    assert column(made, "ahead of the reanalysis [min]") == ["48.0", "112.0", "48.0", "52.0"]
    written = replace(results, clock=replace(results.clock, reanalysis_lag=lag.drop(columns="stamps").head(2)))
    figure = next(block for block in blocks_of(written, "clock") if isinstance(block, Figure))
    assert "corrected" not in figure.caption
    assert "corrected" in next(block for block in blocks_of(both, "clock") if isinstance(block, Figure)).caption
