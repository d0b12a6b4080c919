"""The report: complete, self-contained, escaped, the same bytes twice, and a folder that is never half written."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.config import Farm
from fleet.errors import OutputError
from fleet.report import headline, write_report
from fleet.report.blocks import Col, Figure, inline_svg, table
from fleet.report.formats import number, percent, quantity, sentence, stamp
from fleet.report.sections import SECTIONS, section_id
from fleet.report.settings import settings_table
from fleet.results import Finding, FleetResults
from tests.report_fixture import logs_only, synthetic_results

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Collects ids, links, tags and text of a page, and checks that its tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"tags left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href", "src"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a begin"
        assert self._open.pop() == tag, f"</{tag}> out of order"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def results() -> FleetResults:
    return synthetic_results(2, 2)


@pytest.fixture(scope="module")
def report(results: FleetResults, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(results, tmp_path_factory.mktemp("report") / "out").parent


@pytest.fixture(scope="module")
def logs_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(logs_only(), tmp_path_factory.mktemp("logs") / "out").parent


def test_page_holds_every_section_and_every_link_leads_somewhere(report: Path) -> None:
    page = Page((report / "index.html").read_text(encoding="utf-8"))
    assert [name for name in page.ids if name in SECTIONS] == list(SECTIONS)
    assert len(page.ids) == len(set(page.ids))
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids)
    assert set(SECTIONS) <= anchors


def test_page_needs_nothing_else_and_no_script(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.isdisjoint({"script", "link", "iframe", "object", "embed", "base", "form"})
    assert not [name for name in page.attributes if name.startswith("on")]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)
    assert not re.search(r"url\((?!#)|@import", text)


def test_page_stays_small_for_four_turbines(tmp_path: Path) -> None:
    page = write_report(synthetic_results(4, 24), tmp_path / "out")
    assert page.stat().st_size < 5_000_000


def test_findings_come_first_and_the_gravest_first(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    alarm, warning, note = (text.index(f'<li class="{severity}">') for severity in ("alarm", "warning", "note"))
    assert alarm < warning < note < text.index('id="headline"')


def test_same_results_give_the_same_bytes(results: FleetResults, report: Path, tmp_path: Path) -> None:
    again = write_report(results, tmp_path / "elsewhere").parent
    assert contents(again) == contents(report)


def test_nothing_of_the_machine_or_the_day_is_in_the_report(report: Path) -> None:
    for name, data in contents(report).items():
        assert str(report).encode() not in data, name
        assert str(pd.Timestamp.now().year).encode() + b"-" not in data, name


def test_every_section_without_data_says_why(logs_report: Path) -> None:
    text = (logs_report / "index.html").read_text(encoding="utf-8")
    parts = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', text, flags=re.DOTALL))
    for name in ("energy", "power_curves", "aep", "ranking", "wind", "losses", "quality", "clock", "coverage"):
        assert "No data: The folder holds status logs only" in parts[name], name
    assert "97.000" in parts["availability"]
    assert "<svg" in parts["stops"]


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the sections out where a test looks at the folder only."""
    monkeypatch.setattr("fleet.report.sections.sections", lambda results: [])


HOSTILE = '<script>alert("1")</script>--><img src=x onerror=y>&$x$'


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    results = synthetic_results(2, 1, names=(HOSTILE,))
    assert results.availability is not None
    stops = results.availability.stops.assign(message="</td></table><script>2</script>")
    results = replace(
        results,
        availability=replace(results.availability, stops=stops),
        farm=results.farm.model_copy(update={"name": "</title><script>3</script>"}),
        findings=(Finding(severity='"><script>4</script>', text="<b>5</b>", section='"><script>'),),
        absent={"map": "<i>6</i>"},
    )
    folder = write_report(results, tmp_path / "out").parent
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert page.tags.isdisjoint({"script", "img", "b", "i"})
    assert "onerror" not in page.attributes
    assert HOSTILE in "".join(page.words)
    for svg in (folder / "figures").iterdir():
        assert b"<script" not in svg.read_bytes()


def test_tables_hold_the_results_in_full(results: FleetResults, report: Path) -> None:
    assert results.availability is not None
    stops = pd.read_parquet(report / "tables" / "availability_stops.parquet")
    assert len(stops) == len(results.availability.stops)
    assert stops["lost_mwh"].tolist() == results.availability.stops["lost_mwh"].tolist()
    names = {path.stem for path in (report / "tables").iterdir()}
    assert {"headline", "sources", "curves_bins", "quality_accounting", "clock_table", "wind_rose"} <= names
    assert len(names) == 2 + 2 + 5 + 6 + 6 + 2 + 5 + 3 + 4


