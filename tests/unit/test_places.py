"""Where files lie: zip archives and object stores give the figures of the same files in a folder."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath

import fsspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fleet
from fleet.batch import farm_folders
from fleet.dataset import open_dataset
from fleet.errors import InputError
from fleet.places import files_below, matches, name_below, place
from fleet.readers.text import file_bytes, head
from fleet.unpacking import MOST_RATIO, SMALL, allowed
from fleet.zip_member import ZipMember
from tests.farms import (
    differing,
    farm_rows,
    fingerprint,
    run_cli,
    write_engie,
    write_generic,
    write_greenbyte,
    write_site,
)


@pytest.fixture
def store() -> Iterator[fsspec.AbstractFileSystem]:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield memory
    memory.store.clear()


def _zip(path: Path, files: dict[str, bytes], **options: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content, **options)
    return path


def _packed(folder: Path, names: tuple[str, ...], archive: str) -> None:
    _zip(folder / archive, {name: (folder / name).read_bytes() for name in names})
    for name in names:
        (folder / name).unlink()


def _upload(memory: fsspec.AbstractFileSystem, folder: Path, bucket: str) -> str:
    for path in folder.rglob("*"):
        if path.is_file():
            memory.pipe(f"/{bucket}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"memory://{bucket}"


def test_a_farm_gives_the_same_in_a_folder_an_archive_and_a_store(
    tmp_path: Path, store: fsspec.AbstractFileSystem
) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    for folder in (plain, packed):
        write_site(write_engie(folder, farm_rows(2, 1.0), parts=2), 1)
        (folder / "farm.toml").write_text('name = "x"\nassets = "assets.csv"\n')
    _packed(packed, ("scada_000.csv", "scada_001.csv"), "2015.zip")
    _packed(packed, ("Status_T1.csv", "era5.csv"), "others")  # an archive by content, whatever its name
    names = [file.name for file in open_dataset(packed).files]
    assert names == [
        "2015.zip/scada_000.csv",
        "2015.zip/scada_001.csv",
        "others/Status_T1.csv",
        "others/era5.csv",
        "plant.csv",
    ]
    expected = fingerprint(fleet.open(plain).results, without=["sources"])
    for location in (str(packed), _upload(store, plain, "plain"), _upload(store, packed, "packed")):
        results = fleet.open(location).results
        assert differing(expected, fingerprint(results, without=["sources"])) == []
    assert "2015.zip/scada_000.csv" in set(results.sources["file"])


def test_a_pattern_means_members_or_an_archive_as_a_whole(tmp_path: Path) -> None:
    folder = write_generic(tmp_path, farm_rows(1, 0.2), turbines=1, parts=3)
    _packed(folder, ("data_000.csv", "data_001.csv"), "year.zip")
    settings = (folder / "farm.toml").read_text()
    found = {}
    for pattern in ("year.zip/data_*.csv", "*.zip", "**/data_*.csv", "**", "y*/data_001.csv", "data_*.csv"):
        (folder / "farm.toml").write_text(settings.replace("data_*.csv", pattern))
        found[pattern] = [file.name for file in open_dataset(folder).files]
    both = ["year.zip/data_000.csv", "year.zip/data_001.csv"]
    assert found == {
        "year.zip/data_*.csv": both,
        "*.zip": both,
        "**/data_*.csv": ["data_002.csv", *both],
        "**": ["data_002.csv", *both],
        "y*/data_001.csv": both[1:],
        "data_*.csv": ["data_002.csv"],
    }


def test_assets_within_an_archive(tmp_path: Path) -> None:
    folder = write_engie(tmp_path, farm_rows(2, 0.1))
    _packed(folder, ("assets.csv", "scada_000.csv"), "all.zip")
    assert [turbine.name for turbine in open_dataset(folder).farm.turbines] == ["T1", "T2"]
    (folder / "farm.toml").write_text('name = "x"\nassets = "all.zip/assets.csv"\n')
    assert [turbine.name for turbine in open_dataset(folder).farm.turbines] == ["T1", "T2"]


@pytest.mark.parametrize("remote", [False, True])
def test_members_have_the_interface_of_paths(tmp_path: Path, store: fsspec.AbstractFileSystem, remote: bool) -> None:
    _zip(
        tmp_path / "y.zip",
        {"a/T1.csv": b"x,y\n1,2\n", "a/T2.csv.gz": b"", "b.csv": b"3", "__MACOSX/._b": b"", ".x": b""},
    )
    folder = place(_upload(store, tmp_path, "farm")) if remote else tmp_path
    found = files_below(folder)
    assert [name_below(folder, path) for path in found] == ["y.zip/a/T1.csv", "y.zip/a/T2.csv.gz", "y.zip/b.csv"]
    first = found[0]
    assert (first.name, first.stem, first.suffix, first.with_name("T2.csv.gz").suffixes) == (
        "T1.csv", "T1", ".csv", [".csv", ".gz"]
    )  # fmt: skip
    assert str(first) == f"{folder}/y.zip/a/T1.csv" == first.as_posix()
    assert first.with_name("T2.csv.gz").exists()
    assert not first.with_name("T3.csv").exists()
    assert first.with_suffix(".csv.gz") == first.with_name("T1.csv.gz") == first.parent / "T1.csv.gz"
    assert first.parent.is_dir()
    assert not first.parent.is_file()
    assert first.parent.parent.joinpath("b.csv").read_text() == "3"
    assert [path.name for path in first.parent.parent.iterdir()] == [".x", "__MACOSX", "a", "b.csv"]
    assert [path.name for path in first.parent.glob("T1*")] == ["T1.csv"]
    assert first.parent.parent.parent == folder
    assert pickle.loads(pickle.dumps(first)) == first
    assert len({first, first.with_name("T1.csv")}) == 1
    assert sorted(reversed(found)) == found
    with first.open("rb") as file:
        assert file.read(3) == b"x,y"
    with first.open(encoding="utf-8") as file:
        assert file.readline() == "x,y\n"
    with pytest.raises(FileNotFoundError):
        first.with_name("T3.csv").open("rb")
    with pytest.raises(ValueError, match="only read"):
        first.open("wb")


def test_a_replaced_archive_is_read_afresh(tmp_path: Path) -> None:
    member = ZipMember(_zip(tmp_path / "y.zip", {"a.csv": b"old"}), PurePosixPath("a.csv"))
    assert member.read_bytes() == b"old"
    _zip(tmp_path / "y.zip", {"a.csv": b"newer"})
    assert member.read_bytes() == b"newer"


def _damaged(path: Path) -> None:
    _zip(path, {"a.csv": random.Random(1).randbytes(4000)})
    data = bytearray(path.read_bytes())
    data[2000] ^= 0xFF
    path.write_bytes(bytes(data))


def _encrypted(path: Path) -> None:
    data = bytearray(_zip(path, {"a.csv": b"1"}).read_bytes())
    data[6] |= 1  # the flag in the member's own header and in the list of members
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))


def _method(path: Path) -> None:
    data = bytearray(_zip(path, {"a.csv": b"1"}).read_bytes())
    data[8] = 9  # Deflate64, of Windows' own packer for large files
    data[data.index(b"PK\x01\x02") + 10] = 9
    path.write_bytes(bytes(data))


def _twice(path: Path) -> None:
    path.write_bytes(_zip(path, {"a.csv": b"1", "b.csv": b"2"}).read_bytes().replace(b"b.csv", b"a.csv"))


def _within(name: str) -> dict[str, bytes]:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("a.csv", "1")
    return {name: inner.getvalue()}


REFUSED = {
    "cut": (lambda path: path.write_bytes(_zip(path, {"a.csv": b"1" * 900}).read_bytes()[:-30]), "archive is damaged"),
    "damaged inside": (_damaged, "archive is damaged"),
    "encrypted": (_encrypted, "is encrypted; expected an archive without a password"),
    "unknown method": (_method, "cannot be unpacked"),
    "one name twice": (_twice, "two files named 'a.csv'"),
    "name that leads outside": (lambda path: _zip(path, {"../a.csv": b"1"}), "'../a.csv'; expected plain names"),
    "absolute name": (lambda path: _zip(path, {"/etc/a.csv": b"1"}), "'/etc/a.csv'; expected plain names"),
    "name with a drive": (lambda path: _zip(path, {"C:/a.csv": b"1"}), "expected plain names"),
    "name with back slashes": (lambda path: _zip(path, {"..\\a.csv": b"1"}), "expected plain names"),
    "archive within": (lambda path: _zip(path, _within("b.zip")), "b.zip: a zip archive within an archive"),
    "gzip within": (lambda path: _zip(path, {"b.gz": gzip.compress(b"1")}), "b.gz: a gzip file within an archive"),
    "bomb": (lambda path: _zip(path, {"a.csv": b"0" * (SMALL + 1)}), "would unpack from"),
    "bomb of many": (
        lambda path: _zip(path, {f"{i}.csv": b"0" * (SMALL // 4) for i in range(5)}), "would unpack from"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_archives_that_are_refused_with_a_message(kind: str, tmp_path: Path) -> None:
    make, message = REFUSED[kind]
    folder = write_engie(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    make(folder / "year.zip")
    result = run_cli("report", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert (result.code, result.out) == (3, "")
    assert f"{folder}/year.zip" in result.err
    assert message in result.err
    # The inventory lists it beside the others.
    result = run_cli("inspect", str(folder))
    assert result.code == 0
    assert message.split(": ")[-1] in " ".join(result.out.split())
    assert sorted(path.name for path in folder.iterdir()) == ["assets.csv", "scada_000.csv", "year.zip"]


_SOUND = {"a.csv": b"a,b\n" + b"1,2\n" * 30, "b/c.csv": "é,b\n3,4\n".encode(), "d.csv.gz": b"x,y\n5,6\n"}
_JUNK = st.sampled_from([b"\x00", b"\xff", b"\xff\xff\xff\xff", b"PK\x01\x02", b"PK\x05\x06", b"../", b"\x01\x08"])


@settings(max_examples=200)
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), _JUNK), min_size=1, max_size=3))
def test_a_damaged_archive_is_refused_or_gives_what_was_packed(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[float, int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    data = _zip(folder / "y.zip", _SOUND).read_bytes()
    for where, removed, inserted in cuts:
        at = 4 + int(where * (len(data) - 4))
        data = data[:at] + inserted + data[at + removed :]
    (folder / "y.zip").write_bytes(data)
    for path in files_below(folder):
        with suppress(InputError):  # every other error is one that a user would see as a traceback
            head(path)
            assert file_bytes(path) in (data, *_SOUND.values())


def test_spreadsheets_are_no_archives(tmp_path: Path) -> None:
    _zip(tmp_path / "book.xlsx", {"[Content_Types].xml": b"", "xl/workbook.xml": b""})
    assert [path.name for path in files_below(tmp_path)] == ["book.xlsx"]
    assert head(tmp_path / "book.xlsx") == ""


def test_a_gzip_bomb_and_what_is_packed_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0" * (SMALL + 1)))
    with pytest.raises(InputError, match=r"a\.csv\.gz: would unpack from .* to 16,777,217 bytes or more"):
        file_bytes(path)
    path.write_bytes(gzip.compress(gzip.compress(b"a,b\n1,2\n")))
    with pytest.raises(InputError, match="a gzip file within an archive"):
        file_bytes(path)


def test_a_long_table_without_a_value_is_no_bomb() -> None:
    # A year of 300 columns that hold nothing, as Greenbyte exports a turbine that was off.
    rows = "".join(
        f"2016-{1 + i // 4464 % 12:02d}-{1 + i // 144 % 31:02d} {i // 6 % 24:02d}:{i % 6}0:00" + ",NaN" * 299 + "\n"
        for i in range(20_000)
    )
    packed = gzip.compress(rows.encode())
    assert len(rows) > SMALL
    assert len(rows) / len(packed) < 0.75 * MOST_RATIO
    assert len(rows) < allowed(len(packed))


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    folder = write_engie(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "round").symlink_to(folder)
    assert [path.name for path in files_below(folder)] == ["assets.csv", "loop.csv", "scada_000.csv"]
    result = run_cli("report", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert result.code == 3
    assert f"{folder / 'loop.csv'}: cannot be read" in result.err


def test_links_to_folders_elsewhere_are_followed_once(tmp_path: Path) -> None:
    folder, other = tmp_path / "farm", tmp_path / "other"
    for path in (folder / "own", other / "deep"):
        path.mkdir(parents=True)
        (path / "a.csv").write_text("1")
    (folder / "link").symlink_to(other)
    (folder / "again").symlink_to(folder / "own")  # looked through anyway
    (other / "back").symlink_to(folder)
    (other / "deep" / "up").symlink_to(other)
    assert [name_below(folder, path) for path in files_below(folder)] == ["link/deep/a.csv", "own/a.csv"]


def test_members_are_read_in_parallel(tmp_path: Path) -> None:
    content = {f"{i:02d}.csv": random.Random(i).randbytes(40_000) for i in range(40)}
    _zip(tmp_path / "y.zip", content)
    found = files_below(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda path: path.read_bytes(), found * 3))
    assert read == list(content.values()) * 3


@pytest.mark.parametrize("remote", [False, True])
def test_parquet_in_archives_and_stores(tmp_path: Path, store: fsspec.AbstractFileSystem, remote: bool) -> None:
    folder = write_generic(tmp_path / "farm", farm_rows(1, 0.2), turbines=1)
    expected = fleet.open(folder).energy().totals
    pd.read_csv(folder / "data_000.csv").to_parquet(folder / "data.parquet")
    (folder / "data_000.csv").unlink()
    settings = (folder / "farm.toml").read_text()
    if not remote:
        _packed(folder, ("data.parquet",), "year.zip")
    (folder / "farm.toml").write_text(settings.replace("data_*.csv", "**/*.parquet"))
    location = _upload(store, folder, "farm") if remote else str(folder)
    pd.testing.assert_frame_equal(fleet.open(location).energy().totals, expected, check_exact=True)


def test_the_starter_for_a_farm_in_archives_reads_it(tmp_path: Path) -> None:
    folder = write_greenbyte(tmp_path / "farm", farm_rows(2, 0.3))
    listed = (folder / "farm.toml").read_text().split("[[turbines]]", 1)[1]
    (folder / "farm.toml").unlink()
    _packed(folder, ("Turbine_Data_T1.csv", "Turbine_Data_T2.csv"), "2015.zip")
    assert run_cli("inspect", str(folder), "--write").code == 0
    starter = (folder / "farm.toml").read_text()
    assert 'files = "2015.zip/Turbine_Data_T*.csv"' in starter
    (folder / "farm.toml").write_text(f"{starter}\n[[turbines]]{listed}")
    dataset = open_dataset(folder)
    assert [file.name for file in dataset.files] == ["2015.zip/Turbine_Data_T1.csv", "2015.zip/Turbine_Data_T2.csv"]
    assert int(fleet.open(folder).headline()["rows_in"].iloc[-1]) == 86


def test_stores_that_cannot_be_read_end_with_one_message(
    store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def message(location: str) -> str:
        result = run_cli("report", location, "--out", str(tmp_path / "out"), "--quiet")
        assert (result.code, result.out, result.err.count("\n")) == (3, "", 1)
        assert result.err.startswith(f"wind-fleet: {location}")
        return result.err

    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert "s3:// needs a package that is not installed: Install s3fs" in message("s3://bucket/farm")
    assert "expected a folder, or a URL" in message("s4://bucket/farm")
    assert "no such folder or bucket" in message("memory://nowhere")
    _upload(store, write_engie(tmp_path / "farm", farm_rows(1, 0.1), turbines=1), "farm")

    def refuse(*_: object, **__: object) -> bytes:
        raise PermissionError("Access Denied")

    def fail(*_: object, **__: object) -> bytes:
        raise RuntimeError("Unable to locate credentials")

    monkeypatch.setattr(type(store), "cat_file", refuse)
    assert "cannot be read: PermissionError: Access Denied" in message("memory://farm")
    monkeypatch.setattr(type(store), "cat_file", fail)
    assert "Unable to locate credentials" in message("memory://farm")


@pytest.mark.usefixtures("undrawn")
def test_a_store_of_farms_is_reported_farm_by_farm(store: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    for name in ("east", ".hidden", "west"):
        _upload(store, write_generic(tmp_path / name, farm_rows(1, 1.0), turbines=1), f"farms/{name}")
    refused = run_cli("report", "memory://farms", "--out", str(tmp_path / "out"), "--quiet")
    assert refused.code == 3
    assert "found a folder of farms (east, west), expected one farm; `wind-fleet reports memory://farms" in refused.err
    listed = [str(folder) for folder in farm_folders(["memory://farms", "memory://farms/west", "s4://no"])]
    assert listed == ["memory://farms/east", "memory://farms/west", "s4://no"]
    result = run_cli("reports", "memory://farms", "memory://nowhere", "--out", str(tmp_path / "out"), "--quiet")
    assert result.code == 5
    farms = json.loads((tmp_path / "out" / "summary.json").read_text())["farms"]
    assert [bool(farm["figures"]) for farm in farms] == [True, True, False]
    assert farms[2]["reason"] == "nowhere: no such folder or bucket, or it is empty"


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm = write_engie(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    (farm / "locked").mkdir()

    def refuse(path: Path) -> bool:
        if path.parent.name == "locked":
            raise PermissionError(13, "Permission denied")
        return False

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(InputError, match="farm/locked: cannot be read: Permission denied"):
        fleet.open(farm)


def test_results_are_written_to_this_machine_only(store: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    folder = write_engie(tmp_path / "farm", farm_rows(1, 0.1), turbines=1)
    location = _upload(store, folder, "farm")
    for arguments in (
        ("report", str(folder), "--out", "s3://bucket/report"),
        ("availability", str(folder), "--csv", "s3://bucket/a.csv", "--quiet"),
        ("inspect", location, "--write"),
    ):
        result = run_cli(*arguments)
        assert result.code == 4
        assert "is a URL; expected a local path" in result.err
    assert run_cli("inspect", location).code == 0


def test_parts_of_a_pattern_do_not_cross_folders() -> None:
    folder = Path("farm")
    assert matches(folder, folder / "a" / "b.csv", "a/*.csv")
    assert matches(folder, folder / "a" / "b.csv", "./**/b.*")
    assert matches(folder, folder / "a[1].csv", "a[[]1].csv")
    assert not matches(folder, folder / "a" / "b.csv", "*.csv")
    assert not matches(folder, folder / "a" / "b.csv", "a")
