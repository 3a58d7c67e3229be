"""The command `doctor` as people run it: on a healthy site, and after a merge conflict."""

from __future__ import annotations

from dataclasses import replace

from mkdocs_imagegen.lockfile import NAME, write
from mkdocs_imagegen.model import Entry, Lockfile
from mkdocs_imagegen.store.lockfiles import read_lockfile
from tests.sites import Site


def test_a_healthy_site_is_told_layer_by_layer_and_its_key_never(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    run = site.cli("doctor")
    assert (run.code, run.stderr) == (0, "")
    layers = [line.split()[:2] for line in run.stdout.splitlines()]
    assert layers == [
        ["+", "imagegen.lock"],
        ["+", "mkdocs.yml"],
        ["+", "key"],
        ["+", "store"],
        ["+", "prices"],
    ]
    assert site.server is not None
    assert site.server.api_key not in run.output
    assert "IMAGEGEN_API_KEY is set, and goes to 127.0.0.1" in run.stdout
    assert not site.server.paid_calls


def test_a_site_that_cant_be_read_is_an_error_beside_what_can(keyless_site: Site) -> None:
    keyless_site.article("a.md")
    keyless_site.options["size"] = "wide"
    keyless_site.write(NAME, '{"imagegen.lock": 1}\n')
    run = keyless_site.cli("doctor")
    assert run.code == 1
    first, second, *_ = run.stdout.splitlines()
    assert first.split()[:3] == ["+", "imagegen.lock", "whole,"]
    assert second.startswith("x mkdocs.yml")
    assert "size" in second


def test_fix_keeps_the_side_whose_picture_is_in_the_store(site: Site) -> None:
    site.article("a.md", cover_prompt="A red fox in fresh snow")
    assert site.apply().code == 0
    path = site.root / NAME
    lockfile = read_lockfile(path)
    (bought,) = lockfile.entries
    assert bought.approved is not None
    elsewhere = replace(bought.approved, digest="12" * 32, bought_at="2999-01-01T00:00:00Z")
    theirs = replace(lockfile, entries=(Entry("a.md", bought.locale, elsewhere),))
    broken = _conflicted(lockfile, theirs)
    path.write_bytes(broken)

    told = site.cli("doctor")
    assert told.code == 1
    assert "x imagegen.lock  imagegen.lock line 2 holds a merge conflict" in told.stdout
    assert "hint: mkdocs-imagegen doctor --fix" in told.stdout
    assert path.read_bytes() == broken

    fixed = site.cli("doctor", "--fix")
    assert fixed.code == 0, fixed.output
    assert "2 lines are for a.md: one stays" in fixed.stdout
    assert read_lockfile(path) == lockfile
    assert (site.root / f"{NAME}.orig").read_bytes() == broken
    assert "whole, 1 article" in site.cli("doctor", "--fix").stdout


def _conflicted(ours: Lockfile, theirs: Lockfile) -> bytes:
    header, body = write(ours).split("\n", 1)
    other = write(theirs).split("\n", 1)[1]
    return f"{header}\n<<<<<<< HEAD\n{body}=======\n{other}>>>>>>> topic\n".encode()
