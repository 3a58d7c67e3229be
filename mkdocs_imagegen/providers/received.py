"""Answers that were put on the disk before they were read: the picture and the bill in them.

Nothing is downloaded here: a poisoned cache must not choose what a build fetches, nor when.
"""

from __future__ import annotations

import json

from openai.types import ImagesResponse

from ..errors import AnswerError
from ..model import Usage
from .reading import picture_in, usage_in


def read_body(body: bytes) -> tuple[bytes, Usage | None, AnswerError | None]:
    """Return the picture in an answer's body, the counted tokens, and why it is no picture.

    It is `b""` where there is nothing, and an address where that stands in its place: the reason
    tells of the address only. What is no JSON is returned as it is: a picture that was downloaded.
    """
    try:
        fields: object = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return body, None, None
    if not isinstance(fields, dict):
        return b"", None, None
    named = {name: value for name, value in fields.items() if not name.startswith("_")}
    response = ImagesResponse.construct(None, **named)
    picture, missed = picture_in(response, _fetch_nothing)
    return picture, usage_in(response), missed


def _fetch_nothing(_address: str) -> bytes:
    raise AnswerError("an earlier run ended before it had downloaded the picture it had paid for")
