"""What a template can reach: texts, numbers, lists, mappings, and some methods and filters of them.

Nothing of Python to climb, nothing random, and nothing that prints an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import BuiltinMethodType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, Context, LoopContext, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import Namespace, missing

from .flood import CALL_CHARS, Meter, check_format, check_growth, check_number, measure, weigh
from .refusals import suggest
from .variables import KNOWN, ROOTS, Record

_FILTERS = (
    *("abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first"),
    *("float", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list"),
    *("lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round"),
    *("select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title", "trim"),
    *("truncate", "unique", "upper", "wordcount", "wordwrap"),
)
"""Jinja's filters without those that are random, make HTML, or read Python attributes."""
_METHODS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (str, ("capitalize", "endswith", "lower", "lstrip", "removeprefix", "removesuffix", "replace")),
    (str, ("rstrip", "split", "splitlines", "startswith", "strip", "title", "upper")),
    (dict, ("get", "items", "keys", "values")),
)
_JINJA_OWN = (BlockReference, LoopContext, Namespace, TemplateModule, TemplateReference, tuple)
"""Their attributes, such as `loop.index`, are Jinja's; a tuple is what `groupby` makes."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja within these walls. Not for several renderings at a time."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self, sources: Mapping[str, str]) -> None:
        # Not optimized: what fails in a constant expression is to fail on its line.
        super().__init__(
            loader=jinja2.DictLoader(sources),
            undefined=_Unknown,
            cache_size=-1,
            auto_reload=False,
            optimized=False,
        )
        self.meter = Meter()
        self.used: set[str] = set()
        """The names of the templates that were loaded since this was last emptied."""
        self.globals = {"dict": dict, "namespace": Namespace, "range": safe_range}
        measured = {name: self.meter.measured(name, self.filters[name]) for name in _FILTERS}
        self.filters = {**measured, **self.meter.filters()}
        # `sameas` compares addresses.
        tests: dict[str, Any] = {
            name: test for name, test in self.tests.items() if name != "sameas"
        }
        self.tests = {name: self.meter.weighed(test) for name, test in tests.items()}

    def _load_template(self, name: str, *args: Any, **kwargs: Any) -> jinja2.Template:
        self.used.add(name)
        return super()._load_template(name, *args, **kwargs)

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        return super()._generate(measure(source), *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, (Record, dict)) and attribute in obj:
            return obj[attribute]
        if attribute in _methods(obj):
            return getattr(obj, attribute)
        if isinstance(obj, jinja2.Undefined):
            obj._fail_with_undefined_error()
        if isinstance(obj, _JINJA_OWN) and not attribute.startswith("_"):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        __self.meter.spend(CALL_CHARS)
        if isinstance(__obj, LoopContext):  # `loop(...)` of a recursive loop
            __self.meter.loop(__context, *args)
        elif isinstance(__obj, BuiltinMethodType):
            __self.meter.spend(weigh(__obj.__self__, *args, *kwargs.values(), printable=False))
            if __obj.__name__ == "replace":
                check_growth(__obj.__self__, *args)
        result = super().call(__context, __obj, *args, **kwargs)
        __self.meter.spend(weigh(result, printable=False))
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            check_number(operator, left, right)
        elif operator == "%":
            check_format(left, right)
        elif operator == "*":
            check_growth(right, left) if isinstance(left, int) else check_growth(left, right)
        result = super().call_binop(context, operator, left, right)
        self.meter.spend(weigh(result))
        return result


def _methods(obj: object) -> list[str]:
    return [name for kind, names in _METHODS if isinstance(obj, kind) for name in names]


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
        if owner is missing:
            return _no_variable(name)
        if isinstance(owner, Record):
            hint = suggest(name, {key: f"{owner.name}.{key}" for key in owner})
            if owner.name == "article" and name.isidentifier():
                hint += f" (where only some articles have it: `article.{name}|default('')`)"
            return f"`{owner.name}.{name}` is not there\n{hint}"
        if isinstance(owner, dict):
            return f"a mapping has no `{name}`\n{suggest(name, {str(key): key for key in owner})}"
        if name.startswith("_"):
            hint = f"a template reads {', '.join(ROOTS)} and what it sets itself"
            return f"`{name}` belongs to Python and is out of reach\n{hint}"
        methods = {method: f"{method}()" for method in _methods(owner)}
        return f"a {type(owner).__name__} has no `{name}`\n{suggest(name, methods)}"


def _no_variable(name: str) -> str:
    if name in ROOTS:
        hint = f"end the import with `with context` to hand `{name}` over"
        return f"`{name}` does not reach an imported template\n{hint}"
    return f"`{name}` is not known\n{suggest(name, KNOWN, listed=ROOTS)}"
