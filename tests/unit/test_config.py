"""The options in mkdocs.yml and the environment, as settings; which key may go where."""

from __future__ import annotations

import io
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig

from mkdocs_imagegen.config import (
    ImagegenConfig,
    find_endpoint,
    make_settings,
    missing_key_names,
    site_folder,
)
from mkdocs_imagegen.environment import PAIRED_KEYS, read_environment
from mkdocs_imagegen.errors import SettingsError
from mkdocs_imagegen.model import Palette, Size
from mkdocs_imagegen.packaged import price_book
from mkdocs_imagegen.settings import (
    DEFAULT_BASE_URL,
    Budget,
    Endpoint,
    Mode,
    PathDefaults,
    Settings,
    SiteFacts,
    Words,
)
from mkdocs_imagegen.site import config_file, make_engine

KEY = "sk-never-to-be-shown"
BOOK = price_book()


def options(**given: object) -> ImagegenConfig:
    config = ImagegenConfig()
    config.load_dict(given)
    errors, told = config.validate()
    assert (errors, told) == ([], [])
    return config


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> MkDocsConfig:
    """The least mkdocs.yml there is."""
    return loaded(tmp_path_factory.mktemp("site"))


def loaded(folder: Path, **config: object) -> MkDocsConfig:
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    path = folder / "mkdocs.yml"
    path.write_text(yaml.safe_dump({"site_name": "Test", **config}), encoding="utf-8")
    return load_config(str(path))


def settings_of(
    host: MkDocsConfig, environ: dict[str, str] | None = None, **given: object
) -> Settings:
    chosen = options(**given)
    environ = environ or {}
    return make_settings(chosen, host, environ, BOOK, find_endpoint(chosen, environ))


def test_without_options_everything_has_its_default(host: MkDocsConfig) -> None:
    made = settings_of(host)
    assert made == Settings(site=SiteFacts(name="Test"), words=made.words)
    default = Words()
    assert made.words.language == default.language
    assert made.words.labels["en"] == default.labels["en"]
    assert made.words.alts["en"] == default.alts["en"]


def test_the_packages_words_are_whole_in_every_language(host: MkDocsConfig) -> None:
    words = settings_of(host).words
    assert len(words.labels) >= 15
    assert words.labels.keys() == words.alts.keys()
    for text in words.alts.values():
        assert "Fox 7" in text.format(title="Fox 7")
    assert all(words.labels.values())


def test_a_sites_words_stand_over_the_packages_in_the_languages_that_it_names(
    host: MkDocsConfig, tmp_path: Path
) -> None:
    covers = {
        "label": {"pt_BR": " Feito por IA "},
        "alt": "{title} on {site}",
        "missing_alt": "warn",
    }
    made = settings_of(host, covers=covers)
    assert (made.label, made.missing_alt) == (True, "warn")
    assert made.words.labels["pt-br"] == "Feito por IA"
    assert made.words.labels["de"] == "KI-generiert"
    assert set(made.words.alts.values()) == {"{title} on {site}"}
    assert settings_of(host, covers={"label": "By AI"}).words.labels["fr"] == "By AI"
    assert not settings_of(host, covers={"label": False}).label
    for unsaid in ("", True):  # an article may still ask for one
        assert settings_of(host, covers={"label": unsaid}).words.labels["fr"] == "Généré par IA"

    german = loaded(tmp_path / "de", theme={"name": "material", "language": "de"})
    assert settings_of(german).words.language == "de"
    brazil = loaded(tmp_path / "br", theme={"name": "mkdocs", "locale": "pt_BR"})
    assert settings_of(brazil).words.language == "pt-br"


