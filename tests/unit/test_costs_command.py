"""`report costs`: which books it reads, and how it answers."""

from __future__ import annotations

import csv
import datetime as dt
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen import lockfile
from mkdocs_imagegen.cli.books import find_cache_dir, read_books
from mkdocs_imagegen.cli.report import report, since_day
from mkdocs_imagegen.errors import LockfileError, SettingsError, StoreError
from mkdocs_imagegen.model import Approved, Entry, LedgerRow, Lockfile, Size, Usage
from mkdocs_imagegen.store.ledger import Ledger
from tests.rows import RESERVED

ROW = replace(RESERVED, article="a.md", section="")


def write_ledger(path: Path, *rows: LedgerRow) -> Path:
    """Write a ledger whose requests all cost $0.04."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(path, read_only=False)
    ledger.prepare()
    for row in rows:
        number = ledger.reserve(row, lambda _: None)
        ledger.settle(
            number,
            usage=Usage(100, 0, 1372),
            actual_usd=Decimal("0.04"),
            proven=True,
            request_id="req_1",
            endpoint=row.endpoint,
        )
    ledger.close()
    return path


def write_lockfile(path: Path, site: str, articles: Iterable[str]) -> Path:
    """Write a lockfile whose pictures all cost $0.03."""
    entries = tuple(
        Entry(
            article,
            approved=Approved(
                request_key=f"{n:064x}",
                digest="d" * 64,
                size_bytes=9,
                model="gpt-image-2",
                size=Size(1536, 1024),
                quality="medium",
                bought_at="2026-09-05T12:00:00Z",
                usd=Decimal("0.03"),
            ),
        )
        for n, article in enumerate(articles)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lockfile.write(Lockfile(site, entries)), encoding="utf-8")
    return path


def write_site(folder: Path, **options: object) -> Path:
    """Write a mkdocs.yml with this plugin and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    plugins = ["search", {"imagegen": options}] if options else ["search", "imagegen"]
    text = yaml.safe_dump({"site_name": "Docs", "plugins": plugins})
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")
    return folder


