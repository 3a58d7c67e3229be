"""Formats and sizes from the first bytes alone: nothing is decoded, and Pillow is not imported."""

from __future__ import annotations

from typing import Literal

Format = Literal["webp", "png", "jpeg"]

_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})
"""JPEG markers from 0xC0 to 0xCF that begin no frame."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_OTHERS = (
    (b"gif8", "GIF"),
    (b"ii*\0", "TIFF"),
    (b"mm\0*", "TIFF"),
    (b"8bps", "PSD"),
    (b"\0\0\1\0", "ICO"),
    (b"%!ps", "PostScript"),
    (b"%pdf", "PDF"),
    (b"\0\0\0\x0cjp  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cjxl ", "JPEG XL"),
    (b"qoif", "QOI"),
    (b"dds ", "DDS"),
    (b"pk\3\4", "a ZIP archive"),
    (b"bm", "BMP"),
)
"""Beginnings in lower case, with the name to tell."""


def sniff(data: bytes) -> Format | None:
    """Return the format that the first bytes tell, without Pillow; `None` for any other."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def claimed_size(data: bytes, found: Format) -> tuple[int, int] | None:
    """Return the width and height that a picture's header claims, `None` where it has none."""
    match found:
        case "png":
            return _of_png(data)
        case "jpeg":
            return _of_jpeg(data)
        case "webp":
            return _of_webp(data)


def name_of(data: bytes) -> str:
    """Tell what bytes are that are none of our formats, as the end of a sentence."""
    if not data:
        return "no bytes at all"
    if data.startswith(b"version https://git-lfs"):
        return "a git-lfs pointer instead of a picture (run git lfs pull)"
    head = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page instead of a picture"
    if head.startswith((b"<?xml", b"<!--", b"<!doctype svg", b"<svg", b"\x1f\x8b")):
        return "SVG, which can hold scripts; covers are PNG, JPEG or WebP"
    if head.startswith((b"http://", b"https://")):
        return "the address of a picture instead of a picture"
    if head.startswith((b"{", b"[")):
        return "a message instead of a picture"
    head = data[:16].lower()
    other = next((name for start, name in _OTHERS if head.startswith(start)), "")
    if head[4:8] == b"ftyp":
        other = {b"avif": "AVIF", b"avis": "AVIF"}.get(head[8:12], "HEIC or a film")
    return f"{other}; covers are PNG, JPEG or WebP" if other else "no PNG, JPEG or WebP picture"


def _of_png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _of_jpeg(data: bytes) -> tuple[int, int] | None:
    """Return the largest size that a frame before the first scan claims: there may be several."""
    at, largest = 2, None
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _WITHOUT_LENGTH or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD9, 0xDA):
            break
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            size = int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
            largest = max(size, largest or size, key=lambda one: one[0] * one[1])
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    return largest


def _of_webp(data: bytes) -> tuple[int, int] | None:
    kind, head = data[12:16], data[20:30]
    if len(head) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8L" and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF
    return None
