"""What making files of originals costs: `python benchmarks/renditions.py --originals 200`.

See the README beside this file.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import PIL
from covered_site import article_text
from PIL import Image

from mkdocs_imagegen.derived import Developed, develop
from mkdocs_imagegen.keys import digest
from mkdocs_imagegen.model import Record, Size
from mkdocs_imagegen.settings import Settings
from mkdocs_imagegen.sources import Paid
from mkdocs_imagegen.store import Store

SIZE = Size(1536, 1024)
AIM = 0.9
"""Of the library's own speed."""
AIM_MB = 150
"""Of memory, over the build without the plugin."""
CONFIG = """
site_name: Benchmark
site_url: https://example.com/
plugins:
  - imagegen: {{enabled: {enabled}}}
"""


@dataclass(frozen=True, slots=True)
class Took:
    """One way of doing the work."""

    cpu_s: float
    wall_s: float
    size_bytes: int


def main() -> None:
    """Fill a store, make the files twice, in two ways each; then build a site cold."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--originals", type=int, default=200, help="PNG pictures of 1536x1024")
    parser.add_argument("--rounds", type=int, default=1, help="times that each way is taken")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imagegen-benchmark-") as name:
        folder = Path(name)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pictures = list(pool.map(picture, range(options.originals)))
        print(
            f"{options.originals} PNG originals of {SIZE}, {sum(map(len, pictures)) >> 20} MiB; "
            f"Python {platform.python_version()}, {os.cpu_count()} CPUs, "
            f"load {os.getloadavg()[0]:.1f}\n\n{'':28}{'CPU s':>8}{'wall s':>8}{'MiB made':>10}"
        )
        ratios = []
        for number in range(options.rounds):
            library = _timed(lambda: _by_library(pictures))
            with _store_of(folder / str(number), pictures) as store:
                ours = _timed(lambda store=store: _by_us(store))
            for title, took in (("libwebp and Pillow alone", library), ("mkdocs-imagegen", ours)):
                made = took.size_bytes / 2**20
                print(f"{title:28}{took.cpu_s:8.1f}{took.wall_s:8.1f}{made:10.1f}")
            ratios.append((library.cpu_s / ours.cpu_s, library.wall_s / ours.wall_s))
        cpu, wall = (sorted(column)[len(ratios) // 2] for column in zip(*ratios, strict=True))
        print(f"\nspeed of the library's: {cpu:.0%} by CPU, {wall:.0%} by the clock; aim {AIM:.0%}")
        _memory(folder / "site", pictures)


def picture(number: int) -> bytes:
    """Return a PNG like a photograph: soft shapes, some of them sharp, and grain."""
    dice = random.Random(number)
    coarse = Image.frombytes("RGB", (12, 8), dice.randbytes(12 * 8 * 3))
    shapes = Image.frombytes("RGB", (96, 64), dice.randbytes(96 * 64 * 3))
    wanted = (SIZE.width_px, SIZE.height_px)
    soft = coarse.resize(wanted, Image.Resampling.BICUBIC)
    sharper = shapes.resize(wanted, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(wanted, 40).convert("RGB")
    mixed = Image.blend(Image.blend(soft, sharper, 0.25), grain, 0.06)
    out = BytesIO()
    mixed.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _timed(work: Callable[[], int]) -> Took:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    size_bytes = work()
    return Took(time.process_time() - cpu_s, time.perf_counter() - wall_s, size_bytes)


def _settings() -> Settings:
    return Settings()  # without a site_url: no JPEG, which libwebp knows nothing of


def _by_us(store: Store) -> int:
    sources = [Paid(record, store, _settings(), known=True) for record in store.records()]
    made = develop(sources, store, _settings())
    files = [f for one in made if isinstance(one, Developed) for f in one.files.all]
    assert len(files) == 4 * len(sources)
    return sum(file.rendition.size_bytes for file in files)


def _store_of(folder: Path, pictures: list[bytes]) -> Store:
    store = Store.open(folder)
    for number, data in enumerate(pictures):
        sent = {"size": str(SIZE)}
        name = digest(str(number).encode())
        at = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        store.put(Record(name, digest(data), len(data), f"{number}.md", sent, "", at), data)
    return store


def _by_library(pictures: list[bytes]) -> int:
    """Do the same work by the least code: decode, resize, encode by libwebp's own function."""
    library = _libwebp()
    settings = _settings()

    def encoded(image: Image.Image) -> int:
        pixels, out = image.tobytes(), ctypes.c_void_p()
        size: int = library.WebPEncodeRGB(
            pixels, *image.size, 3 * image.width, float(settings.webp_quality), ctypes.byref(out)
        )
        ctypes.string_at(out, size)
        library.WebPFree(out)
        return size

    def work(data: bytes) -> int:
        image = Image.open(BytesIO(data)).convert("RGB")
        widths = [width for width in settings.widths if width < image.width]
        sizes = [(width, round(image.height * width / image.width)) for width in widths]
        lanczos = Image.Resampling.LANCZOS
        small = (image.resize(size, lanczos, reducing_gap=2.0) for size in sizes)
        return encoded(image) + sum(map(encoded, small))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(work, pictures))


