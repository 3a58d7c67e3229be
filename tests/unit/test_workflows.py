"""The CI workflows: valid, safe, and the same in the docs as in the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mkdocs_imagegen.scaffold import WORKFLOWS, workflow_files
from tests.workflow_docs import DOCS, PAGES_JOB, written

FILES = workflow_files(WORKFLOWS)
PAGES = PAGES_JOB.findall(DOCS.read_text(encoding="utf-8"))[0]
WITH_PAGES = {name: f"{FILES[name]}\n{PAGES}" for name in ("covers-in-git.yml", "ci-buys.yml")}
NODE = shutil.which("node")


def parsed(name: str) -> dict[str, Any]:
    # GitHub reads `on` as a word, YAML 1.1 as true.
    document: dict[Any, Any] = yaml.safe_load(FILES[name])
    return {"on" if key is True else key: value for key, value in document.items()}


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = parsed(name)["jobs"]
    return found


def step(name: str, job: str, named: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        step for step in jobs(name)[job]["steps"] if named in (step.get("name"), step.get("uses"))
    )
    return found


def test_the_docs_show_the_files_that_init_writes() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == written(text), "run: python -m tests.workflow_docs"
    assert all(f"<!-- workflow {name} -->" in text for name in FILES)
    assert all(f"`{name}`" in text for name in WORKFLOWS)


def linted(text: str, *options: str) -> tuple[int, str]:
    """Return the exit code and the findings, the same wherever shellcheck is installed or not."""
    fixed = ("--no-online", "--strict-exit", "--no-hints", "--shellcheck=", "--pyflakes=")
    done = subprocess.run(
        [sys.executable, "-m", "jactionlint", *fixed, *options, "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", [*FILES, *(f"published {name}" for name in WITH_PAGES)])
def test_actionlint_finds_nothing(name: str) -> None:
    """jactionlint: actionlint's checks and a security audit, in a wheel that brings its binary."""
    text = WITH_PAGES[name.split()[1]] if " " in name else FILES[name]
    # Major versions by tag, as in the actions' own docs; a site may pin harder.
    ignored = ["--ignore", "unpinned-uses"]
    if name == "plan-comment-2-post.yml":
        ignored += ["--ignore", "dangerous-triggers"]  # what the tests below are about
    code, told = linted(text, *ignored)
    assert code == 0, told


def test_the_linter_finds_what_is_wrong() -> None:
    code, told = linted(FILES["covers-in-git.yml"].replace("runs-on", "run-on"))
    assert code == 1
    assert "run-on" in told


@pytest.mark.parametrize("name", FILES)
def test_every_token_can_only_read_unless_a_job_says_why(name: str) -> None:
    assert parsed(name)["permissions"] in ({}, {"contents": "read"})
    writing = {
        (job, scope)
        for job, definition in jobs(name).items()
        for scope, level in definition.get("permissions", {}).items()
        if level == "write"
    }
    allowed = {
        "ci-buys.yml": {("lockfile", "contents")},
        "plan-comment-2-post.yml": {("comment", "pull-requests")},
    }
    assert writing == allowed.get(name, set())


def test_the_key_is_in_one_step_of_one_workflow_and_never_in_a_pull_request() -> None:
    assert [name for name, text in FILES.items() if "secrets." in text] == ["ci-buys.yml"]
    with_key = [s for s in jobs("ci-buys.yml")["build"]["steps"] if "secrets." in str(s)]
    assert [s["run"] for s in with_key] == ["mkdocs-imagegen apply --yes"]
    assert with_key[0]["if"] == "github.event_name == 'push'"
    assert FILES["ci-buys.yml"].count("secrets.") == 1


def test_the_job_that_may_push_runs_nothing_of_the_site() -> None:
    text = str(jobs("ci-buys.yml")["lockfile"])
    assert not re.search(r"pip|mkdocs |python", text.replace("mkdocs-imagegen", ""))


