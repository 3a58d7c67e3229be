"""How much a template may make: every rendering pays for the texts it takes in, makes and repeats.

Counted in characters and not in seconds, so that a template fails everywhere or nowhere.
"""

from __future__ import annotations

import re
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    Sized,
    ValuesView,
)
from functools import wraps
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from ..settings import PROMPT_LIMIT_CHARS
from .refusals import RefusedError
from .variables import Record

LIMIT_CHARS = PROMPT_LIMIT_CHARS * 16
"""What one rendering may take in and make, in all."""
CALL_CHARS = 10
"""What one call counts: it takes longer than a turn of a loop, which counts one."""
LARGEST_NUMBER_BITS = 1_024

_GROWING = ("batch", "center", "indent", "join", "replace", "round", "slice", "wordwrap")
_LISTS = (list, tuple, KeysView, ItemsView, ValuesView)
_VALUES = (float, type(None), jinja2.Undefined, Record)


class Meter:
    """What the rendering under way may still take in and make."""

    def __init__(self) -> None:
        self.left = LIMIT_CHARS

    def start(self) -> None:
        """Begin another rendering."""
        self.left = LIMIT_CHARS

    def spend(self, amount_chars: int) -> None:
        """Count an amount; raises RefusedError where it is more than is left."""
        self.left -= amount_chars
        if self.left < 0:
            raise _flood()

    @jinja2.pass_context
    def loop(self, _context: Context, iterable: Any) -> Any:
        """Count the turns of a loop over these values, and return them."""
        if not isinstance(iterable, (Sized, jinja2.Undefined)):
            raise RefusedError(
                f"a loop can't go over a value of type {type(iterable).__name__}",
                "a loop takes a list, a mapping or a text",
            )
        self.spend(len(iterable))
        return iterable

    def measured(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter that pays for what it is given and makes."""

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            of_jinja = isinstance(args[0], (jinja2.Environment, Context, EvalContext))
            given = (*args[of_jinja:], *kwargs.values())
            self.spend(weigh(*given))
            if name == "format":
                check_format(*given)
            elif name in _GROWING:
                check_growth(*given)
            result = function(*args, **kwargs)
            # A generator would print its address.
            result = list(result) if isinstance(result, Iterator) else result
            self.spend(weigh(result))
            return result

        return run

    def weighed(self, test: Callable[..., Any]) -> Callable[..., Any]:
        """Return a test, such as `is upper`, that pays for what it looks at."""

        @wraps(test)
        def run(*args: Any) -> Any:
            self.spend(weigh(*args, printable=False))
            return test(*args)

        return run

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        """Return the filters that `measure` leads a template through; no template can name them.

        All take the context, because others are run on constants while Jinja compiles.
        """
        return {
            "<write>": self._write,
            "<join>": self._join,
            "<loop>": self.loop,
            "<new>": self._new,
        }

    @jinja2.pass_context
    def _write(self, context: Context, value: Any) -> str:
        # By far the most frequent case, so without weigh().
        if type(value) is str and len(value) < self.left:
            self.left -= 1 + len(value)
            return value
        return self._join(context, (value,))

    @jinja2.pass_context
    def _join(self, _context: Context, values: Sequence[Any]) -> str:
        self.spend(weigh(*values))
        return "".join("" if value is None else str(value) for value in values)

    @jinja2.pass_context
    def _new(self, _context: Context, value: Any) -> Any:
        self.spend(weigh(value, printable=False))
        return value


def measure(template: nodes.Template) -> nodes.Template:
    """Lead all that a template writes, joins, loops over or builds through `Meter.filters`."""
    measured: nodes.Template = _Measuring().visit(template)
    return measured


class _Measuring(NodeTransformer):
    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [_through("<write>", child) for child in node.nodes]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("<join>", nodes.List(node.nodes, lineno=node.lineno))

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _through("<loop>", node.iter)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _through("<new>", node.expr)
        for operand in node.ops:
            operand.expr = _through("<new>", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("<new>", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_List(self, node: nodes.List | nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("<new>", node)

    visit_Dict = visit_List  # noqa: N815

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _through("<new>", node) if node.ctx == "load" else node


def _through(name: str, node: Any) -> nodes.Expr:
    led = nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
    led.set_environment(node.environment)
    return led


def _flood() -> RefusedError:
    return RefusedError(
        f"the template makes more than {LIMIT_CHARS:,} characters",
        "make its loops and repeats smaller",
    )


def weigh(*values: Any, printable: bool = True) -> int:
    """Return about how many characters values have.

    `printable`: refuse what has no text of its own, such as a macro.
    """
    total, waiting = 0, list(values)
    while waiting and total <= LIMIT_CHARS:
        value = waiting.pop()
        total += 1
        if isinstance(value, (str, range)):
            total += len(value)
        elif isinstance(value, int):
            total += value.bit_length() // 3
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, Record):
            total += len(value)
        elif isinstance(value, _LISTS):
            waiting += value
        elif printable and not isinstance(value, _VALUES):
            raise RefusedError(
                f"a {type(value).__name__} is no text",
                "call it with (), or name a value inside it",
            )
    return total


def check_growth(value: Any, *others: Any) -> None:
    """Refuse to repeat or fill up a value so often that the result would be huge."""
    if weigh(value) * max(1, _widths(others)) > LIMIT_CHARS:
        raise _flood()


def check_format(text: Any, *others: Any) -> None:
    """Refuse a format whose result would be huge, for example `%9000000d`."""
    known = str(text)
    width = max((int(number[:9]) for number in re.findall(r"\d+", known)), default=0)
    # The width may also stand among the values: '%*d' % (9_000_000, 1).
    values = [each for other in others for each in (other if type(other) is tuple else (other,))]
    if known.count("%") * (width + _widths(values)) > LIMIT_CHARS:
        raise _flood()


def check_number(operator: str, left: float, right: float) -> None:
    """Refuse a number so large that counting with it takes time."""
    for number in (left, right):
        if isinstance(number, int) and number.bit_length() > LARGEST_NUMBER_BITS:
            raise RefusedError("the number is too large", "count with smaller numbers")
    if isinstance(left, int) and isinstance(right, int) and operator in ("*", "**"):
        bits = left.bit_length()
        bits = bits * right if operator == "**" else bits + right.bit_length()
        if bits > LARGEST_NUMBER_BITS:
            raise RefusedError("the number gets too large", "count with smaller numbers")


def _widths(values: Iterable[Any]) -> int:
    return sum(abs(value) if isinstance(value, int) else weigh(value) for value in values)
