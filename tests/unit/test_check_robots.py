"""robots.txt: who may fetch what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.crawlers.robots import read_robots

GROUPS = """
# our rules
User-agent: Twitterbot
User-agent: facebookexternalhit
Disallow: /private/   # a comment
Allow: /private/open

User-agent: *
Disallow: /
Allow: /assets/
"""


@pytest.mark.parametrize(
    ("agent", "target", "allowed"),
    [
        ("Twitterbot", "/blog/", True),
        ("twitterbot", "/private/a", False),
        ("facebookexternalhit", "/private/open/a", True),
        ("LinkedInBot", "/blog/", False),
        ("LinkedInBot", "/assets/covers/a.jpg", True),
    ],
)
def test_the_longest_rule_of_the_crawlers_own_group_counts(
    agent: str, target: str, allowed: bool
) -> None:
    assert read_robots(GROUPS).allows(agent, target) is allowed


@pytest.mark.parametrize(
    ("pattern", "target", "blocked"),
    [
        ("/*.webp$", "/a/b.webp", True),
        ("/*.webp$", "/a/b.webp?v=1", False),
        ("/a*b*c", "/a1b2c3", True),
        ("/a*b*c", "/acb", False),
        ("/a$", "/a", True),
        ("/a$", "/ab", False),
        ("/caf%C3%A9", "/café", True),
        ("", "/a", False),
        ("*", "/a", True),
    ],
)
def test_wildcards_and_ends(pattern: str, target: str, blocked: bool) -> None:
    robots = read_robots(f"User-agent: *\nDisallow: {pattern}\n")
    assert robots.allows("Slackbot", target) is not blocked


def test_of_two_rules_as_long_the_kinder_one_counts() -> None:
    assert read_robots("User-agent: *\nDisallow: /a\nAllow: /a").allows("any", "/a")


def test_a_file_without_rules_keeps_nobody_away() -> None:
    assert read_robots("<html>not found</html>").allows("Twitterbot", "/")


@given(st.text(alphabet="*$/ab:\n #user-agentdisallow", max_size=200), st.text(max_size=30))
def test_nothing_breaks_it(text: str, target: str) -> None:
    read_robots(text).allows("Twitterbot", target)