def test_what_was_bought_is_kept_whatever_happens_after() -> None:
    steps = jobs("ci-buys.yml")["build"]["steps"]
    order = [s.get("uses", s.get("run", "")) for s in steps]
    bought = order.index("mkdocs-imagegen apply --yes")
    saved = order.index("actions/cache/save@v5")
    assert bought < saved < order.index("mkdocs build")
    assert steps[saved]["if"].startswith("always() && ")
    restored = step("ci-buys.yml", "build", "actions/cache/restore@v5")["with"]
    assert restored["path"] == steps[saved]["with"]["path"] == ".cache/imagegen"
    assert restored["key"] == steps[saved]["with"]["key"]
    assert restored["key"].startswith(restored["restore-keys"])
    assert "github.run_id" in restored["key"]


def test_the_workflow_that_may_comment_runs_nothing_of_the_pull_request() -> None:
    text = FILES["plan-comment-2-post.yml"]
    steps = jobs("plan-comment-2-post.yml")["comment"]["steps"]
    assert [s["uses"].split("@")[0] for s in steps] == [
        "actions/download-artifact",
        "actions/github-script",
    ]
    assert "checkout" not in text
    assert "${{" not in steps[1]["with"]["script"], "nothing from outside becomes code"
    trigger = parsed("plan-comment-2-post.yml")["on"]["workflow_run"]["workflows"]
    assert trigger == [parsed("plan-comment-1-plan.yml")["name"]]


RUN = """
const fs = require('fs')
const {script, event, pulls, comments} = JSON.parse(fs.readFileSync(0, 'utf8'))
const did = []
const log = (what) => async (asked) => { did.push([what, asked]) }
const rest = {
  pulls: {list: 'pulls'},
  issues: {listComments: 'comments', createComment: log('create'), updateComment: log('update')},
}
const github = {
  rest,
  paginate: async (what, asked) => { did.push([what, asked]); return {pulls, comments}[what] },
}
const core = {
  info: (text) => did.push(['info', text]), setFailed: (text) => did.push(['failed', text])}
const context = {repo: {owner: 'us', repo: 'site'}, payload: {workflow_run: event}}
const Script = Object.getPrototypeOf(async () => {}).constructor
new Script('github', 'context', 'core', 'require', script)(github, context, core, require)
  .then(() => console.log(JSON.stringify(did)))
"""
EVENT = {
    "html_url": "https://github.com/us/site/actions/runs/1",
    "head_sha": "abc",
    "head_branch": "a`b${c}",
    "head_repository": {"id": 7, "owner": {"login": "fork"}},
}
OURS = {"number": 5, "head": {"sha": "abc", "repo": {"id": 7}}}
PLAN = "<!-- mkdocs-imagegen plan -->\n2 to buy: $0.08, says @maintainer\n"


