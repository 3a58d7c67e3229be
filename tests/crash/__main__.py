"""Kills real builds and counts what it cost: `python -m tests.crash --points 200`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.crash.crowd import crowd
from tests.crash.trial import Figures, extent_of, kill_often

KILLS_A_SITE = 10


def main() -> int:
    """Run what the arguments ask for; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="how many builds to kill")
    parser.add_argument("--seed", type=int, default=1, help="of the points")
    parser.add_argument("--verbose", action="store_true", help="tell of each kill")
    parser.add_argument("--crowd", action="store_true", help="run a crowd instead")
    parser.add_argument("--builds", type=int, default=8, help="of a crowd")
    parser.add_argument("--covers", type=int, default=40, help="of a crowd's site")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imagegen-crash-") as folder:
        if args.crowd:
            told, good = crowd(Path(folder), builds=args.builds, covers=args.covers)
            print(told)
            return 0 if good else 1
        figures = kill(Path(folder), args.points, args.seed, verbose=args.verbose)
    print(figures.told())
    return 0 if figures.is_good else 1


def kill(folder: Path, points: int, seed: int, *, verbose: bool = False) -> Figures:
    """Kill so many builds, on several sites."""
    random, figures = Random(seed), Figures()
    extent = extent_of(folder / "measured")
    while (left := points - figures.kills.total()) > 0:
        site = folder / f"site-{figures.sites + 1}"
        kills = min(KILLS_A_SITE, left)
        kill_often(site, random, extent, figures, kills=kills, say=_say if verbose else _nothing)
        shutil.rmtree(site)
    return figures


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _nothing(_line: str) -> None:
    """Say nothing."""


if __name__ == "__main__":
    sys.exit(main())
