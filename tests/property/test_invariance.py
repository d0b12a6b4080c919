"""Property: partitions, schedulers, worker counts, file order and file splits do not change a byte of the results."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fleet.analysis import analyse
from fleet.config import QualitySettings, Turbine
from fleet.converted import convert_file
from fleet.dataset import open_dataset
from fleet.farm import Farm
from fleet.flags import Flag
from fleet.pipeline import RunOptions
from fleet.prepare import cut, partition, prepare
from fleet.quality import basic_flags
from fleet.recorded import Recorded
from fleet.results import FleetResults
from fleet.runs import PASSED_OVER
from fleet.store import Store
from tests.farms import (
    RATED_KW,
    Parts,
    differing,
    farm_rows,
    fingerprint,
    write_engie,
    write_generic,
    write_greenbyte,
    write_site,
)

DAYS = 3
PERIOD_US = 600_000_000
_NUMBER = itertools.count()
#: A case takes about a second: what hypothesis found is shown as found, without a search for a smaller one.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def _run(folder: Path, days: int = 92, scheduler: str = "synchronous", workers: int | None = None) -> FleetResults:
    options = RunOptions(scheduler=scheduler, workers=workers, partition_days=days)
    return analyse(open_dataset(folder), options=options)


def _rows() -> pd.DataFrame:
    """Return a farm with what splits could break: frozen runs and stops over midnight, gaps, duplicates, conflicts."""
    rows = farm_rows(3, DAYS, seed=11)
    rows.loc[140:150, "power"] = "812.25"  # frozen over the first midnight of T1
    for first in (432 + 138, 432 + 280, 864 + 139, 864 + 281):  # T2 and T3 stand still over both midnights
        rows.loc[first : first + 20, "power"] = "-3.33"
        rows.loc[first : first + 20, "wind"] = [f"{8.0 + first / 500 + 0.037 * i:.3f}" for i in range(21)]
    rows.loc[864 + 285 : 864 + 289, "direction"] = "77.00"
    rows.loc[[20, 600, 1000], "power"] = ""
    rows.loc[[33, 611], ["power", "wind", "direction", "vane", "temperature"]] = ""
    copies, conflicts = rows.loc[[60, 800]], rows.loc[[61, 288, 1100]].assign(power="333.33")
    return pd.concat([rows.drop(index=[100, 101, 287, 576]), copies, conflicts], ignore_index=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(write_engie(tmp_path_factory.mktemp("one") / "farm", _rows(), turbines=3), DAYS)


@pytest.fixture(scope="module")
def reference(folder: Path) -> Parts:
    return fingerprint(_run(folder))


def test_the_farm_holds_what_splits_could_break(folder: Path) -> None:
    results = _run(folder)
    assert not results.absent
    assert results.quality is not None
    assert results.availability is not None
    assert results.energy is not None
    rows = results.quality.flags.set_index(["turbine", "flag"])["rows"]
    assert rows["T1", "frozen"] == 11
    assert rows["T3", "other_frozen"] == 0  # five records are one too few
    assert rows.groupby("flag").sum()[["duplicate", "conflict", "empty", "no_power"]].tolist() == [2, 6, 2, 3]
    midnight = pd.Timestamp("2015-03-03", tz="UTC")
    stops = results.availability.stops
    over = stops[(stops["start"] < midnight) & (stops["end"] > midnight)]
    assert set(over["turbine"]) == {"T1", "T2", "T3"}
    assert over["lost_mwh"].notna().all()
    assert set(results.availability.table["evidence"]) >= {"status log", "inferred"}
    assert len(results.energy.reconciliation)


@settings(phases=PHASES, max_examples=6)
@given(
    days=st.integers(1, DAYS + 1),
    how=st.one_of(st.tuples(st.just("synchronous"), st.none()), st.tuples(st.just("threads"), st.integers(1, 4))),
)
def test_partitions_schedulers_and_workers_give_the_same_bytes(
    folder: Path, reference: Parts, days: int, how: tuple[str, int | None]
) -> None:
    assert not differing(fingerprint(_run(folder, days, *how)), reference)


@settings(phases=PHASES, max_examples=5)
@given(
    parts=st.integers(1, 6),
    order=st.randoms(use_true_random=False),
    shuffled=st.booleans(),
    days=st.integers(1, DAYS),
)
def test_file_splits_and_orders_change_the_list_of_sources_only(
    tmp_path_factory: pytest.TempPathFactory,
    reference: Parts,
    parts: int,
    order: random.Random,
    shuffled: bool,
    days: int,
) -> None:
    rows = _rows()
    if shuffled:  # rows of any order, time running backwards here and there
        rows = rows.sample(frac=1.0, random_state=order.randrange(1 << 30), ignore_index=True)
    other = tmp_path_factory.mktemp(f"other{next(_NUMBER)}") / "farm"
    write_site(write_engie(other, rows, turbines=3, parts=parts), DAYS)
    files = sorted(other.glob("scada_*.csv"))
    names = [path.name for path in files]
    order.shuffle(names)
    for path in files:
        path.rename(path.with_suffix(".part"))
    for path, name in zip(files, names, strict=True):
        path.with_suffix(".part").rename(other / name)
    found = fingerprint(_run(other, days), without=["sources"])
    assert differing(found, reference) == ["sources"]


def test_the_report_is_the_same_bytes_in_another_place(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "a longer path <with> marks" / folder.name
    write_site(write_engie(other, _rows(), turbines=3), DAYS)
    one, two = tmp_path / "one", tmp_path / "two"
    Farm(open_dataset(folder), options=RunOptions(scheduler="synchronous")).report(one)
    Farm(open_dataset(other), options=RunOptions(scheduler="threads", workers=3, partition_days=1)).report(two)
    written = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert Path("index.html") in written
    assert Path("summary.json") in written
    assert written == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file())
    assert [str(name) for name in written if (one / name).read_bytes() != (two / name).read_bytes()] == []


def test_a_selected_period_is_the_same_however_it_is_cut(folder: Path) -> None:
    start, end = pd.Timestamp("2015-03-02T05:30", tz="UTC"), pd.Timestamp("2015-03-03T19:10", tz="UTC")
    found = [
        fingerprint(
            analyse(
                open_dataset(folder),
                start=start,
                end=end,
                options=RunOptions(scheduler="synchronous", partition_days=days),
            )
        )
        for days in (1, 92)
    ]
    assert not differing(*found)


def test_the_three_formats_give_the_same_tables(tmp_path: Path) -> None:
    rows = farm_rows(2, 2, seed=5)
    found = []
    for write in (write_generic, write_engie, write_greenbyte):
        results = _run(write(tmp_path / write.__name__, rows))
        assert results.quality is not None
        assert results.energy is not None
        found.append((fingerprint(results.quality), fingerprint(results.energy)))
    for quality, energy in found[1:]:
        assert not differing(quality, found[0][0])
        assert not differing(energy, found[0][1])


@settings(phases=PHASES, max_examples=15)
@given(data=st.data(), records=st.integers(2, 8))
def test_frozen_flags_do_not_depend_on_partition_borders(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, records: int
) -> None:
    n = 60
    rows = farm_rows(1, n / 144, seed=3)
    rows["power"] = data.draw(st.lists(st.sampled_from(["500.00", "600.00", ""]), min_size=n, max_size=n))
    rows["wind"] = data.draw(st.lists(st.sampled_from(["7.000", "8.000"]), min_size=n, max_size=n))
    gone = data.draw(st.sets(st.integers(1, n - 2), max_size=4))
    twice = data.draw(st.lists(st.integers(0, n - 1), max_size=3))
    rows = pd.concat([rows.drop(index=list(gone)), rows.loc[[i for i in twice if i not in gone]]])
    read = _partitions(tmp_path_factory.mktemp(f"rows{next(_NUMBER)}"), rows, records)
    inner = sorted(data.draw(st.sets(st.integers(1, n - 1), max_size=6)))
    whole, pieces = _basic_flags(read([0, n]), records), _basic_flags(read([0, *inner, n]), records)
    assert pieces == whole
    assert len(whole) == len(rows)
    alone = _frozen_by_hand(read([0, n])[0], records)
    assert [i for i, (_, bits) in enumerate(whole) if bits & Flag.FROZEN] == alone


@pytest.mark.parametrize("border", [21, 30, 39])
def test_rows_that_rules_pass_over_do_not_shorten_the_halo(tmp_path: Path, border: int) -> None:
    """A run of twenty records, each of them four times in the export."""
    rows = farm_rows(1, 60 / 144, seed=3)
    rows.loc[20:39, "power"] = "500.00"
    read = _partitions(tmp_path, pd.concat([rows] * 4), 20)
    whole, pieces = _basic_flags(read([0, 60]), 20), _basic_flags(read([0, border, 60]), 20)
    assert pieces == whole
    assert len({time for time, bits in whole if bits & Flag.FROZEN}) == 20


def _quality(frozen_records: int) -> QualitySettings:
    """Return settings of which frozen runs alone decide how wide a halo is, as far as they can."""
    others = {"derated_records": 3, "icing_records": 2, "icing_standstill": 2}
    return QualitySettings.model_validate({"frozen_records": frozen_records, **others})


def _partitions(folder: Path, rows: pd.DataFrame, frozen_records: int) -> Callable[[list[int]], list[Recorded]]:
    """Write a farm of one turbine; return what cuts it at borders [records from its first]."""
    dataset = open_dataset(write_generic(folder, rows, turbines=1))
    farm = dataset.farm.model_copy(update={"quality": _quality(frozen_records)})
    (file,) = dataset.of_kind("scada")
    store = Store(folder / "cache")
    series = prepare("T1", [convert_file(file, store)], farm, store)
    start = int(pd.Timestamp("2015-03-01").timestamp()) * 1_000_000

    def read(borders: list[int]) -> list[Recorded]:
        edges = [start + i * PERIOD_US for i in borders]
        return [partition(series, part, (edges[0], edges[-1]), farm) for part in cut(series, edges)]

    return read


def _basic_flags(parts: list[Recorded], frozen_records: int) -> list[tuple[int, int]]:
    """Return time and flags of the partitions' own records."""
    turbine = Turbine(name="T1", rated_power_kw=RATED_KW)
    found: list[tuple[int, int]] = []
    for part in parts:
        bits, _ = basic_flags(part, turbine, _quality(frozen_records), 600)
        found += zip(part.own().time.tolist(), bits[part.core].tolist(), strict=True)
    return found


def _frozen_by_hand(recorded: Recorded, records: int) -> list[int]:
    """Return the places of records in runs of one value, counted record by record."""
    kept = np.flatnonzero((recorded.flags & np.uint32(PASSED_OVER)) == 0).tolist()
    found: set[int] = set()
    for name in ("power_kw", "wind_speed"):
        values, run = recorded.signal(name), [-1]
        for i in kept:
            follows = (
                i > kept[0] and values[i] == values[run[-1]] and recorded.time[i] - recorded.time[run[-1]] == PERIOD_US
            )
            run = [*run, i] if follows else [i]
            if len(run) >= records and values[i] == values[i]:
                found.update(run)
    return sorted(found)
