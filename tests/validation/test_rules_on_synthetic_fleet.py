"""Recall and precision of the quality rules on a fleet whose troubles are known record by record.

Recall counts the records in which the trouble is plain (a loss of 10 to 15 % of rated power, a jump well beyond the
threshold); precision accepts every record that the trouble changed. Floors lie a little below what was measured.
"""

from __future__ import annotations

import numpy as np
import pytest

from fleet.flags import Flag
from tests.rule_fleet import NAMES, healthy, judge, scores, troubled

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


def test_healthy_turbines_stay_clean() -> None:
    flags = np.concatenate([judge(series) for series in healthy().values()])
    shares = {rule: float(((flags & np.uint32(rule)) > 0).mean()) for _, rule, _, _ in FLOORS}
    assert max(shares.values()) < 2e-4, shares
    assert shares[Flag.CURTAILED] == 0.0
    assert len(NAMES) == 5
