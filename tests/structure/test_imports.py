"""A room imports only from rooms below it, and no files import one another in a circle."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from support import paths, source

LINTER = Path(sys.executable).with_name("lint-imports")


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [LINTER, "--config", root / "pyproject.toml", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A scratch copy of the package's source and of the contracts."""
    shutil.copytree(
        source.PACKAGE, tmp_path / "src" / "kinesics", ignore=shutil.ignore_patterns("*.safetensors", "*.pyc")
    )
    shutil.copy(paths.ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold() -> None:
    found = lint_imports(paths.ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("inference/events.py", "from kinesics.training import run", "inference never imports training"),
        ("timeline/timeline.py", "import kinesics.video", "rooms import downwards only"),
        ("skeleton/layout.py", "import kinesics.video", "rooms import downwards only"),
        ("data/splits.py", "import kinesics", "no room imports the package itself"),
        ("data/splits.py", "def lazily():\n    import torch", "data sets reach no network by any way"),
        ("models/layers.py", "import lightning", "networks know nothing of Lightning"),
        ("simulator/camera.py", "import torch", "the simulator knows no network"),
    ],
)
def test_a_planted_wrong_import_is_found(copy: Path, file: str, line: str, contract: str) -> None:
    planted = copy / "src" / "kinesics" / file
    planted.write_text(f"{planted.read_text()}\n{line}\n")
    found = lint_imports(copy)
    assert found.returncode == 1, found.stdout + found.stderr
    broken = [text for text in found.stdout.splitlines() if " BROKEN" in text]
    assert any(text.startswith(contract) for text in broken), found.stdout


def test_no_circles() -> None:
    """Lazy and type-only imports count."""
    graph = grimp.build_graph("kinesics", exclude_type_checking_imports=False, cache_dir=None)
    assert circles(graph) == []


def test_a_circle_is_found() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")):
        graph.add_import(importer=importer, imported=imported)
    assert [sorted(circle) for circle in circles(graph)] == [["a", "b", "c"]]


def circles(graph: grimp.ImportGraph) -> list[set[str]]:
    """Sets of files that lead to one another: each is downstream and upstream of the others."""
    found: list[set[str]] = []
    for module in graph.modules - set().union(*found):
        circle = graph.find_downstream_modules(module) & graph.find_upstream_modules(module)
        if circle and circle | {module} not in found:
            found.append(circle | {module})
    return found


def test_importing_the_package_is_quick_and_loads_no_torch() -> None:
    code = "import sys, kinesics; sys.exit('numpy' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
