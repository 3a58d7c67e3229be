"""The server that tests talk to: checks, sells and counts pictures. Never leaves the machine."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from .answers import ELSEWHERE, KEY, ORIGIN, Answer, Fault, Picture
from .calls import Call, CallLog, Result
from .checks import Generation, RefusedError, find_model, read_generation
from .files import FILES, Parcel, Shelf
from .gate import Gate
from .marks import filled
from .models import Model
from .sales import Outcome, chosen, fault_reply, sell
from .wire import HOST, Arrival, HttpServer, Reply

GENERATIONS = "/v1/images/generations"
MODELS = "/v1/models/"


class ImageServer:
    """An Image API on an address of its own, running inside a `with` block.

    `script` decides what the next good requests get; without it each gets its picture.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str | None = None,
        on_paid: Callable[[Call], None] | None = None,
        accepts: Iterable[str] = (),
    ) -> None:
        """Prepare a server; port 0 takes a free one, and without a key one is made up.

        `on_paid` is called from the request's thread, before its answer is sent. `accepts` names
        parameters that OpenAI refuses and this server ignores.
        """
        self.api_key = api_key or f"sk-test-{secrets.token_hex(16)}"
        self.gate = Gate()
        self.delay_s: float = 0.0
        """How long each generation takes, after the gate. To be sure of an order, use the gate."""
        self.always: Answer = Picture()
        """What a good request gets when the script is over."""
        self.elsewhere: ImageServer | None = None
        """The server at another origin that answers may point to."""
        self._accepts = frozenset(accepts)
        self._shelf = Shelf()
        self._port = port
        self._on_paid = on_paid
        self._http: HttpServer | None = None
        self._log = CallLog()
        self._script: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._served = 0
        self._salt = secrets.token_hex(8)  # no two servers sell the same picture

    def __enter__(self) -> Self:
        self._http = HttpServer(self._port, self._respond)
        self._http.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._http is not None
        self.gate.close()
        self._http.close()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        if self._http is None:
            raise RuntimeError("the image server has an address only inside its `with` block")
        return f"http://{HOST}:{self._http.server_port}"

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL, `/v1` included."""
        return f"{self.origin}/v1"

    @property
    def calls(self) -> list[Call]:
        """Every request so far, in order of arrival: a copy, which does not grow."""
        return self._log.snapshot()

    @property
    def requests(self) -> list[Call]:
        """The calls that asked for a picture to be made, served or refused."""
        return [call for call in self.calls if urlsplit(call.path).path == GENERATIONS]

    @property
    def downloads(self) -> list[Call]:
        """The calls for a picture that was named by its address."""
        return [call for call in self.calls if call.path.startswith(FILES)]

    @property
    def paid_calls(self) -> list[Call]:
        """The calls that cost money."""
        return [call for call in self.calls if call.paid]

    @property
    def paid_micro_usd(self) -> int:
        """What all pictures cost, in micro-dollars; the prompts' tokens are not in it."""
        return sum(call.micro_usd for call in self.calls)

    @property
    def in_flight(self) -> int:
        """How many requests have arrived and are not answered yet."""
        return self._log.in_flight

    @property
    def max_in_flight(self) -> int:
        """The highest number of requests that were in flight at once."""
        return self._log.max_in_flight

    def wait_for(self, holds: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
        """Return once `holds` is true; it is asked again at each request's arrival and end.

        Raises:
            TimeoutError: where that does not happen in time.
        """
        self._log.wait_for(holds, timeout_s)

    def script(self, *answers: Answer) -> None:
        """Queue answers for the next generation requests that pass the checks, in this order."""
        with self._lock:
            self._script.extend(answers)

    def turn_away(self, count: int) -> None:
        """Reset so many of the next connections before anything is read: no call is logged."""
        assert self._http is not None
        self._http.turn_away(count)

    def reset(self) -> None:
        """Forget the calls and the script, open the gate, drop the delay."""
        with self._lock:
            self._script.clear()
        self.delay_s = 0.0
        self.always = Picture()
        self.gate.release()
        self._log.reset()

    def _respond(self, arrival: Arrival) -> Reply | None:
        number = self._log.start(_arrived(arrival))
        result = Result(status=None)
        try:
            outcome = self._outcome(arrival)
            reply = self._finished(outcome.reply, arrival)
            result = _result(outcome, reply)
        finally:
            call = self._log.finish(number, result)
        if call and call.paid and self._on_paid:
            self._on_paid(call)
        return reply

    def _outcome(self, arrival: Arrival) -> Outcome:
        try:
            path = urlsplit(arrival.path).path
            if path == GENERATIONS:
                self._check_method_and_key(arrival, "POST")
                content_type = arrival.headers.get("content-type", "")
                generation = read_generation(arrival.body, content_type, self._accepts)
                return self._sell(generation, json.loads(arrival.body))
            if file := self._shelf.get(path):
                assert self._http is not None
                self._http.closing.wait(file.line.delay_s)
                return Outcome(file)
            if path.startswith(MODELS):
                self._check_method_and_key(arrival, "GET")
                return Outcome(_model_reply(find_model(path.removeprefix(MODELS))))
            message = f"Invalid URL ({arrival.method} {path})"
            raise RefusedError(Fault.openai(404, None, message))
        except RefusedError as e:
            return Outcome(fault_reply(e.fault))

    def _check_method_and_key(self, arrival: Arrival, method: str) -> None:
        if arrival.method != method:
            message = f"Not allowed to {arrival.method} on {arrival.path}."
            raise RefusedError(Fault.openai(405, "method_not_supported", message))
        scheme, _, key = arrival.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key != self.api_key:
            raise RefusedError(Fault.openai(401, "invalid_api_key", "Incorrect API key provided."))

    def _sell(self, generation: Generation, body: Mapping[str, object]) -> Outcome:
        with self._lock:
            self._served += 1
            seed = f"{self._salt} {self._served}"
            answer, line = chosen(self._script.popleft() if self._script else self.always, body)
        if not self.gate.wait_to_pass(delay_s=self.delay_s + line.delay_s):
            return Outcome(reply=None)
        outcome = sell(generation, answer, seed)
        if parcel := outcome.parcel:
            self._place(parcel)
        return replace(outcome, reply=outcome.reply and replace(outcome.reply, line=line))

    def _place(self, parcel: Parcel) -> None:
        server = self.elsewhere if parcel.elsewhere else self
        assert server is not None, "no server is elsewhere"
        server._shelf.put(parcel.path, parcel.reply)

    def _finished(self, reply: Reply | None, arrival: Arrival) -> Reply | None:
        """Return a reply with a request id, and with its marks filled in."""
        if reply is None:
            return None
        own = {"x-request-id": f"req_{secrets.token_hex(16)}"}
        headers = own | {name.lower(): value for name, value in reply.headers.items()}
        key = arrival.headers.get("authorization", "").partition(" ")[2]
        elsewhere = self.elsewhere.origin if self.elsewhere else ""
        marks = {KEY: key, ORIGIN: self.origin, ELSEWHERE: elsewhere}
        return filled(replace(reply, headers=headers), marks)


def _arrived(arrival: Arrival) -> Call:
    try:
        body = json.loads(arrival.body)
    except ValueError:
        body = None
    return Call(
        method=arrival.method,
        path=arrival.path,
        headers=arrival.headers,
        body=body if isinstance(body, dict) else None,
        started_s=time.monotonic(),
    )


def _result(outcome: Outcome, reply: Reply | None) -> Result:
    billed = outcome.billed
    return Result(
        status=reply.status if reply else None,
        request_id=reply.headers["x-request-id"] if reply else "",
        paid=billed is not None,
        micro_usd=billed.output_micro_usd if billed else 0,
        input_micro_usd=billed.input_micro_usd if billed else 0,
        picture_digests=tuple(hashlib.sha256(data).hexdigest() for data in outcome.pictures),
    )


def _model_reply(model: Model) -> Reply:
    card = {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "system",
        "shutdown_date": model.shutdown_date,
    }
    return Reply(200, {"content-type": "application/json"}, json.dumps(card).encode())
