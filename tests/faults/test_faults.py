"""Every row of the table of faults, through the real engine in this process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mkdocs_imagegen.errors import AuthenticationError, SafetyError
from mkdocs_imagegen.model import Skipped
from mkdocs_imagegen.settings import Budget
from tests.imageserver import ImageServer

from .runs import Ended, apply, articles_asked_for, on_disk
from .table import TABLE, WRONG_KEY
from .trouble import ARTICLES, Trouble

BACK_OFF_S = 5.0
"""More than two retries wait by themselves."""
DATE_S = 2.0
"""A date says whole seconds, and some have passed when it is read."""


@pytest.fixture
def other_server() -> Iterator[ImageServer]:
    """Yield the server at another origin."""
    with ImageServer() as server:
        yield server


def test_the_table_is_long_and_its_rows_have_names_of_their_own() -> None:
    assert len(TABLE) >= 60
    assert len({(each.layer, each.name) for each in TABLE}) == len(TABLE)


@pytest.mark.parametrize("trouble", TABLE, ids=lambda each: f"{each.layer}: {each.name}")
def test_a_fault_ends_as_the_table_says(
    trouble: Trouble, tmp_path: Path, image_server: ImageServer, other_server: ImageServer
) -> None:
    image_server.elsewhere = other_server
    image_server.script(*trouble.script)
    image_server.always = trouble.always
    ended = apply(trouble, tmp_path, image_server)

    assert type(ended.first_error) is (trouble.error or type(None)), ended.said
    assert len(image_server.requests) == trouble.requests
    assert len(image_server.paid_calls) == trouble.paid
    assert ended.states == trouble.rows
    assert ended.exit_code == trouble.exit_code
    if not ended.error:
        kept_back = any(isinstance(each, Skipped) for each in ended.outcomes)
        assert kept_back != trouble.goes_on
    waited_s = sum(ended.clock.waits_s)
    assert trouble.waits_s - DATE_S <= waited_s <= trouble.waits_s + BACK_OFF_S
    assert len(image_server.downloads + other_server.downloads) == trouble.downloads
    assert all(error.hint for error in ended.errors), ended.errors

    key = image_server.api_key
    assert key not in ended.said
    assert key.encode() not in on_disk(tmp_path / ".cache")
    assert other_server.requests == []  # the prompt does not leave for another origin
    assert all(key not in repr(call.headers) for call in other_server.calls)

    buys_the_rest(trouble, ended, tmp_path, image_server)


def buys_the_rest(trouble: Trouble, first: Ended, folder: Path, server: ImageServer) -> None:
    """Run once more, in fair weather: what is there stays, and the rest is bought."""
    if not trouble.paid and not first.received:
        return
    server.reset()
    second = apply(Trouble.fair(), folder, server)
    settled = set(first.received)
    if trouble.kept or isinstance(first.first_error, SafetyError):
        settled.add(first.outcomes[0].action.article)
    assert not articles_asked_for(server) & settled
    assert len(second.received) == ARTICLES - len(settled), second.said
    assert second.states.reserved == 0


def test_with_500_articles_a_wrong_key_is_refused_at_most_once_a_worker(
    tmp_path: Path, image_server: ImageServer
) -> None:
    wide = {"concurrency": 8, "budget": Budget(max_images=500)}
    ended = apply(replace(WRONG_KEY, settings=wide), tmp_path, image_server, articles=500)
    kinds = Counter(type(each).__name__ for each in ended.outcomes)
    assert any(isinstance(error, AuthenticationError) for error in ended.errors)
    assert 1 <= len(image_server.requests) <= 8
    assert kinds == {
        "Failed": len(image_server.requests),
        "Skipped": 500 - len(image_server.requests),
    }