def _libwebp() -> ctypes.CDLL:
    """Return the very library that Pillow brings, or the system's."""
    bundled = (Path(PIL.__file__).parent.parent / "pillow.libs").glob("libwebp-*")
    library = ctypes.CDLL(str(next(bundled, None) or ctypes.util.find_library("webp")))
    library.WebPEncodeRGB.restype = ctypes.c_size_t
    library.WebPEncodeRGB.argtypes = [
        *(ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int),
        *(ctypes.c_float, ctypes.c_void_p),
    ]
    library.WebPFree.argtypes = [ctypes.c_void_p]
    return library


def _memory(folder: Path, pictures: list[bytes]) -> None:
    """Print how much more memory a cold build takes than one without the plugin."""
    (folder / "docs").mkdir(parents=True)
    for number in range(len(pictures)):
        path = folder / "docs" / f"article-{number:05}.md"
        path.write_text(article_text(number), encoding="utf-8")
    peaks = {}
    for enabled in ("false", "true"):
        (folder / "mkdocs.yml").write_text(CONFIG.format(enabled=enabled), encoding="utf-8")
        if enabled == "true":
            _fill(folder, pictures)
        peaks[enabled] = _peak_mb(folder)
    more = peaks["true"] - peaks["false"]
    print(
        f"peak memory of a cold `mkdocs build`: {peaks['true']:.0f} MB, "
        f"{more:.0f} MB over the build without the plugin; aim {AIM_MB} MB"
    )


def _fill(folder: Path, pictures: list[bytes]) -> None:
    """Put an original for each article's request into the site's store."""
    from mkdocs_imagegen.survey import survey_site

    surveyed = survey_site(str(folder / "mkdocs.yml"))
    try:
        keys = [order.request_key for order in surveyed.orders.orders]
    finally:
        surveyed.close()
    with Store.open(folder / ".cache/imagegen") as store:
        for key, data in zip(keys, pictures, strict=True):
            assert key
            at = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
            store.put(Record(key, digest(data), len(data), "", {"size": str(SIZE)}, "", at), data)


def _peak_mb(folder: Path) -> float:
    """Return the most memory that a build had at one time."""
    command = [sys.executable, "-m", "mkdocs", "build", "-q"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("IMAGEGEN_", "OPENAI_"))}
    # A process of its own, so that only this build counts among its children.
    inner = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", inner, *command],
        cwd=folder,
        env={**environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    unit = 1 if sys.platform == "darwin" else 1024
    return int(done.stdout.split()[-1]) * unit / 1e6


if __name__ == "__main__":
    main()
