"""Which rows of the cache this machine wrote itself: a cache may come from anywhere.

Renditions can't be held against the lockfile, as other encoders make other bytes of an original.
So their facts carry a code that only the holder of a key outside the cache can make.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

SECRET = "IMAGEGEN_CACHE_SECRET"  # noqa: S105 - the name of the variable that holds it
"""Lets machines trust each other's renditions, such as the runs of one CI."""
APP = "mkdocs-imagegen"
KEY_BYTES = 32


def seal(name: str, facts: str) -> str:
    """Return the code of a row's facts, hexadecimal."""
    return hmac.digest(_key(), f"{name}\0{facts}".encode(), "sha256").hex()


def is_sealed(name: str, facts: str, code: object) -> bool:
    """Tell whether a code was made here, or by who has the same secret."""
    return isinstance(code, str) and code.isascii() and hmac.compare_digest(seal(name, facts), code)


@cache
def _key() -> bytes:
    if secret := os.environ.get(SECRET, "").strip():
        return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()
    kept = None
    with suppress(OSError, RuntimeError):  # there may be no home folder, or one that is read-only
        kept = _of_this_machine()
    # Else for this process alone: the next one makes its renditions again.
    return kept or os.urandom(KEY_BYTES)


def _of_this_machine() -> bytes | None:
    """Return the key that this user keeps outside every site, made at the first use."""
    import platformdirs

    path = Path(platformdirs.user_state_dir(APP, appauthor=False)) / "renditions.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
    key = path.read_bytes()
    return key if len(key) == KEY_BYTES else None
