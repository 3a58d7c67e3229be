"""What must hold of a site with covers beside its neighbours, and beside each of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from tests.reader import Page, read_page

SITE_URL = "https://example.com/"


@dataclass(frozen=True, slots=True)
class Built:
    """A site, built with covers, and the same one without the plugin."""

    folder: Path
    plain: Path
    bought: tuple[str, ...]
    """Pages whose cover was paid for."""
    own: tuple[str, ...]
    """Pages whose cover is their author's."""
    drawn: tuple[str, ...] = ()
    """Pages whose cover is not bought yet."""

    @property
    def covers(self) -> tuple[str, ...]:
        """Every page with a cover."""
        return (*self.bought, *self.own, *self.drawn)

    def html(self, uri: str) -> str:
        """Return a page as it is on disk."""
        return (self.folder / uri).read_text(encoding="utf-8")

    def page(self, uri: str) -> Page:
        """Return a page as a browser reads it."""
        return read_page(self.html(uri))

    def plain_page(self, uri: str) -> Page:
        """Return the page of the site without the plugin."""
        return read_page((self.plain / uri).read_text(encoding="utf-8"))

    def pages(self) -> list[str]:
        """Return every page that both sites have."""
        found = (path.relative_to(self.plain).as_posix() for path in self.plain.rglob("*.html"))
        return sorted(uri for uri in found if (self.folder / uri).is_file())

    def file(self, url: str) -> Path:
        """Return the file of an address on the site."""
        assert url.startswith(SITE_URL), url
        return self.folder / url.removeprefix(SITE_URL)


def check_covers(built: Built) -> None:
    """One figure in each article, with its file; one picture for link previews; all else as was."""
    for uri in built.covers:
        page = built.page(uri)
        [figure] = page.figures
        shown = (built.folder / uri).parent / figure["src"]
        with Image.open(shown) as picture:
            picture.load()
            # What a neighbour made smaller keeps its shape.
            assert picture.size == (int(figure["width"]), int(figure["height"]))
        assert figure["alt"]
        [preview] = page.meta("og:image")
        assert built.file(preview).is_file()
        assert_parts_exist(built, uri)
    for uri in (*built.bought, *built.own):
        page = built.page(uri)
        [preview] = page.meta("og:image")
        with Image.open(built.file(preview)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (1200, 630))
        assert page.meta("twitter:image") == [preview]
        assert page.meta("og:image:type") == ["image/jpeg"]
    for uri in built.pages():
        page, plain = built.page(uri), built.plain_page(uri)
        assert page.title == plain.title
        assert page.meta("description") == plain.meta("description")
        if uri not in built.covers:
            assert page.figures == []
            assert page.meta("og:image") == plain.meta("og:image")


def assert_parts_exist(built: Built, uri: str) -> None:
    """Every candidate of a cover's srcset is there."""
    for figure in built.page(uri).figures:
        for candidate in figure.get("srcset", "").split(","):
            if name := candidate.split():
                assert ((built.folder / uri).parent / name[0]).is_file()


def check_blog(built: Built) -> None:
    """Each list shows the posts' covers; a draft is nowhere."""
    for name in ("", "archive/2026/", "category/animals/"):
        uri = f"blog/{name}index.html"
        html = built.html(uri)
        cards = re.findall(r'<figure class="?cover-card"?>.*?</figure>', html, flags=re.DOTALL)
        assert len(cards) == 2
        for beginning in ("First", "Second"):  # as HTML still
            assert re.search(rf"<h2[^>]*><a[^>]*>{beginning} post</a></h2>", html)
        for card in cards:
            source = re.search(r'<img src="?([^"\s>]+)', card)
            assert source, card
            assert ((built.folder / uri).parent / source[1]).is_file()
    assert not list(built.folder.glob("blog/2026/01/03/*"))


def check_social(built: Built) -> None:
    """The card stays where a cover is only drawn, and where there is none."""
    assert built.drawn
    for uri in (*built.drawn, "index.html"):
        [card] = built.page(uri).meta("og:image")
        assert card.startswith(f"{SITE_URL}assets/images/social/")
        assert built.file(card).is_file()
        assert built.page(uri).meta("twitter:image") == [card]


def check_meta(built: Built) -> None:
    """The folder's prompt was bought for its article."""
    assert "notes/note/index.html" in built.bought


