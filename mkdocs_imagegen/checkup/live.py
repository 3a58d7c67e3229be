"""One small picture, bought on trial: is what comes what was asked for, at the price that was told?

It is booked like any other request and held against the walls. It is nobody's cover: it goes to the
folder `doctor` of the cache, for a person to look at, and not into the store.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from .. import images
from ..engine import Engine
from ..errors import (
    AnswerError,
    ImagegenError,
    PictureError,
    ProviderError,
    SettingsError,
    StoreError,
)
from ..keys import digest, request_key
from ..model import (
    Action,
    ActionKind,
    ArticleSource,
    Cover,
    CoverRequest,
    Price,
    Priced,
    Record,
    Size,
    Usage,
)
from ..pricing import PriceBook, usd_text
from ..providers import Answer, OnAnswer, Provider
from ..settings import Settings
from ..store.files import write_atomically
from ..store.records import recorded_usd
from ..till import Attribution, Till, planned_usd
from .findings import Finding

ARTICLE = "(doctor)"
"""What the books call the article."""
FOLDER = "doctor"
_SIZES = (Size(1024, 1024), Size(1536, 1024), Size(1024, 640))
_PROMPT = "A red fox in fresh snow, flat illustration, plain background, no text"
_BASE64 = re.compile(rb'"b64_json"\s*:\s*"')
_ADDRESS = re.compile(rb'"url"\s*:\s*"')
_FAR_OFF = Decimal("0.1")
"""How far, as a part of the estimate, a bill may be from it before that is told."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a trial would buy."""

    action: Action
    request: CoverRequest
    price: Price

    def __str__(self) -> str:
        picture = f"{self.request.model}, {self.request.size}, {self.request.quality}"
        if not isinstance(self.price, Priced):
            return f"one picture of {picture}; price unknown: {self.price.why}"
        usd = self.price.output_usd + self.price.input_usd_estimate
        return f"one picture of {picture}, for about ${usd_text(usd)}"


def make_offer(engine: Engine, today: dt.date) -> Offer:
    """Return the cheapest picture that the site's model paints, as far as its prices are known.

    Raises:
        SettingsError: nothing can be bought here.
    """
    settings, book = engine.settings, engine.book
    if settings.provider == "sketch":
        raise SettingsError("provider sketch draws all covers here: there is nothing to buy")
    if engine.endpoint is None:
        raise SettingsError(
            "no API key is set, so nothing can be bought",
            hint=f"set {engine.key_names} in the environment or in .env",
        )
    end = book.shut_down(settings.model) if settings.priced else None
    if end is not None and end.on <= today:
        raise SettingsError(
            f"{settings.model} was shut down on {end.on}: no picture can be had from it",
            hint=f"set `model: {end.successor}` in mkdocs.yml",
        )
    request, price = _cheapest(settings, book)
    cover = Cover(
        ArticleSource(ARTICLE, ARTICLE, {}),
        request.prompt,
        request.model,
        request.size,
        request.quality,
        settings.template,
    )
    action = Action(ActionKind.GENERATE, cover, "a trial", price, request, request_key(request))
    return Offer(action, request, price)


def buy_offer(
    engine: Engine,
    offer: Offer,
    make_provider: Callable[[OnAnswer], Provider],
    now: Callable[[], dt.datetime],
) -> Iterator[Finding]:
    """Send the request once, and tell what came. Costs what the offer says."""
    form = _Form()
    try:
        answer, usd, path = _bought(engine, offer, make_provider(form), now)
    except ImagegenError as error:
        request_id = getattr(error, "request_id", "")
        vendor = f" [request {request_id}]" if request_id else ""
        yield Finding("error", "answer", f"{error.message}{vendor}", error.hint)
        return
    yield Finding("ok", "answer", f"the picture came {form.told}")
    try:
        if answer.missed is not None:
            raise answer.missed
        picture = images.inspect(answer.picture)
    except AnswerError as error:
        yield Finding("error", "picture", f"paid for: {error.message}; see {path}", error.hint)
        return
    except PictureError as error:
        yield Finding(
            "error",
            "picture",
            f"paid for, but the endpoint sent {error.message}; it is kept: {path}",
            "ask who runs the endpoint; IMAGEGEN_DRY_RUN=1 keeps builds from paying for more",
        )
        return
    yield Finding("ok", "picture", f"look at it: {path}")
    yield _format(picture.format, answer)
    yield _size(picture.size, offer.request.size)
    yield _usage(offer, answer.usage, usd)


class _Form:
    """Notes in which form a picture came."""

    told = "as it is"

    def __call__(self, *_: object, body: bytes, **__: object) -> None:
        """Look for the fields' names: what is in them is for the provider to read."""
        if _BASE64.search(body):
            self.told = "as base64"
        elif _ADDRESS.search(body):
            self.told = "as an address, and was fetched from there"


