"""What `init` decides: the text of mkdocs.yml with the plugin in it, and all other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mkdocs_imagegen.errors import SettingsError
from mkdocs_imagegen.scaffold import (
    WORKFLOWS,
    Choices,
    Found,
    Option,
    add_plugin,
    diff_lines,
    propose,
    with_lines,
    workflow_files,
)

OPTIONS = (Option("store", "covers/", ("A comment.",)), Option("style", '"Card, flat"'))
VALUES = {"store": "covers/", "style": "Card, flat"}
ENTRY = {"imagegen": VALUES}


class TolerantLoader(yaml.SafeLoader):
    """Reads `!ENV` and the like as what stands below them, as MkDocs' own tags would be."""


def _any_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return (suffix, loader.construct_scalar(node))
    assert isinstance(node, yaml.SequenceNode)
    return (suffix, tuple(loader.construct_sequence(node)))


TolerantLoader.add_multi_constructor("!", _any_tag)
TolerantLoader.add_multi_constructor("tag:yaml.org,2002:python/", _any_tag)


def load(text: str) -> Any:
    return yaml.load(text, TolerantLoader)


def inserted(old: str, new: str) -> list[str]:
    """Return what was put in, as often as it may be read so; fails where anything else changed."""
    added = len(new) - len(old)
    start = next((n for n in range(len(old)) if old[n] != new[n]), len(old))
    # What was put in may begin like what follows it: then it can have begun before, too.
    places = [at for at in range(start + 1) if new[:at] + new[at + added :] == old]
    assert places, f"not an insertion:\n{old}\n---\n{new}"
    return [new[at : at + added] for at in places]


CASES = {
    "a block list": (
        "plugins:\n  - search\n  - blog:\n      x: 1  # why\nnav: []\n",
        "  - imagegen:\n      # A comment.\n      store: covers/\n",
    ),
    "a list as deep as its key": ("plugins:\n- search\nnav: []\n", "- imagegen:\n    # A"),
    "four spaces a step": ("plugins:\n    -   search\n", "    -   imagegen:\n            # A"),
    "a comment after the last": ("plugins:\n  - search\n  # - tags\n", "  - imagegen:\n"),
    "no line end": ("plugins:\n  - search", "\n  - imagegen:\n"),
    "an empty value at the end": ("plugins:\n  - search:\n", "  - imagegen:\n"),
    "CRLF": ("plugins:\r\n  - search\r\nnav: []\r\n", "  - imagegen:\r\n      # A comment.\r\n"),
    "a byte order mark": ("\ufeffplugins:\n  - search\n", "  - imagegen:\n"),
    "a block scalar before": (
        "plugins:\n  - x:\n      a: |\n        text\n\nnav: []\n",
        "  - imagegen:\n",
    ),
    "a block scalar that keeps its blank lines": (
        "plugins:\n  - x:\n      a: |+\n        text\n\nnav: []\n",
        "  - imagegen:\n",
    ),
    "an alias at the end": ("extra: &s search\nplugins:\n  - *s\n", "  - imagegen:\n"),
    "tags of MkDocs": (
        "plugins:\n  - search\n  - x:\n      a: !ENV [A, b]\nf: !!python/name:a.b ''\n",
        "  - imagegen:\n",
    ),
    "a mapping": ("plugins:\n  search:\n  tags: {}\n", "  imagegen:\n    # A comment.\n"),
    "a flow list": ("plugins: [search, tags]  # ours\n", ", {imagegen: {store: covers/, "),
    "a flow list with a last comma": ("plugins: [\n  search,  # x\n]\n", ", {imagegen: {"),
    "an empty flow list": ("plugins: []\n", "{imagegen: {store: covers/, "),
    "a flow mapping": ("plugins: {search: {}}\n", ", imagegen: {store: covers/, "),
    "flow all over": ("{site_name: T, plugins: [search]}\n", ", {imagegen: {"),
    "two lists, of which MkDocs takes the last": (
        "plugins:\n  - tags\nplugins:\n  - search\n",
        "  - imagegen:\n",
    ),
    "a document's start and end": ("---\nplugins:\n  - search\n...\n", "  - imagegen:\n"),
}


@pytest.mark.parametrize(("old", "put_in"), CASES.values(), ids=CASES.keys())
def test_the_plugin_comes_last_and_every_byte_of_the_rest_stays(old: str, put_in: str) -> None:
    new = add_plugin(old, OPTIONS)
    assert any(put_in in text for text in inserted(old, new))
    before, after = load(old), load(new)
    if isinstance(before["plugins"], dict):
        assert after.pop("plugins") == {**before.pop("plugins"), **ENTRY}
    else:
        assert after.pop("plugins") == [*before.pop("plugins"), ENTRY]
    assert after == before
    assert add_plugin(new, OPTIONS) == new


