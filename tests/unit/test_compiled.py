"""The cache of compiled kernels: its name covers every source that they are made of, and it is where it should be."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from turbine import compiled

ROOT = Path(compiled.__file__).parent.parent
PACKAGES = ("turbine", "gridforming", "fleet")
MARKS = {"kernel", "inlined_kernel", "loop_kernel", "jitable"}
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def _decorated(tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the functions that are compiled."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = {name.id for mark in node.decorator_list for name in ast.walk(mark) if isinstance(name, ast.Name)}
            names |= {
                name.attr for mark in node.decorator_list for name in ast.walk(mark) if isinstance(name, ast.Attribute)
            }
            if names & MARKS:
                found.append(node)
    return found


def _sources() -> list[Path]:
    return sorted({path for path in compiled.kernel_sources() if path.name != "compiled.py"})


def _project_imports(tree: ast.Module) -> dict[str, Path]:
    """Return the names that a module takes from other modules of the product at its top level, with their files."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PACKAGES:
            base = ROOT / Path(*node.module.split("."))
            for name in node.names:
                inside = base / f"{name.name}.py"
                path = inside if inside.exists() else base.with_suffix(".py")
                found[name.asname or name.name] = path if path.exists() else base / "__init__.py"
        elif isinstance(node, ast.Import):
            for name in node.names:
                assert name.name.partition(".")[0] not in PACKAGES, f"import {name.name}: name what is taken"
    return found


def _reached(tree: ast.Module) -> set[str]:
    """Return every name that compiled functions of a module use, their signatures and what these lead to included."""
    defined: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                defined.update({name.id: node for name in ast.walk(target) if isinstance(name, ast.Name)})
    reached: set[str] = set()
    waiting: list[ast.AST] = list(_decorated(tree))
    while waiting:
        for name in ast.walk(waiting.pop()):
            if isinstance(name, ast.Name) and name.id not in reached:
                reached.add(name.id)
                if name.id in defined:
                    waiting.append(defined[name.id])
    return reached


def test_every_file_with_a_kernel_is_a_kernel_source() -> None:
    holders = {path.resolve() for path in FILES if _decorated(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(holders) >= 6
    assert holders <= set(compiled.kernel_sources())


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.stem)
def test_kernels_take_project_names_from_kernel_sources_only(path: Path) -> None:
    # Functions, constants, and tuples whose order of fields is compiled in: a change in a file outside of the name's
    # reach would run old machine code.
    tree = ast.parse(path.read_text(encoding="utf-8"))
    covered, reached = set(compiled.kernel_sources()), _reached(tree) - MARKS
    stray = {
        name: file.name
        for name, file in _project_imports(tree).items()
        if name in reached and file.resolve() not in covered
    }
    assert not stray, f"{path.name} compiles in {stray}, which the cache's name does not cover"


def _copy_of_the_product(folder: Path) -> Path:
    for source in (*compiled.kernel_sources(), ROOT / "turbine" / "trim.py"):
        copy = folder / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    return folder / "turbine" / "compiled.py"


def _folder_name(monkeypatch: pytest.MonkeyPatch, place: Path) -> str:
    monkeypatch.setattr(compiled, "__file__", str(place))
    return compiled.cache_folder.__wrapped__().name


def test_folder_name_follows_every_kernel_source_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = compiled.cache_folder.__wrapped__().name
    place = _copy_of_the_product(tmp_path)
    assert _folder_name(monkeypatch, place) == original
    (tmp_path / "turbine" / "trim.py").write_text("# holds no kernel\n")
    assert _folder_name(monkeypatch, place) == original
    names = {original}
    sources = set(compiled.kernel_sources())
    assert len(sources) >= 7
    for source in sorted(sources):
        before = source.read_bytes()
        source.write_bytes(before + b"\n# changed\n")
        names.add(_folder_name(monkeypatch, place))
        source.write_bytes(before)
    assert len(names) == len(sources) + 1
    (tmp_path / "turbine" / "another.py").write_text("from turbine.compiled import kernel\n")
    assert _folder_name(monkeypatch, place) not in names


def test_folder_name_follows_the_versions_of_numba_and_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {compiled.cache_folder.__wrapped__().name}
    monkeypatch.setattr(compiled.numba, "__version__", "0.0.1")
    names.add(compiled.cache_folder.__wrapped__().name)
    monkeypatch.setattr(compiled.np, "__version__", "0.0.2")
    names.add(compiled.cache_folder.__wrapped__().name)
    assert len(names) == 3


def test_folder_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDFORM_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    first = compiled.cache_folder.__wrapped__()
    assert first.parent == tmp_path / "own" / "windform" / "kernels"
    monkeypatch.delenv("WINDFORM_CACHE")
    assert compiled.cache_folder.__wrapped__() == tmp_path / "xdg" / "windform" / "kernels" / first.name
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert compiled.cache_folder.__wrapped__() == tmp_path / "home" / ".cache" / "windform" / "kernels" / first.name


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_kernel_is_kept_in_the_folder_and_the_setting_of_numba_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = tmp_path / "cache", compiled.numba.config.CACHE_DIR
    monkeypatch.setattr(compiled, "cache_folder", lambda: folder)
    source = tmp_path / "twice.py"
    source.write_text("from turbine.compiled import kernel\n\n@kernel\ndef twice(x):\n    return 2.0 * x / 0.0\n")
    assert _imported(source).twice(1.0) == float("inf")  # divides as NumPy does
    assert str(compiled.numba.config.CACHE_DIR) == str(before)
    assert {path.suffix for path in folder.rglob("*.*")} >= {".nbi", ".nbc"}
    assert not list(tmp_path.glob("__pycache__/*.nb?"))
