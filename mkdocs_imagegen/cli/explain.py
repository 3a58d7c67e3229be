"""`mkdocs-imagegen explain`: one article's cover in full."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click

from ..engine import Engine
from ..errors import ArticlesError
from ..model import Action, Approved, CoverRequest, Plan, Priced
from ..previews import prompt_of
from ..pricing import usd_text
from ..survey import Survey
from .frame import HELP, config_file_option, surveyed, told


@click.command("explain", context_settings=HELP)
@click.argument("article")
@config_file_option
@told
def explain_command(article: str, config_file: str | None) -> int:
    """Print one article's state and what changed, its request, price and prompt.

    ARTICLE is its path below docs_dir, or its file. Where the cover is another one than the
    lockfile has, the difference between the two prompts is shown.
    """
    with surveyed(config_file) as survey:
        plan = survey.engine.plan(survey.orders)
        click.echo(explanation(article, plan, survey, Path.cwd()), nl=False)
    return 0


def explanation(article: str, plan: Plan, survey: Survey, cwd: Path) -> str:
    """Return what is planned for one article, and why; its prompt last.

    Raises:
        ArticlesError: there is no such article, it has no cover, or its front matter is broken.
    """
    src_uri = _src_uri(article, survey, cwd)
    actions = [action for action in plan.actions if action.article == src_uri]
    told = [str(d) for d in plan.diagnostics if d.article == src_uri]
    if not actions:
        if told:
            raise ArticlesError("\n".join(told))
        raise _unknown(article, src_uri, plan, survey)
    texts = ["\n".join(_lines(action, survey.engine)) + "\n" for action in actions]
    texts += [f"{line}\n" for line in told]
    return "\n".join(texts)


def _lines(action: Action, engine: Engine) -> Iterator[str]:
    yield f"article      {action.article}"
    yield f"title        {action.cover.article.title}"
    yield f"state        {action.kind} ({action.reason})"
    if action.request is None:
        return
    for change in action.changes:
        yield f"changed      {change}" + ("" if change.by_author else " (by the site)")
    if action.mend:
        yield f"to do        {action.mend}"
    yield f"price        {_price(action)}"
    yield f"key          {action.request_key}"
    for name, value in _request_fields(action.request):
        yield f"{name:<12} {value}"
    if approved := action.approved:
        bought = f"bought {approved.bought_at[:10]}{_paid(approved)}"
        yield f"lockfile     {approved.digest[:12]}, {bought}"
    yield "prompt"
    yield from (f"  {line}".rstrip() for line in action.request.prompt.split("\n"))
    yield from _difference(action, engine)


def _paid(approved: Approved) -> str:
    return "" if approved.usd is None else f" for ${usd_text(approved.usd)}"


def _difference(action: Action, engine: Engine) -> Iterator[str]:
    """Yield how the prompt differs from the one that the approved picture was bought with."""
    approved, request = action.approved, action.request
    if approved is None or request is None or approved.request_key == action.request_key:
        return
    before = prompt_of(approved, engine.store)
    if before is None:
        yield "difference   not known: no store has the prompt that the cover was bought with"
    elif before == request.prompt:
        yield "difference   none in the prompt"
    else:
        yield "difference   from the prompt that the cover was bought with"
        lines = difflib.ndiff(before.split("\n"), request.prompt.split("\n"))
        yield from (f"  {line}".rstrip() for line in lines if not line.startswith("?"))


def _request_fields(request: CoverRequest) -> Iterator[tuple[str, object]]:
    """Yield what is sent besides the prompt; what is left out is not sent."""
    yield "request", request.kind
    yield "model", request.model
    yield "size", request.size
    yield "quality", request.quality
    for name in ("background", "moderation"):
        if value := getattr(request, name):
            yield name, value
    for digest in request.reference_digests:
        yield "reference", digest
    if request.mask_digest:
        yield "mask", request.mask_digest
    if request.parent_key:
        yield "edit of", request.parent_key
    if request.variant:
        yield "variant", request.variant


def _price(action: Action) -> str:
    price = action.price
    if not isinstance(price, Priced):
        return f"unpriced: {price.why}"
    if not price.output_usd:
        return "nothing to pay"
    picture = f"${usd_text(price.output_usd)} ({price.confidence})"
    return f"{picture}, prompt about ${usd_text(price.input_usd_estimate)}"


def _src_uri(article: str, survey: Survey, cwd: Path) -> str:
    """Return the article's src_uri, from that itself or from a path on disk."""
    path = (cwd / article).resolve()
    if path.is_file() and path.is_relative_to(survey.docs_dir):
        return path.relative_to(survey.docs_dir).as_posix()
    return article.replace("\\", "/").removeprefix("./")


def _unknown(article: str, src_uri: str, plan: Plan, survey: Survey) -> ArticlesError:
    if (survey.docs_dir / src_uri).is_file():
        return ArticlesError(
            f"{src_uri} asks for no cover", hint="add cover_prompt to its front matter"
        )
    names = [action.article for action in plan.actions]
    near = difflib.get_close_matches(src_uri, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "name it as `mkdocs-imagegen plan` does"
    return ArticlesError(f"there is no article {article} with a cover", hint=hint)
