"""What went wrong in a template, where, and the mend: from any exception to a TemplateError."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import jinja2

from ..errors import TemplateError
from .refusals import RefusedError, suggest

FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    SyntaxError,  # from Python, for example where loops nest deeper than it allows
    TypeError,
    ValueError,
)
"""What a template can raise."""

_DEEP = 40
"""So many templates inside each other are a loop."""
_MEND = "mend the expression on that line"
_NO_FILTER = re.compile(r"No (filter|test) named '(.*)'")


def explain(
    error: Exception, template: str, *, jinja: jinja2.Environment, templates: Iterable[str]
) -> TemplateError:
    """Return what an author is told.

    Args:
        error: one of FAILURES.
        template: the one that was asked for; the fault may be in another.
        jinja: the environment it ran in.
        templates: the names to choose from.
    """
    frames = _template_frames(error)
    line: int | None = None
    if isinstance(error, jinja2.TemplateSyntaxError):
        template, line = error.name or template, error.lineno
    elif len(frames) > _DEEP and isinstance(error, (RecursionError, RefusedError)):
        # The innermost frame is wherever the stack ended; the one around it goes in circles.
        template, line = frames[-2]
        error = _endless([name for name, _ in frames])
    elif frames:
        template, line = frames[-1]
    what, hint = _what_and_hint(error, jinja, templates)
    return TemplateError(what, hint=hint, template=template, line=line)


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


def _endless(names: Sequence[str]) -> RefusedError:
    circle: list[str] = []
    for name, _ in groupby(reversed(names)):
        circle.insert(0, name)
        if name in circle[1:]:
            break
    way = " -> ".join(circle) if len(circle) > 1 else "the template calls itself"
    return RefusedError(f"this never ends: {way}", "take one include, extends or call out")


def _what_and_hint(
    error: Exception, jinja: jinja2.Environment, templates: Iterable[str]
) -> tuple[str, str]:
    match error:
        case RefusedError():
            return error.what, error.hint
        case jinja2.TemplateNotFound():
            wanted = [str(name) for name in error.templates]
            named = " or ".join(f"`{name}`" for name in wanted)
            hint = suggest(wanted[-1], {name: name for name in sorted(templates)}, both=True)
            return f"there is no template {named}", hint
        case jinja2.TemplateAssertionError() if found := _NO_FILTER.match(str(error)):
            known = jinja.filters if found[1] == "filter" else jinja.tests
            offered = {name: name for name in known if name.isidentifier()}
            return f"there is no {found[1]} `{found[2]}`", suggest(found[2], offered)
        case jinja2.TemplateSyntaxError():
            return f"syntax error: {error.message}", "mend the template on that line"
        case SyntaxError():
            return f"this is too much for Python: {error.msg}", "nest fewer loops and brackets"
        case jinja2.TemplateError():
            what, _, hint = str(error).partition("\n")
            return what, hint or _MEND
    return f"{type(error).__name__}: {error}", _MEND
