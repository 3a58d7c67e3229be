"""Plans and outcomes as people and programs read them. Decides nothing."""

from .lines import outcome_line, outcomes_summary, plan_summary, purchase_question
from .plan_json import plan_json
from .plan_text import plan_text
from .progress import watch
from .screen import print_anything, show_plan

__all__ = [
    "outcome_line",
    "outcomes_summary",
    "plan_json",
    "plan_summary",
    "plan_text",
    "print_anything",
    "purchase_question",
    "show_plan",
    "watch",
]
