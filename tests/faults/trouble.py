"""One row of the table of faults: what happens, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from mkdocs_imagegen.errors import ImagegenError
from tests.imageserver import Answer, Picture

ARTICLES = 2
"""Of each run, unless a row says otherwise; they are bought one after the other."""


RIGHT: Mapping[str, str] = {"IMAGEGEN_API_KEY": "$KEY", "IMAGEGEN_BASE_URL": "$URL"}


PICTURE = Picture()


class Layer(StrEnum):
    """Where the fault is, from the outside in."""

    CONFIGURATION = "configuration"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    MODEL = "model"
    MONEY = "money"
    RATE = "rate"
    SAFETY = "safety"
    BAD_REQUEST = "bad request"
    UPSTREAM = "upstream"
    TIMEOUT = "timeout"
    NETWORK = "network"
    NOT_AN_IMAGE = "not an image"
    WRONG_ENDPOINT = "wrong endpoint"
    QUIRK = "gateway quirk"


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of the ledger are in each state."""

    settled: int = 0
    released: int = 0
    possibly_billed: int = 0
    reserved: int = 0
    """Never left behind by a run that ended."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the first article's request meets, and how a run over all articles ends."""

    layer: Layer
    name: str
    """What happens, as the docs say it."""
    error: type[ImagegenError] | None
    """What the first article is told; `None` where it gets its picture."""
    requests: int
    """That the server sees in all."""
    paid: int
    """Of those, the ones that the server charges for."""
    rows: Rows
    goes_on: bool
    """Whether the other articles' requests are sent."""
    exit_code: int
    """Of `mkdocs-imagegen apply --yes`."""
    script: tuple[Answer, ...] = ()
    always: Answer = PICTURE
    """What the server answers when the script is over."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Fields of `Settings` that differ from those of other rows."""
    environ: Mapping[str, str] = field(default_factory=lambda: RIGHT)
    """Where `$KEY` and `$URL` stand for the server's."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options in mkdocs.yml that say where requests go."""
    dotenv: str = ""
    address: Literal["server", "nobody", "tls"] = "server"
    """What is at the base URL: the server, nothing, or the server addressed with https."""
    downloads: int = 0
    """Pictures that are fetched by address, from the server or the other one."""
    waits_s: float = 0.0
    """How long the run waits on the endpoint's word; its own back-off comes on top."""
    kept: bool = False
    """Whether what came is kept though it is no picture, and is never paid for again."""

    @classmethod
    def fair(cls) -> Trouble:
        """Return the row where nothing goes wrong."""
        rows = Rows(settled=ARTICLES)
        return cls(Layer.QUIRK, "nothing", None, ARTICLES, ARTICLES, rows, True, 0)
