"""Samples: read, written, executed, and told how they differ."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog import catalog, yamlfile
from gateway.errors import CatalogError, Refused
from gateway.model import Outcome, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.expectation import Expectation
from gateway.pipeline.interpret import Wishes
from gateway.pipeline.sample import Sample, SampleRequest
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
GOOD = "request: {body: {kind: item}}\nexpect: {outcome: message}\n"


@pytest.fixture
def items(tmp_path):
    """Give the service `items`."""
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "service.yaml").write_text(ITEMS_SERVICE)
    (tmp_path / "items" / "item.yaml").write_text(ITEMS_TRANSLATOR)
    return catalog.load([tmp_path]).services["items"]


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=3) | st.text())
def test_a_sample_document_says_what_was_received(body):
    """A request kept as a sample reads back as the same request, whatever text is in it."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    taken = sample.taken(Request("PUT", {"x-event": "e", "host": "h", "x-sig": "s"}, {"q": "1"}, raw), {"x-sig"})
    assert (taken.method, taken.headers, taken.query) == ("PUT", {"x-event": "e"}, {"q": "1"})
    written = sample.document(Sample(request=taken, expect=Expectation("message")))
    read = yamlfile.load(written, "a sample")
    assert read["request"].get("body", "") == taken.body
    if isinstance(body, dict):
        assert taken.body == body


def test_a_body_that_is_no_text_is_written_in_base64(tmp_path):
    """Bytes come back as they were."""
    kept = sample.taken(Request(body=b"\xff\x00"))
    one = Sample(request=kept, expect=Expectation("message"))
    read = sample.parse(sample.document(one), "a sample")
    assert (read, sample.as_request(read.request).body) == (one, b"\xff\x00")


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=3) | st.text(), st.sampled_from(["POST", "GET"]))
def test_what_is_written_is_read_again(tmp_path_factory, body, method):
    """A document that was made of a request loads as the same sample; a plain POST is not written out."""
    path = tmp_path_factory.getbasetemp() / "again.yaml"
    made = Sample(
        secret="s",
        sign=0,
        signed_with="t",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        request=SampleRequest(method, {"x-a": "1"}, {}, body),
        expect=Expectation("message", translator="a/b", subject="s", messages=[{"text": "t"}]),
    )
    path.write_text(sample.document(made), "utf-8", newline="")
    assert samplefile.load(path) == made
    assert ("method" in yamlfile.load(path.read_text("utf-8"), "")["request"]) is (method == "GET")


@pytest.mark.parametrize(
    ("written", "sent", "content_type"),
    [
        ({"a": [1]}, b'{"a":[1]}', "application/json"),
        ([1], b"[1]", "application/json"),
        ("a=b", b"a=b", None),
        ("", b"", None),
        ("grüße", "grüße".encode(), None),
    ],
)
def test_a_request_is_sent_as_it_is_written(written, sent, content_type):
    """JSON says that it is JSON, unless the sample says otherwise; header names are in lower case."""
    request = sample.as_request(SampleRequest("PUT", {"X-Event": "e"}, {"q": "1"}, written))
    assert (request.method, request.query, request.body, request.headers["x-event"]) == ("PUT", {"q": "1"}, sent, "e")
    assert request.headers.get("content-type") == content_type
    own = sample.as_request(SampleRequest(headers={"Content-Type": "application/vnd.a+json"}, body={}))
    assert own.headers == {"content-type": "application/vnd.a+json"}


def test_headers_of_the_transport_are_no_part_of_a_sample():
    """How a request came says nothing about what it says."""
    headers = {"host": "h", "content-length": "2", "x-forwarded-for": "1.2.3.4", "user-agent": "u", "content-type": "c"}
    assert sample.taken(Request(headers=headers, body=b"{}")).headers == {"content-type": "c"}


def test_a_body_that_nests_too_deeply_to_be_read_stays_text():
    """It is what was sent."""
    assert sample.taken(Request(body=b"[" * 100_000)).body == "[" * 100_000


def test_what_cannot_be_inflated_is_refused(items):
    """A compressed body is read; a broken one is the sender's fault, and an expectation may say so."""
    body = b'{"kind": "item", "box": "a", "number": 1}'
    packed = Request(headers={"content-encoding": "gzip"}, body=gzip.compress(body))
    assert sample.read(items, packed).outcome is Outcome.MESSAGE
    with pytest.raises(Refused):
        sample.read(items, Request(headers={"content-encoding": "gzip"}, body=b"x"))
    with pytest.raises(Refused):
        sample.read(items, Request(body=b'{"kind": "other"}'), Wishes(strict=True))


def test_samples_are_run(items, tmp_path):
    """A file has its differences; one that is no sample is refused with its place."""
    files = []
    for name, number in (("good", "1"), ("bad", "2")):
        files.append(tmp_path / f"{name}.yaml")
        body = json.dumps({"kind": "item", "box": "a", "number": 1})
        files[-1].write_text(
            f"request: {{body: {body}}}\n"
            f"expect: {{outcome: message, messages: [{{text: a {number}, username: Items}}]}}\n"
        )
    known = catalog.load([tmp_path])
    assert samplefile.run(known.services["items"], files[1]) == ['expect.messages[0].text: expected "a 2", got "a 1"']
    assert samplefile.run(known.services["items"], files[0]) == []
    files[0].write_text("x")
    with pytest.raises(CatalogError, match=r"good\.yaml:1"):
        samplefile.run(known.services["items"], files[0])
