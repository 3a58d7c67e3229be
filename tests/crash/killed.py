"""Runs of the real commands that are killed at a point."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.crash.points import Point
from tests.imageserver import Call
from tests.sites import Site

HOOK = Path(__file__).with_name("hook")
LIMIT_S = 120.0
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Compiling takes each run seconds."""
COMMANDS = {
    "apply": ("mkdocs_imagegen", "apply", "--yes"),
    "build": ("mkdocs", "build"),
}


class Payments:
    """Counts what the image server is paid for, and wakes who waits for a certain payment."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def note(self, _call: Call) -> None:
        """Count one; to be called before its answer is sent."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def waiter(self, number: int) -> Callable[[float], bool]:
        """Return what waits so many seconds for the nth payment from now on."""
        with self._changed:
            wanted = self._count + number

        def wait(seconds: float) -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: self._count >= wanted, seconds)

        return wait


def start(site: Site, command: str, **environ: str) -> subprocess.Popen[bytes]:
    """Start a command in the site's folder; what it says goes to the file `said`."""
    assert site.server is not None
    site.configure()
    environ = {
        **{name: value for name, value in os.environ.items() if name != NO_BYTECODE},
        "IMAGEGEN_BASE_URL": site.server.base_url,
        "IMAGEGEN_API_KEY": site.server.api_key,
        "NO_MKDOCS_2_WARNING": "1",
        **environ,
    }
    with (site.root / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[command]],
            cwd=site.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def hooked(site: Site, **environ: str) -> dict[str, str]:
    """Return the environment that loads the hook into a run."""
    paths = (str(HOOK), os.environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(filter(None, paths))
    return {"PYTHONPATH": path, "CRASH_IN": str(site.root), **environ}


def run_and_kill(site: Site, command: str, point: Point, payments: Payments) -> bool:
    """Run a command, kill it at the point, and tell whether it was still running then."""
    environ = {}
    if point.kind in ("write", "sync"):
        environ = hooked(site, CRASH_AT=f"{point.kind}:{point.number}")
    paid = payments.waiter(point.number)
    process = start(site, command, **environ)
    try:
        _wait_for_point(site, process, point, paid)
    finally:
        process.kill()
        code = process.wait(LIMIT_S)
    return code < 0


def _wait_for_point(
    site: Site, process: subprocess.Popen[bytes], point: Point, paid: Callable[[float], bool]
) -> None:
    """Return at the point, or once the process has ended."""
    ends_s = time.monotonic() + LIMIT_S
    match point.kind:
        case "time":
            pass
        case "paid":
            while not paid(0.02) and process.poll() is None and time.monotonic() < ends_s:
                pass
        case "file":
            _wait_for_file(site.root, process, point)
        case _:
            process.wait(LIMIT_S)
    if process.poll() is None:
        time.sleep(point.delay_s)  # the draw itself, no synchronisation


def _wait_for_file(root: Path, process: subprocess.Popen[bytes], point: Point) -> None:
    """Look for the file's nth change several thousand times a second."""
    seen, changes = _look(root, point.file), 0
    while changes < point.number and process.poll() is None:
        now = _look(root, point.file)
        changes += now != seen
        seen = now
        time.sleep(0.0001)  # the build needs the processor too


def _look(root: Path, pattern: str) -> dict[str, tuple[int, int]]:
    found = {}
    for path in root.glob(pattern):
        try:
            stat = path.stat()
        except OSError:
            continue
        found[str(path)] = (stat.st_size, stat.st_mtime_ns)
    return found
