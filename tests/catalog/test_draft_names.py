"""Where requests name their event and delivery."""

import pytest

from gateway.catalog.draft_names import Seen, delivery_selectors, event_selectors, file_name
from gateway.model import Request


def seen(*values, **headers):
    """Requests with these payloads; a header has a value for each."""
    return [
        Seen(
            Request(
                headers={name.replace("_", "-"): texts[at] for name, texts in headers.items()}, body=repr(one).encode()
            ),
            one,
        )
        for at, one in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("requests", "selectors"),
    [
        (seen({"type": "order.paid", "data": {"id": 1}}), [{"json": "type"}]),
        (seen({"event": {"id": "e1", "event_type": "incident.triggered"}}), [{"json": "event.event_type"}]),
        (seen({"data": {"type": "order.paid"}}), [{"json": "data.type"}]),
        (seen({"object": "order", "action": "paid"}), [{"json": "object"}, {"json": "action"}]),
        (
            seen({"action": "opened"}, {"action": "closed"}, x_acme_event=["issues", "issues"]),
            [{"header": "X-Acme-Event"}, {"json": "action"}],
        ),
        (
            seen({"build": {"a": 1}, "user": {}}, {"issue": {"a": 1}, "user": {}}),
            [{"present": {"build": "build", "issue": "issue"}}],
        ),
        (
            seen({"event": "deploy.ended"}, {"kind": "build", "action": "done"}),
            [{"any": [{"json": "event"}, {"all": [{"json": "kind"}, {"json": "action"}]}]}],
        ),
        (seen({"a": 1}), []),
        ([Seen(Request("GET", {}, {"event": "up"}), {"event": 1})], [{"query": "event"}]),
    ],
)  # fmt: skip
def test_events(requests, selectors):
    """In headers, at the top of bodies and below, of noun and verb, by the object that is there, in either place."""
    assert event_selectors(requests) == selectors


LONG = "evt_1NxyzA7b2c3d4e5f"


@pytest.mark.parametrize(
    ("requests", "selectors"),
    [
        (
            seen({"type": "a.b", "id": f"{LONG}1", "data": {}}, {"type": "a.b", "id": f"{LONG}2", "data": {}}),
            [{"json": "id"}],
        ),
        (seen({"event": {"id": LONG, "event_type": "a.b", "data": {"id": "P1"}}}), [{"json": "event.id"}]),
        (seen({"type": "a.b", "id": LONG}), []),
        (seen({"order": {"@id": "7", "@event": "sent"}}, {"order": {"@id": "8", "@event": "sent"}}), []),
        (seen({"event": "sent", "id": 7, "data": {}}, {"event": "sent", "id": 8, "data": {}}), []),
        (seen({"type": "a.b", "order": {"id": 7}}), []),
        (seen({"a": 1}, {"a": 2}, x_acme_delivery=["1", "2"]), [{"header": "X-Acme-Delivery"}]),
        (seen({"a": 1}, {"a": 2}, x_webhook_id=["1", "1"]), []),
        (seen({"a": 1, "delivery_id": "x"}), [{"json": "delivery_id"}]),
    ],
)
def test_deliveries(requests, selectors):
    """An id differs between events, and is that of the event, not of its thing."""
    assert delivery_selectors(requests, event_selectors(requests)) == selectors


@pytest.mark.parametrize(
    ("event", "name"),
    [("order.paid", "order_paid"), ("Page Opened", "page_opened"), ("", "event"), ("service", "service_event")],
)
def test_files_are_called_as_events(event, name):
    """In lower case, and never as a document of another kind."""
    assert file_name(event) == name
