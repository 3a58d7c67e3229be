"""How much a build with covers takes over one without: `python benchmarks/pages.py --pages 300`.

See the README beside this file.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import hooks
from covered_site import (
    BARE,
    BOUGHT,
    DRAWN,
    SOCIAL,
    Variant,
    build,
    fill_store,
    seed_social_font,
    why_no_social,
    write_site,
)

AIM_MS = 0.15
"""A page, over the build without the plugin."""


@dataclass(frozen=True, slots=True)
class Took:
    """One build."""

    cpu_s: float
    wall_s: float


def main() -> None:
    """Make the site, build it every way by turns, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--pages", type=int, default=300, help="articles, a cover each")
    parser.add_argument("--rounds", type=int, default=5, help="builds of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imagegen-benchmark-") as name:
        folder = Path(name)
        variants = _prepare(folder, options.pages)
        print(
            f"{options.pages} pages, {options.rounds} rounds; Python {platform.python_version()}, "
            f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n"
        )
        took = _build_by_turns(folder, variants, options.rounds)
        print("\n".join(_comparison(took, options.pages)))
        for variant in (BOUGHT, DRAWN):
            measured = hooks.measure(folder, variant, options.rounds)
            print(f"\nInside one build: {variant.title}")
            print("\n".join(hooks.report(measured, options.pages)))
    print(f"\nThe aim is {AIM_MS} ms a page.")


def _prepare(folder: Path, pages: int) -> tuple[Variant, ...]:
    """Make the site and fill every cache; return what can be built here."""
    write_site(folder, pages)
    print(f"covers: {fill_store(folder, pages)}")
    variants: tuple[Variant, ...] = (BARE, BOUGHT, DRAWN)
    if reason := why_no_social():
        print(f"left out: {SOCIAL.title}: {reason}")
    else:
        seed_social_font(folder)
        variants += (SOCIAL,)
    for variant in variants:
        build(folder, variant)
    return variants


def _build_by_turns(
    folder: Path, variants: Sequence[Variant], rounds: int
) -> dict[Variant, list[Took]]:
    """Build each variant once a round: what disturbs the machine then disturbs all of them."""
    took: dict[Variant, list[Took]] = {variant: [] for variant in variants}
    for number in range(rounds):
        for variant in variants if number % 2 else reversed(variants):
            before, start_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            build(folder, variant)
            wall_s = time.perf_counter() - start_s
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            took[variant].append(Took(cpu_s, wall_s))
    return took


def _comparison(took: dict[Variant, list[Took]], pages: int) -> list[str]:
    lines = [
        f"{'':31}{'CPU s':>14}{'wall s':>16}{'over the build without the plugin':>38}",
        f"{'':31}{'min':>7}{'median':>8}{'min':>8}{'median':>8}{'ratio':>8}"
        f"{'CPU ms a page':>16}{'wall ms a page':>16}",
    ]
    bare = took[BARE]
    for variant, builds in took.items():
        cpu, wall = [b.cpu_s for b in builds], [b.wall_s for b in builds]
        line = f"{variant.title:31}{min(cpu):7.2f}{median(cpu):8.2f}{min(wall):8.2f}"
        line += f"{median(wall):8.2f}"
        if variant != BARE:
            pairs = list(zip(builds, bare, strict=True))
            ratio = median(b.cpu_s / without.cpu_s for b, without in pairs)
            cpu_ms = 1000 * median(b.cpu_s - without.cpu_s for b, without in pairs) / pages
            wall_ms = 1000 * median(b.wall_s - without.wall_s for b, without in pairs) / pages
            line += f"{ratio:8.3f}{cpu_ms:16.3f}{wall_ms:16.3f}"
        lines.append(line)
    return lines


if __name__ == "__main__":
    main()
