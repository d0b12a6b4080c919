"""From files to series in the cache: what is read again and what is not, and what happens to damaged entries."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet import pipeline, prepare
from fleet.analysis import analyse, overview, select
from fleet.clock import ClockFinding, check_clock
from fleet.clock_json import finding_from_json, finding_to_json
from fleet.config import ClockSettings
from fleet.dataset import DataFile, open_dataset
from fleet.errors import OutputError
from fleet.pipeline import RunOptions
from fleet.readers.base import Batch
from fleet.results import FleetResults
from fleet.store import Store
from tests.clock_series import fixed_clock_given_offsets, frame, readings, values
from tests.farms import differing, farm_rows, fingerprint, write_generic

ROWS = farm_rows(2, 1.5, seed=21)


class Counted:
    """Which files were read and which turbines prepared."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[str] = []
        self.turbines: list[str] = []
        read, prepared = DataFile.read, prepare._prepare_into

        def counting_read(file: DataFile) -> Batch:
            self.files.append(file.name)
            return read(file)

        def counting_prepare(store: object, key: str, turbine: str, *rest: object) -> object:
            self.turbines.append(turbine)
            return prepared(store, key, turbine, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(DataFile, "read", counting_read)
        monkeypatch.setattr(prepare, "_prepare_into", counting_prepare)

    def taken(self) -> tuple[list[str], list[str]]:
        """Return sorted names since the last call."""
        found = sorted(self.files), sorted(self.turbines)
        self.files, self.turbines = [], []
        return found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    return write_generic(tmp_path / "farm", ROWS, parts=2)


@pytest.fixture
def run(tmp_path: Path, farm: Path) -> Callable[..., FleetResults]:
    def analysed(**options: object) -> FleetResults:
        chosen = {"scheduler": "synchronous", "cache": tmp_path / "cache", **options}
        return analyse(open_dataset(farm), options=RunOptions(**chosen))  # type: ignore[arg-type]

    return analysed


def _there_and_back(finding: ClockFinding) -> ClockFinding:
    return finding_from_json(json.loads(json.dumps(finding_to_json(finding))))


def test_a_clock_finding_goes_there_and_back() -> None:
    clock = readings("2014-02-01", "2014-12-01", 3600)
    rows = fixed_clock_given_offsets(clock, "Europe/Paris", values(len(clock), 3))
    finding = check_clock(rows, period_s=3600, time_zone="Europe/Paris", settings=ClockSettings())
    assert finding.correction is not None
    assert finding.correction.pushed_rows
    assert finding.notes
    assert finding.shifted_rows > 0
    assert _there_and_back(finding) == finding


def test_findings_without_correction_or_records_go_there_and_back() -> None:
    clock = readings("2014-05-01", "2014-05-03", 600)
    rows = frame(clock, np.zeros(len(clock), np.int32), values(len(clock), 1))
    for given in (rows, rows.iloc[:0]):
        finding = check_clock(given, period_s=600, time_zone="UTC", settings=ClockSettings(), offsets_given=True)
        back = _there_and_back(finding)
        assert back == finding
        assert (back.first is None) == (len(given) == 0)
        if back.first is not None:
            assert back.first == pd.Timestamp("2014-05-01", tz="UTC")
            assert type(back.first) is pd.Timestamp


def test_the_second_run_reads_the_cache_only(run: Callable[..., FleetResults], monkeypatch: pytest.MonkeyPatch) -> None:
    first = fingerprint(run())

    def no(*_: object, **__: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(DataFile, "read", no)
    monkeypatch.setattr(prepare, "_prepare_into", no)
    assert not differing(fingerprint(run()), first)
    assert not differing(fingerprint(run(verify=True)), first)
    monkeypatch.setattr(pipeline, "convert_file", no)  # the farm's own entry tells all
    monkeypatch.setattr(pipeline, "prepare", no)
    assert not differing(fingerprint(run(partition_days=1)), first)


def test_a_farm_s_own_entry_keeps_all_that_it_names_in_use(
    run: Callable[..., FleetResults], counted: Counted, tmp_path: Path
) -> None:
    """Runs that find the farm's entry look for no other; after a month of them nothing may be forgotten."""
    run()
    counted.taken()
    store = Store(tmp_path / "cache")
    entries = sorted(path for kind in ("files", "series", "farms") for path in (store.folder / kind).rglob("meta.json"))
    assert len(entries) == 5  # two files, two turbines, the farm
    for path in entries:
        at = path.stat().st_mtime - 60 * 86_400
        os.utime(path, (at, at))
    run()
    assert store.forget(30)[0] == 0
    assert all(path.exists() for path in entries)
    assert counted.taken() == ([], [])


def test_without_a_cache_everything_is_read_each_time(
    run: Callable[..., FleetResults], counted: Counted, tmp_path: Path
) -> None:
    first = fingerprint(run())
    everything = (["data_000.csv", "data_001.csv"], ["T1", "T2"])
    assert counted.taken() == everything
    for _ in range(2):
        assert not differing(fingerprint(run(keep=False, cache=tmp_path)), first)
        assert counted.taken() == everything
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "farm"]


def test_a_changed_file_alone_is_read_again(run: Callable[..., FleetResults], counted: Counted, farm: Path) -> None:
    run()
    counted.taken()
    rows = ROWS.copy()
    rows.loc[0, "power"] = "1.00"
    write_generic(farm, rows, parts=2)
    results = run()
    # The first file holds T1, the second T2.
    assert counted.taken() == (["data_000.csv"], ["T1"])
    assert not differing(fingerprint(results), fingerprint(run(keep=False, cache=None)))


def test_a_file_of_another_name_is_another_file(run: Callable[..., FleetResults], counted: Counted, farm: Path) -> None:
    run()
    counted.taken()
    (farm / "data_001.csv").rename(farm / "data_009.csv")
    results = run()
    assert counted.taken() == (["data_009.csv"], ["T2"])
    assert sorted(results.sources["file"]) == ["data_000.csv", "data_009.csv"]


def test_a_touched_file_is_looked_at_but_not_read(
    run: Callable[..., FleetResults], counted: Counted, farm: Path
) -> None:
    run()
    counted.taken()
    (farm / "data_000.csv").touch()
    run()
    assert counted.taken() == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "files", "turbines"),
    [
        # How files are read.
        ('stamps = "start"', 'stamps = "end"', ["data_000.csv", "data_001.csv"], ["T1", "T2"]),
        # What becomes of their records.
        ("", '[clock]\nduplicates = "first"', [], ["T1", "T2"]),
        # What is said of them afterwards.
        ("rated_power_kw = 2000.0", "rated_power_kw = 2100.0", [], []),
        ("", "[power_curve]\nbin_width = 1.0", [], []),
    ],
)
def test_a_setting_makes_anew_what_depends_on_it(
    run: Callable[..., FleetResults],
    counted: Counted,
    farm: Path,
    old: str,
    new: str,
    files: list[str],
    turbines: list[str],
) -> None:
    run()
    counted.taken()
    settings = (farm / "farm.toml").read_text()
    changed = settings.replace(old, new) if old else settings + new
    assert changed != settings
    (farm / "farm.toml").write_text(changed)
    results = run()
    assert counted.taken() == (files, turbines)
    if turbines:
        assert not differing(fingerprint(results), fingerprint(run(keep=False, cache=None)))
        counted.taken()
    (farm / "farm.toml").write_text(settings)
    run()
    assert counted.taken() == ([], [])  # the earlier entries are still there


