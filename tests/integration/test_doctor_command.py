"""The command `doctor` as people run it: healthy, after a merge conflict, in a CI, and live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from mkdocs_imagegen.lockfile import NAME, write
from mkdocs_imagegen.model import Entry, Lockfile
from mkdocs_imagegen.store.lockfiles import read_lockfile
from tests.sites import Run, Site


def findings(run: Run) -> Iterator[tuple[str, str]]:
    """Yield each finding's verdict and name, as `--format json` prints them."""
    for layer in json.loads(run.stdout)["layers"]:
        for finding in layer["findings"]:
            yield finding["verdict"], finding["name"]


def test_a_healthy_site_is_told_layer_by_layer_and_its_key_never(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    run = site.cli("doctor")
    assert run.code == 0, run.output
    assert run.stderr == "0 errors, 0 warnings; 17 ok, 1 info, 1 skipped.\n"
    blocks = [block.splitlines() for block in run.stdout.split("\n\n")]
    assert {
        block[0]: [line.split("  ")[1:][0].split()[0] for line in block[1:] if "hint:" not in line]
        for block in blocks
    } == {
        "machine": ["ok", "ok", "ok"],
        "site": ["ok", "ok", "ok"],
        "money": ["info", "ok"],
        "store": ["ok", "ok", "ok", "ok", "ok", "skipped"],
        "endpoint": ["ok", "ok", "ok", "ok", "ok"],
    }
    assert site.server is not None
    assert site.server.api_key not in run.output
    assert "IMAGEGEN_API_KEY (environment) goes to 127.0.0.1:" in run.stdout
    assert [(call.method, call.path) for call in site.server.calls] == [
        ("GET", "/v1/models/gpt-image-2")
    ]


def test_a_site_that_cant_be_read_is_an_error_beside_what_can(keyless_site: Site) -> None:
    keyless_site.article("a.md")
    keyless_site.options["size"] = "wide"
    keyless_site.write(NAME, '{"imagegen.lock": 1}\n')
    run = keyless_site.cli("doctor", "--format", "json", CI="true", IMAGEGEN_API_KEY="")
    assert run.code == 1
    found = list(findings(run))
    assert ("error", "mkdocs.yml") in found
    assert ("ok", NAME) in found
    assert ("warning", "CI") in found
    assert json.loads(run.stdout)["counts"]["error"] == 1
    assert "IMAGEGEN_API_KEY is set, but empty" in run.stdout


def test_a_bad_value_is_told_in_the_finding_itself(keyless_site: Site) -> None:
    keyless_site.article("a.md")
    keyless_site.options = {"price_as": "azure"}
    run = keyless_site.cli("doctor", "--format", "json")
    assert run.code == 1
    (found,) = json.loads(run.stdout)["layers"][1]["findings"]
    assert "option 'price_as': Expected one of: ['openai']" in found["message"]
    assert "azure" in keyless_site.cli("doctor").stdout


def test_a_missing_key_is_hinted_at_by_the_name_that_is_sent(keyless_site: Site) -> None:
    keyless_site.article("a.md", cover_prompt="A red fox")
    keyless_site.options = {
        "mode": "generate",
        "base_url": "http://127.0.0.1:9/v1",
        "api_key_env": "IMAGEGEN_TEAM_KEY",
    }
    hint = "hint: set IMAGEGEN_TEAM_KEY in the environment or in .env"
    assert hint in keyless_site.cli("doctor").stdout
    assert hint in keyless_site.cli("apply", "--yes").stderr
    assert hint in keyless_site.cli("doctor", "--live", "--yes").stdout.partition("\nlive\n")[2]


def test_live_buys_one_small_picture_that_no_article_gets(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    assert site.server is not None

    asked = site.cli("doctor", "--live")
    assert asked.code == 2
    assert "This buys one picture of gpt-image-2," in asked.stderr
    assert "say --yes to buy" in asked.stderr

    dry = site.cli("doctor", "--live", "--yes", IMAGEGEN_DRY_RUN="1")
    assert dry.code == 0
    assert "IMAGEGEN_DRY_RUN is set: nothing was bought" in dry.stdout
    assert not site.server.paid_calls

    run = site.cli("doctor", "--live", "--yes")
    assert run.code == 0, run.output
    assert len(site.server.paid_calls) == 1
    live = run.stdout.partition("\nlive\n")[2]
    assert [line.split()[:2] for line in live.splitlines()] == [
        ["ok", "answer"],
        ["ok", "picture"],
        ["ok", "format"],
        ["ok", "size"],
        ["ok", "usage"],
    ]
    assert len(list((site.root / ".cache/imagegen/doctor").glob("*.webp"))) == 1
    assert "(doctor)" in site.cli("report", "costs", "--by", "article").stdout
    assert site.actions() == {"a.md": "generate"}
    assert not (site.root / NAME).exists()


def test_fix_keeps_the_side_whose_picture_is_in_the_store(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    assert site.apply().code == 0
    path = site.root / NAME
    lockfile = read_lockfile(path)
    (bought,) = lockfile.entries
    assert bought.approved is not None
    elsewhere = replace(bought.approved, digest="12" * 32, bought_at="2999-01-01T00:00:00Z")
    theirs = replace(lockfile, entries=(Entry("a.md", bought.locale, elsewhere),))
    broken = _conflicted(lockfile, theirs)
    path.write_bytes(broken)

    told = site.cli("doctor")
    assert told.code == 1
    assert "error    imagegen.lock  imagegen.lock line 2 holds a merge conflict" in told.stdout
    assert "hint: mkdocs-imagegen doctor --fix" in told.stdout
    assert path.read_bytes() == broken

    fixed = site.cli("doctor", "--fix")
    assert fixed.code == 0, fixed.output
    assert "2 lines are for a.md: one stays" in fixed.stdout
    (kept,) = read_lockfile(path).entries
    assert kept.approved == bought.approved
    assert [one.digest for one in kept.replaced] == [elsewhere.digest]
    assert (site.root / f"{NAME}.orig").read_bytes() == broken
    assert "whole, 1 article" in site.cli("doctor", "--fix").stdout


def _conflicted(ours: Lockfile, theirs: Lockfile) -> bytes:
    header, body = write(ours).split("\n", 1)
    other = write(theirs).split("\n", 1)[1]
    return f"{header}\n<<<<<<< HEAD\n{body}=======\n{other}>>>>>>> topic\n".encode()
