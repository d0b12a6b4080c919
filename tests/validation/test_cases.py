"""Every validation case against its reference, and `docs/validation.md` against the figures found now.

One test per run of the pipeline, so that each run is computed once, whatever the order and the number of workers.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.validation.cases import CASES, GROUPS, SLOW, Case
from tests.validation.page import PAGE, line, miss, page


@pytest.fixture(scope="module")
def written() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "group", [pytest.param(group, marks=[pytest.mark.slow] if group in SLOW else []) for group in GROUPS]
)
def test_against_the_references_and_the_page_says_so(group: str, written: str) -> None:
    cases = [case for case in CASES if case.case == group]
    found = {case.quantity: case.compute() for case in cases}
    missed = [miss(case, found[case.quantity]) for case in cases if not case.passes(found[case.quantity])]
    assert not missed, "\n".join(missed)
    lines = written.splitlines()
    stale = [line(case, found[case.quantity]) for case in cases if line(case, found[case.quantity]) not in lines]
    assert not stale, "run `python scripts/write_validation.py`; the page does not have\n" + "\n".join(stale)


def test_the_page_holds_these_cases_and_this_text_and_nothing_else(written: str) -> None:
    """The page rebuilt around its own lines is the page; the test above holds each of these lines to a figure."""
    tables = (row for row in written.splitlines() if row.startswith("| "))
    rows = (row for row in tables if not row.startswith(("| --- ", "| quantity ")))
    own = {}
    for case in CASES:
        own[case.case, case.quantity] = next(rows, "")
        assert own[case.case, case.quantity].startswith(f"| {case.quantity} | {case.unit} |")
    assert page(own) == written


def test_every_case_is_told_apart_and_every_tolerance_has_its_reason() -> None:
    keys = [(case.case, case.quantity) for case in CASES]
    assert len(set(keys)) == len(keys)
    assert all(case.reason and case.source for case in CASES)
    with pytest.raises(ValueError, match="tolerance and its reason"):
        replace(CASES[0], reason="")


@pytest.mark.parametrize("case", [case for case in CASES if case.tolerance is not None], ids=lambda case: case.quantity)
def test_a_figure_beside_the_reference_fails(case: Case) -> None:
    """One unit of the reference's last printed digit is too much in every case but those with a relative tolerance."""
    assert case.tolerance is not None
    off = max(10.0**-case.digits, 1.001 * case.tolerance)
    assert case.passes(case.reference)
    assert not case.passes(case.reference + off)
    assert not case.passes(case.reference - off)
    assert not case.passes(math.nan)
