"""The first draft of a service: it can be used as it is, takes its own requests, and shows what they say."""

import json
import keyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog import files, yamlfile
from gateway.catalog.build import build
from gateway.catalog.draft import Draft, added, draft
from gateway.catalog.kinds import Text
from gateway.catalog.service import Service
from gateway.language.lint import METHODS
from gateway.language.template import Engine
from gateway.mattermost.payload import Attachment
from gateway.model import JSON, Outcome, Request
from gateway.pipeline import sample, samplefile
from tests.catalog.test_draft_sent import CONFIRMATION
from tests.verify.test_keys import sns

WORDS = [*keyword.kwlist, *METHODS, *"payload request loop self true none title url status user message id".split()]
KEYS = st.sampled_from(WORDS) | st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
BODIES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)
ORDER = {
    "type": "order.paid",
    "id": "evt_1NxyzA7b2c3d4e5f",
    "data": {
        "order": {
            "number": 7, "status": "paid", "url": "https://shop.example/7", "created_at": "2026-01-31T08:00:00Z",
            "items": [{"sku": "x1", "name": "Cup"}, {"sku": "x2", "name": "Pot", "note": None}],
        },
        "user": {"login": "bob", "avatar_url": "https://x.example/a.png", "html_url": "https://x.example/bob"},
    },
}  # fmt: skip


