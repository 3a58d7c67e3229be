"""Who buys, where: each mode on each kind of machine, with the plan that was announced there."""

from __future__ import annotations

import pytest

from tests.bills import charged, planned, said_cleanly, server_of
from tests.sites import Run, Site

MODES = ("auto", "generate", "plan", "frozen")
COVERS = ("a.md", "b.md")
NO_KEY = {"IMAGEGEN_API_KEY": ""}
CI = {"CI": "true"}


@pytest.fixture
def two_covers(site: Site) -> Site:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    site.article("b.md", cover_prompt="A paper lighthouse", cover_quality="low")
    return site


def build_as_planned(site: Site, *args: str, **environ: str) -> Run:
    """Build, and hold what it bought against the plan of the same environment."""
    server = server_of(site)
    plan = site.plan(**environ)
    before = len(server.calls)
    run = site.build(*args, **environ)
    said_cleanly(run, server)
    calls = server.calls[before:]
    assert charged(calls) == (planned(plan) if plan["will_buy"] and run.code == 0 else {})
    assert len(calls) == sum(charged(calls).values())
    return run


def test_auto_buys_the_plan_in_ci_with_a_key_and_nowhere_else(two_covers: Site) -> None:
    server = server_of(two_covers)
    for environ in ({}, CI | NO_KEY, {"CI": "false"}):
        run = build_as_planned(two_covers, **environ)
        assert run.code == 0, run.output
        assert "2 to buy" in run.output
        assert "mkdocs-imagegen apply" in run.output
        assert server.calls == []
        assert two_covers.cover_of("a/index.html").is_file()  # drawn

    run = build_as_planned(two_covers, "--strict", **CI)
    assert run.code == 0, run.output
    assert len(server.paid_calls) == 2
    assert "2 of 2 covers bought" in run.output

    run = build_as_planned(two_covers, "--strict", **CI)
    assert run.code == 0, run.output
    assert len(server.calls) == 2


def test_generate_buys_the_plan_and_needs_a_key_only_for_that(two_covers: Site) -> None:
    server = server_of(two_covers)
    two_covers.options["mode"] = "generate"
    for environ in (NO_KEY, CI | NO_KEY):
        run = build_as_planned(two_covers, **environ)
        assert run.code == 1
        assert "no API key is set, and the plan buys 2 of 2 covers" in run.output
        assert "set IMAGEGEN_API_KEY" in run.output
        assert server.calls == []

    run = build_as_planned(two_covers)
    assert run.code == 0, run.output
    assert len(server.paid_calls) == 2

    run = build_as_planned(two_covers, "--strict", **NO_KEY)
    assert run.code == 0, run.output
    assert len(server.calls) == 2


@pytest.mark.parametrize("environ", [{}, CI, CI | NO_KEY], ids=["local", "ci", "ci without key"])
def test_mode_plan_prints_the_command_lines_plan_and_builds_a_whole_site(
    environ: dict[str, str], two_covers: Site
) -> None:
    two_covers.options["mode"] = "plan"
    run = build_as_planned(two_covers, "--strict", **environ)
    assert run.code == 0, run.output
    assert run.stdout == two_covers.cli("plan", **environ).stdout
    assert "a.md" in run.stdout
    assert "$0.0412" in run.stdout
    covers = {two_covers.cover_of(f"{name}/index.html") for name in ("a", "b")}
    assert len(covers) == 2
    assert all(cover.is_file() for cover in covers)
    assert server_of(two_covers).calls == []


def test_an_emptied_key_is_not_taken_from_dotenv(two_covers: Site) -> None:
    two_covers.write(".env", f"IMAGEGEN_API_KEY={server_of(two_covers).api_key}\n")
    run = build_as_planned(two_covers, **CI, **NO_KEY)
    assert run.code == 0, run.output
    assert server_of(two_covers).calls == []


def test_a_dry_run_is_mode_plan_whatever_else_is_set(two_covers: Site) -> None:
    two_covers.options["mode"] = "generate"
    environ = CI | {"IMAGEGEN_DRY_RUN": "1", "IMAGEGEN_MODE": "generate"}
    run = build_as_planned(two_covers, **environ)
    assert run.code == 0, run.output
    assert run.stdout == two_covers.cli("plan", **environ).stdout
    assert server_of(two_covers).calls == []


def test_a_dry_run_binds_apply_too(two_covers: Site) -> None:
    two_covers.options["mode"] = "generate"
    run = two_covers.apply(IMAGEGEN_DRY_RUN="1")
    assert run.code == 0, run.output
    assert "2 to buy" in run.stdout
    assert "IMAGEGEN_DRY_RUN is set: nothing was bought" in run.stderr
    two_covers.write(".env", "IMAGEGEN_DRY_RUN=yes\n")
    unasked = two_covers.cli("apply")  # nobody is asked what can't be
    assert unasked.code == 0, unasked.output
    assert server_of(two_covers).calls == []

    two_covers.write(".env", "IMAGEGEN_DRY_RUN=0\n")
    assert two_covers.apply().code == 0
    assert len(server_of(two_covers).paid_calls) == 2


