"""What the plugin takes of one build, piece by piece: its import, its hooks, the files copied.

Each piece is timed in several fresh interpreters, page by page, and the least of each counts: that
bears a busy machine far better than the difference of two builds. Run by `pages.py`; as a program
it is the interpreter that is measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from covered_site import Variant, run

IMPORT, COPY = "import of the plugin", "covers' files copied, by MkDocs"
PARTS = ("order", "plan", "publish")
"""Of the hook `env`: what the engine does in it."""
UNWANTED = ("PIL", "openai", "rich", "httpx", "diskcache", "filelock")

Times = dict[str, dict[str, float]]
"""Seconds by piece and page; `""` where a piece is not of one page."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What several builds of one variant took at least."""

    seconds: dict[str, float]
    """By piece."""
    unwanted: tuple[str, ...]
    """The modules imported, of those that a build without changes needs none of."""
    sockets: int
    """How often a socket was made, connected or a name looked up."""

    @property
    def total_s(self) -> float:
        """All pieces; the engine's parts are within the hook `env`."""
        return sum(s for piece, s in self.seconds.items() if piece not in PARTS)


def measure(folder: Path, variant: Variant, builds: int) -> Measured:
    """Build a variant several times, each in a fresh interpreter, and take the least."""
    least: Times = {}
    unwanted: set[str] = set()
    sockets = 0
    for _ in range(builds):
        said = json.loads(run(folder, __file__, variant.config_file).splitlines()[-1])
        unwanted.update(said["unwanted"])
        sockets += said["sockets"]
        for piece, by_page in said["times"].items():
            kept = least.setdefault(piece, {})
            for page, seconds in by_page.items():
                kept[page] = min(seconds, kept.get(page, seconds))
    seconds = {piece: sum(by_page.values()) for piece, by_page in least.items()}
    return Measured(seconds, tuple(sorted(unwanted)), sockets)


def report(measured: Measured, pages: int) -> list[str]:
    """Return the pieces as lines, in ms and ms a page."""
    lines = []
    for piece, seconds in measured.seconds.items():
        name = f"  of it {piece}" if piece in PARTS else piece
        lines.append(f"{name:34} {seconds * 1000:8.1f} ms {seconds * 1000 / pages:8.3f} ms a page")
    total_s = measured.total_s
    lines.append(f"{'in all':34} {total_s * 1000:8.1f} ms {total_s * 1000 / pages:8.3f} ms a page")
    lines.append(
        f"imported of {', '.join(UNWANTED)}: {', '.join(measured.unwanted) or 'none'}; "
        f"sockets opened: {measured.sockets}"
    )
    return lines


def _timed(
    times: Times, piece: str, work: Callable[..., Any], page: Callable[..., str]
) -> Callable[..., Any]:
    kept = times.setdefault(piece, {})

    def timed(*args: Any, **kwargs: Any) -> Any:
        start_s = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            name = page(*args, **kwargs)
            kept[name] = kept.get(name, 0.0) + time.perf_counter() - start_s

    return timed


def _build_timed(config_file: str) -> dict[str, object]:
    # All that a build without the plugin imports too.
    from mkdocs.__main__ import cli  # noqa: F401
    from mkdocs.commands import build
    from mkdocs.config import load_config
    from mkdocs.structure.files import File

    sockets: list[str] = []
    sys.addaudithook(lambda event, _: sockets.append(event) if event[:7] == "socket." else None)
    start_s = time.perf_counter()
    from mkdocs_imagegen.engine import Engine
    from mkdocs_imagegen.plugin import ImagegenPlugin

    times: Times = {IMPORT: {"": time.perf_counter() - start_s}}
    config = load_config(config_file)
    for event, methods in config.plugins.events.items():
        for n, method in enumerate(methods):
            if isinstance(getattr(method, "__self__", None), ImagegenPlugin):
                methods[n] = _timed(times, event, method, _page_of)
        if event == "env":
            for part in PARTS:
                timed = _timed(times, part, getattr(Engine, part), lambda *_, **__: "")
                setattr(Engine, part, timed)
    _time_copies(times, File)
    config.plugins.on_startup(command="build", dirty=False)
    build.build(config)
    config.plugins.on_shutdown()
    unwanted = [name for name in UNWANTED if name in sys.modules]
    return {"times": times, "unwanted": unwanted, "sockets": len(sockets)}


def _time_copies(times: Times, file_class: Any) -> None:
    plain = file_class.copy_file
    timed = _timed(times, COPY, plain, lambda file, *_, **__: file.src_uri)

    def copy_file(file: Any, *args: Any, **kwargs: Any) -> None:
        ours = file.src_uri.startswith("assets/covers/")
        (timed if ours else plain)(file, *args, **kwargs)

    file_class.copy_file = copy_file


def _page_of(*_: object, page: Any = None, **__: object) -> str:
    return page.file.src_uri if page is not None else ""


if __name__ == "__main__":
    print(json.dumps(_build_timed(sys.argv[1])))