@pytest.mark.parametrize(
    "old",
    [
        "site_name: T\n",
        "site_name: T",
        "site_name: T\r\nnav: []\r\n",
        "  site_name: T\n  nav: []\n",
        "---\nsite_name: T\n...\n",
        "site_name: T\nnotes: |+\n  kept\n\n",
        "site_name: T\nplugins:  # none yet\nnav: []\n",
        "site_name: T\nplugins:",
    ],
)
def test_where_there_is_no_list_search_stays_on(old: str) -> None:
    new = add_plugin(old, OPTIONS)
    inserted(old, new)
    assert load(new) == {**load(old), "plugins": ["search", ENTRY]}
    assert add_plugin(new, OPTIONS) == new


@pytest.mark.parametrize(
    "old",
    [
        "plugins:\n  - imagegen\n",
        "plugins: [search, imagegen]\n",
        "plugins:\n  - imagegen:\n      enabled: false\n",
        "plugins:\n  imagegen: {}\n",
        "a: &i imagegen\nplugins:\n  - *i\n",
    ],
)
def test_a_site_that_has_the_plugin_is_left_as_it_is(old: str) -> None:
    assert add_plugin(old, OPTIONS) == old


@pytest.mark.parametrize(
    ("old", "by_hand"),
    [
        ("a: &p [search]\nplugins: *p\n", "  plugins:\n    - imagegen:"),
        ("plugins: &p\n  - search\na: *p\n", "  plugins:\n    - imagegen:"),
        ("a: &b {plugins: [tags]}\n<<: *b\n", "  plugins:\n    - imagegen:"),
        ("plugins: !ENV PLUGINS\n", "  plugins:\n    - imagegen:"),
        ("plugins: search\n", "  plugins:\n    - imagegen:"),
        ("{site_name: T}\n", "  plugins:\n    - search\n    - imagegen:"),
        ("plugins:\n  - x: |\n      no line end", "  plugins:\n    - imagegen:"),
        ("plugins:\n  x: |\n      no line end", "  plugins:\n    imagegen:"),
    ],
)
def test_what_no_insertion_fits_is_refused_with_the_lines_to_add(old: str, by_hand: str) -> None:
    with pytest.raises(SettingsError, match=r"mkdocs\.yml: `plugins:` is written") as refused:
        add_plugin(old, OPTIONS)
    assert by_hand in refused.value.hint
    assert "store: covers/" in refused.value.hint


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("", "holds no options"),
        ("# only a comment\n", "holds no options"),
        ("- a\n", "holds no options"),
        ("a: 1\nb: [\n", "line 3: expected the node content"),
        ("a: *unknown\n", "line 1: found undefined alias"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: \x07\n", "can't be read as YAML"),
        ("[" * 2000, "can't be read as YAML"),
    ],
)
def test_what_is_no_config_is_an_error_that_says_where(old: str, said: str) -> None:
    with pytest.raises(SettingsError, match=r"site/mkdocs\.yml") as refused:
        add_plugin(old, OPTIONS, "site/mkdocs.yml")
    assert said in str(refused.value)


_WORDS = st.sampled_from(["search", "tags", "blog", "x-y", '"quoted"', "'single'", "été"])
_SCALARS = st.sampled_from(
    [
        *("1", "true", '"a # b"', "'it''s'", "!ENV [A, b]", "plain text", "", "{a: [1, 2]}"),
        *("[x,\n{i}y]", "|\n{i}  literal\n{i}    deeper\n", ">-\n{i}  folded\n{i}  text"),
        "|+\n{i}  kept\n\n",
    ]
)
_COMMENTS = st.sampled_from(["", "", "  # a comment", "   "])
_BETWEEN = st.sampled_from(["", "", "\n", "# a comment\n", "      # - tags\n"])


@st.composite
def plugin_lists(draw: st.DrawFn) -> str:
    """`plugins:` as a block list, in one of many layouts."""
    indent, dash = draw(st.sampled_from(["", "  ", "    "])), draw(st.sampled_from(["- ", "-   "]))
    lines = [f"plugins:{draw(_COMMENTS)}\n"]
    for name in draw(st.lists(_WORDS, min_size=1, max_size=4, unique=True)):
        if draw(st.booleans()):
            lines.append(f"{indent}{dash}{name}{draw(_COMMENTS)}\n")
        else:
            inner = indent + " " * len(dash) + "  "
            value = draw(_SCALARS).replace("{i}", inner)
            comment = "" if "\n" in value else draw(_COMMENTS)
            lines += [f"{indent}{dash}{name}:\n", f"{inner}key: {value}{comment}\n"]
        lines.append(draw(_BETWEEN))
    return "".join(lines)


