"""docs/messages.md: every message with its level and mend, read from the source.

`python -m tests.messages_docs` writes the page, a test compares it: a new message fails that test
until the page is written anew. `…` stands for what differs from case to case.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mkdocs_imagegen"
PAGE = ROOT / "docs" / "messages.md"
VARIES = "…"
_DEPTH = 3
"""So many calls are followed for a text that a function returns."""
_MOST_TEXTS = 60
"""Of one call."""
_MOST_MENDS = 3
"""Of one message; it has more where a function chooses among them."""

STOPS = ("error", "stops anyway")
ARTICLE = ("error", "fails")
PURCHASE = ("warning", "fails")
USAGE = ("error", "exit code 2")
KINDS = {
    "error": ARTICLE,
    "warning": ("warning", "fails"),
    "info": ("info", "passes"),
}
"""What a level of a diagnostic or of the log comes to."""
DOCTOR = {
    "error": ("error", "exit code 1"),
    "warning": ("warning", "exit code 0"),
    "info": ("info", "exit code 0"),
}
OF_DOCTOR = frozenset({"checkup/live.py", "providers/looking.py"})
"""Where errors are raised for doctor's findings alone."""
ERRORS = {
    "ImagegenError": STOPS,
    "ProviderError": PURCHASE,
    "PictureError": PURCHASE,
    "DamagedOriginalError": KINDS["warning"],
    "TemplateError": ARTICLE,
    "RefusedError": ARTICLE,
    "FieldError": ARTICLE,
}
"""By class; a class that is not here is as its base class is."""
MODULES = frozenset({"report", "planning", "images"})
"""By which functions of other modules are called."""
USAGES = frozenset({"UsageError", "BadParameter", "fail"})

TOPICS = (
    ("imagegen.lock", ("lockfile/", "locking.py", "store/lockfiles.py")),
    ("Settings", ("config/", "environment.py", "site.py", "articles/defaults.py", "pricing/")),
    ("Front matter", ("articles/", "pages.py", "plan/orders.py")),
    ("Prompt templates", ("prompts/",)),
    ("Plan and walls", ("plan/", "till.py", "engine.py", "arrivals.py")),
    ("doctor", ("checkup/", "providers/looking.py")),
    ("Buying", ("providers/", "buyer.py", "execute.py", "pace.py", "interrupts.py")),
    (
        "Store and pictures",
        ("store/", "holdings.py", "images/", "restore.py", "cleaning.py", "branches.py"),
    ),
    (
        "Building the site",
        ("plugin.py", "building.py", "survey.py", "publish.py", "markup.py", "report/"),
    ),
    ("Commands", ("cli/", "scaffold/", "crawlers/", "previews.py")),
    ("Everything else", ("",)),
)
"""The first that fits; also the page's order."""

INTRO = """# Messages

Every message that the plugin and the commands can give. `…` stands for what differs: a file, a
number, the endpoint's own words. Each comes with the article or option it is about, and most with a
hint that mends it.

| Level | Under `--strict` | What it means |
|---|---|---|
| error | stops anyway | The run ends, before anything is bought or where it stands. What was bought is kept. |
| error | fails | One article gets no new cover; without `--strict` the build goes on with the others. |
| error | exit code 2 | The command was not understood, and did nothing. |
| warning | fails | A person should act; without `--strict` the build goes on. |
| info | passes | Good to know. It never fails a build. |
| any | exit code 1 or 0 | Of `mkdocs-imagegen doctor`, which knows no `--strict`. |

`--strict` (or `strict: true` in mkdocs.yml) makes a build fail at any error or warning; nothing is
bought then. What only the calendar brings about, such as the end of a model or the age of prices, is
always info: a site whose covers are all there builds under `--strict` in ten years as it does today.

What keeps one picture from being bought is a warning in a build, and an error (exit code 1) in
`apply`. `on_error` says what the build shows in its place; `on_error: fail` ends the build.

This page is made from the source: `python -m tests.messages_docs`.
"""  # noqa: E501

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Binding = Mapping[str, ast.expr]
"""Names, and what one way through the function gave them."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One row."""

    topic: int
    level: str
    text: str
    strict: str
    mend: str


