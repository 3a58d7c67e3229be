"""Paid originals that no store has any more: found in a folder or on the published site.

Only bytes with the digest that the lockfile names are taken. Buys nothing and sends no key.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from . import __version__
from .errors import StoreError
from .files import ASSETS, NAME_DIGITS
from .keys import digest
from .model import Approved, Entry, Record
from .store import Store, record_of

if TYPE_CHECKING:
    import httpx2

AT_ONCE = 8
LIMIT_S = 60.0
"""Of wall time for one file, redirects included."""
REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """The bytes that were wanted."""

    approved: Approved
    picture: bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """No such bytes in this source."""

    approved: Approved
    why: str
    differs: bool = False
    """Whether other bytes lie in their place."""


Answers = Generator[Found | Missed, None, None]
Search = Callable[[Iterable[Approved]], Answers]
"""Looks for pictures; one answer for each digest that is wanted, in no order."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one article's picture."""

    entry: Entry
    state: Literal["restored", "not found", "differs"]
    why: str = ""
    """Empty where it was restored."""


def restore(entries: Iterable[Entry], store: Store, search: Search) -> Iterator[Restored]:
    """Look for the pictures of these entries, and put into the store what is found.

    Each result is yielded as soon as it is known. Entries without an approved picture are left out.

    Raises:
        StoreError: a picture can't be kept.
    """
    sharing: dict[str, list[Entry]] = {}
    wanted: dict[str, Approved] = {}
    for entry in entries:
        if entry.approved is not None:
            wanted.setdefault(entry.approved.digest, entry.approved)
            sharing.setdefault(entry.approved.digest, []).append(entry)
    with closing(search(wanted.values())) as answers:
        for answer in answers:
            for entry in sharing[answer.approved.digest]:
                yield _settled(entry, answer, store)


def search_of(source: str) -> Search:
    """Return the search that a person asks for with a site's address or a folder.

    Raises:
        ValueError: it is neither, or an address that is not safe to read.
    """
    if "://" in source:
        _check_address(source)
        return partial(search_site, source)
    folder = Path(source)
    if not folder.is_dir():
        raise ValueError(f"{source} is no folder, and no address that starts with https://")
    return partial(search_folder, folder)


def search_folder(folder: Path, wanted: Iterable[Approved]) -> Answers:
    """Look into every file below a folder: an old cache, a built site, a backup.

    No link is followed, and only files of a wanted length are read.
    """
    missing = {approved.digest: approved for approved in wanted}
    sizes_bytes = {approved.size_bytes for approved in missing.values()}
    names = {key[:NAME_DIGITS]: key for key in missing}
    other: dict[str, str] = {}
    for path in _files(folder):
        if not missing:
            return
        data = _read(path, sizes_bytes)
        found = None if data is None else missing.pop(digest(data), None)
        if data is not None and found is not None:
            yield Found(found, data)
        elif key := names.get(path.name[:NAME_DIGITS]):
            other[key] = path.relative_to(folder).as_posix()
    for key, approved in missing.items():
        if key in other:
            yield Missed(approved, f"{other[key]} has its name and other bytes", differs=True)
        else:
            yield Missed(approved, "no file in the folder has its bytes")


def search_site(url: str, wanted: Iterable[Approved], *, limit_s: float = LIMIT_S) -> Answers:
    """Ask a published site for the pictures that it shows as they came from the endpoint.

    A picture that came as PNG or JPEG was published as a WebP made of it, and is not found.

    Args:
        url: of the site's root.
        wanted: pictures.
        limit_s: of wall time for one file.

    Raises:
        ValueError: the address is not safe to read.
    """
    _check_address(url)
    missing = list({approved.digest: approved for approved in wanted}.values())
    with asyncio.Runner() as runner:
        client = _client(limit_s)
        try:
            # In small parts, as all pictures of a site may not fit into memory.
            for start in range(0, len(missing), AT_ONCE):
                yield from runner.run(
                    _fetch_all(client, url, missing[start : start + AT_ONCE], limit_s)
                )
        finally:
            runner.run(client.aclose())


