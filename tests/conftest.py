"""Settings for all tests."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import IO, Any

import pytest
from hypothesis import settings

# Examples are drawn afresh at a desk, where a new failure is welcome, and the same ones in CI, where it would come at
# random. Time is never asserted: a slow machine is no defect of the product.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


# Converted data of made-up farms stay out of the user's cache.
_CACHE = tempfile.TemporaryDirectory(prefix="windform-tests-")
os.environ["WINDFORM_FLEET_CACHE"] = _CACHE.name


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the drawing, which takes most of the time, where a test is of something else."""

    def blank(canvas: object, target: IO[bytes], **options: Any) -> None:
        target.write(b'<svg width="1pt" height="1pt"></svg>')

    monkeypatch.setattr("matplotlib.backends.backend_svg.FigureCanvasSVG.print_svg", blank)


@pytest.fixture
def wind_sim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `wind-sim` as a shell does; return exit code, standard output and standard error."""
    from gridforming.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["wind-sim", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
