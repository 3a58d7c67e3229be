"""The content hashes: `request_key` guards money, `rendition_key` and `sketch_key` guard CPU time.

Each is the sha256 of canonical JSON of explicit fields under a version tag. Never in a key: the API
key, base URL, path, page, timeout, concurrency, log level.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata

from .model import CoverRequest, Size, Sketch

REQUEST = "request/1"
"""Bump when a field of CoverRequest is added or changes its meaning: every cover is bought anew."""
RENDITION = "rendition/1"
SKETCH = "sketch/1"
"""Bump when drawn covers should look different."""


_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
).encode  # made once: several keys an article are hashed in each build


def digest(data: bytes) -> str:
    """Return the sha256 of bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def normalise_prompt(text: str) -> str:
    r"""Return the prompt with what can't change its meaning evened out.

    NFC, line ends as `\n`, no trailing space on a line, no blank lines at either end.
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def request_key(request: CoverRequest) -> str:
    """Return the identity of a paid picture: 64 hexadecimal digits."""
    return _hash(
        version=REQUEST,
        kind=request.kind,
        model=request.model,
        prompt=request.prompt,
        size=str(request.size),
        quality=request.quality,
        background=request.background,
        moderation=request.moderation,
        reference_digests=request.reference_digests,
        mask_digest=request.mask_digest,
        parent_key=request.parent_key,
        variant=request.variant,
    )


def rendition_key(
    original_digest: str,
    *,
    webp_quality: int,
    encoder: str,
    asked: Size | None = None,
    keep_metadata: bool = False,
    output: str = "",
    focus: tuple[float, float] | None = None,
) -> str:
    """Return the identity of a file made of one original.

    Args:
        original_digest: its sha256.
        webp_quality: 0 to 100.
        encoder: the encoding library and its version: another one may write other bytes.
        asked: the size that was asked for, whose shape the file has; `None` for the original's.
        keep_metadata: whether the original's stays in.
        output: which of the files, `""` for the WebP in full width.
        focus: the point that its crop keeps.
    """
    further = {"asked": str(asked)} if asked else {}
    if keep_metadata:
        further["metadata"] = "kept"
    if output:
        further["output"] = output
    if focus:
        further["focus"] = f"{focus[0]:.4f},{focus[1]:.4f}"
    return _hash(
        version=RENDITION,
        original=original_digest,
        quality=webp_quality,
        encoder=encoder,
        **further,
    )


def sketch_key(sketch: Sketch, *, encoder: str) -> str:
    """Return the identity of a drawn cover."""
    return _hash(
        version=SKETCH,
        title=sketch.title,
        section=sketch.section,
        primary=sketch.palette.primary,
        accent=sketch.palette.accent,
        size=str(sketch.size),
        encoder=encoder,
    )


def _hash(**fields: object) -> str:
    return digest(_canonical(fields).encode())
