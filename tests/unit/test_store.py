"""The cache's folder: entries are whole or absent, named after content, and nobody else's files are touched."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TextIO

import pytest

from fleet import cache_keys
from fleet import store as store_module
from fleet.cache_keys import MODULES, code_version, digest
from fleet.errors import InputError, OutputError
from fleet.schedule import RunOptions, cache_of
from fleet.store import KINDS, DamagedEntry, Store, default_cache
from tests.farms import run_cli

KEY = digest("an entry")


def _make(store: Store, text: str = "content", key: str = KEY) -> None:
    with store.new("files", key) as (folder, meta):
        (folder / "0.parquet").write_text(text)
        meta["rows"] = len(text)


def _left(folder: Path) -> list[str]:
    """Return all files and folders below the kinds, temporary ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_an_entry_is_found_as_it_was_described(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.find("files", KEY) is None
    _make(store)
    assert store.find("files", KEY) == {"rows": 7}
    assert store.find("series", KEY) is None
    assert (store.path("files", KEY) / "0.parquet").read_text() == "content"
    assert _left(tmp_path) == sorted(
        ["files", f"files/{KEY[:2]}", *(f"files/{KEY[:2]}/{KEY}{name}" for name in ("", "/0.parquet", "/meta.json"))]
    )
    assert store.size() == len("content") + len('{"rows": 7}')
    store.drop("files", KEY)
    assert store.find("files", KEY) is None


def test_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail() -> None:
        with store.new("files", KEY) as (folder, _):
            (folder / "0.parquet").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.find("files", KEY) is None
    assert _left(tmp_path) == ["files", f"files/{KEY[:2]}"]


def test_what_a_killed_run_left_is_no_entry_and_in_nobodys_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    half = store.path("files", KEY).with_name(f".{KEY[:8]}.abcdefgh")
    half.mkdir(parents=True)
    (half / "0.parquet").write_text("half")
    assert store.find("files", KEY) is None
    _make(store)
    assert store.find("files", KEY) == {"rows": 7}
    assert (half / "0.parquet").read_text() == "half"  # perhaps another run is at it


@pytest.mark.parametrize("meta", [None, "", '{"rows": 7', "[]", "null", "\x00\x00", "not JSON"])
def test_an_entry_without_a_sound_description_is_made_again(tmp_path: Path, meta: str | None) -> None:
    store = Store(tmp_path)
    _make(store, "old")
    described = store.path("files", KEY) / "meta.json"
    if meta is None:
        described.unlink()
    else:
        described.write_text(meta)
    assert store.find("files", KEY) is None
    _make(store, "new one")
    assert store.find("files", KEY) == {"rows": 7}
    assert (store.path("files", KEY) / "0.parquet").read_text() == "new one"


def test_of_two_writers_one_stays_and_both_go_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.new("files", KEY) as (first, meta):
        (first / "0.parquet").write_text("content")
        meta["rows"] = 7
        _make(store)  # another process was faster
        assert store.find("files", KEY) == {"rows": 7}
    assert store.find("files", KEY) == {"rows": 7}
    assert len(_left(tmp_path)) == 5


def test_many_writers_of_one_entry(tmp_path: Path) -> None:
    store, failed, start = Store(tmp_path), [], threading.Barrier(8)

    def write() -> None:
        start.wait()
        try:
            for _ in range(20):
                _make(store)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.find("files", KEY) == {"rows": 7}
    assert len(_left(tmp_path)) == 5  # no temporary folder


def test_the_content_key_follows_the_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    one, same, other = (tmp_path / name for name in ("one.csv", "same.csv", "other.csv"))
    one.write_bytes(b"a,b\n1,2\n")
    same.write_bytes(b"a,b\n1,2\n")
    other.write_bytes(b"a,b\n1,3\n")
    keys = [store.content_key(path, verify=False) for path in (one, same, other)]
    # SHA-256 of the eight bytes, from `printf 'a,b\n1,2\n' | sha256sum`.
    assert keys[0] == "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470"
    assert keys[0] == keys[1] != keys[2]
    one.write_bytes(b"a,b\n1,2,\n")
    assert store.content_key(one, verify=False) not in keys


def test_other_bytes_of_the_same_size_and_time_are_seen_with_verify_only(tmp_path: Path) -> None:
    store, path = Store(tmp_path / "cache"), tmp_path / "data.csv"
    path.write_bytes(b"1.00")
    at = path.stat().st_mtime_ns
    first = store.content_key(path, verify=False)
    path.write_bytes(b"9.00")
    os.utime(path, ns=(at, at))
    assert store.content_key(path, verify=False) == first
    seen = store.content_key(path, verify=True)
    assert seen != first
    assert store.content_key(path, verify=False) == seen  # from now on
    path.write_bytes(b"1.00")
    os.utime(path, ns=(at, at + 1))
    assert store.content_key(path, verify=False) == first


def test_a_damaged_note_of_size_and_time_is_no_key(tmp_path: Path) -> None:
    store, path = Store(tmp_path / "cache"), tmp_path / "data.csv"
    path.write_bytes(b"1.00")
    key = store.content_key(path, verify=False)
    (note,) = (tmp_path / "cache").rglob("hashes/*/*.json")
    for damaged in ("", "{}", "[1]", '{"seen": null}'):
        note.write_text(damaged)
        assert store.content_key(path, verify=False) == key
        assert key in note.read_text()


def test_a_file_that_is_not_there_has_no_key(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv"):
        Store(tmp_path).content_key(tmp_path / "nothing.csv", verify=True)


def test_a_folder_that_cannot_be_written_is_named_with_the_option(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(OutputError) as caught:
        _make(Store(blocked))
    assert str(blocked) in str(caught.value)
    assert "--cache" in str(caught.value)
    assert blocked.read_text() == "no folder"


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_temporary_cache_needs_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=rf"{name}.*--cache"), cache_of(RunOptions(cache=tmp_path / name, keep=False)):
        pass


def test_a_temporary_cache_goes(tmp_path: Path) -> None:
    with cache_of(RunOptions(cache=tmp_path, keep=False)) as store:
        _make(store)
        assert store.folder.parent == tmp_path
    assert _left(tmp_path) == []


def test_a_full_disk_leaves_no_half_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)
    with (
        pytest.raises(OutputError, match="No space left on device; name another folder with --cache"),
        Store(tmp_path).new("files", KEY),
    ):
        pass
    assert _left(tmp_path) == ["files", f"files/{KEY[:2]}"]


def test_a_full_disk_leaves_no_half_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"1.00")

    def full(_: object, file: TextIO) -> None:
        file.write("{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.json, "dump", full)
    store = Store(tmp_path / "cache")
    with pytest.raises(OutputError, match="No space left on device; name another folder with --cache"):
        store.content_key(path, verify=False)
    assert [left for left in (tmp_path / "cache").rglob("*") if left.is_file()] == []
    monkeypatch.undo()
    store.content_key(path, verify=False)
    (note,) = [left for left in (tmp_path / "cache").rglob("*") if left.is_file()]
    assert note.suffix == ".json"


def _aged(path: Path, days: float) -> float:
    """Set the time of change of a file or folder back and return it."""
    at = path.stat().st_mtime - days * 86_400
    os.utime(path, (at, at))
    return path.stat().st_mtime


def test_finding_an_entry_notes_its_use_once_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _make(store)
    meta = store.path("files", KEY) / "meta.json"
    made = meta.stat().st_mtime
    hours = _aged(meta, 0.9)
    assert store.find("files", KEY)
    assert meta.stat().st_mtime == hours
    _aged(meta, 30)
    assert store.find("files", KEY)
    assert meta.stat().st_mtime >= made
    assert store.find("files", KEY) == {"rows": 7}


def test_a_known_file_keeps_its_note(tmp_path: Path) -> None:
    store, path = Store(tmp_path / "cache"), tmp_path / "data.csv"
    path.write_bytes(b"1.00")
    store.content_key(path, verify=False)
    (note,) = (tmp_path / "cache").rglob("hashes/*/*.json")
    old = _aged(note, 30)
    store.content_key(path, verify=False)
    assert note.stat().st_mtime > old
    assert store.forget(1) == (0, 0)


def test_a_cache_that_cannot_be_written_is_read_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    _make(store)
    old = _aged(store.path("files", KEY) / "meta.json", 30)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr(store_module.os, "utime", refuse)
    assert store.find("files", KEY) == {"rows": 7}
    assert (store.path("files", KEY) / "meta.json").stat().st_mtime == old


def test_what_was_long_not_used_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    """By hand: 7 + 11 bytes of the old entry; use is noted once a day, so that the limit is a day later."""
    store = Store(tmp_path)
    old, kept = digest("old"), digest("kept")
    for key in (old, kept):
        _make(store, key=key)
    _aged(store.path("files", old) / "meta.json", 31.1)
    _aged(store.path("files", kept) / "meta.json", 30.9)
    half = store.path("files", KEY).with_name(f".{KEY[:8]}.abcdefgh")  # of a run that was killed
    half.mkdir(parents=True)
    (half / "0.parquet").write_text("half")
    assert store.forget(30) == (1, 7 + len('{"rows": 7}'))
    assert store.find("files", old) is None
    assert store.find("files", kept) == {"rows": 7}
    assert half.exists()  # perhaps another run is at it
    _aged(half, 32)
    (tmp_path / "notes.txt").write_text("mine")
    _aged(tmp_path / "notes.txt", 100)
    assert store.forget(30) == (1, 4)
    assert not half.exists()
    assert (tmp_path / "notes.txt").exists()
    assert store.forget(30) == (0, 0)
    assert Store(tmp_path / "nowhere").forget(30) == (0, 0)


def test_the_command_forgets_what_is_older(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = digest("old")
    _make(store, "x" * 1_234_567, key=old)
    _make(store)
    _aged(store.path("files", old) / "meta.json", 100)
    said = run_cli("cache", "--cache", str(tmp_path), "--older", "90")
    assert said.code == 0
    assert said.out.endswith("deleted, as not used for 90 days: entries: 1, 1.2 MB\n")
    assert store.find("files", old) is None
    assert store.find("files", KEY)
    assert run_cli("cache", "--cache", str(tmp_path), "--older", "0").code == 2
    both = run_cli("cache", "--cache", str(tmp_path), "--older", "9", "--clear")
    assert both.code == 2
    assert "exclude each other" in both.err
    assert store.find("files", KEY)


def test_clear_leaves_foreign_files_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _make(store)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data.csv").write_text("mine")
    assert store.size() == 18  # of the entry alone
    store.clear()
    assert _left(tmp_path) == ["notes.txt", "other", "other/data.csv"]
    assert store.size() == 0
    store.clear()  # twice does no harm
    _make(store)
    assert store.find("files", KEY) == {"rows": 7}


def test_the_command_says_how_large_the_cache_is_and_clears_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    _make(store, "x" * 1_234_567)
    said = run_cli("cache", "--cache", str(tmp_path))
    assert (said.code, said.out) == (0, f"{tmp_path}: 1.2 MB of converted data\n")
    assert store.find("files", KEY)
    said = run_cli("cache", "--cache", str(tmp_path), "--clear")
    assert said.code == 0
    assert said.out.endswith("deleted\n")
    assert store.find("files", KEY) is None
    nowhere = tmp_path / "nowhere"
    assert run_cli("cache", "--cache", str(nowhere)).out == f"{nowhere}: 0.0 MB of converted data\n"


def test_the_environment_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFORM_FLEET_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("WINDFORM_FLEET_CACHE")
    monkeypatch.setenv("WINDFORM_CACHE", str(tmp_path))
    assert default_cache() == tmp_path / "windform" / "fleet"


def test_kinds_are_folders_of_their_own(tmp_path: Path) -> None:
    assert len({Store(tmp_path).path(kind, KEY) for kind in KINDS}) == 4


def test_digests_tell_every_part_apart() -> None:
    parts = [(), ("",), ("a", "b"), ("ab",), (["a", "b"],), ("a", ["b"]), (1,), ("1",), (1.5,), (None,), ({"a": 1},)]
    assert len({digest(*part) for part in parts}) == len(parts)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_damage_travels_between_processes(tmp_path: Path) -> None:
    error = pickle.loads(pickle.dumps(DamagedEntry(tmp_path / "records.parquet", "cut off")))
    assert (error.path, error.reason) == (tmp_path / "records.parquet", "cut off")
    assert "records.parquet: converted data cannot be read back: cut off" in str(error)


@pytest.mark.parametrize(
    ("name", "counts"), [("readers/engie.py", True), ("prepare.py", True), ("cli.py", False), ("report/page.py", False)]
)
def test_the_code_that_reads_is_part_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, counts: bool
) -> None:
    copy = tmp_path / "fleet"
    shutil.copytree(Path(cache_keys.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache_keys, "__file__", str(copy / "cache_keys.py"))
    version = code_version.__wrapped__
    before = version()
    assert before == code_version()  # the copy's place does not count
    assert version() == before
    with (copy / name).open("a") as file:
        file.write("# another line\n")
    assert (version() != before) == counts


#: What `fleet.prepare` imports and what does not change an entry: texts of errors, results, settings of later steps.
_HARMLESS = {
    "categories", "clock_lag", "errors", "reference_curve", "results", "rule_settings", "runs", "samples",
    "turbine_block",
}  # fmt: skip


def test_the_version_of_the_code_covers_what_preparation_imports() -> None:
    words = "import sys, fleet.prepare, fleet.readers; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split() if name.startswith("fleet.") and name.count(".") == 1}
    assert loaded - {"readers"} - _HARMLESS == set(MODULES)
