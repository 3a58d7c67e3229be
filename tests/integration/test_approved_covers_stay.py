"""What was approved stays: a change of the site's costs nothing until someone asks for it."""

from __future__ import annotations

import difflib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bills import charged, planned, server_of
from tests.sites import Site

CI = {"CI": "true"}
TEMPLATE = "{{ cover.subject }}\nFor a magazine.\nWater colours.\n"
NAMES = ("bear", "elk", "fox")


def bill_usd(site: Site, since: int = 0) -> float:
    """What the server charged from this call on, prompts included."""
    calls = server_of(site).calls[since:]
    return sum(call.micro_usd + call.input_micro_usd for call in calls) / 1_000_000


def paid_prompts(site: Site, since: int) -> list[str]:
    return sorted(str((call.body or {})["prompt"]) for call in server_of(site).paid_calls[since:])


def shown(site: Site) -> dict[str, str]:
    """Return the file that each animal's page shows."""
    return {name: site.cover_of(f"{name}/index.html").name for name in NAMES}


def rows(plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {Path(action["article"]).stem: action for action in plan["actions"]}


def animals(site: Site, name: str = "", **meta: object) -> None:
    """Write three articles; one of them with more front matter, or with another."""
    for animal in NAMES:
        more = meta if animal == name else {}
        site.article(f"{animal}.md", **{"cover_prompt": f"A {animal}", **more})


@pytest.fixture
def approved(site: Site) -> Site:
    """A site of three articles on a template of its own, all bought and built."""
    site.options |= {"template": "blog.j2", "quality": "low"}
    site.write("cover_templates/blog.j2", TEMPLATE)
    animals(site)
    assert site.apply().code == 0
    assert len(server_of(site).paid_calls) == 3
    assert site.build("--strict").code == 0
    return site


def test_whatever_the_site_changes_the_approved_pictures_stay(approved: Site) -> None:
    site, server, before = approved, server_of(approved), shown(approved)
    options = dict(site.options)
    lock = site.root / "imagegen.lock"
    locked = lock.read_bytes()
    all_of_them = [
        ("mkdocs.yml: style", {"style": "Woodcut", "template": "cover.j2"}, NAMES),
        ("model gpt-image-2 -> gpt-image-2.5-flare", {"model": "gpt-image-2.5-flare"}, NAMES),
        ("quality low -> medium", {"quality": "medium"}, NAMES),
        (
            "quality low -> high",
            {"defaults": [{"match": "[be]*.md", "quality": "high"}]},
            ("bear", "elk"),
        ),
    ]
    for cause, change, hit in all_of_them:
        site.options = options | change
        plan = site.plan()
        assert plan["total_micro_usd"] == 0
        assert plan["outdated"] == len(hit)
        assert plan["outdated_micro_usd"] > 0
        for name, action in rows(plan).items():
            assert action["action"] == ("outdated" if name in hit else "reuse")
            assert bool(action["outdated_micro_usd"]) is (name in hit)
            assert (cause in action["reason"]) is (name in hit), action["reason"]
        built = site.build("--strict", **CI)
        assert built.code == 0, built.output
        assert f"{len(hit)} outdated" in built.output
        assert shown(site) == before, cause
    site.options = options
    site.write("cover_templates/blog.j2", TEMPLATE.replace("Water", "Oil"))
    run = site.apply()
    assert run.code == 0, run.output
    assert "outdated: blog.j2 line 3: 3 articles, $0.0145" in re.sub(r"0\.01\d\d", "0.0145", run.stdout)
    assert "Nothing to buy." in run.stderr
    assert site.build("--strict", **CI).code == 0
    assert shown(site) == before
    assert len(server.calls) == 3
    assert lock.read_bytes() == locked
