"""The events in requests that were sent, and the handshakes among them."""

import json

import pytest

from gateway.catalog.build import build
from gateway.catalog.draft_names import Seen
from gateway.catalog.draft_sent import by_known, by_strangers, payloads_told, steps_into, unwrapped, within
from gateway.catalog.kinds import Text
from gateway.decode.unwrap import parse_unwrap
from gateway.language.template import Engine
from gateway.model import Request
from tests.verify.test_keys import sns

URL = "https://sns.eu-west-1.amazonaws.com/?Token=t"
CONFIRMATION = sns(Type="SubscriptionConfirmation", Token="t", SubscribeURL=URL)


def test_a_broken_body_is_told():
    """With the number of its request, since it is drafted as plain text."""
    read = by_strangers([Request(body=b'{"a": 1}'), Request(body=b"<a><b></a>")])
    assert [one.value for one in read.events] == [{"a": 1}, {"text": "<a><b></a>"}]
    [note] = read.notes
    assert note.startswith("the body of request 2 is broken, and drafted as plain text: not XML: mismatched tag")


@pytest.mark.parametrize(
    ("request_", "note", "is_event"),
    [
        (Request(body=b"null"), "request 1 is left out: nothing is in its body but null", False),
        (Request(headers={"content-type": "application/json"}, body=b"null"), "nothing is in its body but null", False),
        (Request(body=b"[]"), "nothing is in its body but []", False),
        (Request(), "request 1 has neither body nor query, and is left out", False),
        (Request("HEAD", {}, {"a": "1"}), "request 1 has neither body nor query", False),
        (
            Request(body=b"\x93\x01\xff" * 20),
            "request 1 is neither JSON, XML nor a form, and no text",
            True,
        ),
        (Request(headers={"content-type": "application/json"}, body=b"7"), "is no object but 7", True),
        (Request(body="Größe\n\tok".encode()), "", True),
    ],
)
def test_what_tells_nothing_is_told(request_, note, is_event):
    """Each request is an event, or a line says why not; what is no text is drafted as if it were one."""
    read = by_strangers([request_])
    assert bool(read.events) is is_event
    assert note in "; ".join(read.notes)
    assert bool(note) is bool(read.notes)


def test_the_confirmation_of_an_envelope_is_a_handshake():
    """Its rule is known, whether it was seen or not."""
    read = by_strangers([CONFIRMATION, sns()])
    assert ([one.request for one in read.events], read.answered) == ([sns()], 1)
    assert read.handshakes == by_strangers([sns()]).handshakes != []
    assert steps_into(read.events, read.envelope) == [{"json": "Message"}]
    assert steps_into(by_strangers([sns(Message="Disk full")]).events, read.envelope) == []


@pytest.mark.parametrize(
    "rule",
    [
        "when: {json: {type: hello}}\n    reply: {body: hi}",
        "when: {json: {type: hello}, signed: true}\n    reply: {body: hi}",
        "when: {json: {type: hello}, secret: true}\n    reply: {body: hi}",
        "when: {json: {type: hello}}\n    take: {json: key}\n    effect: store\n    reply: {body: hi}",
    ],
)
def test_what_a_known_service_answers_is_no_event(rule):
    """Whatever proof it asks for."""
    text = f"name: Acme\nsetup: Enter the URL of the route.\nverify: [secret]\nhandshake:\n  - {rule}\n"
    service, faults = build("acme", {"service": Text("acme/service", text, "service.yaml")}, Engine())
    assert not faults
    hello, event = (Request(body=json.dumps({"type": kind, "key": "k1"}).encode()) for kind in ("hello", "other"))
    read = by_known(service, [hello, event])
    assert [one.request for one in read.events] == [event]
    assert read.notes == ["acme answers a handshake among the requests, which needs no translator and no sample"]
    assert not by_known(service, [event]).notes


def test_events_are_unwrapped_and_told_alike():
    """Each of an array; a text as an object; of XML a list in all where one has one, and nothing of that in JSON."""
    [batch] = by_strangers([Request(body=b'[{"a": 1}, {"a": 2}]')]).events
    assert [one.value for one in unwrapped(batch, steps_into([batch]))] == [{"a": 1}, {"a": 2}]
    bodies = (b"<o><i>1</i><i>2</i></o>", b'{"o": {"i": "1"}}', b"<o><i>3</i></o>")
    seen = by_strangers([Request(body=body) for body in bodies]).events
    assert list(payloads_told(seen)) == [{"o": {"i": ["1", "2"]}}, {"o": {"i": "1"}}, {"o": {"i": ["3"]}}]
    assert list(payloads_told([Seen(Request(), [1])])) == [[1]]


@pytest.mark.parametrize(
    ("path", "steps", "inside"),
    [
        (("event", "id"), [{"pick": "event"}], ("id",)),
        (("id",), [{"pick": "event"}], None),
        (("batch", 0, "id"), [{"split": "batch"}], ("id",)),
        (("id",), [{"split": "batch", "keep": True}], ("outer", "id")),
        (("Message", "id"), [{"json": "Message"}, {"pick": "Message"}], ("id",)),
    ],
)
def test_where_a_path_of_the_body_leads_to_in_an_event(path, steps, inside):
    """What steps take out of the body has another path, or none."""
    assert within(path, map(parse_unwrap, steps)) == inside
