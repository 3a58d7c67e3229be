"""Fills in what an answer can only say as it is sent: who asked, from where, and when."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate

from .wire import Reply

_DATE = re.compile(r"<date in (-?[0-9]+) s>")


def filled(reply: Reply, marks: Mapping[str, str]) -> Reply:
    """Return the reply with each mark in headers and body replaced by what it stands for."""
    headers = {name: _filled(value, marks) for name, value in reply.headers.items()}
    body = reply.body
    for mark, value in marks.items():
        body = body.replace(mark.encode(), value.encode())
    return replace(reply, headers=headers, body=body)


def _filled(text: str, marks: Mapping[str, str]) -> str:
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return _DATE.sub(lambda found: formatdate(time.time() + int(found[1]), usegmt=True), text)
