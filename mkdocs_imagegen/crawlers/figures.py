"""The facts of a page to findings: the cover as browsers show it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .facts import Candidate, Missing, Page, Shown, There, absolute
from .findings import Finding
from .pictures import MIMES
from .platforms import PAGE

_BUILD = "build the site again, and publish all of it"
_SIZED = "write width and height as the picture has them, so that the page does not jump"
_ROUNDING = 0.01
"""Between the ratio of the attributes and that of the picture."""


def judge_figures(page: Page) -> Iterator[Finding]:
    """Yield what is wrong with the covers that the page shows."""
    for shown in page.content.images:
        yield from _alt(shown)
        yield from _image(page, shown)
        for candidate in shown.candidates:
            yield from _candidate(page, candidate)
        by_width = any(each.descriptor.endswith("w") for each in shown.candidates)
        if by_width and not shown.has_sizes:
            yield _warn("the cover's srcset has no sizes: browsers take it as wide as the window")


def pictures_of(page_url: str, shown: Shown) -> Iterator[str]:
    """Yield the absolute addresses that an `<img>` may load."""
    for url in (shown.src, *(candidate.url for candidate in shown.candidates)):
        if url and not url.startswith("data:"):
            yield absolute(page_url, url)


def _alt(shown: Shown) -> Iterator[Finding]:
    hint = "write cover_alt in the article's front matter"
    if shown.alt is None:
        yield _fail("the cover has no alt", hint)
    elif not shown.alt.strip() and shown.in_figure:
        yield _warn("the cover's alt is empty", hint)


def _image(page: Page, shown: Shown) -> Iterator[Finding]:
    if not shown.src:
        yield _fail("the cover has no src")
        return
    look = page.look(shown.src)
    if isinstance(look, Missing):
        yield _fail(f"the cover leads nowhere: {shown.src} ({look.why})")
    if not isinstance(look, There):
        return
    yield from _is_picture(shown.src, look)
    if not (shown.width and shown.height):
        yield _warn("the cover has no width and height", _SIZED)
        return
    size, width, height = look.picture.size, _number(shown.width), _number(shown.height)
    if not (width and height):
        yield _fail(f'the cover\'s size is no number: "{shown.width}" by "{shown.height}"', _SIZED)
    elif size and abs(width / height * size.height_px / size.width_px - 1) > _ROUNDING:
        said = f"{width}x{height}"
        yield _fail(f"the cover says {said}, the picture is shaped as {size}", _SIZED)


def _number(attribute: str) -> int:
    """Return a number of pixels, 0 for what is none."""
    return int(attribute) if re.fullmatch("[0-9]{1,6}", attribute.strip()) else 0


def _candidate(page: Page, candidate: Candidate) -> Iterator[Finding]:
    """Judge one picture of the srcset."""
    look = page.look(candidate.url)
    if isinstance(look, Missing):
        yield _fail(f"the cover's srcset leads nowhere: {candidate.url} ({look.why})")
    if not isinstance(look, There):
        return
    yield from _is_picture(candidate.url, look)
    picture = look.picture
    if picture.format and candidate.mime and candidate.mime != MIMES[picture.format]:
        mime = MIMES[picture.format]
        yield _fail(f"<source> says {candidate.mime}, the bytes are {mime}: {candidate.url}")
    said = candidate.descriptor.removesuffix("w")
    if candidate.descriptor.endswith("w") and picture.size is not None:
        real = picture.size.width_px
        if said != str(real):
            yield _fail(f"srcset says {said} pixels wide, the picture has {real}: {candidate.url}")


def _is_picture(url: str, look: There) -> Iterator[Finding]:
    picture = look.picture
    if not picture.format or not picture.is_whole:
        broken = f"a broken {picture.what}" if picture.format else picture.what
        yield _fail(f"the cover can't be shown: {url} is {broken}")


def _fail(message: str, hint: str = _BUILD) -> Finding:
    return Finding("fail", (PAGE,), message, hint)


def _warn(message: str, hint: str = "write sizes beside srcset") -> Finding:
    return Finding("warn", (PAGE,), message, hint)
