"""Potential power: neighbours, choice of the source, its bias and its spread, by hand-made numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.months import Months
from fleet.potential import Neighbours, PotentialSource, choose, corrected, normal_sums, source_quality
from tests.partial_tables import table

PERIOD = 600_000_000
NAN = float("nan")
RATED_KW = 2000.0


def _fleet(*rows: tuple[int, int, int]) -> Neighbours:
    """Return neighbours of (interval, running, share [1e-6]) over four intervals from 1000 periods on."""
    laid = np.zeros((2, 4), np.int64)
    for interval, running, share in rows:
        laid[:, interval - 1000] = running, share
    return Neighbours(1000 * PERIOD, PERIOD, *laid)


def test_mean_share_leaves_the_turbine_itself_out() -> None:
    fleet = _fleet((1000, 3, 1_500_000), (1001, 1, 400_000), (1002, 2, 600_000))
    times = np.array([1000, 1001, 1002, 1003, 999, 1004]) * PERIOD
    own = RATED_KW * np.array([0.3, 0.4, 0.0, 0.0, 0.0, 0.0])
    runs = np.array([True, True, False, False, False, False])
    # two others share 1.2; nobody else runs; two share 0.6; nobody runs; outside the period
    expected = [0.6, NAN, 0.3, NAN, NAN, NAN]
    np.testing.assert_allclose(fleet.mean_share(times, own, runs, RATED_KW), expected, rtol=1e-12)


def test_all_running_wants_every_turbine_inside_the_period() -> None:
    fleet = _fleet((1000, 3, 0), (1001, 2, 0))
    times = np.array([1000, 1001, 1003, 999]) * PERIOD
    assert fleet.all_running(times, 3).tolist() == [True, False, False, False]


def test_neighbours_of_an_empty_period() -> None:
    nobody = Neighbours(PERIOD, PERIOD, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert np.isnan(nobody.mean_share(np.array([0]), np.zeros(1), np.array([False]), RATED_KW)).all()
    assert not nobody.all_running(np.array([0]), 1).any()


def test_the_best_source_that_knows_wins() -> None:
    potential = {
        PotentialSource.OWN_CURVE: np.array([1.0, 2.0, 3.0, NAN]),
        PotentialSource.EXPORT: np.array([10.0, NAN, NAN, NAN]),
        PotentialSource.NEIGHBOURS: np.array([20.0, 20.0, NAN, NAN]),
    }
    power, source = choose(potential)
    np.testing.assert_array_equal(power, [10.0, 20.0, 3.0, NAN])
    assert source.tolist() == [0, 1, 2, 3]


def test_bias_and_spread_from_normal_operation() -> None:
    months = Months(540, 2, np.array([0, 0, 0, 1, 1, 1]))
    own = np.array([100.0, 100.0, 7.0, 90.0, 90.0, 90.0])
    neighbours = np.array([100.0, 100.0, 100.0, 100.0, 100.0, NAN])
    normal = np.array([True, True, False, True, True, True])  # the third stands still, the last has no neighbour
    sums = table(normal_sums("T1", months, own, {PotentialSource.NEIGHBOURS: neighbours}, normal))
    assert sums.index.tolist() == [("T1", 1, 540), ("T1", 1, 541)]
    quality = source_quality({"sources": sums}).loc[("T1", 1)]
    assert quality["ratio"] == pytest.approx(0.95, rel=1e-12)
    # monthly ratios 1.0 and 0.9, each over 0.95
    assert quality["u_relative"] == pytest.approx(np.std([1.0 / 0.95, 0.9 / 0.95], ddof=1), rel=1e-12)
    assert quality["records"] == 4


def test_one_month_tells_no_spread() -> None:
    months, export = Months(0, 1, np.zeros(2, np.int64)), {PotentialSource.EXPORT: np.array([4.0, 6.0])}
    sums = normal_sums("T1", months, np.array([5.0, 5.0]), export, np.ones(2, bool))
    quality = source_quality({"sources": table(sums)}).loc[("T1", 0)]
    assert quality["ratio"] == 1.0
    assert np.isnan(quality["u_relative"])


def test_correction_keeps_negative_potential_and_marks_what_no_source_knows() -> None:
    quality = pd.DataFrame(
        {"turbine": ["T1"], "source": [1], "ratio": [0.5], "u_relative": [0.1], "records": [9]}
    ).set_index(["turbine", "source"])
    index = pd.MultiIndex.from_tuples([("T1", 1), ("T1", 2), ("T1", 3)], names=["turbine", "source"])
    found = corrected(pd.DataFrame({"potential": [-300, 200, 700]}, index=index), quality)
    assert found["potential"].tolist() == [-150, 200, 0]
    assert found["known"].tolist() == [True, True, False]
    assert abs(found["u_potential"].iloc[0]) == pytest.approx(15.0)
    assert np.isnan(found["u_potential"].iloc[1])  # a source without normal operation has no known spread
