"""An answer of success as an object: what it is where it is no answer of an Image API.

Whatever is refused here may have been billed: it was a success.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx2

from ..errors import AnswerError, ForeignAnswerError, ProviderError
from ..settings import Endpoint
from .limits import request_id_in
from .wording import said, short

BASE_URL_HINT = "check the base URL: it usually ends in /v1"
TASK_IDS = ("task_id", "taskId", "job_id")
WAITING = frozenset({"queued", "pending", "submitted", "processing", "in_progress", "starting"})
ACCEPTED = 202
CHAT_KINDS = ("chat.completion", "text_completion", "response", "message")
"""What `object` says in the answers of APIs that write texts."""


def fields_in(answer: httpx2.Response) -> dict[str, object]:
    """Return the object that an answer holds.

    Raises:
        ForeignAnswerError: it is a page.
        AnswerError: it is empty, cut short, or anything else.
    """
    request_id = request_id_in(answer.headers)
    if not answer.content.strip():
        what = f"the endpoint answered with nothing ({answer.status_code})"
        raise AnswerError(what, hint=BASE_URL_HINT, request_id=request_id)
    try:
        # Base64 is ASCII: a sentence beside it in another charset costs no picture.
        fields: object = json.loads(answer.content.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as error:
        if _is_page(answer):
            what = "the endpoint answered with a page instead of a picture"
            raise ForeignAnswerError(what, hint=BASE_URL_HINT, request_id=request_id) from error
        what = "the endpoint answered with something that is no JSON, or cut short"
        raise AnswerError(what, hint=BASE_URL_HINT, request_id=request_id) from error
    if not isinstance(fields, dict):
        what = "the endpoint answered with JSON that is no object"
        raise AnswerError(what, hint=BASE_URL_HINT, request_id=request_id)
    return fields


def without_picture(
    fields: Mapping[str, object], answer: httpx2.Response, endpoint: Endpoint
) -> ProviderError | None:
    """Return what an answer without a picture is, `None` where it is just that."""
    request_id = request_id_in(answer.headers)
    if told := said(fields.get("error"), endpoint):
        return AnswerError(
            f"the endpoint answered: {told}",
            hint="run again later; if it goes on, ask the endpoint's vendor",
            request_id=request_id,
        )
    task = next((fields[name] for name in TASK_IDS if isinstance(fields.get(name), str | int)), "")
    if task or answer.status_code == ACCEPTED or _word(fields, "status") in WAITING:
        named = f" ({short(str(task), endpoint)})" if task else ""
        return ForeignAnswerError(
            f"the endpoint answers with a task{named}, which is not supported",
            hint="ask its vendor for an address that answers with the picture itself",
            request_id=request_id,
        )
    if "choices" in fields or _word(fields, "object").startswith(CHAT_KINDS):
        return ForeignAnswerError(
            "the endpoint answers as a chat, not as an Image API",
            hint=BASE_URL_HINT + "; and check that `model` paints",
            request_id=request_id,
        )
    return None


def _is_page(answer: httpx2.Response) -> bool:
    kind = answer.headers.get("content-type", "")
    return kind.startswith("text/html") or answer.content.lstrip()[:1] == b"<"


def _word(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
