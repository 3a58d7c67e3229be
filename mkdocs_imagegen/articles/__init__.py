"""Front matter -> covers, with diagnostics. Pure: no disk, network, MkDocs or clock."""

from __future__ import annotations

from .authors import author_names
from .cover import read_cover
from .dates import article_date
from .defaults import check_defaults
from .fields import COVER_FIELDS, Field
from .front_matter import scan_front_matter
from .paths import is_address, path_matches
from .titles import plain_title
from .values import SizeRules
from .wording import is_language, language_key

__all__ = [
    "COVER_FIELDS",
    "Field",
    "SizeRules",
    "article_date",
    "author_names",
    "check_defaults",
    "is_address",
    "is_language",
    "language_key",
    "path_matches",
    "plain_title",
    "read_cover",
    "scan_front_matter",
]
