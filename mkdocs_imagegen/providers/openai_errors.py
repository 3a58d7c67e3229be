"""From the SDK's exceptions to ours: one translation, by status and code.

It also says what may have been billed (`maybe_billed`), in doubt that it was. Certainly free are:
what never left this machine, redirects, every 4xx but 408, and 500 to 503. Other 5xx come from
gateways, such as 504 and 524: the API behind them may have made the picture. So it may when the
connection broke or no answer came in time, when a success can't be read, and when the safety system
refused the finished picture.
"""

from __future__ import annotations

import httpx2
import openai

from ..errors import (
    AccessError,
    AnswerError,
    AuthenticationError,
    CreditError,
    EndpointError,
    ModelError,
    NetworkError,
    PictureRefusedError,
    ProviderError,
    RateError,
    RequestError,
    ResponseTimeoutError,
    SafetyError,
    UpstreamError,
)
from ..settings import Endpoint

MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
    }
)
"""429s that no waiting mends."""
SAFETY_CODES = frozenset({"moderation_blocked", "content_policy_violation"})
NOT_MADE = frozenset({500, 501, 502, 503})
"""The 5xx that say that no picture was made."""
TOO_SLOW = 408
"""LiteLLM's word for an API behind it that took too long."""
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
"""Failures before the request left: nothing can have been billed."""
MESSAGE_CHARS = 200


def translate(error: openai.OpenAIError, *, model: str, endpoint: Endpoint) -> ProviderError:
    """Return our error for one of the SDK's; never a key or a whole body in its message."""
    match error:
        case openai.APIConnectionError() if isinstance(error.__cause__, NEVER_SENT):
            return NetworkError(
                "the endpoint can't be reached", hint="check the network and the base URL"
            )
        case openai.APITimeoutError():
            return ResponseTimeoutError(
                "no answer in time: the request may have been billed",
                hint="raise `timeout_s` in mkdocs.yml, or ask for a lower quality",
            )
        case openai.APIConnectionError():
            return ResponseTimeoutError(
                "the connection broke before the answer was there: it may have been billed",
                hint="check the network, then run again",
            )
        case openai.APIStatusError():
            return _by_status(error, model=model, endpoint=endpoint)
        case openai.APIError():
            return AnswerError(f"an answer that can't be read: {_short(error.message, endpoint)}")
        case _:
            return AnswerError(f"the SDK gave up: {_short(str(error), endpoint)}")


def _by_status(error: openai.APIStatusError, *, model: str, endpoint: Endpoint) -> ProviderError:
    status, code = error.status_code, error.code or ""
    kind: type[ProviderError] = RequestError
    what, hint = f"the endpoint refused the request ({status})", ""
    if code in SAFETY_CODES and _stage(error.body) == "output":
        kind, what = PictureRefusedError, "the safety system refused the picture that was made"
        hint = "reword cover_prompt; the request may have been billed"
    elif code in SAFETY_CODES:
        kind, what = SafetyError, "the prompt was refused by the safety system"
        hint = "reword cover_prompt"
    elif status == 401:
        kind, what = AuthenticationError, "the API key is not accepted"
        hint = f"check {endpoint.key_name}"
    elif status == 402 or code in MONEY_CODES:
        kind, what, hint = CreditError, "no credit is left", "check the account's billing page"
    elif status == 403:
        kind, what = AccessError, "the key may not use this"
        hint = "verify the organisation, or ask its owner for access to image models"
    elif status == 404:
        kind, what = ModelError, f"there is no model {model} at this endpoint"
        hint = "check `model` and the base URL (it usually ends in /v1)"
    elif status == 429:
        kind, what = RateError, "too many requests"
        hint = "lower `concurrency`, or run again later: what was bought is kept"
    elif status in NOT_MADE:
        kind, what = UpstreamError, f"the endpoint failed ({status})"
        hint = "run again later: what was bought is kept"
    elif status == TOO_SLOW or status >= 500:
        kind, what = ResponseTimeoutError, f"no answer came ({status}): it may have been billed"
    elif 300 <= status < 400:
        kind, what = EndpointError, "the endpoint redirects to another address"
        hint = "set the base URL to the address it redirects to"
    told = said(_told_in(error), endpoint)
    return kind(f"{what}: {told}" if told else what, hint=hint, request_id=error.request_id or "")


def _stage(body: object) -> object:
    """Return at which stage a safety system refused: `input`, `output`, or nothing known."""
    details = body.get("moderation_details") if isinstance(body, dict) else None
    return details.get("moderation_stage") if isinstance(details, dict) else None


def said(body: object, endpoint: Endpoint) -> str:
    """Return the endpoint's own sentence out of an error object, `""` where it has none."""
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail")
    return _short(body, endpoint) if isinstance(body, str) else ""


def _told_in(error: openai.APIStatusError) -> object:
    """Return what the answer holds as JSON: a body that is a page is of no use in a message."""
    is_json = "json" in error.response.headers.get("content-type", "")
    return error.body if is_json else None


def _short(text: str, endpoint: Endpoint) -> str:
    """Return a line fit for a log: no key, even where the endpoint repeats it, and no escapes."""
    line = " ".join(text.replace(endpoint.api_key, "(key)").split())
    line = "".join(char for char in line if char.isprintable())
    return line if len(line) <= MESSAGE_CHARS else line[: MESSAGE_CHARS - 1] + "…"
