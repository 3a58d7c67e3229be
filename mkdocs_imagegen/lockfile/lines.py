"""What one line of imagegen.lock says: the header, an article or a template; read strictly."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ..errors import LockfileError
from ..model import Approved, Components, Entry, Refusal, Replaced, Size
from .schema import LineError, Schema, check

NAME = "imagegen.lock"
FORMAT = 1
"""Bump when an older version could not read, or would lose, what this one writes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line."""

    site: str = ""
    docs_dir: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that prompts came from."""

    digest: str
    """Short, of its text."""
    lines: tuple[str, ...]
    """The short digest of each line."""


Line = Header | Entry | Template

_HEADER = Schema({NAME: int, "site": str, "docs_dir": str})
_TEMPLATE = Schema({"template": str, "lines": list}, required=("template", "lines"))
_REFUSED_ONLY = Schema({"article": str, "locale": str, "refused": dict}, required=("article",))
_REPLACED = Schema(
    {"request_key": str, "digest": str, "size_bytes": int, "size": str, "replaced_at": str},
    required=("request_key", "digest", "size_bytes", "size", "replaced_at"),
)
_APPROVED = Schema(
    {
        "article": str,
        "request_key": str,
        "digest": str,
        "size_bytes": int,
        "model": str,
        "size": str,
        "quality": str,
        "bought_at": str,
        "locale": str,
        "usd": str,
        "section": str,
        "authors": str,
        "job": str,
        "components": dict,
        "refused": dict,
        "replaced": list,
    },
    required=("request_key", "digest", "size_bytes", "model", "size", "quality", "bought_at"),
)
_COMPONENTS = Schema({"fields": dict, "own": list, "templates": dict, "variables": dict})
_REFUSAL = Schema(
    {"request_key": str, "refused_at": str, "message": str, "request_id": str},
    required=("request_key", "refused_at"),
)
_NO_COMPONENTS = Components()
_ONLY_TEXTS = frozenset({str})
_HEX64 = re.compile(r"[0-9a-f]{64}")
_USD = re.compile(r"[0-9]{1,12}(\.[0-9]{1,30})?", re.ASCII)

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(", ", ": ")).encode


def write_line(line: Line) -> str:
    """Return a line's text, without a line end: sorted keys, nothing that is empty."""
    match line:
        case Header(site, docs_dir):
            return _encode({NAME: FORMAT, **_filled(site=site, docs_dir=docs_dir)})
        case Template(digest, lines):
            return _encode({"template": digest, "lines": lines})
        case Entry():
            return _encode(_entry_fields(line))


