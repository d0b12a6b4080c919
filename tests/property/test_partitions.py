"""Property: partitions read from the cache hold every row of a series once, between the neighbours that rules need."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config import Farm
from fleet.converted import FileEntry, convert_file
from fleet.dataset import Dataset, open_dataset
from fleet.flags import Flag
from fleet.prepare import Series, cut, partition, prepare
from fleet.recorded import NO_TIME
from fleet.runs import PASSED_OVER
from fleet.store import Store
from fleet.times import to_us
from tests.farms import START, farm_rows, write_greenbyte

PERIOD_US = 600_000_000
DAYS = 2
FIRST = to_us(START)


def _rows() -> pd.DataFrame:
    """Return two turbines with an unreadable stamp, rows twice and more often, and a signal that T2 never has."""
    rows = farm_rows(2, DAYS, seed=4)
    rows.loc[3, "time"] = "soon"
    rows.loc[rows["turbine"] == "T2", "vane"] = ""
    return pd.concat([rows, rows.iloc[[50, 50, 50, 51, 51, 90, 90]]], ignore_index=True)


def _prepared(dataset: Dataset, store: Store, *, verify: bool = False) -> tuple[list[FileEntry], list[Series]]:
    entries = [convert_file(file, store, verify=verify) for file in dataset.of_kind("scada")]
    return entries, [prepare(turbine.name, entries, dataset.farm, store) for turbine in dataset.farm.turbines]


def _changed(farm: Farm, setting: dict[str, Any]) -> Farm:
    return Farm.model_validate(farm.model_dump() | setting)


@settings(max_examples=25)
@given(
    inner=st.sets(st.integers(1, DAYS * 144 - 1), max_size=6),
    group=st.integers(1, 200),
    halo=st.integers(2, 40),
    chosen=st.tuples(st.integers(-5, 300), st.integers(-5, 300)),
)
def test_partitions_hold_every_row_once_between_their_neighbours(
    cached: tuple[Dataset, dict[int, Series]], inner: set[int], group: int, halo: int, chosen: tuple[int, int]
) -> None:
    """However small the row groups are that the file was written with."""
    dataset, by_group = cached
    group = min(by_group, key=lambda size: abs(size - group))
    series = by_group[group]
    farm = _changed(dataset.farm, {"quality": {"frozen_records": halo}})
    edges = [FIRST + i * PERIOD_US for i in (0, *sorted(inner), DAYS * 144)]
    selected = FIRST + chosen[0] * PERIOD_US, FIRST + chosen[1] * PERIOD_US
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fleet.prepare._ROW_GROUP", group)
        whole = partition(series, (0, series.rows, edges[0], edges[-1]), selected, farm)
        seen = 0
        for piece, (start, end) in zip(cut(series, edges), pairwise(edges), strict=True):
            found = partition(series, piece, selected, farm)
            first, last = piece[:2]
            assert first == seen
            assert (found.start, found.end) == (start, end)
            low, high = first - found.core.start, first - found.core.start + len(found)
            assert found.core == slice(first - low, last - low)
            # Copies of records and rows without a time are no neighbours: as many as rules need come without them.
            counts = (found.flags & np.uint32(PASSED_OVER)) == 0
            assert low == 0 or np.count_nonzero(counts[: found.core.start]) >= farm.quality.halo_records
            assert high == series.rows or np.count_nonzero(counts[found.core.stop :]) >= farm.quality.halo_records
            assert np.array_equal(found.time, whole.time[low:high])
            assert np.array_equal(found.written, whole.written[low:high])
            assert np.array_equal(found.flags, whole.flags[low:high])
            assert set(found.signals) == set(series.signals)
            for name in found.signals:
                assert np.array_equal(found.signal(name), whole.signal(name)[low:high], equal_nan=True)
            own = found.own()
            known = own.time[own.time != NO_TIME]
            assert ((known >= start) & (known < end)).all()
            assert len(own) == last - first
            seen = last
        assert seen == series.rows
    out = (whole.time != NO_TIME) & ((whole.time < selected[0]) | (whole.time >= selected[1]))
    assert np.array_equal((whole.flags & np.uint32(Flag.NOT_SELECTED)) > 0, out)


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, dict[int, Series]]:
    """Return T1 in caches with row groups of other lengths; 295 rows, so that 59 divides them and the others do not."""
    place = tmp_path_factory.mktemp("groups")
    dataset = open_dataset(write_greenbyte(place / "farm", _rows()))
    found = {}
    for group in (1, 59, 100, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fleet.prepare._ROW_GROUP", group)
            _, (found[group], _) = _prepared(dataset, Store(place / f"cache{group}"))
    return dataset, found
