"""The Image API through the `openai` SDK: one request, one picture, no retry of its own.

Imports the SDK, so import this module only where something is bought.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types import ImagesResponse

from ..errors import AuthenticationError, ImagegenError
from ..model import CoverRequest
from ..settings import OPENAI_HOST, Endpoint
from . import Answer, OnAnswer
from .answers import fields_in, without_picture
from .body import add_headers, body_of, droppable
from .download import download
from .limits import rate_limit, request_id_in
from .line import Line, Lines
from .openai_errors import translate
from .quirks import Quirks, refused_parameters
from .reading import picture_in, usage_in
from .redaction import guard_logs
from .statuses import Asked
from .transport import Transport, proxy_for

HEADERS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type"}
    | {"host", "user-agent"}
)
"""What another host than OpenAI's is sent; the SDK would add headers from the environment."""
SDK_HEADERS = "x-stainless-"
"""The SDK's own, some of which it reads back from the request."""
DOWNLOAD_S = 10.0
"""The least for a picture that the answer only names the address of."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class OpenAIProvider:
    """Buys pictures at `/images/generations` of one endpoint. Safe to share between threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float,
        on_answer: OnAnswer | None = None,
        quirks: Quirks | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Connect to nothing yet.

        Args:
            endpoint: where to buy.
            timeout_s: of one request, by the clock on the wall.
            on_answer: takes an answer before it is read.
            quirks: remembers what endpoints do not take.
            now: the time in UTC, for waits that are told as a date.
        """
        self._endpoint = endpoint
        self._quirks = quirks or Quirks()
        self._timeout_s = timeout_s
        self._on_answer = on_answer
        self._now = now
        self._lines = Lines()
        parts = urlsplit(endpoint.base_url)
        self.host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        self._is_openai = parts.hostname == OPENAI_HOST

    def generate(self, request: CoverRequest) -> Answer:
        """Send the request once. See `Provider.generate`.

        An optional parameter that the endpoint refuses by name is left out from then on, and the
        request sent again: the refusal cost nothing.
        """
        self._check_key()
        limit_s = self._timeout_s
        while True:
            refused = self._quirks.refused(self.host, request.model)
            body = body_of(request, self._endpoint, refused)
            with self._lines.open(limit_s) as line:
                try:
                    return self._send(request, body, line)
                except _NeedlessError as error:
                    self._quirks.learn(self.host, request.model, error.names)
                limit_s = line.left_s

    def abort(self) -> None:
        """End the requests under way and refuse further ones. See `Provider.abort`."""
        self._lines.cut()

    def _check_key(self) -> None:
        """Refuse what no header can carry: the library's own words for that repeat the key."""
        key = self._endpoint.api_key
        if not key.isascii() or not key.isprintable() or key != key.strip():
            raise AuthenticationError(
                f"{self._endpoint.key_name} holds characters that no API key has",
                hint=f"set {self._endpoint.key_name} anew, without quotes, spaces or line breaks",
            )

    def _send(self, request: CoverRequest, body: dict[str, Any], line: Line) -> Answer:
        """Send the request over a line.

        Raises:
            ProviderError: no picture came.
            _NeedlessError: it was refused for what it can do without.
        """
        try:
            with self._client(line) as client:
                raw = client.images.with_raw_response.generate(**body)
                return self._read(request, body, raw.http_response, line)
        except ImagegenError:
            raise
        except openai.APIStatusError as error:
            names = refused_parameters(error.status_code, error.body)
            if names := droppable(names, self._endpoint) & body.keys():
                raise _NeedlessError(names) from None
            # Its text is the whole body: not even a traceback may show that.
            raise translate(error, self._asked(request), line) from None
        except Exception as error:
            # Whatever a server sends, what the SDK and all below it make of it gets our name.
            ours = translate(error, self._asked(request), line)
            ours.request_id = ours.request_id or line.request_id
            raise ours from error

    def _read(
        self,
        request: CoverRequest,
        body: dict[str, Any],
        response: httpx2.Response,
        line: Line,
    ) -> Answer:
        """Return what an answer of success holds, once it is handed on as it came."""
        answer = Answer(
            picture=response.content,
            sent=body,
            endpoint=self.host,
            request_id=request_id_in(response.headers),
            rate=rate_limit(response.headers),
        )
        self._keep(request, answer)
        if response.headers.get("content-type", "").startswith("image/"):
            return answer
        fields = fields_in(response)
        images = ImagesResponse.construct(
            None, **{name: value for name, value in fields.items() if not name.startswith("_")}
        )
        # What was paid for is given some time even where the request itself took all of it.
        limit_s = max(line.left_s, min(self._timeout_s, DOWNLOAD_S))

        def fetch(address: str) -> bytes:
            data = download(address, base_url=self._endpoint.base_url, limit_s=limit_s)
            self._keep(request, replace(answer, picture=data))
            return data

        picture, missed = picture_in(images, fetch)
        if not picture and (error := without_picture(fields, response, self._endpoint)):
            raise error
        return replace(
            answer,
            picture=picture or response.content,
            usage=usage_in(images),
            missed=missed,
        )

    def _keep(self, request: CoverRequest, answer: Answer) -> None:
        if self._on_answer:
            self._on_answer(
                request,
                sent=answer.sent,
                endpoint=answer.endpoint,
                request_id=answer.request_id,
                body=answer.picture,
            )

    def _asked(self, request: CoverRequest) -> Asked:
        return Asked(request.model, self._endpoint, self.host, self._now())

    def _client(self, line: Line) -> openai.OpenAI:
        base_url = self._endpoint.base_url
        guard_logs(self._endpoint.api_key)
        http_client = openai.DefaultHttpxClient(
            transport=Transport(line, proxy_for(base_url), key=self._endpoint.api_key),
            follow_redirects=False,  # one would carry the prompt to another origin
            event_hooks={"request": [self._dress]},
        )
        return openai.OpenAI(
            api_key=self._endpoint.api_key,
            base_url=base_url,
            default_query=dict(self._endpoint.query),
            max_retries=0,  # a retried timeout is a second paid request
            timeout=self._timeout_s,
            http_client=http_client,
        )

    def _dress(self, request: httpx2.Request) -> None:
        """Keep OpenAI's organisation, project and custom headers from another host; add its own."""
        for name in [] if self._is_openai else list(request.headers):
            if name.lower() not in HEADERS and not name.lower().startswith(SDK_HEADERS):
                del request.headers[name]
        add_headers(request.headers, self._endpoint)


class _NeedlessError(Exception):
    """The endpoint refuses parameters that a request can do without."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names
