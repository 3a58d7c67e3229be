"""What the server can answer: each class is one kind, and `ImageServer.script` queues them.

Text in bodies and headers may hold marks, which are filled in as an answer is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .lines import AT_ONCE, Line

Format = Literal["png", "webp", "jpeg"]
Encoding = Literal["base64", "data uri", "lines", "unpadded"]
"""How a picture is written into the JSON: plainly, after `data:image/...;base64,`, broken into
lines, or without the `=` at its end."""

KEY = "<the key>"
"""A mark: the API key that came with the request."""
ORIGIN = "<this server>"
"""A mark: scheme, host and port of the server itself."""
ELSEWHERE = "<the other server>"
"""A mark: those of `ImageServer.elsewhere`."""


def date_in(seconds: int) -> str:
    """Return a mark: the HTTP date so many seconds after the answer is sent."""
    return f"<date in {seconds} s>"


@dataclass(frozen=True, slots=True)
class Picture:
    """A 200 with a real picture: without arguments, what every good request gets. Paid."""

    format: Format | None = None
    """Another format than the one asked for."""
    size: tuple[int, int] | None = None
    """Another width and height than the ones asked for; the price stays that of the request."""
    usage: Mapping[str, object] | Literal["counted"] | None = "counted"
    """`None` leaves it out; a mapping is sent as it stands."""
    encoding: Encoding = "base64"
    headers: Mapping[str, str] = field(default_factory=dict)
    """On top of the usual ones, or instead of them."""


@dataclass(frozen=True, slots=True)
class NotAPicture:
    """A 200 in the usual shape whose `b64_json` holds these bytes. Paid."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """An error status."""

    status: int
    body: Mapping[str, object] | str | bytes = ""
    """A mapping goes out as JSON, text as HTML, bytes as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)
    paid: bool = False
    """Whether the picture was made and billed all the same, as behind a gateway's 504."""

    @classmethod
    def openai(
        cls,
        status: int,
        code: str | None,
        message: str,
        *,
        param: str | None = None,
        type: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Return an error in the shape of OpenAI's own."""
        error = {"message": message, "type": type, "param": param, "code": code}
        return cls(status, {"error": error}, headers or {})

    @classmethod
    def moderation(cls, stage: str, *categories: str, paid: bool = False) -> Fault:
        """Return a refusal by OpenAI's safety system, of the `input` or of the `output`."""
        error = {
            "message": "Your request was rejected by the safety system.",
            "type": "image_generation_user_error",
            "param": None,
            "code": "moderation_blocked",
            "moderation_details": {"moderation_stage": stage, "categories": list(categories)},
        }
        return cls(400, {"error": error}, paid=paid)


@dataclass(frozen=True, slots=True)
class RawBody:
    """A success with a body that is not the usual one."""

    data: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    paid: bool = True

    @classmethod
    def json(cls, document: object, *, status: int = 200, paid: bool = True) -> RawBody:
        """Return this document as the body."""
        return cls(json.dumps(document).encode(), status=status, paid=paid)


@dataclass(frozen=True, slots=True)
class Hangup:
    """No answer: the connection is closed after the request was read."""

    paid: bool = False
    """Whether the picture was made and billed before the line broke."""


@dataclass(frozen=True, slots=True)
class PictureUrl:
    """A 200 that names the address of the picture instead of holding it. Paid.

    The picture waits below `/files/`; each download of it is among the server's `downloads`.
    """

    picture: Picture = Picture()
    url: str = ""
    """Another address than that of the picture; may hold marks."""
    file: Fault | None = None
    """What a download gets instead of the picture; with status 200, these bytes."""
    line: Line = AT_ONCE
    """How a download travels."""
    elsewhere: bool = False
    """Whether the picture waits at `ImageServer.elsewhere`."""


@dataclass(frozen=True, slots=True)
class Refuses:
    """A 400 that names a parameter, for each request that sends it; another answer without it."""

    param: str
    fault: Fault | None = None
    """Another error than OpenAI's `unknown_parameter`."""
    then: Plain = Picture()

    def answer(self, body: Mapping[str, object]) -> Plain:
        """Return what a request with this body gets."""
        if self.param not in body:
            return self.then
        message = f"Unknown parameter: '{self.param}'."
        refusal = Fault.openai(400, "unknown_parameter", message, param=self.param)
        return self.fault or refusal


Plain = Picture | NotAPicture | Fault | RawBody | Hangup | PictureUrl


@dataclass(frozen=True, slots=True)
class Carried:
    """Another answer, on a bad line."""

    answer: Plain | Refuses
    line: Line


Answer = Plain | Refuses | Carried
