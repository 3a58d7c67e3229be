"""Whether a generation request would be accepted. Reads values; opens and sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

from .answers import Fault, Format
from .models import MODELS, Model
from .tokens import FIXED, of_text

PARAMETERS = frozenset(
    {
        "background",
        "model",
        "moderation",
        "n",
        "output_compression",
        "output_format",
        "partial_images",
        "prompt",
        "quality",
        "safety_identifier",
        "size",
        "stream",
        "user",
    }
)
"""What OpenAI takes for a picture of a gpt-image model. The SDK also knows parameters of SVG, GIF
and retired models: those are refused here, since no cover may send them."""

PROMPT_LIMIT_CHARS = 32_000
PIXELS_MIN, PIXELS_MAX = 655_360, 8_294_400
EDGE_MAX_PX = 3840


class RefusedError(Exception):
    """A request that gets an error and costs nothing."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Generation:
    """A request that will be served, with every `auto` resolved."""

    model: Model
    prompt: str
    width: int
    height: int
    quality: str
    n: int
    background: str
    """`transparent` or `opaque`."""
    output_format: Format

    @property
    def size(self) -> str:
        """`WIDTHxHEIGHT`."""
        return f"{self.width}x{self.height}"

    @property
    def output_tokens(self) -> int:
        """Those of all its pictures."""
        return self.n * self.model.output_tokens(self.quality, self.width, self.height)

    @property
    def text_tokens(self) -> int:
        """Those of the prompt, counted once however many pictures are made of it."""
        return of_text(self.prompt)

    @property
    def output_micro_usd(self) -> int:
        """The price of all its pictures."""
        return self.output_tokens * self.model.output_micro_usd

    @property
    def input_micro_usd(self) -> int:
        """The price of its prompt."""
        return self.text_tokens * self.model.text_micro_usd


def read_generation(
    body: bytes, content_type: str, accepts: frozenset[str] = frozenset()
) -> Generation:
    """Return the request that a body holds; what it `accepts` besides changes nothing.

    Raises:
        RefusedError: with the error that OpenAI would answer.
    """
    given = _read_object(body, content_type)
    known = {name: value for name, value in given.items() if name not in accepts}
    return _Parameters(known).generation()


def find_model(name: str) -> Model:
    """Return the model of that id.

    Raises:
        RefusedError: with a 404 for an unknown or retired one.
    """
    model = MODELS.get(name)
    if model is None:
        message = f"The model '{name}' does not exist or you do not have access to it."
        raise RefusedError(Fault.openai(404, "model_not_found", message))
    return model


def _read_object(body: bytes, content_type: str) -> dict[str, object]:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        message = f"Unsupported content type: '{content_type}'. Send 'application/json'."
        raise RefusedError(Fault.openai(400, "unsupported_content_type", message))
    try:
        params = json.loads(body)
    except ValueError as e:
        message = "We could not parse the JSON body of your request."
        raise RefusedError(Fault.openai(400, None, message)) from e
    if not isinstance(params, dict):
        raise RefusedError(Fault.openai(400, None, "The JSON body must be an object."))
    return params