@pytest.mark.parametrize(
    ("covers", "message"),
    [
        ({"label": {"de": 3}}, "covers: label: de is no language with a text"),
        ({"alt": {"in German": "Bild"}}, "covers: alt: in german is no language with a text"),
        ({"alt": "Cover of {name}"}, "covers: alt: 'Cover of {name}' can't be filled in"),
        ({"alt": "{title.__class__}"}, "can't be filled in"),
        ({"alt": "{title"}, "can't be filled in"),
        ({"alt": {"de": "{title!r}"}}, "can't be filled in"),
    ],
)
def test_words_that_can_t_be_said_are_refused(
    host: MkDocsConfig, covers: dict[str, object], message: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        settings_of(host, covers=covers)


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"mode": "frozen"}, "mode", Mode.FROZEN),
        ({"provider": "sketch"}, "provider", "sketch"),
        ({"model": "gpt-image-2.5-flare"}, "model", "gpt-image-2.5-flare"),
        ({"size": "1280x672"}, "size", Size(1280, 672)),
        ({"size": " 1280X672 "}, "size", Size(1280, 672)),
        ({"quality": "low"}, "quality", "low"),
        ({"quality": "xhigh", "model": "gpt-image-2.5-flare"}, "quality", "xhigh"),
        ({"quality": "fancy", "model": "their-own"}, "quality", "fancy"),
        ({"size": "1200x630", "model": "their-own"}, "size", Size(1200, 630)),
        ({"background": "opaque"}, "background", "opaque"),
        ({"moderation": "low"}, "moderation", "low"),
        ({"style": "woodcut", "subject": "{{ cover.prompt }}"}, "parts", None),
        ({"style": ""}, "parts", {}),
        ({"template": "night.j2"}, "template", "night.j2"),
        ({"max_prompt_chars": 32000}, "max_prompt_chars", 32000),
        ({"budget": 0.1}, "budget", Budget(Decimal("0.1"))),
        ({"budget": 2}, "budget", Budget(Decimal(2))),
        ({"budget": 0}, "budget", Budget(Decimal(0))),
        ({"budget": {}}, "budget", Budget()),
        ({"budget": {"per_build": 0.07, "max_images": 3}}, "budget", Budget(Decimal("0.07"), 3)),
        ({"budget": {"per_build": "0.50"}}, "budget", Budget(Decimal("0.50"))),
        ({"budget": {"max_images": 0}}, "budget", Budget(None, 0)),
        ({"concurrency": 1}, "concurrency", 1),
        ({"timeout_s": 12.5}, "timeout_s", 12.5),
        ({"timeout_s": 60}, "timeout_s", 60.0),
        ({"insert": "above_title"}, "insert", "above_title"),
        ({"insert": False}, "insert", None),
        ({"webp_quality": 0}, "webp_quality", 0),
        ({"price_as": "openai"}, "priced", True),
        (
            {"defaults": [{"match": "blog/**", "style": "ink"}]},
            "defaults",
            (PathDefaults("blog/**", {"style": "ink"}),),
        ),
    ],
)
def test_an_option_becomes_a_setting(
    host: MkDocsConfig, given: dict[str, Any], field: str, value: object
) -> None:
    settings = settings_of(host, **given)
    expected = given if value is None and field == "parts" else value
    assert getattr(settings, field) == expected