@st.composite
def flow_plugins(draw: st.DrawFn) -> str:
    """`plugins:` within brackets, on one line or several."""
    names = draw(st.lists(_WORDS, max_size=4, unique=True))
    gap = draw(st.sampled_from([" ", "", "\n    ", "  # c\n  "]))
    last = draw(st.sampled_from(["", ","])) if names else ""
    return f"plugins: [{f',{gap}'.join(names)}{last}]{draw(_COMMENTS)}\n"


@st.composite
def configs(draw: st.DrawFn) -> str:
    """A whole mkdocs.yml."""
    top = [
        "site_name: Test  # the name\n",
        'theme: {name: mkdocs, "palette": [a, b]}\n',
        "nav:\n- Home: index.md\n\n",
        "# a comment by itself\n",
        "extra:\n  plugins: [not, ours]\n  text: |\n    two\n    lines\n\n",
        "markdown_extensions:\n  - x:\n      f: !!python/name:a.b ''\n",
    ]
    plugins = draw(st.one_of(plugin_lists(), flow_plugins(), st.just("")))
    around = draw(st.lists(st.sampled_from(top), unique=True))
    around.insert(draw(st.integers(0, len(around))), plugins)
    text = "".join(["site_url: https://example.com/\n", *around])
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.rstrip("\r\n") if draw(st.booleans()) and not text.endswith("\n\n") else text


@given(configs())
@example("site_url: x\nplugins:\n- search:\n    key: |\n      literal\n\n\nnav: []\n")
def test_the_new_document_is_the_old_one_and_the_plugin(old: str) -> None:
    before = load(old)
    try:
        new = add_plugin(old, OPTIONS)
    except SettingsError:
        # The one thing refused: a block scalar that ends the file, without a line end.
        assert not old.endswith("\n")
        return
    inserted(old, new)
    after = load(new)
    assert after.pop("plugins") == [*before.pop("plugins", ["search"]), ENTRY]
    assert after == before
    if "\r\n" in old:
        assert "\n" not in new.replace("\r\n", "")
    assert add_plugin(new, OPTIONS) == new


@given(st.text(alphabet="ab:-[]{}#&*!|> \n'\"", max_size=60))
def test_no_text_makes_it_fail_in_another_way_than_an_error_of_ours(tail: str) -> None:
    old = f"site_name: T\nplugins:{tail}"
    try:
        new = add_plugin(old, OPTIONS)
    except SettingsError:
        return
    if new != old:
        inserted(old, new)


ROOT = Path("/repository")


def found(texts: dict[str, str], *, config: str = "mkdocs.yml") -> Found:
    path = ROOT / config
    return Found(path, path, ROOT, {ROOT / name: text for name, text in texts.items()})


def test_a_bare_site_gets_the_plugin_and_what_keeps_its_repository_clean() -> None:
    proposal = propose(found({"mkdocs.yml": "site_name: T\n"}), Choices())
    assert [(change.name, change.old) for change in proposal.changes] == [
        ("mkdocs.yml", "site_name: T\n"),
        (".gitignore", None),
        (".gitattributes", None),
    ]
    config, ignore, attributes = proposal.changes
    assert ignore.new == ".cache/imagegen/\n.env\n"
    assert attributes.new == "imagegen.lock merge=union text eol=lf\n"
    entry = load(config.new)["plugins"][1]["imagegen"]
    assert set(entry) == {"style", "budget"}
    assert proposal.notes == ()


def test_covers_in_git_names_the_store_and_every_chosen_workflow_is_added() -> None:
    texts = {"mkdocs.yml": "site_name: T\n", "requirements.txt": "mkdocs-material\n"}
    proposal = propose(found(texts), Choices(("covers-in-git", "plan-comment")))
    names = [change.name for change in proposal.changes]
    assert names[3:] == [
        ".github/workflows/covers-in-git.yml",
        ".github/workflows/plan-comment-1-plan.yml",
        ".github/workflows/plan-comment-2-post.yml",
    ]
    assert load(proposal.changes[0].new)["plugins"][1]["imagegen"]["store"] == "covers/"
    assert proposal.notes == ()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_proposed_again_there_is_nothing_to_do(workflow: str) -> None:
    texts = {"mkdocs.yml": "site_name: T\n", "requirements.txt": ""}
    first = propose(found(texts), Choices((workflow,)))
    after = texts | {change.name: change.new for change in first.changes}
    again = propose(found(after), Choices((workflow,)))
    assert again.changes == ()
    assert again.notes == ("mkdocs.yml has imagegen already: left as it is",)


