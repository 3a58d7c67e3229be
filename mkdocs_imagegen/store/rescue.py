"""The last resort for a picture that was paid for: a plain file, wherever one can be written."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from ..model import Record
from .files import is_real_folder, write_atomically
from .records import write_record

FOLDER = "rescued"


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
            path = folder / f"{record.request_key}.picture"
            write_atomically(path, picture)
            write_atomically(path.with_suffix(".json"), write_record(record))
            return f"it is saved as {path}"
    return "it could not be saved anywhere"
