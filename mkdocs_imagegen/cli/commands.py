"""The commands: plans and JSON on stdout, everything else on stderr."""

from __future__ import annotations

import click

from .. import __version__
from .apply import apply_command
from .check import check
from .doctor import doctor
from .explain import explain_command
from .gc import gc_command
from .init import init
from .plan import plan_command
from .report import report
from .restore import restore


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="mkdocs-imagegen")
def commands() -> None:
    """Covers for MkDocs articles: see what they cost, buy them once, publish them.

    Exit codes: 0 fine, 1 error, 2 usage, 3 would change or pay (plan --check), 4 over budget.
    """


for command in (
    apply_command,
    check,
    doctor,
    explain_command,
    gc_command,
    init,
    plan_command,
    report,
    restore,
):
    commands.add_command(command)
