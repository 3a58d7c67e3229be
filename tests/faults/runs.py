"""One run of the real engine, with the real store and books, against the real test server."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mkdocs_imagegen.config import ImagegenConfig, find_endpoint
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.environment import read_environment
from mkdocs_imagegen.errors import ImagegenError
from mkdocs_imagegen.execute import ended_at_wall
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import (
    ArticleSource,
    Bought,
    Failed,
    Found,
    LedgerRow,
    Outcome,
    RowState,
    Size,
)
from mkdocs_imagegen.report import outcome_line
from mkdocs_imagegen.settings import Endpoint, Settings
from mkdocs_imagegen.timing import Timing
from tests.imageserver import ImageServer

from .trouble import ARTICLES, Rows, Trouble

SIZE = Size(1024, 640)
"""The smallest that the server sells."""
SETTLES_S = 20.0
"""How long the server may take to notice that a client is gone."""


class Clock:
    """Time that passes only while somebody sleeps; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passed_s = 0.0
        self.waits_s: list[float] = []
        """How long each sleep was."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass at once."""
        with self._lock:
            self.waits_s.append(seconds)
            self._passed_s += seconds

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        with self._lock:
            return self._passed_s

    def now(self) -> datetime:
        """Return the time of day."""
        return datetime(2026, 11, 22, 9, 30, tzinfo=UTC) + timedelta(seconds=self.monotonic())


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run came to."""

    outcomes: tuple[Outcome, ...] = ()
    """In the order of the articles."""
    error: ImagegenError | None = None
    """Where it ended before anything was sent."""
    rows: tuple[LedgerRow, ...] = ()
    """Of the ledger, all runs on the folder together."""
    clock: Clock = field(default_factory=Clock)
    notices: tuple[str, ...] = ()

    @property
    def first_error(self) -> ImagegenError | None:
        """What the first article is told; `None` where it has its picture."""
        if self.error or not self.outcomes:
            return self.error
        first = self.outcomes[0]
        return first.error if isinstance(first, Failed) else None

    @property
    def errors(self) -> list[ImagegenError]:
        """All that went wrong."""
        failed = [outcome.error for outcome in self.outcomes if isinstance(outcome, Failed)]
        return [*failed, *([self.error] if self.error else [])]

    @property
    def received(self) -> set[str]:
        """The articles that have their pictures."""
        return {each.action.article for each in self.outcomes if isinstance(each, Bought)}

    @property
    def states(self) -> Rows:
        """How many rows of the ledger are in each state."""
        count = Counter(row.state for row in self.rows)
        return Rows(
            settled=count[RowState.SETTLED],
            released=count[RowState.RELEASED],
            possibly_billed=count[RowState.POSSIBLY_BILLED],
            reserved=count[RowState.RESERVED],
        )

    @property
    def exit_code(self) -> int:
        """That of `apply --yes`."""
        if self.error:
            return self.error.exit_code
        if ended_at_wall(self.outcomes):
            return 4
        return 0 if all(isinstance(each, Bought | Found) for each in self.outcomes) else 1

    @property
    def said(self) -> str:
        """Every word that an author or a log could see."""
        lines = [outcome_line(outcome) for outcome in self.outcomes]
        return "\n".join([*lines, *self.notices, *map(str, self.errors), *map(repr, self.rows)])


def apply(
    trouble: Trouble, folder: Path, server: ImageServer, *, articles: int = ARTICLES
) -> Ended:
    """Plan, approve and buy as `apply --yes` does, and return what came of it."""
    try:
        endpoint = _endpoint(trouble, folder, server)
    except ImagegenError as error:
        return Ended(error=error)
    clock = Clock()
    notices: list[str] = []
    settings: dict[str, Any] = {"concurrency": 1, "size": SIZE, "quality": "low", "timeout_s": 30.0}
    engine = Engine(
        Settings(**{**settings, **trouble.settings}),
        cache_dir=folder / ".cache" / "imagegen",
        lockfile=LockfilePlace(folder / "imagegen.lock"),
        endpoint=endpoint,
        timing=Timing(clock.now, clock.sleep, lambda: 0.5, clock.monotonic),
    )
    sources = [
        ArticleSource(_article(number), f"Article {number}", {"cover_prompt": f"Fox {number}"})
        for number in range(articles)
    ]
    with closing(engine):
        outcomes: list[Outcome] = []
        raised: ImagegenError | None = None
        orders = engine.order(sources, lambda _uris: {})
        try:
            approved = engine.approve(engine.plan(orders), strict=False)
            outcomes.extend(engine.buy(approved, orders, notices.append))
        except ImagegenError as error:
            raised = error
        server.wait_for(lambda: server.in_flight == 0, timeout_s=SETTLES_S)
        outcomes.sort(key=lambda outcome: outcome.action.article)
        rows = tuple(engine.ledger.rows())
        return Ended(tuple(outcomes), raised, rows, clock, tuple(notices))


def on_disk(folder: Path) -> bytes:
    """Return every byte of every file below a folder."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def _endpoint(trouble: Trouble, folder: Path, server: ImageServer) -> Endpoint | None:
    if trouble.dotenv:
        (folder / ".env").write_text(_filled(trouble.dotenv, trouble, server))
    environ = read_environment(filled(trouble.environ, trouble, server), folder)
    options = ImagegenConfig()
    options.load_dict(filled(trouble.options, trouble, server))
    return find_endpoint(options, environ)


def filled(texts: Mapping[str, str], trouble: Trouble, server: ImageServer) -> dict[str, str]:
    """Return texts of a row with the key and the address that they stand for."""
    return {name: _filled(text, trouble, server) for name, text in texts.items()}


def _filled(text: str, trouble: Trouble, server: ImageServer) -> str:
    url = server.base_url
    if trouble.address == "tls":
        url = url.replace("http:", "https:")
    if trouble.address == "nobody":
        url = f"http://127.0.0.1:{_free_port()}/v1"
    return text.replace("$KEY", server.api_key).replace("$URL", url)


def _free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def articles_asked_for(server: ImageServer) -> set[str]:
    """Return the articles whose prompts the server was sent."""
    prompts = (str((call.body or {}).get("prompt")) for call in server.requests)
    numbers = (re.search(r"Fox ([0-9]+)", prompt) for prompt in prompts)
    return {_article(int(found[1])) for found in numbers if found}


def _article(number: int) -> str:
    return f"{number:03}.md"
