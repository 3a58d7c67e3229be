"""From the SDK's exceptions to ours: one translation, by status and code."""

from __future__ import annotations

import openai

from ..errors import (
    AccessError,
    AuthenticationError,
    CreditError,
    EndpointError,
    ModelError,
    NetworkError,
    ProviderError,
    RateError,
    RequestError,
    ResponseTimeoutError,
    SafetyError,
    UpstreamError,
)

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
SLOW_UPSTREAM = frozenset({504, 524})
MESSAGE_CHARS = 200


def translate(error: openai.OpenAIError, *, model: str, key_name: str) -> ProviderError:
    """Return our error for one of the SDK's; never a key or a whole body in its message."""
    match error:
        case openai.APITimeoutError():
            return ResponseTimeoutError(
                "no answer in time: the request may have been billed",
                hint="raise `timeout_s` in mkdocs.yml, or ask for a lower quality",
            )
        case openai.APIConnectionError():
            return NetworkError(
                "the endpoint can't be reached", hint="check the network and the base URL"
            )
        case openai.APIStatusError():
            return _by_status(error, model=model, key_name=key_name)
        case openai.APIError():
            return EndpointError(f"an answer that can't be read: {_short(error.message)}")
        case _:
            return EndpointError(f"the SDK gave up: {_short(str(error))}")


def _by_status(error: openai.APIStatusError, *, model: str, key_name: str) -> ProviderError:
    status, code = error.status_code, error.code or ""
    kind: type[ProviderError] = RequestError
    what, hint = f"the endpoint refused the request ({status})", ""
    if code in SAFETY_CODES:
        kind, what = SafetyError, "the prompt was refused by the safety system"
        hint = "reword cover_prompt"
    elif status == 401:
        kind, what = AuthenticationError, "the API key is not accepted"
        hint = f"check {key_name}"
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
    elif status in SLOW_UPSTREAM:
        kind, what = ResponseTimeoutError, "the endpoint took too long: it may have been billed"
    elif status >= 500:
        kind, what = UpstreamError, f"the endpoint failed ({status})"
        hint = "run again later: what was bought is kept"
    elif 300 <= status < 400:
        kind, what = EndpointError, "the endpoint redirects to another address"
        hint = "set the base URL to the address it redirects to"
    said = _said(error)
    return kind(f"{what}: {said}" if said else what, hint=hint, request_id=error.request_id or "")


def _said(error: openai.APIStatusError) -> str:
    """Return the endpoint's own sentence, where it sent one as JSON."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return _short(message) if isinstance(message, str) else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MESSAGE_CHARS else line[: MESSAGE_CHARS - 1] + "…"
