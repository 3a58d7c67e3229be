"""The doctor's checks, one layer each, on real engines; the command itself is tested elsewhere."""

from __future__ import annotations

import datetime as dt
import importlib.resources
from dataclasses import replace
from pathlib import Path

import click
import pytest

from mkdocs_imagegen.cli.doctor import (
    Examined,
    Finding,
    check_endpoint,
    check_models,
    check_prices,
    check_site,
    check_store,
    rendered,
)
from mkdocs_imagegen.engine import Engine
from mkdocs_imagegen.locking import LockfilePlace
from mkdocs_imagegen.model import (
    ArticleSource,
    Cover,
    CoverRequest,
    Diagnostic,
    Order,
    Orders,
    Size,
)
from mkdocs_imagegen.pricing import PriceBook
from mkdocs_imagegen.settings import Endpoint, Mode, Settings

TODAY = dt.date(2026, 11, 22)
KEY = "sk-secret-of-the-test"
PRICES = importlib.resources.files("mkdocs_imagegen") / "data/prices.yaml"


def order(model: str) -> Order:
    cover = Cover(
        ArticleSource(f"{model}.md", model, {}),
        "A fox.",
        model,
        Size(1536, 1024),
        "low",
        "cover.j2",
    )
    return Order(cover, CoverRequest("generate", model, "A fox.", cover.size, cover.quality))


def examined(
    tmp_path: Path,
    *models: str,
    settings: Settings | None = None,
    endpoint: Endpoint | None = None,
    own_rows: dict[str, object] | None = None,
    today: dt.date = TODAY,
) -> Examined:
    engine = Engine(
        settings or Settings(),
        cache_dir=tmp_path / "cache",
        lockfile=LockfilePlace(tmp_path / "imagegen.lock"),
        endpoint=endpoint,
        book=PriceBook.parse(PRICES.read_text(encoding="utf-8")).with_rows(own_rows or {}),
    )
    return Examined(engine, Orders(tuple(map(order, models))), today)


def ends(on: str) -> dict[str, object]:
    row = {"per_image": 0.04, "shut_down": {"on": on, "successor": "gpt-image-3"}}
    return {"gpt-image-2": row}


def test_a_site_tells_its_covers_and_where_to_read_of_troubles(tmp_path: Path) -> None:
    site = examined(tmp_path, "gpt-image-2")
    assert list(check_site(site)) == [
        Finding("ok", "mkdocs.yml", "read; the articles ask for 1 cover")
    ]
    told = (Diagnostic("info", "a"), Diagnostic("warning", "b"), Diagnostic("error", "c"))
    site = replace(site, orders=replace(site.orders, diagnostics=told))
    assert list(check_site(site))[1:] == [
        Finding(
            "warning", "articles", "2 diagnostics to look at", "mkdocs-imagegen plan lists them"
        )
    ]


def test_the_endpoint_tells_the_keys_name_and_the_host_alone(tmp_path: Path) -> None:
    endpoint = Endpoint("https://user:word@gateway.example/v1?token=1", KEY, "IMAGEGEN_API_KEY")
    (finding,) = check_endpoint(examined(tmp_path, endpoint=endpoint))
    assert finding == Finding("ok", "key", "IMAGEGEN_API_KEY is set, and goes to gateway.example")


@pytest.mark.parametrize(
    ("settings", "level", "told"),
    [
        (Settings(), "info", "none is set"),
        (Settings(mode=Mode.FROZEN), "ok", "frozen needs none"),
        (Settings(provider="sketch"), "ok", "none is needed"),
    ],
)
def test_a_missing_key_is_no_fault(
    tmp_path: Path, settings: Settings, level: str, told: str
) -> None:
    (finding,) = check_endpoint(examined(tmp_path, settings=settings))
    assert (finding.level, told in finding.message) == (level, True)
    assert bool(finding.hint) == (level != "ok")


def test_a_store_that_opens_and_can_be_written_is_well(tmp_path: Path) -> None:
    site = examined(tmp_path, "gpt-image-2")
    (finding,) = check_store(site)
    site.engine.close()
    assert finding.level == "ok"
    assert finding.message.endswith("cache: 0 originals; can be written")


def test_a_store_that_cant_be_opened_is_an_error_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    (finding,) = check_store(examined(tmp_path, "gpt-image-2"))
    assert finding.level == "error"
    assert finding.hint.startswith("remove the file")


def test_a_site_without_covers_gets_no_store(tmp_path: Path) -> None:
    (finding,) = check_store(examined(tmp_path))
    assert finding.level == "ok"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("on", "level"),
    [
        ("2026-11-21", "warning"),
        ("2026-11-22", "warning"),
        ("2026-11-23", "warning"),
        ("2027-01-21", "warning"),
        ("2027-01-22", ""),
    ],
)
def test_a_models_end_is_told_sixty_days_before(tmp_path: Path, on: str, level: str) -> None:
    found = list(check_models(examined(tmp_path, "gpt-image-2", own_rows=ends(on))))
    assert [finding.level for finding in found] == [level] * bool(level)
    assert all(finding.hint == "set `model: gpt-image-3` in mkdocs.yml" for finding in found)
    assert all(f"shut down on {on}" in finding.message for finding in found)


def test_a_models_end_is_told_once_and_only_of_openais_own_endpoint(tmp_path: Path) -> None:
    rows = ends("2026-11-01")
    site = examined(tmp_path, "gpt-image-2", "gpt-image-2", "gpt-image-2.6-flare", own_rows=rows)
    assert len(list(check_models(site))) == 1
    for settings in (Settings(priced=False), Settings(provider="sketch")):
        there = examined(tmp_path, "gpt-image-2", own_rows=rows, settings=settings)
        assert list(check_models(there)) == []


def test_prices_are_told_with_their_day_and_from_120_days_on_as_old(tmp_path: Path) -> None:
    site = examined(tmp_path, "gpt-image-2")
    as_of = dt.date.fromisoformat(site.engine.book.rows["gpt-image-2"].as_of)
    (fresh,) = check_prices(replace(site, today=as_of + dt.timedelta(days=120)))
    assert fresh == Finding("ok", "prices", f"OpenAI's for gpt-image-2, as of {as_of}")
    (old,) = check_prices(replace(site, today=as_of + dt.timedelta(days=121)))
    assert (old.level, "121 days ago" in old.message) == ("info", True)


def test_prices_that_nobody_knows_are_told_and_own_ones_hold_anywhere(tmp_path: Path) -> None:
    elsewhere = Settings(priced=False)
    (unknown,) = check_prices(examined(tmp_path, "gpt-image-2", settings=elsewhere))
    assert (unknown.level, "prices:" in unknown.hint) == ("info", True)
    (unknown,) = check_prices(examined(tmp_path, "dall-e-9"))
    assert "dall-e-9" in unknown.message
    own: dict[str, object] = {"dall-e-9": {"per_image": 0.04}}
    (known,) = check_prices(examined(tmp_path, "dall-e-9", settings=elsewhere, own_rows=own))
    assert known == Finding("ok", "prices", "your own for dall-e-9")


def test_a_finding_is_a_line_with_a_symbol_and_its_mend_below() -> None:
    text = click.unstyle(rendered(Finding("error", "store", "it is full\nquite", "make room")))
    assert text == "x store          it is full\n  quite\n  hint: make room"
    symbols = {rendered(Finding(level, "a", "b"))[:20] for level in ("ok", "info", "warning")}
    assert len(symbols) == 3
    assert click.unstyle(rendered(Finding("ok", "a", "b"))).encode("cp1252")
