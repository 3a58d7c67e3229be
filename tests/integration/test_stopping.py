"""Ctrl-C and SIGTERM: what is paid for is kept, what has no answer is booked, the exit tells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from mkdocs_imagegen.model import RowState
from mkdocs_imagegen.store.ledger import LEDGER, Ledger
from tests.bills import server_of
from tests.sites import TIMEOUT_S, Site

START = {
    "apply": ("mkdocs_imagegen", "apply", "--yes"),
    "build": ("mkdocs", "build"),
}


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [("apply", signal.SIGINT, 130), ("apply", signal.SIGTERM, 143), ("build", signal.SIGTERM, 143)],
    ids=["apply Ctrl-C", "apply SIGTERM", "build SIGTERM"],
)
def test_a_signal_sends_nothing_further_and_keeps_what_comes(
    site: Site, command: str, number: signal.Signals, code: int
) -> None:
    server = server_of(site)
    site.options |= {"mode": "generate", "concurrency": 2}
    for name in "abcdef":
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")
    site.configure()
    with server.gate.held():
        process = subprocess.Popen(
            [sys.executable, "-m", *START[command]],
            cwd=site.root,
            env={
                **os.environ,
                "IMAGEGEN_BASE_URL": server.base_url,
                "IMAGEGEN_API_KEY": server.api_key,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        server.wait_for(lambda: server.in_flight == 2, timeout_s=TIMEOUT_S)
        process.send_signal(number)
        assert process.stdout is not None
        said = ""
        while "stopping: waiting a while" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
    rest, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, said + rest
    assert "stopped after 2 of 6 covers" in rest
    assert "possibly billed" not in rest
    assert rest.count("bought ($") == 2
    assert "Traceback" not in said + rest
    assert len(server.calls) == len(server.paid_calls) == 2
    again = site.apply()
    assert again.code == 0, again.output
    assert len(server.paid_calls) == 6


def test_what_does_not_end_is_broken_off_by_a_second_signal(site: Site) -> None:
    server = server_of(site)
    for name in "ab":
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")
    site.configure()
    server.gate.hold()
    process = subprocess.Popen(
        [sys.executable, "-m", *START["apply"]],
        cwd=site.root,
        env={
            **os.environ,
            "IMAGEGEN_BASE_URL": server.base_url,
            "IMAGEGEN_API_KEY": server.api_key,
        },
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    server.wait_for(lambda: server.in_flight == 2, timeout_s=TIMEOUT_S)
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    while "stopping" not in process.stderr.readline():
        pass
    deadline = time.monotonic() + TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)  # a third one would break off the end itself
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 130, process.returncode
    process.stderr.close()
    with closing(Ledger(site.root / ".cache/imagegen" / LEDGER, read_only=True)) as ledger:
        states = {row.state for row in ledger.rows()}
    assert states == {RowState.POSSIBLY_BILLED}
