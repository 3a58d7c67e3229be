"""What the server can answer: each class is one kind, and `ImageServer.script` queues them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["png", "webp", "jpeg"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A 200 with a real picture: without arguments, what every good request gets. Paid."""

    format: Format | None = None
    """Another format than the one asked for."""
    size: tuple[int, int] | None = None
    """Another width and height than the ones asked for; the price stays that of the request."""
    usage: Mapping[str, object] | Literal["counted"] | None = "counted"
    """`None` leaves it out; a mapping is sent as it stands."""


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


@dataclass(frozen=True, slots=True)
class RawBody:
    """A success with a body that is not the usual one."""

    data: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    paid: bool = True


@dataclass(frozen=True, slots=True)
class Hangup:
    """No answer: the connection is closed after the request was read."""

    paid: bool = False
    """Whether the picture was made and billed before the line broke."""


Answer = Picture | NotAPicture | Fault | RawBody | Hangup
