"""The page: sections rendered into one self-contained HTML file; every text from data is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources

from fleet.report.blocks import Section, inline_svg
from fleet.report.formats import stamp
from fleet.report.sections import SECTIONS, section_id
from fleet.results import Finding, FleetResults

__all__ = ["ATTENTION", "render", "render_page"]

_SEVERITIES = ("alarm", "warning", "note")
ATTENTION = {"attention": SECTIONS["attention"]}  #: the section of the findings, first on every page


def render(results: FleetResults, content: Sequence[Section]) -> str:
    """Return the HTML of a farm's report.

    Parameters
    ----------
    results : FleetResults
        For the title, the period and the findings.
    content : sequence of Section
        In the order shown.
    """
    turbines = len(results.farm.turbines)
    findings = [
        Finding(severity=finding.severity, text=finding.text, section=section_id(finding.section))
        for finding in results.findings
    ]
    return render_page(
        heading=results.farm.name,
        kind="fleet report",
        lead=f"Fleet report. {turbines} {'turbine' if turbines == 1 else 'turbines'}, {stamp(results.start)} to "
        f"{stamp(results.end)} UTC.",
        findings=findings,
        titles=SECTIONS,
        content=content,
    )


def render_page(
    *,
    heading: str,
    kind: str,
    lead: str,
    findings: Sequence[Finding],
    titles: Mapping[str, str],
    content: Sequence[Section],
) -> str:
    """Return a page's HTML.

    Parameters
    ----------
    heading, kind : str
        What the page is about, and what it is.
    lead : str
        The sentence below the heading.
    findings : sequence of Finding
        In any order; the gravest come first.
    titles : mapping of id to title
        The contents: "attention" and the sections.
    content : sequence of Section
        In the order shown.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    here = resources.files("fleet.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((here / "page.html.j2").read_text(encoding="utf-8"))
    rank = {severity: place for place, severity in enumerate(_SEVERITIES)}
    return template.render(
        heading=heading,
        kind=kind,
        lead=lead,
        findings=sorted(findings, key=lambda finding: rank.get(finding.severity, len(rank))),
        titles=titles,
        sections=content,
        # The style sheet is ours and the figures come from the plots without any text: both are safe as they are.
        css=Markup((here / "page.css").read_text(encoding="utf-8")),
        svg=lambda figure: Markup(inline_svg(figure)),
    )
