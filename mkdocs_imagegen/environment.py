"""The environment and `.env` beside mkdocs.yml, and which key may go to which address.

Who edits a file of the site must not be able to send a key of the environment elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .errors import SettingsError
from .settings import DEFAULT_BASE_URL, Endpoint

PAIRED_KEYS = ("OPENAI_API_KEY", "NBILITY_API_KEY")
"""Keys that belong to a base URL of their own and never go to one from mkdocs.yml."""

_SENDABLE = re.compile(r"IMAGEGEN_([A-Z0-9]+_)*KEY")

DRY_RUN = "IMAGEGEN_DRY_RUN"
CI = "CI"
JOBS = (
    "IMAGEGEN_JOB",
    "GITHUB_RUN_ID",
    "CI_PIPELINE_ID",
    "BUILDKITE_BUILD_ID",
    "CIRCLE_WORKFLOW_ID",
    "BUILD_BUILDID",
    "BUILD_TAG",
)
"""Where CI services tell the id of a run: GitHub, GitLab, Buildkite, CircleCI, Azure, Jenkins."""


def read_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment over the values of `.env` beside mkdocs.yml; empty ones are absent.

    A variable of the environment hides that of `.env` even where it is empty: emptying a key is
    how a shell takes it away. Only a dry run counts from either.

    Raises:
        SettingsError: `.env` can't be read, or names an address for a key that it does not hold.
    """
    written = _filled(_read_dotenv(folder / ".env"))
    outer = _filled(environ)
    # No file makes this machine a CI.
    dotenv = {name: text for name, text in written.items() if name not in {*environ, CI}}
    for key_name in PAIRED_KEYS:
        url_name = key_name.replace("_API_KEY", "_BASE_URL")
        if key_name in outer and url_name in dotenv and url_name not in outer:
            raise SettingsError(
                f"{url_name} stands in .env, but {key_name} in the environment: "
                "a key goes only to an address from where it stands itself",
                hint=f"set both in .env, or both in the environment, or delete {url_name}",
            )
    found = {**dotenv, **outer}
    if is_dry_run(written):
        found[DRY_RUN] = written[DRY_RUN]
    return found


def is_dry_run(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment forbids every purchase, those of the command line too."""
    return says_yes(environ.get(DRY_RUN, ""))


def job_id(environ: Mapping[str, str]) -> str:
    """Return the id of the CI run, `""` where this is none."""
    return next((environ[name] for name in JOBS if environ.get(name)), "")


def says_yes(text: str) -> bool:
    """Tell whether a variable switches on: by anything that is no clear no.

    A dry run that buys would be the worse mistake.
    """
    return text.lower() not in ("", "0", "false", "no", "off")


def _read_dotenv(path: Path) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        # Without `${NAME}`: the file must not get hold of what else is in the environment.
        return dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            ".env beside mkdocs.yml can't be read", hint="save it as UTF-8 text, or move it away"
        ) from error


def _filled(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Return the variables that say something; pasted secrets often end in a line break."""
    return {name: text for name, value in variables.items() if (text := (value or "").strip())}


def may_be_sent(name: str) -> bool:
    """Tell whether mkdocs.yml may name this variable as a key to send where it says."""
    return _SENDABLE.fullmatch(name) is not None


def pair(base_url: str, where: str, name: str, environ: Mapping[str, str]) -> Endpoint | None:
    """Return the endpoint that the variable `name` holds the key for; `None` where it is not set.

    Raises:
        SettingsError: `base_url`, which stands in `where`, is no address, or the key is no key.
    """
    if not _is_address(base_url):
        raise SettingsError(
            f"imagegen: {where} is no http(s) address",
            hint=f"write it as in {DEFAULT_BASE_URL}",
        )
    if name not in environ:
        return None
    key = environ[name]
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError(
            f"{name} holds characters that no API key has", hint=f"copy the key into {name} again"
        )
    return Endpoint(base_url, key, name)


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    named = host.isprintable() and not set(host) & set(" %<>\\^`{|}")
    return parts.scheme in ("http", "https") and bool(host) and named and port != 0