@pytest.mark.parametrize(
    ("ignored", "added"),
    [
        ("site/\n.cache\n.env\n", ""),
        ("/.cache/\n/.env\n", ""),
        (".cache/imagegen/\n", ".env\n"),
        ("site/", "\n.cache/imagegen/\n.env\n"),
        ("site/\r\n", ".cache/imagegen/\r\n.env\r\n"),
        ("# .cache/\n", ".cache/imagegen/\n.env\n"),
        ("b\udce9b\u00e9\n", ".cache/imagegen/\n.env\n"),
    ],
)
def test_only_lines_that_are_missing_are_added(ignored: str, added: str) -> None:
    proposal = propose(found({"mkdocs.yml": "site_name: T\n", ".gitignore": ignored}), Choices())
    new = {change.name: change.new for change in proposal.changes}
    assert new.get(".gitignore", ignored) == ignored + added


@pytest.mark.parametrize(
    ("attributes", "added"),
    [
        ("/imagegen.lock merge=ours\n", ""),
        ("imagegen.lock text\n", "imagegen.lock merge=union text eol=lf\n"),
        ("* text=auto", "\nimagegen.lock merge=union text eol=lf\n"),
    ],
)
def test_how_the_lockfile_merges_is_said_once(attributes: str, added: str) -> None:
    texts = {"mkdocs.yml": "site_name: T\n", ".gitattributes": attributes}
    new = {change.name: change.new for change in propose(found(texts), Choices()).changes}
    assert new.get(".gitattributes", attributes) == attributes + added


def test_what_is_there_already_and_what_is_missing_is_told() -> None:
    texts = {
        "mkdocs.yml": "site_name: T\nplugins: [imagegen]\n",
        ".gitignore": "covers/\n",
        ".github/workflows/covers-in-git.yml": "name: Mine\n",
    }
    proposal = propose(found(texts), Choices(("covers-in-git",)))
    assert [change.name for change in proposal.changes] == [".gitignore", ".gitattributes"]
    assert proposal.notes == (
        "mkdocs.yml has imagegen already: left as it is",
        "covers-in-git needs `store: covers/` below imagegen in mkdocs.yml",
        ".gitignore names covers: take that line out, or no cover is committed",
        ".github/workflows/covers-in-git.yml is there already and says something else: "
        "left as it is",
        "there is no requirements.txt: list your theme and plugins in one, CI installs it",
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("docs/mkdocs.yml", "docs/mkdocs.yml is not at the top of its repository"),
        ("other.yml", "the workflows build mkdocs.yml, not other.yml"),
    ],
)
def test_a_site_that_the_workflows_would_not_find_gets_none(config: str, said: str) -> None:
    site = found({config: "site_name: T\n"}, config=config)
    with pytest.raises(SettingsError, match=said) as refused:
        propose(site, Choices(("cost-report",)))
    assert "without --workflow" in refused.value.hint
    assert len(propose(site, Choices()).changes) == 3


@given(st.text(alphabet="ab\r\n", max_size=12))
def test_lines_are_added_below_what_is_there(text: str) -> None:
    new = with_lines(text, ("x", "y"))
    assert new.startswith(text)
    assert [line for line in new.splitlines() if line in ("x", "y")] == ["x", "y"]
    assert with_lines(text, ()) == text


def test_a_diff_is_readable_whatever_the_line_ends() -> None:
    assert list(diff_lines("a.txt", "one\r\ntwo", "one\r\ntwo\r\nthree\r\n")) == [
        "--- a/a.txt",
        "+++ b/a.txt",
        "@@ -1,2 +1,3 @@",
        " one",
        "-two",
        "\\ No newline at end of file",
        "+two",
        "+three",
    ]
    assert list(diff_lines("new.txt", None, "one\x0bstill\n"))[0::3] == [
        "--- /dev/null",
        "+one\x0bstill",
    ]


def test_every_file_of_every_workflow_is_there() -> None:
    files = workflow_files(WORKFLOWS)
    assert len(files) == sum(len(names) for names in WORKFLOWS.values())
    assert all(text.endswith("\n") for text in files.values())
