"""The last resort for a picture that was paid for: a plain file, wherever one can be written.

What lies beside the store waits for it there; others may write to the temporary folder, so a person
has to look at what lies in that one.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from ..model import Record
from .files import is_real_folder, read_checked, regular_file, write_atomically
from .records import HEX64, read_record, write_record

FOLDER = "rescued"
_PICTURE, _RECORD = ".picture", ".json"
_LIMIT_BYTES = 64 * 2**20
"""Of a picture: no longer answer is ever received."""
_RECORD_LIMIT_BYTES = 1_000_000
"""It holds the prompt, which has 32,000 characters at most."""


def rescue(cache_dir: Path, record: Record, picture: bytes) -> str:
    """Write the picture and its record beside the store, else into the temporary folder.

    Returns:
        Where the picture is now, as the end of a sentence.
    """
    for folder in (cache_dir / FOLDER, Path(tempfile.gettempdir()) / "imagegen-rescued"):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if not is_real_folder(folder):
                continue
            path = folder / f"{record.request_key}{_PICTURE}"
            write_atomically(path, picture)
            write_atomically(path.with_suffix(_RECORD), write_record(record))
            return f"it is saved as {path}"
    return "it could not be saved anywhere"


def rescued_keys(cache_dir: Path) -> set[str]:
    """Return the request keys of what was saved beside the store."""
    folder = cache_dir / FOLDER
    if not is_real_folder(folder):
        return set()
    return {path.stem for path in folder.glob(f"*{_RECORD}") if HEX64.fullmatch(path.stem)}


def read_rescued(cache_dir: Path, request_key: str) -> tuple[Record, bytes] | None:
    """Return what was saved of a request, `None` where nothing was, or it is not what was paid for.

    Follows no link.
    """
    if not is_real_folder(cache_dir / FOLDER):
        return None
    picture_path, record_path = _paths(cache_dir, request_key)
    file, head = regular_file(str(picture_path)), regular_file(str(record_path))
    if file is None or head is None:
        return None
    if file.size_bytes > _LIMIT_BYTES or head.size_bytes > _RECORD_LIMIT_BYTES:
        return None
    try:
        record = read_record(record_path.read_bytes(), request_key)
        picture = read_checked(file, record.digest)
    except (OSError, ValueError):
        return None
    if picture is None or len(picture) != record.size_bytes:
        return None
    return record, picture


def drop_rescued(cache_dir: Path, request_key: str) -> None:
    """Remove what was saved of a request: the store has it."""
    if not is_real_folder(cache_dir / FOLDER):
        return
    for path in reversed(_paths(cache_dir, request_key)):  # without its record it is not found
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _paths(cache_dir: Path, request_key: str) -> tuple[Path, Path]:
    if not HEX64.fullmatch(request_key):
        raise ValueError(f"no request key: {request_key!r}")
    folder = cache_dir / FOLDER
    return folder / f"{request_key}{_PICTURE}", folder / f"{request_key}{_RECORD}"
