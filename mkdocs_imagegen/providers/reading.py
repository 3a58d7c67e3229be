"""What an answer holds: the picture and the bill, in all the shapes that gateways give them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

from openai.types import ImagesResponse

from ..errors import AnswerError
from ..model import Usage

URL_SAFE = str.maketrans("-_", "+/")


def picture_in(
    response: ImagesResponse, fetch: Callable[[str], bytes]
) -> tuple[bytes, AnswerError | None]:
    """Return the picture's bytes, and why they are not the picture where an address stands instead.

    What is no base64 comes back as it came, `b""` where there is nothing. Gateways put a `data:`
    prefix before the data, into either field, break its lines, leave the padding out, or write it
    for addresses.

    Args:
        response: of the endpoint.
        fetch: downloads what lies at an address; its AnswerError is returned.
    """
    given = _first(response, "b64_json") or _first(response, "url")
    encoded = given.strip()
    if encoded[:5].lower() == "data:":
        encoded = encoded.partition(",")[2]
    elif encoded.startswith(("http://", "https://")) or not _first(response, "b64_json"):
        return _fetched(encoded, fetch)
    data = "".join(encoded.split()).rstrip("=").translate(URL_SAFE)
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True), None
    except ValueError:
        return given.encode(), None


def usage_in(response: ImagesResponse) -> Usage | None:
    """Return the token counts that the answer tells; gateways leave out any part of them.

    Counts of a chat are none of a picture.
    """
    usage = response.usage
    if usage is None:
        return None
    details = getattr(usage, "input_tokens_details", None)
    # Without details all input is text: a generation sends nothing else.
    text = _count(usage, "input_tokens") if details is None else _count(details, "text_tokens")
    return Usage(
        input_text_tokens=text,
        input_image_tokens=_count(details, "image_tokens"),
        output_tokens=_count(usage, "output_tokens"),
    )


def _fetched(address: str, fetch: Callable[[str], bytes]) -> tuple[bytes, AnswerError | None]:
    if not address:
        return b"", None
    try:
        return fetch(address), None
    except AnswerError as error:
        return address.encode(), error


def _first(response: ImagesResponse, name: str) -> str:
    """Return a field of the first picture, `""` where there is none: the SDK checks no types."""
    data: object = response.data
    first = data[0] if isinstance(data, Sequence) and data else None
    value = getattr(first, name, None)
    return value if isinstance(value, str) else ""


def _count(holder: object, name: str) -> int | None:
    value = holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)
    return value if type(value) is int and value >= 0 else None
