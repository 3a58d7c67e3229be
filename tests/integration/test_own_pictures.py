"""Authors' own pictures win over everything that could be bought, and stay inside the site."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.reader import Page, read_page
from tests.sites import Site


def save_picture(path: Path, width_px: int = 640, height_px: int = 480) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width_px, height_px), "navy").save(path)


def test_an_own_picture_is_looked_for_beside_the_page_then_in_docs_dir(site: Site) -> None:
    save_picture(site.docs / "own.png", 320, 200)
    save_picture(site.docs / "near" / "own.png", 640, 480)
    save_picture(site.docs / "near" / "my picture #1 é.jpg", 300, 100)
    site.article("near/beside.md", cover="own.png", cover_alt="Mine")
    site.article("near/rooted.md", cover="/own.png")
    site.article("near/up.md", cover="../own.png")
    site.article("near/odd-name.md", cover="my picture #1 é.jpg")
    site.article("far/fallback.md", cover="own.png", cover_prompt="Not used")
    applied = site.apply()
    assert applied.code == 0, applied.stderr
    assert site.server is not None
    assert site.server.calls == []
    assert "far/fallback.md:3: cover_prompt is not used" in applied.stderr

    built = site.build("--strict")
    assert built.code == 0, built.output
    for name, uri, size in (
        ("near/beside", "near/own.png", ("640", "480")),
        ("near/rooted", "own.png", ("320", "200")),
        ("near/up", "own.png", ("320", "200")),
        ("far/fallback", "own.png", ("320", "200")),
    ):
        page = read_page(site.page(f"{name}/index.html"))
        assert site.cover_of(f"{name}/index.html") == (site.built / uri).resolve()
        assert (page.figures[0]["width"], page.figures[0]["height"]) == size
        assert is_preview(site, page)
    odd = read_page(site.page("near/odd-name/index.html"))
    quoted = "my%20picture%20%231%20%C3%A9.jpg"
    assert odd.figures[0]["src"] == f"../{quoted}"
    assert is_preview(site, odd)


def test_an_own_picture_has_widths_to_choose_from_unless_it_moves(site: Site) -> None:
    save_picture(site.docs / "wide.png", 1400, 700)
    still, other = (Image.new("RGB", (1400, 700), colour) for colour in ("navy", "teal"))
    still.save(site.docs / "moving.webp", save_all=True, append_images=[other])
    site.article("still.md", cover="wide.png")
    site.article("moving.md", cover="moving.webp")
    built = site.build("--strict")
    assert built.code == 0, built.output

    (figure,) = read_page(site.page("still/index.html")).figures
    assert figure["src"] == "../wide.png"
    assert str(figure["style"]).startswith("background:#")
    files = [candidate.split() for candidate in str(figure["srcset"]).split(", ")]
    assert [width for _, width in files] == ["480w", "800w", "1200w", "1400w"]
    for url, width in files:
        with Image.open((site.built / "still" / url).resolve()) as picture:
            assert f"{picture.width}w" == width
            # Only of what AI made is said that AI made it.
            assert b"trainedAlgorithmicMedia" not in picture.info.get("xmp", b"")
    moving = read_page(site.page("moving/index.html"))
    assert "srcset" not in moving.figures[0]
    assert is_preview(site, moving)
    assert site.server is not None
    assert site.server.calls == []


def is_preview(site: Site, page: Page) -> bool:
    """Tell whether a page announces a JPEG in the size that link previews have."""
    [url] = page.meta("og:image")
    with Image.open(site.built / str(url).removeprefix("https://example.com/")) as picture:
        found = (picture.format, picture.size)
    told = page.meta("og:image:type"), page.meta("og:image:width")
    return found == ("JPEG", (1200, 630)) and told == (["image/jpeg"], ["1200"])


def test_a_picture_outside_docs_dir_or_missing_is_an_error(keyless_site: Site) -> None:
    site = keyless_site
    elsewhere = site.root / "elsewhere"
    save_picture(elsewhere / "outside.png")
    refs = {
        "above": "../../elsewhere/outside.png",
        "absolute": f"{elsewhere}/outside.png",
        "address": f"file://{elsewhere}/outside.png",
        "backslashes": "..\\..\\elsewhere\\outside.png",
        "link": "link.png",
        "linked-folder": "linked/outside.png",
        "missing": "missing.png",
        "sentence": "A red fox in fresh snow, " * 20,
        "long-path": "folder/" * 1000 + "a.png",
    }
    for name, ref in refs.items():
        site.article(f"deep/{name}.md", cover=ref)
    (site.docs / "deep" / "link.png").symlink_to(elsewhere / "outside.png")
    (site.docs / "deep" / "linked").symlink_to(elsewhere, target_is_directory=True)
    plan = site.plan()
    assert plan["actions"] == []
    told = [(d["level"], d["article"], d["key"], d["line"]) for d in plan["diagnostics"]]
    assert sorted(told) == [("error", f"deep/{name}.md", "cover", 2) for name in sorted(refs)]
    assert all(d["hint"] for d in plan["diagnostics"])


def test_an_error_leaves_only_its_own_article_without_a_cover(keyless_site: Site) -> None:
    site = keyless_site
    site.article("a.md", cover="missing.png")
    site.article("fine.md", cover_prompt="A fox", cover_size="1024x1024")
    built = site.build()
    assert built.code == 0, built.output
    assert "a.md:2: cover: there is no file missing.png" in built.stderr
    assert read_page(site.page("a/index.html")).figures == []
    assert len(read_page(site.page("fine/index.html")).figures) == 1
    assert site.build("--strict").code == 1
    assert site.cli("plan").code == 1


def test_the_authors_image_key_is_announced_and_left_to_the_theme(site: Site) -> None:
    save_picture(site.docs / "own.png")
    site.article("local.md", image="own.png", cover_prompt="Not used")
    site.article("address.md", image="https://pictures.example.org/a.jpg")
    built = site.build(IMAGEGEN_MODE="generate")
    assert built.code == 0, built.output
    assert (site.built / "assets/covers/cover.css").is_file()  # where a theme or a list shows it
    site.article("cover-address.md", cover="HTTPS://pictures.example.org/b c.webp?w=1&h=2")
    built = site.build(IMAGEGEN_MODE="generate")
    assert built.code == 0, built.output
    assert site.server is not None
    assert site.server.calls == []

    local = read_page(site.page("local/index.html"))
    assert local.figures == []
    assert local.meta("og:image") == ["https://example.com/own.png"]
    address = read_page(site.page("address/index.html"))
    assert address.figures == []
    assert address.meta("og:image") == ["https://pictures.example.org/a.jpg"]
    cover = read_page(site.page("cover-address/index.html"))
    assert cover.figures[0]["src"] == "https://pictures.example.org/b%20c.webp?w=1&h=2"
    assert "width" not in cover.figures[0]
    assert cover.meta("og:image") == ["https://pictures.example.org/b%20c.webp?w=1&h=2"]
    assert cover.meta("og:image:type") == ["image/webp"]


def test_switches_win_over_the_defaults_of_a_folder(site: Site) -> None:
    site.config = {"theme": {"name": "material", "font": False}, "plugins": ["search", "meta"]}
    site.write("docs/stories/.meta.yml", "cover_prompt: A pile of books\n")
    site.article("stories/on.md")
    site.article("stories/off.md", cover=False)
    site.article("stories/disabled.md", cover_enabled=False)
    site.article("stories/nested.md", cover={"enabled": False})
    save_picture(site.docs / "stories" / "own.png")
    site.article("stories/own.md", cover="own.png")
    assert site.actions() == {"stories/on.md": "generate", "stories/own.md": "own"}
    built = site.build("--strict")
    assert built.code == 0, built.output
    for name in ("off", "disabled", "nested"):
        assert read_page(site.page(f"stories/{name}/index.html")).figures == []


MAKE_PICTURE = """
import mkdocs_gen_files

