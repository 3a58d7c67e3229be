"""Covers in the feeds that mkdocs-rss-plugin has written: which files, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig

from .feeds import Enclosure, mended_json, mended_rss
from .page_cover import PageCover, absolute_url, picture_type

RSS = "rss"
"""The plugin's name below `plugins:`; MkDocs calls a second one `rss #2`."""

_Mend = Callable[[str, Mapping[str, Enclosure]], str]
_MENDS: Mapping[str, _Mend] = {"rss": mended_rss, "json": mended_json}
_NAMES = {
    f"{kind}_{order}": f"feed_{kind}_{order}.{ending}"
    for kind, ending in (("rss", "xml"), ("json", "json"))
    for order in ("created", "updated")
}
"""What its files are called before 1.19, where nobody can say; by kind and order."""


def enclose_covers(config: MkDocsConfig, covers: Mapping[str, PageCover]) -> None:
    """Make the covers their articles' enclosures in the feeds of site_dir.

    Args:
        config: of the site, with site_dir as it is published.
        covers: by the absolute address of their page.
    """
    feeds = [(path, mend) for path, mend in _feeds(config) if path.is_file()]
    if not feeds or not config.site_url:
        return
    found = {
        address: _enclosure(cover, config.site_url, Path(config.site_dir))
        for address, cover in covers.items()
    }
    enclosures = {address: enclosure for address, enclosure in found.items() if enclosure}
    for path, mend in feeds:
        text = path.read_bytes().decode()
        mended = mend(text, enclosures)
        if mended != text:
            path.write_bytes(mended.encode())


def _feeds(config: MkDocsConfig) -> Iterator[tuple[Path, _Mend]]:
    """Yield the file of each feed, and what mends it."""
    for name, plugin in config.plugins.items():
        if name.split(" #")[0] != RSS or not plugin.config.get("enabled"):
            continue
        names = plugin.config.get("feeds_filenames", _NAMES)
        for kind, mend in _MENDS.items():
            if plugin.config.get(f"{kind}_feed_enabled", True):
                for order in ("created", "updated"):
                    yield Path(config.site_dir) / names[f"{kind}_{order}"], mend


def _enclosure(cover: PageCover, site_url: str, site_dir: Path) -> Enclosure | None:
    """Return a cover's enclosure: the link preview's JPEG, which every reader can show.

    Else what the article shows. `None` where that is no file of the site.
    """
    for url in filter(None, (cover.preview, cover.url)):
        absolute = absolute_url(url, site_url)
        if absolute == url:  # elsewhere
            return None
        file = site_dir / unquote(url)
        if file.is_file():
            mime = picture_type(url) or "application/octet-stream"
            return Enclosure(absolute, mime, file.stat().st_size)
    return None
