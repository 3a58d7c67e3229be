"""The Image API through the `openai` SDK: one request, one picture, no retry of its own.

Imports the SDK, so import this module only where something is bought.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from json import JSONDecodeError
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types import ImagesResponse

from ..errors import AnswerError
from ..model import CoverRequest, Usage
from ..settings import OPENAI_HOST, Endpoint
from . import Answer
from .openai_errors import said, translate

HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type"}
    | {"host", "user-agent"}
)
"""What another host than OpenAI's is sent; the SDK would add headers from the environment."""
SDK_HEADERS = "x-stainless-"
"""The SDK's own, some of which it reads back from the request."""


class OpenAIProvider:
    """Buys pictures at `/images/generations` of one endpoint. Safe to share between threads."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        parts = urlsplit(endpoint.base_url)
        self.host = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._is_openai = parts.hostname == OPENAI_HOST

    def generate(self, request: CoverRequest) -> Answer:
        """Send the request once. See `Provider.generate`."""
        body = _body(request)
        request_id = ""
        with self._client() as client:
            try:
                raw = client.images.with_raw_response.generate(**body)
                request_id = raw.request_id or ""
                response = raw.parse()
            except openai.OpenAIError as error:
                raise translate(error, model=request.model, endpoint=self._endpoint) from error
            except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
                # The SDK lets through what reading the body as JSON raises.
                raise AnswerError(
                    "the endpoint answered with something that is no JSON",
                    hint="check the base URL: it usually ends in /v1",
                    request_id=request_id,
                ) from error
        if not isinstance(response, ImagesResponse):
            raise AnswerError(
                "the endpoint answered with a page instead of a picture",
                hint="check the base URL: it usually ends in /v1",
                request_id=request_id,
            )
        picture, told = _picture(response), said(getattr(response, "error", None), self._endpoint)
        if told and not picture:
            raise AnswerError(f"the endpoint answered: {told}", request_id=request_id)
        return Answer(
            picture=picture or raw.content,
            sent=body,
            endpoint=self.host,
            usage=_usage(response),
            request_id=request_id,
        )

    def _client(self) -> openai.OpenAI:
        hooks = {} if self._is_openai else {"request": [self._strip]}
        return openai.OpenAI(
            api_key=self._endpoint.api_key,
            base_url=self._endpoint.base_url,
            max_retries=0,  # a retried timeout is a second paid request
            timeout=self._timeout_s,
            # A redirect would carry the prompt to another origin.
            http_client=openai.DefaultHttpxClient(follow_redirects=False, event_hooks=hooks),
        )

    def _strip(self, request: httpx2.Request) -> None:
        """Keep OpenAI's organisation, project and custom headers from another host."""
        for name in list(request.headers):
            if name.lower() not in HEADERS and not name.lower().startswith(SDK_HEADERS):
                del request.headers[name]
        request.headers["authorization"] = f"Bearer {self._endpoint.api_key}"


def _body(request: CoverRequest) -> dict[str, Any]:
    """Return the smallest body that asks for this picture: gateways know few parameters."""
    body: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "size": str(request.size),
        "quality": request.quality,
        "n": 1,
        "output_format": "webp",
    }
    for name in ("background", "moderation"):
        if value := getattr(request, name):
            body[name] = value
    return body


def _picture(response: ImagesResponse) -> bytes:
    """Return the picture's bytes; what is no base64 as it came, `b""` where there is nothing.

    Gateways put a `data:` prefix before the data, break its lines, or leave the padding out.
    """
    encoded = _first(response, "b64_json")
    if not encoded:
        return _first(response, "url").encode()
    data = "".join(encoded.partition(";base64,")[2].split() or encoded.split())
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except ValueError:
        return encoded.encode()


def _first(response: ImagesResponse, name: str) -> str:
    """Return a field of the first picture, `""` where there is none: the SDK checks no types."""
    data: object = response.data
    first = data[0] if isinstance(data, Sequence) and data else None
    value = getattr(first, name, None)
    return value if isinstance(value, str) else ""


def _usage(response: ImagesResponse) -> Usage | None:
    """Return the token counts that the answer tells; gateways leave out any part of them."""
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


def _count(holder: object, name: str) -> int | None:
    value = holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)
    return value if type(value) is int else None