with mkdocs_gen_files.open("made.svg", "w") as file:
    file.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"/>')
with mkdocs_gen_files.open("page.md", "w") as file:
    file.write("---\\ncover: made.svg\\n---\\n# Page\\n\\nText.\\n")
"""


def test_a_picture_that_a_script_made_is_an_own_picture(keyless_site: Site) -> None:
    site = keyless_site
    site.config["plugins"] = [{"gen-files": {"scripts": ["make.py"]}}]
    site.write("make.py", MAKE_PICTURE)
    site.article("index.md")
    built = site.build("--strict")
    assert built.code == 0, built.output
    assert site.cover_of("page/index.html") == (site.built / "made.svg").resolve()
    assert "width" not in read_page(site.page("page/index.html")).figures[0]


def test_a_picture_that_mkdocs_leaves_out_of_the_site_is_told(keyless_site: Site) -> None:
    site = keyless_site
    site.config["exclude_docs"] = "raw/"
    save_picture(site.docs / "raw" / "own.png")
    site.article("a.md", cover="raw/own.png")
    built = site.build()
    assert built.code == 0, built.output
    assert "a.md:2: cover: raw/own.png is left out of the site" in built.stderr
    assert read_page(site.page("a/index.html")).figures == []
    assert site.build("--strict").code == 1
    assert [told["level"] for told in site.plan()["diagnostics"]] == ["warning"]
