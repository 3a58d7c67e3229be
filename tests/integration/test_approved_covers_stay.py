"""What was approved stays: a change of the site's costs nothing until someone asks for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bills import charged, planned, server_of
from tests.imageserver import ImageServer
from tests.sites import Site

CI = {"CI": "true"}
MICRO = Decimal("0.000001")
LAYOUT = "{{ cover.subject }}\nFor a magazine{{ article.mood and ', ' ~ article.mood }}.\nWide.\n"
PLAIN = "{{ cover.subject }}, and nothing else."
OWN = {"cover_model": "gpt-image-2", "cover_quality": "low"}
ARTICLES: Mapping[str, Mapping[str, str]] = {
    "layout": OWN | {"cover_template": "layout.j2", "mood": "calm"},
    "style": OWN,
    "model": {"cover_template": "plain.j2", "cover_quality": "low"},
    "quality": {"cover_template": "plain.j2", "cover_model": "gpt-image-2"},
    "guides/path": OWN | {"cover_template": "plain.j2"},
    "same": OWN | {"cover_template": "plain.j2"},
}
"""Each but the last hangs on one thing of the site's, and says all else itself."""
CAUSES = {
    "layout": "layout.j2 line 3",
    "style": "mkdocs.yml: style",
    "model": "model gpt-image-2 -> gpt-image-2.5-flare",
    "quality": "quality low -> medium",
    "guides/path": "size 1536x1024 -> 1280x672",
}
SITE_CHANGE = {
    "style": "Woodcut",
    "model": "gpt-image-2.5-flare",
    "quality": "medium",
    "defaults": [{"match": "guides/**", "size": "1280x672"}],
}


def article(site: Site, name: str, **meta: object) -> None:
    """Write an article as it was bought, but for this front matter; `None` leaves a key out."""
    told: dict[str, Any] = {"cover_prompt": f"A {Path(name).name} of paper"}
    told |= {**ARTICLES[name], **meta}
    site.article(f"{name}.md", **{key: value for key, value in told.items() if value is not None})


def change_the_site(site: Site) -> None:
    site.options |= SITE_CHANGE
    site.write("cover_templates/layout.j2", LAYOUT.replace("Wide", "Wide and quiet"))