def test_a_budget_keeps_the_digits_that_were_written(host: MkDocsConfig) -> None:
    assert settings_of(host, budget=0.1).budget.per_build_usd == Decimal("0.1")
    assert str(settings_of(host, budget={"per_build": 0.30}).budget.per_build_usd) == "0.3"


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"size": "big"}, "size: 'big' is no size", "size: 1536x1024"),
        ({"size": "1200x630"}, "1200x630 does not fit gpt-image-2", "size: 1216x640"),
        ({"size": "64x64"}, "64x64 does not fit gpt-image-2", "size: "),
        ({"quality": "best"}, "quality: 'best'", "low, medium, high"),
        ({"quality": "max"}, "none of gpt-image-2's", "low, medium, high"),
        ({"max_prompt_chars": 0}, "max_prompt_chars is 0", "from 1 to 32000"),
        ({"max_prompt_chars": 32001}, "max_prompt_chars is 32001", "from 1 to 32000"),
        ({"concurrency": 0}, "concurrency is 0", "from 1 to 64"),
        ({"concurrency": 65}, "concurrency is 65", "from 1 to 64"),
        ({"concurrency": True}, "concurrency is True", "from 1 to 64"),
        ({"timeout_s": 0.5}, "timeout_s is 0.5", "from 1 to 3600"),
        ({"timeout_s": float("nan")}, "timeout_s is nan", "from 1 to 3600"),
        ({"timeout_s": float("inf")}, "timeout_s is inf", "from 1 to 3600"),
        ({"webp_quality": 101}, "webp_quality is 101", "from 0 to 100"),
        ({"webp_quality": -1}, "webp_quality is -1", "from 0 to 100"),
        ({"budget": -1}, "per_build is -1", "amount in USD"),
        ({"budget": True}, "per_build is True", "amount in USD"),
        ({"budget": float("nan")}, "per_build is nan", "amount in USD"),
        ({"budget": {"per_build": float("inf")}}, "per_build is inf", "amount in USD"),
        ({"budget": {"per_build": "a lot"}}, "per_build is 'a lot'", "amount in USD"),
        ({"budget": {"per_build": [1]}}, "per_build is [1]", "amount in USD"),
        ({"budget": {"max_images": -1}}, "max_images is -1", "whole number"),
        ({"budget": {"max_images": 2.5}}, "max_images is 2.5", "whole number"),
        ({"budget": {"max_images": True}}, "max_images is True", "whole number"),
        (
            {"budget": None},
            "budget has no value, so there would be no wall",
            "!ENV [MAX_USD, 0.50]",
        ),
        ({"budget": {"per_build": None}}, "budget: per_build has no value", "write a number"),
        ({"budget": {"max_images": None}}, "budget: max_images has no value", "write a number"),
        ({"budget": {"per_day": 1}}, "no wall named per_day", "per_build and per_month"),
        ({"defaults": [{"style": "ink"}]}, "defaults[0] has no `match`", "blog/**"),
        ({"defaults": [{"match": "a"}, {"match": 5}]}, "defaults[1] has no `match`", "blog/**"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_mend(
    host: MkDocsConfig, given: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(host, **given)
    assert message in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "buy"},
        {"provider": "dall-e"},
        {"size": 1536},
        {"quality": 1},
        {"background": "blue"},
        {"moderation": "high"},
        {"price_as": "azure"},
        {"insert": "below"},
        {"insert": True},
        {"concurrency": "four"},
        {"budget": "1"},
        {"defaults": ["blog/**"]},
        {"log_level": "loud"},
        {"enabled": "yes"},
        {"style": 5},
    ],
)
def test_a_value_of_another_kind_is_refused_by_mkdocs(given: dict[str, object]) -> None:
    config = ImagegenConfig()
    config.load_dict(given)
    errors, _ = config.validate()
    assert [name for name, _ in errors] == list(given)


def test_no_option_takes_a_key() -> None:
    names = [name for name, _ in ImagegenConfig._schema]
    assert [name for name in names if "key" in name or "token" in name] == ["api_key_env"]


@pytest.mark.parametrize(
    ("environ", "option", "mode"),
    [
        ({}, "auto", Mode.AUTO),
        ({}, "generate", Mode.GENERATE),
        ({"IMAGEGEN_MODE": "plan"}, "generate", Mode.PLAN),
        ({"IMAGEGEN_MODE": "generate"}, "frozen", Mode.GENERATE),
        ({"IMAGEGEN_DRY_RUN": "1"}, "generate", Mode.PLAN),
        ({"IMAGEGEN_DRY_RUN": "TRUE"}, "generate", Mode.PLAN),
        ({"IMAGEGEN_DRY_RUN": "y"}, "generate", Mode.PLAN),
        ({"IMAGEGEN_DRY_RUN": "0"}, "generate", Mode.GENERATE),
        ({"IMAGEGEN_DRY_RUN": "False"}, "generate", Mode.GENERATE),
        ({"IMAGEGEN_DRY_RUN": "1", "IMAGEGEN_MODE": "generate"}, "auto", Mode.PLAN),
    ],
)
def test_the_environment_wins_over_the_mode_and_a_dry_run_over_both(
    host: MkDocsConfig, environ: dict[str, str], option: str, mode: Mode
) -> None:
    assert settings_of(host, environ, mode=option).mode is mode


