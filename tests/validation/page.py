"""The text of `docs/validation.md`, made from the validation cases and the figures found for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

from tests.validation.cases import CASES, GROUPS, Case
from tests.validation.gridforming_cases import GRIDFORMING_DOUBTS, GRIDFORMING_SETTINGS
from tests.validation.gridforming_machine_cases import MACHINE_DOUBTS, MACHINE_SETTINGS
from tests.validation.synthetic_cases import SYNTHETIC_CASES, SYNTHETIC_DOUBTS, SYNTHETIC_SETTINGS
from tests.validation.turbine_cases import TURBINE_DOUBTS, TURBINE_SETTINGS

__all__ = ["PAGE", "line", "miss", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"

_INTRODUCTION = """\
# Validation

This page holds figures of the product beside figures that it did not make: counts and sums of independent evaluations
of the same public files, the publishers' own figures, closed forms, published tables, runs of other codes. What only
compares the product with itself, such as "any split of the data gives the same bytes" or "the linear model follows the
simulation", is a test but no validation and does not stand here.

It has three parts. *Fleet reports*: every figure under *ours* is computed by the whole pipeline, `fleet.open(...)`, on
the packaged samples; AEP in closed form and air density are the pipeline's own functions on made-up input. *Synthetic
fleets* stand with them: ours is what the report finds in the export of a generator, the reference is what that
generator says is true. *Turbine simulation*: ours are steady states and runs of `turbine.simulate` for machines of
`turbine.load`, with the settings that each table states. *Converters*: ours are runs of
`gridforming.simulation.simulate`, operating points and their eigenvalues. The other codes' files stand in
`tests/validation/data` with source and licence. The cases are listed in `tests/validation/cases.py`,
`synthetic_cases.py`, `turbine_cases.py`, `gridforming_cases.py` and `gridforming_law_cases.py`: a test holds each to
its tolerance, and another test fails when this page says something else. It is written by

```sh
python scripts/write_validation.py            # in the environment that `make test` leaves
python scripts/write_validation.py --check    # exit code 1 if the page is out of date or a case fails
```

*Error* is ours less the reference. *Reported* means that nothing passes or fails: the two figures are not the same
quantity, and the reason stands beside them. More validation tests, which compare whole tables rather than figures
(rotor surfaces, wind series and spectra, tower shadow and shear against Dolan and Lehn, fatigue), stand in
`tests/validation`.
"""

_SETTINGS = {
    "La Haute Borne, clock corrected": (
        "Every default: the clock check corrects the stamps. Four turbines, 2014 and 2015, ten-minute means."
    ),
    "La Haute Borne, clock as written": (
        '`duplicates = "first"`: no correction, the first of two records in file order counts. For the AEP: no density '
        "correction, bins of 0.5 m/s with at least 3 records, the bin's mean wind speed, records between 5 and 40 m/s "
        "with power outside 20 to 2,100 kW left out, no other flag for the power curve, last bin held to 25 m/s. "
        "Availability: down is wind at or above 4 m/s with power at or below 0."
    ),
    "La Haute Borne, plant file": (
        "The plant file against the sum of the turbines as both are read, on the stamps that both have, not corrected."
    ),
    "Penmanshiel 01, February 2023": "Every default. One month of a status log, 672 h as its header declares.",
    "Kelmarsh 1, windows of 2016": (
        "Every default; the turbine's status log by itself. Its header declares the whole year, its rows are scattered "
        "windows: without a declared period nothing but the logged stops can be stated. In a second run the emergency "
        "stop is written into the file three more times, beginning 1, 40 and 200 h later and ending together."
    ),
    "Hill of Towie, state timers of July 2024": (
        "Every default. The controllers' timers alone: neither records of power and wind nor a status log. What the "
        "stop timers count is compared before overlaps and time in readiness are taken out of it."
    ),
    "AEP in closed form": "Power curves whose energy in a Rayleigh wind can be integrated by hand.",
    "air density": "The formula of IEC 61400-12-1 for humid air, and the pressure of the standard atmosphere.",
    **SYNTHETIC_SETTINGS,
    **TURBINE_SETTINGS,
    **GRIDFORMING_SETTINGS,
    **MACHINE_SETTINGS,
}

_DOUBTS = """\
## References that are doubtful

