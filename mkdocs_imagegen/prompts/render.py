"""The site's templates, and the prompts they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from jinja2.runtime import Context

from ..errors import TemplateError
from ..keys import normalise_prompt
from ..model import Cover
from ..settings import PARTS, PROMPT_LIMIT_CHARS, Settings
from .failures import FAILURES, explain
from .parts import BUILT_IN
from .sandbox import Sandbox
from .variables import (
    COVER_TEXTS,
    VOLATILE,
    article_record,
    cover_makers,
    cover_record,
    site_record,
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, ready to be sent."""

    text: str
    volatile: tuple[str, ...]
    """What it read of the article that changes in editing, such as `article.title`."""
    templates: tuple[str, ...] = ()
    """The names of the templates that it came from, sorted."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What they read that is no field of the cover, by name: the values as text."""


class Prompts:
    """The site's templates, each compiled once. Not for several threads at a time."""

    def __init__(self, settings: Settings, sources: Mapping[str, str]) -> None:
        self._settings = settings
        self._names = tuple(sources)
        snippets = {_snippet(part): text for part, text in settings.parts.items()}
        self._jinja = Sandbox({**sources, **snippets})
        built_in = {_built_in(part): text for part, text in BUILT_IN.items()}
        self.sources: Mapping[str, str] = {**sources, **snippets, **built_in}
        """Every text that a prompt may come from, by name: templates, and the prompts' parts."""
        self._cover_makers = cover_makers({part: partial(self._part, part) for part in PARTS})
        self._variables: dict[str, object] = {}

    def render(self, cover: Cover) -> Rendered:
        """Return the prompt of a cover, normalised.

        Raises:
            TemplateError: if a template is missing, broken, reaches for what is not there or not
                allowed, floods, or if the prompt comes out empty or too long. The place stands in
                its fields, not in its message.
        """
        article = article_record(cover.article)
        site = site_record(self._settings.site)
        told = cover_record(cover, self._cover_makers)
        self._variables = {**self._jinja.globals, "cover": told, "article": article, "site": site}
        self._jinja.meter.start()
        self._jinja.used.clear()
        try:
            text = normalise_prompt(self._run(cover.template))
        except FAILURES as error:
            raise explain(
                error, cover.template, jinja=self._jinja, templates=self._names
            ) from error
        self._check_length(text, cover.template)
        read = tuple(f"article.{name}" for name in VOLATILE if name in article.read)
        variables = {**article.values_read(), **site.values_read(), **told.values_read(COVER_TEXTS)}
        return Rendered(text, read, tuple(sorted(self._jinja.used)), variables)

    def _run(self, name: str) -> str:
        template = self._jinja.get_template(name)
        # Not Template.render(): it rewrites the traceback, where explain() looks for lines. Nor
        # Template.new_context(): that takes a quarter of the whole time.
        context = Context(self._jinja, self._variables, name, template.blocks)
        return "".join(template.root_render_func(context))

    def _part(self, part: str, cover: Cover) -> str:
        own: str | None = None if part == "subject" else getattr(cover, part)
        if own is None and part in self._settings.parts:
            own = self._run(_snippet(part))
        if own is None and part in BUILT_IN:
            self._jinja.used.add(_built_in(part))
            own = BUILT_IN[part]
        return (cover.prompt if own is None else own).strip()

    def _check_length(self, text: str, template: str) -> None:
        if not text.strip():
            raise TemplateError(
                "the prompt comes out empty",
                hint="write cover_prompt in the article's front matter, or let the template say"
                " something without it",
                template=template,
            )
        limit = self._settings.max_prompt_chars
        if len(text) > limit:
            hint = f"shorten cover_prompt or the template to {limit:,} characters"
            if limit < PROMPT_LIMIT_CHARS:
                hint += f", or set max_prompt_chars in mkdocs.yml, up to {PROMPT_LIMIT_CHARS:,}"
            raise TemplateError(
                f"the prompt has {len(text):,} characters, the limit is {limit:,}",
                hint=hint,
                template=template,
            )


def _snippet(part: str) -> str:
    """Return the name that a part's text in mkdocs.yml has as a template."""
    return f"mkdocs.yml: {part}"


def _built_in(part: str) -> str:
    """Return the name that the package's own text of a part has beside the templates."""
    return f"built-in {part}"
