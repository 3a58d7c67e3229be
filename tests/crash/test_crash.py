"""A small part of what `python -m tests.crash` runs by hand: nothing received is bought again."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.crash.crowd import crowd
from tests.crash.trial import Figures, extent_of, kill_often


def test_builds_that_are_killed_anywhere_lose_and_break_nothing(tmp_path: Path) -> None:
    random, figures = Random(4), Figures()
    extent = extent_of(tmp_path / "measured")
    kill_often(tmp_path / "site", random, extent, figures, kills=12)
    assert figures.kills.total() == 12
    assert figures.is_good, figures.told()


def test_a_crowd_of_builds_on_one_cache_pays_for_each_cover_once(tmp_path: Path) -> None:
    told, good = crowd(tmp_path, builds=4, covers=10)
    assert good, told
