"""Stories: a site, its store and its environment, and what the plan says about them.

Each `.yml` beside this file is one. `GOLDEN_UPDATE=1 pytest tests/golden` writes what is said now
below its `expect:`; look at the difference before you keep it. A section that is not there is not
compared, and of `json` only the fields that are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from mkdocs.config import load_config
from mkdocs.utils.meta import get_data

from mkdocs_imagegen import report
from mkdocs_imagegen.articles import scan_front_matter
from mkdocs_imagegen.config import ImagegenConfig
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.errors import ImagegenError
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import (
    ArticleSource,
    Orders,
    OriginalDamaged,
    OriginalState,
    OriginalThere,
    Plan,
    StoreState,
)
from mkdocs_imagegen.plan import Digests, make_plan
from mkdocs_imagegen.site import make_engine

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*.yml"))
EXPECT = "\nexpect:\n"
SECTIONS = {"story", "mkdocs", "imagegen", "environ", "templates", "files", "articles", "store"}
UPDATES = bool(os.environ.get("GOLDEN_UPDATE"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_story(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    case: dict[str, Any] = yaml.safe_load(text)
    expected: dict[str, Any] = case.pop("expect")
    assert case.keys() <= SECTIONS | {"rebuy", "strict"}
    assert expected
    told = shaped(all_that_is_said(case, tmp_path), expected)
    if UPDATES and told != expected:
        head = text[: text.index(EXPECT) + len(EXPECT)]
        path.write_text(head + indented(dumped(told)), encoding="utf-8")
    else:
        assert told == expected


def test_there_are_stories_enough() -> None:
    assert len(CASES) >= 15


def all_that_is_said(case: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return every section that a story may expect."""
    try:
        engine = engine_of(case, folder)
    except ImagegenError as error:
        return {"error": str(error)}
    with closing(engine):
        return said_by(engine, case)


def said_by(engine: Engine, case: Mapping[str, Any]) -> dict[str, Any]:
    strict = case.get("strict", False)
    orders = engine.order(articles_of(case), lambda uris: digests_of(case, uris))
    plan = make_plan(
        orders,
        state_of(case, orders),
        engine.book,
        engine.settings,
        rebuy=case.get("rebuy", False),
    )
    decision = engine.foresee(plan, strict=strict)
    return {
        "plan": report.plan_text(plan, decision, engine.settings.budget),
        "diagnostics": "".join(f"{told.level}: {told}\n" for told in plan.diagnostics),
        "json": json.loads(report.plan_json(plan, decision)),
        "prompts": {a.article: a.request.prompt for a in plan.actions if a.request},
        "approval": approval_of(plan, engine, strict=strict),
    }


def engine_of(case: Mapping[str, Any], folder: Path) -> Engine:
    """Read the options as MkDocs does, from a real mkdocs.yml and a real templates folder."""
    options = case.get("imagegen", {})
    document = {"site_name": "Notes", "plugins": [{"imagegen": options}], **case.get("mkdocs", {})}
    (folder / "docs").mkdir()
    for name, text in case.get("templates", {}).items():
        template = folder / options.get("templates_dir", "cover_templates") / name
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(text, encoding="utf-8")
    config_file = folder / "mkdocs.yml"
    config_file.write_text(yaml.safe_dump(document), encoding="utf-8")
    config = load_config(str(config_file))
    own = config.plugins["imagegen"].config
    assert isinstance(own, ImagegenConfig)
    return make_engine(own, config, case.get("environ", {}))


def articles_of(case: Mapping[str, Any]) -> list[ArticleSource]:
    return [article_of(src_uri, text) for src_uri, text in case["articles"].items()]


def article_of(src_uri: str, text: str) -> ArticleSource:
    """Read a Markdown file as MkDocs and the prescan do."""
    markdown, meta = get_data(text.replace("\r\n", "\n"))  # MkDocs opens files as text
    heading = next((line[2:] for line in markdown.splitlines() if line.startswith("# ")), "")
    return ArticleSource(
        src_uri,
        title=str(meta.get("title") or heading or Path(src_uri).stem),
        meta=meta,
        date=str(meta.get("date", "")),
        markdown=markdown,
        front_matter=scan_front_matter(text, where=src_uri),
    )


def digests_of(case: Mapping[str, Any], uris: frozenset[str]) -> Digests:
    files: Mapping[str, str] = case.get("files", {})
    return {uri: digest(files[uri].encode()) for uri in uris & files.keys()}


def state_of(case: Mapping[str, Any], orders: Orders) -> StoreState:
    """Return the store as the story tells it, by article."""
    keys = {order.cover.article.src_uri: order.request_key for order in orders.orders}
    return {keys[uri] or "": original(told) for uri, told in case.get("store", {}).items()}


def original(told: str) -> OriginalState:
    """`rendered`, `original` (its rendition is missing), or why it is damaged."""
    if told in ("rendered", "original"):
        return OriginalThere(digest(b"picture"), rendered=told == "rendered")
    return OriginalDamaged(told.removeprefix("damaged: "), digest(b"picture"))


def approval_of(plan: Plan, engine: Engine, *, strict: bool) -> str:
    try:
        engine.approve(plan, strict=strict)
    except ImagegenError as error:
        return f"{error} (exit {error.exit_code})"
    return "approved"


def shaped(told: Any, like: Any) -> Any:
    """Return of what is told the fields that the expectation has; a list's first row speaks."""
    if isinstance(told, dict) and isinstance(like, dict):
        return {name: shaped(told.get(name), like[name]) for name in like}
    if isinstance(told, list) and isinstance(like, list) and like:
        return [shaped(row, like[0]) for row in told]
    return told


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dumped(told: Mapping[str, Any]) -> str:
    return yaml.dump(told, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def indented(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