def read_line(text: str) -> Line:
    """Read a line.

    Raises:
        LineError: it is not what this version writes.
        LockfileError: it is the header of a later version.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LineError("is no JSON") from error
    if type(fields) is not dict:
        raise LineError("is no JSON object")
    if "article" in fields:
        return _entry(fields)
    if "template" in fields:
        return _template(fields)
    if NAME in fields:
        return _header(fields)
    raise LineError("has no field `article`")


def _filled(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value}


def _entry_fields(entry: Entry) -> dict[str, object]:
    refusal = entry.refusal
    return {
        "article": entry.article,
        **_filled(locale=entry.locale),
        **(_approved_fields(entry.approved) if entry.approved else {}),
        **({"refused": _refusal_fields(refusal)} if refusal else {}),
        **_filled(replaced=[_replaced_fields(replaced) for replaced in entry.replaced]),
    }


def _approved_fields(approved: Approved) -> dict[str, object]:
    parts = approved.components
    components = _filled(
        fields=parts.fields, own=parts.own, templates=parts.templates, variables=parts.variables
    )
    return {
        "request_key": approved.request_key,
        "digest": approved.digest,
        "size_bytes": approved.size_bytes,
        "model": approved.model,
        "size": str(approved.size),
        "quality": approved.quality,
        "bought_at": approved.bought_at,
        **({} if approved.usd is None else {"usd": f"{approved.usd:f}"}),
        **_filled(section=approved.section, authors=approved.authors, job=approved.job),
        **_filled(components=components),
    }


def _refusal_fields(refusal: Refusal) -> dict[str, object]:
    return {
        "request_key": refusal.request_key,
        "refused_at": refusal.refused_at,
        **_filled(message=refusal.message, request_id=refusal.request_id),
    }


def _replaced_fields(replaced: Replaced) -> dict[str, object]:
    return {
        "request_key": replaced.request_key,
        "digest": replaced.digest,
        "size_bytes": replaced.size_bytes,
        "size": str(replaced.size),
        "replaced_at": replaced.replaced_at,
    }


def _header(fields: dict[str, Any]) -> Header:
    version = fields[NAME]
    if type(version) is int and version > FORMAT:
        raise LockfileError(
            f"{NAME} has format {version}: a later version of mkdocs-imagegen wrote it, "
            f"and this one reads format {FORMAT}",
            hint="pip install --upgrade mkdocs-imagegen",
        )
    check(fields, _HEADER)
    if version != FORMAT:
        raise LineError(f"has a wrong field `{NAME}`: it must be {FORMAT}")
    return Header(fields.get("site", ""), fields.get("docs_dir", ""))


def _template(fields: dict[str, Any]) -> Template:
    check(fields, _TEMPLATE)
    lines = fields["lines"]
    if not _ONLY_TEXTS.issuperset(map(type, lines)):
        raise LineError("has a wrong field `lines`: it must be a list of texts")
    return Template(fields["template"], tuple(lines))


def _entry(fields: dict[str, Any]) -> Entry:
    refused = fields.get("refused")
    approved = None
    if refused is not None and "request_key" not in fields:
        check(fields, _REFUSED_ONLY)
    else:
        check(fields, _APPROVED)
        approved = _approved(fields)
    refusal = None if refused is None else _refusal(refused)
    replaced = tuple(_replaced(each) for each in fields.get("replaced", ()))
    return Entry(fields["article"], fields.get("locale", ""), approved, refusal, replaced)


def _approved(fields: dict[str, Any]) -> Approved:
    _check_digests(fields)
    usd = fields.get("usd")
    if usd is not None and not _USD.fullmatch(usd):
        raise LineError("has a wrong field `usd`: it must be an amount such as 0.0441")
    parts = fields.get("components")
    return Approved(
        request_key=fields["request_key"],
        digest=fields["digest"],
        size_bytes=fields["size_bytes"],
        model=fields["model"],
        size=_size(fields["size"]),
        quality=fields["quality"],
        bought_at=fields["bought_at"],
        usd=None if usd is None else Decimal(usd),
        section=fields.get("section", ""),
        authors=fields.get("authors", ""),
        job=fields.get("job", ""),
        components=_NO_COMPONENTS if parts is None else _components(parts),
    )


def _check_digests(fields: dict[str, Any]) -> None:
    for name in ("request_key", "digest"):  # the digest becomes a file's name
        if not _HEX64.fullmatch(fields[name]):
            raise LineError(f"has a wrong field `{name}`: it must be 64 hexadecimal digits")


def _replaced(fields: object) -> Replaced:
    if type(fields) is not dict:
        raise LineError("has a wrong field `replaced`: it must be a list of objects")
    check(fields, _REPLACED)
    _check_digests(fields)
    return Replaced(
        request_key=fields["request_key"],
        digest=fields["digest"],
        size_bytes=fields["size_bytes"],
        size=_size(fields["size"]),
        replaced_at=fields["replaced_at"],
    )


@lru_cache(maxsize=256)
def _size(text: str) -> Size:
    try:
        return Size.parse(text)
    except ValueError as error:
        raise LineError("has a wrong field `size`: it must be one such as 1536x1024") from error


def _components(fields: dict[str, Any]) -> Components:
    check(fields, _COMPONENTS)
    own = tuple(fields.get("own", ()))
    by_name, templates, variables = (
        fields.get(name, {}) for name in ("fields", "templates", "variables")
    )
    texts = (*own, *by_name.values(), *templates.values(), *variables.values())
    if not _ONLY_TEXTS.issuperset(map(type, texts)):
        raise LineError("has a wrong field `components`: all that it holds must be texts")
    return Components(by_name, own, templates, variables)


def _refusal(fields: dict[str, Any]) -> Refusal:
    check(fields, _REFUSAL)
    return Refusal(
        request_key=fields["request_key"],
        refused_at=fields["refused_at"],
        message=fields.get("message", ""),
        request_id=fields.get("request_id", ""),
    )
