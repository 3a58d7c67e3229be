"""The site: its articles, prompt template, walls, and what a build here does."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import StoreError
from ..model import ArticleSource
from ..pricing import usd_text
from ..settings import Budget
from .findings import Examined, Finding, counted, failed

_SAMPLE = ArticleSource(
    "(doctor)", "A sample", {"cover_prompt": "A red fox in fresh snow"}, markdown="Some text."
)


def check_articles(site: Examined) -> Iterator[Finding]:
    """Tell how many covers the site asks for, and whether articles are in trouble."""
    covers = counted(len(site.orders.orders), "cover")
    yield Finding("ok", "mkdocs.yml", f"read; the articles ask for {covers}")
    diagnostics = (site.plan or site.orders).diagnostics
    levels = [diagnostic.level for diagnostic in diagnostics]
    for level in ("error", "warning"):
        if count := levels.count(level):
            message = f"{counted(count, level)} to look at"
            yield Finding(level, "articles", message, "mkdocs-imagegen plan lists them")


def check_address(site: Examined) -> Iterator[Finding]:
    """Tell where the site has no address."""
    if not site.engine.settings.site.url:
        yield Finding(
            "info", "site_url", "there is none, and link previews need it", "set it in mkdocs.yml"
        )


def check_template(site: Examined) -> Iterator[Finding]:
    """Render the site's template for a sample article, as a build does for each."""
    name = site.engine.settings.template
    found = site.engine.order([_SAMPLE], lambda _: {})
    troubles = [told for told in found.diagnostics if told.level == "error"]
    if troubles:
        first = troubles[0]
        yield Finding("error", "template", first.message, first.hint)
        return
    prompts = [order.request.prompt for order in found.orders if order.request]
    chars = sum(map(len, prompts))
    yield Finding("ok", "template", f"{name} renders: a sample prompt has {chars:,} characters")


def check_mode(site: Examined) -> Iterator[Finding]:
    """Tell whether a build here and now buys."""
    decision = site.engine.decide()
    buys = "buys" if decision.buys else "does not buy"
    yield Finding("ok", "mode", f"a build here {buys} ({decision.reason})")


def check_walls(site: Examined) -> Iterator[Finding]:
    """Tell the walls around purchases, and what is left of the month's."""
    budget = site.engine.settings.budget
    if budget.per_build_usd is None and budget.per_month_usd is None:
        yield Finding(
            "info",
            "walls",
            f"{_walls(budget)}; there is none in USD",
            "set `budget: {per_build: 1, per_month: 10}` in mkdocs.yml, in USD",
        )
        return
    spent = ""
    if budget.per_month_usd is not None:
        try:
            month_usd = site.engine.ledger.month_usd(f"{site.now:%Y-%m}")
        except StoreError as error:
            yield failed("walls", error)
            return
        spent = f"; ${usd_text(month_usd)} spent or set aside this month"
    yield Finding("ok", "walls", f"{_walls(budget)}{spent}")


def _walls(budget: Budget) -> str:
    named = [counted(budget.max_images, "picture")]
    if budget.per_build_usd is not None:
        named.append(f"${usd_text(budget.per_build_usd)}")
    walls = f"at most {' and '.join(named)} a build"
    if budget.per_month_usd is not None:
        walls += f", ${usd_text(budget.per_month_usd)} a month"
    return walls
