"""`--write DOCS`: covers for Zensical and bare folders, in the articles' own files."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from io import BytesIO
from pathlib import Path
from subprocess import run

import pytest
from PIL import Image

from mkdocs_imagegen.folder import decide, survey_folder, write
from tests.sites import Run, Site, run_in

GUIDE = Path(__file__).parents[2] / "docs" / "zensical.md"


@pytest.fixture
def folder(site: Site) -> Site:
    """Two articles with prompts, one with front matter, one without any."""
    site.article("index.md", cover_prompt="A red fox in fresh snow")
    path = site.docs / "blog" / "posts" / "b.md"
    path.parent.mkdir(parents=True)
    block = "cover_prompt: 'A paper lighthouse'  # seen at night\r\ndate: 2026-01-02\r\n"
    path.write_bytes(f"\ufeff---\r\n{block}...\r\n# B".encode())
    site.article("titled.md", title="No cover")
    site.article("plain.md")
    site.configure()
    return site


def cli(site: Site, *args: str) -> Run:
    """Run the command as it is: without writing mkdocs.yml first."""
    assert site.server is not None
    return run_in(
        site.root,
        "mkdocs_imagegen",
        *args,
        IMAGEGEN_BASE_URL=site.server.base_url,
        IMAGEGEN_API_KEY=site.server.api_key,
    )


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def paid(site: Site) -> int:
    assert site.server is not None
    return len(site.server.paid_calls)


def image_of(site: Site, src_uri: str) -> str | None:
    text = (site.docs / src_uri).read_text(encoding="utf-8-sig")
    found = re.search(r"^image: (\S+)$", text, re.MULTILINE)
    return found[1] if found else None


def zensical(site: Site) -> None:
    built = run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict"],
        cwd=site.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr


def test_covers_are_bought_once_and_named_in_one_line(folder: Site) -> None:
    before = contents(folder.docs)
    planned = cli(folder, "plan", "--write", "docs", "--check")
    assert planned.code == 3, planned.output
    assert cli(folder, "apply", "--write", "docs", "--check").code == 3
    assert (contents(folder.docs), paid(folder)) == (before, 0)

    applied = cli(folder, "apply", "--yes", "--write", "docs")
    assert applied.code == 0, applied.output
    assert paid(folder) == 2
    after = contents(folder.docs)
    covers = {uri: data for uri, data in after.items() if uri not in before}
    assert len(covers) == 4
    for uri, data in covers.items():
        if uri.endswith(".webp"):
            assert uri == f"assets/covers/{hashlib.sha256(data).hexdigest()[:32]}.webp"
            preview = covers[uri.replace(".webp", ".preview.jpeg")]
            assert Image.open(BytesIO(preview)).size == (1200, 630)
    assert "\nBought 2 covers for $0.0845.\nwrote assets/covers/" in applied.stderr
    assert applied.stderr.endswith(
        "\nCommit the articles, docs/assets/covers/ and imagegen.lock; the originals are in "
        ".imagegen (store: covers/ puts them into git).\n"
    )
    for src_uri, end in (("index.md", b"\n"), ("blog/posts/b.md", b"\r\n")):
        ref = image_of(folder, src_uri)
        assert ref is not None
        assert (folder.docs / src_uri).parent.joinpath(ref).is_file()
        line = f"image: {ref}".encode() + end
        assert after[src_uri].replace(line, b"") == before[src_uri]
    for src_uri in ("titled.md", "plain.md"):
        assert after[src_uri] == before[src_uri]

    again = cli(folder, "apply", "--yes", "--write", "docs")
    assert (again.code, contents(folder.docs), paid(folder)) == (0, after, 2), again.output
    assert again.stderr == "Nothing to buy.\n"
    assert cli(folder, "plan", "--write", "docs", "--check").code == 0
    assert cli(folder, "apply", "--write", "docs", "--check").code == 0


def test_mkdocs_takes_the_line_for_its_own_and_publishes_the_same_cover(folder: Site) -> None:
    assert cli(folder, "apply", "--yes", "--write", "docs").code == 0
    folder.options["mode"] = "frozen"
    built = folder.build("--strict")
    assert built.code == 0, built.output
    assert folder.actions() == {"blog/posts/b.md": "reuse", "index.md": "reuse"}
    shown = folder.cover_of("blog/posts/b/index.html")
    assert shown == folder.built / "assets" / "covers" / shown.name
    assert (image_of(folder, "blog/posts/b.md") or "").endswith(shown.name)
    assert (folder.root / ".imagegen").is_dir()
    assert not (folder.root / ".cache").exists()

    # The author puts a picture of their own there: it is theirs from now on, here and there.
    Image.new("RGB", (30, 20), "navy").save(folder.docs / "assets" / "covers" / shown.name)
    assert folder.actions()["blog/posts/b.md"] == "own"
    again = cli(folder, "plan", "--write", "docs", "--format", "json", "--check")
    assert '"own"' in again.stdout
    assert again.code == 0, again.output


def test_a_changed_or_removed_prompt_changes_or_removes_the_line(folder: Site) -> None:
    assert cli(folder, "apply", "--yes", "--write", "docs").code == 0
    fox, paper = image_of(folder, "index.md"), image_of(folder, "blog/posts/b.md")
    assert fox is not None
    assert paper is not None
    folder.article("embeds.md", body=f"![]({fox})")
    index = folder.docs / "index.md"
    index.write_text(index.read_text("utf-8").replace("red fox", "blue fox"), "utf-8")
    post = folder.docs / "blog" / "posts" / "b.md"
    post.write_bytes(post.read_bytes().replace(b"cover_prompt", b"x_prompt"))
    own = Image.new("RGB", (30, 20), "navy")
    own.save(folder.docs / "assets" / "covers" / f"{'0' * 32}.webp")

    applied = cli(folder, "apply", "--yes", "--write", "docs")
    assert applied.code == 0, applied.output
    assert paid(folder) == 3
    assert image_of(folder, "index.md") not in (None, fox)
    assert b"image:" not in post.read_bytes()
    assert not (post.parent / paper).exists()
    assert not (post.parent / paper.replace(".webp", ".preview.jpeg")).exists()
    assert (folder.docs / fox).is_file(), "another article names it still"
    assert (folder.docs / fox.replace(".webp", ".preview.jpeg")).is_file()
    assert (folder.docs / "assets" / "covers" / f"{'0' * 32}.webp").is_file(), "not ours"


def test_what_has_no_bought_cover_is_drawn_only_where_asked_for(keyless_site: Site) -> None:
    site = keyless_site
    site.article("a.md", cover_prompt="A red fox", draft=True)
    site.article("own.md", cover_prompt="A red fox", image="mine.png")
    Image.new("RGB", (30, 20), "navy").save(site.docs / "mine.png")
    before = contents(site.docs)
    plain = run_in(site.root, "mkdocs_imagegen", "apply", "--write", "docs")
    assert (plain.code, contents(site.docs)) == (0, before), plain.output

    drawn = run_in(site.root, "mkdocs_imagegen", "apply", "--write", "docs", "--drawn")
    assert drawn.code == 0, drawn.output
    assert image_of(site, "a.md")
    assert drawn.stderr.endswith("\nCommit the articles and docs/assets/covers/.\n")
    site.article("b.md", cover_prompt="A blue fox")
    refused = run_in(site.root, "mkdocs_imagegen", "apply", "--write", "docs", "--yes")
    assert (refused.code, image_of(site, "b.md")) == (1, None), refused.output
    keyless = run_in(site.root, "mkdocs_imagegen", "apply", "--write", "docs", "--drawn")
    assert keyless.code == 0, keyless.output
    assert "1 to buy, no key: drawn\n" in keyless.stderr
    assert image_of(site, "b.md")
    assert contents(site.docs)["own.md"] == before["own.md"]


def test_an_article_that_changes_meanwhile_is_not_overwritten(keyless_site: Site) -> None:
    site = keyless_site
    site.options = {"provider": "sketch"}
    path = site.article("a.md", cover_prompt="A red fox")
    site.article("b.md", cover_prompt="A blue fox")
    site.configure()
    survey = survey_folder(site.docs, None, environ={})
    published = survey.engine.publish(survey.engine.plan(survey.orders))
    changes = decide(survey.folder, survey.orders, published.files, drawn=True)
    survey.close()
    newer = path.read_bytes() + b"More.\n"
    path.write_bytes(newer)
    (told,) = write(survey.folder, changes)
    assert told.article == "a.md"
    assert path.read_bytes() == newer
    assert image_of(site, "b.md")


def test_what_can_take_no_line_is_told_and_left(keyless_site: Site) -> None:
    site = keyless_site
    flow = site.write("docs/flow.md", "---\n{cover_prompt: A fox}\n---\n# A\n")
    site.write("docs/open.md", "cover_prompt: A fox\n\n# A\n")
    site.write("docs/broken.md", "---\ncover_prompt: A fox: red\n---\n# A\n")
    site.options = {"provider": "sketch"}
    site.configure()
    before = contents(site.docs)
    done = run_in(site.root, "mkdocs_imagegen", "apply", "--write", "docs")
    assert done.code == 1
    assert contents(site.docs) == before
    assert "flow.md: this article can't get its image: line" in done.stderr
    assert "open.md: only MkDocs reads front matter without ---" in done.stderr
    assert "broken.md:2: the front matter is not valid YAML" in done.stderr
    assert flow.is_file()


def test_a_folder_of_another_site_is_refused_and_a_bare_one_is_not(folder: Site) -> None:
    part = cli(folder, "plan", "--write", "docs/blog")
    assert part.code == 1
    assert "hint: write docs behind --write" in part.stderr

    bare = folder.root.parent / "bare"
    shutil.copytree(folder.docs, bare / "notes")
    (bare / "notes" / ".git").mkdir()
    folder.root = bare
    applied = cli(folder, "apply", "--yes", "--write", "notes")
    assert applied.code == 0, applied.output
    assert (bare / "notes" / "imagegen.lock").is_file()
    assert (bare / "notes" / ".imagegen").is_dir()
    assert [path.name for path in bare.iterdir()] == ["notes"]
    assert b"image: assets/covers/" in (bare / "notes" / "index.md").read_bytes()


def test_zensical_shows_and_announces_the_cover_and_deletes_nothing(folder: Site) -> None:
    pytest.importorskip("zensical", reason="no wheel of Zensical for this machine")
    content, main = re.findall(r"```html\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    folder.write("overrides/partials/content.html", content)
    folder.write("overrides/main.html", main)
    folder.write("docs/blog/index.md", "# Blog\n")
    (folder.root / "mkdocs.yml").unlink()
    folder.write(
        "zensical.toml",
        '[project]\nsite_name = "Test"\nsite_url = "https://example.com"\n'
        'theme.custom_dir = "overrides"\n\n[project.plugins.blog]\n[project.plugins.rss]\n\n'
        '[project.plugins.imagegen]\nprice_as = "openai"\nquality = "low"\n',
    )
    applied = cli(folder, "apply", "--yes", "--write", "docs")
    assert applied.code == 0, applied.output
    assert folder.server is not None
    assert {(call.body or {})["quality"] for call in folder.server.paid_calls} == {"low"}
    zensical(folder)

    for src_uri, uri in (
        ("index.md", "index.html"),
        ("blog/posts/b.md", "blog/2026/01/02/b/index.html"),
    ):
        name = Path(image_of(folder, src_uri) or "").name
        page = folder.page(uri)
        shown = re.findall(r'<figure class="cover".*?<img src="([^"]+)"', page, re.DOTALL)
        assert len(shown) == 1
        published = (folder.built / uri).parent / shown[0]
        assert published.resolve() == folder.built / "assets" / "covers" / name
        preview = name.replace(".webp", ".preview.jpeg")
        assert f'og:image" content="https://example.com/assets/covers/{preview}"' in page
    assert page.count('og:image"') == 1
    checked = cli(folder, "check", "site", "--strict", "--page", "blog/2026/**", "--page", "/")
    assert checked.code == 0, checked.output
    feed = folder.page("feed_rss_created.xml")
    assert f'<enclosure url="https://example.com/assets/covers/{name}" type="image/webp"' in feed
    assert "cover" not in folder.page("titled/index.html").split("<article")[1]

    # `zensical build --clean` empties .cache: what was paid for is not there.
    again = cli(folder, "plan", "--write", "docs", "--check")
    assert again.code == 0, again.output
    (folder.root / ".cache").mkdir(exist_ok=True)
    (folder.root / ".imagegen").rename(folder.root / ".cache" / "imagegen")
    warned = cli(folder, "plan", "--write", "docs")
    assert "hint: move it: mv .cache/imagegen .imagegen" in warned.stderr


def test_what_reads_mkdocs_yml_says_so_beside_a_zensical_toml(tmp_path: Path) -> None:
    (tmp_path / "zensical.toml").write_text('[project]\nsite_name = "T"\n', "utf-8")
    for command in (
        ["plan"],
        ["doctor"],
        ["report", "costs"],
        ["explain", "index.md", "-f", "zensical.toml"],
        ["doctor", "-f", "zensical.toml"],
    ):
        refused = run_in(tmp_path, "mkdocs_imagegen", *command)
        assert (refused.code, refused.stdout) == (1, ""), refused.output
        assert "this reads mkdocs.yml" in refused.stderr
        assert "hint: for Zensical there are mkdocs-imagegen plan --write DOCS" in refused.stderr


def test_hints_name_the_command_with_the_folder(folder: Site) -> None:
    assert cli(folder, "apply", "--yes", "--write", "docs").code == 0
    folder.options = {"style": "Woodcut", "model": "gpt-image-1.5", "price_as": "openai"}
    folder.article("c.md", cover_prompt="A blue fox")
    folder.options["budget"] = {"max_images": 0}
    folder.configure()
    repaint = "mkdocs-imagegen apply --write docs --outdated"
    for form in ("text", "markdown", "html"):
        planned = cli(folder, "plan", "--write", "docs", "--format", form)
        assert repaint in planned.stdout, planned.output
        assert "mkdocs-imagegen apply --outdated" not in planned.stdout
    shutil.rmtree(folder.root / ".imagegen")
    planned = cli(folder, "plan", "--write", "docs", "--format", "json")
    assert "or pay once more: mkdocs-imagegen apply --write docs --rebuy" in planned.stdout
    refused = cli(folder, "apply", "--yes", "--write", "docs", "--rebuy")
    assert refused.code == 4, refused.output
    assert "`budget: max_images` allows 0" in refused.stderr
