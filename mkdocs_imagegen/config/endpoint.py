"""Which base URL and key belong together (see `environment`), and what the endpoint differs in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from ..environment import PAIRED_KEYS, may_be_sent, pair
from ..errors import SettingsError
from ..providers.quirks import OPTIONAL
from ..settings import DEFAULT_BASE_URL, KEY_NAMES, OPENAI_HOST, Endpoint
from .options import ImagegenConfig

Profile = Literal["openai", "azure", "litellm", "localai", "sd-cpp"]
OWN_KEY = "IMAGEGEN_API_KEY"
RESPONSE_FORMATS = ("b64_json", "base64", "url")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""What HTTP takes as a header's name."""
OURS = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type"}
    | {"cookie", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the request itself needs, or that carry keys."""
SECRETS = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
"""Ends of the names of variables whose values belong into no file."""
SECRET_CHARS = 8
"""Shorter values are found in any text."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an endpoint differs in; the fields are those of `Endpoint`."""

    profile: Profile = "openai"
    key_header: str = "authorization"
    headers: Mapping[str, str] | None = None
    query: Mapping[str, str] | None = None
    response_format: str = ""
    drop: frozenset[str] = frozenset()


PROFILES: Mapping[Profile, Dialect] = {
    "openai": Dialect("openai"),
    "azure": Dialect("azure", key_header="api-key"),
    "litellm": Dialect("litellm"),
    "localai": Dialect("localai", response_format="b64_json"),
    "sd-cpp": Dialect("sd-cpp", drop=frozenset({"quality"})),
}


def find_endpoint(options: ImagegenConfig, environ: Mapping[str, str]) -> Endpoint | None:
    """Return the base URL and key that belong together; `None` where no key is set.

    Raises:
        SettingsError: `base_url` is no http(s) address, or would be sent a key of another service;
            `endpoint` says what can't be.
    """
    dialect = read_dialect(options.endpoint, environ)
    found = _paired(options, environ)
    if found is None:
        return None
    is_openai = urlsplit(found.base_url).hostname == OPENAI_HOST
    if is_openai and dialect.response_format:
        raise _error(
            f"response_format: {OPENAI_HOST} refuses it; it always sends the picture itself",
            "leave it out, and `profile` too",
        )
    is_priced = is_openai or options.price_as is not None
    if is_priced and "quality" in dialect.drop:
        raise _error(
            "drop: without `quality` nobody knows what a picture costs",
            "leave price_as out where the endpoint does not charge by quality",
        )
    return replace(
        found,
        profile=dialect.profile,
        key_header=dialect.key_header,
        headers=dialect.headers or {},
        query=dialect.query or {},
        response_format=dialect.response_format,
        drop=dialect.drop,
        may_drop_quality=not is_priced and not options.prices,
    )


def missing_key_names(options: ImagegenConfig, environ: Mapping[str, str]) -> str:
    """Return what to set where no key is: the variables whose keys go to the address in use."""
    name = options.api_key_env or OWN_KEY
    for key_name, base_url in (
        (name, options.base_url or environ.get("IMAGEGEN_BASE_URL")),
        ("NBILITY_API_KEY", environ.get("NBILITY_BASE_URL")),
        ("OPENAI_API_KEY", environ.get("OPENAI_BASE_URL")),
    ):
        if base_url:
            return key_name
    return KEY_NAMES.replace(OWN_KEY, name)


def read_dialect(option: Mapping[str, Any], environ: Mapping[str, str]) -> Dialect:
    """Return what the option `endpoint` says, over its profile.

    Raises:
        SettingsError: naming the part and the mend.
    """
    for name in option:
        if name not in Dialect.__dataclass_fields__:
            raise _error(
                f"there is nothing named {name}",
                f"it holds {', '.join(Dialect.__dataclass_fields__)}",
            )
    profile = option.get("profile", "openai")
    if not isinstance(profile, str) or profile not in PROFILES:
        raise _error(f"profile: {profile!r} is not known", f"use one of {', '.join(PROFILES)}")
    preset = PROFILES[cast(Profile, profile)]
    key_header = option.get("key_header", preset.key_header)
    if not _is_header_name(key_header) or key_header.lower() in OURS - {"authorization"}:
        raise _error(
            f"key_header: {key_header!r} can carry no key", "write it as in `key_header: api-key`"
        )
    response_format = option.get("response_format", preset.response_format)
    if response_format not in ("", *RESPONSE_FORMATS):
        raise _error(
            f"response_format: {response_format!r} is not known",
            f"use one of {', '.join(RESPONSE_FORMATS)}",
        )
    return Dialect(
        preset.profile,
        key_header=key_header,
        headers=_headers(option.get("headers", {}), key_header, environ),
        query=_texts("query", option.get("query", {}), environ),
        response_format=response_format,
        drop=preset.drop | _drop(option.get("drop", [])),
    )


def _paired(options: ImagegenConfig, environ: Mapping[str, str]) -> Endpoint | None:
    name = options.api_key_env or OWN_KEY
    if name in PAIRED_KEYS:
        raise SettingsError(
            f"imagegen: api_key_env: {name} goes only to its own service, never where mkdocs.yml "
            "sends it",
            hint="leave api_key_env out; a key for `base_url` belongs into IMAGEGEN_API_KEY",
        )
    if not may_be_sent(name):
        # Not any variable: mkdocs.yml would be able to send GITHUB_TOKEN to an address of its own.
        raise SettingsError(
            f"imagegen: api_key_env: {name!r} is no name for a key of this plugin",
            hint="put the key into a variable whose name starts with IMAGEGEN_ and ends with "
            "_KEY, such as IMAGEGEN_TEAM_KEY, and name that",
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


def _headers(given: object, key_header: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    headers = _texts("headers", given, environ)
    for name in headers:
        lower = name.lower()
        if not _is_header_name(name):
            raise _error(f"headers: {name!r} is no header's name", "use letters, digits and -")
        if lower in OURS or lower == key_header.lower() or lower.startswith("proxy-"):
            raise _error(
                f"headers: {name} can't be set here: the request sets it itself",
                "leave it out; a key's own header is named by `key_header`",
            )
    return headers


def _texts(part: str, given: object, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return a mapping of plain texts; YAML reads an unquoted api-version as a date."""
    if not isinstance(given, dict):
        raise _error(f"{part} is no mapping", f"write it as in `{part}: {{name: value}}`")
    texts = {str(name): value for name, value in given.items()}
    for name, value in texts.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float | date):
            raise _error(f"{part}: {name} has no text for a value", "write it in quotes")
        text = texts[name] = str(value)
        if not text.isascii() or not text.isprintable():
            raise _error(f"{part}: {name} holds characters that can't be sent", "use plain ASCII")
        if secret := _secret_in(text, environ):
            raise _error(
                f"{part}: {name} holds the value of {secret}, and mkdocs.yml is no place for it",
                "the key is sent by itself; `key_header` names the header that it goes into",
            )
    return texts


def _secret_in(text: str, environ: Mapping[str, str]) -> str:
    """Return the variable whose secret stands in a text, `""` for none."""
    for name, value in environ.items():
        if SECRETS.search(name) and len(value) >= SECRET_CHARS and value in text:
            return name
    return ""


def _drop(given: object) -> frozenset[str]:
    names = given if isinstance(given, list) else [given]
    for name in names:
        if name not in OPTIONAL:
            raise _error(f"drop: {name!r} can't be left out", f"name some of {', '.join(OPTIONAL)}")
    return frozenset(names)


def _is_header_name(name: object) -> bool:
    return isinstance(name, str) and TOKEN.fullmatch(name) is not None


def _error(what: str, hint: str) -> SettingsError:
    return SettingsError(f"imagegen: endpoint: {what}", hint=hint)
