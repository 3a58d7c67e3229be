"""Turn a cover's fields into the text of its prompt, through Jinja templates in a sandbox. Pure.

Owns the built-in texts of the five parts, the variables that a template sees, and the walls around
it: text in, text out, the same in every process. Templates come in as text; it reads no disk.
"""

from __future__ import annotations

import html
import re
from collections.abc import (
    Callable,
    Collection,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    Set,
    Sized,
    ValuesView,
)
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from functools import partial, wraps
from itertools import groupby
from types import BuiltinMethodType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, LoopContext, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import Namespace, missing
from jinja2.visitor import NodeTransformer

from .errors import TemplateError
from .keys import normalise_prompt
from .model import ArticleSource, Cover
from .settings import PARTS, PROMPT_LIMIT_CHARS, Settings

BUILT_IN: Mapping[str, str] = {
    "use_case": (
        "Editorial cover picture across the top of a technical article, also cropped to a small"
        " link preview. It must make its point at a glance."
    ),
    "composition": (
        "One clear focal point, large enough to read as a thumbnail. Keep everything that matters"
        " within the middle 80 % of the width and height, because the edges get cropped. Calm"
        " space around the subject, a simple background that runs on to every edge, a clear"
        " difference between foreground and background."
    ),
    "style": (
        "Contemporary editorial illustration: confident simple shapes, two or three main colours"
        " in harmony and one accent, soft light from one side, fine texture, crisp detail at the"
        " focal point. One visual language throughout. Tell the idea with concrete things."
    ),
    "constraints": (
        "No text, letters, numbers or anything that looks like writing; signs, screens, pages and"
        " labels stay blank. No logos, brand marks, watermarks or signatures. No user interface,"
        " code, diagrams, borders or frames. No stock clichés such as glowing brains, circuit"
        " boards or streams of digits."
    ),
}
"""For parts that neither author nor site has written; the subject is the author's prompt."""

EXCERPT_LIMIT_CHARS = 300
_FLOOD_CHARS = PROMPT_LIMIT_CHARS * 4
"""What one rendering may make in all: characters written or joined, turns of loops, calls."""
_LARGEST_CHARS = 2_000_000
"""The longest text that one operation may make on the way."""
_LARGEST_NUMBER_BITS = 1_024
_CALL_CHARS = 10
"""What one call counts: it takes longer than a turn of a loop."""
_DEEP = 40
"""So many templates inside each other are a loop."""

