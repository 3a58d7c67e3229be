"""Plans and outcomes as people and programs read them. Decides nothing."""

from .lines import (
    buying_line,
    commit_line,
    outcome_line,
    outcomes_summary,
    purchase_question,
    purchases_line,
)
from .plan_html import plan_html
from .plan_json import plan_json
from .plan_markdown import plan_markdown
from .plan_text import plan_text
from .plan_words import plan_summary
from .progress import watch
from .screen import print_anything, show_plan
from .tally import Tally

__all__ = [
    "Tally",
    "buying_line",
    "commit_line",
    "outcome_line",
    "outcomes_summary",
    "plan_html",
    "plan_json",
    "plan_markdown",
    "plan_summary",
    "plan_text",
    "print_anything",
    "purchase_question",
    "purchases_line",
    "show_plan",
    "watch",
]
