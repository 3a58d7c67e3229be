"""`init` as people use it: on real sites, in a terminal and in scripts."""

from __future__ import annotations

import os
import pty
import select
import stat
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
import yaml

from mkdocs_imagegen.errors import SettingsError
from mkdocs_imagegen.scaffold import WORKFLOWS, Change, workflow_files, write_changes
from tests.sites import Run, run_in

DEADLINE_S = 60

SHAPES = {
    "no-plugins": "site_name: T\n",
    "material": (
        "site_name: T\r\ntheme:\r\n  name: material\r\nplugins:\r\n    -   search\r\n"
        "    -   tags  # ours\r\nmarkdown_extensions:\r\n    -   admonition\r\n"
    ),
    "mapping": "plugins:\n  search:\n    lang: en\nsite_name: !ENV [SITE_NAME, T]",
    "flow": "site_name: T\nplugins: [search]  # one line\nuse_directory_urls: false\n",
}


def site(root: Path, config: str) -> Path:
    """Write a site with one article that asks for a cover."""
    (root / "docs").mkdir(parents=True)
    article = "---\ncover_prompt: A red fox\n---\n\n# Fox\n"
    (root / "docs" / "index.md").write_text(article, encoding="utf-8")
    (root / "mkdocs.yml").write_bytes(config.encode())
    return root


def init(root: Path, *args: str) -> Run:
    return run_in(root, "mkdocs_imagegen", "init", *args)


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES.keys())
def test_after_init_the_site_builds_with_a_cover_and_search(tmp_path: Path, config: str) -> None:
    root = site(tmp_path / "site", config)
    run = init(root, "--yes", "--workflow", "covers-in-git")
    assert run.code == 0, run.stderr
    assert "Wrote mkdocs.yml, .gitignore, .gitattributes and .github/workflows/" in run.stderr
    assert "+++ b/mkdocs.yml" in run.stdout
    assert (root / "mkdocs.yml").read_bytes().startswith(config.encode()[:20])

    again = init(root, "--yes", "--workflow", "covers-in-git")
    assert (again.code, again.stdout) == (0, "")
    assert "Nothing to do." in again.stderr
    note = "note: no site_url: link previews need it\n"
    assert run.stderr.endswith(note) == again.stderr.endswith(note) == ("site_url" not in config)

    built = run_in(root, "mkdocs", "build", "--strict")
    assert built.code == 0, built.output
    assert '<figure class="cover">' in (root / "site" / "index.html").read_text(encoding="utf-8")
    assert (root / "site" / "search" / "search_index.json").is_file()


