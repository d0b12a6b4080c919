"""Ctrl-C: one line and exit code 130; worker processes never see it, and their files go with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from dask.delayed import delayed

from fleet.schedule import RunOptions, compute, workers_of
from tests.farms import farm_rows, run_cli, write_generic
from turbine.cluster import interrupts_held

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no masks of signals on this system")

#: Sends itself Ctrl-C; says so if it lives on.
SUICIDE = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('alive')"


def held_back() -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_the_command_ends_with_one_line_and_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fleet.farm.Farm.report", interrupt)
    farm = write_generic(tmp_path / "farm", farm_rows(1, 0.5), turbines=1)
    result = run_cli("report", str(farm), "--out", str(tmp_path / "out"))
    assert result.code == 130
    assert result.err.startswith("wind-fleet: interrupted; no result was written")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_processes_started_meanwhile_never_see_it() -> None:
    with interrupts_held():
        there = subprocess.run([sys.executable, "-c", SUICIDE], capture_output=True, text=True, check=False)
    assert (there.returncode, there.stdout) == (0, "alive\n")
    usual = subprocess.run([sys.executable, "-c", SUICIDE], capture_output=True, text=True, check=False)
    assert usual.returncode != 0


def test_it_is_delivered_when_they_have_started() -> None:
    """A thread that was there before takes the signal at once."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    lived = False
    try:
        with pytest.raises(KeyboardInterrupt), interrupts_held():  # noqa: PT012
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            lived = True
    finally:
        over.set()
        thread.join()
    assert lived
    assert not held_back()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_workers_hold_it_back_take_large_constants_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """12 MB in the graph pass Dask's usual limit of 10 MB; warnings are errors here."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    options = RunOptions(workers=1)
    with workers_of(options):
        found = compute(options, "test", [delayed(held_back)(), delayed(len)(os.urandom(12_000_000))])
    assert found == [True, 12_000_000]
    assert not held_back()
    assert list(tmp_path.iterdir()) == []