None of the references above was found to contradict its own source. These prove less than they seem to:

- **The plant meter of La Haute Borne is no meter.** The published plant file was derived from the turbines' records: it
  is 0.98 of their sum over two years and nearly so in each month, and without lag against their stamps *as written*
  in winter and in summer (see "plant file" above). So it shares their wrong clock, and where those stamps have their 12
  holes it holds values nevertheless. The ratio net over gross shows that both were read rightly and belong together;
  it says nothing about electrical losses. With the corrected clock, plant and turbines are an hour apart in summer:
  months hardly show it, single hours would.
- **The publisher's losses** in the same file are estimates too. Availability loss is compared for its size only;
  curtailment cannot be found in an export without a set-point or a status log.
- **The reference AEP** is an evaluation of the same records by the same method of bins on nacelle wind. It validates
  the arithmetic, not the power curve: that needs a free-stream wind measurement. With the default settings (density
  correction, inconsistent records left out) the AEP differs from it, as it should.
- **Inferred availability** is compared with the same rule applied independently. Whether the rule finds the true
  downtime cannot be checked on La Haute Borne, which has no status log.
- **The header of Kelmarsh's logs** declares the year 2016 for an extract of windows. It is not believed.
- **IEC 61400-12-1's vapour pressure**, an exponential, is off by up to 5 % from the steam tables between 0 and
  30 degC. In the density of saturated air that makes less than 0.03 %.
"""


def _filled(text: str) -> str:
    return fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _number(value: float, digits: int) -> str:
    """Return a number with a fixed count of decimals and no minus sign before zero."""
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def line(case: Case, ours: float) -> str:
    """Return a case's line of the table."""
    digits = 0 if case.tolerance == 0.0 else case.digits + 2 if case.tolerance else case.digits
    judged = "reported" if case.tolerance is None else f"{case.tolerance:.2g}" if case.tolerance else "0"
    cells = (
        case.quantity,
        case.unit,
        _number(case.reference, case.digits),
        _number(ours, digits),
        _number(ours - case.reference, digits),
        f"{judged} ({case.reason})",
        case.source,
    )
    return f"| {' | '.join(cells)} |"


def miss(case: Case, ours: float) -> str:
    """Return what to say of a case that does not pass."""
    expected = f"expected {case.reference!r} within {case.tolerance!r} ({case.source})"
    return f"{case.case}, {case.quantity}: found {ours!r} {case.unit}, {expected}"


def page(lines: Mapping[tuple[str, str], str]) -> str:
    """Return the page's text from the lines of all cases, keyed by case and quantity."""
    reported = sum(case.tolerance is None for case in CASES)
    counts = f"{len(CASES)} cases, {reported} of them reported only; {len(SYNTHETIC_CASES)} are of synthetic fleets.\n"
    parts = [_INTRODUCTION, counts]
    for group in GROUPS:
        head = ("quantity", "unit", "reference", "ours", "error", "tolerance", "source of the reference")
        table = [
            f"| {' | '.join(head)} |",
            "| --- | --- | ---: | ---: | ---: | --- | --- |",
            *(lines[case.case, case.quantity] for case in CASES if case.case == group),
        ]
        parts.append(f"## {group[0].upper()}{group[1:]}\n\n{_filled(_SETTINGS[group])}\n\n" + "\n".join(table) + "\n")
    return "\n".join([*parts, _DOUBTS, SYNTHETIC_DOUBTS, TURBINE_DOUBTS, GRIDFORMING_DOUBTS, MACHINE_DOUBTS])
