"""What was bought, grouped and added up, for people and for spreadsheets. Decides nothing.

cost      one request, from a ledger's row or a lockfile's entry
sums      the costs in groups: the CostReport
columns   what is shown of a group; words and chart beside it
as_text, as_data, as_page   the report as a table, JSON and CSV, and HTML
"""

from .as_data import costs_csv, costs_json
from .as_page import costs_html
from .as_text import costs_text
from .cost import Cost, entry_cost, merge_books, row_cost
from .sums import By, CostReport, make_report

__all__ = [
    "By",
    "Cost",
    "CostReport",
    "costs_csv",
    "costs_html",
    "costs_json",
    "costs_text",
    "entry_cost",
    "make_report",
    "merge_books",
    "row_cost",
]
