"""The options in mkdocs.yml and the environment, turned once into `Settings` and `Endpoint`.

Keys are never options: they come from the environment or from `.env` beside mkdocs.yml.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from mkdocs.config import base
from mkdocs.config import config_options as c
from mkdocs.config.defaults import MkDocsConfig

from .environment import PAIRED_KEYS, is_dry_run, pair
from .errors import SettingsError
from .model import Palette, Size
from .palettes import palette_of
from .pricing import PriceBook
from .settings import (
    DEFAULT_BASE_URL,
    DEFAULT_MODEL,
    DEFAULT_QUALITY,
    DEFAULT_SIZE,
    DEFAULT_TEMPLATE,
    OPENAI_HOST,
    PARTS,
    PROMPT_LIMIT_CHARS,
    Budget,
    Endpoint,
    Mode,
    PathDefaults,
    Settings,
    SiteFacts,
)

Number = TypeVar("Number", int, float)


class _Walls(c.Type[Any]):
    """Lets `budget:` without a value through to us: MkDocs would put the default in its place."""

    def validate(self, value: object) -> Any:
        """Return the value as it stands in mkdocs.yml."""
        return None if value is None else self.run_validation(value)


class ImagegenConfig(base.Config):
    """The options below `plugins: - imagegen:`."""

    enabled = c.Type(bool, default=True)
    """Whether the plugin does anything."""
    mode = c.Choice([mode.value for mode in Mode], default=Mode.AUTO.value)
    """When a build buys: `auto` (in CI with a key), `generate`, `plan` or `frozen`."""
    provider = c.Choice(["openai", "sketch"], default="openai")
    """`openai` for any OpenAI-compatible endpoint, `sketch` to draw all covers here, free."""
    model = c.Optional(c.Type(str))
    """The image model; `gpt-image-2` unless `NBILITY_IMAGE_MODEL` names one."""
    base_url = c.Optional(c.Type(str))
    """The endpoint's address. It gets `IMAGEGEN_API_KEY` or the key that `api_key_env` names."""
    api_key_env = c.Optional(c.Type(str))
    """The environment variable that holds the key for `base_url`."""
    price_as = c.Optional(c.Choice(["openai"]))
    """`openai` where another endpoint charges OpenAI's prices; its prices are unknown otherwise."""
    prices = c.Type(dict, default={})
    """Your own prices by model: `{my-model: {per_image: 0.04}}`, or changes to the package's."""
    size = c.Type(str, default=str(DEFAULT_SIZE))
    """The size asked for, in pixels."""
    quality = c.Type(str, default=DEFAULT_QUALITY)
    """`low`, `medium` or `high`; some models know more."""
    background = c.Optional(c.Choice(["opaque", "transparent", "auto"]))
    """Sent only where it is set."""
    moderation = c.Optional(c.Choice(["auto", "low"]))
    """Sent only where it is set."""
    subject = c.Optional(c.Type(str))
    """The prompt's first part, as a Jinja snippet; by default the author's `cover_prompt`."""
    use_case = c.Optional(c.Type(str))
    """The prompt's second part: what the picture is for."""
    composition = c.Optional(c.Type(str))
    """The prompt's third part: framing, focal point, margins."""
    style = c.Optional(c.Type(str))
    """The prompt's fourth part: the look that the site's covers share."""
    constraints = c.Optional(c.Type(str))
    """The prompt's fifth part: what must not be in the picture."""
    template = c.Type(str, default=DEFAULT_TEMPLATE)
    """The prompt template: the built-in one, or a file of `templates_dir`."""
    templates_dir = c.Type(str, default="cover_templates")
    """The folder of the site's own prompt templates, beside mkdocs.yml."""
    max_prompt_chars = c.Type(int, default=4000)
    """The longest prompt that may be sent, at most 32000."""
    defaults = c.ListOfItems(c.Type(dict), default=[])
    """Cover fields by path: a list of `{match: "blog/**", style: ..., size: ...}`."""
    budget = _Walls((int, float, dict), default={})
    """The walls: USD a build, or `{per_build: USD, per_month: USD, max_images: 25}`."""
    on_change = c.Choice(["keep", "repaint"], default="keep")
    """Whether a change of template, style or model leaves approved covers as they are."""
    concurrency = c.Type(int, default=4)
    """Requests under way at once."""
    timeout_s = c.Type((int, float), default=300)
    """Seconds that an endpoint may stay silent."""
    insert = c.Choice(["below_title", "above_title", False], default="below_title")
    """Where the cover stands in the article; `false` leaves it to the theme."""
    webp_quality = c.Type(int, default=82)
    """0 to 100, for pictures that the endpoint did not send as WebP."""
    cache_dir = c.Type(str, default=".cache/imagegen")
    """The store's folder, beside mkdocs.yml."""
    store = c.Optional(c.Type(str))
    """A folder for the originals in git, such as `covers/`, beside mkdocs.yml."""
    log_level = c.Optional(c.Choice(["debug", "info", "warning", "error"]))
    """The least that this plugin reports; MkDocs' own level (`-q`, `-v`) unless it is set."""


