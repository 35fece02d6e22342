"""Samples: read, written, executed, and told how they differ."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog import catalog, yamlfile
from gateway.errors import CatalogError, Refused
from gateway.model import Outcome, Request
from gateway.pipeline import sample, samplefile
from gateway.pipeline.interpret import Wishes
from gateway.pipeline.sample import Expectation, Sample, SampleRequest, differences
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
    written = sample.document(sample.Sample(taken, sample.Expectation(Outcome.MESSAGE)))
    read = yamlfile.load(written, "a sample")
    assert read["request"].get("body", "") == taken.body
    if isinstance(body, dict):
        assert taken.body == body


def test_a_binary_body_is_no_sample():
    """A sample holds text: bytes that are none are refused, not bent."""
    with pytest.raises(ValueError, match="not text"):
        sample.taken(Request(body=b"\xff"))


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=3) | st.text(), st.sampled_from(["POST", "GET"]))
def test_what_is_written_is_read_again(tmp_path_factory, body, method):
    """A document that was made of a request loads as the same sample; a plain POST is not written out."""
    path = tmp_path_factory.getbasetemp() / "again.yaml"
    made = Sample(
        SampleRequest(method, {"x-a": "1"}, {}, body),
        Expectation(Outcome.MESSAGE, "a/b", subject="s", messages=[{"text": "t"}]),
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


def test_what_becomes_of_a_sample(items):
    """Outcome, translator, event, subject and messages, in the words of an expectation."""
    found = sample.outcome(
        Sample(SampleRequest(body={"kind": "item", "box": "a", "number": 1}), Expectation(Outcome.MESSAGE)), items
    )
    assert found == Expectation(Outcome.MESSAGE, "items/item", "item", "a", [{"text": "a 1", "username": "Items"}])


def test_what_cannot_be_inflated_is_refused(items):
    """A compressed body is read; a broken one is the sender's fault, and an expectation may say so."""
    body = b'{"kind": "item", "box": "a", "number": 1}'
    packed = Request(headers={"content-encoding": "gzip"}, body=gzip.compress(body))
    assert sample.read(items, packed).outcome is Outcome.MESSAGE
    with pytest.raises(Refused):
        sample.read(items, Request(headers={"content-encoding": "gzip"}, body=b"x"))
    with pytest.raises(Refused):
        sample.read(items, Request(body=b'{"kind": "other"}'), Wishes(strict=True))
    assert sample.outcome(
        Sample(SampleRequest(headers={"content-encoding": "gzip"}, body="x"), Expectation(Outcome.REFUSED)), items
    ) == Expectation(Outcome.REFUSED)


BASE = Expectation(Outcome.MESSAGE, "a/b", "e", "s", [{"text": "t", "fields": [1, 2]}])


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (BASE, []),
        (Expectation(Outcome.MESSAGE), []),
        (Expectation(Outcome.IGNORED, subject="x"), [
            f"expect.outcome: expected {Outcome.IGNORED!r}, got {Outcome.MESSAGE!r}",
            "expect.subject: expected 'x', got 's'",
        ]),
        (Expectation(Outcome.MESSAGE, messages=[{"text": "u", "fields": [1, 3]}]), [
            "expect.messages[0].text: expected 'u', got 't'", "expect.messages[0].fields[1]: expected 3, got 2",
        ]),
        (Expectation(Outcome.MESSAGE, messages=[{"text": "t", "color": "red"}]), [
            "expect.messages[0].color: expected 'red', got nothing",
            "expect.messages[0].fields: expected nothing, got [1, 2]",
        ]),
        (Expectation(Outcome.MESSAGE, messages=[{"text": "t", "fields": [1, 2], "color": "nothing"}]), [
            "expect.messages[0].color: expected 'nothing', got nothing",
        ]),
        (Expectation(Outcome.MESSAGE, messages=[]), [
            "expect.messages: expected [], got [{'text': 't', 'fields': [1, 2]}]",
        ]),
    ],
)  # fmt: skip
def test_every_part_that_differs_is_told(expected, lines):
    """Its path, what was expected and what came; absent parts of an expectation are not looked at."""
    assert differences(expected, BASE) == lines


@given(st.text(min_size=1), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_two_texts_that_differ_never_look_the_same(same, one, other, after):
    """Of long texts that part is shown from which on they differ, and not much of it."""
    first, second = same * 90 + one + after, same * 90 + other + after
    lines = differences(Expectation(Outcome.MESSAGE, subject=first), Expectation(Outcome.MESSAGE, subject=second))
    assert bool(lines) is (first != second)
    for line in lines:
        shown = line.removeprefix("expect.subject: expected ")
        half = shown[: (len(shown) - len(", got ")) // 2]
        assert shown != f"{half}, got {half}"
        assert len(shown) < 2000


def test_a_difference_at_the_end_of_a_long_text_is_shown():
    """Also where one text is the beginning of the other."""
    [line] = differences(
        Expectation(Outcome.MESSAGE, subject="a" * 300), Expectation(Outcome.MESSAGE, subject="a" * 300 + "!")
    )
    assert line == f"expect.subject: expected …{'a' * 50!r}, got …{'a' * 50 + '!'!r}"


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
    assert samplefile.run(known.services["items"], files[1]) == ["expect.messages[0].text: expected 'a 2', got 'a 1'"]
    assert samplefile.run(known.services["items"], files[0]) == []
    files[0].write_text("x")
    with pytest.raises(CatalogError, match=r"good\.yaml:1"):
        samplefile.run(known.services["items"], files[0])
