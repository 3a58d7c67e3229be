"""Front matter -> covers, with diagnostics. Pure: no disk, network, MkDocs or clock."""

from __future__ import annotations

from .authors import author_names
from .cover import read_cover
from .defaults import check_defaults
from .fields import COVER_FIELDS, Field
from .front_matter import scan_front_matter
from .paths import path_matches
from .values import SizeRules
from .wording import is_language, language_key

__all__ = [
    "COVER_FIELDS",
    "Field",
    "SizeRules",
    "author_names",
    "check_defaults",
    "is_language",
    "language_key",
    "path_matches",
    "read_cover",
    "scan_front_matter",
]
