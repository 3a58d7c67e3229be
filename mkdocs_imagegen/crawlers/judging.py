"""The facts of a page to findings: link previews, platform by platform. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from .content import COVERS
from .facts import Missing, Page, There, Unseen, absolute
from .figures import judge_figures
from .findings import Checked, Finding, Level, merged
from .pictures import MIMES
from .platforms import (
    EVERY_PLATFORM,
    GOOGLE,
    GOOGLE_AGENT,
    MB,
    PAGE,
    PLATFORMS,
    RATIO,
    Platform,
)
from .structured import judge_structured

OG_IMAGE = "og:image"
MOST_CUT = 0.1
"""So much of a picture may a card cut off."""
MOST_REDIRECTS = 3
_ALL = (*EVERY_PLATFORM, GOOGLE)
_THEIR_ALT = (
    "this picture is another tool's (Material's social, say): write "
    '<meta property="og:image:alt" content="…"> in your theme\'s main.html'
)
_BUILD = "build the site again, and publish all of it"


def judge(page: Page) -> Checked:
    """Return what is wrong with a page."""
    previews = page.content.all_of(OG_IMAGE)
    findings = [*_count(page), *judge_figures(page)]
    judged = {PAGE} if page.content.images else set[str]()
    if previews:
        findings += [*_preview(page, previews[0]), *_card(page), *judge_structured(page)]
        findings += [*_robots(page, previews[0]), *_page(page)]
    if previews or any(finding.columns != (PAGE,) for finding in findings):
        judged |= {*_ALL}
    first = previews[0] if previews else ""
    return Checked(page.path, page.url, first, merged(findings), frozenset(judged))


def _count(page: Page) -> Iterator[Finding]:
    """Judge that there is one picture, where the page has a cover at all."""
    count = len(page.content.all_of(OG_IMAGE))
    if count > 1:
        yield _fail(
            EVERY_PLATFORM,
            f"{count} og:image tags: some platforms take the first, some the last",
            "let one plugin write them; where it is another's, switch it off on this page",
        )
    if count or not (any(shown.in_figure for shown in page.content.images) or _twitter(page)):
        return
    yield _fail(
        _ALL,
        "no og:image, though the page has a picture",
        "set site_url in mkdocs.yml and build again: a preview needs an absolute address",
    )


def _preview(page: Page, url: str) -> Iterator[Finding]:
    """Judge the address and what lies there."""
    if absolute("", url) != url:
        yield _fail(
            _ALL,
            f"og:image is no absolute address: {url}",
            "set site_url in mkdocs.yml to the whole address, with https://",
        )
    elif urlsplit(url).scheme != "https":
        yield _fail(
            _ALL, f"og:image is not https: {url}", "write site_url in mkdocs.yml with https://"
        )
    match page.look(url):
        case Missing(why):
            yield _fail(_ALL, f"og:image leads nowhere: {url} ({why})", _BUILD)
        case Unseen(why):
            hint = "check the published site too: mkdocs-imagegen check https://…"
            yield _warn(_ALL, f"og:image was not looked at: {url} ({why})", hint)
        case There() as look:
            yield from _bytes(page, look)
            for platform in PLATFORMS:
                yield from _shown(platform, look, page.content.first_of("twitter:card"))
            yield from _redirects(look)


def _bytes(page: Page, look: There) -> Iterator[Finding]:
    """Judge that the bytes are what the tags and the server say."""
    picture, content = look.picture, page.content
    if not picture.format:
        yield _fail(_ALL, f"og:image is no picture: {picture.what}", _BUILD)
        return
    if not picture.is_whole:
        yield _fail(_ALL, f"og:image is a broken {picture.what}", _BUILD)
    mime = MIMES[picture.format]
    said = content.first_of("og:image:type").lower()
    if said and said != mime:
        yield _fail(_ALL, f"og:image:type says {said}, the bytes are {mime}", _BUILD)
    if look.served_as != mime:
        served = look.served_as or "no type at all"
        yield _fail(
            _ALL,
            f"og:image is served as {served}, the bytes are {mime}",
            "give the file the ending of its format, and see what types the server knows",
        )
    if picture.size is None:
        return
    for side, real in (("width", picture.size.width_px), ("height", picture.size.height_px)):
        tag = content.first_of(f"{OG_IMAGE}:{side}")
        if tag and tag != str(real):
            yield _fail(_ALL, f"og:image:{side} says {tag}, the picture has {real}", _BUILD)
        elif not tag:
            yield _warn(
                ("facebook",),
                f"no og:image:{side}: the first who shares the page may see no picture",
                "write og:image:width and og:image:height",
            )


def _shown(platform: Platform, look: There, card: str) -> Iterator[Finding]:
    """Judge whether one platform shows the picture, and how."""
    picture, at = look.picture, (platform.key,)
    jpeg = "publish a JPEG or PNG for link previews"
    if picture.format in platform.unsure_formats:
        yield _warn(at, f"{picture.what} is not always shown", jpeg)
    elif picture.format and picture.format not in platform.formats:
        yield _fail(at, f"{picture.what} is not shown", jpeg)
    smaller = "publish a JPEG of 1200x630 with a lower quality for link previews"
    if picture.length_bytes > platform.most_bytes:
        yield _fail(
            at, f"{_size(picture.length_bytes)}, more than {_size(platform.most_bytes)}", smaller
        )
    elif platform.unsure_bytes and picture.length_bytes > platform.unsure_bytes:
        has, most = _size(picture.length_bytes), _size(platform.unsure_bytes)
        yield _warn(at, f"{has}: above {most} it is not always shown", smaller)
    if (size := picture.size) is None:
        return
    wider = "publish a picture of 1200x630 for link previews"
    if size.width_px < platform.least.width_px or size.height_px < platform.least.height_px:
        yield _fail(at, f"{size} is smaller than {platform.least}, and not shown", wider)
    elif size.width_px < platform.large.width_px or size.height_px < platform.large.height_px:
        yield _warn(at, f"{size} is so small that it is shown beside the text", wider)
    if platform.most_px and max(size.width_px, size.height_px) > platform.most_px:
        yield _fail(at, f"{size} is larger than {platform.most_px} pixels, and not shown", wider)
    ratio = size.width_px / size.height_px
    cut = 1 - min(ratio / RATIO, RATIO / ratio)
    if platform.crops and cut > MOST_CUT and card != "summary":
        yield _warn(at, f"{size} is cropped to 1.91:1: {cut:.0%} of it is cut off", wider)


def _redirects(look: There) -> Iterator[Finding]:
    hint = "name the address in og:image that the redirects end at"
    if look.redirects > MOST_REDIRECTS:
        yield _fail(_ALL, f"og:image is {look.redirects} redirects away", hint)
    elif look.redirects:
        yield _warn(_ALL, "og:image leads to a redirect, which some crawlers don't follow", hint)


def _card(page: Page) -> Iterator[Finding]:
    """Judge the tags beside og:image."""
    content = page.content
    card, needing = content.first_of("twitter:card"), [p.key for p in PLATFORMS if p.needs_card]
    large = 'write <meta name="twitter:card" content="summary_large_image">'
    if not card:
        yield _fail(needing, "no twitter:card: there is no large picture", large)
    elif card != "summary_large_image":
        yield _warn((*needing, "discord"), f"twitter:card is {card}: the picture is small", large)
    other = _twitter(page)
    if other and other != content.first_of(OG_IMAGE):
        hint = "name the same picture in both, or leave twitter:image out"
        yield _warn(needing, f"twitter:image is another picture: {other}", hint)
    if not content.first_of("og:image:alt"):
        own = {"x"} if content.first_of("twitter:image:alt") else set[str]()
        readers = [each.key for each in PLATFORMS if each.reads_alt and each.key not in own]
        ours = COVERS in content.first_of(OG_IMAGE)
        alt = "write cover_alt in the article's front matter" if ours else _THEIR_ALT
        yield _warn(readers, "no og:image:alt: who can't see the picture is told nothing", alt)
    for platform in PLATFORMS:
        if platform.page_bytes and content.preview_at_bytes > platform.page_bytes:
            yield _fail(
                (platform.key,),
                f"og:image comes after {platform.page_bytes // 1024} KiB of the page, "
                "and no more is read",
                "move inline scripts and styles of the head below the tags, or into files",
            )


def _robots(page: Page, preview: str) -> Iterator[Finding]:
    """Judge whether crawlers may come at all."""
    for what, url in (("the page", page.url), ("og:image", absolute(page.url, preview))):
        for platform in PLATFORMS:
            if platform.robots == "ignores" or not page.blocks(platform.agent, url):
                continue
            level: Level = "fail" if platform.robots == "obeys" else "warn"
            hint = "allow it there: a group with the crawler's name and `Allow: /`"
            yield Finding(level, (platform.key,), f"robots.txt keeps crawlers from {what}", hint)
        if page.blocks(GOOGLE_AGENT, url):
            yield _warn((GOOGLE,), f"robots.txt keeps Googlebot from {what}", "allow it there")


def _page(page: Page) -> Iterator[Finding]:
    if page.redirects:
        yield _warn(
            (PAGE,),
            "the sitemap's address leads to a redirect",
            "write site_url in mkdocs.yml as the site is really reached",
        )


def _twitter(page: Page) -> str:
    return page.content.first_of("twitter:image") or page.content.first_of("twitter:image:src")


def _size(count_bytes: int) -> str:
    return f"{count_bytes / MB:.1f} MB" if count_bytes >= MB else f"{count_bytes / 1000:.0f} KB"


def _fail(columns: Iterable[str], message: str, hint: str) -> Finding:
    return Finding("fail", tuple(columns), message, hint)


def _warn(columns: Iterable[str], message: str, hint: str) -> Finding:
    return Finding("warn", tuple(columns), message, hint)