def sent(*bodies: JSON, **headers: str) -> list[Request]:
    """Requests with these bodies."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return [
        Request("POST", {"content-type": "application/json", **named}, {}, json.dumps(one).encode()) for one in bodies
    ]


def service_of(made: Draft) -> Service:
    """The service of the documents, which have no fault."""
    names = {name.removesuffix(".yaml"): text for name, text in made.documents.items()}
    built, faults = build("acme", {name: Text(f"acme/{name}", text, name) for name, text in names.items()}, Engine())
    assert not faults, "\n".join(map(str, faults))
    return built


def shown(requests: list[Request]) -> Attachment:
    """What the drafted service makes of the first request that it was drafted from."""
    reading = sample.read(service_of(draft("acme", requests)), requests[0])
    assert reading.outcome is Outcome.MESSAGE, reading.reason
    assert reading.translator.startswith("acme/"), reading.reason
    return reading.pieces[0].messages[0].attachments[0]


def document(made: Draft, name: str) -> dict[str, Any]:
    """One of the documents."""
    return yamlfile.load(made.documents[f"{name}.yaml"], name)


@settings(max_examples=25, deadline=None)
@given(BODIES, BODIES)
def test_a_draft_can_be_used_as_it_is(body: JSON, other: JSON) -> None:
    """Whatever the keys are called, the documents have no fault, and a translator of theirs takes the request."""
    requests = sent(body, other)
    try:
        made = draft("acme", requests)
    except ValueError:  # a handshake
        return
    known = service_of(made)
    for stem, request in made.samples.items():
        assert sample.read(known, request).translator.startswith(("acme/", "generic/")), stem


def test_an_order_is_told_as_a_person_would():
    """Title with state, link, author, text, facts; times are times."""
    found = shown(sent(ORDER))
    assert (found.title, found.title_link, found.color) == ("Order paid: #7", "https://shop.example/7", "good")
    assert (found.author_name, found.author_link) == ("bob", "https://x.example/bob")
    assert found.text == "- Cup (x1)\n- Pot (x2)"
    assert [(one.title, one.value) for one in found.fields] == [("Created at", "2026-01-31 08:00 UTC")]


def test_the_documents_are_in_the_short_language():
    """Shapes, the person and the states of the service said once, a subject, names of events and deliveries."""
    other = {
        **ORDER,
        "id": "evt_2NxyzA7b2c3d4e5f",
        "type": "order.sent",
        "data": {"order": {**ORDER["data"]["order"], "status": "open"}},
    }
    made = draft("acme", sent(ORDER, other), docs="https://acme.example/webhooks")
    assert list(made.documents) == ["service.yaml", "shared.yaml", "order_paid.yaml", "order_sent.yaml"]
    service, shared, paid = document(made, "service"), document(made, "shared"), document(made, "order_paid")
    assert (service["event"], service["delivery_id"]) == ([{"json": "type"}], [{"json": "id"}])
    assert service["docs"] == "https://acme.example/webhooks"
    assert shared["shapes"] == {"user": {"login?": "text", "avatar_url?": "url", "html_url?": "url"}}
    assert shared["author"]["name"] == "{{ login }}"
    assert shared["states"] == {"status": {"paid": ["paid", "change", "done"], "open": "opened"}}
    assert paid["input"]["data"]["user?"] == "user"
    assert paid["input"]["data"]["order"]["items?"] == [{"sku?": "text", "name?": "text", "note?": "any"}]
    assert paid["state"] == {"status": "{{ data.order.status }}"}
    assert paid["subject"] == "order {{ data.order.number }}"
    assert paid["message"]["attachments"][0]["author"] == "data.user"


def test_of_a_large_payload_stands_what_is_shown():
    """A comment says so; the sample has it all."""
    body = {"event": "x.y", "name": "it", "url": "https://x.example/1", "more": {f"k{n}": {"id": n} for n in range(40)}}
    text = draft("acme", sent(body)).documents["x_y.yaml"]
    assert "# of 84 keys those that the message shows" in text
    assert yamlfile.load(text, "x")["input"].keys() >= {"name", "url?"}
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize(
    ("request_", "title"),
    [
        (Request(body=b"<alert><title>Disk full</title><id>1</id></alert>"), "Disk full"),
        (Request(body=b"payload=%7B%22event%22%3A%22push%22%2C%22title%22%3A%22Hi%22%7D"), "Push: Hi"),
        (Request(body=b"Something broke on db1"), "Something broke on db1"),
        (Request("GET", {}, {"title": "Hi there"}), "Hi there"),
        (Request(body=b'[{"name": "one"}, {"name": "two"}]'), "one"),
        (sent({"Type": "N", "Message": '{"event": "job.done", "name": "a b"}'})[0], "Job done: a b"),
        (Request(body=b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nHi\r\n--b--'), "Hi"),
    ],
)  # fmt: skip
def test_any_content_type(request_, title):
    """XML, a form with JSON in a field, text, a query, arrays and JSON in JSON, multipart."""
    assert shown([request_]).title == title


def test_a_handshake_among_the_requests_becomes_a_rule():
    """It is no event; without any event there is nothing to draft."""
    challenge = Request(body=b'{"type": "url_verification", "challenge": "c1"}')
    made = draft("acme", [challenge, *sent(ORDER)])
    assert list(made.events) == ["order.paid"]
    assert len(service_of(made).handshake) == 1
    assert made.notes[-1].endswith("answers 1 of the requests: no event, and so no sample, comes of that")
    with pytest.raises(ValueError, match="none of the requests is an event"):
        draft("acme", [challenge, Request("HEAD")])


def test_events_are_added_to_a_service():
    """Only those that nothing speaks for; the names of documents that are there stay theirs."""
    first = draft("acme", sent(ORDER))
    known = service_of(first)
    lost = {**ORDER, "type": "order.lost"}
    more = added(known, sent(ORDER, lost), list(known.documents))
    assert list(more.documents) == ["order_lost.yaml"]
    assert more.notes == ["the event order.paid is spoken for by acme/order_paid, and left alone"]
    whole = service_of(Draft({**first.documents, **more.documents}, {}, {}, []))
    [attachment] = sample.read(whole, sent(lost)[0]).pieces[0].messages[0].attachments
    assert (attachment.author_name, attachment.title, attachment.color) == ("bob", "Order lost: #7 (paid)", "good")
    with pytest.raises(ValueError, match=r"there is nothing to add to acme: the event order.paid is spoken for"):
        added(known, sent(ORDER), ())


def test_an_event_that_is_picked_is_not_about_its_delivery():
    """The id of a delivery stands elsewhere once `unwrap` took the event out of the body."""
    text = (
        "name: Acme\nsetup: Enter the URL of the route.\nevent: [{json: event_type}]\n"
        "delivery_id: [{json: event.id}]\nunwrap: [{pick: event}]\n"
    )
    known = service_of(Draft({"service.yaml": text}, {}, {}, []))
    event = {"event_type": "service.updated", "title": "Web is renamed", "data": {"id": "PSVC01", "type": "service"}}
    made = added(known, sent({"event": {"id": "01EVT0001", **event}}, {"event": {"id": "01EVT0002", **event}}), ())
    assert document(made, "service_updated")["subject"] == "service {{ data.id }}"


def test_samples_hold_no_secret():
    """Neither the one that was given nor what looks like one."""
    body = {**ORDER, "api_token": "a-token-of-somebody", "note": "key s3cret-of-the-route"}
    made = draft("acme", sent(body, authorization="Bearer s3cret-of-the-route"), secret="s3cret-of-the-route")
    assert document(made, "service")["verify"] == [{"header": "Authorization", "prefix": "Bearer "}]
    written = str(made.samples) + str(made.documents)
    assert "s3cret-of-the-route" not in written
    assert "a-token-of-somebody" not in written


@pytest.mark.parametrize("key", ["alertmanager", "gitea", "jira", "slack", "trac"])
def test_the_requests_of_a_known_service_could_be_drafted_from(key):
    """As if nobody knew it: usual ones and odd ones, none of which is left to the generic translator."""
    paths = [path for name, path in files.samples(files.layered(())) if name == key]
    requests = [sample.as_request(samplefile.load(path).request) for path in paths]
    made = draft("acme", requests)
    known = service_of(made)
    told = {stem: sample.read(known, request) for stem, request in made.samples.items()}
    assert not {stem: one.reason for stem, one in told.items() if not one.translator.startswith("acme/")}


def incident(event: str, status: str) -> JSON:
    """An event in the life of an incident."""
    about = {"id": "PGR0VU2", "number": 2, "title": "Disk full", "status": status, "service": {"id": "PF9KMXH"}}
    return {"event": {"id": f"01DEN1HNLBC1VITK{event}", "event_type": f"incident.{event}", "data": about}}


def test_the_life_of_a_thing_is_one_document():
    """Its events have the same subject, also the one that names it in another place, and the product's states."""
    note = incident("annotated", "")
    note["event"]["data"] = {"incident": {"id": "PGR0VU2", "summary": "Disk"}, "id": "PNOTE12", "content": "Looking"}
    bodies = [incident("triggered", "triggered"), incident("resolved", "resolved"), note]
    made = draft("acme", sent(*bodies))
    assert set(made.documents) == {"service.yaml", "shared.yaml", "incident.yaml", "incident_annotated.yaml"}
    assert list(made.samples) == ["incident.triggered", "incident.resolved", "incident_annotated.usual"]
    assert document(made, "incident")["events"] == ["incident.triggered", "incident.resolved"]
    assert document(made, "shared")["states"] == {"status": {"triggered": "firing", "resolved": "resolved"}}
    known = service_of(made)
    told = [sample.read(known, one) for one in sent(*bodies)]
    assert {one.subject for one in told} == {"incident PGR0VU2"}
    titles = [one.pieces[0].messages[0].attachments[0].title for one in told]
    assert titles == ["Incident firing: Disk full", "Incident resolved: Disk full", "Incident annotated: Looking"]


