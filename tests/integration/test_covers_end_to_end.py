"""From front matter to a published picture, with every paid call counted."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from tests.sites import Site


@pytest.fixture
def two_covers(site: Site) -> Site:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("b.md", cover_prompt="A paper lighthouse", cover_size="1280x672")
    site.article("plain.md")
    return site


def test_apply_buys_each_distinct_request_once_and_then_nothing(two_covers: Site) -> None:
    server = two_covers.server
    assert server is not None
    planned = two_covers.plan()

    first = two_covers.apply()
    assert first.code == 0, first.stderr
    assert len(server.paid_calls) == 2
    assert server.paid_micro_usd == planned["total_micro_usd"]

    second = two_covers.apply()
    assert second.code == 0, second.stderr
    assert len(server.paid_calls) == 2
    assert two_covers.actions() == {"a.md": "reuse", "b.md": "reuse"}


def test_a_build_publishes_the_endpoints_own_webp_bytes(two_covers: Site) -> None:
    server = two_covers.server
    assert server is not None
    assert two_covers.apply().code == 0
    built = two_covers.build("--strict")
    assert built.code == 0, built.output

    published = two_covers.cover_of("b/index.html").read_bytes()
    picture = Image.open(BytesIO(published))
    assert (picture.format, picture.size) == ("WEBP", (1280, 672))
    digests = {call.picture_digest for call in server.paid_calls}
    import hashlib

    assert hashlib.sha256(published).hexdigest() in digests