def test_in_a_script_it_shows_the_diff_and_asks_for_yes(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\n")
    before = files(root)
    run = init(root, "--workflow", "cost-report")
    assert run.code == 2
    assert "say --yes" in run.stderr
    assert "\x1b" not in run.stdout
    assert "+  - imagegen:" in run.stdout
    assert "+++ b/.github/workflows/cost-report.yml" in run.stdout
    assert files(root) == before


def run_step(name: str, step: str, root: Path, **environ: str) -> str:
    """Run a workflow's step as GitHub does, and return what it printed."""
    jobs = yaml.safe_load(workflow_files(WORKFLOWS)[name])["jobs"].values()
    steps = [found for job in jobs for found in job["steps"] if found.get("name") == step]
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", steps[0]["run"]],
        cwd=root,
        env={**os.environ, "CI": "true", "PATH": path, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_steps_of_the_workflows_run_on_a_site_without_a_key(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\n")
    assert init(root, "--yes").code == 0
    run_step("plan-comment-1-plan.yml", "Plan", root)
    plan = (root / "plan.md").read_text(encoding="utf-8")
    assert plan.startswith("<!-- mkdocs-imagegen plan -->\n")
    assert "index.md" in plan
    summary = tmp_path / "summary.md"
    run_step("cost-report.yml", "Report", root, GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text(encoding="utf-8").startswith("```\nNo purchases since ")
    assert {path.name for path in (root / "costs").iterdir()} == {"costs.html", "costs.csv"}
    run_step("ci-buys.yml", "Build", root)
    assert (root / "site" / "index.html").is_file()


def test_two_ways_to_build_the_site_are_a_usage_error(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\n")
    run = init(root, "--yes", "--workflow", "covers-in-git", "--workflow", "ci-buys")
    assert (run.code, run.stdout) == (2, "")
    assert "choose one" in run.stderr
    assert "invoice" not in init(root, "--yes", "--workflow", "invoice").stdout


def test_what_cannot_be_done_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\nplugins: &p\n  - search\nextra: *p\n")
    before = files(root)
    run = init(root, "--yes")
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith("error: mkdocs.yml: `plugins:` is written in a way")
    assert "    - imagegen:" in run.stderr
    (root / "mkdocs.yml").write_bytes(b"site_name: \xe9\n")
    assert "mkdocs.yml is not UTF-8: byte 11" in init(root, "--yes").stderr
    assert "other.yml can't be read" in init(root, "-f", "other.yml", "--yes").stderr
    (root / "mkdocs.yml").write_bytes(before["mkdocs.yml"])
    assert files(root) == before


def in_terminal(root: Path, answer: str) -> tuple[int, str]:
    """Run init in a terminal, type an answer once it asks, and return how it ended."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mkdocs_imagegen", "init"],
        cwd=root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    shown, answered, end = b"", False, time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if b"[y/N]" in shown and not answered:
            os.write(ours, f"{answer}\n".encode())
            answered = True
    os.close(ours)
    return process.wait(DEADLINE_S), shown.decode()


def test_in_a_terminal_it_asks_and_no_changes_nothing(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\n")
    before = files(root)
    code, shown = in_terminal(root, "n")
    assert code == 1
    assert "Write mkdocs.yml, .gitignore and .gitattributes? [y/N]" in shown
    assert "\x1b[32m+  - imagegen:\x1b[0m" in shown
    assert "Nothing was written." in shown
    assert files(root) == before
    code, shown = in_terminal(root, "y")
    assert code == 0, shown
    assert b"- imagegen:" in files(root)["mkdocs.yml"]


def test_the_file_that_holds_the_plugins_gets_them(tmp_path: Path) -> None:
    """A list of its own would take the place of the inherited one."""
    root = site(tmp_path / "site", "INHERIT: ../base.yml\nsite_name: T\n")
    own = (root / "mkdocs.yml").read_bytes()
    (tmp_path / "base.yml").write_text("plugins:\n  - search\n  - tags\n", encoding="utf-8")
    run = init(root, "--yes")
    assert run.code == 0, run.stderr
    assert (root / "mkdocs.yml").read_bytes() == own
    text = (tmp_path / "base.yml").read_text(encoding="utf-8")
    assert text.startswith("plugins:\n  - search\n  - tags\n  - imagegen:\n")
    assert (root / ".gitignore").is_file()
    assert "Nothing to do." in init(root, "--yes").stderr


def test_links_and_modes_stay(tmp_path: Path) -> None:
    root = site(tmp_path / "site", "site_name: T\n")
    real = tmp_path / "real.yml"
    (root / "mkdocs.yml").rename(real)
    real.chmod(0o640)
    (root / "mkdocs.yml").symlink_to(real)
    assert init(root, "--yes").code == 0
    assert (root / "mkdocs.yml").is_symlink()
    assert "- imagegen:" in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real.yml", "site"]


def changes(root: Path, *names: str) -> list[Change]:
    return [Change(root / name, name, None, f"{name}\n") for name in names]


def test_if_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    old.write_text("old\n", encoding="utf-8")
    (tmp_path / "folder").write_text("no folder\n", encoding="utf-8")
    asked = [Change(old, "old.txt", "old\n", "new\n"), *changes(tmp_path, "a/b/c", "folder/x")]
    before = files(tmp_path)
    with pytest.raises(SettingsError, match="nothing was changed"):
        write_changes(asked)
    assert files(tmp_path) == before
    assert not (tmp_path / "a").exists()


def test_if_one_file_cannot_take_its_place_the_others_are_put_back(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    old.write_text("old\n", encoding="utf-8")
    (tmp_path / "taken" / "inside").mkdir(parents=True)  # no file can take a folder's place
    asked = [Change(old, "old.txt", "old\n", "new\n"), *changes(tmp_path, "a/new", "taken")]
    before = files(tmp_path)
    with pytest.raises(SettingsError, match="nothing was changed"):
        write_changes(asked)
    assert files(tmp_path) == before
    assert not (tmp_path / "a").exists()


def test_a_file_that_was_changed_while_it_asked_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "mkdocs.yml"
    path.write_text("site_name: Mine\n", encoding="utf-8")
    for old in ("site_name: T\n", None):
        with pytest.raises(SettingsError, match=r"mkdocs\.yml was changed in the meantime"):
            write_changes([*changes(tmp_path, "new"), Change(path, "mkdocs.yml", old, "x: 1\n")])
    assert files(tmp_path) == {"mkdocs.yml": b"site_name: Mine\n"}
