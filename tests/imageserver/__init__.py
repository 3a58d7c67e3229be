"""An Image API on this machine, as strict as OpenAI's, that counts and prices what it sells.

It shares no code with the package under test: a price that both agree on was worked out twice.
"""

from __future__ import annotations

from .answers import Answer, Fault, Hangup, NotAPicture, Picture, RawBody
from .calls import Call
from .gate import Gate
from .server import ImageServer

__all__ = [
    "Answer",
    "Call",
    "Fault",
    "Gate",
    "Hangup",
    "ImageServer",
    "NotAPicture",
    "Picture",
    "RawBody",
]