def run(*args: object) -> Result:
    return CliRunner().invoke(report, ["costs", *map(str, args)])


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """Take away the handlers that a command adds: their stream ends with it."""
    loggers = [logging.getLogger(name) for name in ("mkdocs", "properdocs")]
    kept = [list(logger.handlers) for logger in loggers]
    yield
    for logger, handlers in zip(loggers, kept, strict=True):
        logger.handlers[:] = handlers


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a site without books, which is the current one."""
    monkeypatch.chdir(write_site(tmp_path))
    return tmp_path


def test_a_site_without_books_has_no_purchases_yet(site: Path) -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (0, "No purchases yet.\n")
    assert ".cache/imagegen/ledger.sqlite3" in result.stderr
    assert not (site / ".cache").exists()


def test_the_ledger_comes_before_the_lockfile(site: Path) -> None:
    write_lockfile(site / "imagegen.lock", "Docs", ["a.md", "b.md"])
    write_ledger(site / ".cache/imagegen/ledger.sqlite3", ROW)
    result = run("--format", "json")
    document = json.loads(result.stdout)
    assert document["sources"] == [".cache/imagegen/ledger.sqlite3"]
    assert document["total"]["actual_micro_usd"] == 40000
    assert result.stderr == "read .cache/imagegen/ledger.sqlite3\n"


def test_the_lockfile_stands_in_for_a_ledger_without_purchases(site: Path) -> None:
    write_lockfile(site / "imagegen.lock", "Docs", ["a.md", "b.md"])
    without = run("--by", "site")
    write_ledger(site / ".cache/imagegen/ledger.sqlite3")
    empty = run("--by", "site")
    for result in (without, empty):
        assert result.exit_code == 0
        assert "$0.0600" in result.stdout
        assert "holds no purchases, so imagegen.lock was read" in result.stderr
        assert result.stderr.endswith("read imagegen.lock\n")


def test_the_ledger_lies_where_cache_dir_says(site: Path) -> None:
    write_site(site, cache_dir="elsewhere/cache")
    write_ledger(site / "elsewhere/cache/ledger.sqlite3", ROW)
    assert "$0.0400" in run().stdout
    assert "$0.0400" in run("-f", "mkdocs.yml").stdout


def test_many_sites_are_one_report(tmp_path: Path) -> None:
    first, second = write_site(tmp_path / "first"), write_site(tmp_path / "second")
    write_ledger(first / ".cache/imagegen/ledger.sqlite3", ROW, replace(ROW, at="2026-11-02"))
    write_lockfile(second / "imagegen.lock", "Other", ["x.md"])
    other = write_ledger(tmp_path / "kept.sqlite3", replace(ROW, site="Third"))
    old = write_lockfile(tmp_path / "old.lock", "Fourth", ["y.md"])
    result = run(
        first, second / "mkdocs.yml", other, old, first, other, "--by=site", "--format=csv"
    )
    rows = csv.DictReader(StringIO(result.stdout_bytes.decode(), newline=""))
    assert [(row["site"], row["requests"], row["actual_usd"]) for row in rows] == [
        ("Docs", "2", "0.08"),
        ("Third", "1", "0.04"),
        ("Fourth", "1", "0.03"),
        ("Other", "1", "0.03"),
    ]
    assert result.stdout_bytes.count(b"\r\n") == 5
    assert b"\r\r" not in result.stdout_bytes


def test_a_ledger_and_the_lockfile_of_its_site_complete_each_other(site: Path) -> None:
    ledger = write_ledger(site / "ledger.sqlite3", replace(ROW, request_key=f"{0:064x}"))
    locked = write_lockfile(site / "imagegen.lock", "Docs", ["a.md", "b.md"])
    assert json.loads(run(locked, ledger, "--format=json").stdout)["total"]["requests"] == 2


def test_the_page_is_a_page(site: Path) -> None:
    write_ledger(site / ".cache/imagegen/ledger.sqlite3", replace(ROW, authors="Zoë"))
    result = run("--format", "html", "--by", "author")
    page = result.stdout_bytes.decode("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    assert "Zoë" in page


def test_since_leaves_out_what_is_older(site: Path) -> None:
    rows = (ROW, replace(ROW, at="2026-11-02T00:00:00Z"))
    write_ledger(site / ".cache/imagegen/ledger.sqlite3", *rows)
    assert "2026-10" not in run("--since", "2026-11").stdout
    assert run("--since", "2027-01-01").stdout == "No purchases since 2027-01-01.\n"


@pytest.mark.parametrize("text", ["yesterday", "2026", "2026-13", "2026-02-30", "30", "-3d", "d"])
def test_a_date_that_is_none_is_a_usage_error_that_shows_dates(site: Path, text: str) -> None:
    result = run(f"--since={text}")
    assert result.exit_code == 2
    assert "write it as 2026-10-01, 2026-10 or 30d" in result.stderr


def test_dates_are_read_in_three_forms() -> None:
    today = dt.date(2026, 11, 22)
    assert since_day("2026-10", today) == dt.date(2026, 10, 1)
    assert since_day("2026-10-31", today) == dt.date(2026, 10, 31)
    assert since_day("30d", today) == dt.date(2026, 10, 23)
    assert since_day("0d", today) == today


@given(st.text("0123456789-d", max_size=12))
def test_any_other_text_is_refused_in_one_way(text: str) -> None:
    try:
        since_day(text, dt.date(2026, 11, 22))
    except ValueError:
        return
    assert text.endswith("d") or len(text) in (7, 10)


def test_a_source_that_is_no_book_is_told_with_the_mend(site: Path) -> None:
    (site / "notes.txt").write_text("", encoding="utf-8")
    (site / "empty").mkdir()
    for name, why in (
        ("missing.sqlite3", "there is no missing.sqlite3"),
        ("notes.txt", "notes.txt is no book of costs"),
        ("empty", "there is no mkdocs.yml in empty"),
    ):
        result = run(name)
        assert result.exit_code == 1
        assert f"error: {why}\nhint: name a site's folder" in result.stderr
        assert result.stdout == ""


def test_a_folder_without_a_site_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "'mkdocs.yml' does not exist" in result.stderr


def test_a_broken_book_is_named_with_its_folder(tmp_path: Path) -> None:
    site = write_site(tmp_path / "first")
    (site / "imagegen.lock").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with pytest.raises(LockfileError, match=r"^first/imagegen\.lock: "):
        read_books([site], tmp_path)
    ledger = tmp_path / "broken.sqlite3"
    ledger.write_bytes(b"this is no ledger" * 99)
    with pytest.raises(StoreError, match="ledger"):
        read_books([ledger], tmp_path)


def test_reading_books_writes_nothing(site: Path) -> None:
    ledger = write_ledger(site / ".cache/imagegen/ledger.sqlite3", ROW)
    write_lockfile(site / "imagegen.lock", "Docs", ["a.md"])
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    assert run("--by", "request").exit_code == 0
    assert run(ledger, "imagegen.lock").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before


def cache_dir_of(tmp_path: Path, text: str) -> str:
    config_file = tmp_path / "mkdocs.yml"
    config_file.write_text(text, encoding="utf-8")
    return find_cache_dir(config_file).relative_to(tmp_path.resolve()).as_posix()


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("", ".cache/imagegen"),
        ("site_name: x", ".cache/imagegen"),
        ("plugins: [imagegen]", ".cache/imagegen"),
        ("plugins:\n- imagegen:", ".cache/imagegen"),
        ("plugins:\n- search: {cache_dir: no}\n- imagegen: {cache_dir: mine}", "mine"),
        ("plugins:\n  imagegen:\n    cache_dir: mine", "mine"),
        ("plugins:\n- imagegen: {cache_dir: !ENV [NO_SUCH_VARIABLE, set]}", "set"),
        ("x: !!python/name:os.system\ny: !relative $docs_dir\nz: !mine {a: b}", ".cache/imagegen"),
        ("- a list", ".cache/imagegen"),
    ],
)
def test_cache_dir_is_read_without_running_plugins(tmp_path: Path, text: str, folder: str) -> None:
    assert cache_dir_of(tmp_path, text) == folder


def test_cache_dir_may_be_inherited_and_stays_beside_the_sites_own_file(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text(
        "plugins:\n  imagegen: {cache_dir: shared}\n", encoding="utf-8"
    )
    site = tmp_path / "site"
    site.mkdir()
    assert cache_dir_of(site, "INHERIT: ../base.yml\n") == "shared"


@pytest.mark.parametrize("text", ["a: [", "42", "a: 2026-02-30", "INHERIT: nowhere.yml", "\x00"])
def test_a_mkdocs_yml_that_can_not_be_read_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"mkdocs\.yml can't be read"):
        cache_dir_of(tmp_path, text)
