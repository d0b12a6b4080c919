"""Runs that are killed, lose a worker or find the disk full, against an undisturbed run: the same bytes, or none."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.farms import farm_rows, run_cli, write_engie, write_site

ROOT = Path(__file__).parents[2]
DAYS, FILES, LOGS, TURBINES = 6, 5, 1, 3

#: Ends the process that runs it, or the worker that preloads it, the n-th time that a function is called.
KILL = """
import importlib, os, signal
from pathlib import Path

module, name = os.environ["KILL_AT"].rsplit(".", 1)
count, mark = int(os.environ["KILL_CALL"]), Path(os.environ["KILL_MARK"])
module = importlib.import_module(module)
before = getattr(module, name)
function, calls = getattr(before, "of", before), 0  # Dask loads this file twice

def killing(*arguments, **more):
    global calls
    calls += 1
    if calls == count:
        try:
            mark.touch(exist_ok=False)  # once of all workers
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **more)

killing.of = function
setattr(module, name, killing)
"""

COMMAND = """
import os, resource, sys

if __name__ == "__main__":
    import fleet.plots

    fleet.plots.to_svg = lambda figure: b'<svg width="1pt" height="1pt"></svg>'
    if "KILL_AT" in os.environ and "DASK_DISTRIBUTED__WORKER__PRELOAD" not in os.environ:
        import kill
    from fleet.cli import main

    if "LARGEST_FILE" in os.environ:
        largest = int(os.environ["LARGEST_FILE"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if "CLUSTER" in os.environ:
        from distributed import LocalCluster

        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
            sys.argv += ["--scheduler", cluster.scheduler_address]
            main()
    else:
        main()
"""


@dataclass(frozen=True)
class Place:
    """A farm, the folders of one test, and what an undisturbed run wrote."""

    farm: Path
    folder: Path
    expected: dict[str, bytes]

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def out(self) -> Path:
        return self.folder / "out" / "report"

    def run(self, *options: str, **environment: object) -> subprocess.CompletedProcess[str]:
        """Run `wind-fleet report` in a process of its own."""
        for name, text in (("kill.py", KILL), ("command.py", COMMAND)):
            (self.folder / name).write_text(text)
        path = os.pathsep.join((str(ROOT), str(self.folder)))
        given = {name: str(value) for name, value in environment.items()}
        command = [sys.executable, "command.py", "report", str(self.farm), "--out", str(self.out), "--quiet"]
        return subprocess.run(
            [*command, *(options or ("--cache", str(self.cache)))],
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", **given},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def killing(self, function: str, call: int) -> dict[str, object]:
        return {"KILL_AT": function, "KILL_CALL": call, "KILL_MARK": self.folder / "killed"}

    def entries(self) -> dict[str, int]:
        """Return the Parquet files of whole entries with the time at which they were written."""
        return {
            path.relative_to(self.cache).as_posix(): path.stat().st_mtime_ns
            for path in self.cache.rglob("*.parquet")
            if not any(part.startswith(".") for part in path.relative_to(self.cache).parts)
        }

    def temporary(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob(".*"))


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """Figures take most of a report's time; that they are the same each time has a test of its own."""
    base = tmp_path_factory.mktemp("undisturbed")
    rows = farm_rows(TURBINES, DAYS, seed=51)
    farm = write_site(write_engie(base / "farm", rows, turbines=TURBINES, parts=FILES), DAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fleet.plots.to_svg", lambda figure: b'<svg width="1pt" height="1pt"></svg>')
        result = run_cli("report", str(farm), "--out", str(base / "report"), "--quiet", "--cache", str(base / "cache"))
        assert (result.code, result.err) == (0, "")
        yield farm, _content(base / "report")


@pytest.fixture
def place(undisturbed: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Place:
    return Place(undisturbed[0], tmp_path, undisturbed[1])


def _differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return [name for name in sorted({*found, *expected}) if found.get(name) != expected.get(name)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "call", "files"),
    [
        ("fleet.converted._write", 1, 0),  # while the first file's first turbine is written
        ("fleet.store._place", 7, None),  # after some entries, whichever thread made them
        ("fleet.prepare.apply_clock", 2, FILES),  # while the second turbine's series is made
        ("fleet.pipeline.second_pass", 2, FILES),
        ("fleet.report.write.write_tables", 1, FILES),  # while the report is written
    ],
)
def test_a_killed_run_goes_on_where_it_was(place: Place, function: str, call: int, files: int | None) -> None:
    killed = place.run(**place.killing(function, call))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not place.out.exists()
    before = place.entries()
    if files is not None:
        whole = {name.rsplit("/", 1)[0] for name in before if name.startswith("files/")}
        assert len(whole) >= files if files else not whole
    again = place.run()
    assert (again.returncode, again.stderr) == (0, "")
    assert not _differing(_content(place.out), place.expected)
    after = place.entries()
    assert {name: after[name] for name in before} == before  # what was whole was not made again
    assert len({name.rsplit("/", 1)[0] for name in after}) == FILES + LOGS + TURBINES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "function", "call"),
    [
        ("workers", "fleet.pipeline.second_pass", 1),
        ("scheduler", "fleet.store._place", 2),
    ],
)
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(place: Place, given: str, function: str, call: int) -> None:
    options = ["--cache", str(place.cache), *(["--workers", "2"] if given == "workers" else [])]
    preload = {"DASK_DISTRIBUTED__WORKER__PRELOAD": f"['{place.folder / 'kill.py'}']"}
    cluster = {"CLUSTER": "yes"} if given == "scheduler" else {}
    result = place.run(*options, **preload, **cluster, **place.killing(function, call))
    assert result.returncode == 0, result.stderr
    assert (place.folder / "killed").exists()  # one worker did die
    assert not _differing(_content(place.out), place.expected)


@pytest.mark.slow
def test_a_damaged_entry_is_mended_where_workers_find_it(place: Place) -> None:
    assert run_cli("overview", str(place.farm), "--quiet", "--cache", str(place.cache)).code == 0
    for path in (place.cache / "series").rglob("records.parquet"):
        path.write_bytes(path.read_bytes()[:1000])
    result = place.run("--cache", str(place.cache), "--workers", "2")
    assert result.returncode == 0, result.stderr
    assert not _differing(_content(place.out), place.expected)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["cache", "no cache", "report"])
