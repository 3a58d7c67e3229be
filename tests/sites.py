"""Small real sites for tests: built by MkDocs and driven by the CLI, as subprocesses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.imageserver import ImageServer
from tests.warm import Order, starting, warm_interpreter

TIMEOUT_S = 120
FORKED = ("mkdocs", "mkdocs_imagegen")
"""What the warm interpreter can run; ProperDocs puts itself in the place of MkDocs' modules."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, for looking up a message wherever it went."""
        return self.stdout + self.stderr


def run_in(folder: Path, module: str, *args: str, fresh: bool = False, **environ: str) -> Run:
    """Run a Python program in a folder, with more environment and without a terminal.

    In an interpreter of its own where it is `fresh`, or must be; else in a warm one's fork.
    """
    env = {**os.environ, **environ}
    if not fresh and hasattr(os, "fork") and module in FORKED:
        interpreter = warm_interpreter()
        if starting(env) == interpreter.started_with:
            order = Order(str(folder), module, args, env)
            forked = interpreter.run(order, timeout_s=TIMEOUT_S)
            return Run(forked.returncode, forked.stdout, forked.stderr)
    done = subprocess.run(
        [sys.executable, "-m", module, *args],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@dataclass(slots=True)
class Site:
    """A site in a folder of its own, with the plugin on."""

    root: Path
    server: ImageServer | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """The plugin's, below `- imagegen:`."""
    config: dict[str, Any] = field(default_factory=dict)
    """The rest of mkdocs.yml; `plugins` are those besides imagegen."""
    environ: dict[str, str] = field(default_factory=dict)
    """On top of the test's own environment."""
    fresh: bool = False
    """For tests of what a command imports: each is run in an interpreter of its own."""

    @property
    def docs(self) -> Path:
        """The folder docs_dir."""
        return self.root / "docs"

    @property
    def built(self) -> Path:
        """The folder site_dir."""
        return self.root / "site"

    def write(self, name: str, text: str) -> Path:
        """Write a file below the site's root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def article(self, src_uri: str, *, body: str = "Some text.", **meta: object) -> Path:
        """Write an article with this front matter; its title comes from its file name."""
        title = Path(src_uri).stem.replace("-", " ").capitalize()
        block = f"---\n{yaml.safe_dump(meta, sort_keys=False)}---\n" if meta else ""
        return self.write(f"docs/{src_uri}", f"{block}\n# {title}\n\n{body}\n")

    def configure(self) -> None:
        """Write mkdocs.yml from `options` and `config`."""
        document = {"site_name": "Test site", "site_url": "https://example.com/", **self.config}
        plugins = [*self.config.get("plugins", []), {"imagegen": self.options}]
        document["plugins"] = plugins
        self.write("mkdocs.yml", yaml.safe_dump(document, sort_keys=False))

    def cli(self, *args: str, **environ: str) -> Run:
        """Run `mkdocs-imagegen` in the site's folder."""
        return self._run("mkdocs_imagegen", *args, environ=environ)

    def build(self, *args: str, host: str = "mkdocs", **environ: str) -> Run:
        """Run `mkdocs build` (or ProperDocs) in the site's folder."""
        return self._run(host, "build", *args, environ=environ)

    def plan(self, *args: str, **environ: str) -> dict[str, Any]:
        """Return `mkdocs-imagegen plan --format json`; stdout must hold nothing else."""
        run = self.cli("plan", "--format", "json", *args, **environ)
        assert run.stdout, run.stderr
        plan: dict[str, Any] = json.loads(run.stdout)
        return plan

    def actions(self, **environ: str) -> dict[str, str]:
        """Return the planned action of each article."""
        return {action["article"]: action["action"] for action in self.plan(**environ)["actions"]}

    def apply(self, *args: str, **environ: str) -> Run:
        """Run `mkdocs-imagegen apply --yes`."""
        return self.cli("apply", "--yes", *args, **environ)

    def page(self, uri: str) -> str:
        """Return a built page."""
        return (self.built / uri).read_text(encoding="utf-8")

    def cover_of(self, uri: str) -> Path:
        """Return the file that the figure of a built page shows."""
        found = re.search(r'<figure class="cover"><img src="([^"]+)"', self.page(uri))
        assert found, f"no cover in {uri}"
        return ((self.built / uri).parent / found.group(1)).resolve()

    def _run(self, module: str, *args: str, environ: Mapping[str, str]) -> Run:
        self.configure()
        env = {**self._key(), **self.environ, **environ}
        return run_in(self.root, module, *args, fresh=self.fresh, **env)

    def _key(self) -> dict[str, str]:
        if self.server is None:
            return {}
        return {
            "IMAGEGEN_BASE_URL": self.server.base_url,
            "IMAGEGEN_API_KEY": self.server.api_key,
        }