def test_other_bytes_of_the_same_size_and_time_need_verify(
    run: Callable[..., FleetResults], counted: Counted, farm: Path
) -> None:
    before = fingerprint(run())
    counted.taken()
    path = farm / "data_000.csv"
    at = path.stat().st_mtime_ns
    text = path.read_text()
    cell = ROWS.loc[3, "power"]
    path.write_text(text.replace(f",{cell},", "," + "9" * (len(cell) - 3) + ".99,", 1))
    os.utime(path, ns=(at, at))
    assert path.stat().st_size == len(text)
    assert not differing(fingerprint(run()), before)
    assert counted.taken() == ([], [])
    seen = fingerprint(run(verify=True))
    assert counted.taken() == (["data_000.csv"], ["T1"])
    assert differing(seen, before)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "no pages": lambda path: path.write_bytes(b"PAR1" + bytes(path.stat().st_size - 2000) + path.read_bytes()[-1996:]),
    "other": lambda path: path.write_text("not Parquet"),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize(("damage", "days"), [*((damage, 1830) for damage in DAMAGE), ("cut off", 1)])
def test_a_damaged_series_is_made_again_within_the_run(
    run: Callable[..., FleetResults], counted: Counted, tmp_path: Path, damage: str, days: int
) -> None:
    before = fingerprint(run())
    counted.taken()
    records = sorted((tmp_path / "cache" / "series").rglob("records.parquet"))
    sound = [path.read_bytes() for path in records]
    DAMAGE[damage](records[0])
    results = run(partition_days=days)
    assert not results.failed
    assert not differing(fingerprint(results), before)
    files, turbines = counted.taken()
    assert files == []
    assert len(turbines) == 1
    assert [path.read_bytes() for path in records] == sound


