"""The table of faults, from the outside in; `python -m tests.faults.docs` puts it into the docs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mkdocs_imagegen.errors import (
    AccessError,
    AnswerError,
    AuthenticationError,
    CreditError,
    EndpointError,
    ForeignAnswerError,
    ModelError,
    NetworkError,
    OverBudgetError,
    PictureRefusedError,
    ProviderError,
    RateError,
    RequestError,
    ResponseTimeoutError,
    SafetyError,
    SettingsError,
    UpstreamError,
)
from mkdocs_imagegen.settings import Budget
from tests.imageserver import (
    ELSEWHERE,
    KEY,
    Answer,
    Carried,
    Drip,
    Fault,
    Hangup,
    Line,
    NotAPicture,
    Picture,
    PictureUrl,
    RawBody,
    Refuses,
    date_in,
)

from .trouble import ARTICLES, Layer, Rows, Trouble

LIMIT_S = 1.5
"""The `timeout_s` of rows that wait for it; longer than a picture takes on a busy machine."""
PAGE = "<!doctype html><title>Gateway</title><h1>Something happened</h1>"
OTHERS = ARTICLES - 1


def _before(name: str, error: type[Any], *, exit_code: int = 1, **more: Any) -> Trouble:
    """Nothing is sent at all."""
    return Trouble(
        Layer.CONFIGURATION, name, error, 0, 0, Rows(), goes_on=False, exit_code=exit_code, **more
    )


def _stops(layer: Layer, name: str, error: type[ProviderError], answer: Answer) -> Trouble:
    """The first answer ends the run, and costs nothing."""
    rows = Rows(released=1)
    return Trouble(layer, name, error, 1, 0, rows, goes_on=False, exit_code=1, script=(answer,))


def _alone(layer: Layer, name: str, error: type[ProviderError], answer: Answer) -> Trouble:
    """The first article alone goes without, and costs nothing."""
    rows = Rows(settled=OTHERS, released=1)
    return Trouble(
        layer, name, error, ARTICLES, OTHERS, rows, goes_on=True, exit_code=1, script=(answer,)
    )


def _unsure(
    layer: Layer,
    name: str,
    answer: Answer,
    *,
    paid: bool,
    error: type[ProviderError] = ResponseTimeoutError,
    **more: Any,
) -> Trouble:
    """The first article alone goes without, and nobody can say whether it was billed."""
    return Trouble(
        layer,
        name,
        error,
        ARTICLES,
        OTHERS + paid,
        Rows(settled=OTHERS, possibly_billed=1),
        goes_on=True,
        exit_code=1,
        script=(answer,),
        **more,
    )


def _again(layer: Layer, name: str, *answers: Answer, waits_s: float = 0) -> Trouble:
    """The first article's request is sent again after each of these, and then has its picture."""
    return Trouble(
        layer,
        name,
        None,
        ARTICLES + len(answers),
        ARTICLES,
        Rows(settled=ARTICLES, released=len(answers)),
        goes_on=True,
        exit_code=0,
        script=answers,
        waits_s=waits_s,
    )


def _gives_up(layer: Layer, name: str, error: type[ProviderError], answer: Answer) -> Trouble:
    """The first article's request is sent three times, then the others have their turn."""
    return Trouble(
        layer,
        name,
        error,
        ARTICLES + 2,
        OTHERS,
        Rows(settled=OTHERS, released=3),
        goes_on=True,
        exit_code=1,
        script=(answer,) * 3,
    )


def _useless(
    layer: Layer,
    name: str,
    answer: Answer,
    *,
    error: type[ProviderError] = AnswerError,
    counted: bool = False,
    kept: bool = True,
) -> Trouble:
    """A success without a picture ends the run: the next one would cost as much."""
    rows = Rows(settled=1) if counted else Rows(possibly_billed=1)
    return Trouble(
        layer,
        name,
        error,
        1,
        1,
        rows,
        goes_on=False,
        exit_code=1,
        script=(answer,),
        kept=kept,
    )


