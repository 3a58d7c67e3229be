"""Plans made by hand, for what is shown of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from mkdocs_imagegen.model import (
    FREE,
    Action,
    ActionKind,
    Approved,
    ArticleSource,
    Change,
    Cover,
    CoverRequest,
    Diagnostic,
    OwnPicture,
    Plan,
    Price,
    Priced,
    Size,
    Unpriced,
)
from mkdocs_imagegen.plan import Decision, Outlook

SIZE = Size(1536, 1024)
PROMPT = "Subject: a red fox\nStyle: paper cut"
COVER = Cover(
    ArticleSource("blog/posts/a.md", "A", {}), "a fox", "gpt-image-2", SIZE, "medium", "cover.j2"
)
MEDIUM = Priced(
    Decimal("0.04116"), Decimal("0.000645"), Decimal("0.0425"), batch_usd=Decimal("0.0209025")
)
ESTIMATE = Priced(Decimal("0.01992"), Decimal("0.0006"), Decimal("0.04"), "estimate")
UNPRICED = Unpriced("the price book has no model mine")
YES = Decision(True, "mode: generate")
NO = Decision(False, "mode: auto buys only in CI")
BUYS, BUYS_NOT = Outlook(YES), Outlook(NO)
APPROVED = Approved(
    "cd" * 32, "ef" * 32, 100_000, "gpt-image-2", SIZE, "medium", "2026-10-01T08:00:00+00:00"
)
LINE_3 = Change("blog.j2 line 3")
_PAID = {ActionKind.GENERATE, ActionKind.OUTDATED}


def action(
    kind: ActionKind = ActionKind.GENERATE,
    src_uri: str = "blog/posts/a.md",
    price: Price | None = None,
    reason: str = "new",
    *,
    title: str = "A",
    changes: tuple[Change, ...] = (),
    approved: Approved | None = None,
    prompt: str = PROMPT,
) -> Action:
    cover = replace(COVER, article=ArticleSource(src_uri, title, {}))
    price = price or (MEDIUM if kind in _PAID else FREE)
    if kind is ActionKind.OWN:
        cover = replace(cover, own=OwnPicture("own.png", "cover", ("own.png",)))
        return Action(kind, cover, reason, price)
    request = CoverRequest("generate", cover.model, prompt, cover.size, cover.quality)
    return Action(
        kind, cover, reason, price, request, "ab" * 32, approved=approved, changes=changes
    )


def outdated(src_uri: str, *changes: Change, price: Price = MEDIUM) -> Action:
    changes = changes or (LINE_3,)
    reason = ", ".join(map(str, changes))
    kind = ActionKind.OUTDATED
    return action(kind, src_uri, price, reason, changes=changes, approved=APPROVED)


def plan(*actions: Action, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    return Plan(actions, diagnostics)


EVERY_KIND = [
    action(ActionKind.GENERATE, "a.md"),
    action(ActionKind.RENDER, "b.md", reason="bought before"),
    action(ActionKind.REUSE, "c.md", reason="unchanged"),
    action(ActionKind.SHARED, "d.md", reason="same picture as a.md"),
    action(ActionKind.OWN, "e.md", reason="cover: own.png"),
    action(ActionKind.DRAW, "f.md", reason="provider: sketch"),
    action(ActionKind.BLOCKED, "g.md", reason="not yet"),
    action(ActionKind.GENERATE, "h.md", ESTIMATE),
    action(ActionKind.GENERATE, "i.md", UNPRICED),
    outdated("j.md"),
    action(ActionKind.SKIP, "k.md", reason="new; not in --only"),
    action(ActionKind.LOST, "l.md", reason="paid for, but in no store"),
]
