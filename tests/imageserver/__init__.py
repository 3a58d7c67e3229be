"""An Image API on this machine, as strict as OpenAI's, that counts and prices what it sells.

It shares no code with the package under test: a price that both agree on was worked out twice.
"""

from __future__ import annotations

from .answers import (
    ELSEWHERE,
    KEY,
    ORIGIN,
    Answer,
    Carried,
    Fault,
    Hangup,
    NotAPicture,
    Picture,
    PictureUrl,
    RawBody,
    Refuses,
    date_in,
)
from .calls import Call
from .gate import Gate
from .lines import Drip, Line
from .server import ImageServer

__all__ = [
    "ELSEWHERE",
    "KEY",
    "ORIGIN",
    "Answer",
    "Call",
    "Carried",
    "Drip",
    "Fault",
    "Gate",
    "Hangup",
    "ImageServer",
    "Line",
    "NotAPicture",
    "Picture",
    "PictureUrl",
    "RawBody",
    "Refuses",
    "date_in",
]