_COVER = (
    *("prompt", *PARTS, "alt", "caption", "size", "width", "height"),
    *("quality", "model", "variant"),
)
_VOLATILE = ("title", "excerpt", "tags", "description", "categories", "date")
_ARTICLE = (*_VOLATILE, "section", "src_uri")
_SITE = ("name", "description", "url")
_ROOTS = ("cover", "article", "site")
_KNOWN = {
    **{name: f"site.{name}" for name in _SITE},
    **{name: f"article.{name}" for name in _ARTICLE},
    **{name: f"cover.{name}" for name in _COVER},
    **{name: name for name in _ROOTS},
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt, ready to be sent."""

    text: str
    volatile: tuple[str, ...]
    """What it read of the article that changes in editing, such as `article.title`."""


class Prompts:
    """The site's templates, each compiled once. Not for several threads at a time."""

    def __init__(self, settings: Settings, sources: Mapping[str, str]) -> None:
        self._settings = settings
        self._sources = {name: name for name in sorted(sources)}
        snippets = {_snippet(part): text for part, text in settings.parts.items()}
        self._jinja = _Sandbox({**sources, **snippets})
        site = settings.site
        facts = {"name": site.name, "description": site.description, "url": site.url}
        self._site = _Record("site", lambda: {**facts})

    def render(self, cover: Cover) -> Rendered:
        """Return the prompt of a cover, normalised.

        Raises:
            TemplateError: if a template is missing, broken, reaches for what is not there or not
                allowed, floods, or if the prompt comes out empty or too long. The place stands in
                its fields, not in its message.
        """
        variables: dict[str, object] = {"site": self._site}
        article = _Record("article", partial(_article_values, cover.article))
        variables["article"] = article
        variables["cover"] = _Record("cover", partial(self._cover_values, cover, variables))
        self._jinja.left = _FLOOD_CHARS
        try:
            text = normalise_prompt(self._run(cover.template, variables))
        except _FAILURES as error:
            raise self._explain(error, cover.template) from error
        self._check_length(text, cover.template)
        read = tuple(f"article.{name}" for name in _VOLATILE if name in article.read)
        return Rendered(text, read)

    def _run(self, name: str, variables: dict[str, object]) -> str:
        template = self._jinja.get_template(name)
        # Not Template.render(): it rewrites the traceback, where _template_frames looks for lines.
        return "".join(template.root_render_func(template.new_context(variables)))

    def _cover_values(self, cover: Cover, variables: dict[str, object]) -> dict[str, object]:
        parts = {part: self._part(part, cover, variables) for part in PARTS}
        return {
            "prompt": cover.prompt,
            **parts,
            "alt": cover.alt,
            "caption": cover.caption,
            "size": str(cover.size),
            "width": cover.size.width_px,
            "height": cover.size.height_px,
            "quality": cover.quality,
            "model": cover.model,
            "variant": cover.variant,
        }

    def _part(self, part: str, cover: Cover, variables: dict[str, object]) -> object:
        own: str | None = None if part == "subject" else getattr(cover, part)
        if own is None and part in self._settings.parts:
            return partial(self._run_part, part, variables)
        return (BUILT_IN.get(part, cover.prompt) if own is None else own).strip()

    def _run_part(self, part: str, variables: dict[str, object]) -> str:
        return self._run(_snippet(part), variables).strip()

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

    def _explain(self, error: Exception, template: str) -> TemplateError:
        frames = _template_frames(error)
        line: int | None = None
        if isinstance(error, jinja2.TemplateSyntaxError):
            template, line = error.name or template, error.lineno
        elif len(frames) > _DEEP and isinstance(error, (RecursionError, _RefusedError)):
            # The innermost frame is wherever the stack ended; the one around it goes in circles.
            template, line = frames[-2]
            error = _endless([name for name, _ in frames])
        elif frames:
            template, line = frames[-1]
        what, hint = self._what_and_hint(error)
        return TemplateError(what, hint=hint, template=template, line=line)

    def _what_and_hint(self, error: Exception) -> tuple[str, str]:
        match error:
            case _RefusedError():
                return error.what, error.hint
            case jinja2.TemplateNotFound():
                wanted = [str(name) for name in error.templates]
                named = " or ".join(f"`{name}`" for name in wanted)
                hint = _suggest(wanted[-1], self._sources, both=True)
                return f"there is no template {named}", hint
            case jinja2.TemplateAssertionError() if found := _NO_FILTER.match(str(error)):
                known = self._jinja.filters if found[1] == "filter" else self._jinja.tests
                offered = {name: name for name in known if name.isidentifier()}
                return f"there is no {found[1]} `{found[2]}`", _suggest(found[2], offered)
            case jinja2.TemplateSyntaxError():
                return f"syntax error: {error.message}", "mend the template on that line"
            case SyntaxError():
                return f"this is too much for Python: {error.msg}", "nest fewer loops and brackets"
            case SecurityError():
                return str(error), f"a template reads {', '.join(_ROOTS)} and what it sets itself"
            case jinja2.UndefinedError():
                what, _, hint = str(error).partition("\n")
                return what, hint or _MEND
            case jinja2.TemplateError():
                return str(error), _MEND
        return f"{type(error).__name__}: {error}", _MEND


_MEND = "mend the expression on that line"
_NO_FILTER = re.compile(r"No (filter|test) named '(.*)'")
_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    SyntaxError,  # from Python, for example where loops nest deeper than it allows
    TypeError,
    ValueError,
)


def _snippet(part: str) -> str:
    return f"mkdocs.yml: {part}"


def _template_frames(error: Exception) -> list[tuple[str, int | None]]:
    """Return the templates an error passed through, outermost first, with their lines."""
    found: list[tuple[str, int | None]] = []
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template):
            found.append((str(template.name), template.get_corresponding_lineno(trace.tb_lineno)))
        trace = trace.tb_next
    return found


def _endless(names: Sequence[str]) -> _RefusedError:
    circle: list[str] = []
    for name, _ in groupby(reversed(names)):
        circle.insert(0, name)
        if name in circle[1:]:
            break
    way = " -> ".join(circle) if len(circle) > 1 else "the template calls itself"
    return _RefusedError(f"this never ends: {way}", "take one include, extends or call out")


def _article_values(article: ArticleSource) -> dict[str, object]:
    meta = {str(key): value for key, value in article.meta.items()}
    return {
        **{key: partial(_plain, value) for key, value in meta.items() if _is_plain(value)},
        "title": article.title,
        "description": partial(_line, meta.get("description")),
        "tags": partial(_lines, meta.get("tags")),
        "categories": partial(_lines, meta.get("categories")),
        "date": article.date,
        "section": article.section,
        "src_uri": article.src_uri,
        "excerpt": partial(_excerpt, article.markdown),
    }


