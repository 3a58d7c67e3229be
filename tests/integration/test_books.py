"""The books of real runs: a row a request, sums that are the server's bill, a build's last line."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bills import said_cleanly, server_of
from tests.imageserver import Call, Fault, Hangup, Picture
from tests.sites import Run, Site

CI = {"CI": "true"}
EXIT_OVER_BUDGET = 4
MICRO = Decimal("0.000001")
DEADLINE_S = 60.0


def bill_usd(*calls: Call) -> Decimal:
    """What the server charged for these calls, prompts included."""
    return sum((call.micro_usd + call.input_micro_usd for call in calls), 0) * MICRO


def rounded(usd: Decimal) -> str:
    return f"${usd.quantize(Decimal('0.0001'), ROUND_HALF_UP)}"


def costs(site: Site, by: str, form: str, *args: str) -> str:
    run = site.cli("report", "costs", "--by", by, "--format", form, *args)
    assert run.code == 0, run.output
    assert server_of(site).api_key not in run.output
    return run.stdout


def requests_of(site: Site) -> list[dict[str, Any]]:
    """Return the ledger's rows, in order of time, as the report has them."""
    found: list[dict[str, Any]] = json.loads(costs(site, "request", "json"))["costs"]
    return found


def sums(text: str, by: str) -> dict[str, tuple[int, Decimal]]:
    """Return pictures and actual USD by group, from CSV."""
    rows = csv.DictReader(StringIO(text))
    return {row[by]: (int(row["pictures"]), Decimal(row["actual_usd"] or 0)) for row in rows}


def last_line(run: Run) -> str:
    """Return the one line that says what became of the covers."""
    assert run.code == 0, run.output
    (line,) = re.findall(r"imagegen: (\d+ covers? .*; .* spent.*)", run.output)
    return str(line)


def test_each_request_has_a_row_that_says_whose_it_is_and_what_it_cost(site: Site) -> None:
    server = server_of(site)
    site.options |= {"quality": "low", "concurrency": 1, "timeout_s": 60}
    site.article("blog/a.md", cover_prompt="A fox", authors=["Ann"])
    site.article("blog/b.md", cover_prompt="A hare", authors=["Ann", {"name": "Bob"}])
    site.article("c.md", cover_prompt="An elk", author="Bob", cover_quality="medium")
    site.article("d.md", cover_prompt="A lynx")
    server.script(
        Picture(),
        Fault.openai(500, "server_error", "Sorry."),
        Fault(504, "<html>", paid=True),
        Hangup(paid=True),
    )
    first = site.apply(GITHUB_RUN_ID="4711")
    assert first.code == 1, first.output
    second = site.apply("--only", "blog/", "--only", "c.md", GITHUB_RUN_ID="4712")
    assert second.code == 0, second.output
    with server.gate.held():
        site.options["timeout_s"] = 1
        assert site.apply().code == 1

    calls, rows = server.calls, requests_of(site)
    assert len(calls) == len(rows) == 7
    states = [(row["article"], row["state"], row["job"]) for row in rows]
    assert states == [
        ("blog/a.md", "settled", "4711"),
        ("blog/b.md", "released", "4711"),
        ("c.md", "possibly billed", "4711"),
        ("d.md", "possibly billed", "4711"),
        ("blog/b.md", "settled", "4712"),
        ("c.md", "settled", "4712"),
        ("d.md", "possibly billed", ""),
    ]
    endpoint = "{0.scheme}://{0.netloc}".format(urlsplit(server.base_url))
    authors = {"blog/a.md": "Ann", "blog/b.md": "Ann, Bob", "c.md": "Bob", "d.md": ""}
    for row, call in zip(rows, calls, strict=True):
        assert row["site"] == "Test site"
        assert row["authors"] == authors[row["article"]]
        assert row["section"] == ("Blog" if row["article"].startswith("blog/") else "")
        assert row["endpoint"] in (endpoint, urlsplit(server.base_url).netloc)
        assert row["quality"] == (call.body or {})["quality"]
        assert row["estimated_micro_usd"] > 0
        if row["state"] == "settled":
            assert row["request_id"] == call.request_id
            assert row["actual_micro_usd"] == call.micro_usd + call.input_micro_usd
            assert row["input_text_tokens"] * 5 == call.input_micro_usd
            assert row["output_tokens"] * 30 == call.micro_usd
        else:
            assert row["actual_usd"] is None
            assert row["output_tokens"] is None
    settled = [call for call, row in zip(calls, rows, strict=True) if row["state"] == "settled"]
    total = json.loads(costs(site, "job", "json"))["total"]
    assert total["actual_micro_usd"] * MICRO == bill_usd(*settled)
    assert bill_usd(*calls) <= (total["actual_micro_usd"] + total["possible_micro_usd"]) * MICRO

    a, b, c = settled
    assert sums(costs(site, "author", "csv"), "author") == {
        "Ann": (1, bill_usd(a)),
        "Ann, Bob": (1, bill_usd(b)),
        "Bob": (1, bill_usd(c)),
        "": (0, Decimal(0)),
    }
    assert sums(costs(site, "job", "csv"), "job") == {
        "4711": (1, bill_usd(a)),
        "4712": (2, bill_usd(b, c)),
        "": (0, Decimal(0)),
    }
    month = f"{datetime.now(UTC):%Y-%m}"
    assert sums(costs(site, "month", "csv"), "month") == {month: (3, bill_usd(a, b, c))}
    text = costs(site, "section", "text")
    assert "Blog" in text
    assert rounded(bill_usd(a, b, c)) in text
    page = costs(site, "author", "html", "--since", month)
    assert page.startswith("<!DOCTYPE html>")
    assert "Ann, Bob" in page
    assert "<svg" in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "").replace(endpoint, "")


