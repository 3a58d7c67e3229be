"""The command line: `mkdocs-imagegen`."""

from __future__ import annotations


def main() -> None:
    """Run the command line, on MkDocs or, where only that is installed, on ProperDocs."""
    try:
        import mkdocs  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        # Serves `import mkdocs.*` from its own modules from here on.
        import properdocs.replacement  # noqa: F401
    from .commands import commands

    commands()
