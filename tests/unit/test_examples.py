"""The notebooks in examples/ run from top to bottom, as their readers would run them."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

EXAMPLES = sorted(Path(__file__).parents[2].joinpath("examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # the kernel's own plumbing warns; the notebook's code is not run in this process
def test_notebook_runs(script: Path, tmp_path: Path) -> None:
    notebook = jupytext.read(script)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert (tmp_path / "build" / "notebook" / "index.html").exists() is ("farm.report(" in script.read_text("utf-8"))