def site_folder(config: MkDocsConfig) -> Path:
    """Return the folder of mkdocs.yml: what every path of ours is anchored to."""
    if config.config_file_path:
        return Path(config.config_file_path).resolve().parent
    return Path.cwd()


def covers_folder(options: ImagegenConfig, folder: Path, docs_dir: Path) -> Path | None:
    """Return the store's folder in git, where there is one.

    Raises:
        SettingsError: it can't be one: an address, outside the site, or where MkDocs publishes.
    """
    if options.store is None:
        return None
    path = (folder / options.store).resolve()
    if "://" in options.store or not options.store.strip():
        problem = "is no folder"
    elif not path.is_relative_to(folder) or path == folder:
        problem = "is not below the folder of mkdocs.yml"
    elif path.is_relative_to(docs_dir):
        problem = "is in docs_dir, where MkDocs would publish what is in it"
    else:
        return path
    raise SettingsError(
        f"imagegen: store: {options.store!r} {problem}", hint="write it as `store: covers/`"
    )


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
        budget=_budget(options.budget),
        on_change="repaint" if options.on_change == "repaint" else "keep",
        concurrency=_within("concurrency", options.concurrency, 1, 64),
        timeout_s=float(_within("timeout_s", options.timeout_s, 1, 3600)),
        insert=_insert(options),
        webp_quality=_within("webp_quality", options.webp_quality, 0, 100),
        priced=options.price_as == "openai" or urlsplit(base_url).hostname == OPENAI_HOST,
        site=SiteFacts(
            name=config.site_name or "",
            description=config.site_description or "",
            url=_configured_url(config),
            palette=palette_of(config.theme.get("palette")) or Palette(),
        ),
    )


def find_endpoint(options: ImagegenConfig, environ: Mapping[str, str]) -> Endpoint | None:
    """Return the base URL and key that belong together; `None` where no key is set.

    Raises:
        SettingsError: `base_url` is no http(s) address, or would be sent a key of another service.
    """
    name = options.api_key_env or "IMAGEGEN_API_KEY"
    if name in PAIRED_KEYS:
        raise SettingsError(
            f"imagegen: api_key_env: {name} goes only to its own service, never where mkdocs.yml "
            "sends it",
            hint="leave api_key_env out; a key for `base_url` belongs into IMAGEGEN_API_KEY",
        )
    if options.base_url:
        return pair(options.base_url, "base_url", name, environ)
    for key_name, url_name, default in (
        (name, "IMAGEGEN_BASE_URL", DEFAULT_BASE_URL),
        ("NBILITY_API_KEY", "NBILITY_BASE_URL", ""),
        ("OPENAI_API_KEY", "OPENAI_BASE_URL", DEFAULT_BASE_URL),
    ):
        base_url = environ.get(url_name, default)
        if base_url and key_name in environ:
            return pair(base_url, url_name, key_name, environ)
    return None


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


def _budget(option: float | dict[str, object] | None) -> Budget:
    walls = option if isinstance(option, dict) else {"per_build": option}
    for key, value in walls.items():
        if key not in ("per_build", "per_month", "max_images"):
            raise SettingsError(
                f"imagegen: budget: there is no wall named {key}",
                hint="the walls are per_build and per_month (USD), and max_images",
            )
        if value is None:  # as of `!ENV [MAX_USD]` where nobody set that
            where = f"budget: {key}" if isinstance(option, dict) else "budget"
            raise SettingsError(
                f"imagegen: {where} has no value, so there would be no wall",
                hint="write a number; with !ENV also as a default: !ENV [MAX_USD, 0.50]",
            )
    images = walls.get("max_images", Budget().max_images)
    if isinstance(images, bool) or not isinstance(images, int) or images < 0:
        raise SettingsError(
            f"imagegen: budget: max_images is {images!r}", hint="set it to a whole number from 0"
        )
    usd = {key: _usd(key, walls[key]) for key in ("per_build", "per_month") if key in walls}
    return Budget(usd.get("per_build"), images, usd.get("per_month"))


def _insert(options: ImagegenConfig) -> Literal["above_title", "below_title"] | None:
    match options.insert:
        case "above_title":
            return "above_title"
        case "below_title":
            return "below_title"
        case _:
            return None


def _usd(wall: str, value: object) -> Decimal:
    try:
        usd = Decimal(str(value))  # the digits of mkdocs.yml, not the float that YAML made of them
    except InvalidOperation:
        usd = Decimal("NaN")
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise SettingsError(
            f"imagegen: budget: {wall} is {value!r}",
            hint=f"set it to an amount in USD, as in `budget: {{{wall}: 0.50}}`",
        )
    return usd


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
