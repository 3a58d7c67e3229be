"""Which files of a site are its feeds, by what the installed mkdocs-rss-plugin tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from mkdocs.config import config_options as c
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, PluginCollection

from mkdocs_imagegen.enclosures import enclose_covers
from mkdocs_imagegen.page_cover import PageCover

PAGE = "https://example.com/fox/"
FEED = f"<item><guid>{PAGE}</guid></item>"
COVER = PageCover("a.webp", alt="", caption="", label="", size=None, yields=False, shown=True)


class OldRss(BasePlugin):  # type: ignore[type-arg]  # as it declares itself
    """What mkdocs-rss-plugin 1.12 tells of itself: its files have one name each."""

    config_scheme = (("enabled", c.Type(bool, default=True)),)


@pytest.mark.parametrize("enabled", [True, False])
def test_an_older_plugin_has_the_names_of_its_feeds_built_in(tmp_path: Path, enabled: bool) -> None:
    rss = OldRss()
    assert rss.load_config({"enabled": enabled}) == ([], [])
    config = MkDocsConfig()
    config.plugins = PluginCollection()
    config.plugins["rss"] = rss
    config.site_dir, config.site_url = str(tmp_path), "https://example.com/"
    (tmp_path / "a.webp").write_bytes(b"12345")
    feeds = [tmp_path / f"feed_rss_{order}.xml" for order in ("created", "updated")]
    for feed in feeds:
        feed.write_text(FEED, encoding="utf-8")
    enclose_covers(config, {PAGE: COVER})
    for feed in feeds:
        enclosed = 'url="https://example.com/a.webp" type="image/webp" length="5"'
        assert (enclosed in feed.read_text(encoding="utf-8")) == enabled