def posted(
    plan: Path, *, pulls: list[Any] | None = None, comments: list[Any] | None = None, **event: Any
) -> list[Any]:
    """Run the workflow's script, and return what it asked GitHub for."""
    script = step("plan-comment-2-post.yml", "comment", "actions/github-script@v8")["with"]
    asked = {
        "script": script["script"],
        "event": EVENT | event,
        "pulls": [OURS] if pulls is None else pulls,
        "comments": comments or [],
    }
    assert NODE
    done = subprocess.run(
        [NODE, "-e", RUN],
        input=json.dumps(asked),
        env={**os.environ, "PLAN": str(plan)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    did: list[Any] = json.loads(done.stdout)
    return did


needs_node = pytest.mark.skipif(not NODE, reason="GitHub runs that script with Node.js")


@needs_node
def test_the_plan_is_one_comment_on_the_pull_request_of_the_event(tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    plan.write_text(PLAN, encoding="utf-8")
    stale = {"number": 6, "head": {"sha": "older", "repo": {"id": 7}}}
    other = {"number": 7, "head": {"sha": "abc", "repo": {"id": 8}}}
    gone = {"number": 8, "head": {"sha": "abc", "repo": None}}
    body = PLAN.replace("@", "@\u200b")

    first = posted(plan, pulls=[stale, other, gone, OURS])
    assert first[0][1]["head"] == "fork:a`b${c}"
    created = {"owner": "us", "repo": "site", "issue_number": 5, "body": body}
    assert [entry for entry in first if entry[0] in ("create", "update")] == [["create", created]]

    bot, person = {"login": "github-actions[bot]"}, {"login": "someone"}
    theirs = {"id": 1, "user": person, "body": PLAN}
    old = {"id": 2, "user": bot, "body": "<!-- mkdocs-imagegen plan -->\nold"}
    again = posted(plan, comments=[theirs, {"id": 3, "user": None, "body": None}, old])
    updated = {"owner": "us", "repo": "site", "comment_id": 2, "body": body}
    assert again[-1] == ["update", updated]
    assert posted(plan, comments=[old | {"body": body}])[-1][0] == "comments"


@needs_node
def test_what_is_no_plan_is_not_posted(tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    assert posted(plan) == [["info", "There is no plan to post."]]
    plan.write_text("", encoding="utf-8")
    assert posted(plan) == [["info", "There is no plan to post."]]
    plan.write_text("Buy my coins", encoding="utf-8")
    assert posted(plan) == [["failed", "plan.md is not what mkdocs-imagegen writes."]]
    plan.unlink()
    secret = tmp_path / "secret"
    secret.write_text(PLAN, encoding="utf-8")
    plan.symlink_to(secret)
    assert posted(plan) == [["info", "There is no plan to post."]]
    plan.unlink()
    plan.write_text(PLAN, encoding="utf-8")
    assert posted(plan, head_repository=None) == [["info", "The fork is gone."]]


@needs_node
def test_a_plan_that_is_too_long_is_only_linked(tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    plan.write_text(PLAN + "x" * 60_000, encoding="utf-8")
    what, asked = posted(plan)[-1]
    assert what == "create"
    assert asked["body"].startswith("<!-- mkdocs-imagegen plan -->\nThe plan is too long")
    assert EVENT["html_url"] in asked["body"]
    assert len(asked["body"]) < 200


NOBODY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "T",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "T",
    "GIT_COMMITTER_EMAIL": "t@example.com",
}


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args],
        cwd=folder,
        env={**os.environ, **NOBODY},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def run_step(script: str, folder: Path, **environ: str) -> None:
    """Run a step as GitHub does."""
    subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environ},
        check=True,
        capture_output=True,
    )


def locked(*names: str) -> str:
    return "".join(f'{{"article": "{name}"}}\n' for name in names)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one commit, cloned to `author` and, as by a checkout, to `runner`."""
    origin, author, runner = (tmp_path / name for name in ("origin", "author", "runner"))
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(author))
    (author / ".gitattributes").write_text("imagegen.lock merge=union\n", encoding="utf-8")
    push(author, locked("b.md"))
    git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), str(runner))
    return origin


def push(author: Path, lockfile: str) -> None:
    (author / "imagegen.lock").write_text(lockfile, encoding="utf-8")
    git(author, "add", "--all")
    git(author, "commit", "--quiet", "-m", "A change")
    git(author, "push", "--quiet", "origin", "HEAD:main")


def test_the_lockfile_is_pushed_also_when_the_branch_went_on(origin: Path) -> None:
    push(origin.parent / "author", locked("a.md", "b.md"))
    runner = origin.parent / "runner"
    (runner / "imagegen.lock").write_text(locked("b.md", "c.md"), encoding="utf-8")
    script = step("ci-buys.yml", "lockfile", "Commit imagegen.lock")["run"]
    run_step(script, runner, BRANCH="main")
    run_step(script, runner, BRANCH="main")  # nothing new: no commit
    assert git(origin, "show", "main:imagegen.lock") == locked("a.md", "b.md", "c.md")
    assert len(git(origin, "log", "--oneline", "main").splitlines()) == 3


def test_the_published_branch_holds_the_site_and_nothing_else(origin: Path) -> None:
    built = origin.parent / "built"
    (built / "blog").mkdir(parents=True)
    for name in ("index.html", "blog/index.html"):
        (built / name).write_text("<h1>Hello</h1>", encoding="utf-8")
    script = next(s["run"] for s in yaml.safe_load(PAGES)["publish"]["steps"] if "run" in s)
    run_step(script, origin.parent / "runner", BUILT=str(built), GITHUB_SHA="abc")
    published = git(origin, "ls-tree", "-r", "--name-only", "gh-pages").split()
    assert published == [".nojekyll", "blog/index.html", "index.html"]