class _Parameters:
    """The parameters of one body; null means left out. Each reader refuses what is not allowed."""

    def __init__(self, given: Mapping[str, object]) -> None:
        for name in sorted(given.keys() - PARAMETERS):
            _refuse("unknown_parameter", name, f"Unknown parameter: '{name}'.")
        self._given = {name: value for name, value in given.items() if value is not None}

    def generation(self) -> Generation:
        model = find_model(self._required("model"))
        prompt = self._prompt()
        width, height = self._size(model)
        output_format = self._choice("output_format", ("png", "webp", "jpeg"), "png")
        background = self._choice("background", ("transparent", "opaque", "auto"), "auto")
        if background == "transparent" and output_format == "jpeg":
            _refuse_value("background", background, "JPEG has no transparency.")
        quality = self._choice("quality", (*model.qualities, "auto"), "auto")
        n = self._whole("n", 1, 10)
        self._check_rest(output_format)
        return Generation(
            model=model,
            prompt=prompt,
            width=width,
            height=height,
            quality="high" if quality == "auto" else quality,
            n=1 if n is None else n,
            background="transparent" if background == "transparent" else "opaque",
            output_format=cast("Format", output_format),
        )

    def _check_rest(self, output_format: str) -> None:
        """Refuse wrong values of parameters that change neither the price nor the drawing."""
        self._choice("moderation", ("auto", "low"), "auto")
        compression = self._whole("output_compression", 0, 100)
        if compression is not None and output_format == "png":
            _refuse_value("output_compression", compression, "Only for 'webp' and 'jpeg'.")
        stream = self._given.get("stream", False)
        if not isinstance(stream, bool):
            _refuse_type("stream", "a boolean", stream)
        if stream:
            _refuse_value("stream", stream, "This test server does not stream.")
        partial_images = self._whole("partial_images", 0, 3)
        if partial_images is not None:
            _refuse_value("partial_images", partial_images, "Only with 'stream'.")
        self._text("user")
        self._text("safety_identifier")

    def _prompt(self) -> str:
        prompt = self._required("prompt")
        if not prompt:
            _refuse_value("prompt", prompt, "Expected at least one character.")
        if len(prompt) > PROMPT_LIMIT_CHARS:
            limit = f"at most {PROMPT_LIMIT_CHARS} characters, but got {len(prompt)}"
            _refuse("invalid_value", "prompt", f"Invalid 'prompt': expected {limit}.")
        return prompt

    def _size(self, model: Model) -> tuple[int, int]:
        text = self._text("size")
        if text is None or text == "auto":
            return 1024, 1024
        match = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
        if match is None:
            _refuse_value("size", text, "Expected 'WIDTHxHEIGHT' in pixels, or 'auto'.")
        width, height = int(match[1]), int(match[2])
        if model.family == "1.x":
            if (width, height) not in FIXED:
                allowed = ", ".join(f"'{w}x{h}'" for w, h in FIXED)
                _refuse_value("size", text, f"Supported values are: {allowed}, and 'auto'.")
        elif wrong := _broken_rule(width, height):
            _refuse_value("size", text, wrong)
        return width, height

    def _required(self, name: str) -> str:
        text = self._text(name)
        if text is None:
            message = f"Missing required parameter: '{name}'."
            _refuse("missing_required_parameter", name, message)
        return text

    def _text(self, name: str) -> str | None:
        value = self._given.get(name)
        if value is not None and not isinstance(value, str):
            _refuse_type(name, "a string", value)
        if value and any("\ud800" <= character <= "\udfff" for character in value):
            _refuse("invalid_value", name, f"Invalid '{name}': half a surrogate pair.")
        return value

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._text(name)
        if value is None:
            return default
        if value not in allowed:
            values = ", ".join(f"'{each}'" for each in allowed)
            _refuse_value(name, value, f"Supported values are: {values}.")
        return value

    def _whole(self, name: str, low: int, high: int) -> int | None:
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            _refuse_type(name, "an integer", value)
        if not low <= value <= high:
            _refuse_value(name, value, f"Expected a value from {low} to {high}.")
        return value


def _broken_rule(width: int, height: int) -> str | None:
    """Return the rule for free sizes that a size breaks."""
    if width % 16 or height % 16:
        return "Width and height must both be divisible by 16."
    if max(width, height) > EDGE_MAX_PX:
        return f"The longest edge must be at most {EDGE_MAX_PX} pixels."
    if max(width, height) > 3 * min(width, height):
        return "The longer edge must be at most three times the shorter one."
    if not PIXELS_MIN <= width * height <= PIXELS_MAX:
        return f"Width times height must be from {PIXELS_MIN} to {PIXELS_MAX} pixels."
    return None


def _refuse_value(param: str, value: object, rule: str) -> NoReturn:
    _refuse("invalid_value", param, f"Invalid value: {value!r}. {rule}")


def _refuse_type(param: str, expected: str, value: object) -> NoReturn:
    got = type(value).__name__
    _refuse("invalid_type", param, f"Invalid type for '{param}': expected {expected}, got {got}.")


def _refuse(code: str, param: str, message: str) -> NoReturn:
    raise RefusedError(Fault.openai(400, code, message, param=param))
