"""A run that buys beside others on one store: `python -m tests.crowd`, as a process of its own.

Without plan and pages, so that many runs can want more at once than a wall has room for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from mkdocs_imagegen.execute import Attribution, Manners, execute
from mkdocs_imagegen.keys import request_key
from mkdocs_imagegen.model import (
    Action,
    ActionKind,
    ArticleSource,
    Cover,
    CoverRequest,
    Plan,
    Priced,
    Size,
)
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.plan import ApprovedPlan, Retries
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.settings import Budget, Endpoint
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger

ROOT = Path(__file__).resolve().parents[1]
SIZE = Size(1024, 640)
WORKERS = 8


@dataclass(frozen=True, slots=True)
class Run:
    """What one run wants."""

    name: str
    cache_dir: str
    base_url: str
    api_key: str
    count: int
    per_build_usd: str = ""
    per_month_usd: str = ""
    timeout_s: float = 30.0


def purchase(name: str) -> Action:
    """Return a low-quality picture at its real price, with a prompt of its own."""
    request = CoverRequest("generate", "gpt-image-2", f"A picture of {name}", SIZE, "low")
    article = ArticleSource(f"{name}.md", name, {})
    cover = Cover(article, request.prompt, request.model, SIZE, "low", "cover.j2")
    price = price_book().price(request)
    return Action(ActionKind.GENERATE, cover, "new", price, request, request_key(request))


def bound_usd(name: str) -> Decimal:
    """Return the most that a picture of this name can cost."""
    price = purchase(name).price
    assert isinstance(price, Priced)
    return price.bound_usd


def start(run: Run) -> subprocess.Popen[str]:
    """Start a run; its outcomes come on stdout as JSON."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crowd", json.dumps(asdict(run))],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def outcomes_of(process: subprocess.Popen[str]) -> Counter[str]:
    """Wait for a run's end, and return how many of its purchases ended in which way."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return Counter(json.loads(out))


def buy(run: Run) -> Counter[str]:
    """Buy all that the walls let through."""
    budget = Budget(_usd(run.per_build_usd), run.count, _usd(run.per_month_usd))
    plan = Plan(tuple(purchase(f"{run.name}-{n}") for n in range(run.count)))
    provider = OpenAIProvider(
        Endpoint(run.base_url, run.api_key, "IMAGEGEN_API_KEY"), timeout_s=run.timeout_s
    )
    with (
        Store.open(Path(run.cache_dir)) as store,
        closing(Ledger(store.cache_dir / LEDGER, read_only=store.read_only)) as ledger,
    ):
        outcomes = execute(
            ApprovedPlan(plan, budget),
            provider,
            store,
            ledger,
            price_book(),
            concurrency=WORKERS,
            attribution=Attribution(run.name),
            manners=Manners(Retries(most=0)),
        )
        return Counter(type(outcome).__name__ for outcome in outcomes)


def _usd(text: str) -> Decimal | None:
    return Decimal(text) if text else None


if __name__ == "__main__":
    json.dump(buy(Run(**json.loads(sys.argv[1]))), sys.stdout)
