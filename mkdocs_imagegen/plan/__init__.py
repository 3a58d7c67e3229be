"""START HERE. Articles to orders, orders to the Plan, the Plan to an approval.

Pure: no MkDocs, network, clock or disk. The dry run prints the Plan that a build executes; there is
no second way to decide what is bought.

    read_covers -> make_orders -> (lockfile and store are looked at) -> make_plan -> approve
                                                     (bought) -> locked

    orders      what each article asks for, as a request with its key
    components  what a request is made of, and what changed
    standing    which entry of the lockfile is whose
    lock        what the lockfile says after a run
    judge       what is done about one order, and why
    actions     all of them: the Plan
    approval    the Plan against the walls, and whether this build buys
    walls       the walls, request by request
    retries     whether a failed request is sent again
    failures    what is shown of what could not be bought
    savings     the cheapest way to buy the same
    saved       a plan from a file, held against today's
    orphans     what nobody uses any more, and when it may go
    forgetting  what of an article there is to forget
"""

from .actions import EVERYTHING, make_plan, needed_originals
from .approval import ApprovedPlan, Decision, Outlook, approve, decide, require_all, require_shown
from .failures import after_failures, require_bought
from .judge import DAMAGE_HINT, SOON_DAYS
from .lock import locked, remembered
from .orders import Digests, make_orders, merge_orders, named_files, read_covers
from .previews import turned_over
from .retries import Retries
from .saved import SavedPlan, read_saved, require_same
from .savings import cheapest
from .standing import stand

__all__ = [
    "DAMAGE_HINT",
    "EVERYTHING",
    "SOON_DAYS",
    "ApprovedPlan",
    "Decision",
    "Digests",
    "Outlook",
    "Retries",
    "SavedPlan",
    "after_failures",
    "approve",
    "cheapest",
    "decide",
    "locked",
    "make_orders",
    "make_plan",
    "merge_orders",
    "named_files",
    "needed_originals",
    "read_covers",
    "read_saved",
    "remembered",
    "require_all",
    "require_bought",
    "require_same",
    "require_shown",
    "stand",
    "turned_over",
]
