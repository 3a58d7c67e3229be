"""One article's cover in full, as text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from ..errors import ArticlesError
from ..model import Action, CoverRequest, Plan, Priced
from ..pricing import usd_text
from ..survey import Survey


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
    texts = ["\n".join(_lines(action)) + "\n" for action in actions]
    texts += [f"{line}\n" for line in told]
    return "\n".join(texts)


def _lines(action: Action) -> Iterator[str]:
    yield f"article      {action.article}"
    yield f"title        {action.cover.article.title}"
    yield f"state        {action.kind} ({action.reason})"
    if action.request is None:
        return
    yield f"price        {_price(action)}"
    yield f"key          {action.request_key}"
    for name, value in _request_fields(action.request):
        yield f"{name:<12} {value}"
    yield "prompt"
    yield from (f"  {line}".rstrip() for line in action.request.prompt.split("\n"))


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
