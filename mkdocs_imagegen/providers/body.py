"""What a request says: the smallest body that asks for the picture, and the headers beside it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import RequestError
from ..model import CoverRequest
from ..settings import Endpoint
from .quirks import OPTIONAL

DEPLOYMENT = "/openai/deployments/"
"""In an Azure address that names the model itself."""


def body_of(
    request: CoverRequest, endpoint: Endpoint, refused: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the smallest body that asks for this picture: gateways know few parameters.

    Args:
        request: to send.
        endpoint: where to; it may ask for less, or for `response_format`.
        refused: optional parameters that it is known not to take.

    Raises:
        RequestError: the endpoint would read another prompt than the author wrote.
    """
    if endpoint.profile == "localai" and "|" in request.prompt:
        raise RequestError(
            "the prompt holds a `|`: LocalAI takes what follows it for what must not be painted",
            hint="reword it without `|`",
        )
    body: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "size": str(request.size),
        "quality": request.quality,
        "n": 1,
        "output_format": "webp",
        "background": request.background,
        "moderation": request.moderation,
        "response_format": endpoint.response_format,
    }
    if endpoint.profile == "azure" and DEPLOYMENT in urlsplit(endpoint.base_url).path:
        del body["model"]
    left_out = endpoint.drop | droppable(refused, endpoint)
    return {name: value for name, value in body.items() if value and name not in left_out}


def droppable(names: frozenset[str], endpoint: Endpoint) -> frozenset[str]:
    """Return those of the names that a request can do without at this endpoint."""
    allowed = frozenset(OPTIONAL)
    return names & (allowed if endpoint.may_drop_quality else allowed - {"quality"})


def add_headers(headers: MutableMapping[str, str], endpoint: Endpoint) -> None:
    """Put the endpoint's own headers and its key where it wants them."""
    headers.update(endpoint.headers)
    if endpoint.key_header.lower() == "authorization":
        headers["authorization"] = f"Bearer {endpoint.api_key}"
    else:
        headers.pop("authorization", None)
        headers[endpoint.key_header] = endpoint.api_key