def test_a_mode_that_is_none_is_refused(host: MkDocsConfig) -> None:
    with pytest.raises(SettingsError, match="IMAGEGEN_MODE is 'buy'") as raised:
        settings_of(host, {"IMAGEGEN_MODE": "buy"})
    assert "auto, generate, plan, frozen" in raised.value.hint


OPENAI = {"OPENAI_API_KEY": "sk-openai"}
NBILITY = {"NBILITY_API_KEY": "sk-nbility", "NBILITY_BASE_URL": "https://nbility.example/v1"}
OURS = {"IMAGEGEN_API_KEY": "sk-ours"}


@pytest.mark.parametrize(
    ("environ", "given", "endpoint"),
    [
        ({}, {}, None),
        (OPENAI, {}, (DEFAULT_BASE_URL, "OPENAI_API_KEY")),
        (
            {**OPENAI, "OPENAI_BASE_URL": "http://localhost:8080/v1"},
            {},
            ("http://localhost:8080/v1", "OPENAI_API_KEY"),
        ),
        (OURS, {}, (DEFAULT_BASE_URL, "IMAGEGEN_API_KEY")),
        (
            {**OURS, "IMAGEGEN_BASE_URL": "https://i.example/v1"},
            {},
            ("https://i.example/v1", "IMAGEGEN_API_KEY"),
        ),
        (NBILITY, {}, ("https://nbility.example/v1", "NBILITY_API_KEY")),
        ({"NBILITY_API_KEY": "x"}, {}, None),
        ({"NBILITY_BASE_URL": "https://nbility.example/v1"}, {}, None),
        ({**OPENAI, **NBILITY}, {}, ("https://nbility.example/v1", "NBILITY_API_KEY")),
        ({**OPENAI, **NBILITY, **OURS}, {}, (DEFAULT_BASE_URL, "IMAGEGEN_API_KEY")),
        # Never a key of one tier with the address of another.
        ({**OPENAI, "IMAGEGEN_BASE_URL": "https://i.example"}, {}, (DEFAULT_BASE_URL, *OPENAI)),
        ({**OURS, "OPENAI_BASE_URL": "https://o.example"}, {}, (DEFAULT_BASE_URL, *OURS)),
        ({**OPENAI, "NBILITY_BASE_URL": "https://n.example"}, {}, (DEFAULT_BASE_URL, *OPENAI)),
        # An address in mkdocs.yml gets the key that was meant for it, and no other.
        ({**OPENAI, **NBILITY}, {"base_url": "https://b.example"}, None),
        (
            {**OPENAI, **NBILITY, **OURS},
            {"base_url": "https://b.example"},
            ("https://b.example", "IMAGEGEN_API_KEY"),
        ),
        (
            {**OURS, "IMAGEGEN_BASE_URL": "https://i.example"},
            {"base_url": "https://b.example"},
            ("https://b.example", "IMAGEGEN_API_KEY"),
        ),
        (
            {**OURS, "IMAGEGEN_TEAM_KEY": "sk-team"},
            {"base_url": "https://b.example", "api_key_env": "IMAGEGEN_TEAM_KEY"},
            ("https://b.example", "IMAGEGEN_TEAM_KEY"),
        ),
        (OURS, {"base_url": "https://b.example", "api_key_env": "IMAGEGEN_TEAM_KEY"}, None),
    ],
)
def test_key_and_address_come_as_a_pair(
    environ: dict[str, str], given: dict[str, object], endpoint: tuple[str, str] | None
) -> None:
    found = find_endpoint(options(**given), environ)
    if endpoint is None:
        assert found is None
    else:
        url, name = endpoint
        assert found is not None
        assert (found.base_url, found.api_key, found.key_name) == (url, environ[name], name)


