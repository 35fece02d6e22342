"""The first draft of a service: it can be used as it is, takes its own request, and shows what that says."""

import keyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog import yamlfile
from gateway.catalog.kinds import Text
from gateway.catalog.metaschema import meta_schema
from gateway.catalog.scaffold import infer, scaffold
from gateway.catalog.schema import Schema
from gateway.catalog.translator import Translator, context
from gateway.language.lint import METHODS
from gateway.language.template import Engine
from gateway.mattermost.payload import Attachment
from gateway.model import JSON, Request

WORDS = [*keyword.kwlist, *METHODS, *"payload request loop self true none title url status user message id".split()]
KEYS = st.sampled_from(WORDS) | st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=5)


def documents(headers: dict[str, str], body: JSON) -> dict[str, Any]:
    """The drafted documents by kind, each after a check against its meta-schema."""
    texts = scaffold("acme-build", headers, body)
    kinds = {"service.yaml": "service", "event.yaml": "translator", "samples/event.usual.yaml": "sample"}
    found = {kind: yamlfile.load(texts[name], name) for name, kind in kinds.items()}
    for kind, document in found.items():
        meta_schema(kind)[1].validate(document)
    return found


def shown(body: JSON) -> Attachment:
    """What the drafted translator makes of the body that it was drafted from."""
    document = documents({}, body)["translator"]
    source = Text("own/event", yamlfile.dump(document), "event.yaml")
    translator = Translator(source, document, Engine())
    assert not translator.faults
    assert translator.schema.matches(body)
    return translator.draft(context(body, Request(), "")).message.attachments[0]


@settings(max_examples=30, deadline=None)
@given(BODIES)
def test_a_draft_can_be_used_as_it_is(body: JSON) -> None:
    """Whatever the keys are called, the documents have no fault, and the translator takes the request."""
    assert shown(body).title


@pytest.mark.parametrize("key", sorted({*WORDS, "a_b", "größe"} - {"status"}))
def test_every_value_that_is_named_is_shown(key: str) -> None:
    """A key that is a word of the templates, or called as a method, gives its value and no other."""
    inner = shown({"data": {key: "v123"}})
    assert "v123" in str(inner), key
    assert "v123" in str(shown({key: "v123"})), key


def test_the_likeliest_keys_have_their_places() -> None:
    """A title, link, state, author and text are found by their names; a few of the other values become fields."""
    body = {
        "build": {"title": "Nightly", "status": "failed", "url": "https://x.example/1"},
        "author": "ann",
        "message": "It broke.",
        **{f"n{index}": index for index in range(9)},
        "long": "x" * 61,
        "nothing": None,
    }
    found = shown(body)
    assert (found.title, found.title_link, found.color) == ("Nightly", "https://x.example/1", "danger")
    assert (found.author_name, found.text) == ("ann", "It broke.")
    assert [(field.title, field.value) for field in found.fields] == [(f"N{index}", str(index)) for index in range(6)]


def test_headers_say_how_the_service_works() -> None:
    """Event, delivery id and signature are known by the names of their headers; what says nothing is left out."""
    headers = {"X-Acme-Event": "build", "X-Acme-Delivery": "1", "X-Acme-Signature": "sha256=00", "Host": "x.example"}
    found = documents(headers, {"action": "done", "event": 7})
    service, request = found["service"], found["sample"]["request"]
    assert service["name"] == "Acme Build"
    assert service["event"] == [{"header": "X-Acme-Event"}, {"json": "action"}]
    assert service["delivery_id"] == [{"header": "X-Acme-Delivery"}]
    assert service["verify"] == [{"hmac": "sha256", "header": "X-Acme-Signature"}]
    assert "Host" not in request["headers"]
    assert request["body"] == {"action": "done", "event": 7}


def test_texts_that_look_like_numbers_stay_texts() -> None:
    """A commit such as 123e4567 is no number in any version of YAML that reads the draft."""
    draft = scaffold("acme", {"X-Event": "1e3"}, {"commit": "123e4567"})
    request = yamlfile.load(draft["samples/event.usual.yaml"], "sample")["request"]
    assert (request["headers"], request["body"]) == ({"X-Event": "1e3"}, {"commit": "123e4567"})


def test_without_a_name_every_event_is_meant() -> None:
    """A request that names no event is spoken for by a translator of the event without a name."""
    assert documents({}, {"a": 1})["translator"]["events"] == [""]
    assert documents({}, {"type": "x"})["translator"]["events"] == ["*"]


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_the_inferred_schema_holds(body: JSON) -> None:
    """A schema is made of what is there, so the value matches; one with other types at the top does not."""
    schema = Schema(infer(body))
    assert schema.matches(body)
    for key, value in body.items():
        assert value is None or not schema.matches({**body, key: [] if not isinstance(value, list) else {}})


def test_elements_are_described_by_what_they_have_in_common() -> None:
    """A type that differs, or is null in some, is left open; keys that only some have are described."""
    items = infer([[{"x": 1, "y": "a", "z": 1}, {"x": 1.5, "y": "b", "w": None}, {"z": None}]])["items"]["items"]
    assert items == {"type": "object", "properties": {"x": {}, "y": {"type": "string"}, "z": {}}}


def test_what_is_deep_is_not_described() -> None:
    """A schema of a few levels is enough to begin with; keys below the top may be absent, null says nothing."""
    found = infer({"a": {"b": {"c": {"d": {"e": 1}}}}, "n": None, "l": [{"x": 1.5}, 7], "empty": []})
    assert found["required"] == ["a", "l", "empty"]
    assert found["properties"]["l"] == {"type": "array"}
    assert found["properties"]["empty"] == {"type": "array"}
    deepest = found["properties"]["a"]["properties"]["b"]["properties"]["c"]["properties"]["d"]
    assert deepest == {"type": "object"}