def test_what_may_be_a_delivery_id_is_a_comment():
    """Until requests show that it differs: whatever is repeated in another event would make the gateway lose that."""
    [lost, found] = (incident(name, name) for name in ("lost", "found"))
    text = draft("acme", sent(lost)).documents["service.yaml"]
    assert "which these requests do not show:\n# delivery_id: [{json: event.id}]\n" in text
    first = draft("acme", sent(lost, found))
    assert document(first, "service")["delivery_id"] == [{"json": "event.id"}]
    again = incident("lost", "lost")
    again["event"]["event_type"] = "incident.again"
    told = added(service_of(first), sent(lost, again), ()).notes[0]
    assert told.startswith("2 requests that differ share a delivery id: ")
    assert told.endswith("; correct service:4 (delivery_id)")
    assert not any("delivery id" in one for one in added(service_of(first), sent(again, again), ()).notes)


def test_each_request_is_a_sample_or_a_line_says_why_not():
    """Ten of an event are enough; what is no event is told, and what a name without words covers."""
    made = draft("acme", [Request("HEAD"), *sent(*({"name": f"n{number}"} for number in range(12)))])
    assert len(made.samples) == 10
    assert "2 more requests of an event without a name are read, but no samples: 10 are enough" in made.notes
    assert "request 1 has neither body nor query, and is left out" in made.notes
    assert 'events: [""]\n# "" covers events of which no name is known; `event` of' in made.documents["event.yaml"]
    split = made.documents["service.yaml"] + "unwrap: [{split: events}]\n"
    known = service_of(Draft({"service.yaml": split}, {}, {}, []))
    notes = added(known, sent({"events": []}, {"events": [{"name": "it"}]}), ()).notes
    assert notes[0] == "a request without an event where acme/service.yaml (unwrap) looks is left out"


