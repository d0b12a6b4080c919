"""Status logs and state timers through the cache: read once, read back as they were, counted, and mended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from fleet.analysis import analyse, select
from fleet.converted import convert_file, others_note, rows_of, source_of
from fleet.dataset import DataFile, open_dataset
from fleet.errors import InputError
from fleet.inventory import inspect_folder
from fleet.pipeline import RunOptions
from fleet.readers.base import Batch
from fleet.results import FleetResults
from fleet.store import Store
from tests.farms import differing, farm_rows, fingerprint, logs_of, write_generic

LOG, TIMERS = "tblAlarmLog_2024_07.csv", "tblSCTurFlag_2024_07.csv"
FILES = [LOG, TIMERS]
T01, T02, T03, NOBODY = 2304510, 2304511, 2304512, 99
#: Two alarms of T01, one of T02, three of a turbine that farm.toml does not list.
ALARMS = [(T01, 10, 3118), (T01, 11, 20), (T02, 12, 25), (T03, 13, 25), (T03, 14, 25), (T03, 15, 25)]


def _alarm_row(station: int, hour: int, code: int) -> str:
    return f"2024-07-01 {hour:02d}:00:00,2024-07-01 {hour:02d}:30:00,{station},{code}"


def _timer_rows(station: int, records: int) -> list[str]:
    """Return records from 1 July, 00:00: T01 is stopped by command in the third hour."""
    ends = pd.date_range("2024-07-01 00:10", periods=records, freq="10min").strftime("%Y-%m-%d %H:%M:%S")
    return [
        f"{end},{station},{'0,0,600,0,600,0,0,3118' if station == T01 and 12 <= i < 18 else '600,600,600,0,0,0,0,0'}"
        for i, end in enumerate(ends)
    ]


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    folder = tmp_path / "farm"
    folder.mkdir()
    alarms = [_alarm_row(*row) for row in ALARMS]
    (folder / LOG).write_text("\n".join(["TimeOn,TimeOff,StationNr,Alarmcode", *alarms, ""]))
    header = (
        "TimeStamp,StationId,wtc_ScReToOp_timeon,wtc_ScInOper_timeon,wtc_ScWindIR_timeon,wtc_ScTurSto_timeon,"
        "wtc_ScComSto_timeon,wtc_ScEnvSto_timeon,wtc_ScGrdSto_timeon,wtc_AlarmCde_endvalue"
    )
    timers = [*_timer_rows(T01, 144), *_timer_rows(T02, 144), *_timer_rows(T03, 7), *_timer_rows(NOBODY, 1)]
    (folder / TIMERS).write_text("\n".join([header, *timers, ""]))
    turbines = "".join(f'[[turbines]]\nname = "{name}"\nrated_power_kw = 2300.0\n' for name in ("T01", "T02"))
    (folder / "farm.toml").write_text(f'name = "made up"\n{turbines}')
    return folder


@pytest.fixture
def run(tmp_path: Path, farm: Path) -> Callable[..., FleetResults]:
    def analysed(**options: object) -> FleetResults:
        chosen = {"scheduler": "synchronous", "cache": tmp_path / "cache", **options}
        return analyse(open_dataset(farm), options=RunOptions(**chosen))  # type: ignore[arg-type]

    return analysed


@pytest.fixture
def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of the files that were read."""
    names: list[str] = []
    read = DataFile.read

    def counting(file: DataFile) -> Batch:
        names.append(file.name)
        return read(file)

    monkeypatch.setattr(DataFile, "read", counting)
    return names


@pytest.mark.parametrize(
    ("sample", "kind", "rows"),
    [("penmanshiel", "events", 576), ("hill_of_towie", "events", 29), ("hill_of_towie", "timers", 93_708)],
)
def test_rows_are_read_back_as_they_were_read(tmp_path: Path, sample: str, kind: str, rows: int) -> None:
    """The files have so many lines below their headers (`wc -l`)."""
    (file,) = open_dataset(sample).of_kind(kind)
    store = Store(tmp_path)
    batch = file.read()
    entry = convert_file(file, store)
    again = convert_file(file, store)
    assert entry == again
    assert len(batch.frame) == rows
    assert sum(count for _, _, count in entry.counts) == rows
    assert_frame_equal(rows_of(entry, store), batch.frame.reset_index(drop=True))


def test_the_declared_period_is_kept(tmp_path: Path) -> None:
    (file,) = open_dataset("penmanshiel").of_kind("events")
    entry = convert_file(file, Store(tmp_path))
    # "# Time interval: 2023-02-01 00:00:00 - 2023-03-01 00:00:00", UTC
    assert entry.declared == (1_675_209_600_000_000, 1_677_628_800_000_000)
    assert convert_file(file, Store(tmp_path)) == entry


def test_the_second_run_reads_no_log_and_no_timers(run: Callable[..., FleetResults], files_read: list[str]) -> None:
    first = run()
    assert sorted(files_read) == FILES
    availability = first.availability.table.set_index(["turbine", "view"])  # by hand: one hour of T01 is not ready
    assert availability.loc[("T01", "operational"), "unavailable_h"] == 1.0
    assert first.alarms is not None
    assert first.alarms.fleet["events"].sum() == 3
    files_read.clear()
    assert not differing(fingerprint(run()), fingerprint(first))
    assert not differing(fingerprint(run(verify=True)), fingerprint(first))
    assert files_read == []
    assert not differing(fingerprint(run(keep=False, cache=None, scheduler="threads")), fingerprint(first))
    assert sorted(files_read) == FILES


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_alone_is_read_again(
    run: Callable[..., FleetResults], files_read: list[str], farm: Path, name: str
) -> None:
    before = fingerprint(run())
    files_read.clear()
    lines = (farm / name).read_text().splitlines()
    (farm / name).write_text("\n".join([*lines[:-1], ""]))
    after = run()
    assert files_read == [name]
    assert differing(fingerprint(after), before)


