"""Kills the process that it is loaded into, at the nth step of a kind: `CRASH_AT=write:17`.

`write` counts what changes the folder CRASH_IN: files opened for writing, renamed, removed, made
folders. `sync` counts calls of fsync, before (even numbers) and after (odd ones). With CRASH_COUNTS
nobody is killed: how many steps there were is written to that file in the end.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import threading

FOLDER = os.environ.get("CRASH_IN", "")
KIND, _, NUMBER = os.environ.get("CRASH_AT", "").partition(":")
COUNTS = os.environ.get("CRASH_COUNTS", "")
WRITING = os.O_WRONLY | os.O_RDWR
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}

counts = {"write": 0, "sync": 0}
lock = threading.Lock()


def step(kind: str) -> None:
    with lock:
        counts[kind] += 1
        if kind == KIND and counts[kind] == int(NUMBER):
            os.kill(os.getpid(), signal.SIGKILL)


def audit(event: str, args: tuple[object, ...]) -> None:
    if event not in EVENTS:
        return
    if event == "open" and not (isinstance(args[2], int) and args[2] & WRITING):
        return
    path = args[0]
    if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(FOLDER):
        step("write")


def synced(fd: int) -> None:
    step("sync")
    sync(fd)
    step("sync")


def tell() -> None:
    with open(COUNTS, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(counts, file)


if FOLDER:
    sync = os.fsync
    setattr(os, "fsync", synced)  # noqa: B010, it takes a file as well as a number
    sys.addaudithook(audit)
    if COUNTS:
        atexit.register(tell)
