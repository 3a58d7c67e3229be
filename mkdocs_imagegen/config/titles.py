"""The titles over link previews: whether there are any, and in which font."""

from __future__ import annotations

from pathlib import Path

from ..errors import SettingsError
from ..lettering import fonts
from .options import PreviewOptions

_HINT = "name a .ttf or .otf file by its path from mkdocs.yml, or leave font out"


def read_font(options: PreviewOptions, folder: Path) -> bytes | None:
    """Return the site's own font file, `None` where it has none.

    Args:
        options: what stands below `og:`.
        folder: of mkdocs.yml.

    Raises:
        SettingsError: there is no such file, or it is no font that titles can be set in.
    """
    if not options.font:
        return None
    try:
        data = (folder / options.font).read_bytes()
        fonts.own(data)
    except OSError as error:
        problem = f"the file can't be read ({error.strerror})"
        raise SettingsError(f"imagegen: og: font: {options.font}: {problem}", hint=_HINT) from error
    except ValueError as error:
        raise SettingsError(f"imagegen: og: font: {options.font}: {error}", hint=_HINT) from error
    return data
