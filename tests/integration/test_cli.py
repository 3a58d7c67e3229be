"""The command line as people and scripts use it: from any folder, on sites out of order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mkdocs_imagegen import __version__
from mkdocs_imagegen.cli.commands import commands
from tests.sites import Run, Site


def run_in(folder: Path, *args: str, **environ: str) -> Run:
    """Run the command line in another folder than the site's."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs_imagegen", *args],
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("args", [[], *([name] for name in sorted(commands.commands))])
def test_every_command_explains_itself(args: list[str]) -> None:
    result = CliRunner().invoke(commands, [*args, "--help"], prog_name="mkdocs-imagegen")
    assert result.exit_code == 0
    assert f"Usage: mkdocs-imagegen {' '.join(args)}".rstrip() in result.output
    assert all(len(line) <= 100 for line in result.output.splitlines())
    if args:
        for parameter in commands.commands[args[0]].params:
            assert isinstance(parameter, click.Argument) or parameter.to_info_dict()["help"]
    assert CliRunner().invoke(commands, [*args, "-h"], prog_name="mkdocs-imagegen").output == (
        result.output
    )


@pytest.mark.parametrize(
    "args",
    [["bui"], ["plan", "--format", "xml"], ["explain"], ["plan", "--buy"], ["plan", "-f", "."]],
)
def test_a_wrong_call_is_a_usage_error(args: list[str]) -> None:
    result = CliRunner().invoke(commands, args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr


def test_the_console_script_and_the_module_are_the_same(tmp_path: Path) -> None:
    script = Path(sysconfig.get_path("scripts")) / "mkdocs-imagegen"
    for command in ([str(script)], [sys.executable, "-m", "mkdocs_imagegen"]):
        done = subprocess.run(
            [*command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == f"mkdocs-imagegen, version {__version__}"
        assert done.stderr == ""


def test_without_mkdocs_yml_one_line_says_so(tmp_path: Path) -> None:
    run = run_in(tmp_path, "plan", "--format", "json")
    assert (run.code, run.stdout) == (1, "")
    assert "mkdocs.yml' does not exist" in run.stderr
    assert "name the file: -f path/to/mkdocs.yml" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def fox_site(keyless_site: Site) -> Site:
    keyless_site.article("blog/fox.md", cover_prompt="A red fox in fresh snow")
    keyless_site.article("plain.md")
    keyless_site.article("broken.md", cover_prompt="A hare", cover_size="1200x630")
    return keyless_site


def test_an_article_is_explained_by_its_name_or_its_file_from_anywhere(
    fox_site: Site, tmp_path: Path
) -> None:
    by_name = fox_site.cli("explain", "blog/fox.md")
    assert by_name.code == 0, by_name.stderr
    lines = by_name.stdout.splitlines()
    assert lines[:3] == [
        "article      blog/fox.md",
        "title        Fox",
        "state        generate (new)",
    ]
    assert "size         1536x1024" in lines
    assert "  Subject: A red fox in fresh snow" in lines
    key = next(line.split()[1] for line in lines if line.startswith("key "))
    assert len(key) == 64

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    config = ("-f", "../site/mkdocs.yml")
    by_file = run_in(elsewhere, "explain", "../site/docs/blog/fox.md", *config)
    assert by_file.stdout == by_name.stdout
    plan = run_in(elsewhere, "plan", "--format", "json", *config)
    assert [row["request_key"] for row in json.loads(plan.stdout)["actions"]] == [key]
    assert plan.code == 1, "broken.md makes the plan fail"
    assert list(elsewhere.iterdir()) == []
    assert (fox_site.root / ".cache" / "imagegen").is_dir()


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("blog/fxo.md", "no article blog/fxo.md with a cover", "did you mean blog/fox.md?"),
        ("plain.md", "plain.md asks for no cover", "add cover_prompt to its front matter"),
        ("broken.md", "broken.md:3: cover_size: 1200x630 does not fit", "cover_size: 1216x640"),
        ("docs/none.md", "no article docs/none.md with a cover", ""),
    ],
)
def test_an_article_that_cannot_be_explained_is_told_why(
    fox_site: Site, asked: str, message: str, hint: str
) -> None:
    run = fox_site.cli("explain", asked)
    assert (run.code, run.stdout) == (1, "")
    assert run.stderr.startswith("error: ")
    assert message in run.stderr
    assert hint in run.stderr


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("plugins: [search]", "imagegen is not on\nhint: mkdocs-imagegen init adds it"),
        ("plugins: [{imagegen: {enabled: false}}]", "hint: delete `enabled: false` below imagegen"),
        ("plugins: [imagegen, not-installed]", '"not-installed" plugin is not installed'),
        ("plugins: [{imagegen: {size: 5}}]", "option 'size'"),
        ("plugins: [{imagegen", "line 2, column 11"),
        ("plugins: [imagegen]\nhooks: [broken_hook.py]", "ValueError: the hook broke"),
        ("plugins: [imagegen]\nhooks: [stopping_hook.py]", "the hook stopped the build"),
    ],
)
def test_a_site_that_cannot_be_planned_gives_a_line_and_no_traceback(
    tmp_path: Path, document: str, said: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Hello", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(f"site_name: T\n{document}\n", encoding="utf-8")
    raising = "def on_files(files, config):\n    raise {}\n"
    (tmp_path / "broken_hook.py").write_text(raising.format("ValueError('the hook broke')"))
    (tmp_path / "stopping_hook.py").write_text(
        "from mkdocs.exceptions import PluginError\n"
        + raising.format("PluginError('the hook stopped the build')")
    )
    run = run_in(tmp_path, "plan", "--format", "json")
    assert (run.code, run.stdout) == (1, "")
    assert said in run.stderr
    assert "hint: " in run.stderr
    assert "Traceback" not in run.stderr


def test_what_other_plugins_print_stays_out_of_the_answer(keyless_site: Site) -> None:
    keyless_site.article("index.md", cover_prompt="A red fox")
    keyless_site.write(
        "noise.py",
        "import os\nprint('at import')\n\ndef on_files(files, config):\n"
        "    print('from a hook')\n    os.system('echo from a child')\n    return files\n",
    )
    keyless_site.config = {"hooks": ["noise.py"]}
    run = keyless_site.cli("plan", "--format", "json")
    assert [row["action"] for row in json.loads(run.stdout)["actions"]] == ["generate"]
    for noise in ("at import", "from a hook", "from a child"):
        assert noise in run.stderr


def test_what_is_printed_when_the_process_ends_stays_out_of_the_answer(keyless_site: Site) -> None:
    keyless_site.article("index.md", cover_prompt="A red fox")
    keyless_site.write(
        "noise.py",
        "import atexit\nimport os\n\natexit.register(print, 'at the end')\n"
        "atexit.register(os.system, 'echo from a late child')\n",
    )
    keyless_site.config = {"hooks": ["noise.py"]}
    run = keyless_site.cli("plan", "--format", "json")
    assert [row["action"] for row in json.loads(run.stdout)["actions"]] == ["generate"]
    assert "at the end" in run.stderr
    assert "from a late child" in run.stderr


def test_without_f_mkdocs_yml_is_read_first_then_properdocs_yml(keyless_site: Site) -> None:
    keyless_site.article("index.md", cover_prompt="A red fox")
    keyless_site.configure()
    mkdocs, properdocs = (keyless_site.root / f"{name}.yml" for name in ("mkdocs", "properdocs"))
    properdocs.write_text("site_name: T\nplugins: [search]\n", encoding="utf-8")
    both = run_in(keyless_site.root, "plan")
    assert (both.code, both.stdout.count("index.md")) == (0, 1), both.output
    assert "reading mkdocs.yml; use -f properdocs.yml for the other" in both.stderr
    mkdocs.replace(properdocs)
    alone = run_in(keyless_site.root, "plan")
    assert (alone.code, alone.stdout) == (0, both.stdout), alone.output
    assert alone.stderr == ""


def test_a_console_that_is_not_utf_8_gets_the_plan_all_the_same(keyless_site: Site) -> None:
    keyless_site.options = {"provider": "sketch"}
    keyless_site.article("狐.md", cover_prompt="A red fox")
    text = keyless_site.cli("plan", PYTHONIOENCODING="cp1252")
    assert text.code == 0, text.stderr
    assert "1 drawn: nothing to pay" in text.stdout
    document = keyless_site.plan(PYTHONIOENCODING="cp1252")
    assert [row["article"] for row in document["actions"]] == ["狐.md"]


def test_without_a_terminal_apply_asks_for_yes_and_buys_nothing(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox")
    run = site.cli("apply")
    assert run.code == 2
    assert "--yes" in run.stderr
    assert "1 to buy" in run.stdout
    assert site.server is not None
    assert site.server.calls == []


def test_no_output_shows_the_key(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox")
    assert site.server is not None
    for run in (site.cli("explain", "a.md"), site.apply(), site.cli("plan", "--format", "json")):
        assert run.code == 0, run.stderr
        assert site.server.api_key not in run.output
    written = [path for path in (site.root / ".cache").rglob("*") if path.is_file()]
    assert written
    assert not any(site.server.api_key.encode() in path.read_bytes() for path in written)
