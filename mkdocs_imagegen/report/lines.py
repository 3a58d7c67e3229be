"""What a run does, in a line each, for logs and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_never

from ..model import Bought, Failed, Found, Outcome, Plan, Skipped
from ..pricing import usd_text
from .plan_words import counted
from .spent import Spent, spent_on


def outcome_line(outcome: Outcome) -> str:
    """Return what became of one purchase."""
    article = outcome.action.article
    match outcome:
        case Bought(record=record, size=size):
            price = "price unknown" if record.usd is None else f"${usd_text(Decimal(record.usd))}"
            asked = outcome.action.cover.size
            other = "" if size == asked else f", {size} came instead of {asked}"
            other += "" if size.is_shaped_as(asked) else ": it is cropped"
            return f"{article}: bought ({price}{other})"
        case Found():
            return f"{article}: another run bought it meanwhile"
        case Failed(error=error):
            vendor = f" [request {request_id}]" if (request_id := _request_id(error)) else ""
            return f"{article}: {error.message}{vendor}" + _hint(error.hint)
        case Skipped(why=why):
            return f"{article}: not sent ({why})"
        case _:
            assert_never(outcome)


def outcomes_summary(outcomes: Sequence[Outcome]) -> str:
    """Return how many of the purchases ended well, and who paid for them."""
    bought = sum(isinstance(outcome, Bought) for outcome in outcomes)
    found = sum(isinstance(outcome, Found) for outcome in outcomes)
    text = f"{bought} of {len(outcomes)} covers bought"
    return text + (f", {found} bought by another run" if found else "")


def purchases_line(outcomes: Sequence[Outcome]) -> str:
    """Return what a run bought, in a sentence, and what it paid."""
    bought = sum(isinstance(outcome, Bought) for outcome in outcomes)
    found = sum(isinstance(outcome, Found) for outcome in outcomes)
    covers = counted(len(outcomes), "cover")
    text = f"Bought {covers}" if bought == len(outcomes) else f"Bought {bought} of {covers}"
    spent = spent_on(outcomes)
    if spent.bought_usd:
        text += f" for ${usd_text(spent.bought_usd)}"
        text += f", and {spent.unpriced} of unknown price" if spent.unpriced else ""
    elif spent.unpriced:
        text += ", price unknown"
    text += f", {found} bought by another run" if found else ""
    return f"{'; '.join([text, *_lost_money(spent)])}."


def _lost_money(spent: Spent) -> Iterator[str]:
    if spent.failed_usd:
        yield f"${usd_text(spent.failed_usd)} spent on what failed"
    if spent.doubtful_usd:
        yield f"up to ${usd_text(spent.doubtful_usd)} possibly billed"
    if spent.doubtful_unpriced:
        yield f"{spent.doubtful_unpriced} possibly billed, price unknown"


def commit_line(*, lockfile: str, covers: str, cache: str, written: str = "") -> str:
    """Return what to commit after a run that changed something; `""` where it is nothing.

    Args:
        lockfile: its path, `""` where it stayed as it was.
        covers: the store's folder in git, `""` where the site has none.
        cache: the folder of the store.
        written: the folder of the covers that were written beside articles.
    """
    files = [*(("the articles", written) if written else ()), *filter(None, (lockfile,))]
    if lockfile and covers:
        files.append(covers)
    if not files:
        return ""
    line = f"Commit {', '.join(files[:-1])} and {files[-1]}" if files[1:] else f"Commit {files[0]}"
    if lockfile and not covers:
        what = "originals" if written else "pictures"
        return f"{line}; the {what} are in {cache} (store: covers/ puts them into git)."
    return f"{line}." if written else f"{line} with your articles."


def buying_line(count: int, images_per_minute: int | None) -> str:
    """Return what a run says before it buys, with the least time that it takes where that is known.

    Args:
        count: of the purchases.
        images_per_minute: the most requests a minute, `None` where nobody set it.
    """
    line = f"buying {counted(count, 'cover')}"
    if images_per_minute is None:
        return line
    minutes = (count - 1) // images_per_minute
    takes = f"at least {counted(minutes, 'minute')}" if minutes else "less than a minute of waiting"
    return f"{line} at {images_per_minute} a minute: {takes}"


def purchase_question(plan: Plan) -> str:
    """Return what to ask before a plan is bought: what is paid is named, prompts included."""
    count, unpriced = len(plan.purchases), len(plan.unpriced)
    covers = counted(count, "cover")
    if count == unpriced:
        return f"Buy {covers}, price unknown?"
    covers += f", {unpriced} of unknown price, the rest" if unpriced else ""
    return f"Buy {covers} for about ${usd_text(plan.output_usd + plan.input_usd_estimate)}?"


def build_line(
    *,
    reused: int = 0,
    bought: int = 0,
    stale: int = 0,
    drawn: int = 0,
    own: int = 0,
    outdated: int = 0,
    lost: int = 0,
    blocked: int = 0,
    spent_usd: Decimal = Decimal(0),
    doubtful_usd: Decimal = Decimal(0),
    unpriced: int = 0,
) -> str:
    """Return the last line of a build: what became of the covers, and what was spent.

    Args:
        reused: covers that were there before.
        bought: covers that this build paid for.
        stale: earlier covers that stand in for those that could not be bought.
        drawn: covers that were drawn, the lost and blocked ones apart or not as the caller counts.
        own: the authors' own pictures.
        outdated: covers that stay, though the site asks for others by now.
        lost: covers that were paid for and that no store has.
        blocked: covers that could not be bought.
        spent_usd: what the purchases of known price cost.
        doubtful_usd: the most that requests without an answer may have cost.
        unpriced: how many of the purchases cost what nobody knows.
    """
    counts = {
        "reused": reused,
        "bought": bought,
        "stale": stale,
        "drawn": drawn,
        "own": own,
        "outdated": outdated,
        "lost": lost,
        "blocked": blocked,
    }
    (first, word), *others = [(n, word) for word, n in counts.items() if n] or [(0, "reused")]
    parts = [f"{counted(first, 'cover')} {word}", *(f"{n} {word}" for n, word in others)]
    if unpriced and not spent_usd and not doubtful_usd:
        return f"{', '.join(parts)}; spent: price unknown"
    spent = f"${usd_text(spent_usd)} spent"
    spent += f", and {unpriced} of unknown price" if unpriced else ""
    spent += f", up to ${usd_text(doubtful_usd)} possibly billed" if doubtful_usd else ""
    return f"{', '.join(parts)}; {spent}"


def _request_id(error: Exception) -> str:
    return str(getattr(error, "request_id", ""))


def _hint(hint: str) -> str:
    return f"\n  hint: {hint}" if hint else ""
