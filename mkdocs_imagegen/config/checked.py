"""The options, checked against each other and with the environment, as `Settings`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig

from ..environment import is_dry_run
from ..errors import SettingsError
from ..model import OnError, Palette, Size
from ..palettes import palette_of
from ..pricing import PriceBook
from ..settings import (
    DEFAULT_BASE_URL,
    DEFAULT_MODEL,
    DEFAULT_SIZE,
    OPENAI_HOST,
    PARTS,
    PROMPT_LIMIT_CHARS,
    Endpoint,
    Mode,
    PathDefaults,
    Settings,
    SiteFacts,
)
from .budget import make_budget
from .options import ImagegenConfig
from .places import site_folder
from .titles import read_font
from .words import make_words

Number = TypeVar("Number", int, float)


def make_book(options: ImagegenConfig, book: PriceBook) -> PriceBook:
    """Return the book with the prices of mkdocs.yml over its own.

    Raises:
        SettingsError: one of them is no price.
    """
    if not options.prices:
        return book
    try:
        return book.with_rows(options.prices)
    except ValueError as error:
        raise SettingsError(
            f"imagegen: {error}", hint="write it as in `prices: {my-model: {per_image: 0.04}}`"
        ) from error


def make_settings(
    options: ImagegenConfig,
    config: MkDocsConfig,
    environ: Mapping[str, str],
    book: PriceBook,
    endpoint: Endpoint | None,
) -> Settings:
    """Check the options against each other and return them as settings.

    Raises:
        SettingsError: naming the option and the mend.
    """
    # Whatever keys there are: a build without any must ask for the pictures that CI bought.
    model = options.model or environ.get("NBILITY_IMAGE_MODEL") or DEFAULT_MODEL
    base_url = endpoint.base_url if endpoint else (options.base_url or DEFAULT_BASE_URL)
    return Settings(
        mode=_mode(options, environ),
        provider="sketch" if options.provider == "sketch" else "openai",
        model=model,
        size=_size(options.size, model, book),
        quality=_quality(options.quality, model, book),
        background=options.background,
        moderation=options.moderation,
        parts={part: text for part in PARTS if (text := getattr(options, part))},
        template=options.template,
        defaults=tuple(_path_defaults(n, entry) for n, entry in enumerate(options.defaults)),
        max_prompt_chars=_within(
            "max_prompt_chars", options.max_prompt_chars, 1, PROMPT_LIMIT_CHARS
        ),
        budget=make_budget(options.budget),
        on_change="repaint" if options.on_change == "repaint" else "keep",
        on_error=_on_error(options, environ),
        retries=_within("retries", options.retries, 0, 10),
        retry_timeouts=options.retry_timeouts,
        images_per_minute=None
        if options.images_per_minute is None
        else _within("images_per_minute", options.images_per_minute, 1, 100_000),
        concurrency=_within("concurrency", options.concurrency, 1, 64),
        timeout_s=float(_within("timeout_s", options.timeout_s, 1, 3600)),
        insert=_insert(options),
        lists=_lists(options),
        label=bool(options.covers.label),
        missing_alt="warn" if options.covers.missing_alt == "warn" else "ignore",
        words=make_words(options.covers, config),
        og_title=options.og.title,
        og_font=read_font(options.og, site_folder(config)),
        webp_quality=_within("webp_quality", options.webp_quality, 0, 100),
        widths=tuple(sorted({_within("widths", width, 16, 8192) for width in options.widths})),
        avif=options.avif,
        publish_prompts=options.publish_prompts,
        keep_metadata=options.keep_metadata,
        priced=options.price_as == "openai" or urlsplit(base_url).hostname == OPENAI_HOST,
        site=SiteFacts(
            name=config.site_name or "",
            description=config.site_description or "",
            url=_configured_url(config),
            palette=palette_of(config.theme.get("palette")) or Palette(),
        ),
    )


def _mode(options: ImagegenConfig, environ: Mapping[str, str]) -> Mode:
    if is_dry_run(environ):
        return Mode.PLAN
    named = environ.get("IMAGEGEN_MODE", options.mode)
    try:
        return Mode(named)
    except ValueError:
        raise SettingsError(
            f"IMAGEGEN_MODE is {named!r}",
            hint=f"set it to one of {', '.join(Mode)}, or unset it",
        ) from None


def _on_error(options: ImagegenConfig, environ: Mapping[str, str]) -> OnError:
    named = environ.get("IMAGEGEN_ON_ERROR", options.on_error)
    for known in get_args(OnError):
        if named == known:
            return cast(OnError, known)
    raise SettingsError(
        f"IMAGEGEN_ON_ERROR is {named!r}",
        hint=f"set it to one of {', '.join(get_args(OnError))}, or unset it",
    )


def _size(text: str, model: str, book: PriceBook) -> Size:
    try:
        size = Size.parse(text)
    except ValueError:
        raise SettingsError(
            f"imagegen: size: {text!r} is no size in pixels",
            hint=f"write it as `size: {DEFAULT_SIZE}`",
        ) from None
    if problem := book.size_problem(model, size):
        raise SettingsError(
            f"imagegen: size: {size} does not fit {model}: {problem}",
            hint=f"the nearest that does is `size: {book.nearest_size(model, size)}`",
        )
    return size


def _quality(text: str, model: str, book: PriceBook) -> str:
    known = book.qualities(model)
    if known and text not in known:
        raise SettingsError(
            f"imagegen: quality: {text!r} is none of {model}'s",
            hint=f"set it to one of {', '.join(known)}",
        )
    return text


def _path_defaults(n: int, entry: dict[str, object]) -> PathDefaults:
    match = entry.get("match")
    if not isinstance(match, str) or not match:
        raise SettingsError(
            f"imagegen: defaults[{n}] has no `match`",
            hint='name the paths it is for, as in `match: "blog/**"`',
        )
    fields = {str(key): value for key, value in entry.items() if key != "match"}
    return PathDefaults(match, fields)


def _insert(options: ImagegenConfig) -> Literal["above_title", "below_title"] | None:
    match options.insert:
        case "above_title":
            return "above_title"
        case "below_title":
            return "below_title"
        case _:
            return None


def _lists(options: ImagegenConfig) -> Literal["card", "thumbnail"] | None:
    match options.covers.list:
        case "card":
            return "card"
        case "thumbnail":
            return "thumbnail"
        case _:
            return None


def _within(name: str, value: Number, least: int, most: int) -> Number:
    if isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(
            f"imagegen: {name} is {value}", hint=f"set it to a number from {least} to {most}"
        )
    return value


def _configured_url(config: MkDocsConfig) -> str:
    """Return site_url as written: `serve` and mike set another one, which must repaint nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there is no other record of it
        written = getattr(config, "user_configs", ())
    urls = [patch["site_url"] for patch in written if patch.get("site_url")]
    return str(urls[-1]) if urls else ""
