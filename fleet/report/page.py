"""The page: sections rendered into one self-contained HTML file; every text from data is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from fleet.report.blocks import Section, inline_svg
from fleet.report.formats import stamp
from fleet.report.sections import SECTIONS, section_id
from fleet.results import FleetResults

__all__ = ["render"]

_SEVERITIES = ("alarm", "warning", "note")


def render(results: FleetResults, content: Sequence[Section]) -> str:
    """Return the page's HTML.

    Parameters
    ----------
    results : FleetResults
        For the title, the period and the findings.
    content : sequence of Section
        In the order shown.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = resources.files("fleet.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))
    rank = {severity: place for place, severity in enumerate(_SEVERITIES)}
    findings = sorted(results.findings, key=lambda finding: rank.get(finding.severity, len(rank)))
    return template.render(
        farm=results.farm,
        start=stamp(results.start),
        end=stamp(results.end),
        turbines=len(results.farm.turbines),
        findings=[(finding, section_id(finding.section)) for finding in findings],
        titles=SECTIONS,
        sections=content,
        # The style sheet is ours and the figures come from the plots without any text: both are safe as they are.
        css=Markup((here / "page.css").read_text(encoding="utf-8")),
        svg=lambda figure: Markup(inline_svg(figure)),
    )