def _is_plain(value: object) -> bool:
    return value is None or isinstance(
        value, (str, int, float, date, time, Mapping, list, tuple, Set)
    )


def _plain(value: object) -> object:
    """Return front matter as text, numbers, lists and dicts; what is none of these is left out."""
    match value:
        case str():
            return str(value)
        case date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items() if _is_plain(item)}
        case list() | tuple():
            return [_plain(item) for item in value if _is_plain(item)]
        case Set():
            return sorted(_lines(list(value)))
    return value


def _line(value: object) -> str:
    return " ".join(_lines(value))


def _lines(value: object) -> list[str]:
    items = value if isinstance(value, (list, tuple, Set)) else [value]
    texts = [str(_plain(item)) for item in items if item is not None and _is_plain(item)]
    return sorted(texts) if isinstance(value, Set) else texts


_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)$")
_MORE = re.compile(r"<!--[ \t]*more[ \t]*-->", re.IGNORECASE)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|svg)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_HEADING = re.compile(
    r"^ {0,3}#{1,6}(?:[ \t].*)?$|^[ \t]*\S.*\n {0,3}(?:=+|-+)[ \t]*$|^\[TOC\][ \t]*$", re.MULTILINE
)
_NO_PROSE = re.compile(
    r"(?: {4}|\t|\||!!!|\?\?\?|=== |--8<--|\{[%#]|\*\[|\[[^\]]+\]:|[ \t]*(?:[-*_][ \t]*){3,}$)"
    r"|.*\n[ |:-]*-[ ]*\|",
    re.MULTILINE,
)
_LINE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE)
_CODE = re.compile(r"(?<!\\)(`+)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_MARKS = tuple(
    (re.compile(pattern, re.DOTALL), into)
    for pattern, into in (
        (r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?", ""),
        (r"\[\^[^\]]+\]", ""),
        (r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1"),
        (r"</?[A-Za-z!][^<>]*>", ""),
        (r"\{:?[ \t]*[.#:][^{}]*\}", ""),
        *[(r"(?<!\\)(\*{1,3}|~~|==|\^\^)(?=\S)(.+?)(?<=\S)\1", r"\2")] * 2,
        *[(r"(?<![\w\\])(_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2")] * 2,
        (r"\\([\\`*_{}\[\]()#+.!~|>-])", r"\1"),
        (r"\s+", " "),
    )
)


def _excerpt(markdown: str) -> str:
    """Return the text before `<!-- more -->`, else the first real paragraph, without marks."""
    text = "\n".join(_without_fences(_FRONT_MATTER.sub("", markdown)))
    head, *rest = _MORE.split(text, maxsplit=1)
    intro = " ".join(_paragraphs(head)) if rest else ""
    return _cut(intro or next(_paragraphs(text), ""))


def _without_fences(text: str) -> Iterator[str]:
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield line


def _paragraphs(text: str) -> Iterator[str]:
    prose = _HEADING.sub("\n", _HIDDEN.sub("", text.replace("\0", "")))
    for block in re.split(r"\n[ \t]*(?=\n)", prose):
        block = block.strip("\n") if block.strip() else ""
        if block and not _NO_PROSE.match(block) and (plain := _without_marks(block)):
            yield plain


def _without_marks(block: str) -> str:
    code: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        code.append(found[2].strip())
        return f"\0{len(code) - 1}\0"

    # The cut is only there so that one huge paragraph can't take long.
    text = _CODE.sub(put_aside, _LINE_MARK.sub("", block)[: 10 * EXCERPT_LIMIT_CHARS])
    for pattern, into in _MARKS:
        text = pattern.sub(into, text)
    return re.sub(r"\0(\d+)\0", lambda found: code[int(found[1])], html.unescape(text)).strip()


def _cut(text: str) -> str:
    if len(text) <= EXCERPT_LIMIT_CHARS:
        return text
    end = text.rfind(" ", 0, EXCERPT_LIMIT_CHARS + 1)
    # A script without spaces has no word end to find.
    return text[: end if end > EXCERPT_LIMIT_CHARS // 2 else EXCERPT_LIMIT_CHARS].rstrip()


def _suggest(
    name: str, known: Mapping[str, object], *, listed: Collection[object] = (), both: bool = False
) -> str:
    """Return the known name that is nearest, else (or as well) the list of what there is."""
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    nearest = f"did you mean `{known[near[0]]}`?" if near else ""
    there = f"there is: {', '.join(map(str, listed or known.values())) or 'nothing'}"
    return f"{nearest} {there}".strip() if both or not near else nearest


class _RefusedError(jinja2.TemplateRuntimeError):
    """A template went against a wall."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class _Unknown(jinja2.StrictUndefined):
    """A name that is not there; its message holds the hint on a second line."""

    __slots__ = ()
    # Inside a list that is printed, too.
    __repr__ = jinja2.StrictUndefined.__str__

    @property
    def _undefined_message(self) -> str:
        name, owner = str(self._undefined_name), self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if isinstance(owner, _Record):
            hint = _suggest(name, {key: f"{owner.name}.{key}" for key in owner})
            if owner.name == "article" and name.isidentifier():
                hint += f" (where only some articles have it: `article.{name}|default('')`)"
            return f"`{owner.name}.{name}` is not there\n{hint}"
        if isinstance(owner, dict):
            return f"a mapping has no `{name}`\n{_suggest(name, {str(key): key for key in owner})}"
        if owner is not missing:
            methods = {method: f"{method}()" for method in _methods(owner)}
            return f"a {type(owner).__name__} has no `{name}`\n{_suggest(name, methods)}"
        if name in _ROOTS:
            hint = f"end the import with `with context` to hand `{name}` over"
            return f"`{name}` does not reach an imported template\n{hint}"
        return f"`{name}` is not known\n{_suggest(name, _KNOWN, listed=_ROOTS)}"


class _Record(Mapping[str, object]):
    """What a template reads by name: values only, some made when first read. Notes what is read."""

    __slots__ = ("_load", "_values", "name", "read")

    def __init__(self, name: str, load: Callable[[], dict[str, object]]) -> None:
        self.name = name
        self.read: set[str] = set()
        self._load = load
        self._values: dict[str, object] | None = None

    def _all(self) -> dict[str, object]:
        if self._values is None:
            self._values = self._load()
        return self._values

    def __getitem__(self, key: str) -> object:
        values = self._values or self._all()
        value = values[key]
        if callable(value):
            values[key] = partial(_circular, f"{self.name}.{key}")
            value = values[key] = value()
        self.read.add(key)
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __str__(self) -> str:
        raise _RefusedError(
            f"`{self.name}` is a group of values, no text",
            f"name one of them: {', '.join(f'{self.name}.{key}' for key in self)}",
        )

    __repr__ = __str__


def _circular(name: str) -> object:
    raise _RefusedError(f"`{name}` is made of itself", "write that part without it")


_FILTERS = (
    *("abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first"),
    *("float", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list"),
    *("lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round"),
    *("select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "trim"),
    *("truncate", "unique", "upper", "wordcount", "wordwrap"),
)
"""Jinja's filters without those that are random, make HTML, or read Python attributes."""
_GROWING = ("batch", "center", "indent", "join", "replace", "round", "slice", "wordwrap")
_METHODS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (str, ("capitalize", "endswith", "lower", "lstrip", "removeprefix", "removesuffix", "replace")),
    (str, ("rstrip", "split", "splitlines", "startswith", "strip", "title", "upper")),
    (dict, ("get", "items", "keys", "values")),
)
_JINJA_OWN = (BlockReference, LoopContext, Namespace, TemplateModule, TemplateReference, tuple)
_LISTS = (list, tuple, KeysView, ItemsView, ValuesView)
_VALUES = (str, int, float, type(None), range, jinja2.Undefined, _Record)


def _methods(obj: object) -> list[str]:
    return [name for kind, names in _METHODS if isinstance(obj, kind) for name in names]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with nothing of Python to climb, nothing random, and a measure of what it makes."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, sources: Mapping[str, str]) -> None:
        loader = jinja2.DictLoader(sources)
        super().__init__(
            loader=loader, undefined=_Unknown, cache_size=-1, auto_reload=False, optimized=False
        )
        self.left = _FLOOD_CHARS
        """What the rendering under way may still make."""
        self.globals = {"dict": dict, "namespace": Namespace, "range": safe_range}
        self.filters = {name: self._measured(name, self.filters[name]) for name in _FILTERS}
        # Names that no template can write: _Measuring puts them in.
        self.filters |= {"<write>": self._write, "<loop>": self._loop, "<join>": self._join}
        # `sameas` compares addresses.
        self.tests = {name: test for name, test in self.tests.items() if name != "sameas"}

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        return super()._generate(_Measuring().visit(source), *args, **kwargs)

    def spend(self, amount: int) -> None:
        """Count what is made; raises when a rendering makes too much."""
        self.left -= amount
        if self.left < 0:
            raise _flood(_FLOOD_CHARS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, (_Record, dict)):
            try:
                return obj[attribute]
            except KeyError:
                pass
        if attribute in _methods(obj):
            return getattr(obj, attribute)
        if isinstance(obj, jinja2.Undefined):
            obj._fail_with_undefined_error()
        if attribute.startswith("_"):
            what = f"`{attribute}` belongs to Python and is out of reach"
            return self.undefined(what, obj, attribute, SecurityError)
        if isinstance(obj, _JINJA_OWN):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        __self.spend(_CALL_CHARS)
        if isinstance(__obj, BuiltinMethodType) and __obj.__name__ == "replace":
            _bound(__obj.__self__, *args)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            _bound_number(operator, left, right)
        elif operator == "%":
            _bound_format(left, right)
        elif operator == "*":
            _bound(right, left) if isinstance(left, int) else _bound(left, right)
        result = super().call_binop(context, operator, left, right)
        self.spend(_weigh(result))
        return result

    def _measured(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def measured(*args: Any, **kwargs: Any) -> Any:
            inner = isinstance(args[0], (jinja2.Environment, Context, EvalContext))
            given = (*args[inner:], *kwargs.values())
            if name == "format":
                _bound_format(*given)
            elif name in _GROWING:
                _bound(*given)
            elif _weigh(*given) > _LARGEST_CHARS:
                raise _flood(_LARGEST_CHARS)
            result = function(*args, **kwargs)
            # A generator would print its address.
            result = list(result) if isinstance(result, Iterator) else result
            self.spend(_weigh(result))
            return result

        return measured

    @jinja2.pass_context
    def _write(self, context: Context, value: Any) -> str:
        # By far the most frequent case, so without _weigh.
        if type(value) is str and len(value) < self.left:
            self.left -= 1 + len(value)
            return value
        return self._join(context, (value,))

    @jinja2.pass_context
    def _join(self, _context: Context, values: Sequence[Any]) -> str:
        self.spend(_weigh(*values))
        return "".join("" if value is None else str(value) for value in values)

    @jinja2.pass_context
    def _loop(self, _context: Context, values: Any) -> Any:
        if not isinstance(values, (Sized, jinja2.Undefined)):
            raise _RefusedError(
                f"a loop can't go over a value of type {type(values).__name__}",
                "a loop takes a list, a mapping or a text",
            )
        self.spend(len(values))
        return values


class _Measuring(NodeTransformer):
    """Leads all that a template writes, joins with `~` or loops over through the sandbox."""

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_through("<write>", child) for child in node.nodes]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _through("<loop>", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("<join>", nodes.List(node.nodes, lineno=node.lineno))


def _through(name: str, node: Any) -> nodes.Expr:
    led = nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
    led.set_environment(node.environment)
    return led


def _flood(limit: int) -> _RefusedError:
    return _RefusedError(
        f"the template makes more than {limit:,} characters", "make its loops and repeats smaller"
    )


def _weigh(*values: Any) -> int:
    """Return about how many characters values have; refuses what has no text of its own."""
    total, waiting = 0, list(values)
    while waiting and total <= _LARGEST_CHARS:
        value = waiting.pop()
        total += 1
        if isinstance(value, (str, range)):
            total += len(value)
        elif isinstance(value, dict):
            total += 2 * len(value)
            waiting += [*value, *value.values()]
        elif isinstance(value, _LISTS):
            total += len(value)
            waiting += value
        elif not isinstance(value, _VALUES):
            raise _RefusedError(
                f"a {type(value).__name__} is no text",
                "call it with (), or name a value inside it",
            )
    return total


def _bound(value: Any, *others: Any) -> None:
    """Refuse to repeat or fill up a value so often that the result would be huge."""
    if _weigh(value) * max(1, _widths(others)) > _LARGEST_CHARS:
        raise _flood(_LARGEST_CHARS)


def _bound_format(text: Any, *others: Any) -> None:
    """Refuse a format whose result would be huge, for example `%9000000d`."""
    _bound(text)
    known = str(text)
    width = max((int(number[:9]) for number in re.findall(r"\d+", known)), default=0)
    if known.count("%") * (width + _widths(others)) > _LARGEST_CHARS:
        raise _flood(_LARGEST_CHARS)


def _widths(values: Iterable[Any]) -> int:
    return sum(abs(value) if isinstance(value, int) else _weigh(value) for value in values)


def _bound_number(operator: str, left: float, right: float) -> None:
    if isinstance(left, int) and isinstance(right, int) and operator in ("*", "**"):
        bits = left.bit_length()
        bits = bits * right if operator == "**" else bits + right.bit_length()
        if bits > _LARGEST_NUMBER_BITS:
            raise _RefusedError("the number gets too large", "count with smaller numbers")
