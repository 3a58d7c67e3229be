"""Every value that flows from front matter to a published cover: frozen, nothing but data."""

from __future__ import annotations

from .articles import (
    NO_FRONT_MATTER,
    ArticleSource,
    Cover,
    Diagnostic,
    FileRef,
    FrontMatter,
    Inherited,
    OnError,
    OwnPicture,
    RawValue,
    Size,
)
from .ledger import LedgerRow, RowState
from .lockfile import EMPTY_LOCKFILE, Approved, Components, Entry, Lockfile, Refusal
from .outcomes import Bought, Failed, Found, Outcome, Skipped
from .plans import (
    Action,
    ActionKind,
    Alternative,
    Change,
    Order,
    Orders,
    Plan,
    PlanOptions,
)
from .records import (
    OriginalDamaged,
    OriginalOther,
    OriginalState,
    OriginalThere,
    Record,
    Rendition,
    StoreState,
    Usage,
)
from .requests import FREE, CoverRequest, Price, Priced, ShutDown, Unpriced
from .sketches import Palette, Sketch

__all__ = [
    "EMPTY_LOCKFILE",
    "FREE",
    "NO_FRONT_MATTER",
    "Action",
    "ActionKind",
    "Alternative",
    "Approved",
    "ArticleSource",
    "Bought",
    "Change",
    "Components",
    "Cover",
    "CoverRequest",
    "Diagnostic",
    "Entry",
    "Failed",
    "FileRef",
    "Found",
    "FrontMatter",
    "Inherited",
    "LedgerRow",
    "Lockfile",
    "OnError",
    "Order",
    "Orders",
    "OriginalDamaged",
    "OriginalOther",
    "OriginalState",
    "OriginalThere",
    "Outcome",
    "OwnPicture",
    "Palette",
    "Plan",
    "PlanOptions",
    "Price",
    "Priced",
    "RawValue",
    "Record",
    "Refusal",
    "Rendition",
    "RowState",
    "ShutDown",
    "Size",
    "Sketch",
    "Skipped",
    "StoreState",
    "Unpriced",
    "Usage",
]
