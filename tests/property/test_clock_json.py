"""Property: a clock finding comes back from the cache's JSON as it was, whatever is in it."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.clock import ClockFinding, Correction, Verdict
from fleet.clock_json import finding_from_json, finding_to_json
from fleet.times import from_us

counts = st.integers(0, 2**53)
moments = st.one_of(st.none(), st.integers(-(10**15), 10**17).map(from_us))
texts = st.text(max_size=20)
corrections = st.builds(
    Correction,
    fixed_offset_s=st.integers(-50_400, 50_400),
    shift_s=st.integers(0, 7200),
    pushed_rows=st.frozensets(st.integers(0, 2**62), max_size=5),
)
FINDING: dict[str, st.SearchStrategy[Any]] = {
    "turbine": texts,
    **dict.fromkeys(("records", "expected_records", "exact_duplicates", "conflicting_pairs", "missing_stamps"), counts),
    **dict.fromkeys(("true_holes", "off_grid", "shifted_rows", "holes_after", "duplicates_after"), counts),
    **dict.fromkeys(("first", "last"), moments),
    "verdicts": st.lists(st.sampled_from(list(Verdict)), max_size=3).map(tuple),
    "clock": texts,
    "correction": st.one_of(st.none(), corrections),
    "notes": st.lists(texts, max_size=3).map(tuple),
    "remedy": texts,
    "offsets_given": st.booleans(),
}


def _there_and_back(finding: ClockFinding) -> ClockFinding:
    return finding_from_json(json.loads(json.dumps(finding_to_json(finding))))


@settings(max_examples=50)
@given(st.builds(ClockFinding, **FINDING))
def test_a_finding_comes_back_from_json_as_it_was(finding: ClockFinding) -> None:
    found = _there_and_back(finding)
    assert found == finding
    assert found.verdict == finding.verdict
    assert [type(getattr(found, field.name)) for field in fields(found)] == [
        type(getattr(finding, field.name)) for field in fields(finding)
    ]


def test_the_findings_tried_have_every_field() -> None:
    assert set(FINDING) == {field.name for field in fields(ClockFinding)}
