"""The chunks of a WebP file: which of them are published, and which only say where it came from.

Servers write prompts and settings into pictures. Bytes go in, bytes come out: no pixel changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SHOWN = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"C2PA"})
"""What is published: the picture, its colours, and the mark that tells who made it."""
MOVING = frozenset({b"ANIM", b"ANMF"})
_EXIF = b"EXIF"
FLAG_XMP = 0x04
_FLAG_METADATA = 0x08 | FLAG_XMP
"""In VP8X: that there is EXIF, and that there is XMP."""
_FLAG_MOVES = 0x02
_ORIENTATION = 0x0112


class Chunk(NamedTuple):
    """One chunk, without its length and its padding."""

    kind: bytes
    content: bytes


def without_metadata(webp: bytes) -> bytes | None:
    """Return the file with nothing in it but the picture and its C2PA mark.

    The same object where there is nothing else. `None` where that would be another picture, or
    can't be told: one that moves, that EXIF turns, or whose chunks are broken.
    """
    found = list(chunks(webp))
    kinds = [chunk.kind for chunk in found]
    if not {b"VP8 ", b"VP8L"} & set(kinds) or len(kinds) != len(set(kinds)):
        return None
    if MOVING & set(kinds) or any(chunk.kind == _EXIF and _turns(chunk) for chunk in found):
        return None
    kept = [_still(chunk) for chunk in found if chunk.kind in SHOWN]
    if kinds[0] == b"VP8X" and found[0].content[:1] and found[0].content[0] & _FLAG_MOVES:
        return None
    rebuilt = joined(kept)
    return webp if rebuilt == webp else rebuilt


def chunks(webp: bytes) -> Iterator[Chunk]:
    """Yield the chunks within the length that the file claims; what follows is no part of it."""
    end = min(len(webp), 8 + int.from_bytes(webp[4:8], "little"))
    at = 12
    while at + 8 <= end:
        length = int.from_bytes(webp[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            return
        yield Chunk(webp[at : at + 4], webp[at + 8 : at + 8 + length])
        at += 8 + length + length % 2


def joined(parts: list[Chunk]) -> bytes:
    """Return the WebP file that these chunks make."""
    body = b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
        for kind, content in parts
    )
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _still(chunk: Chunk) -> Chunk:
    if chunk.kind != b"VP8X" or not chunk.content:
        return chunk
    flags = chunk.content[0] & ~_FLAG_METADATA
    return Chunk(chunk.kind, bytes([flags]) + chunk.content[1:])


def _turns(exif: Chunk) -> bool:
    """Tell whether browsers would turn the picture; in doubt they do."""
    tiff = exif.content.removeprefix(b"Exif\0\0")
    if tiff[:2] not in (b"II", b"MM"):
        return False  # no EXIF that anything reads

    def number(at: int, length: int) -> int:
        return int.from_bytes(tiff[at : at + length], "little" if tiff[:2] == b"II" else "big")

    start = number(4, 4)
    for n in range(min(number(start, 2), 1_000)):
        at = start + 2 + 12 * n
        if number(at, 2) == _ORIENTATION:
            return number(at + 8, 2) not in (0, 1)
    return False
