"""What lies on the disk after a kill, and whether it is whole. Looks at copies only."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mkdocs_imagegen.errors import ImagegenError
from mkdocs_imagegen.model import LedgerRow
from mkdocs_imagegen.store import Store
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from mkdocs_imagegen.store.lockfiles import read_lockfile


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a run left."""

    digests: frozenset[str]
    """Of every whole picture that lies on the disk in whatever form: that was received."""
    arrived: int
    """How many answers lie there whole whose pictures no store knows."""
    broken: tuple[str, ...]
    """What is wrong with store, ledger and lockfile."""


def look_at(root: Path) -> Aftermath:
    """Look at a site that nobody builds just now, as the next build would find it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "site"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns("docs", "site"))
        arrived = _arrived(copy)
        known: list[str] = []
        broken = tuple(_broken(copy, known))
        return Aftermath(
            frozenset((*_stored(copy), *arrived)), len(set(arrived).difference(known)), broken
        )


def rows_of(root: Path) -> list[LedgerRow]:
    """Return the ledger's rows as `report costs` has them."""
    path = root / ".cache" / "imagegen" / LEDGER
    if not path.exists():
        return []
    with closing(Ledger(path, read_only=True)) as ledger:
        return list(ledger.rows(look_at_owners=True))


def _stored(root: Path) -> list[str]:
    """Hash the pictures that are there, without a line of the package under test."""
    files = (*root.glob(".cache/imagegen/originals/*/*/*.val"), *root.glob("covers/*.webp"))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def _arrived(root: Path) -> list[str]:
    """Hash the pictures in the answers that came in."""
    found = []
    for path in root.glob(".cache/imagegen/incoming/*.answer"):
        _, _, body = path.read_bytes().partition(b"\n")
        try:
            picture = base64.b64decode(json.loads(body)["data"][0]["b64_json"])
        except ValueError:
            continue  # half an answer
        found.append(hashlib.sha256(picture).hexdigest())
    return found


def _broken(root: Path, known: list[str]) -> list[str]:
    """Tell what is wrong, and add the digests of what the store knows."""
    wrong = []
    cache = root / ".cache" / "imagegen"
    try:
        if cache.exists():
            with Store.open(cache, root / "covers") as store:
                for record in store.records():
                    store.read_original(record)
                    known.append(record.digest)
            rows_of(root)
        read_lockfile(root / "imagegen.lock")
    except ImagegenError as error:
        wrong.append(error.message)
    return wrong
