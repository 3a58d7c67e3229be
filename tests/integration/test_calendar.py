"""Nothing that depends on the calendar breaks a strict build: the same site, years later."""

from __future__ import annotations

import os
from pathlib import Path

from tests.sites import Site

CLOCK = '''
"""Puts the clock of this process to IMAGEGEN_TEST_NOW, and lets it run on from there."""
import datetime
import os
import time

_real = datetime.datetime
_ahead = _real.fromisoformat(os.environ["IMAGEGEN_TEST_NOW"]).timestamp() - time.time()
_time, _time_ns = time.time, time.time_ns


class Later(_real):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)


class Day(datetime.date):
    @classmethod
    def today(cls):
        return Later.now().date()


time.time = lambda: _time() + _ahead
time.time_ns = lambda: _time_ns() + int(_ahead * 1e9)
datetime.datetime = Later
datetime.date = Day
'''
"""A sitecustomize.py: Python runs it before anything else."""


def test_a_strict_build_with_all_covers_there_is_as_well_years_later(
    site: Site, tmp_path: Path
) -> None:
    assert site.server is not None
    clock = tmp_path / "clock"
    clock.mkdir()
    (clock / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(clock), os.environ.get("PYTHONPATH", "")]))
    site.environ["PYTHONPATH"] = paths
    end = {"on": "2028-03-01", "successor": "gpt-image-9"}
    site.options["prices"] = {"gpt-image-2": {"shut_down": end}}
    site.options["budget"] = {"per_month": 1}
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("blog/b.md", cover_prompt="A grey owl", cover_model="gpt-image-2.5-flare")
    now = "2028-01-15T12:00:00+00:00"
    assert site.apply(IMAGEGEN_TEST_NOW=now).code == 0
    assert len(site.server.paid_calls) == 2

    for mode in ("auto", "frozen"):
        later = "2040-06-01T12:00:00+00:00"
        run = site.build("--strict", IMAGEGEN_TEST_NOW=later, IMAGEGEN_MODE=mode, CI="true")
        assert run.code == 0, run.output
        assert "WARNING" not in run.output
        assert "gpt-image-2 was shut down on 2028-03-01" in run.output  # the clock was put forward
        assert site.cover_of("blog/b/index.html").exists()
    assert len(site.server.paid_calls) == 2