def _fine(name: str, answer: Answer, *, layer: Layer = Layer.QUIRK, **more: Any) -> Trouble:
    """Every article has its picture, and nothing is sent twice."""
    return Trouble(
        layer,
        name,
        None,
        ARTICLES,
        ARTICLES,
        Rows(settled=ARTICLES),
        goes_on=True,
        exit_code=0,
        script=(answer,),
        **more,
    )


def _rate(**headers: str) -> Fault:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault.openai(429, "rate_limit_exceeded", "Rate limit reached.", headers=sent)


def _limits(**values: str) -> Picture:
    return Picture(headers={f"x-ratelimit-{n.replace('_', '-')}": v for n, v in values.items()})


CONFIGURATION = [
    _before("no API key is set", SettingsError, environ={}),
    _before(
        "the base URL is no http(s) address",
        SettingsError,
        environ={"IMAGEGEN_API_KEY": "$KEY", "IMAGEGEN_BASE_URL": "ftp://files.example"},
    ),
    _before(
        "the key holds a blank",
        SettingsError,
        environ={"IMAGEGEN_API_KEY": "$KEY $KEY", "IMAGEGEN_BASE_URL": "$URL"},
    ),
    _before(
        "`base_url` in mkdocs.yml, and only OpenAI's own key is set",
        SettingsError,
        environ={"OPENAI_API_KEY": "$KEY"},
        options={"base_url": "$URL"},
    ),
    _before(
        "`api_key_env` names OpenAI's own key",
        SettingsError,
        environ={"OPENAI_API_KEY": "$KEY"},
        options={"base_url": "$URL", "api_key_env": "OPENAI_API_KEY"},
    ),
    _before(
        "`.env` names an address for a key that stands elsewhere",
        SettingsError,
        environ={"OPENAI_API_KEY": "$KEY"},
        dotenv="OPENAI_BASE_URL=$URL\n",
    ),
    _before(
        "the plan is over `max_images`",
        OverBudgetError,
        exit_code=4,
        settings={"budget": Budget(max_images=1)},
    ),
]

WRONG_KEY = replace(
    _stops(Layer.AUTHENTICATION, "401, the key is wrong", AuthenticationError, Picture()),
    environ={"IMAGEGEN_API_KEY": "sk-not-the-right-one", "IMAGEGEN_BASE_URL": "$URL"},
    script=(),
)
AUTHENTICATION = [
    WRONG_KEY,
    _stops(
        Layer.AUTHENTICATION,
        "401 that repeats the key",
        AuthenticationError,
        Fault.openai(401, "invalid_api_key", f"Incorrect API key provided: {KEY}."),
    ),
    _stops(
        Layer.AUTHENTICATION,
        "401 with an error that is a text",
        AuthenticationError,
        Fault(401, {"error": f"unauthorized: {KEY}"}),
    ),
    _stops(Layer.AUTHENTICATION, "401 with a page", AuthenticationError, Fault(401, PAGE)),
]

PERMISSION = [
    _stops(
        Layer.PERMISSION,
        "403, the organisation is not verified",
        AccessError,
        Fault.openai(403, None, "Your organization must be verified to use the model."),
    ),
    _stops(
        Layer.PERMISSION,
        "403, the country is not supported",
        AccessError,
        Fault.openai(403, "unsupported_country_region_territory", "Country not supported."),
    ),
    _stops(Layer.PERMISSION, "403 with a page", AccessError, Fault(403, PAGE)),
]

MODEL = [
    _stops(
        Layer.MODEL,
        "404, there is no such model",
        ModelError,
        Fault.openai(404, "model_not_found", "The model does not exist."),
    ),
    _stops(
        Layer.MODEL,
        "404, the model is retired",
        ModelError,
        Fault.openai(404, "model_not_found", "The model has been deprecated."),
    ),
    _stops(
        Layer.MODEL,
        "400 with the code of a missing model",
        ModelError,
        Fault.openai(400, "model_not_found", "Invalid model name."),
    ),
]

