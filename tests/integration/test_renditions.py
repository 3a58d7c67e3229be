"""What a bought cover becomes: widths to choose from, the link preview's JPEG, covers in lists."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.bills import server_of
from tests.sites import Site

WIDE = {"cover_size": "1536x1024", "cover_quality": "low"}


def attributes(html: str, tag: str) -> dict[str, str]:
    """Return the attributes of a page's first tag of this name inside the cover's figure."""
    figure = html.partition('<figure class="cover')[2].partition("</figure>")[0]
    found = re.search(rf"<{tag} ([^>]*)>", figure)
    assert found, figure
    return dict(re.findall(r'([a-z]+)="([^"]*)"', found[1]))


def candidates(site: Site, uri: str, srcset: str) -> dict[int, Path]:
    """Return the files of a srcset by the width that it claims."""
    pairs = (candidate.split() for candidate in srcset.split(", "))
    return {int(w[:-1]): ((site.built / uri).parent / url).resolve() for url, w in pairs}


def test_browsers_get_true_widths_and_crawlers_a_jpeg(site: Site) -> None:
    server = server_of(site)
    site.options["mode"] = "generate"
    site.article("hare.md", cover_prompt="A hare", **WIDE)
    assert site.build().code == 0
    page = site.page("hare/index.html")
    image = attributes(page, "img")
    files = candidates(site, "hare/index.html", image["srcset"])
    assert list(files) == [480, 800, 1200, 1536]
    for width, path in files.items():
        with Image.open(path) as picture:
            assert (picture.format, picture.width) == ("WEBP", width)
    assert (image["width"], image["height"], image["fetchpriority"]) == ("1536", "1024", "high")
    assert re.fullmatch(r"background:#[0-9a-f]{6}", image["style"])
    previews = re.findall(r'property="og:image" content="https://example.com/([^"]+)"', page)
    assert len(previews) == 1
    jpeg = (site.built / previews[0]).read_bytes()
    assert len(jpeg) < 290_000
    with Image.open(BytesIO(jpeg)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))
    assert b"trainedAlgorithmicMedia" in jpeg
    data = page.partition('class="cover-data">')[2].partition("</script>")[0]
    assert json.loads(data)["image"] == [f"https://example.com/{previews[0]}"]
    assert "max-image-preview:large" in page
    assert "assets/covers/cover.css" in page
    (listed,) = json.loads(site.page("assets/covers/covers.json"))["covers"]
    assert listed["article"] == "hare.md"
    assert listed["model"] == "gpt-image-2"
    assert (site.built / listed["file"]).is_file()
    assert "prompt" not in listed
    before = {path.name for path in (site.built / "assets/covers").iterdir()}
    assert site.build("--strict").code == 0
    assert {path.name for path in (site.built / "assets/covers").iterdir()} == before
    assert len(server.paid_calls) == 1


def test_other_widths_cost_nothing_and_keep_what_is_there(site: Site) -> None:
    server = server_of(site)
    site.options |= {"mode": "generate", "widths": [640]}
    site.config["site_url"] = ""
    site.article("hare.md", cover_prompt="A hare", **WIDE)
    assert site.build().code == 0
    first = candidates(
        site, "hare/index.html", attributes(site.page("hare/index.html"), "img")["srcset"]
    )
    assert list(first) == [640, 1536]
    assert "og:image" not in site.page("hare/index.html")
    site.options |= {"widths": [320, 640, 4000], "avif": True}
    assert "its files are made anew, free" in str(site.plan())
    built = site.build()
    assert built.code == 0
    assert "made the files of 1 cover bought before; nothing to pay" in built.stderr
    assert "made the files" not in site.build().stderr
    assert "made anew" not in str(site.plan())
    page = site.page("hare/index.html")
    second = candidates(site, "hare/index.html", attributes(page, "img")["srcset"])
    assert list(second) == [320, 640, 1536]
    assert second[640].name == first[640].name
    source = attributes(page, "source")
    assert source["type"] == "image/avif"
    for width, path in candidates(site, "hare/index.html", source["srcset"]).items():
        with Image.open(path) as picture:
            assert (picture.format, picture.width) == ("AVIF", width)
    assert len(server.paid_calls) == 1


def test_after_a_repaint_the_former_link_preview_stays_for_thirty_days(site: Site) -> None:
    server = server_of(site)
    site.options |= {"mode": "generate", "store": "covers/"}

    def built(prompt: str, **meta: str) -> str:
        site.article("hare.md", cover_prompt=prompt, **WIDE, **meta)
        assert site.build("--strict").code == 0
        page = site.page("hare/index.html")
        (url,) = re.findall(r'og:image" content="https://example.com/([^"]+)"', page)
        assert (site.built / url).is_file()
        return str(url)

    first, second = built("A hare"), built("A fox")
    assert first != second
    assert (site.built / first).is_file()
    shutil.rmtree(site.root / ".cache")  # as in CI: only git has the originals
    assert built("A fox") == second
    assert (site.built / first).is_file()
    lockfile = site.root / "imagegen.lock"
    aged = re.sub(r'("replaced_at": ")[0-9-]+', r"\g<1>2020-01-01", lockfile.read_text("utf-8"))
    lockfile.write_text(aged, "utf-8")
    assert built("A fox") == second
    assert not (site.built / first).exists()  # no store and no lockfile knows it any more

    site.options["og"] = {"title": True}
    titled = built("A fox", title="One")
    other = built("A hare", title="Two", cover_focus="left")
    assert len({first, second, titled, other}) == 4
    # Whatever it was that gave the page another one, those that this store saw stay.
    assert all((site.built / url).is_file() for url in (second, titled, other))
    assert built("A hare", title="Two", cover_focus="left") == other
    assert all((site.built / url).is_file() for url in (second, titled, other))
    assert len(server.paid_calls) == 2


def test_a_preview_keeps_the_point_that_the_author_names(site: Site) -> None:
    site.options["mode"] = "generate"
    tall = {"cover_size": "1024x1536", "cover_quality": "low", "cover_prompt": "A tower"}
    site.article("top.md", cover_focus="top", **tall)
    site.article("bottom.md", cover_focus="bottom", **tall)
    assert site.build().code == 0
    assert len(server_of(site).paid_calls) == 1  # one picture, cropped in two ways
    names = {
        re.findall(r'og:image" content="([^"]+)"', site.page(f"{name}/index.html"))[0]
        for name in ("top", "bottom")
    }
    assert len(names) == 2


def test_a_blogs_lists_show_covers_and_link_them_to_their_posts(site: Site) -> None:
    site.options["mode"] = "generate"
    site.config |= {"theme": {"name": "material"}, "plugins": ["blog"]}
    site.article("index.md")
    for day in (1, 2, 3):
        more = {"cover_prompt": f"Day {day}"} if day < 3 else {}
        site.article(
            f"blog/posts/day-{day}.md",
            body="Intro.\n\n<!-- more -->\n\nRest.",
            date=date(2026, 1, day),
            categories=["Days"],
            **more,
        )
    assert site.build("--strict").code == 0
    for uri in ("blog/index.html", "blog/category/days/index.html", "blog/archive/2026/index.html"):
        page = site.page(uri)
        figures = re.findall(r'<figure class="cover-card">.*?</figure>', page)
        assert len(figures) == 2, uri
        assert ["lazy" in figure for figure in figures] == [False, True]
        for figure in figures:
            href = re.search(r'<a href="([^"]+)"', figure)
            src = re.search(r'src="([^"]+)"', figure)
            assert href
            assert src
            folder = (site.built / uri).parent
            assert (folder / href[1] / "index.html").is_file()
            assert (folder / src[1]).is_file()
    site.options["covers"] = {"list": False}
    assert site.build("--strict").code == 0
    assert "cover-card" not in site.page("blog/index.html")
