"""The distribution against what the project file, the documents and the design promise."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from fleet.categories import Category
from fleet.category_sums import RUNNING_UNALLOCATED
from gridforming.scenario import scenario_names

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HEAVY = ("dask", "distributed", "matplotlib.pyplot", "scipy", "typer", "jinja2")


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_-]", requirement, maxsplit=1)[0]


def test_installed_version_is_the_project_files() -> None:
    assert distribution("windform").version == PROJECT["version"]


def test_extras_are_those_of_the_issue() -> None:
    assert set(PROJECT["optional-dependencies"]) == {"test", "docs", "cluster", "peers"}


def test_scenarios_are_files_of_a_package_that_the_wheel_holds_whole() -> None:
    """`packages` takes each file of a package that git does not ignore; `make wheel-test` looks into a built wheel."""
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    assert "gridforming" in wheel["packages"]
    assert not {"exclude", "only-include", "artifacts", "sources"} & {*wheel, *build}
    files = sorted((REPOSITORY / "gridforming" / "scenarios").iterdir())
    assert [path.stem for path in files if path.suffix == ".toml"] == scenario_names()
    assert "black_start" in scenario_names()
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=REPOSITORY, capture_output=True, text=True)
    assert ignored.stdout == ""
    assert '"gridforming" / "scenarios"' in (REPOSITORY / "scripts" / "wheel_smoke.py").read_text(encoding="utf-8")


def test_every_dependency_has_a_lower_bound() -> None:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    assert [entry for group in groups for entry in group if ">=" not in entry] == []


def test_every_dependency_has_its_line_of_reason() -> None:
    text = (REPOSITORY / "docs" / "decisions.md").read_text(encoding="utf-8")
    missing = [_name(entry) for entry in PROJECT["dependencies"] if f"`{_name(entry)}`" not in text]
    assert missing == []


@pytest.mark.parametrize("package", ["fleet", "gridforming", "turbine"])
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    code = f"import sys, json, {package}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(json.loads(run.stdout))
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize("command", sorted(PROJECT["scripts"]))
def test_console_command_leads_to_a_function(command: str) -> None:
    module, function = PROJECT["scripts"][command].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_documents_say_that_the_package_names_are_taken_on_pypi() -> None:
    for name in ("README.md", "docs/index.md", "docs/decisions.md"):
        assert "PyPI" in (REPOSITORY / name).read_text(encoding="utf-8"), name


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    dead = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(REPOSITORY)} -> {target}")
    assert dead == []


def test_nomenclature_names_every_label_of_availability_as_it_is_counted() -> None:
    page = (REPOSITORY / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    part = page[page.index("## Information categories") : page.index("## Settings")]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    assert {row[0].strip("`") for row in rows} == {*(category.value for category in Category), RUNNING_UNALLOCATED}
    assert "| `unallocated_in_service` | none | yes |  |" in part
    assert "| `unallocated` | none |  | unavailable | excluded |" in part


def test_generated_documents_are_up_to_date() -> None:
    script = REPOSITORY / "scripts" / "write_docs.py"
    run = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
