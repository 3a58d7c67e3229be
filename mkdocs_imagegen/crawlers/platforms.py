"""The platforms' rules for pictures of link previews, as data, each with its sources.

Few vendors publish their rules whole. Where sources differ, what the strictest of them refuses is a
warning, and what all of them refuse a failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..model import Size

KB = 1000
MB = 1000 * KB
RATIO = 1200 / 630
"""Of the cards that crop."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What one platform shows."""

    key: str
    name: str
    short: str
    """For narrow terminals."""
    agent: str
    """The crawler's name in robots.txt."""
    robots: Literal["obeys", "may obey", "ignores"]
    formats: frozenset[str]
    """Shown for sure."""
    unsure_formats: frozenset[str]
    """Shown by some reports only."""
    most_bytes: int
    least: Size
    """Below it there is no picture."""
    large: Size
    """Below it the picture is a small one beside the text."""
    sources: tuple[str, ...]
    unsure_bytes: int | None = None
    """Above it some reports have no picture."""
    most_px: int | None = None
    """Of the longer side."""
    crops: bool = False
    """Whether a large card cuts the picture to `RATIO`."""
    page_bytes: int | None = None
    """So much of the page is read."""
    needs_card: bool = False
    """Whether there is no large picture without `twitter:card`."""
    reads_alt: bool = False


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


PLATFORMS = (
    Platform(
        key="facebook",
        name="Facebook",
        short="FB",
        agent="facebookexternalhit",
        robots="may obey",
        formats=_set("jpeg", "png", "gif"),
        unsure_formats=_set("webp"),
        most_bytes=8 * MB,
        least=Size(200, 200),
        large=Size(600, 315),
        crops=True,
        sources=(
            "https://www.joomlashack.com/docs/shack-open-graph/facebook-image-requirements/",
            "https://neeva.com/massets/ask-neeva/facebook-share-image-size.html",
            "https://www.ctrl.blog/entry/webp-ogp.html",
            "https://webiano.digital/facebook-debugger-drops-avif-images-from-url-previews",
        ),
    ),
    Platform(
        key="x",
        name="X",
        short="X",
        agent="Twitterbot",
        robots="obeys",
        formats=_set("jpeg", "png", "webp", "gif"),
        unsure_formats=_set(),
        most_bytes=5 * MB,
        least=Size(144, 144),
        large=Size(300, 157),
        most_px=4096,
        crops=True,
        needs_card=True,
        reads_alt=True,
        sources=(
            "https://www.grabbit.live/blog/twitter-card-image-size",
            "https://www.snap-og.com/blog/twitter-card-image-size",
            "https://www.thatdevpro.com/reference/html-twitter-cards/",
            "https://www.webmasterworld.com/search_engine_spiders/4475928.htm",
        ),
    ),
    Platform(
        key="linkedin",
        name="LinkedIn",
        short="LI",
        agent="LinkedInBot",
        robots="obeys",
        formats=_set("jpeg", "png", "gif"),
        unsure_formats=_set(),
        most_bytes=5 * MB,
        least=Size(200, 200),
        large=Size(401, 1),
        crops=True,
        sources=(
            "https://peek.dt.tools/linkedin-preview",
            "https://og-image-2fo.pages.dev/docs/platforms/linkedin",
            "https://beamtic.com/webp-on-linkedin",
            "https://evgeniipendragon.com/posts/i-was-wrong-about-robots-txt/",
        ),
    ),
    Platform(
        key="slack",
        name="Slack",
        short="SL",
        agent="Slackbot-LinkExpanding",
        robots="may obey",
        formats=_set("jpeg", "png", "gif"),
        unsure_formats=_set("webp"),
        most_bytes=5 * MB,
        least=Size(1, 1),
        large=Size(400, 1),
        page_bytes=32 * 1024,
        sources=(
            "https://opengraphplus.com/consumers/slack/issues/link-not-unfurling",
            "https://www.getrediate.com/og-checker/slack",
            "https://ogpreview.app/open-graph/slack",
        ),
    ),
    Platform(
        key="discord",
        name="Discord",
        short="DI",
        agent="Discordbot",
        robots="may obey",
        formats=_set("jpeg", "png", "webp", "gif"),
        unsure_formats=_set("avif"),
        most_bytes=8 * MB,
        least=Size(1, 1),
        large=Size(401, 1),
        sources=(
            "https://opengraphplus.com/consumers/discord/images",
            "https://ogpix-pi.vercel.app/blog/discord-embed-image",
        ),
    ),
    Platform(
        key="whatsapp",
        name="WhatsApp",
        short="WA",
        agent="WhatsApp",
        robots="may obey",
        formats=_set("jpeg", "png"),
        unsure_formats=_set("webp"),
        most_bytes=600 * KB,
        unsure_bytes=300 * KB,
        least=Size(100, 100),
        large=Size(300, 1),
        sources=(
            "https://www.getlinkpeek.com/blog/og-image-size-guide-2026",
            "https://www.techcompare.app/open-graph-viewer/whatsapp-link-previews",
        ),
    ),
    Platform(
        key="telegram",
        name="Telegram",
        short="TG",
        agent="TelegramBot",
        robots="may obey",
        formats=_set("jpeg", "png"),
        unsure_formats=_set("webp", "gif"),
        most_bytes=5 * MB,
        least=Size(1, 1),
        large=Size(200, 1),
        sources=(
            "https://www.tryunfurl.com/telegram-link-preview.html",
            "https://ogfixer.com/blog/telegram-link-preview-not-working",
        ),
    ),
    Platform(
        key="mastodon",
        name="Mastodon",
        short="MA",
        agent="Mastodon",
        robots="ignores",
        formats=_set("jpeg", "png", "gif", "webp"),
        unsure_formats=_set(),
        most_bytes=8 * 1024 * 1024,
        unsure_bytes=2 * 1024 * 1024,
        least=Size(1, 1),
        large=Size(1, 1),
        reads_alt=True,
        sources=(
            "https://github.com/mastodon/mastodon/blob/main/app/models/preview_card.rb",
            "https://github.com/mastodon/mastodon/blob/main/spec/models/preview_card_spec.rb",
            "https://github.com/mastodon/mastodon/blob/main/app/services/fetch_link_card_service.rb",
        ),
    ),
)
GOOGLE = "google"
"""Search and Discover: JSON-LD, max-image-preview and robots.txt."""
GOOGLE_AGENT = "Googlebot"
GOOGLE_SOURCES = (
    "https://seoclaims.com/en/d/enable-large-image-previews-for-google-discover",
    "https://briefly.co/anchor/Marketing_tech/story/"
    "how-google-picks-image-thumbnails-in-google-search--google-discover",
)
PAGE = "page"
"""The page itself, as browsers show it."""
EVERY_PLATFORM = tuple(platform.key for platform in PLATFORMS)
COLUMNS = (*EVERY_PLATFORM, GOOGLE, PAGE)
NAMES = {platform.key: platform.name for platform in PLATFORMS} | {GOOGLE: "Google", PAGE: "Page"}
SHORT_NAMES = {platform.key: platform.short for platform in PLATFORMS} | {GOOGLE: "GO", PAGE: "PG"}
