"""What every kind of server is asked and answers, through the real provider, over a real socket."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_imagegen.config import ImagegenConfig, find_endpoint
from mkdocs_imagegen.errors import ProviderError, RequestError, SettingsError
from mkdocs_imagegen.model import CoverRequest, Size
from mkdocs_imagegen.providers.openai import OpenAIProvider
from mkdocs_imagegen.providers.quirks import OPTIONAL, Quirks, refused_parameters
from mkdocs_imagegen.settings import Endpoint
from tests.imageserver import Fault, ImageServer, Picture, PictureUrl, Refuses
from tests.imageserver.profiles import Azure, Gateway, LiteLLM, LocalAI, Reseller, SdCpp

REQUEST = CoverRequest("generate", "gpt-image-2", "A red fox", Size(1536, 1024), "low")


def endpoint_of(server: ImageServer, base_url: str = "", **option: object) -> Endpoint:
    options = ImagegenConfig()
    options.load_dict({"endpoint": option})
    assert options.validate() == ([], [])
    environ = {
        "IMAGEGEN_API_KEY": server.api_key,
        "IMAGEGEN_BASE_URL": base_url or server.base_url,
    }
    found = find_endpoint(options, environ)
    assert found is not None
    return found


def provider_of(endpoint: Endpoint, quirks: Quirks | None = None) -> OpenAIProvider:
    return OpenAIProvider(endpoint, timeout_s=20, quirks=quirks)


def bought(server: Gateway, base_url: str = "", **option: object) -> tuple[bytes, set[str]]:
    """Buy one picture with one request, and return it with the names of what was sent."""
    answer = provider_of(endpoint_of(server, base_url, **option)).generate(REQUEST)
    assert len(server.paid_calls) == 1
    assert server.paid_calls[0].body == answer.sent
    return answer.picture, set(answer.sent)


MINIMAL = {"model", "prompt", "size", "quality", "n", "output_format"}


def test_azures_new_route_takes_a_deployment_for_a_model() -> None:
    with Azure() as server:
        endpoint = endpoint_of(server, server.v1_url, profile="azure")
        answer = provider_of(endpoint).generate(replace(REQUEST, model=server.deployment))
        assert answer.picture[:4] == b"RIFF"
        assert set(answer.sent) == MINIMAL
        assert len(server.calls) == len(server.paid_calls) == 1
        assert "authorization" not in server.calls[0].headers


def test_azures_old_route_names_the_model_and_the_version_in_its_address() -> None:
    with Azure() as server:
        picture, sent = bought(
            server,
            server.deployment_url,
            profile="azure",
            query={"api-version": server.api_version},
        )
        assert picture[:4] == b"RIFF"
        assert sent == MINIMAL - {"model"}
        assert server.calls[0].path.endswith("/images/generations?api-version=2025-04-01-preview")


def test_litellm_sends_png_whatever_is_asked_for() -> None:
    with LiteLLM() as server:
        picture, sent = bought(server, profile="litellm")
        assert picture[:4] == b"\x89PNG"
        assert sent == MINIMAL


def test_localai_is_asked_for_the_picture_itself() -> None:
    with LocalAI() as server:
        picture, sent = bought(server, profile="localai")
        assert picture[:4] == b"\x89PNG"
        assert sent == MINIMAL | {"response_format"}
        assert len(server.calls) == 1


def test_localai_without_its_profile_answers_by_address() -> None:
    with LocalAI() as server:
        picture, sent = bought(server)
        assert picture[:4] == b"\x89PNG"
        assert sent == MINIMAL
        assert "authorization" not in server.calls[1].headers


def test_a_prompt_that_localai_would_split_is_not_sent() -> None:
    piped = replace(REQUEST, prompt="A fox | a hare")
    with LocalAI() as server:
        provider = provider_of(endpoint_of(server, profile="localai"))
        with pytest.raises(RequestError, match="LocalAI") as raised:
            provider.generate(piped)
    assert not raised.value.maybe_billed
    assert server.calls == []


def test_stable_diffusion_cpp_takes_no_quality() -> None:
    with SdCpp() as server:
        picture, sent = bought(server, profile="sd-cpp")
        assert picture[:4] == b"\x89PNG"
        assert sent == MINIMAL - {"quality"}


@pytest.mark.parametrize("inline", [True, False])
def test_a_reseller_answers_with_addresses_or_data_uris(inline: bool) -> None:
    with Reseller(inline=inline) as server:
        picture, _ = bought(server)
        assert picture[:4] == b"\x89PNG"


def test_headers_and_query_reach_the_api_and_nobody_else() -> None:
    with ImageServer() as api:
        endpoint = endpoint_of(api, headers={"X-Team": "docs"}, query={"route": 7})
        api.script(PictureUrl())
        provider_of(endpoint).generate(REQUEST)
        asked, download = api.calls
        assert asked.headers["x-team"] == "docs"
        assert asked.path.endswith("?route=7")
        assert "x-team" not in download.headers
        assert "authorization" not in download.headers
        assert api.api_key not in json.dumps([download.path, dict(download.headers)])


def test_the_key_goes_into_the_header_that_is_named_for_it() -> None:
    with ImageServer() as api, pytest.raises(ProviderError):
        provider_of(endpoint_of(api, key_header="X-Key")).generate(REQUEST)
    assert api.calls[0].headers["x-key"] == api.api_key
    assert "authorization" not in api.calls[0].headers


DETAIL = {
    "detail": [
        {"loc": ["body", "output_format"], "msg": "Extra inputs are not permitted"},
        {"loc": ["body", "n"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"},
    ]
}
UNSUPPORTED = "gpt-x does not support parameters: ['background', 'quality'], for model=gpt-x"
SPOKEN = {
    "Unknown parameter: 'background'.": {"background"},
    'json: unknown field "output_format"': {"output_format"},
    "unexpected keyword argument 'moderation'": {"moderation"},
    "Unrecognized request argument supplied: n": {"n"},
    "Unsupported parameter(s): quality, n": {"quality", "n"},
    "quality is not supported by this model": {"quality"},
    "'output_format' is not permitted": {"output_format"},
    "`moderation`: not allowed": {"moderation"},
    UNSUPPORTED: {"background", "quality"},
    "Unknown parameter: 'model'.": set(),
    "prompt is not supported": set(),
    "The quality of your prompt is low": set(),
    "Rejected by moderation": set(),
    "": set(),
}


@pytest.mark.parametrize(("sentence", "names"), SPOKEN.items())
def test_a_refused_parameter_is_read_in_any_sentence(sentence: str, names: set[str]) -> None:
    for body in (sentence, {"error": sentence}, {"message": sentence}, {"detail": sentence}):
        assert refused_parameters(400, body) == names
    assert refused_parameters(500, sentence) == set()


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"code": "unknown_parameter", "param": "background", "message": "x"}, {"background"}),
        ({"code": "unknown_parameter", "param": "model", "message": "x"}, set()),
        ({"code": "unknown_parameter", "param": "size", "message": "x"}, set()),
        ({"code": "invalid_value", "param": "output_format", "message": "x"}, {"output_format"}),
        ({"code": "invalid_value", "param": "background", "message": "x"}, set()),
        ({"code": "invalid_value", "param": "quality", "message": "x"}, set()),
        ({"code": None, "param": "quality", "message": "Invalid value: 'x'."}, set()),
        ({"code": "moderation_blocked", "message": "moderation is not supported"}, set()),
        (DETAIL, {"output_format", "n"}),
        ({"detail": [{"loc": ["body", "prompt"], "msg": "Extra inputs are not permitted"}]}, set()),
        ({"detail": [{"loc": ["body", "quality"], "type": "literal_error", "msg": "x"}]}, set()),
        ({"detail": [None, 5, {}, {"loc": []}, {"loc": "body"}]}, set()),
        (None, set()),
        ([], set()),
        ({"param": ["n"], "message": 5}, set()),
        ({"code": [], "param": {}}, set()),
    ],
)
def test_a_refused_parameter_is_read_in_any_shape(body: object, names: set[str]) -> None:
    assert refused_parameters(400, body) == names
    assert refused_parameters(422, body) == names


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*SPOKEN, *OPTIONAL, "size"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "param", "code", "loc", "msg", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_is_answered_only_what_is_optional_is_left_out(body: object) -> None:
    assert refused_parameters(400, body) <= frozenset(OPTIONAL)


def test_a_refused_parameter_is_left_out_once_and_remembered(
    image_server: ImageServer, tmp_path: Path
) -> None:
    image_server.always = Refuses("output_format", Fault(422, DETAIL), Picture("png"))
    endpoint, file = endpoint_of(image_server), tmp_path / "endpoints.json"
    provider = provider_of(endpoint, Quirks(file))
    first = provider.generate(REQUEST)
    assert set(first.sent) == {"model", "prompt", "size", "quality"}  # both that were named
    assert (len(image_server.calls), len(image_server.paid_calls)) == (2, 1)
    provider.generate(REQUEST)
    provider_of(endpoint, Quirks(file)).generate(REQUEST)
    assert (len(image_server.calls), len(image_server.paid_calls)) == (4, 3)
    known = json.loads(file.read_text())["refused"]
    assert known == {provider.host: {"gpt-image-2": ["n", "output_format"]}}
    assert image_server.api_key not in file.read_text()
    provider_of(endpoint, Quirks(file)).generate(replace(REQUEST, model="gpt-image-1-mini"))
    assert len(image_server.calls) == 6  # another model may know it


def test_an_endpoint_that_goes_on_refusing_is_asked_twice(image_server: ImageServer) -> None:
    fault = Fault.openai(400, "unknown_parameter", "Unknown parameter", param="output_format")
    image_server.always = fault
    with pytest.raises(RequestError):
        provider_of(endpoint_of(image_server)).generate(REQUEST)
    assert len(image_server.calls) == 2


@pytest.mark.parametrize("param", ["model", "prompt", "size"])
def test_what_makes_the_picture_is_never_left_out(image_server: ImageServer, param: str) -> None:
    image_server.always = Refuses(param)
    with pytest.raises(RequestError):
        provider_of(endpoint_of(image_server)).generate(REQUEST)
    assert len(image_server.calls) == 1


def test_quality_is_left_out_only_where_no_price_depends_on_it(image_server: ImageServer) -> None:
    image_server.always = Refuses("quality")
    endpoint = endpoint_of(image_server)
    assert endpoint.may_drop_quality
    with pytest.raises(RequestError):
        provider_of(replace(endpoint, may_drop_quality=False)).generate(REQUEST)
    assert len(image_server.calls) == 1
    assert "quality" not in provider_of(endpoint).generate(REQUEST).sent


def test_many_threads_learn_it_at_once(image_server: ImageServer, tmp_path: Path) -> None:
    image_server.always = Refuses("output_format", then=Picture("png"))
    provider = provider_of(endpoint_of(image_server), Quirks(tmp_path / "endpoints.json"))
    start = threading.Barrier(4)

    def buy(n: int) -> None:
        if n < 4:
            start.wait()
        provider.generate(replace(REQUEST, prompt=f"Fox {n}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(buy, range(10)))
    assert len(image_server.paid_calls) == 10
    assert len(image_server.calls) <= 14


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"format": 2, "refused": {"h": {"m": ["n"]}}}',
        '{"format": 1}',
        '{"format": 1, "refused": {"h": 5, "i": {"m": 5}}}',
        '{"format": 1, "refused": {"h": {"m": ["model", "prompt", "size", 5, null, {}]}}}',
    ],
)
def test_garbage_in_the_file_is_nothing_known(text: str, tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(text)
    assert Quirks(file).refused("h", "m") == frozenset()
    Quirks(file).learn("h", "m", ["n"])
    assert Quirks(file).refused("h", "m") == {"n"}
    assert [path.name for path in tmp_path.iterdir()] == ["endpoints.json"]


@given(st.binary(max_size=200))
def test_any_bytes_in_the_file_are_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.mktemp("quirks") / "endpoints.json"
    file.write_bytes(data)
    assert Quirks(file).refused("h", "m") == frozenset()


def test_a_file_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    quirks = Quirks(tmp_path / "no" / "endpoints.json")
    quirks.learn("h", "m", ["n"])
    assert quirks.refused("h", "m") == {"n"}


def test_two_runs_learn_into_one_file(tmp_path: Path) -> None:
    one, other = Quirks(tmp_path / "q.json"), Quirks(tmp_path / "q.json")
    assert one.refused("h", "m") == other.refused("h", "m") == frozenset()
    one.learn("h", "m", ["n"])
    other.learn("h", "m", ["background"])
    assert Quirks(tmp_path / "q.json").refused("h", "m") == {"n", "background"}


ENVIRON = {"IMAGEGEN_API_KEY": "sk-very-secret-key", "CI_JOB_TOKEN": "glcbt-64_secret"}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"profil": "azure"}, "there is nothing named profil"),
        ({"profile": "aws"}, "profile: 'aws' is not known"),
        ({"profile": ["azure"]}, "profile: ['azure'] is not known"),
        ({"key_header": "Host"}, "key_header: 'Host' can carry no key"),
        ({"key_header": "a b"}, "can carry no key"),
        ({"response_format": "png"}, "response_format: 'png' is not known"),
        ({"headers": ["X-Team"]}, "headers is no mapping"),
        ({"headers": {"Authorization": "x"}}, "headers: Authorization can't be set here"),
        ({"headers": {"api-key": "x"}, "profile": "azure"}, "headers: api-key can't be set"),
        ({"headers": {"Content-Length": "5"}}, "can't be set here"),
        ({"headers": {"X Team": "x"}}, "'X Team' is no header's name"),
        ({"headers": {"X-Team": "a\nHost: b"}}, "headers: X-Team holds characters"),
        ({"headers": {"X-Team": "ü"}}, "headers: X-Team holds characters"),
        ({"headers": {"X-Team": {}}}, "headers: X-Team has no text"),
        ({"headers": {"X-Team": None}}, "headers: X-Team has no text"),
        ({"headers": {"X": "Bearer sk-very-secret-key"}}, "X holds the value of IMAGEGEN_API_KEY"),
        ({"query": {"t": "glcbt-64_secret"}}, "query: t holds the value of CI_JOB_TOKEN"),
        ({"drop": ["model"]}, "drop: 'model' can't be left out"),
        ({"drop": "prompt"}, "drop: 'prompt' can't be left out"),
        ({"drop": [{}]}, "drop: {} can't be left out"),
    ],
)
def test_an_option_that_cannot_be_is_told(option: dict[str, object], told: str) -> None:
    options = ImagegenConfig()
    options.load_dict({"endpoint": option})
    options.validate()
    for environ in (ENVIRON, {"CI_JOB_TOKEN": "glcbt-64_secret"}):
        if "IMAGEGEN_API_KEY" in told and environ is not ENVIRON:
            continue
        with pytest.raises(SettingsError) as raised:
            find_endpoint(options, environ)
        assert told in raised.value.message
        assert raised.value.hint
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize("profile", ["localai", "openai"])
def test_response_format_is_never_sent_to_openai(profile: str) -> None:
    options = ImagegenConfig()
    options.load_dict({"endpoint": {"profile": profile, "response_format": "b64_json"}})
    options.validate()
    with pytest.raises(SettingsError, match=r"api\.openai\.com refuses it"):
        find_endpoint(options, {"OPENAI_API_KEY": "sk-x"})


def test_quality_is_not_dropped_where_it_makes_the_price() -> None:
    options = ImagegenConfig()
    options.load_dict({"endpoint": {"profile": "sd-cpp"}, "price_as": "openai"})
    options.validate()
    environ = {"IMAGEGEN_API_KEY": "x", "IMAGEGEN_BASE_URL": "http://127.0.0.1:1/v1"}
    with pytest.raises(SettingsError, match="nobody knows what a picture costs"):
        find_endpoint(options, environ)


def test_an_unquoted_api_version_is_the_date_that_was_written(image_server: ImageServer) -> None:
    endpoint = endpoint_of(image_server, query={"api-version": date(2025, 4, 1)})
    assert endpoint.query == {"api-version": "2025-04-01"}
