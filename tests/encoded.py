"""Pictures encoded as publishing does it, for tests of what comes out."""

from __future__ import annotations

from mkdocs_imagegen import images
from mkdocs_imagegen.images.cropping import Box
from mkdocs_imagegen.model import Size


def to_webp(data: bytes, *, quality: int, crop: Box | None = None) -> tuple[bytes, Size]:
    """Encode a picture in its own size, as publishing does."""
    picture = images.decoded(data, crop=crop)
    return images.webp(picture, width_px=None, quality=quality, cap_bytes=10**9, ai=False)
