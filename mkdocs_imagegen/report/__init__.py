"""Plans and outcomes as people and programs read them. Decides nothing."""

from .lines import outcome_line, plan_summary
from .plan_json import plan_json
from .plan_text import plan_text
from .progress import watch

__all__ = ["outcome_line", "plan_json", "plan_summary", "plan_text", "watch"]
