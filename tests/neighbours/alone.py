"""A Python environment as `pip install --no-deps` leaves one: ProperDocs is there, MkDocs is not.

It is a real virtual environment, with links to what the running one has: nothing is downloaded.
"""

from __future__ import annotations

import os
import subprocess
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WANTED = ("mkdocs-imagegen", "properdocs", "properdocs-theme-mkdocs")
ABSENT = frozenset({"mkdocs"})


def make_environment(folder: Path) -> Path:
    """Make the environment in a folder and return its Python."""
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    python = next(path for path in folder.glob("*/python*") if path.stem == "python")
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    told = subprocess.run([python, "-c", asked], capture_output=True, encoding="utf-8", check=True)
    packages = Path(told.stdout.strip())
    for found in _with_dependencies(WANTED):
        for name in _top_level(found):
            link = packages / name
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(name))))
    return python


def _with_dependencies(names: tuple[str, ...]) -> list[Distribution]:
    """Return these distributions and all they need, but for what must be absent."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name in found or name in ABSENT:
            continue
        found[name] = distribution(name)
        wanted = [Requirement(line) for line in found[name].requires or ()]
        left += [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    return list(found.values())


def _top_level(found: Distribution) -> set[str]:
    """Return the names that a distribution has in the folder of packages."""
    parts = (Path(str(path)).parts for path in found.files or ())
    return {names[0] for names in parts if names[0] not in ("..", "__pycache__")}
