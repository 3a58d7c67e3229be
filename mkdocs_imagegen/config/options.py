"""The options below `plugins: - imagegen:`, one docstring each; the docs' table is made of them."""

from __future__ import annotations

from typing import Any

from mkdocs.config import base
from mkdocs.config import config_options as c

from ..settings import DEFAULT_QUALITY, DEFAULT_SIZE, DEFAULT_TEMPLATE, Mode


class _Walls(c.Type[Any]):
    """Lets `budget:` without a value through to us: MkDocs would put the default in its place."""

    def validate(self, value: object) -> Any:
        """Return the value as it stands in mkdocs.yml."""
        return None if value is None else self.run_validation(value)


class CoversOptions(base.Config):
    """What stands below `covers:`."""

    list = c.Choice(["card", "thumbnail", False], default="card")
    """How a blog's lists show covers."""
    label = c.Type((bool, str, dict), default=False)
    """Whether what AI made is labelled, or the label's text, or texts by language."""
    alt = c.Optional(c.Type((str, dict)))
    """The alternative text of covers without a `cover_alt`, or texts by language."""
    missing_alt = c.Choice(["ignore", "warn"], default="ignore")
    """Whether a cover without a `cover_alt` is a warning."""


class PreviewOptions(base.Config):
    """What stands below `og:`."""

    title = c.Type(bool, default=False)
    """Whether the article's title stands over the picture of its link preview."""
    font = c.Type(str, default="")
    """The font file that it is set in, by its path from mkdocs.yml; Manrope unless it is set."""


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
    """The variable that holds the key for `base_url`: `IMAGEGEN_` ... `_KEY`, no other."""
    endpoint = c.Type(dict, default={})
    """What the endpoint differs in: `{profile: azure, query: {api-version: preview}}`."""
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
    on_error = c.Choice(["stale", "placeholder", "fail"], default="stale")
    """A cover that can't be bought: its last one, a drawn one, or an error."""
    retries = c.Type(int, default=2)
    """How often a request is sent again that failed and surely cost nothing."""
    retry_timeouts = c.Type(bool, default=False)
    """Whether a request without an answer is sent again, once. It may be paid for twice."""
    images_per_minute = c.Optional(c.Type(int))
    """The most requests a minute; without it, what the endpoint says and refuses."""
    concurrency = c.Type(int, default=4)
    """Requests under way at once."""
    timeout_s = c.Type((int, float), default=300)
    """Seconds that a whole request may take, by the clock on the wall."""
    insert = c.Choice(["below_title", "above_title", False], default="below_title")
    """Where the cover stands in the article; `false` leaves it to the theme."""
    covers = c.SubConfig(CoversOptions)
    """How covers show: `{list: card, label: false, alt: ..., missing_alt: ignore}`, see
    [what is published](publishing.md)."""
    og = c.SubConfig(PreviewOptions)
    """Link previews: `{title: false, font: ...}`, see [link previews](link-previews.md)."""
    webp_quality = c.Type(int, default=82)
    """0 to 100, for pictures that the endpoint did not send as WebP."""
    keep_metadata = c.Type(bool, default=False)
    """Whether WebP pictures keep EXIF and XMP, where some servers write the prompt."""
    publish_prompts = c.Type(bool, default=False)
    """Whether the site's `assets/covers/covers.json` tells the prompts."""
    widths = c.ListOfItems(c.Type(int), default=[480, 800, 1200, 1536])
    """The widths that browsers may choose from, in pixels; none is wider than the picture."""
    avif = c.Type(bool, default=False)
    """Whether AVIF is offered beside WebP: smaller files, many times the encoding."""
    cache_dir = c.Type(str, default=".cache/imagegen")
    """The store's folder, beside mkdocs.yml."""
    store = c.Optional(c.Type(str))
    """A folder for the originals in git, such as `covers/`, beside mkdocs.yml."""
    log_level = c.Optional(c.Choice(["debug", "info", "warning", "error"]))
    """The least that this plugin reports; MkDocs' own level (`-q`, `-v`) unless it is set."""
