"""Articles to orders: what each asks for, as a request with its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..articles import read_cover
from ..errors import TemplateError
from ..keys import request_key
from ..model import ArticleSource, Cover, CoverRequest, Diagnostic, FileRef, Order, Orders
from ..pricing import PriceBook
from ..prompts import Prompts
from ..settings import Settings

Digests = Mapping[str, str]
"""sha256 of the site's files that covers name, by URI below docs_dir; absent ones are missing."""


def read_covers(
    sources: Iterable[ArticleSource], settings: Settings, book: PriceBook
) -> tuple[tuple[Cover, ...], tuple[Diagnostic, ...]]:
    """Read what each article asks for; a broken article gives diagnostics and no cover."""
    covers: list[Cover] = []
    diagnostics: list[Diagnostic] = []
    for source in sorted(sources, key=lambda s: (s.src_uri, s.locale)):
        told = source.front_matter.diagnostics
        cover, found = read_cover(source, settings, book)
        diagnostics += (*told, *found)
        if cover and not any(d.level == "error" for d in told):
            covers.append(cover)
    return tuple(covers), tuple(diagnostics)


def named_files(covers: Iterable[Cover]) -> frozenset[str]:
    """Return every URI below docs_dir that a cover may mean by a file it names."""
    uris: set[str] = set()
    for cover in covers:
        if cover.own:
            uris.update(cover.own.candidates)
        for ref in _file_refs(cover):
            uris.update(ref.candidates)
    return frozenset(uris)


def make_orders(covers: Iterable[Cover], prompts: Prompts, digests: Digests) -> Orders:
    """Turn covers into orders: prompts rendered, files found, requests and their keys made."""
    orders: list[Order] = []
    diagnostics: list[Diagnostic] = []
    for cover in covers:
        missing = tuple(_missing_files(cover, digests))
        if missing:
            diagnostics += missing
        elif cover.own:
            uri = _first_there(cover.own.candidates, digests)
            orders.append(Order(cover, own_uri=uri, own_digest=digests[uri] if uri else None))
        else:
            try:
                order, notes = _order(cover, prompts, digests)
            except TemplateError as error:
                diagnostics.append(_template_diagnostic(cover, error))
            else:
                orders.append(order)
                diagnostics += notes
    return Orders(tuple(orders), tuple(diagnostics), prompts.sources)


def merge_orders(parts: Sequence[Orders]) -> Orders:
    """Merge the orders of a site's languages: the same article with the same request once."""
    orders = {
        (o.cover.article.src_uri, o.request_key): o for part in reversed(parts) for o in part.orders
    }
    diagnostics = dict.fromkeys(d for part in parts for d in part.diagnostics)
    ordered = sorted(orders.values(), key=lambda o: (o.cover.article.src_uri, o.request_key or ""))
    templates = {name: text for part in parts for name, text in part.templates.items()}
    articles = frozenset().union(*(part.articles for part in parts))
    return Orders(tuple(ordered), tuple(diagnostics), templates, articles)


def _order(
    cover: Cover, prompts: Prompts, digests: Digests
) -> tuple[Order, tuple[Diagnostic, ...]]:
    rendered = prompts.render(cover)
    request = _request(cover, rendered.text, digests)
    order = Order(
        cover,
        request,
        request_key(request),
        unsupported=_unsupported(cover),
        templates=rendered.templates,
        variables=rendered.variables,
        references=tuple(digests[_found(ref, digests)] for ref in _file_refs(cover)),
    )
    if not rendered.volatile:
        return order, ()
    names = ", ".join(rendered.volatile)
    note = Diagnostic(
        "info",
        f"the prompt is made from {names}: editing that makes this cover outdated, or repaints it "
        "under `on_change: repaint`",
        article=cover.article.src_uri,
        key="cover_template",
        hint=f"leave {names} out of {cover.template} to keep approved covers",
    )
    return order, (note,)


def _request(cover: Cover, prompt: str, digests: Digests) -> CoverRequest:
    """Return the request for the cover; with edits, the last of the chain."""
    references = tuple(digests[_found(ref, digests)] for ref in cover.references)
    request = CoverRequest(
        kind="edit" if references else "generate",
        model=cover.model,
        prompt=prompt,
        size=cover.size,
        quality=cover.quality,
        background=cover.background,
        moderation=cover.moderation,
        reference_digests=references,
        mask_digest=digests[_found(cover.mask, digests)] if cover.mask else None,
        variant=cover.variant,
    )
    for edit in cover.edits:
        request = CoverRequest(
            kind="edit",
            model=cover.model,
            prompt=edit,
            size=cover.size,
            quality=cover.quality,
            background=cover.background,
            parent_key=request_key(request),
        )
    return request


def _unsupported(cover: Cover) -> str:
    named = {
        "cover_references": cover.references,
        "cover_mask": cover.mask,
        "cover_edits": cover.edits,
    }
    used = [key for key, value in named.items() if value]
    return f"{' and '.join(used)} can't be sent yet by this version" if used else ""


def _file_refs(cover: Cover) -> tuple[FileRef, ...]:
    return (*cover.references, *((cover.mask,) if cover.mask else ()))


def _first_there(candidates: Iterable[str], digests: Digests) -> str | None:
    return next((uri for uri in candidates if uri in digests), None)


def _found(ref: FileRef, digests: Digests) -> str:
    uri = _first_there(ref.candidates, digests)
    assert uri is not None  # _missing_files has told of the others
    return uri


def _missing_files(cover: Cover, digests: Digests) -> Iterable[Diagnostic]:
    own = cover.own
    named = [(own.key, own.ref, own.candidates, own.line)] if own and own.candidates else []
    named += [
        ("cover_references", ref.ref, ref.candidates, cover.line("references"))
        for ref in cover.references
    ]
    if cover.mask:
        named.append(("cover_mask", cover.mask.ref, cover.mask.candidates, cover.line("mask")))
    for key, ref, candidates, line in named:
        if _first_there(candidates, digests) is None:
            yield Diagnostic(
                "error",
                f"{key}: there is no file {ref}",
                article=cover.article.src_uri,
                key=key,
                line=line,
                hint=f"put the picture at {' or '.join(candidates)} in docs_dir, or mend the path",
            )


def _template_diagnostic(cover: Cover, error: TemplateError) -> Diagnostic:
    where = error.template + (f", line {error.line}" if error.line is not None else "")
    return Diagnostic(
        "error",
        f"{where}: {error.message}" if where else error.message,
        article=cover.article.src_uri,
        key="cover_template" if cover.line("template") else "cover_prompt",
        line=cover.line("template") or cover.line("prompt"),
        hint=error.hint,
    )
