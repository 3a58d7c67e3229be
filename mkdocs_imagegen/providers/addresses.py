"""Which addresses a picture may be fetched from: whoever answers names the address, not the user.

Pure, but for looking up a host's name.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Where networks without IPv4 put its addresses."""


class RefusedAddressError(Exception):
    """An address that is not fetched; its text says why, and names no more than the host."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API is, as the site's owner wrote it: what lies there is theirs to trust."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, base_url: str) -> Api:
        """Return where the API of that base URL is."""
        url = httpx2.URL(base_url)
        return cls(url.scheme, url.host, port_of(url))

    @property
    def on_loopback(self) -> bool:
        """Whether it is on this very machine."""
        return is_loopback(self.host)


def port_of(url: httpx2.URL) -> int:
    """Return the port of an http(s) address."""
    return url.port or PORTS.get(url.scheme, 0)


def is_loopback(host: str) -> bool:
    """Tell whether a host as written is this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(url: httpx2.URL, api: Api, *, own: bool) -> None:
    """Check what can be told without looking up the host's name.

    Args:
        url: to fetch.
        api: that named it.
        own: whether the API itself named it, and not another host's redirect.

    Raises:
        RefusedAddressError: the address may not be fetched.
    """
    if url.scheme not in PORTS or not url.host:
        raise RefusedAddressError(f"{url.scheme or 'no'} address, not https")
    plain = own and (
        (api.on_loopback and is_loopback(url.host))
        or (api.scheme == "http" and url.host == api.host)
    )
    if url.scheme == "http" and not plain:
        raise RefusedAddressError(f"{url.host}: not https")


def check_address(address: Address, host: str, port: int, api: Api, *, own: bool) -> None:
    """Check an address that a host's name stands for; arguments as in `check_url`.

    Raises:
        RefusedAddressError: it is none of the public internet, nor where the API itself is.
    """
    if own and (host, port) == (api.host, api.port):
        return  # the request itself went there
    if own and host == api.host and _is_private(address):
        return
    if own and api.on_loopback and all(each.is_loopback for each in _all_of(address)):
        return
    if not all(_is_public(each) for each in _all_of(address)):
        raise RefusedAddressError(f"{host}: an address inside a private network")


def look_up(host: str, port: int, limit_s: float) -> list[Address]:
    """Return what a host's name stands for, in the system's order of preference.

    Raises:
        OSError: it stands for nothing.
        TimeoutError: the system did not say in time.
    """
    with suppress(ValueError):
        return [ipaddress.ip_address(host)]
    answers: queue.SimpleQueue[list[Address] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # A link-local address carries the name of its network card.
            plain = [str(entry[4][0]).partition("%")[0] for entry in found]
            answers.put(list(dict.fromkeys(map(ipaddress.ip_address, plain))))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # The system's own time limit is minutes, and nothing can interrupt it.
    threading.Thread(target=ask, daemon=True, name="imagegen-lookup").start()
    try:
        answer = answers.get(timeout=max(0.0, limit_s))
    except queue.Empty:
        raise TimeoutError(f"looking up {host} took too long") from None
    if isinstance(answer, list):
        return answer
    raise OSError(f"{host} is not known") from answer


def _is_public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _is_private(address: Address) -> bool:
    """Tell whether an address is one that a home or office gives to its machines."""
    return address.is_private and not any(
        each.is_loopback
        or each.is_link_local
        or each.is_multicast
        or each.is_reserved
        or each.is_unspecified
        for each in _all_of(address)
    )


def _all_of(address: Address) -> Iterator[Address]:
    """Yield an address and the IPv4 ones that it carries, as it may lead there."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    else:
        yield address
        yield from filter(None, (address.sixtofour, *(address.teredo or ())))
