"""What one generation request gets: the reply, its pictures, and whether it is billed."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from .answers import Answer, Fault, Hangup, NotAPicture, Picture, RawBody
from .checks import Generation
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


def sell(generation: Generation, answer: Answer, seed: str) -> Outcome:
    """Return what a request gets under that answer; another seed makes other pictures."""
    match answer:
        case Picture():
            pictures = _draw_all(generation, answer, seed)
            reply = _picture_reply(generation, answer, pictures)
            return Outcome(reply, generation, pictures)
        case NotAPicture(data=data):
            return Outcome(_picture_reply(generation, Picture(), (data,)), generation)
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


def _draw_all(generation: Generation, answer: Picture, seed: str) -> tuple[bytes, ...]:
    width, height = answer.size or (generation.width, generation.height)
    output_format = answer.format or generation.output_format
    asked = f"{generation.model.id} {generation.size} {generation.quality} {generation.prompt}"
    transparent = generation.background == "transparent" and output_format != "jpeg"
    return tuple(
        draw(f"{seed} {index} {asked}", width, height, output_format, transparent=transparent)
        for index in range(generation.n)
    )


def _picture_reply(generation: Generation, answer: Picture, pictures: tuple[bytes, ...]) -> Reply:
    width, height = answer.size or (generation.width, generation.height)
    body: dict[str, object] = {
        "created": int(time.time()),
        "background": generation.background,
        "data": [{"b64_json": base64.b64encode(data).decode()} for data in pictures],
        "output_format": answer.format or generation.output_format,
        "quality": generation.quality,
        "size": f"{width}x{height}",
    }
    if answer.usage is not None:
        counted = answer.usage == "counted"
        body["usage"] = _usage(generation) if counted else answer.usage
    headers = {"content-type": "application/json", **RATE_LIMITS}
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
