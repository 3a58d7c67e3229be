"""The rooms and their doors: who imports whom, and what a build in which nothing changed loads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mkdocs_imagegen"


def test_imports_only_go_down() -> None:
    """Hold the contracts of pyproject.toml, as `lint-imports` does."""
    code = (
        "from importlinter.cli import lint_imports as lint; raise SystemExit(lint(no_cache=True))"
    )
    checked = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert ", 0 broken" in checked.stdout


def test_every_module_has_its_layer() -> None:
    """A new file at the top of the package must say where it belongs."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(
        contract["layers"]
        for contract in config["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    modules = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert placed == modules | packages


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named_by_hand = [*project["dependencies"], *project["optional-dependencies"]["tokens"]]
    declared = {re.split(r"[<>=!~ \[]", named)[0] for named in named_by_hand}
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    imported: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module.partition(".")[0])
    known = metadata.packages_distributions()
    # ProperDocs is imported only where it stands in for MkDocs.
    outside = imported - {"mkdocs_imagegen", "properdocs"} - sys.stdlib_module_names
    assert [name for name in outside if not declared & {n.lower() for n in known[name]}] == []


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running the code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_plugin_loads_nothing_that_only_buying_or_drawing_needs() -> None:
    loaded = loaded_by("import mkdocs_imagegen.plugin")
    assert "mkdocs_imagegen.plugin" in loaded
    unwanted = {"openai", "httpx2", "PIL", "rich", "diskcache", "mkdocs_imagegen.providers.openai"}
    assert loaded & unwanted == set()


@pytest.mark.parametrize("room", ["plan", "articles", "prompts", "pricing", "keys", "model"])
def test_the_core_loads_no_host_network_or_disk(room: str) -> None:
    loaded = loaded_by(f"import mkdocs_imagegen.{room}")
    unwanted = {"mkdocs", "openai", "PIL", "rich", "diskcache", "click", "sqlite3", "filelock"}
    assert loaded & unwanted == set()