def test_summary_is_strict_json_with_sorted_keys_and_no_nan(logs_report: Path) -> None:
    text = (logs_report / "summary.json").read_text(encoding="utf-8")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    found = json.loads(text, parse_constant=refuse)
    assert found["kind"] == "windform fleet report"
    assert list(found) == sorted(found)
    assert found["turbines"]["T01"]["energy_mwh"] is None
    assert found["turbines"]["T01"]["operational_availability_time_based_fraction"] == pytest.approx(0.97)


def test_headline_adds_up_and_knows_what_it_does_not_know(results: FleetResults) -> None:
    table = headline(results).set_index("turbine")
    assert table.index.tolist() == ["T01", "T02", "fleet"]
    assert table.loc["fleet", "rows_in"] == 2 * 26208
    assert table.loc["fleet", "rows_rejected"] == 2 * 150
    assert table.loc["T01", "aep_mwh"] == pytest.approx(3640.0)
    assert table.loc["fleet", "aep_mwh"] == pytest.approx(910.0 * 4.0)
    assert headline(results, aep_wind_speed=5.0).set_index("turbine").loc["T01", "aep_mwh"] == pytest.approx(2730.0)
    bare = headline(logs_only()).set_index("turbine")
    assert bare["energy_mwh"].isna().all()
    assert bare.loc["T01", "rows_in"] is pd.NA
    assert bare.loc["T01", "availability_time"] == pytest.approx(0.97)


def test_accounting_in_the_page_shows_no_gap_and_a_gap_where_there_is_one(
    results: FleetResults, report: Path, tmp_path: Path
) -> None:
    def gaps(folder: Path) -> list[str]:
        text = (folder / "index.html").read_text(encoding="utf-8")
        part = text[text.index('<section id="quality">') : text.index('<section id="clock">')]
        tables = re.findall(r'<table aria-label="Rows for.*?</table>', part, flags=re.DOTALL)
        return [
            row[-1] for body in tables for row in re.findall(r"(?:<td[^>]*>([^<]*)</td>)</tr>", body) for row in [[row]]
        ]

    assert gaps(report) == ["0"] * 9
    assert results.quality is not None
    short = results.quality.rows.assign(rows_in=26209)
    broken = replace(results, quality=replace(results.quality, rows=short))
    assert set(gaps(write_report(broken, tmp_path / "out").parent)) == {"1", "2"}