MONEY = [
    *(
        _stops(Layer.MONEY, f"429 `{code}`", CreditError, Fault.openai(429, code, "Pay your bill."))
        for code in (
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "billing_hard_limit_reached",
        )
    ),
    _stops(
        Layer.MONEY,
        "400 `billing_hard_limit_reached`",
        CreditError,
        Fault.openai(400, "billing_hard_limit_reached", "Billing hard limit has been reached."),
    ),
    _stops(Layer.MONEY, "402 without a body", CreditError, Fault(402)),
    _stops(
        Layer.MONEY,
        "402 with an error that is a text",
        CreditError,
        Fault(402, {"error": "insufficient credits"}),
    ),
]

RATE = [
    _again(Layer.RATE, "429 once", _rate()),
    _again(Layer.RATE, "429 twice", _rate(), _rate()),
    _gives_up(Layer.RATE, "429 three times", RateError, _rate()),
    _again(Layer.RATE, "429 `slow_down`", Fault.openai(429, "slow_down", "Slow down.")),
    _again(Layer.RATE, "429 with a page", Fault(429, PAGE)),
    _again(Layer.RATE, "429, Retry-After in seconds", _rate(retry_after="30"), waits_s=30),
    _again(Layer.RATE, "429, retry-after-ms", _rate(retry_after_ms="1500"), waits_s=1.5),
    replace(
        _again(Layer.RATE, "429, Retry-After as a date", _rate(retry_after=date_in(60))), waits_s=60
    ),
    _again(Layer.RATE, "429, Retry-After as a date that is over", _rate(retry_after=date_in(-60))),
    _again(Layer.RATE, "429, Retry-After of 120 s", _rate(retry_after="120"), waits_s=120),
    _again(Layer.RATE, "429, Retry-After that says nothing", _rate(retry_after="soon")),
    _again(Layer.RATE, "429, a negative Retry-After", _rate(retry_after="-5")),
    _stops(Layer.RATE, "429, Retry-After of an hour", RateError, _rate(retry_after="3600")),
    _stops(
        Layer.RATE,
        "429, Retry-After as a date in an hour",
        RateError,
        _rate(retry_after=date_in(3600)),
    ),
    replace(
        _alone(Layer.RATE, "429 and `retries: 0`", RateError, _rate()), settings={"retries": 0}
    ),
    _fine(
        "rate headers: one request a minute",
        _limits(limit_requests="1"),
        layer=Layer.RATE,
        waits_s=60,
    ),
    _fine(
        "rate headers: none left for half a minute",
        _limits(limit_requests="500", remaining_requests="0", reset_requests="30s"),
        layer=Layer.RATE,
        waits_s=30,
    ),
    _fine(
        "rate headers that say nothing",
        _limits(limit_requests="many", remaining_requests="-1", reset_requests=""),
        layer=Layer.RATE,
    ),
]

SAFETY = [
    _alone(
        Layer.SAFETY,
        "400 `moderation_blocked`, the prompt",
        SafetyError,
        Fault.moderation("input", "violence"),
    ),
    _unsure(
        Layer.SAFETY,
        "400 `moderation_blocked`, the finished picture",
        Fault.moderation("output", "violence", paid=True),
        paid=True,
        error=PictureRefusedError,
    ),
    _alone(
        Layer.SAFETY,
        "400 `moderation_blocked` without details",
        SafetyError,
        Fault.openai(400, "moderation_blocked", f"Rejected. {KEY}"),
    ),
    _alone(
        Layer.SAFETY,
        "400 `content_policy_violation`",
        SafetyError,
        Fault.openai(400, "content_policy_violation", "Your request was rejected."),
    ),
    _alone(
        Layer.SAFETY,
        "400 `contentFilter`, as Azure says it",
        SafetyError,
        Fault.openai(400, "contentFilter", "The response was filtered."),
    ),
]

