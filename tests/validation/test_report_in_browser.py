"""The page in a real browser (headless Chromium): everything is laid out, and nothing runs off a phone's screen."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fleet.report import write_report
from fleet.report.blocks import Table
from fleet.report.sections import SECTIONS, sections
from tests.report_fixture import logs_only, synthetic_results

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]

# The page itself has no script: a frame of a given width holds it, and the frame's owner measures.
FRAME = """<!DOCTYPE html><html><body style="margin:0">
<iframe id="frame" style="border:0" width="{width}" height="900" srcdoc="{page}"></iframe>
<pre id="found"></pre><script>
document.getElementById("frame").addEventListener("load", function () {{
  const page = this.contentDocument, root = page.documentElement;
  const box = element => element.getBoundingClientRect();
  const free = [...page.querySelectorAll("body *")].filter(element => !element.closest(".scroll > *"));
  const outside = free.filter(element => box(element).right > root.clientWidth + 1);
  document.getElementById("found").textContent = JSON.stringify({{
    width: root.clientWidth,
    scroll: root.scrollWidth,
    outside: outside.slice(0, 5).map(element => element.outerHTML.slice(0, 120)),
    sections: [...page.querySelectorAll("section")].map(section => [section.id, box(section).height]),
    figures: [...page.querySelectorAll("figure svg")].map(svg => [box(svg).width, box(svg).height]),
    scales: [...page.querySelectorAll("figure svg")].map(svg => box(svg).width / svg.width.baseVal.value),
    unsaid: [...page.querySelectorAll(".scroll")].filter(frame => {{
      const hint = frame.parentElement.querySelector("p.hint");
      return frame.scrollWidth > frame.clientWidth + 1 && !(hint && box(hint).height > 0);
    }}).map(frame => frame.parentElement.outerHTML.slice(0, 120)),
    hidden: [...page.querySelectorAll("#headline .scroll")].map(frame => frame.scrollWidth - frame.clientWidth),
    tables: [...page.querySelectorAll(".table")].map(
      holder => [holder.querySelector(".caption").textContent, box(holder.querySelector("table")).width]),
    columns: new Set([...page.querySelectorAll("#headline tbody tr:first-child td")].map(cell => box(cell).top)).size,
    font: parseFloat(page.defaultView.getComputedStyle(page.body).fontSize),
  }});
}});
</script></body></html>"""


def chromium(folder: Path, *arguments: str) -> str:
    """Run the browser on an own empty profile and return what it writes."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def measure(page: Path, width: int, folder: Path, style: str = "") -> dict[str, Any]:
    """Lay the page out at a width [px], with more rules of style, and return what was measured."""
    holder = folder / f"frame_{width}.html"
    text = html.escape(
        page.read_text(encoding="utf-8").replace("</head>", f"<style>{style}</style></head>"), quote=True
    )
    holder.write_text(FRAME.format(width=width, page=text), encoding="utf-8")
    size = f"--window-size={max(width, 500)},1000"
    dom = chromium(folder, size, "--virtual-time-budget=10000", "--dump-dom", holder.as_uri())
    found = re.search(r'<pre id="found">(.+?)</pre>', dom, flags=re.DOTALL)
    assert found, "the page did not load"
    return dict(json.loads(html.unescape(found[1])))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(synthetic_results(4, 6), tmp_path_factory.mktemp("report") / "out")


@pytest.mark.parametrize("width", [360, 390, 641, 1200])
def test_page_is_laid_out_without_running_off_the_screen(page: Path, width: int, tmp_path: Path) -> None:
    found = measure(page, width, tmp_path)
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["outside"] == []
    assert [name for name, _ in found["sections"]] == list(SECTIONS)
    assert all(height > 40 for _, height in found["sections"])
    assert len(found["figures"]) == len(list((page.parent / "figures").iterdir())) > 15
    assert all(w > 200 and h > 80 for w, h in found["figures"])
    assert found["font"] >= 16
    assert found["unsaid"] == [], "can be scrolled without saying so"
    # Type in figures is 7.5 pt at scale 1 and no smaller than 6.3 px on a phone.
    assert all(0.63 < scale <= 1.2 for scale in found["scales"])


def test_least_widths_of_tables_are_estimated_from_above(page: Path, tmp_path: Path) -> None:
    style = "body { font-family: 'DejaVu Sans', sans-serif; } table { width: min-content; }"
    laid_out = dict(measure(page, 1200, tmp_path, style)["tables"])
    content = sections(synthetic_results(4, 6))
    made = {block.caption: block.width for part in content for block in part.blocks if isinstance(block, Table)}
    assert made.keys() == laid_out.keys()
    assert len(made) > 25
    for caption, width in made.items():
        # Narrower types, where DejaVu Sans is not installed, are overestimated by a quarter and more.
        assert laid_out[caption] <= width <= 1.5 * laid_out[caption], caption


def test_headline_is_cards_on_a_phone_and_a_whole_table_on_a_screen(page: Path, tmp_path: Path) -> None:
    phone, screen = (measure(page, width, tmp_path) for width in (390, 1200))
    assert phone["hidden"] == screen["hidden"] == [0]
    assert screen["columns"] == 1  # all cells of a row side by side
    assert phone["columns"] > 9  # one below the other


def test_nothing_has_to_be_scrolled_at_1200_px(tmp_path: Path) -> None:
    results = synthetic_results(4, 6)
    assert results.availability is not None
    table = results.availability.table
    long = table.assign(
        potential_source=table["turbine"] + ": available neighbours (94 %); own power curve (6 %)",
        note=table["turbine"] + ": 12.3 h of 145.6 h of lost time have no potential power: lost energy understated",
        evidence=[("status log", "inferred")[place % 2] for place in range(len(table))],
    )
    page = write_report(replace(results, availability=replace(results.availability, table=long)), tmp_path / "out")
    assert measure(page, 1200, tmp_path)["unsaid"] == []  # no hint is shown on such a screen


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext on this machine")
def test_no_heading_is_left_alone_at_the_end_of_a_sheet(page: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
    done = subprocess.run(["pdftotext", "-layout", str(target), "-"], capture_output=True, text=True, check=True)
    sheets = [
        lines for sheet in done.stdout.split("\f") if (lines := [line for line in sheet.splitlines() if line.strip()])
    ]
    captions = re.findall(r'<p class="caption">([^<]*)</p>', page.read_text(encoding="utf-8"))
    headings = {*SECTIONS.values(), *map(html.unescape, captions)}
    assert len(sheets) >= 5
    assert [sheet[-1].strip() for sheet in sheets if sheet[-1].strip() in headings] == []
    assert "scroll \u2192" not in done.stdout


def test_page_of_logs_only_is_laid_out(tmp_path: Path) -> None:
    found = measure(write_report(logs_only(), tmp_path / "out"), 390, tmp_path)
    assert found["scroll"] <= 390
    assert [name for name, _ in found["sections"]] == list(SECTIONS)


def test_page_prints_on_few_sheets(page: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
    data = target.read_bytes()
    assert data.startswith(b"%PDF")
    sheets = len(re.findall(rb"/Type\s*/Page\b", data))
    assert 5 <= sheets <= 30
    sizes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", data)}
    assert all(abs(box[2] - 595) < 2 and abs(box[3] - 842) < 2 for box in sizes), "not A4"
