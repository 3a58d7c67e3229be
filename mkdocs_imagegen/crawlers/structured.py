"""The facts of a page to findings: what search engines are told. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from .facts import Content, Missing, Page, absolute
from .findings import Finding
from .platforms import GOOGLE

LEAST_WIDTH_PX = 1200
"""For large pictures in Discover."""
_ARTICLES = ("Article", "BlogPosting", "NewsArticle", "TechArticle", "Report")
_DEEPEST = 20
"""Levels of JSON; a hostile page has more."""


def judge_structured(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with JSON-LD and with the robots tag."""
    preview = absolute(page.url, page.content.first_of("og:image"))
    for block in page.content.structured:
        try:
            json.loads(block)
        except (ValueError, RecursionError):
            yield Finding("fail", (GOOGLE,), "JSON-LD is no JSON", "mend it in the theme")
    named = article_images(page.content)
    if named and preview not in [absolute(page.url, url) for url in named]:
        other = f"JSON-LD names another picture than og:image: {named[0]}"
        yield Finding("warn", (GOOGLE,), other, "name the same picture in both")
    for url in named:
        if not url.startswith(("https://", "http://")):
            hint = "set site_url in mkdocs.yml and build again"
            yield Finding("fail", (GOOGLE,), f"JSON-LD's image is no absolute address: {url}", hint)
        look = page.look(url)
        if isinstance(look, Missing):
            why = f"JSON-LD's image leads nowhere: {url} ({look.why})"
            yield Finding("fail", (GOOGLE,), why, "build the site again, and publish all of it")
    yield from _robots_tag(page)


def article_images(content: Content) -> tuple[str, ...]:
    """Return the pictures of the page's articles, as JSON-LD names them."""
    found: list[str] = []
    for block in content.structured:
        with suppress(ValueError, RecursionError):
            for article in _articles(json.loads(block)):
                found += _urls(article.get("image"))
    return tuple(dict.fromkeys(found))


def _robots_tag(page: Page) -> Iterator[Finding]:
    tags = page.content.all_of("robots") + page.content.all_of("googlebot")
    rules = [rule.strip().replace(" ", "") for tag in tags for rule in tag.lower().split(",")]
    if "noindex" in rules or "none" in rules or "max-image-preview:large" in rules:
        return
    said = next((rule for rule in rules if rule.startswith("max-image-preview:")), "")
    why = (
        f"{said}: no large picture" if said else "no max-image-preview:large: the picture is small"
    )
    hint = (
        'write <meta name="robots" content="max-image-preview:large"> into the block extrahead of '
        "your theme's main.html"
    )
    yield Finding("warn", (GOOGLE,), why, hint)


def _articles(node: object, depth: int = 0) -> Iterator[dict[str, object]]:
    """Yield the articles of a document, wherever they stand."""
    if depth > _DEEPEST:
        return
    match node:
        case list():
            for item in node:
                yield from _articles(item, depth + 1)
        case dict():
            kinds = node.get("@type")
            if any(kind in _ARTICLES for kind in (kinds if isinstance(kinds, list) else [kinds])):
                yield node
            for item in node.values():
                yield from _articles(item, depth + 1)


def _urls(image: object) -> Iterator[str]:
    """Yield the addresses of `image`: a text, an ImageObject, or a list of them."""
    match image:
        case str():
            yield image
        case list():
            for item in image:
                if not isinstance(item, list):
                    yield from _urls(item)
        case {"url": str(url)} | {"contentUrl": str(url)} | {"@id": str(url)}:
            yield url
        case _:
            return
