"""Plans on stdout, whatever terminal, pipe or encoding that is."""

from __future__ import annotations

import io
import os
import shutil
import sys

from ..model import Plan
from ..plan import Outlook
from .plan_text import plan_text


def show_plan(plan: Plan, outlook: Outlook) -> None:
    """Print the plan as a table: as wide as the terminal and in colour, plain elsewhere."""
    print_anything()
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    sys.stdout.write(plan_text(plan, outlook, width=width, colour=colour))
    sys.stdout.flush()


def print_anything() -> None:
    """Replace what the streams' encoding lacks: Windows pipes are not UTF-8, titles may be."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
