"""The workflows in docs/ci.md: `python -m tests.workflow_docs` writes, a test compares."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs_imagegen.scaffold import WORKFLOWS, workflow_files

DOCS = Path(__file__).parent.parent / "docs" / "ci.md"
PAGES_JOB = re.compile(r"<!-- pages job -->\n```yaml\n(.*?)```\n", flags=re.DOTALL)
_WORKFLOW = re.compile(
    r"<!-- workflow (\S+) -->\n(?:`\.github/workflows/\1`:\n\n```yaml\n.*?```\n)?", flags=re.DOTALL
)


def written(text: str) -> str:
    """Return the page with each workflow below its marker as the package has it."""
    files = workflow_files(WORKFLOWS)

    def block(found: re.Match[str]) -> str:
        name = found[1]
        head = f"<!-- workflow {name} -->\n`.github/workflows/{name}`:"
        return f"{head}\n\n```yaml\n{files[name]}```\n"

    return _WORKFLOW.sub(block, text)


if __name__ == "__main__":
    DOCS.write_text(written(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
