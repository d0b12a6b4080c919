"""Recall and precision of the quality rules on a fleet whose troubles are known record by record.

Recall counts the records in which the trouble is plain (a loss of 10 to 15 % of rated power, a jump well beyond the
threshold); precision accepts every record that the trouble changed. Floors lie a little below what was measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fleet.flags import Flag
from tests.rule_fleet import NAMES, healthy, judge, scores, troubled

_PAGE = Path(__file__).parents[2] / "docs" / "quality_rules.md"
#: Turbine, rule, floor of recall, floor of precision.
FLOORS = [
    ("T1", Flag.RATE, 0.95, 0.95),
    ("T2", Flag.CURTAILED, 0.99, 0.98),
    ("T3", Flag.DERATED, 0.84, 0.99),
    ("T4", Flag.ICING, 0.90, 0.98),
    ("T5", Flag.PITCH_POWER, 0.97, 0.96),
    ("T5", Flag.ROTOR_POWER, 0.97, 0.96),
]


@pytest.mark.parametrize(("turbine", "rule", "recall", "precision"), FLOORS, ids=[row[1].name for row in FLOORS])
def test_rule_finds_what_was_put_in(turbine: str, rule: Flag, recall: float, precision: float) -> None:
    series = troubled()[turbine]
    assert series.truth[rule].sum() >= 90
    found = scores(series, judge(series), rule)
    assert found[0] >= recall
    assert found[1] >= precision


@pytest.mark.parametrize(("turbine", "rule", "recall", "precision"), FLOORS, ids=[row[1].name for row in FLOORS])
def test_page_states_what_is_measured(turbine: str, rule: Flag, recall: float, precision: float) -> None:
    series = troubled()[turbine]
    found = scores(series, judge(series), rule)
    lines = [line for line in _PAGE.read_text("utf-8").splitlines() if line.count("|") == 7]  # the table of figures
    (line,) = [line for line in lines if line.startswith(f"| `{str(rule.name).lower()}` |")]
    cells = [cell.strip() for cell in line.split("|")]
    assert int(cells[3].replace(",", "")) == int(series.truth[rule].sum())
    assert cells[4:6] == [f"{100 * share:.1f} %" for share in found]


def test_healthy_turbines_stay_clean() -> None:
    flags = np.concatenate([judge(series) for series in healthy().values()])
    shares = {rule: float(((flags & np.uint32(rule)) > 0).mean()) for _, rule, _, _ in FLOORS}
    assert max(shares.values()) < 2e-4, shares
    assert shares[Flag.CURTAILED] == 0.0
    assert len(NAMES) == 5