def test_a_build_ends_with_a_line_that_counts_each_cover_once(site: Site) -> None:
    server = server_of(site)
    site.options |= {"quality": "low", "concurrency": 1, "store": "covers"}
    site.write("cover_templates/old.j2", "{{ cover.subject }} in ink")
    site.article("a-kept.md", cover_prompt="A fox")
    site.article("b-lost.md", cover_prompt="A hare")
    site.article("c-outdated.md", cover_prompt="An elk", cover_template="old.j2")
    bought = site.build("--strict", **CI)
    assert last_line(bought) == f"3 covers bought; {rounded(bill_usd(*server.calls))} spent"

    shutil.rmtree(site.root / ".cache")
    lost = next(line for line in lockfile_lines(site) if line.get("article") == "b-lost.md")
    for path in (site.root / "covers").rglob(f"*{lost['digest']}*"):
        path.unlink()
    site.write("cover_templates/old.j2", "{{ cover.subject }} in chalk")
    site.article("d-new.md", cover_prompt="A lynx")
    site.article("d-shares.md", cover_prompt="A lynx")
    site.article("e-fails.md", cover_prompt="An owl")
    shutil.copy(site.cover_of("a-kept/index.html"), site.docs / "own.webp")
    site.article("f-own.md", cover="own.webp")
    server.reset()
    server.script(Picture(), Fault.openai(500, "server_error", "Sorry."))
    spent = last_line(site.build(**CI))
    paid = [call for call in server.calls if call.paid]
    assert len(server.calls) == 2
    assert len(paid) == 1
    assert spent == (
        "2 covers reused, 1 bought, 1 drawn, 1 own, 1 outdated, 1 lost; "
        f"{rounded(bill_usd(*paid))} spent"
    )
    local = last_line(site.build())
    assert local == "3 covers reused, 1 drawn, 1 own, 1 outdated, 1 lost; $0.0000 spent"
    assert len(server.calls) == 2


def lockfile_lines(site: Site) -> list[dict[str, Any]]:
    text = (site.root / "imagegen.lock").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_last_line_counts_over_all_languages_and_is_told_once(site: Site) -> None:
    site.options["quality"] = "low"
    site.article("story.md", cover_prompt="A fox in snow")
    site.article("story.fr.md", cover_prompt="Un renard dans la neige")
    site.article("shared.md", cover_prompt="A lighthouse")
    languages = [
        {"locale": "en", "name": "English", "default": True},
        {"locale": "fr", "name": "Français"},
        {"locale": "de", "name": "Deutsch"},
    ]
    i18n = {"docs_structure": "suffix", "fallback_to_default": True, "languages": languages}
    site.config["plugins"] = ["search", {"i18n": i18n}]
    drawn = last_line(site.build())
    assert drawn == "3 covers drawn; $0.0000 spent"
    spent = last_line(site.build(**CI))
    calls = server_of(site).calls
    assert len(calls) == 3
    assert spent == f"3 covers bought; {rounded(bill_usd(*calls))} spent"
    assert last_line(site.build(**CI)) == "3 covers reused; $0.0000 spent"
    rows = requests_of(site)
    assert sum(row["actual_micro_usd"] for row in rows) * MICRO == bill_usd(*calls)


