"""Some rows of the table, one or two a layer, through `mkdocs-imagegen apply --yes`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mkdocs_imagegen.settings import Budget
from tests.imageserver import Fault, ImageServer
from tests.sites import Site

from .runs import SIZE, filled
from .table import TABLE
from .trouble import ARTICLES, Layer, Trouble

SAID: dict[tuple[Layer, str], tuple[str, ...]] = {
    (Layer.CONFIGURATION, "no API key is set"): ("^error: no API key", "^hint: set IMAGEGEN_API"),
    (Layer.CONFIGURATION, "the plan is over `max_images`"): ("^error: .*max_images", "^hint: "),
    (Layer.AUTHENTICATION, "401, the key is wrong"): (
        r"^0\.md: the API key is not accepted.* \[request req_\w+\]",
        r"^1\.md: not sent",
        "check IMAGEGEN_API_KEY",
    ),
    (Layer.PERMISSION, "403, the organisation is not verified"): (
        r"^0\.md: .*must be verified.* \[request req_",
        r"^1\.md: not sent",
    ),
    (Layer.MODEL, "404, there is no such model"): (
        r"^0\.md: there is no model gpt-image-2",
        r"^1\.md: not sent",
    ),
    (Layer.MONEY, "429 `insufficient_quota`"): (r"^0\.md: no credit is left", r"^1\.md: not sent"),
    (Layer.RATE, "429, Retry-After of an hour"): (
        r"^0\.md: too many requests",
        r"^1\.md: not sent .*3,600 s",
    ),
    (Layer.SAFETY, "400 `moderation_blocked`, the prompt"): (
        r"^0\.md: .*safety system.*violence.* \[request req_",
        "hint: reword cover_prompt",
        r"^1\.md: bought",
    ),
    (Layer.BAD_REQUEST, "400, a value is wrong"): (
        r"^0\.md: .*Invalid value: '1x1'",
        r"^1\.md: bought",
    ),
    (Layer.UPSTREAM, "500 once"): (r"^0\.md: bought", r"^1\.md: bought"),
    (Layer.TIMEOUT, "504 with a page"): (r"^0\.md: .*may have been billed", r"^1\.md: bought"),
    (Layer.NETWORK, "closed after the request, billed"): (
        r"^0\.md: .*may have been billed",
        r"^1\.md: bought",
    ),
    (Layer.NOT_AN_IMAGE, "a GIF"): (r"^0\.md: the endpoint sent GIF", "apply --rebuy"),
    (Layer.WRONG_ENDPOINT, "200 with a page"): (r"^0\.md: .*page", r"^1\.md: not sent", "base URL"),
    (Layer.QUIRK, "a url at the same host"): (r"^0\.md: bought", r"^1\.md: bought"),
}
CHOSEN = [each for each in TABLE if (each.layer, each.name) in SAID]


def test_every_layer_is_shown() -> None:
    assert len(CHOSEN) == len(SAID) >= 12
    assert {each.layer for each in CHOSEN} == set(Layer)


@pytest.mark.parametrize("trouble", CHOSEN, ids=lambda each: f"{each.layer}: {each.name}")
def test_apply_ends_as_the_table_says(
    trouble: Trouble, tmp_path: Path, image_server: ImageServer
) -> None:
    image_server.script(*trouble.script)
    image_server.always = trouble.always
    site = Site(tmp_path, environ=filled(trouble.environ, trouble, image_server))
    site.options = {"concurrency": 1, "size": str(SIZE), "quality": "low", "price_as": "openai"}
    budget = trouble.settings.get("budget")
    if isinstance(budget, Budget):
        site.options["budget"] = {"max_images": budget.max_images}
    for number in range(ARTICLES):
        site.article(f"{number}.md", cover_prompt=f"Fox {number}")
    run = site.apply()

    assert run.code == trouble.exit_code, run.output
    assert len(image_server.requests) == trouble.requests
    assert len(image_server.paid_calls) == trouble.paid
    for pattern in SAID[trouble.layer, trouble.name]:
        assert re.search(pattern, run.stderr, re.MULTILINE), run.stderr
    if trouble.exit_code:
        assert "hint:" in run.stderr
    assert image_server.api_key not in run.output
    assert "Traceback" not in run.output


def test_a_refused_prompt_is_not_sent_again_and_its_refusal_is_told(
    tmp_path: Path, image_server: ImageServer
) -> None:
    image_server.script(Fault.moderation("input", "violence", "self-harm"))
    site = Site(tmp_path, image_server, {"size": str(SIZE), "quality": "low"})
    site.article("fox.md", cover_prompt="A fox")
    assert site.apply().code == 1
    [refused] = image_server.requests

    again = site.apply()
    for told in ("fox.md", "violence", "self-harm", refused.request_id, "reword cover_prompt"):
        assert told in again.output
    assert "apply --retry fox.md" in again.output
    assert len(image_server.requests) == 1

    asked = site.apply("--retry", "fox.md")
    assert asked.code == 0, asked.output
    assert (len(image_server.requests), len(image_server.paid_calls)) == (2, 1)
