"""The options in mkdocs.yml and the environment, turned once into `Settings` and `Endpoint`.

Keys are never options: they come from the environment or from `.env` beside mkdocs.yml.

    options   what can be written below `- imagegen:`
    checked   the options as Settings
    budget    the walls
    words     what pages say of covers
    titles    the font of titles over link previews
    endpoint  where to buy, and with which key
    places    where the site's files are
"""

from .checked import make_book, make_settings
from .endpoint import find_endpoint, missing_key_names
from .options import ImagegenConfig
from .places import (
    SAFE_STORE,
    cache_folder,
    covers_folder,
    find_store,
    site_folder,
    templates_folder,
)

__all__ = [
    "SAFE_STORE",
    "ImagegenConfig",
    "cache_folder",
    "covers_folder",
    "find_endpoint",
    "find_store",
    "make_book",
    "make_settings",
    "missing_key_names",
    "site_folder",
    "templates_folder",
]
