"""Which optional parameters an endpoint refuses: read in its errors, remembered by host and model.

A refusal costs nothing, but each one is a request. Model, prompt and size are never left out.
Imports no SDK.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

OPTIONAL = (
    "output_format",
    "background",
    "moderation",
    "quality",
    "response_format",
    "n",
)
"""What a request can do without."""
WISHES = frozenset({"background", "moderation", "quality"})
"""Whoever set these wants them: another value is theirs to choose, so only an endpoint that does
not know the parameter at all is asked without it."""

QUIRKS = "endpoints.json"
"""The name of the file that keeps them, in the cache folder."""
FORMAT = 1
LIMIT_BYTES = 1_000_000
REFUSING = frozenset({400, 422})
UNKNOWN_CODES = frozenset({"unknown_parameter", "unsupported_parameter", "extra_forbidden"})
VALUE_CODES = frozenset({"invalid_value", "unsupported_value", "invalid_type"})
SAFETY_CODES = frozenset({"moderation_blocked", "content_policy_violation"})
"""Their sentences may speak of moderation without meaning the parameter."""

_NAMES = "|".join(OPTIONAL)
_UNKNOWN = re.compile(
    r"(?:unknown|unrecogni[sz]ed|unexpected|unsupported|extra|invalid|not support)"
    r"(?: request| keyword)? (?:field|parameter|argument|input|key|propert)\w*"
    r"(?:\(s\))?(?: supplied)?[:\s]+(?P<names>[^.;\n]{1,200})",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(
    rf"['\"`]?\b(?P<names>{_NAMES})\b['\"`]?(?: parameter| field)?:?"
    r"(?: is| are)?(?: not| un)\s?(?:supported|permitted|allowed|recogni[sz]ed|known|expected)",
    re.IGNORECASE,
)
_EXTRA = re.compile(r"extra (?:inputs|fields) (?:are )?not (?:permitted|allowed)", re.IGNORECASE)
_VALUE = re.compile(r"\bvalues?\b", re.IGNORECASE)


def refused_parameters(status: int, body: object) -> frozenset[str]:
    """Return the optional parameters that an error refuses by name, of all its usual shapes.

    Args:
        status: of the answer.
        body: the error as JSON, or its inner object, as the SDK hands it on.
    """
    if status not in REFUSING:
        return frozenset()
    if isinstance(body, Mapping) and "error" in body:
        body = body["error"]
    if isinstance(body, str):
        return _in_sentence(body)
    if not isinstance(body, Mapping) or _text(body, "code") in SAFETY_CODES:
        return frozenset()
    if isinstance(details := body.get("detail"), list):
        return frozenset(name for item in details for name in _in_detail(item))
    sentence = next((text for key in ("message", "detail") if (text := _text(body, key))), "")
    name = _text(body, "param").rpartition(".")[2]
    if not name:
        return _in_sentence(sentence)
    return _if_droppable(name, unknown=_is_unknown(_text(body, "code"), sentence))


class Quirks:
    """What endpoints refused so far, in this run and in earlier ones. Safe to share by threads."""

    def __init__(self, file: Path | None = None) -> None:
        """Read nothing yet. Without a file they are remembered for this run only."""
        self._file = file
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], frozenset[str]] | None = None

    def refused(self, host: str, model: str) -> frozenset[str]:
        """Return what to leave out of a request."""
        with self._lock:
            return self._loaded().get((host, model), frozenset())

    def learn(self, host: str, model: str, names: Iterable[str]) -> None:
        """Remember a refusal. A file that can't be written costs a refused request next time."""
        with self._lock:
            known = self._loaded()
            known[host, model] = known.get((host, model), frozenset()) | frozenset(names)
            if self._file is not None:
                # Another run may have learned something meanwhile.
                for key, others in _read(self._file).items():
                    known[key] = known.get(key, frozenset()) | others
                with suppress(OSError):
                    _write(self._file, known)

    def _loaded(self) -> dict[tuple[str, str], frozenset[str]]:
        if self._known is None:
            self._known = _read(self._file) if self._file is not None else {}
        return self._known


def _in_detail(item: object) -> frozenset[str]:
    """Return what one entry of FastAPI's `detail` refuses: `{loc, msg, type}`."""
    place = item.get("loc") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(place, list) or not place:
        return frozenset()
    unknown = _is_unknown(_text(item, "type"), _text(item, "msg"))
    return _if_droppable(str(place[-1]), unknown=unknown)


def _in_sentence(sentence: str) -> frozenset[str]:
    found = [match["names"] for match in _UNKNOWN.finditer(sentence)]
    found += [match["names"] for match in _NOT_TAKEN.finditer(sentence)]
    words = {word for part in found for word in re.findall(r"\w+", part)}
    return frozenset(OPTIONAL) & words


def _is_unknown(code: str, sentence: str) -> bool:
    """Tell whether the parameter itself is refused, and not only its value."""
    if code in UNKNOWN_CODES or _EXTRA.search(sentence) or _in_sentence(sentence):
        return True
    return code not in VALUE_CODES and not _VALUE.search(sentence) and not code.endswith("_error")


def _if_droppable(name: str, *, unknown: bool) -> frozenset[str]:
    droppable = name in OPTIONAL and (unknown or name not in WISHES)
    return frozenset({name}) if droppable else frozenset()


def _text(holder: Mapping[str, object], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _read(file: Path) -> dict[tuple[str, str], frozenset[str]]:
    """Return what a file says of parameters that may be left out, and nothing else of it."""
    try:
        with file.open("rb") as stream:
            document = json.loads(stream.read(LIMIT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return {}
    known = {}
    hosts = document.get("refused")
    for host, models in hosts.items() if isinstance(hosts, dict) else ():
        for model, names in models.items() if isinstance(models, dict) else ():
            if isinstance(names, list):
                known[host, model] = frozenset(name for name in OPTIONAL if name in names)
    return known


def _write(file: Path, known: Mapping[tuple[str, str], frozenset[str]]) -> None:
    hosts: dict[str, dict[str, list[str]]] = {}
    for (host, model), names in sorted(known.items()):
        hosts.setdefault(host, {})[model] = sorted(names)
    text = json.dumps({"format": FORMAT, "refused": hosts}, indent=1)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
