"""How long the plan of many articles takes on top of reading them: `python benchmarks/plan.py`.

See the README beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from covered_site import article_text, run
from mkdocs.utils.meta import get_data
from PIL import Image

from mkdocs_imagegen import images, report
from mkdocs_imagegen.articles import scan_front_matter
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.keys import digest, rendition_key
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import ArticleSource, Order, Orders, PlanOptions, Record, Rendition, Size
from mkdocs_imagegen.plan import EVERYTHING, Digests
from mkdocs_imagegen.settings import Budget, PathDefaults, Settings

AIM_S = 2.0
"""For the plan and all that is told with it, on top of reading the articles."""
BOUGHT_AT = datetime(2026, 1, 1, tzinfo=UTC)
SITE = Settings(budget=Budget(max_images=10**6))
RESTYLED = replace(SITE, defaults=(PathDefaults("half/**", {"style": "Another style"}),))
CASES: dict[str, tuple[str, Settings, PlanOptions]] = {
    "new": ("nothing bought yet", SITE, EVERYTHING),
    "reused": ("all bought and in the lockfile", SITE, EVERYTHING),
    "outdated": ("all bought, half of them outdated", RESTYLED, EVERYTHING),
    "repainted": ("the same with --outdated", RESTYLED, PlanOptions(outdated=True)),
}
"""By name: what is planned, under which settings and options."""
READING = ("front matter", "order")
TOLD = ("plan", "outlook", "text")


def main() -> None:
    """Fill a store, plan each case in fresh interpreters, print the least times."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--articles", type=int, default=10_000, help="a cover each")
    parser.add_argument("--rounds", type=int, default=3, help="plans of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imagegen-benchmark-") as name:
        folder = Path(name)
        fill(folder / "bought", options.articles)
        print(
            f"{options.articles} articles, least of {options.rounds} rounds; "
            f"Python {platform.python_version()}, {os.cpu_count()} CPUs, "
            f"load {os.getloadavg()[0]:.1f}\n"
        )
        print(f"CPU seconds{'':25}{''.join(f'{part:>14}' for part in READING + TOLD)}", end="")
        print(f"{'on top':>10}{'ratio':>8}")
        for case in CASES:
            print(line_of(case, least(folder, case, options.articles, options.rounds)))
    print(f"\nThe aim is {AIM_S:g} s on top of reading the articles (front matter and order).")


def least(folder: Path, case: str, articles: int, rounds: int) -> dict[str, float]:
    """Return the least CPU seconds of each part, over fresh interpreters."""
    times = [json.loads(run(folder, __file__, case, str(articles))) for _ in range(rounds)]
    return {part: min(took[part] for took in times) for part in READING + TOLD}


def line_of(case: str, took: dict[str, float]) -> str:
    """Return a case's row."""
    on_top, reading = (sum(took[part] for part in parts) for parts in (TOLD, READING))
    parts = "".join(f"{took[part]:14.2f}" for part in READING + TOLD)
    return f"{CASES[case][0]:36}{parts}{on_top:10.2f}{on_top / reading:8.3f}"


def measure(case: str, articles: int) -> dict[str, float]:
    """Make one plan from nothing, and return the CPU seconds of each part."""
    took: dict[str, float] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        start_s = time.process_time()
        result = work()
        took[part] = time.process_time() - start_s
        return result

    _, settings, options = CASES[case]
    texts = dict(site(articles))
    with closing(engine_of(Path("fresh" if case == "new" else "bought"), settings)) as engine:
        sources = timed(READING[0], lambda: [source_of(*item) for item in texts.items()])
        orders = timed(READING[1], lambda: engine.order(sources, no_files))
        plan = timed(TOLD[0], lambda: engine.plan(orders, options))
        outlook = timed(TOLD[1], lambda: engine.outlook(plan, engine.decide()))
        timed(TOLD[2], lambda: report.plan_text(plan, outlook))
    return took


def fill(folder: Path, articles: int) -> None:
    """Put an original with its rendition and its line in the lockfile for each article."""
    folder.mkdir()
    with closing(engine_of(folder, SITE)) as engine:
        orders = engine.order([source_of(*item) for item in site(articles)], no_files)
        for number, order in enumerate(orders.orders):
            keep(engine, order, number)
        engine.lock(orders)
        assert_filled(engine, orders)


def keep(engine: Engine, order: Order, number: int) -> None:
    """Put one original into the store, as a purchase does."""
    picture = BytesIO()
    colour = number.to_bytes(3, "big")
    Image.new("RGB", (16, 16), tuple(colour)).save(picture, "WEBP", lossless=True, method=0)
    data = picture.getvalue()
    assert order.request is not None
    record = Record(
        request_key=order.request_key or "",
        digest=digest(data),
        size_bytes=len(data),
        article=order.cover.article.src_uri,
        sent={
            "model": order.request.model,
            "prompt": order.request.prompt,
            "size": str(order.request.size),
        },
        endpoint="https://example.com",
        received_at=BOUGHT_AT.isoformat(),
        usd="0.0412",
    )
    engine.store.put(record, data)
    key = rendition_key(
        record.digest,
        webp_quality=SITE.webp_quality,
        encoder=images.encoder(),
        asked=order.request.size,
    )
    shown = Rendition(record.digest, Size(16, 16), "webp", len(data))
    engine.store.put_rendition(key, shown, None)


def assert_filled(engine: Engine, orders: Orders) -> None:
    """Make sure that there is nothing to buy."""
    plan = engine.plan(orders)
    if plan.purchases or not all(action.locked for action in plan.actions):
        raise SystemExit("the store was not filled as it should be")


def no_files(_uris: frozenset[str]) -> Digests:
    """No article here names a file."""
    return {}


def engine_of(folder: Path, settings: Settings) -> Engine:
    """Return an engine over the store and lockfile of a folder."""
    return Engine(
        settings, cache_dir=folder / ".cache", lockfile=LockfilePlace(folder / "imagegen.lock")
    )


def site(articles: int) -> Iterator[tuple[str, str]]:
    """Yield the articles' texts by src_uri."""
    for number in range(articles):
        part = "half" if number % 2 else "other"
        yield f"{part}/article-{number:05}.md", article_text(number)


def source_of(src_uri: str, text: str) -> ArticleSource:
    """Read an article as a build does."""
    markdown, meta = get_data(text)
    return ArticleSource(
        src_uri,
        title=str(meta.get("title", "")),
        meta=meta,
        section=src_uri.partition("/")[0],
        markdown=markdown,
        front_matter=scan_front_matter(text, where=src_uri),
    )


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CASES:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        main()