def by_name(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {action["article"].removesuffix(".md"): action for action in plan["actions"]}


def named(plan: Mapping[str, Any], kind: str) -> set[str]:
    return {name for name, action in by_name(plan).items() if action["action"] == kind}


def shown(site: Site) -> dict[str, str]:
    """Return the file that each article's page shows."""
    return {name: site.cover_of(f"{name}/index.html").name for name in ARTICLES}


def bill_usd(server: ImageServer) -> Decimal:
    """What the server charged, prompts included."""
    return sum((c.micro_usd + c.input_micro_usd for c in server.calls), 0) * MICRO


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose covers are all bought and built."""
    with ImageServer() as server:
        site = Site(tmp_path_factory.mktemp("bought"), server, environ={"CI": ""})
        site.options = {
            "price_as": "openai",
            "model": "gpt-image-2",
            "quality": "low",
            "style": "Water colours",
            "store": "covers",
        }
        site.write("cover_templates/layout.j2", LAYOUT)
        site.write("cover_templates/plain.j2", PLAIN)
        for name in ARTICLES:
            article(site, name)
        run = site.apply()
        assert run.code == 0, run.output
        assert len(server.paid_calls) == len(ARTICLES)
        assert site.build("--strict").code == 0
        yield site


@pytest.fixture
def approved(bought: Site, tmp_path: Path) -> Site:
    """A copy of that site, for one test, with a server that has seen no request yet."""
    server_of(bought).reset()
    root = shutil.copytree(bought.root, tmp_path / "site")
    return Site(root, bought.server, options=deepcopy(bought.options), environ=bought.environ)


def test_what_the_site_changes_is_told_with_its_price_and_buys_nothing(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    lockfile = (site.root / "imagegen.lock").read_bytes()
    change_the_site(site)

    plan = site.plan()
    assert (plan["total_micro_usd"], plan["outdated"]) == (0, len(CAUSES))
    rows = by_name(plan)
    assert {name: rows[name]["reason"] for name in CAUSES} == CAUSES
    assert all(rows[name]["outdated_micro_usd"] > 0 for name in CAUSES)
    assert (rows["same"]["action"], rows["same"]["outdated_micro_usd"]) == ("reuse", None)

    run = site.apply()
    assert run.code == 0, run.output
    assert re.search(r"outdated: layout\.j2 line 3: 1 article, \$0\.00\d\d", run.stdout)
    assert "5 outdated: nothing to pay" in run.stdout
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    assert "1 cover reused, 5 outdated; $0.0000 spent" in built.output
    assert shown(site) == before
    assert (site.root / "imagegen.lock").read_bytes() == lockfile
    assert server.calls == []


def test_outdated_buys_the_cheapest_that_fit_and_later_the_rest(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    change_the_site(site)
    plan = site.plan("--outdated")
    bounds = {name: a["bound_micro_usd"] for name, a in by_name(plan).items() if a["usd"]}
    cheapest = sorted(CAUSES, key=lambda name: bounds[name])[:3]
    most_usd = (sum(bounds[name] for name in cheapest) + 1) * MICRO

    run = site.apply("--outdated", "--max-cost", f"{most_usd}")
    assert run.code == 0, run.output
    assert f"{len(cheapest)} to buy" in run.stdout
    assert "2 left out" in run.stdout
    assert len(server.calls) == len(cheapest)
    assert bill_usd(server) <= most_usd
    assert site.build("--strict", **CI).code == 0
    assert differing(before, shown(site)) == set(cheapest)

    rest = site.plan("--outdated")
    assert named(rest, "generate") == CAUSES.keys() - set(cheapest)
    assert site.apply("--outdated").code == 0
    assert charged(server.calls) == planned(plan)
    assert site.build("--strict", **CI).code == 0
    assert differing(before, shown(site)) == CAUSES.keys()
    assert named(site.plan("--outdated"), "reuse") == ARTICLES.keys()


def test_on_change_repaint_makes_a_ci_build_buy_what_the_site_changed(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    change_the_site(site)
    site.options["on_change"] = "repaint"
    plan = site.plan()
    assert named(plan, "generate") == CAUSES.keys()
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    assert charged(server.calls) == planned(plan)
    assert f"1 cover reused, 5 bought; ${bill_usd(server):.4f} spent" in built.output
    assert differing(before, shown(site)) == CAUSES.keys()
    assert site.build("--strict", **CI).code == 0
    assert len(server.calls) == len(CAUSES)


AUTHORS_CHANGES: Mapping[str, tuple[dict[str, object], str]] = {
    "layout": (
        {"cover_template": "plain.j2"},
        "changed: cover_template layout.j2 -> plain.j2",
    ),
    "style": ({"cover_style": "Etching"}, "changed: cover_style"),
    "model": ({"cover_quality": "medium"}, "changed: cover_quality low -> medium"),
    "quality": ({"cover_size": "1280x672"}, "changed: cover_size 1536x1024 -> 1280x672"),
    "guides/path": ({"cover_variant": 1}, "changed: cover_variant"),
}


def test_what_an_author_changes_repaints_that_article_alone(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    article(site, "same", cover_prompt="A paper crane")
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    assert len(server.calls) == 1
    assert differing(before, shown(site)) == {"same"}

    for name, (change, _) in AUTHORS_CHANGES.items():
        article(site, name, **change)
    plan = site.plan()
    reasons = {name: action["reason"] for name, action in by_name(plan).items()}
    assert {n: r for n, r in reasons.items() if n != "same"} == {
        name: told for name, (_, told) in AUTHORS_CHANGES.items()
    }
    assert site.apply().code == 0
    assert charged(server.calls[1:]) == planned(plan)
    assert len(server.calls) == 1 + len(AUTHORS_CHANGES)
    assert named(site.plan(), "reuse") == ARTICLES.keys()


def test_an_author_and_the_site_at_once_repaint_the_authors_article_alone(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    change_the_site(site)
    article(site, "layout", cover_prompt="A paper crane")
    plan = site.plan()
    assert by_name(plan)["layout"]["reason"] == "changed: cover_prompt, layout.j2 line 3"
    assert named(plan, "generate") == {"layout"}
    assert plan["outdated"] == len(CAUSES) - 1
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    (call,) = server.calls
    assert "crane" in str(call.body)
    assert "Wide and quiet" in str(call.body)
    assert differing(before, shown(site)) == {"layout"}


def test_a_pinned_cover_stays_whatever_changes_until_it_is_unpinned(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    lockfile = (site.root / "imagegen.lock").read_bytes()
    for name in ARTICLES:
        article(site, name, cover_pin=True)
    change_the_site(site)
    article(site, "same", cover_pin=True, cover_prompt="A paper crane", cover_size="1280x672")
    run = site.apply("--outdated")
    assert run.code == 0, run.output
    assert run.stdout.count("cover_pin: true keeps it") == len(ARTICLES)
    assert "cover_pin: true keeps it" in site.cli("explain", "same.md").stdout
    site.options["on_change"] = "repaint"
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    assert "6 covers reused" in built.output
    assert shown(site) == before
    assert (site.root / "imagegen.lock").read_bytes() == lockfile
    assert server.calls == []

    article(site, "same", cover_prompt="A paper crane", cover_size="1280x672")
    built = site.build("--strict", **CI)
    assert built.code == 0, built.output
    assert [call.body["size"] for call in server.calls if call.body] == ["1280x672"]
    assert differing(before, shown(site)) == {"same"}


def test_explain_names_all_that_changed_and_shows_the_prompts_apart(approved: Site) -> None:
    site = approved
    change_the_site(site)
    told = site.cli("explain", "layout.md").stdout
    assert "state        outdated (layout.j2 line 3)" in told
    assert "changed      layout.j2 line 3 (by the site)" in told
    assert "  - Wide.\n  + Wide and quiet.\n" in told

    article(
        site,
        "layout",
        cover_prompt="A paper crane",
        cover_model="gpt-image-2.5-flare",
        cover_quality="medium",
        cover_size="1280x672",
        cover_variant=2,
        mood="stormy",
    )
    told = site.cli("explain", "docs/layout.md").stdout
    changed = [
        line.removeprefix("changed").strip() for line in told.splitlines() if line[:7] == "changed"
    ]
    assert sorted(changed) == [
        "article.mood (by the site)",
        "cover_model gpt-image-2 -> gpt-image-2.5-flare",
        "cover_prompt",
        "cover_quality low -> medium",
        "cover_size 1536x1024 -> 1280x672",
        "cover_variant",
        "layout.j2 line 3 (by the site)",
    ]
    difference = told.partition("difference   from the prompt that the cover was bought with\n")[2]
    assert sorted(difference.splitlines()) == [
        "  + A paper crane",
        "  + For a magazine, stormy.",
        "  + Wide and quiet.",
        "  - A layout of paper",
        "  - For a magazine, calm.",
        "  - Wide.",
    ]
    shutil.rmtree(site.root / ".cache")  # covers/ in git has the record too
    assert difference in site.cli("explain", "layout.md").stdout
    shutil.rmtree(site.root / ".cache")
    shutil.rmtree(site.root / "covers")
    told = site.cli("explain", "layout.md").stdout
    assert "difference   not known: no store has the prompt that the cover was bought with" in told
    assert "cover_quality low -> medium" in told
    assert server_of(site).calls == []
