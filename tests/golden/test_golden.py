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
from datetime import UTC, datetime
from decimal import Decimal
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
from mkdocs_imagegen.lockfile import write
from mkdocs_imagegen.model import (
    EMPTY_LOCKFILE,
    ArticleSource,
    Lockfile,
    Orders,
    OriginalDamaged,
    OriginalState,
    OriginalThere,
    Plan,
    PlanOptions,
    Record,
    Refusal,
    StoreState,
)
from mkdocs_imagegen.plan import Digests, locked, make_plan
from mkdocs_imagegen.site import make_engine
from mkdocs_imagegen.timing import Timing

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*.yml"))
EXPECT = "\nexpect:\n"
SITE = {"mkdocs", "imagegen", "environ", "templates", "files", "articles"}
SECTIONS = SITE | {"story", "store", "before", "lost", "refused", "today", "options", "strict"}
UPDATES = bool(os.environ.get("GOLDEN_UPDATE"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_story(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    case: dict[str, Any] = yaml.safe_load(text)
    expected: dict[str, Any] = case.pop("expect")
    assert case.keys() <= SECTIONS
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
        engine = engine_of(case, folder / "now")
    except ImagegenError as error:
        return {"error": str(error)}
    with closing(engine):
        return said_by(engine, case, lockfile_before(case, folder / "before"))


def said_by(engine: Engine, case: Mapping[str, Any], lockfile: Lockfile) -> dict[str, Any]:
    strict = case.get("strict", False)
    orders = orders_of(engine, case)
    options = options_of(case)
    plan = make_plan(
        orders,
        {**state_before(case, lockfile), **state_of(case, orders)},
        engine.book,
        engine.settings,
        today=today_of(case).date(),
        lockfile=lockfile,
        options=options,
    )
    outlook = engine.outlook(plan, engine.foresee(plan, strict=strict))
    return {
        "plan": report.plan_text(plan, outlook),
        "diagnostics": "".join(f"{told.level}: {told}\n" for told in plan.diagnostics),
        "json": json.loads(report.plan_json(plan, outlook, options)),
        "markdown": report.plan_markdown(plan, outlook),
        "prompts": {a.article: a.request.prompt for a in plan.actions if a.request},
        "changes": {a.article: [str(c) for c in a.changes] for a in plan.actions if a.changes},
        "lockfile": write(lockfile),
        "approval": approval_of(plan, engine, strict=strict),
    }


def engine_of(case: Mapping[str, Any], folder: Path) -> Engine:
    """Read the options as MkDocs does, from a real mkdocs.yml and a real templates folder."""
    options = case.get("imagegen", {})
    document = {"site_name": "Notes", "plugins": [{"imagegen": options}], **case.get("mkdocs", {})}
    (folder / "docs").mkdir(parents=True)
    for name, text in case.get("templates", {}).items():
        template = folder / options.get("templates_dir", "cover_templates") / name
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(text, encoding="utf-8")
    config_file = folder / "mkdocs.yml"
    config_file.write_text(yaml.safe_dump(document), encoding="utf-8")
    config = load_config(str(config_file))
    own = config.plugins["imagegen"].config
    assert isinstance(own, ImagegenConfig)
    return make_engine(own, config, case.get("environ", {}), timing=Timing(lambda: today_of(case)))


def lockfile_before(case: Mapping[str, Any], folder: Path) -> Lockfile:
    """Return the lockfile of the site as it was, where a story tells of that.

    `before` holds the sections that were other ones then; all its covers were bought.
    """
    if "before" not in case:
        return EMPTY_LOCKFILE
    earlier = {**case, **case["before"]}
    with closing(engine_of(earlier, folder)) as engine:
        orders = orders_of(engine, earlier)
    refusals = refusals_of(case, orders)
    keys = {order.request_key for order in orders.orders if order.request_key} - refusals.keys()
    records = {key: record_of(key) for key in keys}
    return locked(EMPTY_LOCKFILE, orders, records, refusals, site="Notes", at=today_of(case))


def record_of(request_key: str) -> Record:
    at = "2026-10-01T12:00:00+00:00"
    return Record(request_key, digest(b"picture"), 7, "", {}, "", at, usd="0.0412")


def refusals_of(case: Mapping[str, Any], orders: Orders) -> Mapping[str, Refusal]:
    refused = case.get("refused", {})
    return {
        order.request_key: Refusal(order.request_key, "2026-11-01T12:00:00+00:00", told, "req_1")
        for order in orders.orders
        if order.request_key and (told := refused.get(order.cover.article.src_uri))
    }


def state_before(case: Mapping[str, Any], lockfile: Lockfile) -> StoreState:
    """Return the store's side of the lockfile: all is there, but for what a story calls lost."""
    lost = case.get("lost", [])
    known = {e.article: e.approved.request_key for e in lockfile.entries if e.approved}
    return {
        key: OriginalThere(digest(b"picture"), rendered=True)
        for article, key in known.items()
        if article not in lost
    }


def today_of(case: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(case.get("today", "2026-11-22")).replace(tzinfo=UTC)


def options_of(case: Mapping[str, Any]) -> PlanOptions:
    asked = case.get("options", {})
    return PlanOptions(
        rebuy=asked.get("rebuy", False),
        outdated=asked.get("outdated", False),
        retry=frozenset(asked.get("retry", ())),
        only=tuple(asked.get("only", ())),
        max_cost_usd=Decimal(asked["max_cost"]) if "max_cost" in asked else None,
    )


def orders_of(engine: Engine, case: Mapping[str, Any]) -> Orders:
    return engine.order(articles_of(case), lambda uris: digests_of(case, uris))


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
