"""Many builds at once on one empty cache: each cover must be paid for once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.imageserver import ImageServer
from tests.sites import Site

LIMIT_S = 600.0
DELAY_S = 0.2
"""Of each answer: long enough for the builds to meet."""


def crowd(folder: Path, *, builds: int, covers: int) -> tuple[str, bool]:
    """Run builds of one site, each into its own site_dir; return the figures, and if they are good.

    Every build starts before the first answer is sent.
    """
    with ImageServer() as server:
        site = Site(
            folder / "site",
            server,
            options={
                "mode": "generate",
                "price_as": "openai",
                "size": "1024x640",
                "quality": "low",
                "budget": {"max_images": covers},
            },
            config={"site_name": "Crowd"},
        )
        for number in range(covers):
            site.article(f"n{number}.md", cover_prompt=f"Number {number}")
        site.configure()
        server.delay_s = DELAY_S
        began_s = time.monotonic()
        with server.gate.held():
            running = [_start(site, number) for number in range(builds)]
            server.wait_for(lambda: server.in_flight > 0, timeout_s=LIMIT_S)
        ended = [process.communicate(timeout=LIMIT_S) for process in running]
        took_s = time.monotonic() - began_s
        codes = Counter(process.returncode for process in running)
        waited = sum("waiting for" in said for _, said in ended)
        whole = sum(_is_whole(site.root / f"site-{number}", covers) for number in range(builds))
        paid = len(server.paid_calls)
        prompts = {str((call.body or {})["prompt"]) for call in server.paid_calls}
    good = paid == len(prompts) == covers and whole == builds and set(codes) == {0}
    lines = [
        f"builds: {builds} of {covers} covers each, on one empty cache, in {took_s:.0f} s",
        f"paid calls: {paid} for {len(prompts)} covers",
        f"builds that ended well: {codes[0]}, with a whole site: {whole}",
        f"builds that said what they waited for: {waited}",
    ]
    if not good:
        lines += [said[-3000:] for _, said in ended]
    return "\n".join(lines), good


def _start(site: Site, number: int) -> subprocess.Popen[str]:
    assert site.server is not None
    return subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "build", "-d", f"site-{number}"],
        cwd=site.root,
        env={
            **os.environ,
            "IMAGEGEN_BASE_URL": site.server.base_url,
            "IMAGEGEN_API_KEY": site.server.api_key,
            "NO_MKDOCS_2_WARNING": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _is_whole(folder: Path, covers: int) -> bool:
    listed = json.loads((folder / "assets/covers/covers.json").read_text(encoding="utf-8"))
    files = {cover["file"] for cover in listed["covers"]}
    return len(files) == covers and all((folder / name).is_file() for name in files)