BAD_REQUEST = [
    _alone(
        Layer.BAD_REQUEST,
        "400, a value is wrong",
        RequestError,
        Fault.openai(400, "invalid_value", "Invalid value: '1x1'.", param="size"),
    ),
    _alone(Layer.BAD_REQUEST, "400 without a body", RequestError, Fault(400)),
    _alone(
        Layer.BAD_REQUEST,
        "400 with an error that is a text",
        RequestError,
        Fault(400, {"error": "bad prompt"}),
    ),
    _alone(
        Layer.BAD_REQUEST,
        "422 with `detail`, as FastAPI says it",
        RequestError,
        Fault(422, {"detail": [{"loc": ["body", "prompt"], "msg": "too long", "type": "value"}]}),
    ),
    _alone(Layer.BAD_REQUEST, "413, the request is too large", RequestError, Fault(413, PAGE)),
    *(
        Trouble(
            Layer.BAD_REQUEST,
            f"`{param}` is refused by name: never left out",
            RequestError,
            ARTICLES,
            0,
            Rows(released=ARTICLES),
            goes_on=True,
            exit_code=1,
            always=Refuses(param),
        )
        for param in ("model", "prompt", "size")
    ),
    *(
        Trouble(
            Layer.BAD_REQUEST,
            f"`{param}` is refused by name: left out from then on",
            None,
            ARTICLES + 1,
            ARTICLES,
            Rows(settled=ARTICLES),
            goes_on=True,
            exit_code=0,
            always=Refuses(param),
        )
        for param in ("output_format", "quality", "n")
    ),
]

_500 = Fault.openai(500, "server_error", "The server had an error.", type="server_error")
UPSTREAM = [
    _again(Layer.UPSTREAM, "500 once", _500),
    _gives_up(Layer.UPSTREAM, "500 three times", UpstreamError, _500),
    _again(Layer.UPSTREAM, "502 with a page", Fault(502, PAGE)),
    _again(
        Layer.UPSTREAM, "503 with Retry-After", Fault(503, PAGE, {"retry-after": "20"}), waits_s=20
    ),
    _stops(
        Layer.UPSTREAM,
        "503 with a Retry-After of an hour",
        UpstreamError,
        Fault(503, PAGE, {"retry-after": "3600"}),
    ),
    _again(
        Layer.UPSTREAM,
        "500 with an error that is a text, then 503",
        Fault(500, {"error": "out of memory"}),
        Fault(503),
    ),
    replace(
        _alone(Layer.UPSTREAM, "500 and `retries: 0`", UpstreamError, _500),
        settings={"retries": 0},
    ),
    _again(Layer.UPSTREAM, "500, then 429", _500, _rate()),
]

TIMEOUT = [
    _unsure(Layer.TIMEOUT, "504 with a page", Fault(504, PAGE), paid=False),
    _unsure(Layer.TIMEOUT, "504, and it was billed", Fault(504, PAGE, paid=True), paid=True),
    _unsure(Layer.TIMEOUT, "524", Fault(524, PAGE, paid=True), paid=True),
    _unsure(Layer.TIMEOUT, "520, a gateway that says nothing", Fault(520, PAGE), paid=False),
    _unsure(Layer.TIMEOUT, "408, as LiteLLM says it", Fault(408, {"error": "slow"}), paid=False),
    _unsure(
        Layer.TIMEOUT,
        "no answer within `timeout_s`",
        Carried(Picture(), Line(delay_s=LIMIT_S * 2)),
        paid=True,
        settings={"timeout_s": LIMIT_S},
    ),
    _unsure(
        Layer.TIMEOUT,
        "headers that dribble for longer than `timeout_s`",
        Carried(Picture(), Line(head=Drip(1, LIMIT_S / 20))),
        paid=True,
        settings={"timeout_s": LIMIT_S},
    ),
    _unsure(
        Layer.TIMEOUT,
        "a body that dribbles for longer than `timeout_s`",
        Carried(Picture(), Line(body=Drip(4, LIMIT_S / 20))),
        paid=True,
        settings={"timeout_s": LIMIT_S},
    ),
    Trouble(
        Layer.TIMEOUT,
        "504 once and `retry_timeouts: true`",
        None,
        ARTICLES + 1,
        ARTICLES,
        Rows(settled=ARTICLES, possibly_billed=1),
        goes_on=True,
        exit_code=0,
        script=(Fault(504, PAGE),),
        settings={"retry_timeouts": True},
    ),
    Trouble(
        Layer.TIMEOUT,
        "504 twice and `retry_timeouts: true`",
        ResponseTimeoutError,
        ARTICLES + 1,
        OTHERS + 2,
        Rows(settled=OTHERS, possibly_billed=2),
        goes_on=True,
        exit_code=1,
        script=(Fault(504, PAGE, paid=True),) * 2,
        settings={"retry_timeouts": True},
    ),
]