def test_serve_counts_anew_at_each_rebuild_and_spends_nothing(site: Site) -> None:
    site.options["quality"] = "low"
    site.article("a.md", cover_prompt="A fox")
    site.article("b.md", cover_prompt="A hare")
    assert site.apply("--only", "a.md").code == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    log = site.root / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", address],
            cwd=site.root,
            env={**os.environ, **keys_of(site), **CI, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "Serving on" in log.read_text("utf-8"), process)
        site.article("c.md", cover_prompt="An elk")
        wait_until(lambda: "2 drawn" in log.read_text("utf-8"), process)
    finally:
        process.kill()
        process.wait()
    told = re.findall(r"imagegen: (\d+ covers? .*spent)", log.read_text("utf-8"))
    assert told == [
        "1 cover reused, 1 drawn; $0.0000 spent",
        "1 cover reused, 2 drawn; $0.0000 spent",
    ]
    assert len(server_of(site).calls) == 1


def keys_of(site: Site) -> Mapping[str, str]:
    server = server_of(site)
    return {"IMAGEGEN_BASE_URL": server.base_url, "IMAGEGEN_API_KEY": server.api_key}


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refused(site: Site) -> str:
    """Run `apply`: a wall must stop it before the first request."""
    before = len(server_of(site).calls)
    run = site.apply()
    assert run.code == EXIT_OVER_BUDGET, run.output
    assert len(server_of(site).calls) == before
    return said_cleanly(run, server_of(site))


def test_a_wall_names_the_dearest_and_ways_out_that_hold_what_they_say(site: Site) -> None:
    server = server_of(site)
    for name, quality in (("a", "low"), ("b", "low"), ("c", "medium"), ("d", "high")):
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality=quality)
    site.options["budget"] = {"max_images": 2}
    told = refused(site)
    assert "4 covers to buy, and `budget: max_images` allows 2" in told
    assert re.search(r"max_images: 4\}`, \$0\.2\d+ at most", told)
    site.options["budget"] = {"per_month": 0.08}
    assert "`budget: per_month` allows $0.0800 (dearest: d.md $0.1" in refused(site)
    site.options["budget"] = {"per_build": 0.08}
    told = refused(site)
    assert re.search(r"dearest: d\.md \$0\.1\d+, c\.md \$0\.04\d+, [ab]\.md \$0\.00\d+\)", told)
    assert re.search(r"quality low with gpt-image-2 costs about \$0\.0\d+", told)
    assert re.search(r"raise `budget: per_build` in mkdocs\.yml to 0\.2\d+", told)
    found = re.search(r"apply --max-cost ([\d.]+) buys 3 of 4 \(the cheapest\)", told)
    assert found, told

    run = site.apply("--max-cost", found[1])
    assert run.code == 0, run.output
    assert len(server.paid_calls) == 3
    assert bill_usd(*server.calls) <= Decimal(found[1]) <= Decimal("0.08")
    assert "d.md" in refused(site)


def test_a_months_wall_is_as_wide_as_its_store(site: Site, tmp_path: Path) -> None:
    server = server_of(site)
    site.options |= {"quality": "low", "budget": {"per_month": 0.01}}
    site.article("a.md", cover_prompt="A fox")
    assert site.apply().code == 0
    spent_usd = bill_usd(*server.calls)
    site.article("b.md", cover_prompt="A hare")
    told = refused(site)
    assert f"allows $0.0100, of which {rounded(spent_usd)} is spent or " in told
    assert "dearest: b.md $0.00" in told

    other = shutil.copytree(site.root, tmp_path / "other", ignore=shutil.ignore_patterns(".cache"))
    elsewhere = Site(other, server, options=dict(site.options))
    run = elsewhere.apply()  # a store of its own has a wall of its own, as docs/ci.md says
    assert run.code == 0, run.output
    assert len(server.paid_calls) == 2
