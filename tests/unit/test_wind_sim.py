"""`wind-sim` before it simulates: it says so, and its exit code does too."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from gridforming.cli import app


def test_without_arguments_it_says_that_there_is_no_simulation_yet_and_fails() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "no simulations" in result.stderr
    assert "wind-fleet" in result.stderr
    assert result.stdout == ""


def test_version_is_the_distributions() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.strip() == f"windform {version('windform')}"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_the_command_that_works(option: str) -> None:
    result = CliRunner().invoke(app, [option])
    assert result.exit_code == 0
    assert "wind-fleet" in result.stdout


@pytest.mark.parametrize("arguments", [["run", "scenario.toml"], ["run", "--seed", "1"]])
def test_a_scenario_is_refused_not_ignored(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "no simulations" in result.stderr