def test_a_damaged_series_and_the_file_behind_it_are_made_again(
    run: Callable[..., FleetResults], counted: Counted, tmp_path: Path
) -> None:
    before = fingerprint(run())
    counted.taken()
    for path in (tmp_path / "cache").rglob("*.parquet"):
        DAMAGE["zeros"](path)
    results = run()
    assert not results.failed
    assert not differing(fingerprint(results), before)
    files, turbines = counted.taken()
    assert set(files) == {"data_000.csv", "data_001.csv"}
    assert set(turbines) == {"T1", "T2"}


def test_the_overview_mends_too(farm: Path, tmp_path: Path) -> None:
    options = RunOptions(scheduler="synchronous", cache=tmp_path / "cache")
    before = overview(open_dataset(farm), options=options)
    for path in (tmp_path / "cache" / "series").rglob("*.parquet"):
        DAMAGE["cut off"](path)
    after = overview(open_dataset(farm), options=options)
    assert not differing(fingerprint(after), fingerprint(before))


@pytest.mark.parametrize(("kind", "text"), [("files", ""), ("series", "{"), ("farms", "[]"), ("hashes", "")])
def test_damaged_descriptions_are_made_again(
    run: Callable[..., FleetResults], counted: Counted, tmp_path: Path, kind: str, text: str
) -> None:
    before = fingerprint(run())
    for path in (tmp_path / "cache" / kind).rglob("meta.json"):
        path.write_text(text)
    assert not differing(fingerprint(run()), before)
    assert not differing(fingerprint(run(verify=True)), before)
    counted.taken()
    run()
    assert counted.taken() == ([], [])


def test_an_entry_that_stays_unreadable_ends_the_run_with_its_name(
    run: Callable[..., FleetResults], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(prepare.pq, "ParquetFile", broken)
    with pytest.raises(OutputError, match=r"records\.parquet: converted data cannot be read back: .*--clear") as caught:
        run()
    assert str(tmp_path / "cache") in str(caught.value)


def test_turbines_of_a_selection_have_their_series_already(
    run: Callable[..., FleetResults], counted: Counted, farm: Path, tmp_path: Path
) -> None:
    run()
    counted.taken()
    options = RunOptions(scheduler="synchronous", cache=tmp_path / "cache")
    results = analyse(select(open_dataset(farm), ["T2"]), options=options)
    assert [turbine.name for turbine in results.farm.turbines] == ["T2"]
    assert counted.taken() == ([], [])
