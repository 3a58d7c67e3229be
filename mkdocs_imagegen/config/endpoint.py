"""Which base URL and key belong together: see `environment`."""

from __future__ import annotations

from collections.abc import Mapping

from ..environment import PAIRED_KEYS, pair
from ..errors import SettingsError
from ..settings import DEFAULT_BASE_URL, Endpoint
from .options import ImagegenConfig


def find_endpoint(options: ImagegenConfig, environ: Mapping[str, str]) -> Endpoint | None:
    """Return the base URL and key that belong together; `None` where no key is set.

    Raises:
        SettingsError: `base_url` is no http(s) address, or would be sent a key of another service.
    """
    name = options.api_key_env or "IMAGEGEN_API_KEY"
    if name in PAIRED_KEYS:
        raise SettingsError(
            f"imagegen: api_key_env: {name} goes only to its own service, never where mkdocs.yml "
            "sends it",
            hint="leave api_key_env out; a key for `base_url` belongs into IMAGEGEN_API_KEY",
        )
    if options.base_url:
        return pair(options.base_url, "base_url", name, environ)
    for key_name, url_name, default in (
        (name, "IMAGEGEN_BASE_URL", DEFAULT_BASE_URL),
        ("NBILITY_API_KEY", "NBILITY_BASE_URL", ""),
        ("OPENAI_API_KEY", "OPENAI_BASE_URL", DEFAULT_BASE_URL),
    ):
        base_url = environ.get(url_name, default)
        if base_url and key_name in environ:
            return pair(base_url, url_name, key_name, environ)
    return None
