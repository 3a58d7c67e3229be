"""Files that the store can't keep: in a temporary folder, for as long as it is open."""

from __future__ import annotations

import tempfile
from pathlib import Path
from threading import Lock

from ..errors import StoreError
from .files import ValueFile


class Spill:
    """On the disk and not in memory: a site may have thousands of them."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[str, ValueFile] = {}
        self._opening = Lock()

    def keep(self, digest: str, data: bytes) -> None:
        """Write a file.

        Raises:
            StoreError: the system has no room for temporary files either.
        """
        try:
            path = self._open() / digest
            path.write_bytes(data)
        except OSError as error:
            raise StoreError(
                f"neither the store nor the system's temporary folder can be written ({error})",
                hint="make room on the disk, or set TMPDIR to a folder that can be written",
            ) from error
        self._files[digest] = ValueFile(str(path), len(data))

    def file(self, digest: str) -> ValueFile | None:
        """Return a file that was kept."""
        return self._files.get(digest)

    def close(self) -> None:
        """Remove all of it."""
        self._files = {}
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _open(self) -> Path:
        with self._opening:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="imagegen-", ignore_cleanup_errors=True
                )
            return Path(self._folder.name)