def _unreachable(name: str, **more: Any) -> Trouble:
    rows = Rows(released=3)
    return Trouble(
        Layer.NETWORK, name, NetworkError, 0, 0, rows, goes_on=False, exit_code=1, **more
    )


NETWORK = [
    _unreachable("nothing listens at the address", address="nobody"),
    _unreachable("https where the server speaks http", address="tls"),
    _unsure(Layer.NETWORK, "closed after the request, unbilled", Hangup(), paid=False),
    _unsure(Layer.NETWORK, "closed after the request, billed", Hangup(paid=True), paid=True),
    _unsure(
        Layer.NETWORK,
        "reset before the answer",
        Carried(Picture(), Line(ends="reset before")),
        paid=True,
    ),
    _unsure(
        Layer.NETWORK,
        "reset amid the answer",
        Carried(Picture(), Line(ends="reset amid")),
        paid=True,
    ),
    _unsure(
        Layer.NETWORK,
        "an answer that ends before its content-length",
        Carried(Picture(), Line(ends="cut")),
        paid=True,
    ),
    _fine(
        "reset after the answer",
        Carried(Picture(), Line(ends="reset after")),
        layer=Layer.NETWORK,
    ),
]


def _instead(name: str, data: bytes) -> Trouble:
    return _useless(Layer.NOT_AN_IMAGE, name, NotAPicture(data), counted=True)


