"""What comes in the package beside the code: prices, the default template, words, styles."""

from __future__ import annotations

import importlib.resources
from functools import cache

from .pricing import PriceBook, offline_tokens


def package_text(name: str) -> str:
    """Return a file of this package."""
    return (importlib.resources.files("mkdocs_imagegen") / name).read_text(encoding="utf-8")


@cache
def price_book() -> PriceBook:
    """Return the prices that come with the package; tokens are counted where that is installed."""
    return PriceBook.parse(package_text("data/prices.yaml"), count_tokens=offline_tokens())
