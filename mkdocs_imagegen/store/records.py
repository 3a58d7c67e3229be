"""Records of paid requests as JSON, the same in the cache and in the covers folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from ..model import Entry, Record, Usage

RECORD_VERSION = 1
"""Of the JSON. Fields may be added to a version: a reader ignores those it does not know."""
HEX64 = re.compile(r"[0-9a-f]{64}")


def record_of(entry: Entry) -> Record:
    """Return what the lockfile still knows of a purchase whose record is lost.

    Raises:
        ValueError: the entry has no approved picture.
    """
    approved = entry.approved
    if approved is None:
        raise ValueError(f"{entry.article} has no approved picture")
    return Record(
        request_key=approved.request_key,
        digest=approved.digest,
        size_bytes=approved.size_bytes,
        article=entry.article,
        sent={
            "model": approved.model,
            "size": str(approved.size),
            "quality": approved.quality,
        },
        endpoint="",
        received_at=approved.bought_at,
        usd=recorded_usd(approved.usd),
    )


def recorded_usd(usd: Decimal | None) -> str | None:
    """Return an amount as records spell it: exact, without zeros at the end."""
    return None if usd is None else f"{usd.normalize():f}"


def record_fields(record: Record) -> dict[str, object]:
    """Return a record as the fields of its JSON."""
    return {**asdict(record), "sent": dict(record.sent), "version": RECORD_VERSION}


def write_record(record: Record) -> bytes:
    """Return a record as JSON."""
    # default=str: an odd value in what was sent must not cost a picture that is paid for.
    return json.dumps(record_fields(record), sort_keys=True, default=str).encode()


def read_record(text: bytes, request_key: str) -> Record:
    """Read a record's JSON.

    Raises:
        ValueError: where it is no record, or that of another request.
    """
    record = read_record_fields(read_object(text))
    if record.request_key != request_key:
        raise ValueError("it is of another request")
    return record


def read_record_fields(fields: Mapping[str, object]) -> Record:
    """Read the fields of a record's JSON; raises ValueError where it is no record."""
    if fields.get("version") != RECORD_VERSION:
        raise ValueError(f"it has version {fields.get('version')!r}")
    sent = fields.get("sent")
    if not isinstance(sent, dict):
        raise ValueError("sent is no mapping")
    usd = fields.get("usd")
    return Record(
        request_key=_hex64(fields, "request_key"),
        digest=read_digest(fields),
        size_bytes=read_count(fields, "size_bytes"),
        article=_text(fields, "article"),
        sent=sent,
        endpoint=_text(fields, "endpoint"),
        received_at=_text(fields, "received_at"),
        usage=_usage(fields.get("usage")),
        usd=None if usd is None else _text(fields, "usd"),
        request_id=_text(fields, "request_id"),
    )


def read_object(text: bytes) -> dict[str, object]:
    """Read a JSON object; raises ValueError for anything else."""
    try:
        value = json.loads(text.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    return value


def read_digest(fields: Mapping[str, object]) -> str:
    """Return the field `digest`; raises ValueError where it is no sha256."""
    return _hex64(fields, "digest")


def read_count(fields: Mapping[str, object], name: str) -> int:
    """Return a whole number from 0; raises ValueError where it is none."""
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is no whole number")
    return value


def _hex64(fields: Mapping[str, object], name: str) -> str:
    value = _text(fields, name)
    if not HEX64.fullmatch(value):
        raise ValueError(f"{name} is no sha256")
    return value


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _usage(value: object) -> Usage | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("usage is no mapping")
    names = ("input_text_tokens", "input_image_tokens", "output_tokens")
    return Usage(**{n: None if value.get(n) is None else read_count(value, n) for n in names})
