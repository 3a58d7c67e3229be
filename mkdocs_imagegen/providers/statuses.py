"""From an answer that is no success to one of our errors: by code where it has one, else by status.

It also says what may have been billed (`maybe_billed`), in doubt that it was. Certainly free are
redirects, every 4xx but 408, and 500 to 503. Other 5xx come from gateways, such as 504 and 524: the
API behind them may have made the picture. So it may when the safety system refused what was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import openai

from ..errors import (
    AccessError,
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
from .limits import request_id_in, retry_after_s
from .wording import address, categories_in, codes_in, param_in, said, stage_in

MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_user_quota",
        "pre_consume_token_quota_failed",
    }
)
"""Of any status: no waiting mends them. The last two are those of gateways."""
MONEY_WORDS = ("exceeded your current quota", "billing hard limit", "insufficient_quota")
"""In the sentences of gateways that lose the code."""
SAFETY_CODES = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "content_filter",
        "contentFilter",
        "ResponsibleAIPolicyViolation",
    }
)
SAFETY_WORDS = (
    "moderation_blocked",
    "content_policy_violation",
    "contentpolicyviolation",
    "rejected by the safety system",
    "rejected as a result of our safety system",
)
MODEL_CODES = frozenset({"model_not_found", "DeploymentNotFound"})
KEY_CODES = frozenset({"invalid_api_key"})
NOT_MADE = frozenset({500, 501, 502, 503})
"""The 5xx that say that no picture was made."""
TOO_SLOW = 408
"""LiteLLM's word for an API behind it that took too long."""
PATH_HINT = "check the base URL: it usually ends in /v1, and must lead to an Image API"
VERIFY_HINT = (
    "verify the organisation (at OpenAI: platform.openai.com/settings/organization/general),"
    " then wait a quarter of an hour"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What became of a request: an error's class and its words, before the endpoint's own."""

    kind: type[ProviderError]
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, of whom and when."""

    model: str
    endpoint: Endpoint
    host: str
    """Scheme and host."""
    now: datetime


def by_status(error: openai.APIStatusError, asked: Asked) -> ProviderError:
    """Return our error for an answer that is no success."""
    told = said(_told_in(error), asked.endpoint)
    refusal = _by_code(error, told, asked) or _by_status(error, told, asked)
    kind, headers = refusal.kind, error.response.headers
    wait_s = None
    if kind.passes or kind is ResponseTimeoutError:
        wait_s = retry_after_s(headers, asked.now, limited=error.status_code == 429)
    ours = kind(
        f"{refusal.what}: {told}" if told else refusal.what,
        hint=refusal.hint,
        request_id=request_id_in(headers),
        retry_after_s=wait_s,
    )
    if isinstance(ours, SafetyError):
        ours.categories = categories_in(error.body, asked.endpoint)
    if isinstance(ours, RequestError):
        ours.param = param_in(error.body, asked.endpoint)
    return ours


def _by_code(error: openai.APIStatusError, told: str, asked: Asked) -> Refusal | None:
    """Return what a code says for certain, whatever the status that a gateway sends with it."""
    codes, words = codes_in(error.body), told.lower()
    is_error = error.status_code >= 400
    if codes & SAFETY_CODES or (
        error.status_code in (400, 403) and any(word in words for word in SAFETY_WORDS)
    ):
        return _safety(error, asked)
    if codes & MONEY_CODES or (is_error and any(word in words for word in MONEY_WORDS)):
        return Refusal(CreditError, "no credit is left", "check the account's billing page")
    if codes & MODEL_CODES:
        return _no_model(asked)
    if codes & KEY_CODES:
        return _no_key(asked)
    return None


def _by_status(error: openai.APIStatusError, told: str, asked: Asked) -> Refusal:
    status = error.status_code
    match status:
        case 401:
            return _no_key(asked)
        case 402:
            return Refusal(CreditError, "no credit is left", "check the account's billing page")
        case 403:
            return _forbidden(told)
        case 404 | 410:
            return _not_found(told, asked)
        case 405:
            return Refusal(EndpointError, f"{asked.host} makes no pictures there (405)", PATH_HINT)
        case 407:
            return Refusal(
                NetworkError,
                "the proxy wants a name and a password (407)",
                "put them into the proxy's address, HTTP_PROXY or HTTPS_PROXY",
            )
        case 429:
            hint = "lower `concurrency`, or run again later: what was bought is kept"
            return Refusal(RateError, "too many requests", hint)
    if status in NOT_MADE:
        hint = "run again later: what was bought is kept"
        return Refusal(UpstreamError, f"the endpoint failed ({status})", hint)
    if status == TOO_SLOW or status >= 500:
        what = f"no answer came ({status}): it may have been billed"
        return Refusal(ResponseTimeoutError, what, "run again later: what was bought is kept")
    if status < 400:
        return _redirect(error)
    hint = "check what mkdocs.yml and the article ask for: model, size, quality and the prompt"
    return Refusal(RequestError, f"the endpoint refused the request ({status})", hint)


def _safety(error: openai.APIStatusError, asked: Asked) -> Refusal:
    found = categories_in(error.body, asked.endpoint)
    why = f" ({', '.join(found)})" if found else ""
    if stage_in(error.body) == "output":
        what = f"the safety system refused the picture that was made{why}: it may have been billed"
        return Refusal(PictureRefusedError, what, "reword cover_prompt")
    what = f"the prompt was refused by the safety system{why}"
    return Refusal(SafetyError, what, "reword cover_prompt")


def _no_model(asked: Asked) -> Refusal:
    what = f"there is no model {asked.model} at this endpoint"
    return Refusal(
        ModelError, what, "check `model`; the endpoint may have retired it, or never had it"
    )


def _no_key(asked: Asked) -> Refusal:
    hint = f"check {asked.endpoint.key_name}: the key must be one of {asked.host}"
    return Refusal(AuthenticationError, "the API key is not accepted", hint)


def _forbidden(told: str) -> Refusal:
    words = told.lower()
    if "verif" in words:
        return Refusal(AccessError, "the organisation is not verified", VERIFY_HINT)
    if "country" in words or "region" in words:
        what = "the endpoint does not serve the country that this machine is in"
        return Refusal(AccessError, what, "run where it is served, such as in your CI")
    hint = "verify the organisation, or ask its owner for access to image models"
    return Refusal(AccessError, "the key may not use this", hint)


def _not_found(told: str, asked: Asked) -> Refusal:
    """Tell a model that is not there from a path that is not: the latter speaks of no model."""
    words = told.lower()
    if "model" in words or "deployment" in words or asked.model.lower() in words:
        return _no_model(asked)
    what = f"{asked.host} has no Image API at this path (404)"
    return Refusal(EndpointError, what, PATH_HINT)


def _redirect(error: openai.APIStatusError) -> Refusal:
    what = "the endpoint redirects to another address"
    if place := error.response.headers.get("location"):
        try:
            place = str(error.response.url.join(place))
        except Exception:  # an address that is none: the library has several words for that
            place = ""
        what = f"the endpoint redirects to {address(place)}" if place else what
    return Refusal(EndpointError, what, "set the base URL to the address it redirects to")


def _told_in(error: openai.APIStatusError) -> object:
    """Return what the answer holds as JSON: a body that is a page is of no use in a message."""
    is_json = "json" in error.response.headers.get("content-type", "")
    return error.body if is_json or not isinstance(error.body, str) else None
