"""Any bytes become a value: by Content-Type, then by look, else as text with the reason."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.decode import Decoded, decode
from gateway.decode.jsontext import deeper_than
from gateway.model import Request
from tests.cost import bytes_of, seconds_of

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


def decoded(body: bytes, content_type: str = "", query: dict | None = None, **headers: str) -> Decoded:
    """Decode a request with these parts."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type:
        named["content-type"] = content_type
    return decode(Request(headers=named, query=query or {}, body=body), body)


@pytest.mark.parametrize(
    ("body", "content_type", "value", "kind"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}, "json"),
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}, "json"),
        (b'{"a": 1}', "application/vnd.api+json", {"a": 1}, "json"),
        (b'{"a": 1}', "text/plain; charset=UTF-8", {"a": 1}, "json"),
        (b'{"a": 1}', "", {"a": 1}, "json"),
        (b' [1, {"a": null}]', FORM, [1, {"a": None}], "json"),
        (b'{"a": 1}', "application/xml", {"a": 1}, "json"),
        (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}, "json"),
        (b"42", "application/json", 42, "json"),
        (b"null", "application/json", None, "json"),
        (b'{"a": 1, "a": 2}', "application/json", {"a": 2}, "json"),
        (b'{"a": "\\ud83d"}', "application/json", {"a": "\ufffd"}, "json"),
        ('{"a": "é"}'.encode("latin-1"), "application/json; charset=iso-8859-1", {"a": "é"}, "json"),
        ('{"a": "é"}'.encode("utf-16"), "application/json; charset=utf-16", {"a": "é"}, "json"),
        (b"a=1&b=x+y&b=%C3%A9&c=", FORM, {"a": "1", "b": ["x y", "é"], "c": ""}, "form"),
        (b"a=1&b=2", "", {"a": "1", "b": "2"}, "form"),
        (b"a=1", "application/json", {"a": "1"}, "form"),
        (b"payload=%7B%22a%22%3A1%7D", FORM, {"a": 1}, "form"),
        (b"payload=%7B%22a%22%3A1%7D&token=t", FORM, {"a": 1, "form": {"token": "t"}}, "form"),
        (b"payload=%7B%22form%22%3A1%7D&token=t", FORM, {"form": 1}, "form"),
        (b"rawRequest=%5B1%5D&x=2", FORM, [1], "form"),
        (b"payload=plain", FORM, {"payload": "plain"}, "form"),
        (b"payload=%7B%7D&json=%5B%5D", FORM, {"payload": "{}", "json": "[]"}, "form"),
        (b"<a x='1'><b>c</b><b>d</b></a>", "text/xml", {"a": {"@x": "1", "b": ["c", "d"]}}, "xml"),
        (b"<?xml version='1.0'?><a>b</a>", "text/plain", {"a": "b"}, "xml"),
        (b"<a/>", "application/soap+xml", {"a": ""}, "xml"),
        (b"disk full", "text/plain", {"text": "disk full"}, "text"),
        (b"[ERROR] disk = full", "text/plain", {"text": "[ERROR] disk = full"}, "text"),
        (b"<p>hi</p>", "text/html", {"text": "<p>hi</p>"}, "text"),
        (b"disk full", "", {"text": "disk full"}, "text"),
        (b"a=1", "text/plain", {"text": "a=1"}, "text"),
    ],
)
def test_bodies(body, content_type, value, kind):
    """The declared type leads, the look of the body corrects it, and what is neither is text without fault."""
    assert decoded(body, content_type) == Decoded(value, kind)


@pytest.mark.parametrize(
    ("body", "content_type", "fault"),
    [
        (b'{"a": 1,\n "b": ?}', "application/json", "line 2, column 7"),
        (b'{"a": NaN}', "application/json", "line 1, column 7"),
        (b'{"a": 1e999}', "application/json", "out of range"),
        (b'{"a": ', "", "not JSON"),
        (b"<a><b></a>", "application/xml", "line 1, column"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "text/xml", "document type"),
        (b"<?xml version='1.0' encoding='nonsense'?><a/>", "text/xml", "not XML"),
        (b"--YY\r\n", MULTIPART, "boundary"),
        (b"--XX\r\n\r\nnameless\r\n--XX--", MULTIPART, "no part has a name"),
        (b"&".join(b"a=1" for _ in range(1001)), FORM, "more than 1000 fields"),
        (b"[" + b"1," * 300_000, "application/json", "not JSON"),  # it is read once: its values are not counted twice
        (b"[" * 65 + b"]" * 65, "application/json", "deeper than 64"),
        (b"[" * 65 + b"]" * 65, "text/plain", "deeper than 64"),
        (b"[" * 100_000, "application/json", "deeper than 64"),
        (b"<a>" * 65 + b"</a>" * 65, "text/xml", "deeper than 64"),
        (b"\xff\xfe\x00", "application/json", "not JSON"),
    ],
)
def test_faults(body, content_type, fault):
    """What cannot be parsed is text, and the fault says what is wrong and where."""
    found = decoded(body, content_type)
    assert found.kind == "text"
    assert found.value == {"text": body.decode("utf-8", "replace")}
    assert fault in found.fault


def test_depth_64_is_allowed():
    """The limit itself is no fault."""
    assert decoded(b"[" * 64 + b"]" * 64, "application/json").kind == "json"
    assert decoded(b'{"a":' * 64 + b"1" + b"}" * 64, "application/json").kind == "json"


def test_multipart_with_a_file():
    """Fields are text, files are described but not read, and one JSON field is the event."""
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{"content": "hi"}\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89\x00\r\n--XX--\r\n"
    )
    described = {"filename": "a.png", "content_type": "image/png", "size": 2}
    assert decoded(body, MULTIPART) == Decoded({"content": "hi", "form": {"f": described}}, "multipart")
    assert decoded(body).kind == "multipart"


