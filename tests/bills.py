"""Plans held against bills: what was announced, and what the test server then charged for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.imageserver import Call, ImageServer
from tests.sites import Run, Site

Purchase = tuple[str, str, str, int]
"""Model, size, quality, micro-dollars for the picture."""


def planned(plan: Mapping[str, Any]) -> Counter[Purchase]:
    """Return the purchases that a plan's JSON announces."""
    return Counter(
        (action["model"], action["size"], action["quality"], action["micro_usd"])
        for action in plan["actions"]
        if action["action"] == "generate"
    )


def charged(calls: Iterable[Call]) -> Counter[Purchase]:
    """Return the purchases that the server was paid for."""
    return Counter(
        (
            str((call.body or {})["model"]),
            str((call.body or {})["size"]),
            str((call.body or {})["quality"]),
            call.micro_usd,
        )
        for call in calls
        if call.paid
    )


def server_of(site: Site) -> ImageServer:
    """Return the server that this site buys from."""
    assert site.server is not None
    return site.server


def apply_as_planned(site: Site, *args: str) -> int:
    """Run `plan`, then `apply`; hold one against the other, and return how many were bought."""
    server = server_of(site)
    before = len(server.calls)
    plan = site.plan()
    assert len(server.calls) == before, "a plan sent a request"
    run = site.apply(*args)
    assert run.code == 0, run.output
    calls = server.calls[before:]
    assert charged(calls) == planned(plan)
    assert sum(call.micro_usd for call in calls) == plan["total_micro_usd"]
    return len(calls)


def said_cleanly(run: Run, server: ImageServer) -> str:
    """Return all that a run said, once it is sure that no key and no traceback is in it."""
    assert server.api_key not in run.output
    assert "Traceback" not in run.output, run.output
    return run.output


def started(site: Site, *args: str, **environ: str) -> subprocess.Popen[str]:
    """Start `mkdocs-imagegen` in the site's folder, and don't wait for it."""
    server = server_of(site)
    site.configure()
    keys = {"IMAGEGEN_BASE_URL": server.base_url, "IMAGEGEN_API_KEY": server.api_key}
    return subprocess.Popen(
        [sys.executable, "-m", "mkdocs_imagegen", *args],
        cwd=site.root,
        env={**os.environ, **keys, **site.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