@pytest.mark.parametrize("name", PAIRED_KEYS)
@pytest.mark.parametrize("given", [{"base_url": "https://elsewhere.example/v1"}, {}])
def test_a_config_file_cannot_send_a_services_key_elsewhere(
    name: str, given: dict[str, object]
) -> None:
    environ = {**OPENAI, **NBILITY, "IMAGEGEN_BASE_URL": "https://i.example"}
    with pytest.raises(SettingsError, match=name) as raised:
        find_endpoint(options(api_key_env=name, **given), environ)
    assert environ[name] not in str(raised.value)


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "HOME", "imagegen_api_key", "IMAGEGEN_CACHE_SECRET", "IMAGEGEN_", "X Y"],
)
def test_a_config_file_cannot_send_any_other_secret_elsewhere(name: str) -> None:
    environ = {name: "sk-of-someone", **OURS}
    for given in ({"base_url": "https://elsewhere.example/v1"}, {}):
        with pytest.raises(SettingsError, match="IMAGEGEN_TEAM_KEY") as raised:
            find_endpoint(options(api_key_env=name, **given), environ)
        assert "sk-of-someone" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com/v1",
        "ftp://api.example.com",
        "https://",
        "https:///v1",
        "http://[::1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://host:0/v1",
        "https://two words/v1",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_none_is_refused_where_it_stands(url: str) -> None:
    with pytest.raises(SettingsError, match="base_url is no http") as raised:
        find_endpoint(options(base_url=url), OURS)
    assert DEFAULT_BASE_URL in raised.value.hint
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL is no http"):
        find_endpoint(options(), {**OPENAI, "OPENAI_BASE_URL": url})


@pytest.mark.parametrize("key", ["sk-…", "sk-a b", "sk-a\nb", "sk-\x00", "schlüssel"])
def test_what_is_no_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(SettingsError, match="IMAGEGEN_API_KEY holds characters") as raised:
        find_endpoint(options(), {"IMAGEGEN_API_KEY": key})
    assert key not in str(raised.value)


def test_a_key_is_never_shown(host: MkDocsConfig, tmp_path: Path) -> None:
    environ = {"IMAGEGEN_API_KEY": KEY, "IMAGEGEN_BASE_URL": "https://i.example/v1"}
    endpoint = find_endpoint(options(), environ)
    assert KEY not in repr(endpoint)
    assert KEY not in repr(settings_of(host, environ))
    engine = make_engine(options(mode="generate"), loaded(tmp_path), environ)
    assert engine.endpoint == endpoint
    assert KEY not in repr(engine) + repr(engine.decide())


@pytest.mark.parametrize(
    ("environ", "given", "priced"),
    [
        ({}, {}, True),
        (OPENAI, {}, True),
        (OURS, {}, True),
        ({**OPENAI, "OPENAI_BASE_URL": "https://API.OpenAI.com/v1"}, {}, True),
        (NBILITY, {}, False),
        (NBILITY, {"price_as": "openai"}, True),
        ({}, {"base_url": "https://b.example"}, False),
        (OURS, {"base_url": "https://api.openai.com.evil.example"}, False),
        (OURS, {"base_url": "https://api.openai.com/v1"}, True),
    ],
)
def test_openais_prices_hold_for_its_host_alone(
    host: MkDocsConfig, environ: dict[str, str], given: dict[str, Any], priced: bool
) -> None:
    assert settings_of(host, environ, **given).priced is priced


@pytest.mark.parametrize("keys", [{}, NBILITY, OURS, OPENAI, {**NBILITY, **OURS}])
def test_the_model_is_the_same_whatever_keys_are_there(
    host: MkDocsConfig, keys: dict[str, str]
) -> None:
    assert settings_of(host, keys).model == "gpt-image-2"
    environ = {**keys, "NBILITY_IMAGE_MODEL": "nb-1"}
    assert settings_of(host, environ).model == "nb-1"
    assert settings_of(host, environ, base_url="https://b.example").model == "nb-1"
    assert settings_of(host, environ, model="gpt-image-2").model == "gpt-image-2"


def test_empty_variables_are_absent_and_line_breaks_at_the_end_are_cut(tmp_path: Path) -> None:
    environ = {"IMAGEGEN_API_KEY": "", "OPENAI_API_KEY": "sk-openai\n", "IMAGEGEN_MODE": "  "}
    assert read_environment(environ, tmp_path) == {"OPENAI_API_KEY": "sk-openai"}


