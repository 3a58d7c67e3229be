"""A plan's purchases at the endpoint that is configured. Imports the SDK."""

from __future__ import annotations

from collections.abc import Callable, Generator

from .arrivals import keeper
from .buyer import say_nothing
from .execute import Attribution, Manners, execute
from .model import Outcome
from .plan import ApprovedPlan, Retries
from .pricing import PriceBook
from .providers.openai import OpenAIProvider
from .providers.quirks import QUIRKS, Quirks
from .settings import Endpoint, Settings
from .store import Store
from .store.ledger import Ledger
from .timing import Timing


def purchase(
    approved: ApprovedPlan,
    endpoint: Endpoint,
    settings: Settings,
    store: Store,
    ledger: Ledger,
    book: PriceBook,
    *,
    timing: Timing,
    job: str,
    notice: Callable[[str], None] | None,
    ended: list[Outcome],
) -> Generator[Outcome, None, None]:
    """Buy what is approved, see `execute`.

    Args:
        approved: the plan.
        endpoint: where to buy.
        settings: of the site.
        store: to keep the answers in.
        ledger: the books.
        book: the prices.
        timing: how time goes by.
        job: the CI run's id, for the books.
        notice: takes a line on what is waited for; called from other threads.
        ended: takes every outcome.
    """
    provider = OpenAIProvider(
        endpoint,
        timeout_s=settings.timeout_s,
        on_answer=keeper(store, timing.now),
        quirks=Quirks(store.cache_dir / QUIRKS),
    )
    retries = Retries(settings.retries, settings.retry_timeouts)
    return execute(
        approved,
        provider,
        store,
        ledger,
        book,
        concurrency=settings.concurrency,
        attribution=Attribution(settings.site.name, job),
        manners=Manners(
            retries,
            settings.images_per_minute,
            notice or say_nothing,
            timing.sleep,
            timing.jitter,
            timing.clock,
        ),
        now=timing.now,
        ended=ended,
    )