@dataclass(slots=True)
class Module:
    """A file of the package."""

    uri: str
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def scope(self, node: ast.AST) -> ast.AST:
        """Return the function around a node, else the module."""
        while (node := self.parents.get(node, self.tree)) is not self.tree:
            if isinstance(node, Definition):
                return node
        return node


class Source:
    """The package as it is written."""

    def __init__(self, package: Path = PACKAGE) -> None:
        self.modules: list[Module] = []
        self._functions: defaultdict[str, list[tuple[Module, Definition]]] = defaultdict(list)
        self._bases: dict[str, str] = {}
        self._constants: defaultdict[str, set[str]] = defaultdict(set)
        for path in sorted(package.rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            module = Module(path.relative_to(package).as_posix(), tree)
            self.modules.append(module)
            for name, value in _constants(tree):
                self._constants[name].add(value)
            for node in ast.walk(tree):
                module.parents |= dict.fromkeys(ast.iter_child_nodes(node), node)
                if isinstance(node, Definition):
                    self._functions[node.name].append((module, node))
                if isinstance(node, ast.ClassDef) and node.bases:
                    self._bases[node.name] = _name(node.bases[0])

    def messages(self) -> Iterator[Message]:
        """Yield every message, some more than once."""
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    yield from self._of_call(module, node)

    def _of_call(self, module: Module, call: ast.Call) -> Iterator[Message]:
        for (level, strict), text, mend in self._parts(module, call):
            topic = next(n for n, (_, of) in enumerate(TOPICS) if module.uri.startswith(of))
            for words, hint in self._pairs(module, call, text, mend):
                if _says_something(words):
                    yield Message(topic, level, _plain(words), strict, _plain(hint))

    def _parts(
        self, module: Module, call: ast.Call
    ) -> Iterator[tuple[tuple[str, str], ast.expr, ast.expr | None]]:
        """Yield what a call makes: level, text and mend, where it makes a message at all."""
        name, args = _name(call.func), call.args
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        hint = keywords.get("hint")
        if name == "Diagnostic" and len(args) > 1:
            hint = hint or (args[5] if len(args) > 5 else None)
            for level in self._texts(module, call, args[0]):
                yield KINDS.get(level, ARTICLE), args[1], hint
        elif name == "Finding" and len(args) > 2:
            for verdict in self._texts(module, call, args[0]):
                if verdict in DOCTOR:
                    yield DOCTOR[verdict], args[2], args[3] if len(args) > 3 else None
        elif name == "Refusal" and len(args) > 1 and (kind := self._kind(_name(args[0]))):
            yield kind, args[1], args[2] if len(args) > 2 else hint
        elif args and (kind := self._kind(name)):
            kind = DOCTOR["error"] if module.uri in OF_DOCTOR else kind
            own = len(args) > 1 and name in ("FieldError", "RefusedError")
            yield kind, args[0], args[1] if own else hint
        elif args and name in USAGES and isinstance(call.func, ast.Attribute):
            yield USAGE, args[0], None
        elif args and name in KINDS and _name(getattr(call.func, "value", None)) == "log":
            yield KINDS[name], args[0], None
        elif args and name == "echo" and "err" in keywords:
            yield KINDS["info"], args[0], None

    def _kind(self, name: str) -> tuple[str, str] | None:
        while name:
            if name in ERRORS:
                return ERRORS[name]
            name = self._bases.get(name, "")
        return None

    def _pairs(
        self, module: Module, call: ast.Call, text: ast.expr, mend: ast.expr | None
    ) -> list[tuple[str, str]]:
        """Return the texts that a call can have, each with the mend that goes with it."""
        both = ast.Tuple([text, mend or ast.Constant("")], ast.Load())
        found: dict[tuple[str, str], None] = {}
        for binding in self._bindings(module, call, both):
            texts = self._texts(module, call, text, binding)
            mends = self._texts(module, call, mend, binding) if mend else [""]
            mends = list(dict.fromkeys(each for each in mends if _says_something(each)))
            joined = " / ".join(mends[:_MOST_MENDS]) + " / …" * (len(mends) > _MOST_MENDS)
            found |= dict.fromkeys((each, joined) for each in texts)
        return list(found)[:_MOST_TEXTS]

    def _texts(
        self,
        module: Module,
        place: ast.AST,
        node: ast.expr | None,
        binding: Binding | None = None,
        depth: int = 0,
    ) -> list[str]:
        """Return the texts that an expression can come to at this place."""

        def of(part: ast.expr) -> list[str]:
            return self._texts(module, place, part, binding, depth)

        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                return _joined(of(value) for value in values)
            case ast.FormattedValue(value=value):
                return of(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return _joined([of(left), of(right)])
            case ast.IfExp(body=body, orelse=orelse):
                return [*of(body), *of(orelse)]
            case ast.BoolOp(values=values):
                # What stands in for a name that is not given is no wording of its own.
                return [text for value in values for text in of(value) if _is_wording(text)]
            case ast.Name(id=name) if binding and name in binding:
                return self._texts(module, place, binding[name], None, depth + 1)
            case ast.Name(id=name) if depth < _DEPTH:
                given = [found[name] for found in _assigned(module, place, {name})]
                if not given and len(self._constants[name]) == 1:
                    return list(self._constants[name])
                texts = [self._texts(module, each, each, None, depth + 1) for each in given]
                return [text for each in texts for text in each] or [VARIES]
            case ast.Call(func=func) if depth < _DEPTH and self._is_ours(func):
                return self._returned(module, _name(func), depth)
            case _:
                return [VARIES]

    def _is_ours(self, func: ast.expr) -> bool:
        """Tell whether a function of this package is called, and no method of whatever object."""
        plain = isinstance(func, ast.Name) or _name(getattr(func, "value", None)) in MODULES
        return plain and _name(func) in self._functions

    def _returned(self, module: Module, name: str, depth: int) -> list[str]:
        """Return the texts that a function of ours returns, the module's own before others'."""
        found = self._functions[name]
        own = [each for each in found if each[0] is module] or found
        if len(own) != 1 or _name(own[0][1].returns) != "str":
            return [VARIES]
        there, function = own[0]
        texts = [self._texts(there, r, r.value, None, depth + 1) for r in _returns(function)]
        return [text for each in texts for text in each] or [VARIES]

    def _bindings(self, module: Module, place: ast.AST, node: ast.AST) -> list[Binding]:
        """Return the ways in which the names of an expression were set together."""
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        found: list[Binding] = []
        for binding in _assigned(module, place, names):
            sources = {id(value) for value in binding.values()}
            value = next(iter(binding.values()))
            if len(binding) > 1 and len(sources) == 1 and isinstance(value, ast.Call):
                found += self._unpacked(module, value, tuple(binding))
            elif len(binding) > 1:
                found.append(binding)
        return found or [{}]

    def _unpacked(
        self, module: Module, call: ast.Call, names: tuple[str, ...]
    ) -> Iterator[Binding]:
        """Yield what `what, hint = function()` gives, for each tuple that the function returns."""
        for there, function in self._functions[_name(call.func)]:
            for returned in _returns(function) if there is module else ():
                if isinstance(returned.value, ast.Tuple):
                    yield dict(zip(names, returned.value.elts, strict=False))


def page() -> str:
    """Return the page."""
    rows: defaultdict[int, list[Message]] = defaultdict(list)
    for message in sorted(set(Source().messages()), key=_order):
        rows[message.topic].append(message)
    parts = [INTRO]
    for topic in sorted(rows):
        parts.append(f"\n## {TOPICS[topic][0]}\n\n")
        parts.append("| Level | Message | Under `--strict` | The mend |\n|---|---|---|---|\n")
        parts += [
            f"| {m.level} | {_cell(m.text)} | {m.strict} | {_cell(m.mend)} |\n" for m in rows[topic]
        ]
    return "".join(parts)


def _order(message: Message) -> tuple[int, int, str, str, str]:
    level = ("error", "warning", "info").index(message.level)
    return message.topic, level, message.strict, message.text.lower(), message.mend


def _assigned(module: Module, place: ast.AST, names: set[str]) -> Iterator[Binding]:
    """Yield what may have set these names last before a place, in its function or the module."""
    scope = module.scope(place)
    for around in (scope, module.tree) if scope is not module.tree else (scope,):
        found = [each for each in _assignments(around, names) if _reaches(module, *each, place)]
        # What stands on every way to the place hides all before it.
        sure = max((n for n, each in enumerate(found) if _leads(module, each[0], place)), default=0)
        if found:
            yield from (binding for _, binding in found[sure:])
            return


def _assignments(scope: ast.AST, names: set[str]) -> list[tuple[ast.stmt, Binding]]:
    found = []
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        binding = {name: value for name, value in _targets(target, node.value) if name in names}
        if binding:
            found.append((node, binding))
    return sorted(found, key=lambda each: each[0].lineno)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the texts that other modules import by name."""
    for stmt in tree.body:
        if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
            name, value = stmt.targets[0].id, stmt.value
            if name.isupper() and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield name, value.value


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple):
        one_each = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        values = value.elts if isinstance(value, ast.Tuple) and one_each else None
        for n, each in enumerate(target.elts):
            if isinstance(each, ast.Name):
                yield each.id, values[n] if values else value


def _reaches(module: Module, stmt: ast.stmt, _binding: Binding, place: ast.AST) -> bool:
    """Tell whether a statement may have run before a place: not in another branch, nor past it."""
    line = getattr(place, "lineno", 10**9)
    if module.scope(stmt) is not module.scope(place):
        return module.scope(stmt) is module.tree
    if stmt.lineno >= line:
        return False
    if _leads(module, stmt, place):
        return True
    ways = dict(_blocks(module, place))
    for around, block in _blocks(module, stmt):
        if around in ways:
            return block == ways[around] or not isinstance(around, ast.If | ast.match_case)
        last = getattr(around, block)[-1]
        if isinstance(last, ast.Return | ast.Raise):
            return False
    return True


def _leads(module: Module, stmt: ast.stmt, place: ast.AST) -> bool:
    """Tell whether every way to a place goes through a statement."""
    first = next(iter(_blocks(module, stmt)), None)
    return first in set(_blocks(module, place))


def _blocks(module: Module, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield the blocks that a node stands in, the innermost first, as (statement, its part)."""
    while (around := module.parents.get(node)) is not None:
        for name, value in ast.iter_fields(around):
            if isinstance(value, list) and node in value and isinstance(node, ast.stmt):
                yield around, name
        node = around


def _returns(function: Definition) -> Iterator[ast.Return]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value)


def _joined(parts: Iterable[list[str]]) -> list[str]:
    texts = [""]
    for part in parts:
        texts = [before + after for before in texts for after in part][:_MOST_TEXTS]
    return texts


def _name(node: ast.AST | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_wording(text: str) -> bool:
    return text == VARIES or " " in text


def _says_something(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _plain(text: str) -> str:
    """Return a text as one line; parts that differ and follow each other are one."""
    return re.sub(f"{VARIES}(:?{VARIES})+", VARIES, " ".join(text.split()))


def _cell(text: str) -> str:
    for mark, safe in (("|", "\\|"), ("<", "&lt;"), ("*", "\\*")):
        text = text.replace(mark, safe)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