def check_tags(built: Built) -> None:
    """The lists of tags lead to the tagged articles, with their covers."""
    page = built.html("tags/index.html")
    # Minifiers drop quotes.
    pattern = r'<a href="?([^" >]+)"? ?><img src="?([^" >]+)"? [^>]*cover-tagged'
    links = re.findall(pattern, page)
    assert "../notes/note/" in dict(links)
    for _, src in links:
        assert (built.folder / "tags" / src).resolve().is_file()
    assert "cover-tagged" not in built.html("search/search_index.json")


def check_privacy(built: Built) -> None:
    """Nothing of a cover was fetched from anywhere, or stored as something foreign."""
    assert not (built.folder / "assets" / "external").exists()


def check_optimize(built: Built) -> None:
    """Covers' files are named by their content still; the own picture is the optimised one."""
    covers = [*(built.folder / "assets" / "covers").iterdir()]
    pictures = [path for path in covers if path.suffix in (".webp", ".jpeg")]
    assert pictures
    for path in pictures:
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)
    own, source = built.folder / "own.png", built.folder.parent / "docs" / "own.png"
    assert 0 < own.stat().st_size < source.stat().st_size


def check_rss(built: Built) -> None:
    """Each bought post in the feeds names a file of the site."""
    items = ElementTree.parse(built.folder / "feed_rss_created.xml").findall(".//item")
    named = {item.findtext("link", ""): item.find("enclosure") for item in items}
    feed = json.loads(built.html("feed_json_created.json"))
    images = {item["url"]: item.get("image", "") for item in feed["items"]}
    for uri in (uri for uri in built.bought if uri.startswith("blog/")):
        link = SITE_URL + uri.removesuffix("index.html")
        enclosure = named[link]
        assert enclosure is not None
        assert built.file(enclosure.attrib["url"]).is_file()
        assert built.file(images[link]).is_file()


def check_i18n(built: Built) -> None:
    """Both languages show one picture, each with its own words."""
    english, german = (built.page(uri) for uri in ("guide/index.html", "de/guide/index.html"))
    files = [
        (built.folder / folder / page.figures[0]["src"]).resolve()
        for folder, page in (("guide", english), ("de/guide", german))
    ]
    assert files[0] == files[1]
    assert english.meta("og:image") == german.meta("og:image")
    assert english.figures[0]["alt"] == english.meta("og:image:alt")[0] == "A fox in snow"
    assert german.figures[0]["alt"] == german.meta("og:image:alt")[0] == "Ein Fuchs"


def check_minify(built: Built) -> None:
    """The pages with covers are minified."""
    for uri in built.bought:
        assert "\n\n" not in built.html(uri)


def check_glightbox(built: Built) -> None:
    """A picture in the text has its box, a cover has none, and no link stands in a link."""
    html = built.html("pictures/index.html")
    assert len(re.findall(r"<a\b[^>]*class=[\"']?glightbox\b", html)) == 1
    figure = html[html.index("<figure") : html.index("</figure>")]
    assert "<a" not in figure
    for path in built.folder.rglob("*.html"):
        assert not re.search(r"<a\b(?:(?!</a>).)*<a\b", path.read_text("utf-8"), re.DOTALL), path


def check_macros(built: Built) -> None:
    """The macro was worked out."""
    assert "This is Test site." in built.html("macro/index.html")


def check_awesome_nav(built: Built) -> None:
    """The navigation is in the order that `.nav.yml` tells."""
    html = built.html("index.html")
    assert "Reversed" in html
    assert html.index("Reversed") < html.index("Guide")


def check_gen_files(built: Built) -> None:
    """The page that a script wrote has a cover that was paid for."""
    assert "made/index.html" in built.bought


def check_meta_descriptions(built: Built) -> None:
    """The description is the article's first paragraph."""
    assert built.page("guide/index.html").meta("description") == ["What the guide is about."]


CHECKS: Mapping[str, Callable[[Built], None]] = {
    "blog": check_blog,
    "social": check_social,
    "meta": check_meta,
    "tags": check_tags,
    "privacy": check_privacy,
    "optimize": check_optimize,
    "rss": check_rss,
    "i18n": check_i18n,
    "minify": check_minify,
    "glightbox": check_glightbox,
    "macros": check_macros,
    "awesome-nav": check_awesome_nav,
    "gen-files": check_gen_files,
    "meta-descriptions": check_meta_descriptions,
}
