"""`plan --out` and `apply FILE`: exactly that is bought, or nothing; and the exits of `plan`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.bills import charged, planned, said_cleanly, server_of
from tests.sites import Site

EXIT_ERROR, EXIT_USAGE, EXIT_WOULD_CHANGE, EXIT_OVER_BUDGET = 1, 2, 3, 4


@pytest.fixture
def two_articles(site: Site) -> Site:
    site.options["quality"] = "low"
    site.article("a.md", cover_prompt="A red fox")
    site.article("b.md", cover_prompt="A paper lighthouse")
    return site


def save(site: Site, *args: str) -> Path:
    """Run `plan --out`, and return the file."""
    path = site.root / "plan.json"
    run = site.cli("plan", "--out", "plan.json", *args)
    assert run.code == 0, run.output
    assert "to buy" in run.stdout  # it is shown, too
    return path


def refused(site: Site, code: int = EXIT_ERROR) -> str:
    """Apply the saved plan: it must be refused before the first request."""
    before = len(server_of(site).calls)
    run = site.apply("plan.json")
    assert run.code == code, run.output
    assert len(server_of(site).calls) == before
    return said_cleanly(run, server_of(site))


def test_exactly_the_saved_plan_is_bought_and_then_it_is_stale(two_articles: Site) -> None:
    site, server = two_articles, server_of(two_articles)
    path = save(site, "--only", "a*", "--max-cost", "0.50")
    assert sorted(p.name for p in site.root.iterdir() if "plan" in p.name) == ["plan.json"]
    plan = json.loads(path.read_text(encoding="utf-8"))
    run = site.apply("plan.json")
    assert run.code == 0, run.output
    assert charged(server.calls) == planned(plan)
    assert ["A red fox" in str(call.body) for call in server.calls] == [True]
    assert "a.md: is not to be bought any more (reuse: unchanged)" in refused(site)
    assert site.actions() == {"a.md": "reuse", "b.md": "generate"}


def test_a_saved_plan_that_is_not_todays_is_refused_and_says_what_changed(
    two_articles: Site,
) -> None:
    site = two_articles
    save(site)
    unchanged = dict(site.options)

    site.article("a.md", cover_prompt="A grey fox")
    told = refused(site)
    assert "a.md: another picture is asked for by now (new)" in told
    assert "hint: look at a new one: mkdocs-imagegen plan --out plan.json" in told
    site.article("a.md", cover_prompt="A red fox")

    new = site.article("new.md", cover_prompt="An owl")
    assert "new.md: would be bought too (new)" in refused(site)
    new.unlink()

    site.options["prices"] = {"gpt-image-2": {"per_image": 0.05}}
    assert "a.md: $0.004740 was planned, $0.050000 by now" in refused(site)
    site.options = {**unchanged, "quality": "medium"}
    told = refused(site)
    assert "a.md: another picture" in told
    assert "b.md: another picture" in told
    site.options = unchanged

    site.article("b.md")
    assert "b.md: is not to be bought any more (no such article)" in refused(site)
    site.article("b.md", cover_prompt="A paper lighthouse")

    assert site.apply("plan.json").code == 0  # all is as it was
    assert len(server_of(site).paid_calls) == 2


def test_a_file_that_is_no_plan_of_this_site_buys_nothing(two_articles: Site) -> None:
    site = two_articles
    path = save(site)
    plan = json.loads(path.read_text(encoding="utf-8"))

    run = site.apply("plan.json", "--outdated")
    assert run.code == EXIT_USAGE
    assert "a saved plan has its own options: leave them out" in run.stderr
    path.write_text('{"name": "a-package", "version": "1.0.0"}', encoding="utf-8")
    assert "it has version '1.0.0', and not 1" in refused(site)
    path.write_bytes(b"\x89PNG\r\n")
    assert "plan.json can't be read" in refused(site, EXIT_USAGE)
    path.unlink()
    assert "plan.json can't be read" in refused(site, EXIT_USAGE)

    first, second = plan["actions"]
    spoilt = [
        ({"actions": [first]}, "b.md: would be bought too"),
        ({"actions": [first, second | {"micro_usd": 1}]}, "b.md: $0.000001 was planned"),
        ({"actions": [first, second | {"request_key": "0" * 64}]}, "b.md: another picture"),
    ]
    for change, told in spoilt:
        path.write_text(json.dumps(plan | change), encoding="utf-8")
        assert told in refused(site)
    run = site.cli("plan", "--out", "gone/plan.json")
    assert run.code == EXIT_USAGE
    assert "--out gone/plan.json can't be written" in said_cleanly(run, server_of(site))
    assert server_of(site).calls == []


def clone_of(site: Site, into: Path) -> Site:
    """Return what git has of a site, without a key."""
    left_out = shutil.ignore_patterns(".cache", "site")
    root = shutil.copytree(site.root, into, ignore=left_out)
    return Site(root, options=dict(site.options), config=site.config)


def test_the_exit_tells_whether_anything_would_be_bought_or_changed(
    two_articles: Site, tmp_path: Path
) -> None:
    site, server = two_articles, server_of(two_articles)
    site.options["store"] = "covers"

    def exits(*args: str, of: Site = site) -> int:
        run = of.cli("plan", *args)
        assert "Traceback" not in run.output, run.output
        return run.code

    assert exits("--check") == EXIT_WOULD_CHANGE
    assert exits("--check", "--only", "none*") == EXIT_USAGE
    assert exits("--check", "--fail-over", "0.001") == EXIT_OVER_BUDGET
    assert exits("--check", "--fail-over", "$1.00") == EXIT_WOULD_CHANGE
    assert site.apply("--only", "a.md").code == 0
    assert exits("--check", "--only", "a.md") == 0
    assert exits("--check", "--only", "b.md") == EXIT_WOULD_CHANGE
    assert site.apply().code == 0
    assert exits("--check", "--fail-over", "0", "--strict") == 0
    clone = clone_of(site, tmp_path / "clone")
    assert exits("--check", "--strict", of=clone) == 0
    (clone.root / "imagegen.lock").unlink()
    assert exits("--check", of=clone) == EXIT_WOULD_CHANGE  # the lockfile would be written

    site.options["style"] = "Woodcut"
    assert exits("--check") == 0  # outdated covers stay
    assert exits("--check", "--outdated") == EXIT_WOULD_CHANGE
    site.article("broken.md", cover_prompt="An owl", cover_size="16:9")
    assert exits("--check", "--outdated", "--fail-over", "0") == EXIT_ERROR
    assert len(server.calls) == 2


def test_what_has_no_price_may_cost_more_than_any_amount(two_articles: Site) -> None:
    del two_articles.options["price_as"]
    run = two_articles.cli("plan", "--fail-over", "1000000")
    assert run.code == EXIT_OVER_BUDGET, run.output
    assert two_articles.cli("plan", "--fail-over", "much").code == EXIT_USAGE
    assert server_of(two_articles).calls == []


def test_only_buys_what_matches_and_leaves_the_rest_for_later(site: Site) -> None:
    server = server_of(site)
    site.options["quality"] = "low"
    for name in ("blog/a", "blog/deep/b", "notes/c", "other/blog/d"):
        site.article(f"{name}.md", cover_prompt=f"A {name}")
    run = site.apply("--only", "blog/**", "--only", "notes/*.md")
    assert run.code == 0, run.output
    assert re.search(r"other/blog/d\.md .* new; not in --only", run.stdout)
    assert len(server.paid_calls) == 3
    assert site.actions() == {
        "blog/a.md": "reuse",
        "blog/deep/b.md": "reuse",
        "notes/c.md": "reuse",
        "other/blog/d.md": "generate",
    }
