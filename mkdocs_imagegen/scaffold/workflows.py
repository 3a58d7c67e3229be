"""The CI workflows that come with the package; docs/ci.md shows the same files."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from types import MappingProxyType

WORKFLOWS = MappingProxyType(
    {
        "covers-in-git": ("covers-in-git.yml",),
        "ci-buys": ("ci-buys.yml",),
        "plan-comment": ("plan-comment-1-plan.yml", "plan-comment-2-post.yml"),
        "cost-report": ("cost-report.yml",),
    }
)
"""By name, the files that a workflow is made of."""


def workflow_files(names: Iterable[str]) -> dict[str, str]:
    """Return the text of each file of these workflows, by file name."""
    folder = resources.files("mkdocs_imagegen") / "data" / "workflows"
    files = (file for name in names for file in WORKFLOWS[name])
    return {file: (folder / file).read_text(encoding="utf-8") for file in files}
