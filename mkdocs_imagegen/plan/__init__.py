"""START HERE. Articles to orders, orders to the Plan, the Plan to an approval.

Pure: no MkDocs, network, clock or disk. The dry run prints the Plan that a build executes; there is
no second way to decide what is bought.

    read_covers -> make_orders -> (the store is looked at) -> make_plan -> approve
"""

from .actions import DAMAGE_HINT, make_plan
from .approval import ApprovedPlan, Decision, Outlook, approve, decide
from .orders import Digests, make_orders, merge_orders, named_files, read_covers

__all__ = [
    "DAMAGE_HINT",
    "ApprovedPlan",
    "Decision",
    "Digests",
    "Outlook",
    "approve",
    "decide",
    "make_orders",
    "make_plan",
    "merge_orders",
    "named_files",
    "read_covers",
]