def test_a_file_that_log_and_timers_take_in_has_both_read_again(
    run: Callable[..., FleetResults], files_read: list[str], farm: Path
) -> None:
    run()
    files_read.clear()
    texts = "Hill_of_Towie_alarms_description.csv"
    (farm / texts).write_text("Alarm Code,Description,Stopping\n3118,Yaw limit,1\n")
    found = run()
    assert sorted(set(files_read)) == [texts, *FILES]
    assert found.alarms is not None
    assert found.alarms.fleet.set_index("code").loc["3118", "message"] == "Yaw limit"


@pytest.mark.parametrize("name", FILES)
def test_other_bytes_of_the_same_size_and_time_need_verify(
    run: Callable[..., FleetResults], files_read: list[str], farm: Path, name: str
) -> None:
    before = fingerprint(run())
    files_read.clear()
    path = farm / name
    at = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace("3118", "3119", 1))
    os.utime(path, ns=(at, at))
    assert not differing(fingerprint(run()), before)
    assert files_read == []
    run(verify=True)
    assert files_read == [name]


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _pages_changed(path: Path) -> None:
    """Change a byte of the first page's data, whose checksum notices it."""
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(bytes(content))


def _no_description(path: Path) -> None:
    (path.parent / "meta.json").write_text("{")


@pytest.mark.parametrize("damage", [_cut_off, _zeros, _pages_changed, Path.unlink, _no_description])
def test_damaged_entries_are_made_again_within_the_run(
    run: Callable[..., FleetResults], files_read: list[str], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    before = fingerprint(run())
    rows = sorted((tmp_path / "cache" / "files").rglob("*.parquet"))
    assert len(rows) == 2
    sound = [path.read_bytes() for path in rows]
    files_read.clear()
    for path in rows:
        damage(path)
    assert not differing(fingerprint(run()), before)
    assert sorted(files_read) == FILES
    assert [path.read_bytes() for path in rows] == sound
    files_read.clear()
    run()
    assert files_read == []


def test_a_log_that_changes_while_it_is_read_is_refused(
    run: Callable[..., FleetResults], farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = DataFile.read

    def growing(file: DataFile) -> Batch:
        batch = read(file)
        with (farm / LOG).open("a") as log:
            log.write(_alarm_row(T01, 20, 7) + "\n")
        return batch

    monkeypatch.setattr(DataFile, "read", growing)
    with pytest.raises(InputError, match=rf"{LOG}: changed while it was read; .*run again"):
        run()
    assert not list((tmp_path / "cache" / "files").rglob("meta.json"))


def test_rows_of_turbines_that_are_not_listed_are_counted(run: Callable[..., FleetResults]) -> None:
    """By hand: of 6 alarms 3 are T03's; of 296 records 7 are T03's and one is of a station without a name."""
    sources = run().sources.set_index("file")
    assert sources["rows"].to_dict() == {LOG: 6, TIMERS: 296}
    assert sources.loc[LOG, "note"].startswith(
        "rows by what they count as: warning 6; "
        f"rows of turbines that are not listed are not used: T03 (3 rows); {LOG}: no "
    )
    assert sources.loc[TIMERS, "note"].startswith(
        f"rows of turbines that are not listed are not used: 99 (1 row), T03 (7 rows); {TIMERS}: no "
    )


def test_turbines_stand_in_natural_order(tmp_path: Path) -> None:
    """1, 2, 10, 100: in the list of files, in what is said of unlisted ones, and in the inventory."""
    rows = farm_rows(6, 0.2)
    names = dict(zip([f"T{number}" for number in range(1, 7)], ["T1", "T2", "10", "100", "9", "1"], strict=True))
    folder = write_generic(tmp_path / "farm", rows.assign(turbine=rows["turbine"].map(names)), turbines=2)
    dataset = open_dataset(folder)
    entry = convert_file(dataset.files[0], Store(tmp_path / "cache"))
    assert source_of(entry)["turbines"] == "1, 9, 10, 100, T1, T2"
    assert others_note(entry, dataset).endswith("not used: 1 (29 rows), 9 (29 rows), 10 (29 rows), 100 (29 rows)")
    (found,) = [entry for entry in inspect_folder(folder).files if entry.turbines]
    assert found.turbines == ("1", "9", "10", "100", "T1", "T2")


def test_turbines_that_were_not_selected_are_counted_apart(farm: Path, tmp_path: Path) -> None:
    """By hand: T01 has 2 of the 6 alarms."""
    chosen = select(open_dataset(farm), ["T02"])
    results = analyse(chosen, options=RunOptions(scheduler="synchronous", cache=tmp_path / "cache"))
    note = results.sources.set_index("file").loc[LOG, "note"]
    assert f"are not used: T03 (3 rows); rows of turbines that are not selected: 2; {LOG}" in note


def test_logs_of_no_file_are_none() -> None:
    logs, sources = logs_of(open_dataset("la_haute_borne"))
    assert logs == {}
    assert len(sources) == 0
