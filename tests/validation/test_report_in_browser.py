"""The page in a real browser (headless Chromium): everything is laid out, and nothing runs off a phone's screen."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fleet.report import write_report
from fleet.report.sections import SECTIONS
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


def measure(page: Path, width: int, folder: Path) -> dict[str, Any]:
    """Lay the page out at a width [px] and return what was measured."""
    holder = folder / f"frame_{width}.html"
    text = html.escape(page.read_text(encoding="utf-8"), quote=True)
    holder.write_text(FRAME.format(width=width, page=text), encoding="utf-8")
    size = f"--window-size={max(width, 500)},1000"
    dom = chromium(folder, size, "--virtual-time-budget=10000", "--dump-dom", holder.as_uri())
    found = re.search(r'<pre id="found">(.+?)</pre>', dom, flags=re.DOTALL)
    assert found, "the page did not load"
    return dict(json.loads(html.unescape(found[1])))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(synthetic_results(4, 6), tmp_path_factory.mktemp("report") / "out")


@pytest.mark.parametrize("width", [390, 1200])
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