def _cheapest(settings: Settings, book: PriceBook) -> tuple[CoverRequest, Price]:
    model = settings.model
    qualities = book.priced_qualities(model) or (settings.quality,)
    requests = [
        CoverRequest("generate", model, _PROMPT, size, quality, settings.background)
        for size in _SIZES
        for quality in qualities
    ]
    offers = [(each, book.price(each, priced=settings.priced)) for each in requests]
    known = [(each, price) for each, price in offers if isinstance(price, Priced)]
    # Where two cost the same, the first size is what most models know.
    return min(known, key=lambda pair: pair[1].bound_usd) if known else offers[0]


def _bought(
    engine: Engine, offer: Offer, provider: Provider, now: Callable[[], dt.datetime]
) -> tuple[Answer, Decimal | None, Path]:
    """Reserve, send, save, settle. Returns the proven price, and where the picture is."""
    store, settings = engine.store, engine.settings
    key = request_key(offer.request)
    folder = _made(store.cache_dir / FOLDER)
    attribution = Attribution(settings.site.name)
    till = Till(engine.ledger, settings.budget, attribution, provider.host, now)
    # A row is open only while its lock is held.
    with store.lock(key):
        booking = till.reserve(offer.action, offer.request, key)
        try:
            answer = provider.generate(offer.request)
        except BaseException as error:
            free = isinstance(error, ProviderError) and not error.maybe_billed
            request_id = error.request_id if isinstance(error, ProviderError) else ""
            (till.release if free else till.hold)(booking, request_id)
            raise
        path = folder / f"{now():%Y%m%d-%H%M%S}.{images.sniff(answer.picture) or 'bin'}"
        try:
            _save(path, answer.picture)
        finally:
            usd = _proven_usd(engine.book, offer, answer.usage)
            till.settle(booking, _record(offer, key, answer, usd, now()), usd)
    return answer, usd, path


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{folder} can't be made, so nothing was bought: {error.strerror or error}",
            hint="give this user write permission on the cache folder",
        ) from error
    return folder


def _save(path: Path, picture: bytes) -> None:
    try:
        write_atomically(path, picture)
    except OSError as error:
        raise StoreError(
            f"{path} can't be written, and the picture was paid for: {error.strerror or error}",
            hint="make room, or give this user write permission on the cache folder",
        ) from error


def _proven_usd(book: PriceBook, offer: Offer, usage: Usage | None) -> Decimal | None:
    if not isinstance(offer.price, Priced) or usage is None:
        return None
    return book.actual_usd(offer.request.model, usage, quality=offer.request.quality)


def _record(offer: Offer, key: str, answer: Answer, usd: Decimal | None, at: dt.datetime) -> Record:
    known_usd = planned_usd(offer.action) if usd is None else usd
    return Record(
        request_key=key,
        digest=digest(answer.picture),
        size_bytes=len(answer.picture),
        article=ARTICLE,
        sent=answer.sent,
        endpoint=answer.endpoint,
        received_at=at.isoformat(timespec="seconds"),
        usage=answer.usage,
        usd=recorded_usd(known_usd),
        request_id=answer.request_id,
    )


def _format(came: images.Format, answer: Answer) -> Finding:
    asked = answer.sent.get("output_format")
    if asked is None or asked == came:
        return Finding("ok", "format", f"{came}, whole")
    return Finding(
        "info", "format", f"{came} instead of {asked}: builds turn it into WebP, which is free"
    )


def _size(came: Size, asked: Size) -> Finding:
    if came == asked:
        return Finding("ok", "size", f"{came}, as asked")
    return Finding(
        "warning",
        "size",
        f"{came} instead of {asked}",
        "ask for sizes that the endpoint knows: `size` in mkdocs.yml",
    )


def _usage(offer: Offer, usage: Usage | None, usd: Decimal | None) -> Finding:
    if not isinstance(offer.price, Priced):
        return Finding("skipped", "usage", "without a price there is nothing to compare")
    if usd is None or usage is None:
        return Finding(
            "info", "usage", "the endpoint counts no tokens: what it charged is an estimate"
        )
    planned_output_usd = offer.price.output_usd + offer.price.input_usd_estimate
    told = f"{usage.input_text_tokens} tokens in, {usage.output_tokens} out: ${usd_text(usd)}"
    if abs(usd - planned_output_usd) <= planned_output_usd * _FAR_OFF:
        return Finding("ok", "usage", f"{told}, as estimated")
    return Finding(
        "warning",
        "usage",
        f"{told}, but estimated were ${usd_text(planned_output_usd)}",
        "update mkdocs-imagegen, or name what you pay under `prices:`",
    )
