"""What one generation request gets: the reply, its pictures, and whether it is billed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from .answers import (
    ELSEWHERE,
    ORIGIN,
    Answer,
    Carried,
    Encoding,
    Fault,
    Hangup,
    NotAPicture,
    Picture,
    PictureUrl,
    Plain,
    RawBody,
    Refuses,
)
from .checks import Generation
from .files import Parcel, new_path
from .lines import AT_ONCE, Line
from .pictures import draw
from .wire import Reply

RATE_LIMITS: Mapping[str, str] = {
    "x-ratelimit-limit-requests": "250",
    "x-ratelimit-remaining-requests": "249",
    "x-ratelimit-reset-requests": "240ms",
    "x-ratelimit-limit-tokens": "8000000",
    "x-ratelimit-remaining-tokens": "7990000",
    "x-ratelimit-reset-tokens": "75ms",
}
"""Always those of a big account that has hardly begun: nothing is limited here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ends."""

    reply: Reply | None
    """`None` closes the connection without one."""
    billed: Generation | None = None
    pictures: tuple[bytes, ...] = ()
    parcel: Parcel | None = None


def chosen(answer: Answer, body: Mapping[str, object]) -> tuple[Plain, Line]:
    """Return what a request with this body gets, and the line that it comes on."""
    if isinstance(answer, Carried):
        return chosen(answer.answer, body)[0], answer.line
    return (answer.answer(body) if isinstance(answer, Refuses) else answer), AT_ONCE


def sell(generation: Generation, answer: Plain, seed: str) -> Outcome:
    """Return what a request gets under that answer; another seed makes other pictures."""
    match answer:
        case Picture():
            pictures = _draw_all(generation, answer, seed)
            reply = _picture_reply(generation, answer, _encoded(pictures, answer.encoding))
            return Outcome(reply, generation, pictures)
        case NotAPicture(data=data):
            reply = _picture_reply(generation, Picture(), _encoded((data,), "base64"))
            return Outcome(reply, generation)
        case PictureUrl():
            return _by_url(generation, answer, seed)
        case Fault():
            return Outcome(fault_reply(answer), generation if answer.paid else None)
        case RawBody():
            headers = {"content-type": answer.content_type, **answer.headers}
            reply = Reply(answer.status, headers, answer.data)
            return Outcome(reply, generation if answer.paid else None)
        case Hangup():
            return Outcome(None, generation if answer.paid else None)
        case _:
            assert_never(answer)


def fault_reply(fault: Fault) -> Reply:
    """Return an error as it goes out."""
    match fault.body:
        case bytes():
            data, content_type = fault.body, "application/octet-stream"
        case str():
            data, content_type = fault.body.encode(), "text/html; charset=utf-8"
        case _:
            data, content_type = json.dumps(fault.body).encode(), "application/json"
    return Reply(fault.status, {"content-type": content_type, **fault.headers}, data)


def _by_url(generation: Generation, answer: PictureUrl, seed: str) -> Outcome:
    pictures = _draw_all(generation, answer.picture, seed)
    output_format = answer.picture.format or generation.output_format
    path = new_path(output_format)
    file = Reply(200, {"content-type": f"image/{output_format}"}, pictures[0])
    if answer.file:
        file = fault_reply(answer.file)
    parcel = Parcel(path, replace(file, line=answer.line), answer.elsewhere)
    url = answer.url or f"{ELSEWHERE if answer.elsewhere else ORIGIN}{path}"
    reply = _picture_reply(generation, answer.picture, [{"url": url}])
    return Outcome(reply, generation, pictures[:1], parcel)


def _encoded(pictures: tuple[bytes, ...], encoding: Encoding) -> list[dict[str, str]]:
    return [{"b64_json": _text(data, encoding)} for data in pictures]


def _text(data: bytes, encoding: Encoding) -> str:
    text = base64.b64encode(data).decode()
    match encoding:
        case "base64":
            return text
        case "data uri":
            return f"data:image/png;base64,{text}"
        case "lines":
            return base64.encodebytes(data).decode()
        case "unpadded":
            return text.rstrip("=")
        case _:
            assert_never(encoding)


def _draw_all(generation: Generation, answer: Picture, seed: str) -> tuple[bytes, ...]:
    width, height = answer.size or (generation.width, generation.height)
    output_format = answer.format or generation.output_format
    asked = f"{generation.model.id} {generation.size} {generation.quality} {generation.prompt}"
    transparent = generation.background == "transparent" and output_format != "jpeg"
    return tuple(
        draw(f"{seed} {index} {asked}", width, height, output_format, transparent=transparent)
        for index in range(generation.n)
    )


def _picture_reply(generation: Generation, answer: Picture, data: list[dict[str, str]]) -> Reply:
    width, height = answer.size or (generation.width, generation.height)
    body: dict[str, object] = {
        "created": int(time.time()),
        "background": generation.background,
        "data": data,
        "output_format": answer.format or generation.output_format,
        "quality": generation.quality,
        "size": f"{width}x{height}",
    }
    if answer.usage is not None:
        counted = answer.usage == "counted"
        body["usage"] = _usage(generation) if counted else answer.usage
    headers = {"content-type": "application/json", **RATE_LIMITS, **answer.headers}
    return Reply(200, headers, json.dumps(body).encode())


def _usage(generation: Generation) -> dict[str, object]:
    text, image = generation.text_tokens, generation.output_tokens
    return {
        "input_tokens": text,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": text},
        "output_tokens": image,
        "output_tokens_details": {"image_tokens": image, "text_tokens": 0},
        "total_tokens": text + image,
    }
