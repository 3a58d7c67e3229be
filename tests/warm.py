"""Programs in forks of one warm interpreter: `mkdocs build` without the seconds of its imports.

Each still is a process of its own, with its folder, environment, streams and exit code, and runs
as `python -m` does. Not for tests of what an interpreter imports, or of one that is killed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOADED = (
    "PIL.Image",
    "PIL.ImageDraw",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "PIL.JpegImagePlugin",
    "material.plugins.blog.plugin",
    "material.plugins.search.plugin",
    "mkdocs.commands.build",
    "mkdocs.contrib.search",
    "mkdocs_imagegen.cli.commands",
    "mkdocs_imagegen.plugin",
    "mkdocs_imagegen.providers.openai",
    "pygments.lexers",
    "toktok",
)
"""What the programs import, straight away or as they go, and what is slow in it."""
STARTING = ("PYTHON", "LC_", "LANG")
"""How the names begin of the variables that an interpreter looks at once, when it starts."""
_NUMBER = struct.Struct("!q")


def starting(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a warm interpreter can't take in any more."""
    return {name: value for name, value in environ.items() if name.startswith(STARTING)}


@dataclass(frozen=True, slots=True)
class Order:
    """A program to run."""

    folder: str
    module: str
    args: Sequence[str]
    environ: Mapping[str, str]


class WarmInterpreter:
    """A process that has imported what the programs need, and forks for each of them."""

    def __init__(self) -> None:
        """Start it; the imports go on while others work."""
        self.started_with = starting(os.environ)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait()

    def run(self, order: Order, *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a program without a terminal, like `subprocess.run` with `capture_output`.

        May be called from several threads at once.

        Raises:
            subprocess.TimeoutExpired: the program took longer, and was killed.
        """
        ours, theirs = socket.socketpair()
        with ours, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with theirs:
                fds = [theirs.fileno(), out.fileno(), err.fileno()]
                socket.send_fds(self._channel, [b"."], fds)
            ours.sendall(json.dumps(asdict(order)).encode() + b"\n")
            pid = _number(ours)
            ours.settimeout(timeout_s)
            try:
                code = _number(ours)
            except TimeoutError as error:
                os.kill(pid, signal.SIGKILL)
                ours.settimeout(None)
                _number(ours)
                raise subprocess.TimeoutExpired(order.module, timeout_s) from error
            return subprocess.CompletedProcess(order.module, code, _text(out), _text(err))


@cache
def warm_interpreter() -> WarmInterpreter:
    """Return this process' own, which ends with it."""
    interpreter = WarmInterpreter()
    atexit.register(interpreter.close)
    return interpreter


def _number(told: socket.socket) -> int:
    packed = told.recv(_NUMBER.size)
    if not packed:
        raise RuntimeError("the warm interpreter has ended: its stderr says why")
    (number,) = _NUMBER.unpack(packed)
    return int(number)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n")


# In the warm interpreter


def _load() -> None:
    for name in LOADED:
        import_module(name)
    import_module("toktok").truncate("", 0, "o200k_base")
    gc.collect()
    gc.freeze()  # or each fork's collector would copy all its pages


def _next_order(channel: socket.socket) -> Order:
    """Fork at each order, and return it in the fork."""
    while True:
        told, fds, _, _ = socket.recv_fds(channel, 1, 3)
        if not told:
            sys.exit()  # the one who gives the orders is gone
        if os.fork() == 0:
            channel.close()
            return _forked_again(*fds)
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):  # those that ended: their time counts as this process'
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _forked_again(sock_fd: int, out_fd: int, err_fd: int) -> Order:
    """Return the order in a fork of this process; here, wait for its end and tell it."""
    with socket.socket(fileno=sock_fd) as sock:
        with sock.makefile(encoding="utf-8") as lines:
            order = Order(**json.loads(lines.readline()))
        if pid := os.fork():
            _tell_end(pid, sock)
    for fd, stream in ((out_fd, 1), (err_fd, 2)):
        os.dup2(fd, stream)
        os.close(fd)
    return order


def _tell_end(pid: int, sock: socket.socket) -> NoReturn:
    sock.sendall(_NUMBER.pack(pid))
    _, status = os.waitpid(pid, 0)
    sock.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(order: Order) -> NoReturn:
    """Run the program as `python -m` would; its end is this process' end."""
    os.environ.clear()
    os.environ.update(order.environ)
    time.tzset()
    os.chdir(order.folder)
    sys.path[0] = str(Path.cwd())
    sys.argv = ["-m", *order.args]
    code = 0
    try:
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    # What an interpreter does at its end, but for the freeing of each object: that takes longer
    # than most of the programs.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        _load()
        order = _next_order(orders)
    _become(order)
