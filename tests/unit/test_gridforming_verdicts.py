"""Verdicts on figures of a run, and those of the shipped scenarios."""

from __future__ import annotations

from typing import Any

import pytest

from gridforming.output import run_metrics
from gridforming.scenario import load_scenario, run_scenario
from gridforming.verdicts import Criterion, verdicts
from turbine.errors import SimulationError

FOUND = {"buses": {"a": {"low": 0.95, "nadir": None}}, "trips": ["x"], "title": "text"}


def _one(of: str, **bounds: Any) -> dict[str, Any]:
    return verdicts([Criterion(title="t", of=of, **bounds)], FOUND)[0]


def test_bounds_are_themselves_allowed_and_a_missing_figure_fails() -> None:
    assert _one("buses.a.low", above=0.95)["holds"]
    assert not _one("buses.a.low", above=0.951)["holds"]
    assert not _one("buses.a.low", below=0.9)["holds"]
    assert not _one("buses.a.nadir", above=0.0)["holds"]
    assert _one("trips", below=1.0) == {
        "title": "t", "of": "trips", "found": 1.0, "expected": "at most 1", "reference": None, "holds": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("buses.b.low", 'no "b" in buses.b.low; known: a'),
        ("buses.a.lov", r'did you mean "low"'),
        ("buses.a.low.x", "nothing below a figure"),
        ("title", "title is no figure"),
    ],
)
def test_keys_that_lead_to_no_figure_are_refused(of: str, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        _one(of, above=0.0)


def test_bounds_that_hold_for_nothing_are_refused() -> None:
    for bounds in ({}, {"above": 1.0, "below": 0.0}):
        with pytest.raises(SimulationError, match="expected above, below or both"):
            Criterion(title="t", of="x", **bounds)


@pytest.mark.parametrize(
    ("name", "alternative", "failing"),
    [
        ("phase_jump", "", 0),
        ("phase_jump", "following", 1),
        ("weak_grid_ramp", "", 2),
        ("weak_grid_ramp", "forming", 0),
        ("last_machine_lost", "", 0),
        ("last_machine_lost", "following", 4),
        ("islanding_resync", "", 0),
    ],
)
def test_shipped_scenarios_hold_with_forming_and_fail_with_following_control(
    name: str, alternative: str, failing: int
) -> None:
    scenario = load_scenario(name, alternative=alternative)
    found = run_metrics(scenario, run_scenario(scenario))["verdicts"]
    assert found
    assert sum(not one["holds"] for one in found) == failing


def test_island_without_a_forming_converter_fails_and_says_why() -> None:
    scenario = load_scenario("islanding_resync", alternative="following")
    found = run_metrics(scenario, run_scenario(scenario))
    assert found["sequence"].startswith("failed")
    assert not all(one["holds"] for one in found["verdicts"])
