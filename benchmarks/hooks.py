"""What the plugin takes of one build, piece by piece: its import, its hooks, the files copied.

CPU time, page by page, in several fresh interpreters, of which the least counts. That
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
SHOWN_FROM_S = 0.0001

Times = dict[str, dict[str, float]]
"""CPU seconds by piece and page; `""` where a piece is not of one page."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What several builds of one variant took at least."""

    seconds: dict[str, float]
    """By piece."""
    unwanted: list[str]
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
    for _ in range(builds):
        times: Times = json.loads(run(folder, __file__, "time", variant.config_file))
        for piece, by_page in times.items():
            kept = least.setdefault(piece, {})
            for page, seconds in by_page.items():
                kept[page] = min(seconds, kept.get(page, seconds))
    watched = json.loads(run(folder, __file__, "watch", variant.config_file))
    pieces = {piece: sum(by_page.values()) for piece, by_page in least.items()}
    seconds = {piece: total_s for piece, total_s in pieces.items() if total_s > SHOWN_FROM_S}
    return Measured(seconds, watched["unwanted"], watched["sockets"])


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
        start_s = time.process_time()
        try:
            return work(*args, **kwargs)
        finally:
            name = page(*args, **kwargs)
            kept[name] = kept.get(name, 0.0) + time.process_time() - start_s

    return timed


def _watch_build(config_file: str) -> dict[str, object]:
    """Build, and return what was imported or asked of the network. A hook slows all of it down."""
    sockets: list[str] = []
    sys.addaudithook(lambda event, _: sockets.append(event) if event[:7] == "socket." else None)
    _build(config_file)
    return {"unwanted": [n for n in UNWANTED if n in sys.modules], "sockets": len(sockets)}


def _time_build(config_file: str) -> Times:
    # All that a build without the plugin imports too.
    from mkdocs.__main__ import cli  # noqa: F401
    from mkdocs.commands import build  # noqa: F401
    from mkdocs.structure.files import File

    start_s = time.process_time()
    from mkdocs_imagegen.engine import Engine
    from mkdocs_imagegen.plugin import ImagegenPlugin

    times: Times = {IMPORT: {"": time.process_time() - start_s}}
    for part in PARTS:
        setattr(Engine, part, _timed(times, part, getattr(Engine, part), lambda *_, **__: ""))
    _time_copies(times, File)
    _build(config_file, lambda plugins: _time_hooks(times, plugins, ImagegenPlugin))
    return times


def _build(config_file: str, prepare: Callable[[Any], None] = lambda _: None) -> None:
    from mkdocs.commands import build
    from mkdocs.config import load_config

    config = load_config(config_file)
    prepare(config.plugins)
    config.plugins.on_startup(command="build", dirty=False)
    build.build(config)
    config.plugins.on_shutdown()


def _time_hooks(times: Times, plugins: Any, ours: type) -> None:
    for event, methods in plugins.events.items():
        for n, method in enumerate(methods):
            if isinstance(getattr(method, "__self__", None), ours):
                methods[n] = _timed(times, event, method, _page_of)


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
    measured_here = _watch_build if sys.argv[1] == "watch" else _time_build
    print(json.dumps(measured_here(sys.argv[2])))
