"""Sites that buy from servers that are not OpenAI's: one paid call a cover, and a whole site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from mkdocs_imagegen.store import Store
from tests.bills import said_cleanly
from tests.imageserver import Fault, ImageServer, PictureUrl
from tests.imageserver.profiles import Azure, Gateway, LiteLLM, LocalAI, Reseller, SdCpp
from tests.sites import Run, Site


def site_at(folder: Path, server: Gateway, base_url: str = "", **options: object) -> Site:
    """A site of two covers that buys from a gateway."""
    site = Site(folder / "site", server, options={"concurrency": 1, **options})
    site.environ["IMAGEGEN_BASE_URL"] = base_url or server.base_url
    for name in ("a", "b"):
        site.article(f"{name}.md", cover_prompt=f"Picture {name}", cover_quality="low")
    return site


def sent_of(site: Site) -> list[Mapping[str, object]]:
    """Return the requests' bodies as the records tell them."""
    with Store.open(site.root / ".cache/imagegen") as store:
        return [record.sent for record in store.records()]


def buys_all(site: Site, server: Gateway, *, refused: int = 0) -> Run:
    """Buy both covers and build; each was paid for once, and a second run asks nobody."""
    run = site.apply()
    assert run.code == 0, run.output
    assert len(server.paid_calls) == 2
    asked = [call for call in server.calls if call.method == "POST"]
    assert len(asked) == 2 + refused
    recorded = {str(body["prompt"]): dict(body) for body in sent_of(site)}
    assert recorded == {
        str(call.body["prompt"]): call.body for call in server.paid_calls if call.body
    }
    said_cleanly(run, server)
    count = len(server.calls)
    built = site.build(CI="true")
    assert built.code == 0, built.output
    for name in ("a", "b"):
        with Image.open(BytesIO(site.cover_of(f"{name}/index.html").read_bytes())) as cover:
            assert cover.format == "WEBP"
    assert len(server.calls) == count
    return run


def test_azures_new_route(tmp_path: Path) -> None:
    with Azure() as server:
        endpoint = {"profile": "azure"}
        site = site_at(tmp_path, server, server.v1_url, endpoint=endpoint, model=server.deployment)
        buys_all(site, server)


def test_azures_deployment_route(tmp_path: Path) -> None:
    with Azure() as server:
        endpoint = {"profile": "azure", "query": {"api-version": server.api_version}}
        site = site_at(tmp_path, server, server.deployment_url, endpoint=endpoint)
        buys_all(site, server)
        assert all("model" not in body for body in sent_of(site))


def test_litellm(tmp_path: Path) -> None:
    with LiteLLM() as server:
        buys_all(site_at(tmp_path, server, endpoint={"profile": "litellm"}), server)


def test_localai(tmp_path: Path) -> None:
    with LocalAI() as server:
        site = site_at(tmp_path, server, endpoint={"profile": "localai"})
        run = buys_all(site, server)
        assert "512x512 came instead of 1536x1024" in run.stderr
        site.article("c.md", cover_prompt="A fox | a hare")
        refused = site.apply()
        assert refused.code == 1
        assert "c.md: the prompt holds a `|`" in refused.stderr
        assert len(server.paid_calls) == 2


def test_stable_diffusion_cpp(tmp_path: Path) -> None:
    with SdCpp() as server:
        buys_all(site_at(tmp_path, server, endpoint={"profile": "sd-cpp"}), server)
        built = tmp_path / "site" / "site"
        published = [path for path in built.rglob("*") if path.suffix in (".webp", ".png", ".jpg")]
        assert published
        assert not any(b"Steps: 20" in path.read_bytes() for path in published)


def test_stable_diffusion_cpp_without_its_profile_is_learned_at_the_price_of_one_request(
    tmp_path: Path,
) -> None:
    with SdCpp() as server:
        site = site_at(tmp_path, server)
        buys_all(site, server, refused=1)
        assert all("quality" not in body for body in sent_of(site))
        site.article("c.md", cover_prompt="Picture c")
        assert site.apply().code == 0
        assert len(server.calls) == 4  # remembered from run to run


def test_a_reseller_that_sends_addresses_of_another_host(tmp_path: Path) -> None:
    with Reseller() as shop, Reseller(refuses=("output_format", "n")) as server:
        server.elsewhere = shop
        run = buys_all(site_at(tmp_path, server), server, refused=1)
        assert "1500x1000 came instead of 1536x1024" in run.stderr
        assert len(shop.calls) == 2
        for call in shop.calls:
            assert server.api_key not in json.dumps(dict(call.headers))


def test_a_reseller_that_sends_data_uris(tmp_path: Path) -> None:
    with Reseller(inline=True) as server:
        buys_all(site_at(tmp_path, server), server)


def test_an_address_that_cannot_be_fetched_is_kept_and_paid_once(
    site: Site, image_server: ImageServer
) -> None:
    site.options["concurrency"] = 1
    for name in ("a", "b"):
        site.article(f"{name}.md", cover_prompt=f"Picture {name}")
    image_server.script(PictureUrl(file=Fault(403, "Forbidden")))
    run = site.apply()
    assert run.code == 1
    said = said_cleanly(run, image_server)
    assert "127.0.0.1 answers 403" in said
    (kept,) = site.root.glob(".cache/imagegen/originals/**/*.val")
    assert f"its address is kept in {kept}" in said
    assert kept.read_text().startswith(f"{image_server.origin}/files/")
    assert len(image_server.paid_calls) == 1
    assert site.actions() == {"a.md": "blocked", "b.md": "generate"}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"headers": {"Authorization": "Bearer x"}}, "endpoint: headers: Authorization"),
        ({"response_format": "b64_json"}, "endpoint: response_format: api.openai.com refuses it"),
    ],
)
def test_what_the_option_cannot_be_stops_a_build_in_one_line(
    option: dict[str, object], told: str, keyless_site: Site
) -> None:
    keyless_site.options["endpoint"] = option
    keyless_site.article("a.md", cover_prompt="Picture a")
    run = keyless_site.build(OPENAI_API_KEY="sk-test")
    assert run.code == 1
    assert told in run.output
    assert "hint:" in run.output
    assert "Traceback" not in run.output
