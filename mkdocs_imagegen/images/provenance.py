"""The mark that a picture was made by a trained model, as IPTC words it in XMP.

https://iptc.org/standards/photo-metadata/iptc-standard/ (Digital Source Type)
"""

from __future__ import annotations

from .headers import claimed_size
from .riff import FLAG_XMP, Chunk, chunks, joined

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_STATEMENT = (
    '<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    f"<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description>"
).encode()
_END = b"</rdf:RDF>"
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    + _STATEMENT
    + _END
    + b'</x:xmpmeta><?xpacket end="r"?>'
)
"""A packet that says this and nothing else."""
_XMP_KIND = b"XMP "
_FLAG_ALPHA = 0x10
_VP8L_ALPHA = 0x10
"""In the fifth byte of a VP8L chunk."""


def with_source_type(webp: bytes) -> bytes:
    """Return a WebP with the mark in its XMP; no pixel changes.

    The same object where it has a C2PA mark or tells its source type already, and where its
    chunks are broken.
    """
    found = list(chunks(webp))
    kinds = {chunk.kind for chunk in found}
    said = next((chunk.content for chunk in found if chunk.kind == _XMP_KIND), None)
    if b"C2PA" in kinds or (said is not None and b"DigitalSourceType" in said):
        return webp
    if not webp.startswith(joined(found)) or not kinds & {b"VP8 ", b"VP8L", b"ANMF"}:
        return webp
    extended = _extended(webp, found)
    if extended is None:
        return webp
    others = [chunk for chunk in found if chunk.kind not in (b"VP8X", _XMP_KIND)]
    return joined([extended, *others, Chunk(_XMP_KIND, _saying_too(said))])


def _extended(webp: bytes, found: list[Chunk]) -> Chunk | None:
    """Return the header that a WebP with metadata begins with, `None` where there can be none."""
    first = found[0]
    if first.kind == b"VP8X":
        if len(first.content) != 10:
            return None
        return Chunk(b"VP8X", bytes([first.content[0] | FLAG_XMP]) + first.content[1:])
    size = claimed_size(webp, "webp")
    if size is None or 0 in size:
        return None
    transparent = first.kind == b"VP8L" and first.content[4] & _VP8L_ALPHA
    flags = FLAG_XMP | (_FLAG_ALPHA if transparent else 0)
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return Chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def _saying_too(said: bytes | None) -> bytes:
    """Return a packet with the mark beside what it says already, as far as it can be read."""
    before, end, after = (said or b"").rpartition(_END)
    return before + _STATEMENT + end + after if end else XMP
