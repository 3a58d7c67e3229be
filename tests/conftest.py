"""What every test gets: a clean environment, no way off this machine, an Image API to talk to."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.imageserver import ImageServer
from tests.sites import Site

# Other tests keep this machine busy: how long an example takes says nothing here.
# CI tries the same examples each time; elsewhere new ones may find something new.
hypothesis.settings.register_profile("shared", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("shared")

# What the tests start may keep its bytecode: compiling takes a program seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Started in the background of a script, this process ignores Ctrl-C, as would what it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_OWN_PREFIXES = ("IMAGEGEN_", "OPENAI_", "NBILITY_")


@pytest.fixture
def image_server() -> Iterator[ImageServer]:
    """Yield a server that has seen no request yet."""
    with ImageServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's keys and the CI's variables; MkDocs' advertisement too."""
    for name in list(os.environ):
        if name.startswith(_OWN_PREFIXES) or name == "CI":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")


@pytest.fixture(autouse=True, scope="session")
def _keep_out_of_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the store another place for the key that renditions are sealed with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _stay_on_this_machine() -> Iterator[None]:
    """Fail the test that asks for a name or a connection off this machine.

    In this process only: what a test starts as a program must be given a loopback address.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))
        look_up = socket.getaddrinfo

        def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
            _refuse_unless_loopback(host)
            return look_up(host, *args, **kwargs)

        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            _refuse_unless_loopback(address[0])
        return connect(self, address)

    return guarded


def _refuse_unless_loopback(host: Any) -> None:
    if host is None or _is_loopback(host.decode() if isinstance(host, bytes) else host):
        return
    # Not an Exception: the SDK would take one for a network fault, and try again.
    pytest.fail(f"a test tried to reach {host!r}: tests stay on this machine")


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def site(tmp_path: Path, image_server: ImageServer) -> Site:
    """An empty site that knows the test server and its key."""
    # A test that wants a failed request sent again says so.
    options = {"price_as": "openai", "retries": 0}
    return Site(tmp_path / "site", image_server, options=options)


@pytest.fixture
def keyless_site(tmp_path: Path) -> Site:
    """An empty site without key or endpoint."""
    return Site(tmp_path / "site")


@pytest.fixture
def git_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git commit in nobody's name, whatever this machine's settings are."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Nobody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "nobody@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