def _settled(entry: Entry, answer: Found | Missed, store: Store) -> Restored:
    if isinstance(answer, Missed):
        return Restored(entry, "differs" if answer.differs else "not found", answer.why)
    record = replace(_record(entry, store), size_bytes=len(answer.picture))
    store.put(record, answer.picture)
    return Restored(entry, "restored")


def _record(entry: Entry, store: Store) -> Record:
    """Return the record that is still there, as it knows more than the lockfile."""
    known, facts = None, record_of(entry)
    with suppress(StoreError):  # put replaces it
        known = store.record(facts.request_key, facts.digest)
    return known or facts


def _files(folder: Path) -> Iterator[Path]:
    for above, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(above, name) for name in sorted(names))


def _read(path: Path, sizes_bytes: set[int]) -> bytes | None:
    """Return the bytes of a regular file that has one of these lengths and can be read."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size not in sizes_bytes:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _client(limit_s: float) -> httpx2.AsyncClient:
    import httpx2

    return httpx2.AsyncClient(
        headers={
            "user-agent": f"mkdocs-imagegen/{__version__}",
            "accept": "image/webp",
            "accept-encoding": "identity",  # the digest is of the bytes as they are
        },
        timeout=limit_s,
        follow_redirects=False,
    )


async def _fetch_all(
    client: httpx2.AsyncClient, url: str, wanted: Sequence[Approved], limit_s: float
) -> list[Found | Missed]:
    return await asyncio.gather(*(_fetch(client, url, each, limit_s) for each in wanted))


async def _fetch(
    client: httpx2.AsyncClient, url: str, approved: Approved, limit_s: float
) -> Found | Missed:
    import httpx2

    parts = urlsplit(url)
    name = f"{ASSETS}/{approved.digest[:NAME_DIGITS]}.webp"
    address = parts._replace(path=f"{parts.path.rstrip('/')}/{name}", query="", fragment="")
    try:
        async with asyncio.timeout(limit_s):
            return await _get(client, address.geturl(), approved)
    except (TimeoutError, httpx2.TimeoutException):
        return Missed(approved, f"the site did not send it within {limit_s:g} s")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Missed(approved, f"the site can't be read ({error or type(error).__name__})")


async def _get(client: httpx2.AsyncClient, url: str, approved: Approved) -> Found | Missed:
    for _ in range(REDIRECTS + 1):
        async with client.stream("GET", url) as response:
            if response.next_request is None:
                return await _judge(response, approved)
            target = str(response.next_request.url)
            try:
                _check_redirect(url, target)
            except ValueError as error:
                return Missed(approved, str(error))
            url = target
    return Missed(approved, "the site redirects in circles")


async def _judge(response: httpx2.Response, approved: Approved) -> Found | Missed:
    """Read one byte more than is wanted at most."""
    if response.status_code != 200:
        return Missed(approved, f"the site answers {response.status_code}")
    if response.headers.get("content-type", "").startswith("text/html"):
        return Missed(approved, "the site answers with a page")
    data = bytearray()
    async for part in response.aiter_bytes():
        data += part
        if len(data) > approved.size_bytes:
            return Missed(approved, "the site's file is longer than it was", differs=True)
    picture = bytes(data)
    if digest(picture) != approved.digest:
        return Missed(approved, "the site's file has other bytes", differs=True)
    return Found(approved, picture)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("the address must not hold a user name or password")
    if not _may_read(url):
        raise ValueError(f"{url} must be an address that starts with https://")


def _check_redirect(url: str, target: str) -> None:
    """Raise ValueError for a redirect off https; a site on this machine may stay on it."""
    stays = urlsplit(url).scheme == "http" and _may_read(target)
    if urlsplit(target).scheme != "https" and not stays:
        raise ValueError("the site redirects to an address that does not start with https://")


def _may_read(url: str) -> bool:
    """Tell whether an address is https, or http on this very machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return parts.scheme == "https" and bool(host)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
