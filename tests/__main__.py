"""`python -m tests`: everything that must pass, the slowest last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    # Stealing work: the slow tests stand together, and one worker would get them all.
    ("pytest", "-q", "-n", "auto", "--dist", "worksteal", "--durations", "25"),
)


def main() -> int:
    """Run the checks in turn; return the first exit code that is not 0."""
    folder = Path(sys.executable).parent  # not resolved: the virtual environment's own
    for name, *args in CHECKS:
        print(f"$ {name} {' '.join(args)}", flush=True)
        done = subprocess.run([folder / name, *args], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