def test_query():
    """A request without a body is its query, in which JSON values are decoded."""
    found = decoded(b"", query={"a": "1", "payload": '{"b": [2]}', "c": "{no"})
    assert found == Decoded({"a": "1", "payload": {"b": [2]}, "c": "{no"}, "query")
    assert decoded(b" \r\n", "application/json") == Decoded({}, "query")


def test_an_empty_object_beside_a_query_is_the_query():
    """Some senders tell everything in the query, and send a body because they have to."""
    assert decoded(b"{}", "application/json", {"a": "1"}) == Decoded({"a": "1"}, "query")
    assert decoded(b"{}", "application/json") == Decoded({}, "json")
    assert decoded(b'{"b":0}', "application/json", {"a": "1"}) == Decoded({"b": 0}, "json")


EVENT = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}


def test_cloudevents_structured_and_batch():
    """Structured events and batches keep their envelope; base64 data is decoded by its content type."""
    encoded = base64.b64encode(b'{"x": 1}').decode()
    event = {**EVENT, "datacontenttype": "application/json", "data_base64": encoded}
    opened = {**EVENT, "datacontenttype": "application/json", "data": {"x": 1}}
    assert decoded(json.dumps(event).encode(), "application/cloudevents+json; charset=utf-8") == Decoded(
        opened, "cloudevents"
    )
    batch = decoded(json.dumps([event, EVENT]).encode(), "application/cloudevents-batch+json")
    assert batch == Decoded([opened, EVENT], "cloudevents")


def test_cloudevents_binary():
    """Attributes come from ce- headers, percent-decoded; the body is decoded into data."""
    attributes = {"ce_specversion": "1.0", "ce_type": "t", "ce_source": '"/s"', "ce_id": "%E2%82%AC"}
    envelope = {"specversion": "1.0", "type": "t", "source": "/s", "id": "€"}
    assert decoded(b'{"x": 1}', "application/json", **attributes) == Decoded(
        {**envelope, "datacontenttype": "application/json", "data": {"x": 1}}, "cloudevents"
    )
    plain = decoded(b"hello", "text/plain", **attributes)
    assert plain.value["data"] == "hello"
    assert decoded(b"", **attributes) == Decoded(envelope, "cloudevents")


@pytest.mark.parametrize(
    ("body", "fault"), [(b"{", "not JSON"), (b"3", "not a CloudEvent"), (b"[3]", "[0]: not a CloudEvent")]
)
def test_cloudevents_faults(body, fault):
    """A broken envelope is kept with its fault."""
    assert fault in decoded(body, "application/cloudevents+json").fault


TYPES = [
    "",
    "application/json",
    "text/xml",
    FORM,
    MULTIPART,
    "text/plain",
    "application/cloudevents+json",
    "a/b; charset=utf-16",
]
HOSTILE = st.one_of(
    st.binary(),
    st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"[",
                b'"a":',
                b"]",
                b"}",
                b"<a>",
                b"</a>",
                b"--XX\r\n",
                b"\r\n\r\n",
                b"payload=",
                b"%7B",
                b"&",
                b"\\u",
            ]
        )
    ).map(b"".join),
)


@given(
    HOSTILE,
    st.one_of(st.sampled_from(TYPES), st.text()),
    st.dictionaries(st.text(), st.text()),
    st.integers(2, 8),
    st.booleans(),
)
def test_hostile_requests(body, content_type, query, depth, binary):
    """No bytes, headers or query make decoding fail or nest deeper than allowed."""
    headers = {"content-type": content_type, **({"ce-specversion": content_type} if binary else {})}
    found = decode(Request(headers=headers, query=query, body=body), body, depth)
    assert not deeper_than(found.value, depth)
    assert found.kind in {"json", "form", "multipart", "xml", "text", "query", "cloudevents"}


BIG = {
    "json": ("application/json", b"[" + b"[]," * 300_000 + b"0]"),
    "xml": ("text/xml", b"<a>" + b"<b/>" * 300_000 + b"</a>"),
    "form": ("application/x-www-form-urlencoded", b"a=1&" * 300_000),
    "multipart": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: a; name=b\r\n\r\n" * 2000),
    "parameters": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: a" + b"; n=1" * 300_000),
    "nested": ("application/x-www-form-urlencoded", b"payload=[" + b"[]," * 300_000 + b"0]"),
}


@pytest.mark.parametrize("name", BIG)
def test_what_exceeds_a_bound_is_text_with_a_fault(name):
    """An authentic sender is never refused for it, and what a few bytes hold costs little."""
    content_type, body = BIG[name]
    request = Request(headers={"content-type": content_type}, body=b"few bytes on the wire")
    found = decode(request, body)
    if name == "nested":  # the field stays a text
        assert isinstance(found.value["payload"], str)
    else:
        assert (found.kind, bool(found.fault)) == ("text", True)
    assert seconds_of(lambda: decode(request, body)) < 0.1
    assert bytes_of(lambda: decode(request, body)) < 3 * len(body) + 6_000_000


def test_a_large_payload_of_a_real_sender_is_read():
    """5 MB of alerts as Alertmanager writes them stay far below the bounds, compressed as well."""
    alert = {"status": "firing", "labels": {"alertname": "Disk", "host": "db1"}, "annotations": {"summary": "x" * 60}}
    body = json.dumps({"alerts": [alert | {"fingerprint": str(number)} for number in range(30_000)]}).encode()
    request = Request(headers={"content-type": "application/json"}, body=body[: len(body) // 30])
    assert decode(request, body).kind == "json"
