"""What a build shows of a cover that it could not buy."""

from __future__ import annotations

from tests.bills import server_of
from tests.imageserver import Fault
from tests.sites import Site

DOWN = Fault.openai(500, None, "The server had an error.", type="server_error")
REFUSED = Fault.openai(400, "moderation_blocked", "Your request was rejected.")


def bought_then_reworded(site: Site) -> bytes:
    """Buy a cover, ask for another one, and return the first one's bytes."""
    site.options |= {"mode": "generate", "retries": 0}
    site.article("hare.md", cover_prompt="A hare", cover_quality="low")
    assert site.build().code == 0
    first = site.cover_of("hare/index.html").read_bytes()
    site.article("hare.md", cover_prompt="A hare in snow", cover_quality="low")
    return first


def test_the_last_cover_stays_until_the_next_one_can_be_bought(site: Site) -> None:
    server = server_of(site)
    first = bought_then_reworded(site)
    server.script(DOWN)
    run = site.build()
    assert run.code == 0, run.output
    assert "hare.md: the endpoint failed (500)" in run.stderr
    assert "1 cover stale; $0.0000 spent" in run.stderr
    assert site.cover_of("hare/index.html").read_bytes() == first
    assert len(server.paid_calls) == 1
    assert site.build("--strict").code == 0  # by now it can be bought
    assert site.cover_of("hare/index.html").read_bytes() != first
    assert len(server.paid_calls) == 2
    server.reset()
    # A refusal is remembered, and so is what stands in.
    site.article("hare.md", cover_prompt="A hare with a gun", cover_quality="low")
    second = site.cover_of("hare/index.html").read_bytes()
    server.script(REFUSED)
    for calls in (1, 1):
        run = site.build()
        assert run.code == 0, run.output
        assert site.cover_of("hare/index.html").read_bytes() == second
        assert (len(server.calls), len(server.paid_calls)) == (calls, 0)
    assert "reword cover_prompt" in run.stderr
    assert "--retry hare.md" in run.stderr


def test_a_placeholder_is_drawn_and_fail_stops_the_build(site: Site) -> None:
    server = server_of(site)
    first = bought_then_reworded(site)
    server.script(DOWN)
    run = site.build(IMAGEGEN_ON_ERROR="placeholder")
    assert run.code == 0, run.output
    assert "1 cover drawn; $0.0000 spent" in run.stderr
    assert site.cover_of("hare/index.html").read_bytes() != first
    site.article("fox.md", cover_prompt="A fox", cover_quality="low")
    server.script(DOWN, DOWN)
    site.article(
        "hare.md", cover_prompt="A hare in snow", cover_quality="low", cover_on_error="fail"
    )
    run = site.build()
    assert run.code == 1
    assert "on_error: fail, and 1 cover could not be bought:\n  hare.md" in run.output
    assert "Traceback" not in run.output
    assert len(server.paid_calls) == 1
    server.script(REFUSED, REFUSED)
    site.article("hare.md", cover_prompt="A hare with a gun", cover_on_error="fail")
    for calls in (2, 0):  # what was refused once stays missing
        before = len(server.calls)
        run = site.build()
        assert run.code == 1, run.output
        assert "on_error: fail, and 1 cover could not be bought:\n  hare.md" in run.output
        assert len(server.calls) - before == calls
    run = site.build(IMAGEGEN_ON_ERROR="whatever")
    assert run.code == 1
    assert "IMAGEGEN_ON_ERROR is 'whatever'" in run.output
    assert len(server.paid_calls) == 1
