"""The machine: versions, pictures, `.env`, and the variables that a CI gives. Never a value."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from .. import images
from ..environment import CI, DRY_RUN, PAIRED_KEYS, read_environment, says_yes
from ..errors import PictureError, SettingsError
from .findings import Finding, counted, failed

SHOWN = ("mkdocs-imagegen", "mkdocs", "openai", "httpx2", "pillow")
KEYS = ("IMAGEGEN_API_KEY", *PAIRED_KEYS)
_PREFIXES = ("IMAGEGEN_", "NBILITY_", "OPENAI_")
_TRIAL_PX = (64, 48)


def check_machine(root: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at what needs no site."""
    yield check_versions()
    yield from check_pictures()
    yield check_dotenv(root, environ)
    yield from check_ci(environ)


def check_versions() -> Finding:
    """Tell the versions that a report of a fault should name."""
    named = [f"{name} {importlib.metadata.version(name)}" for name in SHOWN]
    return Finding("ok", "versions", f"{', '.join(named)}, Python {platform.python_version()}")


def check_pictures() -> Iterator[Finding]:
    """Encode and decode a small picture of each format that covers come and go in."""
    from PIL import Image

    wrong = []
    for name in ("WebP", "JPEG", "PNG"):
        out = BytesIO()
        try:
            Image.new("RGB", _TRIAL_PX, "#8040c0").save(out, name.upper())
            if images.inspect(out.getvalue()).format != name.lower():
                wrong.append(name)
        except (PictureError, OSError, KeyError, ValueError):
            wrong.append(name)
    if wrong:
        yield Finding(
            "error",
            "pictures",
            f"Pillow can't write and read {' and '.join(wrong)} here",
            "pip install --force-reinstall --only-binary :all: pillow",
        )
    else:
        yield Finding("ok", "pictures", "Pillow writes and reads WebP, JPEG and PNG")


def check_dotenv(root: Path, environ: Mapping[str, str]) -> Finding:
    """Tell whether `.env` beside mkdocs.yml is read, and the names that it gives."""
    try:
        found = read_environment(environ, root)
    except SettingsError as error:
        return failed(".env", error)
    if not (root / ".env").is_file():
        return Finding("ok", ".env", "there is none beside mkdocs.yml, and none is needed")
    given = sorted(name for name in found if name not in environ and name.startswith(_PREFIXES))
    if not given:
        return Finding("ok", ".env", "read; it gives no variable of this plugin")
    return Finding("ok", ".env", f"read; it gives {' and '.join(given)}")


def check_ci(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Tell of variables that are set and empty: what a CI gives for a secret that is not there."""
    in_ci = says_yes(environ.get(CI, ""))
    empty = sorted(
        name
        for name, value in environ.items()
        if name.startswith(_PREFIXES) and not value.strip() and name.endswith(("_KEY", "_URL"))
    )
    full = [name for name in KEYS if environ.get(name, "").strip()]
    if says_yes(environ.get(DRY_RUN, "").strip()):
        yield Finding("info", "dry run", f"{DRY_RUN} is set: nothing is bought here")
    if not in_ci:
        if empty:
            yield Finding("info", "variables", f"{_are_empty(empty)}, which counts as not set")
        return
    if not empty:
        told = f"{counted(len(full), 'key')} set" if full else "no key is set, and none is empty"
        yield Finding("ok", "CI", f"CI is set; {told}")
        return
    # Another key that is there still buys, so that may be meant.
    yield Finding(
        "info" if full else "warning",
        "CI",
        f"{_are_empty(empty)}: the secret is missing, or not handed to this job",
        "add it to the repository's secrets; runs for pull requests from forks never get secrets",
    )


def _are_empty(names: list[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} set, but empty"