@pytest.mark.usefixtures("no_figures")
def test_earlier_report_is_replaced_in_whole(results: FleetResults, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_report(results, out)
    write_report(logs_only(), out)
    assert not (out / "tables" / "curves_bins.parquet").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("no_figures")
def test_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert write_report(logs_only(), tmp_path / "out").exists()


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("content", [None, "{}", "[1]", "no json", '{"kind": "something else"}'])
def test_folder_of_somebody_else_is_refused_and_untouched(tmp_path: Path, content: str | None) -> None:
    out = tmp_path / "data"
    out.mkdir()
    (out / "measurements.csv").write_text("precious")
    if content is not None:
        (out / "summary.json").write_text(content)
    before = contents(out)
    with pytest.raises(OutputError, match=r"data.*not a fleet report.*--out"):
        write_report(logs_only(), out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.usefixtures("no_figures")
def test_report_with_somebodys_notes_in_it_is_refused(tmp_path: Path) -> None:
    out = write_report(logs_only(), tmp_path / "out").parent
    (out / "my notes.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"my notes\.txt"):
        write_report(logs_only(), out)
    assert (out / "my notes.txt").read_text() == "precious"


@pytest.mark.usefixtures("no_figures")
def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="is a file, expected a folder"):
        write_report(logs_only(), tmp_path / "out")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(logs_only(), tmp_path / "out" / "below")


@pytest.mark.usefixtures("no_figures")
def test_full_disk_leaves_the_earlier_report_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_report(logs_only(), tmp_path / "out").parent
    before = contents(out)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fleet.report.write.write_tables", full)
    with pytest.raises(OutputError, match="No space left on device; an earlier report there is unchanged"):
        write_report(logs_only(), out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("no_figures")
def test_failed_swap_puts_the_earlier_report_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_report(logs_only(), tmp_path / "out").parent
    before = contents(out)
    usual = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(5, "Input/output error")
        return usual(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputError, match="Input/output error"):
        write_report(logs_only(), out)
    assert contents(out) == before


@pytest.mark.usefixtures("no_figures")
def test_interrupted_run_leaves_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fleet.report.write.write_tables", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(logs_only(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_settings_name_every_key_of_the_models_and_mark_the_changed_ones() -> None:
    farm = Farm.model_validate({"name": "x", "quality": {"frozen_records": 9}})
    settings = settings_table(farm).set_index("key")
    nested = ("clock", "quality", "power_curve", "availability", "energy")
    keys = {f"{part}.{name}" for part in nested for name in type(getattr(farm, part)).model_fields}
    top = set(Farm.model_fields) - {*nested, "turbines", "sources"}
    assert set(settings.index) == keys | top
    assert set(settings.index[settings["changed"]]) == {"name", "quality.frozen_records"}
    assert settings["value"].to_dict()["quality.frozen_records"] == "9"
    assert settings["default"].to_dict()["quality.frozen_records"] == "6"


def test_figures_in_one_page_do_not_share_ids() -> None:
    body = '<svg><g id="a"/><path id="b"/><use xlink:href="#b"/><g clip-path="url(#b)"/></svg>'
    svg = f'<?xml version="1.0"?><!-- T1 -->{body}'
    assert inline_svg(Figure(name="f", caption="", svg=svg.encode())) == (
        '<svg><g/><path id="f-b"/><use xlink:href="#f-b"/><g clip-path="url(#f-b)"/></svg>'
    )


@pytest.mark.parametrize(
    ("name", "section"),
    [("clock", "clock"), ("curves", "power_curves"), ("power-curves", "power_curves"), ("stops", "stops"), ("x", "")],
)
def test_findings_and_reasons_find_their_section(name: str, section: str) -> None:
    assert section_id(name) == section


def test_figures_are_written_for_people() -> None:
    assert number(24624.677, 3) == "24,624.677"
    assert number(420480) == "420,480"
    assert number(-0.04, 1) == "0.0"
    assert number(-3.06, 1) == "\u22123.1"
    assert [number(value) for value in (None, math.nan, pd.NA)] == ["n/d"] * 3
    assert number(math.inf) == "infinite"
    assert percent(0.990978, 3) == "99.098"
    assert quantity(0.5, "%", 1) == "50.0 %"
    assert quantity(math.nan, "MWh", reason="no power") == "n/d (no power)"
    assert stamp(pd.NaT) == "n/d"
    assert stamp(pd.Timestamp("2014-03-30 01:00", tz="UTC")) == "2014-03-30 01:00"
    assert sentence("no power") == "No power."


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12), st.integers(0, 6))
def test_a_written_figure_reads_back_within_half_a_digit(value: float, digits: int) -> None:
    written = number(value, digits).replace(",", "").replace("\u2212", "-")
    assert abs(Decimal(written) - Decimal(value)) <= Decimal(5) / 10 ** (digits + 1)


def test_text_that_is_the_same_everywhere_stands_once() -> None:
    frame = pd.DataFrame({"turbine": ["a", "b"], "evidence": ["status log"] * 2, "empty": ["", ""], "n": [1, 2]})
    columns = [Col("turbine", "turbine"), Col("evidence", "evidence"), Col("empty", "note"), Col("n", "n", "count")]
    made = table(frame, columns, "caption", fold=True)
    assert made.titles == ("turbine", "n")
    assert made.note == "Evidence: status log."
    assert table(frame, columns, "caption").titles == ("turbine", "evidence", "n")


def test_blank_tables_give_a_page(tmp_path: Path, results: FleetResults) -> None:
    assert results.energy is not None
    assert results.wind is not None
    hollow = replace(
        results,
        energy=replace(results.energy, losses=results.energy.losses.assign(energy_mwh=np.nan)),
        wind=replace(results.wind, rose=results.wind.rose.iloc[:0]),
        sources=results.sources.iloc[:0],
        quality=None,
        curves=None,
        findings=(),
    )
    text = write_report(hollow, tmp_path / "out").read_text(encoding="utf-8")
    assert "Nothing was found that needs attention." in text
    assert "No data: The data at hand hold nothing for it." in text