@pytest.mark.parametrize("environ", [{}, CI, CI | NO_KEY], ids=["local", "ci", "ci without key"])
def test_frozen_never_buys_and_names_what_is_missing(
    environ: dict[str, str], two_covers: Site
) -> None:
    two_covers.options["mode"] = "frozen"
    two_covers.article("c.md", cover_prompt="A paper lighthouse", cover_quality="low")
    run = build_as_planned(two_covers, **environ)
    assert run.code == 1
    for name in (*COVERS, "c.md"):
        assert name in run.output
    assert "hint: mkdocs-imagegen apply\n" in run.output
    assert server_of(two_covers).calls == []


def test_frozen_names_a_way_that_mends_what_is_missing(two_covers: Site) -> None:
    assert two_covers.apply().code == 0
    for path in two_covers.root.glob(".cache/imagegen/originals/**/*.val"):
        path.unlink()
    two_covers.options["mode"] = "frozen"
    damaged = two_covers.build()
    assert damaged.code == 1
    assert "hint: mkdocs-imagegen restore --from https://example.com/\n" in damaged.output
    assert "hint: mkdocs-imagegen apply\n" not in damaged.output

    for path in two_covers.docs.glob("*.md"):
        path.unlink()
    two_covers.article("c.md", cover_prompt="A red fox", cover_edits="Add a hat")
    unsupported = two_covers.build()
    assert unsupported.code == 1
    assert "hint: delete these keys from the front matter" in unsupported.output
    assert "mkdocs-imagegen apply" not in unsupported.output
    assert len(server_of(two_covers).calls) == 2


def test_frozen_serves_what_was_applied_without_a_key(two_covers: Site) -> None:
    server = server_of(two_covers)
    assert two_covers.apply().code == 0
    two_covers.options["mode"] = "frozen"
    run = build_as_planned(two_covers, "--strict", **NO_KEY, **CI)
    assert run.code == 0, run.output
    published = {two_covers.cover_of(f"{name}/index.html").read_bytes() for name in ("a", "b")}
    assert len(published) == 2
    assert len(server.calls) == 2


def test_the_environment_overrides_the_mode_of_mkdocs_yml(two_covers: Site) -> None:
    two_covers.options["mode"] = "generate"
    run = build_as_planned(two_covers, IMAGEGEN_MODE="frozen")
    assert run.code == 1
    assert "mode: frozen" in run.output

    run = two_covers.build(IMAGEGEN_MODE="sometimes")
    assert run.code == 1
    assert "IMAGEGEN_MODE is 'sometimes'" in run.output
    assert "auto, generate, plan, frozen" in run.output
    assert server_of(two_covers).calls == []

    two_covers.options["mode"] = "frozen"
    run = build_as_planned(two_covers, IMAGEGEN_MODE="generate")
    assert run.code == 0, run.output
    assert len(server_of(two_covers).paid_calls) == 2


@pytest.mark.parametrize("mode", ["auto", "generate", "frozen"])
def test_provider_sketch_never_calls(mode: str, two_covers: Site) -> None:
    two_covers.options |= {"provider": "sketch", "mode": mode}
    run = build_as_planned(two_covers, "--strict", **CI)
    assert run.code == 0, run.output
    assert set(two_covers.actions(**CI).values()) == {"draw"}
    assert two_covers.cover_of("a/index.html").is_file()
    applied = two_covers.apply()
    assert applied.code == 0, applied.output
    assert server_of(two_covers).calls == []


def test_apply_buys_only_where_somebody_agreed(two_covers: Site) -> None:
    server = server_of(two_covers)
    unasked = two_covers.cli("apply")
    assert unasked.code == 2
    assert "--yes" in unasked.stderr
    assert "$0.0412" in unasked.stdout
    assert two_covers.cli("apply", "--nonsense").code == 2
    keyless = two_covers.apply(**NO_KEY)
    assert keyless.code == 1
    assert "set IMAGEGEN_API_KEY" in keyless.stderr
    assert server.calls == []

    for mode in ("plan", "frozen"):  # apply buys in every mode, since a person said so
        two_covers.options["mode"] = mode
        run = two_covers.apply()
        assert run.code == 0, run.output
        assert len(server.paid_calls) == 2
    assert two_covers.cli("apply").code == 0  # nothing to buy: nobody to ask
