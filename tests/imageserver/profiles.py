"""Image APIs that behave like known servers, with what is odd about each; counted as paid."""

from __future__ import annotations

import base64
import io
import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from PIL import Image, PngImagePlugin

from .answers import Fault, Format
from .checks import Generation, RefusedError
from .files import new_path
from .models import MODELS
from .pictures import draw
from .sales import Outcome, fault_reply
from .server import GENERATIONS, ImageServer
from .wire import Arrival, Reply

BILLED_AS = MODELS["gpt-image-2"]
SIZE = re.compile(r"(\d+)x(\d+)")


class Gateway(ImageServer):
    """A server that is no OpenAI: whatever it sells counts as one paid call."""

    @abstractmethod
    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        """Return what a request for a picture gets, or raise RefusedError."""

    def _outcome(self, arrival: Arrival) -> Outcome:
        path = urlsplit(arrival.path).path
        if file := self._shelf.get(path):
            if not arrival.headers.get("user-agent"):
                return Outcome(Reply(403, {"content-type": "text/plain"}, b"Forbidden"))
            return Outcome(file)
        try:
            body = json.loads(arrival.body or b"{}")
            return self._answer(arrival, body)
        except RefusedError as refused:
            return Outcome(fault_reply(refused.fault))

    def _must_be_bearer(self, arrival: Arrival) -> None:
        if arrival.headers.get("authorization") != f"Bearer {self.api_key}":
            raise RefusedError(Fault(401, {"error": "unauthorized"}))

    def _picture(
        self, body: Mapping[str, object], output_format: Format, size: tuple[int, int]
    ) -> tuple[Generation, bytes]:
        with self._lock:
            self._served += 1
            seed = f"{self._salt} {self._served} {body.get('prompt')}"
        prompt = str(body.get("prompt"))
        sold = Generation(BILLED_AS, prompt, 1024, 1024, "low", 1, "opaque", output_format)
        return sold, draw(seed, *size, output_format)


class Azure(Gateway):
    """Azure OpenAI: both routes, a key in its own header, models by the name of a deployment."""

    deployment = "our-covers"
    api_version = "2025-04-01-preview"

    @property
    def v1_url(self) -> str:
        """The base URL of the new route."""
        return f"{self.origin}/openai/v1"

    @property
    def deployment_url(self) -> str:
        """The base URL of the route that names the deployment."""
        return f"{self.origin}/openai/deployments/{self.deployment}"

    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        if arrival.headers.get("api-key") != self.api_key or "authorization" in arrival.headers:
            told = {"code": "401", "message": "Access denied due to invalid subscription key."}
            raise RefusedError(Fault(401, {"error": told}))
        url = urlsplit(arrival.path)
        if url.path == f"/openai/deployments/{self.deployment}/images/generations":
            if parse_qs(url.query) != {"api-version": [self.api_version]}:
                raise _azure_404("Resource not found")
            if "model" in body:
                raise RefusedError(Fault.openai(400, None, "Unrecognized request argument: model"))
        elif url.path != "/openai/v1/images/generations":
            raise _azure_404("Resource not found")
        elif body.get("model") != self.deployment:
            raise _azure_404("The API deployment for this resource does not exist.")
        sold, picture = self._picture(body, "webp", _size(body))
        return _encoded(sold, picture, {"usage": _usage(sold)})


class LiteLLM(Gateway):
    """LiteLLM's proxy: drops what it does not know in silence, and loses the codes of errors."""

    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        self._must_be_bearer(arrival)
        if body.get("quality") == "auto":
            told = {"message": "litellm.BadRequestError: no", "type": None, "param": None}
            raise RefusedError(Fault(400, {"error": {**told, "code": "400"}}))
        sold, picture = self._picture(body, "png", _size(body))
        return _encoded(sold, picture, {"usage": _usage(sold)})


class LocalAI(Gateway):
    """LocalAI: PNG by address unless asked otherwise, `|` in prompts, 512x512 for odd sizes."""

    painted: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.painted = []
        """The positive part of each prompt."""

    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        self._must_be_bearer(arrival)
        self.painted.append(str(body.get("prompt")).split("|")[0])
        width, height = _size(body)
        size = (width, height) if width * height <= 1024 * 1024 else (512, 512)
        sold, picture = self._picture(body, "png", size)
        zeros = {"usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}}
        if body.get("response_format") == "b64_json":
            return _encoded(sold, picture, zeros)
        path = new_path("png")
        self._shelf.put(path, Reply(200, {"content-type": "image/png"}, picture))
        document = {"data": [{"url": f"{self.origin}{path}"}], **zeros}
        return Outcome(_json(document), sold, (picture,))


class SdCpp(Gateway):
    """stable-diffusion.cpp: takes no quality, counts nothing, writes the prompt into the PNG."""

    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        if "quality" in body:
            raise RefusedError(Fault(400, {"error": "unknown field: quality"}))
        if urlsplit(arrival.path).path != GENERATIONS:
            raise RefusedError(Fault(404, {"error": "not found"}))
        sold, picture = self._picture(body, "png", _size(body))
        said = PngImagePlugin.PngInfo()
        said.add_text("parameters", f"{sold.prompt}\nSteps: 20")
        out = io.BytesIO()
        Image.open(io.BytesIO(picture)).save(out, "PNG", pnginfo=said)
        return _encoded(sold, out.getvalue(), {})


class Reseller(Gateway):
    """A reseller (Nbility-like): addresses on another host, or data URIs; FastAPI's errors."""

    def __init__(self, *, inline: bool = False, refuses: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._inline = inline
        self._refuses = refuses

    def _answer(self, arrival: Arrival, body: Mapping[str, object]) -> Outcome:
        self._must_be_bearer(arrival)
        if extra := [name for name in self._refuses if name in body]:
            detail = [
                {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not..."}
                for name in extra
            ]
            raise RefusedError(Fault(422, {"detail": detail}))
        sold, picture = self._picture(body, "png", (1500, 1000))
        chat = {"usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}}
        if self._inline:
            text = base64.encodebytes(picture).decode().rstrip("=\n")
            return _with_data(sold, picture, {"b64_json": f"data:image/png;base64,{text}"}, chat)
        path = new_path("png")
        shop = self.elsewhere or self
        shop._shelf.put(path, Reply(200, {"content-type": "image/png"}, picture))
        return _with_data(sold, picture, {"url": f"{shop.origin}{path}"}, chat)


def _azure_404(message: str) -> RefusedError:
    return RefusedError(Fault(404, {"error": {"code": "404", "message": message}}))


def _size(body: Mapping[str, object]) -> tuple[int, int]:
    found = SIZE.fullmatch(str(body.get("size")))
    return (int(found[1]), int(found[2])) if found else (512, 512)


def _usage(sold: Generation) -> dict[str, object]:
    return {"input_tokens": sold.text_tokens, "output_tokens": sold.output_tokens}


def _encoded(sold: Generation, picture: bytes, more: Mapping[str, object]) -> Outcome:
    return _with_data(sold, picture, {"b64_json": base64.b64encode(picture).decode()}, more)


def _with_data(
    sold: Generation, picture: bytes, item: Mapping[str, str], more: Mapping[str, object]
) -> Outcome:
    return Outcome(_json({"created": 1, "data": [item], **more}), sold, (picture,))


def _json(document: Mapping[str, object]) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(document).encode())