NOT_AN_IMAGE = [
    _instead("a GIF", b"GIF89a" + bytes(64)),
    _instead("an SVG", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
    _instead("a page, in base64", PAGE.encode()),
    _instead("an empty picture", b"\x89PNG\r\n\x1a\n"),
    _instead(
        "a PNG of 100,000 by 100,000 pixels",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\1\x86\xa0\x08\2\0\0\0" + bytes(64),
    ),
    _useless(
        Layer.NOT_AN_IMAGE,
        "text where base64 should be",
        RawBody.json({"created": 1, "data": [{"b64_json": "not! base64!"}]}),
    ),
    _useless(
        Layer.NOT_AN_IMAGE,
        "an empty base64",
        RawBody.json({"created": 1, "data": [{"b64_json": ""}]}),
    ),
    _useless(Layer.NOT_AN_IMAGE, "no picture in `data`", RawBody.json({"created": 1, "data": []})),
    _useless(Layer.NOT_AN_IMAGE, "`data` is null", RawBody.json({"created": 1, "data": None})),
]


def _wrong(name: str, answer: Answer, **more: Any) -> Trouble:
    return _useless(
        Layer.WRONG_ENDPOINT, name, answer, error=ForeignAnswerError, kept=False, **more
    )


WRONG_ENDPOINT = [
    _wrong("200 with a page", RawBody(PAGE.encode(), "text/html; charset=utf-8")),
    _wrong("200 with a page that is called JSON", RawBody(PAGE.encode())),
    _wrong(
        "200 with a chat answer",
        RawBody.json({"object": "chat.completion", "choices": [{"message": {"content": "Hi"}}]}),
    ),
    _wrong(
        "202 with a task id",
        RawBody.json({"task_id": "task-1", "status": "queued"}, status=202),
    ),
    _wrong("200 with a task id", RawBody.json({"id": "task-1", "status": "pending"})),
    _useless(
        Layer.WRONG_ENDPOINT,
        "half a JSON body",
        RawBody(b'{"created": 1, "data": [{"b64_'),
        kept=False,
    ),
    _useless(
        Layer.WRONG_ENDPOINT,
        "200 with an error",
        RawBody.json({"error": {"message": f"no GPU for {KEY}"}}),
        kept=False,
    ),
    _stops(Layer.WRONG_ENDPOINT, "404 with a page", EndpointError, Fault(404, PAGE)),
    _stops(
        Layer.WRONG_ENDPOINT, "405", EndpointError, Fault(405, {"detail": "Method Not Allowed"})
    ),
    *(
        _stops(
            Layer.WRONG_ENDPOINT,
            f"{status} to another origin: not followed",
            EndpointError,
            Fault(status, "", {"location": f"{ELSEWHERE}/v1/images/generations"}),
        )
        for status in (301, 302, 307, 308)
    ),
]


def _url(name: str, answer: PictureUrl, downloads: int = 1) -> Trouble:
    return _fine(name, answer, downloads=downloads)


def _no_file(name: str, answer: PictureUrl, downloads: int, **more: Any) -> Trouble:
    return replace(
        _useless(Layer.NOT_AN_IMAGE, name, answer, counted=True), downloads=downloads, **more
    )


NOT_AN_IMAGE += [
    _no_file("a url that is gone", PictureUrl(file=Fault(410, PAGE)), 1),
    _no_file("a url with a page", PictureUrl(file=Fault(200, PAGE)), 1),
    _no_file(
        "a url in a private range, which is not asked", PictureUrl(url="https://10.0.0.1/a.png"), 0
    ),
    _no_file("a url without https", PictureUrl(url="http://203.0.113.1/a.png"), 0),
    _no_file("a url of a local file", PictureUrl(url="file:///etc/passwd"), 0),
    _no_file(
        "a url that redirects into a private range",
        PictureUrl(file=Fault(302, "", {"location": "http://169.254.169.254/latest/meta-data"})),
        1,
    ),
]

QUIRKS = [
    _fine("base64 after `data:image/png;base64,`", Picture(encoding="data uri")),
    _fine("base64 in lines", Picture(encoding="lines")),
    _fine("base64 without padding", Picture(encoding="unpadded", format="png")),
    _fine("no usage", Picture(usage=None)),
    _fine(
        "a usage of zeros",
        Picture(usage={"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}),
    ),
    _fine(
        "a usage as of a chat",
        Picture(usage={"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}),
    ),
    _fine("a usage that is no count", Picture(usage={"output_tokens": "many"})),
    _fine("PNG where WebP was asked for", Picture(format="png")),
    _fine("JPEG where WebP was asked for", Picture(format="jpeg")),
    _fine("a smaller picture than asked for", Picture(size=(512, 512))),
    _fine("a larger picture than asked for", Picture(size=(2048, 1024))),
    _fine("an answer that is late, but in time", Carried(Picture(), Line(delay_s=0.2))),
    _url("a url at the same host", PictureUrl()),
    _url("a url at another host, which gets no key", PictureUrl(elsewhere=True)),
    _url("a url with a PNG, and no usage", PictureUrl(Picture(format="png", usage=None))),
]

TABLE: list[Trouble] = [
    *CONFIGURATION,
    *AUTHENTICATION,
    *PERMISSION,
    *MODEL,
    *MONEY,
    *RATE,
    *SAFETY,
    *BAD_REQUEST,
    *UPSTREAM,
    *TIMEOUT,
    *NETWORK,
    *NOT_AN_IMAGE,
    *WRONG_ENDPOINT,
    *QUIRKS,
]