def test_a_full_disk_leaves_the_earlier_report_and_nothing_temporary(place: Place, what: str) -> None:
    temporary = place.folder / "tmp"
    temporary.mkdir()
    before = {**place.expected, "figures/earlier.svg": b"of another run"}
    for name, content in before.items():
        (place.out / name).parent.mkdir(parents=True, exist_ok=True)
        (place.out / name).write_bytes(content)
    if what == "report":  # all is converted
        assert run_cli("overview", str(place.farm), "--quiet", "--cache", str(place.cache)).code == 0
    options = ["--no-cache"] if what == "no cache" else ["--cache", str(place.cache)]
    # No file of more than this many bytes can be written: less than a series, or than the page, takes.
    full = place.run(*options, LARGEST_FILE=20_000, TMPDIR=temporary)
    assert full.returncode == 4, full.stderr
    assert full.stdout == ""
    assert full.stderr.count("\n") == 1
    assert full.stderr.startswith("wind-fleet: ")
    assert "File too large" in full.stderr
    assert str({"cache": place.cache, "no cache": temporary, "report": place.out}[what]) in full.stderr
    if what == "report":
        assert full.stderr.endswith("; an earlier report there is unchanged\n")
    assert _content(place.out) == before
    assert place.temporary() == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "name", "where"),
    [
        ("fleet.converted", "_write", "cache"),
        ("fleet.prepare", "as_written", "cache"),
        ("fleet.report.write", "write_tables", "report"),
        ("fleet.report.write", "write_json", "report"),
    ],
)
def test_no_space_left_is_one_message(
    place: Place, monkeypatch: pytest.MonkeyPatch, module: str, name: str, where: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importlib.import_module(module), name, full)
    result = run_cli("report", str(place.farm), "--out", str(place.out), "--quiet", "--cache", str(place.cache))
    assert result.code == 4
    assert (result.out, result.err.count("\n")) == ("", 1)
    assert "No space left on device" in result.err
    assert str(place.cache if where == "cache" else place.out) in result.err
    assert ("--cache" in result.err) == (where == "cache")
    assert not place.out.exists()
    assert place.temporary() == []
