"""`wind-sim`: what it holds, what it refuses, and how quickly it says so."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from gridforming.cli import app


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_the_commands_that_work(option: str) -> None:
    result = CliRunner().invoke(app, [option])
    assert result.exit_code == 0
    assert "wind-sim run black_start --out black_start" in result.stdout
    for command in ("list", "show", "run", "compare", "modes", "turbine"):
        assert f"\n  {command} " in result.stdout
    assert "wind-fleet" in " ".join(result.stdout.replace("-\n", "-").split()).replace("wind- fleet", "wind-fleet")


def test_version_is_the_distributions() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.strip() == f"windform {version('windform')}"


def test_without_arguments_it_shows_its_help_and_fails() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "turbine" in result.output


@pytest.mark.parametrize("arguments", [["run"], ["show"], ["compare"], ["modes"], ["run", "phase_jump", "--seed", "1"]])
def test_a_missing_scenario_or_an_unknown_option_is_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


def test_a_wrong_command_names_the_nearest() -> None:
    result = CliRunner().invoke(app, ["trubine", "nrel_5mw"])
    assert result.exit_code == 2
    assert "turbine" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list", "--help"],
        ["show", "--help"],
        ["run", "--help"],
        ["compare", "--help"],
        ["modes", "--help"],
        ["turbine", "--help"],
        ["turbine", "run", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from gridforming.cli import app\n"
        f"app({arguments!r}, standalone_mode=False)\n"
        "heavy = {'numpy', 'numba', 'scipy', 'pandas', 'matplotlib', 'pyarrow', 'control'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
