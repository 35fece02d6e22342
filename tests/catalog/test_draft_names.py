"""Where requests name their event and delivery."""

import pytest

from gateway.catalog.draft_names import Seen, delivery_of, event_selectors, file_name, repeated
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
    ("requests", "selectors", "is_shown"),
    [
        (
            seen({"type": "a.b", "id": f"{LONG}1", "data": {}}, {"type": "a.b", "id": f"{LONG}2", "data": {}}),
            [{"json": "id"}], True,
        ),
        (seen({"event": {"id": LONG, "event_type": "a.b", "data": {"id": "P1"}}}), [{"json": "event.id"}], False),
        (seen({"type": "a.b", "id": LONG}), [], False),
        (seen({"order": {"@id": "7", "@event": "sent"}}, {"order": {"@id": "8", "@event": "sent"}}), [], False),
        (seen({"event": "sent", "id": 7, "data": {}}, {"event": "sent", "id": 8, "data": {}}), [], False),
        (seen({"type": "a.b", "order": {"id": 7}}), [], False),
        (seen({"a": 1}, {"a": 2}, x_event_id=["1", "2"]), [{"header": "X-Event-Id"}], True),
        (seen({"a": 1}, x_acme_delivery=["1"]), [{"header": "X-Acme-Delivery"}], True),
        (seen({"a": 1}, x_webhook_id=["1"]), [{"header": "X-Webhook-Id"}], False),
        (seen({"a": 1}, {"a": 1}, x_webhook_id=["1", "1"]), [{"header": "X-Webhook-Id"}], False),
        (seen({"a": 1}, {"a": 2}, x_webhook_id=["1", "1"]), [], False),
        (seen({"a": 1}, x_webhook_id=["1"], x_request_uuid=["2"]), [{"header": "X-Request-Uuid"}], True),
        (seen({"a": 1}, webhook_id=["1"], webhook_timestamp=["2"]), [{"header": "Webhook-Id"}], True),
        (seen({"a": 1, "delivery_id": "x"}), [{"json": "delivery_id"}], True),
    ],
)  # fmt: skip
def test_deliveries(requests, selectors, is_shown):
    """An id is that of the event, not of its thing; that it differs between events shows, or its name says so."""
    found = delivery_of(requests, event_selectors(requests))
    assert (list(found.selectors), found.is_shown) == (selectors, is_shown)


def test_ids_of_requests_that_are_no_repeats():
    """The same request that came again has the same id rightly; no id is none."""
    assert repeated(["1", "1", "1", "", "", "2"], seen(*"aabcde")) == 3
    assert repeated(["1", "1", "2"], seen(*"aab")) == 0


@pytest.mark.parametrize(
    ("event", "name"),
    [("order.paid", "order_paid"), ("Page Opened", "page_opened"), ("", "event"), ("service", "service_event")],
)
def test_files_are_called_as_events(event, name):
    """In lower case, and never as a document of another kind."""
    assert file_name(event) == name