def test_the_environment_wins_over_dotenv_which_stays_out_of_it(tmp_path: Path) -> None:
    dotenv = '\ufeffIMAGEGEN_API_KEY="sk-file" # mine\nexport IMAGEGEN_MODE=plan\nEMPTY=\nBARE\n'
    (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
    before = dict(os.environ)
    assert read_environment({"IMAGEGEN_MODE": "auto"}, tmp_path) == {
        "IMAGEGEN_API_KEY": "sk-file",
        "IMAGEGEN_MODE": "auto",
    }
    assert dict(os.environ) == before


def test_an_emptied_variable_hides_that_of_dotenv(tmp_path: Path) -> None:
    dotenv = "IMAGEGEN_API_KEY=sk-file\nIMAGEGEN_MODE=plan\nOPENAI_BASE_URL=https://o.example\n"
    (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
    emptied = {"IMAGEGEN_API_KEY": "", "IMAGEGEN_MODE": " ", "OPENAI_BASE_URL": ""}
    assert read_environment({**emptied, **OPENAI}, tmp_path) == OPENAI


def test_no_file_makes_a_machine_a_ci(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CI=true\nIMAGEGEN_API_KEY=sk-file\n", encoding="utf-8")
    assert not make_engine(options(), loaded(tmp_path), {}).decide().buys
    assert make_engine(options(), loaded(tmp_path), {"CI": "1"}).decide().buys


@pytest.mark.parametrize(
    ("dotenv", "outer", "mode"),
    [("1", "0", Mode.PLAN), ("1", "", Mode.PLAN), ("0", "1", Mode.PLAN), ("no", "off", Mode.AUTO)],
)
def test_a_dry_run_counts_from_either(tmp_path: Path, dotenv: str, outer: str, mode: Mode) -> None:
    (tmp_path / ".env").write_text(f"IMAGEGEN_DRY_RUN={dotenv}\n", encoding="utf-8")
    engine = make_engine(options(), loaded(tmp_path), {"IMAGEGEN_DRY_RUN": outer})
    assert engine.settings.mode is mode


def test_dotenv_gets_hold_of_no_other_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    line = "IMAGEGEN_BASE_URL=https://elsewhere.example/${OPENAI_API_KEY}\n"
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    assert KEY not in read_environment(os.environ, tmp_path)["IMAGEGEN_BASE_URL"]


@pytest.mark.parametrize("service", ["OPENAI", "NBILITY"])
def test_dotenv_cannot_send_a_services_key_elsewhere(tmp_path: Path, service: str) -> None:
    line = f"{service}_BASE_URL=https://elsewhere.example/v1\n"
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{service}_BASE_URL stands in .env") as raised:
        read_environment({f"{service}_API_KEY": KEY}, tmp_path)
    assert KEY not in str(raised.value)
    own_address = {f"{service}_API_KEY": KEY, f"{service}_BASE_URL": "https://mine.example"}
    assert read_environment(own_address, tmp_path) == own_address
    (tmp_path / ".env").write_text(f"{line}{service}_API_KEY=sk-file\n", encoding="utf-8")
    assert read_environment({}, tmp_path)[f"{service}_API_KEY"] == "sk-file"


def test_a_dotenv_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("IMAGEGEN_API_KEY=schlüssel".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env .* can't be read"):
        read_environment({}, tmp_path)


def test_what_the_host_knows_becomes_facts_of_the_site(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        site_name="Notes",
        site_description="On foxes",
        site_url="https://example.com/notes/",
        theme={"name": "material", "palette": {"primary": "teal", "accent": "Deep Orange"}},
    )
    config.site_url = "http://127.0.0.1:8000/"  # as `mkdocs serve` sets it
    facts = settings_of(config).site
    assert facts == SiteFacts(
        "Notes", "On foxes", "https://example.com/notes/", Palette("#009485", "#ff6e42")
    )


@pytest.mark.parametrize(
    ("palette", "colours"),
    [
        ([{"scheme": "slate", "primary": "red"}, {"primary": "blue"}], ("#ef5552", None)),
        ({"primary": "custom", "accent": "lime"}, (None, "#cbdc38")),
        ({"scheme": "slate"}, (None, None)),
        ([], (None, None)),
        (None, (None, None)),
        ("red", (None, None)),
    ],
)
def test_the_palette_is_the_themes_first_scheme(
    tmp_path: Path, palette: Any, colours: tuple[str | None, str | None]
) -> None:
    config = loaded(tmp_path, theme={"name": "mkdocs", "palette": palette})
    default = Palette()
    expected = Palette(colours[0] or default.primary, colours[1] or default.accent)
    assert settings_of(config).site.palette == expected


def test_paths_are_anchored_to_mkdocs_yml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = loaded(tmp_path / "site")
    (tmp_path / "site" / ".env").write_text("IMAGEGEN_API_KEY=sk-file", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert site_folder(config) == (tmp_path / "site").resolve()
    engine = make_engine(options(), config, {})
    assert engine.endpoint == Endpoint(DEFAULT_BASE_URL, "sk-file", "IMAGEGEN_API_KEY")


@pytest.mark.parametrize(
    ("ci", "buys"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)]
)
def test_ci_is_what_the_variable_says(tmp_path: Path, ci: str, buys: bool) -> None:
    engine = make_engine(options(), loaded(tmp_path), {"CI": ci, **OPENAI})
    assert engine.decide().buys is buys


def test_a_site_of_languages_that_came_from_stdin_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    with io.BytesIO(f"site_name: T\ndocs_dir: {tmp_path / 'docs'}\n".encode()) as stdin:
        config = load_config(stdin)
    with pytest.raises(SettingsError, match="came from stdin") as raised:
        config_file(config)
    assert "-f mkdocs.yml" in raised.value.hint
    there = loaded(tmp_path)
    assert config_file(there) == str(tmp_path / "mkdocs.yml")


def test_an_error_in_defaults_is_refused_early(tmp_path: Path) -> None:
    given = options(defaults=[{"match": "**", "styl": "ink"}])
    with pytest.raises(SettingsError, match=r"unknown key defaults\[0\]\.styl") as raised:
        make_engine(given, loaded(tmp_path), {})
    assert "style" in raised.value.hint


@pytest.mark.parametrize(
    ("given", "environ", "names"),
    [
        ({}, {}, "IMAGEGEN_API_KEY (or OPENAI_API_KEY)"),
        ({"api_key_env": "IMAGEGEN_TEAM_KEY"}, {}, "IMAGEGEN_TEAM_KEY (or OPENAI_API_KEY)"),
        ({"base_url": "https://a.example/v1"}, {}, "IMAGEGEN_API_KEY"),
        (
            {"base_url": "https://a.example/v1", "api_key_env": "IMAGEGEN_TEAM_KEY"},
            {"OPENAI_BASE_URL": "https://b.example/v1"},
            "IMAGEGEN_TEAM_KEY",
        ),
        ({}, {"IMAGEGEN_BASE_URL": "https://a.example/v1"}, "IMAGEGEN_API_KEY"),
        ({}, {"NBILITY_BASE_URL": "https://a.example/v1"}, "NBILITY_API_KEY"),
        ({}, {"OPENAI_BASE_URL": "https://a.example/v1"}, "OPENAI_API_KEY"),
    ],
)
def test_a_missing_key_is_named_by_the_variable_that_would_be_sent(
    given: dict[str, str], environ: dict[str, str], names: str
) -> None:
    chosen = options(**given)
    assert missing_key_names(chosen, environ) == names
    assert find_endpoint(chosen, environ) is None
    for name in re.findall(r"[A-Z_]+_KEY", names):
        found = find_endpoint(chosen, {**environ, name: KEY})
        assert found is not None
        named = [*environ.values(), DEFAULT_BASE_URL] if "base_url" not in given else []
        assert found.base_url == (given.get("base_url") or named[0])
