"""One site that is killed again and again, then built to the end and looked through."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from mkdocs_imagegen.model import RowState
from tests.crash.aftermath import look_at, rows_of
from tests.crash.killed import Payments, hooked, run_and_kill, start
from tests.crash.points import Extent, Point, draw
from tests.imageserver import ImageServer
from tests.sites import Site

NEW_ARTICLES = 2
"""Before each run, so that there is something to buy."""
CONCURRENCY = 2
BILLED = frozenset({RowState.SETTLED, RowState.POSSIBLY_BILLED})


@dataclass(slots=True)
class Figures:
    """What came of the kills."""

    kills: Counter[str] = field(default_factory=Counter)
    """By the kind of their point."""
    too_late: int = 0
    """Runs that ended before their point came."""
    sites: int = 0
    paid: int = 0
    received: int = 0
    """Pictures that were whole on the disk at a kill, stored or not."""
    only_arrived: int = 0
    """Of those: answers that no store knew yet, to be taken in by the next build."""
    bought_again: list[str] = field(default_factory=list)
    """Pictures that were on the disk at a kill, and bought once more after it."""
    lost_on_the_way: int = 0
    """Pictures that were paid for, and on the wire or in memory at a kill."""
    broken: list[str] = field(default_factory=list)
    """What was wrong with a store right after a kill."""
    unbooked: list[str] = field(default_factory=list)
    """Pictures that were paid for, and that the ledger knows neither as paid nor possibly."""
    possibly_billed: int = 0
    not_whole: list[str] = field(default_factory=list)
    """What the last build of a site left undone."""

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.bought_again or self.broken or self.unbooked or self.not_whole)

    def told(self) -> str:
        """Return the figures, a line each."""
        kills = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        lines = [
            f"builds killed: {self.kills.total()} ({kills})",
            f"runs that ended before their point: {self.too_late}",
            f"sites: {self.sites}",
            f"pictures paid for: {self.paid}",
            f"received when a build was killed: {self.received}",
            f"of those not in the store yet, and taken in by the next build: {self.only_arrived}",
            f"received and bought again: {len(self.bought_again)}",
            f"on the wire or in memory at a kill, bought anew: {self.lost_on_the_way}",
            f"rows told as possibly billed: {self.possibly_billed}",
            f"paid for and in no book: {len(self.unbooked)}",
            f"broken stores: {len(self.broken)}",
            f"sites not whole after the next build: {len(self.not_whole)}",
        ]
        wrong = (*self.bought_again, *self.broken, *self.unbooked, *self.not_whole)
        return "\n".join((*lines, *wrong))


def extent_of(folder: Path) -> Extent:
    """Measure a run that nobody kills."""
    with ImageServer() as server:
        site = _new_site(folder, server)
        _add_articles(site, 0)
        counts = folder / "counts.json"
        began_s = time.monotonic()
        code = start(site, "build", **hooked(site, CRASH_COUNTS=str(counts))).wait(120)
        duration_s = time.monotonic() - began_s
        assert code == 0, (site.root / "said").read_text()
        steps = json.loads(counts.read_text())
    return Extent(duration_s, NEW_ARTICLES, steps["write"], steps["sync"])


def kill_often(
    folder: Path,
    random: Random,
    extent: Extent,
    figures: Figures,
    *,
    kills: int,
    say: Callable[[str], None] = lambda _line: None,
) -> None:
    """Kill so many runs of one new site, build it to the end, and add to the figures."""
    payments = Payments()
    with ImageServer(on_paid=payments.note) as server:
        trial = _Trial(_new_site(folder, server, in_git=random.random() < 0.5), server, figures)
        done = 0
        while done < kills:
            point, command = draw(random, extent), random.choice(("apply", "build"))
            trial.add_articles()
            if run_and_kill(trial.site, command, point, payments):
                done += 1
                figures.kills[point.kind] += 1
            else:
                figures.too_late += 1
            say(f"{folder.name}: {command} killed at {point}")
            trial.look(point)
        trial.finish()


class _Trial:
    def __init__(self, site: Site, server: ImageServer, figures: Figures) -> None:
        self.site = site
        self._server = server
        self._figures = figures
        self._articles = 0
        self._received: dict[str, int] = {}
        """How often each prompt was paid for when its picture was first seen on the disk."""
        figures.sites += 1

    def add_articles(self) -> None:
        self._articles = _add_articles(self.site, self._articles)

    def look(self, point: Point) -> None:
        """Look at what a kill left."""
        left, paid = look_at(self.site.root), self._paid()
        self._figures.only_arrived += left.arrived
        where = f"{self.site.root.name}, {point}"
        self._figures.broken += [f"{where}: {wrong}" for wrong in left.broken]
        for call in self._server.paid_calls:
            if left.digests.intersection(call.picture_digests):
                prompt = _prompt(call.body)
                self._received.setdefault(prompt, paid[prompt])

    def finish(self) -> None:
        """Build to the end, and hold everything against the server's bill."""
        name, root, figures = self.site.root.name, self.site.root, self._figures
        code = start(self.site, "build").wait(120)
        paid = self._paid()
        figures.paid += paid.total()
        figures.received += len(self._received)
        figures.lost_on_the_way += paid.total() - len(paid)
        for prompt, count in self._received.items():
            if paid[prompt] > count:
                figures.bought_again.append(f"{name}: {prompt!r} was bought again")
        rows = rows_of(root)
        figures.possibly_billed += sum(row.state is RowState.POSSIBLY_BILLED for row in rows)
        booked = Counter(row.article for row in rows if row.state in BILLED)
        for prompt, count in paid.items():
            if booked[f"{prompt.split()[0]}.md"] < count:
                figures.unbooked.append(f"{name}: a payment for {prompt!r} is in no book")
        figures.not_whole += [f"{name}: {wrong}" for wrong in self._missing(code)]

    def _missing(self, code: int) -> list[str]:
        """Tell what the last build left undone."""
        root = self.site.root
        if code != 0:
            return [(root / "said").read_text()[-2000:]]
        wrong = list(look_at(root).broken)
        for number in range(self._articles):
            page = f"n{number}/index.html"
            if not self.site.cover_of(page).is_file():
                wrong.append(f"{page} has no cover")
        locked = (root / "imagegen.lock").read_text().count('"article":')
        if locked != self._articles:
            wrong.append(f"imagegen.lock knows {locked} of {self._articles} articles")
        wrong += [f"{path.name} was left behind" for path in root.rglob("*.tmp")]
        wrong += [f"{path.name} was left behind" for path in root.rglob("*.answer")]
        calls = len(self._server.calls)
        again = self.site.apply()
        if again.code != 0 or len(self._server.calls) != calls:
            wrong.append(f"there was something left to do: {again.output}")
        doctor = self.site.cli("doctor")
        if doctor.code != 0:
            wrong.append(f"doctor: {doctor.output}")
        return wrong

    def _paid(self) -> Counter[str]:
        return Counter(_prompt(call.body) for call in self._server.paid_calls)


def _new_site(folder: Path, server: ImageServer, *, in_git: bool = False) -> Site:
    options: dict[str, object] = {
        "mode": "generate",
        "price_as": "openai",
        "size": "1024x640",
        "quality": "low",
        "concurrency": CONCURRENCY,
        "budget": {"max_images": 1000},
    }
    if in_git:
        options["store"] = "covers"
    return Site(folder, server, options=options)


def _add_articles(site: Site, first: int) -> int:
    for number in range(first, first + NEW_ARTICLES):
        site.article(f"n{number}.md", cover_prompt=f"n{number} in fresh snow")
    return first + NEW_ARTICLES


def _prompt(body: object) -> str:
    """Return the author's part of a prompt that was sent, which starts with the article's name."""
    text = str(body.get("prompt", "")) if isinstance(body, dict) else ""
    (found,) = [line for line in text.splitlines() if " in fresh snow" in line]
    return found[: found.index(" in fresh snow")].split()[-1] + " in fresh snow"
