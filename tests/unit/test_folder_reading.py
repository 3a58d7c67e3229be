"""What `--write` reads: a configuration that MkDocs itself would refuse, and articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_imagegen.errors import SettingsError
from mkdocs_imagegen.folder.configured import configure
from mkdocs_imagegen.folder.scan import read_folder

PROMPT = "---\ncover_prompt: A fox\n---\n"


def wrote(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "docs").mkdir(exist_ok=True)
    return root / "docs"


def test_a_mkdocs_yml_of_zensical_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUALITY", "high")
    docs = wrote(
        tmp_path,
        base_yml="site_name: Base\nplugins: {imagegen: {quality: low}}\n",
        mkdocs_yml=(
            "INHERIT: base.yml\ntheme: {name: zensical-only, palette: {primary: red}}\n"
            "plugins:\n  - no-such-plugin\n  - meta\n  - imagegen: {quality: !ENV QUALITY}\n"
            "markdown_extensions:\n  - x:\n      slugify: !!python/name:no.such.name\n"
            "exclude_docs: '*.tmp.md'\nstrict: true\n"
        ),
    )
    configured = configure(docs, None)
    assert configured.options.quality == "high"
    assert configured.config.site_name == "Base"
    assert (configured.meta_file, configured.strict) == (".meta.yml", True)


def test_a_zensical_toml_is_read(tmp_path: Path) -> None:
    text = '[project]\nsite_name = "Z"\n[project.plugins.imagegen]\nquality = "low"\n'
    configured = configure(wrote(tmp_path, zensical_toml=text), None)
    assert (configured.options.quality, configured.config.site_name) == ("low", "Z")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plugins: [imagegen: {qualty: low}]", "Unrecognised configuration name: qualty"),
        ("plugins: [imagegen: {mode: x}]", "mode"),
        ("a: [1", "can't be read"),
        ("exclude_docs: 5", "exclude_docs"),
        ("docs_dir: docs/en", "is of the articles in"),
        ("docs_dir: .", "is of the articles in"),
    ],
)
def test_what_can_not_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        configure(wrote(tmp_path, mkdocs_yml=text), None)


def test_the_configuration_of_other_articles_says_nothing_of_a_bare_folder(tmp_path: Path) -> None:
    wrote(tmp_path, mkdocs_yml="plugins: [imagegen: {quality: low}]")
    (tmp_path / "notes").mkdir()
    assert configure(tmp_path / "notes", None).options.quality == "medium"
    with pytest.raises(SettingsError):
        configure(tmp_path / "notes", str(tmp_path / "mkdocs.yml"))


def test_articles_get_what_their_folders_say_and_what_is_left_out_is_not_read(
    tmp_path: Path,
) -> None:
    docs = wrote(tmp_path, mkdocs_yml="plugins: [meta]\nexclude_docs: out.md\ndraft_docs: new.md\n")
    (docs / "blog").mkdir()
    (docs / ".hidden").mkdir()
    (docs / "blog" / ".meta.yml").write_text("cover: {style: ink, size: 1280x672}\n")
    (docs / "blog" / "a.md").write_text(
        "---\ncover:\n  prompt: A fox\n  style: oil\n---\n"
        "```\n# No\n```\n\n# The *red* [fox](x.md)\n"
    )
    for name in ("out.md", "new.md", ".hidden/a.md"):
        (docs / name).write_text(PROMPT)
    (docs / "latin.md").write_bytes(PROMPT.encode() + b"\xff")
    (docs / "link.md").symlink_to(docs / "out.md")
    configured = configure(docs, None)
    folder = read_folder(docs, configured.config, configured.meta_file)
    (article,) = folder.articles.values()
    source = article.source
    assert (source.src_uri, source.title, source.section) == ("blog/a.md", "The red fox", "Blog")
    assert source.meta["cover"] == {"prompt": "A fox", "style": "oil", "size": "1280x672"}
    assert source.inherited["cover.size"].file == "blog/.meta.yml"
    assert {told.article for told in folder.diagnostics} == {"latin.md", "link.md"}