def test_amazon_sns_is_known():
    """Its proof, its handshake and what it wraps; a document tells of the event inside."""
    notice = sns(Message=json.dumps({"kind": "DiskFull", "disk": {"name": "sda1", "state": "failed"}}))
    made = draft("acme-topic", [CONFIRMATION, notice])
    service = document(made, "service")
    assert [one["rsa"] for one in service["verify"]] == ["sha256", "sha1"]
    assert (service["unwrap"], service["delivery_id"]) == ([{"json": "Message"}], [{"json": "MessageId"}])
    assert service["event"] == [{"json": "Message.kind"}]
    assert service["handshake"][0]["effect"] == "fetch"
    assert "ends in its secret" in service["setup"]
    assert list(made.events) == ["DiskFull"]
    assert document(made, made.events["DiskFull"])["input"].keys() == {"Message", "TopicArn?", "Timestamp?"}
    assert made.notes[-1].startswith("handshake: the rule in service.yaml answers 1 of the requests")
    known = service_of(made)
    assert sample.read(known, notice).translator.startswith("acme/")
    with pytest.raises(ValueError, match="acme answers a handshake among the requests"):
        added(known, [CONFIRMATION], ())
    alarm = {"AlarmName": "cpu", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:cpu", "NewStateValue": "ALARM"}
    alarms = draft("acme-topic", [sns(Message=json.dumps(alarm), Subject="ALARM: cpu")])
    told = document(alarms, "notification")
    assert (told["subject"], "Subject?" in told["input"]) == ("alarm {{ Message.AlarmArn }}", True)
    plain = draft("acme-topic", [sns(Message="Disk full")])
    assert document(plain, "service")["event"] == [{"json": "Type"}]
    with pytest.raises(ValueError, match="SubscribeURL"):
        draft("acme-topic", [CONFIRMATION])


def test_one_child_of_xml_is_a_list_where_another_request_has_several():
    """So one document tells of all, and goes on to tell of those with one."""
    one, two = (
        Request(
            headers={"x-event": f"order.{name}"},
            body=b'<order id="7"><items>%s</items></order>' % (b'<item sku="A1"><name>Cup</name></item>' * count),
        )
        for name, count in (("lost", 1), ("paid", 2))
    )
    made = draft("acme", [one, two])
    assert made.events == {"order.lost": "order", "order.paid": "order"}
    told = document(made, "order")
    assert told["input"]["order"]["items?"] == {"item?": [{"@sku?": "text", "name?": "text"}]}
    assert told["subject"] == "order {{ order['@id'] }}"
    known = service_of(made)
    [attachment] = sample.read(known, one).pieces[0].messages[0].attachments
    assert attachment.text == "- Cup (A1)"
    with pytest.raises(ValueError, match=r"lost is spoken for by acme/order, and left alone; the event order.paid is"):
        added(known, [one, two], ())
