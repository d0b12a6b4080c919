"""One stamp of 1970 or 9999 among good ones: it is set aside, counted and named, and the period stays what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.analysis import analyse
from fleet.dataset import open_dataset
from fleet.far_stamps import far_from_rest
from fleet.pipeline import RunOptions
from fleet.results import FleetResults
from tests.farms import differing, farm_rows, fingerprint, write_generic

DAY = 86_400_000_000


def _far(*groups: tuple[int, int]) -> list[bool]:
    """Return for each group of (begin [d], instants, ten minutes apart) whether it is far; all of a group agree."""
    times = [begin * DAY + np.arange(count, dtype=np.int64) * 600_000_000 for begin, count in groups]
    order = np.random.default_rng(1).permutation(sum(count for _, count in groups))
    found = np.empty(order.size, bool)
    found[order] = far_from_rest(np.concatenate(times)[order])
    parts = np.split(found, np.cumsum([count for _, count in groups])[:-1])
    assert all(len(set(part.tolist())) == 1 for part in parts)
    return [bool(part[0]) for part in parts]


@pytest.mark.parametrize(
    ("groups", "far"),
    [
        ([(0, 1), (10_000, 1000)], [True, False]),
        ([(10_000, 1000), (2_900_000, 1)], [False, True]),
        ([(0, 1), (10_000, 1000), (20_000, 3), (30_000, 2)], [True, False, True, True]),
        ([(0, 9), (10_000, 991)], [True, False]),  # 0.9 % of all
        ([(0, 10), (10_000, 990)], [False, False]),  # 1 %: a farm that stood still for years
        ([(0, 1), (367, 1000)], [True, False]),
        ([(0, 1), (366, 1000)], [False, False]),
        ([(0, 5), (800, 600), (9000, 1000), (20_000, 400), (30_000, 1)], [True, False, False, False, True]),
        ([(0, 1), (10_000, 9)], [True, False]),  # one row is the odd one out of ten
        ([(0, 1), (10_000, 8)], [False, False]),
        ([(0, 500)], [False]),
    ],
)
def test_few_instants_beyond_a_long_gap_are_far(groups: list[tuple[int, int]], far: list[bool]) -> None:
    assert _far(*groups) == far


def test_distances_that_do_not_fit_64_bits() -> None:
    largest = np.iinfo(np.int64).max
    times = np.r_[-largest, np.arange(200) * 600_000_000, largest]
    assert np.flatnonzero(far_from_rest(times)).tolist() == [0, 201]
    assert far_from_rest(np.empty(0, np.int64)).tolist() == []


def _results(folder: Path, rows: pd.DataFrame) -> FleetResults:
    return analyse(open_dataset(write_generic(folder, rows)), options=RunOptions(scheduler="synchronous"))


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:00Z", "2038-01-19T03:10:00Z", "9999-12-31T23:50:00Z"])
def test_a_stray_row_is_counted_and_named_and_changes_nothing_else(tmp_path: Path, stamp: str) -> None:
    """Compared with the same farm without the stray row."""
    rows = farm_rows(2, 2, seed=4)
    clean = _results(tmp_path / "clean", rows)
    stray = pd.concat([rows.iloc[:40], rows.iloc[[5]].assign(time=stamp), rows.iloc[40:]], ignore_index=True)
    found = _results(tmp_path / "stray", stray)
    assert (found.start, found.end) == (clean.start, clean.end)
    for part in ("clock", "curves", "availability", "energy", "wind"):
        assert not differing(fingerprint(getattr(found, part)), fingerprint(getattr(clean, part))), part
    assert found.quality is not None
    flags = found.quality.flags.set_index(["turbine", "flag"])["rows"]
    assert flags["T1", "far_stamp"] == 1
    assert flags["T2", "far_stamp"] == 0
    accounting = found.quality.accounting
    mine = accounting[(accounting["turbine"] == "T1") & (accounting["use"] == "availability")].set_index("reason")[
        "rows"
    ]
    assert mine["far_stamp"] == 1
    assert mine.sum() == 289
    (finding,) = [finding for finding in found.findings if "more than 366 days" in finding.text]
    assert finding.severity == "warning"
    assert "T1" in finding.text
    assert f"{stamp[:10]} {stamp[11:16]} UTC in data_000.csv" in finding.text
