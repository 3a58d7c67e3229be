"""The `image:` line that `--write` keeps in an article, told from a picture that its author set.

A path is ours by its form and by the file's bytes, which its name is made of. An article may have
moved since, so it does not count how far up the path climbs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..model import FrontMatter

COVERS = "assets/covers"
"""Below docs_dir: where `--write` puts covers, and the plugin publishes them."""
NAME_DIGITS = 32
"""Of the digest in a cover's name."""
_WRITTEN = re.compile(rf"(?:\.\./)*({re.escape(COVERS)}/([0-9a-f]{{{NAME_DIGITS}}})\.webp)")

PREVIEW_END = ".preview.jpeg"
"""Stands in place of `.webp` in the name of the link preview beside a cover: templates find it."""

FileDigest = Callable[[str], str | None]
"""Returns the sha256 of a file below docs_dir, by its URI; `None` where there is none."""


def has_written_form(image: str) -> bool:
    """Tell whether a path looks as `--write` writes it, whoever's picture is there."""
    return _WRITTEN.fullmatch(image) is not None


def written_cover(image: object, digest_of: FileDigest) -> str | None:
    """Return the URI below docs_dir of the cover that `--write` set; `None` if it did not.

    A file that is not there was ours too: nobody keeps a picture of their own in a name like that
    without having it. Other bytes under such a name are the author's.
    """
    found = _WRITTEN.fullmatch(image) if isinstance(image, str) else None
    if found is None:
        return None
    file_digest = digest_of(found[1])
    ours = file_digest is None or file_digest.startswith(found[2])
    return found[1] if ours else None


def without_written(
    meta: Mapping[str, object], front_matter: FrontMatter, digest_of: FileDigest
) -> tuple[Mapping[str, object], FrontMatter]:
    """Return an article's front matter as its author wrote it: without an `image:` of ours."""
    if written_cover(meta.get("image"), digest_of) is None:
        return meta, front_matter
    values = {key: raw for key, raw in front_matter.values.items() if key != "image"}
    authored = {key: value for key, value in meta.items() if key != "image"}
    return authored, replace(front_matter, values=values)


def preview_uri(asset_uri: str) -> str:
    """Return where the link preview of a written cover stands."""
    return asset_uri.removesuffix(".webp") + PREVIEW_END


def image_ref(asset_uri: str, src_uri: str) -> str:
    """Return the path from an article's own file to its cover, as `image:` has it."""
    return posixpath.relpath(asset_uri, posixpath.dirname(src_uri) or ".")
